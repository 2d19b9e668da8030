"""Broken-down times with their offset from UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from time import struct_time
from typing import TYPE_CHECKING, Optional

from timewrap._calendar import timegm
from timewrap._format import strftime

if TYPE_CHECKING:
    from timewrap._instant import Instant


@dataclass(frozen=True)
class CivilTime:
    """A date and time as people write them, with the offset from UTC that makes it a point in time.

    Shapes: ``month`` and ``day`` begin with 1; ``year`` may be any year of 32 bits, 0 and negative ones too.
    Units: ``offset`` is in seconds east of UTC.
    """

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    offset: int = 0
    zone: Optional[str] = None
    """The zone's abbreviation, such as "CET"; None where it is not known."""
    is_dst: Optional[bool] = None
    """Is it daylight saving time?  None where that is not known."""

    @classmethod
    def from_struct_time(cls, fields: struct_time, nanosecond: int = 0) -> CivilTime:
        """Convert what ``gmtime`` and ``localtime`` return.

        Errors: ``ValueError`` when its offset from UTC is not known.
        """
        if fields.tm_gmtoff is None:
            raise ValueError("this struct_time has no offset from UTC (tm_gmtoff)")
        year, month, day, hour, minute, second, _, _, is_dst = fields
        known = None if is_dst < 0 else bool(is_dst)
        return cls(year, month, day, hour, minute, second, nanosecond, fields.tm_gmtoff, fields.tm_zone, known)

    @classmethod
    def from_datetime(cls, moment: datetime) -> CivilTime:
        """Convert a ``datetime`` that has a time zone.

        Errors: ``ValueError`` for one without, and for an offset that is not in whole seconds; ``TypeError``.
        """
        if not isinstance(moment, datetime):
            raise TypeError(f"moment must be a datetime, not {type(moment).__name__}")
        offset = moment.utcoffset()
        if offset is None:
            raise ValueError("this datetime has no time zone")
        if offset.microseconds:
            raise ValueError(f"the offset {offset} is not in whole seconds")
        summer = moment.dst()
        return cls(
            *moment.timetuple()[:6],
            moment.microsecond * 1000,
            offset.days * 86_400 + offset.seconds,
            moment.tzname(),
            None if summer is None else bool(summer),
        )

    def to_datetime(self) -> datetime:
        """Convert to a ``datetime`` with a fixed offset, rounded down to whole microseconds.

        Errors: ``ValueError`` for what it cannot hold: years outside 1 to 9999, second 60, offsets of a day.
        """
        return datetime(
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
            self.nanosecond // 1000,
            self._tzinfo(),
        )

    def to_instant(self) -> Instant:
        """Return the point in time.

        Errors: ``OverflowError`` where the C library cannot count so far.
        """
        from timewrap._instant import Instant

        fields = (self.year, self.month, self.day, self.hour, self.minute, self.second, 0, 1, 0)
        return Instant(timegm(fields) - self.offset, self.nanosecond)

    def to_struct_time(self) -> struct_time:
        """Convert to a ``struct_time`` with zone and offset; the days of the week and of the year are worked out.

        Errors: as ``to_instant``.
        """
        from timewrap._calendar import gmtime

        fields = (self.year, self.month, self.day, self.hour, self.minute, self.second)
        day = gmtime(timegm((*fields[:3], 0, 0, 0, 0, 1, 0)))
        is_dst = -1 if self.is_dst is None else int(self.is_dst)
        return struct_time((*fields, day.tm_wday, day.tm_yday, is_dst, self.zone, self.offset))

    def strftime(self, format: str, /) -> str:  # noqa: A002 - the standard library's name
        """Write it as ``timewrap.strftime`` does; ``%z`` and ``%Z`` are its own."""
        return strftime(format, self.to_struct_time())

    def isoformat(self) -> str:
        """Write it as ISO 8601 does: "2001-09-09T03:46:40.000000000+02:00", with "Z" for UTC.

        Years outside 0 to 9999 have a sign and at least six digits.
        """
        year = f"{self.year:04}" if 0 <= self.year <= 9999 else f"{self.year:+07}"
        text = f"{year}-{self.month:02}-{self.day:02}T{self.hour:02}:{self.minute:02}:{self.second:02}.{self.nanosecond:09}"
        if self.offset == 0:
            return text + "Z"
        minutes, seconds = divmod(abs(self.offset), 60)
        tail = f":{seconds:02}" if seconds else ""
        return f"{text}{'+' if self.offset > 0 else '-'}{minutes // 60:02}:{minutes % 60:02}{tail}"

    def _tzinfo(self) -> tzinfo:
        offset = timedelta(seconds=self.offset)
        if self.zone is None:
            return timezone(offset)
        return timezone.utc if self.zone in ("UTC", "GMT") and not offset else timezone(offset, self.zone)
