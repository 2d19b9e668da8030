"""Arrays: making, indexing, slicing, filling."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from ffi_harness import ours_only, parse_errors

CDEF = """
typedef struct { int x, y; } point;
typedef int triple[3];
typedef struct { int n; triple items; char name[4]; } holder;
"""
SOURCE = CDEF


def test_new_arrays_are_zeroed(ffi: Any) -> None:
    assert list(ffi.new("int[1000]")) == [0] * 1000
    assert list(ffi.new("double[]", 3)) == [0.0] * 3
    assert list(ffi.new("char *[2]")) == [ffi.NULL, ffi.NULL]


def test_length_from_the_type_or_the_initialiser(ffi: Any) -> None:
    assert len(ffi.new("int[5]")) == 5
    assert len(ffi.new("int[]", 7)) == 7
    assert len(ffi.new("int[]", [1, 2, 3])) == 3
    assert len(ffi.new("int[]", (1, 2))) == 2
    assert len(ffi.new("char[]", b"abc")) == 4
    assert len(ffi.new("char16_t[]", "abc")) == 4
    assert len(ffi.new("char32_t[]", "\U0001f600")) == 2
    assert len(ffi.new("int[0]")) == len(ffi.new("int[]", 0)) == len(ffi.new("int[]", [])) == 0
    assert ffi.sizeof(ffi.new("int[]", 7)) == 28


def test_fewer_items_leave_zeros(ffi: Any) -> None:
    assert list(ffi.new("int[4]", [1, 2])) == [1, 2, 0, 0]
    assert ffi.buffer(ffi.new("char[5]", b"ab"))[:] == b"ab\0\0\0"
    assert ffi.buffer(ffi.new("char[3]", b"abc"))[:] == b"abc"


@pytest.mark.parametrize(
    ("ctype", "value"),
    [
        ("int[2]", [1, 2, 3]),
        ("char[2]", b"abc"),
        ("char16_t[2]", "abc"),
        ("int[2][2]", [[1, 2, 3]]),
        ("triple", [0] * 4),
    ],
)
def test_too_many_items_raise(ffi: Any, ctype: str, value: Any) -> None:
    with pytest.raises(IndexError):
        ffi.new(ctype, value)


@pytest.mark.parametrize(
    ("ctype", "value"),
    [
        ("int[]", "abc"),
        ("int[]", b"abc"),
        ("int[]", None),
        ("int[]", 1.5),
        ("int[]", [1, "a"]),
        ("int[]", {1: 2}),
        ("int[3]", 3),
        ("int[3]", {0: 1}),
        ("char[]", "text"),
        ("char[4]", "text"),
        ("char[]", [b"a", "b"]),
        ("wchar_t[]", b"bytes"),
        ("char *[]", [b"bytes"]),
        ("point[]", [5]),
    ],
)
def test_wrong_initialisers_raise_type_error(ffi: Any, ctype: str, value: Any) -> None:
    with pytest.raises(TypeError):
        ffi.new(ctype, value)


def test_lengths_that_cannot_be(ffi: Any) -> None:
    for length in (-1, -5):
        with pytest.raises(ValueError):
            ffi.new("int[]", length)
    with pytest.raises((ValueError, *parse_errors(ffi))):
        ffi.new("int[-1]")
    with pytest.raises((OverflowError, MemoryError)):
        ffi.new("int[]", 1 << 62)
    with pytest.raises((OverflowError, MemoryError, TypeError, ValueError)):
        ffi.new("int[]", 1 << 70)


def test_one_byte_integer_arrays_take_bytes(ffi: Any) -> None:
    for ctype in ("unsigned char", "signed char", "uint8_t", "int8_t"):
        array = ffi.new(f"{ctype}[]", b"ab\xff")
        assert len(array) == 4
        assert ffi.buffer(array)[:] == b"ab\xff\0"
    assert ffi.new("unsigned char[]", b"\xff")[0] == 255
    assert ffi.new("signed char[]", b"\xff")[0] == -1
    assert list(ffi.new("_Bool[]", b"\0\1")) == [False, True, False]


def test_arrays_from_arrays_of_the_same_type(ffi: Any) -> None:
    source = ffi.new("int[3]", [1, 2, 3])
    copy = ffi.new("int[3]", source)
    source[0] = 9
    assert list(copy) == [1, 2, 3]
    with pytest.raises(TypeError):
        ffi.new("int[4]", source)


def test_indexing(ffi: Any) -> None:
    array = ffi.new("int[5]", [10, 11, 12, 13, 14])
    assert [array[n] for n in range(5)] == [10, 11, 12, 13, 14]
    array[4] = -1
    assert array[4] == -1
    for index in (5, 6, 1000, 1 << 40, 1 << 70):
        with pytest.raises(IndexError):
            array[index]
        with pytest.raises(IndexError):
            array[index] = 0
    for index in (-1, -5, -(1 << 40)):
        with pytest.raises(IndexError, match="negative"):
            array[index]
        with pytest.raises(IndexError, match="negative"):
            array[index] = 0


def test_out_of_bounds_names_the_index_and_the_length(ffi: Any) -> None:
    with pytest.raises(IndexError, match=r"7.*5|5.*7"):
        ffi.new("int[5]")[7]


@pytest.mark.parametrize("index", ["0", None, 1.0, (0, 1)])
def test_other_indices_are_refused(ffi: Any, index: Any) -> None:
    array = ffi.new("int[5]")
    with pytest.raises(TypeError):
        array[index]
    with pytest.raises(TypeError):
        array[index] = 1
    with pytest.raises(TypeError):
        del array[0]
    with pytest.raises(TypeError):
        del array[0:1]


def test_item_assignment_checks_types(ffi: Any) -> None:
    array = ffi.new("short[3]", [1, 2, 3])
    for value in ("1", None, 1.5, [1]):
        with pytest.raises(TypeError):
            array[0] = value
    with pytest.raises(OverflowError):
        array[0] = 40000
    assert list(array) == [1, 2, 3]


def test_iteration(ffi: Any) -> None:
    array = ffi.new("int[4]", [1, 2, 3, 4])
    assert list(array) == [1, 2, 3, 4]
    assert sum(array) == 10
    assert list(iter(array)) == list(array)
    assert list(zip(array, array)) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert list(ffi.new("char[]", b"ab")) == [b"a", b"b", b"\0"]
    assert 3 in array
    assert 9 not in array
    iterator = iter(array)
    del array
    gc.collect()
    assert list(iterator) == [1, 2, 3, 4]
    assert list(iterator) == []


def test_iteration_over_structs_gives_references(ffi: Any) -> None:
    points = ffi.new("point[3]")
    for n, point in enumerate(points):
        point.x = n
    assert [point.x for point in points] == [0, 1, 2]


def test_slices_are_views(ffi: Any) -> None:
    array = ffi.new("int[6]", range_list := list(range(6)))
    view = array[2:5]
    assert list(view) == range_list[2:5]
    assert len(view) == 3
    assert ffi.typeof(view) is ffi.typeof("int[]")
    assert ffi.sizeof(view) == 12
    view[0] = 20
    assert array[2] == 20
    array[3] = 30
    assert view[1] == 30
    for index in (3, -1):
        with pytest.raises(IndexError):
            view[index]
    assert list(view[1:3]) == [30, 4]
    assert list(array[0:0]) == list(array[6:6]) == []
    assert list(array[0:6]) == list(array)


@ours_only("CFFI does not keep the array of a slice alive")
def test_slices_keep_the_memory_alive(ffi: Any) -> None:
    view = ffi.new("int[1000]", list(range(1000)))[10:20]
    gc.collect()
    [ffi.new("int[1000]") for _ in range(20)]
    assert list(view) == list(range(10, 20))


def test_slices_out_of_bounds_raise(ffi: Any) -> None:
    array = ffi.new("int[5]")
    for bounds in (slice(0, 6), slice(5, 7), slice(-1, 2), slice(3, 1), slice(6, 6), slice(0, 1 << 40)):
        with pytest.raises(IndexError):
            array[bounds]
        with pytest.raises(IndexError):
            array[bounds] = [0]


def test_slices_have_both_bounds_and_no_step(ffi: Any) -> None:
    array = ffi.new("int[5]")
    for bounds in (slice(None, 2), slice(1, None), slice(None, None), slice(0, 4, 2), slice(0, 2, -1)):
        with pytest.raises(IndexError):
            array[bounds]


def test_slices_of_pointers(ffi: Any) -> None:
    array = ffi.new("int[6]", list(range(6)))
    pointer = array + 2
    assert list(pointer[0:3]) == [2, 3, 4]
    assert list(pointer[-2:1]) == [0, 1, 2]
    pointer[0:2] = [7, 8]
    assert list(array) == [0, 1, 7, 8, 4, 5]


def test_slice_assignment(ffi: Any) -> None:
    array = ffi.new("int[5]")
    array[1:3] = [7, 8]
    assert list(array) == [0, 7, 8, 0, 0]
    array[0:2] = (n for n in (5, 6))
    assert list(array) == [5, 6, 8, 0, 0]
    array[3:5] = array[0:2]
    assert list(array) == [5, 6, 8, 5, 6]
    array[1:5] = array[0:4]  # overlapping
    assert list(array) == [5, 5, 6, 8, 5]
    array[0:4] = array[1:5]
    assert list(array) == [5, 6, 8, 5, 5]
    array[2:2] = []
    with pytest.raises(ValueError):
        array[1:3] = [7]
    with pytest.raises(ValueError):
        array[1:3] = [7, 8, 9]
    with pytest.raises(TypeError):
        array[1:3] = 5
    with pytest.raises(TypeError):
        array[1:3] = "ab"
    with pytest.raises(OverflowError):
        array[1:3] = [1 << 31, 0]


def test_slice_assignment_of_strings(ffi: Any) -> None:
    text = ffi.new("char[]", b"hello")
    text[1:4] = b"ipp"
    assert ffi.string(text) == b"hippo"
    text[0:2] = [b"H", b"I"]
    assert ffi.string(text) == b"HIppo"
    with pytest.raises(ValueError):
        text[0:3] = b"ab"
    with pytest.raises((TypeError, ValueError)):
        text[0:3] = "abc"
    wide = ffi.new("char32_t[]", "hello")
    wide[1:3] = "\u20acx"
    assert ffi.string(wide) == "h\u20acxlo"


def test_two_dimensions(ffi: Any) -> None:
    matrix = ffi.new("int[2][3]", [[1, 2, 3], [4, 5, 6]])
    assert len(matrix) == 2
    assert len(matrix[0]) == 3
    assert matrix[1][2] == 6
    assert [list(row) for row in matrix] == [[1, 2, 3], [4, 5, 6]]
    assert ffi.typeof(matrix[0]) is ffi.typeof("int[3]")
    assert ffi.sizeof(matrix) == 24
    matrix[0] = [7, 8, 9]
    matrix[1][0] = 40
    assert ffi.unpack(ffi.cast("int *", matrix), 6) == [7, 8, 9, 40, 5, 6]
    for row, column in ((2, 0), (0, 3), (-1, 0), (0, -1)):
        with pytest.raises(IndexError):
            matrix[row][column]
    row = matrix[1]
    del matrix
    gc.collect()
    matrix = ffi.new("int[][3]", [[1], [2, 3]])
    assert list(matrix[1]) == [2, 3, 0]
    assert ffi.sizeof(ffi.new("int[][3]", 5)) == 60
    assert ffi.typeof(row) is ffi.typeof("int[3]")


@ours_only("CFFI does not keep the array of a row alive")
def test_rows_keep_the_memory_alive(ffi: Any) -> None:
    row = ffi.new("int[100][100]", [[n] * 100 for n in range(100)])[50]
    gc.collect()
    [ffi.new("int[100][100]") for _ in range(5)]
    assert list(row) == [50] * 100


def test_arrays_of_unknown_size_items_are_refused(ffi: Any) -> None:
    for ctype in ("int[2][]", "void[3]"):
        with pytest.raises((ValueError, TypeError, *parse_errors(ffi))):
            ffi.new(ctype)


def test_arrays_of_structs(ffi: Any) -> None:
    points = ffi.new("point[3]", [(1, 2), {"y": 4}])
    assert [(p.x, p.y) for p in points] == [(1, 2), (0, 4), (0, 0)]
    points[2] = (5, 6)
    points[0] = points[2]
    points[2].x = 7
    assert [(p.x, p.y) for p in points] == [(5, 6), (0, 4), (7, 6)]
    reference = points[1]
    reference.x = 9
    assert points[1].x == 9


def test_array_typedefs(ffi: Any) -> None:
    array = ffi.new("triple", [1, 2, 3])
    assert list(array) == [1, 2, 3]
    assert ffi.typeof(array) is ffi.typeof("int[3]")
    pair = ffi.new("triple[2]", [[1, 2, 3], [4, 5, 6]])
    assert ffi.typeof(pair) is ffi.typeof("int[2][3]")


def test_arrays_in_structs(ffi: Any) -> None:
    holder = ffi.new("holder *", {"n": 1, "items": [1, 2, 3], "name": b"abc"})
    assert list(holder.items) == [1, 2, 3]
    assert ffi.string(holder.name) == b"abc"
    holder.items[1] = 20
    holder.items = [9]
    assert list(holder.items) == [9, 20, 3]
    holder.name = b"wxyz"
    assert ffi.buffer(holder.name)[:] == b"wxyz"
    with pytest.raises(IndexError):
        holder.items[3]
    with pytest.raises(IndexError):
        holder.items = [1, 2, 3, 4]
    with pytest.raises(IndexError):
        holder.name = b"12345"


def test_arrays_have_no_attributes_and_are_not_callable(ffi: Any) -> None:
    array = ffi.new("int[3]")
    with pytest.raises(AttributeError):
        array.x
    with pytest.raises(AttributeError):
        array.x = 1
    with pytest.raises(TypeError):
        array()
    with pytest.raises(TypeError):
        int(array)
    assert array


def test_arrays_compare_by_address(ffi: Any) -> None:
    array, other = ffi.new("int[3]"), ffi.new("int[3]")
    assert array == array[0:3] == ffi.cast("int *", array)
    assert array != other
    assert hash(array) == hash(array[0:2])
