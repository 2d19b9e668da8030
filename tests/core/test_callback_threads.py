"""Callbacks at the edges: threads that Python has never seen, the end of the process, ``fork``, freed callbacks."""

from __future__ import annotations

import gc
import os
import sys
import textwrap
import threading
import weakref
from typing import Any

import pytest

from ffi_harness import Builder, ours_only, run_python

CDEF = """
typedef int (*unary)(int);
int in_thread_times(unary, int);
void start_thread(unary, int);
void next_step(void);
void end_thread(void);
void keep(unary);
int call_kept(int);
void call_at_exit(void);
void call_for_ever(unary, int);
void call_until(int, unary, int);
int fork_and_call(unary, int);
int call(unary, int);
"""
SOURCE = r"""
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
typedef int (*unary)(int);
struct job { unary f; int x; int result; };
static void *run_times(void *p) {
    struct job *j = p;
    for (int i = 0; i < j->x; i++) j->result = j->f(i);
    return 0;
}
/* A thread that calls `f` several times, and has ended. */
int in_thread_times(unary f, int times) {
    pthread_t t; struct job j = {f, times, -1};
    if (pthread_create(&t, 0, run_times, &j)) return -2;
    pthread_join(t, 0);
    return j.result;
}
/* A thread that makes one call per step. */
static struct job stepping; static pthread_t stepper; static sem_t go, done;
static void *run_steps(void *p) {
    (void)p;
    for (int i = 0; i < stepping.x; i++) { sem_wait(&go); stepping.f(i); sem_post(&done); }
    return 0;
}
void start_thread(unary f, int steps) {
    stepping.f = f; stepping.x = steps; sem_init(&go, 0, 0); sem_init(&done, 0, 0);
    pthread_create(&stepper, 0, run_steps, 0);
}
void next_step(void) { sem_post(&go); sem_wait(&done); }
void end_thread(void) { pthread_join(stepper, 0); }
static unary kept;
void keep(unary f) { kept = f; }
int call_kept(int x) { return kept(x); }
static void report(void) {
    printf("at exit: %d in the main thread, %d in another\n", kept(5), in_thread_times(kept, 3)); fflush(stdout);
}
void call_at_exit(void) { atexit(report); }
static void *run_for_ever(void *p) { struct job *j = p; for (;;) j->f(j->x); return 0; }
void call_for_ever(unary f, int threads) {
    pthread_t t; struct job *j = malloc(sizeof *j); j->f = f; j->x = 1;
    while (threads-- > 0) pthread_create(&t, 0, run_for_ever, j);
}
/* Threads that call until they get `last`.  The end of the process says how many of them got that far. */
static pthread_t callers[16]; static int caller_count, last_value, ended;
static void *run_until(void *p) {
    struct job *j = p;
    while (j->f(j->x) != last_value) {}
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    return 0;
}
static void report_ended(void) {
    for (int i = 0; i < caller_count; i++) pthread_join(callers[i], 0);
    printf("%d of %d\n", ended, caller_count); fflush(stdout);
}
void call_until(int last, unary f, int threads) {
    struct job *j = malloc(sizeof *j); j->f = f; j->x = 1; last_value = last; caller_count = threads;
    atexit(report_ended);
    for (int i = 0; i < threads; i++) pthread_create(&callers[i], 0, run_until, j);
}
int fork_and_call(unary f, int x) {
    int status; pid_t child = fork();
    if (child == 0) _exit(f(x));
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
int call(unary f, int x) { return f(x); }
"""


# Threads that Python has never seen.


class Canary:
    """Notes in ``deaths`` where and when it dies."""

    def __init__(self, deaths: list[str]) -> None:
        self.deaths = deaths

    def __del__(self) -> None:
        self.deaths.append("dead")


def test_a_foreign_thread_keeps_its_thread_local_data(ffi: Any, lib: Any) -> None:
    local = threading.local()
    counts: list[int] = []
    deaths: list[str] = []

    @ffi.callback("int(int)")
    def count(x: int) -> int:
        if not hasattr(local, "count"):
            local.count = 0
            local.canary = Canary(deaths)
        local.count += 1
        counts.append(local.count)
        return int(local.count)

    lib.start_thread(count, 3)
    for step in (1, 2, 3):
        lib.next_step()
        assert counts[-1] == step
        assert deaths == ([] if step < 3 else deaths)  # the thread may have ended after its last step
    lib.end_thread()
    assert deaths == ["dead"]
    assert lib.in_thread_times(count, 5) == 5  # another thread has other data
    assert deaths == ["dead"] * 2


def test_foreign_threads_leave_nothing_behind(ffi: Any, lib: Any) -> None:
    deaths: list[str] = []
    local = threading.local()

    def work(x: int) -> int:
        if x == 0:
            local.canary = Canary(deaths)
        return len(sys._current_frames())

    callback = ffi.callback("int(int)", work)
    before = len(sys._current_frames())
    for _ in range(100):
        assert lib.in_thread_times(callback, 2) <= before + 1
    assert len(sys._current_frames()) <= before
    assert len(deaths) == 100


def test_a_foreign_thread_calls_back_and_forth(ffi: Any, lib: Any) -> None:
    @ffi.callback("int(int)")
    def recurse(x: int) -> int:
        return 1 if x <= 0 else 1 + lib.call(recurse, x - 1)

    assert lib.in_thread_times(recurse, 20) == 20


def test_errno_in_a_foreign_thread(ffi: Any, lib: Any) -> None:
    seen: list[int] = []

    @ffi.callback("int(int)")
    def work(x: int) -> int:
        ffi.errno = x + 1
        lib.call(other, x)
        seen.append(ffi.errno)
        return 0

    @ffi.callback("int(int)")
    def other(x: int) -> int:
        seen.append(ffi.errno)
        ffi.errno = 100 + x
        return 0

    ffi.errno = 9
    lib.in_thread_times(work, 2)
    assert seen == [1, 100, 2, 101]
    assert ffi.errno != 101


# The end of the process.


def run_with_library(builder: Builder, code: str) -> Any:
    """Run ``code`` in a process; there, ``ffi`` and ``lib`` are those of this module in ABI mode."""
    library = str(builder.shared_library(SOURCE))
    start = "import os, sys, threading, time\nfrom ffi_harness import new_ffi\nffi = new_ffi()\n"
    return run_python(
        f"{start}ffi.cdef({CDEF!r})\nlib = ffi.dlopen({library!r})\n" + textwrap.dedent(code), timeout=120
    )


@ours_only("CFFI dies")
def test_after_the_end_of_python_callbacks_give_the_error_value(builder: Builder) -> None:
    done = run_with_library(
        builder,
        """
        callback = ffi.callback("int(int)", lambda x: x, error=-7)
        lib.keep(callback)
        lib.call_at_exit()
        assert lib.call_kept(5) == 5
        """,
    )
    assert (done.returncode, done.stdout) == (0, "at exit: -7 in the main thread, -7 in another\n"), done.stderr


@ours_only("CFFI's extern Python needs the interpreter")
def test_after_the_end_of_python_extern_python_gives_the_error_value(builder: Builder) -> None:
    name, path = builder.generated(
        'extern "Python" int on_number(int);\n' + CDEF, "static int on_number(int);\n" + SOURCE
    )
    done = run_python(
        f"""
        from pathlib import Path
        from ffi_harness import load_module
        module = load_module({name!r}, Path({str(path)!r}))
        ffi, lib = module.ffi, module.lib
        ffi.def_extern(name="on_number", error=-7)(lambda x: x)
        lib.keep(lib.on_number)
        lib.call_at_exit()
        assert lib.call_kept(5) == 5
        """
    )
    assert (done.returncode, done.stdout) == (0, "at exit: -7 in the main thread, -7 in another\n"), done.stderr


@pytest.mark.parametrize("ending", ["", "os._exit(0)", "sys.exit(0)", "raise SystemExit"])
def test_the_end_with_threads_that_call(builder: Builder, ending: str) -> None:
    for _ in range(3):
        done = run_with_library(
            builder,
            f"""
            calls = [0]
            @ffi.callback("int(int)")
            def work(x):
                calls[0] += 1
                return x
            lib.call_for_ever(work, 4)
            while calls[0] < 500: time.sleep(0.001)
            print("ending", flush=True)
            {ending}
            """,
        )
        assert (done.returncode, done.stdout) == (0, "ending\n"), done.stderr


@ours_only("CFFI's callbacks are stopped in the middle")
def test_threads_that_call_at_the_end_get_the_error_value(builder: Builder) -> None:
    """Whether they are before the GIL or behind it when Python ends, none is stopped inside C's code."""
    for _ in range(3):
        done = run_with_library(
            builder,
            """
            calls = [0]
            @ffi.callback("int(int)", error=-7)
            def work(x):
                calls[0] += 1
                return x
            lib.call_until(-7, work, 4)
            while calls[0] < 500: time.sleep(0.001)
            """,
        )
        assert (done.returncode, done.stdout) == (0, "4 of 4\n"), done.stderr


# fork.


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_fork_in_a_callback(builder: Builder) -> None:
    done = run_with_library(
        builder,
        """
        def work(x):
            if x != 5:
                return x + 1
            child = os.fork()
            if child == 0:
                os._exit(lib.call(callback, 20) + lib.in_thread_times(callback, 3))
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        callback = ffi.callback("int(int)", work)
        print(lib.call(callback, 5), lib.in_thread_times(callback, 6), flush=True)
        """,
    )
    assert (done.returncode, done.stdout) == (0, "24 24\n"), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_library_that_forks(builder: Builder) -> None:
    done = run_with_library(
        builder,
        """
        callback = ffi.callback("int(int)", lambda x: x + lib.call(other, x))
        other = ffi.callback("int(int)", lambda x: x)
        print([lib.fork_and_call(callback, n) for n in range(5)], lib.call(callback, 3))
        """,
    )
    assert (done.returncode, done.stdout) == (0, "[0, 2, 4, 6, 8] 6\n"), done.stderr


# Freed callbacks.


@ours_only("CFFI crashes")
def test_a_freed_callback_gives_its_error_value(ffi: Any, lib: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def compute(x: int) -> int:
        return x

    callback = ffi.callback("int(int)", compute, error=-9)
    alive = weakref.ref(callback)
    lib.keep(callback)
    assert lib.call_kept(5) == 5
    del callback
    gc.collect()
    assert alive() is None
    assert lib.call_kept(5) == -9
    message = capfd.readouterr().err
    assert "compute' of type 'int(int)'" in message
    assert "has been freed" in message
    assert "Keep the object that ffi.callback() returned" in message


@ours_only("CFFI crashes")
def test_a_freed_callback_is_harmless_while_others_come_and_go(
    ffi: Any, lib: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    lib.keep(ffi.callback("int(int)", lambda x: x, error=-9))
    for _ in range(200):
        assert lib.call(ffi.callback("int(int)", lambda x: x + 1), 1) == 2
    assert lib.call_kept(5) == -9
    assert "has been freed" in capfd.readouterr().err


def test_a_callback_that_frees_itself(ffi: Any, lib: Any) -> None:
    callbacks: dict[str, Any] = {}

    def work(x: int) -> int:
        callbacks.clear()
        gc.collect()
        return x + 1

    callbacks["it"] = ffi.callback("int(int)", work)
    lib.keep(callbacks["it"])
    assert lib.call_kept(5) == 6


# Messages.


@pytest.mark.parametrize("wrong", ["1 / 0", "'text'", "2 ** 40", "None"])
def test_messages_name_the_function(
    ffi: Any, lib: Any, wrong: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)  # pytest has put one of its own there
    scope: dict[str, Any] = {}
    exec(f"def misbehaves(x):\n    return {wrong}", scope)
    assert lib.call(ffi.callback("int(int)", scope["misbehaves"], error=-3), 1) == -3
    message = capfd.readouterr().err
    assert "misbehaves" in message
    assert {"1 / 0": "ZeroDivisionError", "2 ** 40": "OverflowError"}.get(wrong, "TypeError") in message
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda info: seen.append((info.exc_type, info.err_msg)))
    assert lib.call(ffi.callback("int(int)", scope["misbehaves"], error=-3), 1) == -3
    ((kind, shown),) = seen
    assert issubclass(kind, Exception)
    assert shown.startswith(f"Exception ignored from cffi callback {scope['misbehaves']!r}")


# All at once.


def test_stress(builder: Builder) -> None:
    done = run_with_library(
        builder,
        """
        import gc, random
        failures = []
        stop = time.monotonic() + 2

        def work(seed):
            chance = random.Random(seed)
            kept = []
            try:
                while time.monotonic() < stop:
                    number = chance.randrange(1000)
                    class Node: pass
                    node = Node()
                    def body(x, node=node, number=number):
                        if chance.random() < 0.02:
                            gc.collect(0)
                        return lib.call(inner, x) + number if x else number
                    inner = ffi.callback("int(int)", lambda x: x)
                    node.callback = ffi.callback("int(int)", body, error=-1)  # a cycle
                    for x in range(5):
                        if lib.call(node.callback, x) != x + number:
                            failures.append("call")
                    if lib.in_thread_times(node.callback, 4) != 3 + number:
                        failures.append("thread")
                    if chance.random() < 0.3:
                        kept.append(node.callback)
                    del kept[:-20]
            except BaseException as error:
                failures.append(repr(error))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        collector = threading.Thread(target=lambda: [gc.collect() for _ in iter(lambda: time.monotonic() < stop, False)])
        for thread in [*threads, collector]: thread.start()
        for thread in [*threads, collector]: thread.join()
        print(failures[:5])
        """,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr[-3000:]
