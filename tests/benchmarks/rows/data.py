"""Rows: making, reading and changing C data."""

from __future__ import annotations

from .row import Case, Row


def data(name: str, expected: object, ffi: Case, ctypes: Case | None = None) -> Row:
    """Make a row of the data table."""
    return Row("data", name, expected, {"ffi": ffi} if ctypes is None else {"ffi": ffi, "ctypes": ctypes})


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
    Row(
        "data",
        "iterate 100 ints",
        4950,
        {
            "ffi": Case("for i in a: pass", INTS, "sum(a)"),
            "ctypes": Case("for i in a: pass", C_INTS, "sum(a)"),
            "hand": Case("for i in a: pass", "a = lib.numbers(100)", "sum(a)"),
        },
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
