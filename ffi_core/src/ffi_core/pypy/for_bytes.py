"""What `for_bytes` and `bytes_method` take: on PyPy, only that is theirs to say.

The interpreter's compiler makes the Python functions fast, so they stay what they are.
"""

from __future__ import annotations

from _operator import index

from ffi_core.pypy import CData, backend
from ffi_core.pypy.c_types import INTEGERS, PREDEFINED, UNSIGNED_INTEGERS
from ffi_core.pypy.function import Function

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

_MOST_ARGUMENTS = 16
_TRANSFORM = "ptrdiff_t(T *, void const *, size_t, char **)"
_RELEASE = "void(void *)"


def check_for_bytes(function: Any, otherwise: Any, short: Any, below: Any) -> None:
    """Raise ``TypeError`` where `for_bytes` cannot take these."""
    most = _count_arguments("function", function)
    brief_most = most if short is None else _count_arguments("short", short)
    index(below)
    if most != brief_most:
        raise TypeError("for_bytes() arguments 'function' and 'short' must take as many arguments")
    if not callable(otherwise):
        raise TypeError("for_bytes() argument 'otherwise' must be callable")


def check_bytes_method(function: Any, attribute: Any, otherwise: Any, failed: Any, release: Any) -> None:
    """Raise ``TypeError`` where `bytes_method` cannot take these."""
    if not isinstance(attribute, str):
        raise TypeError(f"bytes_method() argument 'attribute' must be str, not {type(attribute).__name__}")
    for name, given in (("otherwise", otherwise), ("failed", failed)):
        if not callable(given):
            raise TypeError(f"bytes_method() argument '{name}' must be callable")
    for name, given, wanted in (("function", function, _TRANSFORM), ("release", release, _RELEASE)):
        if given is None and name == "release":
            continue
        ctype = _type_of("bytes_method", name, given)
        if not (_fits_transform(ctype) if wanted is _TRANSFORM else _fits_release(ctype)):
            raise TypeError(f"bytes_method() argument '{name}' must be a function '{wanted}', not '{_spell(ctype)}'")


def _type_of(method: str, name: str, function: Any) -> Any:
    """Give the type of a function of a library."""
    if not isinstance(function, Function):
        kind = "cdata" if isinstance(function, CData) else type(function).__name__
        raise TypeError(f"{method}() argument '{name}' must be a function of a library, not {kind}")
    return backend.typeof(function.pointer)


def _spell(ctype: Any) -> str:
    text: str = ctype.cname.replace("(*)", "", 1)
    return text


def _count_arguments(name: str, function: Any) -> int:
    """Count the arguments that Python gives: one less than C's."""
    ctype = _type_of("for_bytes", name, function)
    arguments = ctype.args
    fits = (
        2 <= len(arguments) <= _MOST_ARGUMENTS
        and not ctype.ellipsis
        and _takes_bytes(arguments[0])
        and _is_integer(arguments[1])
    )
    if not fits:
        raise TypeError(
            f"for_bytes() argument '{name}': '{_spell(ctype)}' does not begin with a pointer to bytes and their length"
        )
    return len(arguments) - 1


def _takes_bytes(ctype: Any) -> bool:
    """Say whether bytes can be given for a pointer."""
    if ctype.kind != "pointer":
        return False
    item = ctype.item
    is_byte: bool = item.kind == "primitive" and item.cname != "_Bool" and backend.sizeof(item) == 1
    return is_byte or bool(item.kind == "void")


def _is_integer(ctype: Any) -> bool:
    names = (*INTEGERS, *UNSIGNED_INTEGERS, "_Bool")
    return ctype.kind == "primitive" and (ctype.cname in names or ctype.cname in PREDEFINED - _CHARACTERS)


_CHARACTERS = frozenset(["wchar_t", "char16_t", "char32_t"])


def _is_size(ctype: Any, *, signed: bool) -> bool:
    return (
        _is_integer(ctype)
        and backend.sizeof(ctype) == backend.sizeof(backend.new_primitive_type("size_t"))
        and (int(backend.cast(ctype, -1)) < 0) is signed
    )


def _fits_transform(ctype: Any) -> bool:
    arguments = ctype.args
    return (
        len(arguments) == 4
        and not ctype.ellipsis
        and _is_size(ctype.result, signed=True)
        and arguments[0].kind == "pointer"
        and _takes_bytes(arguments[1])
        and _is_size(arguments[2], signed=False)
        and arguments[3].kind == "pointer"
        and _takes_bytes(arguments[3].item)
    )


def _fits_release(ctype: Any) -> bool:
    return len(ctype.args) == 1 and not ctype.ellipsis and ctype.result.kind == "void" and _takes_bytes(ctype.args[0])
