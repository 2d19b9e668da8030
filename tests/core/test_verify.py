"""`ffi.verify()`: declare, compile and use in one step."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ffi_core import FFI, FFIError, VerificationError
from ffi_harness import library_of

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

POINT = "typedef struct { int x, y; } point; int sum(point *); typedef struct engine engine; engine *start(engine **);"
SOURCE = """
typedef struct { int x, y; } point;
static int sum(point *p) { return FACTOR * (p->x + p->y); }
typedef struct engine engine;
static engine *start(engine **where) { return *where = (engine *)where; }
"""


@pytest.fixture(autouse=True)
def _forget_modules() -> Any:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("_cffi_", "verified_")):
            del sys.modules[name]


def test_functions_types_and_constants(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.cdef(POINT + "\n#define SIZE ...\nextern int level;")
    lib = ffi.verify("#define FACTOR 2\n#define SIZE 99\nint level = 7;" + SOURCE, tmpdir=tmp_path)
    assert lib.sum(ffi.new("point *", (3, 4))) == 14
    assert (lib.SIZE, lib.level) == (99, 7)
    made = [path for path in tmp_path.iterdir() if path.name.startswith("_cffi_") and path.suffix != ".c"]
    module = Path(ffi.verifier.modulefilename)
    assert set(made) == {module, library_of(module)}


def test_the_compiler_runs_once(tmp_path: Path) -> None:
    names = set()
    for text in ("int f(void);", "int f(void);", "int f(void); int g(void);"):
        ffi = FFI()
        ffi.cdef(text)
        ffi.verify("static int f(void) { return 1; } static int g(void) { return 2; }", tmpdir=tmp_path)
        names.add(ffi.verifier.modulefilename)
    assert len(names) == 2


def test_beside_the_file_that_calls_it(tmp_path: Path) -> None:
    script = tmp_path / "caller.py"
    text = "from ffi_core import FFI\nffi = FFI()\nffi.cdef('int f(void);')\nlib = ffi.verify('static int f(void) { return 5; }')"
    names: dict[str, Any] = {}
    exec(compile(text, str(script), "exec"), names)
    assert names["lib"].f() == 5
    assert Path(names["ffi"].verifier.modulefilename).parent == tmp_path / "__pycache__"


def test_several_modules_of_one_ffi_share_its_types(tmp_path: Path) -> None:
    # As lmdb does it, which has one module for each version of its library.
    ffi = FFI()
    ffi.cdef(POINT)
    libs = [
        ffi.verify(f"#define FACTOR {factor}\n{SOURCE}", tmpdir=tmp_path, modulename=f"verified_{factor}")
        for factor in (2, 3)
    ]
    made = ffi.new("point *", (1, 1))
    assert [lib.sum(made) for lib in libs] == [4, 6]
    for lib in libs:
        where = ffi.new("engine **")
        assert lib.start(where) == ffi.cast("engine *", where) == where[0]
    ffi.cdef("typedef struct { point from, to; } line; int length(line *);")
    more = "typedef struct { point from, to; } line; static int length(line *l) { return l->to.x - l->from.x; }"
    lib = ffi.verify(f"#define FACTOR 1\n{SOURCE}{more}", tmpdir=tmp_path)
    assert lib.length(ffi.new("line *", ((1, 1), (9, 9)))) == 8
    assert lib.sum(made) == 2


def test_structs_that_another_module_has_otherwise(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.cdef("struct s { char a; int b; ...; }; enum e { A, B };")
    ffi.verify("struct s { char a; int b; }; enum e { A, B };", tmpdir=tmp_path)
    for other in ("struct s { char a; char gap[8]; int b; };", "struct s { char a; int b; int c; };"):
        with pytest.raises(VerificationError, match="struct s: has another layout than for the verify"):
            ffi.verify(f"{other} enum e {{ A, B }};", tmpdir=tmp_path)
    with pytest.raises(VerificationError, match="float"):
        ffi.verify("struct s { char a; float b; }; enum e { A, B };", tmpdir=tmp_path)
    with pytest.raises(VerificationError, match="B has the real value 7, not 1"):
        ffi.verify("struct s { char a; int b; }; enum e { A, B = 7 };", tmpdir=tmp_path)


@pytest.mark.parametrize(
    ("cdef", "message"),
    [
        ("struct s { int a; };", "wrong total size|we have"),
        ("#define N 3", "N has the real value 4, not 3"),
        ("int missing(void);", "missing"),
    ],
)
def test_wrong_declarations(cdef: str, message: str, tmp_path: Path) -> None:
    ffi = FFI()
    ffi.cdef(cdef)
    with pytest.raises(VerificationError, match=message):
        ffi.verify("struct s { int a, b; };\n#define N 4", tmpdir=tmp_path)


def test_not_with_set_source(tmp_path: Path) -> None:
    ffi = FFI()
    ffi.set_source("_m", "")
    with pytest.raises(FFIError, match=r"set_source\(\)"):
        ffi.verify("", tmpdir=tmp_path)
