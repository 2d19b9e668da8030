"""The steps of cffi's use of pkg-config, from ours: the suite puts its own answers in the place of the program's."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import cffi.pkgconfig

from ffi_core import pkgconfig


def merge_flags(into: dict[str, list[Any]], flags: dict[str, list[Any]]) -> None:
    """Add flags to keywords."""
    into.update(pkgconfig.merge_flags(into, flags))


def call(package: str, what: str) -> str:
    """Ask the program."""
    return shlex.join(_ask(what, package))


_ask = pkgconfig._ask
pkgconfig._ask = lambda what, package: shlex.split(cffi.pkgconfig.call(package, what))  # type: ignore[attr-defined]  # ours


def flags_from_pkgconfig(packages: Sequence[str]) -> dict[str, list[Any]]:
    """Sort the flags of packages by the keywords of Extension."""
    return pkgconfig.pkgconfig_flags(packages)
