"""Run rows with peers: prepare each case, check its value, measure.

Belongs here: what joins rows, peers and the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .measure import Loop, Samples, Settings, make_loop, measure
from .peers import Peer
from .programs import CheckError, ProgramError, measure_programs
from .rows import ROWS, AnyRow, ProcessRow, Row


class WrongResultError(Exception):
    """A peer computes something else than the row says."""


@dataclass(frozen=True)
class Outcome:
    """A row as it was measured, by peer; ``missing`` says why a peer has no samples."""

    row: AnyRow
    samples: dict[str, Samples] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def select(pattern: str, *, thorough: bool = False) -> list[AnyRow]:
    """Return the rows whose group or name match the shell pattern ``pattern``, or contain it."""
    wanted = pattern.lower()

    def matches(text: str) -> bool:
        return wanted in text.lower() or fnmatchcase(text.lower(), wanted)

    rows = [row for row in ROWS if matches(row.group) or matches(row.name)]
    return [row for row in rows if thorough or not (isinstance(row, ProcessRow) and row.thorough)]


def takes_part(row: Row, peer: Peer) -> bool:
    """Tell whether the row is for this peer."""
    return peer.dialect in row.cases and all(name in peer.scope for name in row.needs)


def prepare(row: Row, peer: Peer) -> Loop:
    """Set the row up in the peer's scope, check the value, and return the loop to be timed.

    Errors: ``WrongResultError``; whatever the peer raises that cannot do the work.
    """
    case = row.cases[peer.dialect]
    scope: dict[str, Any] = dict(peer.scope)
    exec(case.setup, scope)
    loop = make_loop(case.statement, scope)
    loop(1)
    value = eval(case.result or case.statement, scope)
    if value != row.expected:
        raise WrongResultError(f"{row.name}: {peer.name} gives {value!r}, not {row.expected!r}")
    return loop


def run_row(row: Row, peers: Sequence[Peer], settings: Settings) -> Outcome:
    """Measure one row with every peer whose dialect it has.

    Errors: ``WrongResultError``.
    """
    outcome = Outcome(row)
    loops: dict[str, Loop] = {}
    for peer in peers:
        if not takes_part(row, peer):
            continue
        try:
            loops[peer.name] = prepare(row, peer)
        except WrongResultError:
            raise
        except Exception as error:  # noqa: BLE001 - a peer that cannot do this work is left out of the row
            outcome.missing[peer.name] = f"{type(error).__name__}: {error}"
    outcome.samples.update(measure(loops, settings, row.per))
    return outcome


def run_process(row: ProcessRow, peers: Sequence[Peer], folder: Path) -> Outcome:
    """Measure one row of programs with every package that is there.

    Errors: ``WrongResultError``.
    """
    outcome = Outcome(row)
    there = [peer.name for peer in peers if peer.name in row.peers]
    try:
        values = measure_programs(row, there, folder)
    except CheckError as error:
        raise WrongResultError(str(error)) from error
    except ProgramError as error:
        outcome.missing[error.package] = str(error)
        return outcome
    outcome.samples.update({package: Samples(1, tuple(taken)) for package, taken in values.items()})
    return outcome


def run_rows(rows: Sequence[AnyRow], peers: Sequence[Peer], settings: Settings, folder: Path) -> Iterator[Outcome]:
    """Measure rows, one after the other; ``folder`` is where the peers were built."""
    for row in rows:
        if isinstance(row, ProcessRow):
            yield run_process(row, peers, folder)
        else:
            yield run_row(row, peers, settings)
