"""Home directories, and databases that are looked at often."""

from __future__ import annotations

import os
import pwd
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pwdwrap
from pwdwrap import WatchedDatabase, _watched

FakeRun = Callable[..., Any]

USERS = b"ann:x:10:100::/home/ann:\nben:x:11:101::/home/ben:\n"
GROUPS = b"ann:x:100:\nstaff:x:200:ann,ben\n"

PATHS = [
    "",
    "~",
    "~/",
    "~/x",
    "~root",
    "~root/",
    "~root/x/y",
    "~nobody-like-this/x",
    "x/~",
    "//",
    "~//x",
]


@pytest.mark.parametrize("path", PATHS, ids=ascii)
@pytest.mark.parametrize("home", [None, "/somewhere", "/", "/slash/", ""])
def test_expanduser_does_what_os_path_does(path: str, home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if home is None:
        monkeypatch.delenv("HOME", raising=False)
    else:
        monkeypatch.setenv("HOME", home)
    for given in (path, os.fsencode(path)):
        expected = os.path.expanduser(given)  # noqa: PTH111 - it is the oracle
        assert pwdwrap.expanduser(given) == expected
        assert WatchedDatabase().expanduser(given) == expected


def test_paths_whose_users_cannot_be() -> None:
    for path in ("~\0", "~root\0/x", "~\udcff", "~\ud800"):  # os.path raises errors for some
        assert pwdwrap.expanduser(path) == path
    assert pwdwrap.expanduser(b"~\xff/x") == b"~\xff/x"


def test_expanduser_of_other_things() -> None:
    assert pwdwrap.expanduser(Path("~root/x")) == "/root/x"
    for wrong in (5, None):
        broken: Any = wrong
        with pytest.raises(TypeError):
            pwdwrap.expanduser(broken)


def test_homes() -> None:
    assert pwdwrap.home_of() == pwd.getpwuid(os.getuid()).pw_dir
    assert pwdwrap.home_of("root") == pwdwrap.home_of(0) == pwd.getpwnam("root").pw_dir
    with pytest.raises(KeyError):
        pwdwrap.home_of("no such user")


def test_a_watched_database_knows_what_the_functions_know() -> None:
    database = WatchedDatabase()
    assert repr(database) == "<WatchedDatabase of /etc/passwd and /etc/group>"
    for _ in range(2):
        assert database.users() == pwdwrap.getpwall()
        assert database.groups() == pwdwrap.getgrall()
        assert database.user("root") == database.user(0) == pwdwrap.getpwnam("root")
        assert database.group(0) == pwdwrap.getgrgid(0)
        assert database.groups_of("root") == pwdwrap.groups_of("root")
        assert database.is_member("root", 0)
        assert database.find_user("no such user") is None
        assert database.find_group("no such group") is None
    for call in (database.user, database.groups_of, database.group):
        with pytest.raises(KeyError, match="no such"):
            call("no such one")
    database.users().clear()
    database.group(0).gr_mem.append("x")
    database.groups()[0].gr_mem.append("x")
    assert database.users() == pwdwrap.getpwall()
    assert database.group(0) == pwdwrap.getgrgid(0)
    assert database.groups() == pwdwrap.getgrall()


WATCH = """
import os, pwdwrap
database = pwdwrap.WatchedDatabase(os.environ["FAKE_PASSWD"], os.environ["FAKE_GROUP"], **OPTIONS)

def write(variable, text):
    with open(os.environ[variable] + ".new", "w") as file:
        file.write(text)
    os.replace(os.environ[variable] + ".new", os.environ[variable])
"""


def watch(options: str, code: str) -> str:
    return WATCH.replace("OPTIONS", options) + code


def test_answers_follow_the_files(run_with_users: FakeRun) -> None:
    code = """
seen = [[user.pw_name for user in database.users()], database.find_user("cleo"), len(database.groups_of("ann"))]
ann = database.user("ann")
write("FAKE_PASSWD", "ben:x:12:101::/new:\\ncleo:x:13:100::/home/cleo:\\n")
seen += [database.find_user("ann"), database.user("cleo").pw_uid, database.user("ben").pw_uid, database.find_user(11)]
seen += [database.expanduser("~ann/x"), database.expanduser("~ben/x"), ann.pw_name]
try:
    database.groups_of("ann")
except KeyError as error:
    seen.append(str(error))
write("FAKE_GROUP", "staff:x:200:cleo\\n")
seen += [[group.gr_name for group in database.groups_of("cleo")], database.find_group(100)]
os.remove(os.environ["FAKE_GROUP"])
seen.append([group.gr_name for group in database.groups_of("cleo")])
answer(seen)
"""
    assert run_with_users(USERS, watch("{}", code), group_database=GROUPS) == [
        *(["ann", "ben"], None, 2),
        *(None, 13, 12, None),
        *("~ann/x", "/new/x", "ann"),
        "\"no such user: 'ann'\"",
        *(["staff"], None),
        [],
    ]


def test_answers_are_remembered(run_with_users: FakeRun) -> None:
    code = """
seen = [database.user("ann").pw_uid]
write("FAKE_PASSWD", "ann:x:99:100:::\\n")
seen += [database.user("ann").pw_uid, pwdwrap.getpwnam("ann").pw_uid]
database.forget()
seen.append(database.user("ann").pw_uid)
answer(seen)
"""
    assert run_with_users(USERS, watch('{"interval": 3600}', code), group_database=GROUPS) == [10, 10, 99, 99]


def test_old_answers_are_forgotten(run_with_users: FakeRun) -> None:
    code = """
write("FAKE_PASSWD", "ann:x:99:100:::\\n")
answer([database.user("ann").pw_uid, database.user("ann") is database.user("ann")])
"""
    assert run_with_users(USERS, watch('{"interval": 3600, "max_age": 0}', code), group_database=GROUPS)[0] == 99


def test_files_that_are_not_there() -> None:
    database = WatchedDatabase("/no/such/file", "/no/such/file")
    assert database.user(0) == pwdwrap.getpwuid(0)


def test_threads_share_a_database() -> None:
    database = WatchedDatabase()
    wrong: list[object] = []

    def work() -> None:
        for turn in range(200):
            if database.user("root").pw_uid != 0 or database.group(0).gr_gid != 0:
                wrong.append(turn)
            if turn % 50 == 0:
                database.forget()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", ["interval", "max_age"])
@pytest.mark.parametrize("value", [-1, -0.001, float("nan"), "5", b""])
def test_times_without_meaning(name: str, value: Any) -> None:
    with pytest.raises(TypeError if isinstance(value, (str, bytes)) else ValueError):
        WatchedDatabase(**{name: value})


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watched, "_MOST_ANSWERS", 3)
    database = WatchedDatabase()
    root = database.user(0)
    for number in range(10):
        assert database.find_user(f"no-such-user-{number}") is None
    assert len(database._users._snapshot.answers) <= 3
    assert database.user(0) == root
