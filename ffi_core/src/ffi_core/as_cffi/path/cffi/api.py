"""The class `cffi.FFI`: that of ffi_core, and what cffi has deprecated but packages still use."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Optional, Union

import ffi_core
from cffi.error import CDefError, FFIError, VerificationError
from cffi.verifier import Verifier


class FFI(ffi_core.FFI):
    """Declares C, and gives access to it; ``backend`` is ignored, there is one runtime."""

    _writes_stubs = False  # some packages list what a build leaves

    def __init__(self, backend: Optional[ModuleType] = None) -> None:
        del backend
        super().__init__()

    def compile(
        self,
        tmpdir: Union[str, os.PathLike[str]] = ".",
        verbose: Union[bool, int] = 0,
        target: Optional[str] = None,
        debug: Optional[bool] = None,
        *,
        stub: Optional[bool] = None,
    ) -> str:
        """Do as in ffi_core; the path of a Python module counts from the working directory where ``tmpdir`` does."""
        made = super().compile(tmpdir, verbose=verbose, target=target, debug=debug, stub=stub)
        module = self._generated("compile")
        # As os.path does it: the "." of "./package" stays.
        return os.path.join(tmpdir, *module.name.split(".")[:-1], module.file_name) if module.source is None else made  # noqa: PTH118

    def def_extern(self, *args: Any, **kwds: Any) -> Any:  # noqa: ARG002
        """Refuse: only the ``ffi`` of a compiled module has functions that C calls."""
        raise ValueError("ffi.def_extern() is only available on API-mode FFI objects")


__all__ = ["FFI", "CDefError", "FFIError", "VerificationError", "Verifier"]
