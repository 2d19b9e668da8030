"""Do everything once with the first allocation failing, once with the second, and so on.  A test runs this as a program of its own.

Arguments: the mode, and the folder of the builds.  Prints what went wrong, and "done" at the end.
"""

from __future__ import annotations

import copy
import gc
import importlib
import sys
from pathlib import Path
from typing import Any, Callable, Final, Optional

from ffi_harness import API, Builder, Built, new_ffi

_testcapi = importlib.import_module("_testcapi")  # not everywhere

TYPES: Final = """
typedef struct { int x, y; } point;
typedef struct { point at; double d; char name[8]; int *q; int items[3]; unsigned b : 3; point points[2]; } holder;
typedef struct { int n; int items[]; } flexible;
enum color { RED, GREEN = 5 };
typedef int (*compare)(const void *, const void *);
"""
CDEF: Final = (
    TYPES
    + """
int negate(int);
double scale(double, float);
size_t length(const char *);
point move(point, int);
int many(int, const char *, double, point *, unsigned long long, int *, int, int);
int variadic(int, ...);
int call(compare, int *);
extern int number;
extern point origin;
"""
)
SOURCE: Final = (
    TYPES
    + """
#include <stdarg.h>
#include <string.h>
int negate(int x) { return -x; }
double scale(double a, float b) { return a * b; }
size_t length(const char *s) { return strlen(s); }
point move(point p, int by) { p.x += by; return p; }
int many(int a, const char *b, double c, point *d, unsigned long long e, int *f, int g, int h) { return a + g + h; }
int variadic(int n, ...) { va_list l; va_start(l, n); int x = va_arg(l, int); va_end(l); return x; }
int call(compare f, int *p) { return f(p, p + 1); }
int number = 5;
point origin;
"""
)
MOST_ALLOCATIONS: Final = 400
# What CPython itself raises where it finds no memory for a traceback, a lock or the text of an exception.
OF_CPYTHON: Final = (
    "without exception set",
    "without setting an exception",
    "can't allocate lock",
    "missing 1 required positional argument",
)
# Where so many allocations in a row can fail without any effect, none is left.
ENOUGH: Final = 40

Operation = Callable[[], Any]


class Numbered:
    """Makes type expressions that nobody has asked for yet."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, pattern: str) -> str:
        self._count += 1
        return pattern % self._count


def operations(built: Built) -> dict[str, Operation]:
    """Everything that takes memory."""
    ffi, lib = built.ffi, built.lib
    new_text = Numbered()
    holder = ffi.new("holder *")
    array = ffi.new("int[10]")
    text = ffi.new("char[]", b"hello")
    # Python functions are made here: where this fails, some CPythons (3.13.0) free their code.
    allocate = lambda size: ffi.new("char[]", size)  # noqa: E731 - short, as the operations below
    ignore = lambda *arguments: None  # noqa: E731 - as above
    zero = lambda *arguments: 0  # noqa: E731 - as above
    compare = ffi.callback("compare", zero)
    on_struct = ffi.callback("point(point, char *, double)", lambda p, text, number: p)
    read = ffi.tuple_reader("holder", fields=("name", "d"), encoding="utf-8")
    return {
        "new": lambda: ffi.new("holder *", {"at": (1, 2), "d": 2, "items": [1, 2], "name": b"abc"}),
        "new with a new type": lambda: ffi.new(new_text("holder[%d]")),
        "new with a flexible array": lambda: ffi.new("flexible *", [3, [1, 2, 3]]),
        "new_allocator": lambda: ffi.new_allocator(allocate)("int[3]"),
        "cast": lambda: (ffi.cast("int", 1000), ffi.cast("void *", holder), ffi.cast("enum color", 5)),
        "cast to large numbers": lambda: (int(ffi.cast("__int128", -1)), ffi.cast("long double", 1.5)),
        "cast to complex": lambda: complex(ffi.cast("double _Complex", 1.5)),
        "read fields": lambda: (holder.at, holder.items, holder.points[1].x, holder.q, holder.d, holder.name),
        "write fields": lambda: setattr(holder, "at", {"x": 1}),
        "no such field": lambda: holder.nothing,
        "read items": lambda: (array[3], array[1:3], list(array), list(array[0:2])),
        "write items": lambda: array.__setitem__(slice(0, 3), [1, 2, 1000]),
        "no such item": lambda: array[100],
        "arithmetic": lambda: (array + 1, array + 2 - array, array == holder, hash(array), bool(array)),
        "unpack": lambda: (ffi.unpack(array, 5), ffi.string(text), ffi.string(ffi.cast("enum color", 5))),
        "buffer": lambda: (ffi.buffer(array)[:], ffi.buffer(array, 8)[1], ffi.buffer(holder)),
        "memoryview": lambda: (memoryview(array).tolist(), memoryview(holder.points).format),
        "from_buffer": lambda: ffi.from_buffer("int[]", bytearray(8))[1],
        "memmove": lambda: ffi.memmove(array, b"abcd", 4),
        "handle": lambda: ffi.from_handle(ffi.new_handle([1])),
        "gc": lambda: ffi.gc(ffi.new("int *"), ignore),
        "release": lambda: ffi.release(ffi.gc(ffi.new("int *"), ignore)),
        "copy": lambda: copy.copy(holder.at),
        "repr": lambda: (repr(holder), repr(array), repr(lib), repr(compare), repr(ffi.typeof("holder *"))),
        "tuple_reader": lambda: (read(holder), ffi.tuple_reader("holder", fields=("name", "d"))(holder)),
        "call": lambda: lib.negate(-1000),
        "call with floats": lambda: lib.scale(2, 3.5),
        "call with bytes": lambda: lib.length(b"abc"),
        "call with a list": lambda: lib.call(compare, [1, 2, 3]),
        "call with a struct": lambda: lib.move((1, 2), 3),
        "call with many arguments": lambda: lib.many(1, b"text", 2.5, [(1, 2)], 2**63, [1, 2], 3, 4),
        "call with more": lambda: lib.variadic(1, ffi.cast("int", 1000)),
        "call with a wrong argument": lambda: lib.negate("x"),
        "call with a large argument": lambda: lib.negate(1 << 50),
        "call with too few": lambda: lib.many(1),
        "call back": lambda: lib.call(compare, array),
        "call back with a struct": lambda: on_struct((7, 3), b"abc", 1.5),
        "callback": lambda: ffi.callback("int(int)", zero),
        "callback of a new type": lambda: ffi.callback(new_text("int(*)(int, char(*)[%d])"), zero),
        "typeof": lambda: ffi.typeof(new_text("int(*)(holder *, double[%d])")),
        "typeof nothing": lambda: ffi.typeof(new_text("nothing%d *")),
        "type": lambda: (ffi.typeof("holder").fields, ffi.typeof("enum color").elements, ffi.typeof("compare").args),
        "getctype": lambda: ffi.getctype("int[3]", "*x"),
        "sizeof": lambda: (ffi.sizeof(new_text("int[%d]")), ffi.alignof("holder"), ffi.offsetof("holder", "items", 1)),
        "addressof": lambda: (ffi.addressof(holder, "items", 1), ffi.addressof(lib, "number")),
        "addressof a function": lambda: ffi.addressof(lib, "negate"),
        "variable": lambda: (lib.number, lib.origin.x, lib.__setattr__("number", 1000)),
        "constant": lambda: (lib.GREEN, ffi.integer_const("GREEN")),
        "nothing in lib": lambda: lib.nothing,
        "function": lambda: (lib.negate.__doc__, lib.negate.__name__, repr(lib.negate)),
        "dir": lambda: (dir(lib), dir(holder), ffi.list_types()),
        "init_once": lambda: ffi.init_once(zero, new_text("%d")),
        "errno": lambda: ffi.errno,
        "FFI": new_ffi,
        "library": lambda: built.ffi.dlopen(str(built.path)).negate(1) if built.mode != API else None,
        "no library": lambda: ffi.dlopen("libnothing.so") if built.mode != API else None,
    }


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def attempt(operation: Operation) -> Optional[BaseException]:
    try:
        operation()
    except Exception as error:  # noqa: BLE001 - which one it is, is what is looked at
        return error
    return None


def attempt_without(operation: Operation, allocation: int) -> Optional[BaseException]:
    """Let one allocation fail, counted from the start of the operation."""
    _testcapi.set_nomemory(allocation, allocation + 1)
    try:
        return attempt(operation)
    except SystemError as error:  # from the call of attempt() itself
        return error
    finally:
        _testcapi.remove_mem_hooks()


def check(name: str, operation: Operation) -> None:
    """Let each of the allocations of an operation fail."""
    usual = type(attempt(operation))
    attempt(operation)
    gc.collect()
    without_effect = 0
    for allocation in range(MOST_ALLOCATIONS):
        sys.stderr.write(f"{name} {allocation}\n")  # read where the interpreter dies
        error = attempt_without(operation, allocation)
        if isinstance(error, MemoryError):
            without_effect = 0
            continue
        without_effect += 1
        if type(error) is not usual and not any(words in str(error) for words in OF_CPYTHON):
            say(f"{name}: without allocation {allocation}: {error!r}")
        if without_effect > ENOUGH:
            break
    after = attempt(operation)
    if type(after) is not usual:
        say(f"{name}: afterwards: {after!r}")


def main(mode: str, cache: str) -> None:
    sys.unraisablehook = lambda unraisable: None
    built = Builder(Path(cache)).build(mode, CDEF, SOURCE)
    for name, operation in operations(built).items():
        check(name, operation)
    say("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
