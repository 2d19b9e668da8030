"""CPython's own tests of ``pwd`` and ``grp``, with ``pwdwrap`` in their place."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

CODE = """
import sys
import pwdwrap
sys.modules["NAME"] = pwdwrap
import unittest
import test.test_NAME
assert test.test_NAME.NAME is pwdwrap
unittest.main(test.test_NAME, verbosity=2)
"""


@pytest.mark.parametrize("name", ["pwd", "grp"])
def test_the_tests_of_the_standard_library_pass(name: str) -> None:
    try:
        found = importlib.util.find_spec(f"test.test_{name}")
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip("this Python comes without its tests")
    done = subprocess.run(
        [sys.executable, "-c", CODE.replace("NAME", name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "OK" in done.stderr.splitlines()[-1]
    assert "Ran 0 tests" not in done.stderr
