"""Saying more about an exception than its message does."""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any


def noted(error: Any, note: str) -> Any:
    """Add a note to an exception; before Python 3.11 it goes into the message."""
    if hasattr(error, "add_note"):
        error.add_note(note)
        return error
    message = f"{error} ({note})"
    error.args = (message,)
    if hasattr(error, "message"):  # a CDefError shows this one
        error.message = message
    return error
