"""Compress and decompress piece by piece, with the objects of the standard library.

Threads may share one: C sees to it that each call has the stream for itself, and keeps what is remembered between calls.
"""

from __future__ import annotations

import sys
from operator import index
from typing import Final, NoReturn, Optional, SupportsIndex, TypeVar

from zlibwrap import _raw
from zlibwrap._types import Buffer
from zlibwrap._whole import DEF_BUF_SIZE, as_size, check_int

_NO_FLUSH: Final = _raw.Z_NO_FLUSH
_new_object = object.__new__
_NEVER_LOOKED: Final = _raw.Kept(0, b"", b"")
_FINISH: Final = _raw.Z_FINISH

_P = TypeVar("_P", bound="_Piecewise")


class _Piecewise:
    """What both objects have: they are made by functions, are copied, and not pickled."""

    __slots__ = ("__weakref__", "_stream")

    _stream: _raw.Stream

    def __new__(cls: type[_P], *_arguments: object, **_keywords: object) -> _P:
        raise TypeError(f"cannot create '{cls.__module__}.{cls.__qualname__}' instances")

    def __init_subclass__(cls) -> None:
        base = cls.__bases__[0]
        if base is not _Piecewise:
            raise TypeError(f"type '{base.__module__}.{base.__qualname__}' is not an acceptable base type")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle '{type(self).__module__}.{type(self).__qualname__}' object")

    def copy(self: _P) -> _P:
        """Return a copy that goes on from the same state.

        Errors: ``ValueError`` when the stream is at its end; ``MemoryError``.
        """
        raise NotImplementedError

    def __copy__(self: _P) -> _P:
        return self.copy()

    def __deepcopy__(self: _P, _memo: object, /) -> _P:
        return self.copy()


class Compress(_Piecewise):
    """Compresses piece by piece; ``compressobj`` makes it."""

    __slots__ = ()
    __module__ = "zlibwrap"

    @_raw.for_deflate
    def compress(self, data: Buffer, /) -> bytes:
        """Compress ``data``; return what comes out already.

        Errors: ``error`` when the stream was finished; ``TypeError``.
        """
        return _raw.deflate(self._stream, data, _NO_FLUSH, "while compressing data")

    def flush(self, mode: SupportsIndex = _FINISH, /) -> bytes:
        """Return what was held back.  ``Z_FINISH`` ends the stream; after other modes it goes on.

        Errors: ``error`` when the stream was finished, or for an unknown mode; ``TypeError``; ``OverflowError``.
        """
        number = index(mode)
        if number == _NO_FLUSH:
            return b""
        check_int(number, "mode")
        return _raw.deflate(self._stream, b"", number, "while flushing")

    def copy(self) -> Compress:
        """Return a copy that goes on from the same state.

        Errors: ``ValueError`` when the stream is finished; ``MemoryError``.
        """
        return _make_compress(_raw.copy(self._stream, _raw.DEFLATE_SIZE))


def _make_compress(stream: _raw.Stream) -> Compress:
    """Make the object for a stream."""
    self = _new_object(Compress)
    self._stream = stream
    return self


class Decompress(_Piecewise):
    """Decompresses piece by piece; ``decompressobj`` makes it."""

    __slots__ = ("_kept",)
    __module__ = "zlibwrap"

    _kept: _raw.Kept

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the stream."""
        return self._look().unused

    @property
    def unconsumed_tail(self) -> bytes:
        """What ``max_length`` kept from being decompressed: to be given to ``decompress`` again."""
        return self._look().tail

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return bool(_raw.at_end(self._stream))

    @_raw.for_inflate
    def decompress(self, data: Buffer, /, max_length: SupportsIndex = 0) -> bytes:
        """Decompress ``data``; return what comes out, at most ``max_length`` bytes (0: any number).

        Errors: ``error``; ``TypeError``; ``ValueError``; ``OverflowError``; ``MemoryError``.
        """
        return _raw.inflate(self._stream, data, as_size(max_length, "max_length"))

    def flush(self, length: SupportsIndex = DEF_BUF_SIZE, /) -> bytes:
        """Decompress ``unconsumed_tail``; return what comes out.  ``length`` changes nothing.

        Errors: ``ValueError`` when ``length`` is not positive; ``TypeError``; ``OverflowError``; ``MemoryError``.
        """
        if length.__class__ is not int or not 0 < length <= DEF_BUF_SIZE:
            _check_length(length)
        return _raw.flush_inflate(self._stream)

    def copy(self) -> Decompress:
        """Return a copy that goes on from the same state.

        Errors: ``ValueError`` when the stream was flushed at its end; ``MemoryError``.
        """
        return _make_decompress(_raw.copy(self._stream, _raw.INFLATE_SIZE))

    def _look(self) -> _raw.Kept:
        """Return what is kept; the same objects as long as nothing changes."""
        kept = self._kept
        if kept.changes != _raw.changes(self._stream):
            kept = self._kept = _raw.kept(self._stream)
        return kept


def _check_length(value: SupportsIndex) -> None:
    """Check the argument of ``Decompress.flush``."""
    if -sys.maxsize - 1 <= index(value) <= 0:
        raise ValueError("length must be greater than zero")
    as_size(value, "length")


def _make_decompress(stream: _raw.Stream) -> Decompress:
    """Make the object for a stream."""
    self = _new_object(Decompress)
    self._stream = stream
    self._kept = _NEVER_LOOKED
    return self


_UNSET: Final[bytes] = b""


def compressobj(
    level: int = _raw.Z_DEFAULT_COMPRESSION,
    method: int = _raw.DEFLATED,
    wbits: int = _raw.MAX_WBITS,
    memLevel: int = _raw.DEF_MEM_LEVEL,  # noqa: N803 - the name that it has in the standard library
    strategy: int = _raw.Z_DEFAULT_STRATEGY,
    zdict: Buffer = _UNSET,
) -> Compress:
    """Make an object that compresses piece by piece.

    ``wbits`` is as for ``compress``; ``zdict`` is data that the text is likely to repeat, to be given to ``decompressobj`` too.
    Errors: ``ValueError`` for what zlib does not take; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    given = None if zdict is _UNSET else memoryview(zdict)
    try:
        stream = _raw.new_deflate((level, method, wbits, memLevel, strategy), given)
    except (TypeError, OverflowError):
        names = ("level", "method", "wbits", "memLevel", "strategy")
        for value, name in zip((level, method, wbits, memLevel, strategy), names):
            check_int(value, name)
        raise
    return _make_compress(stream)


def decompressobj(wbits: int = _raw.MAX_WBITS, zdict: Buffer = _UNSET) -> Decompress:
    """Make an object that decompresses piece by piece.

    ``wbits`` is as for ``decompress``; ``zdict`` must be what ``compressobj`` was given.
    Errors: ``ValueError`` for what zlib does not take; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    given = None if zdict is _UNSET else as_dictionary(zdict)
    try:
        stream = _raw.new_inflate(wbits, given)
    except (TypeError, OverflowError):
        check_int(wbits, "wbits")
        raise
    return _make_decompress(stream)


def as_dictionary(zdict: Optional[Buffer]) -> Optional[bytes]:
    """Copy a dictionary; None when it is empty, which is as none.

    Errors: ``TypeError`` when it is not bytes-like.
    """
    try:
        return bytes(memoryview(zdict)) or None  # type: ignore[arg-type]  # None is what has no buffer either
    except TypeError:
        raise TypeError("zdict argument must support the buffer protocol") from None
