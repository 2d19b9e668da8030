"""Functions of ``lib`` where C wants a pointer to a function, and what stays true after thousands of calls."""

from __future__ import annotations

from typing import Any

import pytest

from ffi_harness import IS_ORACLE, Builder, new_ffi, ours_only

CDEF = """
    typedef struct { int a, b; } pair;
    typedef struct { int (*operation)(int, int); int factor; } rule;
    int add(int, int);
    int multiply(int, int);
    int first(int *, int);
    int sum(pair);
    int total(pair);
    int apply(int (*)(int, int), int, int);
    int apply_rule(rule *, int, int);
    int apply_all(int (**)(int, int), int, int);
"""
SOURCE = """
    typedef struct { int a, b; } pair;
    typedef struct { int (*operation)(int, int); int factor; } rule;
    int add(int a, int b) { return a + b; }
    int multiply(int a, int b) { return a * b; }
    int first(int *numbers, int n) { return n ? numbers[0] : -1; }
    int sum(pair p) { return p.a + p.b; }
    int total(pair p) { return p.a + p.b; }
    int apply(int (*f)(int, int), int a, int b) { return f(a, b); }
    int apply_rule(rule *r, int a, int b) { return r->factor * r->operation(a, b); }
    int apply_all(int (**f)(int, int), int n, int a)
    {
        for (int i = 0; i < n; i++)
            a = f[i](a, a);
        return a;
    }
"""
MANY = 3000  # the interpreter's compiler of PyPy, and our runtime there, do otherwise after some 1000 calls


def test_functions_are_arguments(lib: Any) -> None:
    assert lib.apply(lib.add, 20, 22) == 42
    assert lib.apply(lib.multiply, 6, 7) == 42


@ours_only("CFFI takes them as arguments of their own only")
def test_functions_in_what_stands_for_memory(ffi: Any, lib: Any) -> None:
    assert lib.apply_rule([(lib.multiply, 2)], 3, 7) == 42
    assert lib.apply_all([lib.add, lib.multiply], 2, 3) == 36
    assert lib.apply_rule(ffi.new("rule *", {"operation": lib.add, "factor": 2}), 20, 1) == 42
    assert ffi.new("int(*[1])(int, int)", [lib.add])[0] == ffi.addressof(lib, "add")


def test_functions_are_arguments_after_many_calls(lib: Any) -> None:
    for number in range(MANY):
        assert lib.apply(lib.add, number, 1) == number + 1
    assert lib.apply(lib.multiply, 6, 7) == 42


@ours_only("CFFI's message does not name the function")
def test_errors_after_many_calls(lib: Any) -> None:
    for number in range(MANY):
        assert lib.add(number, 1) == number + 1
        assert lib.first([number], 1) == number
        assert lib.sum((number, 1)) == number + 1
    # On PyPy they are in the interpreter's own words by now.
    for call, kind in (
        (lambda: lib.add(1, "2"), TypeError),
        (lambda: lib.add(1), TypeError),
        (lambda: lib.add(1, 2, 3), TypeError),
        (lambda: lib.add(1, 1 << 31), OverflowError),
        (lambda: lib.first(5, 1), TypeError),
        (lambda: lib.first(["5"], 1), TypeError),
        (lambda: lib.first(lib.add, 1), TypeError),
        (lambda: lib.sum(5), TypeError),
        (lambda: lib.sum(None), TypeError),
        (lambda: lib.sum((1, 2), 3), TypeError),
    ):
        with pytest.raises(kind):
            call()
    assert lib.add(20, 22) == lib.sum((20, 22)) == lib.first([42], 1) == 42


@ours_only("CFFI's messages name neither the function nor the position")
def test_errors_of_structs_name_the_place(lib: Any) -> None:
    with pytest.raises(TypeError, match=r"total\(\) takes exactly one argument \(2 given\)"):
        lib.total((1, 2), 3)
    with pytest.raises(TypeError, match=r"'int', not str \(argument 1 of total\(\)\)"):
        lib.total((1, "2"))
    with pytest.raises(TypeError, match=r"'pair' must be .*, not NoneType \(argument 1 of total\(\)\)"):
        lib.total(None)
    with pytest.raises(OverflowError, match=r"integer 4294967296 does not fit 'int' \(argument 1 of total\(\)\)"):
        lib.total({"b": 1 << 32})


def test_the_same_function_is_the_same(ffi: Any, lib: Any) -> None:
    assert lib.add == lib.add
    assert lib.add != lib.multiply
    assert lib.add == lib.add and hash(lib.add) == hash(lib.add)
    if not IS_ORACLE:
        assert ffi.addressof(lib, "add") == ffi.cast("int(*)(int, int)", lib.add)


@pytest.mark.skipif(IS_ORACLE, reason="CFFI's functions of a closed library crash")
def test_functions_know_a_closed_library_after_many_calls(builder: Builder) -> None:
    ffi = new_ffi()
    ffi.cdef(CDEF)
    lib = ffi.dlopen(str(builder.shared_library(SOURCE)))
    add, first = lib.add, lib.first
    for number in range(MANY):
        assert add(number, 1) == number + 1
    ffi.dlclose(lib)
    for call in (lambda: add(1, 2), lambda: first([1], 1)):
        with pytest.raises(ValueError, match="closed"):
            call()
