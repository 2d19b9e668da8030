"""The preprocessor lines that a cdef may contain: ``#define``, ``#line``, ``#pragma pack``, and what headers have for C++.

They are read here and then taken out of the text.  All others are errors: the front end is no preprocessor.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from ffi_core.frozen import NamedTuple

from .patterns import lazy
from .source import Source

_DIRECTIVE = lazy(r"^[ \t\f\v]*#[^\n]*", re.MULTILINE)
_PARTS = lazy(r"\s*#\s*(\w*)\s*", re.ASCII)
_DEFINE = lazy(r"([A-Za-z_$][\w$]*)(\(?)", re.ASCII)
_LINE = lazy(r'(?:line\b\s*)?(\d+)\b\s*(?:"((?:\\.|[^"\\])*)"[\s\d]*)?$', re.ASCII)
_CONDITION = lazy(r"(?:if(n?)def\s+__cplusplus|if\s+(!?)\s*defined\s*(?:__cplusplus|\(\s*__cplusplus\s*\)))\s*$")
_NOT_NEWLINE = lazy(r"[^\n]")
_PACK = lazy(r"pack\s*\(([^()]*)\)\s*$")
_LAYOUT_PRAGMAS = ("pack", "ms_struct", "scalar_storage_order", "align", "options")
_PACKS = {"1": 1, "2": 2, "4": 4, "8": 8, "16": 16}


class Define(NamedTuple):
    """``#define NAME BODY``.

    Units: ``offset`` is where the name stands, ``start`` where the body does.
    """

    name: str
    body: str
    offset: int
    start: int


class Directives:
    """What the preprocessor lines of one text say."""

    __slots__ = ("_conditions", "_default_pack", "_pack_offsets", "_packs", "_source", "_stack", "defines")

    def __init__(self, source: Source, default_pack: int = 0) -> None:
        self.defines: list[Define] = []
        self._source = source
        self._default_pack = default_pack
        self._pack_offsets = [-1]
        self._packs = [default_pack]
        self._stack: list[tuple[str, int]] = []
        self._conditions: list[tuple[bool, int]] = []  # of open `#if`s: whether the text is skipped now, and the offset
        if "#" in source.clean:
            self._read()

    def pack_at(self, offset: int) -> int:
        """Give the pack in force at ``offset``, in bytes; 0 for none."""
        return self._packs[bisect_right(self._pack_offsets, offset) - 1]

    def _read(self) -> None:
        source = self._source
        text = source.clean
        pieces = []
        end = 0
        for match in _DIRECTIVE.finditer(text):
            between = text[end : match.start()]
            pieces.append(_NOT_NEWLINE.sub(" ", between) if self._skips() else between)
            pieces.append(" " * (match.end() - match.start()))
            end = match.end()
            if not self._conditional(match):
                self._directive(match)
        if self._conditions:
            raise source.error("this is never closed: there is no #endif", self._conditions[-1][1])
        pieces.append(text[end:])
        source.clean = "".join(pieces)

    def _skips(self) -> bool:
        return any(skips for skips, _ in self._conditions)

    def _conditional(self, match: re.Match[str]) -> bool:
        """Deal with what stands between `#ifdef __cplusplus` and `#endif`, which is not C; False for other lines."""
        line = match.group()
        where = match.start() + line.index("#")
        words = " ".join(line.partition("#")[2].split())
        condition = _CONDITION.match(words)
        if condition is not None:
            is_negated = bool(condition.group(1) or condition.group(2))
            self._conditions.append((not is_negated, where))
        elif self._skips() and words.startswith("if"):
            self._conditions.append((True, where))
        elif self._conditions and words == "else":
            skips, opened = self._conditions.pop()
            self._conditions.append((not skips, opened))
        elif self._conditions and words == "endif":
            self._conditions.pop()
        elif len(self._conditions) == 1 and words.startswith("elif"):
            return False
        else:
            return self._skips()
        return True

    def _directive(self, match: re.Match[str]) -> None:
        parts = _PARTS.match(match.group())
        if parts is None:
            return
        word = parts.group(1)
        where = match.start() + match.group().index("#")
        body_start = match.start() + parts.end()
        body = match.group()[parts.end() :].rstrip()
        if word == "define":
            self._define(body, body_start, where)
        elif word == "line" or word.isdigit():
            self._line(f"{word} {body}", where)
        elif word == "pragma":
            self._pragma(body, where)
        elif word or body:
            raise self._source.error(
                f"'#{word or body}' cannot be used here: declarations are not preprocessed; "
                "only #define NAME VALUE, #line, #pragma pack and #ifdef __cplusplus are understood",
                where,
            )

    def _define(self, body: str, start: int, where: int) -> None:
        match = _DEFINE.match(body)
        if match is None:
            raise self._source.error("#define needs a name", where)
        name = match.group(1)
        if match.group(2):
            raise self._source.error(
                f"#define {name}(...): macros with parameters cannot be declared; declare a function '{name}' instead",
                where,
            )
        rest = body[match.end(1) :]
        value = rest.strip()
        if not value:
            raise self._source.error(f"#define {name} has no value; write a number, or '...'", where)
        body_start = start + match.end(1) + len(rest) - len(rest.lstrip())
        self.defines.append(Define(name, value, start, body_start))

    def _line(self, body: str, where: int) -> None:
        match = _LINE.match(body.strip())
        if match is None:
            raise self._source.error("#line needs a line number and, if you like, a file name in quotes", where)
        file = re.sub(r"\\(.)", r"\1", match.group(2)) if match.group(2) else ""
        self._source.renumber(where, int(match.group(1)), file)

    def _pragma(self, body: str, where: int) -> None:
        if not body.startswith(_LAYOUT_PRAGMAS):
            return  # C says: a pragma that is not understood is ignored
        match = _PACK.match(body)
        if match is None:
            raise self._source.error(f"'#pragma {body}' changes layouts in a way that is not supported", where)
        words = [word.strip() for word in match.group(1).split(",")] if match.group(1).strip() else []
        current = self._packs[-1]
        if words and words[0] == "push":
            current = self._push(words[1:], current, where)
        elif words and words[0] == "pop":
            current = self._pop(words[1:], where)
        elif words:
            current = self._pack_value(words, where)
        else:
            current = self._default_pack
        self._pack_offsets.append(where)
        self._packs.append(current)

    def _push(self, words: list[str], current: int, where: int) -> int:
        label = words.pop(0) if words and not words[0].isdigit() else ""
        self._stack.append((label, current))
        return self._pack_value(words, where) if words else current

    def _pop(self, words: list[str], where: int) -> int:
        label = words.pop(0) if words and not words[0].isdigit() else ""
        while self._stack:
            found, value = self._stack.pop()
            if not label or found == label:
                return self._pack_value(words, where) if words else value
        raise self._source.error("#pragma pack(pop) without a push before it", where)

    def _pack_value(self, words: list[str], where: int) -> int:
        if len(words) != 1 or words[0] not in _PACKS:
            raise self._source.error("#pragma pack takes 1, 2, 4, 8 or 16", where)
        return _PACKS[words[0]]
