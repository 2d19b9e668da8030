"""What the suite asks of cffi's use of setuptools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from setuptools import Extension

from ffi_core.build import _run_setuptools


def get_extension(srcfilename: str, modname: str, sources: Sequence[str] = (), **kwds: Any) -> Extension:
    """Describe an extension module to setuptools."""
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
