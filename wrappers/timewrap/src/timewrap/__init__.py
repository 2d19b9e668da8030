"""Clocks, calendars and time formats, called through ``ffi_core``.

It has what the standard library's ``time`` has, and values of nanoseconds, instants, civil times, locales, and the C library's
parser.
"""

from __future__ import annotations

from time import struct_time

from timewrap._calendar import asctime, ctime, gmtime, localtime, mktime, timegm
from timewrap._civil import CivilTime
from timewrap._clocks import (
    CONSTANTS as _CONSTANTS,
)
from timewrap._clocks import (
    clock_getres,
    clock_gettime,
    clock_gettime_ns,
    clock_settime,
    clock_settime_ns,
    get_clock_info,
    pthread_getcpuclockid,
)
from timewrap._format import ParsedTime, TimeLocale, parse_time, strftime, strptime
from timewrap._instant import Instant
from timewrap._raw import (
    monotonic,
    monotonic_ns,
    perf_counter,
    perf_counter_ns,
    process_time,
    process_time_ns,
    thread_time,
    thread_time_ns,
    time,
    time_ns,
)
from timewrap._raw import tzset as _tzset
from timewrap._sleep import sleep
from timewrap._timespec import Timespec
from timewrap._zone import NAMES as _NAMES
from timewrap._zone import ZoneNames as _ZoneNames

_STRUCT_TM_ITEMS = 11  # the standard library's tests and its parser ask for it

tzname: tuple[str, str]
"""The names of the local time zone: in winter, and in summer."""
timezone: int
"""Seconds west of UTC, in winter."""
altzone: int
"""Seconds west of UTC, in summer."""
daylight: int
"""Is there daylight saving time?"""

CLOCK_REALTIME: int
CLOCK_MONOTONIC: int
CLOCK_MONOTONIC_RAW: int
CLOCK_PROCESS_CPUTIME_ID: int
CLOCK_THREAD_CPUTIME_ID: int
CLOCK_BOOTTIME: int
CLOCK_TAI: int
CLOCK_REALTIME_COARSE: int
CLOCK_MONOTONIC_COARSE: int


_zone = _ZoneNames()


def __getattr__(name: str) -> object:
    if name in _NAMES:
        return _zone.get(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})


def tzset() -> None:
    """Take the time zone from the environment variable ``TZ`` again; ``tzname``, ``timezone``, ``altzone`` and ``daylight`` follow.

    A zone that the C library does not know is UTC.
    """
    _tzset()
    _zone.forget()
    for name in _NAMES:
        globals().pop(name, None)  # what was assigned to them


_tzset()
globals().update(_CONSTANTS)

__all__ = [  # noqa: PLE0604 - which clocks there are depends on the system
    "CivilTime",
    "Instant",
    "ParsedTime",
    "TimeLocale",
    "Timespec",
    "altzone",
    "asctime",
    "clock_getres",
    "clock_gettime",
    "clock_gettime_ns",
    "clock_settime",
    "clock_settime_ns",
    "ctime",
    "daylight",
    "get_clock_info",
    "gmtime",
    "localtime",
    "mktime",
    "monotonic",
    "monotonic_ns",
    "parse_time",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "process_time_ns",
    "pthread_getcpuclockid",
    "sleep",
    "strftime",
    "strptime",
    "struct_time",
    "thread_time",
    "thread_time_ns",
    "time",
    "time_ns",
    "timegm",
    "timezone",
    "tzname",
    "tzset",
    *_CONSTANTS,
]
