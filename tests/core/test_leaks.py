"""Hot operations leave nothing behind: no references, no memory."""

from __future__ import annotations

import functools
import gc
import resource
import sys
from typing import Any, Callable

import pytest

from ffi_harness import IS_ORACLE, new_ffi, parse_errors

TYPES = """
typedef struct { int x, y; } point;
typedef struct { point p; int items[3]; char *text; } holder;
enum color { RED, GREEN = 5 };
struct flexible { int n; int items[]; };
"""
CDEF = (
    TYPES
    + """
int add(int, int);
double scale(double, float);
size_t length(const char *);
int sum(int *, int);
point move(point, int);
holder *same(holder *);
int variadic(int, ...);
int call(int (*)(int), int);
extern int number;
extern char *text;
"""
)
SOURCE = (
    TYPES
    + """
#include <stdarg.h>
#include <string.h>
int add(int a, int b) { return a + b; }
double scale(double a, float b) { return a * b; }
size_t length(const char *s) { return strlen(s); }
int sum(int *p, int n) { int s = 0; while (n-- > 0) s += *p++; return s; }
point move(point p, int by) { p.x += by; return p; }
holder *same(holder *h) { return h; }
int variadic(int n, ...) { va_list l; va_start(l, n); int x = va_arg(l, int); va_end(l); return x; }
int call(int (*f)(int), int x) { return f(x); }
int number = 5;
char *text = "text";
"""
)


@functools.cache
def rejections() -> tuple[type[BaseException], ...]:
    return (
        TypeError,
        ValueError,
        LookupError,
        ArithmeticError,
        AttributeError,
        RuntimeError,
        *parse_errors(new_ffi()),
    )


Operation = Callable[[Any, Any], Any]


def raises(*operations: Callable[[], Any], more: tuple[type[BaseException], ...] = ()) -> None:
    for operation in operations:
        with pytest.raises((*rejections(), *more)):
            operation()


def released(ffi: Any) -> None:
    with ffi.gc(ffi.new("int *"), lambda p: None):
        pass
    ffi.release(ffi.new("int[100]"))


def write_variable(lib: Any) -> int:
    lib.number = 5
    return 5


def use_callback(ffi: Any, lib: Any) -> None:
    lib.call(ffi.callback("int(int)", lambda x: x + 1), 5)


def open_and_close(ffi: Any, lib: Any) -> None:
    buffer = ffi.from_buffer(bytearray(10))
    ffi.memmove(buffer, b"1234567890", 10)
    ffi.buffer(buffer)[0:3]


OPERATIONS: dict[str, Operation] = {
    "call": lambda ffi, lib: lib.add(1000, 2000),
    "call with floats": lambda ffi, lib: lib.scale(1.5, 2.5),
    "call with bytes": lambda ffi, lib: lib.length(b"some bytes" + b"!"),
    "call with a list": lambda ffi, lib: lib.sum([1, 2, 3000], 3),
    "call with a struct": lambda ffi, lib: lib.move((1, 2), 3),
    "call with a pointer": lambda ffi, lib: lib.same(ffi.new("holder *")),
    "call through a pointer": lambda ffi, lib: ffi.addressof(lib, "add")(1, 2),
    "variadic call": lambda ffi, lib: lib.variadic(1, ffi.cast("int", 70000)),
    "failing calls": lambda ffi, lib: raises(
        lambda: lib.add(1),
        lambda: lib.add("1", 2),
        lambda: lib.add(1 << 40, 2),
        lambda: lib.sum([1, "2"], 2),
        lambda: lib.move((1, 2, 3), 4),
        lambda: lib.length("text"),
        lambda: lib.variadic(1, 2),
    ),
    "callback": use_callback,
    "new": lambda ffi, lib: (
        ffi.new("int *", 5),
        ffi.new("int[10]", [1, 2]),
        ffi.new("char[]", b"text"),
        ffi.new("point *", {"x": 1}),
    ),
    "new flexible": lambda ffi, lib: ffi.new("struct flexible *", [3, [1, 2, 3]]).items[2],
    "failing new": lambda ffi, lib: raises(
        lambda: ffi.new("int *", "x"),
        lambda: ffi.new("int[2]", [1, 2, 3]),
        lambda: ffi.new("point *", {"z": 1}),
        lambda: ffi.new("int[]", -1),
        lambda: ffi.new("point[2]", [(1, 2), 5]),
    ),
    "fields": lambda ffi, lib: setattr(ffi.new("holder *").p, "x", 5),
    "nested": lambda ffi, lib: ffi.new("holder *", {"p": (1, 2), "items": [1, 2]}).items[1],
    "items": lambda ffi, lib: list(ffi.new("int[5]", [1, 2, 3, 4, 5])),
    "slices": lambda ffi, lib: ffi.new("int[5]")[1:3],
    "iteration": lambda ffi, lib: [point.x for point in ffi.new("point[3]")],
    "failing access": lambda ffi, lib: raises(
        lambda: ffi.new("int[2]")[2],
        lambda: ffi.new("int *")[1],
        lambda: ffi.new("point *").z,
        lambda: ffi.cast("int *", 0)[0],
        lambda: setattr(ffi.new("point *"), "x", "1"),
    ),
    "cast": lambda ffi, lib: (
        ffi.cast("int", 70000),
        ffi.cast("void *", ffi.new("int *")),
        int(ffi.cast("uintptr_t", ffi.NULL)),
    ),
    "arithmetic": lambda ffi, lib: (ffi.new("int[3]") + 1) - 1 == ffi.NULL,
    "string": lambda ffi, lib: ffi.string(ffi.new("char[]", b"text")),
    "wide string": lambda ffi, lib: ffi.string(ffi.new("wchar_t[]", "text \u20ac")),
    "unpack": lambda ffi, lib: ffi.unpack(ffi.new("int[]", [1, 2000]), 2),
    "buffers": open_and_close,
    "handles": lambda ffi, lib: ffi.from_handle(ffi.new_handle([1, 2])),
    "gc": lambda ffi, lib: ffi.gc(ffi.new("int *"), lambda p: None),
    "release": lambda ffi, lib: released(ffi),
    "types": lambda ffi, lib: (
        ffi.typeof("int[7]"),
        ffi.sizeof("point"),
        ffi.offsetof("point", "y"),
        ffi.typeof("point").fields,
    ),
    "bad types": lambda ffi, lib: raises(
        lambda: ffi.typeof("nope nope"), lambda: ffi.typeof("int["), more=parse_errors(ffi)
    ),
    "type attributes": lambda ffi, lib: (
        ffi.typeof("int(*)(int)").args,
        ffi.typeof("enum color").elements,
        ffi.typeof("int *").item,
    ),
    "variables": lambda ffi, lib: (lib.number, write_variable(lib), lib.text),
    "repr": lambda ffi, lib: (repr(ffi.new("int *")), repr(ffi.cast("enum color", 5)), repr(ffi.typeof("point"))),
    "hash and comparison": lambda ffi, lib: (
        hash(ffi.new("int *")),
        ffi.new("int *") == ffi.NULL,
        ffi.cast("int", 5) == 5,
    ),
    "errors of lib": lambda ffi, lib: raises(lambda: lib.nope, lambda: setattr(lib, "nope", 1)),
    "dir": lambda ffi, lib: (dir(lib), dir(ffi.new("point *")), dir(ffi.typeof("int *"))),
    "addresses": lambda ffi, lib: (ffi.addressof(ffi.new("holder *"), "p", "y"), ffi.addressof(ffi.new("int[3]"), 1)),
    "long double": lambda ffi, lib: float(ffi.cast("long double", 1.5)),
}
WITHIN = 2_000


def blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_objects_are_left(ffi: Any, lib: Any, name: str) -> None:
    operation = OPERATIONS[name]
    if not hasattr(sys, "getallocatedblocks"):
        pytest.skip("this interpreter does not count its blocks")
    for _ in range(20):
        operation(ffi, lib)
    rounds = 300
    grown = []
    for _ in range(3):  # a leak grows in each round; caches that fill do not
        before = blocks()
        for _ in range(rounds):
            operation(ffi, lib)
        grown.append(blocks() - before)
        if grown[-1] < rounds // 4:
            return
    raise AssertionError(f"{grown} blocks more after {rounds} times")


@pytest.mark.parametrize("name", ["failing calls", "failing new", "call with a list", "types", "callback", "handles"])
def test_reference_counts_of_shared_objects_stay(ffi: Any, lib: Any, name: str) -> None:
    shared = [ffi.typeof("int *"), ffi.typeof("int"), ffi.typeof("point"), ffi, lib, ffi.NULL, None]
    operation = OPERATIONS[name]
    operation(ffi, lib)
    gc.collect()
    before = [sys.getrefcount(item) for item in shared]
    for _ in range(500):
        operation(ffi, lib)
    gc.collect()
    after = [sys.getrefcount(item) for item in shared]
    assert all(b - a < 100 for a, b in zip(before, after)), (before, after)


def test_arguments_are_released(ffi: Any, lib: Any) -> None:
    text, numbers, point = b"some text " * 3, [1000, 2000, 3000], ffi.new("point *")
    whole = point[0]
    counts = [sys.getrefcount(item) for item in (text, numbers, point, whole)]
    for _ in range(1000):
        lib.length(text)
        lib.sum(numbers, 3)
        lib.move(whole, 1)
        ffi.new("char[]", text)
        ffi.new("int[]", numbers)
        ffi.cast("void *", point)
    assert [sys.getrefcount(item) for item in (text, numbers, point, whole)] == counts


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux")
def test_memory_does_not_grow(ffi: Any, lib: Any) -> None:
    def work() -> None:
        for _ in range(300):
            ffi.new("char[]", 100_000)
            lib.sum([1] * 5000, 5000)
            ffi.gc(ffi.new("int[10000]"), lambda p: None)
            ffi.release(ffi.new("int[10000]"))
            ffi.unpack(ffi.new("int[5000]"), 5000)
            ffi.from_buffer(bytearray(100_000))

    work()
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    gc.collect()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_callbacks_are_freed(ffi: Any) -> None:
    def work(rounds: int) -> None:
        for _ in range(rounds):
            ffi.callback("int(int)", lambda x: x)

    work(2000)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(5000)
    gc.collect()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000


@pytest.mark.skipif(IS_ORACLE, reason="CFFI allocates outside of what tracemalloc sees")
def test_owned_memory_is_traced(ffi: Any) -> None:
    import tracemalloc  # PyPy has none

    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        keep = ffi.new("char[]", 1_000_000)
        assert tracemalloc.get_traced_memory()[0] - before >= 1_000_000
        del keep
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()
