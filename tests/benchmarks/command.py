"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Optional

from . import instructions, machine, plot, report
from .measure import QUICK, THOROUGH, Settings
from .peers import find_peers
from .reasons import missed_table
from .rows import MODULES, Row
from .run import Outcome, WrongResultError, run_rows, select
from .targets import judge

ROOT = Path(__file__).resolve().parents[2]
SERIES = ".".join(platform.python_version_tuple()[:2])
KEPT = ROOT / "build" / "bench" / f"peers-{sys.implementation.cache_tag}"


EXPLANATION = """\
Nanoseconds per operation, loop included, where nothing else is said: minimum (median); ~ marks a disturbed row.
Ratios are of minima: above 1 the second is faster.
"""


def named_path(text: str) -> Path:
    """Read a path as whoever started nox means it: nox runs the benchmarks below ``tests``."""
    return ROOT / text if Path.cwd() == ROOT / "tests" else Path(text)


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks",
        description="Measure the same work done by ffi_core, cffi, ctypes and C extensions written by hand, in turns.",
    )
    parser.add_argument("--rows", metavar="PATTERN", default="", help="only rows whose group or name match")
    parser.add_argument("--quick", action="store_true", help="few short samples: to see that it works")
    parser.add_argument("--thorough", action="store_true", help="more samples, and the rows that take minutes")
    parser.add_argument("--instructions", action="store_true", help="count instructions with valgrind, not time")
    parser.add_argument("--rounds", type=int, help="samples per row and peer")
    parser.add_argument(
        "--json", metavar="FILE", type=named_path, help="where to write JSON (default: below build/bench)"
    )
    parser.add_argument("--compare", metavar="OLD.json", type=named_path, help="compare with an earlier run")
    parser.add_argument(
        "--publish", metavar="FOLDER", type=named_path, help="write tables and plots there, for the documentation"
    )
    parser.add_argument("--targets", action="store_true", help="list all targets, not only those that are missed")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    parser.add_argument("--build-dir", metavar="FOLDER", type=named_path, help="keep what is built there")
    options = parser.parse_args(arguments)
    if options.compare and not options.compare.is_file():
        parser.error(f"there is no file {options.compare}")
    return options


def default_json() -> Path:
    """Return where the JSON goes when nobody says."""
    name = f"{sys.implementation.name}-{platform.python_version()}.json"
    return ROOT / "build" / "bench" / name


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; return its exit status."""
    options = parse(arguments)
    rows = select(options.rows, thorough=options.thorough)
    if not rows:
        print(f"no row matches {options.rows!r}", file=sys.stderr)
        return 2
    old = json.loads(options.compare.read_text(encoding="utf-8")) if options.compare else None
    settings = QUICK if options.quick else THOROUGH if options.thorough else Settings()
    if options.rounds:
        settings = replace(settings, rounds=options.rounds)
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = (options.build_dir or Path(temporary)).resolve()
        if options.instructions:
            print(
                instructions.tables(
                    instructions.count([row.name for row in rows if isinstance(row, Row)], folder, KEPT)
                )
            )
            return 0
        dialects = {dialect for row in rows for dialect in row.dialects}
        peers = find_peers(folder, KEPT, MODULES, dialects)
        outcomes: list[Outcome] = []
        try:
            for outcome in run_rows(rows, peers.found, settings, folder):
                outcomes.append(outcome)
                if sys.stderr.isatty():
                    print(f"[{len(outcomes)}/{len(rows)}] {outcome.row.name}", file=sys.stderr)
        except WrongResultError as error:
            print(f"wrong result: {error}", file=sys.stderr)
            return 1
        environment = {**machine.describe(), **asdict(settings)}
        measured = report.as_json(outcomes, environment, peers.notes)
        names = [peer.name for peer in peers.found]
        print_report(outcomes, names, environment, peers.notes)
        if options.targets:
            print("\n" + report.verdict_table(judge(outcomes)))
        if old is not None:
            print("\n## Beside the earlier run\n\n" + report.comparison(old, measured))
        target = options.json or default_json()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        print(f"\nJSON: {target}")
        if options.publish:
            publish(options.publish, outcomes, names, environment)
            write_floor(options.publish, outcomes, folder)  # last, for it takes long
    missed = [verdict for verdict in judge(outcomes) if not verdict.met]
    return 1 if options.check and missed else 0


def publish(folder: Path, outcomes: Sequence[Outcome], peers: Sequence[str], environment: dict[str, object]) -> None:
    """Write the tables and a plot per group that has one, which the documentation shows."""
    folder.mkdir(parents=True, exist_ok=True)
    heading = f"{environment['python']}, {environment['cpu']}, cffi {machine.version('cffi')}.\n"
    text = "\n".join([heading, report.tables(outcomes, peers), "", report.verdict_table(judge(outcomes)), ""])
    (folder / f"tables-{SERIES}.md").write_text(text, encoding="utf-8")
    for name, picture in plot.plots(outcomes).items():
        (folder / f"{name}-{SERIES}.svg").write_text(picture, encoding="utf-8")


def write_floor(folder: Path, outcomes: Sequence[Outcome], built: Path) -> None:
    """Write the targets that are missed, why, and where the instructions of those rows are spent."""
    verdicts = judge(outcomes)
    missed = {verdict.row for verdict in verdicts if not verdict.met}
    rows = [outcome.row for outcome in outcomes if outcome.row.name in missed]
    # What a wrapper takes is its C library's, at which valgrind would count for minutes.
    names = [row.name for row in rows if isinstance(row, Row) and not row.group.startswith("wrapper")]
    parts = [missed_table(verdicts)]
    try:
        parts += [instructions.tables(instructions.count(names, built, KEPT))] if names else []
    except instructions.NoValgrindError as error:
        print(error, file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"floor-{SERIES}.md").write_text("\n\n".join([*parts, ""]), encoding="utf-8")


def print_report(
    outcomes: Sequence[Outcome], peers: Sequence[str], environment: dict[str, object], notes: Sequence[str]
) -> None:
    """Print the tables, what is missing, and the targets."""
    cffi = environment["cffi"]
    built = f"cffi {cffi['version']}, built: {cffi['built']}" if isinstance(cffi, dict) else ""
    print(f"{environment['python']}, {environment['cpu']}; {built}\n")
    print(EXPLANATION)
    print(report.tables(outcomes, peers))
    remarks = [*notes, *report.failures(outcomes)]
    if remarks:
        print("\n" + "\n".join(f"- {remark}" for remark in remarks))
    verdicts = judge(outcomes)
    if verdicts:
        print("\n" + "\n".join(report.verdict_lines(verdicts)))
