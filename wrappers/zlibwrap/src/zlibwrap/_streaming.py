"""Compress and decompress piece by piece, with objects that belong in a ``with`` statement."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Callable, NoReturn, Optional, TypeVar

from zlibwrap import _raw
from zlibwrap._decoder import TRUNCATED, Decoder, window_bits
from zlibwrap._header import GzipHeader, to_raw
from zlibwrap._types import Buffer, Format
from zlibwrap._whole import as_size

Progress = Callable[[int, int], object]
"""Called with the numbers of bytes that went in and that came out so far."""

_T = TypeVar("_T", bound="_Streaming")


class _Streaming:
    """What both directions have: numbers, an end, and a lock.  Threads may share an object."""

    def __init__(self, progress: Optional[Progress]) -> None:
        self._lock = threading.RLock()  # the callback may ask for the numbers
        self._progress = progress
        self._bytes_in = 0
        self._bytes_out = 0
        self._closed = False

    @property
    def bytes_in(self) -> int:
        """How many bytes went in so far."""
        return self._bytes_in

    @property
    def bytes_out(self) -> int:
        """How many bytes came out so far."""
        return self._bytes_out

    @property
    def closed(self) -> bool:
        """Whether the object can be used no more."""
        return self._closed

    def close(self) -> None:
        """Free the memory.  What was not asked for is lost."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._free()

    def __reduce__(self) -> NoReturn:
        # Copies would share the stream.
        raise TypeError(f"cannot copy or pickle '{type(self).__module__}.{type(self).__qualname__}' object")

    def __enter__(self: _T) -> _T:
        self._check_open()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError(f"this {type(self).__name__} is closed")

    def _count(self, size: int, result: bytes) -> bytes:
        """Count what went in and came out, and tell the callback."""
        self._bytes_in += size
        self._bytes_out += len(result)
        if self._progress is not None and (size or result):
            self._progress(self._bytes_in, self._bytes_out)
        return result

    def _free(self) -> None:
        raise NotImplementedError


class Compressor(_Streaming):
    """Compresses piece by piece.

    ``format`` is "zlib", "gzip" or "raw"; ``header`` is for gzip's.  ``progress`` is called after each piece with the numbers of
    bytes that went in and came out so far.
    Errors: ``ValueError`` for what zlib does not take.
    """

    __module__ = "zlibwrap"

    def __init__(
        self,
        level: int = _raw.Z_DEFAULT_COMPRESSION,
        *,
        format: Format = "zlib",  # noqa: A002 - there is no better word
        strategy: int = _raw.Z_DEFAULT_STRATEGY,
        zdict: Optional[Buffer] = None,
        header: Optional[GzipHeader] = None,
        progress: Optional[Progress] = None,
    ) -> None:
        super().__init__(progress)
        if header is not None and format != "gzip":
            raise ValueError(f"a header is for format 'gzip', not {format!r}")
        self._stream = _raw.DeflateStream(
            level, _raw.DEFLATED, window_bits(format), _raw.DEF_MEM_LEVEL, strategy, zdict
        )
        if header is not None:
            self._stream.set_header(to_raw(header))
        self._finished = False

    def compress(self, data: Buffer, /) -> bytes:
        """Compress ``data``; return what comes out already.

        Errors: ``ValueError`` when the object is closed or the stream finished; ``TypeError``.
        """
        with self._lock:
            self._check_usable()
            result = self._stream.deflate(data, _raw.Z_NO_FLUSH, "while compressing data")
            return self._count(memoryview(data).nbytes, result)

    def flush(self) -> bytes:
        """Return what is held back, so that all of the data so far can be decompressed.  It costs some compression.

        Errors: as ``compress``.
        """
        with self._lock:
            self._check_usable()
            return self._count(0, self._stream.deflate(b"", _raw.Z_SYNC_FLUSH, "while flushing"))

    def start(self) -> bytes:
        """Return the header, before any data.  Unlike ``flush`` it costs nothing.

        Errors: as ``compress``.
        """
        with self._lock:
            self._check_usable()
            # Z_NO_FLUSH without data is no progress to zlib before 1.2.12: it would write no header.
            return self._count(0, self._stream.deflate(b"", _raw.Z_BLOCK, "while flushing"))

    def finish(self) -> bytes:
        """Return the end of the stream.

        Errors: as ``compress``.
        """
        with self._lock:
            self._check_usable()
            self._finished = True
            return self._count(0, self._stream.deflate(b"", _raw.Z_FINISH, "while flushing"))

    def _check_usable(self) -> None:
        self._check_open()
        if self._finished:
            raise ValueError("the stream is finished")

    def _free(self) -> None:
        self._stream.end()


class Decompressor(_Streaming):
    """Decompresses piece by piece.

    ``format`` is "auto" (zlib's or gzip's, as the first byte says), "zlib", "gzip" or "raw".  Several gzip members in a row are
    one text, and zeros after them are ignored, as ``gzip`` does; what follows a stream of another format is ``unused_data``.
    ``max_output`` is how many bytes may come out in all: compressed data can be a thousand times smaller than what it stands for.
    ``progress`` is called after each piece with the numbers of bytes that went in and came out so far.
    """

    __module__ = "zlibwrap"

    def __init__(
        self,
        *,
        format: Format = "auto",  # noqa: A002 - there is no better word
        zdict: Optional[Buffer] = None,
        max_output: Optional[int] = None,
        progress: Optional[Progress] = None,
    ) -> None:
        super().__init__(progress)
        limit = None if max_output is None else as_size(max_output, "max_output")
        self._decoder = Decoder(format, zdict, limit)

    @property
    def eof(self) -> bool:
        """Whether the end of a stream was reached, and none has begun after it."""
        return self._decoder.idle and self._decoder.members > 0 and not self._decoder.pending

    @property
    def needs_input(self) -> bool:
        """Whether nothing is held back by a ``max_length``."""
        return not self._decoder.full

    @property
    def unused_data(self) -> bytes:
        """What followed the end of the stream, where the format is not gzip's."""
        return self._decoder.unused

    @property
    def header(self) -> Optional[GzipHeader]:
        """The header of the last gzip member that was begun; None before it is read."""
        return self._decoder.header

    def decompress(self, data: Buffer = b"", /, max_length: int = 0) -> bytes:
        """Decompress ``data``; return what comes out, at most ``max_length`` bytes (0: any number).

        What ``max_length`` holds back comes out at the next call; ``needs_input`` tells whether there is any.
        Errors: ``ValueError`` when the object is closed; ``error``; ``OutputLimitError``; ``OSError`` for what follows a gzip
        member and is none; ``TypeError``.
        """
        limit = as_size(max_length, "max_length")
        with self._lock:
            self._check_open()
            piece = data if type(data) is bytes else bytes(memoryview(data))
            return self._count(len(piece), self._decoder.decode(piece, limit))

    def finish(self) -> bytes:
        """Return what ``max_length`` held back, and check that the data is complete.

        Errors: ``EOFError`` when it is not; as ``decompress``.
        """
        with self._lock:
            result = self.decompress()
            self._decoder.check_end()
            if not self._decoder.members:
                raise EOFError(TRUNCATED)
        return result

    def _free(self) -> None:
        self._decoder.free()
