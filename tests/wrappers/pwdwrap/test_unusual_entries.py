"""Entries and errors that this machine's own database does not have; ``pwd`` under the same conditions is the measure."""

from __future__ import annotations

import errno
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pwdwrap

FakeRun = Callable[..., Any]

ODD = b"".join(
    [
        b"root:x:0:0:root:/root:/bin/bash\n",
        b"caf\xe9:x:1001:1001:Caf\xe9 \xff:/home/caf\xe9:/bin/sh\n",
        "zoë:*:1002:1003:Zoë:/home/zoë:/bin/zsh\n".encode(),
        b"empty::1004:1004:::\n",
        b"nothing:x:1005:1005:NULL:/:/bin/sh\n",
        b"large:x:1006:1006:" + b"L" * 3000 + b":/:/bin/sh\n",
        b"huge:x:1007:1007:" + b"H" * 200_000 + b":/:/bin/sh\n",
        b"high:x:4294967294:4294967294:nobody:/:/bin/false\n",
        b"twice:x:1001:1:second of this number:/:/bin/sh\n",
        b"many:x:4000000000:4294967295:::\n",
    ]
)

DUMP = """
import pwdwrap as ours, pwd as theirs
names = [entry.pw_name for entry in theirs.getpwall()]
def dump(module):
    return [
        module.getpwall(),
        [module.getpwnam(name) for name in names],
        [module.getpwuid(entry.pw_uid) for entry in module.getpwall()],
    ]
answer([dump(ours), dump(theirs), list(ours.UserDatabase())])
"""


@pytest.fixture(scope="session")
def posix_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the C module as for a system without ``getpwent_r``."""
    folder = tmp_path_factory.mktemp("posix")
    build = runpy.run_path(str(Path(pwdwrap.__file__).with_name("_build.py")))
    ffi = type(build["ffibuilder"])()
    ffi.cdef(build["CDEF"])
    source = "#define PWDWRAP_ONLY_POSIX\n" + build["SOURCE"]
    ffi.set_source("_pwd_posix", source, include_dirs=[str(Path(pwdwrap.__file__).parent)])
    ffi.compile(tmpdir=str(folder))
    return folder


def test_unusual_entries_are_read_as_pwd_reads_them(run_with_users: FakeRun) -> None:
    ours, theirs, iterated = run_with_users(ODD, DUMP)
    assert ours == theirs
    assert iterated == ours[0]
    assert ours[0][1][0] == "caf\udce9"
    assert ours[0][4][4] is None
    assert [len(entry[4]) for entry in ours[0][5:7]] == [3000, 200_000]
    assert len(ours[0]) == 10


def test_a_system_without_getpwent_r(run_with_users: FakeRun, posix_only: Path) -> None:
    code = "import _pwd_posix\nsys.modules['pwdwrap._pwd'] = _pwd_posix\n" + DUMP
    ours, theirs, iterated = run_with_users(ODD, code, path=str(posix_only))
    assert ours == theirs
    assert iterated == ours[0]


def test_groups_of_a_system_without_getgrent_r(run_with_users: FakeRun, posix_only: Path) -> None:
    code = "import _pwd_posix\nsys.modules['pwdwrap._pwd'] = _pwd_posix\nimport pwdwrap\nanswer(pwdwrap.getgrall())"
    members = [f"user{number}" for number in range(5000)]
    database = f"a:x:1:\nbig:x:2:{','.join(members)}\nc:NULL:3:me\n".encode()
    groups = run_with_users(b"", code, path=str(posix_only), group_database=database)
    assert groups == [["a", "x", 1, []], ["big", "x", 2, members], ["c", None, 3, ["me"]]]


def test_an_empty_database(run_with_users: FakeRun) -> None:
    code = (
        "import pwdwrap\nanswer([pwdwrap.getpwall(), list(pwdwrap.UserDatabase()), 'root' in pwdwrap.UserDatabase()])"
    )
    assert run_with_users(b"", code) == [[], [], False]


def test_an_entry_that_changes_is_seen_at_once(run_with_users: FakeRun) -> None:
    code = """
import os, pathlib, pwdwrap
path = pathlib.Path(os.environ["FAKE_PASSWD"])
seen = []
for gid in (1, 2, 1):
    path.write_text(f"user:x:5:{gid}:::")
    seen.append([pwdwrap.getpwuid(5).pw_gid, pwdwrap.getpwnam("user").pw_gid, pwdwrap.getpwall()[0].pw_gid])
path.write_text("")
try:
    pwdwrap.getpwuid(5)
except KeyError as error:
    seen.append(str(error))
answer(seen)
"""
    assert run_with_users(b"", code) == [[1, 1, 1], [2, 2, 2], [1, 1, 1], "'getpwuid(): uid not found: 5'"]


def test_an_interrupted_read_is_repeated(run_with_users: FakeRun) -> None:
    code = "import pwdwrap\nanswer([pwdwrap.getpwuid(0), pwdwrap.getpwnam('root'), pwdwrap.getpwall()])"
    entry = ["root", "x", 0, 0, "", "/", ""]
    assert run_with_users(b"root:x:0:0::/:\n", code, FAKE_INTERRUPTED="4") == [entry, entry, [entry]]


ERRORS = """
import pwdwrap
def outcome(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return [type(error).__name__, getattr(error, "errno", None), str(error)]
answer([
    outcome(pwdwrap.getpwuid, 7),
    outcome(pwdwrap.getpwnam, "x"),
    outcome(pwdwrap.getpwall),
    outcome(lambda: list(pwdwrap.UserDatabase())),
])
"""


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENFILE])
def test_a_database_that_cannot_be_read(run_with_users: FakeRun, number: int) -> None:
    outcomes = run_with_users(b"", ERRORS, FAKE_ERROR=str(number))
    assert [(outcome[0], outcome[1]) for outcome in outcomes] == [("OSError", number)] * 4


def test_no_memory(run_with_users: FakeRun) -> None:
    assert [outcome[0] for outcome in run_with_users(b"", ERRORS, FAKE_ERROR=str(errno.ENOMEM))] == ["MemoryError"] * 4


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ESRCH, errno.EBADF, errno.EPERM])
def test_error_numbers_that_mean_no_such_user(run_with_users: FakeRun, number: int) -> None:
    by_uid, by_name, everyone, iterated = run_with_users(b"", ERRORS, FAKE_ERROR=str(number))
    assert by_uid[0] == by_name[0] == "KeyError"
    assert everyone == iterated == []


def test_an_error_reaches_the_iterator_that_asked(run_with_users: FakeRun) -> None:
    code = """
import os, pwdwrap
one = iter(pwdwrap.UserDatabase())
first = next(one).pw_name
os.environ["FAKE_ERROR"] = "5"
two = iter(pwdwrap.UserDatabase())
outcomes = []
for iterator in (two, one, one):
    try:
        count = sum(1 for entry in iterator)
        outcomes.append(count)
    except OSError as error:
        outcomes.append("error %d" % error.errno)
del os.environ["FAKE_ERROR"]
answer([first, outcomes, sum(1 for entry in two), len(pwdwrap.getpwall())])
"""
    database = b"".join(b"u%d:x:%d:%d:::\n" % (n, n, n) for n in range(200))
    first, outcomes, again, whole = run_with_users(database, code)
    assert first == "u0"
    assert outcomes == ["error 5", "error 5", 0]
    assert (again, whole) == (200, 200)
