"""The header of a gzip member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Optional

from zlibwrap import _raw

OS_UNKNOWN: Final = 255

_MTIME_LIMIT: Final = 1 << 32
_EXTRA_LIMIT: Final = 0xFFFF
_ENCODING: Final = "latin-1"  # RFC 1952 says so


@dataclass(frozen=True)
class GzipHeader:
    """What stands in the header of a gzip member: about the file that was compressed.

    ``mtime`` is when it was changed last, in seconds since 1970; None where that is not known.  ``name`` and ``comment`` have
    the characters of Latin-1; ``extra`` has at most 65535 bytes; ``os`` is a number of RFC 1952.
    """

    name: Optional[str] = None
    mtime: Optional[int] = None
    comment: Optional[str] = None
    extra: Optional[bytes] = None
    os: int = OS_UNKNOWN
    is_text: bool = False
    has_checksum: bool = False


def to_raw(header: GzipHeader) -> _raw.Header:
    """Convert a header for C.

    Errors: ``ValueError`` for what does not fit into one.
    """
    mtime = header.mtime or 0
    if not 0 <= mtime < _MTIME_LIMIT:
        raise ValueError(f"mtime does not fit a gzip header, which ends in 2106: {mtime}")
    if not 0 <= header.os <= 255:
        raise ValueError(f"os must be a number from 0 to 255, not {header.os}")
    if header.extra is not None and len(header.extra) > _EXTRA_LIMIT:
        raise ValueError(f"extra must have at most {_EXTRA_LIMIT} bytes, not {len(header.extra)}")
    return _raw.Header(
        time=mtime,
        os=header.os,
        text=header.is_text,
        checksum=header.has_checksum,
        extra=header.extra,
        name=_encode(header.name, "name"),
        comment=_encode(header.comment, "comment"),
    )


def from_raw(header: _raw.Header) -> GzipHeader:
    """Convert a header that C has read."""
    return GzipHeader(
        name=None if header.name is None else header.name.decode(_ENCODING),
        mtime=header.time or None,
        comment=None if header.comment is None else header.comment.decode(_ENCODING),
        extra=header.extra,
        os=header.os,
        is_text=header.text,
        has_checksum=header.checksum,
    )


def _encode(text: Optional[str], field: str) -> Optional[bytes]:
    """Encode a text of a header.

    Errors: ``ValueError`` for characters that it cannot have.
    """
    if text is None:
        return None
    if "\0" in text:
        raise ValueError(f"the {field} in a gzip header cannot contain a null character: {text!r}")
    try:
        return text.encode(_ENCODING)
    except UnicodeEncodeError:
        raise ValueError(f"the {field} in a gzip header can only have characters of Latin-1: {text!r}") from None
