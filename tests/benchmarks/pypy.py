"""On PyPy: warmed-up loops against the interpreter's own cffi, and the time that an import takes.

Run it there: ``python -m benchmarks.pypy`` in ``tests``.  Ends with an error where a ratio is above its limit.
Method: the same text is compiled once for each package, the loops of both run in turns, and the best of each counts.

Of extern "Python" there is a floor: PyPy's own cffi enters such functions by a way of its own, which nobody else is let in.
All that is open to others is what ``ffi.callback`` of that cffi uses; what that takes more per call is measured with the rest.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from types import ModuleType
from typing import Any, Final

PACKAGES: Final = ("ffi_core", "cffi")
LOOP_LIMIT: Final = 1.3
IMPORT_LIMIT: Final = 2.0
MORE_TRIES: Final = 3
ROUNDS: Final = 15
WARMING: Final = 3
COUNT: Final = 200_000
IMPORTS: Final = 40

CDEF: Final = """
    typedef struct { double x, y; int i; char *s; } point;
    int add(int, int);
    double hypotenuse(double, double);
    size_t strlen(const char *);
    point sum(point, point);
    int loop_callback(int, int (*)(int));
    int loop_extern(int);
    int counter;
    extern "Python" int increment(int);
"""
SOURCE: Final = """
    #include <string.h>
    typedef struct { double x, y; int i; char *s; } point;
    static int counter;
    static int add(int a, int b) { return a + b; }
    static double hypotenuse(double a, double b) { return a * a + b * b; }
    static point sum(point a, point b) { a.x += b.x; a.y += b.y; return a; }
    static int increment(int);
    static int loop_extern(int n) { int s = 0; for (int i = 0; i < n; i++) s += increment(i); return s; }
    static int loop_callback(int n, int (*f)(int)) { int s = 0; for (int i = 0; i < n; i++) s += f(i); return s; }
"""

# Name, what is prepared, what is repeated; "C" instead of the latter stands for a loop in C.
CALLBACK: Final = "ffi.callback, per call"
EXTERN: Final = 'extern "Python", per call'
FLOOR_LIMIT: Final = 1.05
"""How far above its floor extern "Python" may be, where that is above its limit."""

VARIABLE: Final = "lib.counter"
VARIABLE_LIMIT: Final = 2.0
"""Each reading asks C where the variable lies, as PyPy's cffi does, but in a Python function, whose frame the compiler must make then."""

ROWS: Final = (
    ("lib.add(i, 3)", "", "lib.add(i, 3)"),
    ("lib.hypotenuse(x, y)", "", "lib.hypotenuse(1.5, 2.0)"),
    ("lib.strlen(bytes)", "", "lib.strlen(b'hello world')"),
    ("lib.sum(point, point)", "p = ffi.new('point *')[0]", "lib.sum(p, p)"),
    ("f = ABI function; f(i, 3)", "", "abi_abs(i)"),
    (VARIABLE, "", "lib.counter"),
    ("p.x", "p = ffi.new('point *')", "p.x"),
    ("p.i = i", "p = ffi.new('point *')", "p.i = i"),
    ("a[i & 63]", "a = ffi.new('int[64]')", "a[i & 63]"),
    ("a[i & 63] = i", "a = ffi.new('int[64]')", "a[i & 63] = i"),
    ("ffi.new('int *')", "", "ffi.new('int *')"),
    ("ffi.new('point *')", "", "ffi.new('point *')"),
    ("ffi.new('int[10]')", "", "ffi.new('int[10]')"),
    ("ffi.new('char[]', bytes)", "", "ffi.new('char[]', b'hello world')"),
    ("ffi.cast('void *', i)", "", "ffi.cast('void *', i)"),
    ("ffi.sizeof('point')", "", "ffi.sizeof('point')"),
    ("ffi.string(s)", "s = ffi.new('char[]', b'hello world')", "ffi.string(s)"),
    (CALLBACK, "c = ffi.callback('int(int)', lambda x: x + 1)", "C lib.loop_callback(n, c)"),
    (EXTERN, "", "C lib.loop_extern(n)"),
)


def build(package: str, folder: Path) -> tuple[Any, Any, Any]:
    """Compile the module with one package; give ``ffi``, ``lib`` and a function in ABI mode."""
    module: Any = importlib.import_module(package)
    name = f"_bench_{package}"
    builder = module.FFI()
    builder.cdef(CDEF)
    builder.set_source(name, SOURCE)
    builder.compile(tmpdir=str(folder))
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    generated: Any = importlib.import_module(name)
    inline = module.FFI()
    inline.cdef("int abs(int);")

    @generated.ffi.def_extern()
    def increment(number: int) -> int:
        return number + 1

    return generated.ffi, generated.lib, inline.dlopen(None).abs


def make_loop(prepared: str, repeated: str, names: dict[str, Any]) -> Callable[[int], Any]:
    """Compile a function that repeats a statement ``n`` times; each has code, and so a trace, of its own."""
    body = repeated[2:] if repeated.startswith("C ") else f"for i in range(n): {repeated}"
    module = ModuleType("user")  # in whose namespace, and no other, names are as fast as users have them
    module.__dict__.update(names)
    exec(f"def loop(n):\n    {prepared or 'pass'}\n    {body}\n", module.__dict__)
    loop: Callable[[int], Any] = module.__dict__["loop"]
    return loop


def compare(loops: dict[str, Callable[[int], Any]]) -> dict[str, float]:
    """Time the loops in turns.  Units: nanoseconds of processor time per repetition, the best of all rounds.

    Each starts with a heap that was just collected: the whole heap is collected after so many allocations, which would
    otherwise fall to one of the loops in every round.
    """
    best = dict.fromkeys(loops, float("inf"))
    for number in range(WARMING + ROUNDS):
        for name, loop in loops.items():
            gc.collect()
            start = thread_time()
            loop(COUNT)
            spent = thread_time() - start
            if number >= WARMING:
                best[name] = min(best[name], spent)
    return {name: 1e9 * seconds / COUNT for name, seconds in best.items()}


def import_times(folder: Path) -> dict[str, float]:
    """Time the import of each generated module in processes of their own.  Units: milliseconds of processor time, the best of all."""
    best = dict.fromkeys(PACKAGES, float("inf"))
    # Users import what was compiled to bytecode before, at the first import or by pip.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(IMPORTS):
        for package in PACKAGES:
            code = (
                f"import sys, time; sys.path.insert(0, {str(folder)!r}); start = time.process_time(); "
                f"from _bench_{package} import ffi, lib; print(time.process_time() - start)"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
            )
            best[package] = min(best[package], 1e3 * float(done.stdout))
    return best


def main() -> int:
    """Measure everything, print a table, and write it to ``build/bench``."""
    if sys.implementation.name != "pypy":
        print("benchmarks.pypy is for PyPy: there is nothing to compare here")
        return 1
    too_slow = []
    results: dict[str, dict[str, float]] = {}
    print(f"{sys.version}\n\n{'':<28}{'ffi_core':>12}{'built in':>12}{'ratio':>8}")

    def show(name: str, times: dict[str, float], limit: float, unit: str) -> None:
        ratio = times["ffi_core"] / times["cffi"]
        results[name] = {**times, "ratio": ratio, "limit": limit}
        print(f"{name:<28}{times['ffi_core']:>9.1f} {unit}{times['cffi']:>9.1f} {unit}{ratio:>8.2f}", flush=True)
        if ratio > limit:
            too_slow.append(f"{name}: {ratio:.2f} > {limit}")

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        built = {package: build(package, folder) for package in PACKAGES}
        for name, prepared, repeated in ROWS:
            loops = {
                package: make_loop(prepared, repeated, {"ffi": ffi, "lib": lib, "abi_abs": abi_abs})
                for package, (ffi, lib, abi_abs) in built.items()
            }
            limit = VARIABLE_LIMIT if name == VARIABLE else LOOP_LIMIT
            times = compare(loops)
            for _ in range(MORE_TRIES):
                if times["ffi_core"] <= limit * times["cffi"]:
                    break
                # Machines are slow for seconds at a time.  Both are given another chance.
                again = compare(loops)
                times = {package: min(times[package], again[package]) for package in times}
            if name == EXTERN:
                floor = results[CALLBACK]["cffi"] / times["cffi"]
                print(
                    f"{'floor of the next: callback':<28}{results[CALLBACK]['cffi']:>9.1f} ns{times['cffi']:>9.1f} ns{floor:>8.2f}"
                )
                limit = max(limit, FLOOR_LIMIT * floor)
            show(name, times, limit, "ns")
        show("import", import_times(folder), IMPORT_LIMIT, "ms")
    target = Path(__file__).resolve().parents[2] / "build" / "bench"
    target.mkdir(parents=True, exist_ok=True)
    (target / "pypy.json").write_text(json.dumps({"python": sys.version, "rows": results}, indent=1))
    print("\n" + ("\n".join(["Too slow:", *too_slow]) if too_slow else "All within their limits."))
    return 1 if too_slow else 0


if __name__ == "__main__":
    sys.exit(main())
