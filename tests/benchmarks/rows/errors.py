"""Rows: what goes wrong, and introspection."""

from __future__ import annotations

from .row import Case, Row


def fails(name: str, statement: str, error: str, setup: str = "", ctypes: str = "") -> Row:
    """Make the row of a statement that ends in an exception."""

    def case(text: str) -> Case:
        return Case(f"try: {text}\nexcept {error}: pass", setup, "'failed'")

    cases = {"ffi": case(statement)}
    if ctypes:
        cases["ctypes"] = case(ctypes)
    return Row("errors", name, "failed", cases)


ERRORS = (
    Row("errors", "dir(lib)", True, {"ffi": Case("dir(lib)", "", "'add' in dir(lib)")}),
    fails("wrong type of argument", 'f(1, "x")', "TypeError", "f = lib.add"),
    fails("integer out of range", "f(1, 1 << 40)", "OverflowError", "f = lib.add"),
    fails("too few arguments", "f(1)", "TypeError", "f = lib.add"),
    fails("index out of range", "a[100]", "IndexError", 'a = ffi.new("int[100]")'),
    fails("no such field", "p.z", "AttributeError", 'p = ffi.new("struct point *")'),
    fails("wrong type of field", "p.x = None", "TypeError", 'p = ffi.new("struct point *")'),
    fails("no such function", "lib.nothing", "AttributeError"),
    fails("wrong initialiser", 'new("int[]", [1, 2, None])', "TypeError", "new = ffi.new"),
)
