"""The report of the debug mode: what still holds a resource when Python exits."""

from __future__ import annotations

import atexit
import gc
import sys
from collections import Counter
from types import ModuleType


def report_at_exit(native: ModuleType) -> None:
    """Print a report when the interpreter exits, if there is anything to say.

    ``native`` is the module whose objects it is about.
    """
    atexit.register(_print_report, native)


def _print_report(native: ModuleType) -> None:
    gc.collect()  # what is only waiting to be collected is no leak
    text = report(native._held())
    if text and sys.stderr is not None:
        sys.stderr.write(text)


def report(held: list[tuple[str, str, int, str]]) -> str:
    """Write what is held, one line per place and kind, the largest first.

    Shapes: each item of ``held`` is how the object was made, its C type, its size in bytes or 0, and the place.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    sizes: Counter[tuple[str, str, str]] = Counter()
    for how, ctype, size, place in held:
        counts[how, ctype, place] += 1
        sizes[how, ctype, place] += size
    lines = []
    for key in sorted(counts, key=lambda key: (-sizes[key], -counts[key], key)):
        how, ctype, place = key
        memory = f", {sizes[key]} bytes" if sizes[key] else ""
        lines.append(f"  {counts[key]} x {how} of '{ctype}'{memory}, made at {place}\n")
    if not lines:
        return ""
    return f"ffi_core: {sum(counts.values())} objects were still held at exit:\n{''.join(lines)}"
