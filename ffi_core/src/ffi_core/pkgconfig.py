"""Compiler and linker flags from pkg-config."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from ffi_core.errors import FFIError


class PkgConfigError(FFIError):
    """pkg-config is missing, or does not know a package."""


def pkgconfig_flags(packages: Sequence[str]) -> dict[str, list[Any]]:
    """Ask pkg-config for packages; the result has the keywords of ``setuptools.Extension``.

    Errors: ``PkgConfigError``.
    """
    flags: dict[str, list[Any]] = {}
    for package in packages:
        for flag in _ask("--cflags", package):
            _sort_flag(flags, flag, "extra_compile_args")
        for flag in _ask("--libs", package):
            _sort_flag(flags, flag, "extra_link_args")
    return flags


def merge_flags(kwds: Mapping[str, Any], flags: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Add flags to keywords: what stands in both is joined."""
    merged = dict(kwds)
    for key, values in flags.items():
        present = merged.get(key, [])
        if not isinstance(present, list):
            raise TypeError(f"{key!r} must be a list, not {type(present).__name__}")
        merged[key] = present + values
    return merged


def _ask(what: str, package: str) -> list[str]:
    program = os.environ.get("PKG_CONFIG") or "pkg-config"
    command = [program, "--print-errors", what, package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PkgConfigError(f"cannot run {program!r}: {error.strerror}. Install pkg-config") from error
    if done.returncode:
        raise PkgConfigError(done.stderr.strip() or f"{' '.join(command)} fails")
    return shlex.split(done.stdout)


def _sort_flag(flags: dict[str, list[Any]], flag: str, other: str) -> None:
    """Put one flag under the keyword that setuptools has for it."""
    keyword = {"-I": "include_dirs", "-L": "library_dirs", "-l": "libraries", "-D": "define_macros"}.get(flag[:2])
    value: Any = flag[2:]
    if keyword is None:
        keyword, value = other, flag
    elif keyword == "define_macros":
        name, equals, definition = flag[2:].partition("=")
        value = (name, definition if equals else None)
    flags.setdefault(keyword, []).append(value)
