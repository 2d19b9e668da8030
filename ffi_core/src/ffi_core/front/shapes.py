"""The words of plain types: what they say before any name is looked up.

Serves the fast path.  Everything is remembered by its text, for the same few types stand in a header thousands of
times.
"""

from __future__ import annotations

import re

from ffi_core.frozen import NamedTuple

from .literals import LiteralError, read_integer
from .model import CType
from .names import SPECIFIERS
from .patterns import lazy
from .rewriter import SPECIAL_WORDS
from .target import Target

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final, Optional, Union

_QUALIFIERS: Final = frozenset(["const", "volatile", "restrict"])
_TAGS: Final = frozenset(["struct", "union", "enum"])
_TYPE_WORDS: Final = frozenset(word for words in SPECIFIERS for word in words) | {"void"}
_STORAGE: Final = frozenset(["extern", "static", "inline"])
_OTHER_KEYWORDS: Final = frozenset(
    [
        "auto",
        "register",
        "typedef",
        "_Atomic",
        "_Noreturn",
        "_Thread_local",
        "_Alignas",
        "_Alignof",
        "_Static_assert",
        "_Pragma",
        "sizeof",
        "if",
        "else",
        "for",
        "while",
        "do",
        "switch",
        "case",
        "default",
        "break",
        "continue",
        "goto",
        "return",
    ]
)
# Words that are no names of types, functions or anything else.
NO_NAMES: Final = SPECIAL_WORDS | _QUALIFIERS | _TAGS | _TYPE_WORDS | _STORAGE | _OTHER_KEYWORDS

_WORD = lazy(r"\w+|\*", re.ASCII)
_DIMENSION = lazy(r"\[\s*(\w*)\s*\]", re.ASCII)
_PARAMETER = lazy(r"\s*([A-Za-z_][\w\s*]*)((?:\[[\w\s]*\]\s*)*)\Z", re.ASCII)
_MAX_DEPTH = 32

# Lengths from the outermost one on; a name is a constant; None for `[]`.
if TYPE_CHECKING:
    Dimensions = tuple[Union[int, str, None], ...]
else:
    Dimensions = tuple


class Shape:
    """A type without dimensions.

    One of ``canonical`` (a primitive type, or void), ``name`` and ``tag`` says what it is at its core.  ``pointers``
    has the qualifiers of each star.  ``ctype`` is the type once it is resolved, and ``is_plain`` then says that it is
    neither void nor, by way of a typedef, an array, a function or anything else that a declaration must look at.
    """

    __slots__ = ("canonical", "ctype", "is_plain", "name", "pointers", "qualifiers", "tag")

    def __init__(self) -> None:
        self.canonical = ""
        self.name = ""
        self.tag: Optional[tuple[str, str]] = None
        self.qualifiers: tuple[str, ...] = ()
        self.pointers: list[tuple[str, ...]] = []
        self.ctype: Optional[CType] = None
        self.is_plain = True

    @property
    def is_const(self) -> bool:
        """Say whether the outermost type is const, as far as the words say."""
        return "const" in (self.pointers[-1] if self.pointers else self.qualifiers)


class Parameter(NamedTuple):
    """A parameter; ``dimensions`` are those after the first, None where it is no array; ``length`` the name in the first."""

    shape: Shape
    name: str
    dimensions: Optional[Dimensions]
    length: str = ""


class Shapes:
    """All types of one text by their words.  None means everywhere: not plain."""

    def __init__(self, target: Target) -> None:
        self.parameters: dict[str, Optional[Parameter]] = {}
        self._target = target
        self._shapes: dict[str, Optional[Shape]] = {}
        self._declared: dict[str, Optional[Shape]] = {}
        self._dimensions: dict[str, Optional[Dimensions]] = {"": ()}

    def forget_types(self) -> None:
        """Let every type be resolved again."""
        for shape in self._shapes.values():
            if shape is not None:
                shape.ctype = None
        for parameter in self.parameters.values():
            if parameter is not None:
                parameter.shape.ctype = None

    def type(self, text: str) -> Optional[Shape]:
        """Read a type without a name."""
        if text not in self._shapes:
            found = read_words(_WORD.findall(text))
            self._shapes[text] = found[0] if found is not None and not found[1] else None
        return self._shapes[text]

    def declared_type(self, text: str) -> Optional[Shape]:
        """Read the type before the name of a function or variable, and skip the words that say where that lives."""
        if text not in self._declared:
            words = text.split()
            first = 0
            while first < len(words) and words[first] in _STORAGE:
                first += 1
            self._declared[text] = self.type(" ".join(words[first:]))
        return self._declared[text]

    def dimensions(self, text: str) -> Optional[Dimensions]:
        """Read ``[2][N]``.  Only the first length can be missing."""
        if text not in self._dimensions:
            words = _DIMENSION.findall(text)
            found = [self._dimension(word) for word in words]
            is_plain = text.count("[") == len(words) <= _MAX_DEPTH and None not in found[1:] and "" not in found
            self._dimensions[text] = tuple(found) if is_plain else None
        return self._dimensions[text]

    def _dimension(self, word: str) -> Union[int, str, None]:
        """Read one length; "" for what is none."""
        if not word:
            return None
        if not word[0].isdigit():
            return "" if word in NO_NAMES else word
        length = self.number(word)
        return "" if length is None or length >> 62 else length

    def number(self, word: str) -> Optional[int]:
        """Read a literal."""
        try:
            return read_integer(word, self._target).value
        except LiteralError:
            return None

    def parameter(self, text: str) -> Optional[Parameter]:
        """Read a parameter, with or without a name."""
        if text not in self.parameters:
            self.parameters[text] = self._parameter(text)
        return self.parameters[text]

    def _parameter(self, text: str) -> Optional[Parameter]:
        match = _PARAMETER.match(text)
        if match is None:
            return None
        words, brackets = match.groups()
        found = read_words(_WORD.findall(words))
        if found is None:
            return None
        if not brackets.strip():
            return Parameter(*found, None)
        # An array becomes a pointer to its items: of the first length only the form counts.
        first, _, rest = brackets.partition("]")
        dimensions = self.dimensions(rest.strip())
        outermost = self.dimensions(f"{first}]")
        if outermost is None or dimensions is None or None in dimensions:
            return None
        return Parameter(*found, dimensions, outermost[0] if isinstance(outermost[0], str) else "")


def read_words(words: list[str]) -> Optional[tuple[Shape, str]]:
    """Read specifiers, qualifiers and stars, and the name that may follow ("" for none)."""
    star = words.index("*") if "*" in words else len(words)
    shape = Shape()
    name = _read_specifiers(shape, words[:star])
    if name is None or (name and star < len(words)):
        return None
    for word in words[star:]:
        if name or len(shape.pointers) > _MAX_DEPTH:
            return None
        if word == "*":
            shape.pointers.append(())
        elif word in _QUALIFIERS and word not in shape.pointers[-1]:
            shape.pointers[-1] = (*shape.pointers[-1], word)
        elif is_name(word):
            name = word
        else:
            return None
    return shape, name


def _read_specifiers(shape: Shape, words: list[str]) -> Optional[str]:
    """Read what stands before the stars; gives the name that it ends with, "" for none."""
    specifiers: list[str] = []
    qualifiers: list[str] = []
    name = ""
    rest = iter(words)
    for word in rest:
        has_type = bool(specifiers or shape.tag or shape.name)
        if name:
            return None
        if word in {"const", "volatile"} and word not in qualifiers:
            qualifiers.append(word)
        elif word in _TYPE_WORDS and not shape.tag and not shape.name:
            specifiers.append(word)
        elif word in _TAGS and not has_type:
            shape.tag = (word, next(rest, ""))
            if not is_name(shape.tag[1]):
                return None
        elif not is_name(word):
            return None
        elif has_type:
            name = word
        else:
            shape.name = word
    if specifiers:
        shape.canonical = "void" if specifiers == ["void"] else SPECIFIERS.get(tuple(specifiers), "")
    shape.qualifiers = tuple(qualifiers)
    return name if shape.canonical or shape.tag or shape.name else None


def is_name(word: str) -> bool:
    """Say whether a word can be the name of something."""
    return bool(word) and word not in NO_NAMES and not word[0].isdigit()
