"""Build `ffi_core._native`, the runtime for CPython.

Environment: FFI_CORE_STRICT=1 makes warnings errors; FFI_CORE_SANITIZE=address,undefined builds with sanitizers;
PKG_CONFIG names another pkg-config.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

NATIVE = Path("src/native")
INCLUDE = Path("src/ffi_core/include")

LIBFFI_ADVICE = """\
ffi_core needs libffi and pkg-config to build its native extension: {problem}
  Debian, Ubuntu:   apt install libffi-dev pkg-config
  Fedora, RHEL:     dnf install libffi-devel pkgconf-pkg-config
  Alpine:           apk add libffi-dev pkgconf
  macOS (Homebrew): brew install libffi pkg-config
                    export PKG_CONFIG_PATH="$(brew --prefix libffi)/lib/pkgconfig"
"""

COMPILER_ADVICE = """\
ffi_core needs a C compiler to build its native extension: there is no `{compiler}` on the PATH.
  Debian, Ubuntu: apt install gcc libc6-dev
  Fedora, RHEL:   dnf install gcc
  Alpine:         apk add gcc musl-dev
  macOS:          xcode-select --install
or set the environment variable CC to the compiler to use.
"""

HEADERS_ADVICE = """\
ffi_core needs the headers of Python {version} to build its native extension: there is no {path}
  Debian, Ubuntu: apt install python3-dev
  Fedora, RHEL:   dnf install python3-devel
  Alpine:         apk add python3-dev
"""


def libffi_flags(what: str) -> list[str]:
    """Ask pkg-config for libffi's flags: ``what`` is "--cflags" or "--libs"."""
    command = [os.environ.get("PKG_CONFIG") or "pkg-config", what, "libffi"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        raise SystemExit(LIBFFI_ADVICE.format(problem=f"there is no `{command[0]}`.")) from None
    if done.returncode != 0:
        problem = f"`{' '.join(command)}` fails.\n{done.stderr.strip()}\n"
        raise SystemExit(LIBFFI_ADVICE.format(problem=problem))
    return shlex.split(done.stdout)


def check_tools() -> None:
    """Stop, saying what to install, where a compiler or Python's headers are missing."""
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        version = ".".join(map(str, sys.version_info[:2]))
        raise SystemExit(HEADERS_ADVICE.format(version=version, path=header))
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    # `CC="ccache gcc"` and `CC="env X=1 gcc"` are fine as long as the first word can be run.
    if sys.platform != "win32" and shutil.which(compiler[0]) is None:
        raise SystemExit(COMPILER_ADVICE.format(compiler=compiler[0]))


def compile_flags() -> list[str]:
    """Give the flags for GCC and Clang."""
    flags = ["-std=c11", "-O3", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wshadow", "-Wconversion"]
    # As a system directory: the warnings are for our own code, not for Python's headers.
    flags += ["-isystem", sysconfig.get_path("include")]
    if sys.platform != "darwin":
        flags.append("-fno-semantic-interposition")
    if os.environ.get("FFI_CORE_STRICT") == "1":
        flags.append("-Werror")
    return flags + sanitizer_flags()


def msvc_flags() -> list[str]:
    """Give the flags for Microsoft's compiler."""
    return ["/std:c11", "/O2", "/W4"] + (["/WX"] if os.environ.get("FFI_CORE_STRICT") == "1" else [])


def sanitizer_flags() -> list[str]:
    """Give the flags of the sanitizers asked for, which compiler and linker both take."""
    sanitizers = os.environ.get("FFI_CORE_SANITIZE")
    if not sanitizers:
        return []
    return [f"-fsanitize={sanitizers}", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g"]


class BuildNative(build_ext):
    """Compile the C files of an extension side by side, with the flags that the compiler at hand knows."""

    def build_extensions(self) -> None:
        """Build everything, the C files of one extension at the same time."""
        compiler: Any = self.compiler
        msvc = compiler.compiler_type == "msvc"
        if not msvc:
            check_tools()
        for extension in self.extensions:
            extension.extra_compile_args += (msvc_flags() if msvc else compile_flags()) + libffi_flags("--cflags")
            extension.extra_link_args += sanitizer_flags() + libffi_flags("--libs")
        compile_files = compiler.compile

        def compile_in_parallel(sources: list[str], *args: Any, **kwds: Any) -> list[str]:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                jobs = [pool.submit(compile_files, [source], *args, **kwds) for source in sources]
                return [job.result()[0] for job in jobs]

        compiler.compile = compile_in_parallel
        super().build_extensions()


NATIVE_EXTENSION = Extension(
    "ffi_core._native",
    sources=sorted(path.as_posix() for path in NATIVE.glob("*.c")),
    depends=sorted(path.as_posix() for folder in (NATIVE, INCLUDE) for path in folder.glob("*.h")),
    # Not NATIVE: its "ctype.h" must not stand in for <ctype.h>.
    include_dirs=[INCLUDE.as_posix()],
)

# PyPy has the primitives built in: the Python backend uses them.
setup(
    cmdclass={"build_ext": BuildNative},
    ext_modules=[] if sys.implementation.name == "pypy" else [NATIVE_EXTENSION],
)
