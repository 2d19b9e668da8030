"""Points in time, in whole nanoseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import total_ordering
from operator import index
from typing import Final, SupportsIndex, Union, overload

from timewrap import _raw
from timewrap._calendar import gmtime, localtime
from timewrap._civil import CivilTime
from timewrap._timespec import NANOSECONDS, Number, Timespec, round_down

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND: Final = timedelta(microseconds=1)


@total_ordering
@dataclass(frozen=True, init=False, repr=False)
class Instant:
    """A point in time, exact to the nanosecond, whatever the time zone.

    Two differ by a ``Timespec``, and one added to an instant gives another.  Its range is that of Python's integers.
    """

    __slots__ = ("epoch_nanoseconds",)

    epoch_nanoseconds: int
    """Nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted."""

    def __init__(self, seconds: SupportsIndex = 0, nanoseconds: SupportsIndex = 0) -> None:
        total = index(seconds) * NANOSECONDS + index(nanoseconds)
        object.__setattr__(self, "epoch_nanoseconds", total)

    @classmethod
    def now(cls) -> Instant:
        """Read the system's clock."""
        return cls(0, _raw.time_ns())

    @classmethod
    def from_seconds(cls, seconds: Number) -> Instant:
        """Convert seconds since the epoch, rounded down to whole nanoseconds.

        Errors: ``ValueError`` for NaN, ``OverflowError`` for infinity.
        """
        return cls(0, round_down(seconds))

    @classmethod
    def from_datetime(cls, moment: datetime) -> Instant:
        """Convert a ``datetime`` that has a time zone.

        Errors: ``ValueError`` for one without; ``TypeError``.
        """
        if not isinstance(moment, datetime):
            raise TypeError(f"moment must be a datetime, not {type(moment).__name__}")
        if moment.utcoffset() is None:
            raise ValueError(
                "a datetime without a time zone is no point in time: give it one, or make it local by astimezone()"
            )
        return cls(0, (moment - _EPOCH) // _MICROSECOND * 1000)

    @property
    def seconds(self) -> int:
        """The whole seconds since the epoch, rounded down."""
        return self.epoch_nanoseconds // NANOSECONDS

    @property
    def nanoseconds(self) -> int:
        """What follows the whole seconds."""
        return self.epoch_nanoseconds % NANOSECONDS

    def timestamp(self) -> float:
        """Return the seconds since the epoch, as exactly as ``float`` can say it: to some 100 nanoseconds nowadays."""
        return self.epoch_nanoseconds / NANOSECONDS

    def to_datetime(self, tz: tzinfo = timezone.utc) -> datetime:
        """Convert to a ``datetime`` in the zone ``tz``, rounded down to whole microseconds.

        Errors: ``OverflowError`` outside the years 1 to 9999.
        """
        return (_EPOCH + timedelta(seconds=self.seconds, microseconds=self.nanoseconds // 1000)).astimezone(tz)

    def utc(self) -> CivilTime:
        """Return the date and time in UTC.

        Errors: ``OverflowError``, ``OSError`` where the year has more than 32 bits.
        """
        return CivilTime.from_struct_time(gmtime(self.seconds), self.nanoseconds)

    def local(self) -> CivilTime:
        """Return the date and time in the local zone.

        Errors: as ``utc``.
        """
        return CivilTime.from_struct_time(localtime(self.seconds), self.nanoseconds)

    def __repr__(self) -> str:
        return f"Instant({self.seconds}, {self.nanoseconds})"

    def __str__(self) -> str:
        """Write it in UTC as ISO 8601 does: "2001-09-09T01:46:40.000000000Z"; beyond the years of C's calendar, as ``repr``."""
        try:
            return self.utc().isoformat()
        except (OverflowError, OSError):
            return repr(self)

    def __reduce__(self) -> tuple[type[Instant], tuple[int, int]]:
        return type(self), (self.seconds, self.nanoseconds)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Instant):
            return NotImplemented
        return self.epoch_nanoseconds < other.epoch_nanoseconds

    def __add__(self, span: Timespec) -> Instant:
        if not isinstance(span, Timespec):
            return NotImplemented
        return Instant(0, self.epoch_nanoseconds + span.total_nanoseconds)

    __radd__ = __add__

    @overload
    def __sub__(self, other: Instant) -> Timespec: ...
    @overload
    def __sub__(self, other: Timespec) -> Instant: ...
    def __sub__(self, other: Union[Instant, Timespec]) -> Union[Instant, Timespec]:
        if isinstance(other, Instant):
            return Timespec(0, self.epoch_nanoseconds - other.epoch_nanoseconds)
        if isinstance(other, Timespec):
            return Instant(0, self.epoch_nanoseconds - other.total_nanoseconds)
        return NotImplemented
