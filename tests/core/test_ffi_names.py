"""Every name that ``ffi`` has, and those of its methods that no other file is about."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from ffi_harness import API, INLINE, IS_ORACLE, new_ffi, ours_only

CDEF = """
void *make(size_t);
void unmake(void *);
extern int made, unmade;
void *make_nothing(size_t);
int counter(void);
static const int LIMIT = 5;
"""
SOURCE = """
#include <stdlib.h>
#include <string.h>
int made, unmade;
void *make(size_t n) { made++; return memset(malloc(n), 'x', n); }
void unmake(void *p) { unmade++; free(p); }
void *make_nothing(size_t n) { return 0; }
int counter(void) { return 1; }
static const int LIMIT = 5;
"""

RUNTIME = (
    "new new_allocator cast string unpack buffer from_buffer memmove typeof sizeof alignof offsetof addressof getctype list_types "
    "gc release new_handle from_handle dlopen dlclose init_once errno NULL CData CType RTLD_NOW RTLD_LAZY RTLD_GLOBAL RTLD_LOCAL callback"
)
BUILDER = (
    "cdef include set_source set_source_pkgconfig set_unicode compile emit_c_code emit_python_code distutils_extension embedding_api "
    "embedding_init_code"
)


@pytest.mark.parametrize("name", RUNTIME.split())
def test_names_of_every_ffi(ffi: Any, name: str) -> None:
    assert name in dir(ffi)
    getattr(ffi, name)


@pytest.mark.parametrize("name", BUILDER.split())
def test_names_of_builders(name: str) -> None:
    assert callable(getattr(new_ffi(), name))


@ours_only("only the ffi of a generated module has them")
@pytest.mark.parametrize("name", ["integer_const", "error", "def_extern"])
def test_further_names(ffi: Any, name: str) -> None:
    assert name in dir(ffi)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has it")
def test_getwinerror_is_for_windows(ffi: Any) -> None:
    with pytest.raises(AttributeError, match="getwinerror"):
        ffi.getwinerror()


# init_once


def test_init_once_calls_once_for_each_tag(ffi: Any) -> None:
    calls: list[int] = []

    def init() -> int:
        calls.append(1)
        return len(calls)

    tag = object()
    assert [ffi.init_once(init, tag) for _ in range(3)] == [1, 1, 1]
    assert ffi.init_once(init, object()) == 2


def test_init_once_tries_again_after_an_exception(ffi: Any) -> None:
    tag = object()
    with pytest.raises(ZeroDivisionError):
        ffi.init_once(lambda: 1 // 0, tag)
    assert ffi.init_once(lambda: "fine", tag) == "fine"
    assert ffi.init_once(lambda: 1 // 0, tag) == "fine"


def test_init_once_in_many_threads(ffi: Any) -> None:
    calls: list[int] = []
    results: list[int] = []
    tag = object()
    started = threading.Barrier(8)

    def init() -> int:
        calls.append(1)
        return 42

    def work() -> None:
        started.wait()
        results.append(ffi.init_once(init, tag))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (calls, results) == ([1], [42] * 8)


# new_allocator


def test_memory_from_an_allocator(ffi: Any, lib: Any) -> None:
    new = ffi.new_allocator(lib.make, lib.unmake)
    made, unmade = lib.made, lib.unmade
    numbers = new("int[]", [1, 2, 3])
    assert list(numbers) == [1, 2, 3]
    assert (lib.made, lib.unmade) == (made + 1, unmade)
    ffi.release(numbers)
    assert lib.unmade == unmade + 1
    with new("char[4]") as text:
        assert ffi.buffer(text)[:] == bytes(4)  # cleared
    assert lib.unmade == unmade + 2


def test_memory_as_the_allocator_left_it(ffi: Any, lib: Any) -> None:
    new = ffi.new_allocator(lib.make, lib.unmake, should_clear_after_alloc=False)
    assert ffi.buffer(new("char[3]"))[:] == b"xxx"
    assert ffi.string(new("char[3]", b"a")) == b"a"


def test_an_allocator_in_python(ffi: Any) -> None:
    sizes: list[int] = []
    freed: list[Any] = []
    kept: list[Any] = []

    def alloc(size: int) -> Any:
        sizes.append(size)
        kept.append(ffi.new("char[]", size))
        return kept[-1]

    new = ffi.new_allocator(alloc, freed.append)
    p = new("int *", 7)
    assert (p[0], sizes) == (7, [ffi.sizeof("int")])
    ffi.release(p)
    assert freed == kept
    assert ffi.new_allocator()("int *", 5)[0] == 5


def test_allocators_that_fail(ffi: Any, lib: Any) -> None:
    with pytest.raises(MemoryError, match="NULL"):
        ffi.new_allocator(lib.make_nothing)("int *")
    with pytest.raises(TypeError, match="cdata"):
        ffi.new_allocator(lambda size: None)("int *")
    with pytest.raises(ZeroDivisionError):
        ffi.new_allocator(lambda size: 1 // 0)("int *")
    with pytest.raises(TypeError):
        ffi.new_allocator(None, lib.unmake)


# lib


@ours_only("it gives the name only")
def test_unknown_names_come_with_a_suggestion(ffi: Any, lib: Any) -> None:
    with pytest.raises(AttributeError, match=r"'countr'.*Did you mean 'counter'\?"):
        lib.countr
    with pytest.raises(AttributeError, match=r"Did you mean 'LIMIT'\?"):
        lib.LIMITS
    with pytest.raises(AttributeError, match=r"'nothing_like_it'") as caught:
        lib.nothing_like_it
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(AttributeError, match=r"Did you mean 'made'\?"):
        lib.mde = 5


def test_dir_of_lib(lib: Any, mode: str) -> None:
    expected = {"make", "unmake", "made", "unmade", "make_nothing", "counter", "LIMIT"}
    assert expected <= set(dir(lib))
    if not IS_ORACLE or mode == API:
        assert set(lib.__all__) >= expected - {"made", "unmade"}
    assert mode != INLINE or lib.LIMIT == 5
