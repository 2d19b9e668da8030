"""``timewrap`` beside ``time``: results, and types of exceptions."""

from __future__ import annotations

import calendar
import os
import pickle
import threading
import time
from typing import Any, Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import timewrap

SetZone = Callable[[str], None]

ZONES = (
    "UTC0",
    "EST+05EDT,M4.1.0,M10.5.0",
    "AEST-10AEDT-11,M10.5.0,M3.5.0",
    "<+0530>-5:30",
    "Europe/Paris",
    "America/St_Johns",
)
DIRECTIVES = "aAbBcdDeFgGHIjklmMnpPrRsStTuUVwWxXyYzZ%CEO"

seconds = st.one_of(
    st.integers(-(2**40), 2**40),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-1e11, 1e11),
    st.sampled_from([0, -1, True, "1", 1j, b"1", (), 67767976233532799, -67768040609740800, 1e200]),
)
small = st.integers(-3, 70)
years = st.integers(-(2**31), 2**31 - 1) | st.integers(1890, 10010)
fields = st.tuples(years, small, small, small, small, small, small, st.integers(-3, 400), st.integers(-1, 1))
relaxed = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    """Return the result, or the type of the exception."""
    try:
        result = function(*arguments)
    except Exception as error:  # noqa: BLE001 - any error is compared
        return "error", type(error)
    if isinstance(result, time.struct_time):
        return "fields", (tuple(result), result.tm_zone, result.tm_gmtoff)
    return "result", result


@given(when=seconds, zone=st.sampled_from(ZONES))
@example(when=-1, zone="UTC0")
@relaxed
def test_fields_of_seconds(set_zone: SetZone, when: Any, zone: str) -> None:
    set_zone(zone)
    for name in ("gmtime", "localtime", "ctime"):
        if isinstance(when, (int, float)) and abs(when) > 67767976233446399:
            # Where the year comes near 32 bits, the standard library's overflows; ours is right, or there is an error.
            assert outcome(getattr(timewrap, name), when)[0] in ("fields", "result", "error")
            continue
        assert outcome(getattr(timewrap, name), when) == outcome(getattr(time, name), when)


@given(fields=fields)
@relaxed
def test_text_of_fields(fields: Any) -> None:
    assert outcome(timewrap.asctime, fields) == outcome(time.asctime, fields)


@given(when=st.integers(-(2**35), 2**36), zone=st.sampled_from(ZONES), is_dst=st.integers(-1, 1))
@relaxed
def test_seconds_of_fields(set_zone: SetZone, when: int, zone: str, is_dst: int) -> None:
    set_zone(zone)
    there: Any = (*timewrap.localtime(when)[:8], is_dst)
    assert outcome(timewrap.mktime, there) == outcome(time.mktime, there)
    assert timewrap.timegm(timewrap.gmtime(when)) == when == calendar.timegm(time.gmtime(when))


@given(fields=fields, directives=st.lists(st.sampled_from(DIRECTIVES), max_size=8))
@relaxed
def test_formats(fields: Any, directives: list[str]) -> None:
    form = "\xe9 %".join(["", *directives])
    assert outcome(timewrap.strftime, form, fields) == outcome(time.strftime, form, fields)


characters = st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]) | st.sampled_from("%%%zZcx")


@given(when=st.integers(-(2**36), 2**37), zone=st.sampled_from(ZONES), form=st.text(characters, max_size=20))
@relaxed
def test_formats_of_times_with_zones(set_zone: SetZone, when: int, zone: str, form: str) -> None:
    set_zone(zone)
    for made in (time.gmtime(when), timewrap.localtime(when)):
        assert outcome(timewrap.strftime, form, made) == outcome(time.strftime, form, made)


PARSED = ["%Y-%m-%d %H:%M:%S", "%d %b %Y", "%a %b %d %H:%M:%S %Y", "%j %Y", "%y%m%d"]


@given(when=st.integers(0, 2**31), form=st.sampled_from(PARSED))
@relaxed
def test_parsers(when: int, form: str) -> None:
    text = time.strftime(form, time.gmtime(when))
    theirs = time.strptime(text, form)
    assert timewrap.strptime(text, form) == theirs
    ours: Any
    ours, rest = timewrap.parse_time(text + "/rest", form)
    assert (ours, rest) == (theirs, "/rest")
    assert (ours.tm_zone, ours.tm_gmtoff) == (None, None)


BAD_ZONES = ["", "Nowhere/At_All", "not a zone", ":", "A", "X" * 200 + "5", "<+03>-3"]


@pytest.mark.parametrize("zone", [*ZONES, *BAD_ZONES], ids=lambda zone: zone[:30])
def test_zones(set_zone: SetZone, zone: str) -> None:
    set_zone(zone)
    assert [timewrap.timezone, timewrap.altzone, timewrap.daylight] == [time.timezone, time.altzone, time.daylight]
    assert [name[:9] for name in timewrap.tzname] == [name[:9] for name in time.tzname]  # they cut it there
    assert max(map(len, timewrap.tzname)) <= 63
    assert timewrap.localtime(0) == time.localtime(0)
    assert outcome(timewrap.strftime, "%Z %z", time.localtime(0)) == outcome(time.strftime, "%Z %z", time.localtime(0))


def test_only_tzset_changes_the_zone(set_zone: SetZone) -> None:
    set_zone("UTC0")
    os.environ["TZ"] = "EST+05"
    assert timewrap.tzname == ("UTC", "UTC")
    timewrap.tzset()
    after: Any = timewrap
    assert (after.tzname, after.timezone) == (("EST", "EST"), 18000)


def test_the_zone_follows_the_standard_librarys_tzset(set_zone: SetZone) -> None:
    for zone in ZONES:
        set_zone("UTC0")
        os.environ["TZ"] = zone
        time.tzset()
        for name in ("tzname", "timezone", "altzone", "daylight"):
            assert getattr(timewrap, name) == getattr(time, name)


def test_what_is_assigned_to_the_zone_stays_until_tzset() -> None:
    anything: Any = timewrap
    anything.daylight = 7
    assert anything.daylight == 7
    timewrap.tzset()
    assert anything.daylight == time.daylight
    with pytest.raises(AttributeError, match="module 'timewrap' has no attribute 'no_such_name'"):
        anything.no_such_name


def test_now() -> None:
    for name in ("gmtime", "localtime"):
        before, between, after = (getattr(module, name)() for module in (time, timewrap, time))
        assert before <= between <= after
    for write in (timewrap.asctime, timewrap.ctime, lambda: timewrap.strftime("%a %b %d %H:%M:%S %Y")):
        earliest, text, latest = time.time(), write(), time.time()
        assert int(earliest) <= time.mktime(time.strptime(text)) <= latest
    assert timewrap.gmtime(None)[:2] == timewrap.gmtime()[:2]


WRONG_FIELDS: list[Any] = [
    *(0, (), (1,) * 8, (1,) * 10, [1] * 9, "123456789", (1.0,) * 9, ("1",) * 9, (None,) * 9),
    (2**70, *(1,) * 8),
    (2000, 2**40, *(1,) * 7),
]


@pytest.mark.parametrize("fields", WRONG_FIELDS, ids=repr)
@pytest.mark.parametrize("name", ["mktime", "asctime", "strftime", "timegm"])
def test_what_are_no_fields(name: str, fields: Any) -> None:
    arguments = ("%c", fields) if name == "strftime" else (fields,)
    kind, found = outcome(getattr(timewrap, name), *arguments)
    assert kind == "error"
    assert issubclass(found, (TypeError, OverflowError))
    if name != "timegm":
        assert outcome(getattr(time, name), *arguments) == (kind, found)


def test_years_at_the_ends() -> None:
    rest = (1, 1, 0, 0, 0, 0, 1, 0)
    for year in (2**31 - 1, -(2**31) + 1900, 9999, 10000, 1899, 0, -1):
        assert timewrap.asctime((year, *rest)) == time.asctime((year, *rest))
        assert timewrap.strftime("%Y %C %G", (year, *rest)) == time.strftime("%Y %C %G", (year, *rest))
    writers: list[Any] = [timewrap.asctime, timewrap.mktime, timewrap.timegm, lambda t: timewrap.strftime("%Y", t)]
    for year in (2**31, -(2**31) + 1899, -(2**31), 2**64):
        for call in writers:
            with pytest.raises(OverflowError):
                call((year, *rest))
    assert timewrap.gmtime(67768036191676799).tm_year == 2**31 + 1899
    with pytest.raises(OSError):
        timewrap.gmtime(67768036191676800)


def test_pickles_of_the_standard_library() -> None:
    for made in (timewrap.gmtime(5), timewrap.localtime(5)):
        assert type(made) is time.struct_time is timewrap.struct_time
        again = pickle.loads(pickle.dumps(made))
        assert (again, again.tm_zone, again.tm_gmtoff) == (made, made.tm_zone, made.tm_gmtoff)


def test_threads_do_not_disturb_each_other() -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        when = number * 86_400 * 40
        expected = (time.gmtime(when), time.asctime(time.gmtime(when)), time.strftime("%Y-%j", time.gmtime(when)))
        for _ in range(2000):
            made = timewrap.gmtime(when)
            results = (made, timewrap.asctime(made), timewrap.strftime("%Y-%j", made))
            if results != expected:
                wrong.append((results, expected))
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("is_dst", [-(2**31), -5, -2, -1, 0, 1, 2, 5, 2**31 - 1])
def test_every_flag_of_summer_time(set_zone: SetZone, is_dst: int) -> None:
    set_zone("EST+05EDT,M4.1.0,M10.5.0")
    fields: Any = (2000, 7, 1, 12, 0, 0, 5, 183, is_dst)
    assert outcome(timewrap.strftime, "%Z %z", fields) == outcome(time.strftime, "%Z %z", fields)
    assert outcome(timewrap.mktime, fields) == outcome(time.mktime, fields)


@pytest.mark.parametrize("when", [2**63, -(2**63) - 1, 2**70, 1.5, "x", None])
def test_what_no_clock_can_be_set_to(when: Any) -> None:
    assert outcome(timewrap.clock_settime_ns, 10**6, when) == outcome(time.clock_settime_ns, 10**6, when)
