"""What the suite asks of cffi's generator of modules, from ours."""

from __future__ import annotations

import io
from typing import Any, Optional

import cffi

from ffi_core.build import GeneratedModule

NativeIO = io.StringIO


def recompile(  # noqa: PLR0917 - as cffi's
    ffi: cffi.FFI,
    module_name: str,
    preamble: Optional[str],
    tmpdir: str = ".",
    source_extension: str = ".c",
    compiler_verbose: int = 1,
    target: Optional[str] = None,
    debug: Optional[bool] = None,
    **kwds: Any,
) -> str:
    """Do what ``set_source`` and ``compile`` do together, also for an FFI that had its source set already."""
    ffi._module = GeneratedModule(module_name, preamble, source_extension, kwds)
    return ffi.compile(tmpdir, verbose=compiler_verbose, target=target, debug=debug)


def make_c_source(ffi: cffi.FFI, module_name: str, preamble: str, target_c_file: str) -> None:
    """Write the C file of a module."""
    ffi._module = GeneratedModule(module_name, preamble)
    ffi.emit_c_code(target_c_file)


def make_py_source(ffi: cffi.FFI, module_name: str, target_py_file: str) -> None:
    """Write the Python file of a module in ABI mode."""
    ffi._module = GeneratedModule(module_name, None)
    ffi.emit_python_code(target_py_file)
