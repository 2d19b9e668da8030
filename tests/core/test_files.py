"""Python file objects where C takes ``FILE *``."""

from __future__ import annotations

import gc
import io
import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import pytest

from ffi_harness import IS_ORACLE, ours_only

CDEF = """
    int put(const char *text, FILE *stream);
    int get(FILE *stream);
    FILE *same(FILE *stream);
    struct log { FILE *stream; };
"""
SOURCE = """
    #include <stdio.h>
    int put(const char *text, FILE *stream) { return fputs(text, stream) < 0 ? -1 : ferror(stream); }
    int get(FILE *stream) { return fgetc(stream); }
    FILE *same(FILE *stream) { return stream; }
    struct log { FILE *stream; };
"""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_c_writes_between_what_python_writes(lib: Any) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"one ")
        assert lib.put(b"two ", file) == 0
        file.seek(0, os.SEEK_END)
        file.write(b"three ")
        lib.put(b"four", file)
        file.seek(0)
        assert file.read() == b"one two three four"


@pytest.mark.parametrize("how", ["w", "wb", "a", "ab", "x", "xb", "w+", "wt"])
def test_modes_that_write(lib: Any, tmp_path: Path, how: str) -> None:
    if IS_ORACLE and "x" in how:
        pytest.skip("CFFI gives mode x to fdopen")
    path = tmp_path / "file"
    with path.open(how) as file:
        lib.put(b"text", file)
        assert path.read_bytes() == b"text"


@pytest.mark.parametrize("how", ["r", "rb", "r+", "rb+"])
def test_modes_that_read(lib: Any, tmp_path: Path, how: str) -> None:
    path = tmp_path / "file"
    path.write_text("abc")
    with path.open(how) as file:
        assert [lib.get(file) for _ in range(4)] == [97, 98, 99, -1]


@pytest.mark.parametrize("buffering", [0, -1])
def test_c_and_python_read_in_turns(lib: Any, tmp_path: Path, buffering: int) -> None:
    path = tmp_path / "file"
    path.write_text("abcdef")
    with path.open("rb", buffering=buffering) as file:
        assert lib.get(file) == ord("a")
        assert file.read(1) == b"b"
        if buffering == 0:
            assert lib.get(file) == ord("c")
            assert file.read() == b"def"


def test_the_mode_holds(lib: Any, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("abc")
    with path.open() as file:
        assert lib.put(b"x", file) != 0
    assert path.read_text() == "abc"


def test_one_stream_per_file(ffi: Any, lib: Any) -> None:
    with tempfile.TemporaryFile() as first, tempfile.TemporaryFile() as second:
        stream = lib.same(first)
        assert stream == lib.same(first) == ffi.cast("FILE *", first)
        assert stream != lib.same(second)
        assert ffi.typeof(stream) is ffi.typeof("FILE *")
        assert lib.put(b"text", stream) == 0
        first.seek(0)
        assert first.read() == b"text"


@ours_only("only arguments are converted")
def test_members(ffi: Any, lib: Any) -> None:
    with tempfile.TemporaryFile() as file:
        log = ffi.new("struct log *", [file])
        lib.put(b"a", log.stream)
        log.stream = file
        lib.put(b"b", log.stream)
        file.seek(0)
        assert file.read() == b"ab"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
def test_streams_are_closed_with_their_file(ffi: Any, lib: Any, tmp_path: Path) -> None:
    gc.collect()
    before = descriptors()
    for number in range(20):
        with (tmp_path / str(number)).open("w") as file:
            lib.put(b"text", file)
            assert descriptors() == before + 2
    del file
    gc.collect()
    assert descriptors() == before


@ours_only("the pointer does not keep the file")
def test_a_cast_keeps_the_file(ffi: Any, lib: Any, tmp_path: Path) -> None:
    path = tmp_path / "file"
    file = path.open("w")
    reference = weakref.ref(file)
    stream = ffi.cast("FILE *", file)
    del file
    gc.collect()
    assert lib.put(b"alive", stream) == 0
    assert path.read_text() == "alive"
    kept = reference()
    assert kept is not None
    kept.close()


def test_closed_files_raise(lib: Any) -> None:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    lib.put(b"text", file)
    file.close()
    with pytest.raises(ValueError, match="closed"):
        lib.put(b"text", file)


def test_what_is_no_file(ffi: Any, lib: Any) -> None:
    for wrong in (1, "name", None, b"bytes", object()):
        with pytest.raises(TypeError, match=r"'FILE \*' must be a cdata pointer"):
            lib.put(b"text", wrong)
    with pytest.raises(TypeError):
        lib.put(b"text", ffi.new("int *"))
    with pytest.raises(io.UnsupportedOperation):
        lib.put(b"text", io.BytesIO())


@ours_only("it asks for other attributes")
def test_what_is_half_a_file(lib: Any) -> None:
    class Half:
        mode: Any = "w"
        number: Any = 1

        def fileno(self) -> Any:
            return self.number

    for mode, number, error in [
        ("w", -1, ValueError),
        ("w", 10**6, OSError),
        ("w", "1", TypeError),
        (1, 1, TypeError),
        ("?", 1, OSError),
    ]:
        half = Half()
        half.mode, half.number = mode, number
        with pytest.raises(error):
            lib.put(b"text", half)

    class Raising(Half):
        def flush(self) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lib.put(b"text", Raising())
