"""The runtime for PyPy: what `ffi_core._native` is for CPython, over the primitives that PyPy's interpreter has built in.

C types and C data are the interpreter's own objects, so its just-in-time compiler knows them.  Nothing here stands
between a loop and its data: what is written in Python finds declarations, makes types of them, and looks names up.
The import of a generated module reads as few files as it can, for each takes PyPy a fifth of a millisecond.  So what it needs
not is imported at first use, and the primitives, as the module `_cffi_backend`, are here, with the few types that everything else
is made of.
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
FILE: Any = backend.new_struct_type("FILE")
"""What FILE stands for is one type for all: a ``FILE *`` of one library is good for another."""
FILE_POINTER: Any = backend.new_pointer_type(FILE)


def address_of(pointer: Any) -> int:
    """Read the address that a pointer, an array or a function holds."""
    return int(backend.cast(ADDRESS, pointer))
