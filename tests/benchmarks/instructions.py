"""Count instructions instead of time: ``valgrind --tool=callgrind`` repeats them exactly, however busy the machine is.

Belongs here: the process that runs the loops under callgrind, and the sums over what callgrind writes.  A call of ``getppid``
in that process ends one part of the count; nothing else there calls it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .measure import Loop, quiet
from .peers import find_peers
from .report import OURS, RATIOS, markdown_table
from .rows import MODULES, ROWS, Row
from .run import prepare, takes_part

TURNS = 1000  # fewer where one takes long: see turns_for
PLACES = ("interpreter", "ffi_core", "libc", "others")


class NoValgrindError(Exception):
    """There is no valgrind to count with."""


@dataclass(frozen=True)
class Count:
    """Instructions of one operation, by the part of the process that executes them (see ``PLACES``)."""

    by_place: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.by_place.values())

    def __sub__(self, other: Count) -> Count:
        return Count({place: self.by_place[place] - other.by_place[place] for place in PLACES})


Counts = dict[str, dict[str, Count]]
"""By row and peer."""


def count(names: Sequence[str], folder: Path, kept: Path) -> Counts:
    """Count the instructions of one operation of the rows ``names``; ``folder`` and ``kept`` are for the peers, as in a run.

    Errors: ``NoValgrindError``; ``RuntimeError`` where the process fails.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise NoValgrindError("valgrind is not installed: instructions are not counted")
    with tempfile.TemporaryDirectory(prefix="instructions-") as temporary:
        out = Path(temporary, "callgrind.out")
        marks = Path(temporary, "marks.json")
        options = ["--tool=callgrind", "--dump-before=getppid", "--compress-pos=no", f"--callgrind-out-file={out}"]
        command = [sys.executable, "-m", __name__, str(marks), str(folder), str(kept), *names]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [valgrind, *options, *command],
            cwd=Path(__file__).resolve().parents[1],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"counting instructions failed:\n{done.stderr[-2000:]}")
        marked: list[tuple[str, str, int]] = [(*pair, done) for *pair, done in json.loads(marks.read_text("utf-8"))]
        counts: Counts = {}
        # Each case has three calls of getppid: before the loop, behind it, and behind an empty one.
        for index, (row, peer, operations) in enumerate(marked):
            whole, empty = (read_part(out.with_name(f"{out.name}.{3 * index + part}")) for part in (2, 3))
            difference = whole - empty
            counts.setdefault(row, {})[peer] = Count(
                {place: difference.by_place[place] / operations for place in PLACES}
            )
        return counts


def read_part(path: Path) -> Count:
    """Sum one file of callgrind's by the object file that the code is in."""
    sums = dict.fromkeys(PLACES, 0.0)
    names: dict[str, str] = {}
    place = "others"
    lines = iter(path.read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith(("ob=", "cob=")):
            key, _, name = line.partition("=")[2].partition(" ")
            names.setdefault(key, name)
            if line.startswith("ob="):
                place = place_of(names[key])
        elif line.startswith("calls="):
            next(lines)  # what the called function took, which is counted there
        elif line[:1].isdigit():
            sums[place] += int(line.split()[-1])
    return Count(sums)


def place_of(object_file: str) -> str:
    """Say to whom an object file belongs."""
    name = Path(object_file).name
    if name.startswith(("libpython", "python", "pypy")):
        return "interpreter"
    if name.startswith("_native."):
        return "ffi_core"
    return "libc" if name.startswith(("libc.", "libc-", "ld-", "libpthread", "libm.")) else "others"


# ---- the process that is counted


def turns_for(loop: Loop) -> int:
    """Warm up; return how many turns to count.  Under valgrind, everything takes fifty times as long."""
    taken = loop(3) / 3
    turns = TURNS if taken < 1e6 else 30 if taken < 1e7 else 3
    loop(min(turns, 100))
    return turns


def child(marks: str, folder: str, kept: str, *names: str) -> None:
    """Run the loops of the rows with all their peers; leave in the file ``marks`` which, in their order."""
    rows = [row for row in ROWS if isinstance(row, Row) and row.name in names]
    dialects = {dialect for row in rows for dialect in row.dialects}
    done: list[tuple[str, str, int]] = []
    found = find_peers(Path(folder), Path(kept), MODULES, dialects).found
    for row, peer in ((row, peer) for row in rows for peer in found if takes_part(row, peer)):
        loop = prepare(row, peer)
        with quiet():
            turns = turns_for(loop)
            os.getppid()
            loop(turns)
            os.getppid()
            loop(0)
            os.getppid()
        done.append((row.name, peer.name, turns * row.per))
    Path(marks).write_text(json.dumps(done), encoding="utf-8")


# ---- the report


def tables(counts: Counts, peers: Optional[Sequence[str]] = None) -> str:
    """Write a table of the counts, and one that says where ours are spent."""
    columns = list(dict.fromkeys(peer for row in counts.values() for peer in row)) if peers is None else list(peers)
    whole = [
        [name, *(f"{row[peer].total:.0f}" if peer in row else "" for peer in columns)] for name, row in counts.items()
    ]
    parts = [
        [
            name,
            peer,
            *(f"{row[peer].by_place[place]:.0f}" for place in PLACES),
            f"{row[peer].total:.0f}",
            _ratios(row, peer, row[peer].total),
            _ratios(row, peer, row[peer].total - row[peer].by_place["ffi_core"]),
        ]
        for name, row in counts.items()
        for peer in row
        if peer in OURS
    ]
    titles = ["instructions", "of", *PLACES, "all", "the others / ours", "without ffi_core"]
    return f"{markdown_table(['instructions', *columns], whole)}\n\n{markdown_table(titles, parts)}"


def _ratios(row: Mapping[str, Count], ours: str, instructions: float) -> str:
    others = [other for other, mine in RATIOS if mine == ours and other in row]
    return ", ".join(f"{other} {row[other].total / instructions:.2f}" for other in others)


if __name__ == "__main__":
    child(*sys.argv[1:])
