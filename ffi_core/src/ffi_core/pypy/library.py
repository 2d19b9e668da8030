"""Shared libraries: opening them, and the addresses of what they have."""

from __future__ import annotations

import os

from ffi_core.errors import ClosedLibraryError, MissingSymbolError
from ffi_core.pypy import VOID, CData, address_of, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

_PROCEDURE: Any = backend.new_function_type((), VOID, False)


class Library:
    """An open library.  ``name`` is for messages."""

    __slots__ = ("_handle", "_owned", "name")

    def __init__(self, handle: Any, name: str, *, owned: bool) -> None:
        self._handle = handle
        self.name = name
        self._owned = owned

    @property
    def is_open(self) -> bool:
        """Whether it was not closed."""
        return self._handle is not None

    def check_open(self) -> None:
        """Raise ``ClosedLibraryError`` after ``close``."""
        if self._handle is None:
            raise ClosedLibraryError(f"library '{self.name}' has already been closed")

    def symbol(self, name: str) -> int:
        """Give the address of what the library has under a name.

        Errors: ``MissingSymbolError``; ``ClosedLibraryError``.
        """
        self.check_open()
        try:
            return address_of(self._handle.load_function(_PROCEDURE, name))
        except AttributeError:
            raise MissingSymbolError(
                f"symbol '{name}' not found in library '{self.name}', although it is declared"
            ) from None

    def close(self) -> None:
        """Close it; using it then raises."""
        handle, self._handle = self._handle, None
        if handle is not None and self._owned:
            handle.close_lib()


def open_library(name: Any, flags: int) -> Library:
    """Open the library that ``ffi.dlopen`` names: a name, a path, None, or an open handle.

    Errors: ``OSError`` with what the system says.
    """
    if not flags & (backend.RTLD_NOW | backend.RTLD_LAZY):
        flags |= backend.RTLD_NOW
    if name is None:
        return Library(backend.load_library(None, flags), "<None>", owned=False)
    if isinstance(name, CData):
        return _from_handle(name, flags)
    try:
        path = os.fsdecode(name)
    except TypeError:
        raise TypeError(
            f"dlopen() takes a name, a path, None, or an open handle as cdata 'void *', not {type(name).__name__}"
        ) from None
    if "\0" in path:
        raise ValueError("embedded null byte")
    try:
        return Library(backend.load_library(path, flags), path, owned=True)
    except OSError as error:
        reason = str(error).rpartition(f"{path}: ")[2] if f"{path}: " in str(error) else str(error)
        said = f"{path}: {reason}"
    from ffi_core.library_names import candidates

    tried = candidates(path)
    for candidate in tried:
        try:
            return Library(backend.load_library(candidate, flags), path, owned=True)
        except OSError:  # noqa: PERF203 - there are few
            continue
    more = f".  Additionally, these were tried: {tried!r}" if tried else ""
    raise OSError(f"cannot load library '{path}': {said}{more}")


def _from_handle(handle: Any, flags: int) -> Library:
    if backend.typeof(handle).cname != "void *":
        raise TypeError(
            "dlopen() takes a name, a path, None, or an open handle as cdata 'void *', not cdata "
            f"'{backend.typeof(handle).cname}'"
        )
    if not handle:
        raise RuntimeError("dlopen(): the handle is NULL")
    return Library(backend.load_library(handle, flags), f"handle {address_of(handle):#x}", owned=False)
