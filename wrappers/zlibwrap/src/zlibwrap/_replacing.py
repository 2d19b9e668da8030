"""Put a file in the place of the one that it is made from, so that at no time both are missing.

Belongs here: what happens to files when the command compresses or decompresses one; not what stands in them.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Optional


class RefusedError(Exception):
    """A file is not worked on; the message says why."""


@dataclass(frozen=True)
class Original:
    """A file that is open for reading, and what it was like when it was opened.

    ``file`` is what was read from; ``entry`` what the name itself stood for: a link, or the file.
    """

    path: Path
    file: BinaryIO
    opened: os.stat_result
    entry: os.stat_result

    def check_unchanged(self) -> None:
        """Check that nobody wrote to the file since it was opened: what was read may be half old and half new.

        Errors: ``RefusedError``.
        """
        now = os.fstat(self.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.opened.st_size, self.opened.st_mtime_ns):
            raise RefusedError("it was changed meanwhile, and stays as it is")

    def remove(self) -> None:
        """Remove the name, if it still stands for the file that was read.

        Errors: ``RefusedError`` where it does not, ``OSError``.
        """
        with suppress(FileNotFoundError):  # somebody else removed it
            if not os.path.samestat(self.entry, os.lstat(self.path)) or not self._leads_to_file():
                raise RefusedError("another file has this name now, and stays as it is")
            self.check_unchanged()
            self.path.unlink()

    def _leads_to_file(self) -> bool:
        return os.path.samestat(self.opened, os.stat(self.path))  # noqa: PTH116 - as the others


def open_original(path: Path) -> Original:
    """Open a regular file.

    Errors: ``RefusedError`` for what is none; ``OSError``.
    """
    entry = os.lstat(path)
    # Without O_NONBLOCK, to open a named pipe is to wait for who writes to it.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115 - the caller closes it
    opened = os.fstat(file.fileno())
    if not stat.S_ISREG(opened.st_mode):
        file.close()
        raise RefusedError("this is no regular file")
    return Original(path, file, opened, entry)


def behind_links(target: Path) -> Path:
    """Follow links to the file that is to be replaced.  It need not be there, but its folder must.

    Errors: ``RefusedError``.
    """
    found = Path(os.path.realpath(target))  # Path.resolve raises RuntimeError for loops before Python 3.13
    if found.is_symlink():
        raise RefusedError(f"{target} is a link that points to itself")
    if found.exists() and not found.is_file():
        raise RefusedError(f"{target} is no regular file")
    return found


def write_replacement(original: Original, target: Path, pieces: Iterable[bytes], *, force: bool) -> None:
    """Write ``pieces`` to ``target``: it has all of them, or is not there.

    The file is made under another name first.  Without ``force`` a file that has the name ``target`` by then stays.
    Errors: ``RefusedError``; ``OSError``; what ``pieces`` raises.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    temporary = Path(name)
    claimed: Optional[Path] = None
    try:
        with os.fdopen(descriptor, "wb") as made:
            made.writelines(pieces)
            made.flush()
            copy_attributes(original.opened, made.fileno())
            os.fsync(made.fileno())
        original.check_unchanged()
        if not force:
            # Another program may have made the file meanwhile.  Links would tell too, but some file systems have none.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            claimed = target
        temporary.replace(target)
        claimed = None
    except BaseException:
        temporary.unlink(missing_ok=True)
        if claimed is not None:
            claimed.unlink(missing_ok=True)
        raise
    _write_folder(target.parent)


def copy_attributes(source: os.stat_result, target: int) -> None:
    """Give an open file the owner, group, permissions and times of another, as far as the process may.

    Who gets the file in the end never has more rights than before: where the group cannot be kept, its rights are not given to another
    group; and no bit makes a program run as somebody else.
    """
    mode = stat.S_IMODE(source.st_mode) & 0o777
    made = os.fstat(target)
    if made.st_gid != source.st_gid and not _may(lambda: os.fchown(target, -1, source.st_gid)):
        mode &= ~0o070
    if made.st_uid != source.st_uid:
        _may(lambda: os.fchown(target, source.st_uid, -1))  # else it belongs to who made it
    os.fchmod(target, mode)
    os.utime(target, ns=(source.st_atime_ns, source.st_mtime_ns))


def _may(change: Callable[[], None]) -> bool:
    """Try to change something; tell whether the system allowed it."""
    try:
        change()
    except OSError:
        return False
    return True


def _write_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
