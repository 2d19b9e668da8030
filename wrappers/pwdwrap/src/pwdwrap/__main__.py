"""Print entries of the user database: ``python -m pwdwrap [name|uid] [--json]``."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Optional

from pwdwrap import PasswdEntry, UserDatabase, getpwall, getpwnam, getpwuid

_TITLES = {
    "pw_name": "name",
    "pw_uid": "uid",
    "pw_gid": "gid",
    "pw_gecos": "gecos",
    "pw_dir": "home",
    "pw_shell": "shell",
}


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m pwdwrap", description="Print the Unix user database.")
    parser.add_argument("user", nargs="?", metavar="name|uid", help="one user, by name or number; all when left out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # names that are not text go out as the bytes they are
    try:
        _print_users(options.user, options.json)
        sys.stdout.flush()
    except KeyError as error:
        print(f"pwdwrap: {error.args[0]}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader has left (as "head" does): keep the flush at exit from failing again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            print(f"pwdwrap: {error}", file=sys.stderr)
        return 1
    return 0


def find_user(text: str) -> PasswdEntry:
    """Find a user by name, or by number where no user is called so.

    Errors: ``KeyError``; ``ValueError`` when ``text`` cannot be a name.
    """
    try:
        return getpwnam(text)
    except KeyError:
        if text.isascii() and text.isdigit():
            return getpwuid(int(text))
        raise


def format_table(entries: Sequence[PasswdEntry]) -> str:
    """Lay out entries in columns, under titles."""
    rows = [tuple(_TITLES.values())]
    rows += [tuple(str(getattr(entry, field)) for field in _TITLES) for entry in entries]
    widths = [max(map(len, column)) for column in zip(*rows)]
    numeric = [field in ("pw_uid", "pw_gid") for field in _TITLES]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, numeric)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def format_entry(entry: PasswdEntry) -> str:
    """Lay out one entry, a line per field."""
    width = max(map(len, PasswdEntry._fields))
    return "\n".join(f"{field:{width}}  {value}".rstrip() for field, value in entry._asdict().items())


def _print_users(user: Optional[str], as_json: bool) -> None:
    """Print one user, or all."""
    if user is not None:
        entry = find_user(user)
        print(json.dumps(entry._asdict(), indent=2) if as_json else format_entry(entry))
    elif as_json:
        print(json.dumps([entry._asdict() for entry in UserDatabase()], indent=2))
    else:
        print(format_table(getpwall()))


if __name__ == "__main__":
    sys.exit(main())
