"""Call C from Python, from C declarations.

`FFI` is the entrance; everything else hangs off its instances.  It and most exception classes are imported when first
asked for, so that `import ffi_core` reads neither the front end nor the builder.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # typing takes longer to import than everything that this package needs at first
if TYPE_CHECKING:
    from ffi_core.build import VerificationError as VerificationError
    from ffi_core.errors import CDefError as CDefError
    from ffi_core.errors import VerificationMissing as VerificationMissing
    from ffi_core.ffi import FFI as FFI
    from ffi_core.pkgconfig import PkgConfigError as PkgConfigError

__all__ = [
    "FFI",
    "CDefError",
    "FFIError",
    "PkgConfigError",
    "VerificationError",
    "VerificationMissing",
    "__version__",
]

_HOME = {
    "FFI": "ffi_core.ffi",
    "CDefError": "ffi_core.errors",
    "PkgConfigError": "ffi_core.pkgconfig",
    "VerificationError": "ffi_core.build",
    "VerificationMissing": "ffi_core.errors",
}


class FFIError(Exception):
    """The base of what declarations, types and builds can raise; `ffi.error` is this class."""


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
