"""The integer types that compilers choose for enums."""

from __future__ import annotations

from collections.abc import Callable

from .model import ConstantDecl, EnumDecl, GlobalDecl

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final, Optional

# The integer types of enums and their widths: the signed ones, and the unsigned ones.
_NORMAL: Final = (("int", 32), ("long", 64)), (("unsigned int", 32), ("unsigned long", 64))
_PACKED: Final = (
    (("signed char", 8), ("short", 16), *_NORMAL[0]),
    (("unsigned char", 8), ("unsigned short", 16), *_NORMAL[1]),
)


def enum_base(decl: EnumDecl, find: Callable[[str], Optional[GlobalDecl]]) -> Optional[str]:
    """Choose the integer type of an enum as GCC does; None where none holds all values, "" where not all are known.

    Source: GCC manual, "Structures, Unions, Enumerations, and Bit-Fields".
    """
    values = []
    for name in decl.enumerators:
        constant = find(name)
        if not isinstance(constant, ConstantDecl) or constant.value is None:
            return ""
        values.append(constant.value)
    if decl.partial:
        return ""
    low, high = min(values, default=0), max(values, default=0)
    signed, unsigned = _PACKED if decl.packed else _NORMAL
    if low >= 0:
        return next((name for name, bits in unsigned if high < 1 << bits), None)
    return next((name for name, bits in signed if low >= -(1 << (bits - 1)) and high < 1 << (bits - 1)), None)
