"""Generated modules of API mode: the library beside their Python file, opened with no emulation of CPython in the way.

Belongs here: the structs of `ffi_core_table.h` as types of the interpreter, and what the import of a generated module does.
What the rows of the table say is read when a name is looked up, by `table`.
"""

from __future__ import annotations

import sys

from ffi_core import __version__
from ffi_core.pypy import ADDRESS, CHAR_POINTER, VOID, VOID_POINTER, backend
from ffi_core.pypy.ffi_object import FFI
from ffi_core.pypy.lib import new_lib

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

TABLE_VERSION = 2

_U16: Any = backend.new_primitive_type("uint16_t")
_U32: Any = backend.new_primitive_type("uint32_t")
_U64: Any = backend.new_primitive_type("uint64_t")
_INT: Any = backend.new_primitive_type("int")


def _struct(name: str, *members: tuple[str, Any]) -> Any:
    ctype = backend.new_struct_type(f"struct ffic_{name}")
    backend.complete_struct_or_union(ctype, [(member, kind, -1) for member, kind in members])
    return backend.new_pointer_type(ctype)


# Functions are kept as addresses: what type they have is for the reader to say.
GLOBAL: Any = _struct(
    "global",
    ("call", ADDRESS),
    ("size", _U64),
    ("name", _U32),
    ("type", _U32),
    ("index", _U32),
    ("kind", _U16),
    ("flags", _U16),
)
TYPE: Any = _struct(
    "type",
    ("name", _U32),
    ("type", _U32),
    ("size", _U64),
    ("declared_size", _U64),
    ("align", _U32),
    ("declared_align", _U32),
    ("first_field", _U32),
    ("field_count", _U32),
    ("kind", _U16),
    ("flags", _U16),
)
FIELD: Any = _struct(
    "field",
    ("name", _U32),
    ("type", _U32),
    ("offset", _U64),
    ("size", _U64),
    ("declared_offset", _U64),
    ("declared_size", _U64),
    ("set_ones", ADDRESS),
)
INTEGER: Any = _struct("integer", ("magnitude_bits", _U64), ("negative", _INT))
PYTHON_FUNCTION: Any = _struct("python_function", ("name", CHAR_POINTER), ("type", CHAR_POINTER), ("result_size", _U64))
TABLE: Any = _struct(
    "table",
    ("version", _U32),
    ("table_size", _U32),
    ("module_name", CHAR_POINTER),
    ("texts", CHAR_POINTER),
    ("globals", GLOBAL),
    ("types", TYPE),
    ("fields", FIELD),
    ("python", PYTHON_FUNCTION),
    ("direct", backend.new_pointer_type(ADDRESS)),
    ("includes", backend.new_pointer_type(CHAR_POINTER)),
    ("constant", backend.new_function_type((_U64, INTEGER), backend.new_void_type(), False)),
    ("global_count", _U32),
    ("type_count", _U32),
    ("field_count", _U32),
    ("python_count", _U32),
    ("storage", VOID_POINTER),
    ("storage_words", _U32),
    ("reserved", _U32),
)
RUNTIME: Any = _struct(
    "runtime",
    ("version", _U32),
    ("size", _U32),
    ("module_init", VOID_POINTER),
    ("call_python", VOID_POINTER),
    ("embed", VOID_POINTER),
)
_CALL_PYTHON: Any = backend.new_function_type((VOID_POINTER, _U32, CHAR_POINTER), VOID, False)
_START: Any = backend.new_function_type((RUNTIME,), VOID, False)
_PROCEDURE: Any = backend.new_function_type((), VOID, False)


def load_module(name: str, file: str, library: str) -> tuple[FFI, Any]:
    """Make ``ffi`` and ``lib`` of a generated module, whose ``library`` lies beside its Python ``file``.

    Errors: ``ImportError`` where it is not there, or was generated for another version of the declaration table.
    """
    # Not by pathlib: its import would take longer than all that is needed here.
    path = f"{file.rpartition('/')[0] if '/' in file else '.'}/{library}"
    tail = name.rpartition(".")[2]
    try:
        handle = backend.load_library(path, backend.RTLD_NOW)
        table = backend.cast(TABLE, handle.load_function(_PROCEDURE, f"ffic_table_{tail}"))
    except (OSError, AttributeError) as error:
        raise ImportError(f"module {name!r}: {error}", name=name, path=path) from None
    version = table.version
    if version != TABLE_VERSION or table.table_size < backend.sizeof(TABLE.item):
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
    ffi._name = str(backend.string(table.module_name), "utf-8")
    ffi._opened = table, handle
    if table.includes:
        _include(ffi, table.includes)
    lib = new_lib(ffi, None, ffi._name)
    modules: dict[str, Any] = sys.modules
    modules[f"{ffi._name}.lib"] = lib
    if table.python_count:
        _start(ffi, table, handle.load_function(_PROCEDURE, f"ffic_start_{tail}"))
    return ffi, lib


def _include(ffi: FFI, names: Any) -> None:
    """Import the modules whose dotted names are given, NULL after the last, and include theirs."""
    index = 0
    while names[index]:
        name = str(backend.string(names[index]), "utf-8")
        __import__(name)
        ffi._include(sys.modules[name].ffi)
        index += 1


def _start(ffi: FFI, table: Any, start: Any) -> None:
    """Give a library what its `extern "Python"` functions call that have no C function for a body."""
    bodies: list[Optional[Callable[[Any], None]]] = [None] * table.python_count

    def call_python(_table: Any, index: int, frame: Any) -> None:
        body = bodies[index]
        if body is None:
            from ffi_core.pypy.extern_python import missing

            missing(ffi, index, frame)
        else:
            body(frame)

    entrance = backend.callback(_CALL_PYTHON, call_python)
    runtime = backend.newp(RUNTIME)
    runtime.version = table.version
    runtime.size = backend.sizeof(runtime[0])
    runtime.call_python = entrance
    ffi._python_bodies = bodies
    _KEPT.append((entrance, runtime))
    backend.cast(_START, start)(runtime)


_KEPT: list[Any] = []
"""C may call for as long as the library is loaded, which is for good."""
