"""The errors of the front end, by the names under which it raises them."""

from __future__ import annotations

from ffi_core.errors import CDefError, FFIError

__all__ = ["CDefError", "FFIError"]
