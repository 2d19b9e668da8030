"""Copies of C data: what ``copy.copy()`` and ``copy.deepcopy()`` make, and why ``pickle`` gets none."""

from __future__ import annotations

import copyreg

from ffi_core.pypy import CData, CType, backend, c_types

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, NoReturn, Union


class _Source:
    """C data that is to be copied: tells a deep copy, and a pickle, from a plain copy."""

    def __init__(self, cdata: Any) -> None:
        self.cdata = cdata

    def __deepcopy__(self, memo: object) -> _Source:
        ctype = backend.typeof(self.cdata)
        if _has_pointers(ctype):
            raise TypeError(
                f"cannot deep-copy cdata '{ctype.cname}': it has pointers, and how much they point to is not known "
                "(copy.copy() copies the pointers)"
            )
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"cannot pickle cdata '{backend.typeof(self.cdata).cname}': C memory means nothing to another process (pickle "
            "what ffi.unpack(), ffi.buffer() or int() gives of it)"
        )


def _has_pointers(ctype: Any) -> bool:
    ctype = c_types.item_by_value(ctype)
    if c_types.is_record(ctype):
        return any(_has_pointers(field.type) for _, field in ctype.fields or ())
    return ctype.kind in ("pointer", "function")


def _reduce(cdata: Any) -> Union[str, tuple[Any, ...]]:
    """Tell the module ``copy`` how to copy C data; a text stands for the object itself."""
    ctype = backend.typeof(cdata)
    if ctype.kind in ("primitive", "enum"):
        return "it never changes" if not _is_pickled() else (_clone, (_Source(cdata),))
    if ctype.kind != "array" and not c_types.is_record(ctype):
        if _is_pickled():
            return _clone, (_Source(cdata),)
        raise TypeError(f"cannot copy cdata '{ctype.cname}': it is a pointer (of what p points to, p[0] can be copied)")
    return _clone, (_Source(cdata),)


def _reduce_type(ctype: Any) -> str:
    """Tell ``copy`` that a type is its own copy."""
    if _is_pickled():
        raise TypeError(f"cannot pickle {ctype!r}: it belongs to this process")
    return "it never changes"


def _is_pickled() -> bool:
    """Tell whether the caller's caller is not the module ``copy``: numbers are themselves there, but no pickles."""
    import sys

    return bool(sys._getframe(2).f_globals.get("__name__") != "copy")


def _clone(source: _Source) -> Any:
    cdata = source.cdata
    ctype = backend.typeof(cdata)
    if ctype.kind == "array":
        if not cdata:
            raise RuntimeError(f"cannot copy cdata '{ctype.cname}' from null address")
        copy = backend.newp(ctype, len(cdata) if ctype.length is None else None)
        backend.memmove(copy, cdata, backend.sizeof(cdata))
        return copy
    size = backend.sizeof(cdata)
    pointer = backend.new_pointer_type(ctype)
    more = size - backend.sizeof(ctype)
    owner = backend.newp(pointer)
    if more > 0:
        name, field = ctype.fields[-1]
        owner = backend.newp(pointer, {name: (size - field.offset) // backend.sizeof(field.type.item)})
    backend.memmove(owner, backend.rawaddressof(pointer, cdata, 0), size)
    return owner[0]


def register() -> None:
    """Let ``copy`` and ``pickle`` know."""
    copyreg.dispatch_table[CData] = _reduce
    copyreg.dispatch_table[CType] = _reduce_type
