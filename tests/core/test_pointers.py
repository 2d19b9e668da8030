"""Pointers: reading, arithmetic, comparison, ownership."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from ffi_harness import ours_only

CDEF = """
typedef struct { int x, y; } point;
typedef struct opaque opaque;
typedef struct node { int value; struct node *next; point *at; } node;
typedef union { int i; double d; } either;
"""
SOURCE = CDEF


def address(ffi: Any, pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


def test_an_owning_pointer_has_one_item(ffi: Any) -> None:
    p = ffi.new("int *")
    assert p[0] == 0
    p[0] = 5
    assert p[0] == 5
    for index in (1, -1, 100):
        with pytest.raises(IndexError):
            p[index]
        with pytest.raises(IndexError):
            p[index] = 1
    s = ffi.new("point *")
    with pytest.raises(IndexError):
        s[1]


def test_a_borrowed_pointer_is_indexed_freely(ffi: Any) -> None:
    array = ffi.new("int[5]", [1, 2, 3, 4, 5])
    middle = array + 2
    assert [middle[n] for n in range(-2, 3)] == [1, 2, 3, 4, 5]
    middle[-2] = 10
    middle[2] = 50
    assert list(array) == [10, 2, 3, 4, 50]


@pytest.mark.parametrize("index", ["0", None, 1.0, 0j, [0]])
def test_other_indices_are_refused(ffi: Any, index: Any) -> None:
    p = ffi.cast("int *", ffi.new("int *"))
    with pytest.raises(TypeError):
        p[index]
    with pytest.raises(TypeError):
        p[index] = 1
    with pytest.raises(TypeError):
        del p[0]


@pytest.mark.parametrize("index", [1 << 63, -(1 << 63) - 1, 1 << 70])
def test_indices_beyond_the_address_space(ffi: Any, index: int) -> None:
    p = ffi.cast("int *", ffi.new("int *"))
    with pytest.raises((IndexError, OverflowError)):
        p[index]
    with pytest.raises((IndexError, OverflowError)):
        p + index


@ours_only("CFFI lets the product wrap around")
@pytest.mark.parametrize("index", [1 << 62, -(1 << 62), (1 << 63) - 1])
def test_offsets_beyond_the_address_space(ffi: Any, index: int) -> None:
    p = ffi.cast("int *", ffi.new("int *"))
    with pytest.raises((IndexError, OverflowError)):
        p[index]
    with pytest.raises((IndexError, OverflowError)):
        p[index] = 1
    with pytest.raises((IndexError, OverflowError)):
        p + index


@pytest.mark.parametrize(
    "ctype", ["int *", "char *", "double *", "point *", "int **", "either *", "wchar_t *", "_Bool *"]
)
def test_reading_through_null_raises(ffi: Any, ctype: str) -> None:
    null = ffi.cast(ctype, 0)
    with pytest.raises(RuntimeError, match="(?i)null"):
        null[0]
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.cast(ctype, ffi.NULL)[0]


@ours_only("CFFI crashes")
@pytest.mark.parametrize("ctype", ["int *", "char *", "double *", "point *", "int **", "either *"])
def test_everything_that_goes_through_null_raises(ffi: Any, ctype: str) -> None:
    null = ffi.cast(ctype, 0)
    value = ffi.new(ctype)[0]
    with pytest.raises(RuntimeError, match="(?i)null"):
        null[0] = value
    with pytest.raises(RuntimeError, match="(?i)null"):
        null[3]
    with pytest.raises(RuntimeError, match="(?i)null"):
        null[0:2]


@ours_only("CFFI crashes")
def test_fields_through_null_raise(ffi: Any) -> None:
    null = ffi.cast("point *", 0)
    with pytest.raises(RuntimeError, match="(?i)null"):
        null.x
    with pytest.raises(RuntimeError, match="(?i)null"):
        null.x = 1
    node = ffi.new("node *")
    with pytest.raises(RuntimeError, match="(?i)null"):
        node.next.next
    with pytest.raises(RuntimeError, match="(?i)null"):
        node.at.y = 3


def test_void_pointers_cannot_be_read(ffi: Any) -> None:
    p = ffi.cast("void *", ffi.new("int *"))
    with pytest.raises(TypeError):
        p[0]


@ours_only("CFFI raises SystemError")
def test_void_pointers_cannot_be_written(ffi: Any) -> None:
    p = ffi.cast("void *", ffi.new("int *"))
    with pytest.raises(TypeError):
        p[0] = 1


def test_addition_counts_items(ffi: Any) -> None:
    for ctype, size in (("int", 4), ("char", 1), ("double", 8), ("point", 8), ("int *", 8)):
        array = ffi.new(f"{ctype}[4]")
        start = address(ffi, array)
        assert address(ffi, array + 1) == start + size
        assert address(ffi, 3 + array) == start + 3 * size
        assert address(ffi, array + 4 - 2) == start + 2 * size
        assert address(ffi, array - 1) == start - size
        assert address(ffi, array + 0) == start
        assert ffi.typeof(array + 1) is ffi.typeof(f"{ctype} *")
    untyped = ffi.cast("void *", 8)
    assert address(ffi, untyped + 3) == 11
    pointer = ffi.cast("point *", 64)
    pointer += 2
    assert address(ffi, pointer) == 80
    pointer -= 1
    assert address(ffi, pointer) == 72


def test_subtraction_counts_items(ffi: Any) -> None:
    array = ffi.new("int[9]")
    assert (array + 7) - (array + 2) == 5
    assert (array + 2) - array == 2
    assert (array + 2) - (array + 7) == -5
    assert ffi.cast("void *", 11) - ffi.cast("void *", 8) == 3
    with pytest.raises(TypeError, match=r"int.*char"):
        array + 1 - ffi.cast("char *", array)
    with pytest.raises(TypeError):
        1 - array
    with pytest.raises(ValueError, match="multiple"):
        ffi.cast("int *", 7) - ffi.cast("int *", 4)


@pytest.mark.parametrize("other", [1.0, "1", None, [1]])
def test_other_operands_are_refused(ffi: Any, other: Any) -> None:
    p = ffi.new("int *")
    for operation in (
        lambda: p + other,
        lambda: other + p,
        lambda: p - other,
        lambda: p * 2,
        lambda: -p,
        lambda: p + p,
    ):
        with pytest.raises(TypeError):
            operation()


def test_arithmetic_needs_a_known_size(ffi: Any) -> None:
    with pytest.raises(TypeError, match="opaque"):
        ffi.cast("opaque *", 8) + 1


def test_pointers_compare_by_address(ffi: Any) -> None:
    array = ffi.new("int[3]")
    p, q = array + 1, array + 2
    assert p < q and p <= q and q > p and q >= p and p != q
    assert not (q < p or q <= p or p > q or p >= q or p == q)
    assert p == array + 1 and p <= array + 1 and p >= array + 1
    assert p == ffi.cast("char *", p) == ffi.cast("void *", p)
    assert array == ffi.cast("int *", array)
    assert ffi.cast("int *", 2) > ffi.cast("char *", 1)
    assert ffi.cast("char *", (1 << 64) - 1) > ffi.cast("char *", 1)
    assert sorted([q, array + 0, p]) == [array, p, q]


def test_pointers_equal_no_other_objects(ffi: Any) -> None:
    p = ffi.cast("int *", 5)
    for other in (5, "5", None, 5.0, object()):
        assert p != other
        assert (p == other) is False
        with pytest.raises(TypeError):
            p < other
    assert ffi.NULL != 0
    assert ffi.NULL is not None
    assert ffi.NULL != None  # noqa: E711


def test_equal_pointers_have_equal_hashes(ffi: Any) -> None:
    p = ffi.new("int *")
    assert hash(p) == hash(ffi.cast("int *", p)) == hash(ffi.cast("void *", p))
    assert len({p, ffi.cast("void *", p), ffi.cast("int *", p) + 1}) == 2
    table = {p: "here"}
    assert table[ffi.cast("char *", p)] == "here"


def test_truth_is_not_null(ffi: Any) -> None:
    assert ffi.new("int *")
    assert not ffi.NULL
    assert not ffi.cast("point *", 0)
    assert ffi.cast("point *", 1)
    assert not ffi.cast("int(*)(void)", 0)


def test_pointers_are_no_numbers(ffi: Any) -> None:
    p = ffi.new("int *")
    for convert in (int, float, complex, len, iter, list):
        with pytest.raises(TypeError):
            convert(p)
    with pytest.raises(TypeError):
        p()
    with pytest.raises(AttributeError):
        p.anything
    with pytest.raises(AttributeError):
        p.anything = 1


def test_void_pointer_is_the_universal_pointer(ffi: Any) -> None:
    target = ffi.new("int *", 7)
    cell = ffi.new("void **", target)
    assert cell[0] == target
    assert ffi.cast("int *", cell[0])[0] == 7
    assert ffi.new("int **", cell[0])[0][0] == 7
    assert ffi.new("point **", ffi.NULL)[0] == ffi.NULL


@pytest.mark.parametrize("value", [0, 5, None, b"bytes", "text", 1.5])
def test_storing_other_values_in_a_pointer_is_refused(ffi: Any, value: Any) -> None:
    for ctype in ("void **", "int **", "char **", "point **"):
        with pytest.raises(TypeError):
            ffi.new(ctype, value) if value is not None else ffi.new(ctype).__setitem__(0, value)


def test_storing_other_pointer_types_is_refused(ffi: Any) -> None:
    cell = ffi.new("int **")
    with pytest.raises(TypeError, match=r"(?s)int.*double|double.*int"):
        cell[0] = ffi.new("double *")
    with pytest.raises(TypeError):
        cell[0] = ffi.new("point *")
    assert cell[0] == ffi.NULL


@ours_only("CFFI does not keep what is pointed into alive")
def test_derived_pointers_keep_the_memory_alive(ffi: Any) -> None:
    pointers = [
        ffi.new("int[1000]", list(range(1000))) + 500,
        ffi.addressof(ffi.new("int[1000]", list(range(1000))), 500),
        ffi.addressof(ffi.new("point[300]", [(n, 500) for n in range(300)]), 100, "y"),
        ffi.addressof(ffi.new("point *", (0, 500)), "y"),
    ]
    gc.collect()
    [ffi.new("int[1000]") for _ in range(20)] + [ffi.new("point *") for _ in range(20)]
    assert [pointer[0] for pointer in pointers] == [500] * 4


def test_a_linked_list(ffi: Any) -> None:
    nodes = [ffi.new("node *", {"value": n}) for n in range(5)]
    for this, following in zip(nodes, nodes[1:]):
        this.next = following
    values, node = [], nodes[0]
    while node:
        values.append(node.value)
        node = node.next
    assert values == [0, 1, 2, 3, 4]


def test_struct_from_an_owning_pointer_keeps_the_memory(ffi: Any) -> None:
    struct = ffi.new("point *", (3, 4))[0]
    gc.collect()
    [ffi.new("point *", (9, 9)) for _ in range(50)]
    assert (struct.x, struct.y) == (3, 4)
    pointer = ffi.addressof(struct)
    assert pointer.x == 3


def test_double_and_triple_pointers(ffi: Any) -> None:
    number = ffi.new("int *", 1)
    second = ffi.new("int **", number)
    third = ffi.new("int ***", second)
    third[0][0][0] = 42
    assert number[0] == 42
