"""Integer and character literals of C: their values and types."""

from __future__ import annotations

import re

from ffi_core.frozen import NamedTuple

from .patterns import lazy
from .target import Target

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final, Optional

_INTEGER = lazy(r"(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|(0[0-7]*)|([1-9][0-9]*))([uUlL]*)\Z", re.ASCII)
_CHARACTER = lazy(r"(L|u8|u|U|)'(.*)'\Z", re.DOTALL)
_ESCAPE = lazy(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIMPLE_ESCAPES: Final = {
    **{c: ord(c) for c in "'\"?\\"},
    "a": 7,
    "b": 8,
    "e": 27,
    "f": 12,
    "n": 10,
    "r": 13,
    "t": 9,
    "v": 11,
}
_SUFFIXES: Final = {
    "": (False, 0),
    "u": (True, 0),
    "l": (False, 1),
    "ul": (True, 1),
    "lu": (True, 1),
    "ll": (False, 2),
    "ull": (True, 2),
    "llu": (True, 2),
}


class IntegerType(NamedTuple):
    """A promoted integer type.  ``rank``: 0 for int, 1 long, 2 long long, 3 __int128.  Units: bits."""

    rank: int
    bits: int
    signed: bool

    def holds(self, value: int) -> bool:
        """Say whether ``value`` is in the range of the type."""
        if self.signed:
            return -(1 << (self.bits - 1)) <= value < 1 << (self.bits - 1)
        return 0 <= value < 1 << self.bits

    def wrap(self, value: int) -> int:
        """Reduce ``value`` to the range of the type, as a conversion does."""
        value &= (1 << self.bits) - 1
        if self.signed and value >> (self.bits - 1):
            value -= 1 << self.bits
        return value


class Integer(NamedTuple):
    """The value of a constant expression, and its type."""

    value: int
    type: IntegerType


class LiteralError(ValueError):
    """A literal that C does not allow."""


def integer_types(target: Target) -> tuple[tuple[IntegerType, IntegerType], ...]:
    """List the promoted types by rank, each as (signed, unsigned)."""
    widths = (32, target.long_bits, 64, 128)
    return tuple((IntegerType(r, bits, True), IntegerType(r, bits, False)) for r, bits in enumerate(widths))


def smallest_type(value: int, target: Target) -> Optional[IntegerType]:
    """Give the type of a value of which nothing else is known; None where no type of 64 bits holds it."""
    types = integer_types(target)
    for candidate in (types[0][0], types[1][0], types[2][0], types[2][1]):
        if candidate.holds(value):
            return candidate
    return None


def read_integer(text: str, target: Target) -> Integer:
    """Read an integer literal.

    Errors: ``LiteralError``.
    Source: ISO C11 6.4.4.1.  A decimal literal that only fits ``unsigned long long`` has that type, as compilers do.
    """
    match = _INTEGER.match(text)
    if match is None:
        raise LiteralError(f"{text!r} is no integer literal")
    hexadecimal, binary, octal, decimal, suffix = match.groups()
    if "lL" in suffix or "Ll" in suffix or suffix.lower() not in _SUFFIXES:
        raise LiteralError(f"{suffix!r} is no suffix of an integer")
    if hexadecimal:
        value = int(hexadecimal, 16)
    elif binary:
        value = int(binary, 2)
    elif octal:
        value = int(octal, 8)
    else:
        value = int(decimal) if len(decimal) < 50 else 1 << 64
    is_unsigned, rank = _SUFFIXES[suffix.lower()]
    for signed, unsigned in integer_types(target)[rank:3]:
        if not is_unsigned and signed.holds(value):
            return Integer(value, signed)
        if (is_unsigned or not decimal or unsigned.rank == 2) and unsigned.holds(value):
            return Integer(value, unsigned)
    raise LiteralError(f"{text} is larger than any integer type")


def read_character(text: str, target: Target) -> Integer:
    """Read a character literal.

    Errors: ``LiteralError``.
    Source: ISO C11 6.4.4.4.
    """
    match = _CHARACTER.match(text)
    if match is None:
        raise LiteralError(f"{text!r} is no character literal")
    prefix, body = match.groups()
    if not body:
        raise LiteralError("this character literal is empty")
    value, end = _first_character(body)
    if end != len(body):
        raise LiteralError(f"{text} has more than one character")
    int_type, unsigned_type = integer_types(target)[0]
    if not body.isascii() and prefix in {"", "u8"}:
        raise LiteralError(f"{text} has more than one character in UTF-8")
    bits = {"": 8, "u8": 8, "u": 16, "U": 32, "L": target.wchar_bits}[prefix]
    if value >> bits:
        raise LiteralError(f"{text} does not fit its character type")
    if prefix in {"", "L"}:
        signed = target.char_signed if not prefix else target.wchar_signed
        return Integer(IntegerType(0, bits, signed).wrap(value), int_type)
    return Integer(value, unsigned_type if prefix == "U" else int_type)


def _first_character(body: str) -> tuple[int, int]:
    """Read the first character or escape; returns it and where it ends."""
    if body[0] != "\\":
        return ord(body[0]), 1
    match = _ESCAPE.match(body)
    if match is None:
        raise LiteralError("this escape sequence is not complete")
    octal, hexadecimal, short, long, simple = match.groups()
    if octal:
        return int(octal, 8), match.end()
    if hexadecimal or short or long:
        return int(hexadecimal or short or long, 16), match.end()
    if simple not in _SIMPLE_ESCAPES:
        raise LiteralError(f"'\\{simple}' is no escape sequence of C")
    return _SIMPLE_ESCAPES[simple], match.end()
