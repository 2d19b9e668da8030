"""Compress and decompress piece by piece, with the objects of the standard library.

Belongs here: what these objects remember between calls.  Each has a lock, so threads may share one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from operator import index
from typing import Final, NoReturn, Optional, SupportsIndex, TypeVar

from zlibwrap import _raw
from zlibwrap._types import Buffer
from zlibwrap._whole import DEF_BUF_SIZE, as_size, check_int

_NO_FLUSH: Final = _raw.Z_NO_FLUSH
_SYNC_FLUSH: Final = _raw.Z_SYNC_FLUSH
_FINISH: Final = _raw.Z_FINISH

_P = TypeVar("_P", bound="_Piecewise")


class _Piecewise:
    """What both objects have: they are made by functions, are copied, and not pickled."""

    __slots__ = ("__weakref__", "_lock")

    _lock: threading.Lock

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

    __slots__ = ("_deflate", "_stream")
    __module__ = "zlibwrap"

    _stream: _raw.DeflateStream
    _deflate: Callable[[Buffer, int, str], bytes]

    def compress(self, data: Buffer, /) -> bytes:
        """Compress ``data``; return what comes out already.

        Errors: ``error`` when the stream was finished; ``TypeError``.
        """
        with self._lock:
            return self._deflate(data, _NO_FLUSH, "while compressing data")

    def flush(self, mode: SupportsIndex = _FINISH, /) -> bytes:
        """Return what was held back.  ``Z_FINISH`` ends the stream; after other modes it goes on.

        Errors: ``error`` when the stream was finished, or for an unknown mode; ``TypeError``; ``OverflowError``.
        """
        number = index(mode)
        if number == _NO_FLUSH:
            return b""
        check_int(number, "mode")
        with self._lock:
            return self._deflate(b"", number, "while flushing")

    def copy(self) -> Compress:
        """Return a copy that goes on from the same state.

        Errors: ``ValueError`` when the stream is finished; ``MemoryError``.
        """
        with self._lock:
            return _make_compress(self._stream.copy())


def _make_compress(stream: _raw.DeflateStream) -> Compress:
    """Make the object for a stream."""
    self = object.__new__(Compress)
    self._lock = threading.Lock()
    self._stream = stream
    self._deflate = stream.deflate
    return self


class Decompress(_Piecewise):
    """Decompresses piece by piece; ``decompressobj`` makes it."""

    __slots__ = ("_eof", "_stream", "_unconsumed_tail", "_unused_data")
    __module__ = "zlibwrap"

    _stream: _raw.InflateStream
    _unused_data: bytes
    _unconsumed_tail: bytes
    _eof: bool

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the stream."""
        return self._unused_data

    @property
    def unconsumed_tail(self) -> bytes:
        """What ``max_length`` kept from being decompressed: to be given to ``decompress`` again."""
        return self._unconsumed_tail

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._eof

    def decompress(self, data: Buffer, /, max_length: SupportsIndex = 0) -> bytes:
        """Decompress ``data``; return what comes out, at most ``max_length`` bytes (0: any number).

        Errors: ``error``; ``TypeError``; ``ValueError``; ``OverflowError``; ``MemoryError``.
        """
        limit = max_length if max_length.__class__ is int and max_length == 0 else as_size(max_length, "max_length")
        with self._lock:
            result, used, at_end, failure = self._stream.inflate(data, _SYNC_FLUSH, limit, "while decompressing data")
            self._keep(data, used, at_end)
        if failure is not None:
            raise failure
        return result

    def flush(self, length: SupportsIndex = DEF_BUF_SIZE, /) -> bytes:
        """Decompress ``unconsumed_tail``; return what comes out.  ``length`` changes nothing.

        Errors: ``ValueError`` when ``length`` is not positive; ``TypeError``; ``OverflowError``; ``MemoryError``.
        """
        if length.__class__ is not int or not 0 < length <= DEF_BUF_SIZE:
            _check_length(length)
        with self._lock:
            data = self._unconsumed_tail
            result, used, at_end, failure = self._stream.inflate(data, _FINISH, 0, "while decompressing data")
            self._keep(data, used, at_end)
            if at_end:
                self._stream.end()
        if isinstance(failure, MemoryError):
            raise failure
        return result

    def copy(self) -> Decompress:
        """Return a copy that goes on from the same state.

        Errors: ``ValueError`` when the stream was flushed at its end; ``MemoryError``.
        """
        with self._lock:
            other = _make_decompress(self._stream.copy())
            other._unused_data = self._unused_data
            other._unconsumed_tail = self._unconsumed_tail
            other._eof = self._eof
        return other

    def _keep(self, data: Buffer, used: int, at_end: bool) -> None:
        """Keep what was not used of ``data``."""
        if type(data) is bytes:
            if used == len(data) and not self._unconsumed_tail and not at_end:
                return
            rest = data[used:]
        else:
            rest = bytes(memoryview(data).cast("B")[used:])
        if at_end:
            self._eof = True
            self._unused_data += rest
            if not self._unconsumed_tail:
                return
        self._unconsumed_tail = rest


def _check_length(value: SupportsIndex) -> None:
    """Check the argument of ``Decompress.flush``."""
    if -sys.maxsize - 1 <= index(value) <= 0:
        raise ValueError("length must be greater than zero")
    as_size(value, "length")


def _make_decompress(stream: _raw.InflateStream) -> Decompress:
    """Make the object for a stream."""
    self = object.__new__(Decompress)
    self._lock = threading.Lock()
    self._stream = stream
    self._unused_data = b""
    self._unconsumed_tail = b""
    self._eof = False
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
        stream = _raw.DeflateStream(level, method, wbits, memLevel, strategy, given)
    except (TypeError, OverflowError):
        names = ("level", "method", "wbits", "memLevel", "strategy")
        for value, name in zip((level, method, wbits, memLevel, strategy), names):
            check_int(value, name)
        raise
    return _make_compress(stream)


def decompressobj(wbits: int = _raw.MAX_WBITS, zdict: Buffer = b"") -> Decompress:
    """Make an object that decompresses piece by piece.

    ``wbits`` is as for ``decompress``; ``zdict`` must be what ``compressobj`` was given.
    Errors: ``ValueError`` for what zlib does not take; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    given = as_dictionary(zdict)
    try:
        stream = _raw.InflateStream(wbits, given)
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
