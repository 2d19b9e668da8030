"""Convert between seconds since the epoch, fields, and the text of ``asctime``.

Fields are the standard library's own ``time.struct_time``: what ``datetime`` and ``calendar`` make and take, what old pickles
hold, and what ``isinstance`` asks for.
"""

from __future__ import annotations

import os
from math import floor, isinf, isnan
from time import struct_time
from typing import Final, Optional, SupportsIndex, Union

from timewrap import _raw

TimeTuple = Union[
    struct_time,
    tuple[int, int, int, int, int, int, int, int, int],
]
"""The nine fields of a time: year, month, day, hour, minute, second, day of the week (Monday is 0), day of the year, and
whether it is daylight saving time (-1: not known)."""

Seconds = Union[float, SupportsIndex]

FIELD_NAMES: Final = ("year", "month", "day of month", "hour", "minute", "seconds", "day of week", "day of year")

_read = _raw.read_fields
_read_text = _raw.read_text
_gmtime = _raw.gmtime
_gmtime_now = _raw.gmtime_now
_localtime = _raw.localtime
_localtime_now = _raw.localtime_now
_asctime = _raw.asctime
_asctime_now = _raw.asctime_now
_ctime = _raw.ctime
_mktime = _raw.mktime


def gmtime(seconds: Optional[Seconds] = None, /) -> struct_time:
    """Return the fields of a time in UTC; without an argument, of now.

    Errors: ``OverflowError``, ``OSError`` beyond what the C library can do (years of 32 bits); ``ValueError`` for NaN.
    """
    if seconds is None:
        return _read(_gmtime_now())
    fields = _read(
        _gmtime(seconds if type(seconds) is int else floor(seconds) if type(seconds) is float else whole(seconds))
    )
    if fields[1]:
        return fields
    raise _out_of_range()


def localtime(seconds: Optional[Seconds] = None, /) -> struct_time:
    """Return the fields of a time in the local zone; without an argument, of now.

    Errors: as ``gmtime``.
    """
    if seconds is None:
        return _read(_localtime_now())
    fields = _read(
        _localtime(seconds if type(seconds) is int else floor(seconds) if type(seconds) is float else whole(seconds))
    )
    if fields[1]:
        return fields
    raise _out_of_range()


def mktime(fields: TimeTuple, /) -> float:
    """Return the seconds since the epoch of fields in the local zone.  Fields may be out of range: minute 61 is minute 1 of the next hour.

    Errors: ``OverflowError``; ``TypeError`` for what are no nine integers.
    """
    if type(fields) is not struct_time:
        check_nine(fields)
    seconds = _mktime(fields)
    if seconds != seconds:  # noqa: PLR0124 - NaN
        raise OverflowError("mktime argument out of range")
    return seconds


def timegm(fields: Union[TimeTuple, tuple[int, int, int, int, int, int]], /) -> int:
    """Return the seconds since the epoch of fields in UTC: the inverse of ``gmtime``.  Fields may be out of range.

    As with ``calendar.timegm``, the first six are enough.
    Errors: as ``mktime``.
    """
    given: object = fields
    if type(given) is not struct_time:
        if isinstance(given, tuple) and len(given) == 6:
            given = (*given, 0, 0, 0)
        check_nine(given)
    seconds = _raw.timegm(given)
    if seconds == _raw.FAILED:
        raise OverflowError("timegm argument out of range")
    return seconds


def asctime(fields: Optional[TimeTuple] = None, /) -> str:
    """Write fields as "Sat Jun  6 16:26:11 1998"; without an argument, the local time now.

    Errors: ``ValueError`` for a field out of range; ``OverflowError`` for a year of more than 32 bits; ``TypeError``.
    """
    if fields is None:
        return _read_text(_asctime_now())[1]
    if type(fields) is not struct_time:
        check_nine(fields)
    status, text = _read_text(_asctime(fields))
    if status:
        raise bad_field(status)
    return text


def ctime(seconds: Optional[Seconds] = None, /) -> str:
    """Write a time in the local zone as ``asctime`` does; without an argument, now.

    Errors: as ``gmtime``.
    """
    if seconds is None:
        return _read_text(_asctime_now())[1]
    status, text = _read_text(
        _ctime(seconds if type(seconds) is int else floor(seconds) if type(seconds) is float else whole(seconds))
    )
    if status:
        raise OSError(-status, os.strerror(-status))
    return text


def whole(seconds: object) -> int:
    """Round down to whole seconds.

    Errors: ``ValueError`` for NaN; ``OverflowError`` for infinity; ``TypeError`` for what is no number.
    """
    if isinstance(seconds, float):
        if isnan(seconds):
            raise ValueError("Invalid value NaN (not a number)")
        if isinf(seconds):
            raise OverflowError("timestamp out of range for platform time_t")
        return floor(seconds)
    if hasattr(seconds, "__index__"):
        return int(seconds.__index__())
    raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")


def bad_field(status: int) -> Exception:
    """Make the exception that names the field out of range; ``status`` is 1 + its number."""
    if status == 1:
        return OverflowError("year out of range")
    return ValueError(f"{FIELD_NAMES[status - 1]} out of range")


def check_nine(fields: object) -> None:
    """Raise ``TypeError`` unless ``fields`` is a tuple of nine."""
    if not isinstance(fields, tuple):
        raise TypeError("Tuple or struct_time argument required")
    if len(fields) != 9:
        raise TypeError(f"a time has 9 fields, not {len(fields)}")


def _out_of_range() -> OSError:
    """Make the exception for the conversion that failed just now."""
    number = _raw.error_number()
    return OSError(number, os.strerror(number))
