"""The machinery of ``ffi.verify()``, under the names that `cffi` has for it."""

from __future__ import annotations

from ffi_core.verify import Verifier, cleanup_tmpdir, set_tmpdir

__all__ = ["Verifier", "cleanup_tmpdir", "set_tmpdir"]
