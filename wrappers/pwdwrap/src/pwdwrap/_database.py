"""Read the whole user database.

Belongs here: whose turn it is to read.  The C library has one reading position for the whole process, so at most one
iterator reads from it at a time.  When another one starts, it first reads to the end on behalf of the one before
it, so each gets every entry once and in order, however they are interleaved, and none ever waits for another to finish.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Callable, Optional, TypeVar, Union

from pwdwrap import _raw
from pwdwrap._entry import PasswdEntry
from pwdwrap._lookup import getpwnam, getpwuid

_T = TypeVar("_T")


class _Reader:
    """How far one iterator has come.

    ``ahead`` was read for it already; ``finished`` says that nothing follows but perhaps ``error``.
    """

    __slots__ = ("ahead", "error", "finished")

    def __init__(self) -> None:
        self.ahead: deque[PasswdEntry] = deque()
        self.finished = False
        self.error: Optional[Exception] = None


class _Position:
    """The process's one reading position, and the reader that has it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._busy = False
        self._owner: Optional[_Reader] = None

    def next_entry(self, reader: _Reader) -> Optional[PasswdEntry]:
        """Return the next entry for ``reader``; None at the end."""
        while True:
            self._alone(self._fill, reader)
            last = reader.finished
            try:
                return reader.ahead.popleft()
            except IndexError:
                # Either the end, or other threads that read with the same iterator were faster.
                if last:
                    break
        error, reader.error = reader.error, None
        if error is not None:
            raise error
        return None

    def read_all(self) -> list[PasswdEntry]:
        """Return all entries."""
        entries: list[PasswdEntry] = []
        self._alone(self._read_whole, entries)
        return entries

    def close(self, reader: _Reader) -> None:
        """End the reading of ``reader``."""
        self._alone(self._drop, reader)

    def abandon(self, reader: _Reader) -> None:
        """End the reading of ``reader`` if that is possible at once.

        Nothing is lost where it is not: whoever reads next does not read on for a reader that is finished.
        """
        reader.finished = True
        reader.ahead.clear()
        if self._owner is reader and self._lock.acquire(blocking=False):
            try:
                if not self._busy:
                    self._end(reader)
            finally:
                self._lock.release()

    def before_fork(self) -> None:
        """Wait for other threads, and leave nothing open that the two processes would share."""
        self._lock.acquire()
        if not self._busy:
            self._read_rest_for_owner()

    def after_fork(self) -> None:
        """Let other threads read again, in the parent and in the child."""
        self._lock.release()

    def _alone(self, work: Callable[[_T], None], argument: _T) -> None:
        """Do ``work`` with ``argument`` while other threads are kept out.

        Errors: ``RuntimeError`` in a signal handler or finaliser that interrupts such work in its own thread.
        """
        with self._lock:
            if self._busy:
                raise RuntimeError("this code interrupted a read of the user database, so it cannot read it too")
            try:
                self._busy = True
                work(argument)
            finally:
                self._busy = False

    def _fill(self, reader: _Reader) -> None:
        """Read ahead for ``reader`` if nothing is left of what was read before."""
        if not reader.ahead and not reader.finished:
            if self._owner is not reader:
                self._begin(reader)
            self._advance(reader)

    def _read_whole(self, entries: list[PasswdEntry]) -> None:
        """Read the whole database into ``entries``."""
        self._read_rest_for_owner()
        try:
            _raw.rewind()
            at_end = False
            while not at_end:
                more, at_end = _raw.read_next()
                entries += more
        finally:
            _raw.close()

    def _drop(self, reader: _Reader) -> None:
        """End the reading of ``reader``, and forget what was read ahead."""
        reader.ahead.clear()
        self._end(reader)

    def _begin(self, reader: _Reader) -> None:
        """Give the position to ``reader``, at the beginning of the database."""
        self._read_rest_for_owner()
        self._owner = reader
        _raw.rewind()

    def _read_rest_for_owner(self) -> None:
        """Read on to the end for whoever has the position, and take it away."""
        owner = self._owner
        if owner is None:
            return
        try:
            while not owner.finished:
                self._advance(owner)
        except (OSError, MemoryError) as error:
            # It is the owner who asked for these entries, so the owner is told, when it comes to this place.
            owner.error = error
        self._end(owner)

    def _advance(self, owner: _Reader) -> None:
        """Read some entries for the owner of the position, or note the end."""
        entries, at_end = _raw.read_next()
        owner.ahead.extend(entries)
        if at_end:
            self._end(owner)

    def _end(self, reader: _Reader) -> None:
        """Note that nothing follows for ``reader``, and close the database if it was reading."""
        reader.finished = True
        if self._owner is reader:
            _raw.close()
            self._owner = None


_position = _Position()
os.register_at_fork(
    before=_position.before_fork, after_in_parent=_position.after_fork, after_in_child=_position.after_fork
)


class PasswdIterator(Iterator[PasswdEntry]):
    """Read the user database from its beginning, one entry at a time.

    It may be left at any entry; ``close`` or a ``with`` block says when.  Threads may share one: each entry goes to one
    of them.
    """

    def __init__(self) -> None:
        self._reader = _Reader()

    def __next__(self) -> PasswdEntry:
        try:
            return self._reader.ahead.popleft()
        except IndexError:
            entry = _position.next_entry(self._reader)
        if entry is None:
            raise StopIteration
        return entry

    def __enter__(self) -> PasswdIterator:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __del__(self) -> None:
        _position.abandon(self._reader)

    def close(self) -> None:
        """Stop reading; no entries follow."""
        _position.close(self._reader)


class UserDatabase:
    """The user database: iterate over it, or look users up by name or number.

    ``for entry in UserDatabase()`` reads while it goes; loops may be nested, left, and run in several threads.
    ``database["root"]`` and ``database[0]`` are ``getpwnam`` and ``getpwuid``; ``in`` and ``get`` ask likewise.
    """

    __slots__ = ()

    def __iter__(self) -> PasswdIterator:
        return PasswdIterator()

    def __getitem__(self, user: Union[str, int]) -> PasswdEntry:
        return getpwnam(user) if isinstance(user, str) else getpwuid(user)

    def __contains__(self, user: object) -> bool:
        """Tell whether there is a user with this name or number, or exactly this entry."""
        if isinstance(user, tuple):
            return any(user == entry for entry in self)
        return isinstance(user, (str, int)) and self.get(user) is not None

    def get(self, user: Union[str, int], default: Optional[_T] = None) -> Union[PasswdEntry, _T, None]:
        """Look up a user by name or number; return ``default`` when there is none."""
        try:
            return self[user]
        except KeyError:
            return default


def getpwall() -> list[PasswdEntry]:
    """Return the entries of all users, in the order of the database.

    Errors: ``OSError`` when the database cannot be read.
    """
    return _position.read_all()
