"""Formats, the C library's parser, and locales."""

from __future__ import annotations

import locale
import pickle
import time
from typing import Any

import pytest

import timewrap
from timewrap import ParsedTime, TimeLocale, parse_time, strftime


def test_empty_and_long_texts() -> None:
    now = timewrap.gmtime(0)
    assert strftime("", now) == strftime("") == ""
    assert strftime("%n" * 3, now) == "\n\n\n"
    long = "x%Y" * 1000
    assert strftime(long, now) == "x1970" * 1000
    assert len(strftime(long)) == 5000
    assert strftime("%P", (2000, 1, 1, 0, 0, 0, 0, 1, 0)) == time.strftime("%P", (2000, 1, 1, 0, 0, 0, 0, 1, 0))


def test_many_formats() -> None:
    for number in range(600):
        assert strftime(f"{number} %Y", timewrap.gmtime(0)) == f"{number} 1970"


def test_texts_that_are_no_formats() -> None:
    for wrong in (b"%Y", 5, None, ["%Y"], bytearray(b"%Y")):
        broken: Any = wrong
        with pytest.raises(TypeError):
            strftime(broken)
        with pytest.raises((TypeError, AttributeError)):
            parse_time("2000", broken)


def test_null_characters_are_kept_where_the_standard_library_keeps_them() -> None:
    now = timewrap.gmtime(0)
    for form in ("%S\0", "\0", "\0%Y\0\0%m"):
        try:
            expected = time.strftime(form, now)
        except ValueError:  # noqa: PERF203 - it is asked for each
            with pytest.raises(ValueError, match="embedded null"):
                strftime(form, now)
            with pytest.raises(ValueError, match="embedded null"):
                strftime(form)
        else:
            assert strftime(form, now) == expected


def test_lone_surrogates() -> None:
    assert strftime("\udcff%Y", timewrap.gmtime(0)) == "\udcff1970"


class Format(str):
    __slots__ = ()


def test_subclasses_of_str() -> None:
    assert strftime(Format("%Y"), timewrap.gmtime(0)) == "1970"
    assert strftime(Format("%Y!"), timewrap.gmtime(0)) == "1970!"


def test_the_rest_of_a_text() -> None:
    found = parse_time("2000-01-02 and more", "%Y-%m-%d")
    assert found == ParsedTime(time.struct_time((2000, 1, 2, 0, 0, 0, 6, 2, -1)), " and more")
    assert type(found) is ParsedTime
    assert found.time.tm_year == 2000
    assert parse_time("\xe9\U0001f600 2000 \xe9\U0001f600", "\xe9\U0001f600 %Y").rest == " \xe9\U0001f600"
    assert parse_time("2000\udcff", "%Y").rest == "\udcff"
    assert parse_time("", "").rest == ""
    assert parse_time("x", "").rest == "x"


def test_offsets() -> None:
    for text, offset in [("+0100", 3600), ("-0530", -19800), ("Z", 0), ("+00:00", 0)]:
        found: Any = parse_time(f"2000 {text}", "%Y %z").time
        assert (found.tm_gmtoff, found.tm_zone) == (offset, None)


def test_texts_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="time data 'x' does not match format '%Y'"):
        parse_time("x", "%Y")
    with pytest.raises(ValueError):
        parse_time("2000-13", "%Y-%m")
    for text, form in [("2000\0", "%Y"), ("2000", "%Y\0")]:
        with pytest.raises(ValueError, match="embedded null"):
            parse_time(text, form)


def test_the_c_locale() -> None:
    english = TimeLocale()
    assert english.name == "C"
    assert repr(english) == "TimeLocale('C')"
    day = (2000, 1, 1, 0, 0, 0, 5, 1, 0)
    assert english.strftime("%A %B %c", day) == "Saturday January Sat Jan  1 00:00:00 2000"
    assert strftime("%A", day, locale=english) == "Saturday"
    assert english.parse_time("Saturday 1 January 2000!", "%A %d %B %Y").rest == "!"
    assert len(english.strftime("%A")) >= 6
    assert len(english.strftime("%Y" * 500)) == 2000
    assert pickle.loads(pickle.dumps(english)).strftime("%A", day) == "Saturday"


def test_a_locale_leaves_that_of_the_process_alone() -> None:
    before = locale.setlocale(locale.LC_ALL)
    for _ in range(100):
        TimeLocale("C").strftime("%c")
    assert locale.setlocale(locale.LC_ALL) == before


def test_locales_that_are_not_there() -> None:
    with pytest.raises(OSError, match="no such locale: 'xx_XX'"):
        TimeLocale("xx_XX")
    with pytest.raises(ValueError, match="embedded null"):
        TimeLocale("C\0")
    wrong: Any = None
    with pytest.raises(TypeError):
        TimeLocale(wrong)


@pytest.mark.parametrize(("text", "form"), [("366 2001", "%j %Y"), ("2001 366", "%Y %j"), ("1900-366", "%Y-%j")])
def test_days_that_a_year_does_not_have(text: str, form: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        timewrap.parse_time(text, form)
    assert timewrap.parse_time(text.replace("2001", "2000").replace("1900", "2000"), form).time.tm_mon == 12


@pytest.mark.parametrize("arguments", [(b"2000", "%Y"), ("2000", b"%Y"), ("2000", None), (5, "%Y"), (["2000"], "%Y")])
def test_what_is_no_text(arguments: Any) -> None:
    with pytest.raises(TypeError, match="str, not"):
        timewrap.parse_time(*arguments)


def test_what_is_no_locale() -> None:
    wrong: Any = "C"
    with pytest.raises(TypeError, match="must be a TimeLocale, not str"):
        timewrap.strftime("%Y", locale=wrong)
    with pytest.raises(TypeError, match="must be a TimeLocale, not str"):
        timewrap.parse_time("2000", "%Y", locale=wrong)


def test_locales_of_one_name_are_equal() -> None:
    assert TimeLocale("C") == TimeLocale("C")
    assert hash(TimeLocale("C")) == hash(TimeLocale("C"))
    assert TimeLocale("C") != TimeLocale("POSIX")
    assert TimeLocale("C") != "C"
