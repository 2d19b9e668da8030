"""The C emitter: what it writes compiles without warnings, and what does not fit does not compile.

What the compiled modules do is the business of the behaviour tests.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Optional

import pytest

from ffi_core import front
from ffi_core.emit.texts import LONGEST_MEMBER, Texts
from ffi_core.emit.writer import Writer, c_string
from ffi_core.emit_c import HEADER, emit_c
from ffi_core.front.errors import CDefError
from ffi_core.front.model import NOWHERE, Place

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
STANDARDS = ("gnu17", "c11", "c99")

pytestmark = pytest.mark.skipif(not COMPILERS, reason="there is no C compiler")


def emit(cdef: str, source: str = "", name: str = "_mod", **kwds: object) -> str:
    parsed = front.parse(cdef, file="cdef.py", first_line=100)
    return emit_c(name, parsed, source, filename="_mod.c", source_place=Place("source.py", 500), **kwds)  # type: ignore[arg-type]


def compile_c(text: str, folder: Path, compiler: str, *flags: str) -> subprocess.CompletedProcess[str]:
    path = folder / "_mod.c"
    path.write_text(text)
    command = [compiler, "-c", "-O1", "-fPIC", "-Wall", "-Wextra", *flags, path.name, "-o", "_mod.o"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


# (cdef, source): "" for a source that is the same as the cdef.
ACCEPTED = {
    "nothing": ("", "/* nothing */"),
    "function": ("int add(int, int);", ""),
    "many integer types": (
        (
            "unsigned long long f(char, signed char, unsigned char, short, unsigned short, unsigned, long, _Bool, size_t, "
            "uint8_t, int64_t, intptr_t, wchar_t);"
        ),
        "",
    ),
    "void": ("void f(void);", ""),
    "floating types": ("float f(double, long double);\nlong double g(float);", ""),
    "complex types": ("double _Complex f(float _Complex, long double _Complex);", ""),
    "128 bits": ("__int128 f(unsigned __int128);", ""),
    "characters": ("char16_t f(char32_t *, char16_t);", "#include <uchar.h>\nchar16_t f(char32_t *, char16_t);"),
    "characters without their header": (
        "char16_t f(char32_t *, char16_t);",
        "uint_least16_t f(uint_least32_t *, uint_least16_t);",
    ),
    "ssize_t": ("ssize_t f(ssize_t *);", "#include <sys/types.h>\nssize_t f(ssize_t *);"),
    "qualified parameters": (
        "const char *f(const int, char *const, const volatile int *restrict);",
        "const char *f(int, char *, const volatile int *restrict);",
    ),
    "qualified result": ("const int f(void);", "int f(void);"),
    "qualified typedef as result": ("typedef int T;\nconst T f(void);", "int f(void);"),
    "macro with a value": ("int twice(int);", "#define twice(x) (2 * (x))"),
    "macro that is a statement": ("void go(int, char *);", "#define go(a, b) do { (void)(a); (void)(b); } while (0)"),
    "inline function": ("int one(void);", "static inline int one(void) { return 1; }"),
    "implicit conversion": ("int f(int);", "static double f(long a) { return (double)a; }"),
    "noreturn": ("void f(int);", "_Noreturn void f(int);"),
    "parameters named like macros": ("int f(int stdin, int x0);", "#define x0 1\nint f(int, int);"),
    "struct by value": (
        "struct p { int x; double y; };\nstruct p f(struct p, int, struct p *);\nvoid g(struct p);",
        "",
    ),
    "union by value": ("union u { int x; double y; };\nunion u f(union u);", ""),
    "typedef of a struct": ("typedef struct { int x; } T;\nT f(const T, T *);", ""),
    "enum": ("enum e { A, B = -5, C };\nenum e f(enum e);", ""),
    "anonymous enum": ("enum { A, B = 7 };", ""),
    "nested anonymous enum": ("struct s { enum { A, B } e; enum { C } bits : 3; };", ""),
    "unsigned enum": ("enum e { BIG = 0xffffffff };", ""),
    "partial enum": ("enum e { A, B = ..., ... };", "enum e { X, A, Y, B };"),
    "enum typedef": ("typedef enum { A, ... } e_t;\ne_t f(e_t *);", "typedef enum { B, A } e_t; e_t f(e_t *);"),
    "variadic": ("int f(const char *, ...);", ""),
    "printf": ("int printf(const char *format, ...);", "#include <stdio.h>"),
    "function pointers": (
        (
            "typedef int (*cb_t)(int, void *);\nvoid f(cb_t, int (*)(void), void g(int));\nint (*h(int))(char);\n"
            "struct s { int (*call)(struct s *); cb_t more[2]; };"
        ),
        "",
    ),
    "array parameters": ("typedef int five[5];\nvoid f(int[3], five, char *[], int[][4]);", ""),
    "FILE": ("FILE *f(FILE *);", "#include <stdio.h>\nFILE *f(FILE *);"),
    "opaque types": (
        "typedef ... T;\ntypedef ... *P;\nstruct s;\nT *f(struct s *, P);\nP g(T *);",
        "typedef struct t_s { int x; } T; typedef struct { int y; } *P; struct s; T *f(struct s *, P); P g(T *);",
    ),
    "integers that only the compiler knows": (
        "typedef int... a_t;\ntypedef int... b_t;\na_t f(b_t *);",
        "typedef unsigned char a_t; typedef long b_t; a_t f(b_t *);",
    ),
    "floats that only the compiler knows": (
        "typedef float... f_t;\nf_t f(f_t);\nstruct s { f_t x; ...; };",
        "typedef float f_t; f_t f(f_t); struct s { int a; f_t x; };",
    ),
    "typedefs that C does not have": (
        (
            "typedef unsigned char byte;\ntypedef byte *bytes;\nstruct p { byte b[4]; };\ntypedef struct p *pp;\n"
            "pp f(byte, bytes, struct p);"
        ),
        "struct p { unsigned char b[4]; }; struct p *f(unsigned char, unsigned char *, struct p);",
    ),
    "tags that C does not have": (
        (
            "typedef union u { int a; char b[3]; } u;\nstruct s { u d; union u *p; struct part *q; };\ntypedef struct s S, T;\n"
            "typedef struct part { int x; ...; } Part;\ntypedef struct o Opaque;\n"
            "S f(T, struct s *, Opaque *, struct o *, Part);"
        ),
        (
            "typedef union { int a; char b[3]; } u; typedef struct { int y, x; } Part; typedef struct { u d; u *p; Part *q; } S;"
            "typedef struct { int hidden; } Opaque; S f(S, S *, Opaque *, Opaque *, Part);"
        ),
    ),
    "partial struct": (
        "struct s { char *name; unsigned u; const char *const c; ...; };",
        "struct s { int hidden; const char *const c; unsigned u; char *name; };",
    ),
    "integer fields of any type": (
        "typedef int... any_t;\nstruct s { any_t a; int b; ...; };",
        "typedef long any_t; struct s { any_t a; unsigned b; };",
    ),
    "constant struct": (
        "struct s { char *name; ...; };\nextern struct s v;",
        "struct s { int i; char *name; }; static const struct s v;",
    ),
    "arrays": (
        "struct s { int a[3]; char b[2][5]; const char *names[4]; double d[]; };\nextern int t[5];\nextern char *u[];",
        "",
    ),
    "array lengths that only the compiler knows": (
        "struct s { int a[...]; ...; };\nextern const char *names[...];\ntypedef int arr_t[...];\nextern arr_t x;",
        "struct s { int a[3]; }; static const char *names[7]; typedef int arr_t[9]; static arr_t x;",
    ),
    "bit-fields": (
        "enum e { A, B };\nstruct s { unsigned a : 3; int b : 5; _Bool c : 1; int : 3; long long d : 40; int : 0; enum e x : 2; };",
        "",
    ),
    "constant bit-fields": ("struct s { const int a : 3; const unsigned b : 2; const _Bool c : 1; };", ""),
    "bit-fields in anonymous members": ("struct s { int a; struct { int b : 3; union { int c : 5; int d; }; }; };", ""),
    "anonymous members": (
        "struct s { int a; union { int b; float c; struct { char d; char e; }; }; int f; };\nstruct s f(struct s);",
        "",
    ),
    "anonymous members of a partial struct": (
        "struct s { int a; union { int b; float c; }; ...; };",
        "struct s { char z; union { float c; int b; }; int a; };",
    ),
    "structs without a name": (
        "struct s { struct { int x; union { int i; float f; } u; } a, b[2], *p; };\nextern struct { int y; } v;",
        "",
    ),
    "packed": (
        (
            "struct a { char c; int i; } __attribute__((packed));\n"
            "#pragma pack(push, 2)\nstruct b { char c; int i; };\n#pragma pack(pop)\n"
            "struct c { char c; int i __attribute__((aligned(16))); } __attribute__((aligned(32)));"
        ),
        "",
    ),
    "members named like macros": (
        "struct s { int real; ...; };\nint f(struct s *);",
        "struct s { struct { int x; } a; }; #define real a.x\nint f(struct s *);".replace("; #", ";\n#"),
    ),
    "complete struct with members named like macros": (
        "struct s { long real; };",
        "struct s { union { long x; } a; };\n#define real a.x",
    ),
    "self-referential": ("struct node { struct node *next; int value; };\nstruct node *f(struct node **);", ""),
    "constants": (
        (
            "#define A 42\n#define B ...\nstatic const int C;\nstatic const int D = 5;\nstatic const char *const S;\n"
            "static const double X;\n#define HUGE ...\n#define NEG -3"
        ),
        (
            '#define A 42\nenum { B = -7 };\nstatic const int C = 3;\n#define D 5\n#define S "s"\n#define X 2.5\n'
            "#define HUGE 0xffffffffffffffffULL\n#define NEG -3"
        ),
    ),
    "boolean constant": ("#define T ...", "#include <stdbool.h>\n#define T true"),
    "constant array": ("static const int a[3];", "static const int a[3] = {1, 2, 3};"),
    "constant struct by value": (
        "struct s { int x; };\nstatic const struct s v;",
        "struct s { int x; }; static const struct s v = {1};",
    ),
    "variables": (
        "extern int a;\nextern const char *b;\nextern volatile int c;\nextern struct s *d;\nint (*e)(int);\nextern struct o f;",
        "int a; const char *b; volatile int c; struct s *d; int (*e)(int); struct o; extern struct o f;",
    ),
    "variable that is constant in C": (
        "extern int a;\nextern char *n[2];",
        "static const int a = 1; char *const n[2];",
    ),
    "variable that is a macro": ("extern int errno;", "#include <errno.h>"),
    "functions written in Python": (
        (
            'struct p { double a[4]; };\nextern "Python" int f(int, struct p, char *, long double);\n'
            'extern "Python" void g(void);\nextern "Python" struct p h(double);\nextern "Python" char *i(char);'
        ),
        (
            "struct p { double a[4]; };\nstatic int f(int, struct p, char *, long double);\n"
            "int use(void); int use(void) { struct p v = {{0}}; return f(1, v, 0, 2); }"
        ),
    ),
    "functions written in Python, exported": (
        'extern "Python+C" int f(int);\nextern "Python+C" void g(int (*)(void));',
        "int f(int);",
    ),
    "packed members": (
        "struct s { char c; int *p; int a[2]; struct s *(*f)(int); } __attribute__((packed));\nextern struct s v;",
        "",
    ),
    "results of functions that are const": (
        "struct s { const int (*f)(int); };\nextern const char *(*g)(volatile int (*)(const long (*)(void)));",
        (
            '#pragma GCC diagnostic ignored "-Wignored-qualifiers"\n'
            "struct s { const int (*f)(int); };\nextern const char *(*g)(volatile int (*)(const long (*)(void)));"
        ),
    ),
    "const members": (
        (
            "struct s { const int a; int *const b[2]; };\nunion u { struct s s[2]; };\n"
            "struct s f(struct s); union u g(void);\nstatic const struct s c; static const union u d;"
        ),
        (
            "struct s { const int a; int *const b[2]; };\nunion u { struct s s[2]; };\n"
            "struct s f(struct s); union u g(void);\nextern const struct s c; extern const union u d;"
        ),
    ),
    "calling convention": ("int __stdcall f(int (__stdcall *)(int));", "int f(int (*)(int));"),
    "a long enum": (
        "enum e { " + ", ".join(f"NAME_{i}" for i in range(2000)) + " };",
        "",
    ),
}


def strip_for_c(cdef: str) -> str:
    """Turn a cdef that is all C into the source it describes."""
    text = re.sub(
        r"^((?!extern|typedef|struct [a-z] \{|union [a-z] \{|enum|#)[^\n{]*\);)$",
        r"extern \1",
        cdef,
        flags=re.MULTILINE,
    )
    return "#include <stddef.h>\n#include <stdint.h>\n" + text


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ACCEPTED)
def test_compiles_without_warnings(tmp_path: Path, name: str, compiler: str) -> None:
    cdef, source = ACCEPTED[name]
    text = emit(cdef, source or strip_for_c(cdef))
    for standard in STANDARDS:
        done = compile_c(text, tmp_path, compiler, "-Werror", f"-std={standard}")
        assert done.returncode == 0, f"-std={standard}\n{done.stderr}"


def test_all_standards_together_are_one_file(tmp_path: Path) -> None:
    """Nothing of a generated module depends on what else is in it: put many things in one."""
    cdef = "\n".join(
        cdef for name, (cdef, source) in ACCEPTED.items() if name in {"printf", "variadic", "many integer types"}
    ).replace("int f(", "int f2(")
    done = compile_c(emit(cdef, "#include <stdio.h>\n" + strip_for_c(cdef)), tmp_path, COMPILERS[0], "-Werror")
    assert done.returncode == 0, done.stderr


# (cdef, source, line of the cdef that the message names, words of GCC and Clang)
REFUSED = {
    "missing member": ("struct s {\nint x;\nint nope;\n...; };", "struct s { int x; };", 102, "nope"),
    "missing struct": ("\nstruct s { int x; ...; };", "", 101, "incomplete|undefined"),
    "missing function": ("int f(int);\nint nope(int);", "int f(int);", 101, "nope"),
    "too many arguments": ("\nint f(int, int);", "int f(int);", 101, "too many arguments"),
    "too few arguments": ("\nint f(int);", "int f(int, int);", 101, "too few arguments"),
    "result is void": ("\nint f(int);", "void f(int);", 101, "void|incompatible"),
    "result is another pointer": ("\nint *f(int);", "long *f(int);", 101, "incompatible"),
    "result is a pointer": ("\nint f(int);", "long *f(int);", 101, "pointer"),
    "argument is another pointer": ("\nint f(int *);", "int f(long *);", 101, "incompatible"),
    "argument is a struct": ("\nint f(int);", "struct s { int x; }; int f(struct s);", 101, "incompatible"),
    "member is another pointer": (
        "struct s { int x;\nint *p; ...; };",
        "struct s { int x; long *p; };",
        101,
        "incompatible",
    ),
    "member is a pointer": (
        "struct s { int x;\nint p; ...; };",
        "struct s { int x; long *p; };",
        101,
        "invalid operands",
    ),
    "member is a number": ("struct s { int x;\nint *p; ...; };", "struct s { int x; long p; };", 101, "pointer"),
    "member is a float": (
        "struct s { int x;\nint p; ...; };",
        "struct s { int x; float p; };",
        101,
        "invalid operands",
    ),
    "member is another float": ("struct s {\ndouble p; ...; };", "struct s { float p; };", 101, "incompatible"),
    "member is another struct": (
        "struct a { int x; };\nstruct s {\nstruct a p; ...; };",
        "struct a { int x; }; struct b { int x; }; struct s { struct b p; };",
        102,
        "incompatible|initializing|invalid initializer",
    ),
    "items of another type": ("struct s {\nint a[...]; ...; };", "struct s { short a[3]; };", 101, "incompatible"),
    "member is a bit-field": ("struct s {\nint a; ...; };", "struct s { int a : 3; };", 101, "bit-field"),
    "constant is a string": ("\n#define X ...", '#define X "text"', 101, "invalid operands"),
    "constant is a float": ("\n#define X ...", "#define X 1.5", 101, "invalid operands"),
    "missing constant": ("\n#define X ...", "", 101, "undeclared"),
    "missing enumerator": ("enum e {\nA,\nB };", "enum e { A };", 102, "undeclared"),
    "variable of another type": ("\nextern int v;", "extern long v;", 101, "incompatible"),
    "missing variable": ("\nextern int v;", "", 101, "undeclared"),
    "int... is a float": ("\ntypedef int... t;", "typedef float t;", 101, "invalid operands"),
    "variadic": ("\nint f(int, ...);", "int f(int, int);", 101, "incompatible"),
    "float... is a long double in a call": (
        "typedef float... t;\nt f(int);",
        "typedef long double t; t f(int);",
        101,
        "negative",
    ),
}


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", REFUSED)
def test_wrong_declaration_is_an_error_at_its_line(tmp_path: Path, name: str, compiler: str) -> None:
    cdef, source, line, words = REFUSED[name]
    done = compile_c(emit(cdef, source), tmp_path, compiler)
    assert done.returncode != 0
    places = re.findall(r"^([\w.]+):(\d+):\d+: error: (.*)", done.stderr, re.MULTILINE)
    assert places, done.stderr
    assert ("cdef.py", str(line)) == places[0][:2], done.stderr
    assert re.search(words, done.stderr, re.IGNORECASE), done.stderr
    assert all(file == "cdef.py" for file, _, _ in places), done.stderr


@pytest.mark.parametrize("compiler", COMPILERS)
def test_error_in_the_source_is_at_its_line(tmp_path: Path, compiler: str) -> None:
    done = compile_c(emit("int f(int);", "int f(int);\nint g(void) { return nope; }\n"), tmp_path, compiler)
    assert re.search(r"^source.py:501:\d+: error", done.stderr, re.MULTILINE), done.stderr


def test_output_is_deterministic_and_sorted() -> None:
    cdef = "int zeta(void);\nint Alpha(void);\nint alpha(void);\nint _x(void);\nstruct b;\nstruct a;\ntypedef int T;"
    text = emit(cdef)
    assert text == emit(cdef)
    assert re.findall(r"FFIC_FUNCTION_ROW\((\w+),", text)[1:] == ["Alpha", "_x", "alpha", "zeta"]
    types = text.partition("ffic_types[] = {")[2].partition("};")[0]
    texts = re.findall(r'"(.*?)"', text.partition("} ffic_texts = {")[2].partition("};")[0])
    stored = "".join(texts).replace(r"\000", "\0") + "\0"
    names = [stored[int(place) :].partition("\0")[0] for place in re.findall(r"_ROW\((\d+)", types)]
    assert names == ["T", "struct a", "struct b"]


TEXTS = (
    "f",
    "0 begins with a digit",
    "7",
    "??= no trigraph",
    'quo"te',
    "back\\slash",
    "déjà",
    "\udc80 no UTF-8",
    "x" * 20000,
)


@pytest.mark.parametrize("compiler", [pytest.param((name, "-std=c99"), id=name) for name in COMPILERS])
def test_texts_are_where_their_places_say(tmp_path: Path, compiler: tuple[str, str]) -> None:
    texts = Texts()
    places = {text: texts.place(text) for text in (*TEXTS, *(f"{n} {'y' * n}" for n in range(600)))}
    assert texts.place("") == 0
    assert all(texts.place(text) == place for text, place in places.items())
    out = Writer("texts.c")
    out.add("#include <stdio.h>")
    texts.emit(out)
    out.add("int main(void) { return fwrite(&ffic_texts, sizeof ffic_texts, 1, stdout) != 1; }")
    (tmp_path / "texts.c").write_text(out.text())
    subprocess.run([*compiler, "-Wall", "-Werror", "texts.c", "-o", "texts"], cwd=tmp_path, check=True)
    stored = subprocess.run([tmp_path / "texts"], capture_output=True, check=True).stdout
    assert len(stored) > 2 * LONGEST_MEMBER
    for text, place in places.items():
        wanted = text.encode("utf-8", "surrogateescape") + b"\0"
        assert stored[place : place + len(wanted)] == wanted


def test_no_literal_is_longer_than_compilers_read() -> None:
    texts = Texts()
    for text in TEXTS:
        texts.place(text)
    out = Writer("texts.c")
    texts.emit(out)
    assert max(map(len, re.findall(r'"((?:[^"\\]|\\.)*)"', out.text()))) < 16380


def test_generated_text_counts_its_own_lines() -> None:
    lines = emit("int f(int);\nstruct s { int x; };\n#define X ...", "int f(int);").splitlines()
    own = [(i, line) for i, line in enumerate(lines) if re.fullmatch(r'#line \d+ "_mod.c"', line)]
    assert own
    for index, line in own:
        assert int(line.split()[1]) == index + 2


def test_header_is_in_the_file() -> None:
    assert HEADER.read_text() in emit("int f(int);")


def test_own_feature_macros_come_before_all_headers() -> None:
    text = emit("int f(int);", "#define _POSIX_C_SOURCE 200809L\n#include <stdio.h>\nint f(int);")
    assert text.index("_POSIX_C_SOURCE") < text.index("FFIC_TABLE_H")
    assert "_GNU_SOURCE" not in text
    assert "_GNU_SOURCE" in emit("int f(int);")


def test_python_header_in_the_source(tmp_path: Path) -> None:
    import sysconfig

    include = sysconfig.get_path("include")
    if not Path(include, "Python.h").exists():
        pytest.skip("Python's headers are not installed")
    text = emit("int f(int);", "#include <Python.h>\nint f(int);")
    done = compile_c(text, tmp_path, COMPILERS[0], "-Werror", "-isystem", include)
    assert done.returncode == 0, done.stderr


def test_includes() -> None:
    text = emit("int f(int);", includes=["pkg._base"])
    assert 'ffic_includes[] = {"pkg._base", 0};' in text


def test_types_of_included_modules_are_known(tmp_path: Path) -> None:
    base = front.parse("typedef struct { int x; } base_t; typedef unsigned char byte;")
    known = front.parse("base_t *f(byte);", known=base)
    text = emit_c("_mod", known.added, "typedef struct { int x; } base_t; base_t *f(unsigned char);", known=known)
    assert "base_t *ffic_call_f(unsigned char" in text
    assert compile_c(text, tmp_path, COMPILERS[0], "-Werror").returncode == 0


def test_type_without_a_name_in_a_function() -> None:
    with pytest.raises(CDefError, match=r"C has no name for 'struct \$1'"):
        emit("struct { int x; } f(void);")


def test_variadic_python_function_is_refused() -> None:
    with pytest.raises(CDefError, match="variadic"):
        emit('extern "Python" int f(int, ...);')


def test_size_and_speed(tmp_path: Path) -> None:
    count = 5000
    lines = [
        f"int function_{i}(struct context *, const char *name, unsigned flags, double value);" for i in range(count)
    ]
    cdef = "struct context;\n" + "\n".join(lines)
    parsed = front.parse(cdef, file="cdef.py")
    started = time.perf_counter()
    text = emit_c("_big", parsed, cdef)
    assert time.perf_counter() - started < 5
    assert len(text) - len(cdef) < 300 * count


@pytest.mark.parametrize(
    ("text", "literal"),
    [("plain", '"plain"'), ('a"b\\', '"a\\"b\\\\"'), ("??/", '"\\?\\?/"'), ("é\n", '"\\303\\251\\012"'), ("", '""')],
)
def test_string_literals(text: str, literal: str) -> None:
    assert c_string(text) == literal


def test_long_string_literals_are_split() -> None:
    literal = c_string("x" * 20000)
    assert max(map(len, literal.split())) <= 8002
    assert literal.replace('" "', "") == '"' + "x" * 20000 + '"'


def test_writer_sends_lines_to_their_places() -> None:
    out = Writer("g.c")
    place: Optional[Place]
    for text, place in [
        ("one", None),
        ("two", Place("a.py", 7)),
        ("more", Place("a.py", 7)),
        ("three", Place("a.py", 8)),
        ("four", Place("b.py", 1)),
        ("five", NOWHERE),
        ("six", None),
    ]:
        if place is None:
            out.here()
        else:
            out.at(place)
        out.add(text)
    assert out.text().splitlines() == [
        "one",
        '#line 7 "a.py"',
        "two more",
        "three",
        '#line 1 "b.py"',
        "four",
        '#line 8 "g.c"',
        "five",
        "six",
    ]
