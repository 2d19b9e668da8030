"""Generated modules as files: writing them, and compiling those in C.

setuptools knows how each platform's compiler makes extension modules.  It is imported only to compile.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import invalidate_caches
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Optional, Union

from ffi_core.errors import FFIError
from ffi_core.front.model import NOWHERE, Place

if TYPE_CHECKING:
    from setuptools import Extension

StrPath = Union[str, "os.PathLike[str]"]


class VerificationError(FFIError):
    """The compiler does not accept the declarations or the source; the message is the compiler's own."""


@dataclass(frozen=True)
class GeneratedModule:
    """What ``set_source`` said.  ``source`` is None in ABI mode; ``options`` are those of ``setuptools.Extension``."""

    name: str
    source: Optional[str]
    extension: str = ".c"
    options: Mapping[str, Any] = field(default_factory=dict)
    place: Place = NOWHERE

    @property
    def file_name(self) -> str:
        """The name of the generated file, without its directory."""
        return self.name.rpartition(".")[2] + (".py" if self.source is None else self.extension)

    def path_in(self, folder: StrPath) -> Path:
        """Give the path of the generated file under ``folder``: dots of the name are directories."""
        return Path(folder, *self.name.split(".")[:-1], self.file_name)


def say(message: str) -> None:
    """Report progress, where the user asked for it."""
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def emit(target: Union[StrPath, IO[str]], text: str) -> None:
    """Write a generated file where the user says: a path in a directory that is there, or a file object."""
    if not isinstance(target, (str, os.PathLike)):
        target.write(text)
    elif not Path(target).absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(target))
    else:
        write_if_changed(target, text)


def write_if_changed(path: StrPath, text: str) -> bool:
    """Write a file, unless it is already like that: then nothing needs to be compiled again.  Tell whether it was written."""
    path = Path(path)
    data = text.encode("utf-8", "surrogateescape")
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Complete or not at all: another process may be reading it.
    descriptor, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise
    invalidate_caches()  # it may be imported right away
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def module_suffix(*, limited: bool = True) -> str:
    """Choose the suffix of a generated module's shared library.

    It calls the stable ABI only, so one file serves every version of Python.  Where names that say so are not imported
    (free-threaded builds, Windows), it is a name without a version.
    """
    if not limited:
        return EXTENSION_SUFFIXES[0]
    return next((s for s in EXTENSION_SUFFIXES if ".abi3" in s), EXTENSION_SUFFIXES[-1])


def shared_library_suffix() -> str:
    """Give what ``.*`` stands for in ``target``."""
    return {"win32": ".dll", "cygwin": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


def is_limited(module: GeneratedModule) -> bool:
    """Tell whether a module is for every version of Python, which ``py_limited_api=False`` denies."""
    return bool(module.options.get("py_limited_api", True))


def extension_for(module: GeneratedModule, path: StrPath) -> Extension:
    """Describe the compilation of a generated C file to setuptools.

    Errors: ``VerificationError`` where setuptools is missing.
    """
    try:
        from setuptools import Extension
    except ImportError as error:
        raise VerificationError(
            f'compiling needs setuptools, which {sys.executable} does not have: pip install "ffi-core[compile]"'
        ) from error
    options = {"py_limited_api": True, **module.options}
    # The compiler would look for the directories before a "..".
    sources = [os.path.normpath(source) for source in (path, *options.pop("sources", []))]
    return Extension(module.name, sources, **options)


def embed_python(extension: Extension) -> None:
    """Let the library link with this Python, and start it as this interpreter's environment.

    Errors: ``VerificationError`` where Python is no shared library.
    """
    variable = sysconfig.get_config_var
    if not variable("Py_ENABLE_SHARED"):
        raise VerificationError(
            f"embedding needs Python as a shared library, and {sys.executable} was built without: use a Python that was "
            "configured with --enable-shared (pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install ...; Debian, "
            "Ubuntu: apt install python3-dev)"
        )
    folder = str(variable("LIBDIR"))
    extension.libraries += [f"python{variable('LDVERSION')}"]
    extension.library_dirs += [folder]
    if Path(folder).parts[:3] not in {("/", "usr", "lib"), ("/", "usr", "lib64")}:
        extension.runtime_library_dirs += [folder]
    extension.define_macros += [("FFIC_PROGRAM", json.dumps(sys.executable, ensure_ascii=False))]
    if sys.platform.startswith("linux"):
        # Python has pointers into it, so it stays in memory when a program closes it.
        extension.extra_link_args += ["-Wl,-z,nodelete"]


def compile_module(
    module: GeneratedModule,
    path: Path,
    folder: StrPath,
    *,
    target: Optional[str] = None,
    verbose: bool = False,
    debug: Optional[bool] = None,
    embedding: bool = False,
) -> Path:
    """Compile the generated C file at ``path`` to an extension module under ``folder``; for ``embedding`` to a library.

    Relative paths among the options count from ``folder``.
    Errors: ``VerificationError`` with the compiler's message.
    """
    folder = Path(folder).absolute()
    extension = extension_for(module, path.absolute())
    *parents, stem = module.name.split(".")
    if target is None or target == "*":
        suffix = shared_library_suffix() if embedding else module_suffix(limited=is_limited(module))
        output = Path(folder, *parents, stem + suffix)
    elif target.endswith(".*"):
        output = Path(folder, *parents, target[:-2] + shared_library_suffix())
    else:
        output = Path(folder, *parents, target)
    output.parent.mkdir(parents=True, exist_ok=True)
    if embedding:
        embed_python(extension)
    with tempfile.TemporaryDirectory(prefix="ffi_core-") as scratch:
        made = _run_setuptools(extension, folder, Path(scratch), verbose=verbose, debug=debug)
        # Replaced, not overwritten: a process may have the old one mapped.
        staged = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            staged.write_bytes(made.read_bytes())
            staged.chmod(made.stat().st_mode)
            staged.replace(output)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
    invalidate_caches()
    return output


def _run_setuptools(extension: Extension, folder: Path, scratch: Path, *, verbose: bool, debug: Optional[bool]) -> Path:
    """Let setuptools compile and link into ``scratch``, and give the path of the shared library."""
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext
    from setuptools.errors import BaseError, CCompilerError

    class BuildModule(build_ext):
        """Takes what the compiler writes, so that it can be part of the exception."""

        def build_extensions(self) -> None:
            compiler: Any = self.compiler
            # What starts programs is `spawn` in older versions of setuptools, `call` in newer ones.
            compiler.spawn = compiler.call = lambda command, **_: _spawn(command, folder, compiler, verbose=verbose)
            super().build_extensions()

    distribution = Distribution({"ext_modules": [extension], "script_name": "ffi_core"})
    command: Any = BuildModule(distribution)
    command.build_lib = str(scratch / "lib")
    command.build_temp = str(scratch / "temp")
    command.force = True
    if debug is not None:
        command.debug = debug
    try:
        command.ensure_finalized()
        command.run()
    except (BaseError, CCompilerError, OSError) as error:
        raise VerificationError(f"compiling {extension.name} failed\n{error}") from error
    return Path(command.get_ext_fullpath(extension.name))


def _spawn(command: list[str], folder: Path, compiler: Any, *, verbose: bool) -> None:
    """Run the compiler or linker in ``folder``.

    Errors: ``VerificationError`` with what it wrote.
    """
    if verbose:
        say(" ".join(command))
    environment = dict(os.environ)
    msvc_path = getattr(compiler, "_paths", None)  # where MSVC's own programs are
    if msvc_path:
        environment["PATH"] = msvc_path
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise VerificationError(
            f"there is no C compiler: {command[0]!r} was not found. Install one (Debian, Ubuntu: apt install gcc libc6-dev; "
            "Fedora: dnf install gcc; macOS: xcode-select --install), or set CC to yours"
        ) from error
    if done.returncode:
        raise VerificationError(f"the C compiler does not accept it\n{done.stdout}{' '.join(command)}")
    if done.stdout:
        sys.stderr.write(done.stdout)
