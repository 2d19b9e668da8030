"""The C extension written by hand."""

from __future__ import annotations

from pathlib import Path

from . import Peer
from .build import build_extension, import_file


def make(name: str, folder: Path, *, release_gil: bool) -> Peer:
    """Build the extension, and import it."""
    module_name = "_bench_hand_released" if release_gil else "_bench_hand_kept"
    module = import_file(module_name, build_extension(folder, module_name, f"-DRELEASE_GIL={int(release_gil)}"))
    return Peer(name, "hand", {"lib": module, "make_point": module.point})
