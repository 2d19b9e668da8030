"""What is measured: one row per piece of work, in the dialect of each family of peers.

Belongs here: statements as text, and the value that each must have, whoever does the work.  A dialect is a way of writing:
"ffi" for ffi_core and cffi, "ctypes", "hand" for C extensions, and "pwdwrap" and "pwd" for modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ALL = ("hand", "ffi", "ctypes")


@dataclass(frozen=True)
class Case:
    """How one dialect does the work of a row.

    ``statement`` is timed; ``setup`` runs once before it, in the peer's scope; ``result`` is an expression that gives the
    row's value after the statement ran once (the statement itself where it is left out).
    """

    statement: str
    setup: str = ""
    result: str = ""


@dataclass(frozen=True)
class Row:
    """One piece of work.

    ``expected`` is its value; ``per`` operations are done by one statement.  Peers without the names ``needs`` in their
    scope do not take part.
    """

    group: str
    name: str
    expected: object
    cases: Mapping[str, Case]
    per: int = 1
    needs: tuple[str, ...] = ()


def call(name: str, function: str, arguments: str, expected: object, setup: str = "") -> Row:
    """Make the row of a function call, which all dialects write alike."""
    case = Case(f"f({arguments})", f"f = lib.{function}\n{setup}")
    return Row("calls", name, expected, dict.fromkeys(ALL, case))


def data(name: str, expected: object, ffi: Case, ctypes: Case | None = None) -> Row:
    """Make a row of the data table."""
    return Row("data", name, expected, {"ffi": ffi} if ctypes is None else {"ffi": ffi, "ctypes": ctypes})


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

POINT = 'p = ffi.new("struct point *", (1.5, 2.5))'
C_POINT = "p = Point(1.5, 2.5)"
RECORD = 'name = ffi.new("char[]", b"hello"); p = ffi.new("struct record *", (7, name))'
C_RECORD = 'name = ctypes.create_string_buffer(b"hello"); p = Record(7, ctypes.cast(name, CharPointer))'
INTS = 'a = ffi.new("int[100]", list(range(100)))'
C_INTS = "a = Ints100(*range(100))"
NEW = "new = ffi.new"

DATA = (
    data("p.x read double", 1.5, Case("p.x", POINT), Case("p.x", C_POINT)),
    data("p.x write double", 3.5, Case("p.x = 3.5", POINT, "p.x"), Case("p.x = 3.5", C_POINT, "p.x")),
    data("p.x read int", 7, Case("p.number", RECORD), Case("p.number", C_RECORD)),
    data(
        "p.x read char *",
        b"hello",
        Case("p.name", RECORD, "ffi.string(p.name)"),
        Case("p.name", C_RECORD, "ctypes.string_at(p.name)"),
    ),
    data("a[i] read int", 7, Case("a[7]", INTS), Case("a[7]", C_INTS)),
    data("a[i] write int", 3, Case("a[7] = 3", INTS, "a[7]"), Case("a[7] = 3", C_INTS, "a[7]")),
    data(
        "iterate 100 ints", 4950, Case("for i in a: pass", INTS, "sum(a)"), Case("for i in a: pass", C_INTS, "sum(a)")
    ),
    data(
        "unpack 100 ints",
        list(range(100)),
        Case("unpack(a, 100)", f"{INTS}; unpack = ffi.unpack"),
        Case("a[:]", C_INTS),
    ),
    data("new int *", 0, Case('new("int *")', NEW, 'new("int *")[0]'), Case("Int()", "", "Int().value")),
    data(
        "new struct *",
        0.0,
        Case('new("struct point *")', NEW, 'new("struct point *").x'),
        Case("Point()", "", "Point().x"),
    ),
    data(
        "new struct * from tuple",
        2.5,
        Case('new("struct point *", xy)', f"{NEW}; xy = (1.5, 2.5)", 'new("struct point *", xy).y'),
        Case("Point(*xy)", "xy = (1.5, 2.5)", "Point(*xy).y"),
    ),
    data(
        "new int[100]",
        100,
        Case('new("int[100]")', NEW, 'len(new("int[100]"))'),
        Case("Ints100()", "", "len(Ints100())"),
    ),
    data(
        "new char[] from bytes",
        b"hello world\0",
        Case('new("char[]", text)', f'{NEW}; text = b"hello world"', 'bytes(ffi.buffer(new("char[]", text)))'),
        Case("make(text)", 'make = ctypes.create_string_buffer; text = b"hello world"', "make(text).raw"),
    ),
    data(
        "int[] from a 1000-item list",
        499500,
        Case('new("int[]", items)', f"{NEW}; items = list(range(1000))", 'sum(new("int[]", items))'),
        Case("Ints1000(*items)", "items = list(range(1000))", "sum(Ints1000(*items))"),
    ),
    data(
        "cast to void *",
        1.5,
        Case('cast("void *", p)', f"{POINT}; cast = ffi.cast", 'cast("struct point *", cast("void *", p)).x'),
        Case(
            "cast(p, VoidPointer)",
            f"{C_POINT}; cast = ctypes.cast; p = ctypes.pointer(p)",
            "cast(cast(p, VoidPointer), PointPointer).contents.x",
        ),
    ),
    data(
        "int(cast uintptr_t)",
        True,
        Case('int(cast("uintptr_t", p))', f"{POINT}; cast = ffi.cast", 'int(cast("uintptr_t", p)) > 4096'),
        Case("address(p)", f"{C_POINT}; address = ctypes.addressof", "address(p) > 4096"),
    ),
    data(
        "string, 11 bytes",
        b"hello world",
        Case("string(c)", 'c = ffi.new("char[]", b"hello world"); string = ffi.string'),
        Case("c.value", 'c = ctypes.create_string_buffer(b"hello world")'),
    ),
    data(
        "buffer",
        400,
        Case("buffer(a)", f"{INTS}; buffer = ffi.buffer", "len(buffer(a))"),
        Case("memoryview(a)", C_INTS, "memoryview(a).nbytes"),
    ),
    data(
        "from_buffer",
        64,
        Case("from_buffer(b)", "b = bytearray(64); from_buffer = ffi.from_buffer", "len(from_buffer(b))"),
        Case("from_buffer(b)", "b = bytearray(64); from_buffer = Chars64.from_buffer", "len(from_buffer(b))"),
    ),
    data(
        "memmove 64 B",
        b"x" * 63,
        Case(
            "memmove(d, s, 64)",
            'd = ffi.new("char[64]"); s = ffi.new("char[64]", b"x" * 63); memmove = ffi.memmove',
            "ffi.string(d)",
        ),
        Case(
            "memmove(d, s, 64)",
            'd = Chars64(); s = ctypes.create_string_buffer(b"x" * 63); memmove = ctypes.memmove',
            "d.value",
        ),
    ),
    data(
        "addressof struct",
        1.5,
        Case("addressof(v)", f"{POINT}; v = p[0]; addressof = ffi.addressof", "addressof(v).x"),
        Case("byref(p)", f"{C_POINT}; byref = ctypes.byref", "ctypes.cast(byref(p), PointPointer).contents.x"),
    ),
    data(
        "addressof field",
        2.5,
        Case('addressof(v, "y")', f"{POINT}; v = p[0]; addressof = ffi.addressof", 'addressof(v, "y")[0]'),
        Case(
            "byref(p, offset)",
            f"{C_POINT}; byref = ctypes.byref; offset = Point.y.offset",
            "ctypes.cast(byref(p, offset), DoublePointer).contents.value",
        ),
    ),
    data(
        "typeof by string",
        "point",
        Case('typeof("struct point")', "typeof = ffi.typeof", 'typeof("struct point").cname.split()[-1]'),
        Case("type(p)", C_POINT, "type(p).__name__.lower()"),
    ),
    data(
        "sizeof by string",
        16,
        Case('sizeof("struct point")', "sizeof = ffi.sizeof"),
        Case("sizeof(Point)", "sizeof = ctypes.sizeof"),
    ),
    data("p + 1", 1, Case("q + 1", f"{INTS}; q = a + 0", "(q + 1)[0]")),
    data("p == q", True, Case("q == r", f"{INTS}; q = a + 1; r = a + 1")),
    data(
        "new_handle",
        True,
        Case(
            "new_handle(thing)",
            "new_handle = ffi.new_handle; from_handle = ffi.from_handle; thing = object()",
            "from_handle(new_handle(thing)) is thing",
        ),
    ),
    data(
        "from_handle",
        True,
        Case(
            "from_handle(h)",
            "from_handle = ffi.from_handle; thing = object(); h = ffi.new_handle(thing)",
            "from_handle(h) is thing",
        ),
    ),
    data(
        "gc and destructor",
        [1],
        Case(
            "gc(p, destroy)",
            f"{POINT}; gc = ffi.gc; destroy = lambda p: None; seen = []",
            "[gc(p, lambda p: seen.append(1)), seen][1]",
        ),
    ),
)

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


def wrapper(name: str, statement: str, expected: object, result: str) -> Row:
    """Make the row of a wrapper beside the standard library's module."""
    return Row("wrappers", name, expected, dict.fromkeys(("pwdwrap", "pwd"), Case(statement, "m = module", result)))


WRAPPERS = (
    wrapper("getpwuid(0)", "m.getpwuid(0)", "root", "m.getpwuid(0).pw_name"),
    wrapper('getpwnam("root")', 'm.getpwnam("root")', 0, 'm.getpwnam("root").pw_uid'),
    wrapper("getpwall()", "m.getpwall()", True, 'm.getpwnam("root") in m.getpwall()'),
)

LOOKUP = (Row("look-up and call", "lib.add(1, 2)", 3, dict.fromkeys(ALL, Case("lib.add(1, 2)"))),)

ROWS = (*CALLS, *LOOKUP, *DATA, *CALLBACKS, *WRAPPERS)
