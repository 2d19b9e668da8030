"""The command ``python -m zlibwrap``."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = b"some text that is long enough to be worth it\n" * 200


def run(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "zlibwrap", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(DATA)
    path.chmod(0o640)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def test_there_and_back(file: Path) -> None:
    done = run("notes.txt", cwd=file.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    packed = file.with_name("notes.txt.gz")
    assert [path.name for path in file.parent.iterdir()] == [packed.name]
    assert gzip.decompress(packed.read_bytes()) == DATA
    assert (packed.stat().st_mode & 0o777, packed.stat().st_mtime) == (0o640, 1_000_000_000)
    assert run("-d", packed.name, cwd=file.parent).returncode == 0
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_bytes() == DATA
    assert file.stat().st_mtime == 1_000_000_000


def test_standard_input_and_output(tmp_path: Path) -> None:
    packed = run("-9", cwd=tmp_path, stdin=DATA).stdout
    assert gzip.decompress(packed) == DATA
    assert run("-d", "-", cwd=tmp_path, stdin=packed).stdout == DATA


def test_keep_and_stdout(file: Path) -> None:
    assert gzip.decompress(run("-c", file.name, cwd=file.parent).stdout) == DATA
    assert run("-k", file.name, cwd=file.parent).returncode == 0
    assert sorted(path.name for path in file.parent.iterdir()) == ["notes.txt", "notes.txt.gz"]


def test_nothing_is_replaced_unless_asked(file: Path) -> None:
    packed = file.with_name("notes.txt.gz")
    packed.write_bytes(b"mine")
    done = run(file.name, cwd=file.parent)
    assert done.returncode == 1
    assert b"exists already" in done.stderr
    assert (packed.read_bytes(), file.read_bytes()) == (b"mine", DATA)
    assert run("-f", file.name, cwd=file.parent).returncode == 0
    assert gzip.decompress(packed.read_bytes()) == DATA


PACKED = gzip.compress(DATA, mtime=0)
DAMAGED = {"empty": b"", "no gzip": b"no gzip", "cut off": PACKED[:-3], "wrong checksum": PACKED[:-8] + b"\0" * 8}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_the_original_survives_a_failure(tmp_path: Path, damage: bytes) -> None:
    packed = tmp_path / "notes.gz"
    packed.write_bytes(damage)
    done = run("-d", packed.name, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(b"zlibwrap: notes.gz: ")
    assert b"Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [packed.name]
    assert packed.read_bytes() == damage


def test_limit(tmp_path: Path) -> None:
    packed = tmp_path / "bomb.gz"
    packed.write_bytes(gzip.compress(b"\0" * 1_000_000))
    done = run("-d", "--max-output", "1000", packed.name, cwd=tmp_path)
    assert done.returncode == 1
    assert b"larger than the limit" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [packed.name]


@pytest.mark.parametrize("arguments", [("nothing.txt",), (".",), ("-d", "notes.txt"), ("notes.gz",)])
def test_files_that_are_refused(file: Path, arguments: tuple[str, ...]) -> None:
    file.with_name("notes.gz").write_bytes(b"")
    done = run(*arguments, cwd=file.parent)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert file.read_bytes() == DATA
