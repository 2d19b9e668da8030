"""Structs and unions by value, into C and out of C, in every class of the calling convention."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import ours_only

TYPES = """
typedef struct { char c; } one_char;
typedef struct { short a; char b; } small;
typedef struct { int x, y; } ints2;
typedef struct { int x, y, z; } ints3;
typedef struct { long a, b; } longs2;
typedef struct { long a, b, c; } longs3;
typedef struct { float x; } float1;
typedef struct { float x, y; } floats2;
typedef struct { float x, y, z; } floats3;
typedef struct { float x, y, z, w; } floats4;
typedef struct { double x, y; } doubles2;
typedef struct { double x, y, z; } doubles3;
typedef struct { double d; long n; } double_long;
typedef struct { long n; double d; } long_double_;
typedef struct { int n; float f; } int_float;
typedef struct { float f; int n; double d; } mixed16;
typedef struct { char text[16]; } chars16;
typedef struct { char text[17]; } chars17;
typedef struct { int items[3]; float f; } array_float;
typedef struct { ints2 a; doubles2 b; } nested;
typedef struct { int_float a[2]; } nested_array;
typedef struct { struct { short a, b; } inner; int n; } anonymous;
typedef union { int i; float f; } int_or_float;
typedef union { double d; long n; char bytes[8]; } eight;
typedef struct { int kind; union { int i; double d; } u; } tagged;
typedef union { float f; float three[3]; } float_union;
typedef union { double d; float f; } mixed_union;
typedef struct { float_union u; float f; } union_and_float;
typedef union { double d[4]; struct { double x, y; } point; } doubles_union;
typedef union { long n[3]; char text[24]; } long_union;
typedef union { char text[12]; int n; } text_union;
typedef struct { void *p; int n; } pointer_int;
typedef struct { int a : 5; unsigned b : 11; int c; } bits;
typedef struct { unsigned char big[300]; } large;
"""
FUNCTIONS = """
one_char same_one_char(one_char s);
small same_small(small s);
ints2 same_ints2(ints2 s);
ints3 same_ints3(ints3 s);
longs2 same_longs2(longs2 s);
longs3 same_longs3(longs3 s);
float1 same_float1(float1 s);
floats2 same_floats2(floats2 s);
floats3 same_floats3(floats3 s);
floats4 same_floats4(floats4 s);
doubles2 same_doubles2(doubles2 s);
doubles3 same_doubles3(doubles3 s);
double_long same_double_long(double_long s);
long_double_ same_long_double_(long_double_ s);
int_float same_int_float(int_float s);
mixed16 same_mixed16(mixed16 s);
chars16 same_chars16(chars16 s);
chars17 same_chars17(chars17 s);
array_float same_array_float(array_float s);
nested same_nested(nested s);
nested_array same_nested_array(nested_array s);
anonymous same_anonymous(anonymous s);
tagged same_tagged(tagged s);
int_or_float same_int_or_float(int_or_float s);
eight same_eight(eight s);
float_union same_float_union(float_union s);
mixed_union same_mixed_union(mixed_union s);
union_and_float same_union_and_float(union_and_float s);
doubles_union same_doubles_union(doubles_union s);
long_union same_long_union(long_union s);
text_union same_text_union(text_union s);
bits same_bits(bits s);
pointer_int same_pointer_int(pointer_int s);
large same_large(large s);
"""
CDEF = (
    TYPES
    + FUNCTIONS
    + """
double crowded(long, long, long, long, long, longs2, double, double_long, int);
double crowded_unions(long, double, float_union, text_union, doubles_union, long_union, mixed_union, eight, bits, union_and_float);
double crowded_floats(double, double, double, double, double, double, double, doubles2, float, floats2);
longs3 shifted(int, longs3, longs3);
doubles2 swap(doubles2, doubles2 *);
int eat(one_char, small, ints3);
int_float *address(int_float *);
typedef double (*area)(doubles2);
area area_function(void);
ints2 (*maker(void))(int, int);
"""
)
SOURCE = (
    TYPES
    + FUNCTIONS.replace(";", " { return s; }")
    + """
double crowded(long a, long b, long c, long d, long e, longs2 s, double f, double_long t, int n) {
    return (double)(a + b + c + d + e) + 10.0 * s.a + 100.0 * s.b + f + 1000.0 * t.d + 10000.0 * t.n + 0.25 * n;
}
double crowded_unions(long a, double b, float_union c, text_union d, doubles_union e, long_union f, mixed_union g, eight h, bits i, union_and_float j) {
    return (double)a + b + (double)c.three[2] + d.n + e.d[3] + (double)f.n[2] + g.d + (double)h.n + i.a + i.b + i.c + (double)j.u.f + (double)j.f;
}
double crowded_floats(double a, double b, double c, double d, double e, double f, double g, doubles2 s, float h, floats2 t) {
    return a + b + c + d + e + f + g + 10 * s.x + 100 * s.y + 1000 * h + 10000 * t.x + 100000 * t.y;
}
longs3 shifted(int n, longs3 a, longs3 b) { longs3 r = {a.a + n, b.b + n, a.c + b.c + n}; return r; }
doubles2 swap(doubles2 s, doubles2 *seen) { doubles2 r = {s.y, s.x}; *seen = s; s.x = -1; return r; }
int eat(one_char a, small b, ints3 c) { return a.c + b.a + b.b + c.x + c.y + c.z; }
int_float *address(int_float *s) { return s; }
static double area_of(doubles2 s) { return s.x * s.y; }
typedef double (*area)(doubles2);
area area_function(void) { return area_of; }
static ints2 make(int x, int y) { ints2 r = {x, y}; return r; }
ints2 (*maker(void))(int, int) { return make; }
"""
)

VALUES: list[tuple[str, Any]] = [
    ("one_char", {"c": b"x"}),
    ("small", {"a": -300, "b": b"q"}),
    ("ints2", {"x": -1, "y": 2**31 - 1}),
    ("ints3", {"x": 1, "y": -2, "z": 3}),
    ("longs2", {"a": -(2**62), "b": 2**62}),
    ("longs3", {"a": 1, "b": 2, "c": -3}),
    ("float1", {"x": 0.5}),
    ("floats2", {"x": 1.5, "y": -2.25}),
    ("floats3", {"x": 1.5, "y": -2.25, "z": 3.0}),
    ("floats4", {"x": 1.5, "y": -2.25, "z": 3.0, "w": 1e10}),
    ("doubles2", {"x": 1.1, "y": -2.2}),
    ("doubles3", {"x": 1.1, "y": -2.2, "z": 3.3}),
    ("double_long", {"d": 1.25, "n": -7}),
    ("long_double_", {"n": -7, "d": 1.25}),
    ("int_float", {"n": -7, "f": 1.25}),
    ("mixed16", {"f": 0.5, "n": -9, "d": 1e300}),
    ("pointer_int", {"n": 12}),
]


@pytest.mark.parametrize(("name", "fields"), VALUES, ids=[name for name, _ in VALUES])
def test_flat_structs_round_trip(ffi: Any, lib: Any, name: str, fields: dict[str, Any]) -> None:
    struct = ffi.new(f"{name} *", fields)
    function = getattr(lib, f"same_{name}")
    result = function(struct[0])
    expected = {field: getattr(struct, field) for field in fields}
    assert {field: getattr(result, field) for field in fields} == expected
    assert ffi.typeof(result) is ffi.typeof(name)
    for member in fields:
        setattr(result, member, getattr(ffi.new(f"{name} *"), member))  # the result is a copy
    assert {field: getattr(struct, field) for field in fields} == expected


def test_arrays_in_structs_round_trip(ffi: Any, lib: Any) -> None:
    for size in (16, 17):
        text = bytes(range(1, size + 1))
        result = getattr(lib, f"same_chars{size}")(ffi.new(f"chars{size} *", {"text": text})[0])
        assert ffi.buffer(result.text)[:] == text
    result = lib.same_array_float(ffi.new("array_float *", {"items": [1, -2, 3], "f": 0.5})[0])
    assert list(result.items) == [1, -2, 3]
    assert result.f == 0.5
    data = bytes(n % 256 for n in range(300))
    result = lib.same_large(ffi.new("large *", {"big": data})[0])
    assert ffi.buffer(result.big)[:] == data


def test_nested_structs_round_trip(ffi: Any, lib: Any) -> None:
    result = lib.same_nested(ffi.new("nested *", {"a": {"x": 1, "y": 2}, "b": {"x": 3.5, "y": -4.5}})[0])
    assert (result.a.x, result.a.y, result.b.x, result.b.y) == (1, 2, 3.5, -4.5)
    result = lib.same_nested_array(ffi.new("nested_array *", {"a": [(1, 1.5), (2, 2.5)]})[0])
    assert [(item.n, item.f) for item in result.a] == [(1, 1.5), (2, 2.5)]
    result = lib.same_anonymous(ffi.new("anonymous *", {"inner": (-1, 2), "n": 3})[0])
    assert (result.inner.a, result.inner.b, result.n) == (-1, 2, 3)


def test_a_struct_that_contains_a_union_in_api_and_abi_mode(ffi: Any, lib: Any, mode: str) -> None:
    given = ffi.new("tagged *", {"kind": 2, "u": {"d": 2.5}})
    try:
        result = lib.same_tagged(given[0])
    except (TypeError, NotImplementedError):
        assert mode != "api"  # libffi has no unions: a clear refusal is right too
        return
    assert (result.kind, result.u.d) == (2, 2.5)


def test_pointers_in_structs_survive(ffi: Any, lib: Any) -> None:
    target = ffi.new("int *", 5)
    result = lib.same_pointer_int(ffi.new("pointer_int *", {"p": target, "n": 1})[0])
    assert ffi.cast("int *", result.p)[0] == 5


def test_structs_among_many_arguments(ffi: Any, lib: Any) -> None:
    s = ffi.new("longs2 *", (1, 2))[0]
    t = ffi.new("double_long *", (3, 4))[0]
    assert lib.crowded(1, 1, 1, 1, 1, s, 0.5, t, 2) == 5 + 10 + 200 + 0.5 + 3000 + 40000 + 0.5
    s = ffi.new("doubles2 *", (1, 2))[0]
    t = ffi.new("floats2 *", (3, 4))[0]
    assert lib.crowded_floats(1, 1, 1, 1, 1, 1, 1, s, 2, t) == 7 + 10 + 200 + 2000 + 30000 + 400000
    a, b = ffi.new("longs3 *", (1, 2, 3))[0], ffi.new("longs3 *", (10, 20, 30))[0]
    result = lib.shifted(100, a, b)
    assert (result.a, result.b, result.c) == (101, 120, 133)


def test_callee_gets_a_copy(ffi: Any, lib: Any) -> None:
    given, seen = ffi.new("doubles2 *", (1.5, 2.5)), ffi.new("doubles2 *")
    result = lib.swap(given[0], seen)
    assert (result.x, result.y) == (2.5, 1.5)
    assert (seen.x, seen.y) == (1.5, 2.5)
    assert (given.x, given.y) == (1.5, 2.5)


def test_structs_from_tuples_lists_and_dicts(lib: Any) -> None:
    assert lib.eat((b"\x01",), [2, b"\x03"], {"x": 4, "y": 6, "z": 5}) == 21
    result = lib.same_ints2((7, 8))
    assert (result.x, result.y) == (7, 8)
    with pytest.raises(OverflowError):
        lib.same_ints2((1, 1 << 31))
    with pytest.raises(ValueError):
        lib.same_ints2((1, 2, 3))
    with pytest.raises(KeyError):
        lib.same_ints2({"nope": 1})


@ours_only("CFFI leaves what is not named uninitialised")
def test_fields_that_are_not_given_are_zero(lib: Any) -> None:
    for n in range(50):
        assert lib.eat((b"\x01",), [2], {"x": 4, "z": n}) == 7 + n
        result = lib.same_longs3((n,))
        assert (result.a, result.b, result.c) == (n, 0, 0)
        result = lib.same_ints2({"y": n})
        assert (result.x, result.y) == (0, n)


def test_wrong_values_for_structs_are_refused(ffi: Any, lib: Any) -> None:
    for value in (5, "text", b"bytes", None, ffi.NULL, ffi.new("ints2 *"), ffi.new("ints3 *")[0]):
        with pytest.raises(TypeError, match="ints2"):
            lib.same_ints2(value)


def test_result_structs_own_their_memory(ffi: Any, lib: Any) -> None:
    results = [lib.same_ints3((n, n + 1, n + 2)) for n in range(200)]
    assert [result.z for result in results] == list(range(2, 202))
    pointer = ffi.addressof(results[7])
    assert pointer.x == 7
    assert repr(results[0]).startswith("<cdata 'ints3' owning 12 bytes")


def test_function_pointers_take_and_return_structs(ffi: Any, lib: Any) -> None:
    assert lib.area_function()((2.5, 4.0)) == 10.0
    result = lib.maker()(3, 4)
    assert (result.x, result.y) == (3, 4)


def test_callbacks_take_and_return_structs(ffi: Any, lib: Any) -> None:
    @ffi.callback("longs3(ints2, doubles2)")
    def combine(a: Any, b: Any) -> tuple[int, int, int]:
        return (a.x, a.y, int(b.x + b.y))

    result = combine((1, 2), (3.5, 4.5))
    assert (result.a, result.b, result.c) == (1, 2, 8)


@ours_only("CFFI refuses unions by value in ABI mode")
def test_structs_with_unions_by_value_in_every_mode(ffi: Any, lib: Any) -> None:
    result = lib.same_tagged(ffi.new("tagged *", {"kind": 2, "u": {"d": 2.5}})[0])
    assert (result.kind, result.u.d) == (2, 2.5)


UNIONS = [
    "int_or_float",
    "eight",
    "float_union",
    "mixed_union",
    "union_and_float",
    "doubles_union",
    "long_union",
    "text_union",
    "bits",
]


@ours_only("CFFI refuses unions and bit-fields by value in ABI mode")
@pytest.mark.parametrize("name", UNIONS)
def test_unions_round_trip_in_every_mode(ffi: Any, lib: Any, name: str) -> None:
    given = ffi.new(f"{name} *")
    size = ffi.sizeof(name)
    ffi.buffer(given)[:] = bytes(range(1, size + 1))
    wanted = bytes(ffi.buffer(given))
    result = getattr(lib, f"same_{name}")(given[0])
    assert bytes(ffi.buffer(ffi.addressof(result))) == wanted


@ours_only("CFFI refuses unions and bit-fields by value in ABI mode")
def test_unions_among_many_arguments(ffi: Any, lib: Any) -> None:
    arguments = [
        ffi.new("float_union *", {"three": [0, 0, 4]}),
        ffi.new("text_union *", {"n": 8}),
        ffi.new("doubles_union *", {"d": [0, 0, 0, 16]}),
        ffi.new("long_union *", {"n": [0, 0, 32]}),
        ffi.new("mixed_union *", {"d": 64}),
        ffi.new("eight *", {"n": 128}),
        ffi.new("bits *", {"a": 1, "b": 255, "c": 256}),
        ffi.new("union_and_float *", {"u": {"f": 512}, "f": 1024}),
    ]
    assert (
        lib.crowded_unions(1, 2, *(argument[0] for argument in arguments))
        == 3 + 4 + 8 + 16 + 32 + 64 + 128 + 512 + 1536
    )
