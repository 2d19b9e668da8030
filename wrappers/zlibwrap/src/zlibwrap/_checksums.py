"""Checksums."""

from __future__ import annotations

from operator import index
from typing import Final

from zlibwrap import _raw
from zlibwrap._types import Buffer

_MASK: Final = 0xFFFFFFFF


@_raw.for_adler32
def adler32(data: Buffer, value: int = 1, /) -> int:
    """Compute the Adler-32 checksum of ``data``, going on from ``value``.

    Errors: ``TypeError``; ``BufferError`` when ``data`` is not in one piece.
    """
    return _raw.adler32(data, index(value) & _MASK)


@_raw.for_crc32
def crc32(data: Buffer, value: int = 0, /) -> int:
    """Compute the CRC-32 checksum of ``data``, going on from ``value``.

    Errors: ``TypeError``; ``BufferError`` when ``data`` is not in one piece.
    """
    return _raw.crc32(data, index(value) & _MASK)


def adler32_combine(adler1: int, adler2: int, len2: int, /) -> int:
    """Compute the Adler-32 checksum of two texts in a row from theirs; ``len2`` is the second one's length in bytes.

    Errors: ``ValueError`` when ``len2`` is negative; ``OverflowError`` when it is beyond what files can have.
    """
    return _raw.adler32_combine(index(adler1) & _MASK, index(adler2) & _MASK, _as_length(len2))


def crc32_combine(crc1: int, crc2: int, len2: int, /) -> int:
    """Compute the CRC-32 checksum of two texts in a row from theirs; ``len2`` is the second one's length in bytes.

    Errors: ``ValueError`` when ``len2`` is negative; ``OverflowError`` when it is beyond what files can have.
    """
    return _raw.crc32_combine(index(crc1) & _MASK, index(crc2) & _MASK, _as_length(len2))


def _as_length(value: int) -> int:
    """Convert a length; zlib itself does not return when it is negative."""
    length = index(value)
    if length < 0:
        raise ValueError("len2 must be non-negative")
    return length
