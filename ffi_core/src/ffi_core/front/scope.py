"""The names that are declared so far, and what happens when one is declared again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .errors import CDefError
from .model import (
    Array,
    ConstantDecl,
    CType,
    Declarations,
    EnumDecl,
    Field,
    Function,
    FunctionDecl,
    GlobalDecl,
    Named,
    Place,
    Pointer,
    Primitive,
    PythonFunctionDecl,
    RecordDecl,
    Tagged,
    TypeDecl,
    TypedefDecl,
    UnknownNumber,
    VariableDecl,
    Void,
)
from .names import FILE_TYPE

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Optional, Union

    AnyDecl = Union[GlobalDecl, TypeDecl]


class Scope:
    """Declarations of before, and those that one parse adds to them.

    Nothing of ``known`` changes; what is added is in ``globals`` and ``types``.  ``common`` are the types that need
    no declaration; ``generation`` changes when a typedef takes one of their names.
    """

    def __init__(self, known: Declarations, common: Mapping[str, CType], *, override: bool) -> None:
        self.known = known
        self.common = common
        self.generation = 0
        self.globals: dict[str, GlobalDecl] = {}
        self.types: dict[str, TypeDecl] = {}
        self._override = override
        self._anonymous = 0

    def find_global(self, name: str) -> Optional[GlobalDecl]:
        """Find what ``lib`` has under a name."""
        return self.globals.get(name) or self.known.globals.get(name)

    def find_type(self, name: str) -> Optional[TypeDecl]:
        """Find a typedef name or a tagged name."""
        return self.types.get(name) or self.known.types.get(name)

    def anonymous_tag(self) -> str:
        """Invent the tag of a record or enum that has neither tag nor typedef name: ``$1``, ``$2``..."""
        if self._anonymous == 0:
            tags = (key.partition(" ")[2][1:] for key in self.known.types if " $" in key)
            self._anonymous = max((int(tag) for tag in tags if tag.isdigit()), default=0)
        self._anonymous += 1
        return f"${self._anonymous}"

    def added(self) -> Declarations:
        """Give what the parse added."""
        return Declarations(MappingProxyType(self.globals), MappingProxyType(self.types))

    def all(self) -> Declarations:
        """Give what was known together with what the parse added."""
        return merge(self.known, self.added())

    def declare_global(self, decl: GlobalDecl) -> None:
        """Add what ``lib`` has under ``decl.name``.

        Errors: ``CDefError`` where the name is taken by something else, unless overriding.
        """
        name = decl.name
        before = self.find_global(name)
        if before is not None:
            if self._same_global(before, decl):
                return
            if not self._override and not self._completes(before, decl):
                raise _conflict(f"'{name}'", decl, before)
            self.globals.pop(name, None)
        typedef = self.find_type(name)
        if typedef is not None and not self._override:
            raise _conflict(f"'{name}'", decl, typedef)
        self.globals[name] = decl

    def declare_type(self, key: str, decl: TypeDecl) -> bool:
        """Add a typedef, record or enum; returns whether it says something new.

        A record or enum may be opaque first and defined later.
        Errors: ``CDefError`` where it was declared differently, unless overriding.
        """
        before = self.find_type(key)
        if before is not None:
            if self._same_type(before, decl) or is_opaque(decl):
                return False
            if not is_opaque(before):
                if not self._override:
                    raise _conflict(f"'{key}'", decl, before)
                self.types.pop(key, None)
        self.types[key] = decl
        if key in self.common:
            self.generation += 1
        return True

    def declare_typedef(self, name: str, ctype: CType, place: Place, aligned: int = 0) -> None:
        """Add a typedef, unless it says of a common name what that means anyway: ``typedef _Bool bool;``."""
        decl = TypedefDecl(name, ctype, place, aligned)
        other = self.find_global(name)
        if other is not None and not self._override:
            raise _conflict(f"'{name}'", decl, other)
        if ctype != self.common.get(name) or name == "FILE":
            self.declare_type(name, decl)

    def declare_file(self, place: Place) -> None:
        """Declare ``FILE``, now that it is used."""
        self.declare_type(FILE_TYPE.key, RecordDecl(FILE_TYPE.kind, FILE_TYPE.tag, "FILE", place=place))
        self.declare_type("FILE", TypedefDecl("FILE", FILE_TYPE, place))

    def is_type_name(self, name: str) -> bool:
        """Say whether a name without a keyword before it means a type."""
        return name in self.types or name in self.known.types or name in self.common

    def resolve(self, ctype: CType) -> CType:
        """Replace a typedef by what it stands for, at the top only; qualifiers of the use are added."""
        while isinstance(ctype, Named):
            decl = self.find_type(ctype.name)
            if not isinstance(decl, TypedefDecl):
                return ctype
            ctype = qualify(decl.type, ctype.qualifiers)
        return ctype

    def is_const(self, ctype: CType) -> bool:
        """Tell whether memory of this type is not to be written to: of an array, whether its items are not."""
        while True:
            if isinstance(ctype, Array):
                ctype = ctype.item
                continue
            if not isinstance(ctype, (Function, UnknownNumber)) and "const" in ctype.qualifiers:
                return True
            decl = self.find_type(ctype.name) if isinstance(ctype, Named) else None
            if not isinstance(decl, TypedefDecl):
                return False
            ctype = decl.type

    def typedef_alignment(self, ctype: CType) -> int:
        """Give the alignment that a typedef gives a type, or the items of an array; 0 for none."""
        while isinstance(ctype, (Named, Array)):
            if isinstance(ctype, Array):
                ctype = ctype.item
                continue
            decl = self.find_type(ctype.name)
            if not isinstance(decl, TypedefDecl):
                return 0
            if decl.aligned:
                return decl.aligned
            ctype = decl.type
        return 0

    def expand(self, ctype: CType) -> CType:
        """Replace all typedefs in a type, so that types can be compared."""
        ctype = self.resolve(ctype)
        if isinstance(ctype, Pointer):
            return Pointer(self.expand(ctype.target), _ordered(ctype.qualifiers))
        if isinstance(ctype, Array):
            return Array(self.expand(ctype.item), ctype.length)
        if isinstance(ctype, Function):
            parameters = tuple(unqualified(self.expand(p)) for p in ctype.parameters)
            return Function(self.expand(ctype.result), parameters, ctype.variadic, ctype.abi)
        if isinstance(ctype, UnknownNumber):
            return ctype
        return _replace_qualifiers(ctype, _ordered(ctype.qualifiers))

    def _same_ctype(self, one: CType, other: CType) -> bool:
        return one == other or self.expand(one) == self.expand(other)

    def _same_global(self, one: GlobalDecl, other: GlobalDecl) -> bool:
        if isinstance(one, FunctionDecl) and isinstance(other, FunctionDecl):
            return one.release_gil == other.release_gil and self._same_ctype(one.type, other.type)
        if isinstance(one, PythonFunctionDecl) and isinstance(other, PythonFunctionDecl):
            return one.exported == other.exported and self._same_ctype(one.type, other.type)
        if isinstance(one, VariableDecl) and isinstance(other, VariableDecl):
            return self._same_ctype(one.type, other.type) or self._completes(other, one)
        if isinstance(one, ConstantDecl) and isinstance(other, ConstantDecl):
            if one.type is None or other.type is None:
                return one.type is other.type and one.value == other.value
            return one.value == other.value and self._same_ctype(one.type, other.type)
        return False

    def _completes(self, first: GlobalDecl, second: GlobalDecl) -> bool:
        """Say whether ``second`` gives the length of an array that ``first`` left open: ``int a[]; int a[5];``."""
        if not isinstance(first, VariableDecl) or not isinstance(second, VariableDecl):
            return False
        one, other = self.resolve(first.type), self.resolve(second.type)
        return (
            isinstance(one, Array)
            and isinstance(other, Array)
            and one.length is None
            and self._same_ctype(one.item, other.item)
        )

    def _same_type(self, one: TypeDecl, other: TypeDecl) -> bool:
        if isinstance(one, TypedefDecl) and isinstance(other, TypedefDecl):
            return one.aligned == other.aligned and self._same_ctype(one.type, other.type)
        if isinstance(one, EnumDecl) and isinstance(other, EnumDecl):
            return (one.enumerators, one.partial, one.packed) == (other.enumerators, other.partial, other.packed)
        if isinstance(one, RecordDecl) and isinstance(other, RecordDecl):
            if one.fields is None or other.fields is None:
                return one.fields is other.fields
            return (
                (one.partial, one.pack, one.aligned) == (other.partial, other.pack, other.aligned)
                and len(one.fields) == len(other.fields)
                and all(self._same_field(a, b) for a, b in zip(one.fields, other.fields))
            )
        return False

    def _same_field(self, one: Field, other: Field) -> bool:
        if (one.name, one.bit_width, one.aligned) != (other.name, other.bit_width, other.aligned):
            return False
        if self._same_ctype(one.type, other.type):
            return True
        # Each definition of an anonymous member has a tag of its own.
        if isinstance(one.type, Tagged) and isinstance(other.type, Tagged):
            a, b = self.find_type(one.type.key), self.find_type(other.type.key)
            is_anonymous = one.type.tag.startswith("$") and other.type.tag.startswith("$")
            return is_anonymous and a is not None and b is not None and self._same_type(a, b)
        return False


def is_opaque(decl: TypeDecl) -> bool:
    """Say whether a record or enum is only named, not defined."""
    if isinstance(decl, RecordDecl):
        return decl.fields is None
    return isinstance(decl, EnumDecl) and decl.partial and not decl.enumerators


def merge(known: Declarations, added: Declarations) -> Declarations:
    """Put declarations together; the later ones win."""
    return Declarations(
        MappingProxyType({**known.globals, **added.globals}), MappingProxyType({**known.types, **added.types})
    )


def qualify(ctype: CType, qualifiers: tuple[str, ...]) -> CType:
    """Add qualifiers to a type; those of an array go to its items, as in C."""
    if not qualifiers:
        return ctype
    if isinstance(ctype, Array):
        return Array(qualify(ctype.item, qualifiers), ctype.length)
    if isinstance(ctype, (Function, UnknownNumber)):
        return ctype
    missing = tuple(q for q in qualifiers if q not in ctype.qualifiers)
    return _replace_qualifiers(ctype, ctype.qualifiers + missing) if missing else ctype


def unqualified(ctype: CType) -> CType:
    """Take the outermost qualifiers off."""
    if isinstance(ctype, (Array, Function, UnknownNumber)) or not ctype.qualifiers:
        return ctype
    return _replace_qualifiers(ctype, ())


def _replace_qualifiers(ctype: Union[Void, Primitive, Named, Tagged, Pointer], qualifiers: tuple[str, ...]) -> CType:
    if ctype.qualifiers == qualifiers:
        return ctype
    if isinstance(ctype, Void):
        return Void(qualifiers)
    if isinstance(ctype, Primitive):
        return Primitive(ctype.name, qualifiers)
    if isinstance(ctype, Named):
        return Named(ctype.name, qualifiers)
    if isinstance(ctype, Tagged):
        return Tagged(ctype.kind, ctype.tag, qualifiers)
    return Pointer(ctype.target, qualifiers)


def _ordered(qualifiers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(qualifiers)) if len(qualifiers) > 1 else qualifiers


def _conflict(what: str, decl: AnyDecl, before: AnyDecl) -> CDefError:
    return CDefError(
        f"multiple declarations of {what} that differ; to replace the first one, use cdef(..., override=True)",
        decl.place,
        related=before.place,
        note="the other declaration is here",
    )
