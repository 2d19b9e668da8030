"""Rows: calling functions."""

from __future__ import annotations

from .row import ALL, Case, Row


def call(name: str, function: str, arguments: str, expected: object, setup: str = "") -> Row:
    """Make the row of a function call, which all dialects write alike."""
    case = Case(f"f({arguments})", f"f = lib.{function}\n{setup}")
    return Row("calls", name, expected, dict.fromkeys(ALL, case))


CALLS = (
    call("noop()", "noop", "", None),
    call("add(int, int)", "add", "1, 2", 3),
    call("long f(long)", "next_long", "5", 6),
    call("double f(double, double)", "add_doubles", "1.5, 2.5", 4.0),
    call("4 mixed", "add_mixed", "1, 2.5, 3, 4.5", 11.0),
    call("strlen(bytes)", "text_length", "text", 11, 'text = b"hello world"'),
    call("ten ints", "add_ten", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10", 55),
    call("struct of 2 doubles by value", "add_point", "p", 4.0, "p = make_point(1.5, 2.5)"),
)

LOOKUP = tuple(
    Row("look-up and call", name, 3, dict.fromkeys(ALL, Case(statement, "f = lib.add")))
    for name, statement in (("f(1, 2)", "f(1, 2)"), ("lib.f(1, 2)", "lib.add(1, 2)"))
)

ADDED = 'p = ffi.cast("int(*)(int, int)", ffi.addressof(lib, "add"))'
TABLE = f'{ADDED}; t = ffi.new("int(*[2])(int, int)", [p, p])'

C_ADDED = "p = ctypes.cast(lib.add, Operation)"
C_TABLE = f"{C_ADDED}; t = (Operation * 2)(p, p)"

# An extension written by hand has no value that is a function pointer, so it takes no part.
POINTERS = (
    Row(
        "function pointers",
        "p(1, 2)",
        3,
        {"ffi": Case("p(1, 2)", ADDED), "ctypes": Case("p(1, 2)", C_ADDED)},
    ),
    Row(
        "function pointers",
        "addressof(lib, name)(1, 2)",
        3,
        {"ffi": Case("p(1, 2)", 'p = ffi.addressof(lib, "add")')},
    ),
    Row(
        "function pointers",
        "table[1](1, 2)",
        3,
        {"ffi": Case("t[1](1, 2)", TABLE), "ctypes": Case("t[1](1, 2)", C_TABLE)},
    ),
    Row(
        "function pointers",
        "table[1]",
        3,
        {"ffi": Case("t[1]", TABLE, "t[1](1, 2)"), "ctypes": Case("t[1]", C_TABLE, "t[1](1, 2)")},
    ),
)
