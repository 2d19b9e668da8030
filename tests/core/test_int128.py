"""128-bit integers, wherever a C type can stand."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffi_harness import IS_ORACLE, MODES, Builder, clang_version

if IS_ORACLE:
    pytest.skip("CFFI has no 128-bit integers", allow_module_level=True)

TYPES = """
typedef __int128 i128;
typedef unsigned __int128 u128;
struct wide { char c; __int128 v; unsigned __int128 u; int a; };
struct only { __int128 v; };
struct bits { __int128 a : 70; unsigned __int128 b : 58; unsigned __int128 c : 100; };
struct __attribute__((packed)) packed_bits { char c; __int128 a : 3, b : 127; };
union either { __int128 v; unsigned char bytes[16]; };
"""
CDEF = (
    TYPES
    + """
__int128 add(__int128, __int128);
unsigned __int128 many(unsigned __int128, int, unsigned __int128, int, unsigned __int128, unsigned __int128, short, i128);
struct wide make_wide(int, __int128);
__int128 sum_wide(struct wide);
struct only twice(struct only);
union either flip(union either);
__int128 call_back(__int128 (*)(int, __int128, u128, int, i128, double), __int128);
struct only call_back_struct(struct only (*)(struct only), __int128);
__int128 sum(int, ...);
__int128 bit_field_a(struct bits *);
unsigned __int128 bit_field_c(struct bits *);
__int128 packed_b(struct packed_bits *);
extern __int128 variable;
extern u128 items[3];
"""
)
SOURCE = (
    "#include <stdarg.h>\n"
    + TYPES
    + """
__int128 add(__int128 a, __int128 b) { return (__int128)((u128)a + (u128)b); }
unsigned __int128 many(unsigned __int128 a, int b, unsigned __int128 c, int d, unsigned __int128 e, unsigned __int128 f, short g,
                       i128 h)
{
    return a + b + c * 2 + d + e * 3 + f * 5 + g + h * 7;
}
struct wide make_wide(int a, __int128 v) { struct wide w = {'x', v, (u128)v, a}; return w; }
__int128 sum_wide(struct wide w) { return w.v + w.a; }
struct only twice(struct only o) { o.v *= 2; return o; }
union either flip(union either e) { e.bytes[0] ^= 1; return e; }
__int128 call_back(__int128 (*f)(int, __int128, u128, int, i128, double), __int128 x)
{
    return f(1, x, (u128)x, 2, -x, 0.5) + 1;
}
struct only call_back_struct(struct only (*f)(struct only), __int128 v) { struct only o = {v}; return f(o); }
__int128 sum(int n, ...)
{
    va_list list;
    __int128 total = 0;
    va_start(list, n);
    while (n--) total += va_arg(list, __int128);
    va_end(list);
    return total;
}
__int128 bit_field_a(struct bits *p) { return p->a; }
unsigned __int128 bit_field_c(struct bits *p) { return p->c; }
__int128 packed_b(struct packed_bits *p) { return p->b; }
__int128 variable = -7;
u128 items[3] = {1, 2, (u128)1 << 127};
"""
)

SMALLEST, LARGEST = -(2**127), 2**127 - 1
signed = st.integers(SMALLEST, LARGEST)
unsigned = st.integers(0, 2**128 - 1)


@pytest.fixture(scope="module", params=MODES)
def pair(request: pytest.FixtureRequest, builder: Builder) -> tuple[Any, Any]:
    built = builder.build(request.param, CDEF, SOURCE)
    return built.ffi, built.lib


def wrap(value: int) -> int:
    return (value + 2**127) % 2**128 - 2**127


@given(signed, signed)
def test_arguments_and_results(pair: tuple[Any, Any], a: int, b: int) -> None:
    assert pair[1].add(a, b) == wrap(a + b)


@pytest.mark.skipif(0 < clang_version() < 18, reason="clang before 18 does not pass these as the ABI says")
@given(unsigned, unsigned, unsigned, unsigned, signed, st.integers(-(2**31), 2**31 - 1))
def test_arguments_that_registers_do_not_hold(
    pair: tuple[Any, Any], a: int, c: int, e: int, f: int, h: int, b: int
) -> None:
    assert pair[1].many(a, b, c, 4, e, f, -9, h) == (a + b + c * 2 + 4 + e * 3 + f * 5 - 9 + h * 7) % 2**128


@given(signed)
def test_structs_by_value(pair: tuple[Any, Any], value: int) -> None:
    lib = pair[1]
    made = lib.make_wide(5, value)
    assert (made.c, made.v, made.u, made.a) == (b"x", value, value % 2**128, 5)
    assert lib.sum_wide(made) == wrap(value + 5)
    assert lib.twice([wrap(value) // 2]).v == value // 2 * 2


def test_unions_by_value(ffi: Any, lib: Any, mode: str) -> None:
    assert lib.flip([2**100]).v == 2**100 + 1


@given(st.integers(-LARGEST, LARGEST - 1))
def test_callbacks(pair: tuple[Any, Any], value: int) -> None:
    ffi, lib = pair
    seen = []

    def body(*args: Any) -> int:
        seen.append(args)
        return value

    callback = ffi.callback("__int128(int, __int128, u128, int, i128, double)", body)
    assert lib.call_back(callback, value) == value + 1
    assert seen == [(1, value, value % 2**128, 2, -value, 0.5)]


def test_callbacks_with_structs(ffi: Any, lib: Any) -> None:
    callback = ffi.callback("struct only(struct only)", lambda o: [o.v - 1])
    assert lib.call_back_struct(callback, 2**100).v == 2**100 - 1


def test_variable_arguments(ffi: Any, lib: Any) -> None:
    arguments = [ffi.cast("__int128", 2**100), ffi.cast("__int128", -5), ffi.cast("__int128", 2**80)]
    assert lib.sum(3, *arguments) == 2**100 - 5 + 2**80


def test_variables(ffi: Any, lib: Any) -> None:
    assert lib.variable == -7
    lib.variable = 2**90
    assert lib.variable == ffi.addressof(lib, "variable")[0] == 2**90
    lib.variable = -7
    assert list(lib.items) == [1, 2, 2**127]


@given(st.integers(-(2**69), 2**69 - 1), st.integers(0, 2**58 - 1), st.integers(0, 2**100 - 1))
def test_bit_fields(pair: tuple[Any, Any], a: int, b: int, c: int) -> None:
    ffi, lib = pair
    value = ffi.new("struct bits *", [a, b, c])
    assert (value.a, value.b, value.c) == (a, b, c)
    assert (lib.bit_field_a(value), lib.bit_field_c(value)) == (a, c)


@given(st.integers(-4, 3), st.integers(-(2**126), 2**126 - 1))
def test_bit_fields_that_cross_their_unit(pair: tuple[Any, Any], a: int, b: int) -> None:
    ffi, lib = pair
    value = ffi.new("struct packed_bits *", {"c": b"x", "a": a, "b": b})
    assert (value.c, value.a, value.b, lib.packed_b(value)) == (b"x", a, b, b)


@pytest.mark.parametrize(
    ("field", "value"), [("a", 2**69), ("a", -(2**69) - 1), ("b", -1), ("b", 2**58), ("c", 2**200)]
)
def test_bit_fields_say_what_fits(ffi: Any, field: str, value: int) -> None:
    bits = ffi.new("struct bits *", [1, 2, 3])
    with pytest.raises(OverflowError, match=rf"value {value} outside the range .*<= x <=") as caught:
        setattr(bits, field, value)
    said = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert f"'{field}'" in said
    assert "__int128" in said
    assert (bits.a, bits.b, bits.c) == (1, 2, 3)


@pytest.mark.parametrize(
    ("ctype", "value"),
    [
        ("__int128", LARGEST + 1),
        ("__int128", SMALLEST - 1),
        ("__int128", 10**60),
        ("unsigned __int128", -1),
        ("unsigned __int128", 2**128),
        ("unsigned __int128", -(10**60)),
    ],
)
def test_what_does_not_fit(ffi: Any, lib: Any, ctype: str, value: int) -> None:
    item = ffi.new(f"{ctype} *", 3)
    with pytest.raises(OverflowError, match=f"integer {value} does not fit '{ctype}'"):
        item[0] = value
    with pytest.raises(OverflowError, match=f"integer {value} does not fit '{ctype}'"):
        ffi.new(f"{ctype}[]", [1, value])
    assert item[0] == 3
    bits = value % 2**128
    assert int(ffi.cast(ctype, value)) == (wrap(bits) if ctype == "__int128" else bits)


def test_wrong_types(ffi: Any, lib: Any) -> None:
    for wrong in (1.5, "1", None, 1j, ffi.NULL):
        with pytest.raises(TypeError, match="an integer is required for ctype '__int128'"):
            lib.add(wrong, 0)


@given(signed, signed)
def test_numbers(pair: tuple[Any, Any], a: int, b: int) -> None:
    cast = pair[0].cast
    left, right = cast("__int128", a), cast("__int128", b)
    assert int(left) == a
    assert hash(left) == hash(a)
    assert bool(left) == bool(a)
    assert left == a
    assert (left == right) == (a == b)
    assert (left < right) == (a < b)
    assert repr(left) == f"<cdata '__int128' {a}>"
    assert int(cast("unsigned __int128", left)) == a % 2**128
    assert int(cast("long long", left)) == (a + 2**63) % 2**64 - 2**63
    assert bool(cast("_Bool", left)) == bool(a)
    assert float(cast("double", left)) == float(a)


def test_casts(ffi: Any) -> None:
    assert int(ffi.cast("__int128", 3.7e30)) == int(3.7e30)
    assert int(ffi.cast("__int128", ffi.cast("double", -(2.0**100)))) == -(2**100)
    assert int(ffi.cast("__int128", ffi.cast("char", b"a"))) == 97
    assert ffi.cast("void *", ffi.cast("__int128", 16)) == ffi.cast("void *", 16)
    assert int(ffi.cast("__int128", ffi.cast("void *", 16))) == 16


def test_arrays(ffi: Any) -> None:
    array = ffi.new("__int128[]", [1, -(2**100), LARGEST])
    assert list(array) == ffi.unpack(array, 3) == [1, -(2**100), LARGEST]
    array[0:2] = [SMALLEST, 5]
    assert list(array[0:3]) == [SMALLEST, 5, LARGEST]
    assert (array + 2)[0] == LARGEST
    assert (array + 2) - array == 2


def test_types(ffi: Any) -> None:
    assert (ffi.sizeof("__int128"), ffi.alignof("u128"), ffi.offsetof("struct wide", "v")) == (16, 16, 16)
    ctype = ffi.typeof("__int128")
    assert (ctype.kind, ctype.cname) == ("primitive", "__int128")
    for spelling in ("i128", "signed __int128", "__int128 signed", "__int128_t", "const __int128"):
        assert ffi.typeof(spelling) is ctype
    for spelling in ("u128", "__int128 unsigned", "__uint128_t"):
        assert ffi.typeof(spelling).cname == "unsigned __int128"


def test_the_buffer_protocol_shows_bytes(ffi: Any) -> None:
    """There is no PEP 3118 format for them."""
    view = memoryview(ffi.new("__int128[2]", [1, -2]))
    assert (view.format, view.itemsize, view.shape) == ("16s", 16, (2,))
    assert int.from_bytes(view.tobytes()[16:], sys.byteorder, signed=True) == -2
