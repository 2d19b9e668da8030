"""Plain declarations, and a check that both ways to read them give the same.

Belongs here: what the tests of the fast reader and `nox -s fuzz` share.
"""

from __future__ import annotations

from typing import Final, Optional

from hypothesis import strategies as st

from ffi_core.front import CDefError, Declarations
from ffi_core.front.names import common_types
from ffi_core.front.parser import Parser
from ffi_core.front.scope import Scope
from ffi_core.front.source import Source

Outcome = tuple[Optional[Declarations], str]


def read(text: str, *, fast: bool, known: Optional[Declarations] = None) -> Outcome:
    """Parse with or without the fast path; gives the declarations, or where the error is."""
    try:
        scope = Scope(known or Declarations(), common_types(windows=False), override=False)
        Parser(Source(text), scope).parse(fast=fast)
    except CDefError as error:
        return None, str(error.place)
    return scope.added(), ""


def assert_same(text: str, known: Optional[Declarations] = None) -> Optional[Declarations]:
    """Read with and without the fast path, compare, and give what was declared; None where it is wrong."""
    fast, fast_place = read(text, fast=True, known=known)
    slow, slow_place = read(text, fast=False, known=known)
    assert (fast is None) == (slow is None), (text, fast_place, slow_place)
    if fast is None or slow is None:
        # Where several declarations are wrong, either can be found first.
        assert fast_place == slow_place or sum(bool(piece.strip()) for piece in text.split(";")) > 1
        return None
    assert dict(fast.globals) == dict(slow.globals)
    assert dict(fast.types) == dict(slow.types)
    assert list(fast.globals) == list(slow.globals)
    assert list(fast.types) == list(slow.types)
    return fast


BEFORE: Final = (
    "typedef int T; struct U { T x; }; typedef struct U U; typedef char A[2]; typedef int F(int); typedef const T C; typedef void V;\n"
    "typedef int L __attribute__((aligned(16))); typedef int (*P)(int); typedef int... I; enum E0 { E1 = 3, E2 };\n#define N 3\n#define X ...\n"
)

SPECIFIERS = st.sampled_from(
    [
        "int",
        "unsigned",
        "const char",
        "T",
        "const T",
        "U",
        "struct U",
        "struct V",
        "void",
        "size_t",
        "A",
        "F",
        "uint8_t const",
        "long",
        *["C", "V", "L", "P", "I", "bool", "FILE", "__int128", "_Complex"],
        "volatile P",
        "enum E",
        "enum E0",
        "union W",
        "unsigned long long int",
        "long double _Complex",
        "__const signed char",
        "const const int",
    ]
)
STARS = st.sampled_from(["", "", "*", "**", " *const ", " * const *"])
NAMES = st.sampled_from(["a", "b", "c", "T", "size_t", "d_1", "E1", "int", "FILE"])
BRACKETS = st.sampled_from(
    [
        "",
        "",
        "[3]",
        "[N]",
        "[]",
        "[2][N]",
        "[][2]",
        "[X]",
        "[T]",
        "[-1]",
        "[1.5]",
        "[0x10]",
        "[E1]",
        "[M]",
        "[3L]",
        "[08]",
        "[5lul]",
        "[99999999999]",
    ]
)
DECLARATORS = st.builds("{} {}{}{}".format, SPECIFIERS, STARS, NAMES, BRACKETS)
PARAMETERS = st.one_of(
    DECLARATORS, st.builds("{}{}{}".format, SPECIFIERS, STARS, BRACKETS), st.just("..."), st.just("void")
)
FUNCTIONS = st.builds("{} {}f({});".format, SPECIFIERS, STARS, st.lists(PARAMETERS, max_size=4).map(", ".join))
MEMBERS = st.builds(
    "{}{};".format,
    DECLARATORS,
    st.sampled_from(["", "", ", e", ", *e, g[2]", " : 3", ": 40", " : 0", ": N", ":64", " : 0x4", ", e : 2"]),
)
BODIES = st.lists(MEMBERS, max_size=4).map(" ".join)
RECORDS = st.builds(
    "{} {} {{ {} }} {};".format,
    st.sampled_from(["struct", "typedef struct", "union"]),
    st.sampled_from(["", "W", "U"]),
    BODIES,
    st.sampled_from(["", "", "W", "T"]),
)
ENUMERATORS = st.lists(
    st.sampled_from(
        ["P", "Q = 3", "R = -2", "S = 0x7fffffff", "T", "A2 = N", "P2 = 5u", "M = -1u", "L = -9223372036854775808"]
    ),
    max_size=4,
).map(", ".join)
ENUMS = st.builds(
    "{} {} {{ {} }} {};".format,
    st.sampled_from(["enum", "typedef enum"]),
    st.sampled_from(["", "E"]),
    ENUMERATORS,
    st.sampled_from(["", "E2"]),
)
VARIABLES = st.builds("{}{};".format, st.sampled_from(["", "extern ", "static ", "typedef ", "inline "]), DECLARATORS)


PRAGMAS: Final = st.sampled_from(
    ["\n#pragma pack(1)\n", "\n#pragma pack(push, 2)\n", "\n#define M 4 // four\n", "\n#define X2 N\n"]
)
# What may stand where a blank does.
SPACES: Final = st.sampled_from([" ", " ", " ", "\n", "\t", "\r\n", " /* a; { */ ", " // } \n", " \\\n", "\f"])


@st.composite
def _plain_texts(draw: st.DrawFn) -> str:
    forms = st.one_of(FUNCTIONS, FUNCTIONS, RECORDS, RECORDS, ENUMS, VARIABLES, VARIABLES, PRAGMAS)
    text = "\n".join(draw(st.lists(forms, min_size=1, max_size=3)))
    if draw(st.booleans()):
        spaces = draw(st.lists(SPACES, min_size=1, max_size=5))
        words = text.split(" ")
        text = "".join(f"{word}{spaces[index % len(spaces)]}" for index, word in enumerate(words))
    return BEFORE + text


plain_texts: Final = _plain_texts()
