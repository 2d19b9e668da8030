"""Functions of a library: what `lib.f` is.

A call goes straight to a function pointer, which the interpreter compiles the calls of; what is written in Python here is gone
then.  Functions of a generated library that pass structs and other wide values have wrappers in C that take and give those by
pointer; here is what a call of such a wrapper looks like in Python.  What a call that failed has to say is in `call_errors`.
"""

from __future__ import annotations

from _thread import RLock

from ffi_core.pypy import VOID, CData, backend, c_types

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, Optional


class Function:
    """A function of a library; ``pointer`` is for C.

    Each has a class of its own, which has what a call does and what the function says of itself: so the interpreter's compiler
    knows all of a function whose class it has seen.
    """

    __slots__ = ("__name__", "_lib", "_origin", "pointer")

    # Filled in by _make().
    __name__: str
    pointer: Any
    _origin: str
    _lib: Any  # keeps an opened library open

    def __new__(cls) -> NoReturn:
        """Refuse: a function is made where it is looked up."""
        raise TypeError("cannot create 'ffi_core.Function' instances")

    @property
    def __class__(self) -> Any:
        """What ``isinstance()`` is told: those of opened libraries pass for C data, as in CFFI."""
        return type(self) if self._lib is None else CData

    @__class__.setter
    def __class__(self, other: type) -> None:
        raise TypeError("the class of a function cannot be changed")

    def __call__(self, *arguments: Any) -> Any:
        """Call it, as declared: done by the classes that the functions have."""
        raise NotImplementedError

    def __get__(self, instance: object, owner: Optional[type] = None) -> Function:
        """Give itself: it is no method, but `inspect.isroutine` knows routines by this, and so does `help(lib)`."""
        return self

    def __eq__(self, other: object) -> bool:
        return bool(self.pointer == with_pointers(other))

    def __hash__(self) -> int:
        return hash(self.pointer)

    def __repr__(self) -> str:
        return f"<C function '{spell(self.__name__, self.pointer)}'>"

    def __copy__(self) -> Function:
        return self

    def __deepcopy__(self, memo: object) -> Function:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle C function '{self.__name__}': its address belongs to this process")


def spell(name: str, pointer: Any) -> str:
    """Write the declaration of a function, in words of C."""
    head, _, tail = backend.typeof(pointer).cname.partition("(*)")
    return f"{head}{'' if head.endswith(('*', '(')) else ' '}{name}{tail}"


def _document(function: Function) -> str:
    text = f"{spell(function.__name__, function.pointer)};"
    return f"{text}\n\nCFFI C function from {function._origin}.lib" if function._origin else text


# Each class has it: without, it would have None there, or a text that help() takes for that of the class.
_DOCUMENTATION = property(_document)


def plain_function(name: str, pointer: Any, origin: str = "", lib: Any = None) -> Function:
    """Make the function that a pointer can call; ``origin`` is the name of its generated module, ``lib`` an opened library."""
    made = _make(name, pointer, origin, pointer, pointer)
    made._lib = lib
    return made


def _make(name: str, pointer: Any, origin: str, direct: Callable[..., Any], settled: Any) -> Function:
    """Make a function whose calls ``direct`` does; ``settled`` does them as an attribute of a class."""
    ctype = backend.typeof(pointer)
    takes_functions = ctype.ellipsis or any(map(_may_hold_functions, ctype.args))
    left = _EXPLAINED_CALLS

    def call(self: Function, *arguments: Any) -> Any:
        nonlocal left
        try:
            result = direct(*arguments)
        except Exception as error:  # noqa: BLE001 - what methods of the arguments raise, too
            failure = error
        else:
            left -= 1
            if left <= 0 and not takes_functions:
                _settle(type(self), call)
            return result
        given = with_pointers(arguments) if takes_functions else arguments
        if given is not arguments:
            return self(*given)  # it did not come to a call: no C type takes a Function
        from ffi_core.pypy.call_errors import explain

        raise explain(self, arguments, failure)

    parts = {"__module__": "ffi_core", "__doc__": _DOCUMENTATION, "__slots__": ()}
    settled_class = type("Function", (Function,), {**parts, "__call__": settled})
    made: Function = object.__new__(type("Function", (settled_class,), {**parts, "__call__": call}))
    made.__name__, made.pointer, made._origin, made._lib = name, pointer, origin, None
    return made


_EXPLAINED_CALLS = 1000
"""After so many calls that succeeded, a function is called with nothing in between.

What explains wrong calls is a Python function.  Where C is called in it, the interpreter's compiler has to make its frame, in 3
nanoseconds: as long as the rest of the call takes.  Loops are compiled when they have run a thousand times.  Where other
functions can be arguments, it stays: they are not C data.
"""
_SETTLING = RLock()


def _settle(own_class: Any, call: Callable[..., Any]) -> None:
    """Take away what explains: what is below it does the calls, and is constant, as an attribute that is overwritten is not."""
    with _SETTLING:
        if own_class.__dict__.get("__call__") is call:  # and not what a closed library has put there
            del own_class.__call__


def _may_hold_functions(argument: Any) -> bool:
    """Say whether functions may be in what such an argument takes; a list can stand for a pointer."""
    return _holds_functions(argument.item if argument.kind == "pointer" else argument)


def _holds_functions(ctype: Any) -> bool:
    if ctype.kind == "function":
        return True
    if ctype.kind == "array":
        return _holds_functions(ctype.item)
    return c_types.is_record(ctype) and any(_holds_functions(field.type) for _, field in ctype.fields or ())


def with_pointers(value: Any) -> Any:
    """Give a value in which pointers stand for functions, also in lists, tuples and dicts; itself where it has none."""
    if isinstance(value, Function):
        return value.pointer
    if type(value) in (list, tuple):
        changed = [with_pointers(item) for item in value]
        return type(value)(changed) if any(new is not old for new, old in zip(changed, value)) else value
    if type(value) is dict:
        by_name = {key: with_pointers(item) for key, item in value.items()}
        return by_name if any(by_name[key] is not item for key, item in value.items()) else value
    return value


def forbid(function: Function, error: Exception) -> None:
    """Make all further calls raise."""

    def call(self: Function, *arguments: Any) -> NoReturn:  # noqa: ARG001 - called as the function would be
        raise error.with_traceback(None)

    with _SETTLING:
        type(function).__call__ = call  # type: ignore[method-assign]  # each has a class of its own


def wide_function(name: str, function: c_types.FunctionType, wrapper: int, direct: int, origin: str) -> Function:
    """Make the function whose wrapper and whose own address are given."""
    pointer = backend.cast(function.pointer(), direct)
    passed = tuple(backend.new_pointer_type(c) if c_types.is_wide(c) else c for c in function.arguments)
    has_wide_result = c_types.is_wide(function.result)
    if has_wide_result:
        result = backend.new_pointer_type(function.result)
        wrapper_type = backend.new_function_type((result, *passed), VOID, False)
    else:
        result = None
        wrapper_type = backend.new_function_type(passed, function.result, False)
    run = _caller(name, function, backend.cast(wrapper_type, wrapper), passed, result)
    return _make(name, pointer, origin, run, staticmethod(run))


def _caller(
    name: str, function: c_types.FunctionType, wrapper: Any, passed: tuple[Any, ...], result: Any
) -> Callable[..., Any]:
    """Write the call as Python text without loops: the interpreter's compiler makes the most of that."""
    # Cells of a closure: names in a dictionary would be looked up at each call, built-in ones too.
    namespace: dict[str, Any] = {
        "type": type,
        "wrapper": wrapper,
        "newp": backend.newp,
        "result_type": result,
        "refuse": _refuse,
        "refuse_none": _refuse_none,
        "typeof": backend.typeof,
        "CData": CData,
        "point": backend.rawaddressof,
    }
    arguments = []
    for index, ctype in enumerate(function.arguments):
        arguments.append(f"a{index}")
        if c_types.is_wide(ctype):
            namespace[f"t{index}"], namespace[f"s{index}"] = passed[index], ctype
            arguments[-1] = f"(newp(t{index}, a{index}) if a{index} is not None else refuse_none(s{index}))"
            if c_types.is_record(ctype):
                # The wrapper copies it: what is such a struct already is pointed to.
                is_one = f"type(a{index}) is CData and typeof(a{index}) is s{index}"
                arguments[-1] = f"(point(t{index}, a{index}, 0) if {is_one} else {arguments[-1]})"
    names = "".join(f"a{index}, " for index in range(len(arguments)))
    namespace["expected"] = (name, len(arguments))
    call = f"wrapper({', '.join((['r'] if result is not None else []) + arguments)})"
    body = f"    r = newp(result_type)\n    {call}\n    return r[0]" if result is not None else f"    return {call}"
    text = f"def run({names}*more):\n    if more: refuse(expected, more)\n{body}\n"
    made: Callable[..., Any] = make_closure(text, "run", namespace)
    return made


def make_closure(text: str, name: str, cells: dict[str, Any]) -> Any:
    """Compile the text of a function, whose free names are ``cells``."""
    made: dict[str, Any] = {}
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    exec(f"def make({', '.join(cells)}):\n{indented}    return {name}\n", made)  # noqa: S102 - the text is made here
    return made["make"](**cells)


def _refuse(expected: tuple[str, int], more: tuple[Any, ...]) -> NoReturn:
    from ffi_core.pypy.call_errors import wrong_count

    name, count = expected
    raise wrong_count(name, count, count + len(more))


def _refuse_none(ctype: Any) -> NoReturn:
    """Raise for what would be no initialiser, and so a value of zeros."""
    kinds = "list or tuple or dict or struct-cdata" if c_types.is_record(ctype) else "number"
    raise TypeError(f"initializer for ctype '{ctype.cname}' must be a {kinds}, not NoneType")
