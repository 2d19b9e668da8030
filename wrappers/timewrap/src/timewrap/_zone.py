"""The time zone of the process.

It belongs to the C library: whoever calls its ``tzset`` changes it, the standard library's ``time.tzset`` too.  So what is known of it
is looked at again on each use, and read again when it has changed.
"""

from __future__ import annotations

from typing import Final

from timewrap import _raw

NAMES: Final = ("altzone", "daylight", "timezone", "tzname")
"""The attributes of the package that are about the zone."""


class ZoneNames:
    """What is known of the zone."""

    def __init__(self) -> None:
        self._known: tuple[int, dict[str, object]] = (0, {})

    def get(self, name: str) -> object:
        """Return the value of one of ``NAMES``, as it is now."""
        stamp, values = self._known
        if not values or stamp != _raw.zone_stamp():
            values = self._read()
        return values[name]

    def _read(self) -> dict[str, object]:
        stamp = _raw.zone_stamp()
        zone = _raw.read_zone()
        values: dict[str, object] = {
            "altzone": zone.altzone,
            "daylight": zone.daylight,
            "timezone": zone.timezone,
            "tzname": (zone.standard, zone.summer),
        }
        self._known = (stamp, values)
        return values

    def forget(self) -> None:
        """Read the zone at the next use, whether it seems to have changed or not."""
        self._known = (0, {})
