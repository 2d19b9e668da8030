"""CPython's own tests of ``zlib`` and ``gzip``, with ``zlibwrap`` in the place of ``zlib``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

CODE = """
import sys
import zlibwrap
sys.modules["zlib"] = zlibwrap
import gzip
assert gzip.zlib is zlibwrap
import unittest
import test.{name} as tests
assert sys.modules["zlib"] is zlibwrap
unittest.main(tests, verbosity=2)
"""


@pytest.mark.parametrize("name", ["test_zlib", "test_gzip"])
def test_the_tests_of_the_standard_library_pass(name: str) -> None:
    try:
        found = importlib.util.find_spec(f"test.{name}")
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip(f"this Python comes without test.{name}")
    done = subprocess.run([sys.executable, "-c", CODE.format(name=name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "OK" in done.stderr.splitlines()[-1]
    assert "Ran 0 tests" not in done.stderr
