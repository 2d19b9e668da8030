"""Subinterpreters: the package and generated modules in several interpreters of one process."""

from __future__ import annotations

import sys
import textwrap
from typing import Any

import pytest

from ffi_harness import IS_ORACLE, run_python

pytestmark = [
    pytest.mark.skipif(IS_ORACLE, reason="differs from CFFI: its modules are for one interpreter"),
    pytest.mark.skipif(sys.implementation.name != "cpython", reason="CPython has subinterpreters"),
]

CDEF = """
extern "Python" int on_number(int);
int run_number(int);
int run_in_thread(int);
"""
SOURCE = """
#include <pthread.h>
static int on_number(int);
static int run_number(int x) { return on_number(x); }
static void *run(void *p) { *(int *)p = on_number(*(int *)p); return 0; }
static int run_in_thread(int x) { pthread_t t; pthread_create(&t, 0, run, &x); pthread_join(t, 0); return x; }
"""
ABI_CDEF = """
int apply_many(int (*)(int), int);
int in_thread(int (*)(int), int);
void keep(int (*)(int));
int call_kept(int);
"""
ABI_SOURCE = """
#include <pthread.h>
typedef int (*unary)(int);
int apply_many(unary f, int n) { int s = 0; for (int i = 0; i < n; i++) s += f(i); return s; }
struct job { unary f; int x; };
static void *run(void *p) { struct job *j = p; j->x = j->f(j->x); return 0; }
int in_thread(unary f, int x) {
    pthread_t t; struct job j = {f, x}; pthread_create(&t, 0, run, &j); pthread_join(t, 0); return j.x;
}
static unary kept;
void keep(unary f) { kept = f; }
int call_kept(int x) { return kept(x); }
"""

# `create(own_gil)`, `run(interpreter, code)` and `destroy(interpreter)` of every version.
INTERPRETERS = """
import sys, threading
if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    def create(own_gil=True):
        return interpreters.create("isolated" if own_gil else "legacy")
    def run(interpreter, code):
        failed = interpreters.exec(interpreter, code)
        if failed is not None:
            raise RuntimeError(failed.errdisplay)
else:
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
    def create(own_gil=True):
        return interpreters.create(isolated=own_gil) if sys.version_info >= (3, 10) else interpreters.create()
destroy = interpreters.destroy
"""

PRELUDE = """
import sys
sys.path[:0] = {path!r}
import importlib.util
import ffi_core
spec = importlib.util.spec_from_file_location({name!r}, {file!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
ffi, lib = module.ffi, module.lib
abi = ffi_core.FFI()
abi.cdef({cdef!r})
library = abi.dlopen({library!r})
"""


@pytest.fixture(scope="module")
def prelude(builder: Any) -> str:
    """Give code that imports what the tests use."""
    name, file = builder.generated(CDEF, SOURCE)
    library = builder.shared_library(ABI_SOURCE)
    return PRELUDE.format(path=sys.path, name=name, file=str(file), cdef=ABI_CDEF, library=str(library))


def check(prelude: str, code: str) -> str:
    """Run ``code`` in a process; in it, ``PRELUDE`` is the code for subinterpreters."""
    done = run_python(f"{INTERPRETERS}\nPRELUDE = {prelude!r}\n{textwrap.dedent(code)}")
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout + done.stderr


WORK = """
@ffi.def_extern()
def on_number(x):
    return x + NUMBER
assert [lib.run_number(n) for n in range(100)] == [n + NUMBER for n in range(100)]
callback = abi.callback("int(int)", lambda x: x + NUMBER)
assert library.apply_many(callback, 1000) == 499500 + 1000 * NUMBER
p = ffi.new("int[3]", [1, 2, NUMBER])
assert list(p) == [1, 2, NUMBER] and ffi.typeof(p) is ffi.typeof("int[3]")
"""


@pytest.mark.parametrize("own_gil", [True, False])
def test_each_has_its_own_functions(prelude: str, own_gil: bool) -> None:
    check(
        prelude,
        f"""
        WORK = {WORK!r}
        exec("NUMBER = 0" + PRELUDE + WORK)
        made = [create({own_gil}) for _ in range(3)]
        for number, interpreter in enumerate(made, 1):
            run(interpreter, f"NUMBER = {{number}}" + PRELUDE)
            run(interpreter, "assert lib.run_number(5) == 0")  # nothing was attached here yet
            run(interpreter, WORK)
        for number, interpreter in enumerate(made, 1):
            run(interpreter, "assert lib.run_number(5) == 5 + NUMBER")
        assert lib.run_number(5) == 5
        for interpreter in made:
            destroy(interpreter)
        assert lib.run_number(5) == 5
        again = create({own_gil})
        run(again, "NUMBER = 77" + PRELUDE)
        run(again, "assert lib.run_number(5) == 0")
        run(again, WORK)
        destroy(again)
        """,
    )


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 12), reason="CPython 3.12 crashes when two of them import pathlib at once"
)
def test_in_threads_at_the_same_time(prelude: str) -> None:
    check(
        prelude,
        f"""
        failures = []
        def work(number):
            interpreter = create()
            try:
                run(interpreter, f"NUMBER = {{number}}" + PRELUDE)
                for _ in range(20):
                    run(interpreter, {WORK!r})
            except BaseException as error:
                failures.append(error)
            finally:
                destroy(interpreter)
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert not failures, failures
        """,
    )


def test_a_callback_of_another_interpreter_gives_the_error_value(prelude: str) -> None:
    output = check(
        prelude,
        """
        exec(PRELUDE)
        callback = abi.callback("int(int)", lambda x: x + 1, error=-7)
        library.keep(callback)
        assert library.call_kept(1) == 2
        other = create()
        run(other, PRELUDE + "assert library.call_kept(1) == -7")
        destroy(other)
        assert library.call_kept(1) == 2
        """,
    )
    assert "a callback of another interpreter" in output


def test_a_callback_that_outlives_its_interpreter_gives_the_error_value(prelude: str) -> None:
    output = check(
        prelude,
        """
        exec(PRELUDE)
        first = create()
        run(first, PRELUDE + '''
        callback = abi.callback("int(int)", lambda x: x + 1, error=-7)
        library.keep(callback)
        assert library.call_kept(1) == 2
        python = ffi_core.FFI()
        python.cdef("void Py_IncRef(void *);", release_gil=False)
        python.dlopen(None).Py_IncRef(python.cast("void *", id(callback)))  # nothing frees it
        '''.replace("        ", ""))
        destroy(first)
        assert library.call_kept(1) == -7
        for _ in range(3):
            another = create()  # which may well lie where the first one lay
            run(another, PRELUDE + "assert library.call_kept(1) == -7")
            destroy(another)
        """,
    )
    assert "a callback of another interpreter" in output


def test_foreign_threads_belong_to_the_main_interpreter(prelude: str) -> None:
    output = check(
        prelude,
        """
        exec(PRELUDE)
        ffi.def_extern(name="on_number")(lambda x: -x)
        other = create()
        run(other, PRELUDE + '''
        ffi.def_extern(name="on_number")(lambda x: 2 * x)
        assert lib.run_number(5) == 10
        assert lib.run_in_thread(5) == -5
        callback = abi.callback("int(int)", lambda x: x, error=-7)
        assert library.in_thread(callback, 5) == -7
        '''.replace("        ", ""))
        destroy(other)
        """,
    )
    assert "in a thread that Python did not start" in output
