"""Every refusal names the place in the user's own text, and shows it."""

from __future__ import annotations

import copy
import pickle

import pytest

from ffi_core.front import CDefError, FFIError, parse, parse_type


def refusal(text: str) -> CDefError:
    with pytest.raises(CDefError) as caught:
        parse(text)
    return caught.value


# The column of the caret is that of the `^` in the line below the text.
CASES = [
    # Nonsense, for pycparser to find.
    ("int f(foo x);", 7, "unknown type 'foo'"),
    ("int f(int, foo *);", 12, "unknown type 'foo'"),
    ("int f(int, const foo *x);", 18, "unknown type 'foo'"),
    ("struct s { foo x; };", 12, "unknown type 'foo'"),
    ("typedef foo *T;", 9, "unknown type 'foo'"),
    ("foo x;", 1, "unknown type 'foo'"),
    ("int a; foo f(int);", 8, "unknown type 'foo'"),
    ("int f(foo);", 7, "f arg 1: unknown type 'foo' (if you meant to use the old C syntax"),
    ("int f(a, b);", 7, "f arg 1: unknown type 'a'"),
    ("int *(*g)(a);", 11, "g arg 1: unknown type 'a'"),
    ("typedef struct foo foo_type; int f(foo_tpye *x);", 36, "unknown type 'foo_tpye'; did you mean 'foo_type'?"),
    ("struct point { int x; }; int f(point *);", 32, "unknown type 'point'; did you mean 'struct point'?"),
    ("enum color { RED }; color f(void);", 21, "unknown type 'color'; did you mean 'enum color'?"),
    ("void f(uint32 x);", 8, "unknown type 'uint32'; did you mean 'uint32_t'?"),
    ("int vprintf(const char *, va_list);", 27, "unknown type 'va_list'"),
    ("typedef void (*jump)(jmp_buf, int);", 22, "unknown type 'jmp_buf'"),
    ("typedef foo(*call)(int *);", 9, "unknown type 'foo'"),
    ("int x", 5, "';' missing"),
    ("int f(int)\nint g(int);", 10, "is there a ';' missing after this?"),
    ("int f(int)\nstatic int g(int);", 10, "is there a ';' missing after this?"),
    ("typedef int T;\nint f(int)\nT g(int);", 10, "is there a ';' missing after this?"),
    ("struct s { int x; }\nint g(int);", 19, "is there a ';' missing after this?"),
    ("struct s { int x; }\nstruct t { int x; };", 19, "is there a ';' missing after this?"),
    ("struct s { int x\nint y; };", 16, "is there a ';' missing after this?"),
    ("extern int a[3]\nextern int b;", 15, "is there a ';' missing after this?"),
    ("typedef int T\nint f(T);", 13, "is there a ';' missing after this?"),
    ("int f(int x int y);", 11, "is there a ',' missing after this?"),
    ("int f(int", 6, "never closed"),
    ("struct s { int x; ", 10, "never closed"),
    ("int a[3;", 6, "never closed"),
    ("int a[3);", 6, "not closed before"),
    ("}", 1, "closes nothing"),
    ("int x)", 6, "closes nothing"),
    ("struct s { int x };", 18, "'}' cannot stand here"),
    ("int f(int x y);", 13, "'y' cannot stand here"),
    ("int 5x;", 5, "'5x' is no number"),
    ("int @;", 5, "'@'"),
    ("int é;", 5, "'é'"),
    ("/* 日本 */ int\té;", 14, "'é'"),
    ("int x; /* abc", 8, "comment is never closed"),
    ('char *s = "abc;', 11, "never closed"),
    ("int x = 'a;", 9, "never closed"),
    ("int x; #define N 5", 8, "'#'"),
    ("int f(int) { return 1; }", 5, "has a body"),
    ("static inline int f(int x)\n{ return x; }", 19, "has a body"),
    ("typedef int T; int T;", 20, "typedef"),
    # The declarations before it, which pycparser reads too, are not to blame.
    ("typedef int (*FP)(int); int f(FP, foo *);", 35, "unknown type 'foo'"),
    ("typedef int (*FP)(int), F(int T); int f(FP a, F *b, foo *c);", 53, "unknown type 'foo'"),
    ("typedef int (*FP)(int); FP f(FP x, int y z);", 42, "'z' cannot stand here"),
    ("typedef int (*FP)(int); int FP;", 29, "typedef"),
    ("enum { E = 1 + 1 }; typedef struct { int a; } *const *E;", 55, "'E' previously declared"),
    ("if (x) y;", 1, "no C declaration"),
    (f"int {'*' * 501}f(void);", 505, "nested too deeply"),
    ("// a \\ \nfoo x;\nint f(foo *x);", 7, "unknown type 'foo'"),
    # The preprocessor.
    ("#include <stdio.h>", 1, "#include"),
    ("  #ifdef X", 3, "#ifdef"),
    ("#undef X", 1, "#undef"),
    ("#error no", 1, "#error"),
    ("#define", 1, "needs a name"),
    ("#define 5 5", 1, "needs a name"),
    ("#define X", 1, "no value"),
    ("#define X /* nothing */", 1, "no value"),
    ("#define F(x) 5", 1, "parameters"),
    ('#define X "text"', 11, "static char *const X"),
    ("#define X 1.5", 11, "static const double"),
    ("#define X int", 11, "no integer constant"),
    ("#define X 5 6", 11, "no integer constant"),
    ("#define X 5)", 11, "no integer constant"),
    ("#define X 5; int y", 11, "no integer constant"),
    ("#define X Y + 1", 11, "'Y' is not declared"),
    ("#define X X", 11, "'X' is not declared"),
    ("#line foo", 1, "line number"),
    # Types.
    ("int int x;", 1, "no type of C"),
    ("long float x;", 1, "no type of C"),
    ("short char x;", 1, "no type of C"),
    ("unsigned float f(int);", 1, "no type of C"),
    ("long long long x;", 1, "no type of C"),
    ("void x;", 6, "void"),
    ("void a[5];", 6, "arrays of void"),
    ("int a[3](int);", 5, "arrays of functions"),
    ("int f(int)[3];", 5, "return an array"),
    ("int f(int)(int);", 5, "return a function"),
    ("int a[3][];", 5, "first dimension"),
    ("int a[-1];", 8, "negative"),
    ("int a[1.5];", 7, "no integer constant"),
    ("int a[n];", 7, "'n' is not declared"),
    ("int x; int a[x];", 14, "no constant"),
    ("#define N ...\nint a[N];", 7, "'[...]'"),
    ("int f(void, int);", 7, "only parameter"),
    ("int f(void x);", 12, "void"),
    ("int f(...);", 7, "f: a function with only '(...)' as argument is not correct C"),
    ("int (*f)(...);", 10, "a function with only '(...)' as argument is not correct C"),
    ("int... x;", 4, "typedef"),
    ("int f(int...);", 10, "typedef"),
    ("typedef int... *T;", 16, "typedef"),
    ("typedef ... **T;", 9, "'...'"),
    ("typedef ... T[3];", 9, "'...'"),
    ("struct s { int x; ... };", 19, "'...;'"),
    ("struct s { ...; int x; };", 12, "last"),
    ("int (*a)[...];", 6, "[...]"),
    ("int f(int a[...]);", 11, "[...]"),
    ("int a[2 + ...];", 11, "'...'"),
    ("enum { A = 2 + ... };", 16, "'...'"),
    ("int x = ...;", 9, "'...'"),
    ("...", 1, "'...'"),
    # Records.
    ("struct s { int x; int x; };", 23, "two members"),
    ("struct s { int x; struct { int x; }; };", 26, "two members"),
    ("struct s { void x; };", 17, "void"),
    ("struct s { int f(int); };", 16, "function"),
    ("struct s { struct s x; };", 21, "contain itself"),
    ("struct s { struct s x[2]; };", 21, "contain itself"),
    ("typedef struct s S; struct s { S x; };", 34, "contain itself"),
    ("struct s { int; };", 12, "no member"),
    ("struct s { struct t { int x; }; };", 19, "no member"),
    ("struct s { int a[]; int b; };", 16, "last"),
    ("struct s { float x : 3; };", 18, "integer type"),
    ("struct s { int *x : 3; };", 17, "integer type"),
    ("struct s { int x : 33; };", 20, "wider"),
    ("struct s { _Bool x : 2; };", 22, "wider"),
    ("struct s { uint8_t x : 9; };", 24, "wider"),
    ("struct s { int x : 0; };", 20, "width 0"),
    ("struct s { int x : -1; };", 21, "negative"),
    ("struct s { int x; } y __attribute__((packed));", 38, "'packed'"),
    ("typedef struct { int x; } T __attribute__((packed));", 44, "'packed'"),
    ("struct s { int x __attribute__((aligned(3))); };", 33, "power of two"),
    ("struct s { _Alignas(3) int x; };", 21, "power of two"),
    ("enum __attribute__((aligned(8))) e { A };", 21, "enum"),
    ("struct __attribute__((packed)) s;", 23, "'packed'"),
    ("typedef int T __attribute__((vector_size(16)));", 30, "vector_size"),
    ("int f(int) __attribute__((ms_abi));", 27, "calling convention"),
    ("int f(int) __attribute__((x;", 12, "never closed"),
    ("int f(int) __attribute__(x);", 12, "parentheses"),
    ('int f(int) __asm__("g");', 12, "assembler"),
    # Enums and constant expressions.
    ("enum { A, A };", 11, "twice"),
    ("enum { A = 1 / 0 };", 16, "division by zero"),
    ("enum { A = 1 % 0 };", 16, "division by zero"),
    ("enum { A = 0x7fffffff + 1 };", 12, "overflow"),
    ("enum { A = 1 << 32 };", 17, "shift"),
    ("enum { A = 1 << -1 };", 18, "shift"),
    ("enum { A = 0xfffffffffffffffff };", 12, "larger"),
    ("enum { A = 0xffffffffffffffff, B };", 32, "no integer type"),
    ("enum { A = -1, B = 0xffffffffffffffff };", 1, "no integer type"),
    ("enum { A = 'ab' };", 12, "more than one character"),
    ("enum { A = 'é' };", 12, "UTF-8"),
    ("enum { A = '\\q' };", 12, ""),
    ('enum { A = "a" };', 12, "string"),
    ("enum { A = 5uu };", 12, ""),
    ("enum { A = (int *)5 };", 12, "pointer"),
    ("enum { A = f(1) };", 12, "constant expression"),
    ("enum { A = sizeof(struct s) };", 12, "'struct s' is not defined here"),
    ("enum { A = (float)1 };", 12, "cast"),
    ("enum { A = 1, };\nenum { ... };", 1, "says nothing"),
    ('_Static_assert(1 == 2, "no");', 1, "assertion"),
    # extern "..." and calling conventions.
    ('extern "Python" int x;', 21, "functions only"),
    ('extern "Python" { int f(void);', 17, "never closed"),
    ('extern "Rust" int f(void);', 8, "Rust"),
    ('int x, extern "C" y;', 8, "first word"),
    ('extern "Python" int f(int, ...);', 21, "variadic"),
    ("__stdcall int x;", 1, "__stdcall"),
    ("int __fastcall f(int);", 5, "calling convention"),
    ("int f(int) = 5;", 5, "value"),
]


def test_a_name_after_its_type_misses_no_semicolon() -> None:
    # Its words and place are pycparser's, and differ with its version.
    assert "missing" not in refusal("typedef enum { A, B = A + + } T;").message


@pytest.mark.parametrize(("text", "column", "words"), CASES, ids=[case[0] for case in CASES])
def test_place_and_words(text: str, column: int, words: str) -> None:
    error = refusal(text)
    assert error.place is not None
    assert words in error.message
    lines = text.split("\n")
    assert error.place.text == lines[error.place.line - 1]
    assert (error.place.line, error.place.column) in {(line, column) for line in range(1, len(lines) + 1)}
    # The same place when other declarations stand around it.
    if not text.startswith(("#", "}", "/*", "...", "int x)")) and text.rstrip().endswith((";", "}")):
        around = refusal(f"int before(int);\n/* {'x' * 30} \n */ {text}")
        assert around.place is not None
        first_line = error.place.line == 1
        assert around.place.line == error.place.line + 2
        assert around.place.column == error.place.column + (4 if first_line else 0)


@pytest.mark.parametrize("text", ["int struct T;", "struct int T;"])
def test_nonsense_that_pycparser_itself_fails_over(text: str) -> None:
    error = refusal(f"int before;\n{text}")
    assert "no C declaration" in error.message
    assert error.place is not None
    assert error.place.line == 2  # the column depends on pycparser's version


def test_what_it_looks_like() -> None:
    with pytest.raises(CDefError) as caught:
        parse("\tint f(\n\t  int a, char *b,\n\tfoo c);\n", file="build.py", first_line=10)
    assert str(caught.value) == "parse error\nbuild.py:12:2: unknown type 'foo'\n    \tfoo c);\n    \t^"


def test_the_caret_under_wide_and_combining_characters() -> None:
    error = refusal("/* 日本 e\u0301 */ foo x;")
    assert str(error).split("\n")[2:] == ["    /* 日本 e\u0301 */ foo x;", f"    {' ' * 13}^"]


def test_carriage_returns() -> None:
    error = refusal("int a;\r\nfoo b;\r\n")
    assert str(error) == "cannot parse \"foo b;\"\n<cdef source string>:2:1: unknown type 'foo'\n    foo b;\n    ^"


@pytest.mark.parametrize("body", ["1.5", '"text"', "5)"])
def test_macros_that_are_no_constants(body: str) -> None:
    error = refusal(f"#define NAME {body}")
    heading, _, rest = str(error).partition("<cdef")
    assert heading.startswith("only supports one of the following syntax:\n  #define NAME ... ")
    assert heading.endswith(f"\ngot:\n  #define NAME {body}\n")
    assert rest.startswith(" source string>:1:14: ")


def test_what_is_c_but_wrong_has_no_heading() -> None:
    assert str(refusal("int a[-1];")).startswith("<cdef source string>:1:8: ")


def test_it_can_be_caught_by_its_base_copied_and_pickled() -> None:
    error = refusal("int x;\nlong x;")
    assert isinstance(error, FFIError)
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert isinstance(again, CDefError)
        assert str(again) == str(error)
        assert again.place == error.place


def test_an_error_in_a_type_expression() -> None:
    for text in ("", "int x y", "foo *", "5", "int;", "int)", "sizeof(int)", "int f(", "typedef int"):
        with pytest.raises(CDefError) as caught:
            parse_type(text)
        assert caught.value.place is not None
        assert caught.value.place.line == 1


class TestRedeclaration:
    SAME = (
        "int f(int, char *); int f(int a, char *b);",
        "int f(int a[5]); int f(int *);",
        "int f(int (int)); int f(int (*)(int));",
        "int f(const int); int f(int);",
        "typedef int T; int f(T); int f(int);",
        "typedef int T; typedef int T;",
        "typedef struct { int x; } T; typedef struct { int x; } T;",
        "struct s { int x; struct { int y; }; }; struct s { int x; struct { int y; }; };",
        "struct s { int x; }; struct s;",
        "enum e { A, B = 5 }; enum e { A, B = 5 };",
        "enum e; enum e { A }; enum e;",
        "extern int a[]; extern int a[5]; extern int a[];",
        "int x; extern int x;",
        "#define A 5\n#define A (4 + 1)\n",
        "#define A ...\n#define A ...\n",
        "enum e { A, B };\n#define B 1\n",
        "static const int a = 5; static const int a = 5;",
        "const char *s; char const *s;",
        'extern "Python" int f(int); extern "Python" int f(int);',
        "typedef ... T; typedef ... T;",
        "typedef int... T; typedef int... T;",
        "typedef ... *T; typedef ... *T;",
    )
    DIFFERENT = (
        "int f(int); int f(long);",
        "int f(int); int f(int, ...);",
        "int f(char *); int f(const char *);",
        "int f(int);\nint f;",
        "int x;\nlong x;",
        "int a[5]; int a[6];",
        "typedef int T; typedef long T;",
        "typedef ... T; typedef int T;",
        "struct s { int x; }; struct s { int y; };",
        "struct s { int x; }; struct s { int x; ...; };",
        "struct s { int x; }; struct s { int x : 3; };",
        "struct s { int x; }; struct s { int x; } __attribute__((packed));",
        "struct s { struct { int x; }; }; struct s { struct { long x; }; };",
        "enum e { A }; enum e { A, B };",
        "enum e { A }; enum f { B, A };",
        "#define A 5\n#define A 6\n",
        "#define A 5\n#define A ...\n",
        "#define A 5\nint A;",
        'extern "Python" int f(int); int f(int);',
        'extern "Python" int f(int); extern "Python+C" int f(int);',
        "static const int a = 5; static const int a = 6;",
    )

    @pytest.mark.parametrize("text", SAME)
    def test_the_same_again(self, text: str) -> None:
        first = parse(text)
        assert not first.added.globals.keys() - first.globals.keys()
        again = parse(text, known=first)
        assert not again.added.globals
        assert not [key for key in again.added.types if "$" not in key]

    @pytest.mark.parametrize("text", DIFFERENT)
    def test_another_one(self, text: str) -> None:
        error = refusal(text)
        assert "override=True" in error.message
        assert error.place is not None
        assert error.related is not None
        assert (error.related.line, error.related.column) < (error.place.line, error.place.column)
        assert str(error).count("^") == 2
        assert parse(text, override=True).added.globals or "typedef" in text or "struct" in text

    def test_another_one_in_a_later_text(self) -> None:
        first = parse("int f(int);", file="one.py", first_line=5)
        with pytest.raises(CDefError) as caught:
            parse("\nlong f(int);", known=first, file="two.py", first_line=8)
        assert str(caught.value).startswith("two.py:9:6: ")
        assert "\none.py:5:5: " in str(caught.value)
        replaced = parse("\nlong f(int);", known=first, override=True)
        assert replaced.globals["f"] is replaced.added.globals["f"]
