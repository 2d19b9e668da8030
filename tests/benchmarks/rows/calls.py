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
