"""What packages ask of how `cffi` uses setuptools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cffi.error import VerificationError, VerificationMissing
from ffi_core.build import _run_setuptools

if TYPE_CHECKING:
    from setuptools import Extension


def get_extension(srcfilename: str, modname: str, sources: Sequence[str] = (), **kwds: Any) -> Extension:
    """Describe an extension module to setuptools."""
    from setuptools import Extension

    return Extension(modname, [srcfilename, *sources], **kwds)


def compile(tmpdir: str, ext: Extension, *_: Any) -> str:  # noqa: A001 - its name in cffi
    """Compile an extension module."""
    made = _run_setuptools(ext, Path(tmpdir), Path(tmpdir), verbose=False, debug=None)
    target = Path(tmpdir, made.name)
    made.rename(target)
    return str(target)


def maybe_relative_path(path: str) -> str:
    """Name a file under the working directory by a relative path."""
    relative = os.path.relpath(path)
    return path if not Path(path).is_absolute() or relative.startswith("..") else relative


__all__ = ["VerificationError", "VerificationMissing", "compile", "get_extension", "maybe_relative_path"]
