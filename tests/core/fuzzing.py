"""Random C and random Python values, and what must hold whatever they are.

Belongs here: strategies, and one check per thing that reads what the user gives: declarations, type expressions, values,
operations on C data.  The quick tests of the suite run them a few times, and `nox -s fuzz` for long.
"""

from __future__ import annotations

import contextlib
import copy
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Callable, Final

from hypothesis import strategies as st

from both_readers import assert_same, plain_texts
from ffi_harness import new_ffi, parse_errors
from odd_calls import check_odd_call, odd_calls

GOOD: Final = """
typedef int... uid_t;
typedef ... Window, *Handle;
#define LIMIT (4 + 1) /* of something */
#pragma pack(push, 2)
struct s { uid_t a; unsigned b : 3, : 0, c : 5; struct { int x; }; char name[LIMIT][2]; struct s *next; ...; };
#pragma pack(pop)
union __attribute__((packed, aligned(8))) u { double d; _Alignas(16) long l; int tail[]; };
enum color { RED, GREEN = 1 << 3, BLUE = GREEN | 'a', ... };
static const long long BIG = 0x7fffffffffffffffLL;
extern const char *const names[...];
int (*table[3])(int, double (*)(float), ...);
extern "Python" { int callback(void *); }
extern "Python+C" void other(struct s *);
void WINAPI f(const volatile int *restrict p, int a[static 3], FILE *file);
#line 7 "x.h"
"""

# The same, as far as no compiler is needed: its layouts can be asked for.
COMPLETE: Final = """
typedef int number;
typedef struct opaque *Handle;
#define LIMIT (4 + 1)
#pragma pack(push, 2)
struct s { number a; unsigned b : 3, : 0, c : 5; struct { int x; }; char name[LIMIT][2]; struct s *next; };
#pragma pack(pop)
union __attribute__((packed, aligned(8))) u { double d; _Alignas(16) long l; __int128 wide; };
enum color { RED, GREEN = 1 << 3, BLUE = GREEN | 'a' };
struct t { enum color e; struct s inner[2]; _Bool flag : 1; long long big : 40; union u u; number tail[]; };
static const long long BIG = 0x7fffffffffffffffLL;
int (*table[3])(int, double (*)(float), ...);
void WINAPI f(const volatile int *restrict p, int a[static 3], FILE *file, struct s by_value, _Complex double z);
"""

_SPACED: Final = (
    "int char unsigned long double void struct union enum typedef extern static const volatile restrict inline "
    "_Atomic _Bool _Complex __int128 _Alignas _Static_assert sizeof __attribute__ __stdcall __extension__ "
    'packed aligned x y T S size_t FILE 0 1 5u 0x7f 1.5 \'a\' "Python" "s" ... ; ; ; { } ( ) [ ] , * : = + - / % << >> '
    "? ~ ! && \\\n \n#define \n#pragma\tpack(1)\n // /* */ # é $ @"
)
WORDS: Final = _SPACED.split(" ")
_TYPE_WORDS: Final = (
    "int|unsigned|long|char|void|*|(|)|[|]|3|0x10|,|...|const|struct|point|number|x|volatile|0|_Atomic|__int128|_Complex|float|"
    "union|either|enum|color|__stdcall|RED|[3]|(*)|(*)(int)|99999999999999999999| "
)
TYPE_WORDS: Final = _TYPE_WORDS.split("|")


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """Cut pieces out of a text, and put others there."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        piece = draw(st.one_of(st.sampled_from(["", " ", *WORDS]), st.text(max_size=3)))
        text = text[:start] + piece + text[start + length :]
    return text


declarations: Final = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    damaged(GOOD),
    damaged(COMPLETE),
    damaged(COMPLETE),
)
type_texts: Final = st.one_of(
    st.lists(st.sampled_from(TYPE_WORDS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(TYPE_WORDS), max_size=12).map("".join),
    st.text(max_size=20),
    st.sampled_from(["int (*(*)(char))(short)", "struct point *(*[3])(_Atomic(int), const void *)"]).flatmap(damaged),
)

SIZES: Final = st.one_of(st.integers(-3, 12), st.sampled_from([-(2**63), 2**31, 2**62, 2**63 - 1, 2**64, 2**130]))
VALUES: Final[st.SearchStrategy[Any]] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([0, -1, 127, 128, 255, 256, 2**31, 2**63, 2**64, 2**127, -(2**63), -(2**127)]),
        st.floats(),
        st.binary(max_size=5),
        st.text(max_size=5),
        st.text(max_size=3, alphabet=st.characters(min_codepoint=0xD000, max_codepoint=0x10FFFF)),
        st.complex_numbers(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner),
        st.dictionaries(st.sampled_from(["x", "y", "p", "items", "q"]), inner),
    ),
    max_leaves=8,
)

POINT: Final = """
typedef int number;
typedef int (*function)(int);
struct point { int x, y; };
struct holder { struct point p; int items[3]; char *q; unsigned x : 3; __int128 wide : 100; };
struct tail { short n; int items[]; };
union either { int x; double y; struct point p; };
enum color { RED, GREEN = 5 };
"""
_TARGETS: Final = (
    "int *|unsigned char *|double *|float *|char *|_Bool *|wchar_t *|char16_t *|long double *|void **|__int128 *|"
    "unsigned __int128 *|double _Complex *|long double _Complex *|long long *|int[3]|int[]|char[4]|char[]|char16_t[]|char32_t[]|"
    "unsigned char[]|double[2][2]|void *[2]|struct holder *|struct holder[2]|struct tail *|union either *|enum color *|function[2]"
)
TARGETS: Final = _TARGETS.split("|")
_SCALARS: Final = (
    "int|unsigned char|short|long long|unsigned long long|__int128|unsigned __int128|_Bool|float|double|long double|float _Complex|"
    "long double _Complex|char|wchar_t|char16_t|char32_t|enum color|void *|char *|struct point *|function"
)
SCALARS: Final = _SCALARS.split("|")
REJECTIONS: Final = (TypeError, ValueError, OverflowError, IndexError, KeyError, RuntimeError, NotImplementedError)

# What `ffi.new` makes of a number is as long as that.
LONGEST: Final = 1 << 20


def _refusals(ffi: Any, *more: type[BaseException]) -> tuple[type[BaseException], ...]:
    return (*parse_errors(ffi), *more)


def _is_long(value: object) -> bool:
    return isinstance(value, int) and value > LONGEST


def check_declarations(text: str) -> None:
    """Declare ``text``; if it is taken, ask for everything that it declares."""
    ffi = new_ffi()
    try:
        ffi.cdef(text)
    except parse_errors(ffi):
        return
    refused = (*parse_errors(ffi), *REJECTIONS, MemoryError)
    typedefs, structs, unions = ffi.list_types()
    for name in [*typedefs, *(f"struct {tag}" for tag in structs), *(f"union {tag}" for tag in unions)]:
        with contextlib.suppress(*refused):
            ctype = ffi.typeof(name)
            repr(ctype), ffi.sizeof(ctype), ffi.alignof(ctype), ffi.getctype(ctype, "x")
            for _, field in getattr(ctype, "fields", None) or ():
                repr((field.type, field.offset, field.bitshift, field.bitsize, field.flags))
            if ctype.kind in {"struct", "union"} and ffi.sizeof(ctype) < LONGEST:
                value = ffi.new(ffi.getctype(ctype, "*"))
                for field in dir(value):
                    repr(getattr(value, field))
    lib = ffi.dlopen(None)
    for name in dir(lib):
        with contextlib.suppress(AttributeError, *refused):
            repr(getattr(lib, name))


@cache
def _declared() -> Any:
    ffi = new_ffi()
    ffi.cdef(POINT)
    return ffi


def check_type(text: str) -> None:
    """Read ``text`` as a type; what is taken has a name that reads back as the same."""
    ffi = _declared()
    try:
        ctype = ffi.typeof(text)
    except _refusals(ffi, ValueError, TypeError, OverflowError, NotImplementedError):
        return
    if "$" not in text:  # tags of the declaration table's own, which are shown without it
        assert ffi.typeof(ctype.cname) is ctype
    with contextlib.suppress(*REJECTIONS):
        if ctype.kind == "pointer" and ctype.item.kind == "function":
            ffi.callback(ctype, lambda *_: None)
    with contextlib.suppress(*REJECTIONS, MemoryError):
        if ffi.sizeof(ctype) < LONGEST:
            repr(ffi.new(ffi.getctype(ctype, "*")))


conversions: Final = st.tuples(st.sampled_from(TARGETS), st.sampled_from(SCALARS), VALUES)


def check_conversion(drawn: tuple[str, str, Any]) -> None:
    """Convert a Python value in every way to a target type and to a scalar type."""
    target, scalar, value = drawn
    if _is_long(value):
        value = -value
    ffi = _declared()
    with contextlib.suppress(*REJECTIONS, MemoryError):  # a flexible array member can be asked to be longer than memory
        made = ffi.new(target, value)
        assert len(ffi.buffer(made)) >= 0
        repr(made)
        copy.copy(made)
    made = ffi.new(target, 3) if target.endswith("[]") else ffi.new(target)
    before = ffi.buffer(made)[:]
    try:
        made[0] = value
    except REJECTIONS:
        # An array or struct is filled item by item, and may be half full.
        assert ffi.typeof(made).item.kind in {"array", "struct", "union"} or ffi.buffer(made)[:] == before
    with contextlib.suppress(*REJECTIONS):
        made[0:1] = value
    for name in ("x", "p", "q", "wide", "items"):
        with contextlib.suppress(AttributeError, *REJECTIONS):
            setattr(made, name, value)
            repr(getattr(made, name))
    with contextlib.suppress(*REJECTIONS):
        number = ffi.cast(scalar, value)
        repr(number), bool(number), hash(number), number == value, number != made
        for convert in (int, float, complex):
            with contextlib.suppress(*REJECTIONS):
                convert(number)
    for function in (ffi.from_buffer, ffi.from_handle, ffi.string, ffi.typeof, ffi.new_handle, ffi.release):
        with contextlib.suppress(*REJECTIONS, *parse_errors(ffi)):
            function(value)
    _check_call(ffi, scalar, value)


@cache
def _identity(scalar: str) -> Any:
    """Make a C function that gives back what it gets, and a Python function in it that may give something else."""
    ffi = _declared()
    returned: list[Any] = []

    def body(argument: Any) -> Any:
        return returned.pop() if returned else argument

    function = ffi.callback(f"{scalar}(*)({scalar})", body, onerror=lambda *_: None)
    return function, returned


def _check_call(ffi: Any, scalar: str, value: Any) -> None:
    function, returned = _identity(scalar)
    with contextlib.suppress(*REJECTIONS):
        repr(function(value))
    zero = ffi.new(ffi.getctype(scalar, "*"))[0]
    returned.append(value)
    repr(function(zero))
    returned.clear()
    for wrong in ((), (value, value)):
        with contextlib.suppress(TypeError):
            function(*wrong)


@dataclass(frozen=True)
class Step:
    """One operation: on which objects of the pool, and with which numbers."""

    operation: str
    first: int
    second: int
    start: int
    stop: int


_OPERATIONS: Final[dict[str, Callable[[Any, Any, Any, int, int], Any]]] = {
    "index": lambda ffi, a, b, i, j: a[i],
    "slice": lambda ffi, a, b, i, j: a[i:j],
    "store": lambda ffi, a, b, i, j: operator.setitem(a, i, b),
    "store number": lambda ffi, a, b, i, j: operator.setitem(a, i, j),
    "store slice": lambda ffi, a, b, i, j: operator.setitem(a, slice(i, j), b),
    "add": lambda ffi, a, b, i, j: a + i,
    "subtract": lambda ffi, a, b, i, j: a - b,
    "compare": lambda ffi, a, b, i, j: (a == b, a < b),
    "list": lambda ffi, a, b, i, j: len(list(zip(a, range(50)))),
    "address": lambda ffi, a, b, i, j: ffi.addressof(a, i),
    "field": lambda ffi, a, b, i, j: ffi.addressof(a, "items", i),
    "next": lambda ffi, a, b, i, j: a.next,
    "link": lambda ffi, a, b, i, j: setattr(a, "next", b),
    "items": lambda ffi, a, b, i, j: a.items,
    "string": lambda ffi, a, b, i, j: ffi.string(a, i),
    "unpack": lambda ffi, a, b, i, j: len(ffi.unpack(a, i)),
    "buffer": lambda ffi, a, b, i, j: ffi.buffer(a, i)[:],
    "memoryview": lambda ffi, a, b, i, j: memoryview(a).tobytes(),
    "copy": lambda ffi, a, b, i, j: copy.copy(a),
    "deepcopy": lambda ffi, a, b, i, j: copy.deepcopy(a),
    "move": lambda ffi, a, b, i, j: ffi.memmove(a, b, i),
    "gc": lambda ffi, a, b, i, j: ffi.gc(a, lambda _: None),
    "no gc": lambda ffi, a, b, i, j: ffi.gc(a, None),
    "release": lambda ffi, a, b, i, j: ffi.release(a),
    "from_buffer": lambda ffi, a, b, i, j: ffi.from_buffer("int[]", a),
    "new": lambda ffi, a, b, i, j: ffi.new("int[]", i if i <= LONGEST else -1),
    "from_handle": lambda ffi, a, b, i, j: ffi.from_handle(a),
    "repr": lambda ffi, a, b, i, j: (repr(a), bool(a), hash(a), dir(a)),
}
steps: Final = st.builds(
    Step, st.sampled_from(sorted(_OPERATIONS)), st.integers(0, 30), st.integers(0, 30), SIZES, SIZES
)
scripts: Final = st.lists(steps, min_size=3, max_size=40)


@cache
def _linked() -> Any:
    ffi = new_ffi()
    ffi.cdef("struct node { int items[3]; struct node *next; unsigned bits : 5; char name[4]; };")
    return ffi


def check_operations(script: Sequence[Step]) -> None:
    """Do one operation after the other, on a few objects to begin with and on what comes out.

    All memory is owned by Python, and all pointers know it: so nothing may reach outside.  Pointers that are read from
    memory, or made of NULL, know nothing, and are not followed.
    """
    ffi = _linked()
    pool = [
        ffi.new("int[4]", [1, 2, 3, 4]),
        ffi.new("char[]", b"some text"),
        ffi.new("struct node *"),
        ffi.new("struct node[2]"),
        ffi.new("double[2][2]"),
        ffi.from_buffer("short[]", bytearray(10)),
        ffi.new_handle("object"),
        ffi.new("int *"),
        ffi.NULL,
    ]
    for step in script:
        first, second = pool[step.first % len(pool)], pool[step.second % len(pool)]
        with contextlib.suppress(AttributeError, BufferError, *REJECTIONS):
            result = _OPERATIONS[step.operation](ffi, first, second, step.start, step.stop)
            if isinstance(result, ffi.CData) and step.operation != "next" and first != ffi.NULL:
                pool.append(result)


def check_readers(text: str) -> None:
    """Let the fast reader and pycparser read the same."""
    assert_same(text)


CHECKS: Final[dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None]]]] = {
    "declarations": (declarations, check_declarations),
    "readers": (plain_texts, check_readers),
    "types": (type_texts, check_type),
    "conversions": (conversions, check_conversion),
    "operations": (scripts, check_operations),
    "odd calls": (odd_calls(), check_odd_call),
}
