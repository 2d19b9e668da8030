"""What users of the package see: the command, the names, and nothing of C."""

from __future__ import annotations

import ast
import json
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pwdwrap
from pwdwrap.__main__ import main

FakeRun = Callable[..., Any]

PACKAGE = Path(pwdwrap.__file__).parent


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_only_the_raw_layer_knows_of_c() -> None:
    for path in PACKAGE.glob("*.py"):
        names = imports(path)
        if path.name != "_raw.py":
            assert "pwdwrap._pwd" not in names, path
            assert path.name == "_pwd.py" or "typing.Any" not in names, path
        if path.name not in {"_build.py", "_pwd.py"}:  # on PyPy a generated module has a Python file
            assert not any(name.startswith("ffi_core") for name in names), path


def test_the_public_names_are_declared() -> None:
    public = {name for name in vars(pwdwrap) if not name.startswith("_")} - {"annotations"}
    assert public == set(pwdwrap.__all__)
    for name in pwdwrap.__all__:
        assert getattr(pwdwrap, name).__doc__


def test_no_cdata_is_visible() -> None:
    for name in pwdwrap.__all__:
        value = getattr(pwdwrap, name)
        inside = [getattr(value, part) for part in dir(value) if not part.startswith("_")]
        for part in (value, *inside, *vars(pwdwrap.WatchedDatabase()).values()):
            assert not type(part).__module__.startswith(("ffi_core", "pwdwrap._pwd")), (name, part)


def test_results_are_plain_python() -> None:
    entries = [*pwdwrap.getpwall(), *pwdwrap.UserDatabase(), pwdwrap.getpwuid(0), pwdwrap.getpwnam("root")]
    assert {type(value) for entry in entries for value in entry} == {str, int}
    watched = pwdwrap.WatchedDatabase()
    groups = [
        *pwdwrap.getgrall(),
        *pwdwrap.groups_of("root"),
        *watched.groups(),
        *watched.groups_of(0),
        watched.group(0),
    ]
    assert {type(value) for entry in groups for value in entry} == {str, int, list}
    assert {type(member) for entry in groups for member in entry.gr_mem} <= {str}
    assert {type(gid) for gid in pwdwrap.getgrouplist("root", 0)} == {int}
    assert {type(path) for path in (pwdwrap.home_of(), pwdwrap.expanduser("~"), watched.expanduser("~root"))} == {str}
    assert {type(value) for value in (pwdwrap.is_member(0, 0), watched.is_member(0, 0))} == {bool}


def test_one_user(capsys: pytest.CaptureFixture[str]) -> None:
    root = pwd.getpwuid(0)
    for user in ("root", "0"):
        assert main([user]) == 0
        lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
        assert lines["pw_name"] == "root"
        assert lines["pw_uid"] == "0"
        assert lines["pw_dir"] == root.pw_dir
        assert main([user, "--json"]) == 0
        assert tuple(json.loads(capsys.readouterr().out).values()) == tuple(root)


def test_all_users(capsys: pytest.CaptureFixture[str]) -> None:
    everyone = pwd.getpwall()
    assert main([]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.split() == ["name", "uid", "gid", "gecos", "home", "shell"]
    assert [row.split()[0] for row in rows] == [entry.pw_name for entry in everyone]
    assert main(["--json"]) == 0
    assert [tuple(entry.values()) for entry in json.loads(capsys.readouterr().out)] == everyone


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("no such user", "getpwnam(): name not found: 'no such user'"),
        ("1234567", "getpwuid(): uid not found: 1234567"),
        ("99999999999", "getpwuid(): uid not found"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_a_user_that_is_not_there(user: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([user]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == f"pwdwrap: {words}\n"


def test_the_command_runs() -> None:
    done = subprocess.run([sys.executable, "-m", "pwdwrap", "root", "--json"], capture_output=True, check=True)
    assert json.loads(done.stdout)["pw_uid"] == 0


def test_bytes_that_are_no_text_come_out_as_they_are(run_with_users: FakeRun) -> None:
    code = """
import subprocess
run = lambda *a: subprocess.run([sys.executable, "-m", "pwdwrap", *a], capture_output=True, check=True).stdout
answer([run().hex(), run("7").hex(), run("--json", "7").decode("ascii")])
"""
    table, entry, as_json = run_with_users(b"caf\xe9:x:7:7:\xff:/:/bin/sh\n", code)
    assert b"caf\xe9" in bytes.fromhex(table)
    assert b"caf\xe9" in bytes.fromhex(entry)
    assert json.loads(as_json)["pw_name"] == "caf\udce9"


def test_a_reader_that_leaves_early(run_with_users: FakeRun) -> None:
    code = """
import subprocess
command = f"{sys.executable} -m pwdwrap --json | head -1; exit ${{PIPESTATUS[0]}}"
done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
answer([done.stdout, done.stderr, done.returncode])
"""
    database = b"".join(b"user%d:x:%d:%d:::\n" % (n, n, n) for n in range(5000))
    assert run_with_users(database, code) == ["[\n", "", 1]
