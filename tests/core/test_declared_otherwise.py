"""What the compiler finds to be other than declared, and what only it can know, in modules in API mode."""

from __future__ import annotations

import importlib.util
import itertools
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import pytest

from ffi_core import FFI, FFIError, VerificationError, VerificationMissing

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

Build = Callable[..., ModuleType]
_numbers = itertools.count()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def make(cdef: str, source: str) -> ModuleType:
        ffi = FFI()
        ffi.cdef(cdef)
        name = f"_otherwise_{next(_numbers)}"
        ffi.set_source(name, source)
        spec = importlib.util.spec_from_file_location(name, ffi.compile(tmpdir=tmp_path))
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return make


def test_variables_that_move(build: Build) -> None:
    module: Any = build(
        "extern int moving; int *storage(int);",
        "static int numbers[8]; static int calls; int *storage(int i) { return numbers + i; }\n"
        "#define moving (*storage(calls++))",
    )
    lib = module.lib
    lib.moving = 10
    lib.moving = 11
    assert [lib.storage(0)[0], lib.storage(1)[0]] == [10, 11]
    assert module.ffi.addressof(lib, "moving") == lib.storage(2)
    assert lib.moving == 0


def test_import_all_takes_no_variables(build: Build) -> None:
    lib = build(
        "int f(void); extern int v; static const int C;", "int f(void) { return 1; } int v; enum { C = 4 };"
    ).lib
    assert lib.__all__ == ["C", "f"]
    assert dir(lib) == ["C", "f", "v"]


@pytest.mark.parametrize("value", ["(-0x7fffffffffffffffLL - 1)", "0xffffffffffffffffULL", "70000"])
def test_integer_constants_have_their_value_whatever_the_type(build: Build, value: str) -> None:
    lib = build(
        "static const unsigned short C; static const char LETTER;", f"#define C {value}\n#define LETTER 'x'"
    ).lib
    assert str(lib.C) in {"-9223372036854775808", "18446744073709551615", "70000"}
    assert lib.LETTER == b"x"


def test_array_of_another_length(build: Build) -> None:
    with pytest.raises(VerificationError):
        build("extern int numbers[10];", "int numbers[9];")
    assert len(build("extern int numbers[10];", "int numbers[10];").lib.numbers) == 10


def test_records_with_partial_records_are_as_large_as_they_are(build: Build) -> None:
    module: Any = build(
        "struct part { int x; ...; }; union both { struct part p; }; struct outer { struct { char b; ...; }; char c; };",
        "struct part { int a, x; }; union both { char room[32]; struct part p; }; struct outer { int a; char c, b; };",
    )
    assert module.ffi.sizeof("union both") == 32
    assert module.ffi.offsetof("struct outer", "b") == 5


@pytest.mark.parametrize(
    ("cdef", "message"),
    [
        ("struct hidden f(void);", "function f: 'struct hidden' is used as result type, but is opaque"),
        ("struct a { struct hidden h; };", "struct a: field 'a.h' is of an opaque type"),
        ("struct a { struct hidden h[2]; };", "struct a: field 'a.h' is of an opaque type"),
    ],
)
def test_opaque_values(build: Build, cdef: str, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        build(cdef, "")


@pytest.mark.parametrize(
    "use",
    [
        lambda ffi: ffi.sizeof("struct part"),
        lambda ffi: ffi.cast("enum e", 1),
        lambda ffi: ffi.sizeof("number"),
        lambda ffi: ffi.integer_const("N"),
    ],
)
def test_abi_mode_says_that_a_compiler_is_missing(use: Callable[[FFI], object]) -> None:
    ffi = FFI()
    ffi.cdef("struct part { int x; ...; }; enum e { A, ... }; typedef int... number;\n#define N ...")
    with pytest.raises(VerificationMissing, match="only a compiler"):
        use(ffi)


def test_wrong_constants_say_the_right_value(build: Build) -> None:
    lib = build("#define N 41\n#define M -1", "#define N 42\n#define M -2").lib
    with pytest.raises(FFIError, match=r"'N' is equal to 42 \(0x2a\), but the cdef disagrees"):
        _ = lib.N
    with pytest.raises(FFIError, match="'M' is equal to -2, but the cdef disagrees"):
        _ = lib.M


def test_enumerators_without_a_value_have_that_of_c(build: Build) -> None:
    source = "typedef enum { A, C, B } letters; enum e { ALL = -1, MANY = 6, NONE = 9 };"
    module: Any = build("typedef enum { A, B } letters; enum e { ALL, MANY = 7, NONE };", source)
    lib = module.lib
    assert (lib.A, lib.B, lib.ALL, lib.NONE) == (0, 2, -1, 9)
    assert module.ffi.typeof("letters").relements == {"A": 0, "B": 2}
    with pytest.raises(FFIError, match="'MANY' is equal to 6 .*, but the cdef disagrees"):
        _ = lib.MANY


def test_sources_can_ask_what_compiles_them(build: Build) -> None:
    source = "#ifndef _CFFI_\n#error no\n#endif\nenum { N = 4 };"
    assert build("#define N ...", source).lib.N == 4
    assert build("#define N ...", "#define _GNU_SOURCE\n" + source).lib.N == 4


def test_pointers_to_what_nobody_defines(build: Build) -> None:
    module: Any = build(
        "typedef ... *token; token next(token);",
        "typedef struct nowhere *token; token next(token t) { return (token)((char *)t + 1); }",
    )
    assert int(module.ffi.cast("intptr_t", module.lib.next(module.ffi.NULL))) == 1


INITIALIZED = (
    "int A = 11; unsigned int B = 0x10; long C = -5; signed char D = (7); int V = 1 + 2; char W = 8; int X, Y = 3;"
)


def test_variables_with_a_number_stand_for_constants(build: Build) -> None:
    # Code written for CFFI declares macros so, as brotlicffi does.
    lib = build(
        INITIALIZED,
        "#define A 11\n#define B 16\n#define C -5\nstatic const signed char D = 7;\n#define Y 3\nint V = 1; char W; int X;",
    ).lib
    assert (lib.A, lib.B, lib.C, lib.D, lib.Y) == (11, 16, -5, 7, 3)
    with pytest.raises(AttributeError, match="constant"):
        lib.A = 12
    lib.V, lib.W, lib.X = 30, b"w", 40
    assert (lib.V, lib.W, lib.X) == (30, b"w", 40)


def test_constants_declared_as_variables_are_compared(build: Build) -> None:
    lib = build("int A = 11;", "#define A 12").lib
    with pytest.raises(FFIError, match=r"'A' is equal to 12 \(0xc\), but the cdef disagrees"):
        _ = lib.A


def test_constants_declared_as_variables_are_there_in_abi_mode() -> None:
    ffi = FFI()
    ffi.cdef(INITIALIZED)
    lib = ffi.dlopen(None)
    assert (lib.A, lib.B, lib.C, lib.D) == (11, 16, -5, 7)
    assert not hasattr(lib, "V")
