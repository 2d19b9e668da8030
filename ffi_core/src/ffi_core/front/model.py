"""The model: what a C declaration says, as frozen values.

Belongs here: C types, declarations, and how a type is spelled in C.  No parsing, no layout, no emitting.
Types refer to records, enums and typedefs by name; nothing here is resolved or realised.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ffi_core.frozen import dataclass, field

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final, Optional, Union


@dataclass(frozen=True)
class Place:
    """Where something stands in the user's text.

    Units: ``line`` and ``column`` count from 1.  ``line`` is the line of ``file`` where the declaration was found in
    a file, otherwise of the ``cdef`` text itself; ``text`` is that whole line.
    """

    file: str
    line: int
    column: int = 1
    text: str = ""


NOWHERE: Final = Place("<cdef source string>", 0)


@dataclass(frozen=True)
class Void:
    """``void``."""

    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Primitive:
    """A type that every C compiler has, by its canonical name: ``unsigned long``, ``_Bool``, ``uint8_t``, ``size_t``."""

    name: str
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """A use of a typedef name that a declaration introduced."""

    name: str
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tagged:
    """``struct TAG``, ``union TAG`` or ``enum TAG``.

    A record or enum without a tag gets one that starts with ``$``: ``$T`` for ``typedef struct {...} T;``
    (then C calls it ``T``), ``$1``, ``$2`` ... for others.
    """

    kind: str
    tag: str
    qualifiers: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name in the declaration table: ``struct passwd``."""
        return f"{self.kind} {self.tag}"


@dataclass(frozen=True)
class Pointer:
    """A pointer; ``qualifiers`` are the pointer's own (``char *const``)."""

    target: CType
    qualifiers: tuple[str, ...] = ()


class _Inferred:
    """The length in ``[...]``: only a compiler knows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "INFERRED"


INFERRED: Final = _Inferred()


@dataclass(frozen=True)
class Array:
    """An array; ``length`` is None for ``[]``, INFERRED for ``[...]``, and a name where a constant of the module has it."""

    item: CType
    length: Union[int, str, _Inferred, None]


@dataclass(frozen=True)
class Function:
    """A function type.  Parameters of array and function type are already pointers, but for typedef names of ``T[...]``.

    ``abi`` is "" or "__stdcall".  ``parameter_names`` has one entry per parameter, "" where it has no name.
    """

    result: CType
    parameters: tuple[CType, ...]
    variadic: bool = False
    abi: str = ""
    parameter_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnknownNumber:
    """``int...`` or ``float...`` in a typedef: ``kind`` is "int" or "float"."""

    kind: str


if TYPE_CHECKING:
    CType = Union[Void, Primitive, Named, Tagged, Pointer, Array, Function, UnknownNumber]
else:
    CType = object  # annotations are not evaluated


@dataclass(frozen=True)
class FunctionDecl:
    """A function of the library."""

    name: str
    type: Function
    place: Place = NOWHERE
    release_gil: bool = True


@dataclass(frozen=True)
class PythonFunctionDecl:
    """``extern "Python"``: declared to C, written in Python.  ``exported`` for ``extern "Python+C"``."""

    name: str
    type: Function
    place: Place = NOWHERE
    exported: bool = False


@dataclass(frozen=True)
class VariableDecl:
    """A global variable of the library.  ``is_const`` where nobody may write to it: its memory can be read-only."""

    name: str
    type: CType
    place: Place = NOWHERE
    is_const: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class ConstantDecl:
    """``#define X 42``, ``#define X ...``, ``static const T X;`` or an enumerator.

    ``value`` is None where only the compiler knows it.  ``type`` is None for integers of no particular type,
    and the declared type for ``static const``.  ``implied`` where nobody wrote the value: an enumerator that follows another.
    """

    name: str
    value: Optional[int]
    type: Optional[CType] = None
    place: Place = NOWHERE
    implied: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class TypedefDecl:
    """A typedef.  ``type`` may be UnknownNumber.

    Units: ``aligned`` in bytes, 0 where the type has the alignment that it has without the typedef.
    """

    name: str
    type: CType
    place: Place = NOWHERE
    aligned: int = 0


@dataclass(frozen=True)
class Field:
    """One member.  ``name`` is "" for an anonymous struct or union; ``bit_width`` None for ordinary members.

    Units: ``aligned`` in bytes: at least so much; 0 for what its type has; -n for exactly n, whatever its type has.
    """

    name: str
    type: CType
    bit_width: Optional[int] = None
    place: Place = NOWHERE
    aligned: int = 0


@dataclass(frozen=True)
class RecordDecl:
    """A struct or union.

    ``fields`` is None while it is opaque.  ``c_name`` is what C code calls it (``struct passwd``, or ``T`` for
    ``typedef struct {...} T;`` and for ``typedef ... T;``), "" where C has no name for it.
    Units: ``pack`` and ``aligned`` in bytes, 0 for none; ``pack`` is -1 for ``__attribute__((packed))``, and -n under
    ``#pragma pack(n)`` too.  ``aligned`` -n is an alignment of exactly n that is not the size's, from the typedef that
    names the record.
    """

    kind: str
    tag: str
    c_name: str
    fields: Optional[tuple[Field, ...]] = None
    partial: bool = False
    pack: int = 0
    aligned: int = 0
    place: Place = NOWHERE

    @property
    def key(self) -> str:
        """The name in the declaration table."""
        return f"{self.kind} {self.tag}"


@dataclass(frozen=True)
class EnumDecl:
    """An enum.  ``enumerators`` are names, in source order; their values are constants of the same names.

    ``partial`` where the list ended with ``...`` or a value was ``...``; empty ``enumerators`` and partial: opaque.
    ``packed`` where it has the smallest integer type that does.
    """

    tag: str
    c_name: str
    enumerators: tuple[str, ...]
    partial: bool = False
    place: Place = NOWHERE
    packed: bool = False

    @property
    def key(self) -> str:
        """The name in the declaration table."""
        return f"enum {self.tag}"


if TYPE_CHECKING:
    GlobalDecl = Union[FunctionDecl, PythonFunctionDecl, VariableDecl, ConstantDecl]
    TypeDecl = Union[TypedefDecl, RecordDecl, EnumDecl]
else:
    GlobalDecl = TypeDecl = object


@dataclass(frozen=True)
class Declarations:
    """Everything that one or several ``cdef`` calls declared.

    Shapes: ``globals`` maps the names that ``lib`` has; ``types`` maps typedef names and tagged names
    (``struct passwd``).  Both keep source order.
    """

    globals: Mapping[str, GlobalDecl] = field(default_factory=lambda: MappingProxyType({}))
    types: Mapping[str, TypeDecl] = field(default_factory=lambda: MappingProxyType({}))


def spell_variable(decl: VariableDecl) -> str:
    """Write the type of a variable, as the declaration table has it: it begins with ``const`` where nobody may write to it."""
    return f"const {spell(decl.type)}" if decl.is_const else spell(decl.type)


def _specifier(ctype: Union[Void, Primitive, Named, Tagged, UnknownNumber]) -> str:
    if isinstance(ctype, UnknownNumber):
        return f"{ctype.kind}..."
    if isinstance(ctype, Void):
        name = "void"
    elif isinstance(ctype, Tagged):
        name = ctype.key
    else:
        name = ctype.name
    return " ".join((name, *ctype.qualifiers))


def spell(ctype: CType, declarator: str = "") -> str:
    """Write ``ctype`` in C's type syntax, with ``declarator`` (a name, or nothing) in its place.

    Qualifiers follow what they qualify, so that the text reads back unambiguously: ``char const *``.
    """
    if isinstance(ctype, Pointer):
        star = "*" + " ".join(ctype.qualifiers)
        if ctype.qualifiers and declarator:
            star += " "
        inner = star + declarator
        if isinstance(ctype.target, (Array, Function)):
            if isinstance(ctype.target, Function) and ctype.target.abi:
                inner = f"{ctype.target.abi} {inner}"
            inner = f"({inner})"
        return spell(ctype.target, inner)
    if isinstance(ctype, Array):
        length = "..." if ctype.length is INFERRED else "" if ctype.length is None else str(ctype.length)
        return spell(ctype.item, f"{declarator}[{length}]")
    if isinstance(ctype, Function):
        parameters = [spell(p) for p in ctype.parameters]
        if ctype.variadic:
            parameters.append("...")
        return spell(ctype.result, f"{declarator}({', '.join(parameters) or 'void'})")
    text = _specifier(ctype)
    if not declarator:
        return text
    return f"{text}{'' if declarator.startswith('[') else ' '}{declarator}"
