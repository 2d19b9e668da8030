"""What a row is: one piece of work, in the dialect of each family of peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL = ("hand", "ffi", "ctypes")


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
