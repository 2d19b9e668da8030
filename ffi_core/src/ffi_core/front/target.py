"""What the integer rules of C need to know of the machine: widths and signs of the arithmetic types.

Layout is not decided here: this serves constant expressions only.
"""

from __future__ import annotations

import os
import struct
import sys

from ffi_core.frozen import NamedTuple


class Target(NamedTuple):
    """The arithmetic types of one C implementation.

    Units: bits, but ``long_double_size`` is in bytes.
    """

    long_bits: int
    pointer_bits: int
    wchar_bits: int
    char_signed: bool
    wchar_signed: bool
    fast_bits: int
    long_double_size: int
    windows: bool

    def integers(self) -> dict[str, tuple[int, bool]]:
        """Give width and sign of every integer type by its canonical name."""
        table = {
            "_Bool": (1, False),
            "char": (8, self.char_signed),
            "wchar_t": (self.wchar_bits, self.wchar_signed),
            "char16_t": (16, False),
            "char32_t": (32, False),
            "intptr_t": (self.pointer_bits, True),
            "uintptr_t": (self.pointer_bits, False),
            "ptrdiff_t": (self.pointer_bits, True),
            "ssize_t": (self.pointer_bits, True),
            "size_t": (self.pointer_bits, False),
            "intmax_t": (64, True),
            "uintmax_t": (64, False),
            "signed char": (8, True),
            "unsigned char": (8, False),
        }
        for name, bits in (
            ("short", 16),
            ("int", 32),
            ("long", self.long_bits),
            ("long long", 64),
            ("__int128", 128),
        ):
            table[name] = (bits, True)
            table[f"unsigned {name}"] = (bits, False)
        for bits in (8, 16, 32, 64):
            fast = bits if bits in {8, 64} else self.fast_bits
            for name, width in ((f"int{bits}_t", bits), (f"int_least{bits}_t", bits), (f"int_fast{bits}_t", fast)):
                table[name] = (width, True)
                table[f"u{name}"] = (width, False)
        return table

    def floats(self) -> dict[str, int]:
        """Give the size in bytes of every floating and complex type by its canonical name."""
        sizes = {"float": 4, "double": 8, "long double": self.long_double_size}
        return {**sizes, **{f"{name} _Complex": 2 * size for name, size in sizes.items()}}


def host_target() -> Target:
    """Describe the machine that runs this."""
    windows = sys.platform == "win32"
    machine = os.uname().machine if hasattr(os, "uname") else "x86"
    pointer_bits = 8 * struct.calcsize("P")
    is_x86 = machine in {"x86_64", "amd64", "AMD64", "x86", "i386", "i586", "i686"}
    if windows or (sys.platform == "darwin" and not is_x86):
        long_double_size = 8
    else:
        long_double_size = 12 if is_x86 and pointer_bits == 32 else 16
    return Target(
        long_bits=8 * struct.calcsize("l"),
        pointer_bits=pointer_bits,
        wchar_bits=16 if windows else 32,
        char_signed=windows or is_x86 or sys.platform == "darwin",
        wchar_signed=not windows and (sys.platform == "darwin" or not machine.startswith(("arm", "aarch64"))),
        fast_bits=pointer_bits if sys.platform == "linux" else 32,
        long_double_size=long_double_size,
        windows=windows,
    )
