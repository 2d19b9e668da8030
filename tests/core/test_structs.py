"""Structs and unions: fields, initialisers, nesting."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from ffi_harness import ours_only, parse_errors

CDEF = """
struct point { int x, y; };
typedef struct { signed char a; double b; short c; } padded;
typedef struct { char first; struct { short low, high; }; union { int as_int; float as_float; unsigned char as_bytes[4]; }; } anonymous;
typedef struct {
    struct point at;
    int items[3];
    char name[8];
    struct point *link;
    struct { int inside; } named;
    enum color { RED, GREEN = 5, BLUE } color;
    void *any;
    char *text;
    wchar_t wide[4];
    _Bool flag;
    char letter;
    int (*function)(int);
} everything;
union number { int i; float f; double d; unsigned char bytes[8]; };
struct flexible { int n; int items[]; };
struct flexible_text { short n; char text[]; };
struct old_flexible { int n; short items[0]; };
struct opaque;
typedef struct { int x, y; } same_name;
typedef struct deep { struct { struct { struct { int value; } c; } b; } a; } deep;
int is_seven(struct point *);
"""
SOURCE = """
#include <wchar.h>
""" + CDEF.replace("int is_seven(struct point *);", "int is_seven(struct point *p) { return p->x == 7 && p->y == 7; }")


def test_fields_are_attributes(ffi: Any) -> None:
    point = ffi.new("struct point *")
    assert (point.x, point.y) == (0, 0)
    point.x, point.y = 3, -4
    assert (point.x, point.y) == (3, -4)
    assert (point[0].x, point[0].y) == (3, -4)
    point[0].x = 7
    assert point.x == 7
    point.x += 1
    assert point.x == 8


def test_unknown_fields_raise_attribute_error(ffi: Any) -> None:
    point = ffi.new("struct point *")
    for target in (point, point[0]):
        with pytest.raises(AttributeError, match="nope"):
            target.nope
        with pytest.raises(AttributeError, match="nope"):
            target.nope = 1
        with pytest.raises(AttributeError):
            del target.x
    assert not hasattr(point, "nope")
    assert getattr(point, "nope", 5) == 5


def test_fields_check_types_and_ranges(ffi: Any) -> None:
    point = ffi.new("struct point *", (1, 2))
    for value in ("1", None, 1.5, b"a", [1]):
        with pytest.raises(TypeError):
            point.x = value
    with pytest.raises(OverflowError):
        point.x = 1 << 31
    assert (point.x, point.y) == (1, 2)


def test_initialisers(ffi: Any) -> None:
    for value in ([1, 2], (1, 2), {"x": 1, "y": 2}, {"y": 2, "x": 1}):
        point = ffi.new("struct point *", value)
        assert (point.x, point.y) == (1, 2)
    for short in ([1], (1,), {"x": 1}):
        point = ffi.new("struct point *", short)
        assert (point.x, point.y) == (1, 0)
    assert ffi.new("struct point *", []).x == 0
    assert ffi.new("struct point *", {}).x == 0
    assert ffi.new("struct point *", None).x == 0


def test_initialiser_from_another_struct_copies_it(ffi: Any) -> None:
    source = ffi.new("struct point *", (1, 2))
    copy = ffi.new("struct point *", source[0])
    source.x = 9
    assert (copy.x, copy.y) == (1, 2)
    copy[0] = source[0]
    assert copy.x == 9
    with pytest.raises(TypeError):
        ffi.new("struct point *", source)
    with pytest.raises(TypeError):
        ffi.new("struct point *", ffi.new("same_name *")[0])


def test_wrong_initialisers(ffi: Any) -> None:
    with pytest.raises(ValueError, match="point"):
        ffi.new("struct point *", [1, 2, 3])
    with pytest.raises(KeyError, match="nope"):
        ffi.new("struct point *", {"nope": 1})
    for value in (5, "text", b"bytes", 1.5, {1, 2}, ffi.NULL):
        with pytest.raises(TypeError, match="point"):
            ffi.new("struct point *", value)
    with pytest.raises(TypeError):
        ffi.new("struct point *", ["1"])
    with pytest.raises((TypeError, KeyError)):
        ffi.new("struct point *", {5: 1})


def test_padding_is_c(ffi: Any) -> None:
    assert ffi.sizeof("padded") == 24
    assert ffi.alignof("padded") == 8
    assert [ffi.offsetof("padded", name) for name in "abc"] == [0, 8, 16]
    value = ffi.new("padded *", (-1, 2.5, 3))
    assert (value.a, value.b, value.c) == (-1, 2.5, 3)


def test_memory_is_shared_with_c(ffi: Any, lib: Any) -> None:
    point = ffi.new("struct point *", (7, 7))
    assert lib.is_seven(point) == 1
    ffi.buffer(point)[0:4] = b"\1\0\0\0"
    assert lib.is_seven(point) == 0


def test_nested_structs_are_references(ffi: Any) -> None:
    value = ffi.new("everything *")
    value.at.x = 5
    inner = value.at
    inner.y = 6
    assert (value.at.x, value.at.y) == (5, 6)
    value.at = [1, 2]
    assert (inner.x, inner.y) == (1, 2)
    value.at = {"y": 9}
    assert value.at.y == 9
    value.at = ffi.new("struct point *", (3, 4))[0]
    assert (inner.x, inner.y) == (3, 4)
    value.named.inside = 7
    assert value.named.inside == 7
    with pytest.raises(TypeError):
        value.at = ffi.new("struct point *")
    with pytest.raises(TypeError):
        value.at = 5
    deep = ffi.new("deep *", {"a": {"b": {"c": {"value": 42}}}})
    assert deep.a.b.c.value == 42
    deep.a.b.c.value += 1
    assert deep.a.b.c.value == 43
    assert ffi.new("deep *", [[[[5]]]]).a.b.c.value == 5


def test_partial_assignment_of_a_nested_struct_keeps_the_rest(ffi: Any) -> None:
    value = ffi.new("everything *", {"at": (3, 4)})
    value.at = {"x": 1}
    assert (value.at.x, value.at.y) == (1, 4)


@ours_only("CFFI does not keep the struct of a member alive")
def test_members_keep_the_memory_alive(ffi: Any) -> None:
    def make() -> list[Any]:
        value = ffi.new("everything *", {"at": (3, 4), "items": [1, 2, 3]})
        return [value.at, value.items, ffi.addressof(value, "at", "y")]

    at, items, y = make()
    gc.collect()
    [ffi.new("everything *") for _ in range(50)]
    assert (at.x, at.y, list(items), y[0]) == (3, 4, [1, 2, 3], 4)


def test_anonymous_members_are_the_parents(ffi: Any) -> None:
    value = ffi.new("anonymous *")
    value.low, value.high, value.as_int = 1, 2, 0x3F800000
    assert (value.low, value.high) == (1, 2)
    assert value.as_float == 1.0
    assert list(value.as_bytes) == [0, 0, 0x80, 0x3F]
    value = ffi.new("anonymous *", {"first": b"f", "high": 5, "as_float": 2.0})
    assert (value.first, value.low, value.high, value.as_int) == (b"f", 0, 5, 0x40000000)
    assert ffi.offsetof("anonymous", "high") == 4
    assert ffi.offsetof("anonymous", "as_float") == 8
    assert {"first", "low", "high", "as_int", "as_float", "as_bytes"} == set(dir(value))


def test_pointers_in_structs(ffi: Any) -> None:
    value, point, number = ffi.new("everything *"), ffi.new("struct point *", (1, 2)), ffi.new("int *")
    assert value.link == ffi.NULL
    value.link = point
    assert value.link == point
    assert value.link.y == 2
    value.any = number
    value.any = point
    assert value.any == point
    text = ffi.new("char[]", b"text")
    value.text = text
    assert ffi.string(value.text) == b"text"
    value.text = value.link = value.any = ffi.NULL
    assert not value.text and not value.link and not value.any
    for wrong in (None, 0, 5, b"text", "text", number, point[0]):
        with pytest.raises(TypeError):
            value.link = wrong
        if wrong is not number:
            with pytest.raises(TypeError):
                value.text = wrong


def test_fields_of_every_kind(ffi: Any, lib: Any) -> None:
    value = ffi.new(
        "everything *",
        {
            "items": [1, 2],
            "name": b"name",
            "color": lib.GREEN,
            "wide": "wid",
            "flag": True,
            "letter": b"L",
            "at": (8, 9),
        },
    )
    assert list(value.items) == [1, 2, 0]
    assert ffi.string(value.name) == b"name"
    assert value.color == 5
    assert ffi.string(value.wide) == "wid"
    assert value.flag is True
    assert value.letter == b"L"
    assert not value.function
    with pytest.raises(RuntimeError, match="(?i)null"):
        value.function(1)
    callback = ffi.callback("int(int)", lambda x: x * 2)
    value.function = callback
    assert value.function(21) == 42
    value.color = 77
    assert value.color == 77
    with pytest.raises(TypeError):
        value.color = "GREEN"
    with pytest.raises(TypeError):
        value.function = lambda x: x
    with pytest.raises(TypeError):
        value.letter = "L"
    with pytest.raises(IndexError):
        value.name = b"123456789"
    with pytest.raises(IndexError):
        value.wide = "12345"


def test_unions_share_their_memory(ffi: Any) -> None:
    number = ffi.new("union number *", {"f": 1.0})
    assert number.i == 0x3F800000
    number.i = 5
    assert list(number.bytes)[:4] == [5, 0, 0, 0]
    number.d = -0.0
    assert number.bytes[7] == 0x80
    assert ffi.sizeof("union number") == 8
    assert all(ffi.offsetof("union number", name) == 0 for name in ("i", "f", "d", "bytes"))


def test_union_initialisers(ffi: Any) -> None:
    assert ffi.new("union number *", [3]).i == 3
    assert ffi.new("union number *", (4,)).i == 4
    assert ffi.new("union number *", {"d": 1.5}).d == 1.5
    assert ffi.new("union number *", {"bytes": b"ab"}).i == 0x6261
    assert ffi.new("union number *", []).i == 0
    with pytest.raises(ValueError, match="number"):
        ffi.new("union number *", [1, 2])
    with pytest.raises(KeyError):
        ffi.new("union number *", {"nope": 1})
    with pytest.raises(TypeError):
        ffi.new("union number *", 3)


def test_flexible_array_members(ffi: Any) -> None:
    assert ffi.sizeof("struct flexible") == 4
    value = ffi.new("struct flexible *", [3, [1, 2, 3]])
    assert ffi.sizeof(value[0]) == 16
    assert value.n == 3
    assert [value.items[n] for n in range(3)] == [1, 2, 3]
    assert len(ffi.buffer(value)) == 16
    value.items[2] = 30
    assert value.items[2] == 30
    value = ffi.new("struct flexible *", {"n": 4, "items": 4})
    assert ffi.sizeof(value[0]) == 20
    assert [value.items[n] for n in range(4)] == [0, 0, 0, 0]
    text = ffi.new("struct flexible_text *", {"n": 2, "text": b"hello"})
    assert ffi.string(text.text) == b"hello"
    assert ffi.sizeof(text[0]) >= 8
    assert ffi.sizeof(ffi.new("struct flexible *")[0]) == 4
    with pytest.raises(ValueError):
        ffi.new("struct flexible *", {"items": -1})
    with pytest.raises(TypeError):
        ffi.new("struct flexible *", {"items": 1.5})


def test_flexible_array_bounds(ffi: Any) -> None:
    value = ffi.new("struct flexible *", [3, [1, 2, 3]])
    assert len(value.items) == 3
    assert list(value.items) == [1, 2, 3]
    for index in (3, -1):
        with pytest.raises(IndexError):
            value.items[index]


def test_opaque_structs_have_no_size(ffi: Any) -> None:
    for operation in (
        lambda: ffi.new("struct opaque *"),
        lambda: ffi.new("struct opaque[2]"),
        lambda: ffi.sizeof("struct opaque"),
    ):
        with pytest.raises((TypeError, ValueError, *parse_errors(ffi)), match="opaque"):
            operation()
    pointer = ffi.cast("struct opaque *", 16)
    assert ffi.sizeof(pointer) == ffi.sizeof("void *")
    assert ffi.new("struct opaque **", pointer)[0] == pointer
    assert ffi.typeof("struct opaque").fields is None


def test_structs_are_no_sequences_or_numbers(ffi: Any) -> None:
    point = ffi.new("struct point *", (1, 2))
    for operation in (len, iter, list, int, float):
        with pytest.raises(TypeError):
            operation(point[0])
    with pytest.raises(TypeError):
        point[0][0]
    with pytest.raises(TypeError):
        point[0]()
    with pytest.raises(TypeError):
        point[0] + 1


def test_dir_lists_the_fields(ffi: Any) -> None:
    point = ffi.new("struct point *")
    assert dir(point) == dir(point[0]) == ["x", "y"]


def test_structs_compare_by_address(ffi: Any) -> None:
    one, two = ffi.new("struct point *", (1, 2)), ffi.new("struct point *", (1, 2))
    assert one[0] == one[0]
    assert one[0] != two[0]
    assert hash(one[0]) == hash(one[0])


def test_typedef_and_tag_are_one_type(ffi: Any) -> None:
    assert ffi.typeof("deep") is ffi.typeof("struct deep")
    assert ffi.typeof("same_name") is not ffi.typeof("struct point")


def test_assigning_a_whole_struct_through_a_pointer(ffi: Any) -> None:
    point = ffi.new("struct point *")
    point[0] = (5, 6)
    assert (point.x, point.y) == (5, 6)
    point[0] = {"x": 7}
    assert (point.x, point.y) == (7, 6)
    with pytest.raises(ValueError):
        point[0] = (1, 2, 3)
    with pytest.raises(TypeError):
        point[0] = 5


def test_a_failing_initialiser_leaves_no_damage(ffi: Any) -> None:
    value = ffi.new("everything *", {"at": (1, 2)})
    with pytest.raises(TypeError):
        value.at = {"x": 5, "y": "wrong"}
    assert value.at.y == 2
    with pytest.raises(KeyError):
        value[0] = {"nope": 1}


def test_arrays_without_items_are_pointers(ffi: Any) -> None:
    """As one wrote before there were flexible array members."""
    memory = ffi.new("char[]", ffi.sizeof("struct old_flexible") + 7 * 2)
    old = ffi.cast("struct old_flexible *", memory)
    assert ffi.typeof(old.items) is ffi.typeof("short *")
    old.items[6] = 15
    assert list(memory[-2 + len(memory) : len(memory)]) == [b"\x0f", b"\0"]
    old.items = []
    assert (old.items[6], old.items[5]) == (15, 0)


@ours_only("CFFI does not know the memory")
def test_arrays_without_items_have_bounds(ffi: Any) -> None:
    memory = ffi.new("char[]", ffi.sizeof("struct old_flexible") + 7 * 2)
    with pytest.raises(IndexError):
        ffi.cast("struct old_flexible *", memory).items[7]
