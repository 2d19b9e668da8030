"""Declarations from a declaration table: what a builder knows of a generated module that it includes.

Belongs here: the way back from the table to the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from .model import (
    Array,
    ConstantDecl,
    CType,
    Declarations,
    EnumDecl,
    Field,
    Function,
    Pointer,
    Primitive,
    RecordDecl,
    Tagged,
    TypeDecl,
    TypedefDecl,
    UnknownNumber,
)

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

    Entry = tuple[Any, ...]
    ReadType = Callable[[str, Declarations], CType]

_DOLLAR = "__ffi_core_dollar_"


def recover(table_globals: Mapping[str, Entry], table_types: Mapping[str, Entry], read: ReadType) -> Declarations:
    """Read the two dicts of a declaration table; ``read`` reads one type, with what is known.

    Of the globals only constants are kept, as ``include()`` needs no other.
    """
    names = _anonymous_names(table_types)
    # The words of a type only make sense where typedefs are known, whatever they stand for.
    known = Declarations(
        types={
            _hidden(name): (
                TypedefDecl(name, Primitive("int"))
                if entry[0] in {"typedef", "unknown"}
                else _tagged_decl(_hidden(name), entry, {}, lambda _: Primitive("int"))
            )
            for name, entry in table_types.items()
        }
    )

    @cache
    def type_of(text: str) -> CType:
        return _shown(read(_hidden(text), known))

    constants = {
        name: ConstantDecl(name, entry[1], type_of(entry[2]) if len(entry) > 2 else None)
        for name, entry in table_globals.items()
        if entry[0] == "constant"
    }
    types: dict[str, TypeDecl] = {}
    for name, entry in table_types.items():
        if entry[0] == "typedef":
            types[name] = TypedefDecl(name, type_of(entry[1]))
        elif entry[0] == "unknown":
            types[name] = TypedefDecl(name, UnknownNumber(entry[1]))
        else:
            types[name] = _tagged_decl(name, entry, names, type_of)
    return Declarations(constants, types)


def _tagged_decl(key: str, entry: Entry, names: Mapping[str, str], type_of: Callable[[str], CType]) -> TypeDecl:
    kind, _, tag = key.partition(" ")
    c_name = names.get(key, "" if tag.startswith("$") else key)
    if entry[0] == "enum":
        return EnumDecl(tag, c_name, tuple(filter(None, entry[1].split(","))), bool(entry[2]))
    _, fields, partial, pack, aligned = entry
    if fields is not None:
        fields = tuple(
            Field(name, type_of(text), None if width < 0 else width, aligned=alignment)
            for name, text, width, alignment in fields
        )
    return RecordDecl(kind, tag, c_name, fields, bool(partial), pack, aligned)


def _anonymous_names(table_types: Mapping[str, Entry]) -> dict[str, str]:
    """Find what C calls the structs and enums without a tag: by the typedef that their tag tells."""
    keys = (key for key in table_types if " $" in key)
    named = ((key, key.partition("$")[2]) for key in keys)
    return {key: name for key, name in named if table_types.get(name) == ("typedef", key)}


def _hidden(text: str) -> str:
    """Write tags that the runtime knows in words that C has."""
    return re.sub(r"\$(?=\w)", _DOLLAR, text)


def _shown(ctype: CType) -> CType:
    """Put the tags back."""
    if isinstance(ctype, Tagged):
        return Tagged(ctype.kind, ctype.tag.replace(_DOLLAR, "$"), ctype.qualifiers)
    if isinstance(ctype, Pointer):
        return Pointer(_shown(ctype.target), ctype.qualifiers)
    if isinstance(ctype, Array):
        return Array(_shown(ctype.item), ctype.length)
    if isinstance(ctype, Function):
        parameters = tuple(map(_shown, ctype.parameters))
        return Function(_shown(ctype.result), parameters, ctype.variadic, ctype.abi, ctype.parameter_names)
    return ctype
