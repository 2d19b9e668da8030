"""Compiler attributes: which of them matter, and to what.

``__attribute__((packed))`` and ``__attribute__((aligned(n)))`` change layouts and are kept.  Attributes that would
change a type or a call in ways that the model cannot say are errors.  All others (``nonnull``, ``format``,
``deprecated``...) say nothing that a caller must know and are skipped.
"""

from __future__ import annotations

from ffi_core.frozen import NamedTuple

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Final


# With the reason why skipping it would be silently wrong.
REFUSED: Final = {
    "mode": "changes the type",
    "vector_size": "makes a vector type",
    "ext_vector_type": "makes a vector type",
    "neon_vector_type": "makes a vector type",
    "address_space": "changes the type",
    "ms_struct": "changes the layout",
    "gcc_struct": "changes the layout",
    "scalar_storage_order": "changes the byte order",
    "transparent_union": "changes how arguments are passed",
    "regparm": "changes the calling convention",
    "sseregparm": "changes the calling convention",
    "fastcall": "changes the calling convention",
    "thiscall": "changes the calling convention",
    "vectorcall": "changes the calling convention",
    "ms_abi": "changes the calling convention",
    "sysv_abi": "changes the calling convention",
    "pcs": "changes the calling convention",
    "aarch64_vector_pcs": "changes the calling convention",
    "stdcall": "changes the calling convention: write __stdcall before the function's name",
}

# The `pack` of a record with this attribute: its members can be aligned in spite of it.  Under `#pragma pack(n)` it is -n.
PACKED: Final = -1

# What `aligned` without a number means: the largest alignment of any type.
BIGGEST_ALIGNMENT: Final = 16


class Attribute(NamedTuple):
    """``packed`` or ``aligned``.

    ``token`` is the one that it stands before; ``argument`` numbers the expression in ``aligned(...)``, and is -1
    without one; ``after_pointer`` where it follows a ``*``.
    Units: ``offset`` in the text.
    """

    name: str
    token: int
    offset: int
    argument: int = -1
    after_pointer: bool = False


def normal_name(name: str) -> str:
    """Take the underscores off ``__packed__``."""
    if len(name) > 4 and name.startswith("__") and name.endswith("__"):
        return name[2:-2]
    return name
