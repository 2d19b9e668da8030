"""What is wrong with a call that failed: the interpreter's words name neither the function nor the argument.

Belongs here: what happens after the interpreter has refused the arguments of a function of `lib`.
"""

from __future__ import annotations

from ffi_core.pypy import VOID, CData, backend, c_types, initializers
from ffi_core.pypy.function import Function
from ffi_core.pypy.notes import noted

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any

_OWN_WORDS = (TypeError, OverflowError, ValueError)
_FILES = ("FILE", "struct _IO_FILE")
_NOTE = 'its C type says how to pass it: ffi.cast("int", x), ffi.new("char[]", x)'


def explain(function: Function, arguments: tuple[Any, ...], error: Exception) -> Exception:
    """Give the error to raise where a call raised ``error``: that one, or one that says more."""
    ctype = backend.typeof(function.pointer)
    expected, given = ctype.args, len(arguments)
    if given < len(expected) or (given > len(expected) and not ctype.ellipsis):
        return wrong_count(function.__name__, len(expected), given, is_least=ctype.ellipsis)
    if "variadic part" in str(error):
        made: Exception = noted(error, _NOTE)
        return made
    for number, (kind, value) in enumerate(zip(expected, arguments), 1):
        refused = _attempt(kind, value)
        if refused is not None:
            # Only what raises the same again is known to be the cause.
            return (
                _told(kind, value, error, f"argument {number} of {function.__name__}()")
                if refused is type(error)
                else error
            )
    return error


def wrong_count(name: str, expected: int, given: int, *, is_least: bool = False) -> TypeError:
    """Make the error of a wrong number of arguments."""
    limit = "at least" if is_least else "exactly"
    if expected == 0:
        wanted = "no arguments"
    elif expected == 1:
        wanted = f"{limit} one argument"
    else:
        wanted = f"{limit} {expected} arguments"
    return TypeError(f"{name}() takes {wanted} ({given} given)")


def _attempt(kind: Any, value: Any) -> Any:
    """Give the type of the error that an argument of its own raises, None if it raises none."""
    if c_types.is_wide(kind):
        return TypeError if value is None else initializers.attempt(kind, value)
    try:
        # What is called takes nothing and does nothing: it does not look at what it is given.
        with_one = backend.new_function_type((kind,), VOID, False)
        backend.cast(with_one, _nothing())(value)
    except Exception as error:  # noqa: BLE001 - also what a method of the value raises
        return type(error)
    return None


_KEPT: list[Any] = []


def _nothing() -> Any:
    """Give a C function that does nothing, made when it is first asked for."""
    if not _KEPT:
        _KEPT.append(backend.callback(backend.new_function_type((), VOID, False), lambda: None))
    return _KEPT[0]


def _told(kind: Any, value: Any, error: Exception, place: str) -> Exception:
    """Say what does not fit, and where."""
    if kind.kind == "pointer":
        is_list = isinstance(value, (list, tuple)) and kind.item.kind not in ("void", "function")
        if is_list:
            said: Any = initializers.explain(c_types.array_of(kind.item, None), value, error)
        elif isinstance(value, CData) and not isinstance(value, Function):
            said = error
        elif type(error) is not TypeError or kind.item.cname in _FILES:
            said = error  # of files: a closed one, or a mode that C does not have
        else:
            hint = ""
            if value is None:
                hint = " (the null pointer is ffi.NULL)"
            elif isinstance(value, Function):
                hint = f' (ffi.addressof(lib, "{value.__name__}") is one)'
            given = type(value).__name__[:200]
            said = TypeError(f"initializer for ctype '{kind.cname}' must be a cdata pointer, not {given}{hint}")
    else:
        said = initializers.tell(kind, value, error)
    if type(said) in _OWN_WORDS and len(said.args) == 1:
        said.args = (f"{said} ({place})",)
    result: Exception = said
    return result
