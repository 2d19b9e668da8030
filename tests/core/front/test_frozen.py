"""The stand-in for frozen dataclasses and named tuples does what those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import sys
from typing import Any, Callable
from typing import NamedTuple as StandardNamedTuple

import pytest

from ffi_core import frozen
from ffi_core.front import model
from ffi_core.front.patterns import lazy


def make_classes(dataclass: Any, field: Any) -> tuple[type[Any], type[Any]]:
    @dataclass(frozen=True)
    class Base:
        """A base."""

        first: int
        second: str = "two"
        ignored: int = field(default=3, compare=False)

    @dataclass(frozen=True)
    class Derived(Base):
        made: list[int] = field(default_factory=list)

        @property
        def both(self) -> str:
            return f"{self.first}{self.second}"

    return Base, Derived


OURS = make_classes(frozen.dataclass, frozen.field)
STANDARD = make_classes(dataclasses.dataclass, dataclasses.field)

ACTIONS: dict[str, Callable[[type[Any], type[Any]], object]] = {
    "repr": lambda base, derived: (repr(base(1)), repr(derived(1, "x", 2, [3])), repr(base(first=1, second="b"))),
    "equal": lambda base, derived: (
        base(1) == base(1, "two", 9),
        base(1) == base(2),
        base(1) == derived(1),
        base(1) == 1,
    ),
    "not equal": lambda base, derived: (base(1) != base(1), base(1) != derived(1)),
    "hash": lambda base, derived: (hash(base(1)) == hash(base(1, "two", 9)), len({base(1), base(1), base(2)})),
    "unhashable member": lambda base, derived: hash(derived(1)),
    "default": lambda base, derived: (base(1).second, base.second, base(1).ignored, derived(1).made),
    "factory": lambda base, derived: derived(1).made is derived(1).made,
    "no attribute of the class": lambda base, derived: hasattr(derived, "made"),
    "property": lambda base, derived: derived(1).both,
    "too few": lambda base, derived: base(),
    "too many": lambda base, derived: base(1, 2, 3, 4),
    "unknown": lambda base, derived: base(1, third=3),
    "assign": lambda base, derived: setattr(base(1), "first", 2),
    "assign another": lambda base, derived: setattr(derived(1), "other", 2),
    "delete": lambda base, derived: delattr(base(1), "first"),
    "copy": lambda base, derived: (copy.copy(derived(1)) == derived(1), copy.deepcopy(base(1)) == base(1)),
    "docstring": lambda base, derived: base.__doc__,
}


def outcome(action: Callable[[type[Any], type[Any]], object], classes: tuple[type[Any], type[Any]]) -> object:
    try:
        return action(*classes)
    except (AttributeError, TypeError) as error:
        kind = AttributeError if isinstance(error, AttributeError) else TypeError
        return kind, re.sub(r"^\S*__init__", "__init__", str(error).rpartition(".")[2])


@pytest.mark.parametrize("name", ACTIONS)
def test_dataclasses_are_like_those_of_the_standard_library(name: str) -> None:
    assert outcome(ACTIONS[name], OURS) == outcome(ACTIONS[name], STANDARD)


def test_replace() -> None:
    base, derived = OURS
    assert frozen.replace(base(1), second="b") == base(1, "b")
    assert frozen.replace(derived(1, made=[2]), first=3) == derived(3, made=[2])
    assert frozen.replace(base(1, ignored=7), first=2).ignored == 7


def test_the_model_can_be_pickled_and_is_compared_by_value() -> None:
    one = model.Pointer(model.Primitive("int", ("const",)))
    assert one == pickle.loads(pickle.dumps(one))
    assert one != model.Pointer(model.Named("int", ("const",)))
    assert len({one, model.Pointer(model.Primitive("int", ("const",)))}) == 1


def test_named_tuples_are_like_those_of_the_standard_library() -> None:
    class Ours(frozen.NamedTuple):
        """Two members."""

        first: int
        second: str = "two"

        def joined(self) -> str:
            return f"{self.first}{self.second}"

    class Standard(StandardNamedTuple):
        """Two members."""

        first: int
        second: str = "two"

        def joined(self) -> str:
            return f"{self.first}{self.second}"

    assert isinstance(Ours(1), tuple)
    assert tuple(Ours(1)) == tuple(Standard(1)) == (1, "two")
    assert (Ours(1).joined(), Ours(1).first, Ours(1)._replace(first=2)) == ("1two", 1, (2, "two"))
    assert (Ours.__doc__, Ours.__module__, Ours.__qualname__.rpartition(".")[2]) == ("Two members.", __name__, "Ours")
    assert repr(Ours(1)) == "Ours(first=1, second='two')"
    assert Ours._fields == Standard._fields
    assert Ours._field_defaults == Standard._field_defaults


def test_lazy_patterns_are_patterns() -> None:
    pattern = lazy(r"(a+)b", re.IGNORECASE)
    match = pattern.match("AAb")
    assert match is not None
    assert match.group(1) == "AA"
    assert (pattern.sub("-", "ab aab"), pattern.findall("ab AAB")) == ("- -", ["a", "AA"])
    assert pattern.flags & re.IGNORECASE
    with pytest.raises(AttributeError, match="nope"):
        pattern.nope  # type: ignore[attr-defined]  # it is not there, as is tested


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="what PyPy imports at its start is another matter")
def test_a_small_cdef_imports_little() -> None:
    import subprocess

    code = """
import sys
before = set(sys.modules)
import ffi_core
ffi_core.FFI().cdef("int add(int a, int b); struct s { int x; };")
heavy = {"dataclasses", "inspect", "pycparser", "typing"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
