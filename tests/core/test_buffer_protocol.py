"""C data as Python buffers: formats, shapes, lifetime, and NumPy on top of them."""

from __future__ import annotations

import gc
import struct
from typing import Any

import pytest

from ffi_harness import ours_only

CDEF = """
    struct inner { short a; char t[5]; };
    struct outer {
        int x; double y; char *p; struct inner n[2]; int low : 3; int high : 5; int arr[2][3];
        union { int i; double d; }; _Bool ok; float _Complex c;
    };
    union both { int i; double d; char c[12]; };
    struct tailed { int count; short items[]; };
    typedef struct { double x, y; } point;
    enum color { RED, GREEN };
    double total(double *values, int count);
    double corners[2][3];
"""
SOURCE = """
    #include <complex.h>
    struct inner { short a; char t[5]; };
    struct outer {
        int x; double y; char *p; struct inner n[2]; int low : 3; int high : 5; int arr[2][3];
        union { int i; double d; }; _Bool ok; float _Complex c;
    };
    union both { int i; double d; char c[12]; };
    struct tailed { int count; short items[]; };
    typedef struct { double x, y; } point;
    enum color { RED, GREEN };
    double total(double *values, int count) { double sum = 0; while (count--) sum += *values++; return sum; }
    double corners[2][3] = {{1, 2, 3}, {4, 5, 6}};
"""

pytestmark = ours_only("its C data has no buffer protocol")

ADDRESS = "L" if struct.calcsize("l") == struct.calcsize("P") else "Q"

FORMATS = [
    ("_Bool", "?"),
    ("char", "c"),
    ("signed char", "b"),
    ("unsigned char", "B"),
    ("short", "h"),
    ("unsigned short", "H"),
    ("int", "i"),
    ("unsigned", "I"),
    ("int8_t", "b"),
    ("uint16_t", "H"),
    ("char16_t", "H"),
    ("char32_t", "w"),
    ("float", "f"),
    ("double", "d"),
    ("long double", "g"),
    ("float _Complex", "Zf"),
    ("double _Complex", "Zd"),
    ("long double _Complex", "Zg"),
    ("enum color", "I"),
    ("__int128", "16s"),
]


def numpy() -> Any:
    return pytest.importorskip("numpy", reason="NumPy is not installed, or not built for this Python")


# Formats and shapes


@pytest.mark.parametrize(("ctype", "code"), FORMATS)
def test_formats_of_items(ffi: Any, ctype: str, code: str) -> None:
    view = memoryview(ffi.new(f"{ctype}[3]"))
    size = ffi.sizeof(ctype)
    assert (view.format, view.itemsize, view.nbytes) == (code, size, 3 * size)
    assert (view.ndim, view.shape, view.strides) == (1, (3,), (size,))
    assert not view.readonly
    assert view.c_contiguous


@pytest.mark.parametrize(
    "ctype", ["long", "unsigned long", "int64_t", "uint64_t", "size_t", "intptr_t", "char *", "int(*)(int)"]
)
def test_integers_and_addresses_are_read_by_memoryview(ffi: Any, ctype: str) -> None:
    array = ffi.new(ffi.getctype(ctype, "[2]"))
    view = memoryview(array)
    assert view.itemsize == ffi.sizeof(ctype)
    assert view.tolist() == [0, 0]
    if "(" not in ctype:
        array[1] = ffi.cast(ctype, 4660)
        assert view[1] == 4660


def test_items_are_shared(ffi: Any) -> None:
    array = ffi.new("short[4]", [1, 2, 3, 4])
    view = memoryview(array)
    view[1] = -7
    assert array[1] == -7
    array[0] = 9
    assert view.tolist() == [9, -7, 3, 4]
    view[2:4] = view[0:2]
    assert list(array) == [9, -7, 9, -7]


def test_dimensions(ffi: Any) -> None:
    table = ffi.new("int[2][3]", [[1, 2, 3], [4, 5, 6]])
    view: Any = memoryview(table)
    assert (view.format, view.shape, view.strides) == ("i", (2, 3), (12, 4))
    assert view.tolist() == [[1, 2, 3], [4, 5, 6]]
    view[1, 2] = 60
    assert table[1][2] == 60
    assert memoryview(table[1]).tolist() == [4, 5, 60]
    assert memoryview(ffi.new("int[][3]", 5)).shape == (5, 3)
    assert memoryview(ffi.new("int[][2][4]", 0)).shape == (0, 2, 4)


def test_more_dimensions_than_buffers_have(ffi: Any) -> None:
    assert memoryview(ffi.new("char" + "[1]" * 64)).ndim == 64
    with pytest.raises(BufferError, match="65 dimensions"):
        memoryview(ffi.new("char" + "[1]" * 65))


def test_structs(ffi: Any) -> None:
    view = memoryview(ffi.new("struct inner[4]"))
    assert (view.format, view.itemsize, view.shape) == ("^T{h:a:5s:t:x}", 8, (4,))
    assert memoryview(ffi.new("point[2]")).format == "^T{d:x:d:y:}"
    outer = memoryview(ffi.new("struct outer *"))
    assert outer.format == ("^T{i:x:4xd:y:" + ADDRESS + ":p:(2)T{h:a:5s:t:x}:n:4x(2,3)i:arr:4xi:i:4x?:ok:3xZf:c:4x}")
    assert (outer.ndim, outer.shape, outer.nbytes) == (0, (), ffi.sizeof("struct outer"))
    assert memoryview(ffi.new("union both[2]")).format == "^T{i:i:12x}"
    assert memoryview(ffi.new("struct tailed *", [1, [1, 2]])).format == "^T{i:count:}"


def test_what_a_pointer_owns_has_no_dimension(ffi: Any) -> None:
    number = ffi.new("int *", 5)
    view = memoryview(number)
    assert (view.ndim, view.format, view[()]) == (0, "i", 5)
    view[()] = 6
    assert number[0] == 6
    point = ffi.new("point *", [1, 2])
    assert memoryview(point[0]).tobytes() == ffi.buffer(point)[:]
    assert memoryview(ffi.addressof(point, "y"))[()] == 2.0


def test_slices_of_pointers(ffi: Any, lib: Any) -> None:
    array = ffi.new("double[6]", list(range(6)))
    assert memoryview(array[2:4]).tolist() == [2, 3]
    assert memoryview(ffi.cast("double *", array)[1:3]).tolist() == [1, 2]
    corners: Any = memoryview(lib.corners)
    assert corners.tolist() == [[1, 2, 3], [4, 5, 6]]
    borrowed = ffi.cast("double *", int(ffi.cast("uintptr_t", array)))
    with pytest.raises(BufferError, match=r"unknown size: take a slice"):
        memoryview(borrowed)
    assert memoryview(borrowed[0:6]).shape == (6,)


def test_what_has_no_memory(ffi: Any, lib: Any) -> None:
    values = [
        ffi.cast("int", 3),
        ffi.cast("double", 3),
        ffi.NULL,
        ffi.cast("int *", 0),
        ffi.new_handle(ffi),
        ffi.callback("int(int)", lambda x: x),
        ffi.cast("int(*)(int)", 0),
    ]
    for value in values:
        with pytest.raises(BufferError):
            memoryview(value)
    with pytest.raises(RuntimeError, match="null"):
        memoryview(ffi.cast("int *", 0)[0:2])


def test_consumers_that_want_bytes(ffi: Any) -> None:
    array = ffi.new("int[2]", [1, 2])
    raw = ffi.buffer(array)[:]
    assert bytes(array) == raw
    assert b"".join([array, b"!"]) == raw + b"!"
    assert bytearray(array) == raw
    storage = bytearray(8)
    memoryview(storage)[:] = memoryview(array).cast("B")
    assert storage == raw
    assert ffi.buffer(array) == array


def test_read_only_memory(ffi: Any) -> None:
    view = memoryview(ffi.from_buffer("short[]", b"\1\0\2\0"))
    assert view.readonly
    assert view.tolist() == [1, 2]
    with pytest.raises(TypeError):
        view[0] = 1
    with pytest.raises(BufferError, match="read-only"):
        ffi.from_buffer("short[]", ffi.from_buffer("short[]", b"\1\0"), require_writable=True)


def test_c_data_from_c_data(ffi: Any) -> None:
    array = ffi.new("int[2][2]", [[1, 2], [3, 4]])
    flat = ffi.from_buffer("int[]", array)
    assert list(flat) == [1, 2, 3, 4]
    flat[3] = 40
    assert array[1][1] == 40


# Lifetime


def test_a_buffer_keeps_the_memory(ffi: Any) -> None:
    view = memoryview(ffi.new("point[100]", [(i, -i) for i in range(100)])[40:60])
    gc.collect()
    [ffi.new("point[100]") for _ in range(20)]
    points = ffi.from_buffer("point[]", view)
    assert [(p.x, p.y) for p in points] == [(i, -i) for i in range(40, 60)]


@pytest.mark.parametrize("use", [lambda ffi, p: p, lambda ffi, p: p[1:2], lambda ffi, p: ffi.gc(p, lambda _: None)])
def test_exported_memory_is_not_released(ffi: Any, use: Any) -> None:
    array = ffi.new("int[3]")
    first, second = memoryview(use(ffi, array)), memoryview(use(ffi, array))
    with pytest.raises(BufferError, match="memoryview"):
        ffi.release(array)
    first.release()
    with pytest.raises(BufferError), array:
        pass
    assert array[0] == 0
    second.release()
    ffi.release(array)
    with pytest.raises(ValueError, match="released"):
        memoryview(array)


def test_exported_memory_is_not_freed(ffi: Any) -> None:
    freed = []
    owner = ffi.gc(ffi.new("int[3]"), lambda _: freed.append(1))
    view = memoryview(owner)
    with pytest.raises(BufferError):
        ffi.release(owner)
    del owner
    gc.collect()
    assert not freed
    assert view.tolist() == [0, 0, 0]
    view.release()
    del view
    gc.collect()
    assert freed == [1]


# NumPy


def test_numpy_views(ffi: Any, lib: Any) -> None:
    np = numpy()
    memory = ffi.new("double[10]", list(range(10)))
    array = np.asarray(memory)
    assert array.dtype == np.float64
    assert array.flags.writeable
    assert not array.flags.owndata
    array *= 2
    assert memory[9] == 18
    assert lib.total(memory, 10) == array.sum() == 90
    assert np.asarray(ffi.new("int[2][3]", [[1, 2, 3], [4, 5, 6]]))[:, 1].tolist() == [2, 5]
    array = np.asarray(lib.corners)
    assert array.shape == (2, 3)


def test_numpy_keeps_the_memory(ffi: Any) -> None:
    np = numpy()
    array = np.asarray(ffi.new("int[1000]", list(range(1000))))[500:]
    gc.collect()
    [ffi.new("int[1000]") for _ in range(20)]
    assert array.tolist() == list(range(500, 1000))


@pytest.mark.parametrize(
    ("ctype", "dtype"),
    [
        ("_Bool", "bool"),
        ("char", "S1"),
        ("signed char", "int8"),
        ("uint8_t", "uint8"),
        ("int16_t", "int16"),
        ("char16_t", "uint16"),
        ("char32_t", "U1"),
        ("unsigned", "uint32"),
        ("int64_t", "int64"),
        ("uint64_t", "uint64"),
        ("size_t", "uintp"),
        ("float", "float32"),
        ("long double", "longdouble"),
        ("float _Complex", "complex64"),
        ("double _Complex", "complex128"),
        ("void *", "uintp"),
    ],
)
def test_numpy_types(ffi: Any, ctype: str, dtype: str) -> None:
    np = numpy()
    memory = ffi.new(ffi.getctype(ctype, "[2]"))
    array = np.asarray(memory)
    assert array.dtype == np.dtype(dtype)
    assert np.shares_memory(array, np.frombuffer(ffi.buffer(memory), np.uint8))


def test_numpy_structs(ffi: Any) -> None:
    np = numpy()
    points = ffi.new("point[3]", [(1, 2), (3, 4), (5, 6)])
    array = np.asarray(points)
    assert array["x"].tolist() == [1, 3, 5]
    array["y"] += 10
    assert points[2].y == 16
    outer = np.asarray(ffi.new("struct outer[2]")).dtype
    assert outer.itemsize == ffi.sizeof("struct outer")
    for name in outer.names:
        assert outer.fields[name][1] == ffi.offsetof("struct outer", name), name
        assert outer.fields[name][0].itemsize == ffi.sizeof(dict(ffi.typeof("struct outer").fields)[name].type)
    inner = ffi.new("struct inner *", (7, b"abc"))
    assert np.asarray(inner)["t"] == b"abc"
    assert np.asarray(inner)["a"] == 7


def test_numpy_and_back(ffi: Any, lib: Any) -> None:
    np = numpy()
    array = np.arange(5.0)
    memory = ffi.from_buffer("double[]", array)
    assert lib.total(memory, len(memory)) == 10
    memory[0] = 100
    assert array[0] == 100
    points = np.zeros(3, dtype=[("x", "f8"), ("y", "f8")])
    ffi.from_buffer("point[]", points)[1].y = 4
    assert points["y"].tolist() == [0, 4, 0]
    with pytest.raises((BufferError, ValueError)):
        ffi.from_buffer("double[]", np.zeros((4, 4))[:, 1])


def test_typed_buffer_of_a_pointer_and_a_size(ffi: Any) -> None:
    numbers = ffi.new("int[]", [1, 2, 3, 4])
    address = int(ffi.cast("uintptr_t", numbers))
    view = memoryview(ffi.buffer(ffi.cast("int *", address), 12, typed=True))
    assert (view.format, view.shape, view.tolist()) == ("i", (3,), [1, 2, 3])
    view[1] = 20
    assert numbers[1] == 20


def test_typed_buffer_of_what_is_owned(ffi: Any) -> None:
    table = ffi.new("double[2][3]", [[1, 2, 3], [4, 5, 6]])
    typed = ffi.buffer(table, typed=True)
    assert len(typed) == 48
    assert memoryview(typed).shape == (2, 3)
    assert memoryview(ffi.buffer(table, 24, typed=True)).shape == (1, 3)
    assert memoryview(ffi.buffer(table)).format == "B"
    point = ffi.new("point *", [1, 2])
    view = memoryview(ffi.buffer(point, typed=True))
    assert (view.format, view.shape) == ("^T{d:x:d:y:}", (1,))


def test_typed_buffer_holds_what_is_owned(ffi: Any) -> None:
    point = ffi.new("point *", [1, 2])
    view = memoryview(ffi.buffer(point, typed=True))
    with pytest.raises(BufferError):
        ffi.release(point)
    view.release()
    ffi.release(point)
    with pytest.raises(ValueError, match="released"):
        memoryview(ffi.buffer(point, typed=True))


def test_typed_buffer_of_read_only_memory(ffi: Any) -> None:
    view = memoryview(ffi.buffer(ffi.from_buffer("short[]", bytes(8)), typed=True))
    assert (view.format, view.shape, view.readonly) == ("h", (4,), True)


def test_typed_buffer_that_cannot_be(ffi: Any) -> None:
    numbers = ffi.new("int[4]")
    with pytest.raises(ValueError, match="buffer\\(\\) of 6 bytes: these are no whole items of 'int'"):
        ffi.buffer(numbers, 6, typed=True)
    with pytest.raises(ValueError, match="no whole items of 'void'"):
        ffi.buffer(ffi.cast("void *", numbers), 16, typed=True)
    with pytest.raises(ValueError, match="has only 16"):
        ffi.buffer(numbers, 20, typed=True)
    with pytest.raises(TypeError):
        ffi.buffer(numbers, 8, True)


def test_typed_buffers_are_arrays_of_numpy(ffi: Any) -> None:
    np = pytest.importorskip("numpy")
    values = ffi.new("double[]", [1, 2, 3])
    array = np.asarray(ffi.buffer(values + 1, 16, typed=True))
    assert array.dtype == np.float64
    array *= 2
    assert list(values) == [1, 4, 6]
    assert ffi.from_buffer("double[]", array)[1] == 6
