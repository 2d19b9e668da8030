"""What is read without pycparser is exactly what pycparser would have read."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from both_readers import assert_same, plain_texts
from ffi_core.front import CDefError, parse


def texts_of_the_other_tests() -> list[str]:
    """Collect every string of all tests, and its lines: declarations, and much else."""
    texts = set()
    for path in sorted(Path(__file__).parents[2].rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
                texts.update(line.replace("\\n", "\n") for line in node.value.split("\n"))
    return sorted(texts)


def test_all_declarations_of_the_other_tests() -> None:
    texts = texts_of_the_other_tests()
    assert len(texts) > 500
    accepted = sum(assert_same(text) is not None for text in texts)
    assert accepted > 200


PLAIN = """
int f(void);
extern const char *g(const char *name, size_t n, void *, ...);
static inline unsigned long long h(struct a *, union b *const, int x[3], char *argv[], const uint8_t m[][4]);
typedef unsigned int uint;
typedef struct a A;
typedef struct a *AP;
typedef void V;
typedef int ARR[3][SIZE];
typedef A B;
struct opaque;
union opaque2;
struct a { int x, *y, z[2]; const char *name; uint u : 3; struct a *next; B *b; char tail[]; };
typedef struct { A *a; double d; } Pair;
typedef struct tagged { struct opaque3 *p; } Tagged;
union u { int i; float f; unsigned char bytes[SIZE]; };
enum color { RED, GREEN = 5, BLUE };
typedef enum { ONE = 1, MINUS = -1, HEX = 0x10, } Number;
typedef enum number2 { TWO = 2u } Number2;
enum { ANON };
extern int counter;
static int counter2[3];
A variable;
extern char *names[SIZE];
V *vp;
B by_value(A, Pair);
FILE *open(const char *);
int close(FILE *file);
size_t wide(wchar_t *, bool, int64_t);
struct late *get(struct late2 *);
unsigned char uc(signed char, long double, float _Complex);
int names_like_types(int uint, int size_t2);
int pointers(const char *const *volatile *p, uint const *q);
"""
ODD = """
typedef const int CI;
typedef struct { A *a; ARR values; double d; } Pair2;
typedef unsigned int uint2, *T1;
typedef struct tagged3 { struct opaque4 *p; } Tagged3, *TaggedPtr;
union v { int i; float f; unsigned char bytes[sizeof(int)]; };
extern const int constant;
static const int constant2 = 5;
CI ci;
ARR arr;
extern char *names2[SIZE], *const more[2];
V vf(V);
void array_parameter(ARR);
int (*callback)(int, const char *);
"""


def test_plain_declarations_are_read_without_pycparser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycparser.c_parser", None)
    parsed = parse(f"#define SIZE 4\n#define NEGATIVE (-4)\n{PLAIN}")
    assert len(parsed.globals) > 20
    assert len(parsed.types) > 20


@pytest.mark.parametrize("count", range(3))
def test_plain_declarations_in_any_order(count: int) -> None:
    lines = (PLAIN + ODD).strip().replace("\n\n", "\n").split("\n")
    ordered = [lines, lines[::-1], lines[1::2] + lines[::2]][count]
    assert_same("#define SIZE 4\n" + "\n".join(ordered))
    for line in lines:
        assert_same(line)
        assert_same(f"#define SIZE 4\n{PLAIN}{ODD}{line}")
    known = parse(f"#define SIZE 4\n{PLAIN}{ODD}")
    for line in lines:
        assert_same(line, known)


SPACED = (
    "int char unsigned long void double const volatile static extern typedef struct union enum T U size_t bool FILE a b x * * [2] "
    "[] [N] ( ) , ; ; { } : 3 = 5 inline restrict __stdcall /**/ \n"
)
WORDS = st.sampled_from(SPACED.split(" "))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, max_size=14))
def test_words_in_any_order(words: list[str]) -> None:
    before = "typedef int T; struct U { T x; }; typedef struct U U;\n#define N 3\n"
    assert_same(" ".join(words), parse(before))
    assert_same(before + " ".join(words))


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plain_texts)
def test_declarations_of_all_forms(text: str) -> None:
    assert_same(text)


def test_a_typedef_takes_the_name_of_a_standard_type() -> None:
    parsed = assert_same(
        "int f(uint8_t); uint8_t a; typedef char uint8_t; int g(uint8_t); uint8_t b; struct s { uint8_t c; };"
    )
    assert parsed is not None


def test_a_type_is_no_length_of_a_parameter() -> None:
    assert assert_same("typedef int T; int f(int x[T]);") is None
    assert assert_same("int f(int x[T]); typedef int T; int f(int x[T]);") is None
    assert assert_same("int f(int x[T]); typedef int T;") is not None


def test_long_texts_take_time_in_proportion() -> None:
    for unit in ("a ", "int ", "* ", "[3]", "int a, ", "a: ", "(", "\n", "{a;", "int x;"):
        for start in ("", "struct s { ", "enum e { ", "int f(", "typedef "):
            with pytest.raises(CDefError):
                parse(start + unit * 3000 + "!")
