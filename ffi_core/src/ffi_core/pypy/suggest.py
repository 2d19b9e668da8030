"""Finding the nearest declared name."""

from __future__ import annotations

from collections.abc import Iterable

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Optional


def nearest(wanted: str, names: Iterable[str]) -> Optional[str]:
    """Find the name that the fewest changed letters make of ``wanted``; None if all are far from it."""
    best, limit = None, len(wanted) // 3 + 1
    for name in names:
        if len(name) <= 64 and abs(len(name) - len(wanted)) < limit:
            found = _distance(wanted, name, limit)
            if found < limit:
                best, limit = name, found
    return best


def _distance(a: str, b: str, limit: int) -> int:
    """Count the letters to insert, delete and replace (Levenshtein); gives up at ``limit``."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (letter != other))
        if min(row) >= limit:
            return limit
    return row[-1]
