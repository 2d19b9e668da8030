"""Types written in strings: what an ``FFI`` with declarations of its own reads beyond names, and how a wrong one is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from ffi_core import CDefError, FFIError, VerificationError, VerificationMissing
from ffi_harness import Builder, new_ffi, ours_only

INNER_LENGTHS = """
    struct both { int a[...][...]; int n; ...; };
    struct first { int x; int a[][...]; ...; };
    typedef int matrix[...][...];
    typedef int rows[][...];
    extern int open[][...], closed[...][...], half[10][...], deep[...][3][...];
    struct uses { matrix a; matrix *b; matrix **c; };
    int last(matrix a, matrix *b, matrix **c);
"""
INNER_SOURCE = """
    struct both { int x; int a[5][8]; int y; int n; };
    struct first { int x; int a[5][7]; int y; };
    typedef int matrix[6][7];
    typedef int rows[][8];
    int open[10][5], closed[10][5], half[10][8], deep[2][3][4];
    struct uses { matrix a; matrix *b; matrix **c; };
    static int last(matrix a, matrix *b, matrix **c) { return a[0][0] + (*b)[0][0] + (**c)[5][6]; }
"""


def test_inner_lengths_that_the_compiler_knows(builder: Builder) -> None:
    built = builder.build("api", INNER_LENGTHS, INNER_SOURCE)
    ffi, lib = built.ffi, built.lib
    assert [ffi.typeof(variable).cname for variable in (lib.open, lib.closed, lib.half)] == [
        "int(*)[5]",
        "int[10][5]",
        "int[10][8]",
    ]
    assert ffi.typeof("matrix").cname == "int[6][7]"
    assert ffi.typeof("rows").cname == "int[][8]"
    assert dict(ffi.typeof("struct both").fields)["a"].type.cname == "int[5][8]"
    assert dict(ffi.typeof("struct first").fields)["a"].type.cname == "int[][7]"
    assert ffi.sizeof("struct first") == 37 * ffi.sizeof("int")
    assert sorted(dir(lib)) == ["closed", "deep", "half", "last", "open"]
    with pytest.raises(IndexError):
        lib.half[0][8]
    p = ffi.new("struct uses *")
    p.b, p.c = ffi.addressof(p, "a"), ffi.addressof(p, "b")
    p.a[5][6] = 77
    assert lib.last(p.a, p.b, p.c) == 77


@ours_only("CFFI takes the known length between unknown ones for the last one")
def test_known_lengths_between_unknown_ones(builder: Builder) -> None:
    built = builder.build("api", INNER_LENGTHS, INNER_SOURCE)
    assert built.ffi.typeof(built.lib.deep).cname == "int[2][3][4]"


def test_undeclared_structs_are_opaque() -> None:
    ffi = new_ffi()
    assert ffi.new("struct later **")[0] == ffi.NULL
    assert ffi.typeof("struct later *") is ffi.typeof("struct later*")
    assert ffi.typeof("struct later") is not new_ffi().typeof("struct later")
    with pytest.raises(TypeError, match="struct later"):
        ffi.new("struct later *")
    pointer = ffi.cast("struct later *", 4096)
    ffi.cdef("struct later { int x; };")
    assert ffi.new("struct later *", [5]).x == 5
    assert ffi.typeof(pointer) is ffi.typeof("struct later *")


def test_structs_with_members_and_lengths_that_are_expressions() -> None:
    ffi = new_ffi()
    ffi.cdef("enum { FOUR = 4 };")
    assert ffi.sizeof("struct { int a; }") == ffi.sizeof("int")
    p = ffi.new("struct { int i[4]; } *", {"i": [1, 2, 3, 4]})
    assert list(p.i) == [1, 2, 3, 4]
    assert ffi.typeof(p) is ffi.typeof("struct { int i[4]; } *")


@ours_only("CFFI evaluates fewer expressions")
def test_lengths_that_are_expressions() -> None:
    ffi = new_ffi()
    ffi.cdef("enum { FOUR = 4 };")
    assert len(ffi.new("short[sizeof(long) * FOUR]")) == ffi.sizeof("long") * 4


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("no_such_name", CDefError),
        ("no_such_name *", CDefError),
        ("int(*)(no_such_name)", CDefError),
        ("int(int)", CDefError),
        ("int([5])(int)", CDefError),
        ("int[-5]", ValueError),
        ("int[5][]", (ValueError, TypeError)),
        ("struct { int a b; }", CDefError),
    ],
)
@ours_only("CFFI raises others in some modes")
def test_wrong_types(text: str, error: Any) -> None:
    ffi = new_ffi()
    with pytest.raises(error) as caught:
        ffi.cast(text, 0)
    assert isinstance(caught.value, FFIError)


def test_enum_without_values_is_guessed() -> None:
    ffi = new_ffi()
    ffi.cdef("enum nothing;")
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        assert int(ffi.cast("enum nothing", -1)) == 0xFFFFFFFF
    assert [str(warning.message) for warning in log][:1] == [
        "'enum nothing' has no values explicitly defined; guessing that it is equivalent to 'unsigned int'"
    ]


def test_constants_that_only_a_compiler_knows(tmp_path: Path) -> None:
    ffi = new_ffi()
    ffi.cdef("static const float not_in_the_library = 42.5; double sin(double);")
    with pytest.raises(NotImplementedError):
        ffi.dlopen("libm.so.6").not_in_the_library
    for text, error in (
        ("enum e { A, ... };", VerificationMissing),
        ("enum e { A = ... };", VerificationMissing),
        ("#define A ...", VerificationError),
    ):
        builder: Any = new_ffi()
        builder.cdef(text)
        builder.set_source("_m", None)
        with pytest.raises(Exception, match="A|enum e") as caught:
            builder.emit_python_code(str(tmp_path / "_m.py"))
        assert type(caught.value).__name__ == error.__name__


def test_the_same_enumerator_twice(tmp_path: Path) -> None:
    builder: Any = new_ffi()
    builder.cdef("enum one { SAME, ... }; enum two { SAME, ... };")
    builder.set_source("_m", "enum one { SAME }; enum two { OTHER };")
    with pytest.raises(Exception, match="SAME"):
        builder.compile(tmpdir=str(tmp_path))


def test_bytes_for_bools(builder: Builder) -> None:
    cdef = "int count(const _Bool *, int);"
    source = "static int count(const _Bool *b, int n) { int i, c = 0; for (i = 0; i < n; i++) c += b[i]; return c; }"
    lib = builder.build("api", cdef, source).lib
    assert lib.count(b"\x01\x00\x01", 3) == 2
    with pytest.raises(ValueError):
        lib.count(b"\x02", 1)
