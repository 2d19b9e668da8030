"""``timewrap`` beside ``time``."""

from __future__ import annotations

from .row import Case, Row, Wrapper, beside

FIELDS = "t = module.gmtime(10**9)"
FORM = "form = '%Y-%m-%d %H:%M:%S'"


def row(name: str, expected: object, case: Case) -> Row:
    return beside("timewrap", "time", name, case, expected)


def clock(name: str, argument: str = "") -> Row:
    """Make the row of a function that reads a clock: its value is a positive number."""
    return row(f"{name}({argument})", True, Case(f"f({argument})", f"f = module.{name}", f"f({argument}) > 0"))


def of(call: str, expected: object, setup: str = "", result: str = "") -> Row:
    """Make the row of a call, with its arguments in ``setup``."""
    name = call.partition("(")[0]
    return row(call, expected, Case(f"f({call.partition('(')[2]}", f"f = module.{name}; {setup}", result))


WRAPPER = Wrapper(
    ours="timewrap",
    standard="time",
    rows=(
        *(clock(name) for name in ("time", "time_ns", "monotonic", "perf_counter", "process_time", "thread_time")),
        *(clock(name, "0") for name in ("clock_gettime", "clock_gettime_ns", "clock_getres")),
        of("gmtime()", True, result="f() > (2000,)"),
        of("gmtime(10**9)", 2001, result="f(10**9).tm_year"),
        of("gmtime(1e9)", 2001, result="f(1e9).tm_year"),
        of("localtime()", True, result="f() > (2000,)"),
        of("localtime(10**9)", 2001, result="f(10**9).tm_year"),
        of("mktime(t)", True, FIELDS, "abs(f(t) - 10**9) < 10**5"),
        of("asctime()", 24, result="len(f())"),
        of("asctime(t)", "Sun Sep  9 01:46:40 2001", FIELDS),
        of("ctime(10**9)", "2001", result="f(10**9)[-4:]"),
        of("strftime(form)", 19, FORM, "len(f(form))"),
        of("strftime(form, t)", "2001-09-09 01:46:40", f"{FIELDS}; {FORM}"),
        of("strptime(text, form)", 2001, f"{FORM}; text = '2001-09-09 01:46:40'", "f(text, form).tm_year"),
        row(
            "strptime by libc: parse_time(text, form)",
            True,
            Case(
                "f(text, form)",
                f"f = getattr(module, 'parse_time', module.strptime); {FORM}; text = '2001-09-09 01:46:40'",
                "2001 in (f(text, form)[0], f(text, form)[0][0] if hasattr(module, 'parse_time') else 0)",
            ),
        ),
        of("tzset()", None),
        of("get_clock_info('time')", True, result="f('time').adjustable"),
    ),
    at_most={
        # Those that take the standard library less than 100 ns.
        **dict.fromkeys(("time", "time_ns", "monotonic", "perf_counter", "clock_"), 2.0),
        **dict.fromkeys(("process_time", "thread_time", "gmtime", "localtime", "mktime", "asctime", "ctime"), 1.5),
        **dict.fromkeys(("strftime", "strptime(", "tzset", "get_clock_info"), 1.5),
        "strptime by libc": 0.2,
    },
)
