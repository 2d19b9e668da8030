"""`python -m ffi_core gen-src`: sources of modules, for build systems other than setuptools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ffi_core
from ffi_harness import IS_PYPY

SOURCES = Path(ffi_core.__file__).parents[1]
BUILDER = """
from ffi_core import FFI
from beside import CDEF

ffibuilder = FFI()
ffibuilder.cdef(CDEF)
ffibuilder.set_source("_m", {source!r})

def other():
    ffi = FFI()
    ffi.cdef("int abs(int);")
    ffi.set_source("_other", None)
    return ffi

number = 5
empty = FFI()
"""
CDEF = "int twice(int);"
SOURCE = "static int twice(int x) { return 2 * x; }"


def python(*arguments: str, where: Path, status: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=where,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "build.py").write_text(BUILDER.format(source=SOURCE))
    (tmp_path / "src" / "beside.py").write_text(f"CDEF = {CDEF!r}\n")
    return tmp_path


@pytest.mark.skipif(
    shutil.which("cc") is None or IS_PYPY, reason="needs a C compiler, and on PyPy a loader beside the library"
)
def test_module_in_api_mode(project: Path) -> None:
    python("-m", "ffi_core", "gen-src", "src/build.py:ffibuilder", "_m.c", "--stub", "_m.pyi", where=project)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-undefined", "dynamic_lookup", "_m.c", "-o", "_m.abi3.so"]
        if sys.platform == "darwin"
        else ["cc", "-shared", "-fPIC", "_m.c", "-o", "_m.abi3.so"],
        cwd=project,
        check=True,
    )
    assert python("-c", "import _m; print(_m.lib.twice(21))", where=project) == "42\n"
    assert "def twice" in (project / "_m.pyi").read_text()


def test_module_in_abi_mode(project: Path) -> None:
    python("-m", "ffi_core", "gen-src", "src/build.py:other", "_other.py", where=project)
    assert python("-c", "import _other; print(_other.ffi.dlopen(None).abs(-4))", where=project) == "4\n"


def test_the_name_may_be_left_out(project: Path) -> None:
    written = python("-m", "ffi_core", "gen-src", "src/build.py", "-", where=project)
    assert SOURCE in written
    assert sorted(path.name for path in project.iterdir()) == ["src"]


@pytest.mark.parametrize(
    ("builder", "words"),
    [
        ("src/missing.py:ffibuilder", "there is no file 'src/missing.py'"),
        ("src/build.py:ffi", "'src/build.py:ffi': the script has no name 'ffi'; say which one, as 'SCRIPT:NAME'"),
        ("src/build.py:number", "'src/build.py:number': 'number' is no FFI, but int"),
        ("src/build.py:empty", "'src/build.py:empty': set_source() was not called"),
    ],
)
def test_what_is_no_builder(builder: str, words: str, project: Path) -> None:
    said = python("-m", "ffi_core", "gen-src", builder, "out.c", where=project, status=1)
    assert words in said
    assert "Traceback" not in said
    assert not (project / "out.c").exists()


def test_declarations_that_are_wrong(project: Path) -> None:
    (project / "src" / "beside.py").write_text("CDEF = 'int twice(int)'\n")
    said = python("-m", "ffi_core", "gen-src", "src/build.py", "out.c", where=project, status=1)
    assert "is there a ';' missing?" in said
    assert "Traceback" not in said
