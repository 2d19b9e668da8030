"""What all tests share: patience; on PyPy, the list of what differs there, and the share that must pass.

`core/pypy_differences.toml` lists tests by reason.  Those must fail, or are not run where they may end the process; those of
what PyPy does not have are skipped.  A listed test that passes fails the run, and so does a line of the list that names no test.
The closing lines give the counts; with ``--pypy-share`` the run fails when fewer percent pass of what is not skipped.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
DIFFERENCES = HERE / "core" / "pypy_differences.toml"
IS_PYPY = sys.implementation.name == "pypy"
LISTED = "differs on PyPy: "
ABSENT = "not there on PyPy: "
# Why tests that CPython runs skip themselves on PyPy: they are about CPython's own memory, modules and C API.
ELSEWHERE = (
    "this interpreter does not count its blocks",
    "compares with CPython's own modules",
    "for_bytes gives the Python function itself",
    "bytes_method gives the Python method itself",
    "cannot be embedded",
    "CPython has subinterpreters",
    "PyPy's own backend makes its callbacks",
    "lets allocations of CPython fail",
    "no name says stable ABI here",
    "it lets others run in loops of its own too",
    "NumPy is not installed",
    "No module named 'numpy'",
)


def load_differences() -> list[dict[str, Any]]:
    """Read what the list has for this version.

    Shapes: tables with ``reason``, ``tests`` (patterns of test names) and ``run = false`` or ``absent = true``.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    with DIFFERENCES.open("rb") as stream:
        entries = tomllib.load(stream)["difference"]
    version = list(sys.version_info[:2])
    return [e for e in entries if e.get("since", version) <= version < e.get("until", [99])]


def pytest_configure() -> None:
    """Let examples of hypothesis take their time: how long one takes depends on what else the machine does."""
    try:
        from hypothesis import HealthCheck, settings
    except ImportError:
        return  # who runs few tests may do without
    # What differs from the profile that is there, such as that for continuous integration.
    settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pypy-share",
        type=float,
        default=0.0,
        help="percent of the tests that must pass on PyPy, listed ones counted in",
    )


@pytest.hookimpl(tryfirst=True)  # before -k takes tests away
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not IS_PYPY:
        return
    marks = [(pattern, make_mark(entry)) for entry in load_differences() for pattern in entry["tests"]]
    used = set()
    files = set()
    # The patterns that name a file are looked at for tests of that file only.
    by_file: dict[str, list[tuple[str, pytest.MarkDecorator]]] = {}
    for pattern, mark in marks:
        by_file.setdefault(pattern.partition("::")[0], []).append((pattern, mark))
    for item in items:
        path = Path(item.path).relative_to(HERE).as_posix()
        name = f"{path}::{item.nodeid.partition('::')[2]}"
        files.add(path)
        for pattern, mark in by_file.get(path, []):
            # Brackets are parameters here, not sets of characters.
            if fnmatchcase(name, pattern.replace("[", "[[]")):
                item.add_marker(mark)
                used.add(pattern)
                break
    if not any("::" in argument for argument in config.args):
        idle = [pattern for pattern, _ in marks if pattern not in used and pattern.partition("::")[0] in files]
        if idle:
            raise pytest.UsageError(f"{DIFFERENCES.name} names tests that are not there, or twice: {', '.join(idle)}")


def make_mark(entry: dict[str, Any]) -> pytest.MarkDecorator:
    """Make the mark of the tests of one entry."""
    if entry.get("absent"):
        return pytest.mark.skip(reason=ABSENT + entry["reason"])
    reason = LISTED + entry["reason"]
    return pytest.mark.xfail(reason=reason, strict=True) if entry.get("run", True) else pytest.mark.skip(reason=reason)


@dataclass(frozen=True)
class Counts:
    """Reports by what they say of PyPy: ``skipped`` is for reasons that have nothing to do with it."""

    passed: int
    listed: int
    absent: int
    failed: int
    skipped: int


def count(stats: dict[str, list[Any]]) -> Counts:
    """Count the reports of a run."""
    reasons = [str(report.longrepr) for report in stats.get("skipped", [])]
    absent = sum(any(words in reason for words in (ABSENT, *ELSEWHERE)) for reason in reasons)
    not_run = sum(LISTED in reason for reason in reasons)
    return Counts(
        passed=len(stats.get("passed", [])),
        listed=not_run + len(stats.get("xfailed", [])),
        absent=absent,
        failed=len(stats.get("failed", [])) + len(stats.get("error", [])),
        skipped=len(reasons) - absent - not_run,
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not IS_PYPY:
        return
    counts = count(terminalreporter.stats)
    counted = counts.passed + counts.listed + counts.failed
    share = 100 * counts.passed / max(1, counted)
    share_of_all = 100 * counts.passed / max(1, counted + counts.absent)
    terminalreporter.write_line(
        f"On PyPy {counts.passed} passed, {counts.listed} are listed as different by reason, {counts.failed} failed: "
        f"{share:.1f}% passed.  {counts.absent} more are about what PyPy does not have, or about CPython itself (with all "
        f"of them: {share_of_all:.1f}%), {counts.skipped} were skipped as on CPython."
    )
    if share < config.getoption("--pypy-share"):
        terminalreporter.write_line(f"That is below {config.getoption('--pypy-share')}%.")
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED
