"""``Timespec``, ``Instant`` and ``CivilTime``."""

from __future__ import annotations

import calendar
import copy
import math
import pickle
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import timewrap
from timewrap import CivilTime, Instant, Timespec

SetZone = Callable[[str], None]

nanoseconds = st.integers(-(2**70), 2**70)
spans = st.builds(Timespec, st.just(0), nanoseconds)
recent = st.builds(Instant, st.just(0), st.integers(-62135596800 * 10**9, 253402300799 * 10**9))
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(a=nanoseconds, b=nanoseconds, n=st.integers(-5, 5))
def test_spans_count_as_integers_do(a: int, b: int, n: int) -> None:
    x, y = Timespec(0, a), Timespec(0, b)
    assert (x + y).total_nanoseconds == a + b
    assert (x - y).total_nanoseconds == a - b
    assert (x * n).total_nanoseconds == (n * x).total_nanoseconds == a * n
    assert (-x, +x, abs(x)) == (Timespec(0, -a), x, Timespec(0, abs(a)))
    assert [x < y, x <= y, x == y, x != y, x > y, x >= y] == [a < b, a <= b, a == b, a != b, a > b, a >= b]
    assert bool(x) is bool(a)
    assert (x.seconds, x.nanoseconds) == divmod(a, 10**9)
    assert Timespec(x.seconds, x.nanoseconds) == x
    if b:
        assert (x // y, x % y) == divmod(x, y) == (a // b, Timespec(0, a % b))
        assert x / y == a / b
    if n:
        assert x // n == Timespec(0, a // n)


def test_spans_as_objects() -> None:
    span = Timespec(-1, 500_000_000)
    assert repr(span) == "Timespec(-1, 500000000)"
    assert str(span) == "-0.500000000s"
    assert str(Timespec(12, 5)) == "12.000000005s"
    assert span.total_seconds() == -0.5
    assert pickle.loads(pickle.dumps(span)) == copy.copy(span) == copy.deepcopy(span) == span
    assert len({span, Timespec(0, -500_000_000)}) == 1
    anything: Any = span
    with pytest.raises(AttributeError):
        anything.total_nanoseconds = 5
    wrong: Any
    for wrong in (5, "x", None, 1.5):
        with pytest.raises(TypeError):
            anything + wrong
        with pytest.raises(TypeError):
            anything < wrong
        assert span != wrong
    with pytest.raises(TypeError):
        anything * 1.5
    with pytest.raises(TypeError):
        anything // "x"
    with pytest.raises(ZeroDivisionError):
        span // Timespec()
    with pytest.raises((TypeError, AttributeError)):
        Timespec(anything)


def test_seconds_are_rounded_down() -> None:
    assert Timespec.from_seconds(1.5) == Timespec(1, 500_000_000)
    assert Timespec.from_seconds(Decimal("-0.0000000001")) == Timespec(0, -1)
    assert Timespec.from_seconds(Fraction(1, 3)) == Timespec(0, 333_333_333)
    assert Timespec.from_seconds(10**30).total_nanoseconds == 10**39
    with pytest.raises(ValueError):
        Timespec.from_seconds(math.nan)
    with pytest.raises(OverflowError):
        Timespec.from_seconds(math.inf)
    wrong: Any = "1"
    with pytest.raises(TypeError):
        Timespec.from_seconds(wrong)


@given(delta=st.timedeltas())
def test_timedeltas(delta: timedelta) -> None:
    assert Timespec.from_timedelta(delta).to_timedelta() == delta


def test_spans_beyond_timedeltas() -> None:
    with pytest.raises(OverflowError):
        Timespec(10**20).to_timedelta()


@given(a=nanoseconds, b=nanoseconds)
def test_instants_and_spans(a: int, b: int) -> None:
    instant, span = Instant(0, a), Timespec(0, b)
    assert instant + span == span + instant == Instant(0, a + b)
    assert (instant + span) - instant == span
    assert instant - span == Instant(0, a - b)
    assert (instant < Instant(0, b)) is (a < b)
    assert hash(instant) == hash(Instant(instant.seconds, instant.nanoseconds))


def test_instants_as_objects() -> None:
    instant = Instant(1_000_000_000, 5)
    assert repr(instant) == "Instant(1000000000, 5)"
    assert str(instant) == "2001-09-09T01:46:40.000000005Z"
    assert pickle.loads(pickle.dumps(instant)) == instant
    assert instant.timestamp() == 1e9
    anything: Any = instant
    wrong: Any
    for wrong in (5, "x", None, instant):
        with pytest.raises(TypeError):
            anything + wrong
    for wrong in (5, "x", None, Timespec()):
        with pytest.raises(TypeError):
            anything < wrong
    with pytest.raises(TypeError):
        anything - 5
    assert time.time_ns() - Instant.now().epoch_nanoseconds < 10**9
    assert Instant.from_seconds(-0.5) == Instant(-1, 500_000_000)


@given(instant=recent, zone=offsets)
def test_datetimes(instant: Instant, zone: timezone) -> None:
    try:
        made = instant.to_datetime(zone)
    except OverflowError:
        return  # at the very ends of its range
    assert made.tzinfo is zone
    assert Instant.from_datetime(made) == Instant(0, instant.epoch_nanoseconds // 1000 * 1000)
    civil = CivilTime.from_datetime(made)
    assert civil.to_instant() == Instant.from_datetime(made)
    assert civil.to_datetime() == made


def test_datetimes_that_are_no_instants() -> None:
    for convert in (Instant.from_datetime, CivilTime.from_datetime):
        with pytest.raises(ValueError, match="time zone"):
            convert(datetime(2000, 1, 1))  # noqa: DTZ001 - it has no zone on purpose
    with pytest.raises(ValueError, match="whole seconds"):
        CivilTime.from_datetime(datetime(2000, 1, 1, tzinfo=timezone(timedelta(microseconds=5))))
    for far in (Instant(10**15), Instant(-(10**15))):
        with pytest.raises(OverflowError):
            far.to_datetime()


@given(instant=st.builds(Instant, st.integers(-(2**45), 2**45), st.integers(0, 10**9 - 1)))
def test_civil_times(instant: Instant) -> None:
    for civil in (instant.utc(), instant.local()):
        assert civil.to_instant() == instant
        assert civil.nanosecond == instant.nanoseconds
        fields = civil.to_struct_time()
        assert CivilTime.from_struct_time(fields, civil.nanosecond) == civil
    assert instant.utc().to_struct_time() == time.gmtime(instant.seconds)


def test_civil_times_with_an_offset(set_zone: SetZone) -> None:
    set_zone("EST+05EDT,M4.1.0,M10.5.0")
    summer = Instant(1_000_000_000, 7).local()
    assert summer == CivilTime(2001, 9, 8, 21, 46, 40, 7, -14400, "EDT", True)
    assert summer.isoformat() == "2001-09-08T21:46:40.000000007-04:00"
    assert summer.strftime("%H %Z %z") == "21 EDT -0400"
    made = summer.to_datetime()
    assert (made.utcoffset(), made.tzname()) == (timedelta(hours=-4), "EDT")
    assert CivilTime.from_datetime(made).to_instant() == Instant(1_000_000_000)
    assert Instant(0).utc().to_datetime().tzinfo is timezone.utc


def test_texts_of_civil_times() -> None:
    assert CivilTime(10000, 1, 1).isoformat() == "+010000-01-01T00:00:00.000000000Z"
    assert CivilTime(-1, 1, 1).isoformat() == "-000001-01-01T00:00:00.000000000Z"
    assert CivilTime(1, 1, 1, offset=-5).isoformat() == "0001-01-01T00:00:00.000000000-00:00:05"


def test_what_civil_times_cannot_be() -> None:
    with pytest.raises(ValueError, match="tm_gmtoff"):
        CivilTime.from_struct_time(time.struct_time((2000, 1, 1, 0, 0, 0, 0, 1, 0)))
    with pytest.raises(ValueError):
        CivilTime(10000, 1, 1).to_datetime()
    with pytest.raises(ValueError):
        CivilTime(0, 1, 1).to_datetime()
    with pytest.raises(ValueError):
        CivilTime(2000, 1, 1, offset=86_400).to_datetime()
    with pytest.raises(OverflowError):
        CivilTime(2**40, 1, 1).to_instant()
    with pytest.raises((OverflowError, OSError)):
        Instant(2**62).utc()
    with pytest.raises(OverflowError):
        Instant(2**100).utc()
    assert timewrap.CivilTime(2000, 1, 1).is_dst is None


@pytest.mark.parametrize("seconds", [2**62, 2**63, 10**20, -(2**63), -(10**30)])
def test_instants_beyond_calendars_have_a_text(seconds: int) -> None:
    assert str(Instant(seconds, 5)) == repr(Instant(seconds, 5)) == f"Instant({seconds}, 5)"
    with pytest.raises((OverflowError, OSError)):
        Instant(seconds).utc()


@pytest.mark.parametrize("wrong", [date(2000, 1, 1), 5, "2000-01-01", None])
def test_only_datetimes_are_converted(wrong: Any) -> None:
    for convert in (Instant.from_datetime, CivilTime.from_datetime):
        with pytest.raises(TypeError, match="must be a datetime"):
            convert(wrong)


def test_six_fields_are_enough_for_timegm() -> None:
    fields: Any = (2001, 9, 9, 1, 46, 40)
    assert timewrap.timegm(fields) == calendar.timegm(fields) == 10**9
    for wrong in (fields[:5], (*fields, 0), (*fields, 0, 0)):
        with pytest.raises(TypeError):
            timewrap.timegm(wrong)
