"""Run CPython's own tests with the wrappers in the place of the modules: ``python tests/wrappers/stdlib_suites.py [NAME ...]``.

Each suite runs twice in a process of its own: with the standard library's module, and with ours.  What is printed are the numbers of
tests, and the name of each test that does not pass with its reason.  The exit status is 1 where a test fails with ours, or is skipped
that runs with the standard library's.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

RUN = """
import importlib, json, sys, unittest
names = {names!r}
modules = [importlib.import_module("test." + name) for name in names]
{check}
suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromModule, modules))
def count(tests, wanted):
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from count(test, wanted)
        elif any(kind.__name__ in wanted for kind in type(test).__mro__):
            yield test.id()
private = len(list(count(suite, {private!r})))
result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
bad = [(test.id(), trace.splitlines()[-1]) for test, trace in result.failures + result.errors]
bad += [(test.id(), "it should have failed") for test in result.unexpectedSuccesses]
print("RESULT" + json.dumps(
    [result.testsRun, [(test.id(), reason) for test, reason in result.skipped], bad, private]
))
"""

OURS = {
    "zlib": 'import sys, zlibwrap; sys.modules["zlib"] = zlibwrap; import gzip; assert gzip.zlib is zlibwrap\n',
    "time": "import timewrap, _strptime; _strptime.time = timewrap\n",
    "pwd": 'import sys, pwdwrap; sys.modules["pwd"] = pwdwrap\n',
    "grp": 'import sys, pwdwrap; sys.modules["grp"] = pwdwrap\n',
}
# Once the test modules are there: that they use ours.
CHECKS = {
    "zlib": 'assert modules[0].zlib is modules[1].gzip.zlib is sys.modules["zlib"] is zlibwrap',
    "time": "for module in modules: module.time = timewrap",
    "pwd": "assert modules[0].pwd is pwdwrap",
    "grp": "assert modules[0].grp is pwdwrap",
}
SUITES = {
    "zlib": ("test_zlib", "test_gzip"),
    "time": ("test_time", "test_strptime"),
    "pwd": ("test_pwd",),
    "grp": ("test_grp",),
}
PRIVATE = {"time": ("CPyTimeTestCase",)}
NOTES = {"time": "of the functions for times in CPython's private C interface: they pass, and reach neither module"}


@dataclass(frozen=True)
class Result:
    """What came of a suite.

    ``skipped`` and ``failed`` have names of tests and reasons; ``private`` is how many reach only CPython's private C interface.
    """

    ran: int
    skipped: Sequence[tuple[str, str]] = field(default_factory=tuple)
    failed: Sequence[tuple[str, str]] = field(default_factory=tuple)
    private: int = 0

    @property
    def passed(self) -> int:
        return self.ran - len(self.skipped) - len(self.failed)


def is_there(name: str) -> bool:
    """Tell whether this Python comes with the tests of a suite."""
    try:
        return all(importlib.util.find_spec(f"test.{module}") is not None for module in SUITES[name])
    except ModuleNotFoundError:
        return False


def run_suite(name: str, *, ours: bool) -> Result:
    """Run a suite in a new process.

    Errors: ``RuntimeError`` where it does not come to an end.
    """
    code = RUN.format(names=SUITES[name], check=CHECKS[name] if ours else "", private=PRIVATE.get(name, ()))
    arguments = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", (OURS[name] if ours else "") + code]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not told:
        raise RuntimeError(f"the tests of {name} ended with exit status {done.returncode}:\n{done.stderr}")
    ran, skipped, failed, private = json.loads(told[-1][len("RESULT") :])
    return Result(ran, [tuple(item) for item in skipped], [tuple(item) for item in failed], private)


def problems(theirs: Result, ours: Result) -> list[str]:
    """Say what is worse with ours."""
    known = {name for name, _ in theirs.skipped}
    found = [f"failed: {name}: {reason}" for name, reason in ours.failed]
    found += [f"skipped only with ours: {name}: {reason}" for name, reason in ours.skipped if name not in known]
    if ours.ran != theirs.ran:
        found.append(f"{ours.ran} tests with ours, {theirs.ran} with the standard library's")
    return found


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    status = 0
    print(f"CPython's own tests, {platform.python_implementation()} {platform.python_version()}")
    for name in arguments or SUITES:
        if not is_there(name):
            print(f"{name}: this Python comes without {', '.join(SUITES[name])}")
            continue
        theirs, ours = run_suite(name, ours=False), run_suite(name, ours=True)
        print(
            f"{' + '.join(SUITES[name])}: {ours.ran} tests; with ours {ours.passed} passed, {len(ours.skipped)} skipped, {len(ours.failed)} "
            f"failed; with the standard library's {theirs.passed} passed, {len(theirs.skipped)} skipped, {len(theirs.failed)} failed"
        )
        for test, reason in ours.skipped:
            print(f"  skipped: {test}: {reason}")
        if ours.private:
            print(f"  {ours.private} tests are {NOTES[name]}")
        for problem in problems(theirs, ours):
            print(f"  {problem}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
