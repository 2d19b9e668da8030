"""CPython's own tests of ``time`` and of its parser, with ``timewrap`` in the place of ``time``.

Some of them test functions of the interpreter's private C interface (``CPyTimeTestCase``); those never reach ``time``, and pass with either.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest

CODE = """
import timewrap
import _strptime
_strptime.time = timewrap
import unittest
import test.test_time, test.test_strptime
suite = unittest.TestSuite()
for module in (test.test_time, test.test_strptime):
    module.time = timewrap
    suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(module))
result = unittest.TextTestRunner(verbosity=2).run(suite)
raise SystemExit(not result.wasSuccessful())
"""


def test_the_tests_of_the_standard_library_pass() -> None:
    try:
        found = importlib.util.find_spec("test.test_strptime")
    except ModuleNotFoundError:
        found = None
    if found is None:
        pytest.skip("this Python comes without its tests")
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ran = re.search(r"Ran (\d+) tests", done.stderr)
    assert ran is not None and int(ran[1]) >= 105
    # As many as with the standard library's own module: locales and permissions that are not there, bugs of glibc.
    skipped = re.search(r"skipped=(\d+)", done.stderr)
    assert skipped is None or int(skipped[1]) <= 5
