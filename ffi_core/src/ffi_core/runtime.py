"""Pick the runtime for the interpreter that is running.

CPython: the native extension `ffi_core._native`.  There is no slower substitute: where it cannot be imported, the
error says what to do.  Imports neither the front end nor anything that builds.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

try:
    from ffi_core._native import FFI as FFI
except ImportError as problem:
    raise ImportError(
        f"ffi_core has no runtime for this interpreter ({sys.implementation.name} {sys.version.split()[0]}, {sys.executable}): "
        f"{problem}. Install ffi-core with this very interpreter: {sys.executable} -m pip install --force-reinstall ffi-core"
    ) from problem

TABLE_VERSION = 1


def load(
    version: int,
    name: str,
    global_declarations: Mapping[str, tuple[object, ...]],
    type_declarations: Mapping[str, tuple[object, ...]],
    includes: tuple[FFI, ...] = (),
) -> FFI:
    """Make the `ffi` of a generated module (out-of-line ABI mode).

    Errors: ``ImportError`` where the module was generated for another version of the declaration table.
    """
    if version != TABLE_VERSION:
        advice = "upgrade ffi-core" if version > TABLE_VERSION else "generate the module again with the installed ffi-core"
        raise ImportError(
            f"module {name!r} was generated for version {version} of the declaration table, and the installed ffi_core reads "
            f"version {TABLE_VERSION}: {advice}"
        )
    ffi = FFI()
    ffi._declare(global_declarations, type_declarations)
    for other in includes:
        ffi._include(other)
    return ffi
