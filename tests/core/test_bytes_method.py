"""``bytes_method``: methods for which C stands in, where they are called with ``bytes``; it gives bytes back."""

from __future__ import annotations

import gc
import inspect
import sys
import weakref
from typing import Any

import pytest

from ffi_harness import ours_only

pytestmark = ours_only("CFFI has no bytes_method")
cpython_only = pytest.mark.skipif(
    sys.implementation.name == "pypy", reason="bytes_method gives the Python method itself"
)

CDEF = """
struct mask { unsigned char value; int calls; int released; };
ptrdiff_t mask_bytes(struct mask *mask, const void *data, size_t size, char **result);
ptrdiff_t of_char(struct mask *mask, const char *data, size_t size, const char **result);
void give_back(void *memory);
extern int given_back;

ptrdiff_t too_few(struct mask *mask, const void *data, size_t size);
ptrdiff_t too_many(struct mask *mask, const void *data, size_t size, char **result, int more);
size_t without_failure(struct mask *mask, const void *data, size_t size, char **result);
ptrdiff_t short_size(struct mask *mask, const void *data, short size, char **result);
ptrdiff_t by_number(int mask, const void *data, size_t size, char **result);
ptrdiff_t doubles(struct mask *mask, const double *data, size_t size, char **result);
ptrdiff_t single(struct mask *mask, const void *data, size_t size, char *result);
ptrdiff_t endless(struct mask *mask, const void *data, size_t size, char **result, ...);
int give_number(void *memory);
"""
SOURCE = """
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
struct mask { unsigned char value; int calls; int released; };
int given_back;
ptrdiff_t mask_bytes(struct mask *mask, const void *data, size_t size, char **result)
{
    const unsigned char *next = data;
    char *made;
    mask->calls++;
    if (size == 1) { *result = (char *)"one is not enough"; return -7; }
    if (size == 2) return -8;
    if (size == 3) return 3; /* no result: nothing */
    made = malloc(size + 1);
    if (made == NULL) return -9;
    for (size_t i = 0; i < size; i++) made[i] = (char)(next[i] ^ mask->value);
    *result = made;
    return (ptrdiff_t)size;
}
ptrdiff_t of_char(struct mask *mask, const char *data, size_t size, const char **result)
{
    (void)data;
    *result = "0123456789";
    return (ptrdiff_t)size + mask->value;
}
void give_back(void *memory) { given_back++; free(memory); }
ptrdiff_t too_few(struct mask *mask, const void *data, size_t size) { (void)mask; (void)data; (void)size; return 0; }
ptrdiff_t too_many(struct mask *m, const void *d, size_t s, char **r, int n) { (void)m; (void)d; (void)s; (void)r; return n; }
size_t without_failure(struct mask *m, const void *d, size_t s, char **r) { (void)m; (void)d; (void)r; return s; }
ptrdiff_t short_size(struct mask *m, const void *d, short s, char **r) { (void)m; (void)d; (void)r; return s; }
ptrdiff_t by_number(int m, const void *d, size_t s, char **r) { (void)d; (void)s; (void)r; return m; }
ptrdiff_t doubles(struct mask *m, const double *d, size_t s, char **r) { (void)m; (void)d; (void)s; (void)r; return 0; }
ptrdiff_t single(struct mask *m, const void *d, size_t s, char *r) { (void)m; (void)d; (void)s; (void)r; return 0; }
ptrdiff_t endless(struct mask *m, const void *d, size_t s, char **r, ...) { (void)m; (void)d; (void)s; (void)r; return 0; }
int give_number(void *memory) { return memory != NULL; }
"""


def otherwise(self: Any, data: Any, /, more: int = 0) -> Any:
    """Mask the bytes."""
    return ("python", bytes(data), more)


class FailedError(Exception):
    pass


def failed(self: Any, number: int, words: Any) -> Any:
    if number == -8:
        return ("failed", self, words)
    raise FailedError(self, number, words)


@pytest.fixture
def masked(ffi: Any, lib: Any) -> Any:
    """Make an object whose method is made of ``mask_bytes``, with the mask 1."""

    class Masked:
        mask_bytes = ffi.bytes_method(lib.mask_bytes, "mask", otherwise, failed, lib.give_back)

        def __init__(self) -> None:
            self.mask = ffi.new("struct mask *", [1])

    return Masked()


@cpython_only
def test_bytes_go_to_c(masked: Any, lib: Any) -> None:
    before = lib.given_back
    assert masked.mask_bytes(b"abcd") == b"`cbe"
    assert masked.mask_bytes(b"\0" * 100_000) == b"\1" * 100_000
    assert masked.mask_bytes(b"") == b""
    assert type(masked).mask_bytes(masked, b"abcd") == b"`cbe"
    bound = masked.mask_bytes
    assert bound(b"abcd") == b"`cbe"
    assert masked.mask.calls == 5
    assert lib.given_back == before + 5


@cpython_only
def test_no_memory_is_no_bytes(masked: Any, lib: Any) -> None:
    before = lib.given_back
    assert masked.mask_bytes(b"abc") == b""
    assert lib.given_back == before


@cpython_only
def test_failures(masked: Any, lib: Any) -> None:
    before = lib.given_back
    with pytest.raises(FailedError) as caught:
        masked.mask_bytes(b"a")
    assert caught.value.args == (masked, -7, b"one is not enough")
    assert masked.mask_bytes(b"ab") == ("failed", masked, None)
    assert lib.given_back == before


@cpython_only
def test_without_release(ffi: Any, lib: Any) -> None:
    class Digits:
        digits = ffi.bytes_method(lib.of_char, "mask", otherwise, failed)
        mask = ffi.new("struct mask *", [2])

    assert Digits().digits(b"abc") == b"01234"
    assert Digits.digits(Digits, b"") == b"01"


def test_the_rest_goes_to_python(masked: Any) -> None:
    assert masked.mask_bytes(bytearray(b"abcd")) == ("python", b"abcd", 0)
    assert masked.mask_bytes(memoryview(b"abcd")) == ("python", b"abcd", 0)
    assert masked.mask_bytes(b"abcd", 1) == ("python", b"abcd", 1)
    assert masked.mask_bytes(b"abcd", more=2) == ("python", b"abcd", 2)
    for wrong in ((), ("text",)):
        with pytest.raises(TypeError):
            masked.mask_bytes(*wrong)


@cpython_only
def test_what_is_no_pointer_of_the_type_goes_to_python(ffi: Any, masked: Any) -> None:
    gone = ffi.gc(ffi.new("struct mask *"), lambda _mask: None)
    ffi.release(gone)
    released = ffi.new("struct mask *")
    ffi.release(released)
    for wrong in (None, 5, ffi.NULL, ffi.cast("struct mask *", 0), ffi.new("int *"), gone, released):
        masked.mask = wrong
        assert masked.mask_bytes(b"abcd") == ("python", b"abcd", 0)
    del masked.mask
    with pytest.raises(AttributeError, match="mask"):
        masked.mask_bytes(b"abcd")


@cpython_only
def test_pointers_of_every_owner(ffi: Any, masked: Any) -> None:
    owner = masked.mask
    for pointer in (ffi.gc(owner, lambda _mask: None), ffi.cast("struct mask *", owner), ffi.addressof(owner[0])):
        masked.mask = pointer
        assert masked.mask_bytes(b"abcd") == b"`cbe"


def test_it_looks_like_the_method(masked: Any) -> None:
    method = type(masked).mask_bytes
    assert method.__name__ == "otherwise"
    assert method.__module__ == __name__
    assert method.__doc__ == "Mask the bytes."
    assert inspect.signature(method) == inspect.signature(otherwise)
    assert list(inspect.signature(masked.mask_bytes).parameters) == ["data", "more"]
    assert "otherwise" in repr(method)
    assert masked.mask_bytes.__self__ is masked


@cpython_only
def test_cycles_are_collected(ffi: Any, lib: Any) -> None:
    method = ffi.bytes_method(lib.mask_bytes, "mask", otherwise, failed)
    method.myself = method
    gone = weakref.ref(method)
    del method
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, "text", "'function' must be a function of a library, not str"),
        (1, 5, "'attribute' must be str, not int"),
        (2, None, "'otherwise' must be callable"),
        (3, None, "'failed' must be callable"),
        (4, 5, "'release' must be a function of a library, not int"),
    ],
)
def test_refused(ffi: Any, lib: Any, place: int, value: Any, message: str) -> None:
    arguments = [lib.mask_bytes, "mask", otherwise, failed, lib.give_back]
    arguments[place] = value
    with pytest.raises(TypeError, match=message):
        ffi.bytes_method(*arguments)


@pytest.mark.parametrize(
    "name",
    ["too_few", "too_many", "without_failure", "short_size", "by_number", "doubles", "single", "endless", "give_back"],
)
def test_functions_that_do_not_fit(ffi: Any, lib: Any, name: str) -> None:
    with pytest.raises(TypeError, match=r"must be a function 'ptrdiff_t\(T \*"):
        ffi.bytes_method(getattr(lib, name), "mask", otherwise, failed)


@pytest.mark.parametrize("name", ["mask_bytes", "give_number"])
def test_releases_that_do_not_fit(ffi: Any, lib: Any, name: str) -> None:
    with pytest.raises(TypeError, match=r"must be a function 'void\(void \*\)'"):
        ffi.bytes_method(lib.mask_bytes, "mask", otherwise, failed, getattr(lib, name))
