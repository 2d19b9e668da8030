"""Look up one user."""

from __future__ import annotations

from operator import index
from typing import SupportsIndex

from pwdwrap import _raw
from pwdwrap._entry import PasswdEntry

_by_uid = _raw.by_uid
_by_name = _raw.by_name
_ENCODING = _raw.ENCODING
_ENCODING_ERRORS = _raw.ENCODING_ERRORS


def getpwuid(uid: SupportsIndex, /) -> PasswdEntry:
    """Return the entry of the user with the number ``uid``.

    Errors: ``KeyError`` when there is no such user; ``TypeError`` when ``uid`` is not an integer; ``OSError`` when the
    database cannot be read.
    """
    number = uid if type(uid) is int else _as_integer(uid)
    try:
        entry = _by_uid(number)
    except OverflowError:
        # -1 stands for the largest uid, as in C; every other number out of range is nobody's.
        if number != -1:
            raise KeyError("getpwuid(): uid not found") from None
        number = _raw.UID_MAX
        entry = _by_uid(number)
    if entry is None:
        raise KeyError(f"getpwuid(): uid not found: {-1 if number == _raw.UID_MAX else number}")
    return entry


def getpwnam(name: str, /) -> PasswdEntry:
    """Return the entry of the user called ``name``.

    Errors: ``KeyError`` when there is no such user; ``TypeError`` when ``name`` is not a string; ``ValueError`` when it
    contains a null character or cannot be encoded; ``OSError`` when the database cannot be read.
    """
    entry = _by_name(_as_bytes(name))
    if entry is None:
        raise KeyError(f"getpwnam(): name not found: {name!r}")
    return entry


def _as_integer(uid: SupportsIndex) -> int:
    """Convert ``uid``, or say why not in the words of ``pwd``."""
    try:
        return index(uid)
    except Exception:  # noqa: BLE001 - whatever the object's own __index__ raises
        raise TypeError(f"uid should be integer, not {type(uid).__name__}") from None


def _as_bytes(name: object) -> bytes:
    """Encode ``name`` for C, or say why not in the words of ``pwd``."""
    if not isinstance(name, str):
        raise TypeError(f"getpwnam() argument must be str, not {type(name).__name__}")
    encoded = name.encode(_ENCODING, _ENCODING_ERRORS)
    if 0 in encoded:
        raise ValueError("embedded null byte")
    return encoded
