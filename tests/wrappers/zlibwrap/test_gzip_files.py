"""Gzip files: what ``open`` reads and writes, with the standard library's ``gzip`` as the other side."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlibwrap
from zlibwrap import GzipHeader

TEXT = b"The quick brown fox jumps over the lazy dog. " * 500


def write(*parts: bytes, **options: Any) -> bytes:
    file = io.BytesIO()
    with zlibwrap.open(file, "wb", **options) as writer:
        for part in parts:
            assert writer.write(part) == len(part)
    assert not file.closed
    return file.getvalue()


@pytest.mark.parametrize("parts", [(), (b"",), (b"abc",), (TEXT, b"", TEXT)])
def test_the_standard_library_reads_it(parts: tuple[bytes, ...]) -> None:
    assert gzip.decompress(write(*parts)) == b"".join(parts)


@pytest.mark.parametrize("data", [b"", b"abc", TEXT])
def test_reads_what_the_standard_library_writes(data: bytes) -> None:
    packed = gzip.compress(data)
    for text in (packed, packed + b"\0" * 20):
        with zlibwrap.open(io.BytesIO(text)) as reader:
            assert reader.read() == data
    with zlibwrap.open(io.BytesIO(packed * 3)) as reader:
        assert reader.read() == data * 3


@pytest.mark.parametrize("data", [b"", TEXT])
def test_nothing_but_the_header_is_written_before_the_data(data: bytes) -> None:
    file = io.BytesIO()
    with zlibwrap.open(file, "wb", 6, header=GzipHeader(mtime=5)) as writer:
        assert len(file.getvalue()) == 10
        writer.write(data)
    compressor = zlibwrap.compressobj(6, wbits=-15)  # the standard library's zlib may be another one
    assert file.getvalue()[10:-8] == compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize("parts", [(), (b"abc",), (TEXT, b"", TEXT)])
@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_it_is_what_gzip_writes(parts: tuple[bytes, ...], level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzip, "zlib", zlibwrap)  # its zlib may be another one, which writes other bytes
    file = io.BytesIO()
    with gzip.GzipFile("", "wb", level, file, mtime=0) as writer:
        for part in parts:
            writer.write(part)
    # The first ten bytes are the header; gzip's own says less about the level.
    assert write(*parts, compresslevel=level, header=GzipHeader())[10:] == file.getvalue()[10:]


def test_paths_and_modes(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    with zlibwrap.open(path, "x") as writer:
        writer.write(b"one ")
    with pytest.raises(FileExistsError):
        zlibwrap.open(path, "x")
    with zlibwrap.open(str(path), "ab") as writer:
        writer.write(b"two")
    with zlibwrap.open(os.fsencode(path)) as reader:
        assert reader.read() == b"one two"
        assert reader.header is not None
        assert reader.header.name == "file"
    with pytest.raises(FileNotFoundError):
        zlibwrap.open(tmp_path / "nothing.gz")


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "text.gz"
    with zlibwrap.open(path, "wt", encoding="utf-8", newline="\n") as writer:
        writer.writelines(["naïve\n", "café\n"])
    with gzip.open(path, "rt", encoding="utf-8") as other:
        assert other.read() == "naïve\ncafé\n"
    with zlibwrap.open(path, "rt", encoding="utf-8") as reader:
        assert list(reader) == ["naïve\n", "café\n"]


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("rw", {}),
        ("rbt", {}),
        ("", {}),
        ("rb", {"encoding": "utf-8"}),
        ("r", {"header": GzipHeader()}),
        ("w", {"max_output": 5}),
    ],
)
def test_arguments_without_meaning(mode: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        zlibwrap.open(io.BytesIO(), mode, **options)


def test_seeking() -> None:
    with zlibwrap.open(io.BytesIO(write(TEXT))) as reader:
        assert reader.seek(1000) == 1000
        assert reader.read(10) == TEXT[1000:1010]
        assert reader.seek(5) == 5
        assert reader.read(3) == TEXT[5:8]
        assert reader.seek(0, io.SEEK_END) == len(TEXT)
        assert reader.seek(-4, io.SEEK_END) == len(TEXT) - 4
        assert reader.read() == TEXT[-4:]
        assert reader.seek(len(TEXT) * 2) == len(TEXT)


def test_header_fields() -> None:
    header = GzipHeader(
        name="naïve.txt", mtime=1234567890, comment="a comment", extra=b"AB\x02\x00xy", os=3, is_text=True
    )
    packed = write(TEXT, header=header)
    with zlibwrap.open(io.BytesIO(packed)) as reader:
        assert reader.header == header
        assert reader.mtime == 1234567890
    with gzip.open(io.BytesIO(packed)) as other:
        assert other.read() == TEXT
        assert other.mtime == 1234567890


def test_each_member_has_its_header() -> None:
    packed = write(b"a", header=GzipHeader(name="a", comment="first")) + write(b"b", header=GzipHeader()) * 2
    with zlibwrap.Decompressor(format="gzip") as decompressor:
        size = len(write(b"a", header=GzipHeader(name="a", comment="first")))
        assert decompressor.decompress(packed[:size]) == b"a"
        assert decompressor.header == GzipHeader(name="a", comment="first")
        assert decompressor.decompress(packed[size:]) == b"bb"
        assert decompressor.header == GzipHeader()


@pytest.mark.parametrize(
    "header",
    [
        GzipHeader(name="a\0b"),
        GzipHeader(comment="\u20ac"),
        GzipHeader(mtime=-1),
        GzipHeader(mtime=1 << 32),
        GzipHeader(os=256),
    ],
)
def test_headers_that_cannot_be(header: GzipHeader) -> None:
    with pytest.raises(ValueError):
        write(b"", header=header)


def test_damaged_files() -> None:
    packed = write(TEXT, header=GzipHeader())
    for text, expected in (
        (packed[:-1], EOFError),
        (packed[:20], EOFError),
        (packed[:1], EOFError),
        (b"no gzip", gzip.BadGzipFile),
        (packed + b"junk", gzip.BadGzipFile),
        (packed[:-8] + b"\0" * 8, zlibwrap.error),
    ):
        with zlibwrap.open(io.BytesIO(text)) as reader, pytest.raises(expected):
            reader.read()


@given(st.data())
def test_mutated_files_do_as_in_the_standard_library(data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(b"some text, some text, more text", mtime=0))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    text = bytes(packed[: data.draw(st.integers(0, len(packed)))])

    def outcome(opener: Any) -> object:
        try:
            with opener(io.BytesIO(text)) as file:
                return file.read()
        except (OSError, EOFError, ValueError, zlib.error, zlibwrap.error) as error:
            return "fails", isinstance(error, EOFError)

    ours, theirs = outcome(zlibwrap.open), outcome(gzip.open)
    if isinstance(theirs, bytes):
        # What the header's own checksum (FHCRC) covers, gzip does not check.
        assert ours == theirs or ours == ("fails", False)
    else:
        assert isinstance(ours, tuple) or theirs == ("fails", False), (ours, theirs)


def test_a_bomb_is_stopped() -> None:
    bomb = write(b"\0" * 10_000_000)
    with zlibwrap.open(io.BytesIO(bomb), max_output=1_000_000) as reader, pytest.raises(zlibwrap.OutputLimitError):
        reader.read()
    with zlibwrap.open(io.BytesIO(bomb), max_output=10_000_000) as reader:
        assert len(reader.read()) == 10_000_000


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    packed = write(TEXT, TEXT, progress=lambda before, after: told.append((before, after)))
    assert told[-1] == (2 * len(TEXT), len(packed))
    assert told == sorted(told)


def test_closed_files() -> None:
    writer = zlibwrap.open(io.BytesIO(), "wb")
    writer.close()
    writer.close()
    assert writer.closed
    with pytest.raises(ValueError):
        writer.write(b"x")
    reader = zlibwrap.open(io.BytesIO(write(b"abc")))
    reader.close()
    with pytest.raises(ValueError):
        reader.read()


class Unready(io.RawIOBase):
    """A file that does not block: it has no data, and takes none."""

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> None:
        return None

    def write(self, data: Any, /) -> None:
        return None


def test_files_that_do_not_block() -> None:
    unready: Any = Unready()
    with zlibwrap.open(unready) as reader, pytest.raises(BlockingIOError, match="no data yet"):
        reader.read()
    with pytest.raises(BlockingIOError, match="takes no data yet"):
        zlibwrap.open(unready, "wb")


def test_files_that_do_not_say_how_much_they_took() -> None:
    parts: list[bytes] = []

    class Silent:
        def write(self, data: memoryview) -> None:
            parts.append(bytes(data))

    silent: Any = Silent()
    with zlibwrap.open(silent, "wb") as writer:
        writer.write(TEXT)
    assert gzip.decompress(b"".join(parts)) == TEXT


@pytest.mark.parametrize(
    "options",
    [{"compresslevel": 10}, {"compresslevel": -2}, {"header": GzipHeader(name="a\0b")}, {"compresslevel": "9"}],
)
def test_wrong_arguments_empty_no_file(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(b"mine")
    with pytest.raises((ValueError, TypeError)):
        zlibwrap.open(path, "wb", **options)
    assert path.read_bytes() == b"mine"
    with pytest.raises((ValueError, TypeError)):
        zlibwrap.open(tmp_path / "other.gz", "xb", **options)
    assert not (tmp_path / "other.gz").exists()


def test_names(tmp_path: Path) -> None:
    path = str(tmp_path / "file.gz")
    with zlibwrap.open(path, "wt", encoding="ascii") as text:
        assert text.name == path
    with zlibwrap.open(path, "wb") as writer:
        assert writer.name == path
    with zlibwrap.open(path) as reader:
        assert reader.name == path
    assert not hasattr(zlibwrap.open(io.BytesIO(), "wb"), "name")
