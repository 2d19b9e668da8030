"""``python -m cffi.gen_src``, also called ``cffi-gen-src``: write the C file of a module, without compiling it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

from cffi.api import FFI

_SCRIPT_NAME = "cffi.gen_src"


def exec_python(options: argparse.Namespace) -> FFI:
    """Run the script that describes the module, and give the ``FFI`` in it."""
    path = Path(options.pyfile)
    code = compile(path.read_bytes(), str(path), "exec")
    # As if Python ran it: what lies beside it can be imported.
    sys.path.insert(0, str(path.resolve().parent))
    names: dict[str, Any] = {"__name__": _SCRIPT_NAME, "__file__": str(path), "__builtins__": __builtins__}
    exec(code, names)  # noqa: S102 - that is what the user asks for
    if options.ffi_var not in names:
        raise NameError(f"no global {options.ffi_var!r} in {path}")
    ffi = names[options.ffi_var]
    if not isinstance(ffi, FFI) and callable(ffi):
        ffi = ffi()
    if not isinstance(ffi, FFI):
        raise TypeError(f"{options.ffi_var!r} in {path} is not an instance of cffi.api.FFI")
    return ffi


def read_sources(options: argparse.Namespace) -> FFI:
    """Make an ``FFI`` of a file with declarations and a file with C code."""
    if options.cdef_input == options.csrc_input:
        raise ValueError(f"{options.cdef_input!r} and {options.csrc_input!r} are the same file and should not be")
    ffi = FFI()
    ffi.cdef(_read(options.cdef_input))
    ffi.set_source(options.module_name, _read(options.csrc_input))
    return ffi


def _read(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def _write(ffi: FFI, name: str) -> None:
    if name != "-":
        ffi.emit_c_code(name)
        return
    if ffi._generated("emit_c_code").source is None:
        raise TypeError("the module is in ABI mode: it has no C file")
    sys.stdout.write(ffi._generate())


def main(arguments: Optional[Sequence[str]] = None, program: str = "python -m cffi.gen_src") -> int:
    """Do what the command line asks for."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments and arguments[0].startswith("--program="):
        program = arguments.pop(0).partition("=")[2]
    parser = argparse.ArgumentParser(prog=program, description="Write the C file of a module in API mode.")
    commands = parser.add_subparsers(metavar="SUBCOMMAND")

    def add(name: str, text: str, function: Callable[[argparse.Namespace], FFI]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    script = add("exec-python", "run a Python script that makes an FFI object", exec_python)
    script.add_argument(
        "--ffi-var", default="ffibuilder", help="the global variable with the FFI (default: %(default)s)"
    )
    script.add_argument("pyfile", help="the script")
    sources = add("read-sources", "read declarations and C code from two files", read_sources)
    sources.add_argument("module_name", help="the full name of the module")
    sources.add_argument("cdef_input", help="the file with the declarations, - for standard input")
    sources.add_argument("csrc_input", help="the file with C code, - for standard input")
    for command in (script, sources):
        command.add_argument("output", help="the C file to write, - for standard output")
    options = parser.parse_args(arguments)
    if not hasattr(options, "function"):
        parser.error("a subcommand is required")
    _write(options.function(options), options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
