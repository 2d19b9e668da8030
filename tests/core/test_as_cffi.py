"""The stand-in: `python -m ffi_core as-cffi`, and the modules `cffi` and `_cffi_backend` that it supplies."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ffi_core import as_cffi

PYTHON = (sys.executable, "-m", "ffi_core", "as-cffi")
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
needs_cffi = pytest.mark.skipif(importlib.util.find_spec("cffi") is None, reason="cffi itself is not installed")


def run(*words: str, where: Path, status: int = 0) -> str:
    done = subprocess.run([*PYTHON, *words], cwd=where, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def python(text: str, where: Path, status: int = 0) -> str:
    (where / "script.py").write_text(text)
    return run("--", "python", "script.py", where=where, status=status)


NAMES = """
import importlib.metadata
import cffi, cffi.api, cffi.error, cffi.ffiplatform, cffi.pkgconfig, cffi.setuptools_ext, cffi.verifier, cffi.gen_src, _cffi_backend
import ffi_core
from ffi_core import runtime

assert importlib.metadata.version("cffi") == cffi.__version__ == ".".join(map(str, cffi.__version_info__))
assert cffi.__version_info__ >= (2, 1, 1) and _cffi_backend.__version__ == cffi.__version__
assert ffi_core.__version__ in repr(cffi.__ffi_core_version__)
[entry] = importlib.metadata.distribution("cffi").entry_points.select(group="distutils.setup_keywords")
assert entry.load() is cffi.setuptools_ext.cffi_modules
for name in ("FFIError", "CDefError", "VerificationError", "VerificationMissing", "PkgConfigError"):
    assert getattr(cffi, name, None) is getattr(cffi.error, name) is getattr(ffi_core, name)
assert cffi.VerificationError is cffi.ffiplatform.VerificationError
assert cffi.FFI is cffi.api.FFI and cffi.FFI().error is ffi_core.FFI().error
ffi = cffi.FFI()
ffi.cdef("int abs(int); struct s { int x; };")
lib = ffi.dlopen(None)
assert lib.abs(-3) == 3
assert isinstance(lib, _cffi_backend.Lib)
assert isinstance(ffi.new("int *"), _cffi_backend.CData) and isinstance(ffi.typeof("int"), _cffi_backend.CType)
assert isinstance(ffi.new("int *"), _cffi_backend.FFI.CData)
assert isinstance(ffi.typeof("struct s").fields[0][1], _cffi_backend.CField)
assert isinstance(ffi.buffer(ffi.new("int *")), _cffi_backend.buffer)
assert isinstance(ffi, _cffi_backend.FFI) and isinstance(runtime.FFI(), _cffi_backend.FFI)
assert issubclass(cffi.FFI, _cffi_backend.FFI) and not isinstance(3, _cffi_backend.FFI)
assert isinstance(_cffi_backend.FFI().new("int *"), _cffi_backend.CData)
print("all there")
"""


def test_names_and_metadata(tmp_path: Path) -> None:
    if sys.version_info < (3, 10):
        names = NAMES.replace('entry_points.select(group="distutils.setup_keywords")', "entry_points")
    else:
        names = NAMES
    assert "all there" in python(names, tmp_path)


def test_the_path_is_enough(tmp_path: Path) -> None:
    path = run("--path", where=tmp_path).strip()
    assert path == str(as_cffi.DIRECTORY)
    environment = {**os.environ, "PYTHONPATH": path}
    text = "import cffi; print(cffi.__file__)"
    said = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.startswith(path)


def test_the_status_is_that_of_the_command(tmp_path: Path) -> None:
    run("--", "python", "-c", "import sys; sys.exit(7)", where=tmp_path, status=7)
    assert "cannot run 'no-such-program'" in run("--", "no-such-program", where=tmp_path, status=127)
    assert "give --path, or a command" in run(where=tmp_path, status=2)


def test_pip_takes_the_requirement_for_satisfied(tmp_path: Path) -> None:
    # In another process: setuptools has a hook that changes what distutils is as soon as pip is looked for.
    if subprocess.run([sys.executable, "-c", "import pip"], capture_output=True, check=False).returncode:
        pytest.skip("pip is not installed")
    said = run("--", "python", "-m", "pip", "install", "--no-index", "--dry-run", "cffi>=2.1,<3", where=tmp_path)
    assert f"already satisfied: cffi<3,>=2.1 in {as_cffi.DIRECTORY}" in said
    assert str(Path(sys.prefix)) in run("--", "pip", "--version", where=tmp_path)


GEN_SRC = "from cffi import FFI\nffibuilder = FFI()\nffibuilder.cdef('int f(int);')\nffibuilder.set_source('_m', 'int f(int);')\n"


def test_cffi_gen_src(tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text(GEN_SRC)
    run("--", "cffi-gen-src", "exec-python", "build.py", "one.c", where=tmp_path)
    (tmp_path / "cdef.txt").write_text("int f(int);")
    (tmp_path / "source.c").write_text("int f(int);")
    arguments = ("_m", "cdef.txt", "source.c", "two.c")
    run("--", "python", "-m", "cffi.gen_src", "read-sources", *arguments, where=tmp_path)
    for name in ("one.c", "two.c"):
        assert "ffic_table__m" in (tmp_path / name).read_text()


OLD_MODULE = """
import sys
from cffi import FFI
ffi = FFI()
ffi.cdef("int abs(int);")
ffi.set_source("_old", {source})
ffi.compile()
"""


@needs_cffi
@pytest.mark.parametrize("source", [None, pytest.param("#include <stdlib.h>", marks=needs_compiler)])
def test_modules_of_cffi_itself_say_what_to_do(source: object, tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text(OLD_MODULE.format(source=repr(source)))
    subprocess.run([sys.executable, "build.py"], cwd=tmp_path, check=True, capture_output=True)
    said = python("import _old", tmp_path, status=1)
    assert "was generated by cffi itself" in said and "--no-build-isolation --no-binary" in said
