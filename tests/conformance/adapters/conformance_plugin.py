"""The pytest plugin that runs cffi's own suite against the stand-in: it puts the adapters beside the stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import _cffi_backend
import cffi
import cffi.api
import pytest

HERE: Final = Path(__file__).resolve().parent

cffi.__path__.append(str(HERE / "cffi"))

import backend  # noqa: E402 - it needs the adapters

for _name, _value in backend.names().items():
    setattr(_cffi_backend, _name, _value)
_cffi_backend.__all__ += [name for name in backend.names() if not name.startswith("_")]


def _forget_source(ffi: cffi.FFI) -> None:
    ffi._module = None


# By deleting this attribute, the suite lets set_source() be called again.
cffi.api.FFI._assigned_source = property(lambda ffi: ffi._module, fdel=_forget_source)  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin each test without types."""
    del item
    backend.reset()
