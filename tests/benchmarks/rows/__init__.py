"""What is measured: one row per piece of work, in the dialect of each family of peers.

Belongs here: statements as text, and the value that each must have, whoever does the work.  A dialect is a way of writing:
"ffi" for ffi_core and cffi, "ffi calls" for ffi_core where it keeps the GIL, "ctypes", "hand" for C extensions written by hand,
"native" for generated ones, "package" for what starts processes, and the name of each module for wrappers.

A wrapper package has a file ``wrapper_NAME.py`` here, with one ``WRAPPER`` in it, and nothing else to change: see
``wrapper_pwd.py``.
"""

from __future__ import annotations

import importlib
import pkgutil

from .callbacks import CALLBACKS
from .calls import CALLS, LOOKUP, POINTERS
from .data import DATA
from .errors import ERRORS
from .processes import PROCESSES
from .row import AnyRow, Case, ProcessRow, Row, Wrapper

WRAPPERS: tuple[Wrapper, ...] = tuple(
    importlib.import_module(f"{__name__}.{found.name}").WRAPPER
    for found in pkgutil.iter_modules(__path__)
    if found.name.startswith("wrapper_")
)

ROWS: tuple[AnyRow, ...] = (
    *CALLS,
    *LOOKUP,
    *POINTERS,
    *DATA,
    *CALLBACKS,
    *ERRORS,
    *PROCESSES,
    *(row for wrapper in WRAPPERS for row in wrapper.rows),
)

MODULES = tuple(dict.fromkeys(name for wrapper in WRAPPERS for name in (wrapper.ours, wrapper.standard)))
"""The modules that are peers by themselves."""

__all__ = ["MODULES", "ROWS", "WRAPPERS", "AnyRow", "Case", "ProcessRow", "Row", "Wrapper"]
