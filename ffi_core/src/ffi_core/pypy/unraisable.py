"""Exceptions of Python functions that C called: nobody can catch them, so they are shown."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, Callable


class _Unraisable:
    def __init__(self, value: Any, source: Any, more: str) -> None:
        self.exc_type = type(value)
        self.exc_value = value
        self.exc_traceback = value.__traceback__
        self.err_msg = f"Exception ignored from cffi callback {source!r}{more}"
        self.extra_line = ""
        self.object = None


def report(value: Any, source: Any, more: str = "") -> None:
    """Show an exception of the function ``source``."""
    hook = getattr(sys, "unraisablehook", None)
    if hook is not None:
        hook(_Unraisable(value, source, more))


def reporter(body: Any) -> Callable[[Any, Any, Any], None]:
    """Make what a callback without ``onerror`` calls instead."""

    def shown(kind: Any, value: Any, traceback: Any) -> None:
        if not isinstance(value, BaseException):  # the interpreter makes it when somebody looks
            value = kind(value) if value is not None else kind()
        # What no Python function raised is about the result.
        more = ", trying to convert the result back to C" if traceback is None else ""
        report(value.with_traceback(traceback), body, more)

    return shown
