"""The object `lib`: functions, constants and variables as attributes.

Belongs here: what Python asks of it.  What stands behind a name is found by `lookup`, once: functions and constants lie in the
object's own dictionary then, variables are properties of a class that each `lib` has for itself.  The interpreter's compiler
sees through both.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, NoReturn, Optional

    from ffi_core.pypy.ffi_object import FFI
    from ffi_core.pypy.library import Library


class _Stored:
    """What has a dictionary."""


dict_of: Any = _Stored.__dict__["__dict__"].__get__
"""Gives the dictionary of an object, which for a `lib` has the names that were looked up."""


class Lib(_Stored):
    """The functions, constants and variables of a C library."""

    # Filled in by new_lib(); the dictionary of the object has nothing but what was looked up.
    _ffi: FFI
    _library: Optional[Library]
    _title: str
    _variables: dict[str, Any]

    def __new__(cls) -> NoReturn:
        """Refuse: a lib is made where a library is opened."""
        raise TypeError("cannot create 'ffi_core.Lib' instances")

    def __getattr__(self, name: str) -> Any:
        from ffi_core.pypy.lookup import look_up

        return look_up(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        known = self._variables.get(name)
        if known is None:
            from ffi_core.pypy.lookup import writable

            known = writable(self, name, "write to")
        known.fset(self, value)

    def __delattr__(self, name: str) -> None:
        from ffi_core.pypy.lookup import writable

        writable(self, name, "delete")
        raise AttributeError(f"cannot delete the variable '{name}'")

    def __dir__(self) -> list[str]:
        # What starts with a dollar sign is of our own making.
        return sorted({name for name in self._ffi._declarations.global_names() if not name.startswith("$")})

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # computed: read-only
        """All functions and constants, and the addresses of variables, but for what the library does not have."""
        from ffi_core.pypy.lookup import everything

        return dict(everything(self))

    @property
    def __class__(self) -> type:
        """What ``isinstance()`` is told: that this passes for a module."""
        return type(sys)

    @__class__.setter
    def __class__(self, other: type) -> None:
        raise TypeError("the class of a lib cannot be changed")

    def __repr__(self) -> str:
        if self._library is None:
            return f"<Lib object for '{self._title}'>"
        closed = "" if self._library.is_open else ", closed"
        return f"<Lib object for library '{self._title}'{closed}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {self!r}: it belongs to this process")


def new_lib(ffi: FFI, library: Optional[Library], title: str) -> Lib:
    """Make the ``lib`` of an ffi; ``library`` None stands for the functions that a generated module is linked with."""
    parts = {"__module__": "ffi_core", "_ffi": ffi, "_library": library, "_title": title, "_variables": {}}
    made: Lib = object.__new__(type("Lib", (Lib,), parts))
    return made
