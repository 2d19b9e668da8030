"""Groups beside those of ``grp`` and ``os``; databases of the test's own."""

from __future__ import annotations

import copy
import os
import pickle
import pwd
import threading
from collections.abc import Callable
from typing import Any

import pytest
from cpython_modules import grp, only_cpython, stated_grp

import pwdwrap
from pwdwrap import GroupEntry

FakeRun = Callable[..., Any]

USERS = b"ann:x:10:100::/home/ann:\nben:x:11:101::/home/ben:\n"
GROUPS = b"ann:x:100:\nstaff:NULL:200:ann,ben\nempty::300:\ncaf\xe9:x:400:ann\n"


class Index:
    def __index__(self) -> int:
        return 0


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    try:
        result = function(*arguments)
    except Exception as error:  # noqa: BLE001 - any error is compared
        words = "" if isinstance(error, OverflowError) else str(error).replace("NoneType", "None")
        return type(error).__name__, words
    return "result", list(result)


GIDS = [0, 1, -1, -2, 2**31, 2**32 - 1, 2**32, 2**70, -(2**70), 1234567, True, Index(), None, "0", b"0", 0.0, ()]
NAMES = ["root", "", "no such group", "é", "\udcff", "\ud800", "ro\0ot", "it's", "x" * 5000, None, b"root", 0]


@pytest.mark.parametrize("gid", GIDS, ids=lambda gid: type(gid).__name__ if type(gid) is Index else ascii(gid))
def test_getgrgid_does_what_grp_does(gid: Any) -> None:
    assert outcome(pwdwrap.getgrgid, gid)[0] == outcome(grp.getgrgid, gid)[0]
    if isinstance(gid, int):
        assert outcome(pwdwrap.getgrgid, gid) == outcome(grp.getgrgid, gid)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_getgrnam_does_what_grp_does(name: Any) -> None:
    kind, words = outcome(pwdwrap.getgrnam, name)
    assert kind == outcome(grp.getgrnam, name)[0]
    if isinstance(name, str):
        assert (kind, words) == outcome(grp.getgrnam, name)


@only_cpython
@pytest.mark.parametrize("gid", GIDS, ids=lambda gid: type(gid).__name__ if type(gid) is Index else ascii(gid))
def test_what_other_interpreters_are_compared_with_by_number(gid: Any) -> None:
    stated, real = outcome(stated_grp.getgrgid, gid), outcome(grp.getgrgid, gid)
    assert stated == real if isinstance(gid, int) else stated[0] == real[0]


@only_cpython
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_what_other_interpreters_are_compared_with_by_name(name: Any) -> None:
    stated, real = outcome(stated_grp.getgrnam, name), outcome(grp.getgrnam, name)
    assert stated == real if isinstance(name, str) else stated[0] == real[0]


def test_all_groups() -> None:
    assert pwdwrap.getgrall() == grp.getgrall()
    for theirs in grp.getgrall():
        assert pwdwrap.getgrnam(theirs.gr_name) == grp.getgrnam(theirs.gr_name)
        assert pwdwrap.getgrgid(theirs.gr_gid) == grp.getgrgid(theirs.gr_gid)


def test_groups_of_users() -> None:
    for user in pwd.getpwall():
        assert pwdwrap.getgrouplist(user.pw_name, user.pw_gid) == os.getgrouplist(user.pw_name, user.pw_gid)
        groups = pwdwrap.groups_of(user.pw_name)
        assert [group.gr_gid for group in groups] == [
            gid for gid in os.getgrouplist(user.pw_name, user.pw_gid) if gid in {g.gr_gid for g in grp.getgrall()}
        ]
        assert all(pwdwrap.is_member(user.pw_uid, group.gr_gid) for group in groups)
    with pytest.raises(KeyError):
        pwdwrap.groups_of("no such user")
    with pytest.raises(KeyError):
        pwdwrap.is_member("root", "no such group")
    assert pwdwrap.getgrouplist("no such user", 7) == [7]
    for wrong in ((b"root", 0), ("root", "0"), ("root", None)):
        arguments: Any = wrong
        with pytest.raises(TypeError):
            pwdwrap.getgrouplist(*arguments)
    with pytest.raises(ValueError):
        pwdwrap.getgrouplist("ro\0ot", 0)
    with pytest.raises(OverflowError):
        pwdwrap.getgrouplist("root", 2**40)


def test_entries() -> None:
    entry = GroupEntry(("staff", "x", 200, ["ann"]))
    assert pwdwrap.struct_group is GroupEntry
    assert entry == grp.struct_group(("staff", "x", 200, ["ann"]))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(entry, protocol)) == entry
    assert type(copy.deepcopy(entry)) is GroupEntry
    with pytest.raises(TypeError, match="takes a 4-sequence"):
        GroupEntry((1, 2, 3))


def test_a_database_of_ones_own(run_with_users: FakeRun) -> None:
    code = """
import pwdwrap
answer([
    [list(group) for group in pwdwrap.getgrall()],
    [group.gr_name for group in pwdwrap.groups_of("ann")],
    [group.gr_name for group in pwdwrap.groups_of(11)],
    [pwdwrap.is_member("ben", "staff"), pwdwrap.is_member("ben", "empty"), pwdwrap.is_member("ann", 100)],
    pwdwrap.getgrgid(200).gr_passwd,
])
"""
    everything, ann, ben, members, password = run_with_users(USERS, code, group_database=GROUPS)
    assert everything == [
        ["ann", "x", 100, []],
        ["staff", None, 200, ["ann", "ben"]],
        ["empty", "", 300, []],
        ["caf\udce9", "x", 400, ["ann"]],
    ]
    assert ann == ["ann", "staff", "caf\udce9"]
    assert ben == ["staff"]  # the group of his own has no entry
    assert members == [True, False, True]
    assert password is None


def test_large_groups(run_with_users: FakeRun) -> None:
    members = ",".join(f"user{number}" for number in range(20_000))
    many = "".join(f"g{number}:x:{1000 + number}:ann\n" for number in range(300))
    code = """
import pwdwrap
answer([len(pwdwrap.getgrnam("big").gr_mem), len(pwdwrap.getgrall()), len(pwdwrap.groups_of("ann")),
        pwdwrap.getgrgid(500).gr_mem[-1]])
"""
    database = f"big:x:500:{members}\n{many}".encode()
    assert run_with_users(USERS, code, group_database=database) == [20_000, 301, 300, "user19999"]


def test_databases_that_cannot_be_read(run_with_users: FakeRun) -> None:
    code = """
import errno, pwdwrap
found = []
for call in (lambda: pwdwrap.getgrgid(100), lambda: pwdwrap.getgrnam("ann"), pwdwrap.getgrall):
    try:
        call()
    except OSError as error:
        found.append(error.errno)
answer(found)
"""
    assert run_with_users(USERS, code, group_database=GROUPS, FAKE_ERROR="5") == [5, 5, 5]


def test_reads_that_are_interrupted_are_tried_again(run_with_users: FakeRun) -> None:
    code = "import pwdwrap\nanswer([len(pwdwrap.getgrall()), pwdwrap.getgrgid(300).gr_name])"
    assert run_with_users(USERS, code, group_database=GROUPS, FAKE_INTERRUPTED="3") == [4, "empty"]


def test_threads_read_all_groups() -> None:
    expected = grp.getgrall()
    wrong: list[object] = []

    def work() -> None:
        wrong.extend(groups for groups in (pwdwrap.getgrall() for _ in range(20)) if groups != expected)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
