"""Build packages that depend on cffi with ffi_core in its place, and run their own tests.

clients.toml lists them.  The arguments are the wheel of ffi_core, and the names of the packages if not all are wanted;
or ``--missing``, which prints what is missing of this system, as Debian calls it.
Exit status: 1 when a package does not build, or when a test fails that clients.toml does not list.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import tomllib
from client import Client, Outcome, judge, missing, read_clients, sdist_pattern

HERE: Final = Path(__file__).resolve().parent
BUILD: Final = HERE.parents[1] / "build" / "clients"
AS_CFFI: Final = ("-m", "ffi_core", "as-cffi", "--", "python")
PIP: Final = ("-m", "pip", "--disable-pip-version-check")

NOT_CFFI: Final = """
import importlib.metadata, importlib.util, sys
for name in ("cffi", "_cffi_backend"):
    if importlib.util.find_spec(name): sys.exit(f"{name} itself is installed here: nothing would be shown")
names = {found.metadata["Name"].lower() for found in importlib.metadata.distributions()}
if "cffi" in names: sys.exit("cffi itself is installed here: nothing would be shown")
"""
IS_OURS: Final = """
import importlib.metadata, pathlib, cffi, _cffi_backend, ffi_core
ours = pathlib.Path(ffi_core.__file__).parent
assert ours in pathlib.Path(cffi.__file__).parents, cffi.__file__
assert ours in pathlib.Path(_cffi_backend.__file__).parents, _cffi_backend.__file__
assert importlib.metadata.version("cffi") == cffi.__version__
"""


class FailedError(Exception):
    """A step did not work; the message is for people."""


@dataclass(frozen=True)
class Workshop:
    """Where one package is built and tested: a folder with a virtual environment of its own."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> str:
        """Name the interpreter of the virtual environment."""
        return str(self.folder / "venv" / "bin" / "python")

    def run(self, *command: str, where: Path, check: bool = True) -> None:
        """Run a command, and write what it says to the log.

        Errors: ``FailedError`` with the end of that.
        """
        with (self.folder / "log.txt").open("a+", encoding="utf-8", errors="replace") as log:
            log.write(f"\n$ {' '.join(command)}\n")
            log.flush()
            start = log.tell()
            done = subprocess.run(
                command, cwd=where, env=self.environment, stdout=log, stderr=subprocess.STDOUT, check=False
            )
            if check and done.returncode:
                log.seek(start)
                raise FailedError(f"{' '.join(command)}\n{''.join(log.readlines()[-40:])}(all of it: {log.name})")

    def python_runs(self, *arguments: str, where: Path) -> None:
        """Run Python as it is."""
        self.run(self.python, *arguments, where=where)

    def stand_in_runs(self, *arguments: str, where: Path, check: bool = True) -> None:
        """Run Python with the stand-in."""
        self.run(self.python, *AS_CFFI, *arguments, where=where, check=check)


def fetch(requirement: str, workshop: Workshop) -> Path:
    """Download an sdist, or take the one that was downloaded before."""
    folder = BUILD / "sdists"
    folder.mkdir(parents=True, exist_ok=True)
    found = list(folder.glob(sdist_pattern(requirement)))
    if not found:
        # pip asks the build backend for metadata, even if it is told to download only.
        options = ("download", "-q", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "-d", str(folder))
        workshop.stand_in_runs(*PIP, *options, requirement, where=workshop.folder)
        found = list(folder.glob(sdist_pattern(requirement)))
    if len(found) != 1:
        raise FailedError(f"{requirement}: expected one sdist in {folder}, there are {found}")
    return found[0]


def unpack_sdist(client: Client, workshop: Workshop) -> Path:
    """Unpack the sdist of a package.

    Errors: ``FailedError`` where it is another one than that of clients.toml.
    """
    sdist = fetch(client.requirement(), workshop)
    digest = sha256(sdist.read_bytes()).hexdigest()
    if digest != client.sha256:
        raise FailedError(f"{sdist} has the SHA-256 {digest}, clients.toml says {client.sha256}")
    return unpack(sdist, workshop.folder / "source")


def unpack(sdist: Path, into: Path) -> Path:
    """Unpack an sdist, and give the one folder in it."""
    with tarfile.open(sdist) as archive:
        archive.extractall(into, filter="data")
    (folder,) = into.iterdir()
    return folder


def prepare(client: Client, wheel: Path) -> Workshop:
    """Make the virtual environment, with ffi_core and without cffi."""
    folder = BUILD / client.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["PATH"] = os.pathsep.join([str(folder / "venv" / "bin"), environment.get("PATH", "")])
    workshop = Workshop(folder, {**environment, **client.environment})
    workshop.run(sys.executable, "-m", "virtualenv", "-q", str(folder / "venv"), where=folder)
    workshop.python_runs(*PIP, "install", "-q", str(wheel), "pycparser", *client.build, where=folder)
    return workshop


def install(client: Client, workshop: Workshop, source: Path) -> None:
    """Build the package, and whatever it needs that is built with cffi too, and install what its tests need."""
    # Not from the cache, where there may be wheels that were built with cffi.
    options = ("install", "-q", "--no-cache-dir", "--no-build-isolation")
    for command in client.prepare:
        workshop.run(workshop.python, *AS_CFFI[:-1], *command, where=source)
    for requirement in client.needs_sdists:
        name = requirement.partition("==")[0]
        workshop.stand_in_runs(*PIP, *options, "--no-binary", name, requirement, where=workshop.folder)
    workshop.stand_in_runs(
        *PIP, *options, "--no-binary", client.name, *client.options, str(source), where=workshop.folder
    )
    workshop.stand_in_runs(*PIP, "install", "-q", "pytest>=8.3", *client.test, where=workshop.folder)
    workshop.python_runs("-c", NOT_CFFI, where=workshop.folder)
    workshop.stand_in_runs("-c", IS_OURS, where=workshop.folder)


def run_tests(client: Client, workshop: Workshop, source: Path) -> Path:
    """Run the package's own tests, away from its source, and give the path of the report."""
    folder = workshop.folder / "tests"
    if client.tests_of:
        source = unpack(fetch(client.tests_of, workshop), workshop.folder / "source_of_tests")
    for name in client.tests:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (source / name).is_dir() else shutil.copyfile)(source / name, target)
    folder.mkdir(exist_ok=True)
    # pytest would find the settings of ffi_core in a directory above.
    (folder / "pytest.ini").write_text("[pytest]\n")
    report = workshop.folder / "report.xml"
    arguments = client.arguments or client.tests
    options = ("-q", "-p", "no:cacheprovider", "-W", "ignore", f"--junitxml={report}")
    workshop.stand_in_runs("-m", "pytest", *options, *arguments, where=folder, check=False)
    if not report.exists():
        raise FailedError(f"{client.name}: the tests did not start: see {workshop.folder / 'log.txt'}")
    return report


def try_client(client: Client, wheel: Path) -> Outcome:
    """Build and test one package."""
    workshop = prepare(client, wheel)
    source = unpack_sdist(client, workshop)
    install(client, workshop, source)
    return judge(client, run_tests(client, workshop, source))


def main(arguments: Sequence[str]) -> int:
    """Try the packages, and print what came out."""
    clients = read_clients(tomllib.loads((HERE / "clients.toml").read_text(encoding="utf-8")))
    if "--missing" in arguments:
        print(*sorted({name for client in clients for name in missing(client)}))
        return 0
    wheel, *names = arguments
    unknown = set(names) - {client.name for client in clients}
    if unknown:
        print(f"clients.toml does not list {', '.join(sorted(unknown))}")
        return 2
    outcomes = {}
    for client in clients:
        if names and client.name not in names:
            continue
        start = time.monotonic()
        try:
            outcomes[client] = try_client(client, Path(wheel).resolve())
        except FailedError as error:
            outcomes[client] = Outcome(problems=(str(error),))
        except OSError:
            outcomes[client] = Outcome(problems=(traceback.format_exc(),))
        seconds = time.monotonic() - start
        print(f"{client.requirement()}: {outcomes[client].summary()} ({seconds:.0f} s)", flush=True)
    report(outcomes)
    return int(any(outcome.problems for outcome in outcomes.values()))


def report(outcomes: Mapping[Client, Outcome]) -> None:
    """Print what does not work, then the table."""
    for client, outcome in outcomes.items():
        for problem in outcome.problems:
            print(f"\n{client.name}: {problem}")
    print(f"\n{'package':24}{'version':14}{'mode':32}{'passed':>8}{'failed':>8}{'listed':>8}{'skipped':>8}")
    total: Counter[str] = Counter()
    for client, outcome in outcomes.items():
        counts = outcome.counts
        total += counts
        numbers = "".join(f"{counts[word]:8,}" for word in ("passed", "failed", "listed", "skipped"))
        print(f"{client.name:24}{client.version:14}{', '.join(client.modes):32}{numbers}")
    bad = total["failed"] + sum(not outcome.counts for outcome in outcomes.values())
    print(f"\n{total['passed']} passed, {bad} failed, {total['skipped']} skipped")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
