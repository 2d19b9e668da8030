"""``UserDatabase``: iterators side by side, left, in threads, across fork."""

from __future__ import annotations

import gc
import itertools
import os
import pwd as standard_pwd
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

import pwdwrap
from pwdwrap import PasswdEntry, UserDatabase

pwd: Any = standard_pwd

FakeRun = Callable[..., Any]

MANY = b"".join(b"user%d:x:%d:%d::/home/%d:/bin/sh\n" % (n, n, n, n) for n in range(1000))

COUNTERS = """
import ctypes
loaded = ctypes.CDLL(None)
reads = ctypes.c_int.in_dll(loaded, "fake_reads")
is_open = ctypes.c_int.in_dll(loaded, "fake_open")
"""


def test_iteration_gives_what_getpwall_gives() -> None:
    entries = list(UserDatabase())
    assert entries == pwd.getpwall()
    assert {type(entry) for entry in entries} == {PasswdEntry}
    assert list(UserDatabase()) == entries


def test_an_iterator_ends_once_and_for_all() -> None:
    iterator = iter(UserDatabase())
    assert iter(iterator) is iterator
    list(iterator)
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(iterator)


def test_nested_loops_do_not_disturb_each_other() -> None:
    everyone = pwd.getpwall()
    database = UserDatabase()
    pairs = [(a, b) for a in itertools.islice(database, 5) for b in database]
    assert pairs == [(a, b) for a in everyone[:5] for b in everyone]


def test_iterators_take_turns() -> None:
    everyone = pwd.getpwall()
    iterators = [iter(UserDatabase()) for _ in range(4)]
    for entry in everyone:
        assert [next(iterator) for iterator in iterators] == [entry] * 4
        assert pwdwrap.getpwnam(entry.pw_name) == pwd.getpwnam(entry.pw_name)
    assert pwdwrap.getpwall() == everyone
    assert [list(iterator) for iterator in iterators] == [[]] * 4


def test_getpwall_in_the_middle_of_an_iteration() -> None:
    everyone = pwd.getpwall()
    iterator = iter(UserDatabase())
    assert next(iterator) == everyone[0]
    assert pwdwrap.getpwall() == everyone
    assert list(iterator) == everyone[1:]


def test_an_iterator_may_be_closed() -> None:
    with iter(UserDatabase()) as iterator:
        next(iterator)
    assert list(iterator) == []
    iterator.close()
    assert list(UserDatabase()) == pwd.getpwall()


def test_an_abandoned_iterator_blocks_nobody() -> None:
    for _ in range(3):
        iterator: Any = iter(UserDatabase())
        next(iterator)
        iterator.itself = iterator
        del iterator
        assert list(UserDatabase()) == pwd.getpwall()
        gc.collect()
    assert pwdwrap.getpwall() == pwd.getpwall()


def test_lookups_through_the_database() -> None:
    database = UserDatabase()
    root = pwd.getpwuid(0)
    assert database["root"] == database[0] == database.get("root") == database.get(0) == root
    assert "root" in database
    assert 0 in database
    assert tuple(root) in database
    assert database.get("no such user") is None
    assert database.get(1234567, "nobody") == "nobody"
    for absent in ("no such user", 1234567, 2**40, None, 1.5, ("root",)):
        assert absent not in database
    with pytest.raises(KeyError, match="name not found"):
        database["no such user"]
    with pytest.raises(KeyError, match="uid not found"):
        database[1234567]


def test_threads_iterate_each_for_itself() -> None:
    everyone = pwd.getpwall()
    results: list[list[PasswdEntry]] = []

    def work() -> None:
        for _ in range(20):
            results.append(list(UserDatabase()))
            results.append(pwdwrap.getpwall())

    run_threads(work, 5)
    assert len(results) == 200
    assert all(result == everyone for result in results)


def test_threads_share_one_iterator() -> None:
    for _ in range(20):
        iterator = iter(UserDatabase())
        taken: list[PasswdEntry] = []
        run_threads(lambda: taken.extend(iterator), 4)  # noqa: B023 - all threads end in this turn
        assert sorted(taken) == sorted(tuple(entry) for entry in pwd.getpwall())


def run_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_parent_and_child_read_on_after_fork() -> None:
    everyone = pwd.getpwall()
    iterator = iter(UserDatabase())
    assert next(iterator) == everyone[0]
    child = os.fork()
    if child == 0:
        good = list(iterator) == everyone[1:] and pwdwrap.getpwall() == everyone
        os._exit(0 if good else 1)
    assert list(iterator) == everyone[1:]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork_while_threads_read() -> None:
    everyone = pwd.getpwall()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            list(UserDatabase())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                os._exit(0 if list(UserDatabase()) == everyone else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_signal_handler_either_reads_or_is_refused() -> None:
    everyone = pwd.getpwall()
    seen: list[Any] = []

    def handler(number: int, frame: Any) -> None:
        try:
            seen.append(pwdwrap.getpwall() == everyone)
        except RuntimeError:
            seen.append("refused")
        seen.append(pwdwrap.getpwuid(0) == everyone[0])

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        for _ in range(400):
            assert list(UserDatabase()) == everyone
            assert pwdwrap.getpwnam("root") == everyone[0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen
    assert False not in seen


def test_it_is_read_while_it_is_iterated(run_with_users: FakeRun) -> None:
    code = """
import pwdwrap
iterator = iter(pwdwrap.UserDatabase())
names = [next(iterator).pw_name, next(iterator).pw_name]
early = reads.value
opened = is_open.value
del iterator
if sys.implementation.name == "pypy":
    import gc

    gc.collect()
answer([names, early, opened, is_open.value])
"""
    names, early, opened, left_open = run_with_users(MANY, COUNTERS + code)
    assert names == ["user0", "user1"]
    assert 2 <= early <= 100
    assert opened
    assert not left_open


def test_a_large_database(run_with_users: FakeRun) -> None:
    code = """
import pwdwrap
database = pwdwrap.UserDatabase()
one, two = iter(database), iter(database)
for _ in range(500):
    next(one)
second = [entry.pw_uid for entry in two]
first = [entry.pw_uid for entry in one]
reads.value = 0
whole = len(pwdwrap.getpwall())
answer([first, second, whole, reads.value, is_open.value, len([pwdwrap.getpwuid(n) for n in range(1000)])])
"""
    first, second, whole, reads, is_open, found = run_with_users(MANY, COUNTERS + code)
    assert first == list(range(500, 1000))
    assert second == list(range(1000))
    assert (whole, reads, is_open, found) == (1000, 1000, 0, 1000)
