"""``for_bytes``: Python functions that C stands in for, where they are called with ``bytes``."""

from __future__ import annotations

import gc
import inspect
import pickle
import sys
import weakref
from typing import Any

import pytest

from ffi_harness import ours_only

pytestmark = ours_only("CFFI has no for_bytes")
cpython_only = pytest.mark.skipif(
    sys.implementation.name == "pypy", reason="for_bytes gives the Python function itself"
)

CDEF = """
long long total(const void *data, size_t size, int start, short step);
long long total_brief(const void *data, size_t size, int start, short step);
long long bare(const unsigned char *data, unsigned int size);
int two(int, int);
int lone(const char *);
int doubles(const double *, size_t);
int any(const char *, size_t, ...);
"""
SOURCE = """
#include <stddef.h>
long long total(const void *data, size_t size, int start, short step)
{
    const unsigned char *next = data;
    long long sum = start;
    for (size_t i = 0; i < size; i++) sum += next[i] * step;
    return sum;
}
long long total_brief(const void *data, size_t size, int start, short step) { return -total(data, size, start, step); }
long long bare(const unsigned char *data, unsigned int size) { return size ? data[size - 1] : -1; }
int two(int a, int b) { return a + b; }
int lone(const char *text) { return text[0]; }
int doubles(const double *numbers, size_t size) { return size ? (int)numbers[0] : 0; }
int any(const char *text, size_t size, ...) { return size ? text[0] : 0; }
"""


def total(data: Any, start: int = 10, step: int = 1, /) -> Any:
    """Add the bytes up."""
    if not isinstance(start, int):
        raise TypeError(f"what is {start!r}?")
    return ("python", start + step * sum(data))


@pytest.fixture
def fast(ffi: Any, lib: Any) -> Any:
    return ffi.for_bytes(lib.total, total)


@cpython_only
def test_bytes_go_to_c(fast: Any) -> None:
    assert fast(b"") == 10
    assert fast(b"\x01\x02\x03") == 16
    assert fast(b"\x01\x02\x03", 0) == 6
    assert fast(b"\x01\x02\x03", -5, -2) == -17
    assert fast(bytes(1000)) == 10


def test_the_rest_goes_to_python(fast: Any) -> None:
    assert fast(bytearray(b"\x01\x02")) == ("python", 13)
    assert fast(memoryview(b"\x01\x02"), 1) == ("python", 4)
    assert fast(b"\x01\x02", 1 << 31) == ("python", (1 << 31) + 3)
    assert fast(b"\x01\x02", 0, 1 << 15) == ("python", 3 << 15)
    assert fast([1, 2]) == ("python", 13)


def test_mistakes_are_those_of_the_python_function(fast: Any) -> None:
    with pytest.raises(TypeError, match="what is 'x'"):
        fast(b"abc", "x")
    for arguments in ((), (b"", 1, 2, 3)):
        with pytest.raises(TypeError, match="total"):
            fast(*arguments)
    with pytest.raises(TypeError, match="total"):
        fast(data=b"")
    with pytest.raises(TypeError, match="total"):
        fast(b"", start=1)


@cpython_only
def test_another_function_for_short_data(ffi: Any, lib: Any) -> None:
    fast = ffi.for_bytes(lib.total, total, short=lib.total_brief, below=3)
    assert [fast(bytes([1]) * size, 0) for size in (0, 1, 2, 3, 4)] == [0, -1, -2, 3, 4]


@cpython_only
def test_no_further_arguments(ffi: Any, lib: Any) -> None:
    fast = ffi.for_bytes(lib.bare, lambda data: "python")
    assert fast(b"ab") == ord("b")
    assert fast(b"") == -1
    assert fast("ab") == "python"


def test_it_looks_like_the_python_function(fast: Any) -> None:
    assert fast.__name__ == "total"
    assert fast.__module__ == __name__
    assert fast.__doc__ == "Add the bytes up."
    assert inspect.signature(fast) == inspect.signature(total)
    assert "total" in repr(fast)
    assert callable(fast)


of_module: Any = None


def test_it_is_pickled_by_its_name(ffi: Any, lib: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(data: Any) -> None:
        """Do nothing."""

    named.__qualname__ = "of_module"
    fast = ffi.for_bytes(lib.bare, named)
    monkeypatch.setattr(sys.modules[__name__], "of_module", fast)
    assert pickle.loads(pickle.dumps(fast)) is fast


@cpython_only
def test_cycles_are_collected(ffi: Any, lib: Any) -> None:
    fast = ffi.for_bytes(lib.bare, lambda data: None)
    fast.myself = fast
    gone = weakref.ref(fast)
    del fast
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("text", total), "'function' must be a function of a library, not str"),
        (("total", None), "'otherwise' must be callable"),
    ],
)
def test_refused(ffi: Any, lib: Any, arguments: tuple[Any, Any], message: str) -> None:
    name, otherwise = arguments
    with pytest.raises(TypeError, match=message):
        ffi.for_bytes(getattr(lib, name, name), otherwise)


@pytest.mark.parametrize("name", ["two", "lone", "doubles", "any"])
def test_functions_that_do_not_fit(ffi: Any, lib: Any, name: str) -> None:
    with pytest.raises(TypeError, match="does not begin with a pointer to bytes and their length"):
        ffi.for_bytes(getattr(lib, name), total)


def test_short_must_fit(ffi: Any, lib: Any) -> None:
    with pytest.raises(TypeError, match="as many arguments"):
        ffi.for_bytes(lib.total, total, lib.bare)
    with pytest.raises(TypeError, match="'short'"):
        ffi.for_bytes(lib.total, total, 3)
    with pytest.raises(TypeError):
        ffi.for_bytes(lib.total, total, lib.total_brief, "x")
    with pytest.raises(TypeError):
        ffi.for_bytes(lib.total)
