"""The declaration table as Python objects: what the in-line ABI mode hands to the runtime.

The format is described in docs/declaration_table.md.
"""

from __future__ import annotations

from .enum_types import enum_base
from .model import (
    ConstantDecl,
    Declarations,
    EnumDecl,
    Field,
    FunctionDecl,
    GlobalDecl,
    PythonFunctionDecl,
    RecordDecl,
    TypeDecl,
    TypedefDecl,
    UnknownNumber,
    spell,
    spell_variable,
)

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Union

KEEP_GIL = 1

if TYPE_CHECKING:
    FieldEntry = tuple[str, str, int, int]
    Item = Union[str, int, None, tuple[FieldEntry, ...]]
    Entry = tuple[Item, ...]
else:
    Entry = tuple


def python_table(declarations: Declarations) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Write declarations as the two dicts of the declaration table: globals and types."""
    table_globals = {name: _global(decl) for name, decl in declarations.globals.items()}
    table_types = {name: _type(decl, declarations) for name, decl in declarations.types.items()}
    return table_globals, table_types


def _global(decl: GlobalDecl) -> Entry:
    if isinstance(decl, FunctionDecl):
        return ("function", spell(decl.type), 0 if decl.release_gil else KEEP_GIL)
    if isinstance(decl, PythonFunctionDecl):
        return ("python", spell(decl.type))
    if isinstance(decl, ConstantDecl):
        return ("constant", decl.value) if decl.type is None else ("constant", decl.value, spell(decl.type))
    return ("variable", spell_variable(decl))


def _type(decl: TypeDecl, declarations: Declarations) -> Entry:
    if isinstance(decl, TypedefDecl):
        if isinstance(decl.type, UnknownNumber):
            return ("unknown", decl.type.kind)
        return ("typedef", spell(decl.type))
    if isinstance(decl, EnumDecl):
        base = enum_base(decl, declarations.globals.get)
        return ("enum", ",".join(decl.enumerators), int(decl.partial), base or "")
    return _record(decl)


def _record(decl: RecordDecl) -> Entry:
    if decl.fields is None:
        return ("record", None, 0, 0, 0)
    fields = tuple(_field(field) for field in decl.fields)
    return ("record", fields, int(decl.partial), decl.pack, decl.aligned)


def _field(field: Field) -> FieldEntry:
    width = -1 if field.bit_width is None else field.bit_width
    return (field.name, spell(field.type), width, field.aligned)
