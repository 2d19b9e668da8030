"""Bit-fields: values, limits, and the bits that the compiler uses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffi_harness import IS_ORACLE, new_ffi

STRUCTS = """
struct plain { int a : 3; unsigned b : 5; unsigned long long c : 40; _Bool d : 1; };
struct packed_in_one { unsigned a : 1, b : 2, c : 3, d : 26; };
struct crossing { int a : 20; int b : 20; int c; short d : 9; short e : 9; };
struct chars { unsigned char a : 4; unsigned char b : 4; signed char c : 7; signed char d : 2; };
struct zero { int a : 4; int : 0; int b : 4; };
struct hole { unsigned a : 4; unsigned : 7; unsigned b : 4; };
struct wide { long long a : 64; unsigned long long b : 63; int c : 32; };
struct mixed { char before; int a : 7; char between; short b : 12; double after; int c : 1; };
union bits { int a : 4; unsigned b : 9; unsigned char bytes[4]; };
"""
FIELDS = {
    "plain": {"a": (3, True), "b": (5, False), "c": (40, False)},
    "packed_in_one": {"a": (1, False), "b": (2, False), "c": (3, False), "d": (26, False)},
    "crossing": {"a": (20, True), "b": (20, True), "c": (32, True), "d": (9, True), "e": (9, True)},
    "chars": {"a": (4, False), "b": (4, False), "c": (7, True), "d": (2, True)},
    "zero": {"a": (4, True), "b": (4, True)},
    "hole": {"a": (4, False), "b": (4, False)},
    # CFFI loses bit-fields as wide as a signed `long long`.
    "wide": {**({} if IS_ORACLE else {"a": (64, True)}), "b": (63, False), "c": (32, True)},
    "mixed": {"a": (7, True), "b": (12, True), "c": (1, True)},
}
ACCESSORS = [(struct, field) for struct, fields in FIELDS.items() for field in fields]
CDEF = STRUCTS + "".join(
    f"long long get_{s}_{f}(struct {s} *); void set_{s}_{f}(struct {s} *, long long); size_t size_{s}(void);\n"
    if f == next(iter(FIELDS[s]))
    else f"long long get_{s}_{f}(struct {s} *); void set_{s}_{f}(struct {s} *, long long);\n"
    for s, f in ACCESSORS
)
SOURCE = (
    "#include <stddef.h>\n"
    + STRUCTS
    + "".join(
        f"long long get_{s}_{f}(struct {s} *p) {{ return (long long)p->{f}; }}\n"
        f"void set_{s}_{f}(struct {s} *p, long long x) {{ p->{f} = x; }}\n"
        for s, f in ACCESSORS
    )
    + "".join(f"size_t size_{s}(void) {{ return sizeof(struct {s}); }}\n" for s in FIELDS)
)


def limits(width: int, signed: bool) -> tuple[int, int]:
    return (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)


@pytest.mark.parametrize(("struct", "field"), ACCESSORS)
def test_the_compiler_sees_the_same_values(ffi: Any, lib: Any, struct: str, field: str) -> None:
    value = ffi.new(f"struct {struct} *")
    low, high = limits(*FIELDS[struct][field])
    for number in {low, high, 0, 1 if high else 0, high // 3}:
        setattr(value, field, number)
        assert getattr(value, field) == number
        assert getattr(lib, f"get_{struct}_{field}")(value) == number
        getattr(lib, f"set_{struct}_{field}")(value, high - number if low == 0 else ~number)
        assert getattr(value, field) == (high - number if low == 0 else ~number)


@pytest.mark.parametrize("struct", FIELDS)
def test_sizes_are_the_compilers(ffi: Any, lib: Any, struct: str) -> None:
    assert ffi.sizeof(f"struct {struct}") == getattr(lib, f"size_{struct}")()


@pytest.mark.parametrize(("struct", "field"), ACCESSORS)
def test_out_of_range_values_raise_and_change_nothing(ffi: Any, struct: str, field: str) -> None:
    value = ffi.new(f"struct {struct} *")
    low, high = limits(*FIELDS[struct][field])
    for number in (low - 1, high + 1, 1 << 70):
        if number == 1 and low == -1:  # `int flag : 1` takes 1 for its one bit
            continue
        with pytest.raises(OverflowError):
            setattr(value, field, number)
    for wrong in ("1", 1.5, None):
        with pytest.raises(TypeError):
            setattr(value, field, wrong)
    assert bytes(ffi.buffer(value)) == bytes(ffi.sizeof(f"struct {struct}"))


def test_overflow_names_the_value(ffi: Any) -> None:
    with pytest.raises(OverflowError, match="32"):
        ffi.new("struct plain *").b = 32


def test_a_bool_bit(ffi: Any) -> None:
    value = ffi.new("struct plain *")
    value.d = True
    assert value.d == 1
    value.d = 0
    assert value.d == 0
    with pytest.raises(OverflowError):
        value.d = 2


@pytest.mark.parametrize("struct", FIELDS)
def test_a_field_leaves_its_neighbours_alone(ffi: Any, struct: str) -> None:
    names = list(FIELDS[struct])

    @settings(max_examples=25, deadline=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        value = ffi.new(f"struct {struct} *")
        expected = {}
        for name in data.draw(st.lists(st.sampled_from(names), max_size=8)):
            expected[name] = data.draw(st.integers(*limits(*FIELDS[struct][name])))
            setattr(value, name, expected[name])
        assert {name: getattr(value, name) for name in expected} == expected

    check()


def test_initialisers(ffi: Any) -> None:
    value = ffi.new("struct plain *", {"a": -1, "c": 7, "d": 1})
    assert (value.a, value.b, value.c, value.d) == (-1, 0, 7, 1)
    value = ffi.new("struct packed_in_one *", [1, 2, 3, 4])
    assert (value.a, value.b, value.c, value.d) == (1, 2, 3, 4)
    with pytest.raises(OverflowError):
        ffi.new("struct packed_in_one *", [2])


def test_unions_of_bit_fields(ffi: Any) -> None:
    value = ffi.new("union bits *", {"b": 0x1F5})
    assert value.a == 5
    value.bytes[0] = 0xFF
    assert value.a == -1


def test_bit_fields_have_no_address(ffi: Any) -> None:
    value = ffi.new("struct plain *")
    with pytest.raises(TypeError):
        ffi.addressof(value, "a")
    with pytest.raises(TypeError):
        ffi.offsetof("struct plain", "a")


def test_fields_tell_their_place(ffi: Any) -> None:
    fields = dict(ffi.typeof("struct packed_in_one").fields)
    assert [(fields[name].bitshift, fields[name].bitsize) for name in "abcd"] == [(0, 1), (1, 2), (3, 3), (6, 26)]
    assert all(field.offset == 0 for field in fields.values())
    ordinary = dict(ffi.typeof("struct crossing").fields)["c"]
    assert (ordinary.bitshift, ordinary.bitsize) == (-1, -1)


def test_plain_char_is_a_byte(ffi: Any) -> None:
    """Whatever sign it has in C: as ``int(ffi.cast("char", -1))`` is 255."""
    other = new_ffi()
    other.cdef("struct bytes { char a : 3; char b : 8; };")
    value = other.new("struct bytes *", [7, 255])
    assert (value.a, value.b) == (7, 255)
    for wrong in (8, -1):
        with pytest.raises(OverflowError):
            value.a = wrong
