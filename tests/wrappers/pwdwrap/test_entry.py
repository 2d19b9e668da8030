"""``PasswdEntry`` beside ``pwd.struct_passwd``."""

from __future__ import annotations

import copy
import grp as standard_grp
import pickle
import pwd as standard_pwd
from typing import Any

import pytest

import pwdwrap
from pwdwrap import PasswdEntry

pwd: Any = standard_pwd
grp: Any = standard_grp

VALUES = ("user", "x", 1000, 1001, "A User", "/home/user", "/bin/sh")
NAMES = ("pw_name", "pw_passwd", "pw_uid", "pw_gid", "pw_gecos", "pw_dir", "pw_shell")


def test_fields_have_the_names_and_order_of_pwd() -> None:
    entry = PasswdEntry(VALUES)
    assert tuple(getattr(entry, name) for name in NAMES) == VALUES == tuple(entry)
    assert PasswdEntry._fields == NAMES
    name, _, uid, *_, shell = entry
    assert (name, uid, shell) == ("user", 1000, "/bin/sh")


def test_it_is_a_tuple_and_equals_those_of_pwd() -> None:
    theirs = pwd.getpwuid(0)
    ours = pwdwrap.getpwuid(0)
    assert isinstance(ours, tuple)
    assert ours == theirs
    assert theirs == ours
    assert hash(ours) == hash(theirs) == hash(tuple(ours))
    assert len({ours, theirs}) == 1
    assert type(ours[:]) is tuple
    assert type(ours + ()) is tuple  # noqa: RUF005 - what + returns is asked
    assert min([ours, PasswdEntry(VALUES)]) is ours


def test_it_is_made_like_struct_passwd() -> None:
    assert pwdwrap.struct_passwd is PasswdEntry
    assert PasswdEntry(list(VALUES)) == pwd.struct_passwd(VALUES)
    assert PasswdEntry("abcdefg").pw_dir == "f"
    for wrong in ((1, 2, 3), range(8)):
        with pytest.raises(TypeError, match=f"takes a 7-sequence \\({len(wrong)}-sequence given\\)"):
            PasswdEntry(wrong)
    with pytest.raises(TypeError):
        PasswdEntry(7)  # type: ignore[arg-type]


def test_it_cannot_be_changed() -> None:
    entry: Any = pwdwrap.getpwuid(0)
    for name in (*NAMES, "other"):
        with pytest.raises(AttributeError):
            setattr(entry, name, "x")
    with pytest.raises(AttributeError):
        del entry.pw_name
    with pytest.raises(TypeError):
        entry[0] = "x"
    assert not hasattr(entry, "__dict__")


def test_it_is_copied_and_pickled() -> None:
    entry = PasswdEntry(VALUES)
    changed = entry._replace(pw_uid=5)
    assert type(changed) is PasswdEntry
    assert changed == PasswdEntry((*VALUES[:2], 5, *VALUES[3:]))
    with pytest.raises((ValueError, TypeError), match="unexpected field names"):
        entry._replace(pw_id=5)
    assert entry._asdict() == dict(zip(NAMES, VALUES))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(entry, protocol))
        assert type(again) is PasswdEntry
        assert again == entry
    assert type(copy.deepcopy(entry)) is type(copy.copy(entry)) is PasswdEntry
    assert copy.deepcopy(entry) == entry


def test_repr_names_the_fields() -> None:
    assert repr(PasswdEntry(VALUES)) == (
        "PasswdEntry(pw_name='user', pw_passwd='x', pw_uid=1000, pw_gid=1001, pw_gecos='A User',"
        " pw_dir='/home/user', pw_shell='/bin/sh')"
    )


def test_the_numbers_of_its_fields() -> None:
    for name in ("n_fields", "n_sequence_fields", "n_unnamed_fields"):
        assert getattr(pwdwrap.getpwuid(0), name) == getattr(pwd.getpwuid(0), name)
        assert getattr(pwdwrap.getgrgid(0), name) == getattr(grp.getgrgid(0), name)
