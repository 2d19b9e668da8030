"""What must be reached, as data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional, Union

from .rows import WRAPPERS
from .run import Outcome


@dataclass(frozen=True)
class Verdict:
    """A target in one row, in words, and what was measured."""

    row: str
    wanted: str
    value: float
    met: bool
    by_hand: Optional[float] = None
    """What the extension written by hand reaches, which does the same with the GIL."""


@dataclass(frozen=True)
class Target:
    """``other`` must take at least ``least`` times as long as ``ours`` in the rows of a group whose names begin so."""

    group: str
    other: str
    ours: str
    least: float
    beginnings: tuple[str, ...] = ("",)

    def judge(self, outcomes: Sequence[Outcome]) -> Iterator[Verdict]:
        for outcome in outcomes:
            samples = outcome.samples
            if outcome.row.group != self.group or not outcome.row.name.startswith(self.beginnings):
                continue
            if self.other in samples and self.ours in samples:
                ratio = samples[self.other].minimum / samples[self.ours].minimum
                wanted = f"{self.other} / {self.ours} at least {self.least:.2f}"
                yield Verdict(outcome.row.name, wanted, ratio, ratio >= self.least, self._by_hand(outcome))

    def _by_hand(self, outcome: Outcome) -> Optional[float]:
        hand = HAND_KEPT if self.ours in KEPT else HAND_RELEASED
        if hand not in outcome.samples or self.other in (HAND_KEPT, HAND_RELEASED):
            return None
        return outcome.samples[self.other].minimum / outcome.samples[hand].minimum


@dataclass(frozen=True)
class Limit:
    """``ours`` must be ``most`` at most, or ``least`` at least, in the rows of a group whose names begin so.

    ``over`` is a row whose value is taken off first.
    """

    group: str
    beginning: str
    ours: str
    most: Optional[float] = None
    least: Optional[float] = None
    over: str = ""

    def judge(self, outcomes: Sequence[Outcome]) -> Iterator[Verdict]:
        there: Mapping[str, Outcome] = {
            outcome.row.name: outcome
            for outcome in outcomes
            if outcome.row.group == self.group and self.ours in outcome.samples
        }
        for name, outcome in there.items():
            if not name.startswith(self.beginning) or (self.over and self.over not in there):
                continue
            value = outcome.samples[self.ours].minimum
            if self.over:
                value -= there[self.over].samples[self.ours].minimum
            unit = outcome.row.unit
            if self.most is not None:
                more = f" more than {self.over}" if self.over else ""
                yield Verdict(name, f"{self.ours} at most {self.most:g} {unit}{more}", value, value <= self.most)
            if self.least is not None:
                yield Verdict(name, f"{self.ours} at least {self.least:g} {unit}", value, value >= self.least)


ABI, API = "ffi_core ABI", "ffi_core API"
KEPT_ABI, KEPT_API = "ffi_core ABI, GIL kept", "ffi_core API, GIL kept"
MODES = (ABI, API)
KEPT = (KEPT_ABI, KEPT_API)
HAND_RELEASED, HAND_KEPT = "hand, GIL released", "hand, GIL kept"

# The rows by the number of arguments: with few, cffi's API mode is near the floor.
FEW = ("noop", "long", "strlen", "struct")
MANY = ("add", "double", "4 mixed", "ten")

# The work on memory, in the data table; the rest of it is reading and writing.
MAKING = (
    "new ", "int[] from", "cast", "int(cast", "addressof", "string", "unpack", "iterate", "buffer", "from_buffer", "memmove", "gc",
)  # fmt: skip
READING = ("p.x", "a[i]", "p + 1", "p == q", "typeof", "sizeof", "new_handle", "from_handle")

AnyTarget = Union[Target, Limit]

CALLS: tuple[AnyTarget, ...] = (
    Target("calls", API, ABI, 0.95),
    Target("calls", ABI, API, 0.95),
    *(Target("calls", "cffi API", mode, 1.1, FEW) for mode in MODES),
    *(Target("calls", "cffi API", mode, 1.7, MANY) for mode in MODES),
    *(Target("calls", "cffi ABI", mode, 2.5) for mode in MODES),
    *(Target("calls", HAND_RELEASED, mode, 1 / 1.15) for mode in MODES),
    *(Target("calls", "cffi API", mode, 2.0, FEW) for mode in KEPT),
    *(Target("calls", "cffi API", mode, 3.0, MANY) for mode in KEPT),
    *(Target("calls", HAND_KEPT, mode, 1 / 1.2) for mode in KEPT),
    *(Target("calls", binder, mode, 1.0) for binder in ("nanobind", "Cython") for mode in KEPT),
    *(
        Limit("look-up and call", "lib.f", mode, most=5 if sys.version_info >= (3, 12) else 20, over="f(1, 2)")
        for mode in (*MODES, *KEPT)
    ),
)

DATA = (
    # "cffi API" is the FFI object of a compiled module, "cffi ABI" the in-line one, which is slower.
    *(Target("data", "cffi API", mode, 1.5, MAKING) for mode in MODES),
    Target("data", "cffi ABI", ABI, 1.5, MAKING),
    *(Target("data", "ctypes", mode, 1.0, ("new ", "int[] from")) for mode in MODES),
    *(Target("data", "cffi API", mode, 1.1, READING) for mode in MODES),
)

CALLBACKS = (
    *(Target("callbacks", "cffi API", mode, 1.5) for mode in MODES),
    Target("callbacks", "ctypes", ABI, 1.5, ("sort",)),
    *(Target("callbacks", HAND_RELEASED, mode, 1 / 1.25) for mode in MODES),
)

BUILD: tuple[AnyTarget, ...] = (
    Target("build and import", "cffi", "ffi_core", 5.0, ("in-line cdef, 5,000",)),
    Limit("build and import", "import and first FFI()", "ffi_core", most=8),
    Target(
        "build and import",
        "cffi",
        "ffi_core",
        10.0,
        ("out-of-line ABI import, 5,000", "out-of-line ABI import without"),
    ),
    Target("build and import", "cffi", "ffi_core", 8.0, ("API: compile",)),
    Target("build and import", "cffi", "ffi_core", 2.0, ("API: stripped size",)),
    Limit("build and import", "API: import", "ffi_core", most=1.5),
    Target("build and import", "cffi", "ffi_core", 1.0, ("API: first lib.f", "API: later lib.f", "API: dir")),
)

OTHERS: tuple[AnyTarget, ...] = (
    Target("memory per object", "cffi", "ffi_core", 0.98),  # the system gives memory in pages
    *(Target("errors", "cffi API", mode, 1.0) for mode in MODES),
    Target("errors", "cffi ABI", ABI, 1.0),
    Limit("threads", "two threads", "ffi_core", least=1.9),
)

TARGETS: tuple[AnyTarget, ...] = (
    *CALLS,
    *DATA,
    *CALLBACKS,
    *BUILD,
    *OTHERS,
    *(
        Target(f"wrapper {wrapper.ours}", wrapper.standard, wrapper.ours, 1 / most, (beginning,))
        for wrapper in WRAPPERS
        for beginning, most in wrapper.at_most.items()
    ),
)


def judge(outcomes: Sequence[Outcome]) -> list[Verdict]:
    """Compare what was measured with the targets, as far as the peers are there."""
    return [verdict for target in TARGETS for verdict in target.judge(outcomes)]
