"""``getpwnam``, ``getpwuid`` and ``getpwall`` beside those of ``pwd``."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from cpython_modules import only_cpython, pwd, stated_pwd

import pwdwrap


class Index:
    def __index__(self) -> int:
        return 0


class Broken:
    def __index__(self) -> int:
        raise ValueError("no")


class OnlyInt:
    def __int__(self) -> int:
        return 0


class Number(int):
    pass


class Text(str):
    __slots__ = ()


def outcome(module: Any, function: str, argument: Any) -> tuple[str, Any]:
    try:
        return "result", tuple(getattr(module, function)(argument))
    except Exception as error:  # noqa: BLE001 - any error is compared
        # Python 3.13 calls it NoneType here, older ones None.
        return type(error).__name__, str(error).replace("NoneType", "None")


UIDS = [
    0, 1, -1, -2, -3, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**64, 2**128, -(2**31), -(2**32), -(2**128),
    1234567, True, Index(), Broken(), OnlyInt(), Number(0), Number(-1), None, "0", b"0", 0.0, 0.5, (), 1j,
]  # fmt: skip
NAMES = [
    "root", "daemon", Text("root"), "", "no such user", "é", "\udcff", "\ud800", "\ud800\0", "ro\0ot", "root\0", "it's",
    'both\'"', "x" * 5000, None, b"root", bytearray(b"root"), 0, 3.5, ("root",),
]  # fmt: skip


def name_of(argument: Any) -> str:
    """Name an argument alike in every process that collects the tests."""
    return ascii(argument) if type(argument).__module__ == "builtins" else type(argument).__name__


@pytest.mark.parametrize("uid", UIDS, ids=name_of)
def test_getpwuid_does_what_pwd_does(uid: Any) -> None:
    assert outcome(pwdwrap, "getpwuid", uid) == outcome(pwd, "getpwuid", uid)


@pytest.mark.parametrize("name", NAMES, ids=name_of)
def test_getpwnam_does_what_pwd_does(name: Any) -> None:
    assert outcome(pwdwrap, "getpwnam", name) == outcome(pwd, "getpwnam", name)


@only_cpython
@pytest.mark.parametrize("uid", UIDS, ids=name_of)
def test_what_other_interpreters_are_compared_with_by_number(uid: Any) -> None:
    assert outcome(stated_pwd, "getpwuid", uid) == outcome(pwd, "getpwuid", uid)


@only_cpython
@pytest.mark.parametrize("name", NAMES, ids=name_of)
def test_what_other_interpreters_are_compared_with_by_name(name: Any) -> None:
    assert outcome(stated_pwd, "getpwnam", name) == outcome(pwd, "getpwnam", name)


def test_getpwall_does_what_pwd_does() -> None:
    ours = pwdwrap.getpwall()
    assert isinstance(ours, list)
    assert ours == pwd.getpwall()
    assert {type(entry) for entry in ours} == {pwdwrap.PasswdEntry}


def test_every_user_is_found_by_name_and_number() -> None:
    for theirs in pwd.getpwall():
        assert pwdwrap.getpwnam(theirs.pw_name) == pwd.getpwnam(theirs.pw_name)
        assert pwdwrap.getpwuid(theirs.pw_uid) == pwd.getpwuid(theirs.pw_uid)


def test_a_lookup_repeated_gives_the_same() -> None:
    assert pwdwrap.getpwuid(0) == pwdwrap.getpwuid(0) == pwdwrap.getpwnam("root") == pwd.getpwuid(0)


def test_the_number_of_arguments_is_checked() -> None:
    module: Any = pwdwrap
    for function in (module.getpwuid, module.getpwnam):
        with pytest.raises(TypeError):
            function()
        with pytest.raises(TypeError):
            function(0, 0)
    with pytest.raises(TypeError):
        module.getpwuid(uid=0)
    with pytest.raises(TypeError):
        module.getpwnam(name="root")
    with pytest.raises(TypeError):
        module.getpwall(1)


def test_the_error_has_no_context() -> None:
    for uid in (2**40, 1234567, -1):
        with pytest.raises(KeyError) as caught:
            pwdwrap.getpwuid(uid)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_threads_look_up_different_users() -> None:
    entries = pwd.getpwall()
    wrong: list[Any] = []

    def work(start: int) -> None:
        for turn in range(300):
            entry = entries[(start + turn) % len(entries)]
            if pwdwrap.getpwnam(entry.pw_name) != entry or pwdwrap.getpwuid(entry.pw_uid).pw_uid != entry.pw_uid:
                wrong.append(entry)

    threads = [threading.Thread(target=work, args=(number * 5,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
