"""Everything that the runtime gives to Python code, called with what nobody would give it.

Methods of Python's own protocols are among it: ``lib.__setattr__(5, 5)`` goes past the checks that ``setattr`` makes.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from ffi_harness import new_ffi, parse_errors

DECLARED: Final = """
typedef struct { int a; char *s; int bits : 3; struct { short b, c; } inner; } record;
enum color { RED, GREEN };
int abs(int);
extern int daylight;
size_t strnlen(const char *, size_t);
"""


@dataclass(frozen=True)
class World:
    """Objects of all kinds, new ones each time: a call may release or change any of them."""

    ffi: Any
    lib: Any

    def objects(self) -> dict[str, Any]:
        """Give what has methods of the runtime."""
        ffi, lib = self.ffi, self.lib
        array = ffi.new("int[3]", [1, 2, 3])
        record = ffi.new("record *")
        objects = {
            "ffi": ffi,
            "lib": lib,
            "function": lib.abs,
            "self of a function": getattr(lib.abs, "__self__", None),
            "variable": vars(type(lib)).get("daylight"),
            "pointer": record,
            "struct": record[0],
            "member struct": record.inner,
            "array": array,
            "slice": array[0:2],
            "iterator": iter(array),
            "handle": ffi.new_handle(self),
            "collected": ffi.gc(ffi.new("int *"), lambda pointer: None),
            "buffer": ffi.buffer(array),
            "taken buffer": ffi.from_buffer(bytearray(8)),
            "callback": ffi.callback("int(int)", abs),
            "allocator": ffi.new_allocator(),
            "number": ffi.cast("int", 7),
            "real": ffi.cast("double", 1.5),
            "wide": ffi.cast("long double", 1.5),
            "enumerator": ffi.cast("enum color", 1),
            "NULL": ffi.NULL,
            "struct type": ffi.typeof("record"),
            "function type": ffi.typeof("int(*)(int)"),
            "field": ffi.typeof("record").fields[0][1],
            "reader": ffi.tuple_reader("record"),
            "method for bytes": ffi.for_bytes(lib.strnlen, len) if sys.implementation.name == "cpython" else None,
        }
        classes = {f"class of {name}": type(value) for name, value in objects.items() if value is not None}
        return {**objects, **classes, "CData": ffi.CData, "class of CData": type(ffi.CData)}

    def arguments(self) -> dict[str, Any]:
        """Give what is handed over, beside the objects themselves."""
        plain: list[Any] = [
            None,
            5,
            -1,
            2**70,
            "a",
            "int",
            "record",
            "abs",
            "daylight",
            "int(int)",
            "",
            "é",
            b"x",
            b"",
            (),
            (1,),
            [],
            {},
        ]
        more = [{"a": 1}, 1.5, 1j, True, object, int, type, len, Exception, slice(0, 2), slice(None), bytearray(3), ...]
        return {repr(value): value for value in [*plain, *more]}


@cache
def _world() -> World:
    ffi = new_ffi()
    ffi.cdef(DECLARED)
    lib = ffi.dlopen(None)
    assert lib.abs(-1) == 1
    assert isinstance(lib.daylight, int)
    return World(ffi, lib)


@dataclass(frozen=True)
class OddCall:
    """``getattr(objects[receiver], method)(*arguments)``, each by its name."""

    receiver: str
    method: str
    arguments: tuple[str, ...]


_OWN: Final = {
    "__reduce__", "__reduce_ex__", "__subclasshook__", "__init_subclass__", "__class__", "__getstate__", "mro", "__sizeof__",
}  # fmt: skip
"""Python's own, the same for all objects."""

_DANGEROUS: Final = {
    "dlopen",
    "dlclose",
    "string",
    "unpack",
    "memmove",
    "from_handle",
    "cdef",
    "set_source",
    "compile",
    "verify",
}
"""They read what they are told to, or change what all calls share; other checks have those of them that can be wrong."""


@cache
def _methods() -> list[tuple[str, str]]:
    found = []
    for name, value in _world().objects().items():
        for method in {*dir(value), *dir(type(value))} - _OWN - _DANGEROUS:
            with contextlib.suppress(Exception):
                if callable(getattr(value, method)):
                    found.append((name, method))
    return sorted(found)


@st.composite
def odd_calls(draw: st.DrawFn) -> OddCall:
    """Draw a call."""
    receiver, method = draw(st.sampled_from(_methods()))
    names = [*_world().arguments(), *_world().objects()]
    return OddCall(receiver, method, tuple(draw(st.lists(st.sampled_from(names), max_size=3))))


def check_odd_call(call: OddCall) -> None:
    """Call it: whatever it says is fit, but not that the runtime itself is at a loss."""
    world = _world()
    known = {**world.arguments(), **world.objects()}
    fit: tuple[type[BaseException], ...] = (
        TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError, BufferError, StopIteration,
        *parse_errors(world.ffi),
    )  # fmt: skip
    daylight = world.lib.daylight
    ignored: list[type[BaseException]] = []  # what ffi.gc() was given for a destructor need not be one
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: ignored.append(unraisable.exc_type)
    try:
        with contextlib.suppress(*fit):
            method: Callable[..., Any] = getattr(known[call.receiver], call.method)
            method(*(known[name] for name in call.arguments))
        if call.method == "gc":
            gc.collect()  # where objects go some time later, do not leave that to another test
    finally:
        sys.unraisablehook = hook
    assert all(issubclass(kind, fit) for kind in ignored), ignored
    world.lib.daylight = daylight
    assert world.lib.abs(-2) == 2
