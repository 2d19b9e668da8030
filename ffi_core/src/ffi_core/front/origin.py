"""Where a text stands in the caller's file, so that errors name the line of the file."""

from __future__ import annotations

import linecache

UNKNOWN = ("<cdef source string>", 1)


def origin(text: str, filename: str, call_line: int) -> tuple[str, int]:
    """Find ``text`` in the file of its caller: ``(filename, line where the text starts)``, or ``("<cdef source string>", 1)``.

    The text need not start on the line of the call; the place nearest to it counts.  Only a text that stands in the
    file as it is, line by line, is found: not one with escapes in it, or that was put together.
    Units: ``call_line`` and the result count from 1.
    """
    wanted = text.split("\n")
    core = [line for line in wanted[1:-1] if line.strip()]
    if not text.strip() or (not core and len(wanted) > 2):
        return UNKNOWN
    lines = [line.rstrip("\r\n") for line in linecache.getlines(filename)]
    found = [start for start in _candidates(wanted, lines) if _stands_at(wanted, lines, start)]
    if not found:
        return UNKNOWN
    # The text of a call stands on or below its first line; Python reports a later line only for some calls.
    best = min(found, key=lambda start: (abs(start + 1 - call_line), start))
    return filename, best + 1


def _candidates(wanted: list[str], lines: list[str]) -> list[int]:
    """List the lines where the text may start: where its first whole line that is not blank stands in its place."""
    whole = next((i for i in range(1, len(wanted) - 1) if wanted[i].strip()), None)
    if whole is None:
        return list(range(len(lines) - len(wanted) + 1))
    target = wanted[whole]
    return [index - whole for index, line in enumerate(lines) if line == target and index >= whole]


def _stands_at(wanted: list[str], lines: list[str], start: int) -> bool:
    end = start + len(wanted)
    if end > len(lines):
        return False
    if len(wanted) == 1:
        return wanted[0] in lines[start]
    return (
        lines[start].endswith(wanted[0])
        and lines[end - 1].startswith(wanted[-1])
        and lines[start + 1 : end - 1] == wanted[1:-1]
    )
