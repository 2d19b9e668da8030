"""Spans of time in whole nanoseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import total_ordering
from operator import index
from typing import Final, SupportsIndex, Union, overload

NANOSECONDS: Final = 1_000_000_000
"""In a second."""

Number = Union[int, float, Decimal, Fraction]


@total_ordering
@dataclass(frozen=True, init=False, repr=False)
class Timespec:
    """A span of time, positive or negative, exact to the nanosecond.

    Shapes: ``seconds`` may be negative, ``nanoseconds`` is from 0 to 999,999,999, as in C's ``struct timespec``.  Its range is that of
    Python's integers.
    """

    __slots__ = ("total_nanoseconds",)

    total_nanoseconds: int
    """The whole span in nanoseconds."""

    def __init__(self, seconds: SupportsIndex = 0, nanoseconds: SupportsIndex = 0) -> None:
        total = index(seconds) * NANOSECONDS + index(nanoseconds)
        object.__setattr__(self, "total_nanoseconds", total)

    @classmethod
    def from_seconds(cls, seconds: Number) -> Timespec:
        """Convert seconds, rounded down to whole nanoseconds.

        Errors: ``ValueError`` for NaN, ``OverflowError`` for infinity.
        """
        return cls(0, round_down(seconds))

    @classmethod
    def from_timedelta(cls, delta: timedelta) -> Timespec:
        """Convert a ``datetime.timedelta``."""
        return cls(delta.days * 86_400 + delta.seconds, delta.microseconds * 1000)

    def to_timedelta(self) -> timedelta:
        """Convert to a ``datetime.timedelta``, rounded down to whole microseconds.

        Errors: ``OverflowError`` beyond its range, 2.7 million years.
        """
        return timedelta(seconds=self.seconds, microseconds=self.nanoseconds // 1000)

    @property
    def seconds(self) -> int:
        """The whole seconds, rounded down."""
        return self.total_nanoseconds // NANOSECONDS

    @property
    def nanoseconds(self) -> int:
        """What follows the whole seconds."""
        return self.total_nanoseconds % NANOSECONDS

    def total_seconds(self) -> float:
        """Return the whole span in seconds, as exactly as ``float`` can say it."""
        return self.total_nanoseconds / NANOSECONDS

    def __repr__(self) -> str:
        return f"Timespec({self.seconds}, {self.nanoseconds})"

    def __str__(self) -> str:
        """Write it exactly, as seconds: "-1.500000000s"."""
        whole, part = divmod(abs(self.total_nanoseconds), NANOSECONDS)
        return f"{'-' if self.total_nanoseconds < 0 else ''}{whole}.{part:09}s"

    def __reduce__(self) -> tuple[type[Timespec], tuple[int, int]]:
        return type(self), (self.seconds, self.nanoseconds)

    def __bool__(self) -> bool:
        return self.total_nanoseconds != 0

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Timespec):
            return NotImplemented
        return self.total_nanoseconds < other.total_nanoseconds

    def __neg__(self) -> Timespec:
        return Timespec(0, -self.total_nanoseconds)

    def __pos__(self) -> Timespec:
        return self

    def __abs__(self) -> Timespec:
        return Timespec(0, abs(self.total_nanoseconds))

    def __add__(self, other: Timespec) -> Timespec:
        if not isinstance(other, Timespec):
            return NotImplemented
        return Timespec(0, self.total_nanoseconds + other.total_nanoseconds)

    def __sub__(self, other: Timespec) -> Timespec:
        if not isinstance(other, Timespec):
            return NotImplemented
        return Timespec(0, self.total_nanoseconds - other.total_nanoseconds)

    def __mul__(self, factor: int) -> Timespec:
        if not isinstance(factor, int):
            return NotImplemented
        return Timespec(0, self.total_nanoseconds * factor)

    __rmul__ = __mul__

    @overload
    def __floordiv__(self, other: Timespec) -> int: ...
    @overload
    def __floordiv__(self, other: int) -> Timespec: ...
    def __floordiv__(self, other: Union[Timespec, int]) -> Union[Timespec, int]:
        if isinstance(other, Timespec):
            return self.total_nanoseconds // other.total_nanoseconds
        if isinstance(other, int):
            return Timespec(0, self.total_nanoseconds // other)
        return NotImplemented

    def __truediv__(self, other: Timespec) -> float:
        if not isinstance(other, Timespec):
            return NotImplemented
        return self.total_nanoseconds / other.total_nanoseconds

    def __mod__(self, other: Timespec) -> Timespec:
        if not isinstance(other, Timespec):
            return NotImplemented
        return Timespec(0, self.total_nanoseconds % other.total_nanoseconds)

    def __divmod__(self, other: Timespec) -> tuple[int, Timespec]:
        if not isinstance(other, Timespec):
            return NotImplemented
        return self // other, self % other


def round_down(seconds: Number) -> int:
    """Convert seconds to nanoseconds, rounded down.

    Errors: ``ValueError`` for NaN, ``OverflowError`` for infinity.
    """
    if not isinstance(seconds, (int, float, Decimal, Fraction)):
        raise TypeError(f"seconds must be a number, not {type(seconds).__name__}")
    return int(Fraction(seconds) * NANOSECONDS // 1)
