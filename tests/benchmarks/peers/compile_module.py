"""Build a module in API mode: ``compile_module.py PACKAGE NAME FOLDER``.

``PACKAGE`` is ``ffi_core`` or ``cffi``; a name that ends with ``_extern`` gets the declarations with a Python function,
and one that ends with ``_kept`` keeps the GIL during calls.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main(package: str, name: str, folder: str) -> None:
    """Build the module."""
    sys.path[0] = str(HERE)
    build: Any = importlib.import_module("build")
    declarations: Any = importlib.import_module("declarations")
    ffi = importlib.import_module(package).FFI()
    options = {"release_gil": False} if name.endswith("_kept") else {}
    ffi.cdef(declarations.EXTERN_CDEF if name.endswith("_extern") else declarations.CDEF, **options)
    ffi.set_source(
        name,
        '#include "bench.h"',
        include_dirs=[str(build.NATIVE)],
        libraries=[build.LIBRARY],
        library_dirs=[folder],
        runtime_library_dirs=[folder],
        extra_compile_args=["-O2"],
    )
    ffi.compile(tmpdir=folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
