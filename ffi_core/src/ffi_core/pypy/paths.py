"""Members and items within a type: what offsetof() and addressof() follow, and the spelling of types."""

from __future__ import annotations

import sys

from ffi_core.pypy import backend, c_types

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any


def follow(ctype: Any, path: tuple[Any, ...]) -> tuple[Any, int]:
    """Follow names and indexes from ``ctype``: the type at their end, and its distance in bytes.

    Errors: ``KeyError`` for a member that is not there; ``TypeError`` where there are none.
    """
    offset = 0
    for index, step in enumerate(path):
        if isinstance(step, str):
            ctype, distance = _member(ctype, step, is_first=index == 0)
        elif hasattr(step, "__index__"):
            ctype, distance = _item(ctype, step, offset, is_first=index == 0)
        else:
            raise TypeError(f"field name or array index expected, not {type(step).__name__}")
        offset += distance
    return ctype, offset


def _member(ctype: Any, name: str, *, is_first: bool) -> tuple[Any, int]:
    record = ctype.item if is_first and ctype.kind == "pointer" else ctype
    if not c_types.is_record(record):
        raise TypeError(
            f"with a field name argument, expected a struct or union ctype, got '{ctype.cname}' (field {name!r})"
        )
    if record.fields is None:
        raise TypeError(f"struct/union is opaque: '{record.cname}' has no known field {name!r}")
    field = dict(record.fields).get(name)
    if field is None:
        raise KeyError(f"'{record.cname}' has no field {name!r}")
    if field.bitsize >= 0:
        raise TypeError(f"not supported for bitfields: field {name!r} of '{record.cname}'")
    return field.type, field.offset


def _item(ctype: Any, index: Any, offset: int, *, is_first: bool) -> tuple[Any, int]:
    has_items = ctype.kind == "array" or (is_first and ctype.kind == "pointer")
    size = c_types.size_or_none(ctype.item) if has_items else None
    if size is None:
        raise TypeError(
            f"with an integer argument, expected an array ctype or a pointer to non-opaque, got '{ctype.cname}'"
        )
    distance = index.__index__() * size
    if not -sys.maxsize - 1 <= offset + distance <= sys.maxsize:
        raise OverflowError(f"index {index!r} of '{ctype.cname}' gives an offset that does not fit a ssize_t")
    return ctype.item, distance


def address_of(cdata: Any, path: tuple[Any, ...]) -> Any:
    """Point to a cdata object, or to a part of it."""
    ctype = backend.typeof(cdata)
    is_memory = c_types.is_record(ctype) or ctype.kind == "array"
    if not is_memory and (ctype.kind != "pointer" or not path):
        expected = ", or a pointer and a path" if ctype.kind == "pointer" else "/pointer object"
        raise TypeError(f"addressof(): expected a cdata struct/union/array{expected}, got '{ctype.cname}'")
    target, offset = follow(ctype, path) if path else (ctype, 0)
    return backend.rawaddressof(c_types.pointer_to(target), cdata, offset)


def spell(ctype: Any, declarator: str) -> str:
    """Write a declaration of ``declarator``: the name stands apart, ``int * x``, so that it is easy to find."""
    if not declarator:
        return str(ctype.cname)
    before = backend.getcname(ctype, "@").partition("@")[0][-1:]
    is_name = declarator[0].isalpha() or declarator[0] in "_*"
    if declarator.startswith("*") and ctype.kind == "array":
        declarator = f"({declarator})"
    elif is_name if before == "*" else declarator[0] not in "([":
        declarator = " " + declarator
    return str(backend.getcname(ctype, declarator))
