"""Build what a behaviour test needs, once per machine, in every mode.

Belongs here: turning (cdef text, C source) into ``ffi`` and ``lib`` in each mode, the cache of what was compiled, and the
marks that say where we differ from CFFI on purpose.  No test.

The environment variable ``FFI_CORE_TEST_ORACLE=cffi`` runs the same tests against CFFI, so that what they expect can be
checked against it.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Final, Optional

import pytest

BACKEND: Final = os.environ.get("FFI_CORE_TEST_ORACLE", "ffi_core")
IS_ORACLE: Final = BACKEND != "ffi_core"

INLINE: Final = "abi-inline"
OUT_OF_LINE: Final = "abi-outofline"
API: Final = "api"
MODES: Final = (INLINE, OUT_OF_LINE, API)
ABI_MODES: Final = (INLINE, OUT_OF_LINE)

HERE: Final = Path(__file__).resolve().parent
IS_PYPY: Final = sys.implementation.name == "pypy"


def library_of(module: Path) -> Path:
    """Give the file that the C compiler made of a module: that itself, or what lies beside the Python file that opens it."""
    return module.with_suffix(".ffi_core.so") if IS_PYPY else module


def ours_only(reason: str) -> pytest.MarkDecorator:
    """Mark a test of behaviour that differs from CFFI's on purpose."""
    return pytest.mark.skipif(IS_ORACLE, reason=f"differs from CFFI: {reason}")


def backend() -> ModuleType:
    """Import the package under test."""
    return importlib.import_module(BACKEND)


def new_ffi() -> Any:
    """Make an empty ``FFI``."""
    return backend().FFI()


def collect() -> None:
    """Collect garbage until what is found dead is gone: on PyPy a finaliser runs after the collection that finds its object."""
    for _ in range(4 if IS_PYPY else 1):
        gc.collect()


def parse_errors(ffi: Any) -> tuple[type[BaseException], ...]:
    """List the exception types that may report a bad type string or declaration."""
    names = [getattr(backend(), name, None) for name in ("CDefError", "FFIError")]
    names.append(getattr(ffi, "error", None))
    return tuple(name for name in names if isinstance(name, type))


@dataclass(frozen=True)
class Built:
    """What a test gets: ``path`` is the shared library (ABI modes) or the extension module (API mode)."""

    mode: str
    ffi: Any
    lib: Any
    path: Path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path``, against other processes."""
    with path.open("w") as stream:
        try:
            import fcntl
        except ImportError:  # two workers may then build the same thing; the rename keeps the result whole
            yield
            return
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def _generator_state() -> str:
    """Describe the code that generates modules, so that a change of it makes the cached ones stale."""
    package = backend()
    state = hashlib.sha256(str(getattr(package, "__version__", "")).encode())
    if not IS_ORACLE and package.__file__:
        root = Path(package.__file__).parent
        generators = (path for path in root.rglob("*.py") if path.parent.name != "pypy")
        for path in sorted([*generators, *root.rglob("*.h")]):
            state.update(path.read_bytes())
    return state.hexdigest()


def compiler() -> list[str]:
    """Give the command that runs the C compiler."""
    return (os.environ.get("CC") or "cc").split()


@functools.cache
def clang_version() -> int:
    """Give the main version of the compiler where it is clang, or else 0."""
    words = [*compiler(), "-dM", "-E", "-x", "c", os.devnull]
    macros = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return next((int(line.split()[2]) for line in macros.splitlines() if " __clang_major__ " in line), 0)


def load_module(name: str, path: Path) -> ModuleType:
    """Import the module at ``path`` as ``name``."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class Builder:
    """Builds in the three modes, and keeps what it built under ``cache``."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self._built: dict[tuple[str, ...], Built] = {}
        self._state: Optional[str] = None

    def _once(self, key: str, make: Callable[[Path], None]) -> Path:
        """Give the directory ``key`` of the cache; ``make`` fills it if it is not there."""
        target = self.cache / key
        if target.is_dir():
            return target
        with _locked(self.cache / f"{key}.lock"):
            if not target.is_dir():
                work = Path(tempfile.mkdtemp(prefix=f"{key}-", dir=self.cache))
                try:
                    make(work)
                    work.rename(target)
                finally:
                    shutil.rmtree(work, ignore_errors=True)
        return target

    def shared_library(self, source: str) -> Path:
        """Compile ``source`` to a shared library."""

        def make(work: Path) -> None:
            (work / "lib.c").write_text(source)
            command = [*compiler(), "-shared", "-fPIC", "-O1", "-w", "-pthread", "-o", "lib.so", "lib.c", "-lm"]
            done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")

        return self._once(f"so-{_digest(source, platform.machine(), *compiler())}", make) / "lib.so"

    def _generate(self, cdef: str, source: Optional[str], options: dict[str, Any]) -> tuple[str, Path]:
        """Generate a module with ``set_source`` and ``compile``; give its name and file."""
        if self._state is None:
            self._state = _generator_state()
        # Ours is one file for all versions of CPython; PyPy makes another one.
        is_shared = source is None or (not IS_ORACLE and sys.implementation.name == "cpython")
        version = "" if is_shared else sysconfig.get_config_var("SOABI") or ""
        key = _digest(BACKEND, self._state, cdef, source or "", repr(sorted(options.items())), version)
        name = f"_t_{key}"

        def make(work: Path) -> None:
            builder = new_ffi()
            builder.cdef(cdef)
            builder.set_source(name, source, **options)
            built = Path(builder.compile(tmpdir=str(work)))
            (work / "made").write_text(built.name)

        folder = self._once(f"gen-{key}", make)
        return name, folder / (folder / "made").read_text()

    def build(self, mode: str, cdef: str, source: str, **options: Any) -> Built:
        """Give ``ffi`` and ``lib`` for the declarations ``cdef`` of the C code ``source``.

        Shapes: ``options`` go to ``set_source`` in API mode.
        """
        key = (mode, cdef, source, repr(sorted(options.items())))
        if key not in self._built:
            self._built[key] = self._build(mode, cdef, source, options)
        return self._built[key]

    def _build(self, mode: str, cdef: str, source: str, options: dict[str, Any]) -> Built:
        if mode == API:
            options.setdefault("extra_compile_args", ["-w", "-O1"])
            name, path = self._generate(cdef, source, options)
            module = load_module(name, path)
            return Built(mode, module.ffi, module.lib, path)
        library = self.shared_library(source)
        if mode == OUT_OF_LINE:
            name, path = self._generate(cdef, None, {})
            ffi = load_module(name, path).ffi
        else:
            ffi = new_ffi()
            ffi.cdef(cdef)
        return Built(mode, ffi, ffi.dlopen(str(library)), library)

    def generated(self, cdef: str, source: Optional[str], **options: Any) -> tuple[str, Path]:
        """Generate a module (ABI out-of-line where ``source`` is None); give its name and file."""
        return self._generate(cdef, source, options)


def find_cache(config: pytest.Config) -> Path:
    """Find the directory where compiled things survive between runs."""
    chosen = os.environ.get("FFI_CORE_TEST_CACHE")
    if chosen:
        path = Path(chosen)
    elif hasattr(config, "cache") and config.cache is not None:
        path = Path(str(config.cache.mkdir("ffi-core-builds")))
    else:
        path = Path(tempfile.gettempdir()) / f"ffi-core-tests-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def python_environment() -> dict[str, str]:
    """Give the environment for a Python process that imports the package under test and ``ffi_harness``."""
    package = Path(str(backend().__file__)).parent.parent
    paths = [str(HERE), *([] if IS_ORACLE else [str(package)]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


@dataclass(frozen=True)
class Finished:
    """How a subprocess ended."""

    returncode: int
    stdout: str
    stderr: str


def run_python(code: str, *args: str, env: Optional[dict[str, str]] = None, timeout: float = 60) -> Finished:
    """Run ``code`` in a fresh interpreter of this kind; ``ffi_harness`` can be imported there."""
    environment = {**python_environment(), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code), *args],
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
        timeout=timeout,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


_SURVIVES: Final = """
import importlib, sys
FFI = importlib.import_module({backend!r}).FFI
ffi = FFI()
expected = {expected!r}
try:
{body}
except BaseException as error:
    names = {{kind.__name__ for kind in type(error).__mro__}}
    if expected is None or not names & set(expected):
        raise
    print("RAISED", type(error).__name__, ascii(str(error)[-2000:]))
else:
    print("PASSED")
"""


def assert_raises_not_crashes(body: str, *expected: str) -> str:
    """Run ``body`` in a fresh interpreter; it must raise one of ``expected`` (names of exceptions).

    Shapes: ``body`` has ``ffi``, an empty FFI.  The result is the message.
    Errors: AssertionError if it ends in a signal, in no exception, or in another one.
    """
    done = run_python(
        _SURVIVES.format(backend=BACKEND, expected=expected, body=textwrap.indent(textwrap.dedent(body), "    "))
    )
    assert done.returncode >= 0, f"died of signal {-done.returncode}\n{done.stderr}"
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("RAISED "), f"no exception: {done.stdout}"
    return last
