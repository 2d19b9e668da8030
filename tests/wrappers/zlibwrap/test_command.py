"""The command ``python -m zlibwrap``."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import shutil
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import zlibwrap.__main__ as command

DATA = b"some text that is long enough to be worth it\n" * 200


def run(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    started = [sys.executable, "-m", "zlibwrap", *arguments]
    return subprocess.run(started, cwd=cwd, input=stdin, capture_output=True, check=False)


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


def test_links_stay_when_what_they_point_to_is_replaced(file: Path) -> None:
    packed, elsewhere = file.with_name("notes.txt.gz"), file.with_name("elsewhere")
    elsewhere.write_bytes(b"mine")
    packed.symlink_to(elsewhere.name)
    assert run(file.name, cwd=file.parent).returncode == 1
    assert elsewhere.read_bytes() == b"mine"
    assert run("-f", file.name, cwd=file.parent).returncode == 0
    assert packed.is_symlink()
    assert gzip.decompress(elsewhere.read_bytes()) == DATA
    assert sorted(path.name for path in file.parent.iterdir()) == ["elsewhere", "notes.txt.gz"]


def test_links_to_nothing_and_to_themselves(file: Path) -> None:
    packed = file.with_name("notes.txt.gz")
    packed.symlink_to("not/there")
    assert run(file.name, cwd=file.parent).returncode == 1
    assert run("-f", file.name, cwd=file.parent).returncode == 1  # there is no such folder
    assert packed.is_symlink()
    packed.unlink()
    packed.symlink_to(packed.name)
    done = run("-f", file.name, cwd=file.parent)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
    packed.unlink()
    packed.symlink_to(file.name)
    assert run("-f", file.name, cwd=file.parent).returncode == 1  # it would replace the original
    assert file.read_bytes() == DATA
    assert sorted(path.name for path in file.parent.iterdir()) == ["notes.txt", "notes.txt.gz"]


@pytest.mark.parametrize("kind", ["directory", "pipe"])
@pytest.mark.parametrize("link", [False, True])
def test_only_files_are_replaced(file: Path, kind: str, link: bool) -> None:
    packed = file.with_name("notes.txt.gz")
    real = file.with_name("real") if link else packed
    if kind == "pipe":
        os.mkfifo(real)
    else:
        real.mkdir()
    if link:
        packed.symlink_to(real.name)
    before = real.stat()
    done = run("-f", file.name, cwd=file.parent)
    assert (done.returncode, b"no regular file" in done.stderr) == (1, True)
    assert (real.stat().st_mode, real.stat().st_ino) == (before.st_mode, before.st_ino)
    assert packed.is_symlink() is link
    assert file.read_bytes() == DATA


def test_an_original_that_is_a_link(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file.name)
    done = run(link.name, cwd=file.parent)
    assert done.returncode == 1
    assert b"symbolic link" in done.stderr
    assert run("-k", link.name, cwd=file.parent).returncode == 0
    assert link.is_symlink()
    assert run("-f", link.name, cwd=file.parent).returncode == 0
    assert sorted(path.name for path in file.parent.iterdir()) == ["link.gz", "notes.txt"]
    assert file.read_bytes() == DATA
    assert gzip.decompress(file.with_name("link.gz").read_bytes()) == DATA


def in_process(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.chdir(folder)
    return command.main(arguments)


def test_file_systems_without_links(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_keywords: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert in_process(monkeypatch, file.parent, file.name) == 0
    assert [path.name for path in file.parent.iterdir()] == ["notes.txt.gz"]


def test_a_file_that_another_program_makes_meanwhile(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = file.with_name("notes.txt.gz")
    copystat = shutil.copystat

    def make_it(*arguments: Any) -> None:
        packed.write_bytes(b"mine")
        copystat(*arguments)

    monkeypatch.setattr(shutil, "copystat", make_it)  # what comes just before the file gets its name
    assert in_process(monkeypatch, file.parent, file.name) == 1
    assert packed.read_bytes() == b"mine"
    assert file.read_bytes() == DATA
    assert len(list(file.parent.iterdir())) == 2


@pytest.mark.parametrize("force", [[], ["-f"]])
def test_nothing_is_left_when_the_last_step_fails(
    file: Path, monkeypatch: pytest.MonkeyPatch, force: list[str]
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    assert in_process(monkeypatch, file.parent, *force, file.name) == 1
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_bytes() == DATA


def test_progress_is_shown_on_a_terminal(file: Path) -> None:
    pytest.importorskip("tqdm")
    outside, inside = os.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    arguments = [sys.executable, "-m", "zlibwrap", "-k", file.name]
    try:
        done = subprocess.run(arguments, cwd=file.parent, stdin=inside, stdout=inside, stderr=inside, check=False)
    finally:
        os.close(inside)
    shown = b""
    with open(outside, "rb", buffering=0) as terminal, suppress(OSError):  # noqa: PTH123 - the end is an error on Linux
        while part := terminal.read(1000):
            shown += part
    assert done.returncode == 0
    assert b"notes.txt" in shown
    assert b"100%" in shown


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
