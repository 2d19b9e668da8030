"""Floating types, ``_Bool`` and character types: into C and out of C."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffi_harness import ours_only

CDEF = """
float same_float(float);
double same_double(double);
float mix_float(int, float, double, float);
double sum_long_double(long double, long double);
long double same_long_double(long double);
_Bool same_bool(_Bool);
bool not_bool(bool);
int bool_byte(_Bool);
char same_char(char);
signed char signed_of_char(char);
wchar_t same_wchar(wchar_t);
char16_t same_char16(char16_t);
char32_t same_char32(char32_t);
size_t wide_length(wchar_t *);
int sum16(char16_t *);
char third(char *);
"""
SOURCE = """
#include <stdbool.h>
#include <stddef.h>
#include <uchar.h>
#include <wchar.h>
float same_float(float x) { return x; }
double same_double(double x) { return x; }
float mix_float(int a, float b, double c, float d) { return (float)a + 10 * b + 100 * (float)c + 1000 * d; }
double sum_long_double(long double a, long double b) { return (double)(a + b); }
long double same_long_double(long double x) { return x; }
_Bool same_bool(_Bool x) { return x; }
bool not_bool(bool x) { return !x; }
int bool_byte(_Bool x) { return *(unsigned char *)&x; }
char same_char(char x) { return x; }
signed char signed_of_char(char x) { return (signed char)x; }
wchar_t same_wchar(wchar_t x) { return x; }
char16_t same_char16(char16_t x) { return x; }
char32_t same_char32(char32_t x) { return x; }
size_t wide_length(wchar_t *s) { return wcslen(s); }
int sum16(char16_t *s) { int n = 0; while (*s) n += *s++; return n; }
char third(char *s) { return s[2]; }
"""


class WithFloat:
    def __float__(self) -> float:
        return 2.5


class WithIndex:
    def __index__(self) -> int:
        return 7


def nearest_float(x: float) -> float:
    result: float = struct.unpack("f", struct.pack("f", x))[0]
    return result


@pytest.mark.parametrize("x", [0.0, -0.0, 1.5, -1e308, 5e-324, math.inf, -math.inf, math.pi])
def test_doubles_pass_unchanged(ffi: Any, lib: Any, x: float) -> None:
    for got in (lib.same_double(x), ffi.new("double *", x)[0], float(ffi.cast("double", x))):
        assert type(got) is float
        assert struct.pack("d", got) == struct.pack("d", x)


def test_nan_stays_nan(ffi: Any, lib: Any) -> None:
    assert math.isnan(lib.same_double(math.nan))
    assert math.isnan(lib.same_float(math.nan))
    assert math.isnan(ffi.new("float *", math.nan)[0])


@pytest.mark.parametrize("x", [0.1, -2.5, 1e-45, 3.4e38, math.inf])
def test_floats_are_rounded_to_single(ffi: Any, lib: Any, x: float) -> None:
    assert lib.same_float(x) == ffi.new("float *", x)[0] == nearest_float(x)


def test_a_double_too_large_for_float_becomes_infinite(ffi: Any, lib: Any) -> None:
    assert lib.same_float(1e300) == math.inf
    assert ffi.new("float[]", [-1e300])[0] == -math.inf


def test_float_and_double_arguments_mix(lib: Any) -> None:
    assert lib.mix_float(1, 2.0, 3.0, 4.0) == 4321.0


def test_integers_and_objects_with_float_are_floats(ffi: Any, lib: Any) -> None:
    assert lib.same_double(3) == 3.0
    assert lib.same_float(True) == 1.0
    assert lib.same_double(WithFloat()) == 2.5
    assert lib.same_double(ffi.cast("float", 1.5)) == 1.5
    with pytest.raises(OverflowError):
        lib.same_double(2**2000)


def test_objects_with_index_are_floats(lib: Any) -> None:
    assert lib.same_double(WithIndex()) == 7.0


@pytest.mark.parametrize("value", ["1.5", b"1", None, 1j, [1.0], object()])
def test_other_types_are_no_floats(ffi: Any, lib: Any, value: Any) -> None:
    for function in (lib.same_double, lib.same_float, lib.same_long_double):
        with pytest.raises(TypeError):
            function(value)
    cell = ffi.new("double *", 4.0)
    with pytest.raises(TypeError):
        cell[0] = value
    assert cell[0] == 4.0


@ours_only("CFFI does not name the C type")
def test_float_type_errors_name_both_types(lib: Any) -> None:
    with pytest.raises(TypeError, match=r"double.*str|str.*double"):
        lib.same_double("1.5")


def test_long_double_keeps_its_precision(ffi: Any, lib: Any) -> None:
    assert lib.sum_long_double(1.25, 2) == 3.25
    x = lib.same_long_double(1.5)
    assert isinstance(x, ffi.CData)
    assert ffi.typeof(x) is ffi.typeof("long double")
    assert float(x) == 1.5
    assert float(lib.same_long_double(x)) == 1.5
    cell = ffi.new("long double *", x)
    assert float(cell[0]) == 1.5
    assert float(ffi.cast("long double", -3)) == -3.0
    assert int(ffi.cast("long double", -3.75)) == -3


def test_bool_gives_python_bools(ffi: Any, lib: Any) -> None:
    assert lib.same_bool(True) is True
    assert lib.same_bool(0) is False
    assert lib.same_bool(1) is True
    assert lib.not_bool(1) is False
    assert lib.not_bool(False) is True
    assert ffi.new("_Bool[]", [True, 0, 1])[2] is True
    assert list(ffi.new("bool[2]", [1])) == [True, False]


@pytest.mark.parametrize("value", [2, -1, 256, 1 << 40])
def test_only_zero_and_one_are_bools(ffi: Any, lib: Any, value: int) -> None:
    with pytest.raises(OverflowError):
        lib.same_bool(value)
    with pytest.raises(OverflowError):
        ffi.new("_Bool *", value)


@pytest.mark.parametrize("value", [1.0, "1", None])
def test_other_types_are_no_bools(lib: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        lib.same_bool(value)


def test_cast_to_bool_asks_whether_it_is_zero(ffi: Any, lib: Any) -> None:
    for value in (-5, 0.1, "a", 1 << 70, b"\x01"):
        assert lib.bool_byte(bool(ffi.cast("_Bool", value))) == 1
        assert int(ffi.cast("_Bool", value)) == 1
    for value in (0, 0.0, ffi.NULL):
        assert int(ffi.cast("_Bool", value)) == 0


def test_every_char_passes_as_one_byte(ffi: Any, lib: Any) -> None:
    for code in range(256):
        byte = bytes([code])
        assert lib.same_char(byte) == byte
        assert lib.signed_of_char(byte) == (code + 128) % 256 - 128
        assert ffi.new("char *", byte)[0] == byte


def test_char_cdata_is_a_char(ffi: Any, lib: Any) -> None:
    assert lib.same_char(ffi.cast("char", 66)) == b"B"
    with pytest.raises(TypeError):
        lib.same_char(ffi.cast("signed char", 66))


@pytest.mark.parametrize("value", ["a", b"", b"ab", 65, None, 1.0, bytearray(b"a")])
def test_other_values_are_no_chars(ffi: Any, lib: Any, value: Any) -> None:
    with pytest.raises(TypeError, match="char"):
        lib.same_char(value)
    cell = ffi.new("char *", b"k")
    with pytest.raises(TypeError, match="char"):
        cell[0] = value
    assert cell[0] == b"k"


def test_signed_and_unsigned_char_are_integers(ffi: Any) -> None:
    with pytest.raises(TypeError):
        ffi.new("signed char *", b"a")
    assert ffi.new("unsigned char *", 200)[0] == 200


@pytest.mark.parametrize("text", ["a", "\0", "\xe9", "\u20ac", "\U0001f600"])
def test_wide_characters_pass(ffi: Any, lib: Any, text: str) -> None:
    assert lib.same_char32(text) == text
    assert lib.same_wchar(text) == text
    assert ffi.new("char32_t *", text)[0] == text
    if ord(text) < 0x10000:
        assert lib.same_char16(text) == text
    else:
        with pytest.raises(TypeError):
            lib.same_char16(text)


@pytest.mark.parametrize("value", [b"a", "", "ab", 65, None])
def test_other_values_are_no_wide_characters(ffi: Any, lib: Any, value: Any) -> None:
    for function in (lib.same_wchar, lib.same_char16, lib.same_char32):
        with pytest.raises(TypeError):
            function(value)
    with pytest.raises(TypeError):
        ffi.new("wchar_t[]", [value])


def test_wide_strings_pass_as_arguments(ffi: Any, lib: Any) -> None:
    assert lib.wide_length("gr\xfc\xdfe") == 5
    assert lib.wide_length("") == 0
    assert lib.sum16("ab") == 97 + 98
    assert lib.sum16("\U0001f600") == 0xD83D + 0xDE00
    with pytest.raises(TypeError, match="bytes"):
        lib.wide_length(b"abc")
    assert lib.third(b"abc") == b"c"
    with pytest.raises(TypeError, match="str"):
        lib.third("abc")


def test_surrogates_pass(ffi: Any, lib: Any) -> None:
    assert lib.same_char16("\ud83d") == "\ud83d"
    assert lib.same_char32("\ud800") == "\ud800"
    assert ffi.string(ffi.new("char16_t[]", "\U0001f600a")) == "\U0001f600a"
    assert list(ffi.new("char16_t[]", "\U0001f600")) == ["\ud83d", "\ude00", "\0"]


@ours_only("CFFI raises SystemError")
def test_code_points_beyond_unicode_raise(ffi: Any) -> None:
    number, numbers = ffi.new("uint32_t *", 0x110000), ffi.new("uint32_t[]", [0x61, 0x110000, 0])
    cell = ffi.cast("char32_t *", number)
    with pytest.raises(ValueError):
        cell[0]
    with pytest.raises(ValueError):
        ffi.string(ffi.cast("char32_t *", numbers))


def test_any_float_round_trips(ffi: Any, lib: Any) -> None:
    cell = ffi.new("double *")
    small = ffi.new("float *")

    @settings(max_examples=80, deadline=None)
    @given(st.floats())
    def check(x: float) -> None:
        cell[0] = x
        assert struct.pack("d", cell[0]) == struct.pack("d", x) or math.isnan(x)
        assert struct.pack("d", lib.same_double(x)) == struct.pack("d", x) or math.isnan(x)

    @settings(max_examples=80, deadline=None)
    @given(st.floats(width=32))
    def check_single(x: float) -> None:
        small[0] = x
        assert small[0] == lib.same_float(x) == x or math.isnan(x)

    check()
    check_single()


def test_any_bytes_and_text_round_trip(ffi: Any) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=40))
    def check_bytes(data: bytes) -> None:
        array = ffi.new("char[]", data)
        assert len(array) == len(data) + 1
        assert ffi.buffer(array)[:] == data + b"\0"
        assert ffi.string(array) == data.partition(b"\0")[0]
        assert ffi.unpack(array, len(data)) == data

    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=40))
    def check_text(text: str) -> None:
        for ctype, coding, size in (("char16_t", "utf-16", 2), ("char32_t", "utf-32", 4)):
            array = ffi.new(f"{ctype}[]", text)
            stored = ffi.buffer(array)[:]
            native = coding + ("-le" if struct.pack("H", 1) == b"\1\0" else "-be")
            assert stored == text.encode(native, "surrogatepass") + bytes(size)
            assert ffi.string(array) == text.partition("\0")[0]
            assert ffi.unpack(array, len(array) - 1) == text

    check_bytes()
    check_text()


@ours_only("the message")
def test_a_character_that_needs_two_units(ffi: Any) -> None:
    with pytest.raises(TypeError, match=r"'char16_t' must be a character up to U\+FFFF, not U\+1f600$"):
        ffi.new("char16_t *", "\U0001f600")
