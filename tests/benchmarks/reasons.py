"""Why a target is missed where it is, by the beginning of the row's name: what the profile says."""

from __future__ import annotations

from collections.abc import Sequence

from .report import markdown_table
from .targets import Verdict

CALL = "releasing the GIL and taking it back is most of a short call: the two hand-written extensions differ in nothing else"
SAMPLE = "a converter per argument is looked up in the plan; Cython and nanobind know it when they are compiled"

REASONS = {
    "noop": CALL,
    "long": CALL,
    "strlen": CALL,
    "add": CALL,
    "double": SAMPLE,
    "4 mixed": SAMPLE,
    "ten": SAMPLE,
    "struct of": "its words pass through memory; Cython's code is compiled for this struct",
    "lib.f": "one look-up in a dictionary, and the interpreter's caches do not know the type on Python 3.11",
    "p == q": "most of it is the interpreter's way to an operator",
    "p + 1": "most of it is a new object",
    "from_handle": "most of it is the interpreter's call of a method",
    "new_handle": "most of it is a new object, and a place in the table that knows live handles from dead ones",
    "iterate": "the loop itself is most of it: `hand` runs it over a list, whose items are there already",
    "gc": "most of it is the interpreter's: the call of the destructor, and the attribute that it is given for it",
    "buffer": "most of it is a new object",
    "typeof": "most of it is a look-up in a dictionary",
    "sizeof": "most of it is a look-up in a dictionary",
    "sort 1000": "a callback takes and gives back the GIL and makes two pointers; C code by hand does the same",
    "callback": "taking the GIL and calling a Python function is most of it",
    "out-of-line ABI import": "both read bytecode: a quarter is what an empty module takes, the rest is half a megabyte from the file to a str",
    "API: dir": "both make a str of each name",
    "API: later lib.f": "on Python 3.12 and newer the interpreter looks at the type and the dictionary first, and then asks `__getattr__`",
    "dir(lib)": "both make a str of each name",
    "wrong type": "making and catching the exception is most of it; our message says which argument of which function",
    "no such": "making and catching the exception is most of it; our message suggests the nearest name",
    "member struct": "an object of ours knows whose memory it is, and how long that is",
    "handle": "a table of live handles, by which a dead one is told from a live one",
    "two threads": "the machine has other things to do",
}


def reason(row: str, wanted: str) -> str:
    """Return what is known of the row and the target, "" for nothing."""
    if wanted.startswith(("ffi_core API / ffi_core ABI ", "ffi_core ABI / ffi_core API ")):
        return "both modes run the same code: the run was disturbed"
    fitting = [beginning for beginning in REASONS if row.startswith(beginning)]
    known = REASONS[max(fitting, key=len)] if fitting else ""
    return SAMPLE if known == CALL and "GIL kept" in wanted else known


def missed_table(verdicts: Sequence[Verdict]) -> str:
    """Write the targets that are missed, with the reasons; those of both modes in one line each."""
    lines = [
        [verdict.row, verdict.wanted, f"{verdict.value:.2f}", reason(verdict.row, verdict.wanted)]
        for verdict in verdicts
        if not verdict.met
    ]
    return markdown_table(["row", "target", "measured", "why"], lines) if lines else "All targets are met."
