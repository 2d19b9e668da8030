"""Every integer type: into C, out of C, and what does not fit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffi_harness import ours_only

INTEGER_TYPES = [
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned int",
    "long",
    "unsigned long",
    "long long",
    "unsigned long long",
    "int8_t",
    "uint8_t",
    "int16_t",
    "uint16_t",
    "int32_t",
    "uint32_t",
    "int64_t",
    "uint64_t",
    "intptr_t",
    "uintptr_t",
    "ptrdiff_t",
    "size_t",
    "ssize_t",
    "intmax_t",
    "uintmax_t",
    "int_least16_t",
    "uint_fast8_t",
    "int_fast64_t",
]


def name_of(ctype: str) -> str:
    return ctype.replace(" ", "_")


CDEF = "".join(
    f"{ctype} same_{name_of(ctype)}({ctype}); void store_{name_of(ctype)}({ctype}, {ctype} *);\n"
    f"{ctype} last_{name_of(ctype)}(long, double, {ctype});\n"
    for ctype in INTEGER_TYPES
)
CDEF += "enum sign { MINUS = -1, ZERO, PLUS }; enum sign flip(enum sign); int is_minus_one(long long);\n"
SOURCE = "#include <stdint.h>\n#include <stddef.h>\n#include <sys/types.h>\n" + "".join(
    f"{ctype} same_{name_of(ctype)}({ctype} x) {{ return x; }}\n"
    f"void store_{name_of(ctype)}({ctype} x, {ctype} *p) {{ *p = x; }}\n"
    f"{ctype} last_{name_of(ctype)}(long a, double b, {ctype} x) {{ (void)a; (void)b; return x; }}\n"
    for ctype in INTEGER_TYPES
)
SOURCE += (
    "enum sign { MINUS = -1, ZERO, PLUS }; enum sign flip(enum sign s) { return (enum sign)-(int)s; }\n"
    "int is_minus_one(long long x) { return x == -1; }\n"
)


def limits(ffi: Any, ctype: str) -> tuple[int, int]:
    bits = 8 * ffi.sizeof(ctype)
    if int(ffi.cast(ctype, -1)) < 0:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def assert_names_type_and_value(error: BaseException, ctype: str, value: int) -> None:
    text = str(error)
    assert str(value) in text or hex(value) in text, text
    assert ctype in text, text


@pytest.mark.parametrize("ctype", INTEGER_TYPES)
def test_boundary_values_pass_in_and_out(ffi: Any, lib: Any, ctype: str) -> None:
    low, high = limits(ffi, ctype)
    same = getattr(lib, f"same_{name_of(ctype)}")
    last = getattr(lib, f"last_{name_of(ctype)}")
    cell = ffi.new(f"{ctype} *")
    for value in {low, low + 1, -1 if low else 0, 0, 1, 127, high - 1, high}:
        assert same(value) == value
        assert type(same(value)) is int
        assert last(-5, 2.5, value) == value
        getattr(lib, f"store_{name_of(ctype)}")(value, cell)
        assert cell[0] == value


@pytest.mark.parametrize("ctype", INTEGER_TYPES)
def test_out_of_range_arguments_raise(ffi: Any, lib: Any, ctype: str) -> None:
    low, high = limits(ffi, ctype)
    same = getattr(lib, f"same_{name_of(ctype)}")
    for value in (low - 1, high + 1, -(1 << 63) - 1, 1 << 64, 1 << 200, -(1 << 200)):
        with pytest.raises(OverflowError):
            same(value)


@ours_only("CFFI names the type and value in some of these cases only")
@pytest.mark.parametrize("ctype", INTEGER_TYPES)
def test_overflow_names_type_and_value(ffi: Any, lib: Any, ctype: str) -> None:
    low, high = limits(ffi, ctype)
    for value in (low - 1, high + 1):
        with pytest.raises(OverflowError) as caught:
            getattr(lib, f"same_{name_of(ctype)}")(value)
        assert_names_type_and_value(caught.value, ctype, value)


@ours_only("CFFI names the type and value in some of these cases only")
@pytest.mark.parametrize("ctype", INTEGER_TYPES)
def test_overflow_of_initializers_names_type_and_value(ffi: Any, ctype: str) -> None:
    low, high = limits(ffi, ctype)
    for value in (low - 1, high + 1):
        for text, init in (("*", value), ("[]", [0, value]), ("[2]", (value,))):
            with pytest.raises(OverflowError) as caught:
                ffi.new(f"{ctype} {text}", init)
            assert_names_type_and_value(caught.value, ctype, value)


@pytest.mark.parametrize("ctype", INTEGER_TYPES)
def test_out_of_range_stores_raise_and_change_nothing(ffi: Any, ctype: str) -> None:
    low, high = limits(ffi, ctype)
    cell = ffi.new(f"{ctype} *", 7)
    for value in (low - 1, high + 1, 1 << 100):
        with pytest.raises(OverflowError):
            cell[0] = value
        with pytest.raises(OverflowError):
            ffi.new(f"{ctype}[]", [value])
    assert cell[0] == 7


@pytest.mark.parametrize("value", [1.0, 2.5, "1", b"1", None, [1], 1j, object()])
def test_other_types_are_no_integers(ffi: Any, lib: Any, value: Any) -> None:
    for ctype in ("signed char", "int", "unsigned int", "long", "unsigned long long", "size_t"):
        with pytest.raises(TypeError):
            getattr(lib, f"same_{name_of(ctype)}")(value)
        cell = ffi.new(f"{ctype} *", 9)
        with pytest.raises(TypeError):
            cell[0] = value
        assert cell[0] == 9


@ours_only("CFFI says only 'an integer is required'")
def test_type_errors_name_both_types(ffi: Any, lib: Any) -> None:
    with pytest.raises(TypeError, match=r"int.*str|str.*int"):
        lib.same_int("1")
    with pytest.raises(TypeError, match=r"unsigned long.*float|float.*unsigned long"):
        lib.same_unsigned_long(1.5)
    with pytest.raises(TypeError, match=r"short.*NoneType|NoneType.*short"):
        ffi.new("short *")[0] = None


class Indexable:
    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Failing:
    def __index__(self) -> int:
        raise ZeroDivisionError("from __index__")


class IntSubclass(int):
    pass


def test_bool_and_int_subclasses_are_integers(ffi: Any, lib: Any) -> None:
    assert lib.same_int(True) == 1
    assert lib.same_unsigned_char(False) == 0
    assert lib.same_long(IntSubclass(-77)) == -77
    assert ffi.new("int[]", [True, IntSubclass(5)])[1] == 5


@ours_only("CFFI looks at __int__ only")
def test_objects_with_index_are_integers(ffi: Any, lib: Any) -> None:
    assert lib.same_int(Indexable(-12)) == -12
    assert lib.same_unsigned_long_long(Indexable(2**64 - 1)) == 2**64 - 1
    assert ffi.new("short *", Indexable(3))[0] == 3
    with pytest.raises(OverflowError):
        lib.same_short(Indexable(40000))
    with pytest.raises(ZeroDivisionError, match="from __index__"):
        lib.same_int(Failing())


def test_integer_cdata_are_integers(ffi: Any, lib: Any) -> None:
    assert lib.same_int(ffi.cast("short", -3)) == -3
    assert lib.same_unsigned_long(ffi.cast("unsigned long", -1)) == limits(ffi, "unsigned long")[1]
    with pytest.raises(OverflowError):
        lib.same_signed_char(ffi.cast("int", 128))
    with pytest.raises(TypeError):
        lib.same_int(ffi.cast("double", 2.0))
    with pytest.raises(TypeError):
        lib.same_long(ffi.new("int *"))


def test_enums_travel_as_integers(ffi: Any, lib: Any) -> None:
    assert lib.flip(lib.PLUS) == lib.MINUS == -1
    assert lib.flip(-1) == 1
    assert lib.is_minus_one(lib.MINUS) == 1


def test_negative_values_are_sign_extended(lib: Any) -> None:
    assert lib.is_minus_one(-1) == 1
    assert lib.is_minus_one(0xFFFFFFFF) == 0


@pytest.mark.parametrize(
    "ctype", ["signed char", "unsigned short", "int", "unsigned int", "long", "unsigned long long"]
)
def test_any_integer_round_trips_or_overflows(ffi: Any, lib: Any, ctype: str) -> None:
    low, high = limits(ffi, ctype)
    same = getattr(lib, f"same_{name_of(ctype)}")
    cell = ffi.new(f"{ctype} *")

    @settings(max_examples=60, deadline=None)
    @given(st.one_of(st.integers(low, high), st.integers(), st.integers(-(2**70), 2**70)))
    def check(value: int) -> None:
        if low <= value <= high:
            cell[0] = value
            assert cell[0] == same(value) == value
            assert int(ffi.cast(ctype, value)) == value
        else:
            with pytest.raises(OverflowError):
                same(value)
            with pytest.raises(OverflowError):
                cell[0] = value
            span = high - low + 1
            assert int(ffi.cast(ctype, value)) == (value - low) % span + low

    check()


def test_error_messages_are_about_the_value_given(ffi: Any) -> None:
    with pytest.raises(OverflowError) as caught:
        ffi.new("int8_t[3]", [1, 128, 2])
    assert re.search(r"\b128\b", str(caught.value))
