"""``ffi.cast``: every combination that the documentation lists."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffi_harness import ours_only

CDEF = """
typedef struct { int x, y; } point;
typedef struct opaque opaque;
enum color { RED, GREEN = 5, BLUE };
typedef enum { BELOW = -1, LEVEL, ABOVE } height;
int twice(int);
"""
SOURCE = CDEF.replace("int twice(int);", "int twice(int x) { return 2 * x; }")


@pytest.mark.parametrize(
    ("ctype", "value", "expected"),
    [
        ("int", 5, 5),
        ("int", -5, -5),
        ("int", True, 1),
        ("int", 1 << 31, -(1 << 31)),
        ("int", (1 << 32) + 7, 7),
        ("unsigned int", -1, (1 << 32) - 1),
        ("signed char", 200, -56),
        ("signed char", 255, -1),
        ("unsigned char", -1, 255),
        ("unsigned char", 256, 0),
        ("short", 0x12345, 0x2345),
        ("long long", 1 << 63, -(1 << 63)),
        ("unsigned long long", -1, (1 << 64) - 1),
        ("unsigned long long", 1 << 64, 0),
        ("int", 3.9, 3),
        ("int", -3.9, -3),
        ("unsigned char", 300.7, 44),
        ("long long", 1e15, 10**15),
        ("int", "a", 97),
        ("int", b"a", 97),
        ("int", "\u20ac", 0x20AC),
        ("signed char", b"\xff", -1),
        ("unsigned char", b"\xff", 255),
        ("size_t", 7, 7),
        ("int", 1 << 200, 0),
        ("int", -(1 << 200) + 3, 3),
    ],
)
def test_to_integer(ffi: Any, ctype: str, value: Any, expected: int) -> None:
    result = ffi.cast(ctype, value)
    assert int(result) == expected
    assert result == expected
    assert ffi.typeof(result) is ffi.typeof(ctype)


@pytest.mark.parametrize("value", [None, 1j, [1], object(), b"ab", "ab", b"", ""])
def test_what_is_no_integer(ffi: Any, value: Any) -> None:
    for ctype in ("int", "unsigned long long", "_Bool"):
        with pytest.raises(TypeError):
            ffi.cast(ctype, value)


def test_floats_that_are_no_integers(ffi: Any) -> None:
    with pytest.raises(ValueError):
        ffi.cast("int", math.nan)
    for value in (math.inf, -math.inf):
        with pytest.raises(OverflowError):
            ffi.cast("int", value)


def test_between_integer_cdata(ffi: Any) -> None:
    assert int(ffi.cast("unsigned short", ffi.cast("int", -1))) == 65535
    assert int(ffi.cast("long", ffi.cast("signed char", -1))) == -1
    assert int(ffi.cast("unsigned long long", ffi.cast("int", -1))) == (1 << 64) - 1
    assert int(ffi.cast("int", ffi.cast("unsigned int", (1 << 32) - 1))) == -1
    assert int(ffi.cast("int", ffi.cast("double", -2.75))) == -2
    assert int(ffi.cast("int", ffi.cast("long double", 2.75))) == 2
    assert int(ffi.cast("int", ffi.cast("char", b"A"))) == 65
    assert int(ffi.cast("int", ffi.cast("char32_t", "\U0001f600"))) == 0x1F600
    assert int(ffi.cast("int", ffi.cast("_Bool", 1))) == 1
    assert int(ffi.cast("int", ffi.cast("enum color", 5))) == 5


def test_pointers_to_integers_and_back(ffi: Any) -> None:
    p = ffi.new("int *", 42)
    number = int(ffi.cast("intptr_t", p))
    assert number == int(ffi.cast("uintptr_t", p)) == int(ffi.cast("size_t", p))
    assert ffi.cast("int *", number) == p
    assert ffi.cast("int *", number)[0] == 42
    assert ffi.cast("void *", ffi.cast("uintptr_t", p)) == p
    assert int(ffi.cast("short", ffi.cast("int *", 0x12345))) == 0x2345
    assert int(ffi.cast("int", ffi.NULL)) == 0
    array = ffi.new("int[3]")
    assert int(ffi.cast("uintptr_t", array)) == int(ffi.cast("uintptr_t", array + 0))


def test_functions_to_integers(ffi: Any, lib: Any) -> None:
    function = ffi.addressof(lib, "twice")
    number = int(ffi.cast("uintptr_t", function))
    assert number
    assert ffi.cast("int(*)(int)", number)(21) == 42
    assert ffi.cast("int(*)(int)", ffi.cast("void *", function))(4) == 8
    assert ffi.cast("void *", function) == ffi.cast("void *", number)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (-1, (1 << 64) - 1), (5, 5), (1 << 64, 0), ((1 << 64) + 5, 5), (True, 1)]
)
def test_integers_to_pointers(ffi: Any, value: int, expected: int) -> None:
    for ctype in ("void *", "int *", "point *", "opaque *", "char *", "int(*)(int)", "int **"):
        pointer = ffi.cast(ctype, value)
        assert int(ffi.cast("uintptr_t", pointer)) == expected
        assert ffi.typeof(pointer) is ffi.typeof(ctype)
        assert (pointer == ffi.NULL) == (expected == 0)


def test_integer_cdata_to_pointers_are_sign_extended(ffi: Any) -> None:
    assert int(ffi.cast("uintptr_t", ffi.cast("void *", ffi.cast("int", -1)))) == (1 << 64) - 1
    assert int(ffi.cast("uintptr_t", ffi.cast("void *", ffi.cast("unsigned int", -1)))) == (1 << 32) - 1


@pytest.mark.parametrize("value", [None, "text", b"bytes", [1], object(), 1j])
def test_what_is_no_pointer(ffi: Any, value: Any) -> None:
    for ctype in ("void *", "char *", "int *", "int(*)(int)"):
        with pytest.raises(TypeError):
            ffi.cast(ctype, value)


def test_between_pointer_types(ffi: Any) -> None:
    array = ffi.new("unsigned char[8]", [1, 2, 3, 4, 5, 6, 7, 8])
    as_int = ffi.cast("int *", array)
    assert as_int[0] == 0x04030201
    assert as_int[1] == 0x08070605
    assert ffi.cast("point *", as_int).y == 0x08070605
    assert ffi.cast("char *", as_int)[2] == b"\x03"
    assert ffi.cast("void *", as_int) == array
    as_array = ffi.cast("short[4]", array)
    assert list(as_array) == [0x0201, 0x0403, 0x0605, 0x0807]
    assert len(ffi.cast("unsigned char(*)[4]", array)[1]) == 4
    assert list(ffi.cast("unsigned char(*)[4]", array)[1]) == [5, 6, 7, 8]
    point = ffi.new("point *", (5, 6))
    assert ffi.cast("int *", point)[1] == 6


def test_cast_pointers_share_the_memory(ffi: Any) -> None:
    number = ffi.new("int *")
    ffi.cast("unsigned char *", number)[0] = 255
    assert number[0] == 255


@pytest.mark.parametrize(
    ("ctype", "value", "expected"),
    [
        ("double", 3, 3.0),
        ("double", 2.5, 2.5),
        ("double", True, 1.0),
        ("double", "a", 97.0),
        ("double", b"\xff", 255.0),
        ("float", 0.1, 0.10000000149011612),
        ("float", 1e300, math.inf),
        ("long double", 1.5, 1.5),
        ("double", -math.inf, -math.inf),
    ],
)
def test_to_floats(ffi: Any, ctype: str, value: Any, expected: float) -> None:
    result = ffi.cast(ctype, value)
    assert float(result) == expected
    assert ffi.typeof(result) is ffi.typeof(ctype)


def test_cdata_to_floats(ffi: Any) -> None:
    assert float(ffi.cast("double", ffi.cast("int", -3))) == -3.0
    assert float(ffi.cast("double", ffi.cast("unsigned long long", (1 << 64) - 1))) == 2.0**64
    assert float(ffi.cast("float", ffi.cast("double", 0.1))) == 0.10000000149011612
    assert float(ffi.cast("double", ffi.cast("long double", 0.25))) == 0.25
    assert float(ffi.cast("double", ffi.cast("char", 65))) == 65.0
    assert float(ffi.cast("double", ffi.cast("_Bool", 1))) == 1.0
    assert float(ffi.cast("double", ffi.cast("enum color", 5))) == 5.0


def test_what_is_no_float(ffi: Any) -> None:
    for value in (None, "ab", b"ab", [1.0], 1j, object(), ffi.NULL, ffi.new("int[2]"), ffi.new("point *")[0]):
        with pytest.raises(TypeError):
            ffi.cast("double", value)


def test_to_characters(ffi: Any) -> None:
    assert ffi.cast("char", 65) == b"A"
    assert ffi.string(ffi.cast("char", b"\xff")) == b"\xff"
    assert ffi.string(ffi.cast("char", "\xe9")) == b"\xe9"
    assert ffi.string(ffi.cast("char", 300)) == b","
    assert ffi.string(ffi.cast("char", -1)) == b"\xff"
    assert ffi.string(ffi.cast("char", 65.9)) == b"A"
    assert ffi.string(ffi.cast("wchar_t", "\u20ac")) == "\u20ac"
    assert ffi.string(ffi.cast("char16_t", 0x20AC)) == "\u20ac"
    assert ffi.string(ffi.cast("char32_t", 0x1F600)) == "\U0001f600"
    assert ffi.string(ffi.cast("wchar_t", ffi.cast("char", b"a"))) == "a"
    for value in ("ab", b"ab", b"", None):
        with pytest.raises(TypeError):
            ffi.cast("char", value)


def test_to_bool(ffi: Any) -> None:
    for value in (1, -5, 0.1, "a", 1 << 64, ffi.cast("int", 256), ffi.new("int *")):
        assert int(ffi.cast("_Bool", value)) == 1
        assert bool(ffi.cast("_Bool", value)) is True
    for value in (0, 0.0, "\0", ffi.NULL, ffi.cast("int", 0)):
        assert int(ffi.cast("_Bool", value)) == 0


def test_to_enums(ffi: Any, lib: Any) -> None:
    green = ffi.cast("enum color", lib.GREEN)
    assert int(green) == 5
    assert ffi.string(green) == "GREEN"
    assert ffi.string(ffi.cast("enum color", 77)) == "77"
    assert ffi.string(ffi.cast("height", -1)) == "BELOW"
    assert ffi.string(ffi.cast("height", ffi.cast("int", 1))) == "ABOVE"
    assert int(ffi.cast("height", -7)) == -7
    with pytest.raises(TypeError):
        ffi.cast("enum color", "GREEN")


@pytest.mark.parametrize("ctype", ["void", "point", "int[]", "opaque"])
def test_impossible_targets(ffi: Any, ctype: str) -> None:
    for value in (0, ffi.new("int *"), ffi.new("point *")[0]):
        with pytest.raises((TypeError, ValueError)):
            ffi.cast(ctype, value)


def test_structs_cannot_be_cast(ffi: Any) -> None:
    point = ffi.new("point *")[0]
    for ctype in ("int", "int *", "void *", "double"):
        with pytest.raises(TypeError):
            ffi.cast(ctype, point)


def test_numbers_compare_with_python_numbers(ffi: Any) -> None:
    five = ffi.cast("int", 5)
    assert five == 5 and five != 6 and five < 6 and five >= 5 and five > 4
    assert five == ffi.cast("long", 5) == ffi.cast("double", 5.0)
    assert ffi.cast("double", 0.5) < five
    assert hash(five) == hash(5)
    assert hash(ffi.cast("double", 0.5)) == hash(0.5)
    assert ffi.cast("char", 65) == b"A"
    assert ffi.cast("wchar_t", 65) == "A"
    assert five != "5"
    assert five != ffi.NULL
    with pytest.raises(TypeError):
        five < ffi.NULL


def test_truth_of_numbers(ffi: Any) -> None:
    for ctype in ("int", "unsigned char", "_Bool", "double", "float", "long double", "enum color"):
        assert not ffi.cast(ctype, 0)
        assert ffi.cast(ctype, 1)
    assert not ffi.cast("double", -0.0)
    assert ffi.cast("double", math.nan)


def test_numbers_have_no_items_fields_or_calls(ffi: Any) -> None:
    five = ffi.cast("int", 5)
    with pytest.raises(TypeError):
        five[0]
    with pytest.raises(TypeError):
        len(five)
    with pytest.raises(TypeError):
        five()
    with pytest.raises(AttributeError):
        five.x
    with pytest.raises(TypeError):
        iter(five)


def test_cast_wants_a_type_first(ffi: Any) -> None:
    with pytest.raises(TypeError):
        ffi.cast(5, 5)
    with pytest.raises(TypeError):
        ffi.cast("int")
    assert int(ffi.cast(ffi.typeof("int"), 5)) == 5


def test_any_integer_wraps_around(ffi: Any) -> None:
    @settings(max_examples=80, deadline=None)
    @given(st.integers(), st.sampled_from([1, 2, 4, 8]))
    def check(value: int, size: int) -> None:
        span = 1 << (8 * size)
        assert int(ffi.cast(f"uint{8 * size}_t", value)) == value % span
        assert int(ffi.cast(f"int{8 * size}_t", value)) == (value + span // 2) % span - span // 2
        assert int(ffi.cast("uintptr_t", ffi.cast("void *", value))) == value % (1 << 64)

    check()


@ours_only("CFFI's casts keep nothing alive")
def test_cast_pointers_keep_the_memory_alive(ffi: Any) -> None:
    pointer = ffi.cast("int *", ffi.new("int[5]", [3, 4, 5, 6, 7]))
    noise = [ffi.new("int[5]", [9] * 5) for _ in range(100)]
    assert pointer[4] == 7
    assert ffi.cast("char *", ffi.cast("void *", pointer))[0] == b"\x03"
    with pytest.raises(IndexError):
        pointer[5]
    assert len(noise) == 100
