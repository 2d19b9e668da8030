"""Run one check of ``fuzzing.CHECKS`` on drawn inputs until the time is over.

Run by the command, one process per check: a crash ends this process only, and the file has the input that caused it.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from fuzzing import CHECKS

ROUND: Final = 500
"""Examples of one run of hypothesis, which keeps what it needs to know of all of them."""

SAMPLE: Final = 60
"""Inputs of a round that are looked at for leaks."""

REPETITIONS: Final = 25

WARM_UP: Final = 3000
"""Calls after which whatever is kept for later has been kept."""


def watch_leaks(check: Callable[[Any], None], inputs: list[Any]) -> list[Any]:
    """Find the inputs that leave more behind each time.

    Shapes: of each, one block of memory or more per repetition, three times in a row.  Four fifths of it are taken for it: what
    else runs in this process (the threads of a test runner, say) takes and gives back a few blocks meanwhile.  What
    seems to leak is looked at again after thousands of calls, when the caches and free lists on its way are full.
    """

    def grows(some: list[Any], warm_up: int = 4) -> bool:
        for _ in range(warm_up):  # a cache may fill in the first times
            for value in some:
                check(value)
        for _ in range(3):  # what a finalizer lets go is freed by the next collection
            gc.collect()
        for _ in range(3):
            before = sys.getallocatedblocks()
            for _ in range(REPETITIONS):
                for value in some:
                    check(value)
            gc.collect()
            if sys.getallocatedblocks() - before < REPETITIONS * 4 // 5:
                return False
        return True

    return [value for value in inputs if grows([value]) and grows([value], WARM_UP)] if grows(inputs) else []


def resident_memory() -> int:
    """Give the memory of this process in bytes; 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * 4096 if statm.exists() else 0


class Inputs:
    """Writes down each input before it is used, and keeps a sample."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self.sample: list[Any] = []
        self._stream = path.open("w", encoding="utf-8", errors="backslashreplace")

    def note(self, value: Any) -> None:
        """Write ``value`` down."""
        self._stream.seek(0)
        self._stream.truncate()
        self._stream.write(repr(value))
        self._stream.flush()
        self.count += 1
        if len(self.sample) < SAMPLE:
            self.sample.append(value)
        elif random.random() < 0.1:
            self.sample[random.randrange(SAMPLE)] = value


def run_round(name: str, inputs: Inputs, number: int) -> None:
    """Draw and check some hundred inputs."""
    strategy, check = CHECKS[name]

    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(value: Any) -> None:
        inputs.note(value)
        check(value)

    run()


def main(name: str, seconds: float, first: int, path: Path) -> int:
    """Check until the time is over; 1 where something was found, which is printed."""
    warnings.simplefilter("ignore")
    inputs = Inputs(path)
    end = time.monotonic() + seconds
    number = first
    memory = 0
    while time.monotonic() < end:
        inputs.sample.clear()
        run_round(name, inputs, number)
        number += 1
        leaking = watch_leaks(CHECKS[name][1], list(inputs.sample))
        if leaking:
            print(f"{name}: memory leaks, round {number - 1}:", *map(repr, leaking[:5]), sep="\n    ")
            return 1
        if number == first + 5:
            memory = resident_memory()
    grown = resident_memory() - memory if memory else 0
    print(
        f"{name}: {inputs.count:,} inputs, rounds {first} to {number - 1}; {grown / 1e6:+.1f} MB since round {first + 4}"
    )
    if grown > 100e6:
        print(f"{name}: the process grew too much")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
