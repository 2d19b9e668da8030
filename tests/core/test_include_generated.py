"""`ffi.include()` of the ``ffi`` of a generated module."""

from __future__ import annotations

import importlib
import itertools
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Optional

import pytest

from ffi_core import FFI, CDefError, VerificationError

CDEF = """
typedef unsigned int word;
typedef struct { word a; struct { int inner; }; int bits : 3; } anonymous;
struct tagged { anonymous one; struct tagged *next; char text[LENGTH]; double (*callback)(struct tagged *, word); };
typedef struct hidden hidden;
typedef struct hidden *handle;
enum color { RED, GREEN = 5 };
typedef enum { LOW = -1, HIGH } level;
typedef const char *words[2];
union choice { int i; float f; };
static const short SMALL = 3;
int given(int);
""".replace("LENGTH", "7")
DEFINES = "#define LENGTH 7\n#define BIG 0xffffffffffffffff\n#define MINUS -9\n"
USER = """
struct wide { struct tagged t; anonymous many[LENGTH]; enum color c; level l; handle h; words w; union choice u; };
word use(struct wide *, anonymous *, level);
"""
_numbers = itertools.count()


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def make(ffi: FFI, source: Optional[str]) -> ModuleType:
        name = f"_included_{next(_numbers)}"
        ffi.set_source(name, source)
        ffi.compile(tmp_path)
        return importlib.import_module(name)

    yield make
    for name in set(sys.modules) - before:
        if name.startswith("_included_"):
            del sys.modules[name]


def builder(cdef: str = DEFINES + CDEF, *includes: Any) -> FFI:
    ffi = FFI()
    for other in includes:
        ffi.include(other)
    ffi.cdef(cdef)
    return ffi


MODES = [
    pytest.param(None, id="abi"),
    pytest.param(
        DEFINES + CDEF.replace("given(int)", "given(int x) { return x; }"),
        marks=pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler"),
        id="api",
    ),
]


@pytest.mark.parametrize("source", MODES)
def test_in_line(generate: Any, source: Optional[str]) -> None:
    module = generate(builder(), source)
    ffi = builder(USER + "typedef struct { char c[GREEN]; char d[SMALL]; } sized;", module.ffi)
    assert ffi.typeof("struct tagged") is module.ffi.typeof("struct tagged")
    assert ffi.typeof("anonymous") is module.ffi.typeof("anonymous")
    assert ffi.sizeof("struct wide") > 7 * ffi.sizeof("anonymous")
    made = ffi.new("struct wide *")
    made.t.one = module.ffi.new("anonymous *", {"a": 5, "inner": 6, "bits": 3})[0]
    assert (made.t.one.a, made.t.one.inner, made.t.one.bits) == (5, 6, 3)
    assert ffi.integer_const("BIG") == 2**64 - 1 and ffi.integer_const("MINUS") == -9
    assert [ffi.integer_const(name) for name in ("LENGTH", "GREEN", "LOW", "SMALL")] == [7, 5, -1, 3]
    assert ffi.sizeof("sized") == 8
    assert ffi.dlopen(None).GREEN == 5


@pytest.mark.parametrize("source", MODES)
def test_out_of_line(generate: Any, source: Optional[str]) -> None:
    module = generate(builder(), source)
    text = (
        None
        if source is None
        else source.replace("given", "unused")
        + USER.replace("level);", "level l) { return w->t.one.a + a->a + (unsigned)l; }")
        .replace("struct wide *,", "struct wide *w,")
        .replace("anonymous *,", "anonymous *a,")
    )
    user = generate(builder(USER, module.ffi), text)
    assert user.ffi.typeof("struct tagged") is module.ffi.typeof("struct tagged")
    assert user.ffi.sizeof("struct wide") == builder(USER, module.ffi).sizeof("struct wide")
    if source is not None:
        made = user.ffi.new("struct wide *")
        made.t.one.a = 40
        assert user.lib.use(made, module.ffi.new("anonymous *", {"a": 2}), 0) == 42


def test_modules_that_include_modules(generate: Any) -> None:
    first = generate(builder("typedef int first; struct s { int x; };"), None)
    second = generate(builder("typedef first second; struct t { struct s s; };", first.ffi), None)
    ffi = builder("typedef second third; struct u { struct t t; first f; };", second.ffi)
    assert ffi.sizeof("struct u") == 8
    assert ffi.typeof("struct s") is first.ffi.typeof("struct s")


def test_what_is_included_cannot_be_declared_otherwise(generate: Any) -> None:
    module = generate(builder(), None)
    ffi = builder("", module.ffi)
    ffi.cdef("typedef unsigned int word; union choice { int i; float f; };")
    with pytest.raises(CDefError, match="word"):
        ffi.cdef("typedef int word;")


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_what_the_compiler_found(generate: Any) -> None:
    text = "typedef long number; typedef struct { char gap[9]; int x; } part; typedef struct { int y; } opaque; int array[12];"
    module = generate(
        builder(
            "typedef int... number; typedef struct { int x; ...; } part; typedef ... opaque; typedef int list[...];"
        ),
        text + "typedef int list[12];",
    )
    ffi = builder("typedef struct { number n; part p; opaque *o; list l; } all;", module.ffi)
    assert ffi.sizeof("all") == 8 + 16 + 8 + 48
    with pytest.raises(VerificationError, match="ABI mode"):
        generate(ffi, None)


def test_an_in_line_ffi_has_no_module(generate: Any) -> None:
    ffi = builder("", builder("typedef int t;"))
    with pytest.raises(ValueError, match="is not known"):
        generate(ffi, None)


def test_functions_are_those_of_the_included_module(generate: Any) -> None:
    first = generate(builder("int one(void);"), "int one(void) { return 1; }")
    including = builder("int two(void);", first.ffi)
    second = generate(including, "int two(void) { return 2; }")
    assert (second.lib.one(), second.lib.two()) == (1, 2)
    assert second.lib.one is first.lib.one
