"""The exceptions of `cffi`: those of ffi_core."""

from __future__ import annotations

from ffi_core import CDefError, FFIError, PkgConfigError, VerificationError, VerificationMissing

__all__ = ["CDefError", "FFIError", "PkgConfigError", "VerificationError", "VerificationMissing"]
