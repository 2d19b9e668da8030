"""``ctypes``, with argument types declared, as its documentation advises."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from . import Peer


class Point(ctypes.Structure):
    """``struct point``."""

    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double)]


class Record(ctypes.Structure):
    """``struct record``."""

    _fields_ = [("number", ctypes.c_int), ("name", ctypes.POINTER(ctypes.c_char))]


Step = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
IntPointer = ctypes.POINTER(ctypes.c_int)
Compare = ctypes.CFUNCTYPE(ctypes.c_int, IntPointer, IntPointer)
Operation = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)


def make(name: str, library: Path) -> Peer:
    """Open the library and declare its functions."""
    lib = ctypes.CDLL(str(library))
    integer, number, long = ctypes.c_int, ctypes.c_double, ctypes.c_long
    signatures: dict[str, tuple[Any, ...]] = {
        "noop": (None,),
        "add": (integer, integer, integer),
        "next_long": (long, long),
        "add_doubles": (number, number, number),
        "add_mixed": (number, integer, number, long, number),
        "text_length": (ctypes.c_size_t, ctypes.c_char_p),
        "add_ten": (integer, *[integer] * 10),
        "add_point": (number, Point),
        "count_up": (integer, Step, integer, integer),
        "sort_ints": (None, IntPointer, ctypes.c_size_t, Compare),
    }
    for function, (result, *arguments) in signatures.items():
        declared = getattr(lib, function)
        declared.restype = result
        declared.argtypes = arguments
    scope = {
        "lib": lib,
        "make_point": Point,
        "ctypes": ctypes,
        "Point": Point,
        "Record": Record,
        "Step": Step,
        "Compare": Compare,
        "Operation": Operation,
        "Int": ctypes.c_int,
        "Ints100": ctypes.c_int * 100,
        "Ints1000": ctypes.c_int * 1000,
        "Chars64": ctypes.c_char * 64,
        "VoidPointer": ctypes.c_void_p,
        "CharPointer": ctypes.POINTER(ctypes.c_char),
        "PointPointer": ctypes.POINTER(Point),
        "DoublePointer": ctypes.POINTER(ctypes.c_double),
    }
    return Peer(name, "ctypes", scope)
