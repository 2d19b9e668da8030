"""What C data have to do with Python objects: handles, ``void *`` that stand for one, and pointers that keep one alive.

What is no living handle is refused before the interpreter looks at it.
"""

from __future__ import annotations

from _weakref import ref

from ffi_core.pypy import CHAR_POINTER, VOID_POINTER, address_of, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

_living: dict[int, Any] = {}  # by address: weak references to handles; process-wide, as addresses are


def make(target: object) -> Any:
    """Make a handle."""
    handle = backend.newp_handle(VOID_POINTER, target)
    address = address_of(handle)

    def forget(reference: Any) -> None:
        if _living.get(address) is reference:  # the address may be that of a new one
            del _living[address]

    _living[address] = ref(handle, forget)
    return handle


def resolve(pointer: Any) -> Any:
    """Give the object of a handle.

    Errors: ``RuntimeError`` for NULL, and for what is no handle, or was one.
    """
    ctype = backend.typeof(pointer)
    if ctype is not VOID_POINTER and ctype is not CHAR_POINTER:
        raise TypeError(f"expected a 'cdata' object with a 'void *' out of new_handle(), got '{ctype.cname}'")
    if not pointer:
        raise RuntimeError("cannot use from_handle() on NULL pointer")
    known = _living.get(address_of(pointer))
    handle = None if known is None else known()
    if handle is None:
        raise RuntimeError(
            f"from_handle(): {pointer!r} is no handle: the object that new_handle() returned is gone, or it never was one"
        )
    return backend.from_handle(pointer)


# By the number of a weak reference: that, and what lives as long as its object.
_kept: dict[int, tuple[Any, object]] = {}


def keep_with(cdata: Any, kept: object) -> Any:
    """Keep a Python object alive as long as some C data, which it gives back."""

    def forget(reference: Any) -> None:
        _kept.pop(id(reference), None)

    reference = ref(cdata, forget)
    _kept[id(reference)] = reference, kept
    return cdata
