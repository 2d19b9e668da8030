"""Compile what the peers need, with the system's compiler."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NATIVE = Path(__file__).with_name("native")
LIBRARY = "ffi_core_bench"
OPTIMISE = ("-O2", "-fPIC")


class BuildError(Exception):
    """Say what could not be built, with the last lines of the compiler's output."""


def run(what: str, command: Sequence[str]) -> None:
    """Run ``command``, silently.  Errors: ``BuildError``."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"{what} could not be built: {error}") from error
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise BuildError(f"{what} could not be built: " + " | ".join(line.strip() for line in lines[-3:]))


def compile_shared(target: Path, source: Path, *options: str, compiler: str = "CC") -> Path:
    """Compile one file to a shared library, by the compiler that the environment variable ``compiler`` or the system names."""
    default = "cc" if compiler == "CC" else "c++"
    command = shlex.split(os.environ.get(compiler, "")) or [shutil.which(default) or default]
    bundle = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]
    run(target.name, [*command, *OPTIMISE, *bundle, f"-I{NATIVE}", "-o", str(target), str(source), *options])
    return target


def build_library(folder: Path) -> Path:
    """Compile the library that every peer calls."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"lib{LIBRARY}.so"
    soname = () if sys.platform == "darwin" else (f"-Wl,-soname,{target.name}",)
    return compile_shared(target, NATIVE / "bench.c", *soname)


def build_extension(folder: Path, name: str, *options: str) -> Path:
    """Compile the extension written by hand."""
    include = sysconfig.get_paths()["include"]
    target = folder / (name + str(sysconfig.get_config_var("EXT_SUFFIX")))
    link = (f"-L{folder}", f"-l{LIBRARY}", f"-Wl,-rpath,{folder}")
    return compile_shared(target, NATIVE / "hand.c", f"-I{include}", f"-DMODULE={name}", *options, *link)


def import_file(name: str, path: Path) -> Any:
    """Import an extension module."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BuildError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build_module(folder: Path, package: str, name: str) -> None:
    """Let ``package`` build the module ``name``, in a process of its own: no compiler driver stays in this one."""
    script = Path(__file__).with_name("compile_module.py")
    run(name, [sys.executable, str(script), package, name, str(folder)])
