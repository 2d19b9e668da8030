"""The fuzzing finds what it is there to find: crashes with their input, leaks, and wrong exceptions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import worker
from .worker import main

CRASHING = """
import sys
sys.path.insert(0, {path!r})
from fuzz import worker
from hypothesis import strategies as st
import ctypes
worker.CHECKS["bad"] = st.integers(0, 10), lambda value: value < 7 or ctypes.string_at(0)
sys.exit(worker.main("bad", 5, 1, worker.Path("input")))
"""


LEAKING = """
import sys
sys.path.insert(0, {path!r})
from fuzz.worker import watch_leaks
kept = []
def check(value):
    if value == 3:
        kept.append(object())
print(watch_leaks(check, [1, 2, 3, 4]), watch_leaks(check, [1, 2, 4]))
"""


def test_a_leak_is_found() -> None:
    # In a process of its own, where nothing of other tests is left to be freed meanwhile.
    code = LEAKING.format(path=str(Path(__file__).resolve().parents[1]))
    environment = {**os.environ, "PYTHONMALLOC": "default"}  # the sanitizers' runs have another, which counts no blocks
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[3] []"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_input_of_a_crash_is_kept(tmp_path: Path) -> None:
    code = CRASHING.format(path=str(Path(__file__).resolve().parents[1]))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode < 0 or b"AddressSanitizer" in done.stderr
    assert int((tmp_path / "input").read_text()) >= 7


def test_a_sound_check_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ROUND", 50)
    monkeypatch.setattr(worker, "SAMPLE", 5)
    assert main("types", 0.5, 1, tmp_path / "input") == 0
    assert "inputs" in capsys.readouterr().out
