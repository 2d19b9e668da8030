"""Look users and groups up often.

Belongs here: what is remembered, and when it is no longer true.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from time import monotonic
from typing import Callable, Final, Optional, TypeVar, Union, cast, overload

from pwdwrap._database import getpwall
from pwdwrap._entry import PasswdEntry
from pwdwrap._group_entry import GroupEntry
from pwdwrap._groups import find_group, getgrall, getgrouplist
from pwdwrap._home import expand, find_user

_T = TypeVar("_T")
_Path = Union[str, "os.PathLike[str]"]

_NOTHING: Final = object()

_MOST_ANSWERS: Final = 100_000
"""Names that are asked for may come from anybody: their number must not fill the memory."""


class _Snapshot:
    """What was looked up while a file was in one state."""

    __slots__ = ("answers", "born", "checked", "state")

    def __init__(self, state: object) -> None:
        self.state = state
        self.answers: dict[Hashable, object] = {}
        self.born = self.checked = monotonic()


class _Memory:
    """Answers that hold until a file changes."""

    def __init__(self, path: str, interval: float, max_age: Optional[float]) -> None:
        self.path = path
        self._interval = interval
        self._max_age = max_age
        self._snapshot = _Snapshot(_state_of(path))

    def get(self, key: Hashable, look_up: Callable[[], _T]) -> _T:
        """Return the answer that is known, or look it up.

        An answer goes to the snapshot that was there before it was looked up.  If the file has changed since, the next look-up sees that, and
        drops it.
        """
        snapshot = self._current()
        answer = snapshot.answers.get(key, _NOTHING)
        if answer is _NOTHING:
            answer = look_up()
            if len(snapshot.answers) >= _MOST_ANSWERS:
                snapshot.answers.clear()
            snapshot.answers[key] = answer
        return cast(_T, answer)

    def forget(self) -> None:
        """Forget all answers."""
        self._snapshot = _Snapshot(_state_of(self.path))

    def _current(self) -> _Snapshot:
        """Return the snapshot, or a new one if the file has changed or the old one is too old."""
        snapshot = self._snapshot
        now = monotonic()
        if self._max_age is not None and now - snapshot.born > self._max_age:
            self._snapshot = snapshot = _Snapshot(_state_of(self.path))
        elif now - snapshot.checked >= self._interval:
            state = _state_of(self.path)
            if state == snapshot.state:
                snapshot.checked = now
            else:
                self._snapshot = snapshot = _Snapshot(state)
        return snapshot


class WatchedDatabase:
    """Users and groups for programs that look up often: answers are remembered until the file that they come from changes.

    Each look-up asks the system for the state of one file, which takes a part of the time of reading it.  ``interval`` is the time, in seconds, for
    which it does not ask again.  ``max_age`` is the time after which answers are forgotten in any case: set one for databases that are no files, such as
    LDAP.  That a user or group is not there is remembered too.

    It may be used from several threads.  Nobody gets an old answer once a look-up began after the change.
    Errors: ``ValueError`` for times that are negative; ``TypeError``.
    """

    def __init__(
        self,
        passwd: _Path = "/etc/passwd",  # noqa: S107 - the name of a file
        group: _Path = "/etc/group",
        *,
        interval: float = 0.0,
        max_age: Optional[float] = None,
    ) -> None:
        for name, value in (("interval", interval), ("max_age", 0.0 if max_age is None else max_age)):
            if not value >= 0:  # nor NaN
                raise ValueError(f"{name} must be a number of seconds that is not negative, not {value!r}")
        self._users = _Memory(os.fspath(passwd), interval, max_age)
        self._groups = _Memory(os.fspath(group), interval, max_age)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._users.path} and {self._groups.path}>"

    def user(self, user: Union[str, int]) -> PasswdEntry:
        """Return the entry of a user, by name or number.

        Errors: ``KeyError`` when there is no such user; otherwise as ``getpwnam`` and ``getpwuid``.
        """
        entry = self.find_user(user)
        if entry is None:
            raise KeyError(f"no such user: {user!r}")
        return entry

    def group(self, group: Union[str, int]) -> GroupEntry:
        """Return the entry of a group, by name or number.

        Errors: ``KeyError`` when there is no such group; otherwise as ``getgrnam`` and ``getgrgid``.
        """
        entry = self.find_group(group)
        if entry is None:
            raise KeyError(f"no such group: {group!r}")
        return entry

    def find_user(self, user: Union[str, int]) -> Optional[PasswdEntry]:
        """Return the entry of a user, by name or number; None when there is none."""
        return self._users.get(("user", user), lambda: find_user(user))

    def find_group(self, group: Union[str, int]) -> Optional[GroupEntry]:
        """Return the entry of a group, by name or number; None when there is none."""
        return _own(self._groups.get(("group", group), lambda: find_group(group)))

    def users(self) -> list[PasswdEntry]:
        """Return all users, in the order of the database."""
        return list(self._users.get(("users",), getpwall))

    def groups(self) -> list[GroupEntry]:
        """Return all groups, in the order of the database."""
        return [_copied(group) for group in self._groups.get(("groups",), getgrall)]

    def groups_of(self, user: Union[str, int]) -> list[GroupEntry]:
        """Return the groups of a user: the own one first.

        Errors: ``KeyError`` when there is no such user.
        """
        entry = self.user(user)
        gids = self._groups.get(
            ("gids", entry.pw_name, entry.pw_gid), lambda: getgrouplist(entry.pw_name, entry.pw_gid)
        )
        found = map(self.find_group, gids)
        return [group for group in found if group is not None]

    def is_member(self, user: Union[str, int], group: Union[str, int]) -> bool:
        """Tell whether a user is in a group.

        Errors: ``KeyError`` when there is no such user or no such group.
        """
        gid = self.group(group).gr_gid
        return any(gid == other.gr_gid for other in self.groups_of(user))

    @overload
    def expanduser(self, path: Union[str, os.PathLike[str]]) -> str: ...
    @overload
    def expanduser(self, path: Union[bytes, os.PathLike[bytes]]) -> bytes: ...
    def expanduser(self, path: Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]) -> Union[str, bytes]:
        """Replace ``~`` and ``~user`` at the beginning of a path, as ``expanduser`` does."""
        return expand(path, self.find_user)

    def forget(self) -> None:
        """Forget all answers."""
        self._users.forget()
        self._groups.forget()


def _state_of(path: str) -> Optional[tuple[int, ...]]:
    """Return what changes with a file; None when it is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path takes as long as the call itself
    except OSError:
        return None
    return found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _own(group: Optional[GroupEntry]) -> Optional[GroupEntry]:
    return None if group is None else _copied(group)


def _copied(group: GroupEntry) -> GroupEntry:
    """Return a group whose list of members is the caller's own."""
    return group._replace(gr_mem=list(group.gr_mem))
