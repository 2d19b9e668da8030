"""Generated modules fit every interpreter: one build, one ``.py``, imported elsewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ffi_harness import IS_ORACLE, IS_PYPY, Builder, library_of, python_environment

pytestmark = pytest.mark.skipif(IS_ORACLE, reason="promised by us, not by CFFI")

CDEF = """
typedef struct { int x; double y; } point;
#define LIMIT 42
enum color { RED, GREEN = 5 };
int add(int, int);
point move(point, double);
size_t length(const char *);
"""
SOURCE = """
#include <string.h>
typedef struct { int x; double y; } point;
#define LIMIT 42
enum color { RED, GREEN = 5 };
int add(int a, int b) { return a + b; }
point move(point p, double by) { p.y += by; return p; }
size_t length(const char *s) { return strlen(s); }
"""
USE = """
import json, sys
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2])
ffi = module.ffi
lib = module.lib if len(sys.argv) < 4 else ffi.dlopen(sys.argv[3])
point = lib.move((1, 2.5), 0.5)
seen = [lib.add(20, 22), lib.LIMIT, lib.GREEN, point.x, point.y, lib.length(b"hello"), ffi.sizeof("point")]
seen.append(repr(ffi.new("char[]", b"Some string")))
print(json.dumps(seen))
"""
EXPECTED = [42, 42, 5, 1, 3.0, 5, 16, "<cdata 'char[]' owning 12 bytes>"]


def own_environment() -> dict[str, str]:
    """Give the environment in which an interpreter finds its own packages only."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def other_interpreters() -> list[str]:
    """Find interpreters where ``ffi_core`` can be imported.

    ``FFI_CORE_TEST_PYTHONS`` lists more, separated as in PATH.
    """
    names = [f"python3.{minor}" for minor in range(9, 16)] + ["python3.13t", "python3.14t", "pypy3"]
    candidates = os.environ.get("FFI_CORE_TEST_PYTHONS", "").split(os.pathsep)
    candidates += [found for name in names for found in [shutil.which(name)] if found]
    usable: dict[str, str] = {}
    for candidate in filter(None, candidates):
        question = "import sys, ffi_core, ffi_core._native; print(sys.version)"
        try:
            done = subprocess.run(
                [candidate, "-c", question],
                capture_output=True,
                text=True,
                timeout=30,
                env=own_environment(),
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() != sys.version:
            usable.setdefault(done.stdout.strip(), candidate)
    return list(usable.values())


def use(interpreter: str, *args: str) -> object:
    environment = python_environment() if interpreter == sys.executable else own_environment()
    done = subprocess.run([interpreter, "-c", USE, *args], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_interpreter_that_built_it(builder: Builder) -> None:
    name, path = builder.generated(CDEF, SOURCE)
    assert use(sys.executable, str(path.parent), name) == EXPECTED


def test_one_build_for_all_interpreters(builder: Builder) -> None:
    name, path = builder.generated(CDEF, SOURCE)
    others = other_interpreters()
    if not others:
        pytest.skip("ffi_core is in no other interpreter; FFI_CORE_TEST_PYTHONS may list some")
    for interpreter in others:
        assert use(interpreter, str(path.parent), name) == EXPECTED, interpreter


def test_one_python_file_for_all_interpreters(builder: Builder) -> None:
    name, path = builder.generated(CDEF, None)
    library = builder.shared_library(SOURCE)
    others = other_interpreters()
    if not others:
        pytest.skip("ffi_core is in no other interpreter; FFI_CORE_TEST_PYTHONS may list some")
    for interpreter in others:
        assert use(interpreter, str(path.parent), name, str(library)) == EXPECTED, interpreter


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF")
def test_the_module_needs_no_python_library(builder: Builder) -> None:
    _, path = builder.generated(CDEF, SOURCE)
    tool = shutil.which("objdump") or shutil.which("readelf")
    if tool is None:
        pytest.skip("no objdump and no readelf")
    arguments = ["-p"] if tool.endswith("objdump") else ["-d"]
    printed = subprocess.run(
        [tool, *arguments, str(library_of(path))], capture_output=True, text=True, check=True
    ).stdout
    assert "libpython" not in printed


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF")
def test_the_module_uses_few_functions_of_python(builder: Builder) -> None:
    _, path = builder.generated(CDEF, SOURCE)
    tool = shutil.which("nm")
    if tool is None:
        pytest.skip("no nm")
    printed = subprocess.run(
        [tool, "-D", "--undefined-only", str(library_of(path))], capture_output=True, text=True, check=True
    ).stdout
    names = {line.split()[-1] for line in printed.splitlines()}
    used = {name for name in names if name.startswith(("Py", "_Py"))}
    assert not used if IS_PYPY else 0 < len(used) < 15
    assert not {name for name in names if name.startswith("_Py")}


def test_a_module_of_another_table_version_is_refused(builder: Builder, tmp_path: Path) -> None:
    name, path = builder.generated(CDEF, None)
    text = path.read_text()
    changed = re.sub(r"load\(\d+,", "load(9999,", text)
    assert changed != text, "the version is no longer the first argument of load()"
    (tmp_path / f"{name}.py").write_text(changed)
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path), name, "x"], capture_output=True, text=True, check=False
    )
    assert done.returncode > 0
    assert "ffi_core" in done.stderr.replace("-", "_")
    assert "version" in done.stderr
