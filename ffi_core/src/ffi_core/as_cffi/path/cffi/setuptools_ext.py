"""The keyword ``cffi_modules`` of ``setup()``."""

from __future__ import annotations

from typing import Any

from setuptools import Distribution

from ffi_core.setuptools_plugin import ffi_modules


def cffi_modules(dist: Distribution, attr: str, value: Any) -> None:
    """Build the modules of ``value``: "path/to/script.py:ffibuilder", or a list of these."""
    ffi_modules(dist, attr, value)


__all__ = ["cffi_modules"]
