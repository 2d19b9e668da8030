"""What a type checker learns of the wrappers: all of it, and of no C data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ffi_core
import pwdwrap
import timewrap
import zlibwrap

pytest.importorskip("mypy", reason="mypy is installed in the session `types` only")

PROGRAM = """\
import pwdwrap, timewrap, zlibwrap

reveal_type(zlibwrap.compress(b"x", wbits=31))
reveal_type(zlibwrap.decompressobj().decompress(bytearray(b"x"), 5))
reveal_type(zlibwrap.compressobj(9))
reveal_type(zlibwrap.crc32(memoryview(b"x")))
reveal_type(zlibwrap.open("x", "rt").read())
reveal_type(zlibwrap.open("x").header)
reveal_type(zlibwrap.open("x", "wb"))
reveal_type(zlibwrap.compress_chunks([b"x"]))
reveal_type(zlibwrap.Z_FINISH)
reveal_type(timewrap.time())
reveal_type(timewrap.localtime().tm_year)
reveal_type(timewrap.Instant.now() - timewrap.Instant(5))
reveal_type(timewrap.Instant.now() + timewrap.Timespec(5))
reveal_type(timewrap.parse_time("2026", "%Y").rest)
reveal_type(timewrap.strftime("%Y"))
reveal_type(pwdwrap.getpwnam("root").pw_uid)
reveal_type(pwdwrap.getgrall()[0].gr_mem)
reveal_type(pwdwrap.groups_of("root")[0].gr_gid)
"""

REVEALED = [
    "bytes",
    "bytes",
    "zlibwrap._objects.Compress",
    "int",
    "str",
    "zlibwrap._header.GzipHeader | None",
    "zlibwrap._writer.GzipWriter",
    "Iterator[bytes]",
    "int",
    "float",
    "int",
    "timewrap._timespec.Timespec",
    "timewrap._instant.Instant",
    "str",
    "str",
    "int",
    "list[str]",
    "int",
]


def sources(module: Any) -> str:
    return str(Path(module.__file__).parents[1])


def test_programs_that_use_the_wrappers(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    folders = [
        folder for folder in map(sources, (ffi_core, pwdwrap, timewrap, zlibwrap)) if "site-packages" not in folder
    ]
    path = {"MYPYPATH": os.pathsep.join(folders)} if folders else {}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "program.py"],
        cwd=tmp_path,
        env={**os.environ, **path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("program.py")]
    assert not [line for line in told if ": error:" in line]
    revealed = [re.sub(r"\b(builtins|typing|collections\.abc)\.", "", line.split('"')[1]) for line in told]
    assert revealed == REVEALED
