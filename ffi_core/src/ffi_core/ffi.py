"""The public class: declarations in, C data and libraries out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Optional

from ffi_core import runtime

if TYPE_CHECKING:
    from ffi_core.front.model import Declarations


class FFI(runtime.FFI):
    """C declarations, and access to C through them."""

    def __init__(self) -> None:
        self._known: Optional[Declarations] = None

    def cdef(
        self, csource: str, override: bool = False, packed: bool = False, pack: Optional[int] = None, *, release_gil: bool = True
    ) -> None:
        """Declare C functions, types, constants and variables.

        Errors: ``CDefError`` with the line and a caret; then nothing of the text was declared.
        """
        from ffi_core import front

        caller = sys._getframe(1)
        file, line = front.origin(csource, caller.f_code.co_filename, caller.f_lineno)
        parsed = front.parse(
            csource,
            known=self._known or front.Declarations(),
            file=file,
            first_line=line,
            override=override,
            packed=packed,
            pack=pack,
            release_gil=release_gil,
        )
        self._declare(*front.python_table(parsed.added))
        self._known = parsed
