"""`cffi`, as ffi_core gives it to code that asks for it.

Belongs here: the names that the documentation of cffi 2.1 has.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

try:
    import ffi_core as _ffi_core
except ImportError:
    # This directory is on the path of another environment than the one where ffi_core is installed.
    sys.path.append(str(Path(__file__).resolve().parents[4]))
    import ffi_core as _ffi_core

from cffi.api import FFI
from cffi.error import CDefError, FFIError, PkgConfigError, VerificationError, VerificationMissing

__version__: Final = "2.1.1"
"""The version of cffi whose interface this is."""
__version_info__: Final = (2, 1, 1)
__ffi_core_version__: Final = _ffi_core.__version__

__all__ = [
    "FFI",
    "CDefError",
    "FFIError",
    "PkgConfigError",
    "VerificationError",
    "VerificationMissing",
    "__ffi_core_version__",
    "__version__",
    "__version_info__",
]
