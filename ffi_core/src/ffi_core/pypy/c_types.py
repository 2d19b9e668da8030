"""C types: the interpreter's type objects, and function types, which it has only pointers to.

Belongs here: making types of other types.  No names of declarations.
"""

from __future__ import annotations

from ffi_core.errors import FFIError
from ffi_core.pypy import VOID, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final

INTEGERS: Final = ("signed char", "short", "int", "long", "long long")
UNSIGNED_INTEGERS: Final = ("unsigned char", "unsigned short", "unsigned int", "unsigned long", "unsigned long long")
CHARACTERS: Final = frozenset(["char", "wchar_t", "char16_t", "char32_t"])
ABSENT: Final = frozenset(["__int128", "unsigned __int128", "long double _Complex"])
"""Types that this interpreter has no primitive for."""

_STANDARD: Final = (
    "int8_t uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t "
    "int_least8_t uint_least8_t int_least16_t uint_least16_t int_least32_t uint_least32_t int_least64_t uint_least64_t "
    "int_fast8_t uint_fast8_t int_fast16_t uint_fast16_t int_fast32_t uint_fast32_t int_fast64_t uint_fast64_t "
    "intptr_t uintptr_t intmax_t uintmax_t ptrdiff_t size_t ssize_t"
)
PREDEFINED: Final = frozenset([*_STANDARD.split(), "wchar_t", "char16_t", "char32_t"])
"""Typedef names that are known without a declaration."""


class FunctionType:
    """A function type, which is no object type: there are pointers to it, and nothing else."""

    __slots__ = ("_pointer", "arguments", "result", "variadic")

    kind = "function type"

    def __init__(self, arguments: tuple[Any, ...], result: Any, *, variadic: bool) -> None:
        self.arguments = arguments
        self.result = result
        self.variadic = variadic
        self._pointer: Any = None

    def pointer(self) -> Any:
        """Give the type of pointers to such functions."""
        if self._pointer is None:
            self._pointer = backend.new_function_type(self.arguments, self.result, self.variadic)
        return self._pointer


def primitive(name: str) -> Any:
    """Give a primitive type of C.

    Errors: ``FFIError`` where this interpreter has no such type.
    """
    if name == "void":
        return VOID
    try:
        return backend.new_primitive_type(name)
    except KeyError:
        raise FFIError(f"PyPy has no C type '{name}'") from None


def pointer_to(ctype: Any) -> Any:
    """Give the type of pointers to ``ctype``."""
    return ctype.pointer() if isinstance(ctype, FunctionType) else backend.new_pointer_type(ctype)


def array_of(item: Any, length: int | None) -> Any:
    """Give the type of arrays; ``length`` is None for ``T[]``.

    Errors: ``TypeError`` where the size of an item is not known; ``OverflowError``.
    """
    try:
        return backend.new_array_type(backend.new_pointer_type(item), length)
    except OverflowError:
        raise OverflowError(f"array size would overflow a ssize_t: {length} items of '{item.cname}'") from None


def integer_of(size: int, *, signed: bool) -> Any:
    """Give the standard integer type of ``size`` bytes, None where there is none."""
    for name in INTEGERS if signed else UNSIGNED_INTEGERS:
        ctype = backend.new_primitive_type(name)
        if backend.sizeof(ctype) == size:
            return ctype
    return None


def floating_of(size: int) -> Any:
    """Give the floating type of ``size`` bytes, None where there is none."""
    for name in ("float", "double", "long double"):
        ctype = backend.new_primitive_type(name)
        if backend.sizeof(ctype) == size:
            return ctype
    return None


def is_record(ctype: Any) -> bool:
    """Tell a struct or union from other types."""
    return ctype.kind in ("struct", "union")


def is_wide(ctype: Any) -> bool:
    """Tell what generated C passes by pointer: structs, unions, ``long double`` and complex numbers."""
    return is_record(ctype) or (
        ctype.kind == "primitive" and (ctype.cname == "long double" or ctype.cname.endswith("_Complex"))
    )


def innermost(ctype: Any) -> Any:
    """Follow pointers and arrays to what they are made of."""
    while ctype.kind in ("pointer", "array"):
        ctype = ctype.item
    return ctype


def item_by_value(ctype: Any) -> Any:
    """Follow arrays to what they contain."""
    while ctype.kind == "array":
        ctype = ctype.item
    return ctype


def size_or_none(ctype: Any) -> int | None:
    """Give ``sizeof``, None for what has none."""
    try:
        return int(backend.sizeof(ctype))
    except (TypeError, ValueError):
        return None
