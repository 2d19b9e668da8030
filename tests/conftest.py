"""What all tests share: on PyPy, the list of what differs there, and the share that must pass.

`core/pypy_differences.toml` lists tests by reason.  Those are expected to fail, or are not run where they would end the
process.  The closing lines give the counts; with ``--pypy-share`` the run fails below that many percent.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
DIFFERENCES = HERE / "core" / "pypy_differences.toml"
IS_PYPY = sys.implementation.name == "pypy"
LISTED = "differs on PyPy: "


def load_differences() -> list[dict[str, Any]]:
    """Read the list: tables with ``reason``, ``tests`` (patterns of test names) and, for what is not run, ``run = false``."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    with DIFFERENCES.open("rb") as stream:
        return list(tomllib.load(stream)["difference"])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pypy-share",
        type=float,
        default=0.0,
        help="percent of the tests that must pass on PyPy, listed ones counted in",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not IS_PYPY:
        return
    marks = [
        (pattern, bool(entry.get("run", True)), LISTED + entry["reason"])
        for entry in load_differences()
        for pattern in entry["tests"]
    ]
    # The patterns that name a file are looked at for tests of that file only.
    by_file: dict[str, list[tuple[str, bool, str]]] = {}
    for mark in marks:
        by_file.setdefault(mark[0].partition("::")[0], []).append(mark)
    for item in items:
        path = Path(item.path).relative_to(HERE).as_posix()
        name = f"{path}::{item.nodeid.partition('::')[2]}"
        for pattern, run, reason in by_file.get(path, []):
            # Brackets are parameters here, not sets of characters.
            if fnmatchcase(name, pattern.replace("[", "[[]")):
                item.add_marker(
                    pytest.mark.xfail(reason=reason, strict=False) if run else pytest.mark.skip(reason=reason)
                )
                break


def count(stats: dict[str, list[Any]]) -> tuple[int, int, int, int]:
    """Count reports: passed; listed by reason; failed; skipped for reasons that have nothing to do with PyPy."""
    skipped = stats.get("skipped", [])
    listed = sum(LISTED in str(report.longrepr) for report in skipped) + len(stats.get("xfailed", []))
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    passed = len(stats.get("passed", [])) + len(stats.get("xpassed", []))
    return passed, listed, failed, len(skipped) + len(stats.get("xfailed", [])) - listed


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not IS_PYPY:
        return
    passed, listed, failed, skipped = count(terminalreporter.stats)
    share = 100 * passed / max(1, passed + listed + failed)
    terminalreporter.write_line(
        f"On PyPy {passed} passed, {listed} are listed as different by reason, {failed} failed: {share:.1f}% passed "
        f"({skipped} more were skipped as on CPython)"
    )
    if share < config.getoption("--pypy-share"):
        terminalreporter.write_line(f"That is below {config.getoption('--pypy-share')}%.")
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED
