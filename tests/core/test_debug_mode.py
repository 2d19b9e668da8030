"""FFI_CORE_DEBUG=1: the report at exit, and pointers from C that are traced to the memory they point into."""

from __future__ import annotations

import textwrap

import pytest

from ffi_harness import IS_ORACLE, Finished, run_python

pytestmark = pytest.mark.skipif(IS_ORACLE, reason="CFFI has no debug mode")

START = """
from ffi_core import FFI
ffi = FFI()
ffi.cdef('''
    struct node { int value; struct node *next; };
    char *strchr(const char *, int);
    size_t strlen(const char *);
    void *malloc(size_t);
    void free(void *);
''')
lib = ffi.dlopen(None)
def address(cdata):
    return int(ffi.cast("uintptr_t", cdata))
def attempt(function):
    try:
        print(function())
    except Exception as error:
        print(type(error).__name__, error)
"""
FIRST_LINE = START.count("\n") + 1


def run(body: str, debug: str = "1") -> Finished:
    done = run_python(START + textwrap.dedent(body), env={"FFI_CORE_DEBUG": debug})
    assert done.returncode == 0, done.stderr
    return done


def lines(body: str, debug: str = "1") -> list[str]:
    return run(body, debug).stdout.splitlines()


# The report.


def test_nothing_is_reported_where_all_is_released() -> None:
    done = run("""
        p = ffi.new("int *")
        ffi.release(p)
        with ffi.new("int[10]") as q:
            pass
        del q
        g = ffi.gc(lib.malloc(1), lib.free)
        ffi.release(g)
        g = ffi.gc(lib.malloc(1), lib.free)
        g = None
        g = ffi.gc(lib.malloc(1), lib.free)
        ffi.gc(g, None)
        h = ffi.new_handle([])
        del h
        b = ffi.from_buffer(bytearray(5))
        ffi.release(b)
        c = ffi.callback("int(int)", abs)
        del c
        new = ffi.new_allocator(lib.malloc, lib.free)
        a = new("int[3]")
        ffi.release(a)
        del a
        n = ffi.cast("int", 5)
        m = ffi.cast("struct node *", 16)
    """)
    assert not done.stderr


def test_what_is_held_is_reported_with_its_place() -> None:
    done = run("""
        held = [ffi.new("int[10]") for _ in range(3)]
        handle = ffi.new_handle(held)
        owner = ffi.gc(lib.malloc(8), lib.free)
        buffer = ffi.from_buffer("int[]", bytearray(8))
        callback = ffi.callback("int(int)", abs)
        allocated = ffi.new_allocator(lib.malloc, lib.free)("char[7]")
    """)
    place = f"<string>:{FIRST_LINE + 1}"
    first, *rest = done.stderr.splitlines()
    assert first == "ffi_core: 8 objects were still held at exit:"
    assert rest[0] == f"  3 x ffi.new of 'int[10]', 120 bytes, made at {place}"
    assert {line.split(" made at ")[0] for line in rest[1:]} == {
        "  1 x ffi.new_handle of 'void *',",
        "  1 x ffi.gc of 'void *',",
        "  1 x ffi.from_buffer of 'int[]', 8 bytes,",
        "  1 x ffi.callback of 'int(*)(int)',",
        "  1 x ffi.new_allocator of 'char[7]', 7 bytes,",
    }


def test_what_waits_for_the_collector_is_not_reported() -> None:
    done = run("""
        ring = []
        ring.append(ffi.new_handle(ring))
        ring.append(ffi.new("int *"))
        del ring
    """)
    assert not done.stderr


@pytest.mark.parametrize("debug", ["", "0"])
def test_off(debug: str) -> None:
    done = run(
        """
        kept = ffi.new("int *")
        from ffi_core import _native
        assert not hasattr(_native, "_held")
        """,
        debug,
    )
    assert not done.stderr


# Pointers.


def test_reading_past_owned_memory_through_a_pointer_of_c() -> None:
    printed = lines("""
        text = ffi.new("char[]", b"hello")
        p = lib.strchr(text, ord("l"))
        attempt(lambda: (p[0], p[3], p[-2], ffi.string(p)))
        attempt(lambda: p[4])
        attempt(lambda: p[-3])
        attempt(lambda: p[0:5])
        attempt(lambda: ffi.memmove(bytearray(9), p, 5))
    """)
    made = f"(made at <string>:{FIRST_LINE + 1})"
    outside = "bytes of memory that cdata 'char *' points into"
    assert printed[0] == r"(b'l', b'\x00', b'h', b'llo')"
    assert printed[1] == f"IndexError 1 bytes at offset 6 are outside the 6 {outside} {made}"
    assert printed[2] == f"IndexError 1 bytes at offset -1 are outside the 6 {outside} {made}"
    assert printed[3] == f"IndexError 5 bytes at offset 2 are outside the 6 {outside} {made}"
    assert printed[4].startswith("ValueError memmove() of 5 bytes: the source, cdata 'char *', has only 4")


def test_writing_past_owned_memory_through_a_cast_address() -> None:
    printed = lines("""
        numbers = ffi.new("int[2]")
        p = ffi.cast("int *", address(numbers))
        p[1] = 5
        print(numbers[1])
        def write():
            p[2] = 6
        attempt(write)
    """)
    assert printed[0] == "5"
    assert printed[1].startswith("IndexError 4 bytes at offset 8 are outside the 8 bytes")


def test_a_pointer_that_outlived_what_it_points_to() -> None:
    printed = lines("""
        first = ffi.new("struct node *")
        first.next = ffi.new("struct node *", [5])
        attempt(lambda: first.next.value)
        print(first.next)
    """)
    place = f"<string>:{FIRST_LINE + 2}"
    released = "ValueError cdata 'struct node *' was released: its memory cannot be used any more"
    assert printed == [f"{released} (made at {place}, gone at {place})", "<cdata 'struct node *' RELEASED>"]


def test_a_dangling_pointer_is_not_given_to_c() -> None:
    printed = lines("""
        text = ffi.new("char[]", b"hello")
        p = ffi.cast("char *", address(text))
        print(lib.strlen(p))
        ffi.release(text)
        attempt(lambda: lib.strlen(p))
    """)
    assert printed[0] == "5"
    assert printed[1].startswith("ValueError cdata 'char *' was released")
    made = f"(made at <string>:{FIRST_LINE + 1}, gone at <string>:{FIRST_LINE + 4})"
    assert printed[1].endswith(f"{made} (argument 1 of strlen())")


def test_memory_of_c_is_not_traced() -> None:
    printed = lines("""
        p = ffi.cast("char *", lib.malloc(10))
        p[0:3] = b"ab\\0"
        print(ffi.string(p), p[9] is not None)
        lib.free(p)
    """)
    assert printed == ["b'ab' True"]


def test_much_memory_comes_and_goes() -> None:
    """What is kept of the dead is bounded, in blocks and in bytes."""
    done = run("""
        for size in [1] * 30000 + [1 << 20] * 200:
            p = ffi.new("char[]", size)
            q = ffi.cast("char *", address(p))
            q[size - 1] = b"x"
            assert p[size - 1] == b"x"
            try:
                q[size]
            except IndexError:
                pass
            else:
                raise AssertionError
        del p, q
        import pathlib
        status = pathlib.Path("/proc/self/status")
        if status.exists():  # getrusage() counts what the parent had before exec, too
            peak = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
            assert all(int(line.split()[1]) < 250_000 for line in peak), "200 MB came and went"
    """)
    assert not done.stderr


def test_a_handle_used_after_its_object_died() -> None:
    printed = lines("""
        handle = ffi.new_handle([1])
        number = ffi.cast("void *", address(handle))
        attempt(lambda: ffi.from_handle(number))
        del handle
        attempt(lambda: ffi.from_handle(number))
    """)
    assert printed[0] == "[1]"
    assert printed[1].startswith("RuntimeError cdata 'void *' 0x")
    assert printed[1].endswith(f"was not kept (made at <string>:{FIRST_LINE + 1}, gone at <string>:{FIRST_LINE + 4})")


def test_keep_alive_and_debug_mode_together() -> None:
    done = run("""
        ffi.keep_alive = True
        first = ffi.new("struct node *")
        first.next = ffi.new("struct node *", [5])
        attempt(lambda: first.next.value)
        first.next = ffi.NULL
        del first
    """)
    assert done.stdout == "5\n"
    assert not done.stderr


def test_threads() -> None:
    done = run("""
        import threading
        def work():
            for n in range(2000):
                p = ffi.new("struct node *", [n])
                q = ffi.cast("struct node *", address(p))
                assert q.value == n
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    """)
    assert not done.stderr
