"""What generates C extensions: Cython, nanobind and pybind11, each with the GIL kept, as they do where nobody says more.

Compiling C++ takes long, so what was built is kept as long as neither its source nor the binder's version changes.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

from . import MissingPeerError, Peer
from .build import LIBRARY, NATIVE, compile_shared, import_file, run


def make_cython(name: str, folder: Path, kept: Path) -> Peer:
    """Translate the module to C, and compile it."""
    target = _target(kept, "cython", "Cython")
    source = NATIVE / "bench_cython.pyx"
    if _is_old(target, source):
        translated = target.with_suffix(".c")
        run("bench_cython.c", [sys.executable, "-m", "cython", "-3", "-o", str(translated), str(source)])
        compile_shared(target, translated, f"-I{_include()}", *_link(folder))
    module = import_file("bench_cython", target)
    return Peer(name, "native", {"lib": module, "make_point": module.Point})


def make_nanobind(name: str, folder: Path, kept: Path) -> Peer:
    """Compile the module, and nanobind's own part, as its CMake file does."""
    target = _target(kept, "nanobind", "nanobind")
    source = NATIVE / "bench_nanobind.cpp"
    nanobind = _binder("nanobind")
    if _is_old(target, source):
        own = Path(nanobind.source_dir())
        includes = [nanobind.include_dir(), str(own.parent / "ext/robin_map/include")]
        options = ["-std=c++17", "-fvisibility=hidden", "-fno-strict-aliasing", "-DNDEBUG", f"-I{_include()}"]
        options += [f"-I{include}" for include in includes]
        compile_shared(target, source, str(own / "nb_combined.cpp"), *options, *_link(folder), compiler="CXX")
    module = import_file("_bench_nanobind", target)
    return Peer(name, "native", {"lib": module, "make_point": module.Point})


def make_pybind11(name: str, folder: Path, kept: Path) -> Peer:
    """Compile the module."""
    target = _target(kept, "pybind11", "pybind11")
    source = NATIVE / "bench_pybind11.cpp"
    pybind11 = _binder("pybind11")
    if _is_old(target, source):
        options = ["-std=c++17", "-fvisibility=hidden", f"-I{_include()}", f"-I{pybind11.get_include()}"]
        compile_shared(target, source, *options, *_link(folder), compiler="CXX")
    module = import_file("_bench_pybind11", target)
    return Peer(name, "native", {"lib": module, "make_point": module.Point})


def _binder(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPeerError(str(error)) from error


def _target(kept: Path, name: str, distribution: str) -> Path:
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise MissingPeerError(f"No module named {name!r}") from None
    folder = kept / f"{name}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"bench_{name}{sysconfig.get_config_var('EXT_SUFFIX')}"


def _is_old(target: Path, source: Path) -> bool:
    newest = max(path.stat().st_mtime for path in (source, NATIVE / "bench.h"))
    return not target.exists() or target.stat().st_mtime < newest


def _include() -> str:
    return sysconfig.get_paths()["include"]


def _link(folder: Path) -> list[str]:
    # The functions are those of the library that the process has loaded already.
    return [f"-L{folder}", f"-l{LIBRARY}"]
