"""From pycparser's declarators and specifiers to C types."""

from __future__ import annotations

from .context import Context
from .diagnosis import unknown_type
from .model import (
    INFERRED,
    Array,
    CType,
    Function,
    Named,
    Pointer,
    Primitive,
    TypedefDecl,
    UnknownNumber,
    Void,
    _Inferred,
    spell,
)
from .names import SPECIFIERS
from .scope import qualify
from .tokens import MARKER_TYPES, OPAQUE, UNKNOWN_INTEGER, UNKNOWN_LENGTH

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final, Optional, Union

    Node = Any  # of pycparser, which has no types


# Far more than any C compiler is bound to take, and far less than exhausts the stack of whoever handles the type later.
MAX_DEPTH: Final = 100


class TypeReader:
    """Reads the types of declarations and of type names.

    Shapes: pycparser nests a declarator from the outside in: for ``int *f(void)`` a function of a pointer of ``int``.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._primitives: dict[tuple[str, ...], Primitive] = {}
        self._depth = 0

    def read(self, node: Node) -> CType:
        """Read the type of a declaration, a parameter or a type name."""
        return self._declarator(node.type)

    def _declarator(self, node: Node, *, parameter: bool = False) -> CType:
        kind = type(node).__name__
        if kind == "TypeDecl":
            return qualify(self._specifier(node.type), _qualifiers(node.quals))
        if kind not in {"PtrDecl", "ArrayDecl", "FuncDecl"}:
            return self._specifier(node)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._context.error("this type is nested too deeply", node)
        ctype: CType
        if kind == "PtrDecl":
            ctype = self._pointer(node)
        elif kind == "ArrayDecl":
            ctype = self._array(node, parameter=parameter)
        else:
            ctype = self.function(node)
        self._depth -= 1
        return ctype

    def _specifier(self, node: Node) -> CType:
        kind = type(node).__name__
        if kind == "IdentifierType":
            return self._named(node)
        reader = self._context.specifiers.get(kind)
        if reader is None:
            raise self._context.error("this is no type", node)
        return reader(node)

    def _named(self, node: Node) -> CType:
        words = tuple(node.names)
        primitive = self._primitives.get(words)
        if primitive is None:
            canonical = SPECIFIERS.get(words)
            if canonical is None:
                return self._find(words, node)
            primitive = self._primitives[words] = Primitive(canonical)
        return primitive

    def _find(self, words: tuple[str, ...], node: Node) -> CType:
        name = words[0]
        if len(words) > 1:
            raise self._context.error(f"'{' '.join(words)}' is no type of C", node)
        if isinstance(self._context.scope.find_type(name), TypedefDecl):
            return Named(name)
        if name == "void":
            return Void()
        if name == "FILE":
            self._context.scope.declare_file(self._context.place(node))
            return Named(name)
        if name == OPAQUE:
            raise self._context.error("'...' means an opaque type only in 'typedef ... T;' and 'typedef ... *T;'", node)
        if name in MARKER_TYPES:
            return UnknownNumber("int" if name == UNKNOWN_INTEGER else "float")
        common = self._context.scope.common.get(name)
        if common is None:
            raise self._context.error(unknown_type(self._context, name), node)
        return common

    def _pointer(self, node: Node) -> CType:
        target = self.known(self._declarator(node.type), node)
        if type(node.type).__name__ == "FuncDecl" and isinstance(target, Function):
            target = self._with_convention(target, self._context.token(node))
        self._no_inferred_length(target, node)
        return Pointer(target, _qualifiers(node.quals))

    def _array(self, node: Node, *, parameter: bool) -> CType:
        item = self.known(self._declarator(node.type), node)
        self._check_item(item, node)
        if node.dim is None:
            return Array(item, None)
        if type(node.dim).__name__ == "ID" and node.dim.name == UNKNOWN_LENGTH:
            return Array(item, INFERRED)
        if parameter:  # becomes a pointer: C allows any expression here
            return Array(item, None)
        return Array(item, self._length(node.dim))

    def _length(self, node: Node) -> Union[int, _Inferred]:
        length = self._context.length(node)
        if length >> (self._context.target.pointer_bits - 1):
            raise self._context.error("this array is larger than the address space", node)
        return length

    def _check_item(self, item: CType, node: Node) -> None:
        resolved = self._context.resolve(item)
        if isinstance(resolved, (Void, Function)):
            what = "void" if isinstance(resolved, Void) else "functions"
            raise self._context.error(f"there are no arrays of {what}", node)
        if isinstance(resolved, Array) and resolved.length is None:
            raise self._context.error("only the first dimension of an array can be left out", node)

    def known(self, ctype: CType, node: Node) -> CType:
        """Refuse ``int...`` and ``float...``, which only a typedef can have."""
        if isinstance(ctype, UnknownNumber):
            raise self._context.error(f"'{spell(ctype)}' can only be used in 'typedef {spell(ctype)} T;'", node)
        return ctype

    def _no_inferred_length(self, ctype: CType, node: Node) -> None:
        if self._context.has_inferred_length(ctype):
            raise self._context.error("'[...]' cannot be used here: no compiler can say this length", node)

    def function(self, node: Node) -> Function:
        """Read a function type."""
        result = self.known(self._declarator(node.type), node)
        resolved = self._context.resolve(result)
        if isinstance(resolved, (Array, Function)):
            what = "an array" if isinstance(resolved, Array) else "a function"
            raise self._context.error(f"a function cannot return {what}", node)
        parameters: list[CType] = []
        names: list[str] = []
        variadic = False
        for parameter in node.args.params if node.args is not None else ():
            if type(parameter).__name__ == "EllipsisParam":
                variadic = True
                continue
            if type(parameter).__name__ == "ID":
                raise self._context.error(_untyped(node, len(parameters) + 1, parameter.name), parameter)
            ctype = self._parameter(parameter)
            if ctype is None:
                self._check_lone_void(parameter, node)
                continue
            parameters.append(ctype)
            names.append(parameter.name or "")
        if variadic and not parameters:
            raise self._context.error("a function needs a parameter before '...'", node)
        return Function(result, tuple(parameters), variadic, parameter_names=tuple(names))

    def _parameter(self, node: Node) -> Optional[CType]:
        """Read the type of a parameter; None for ``void``."""
        ctype = self.known(self._declarator(node.type, parameter=True), node)
        resolved = self._context.resolve(ctype)
        if isinstance(resolved, Void):
            if node.name:
                raise self._context.error(f"parameter '{node.name}' has type void", node)
            return None
        if isinstance(resolved, Array):
            if isinstance(ctype, Named) and self._context.has_inferred_length(resolved):
                return ctype  # only this name leads to the length of the items
            self._no_inferred_length(resolved, node)
            quals = _qualifiers(node.type.dim_quals) if type(node.type).__name__ == "ArrayDecl" else ()
            return Pointer(resolved.item, quals)
        if isinstance(resolved, Function):
            return Pointer(resolved)
        return ctype

    def _check_lone_void(self, parameter: Node, function: Node) -> None:
        if len(function.args.params) != 1:
            raise self._context.error("'void' must be the only parameter", parameter)

    def with_convention(self, function: Function, node: Node) -> Function:
        """Give the function that ``node`` declares the calling convention written before its name."""
        return self._with_convention(function, self._context.token(node))

    def _with_convention(self, function: Function, token: int) -> Function:
        found = self._context.prepared.conventions.pop(token, None)
        if found is None:
            return function
        return Function(function.result, function.parameters, function.variadic, found[0], function.parameter_names)


def _qualifiers(words: Optional[list[str]]) -> tuple[str, ...]:
    if not words:
        return ()
    return tuple(dict.fromkeys(word for word in words if word != "static"))


def _untyped(function: Node, number: int, name: str) -> str:
    """Say that a parameter is only a name: an unknown type, or C of before 1989."""
    while type(function).__name__ != "TypeDecl":
        function = function.type
    return (
        f"{function.declname or 'function'} arg {number}: unknown type '{name}' (if you meant to use the old C syntax of "
        "giving untyped arguments, it is not supported)"
    )
