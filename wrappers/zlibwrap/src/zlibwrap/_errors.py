"""Exceptions, in the words of the standard library."""

from __future__ import annotations

from typing import Optional


class error(Exception):  # noqa: N801, N818 - the name that it has in the standard library
    """Compressing or decompressing failed."""

    __module__ = "zlibwrap"


class OutputLimitError(error):
    """The decompressed data is larger than the caller allowed."""

    __module__ = "zlibwrap"


_WORDS = {
    "Z_BUF_ERROR": "incomplete or truncated stream",
    "Z_STREAM_ERROR": "inconsistent stream state",
    "Z_DATA_ERROR": "invalid input data",
    "Z_VERSION_ERROR": "library version mismatch",
}


def make_error(code: int, name: str, doing: str, message: Optional[str]) -> Exception:
    """Make the exception for an error of zlib that came up while ``doing`` something.

    Shapes: ``code`` is zlib's number, ``name`` what zlib's header calls it, ``message`` zlib's own words.
    """
    if name == "Z_MEM_ERROR":
        return MemoryError(f"Out of memory {doing}")
    words = message or _WORDS.get(name)
    return error(f"Error {code} {doing}: {words}" if words else f"Error {code} {doing}")


def limit_error(limit: int) -> OutputLimitError:
    """Make the exception for data that decompresses to more than ``limit`` bytes."""
    return OutputLimitError(f"the decompressed data is larger than the limit of {limit} bytes")


def make_bad_gzip(message: str) -> OSError:
    """Make the exception for a file that is not what gzip writes: ``gzip.BadGzipFile``, as users of ``gzip`` expect.

    It is imported here, so that who puts ``zlibwrap`` in the place of ``zlib`` can still do so before ``gzip`` is imported.
    """
    try:
        from gzip import BadGzipFile
    except ImportError:  # a Python that has no zlib
        return OSError(message)
    return BadGzipFile(message)
