"""Structs and unions: members, bit-fields, and what of them C does not allow."""

from __future__ import annotations

from .attributes import PACKED
from .context import Context
from .declarator_attributes import DeclaratorAttributes
from .declarators import TypeReader
from .model import (
    Array,
    CType,
    Field,
    Function,
    Primitive,
    RecordDecl,
    Tagged,
    UnknownNumber,
    Void,
    spell,
)
from .tokens import MORE_MEMBERS

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Optional

    Node = Any  # of pycparser, which has no types


class RecordReader:
    """Reads struct and union specifiers and declares what they define."""

    def __init__(self, context: Context, types: TypeReader) -> None:
        self._context = context
        self._types = types

    def read(self, node: Node) -> Tagged:
        """Declare a struct or union specifier, and give its type."""
        kind = type(node).__name__.lower()
        token = self._context.token(node)
        found = self._context.reading.definitions.get(token)
        if found is not None:
            return found
        if node.name is not None:
            tag, c_name = node.name, f"{kind} {node.name}"
        else:
            c_name = self._context.reading.record_names.get(token, "")
            tag = f"${c_name}" if c_name else self._context.scope.anonymous_tag()
        ctype = Tagged(kind, tag)
        place = self._context.place(node)
        opaque = RecordDecl(kind, tag, c_name, place=place)
        if node.decls is None and not self._is_definition(token):
            self._context.scope.declare_type(ctype.key, opaque)
            return ctype
        self._context.reading.definitions[token] = ctype
        if self._context.scope.find_type(ctype.key) is None:
            self._context.scope.declare_type(ctype.key, opaque)  # members may point to it
        decl = self._definition(node, opaque, token)
        self._context.scope.declare_type(ctype.key, decl)
        return ctype

    def _is_definition(self, token: int) -> bool:
        """Tell ``struct s {}`` from ``struct s``: pycparser gives both no members."""
        texts = self._context.prepared.texts
        return texts[token] == "{" or (token + 1 < len(texts) and texts[token + 1] == "{")

    def _definition(self, node: Node, opaque: RecordDecl, token: int) -> RecordDecl:
        context = self._context
        attributes = context.prepared.record_attributes.get(token, [])
        packed = any(attribute.name == "packed" for attribute in attributes)
        pack = context.directives.pack_at(context.offset_of_token(token))
        if packed and pack != 1:
            pack = -pack or PACKED
        members = list(node.decls or ())
        partial = bool(members) and getattr(members[-1], "name", None) == MORE_MEMBERS
        if partial:
            members.pop()
        fields = _Members(context, self._types, opaque, partial=partial, packed=packed).read(members)
        return RecordDecl(
            opaque.kind,
            opaque.tag,
            opaque.c_name,
            fields,
            partial,
            pack,
            context.alignment(attributes),
            opaque.place,
        )


class _Members:
    """The members of one struct or union."""

    def __init__(self, context: Context, types: TypeReader, record: RecordDecl, *, partial: bool, packed: bool) -> None:
        self._context = context
        self._types = types
        self._record = record
        self._partial = partial
        self._fields: list[Field] = []
        self._names: dict[str, Field] = {}
        self._packed = packed
        self._attributes = DeclaratorAttributes(context, context.prepared.member_attributes)

    def read(self, members: list[Node]) -> tuple[Field, ...]:
        for index, member in enumerate(members):
            if type(member).__name__ == "StaticAssert":
                continue
            if member.name == MORE_MEMBERS:
                raise self._context.error("'...;' must be the last thing in a struct or union", member)
            field = self._field(member)
            if field is None:
                continue
            self._check_name(field, member)
            self._fields.append(field)
            is_last = index == len(members) - 1
            self._check_type(field, member, is_last=is_last)
        return tuple(self._fields)

    def _field(self, node: Node) -> Optional[Field]:
        context = self._context
        ctype = self._types.known(self._types.read(node) if _has_declarator(node) else self._lone(node), node)
        place = context.place(node)
        if node.bitsize is not None:
            return self._bit_field(node, ctype)
        if not node.name:
            return self._anonymous(node, ctype)
        return Field(node.name, ctype, None, place, self._alignment(node, ctype))

    def _lone(self, node: Node) -> CType:
        """Read a member without a declarator: ``struct {...};``."""
        kind = type(node.type).__name__
        if kind not in {"Struct", "Union", "Enum"}:
            raise self._context.error("this declares no member: a name is missing", node)
        return self._context.specifiers[kind](node.type)

    def _anonymous(self, node: Node, ctype: CType) -> Optional[Field]:
        if isinstance(ctype, Tagged) and ctype.kind == "enum":
            return None  # declares enumerators only
        if not isinstance(ctype, Tagged):
            raise self._context.error("this declares no member: a name is missing", node)
        if node.type.name is not None:
            raise self._context.error(
                f"'{ctype.key};' declares no member in C: give the member a name, or leave out the tag '{ctype.tag}'",
                node,
            )
        return Field("", ctype, None, self._context.place(node), self._alignment(node, ctype))

    def _bit_field(self, node: Node, ctype: CType) -> Field:
        context = self._context
        resolved = context.resolve(ctype)
        is_enum = isinstance(resolved, Tagged) and resolved.kind == "enum"
        bits = context.target.integers().get(resolved.name, (0, False))[0] if isinstance(resolved, Primitive) else 0
        if isinstance(resolved, UnknownNumber):
            bits = 64 if resolved.kind == "int" else 0
        if is_enum:
            bits = 64
        name = node.name or ""
        where = node if name else node.bitsize
        shown = f"'{name}'" if name else "this one"
        if bits == 0:
            raise context.error(f"a bit-field must have an integer type; {shown} has '{spell(ctype)}'", where)
        width = context.length(node.bitsize)
        if width > bits:
            raise context.error(f"a bit-field of {width} bits is wider than its type '{spell(ctype)}'", node.bitsize)
        if width == 0 and name:
            raise context.error("only a bit-field without a name can have the width 0", node.bitsize)
        return Field(name, ctype, width, context.place(where), self._alignment(node, ctype))

    def _check_name(self, field: Field, node: Node) -> None:
        names = [field.name]
        if not field.name and field.bit_width is None:
            record = self._context.record(field.type)
            names = _member_names(self._context, record) if record is not None else []
        for name in names:
            if not name:
                continue
            before = self._names.get(name)
            if before is not None:
                error = self._context.error(f"'{self._record.key}' has two members '{name}'", node)
                error.related, error.note = before.place, "the other one is here"
                raise error
            self._names[name] = field

    def _check_type(self, field: Field, node: Node, *, is_last: bool) -> None:
        context = self._context
        resolved = context.resolve(field.type)
        if isinstance(resolved, (Void, Function)):
            what = "type void" if isinstance(resolved, Void) else "a function type; declare a pointer to a function"
            raise context.error(f"member '{field.name}' has {what}", node)
        is_flexible = isinstance(resolved, Array) and resolved.length is None
        if is_flexible and not is_last and not self._partial and self._record.kind == "struct":
            raise context.error(f"'{field.name}[]' must be the last member", node)
        item: CType = resolved
        while isinstance(item, Array):
            item = context.resolve(item.item)
        if isinstance(item, Tagged) and item.key == self._record.key:
            raise context.error(f"'{self._record.key}' cannot contain itself; declare a pointer to it", node)

    def _alignment(self, node: Node, ctype: CType) -> int:
        """Give the alignment of a member, as a ``Field`` has it."""
        largest = 0
        for alignas in node.align or ():
            operand = alignas.alignment
            if type(operand).__name__ == "Typename":
                value = self._context.align_of(self._context.read_type(operand), operand)
            else:
                value = self._context.length(operand)
            if value & (value - 1):
                raise self._context.error("an alignment is a power of two", operand)
            largest = max(largest, value)
        attributes = self._attributes.of(node) if self._context.prepared.member_attributes else []
        largest = max(largest, self._context.alignment(attributes))
        natural = self._context.scope.typedef_alignment(ctype)
        if natural and node.bitsize is not None:
            raise self._context.error(
                f"a bit-field cannot have the type '{spell(ctype)}', which has an alignment of its own", node
            )
        if self._packed:
            return largest
        if any(attribute.name == "packed" for attribute in attributes):
            return -max(largest, 1)
        return -max(largest, natural) if natural else largest


def _has_declarator(node: Node) -> bool:
    return type(node.type).__name__ in {"TypeDecl", "PtrDecl", "ArrayDecl", "FuncDecl"}


def _member_names(context: Context, record: RecordDecl) -> list[str]:
    names = []
    for field in record.fields or ():
        if field.name:
            names.append(field.name)
        elif field.bit_width is None:
            inner = context.record(field.type)
            if inner is not None:
                names += _member_names(context, inner)
    return names
