"""Every runtime has what the front end and generated modules need of it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ffi_harness import IS_ORACLE, new_ffi, run_python

pytestmark = pytest.mark.skipif(IS_ORACLE, reason="about our own layers")

if TYPE_CHECKING:
    # Type checkers compare both runtimes with the protocol here.
    from ffi_core import _native
    from ffi_core.pypy import ffi_object
    from ffi_core.runtime_protocol import RuntimeFFI

    def runtimes(native: _native.FFI, pypy: ffi_object.FFI) -> list[RuntimeFFI]:
        return [native, pypy]


def members() -> list[str]:
    from ffi_core.runtime_protocol import RuntimeFFI

    names = {*vars(RuntimeFFI), *getattr(RuntimeFFI, "__annotations__", {})}  # 3.9: none, no attribute
    return sorted(name for name in names if not name.startswith("_") or name in {"_declare", "_include", "_replace"})


@pytest.mark.parametrize("name", members() if not IS_ORACLE else [])
def test_the_runtime_has_it(name: str) -> None:
    from ffi_core import runtime
    from ffi_core.runtime_protocol import RuntimeFFI

    assert hasattr(runtime.FFI, name)
    wanted = vars(RuntimeFFI).get(name)
    real = getattr(runtime.FFI, name)
    if wanted is None or not callable(wanted) or inspect.isclass(real):
        return
    try:
        signature = inspect.signature(real)
    except ValueError:  # a method in C that does not tell
        return
    if "kwds" in signature.parameters or "args" in signature.parameters:
        return
    named = [
        parameter.name
        for parameter in inspect.signature(wanted).parameters.values()
        if parameter.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD and parameter.name != "self"
    ]
    ours = {parameter.strip("*") for parameter in signature.parameters}
    assert set(named) <= ours | {"obj", "x"}, signature  # those two are passed by position


def test_it_is_empty_and_takes_no_arguments() -> None:
    from ffi_core import runtime

    ffi: Any = runtime.FFI()
    assert ffi.list_types() == ([], [], [])
    with pytest.raises(TypeError):
        runtime.FFI(1)  # type: ignore[call-arg]


def test_nothing_at_run_time_imports_the_protocol() -> None:
    done = run_python(
        "import ffi_core, sys; ffi_core.FFI().cdef('int f(int);'); print('ffi_core.runtime_protocol' in sys.modules)"
    )
    assert done.stdout.strip() == "False", done.stderr


def test_tables_without_the_front_end() -> None:
    """The interface is the declaration table: no C text is needed to use a runtime."""
    from ffi_core.runtime import TABLE_VERSION, load

    ffi: Any = load(
        TABLE_VERSION,
        "_t_protocol",
        {"strlen": ("function", "size_t(char const *)", 0), "RED": ("constant", 3)},
        {
            "enum color": ("enum", "RED", 0, "unsigned int"),
            "struct point": (
                "record",
                (("x", "int", -1, 0), ("y", "double", -1, 0), ("b", "unsigned int", 3, 0)),
                0,
                0,
                0,
            ),
            "point_t": ("typedef", "struct point"),
        },
    )
    assert ffi.dlopen(None).strlen(b"hello") == 5
    assert ffi.sizeof("point_t[RED]") == 3 * ffi.sizeof("struct point")
    point = ffi.new("point_t *", {"y": 2.5, "b": 6})
    assert (point.x, point.y, point.b) == (0, 2.5, 6)
    assert ffi.string(ffi.cast("enum color", 3)) == "RED"
    assert new_ffi() is not ffi
    assert Path(__file__).is_file()
