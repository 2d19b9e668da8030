"""``pwdwrap`` beside ``pwd``."""

from __future__ import annotations

from .row import Case, Row, Wrapper, beside


def row(name: str, expected: object, case: Case) -> Row:
    return beside("pwdwrap", "pwd", name, case, expected)


WRAPPER = Wrapper(
    ours="pwdwrap",
    standard="pwd",
    rows=(
        row("getpwuid(0)", "root", Case("getpwuid(0)", "getpwuid = module.getpwuid", "getpwuid(0).pw_name")),
        row('getpwnam("root")', 0, Case('getpwnam("root")', "getpwnam = module.getpwnam", 'getpwnam("root").pw_uid')),
        row(
            "getpwall()",
            True,
            Case("getpwall()", "getpwall = module.getpwall", 'module.getpwnam("root") in getpwall()'),
        ),
    ),
    at_most={"getpwuid": 1.15, "getpwall": 1.15},
)
