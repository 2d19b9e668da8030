"""The object `lib`: functions, constants and variables as attributes.

A name is looked up once.  Functions and constants then lie in the object's own dictionary, variables are properties of a
class that each `lib` has for itself: the interpreter's compiler sees through both.
"""

from __future__ import annotations

import sys

from ffi_core.errors import ClosedLibraryError, FFIError, MissingConstantError, MissingSymbolError
from ffi_core.pypy import c_types
from ffi_core.pypy.backend import backend
from ffi_core.pypy.declarations import CONSTANT, FUNCTION, PYTHON, VARIABLE
from ffi_core.pypy.function import Function, forbid, plain_function, wide_function, with_pointers
from ffi_core.pypy.table import FLAG_WIDE

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable, NoReturn, Optional

    from ffi_core.pypy.declarations import Declarations, Declared
    from ffi_core.pypy.library import Library


class _Stored:
    """What has a dictionary."""


_dict_of: Any = _Stored.__dict__["__dict__"].__get__
"""Gives the dictionary of an object, which for a `lib` has the names that were looked up."""


class Lib(_Stored):
    """The functions, constants and variables of a C library."""

    # Filled in by new_lib(); the dictionary of the object has nothing but what was looked up.
    _declarations: Declarations
    _library: Optional[Library]
    _title: str
    _variables: dict[str, Any]

    def __new__(cls) -> NoReturn:
        """Refuse: a lib is made where a library is opened."""
        raise TypeError("cannot create 'ffi_core.Lib' instances")

    def __getattr__(self, name: str) -> Any:
        declared = self._declarations.find_global(name)
        if declared is None:
            return self._other(name)
        if declared.kind == FUNCTION:
            value = self._function(name, declared)
        elif declared.kind == CONSTANT:
            value = self._constant(name, declared)
        elif declared.kind == PYTHON:
            value = self._python_function(declared)
        else:
            return self._variable(name, declared).fget(self)
        object.__setattr__(self, name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        _check_name(name)
        self._writable(name, "write to").fset(self, value)

    def __delattr__(self, name: str) -> None:
        _check_name(name)
        self._writable(name, "delete")
        raise AttributeError(f"cannot delete the variable '{name}'")

    def __dir__(self) -> list[str]:
        # What starts with a dollar sign is of our own making.
        return sorted({name for name in self._declarations.global_names() if not name.startswith("$")})

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # computed: read-only
        """All functions and constants, and the addresses of variables, but for what the library does not have."""
        return dict(self._all())

    def _all(self) -> Iterator[tuple[str, Any]]:
        for name in dir(self):
            declared = self._declarations.find_global(name)
            if declared is not None:
                try:
                    yield name, address_in(self, name) if declared.kind == VARIABLE else getattr(self, name)
                except FFIError:
                    continue

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

    # Names that are not declared.

    def _other(self, name: str) -> Any:
        if name == "__all__":
            # What `import *` takes: not the variables, which would be values that nothing updates.
            kinds = ((known, self._declarations.find_global(known)) for known in dir(self))
            return [known for known, found in kinds if found is not None and found.kind != VARIABLE]
        if name == "__name__":
            return f"{self._title}.lib" if self._library is None else self._title
        if name in ("__loader__", "__spec__"):
            return None  # it stands in sys.modules like a module
        raise self._missing(name)

    def _missing(self, name: str) -> AttributeError:
        near = self._declarations.nearest_global(name)
        what = "lib of module" if self._library is None else "library"
        hint = "" if near is None else f". Did you mean '{near}'?"
        return AttributeError(
            f"{what} '{self._title}' has no function, constant or variable named '{name}' in its cdef{hint}"
        )

    # Those that are.

    def _symbol(self, name: str) -> int:
        if self._library is None:
            raise self._missing(name)
        return self._library.symbol(name)

    def _function(self, name: str, declared: Declared) -> Any:
        home = declared.home._realizer
        ctype = _ready_function(home, name, declared.type)
        if declared.row is None:
            return plain_function(name, backend.cast(ctype.pointer(), self._symbol(name)), lib=self)
        made = declared.home._functions.get(name)  # the same for all modules that include it
        if made is None:
            direct = declared.home._declarations.generated().direct(declared.row)
            origin = declared.home._name or self._title
            if declared.row.flags & FLAG_WIDE:
                made = wide_function(name, ctype, declared.row.call, direct, origin)
            else:
                made = plain_function(name, backend.cast(ctype.pointer(), direct), origin)
            declared.home._functions[name] = made
        return made

    def _constant(self, name: str, declared: Declared) -> Any:
        realizer = declared.home._realizer
        if declared.row is None and declared.value is None and self._library is not None and declared.type is not None:
            # The library may have it, as a variable that nobody writes.
            ctype = realizer.type_of(declared.type)
            try:
                return backend.cast(backend.new_pointer_type(ctype), self._symbol(name))[0]
            except MissingSymbolError:
                raise MissingConstantError(
                    f"symbol '{name}' not found in library '{self._title}': only a compiler knows the value of a constant (use "
                    "API mode)"
                ) from None
        return realizer.constant(name, declared)

    @staticmethod
    def _python_function(declared: Declared) -> Any:
        if declared.row is None:
            raise FFIError('extern "Python" needs a compiled module (API mode)')
        ctype = _ready_function(declared.home._realizer, "", declared.type)
        return backend.cast(ctype.pointer(), declared.row.call)

    def _variable(self, name: str, declared: Declared) -> Any:
        known = self._variables.get(name)
        if known is None:
            known = self._variables[name] = _property(name, self._finder(name, declared), self._library)
            setattr(type(self), name, known)
        return known

    def _finder(self, name: str, declared: Declared) -> Callable[[], Any]:
        """Give what points to a variable: a macro can be another one each time."""
        realizer = declared.home._realizer
        if declared.row is None:
            address = self._symbol(name)
            ctype = realizer.type_of(declared.type)
        else:
            ctype = realizer.ready(declared.type, declared.row.size or -1)
        pointer = backend.new_pointer_type(ctype)
        if declared.row is None:
            fixed = backend.cast(pointer, address)
            return lambda: fixed
        find: Callable[[], Any] = backend.cast(backend.new_function_type((), pointer, False), declared.row.call)
        return find

    def _writable(self, name: str, what: str) -> Any:
        known = self._variables.get(name)
        if known is not None:
            return known
        declared = self._declarations.find_global(name)
        if declared is None:
            raise self._missing(name)
        if declared.kind != VARIABLE:
            kind = "constant" if declared.kind == CONSTANT else "function"
            raise AttributeError(f"cannot {what} '{name}': it is a {kind}, not a variable")
        return self._variable(name, declared)


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"attribute name must be string, not '{type(name).__name__}'")


def _ready_function(realizer: Any, name: str, text: Optional[str]) -> c_types.FunctionType:
    ctype = realizer.type_of(text)
    if not isinstance(ctype, c_types.FunctionType):
        raise ValueError(f"malformed declaration of '{name}': '{text}' is no function type")  # noqa: TRY004
    return ctype


def _property(name: str, find: Callable[[], Any], library: Optional[Library]) -> property:
    """Make the property that reads and writes a variable in place."""
    # No function in between: the interpreter's compiler has to make the frames of those in which C is called.

    def read(lib: Lib) -> Any:  # noqa: ARG001 - properties hand it over
        if library is not None:
            library.check_open()
        pointer = find()
        if pointer:
            return pointer[0]
        raise _nowhere(name)

    def write(lib: Lib, value: Any) -> None:  # noqa: ARG001 - as above
        if library is not None:
            library.check_open()
        pointer = find()
        if not pointer:
            raise _nowhere(name)
        pointer[0] = with_pointers(value)

    return property(read, write)


def _nowhere(name: str) -> RuntimeError:
    return RuntimeError(f"the variable '{name}' is at address NULL")


def new_lib(declarations: Declarations, library: Optional[Library], title: str) -> Lib:
    """Make the ``lib`` of an ffi; ``library`` None stands for the functions that a generated module is linked with."""
    parts = {
        "__module__": "ffi_core",
        "_declarations": declarations,
        "_library": library,
        "_title": title,
        "_variables": {},
    }
    made: Lib = object.__new__(type("Lib", (Lib,), parts))
    return made


def close_lib(lib: Lib) -> None:
    """Close its library.  What was looked up is forgotten: the next look-up says that the library is closed, and so do its functions."""
    known = _dict_of(lib)
    if lib._library is not None:
        for name, value in known.items():
            if isinstance(value, Function):
                forbid(value, ClosedLibraryError(f"{name}(): library '{lib._library.name}' has been closed"))
        lib._library.close()
    known.clear()


def address_in(lib: Lib, name: str) -> Any:
    """Give the address of a function or variable, as ``ffi.addressof(lib, name)`` does."""
    declared = lib._declarations.find_global(name)
    if declared is None:
        raise lib._missing(name)
    if declared.kind == VARIABLE:
        if lib._library is not None:
            lib._library.check_open()
        return lib._finder(name, declared)()
    value = getattr(lib, name)
    if isinstance(value, Function):
        return value.pointer
    if declared.kind == CONSTANT and not (
        isinstance(value, backend._CDataBase) and backend.typeof(value).kind == "function"
    ):
        raise AttributeError(f"cannot take the address of the constant '{name}'")
    return value
