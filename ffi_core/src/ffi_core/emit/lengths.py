"""Lengths of inner dimensions that only the compiler knows: ``int a[...][...]``.

The runtime works the outermost length out from the size of the whole.  Each inner one becomes a constant of the module, whose name
no C name can be, and the type refers to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ffi_core.front.model import (
    INFERRED,
    Array,
    ConstantDecl,
    CType,
    Declarations,
    Field,
    GlobalDecl,
    Place,
    RecordDecl,
    TypeDecl,
    TypedefDecl,
    VariableDecl,
)
from ffi_core.frozen import dataclass, replace

from .spelling import Spelling


@dataclass(frozen=True)
class NamedLengths:
    """``declarations`` with the constants; ``expressions`` are their values in C, by name."""

    declarations: Declarations
    expressions: Mapping[str, str]


def name_inner_lengths(own: Declarations, spelling: Spelling) -> NamedLengths:
    """Let the types of members, variables and typedefs refer to constants for inner lengths that are inferred."""
    namer = _Namer()
    variables: dict[str, GlobalDecl] = {
        name: replace(decl, type=namer.name(decl.type, decl.name, decl.place))
        if isinstance(decl, VariableDecl)
        else decl
        for name, decl in own.globals.items()
    }
    types: dict[str, TypeDecl] = {}
    for key, decl in own.types.items():
        if isinstance(decl, TypedefDecl):
            types[key] = replace(decl, type=namer.name(decl.type, f"(*({decl.name} *)0)", decl.place))
        elif isinstance(decl, RecordDecl) and decl.fields and any(_has_inner(field.type) for field in decl.fields):
            record = spelling.name_of(key)
            types[key] = replace(decl, fields=tuple(_name_in_field(namer, field, str(record)) for field in decl.fields))
        else:
            types[key] = decl
    if not namer.expressions:
        return NamedLengths(own, MappingProxyType({}))
    return NamedLengths(Declarations({**variables, **namer.constants}, types), namer.expressions)


def _name_in_field(namer: _Namer, field: Field, record: str) -> Field:
    return replace(field, type=namer.name(field.type, f"(({record} *)0)->{field.name}", field.place))


def _has_inner(ctype: CType) -> bool:
    """Say whether a dimension below the first one is inferred."""
    while isinstance(ctype, Array):
        ctype = ctype.item
        if isinstance(ctype, Array) and ctype.length is INFERRED:
            return True
    return False


class _Namer:
    """Hands out the names."""

    def __init__(self) -> None:
        self.constants: dict[str, GlobalDecl] = {}
        self.expressions: dict[str, str] = {}

    def name(self, ctype: CType, expression: str, place: Place) -> CType:
        """Name the inferred lengths of all dimensions of ``expression`` but the first."""
        if not isinstance(ctype, Array) or not _has_inner(ctype):
            return ctype
        return Array(self._name_all(ctype.item, f"{expression}[0]", place), ctype.length)

    def _name_all(self, ctype: CType, expression: str, place: Place) -> CType:
        if not isinstance(ctype, Array):
            return ctype
        length = ctype.length
        if length is INFERRED:
            length = f"$length{len(self.constants)}"
            self.constants[length] = ConstantDecl(length, None, None, place)
            self.expressions[length] = f"sizeof({expression}) / sizeof({expression}[0])"
        return Array(self._name_all(ctype.item, f"{expression}[0]", place), length)
