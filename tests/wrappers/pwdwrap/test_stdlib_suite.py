"""CPython's own tests of ``pwd``, with ``pwdwrap`` in its place."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

CODE = """
import sys
import pwdwrap
sys.modules["pwd"] = pwdwrap
import unittest
import test.test_pwd
assert test.test_pwd.pwd is pwdwrap
unittest.main(test.test_pwd, verbosity=2)
"""


def test_the_tests_of_the_standard_library_pass() -> None:
    try:
        found = importlib.util.find_spec("test.test_pwd")
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip("this Python comes without test.test_pwd")
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "OK" in done.stderr.splitlines()[-1]
    assert "Ran 0 tests" not in done.stderr
