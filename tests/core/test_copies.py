"""Copies of C data: ``copy.copy``, ``copy.deepcopy``, and no pickles."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Callable

import pytest

from ffi_harness import ours_only

CDEF = """
    typedef struct { int x, y; } point;
    struct line { point ends[2]; char name[8]; };
    struct node { int value; struct node *next; };
    struct holder { struct { int a; struct node nodes[2]; } inner; };
    union both { int i; double d; };
    struct tailed { int count; short items[]; };
    struct opaque;
    point make(int x, int y);
    point origin;
    struct opaque *hidden(void);
"""
SOURCE = """
    typedef struct { int x, y; } point;
    struct line { point ends[2]; char name[8]; };
    struct node { int value; struct node *next; };
    struct holder { struct { int a; struct node nodes[2]; } inner; };
    union both { int i; double d; };
    struct tailed { int count; short items[]; };
    struct opaque { int x; };
    point make(int x, int y) { point p = {x, y}; return p; }
    point origin = {1, 2};
    struct opaque *hidden(void) { static struct opaque it; return &it; }
"""

pytestmark = ours_only("its C data cannot be copied")

COPIES = [copy.copy, copy.deepcopy]
Copy = Callable[[Any], Any]


@pytest.mark.parametrize("make_copy", COPIES)
def test_structs(ffi: Any, lib: Any, make_copy: Copy) -> None:
    line = ffi.new("struct line *", [[(1, 2), (3, 4)], b"name"])
    other = make_copy(line[0])
    assert ffi.typeof(other) is ffi.typeof("struct line")
    assert repr(other) == "<cdata 'struct line' owning 24 bytes>"
    other.ends[1].y = 40
    line.name = b"new"
    assert line.ends[1].y == 4
    assert ffi.string(other.name) == b"name"
    part = make_copy(line.ends[1])
    del line
    assert (part.x, part.y) == (3, 4)
    result = make_copy(lib.make(5, 6))
    assert (result.x, result.y) == (5, 6)
    variable = make_copy(lib.origin)
    variable.x = 100
    assert lib.origin.x == 1
    assert make_copy(ffi.new("union both *", {"d": 1.5})[0]).d == 1.5


@pytest.mark.parametrize("make_copy", COPIES)
def test_arrays(ffi: Any, make_copy: Copy) -> None:
    for array in (ffi.new("int[]", [1, 2, 3]), ffi.new("int[3]", [1, 2, 3])):
        other = make_copy(array)
        assert ffi.typeof(other) is ffi.typeof(array)
        assert repr(other) == repr(array)
        other[0] = 10
        assert (list(array), list(other)) == ([1, 2, 3], [10, 2, 3])
        part = make_copy(array[1:3])
        array[1] = 0
        assert (len(part), list(part)) == (2, [2, 3])
    assert len(make_copy(ffi.new("int[0]"))) == 0
    table = ffi.new("char[2][3]", [b"ab", b"cd"])  # PyPy's rows do not keep it
    assert ffi.string(make_copy(table[1])) == b"cd"
    from_buffer = make_copy(ffi.from_buffer(b"bytes"))
    from_buffer[0] = b"B"
    assert ffi.unpack(from_buffer, 5) == b"Bytes"


def test_flexible_array_members_are_copied(ffi: Any) -> None:
    original = ffi.new("struct tailed *", [3, [1, 2, 3]])
    other = copy.copy(original[0])
    original.items[2] = 30
    del original
    assert list(other.items) == [1, 2, 3]


@pytest.mark.parametrize("make_copy", COPIES)
def test_numbers_are_what_they_are(ffi: Any, make_copy: Copy) -> None:
    for value in (ffi.cast("int", 5), ffi.cast("double", 1.5), ffi.cast("char", b"x")):
        assert make_copy(value) is value


def test_pointers_inside(ffi: Any) -> None:
    last = ffi.new("struct node *", [2])
    first = ffi.new("struct node *", [1, last])
    other = copy.copy(first[0])
    assert other.next == last
    assert copy.copy(ffi.new("struct node *[1]", [last]))[0] == last
    for array in (first[0], ffi.new("struct node *[2]"), ffi.new("struct holder *")[0], ffi.new("int(*[2])(int)")):
        with pytest.raises(TypeError, match="cannot deep-copy cdata .* it has pointers"):
            copy.deepcopy(array)


@pytest.mark.parametrize("make_copy", COPIES)
def test_what_cannot_be_copied(ffi: Any, lib: Any, make_copy: Copy) -> None:
    for pointer in (ffi.new("int *"), ffi.NULL, ffi.new_handle([]), ffi.cast("int(*)(int)", 0)):
        with pytest.raises(TypeError, match="is a pointer"):
            make_copy(pointer)
    with pytest.raises(RuntimeError, match="null"):
        make_copy(ffi.cast("int *", 0)[0:2])
    with pytest.raises(TypeError, match="opaque|unknown size"):
        make_copy(lib.hidden()[0])


@pytest.mark.parametrize("make_copy", COPIES)
def test_what_was_released_cannot_be_copied(ffi: Any, make_copy: Copy) -> None:
    released = ffi.new("int[2]")
    ffi.release(released)
    with pytest.raises(ValueError, match="released"):
        make_copy(released)


def test_copies_inside_python_objects(ffi: Any) -> None:
    original = {"point": ffi.new("point *", (1, 2))[0], "number": ffi.cast("int", 3)}
    other = copy.deepcopy(original)
    other["point"].x = 10
    assert original["point"].x == 1


def test_pickle_says_why_not(ffi: Any) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(
            TypeError, match=r"cannot pickle cdata 'int\[2\]': C memory means nothing to another process"
        ):
            pickle.dumps(ffi.new("int[2]"), protocol)
