"""The primitive types, by cffi's letters for their categories: character, integer, float."""

from __future__ import annotations

from typing import ClassVar


class PrimitiveType:
    """A holder of the table of primitive types that the suite goes through."""

    ALL_PRIMITIVE_TYPES: ClassVar = {
        **dict.fromkeys(("char", "wchar_t", "char16_t", "char32_t"), "c"),
        **dict.fromkeys(("float", "double", "long double"), "f"),
        **dict.fromkeys(
            ("short", "int", "long", "long long", "_Bool", "signed char", "ptrdiff_t", "size_t", "ssize_t"), "i"
        ),
        **{f"unsigned {name}": "i" for name in ("char", "short", "int", "long", "long long")},
        **{
            f"{u}int{kind}{bits}_t": "i"
            for u in ("", "u")
            for kind in ("", "_least", "_fast")
            for bits in (8, 16, 32, 64)
        },
        **{f"{u}int{kind}_t": "i" for u in ("", "u") for kind in ("ptr", "max")},
    }


# Bits for the qualifiers of a type.
Q_CONST = 1
Q_RESTRICT = 2
Q_VOLATILE = 4
