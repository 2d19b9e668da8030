"""What stands behind the names of a `lib`: it is looked up once per name, and `lib` keeps it."""

from __future__ import annotations

from ffi_core.errors import ClosedLibraryError, FFIError, MissingConstantError, MissingSymbolError
from ffi_core.pypy import backend, c_types
from ffi_core.pypy.declarations import CONSTANT, FUNCTION, PYTHON, VARIABLE
from ffi_core.pypy.function import Function, forbid, plain_function, wide_function, with_pointers
from ffi_core.pypy.lib import dict_of
from ffi_core.pypy.table import FLAG_WIDE

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable, NoReturn, Optional

    from ffi_core.pypy.declarations import Declared
    from ffi_core.pypy.lib import Lib
    from ffi_core.pypy.library import Library


def look_up(lib: Lib, name: str) -> Any:
    """Give what stands behind a name that was not looked up before.

    Errors: ``AttributeError`` where nothing does; what keeps it from being used.
    """
    declared = lib._ffi._declarations.find_global(name)
    if declared is None:
        return _other(lib, name)
    if declared.kind == FUNCTION:
        value = _function(lib, name, declared)
    elif declared.kind == CONSTANT:
        value = _constant(lib, name, declared)
    elif declared.kind == PYTHON:
        value = _python_function(declared)
    else:
        return _variable(lib, name, declared).fget(lib)
    return dict_of(lib).setdefault(name, value)  # of two threads that come here at once, one is right


def everything(lib: Lib) -> Iterator[tuple[str, Any]]:
    """List functions and constants, and the addresses of variables, but for what the library does not have."""
    for name in dir(lib):
        declared = lib._ffi._declarations.find_global(name)
        if declared is not None:
            try:
                yield name, address_in(lib, name) if declared.kind == VARIABLE else getattr(lib, name)
            except FFIError:
                continue


def _other(lib: Lib, name: str) -> Any:
    if name == "__all__":
        # What `import *` takes: not the variables, which would be values that nothing updates.
        kinds = ((known, lib._ffi._declarations.find_global(known)) for known in dir(lib))
        return [known for known, found in kinds if found is not None and found.kind != VARIABLE]
    if name == "__name__":
        return f"{lib._title}.lib" if lib._library is None else lib._title
    if name in ("__loader__", "__spec__"):
        return None  # it stands in sys.modules like a module
    raise _missing(lib, name)


def _missing(lib: Lib, name: str) -> AttributeError:
    near = lib._ffi._declarations.nearest_global(name)
    what = "lib of module" if lib._library is None else "library"
    hint = "" if near is None else f". Did you mean '{near}'?"
    return AttributeError(
        f"{what} '{lib._title}' has no function, constant or variable named '{name}' in its cdef{hint}"
    )


def _symbol(lib: Lib, name: str) -> int:
    if lib._library is None:
        raise _missing(lib, name)
    return lib._library.symbol(name)


def _function(lib: Lib, name: str, declared: Declared) -> Any:
    home = declared.home._realizer
    ctype = _ready_function(home, name, declared.type)
    if declared.row is None:
        return plain_function(name, backend.cast(ctype.pointer(), _symbol(lib, name)), lib=lib)
    made = declared.home._functions.get(name)  # the same for all modules that include it
    if made is None:
        direct = declared.home._declarations.generated().direct(declared.row)
        origin = declared.home._name or lib._title
        if declared.row.flags & FLAG_WIDE:
            made = wide_function(name, ctype, declared.row.call, direct, origin)
        else:
            made = plain_function(name, backend.cast(ctype.pointer(), direct), origin)
        made = declared.home._functions.setdefault(name, made)
    return made


def _constant(lib: Lib, name: str, declared: Declared) -> Any:
    realizer = declared.home._realizer
    if declared.row is None and declared.value is None and lib._library is not None and declared.type is not None:
        # The library may have it, as a variable that nobody writes.
        ctype = realizer.type_of(declared.type)
        try:
            return backend.cast(backend.new_pointer_type(ctype), _symbol(lib, name))[0]
        except MissingSymbolError:
            raise MissingConstantError(
                f"symbol '{name}' not found in library '{lib._title}': only a compiler knows the value of a constant (use "
                "API mode)"
            ) from None
    return realizer.constant(name, declared)


def _python_function(declared: Declared) -> Any:
    if declared.row is None:
        raise FFIError('extern "Python" needs a compiled module (API mode)')
    ctype = _ready_function(declared.home._realizer, "", declared.type)
    return backend.cast(ctype.pointer(), declared.row.call)


def _variable(lib: Lib, name: str, declared: Declared) -> Any:
    known = lib._variables.get(name)
    if known is None:
        known = lib._variables[name] = _property(
            name, _finder(lib, name, declared), lib._library, is_const=(declared.type or "").startswith("const ")
        )
        setattr(type(lib), name, known)
    return known


def _finder(lib: Lib, name: str, declared: Declared) -> Callable[[], Any]:
    """Give what points to a variable: a macro can be another one each time."""
    realizer = declared.home._realizer
    if declared.row is None:
        address = _symbol(lib, name)
        ctype = realizer.type_of(declared.type)
    else:
        ctype = realizer.ready(declared.type, declared.row.size or -1)
    pointer = backend.new_pointer_type(ctype)
    if declared.row is None:
        fixed = backend.cast(pointer, address)
        return lambda: fixed
    find: Callable[[], Any] = backend.cast(backend.new_function_type((), pointer, False), declared.row.call)
    return find


def writable(lib: Lib, name: str, what: str) -> Any:
    """Give the property of a variable that somebody wants to ``what``.

    Errors: ``AttributeError`` where it is none; ``TypeError`` for what is no name.
    """
    if not isinstance(name, str):
        raise TypeError(f"attribute name must be string, not '{type(name).__name__}'")
    known = lib._variables.get(name)
    if known is not None:
        return known
    declared = lib._ffi._declarations.find_global(name)
    if declared is None:
        raise _missing(lib, name)
    if declared.kind != VARIABLE:
        kind = "constant" if declared.kind == CONSTANT else "function"
        raise AttributeError(f"cannot {what} '{name}': it is a {kind}, not a variable")
    return _variable(lib, name, declared)


def _ready_function(realizer: Any, name: str, text: Optional[str]) -> c_types.FunctionType:
    ctype = realizer.type_of(text)
    if not isinstance(ctype, c_types.FunctionType):
        raise ValueError(f"malformed declaration of '{name}': '{text}' is no function type")  # noqa: TRY004
    return ctype


def _property(name: str, find: Callable[[], Any], library: Optional[Library], *, is_const: bool) -> property:
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

    def refuse(lib: Lib, value: Any) -> NoReturn:  # noqa: ARG001 - as above
        raise AttributeError(f"cannot write to '{name}': it is declared const")

    return property(read, refuse if is_const else write)


def _nowhere(name: str) -> RuntimeError:
    return RuntimeError(f"the variable '{name}' is at address NULL")


def close_lib(lib: Lib) -> None:
    """Close its library.  What was looked up is forgotten: the next look-up says that the library is closed, and so do its functions."""
    known = dict_of(lib)
    if lib._library is not None:
        for name, value in known.items():
            if isinstance(value, Function):
                forbid(value, ClosedLibraryError(f"{name}(): library '{lib._library.name}' has been closed"))
        lib._library.close()
    known.clear()


def address_in(lib: Lib, name: str) -> Any:
    """Give the address of a function or variable, as ``ffi.addressof(lib, name)`` does."""
    declared = lib._ffi._declarations.find_global(name)
    if declared is None:
        raise _missing(lib, name)
    if declared.kind == VARIABLE:
        if lib._library is not None:
            lib._library.check_open()
        return _finder(lib, name, declared)()
    value = getattr(lib, name)
    if isinstance(value, Function):
        return value.pointer
    if declared.kind == CONSTANT and not (
        isinstance(value, backend._CDataBase) and backend.typeof(value).kind == "function"
    ):
        raise AttributeError(f"cannot take the address of the constant '{name}'")
    return value
