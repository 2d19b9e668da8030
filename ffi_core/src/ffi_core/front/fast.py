"""Plain declarations, declared without pycparser.

Headers consist for the most part of functions, structs and typedefs of the plainest kind.  Those are recognised by
regular expressions, several times as fast as by a grammar.  This part knows no errors: whatever it does not
recognise, or has the slightest doubt about, pycparser gets.  So it accepts nothing that the other does not, and gives
the same model.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ffi_core.frozen import NamedTuple

from .context import Context
from .enums import declare_enum, declare_enumerator
from .model import (
    Array,
    ConstantDecl,
    CType,
    EnumDecl,
    Field,
    Function,
    FunctionDecl,
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
)
from .pieces import Piece, Recognizer
from .scope import qualify
from .shapes import Dimensions, Shape, Shapes

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Optional


class _Parameters(NamedTuple):
    types: tuple[CType, ...]
    names: tuple[str, ...]
    variadic: bool


class FastReader:
    """Recognises plain declarations, and declares them.

    ``alone`` reads one declaration by pycparser and declares it: what is done where a name turns out to mean something
    that the words did not tell.  ``typedefs`` are the names of the typedefs among the declarations that were taken.
    """

    def __init__(self, context: Context, alone: Callable[[int, int], None], *, release_gil: bool) -> None:
        self.typedefs: set[str] = set()
        self._context = context
        self._scope = context.scope
        self._place = context.source.place
        self._alone = alone
        self._release_gil = release_gil
        self._generation = context.scope.generation
        self._shapes = Shapes(context.target)
        self._lists: dict[str, _Parameters] = {}
        self._recognizer = Recognizer(context.source.clean, self._shapes)
        self._declarers: dict[str, Callable[[Piece], bool]] = {
            "function": self._function,
            "variable": self._variable,
            "typedef": self._typedef,
            "opaque": self._opaque,
            "struct": self._record,
            "union": self._record,
            "enum": self._enum,
        }

    def take(self, position: int) -> Optional[Piece]:
        """Recognise the declaration at ``position``."""
        piece = self._recognizer.find(position)
        if piece is not None and piece.name and piece.kind not in {"function", "variable"}:
            self.typedefs.add(piece.name)
        return piece

    def declare(self, piece: Piece) -> None:
        """Declare what was taken."""
        if self._generation != self._scope.generation:
            # A typedef took the name of a standard type: what was read before may mean something else now.
            self._generation = self._scope.generation
            self._lists.clear()
            self._shapes.forget_types()
        if not self._declarers[piece.kind](piece):
            self._alone(piece.start, piece.end)

    # From words to types.  None: only a look at all declarations can tell, so pycparser gets it.

    def _resolve(self, shape: Shape) -> Optional[CType]:
        if shape.ctype is not None:
            return shape.ctype
        ctype: Optional[CType]
        is_known = True
        if shape.tag is not None:
            ctype = Tagged(*shape.tag, shape.qualifiers)
            is_known = self._scope.find_type(ctype.key) is not None
            if not is_known and ctype.kind == "enum":
                return None
        elif shape.name == "FILE" and self._scope.find_type("FILE") is None:
            ctype = Named("FILE", shape.qualifiers)
            is_known = False
        elif shape.name:
            ctype = self._named(shape)
        elif shape.canonical == "void":
            ctype = Void(shape.qualifiers)
            shape.is_plain = bool(shape.pointers)
        else:
            ctype = Primitive(shape.canonical, shape.qualifiers)
        if ctype is None:
            return None
        for qualifiers in shape.pointers:
            ctype = Pointer(ctype, qualifiers)
        if is_known:
            shape.ctype = ctype
        return ctype

    def _named(self, shape: Shape) -> Optional[CType]:
        name = shape.name
        ctype: CType
        if isinstance(self._scope.find_type(name), TypedefDecl):
            ctype = Named(name, shape.qualifiers)
            resolved = self._scope.resolve(Named(name))
        elif name in self._scope.common:
            resolved = self._scope.common[name]
            ctype = qualify(resolved, shape.qualifiers)
        else:
            return None
        shape.is_plain = bool(shape.pointers) or not (
            isinstance(resolved, (Void, Array, Function, UnknownNumber)) or "const" in resolved.qualifiers
        )
        return ctype

    def _complete(self, shape: Optional[Shape], dimensions: Dimensions) -> Optional[CType]:
        """Resolve the type of something that has a value."""
        ctype = None if shape is None else self._resolve(shape)
        if shape is None or ctype is None or not shape.is_plain:
            return None
        return self._array(ctype, dimensions) if dimensions else ctype

    def _array(self, ctype: CType, dimensions: Dimensions) -> Optional[CType]:
        length: Optional[int]
        for dimension in reversed(dimensions):
            if isinstance(dimension, str):
                length = self._constant(dimension)
                if length is None:
                    return None
            else:
                length = dimension
            ctype = Array(ctype, length)
        return ctype

    def _constant(self, name: str) -> Optional[int]:
        """Look up a length that has a name."""
        compute = self._context.pending.get(name)
        if compute is not None:
            compute()
        decl = self._scope.find_global(name)
        if not isinstance(decl, ConstantDecl) or decl.value is None or not 0 <= decl.value < 1 << 62:
            return None
        return decl.value

    def _parameters(self, text: str) -> Optional[_Parameters]:
        found = self._lists.get(text)
        if found is not None:
            return found
        types = []
        names = []
        variadic = False
        is_known = True
        for part in text.split(",") if text.strip() else ():
            parameter = self._shapes.parameters.get(part)
            if parameter is None:
                variadic = True
                continue
            shape = parameter.shape
            ctype = self._resolve(shape)
            if ctype is None:
                return None
            if not shape.is_plain:
                if text.strip() == "void":
                    break
                return None
            if parameter.dimensions is not None:
                item = self._array(ctype, parameter.dimensions)
                if item is None or self._scope.is_type_name(parameter.length):
                    return None
                ctype = Pointer(item)
            is_known = is_known and shape.ctype is not None and not parameter.length
            types.append(ctype)
            names.append(parameter.name)
        result = _Parameters(tuple(types), tuple(names), variadic)
        if is_known:
            self._lists[text] = result
        return result

    def _mention(self, shape: Optional[Shape], piece: Piece) -> None:
        """Declare the struct or union that a type names, or FILE, where nothing did before."""
        if shape is None or shape.ctype is not None:
            return
        if shape.tag is not None:
            kind, tag = shape.tag
            key = f"{kind} {tag}"
            if self._scope.find_type(key) is None:
                place = self._find(rf"\b{kind}\s+({tag})\b", piece)
                self._scope.declare_type(key, RecordDecl(kind, tag, key, place=place))
        elif shape.name == "FILE" and self._scope.find_type("FILE") is None:
            self._scope.declare_file(self._find(r"\b(FILE)\b", piece))

    def _find(self, pattern: str, piece: Piece) -> Place:
        match = re.compile(pattern, re.ASCII).search(self._context.source.clean, piece.start, piece.end)
        return self._place(piece.start if match is None else match.start(1))

    # Each declares one kind of piece.  False, with nothing declared: pycparser gets it.

    def _function(self, piece: Piece) -> bool:
        shape = piece.shape
        if shape is None or self._scope.is_type_name(piece.name):
            return False
        result = self._resolve(shape)
        parameters = self._parameters(piece.text)
        is_plain = shape.is_plain or (shape.canonical == "void" and not shape.qualifiers)
        if result is None or parameters is None or not is_plain:
            return False
        self._mention(shape, piece)
        if piece.text not in self._lists:
            for part in piece.text.split(","):
                parameter = self._shapes.parameters.get(part)
                if parameter is not None:
                    self._mention(parameter.shape, piece)
        ctype = Function(result, parameters.types, parameters.variadic, "", parameters.names)
        place = self._place(piece.name_offset)
        self._scope.declare_global(FunctionDecl(piece.name, ctype, place, self._release_gil))
        return True

    def _variable(self, piece: Piece) -> bool:
        ctype = self._complete(piece.shape, piece.dimensions)
        if ctype is None or self._scope.is_type_name(piece.name):
            return False
        self._mention(piece.shape, piece)
        place = self._place(piece.name_offset)
        self._scope.declare_global(VariableDecl(piece.name, ctype, place, self._scope.is_const(ctype)))
        return True

    def _typedef(self, piece: Piece) -> bool:
        shape = piece.shape
        if shape is None:
            return False
        ctype = self._complete(shape, piece.dimensions) if piece.dimensions else self._resolve(shape)
        if ctype is None:
            return False
        self._mention(shape, piece)
        self._scope.declare_typedef(piece.name, ctype, self._place(piece.name_offset))
        return True

    def _opaque(self, piece: Piece) -> bool:
        key = f"{piece.text} {piece.tag}"
        record = RecordDecl(piece.text, piece.tag, key, place=self._place(piece.tag_offset))
        self._scope.declare_type(key, record)
        return True

    def _record(self, piece: Piece) -> bool:
        kind = piece.kind
        ctype = Tagged(kind, piece.tag or f"${piece.name}")
        fields = self._fields(piece, ctype)
        if fields is None:
            return False
        scope = self._scope
        c_name = f"{kind} {piece.tag}" if piece.tag else piece.name
        place = self._place(piece.tag_offset)
        if scope.find_type(ctype.key) is None:
            scope.declare_type(ctype.key, RecordDecl(kind, ctype.tag, c_name, place=place))
        for member in piece.members:
            self._mention(member.shape, piece)
        pack = self._context.directives.pack_at(piece.tag_offset)
        scope.declare_type(ctype.key, RecordDecl(kind, ctype.tag, c_name, fields, pack=pack, place=place))
        if piece.name:
            scope.declare_typedef(piece.name, ctype, self._place(piece.name_offset))
        return True

    def _fields(self, piece: Piece, record: Tagged) -> Optional[tuple[Field, ...]]:
        fields = []
        place = self._place
        last = len(piece.members) - 1
        for index, (shape, name, offset, dimensions, width) in enumerate(piece.members):
            ctype = self._resolve(shape)
            if ctype is None or not shape.is_plain or (not shape.pointers and self._is(shape, ctype, record)):
                return None
            if dimensions:
                if dimensions[0] is None and (index != last or record.kind == "union"):
                    return None
                ctype = self._array(ctype, dimensions)
                if ctype is None:
                    return None
            elif width is not None and not self._fits(ctype, width):
                return None
            if shape.name and self._scope.typedef_alignment(ctype):
                return None
            fields.append(Field(name, ctype, width, place(offset)))
        return tuple(fields)

    def _is(self, shape: Shape, ctype: CType, record: Tagged) -> bool:
        """Say whether a member has the type of its own struct or union."""
        if not shape.name:
            return shape.tag == (record.kind, record.tag)
        resolved = self._scope.resolve(ctype)
        return isinstance(resolved, Tagged) and resolved.key == record.key

    def _fits(self, ctype: CType, width: int) -> bool:
        resolved = self._scope.resolve(ctype)
        if not isinstance(resolved, Primitive):
            return False
        bits, _ = self._context.target.integers().get(resolved.name, (0, False))
        return width <= bits

    def _enum(self, piece: Piece) -> bool:
        scope = self._scope
        if any(scope.is_type_name(enumerator.name) for enumerator in piece.enumerators):
            return False
        c_name = f"enum {piece.tag}" if piece.tag else piece.name
        tag = piece.tag or (f"${piece.name}" if piece.name else scope.anonymous_tag())
        following = 0
        constants = []
        for name, offset, own in piece.enumerators:
            value = following if own is None else own
            constant = ConstantDecl(name, value, None, self._place(offset), implied=own is None)
            declare_enumerator(self._context, constant)
            constants.append(constant)
            following = value + 1
        names = tuple(constant.name for constant in constants)
        declare_enum(self._context, EnumDecl(tag, c_name, names, place=self._place(piece.tag_offset)), constants)
        if piece.name:
            scope.declare_typedef(piece.name, Tagged("enum", tag), self._place(piece.name_offset))
        return True
