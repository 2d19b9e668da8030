"""``ffi.dlopen`` and ``ffi.dlclose``, in both ABI modes."""

from __future__ import annotations

import gc
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from ffi_harness import ABI_MODES, Builder, ours_only

MODES = ABI_MODES
CDEF = """
size_t strlen(const char *);
double cos(double);
int answer(void);
int counter(void);
extern int number;
typedef struct { int x, y; } point;
point make_point(int, int);
ptrdiff_t five(point *, const void *, size_t, const char **);
"""
SOURCE = """
#include <stddef.h>
typedef struct { int x, y; } point;
point make_point(int x, int y) { point p = {x, y}; return p; }
int number = 5;
int answer(void) { return 42; }
int counter(void) { static int n; return ++n; }
ptrdiff_t five(point *p, const void *data, size_t size, const char **result)
{
    (void)p; (void)data; (void)size;
    *result = "five";
    return 4;
}
"""


@pytest.fixture
def path(builder: Builder) -> str:
    return str(builder.shared_library(SOURCE))


def test_none_is_the_program_itself(ffi: Any) -> None:
    assert ffi.dlopen(None).strlen(b"hello") == 5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of Linux")
def test_by_name(ffi: Any) -> None:
    assert ffi.dlopen("libc.so.6").strlen(b"hello") == 5
    assert ffi.dlopen("libm.so.6").cos(0) == 1.0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of Linux")
def test_by_short_name(ffi: Any, mode: str) -> None:
    if mode == "abi-outofline":
        try:
            library = ffi.dlopen("m")
        except OSError:
            pytest.skip("CFFI's compiled FFI takes file names only")
    else:
        library = ffi.dlopen("m")
    assert library.cos(0) == 1.0


def test_by_path(ffi: Any, path: str) -> None:
    library = ffi.dlopen(path)
    assert library.answer() == 42
    assert library.number == 5
    point = library.make_point(3, 4)
    assert (point.x, point.y) == (3, 4)


@ours_only("CFFI takes strings only")
def test_by_path_object_and_bytes(ffi: Any, path: str) -> None:
    assert ffi.dlopen(Path(path)).answer() == 42


def test_by_flags(ffi: Any, path: str) -> None:
    assert ffi.dlopen(path, ffi.RTLD_NOW | ffi.RTLD_LOCAL).answer() == 42
    with pytest.raises(TypeError):
        ffi.dlopen(path, "now")


@ours_only("CFFI's compiled FFI takes no keywords here")
def test_flags_by_name(ffi: Any, path: str) -> None:
    assert ffi.dlopen(path, flags=ffi.RTLD_LAZY).answer() == 42


def test_by_open_handle(ffi: Any, path: str, builder: Builder) -> None:
    opener = builder.build(
        "abi-inline", "void *dlopen(const char *, int); int dlclose(void *);", "#include <dlfcn.h>\n"
    )
    loader = opener.ffi.dlopen(None)
    handle = loader.dlopen(path.encode(), ffi.RTLD_NOW)
    assert handle
    library = ffi.dlopen(ffi.cast("void *", int(opener.ffi.cast("uintptr_t", handle))))
    assert library.answer() == 42
    with pytest.raises((RuntimeError, ValueError), match="NULL"):
        ffi.dlopen(ffi.NULL)


@pytest.mark.parametrize("name", ["libnope-there-is-none.so.99", "/there/is/no/such/file.so"])
def test_missing_libraries_raise_os_error(ffi: Any, name: str) -> None:
    with pytest.raises(OSError, match=name):
        ffi.dlopen(name)


def test_files_that_are_no_libraries_raise_os_error(ffi: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.so"
    wrong.write_text("this is no library\n")
    with pytest.raises(OSError, match="wrong.so"):
        ffi.dlopen(str(wrong))


@pytest.mark.parametrize("name", [5, 1.5, ["libc.so.6"], object()])
def test_other_names_are_refused(ffi: Any, name: Any) -> None:
    with pytest.raises(TypeError):
        ffi.dlopen(name)
    with pytest.raises(TypeError):
        ffi.dlopen(ffi.new("int *"))


def test_names_with_a_zero_are_refused(ffi: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        ffi.dlopen("libc\0.so.6")


def test_after_dlclose_names_raise(ffi: Any, path: str) -> None:
    library = ffi.dlopen(path)
    assert library.answer() == 42
    assert library.number == 5
    ffi.dlclose(library)
    kinds = (ValueError, *([ffi.error] if hasattr(ffi, "error") else []))
    for use in (
        lambda: library.answer,
        lambda: library.counter,
        lambda: library.number,
        lambda: setattr(library, "number", 6),
        lambda: ffi.addressof(library, "answer"),
    ):
        with pytest.raises(kinds, match="(?i)closed"):
            use()
    ffi.dlclose(library)


@ours_only("CFFI calls what is not there any more")
def test_functions_of_a_closed_library_raise(ffi: Any, path: str) -> None:
    library = ffi.dlopen(path)
    function = library.answer
    assert function() == 42
    ffi.dlclose(library)
    with pytest.raises((ValueError, RuntimeError), match="(?i)closed"):
        function()


@ours_only("CFFI has no bytes_method")
@pytest.mark.skipif(sys.implementation.name == "pypy", reason="bytes_method gives the Python method itself")
def test_methods_of_a_closed_library_are_pythons(ffi: Any, path: str) -> None:
    library = ffi.dlopen(path)

    class Five:
        five = ffi.bytes_method(library.five, "point", lambda self, data: "python", lambda *_: None)
        point = ffi.new("point *")

    assert Five().five(b"") == b"five"
    ffi.dlclose(library)
    assert Five().five(b"") == "python"


@ours_only("CFFI unloads the library under its functions")
def test_functions_keep_the_library_open(ffi: Any, path: str) -> None:
    function = ffi.dlopen(path).answer
    pointer = ffi.addressof(ffi.dlopen(path), "answer")
    gc.collect()
    assert function() == 42
    assert pointer() == 42


def test_dlclose_wants_a_library(ffi: Any) -> None:
    for wrong in (5, None, "libc.so.6"):
        with pytest.raises((TypeError, AttributeError)):
            ffi.dlclose(wrong)


def test_each_dlopen_gives_its_own_lib(ffi: Any, path: str) -> None:
    one, two = ffi.dlopen(path), ffi.dlopen(path)
    assert one is not two
    ffi.dlclose(one)
    assert two.answer() == 42


@ours_only("CFFI's libraries are no weakly referenced objects, or live in a cycle that lasts")
def test_libraries_are_collected(ffi: Any, path: str) -> None:
    library = ffi.dlopen(path)
    reference = weakref.ref(library)
    del library
    gc.collect()
    assert reference() is None


def test_the_repr_names_the_library(ffi: Any, path: str) -> None:
    assert repr(ffi.dlopen(path))


@ours_only("CFFI's in-line mode shows its class")
def test_the_repr_tells_the_path(ffi: Any, path: str) -> None:
    assert Path(path).name in repr(ffi.dlopen(path))
