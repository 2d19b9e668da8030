"""Home directories."""

from __future__ import annotations

import os
from typing import Callable, Optional, Union, overload

from pwdwrap._entry import PasswdEntry
from pwdwrap._lookup import getpwnam, getpwuid

FindUser = Callable[[Union[str, int]], Optional[PasswdEntry]]


def home_of(user: Union[str, int, None] = None) -> str:
    """Return the home directory of a user, as the database says; without a user, of the one who runs this process.

    Errors: ``KeyError`` when there is no such user.
    """
    if isinstance(user, str):
        return getpwnam(user).pw_dir
    return getpwuid(os.getuid() if user is None else user).pw_dir


@overload
def expanduser(path: Union[str, os.PathLike[str]]) -> str: ...
@overload
def expanduser(path: Union[bytes, os.PathLike[bytes]]) -> bytes: ...
def expanduser(path: Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]) -> Union[str, bytes]:
    """Replace ``~`` and ``~user`` at the beginning of a path by the home directory, as ``os.path.expanduser`` does.

    ``~`` is the environment variable ``HOME`` where that is set.  A path whose user is not there, or has vanished, stays as it is.
    """
    return expand(path, find_user)


def expand(path: Union[str, bytes, os.PathLike[str], os.PathLike[bytes]], find: FindUser) -> Union[str, bytes]:
    """Do the work of ``expanduser``; ``find`` looks users up."""
    given = os.fspath(path)
    text = os.fsdecode(given)
    if not text.startswith("~"):
        return given
    name, slash, rest = text[1:].partition("/")
    home = _home(name, find)
    if home is None:
        return given
    expanded = (home.rstrip("/") + slash + rest) or "/"
    return os.fsencode(expanded) if isinstance(given, bytes) else expanded


def _home(name: str, find: FindUser) -> Optional[str]:
    """Return the home directory of the user called ``name``, of this process where that is empty; None when it is not known."""
    if not name and "HOME" in os.environ:
        return os.environ["HOME"]
    try:
        entry = find(name or os.getuid())
    except ValueError:  # a name that no user can have
        return None
    return None if entry is None else entry.pw_dir


def find_user(user: Union[str, int]) -> Optional[PasswdEntry]:
    """Look a user up by name or number; None when there is none."""
    try:
        return getpwnam(user) if isinstance(user, str) else getpwuid(user)
    except KeyError:
        return None
