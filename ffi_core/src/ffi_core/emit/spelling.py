"""How the declared types are called in the generated C.

Belongs here: replacing typedefs by what they stand for, finding a name for records that have none, and what of a type
decides how the runtime passes it.

Typedefs are replaced because the runtime believes the cdef: then the wrapper has the types that the runtime knows, and
the compiler converts between them and the real ones, or says that they do not fit.  It also lets a cdef use typedefs
that the C code does not have.  Only structs and unions go by their typedef, where they have one: many a cdef gives a tag
to what the C header calls by a typedef alone.
"""

from __future__ import annotations

from typing import Final, Optional

from ffi_core.front.errors import CDefError
from ffi_core.front.model import (
    INFERRED,
    NOWHERE,
    Array,
    CType,
    Declarations,
    EnumDecl,
    Function,
    Named,
    Place,
    Pointer,
    Primitive,
    RecordDecl,
    Tagged,
    TypedefDecl,
    UnknownNumber,
    VariableDecl,
    Void,
    spell,
)
from ffi_core.front.scope import qualify, unqualified

WIDE_PRIMITIVES: Final = frozenset(
    [
        "long double",
        "float _Complex",
        "double _Complex",
        "long double _Complex",
        "__int128",
        "unsigned __int128",
    ]
)

# The same types by names that need no further header.
_PLAIN_NAMES: Final = {"char16_t": "uint_least16_t", "char32_t": "uint_least32_t"}

_FLOATING: Final = frozenset(["float", "double", *WIDE_PRIMITIVES]) - {"__int128", "unsigned __int128"}


class Spelling:
    """Spells the types of ``own`` declarations; ``known`` has those of included modules as well."""

    def __init__(self, own: Declarations, known: Declarations) -> None:
        self._types = known.types
        self._holders = _find_holders(own)
        self._typedefs = _find_typedefs(known)
        self._names: dict[str, Optional[str]] = {}
        self.aliases: list[tuple[str, str, Place]] = []  # name, expression of the type it stands for, place

    # Names of records and enums.

    def owner(self, key: str) -> str:
        """Follow anonymous members outwards: their members are those of the record that this returns."""
        while True:
            holder = self._holders.get(key)
            if holder is None or not holder.is_anonymous:
                return key
            key = holder.parent

    def name_of(self, key: str) -> Optional[str]:
        """Tell what C calls a record or enum; None where nothing of that type can be reached.

        An anonymous member goes by the name of the record that has its members.  For others without a name, a typedef
        is made with the compiler's help: see ``aliases``.
        """
        if key not in self._names:
            self._names[key] = None  # against cycles
            self._names[key] = self._find_name(key)
        return self._names[key]

    def _find_name(self, key: str) -> Optional[str]:
        decl = self._types.get(key)
        if key in self._typedefs:
            return self._typedefs[key]
        if isinstance(decl, (RecordDecl, EnumDecl)) and decl.c_name:
            return decl.c_name
        holder = self._holders.get(key)
        if holder is None:
            return None
        if isinstance(decl, RecordDecl) and decl.fields is None and holder.expression.endswith("]"):
            return None  # `typedef ... *T;`: only T itself is known to be a type
        if not holder.parent:
            expression = holder.expression
        else:
            parent = self.name_of(holder.parent)
            if parent is None or holder.is_anonymous:
                return parent
            expression = f"(({parent} *)0)->{holder.expression}"
        name = f"ffic_alias_{len(self.aliases)}"
        self.aliases.append((name, expression, holder.place))
        return name

    # Types.

    def resolve(self, ctype: CType) -> CType:
        """Replace a typedef by what it stands for, at the top only."""
        while isinstance(ctype, Named):
            decl = self._types.get(ctype.name)
            if not isinstance(decl, TypedefDecl) or isinstance(decl.type, UnknownNumber):
                return ctype
            ctype = qualify(decl.type, ctype.qualifiers)
        return ctype

    def concrete(self, ctype: CType) -> CType:
        """Replace all typedefs but those that only the C code can explain."""
        if isinstance(ctype, Named):
            resolved = self.resolve(ctype)
            return ctype if self._is_nameless(resolved) else self.concrete(resolved) if resolved != ctype else ctype
        if isinstance(ctype, Pointer):
            target = ctype.target
            if isinstance(target, Tagged) and self.name_of(target.key) is None and target.kind != "enum":
                return Pointer(Void(target.qualifiers), ctype.qualifiers)
            return Pointer(self.concrete(ctype.target), ctype.qualifiers)
        if isinstance(ctype, Array):
            return Array(self.concrete(ctype.item), ctype.length)
        if isinstance(ctype, Function):
            parameters = tuple(self.concrete(parameter) for parameter in ctype.parameters)
            # With the qualifiers of the result: they count in C before C11, in C++ and for Clang.
            return Function(self.concrete(ctype.result), parameters, ctype.variadic, ctype.abi)
        if isinstance(ctype, Tagged):
            return self._concrete_tagged(ctype)
        if isinstance(ctype, Primitive):
            return Primitive(_PLAIN_NAMES.get(ctype.name, ctype.name), ctype.qualifiers)
        return ctype

    def _concrete_tagged(self, ctype: Tagged) -> CType:
        name = self.name_of(ctype.key)
        if name is not None:
            return Named(name, ctype.qualifiers)
        if ctype.kind == "enum":
            return Primitive("int", ctype.qualifiers)
        raise CDefError(f"C has no name for '{ctype.key}' here: give it a tag or a typedef name", self._place(ctype))

    def _place(self, ctype: Tagged) -> Place:
        decl = self._types.get(ctype.key)
        return NOWHERE if decl is None else decl.place

    def _is_nameless(self, ctype: CType) -> bool:
        """Say whether only a typedef name, which has to stay, can express this type."""
        if isinstance(ctype, (Pointer, Array)):
            length_is_known = isinstance(ctype, Pointer) or ctype.length is None or isinstance(ctype.length, int)
            return not length_is_known or self._is_nameless(ctype.target if isinstance(ctype, Pointer) else ctype.item)
        if isinstance(ctype, Tagged) and ctype.kind != "enum":
            decl = self._types.get(ctype.key)
            return isinstance(decl, RecordDecl) and not decl.c_name
        return isinstance(ctype, Named) and self.resolve(ctype) != ctype and self._is_nameless(self.resolve(ctype))

    def result(self, function: Function) -> CType:
        """Give the result's type, without the qualifiers that mean nothing there."""
        return self.concrete(unqualified(self.resolve(function.result)))

    def declare(self, ctype: CType, declarator: str = "") -> str:
        """Declare something of a type as C does."""
        return spell(self.concrete(ctype), declarator)

    # Properties.

    def is_wide(self, ctype: CType) -> bool:
        """Say whether the runtime passes such a value by a pointer to it."""
        resolved = self.resolve(ctype)
        if isinstance(resolved, Tagged):
            return resolved.kind != "enum"
        return isinstance(resolved, Primitive) and resolved.name in WIDE_PRIMITIVES

    def is_integer(self, ctype: CType) -> bool:
        """Say whether it is an integer type: any of C's, an enum, or one that only the compiler knows."""
        resolved = self.resolve(ctype)
        if isinstance(resolved, Named):
            decl = self._types.get(resolved.name)
            return isinstance(decl, TypedefDecl) and decl.type == UnknownNumber("int")
        if isinstance(resolved, Tagged):
            return resolved.kind == "enum"
        return isinstance(resolved, Primitive) and resolved.name not in _FLOATING

    def is_unknown_float(self, ctype: CType) -> bool:
        """Say whether it was declared as ``float...``."""
        resolved = self.resolve(ctype)
        decl = self._types.get(resolved.name) if isinstance(resolved, Named) else None
        return isinstance(decl, TypedefDecl) and decl.type == UnknownNumber("float")

    def record(self, ctype: CType) -> Optional[RecordDecl]:
        """Find the declaration of a struct or union type."""
        decl = self._types.get(ctype.key) if isinstance(ctype, Tagged) else None
        return decl if isinstance(decl, RecordDecl) else None

    def is_opaque(self, ctype: CType) -> bool:
        """Say whether it is a record without declared members."""
        decl = self.record(self.resolve(ctype))
        return decl is not None and decl.fields is None

    def is_assignable(self, ctype: CType) -> bool:
        """Say whether C assigns values of a type that is not const itself: not those with const members."""
        record = self.record(self.resolve(ctype))
        for field in (record.fields or ()) if record is not None else ():
            member = self.resolve(field.type)
            while isinstance(member, Array):
                member = self.resolve(member.item)
            if "const" in getattr(member, "qualifiers", ()) or not self.is_assignable(member):
                return False
        return True

    def has_inferred_length(self, ctype: CType) -> bool:
        """Say whether ``[...]`` occurs in a type."""
        resolved = self.resolve(ctype)
        return isinstance(resolved, Array) and (
            resolved.length is INFERRED or isinstance(resolved.length, str) or self.has_inferred_length(resolved.item)
        )

    def has_known_size(self, ctype: CType) -> bool:
        """Say whether it is not an array of unknown length, and has none in it."""
        resolved = self.resolve(ctype)
        if isinstance(resolved, Array):
            return isinstance(resolved.length, int) and self.has_known_size(resolved.item)
        return not self.is_opaque(resolved)


def _find_typedefs(known: Declarations) -> dict[str, str]:
    """Find the first name that a typedef gives to each struct and union as it is."""
    names: dict[str, str] = {}
    for name, decl in known.types.items():
        ctype = decl.type if isinstance(decl, TypedefDecl) and not decl.aligned else None
        if (
            isinstance(ctype, Tagged)
            and ctype.kind != "enum"
            and not ctype.qualifiers
            and not ctype.tag.startswith("$")
        ):
            names.setdefault(ctype.key, name)
    return names


class _Holder:
    """Where a record or enum without a name is reached from: a member of ``parent``, or an expression."""

    __slots__ = ("expression", "is_anonymous", "parent", "place")

    def __init__(self, parent: str, expression: str, place: Place) -> None:
        self.parent = parent
        self.expression = expression
        self.place = place
        self.is_anonymous = not expression


def _strip(ctype: CType) -> tuple[CType, str]:
    """Take pointers and arrays off a type, and say how C does so with a value."""
    suffix = ""
    while isinstance(ctype, (Pointer, Array)):
        ctype = ctype.target if isinstance(ctype, Pointer) else ctype.item
        suffix += "[0]"
    return ctype, suffix


def _find_holders(own: Declarations) -> dict[str, _Holder]:
    holders: dict[str, _Holder] = {}

    def note(ctype: CType, parent: str, expression: str, place: Place) -> None:
        core, suffix = _strip(ctype)
        if isinstance(core, Tagged) and core.tag.startswith("$"):
            holders.setdefault(core.key, _Holder(parent, expression and expression + suffix, place))

    for key, decl in own.types.items():
        if isinstance(decl, RecordDecl):
            for field in decl.fields or ():
                if field.bit_width is None:
                    note(field.type, key, field.name, field.place)
        elif isinstance(decl, TypedefDecl):
            note(decl.type, "", f"(*({decl.name} *)0)", decl.place)
    for name, variable in own.globals.items():
        if isinstance(variable, VariableDecl):
            note(variable.type, "", name, variable.place)
    return holders
