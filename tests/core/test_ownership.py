"""Who owns memory: ``gc``, ``release``, ``with``, handles, weak references, pickling."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import pytest

from ffi_harness import collect, ours_only

CDEF = """
typedef struct { int x, y; } point;
void *take(size_t);
void *same(void *);
int freed(void);
void count_free(void *);
typedef void *handle_t;
"""
SOURCE = """
#include <stdlib.h>
typedef struct { int x, y; } point;
void *take(size_t size) { return malloc(size); } /* the malloc that goes with the free below, also under sanitizers */
void *same(void *p) { return p; }
static int count;
int freed(void) { return count; }
void count_free(void *p) { count++; free(p); }
typedef void *handle_t;
"""


class Thing:
    pass


# gc


def test_gc_calls_the_destructor_once(ffi: Any) -> None:
    seen: list[Any] = []
    origin = ffi.new("int *", 7)
    owned = ffi.gc(origin, lambda pointer: seen.append(pointer[0]))
    assert owned[0] == 7
    assert owned == origin
    assert ffi.typeof(owned) is ffi.typeof("int *")
    del owned
    gc.collect()
    assert seen == [7]
    assert origin[0] == 7


def test_gc_keeps_the_origin_alive(ffi: Any) -> None:
    owned = ffi.gc(ffi.new("int[100]", [5] * 100), lambda pointer: None)
    gc.collect()
    [ffi.new("int[100]") for _ in range(50)]
    assert list(owned) == [5] * 100


def test_gc_with_a_c_function(ffi: Any, lib: Any) -> None:
    before = lib.freed()
    owned = ffi.gc(lib.take(64), lib.count_free)
    assert owned
    del owned
    gc.collect()
    assert lib.freed() == before + 1


def test_gc_of_arrays_and_structs(ffi: Any) -> None:
    seen: list[int] = []
    owned = ffi.gc(ffi.new("int[3]", [1, 2, 3]), lambda array: seen.append(len(array)))
    assert list(owned) == [1, 2, 3]
    with pytest.raises(IndexError):
        owned[3]
    del owned
    gc.collect()
    assert seen == [3]
    struct = ffi.gc(ffi.new("point *", (1, 2)), lambda point: seen.append(point.y))
    assert struct.x == 1
    del struct
    gc.collect()
    assert seen == [3, 2]


def test_gc_none_cancels_the_destructor(ffi: Any) -> None:
    seen: list[Any] = []
    owned = ffi.gc(ffi.new("int *"), seen.append)
    assert ffi.gc(owned, None) is None
    del owned
    gc.collect()
    assert seen == []
    with pytest.raises(TypeError):
        ffi.gc(ffi.new("int *"), None)


def test_several_destructors(ffi: Any) -> None:
    order: list[int] = []
    owned = ffi.gc(ffi.gc(ffi.new("int *"), lambda p: order.append(1)), lambda p: order.append(2))
    del owned
    collect()
    assert order == [2, 1]


def test_gc_takes_a_size(ffi: Any) -> None:
    seen: list[Any] = []
    owned = ffi.gc(ffi.new("int *"), seen.append, size=1000)
    assert owned[0] == 0
    del owned
    gc.collect()
    assert len(seen) == 1


def test_a_failing_destructor_is_reported_not_raised(
    ffi: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", lambda info: reported.append(info.exc_type))

    def fail(pointer: Any) -> None:
        raise ZeroDivisionError("in the destructor")

    owned = ffi.gc(ffi.new("int *"), fail)
    del owned
    gc.collect()
    assert reported == [ZeroDivisionError] or "ZeroDivisionError" in capfd.readouterr().err


def test_gc_in_a_cycle_is_collected(ffi: Any) -> None:
    seen: list[int] = []

    class Owner:
        def close(self, pointer: Any) -> None:
            seen.append(pointer[0])

    owner = Owner()
    owner.owned = ffi.gc(ffi.new("int *", 3), owner.close)  # type: ignore[attr-defined]
    del owner
    gc.collect()
    assert seen == [3]


def test_gc_in_cycles_one_after_the_other(ffi: Any) -> None:
    """Memory of what the collector has finalized is not used again in a way that spares the next one its destructor."""
    seen: list[int] = []

    class Owner:
        def close(self, pointer: Any) -> None:
            seen.append(pointer[0])

    for number in range(10):
        del [ffi.gc(ffi.new("int *", -1), lambda pointer: None)][0]
        owner = Owner()
        owner.owned = ffi.gc(ffi.new("int *", number), owner.close)  # type: ignore[attr-defined]
        del owner
        gc.collect()
    assert seen == list(range(10))


def test_gc_while_an_exception_is_on_its_way(ffi: Any) -> None:
    seen: list[int] = []

    def fail() -> None:
        owned = ffi.gc(ffi.new("int *", 3), lambda pointer: seen.append(pointer[0]))
        raise LookupError(owned[0])

    with pytest.raises(LookupError, match="3"):
        fail()
    gc.collect()
    assert seen == [3]


def test_gc_wants_cdata(ffi: Any) -> None:
    for wrong in (5, None, b"abc"):
        with pytest.raises(TypeError):
            ffi.gc(wrong, print)


@ours_only("CFFI takes any object, and fails when it is too late")
def test_gc_wants_something_to_call(ffi: Any) -> None:
    with pytest.raises(TypeError):
        ffi.gc(ffi.new("int *"), 5)


# release


def test_release_runs_the_destructor_now(ffi: Any) -> None:
    seen: list[Any] = []
    owned = ffi.gc(ffi.new("int *", 4), lambda pointer: seen.append(pointer[0]))
    ffi.release(owned)
    assert seen == [4]
    ffi.release(owned)
    del owned
    gc.collect()
    assert seen == [4]


def test_with_releases_at_the_end(ffi: Any) -> None:
    seen: list[Any] = []
    with ffi.gc(ffi.new("int *", 4), lambda pointer: seen.append(pointer[0])) as owned:
        assert owned[0] == 4
        assert seen == []
    assert seen == [4]
    with ffi.new("int[3]", [1, 2, 3]) as array:
        assert list(array) == [1, 2, 3]
    with ffi.from_buffer(bytearray(b"abc")) as view:
        assert len(view) == 3


def test_with_releases_after_an_exception(ffi: Any) -> None:
    seen: list[Any] = []
    with pytest.raises(KeyError), ffi.gc(ffi.new("int *"), seen.append):
        raise KeyError("inside")
    assert len(seen) == 1


def test_release_frees_a_buffer(ffi: Any) -> None:
    data = bytearray(b"abc")
    view = ffi.from_buffer(data)
    ffi.release(view)
    data.clear()
    ffi.release(view)
    assert "RELEASED" in repr(view).upper()


def test_only_what_owns_can_be_released(ffi: Any) -> None:
    origin = ffi.new("point *")
    for borrowed in (ffi.cast("int *", origin), origin[0], ffi.NULL, ffi.addressof(origin[0])):
        with pytest.raises(ValueError):
            ffi.release(borrowed)
        with pytest.raises(ValueError), borrowed:
            pass
    with pytest.raises(TypeError):
        ffi.release(5)


@ours_only("CFFI reads freed memory")
def test_released_memory_cannot_be_used(ffi: Any, lib: Any) -> None:
    number, array, struct = ffi.new("int *", 5), ffi.new("int[3]"), ffi.new("point *")
    text, view = ffi.new("char[]", b"text"), ffi.from_buffer(bytearray(b"abc"))
    for owner in (number, array, struct, text, view):
        ffi.release(owner)
    uses = [
        lambda: number[0],
        lambda: number.__setitem__(0, 1),
        lambda: array[0],
        lambda: array[0:1],
        lambda: list(array),
        lambda: struct.x,
        lambda: setattr(struct, "x", 1),
        lambda: ffi.string(text),
        lambda: ffi.unpack(text, 1),
        lambda: ffi.buffer(text),
        lambda: ffi.memmove(text, b"a", 1),
        lambda: lib.same(number),
        lambda: view[0],
    ]
    for use in uses:
        with pytest.raises((ValueError, RuntimeError), match="(?i)release"):
            use()
    for owner in (number, array, struct, text, view):
        assert repr(owner)
        ffi.release(owner)


@ours_only("CFFI reads freed memory")
def test_views_of_released_memory_do_not_crash(ffi: Any) -> None:
    array = ffi.new("int[1000]", [7] * 1000)
    views = [array[2:5], array + 3, ffi.addressof(array, 5)]
    ffi.release(array)
    [ffi.new("int[1000]") for _ in range(50)]

    def use(view: Any) -> str:
        try:
            return str(view[0])
        except (ValueError, RuntimeError) as error:
            return str(error).lower()

    assert all(answer == "7" or "release" in answer for answer in map(use, views))


# handles


def test_handles_give_the_object_back(ffi: Any, lib: Any) -> None:
    thing = Thing()
    handle = ffi.new_handle(thing)
    assert ffi.typeof(handle) is ffi.typeof("void *")
    assert handle
    assert ffi.from_handle(handle) is thing
    assert ffi.from_handle(lib.same(handle)) is thing
    assert ffi.from_handle(ffi.cast("void *", int(ffi.cast("uintptr_t", handle)))) is thing
    cell = ffi.new("void **", handle)
    assert ffi.from_handle(cell[0]) is thing
    nothing = ffi.new_handle(None)
    assert ffi.from_handle(nothing) is None


def test_each_handle_is_another(ffi: Any) -> None:
    thing = Thing()
    one, two = ffi.new_handle(thing), ffi.new_handle(thing)
    assert one != two
    assert ffi.from_handle(one) is ffi.from_handle(two) is thing


def test_a_handle_keeps_its_object_alive(ffi: Any) -> None:
    thing = Thing()
    reference = weakref.ref(thing)
    handle = ffi.new_handle(thing)
    del thing
    gc.collect()
    assert reference() is not None
    del handle
    gc.collect()
    assert reference() is None


def test_a_handle_in_a_cycle_is_collected(ffi: Any) -> None:
    thing = Thing()
    thing.handle = ffi.new_handle(thing)  # type: ignore[attr-defined]
    reference = weakref.ref(thing)
    del thing
    gc.collect()
    assert reference() is None


def test_wrong_handles_raise(ffi: Any) -> None:
    with pytest.raises(RuntimeError, match="NULL"):
        ffi.from_handle(ffi.NULL)
    for wrong in (5, None, ffi.cast("int", 5)):
        with pytest.raises(TypeError):
            ffi.from_handle(wrong)
    with pytest.raises(TypeError):
        ffi.from_handle(ffi.new("int *"))


@ours_only("CFFI crashes")
def test_dead_and_invented_handles_raise(ffi: Any) -> None:
    handle = ffi.new_handle(Thing())
    address = int(ffi.cast("uintptr_t", handle))
    del handle
    collect()
    [ffi.new_handle(Thing()) for _ in range(100)]
    collect()
    for number in (address, 1, 16, (1 << 64) - 1, int(ffi.cast("uintptr_t", ffi.new("int *")))):
        with pytest.raises((RuntimeError, ValueError, SystemError)):
            ffi.from_handle(ffi.cast("void *", number))


# objects


def test_weak_references(ffi: Any) -> None:
    for make in (
        lambda: ffi.new("int *"),
        lambda: ffi.new("int[3]"),
        lambda: ffi.cast("int", 5),
        lambda: ffi.cast("void *", 5),
        lambda: ffi.new_handle([]),
        lambda: ffi.from_buffer(bytearray(3)),
        lambda: ffi.gc(ffi.new("int *"), lambda p: None),
        lambda: ffi.buffer(ffi.new("int *")),
        lambda: ffi.callback("int(int)", lambda x: x),
    ):
        cdata = make()
        reference = weakref.ref(cdata)
        assert reference() is cdata
        del cdata
        gc.collect()
        assert reference() is None
    assert weakref.ref(ffi.typeof("int"))() is ffi.typeof("int")


def test_keys_in_a_weak_dictionary(ffi: Any) -> None:
    keep = weakref.WeakKeyDictionary()  # type: ignore[var-annotated]
    struct, part = ffi.new("point *"), ffi.new("int *")
    keep[struct] = part
    assert keep[struct] is part
    del struct
    gc.collect()
    assert len(keep) == 0


def test_pickling_is_refused(ffi: Any, lib: Any) -> None:
    for refused in (ffi.new("int *"), ffi.cast("int", 5), ffi.new("point *")[0], ffi.NULL, ffi.typeof("int"), lib.same):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises((TypeError, pickle.PicklingError), match="(?i)pickle"):
                pickle.dumps(refused, protocol)


def test_deep_copies_are_refused(ffi: Any) -> None:
    for refused in (ffi.new("int *"), ffi.new_handle([])):
        with pytest.raises(TypeError):
            copy.deepcopy(refused)


def test_cdata_types_cannot_be_made_or_derived(ffi: Any) -> None:
    with pytest.raises(TypeError):
        ffi.CData()
    with pytest.raises(TypeError):
        ffi.CType()
    with pytest.raises(TypeError):
        type("Derived", (ffi.CData,), {})
    with pytest.raises(TypeError):
        type(ffi.new("int *"))()
    assert isinstance(ffi.new("int *"), ffi.CData)
    assert isinstance(ffi.NULL, ffi.CData)
    assert isinstance(ffi.cast("int", 1), ffi.CData)
    assert not isinstance(5, ffi.CData)
    assert isinstance(ffi.typeof("int"), ffi.CType)
    assert not isinstance(ffi.new("int *"), ffi.CType)


def test_cdata_has_no_free_attributes(ffi: Any) -> None:
    for cdata in (ffi.new("int *"), ffi.NULL, ffi.cast("int", 3), ffi.new("point *")):
        with pytest.raises(AttributeError):
            cdata.anything = 1
        assert not hasattr(cdata, "__dict__")
