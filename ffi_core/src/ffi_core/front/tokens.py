"""The tokens of a text, and the names that stand for what C does not have.

The parser sees one token per line: so a line number of pycparser's says which token it means, and ``offsets`` says
where that token stands in the user's text.
"""

from __future__ import annotations

import re
import sys

from .attributes import Attribute
from .patterns import lazy
from .source import Source

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final

# Names that stand for `...`.
UNKNOWN_INTEGER: Final = "__ffi_core_integer"
UNKNOWN_FLOAT: Final = "__ffi_core_float"
OPAQUE: Final = "__ffi_core_opaque"
MARKER_TYPES: Final = (UNKNOWN_INTEGER, UNKNOWN_FLOAT, OPAQUE)
UNKNOWN_LENGTH: Final = "__ffi_core_length"
UNKNOWN_VALUE: Final = "__ffi_core_value"
MORE_MEMBERS: Final = "__ffi_core_more"

_TOKEN = lazy(
    r"""(?:u8|[LuU])?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|[A-Za-z_$][\w$]*|\.?[0-9](?:[eEpP][+-]|[\w.])*"""
    r"""|\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|[<>=!+\-*/%&|^]=|&&|\|\||[][(){};:,.=+\-*/%<>!~&|^?]|(\S)""",
    re.ASCII,
)

OPENING: Final = frozenset("([{")
CLOSING: Final = frozenset(")]}")


class Prepared:
    """The tokens of one text, ready for pycparser.

    Shapes: ``texts`` and ``offsets`` have one entry per token.  ``statements`` are the tokens with which top-level
    declarations start.  ``python`` are the ranges of tokens that are ``extern "Python"``, and whether they are
    exported.  ``conventions`` maps the token after a calling convention to it and to its offset.  ``expressions`` are
    the tokens with which appended expressions start.  ``record_attributes``, also those of enums, are kept by the token
    of the tag, or of the ``{`` where there is none.  ``arguments`` are the tokens of ``aligned(...)``.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.offsets: list[int] = []
        self.statements = [0]
        self.expressions: list[int] = []
        self.python: list[tuple[int, int, bool]] = []
        self.conventions: dict[int, tuple[str, int]] = {}
        self.record_attributes: dict[int, list[Attribute]] = {}
        self.member_attributes: list[Attribute] = []
        self.typedef_attributes: list[Attribute] = []
        self.arguments: list[tuple[list[str], list[int]]] = []


def tokenize(
    source: Source, text: str, start: int = 0, end: int = sys.maxsize, base: int = 0
) -> tuple[list[str], list[int]]:
    """Cut a piece of ``text`` into tokens and their offsets in the source, where ``text`` stands at ``base``."""
    texts = []
    offsets = []
    for match in _TOKEN.finditer(text, start, end):
        if match.lastindex is not None:
            raise source.error(_bad_character(match.group()), match.start() + base)
        texts.append(match.group())
        offsets.append(match.start() + base)
    return texts, offsets


def _bad_character(character: str) -> str:
    if character in "\"'":
        return f"this {character} is never closed"
    if character == "#":
        return "'#' can only be the first character of a line"
    return f"{character!r} does not belong to C"


def is_balanced(texts: list[str]) -> bool:
    """Say whether every bracket closes, and none closes what it did not open."""
    depth = 0
    for text in texts:
        if text in OPENING:
            depth += 1
        elif text in CLOSING:
            depth -= 1
            if depth < 0:
                return False
    return depth == 0
