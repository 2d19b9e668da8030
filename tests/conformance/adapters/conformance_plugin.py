"""The pytest plugin that runs cffi's own suite against the stand-in.

It puts the adapters beside the stand-in, leaves out what internal.toml lists, and writes the counts.
"""

from __future__ import annotations

import fnmatch
import json
import os
from pathlib import Path
from typing import Any, Final

import cffi
import cffi.api
import pytest

HERE: Final = Path(__file__).resolve().parent

cffi.__path__.append(str(HERE / "cffi"))


def _forget_source(ffi: cffi.FFI) -> None:
    ffi._module = None


# By deleting this attribute, the suite lets set_source() be called again.
cffi.api.FFI._assigned_source = property(lambda ffi: ffi._module, fdel=_forget_source)  # type: ignore[attr-defined]
