"""Variadic functions."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import ours_only

CDEF = """
int sum_ints(int, ...);
double sum_doubles(int, ...);
int snprintf(char *, size_t, const char *, ...);
int sprintf(char *, const char *, ...);
int mixed(char *, ...);
typedef struct { int x, y; } pair;
int last_pair(int, ...);
int (*variadic_pointer(void))(int, ...);
"""
SOURCE = r"""
#include <stdarg.h>
#include <stdio.h>
/* A reference, so that the linker keeps libc among the libraries that are searched. */
int (*use_libc)(char *, size_t, const char *, ...) = snprintf;
int sum_ints(int n, ...) {
    va_list l; int s = 0; va_start(l, n); while (n-- > 0) s += va_arg(l, int); va_end(l); return s;
}
double sum_doubles(int n, ...) {
    va_list l; double s = 0; va_start(l, n); while (n-- > 0) s += va_arg(l, double); va_end(l); return s;
}
int mixed(char *format, ...) {
    va_list l; long s = 0; va_start(l, format);
    for (; *format; format++) {
        switch (*format) {
        case 'i': s += va_arg(l, int); break;
        case 'q': s += (long)va_arg(l, long long); break;
        case 'd': s += (long)va_arg(l, double); break;
        case 's': s += va_arg(l, char *)[0]; break;
        case 'p': s += *va_arg(l, int *); break;
        }
    }
    va_end(l); return (int)s;
}
typedef struct { int x, y; } pair;
int last_pair(int n, ...) {
    va_list l; pair p = {0, 0}; va_start(l, n); while (n-- > 0) p = va_arg(l, pair); va_end(l); return 10 * p.x + p.y;
}
int (*variadic_pointer(void))(int, ...) { return sum_ints; }
"""


def format_with(ffi: Any, lib: Any, text: bytes, *args: Any) -> bytes:
    buffer = ffi.new("char[200]")
    written = lib.snprintf(buffer, 200, text, *args)
    result: bytes = ffi.string(buffer)
    assert written == len(result)
    return result


def test_no_variadic_arguments(ffi: Any, lib: Any) -> None:
    assert lib.sum_ints(0) == 0
    assert format_with(ffi, lib, b"plain") == b"plain"


def test_integer_cdata(ffi: Any, lib: Any) -> None:
    assert format_with(ffi, lib, b"%d", ffi.cast("int", -42)) == b"-42"
    assert format_with(ffi, lib, b"%ld", ffi.cast("long", 1 << 40)) == str(1 << 40).encode()
    assert format_with(ffi, lib, b"%llu", ffi.cast("unsigned long long", -1)) == str(2**64 - 1).encode()
    assert format_with(ffi, lib, b"%c%c", ffi.cast("char", 65), ffi.cast("int", 66)) == b"AB"


def test_small_integers_are_promoted(ffi: Any, lib: Any) -> None:
    assert format_with(ffi, lib, b"%d %d", ffi.cast("signed char", -5), ffi.cast("short", -300)) == b"-5 -300"
    assert format_with(ffi, lib, b"%d", ffi.cast("unsigned char", 200)) == b"200"
    assert format_with(ffi, lib, b"%d", ffi.cast("_Bool", 1)) == b"1"


@ours_only("CFFI passes a float as it is, which no C compiler does")
def test_floats_are_promoted(ffi: Any, lib: Any) -> None:
    assert format_with(ffi, lib, b"%.2f %.2f", ffi.cast("double", 1.5), ffi.cast("float", 2.25)) == b"1.50 2.25"
    assert lib.sum_doubles(2, ffi.cast("float", 0.5), ffi.cast("float", 2)) == 2.5


def test_doubles(ffi: Any, lib: Any) -> None:
    assert lib.sum_doubles(3, *[ffi.cast("double", x) for x in (1, 2, 3.5)]) == 6.5


def test_many_arguments(ffi: Any, lib: Any) -> None:
    assert lib.sum_ints(30, *[ffi.cast("int", n) for n in range(30)]) == 435
    assert lib.sum_doubles(20, *[ffi.cast("double", n) for n in range(20)]) == 190


def test_strings_and_pointers(ffi: Any, lib: Any) -> None:
    name = ffi.new("char[]", b"world")
    assert format_with(ffi, lib, b"hello %s", name) == b"hello world"
    assert format_with(ffi, lib, b"%s-%s", ffi.new("char[3]", b"ab"), ffi.cast("char *", name)) == b"ab-world"
    number = ffi.new("int *", 7)
    assert lib.mixed(b"ip", ffi.cast("int", 1), number) == 8
    assert format_with(ffi, lib, b"%p", ffi.NULL) == format_with(ffi, lib, b"%p", ffi.cast("int *", 0))


def test_kinds_mix(ffi: Any, lib: Any) -> None:
    text = ffi.new("char[]", b"A")
    args = [ffi.cast("int", 1), ffi.cast("double", 2), ffi.cast("long long", 3), text]
    assert lib.mixed(b"idqs", *args) == 6 + 65
    assert lib.mixed(b"idqsidqsidqs", *(args * 3)) == 3 * 71


def test_structs(ffi: Any, lib: Any) -> None:
    pairs = ffi.new("pair[2]", [(1, 2), (3, 4)])
    assert lib.last_pair(2, pairs[0], pairs[1]) == 34


@pytest.mark.parametrize("value", [5, 1.5, "text", [1], 1 << 70])
def test_plain_python_values_have_no_c_type(lib: Any, value: Any) -> None:
    with pytest.raises(TypeError, match=r"(?s)variadic.*|cdata") as caught:
        lib.sum_ints(1, value)
    assert type(value).__name__ in str(caught.value)
    assert "2" in str(caught.value)


def test_none_is_refused_or_is_null(lib: Any) -> None:
    with pytest.raises(TypeError):
        lib.sum_ints(1, None)


def test_bytes_are_refused_or_passed_as_strings(ffi: Any, lib: Any) -> None:
    assert format_with(ffi, lib, b"%s!", ffi.from_buffer(b"bytes\0")) == b"bytes!"


def test_too_few_fixed_arguments(lib: Any) -> None:
    with pytest.raises(TypeError, match="at least (one|1) argument"):
        lib.sum_ints()


def test_fixed_arguments_are_converted(lib: Any) -> None:
    with pytest.raises(TypeError):
        lib.sum_ints("1")
    with pytest.raises(OverflowError):
        lib.sum_ints(1 << 31)


def test_pointers_to_variadic_functions(ffi: Any, lib: Any) -> None:
    function = lib.variadic_pointer()
    assert ffi.typeof(function).ellipsis is True
    assert function(2, ffi.cast("int", 30), ffi.cast("int", 12)) == 42
    assert ffi.addressof(lib, "sum_ints")(1, ffi.cast("int", 5)) == 5


@ours_only("CFFI's message does not name the function")
def test_the_error_says_what_to_write(lib: Any) -> None:
    with pytest.raises(TypeError, match="cast"):
        lib.sum_ints(1, 5)
