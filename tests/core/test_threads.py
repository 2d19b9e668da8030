"""Threads: calls overlap, and nothing is shared that should not be."""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable

from ffi_harness import Builder, collect

CDEF = """
typedef struct { int x, y; } point;
int wait_for(int *);
int add(int, int);
point make(int, int);
int count_up(void);
int call(int (*)(int), int);
int rendezvous(int);
"""
SOURCE = """
#include <pthread.h>
#include <time.h>
typedef struct { int x, y; } point;
/* Return 1 when somebody has set the flag; 0 after a minute in which nobody did. */
int wait_for(int *flag) {
    struct timespec pause = {0, 1000000L};
    for (int n = 0; n < 60000; n++) { if (__atomic_load_n(flag, __ATOMIC_SEQ_CST)) return 1; nanosleep(&pause, 0); }
    return 0;
}
int add(int a, int b) { return a + b; }
point make(int x, int y) { point p = {x, y}; return p; }
int count_up(void) { static int n; return __atomic_add_fetch(&n, 1, __ATOMIC_SEQ_CST); }
int call(int (*f)(int), int x) { return f(x); }
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting, rounds;
/* Return 1 when `n` threads are inside at once; 0 after a minute without them. */
int rendezvous(int n) {
    struct timespec limit; int ok = 1;
    clock_gettime(CLOCK_REALTIME, &limit); limit.tv_sec += 60;
    pthread_mutex_lock(&lock);
    int round = rounds;
    if (++waiting == n) { waiting = 0; rounds++; pthread_cond_broadcast(&changed); }
    else while (rounds == round) if (pthread_cond_timedwait(&changed, &lock, &limit)) { waiting--; ok = 0; break; }
    pthread_mutex_unlock(&lock);
    return ok;
}
"""


def run(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(n)`` in ``count`` threads at once; give the results, or raise the first exception."""
    results: list[Any] = [None] * count
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def target(number: int) -> None:
        try:
            barrier.wait()
            results[number] = work(number)
        except BaseException as error:  # noqa: BLE001  # the main thread raises it
            failures.append(error)

    threads = [threading.Thread(target=target, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


def test_calls_run_at_the_same_time(lib: Any) -> None:
    assert run(4, lambda n: lib.rendezvous(4)) == [1] * 4


def test_calls_through_pointers_run_at_the_same_time(ffi: Any, lib: Any) -> None:
    function = ffi.addressof(lib, "rendezvous")
    assert run(3, lambda n: function(3)) == [1] * 3


def test_python_runs_while_c_waits(ffi: Any, lib: Any) -> None:
    flag = ffi.new("int *")
    timer = threading.Timer(0.01, lambda: flag.__setitem__(0, 1))
    timer.start()
    assert lib.wait_for(flag) == 1
    timer.join()


def test_many_calls_in_many_threads(lib: Any) -> None:
    def work(number: int) -> int:
        return sum(lib.add(number, n) for n in range(2000))

    assert run(8, work) == [2000 * n + 1999000 for n in range(8)]


def test_struct_results_in_many_threads(lib: Any) -> None:
    def work(number: int) -> bool:
        return all((p.x, p.y) == (number, n) for n in range(500) for p in [lib.make(number, n)])

    assert all(run(8, work))


def test_the_first_use_in_many_threads(ffi: Any) -> None:
    def work(number: int) -> Any:
        return [ffi.typeof(f"int(*)(int[{n}], point *)") for n in range(1, 100)]

    results = run(8, work)
    assert all(a is b for result in results for a, b in zip(result, results[0]))


def test_attributes_of_lib_in_many_threads(built: Any, builder: Any) -> None:
    cdef = "".join(f"int f{n}(int);" for n in range(50))
    source = "".join(f"int f{n}(int x) {{ return x + {n}; }}\n" for n in range(50))
    fresh = builder.build(built.mode, cdef, source)
    assert run(8, lambda number: [getattr(fresh.lib, f"f{n}")(number) for n in range(50)]) == [
        [number + n for n in range(50)] for number in range(8)
    ]


def test_shared_arrays_in_many_threads(ffi: Any) -> None:
    array = ffi.new("int[8]")

    def work(number: int) -> None:
        for _ in range(3000):
            array[number] += 1

    run(8, work)
    assert list(array) == [3000] * 8


def test_shared_callbacks_in_many_threads(ffi: Any, lib: Any) -> None:
    callback = ffi.callback("int(int)", lambda x: x * 2)
    assert run(8, lambda number: sum(lib.call(callback, n) for n in range(300))) == [89700] * 8


def test_objects_die_in_other_threads(ffi: Any) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        for n in range(200):
            owned = ffi.gc(ffi.new("int *", n), lambda p: seen.append(p[0]))
            handle = ffi.new_handle(owned)
            assert ffi.from_handle(handle) is owned

    run(6, work)
    collect()
    assert sorted(seen) == sorted(list(range(200)) * 6)


def test_release_in_several_threads(ffi: Any) -> None:
    def release_in_four() -> list[int]:
        seen: list[int] = []
        owned = ffi.gc(ffi.new("int *"), lambda pointer: seen.append(1))
        run(4, lambda number: ffi.release(owned))
        return seen

    for _ in range(50):
        assert release_in_four() == [1]


LAYOUTS = "\n".join(
    f"struct s{n} {{ struct inner{n} {{ int x; struct s{n} *next; }} a, b; enum e{n} {{ E{n} = {n} }} e; }};"
    for n in range(60)
)


def test_threads_ask_for_a_layout_at_the_same_time(builder: Builder, mode: str) -> None:
    """Python code runs while a struct is laid out: the threads take turns meanwhile."""
    built = builder.build(mode, LAYOUTS, LAYOUTS)  # which no other test has looked at
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for n in range(60):

            def work(_: int, n: int = n) -> Any:
                p = built.ffi.new(f"struct s{n} *", {"b": [5], "e": n})
                return p.b.x, p.e, built.ffi.sizeof(f"struct s{n}"), built.ffi.typeof(f"enum e{n}").elements

            assert run(6, work) == [(5, n, 40, {n: f"E{n}"})] * 6
    finally:
        sys.setswitchinterval(interval)


def test_everything_is_shared_by_many_threads(ffi: Any, lib: Any) -> None:
    """One ffi, one lib, one struct and one callback, used, made and dropped in all threads at the same time."""
    shared = ffi.new("point[8]")
    inner = ffi.callback("int(int)", lambda x: x + 1)

    def work(number: int) -> list[Any]:
        wrong: list[Any] = []
        mine = shared + number
        for n in range(200):
            array = ffi.new(f"point[{n + 1}]")
            array[n] = (number, n)
            mine.x, mine.y = number, n
            copy, made = array[n], lib.make(number, n)
            own = ffi.callback("int(int)", lambda x, n=n: lib.call(inner, x) + n)
            handle = ffi.new_handle(wrong)
            checks = {
                "call": lib.call(own, number) == number + 1 + n,
                "item": (copy.x, copy.y) == (number, n),
                "member": (shared[number].x, shared[number].y) == (number, n),
                "result": (made.x, made.y) == (number, n),
                "handle": ffi.from_handle(handle) is wrong,
                "type": ffi.typeof(f"point(*)[{n + 1}]") is ffi.typeof(ffi.addressof(array)),
                "length": len(array) == n + 1,
            }
            wrong += [(n, name) for name, is_right in checks.items() if not is_right]
        return wrong

    assert run(8, work) == [[]] * 8
