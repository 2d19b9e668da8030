"""CPython's own tests pass with the wrappers in the place of the modules: all that pass with those."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

AT_LEAST = {"zlib": 120, "time": 102, "pwd": 3, "grp": 4}


@pytest.mark.parametrize("name", AT_LEAST)
def test_the_tests_of_the_standard_library_pass(name: str) -> None:
    program = Path(__file__).with_name("stdlib_suites.py")
    done = subprocess.run([sys.executable, str(program), name], capture_output=True, text=True, check=False)
    if "comes without" in done.stdout:
        pytest.skip("this Python comes without its tests")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"with ours (\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= AT_LEAST[name]
