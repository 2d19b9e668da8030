"""``tuple_reader``: structs as tuples of Python values."""

from __future__ import annotations

import gc
import pickle
import time
from typing import Any, NamedTuple

import pytest

from ffi_harness import ours_only

pytestmark = ours_only("CFFI has no tuple_reader")

CDEF = """
struct user { char name[8]; const char *home; int uid; double score; unsigned flags : 3; };
struct point { int x, y; };
struct line { struct point from, to; int weights[2]; char kind; };
struct outer { int a; union { int b; float c; }; struct { int d; short e; }; };
struct moment { int year, month, day, hour, minute, second, weekday, yearday, dst; const char *zone; long offset; };
struct short_moment { int year, month, day, hour, minute, second, weekday, yearday, dst; };
union either { int a; float b; };
struct opaque;
struct point make_point(int, int);
"""
SOURCE = """
struct user { char name[8]; const char *home; int uid; double score; unsigned flags : 3; };
struct point { int x, y; };
struct line { struct point from, to; int weights[2]; char kind; };
struct outer { int a; union { int b; float c; }; struct { int d; short e; }; };
struct moment { int year, month, day, hour, minute, second, weekday, yearday, dst; const char *zone; long offset; };
struct short_moment { int year, month, day, hour, minute, second, weekday, yearday, dst; };
union either { int a; float b; };
struct opaque;
struct point make_point(int x, int y) { struct point p = {x, y}; return p; }
"""


class Point(NamedTuple):
    x: int
    y: int


class Pair(tuple[int, int]):
    __slots__ = ()

    def __new__(cls, *items: Any) -> Pair:
        raise AssertionError("it is not called")


def test_a_tuple_of_the_fields(ffi: Any) -> None:
    read = ffi.tuple_reader("struct point")
    point = ffi.new("struct point *", (1, -2))
    assert read(point) == (1, -2)
    assert type(read(point)) is tuple
    assert read(point[0]) == (1, -2)
    assert read(ffi.cast("struct point *", point)) == (1, -2)
    assert [read(p) for p in ffi.new("struct point[2]", [(1, 2), (3, 4)])] == [(1, 2), (3, 4)]
    assert ffi.tuple_reader(ffi.typeof("struct point"))(point) == (1, -2)
    assert ffi.tuple_reader("struct point *")(point) == (1, -2)


def test_what_a_function_returns(ffi: Any, lib: Any) -> None:
    assert ffi.tuple_reader("struct point", Point)(lib.make_point(3, 4)) == Point(3, 4)


def test_values_are_those_of_the_attributes(ffi: Any) -> None:
    line = ffi.new("struct line *", {"from": (1, 2), "to": (3, 4), "weights": [5, 6], "kind": b"k"})
    start, end, weights, kind = ffi.tuple_reader("struct line")(line)
    assert (start.x, start.y, end.x, end.y, list(weights), kind) == (1, 2, 3, 4, [5, 6], b"k")
    del line
    gc.collect()
    assert (end.y, weights[1]) == (4, 6)  # they keep the memory


def test_text(ffi: Any) -> None:
    home = ffi.new("char[]", "/h\xf6me".encode())
    user = ffi.new("struct user *", {"name": b"j\xc3\xb6rg", "home": home, "uid": 7, "score": 0.5, "flags": 5})
    assert ffi.tuple_reader("struct user", encoding="utf-8")(user) == ("j\xf6rg", "/h\xf6me", 7, 0.5, 5)
    assert ffi.tuple_reader("struct user", encoding="latin-1")(user)[0] == "j\xc3\xb6rg"
    user.name = b"12345678"  # no room for a NUL
    user.home = ffi.NULL
    assert ffi.tuple_reader("struct user", encoding="utf-8")(user) == ("12345678", None, 7, 0.5, 5)
    assert ffi.string(ffi.tuple_reader("struct user")(user)[0]) == b"12345678"


def test_text_that_cannot_be_decoded(ffi: Any) -> None:
    user = ffi.new("struct user *", {"name": b"\xff"})
    with pytest.raises(UnicodeDecodeError):
        ffi.tuple_reader("struct user", encoding="utf-8")(user)
    assert ffi.tuple_reader("struct user", encoding="utf-8", errors="surrogateescape")(user)[0] == "\udcff"
    with pytest.raises(LookupError):
        ffi.tuple_reader("struct user", encoding="no such encoding")
    with pytest.raises(LookupError):
        ffi.tuple_reader("struct user", encoding="utf-8", errors="no such handler")
    with pytest.raises(UnicodeEncodeError):
        ffi.tuple_reader("struct user", encoding="\ud800")


def test_members_of_anonymous_members_stand_in_their_place(ffi: Any) -> None:
    outer = ffi.new("struct outer *", {"a": 1, "b": 2, "d": 3, "e": 4})
    assert ffi.tuple_reader("struct outer")(outer) == (1, 2, 3, 4)


def test_some_of_the_fields(ffi: Any) -> None:
    user = ffi.new("struct user *", {"name": b"me", "uid": 7, "flags": 5})
    assert ffi.tuple_reader("struct user", fields=("flags", "uid"))(user) == (5, 7)
    assert ffi.tuple_reader("struct user", Point, fields=iter(["uid", "uid"]))(user) == Point(7, 7)
    assert ffi.tuple_reader("struct user", tuple, "ascii", "strict", ["name"])(user) == ("me",)
    assert ffi.tuple_reader("struct user", fields=[])(user) == ()
    outer = ffi.new("struct outer *", {"c": 0.5, "e": 4})
    assert ffi.tuple_reader("struct outer", fields=["e", "c"])(outer) == (4, 0.5)
    with pytest.raises(KeyError, match="'struct user' has no field 'no'"):
        ffi.tuple_reader("struct user", fields=["uid", "no"])
    with pytest.raises(TypeError, match="must be names of fields, not int"):
        ffi.tuple_reader("struct user", fields=[1])
    with pytest.raises(TypeError):
        ffi.tuple_reader("struct user", fields=5)


def test_named_tuples(ffi: Any) -> None:
    point = ffi.tuple_reader("struct point", Point)(ffi.new("struct point *", (1, 2)))
    assert point == Point(1, 2)
    assert type(point) is Point
    assert hash(point) == hash((1, 2))
    assert {point: "found"}[Point(1, 2)] == "found"
    assert (point.x, point._replace(x=5)) == (1, Point(5, 2))
    pair = ffi.tuple_reader("struct point", cls=Pair)(ffi.new("struct point *", (1, 2)))
    assert type(pair) is Pair
    assert pair == (1, 2)
    gc.collect()


def test_struct_sequences(ffi: Any) -> None:
    zone = ffi.new("char[]", b"UTC")
    moment = ffi.new("struct moment *", (2000, 1, 2, 3, 4, 5, 6, 2, 0, zone, 3600))
    made = ffi.tuple_reader("struct moment", time.struct_time, encoding="ascii")(moment)
    assert type(made) is time.struct_time
    assert made == time.struct_time((2000, 1, 2, 3, 4, 5, 6, 2, 0))
    assert (made.tm_zone, made.tm_gmtoff, made.tm_mon) == ("UTC", 3600, 1)
    assert pickle.loads(pickle.dumps(made)).tm_zone == "UTC"
    shorter = ffi.new("struct short_moment *", (2000, 1, 2, 3, 4, 5, 6, 2, 0))
    made = ffi.tuple_reader("struct short_moment", time.struct_time)(shorter)
    assert made == time.struct_time((2000, 1, 2, 3, 4, 5, 6, 2, 0))
    assert (made.tm_zone, made.tm_gmtoff) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("struct user", Point), "Point has 2 fields, but 'struct user' has 5"),
        (("struct point", time.struct_time), "struct_time has 9 to 11 fields, but 'struct point' has 2"),
        (("struct point", list), "must be tuple or a subclass, not <class 'list'>"),
        (("struct point", 5), "must be tuple or a subclass, not 5"),
        (("union either",), "needs a struct with known fields, not 'union either'"),
        (("struct opaque",), "needs a struct with known fields, not 'struct opaque'"),
        (("int",), "needs a struct with known fields, not 'int'"),
        (("struct point", tuple, 5), "'encoding' must be str or None, not int"),
        (("struct point", tuple, "utf-8", None), "'errors' must be str, not NoneType"),
    ],
)
def test_readers_that_cannot_be_made(ffi: Any, arguments: Any, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        ffi.tuple_reader(*arguments)
    assert words in str(caught.value)


def test_what_cannot_be_read(ffi: Any) -> None:
    read = ffi.tuple_reader("struct point")
    with pytest.raises(TypeError, match="the tuple reader of 'struct point' takes a cdata object, not int"):
        read(5)
    with pytest.raises(TypeError, match=r"the tuple reader of 'struct point' cannot read cdata 'struct line \*'"):
        read(ffi.new("struct line *"))
    with pytest.raises(TypeError, match=r"cannot read cdata 'struct point\[2\]'"):
        read(ffi.new("struct point[2]"))
    with pytest.raises(RuntimeError):
        read(ffi.cast("struct point *", 0))
    with pytest.raises(TypeError):
        read()


def test_what_is_beyond_the_memory_cannot_be_read(ffi: Any) -> None:
    read = ffi.tuple_reader("struct point")
    point = ffi.new("struct point *")
    with pytest.raises(IndexError):
        read(point + 1)
    ffi.release(point)
    with pytest.raises((RuntimeError, ValueError)):
        read(point)


def test_a_codec_that_frees_what_is_read(ffi: Any) -> None:
    import codecs

    user = ffi.gc(ffi.new("struct user *", {"name": b"\xff", "uid": 7}), lambda _: None)
    errors: list[Exception] = []

    def release(error: UnicodeError) -> tuple[str, int]:
        try:
            ffi.release(user)
        except Exception as refused:  # noqa: BLE001 - it may be refused
            errors.append(refused)
        return "?", 1

    codecs.register_error("ffi_core-test-release", release)
    made = ffi.tuple_reader("struct user", encoding="ascii", errors="ffi_core-test-release")(user)
    assert made[0] == "?"
    assert made[2] == 7


def test_readers_as_objects(ffi: Any) -> None:
    read = ffi.tuple_reader("struct point", Point)
    assert repr(read.__self__) == "<tuple reader of 'struct point', makes Point>"
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(read)


def test_nothing_leaks(ffi: Any) -> None:
    import sys

    user = ffi.new("struct user *", {"name": b"\xff", "uid": 7})
    encoding = str(b"utf-8", "ascii")  # not the interned one
    before = sys.getrefcount(encoding)
    for _ in range(50):
        read = ffi.tuple_reader("struct user", encoding=encoding)
        with pytest.raises(UnicodeDecodeError):
            read(user)
        with pytest.raises(TypeError):
            ffi.tuple_reader("struct user", Point, encoding=encoding)
    del read
    gc.collect()
    assert sys.getrefcount(encoding) == before
