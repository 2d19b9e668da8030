"""What code that goes past `cffi` finds in its compiled half, backed by ffi_core."""

from __future__ import annotations

from typing import Final

import cffi as _cffi

from ffi_core._native import CField, CType, Lib
from ffi_core.runtime import FFI

__version__: Final = _cffi.__version__

CData = FFI.CData
buffer = FFI.buffer
__all__ = ["FFI", "CData", "CField", "CType", "Lib", "__version__", "buffer"]
