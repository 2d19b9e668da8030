"""Write gzip files."""

from __future__ import annotations

import errno
import io
import threading
from typing import BinaryIO, Optional

from zlibwrap._header import GzipHeader
from zlibwrap._streaming import Compressor, Progress
from zlibwrap._types import Buffer


class GzipWriter(io.BufferedIOBase):
    """A gzip file, written as binary data; ``open`` makes it.

    ``close``, or the end of a ``with`` statement, writes the end of the file.  Threads may share it.
    """

    __module__ = "zlibwrap"
    _closed = True  # until it is open

    def __init__(
        self,
        file: BinaryIO,
        level: int,
        *,
        header: GzipHeader,
        owned: bool = False,
        progress: Optional[Progress] = None,
    ) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._file = file
        self._owned = owned
        self._header = header
        self._compressor = Compressor(level, format="gzip", header=header, progress=progress)
        self._write(self._compressor.start())  # the header, so that an empty file that is left is no gzip file
        self._closed = False

    @property
    def header(self) -> GzipHeader:
        """The header that was written."""
        return self._header

    @property
    def closed(self) -> bool:
        """Whether the end was written."""
        return self._closed

    @property
    def name(self) -> object:
        """The name of the file below."""
        return self._file.name

    def writable(self) -> bool:
        return not self._closed

    def fileno(self) -> int:
        return self._file.fileno()

    def tell(self) -> int:
        """Return how many bytes were written."""
        self._check_open()
        return self._compressor.bytes_in

    def write(self, data: Buffer, /) -> int:
        """Compress and write ``data``; return its size in bytes."""
        with self._lock:
            self._check_open()
            self._write(self._compressor.compress(data))
            return memoryview(data).nbytes

    def flush(self) -> None:
        """Write what is held back, so that it can be read.  It costs some compression."""
        with self._lock:
            self._check_open()
            self._write(self._compressor.flush())
            self._file.flush()

    def close(self) -> None:
        """Write the end of the file, and close it."""
        with self._lock:
            if self.closed:
                return
            try:
                self._write(self._compressor.finish())
            finally:
                self._compressor.close()
                self._compressor_closed()

    def _compressor_closed(self) -> None:
        """Close what is below, and this."""
        try:
            if self._owned:
                self._file.close()
        finally:
            self._closed = True

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")

    def _write(self, data: bytes) -> None:
        """Write ``data`` whole."""
        view = memoryview(data)
        while view:
            written: Optional[int] = self._file.write(view)
            if written is None and isinstance(self._file, io.RawIOBase):
                raise BlockingIOError(errno.EAGAIN, "the underlying file takes no data yet")
            view = view[len(view) if written is None else written :]  # None: of a class that does not say it
