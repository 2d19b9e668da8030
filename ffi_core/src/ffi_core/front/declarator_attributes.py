"""Which attributes belong to which of the names that a declaration declares."""

from __future__ import annotations

from .attributes import Attribute
from .context import Context

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

    Node = Any  # of pycparser, which has no types


class DeclaratorAttributes:
    """Finds the attributes of members or typedefs among ``candidates``, for one name after the other."""

    def __init__(self, context: Context, candidates: list[Attribute]) -> None:
        self._context = context
        self._candidates = candidates
        self._inherited: list[Attribute] = []  # of the specifiers that the declarators of one declaration share

    def of(self, node: Node) -> list[Attribute]:
        """Collect the attributes of one name: of its declarator, and of the specifiers before it."""
        context = self._context
        token = context.token(node if node.name else node.bitsize or node)
        start, own_start = self._bounds_before(token)
        end = self._end(own_start)
        inside = [a for a in self._candidates if own_start <= a.token <= end]
        own = [a for a in inside if self._belongs(a, own_start, end)]
        for attribute in own:
            if attribute.after_pointer and attribute.token <= token:
                raise context.source.error("write this attribute after the name that is declared", attribute.offset)
        if start == own_start:
            self._inherited = [a for a in own if a.token <= token]
            return own
        return own + self._inherited

    def _belongs(self, attribute: Attribute, start: int, end: int) -> bool:
        """Leave out attributes inside braces between two tokens: they belong to members of a nested record."""
        texts = self._context.prepared.texts
        depth = 0
        for index in range(start, min(attribute.token, end)):
            depth += (texts[index] == "{") - (texts[index] == "}")
        return depth == 0

    def _bounds_before(self, token: int) -> tuple[int, int]:
        """Find where the declaration of a member starts, and where its own declarator does."""
        texts = self._context.prepared.texts
        depth = 0
        own = -1
        for index in range(token - 1, -1, -1):
            text = texts[index]
            if text in {")", "]", "}"}:
                depth += 1
            elif text in {"(", "["} or (text == "{" and depth > 0):
                depth -= 1
            elif depth <= 0 and text in {";", "{"}:
                return index + 1, own if own >= 0 else index + 1
            elif depth <= 0 and text == "," and own < 0:
                own = index + 1
        return 0, max(own, 0)

    def _end(self, start: int) -> int:
        texts = self._context.prepared.texts
        depth = 0
        for index in range(start, len(texts)):
            text = texts[index]
            if text in {"(", "[", "{"}:
                depth += 1
            elif text in {")", "]", "}"}:
                depth -= 1
            elif depth <= 0 and text in {",", ";"}:
                return index
        return len(texts)
