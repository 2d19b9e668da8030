"""Measure the memory of many objects of one kind, in a process of its own: ``memory.py KIND PACKAGE``.

Prints ``{"value": ..., "check": ...}``: resident bytes per object, and the kind.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

COUNT = 200_000


def kinds(package: str) -> dict[str, Callable[[], Any]]:
    """Return how each kind of object is made."""
    if package == "ctypes":
        import ctypes

        class Point(ctypes.Structure):
            _fields_ = (("x", ctypes.c_double), ("y", ctypes.c_double))

        a, p = (ctypes.c_int * 100)(), ctypes.c_int(0)
        cast, pointer, chars = ctypes.cast, ctypes.c_void_p, ctypes.create_string_buffer
        return {
            "int *": ctypes.c_int,
            "struct *": Point,
            "pointer": lambda: cast(a, pointer),
            "char[12]": lambda: chars(b"hello world"),
            "int[100]": ctypes.c_int * 100,
            "item": lambda: ctypes.pointer(p),
        }
    ffi = importlib.import_module(package).FFI()
    ffi.cdef("struct point { double x; double y; }; struct line { struct point from; };")
    new, cast = ffi.new, ffi.cast
    a, line, thing, data = new("int[100]"), new("struct line *"), object(), bytearray(64)
    owner = new("int *")
    return {
        "int *": lambda: new("int *"),
        "struct *": lambda: new("struct point *"),
        "pointer": lambda: cast("void *", a),
        "integer": lambda: cast("long", 7),
        "char[12]": lambda: new("char[]", b"hello world"),
        "int[100]": lambda: new("int[100]"),
        "item": lambda: a + 1,
        "member struct": lambda: line.__getattribute__("from"),
        "handle": lambda: ffi.new_handle(thing),
        "gc": lambda: ffi.gc(owner, id),
        "from_buffer": lambda: ffi.from_buffer(data),
        "buffer": lambda: ffi.buffer(a),
    }


def resident() -> int:
    """Return how many bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(kind: str, package: str) -> None:
    """Make the objects and print what one takes."""
    make = kinds(package)[kind]
    kept: list[Any] = [0] * COUNT
    for place in range(1000):
        kept[place] = make()
    gc.collect()
    gc.disable()
    before = resident()
    for place in range(1000, COUNT):
        kept[place] = make()
    taken = resident() - before
    print(json.dumps({"value": taken / (COUNT - 1000), "check": kind}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
