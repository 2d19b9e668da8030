"""``ffi.errno``: the C library's errno as the last call left it, per thread."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import pytest

CDEF = """
int fail_with(int);
int get_errno(void);
double fail_double(double, int);
struct pair { int a, b; };
struct pair fail_struct(int);
int call_back(int (*)(int), int);
"""
SOURCE = """
#include <errno.h>
int fail_with(int e) { errno = e; return -1; }
int get_errno(void) { return errno; }
double fail_double(double x, int e) { errno = e; return x; }
struct pair { int a, b; };
struct pair fail_struct(int e) { struct pair p = {1, 2}; errno = e; return p; }
int call_back(int (*f)(int), int x) { errno = 11; int r = f(x); return errno * 1000 + r; }
"""


def test_errno_after_a_call(ffi: Any, lib: Any) -> None:
    lib.fail_with(errno.ENOENT)
    assert ffi.errno == errno.ENOENT
    lib.fail_double(1.5, errno.EPERM)
    assert ffi.errno == errno.EPERM
    lib.fail_struct(errno.EINTR)
    assert ffi.errno == errno.EINTR
    ffi.addressof(lib, "fail_with")(errno.EACCES)
    assert ffi.errno == errno.EACCES


def test_errno_is_given_to_the_next_call(ffi: Any, lib: Any) -> None:
    ffi.errno = errno.EBADF
    assert lib.get_errno() == errno.EBADF
    assert ffi.errno == errno.EBADF
    ffi.errno = 0
    assert lib.get_errno() == 0


def test_errno_survives_python_code(ffi: Any, lib: Any) -> None:
    lib.fail_with(99)
    with pytest.raises(OSError):
        Path("/there/is/no/such/file").stat()
    [str(n) for n in range(1000)]
    assert ffi.errno == 99


def test_errno_is_kept_per_thread(ffi: Any, lib: Any) -> None:
    seen: dict[int, int] = {}
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        lib.fail_with(number)
        barrier.wait()
        seen[number] = ffi.errno
        barrier.wait()
        ffi.errno = number + 100
        barrier.wait()
        seen[number + 100] = lib.get_errno()

    lib.fail_with(77)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {n: n for n in [*range(1, 9), *range(101, 109)]}
    assert ffi.errno == 77


def test_a_new_thread_starts_with_zero(ffi: Any, lib: Any) -> None:
    lib.fail_with(5)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(ffi.errno))
    thread.start()
    thread.join()
    assert seen == [0]


def test_errno_in_callbacks(ffi: Any, lib: Any) -> None:
    seen: list[int] = []

    @ffi.callback("int(int)")
    def callback(x: int) -> int:
        seen.append(ffi.errno)
        ffi.errno = 13
        return x

    assert lib.call_back(callback, 5) == 13005
    assert seen == [11]


@pytest.mark.parametrize("value", ["5", None, 1.5])
def test_errno_is_an_int(ffi: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        ffi.errno = value


def test_errno_out_of_range(ffi: Any) -> None:
    with pytest.raises(OverflowError):
        ffi.errno = 1 << 40
