"""What the ratios must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .rows import WRAPPERS
from .run import Outcome


@dataclass(frozen=True)
class Target:
    """``other`` must take at least ``least`` times as long as ``ours`` in the rows of a group whose names begin so."""

    group: str
    other: str
    ours: str
    least: float
    beginnings: tuple[str, ...] = ("",)


TARGETS = (
    Target("calls", "cffi API", "ffi_core ABI", 1.0),
    Target("calls", "cffi ABI", "ffi_core ABI", 2.0),
    Target("calls", "cffi API", "ffi_core API", 1.0),
    # "cffi API" is the FFI object of a compiled module here, which is faster than an in-line one.
    Target("data", "cffi API", "ffi_core ABI", 1.0),
    Target("data", "cffi API", "ffi_core API", 1.0),
    Target("data", "cffi API", "ffi_core ABI", 1.3, ("new ", "cast", "addressof")),
    Target("data", "cffi API", "ffi_core API", 1.3, ("new ", "cast", "addressof")),
    Target("callbacks", "cffi API", "ffi_core ABI", 1.5),
    Target("callbacks", "cffi API", "ffi_core API", 1.5),
    Target("callbacks", "ctypes", "ffi_core ABI", 1.5, ("sort",)),
    Target("callbacks", "hand, GIL released", "ffi_core ABI", 1 / 1.25),
    Target("callbacks", "hand, GIL released", "ffi_core API", 1 / 1.25),
    *(
        Target(f"wrapper {wrapper.ours}", wrapper.standard, wrapper.ours, 1 / most, (beginning,))
        for wrapper in WRAPPERS
        for beginning, most in wrapper.at_most.items()
    ),
)


@dataclass(frozen=True)
class Verdict:
    """A target in one row, and the ratio that was measured."""

    target: Target
    row: str
    ratio: float

    @property
    def met(self) -> bool:
        return self.ratio >= self.target.least


def judge(outcomes: Sequence[Outcome]) -> list[Verdict]:
    """Compare what was measured with the targets, as far as both peers are there."""
    verdicts: list[Verdict] = []
    for target in TARGETS:
        for outcome in outcomes:
            samples = outcome.samples
            if outcome.row.group != target.group or not outcome.row.name.startswith(target.beginnings):
                continue
            if target.other in samples and target.ours in samples:
                ratio = samples[target.other].minimum / samples[target.ours].minimum
                verdicts.append(Verdict(target, outcome.row.name, ratio))
    return verdicts
