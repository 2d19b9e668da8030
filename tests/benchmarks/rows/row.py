"""What a row is: one piece of work, in the dialect of each family of peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

ALL = ("hand", "ffi", "ffi calls", "native", "ctypes")


@dataclass(frozen=True)
class Case:
    """How one dialect does the work of a row.

    ``statement`` is timed; ``setup`` runs once before it, in the peer's scope; ``result`` is an expression that gives the
    row's value after the statement ran once (the statement itself where it is left out).
    """

    statement: str
    setup: str = ""
    result: str = ""


@dataclass(frozen=True)
class Row:
    """One piece of work.

    ``expected`` is its value; ``per`` operations are done by one statement.  Peers without the names ``needs`` in their
    scope do not take part.
    """

    group: str
    name: str
    expected: object
    cases: Mapping[str, Case]
    per: int = 1
    needs: tuple[str, ...] = ()
    unit: str = "ns"

    @property
    def dialects(self) -> tuple[str, ...]:
        return tuple(self.cases)


@dataclass(frozen=True)
class ProcessRow:
    """Work that a program does in a process of its own, once per round.

    ``arguments`` begin with a file in ``processes``; in the others ``{package}``, ``{folder}`` and ``{library}`` are filled in.
    ``first`` is run once before, for what it leaves behind.  ``thorough``: only in a thorough run.
    """

    group: str
    name: str
    expected: object
    unit: str
    arguments: tuple[str, ...]
    peers: tuple[str, ...]
    first: tuple[str, ...] = ()
    rounds: int = 5
    thorough: bool = False

    @property
    def dialects(self) -> tuple[str, ...]:
        return ("package", "ctypes")


AnyRow = Union[Row, ProcessRow]


@dataclass(frozen=True)
class Wrapper:
    """A wrapper package and the module of the standard library that it stands beside.

    The names of both modules are peers, and the dialects of their rows.  ``at_most``: by the beginning of a row's name, how
    often the standard library's time the wrapper may take; "" is every row.
    """

    ours: str
    standard: str
    rows: tuple[Row, ...]
    at_most: Mapping[str, float] = field(default_factory=dict)


def beside(ours: str, standard: str, name: str, case: Case, expected: object) -> Row:
    """Make the row of a wrapper beside the standard library's module, which is ``module`` in the text of ``case``."""
    return Row(f"wrapper {ours}", name, expected, dict.fromkeys((ours, standard), case))
