"""The command ``python -m ffi_core gen-src``: write the source of a module, for build systems other than setuptools."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import IO, Union

from ffi_core import FFI, FFIError
from ffi_core.build import GeneratedModule
from ffi_core.builder_script import BuilderError, load_builder

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
        ffi, module = _load(options.builder)
        write = ffi.emit_python_code if module.source is None else ffi.emit_c_code
        write(_target(options.output))
        if options.stub:
            ffi.emit_stub(_target(options.stub))
    except (FFIError, BuilderError) as error:
        sys.stderr.write(f"gen-src: {error}\n")
        return 1
    return 0


def _load(entry: str) -> tuple[FFI, GeneratedModule]:
    script, name = entry, "ffibuilder"
    if not Path(script).is_file() and ":" in entry:
        script, _, name = entry.rpartition(":")
    sys.path.insert(0, str(Path(script).resolve().parent))  # as if Python ran it: it can import what lies beside it
    try:
        return load_builder(script, name)
    except BuilderError as error:
        raise BuilderError(f"{entry!r}: {error}") from None


def _target(name: str) -> Union[str, IO[str]]:
    return sys.stdout if name == "-" else name
