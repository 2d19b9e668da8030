"""On PyPy `ffi_core` is installed as text: nothing is compiled, and no compiler is looked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.implementation.name != "pypy", reason="elsewhere the runtime is an extension in C")
pytest.importorskip("setuptools", reason="pip builds with it, without isolation")

SOURCE = Path(__file__).resolve().parents[2] / "ffi_core"

USE = """
import shutil, sys
assert shutil.which("cc") is None and shutil.which("gcc") is None
from ffi_core import FFI
ffi = FFI()
ffi.cdef("size_t strlen(const char *);")
assert ffi.dlopen(None).strlen(b"hello") == 5
ffi.set_source("_abi", None)
ffi.compile(tmpdir=sys.argv[1])
sys.path.insert(0, sys.argv[1])
import _abi
assert _abi.ffi.dlopen(None).strlen(b"hello") == 5
print(sys.modules["ffi_core"].__file__)
"""


def test_pip_needs_no_compiler(tmp_path: Path) -> None:
    copy = tmp_path / "source"
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "*.so", "*.o")
    shutil.copytree(SOURCE, copy, ignore=ignored)
    target, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    hidden = {name: value for name, value in os.environ.items() if name not in ("CFLAGS", "LDFLAGS", "PYTHONPATH")}
    hidden.update(PATH=str(empty), CC=str(empty / "cc"), CXX=str(empty / "c++"), PKG_CONFIG=str(empty / "pkg-config"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--target", str(target), str(copy)], env=hidden, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in target.rglob("*") if path.suffix in (".so", ".pyd", ".dylib")] == []
    (metadata,) = target.glob("ffi_core-*.dist-info")
    assert "Tag: py3-none-any" in (metadata / "WHEEL").read_text()

    # The front end needs pycparser, which is Python too.
    import pycparser

    shutil.copytree(Path(pycparser.__file__).parent, target / "pycparser", dirs_exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(target)!r})\n{USE}", str(tmp_path)],
        env=hidden,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert Path(done.stdout.strip()).is_relative_to(target)
