"""Find what a plain library name ("m", "z") stands for, without starting a process.

The dynamic linker only knows file names.  Users also write the name that they would give to the linker's ``-l``; then
``lib<name>.so`` may be a linker script, or be missing where no development files are installed, while
``lib<name>.so.6`` is there.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def _search_path() -> list[Path]:
    """List the folders where the system keeps libraries, in the order in which they are searched."""
    variable = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    folders = [Path(entry) for entry in os.environ.get(variable, "").split(":") if entry]
    triplet = getattr(sys.implementation, "_multiarch", "")
    roots = (Path("/lib"), Path("/usr/lib"), Path("/usr/local/lib"))
    if triplet:
        folders += [root / triplet for root in roots]
    folders += [Path("/lib64"), Path("/usr/lib64"), *roots, Path("/opt/homebrew/lib")]
    return folders


def _version(path: Path) -> tuple[int, ...]:
    """Read the numbers after ``.so``: ``libm.so.6`` gives (6,)."""
    return tuple(int(part) for part in path.name.partition(".so")[2].split(".") if part.isdigit())


def candidates(name: str) -> list[str]:
    """Return what to try, in order, where the system knows no library of the given name.

    Only plain names have candidates: no folders, no version.  An empty list where there are none.
    """
    if not name or "/" in name or "\0" in name or ".so" in name or name.endswith(".dylib"):
        return []
    if sys.platform == "darwin":
        return [f"lib{name}.dylib", f"{name}.framework/{name}"]
    names = [f"lib{name}.so"]
    if name.startswith("lib"):
        names.insert(0, f"{name}.so")
    found: list[str] = list(names)
    for folder in _search_path():
        for base in names:
            try:
                versions = sorted(
                    (path for path in folder.glob(base + ".*") if _version(path)), key=_version, reverse=True
                )
            except OSError:
                continue
            # The shortest name of the newest version is what programs are linked with: libm.so.6, not libm.so.6.1.
            found += [str(path) for path in versions]
    return list(dict.fromkeys(found))
