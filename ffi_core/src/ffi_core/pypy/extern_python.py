"""extern "Python": C functions of a generated library whose bodies are in Python.

A body without wide values is made a C function, which the library is told of: it calls that with the arguments as they are.
For others, it calls us with the number of the function and a frame, in which each argument has 16 bytes.  For each such body a
function is written that reads its arguments from there, with no loop: the interpreter's compiler makes the most of that.
"""

from __future__ import annotations

import sys

from ffi_core.errors import FFIError, MissingSymbolError
from ffi_core.pypy import VOID_POINTER, backend, c_types
from ffi_core.pypy.declarations import PYTHON
from ffi_core.pypy.function import make_closure

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from ffi_core.pypy.ffi_object import FFI

_ADDRESSES: Any = backend.new_pointer_type(VOID_POINTER)

_BODY = """\
def run(frame):
    try:
        {store}body({arguments})
        {check}
    except BaseException:
        failed(frame)
"""


_KEPT: list[Any] = []


def missing(ffi: FFI, index: int, frame: Any) -> None:
    """Do what a function does that has no body: return zeros, and say so."""
    row = ffi._declarations.generated().pointer.python[index]
    name, size = backend.string(row.name).decode(), row.result_size
    sys.stderr.write(
        f'extern "Python": function {ffi._name}.{name}() called, but no code was attached to it yet with '
        "@ffi.def_extern().  Returning 0.\n"
    )
    sys.stderr.flush()
    backend.buffer(frame, size)[:] = bytes(size)


def define(ffi: FFI, name: Any, body: Any, error: Any, onerror: Optional[Callable[..., Any]]) -> None:
    """Give an extern "Python" function its body."""
    if not isinstance(name, str):
        raise TypeError(f"def_extern() takes the name of a function, not {type(name).__name__}")
    declared = ffi._declarations.find_global(name)
    if declared is None or declared.kind != PYTHON or declared.row is None:
        raise FFIError(f"ffi.def_extern({name!r}): no 'extern \"Python\"' function with this name")
    function = declared.home._realizer.type_of(declared.type)
    if not callable(body):
        raise TypeError(f"expected a callable object for '{function.pointer().cname}', not {type(body).__name__}")
    if onerror is not None and not callable(onerror):
        raise TypeError(f"expected a callable object for 'onerror', not {type(onerror).__name__}")
    home, number = declared.home, declared.row.index
    c_bodies = _c_bodies(home)
    if c_bodies is None or any(map(c_types.is_wide, (function.result, *function.arguments))):
        home._python_bodies[number] = _runner(function, body, error, onerror)
    else:
        made = _c_function(function, body, error, onerror)
        _KEPT.append(made)  # C may be in it while it gets another body
        c_bodies[number] = made


def _c_bodies(ffi: FFI) -> Any:
    """Point to the C functions that a generated library calls, None where an earlier version generated it."""
    tail = (ffi._name or "").rpartition(".")[2]
    try:
        return backend.cast(_ADDRESSES, ffi._declarations.generated().library.symbol(f"ffic_bodies_{tail}"))
    except MissingSymbolError:
        return None


def _c_function(function: c_types.FunctionType, body: Any, error: Any, onerror: Any) -> Any:
    """Make a C function of a body."""
    pointer = None
    if function.result.kind == "void":
        _check_no_error(function, error)
    else:
        pointer = backend.new_pointer_type(function.result)
        if error is not None:
            error = backend.newp(pointer, error)[0]

    from ffi_core.pypy.unraisable import report, reporter

    def failed(kind: Any, value: Any, traceback: Any) -> Any:
        try:
            answer = onerror(kind, value, traceback)
            return answer if answer is None or pointer is None else backend.newp(pointer, answer)[0]
        except BaseException as second:  # noqa: BLE001 - C cannot be told
            report(second, onerror)
            report(value, body)

    return backend.callback(function.pointer(), body, error, reporter(body) if onerror is None else failed)


def _check_no_error(function: c_types.FunctionType, error: Any) -> None:
    if error is not None:
        raise TypeError(f"'{function.pointer().cname}' returns nothing, so there is no 'error' value")


def _runner(function: c_types.FunctionType, body: Any, error: Any, onerror: Any) -> Callable[[Any], None]:
    namespace: dict[str, Any] = {"cast": backend.cast, "body": body, "refuse": _refuse}
    arguments = []
    for index, ctype in enumerate(function.arguments):
        pointer = backend.new_pointer_type(ctype)
        place = f"frame + {16 * index}" if index else "frame"
        if c_types.is_wide(ctype):
            namespace[f"t{index}"] = backend.new_pointer_type(pointer)
            namespace[f"copy{index}"] = pointer
            read = f"cast(t{index}, {place})[0][0]"
            if c_types.is_record(ctype):
                # It lies in memory that C takes back afterwards, so Python gets a copy.
                namespace["newp"] = backend.newp
                read = f"newp(copy{index}, {read})[0]"
            arguments.append(read)
        else:
            namespace[f"t{index}"] = pointer
            arguments.append(f"cast(t{index}, {place})[0]")
    result = function.result
    store, check = "", "pass"
    pointer = None
    if result.kind == "void":
        _check_no_error(function, error)
        store, check = "answer = ", "if answer is not None: refuse(answer)"
    else:
        pointer = namespace["result"] = backend.new_pointer_type(result)
        store = "cast(result, frame)[0] = "
    fallback = None if pointer is None else backend.newp(pointer, error)
    namespace["failed"] = _failure(pointer, fallback, body, onerror)
    text = _BODY.format(store=store, arguments=", ".join(arguments), check=check)
    run: Callable[[Any], None] = make_closure(text, "run", namespace)
    return run


def _refuse(_answer: Any) -> None:
    raise TypeError("callback with the return type 'void' must return None")


def _failure(pointer: Any, fallback: Any, body: Any, onerror: Any) -> Callable[[Any], None]:
    """Make what runs while an exception is being handled: it stores the error value, and reports."""
    from ffi_core.pypy.unraisable import report

    def failed(frame: Any) -> None:
        if pointer is not None:
            backend.cast(pointer, frame)[0] = fallback[0]
        kind, value, traceback = sys.exc_info()
        if onerror is None:
            report(value, body)
            return
        try:
            answer = onerror(kind, value, traceback)
            if answer is not None and pointer is not None:
                backend.cast(pointer, frame)[0] = answer
        except BaseException as second:  # noqa: BLE001 - C cannot be told
            report(second, onerror)
            report(value, body)

    return failed
