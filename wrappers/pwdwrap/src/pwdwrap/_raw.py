"""Call the C functions of ``_pwd`` and hand back plain Python values.

Belongs here: everything that touches ``ffi`` or ``lib``.  No policy: not the errors of the public face, not whose turn
it is to read the whole database.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from itertools import repeat
from typing import Any, Final, Optional

from pwdwrap import _pwd
from pwdwrap._entry import PasswdEntry
from pwdwrap._group_entry import GroupEntry

_ffi: Final = _pwd.ffi
_lib: Final = _pwd.lib
_by_uid: Final = _lib.pwdwrap_by_uid
_by_name: Final = _lib.pwdwrap_by_name
_next: Final = _lib.pwdwrap_next
_STRINGS: Final[int] = _lib.PWDWRAP_STRINGS
_HEADER: Final[int] = _lib.PWDWRAP_HEADER
_UNUSUAL: Final[int] = _lib.PWDWRAP_UNUSUAL
_END: Final[int] = _lib.PWDWRAP_END

ENCODING: Final = sys.getfilesystemencoding()
ENCODING_ERRORS: Final = sys.getfilesystemencodeerrors()

UID_MAX: Final = int(_ffi.cast("uid_t", -1))
"""``(uid_t)-1``, which C functions take for "no user"."""

_FIRST_CAPACITY: Final = 1024
_KEPT_CAPACITY: Final = 16 * 1024
_LAST_CAPACITY: Final = 64 * 1024 * 1024
_BATCH: Final = 32

# PasswdEntry's own constructor checks the number of fields, which is known here.
_make_entry: Final = tuple.__new__

# "No such entry" has many error numbers, says POSIX; these are none of them.
_FAILURES: Final = frozenset({errno.EIO, errno.EMFILE, errno.ENFILE, errno.EOVERFLOW})

_KNOWN_LIMIT: Final = 256

# Entries that were looked up before, by the bytes that C returned for them.  A database that is asked again and again
# says the same again and again; an entry that is the same as before need not be decoded and built anew.
_known: Final[dict[bytes, PasswdEntry]] = {}


class _Scratch:
    """A block of memory for one call.

    ``text`` is a buffer over the block's text; ``memory`` is what the pointers in ``block`` point to.
    """

    __slots__ = ("block", "capacity", "gids", "memory", "text", "uids")

    def __init__(self, capacity: int) -> None:
        size = _HEADER + 2 * _STRINGS * capacity
        memory = _ffi.new("char[]", size + capacity)
        self.uids: Any = _ffi.new("uid_t[]", _BATCH)
        self.gids: Any = _ffi.new("gid_t[]", _BATCH)
        self.block: Any = _ffi.new("struct pwdwrap_block *")
        self.block.text = memory
        self.block.size = size
        self.block.buffer = memory + size
        self.block.capacity = capacity
        self.block.uids = self.uids
        self.block.gids = self.gids
        self.block.room = _BATCH
        self.text: Any = _ffi.buffer(memory, size)
        self.capacity = capacity
        self.memory: Any = memory

    def larger(self) -> _Scratch:
        """Return scratch memory of twice the capacity."""
        if self.capacity >= _LAST_CAPACITY:
            raise OSError(errno.ERANGE, "an entry of the user database is too large")
        return _Scratch(2 * self.capacity)


rewind: Final[Callable[[], None]] = _lib.pwdwrap_rewind
"""Start reading the whole database from its beginning.

The position belongs to the process: callers of this, ``read_next`` and ``close`` must exclude each other.
"""

close: Final[Callable[[], None]] = _lib.pwdwrap_close
"""Close what ``rewind`` opened."""

# Scratch memory that nobody uses now.  A caller takes one out for the time of its call, so that threads, signal handlers
# and finalisers never share one; list.pop and list.append are atomic.
_pool: Final[list[_Scratch]] = []


def _take() -> _Scratch:
    """Take scratch memory out of the pool, or get new one."""
    try:
        return _pool.pop()
    except IndexError:
        return _Scratch(_FIRST_CAPACITY)


def _put_back(scratch: _Scratch) -> None:
    """Keep ``scratch`` for the next caller, unless it has grown large."""
    if scratch.capacity <= _KEPT_CAPACITY:
        _pool.append(scratch)


def _strings(scratch: _Scratch, start: int, stop: int) -> list[str]:
    """Decode the strings that stand in the text from ``start`` to ``stop``, where the last one has its NUL."""
    text: str = scratch.text[start : stop - 1].decode(ENCODING, ENCODING_ERRORS)
    return text.split("\0")


def _correct(entry: PasswdEntry, unusual: int) -> PasswdEntry:
    """Put None for a NULL string, and -1 for the largest id, as ``pwd`` does; bit i of ``unusual`` stands for field i."""
    values = [
        (-1 if isinstance(value, int) else None) if unusual >> place & 1 else value for place, value in enumerate(entry)
    ]
    return PasswdEntry(values)


def _read_single(scratch: _Scratch, result: int) -> Optional[PasswdEntry]:
    """Take the result of a lookup out of ``scratch``; None when no entry was found.

    Errors: ``MemoryError``; ``OSError`` when the database could not be read.
    """
    if result > 0 or result == _UNUSUAL:
        block = scratch.block
        name, password, gecos, home, shell = _strings(scratch, _HEADER, block.length)
        entry = PasswdEntry((name, password, scratch.uids[0], scratch.gids[0], gecos, home, shell))
        if result == _UNUSUAL:
            return _correct(entry, block.unusual)
        if len(_known) >= _KNOWN_LIMIT:
            _known.clear()
        _known[scratch.text[:result]] = entry
        return entry
    _raise_failure(-result)
    return None


def _raise_failure(number: int) -> None:
    """Raise an exception if ``number`` is the error number of a failure."""
    if number == errno.ENOMEM:
        raise MemoryError
    if number in _FAILURES:
        raise OSError(number, os.strerror(number))


def by_uid(uid: int) -> Optional[PasswdEntry]:
    """Look up the user with the number ``uid``; None when there is none.

    Errors: ``OverflowError`` when C's ``uid_t`` cannot hold ``uid``; ``OSError``; ``MemoryError``.
    """
    scratch = _take()
    result = _by_uid(uid, scratch.block)
    entry = _known.get(scratch.text[:result]) if result > 0 else None
    if entry is None:
        while result == -errno.ERANGE or result == -errno.EINTR:
            scratch = scratch.larger() if result == -errno.ERANGE else scratch
            result = _by_uid(uid, scratch.block)
        entry = _read_single(scratch, result)
    _put_back(scratch)
    return entry


def by_name(name: bytes) -> Optional[PasswdEntry]:
    """Look up the user called ``name``; None when there is none.

    Errors: ``OSError``; ``MemoryError``.
    """
    scratch = _take()
    result = _by_name(name, scratch.block)
    entry = _known.get(scratch.text[:result]) if result > 0 else None
    if entry is None:
        while result == -errno.ERANGE or result == -errno.EINTR:
            scratch = scratch.larger() if result == -errno.ERANGE else scratch
            result = _by_name(name, scratch.block)
        entry = _read_single(scratch, result)
    _put_back(scratch)
    return entry


def read_next() -> tuple[list[PasswdEntry], bool]:
    """Read some of the next entries of the whole database, and tell whether its end is reached.

    Errors: ``OSError``; ``MemoryError``.
    """
    scratch = _take()
    count = _next(scratch.block)
    status = scratch.block.status
    while count == 0 and (status == -errno.ERANGE or status == -errno.EINTR):
        scratch = scratch.larger() if status == -errno.ERANGE else scratch
        count = _next(scratch.block)
        status = scratch.block.status
    entries: list[PasswdEntry] = []
    if count > 0:
        block = scratch.block
        strings = _strings(scratch, 0, block.length)
        columns = [strings[place::_STRINGS] for place in range(_STRINGS)]
        columns[2:2] = [_ffi.unpack(scratch.uids, count), _ffi.unpack(scratch.gids, count)]
        entries = list(map(_make_entry, repeat(PasswdEntry), zip(*columns)))
        if block.unusual:
            entries[-1] = _correct(entries[-1], block.unusual)
    _put_back(scratch)
    _raise_failure(-status)
    return entries, status == _END or (count == 0 and status != 0)


# Groups.

GID_MAX: Final = int(_ffi.cast("gid_t", -1))
"""``(gid_t)-1``, which C functions take for "no group"."""

rewind_groups: Final[Callable[[], None]] = _lib.pwdwrap_rewind_groups
"""Start reading all groups; callers of this, ``next_group`` and ``close_groups`` must exclude each other."""

close_groups: Final[Callable[[], None]] = _lib.pwdwrap_close_groups
"""Close what ``rewind_groups`` opened."""

_FIRST_ROOM: Final = 32
_LAST_ROOM: Final = 1 << 20


def group_by_gid(gid: int) -> Optional[GroupEntry]:
    """Look up the group with the number ``gid``; None when there is none.

    Errors: ``OverflowError`` when C's ``gid_t`` cannot hold ``gid``; ``OSError``; ``MemoryError``.
    """
    return _find_group(_lib.pwdwrap_group_by_gid, gid)


def group_by_name(name: bytes) -> Optional[GroupEntry]:
    """Look up the group called ``name``; None when there is none.

    Errors: ``OSError``; ``MemoryError``.
    """
    return _find_group(_lib.pwdwrap_group_by_name, name)


def next_group() -> Optional[GroupEntry]:
    """Read the next group; None at the end.

    Errors: ``OSError``; ``MemoryError``.
    """
    return _find_group(_lib.pwdwrap_next_group)


def _find_group(function: Any, *key: object) -> Optional[GroupEntry]:
    """Call ``function`` with as much memory as it needs, and take its result over."""
    capacity = _FIRST_CAPACITY
    while True:
        memory = _ffi.new("char[]", 2 * capacity)
        group = _ffi.new("struct pwdwrap_group *")
        group.text = memory
        group.size = capacity
        group.buffer = memory + capacity
        group.capacity = capacity
        length = function(*key, group)
        if length == -errno.ERANGE and capacity < _LAST_CAPACITY:
            capacity *= 4
        elif length != -errno.EINTR:
            break
    if length <= 0:
        _raise_failure(-length)
        if length == -errno.ERANGE:
            raise OSError(errno.ERANGE, "an entry of the group database is too large")
        return None
    text: bytes = _ffi.unpack(memory, length - 1)
    name, password, *members = text.decode(ENCODING, ENCODING_ERRORS).split("\0")
    gid = -1 if group.gid == GID_MAX else group.gid
    return GroupEntry((name, None if group.no_password else password, gid, members))


def groups_of(name: bytes, gid: int) -> list[int]:
    """Return the numbers of the groups that a user is a member of, and ``gid``.

    Errors: ``OverflowError`` when C's ``gid_t`` cannot hold ``gid``; ``OSError``.
    """
    room = _FIRST_ROOM
    while True:
        groups = _ffi.new("gid_t[]", room)
        count: int = _lib.pwdwrap_groups_of(name, gid, groups, room)
        if count <= room:
            found: list[int] = _ffi.unpack(groups, max(count, 0))
            return found
        if count > _LAST_ROOM:
            raise OSError(errno.ERANGE, "a user is in too many groups")
        room = count
