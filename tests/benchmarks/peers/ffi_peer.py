"""``ffi_core`` and ``cffi``: in ABI mode with an in-line ``FFI`` object, in API mode with a compiled one."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from . import MissingPeerError, Peer
from .build import BuildError, build_module
from .declarations import CDEF


def make_abi(name: str, package: str, library: Path, *, release_gil: bool = True) -> Peer:
    """Declare the library in-line and open it."""
    try:
        ffi = importlib.import_module(package).FFI()
    except (ImportError, AttributeError) as error:
        raise MissingPeerError(str(error)) from error
    options = {} if release_gil else {"release_gil": False}
    ffi.cdef(CDEF, **options)
    return Peer(name, "ffi" if release_gil else "ffi calls", _scope(ffi, ffi.dlopen(str(library))))


def make_api(name: str, package: str, folder: Path, notes: list[str]) -> Peer:
    """Build a module and import it; one more for ``extern "Python"``, whose absence is only noted."""
    if importlib.util.find_spec(package) is None:
        raise MissingPeerError(f"No module named {package!r}")
    module = _import_built(folder, package, f"_bench_{package}")
    scope = _scope(module.ffi, module.lib)
    try:
        extern = _import_built(folder, package, f"_bench_{package}_extern")
        scope.update(extern_ffi=extern.ffi, extern_lib=extern.lib)
    except (BuildError, MissingPeerError) as error:
        notes.append(f'{name}, extern "Python", is left out: {error}')
    return Peer(name, "ffi", scope)


def make_kept_api(name: str, folder: Path) -> Peer:
    """Build a module of ``ffi_core`` whose functions keep the GIL, and import it."""
    module = _import_built(folder, "ffi_core", "_bench_ffi_core_kept")
    return Peer(name, "ffi calls", _scope(module.ffi, module.lib))


def _import_built(folder: Path, package: str, name: str) -> Any:
    build_module(folder, package, name)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPeerError(str(error)) from error
    finally:
        sys.path.remove(str(folder))


def _scope(ffi: Any, lib: Any) -> dict[str, Any]:
    def make_point(x: float, y: float) -> Any:
        owner = ffi.new("struct point *", (x, y))
        value = owner[0]
        scope.setdefault("kept", []).append(owner)
        return value

    scope: dict[str, Any] = {"ffi": ffi, "lib": lib, "make_point": make_point}
    return scope
