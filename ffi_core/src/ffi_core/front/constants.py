"""Constant expressions, by the integer rules of C.

An expression is pycparser's; names, types and sizes come from the ``Surroundings`` that the parser supplies.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from .errors import CDefError
from .literals import Integer, IntegerType, LiteralError, integer_types, read_character, read_integer
from .model import CType, Pointer, Primitive
from .target import Target

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Final, Optional, Protocol

    Node = Any  # of pycparser, which has no types
else:
    Protocol = object


class UnknownValueError(CDefError):
    """A value that only a compiler knows: it was declared with ``...``."""


class Surroundings(Protocol):
    """What an expression can refer to."""

    def find_constant(self, name: str, node: Node) -> Integer:
        """Give the value of a name.  Errors: ``CDefError``; ``UnknownValueError`` where only a compiler knows it."""

    def read_type(self, node: Node) -> CType:
        """Give the type that a type name means."""

    def resolve(self, ctype: CType) -> CType:
        """Replace a typedef by what it stands for, at the top only."""

    def size_of(self, ctype: CType, node: Node) -> int:
        """Give the size in bytes."""

    def align_of(self, ctype: CType, node: Node) -> int:
        """Give the alignment in bytes."""

    def error(self, message: str, node: Node) -> CDefError:
        """Make the error that points at ``node``."""


_COMPARISONS: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ARITHMETIC: Final[dict[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}

_TWO_TO_63: Final = str(1 << 63)


class Evaluator:
    """Computes constant expressions.

    Errors: ``CDefError`` at the part of the expression that is to blame.
    Source: ISO C11 6.3.1, 6.4.4, 6.5 and 6.6; a left shift into or past the sign bit wraps, as GCC and Clang do.
    """

    def __init__(self, target: Target, surroundings: Surroundings) -> None:
        self._target = target
        self._around = surroundings
        self._types = integer_types(target)
        self._widths = target.integers()
        self._int = self.int_type = self._types[0][0]
        self._kinds: dict[str, Callable[[Node], Integer]] = {
            "Constant": self._literal,
            "ID": self._name,
            "UnaryOp": self._unary,
            "BinaryOp": self._binary,
            "TernaryOp": self._conditional,
            "Cast": self._cast,
        }

    def evaluate(self, node: Node) -> Integer:
        """Compute an expression."""
        kind = self._kinds.get(type(node).__name__)
        if kind is None:
            raise self._around.error("this is no constant expression", node)
        return kind(node)

    def convert(self, value: Integer, ctype: CType) -> Optional[Integer]:
        """Convert to an integer type, as a cast does; None where ``ctype`` is none."""
        resolved = self._around.resolve(ctype)
        if not isinstance(resolved, Primitive) or resolved.name not in self._widths:
            return None
        bits, signed = self._widths[resolved.name]
        if bits == 1:
            return Integer(int(value.value != 0), self._int)
        wrapped = IntegerType(0, bits, signed).wrap(value.value)
        return Integer(wrapped, self._promoted(bits, signed, resolved.name))

    def _promoted(self, bits: int, signed: bool, name: str) -> IntegerType:
        if bits < 32 or (bits == 32 and signed and name != "long"):
            return self._int
        rank = 0 if bits == 32 else 3 if bits == 128 else 1 if bits == self._types[1][0].bits else 2
        if name.endswith("long long"):
            rank = 2
        elif name in {"long", "unsigned long"}:
            rank = 1
        return self._types[rank][0 if signed else 1]

    def _literal(self, node: Node) -> Integer:
        text = node.value
        if text.endswith('"'):
            raise self._around.error("a string is no integer constant", node)
        if node.type in {"float", "double", "long double"}:
            message = f"{text} is no integer constant; for other constants, declare 'static const double NAME;'"
            raise self._around.error(message, node)
        try:
            return (read_character if text.endswith("'") else read_integer)(text, self._target)
        except LiteralError as error:
            raise self._around.error(str(error), node) from None

    def _name(self, node: Node) -> Integer:
        return self._around.find_constant(node.name, node)

    def _unary(self, node: Node) -> Integer:
        if node.op in {"sizeof", "_Alignof"}:
            return self._size(node)
        if node.op == "-" and getattr(node.expr, "value", "").rstrip("lL") == _TWO_TO_63:
            # No standard type holds the literal; GCC takes one of 128 bits, so that this is the lowest of 64 bits.
            return Integer(-int(_TWO_TO_63), self._types[2][0])
        if node.op not in {"+", "-", "~", "!"}:
            raise self._around.error(f"'{node.op}' cannot be used in a constant expression", node)
        operand = self.evaluate(node.expr)
        if node.op == "!":
            return Integer(int(not operand.value), self._int)
        if node.op == "~":
            return Integer(operand.type.wrap(~operand.value), operand.type)
        return self._checked(-operand.value if node.op == "-" else operand.value, operand.type, node)

    def _size(self, node: Node) -> Integer:
        size_type = next(pair[1] for pair in self._types if pair[1].bits == self._target.pointer_bits)
        if type(node.expr).__name__ == "Typename":
            ctype = self._around.read_type(node.expr)
            size = (self._around.size_of if node.op == "sizeof" else self._around.align_of)(ctype, node)
        else:
            size = self.evaluate(node.expr).type.bits // 8
        return Integer(size, size_type)

    def _binary(self, node: Node) -> Integer:
        op = node.op
        left = self.evaluate(node.left)
        if op in {"&&", "||"}:
            if bool(left.value) == (op == "||"):
                return Integer(int(op == "||"), self._int)
            return Integer(int(self.evaluate(node.right).value != 0), self._int)
        right = self.evaluate(node.right)
        if op in {"<<", ">>"}:
            return self._shift(left, right, node)
        common = self._common(left.type, right.type)
        a, b = common.wrap(left.value), common.wrap(right.value)
        if op in _COMPARISONS:
            return Integer(int(_COMPARISONS[op](a, b)), self._int)
        if op in {"/", "%"}:
            return self._division(a, b, common, node)
        if op in _ARITHMETIC:
            return self._checked(_ARITHMETIC[op](a, b), common, node)
        raise self._around.error(f"'{op}' cannot be used in a constant expression", node)

    def _shift(self, left: Integer, right: Integer, node: Node) -> Integer:
        if not 0 <= right.value < left.type.bits:
            raise self._around.error(
                f"a shift by {right.value} is not defined for a type of {left.type.bits} bits", node.right
            )
        value = left.value << right.value if node.op == "<<" else left.value >> right.value
        return Integer(left.type.wrap(value), left.type)

    def _division(self, a: int, b: int, common: IntegerType, node: Node) -> Integer:
        if b == 0:
            raise self._around.error("division by zero", node.right)
        quotient = abs(a) // abs(b)
        if (a < 0) != (b < 0):
            quotient = -quotient
        return self._checked(quotient if node.op == "/" else a - b * quotient, common, node)

    def _conditional(self, node: Node) -> Integer:
        condition = self.evaluate(node.cond)
        chosen, other = (node.iftrue, node.iffalse) if condition.value else (node.iffalse, node.iftrue)
        value = self.evaluate(chosen)
        try:
            common = self._common(value.type, self.evaluate(other).type)
        except CDefError:  # it is not evaluated in C: `N ? 10 / N : 0`
            return value
        return Integer(common.wrap(value.value), common)

    def _cast(self, node: Node) -> Integer:
        ctype = self._around.read_type(node.to_type)
        value = self._floating(node.expr)
        if value is None:
            value = self.evaluate(node.expr)
        converted = self.convert(value, ctype)
        if converted is None:
            kind = "a pointer" if isinstance(self._around.resolve(ctype), Pointer) else "this type"
            raise self._around.error(f"a cast to {kind} makes no integer constant", node)
        return converted

    def _floating(self, node: Node) -> Optional[Integer]:
        """Read a floating literal, which C allows directly under a cast."""
        if type(node).__name__ != "Constant" or node.type not in {"float", "double", "long double"}:
            return None
        try:
            text = node.value.rstrip("fFlL")
            number = float.fromhex(text) if "x" in text.lower() else float(text)
            return Integer(int(number), self._types[3][0])
        except (ValueError, OverflowError):
            raise self._around.error(f"{node.value} cannot be converted to an integer", node) from None

    def _common(self, left: IntegerType, right: IntegerType) -> IntegerType:
        """Apply the usual arithmetic conversions."""
        if left.signed == right.signed:
            return left if left.rank >= right.rank else right
        unsigned, signed = (right, left) if left.signed else (left, right)
        if unsigned.rank >= signed.rank:
            return unsigned
        return signed if signed.bits > unsigned.bits else self._types[signed.rank][1]

    def _checked(self, value: int, common: IntegerType, node: Node) -> Integer:
        if common.signed:
            if not common.holds(value):
                raise self._around.error("this overflows its integer type", node)
            return Integer(value, common)
        return Integer(common.wrap(value), common)
