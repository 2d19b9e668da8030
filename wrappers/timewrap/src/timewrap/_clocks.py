"""Read and set clocks.

Belongs here: the clocks that the standard library names, and those that the system numbers.
"""

from __future__ import annotations

import errno
import os
import sys
from math import isfinite, isnan, modf
from operator import index
from types import SimpleNamespace
from typing import Final, Protocol, SupportsIndex, Union, cast

from timewrap import _raw

_seconds = _raw.seconds
_nanoseconds = _raw.nanoseconds
_FAILED: Final = _raw.FAILED
_LIMIT: Final = 1 << 63

CONSTANTS: Final[dict[str, int]] = dict(_raw.constants())
"""The clocks that this system has, by the names of their constants."""

_MONOTONIC: Final = CONSTANTS["CLOCK_MONOTONIC"]

# Clock, is it monotonic, can it be adjusted.
_NAMED: Final[dict[str, tuple[str, bool, bool]]] = {
    "time": ("CLOCK_REALTIME", False, True),
    "monotonic": ("CLOCK_MONOTONIC", True, False),
    "perf_counter": ("CLOCK_MONOTONIC", True, False),
    "process_time": ("CLOCK_PROCESS_CPUTIME_ID", True, False),
    "thread_time": ("CLOCK_THREAD_CPUTIME_ID", True, False),
}


def clock_gettime(clk_id: int, /) -> float:
    """Return the time of the clock with that number, in seconds.

    Errors: ``OSError``.
    """
    now = _seconds(clk_id)
    if now != now:  # noqa: PLR0124 - NaN
        raise _failure()
    return now


def clock_gettime_ns(clk_id: int, /) -> int:
    """Return the time of the clock with that number, in nanoseconds.

    Errors: ``OSError``.
    """
    now = _nanoseconds(clk_id)
    if now == _FAILED:
        raise _failure()
    return now


def clock_getres(clk_id: int, /) -> float:
    """Return the resolution of a clock, in seconds.

    Errors: ``OSError``.
    """
    step = _raw.resolution(clk_id)
    if isnan(step):
        raise _failure()
    return step


def clock_settime(clk_id: int, time: Union[float, SupportsIndex], /) -> None:
    """Set a clock to a time in seconds.

    Errors: ``OSError`` (``PermissionError``); ``OverflowError``, ``ValueError`` for what is no time.
    """
    if isinstance(time, float):
        if isnan(time):
            raise ValueError("Invalid value NaN (not a number)")
        if not isfinite(time):
            raise OverflowError("timestamp out of range for platform time_t")
        part, whole = modf(time)
        clock_settime_ns(clk_id, int(whole) * 1_000_000_000 + int(part * 1e9 // 1))
    else:
        clock_settime_ns(clk_id, index(time) * 1_000_000_000)


def clock_settime_ns(clk_id: int, time: SupportsIndex, /) -> None:
    """Set a clock to a time in nanoseconds.

    Errors: ``OSError`` (``PermissionError``); ``OverflowError``.
    """
    number = index(time)
    if not -_LIMIT <= number < _LIMIT:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    seconds, nanoseconds = divmod(number, 1_000_000_000)
    error = _raw.set_clock(clk_id, seconds, nanoseconds)
    if error:
        raise OSError(error, os.strerror(error))


def pthread_getcpuclockid(thread_id: int, /) -> int:
    """Return the number of the clock that measures the processor time of a thread.

    Shapes: ``thread_id`` is what ``threading.get_ident`` returns.
    Errors: ``ProcessLookupError`` when no such thread runs Python now, where C would crash; ``OSError``.
    """
    if thread_id not in sys._current_frames():
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    error, clock = _raw.thread_clock(thread_id)
    if error:
        raise OSError(error, os.strerror(error))
    return clock


class ClockInfo(Protocol):
    """What ``get_clock_info`` tells of a clock.  Units: ``resolution`` is in seconds."""

    implementation: str
    monotonic: bool
    adjustable: bool
    resolution: float


def get_clock_info(name: str, /) -> ClockInfo:
    """Describe one of the clocks "time", "monotonic", "perf_counter", "process_time" and "thread_time".

    Errors: ``ValueError`` for another name.
    """
    if not isinstance(name, str):
        raise TypeError(f"get_clock_info() argument must be str, not {type(name).__name__}")
    if name not in _NAMED:
        raise ValueError("unknown clock")
    clock, monotonic, adjustable = _NAMED[name]
    info = SimpleNamespace(
        implementation=f"clock_gettime({clock})",
        monotonic=monotonic,
        adjustable=adjustable,
        resolution=clock_getres(CONSTANTS[clock]),
    )
    return cast(ClockInfo, info)


def _failure() -> OSError:
    """Make the exception for the call that failed just now."""
    number = _raw.error_number()
    return OSError(number, os.strerror(number))
