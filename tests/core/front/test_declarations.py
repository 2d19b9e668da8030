"""What each kind of declaration becomes in the model and in the declaration table."""

from __future__ import annotations

import pycparser
import pytest

from ffi_core.front import CDefError, Declarations, parse, parse_type, python_table
from ffi_core.front.model import (
    INFERRED,
    Array,
    ConstantDecl,
    EnumDecl,
    FunctionDecl,
    Named,
    Place,
    Pointer,
    Primitive,
    PythonFunctionDecl,
    RecordDecl,
    Tagged,
    TypedefDecl,
    VariableDecl,
    Void,
    spell,
)
from ffi_core.front.table import Entry

OLD = pycparser.__version__.startswith("2.")


def globals_of(text: str) -> dict[str, Entry]:
    return python_table(parse(text).added)[0]


def types_of(text: str) -> dict[str, Entry]:
    return python_table(parse(text).added)[1]


def variable_type(text: str) -> str:
    [decl] = parse(text).added.globals.values()
    assert isinstance(decl, VariableDecl)
    return spell(decl.type)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("char", "char"),
        ("signed char", "signed char"),
        ("char unsigned", "unsigned char"),
        ("short", "short"),
        ("int short signed", "short"),
        ("unsigned short int", "unsigned short"),
        ("signed", "int"),
        ("unsigned", "unsigned int"),
        ("long int unsigned", "unsigned long"),
        ("long long", "long long"),
        ("long unsigned int long", "unsigned long long"),
        ("float", "float"),
        ("long double", "long double"),
        ("double long", "long double"),
        ("float _Complex", "float _Complex"),
        ("_Complex double", "double _Complex"),
        ("_Complex", "double _Complex"),
        ("long double _Complex", "long double _Complex"),
        ("double __complex__", "double _Complex"),
        ("_Bool", "_Bool"),
        ("bool", "_Bool"),
        ("__int128", "__int128"),
        ("unsigned __int128", "unsigned __int128"),
        ("__int128_t", "__int128"),
        ("__uint128_t", "unsigned __int128"),
        ("__signed__ char", "signed char"),
        ("unsigned __int64", "unsigned long long"),
        ("__extension__ long long", "long long"),
        ("int const", "int const"),
        ("const volatile int", "int const volatile"),
        ("__const int", "int const"),
        ("_Atomic int", "int _Atomic"),
        pytest.param("_Atomic(int)", "int _Atomic", marks=pytest.mark.skipif(OLD, reason="pycparser 2 cannot read it")),
        ("const char *", "char const *"),
        ("char *const", "char *const"),
        ("int *restrict", "int *restrict"),
        ("int *__restrict__", "int *restrict"),
        ("int *const volatile *", "int *const volatile *"),
        ("int[5]", "int[5]"),
        ("int[2][3][4]", "int[2][3][4]"),
        ("int *[5]", "int *[5]"),
        ("int (*)[5]", "int (*)[5]"),
        ("const int[3]", "int const[3]"),
        ("int (*)(int)", "int (*)(int)"),
        ("int (*)(void)", "int (*)(void)"),
        ("int (*)()", "int (*)(void)"),
        ("int (*)(const char *, ...)", "int (*)(char const *, ...)"),
        ("int *(*(*)(int))[3]", "int *(*(*)(int))[3]"),
        ("void (*(*)(int, void (*)(int)))(int)", "void (*(*)(int, void (*)(int)))(int)"),
        ("int (__stdcall *)(int)", "int (__stdcall *)(int)"),
        ("int (WINAPI *)(int)", "int (__stdcall *)(int)"),
        ("int (__cdecl *)(int)", "int (*)(int)"),
        ("int (*)(int[5])", "int (*)(int *)"),
        ("int (*)(int[const 5])", "int (*)(int *const)"),
        ("int (*)(int[static 5])", "int (*)(int *)"),
        ("int (*)(int[2][3])", "int (*)(int (*)[3])"),
        ("int (*)(int(int))", "int (*)(int (*)(int))"),
        ("struct s *", "struct s *"),
        ("const union u *", "union u const *"),
        ("enum e", "enum e"),
        ("size_t", "size_t"),
        ("wchar_t *", "wchar_t *"),
        ("int(int)", "int (int)"),
    ],
)
def test_types(text: str, spelled: str) -> None:
    assert spell(parse_type(text)) == spelled
    assert spell(parse_type(spelled)) == spelled


@pytest.mark.parametrize(
    "name",
    [f"{u}int{k}{b}_t" for u in ("", "u") for k in ("", "_least", "_fast") for b in (8, 16, 32, 64)]
    + ["intmax_t", "uintmax_t", "intptr_t", "uintptr_t", "ptrdiff_t", "size_t", "ssize_t"]
    + ["wchar_t", "char16_t", "char32_t"],
)
def test_standard_names_are_known(name: str) -> None:
    assert parse_type(name) == Primitive(name)


def test_functions() -> None:
    parsed = parse("int add(int a, int); void *f(void); int printf(const char *format, ...);")
    add, f, printf = parsed.globals.values()
    assert isinstance(add, FunctionDecl)
    assert isinstance(f, FunctionDecl)
    assert isinstance(printf, FunctionDecl)
    assert add.type.parameters == (Primitive("int"), Primitive("int"))
    assert add.type.parameter_names == ("a", "")
    assert f.type.result == Pointer(Void())
    assert f.type.parameters == ()
    assert printf.type.variadic
    assert globals_of("int add(int, int);") == {"add": ("function", "int (int, int)", 0)}


def test_release_gil_is_kept_with_the_functions() -> None:
    parsed = parse("int f(int);", release_gil=False)
    assert python_table(parsed)[0] == {"f": ("function", "int (int)", 1)}


@pytest.mark.parametrize(
    "prefix", ["extern", "static", "inline", "static inline", "__inline__", "_Noreturn", "__forceinline"]
)
def test_words_before_functions(prefix: str) -> None:
    assert globals_of(f"{prefix} int f(int);") == {"f": ("function", "int (int)", 0)}


def test_functions_by_typedef() -> None:
    text = "typedef int F(int, char); F f, g; F *h; int k(F);"
    assert globals_of(text) == {
        "f": ("function", "int (int, char)", 0),
        "g": ("function", "int (int, char)", 0),
        "h": ("variable", "F *"),
        "k": ("function", "int (int (*)(int, char))", 0),
    }


def test_typedefs_of_arrays_decay_in_parameters() -> None:
    text = "typedef int A[5]; typedef const A C; typedef void V; int f(A, C, const A); int g(V);"
    assert globals_of(text) == {
        "f": ("function", "int (int *, int const *, int const *)", 0),
        "g": ("function", "int (void)", 0),
    }


def test_several_declarators() -> None:
    assert globals_of("int *a, b[3], c(int), (*d)(int);") == {
        "a": ("variable", "int *"),
        "b": ("variable", "int[3]"),
        "c": ("function", "int (int)", 0),
        "d": ("variable", "int (*)(int)"),
    }


def test_typedefs() -> None:
    parsed = parse("typedef unsigned int uint, *uint_p; typedef uint T[3]; uint x;")
    assert python_table(parsed)[1] == {
        "uint": ("typedef", "unsigned int"),
        "uint_p": ("typedef", "unsigned int *"),
        "T": ("typedef", "uint[3]"),
    }
    x = parsed.globals["x"]
    assert isinstance(x, VariableDecl)
    assert x.type == Named("uint")


def test_typedef_of_a_standard_name() -> None:
    assert types_of("typedef _Bool bool;") == {}
    assert types_of("typedef int32_t int32_t;") == {}
    text = "typedef unsigned char bool; bool f(bool);"
    assert types_of(text) == {"bool": ("typedef", "unsigned char")}
    assert globals_of(text) == {"f": ("function", "bool (bool)", 0)}


def test_file() -> None:
    text = "FILE *fopen(const char *, const char *); int fclose(FILE *);"
    assert types_of(text) == {
        "struct _IO_FILE": ("record", None, 0, 0, 0),
        "FILE": ("typedef", "struct _IO_FILE"),
    }
    record = parse(text).types["struct _IO_FILE"]
    assert isinstance(record, RecordDecl)
    assert record.c_name == "FILE"
    assert types_of("typedef struct _IO_FILE FILE; FILE *f(void);") == types_of(text)


def test_unknown_numbers() -> None:
    text = "typedef int... a; typedef unsigned long... b; typedef float... c; typedef double... d; typedef long double... e;"
    assert types_of(text) == {
        "a": ("unknown", "int"),
        "b": ("unknown", "int"),
        "c": ("unknown", "float"),
        "d": ("unknown", "float"),
        "e": ("unknown", "float"),
    }


def test_opaque_types() -> None:
    parsed = parse("typedef ... Window; typedef ... *Handle; Window *open(Handle);")
    assert python_table(parsed)[1] == {
        "struct $Window": ("record", None, 0, 0, 0),
        "Window": ("typedef", "struct $Window"),
        "struct $$Handle": ("record", None, 0, 0, 0),
        "Handle": ("typedef", "struct $$Handle *"),
    }
    window, handle = parsed.types["struct $Window"], parsed.types["struct $$Handle"]
    assert isinstance(window, RecordDecl)
    assert isinstance(handle, RecordDecl)
    assert (window.c_name, handle.c_name) == ("Window", "")


class TestRecords:
    def test_members(self) -> None:
        text = "struct s { int a, *b; char c[2][3]; int (*d)(struct s *); const char *e; };"
        assert types_of(text) == {
            "struct s": (
                "record",
                (
                    ("a", "int", -1, 0),
                    ("b", "int *", -1, 0),
                    ("c", "char[2][3]", -1, 0),
                    ("d", "int (*)(struct s *)", -1, 0),
                    ("e", "char const *", -1, 0),
                ),
                0,
                0,
                0,
            )
        }

    def test_partial_empty_opaque(self) -> None:
        text = "struct a { int x; ...; }; struct b { ...; }; struct c {}; struct d; union e;"
        assert types_of(text) == {
            "struct a": ("record", (("x", "int", -1, 0),), 1, 0, 0),
            "struct b": ("record", (), 1, 0, 0),
            "struct c": ("record", (), 0, 0, 0),
            "struct d": ("record", None, 0, 0, 0),
            "union e": ("record", None, 0, 0, 0),
        }

    def test_opaque_then_defined(self) -> None:
        text = "typedef struct s S; struct s { S *next; }; struct s;"
        assert types_of(text) == {
            "struct s": ("record", (("next", "S *", -1, 0),), 0, 0, 0),
            "S": ("typedef", "struct s"),
        }

    def test_a_mention_declares_an_opaque_record(self) -> None:
        assert types_of("int f(struct s *, union u *);") == {
            "struct s": ("record", None, 0, 0, 0),
            "union u": ("record", None, 0, 0, 0),
        }

    def test_typedef_names_an_untagged_record(self) -> None:
        parsed = parse(
            "typedef struct { int x; } T, *PT; typedef union { int y; } *PU, U; typedef struct { int z; } *P;"
        )
        assert list(parsed.types) == ["struct $T", "T", "PT", "union $U", "PU", "U", "struct $1", "P"]
        assert [d.c_name for d in parsed.types.values() if isinstance(d, RecordDecl)] == ["T", "U", ""]
        assert parsed.types["PT"] == TypedefDecl(
            "PT", Pointer(Tagged("struct", "$T")), Place("<cdef source string>", 1, 31, parsed.types["PT"].place.text)
        )

    def test_nested(self) -> None:
        text = "struct s { struct { int a; union { int b; float c; }; }; struct t { int d; } e[2], *f; enum { A } g; };"
        assert types_of(text) == {
            "struct s": (
                "record",
                (
                    ("", "struct $1", -1, 0),
                    ("e", "struct t[2]", -1, 0),
                    ("f", "struct t *", -1, 0),
                    ("g", "enum $3", -1, 0),
                ),
                0,
                0,
                0,
            ),
            "struct $1": ("record", (("a", "int", -1, 0), ("", "union $2", -1, 0)), 0, 0, 0),
            "union $2": ("record", (("b", "int", -1, 0), ("c", "float", -1, 0)), 0, 0, 0),
            "struct t": ("record", (("d", "int", -1, 0),), 0, 0, 0),
            "enum $3": ("enum", "A", 0, "unsigned int"),
        }

    def test_bit_fields(self) -> None:
        text = "enum e { A }; struct s { int a : 3; unsigned : 0; _Bool b : 1; enum e c : 4; long d : 40, : 5; };"
        fields = types_of(text)["struct s"][1]
        assert fields == (
            ("a", "int", 3, 0),
            ("", "unsigned int", 0, 0),
            ("b", "_Bool", 1, 0),
            ("c", "enum e", 4, 0),
            ("d", "long", 40, 0),
            ("", "long", 5, 0),
        )

    def test_flexible_array(self) -> None:
        assert types_of("struct s { int n; char data[]; };")["struct s"][1] == (
            ("n", "int", -1, 0),
            ("data", "char[]", -1, 0),
        )

    def test_length_filled_in_by_the_compiler(self) -> None:
        text = "struct s { int a[...]; ...; }; extern int b[...], c[...][3], d[2][...]; typedef int T[...];"
        assert globals_of(text) == {
            "b": ("variable", "int[...]"),
            "c": ("variable", "int[...][3]"),
            "d": ("variable", "int[2][...]"),
        }
        assert types_of(text)["T"] == ("typedef", "int[...]")
        assert parse_type("int[...]") == Array(Primitive("int"), INFERRED)

    def test_in_other_declarations(self) -> None:
        text = "struct s { int x; } v, *w; int f(struct t { int y; } *); struct { int z; } g(void);"
        assert globals_of(text) == {
            "v": ("variable", "struct s"),
            "w": ("variable", "struct s *"),
            "f": ("function", "int (struct t *)", 0),
            "g": ("function", "struct $1 (void)", 0),
        }


class TestLayoutOptions:
    def pack(self, text: str, **options: int) -> list[tuple[int, int]]:
        types = parse(text, packed=bool(options.get("packed")), pack=options.get("pack")).types
        return [(d.pack, d.aligned) for d in types.values() if isinstance(d, RecordDecl)]

    def test_options_of_cdef(self) -> None:
        assert self.pack("struct s { int x; };") == [(0, 0)]
        assert self.pack("struct s { int x; };", packed=1) == [(1, 0)]
        assert self.pack("struct s { int x; };", pack=4) == [(4, 0)]
        with pytest.raises(ValueError, match="both"):
            self.pack("struct s { int x; };", packed=1, pack=4)
        with pytest.raises(ValueError, match="power of two"):
            self.pack("struct s { int x; };", pack=3)

    def test_pragma_pack(self) -> None:
        text = """
            #pragma pack(push, 1)
            struct a { int x; };
              # pragma pack ( 2 )
            struct b { int x; };
            #pragma pack(push, name, 8)
            #pragma pack(push)
            struct c { int x; };
            #pragma pack(pop, name)
            struct d { int x; };
            #pragma pack()
            struct e { int x; };
            #pragma pack(pop)
            #pragma once
            struct f { int x; };
        """
        assert self.pack(text) == [(1, 0), (2, 0), (8, 0), (2, 0), (0, 0), (0, 0)]
        assert self.pack(text, pack=16)[-2:] == [(16, 0), (16, 0)]

    @pytest.mark.parametrize(
        "text", ["pack(3)", "pack(pop)", "pack(push, 5)", "pack 1", "ms_struct on", "pack(1", "pack(a, b)"]
    )
    def test_wrong_pragmas(self, text: str) -> None:
        with pytest.raises(CDefError) as caught:
            parse(f"int x;\n  #pragma {text}\n")
        assert caught.value.place is not None
        assert (caught.value.place.line, caught.value.place.column) == (2, 3)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("struct __attribute__((packed)) s { int x; };", (-1, 0)),
            ("struct s { int x; } __attribute__((__packed__));", (-1, 0)),
            ("struct s { int x; } __attribute__((packed, aligned(8))) v;", (-1, 8)),
            ("struct __attribute__((aligned)) s { int x; };", (0, 16)),
            ("struct __attribute__((aligned(2 * 8))) { int x; } v;", (0, 16)),
            ("union __attribute__((aligned(4))) __attribute__((aligned(32), unused)) u { int x; };", (0, 32)),
            ("typedef struct { int x; } __attribute__((packed)) T;", (-1, 0)),
            ("struct __declspec(align(8)) s { int x; };", (0, 8)),
            ("#pragma pack(1)\nstruct s { int x; } __attribute__((aligned(4)));", (1, 4)),
            ('struct s { int x; } __attribute__((deprecated("no (longer)"), may_alias));', (0, 0)),
        ],
    )
    def test_attributes_of_records(self, text: str, expected: tuple[int, int]) -> None:
        assert self.pack(text) == [expected]

    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ("char a __attribute__((aligned(8))); char b;", [8, 0]),
            ("char a, b __attribute__((aligned(8))), c;", [0, 8, 0]),
            ("char __attribute__((aligned(8))) a, b; char c;", [8, 8, 0]),
            ("__attribute__((aligned(8))) char a; char b;", [8, 0]),
            ("_Alignas(8) char a, b; char c;", [8, 8, 0]),
            ("_Alignas(double) char a; _Alignas(0) char b;", [8, 0]),
            ("_Alignas(4) _Alignas(16) char a __attribute__((aligned(8)));", [16]),
            ("char a[3] __attribute__((aligned(8))), *b, (*c)(int, int) __attribute__((aligned(16)));", [8, 0, 16]),
            ("int a : 3 __attribute__((aligned(8))); int b : 4;", [8, 0]),
            ("struct { char x __attribute__((aligned(4))); } a __attribute__((aligned(8)));", [8]),
            ("struct { char x; } __attribute__((aligned(4))) a; char b;", [0, 0]),
            ("char a __attribute__((unused)); char b __attribute__((nonstring, aligned(2)));", [0, 2]),
        ],
    )
    def test_alignment_of_members(self, members: str, expected: list[int]) -> None:
        record = parse(f"struct s {{ {members} }};").types["struct s"]
        assert isinstance(record, RecordDecl)
        assert [field.aligned for field in record.fields or ()] == expected


class TestEnums:
    @pytest.mark.parametrize(
        ("enumerators", "base"),
        [
            ("A", "unsigned int"),
            ("A = 0xffffffff", "unsigned int"),
            ("A = -1", "int"),
            ("A = -1, B = 0x7fffffff", "int"),
            ("A = -1, B = 0xffffffff", "long"),
            ("A = 0x100000000", "unsigned long"),
            ("A = 0x8000000000000000", "unsigned long"),
            ("A = -0x80000001L", "long"),
        ],
    )
    def test_integer_type(self, enumerators: str, base: str) -> None:
        names = ",".join(part.split()[0] for part in enumerators.split(","))
        assert types_of(f"enum e {{ {enumerators} }};") == {"enum e": ("enum", names, 0, base)}

    def test_values(self) -> None:
        text = "enum { A, B = 5, C, D = B << 2 | 1, E = -A - 1, F, G = 'a', };"
        values = [entry[1] for entry in globals_of(text).values()]
        assert values == [0, 5, 6, 21, -1, 0, 97]

    def test_names(self) -> None:
        parsed = parse("enum e { A }; typedef enum { B } E; typedef enum f { C } F; enum { D }; enum g;")
        enums = {key: decl.c_name for key, decl in parsed.types.items() if isinstance(decl, EnumDecl)}
        assert enums == {"enum e": "enum e", "enum $E": "E", "enum f": "enum f", "enum $1": "", "enum g": "enum g"}

    def test_partial(self) -> None:
        text = "enum a { A, B = 7, ... }; enum b { C = ..., D, E = 3 }; enum c { ... };"
        assert types_of(text) == {
            "enum a": ("enum", "A,B", 1, ""),
            "enum b": ("enum", "C,D,E", 1, ""),
            "enum c": ("enum", "", 1, ""),
        }
        assert [entry[1] for entry in globals_of(text).values()] == [None, 7, None, None, 3]


class TestConstants:
    def test_macros(self) -> None:
        text = """
            #define A 42
            #define B -0x10
              #  define   C   (A * 2)  /* two
                     lines */
            #define D ...
            #define E 'x'
            #define F \\
                017ul
            #define G D + 1
        """
        assert globals_of(text) == {
            "A": ("constant", 42),
            "B": ("constant", -16),
            "C": ("constant", 84),
            "D": ("constant", None),
            "E": ("constant", 120),
            "F": ("constant", 15),
            "G": ("constant", None),
        }

    def test_macros_and_enumerators_refer_to_each_other(self) -> None:
        text = "enum {\n A = 3,\n#define A A\n#define N (A + 1)\n B = N\n};\n int x[N][B];\nstruct s {\n#define M 9\n char y[M]; };"
        entries = globals_of(text)
        assert entries["x"] == ("variable", "int[4][4]")
        assert types_of(text)["struct s"][1] == (("y", "char[9]", -1, 0),)
        assert entries["A"] == ("constant", 3)

    def test_const_variables(self) -> None:
        text = """
            static const int a; static const int b = 5; static char *const c; static const char *d;
            const uint8_t e = 300; extern const int f; static const double g = 1.5; static const int h[2];
            typedef const long L; static L i = 1 << 4; extern const int j = 7; volatile int k; int l = 2 + 3;
            int m = -5; char n = 65;
        """
        assert globals_of(text) == {
            "a": ("constant", None, "int const"),
            "b": ("constant", 5, "int const"),
            "c": ("constant", None, "char *const"),
            "d": ("variable", "char const *"),
            "e": ("constant", 44, "uint8_t const"),
            "f": ("variable", "const int const"),
            "g": ("constant", None, "double const"),
            "h": ("variable", "const int const[2]"),
            "i": ("constant", 16, "L"),
            "j": ("constant", 7, "int const"),
            "k": ("variable", "int volatile"),
            "l": ("variable", "int"),
            "m": ("constant", -5, "int"),  # as CFFI has it
            "n": ("variable", "char"),
        }

    def test_const_variables_in_expressions(self) -> None:
        assert variable_type_of("static const unsigned char n = 255; int a[n + 1];", "a") == "int[256]"


def variable_type_of(text: str, name: str) -> str:
    decl = parse(text).globals[name]
    assert isinstance(decl, VariableDecl)
    return spell(decl.type)


class TestExternPython:
    def test_forms(self) -> None:
        parsed = parse(
            """
            extern "Python" int a(int);
            extern "Python" { void b(void *); static int c(void), d(void); struct s { int x; }; }
            extern "Python+C" int e(void);
            extern "Python + C" { int f(void); };
            extern "C+Python" int f2(void);
            extern "C" int g(void);
            extern "C" { int h(void); extern int i; }
            int j(void);
            """
        )
        kinds = {
            name: decl.exported if isinstance(decl, PythonFunctionDecl) else type(decl).__name__
            for name, decl in parsed.globals.items()
        }
        assert kinds == {
            "a": False,
            "b": False,
            "c": False,
            "d": False,
            "e": True,
            "f": True,
            "f2": True,
            "g": "FunctionDecl",
            "h": "FunctionDecl",
            "i": "VariableDecl",
            "j": "FunctionDecl",
        }
        assert python_table(parsed)[0]["b"] == ("python", "void (void *)")
        assert "struct s" in parsed.types


class TestCallingConventions:
    def test_where_they_stand(self) -> None:
        parsed = parse(
            "int __stdcall f(int); typedef int (WINAPI *g)(int); int (__stdcall *h[3])(void); int __cdecl i(void);"
            "void j(int (__stdcall *)(int), int (*)(int)); typedef int __stdcall K(int); void *WINAPI l(void);"
        )
        f, l_ = parsed.globals["f"], parsed.globals["l"]
        assert isinstance(f, FunctionDecl)
        assert isinstance(l_, FunctionDecl)
        assert (f.type.abi, l_.type.abi) == ("__stdcall", "__stdcall")
        assert python_table(parsed)[0]["h"] == ("variable", "int (__stdcall *[3])(void)")
        assert python_table(parsed)[0]["j"] == ("function", "void (int (__stdcall *)(int), int (*)(int))", 0)
        assert python_table(parsed)[1]["g"] == ("typedef", "int (__stdcall *)(int)")


def test_places() -> None:
    parsed = parse("\n/* a\n */ int f(\n   int);\n#define N 5\nstruct s { int x;\n\tint y; };")
    assert parsed.globals["f"].place == Place("<cdef source string>", 3, 9, " */ int f(")
    assert parsed.globals["N"].place == Place("<cdef source string>", 5, 9, "#define N 5")
    record = parsed.types["struct s"]
    assert isinstance(record, RecordDecl)
    assert record.place == Place("<cdef source string>", 6, 8, "struct s { int x;")
    assert record.fields is not None
    assert record.fields[1].place == Place("<cdef source string>", 7, 6, "\tint y; };")


def test_words_that_go_on_in_the_next_line() -> None:
    parsed = parse("typedef int num\\\nb\\\r\ner;\\\n number\\\n x; \\\nint y;")
    assert parsed.types["number"].place == Place("<cdef source string>", 1, 13, "typedef int num\\")
    assert (parsed.globals["x"].place.line, parsed.globals["y"].place.line) == (5, 6)


def test_places_in_a_file_and_line_directives() -> None:
    text = 'int a;\n#line 100 "x.h"\nint b;\n\nint c;\n# 7 "y.h" 2\nint d;\n#line 1\nint e;'
    parsed = parse(text, file="z.py", first_line=30)
    places = {name: (decl.place.file, decl.place.line) for name, decl in parsed.globals.items()}
    assert places == {"a": ("z.py", 30), "b": ("x.h", 100), "c": ("x.h", 102), "d": ("y.h", 7), "e": ("y.h", 1)}


class TestSeveralTexts:
    def test_known_declarations_can_be_used(self) -> None:
        first = parse("typedef int T; struct s { T x; }; enum { N = 3 };\n#define M 4\ntypedef struct { int x; } *P;")
        second = parse("T f(struct s *); int a[N][M]; typedef struct { int y; } *Q;", known=first)
        assert python_table(second.added)[0] == {
            "f": ("function", "T (struct s *)", 0),
            "a": ("variable", "int[3][4]"),
        }
        assert list(second.added.types) == ["struct $3", "Q"]
        assert list(second.globals) == ["N", "M", "f", "a"]
        assert "T" in second.types

    def test_nothing_of_a_failed_parse_stays(self) -> None:
        first = parse("typedef int T; struct s; int x;")
        before = (dict(first.globals), dict(first.types))
        with pytest.raises(CDefError):
            parse("struct s { int y; }; int z; T x;\n long x;", known=first)
        assert (dict(first.globals), dict(first.types)) == before

    def test_defining_an_opaque_record_later(self) -> None:
        first = parse("struct s; int f(struct s *);")
        second = parse("struct s { int x; };", known=first)
        assert list(second.added.types) == ["struct s"]
        assert python_table(second)[1]["struct s"] == ("record", (("x", "int", -1, 0),), 0, 0, 0)

    def test_values_come_with_their_enum(self) -> None:
        first = parse("#define A 0\n")
        second = parse("enum e { A, B };", known=first)
        assert list(second.added.globals) == ["A", "B"]
        assert python_table(second.added)[1] == {"enum e": ("enum", "A,B", 0, "unsigned int")}

    def test_results_are_read_only(self) -> None:
        parsed = parse("int x;")
        with pytest.raises(TypeError):
            parsed.globals["y"] = ConstantDecl("y", 1)  # type: ignore[index]
        assert isinstance(parsed, Declarations)


def test_size_of_needs_no_callback_for_plain_types() -> None:
    assert variable_type("int a[sizeof(int) + sizeof(char[3]) + sizeof(short *) + _Alignof(double)];") == "int[23]"


def test_size_of_asks_the_callback_for_records_of_other_modules() -> None:
    asked = []

    def sizeof(ctype: object) -> int:
        asked.append(ctype)
        return 24

    known = Declarations(types={"S": TypedefDecl("S", Tagged("struct", "s"))})
    parsed = parse("char a[sizeof(S)];", known=known, sizeof=sizeof)
    assert python_table(parsed)[0]["a"] == ("variable", "char[24]")
    assert asked == [Tagged("struct", "s")]
    with pytest.raises(CDefError, match="size is not known"):
        parse("char a[sizeof(S)];", known=known)


def test_size_of_records_of_the_same_text() -> None:
    text = "struct s { char c; int i[3]; struct { short x; } y; enum { A } e; }; typedef struct s S;"
    for sizeof in ("sizeof(S)", "sizeof(struct s)", "6 * _Alignof(S)"):
        assert python_table(parse(f"{text} char a[{sizeof}];"))[0]["a"] == ("variable", "char[24]")
    assert python_table(parse(f"{text}\n#define SIZE (int)sizeof(S)\n"))[0]["SIZE"] == ("constant", 24)


def test_size_of_what_only_a_compiler_knows() -> None:
    parsed = parse("struct s { int x; ...; };\n#define SIZE sizeof(struct s)\n")
    assert python_table(parsed)[0]["SIZE"] == ("constant", None)


def test_an_empty_text_declares_nothing() -> None:
    for text in ("", "  \n ", ";", "/* nothing */ // at all", "int;"[3:]):
        parsed = parse(text)
        assert not parsed.globals
        assert not parsed.types


def test_windows_names() -> None:
    from ffi_core.front.names import common_types

    names = common_types(windows=True)
    assert names["DWORD"] == Primitive("unsigned long")
    assert names["HANDLE"] == Pointer(Void())
    assert names["LPDWORD"] == Pointer(Primitive("unsigned long"))
    assert names["LPCSTR"] == Pointer(Primitive("char", ("const",)))
    assert "DWORD" not in common_types(windows=False)
