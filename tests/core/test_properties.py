"""Properties of conversions and layouts, with Python's ``struct`` and ``ctypes`` as witnesses."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ffi_harness import INLINE, new_ffi

MODES = (INLINE,)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SCALARS: dict[str, tuple[str, Any, st.SearchStrategy[Any]]] = {
    "signed char": ("b", ctypes.c_byte, st.integers(-128, 127)),
    "unsigned char": ("B", ctypes.c_ubyte, st.integers(0, 255)),
    "short": ("h", ctypes.c_short, st.integers(-(1 << 15), (1 << 15) - 1)),
    "unsigned short": ("H", ctypes.c_ushort, st.integers(0, (1 << 16) - 1)),
    "int": ("i", ctypes.c_int, st.integers(-(1 << 31), (1 << 31) - 1)),
    "unsigned int": ("I", ctypes.c_uint, st.integers(0, (1 << 32) - 1)),
    "long": ("l", ctypes.c_long, st.integers(-(1 << 31), (1 << 31) - 1)),
    "long long": ("q", ctypes.c_longlong, st.integers(-(1 << 63), (1 << 63) - 1)),
    "unsigned long long": ("Q", ctypes.c_ulonglong, st.integers(0, (1 << 64) - 1)),
    "float": ("f", ctypes.c_float, st.floats(width=32, allow_nan=False)),
    "double": ("d", ctypes.c_double, st.floats(allow_nan=False)),
    "_Bool": ("?", ctypes.c_bool, st.booleans()),
    "char": ("c", ctypes.c_char, st.binary(min_size=1, max_size=1)),
}


@st.composite
def flat_structs(draw: Any) -> tuple[list[str], list[Any]]:
    """Draw the types of some members and a value for each."""
    types = draw(st.lists(st.sampled_from(sorted(SCALARS)), min_size=1, max_size=10))
    return types, [draw(SCALARS[name][2]) for name in types]


@QUICK
@given(flat_structs())
def test_structs_are_laid_out_as_struct_and_ctypes_do(drawn: tuple[list[str], list[Any]]) -> None:
    types, values = drawn
    ffi = new_ffi()
    ffi.cdef("typedef struct { " + " ".join(f"{name} m{n};" for n, name in enumerate(types)) + " } drawn;")
    witness = type(
        "Witness", (ctypes.Structure,), {"_fields_": [(f"m{n}", SCALARS[name][1]) for n, name in enumerate(types)]}
    )
    assert ffi.sizeof("drawn") == ctypes.sizeof(witness)
    assert ffi.alignof("drawn") == ctypes.alignment(witness)
    for n in range(len(types)):
        assert ffi.offsetof("drawn", f"m{n}") == getattr(witness, f"m{n}").offset
    value = ffi.new("drawn *", values)
    assert [getattr(value, f"m{n}") for n in range(len(types))] == values
    packed = struct.pack("@" + "".join(SCALARS[name][0] for name in types), *values)
    assert ffi.buffer(value)[: len(packed)] == packed
    again = ffi.new("drawn *", {f"m{n}": item for n, item in enumerate(values)})
    assert ffi.buffer(again)[:] == ffi.buffer(value)[:]
    copy = ffi.new("drawn *", value[0])
    assert ffi.buffer(copy)[:] == ffi.buffer(value)[:]


@st.composite
def nested_types(draw: Any, depth: int = 3) -> tuple[str, Any]:
    """Draw C text for a member's type, ``{}`` where the name goes, and its ctypes type."""
    kind = draw(st.sampled_from(["scalar", "array", "struct", "union", "pointer"] if depth else ["scalar", "pointer"]))
    if kind == "scalar":
        name = draw(st.sampled_from(sorted(SCALARS)))
        return f"{name} {{}}", SCALARS[name][1]
    if kind == "pointer":
        return "void *{}", ctypes.c_void_p
    if kind == "array":
        text, witness = draw(nested_types(depth=depth - 1))
        length = draw(st.integers(1, 4))
        return text.replace("{}", f"{{}}[{length}]"), witness * length
    members = draw(st.lists(nested_types(depth=depth - 1), min_size=1, max_size=4))
    body = " ".join(text.replace("{}", f"m{n}") + ";" for n, (text, _) in enumerate(members))
    base = ctypes.Structure if kind == "struct" else ctypes.Union
    witness = type("Nested", (base,), {"_fields_": [(f"m{n}", item) for n, (_, item) in enumerate(members)]})
    return f"{kind} {{ {body} }} {{}}".replace("{ m", "{ m"), witness


def _fill(text: str, name: str) -> str:
    """Put ``name`` where the last ``{}`` stands."""
    head, _, tail = text.rpartition("{}")
    return head + name + tail


@QUICK
@given(st.lists(nested_types(), min_size=1, max_size=4))
def test_nested_types_are_laid_out_as_ctypes_does(members: list[tuple[str, Any]]) -> None:
    ffi = new_ffi()
    ffi.cdef(
        "typedef struct { " + " ".join(_fill(text, f"m{n}") + ";" for n, (text, _) in enumerate(members)) + " } drawn;"
    )
    witness = type(
        "Witness", (ctypes.Structure,), {"_fields_": [(f"m{n}", item) for n, (_, item) in enumerate(members)]}
    )
    assert ffi.sizeof("drawn") == ctypes.sizeof(witness)
    assert ffi.alignof("drawn") == ctypes.alignment(witness)
    for n in range(len(members)):
        assert ffi.offsetof("drawn", f"m{n}") == getattr(witness, f"m{n}").offset
    value = ffi.new("drawn *")
    assert ffi.buffer(value)[:] == bytes(ctypes.sizeof(witness))


@pytest.mark.parametrize("ctype", sorted(SCALARS))
def test_arrays_hold_what_struct_packs(ctype: str) -> None:
    ffi = new_ffi()
    code, _, values = SCALARS[ctype]

    @QUICK
    @given(st.lists(values, max_size=20))
    def check(items: list[Any]) -> None:
        array = ffi.new(f"{ctype}[]", items)
        packed = struct.pack(f"@{len(items)}{code}" if code != "c" else "", *items) if code != "c" else b"".join(items)
        assert ffi.buffer(array)[:] == packed
        assert list(array) == items
        if code == "c":
            assert ffi.unpack(array, len(items)) == packed
        else:
            assert ffi.unpack(array, len(items)) == items
        other = ffi.new(f"{ctype}[]", len(items))
        other[0 : len(items)] = items
        assert ffi.buffer(other)[:] == packed
        ffi.memmove(other, bytes(len(packed)), len(packed))
        assert ffi.buffer(other)[:] == bytes(len(packed))

    check()


@QUICK
@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), max_size=15), st.integers(-20, 20), st.integers(-20, 20))
def test_slices_agree_with_lists(items: list[int], start: int, stop: int) -> None:
    ffi = new_ffi()
    array = ffi.new("int[]", items)
    if 0 <= start <= stop <= len(items):
        assert list(array[start:stop]) == items[start:stop]
        pointer = ffi.addressof(array, start) if start < len(items) else array + start
        assert ffi.unpack(pointer, stop - start) == items[start:stop]
    else:
        with pytest.raises(IndexError):
            array[start:stop]
    if 0 <= start < len(items):
        assert array[start] == items[start]
    else:
        with pytest.raises(IndexError):
            array[start]
