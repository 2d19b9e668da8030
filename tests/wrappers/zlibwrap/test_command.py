"""The command ``python -m zlibwrap``."""

from __future__ import annotations

import errno
import fcntl
import gzip
import os
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import zlibwrap.__main__ as command
from zlibwrap import _replacing

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


def just_before_the_end(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Have something done when all is written, and before the new file gets its name."""
    copy_attributes = _replacing.copy_attributes

    def do_it(*arguments: Any) -> None:
        copy_attributes(*arguments)
        do()

    monkeypatch.setattr(_replacing, "copy_attributes", do_it)


def after_the_end(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Have something done when the new file has its name, and before the original goes."""
    replace = Path.replace

    def do_it(self: Path, target: Path) -> None:
        replace(self, target)
        do()

    monkeypatch.setattr(Path, "replace", do_it)


def test_a_file_that_another_program_makes_meanwhile(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = file.with_name("notes.txt.gz")
    just_before_the_end(monkeypatch, lambda: packed.write_bytes(b"mine"))
    assert in_process(monkeypatch, file.parent, file.name) == 1
    assert packed.read_bytes() == b"mine"
    assert file.read_bytes() == DATA
    assert len(list(file.parent.iterdir())) == 2


@pytest.mark.parametrize("kind", ["file", "link"])
def test_an_original_whose_name_goes_to_another_file(file: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    other = file.with_name("other")
    other.write_bytes(b"not what was read")

    def change() -> None:
        if kind == "file":
            other.rename(file)
        else:
            file.unlink()
            file.symlink_to(other.name)

    after_the_end(monkeypatch, change)
    assert in_process(monkeypatch, file.parent, file.name) == 1
    assert file.read_bytes() == b"not what was read"
    assert gzip.decompress(file.with_name("notes.txt.gz").read_bytes()) == DATA


def test_a_link_that_is_made_to_point_elsewhere(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, other = file.with_name("link"), file.with_name("other")
    other.write_bytes(b"not what was read")
    link.symlink_to(file.name)

    def change() -> None:
        link.unlink()
        link.symlink_to(other.name)

    after_the_end(monkeypatch, change)
    assert in_process(monkeypatch, file.parent, "-f", link.name) == 1
    assert link.readlink() == Path(other.name)
    assert other.exists()


@pytest.mark.parametrize("after", [False, True])
def test_an_original_that_is_written_to_meanwhile(file: Path, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    def change() -> None:
        with file.open("ab") as opened:
            opened.write(b"more")

    (after_the_end if after else just_before_the_end)(monkeypatch, change)
    assert in_process(monkeypatch, file.parent, file.name) == 1
    assert file.read_bytes() == DATA + b"more"
    assert file.with_name("notes.txt.gz").exists() is after


def test_an_original_that_is_removed_meanwhile(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after_the_end(monkeypatch, file.unlink)
    assert in_process(monkeypatch, file.parent, file.name) == 0
    assert gzip.decompress(file.with_name("notes.txt.gz").read_bytes()) == DATA


def test_no_program_runs_as_another_user(file: Path) -> None:
    file.chmod(0o6755)
    assert run(file.name, cwd=file.parent).returncode == 0
    assert file.with_name("notes.txt.gz").stat().st_mode & 0o7777 == 0o755


def test_owners_and_groups_are_kept_where_the_system_lets_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[tuple[int, int]] = []
    names = ("st_mode", "st_atime_ns", "st_mtime_ns")
    old: Any = SimpleNamespace(st_uid=12345, st_gid=23456, **{name: getattr(file.stat(), name) for name in names})

    def refuse(_file: int, user: int, group: int) -> None:
        wanted.append((user, group))
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with file.open("rb+") as opened:
        monkeypatch.setattr(os, "fchown", lambda _file, user, group: wanted.append((user, group)))
        _replacing.copy_attributes(old, opened.fileno())
        assert (wanted, file.stat().st_mode & 0o777) == ([(-1, 23456), (12345, -1)], 0o640)
        monkeypatch.setattr(os, "fchown", refuse)
        _replacing.copy_attributes(old, opened.fileno())
        assert (len(wanted), file.stat().st_mode & 0o777) == (4, 0o600)  # another group reads no more


def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = run("pipe", cwd=tmp_path)
    assert (done.returncode, b"no regular file" in done.stderr) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The command sends itself the signal when it has read the file."""
    (tmp_path / "file").write_bytes(DATA)
    code = f"""
import os, runpy, signal, sys, zlibwrap._replacing as replacing
signal.signal({number}, signal.SIG_DFL)  # it is ignored where the tests run in the background of a shell
replacing.copy_attributes = lambda *_: os.kill(os.getpid(), {number})
sys.argv = ["zlibwrap", "file"]
runpy.run_module("zlibwrap", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + number, "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


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
