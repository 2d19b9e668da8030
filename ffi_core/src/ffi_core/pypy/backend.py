"""The primitives that PyPy has built in, as the module `_cffi_backend`.

Belongs here: getting at them, and the few types that everything else is made of.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

backend: Any = __import__("_cffi_backend")


def _same(value: Any) -> Any:
    return value


try:
    promote: Any = __import__("__pypy__")._promote
    """Gives its argument, which the interpreter's compiler takes for a constant from there on."""
except ImportError:  # not PyPy, but CFFI's module of the same primitives
    promote = _same

CType: Any = backend.CType
CData: Any = backend._CDataBase

VOID: Any = backend.new_void_type()
CHAR: Any = backend.new_primitive_type("char")
ADDRESS: Any = backend.new_primitive_type("uintptr_t")
VOID_POINTER: Any = backend.new_pointer_type(VOID)
CHAR_POINTER: Any = backend.new_pointer_type(CHAR)
CHAR_ARRAY: Any = backend.new_array_type(CHAR_POINTER, None)
NULL: Any = backend.cast(VOID_POINTER, 0)


def address_of(pointer: Any) -> int:
    """Read the address that a pointer, an array or a function holds."""
    return int(backend.cast(ADDRESS, pointer))
