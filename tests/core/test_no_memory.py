"""Where no memory is left, a MemoryError is raised: nothing crashes, and the same works afterwards."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ffi_harness import IS_ORACLE, Builder, python_environment

if sys.implementation.name != "cpython":  # PyPy's _testcapi would be compiled when it is imported
    pytest.skip("lets allocations of CPython fail", allow_module_level=True)
pytest.importorskip("_testcapi", reason="lets allocations fail; not every Python is installed with it")
pytestmark = [
    pytest.mark.skipif(IS_ORACLE, reason="CFFI does not know all operations that are tried"),
    pytest.mark.skipif(
        bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        reason="a free-threaded CPython 3.13 crashes by itself, with bytearray() and int() too",
    ),
]

PROGRAM = Path(__file__).with_name("no_memory.py")


def test_each_allocation_can_fail(mode: str, builder: Builder) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(PROGRAM), mode, str(builder.cache)],
        capture_output=True,
        text=True,
        env=python_environment(),
        check=False,
    )
    last = done.stderr.strip().splitlines()[-20:]
    assert (done.returncode, done.stdout) == (0, "done\n"), "\n".join([done.stdout, *last])
