"""The setuptools plugin: generated modules as parts of packages that are built and installed with pip."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Callable

import pytest

pytest.importorskip("setuptools", reason="it is what the plugin is for")

import ffi_core
from ffi_harness import IS_PYPY

PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "sample"
version = "1.0"
[tool.setuptools.packages.find]
where = ["src"]
[tool.ffi_core]
modules = ["src/sample/_build.py:ffibuilder", "src/sample/_build_abi.py:make"]
"""

BUILD = '''
from ffi_core import FFI
assert __name__ == "__ffi_core__"
ffibuilder = FFI()
ffibuilder.cdef("""
    int add(int, int);
    int extra(void);
""")
ffibuilder.set_source("sample._core", """
    static int add(int a, int b) { return a + b; }
    int extra(void);
""", sources=["src/sample/extra.c"], depends=["src/sample/extra.h"])
'''

BUILD_ABI = """
from ffi_core import FFI
def make():
    ffi = FFI()
    ffi.cdef("size_t strlen(const char *);")
    ffi.set_source("sample._abi", None)
    return ffi
"""

USE = """
from sample._core import lib
from sample._abi import ffi
assert lib.add(2, 3) == 5 and lib.extra() == 42
assert ffi.dlopen(None).strlen(b"hello") == 5
import sample._core, sample._abi
print(sample._core.__file__, sample._abi.__file__, sep="\\n")
"""

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
ENTRY_POINTS = """\
[distutils.setup_keywords]
ffi_modules = ffi_core.setuptools_plugin:ffi_modules

[setuptools.finalize_distribution_options]
ffi_core = ffi_core.setuptools_plugin:finalize_distribution_options
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def python_path(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Let setuptools find the plugin where ffi_core is run from its sources."""
    paths = [str(Path(ffi_core.__file__).parents[1])]
    try:
        importlib.metadata.distribution("ffi-core")
    except importlib.metadata.PackageNotFoundError:
        info = tmp_path_factory.mktemp("metadata") / "ffi_core-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ffi-core\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(ENTRY_POINTS)
        paths.append(str(info.parent))
    return paths


@pytest.fixture
def run(python_path: list[str]) -> Run:
    def run(*arguments: str, cwd: Path, path: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [path, *python_path]))}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done

    return run


def pip(run: Run, *arguments: str, cwd: Path, **kwds: Any) -> str:
    fixed = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check"]
    done: subprocess.CompletedProcess[str] = run("-m", "pip", arguments[0], *fixed, *arguments[1:], cwd=cwd, **kwds)
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    package = root / "src" / "sample"
    package.mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").write_text("")
    (package / "_build.py").write_text(BUILD)
    (package / "_build_abi.py").write_text(BUILD_ABI)
    (package / "extra.c").write_text('#include "extra.h"\nint extra(void) { return EXTRA; }\n')
    (package / "extra.h").write_text("#define EXTRA 42\n")
    return root


def test_wheel_serves_every_python(run: Run, project: Path, tmp_path: Path) -> None:
    pip(run, "wheel", "-w", str(tmp_path), str(project), cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "sample/_abi.py" in names
    assert not [name for name in names if name.endswith("_core.c")]
    assert not (project / "src" / "sample" / "_abi.py").exists()
    assert {"sample/_core.pyi", "sample/_abi.pyi"} <= set(names)
    made = {name for name in names if name.startswith("sample/_core.") and not name.endswith(".pyi")}
    if IS_PYPY:
        assert made == {"sample/_core.py", "sample/_core.ffi_core.so"}
        return
    (library,) = made
    if not FREE_THREADED and sys.platform != "win32":
        assert "-cp39-abi3-" in wheel.name
        assert library == "sample/_core.abi3.so"


def test_install(run: Run, project: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    pip(run, "install", "--target", str(target), str(project), cwd=tmp_path)
    shown = run("-c", USE, cwd=tmp_path, path=str(target)).stdout
    assert shown.count(str(target)) == 2


def test_editable_install(run: Run, project: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    pip(run, "install", "--prefix", str(prefix), "-e", str(project), cwd=tmp_path)
    (link,) = prefix.rglob("*.pth")
    shown = run("-c", f"import site; site.addsitedir({str(link.parent)!r})\n{USE}", cwd=tmp_path).stdout
    assert shown.count(str(project / "src" / "sample")) == 2


def test_source_distribution_builds(run: Run, project: Path, tmp_path: Path) -> None:
    code = "import setuptools.build_meta as b; b.build_sdist('dist')"
    run("-c", code, cwd=project)
    (archive,) = (project / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = [name.partition("/")[2] for name in tar.getnames()]
    assert {"src/sample/_build.py", "src/sample/_build_abi.py", "src/sample/extra.c", "src/sample/extra.h"} <= set(
        names
    )
    assert not [name for name in names if name.endswith(("_core.c", "_abi.py")) and "_build" not in name]
    target = tmp_path / "installed"
    pip(run, "install", "--target", str(target), str(archive), cwd=tmp_path)
    run("-c", USE, cwd=tmp_path, path=str(target))


def test_keyword_of_setup(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "flat"
    root.mkdir()
    (root / "setup.py").write_text(
        "from setuptools import setup\n"
        "setup(name='flat', version='1', py_modules=[], ffi_modules=['tools/build_it.py:ffi', 'tools/build_abi.py:ffi'])\n"
    )
    (root / "tools").mkdir()
    start = "from ffi_core import FFI\nffi = FFI()\n"
    (root / "tools" / "build_it.py").write_text(
        f"{start}ffi.cdef('#define X ...')\nffi.set_source('_flat', '#define X 7')\n"
    )
    (root / "tools" / "build_abi.py").write_text(f"{start}ffi.cdef('#define Y 8')\nffi.set_source('_flat_abi', None)\n")
    target = tmp_path / "installed"
    pip(run, "install", "--target", str(target), str(root), cwd=tmp_path)
    code = "import _flat, _flat_abi; assert _flat.lib.X == 7; assert _flat_abi.ffi.integer_const('Y') == 8"
    run("-c", code, cwd=tmp_path, path=str(target))


def test_module_for_one_version_of_python(run: Run, project: Path, tmp_path: Path) -> None:
    script = project / "src" / "sample" / "_build.py"
    script.write_text(script.read_text().replace("depends=", "py_limited_api=False, depends="))
    pip(run, "wheel", "-w", str(tmp_path), str(project), cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    assert "abi3" not in wheel.name
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    assert f"sample/_core{suffix}" in zipfile.ZipFile(wheel).namelist()


def test_only_what_changed_is_compiled_again(run: Run, project: Path) -> None:
    build = ["-c", "import setuptools; setuptools.setup()", "-v", "build"]
    first = run(*build, cwd=project).stdout
    second = run(*build, cwd=project).stdout
    header = project / "src" / "sample" / "extra.h"
    header.write_text("#define EXTRA 43\n")
    os.utime(header, (header.stat().st_atime, header.stat().st_mtime + 10))
    third = run(*build, cwd=project).stdout
    assert ["skipping 'sample._core'" in text for text in (first, second, third)] == [False, True, False]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('modules = "x.py:ffi"', "modules must be a list of strings"),
        ("moduls = []", "has no option 'moduls'"),
        ('modules = ["nowhere.py:ffi"]', "there is no file 'nowhere.py'"),
        ('modules = ["src/sample/_build.py"]', "must be 'path/to/script.py:name'"),
        ('modules = ["src/sample/_build.py:nope"]', "the script has no name 'nope'"),
        ('modules = ["src/sample/_build.py:FFI"]', "set_source() was not called"),
    ],
)
def test_wrong_options_are_explained(run: Run, project: Path, line: str, message: str) -> None:
    path = project / "pyproject.toml"
    path.write_text(PYPROJECT.rpartition("modules")[0] + line + "\n")
    done = run("-c", "import setuptools; setuptools.setup()", "--name", cwd=project, check=False)
    assert done.returncode != 0
    assert message in done.stdout
