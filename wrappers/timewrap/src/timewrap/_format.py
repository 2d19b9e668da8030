"""Format and parse times, in the locale of the process or in one of one's own."""

from __future__ import annotations

import os
import re
import time as _standard
from time import struct_time
from typing import Final, NamedTuple, Optional

from timewrap import _raw
from timewrap._calendar import TimeTuple, bad_field, check_nine, localtime

_take_buffer = _raw.take_buffer
_new_buffer = _raw.new_buffer
_give_back = _raw.give_back
_take_text = _raw.take_text
_write_time = _raw.write_time
_write_now = _raw.write_now
_write_here = _raw.write_here
_parse = _raw.parse
_read = _raw.read_parsed_without_offset
_NULL: Final = _raw.NULL
_SIZE: Final = _raw.BUFFER_SIZE
_FORMATS: Final = 256
_new = tuple.__new__

# Formats as C takes them, and whether they may ask for the zone.  Programs use a few formats again and again.
_formats: dict[str, tuple[object, bool]] = {}
_asks_for_no_zone: Final = re.compile(r"(?:[^%]|%[aAbBdHIjmMpSUwWyYTFDuVGgeRn%])*").fullmatch


def strftime(format: str, t: Optional[TimeTuple] = None, /, *, locale: Optional[TimeLocale] = None) -> str:  # noqa: A002
    """Write a time as ``format`` says, in ``locale`` or that of the process; without a time, the local time now.

    Errors: ``ValueError`` for a field out of range; ``OverflowError`` for a year of more than 32 bits; ``TypeError``.
    """
    try:
        form, zoned = _formats[format]
    except KeyError:
        learnt = _learn(format)
        if learnt is None:
            return _with_nuls(format, t, locale)
        form, zoned = learnt
    try:
        buffer = _take_buffer()
    except IndexError:
        buffer = _new_buffer(_SIZE)
    if t is None and locale is None:
        length = _write_here(form, buffer)
        if length > 0:
            text = _take_text(buffer, length)
            _give_back(buffer)
            return text
    pointer = _NULL if locale is None else _pointer_of(locale)
    if t is None:
        length = _write_now(form, pointer, buffer, _SIZE)
    elif type(t) is not struct_time:
        check_nine(t)
        length = _write_time(form, t, _NULL, 0, pointer, buffer, _SIZE)
    elif zoned:
        length = _write_time(form, t, t.tm_zone or _NULL, t.tm_gmtoff or 0, pointer, buffer, _SIZE)
    else:
        length = _write_time(form, t, _NULL, 0, pointer, buffer, _SIZE)
    if length > 0:
        text = _take_text(buffer, length)
        _give_back(buffer)
        return text
    if length < 0:
        raise bad_field(-length)
    return _with_room(format, localtime() if t is None else t, pointer)


def strptime(data_string: str, format: str = "%a %b %d %H:%M:%S %Y", /) -> struct_time:  # noqa: A002
    """Parse a text as the standard library does, with its own parser: the whole text must match, and directives are Python's.

    ``parse_time`` is the C library's parser, and many times faster.
    Errors: ``ValueError`` for a text that does not match, and for a bad format; ``TypeError``.
    """
    from _strptime import _strptime_time  # type: ignore[import-not-found,unused-ignore]

    result: struct_time = _strptime_time(data_string, format)
    return result


class ParsedTime(NamedTuple):
    """What ``parse_time`` found: the time, and the text that follows it."""

    time: struct_time
    rest: str


def parse_time(text: str, format: str, /, *, locale: Optional[TimeLocale] = None) -> ParsedTime:  # noqa: A002
    """Parse the beginning of a text by the C library's ``strptime``, in ``locale`` or that of the process; the text that follows is returned too.

    Directives are the C library's.  What the format leaves open is as at the beginning of 1900; ``tm_gmtoff`` is None without ``%z``,
    and ``tm_zone`` is always None.
    Errors: ``ValueError`` for a text that does not match, or with a null character; ``TypeError``.
    """
    try:
        if "\0" in text or "\0" in format:
            raise ValueError("embedded null character")
        data = text.encode("utf-8", "surrogateescape")
        form = format.encode("utf-8", "surrogateescape")
    except (AttributeError, TypeError):
        (wrong,) = [given for given in (text, format) if type(given) is not str][:1]
        raise TypeError(f"parse_time() takes a str and a format, which is a str, not {type(wrong).__name__}") from None
    found = _parse(data, form, _NULL if locale is None else _pointer_of(locale))
    consumed = found.consumed
    if consumed < 0:
        raise ValueError(f"time data {text!r} does not match format {format!r}")
    time = _raw.read_parsed(found) if found.has_offset else _read(found)
    rest = "" if consumed == len(data) else data[consumed:].decode("utf-8", "surrogateescape")
    return _new(ParsedTime, (time, rest))


class TimeLocale:
    """A locale to format and parse times in, whatever the locale of the process is.

    ``TimeLocale("C")`` has English names on every system.  It neither changes the locale of the process nor depends on it, so threads may
    use different ones at the same time.
    Errors: ``OSError`` when the system has no such locale; ``ValueError`` for a null character.
    """

    __slots__ = ("_handle", "_name")

    def __init__(self, name: str = "C") -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a locale must be str, not {type(name).__name__}")
        if "\0" in name:
            raise ValueError("embedded null character")
        self._name = name
        try:
            self._handle = _raw.LocaleHandle(os.fsencode(name))
        except OSError as error:
            raise OSError(error.errno, "no such locale", name) from None

    @property
    def name(self) -> str:
        """The name that it was made with."""
        return self._name

    def __repr__(self) -> str:
        return f"TimeLocale({self._name!r})"

    def __eq__(self, other: object) -> bool:
        return self._name == other._name if isinstance(other, TimeLocale) else NotImplemented

    def __hash__(self) -> int:
        return hash((TimeLocale, self._name))

    def __reduce__(self) -> tuple[type[TimeLocale], tuple[str]]:
        return type(self), (self._name,)

    def strftime(self, format: str, t: Optional[TimeTuple] = None, /) -> str:  # noqa: A002
        """Write a time as ``strftime`` does, in this locale."""
        return strftime(format, t, locale=self)

    def parse_time(self, text: str, format: str, /) -> ParsedTime:  # noqa: A002
        """Parse the beginning of a text as ``parse_time`` does, in this locale."""
        return parse_time(text, format, locale=self)


def _pointer_of(locale: TimeLocale) -> object:
    """Return C's locale.  Errors: ``TypeError``."""
    try:
        return locale._handle.pointer
    except AttributeError:
        raise TypeError(f"locale must be a TimeLocale, not {type(locale).__name__}") from None


def _with_room(form: str, fields: TimeTuple, locale: object) -> str:
    """Write with more and more room, until it is so much that the text must be empty.

    C says the same of an empty text and of one that does not fit.
    """
    zone, offset = (fields.tm_zone, fields.tm_gmtoff) if isinstance(fields, struct_time) else (None, None)
    size, enough = _SIZE, 256 * len(form)
    while size < enough:
        size *= 2
        buffer = _raw.new_buffer(size)
        length = _write_time(form, fields, zone or _NULL, offset or 0, locale, buffer, size)
        if length > 0:
            return _take_text(buffer, length)
    return ""


def _learn(form: object) -> Optional[tuple[object, bool]]:
    """Convert a format for C, and keep that for the next time; None where it has null characters."""
    if not isinstance(form, str):
        raise TypeError(f"strftime() argument 1 must be str, not {type(form).__name__}")
    if "\0" in form:
        return None
    made = (_raw.new_text(form), _asks_for_no_zone(form) is None)
    if len(_formats) >= _FORMATS:
        _formats.clear()
    _formats[str(form)] = made
    return made


def _with_nuls(form: str, t: Optional[TimeTuple], locale: Optional[TimeLocale]) -> str:
    """Format with null characters where the running Python's own function does; it says ``ValueError`` where it does not."""
    _standard.strftime("\0")
    fields = t if t is not None else localtime()
    return "\0".join(strftime(part, fields, locale=locale) for part in form.split("\0"))
