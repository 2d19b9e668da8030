"""Read gzip files."""

from __future__ import annotations

import errno
import io
from types import TracebackType
from typing import BinaryIO, Final, Optional

from zlibwrap._decoder import Decoder
from zlibwrap._header import GzipHeader

_CHUNK: Final = 32 * 1024
_BUFFER: Final = 128 * 1024


class _RawReader(io.RawIOBase):
    """Decompresses as it is read, without a buffer of its own; ``GzipReader`` has one, and a lock."""

    def __init__(self, file: BinaryIO, *, owned: bool, max_output: Optional[int]) -> None:
        super().__init__()
        self._file = file
        self._owned = owned
        self._limit = max_output
        self._start: Optional[int] = file.tell() if file.seekable() else None
        self._decoder = Decoder("gzip", max_output=max_output)
        self._position = 0
        self._size: Optional[int] = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._start is not None

    def fileno(self) -> int:
        return self._file.fileno()

    @property
    def name(self) -> object:
        return self._file.name

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if not self.closed:
            try:
                self._decoder.free()
                if self._owned:
                    self._file.close()
            finally:
                super().close()

    def readinto(self, target: memoryview, /) -> int:  # type: ignore[override]  # io gives it a memoryview
        with memoryview(target) as view, view.cast("B") as memory:
            data = self._read(len(memory))
            memory[: len(data)] = data
            return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(self._read, b""))

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place in the decompressed data; going back means to begin anew."""
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            if self._size is None:
                self._skip(None)
            offset += self._position if self._size is None else self._size
        elif whence != io.SEEK_SET:
            raise ValueError(f"invalid whence ({whence}, should be 0, 1 or 2)")
        offset = max(offset, 0)
        if offset < self._position:
            self._rewind()
        self._skip(offset)
        return self._position

    @property
    def header(self) -> Optional[GzipHeader]:
        return self._decoder.header

    def _read(self, size: int = 0) -> bytes:
        """Read something, at most ``size`` bytes (0: what a piece of the file gives); nothing at the end of the file.

        Errors: ``EOFError`` when the file is cut off; ``OSError``; ``error``.
        """
        decoder = self._decoder
        data = decoder.decode(b"", size) if decoder.full or decoder.pending else b""
        while not data:
            piece: Optional[bytes] = self._file.read(_CHUNK)
            if piece is None:
                raise BlockingIOError(errno.EAGAIN, "the underlying file has no data yet")
            if not piece:
                decoder.check_end()
                self._size = self._position
                return b""
            data = decoder.decode(piece, size)
        self._position += len(data)
        return data

    def _rewind(self) -> None:
        """Go back to the beginning.

        Errors: ``io.UnsupportedOperation`` where the file itself cannot.
        """
        if self._start is None:
            raise io.UnsupportedOperation("the underlying file cannot go back")
        self._file.seek(self._start)
        self._decoder.free()
        self._decoder = Decoder("gzip", max_output=self._limit)
        self._position = 0

    def _skip(self, offset: Optional[int]) -> None:
        """Read on to ``offset``, or to the end of the file."""
        while offset is None or self._position < offset:
            if not self._read(_BUFFER if offset is None else min(_BUFFER, offset - self._position)):
                return


class GzipReader(io.BufferedReader):
    """A gzip file, read as binary data; ``open`` makes it.

    Several members are one text, and zeros after them are ignored.  ``seek`` goes forward by reading, and back by beginning anew.
    Threads may share it.
    Errors, when reading: ``EOFError`` for a file that is cut off; ``gzip.BadGzipFile``, an ``OSError``, for one that is no gzip
    file; ``error`` for damaged data; ``OutputLimitError`` for more than ``max_output`` bytes.
    """

    __module__ = "zlibwrap"

    def __init__(self, file: BinaryIO, *, owned: bool = False, max_output: Optional[int] = None) -> None:
        super().__init__(_RawReader(file, owned=owned, max_output=max_output), _BUFFER)

    @property
    def header(self) -> Optional[GzipHeader]:
        """The header of the member that was begun last; the first one's is read when it is asked for.

        None for an empty file.
        """
        raw = self.raw
        assert isinstance(raw, _RawReader)  # noqa: S101 - the constructor made it
        if raw.header is None:
            self.peek(1)
        return raw.header

    @property
    def mtime(self) -> Optional[int]:
        """When the compressed file was changed last, as the header says."""
        header = self.header
        return None if header is None else header.mtime

    def __enter__(self) -> GzipReader:
        super().__enter__()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()
