"""``ffi.callback``: C calls Python."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any, Callable

import pytest

from ffi_harness import ours_only

CDEF = """
typedef struct { int x, y; } point;
typedef struct { double a, b, c; } triple;
enum color { RED, GREEN = 5 };
typedef int (*unary)(int);
int apply(int (*)(int), int);
int apply_many(unary, int);
double apply_double(double (*)(double, float), double, float);
long long apply_wide(long long (*)(long long, unsigned char, short), long long, unsigned char, short);
char apply_char(char (*)(char), char);
_Bool apply_bool(_Bool (*)(_Bool), _Bool);
enum color apply_enum(enum color (*)(enum color), enum color);
int apply_pointer(int *(*)(int *), int *);
int apply_text(int (*)(char *));
int apply_point(point (*)(point, point *), int, int);
double apply_triple(triple (*)(triple));
double apply_twelve(double (*)(int, double, int, double, int, double, int, double, int, double, int, double));
float apply_25(float (*)(FIVE, FIVE, FIVE, FIVE, FIVE));
int64_t apply_45(int64_t (*)(FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE));
void apply_void(void (*)(void *), void *);
unsigned char apply_small(unsigned char (*)(signed char), signed char);
void sort_ints(int *, size_t, int (*)(const void *, const void *));
void keep(unary);
int call_kept(int);
int in_thread(unary, int);
int in_threads(unary, int);
int nested(unary, int);
""".replace("FIVE", "signed char, float, unsigned short, double, void *")
SOURCE = r"""
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#define FIVE signed char, float, unsigned short, double, void *
#define GIVE(n) (signed char)-(n), (n) + 0.5f, (unsigned short)(65535 - (n)), (n) * 1e100, (char *)0 + (n)
typedef struct { int x, y; } point;
typedef struct { double a, b, c; } triple;
enum color { RED, GREEN = 5 };
typedef int (*unary)(int);
int apply(int (*f)(int), int x) { return f(x); }
int apply_many(unary f, int n) { int s = 0; for (int i = 0; i < n; i++) s += f(i); return s; }
double apply_double(double (*f)(double, float), double x, float y) { return f(x, y); }
long long apply_wide(long long (*f)(long long, unsigned char, short), long long x, unsigned char y, short z) { return f(x, y, z); }
char apply_char(char (*f)(char), char x) { return f(x); }
_Bool apply_bool(_Bool (*f)(_Bool), _Bool x) { return f(x); }
enum color apply_enum(enum color (*f)(enum color), enum color x) { return f(x); }
int apply_pointer(int *(*f)(int *), int *p) { int *r = f(p); return r ? *r : -1; }
int apply_text(int (*f)(char *)) { return f("some text"); }
int apply_point(point (*f)(point, point *), int x, int y) {
    point p = {x, y}, q = {10 * x, 10 * y}, r = f(p, &q); return r.x * 1000 + r.y + q.x;
}
double apply_triple(triple (*f)(triple)) { triple t = {1, 2, 3}; t = f(t); return t.a + 10 * t.b + 100 * t.c; }
double apply_twelve(double (*f)(int, double, int, double, int, double, int, double, int, double, int, double)) {
    return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
}
float apply_25(float (*f)(FIVE, FIVE, FIVE, FIVE, FIVE)) { return f(GIVE(1), GIVE(2), GIVE(3), GIVE(4), GIVE(5)); }
int64_t apply_45(int64_t (*f)(FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE, FIVE)) {
    return f(GIVE(1), GIVE(2), GIVE(3), GIVE(4), GIVE(5), GIVE(6), GIVE(7), GIVE(8), GIVE(9));
}
void apply_void(void (*f)(void *), void *p) { f(p); }
unsigned char apply_small(unsigned char (*f)(signed char), signed char x) { return f(x); }
void sort_ints(int *p, size_t n, int (*f)(const void *, const void *)) { qsort(p, n, sizeof(int), f); }
static unary kept;
void keep(unary f) { kept = f; }
int call_kept(int x) { return kept(x); }
struct job { unary f; int x; int result; };
static void *run(void *p) { struct job *j = p; j->result = j->f(j->x); return 0; }
int in_thread(unary f, int x) {
    pthread_t t; struct job j = {f, x, -1};
    if (pthread_create(&t, 0, run, &j)) return -2;
    pthread_join(t, 0);
    return j.result;
}
int in_threads(unary f, int n) {
    pthread_t t[16]; struct job j[16]; int s = 0;
    for (int i = 0; i < n; i++) { j[i].f = f; j[i].x = i; j[i].result = -1; if (pthread_create(&t[i], 0, run, &j[i])) return -2; }
    for (int i = 0; i < n; i++) { pthread_join(t[i], 0); s += j[i].result; }
    return s;
}
int nested(unary f, int depth) { return f(depth); }
"""


def test_arguments_and_results(ffi: Any, lib: Any) -> None:
    assert lib.apply(ffi.callback("int(int)", lambda x: x + 1), 41) == 42
    assert lib.apply_many(ffi.callback("int(int)", lambda x: x), 101) == 5050
    assert lib.apply_double(ffi.callback("double(double, float)", lambda x, y: x * y), 1.5, 4.0) == 6.0
    assert (
        lib.apply_wide(
            ffi.callback("long long(long long, unsigned char, short)", lambda x, y, z: x + y + z), -(1 << 62), 255, -300
        )
        == -(1 << 62) - 45
    )
    assert lib.apply_char(ffi.callback("char(char)", lambda c: c.upper()), b"q") == b"Q"
    assert lib.apply_bool(ffi.callback("_Bool(_Bool)", lambda flag: not flag), True) is False
    assert lib.apply_enum(ffi.callback("enum color(enum color)", lambda c: 5 - c), lib.RED) == lib.GREEN
    assert lib.apply_small(ffi.callback("unsigned char(signed char)", lambda x: x + 200), -100) == 100
    assert lib.apply_small(ffi.callback("unsigned char(signed char)", lambda x: 255), 0) == 255


def recorder(seen: list[Any], result: Any) -> Callable[..., Any]:
    """Make a function that appends its arguments, as a tuple, to ``seen`` and gives ``result``."""

    def record(*args: Any) -> Any:
        seen.append(args)
        return result

    return record


def test_argument_types(ffi: Any, lib: Any) -> None:
    seen: list[Any] = []
    lib.apply_double(ffi.callback("double(double, float)", recorder(seen, 0.0)), 0.1, 0.1)
    assert seen == [(0.1, 0.10000000149011612)]
    texts: list[bytes] = []

    def on_text(text: Any) -> int:
        texts.append(ffi.string(text))
        return len(texts)

    assert lib.apply_text(ffi.callback("int(char *)", on_text)) == 1
    assert texts == [b"some text"]
    flags: list[Any] = []
    lib.apply_bool(ffi.callback("_Bool(_Bool)", recorder(flags, True)), 1)
    assert flags[0][0] is True


def test_many_arguments(ffi: Any, lib: Any) -> None:
    ctype = "double(" + ", ".join(["int, double"] * 6) + ")"
    seen: list[Any] = []
    callback = ffi.callback(ctype, recorder(seen, 78.5))
    assert lib.apply_twelve(callback) == 78.5
    assert seen == [tuple(range(1, 13))]
    assert [type(x) for x in seen[0]] == [int, float] * 6


@pytest.mark.parametrize(
    ("name", "fives", "result", "answer"), [("apply_25", 5, "float", 2.5), ("apply_45", 9, "int64_t", -(1 << 40))]
)
def test_arguments_in_all_registers_and_on_the_stack(
    ffi: Any, lib: Any, name: str, fives: int, result: str, answer: Any
) -> None:
    seen: list[Any] = []
    five = ["signed char", "float", "unsigned short", "double", "void *"]
    callback = ffi.callback(f"{result}({', '.join(five * fives)})", recorder(seen, answer))
    expected = tuple(
        value for n in range(1, fives + 1) for value in (-n, n + 0.5, 65535 - n, n * 1e100, ffi.cast("void *", n))
    )
    assert getattr(lib, name)(callback) == answer
    assert callback(*expected) == answer
    assert seen == [expected, expected]


def test_pointers(ffi: Any, lib: Any) -> None:
    number = ffi.new("int *", 7)
    assert lib.apply_pointer(ffi.callback("int *(int *)", lambda p: p), number) == 7
    assert lib.apply_pointer(ffi.callback("int *(int *)", lambda p: ffi.NULL), number) == -1
    assert lib.apply_pointer(ffi.callback("int *(int *)", lambda p: p + 1), ffi.new("int[2]", [1, 2])) == 2


def test_structs_by_value(ffi: Any, lib: Any) -> None:
    def swap(p: Any, q: Any) -> Any:
        assert (p.x * 10, p.y * 10) == (q.x, q.y)
        q.x = 5
        return (p.y, p.x)

    assert lib.apply_point(ffi.callback("point(point, point *)", swap), 3, 4) == 4008
    result = ffi.new("point *", (1, 2))
    assert lib.apply_point(ffi.callback("point(point, point *)", lambda p, q: result[0]), 0, 0) == 1002
    assert lib.apply_triple(ffi.callback("triple(triple)", lambda t: (t.c, t.b, t.a))) == 123.0
    assert lib.apply_triple(ffi.callback("triple(triple)", lambda t: t)) == 321.0


@ours_only("CFFI hands out a reference to memory that the call owns")
def test_struct_arguments_may_be_kept(ffi: Any, lib: Any) -> None:
    kept: list[Any] = []
    lib.apply_triple(ffi.callback("triple(triple)", recorder(kept, (0, 0, 0))))
    lib.apply_triple(ffi.callback("triple(triple)", lambda t: (9, 9, 9)))
    ((triple,),) = kept
    assert (triple.a, triple.b, triple.c) == (1, 2, 3)


def test_void(ffi: Any, lib: Any) -> None:
    seen: list[Any] = []
    handle = ffi.new_handle(seen)
    callback = ffi.callback("void(void *)", lambda p: ffi.from_handle(p).append("called"))
    lib.apply_void(callback, handle)
    assert seen == ["called"]


def test_void_with_a_result_is_reported_or_ignored(ffi: Any, lib: Any) -> None:
    assert lib.apply_void(ffi.callback("void(void *)", lambda p: None), ffi.NULL) is None


def test_as_a_decorator(ffi: Any, lib: Any) -> None:
    @ffi.callback("int(int)")
    def triple(x: int) -> int:
        return 3 * x

    assert isinstance(triple, ffi.CData)
    assert lib.apply(triple, 5) == 15

    @ffi.callback("int(int)", error=-7)
    def fail(x: int) -> int:
        raise ValueError

    assert ffi.typeof(fail) is ffi.typeof("int(*)(int)")


def test_types_of_callbacks(ffi: Any, lib: Any) -> None:
    for ctype in ("int(int)", "int(*)(int)", "unary", ffi.typeof("unary")):
        callback = ffi.callback(ctype, lambda x: x)
        assert ffi.typeof(callback) is ffi.typeof("int(*)(int)")
        assert callback(5) == 5
        assert lib.apply(callback, 6) == 6


@ours_only("CFFI's compiled modes stop at the qualifier")
def test_function_types_that_start_with_a_qualifier(ffi: Any) -> None:
    callback = ffi.callback("int(const int, const char *)", lambda x, text: x)
    assert callback(5, b"text") == 5


def test_wrong_types_for_callbacks(ffi: Any) -> None:
    for ctype in ("int", "int *", "int[5]", "point"):
        with pytest.raises(TypeError):
            ffi.callback(ctype, lambda x: x)
    for wrong in (5, None, "text"):
        if wrong is not None:
            with pytest.raises(TypeError):
                ffi.callback("int(int)", wrong)
    with pytest.raises((TypeError, NotImplementedError)):
        ffi.callback("int(int, ...)", lambda *args: 0)


def test_the_wrong_function_type_is_refused(ffi: Any, lib: Any) -> None:
    with pytest.raises(TypeError):
        lib.apply(ffi.callback("int(long)", lambda x: x), 1)
    with pytest.raises(TypeError):
        lib.apply(lambda x: x, 1)


def test_sorting(ffi: Any, lib: Any) -> None:
    def compare(a: Any, b: Any) -> int:
        left, right = ffi.cast("int *", a)[0], ffi.cast("int *", b)[0]
        return int(left > right) - int(left < right)

    numbers = ffi.new("int[]", [5, 3, 9, -1, 7, 3])
    lib.sort_ints(numbers, 6, ffi.callback("int(*)(const void *, const void *)", compare))
    assert list(numbers) == [-1, 3, 3, 5, 7, 9]


# Exceptions


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is reported because it cannot be raised."""
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda info: seen.append(info.exc_type))
    return seen


def was_reported(reported: list[Any], capfd: pytest.CaptureFixture[str], kind: type[BaseException]) -> bool:
    return kind in reported or kind.__name__ in capfd.readouterr().err


def test_exceptions_give_zero_and_are_reported(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(x: int) -> int:
        raise ZeroDivisionError("in the callback")

    assert lib.apply(ffi.callback("int(int)", fail), 5) == 0
    assert was_reported(reported, capfd, ZeroDivisionError)
    assert lib.apply_pointer(ffi.callback("int *(int *)", fail), ffi.new("int *")) == -1
    assert lib.apply_triple(ffi.callback("triple(triple)", fail)) == 0.0
    assert lib.apply_void(ffi.callback("void(void *)", fail), ffi.NULL) is None


def test_error_is_the_result_after_an_exception(ffi: Any, lib: Any, reported: list[Any]) -> None:
    def fail(*args: Any) -> Any:
        raise KeyError

    assert lib.apply(ffi.callback("int(int)", fail, error=-42), 5) == -42
    assert lib.apply(ffi.callback("int(int)", fail, -43), 5) == -43
    assert lib.apply_double(ffi.callback("double(double, float)", fail, error=2.5), 0, 0) == 2.5
    assert lib.apply_triple(ffi.callback("triple(triple)", fail, error=(1, 2, 3))) == 321.0
    with pytest.raises((TypeError, OverflowError)):
        ffi.callback("int(int)", fail, error="wrong")
    with pytest.raises(OverflowError):
        ffi.callback("int(int)", fail, error=1 << 31)


def test_wrong_results_are_exceptions(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    for value, kind in (("text", TypeError), (None, TypeError), (1.5, TypeError), (1 << 31, OverflowError)):
        assert lib.apply(ffi.callback("int(int)", lambda x, value=value: value, error=-1), 5) == -1
        assert was_reported(reported, capfd, kind)
        reported.clear()


def test_wrong_argument_count_is_an_exception(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    assert lib.apply(ffi.callback("int(int)", lambda: 5, error=-1), 5) == -1
    assert was_reported(reported, capfd, TypeError)


def test_onerror_gets_the_exception(ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[Any] = []

    def fail(x: int) -> int:
        raise LookupError(x)

    def onerror(kind: Any, value: Any, traceback: Any) -> None:
        seen.append((kind, value.args, traceback.tb_frame.f_code.co_name))

    assert lib.apply(ffi.callback("int(int)", fail, error=-1, onerror=onerror), 5) == -1
    assert seen == [(LookupError, (5,), "fail")]
    assert not reported
    assert "LookupError" not in capfd.readouterr().err


def test_onerror_may_give_the_result(ffi: Any, lib: Any, reported: list[Any]) -> None:
    def fail(x: int) -> int:
        raise LookupError

    assert lib.apply(ffi.callback("int(int)", fail, error=-1, onerror=lambda *error: 99), 5) == 99
    assert lib.apply(ffi.callback("int(int)", fail, error=-1, onerror=lambda *error: None), 5) == -1
    with pytest.raises(TypeError):
        ffi.callback("int(int)", fail, onerror=5)


def test_a_failing_onerror_is_reported(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(x: int) -> int:
        raise LookupError

    def onerror(*error: Any) -> None:
        raise BufferError

    assert lib.apply(ffi.callback("int(int)", fail, error=-1, onerror=onerror), 5) == -1
    assert was_reported(reported, capfd, BufferError)


def test_an_onerror_of_another_type_is_reported(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(x: int) -> int:
        raise LookupError

    assert lib.apply(ffi.callback("int(int)", fail, error=-1, onerror=lambda *error: "no int"), 5) == -1
    assert was_reported(reported, capfd, TypeError)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_no_exception_crosses_c(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str], error: type[BaseException]
) -> None:
    def fail(x: int) -> int:
        raise error

    assert lib.apply(ffi.callback("int(int)", fail, error=-1), 5) == -1
    assert was_reported(reported, capfd, error)


# Lifetime


def test_a_callback_lives_as_long_as_its_object(ffi: Any, lib: Any) -> None:
    def work(x: int) -> int:
        return x + 1

    reference = weakref.ref(work)
    callback = ffi.callback("int(int)", work)
    del work
    gc.collect()
    assert reference() is not None
    lib.keep(callback)
    assert lib.call_kept(1) == 2
    del callback
    gc.collect()
    assert reference() is None


def test_a_callback_in_a_cycle_is_collected(ffi: Any) -> None:
    class Owner:
        def work(self, x: int) -> int:
            return x

    owner = Owner()
    owner.callback = ffi.callback("int(int)", owner.work)  # type: ignore[attr-defined]
    reference = weakref.ref(owner)
    del owner
    gc.collect()
    assert reference() is None


def test_many_callbacks(ffi: Any, lib: Any) -> None:
    callbacks = [ffi.callback("int(int)", lambda x, n=n: x + n) for n in range(1000)]
    assert all(lib.apply(callback, 1) == n + 1 for n, callback in enumerate(callbacks))
    assert len({int(ffi.cast("uintptr_t", callback)) for callback in callbacks}) == 1000


def test_nested_calls(ffi: Any, lib: Any) -> None:
    @ffi.callback("int(int)")
    def recurse(depth: int) -> int:
        return 0 if depth == 0 else 1 + lib.nested(recurse, depth - 1)

    assert lib.nested(recurse, 50) == 50


# Threads


def test_from_a_thread_that_c_created(ffi: Any, lib: Any) -> None:
    threads: list[int] = []

    @ffi.callback("int(int)")
    def work(x: int) -> int:
        threads.append(threading.get_ident())
        return x * 2

    assert lib.in_thread(work, 21) == 42
    assert threads[0] != threading.get_ident()
    for _ in range(20):
        assert lib.in_threads(work, 16) == 240


def test_an_exception_in_a_thread_that_c_created(
    ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(x: int) -> int:
        raise ZeroDivisionError

    assert lib.in_thread(ffi.callback("int(int)", fail, error=-9), 1) == -9
    assert was_reported(reported, capfd, ZeroDivisionError)


def test_from_several_python_threads(ffi: Any, lib: Any) -> None:
    callback = ffi.callback("int(int)", lambda x: x)
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(lib.apply_many(callback, 500))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [124750] * 8


def test_calling_a_callback_from_python(ffi: Any) -> None:
    callback = ffi.callback("int(int, char *)", lambda x, text: x + len(ffi.string(text)))
    assert callback(1, b"four") == 5
    with pytest.raises(TypeError):
        callback(1)
    with pytest.raises(TypeError):
        callback("1", b"")
