"""Small things that code written for CFFI counts on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from ffi_core import FFI, FFIError


@pytest.fixture
def libc() -> Any:
    ffi = FFI()
    ffi.cdef(
        """
        size_t strlen(const char *); int printf(const char *, ...); int abs(int); int no_such_function(void);
        extern int no_such_variable;
        static char *const no_such_constant;
        typedef struct hidden FILE; FILE *const stderr;
        """
    )
    return ffi, ffi.dlopen(None)


def test_missing_symbols_are_both_kinds_of_error(libc: Any) -> None:
    _ffi, lib = libc
    for name in ("no_such_function", "no_such_variable", "no_such_constant"):
        with pytest.raises(FFIError, match=f"symbol '{name}' not found in library"):
            getattr(lib, name)
        assert not hasattr(lib, name)


def test_closed_libraries_are_both_kinds_of_error() -> None:
    ffi = FFI()
    ffi.cdef("double sin(double);")
    lib = ffi.dlopen("libm.so.6")
    ffi.dlclose(lib)
    ffi.dlclose(lib)
    for error in (FFIError, ValueError):
        with pytest.raises(error, match="already been closed"):
            _ = lib.sin


def test_constants_of_a_library_are_read_from_it(libc: Any) -> None:
    ffi, lib = libc
    assert lib.stderr != ffi.NULL
    assert ffi.typeof(lib.stderr) is ffi.typeof("FILE *")


def test_functions_compare_with_pointers_to_them(libc: Any) -> None:
    ffi, lib = libc
    pointer = ffi.addressof(lib, "strlen")
    assert pointer == lib.strlen
    assert lib.strlen == pointer
    assert pointer != lib.abs
    assert lib.strlen != "strlen"


def test_wrong_numbers_of_arguments_are_told_as_python_does(libc: Any) -> None:
    ffi, lib = libc
    for call, message in (
        (lib.abs, r"abs\(\) takes exactly one argument \(0 given\)"),
        (lambda: lib.abs(1, 2), r"abs\(\) takes exactly one argument \(2 given\)"),
        (lib.printf, r"printf\(\) takes at least one argument \(0 given\)"),
        (lambda: ffi.cast("int(*)(int, int)", lib.abs)(1), r"'int\(\*\)\(int, int\)' expects 2 arguments, got 1"),
    ):
        with pytest.raises(TypeError, match=message):
            call()


def test_generated_text_goes_to_file_objects(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.cdef("int f(int);")
    ffi.set_source("_m", None)
    text = io.StringIO()
    ffi.emit_python_code(text)
    ffi.emit_python_code(tmp_path / "_m.py")
    assert text.getvalue() == (tmp_path / "_m.py").read_text()
    with pytest.raises(FileNotFoundError):
        ffi.emit_python_code(tmp_path / "nowhere" / "_m.py")


@pytest.mark.parametrize(
    ("ctype", "declarator", "text"),
    [("int*", "x", "int * x"), ("int", "x", "int x"), ("int[5]", "*x", "int(*x)[5]"), ("int*", "*", "int * *")],
)
def test_getctype(ctype: str, declarator: str, text: str) -> None:
    assert FFI().getctype(ctype, declarator) == text


def test_wide_characters_have_the_sign_of_the_platform() -> None:
    ffi = FFI()
    signed = int(ffi.cast("long long", ffi.cast("wchar_t", -1)))
    assert signed in {-1, 0xFFFF, 0xFFFFFFFF}
    assert (signed < 0) == (ffi.sizeof("wchar_t") == 4 and int(ffi.cast("wchar_t", -1)) < 0)


def test_unknown_sizes_are_both_kinds_of_error() -> None:
    ffi = FFI()
    for error in (FFIError, ValueError):
        with pytest.raises(error, match="unknown size"):
            ffi.sizeof("int[]")
    assert ffi.alignof(ffi.new("short[3]")) == ffi.alignof("short")


def test_only_the_class_of_the_builder_takes_arguments() -> None:
    from ffi_core import runtime

    with pytest.raises(TypeError):
        runtime.FFI(42)  # type: ignore[call-arg]


def test_positions_in_unions_are_those_of_the_first_member() -> None:
    ffi = FFI()
    ffi.cdef("union u { struct { int a, b; }; union { int c, d; }; }; union plain { int x; char y; };")
    made = ffi.new("union u *", [123, 456])
    assert (made.a, made.b, made.c, made.d) == (123, 456, 123, 123)
    with pytest.raises(ValueError, match="too many initializers"):
        ffi.new("union u *", [0, 0, 0])
    with pytest.raises(ValueError, match="too many initializers"):
        ffi.new("union plain *", [0, 0])
    flags = [(name, field.flags) for name, field in ffi.typeof("union u").fields or ()]
    assert flags == [("a", 0), ("b", 0), ("c", 1), ("d", 1)]


def test_function_types_are_no_targets_of_casts() -> None:
    with pytest.raises(FFIError, match=r"'int\(int\)' is a function type, not a pointer-to-function type"):
        FFI().cast("int(int)", 0)
