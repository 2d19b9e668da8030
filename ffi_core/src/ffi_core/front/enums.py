"""Enums: their enumerators, and the values of these."""

from __future__ import annotations

from .constants import UnknownValueError
from .context import Context
from .enum_types import enum_base
from .errors import CDefError
from .literals import Integer, smallest_type
from .model import ConstantDecl, EnumDecl, Tagged
from .tokens import MORE_MEMBERS, UNKNOWN_VALUE

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Optional

    Node = Any  # of pycparser, which has no types


class EnumReader:
    """Reads enum specifiers and declares what they define."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, node: Node) -> Tagged:
        """Declare an enum specifier, and give its type."""
        context = self._context
        token = context.token(node)
        found = context.reading.definitions.get(token)
        if found is not None:
            return found
        if node.name is not None:
            tag, c_name = node.name, f"enum {node.name}"
        else:
            c_name = context.reading.record_names.get(token, "")
            tag = f"${c_name}" if c_name else context.scope.anonymous_tag()
        ctype = Tagged("enum", tag)
        place = context.place(node)
        if node.values is None:
            context.scope.declare_type(ctype.key, EnumDecl(tag, c_name, (), partial=True, place=place))
            return ctype
        context.reading.definitions[token] = ctype
        constants, partial = self._enumerators(list(node.values.enumerators))
        if partial and not c_name and not constants:
            raise context.error("an enum without a name and without enumerators says nothing", node)
        # pycparser places an enum at its keyword; the attributes are kept by the token after that.
        attributes = context.prepared.record_attributes
        packed = any(a.name == "packed" for at in (token, token + 1) for a in attributes.get(at, ()))
        declare_enum(
            context, EnumDecl(tag, c_name, tuple(c.name for c in constants), partial, place, packed), constants
        )
        return ctype

    def _enumerators(self, nodes: list[Node]) -> tuple[list[ConstantDecl], bool]:
        """Compute the values in turn, and declare each at once: the next one can refer to it."""
        context = self._context
        partial = any(
            node.name == MORE_MEMBERS or (type(node.value).__name__ == "ID" and node.value.name == UNKNOWN_VALUE)
            for node in nodes
        )
        constants = []
        names = set()
        following: Optional[int] = 0
        for node in nodes:
            if node.name == MORE_MEMBERS:
                continue
            if node.name in names:
                raise context.error(f"enumerator '{node.name}' stands here twice", node)
            names.add(node.name)
            value = following if node.value is None else self._value(node)
            if partial and node.value is None:
                value = None  # what stands between the enumerators is not known
            constant = ConstantDecl(node.name, value, None, context.place(node), implied=node.value is None)
            declare_enumerator(context, constant)
            constants.append(constant)
            following = None if value is None else value + 1
        return constants, partial or any(constant.value is None for constant in constants)

    def _value(self, node: Node) -> Optional[int]:
        if type(node.value).__name__ == "ID" and node.value.name == UNKNOWN_VALUE:
            return None
        try:
            return self._context.evaluator.evaluate(node.value).value
        except UnknownValueError:
            return None


def declare_enumerator(context: Context, constant: ConstantDecl) -> None:
    """Declare one enumerator, so that the next one can refer to it."""
    context.scope.declare_global(constant)
    if constant.value is not None:
        ctype = smallest_type(constant.value, context.target)
        if ctype is None:
            raise CDefError(f"no integer type holds the value of '{constant.name}'", constant.place)
        context.integers[constant.name] = Integer(constant.value, ctype)


def declare_enum(context: Context, decl: EnumDecl, constants: list[ConstantDecl]) -> None:
    """Declare an enum whose enumerators are declared."""
    scope = context.scope
    if not scope.declare_type(decl.key, decl):
        return
    # With the enum come its values, also where a `#define` gave the same ones before.
    for constant in constants:
        scope.globals.pop(constant.name, None)
        scope.globals[constant.name] = constant
    if enum_base(decl, scope.find_global) is None:
        raise CDefError("no integer type holds all values of this enum", decl.place)
