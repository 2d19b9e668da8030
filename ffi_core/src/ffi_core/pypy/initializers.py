"""What is wrong with an initialiser: the interpreter's words do not always name the type and the value.

Belongs here: what happens after ``ffi.new`` has failed.
"""

from __future__ import annotations

from ffi_core.pypy import CData, backend, c_types
from ffi_core.pypy.function import with_pointers
from ffi_core.pypy.notes import noted

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def explain(ctype: Any, value: Any, error: BaseException) -> BaseException:
    """Give the error to raise where ``ffi.new(ctype, value)`` raised ``error``: that one, or one that says more."""
    if ctype.kind == "array":
        if not isinstance(value, (list, tuple, str, bytes, dict)) and "expected new array length" in str(error):
            noted(error, f"initializer for ctype '{ctype.cname}'")
            return error
        if isinstance(value, int) and value < 0:
            return ValueError(f"negative array length: {value} items of '{ctype.item.cname}'")
        wrong = _find(ctype, value)
    elif ctype.kind == "pointer":
        wrong = _find(ctype.item, value)
    else:
        return error
    return _say_if(wrong, error)


def tell(ctype: Any, value: Any, error: BaseException) -> BaseException:
    """Give the error to raise where a value of its own, of a type that is no pointer, raised ``error``."""
    return _say_if(_find(ctype, value), error)


def _say_if(wrong: tuple[Any, Any], error: BaseException) -> BaseException:
    # Only what raises the same again is known to be the cause.
    return _say(wrong[0], wrong[1], error) if attempt(*wrong) is type(error) else error


def attempt(ctype: Any, value: Any) -> Any:
    """Give the type of the error that a value of its own raises, None if it raises none."""
    try:
        if ctype.kind == "array" and ctype.length is None:
            backend.newp(ctype, value)
        else:
            backend.newp(c_types.array_of(ctype, 1), [value])  # None would be no initialiser
    except Exception as error:  # noqa: BLE001 - also what a method of the value raises
        return type(error)
    return None


def _find(ctype: Any, value: Any) -> tuple[Any, Any]:
    """Find the innermost type and value that do not fit, in lists, tuples and dicts."""
    for member, item in _parts(ctype, value):
        if attempt(member, item) is not None:
            return _find(member, item)
    return ctype, value


def _parts(ctype: Any, value: Any) -> Iterator[tuple[Any, Any]]:
    if ctype.kind == "array" and isinstance(value, (list, tuple)):
        for item in value:
            yield ctype.item, item
    elif c_types.is_record(ctype) and ctype.fields is not None:
        # Bit-fields have their own limits, of which the interpreter tells.
        if isinstance(value, dict):
            fields = dict(ctype.fields)
            pairs = [(fields[name], item) for name, item in value.items() if name in fields]
        elif isinstance(value, (list, tuple)):
            pairs = list(zip((field for _, field in ctype.fields if not field.flags & 1), value))
        else:
            pairs = []
        for field, item in pairs:
            if field.bitsize < 0:
                yield field.type, item


def _say(ctype: Any, value: Any, error: BaseException) -> BaseException:
    """Say what does not fit."""
    name, given = ctype.cname, type(value).__name__[:200]
    if isinstance(value, CData):
        given = f"cdata '{backend.typeof(with_pointers(value)).cname}'"
    if isinstance(error, KeyError) and c_types.is_record(ctype):
        return KeyError(f"'{name}' has no field {error.args[0]!r}")
    if ctype.kind not in ("primitive", "enum"):
        return error
    if name in ("float", "double", "long double") and isinstance(error, TypeError):
        return TypeError(f"initializer for ctype '{name}' must be a float, not {given}")
    if name in c_types.CHARACTERS:
        if name in ("char16_t", "wchar_t") and isinstance(value, str) and len(value) == 1:
            return TypeError(f"initializer for ctype '{name}' must be a character up to U+FFFF, not U+{ord(value):x}")
        return error
    if isinstance(error, OverflowError):
        return OverflowError(f"integer {int(value)} does not fit '{name}'")
    if isinstance(error, TypeError) and "_Complex" not in name and not hasattr(type(value), "__index__"):
        return TypeError(f"an integer is required for ctype '{name}', not {given}")
    return error
