"""Generated modules of API mode: the library beside their Python file, opened with no emulation of CPython in the way."""

from __future__ import annotations

import sys

from ffi_core import __version__
from ffi_core.pypy.backend import backend
from ffi_core.pypy.ffi_object import FFI
from ffi_core.pypy.lib import new_lib
from ffi_core.pypy.library import open_library
from ffi_core.pypy.table import TABLE, GeneratedTable

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

TABLE_VERSION = 2


def load_module(name: str, path: str) -> tuple[FFI, Any]:
    """Make ``ffi`` and ``lib`` of the generated library at ``path``.

    Errors: ``ImportError`` where it is not there, or was generated for another version of the declaration table.
    """
    try:
        library = open_library(path, backend.RTLD_NOW)
        address = library.symbol(f"ffic_table_{name.rpartition('.')[2]}")
    except (OSError, AttributeError) as error:
        raise ImportError(f"module {name!r}: {error}", name=name, path=path) from None
    table = GeneratedTable(backend.cast(TABLE, address), library)
    version = table.pointer.version
    if version != TABLE_VERSION or table.pointer.table_size < backend.sizeof(TABLE.item):
        advice = (
            'pip install --upgrade "ffi-core"'
            if version > TABLE_VERSION
            else "build the module again with the installed ffi-core"
        )
        raise ImportError(
            f"module '{name}' was generated for version {version} of the declaration table, and the installed ffi_core "
            f"{__version__} reads version {TABLE_VERSION}: {advice}",
            name=name,
            path=path,
        )
    ffi = FFI()
    ffi._name = table.module_name
    ffi._declarations.table = table
    for included in table.include_names():
        __import__(included)
        ffi._include(sys.modules[included].ffi)
    lib = new_lib(ffi._declarations, None, ffi._name)
    modules: dict[str, Any] = sys.modules
    modules[f"{ffi._name}.lib"] = lib
    if table.pointer.python_count:
        from ffi_core.pypy.extern_python import start

        start(ffi, library)
    return ffi, lib
