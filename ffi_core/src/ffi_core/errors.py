"""The exceptions that users of ffi_core catch, and how they show a place in C text.

Imports next to nothing, for the runtime raises them too.
"""

from __future__ import annotations

from ffi_core import FFIError

TYPE_CHECKING = False  # typing takes longer to import than everything here
if TYPE_CHECKING:
    from typing import Optional

    from ffi_core.front.model import Place


class ClosedLibraryError(FFIError, ValueError):
    """A library was used after ``ffi.dlclose``."""


class MissingSymbolError(FFIError, AttributeError):
    """A library does not have what was declared."""


class UnknownSizeError(FFIError, ValueError):
    """The size of something was asked for that has none."""


class CDefError(FFIError):
    """A declaration that cannot be accepted, with the place in the user's text.

    ``place`` is where it stands; ``related`` is another place that belongs to it (the first of two declarations that
    conflict), shown under ``note``.  ``heading`` says first, on lines of its own, what kind of error it is.
    """

    def __init__(
        self,
        message: str,
        place: Optional[Place] = None,
        *,
        related: Optional[Place] = None,
        note: str = "",
        heading: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.related = related
        self.note = note
        self.heading = heading

    def __str__(self) -> str:
        """Show message, line and caret."""
        shown = _show(self.message, self.place) if self.place is not None and self.place.line else self.message
        if self.related is not None and self.related.line:
            shown += "\n" + _show(self.note, self.related)
        return f"{self.heading}\n{shown}" if self.heading else shown

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the places when the error is copied or sent to another process."""
        return _rebuild, (self.message, self.place, self.related, self.note, self.heading)


def _rebuild(message: str, place: Optional[Place], related: Optional[Place], note: str, heading: str) -> CDefError:
    return CDefError(message, place, related=related, note=note, heading=heading)


def _show(message: str, place: Place) -> str:
    head = f"{place.file}:{place.line}:{place.column}: {message}"
    if not place.text.strip():
        return head
    return f"{head}\n    {place.text}\n    {_blank(place.text[: place.column - 1])}^"


def _blank(text: str) -> str:
    """Replace ``text`` by white space that is as wide on a terminal."""
    if text.isascii():
        return "".join("\t" if character == "\t" else " " for character in text)
    from unicodedata import combining, east_asian_width

    widths = []
    for character in text:
        if character == "\t":
            widths.append("\t")
        elif east_asian_width(character) in {"W", "F"}:
            widths.append("  ")
        elif not combining(character):
            widths.append(" ")
    return "".join(widths)


class ArrayLengthError(CDefError, ValueError):
    """The length of an array in a type expression is none."""


class FunctionTypeError(CDefError, TypeError):
    """A function type stands where no function can be: as the type of a value, or as the result of a function."""


class VerificationMissing(FFIError, NotImplementedError):  # noqa: N818 - known by this name
    """Only a compiler can tell what was asked for: it was declared with ``...``, and this is ABI mode."""


class MissingConstantError(MissingSymbolError, VerificationMissing):
    """A library does not have the value of a constant, which only a compiler can tell."""


__all__ = [
    "ArrayLengthError",
    "CDefError",
    "ClosedLibraryError",
    "FFIError",
    "FunctionTypeError",
    "MissingConstantError",
    "MissingSymbolError",
    "UnknownSizeError",
    "VerificationMissing",
]
