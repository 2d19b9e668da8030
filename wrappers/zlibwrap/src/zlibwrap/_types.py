"""Types that several modules name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, Union

__all__ = ["Buffer", "Format"]

if TYPE_CHECKING:
    if sys.version_info >= (3, 12):
        from collections.abc import Buffer
    else:
        from typing_extensions import Buffer
else:
    Buffer = Union[bytes, bytearray, memoryview]

Format = Literal["auto", "gzip", "raw", "zlib"]
"""What stands around the compressed data: "auto" finds out, when decompressing, whether it is zlib or gzip."""
