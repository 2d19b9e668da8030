"""Run Python code with a user database of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "oracle"))

FakeRun = Callable[..., Any]


@pytest.fixture(scope="session")
def fake_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile ``fake_database.c``."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the C library's user database is replaced by LD_PRELOAD: that needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("fake") / "libfakepasswd.so"
    source = Path(__file__).with_name("fake_database.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), str(source)], check=True)
    return library


@pytest.fixture
def run_with_users(fake_library: Path, tmp_path: Path) -> FakeRun:
    """Give a function that runs code in a new process whose users are ``database``; it returns what ``answer`` gets.

    Its groups are ``group_database``; ``path`` is searched for modules first; other keywords become environment variables.
    """

    def run(database: bytes, code: str, *, path: str = "", group_database: bytes = b"", **environment: str) -> Any:
        passwd = tmp_path / "passwd"
        passwd.write_bytes(database)
        groups = tmp_path / "group"
        groups.write_bytes(group_database)
        prelude = "import json, sys\ndef answer(value):\n    print('ANSWER' + json.dumps(value))\n"
        done = subprocess.run(
            [sys.executable, "-c", prelude + code],
            env={
                **os.environ,
                "LD_PRELOAD": " ".join([*os.environ.get("LD_PRELOAD", "").split(), str(fake_library)]),
                "FAKE_PASSWD": str(passwd),
                "FAKE_GROUP": str(groups),
                "PYTHONPATH": os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH", "")])),
                "PYTHONUTF8": "1",
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers = [line[len("ANSWER") :] for line in done.stdout.splitlines() if line.startswith("ANSWER")]
        return json.loads(answers[-1])

    return run
