"""``FFI(keep_alive=True)``: pointers in owned memory keep alive what they point to."""

from __future__ import annotations

import copy
import gc
import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from ffi_harness import Built, new_ffi, ours_only

CDEF = """
    struct node { int value; struct node *next; };
    struct pair { struct node *both[2]; struct { void *context; int (*function)(int); } inner; };
    union either { struct node *node; long number; };
    struct tailed { int count; struct node *nodes[]; };
    struct log { FILE *stream; };
    typedef struct { double x, y; } point;
    int sum(struct node *first);
    struct node *after(struct node *first);
    struct pair whole;
"""
SOURCE = """
    #include <stdio.h>
    struct node { int value; struct node *next; };
    struct pair { struct node *both[2]; struct { void *context; int (*function)(int); } inner; };
    union either { struct node *node; long number; };
    struct tailed { int count; struct node *nodes[]; };
    struct log { FILE *stream; };
    typedef struct { double x, y; } point;
    int sum(struct node *first) { int sum = 0; for (; first; first = first->next) sum += first->value; return sum; }
    struct node *after(struct node *first) { return first->next; }
    struct pair whole;
"""

pytestmark = ours_only("it keeps nothing alive")


@pytest.fixture
def ffi(built: Built) -> Iterator[Any]:
    built.ffi.keep_alive = True
    yield built.ffi
    built.ffi.keep_alive = False


class Watched:
    """New objects, and whether they are still alive."""

    def __init__(self, ffi: Any) -> None:
        self.ffi = ffi
        self.references: list[Any] = []

    def node(self, value: int = 0) -> Any:
        node = self.ffi.new("struct node *", [value])
        self.references.append(weakref.ref(node))
        return node

    def alive(self) -> list[bool]:
        gc.collect()
        return [reference() is not None for reference in self.references]


@pytest.fixture
def watched(ffi: Any) -> Watched:
    return Watched(ffi)


def test_it_is_off_by_default(built: Built) -> None:
    assert not built.ffi.keep_alive
    watched = Watched(built.ffi)
    holder = built.ffi.new("struct node *", [1, watched.node()])
    assert watched.alive() == [False]
    assert holder.value == 1


def test_it_is_asked_for() -> None:
    ffi = type(new_ffi())(keep_alive=True)
    assert ffi.keep_alive is True
    assert new_ffi().keep_alive is False
    with pytest.raises(TypeError):
        type(new_ffi())(True)
    with pytest.raises(TypeError):
        ffi.keep_alive = 1
    holder = ffi.new("int *[1]")
    holder[0] = ffi.new("int *", 5)
    gc.collect()
    [ffi.new("int *", 6) for _ in range(50)]
    assert holder[0][0] == 5


def test_members(ffi: Any, watched: Watched) -> None:
    holder = ffi.new("struct node *", [1])
    holder.next = watched.node(5)
    assert watched.alive() == [True]
    assert holder.next.value == 5
    holder.next = watched.node(6)
    assert watched.alive() == [False, True]
    holder[0].next = watched.node(7)
    assert watched.alive() == [False, False, True]
    holder.next = ffi.NULL
    assert not any(watched.alive())
    holder.next = watched.node(8)
    del holder
    assert not any(watched.alive())


def test_items(ffi: Any, watched: Watched) -> None:
    for arguments in (["struct node *[3]"], ["struct node *[]", 3]):
        watched.references.clear()
        array = ffi.new(*arguments)
        array[0], array[2] = watched.node(1), watched.node(2)
        view = array[1:3]
        del array
        assert watched.alive() == [True, True]
        view[1] = ffi.NULL
        assert watched.alive() == [True, False]
        del view
        assert not any(watched.alive())


def test_through_pointers_into_the_memory(ffi: Any, watched: Watched) -> None:
    pair = ffi.new("struct pair *")
    ffi.addressof(pair, "both", 1)[0] = watched.node(1)
    pair.both[0] = watched.node(2)
    ffi.cast("struct node **", pair)[1] = watched.node(3)
    assert watched.alive() == [False, True, True]
    del pair
    assert not any(watched.alive())


def test_initializers(ffi: Any, watched: Watched) -> None:
    one = watched.node(1)
    holders = [
        ffi.new("struct node *", [1, watched.node()]),
        ffi.new("struct node *", {"next": watched.node()}),
        ffi.new("struct pair *", [[one, watched.node()], (watched.node(), ffi.NULL)]),
        ffi.new("struct node *[2]", [watched.node(), watched.node()]),
        ffi.new("struct node[]", [(1, watched.node()), {"next": watched.node()}]),
        ffi.new("struct node **", watched.node()),
        ffi.new("struct tailed *", [2, [watched.node(), watched.node()]]),
        ffi.new("union either *", [watched.node()]),
    ]
    del one
    assert all(watched.alive())
    assert len(watched.references) == 13
    assert list(holders[6].nodes) != [ffi.NULL] * 2
    holders.clear()
    assert not any(watched.alive())


def test_whole_structs_and_arrays_are_stored(ffi: Any, watched: Watched) -> None:
    array = ffi.new("struct node[3]")
    array[0] = [1, watched.node()]
    array[1] = {"next": watched.node()}
    array[0:3] = ([i, watched.node()] for i in range(3))
    assert watched.alive() == [False, False, True, True, True]
    array[0:2] = [[0], [0, ffi.NULL]]  # array[0].next stays
    assert watched.alive() == [False, False, True, False, True]
    pair = ffi.new("struct pair *")
    pair.both = [watched.node(), watched.node()]
    pair.inner = {"context": watched.node()}
    assert watched.alive()[5:] == [True] * 3
    pair[0] = {"inner": [ffi.NULL]}  # the other member stays
    assert watched.alive()[5:] == [True, True, False]


def test_copies_of_structs(ffi: Any, watched: Watched) -> None:
    first = ffi.new("struct node *", [1, watched.node()])
    second = ffi.new("struct node *", first[0])
    third = ffi.new("struct node[2]")
    third[1] = second[0]
    fourth = ffi.new("struct node[2]")
    fourth[0:2] = third
    fifth = copy.copy(fourth)
    sixth = copy.copy(fifth[1])
    del first, second, third, fourth, fifth
    assert watched.alive() == [True]
    sixth.next = ffi.NULL
    assert watched.alive() == [False]


def test_other_owners(ffi: Any, watched: Watched) -> None:
    pair = ffi.new("struct pair *")
    data = bytearray(b"abc")
    pair.inner.context = ffi.from_buffer(data)
    with pytest.raises(BufferError):
        data.clear()
    pair.inner.function = ffi.callback("int(int)", lambda x: x + 1)
    gc.collect()
    assert pair.inner.function(4) == 5
    thing = {1: 2}
    pair.inner.context = ffi.new_handle(thing)
    data.clear()
    gc.collect()
    assert ffi.from_handle(pair.inner.context) is thing
    freed: list[int] = []
    pair.inner.context = ffi.gc(watched.node(), lambda _: freed.append(1))
    assert watched.alive() == [True]
    assert not freed
    pair.inner.context = ffi.NULL
    assert watched.alive() == [False]
    assert freed == [1]


def test_a_file(ffi: Any) -> None:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    reference = weakref.ref(file)
    log = ffi.new("struct log *")
    log.stream = file
    del file
    gc.collect()
    kept: Any = reference()
    assert kept is not None
    kept.close()
    assert log.stream


def test_cycles_are_collected(ffi: Any, watched: Watched) -> None:
    first, second, alone = watched.node(), watched.node(), watched.node()
    first.next, second.next, alone.next = second, first, alone
    del second
    assert watched.alive() == [True, True, True]
    del first
    assert watched.alive() == [False, False, True]
    del alone
    assert not any(watched.alive())


def test_long_lists(ffi: Any, lib: Any) -> None:
    first = ffi.new("struct node *", [1])
    for _ in range(20000):
        first = ffi.new("struct node *", [1, first])
    gc.collect()
    assert lib.sum(first) == 20001
    del first
    gc.collect()


def test_gc_and_allocators(ffi: Any, watched: Watched) -> None:
    freed: list[int] = []
    plain = ffi.new("struct node *", [1])
    owner = ffi.gc(plain, lambda _: freed.append(1))
    owner.next = watched.node()
    plain.next = watched.node()
    assert watched.alive() == [False, True]
    del plain
    assert watched.alive() == [False, True]
    del owner
    assert freed == [1]
    assert not any(watched.alive())
    memory: list[Any] = []

    def alloc(size: int) -> Any:
        memory.append(ffi.new("char[]", size))
        return memory[-1]

    holder = ffi.new_allocator(alloc, lambda p: freed.append(2))("struct node *", [1, watched.node()])
    assert watched.alive()[2:] == [True]
    holder.next = watched.node()
    assert watched.alive()[2:] == [False, True]
    assert "owning" not in repr(holder)
    del holder
    assert freed == [1, 2]
    assert watched.alive()[2:] == [False, False]


def test_release(ffi: Any, watched: Watched) -> None:
    with ffi.new("struct node *", [1, watched.node()]) as holder:
        view = holder[0]
        assert watched.alive() == [True]
    assert watched.alive() == [False]
    for use in (lambda: holder.next, lambda: view.next, lambda: setattr(holder, "next", ffi.NULL)):
        with pytest.raises(ValueError, match="released"):
            use()
    assert "RELEASED" in repr(holder)


def test_a_destructor_cannot_release_the_memory_that_is_stored_to(ffi: Any) -> None:
    errors: list[BaseException] = []

    def release(_: Any) -> None:
        try:
            ffi.release(holder)
        except BufferError as error:
            errors.append(error)

    holder = ffi.new("struct node *[2]")
    for value in ([ffi.NULL, ffi.NULL], ffi.new("struct node *[2]")):
        holder[0] = ffi.gc(ffi.new("struct node *"), release)
        holder[0:2] = value
        gc.collect()
    assert len(errors) == 2
    assert holder[0] == ffi.NULL


def test_it_looks_as_without(ffi: Any, built: Built) -> None:
    def look() -> list[Any]:
        node = ffi.new("struct node *", [1])
        array = ffi.new("struct node *[]", 3)
        tailed = ffi.new("struct tailed *", [2, [node, node]])
        numbers = ffi.new("int[]", [1, 2])
        point = ffi.new("point *", [1, 2])
        raised: list[Any] = []
        for use in (lambda: array[3], lambda: node[1], lambda: ffi.gc(node, None), lambda: tailed.nodes[2]):
            with pytest.raises((IndexError, TypeError)) as caught:
                use()
            raised.append(caught.type)
        return [
            *map(repr, (node, node[0], array, tailed, tailed[0], numbers, point)),
            *map(ffi.sizeof, (node, node[0], array, tailed, tailed[0])),
            *map(len, (array, tailed.nodes, ffi.buffer(tailed), ffi.buffer(array))),
            memoryview(array).shape,
            raised,
        ]

    kept = look()
    ffi.keep_alive = False
    assert look() == kept


def test_calls(ffi: Any, lib: Any) -> None:
    first = ffi.new("struct node *", [1, ffi.new("struct node *", [2, ffi.new("struct node *", [3])])])
    gc.collect()
    [ffi.new("struct node *", [100]) for _ in range(50)]
    assert lib.sum(first) == 6
    assert lib.after(lib.after(first)).value == 3
    lib.whole.both[0] = first  # memory of C keeps nothing
    assert lib.sum(lib.whole.both[0]) == 6
    lib.whole.both[0] = ffi.NULL
