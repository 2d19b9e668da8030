"""Text of a generated C file, with `#line` directives that send compiler messages to the user's own lines."""

from __future__ import annotations

from typing import Final, Optional

from ffi_core.front.model import Place

# Microsoft's compiler refuses string literals of more than 16,380 bytes; adjacent ones it joins to a longer one.
LONGEST_LITERAL: Final = 8000
LONGEST_LINE: Final = 1000


def c_string(text: str) -> str:
    """Write a C string literal; a long one as several that stand side by side."""
    parts = [text[i : i + LONGEST_LITERAL] for i in range(0, len(text), LONGEST_LITERAL)] or [""]
    return " ".join(f'"{_escape(part)}"' for part in parts)


def _escape(text: str) -> str:
    if text.isascii() and text.isprintable() and "\\" not in text and '"' not in text and "??" not in text:
        return text
    pieces = []
    for byte in text.encode("utf-8", "surrogateescape"):
        if byte in b'\\"?':
            pieces.append("\\" + chr(byte))
        elif 32 <= byte < 127:
            pieces.append(chr(byte))
        else:
            pieces.append(f"\\{byte:03o}")
    return "".join(pieces)


class Writer:
    """Collects lines, and knows which line of which file the compiler takes the next one for."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._lines: list[str] = []
        self._count = 0
        self._file = filename  # what the compiler takes the next line for
        self._line = 1
        self._wanted: Optional[Place] = None  # where the next line should count as standing; None: where it is

    def at(self, place: Place) -> None:
        """Let the next line count as the one at ``place``, where that is known."""
        self._wanted = place if place.line > 0 else None

    def here(self) -> None:
        """Let the next line count as what it is: a line of the generated file."""
        self._wanted = None

    def add(self, text: str) -> None:
        """Add one or several lines.  Those for one place of the user's become one line, as long as it is not too long."""
        wanted = self._wanted
        if wanted is None:
            if self._file != self._filename:
                self._direct(self._filename, self._count + 2)  # the directive itself takes a line
        elif (wanted.file, wanted.line) == (self._file, self._line - 1) and self._can_append(text):
            self._lines[-1] += " " + text
            return
        elif (wanted.file, wanted.line) != (self._file, self._line):
            self._direct(wanted.file, wanted.line)
        self._append(text)

    def text(self) -> str:
        """Give the whole file."""
        return "\n".join(self._lines) + "\n"

    def _can_append(self, text: str) -> bool:
        before = self._lines[-1]
        return (
            len(before) < LONGEST_LINE and "\n" not in before + text and not before.startswith("#") and text[0] != "#"
        )

    def _direct(self, file: str, line: int) -> None:
        self._append(f"#line {line}" if file == self._file else f"#line {line} {c_string(file)}")
        self._file, self._line = file, line

    def _append(self, text: str) -> None:
        self._lines.append(text)
        lines = text.count("\n") + 1
        self._count += lines
        self._line += lines
