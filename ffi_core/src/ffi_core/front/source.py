"""The user's text: where its lines are, without its comments, and cut into declarations.

Everything that looks at C works on ``Source.clean``, in which comments and line continuations are blank.  It has the
length of the text, so that one offset means the same in both, and every ``Place`` is one in what the user wrote.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from .errors import CDefError
from .model import Place
from .patterns import lazy

_NOISE = lazy(
    r""" "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'   # literals may contain what looks like a comment
    | /\*.*?(?:\*/|(?P<open>\Z))
    | //(?:\\[ \t]*\r?\n|[^\n])*
    | \\[ \t]*\r?\n
    """,
    re.DOTALL | re.VERBOSE,
)
_SPLICED = lazy(r"\w+(?:\\[ \t]*\r?\n\w+)+", re.ASCII)
_CONTINUATION = lazy(r"\\[ \t]*\r?\n")
_STOP = lazy(r"""[;{}()]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""")
_LINKAGE = lazy(r'extern\s*"[^"\n]*"\s*\{')
_SPACE = lazy(r"\s*")


class Source:
    """One ``cdef`` text.

    ``first_line`` is the line of ``file`` where the text starts.  ``renumber`` follows ``#line``.
    """

    __slots__ = ("_lines", "_presumed", "_starts", "clean", "file", "first_line", "text")

    def __init__(self, text: str, file: str = "<cdef source string>", first_line: int = 1) -> None:
        self.text = text
        self.file = file
        self.first_line = first_line
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._presumed: list[tuple[int, str, int]] = [(0, file, first_line)]
        self.clean = self._blank_comments()

    def _blank_comments(self) -> str:
        text = self.text
        if "/" not in text and "\\" not in text:
            return text

        if "\\" in text:
            text = _SPLICED.sub(_splice, text)

        def blank(match: re.Match[str]) -> str:
            found = match.group()
            if found[0] in "\"'":
                return found
            if match.group("open") is not None:
                raise CDefError("this comment is never closed", self.place(match.start()))
            return " " * len(found)

        return _NOISE.sub(blank, text)

    def place(self, offset: int) -> Place:
        """Say where ``offset`` is."""
        index = bisect_right(self._starts, offset) - 1
        if index >= len(self._lines):
            index = len(self._lines) - 1
        file, line = self.file, self.first_line + index
        if len(self._presumed) > 1:
            start, file, first = self._presumed[bisect_right(self._presumed, (index, "\U0010ffff")) - 1]
            line = first + index - start
        text = self._lines[index]
        return Place(file, line, offset - self._starts[index] + 1, text.rstrip("\r"))

    def error(self, message: str, offset: int) -> CDefError:
        """Make the error that points at ``offset``."""
        return CDefError(message, self.place(offset))

    def renumber(self, offset: int, line: int, file: str) -> None:
        """Let the line after the one of ``offset`` be ``line`` of ``file`` ("" for the current one)."""
        index = bisect_right(self._starts, offset)
        self._presumed.append((index, file or self._presumed[-1][1], line))

    def blank(self, start: int, end: int) -> None:
        """Take a piece that has been dealt with out of ``clean``."""
        self.clean = f"{self.clean[:start]}{' ' * (end - start)}{self.clean[end:]}"


def _splice(match: re.Match[str]) -> str:
    """Put a word together that goes on in the next line; the length stays."""
    return _CONTINUATION.sub("", match.group()).ljust(len(match.group()))


def declaration_end(text: str, position: int) -> int:
    """Find where the top-level declaration at ``position`` ends: after its ``;``.

    A block of ``extern "..." {...}`` is one declaration.  What is not balanced ends with the text: the parser says why.
    """
    is_block = _LINKAGE.match(text, position) is not None
    depth = 0
    for match in _STOP.finditer(text, position):
        symbol = match.group()
        if symbol == ";":
            if depth == 0:
                return match.end()
        elif symbol in {"{", "("}:
            depth += 1
        elif symbol in {"}", ")"}:
            depth -= 1
            if depth == 0 and is_block and symbol == "}":
                return match.end()
    return len(text)


def skip_space(text: str, position: int) -> int:
    """Find the first character from ``position`` on that is not white space."""
    match = _SPACE.match(text, position)
    return match.end() if match else position
