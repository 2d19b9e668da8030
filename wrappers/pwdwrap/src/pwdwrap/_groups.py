"""Look groups up, read all of them, and tell which groups a user is in."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from operator import index
from typing import Final, Optional, SupportsIndex, SupportsInt, Union, cast

from pwdwrap import _raw
from pwdwrap._group_entry import GroupEntry
from pwdwrap._lookup import getpwnam, getpwuid

# The C library has one reading position for all groups.  Whoever reads, reads all of them at once.
_position: Final = threading.RLock()
os.register_at_fork(before=_position.acquire, after_in_parent=_position.release, after_in_child=_position.release)


def getgrgid(id: SupportsIndex) -> GroupEntry:  # noqa: A002 - the standard library's name
    """Return the entry of the group with the number ``id``.

    Errors: ``KeyError`` when there is no such group; ``TypeError`` when ``id`` is not an integer; ``OverflowError`` for a number that no group
    can have; ``OSError`` when the database cannot be read.
    """
    number = _as_gid(_converted(id) if sys.version_info < (3, 10) else id)
    entry = _raw.group_by_gid(number)
    if entry is None:
        raise KeyError(f"getgrgid(): gid not found: {-1 if number == _raw.GID_MAX else number}")
    return entry


def getgrnam(name: str) -> GroupEntry:
    """Return the entry of the group called ``name``.

    Errors: ``KeyError`` when there is no such group; ``TypeError`` when ``name`` is not a string; ``ValueError`` when it contains a null
    character or cannot be encoded; ``OSError`` when the database cannot be read.
    """
    if not isinstance(name, str):
        raise TypeError(f"getgrnam() argument 'name' must be str, not {type(name).__name__}")
    entry = _raw.group_by_name(_as_bytes(name))
    if entry is None:
        raise KeyError(f"getgrnam(): name not found: {name!r}")
    return entry


def getgrall() -> list[GroupEntry]:
    """Return the entries of all groups, in the order of the database.

    Errors: ``OSError`` when the database cannot be read.
    """
    entries: list[GroupEntry] = []
    with _position:
        _raw.rewind_groups()
        try:
            while (entry := _raw.next_group()) is not None:
                entries.append(entry)
        finally:
            _raw.close_groups()
    return entries


def getgrouplist(user: str, group: SupportsIndex, /) -> list[int]:
    """Return the numbers of the groups that ``user`` is a member of, and ``group``, as ``os.getgrouplist`` does.

    A user that is not there is a member of none.
    Errors: ``TypeError``, ``ValueError``, ``OverflowError`` as ``getgrnam`` and ``getgrgid``.
    """
    if not isinstance(user, str):
        raise TypeError(f"getgrouplist() argument 'user' must be str, not {type(user).__name__}")
    return [-1 if gid == _raw.GID_MAX else gid for gid in _raw.groups_of(_as_bytes(user), _as_gid(group))]


def groups_of(user: Union[str, int]) -> list[GroupEntry]:
    """Return the groups of a user: the own one first, then those that list the user as a member.

    Numbers of groups that have no entry are left out.
    Errors: ``KeyError`` when there is no such user; otherwise as ``getpwnam`` and ``getpwuid``.
    """
    entry = getpwnam(user) if isinstance(user, str) else getpwuid(user)
    found: list[GroupEntry] = []
    for gid in getgrouplist(entry.pw_name, entry.pw_gid):
        group = find_group(gid)
        if group is not None:
            found.append(group)
    return found


def is_member(user: Union[str, int], group: Union[str, int]) -> bool:
    """Tell whether a user is in a group: it is the user's own one, or lists the user.

    Errors: ``KeyError`` when there is no such user or no such group.
    """
    entry = getpwnam(user) if isinstance(user, str) else getpwuid(user)
    wanted = getgrnam(group) if isinstance(group, str) else getgrgid(group)
    return wanted.gr_gid in getgrouplist(entry.pw_name, entry.pw_gid)


def find_group(group: Union[str, int]) -> Optional[GroupEntry]:
    """Look a group up by name or number; None when there is none."""
    try:
        return getgrnam(group) if isinstance(group, str) else getgrgid(group)
    except KeyError:
        return None


def _converted(gid: object) -> SupportsIndex:
    """Convert what is no integer, with a warning: so does the ``grp`` of Python 3.9."""
    if hasattr(gid, "__index__"):
        return cast(SupportsIndex, gid)
    warnings.warn(f"group id must be int, not {type(gid).__name__}", DeprecationWarning, stacklevel=3)
    return int(cast(SupportsInt, gid))


def _as_gid(gid: SupportsIndex) -> int:
    """Convert a number of a group for C; -1 stands for the largest, as in C."""
    try:
        number = index(gid)
    except TypeError:
        raise TypeError(f"gid should be integer, not {type(gid).__name__}") from None
    if number == -1:
        return _raw.GID_MAX
    if number < 0:
        raise OverflowError("gid is less than minimum")
    if number > _raw.GID_MAX:
        raise OverflowError("gid is greater than maximum")
    return number


def _as_bytes(name: str) -> bytes:
    encoded = name.encode(_raw.ENCODING, _raw.ENCODING_ERRORS)
    if 0 in encoded:
        raise ValueError("embedded null byte")
    return encoded
