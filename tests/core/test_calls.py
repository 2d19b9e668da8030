"""Calls: where arguments go, what may be passed, what is refused."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from ffi_harness import ours_only

ORDERS = ["".join(order) for order in itertools.product("idf", repeat=3)]
LONG_ORDERS = [
    "idfqhb" * 3,
    "d" * 12,
    "f" * 12,
    "q" * 12,
    "i" * 7 + "d" * 9 + "hbqf",
    "bbbbbbbbbb",
    "dididididididididi",
    "H" * 15,
]
C_TYPES = {
    "b": "signed char",
    "h": "short",
    "H": "unsigned short",
    "i": "int",
    "q": "long long",
    "f": "float",
    "d": "double",
}


def declare(order: str) -> str:
    parameters = ", ".join(f"{C_TYPES[c]} a{n}" for n, c in enumerate(order))
    return f"double mix_{order}({parameters})"


def define(order: str) -> str:
    total = " + ".join(f"{n + 1} * (double)a{n}" for n in range(len(order)))
    return f"{declare(order)} {{ return {total}; }}\n"


CDEF = (
    "".join(f"{declare(order)};\n" for order in ORDERS + LONG_ORDERS)
    + """
void nothing(void);
int calls(void);
int answer(void);
int add(int, int);
int first(int *);
int sum(int *, int);
int sum_pairs(int (*)[2], int);
double sum_doubles(double *, int);
size_t length(char *);
size_t length_const(const char *);
size_t length_unsigned(unsigned char *);
void upper(char *);
int byte_of(void *, int);
char *find(char *, char);
void *same_pointer(void *);
int is_null(void *);
char *null_string(void);
int *null_int(void);
char **words(void);
int count_words(char **);
typedef struct { int x; double y; } point;
double point_sum(point *);
void point_move(point *, double);
point *point_origin(void);
int point_is_null(point *);
double points_sum(point *, int);
typedef int (*binary)(int, int);
binary pick(int);
int apply(binary, int, int);
int apply_twice(int (*)(int), int);
int negate(int);
typedef struct hidden hidden;
hidden *hidden_open(int);
int hidden_value(hidden *);
void hidden_close(hidden *);
int set_ints(int *, int, int);
int sum_flags(_Bool *, int);
"""
)
SOURCE = (
    "".join(define(order) for order in ORDERS + LONG_ORDERS)
    + r"""
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
static int call_count;
void nothing(void) { call_count++; }
int calls(void) { return call_count; }
int answer(void) { return 42; }
int add(int a, int b) { return a + b; }
int first(int *p) { return *p; }
int sum(int *p, int n) { int s = 0; while (n-- > 0) s += *p++; return s; }
int sum_pairs(int (*p)[2], int n) { int s = 0; while (n-- > 0) { s += p[n][0] * 10 + p[n][1]; } return s; }
double sum_doubles(double *p, int n) { double s = 0; while (n-- > 0) s += *p++; return s; }
size_t length(char *s) { return strlen(s); }
size_t length_const(const char *s) { return strlen(s); }
size_t length_unsigned(unsigned char *s) { return strlen((char *)s); }
void upper(char *s) { for (; *s; s++) *s = (char)toupper((unsigned char)*s); }
int byte_of(void *p, int n) { return ((unsigned char *)p)[n]; }
char *find(char *s, char c) { return strchr(s, c); }
void *same_pointer(void *p) { return p; }
int is_null(void *p) { return p == 0; }
char *null_string(void) { return 0; }
int *null_int(void) { return 0; }
static char *word_list[] = {"one", "two", "three", 0};
char **words(void) { return word_list; }
int count_words(char **w) { int n = 0; while (w[n]) n++; return n; }
typedef struct { int x; double y; } point;
double point_sum(point *p) { return p->x + p->y; }
void point_move(point *p, double by) { p->x += 1; p->y += by; }
static point origin;
point *point_origin(void) { return &origin; }
int point_is_null(point *p) { return p == 0; }
double points_sum(point *p, int n) { double s = 0; while (n-- > 0) s += point_sum(p++); return s; }
typedef int (*binary)(int, int);
static int subtract(int a, int b) { return a - b; }
binary pick(int which) { return which == 0 ? add : which == 1 ? subtract : 0; }
int apply(binary f, int a, int b) { return f ? f(a, b) : -999; }
int apply_twice(int (*f)(int), int x) { return f(f(x)); }
int negate(int x) { return -x; }
typedef struct hidden { int value; } hidden;
hidden *hidden_open(int v) { hidden *h = malloc(sizeof *h); if (h) h->value = v; return h; }
int hidden_value(hidden *h) { return h->value; }
void hidden_close(hidden *h) { free(h); }
int set_ints(int *p, int n, int v) { for (int i = 0; i < n; i++) p[i] = v; return n; }
int sum_flags(_Bool *p, int n) { int s = 0; while (n-- > 0) s += *p++; return s; }
"""
)


@pytest.mark.parametrize("order", ORDERS + LONG_ORDERS)
def test_every_argument_arrives_in_its_place(lib: Any, order: str) -> None:
    source = random.Random(order)
    function = getattr(lib, f"mix_{order}")
    for _ in range(3):
        values: list[Any] = [
            source.randint(-4000, 4000) / 8 if kind in "fd" else source.randint(0 if kind == "H" else -100, 100)
            for kind in order
        ]
        assert function(*values) == sum((n + 1) * value for n, value in enumerate(values))


def test_void_functions_return_none(lib: Any) -> None:
    before = lib.calls()
    assert lib.nothing() is None
    assert lib.calls() == before + 1


def test_wrong_argument_counts_raise_and_do_not_call(lib: Any) -> None:
    before = lib.calls()
    with pytest.raises(TypeError, match="1"):
        lib.nothing(1)
    assert lib.calls() == before
    for args in ((), (1,), (1, 2, 3)):
        with pytest.raises(TypeError, match=rf"2.*{len(args)}"):
            lib.add(*args)
    with pytest.raises(TypeError):
        lib.first()
    with pytest.raises(TypeError):
        lib.answer(None)


def test_keyword_arguments_are_refused(lib: Any) -> None:
    with pytest.raises(TypeError, match="keyword"):
        lib.add(1, b=2)
    with pytest.raises(TypeError, match="keyword"):
        lib.answer(x=2)


def test_call_with_unpacked_arguments(lib: Any) -> None:
    assert lib.add(*[20, 22]) == 42
    assert lib.add(*(20, 22)) == 42
    assert list(map(lib.negate, [1, 2])) == [-1, -2]


def test_bytes_are_passed_as_strings(ffi: Any, lib: Any) -> None:
    for function in (lib.length, lib.length_const, lib.length_unsigned):
        assert function(b"hello") == 5
        assert function(b"") == 0
        assert function(b"cut\0off") == 3
        assert function(ffi.new("char[]", b"hello") if function is not lib.length_unsigned else b"hello") == 5


def test_str_for_char_pointer_names_both_types(lib: Any) -> None:
    for function in (lib.length, lib.length_const):
        with pytest.raises(TypeError, match=r"(?s)char.*\bstr\b|\bstr\b.*char"):
            function("hello")


def test_none_is_an_error_and_null_is_null(ffi: Any, lib: Any) -> None:
    for function in (lib.length, lib.is_null, lib.point_is_null, lib.first):
        with pytest.raises(TypeError, match="None"):
            function(None)
    assert lib.is_null(ffi.NULL) == 1
    assert lib.point_is_null(ffi.NULL) == 1
    assert lib.is_null(ffi.new("int *")) == 0
    with pytest.raises(TypeError):
        lib.is_null(0)


def test_null_results(ffi: Any, lib: Any) -> None:
    for result in (lib.null_string(), lib.null_int(), lib.same_pointer(ffi.NULL), lib.pick(2)):
        assert result == ffi.NULL
        assert not result
    assert ffi.typeof(lib.null_int()) is ffi.typeof("int *")


def test_lists_and_tuples_are_passed_as_arrays(lib: Any) -> None:
    assert lib.sum([1, 2, 3], 3) == 6
    assert lib.sum((4, 5), 2) == 9
    assert lib.sum([], 0) == 0
    assert lib.sum_doubles([0.5, 1], 2) == 1.5
    assert lib.sum_flags([True, False, 1], 3) == 2
    assert lib.sum(list(range(10_000)), 10_000) == 49_995_000
    with pytest.raises(TypeError):
        lib.sum([1, "2"], 2)
    with pytest.raises(OverflowError):
        lib.sum([1, 1 << 31], 2)
    with pytest.raises(TypeError):
        lib.sum({1, 2}, 2)
    with pytest.raises(TypeError):
        lib.sum(5, 1)


def test_nested_lists_are_passed_as_arrays(lib: Any) -> None:
    assert lib.sum_pairs([[1, 2], (3, 4)], 2) == 46
    with pytest.raises(IndexError):
        lib.sum_pairs([[1, 2, 3]], 1)


def test_lists_of_char_pointers_need_cdata(ffi: Any, lib: Any) -> None:
    one, two = ffi.new("char[]", b"one"), ffi.new("char[]", b"two")
    assert lib.count_words([one, two, ffi.NULL]) == 2
    with pytest.raises(TypeError):
        lib.count_words([b"one", ffi.NULL])


def test_arrays_are_passed_by_address(ffi: Any, lib: Any) -> None:
    array = ffi.new("int[4]", [1, 2, 3, 4])
    assert lib.sum(array, 4) == 10
    assert lib.sum(array + 2, 2) == 7
    assert lib.sum(array[1:3], 2) == 5
    lib.set_ints(array, 3, 9)
    assert list(array) == [9, 9, 9, 4]
    pairs = ffi.new("int[3][2]", [[1, 2], [3, 4], [5, 6]])
    assert lib.sum_pairs(pairs, 3) == 12 + 34 + 56
    text = ffi.new("char[]", b"hello")
    lib.upper(text)
    assert ffi.string(text) == b"HELLO"


def test_other_pointer_types_are_refused(ffi: Any, lib: Any) -> None:
    with pytest.raises(TypeError, match=r"(?s)int.*double|double.*int"):
        lib.sum(ffi.new("double[2]"), 2)
    with pytest.raises(TypeError):
        lib.point_sum(ffi.new("int *"))
    with pytest.raises(TypeError):
        lib.length(ffi.new("int *"))
    with pytest.raises(TypeError):
        lib.sum(ffi.cast("int", 3), 1)
    numbers = ffi.new("unsigned int[2]", [1, 2])
    assert lib.sum(ffi.cast("int *", numbers), 2) == 3


def test_void_pointers_convert_both_ways(ffi: Any, lib: Any) -> None:
    array = ffi.new("int[2]", [5, 6])
    untyped = lib.same_pointer(array)
    assert ffi.typeof(untyped) is ffi.typeof("void *")
    assert untyped == array
    assert lib.sum(untyped, 2) == 11
    assert lib.byte_of(b"\x07\x08", 1) == 8
    assert lib.byte_of(ffi.from_buffer(bytearray(b"ab")), 0) == 97
    for value in (5, "text", 1.5):
        with pytest.raises(TypeError):
            lib.same_pointer(value)


def test_char_pointers_of_other_signs_are_refused_or_equal(ffi: Any, lib: Any) -> None:
    # CFFI lets all one-byte pointer types pass where `char *` is expected.
    assert lib.length(ffi.new("unsigned char[]", b"abc")) == 3
    assert lib.length_unsigned(ffi.new("char[]", b"abc")) == 3


def test_result_pointers_point_into_the_argument(ffi: Any, lib: Any) -> None:
    text = ffi.new("char[]", b"hello")
    found = lib.find(text, b"l")
    assert found - ffi.cast("char *", text) == 2
    assert ffi.string(found) == b"llo"
    assert lib.find(text, b"z") == ffi.NULL


def test_char_pointer_pointer_results(ffi: Any, lib: Any) -> None:
    words = lib.words()
    assert [ffi.string(words[n]) for n in range(3)] == [b"one", b"two", b"three"]
    assert words[3] == ffi.NULL
    assert lib.count_words(words) == 3


def test_struct_pointers(ffi: Any, lib: Any) -> None:
    point = ffi.new("point *", {"x": 1, "y": 2.5})
    assert lib.point_sum(point) == 3.5
    lib.point_move(point, 0.5)
    assert (point.x, point.y) == (2, 3.0)
    points = ffi.new("point[2]", [[1, 2], [3, 4]])
    assert lib.points_sum(points, 2) == 10
    origin = lib.point_origin()
    origin.x = 17
    assert lib.point_origin().x == 17
    assert lib.point_origin() == origin


def test_struct_pointers_from_a_list_of_structs(lib: Any) -> None:
    assert lib.point_sum([(1, 2.5)]) == 3.5
    assert lib.points_sum([{"x": 1}, (2, 0.5), [3]], 3) == 6.5


def test_a_struct_where_a_pointer_is_expected_is_refused(ffi: Any, lib: Any) -> None:
    point = ffi.new("point *", (1, 2))
    with pytest.raises(TypeError):
        lib.point_sum(point[0])
    assert lib.point_sum(ffi.addressof(point[0])) == 3


def test_function_pointers_as_results(ffi: Any, lib: Any) -> None:
    add, subtract = lib.pick(0), lib.pick(1)
    assert add(5, 3) == 8
    assert subtract(5, 3) == 2
    assert ffi.typeof(add) is ffi.typeof("binary") is ffi.typeof("int(*)(int, int)")
    with pytest.raises(TypeError):
        add(1)
    with pytest.raises(TypeError):
        add("1", 2)
    with pytest.raises(OverflowError):
        add(1 << 31, 2)
    with pytest.raises(TypeError, match="keyword"):
        add(1, b=2)


def test_function_pointers_as_arguments(ffi: Any, lib: Any) -> None:
    assert lib.apply(lib.pick(1), 5, 3) == 2
    assert lib.apply(ffi.addressof(lib, "add"), 5, 3) == 8
    assert lib.apply(lib.add, 5, 3) == 8
    assert lib.apply(ffi.NULL, 5, 3) == -999
    assert lib.apply_twice(lib.negate, 5) == 5
    with pytest.raises(TypeError):
        lib.apply(ffi.addressof(lib, "negate"), 5, 3)
    with pytest.raises(TypeError):
        lib.apply(None, 5, 3)
    with pytest.raises(TypeError):
        lib.apply(max, 5, 3)


def test_calling_a_null_function_pointer_raises(ffi: Any, lib: Any) -> None:
    with pytest.raises(RuntimeError, match="(?i)null"):
        lib.pick(2)(1, 2)
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.cast("void(*)(void)", 0)()


def test_opaque_pointers_pass_through(ffi: Any, lib: Any) -> None:
    hidden = lib.hidden_open(31)
    try:
        assert lib.hidden_value(hidden) == 31
        with pytest.raises(TypeError):
            lib.hidden_value(ffi.new("int *"))
        with pytest.raises((TypeError, ValueError, AttributeError)):
            hidden.value
    finally:
        lib.hidden_close(hidden)


@ours_only("CFFI lets an opaque pointer be indexed in some modes")
def test_opaque_pointers_cannot_be_read(lib: Any) -> None:
    hidden = lib.hidden_open(31)
    try:
        with pytest.raises((TypeError, ValueError)):
            hidden[0]
        with pytest.raises((TypeError, ValueError)):
            hidden + 1
    finally:
        lib.hidden_close(hidden)


def test_an_exception_in_a_conversion_leaves_the_function_usable(lib: Any) -> None:
    for _ in range(50):
        with pytest.raises(TypeError):
            lib.sum([1] * 2000 + [None], 2001)
        with pytest.raises(TypeError):
            lib.add(1, [])
    assert lib.sum([1] * 2000, 2000) == 2000


def test_functions_are_not_picklable_but_have_identity(ffi: Any, lib: Any) -> None:
    assert lib.add is lib.add or lib.add == lib.add
    assert callable(lib.add)
    assert hash(lib.add) == hash(lib.add)


@ours_only("CFFI's messages name neither the function nor the position")
def test_errors_name_the_function_and_the_argument(lib: Any) -> None:
    with pytest.raises(TypeError, match="add"):
        lib.add(1)
    with pytest.raises(TypeError, match=r"(?s)int.*str|str.*int"):
        lib.add(1, "2")
