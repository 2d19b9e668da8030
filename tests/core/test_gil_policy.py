"""cdef(..., release_gil=False): the GIL is kept during calls, in every mode."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from ffi_harness import API, INLINE, IS_ORACLE, OUT_OF_LINE, Builder, load_module, new_ffi

if IS_ORACLE:
    pytest.skip("CFFI always releases the GIL", allow_module_level=True)

KEPT = """
int kept_add(int, int);
int kept_is_held(void);
double kept_sum(int, ...);
int kept_call(int (*)(int), int);
struct pair { int x, y; };
struct pair kept_swap(struct pair);
"""
RELEASED = "int released_is_held(void); int released_call(int (*)(int), int);"
SOURCE = """
#include <stdarg.h>
extern int PyGILState_Check(void);
struct pair { int x, y; };
int kept_add(int a, int b) { return a + b; }
int kept_is_held(void) { return PyGILState_Check(); }
int released_is_held(void) { return PyGILState_Check(); }
double kept_sum(int n, ...) { va_list a; double s = 0; va_start(a, n); while (n--) s += va_arg(a, double); va_end(a); return s; }
int kept_call(int (*f)(int), int x) { return f(x) + 1; }
int released_call(int (*f)(int), int x) { return f(x) + 1; }
struct pair kept_swap(struct pair p) { struct pair q = {p.y, p.x}; return q; }
"""


@pytest.fixture(scope="module")
def pairs(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """Build with two ``cdef`` of different policies."""
    library = str(builder.shared_library(SOURCE))

    def declared() -> Any:
        ffi = new_ffi()
        ffi.cdef(KEPT, release_gil=False)
        ffi.cdef(RELEASED)
        return ffi

    inline = declared()
    result = {INLINE: (inline, inline.dlopen(library))}
    for mode, name, source in ((OUT_OF_LINE, "_t_gil_python", None), (API, "_t_gil_c", SOURCE)):
        ffi = declared()
        ffi.set_source(name, source)
        module = load_module(name, Path(ffi.compile(tmpdir=str(tmp_path_factory.mktemp("gil")))))
        result[mode] = (module.ffi, module.ffi.dlopen(library) if source is None else module.lib)
    return result


def test_the_gil_is_kept_where_it_was_asked_for(pairs: dict[str, tuple[Any, Any]], mode: str) -> None:
    ffi, lib = pairs[mode]
    assert lib.kept_is_held() == 1
    assert lib.released_is_held() == 0
    assert lib.kept_add(2, 3) == 5
    assert lib.kept_sum(2, ffi.cast("double", 1.5), ffi.cast("double", 2)) == 3.5
    swapped = lib.kept_swap([1, 2])
    assert (swapped.x, swapped.y) == (2, 1)


def test_callbacks_find_the_gil(pairs: dict[str, tuple[Any, Any]], mode: str) -> None:
    ffi, lib = pairs[mode]
    inner = ffi.callback("int(int)", lambda x: lib.kept_add(x, lib.released_is_held()))
    outer = ffi.callback("int(int)", lambda x: lib.released_call(inner, x) * 10 + lib.kept_is_held())
    assert lib.kept_call(inner, 5) == 6
    assert lib.kept_call(outer, 5) == 62
    assert lib.released_call(outer, 5) == 62


def test_errors_are_raised_as_usual(pairs: dict[str, tuple[Any, Any]], mode: str) -> None:
    _, lib = pairs[mode]
    with pytest.raises(TypeError, match=r"\(argument 2 of kept_add\(\)\)"):
        lib.kept_add(1, "2")
    with pytest.raises(OverflowError):
        lib.kept_add(1, 2**31)


def test_threads_take_turns(pairs: dict[str, tuple[Any, Any]], mode: str) -> None:
    _, lib = pairs[mode]
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(sum(lib.kept_add(k, 1) for k in range(500)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [125250] * 4
