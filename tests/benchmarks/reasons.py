"""Why a target is missed where it is, by the beginning of the row's name: what the profile says."""

from __future__ import annotations

from collections.abc import Sequence

from .report import markdown_table
from .targets import Verdict

CALL = (
    "releasing the GIL and taking it back is most of a short call: `by hand` does nothing else, "
    "and takes as many instructions as ours"
)
KEPT = "ours takes no more instructions than Cython's, and is ahead of `by hand`"
RECORD = (
    "the record's type, its owner and whether that was released are looked at in each call; Cython's code and `by hand` know the type "
    "when they are compiled, and nobody can release theirs"
)

REASONS = {
    "noop": CALL,
    "long": CALL,
    "strlen": CALL,
    "add": CALL,
    "double": CALL,
    "4 mixed": CALL,
    "ten": CALL,
    "struct of": RECORD,
    "lib.f": "one look-up in a dictionary, and the interpreter's caches do not know the type on Python 3.11",
    "p == q": "three quarters of the instructions and more are the interpreter's way to an operator, and a tenth is ours",
    "p + 1": "most of it is a new object",
    "from_handle": "nine tenths of the instructions are the interpreter's call of a method: without a single one of ours it would be 1.06 on 3.11",
    "new_handle": "most of it is a new object, and a place in the table that knows live handles from dead ones",
    "iterate": "the interpreter's loop takes three quarters of the instructions; `by hand`, an iterator in C over an array of C ints, takes longer than ours",
    "gc": "most of it is the interpreter's call of the destructor",
    "buffer": "most of it is a new object",
    "typeof": "most of it is the interpreter's call of a method",
    "sizeof": "most of it is the interpreter's call of a method",
    "sort 1000": "a callback takes and gives back the GIL and makes two pointers; C code by hand does the same",
    "callback": "taking the GIL and calling a Python function is most of it",
    "out-of-line ABI import": "both read bytecode: an empty module, the floor, takes a quarter to a third of it, the rest is half a megabyte read into a str",
    "API: dir": "both make a str of each name",
    "API: later lib.f": "on Python 3.12 and newer the interpreter looks at the type and the dictionary first, and then asks `__getattr__`",
    "dir(lib)": "both make a str of each name",
    "wrong type": "making and catching the exception is most of it; our message says which argument of which function",
    "no such": "making and catching the exception is most of it; our message suggests the nearest name",
    "member struct": "an object of ours knows whose memory it is, and how long that is",
    "handle": "a table of live handles, by which a dead one is told from a live one",
    "two threads": "what the machine's two processors give: ctypes, whose calls release the GIL too, is in the table beside it",
    "compress": "nearly all of it is done in the C library",
    "decompress": "nearly all of it is done in the C library",
}


def reason(row: str, wanted: str) -> str:
    """Return what is known of the row and the target, "" for nothing."""
    if wanted.startswith(("ffi_core API / ffi_core ABI ", "ffi_core ABI / ffi_core API ")):
        return "both modes run the same code: the run was disturbed"
    fitting = [beginning for beginning in REASONS if row.startswith(beginning)]
    known = REASONS[max(fitting, key=len)] if fitting else ""
    if known in (CALL, RECORD):
        kept = "GIL kept" in wanted
        return RECORD if known == RECORD and kept else KEPT if kept else CALL
    return known


def missed_table(verdicts: Sequence[Verdict]) -> str:
    """Write the targets that are missed, with what the extension written by hand reaches, and the reasons."""
    lines = [
        [
            verdict.row,
            verdict.wanted,
            f"{verdict.value:.2f}",
            "" if verdict.by_hand is None else f"{verdict.by_hand:.2f}",
            reason(verdict.row, verdict.wanted),
        ]
        for verdict in verdicts
        if not verdict.met
    ]
    return markdown_table(["row", "target", "measured", "by hand", "why"], lines) if lines else "All targets are met."
