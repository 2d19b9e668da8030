"""Wait."""

from __future__ import annotations

import errno
import os
from math import ceil, isinf, isnan
from typing import Final, SupportsIndex, Union

from timewrap import _raw

_LAST: Final = 2**63 - 1


def sleep(seconds: Union[float, SupportsIndex], /) -> None:
    """Wait so many seconds, and no less.

    A signal whose handler raises no exception does not end it: the handler runs, and the rest of the time is waited.
    Errors: ``ValueError`` for a negative number or NaN; ``OverflowError`` for more than 292 years.
    """
    duration = _nanoseconds(seconds)
    if duration < 0:
        raise ValueError("sleep length must be non-negative")
    deadline = min(_raw.monotonic_ns() + duration, _LAST)
    # Signal handlers of Python run between two calls.
    while (error := _raw.sleep_until(deadline)) != 0:
        if error != errno.EINTR:
            raise OSError(error, os.strerror(error))


def _nanoseconds(seconds: object) -> int:
    """Convert to nanoseconds, rounded up."""
    if isinstance(seconds, float):
        if isnan(seconds):
            raise ValueError("Invalid value NaN (not a number)")
        number = 2**64 if isinf(seconds) and seconds > 0 else -(2**64) if isinf(seconds) else ceil(seconds * 1e9)
    elif hasattr(seconds, "__index__"):
        number = seconds.__index__() * 1_000_000_000
    else:
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
    if not -_LAST - 1 <= number <= _LAST:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return number
