"""What ``repr`` says of C data."""

from __future__ import annotations

import re
from typing import Any

import pytest

CDEF = """
typedef struct { int x, y; } point;
struct tagged { point p; int items[3]; };
enum color { RED, GREEN = 5 };
struct flexible { int n; int items[]; };
int twice(int);
"""
SOURCE = CDEF.replace("int twice(int);", "int twice(int x) { return 2 * x; }")
ADDRESS = r"0x[0-9a-f]+"


class X:
    pass


@pytest.mark.parametrize(
    ("ctype", "value", "text"),
    [
        ("char[]", b"Some string", "<cdata 'char[]' owning 12 bytes>"),
        ("int *", 5, "<cdata 'int *' owning 4 bytes>"),
        ("int[5]", [1], "<cdata 'int[5]' owning 20 bytes>"),
        ("int[]", 3, "<cdata 'int[]' owning 12 bytes>"),
        ("int[]", 0, "<cdata 'int[]' owning 0 bytes>"),
        ("point *", None, "<cdata 'point *' owning 8 bytes>"),
        ("struct tagged *", None, "<cdata 'struct tagged *' owning 20 bytes>"),
        ("int **", None, "<cdata 'int * *' owning 8 bytes>"),
        ("struct flexible *", [2, [1, 2]], "<cdata 'struct flexible *' owning 12 bytes>"),
        ("int[2][3]", None, "<cdata 'int[2][3]' owning 24 bytes>"),
    ],
)
def test_owning(ffi: Any, ctype: str, value: Any, text: str) -> None:
    cdata = ffi.new(ctype, value)
    assert repr(cdata) == str(cdata) == text


def test_dereferenced_structs_own_too(ffi: Any) -> None:
    assert repr(ffi.new("point *")[0]) == "<cdata 'point' owning 8 bytes>"


def test_structs_behind_other_pointers_do_not(ffi: Any) -> None:
    owner = ffi.new("point *")
    for pointer in (ffi.cast("point *", owner), owner + 0, ffi.addressof(owner[0]), ffi.gc(owner, lambda _: None)):
        assert re.fullmatch(f"<cdata 'point &' {ADDRESS}>", repr(pointer[0]))
    assert re.fullmatch(f"<cdata 'point &' {ADDRESS}>", repr(ffi.new("point[2]")[0]))


def test_pointers(ffi: Any) -> None:
    assert repr(ffi.NULL) == "<cdata 'void *' NULL>"
    assert repr(ffi.cast("int *", 0)) == "<cdata 'int *' NULL>"
    assert repr(ffi.cast("point *", 16)) == "<cdata 'point *' 0x10>"
    assert re.fullmatch(f"<cdata 'int \\*' {ADDRESS}>", repr(ffi.new("int[3]") + 1))
    array = ffi.new("int[3]")
    assert repr(ffi.cast("void *", array)) == f"<cdata 'void *' {int(ffi.cast('uintptr_t', array)):#x}>"


@pytest.mark.parametrize(
    ("ctype", "value", "text"),
    [
        ("int", 5, "<cdata 'int' 5>"),
        ("unsigned char", -1, "<cdata 'unsigned char' 255>"),
        ("long long", -(1 << 63), "<cdata 'long long' -9223372036854775808>"),
        ("size_t", 7, "<cdata 'size_t' 7>"),
        ("double", 3, "<cdata 'double' 3.0>"),
        ("float", 0.5, "<cdata 'float' 0.5>"),
        ("_Bool", 3, "<cdata '_Bool' True>"),
        ("char", 65, "<cdata 'char' b'A'>"),
        ("wchar_t", 65, "<cdata 'wchar_t' 'A'>"),
        ("enum color", 5, "<cdata 'enum color' 5: GREEN>"),
        ("enum color", 7, "<cdata 'enum color' 7>"),
    ],
)
def test_values(ffi: Any, ctype: str, value: Any, text: str) -> None:
    assert repr(ffi.cast(ctype, value)) == text


def test_long_double(ffi: Any) -> None:
    assert re.fullmatch(r"<cdata 'long double' 1\.5\S*>", repr(ffi.cast("long double", 1.5)))


def test_members_and_slices(ffi: Any) -> None:
    value = ffi.new("struct tagged *")
    assert re.fullmatch(f"<cdata 'point &' {ADDRESS}>", repr(value.p))
    assert re.fullmatch(f"<cdata 'int\\[3\\]' {ADDRESS}>", repr(value.items))
    assert repr(value.items[0:2]) == "<cdata 'int[]' sliced length 2>"
    assert repr(ffi.new("int[5]")[1:4]) == "<cdata 'int[]' sliced length 3>"
    assert re.fullmatch(f"<cdata 'point &' {ADDRESS}>", repr(ffi.new("point[2]")[1]))


def test_handles(ffi: Any) -> None:
    x = X()
    assert repr(ffi.new_handle(x)) == f"<cdata 'void *' handle to {x!r}>"
    assert re.fullmatch(f"<cdata 'void \\*' handle to <.*\\bX object at {ADDRESS}>>", repr(ffi.new_handle(X())))
    assert repr(ffi.new_handle([1])) == "<cdata 'void *' handle to [1]>"


def test_buffers(ffi: Any) -> None:
    assert repr(ffi.from_buffer(b"abc")) == "<cdata 'char[]' buffer len 3 from 'bytes' object>"
    assert repr(ffi.from_buffer("int[]", bytearray(8))) == "<cdata 'int[]' buffer len 2 from 'bytearray' object>"
    assert repr(ffi.from_buffer("int *", bytearray(8))) == "<cdata 'int *' buffer from 'bytearray' object>"


def test_functions(ffi: Any, lib: Any) -> None:
    assert re.fullmatch(f"<cdata 'int\\(\\*\\)\\(int\\)' {ADDRESS}>", repr(ffi.addressof(lib, "twice")))
    assert repr(ffi.cast("int(*)(int)", 0)) == "<cdata 'int(*)(int)' NULL>"
    assert re.search(r"twice|int\(\*\)\(int\)", repr(lib.twice))

    def double(x: int) -> int:
        return 2 * x

    callback = ffi.callback("int(int)", double)
    assert re.fullmatch(r"<cdata 'int\(\*\)\(int\)' calling <function .*double at 0x[0-9a-f]+>>", repr(callback))


def test_gc(ffi: Any) -> None:
    assert re.fullmatch(f"<cdata 'int \\*' {ADDRESS}>", repr(ffi.gc(ffi.new("int *"), lambda p: None)))


def test_types(ffi: Any) -> None:
    assert repr(ffi.typeof("int *")) == "<ctype 'int *'>"
    assert repr(ffi.typeof("point")) == "<ctype 'point'>"


def test_repr_of_an_object_whose_repr_fails(ffi: Any) -> None:
    class Failing:
        def __repr__(self) -> str:
            raise ZeroDivisionError("in repr")

    handle = ffi.new_handle(Failing())
    with pytest.raises(ZeroDivisionError):
        repr(handle)
