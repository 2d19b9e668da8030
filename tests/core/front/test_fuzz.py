"""Whatever the text is, the front end accepts it or says why not: no other exception, and always a place in the text."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ffi_core.front import CDefError, parse, parse_type, python_table
from ffi_core.front.table import Entry
from fuzzing import GOOD, WORDS

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def accepts(text: str) -> bool:
    """Parse; only ``CDefError`` may say no, with a place that is in the text."""
    try:
        globals_, types = python_table(parse(text))
    except CDefError as caught:
        error = caught
    else:
        entries: list[Entry] = [*globals_.values(), *types.values()]
        assert all(isinstance(entry[0], str) for entry in entries)
        return True
    place = error.place
    assert place is not None
    lines = text.split("\n")
    if place.file == "<cdef source string>" and "#" not in text:
        assert 1 <= place.line <= len(lines)
        assert place.text == lines[place.line - 1].rstrip("\r")
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    assert error.message in str(error)
    return False


def test_the_good_text_is_good() -> None:
    assert accepts(GOOD)


@SETTINGS
@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    accepts(text)


@SETTINGS
@example(["int", "x"])
@example(["struct", "x", "{", "..."])
@example(["typedef", "..."])
@example(["__attribute__", "(", "("])
@example(["\n#define", "x", "y"])
@example(["enum", "{", "...", "}", ";"])
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_words_of_c_in_any_order(words: list[str]) -> None:
    accepts(" ".join(words))


@SETTINGS
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.sampled_from(["", " ", *WORDS]))
def test_damaged_declarations(start: int, length: int, replacement: str) -> None:
    accepts(GOOD[:start] + replacement + GOOD[start + length :])


@SETTINGS
@given(st.lists(st.sampled_from(WORDS), max_size=10))
def test_types_of_words_in_any_order(words: list[str]) -> None:
    with suppress(CDefError):
        parse_type(" ".join(words))


@pytest.mark.parametrize(
    "text",
    [
        "int " + "(" * 2000 + "x" + ")" * 2000 + ";",
        "int " + "*" * 3000 + "x;",
        "int x" + "[1]" * 3000 + ";",
        "enum { A = " + "-" * 3000 + "1 };",
        "enum { A = " + "1+" * 3000 + "1 };",
        "struct a {" * 1000 + "int x;" + "} y;" * 1000,
    ],
    ids=lambda text: text[:16],
)
def test_what_is_nested_deeply_is_no_crash(text: str) -> None:
    accepts(text)
