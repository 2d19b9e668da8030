"""Write what was measured: Markdown for people, JSON for later comparison."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from .rows import WRAPPERS
from .run import Outcome
from .targets import Verdict

OURS = (
    "ffi_core ABI",
    "ffi_core API",
    "ffi_core ABI, GIL kept",
    "ffi_core API, GIL kept",
    "ffi_core",
    *(wrapper.ours for wrapper in WRAPPERS),
)

# Columns of the tables of ratios, where both are there: how often the second goes into the first.
RATIOS = (
    ("cffi API", "ffi_core ABI"),
    ("cffi API", "ffi_core API"),
    ("cffi ABI", "ffi_core ABI"),
    ("ctypes", "ffi_core ABI"),
    ("hand, GIL released", "ffi_core ABI"),
    ("cffi API", "ffi_core ABI, GIL kept"),
    ("hand, GIL kept", "ffi_core ABI, GIL kept"),
    ("nanobind", "ffi_core ABI, GIL kept"),
    ("Cython", "ffi_core ABI, GIL kept"),
    ("cffi", "ffi_core"),
    ("ctypes", "ffi_core"),
    ("cffi ABI", "cffi API"),
    ("ctypes", "cffi API"),
    *((wrapper.standard, wrapper.ours) for wrapper in WRAPPERS),
)

# A row whose median is so far above its minimum was disturbed.
NOISY = 1.15

FORMAT_VERSION = 2


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table with aligned columns: the first to the left, the others to the right."""
    widths = [max(3, *(len(row[place]) for row in [titles, *rows])) for place in range(len(titles))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(zip(cells, widths))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * width if not place else "-" * (width - 1) + ":" for place, width in enumerate(widths)]
    return "\n".join([line(titles), line(rule), *map(line, rows)])


def format_value(value: float, unit: str) -> str:
    """Write a number with three digits that count; nanoseconds have no unit beside them."""
    if unit == "bytes" and value >= 10_000:
        return f"{value / 1000:,.0f} kB"
    number = f"{value:.1f}" if value < 10 else f"{value:.0f}" if value < 10_000 else f"{value / 1000:.1f}k"
    return number if unit == "ns" else f"{value:.2f} {unit}" if value < 10 else f"{number} {unit}"


def tables(outcomes: Sequence[Outcome], peers: Sequence[str]) -> str:
    """Write two tables per group of rows: what was measured, and the ratios."""
    groups = list(dict.fromkeys(outcome.row.group for outcome in outcomes))
    parts = [_group_tables([o for o in outcomes if o.row.group == group], peers) for group in groups]
    return "\n\n".join(part for group in parts for part in group)


def _group_tables(outcomes: Sequence[Outcome], peers: Sequence[str]) -> list[str]:
    group = outcomes[0].row.group
    columns = [peer for peer in peers if any(peer in o.samples or peer in o.missing for o in outcomes)]
    ours_there = any(peer in columns for peer in OURS)
    ratios = [
        (other, ours)
        for other, ours in RATIOS
        if other in columns and ours in columns and (ours in OURS or not ours_there)
    ]
    made = [markdown_table([group, *columns], [_values(outcome, columns) for outcome in outcomes])]
    if ratios:
        titles = [f"{group}: ratios", *(f"{other} / {ours}" for other, ours in ratios)]
        made.append(markdown_table(titles, [_ratios(outcome, ratios) for outcome in outcomes]))
    return made


def _values(outcome: Outcome, columns: Sequence[str]) -> list[str]:
    samples, unit = outcome.samples, outcome.row.unit
    cells = [outcome.row.name]
    for peer in columns:
        if peer in samples:
            there = samples[peer]
            noise = "~" if there.median > NOISY * there.minimum else ""
            median = f" ({format_value(there.median, unit)})" if len(there.values) > 1 else ""
            cells.append(f"{noise}{format_value(there.minimum, unit)}{median}")
        else:
            cells.append("failed" if peer in outcome.missing else "")
    return cells


def _ratios(outcome: Outcome, ratios: Sequence[tuple[str, str]]) -> list[str]:
    samples = outcome.samples
    cells = [outcome.row.name]
    for other, ours in ratios:
        both = other in samples and ours in samples
        cells.append(f"{samples[other].minimum / samples[ours].minimum:.2f}" if both else "")
    return cells


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """Say which peers failed in which rows."""
    return [f"{outcome.row.name}: {peer}: {why}" for outcome in outcomes for peer, why in outcome.missing.items()]


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """List all targets, with what was measured, those that are missed first."""
    lines = [
        [verdict.row, verdict.wanted, f"{verdict.value:.2f}", "met" if verdict.met else "MISSED"]
        for verdict in sorted(verdicts, key=lambda verdict: verdict.met)
    ]
    return markdown_table(["row", "target", "measured", ""], lines)


def verdict_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Say how many targets are met, and which are not."""
    missed = [verdict for verdict in verdicts if not verdict.met]
    lines = [f"{len(verdicts) - len(missed)} of {len(verdicts)} targets are met."]
    return lines + [f"- missed: {v.row}: {v.wanted}: {v.value:.2f}" for v in missed]


def as_json(outcomes: Sequence[Outcome], environment: Mapping[str, object], notes: Sequence[str]) -> dict[str, Any]:
    """Give everything that was measured as plain values.  Units: as each row says, per operation."""
    return {
        "format": FORMAT_VERSION,
        "environment": dict(environment),
        "notes": list(notes),
        "rows": [
            {
                "group": outcome.row.group,
                "name": outcome.row.name,
                "unit": outcome.row.unit,
                "peers": {
                    peer: {
                        "minimum": round(samples.minimum, 3),
                        "median": round(samples.median, 3),
                        "deviation": round(samples.deviation, 3),
                        "count": samples.count,
                        "samples": [round(value, 3) for value in samples.values],
                    }
                    for peer, samples in outcome.samples.items()
                },
                "missing": outcome.missing,
            }
            for outcome in outcomes
        ],
    }


def comparison(old: Mapping[str, Any], new: Mapping[str, Any], threshold: float = 0.05) -> str:
    """Compare our peers' minima with those of an earlier run.

    "machine" is how much the others (hand, cffi, ctypes, pwd) changed in the same row, which is the machine's doing;
    "corrected" is our change without it.  Rows that changed by more than ``threshold`` are marked.
    Errors: ``ValueError`` when ``old`` has another format.
    """
    if old.get("format") != FORMAT_VERSION:
        raise ValueError(f"the earlier run has format {old.get('format')!r}, not {FORMAT_VERSION}")
    was, now = old["environment"], new["environment"]
    differences = [
        f"{key}: {was.get(key)} before, {now.get(key)} now"
        for key in ("python", "cpu", "cffi")
        if was.get(key) != now.get(key)
    ]
    before = {(row["group"], row["name"]): row["peers"] for row in old["rows"]}
    lines: list[list[str]] = []
    for row in new["rows"]:
        earlier = before.get((row["group"], row["name"]), {})
        changes = {
            peer: values["minimum"] / earlier[peer]["minimum"]
            for peer, values in row["peers"].items()
            if peer in earlier
        }
        others = [change for peer, change in changes.items() if peer not in OURS]
        machine = statistics.median(others) if others else 1.0
        for peer, change in changes.items():
            if peer in OURS or not any(ours in changes for ours in OURS):
                corrected = change / machine if peer in OURS else change
                mark = "slower" if corrected > 1 + threshold else "faster" if corrected < 1 - threshold else ""
                lines.append(
                    [
                        row["name"],
                        peer,
                        format_value(earlier[peer]["minimum"], row["unit"]),
                        format_value(row["peers"][peer]["minimum"], row["unit"]),
                        f"{change:.2f}",
                        f"{machine:.2f}",
                        f"{corrected:.2f}",
                        mark,
                    ]
                )
    titles = ["row", "peer", "before", "now", "now / before", "machine", "corrected", ""]
    return "\n".join(
        [*differences, "", markdown_table(titles, lines)] if differences else [markdown_table(titles, lines)]
    )
