"""Compress and decompress whole texts in one call."""

from __future__ import annotations

import sys
from operator import index
from typing import Final, Optional, SupportsIndex

from zlibwrap import _raw
from zlibwrap._errors import limit_error
from zlibwrap._types import Buffer

DEF_BUF_SIZE: Final = 16 * 1024
"""The size of buffers in the standard library.  Buffers grow as they have to here."""

_MAX_WBITS: Final = _raw.MAX_WBITS
_DEFAULT_LEVEL: Final = _raw.Z_DEFAULT_COMPRESSION
_SIZE_MAX: Final = sys.maxsize


def compress(data: Buffer, /, level: int = _DEFAULT_LEVEL, wbits: int = _MAX_WBITS) -> bytes:
    """Compress ``data``.

    ``wbits`` is 9 to 15 for zlib's format, -9 to -15 for raw data, 25 to 31 for gzip's format.
    Errors: ``error`` for a wrong level or ``wbits``; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    try:
        return _raw.compress(data, level, wbits)
    except (TypeError, OverflowError):
        check_int(level, "level")
        check_int(wbits, "wbits")
        raise


def decompress(
    data: Buffer, /, wbits: int = _MAX_WBITS, bufsize: SupportsIndex = DEF_BUF_SIZE, *, max_output: Optional[int] = None
) -> bytes:
    """Decompress ``data``, which must be complete; what follows its end is ignored.

    ``wbits`` is as for ``compress``, or 0 for what the header says, or 40 to 47 for zlib's format or gzip's.  ``bufsize`` is the
    first guess at the size in the standard library; it changes nothing here.  ``max_output`` is how many bytes are allowed.
    Errors: ``error``; ``OutputLimitError``, which is one; ``ValueError``; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    if bufsize != DEF_BUF_SIZE:
        as_size(bufsize, "bufsize")
    limit = 0 if max_output is None else as_size(max_output, "max_output") + 1
    try:
        result = _raw.decompress(data, wbits, limit)
    except (TypeError, OverflowError):
        check_int(wbits, "wbits")
        raise
    if limit and len(result) == limit:
        raise limit_error(limit - 1)
    return result


def as_size(value: SupportsIndex, name: str) -> int:
    """Convert the argument ``name``, a size.

    Errors: ``ValueError`` when it is negative; ``OverflowError`` when it is beyond what memory can have; ``TypeError``.
    """
    size = index(value)
    if not -_SIZE_MAX - 1 <= size <= _SIZE_MAX:
        raise OverflowError("Python int too large to convert to C ssize_t")
    if size < 0:
        raise ValueError(f"{name} must be non-negative")
    return size


def check_int(value: object, name: str) -> None:
    """Raise, where the argument ``name`` is no integer that C's ``int`` holds, what says so.

    Errors: ``TypeError``; ``OverflowError``.
    """
    try:
        number = index(value)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None
    if not -(1 << 31) <= number < 1 << 31:
        raise OverflowError(f"{name} does not fit C's int: {number}")
