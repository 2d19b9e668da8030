"""``ffi.callback`` without memory that is made executable: static trampolines, and what comes when all are in use."""

from __future__ import annotations

import platform
import sys
import textwrap

import pytest

from ffi_harness import IS_ORACLE, Finished, run_python

HAS_TRAMPOLINES = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64") and sys.maxsize > 2**32

pytestmark = [
    pytest.mark.skipif(IS_ORACLE, reason="differs from CFFI: it has what libffi has"),
    pytest.mark.skipif(sys.implementation.name != "cpython", reason="PyPy's own backend makes its callbacks"),
    pytest.mark.skipif(not HAS_TRAMPOLINES, reason="for ELF systems on x86-64 and AArch64"),
]

# More than there are, with those that are kept for C that calls what was freed.
ALL = 5000

START = """
import gc, os, sys, threading
from ffi_harness import new_ffi
ffi = new_ffi()

def executable_and_writable():
    with open("/proc/self/maps") as maps:
        return [line for line in maps if line.split()[1].startswith("rwx")]

def adders(count, ctype="int(int)"):
    return [ffi.callback(ctype, lambda x, n=n: x + n) for n in range(count)]

def right(callbacks):
    return all(callback(1) == n + 1 for n, callback in enumerate(callbacks))

"""

# A filter of system calls: no memory can be mapped executable, or made so, from now on.
FORBID = """
import platform
mmap, mprotect = {"x86_64": (9, 10), "aarch64": (222, 226)}[platform.machine()]
ffi.cdef('''
    struct sock_filter { unsigned short code; unsigned char jt, jf; unsigned int k; };
    struct sock_fprog { unsigned short len; struct sock_filter *filter; };
    int prctl(int, unsigned long, void *, unsigned long, unsigned long);
''')
program = ffi.new("struct sock_filter[]", [
    (0x20, 0, 0, 0),           # the number of the call
    (0x15, 1, 0, mmap),
    (0x15, 0, 3, mprotect),
    (0x20, 0, 0, 32),          # its third argument, the low half
    (0x45, 0, 1, 4),           # PROT_EXEC?
    (0x06, 0, 0, 0x00050001),  # EPERM
    (0x06, 0, 0, 0x7FFF0000),  # allowed
])
c = ffi.dlopen(None)
zero = ffi.NULL
if c.prctl(38, 1, zero, 0, 0) or c.prctl(22, 2, ffi.new("struct sock_fprog *", (len(program), program)), 0, 0):
    print("NO FILTER")
    sys.exit()
"""


def run(code: str) -> Finished:
    """Run ``code`` after ``START``; it must end well."""
    done = run_python(START + textwrap.dedent(code), timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def test_no_memory_is_both_written_and_executed() -> None:
    done = run(
        """
        before = executable_and_writable()
        callbacks = adders(1000)
        others = adders(300, "double(double)") + adders(300, "float(float)") + adders(300, "int64_t(unsigned char)")
        print(right(callbacks), all(other(1) >= 1 for other in others), executable_and_writable() == before)
        """
    )
    assert done.stdout == "True True True\n", done.stderr


def test_where_executable_memory_is_forbidden() -> None:
    done = run(
        FORBID
        + """
callbacks = adders(3000)
print(right(callbacks))
try:
    callbacks += adders(3000)
except MemoryError as error:
    print(error)
print(right(callbacks))
del callbacks
gc.collect()
print(right(adders(3000)))
"""
    )
    if done.stdout == "NO FILTER\n":
        pytest.skip("this system allows no filters of system calls")
    told = "cannot make a callback: thousands are alive, and the system gave no executable memory. "
    told += 'In API mode, extern "Python" needs none'
    assert done.stdout == f"True\n{told}\nTrue\nTrue\n", done.stderr


def test_more_than_there_are_trampolines() -> None:
    done = run(
        f"""
        for _ in range(3):
            callbacks = adders({ALL})
            print(right(callbacks), end=" ")
            del callbacks[::2]
            print(all(callback(1) == 2 * n + 2 for n, callback in enumerate(callbacks)), end=" ")
        """
    )
    assert done.stdout == "True " * 6, done.stderr


def test_a_callback_freed_long_ago_gives_zero_until_its_place_is_needed() -> None:
    done = run(
        """
        callback = ffi.callback("int(int)", lambda x: x, error=-9)
        kept = ffi.cast("int(*)(int)", ffi.cast("intptr_t", callback))
        print(kept(5))
        del callback
        print(kept(5))
        for _ in range(3):
            assert right(adders(400))
        print(kept(5))
        """
    )
    assert done.stdout == "5\n-9\n0\n"
    assert "has been freed" in done.stderr
    assert "was freed long ago; zero is returned" in done.stderr


def test_threads_take_and_give_back_at_once() -> None:
    done = run(
        f"""
        before = executable_and_writable()
        wrong = []
        def work(seed):
            for turn in range(30):
                callbacks = adders(100 + seed)
                if not right(callbacks):
                    wrong.append((seed, turn))
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(wrong, executable_and_writable() == before, right(adders({ALL})))
        """
    )
    assert done.stdout == "[] True True\n", done.stderr


def test_a_forked_process_has_its_own() -> None:
    done = run(
        """
        callbacks = adders(100)
        child = os.fork()
        if child == 0:
            more = adders(3000)
            fine = right(callbacks) and right(more)
            os._exit(7 if fine and not executable_and_writable() else 1)
        more = adders(200)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, right(callbacks), right(more))
        """
    )
    assert done.stdout == "7 True True\n", done.stderr


def test_subinterpreters_give_theirs_back() -> None:
    done = run(
        """
try:
    import _interpreters as interpreters
    execute = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    execute = interpreters.run_string
before = executable_and_writable()
path = sys.path
code = f'''
import sys
sys.path[:0] = {path!r}
import gc, ffi_core
ffi = ffi_core.FFI()
callbacks = [ffi.callback("int(int)", lambda x, n=n: x + n) for n in range(400)]
assert all(callback(1) == n + 1 for n, callback in enumerate(callbacks))
del callbacks
gc.collect()
'''
mine = adders(100)
for _ in range(20):
    interpreter = interpreters.create()
    failed = execute(interpreter, code)
    assert failed is None, failed
    interpreters.destroy(interpreter)
more = adders(2000)
print(right(mine), right(more), executable_and_writable() == before)
"""
    )
    assert done.stdout == "True True True\n", done.stderr
