"""``pwd`` and ``grp`` as CPython has them, over those of other interpreters, whose exceptions are not the same.

Where the tests run on CPython, they also compare these with the real ones.
"""

from __future__ import annotations

import grp as _grp
import pwd as _pwd
import sys
from operator import index
from typing import Any

import pytest

IS_CPYTHON = sys.implementation.name == "cpython"


class _Module:
    """One of the two modules: ``kind`` is "pw" or "gr"."""

    def __init__(self, module: Any, kind: str, number: str) -> None:
        self._module = module
        self._kind = kind
        self._number = number

    def __getattr__(self, name: str) -> Any:
        if name == f"get{self._kind}{self._number}":
            return self._by_number
        if name == f"get{self._kind}nam":
            return self._by_name
        return getattr(self._module, name)

    def _by_number(self, number: Any) -> Any:
        name = f"get{self._kind}{self._number}"
        try:
            value = index(number)
        except Exception:  # noqa: BLE001 - whatever it is
            if self._kind == "gr" and sys.version_info < (3, 10):
                raise DeprecationWarning("an integer is required") from None  # warnings are errors here
            raise TypeError(f"{self._number} should be integer, not {type(number).__name__}") from None
        if not -1 <= value < 2**32:
            if self._kind == "gr":
                raise OverflowError(f"gid is {'less than minimum' if value < 0 else 'greater than maximum'}")
            raise KeyError(f"{name}(): {self._number} not found")
        if value == 2**32 - 1:
            value = -1
        for entry in getattr(self._module, f"get{self._kind}all")():
            if entry[2] == value:
                return entry
        raise KeyError(f"{name}(): {self._number} not found: {value}")

    def _by_name(self, name: Any) -> Any:
        function = f"get{self._kind}nam"
        if not isinstance(name, str):
            raise TypeError(f"{function}() argument must be str, not {type(name).__name__}")
        encoded = name.encode(sys.getfilesystemencoding(), "surrogateescape")
        if b"\0" in encoded:
            raise ValueError("embedded null byte")
        for entry in getattr(self._module, f"get{self._kind}all")():
            if entry[0] == name:
                return entry
        raise KeyError(f"{function}(): name not found: {name!r}")


stated_pwd: Any = _Module(_pwd, "pw", "uid")
stated_grp: Any = _Module(_grp, "gr", "gid")
pwd: Any = _pwd if IS_CPYTHON else stated_pwd
grp: Any = _grp if IS_CPYTHON else stated_grp

only_cpython = pytest.mark.skipif(not IS_CPYTHON, reason="compares with CPython's own modules")
