"""The pytest plugin that runs cffi's own suite against the stand-in.

It puts the adapters beside the stand-in, leaves out what internal.toml lists, and says at the end what came of it.
CONFORMANCE_LISTED says what becomes of listed tests: "skip" (the default), "run" like the others, or "only" these.
With CONFORMANCE_WHOLE=1, a pattern that matches nothing is an error.
"""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Optional

import _cffi_backend
import cffi
import cffi.api
import cffi.ffiplatform
import cffi.pkgconfig
import cffi.verifier
import pytest
import tomllib

from ffi_core import errors, front, runtime
from ffi_core.build import module_suffix
from ffi_core.front.origin import UNKNOWN

HERE: Final = Path(__file__).resolve().parent
LIST: Final = HERE.parent / "internal.toml"
MARK: Final = "listed as internal: "

cffi.__path__.append(str(HERE / "cffi"))

import backend  # noqa: E402 - they need the adapters
import fake_backend  # noqa: E402 - as above
import parser_view  # noqa: E402 - as above
import pkgconfig_view  # noqa: E402 - as above

for _name, _value in backend.names().items():
    setattr(_cffi_backend, _name, _value)
_cffi_backend.__all__ += [name for name in backend.names() if not name.startswith("_")]


def _new(cls: type, *args: Any, **kwds: Any) -> Any:
    return runtime.FFI.__new__(fake_backend.choose_class(cls, *args, **kwds))


cffi.api.FFI.__new__ = _new  # type: ignore[method-assign]


def _forget_source(ffi: cffi.FFI) -> None:
    ffi._module = None


# By deleting this attribute, the suite lets set_source() be called again.
cffi.api.FFI._assigned_source = property(lambda ffi: ffi._module, fdel=_forget_source)  # type: ignore[attr-defined]
# What the tests reach for and the stand-in does not have; so mypy knows none of it.
cffi.api.FFI._parser = property(parser_view.ParserView)  # type: ignore[attr-defined]
cffi.api.FFI._get_cached_btype = parser_view.btype  # type: ignore[attr-defined]
for _name in ("merge_flags", "call", "flags_from_pkgconfig"):
    setattr(cffi.pkgconfig, _name, getattr(pkgconfig_view, _name))
# Names that files of the suite import, and that mean nothing here.
cffi.ffiplatform.flatten = None  # type: ignore[attr-defined]
cffi.verifier._FORCE_GENERIC_ENGINE = False  # type: ignore[attr-defined]
cffi.verifier._locate_engine_class = None  # type: ignore[attr-defined]
cffi.verifier._get_so_suffixes = lambda: [module_suffix()]  # type: ignore[attr-defined]
# Errors show more of a place than cffi's, whose whole texts the suite compares: the file, the column, the line itself and a caret.
front.origin = lambda text, filename, call_line: UNKNOWN
errors._show = lambda message, place: f"{place.file}:{place.line}: {message}"
_whole_text = errors.CDefError.__str__
# Of a #define that cannot be read, cffi shows the line only; here the place and what to write follow.
errors.CDefError.__str__ = lambda error: error.heading if "\ngot:\n" in error.heading else _whole_text(error)  # type: ignore[method-assign]  # replaced on purpose
# Libraries for embedding need no preparation.
cffi.api.FFI._apply_embedding_fix = lambda ffi, kwds: None  # type: ignore[attr-defined]


def _leave_out_objects(check: Any) -> Any:
    """Let a test that lists what a build leaves pass where the compiler's intermediate files lie elsewhere, as here."""

    def check_produced_files(self: Any, content: dict[str, Any], curdir: Optional[str] = None) -> Any:
        for name in [name for name in content if name.endswith(".o")]:
            del content[name]
        return check(self, content, curdir)

    return check_produced_files


@dataclass(frozen=True)
class Entry:
    """What the list says of some tests.

    ``tests`` is the number of those in a file that cannot be imported.  Without ``run``, nobody asks whether they would pass.
    """

    patterns: tuple[str, ...]
    reason: str
    tests: int
    run: bool


def read_list() -> list[Entry]:
    """Read internal.toml."""
    data = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [
        Entry(tuple(entry["patterns"]), entry["reason"], entry.get("tests", 0), entry.get("run", True))
        for entry in data["entry"]
    ]


class Conformance:
    """Leaves out what is listed, or all the rest, and judges the list."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._mode = os.environ.get("CONFORMANCE_LISTED", "skip")
        self._whole = os.environ.get("CONFORMANCE_WHOLE") == "1"
        self._entries = [] if self._mode == "run" else read_list()
        self._is_worker = hasattr(config, "workerinput")
        self._matched: set[str] = set()
        self._collected = False

    def _find(self, name: str) -> Optional[Entry]:
        found = None
        for entry in self._entries:
            for pattern in entry.patterns:
                if fnmatch.fnmatchcase(name, pattern.replace("[", "[[]")):
                    self._matched.add(pattern)
                    found = found or entry
        return found

    def pytest_ignore_collect(self, collection_path: Path) -> Optional[bool]:
        """Leave out files that cannot even be imported."""
        name = collection_path.relative_to(self._config.rootpath).as_posix()
        entry = self._find(name) if name.endswith(".py") else None
        return True if entry is not None and entry.tests else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Skip tests that are listed, or keep only these."""
        self._collected = True
        classes: set[Any] = {getattr(item, "cls", None) for item in items}
        for cls in classes:
            if hasattr(cls, "check_produced_files"):
                cls.check_produced_files = _leave_out_objects(cls.check_produced_files)
        kept = []
        for item in items:
            entry = self._find(item.nodeid)
            if self._mode == "only":
                if entry is not None and entry.run:
                    kept.append(item)
            else:
                kept.append(item)
                if entry is not None:
                    item.add_marker(pytest.mark.skip(reason=MARK + entry.reason))
        if len(kept) < len(items):
            self._config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
            items[:] = kept

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over from a worker what it found: with xdist, only workers collect."""
        output = getattr(node, "workeroutput", {})
        if "conformance_matched" in output:
            self._collected = True
            self._matched.update(output["conformance_matched"])

    def _unmatched(self) -> list[str]:
        if not (self._whole and self._collected):
            return []
        return [pattern for entry in self._entries for pattern in entry.patterns if pattern not in self._matched]

    def _stale(self) -> list[str]:
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        if self._mode != "only" or reporter is None:
            return []
        return sorted(report.nodeid for report in reporter.stats.get("passed", []))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail when the list is not honest.  Listed tests themselves are there because they fail."""
        if self._is_worker:
            self._config.workeroutput["conformance_matched"] = sorted(self._matched)  # type: ignore[attr-defined]  # xdist adds it
            return
        if self._mode == "only" and exitstatus == pytest.ExitCode.TESTS_FAILED:
            session.exitstatus = pytest.ExitCode.OK
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and (self._unmatched() or self._stale()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin each test without types."""
        backend.reset()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what came of it."""
        if self._is_worker:
            return
        for pattern in self._unmatched():
            terminalreporter.line(f"internal.toml: no test is named {pattern}")
        if self._mode == "only":
            stale = self._stale()
            terminalreporter.section("the list of what is internal")
            for name in stale:
                terminalreporter.line(f"internal.toml lists a test that passes: {name}")
            terminalreporter.line(f"{len(stale)} listed tests pass")
            return
        stats = terminalreporter.stats
        skipped = [
            report.longrepr[2] if isinstance(report.longrepr, tuple) else "" for report in stats.get("skipped", [])
        ]
        listed = sum(MARK in reason for reason in skipped)
        counts = {
            "passed": len(stats.get("passed", [])) + len(stats.get("xpassed", [])),
            "failed": len(stats.get("failed", [])) + len(stats.get("error", [])),
            "listed as internal": listed + sum(entry.tests for entry in self._entries),
            "skipped by the suite itself": len(skipped) - listed + len(stats.get("xfailed", [])),
        }
        terminalreporter.section("conformance with cffi's suite")
        terminalreporter.line(", ".join(f"{count} {what}" for what, count in counts.items()))


def pytest_configure(config: pytest.Config) -> None:
    """Begin."""
    config.pluginmanager.register(Conformance(config), "conformance")
