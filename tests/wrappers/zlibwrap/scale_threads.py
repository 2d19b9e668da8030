"""Measure how work spreads over threads with ``zlibwrap`` and with ``zlib``: ``scale_threads.py [ROUNDS]``.

Prints, for each kind of work, how many MiB a second one thread does and two threads do, and the quotient: 2 is perfect.  The figures
are the best of some rounds, in which both modules take turns.  On a machine that does other things too, or has one processor, they say little.
"""

from __future__ import annotations

import os
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import perf_counter
from typing import Any, Callable

import zlibwrap

MIB = 1 << 20


def make_text(size: int) -> bytes:
    """Make a text that is about as compressible as prose is."""
    random = Random(1)
    words = [bytes(random.choices(b"etaoinshrdlu", k=random.randrange(2, 10))) for _ in range(2000)]
    return b" ".join(random.choices(words, k=size // 4))[:size]


TEXT = make_text(4 * MIB)
PACKED = zlib.compress(TEXT, 1)


def in_chunks(module: Any) -> None:
    """Compress piece by piece."""
    stream = module.compressobj(1)
    for start in range(0, len(TEXT), MIB // 4):
        stream.compress(TEXT[start : start + MIB // 4])
    stream.flush()


WORK: dict[str, Callable[[Any], object]] = {
    "compress": lambda module: module.compress(TEXT, 1),
    "decompress": lambda module: module.decompress(PACKED),
    "compressobj": in_chunks,
    "crc32": lambda module: [module.crc32(TEXT) for _ in range(10)],
}
TIMES = {"crc32": 10}


def measure(work: Callable[[Any], object], module: Any, pool: ThreadPoolExecutor, threads: int) -> float:
    """Return how long so many threads take, each for the whole work."""
    before = perf_counter()
    list(pool.map(work, [module] * threads))
    return perf_counter() - before


def main(rounds: int = 10) -> int:
    """Run the command; return its exit status."""
    print(
        f"{os.cpu_count()} processors, Python {sys.version.split()[0]}; MiB a second with 1 and 2 threads, and how often the first the second is"
    )
    modules = {"zlib": zlib, "zlibwrap": zlibwrap}
    with ThreadPoolExecutor(2) as pool:
        for name, work in WORK.items():
            best = {(module, threads): float("inf") for module in modules for threads in (1, 2)}
            for _ in range(rounds):
                for (module, threads), known in best.items():
                    best[module, threads] = min(known, measure(work, modules[module], pool, threads))
            size = len(TEXT) * TIMES.get(name, 1) / MIB
            for module in modules:
                one, two = (threads * size / best[module, threads] for threads in (1, 2))
                print(f"{name:12} {module:8} {one:9.1f} {two:9.1f}  {two / one:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
