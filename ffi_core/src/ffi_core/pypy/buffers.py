"""``ffi.buffer``: the bytes of C data."""

from __future__ import annotations

from ffi_core.pypy import CData, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, NoReturn

_buffer: Any = backend.buffer
_sizeof: Any = backend.sizeof


def bytes_of(cdata: Any, size: int) -> Any:
    """Give the bytes, of which there are ``size``, or as many as the C data have.

    Errors: ``RuntimeError`` for NULL; ``ValueError`` for more than an array has.
    """
    if isinstance(cdata, CData):
        if not cdata and backend.typeof(cdata).kind == "pointer":
            raise RuntimeError(f"buffer() of cdata '{backend.typeof(cdata).cname}' at address NULL")
        if size > 0 and backend.typeof(cdata).kind == "array" and size > _sizeof(cdata):
            raise ValueError(
                f"buffer() of {size} bytes: the memory of cdata '{backend.typeof(cdata).cname}' has only {_sizeof(cdata)}"
            )
    return _buffer(cdata, size)


class _Meta(type):
    """Makes ``isinstance(x, ffi.buffer)`` hold for the interpreter's buffers, which is what one gets."""

    def __call__(cls, cdata: Any, size: int = -1, *, typed: bool = False) -> Any:
        if typed:
            from ffi_core.pypy.typed_buffer import TypedBuffer

            return TypedBuffer(cdata, size)
        return bytes_of(cdata, size)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _buffer) or type(instance).__name__ == "TypedBuffer"


class buffer(metaclass=_Meta):  # noqa: N801 - known by this name
    """The bytes of C data, without a copy; ``typed``: a buffer of its items."""

    __module__ = "ffi_core"

    def __new__(cls) -> NoReturn:
        """Refuse: what a call gives is made by the metaclass."""
        raise TypeError("buffer() takes C data")
