"""``extern "Python"``: static callbacks of API mode."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest

from ffi_harness import ours_only

MODES = ("api",)
CDEF = """
typedef struct { int x, y; } point;
extern "Python" int on_number(int);
extern "Python" {
    double on_floats(double, float);
    void on_text(char *, void *);
    point on_point(point, point *);
    int never_defined(int);
}
extern "Python+C" int exported(int);
int run_number(int);
double run_floats(double, float);
void run_text(void *);
int run_point(int, int);
int run_undefined(int);
int run_exported(int);
int run_pointer(int (*)(int), int);
int run_in_thread(int);
"""
SOURCE = """
#include <pthread.h>
typedef struct { int x, y; } point;
static int on_number(int);
static double on_floats(double, float);
static void on_text(char *, void *);
static point on_point(point, point *);
static int never_defined(int);
extern int exported(int);
static int run_number(int x) { return on_number(x); }
static double run_floats(double x, float y) { return on_floats(x, y); }
static void run_text(void *p) { on_text("some text", p); }
static int run_point(int x, int y) { point p = {x, y}, q = {0, 0}, r = on_point(p, &q); return 100 * r.x + r.y + q.x; }
static int run_undefined(int x) { return never_defined(x); }
static int run_exported(int x) { return exported(x); }
static int run_pointer(int (*f)(int), int x) { return f(x); }
static void *run(void *p) { *(int *)p = on_number(*(int *)p); return 0; }
static int run_in_thread(int x) { pthread_t t; pthread_create(&t, 0, run, &x); pthread_join(t, 0); return x; }
"""


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is reported because it cannot be raised."""
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda info: seen.append(info.exc_type))
    return seen


def test_arguments_and_results(ffi: Any, lib: Any) -> None:
    @ffi.def_extern()
    def on_number(x: int) -> int:
        return 2 * x

    @ffi.def_extern(name="on_floats")
    def any_name(x: float, y: float) -> float:
        return x * y

    @ffi.def_extern()
    def on_text(text: Any, handle: Any) -> None:
        ffi.from_handle(handle).append(ffi.string(text))

    @ffi.def_extern()
    def on_point(p: Any, q: Any) -> Any:
        q.x = 7
        return (p.y, p.x)

    assert lib.run_number(21) == 42
    assert lib.run_floats(1.5, 4.0) == 6.0
    seen: list[bytes] = []
    lib.run_text(ffi.new_handle(seen))
    assert seen == [b"some text"]
    assert lib.run_point(3, 4) == 410
    assert on_number(5) == 10  # the decorator gives the function back


def test_another_body_replaces_the_first(ffi: Any, lib: Any) -> None:
    for factor in (3, 4):
        ffi.def_extern(name="on_number")(lambda x, factor=factor: factor * x)
        gc.collect()
        assert lib.run_number(5) == 5 * factor


def test_as_a_function_pointer(ffi: Any, lib: Any) -> None:
    ffi.def_extern(name="on_number")(lambda x: x + 1)
    assert ffi.typeof(lib.on_number) is ffi.typeof("int(*)(int)")
    assert lib.run_pointer(lib.on_number, 5) == 6
    assert lib.on_number(6) == 7


def test_visible_to_c(ffi: Any, lib: Any) -> None:
    ffi.def_extern(name="exported")(lambda x: -x)
    assert lib.run_exported(5) == -5


def test_from_a_thread_that_c_created(ffi: Any, lib: Any) -> None:
    ffi.def_extern(name="on_number")(lambda x: x + 100)
    assert lib.run_in_thread(1) == 101


def test_exceptions(ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]) -> None:
    def fail(x: int) -> int:
        raise ZeroDivisionError

    ffi.def_extern(name="on_number")(fail)
    assert lib.run_number(5) == 0
    ffi.def_extern(name="on_number", error=-9)(fail)
    assert lib.run_number(5) == -9
    assert reported.count(ZeroDivisionError) + capfd.readouterr().err.count("ZeroDivisionError") >= 2
    seen: list[Any] = []
    ffi.def_extern(name="on_number", error=-9, onerror=lambda kind, value, traceback: seen.append(kind))(fail)
    assert lib.run_number(5) == -9
    assert seen == [ZeroDivisionError]
    ffi.def_extern(name="on_number", onerror=lambda *error: 77)(fail)
    assert lib.run_number(5) == 77


def test_wrong_results(ffi: Any, lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]) -> None:
    ffi.def_extern(name="on_number", error=-9)(lambda x: "text")
    assert lib.run_number(5) == -9
    assert TypeError in reported or "TypeError" in capfd.readouterr().err


def test_without_a_body_it_is_reported_and_gives_zero(
    lib: Any, reported: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    assert lib.run_undefined(5) == 0
    assert reported or "never_defined" in capfd.readouterr().err


def test_wrong_uses(ffi: Any) -> None:
    with pytest.raises((ffi.error, AttributeError), match="nope"):
        ffi.def_extern(name="nope")(lambda x: x)
    with pytest.raises((ffi.error, AttributeError)):
        ffi.def_extern(name="run_number")(lambda x: x)
    with pytest.raises((TypeError, OverflowError)):
        ffi.def_extern(name="on_number", error="text")(lambda x: x)
    with pytest.raises(TypeError):
        ffi.def_extern(name="on_number")(5)


@ours_only("CFFI takes anything")
def test_the_names_are_in_dir(lib: Any) -> None:
    assert "on_number" in dir(lib)
