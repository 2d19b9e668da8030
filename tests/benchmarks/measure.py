"""Time statements of several peers beside each other.

Belongs here: the loop, its calibration, the interleaving, and what is kept of the samples.  It knows nothing of what is
measured.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from textwrap import indent
from time import perf_counter_ns
from types import CodeType

Loop = Callable[[int], int]
"""Run the statement so many times; return the nanoseconds that took."""

TEMPLATE = """\
def make(_repeat, _clock, {names}):
    def loop(_count, _repeat=_repeat, _clock=_clock, {defaults}):
        _start = _clock()
        for _ in _repeat(None, _count):
{statement}
        return _clock() - _start
    return loop
"""


@dataclass(frozen=True)
class Settings:
    """How much is measured.  Units: ``sample_ns`` is the time that one sample should take.

    A sample is shorter than the time slices of the system's scheduler, so that on a busy machine some are undisturbed.
    """

    rounds: int = 60
    sample_ns: int = 1_000_000


QUICK = Settings(rounds=5, sample_ns=300_000)
THOROUGH = Settings(rounds=300)


@dataclass(frozen=True)
class Samples:
    """The samples of one peer in one row.  Units: nanoseconds per operation."""

    count: int
    values: tuple[float, ...]

    @property
    def minimum(self) -> float:
        return min(self.values)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def deviation(self) -> float:
        """Return the median distance from the median."""
        middle = self.median
        return statistics.median(abs(value - middle) for value in self.values)


def make_loop(statement: str, scope: Mapping[str, object]) -> Loop:
    """Compile a loop over ``statement``, whose names out of ``scope`` are local variables as in a user's function.

    The same template serves all peers.
    """
    names = [name for name in scope if name in names_used(statement)]
    text = TEMPLATE.format(
        names=", ".join(names),
        defaults=", ".join(f"{name}={name}" for name in names),
        statement=indent(statement, " " * 12),
    )
    made: dict[str, Callable[..., Loop]] = {}
    exec(compile(text, "<benchmark>", "exec"), {}, made)
    return made["make"](repeat, perf_counter_ns, *(scope[name] for name in names))


def names_used(statement: str) -> set[str]:
    """Return the names that ``statement`` reads or writes."""
    code: CodeType = compile(statement, "<benchmark>", "exec")
    return set(code.co_names)


def calibrate(loop: Loop, sample_ns: int) -> int:
    """Find how many turns of ``loop`` take about ``sample_ns``."""
    count = 1
    while True:
        elapsed = max(loop(count), 1)
        if elapsed >= sample_ns / 4:
            return max(1, round(count * sample_ns / elapsed))
        count = max(count + 1, min(count * 10, round(count * sample_ns / elapsed)))


def measure(loops: Mapping[str, Loop], settings: Settings, per: int = 1) -> dict[str, Samples]:
    """Measure all peers in turns: one sample of each per round, each round beginning with another peer.

    Shapes: ``loops`` and the result by peer; ``per`` operations are done in one turn of a loop.
    """
    with quiet():
        counts = {peer: calibrate(loop, settings.sample_ns) for peer, loop in loops.items()}
        values: dict[str, list[float]] = {peer: [] for peer in loops}
        for peers in rotations(list(loops), settings.rounds):
            for peer in peers:
                values[peer].append(loops[peer](counts[peer]) / (counts[peer] * per))
    return {peer: Samples(counts[peer], tuple(values[peer])) for peer in loops}


def rotations(items: Sequence[str], count: int) -> Iterator[list[str]]:
    """Give ``items`` ``count`` times, each time beginning with the next one."""
    for turn in range(count):
        start = turn % len(items) if items else 0
        yield [*items[start:], *items[:start]]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the cyclic garbage collector out."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
