"""Decompress texts that may be made of several gzip members.

Belongs here: where a member ends and another begins, and what is kept of the input meanwhile.
"""

from __future__ import annotations

from typing import Final, Optional

from zlibwrap import _raw
from zlibwrap._errors import limit_error, make_bad_gzip
from zlibwrap._header import GzipHeader, from_raw
from zlibwrap._types import Buffer, Format

_SYNC_FLUSH: Final = _raw.Z_SYNC_FLUSH
_MAGIC: Final = b"\x1f\x8b"
_WBITS: Final[dict[str, int]] = {"gzip": 16 + _raw.MAX_WBITS, "raw": -_raw.MAX_WBITS, "zlib": _raw.MAX_WBITS}

TRUNCATED: Final = "Compressed file ended before the end-of-stream marker was reached"
"""As ``gzip`` says it."""


def window_bits(format: str) -> int:  # noqa: A002 - the name that it has for users
    """Return zlib's number for a format that something is compressed in.

    Errors: ``ValueError``.
    """
    try:
        return _WBITS[format]
    except KeyError:
        raise ValueError(f"format must be one of {', '.join(sorted(_WBITS))}, not {format!r}") from None


class Decoder:
    """Decompresses piece by piece, across the members of gzip's format.

    ``idle`` says that no member is begun; when nothing is ``pending`` either, the input may end here.  ``full`` says that the
    limit of the last call may hold something back.  ``header`` is that of the last gzip member begun.
    It is not for several threads.
    """

    __slots__ = (
        "_format",
        "_limit",
        "_stream",
        "_wants_header",
        "_zdict",
        "full",
        "header",
        "idle",
        "members",
        "pending",
        "produced",
        "unused",
    )

    def __init__(self, format: Format, zdict: Optional[Buffer] = None, max_output: Optional[int] = None) -> None:  # noqa: A002
        if format != "auto":
            window_bits(format)
        self._format: str = format
        self._zdict = zdict
        self._limit = max_output
        self._stream: Optional[_raw.InflateStream] = None
        self._wants_header = False
        self.full = False
        self.header: Optional[GzipHeader] = None
        self.idle = True
        self.members = 0
        self.pending = b""
        self.produced = 0
        self.unused = b""

    def decode(self, data: bytes, limit: int = 0) -> bytes:
        """Decompress what is pending and ``data``; return what comes out, at most ``limit`` bytes (0: any number).

        Errors: ``error``; ``OutputLimitError``; ``OSError`` for what follows a gzip member and is none.
        """
        if self.pending:
            data, self.pending = self.pending + data, b""
        parts: list[bytes] = []
        size = 0
        while not self.idle or (data and (data := self._begin(data))):
            result, used, at_end, failure = self._inflate(data, limit - size if limit else 0)
            data = data[used:]
            if failure is not None:
                raise failure
            if self._wants_header:
                self._read_header()
            if result:
                parts.append(result)
                size += len(result)
            if at_end:
                self.idle = True
                self.members += 1
            if not at_end or (limit and size == limit):
                break
        self.pending = data or self.pending
        self.full = bool(limit) and size == limit
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def check_end(self) -> None:
        """Check that the input may end here.

        Errors: ``EOFError``; ``OSError`` for what follows a gzip member and is none.
        """
        if self.members and self.pending:
            raise make_bad_gzip(f"Not a gzipped file ({self.pending!r})")
        if not self.idle or self.pending:
            raise EOFError(TRUNCATED)

    def free(self) -> None:
        """Free what zlib keeps."""
        if self._stream is not None:
            self._stream.end()

    def _begin(self, data: bytes) -> bytes:
        """Begin a member, if ``data`` has one; return what of ``data`` is to be decompressed."""
        if self.members:
            if self._format != "gzip":
                self.unused += data
                return b""
            data = data.lstrip(b"\0")  # tapes and disks fill up their blocks
            if not data:
                return b""
        if self._format == "auto":
            self._format = "gzip" if data[0] == _MAGIC[0] else "zlib"
        if self._format == "gzip" and not data.startswith(_MAGIC):
            if data == _MAGIC[:1]:
                self.pending = data
                return b""
            raise make_bad_gzip(f"Not a gzipped file ({data[:2]!r})")
        if self._stream is None:
            self._stream = _raw.InflateStream(window_bits(self._format), self._zdict)
        else:
            self._stream.reset()
        if self._format == "gzip":
            self._stream.want_header()
            self._wants_header = True
        self.idle = False
        return data

    def _inflate(self, data: bytes, limit: int) -> tuple[bytes, int, bool, Optional[Exception]]:
        """Decompress some of a member, within the limits of this call and of all."""
        assert self._stream is not None  # noqa: S101 - there is one where a member has begun
        if self._limit is not None:
            # One byte more than allowed shows that there are more.
            left = self._limit + 1 - self.produced
            limit = min(limit, left) if limit else left
        found = self._stream.inflate(data, _SYNC_FLUSH, limit, "while decompressing data")
        self.produced += len(found[0])
        if self._limit is not None and self.produced > self._limit:
            self.produced = self._limit
            raise limit_error(self._limit)
        return found

    def _read_header(self) -> None:
        """Take the header over, if it is complete."""
        assert self._stream is not None  # noqa: S101 - it was asked for the header
        header = self._stream.header()
        if header is not None:
            self.header = from_raw(header)
            self._wants_header = False
