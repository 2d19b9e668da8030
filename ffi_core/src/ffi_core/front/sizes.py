"""Sizes and alignments while declarations are read: what `sizeof` in a constant expression needs.

They are those of ABI mode on this machine.  In API mode the compiler checks what was made of them.
"""

from __future__ import annotations

from collections.abc import Callable

from ffi_core.layout import LayoutError, place_fields

from .enum_types import enum_base
from .errors import CDefError
from .model import (
    INFERRED,
    Array,
    CType,
    EnumDecl,
    Field,
    Pointer,
    Primitive,
    RecordDecl,
    Tagged,
    UnknownNumber,
    spell,
)
from .scope import Scope
from .target import Target

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Optional


class NoSizeError(Exception):
    """A type has no size, or none that is known; ``for_compiler`` where a compiler knows it."""

    def __init__(self, message: str, *, for_compiler: bool = False) -> None:
        super().__init__(message)
        self.for_compiler = for_compiler


class Sizes:
    """Sizes and alignments of types.

    ``other`` is asked for the size of records and enums that the scope does not know.
    Units: bytes.
    Errors: ``NoSizeError``.
    """

    def __init__(self, scope: Scope, target: Target, other: Optional[Callable[[CType], int]] = None) -> None:
        self._scope = scope
        self._target = target
        self._other = other
        self._widths = target.integers()
        self._floats = target.floats()
        self._records: dict[str, tuple[RecordDecl, int, int]] = {}

    def size(self, ctype: CType) -> int:
        """Give the size of a type."""
        return self._measure(ctype)[0]

    def alignment(self, ctype: CType) -> int:
        """Give the alignment of a type."""
        own = self._scope.typedef_alignment(ctype)
        return own or self._measure(ctype)[1]

    def _measure(self, ctype: CType) -> tuple[int, int]:
        resolved = self._scope.resolve(ctype)
        if isinstance(resolved, Pointer):
            size = self._target.pointer_bits // 8
            return size, size
        if isinstance(resolved, Array) and isinstance(resolved.length, int):
            size, alignment = self._measure(resolved.item)
            return size * resolved.length, alignment
        if isinstance(resolved, Primitive):
            return self._primitive(resolved.name)
        if isinstance(resolved, Tagged):
            return self._tagged(resolved)
        for_compiler = isinstance(resolved, UnknownNumber) or (
            isinstance(resolved, Array) and resolved.length is INFERRED
        )
        raise NoSizeError(f"'{spell(ctype)}' has no size", for_compiler=for_compiler)

    def _primitive(self, name: str) -> tuple[int, int]:
        size = self._floats.get(name) or max(self._widths[name][0] // 8, 1)
        if name.endswith("_Complex"):
            return size, self._natural(size // 2)
        return size, self._natural(size)

    def _natural(self, size: int) -> int:
        """Give the alignment of a number: on 32-bit Unix systems none is aligned to more than a word."""
        is_small = self._target.pointer_bits == 32 and not self._target.windows
        return 4 if size == 12 or (size > 4 and is_small) else size

    def _tagged(self, ctype: Tagged) -> tuple[int, int]:
        decl = self._scope.find_type(ctype.key)
        if isinstance(decl, EnumDecl):
            base = enum_base(decl, self._scope.find_global)
            if not base:
                raise NoSizeError(f"only a compiler knows the size of '{ctype.key}'", for_compiler=True)
            return self._primitive(base)
        if isinstance(decl, RecordDecl) and decl.fields is not None:
            found = self._records.get(decl.key)
            if found is None or found[0] is not decl:
                found = self._records[decl.key] = (decl, *self._lay_out(decl, decl.fields))
            return found[1:]
        if decl is None and self._other is not None:
            size = self._other(ctype)
            return size, size
        raise NoSizeError(f"'{ctype.key}' is not defined here: its size is not known")

    def _lay_out(self, decl: RecordDecl, fields: tuple[Field, ...]) -> tuple[int, int]:
        if decl.partial:
            raise NoSizeError(
                f"only a compiler knows the size of '{decl.key}', which ends with '...;'", for_compiler=True
            )
        requests = []
        for field in fields:
            resolved = self._scope.resolve(field.type)
            if isinstance(resolved, Array) and resolved.length is None:
                size, alignment = 0, self._measure(resolved.item)[1]
            else:
                size, alignment = self._measure(field.type)
            width = -1 if field.bit_width is None else field.bit_width
            requests.append((field.name, size, alignment, width, field.aligned, 0))
        try:
            size, alignment, _ = place_fields(requests, decl.kind == "union", decl.pack, decl.aligned)
        except LayoutError as error:
            raise CDefError(str(error), decl.place) from None
        return size, alignment
