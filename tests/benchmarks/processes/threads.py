"""Run two threads in long C calls, in a process of its own: ``threads.py FUNCTION LIBRARY PACKAGE``.

Prints ``{"value": ..., "check": ...}``: how often faster two threads are than one after the other, and what the function
returns for 3.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import sys
import threading
from time import perf_counter
from typing import Any

AMOUNTS = {"burn": 20_000_000, "rest": 30}
"""Steps of computing, milliseconds of waiting."""


def function_of(name: str, package: str, library: str) -> Any:
    """Return a function that takes long."""
    if package == "ctypes":
        function = getattr(ctypes.CDLL(library), name)
        function.restype, function.argtypes = ctypes.c_ulong, (ctypes.c_ulong,)
        return function
    ffi = importlib.import_module(package).FFI()
    ffi.cdef(f"unsigned long {name}(unsigned long amount);")
    return getattr(ffi.dlopen(library), name)


def main(name: str, library: str, package: str) -> None:
    """Print the best of a few rounds: other programs may run on the machine."""
    long_call, amount = function_of(name, package, library), AMOUNTS[name]
    best = 0.0
    long_call(3)
    for _ in range(15):
        start = perf_counter()
        long_call(amount)
        long_call(amount)
        alone = perf_counter() - start
        both = [threading.Thread(target=long_call, args=(amount,)) for _ in range(2)]
        start = perf_counter()
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        best = max(best, alone / (perf_counter() - start))
    print(json.dumps({"value": best, "check": long_call(3)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
