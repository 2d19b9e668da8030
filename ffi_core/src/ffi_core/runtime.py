"""The runtime of this interpreter, and the entrance of generated modules.

Belongs here: choosing who does the work at run time, and saying what to install where nobody can.
"""

from __future__ import annotations

import sys

from ffi_core import __version__

TYPE_CHECKING = False  # typing takes longer to import than everything here
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final, Union

TABLE_VERSION: Final = 2
"""The version of the declaration table, FFIC_TABLE_VERSION in the C header."""


def _explain(error: ImportError) -> ImportError:
    """Say why there is no runtime, and what to do about it."""
    name = sys.implementation.name
    version = ".".join(map(str, sys.version_info[:2])) + ("t" if "free-threading" in sys.version else "")
    where = f"{name} {version} on {sys.platform} ({sys.executable})"
    if name not in ("cpython", "pypy"):
        return ImportError(
            f"ffi_core {__version__} has no runtime for {where}: it runs on CPython 3.9 and later, and on PyPy 3.9 and later"
        )
    if name == "pypy":
        return ImportError(f"ffi_core {__version__} needs the primitives that PyPy has built in, in {where}: {error}")
    if isinstance(error, ModuleNotFoundError) and error.name == "ffi_core._native":
        return ImportError(
            f"ffi_core {__version__} is installed without its native extension for {where}. "
            "It was built for another Python, or not built at all. Install it again with this Python: "
            f"{sys.executable} -m pip install --force-reinstall ffi-core"
        )
    return ImportError(
        f"ffi_core {__version__} cannot load its native extension in {where}: {error}. "
        "If a shared library is missing, install it (libffi: package libffi8 on Debian and Ubuntu, libffi on Fedora); "
        f"otherwise install ffi_core again: {sys.executable} -m pip install --force-reinstall ffi-core"
    )


try:
    if TYPE_CHECKING or sys.implementation.name != "pypy":
        from ffi_core._native import FFI
    else:
        from ffi_core.pypy.ffi_object import FFI
except ImportError as _error:
    raise _explain(_error) from _error


def _check_version(version: int, name: str) -> None:
    if version != TABLE_VERSION:
        advice = (
            f'upgrade it: {sys.executable} -m pip install --upgrade "ffi-core"'
            if version > TABLE_VERSION
            else "generate the module again with the installed ffi_core"
        )
        raise ImportError(
            f"module {name!r} was generated for version {version} of the declaration table, and the installed ffi_core "
            f"{__version__} reads version {TABLE_VERSION}: {advice}",
            name=name,
        )


def load(
    version: int,
    name: str,
    declared_globals: Union[str, dict[str, tuple[Any, ...]]],
    declared_types: Union[str, dict[str, tuple[Any, ...]]],
    includes: Sequence[FFI] = (),
) -> FFI:
    """Make the ``ffi`` of a generated Python module.

    Shapes: see docs/declaration_table.md; ``includes`` are the ``ffi`` objects of the included modules.
    Errors: ``ImportError`` where the module was generated for another version of the declaration table.
    """
    _check_version(version, name)
    ffi = FFI()
    for other in includes:
        ffi._include(other)
    if isinstance(declared_globals, str) and isinstance(declared_types, str) and hasattr(ffi, "_declare_text"):
        ffi._declare_text(declared_globals, declared_types, name)
    else:
        ffi._declare(_entries(declared_globals), _entries(declared_types), name)
    return ffi


def _entries(carried: Union[str, dict[str, tuple[Any, ...]]]) -> dict[str, tuple[Any, ...]]:
    """Read the whole text carrier, for a runtime that does not look entries up in it; dicts are what they are."""
    if isinstance(carried, dict):
        return carried
    from ffi_core.table_text import read_text

    return read_text(carried)


__all__ = ["FFI", "TABLE_VERSION", "load"]
