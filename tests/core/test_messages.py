"""The words of errors that code written for CFFI may compare; what else there is to say is in a note."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ffi_harness import IS_ORACLE, new_ffi

CDEF = """
    struct bits { int flag : 1; int three : 3; unsigned two : 2; };
    struct opaque;
    int count(const char *format, ...);
"""
SOURCE = CDEF + "int count(const char *format, ...) { return format[0]; }"


def check(error: BaseException, message: str, note: str) -> None:
    if IS_ORACLE:
        assert str(error) == message
    elif sys.version_info >= (3, 11):
        assert str(error) == message
        assert error.__notes__ == [note]
    else:
        assert str(error) == f"{message} ({note})"


def test_bit_fields(ffi: Any) -> None:
    bits = ffi.new("struct bits *")
    with pytest.raises(OverflowError) as caught:
        bits.three = -5
    message = "value -5 outside the range allowed by the bit field width: -4 <= x <= 3"
    check(caught.value, message, "bit field 'three': 3 bits of 'int'")


def test_opaque_structs(ffi: Any) -> None:
    pointer = ffi.cast("struct opaque *", 8)
    with pytest.raises(AttributeError) as caught:
        _ = pointer.field
    check(caught.value, "cdata 'struct opaque *' points to an opaque type: cannot read fields", "the field is 'field'")
    with pytest.raises(AttributeError) as caught:
        pointer.field = 1
    check(caught.value, "cdata 'struct opaque *' points to an opaque type: cannot write fields", "the field is 'field'")


def test_slices(ffi: Any) -> None:
    array = ffi.new("int[]", 5)
    with pytest.raises(IndexError) as caught:
        array[4:2]
    check(caught.value, "slice start > stop", "the slice is 4:2")
    with pytest.raises(IndexError) as caught:
        array[6:6]
    check(caught.value, "index too large (expected 6 <= 5)", "slice of cdata 'int[]'")


def test_lengths_of_arrays(ffi: Any) -> None:
    with pytest.raises(TypeError) as caught:
        ffi.new("int[]", 1.5)
    check(caught.value, "expected new array length or list/tuple/str, not float", "initializer for ctype 'int[]'")


def test_variable_arguments(lib: Any) -> None:
    with pytest.raises(TypeError) as caught:
        lib.count(b"%d", 42)
    message = "argument 2 passed in the variadic part needs to be a cdata object (got int)"
    check(caught.value, message, 'its C type says how to pass it: ffi.cast("int", x), ffi.new("char[]", x)')


def test_pointers_of_two_ffis() -> None:
    ffi, other = new_ffi(), new_ffi()
    for each in (ffi, other):
        each.cdef("struct bits { int flag : 1; };")
    with pytest.raises(TypeError, match="appears indeed to be 'struct bits \\*', but the types are different"):
        ffi.new("struct bits **", other.new("struct bits *"))


def test_pointers_of_other_types(ffi: Any) -> None:
    with pytest.raises(TypeError, match=r"initializer for ctype 'int \*' must be a .*, not cdata 'struct bits \*'$"):
        ffi.new("int **", ffi.new("struct bits *"))


def test_the_distance_of_arrays_names_pointers(ffi: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot subtract cdata 'short \*' and cdata 'int \*'"):
        ffi.new("short *") - ffi.new("int[5]")


def test_a_signed_flag_takes_one_too(ffi: Any) -> None:
    bits = ffi.new("struct bits *", {"flag": 1})
    assert bits.flag == -1
    bits.flag = 0
    for wrong in (2, -2):
        with pytest.raises(OverflowError, match="-1 <= x <= 1"):
            bits.flag = wrong
    assert bits.flag == 0
