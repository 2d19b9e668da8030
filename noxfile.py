"""Every check that exists, as a nox session; continuous integration calls nox.

`ffi-core` is on no index.  So sessions build its wheel from a copy of the source, once per source and interpreter, under
build/wheels, and install that; the wrappers build against it in the same way, found by PIP_FIND_LINKS.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["demo", "tests", "lint", "types", "docs"]

ROOT: Final = Path(__file__).resolve().parent
BUILD: Final = ROOT / "build"
GROUPS: Final = nox.project.load_toml(ROOT / "pyproject.toml")

CORE: Final = "ffi_core"
WRAPPERS: Final = ("wrappers/pwdwrap", "wrappers/timewrap", "wrappers/zlibwrap")

SERIES: Final = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
BENCHED: Final = ("3.11", "3.13")
RUNNING: Final = ".".join(map(str, sys.version_info[:2]))
GENERATED: Final = ("_pwd.py", "_time.py", "_zlib.py")  # what PyPy opens a library with, where it was built in place
NOT_SOURCE: Final = ("build", "dist", "*.egg-info", "__pycache__", ".*_cache", "*.o", "*.so", *GENERATED)

PROBE: Final = """
import os, sys, sysconfig
if sys.implementation.name != "cpython": sys.exit("it is not CPython")
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    sys.exit("its C headers are missing: install python%d.%d-dev or what your system calls it" % sys.version_info[:2])
"""

SMOKE: Final = """
import pwdwrap
import timewrap
import zlibwrap
from ffi_core import FFI
ffi = FFI()
ffi.cdef("size_t strlen(const char *);")
assert ffi.dlopen(None).strlen(b"hello") == 5
assert pwdwrap.getpwuid(0).pw_uid == 0
assert timewrap.gmtime(0).tm_year == 1970
assert zlibwrap.decompress(zlibwrap.compress(b"hello")) == b"hello"
print("smoke test passed:", ffi, pwdwrap.__file__, zlibwrap.__file__)
"""

USE_PORTABLE: Final = """
import sys
import _pwuid_cffi
from _pwuid_cffi import ffi, lib
assert lib.getpwnam(b"root").pw_uid == 0 and ffi.sizeof("uid_t") == 4
print("CPython", sys.version.split()[0], "runs", _pwuid_cffi.__file__)
"""


# Interpreters


def activate_pyenv() -> None:
    """Let pyenv's shims run the newest interpreter of each series, unless the user has chosen some."""
    pyenv = shutil.which("pyenv")
    if pyenv is None or os.environ.get("PYENV_VERSION"):
        return

    def ask(*command: str) -> list[str]:
        return subprocess.run([pyenv, *command], capture_output=True, text=True, check=False).stdout.split()

    installed = [name for name in ask("versions", "--bare") if name.replace(".", "").isdigit()]
    newest = {name.rpartition(".")[0]: name for name in sorted(installed, key=lambda name: int(name.split(".")[-1]))}
    chosen = ":".join(ask("version-name")).split(":") + [newest[series] for series in SERIES if series in newest]
    os.environ["PYENV_VERSION"] = ":".join(dict.fromkeys(name for name in chosen if name))


def find_interpreters() -> tuple[list[str], list[str]]:
    """Look for the CPythons that this machine has, with their headers.

    Shapes: the series found ("3.9"), and one sentence for each that is skipped.
    """
    activate_pyenv()
    found: list[str] = []
    skipped: list[str] = []
    for series in SERIES:
        program = shutil.which(f"python{series}")
        if program is None:
            skipped.append(f"CPython {series} is skipped: there is no python{series} on the PATH")
            continue
        done = subprocess.run([program, "-c", PROBE], capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it does not run"])[0]
            skipped.append(f"CPython {series} is skipped: {reason}")
        else:
            found.append(series)
    return found or [RUNNING], skipped


FOUND, SKIPPED = find_interpreters()


FREE_THREADED: Final = next(filter(None, (shutil.which(f"python{series}t") for series in reversed(SERIES))), None)
NO_FREE_THREADED: Final = "there is no python3.13t or later on the PATH (a CPython configured with --disable-gil)"

PYPY: Final = shutil.which("pypy3")
NO_PYPY: Final = "there is no pypy3 on the PATH (Debian, Ubuntu: apt install pypy3 pypy3-dev pypy3-venv)"
PYPY_WHOLE: Final = ("tests/core", "tests/native", "tests/wrappers")
PYPY_QUICK: Final = (
    "tests/core/test_runtime_protocol.py",
    "tests/core/test_calls.py",
    "tests/core/test_callbacks.py",
    "tests/core/test_structs.py",
    "tests/core/test_extern_python.py",
    "tests/core/test_pypy_install.py",
    "tests/native/test_type_parser.py",
    "tests/wrappers/pwdwrap",
)


def say_skipped(session: nox.Session) -> None:
    """Name the interpreters that are not there, once per run."""
    if session.python == FOUND[0]:
        for sentence in SKIPPED:
            session.warn(sentence)


# Wheels


def digest(folder: Path, *more: str) -> str:
    """Hash the names and contents of a distribution's source files, and ``more``."""
    state = hashlib.sha256("\0".join(more).encode())
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(Path(part).match(pattern) for part in parts for pattern in NOT_SOURCE):
            state.update("/".join(parts).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()[:16]


def copy_source(project: str, into: Path) -> Path:
    """Copy a distribution without what earlier builds left in it, which setuptools would take for its own."""
    target = into / Path(project).name
    shutil.copytree(ROOT / project, target, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    return target


def find_links(*folders: Path) -> dict[str, str]:
    """Tell pip to look in ``folders`` too, in isolated builds as well."""
    return {"PIP_FIND_LINKS": " ".join([*os.environ.get("PIP_FIND_LINKS", "").split(), *(f.as_uri() for f in folders)])}


def wheel(session: nox.Session, project: str, *links: Path, **flags: str) -> Path:
    """Build the wheel of ``project`` for the session's interpreter, or find it as it was built before.

    Shapes: ``links`` are wheels that the build needs; ``flags`` environment variables that change what is built.
    """
    asked = session.run(
        "python", "-c", "import sys, sysconfig; print(sys.version, sysconfig.get_platform())", silent=True
    )
    settings = [
        str(asked),
        *(f"{name}={value}" for name, value in sorted(flags.items())),
        *(str(link) for link in links),
    ]
    folder = BUILD / "wheels" / f"{Path(project).name}-{digest(ROOT / project, *settings)}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            source = copy_source(project, Path(name))
            made = Path(name, "wheels")
            environment = {**find_links(*(link.parent for link in links)), **flags}
            session.run(
                "python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(made), str(source), env=environment
            )
            if not folder.exists():
                made.rename(folder)
    (found,) = folder.glob("*.whl")
    return found


def install(session: nox.Session, *groups: str, **flags: str) -> None:
    """Install our wheels and dependency groups in the session's environment.

    Shapes: ``flags`` are for the native runtime.  The wrappers are built against a plain one, which any Python can import.
    """
    plain = wheel(session, CORE)
    core = wheel(session, CORE, **flags) if flags else plain
    wheels = [core, *(wheel(session, wrapper, plain) for wrapper in WRAPPERS)]
    requirements = nox.project.dependency_groups(GROUPS, *groups) if groups else ()
    session.install("-q", *requirements, *map(str, wheels))
    # The same version from another source is taken for installed.
    session.install("-q", "--force-reinstall", "--no-deps", *map(str, wheels))


# Sessions


@nox.session
def demo(session: nox.Session) -> None:
    """Look up a user in API mode, in both ABI modes and with pwdwrap."""
    install(session, "compile")
    session.run("python", "docs/examples/demo.py", *session.posargs)


@nox.session(python=FOUND)
def tests(session: nox.Session) -> None:
    """Run the suite on every CPython that is found."""
    say_skipped(session)
    install(session, "test")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(
    name="tests-free-threaded",
    python=FREE_THREADED or RUNNING,
    venv_backend="virtualenv" if FREE_THREADED else "none",
)
def tests_free_threaded(session: nox.Session) -> None:
    """Run the suite on a CPython without the GIL."""
    if not FREE_THREADED:
        session.skip(NO_FREE_THREADED)
    install(session)
    wanted = nox.project.dependency_groups(GROUPS, "test")
    others = [name for name in wanted if not name.startswith(("cffi", "numpy", "hypothesis"))]
    # The first two have no wheels for it: tests skip where they are not.  Later versions of the third are compiled by Rust.
    session.install("-q", *others, "hypothesis>=6.100,<6.142")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(name="tests-pypy", python=PYPY or RUNNING, venv_backend="virtualenv" if PYPY else "none")
def tests_pypy(session: nox.Session) -> None:
    """Run the demonstration and the suite on PyPy; with "quick", a part of it that takes a minute or two.

    At least 95% of what PyPy has must pass, and exactly those tests that tests/core/pypy_differences.toml lists must fail.
    """
    if not PYPY:
        session.skip(NO_PYPY)
    install(session, "test")
    arguments = list(session.posargs)
    is_quick = "quick" in arguments
    if is_quick:
        arguments.remove("quick")
    chosen = [*arguments, *(PYPY_QUICK if is_quick else PYPY_WHOLE)]
    session.run("python", "docs/examples/demo.py")
    session.run("pytest", "-n", "auto", "--pypy-share=95", *chosen)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the suite and report the Python lines that it does not reach."""
    install(session, "coverage")
    session.run("pytest", "-n", "auto", "--cov", "--cov-report=term-missing", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; compile the C code with warnings as errors."""
    session.install("-q", *nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")
    wheel(session, CORE, FFI_CORE_STRICT="1")


@nox.session
def types(session: nox.Session) -> None:
    """Run mypy --strict on the packages, the tests and the tools, and on programs that use stubs of generated modules."""
    install(session, "types")
    session.run(
        "mypy",
        CORE + "/src",
        CORE + "/setup.py",
        "noxfile.py",
        "docs/conf.py",
        *map(str, Path("docs/examples").glob("*.py")),
    )
    session.run("mypy", *WRAPPERS)
    # Callbacks under test are decorated by what returns Any.
    session.run("mypy", "--allow-untyped-calls", "--allow-untyped-decorators", "tests")
    session.run("pytest", "-q", "tests/typing")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation with warnings as errors, and run every example in it."""
    install(session, "docs")
    for builder in ("html", "doctest"):
        session.run("sphinx-build", "-q", "-W", "--keep-going", "-b", builder, "docs", f"build/docs/{builder}")
    session.log(f"The site is at {BUILD / 'docs/html/index.html'}")


def sanitizers(session: nox.Session) -> dict[str, str]:
    """Install with the native code under the address and undefined-behaviour sanitizers; give the environment to run it."""
    install(session, "test", FFI_CORE_STRICT="1", FFI_CORE_SANITIZE="address,undefined")
    libraries = [
        str(session.run("gcc", f"-print-file-name=lib{name}.so", external=True, silent=True)).strip()
        for name in ("asan", "ubsan")
    ]
    return {
        "LD_PRELOAD": " ".join(libraries),
        # Python itself keeps memory until it exits.  What is freed is held back, but not without bound: a test measures memory.
        "ASAN_OPTIONS": "detect_leaks=0:strict_string_checks=1:allocator_may_return_null=1:quarantine_size_mb=16",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        # So that every object has its own malloc, and red zones.
        "PYTHONMALLOC": "malloc",
    }


@nox.session
def sanitize(session: nox.Session) -> None:
    """Run the suite with the native code under the address and undefined-behaviour sanitizers."""
    environment = sanitizers(session)
    session.run("pytest", "-n", "auto", *session.posargs, env=environment)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Feed random C and random values to what reads them, for 10 minutes: `-- --minutes 60`, `-- --sanitize`."""
    arguments = [argument for argument in session.posargs if argument != "--sanitize"]
    environment = {}
    if len(arguments) < len(session.posargs):
        environment = sanitizers(session)
    else:
        install(session, "test")
    session.chdir("tests")
    session.run("python", "-m", "fuzz", *arguments, env=environment)


@nox.session(python=[series for series in BENCHED if series in FOUND] or FOUND[:1])
def bench(session: nox.Session) -> None:
    """Measure against cffi, built from its sdist, ctypes, extensions and generators of them; JSON goes to build/bench."""
    session.install("-q", "--no-binary", "cffi", *nox.project.dependency_groups(GROUPS, "bench"))
    install(session)
    (BUILD / "bench").mkdir(parents=True, exist_ok=True)
    session.chdir("tests")
    session.run("python", "-m", "benchmarks", *session.posargs)
    if PYPY and not session.posargs:
        session.notify("bench-pypy")


@nox.session(name="bench-pypy", python=PYPY or RUNNING, venv_backend="virtualenv" if PYPY else "none")
def bench_pypy(session: nox.Session) -> None:
    """On PyPy: measure warmed-up loops and imports against the interpreter's own cffi; "bench" ends with it."""
    if not PYPY:
        session.skip(NO_PYPY)
    install(session, "compile")
    session.chdir("tests")
    session.run("python", "-m", "benchmarks.pypy", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Make the sdist of each distribution and the wheel from that; try them in a clean environment."""
    session.install("-q", *nox.project.dependency_groups(GROUPS, "build"))
    dist = BUILD / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        for project in (CORE, *WRAPPERS):
            source = copy_source(project, Path(name))
            session.run("python", "-m", "build", "--outdir", str(dist), str(source), env=find_links(dist))
        clean = Path(name, "clean")
        session.run(sys.executable, "-m", "virtualenv", "-q", str(clean), external=True)
        python = str(clean / "bin" / "python")
        session.run(python, "-m", "pip", "install", "-q", *map(str, dist.glob("*.whl")), external=True)
        with session.chdir(name):
            session.run(python, "-c", SMOKE, external=True)
            session.run(python, "-m", "pwdwrap", "root", external=True)
            (core,) = dist.glob("ffi_core-*.whl")
            session.run(python, "-m", "pip", "install", "-q", f"ffi-core[compile] @ {core.as_uri()}", external=True)
            session.run(python, str(ROOT / "docs/examples/demo.py"), external=True)
    for path in sorted(dist.iterdir()):
        session.log(f"{path.stat().st_size:>9,} bytes  {path.name}")


@nox.session(python=FOUND)
def portable(session: nox.Session) -> None:
    """Build one API-mode module with the first CPython; import that very file in every other."""
    say_skipped(session)
    install(session, "test")
    folder = BUILD / "portable"
    if session.python == FOUND[0] or not folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy("docs/examples/pwuid_build.py", folder)
        with session.chdir(folder):
            session.run("python", "pwuid_build.py")
    (module,) = folder.glob("_pwuid_cffi*.so")
    session.log(f"{module.name}: sha256 {hashlib.sha256(module.read_bytes()).hexdigest()}")
    with session.chdir(folder):
        session.run("python", "-c", USE_PORTABLE)
    if session.python == FOUND[-1]:
        others = [str(path) for path in ROOT.glob(".nox/portable-*/bin/python")]
        environment = {"FFI_CORE_TEST_PYTHONS": os.pathsep.join(others)}
        session.run("pytest", "-q", "tests/core/test_portable_modules.py", env=environment)


@nox.session(name="stdlib", python=[series for series in ("3.9", "3.11", "3.13") if series in FOUND] or FOUND[:1])
def standard_library(session: nox.Session) -> None:
    """Run CPython's own tests of zlib, gzip, time, pwd and grp with the wrappers in their place; stream 1 GiB; two threads."""
    install(session)
    session.run("python", "tests/wrappers/stdlib_suites.py", *session.posargs)
    if not session.posargs:
        session.run("python", "tests/wrappers/zlibwrap/stream_much.py")
        session.run("python", "tests/wrappers/zlibwrap/scale_threads.py")


@nox.session
def conformance(session: nox.Session) -> None:
    """Run cffi's own suite, from its sdist, with ffi_core standing in for cffi."""
    session.install("-q", *nox.project.dependency_groups(GROUPS, "conformance"))
    install(session)
    folder = BUILD / "conformance"
    sdist = folder / "cffi-2.1.1.tar.gz"
    if not sdist.exists():
        session.run(
            "python",
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--no-build-isolation",
            "-d",
            str(folder),
            "cffi==2.1.1",
        )
    session.run("python", "tests/conformance/run.py", str(sdist), *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """Build packages that depend on cffi with ffi_core in its place, from their sdists, and run their own tests."""
    session.install("-q", *nox.project.dependency_groups(GROUPS, "clients"))
    missing = str(session.run("python", "tests/clients/run.py", "--missing", silent=True)).split()
    if missing:
        install_from_debian(session, missing)
    session.run("python", "tests/clients/run.py", str(wheel(session, CORE)), *session.posargs)


def install_from_debian(session: nox.Session, packages: list[str]) -> None:
    """Install what the system lacks, where this is possible without asking anybody."""
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        session.run(*command, external=True, silent=True, env={"DEBIAN_FRONTEND": "noninteractive"})
    else:
        session.error(f"please install what Debian calls {', '.join(packages)}: sudo {' '.join(command)}")
