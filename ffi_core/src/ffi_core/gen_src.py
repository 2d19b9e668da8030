"""The command ``python -m ffi_core gen-src``: write the source of a module, for build systems other than setuptools."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path
from typing import IO, Union

from ffi_core import FFI, FFIError

DESCRIPTION = """\
Write the source of a generated module, and compile nothing: a C file, or the Python module itself in ABI mode.
This is for build systems such as Meson, CMake and make.
"""
EPILOG = """\
Example: %(prog)s src/greetings/_build.py:ffibuilder _greetings.c --stub _greetings.pyi
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "builder", metavar="SCRIPT[:NAME]", help="the script, and the name of the FFI in it (default: ffibuilder)"
    )
    parser.add_argument("output", metavar="OUTPUT", help="the file to write; - for standard output")
    parser.add_argument("--stub", metavar="FILE", help="write the stub for type checkers, too")


def run(options: argparse.Namespace) -> int:
    """Write the files, and give the exit status."""
    try:
        ffi = _load(options.builder)
        write = ffi.emit_python_code if ffi._generated("gen-src").source is None else ffi.emit_c_code
        write(_target(options.output))
        if options.stub:
            ffi.emit_stub(_target(options.stub))
    except (FFIError, _BuilderError) as error:
        sys.stderr.write(f"gen-src: {error}\n")
        return 1
    return 0


class _BuilderError(Exception):
    """The command names no builder."""


def _load(entry: str) -> FFI:
    """Run the script, and find the ``FFI``, or a function that returns it."""
    script, name = entry, "ffibuilder"
    if not Path(script).is_file() and ":" in entry:
        script, _, name = entry.rpartition(":")
    path = Path(script)
    if not path.is_file():
        raise _BuilderError(f"there is no file {script!r} in {Path.cwd()}")
    sys.path.insert(0, str(path.resolve().parent))  # as if Python ran it: it can import what lies beside it
    namespace = runpy.run_path(script, run_name="__ffi_core__")
    if name not in namespace:
        raise _BuilderError(f"{script} has no name {name!r}; say which one, as '{script}:NAME'")
    ffi = namespace[name]
    if callable(ffi) and not isinstance(ffi, FFI):
        ffi = ffi()
    if not isinstance(ffi, FFI):
        raise _BuilderError(f"{name!r} in {script} is no FFI, but {type(ffi).__name__}")
    if ffi._module is None:
        raise _BuilderError(f"set_source() was not called for {name!r} in {script}")
    return ffi


def _target(name: str) -> Union[str, IO[str]]:
    return sys.stdout if name == "-" else name
