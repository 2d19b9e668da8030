"""Functions of a generated library that pass structs and other wide values.

Other functions of `lib` are plain function pointers, which the interpreter compiles the calls of.  Their wrappers in C
take and give wide values by pointer; here is what a call of such a wrapper looks like in Python.
"""

from __future__ import annotations

from ffi_core.pypy import c_types
from ffi_core.pypy.backend import VOID, CData, backend

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn


class Function:
    """A function of a library that Python calls through its wrapper; ``pointer`` is for C."""

    __slots__ = ("__name__", "_doc", "pointer")

    def __init__(self, name: str, text: str, pointer: Any) -> None:
        self.__name__ = name
        self._doc = text
        self.pointer = pointer

    def __call__(self, *arguments: Any) -> Any:
        """Call it, as declared: each function has a class of its own, with a method that takes what it takes."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<C function '{backend.getcname(backend.typeof(self.pointer), '').replace('(*)', ' ' + self.__name__, 1)}'>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle C function '{self.__name__}': its address belongs to this process")


def wide_function(name: str, function: c_types.FunctionType, wrapper: int, direct: int) -> Function:
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
    call = _caller(name, function, backend.cast(wrapper_type, wrapper), passed, result)
    own_class = type("Function", (Function,), {"__module__": "ffi_core", "__slots__": (), "__call__": call})
    made: Function = own_class(name, backend.typeof(pointer).cname, pointer)
    return made


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
    text = f"def call(self, {names}*more):\n    if more: refuse(expected, more)\n{body}\n"
    made: Callable[..., Any] = make_closure(text, "call", namespace)
    return made


def make_closure(text: str, name: str, cells: dict[str, Any]) -> Any:
    """Compile the text of a function, whose free names are ``cells``."""
    made: dict[str, Any] = {}
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    exec(f"def make({', '.join(cells)}):\n{indented}    return {name}\n", made)  # noqa: S102 - the text is made here
    return made["make"](**cells)


def _refuse(expected: tuple[str, int], more: tuple[Any, ...]) -> NoReturn:
    name, count = expected
    raise TypeError(f"{name}() takes {count} arguments ({count + len(more)} given)")


def _refuse_none(ctype: Any) -> NoReturn:
    """Raise for what would be no initialiser, and so a value of zeros."""
    kinds = "list or tuple or dict or struct-cdata" if c_types.is_record(ctype) else "number"
    raise TypeError(f"initializer for ctype '{ctype.cname}' must be a {kinds}, not NoneType")
