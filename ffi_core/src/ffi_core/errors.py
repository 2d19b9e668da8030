"""The base of the exceptions that users of ffi_core catch.  Imports nothing, for the runtime raises it too."""

from __future__ import annotations


class FFIError(Exception):
    """The base of what declarations, types and builds can raise; `ffi.error` is this class."""


class ClosedLibraryError(FFIError, ValueError):
    """A library was used after ``ffi.dlclose``."""


class MissingSymbolError(FFIError, AttributeError):
    """A library does not have what was declared."""


class UnknownSizeError(FFIError, ValueError):
    """The size of something was asked for that has none."""


class VerificationMissing(FFIError):  # noqa: N818 - known by this name
    """Only a compiler can tell what was asked for: it was declared with ``...``, and this is ABI mode."""
