"""The runtime for PyPy: what `ffi_core._native` is for CPython, over the primitives that PyPy's interpreter has built in.

C types and C data are the interpreter's own objects, so its just-in-time compiler knows them.  Nothing here stands
between a loop and its data: what is written in Python finds declarations, makes types of them, and looks names up.
"""

from __future__ import annotations

from ffi_core.pypy.ffi_object import FFI
from ffi_core.pypy.module import load_module

__all__ = ["FFI", "load_module"]
