"""The C extension written by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from . import MissingPeerError, Peer
from .build import build_extension


def make(name: str, folder: Path, *, release_gil: bool) -> Peer:
    """Build the extension, and import it."""
    module_name = "_bench_hand_released" if release_gil else "_bench_hand_kept"
    path = build_extension(folder, module_name, f"-DRELEASE_GIL={int(release_gil)}")
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise MissingPeerError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Peer(name, "hand", {"lib": module, "make_point": module.point})
