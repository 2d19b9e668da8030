"""Builds plugin-1.0.so: a library for C programs that is written in Python."""

from __future__ import annotations

import re
from pathlib import Path

from ffi_core import FFI

INIT_CODE = r"""
import ast
import math
import operator
import threading

from _plugin import ffi, lib

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
lock = threading.Lock()
calls = 0


def count_call():
    global calls
    with lock:
        calls += 1


@ffi.def_extern(error=-1, onerror=lambda kind, error, traceback: None)
def count_letters(text, counts):
    count_call()
    for character in ffi.string(text).decode():
        if "a" <= character.lower() <= "z":
            counts.letters[ord(character.lower()) - ord("a")] += 1
        else:
            counts.others += 1
    return 0


def value(node):
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](value(node.left), value(node.right))
    if isinstance(node, ast.Constant):
        return float(node.value)
    raise ValueError(f"this is not arithmetic: {ast.dump(node)}")


@ffi.def_extern(error=math.nan)
def evaluate(expression):
    count_call()
    return value(ast.parse(ffi.string(expression).decode(), mode="eval").body)


@ffi.def_extern()
def calls_so_far():
    return calls
"""


def declarations(header: Path) -> str:
    """Read a header without its preprocessor lines and the macro that marks exports."""
    return re.sub(r"^#.*$|CFFI_DLLEXPORT", "", header.read_text(), flags=re.MULTILINE)


here = Path(__file__).resolve().parent
ffibuilder = FFI()
ffibuilder.embedding_api(declarations(here / "plugin.h"))
ffibuilder.embedding_init_code(INIT_CODE)
ffibuilder.set_source("_plugin", '#include "plugin.h"', include_dirs=[str(here)])

if __name__ == "__main__":
    print(ffibuilder.compile(target="plugin-1.0.*"))
