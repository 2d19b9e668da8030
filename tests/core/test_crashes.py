"""What would crash C raises in Python.  Each case has a process of its own: a signal fails one test only."""

from __future__ import annotations

import pytest

from ffi_harness import IS_ORACLE, assert_raises_not_crashes, run_python

pytestmark = pytest.mark.skipif(IS_ORACLE, reason="CFFI crashes in most of these cases")

DECLARE = """
ffi.cdef('''
    typedef struct { int x, y; } point;
    typedef struct node { struct node *next; point at; point *far; int items[4]; unsigned bit : 3; char name[4]; } node;
    size_t strlen(const char *);
    void *malloc(size_t);
    double cos(double);
    double fabs(double);
    int abs(int);
    void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
''')
lib = ffi.dlopen(None)
"""

NULL_CASES = {
    "read an item": "ffi.cast('int *', 0)[0]",
    "read a far item": "ffi.cast('int *', 0)[1000]",
    "write an item": "ffi.cast('int *', 0)[0] = 1",
    "read a field": "ffi.cast('point *', 0).y",
    "write a field": "ffi.cast('point *', 0).y = 1",
    "read a bit-field": "ffi.cast('node *', 0).bit",
    "write a bit-field": "ffi.cast('node *', 0).bit = 1",
    "read a struct item": "ffi.cast('point *', 0)[0]",
    "write a struct item": "ffi.cast('point *', 0)[0] = (1, 2)",
    "read through a null field": "ffi.new('node *').next.next.next",
    "read a pointer field's field": "ffi.new('node *').far.x",
    "read a nested struct": "ffi.cast('node *', 0).at.x",
    "read a nested array": "ffi.cast('node *', 0).items[1]",
    "slice": "list(ffi.cast('int *', 0)[0:3])",
    "assign a slice": "ffi.cast('int *', 0)[0:3] = [1, 2, 3]",
    "string": "ffi.string(ffi.cast('char *', 0))",
    "unpack": "ffi.unpack(ffi.cast('int *', 0), 3)",
    "buffer": "ffi.buffer(ffi.cast('int *', 0))[:]",
    "sized buffer": "ffi.buffer(ffi.NULL, 10)[:]",
    "memmove to": "ffi.memmove(ffi.cast('char *', 0), b'abc', 3)",
    "memmove from": "ffi.memmove(bytearray(3), ffi.cast('char *', 0), 3)",
    "call": "ffi.cast('int(*)(int)', 0)(5)",
    "call a void function": "ffi.cast('void(*)(void)', 0)()",
    "call a variadic function": "ffi.cast('int(*)(int, ...)', 0)(5)",
    "call a struct function": "ffi.cast('point(*)(point)', 0)((1, 2))",
    "a row of an array": "list(ffi.cast('int(*)[3]', 0)[0])",
    "handle": "ffi.from_handle(ffi.NULL)",
}


@pytest.mark.parametrize("code", NULL_CASES.values(), ids=NULL_CASES)
def test_through_null(code: str) -> None:
    message = assert_raises_not_crashes(DECLARE + code, "RuntimeError")
    assert "NULL" in message or "null" in message


RELEASED_CASES = {
    "read": "p = ffi.new('int *'); ffi.release(p); p[0]",
    "write": "p = ffi.new('int *'); ffi.release(p); p[0] = 1",
    "array": "a = ffi.new('int[1000000]'); ffi.release(a); a[999999]",
    "field": "s = ffi.new('node *'); ffi.release(s); s.bit",
    "write a field": "s = ffi.new('node *'); ffi.release(s); s.bit = 1",
    "slice": "a = ffi.new('int[1000000]'); ffi.release(a); a[0:10]",
    "iterate": "a = ffi.new('int[1000000]'); i = iter(a); next(i); ffi.release(a); list(i)",
    "string": "a = ffi.new('char[]', b'x' * 1000000); ffi.release(a); ffi.string(a)",
    "unpack": "a = ffi.new('int[1000000]'); ffi.release(a); ffi.unpack(a, 10)",
    "memmove": "a = ffi.new('char[1000000]'); ffi.release(a); ffi.memmove(a, b'abc', 3)",
    "argument": "a = ffi.new('char[]', b'x' * 1000000); ffi.release(a); lib.strlen(a)",
    "argument in a list": "a = ffi.new('char[]', b'x'); ffi.release(a); ffi.new('char *[]', [a])",
    "arithmetic": "a = ffi.new('int[1000000]'); ffi.release(a); (a + 5)[0]",
    "gc": "p = ffi.gc(lib.malloc(10), lambda p: None); q = ffi.cast('char *', p); ffi.release(p); ffi.string(p)",
    "from_buffer": "b = ffi.from_buffer(bytearray(1000000)); ffi.release(b); b[5]",
    "after with": "with ffi.new('int[1000000]') as a:\n    pass\na[5] = 1",
}


@pytest.mark.parametrize("code", RELEASED_CASES.values(), ids=RELEASED_CASES)
def test_released_memory(code: str) -> None:
    assert_raises_not_crashes(DECLARE + code, "ValueError", "RuntimeError", "TypeError")


CLOSED_CASES = {
    "function by name": "m.cos",
    "function kept": "f(1.0)",
    "pointer kept": "p(1.0)",
    "new name": "m.fabs",
    "address": "ffi.addressof(m, 'cos')",
}


@pytest.mark.parametrize("code", CLOSED_CASES.values(), ids=CLOSED_CASES)
def test_closed_library(code: str) -> None:
    opened = (
        DECLARE
        + "m = ffi.dlopen('libm.so.6'); f = m.cos; p = ffi.addressof(m, 'cos')\nassert f(0.0) == p(0.0) == 1.0\nffi.dlclose(m)\n"
    )
    if code.startswith(
        "p("
    ):  # a pointer's library is not known to be closed once it is only an address: it may still work
        code = "p(1.0); raise ValueError('it still works')"
    assert_raises_not_crashes(opened + code, "ValueError", "RuntimeError", "AttributeError")


HANDLE_CASES = {
    "invented": "ffi.from_handle(ffi.cast('void *', 0x1234))",
    "odd": "ffi.from_handle(ffi.cast('void *', -1))",
    "memory": "p = ffi.new('void *[4]'); ffi.from_handle(ffi.cast('void *', p))",
    "dead": "h = ffi.new_handle([1]); p = ffi.cast('void *', int(ffi.cast('uintptr_t', h))); del h; __import__('ffi_harness').collect(); ffi.from_handle(p)",
    "next to one": "h = ffi.new_handle([1]); ffi.from_handle(ffi.cast('void *', h) + 8)",
}


@pytest.mark.parametrize("code", HANDLE_CASES.values(), ids=HANDLE_CASES)
def test_wrong_handles(code: str) -> None:
    assert_raises_not_crashes(code, "RuntimeError", "ValueError", "SystemError", "TypeError")


DEEP_CASES = {
    "stars": "ffi.typeof('int' + '*' * 100000)",
    "open parentheses": "ffi.typeof('int' + '(' * 10000)",
    "nested parentheses": "ffi.typeof('int ' + '(' * 10000 + '*' + ')' * 10000)",
    "nested functions": "ffi.typeof('int(*' * 5000 + ')(int)' * 5000)",
    "function parameters": "ffi.typeof('int(*)(' * 5000 + 'int' + ')' * 5000)",
    "brackets": "ffi.typeof('int' + '[1]' * 100000)",
    "open brackets": "ffi.typeof('int' + '[' * 100000)",
    "long name": "ffi.typeof('x' * 10000000)",
    "huge length": "ffi.typeof('int[' + '9' * 100000 + ']')",
    "many words": "ffi.typeof('int ' * 100000)",
    "deep initialiser": "x = []\nfor _ in range(100000): x = [x]\nffi.new('int[1][1]', x)",
    "recursive initialiser": "x = []; x.append(x); ffi.new('int[1][1][1][1]', x)",
    "recursive struct": "x = {}; x['at'] = x; ffi.new('node *', x)",
    "cdef stars": "ffi.cdef('int ' + '*' * 50000 + 'f(void);')",
    "cdef parentheses": "ffi.cdef('int ' + '(' * 20000 + 'f' + ')' * 20000 + '(void);')",
    "cdef braces": "ffi.cdef('struct a {' * 5000)",
    "cdef expression": "ffi.cdef('enum { A = ' + '(' * 20000 + '1' + ')' * 20000 + '};'); ffi.dlopen(None).A + 'x'",
}
ALLOWED_DEEP = (
    "CDefError",
    "FFIError",
    "error",
    "ValueError",
    "TypeError",
    "RecursionError",
    "OverflowError",
    "MemoryError",
    "IndexError",
    "KeyError",
)


@pytest.mark.parametrize("code", DEEP_CASES.values(), ids=DEEP_CASES)
def test_deep_and_long_input(code: str) -> None:
    done = "\nraise ValueError('it was taken')"
    assert_raises_not_crashes(DECLARE + code + done, *ALLOWED_DEEP)


HUGE_CASES = {
    "array": "ffi.new('int[]', 1 << 60)",
    "array beyond": "ffi.new('int[]', 1 << 63)",
    "far beyond": "ffi.new('int[]', 1 << 100)",
    "product overflows": "ffi.new('int[4294967296][4294967296]')",
    "product wraps to small": "ffi.new('int[][4611686018427387904]', 4)",
    "char": "ffi.new('char[]', (1 << 63) - 1)",
    "structs": "ffi.new('node[]', 1 << 58)",
    "type": "ffi.sizeof('char[9223372036854775807][9]')",
    "from_buffer": "ffi.from_buffer('int[1000000000000]', bytearray(4))",
    "unpack": "ffi.unpack(ffi.new('int[2]'), 1 << 61)",
    "unpack unknown": "ffi.unpack(ffi.cast('int *', ffi.new('int[2]')), (1 << 63) - 1)",
    "memmove": "ffi.memmove(ffi.new('char[4]'), b'abcd', 1 << 62)",
    "slice": "a = ffi.new('int[4]')[0:1 << 62]",
    "item": "ffi.new('int[4]')[1 << 62]",
    "pointer item": "p = ffi.new('int[4]') + 0; p[1 << 61] = 5",
    "pointer sum": "p = ffi.new('int[4]') + (1 << 62)",
    "flexible": "ffi.cdef('struct flex { int n; int items[]; };'); ffi.new('struct flex *', [1, 1 << 62])",
    "string limit": "ffi.string(ffi.new('char[4]', b'abcd'), 1 << 70)",
}


@pytest.mark.parametrize("code", HUGE_CASES.values(), ids=HUGE_CASES)
def test_huge_sizes(code: str) -> None:
    kinds = ("MemoryError", "OverflowError", "ValueError", "IndexError", "TypeError", "FFIError", "CDefError", "error")
    assert_raises_not_crashes(DECLARE + code, *kinds)


HOSTILE_CASES = {
    "list shrinks while it is converted": """
class Evil:
    def __float__(self):
        values.clear()
        return 1.0
values = [Evil()] + [2.0] * 1000
ffi.new('double[]', values)
""",
    "list shrinks while it is an argument": """
ffi.cdef('double frexp(double, int *); int strncmp(const char *, const char *, size_t);')
class Evil:
    def __index__(self):
        values.clear()
        return 1
values = [Evil()] + [2] * 1000
lib.frexp(1.0, values)
""",
    "dict changes while it is converted": """
class Evil:
    def __index__(self):
        values.clear(); values.update({str(n): n for n in range(1000)})
        return 1
values = {'x': Evil(), 'y': 2}
ffi.new('point *', values)
""",
    "memory is released while it is converted": """
a = ffi.new('int[1000000]')
class Evil:
    def __index__(self):
        ffi.release(a)
        return 1
a[5] = Evil()
""",
    "memory is released while a slice is assigned": """
a = ffi.new('int[1000000]')
def evil():
    yield 1
    ffi.release(a)
    yield 2
    yield 3
a[0:3] = evil()
""",
    "a bytearray shrinks under a buffer": """
data = bytearray(1000000)
view = ffi.from_buffer(data)
data.clear()
""",
    "a bytes subclass": """
class Evil(bytes):
    def __len__(self): return 1 << 40
    def __getitem__(self, i): raise ZeroDivisionError
assert lib.strlen(Evil(b'abc')) == 3
""",
    "a list that lies about its length": """
class Evil(list):
    def __len__(self): return 1 << 62
lib.strlen(Evil([b'a', b'\\0']))
""",
    "keys that are no strings": "ffi.new('point *', {b'x': 1})",
    "a destructor that fails": """
import sys
sys.unraisablehook = lambda info: None
p = ffi.gc(ffi.new('int *'), lambda p: 1 / 0)
ffi.release(p)
""",
    "attributes of types that are not there": "ffi.typeof('point').item",
    "a destructor that revives": """
kept = []
p = ffi.gc(ffi.new('int *', 5), kept.append)
del p
assert kept[0][0] == 5
""",
}


@pytest.mark.parametrize("code", HOSTILE_CASES.values(), ids=HOSTILE_CASES)
def test_hostile_objects(code: str) -> None:
    kinds = (
        "TypeError",
        "ValueError",
        "RuntimeError",
        "IndexError",
        "KeyError",
        "BufferError",
        "ZeroDivisionError",
        "AttributeError",
        "NotImplementedError",
    )
    assert_raises_not_crashes(DECLARE + code + "\nraise ValueError('it was taken')", *kinds)


UNINITIALISED_CASES = {
    "CData": "ffi.CData.__new__(ffi.CData)",
    "CType": "ffi.CType.__new__(ffi.CType)",
    "owning": "type(ffi.new('int *')).__new__(type(ffi.new('int *')))",
    "object.__new__": "object.__new__(type(ffi.new('int *')))",
    "lib": "type(lib).__new__(type(lib))",
    "function": "type(lib.abs).__new__(type(lib.abs))",
    "field": "type(ffi.typeof('point').fields[0][1])()",
    "buffer": "ffi.buffer.__new__(ffi.buffer)",
    "class change": "p = ffi.new('int *'); q = ffi.cast('int', 1); q.__class__ = type(p); q[0]",
}


@pytest.mark.parametrize("code", UNINITIALISED_CASES.values(), ids=UNINITIALISED_CASES)
def test_objects_are_not_made_unfinished(code: str) -> None:
    assert_raises_not_crashes(DECLARE + code, "TypeError", "AttributeError")


def finish(code: str) -> str:
    done = run_python("from ffi_core import FFI\nffi = FFI()\n" + code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_exit_with_everything_alive() -> None:
    code = (
        DECLARE
        + """
import builtins
builtins.kept = [
    ffi, lib, lib.abs, ffi.new('int *'), ffi.gc(ffi.new('int *'), lambda p: print("gone", flush=True)), ffi.new_handle(ffi),
    ffi.callback('int(int)', lambda x: x), ffi.from_buffer(bytearray(5)), ffi.buffer(ffi.new('int *')), ffi.typeof('point'),
]
kept.append(kept)
print("end")
"""
    )
    assert finish(code).startswith("end")


def test_exit_while_threads_call() -> None:
    code = (
        DECLARE
        + """
import threading, time
ffi.cdef('int usleep(unsigned);')
lib = ffi.dlopen(None)
def work():
    while True:
        lib.usleep(100)
        ffi.new('int[10]')
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
print("end")
"""
    )
    assert finish(code) == "end\n"


def test_fork_after_use() -> None:
    code = (
        DECLARE
        + """
import os
callback = ffi.callback('int(*)(const void *, const void *)', lambda a, b: 0)
numbers = ffi.new('int[]', [2, 1])
lib.qsort(numbers, 2, 4, callback)
child = os.fork()
if child == 0:
    lib.qsort(numbers, 2, 4, callback)
    other = ffi.callback('int(*)(const void *, const void *)', lambda a, b: -1)
    lib.qsort(numbers, 2, 4, other)
    os._exit(7)
_, status = os.waitpid(child, 0)
assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7, status
lib.qsort(numbers, 2, 4, callback)
print("end")
"""
    )
    assert finish(code) == "end\n"


def test_deep_recursion_through_callbacks_is_a_recursion_error_or_works() -> None:
    code = """
import sys
sys.unraisablehook = lambda info: None
sys.setrecursionlimit(300)
f = None
def recurse(n):
    return f(n + 1) if n < 10000 else n
f = ffi.callback('int(int)', recurse, error=-1)
print(f(0) in (-1, 10000))
"""
    assert finish(code) == "True\n"


def test_the_library_stays_while_its_functions_live() -> None:
    code = (
        DECLARE
        + """
import gc
f = ffi.dlopen('libm.so.6').cos
gc.collect()
assert f(0.0) == 1.0
print("end")
"""
    )
    assert finish(code) == "end\n"
