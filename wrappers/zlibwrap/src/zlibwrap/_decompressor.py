"""``_ZlibDecompressor``, by which ``gzip`` reads since Python 3.12: the interface of ``bz2.BZ2Decompressor``."""

from __future__ import annotations

import threading
from operator import index
from typing import Final, NoReturn, SupportsIndex

from zlibwrap import _raw
from zlibwrap._objects import as_dictionary
from zlibwrap._types import Buffer

_SYNC_FLUSH: Final = _raw.Z_SYNC_FLUSH


class _ZlibDecompressor:
    """Decompresses piece by piece, and itself keeps what a ``max_length`` holds back."""

    __slots__ = ("__weakref__", "_eof", "_lock", "_needs_input", "_pending", "_stream", "_unused_data")
    __module__ = "zlibwrap"

    def __init__(self, wbits: int = _raw.MAX_WBITS, zdict: Buffer = b"") -> None:
        self._stream = _raw.InflateStream(wbits, as_dictionary(zdict))
        self._lock = threading.Lock()
        self._pending = b""
        self._unused_data = b""
        self._needs_input = True
        self._eof = False

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle 'zlibwrap._ZlibDecompressor' object")

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._eof

    @property
    def needs_input(self) -> bool:
        """Whether all data that was given has been used, and the end is not reached."""
        return self._needs_input

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the stream."""
        return self._unused_data

    def decompress(self, data: Buffer, max_length: SupportsIndex = -1) -> bytes:
        """Decompress ``data``; return what comes out, at most ``max_length`` bytes (negative: any number).

        With 0 it is kept for the next call.  The standard library looks at it already then, so its errors come a call earlier.
        Errors: ``EOFError`` after the end; ``error``; ``TypeError``; ``MemoryError``.
        """
        limit = index(max_length)
        with self._lock:
            if self._eof:
                raise EOFError("End of stream already reached")
            if self._pending:
                data = self._pending + data
            if limit == 0:
                self._pending = bytes(memoryview(data))
                self._needs_input = not self._pending
                return b""
            result, used, at_end, failure = self._stream.inflate(
                data, _SYNC_FLUSH, max(limit, 0), "while decompressing data"
            )
            rest = data[used:] if type(data) is bytes else bytes(memoryview(data).cast("B")[used:])
            self._eof = at_end
            self._pending = b"" if at_end else rest
            if at_end:
                self._unused_data = rest
            self._needs_input = not at_end and not rest
        if failure is not None:
            raise failure
        return result
