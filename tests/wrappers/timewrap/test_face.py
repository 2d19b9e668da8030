"""What users of the package see: the names, and nothing of C."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path

import timewrap
from timewrap import CivilTime, Instant, TimeLocale, Timespec

PACKAGE = Path(timewrap.__file__).parent


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_only_the_raw_layer_knows_of_c() -> None:
    for path in PACKAGE.glob("*.py"):
        names = imports(path)
        if path.name != "_raw.py":
            assert "timewrap._time" not in names, path
            assert path.name == "_time.py" or "typing.Any" not in names, path
        if path.name not in ("_build.py", "_time.py"):  # the latter is generated, on PyPy
            assert not any(name.startswith("ffi_core") for name in names), path


def test_the_public_names_are_declared() -> None:
    public = {name for name in dir(timewrap) if not name.startswith("_")} - {"annotations"}
    assert public == set(timewrap.__all__)
    assert len(timewrap.__all__) == len(set(timewrap.__all__))


def test_everything_that_the_standard_library_has_is_there() -> None:
    missing = {name for name in dir(time) if not name.startswith("__") and not hasattr(timewrap, name)}
    # PyPy has one that was removed, and one of its own.
    assert missing <= ({"clock", "_get_time_info"} if sys.implementation.name == "pypy" else set())


def test_constants_are_the_systems() -> None:
    for name in dir(time):
        if name.startswith("CLOCK_"):
            assert getattr(timewrap, name) == getattr(time, name)


def test_functions_have_their_names() -> None:
    for name in timewrap.__all__:
        value = getattr(timewrap, name)
        if callable(value):
            assert value.__name__ == name
            assert value.__doc__ or value is time.struct_time  # PyPy's own says nothing


def results() -> Iterator[object]:
    """Call every public function and method that has a result."""
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        yield getattr(timewrap, name)()
        yield getattr(timewrap, name + "_ns")()
        yield timewrap.get_clock_info(name)
    yield timewrap.clock_gettime(timewrap.CLOCK_REALTIME)
    yield timewrap.clock_gettime_ns(timewrap.CLOCK_REALTIME)
    yield timewrap.clock_getres(timewrap.CLOCK_REALTIME)
    yield timewrap.pthread_getcpuclockid(threading.get_ident())
    yield from [timewrap.gmtime(), timewrap.gmtime(5), timewrap.localtime(), timewrap.localtime(5.5)]
    yield from [timewrap.asctime(), timewrap.asctime(timewrap.gmtime()), timewrap.ctime(), timewrap.ctime(5)]
    yield from [timewrap.mktime(timewrap.localtime()), timewrap.timegm(timewrap.gmtime())]
    yield from [timewrap.strftime("%c"), timewrap.strftime("%c", timewrap.gmtime())]
    yield timewrap.strptime("2000", "%Y")
    yield from [timewrap.parse_time("2000 +0100 more", "%Y %z"), timewrap.parse_time("2000", "%Y")]
    locale = TimeLocale("C")
    yield from [locale, locale.name, locale.strftime("%A"), locale.parse_time("Monday", "%A")]
    yield from [timewrap.tzname, timewrap.timezone, timewrap.altzone, timewrap.daylight]
    span = Timespec(1, 5)
    yield from [span, span.total_seconds(), span + span, span * 2, span // 2, span / span, span.to_timedelta()]
    now = Instant.now()
    yield from [now, now - now, now + span, now.utc(), now.local(), now.to_datetime(), now.timestamp(), str(now)]
    civil = now.local()
    yield from [
        civil.to_instant(),
        civil.to_datetime(),
        civil.to_struct_time(),
        civil.strftime("%c"),
        civil.isoformat(),
    ]
    yield CivilTime.from_datetime(dt.datetime.now(dt.timezone.utc))


def parts(value: object) -> Iterator[object]:
    """Yield ``value`` and everything that its public attributes and items hold."""
    yield value
    if isinstance(value, tuple):
        for item in value:
            yield from parts(item)
    if isinstance(value, (types.SimpleNamespace, Timespec, Instant, CivilTime, TimeLocale)):
        for name in dir(value):
            if not name.startswith("_") and not callable(getattr(value, name)):
                yield getattr(value, name)


PLAIN = {
    *(int, float, str, bool, type(None), tuple, time.struct_time, types.SimpleNamespace, timewrap.ParsedTime),
    *(Timespec, Instant, CivilTime, TimeLocale, dt.datetime, dt.timedelta),
}


def test_no_cdata_is_visible() -> None:
    seen = [part for value in results() for part in parts(value)]
    assert len(seen) > 200
    assert {type(part) for part in seen} <= PLAIN
    for name in timewrap.__all__:
        value = getattr(timewrap, name)
        if isinstance(value, type):
            public = [getattr(value, part) for part in dir(value) if not part.startswith("_")]
            assert not any(type(part).__module__.startswith("ffi_core") for part in public)
        else:
            assert type(value) in (int, tuple, types.FunctionType, types.BuiltinFunctionType), name
        if isinstance(value, types.FunctionType):
            assert "cdata" not in str(inspect.signature(value)).lower()
