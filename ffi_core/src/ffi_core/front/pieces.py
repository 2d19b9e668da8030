"""Plain declarations, recognised by regular expressions: their parts, before any name is looked up."""

from __future__ import annotations

import re

from ffi_core.frozen import NamedTuple

from .patterns import lazy
from .shapes import NO_NAMES, Dimensions, Shape, Shapes, is_name

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final, Optional

_TYPE: Final = r"([A-Za-z_][\w\s*]*[\s*])"
_NAME: Final = r"([A-Za-z_]\w*)"
_DIMENSIONS: Final = r"((?:\s*\[[\w\s]*\])*)"


def _compile(pattern: str) -> re.Pattern[str]:
    return lazy(pattern, re.ASCII)


# Each takes the white space after the declaration too.
_FUNCTION = _compile(rf"{_TYPE}{_NAME}\s*\(([\w\s*,\[\].]*)\)\s*;\s*")
_RECORD = _compile(r"(typedef\s+)?(struct|union)\s*\b(\w*)\s*\{([\w\s*,;:\[\]]*)\}\s*(\w*)\s*;\s*")
_TYPEDEF = _compile(rf"typedef\s+{_TYPE}{_NAME}{_DIMENSIONS}\s*;\s*")
_ENUM = _compile(r"(typedef\s+)?enum\s*\b(\w*)\s*\{([\w\s,=-]*)\}\s*(\w*)\s*;\s*")
_VARIABLE = _compile(rf"{_TYPE}{_NAME}{_DIMENSIONS}\s*;\s*")

_MEMBER = _compile(rf"\s*{_TYPE}{_NAME}{_DIMENSIONS}\s*(?::\s*(\w+)\s*)?((?:,[\w\s*\[\]]*)*);")
_MORE = _compile(rf"\s*(\**)\s*{_NAME}{_DIMENSIONS}\s*\Z")
_ENUMERATOR = _compile(r"\s*([A-Za-z_]\w*)\s*(?:=\s*(-?)\s*(\w+)\s*)?\Z")


class Member(NamedTuple):
    """A member of a struct or union; ``width`` is None for one that is no bit-field."""

    shape: Shape
    name: str
    offset: int
    dimensions: Dimensions
    width: Optional[int]


class Enumerator(NamedTuple):
    """An enumerator; ``value`` is None where it has none of its own."""

    name: str
    offset: int
    value: Optional[int]


class Piece(NamedTuple):
    """One declaration.

    ``kind`` is "function", "variable", "typedef", "opaque", "struct", "union" or "enum".  ``tag`` and ``name`` are ""
    where there is none; a function or variable has a ``name``.  ``text`` are the parameters of a function.
    Units: offsets in the text, from ``start`` to ``end``.
    """

    kind: str
    start: int
    end: int
    name: str = ""
    name_offset: int = 0
    tag: str = ""
    tag_offset: int = 0
    shape: Optional[Shape] = None
    text: str = ""
    dimensions: Dimensions = ()
    members: tuple[Member, ...] = ()
    enumerators: tuple[Enumerator, ...] = ()


class Recognizer:
    """Finds out what a plain declaration is.  None means everywhere: not plain."""

    def __init__(self, text: str, shapes: Shapes) -> None:
        self._text = text
        self._shapes = shapes

    def find(self, position: int) -> Optional[Piece]:
        """Recognise the declaration at ``position``."""
        text = self._text
        match = _FUNCTION.match(text, position)
        if match is not None:
            return self._function(match)
        match = _RECORD.match(text, position)
        if match is not None:
            return self._record(match)
        match = _TYPEDEF.match(text, position)
        if match is not None:
            return self._typedef(match)
        match = _ENUM.match(text, position)
        if match is not None:
            return self._enum(match)
        match = _VARIABLE.match(text, position)
        return None if match is None else self._variable(match)

    def _function(self, match: re.Match[str]) -> Optional[Piece]:
        result, name, text = match.groups()
        shape = self._shapes.declared_type(result)
        if shape is None or name in NO_NAMES or not self._has_plain_parameters(text):
            return None
        return Piece("function", match.start(), match.end(), name, match.start(2), shape=shape, text=text)

    def _has_plain_parameters(self, text: str) -> bool:
        parts = text.split(",")
        if parts[-1].strip() == "..." and len(parts) > 1:
            parts.pop()
        elif not text.strip():
            return True
        parameter = self._shapes.parameter
        return all([parameter(part) is not None for part in parts])  # noqa: C419 - half the time of a generator

    def _variable(self, match: re.Match[str]) -> Optional[Piece]:
        text, name, brackets = match.groups()
        if text.strip() in {"struct", "union"}:
            if brackets or name in NO_NAMES:
                return None
            return Piece("opaque", match.start(), match.end(), tag=name, tag_offset=match.start(2), text=text.strip())
        shape = self._shapes.declared_type(text)
        dimensions = self._shapes.dimensions(brackets)
        if shape is None or dimensions is None or name in NO_NAMES or shape.is_const or "inline" in text.split():
            return None
        return Piece("variable", match.start(), match.end(), name, match.start(2), shape=shape, dimensions=dimensions)

    def _typedef(self, match: re.Match[str]) -> Optional[Piece]:
        text, name, brackets = match.groups()
        shape = self._shapes.type(text)
        dimensions = self._shapes.dimensions(brackets)
        if shape is None or dimensions is None or name in NO_NAMES:
            return None
        return Piece("typedef", match.start(), match.end(), name, match.start(2), shape=shape, dimensions=dimensions)

    def _record(self, match: re.Match[str]) -> Optional[Piece]:
        typedef, kind, tag, body, name = match.groups()
        if not _are_names(typedef, tag, name) or not (tag or name):
            return None
        members = self._members(body, match.start(4))
        if members is None:
            return None
        tag_offset = match.start(3) if tag else match.start(4) - 1
        return Piece(kind, match.start(), match.end(), name, match.start(5), tag, tag_offset, members=members)

    def _members(self, body: str, base: int) -> Optional[tuple[Member, ...]]:
        members: list[Member] = []
        end = 0
        length = len(body.rstrip())
        while end < length:
            match = _MEMBER.match(body, end)
            if match is None:
                return None
            end = match.end()
            text, name, brackets, width, more = match.groups()
            shape = self._shapes.type(text)
            dimensions = self._shapes.dimensions(brackets)
            if shape is None or dimensions is None or name in NO_NAMES:
                return None
            bits = None
            if width is not None:
                bits = self._shapes.number(width)
                if not bits or dimensions or more:
                    return None
            members.append(Member(shape, name, base + match.start(2), dimensions, bits))
            if more and not self._more_members(members, text, more, base + match.start(5)):
                return None
        if len({member.name for member in members}) != len(members):
            return None
        return tuple(members)

    def _more_members(self, members: list[Member], text: str, more: str, base: int) -> bool:
        """Read the declarators after the first one: ``, *b, c[3]``."""
        specifiers = text.partition("*")[0]
        position = base
        for part in more.split(",")[1:]:
            position += 1
            match = _MORE.match(part)
            if match is None:
                return False
            stars, name, brackets = match.groups()
            shape = self._shapes.type(specifiers + stars)
            dimensions = self._shapes.dimensions(brackets)
            if shape is None or dimensions is None or name in NO_NAMES:
                return False
            members.append(Member(shape, name, position + match.start(2), dimensions, None))
            position += len(part)
        return True

    def _enum(self, match: re.Match[str]) -> Optional[Piece]:
        typedef, tag, body, name = match.groups()
        if not _are_names(typedef, tag, name):
            return None
        enumerators = []
        position = match.start(3)
        parts = body.split(",")
        if not parts[-1].strip():
            parts.pop()
        for part in parts:
            found = _ENUMERATOR.match(part)
            if found is None or found.group(1) in NO_NAMES:
                return None
            enumerator, sign, word = found.groups()
            value = None
            if word is not None:
                value = self._shapes.number(word)
                if value is None or (sign and "u" in word.lower()):
                    return None
            enumerators.append(Enumerator(enumerator, position + found.start(1), -value if value and sign else value))
            position += len(part) + 1
        if not enumerators or len({enumerator.name for enumerator in enumerators}) != len(enumerators):
            return None
        # pycparser places an enum at its keyword.
        where = match.end(1) if typedef else match.start()
        names = (name, match.start(4), tag, where)
        return Piece("enum", match.start(), match.end(), *names, enumerators=tuple(enumerators))


def _are_names(typedef: Optional[str], tag: str, name: str) -> bool:
    """Check tag and name of a definition: a name there is the name of a typedef."""
    if bool(typedef) != bool(name):
        return False
    return (not tag or is_name(tag)) and (not name or is_name(name))
