"""``string``, ``unpack``, ``buffer``, ``from_buffer``, ``memmove``."""

from __future__ import annotations

import array
import gc
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffi_harness import ours_only

CDEF = """
typedef struct { int x, y; } point;
typedef struct opaque opaque;
enum color { RED, GREEN = 5 };
int sum_bytes(unsigned char *, int);
"""
SOURCE = CDEF.replace(
    "int sum_bytes(unsigned char *, int);",
    "int sum_bytes(unsigned char *p, int n) { int s = 0; while (n-- > 0) s += *p++; return s; }",
)

# string


def test_string_stops_at_the_first_zero(ffi: Any) -> None:
    text = ffi.new("char[]", b"hello\0hidden")
    assert ffi.string(text) == b"hello"
    assert ffi.string(text + 1) == b"ello"
    assert ffi.string(ffi.cast("char *", text)) == b"hello"
    assert ffi.string(ffi.cast("unsigned char *", text)) == b"hello"
    assert ffi.string(ffi.cast("signed char *", text)) == b"hello"
    assert ffi.string(ffi.new("uint8_t[]", b"abc")) == b"abc"
    assert ffi.string(text[1:3]) == b"el"


def test_string_stops_at_the_end_of_the_array(ffi: Any) -> None:
    assert ffi.string(ffi.new("char[3]", b"abc")) == b"abc"
    assert ffi.string(ffi.new("char16_t[2]", "ab")) == "ab"
    assert ffi.string(ffi.new("char[0]")) == b""


def test_string_with_a_limit(ffi: Any) -> None:
    text = ffi.new("char[]", b"hello")
    assert [ffi.string(text, n) for n in (0, 2, 5, 100)] == [b"", b"he", b"hello", b"hello"]
    assert ffi.string(text, maxlen=2) == b"he"
    assert ffi.string(ffi.cast("char *", text), 3) == b"hel"
    assert ffi.string(text, -1) == b"hello"
    assert ffi.string(ffi.new("char32_t[]", "hello"), 2) == "he"
    with pytest.raises(TypeError):
        ffi.string(text, "2")


def test_string_of_wide_text(ffi: Any) -> None:
    for ctype in ("wchar_t", "char16_t", "char32_t"):
        assert ffi.string(ffi.new(f"{ctype}[]", "gr\xfc\xdfe \u20ac")) == "gr\xfc\xdfe \u20ac"
    assert ffi.string(ffi.new("char16_t[]", "\U0001f600")) == "\U0001f600"


def test_string_of_single_values(ffi: Any) -> None:
    assert ffi.string(ffi.cast("char", 65)) == b"A"
    assert ffi.string(ffi.cast("wchar_t", 0x20AC)) == "\u20ac"
    assert ffi.string(ffi.cast("unsigned char", 65)) == b"A"
    assert ffi.string(ffi.cast("enum color", 5)) == "GREEN"
    assert ffi.string(ffi.cast("enum color", 6)) == "6"


def test_string_of_null_raises(ffi: Any) -> None:
    for ctype in ("char *", "wchar_t *", "unsigned char *"):
        with pytest.raises(RuntimeError, match="(?i)null"):
            ffi.string(ffi.cast(ctype, 0))


def test_string_of_other_types_raises(ffi: Any) -> None:
    for wrong in (
        ffi.new("int *"),
        ffi.new("int[3]"),
        ffi.NULL,
        ffi.cast("int", 3),
        ffi.new("char **"),
        ffi.new("point *"),
    ):
        with pytest.raises(TypeError):
            ffi.string(wrong)
    for other in (b"abc", "abc", 5, None):
        with pytest.raises(TypeError):
            ffi.string(other)


# unpack


def test_unpack_characters(ffi: Any) -> None:
    assert ffi.unpack(ffi.new("char[]", b"he\0llo"), 6) == b"he\0llo"
    assert ffi.unpack(ffi.new("char[]", b"hello"), 2) == b"he"
    assert ffi.unpack(ffi.new("char32_t[]", "ab\0\U0001f600"), 4) == "ab\0\U0001f600"
    assert ffi.unpack(ffi.new("char16_t[]", "a\U0001f600"), 3) == "a\U0001f600"


@pytest.mark.parametrize(
    ("ctype", "values"),
    [
        ("signed char", [-128, 127]),
        ("unsigned char", [0, 255]),
        ("short", [-32768, 32767]),
        ("unsigned short", [0, 65535]),
        ("int", [-(1 << 31), (1 << 31) - 1]),
        ("unsigned int", [0, (1 << 32) - 1]),
        ("long long", [-(1 << 63), (1 << 63) - 1]),
        ("unsigned long long", [0, (1 << 64) - 1]),
        ("float", [0.5, -2.0]),
        ("double", [0.1, 1e300]),
        ("_Bool", [True, False]),
    ],
)
def test_unpack_numbers(ffi: Any, ctype: str, values: list[Any]) -> None:
    memory = ffi.new(f"{ctype}[]", values)
    assert ffi.unpack(memory, 2) == values
    assert [type(item) for item in ffi.unpack(memory, 2)] == [type(item) for item in values]
    assert ffi.unpack(memory, 1) == values[:1]
    assert ffi.unpack(memory, 0) == []
    assert ffi.unpack(memory + 1, 1) == values[1:]


def test_unpack_pointers_and_structs(ffi: Any) -> None:
    number = ffi.new("int *", 5)
    assert ffi.unpack(ffi.new("int *[2]", [number]), 2) == [number, ffi.NULL]
    points = ffi.new("point[2]", [(1, 2), (3, 4)])
    unpacked = ffi.unpack(points, 2)
    assert [(p.x, p.y) for p in unpacked] == [(1, 2), (3, 4)]


def test_unpack_errors(ffi: Any) -> None:
    memory = ffi.new("int[3]")
    with pytest.raises(ValueError):
        ffi.unpack(memory, -1)
    with pytest.raises(TypeError):
        ffi.unpack(memory, "1")
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.unpack(ffi.cast("int *", 0), 1)
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.unpack(ffi.cast("char *", 0), 1)
    with pytest.raises((TypeError, ValueError)):
        ffi.unpack(ffi.cast("void *", memory), 1)
    with pytest.raises((TypeError, ValueError)):
        ffi.unpack(ffi.cast("opaque *", memory), 1)
    for wrong in (ffi.cast("int", 5), ffi.new("point *")[0]):
        with pytest.raises(TypeError):
            ffi.unpack(wrong, 1)
    with pytest.raises(TypeError):
        ffi.unpack(5, 1)
    with pytest.raises((MemoryError, OverflowError, IndexError)):
        ffi.unpack(memory, 1 << 62)


@ours_only("CFFI reads past the end")
def test_unpack_past_the_end_raises(ffi: Any) -> None:
    for memory in (ffi.new("int[3]"), ffi.new("int[5]")[0:3], ffi.from_buffer("int[]", bytearray(12))):
        with pytest.raises(IndexError):
            ffi.unpack(memory, 4)
    with pytest.raises(IndexError):
        ffi.unpack(ffi.new("char[]", b"abc"), 5)


# buffer


def test_buffer_shares_the_memory(ffi: Any) -> None:
    text = ffi.new("char[]", b"hello")
    view = ffi.buffer(text)
    assert len(view) == 6
    assert view[:] == bytes(view) == b"hello\0"
    assert view[1:3] == b"el"
    assert view[0] == b"h"
    assert view[-1] == b"\0"
    view[0] = b"J"
    view[1:3] = b"AL"
    assert ffi.string(text) == b"JALlo"
    text[4] = b"!"
    assert view[4] == b"!"
    assert list(view) == [b"J", b"A", b"L", b"l", b"!", b"\0"]
    assert isinstance(view, ffi.buffer)


def test_buffer_of_everything_with_a_size(ffi: Any) -> None:
    assert len(ffi.buffer(ffi.new("int *"))) == 4
    assert len(ffi.buffer(ffi.new("int[5]"))) == 20
    assert ffi.buffer(ffi.new("point *", (1, 2)))[:] == b"\1\0\0\0\2\0\0\0"
    text = ffi.new("char[]", b"xyz")
    assert ffi.buffer(ffi.cast("char *", text))[:] == b"x"
    array_ = ffi.new("int[5]", [1, 2, 3])
    assert ffi.buffer(array_, 3)[:] == b"\1\0\0"
    assert len(ffi.buffer(array_[1:3])) == 8
    assert len(ffi.buffer(ffi.cast("void *", array_), 7)) == 7
    assert ffi.buffer(array_, size=4)[:] == b"\1\0\0\0"


def test_buffer_errors(ffi: Any) -> None:
    for wrong in (ffi.cast("int", 5), ffi.new("point *")[0]):
        with pytest.raises(TypeError):
            ffi.buffer(wrong)
    for unknown in (ffi.cast("void *", 16), ffi.cast("opaque *", 16), ffi.NULL):
        with pytest.raises((TypeError, ValueError, RuntimeError)):
            ffi.buffer(unknown)
    for other in (5, None, b"abc"):
        with pytest.raises(TypeError):
            ffi.buffer(other)
    view = ffi.buffer(ffi.new("char[3]"))
    with pytest.raises(IndexError):
        view[3]
    with pytest.raises(IndexError):
        view[3] = b"x"
    with pytest.raises(ValueError):
        view[0:2] = b"xyz"
    for wrong_item in ("x", b"xy", 120, None):
        with pytest.raises((TypeError, ValueError)):
            view[0] = wrong_item


@ours_only("CFFI gives a buffer that crashes when it is read")
def test_buffer_of_null_raises(ffi: Any) -> None:
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.buffer(ffi.cast("int *", 0))
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.buffer(ffi.NULL, 5)


def test_buffer_compares_with_bytes(ffi: Any) -> None:
    view = ffi.buffer(ffi.new("char[3]", b"abc"))
    assert view == b"abc"
    assert view != b"abd"
    assert view < b"b"
    assert view == ffi.buffer(ffi.new("char[]", b"ab" + b"c"), 3)
    assert view != "abc"
    with pytest.raises(TypeError):
        hash(view)


def test_buffer_keeps_the_memory_alive(ffi: Any) -> None:
    view = ffi.buffer(ffi.new("char[]", b"alive" * 50))
    gc.collect()
    [ffi.new("char[251]") for _ in range(50)]
    assert view[:] == b"alive" * 50 + b"\0"


def test_buffer_exports_the_buffer_protocol(ffi: Any) -> None:
    memory = ffi.new("int[2]", [1, 2])
    view = memoryview(ffi.buffer(memory))
    assert view.nbytes == 8
    assert not view.readonly
    view[0] = 9
    assert memory[0] == 9
    assert bytearray(ffi.buffer(memory)) == b"\x09\0\0\0\2\0\0\0"
    assert b"".join([ffi.buffer(memory), b"!"]).endswith(b"!")


# from_buffer


def test_from_buffer_views_the_object(ffi: Any, lib: Any) -> None:
    data = bytearray(b"abc")
    view = ffi.from_buffer(data)
    assert ffi.typeof(view) is ffi.typeof("char[]")
    assert len(view) == 3
    assert list(view) == [b"a", b"b", b"c"]
    view[0] = b"X"
    assert data == b"Xbc"
    data[1] = 255
    assert view[1] == b"\xff"
    assert lib.sum_bytes(ffi.from_buffer("unsigned char[]", data), 3) == 88 + 255 + 99
    with pytest.raises(IndexError):
        view[3]


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: array.array("B", data)])
def test_from_buffer_of_many_types(ffi: Any, lib: Any, make: Any) -> None:
    source = make(b"\1\2\3\4")
    view = ffi.from_buffer(source)
    assert ffi.unpack(view, 4) == b"\1\2\3\4"
    assert lib.sum_bytes(ffi.cast("unsigned char *", view), 4) == 10


def test_from_buffer_with_a_type(ffi: Any) -> None:
    numbers = array.array("i", [1, 2, 3])
    view = ffi.from_buffer("int[]", numbers)
    assert list(view) == [1, 2, 3]
    view[0] = 10
    assert numbers[0] == 10
    assert len(ffi.from_buffer("int[2]", numbers)) == 2
    point = ffi.from_buffer("point *", numbers)
    assert (point.x, point.y) == (10, 2)
    assert len(ffi.from_buffer("point[]", bytearray(17))) == 2
    assert len(ffi.from_buffer("int[]", b"12345")) == 1
    assert ffi.from_buffer(ffi.typeof("short[]"), b"\1\0")[0] == 1


def test_from_buffer_errors(ffi: Any) -> None:
    with pytest.raises(ValueError, match="small"):
        ffi.from_buffer("int[2]", bytearray(7))
    for wrong in ("text", 5, None, [1], object()):
        with pytest.raises(TypeError):
            ffi.from_buffer(wrong)
    with pytest.raises(TypeError):
        ffi.from_buffer("int", bytearray(8))
    with pytest.raises(BufferError):
        ffi.from_buffer("char[]", b"abc", require_writable=True)
    with pytest.raises(BufferError):
        ffi.from_buffer(memoryview(bytearray(8))[::2])
    assert len(ffi.from_buffer("char[]", bytearray(3), require_writable=True)) == 3


@ours_only("CFFI writes into immutable objects")
def test_read_only_buffers_are_not_written(ffi: Any) -> None:
    data = b"immutable" * 2
    view = ffi.from_buffer(data)
    with pytest.raises((TypeError, BufferError, ValueError)):
        view[0] = b"X"
    with pytest.raises((TypeError, BufferError, ValueError)):
        view[0:2] = b"XX"
    with pytest.raises((TypeError, BufferError, ValueError)):
        ffi.memmove(view, b"XX", 2)
    assert data == b"immutable" * 2


@ours_only("CFFI reads past the end of the buffer")
def test_a_buffer_smaller_than_the_record_is_not_exceeded(ffi: Any) -> None:
    point = ffi.from_buffer("point *", bytearray(b"\5\0\0\0"))
    assert point.x == 5
    for use in (lambda: point.y, lambda: setattr(point, "y", 1), lambda: point[0].y, lambda: point[1]):
        with pytest.raises(IndexError):
            use()
    with pytest.raises((IndexError, ValueError)):
        ffi.buffer(point)


def test_from_buffer_locks_the_object(ffi: Any) -> None:
    data = bytearray(b"abc")
    view = ffi.from_buffer(data)
    with pytest.raises(BufferError):
        data.extend(b"more")
    del view
    gc.collect()
    data.extend(b"more")
    with ffi.from_buffer(data), pytest.raises(BufferError):
        data.clear()
    data.clear()


def test_from_buffer_keeps_the_object_alive(ffi: Any) -> None:
    view = ffi.from_buffer(bytearray(b"alive" * 100))
    gc.collect()
    [bytearray(500) for _ in range(50)]
    assert ffi.unpack(view, 500) == b"alive" * 100


# memmove


def test_memmove_between_everything(ffi: Any) -> None:
    text = ffi.new("char[]", b"hello")
    ffi.memmove(text, b"HE", 2)
    assert ffi.string(text) == b"HEllo"
    data = bytearray(5)
    ffi.memmove(data, text, 5)
    assert data == b"HEllo"
    ffi.memmove(text + 1, text, 4)
    assert ffi.string(text) == b"HHEll"
    other = ffi.new("int[2]")
    ffi.memmove(other, text, 4)
    assert ffi.buffer(other)[:4] == b"HHEl"
    ffi.memmove(dest=text, src=bytearray(b"12345"), n=5)
    assert ffi.string(text) == b"12345"
    point = ffi.new("point *")
    ffi.memmove(point, ffi.new("point *", (5, 6)), ffi.sizeof("point"))
    assert (point.x, point.y) == (5, 6)
    ffi.memmove(memoryview(data)[1:], b"zz", 2)
    assert data == b"Hzzlo"
    ffi.memmove(text, text, 0)


def test_memmove_errors(ffi: Any) -> None:
    text = ffi.new("char[]", b"hello")
    with pytest.raises(ValueError):
        ffi.memmove(text, b"abc", -1)
    with pytest.raises(TypeError):
        ffi.memmove(text, "abc", 3)
    with pytest.raises(TypeError):
        ffi.memmove(text, b"abc", "3")
    with pytest.raises(TypeError):
        ffi.memmove(5, text, 3)
    with pytest.raises(TypeError):
        ffi.memmove(text, ffi.cast("int", 5), 3)
    with pytest.raises((BufferError, TypeError)):
        ffi.memmove(b"immutable", text, 3)
    assert ffi.string(text) == b"hello"


@ours_only("CFFI reads and writes past the end")
def test_memmove_past_the_end_raises(ffi: Any) -> None:
    text = ffi.new("char[6]", b"hello")
    with pytest.raises((ValueError, IndexError)):
        ffi.memmove(text, b"ab", 3)
    with pytest.raises((ValueError, IndexError)):
        ffi.memmove(bytearray(2), text, 3)
    with pytest.raises((ValueError, IndexError)):
        ffi.memmove(text, bytes(7), 7)
    with pytest.raises((ValueError, IndexError)):
        ffi.memmove(bytearray(7), text, 7)
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.memmove(text, ffi.NULL, 1)
    with pytest.raises(RuntimeError, match="(?i)null"):
        ffi.memmove(ffi.cast("char *", 0), b"abc", 1)
    assert ffi.string(text) == b"hello"


def test_any_bytes_move_unchanged(ffi: Any) -> None:
    @settings(max_examples=50, deadline=None)
    @given(st.binary(max_size=64), st.data())
    def check(data: bytes, draw: st.DataObject) -> None:
        size = draw.draw(st.integers(0, len(data)))
        memory = ffi.new("char[]", len(data) + 1)
        ffi.memmove(memory, data, size)
        assert ffi.buffer(memory)[:] == data[:size] + bytes(len(data) + 1 - size)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert ffi.buffer(memory, size)[:] == data[:size]
        target = bytearray(len(data))
        ffi.memmove(target, memory, size)
        assert target[:size] == data[:size]

    check()
