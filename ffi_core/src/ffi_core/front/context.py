"""What the parts of the parser share: the text, the scope, and how to get from a node to a place."""

from __future__ import annotations

from collections.abc import Callable

from .attributes import BIGGEST_ALIGNMENT, Attribute
from .constants import Evaluator, UnknownValueError
from .directives import Directives
from .errors import CDefError
from .literals import Integer, smallest_type
from .model import (
    INFERRED,
    Array,
    ConstantDecl,
    CType,
    Place,
    RecordDecl,
    Tagged,
)
from .scope import Scope
from .sizes import NoSizeError, Sizes
from .source import Source
from .target import Target
from .tokens import Prepared

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Optional

    Node = Any  # of pycparser, which has no types

SizeOf = Callable[[CType], int]

# pycparser's line of the first token: line 1 has the typedef names that it must know.
FIRST_LINE = 2


class Reading:
    """What one run of pycparser is about.

    ``record_names`` are the typedefs that name records and enums without a tag, by the token of these; ``arguments``
    the expressions in attributes; ``definitions`` the records and enums that are declared, which several declarators
    can share.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.record_names: dict[int, str] = {}
        self.arguments: dict[int, Node] = {}
        self.definitions: dict[int, Tagged] = {}


class Context:
    """One parse.

    ``read_type`` and ``specifiers`` are set by the parser, which knows all parts.
    """

    def __init__(
        self, source: Source, scope: Scope, directives: Directives, target: Target, sizeof: Optional[SizeOf] = None
    ) -> None:
        self.source = source
        self.scope = scope
        self.directives = directives
        self.target = target
        self.reading = Reading(Prepared())
        self.specifiers: dict[str, Callable[[Node], CType]] = {}
        self.pending: dict[str, Callable[[], None]] = {}  # macros that were not computed yet
        self.integers: dict[str, Integer] = {}
        self.evaluator = Evaluator(target, self)
        self._sizes = Sizes(scope, target, sizeof)
        self.type_reader: Callable[[Node], CType] = self._no_reader

    @property
    def prepared(self) -> Prepared:
        """The tokens that nodes refer to."""
        return self.reading.prepared

    def _no_reader(self, node: Node) -> CType:
        raise self.error("types cannot be read here", node)

    # Places.

    def token(self, node: Node) -> int:
        """Give the token of a node, of a declaration that of its name; -1 where pycparser says nothing."""
        kind = type(node).__name__
        if kind in {"Decl", "Typedef"} and node.name:
            inner = node.type
            while type(inner).__name__ in {"PtrDecl", "ArrayDecl", "FuncDecl"}:
                inner = inner.type
            if type(inner).__name__ == "TypeDecl" and inner.coord is not None:
                node = inner
        coord = getattr(node, "coord", None)
        if coord is not None and coord.line >= FIRST_LINE:
            return int(coord.line) - FIRST_LINE
        for _, child in node.children():  # pycparser 2 does not place type names
            found = self.token(child)
            if found >= 0:
                return found
        return -1

    def offset(self, node: Node) -> int:
        """Give the offset of a node in the text."""
        return self.offset_of_token(self.token(node))

    def offset_of_token(self, token: int) -> int:
        """Give the offset of a token; the end of the text for one past the last."""
        offsets = self.prepared.offsets
        if 0 <= token < len(offsets):
            return offsets[token]
        return 0 if token < 0 else max(len(self.source.text.rstrip()) - 1, 0)

    def place(self, node: Node) -> Place:
        """Say where a node stands in the user's text."""
        return self.source.place(self.offset(node))

    def error(self, message: str, node: Node) -> CDefError:
        """Make the error that points at ``node``."""
        return CDefError(message, self.place(node))

    # What constant expressions refer to.

    def find_constant(self, name: str, node: Node) -> Integer:
        """Give the value of a name.

        Errors: ``UnknownValueError`` where only a compiler knows it.
        """
        found = self.integers.get(name)
        if found is not None:
            return found
        compute = self.pending.pop(name, None)
        if compute is not None:
            compute()
            found = self.integers.get(name)
            if found is not None:
                return found
        decl = self.scope.find_global(name)
        if not isinstance(decl, ConstantDecl):
            what = f"'{name}' is not declared" if decl is None else f"'{name}' is no constant"
            raise self.error(what, node)
        if decl.value is None:
            raise UnknownValueError(f"only a compiler knows the value of '{name}'", self.place(node))
        ctype = smallest_type(decl.value, self.target)
        if ctype is None:
            raise self.error(f"'{name}' is larger than any integer type", node)
        value = Integer(decl.value, ctype)
        return (self.evaluator.convert(value, decl.type) if decl.type is not None else None) or value

    def read_type(self, node: Node) -> CType:
        """Give the type that a type name means."""
        return self.type_reader(node)

    def resolve(self, ctype: CType) -> CType:
        """Replace a typedef by what it stands for, at the top only."""
        return self.scope.resolve(ctype)

    def size_of(self, ctype: CType, node: Node) -> int:
        """Give the size in bytes.

        Errors: ``UnknownValueError`` where only a compiler knows it.
        """
        return self._measure(self._sizes.size, ctype, node)

    def align_of(self, ctype: CType, node: Node) -> int:
        """Give the alignment in bytes.

        Errors: as ``size_of``.
        """
        return self._measure(self._sizes.alignment, ctype, node)

    def _measure(self, measure: SizeOf, ctype: CType, node: Node) -> int:
        try:
            return measure(ctype)
        except NoSizeError as error:
            if error.for_compiler:
                raise UnknownValueError(str(error), self.place(node)) from None
            raise self.error(str(error), node) from None

    # Other questions.

    def length(self, node: Node) -> int:
        """Compute the length of an array, an alignment or the like: a constant that is not negative."""
        try:
            value = self.evaluator.evaluate(node).value
        except UnknownValueError as error:
            error.message += "; write '[...]' for a length that the compiler fills in"
            raise
        if value < 0:
            raise self.error("this cannot be negative", node)
        return value

    def alignment(self, attributes: list[Attribute]) -> int:
        """Compute the largest alignment that the attributes ask for; 0 for none."""
        largest = 0
        for attribute in attributes:
            if attribute.name != "aligned":
                continue
            value = BIGGEST_ALIGNMENT
            if attribute.argument >= 0:
                value = self.length(self.reading.arguments[attribute.argument])
            if value < 1 or value & (value - 1):
                raise self.source.error("an alignment is a power of two", attribute.offset)
            largest = max(largest, value)
        return largest

    def record(self, ctype: CType) -> Optional[RecordDecl]:
        """Find the declaration of a struct or union type."""
        resolved = self.resolve(ctype)
        if isinstance(resolved, Tagged):
            decl = self.scope.find_type(resolved.key)
            if isinstance(decl, RecordDecl):
                return decl
        return None

    def is_incomplete_array(self, ctype: CType) -> bool:
        """Say whether a type is ``T[]``."""
        resolved = self.resolve(ctype)
        return isinstance(resolved, Array) and resolved.length is None

    def has_inferred_length(self, ctype: CType) -> bool:
        """Say whether a type is ``T[...]``, or an array of such."""
        while isinstance(ctype, Array):
            if ctype.length is INFERRED:
                return True
            ctype = ctype.item
        return False
