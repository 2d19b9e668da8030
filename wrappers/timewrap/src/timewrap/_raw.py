"""Call the C functions of ``_time`` and hand back plain Python values.

Belongs here: everything that touches ``ffi`` or ``lib``.  No policy: not the conversions of arguments, not the errors of the
public face.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from time import struct_time
from typing import Any, Callable, Final, NamedTuple

from timewrap import _time

_ffi: Final = _time.ffi
_lib: Final = _time.lib
_FIELDS: Final = ("tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst")
_ENCODING: Final = {"encoding": sys.getfilesystemencoding(), "errors": sys.getfilesystemencodeerrors()}


def _function(name: str) -> Callable[[], Any]:
    """Return a function of the library as users may see it: on PyPy it is C data, which a Python function hides."""
    function: Callable[[], Any] = getattr(_lib, name)
    if sys.implementation.name != "pypy":
        return function

    def call() -> Any:
        return function()

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"{_ffi.typeof(function).result.cname} {name}(void);"
    return call


# Clocks that cannot fail.

time: Final[Callable[[], float]] = _function("time")
monotonic: Final[Callable[[], float]] = _function("monotonic")
perf_counter: Final[Callable[[], float]] = _function("perf_counter")
process_time: Final[Callable[[], float]] = _function("process_time")
thread_time: Final[Callable[[], float]] = _function("thread_time")
time_ns: Final[Callable[[], int]] = _function("time_ns")
monotonic_ns: Final[Callable[[], int]] = _function("monotonic_ns")
perf_counter_ns: Final[Callable[[], int]] = _function("perf_counter_ns")
process_time_ns: Final[Callable[[], int]] = _function("process_time_ns")
thread_time_ns: Final[Callable[[], int]] = _function("thread_time_ns")

# Other clocks.

FAILED: Final[int] = _lib.TIMEWRAP_FAILED
"""What ``nanoseconds`` and ``timegm`` return where they fail; the others return NaN."""

seconds: Final[Callable[[int], float]] = _lib.timewrap_seconds
nanoseconds: Final[Callable[[int], int]] = _lib.timewrap_nanoseconds
resolution: Final[Callable[[int], float]] = _lib.timewrap_resolution
set_clock: Final[Callable[[int, int, int], int]] = _lib.timewrap_set
sleep_until: Final[Callable[[int], int]] = _lib.timewrap_sleep_until


def error_number() -> int:
    """Return the error number of the call before, in this thread."""
    number: int = _ffi.errno
    return number


def thread_clock(thread: int) -> tuple[int, int]:
    """Return an error number, and the clock of a thread that there is."""
    clock = _ffi.new("int *")
    error = _lib.timewrap_thread_clock(thread, clock)
    return error, clock[0]


def constants() -> Iterator[tuple[str, int]]:
    """Yield the names and numbers of the clocks that this system has."""
    read = _ffi.tuple_reader("struct timewrap_constant", encoding="ascii")
    place = 0
    while True:
        name, value = read(_lib.timewrap_constant(place))
        if name is None:
            return
        yield name, value
        place += 1


# Calendars.  The month is 0 where they fail.

_Structs = Callable[..., Any]

read_fields: Final[Callable[[Any], struct_time]] = _ffi.tuple_reader("struct timewrap_fields", struct_time, **_ENCODING)
"""Take the result of the next four functions out of C's hands."""

gmtime: Final[_Structs] = _lib.timewrap_gmtime
gmtime_now: Final[_Structs] = _lib.timewrap_gmtime_now
localtime: Final[_Structs] = _lib.timewrap_localtime
localtime_now: Final[_Structs] = _lib.timewrap_localtime_now

read_text: Final[Callable[[Any], tuple[int, str]]] = _ffi.tuple_reader("struct timewrap_text", encoding="ascii")
"""Take the result of the next three functions out of C's hands: a status, and text where it is 0.

Positive: 1 + the number of a field that is out of range.  Negative: minus an error number.
"""

asctime: Final[_Structs] = _lib.timewrap_asctime
asctime_now: Final[_Structs] = _lib.timewrap_asctime_now
ctime: Final[_Structs] = _lib.timewrap_ctime

mktime: Final[Callable[[Sequence[int]], float]] = _lib.timewrap_mktime
timegm: Final[Callable[[Any], int]] = _lib.timewrap_timegm


class Zone(NamedTuple):
    """The time zone of the process: the struct's fields in their order.  Units: seconds west of UTC."""

    timezone: int
    altzone: int
    daylight: int
    standard: str
    summer: str


_read_zone: Final[Callable[[Any], Zone]] = _ffi.tuple_reader("struct timewrap_zone", Zone, **_ENCODING)


tzset: Final[Callable[[], None]] = _lib.tzset
zone_stamp: Final[Callable[[], int]] = _lib.timewrap_zone_stamp
"""Return a number that is another one once ``tzset`` has changed the zone, whoever called it."""


def read_zone() -> Zone:
    """Read the time zone that ``tzset`` has set."""
    return _read_zone(_lib.timewrap_zone())


# Formats.  Those that write take the format, the fields, a zone or NULL, an offset, a locale or NULL, and a buffer with its size.  They
# return the length of the text (0: it is empty, or there is no room for it), or minus what ``read_text`` says of a bad field.

NULL: Final[Any] = _ffi.NULL
BUFFER_SIZE: Final[int] = _lib.TIMEWRAP_BUFFER

write_time: Final[Callable[..., int]] = _lib.timewrap_strftime
write_now: Final[Callable[..., int]] = _lib.timewrap_strftime_now
write_here: Final[Callable[..., int]] = _lib.timewrap_strftime_here
"""Write the time now, with the format and a buffer of ``BUFFER_SIZE`` characters as its only arguments."""

take_text: Final[Callable[[Any, int], str]] = _ffi.unpack
"""Return so many characters of a buffer."""

_buffers: Final[list[Any]] = []

take_buffer: Final[Callable[[], object]] = _buffers.pop
"""Return a buffer that nobody else uses now; ``IndexError`` says that there is none.

So threads and signal handlers never share one: list.pop and list.append are atomic.
"""

give_back: Final[Callable[[object], None]] = _buffers.append
"""Keep a buffer for others."""


def new_buffer(size: int) -> object:
    """Return a buffer for so many characters."""
    buffer: object = _ffi.new("wchar_t[]", size)
    return buffer


def new_text(text: str) -> object:
    """Return ``text`` as C takes it."""
    made: object = _ffi.new("wchar_t[]", text)
    return made


class LocaleHandle:
    """A locale of the C library, freed with this object.

    Errors: ``OSError`` when there is no such locale.
    """

    __slots__ = ("pointer",)

    def __init__(self, name: bytes) -> None:
        pointer = _lib.timewrap_new_locale(name)
        if pointer == NULL:
            raise OSError(_ffi.errno, "no such locale")
        self.pointer: object = _ffi.gc(pointer, _lib.timewrap_free_locale)


# Parsing: the texts as bytes, and a locale or NULL.

parse: Final[Callable[..., Any]] = _lib.timewrap_strptime
"""Return a struct with the attributes ``consumed``, the number of bytes that match or -1, and ``has_offset``; the readers take the rest."""

read_parsed: Final[Callable[[Any], struct_time]] = _ffi.tuple_reader(
    "struct timewrap_parsed", struct_time, fields=[*_FIELDS, "tm_zone", "tm_gmtoff"], encoding="ascii"
)
read_parsed_without_offset: Final[Callable[[Any], struct_time]] = _ffi.tuple_reader(
    "struct timewrap_parsed", struct_time, fields=_FIELDS
)
