"""Rows: C calls Python."""

from __future__ import annotations

from .row import Case, Row

# A thousand numbers in no order, without a random generator that may change.
SORT = "f = lib.sort_ints; items = [n * 619 % 1009 for n in range(1000)]; compare = lambda x, y: x[0] - y[0]"
SORTED = "[f(a, 1000, c), list(a) == sorted(items)][1]"

STEP = "f = lib.count_up; step = lambda n: n + 1"

CALLBACKS = (
    Row(
        "callbacks",
        "callback, made by ffi",
        100,
        {
            "hand": Case("f(step, 0, 100)", STEP),
            "ffi": Case("f(c, 0, 100)", f'{STEP}; c = ffi.callback("int(int)", step)'),
            "ctypes": Case("f(c, 0, 100)", f"{STEP}; c = Step(step)"),
        },
        per=100,
    ),
    Row(
        "callbacks",
        'callback, extern "Python"',
        100,
        {
            "ffi": Case(
                "f(c, 0, 100)",
                "f = extern_lib.count_up; c = extern_lib.python_step\n"
                'extern_ffi.def_extern(name="python_step")(lambda n: n + 1)',
            )
        },
        per=100,
        needs=("extern_lib",),
    ),
    Row(
        "callbacks",
        "sort 1000 ints by qsort",
        True,
        {
            "ffi": Case(
                "a[0:1000] = items; f(a, 1000, c)",
                f'{SORT}; a = ffi.new("int[1000]"); c = ffi.callback("int(int *, int *)", compare)',
                SORTED,
            ),
            "ctypes": Case("a[:] = items; f(a, 1000, c)", f"{SORT}; a = Ints1000(); c = Compare(compare)", SORTED),
        },
    ),
)
