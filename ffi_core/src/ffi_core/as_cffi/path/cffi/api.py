"""The class `cffi.FFI`: that of ffi_core, and what cffi has deprecated but packages still use."""

from __future__ import annotations

import os
from pathlib import Path
from sys import _getframe
from types import ModuleType
from typing import Any, Optional, Union

import ffi_core
from cffi.error import CDefError, FFIError, VerificationError
from cffi.verifier import Verifier, caller_folder


class FFI(ffi_core.FFI):
    """Declares C, and gives access to it; ``backend`` is ignored, there is one runtime."""

    verifier: Verifier
    _writes_stubs = False  # some packages list what a build leaves

    def __init__(self, backend: Optional[ModuleType] = None) -> None:
        del backend
        super().__init__()
        self._cdef_texts: list[str] = []
        self._verified: Optional[ModuleType] = None  # the newest module of verify()

    def _cdef(self, csource: str, *arguments: Any, **keywords: Any) -> None:
        super()._cdef(csource, *arguments, **keywords)
        self._cdef_texts.append(csource)

    def verify(self, source: str = "", tmpdir: Union[str, Path, None] = None, **kwds: Any) -> Any:
        """Compile what is declared with the C code ``source``, and give its ``lib`` (deprecated: use ``set_source``).

        ``kwds`` are those of ``Verifier``.
        Errors: ``VerificationError`` with what the compiler says.
        """
        if tmpdir is None:
            tmpdir = caller_folder(_getframe(1).f_code.co_filename)
        self.verifier = Verifier(self, source, tmpdir, **kwds)
        return self.verifier.load_library()

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

    def _adopt(self, module: Any) -> None:
        """Use what the compiler made of the declarations in place of these."""
        self._replace(module.ffi)
        self._verified = module
        # Who has the lib may have nothing else of this.
        module._ffi = self


__all__ = ["FFI", "CDefError", "FFIError", "VerificationError"]
