"""What clients.toml says of a package, and what its tests said.

Belongs here: models and reading.  Nothing is started here.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET


@dataclass(frozen=True)
class Client:
    """A package that depends on cffi.

    ``build`` and ``test`` are requirements, ``needs_sdists`` those that use cffi too; ``prepare`` are commands to run in the
    unpacked sdist; ``options`` are for pip; ``tests`` are paths in it, copied away, or in the sdist of ``tests_of``; ``arguments`` are for pytest in place of these; ``system`` says
    what has to be there, by the name of its Debian package; ``listed`` are patterns for tests that may fail, with the reason.
    """

    name: str
    version: str
    sha256: str
    modes: tuple[str, ...]
    build: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    needs_sdists: tuple[str, ...] = ()
    prepare: tuple[tuple[str, ...], ...] = ()
    options: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    tests_of: str = ""
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    system: Mapping[str, str] = field(default_factory=dict, hash=False)
    listed: Mapping[str, str] = field(default_factory=dict, hash=False)

    def requirement(self) -> str:
        """Write the package and its version as pip wants it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Outcome:
    """What came of a package; ``problems`` are for people, and there are none where all is well."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: tuple[str, ...] = ()

    def summary(self) -> str:
        """Say it in a few words."""
        if not self.counts:
            return "could not be tried"
        return ", ".join(f"{number} {word}" for word, number in self.counts.items())


def sdist_pattern(requirement: str) -> str:
    """Give a pattern for the name of the file of ``NAME==VERSION``, in which "-" may be "_"."""
    name, _, version = requirement.partition("==")
    return f"{re.sub('[-_.]', '[-_.]', name)}-{version}.tar.gz"


def read_clients(table: Mapping[str, Any]) -> list[Client]:
    """Read what is in clients.toml."""
    return [Client(**{name: _frozen(value) for name, value in entry.items()}) for entry in table["client"]]


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def missing(client: Client) -> list[str]:
    """List what is not on this system, by the names of Debian's packages.

    Shapes: a need is ``pkg-config:NAME``, ``library:FILE``, ``program:NAME`` or ``file:PATH``.
    """
    return [package for package, need in client.system.items() if not _is_there(*need.split(":", 1))]


def _is_there(kind: str, name: str) -> bool:
    if kind == "program":
        return shutil.which(name) is not None
    if kind == "pkg-config":
        return subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0
    if kind == "file":
        return Path(name).is_file()
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def judge(client: Client, report: Path) -> Outcome:
    """Read pytest's report, and compare what failed with what is listed."""
    counts: Counter[str] = Counter()
    problems = []
    used = set()
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        bad = case.find("failure") if case.find("error") is None else case.find("error")
        patterns = [pattern for pattern in client.listed if fnmatchcase(name, pattern)]
        if bad is None:
            counts["skipped" if case.find("skipped") is not None else "passed"] += 1
        elif patterns:
            used.update(patterns)
            counts["listed"] += 1
        else:
            counts["failed"] += 1
            problems.append(f"{name} fails: {bad.get('message', '')}")
    problems += [f"no test fails that {pattern!r} lists" for pattern in client.listed if pattern not in used]
    if not counts["passed"]:
        problems.append("no test passed")
    return Outcome(counts, tuple(problems))
