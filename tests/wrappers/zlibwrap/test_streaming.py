"""Chunks, iterators and limits: ``Compressor``, ``Decompressor``, ``compress_chunks``, ``decompress_chunks``."""

from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlibwrap
from zlibwrap import Compressor, Decompressor, compress_chunks, decompress_chunks

FORMATS: Any = ["zlib", "gzip", "raw"]


@given(st.lists(st.binary(max_size=200), max_size=8), st.sampled_from(FORMATS), st.integers(1, 50))
def test_round_trip(chunks: list[bytes], kind: Any, size: int) -> None:
    packed = b"".join(compress_chunks(chunks, format=kind))
    pieces = [packed[i : i + size] for i in range(0, len(packed), size)]
    unpacked = list(decompress_chunks(pieces, format=kind, chunk_size=size))
    assert b"".join(unpacked) == b"".join(chunks)
    assert all(len(piece) <= size for piece in unpacked)


@pytest.mark.parametrize(("kind", "wbits"), [("zlib", 15), ("gzip", 31), ("raw", -15)])
def test_formats_are_zlib_s(kind: Any, wbits: int) -> None:
    packed = b"".join(compress_chunks([b"abc" * 100], format=kind))
    assert zlib.decompress(packed, wbits) == b"abc" * 100


def test_automatic_format() -> None:
    for kind in ("zlib", "gzip"):
        packed = list(compress_chunks([b"abc"], format=kind))
        assert b"".join(decompress_chunks(packed)) == b"abc"


async def asynchronous(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


@pytest.mark.parametrize("threads", [False, True])
def test_asynchronous_iterators(threads: bool) -> None:
    async def run(executor: Optional[ThreadPoolExecutor]) -> bytes:
        packed = [piece async for piece in compress_chunks(asynchronous([b"abc"] * 50), executor=executor)]
        return b"".join([piece async for piece in decompress_chunks(asynchronous(packed), executor=executor)])

    if not threads:
        assert asyncio.run(run(None)) == b"abc" * 50
        return
    with ThreadPoolExecutor(1) as executor:
        assert asyncio.run(run(executor)) == b"abc" * 50


def test_limits() -> None:
    packed = zlibwrap.compress(b"\0" * 100_000)
    with pytest.raises(zlibwrap.OutputLimitError):
        b"".join(decompress_chunks([packed], max_output=99_999))
    assert len(b"".join(decompress_chunks([packed], max_output=100_000))) == 100_000
    with Decompressor() as decompressor:
        assert len(decompressor.decompress(packed, 10)) == 10
        assert not decompressor.needs_input
        assert len(decompressor.finish()) == 99_990
        assert decompressor.eof


@pytest.mark.parametrize("cut", [0, 1, 5, -1])
def test_data_that_is_cut_off(cut: int) -> None:
    packed = zlibwrap.compress(b"some data")
    with pytest.raises(EOFError):
        list(decompress_chunks([packed[:cut]]))


def test_what_follows_a_stream() -> None:
    with Decompressor(format="zlib") as decompressor:
        assert decompressor.decompress(zlibwrap.compress(b"abc") + b"rest") == b"abc"
        assert decompressor.unused_data == b"rest"


def test_dictionaries() -> None:
    packed = list(compress_chunks([b"a common phrase"], zdict=b"a common phrase"))
    assert b"".join(decompress_chunks(packed, format="zlib", zdict=b"a common phrase")) == b"a common phrase"


def test_numbers_and_progress() -> None:
    told: list[tuple[int, int]] = []
    with Compressor(progress=lambda before, after: told.append((before, after))) as compressor:
        packed = compressor.compress(b"abc" * 1000) + compressor.flush() + compressor.finish()
        assert (compressor.bytes_in, compressor.bytes_out) == (3000, len(packed)) == told[-1]
        with pytest.raises(ValueError):
            compressor.compress(b"more")
    assert compressor.closed
    with pytest.raises(ValueError):
        compressor.finish()


def test_memory_does_not_grow_with_the_data() -> None:
    # The limit leaves room for sanitizers and other interpreters.  By itself the program takes 64 MiB at most, with 1 GiB of data.
    program = Path(__file__).with_name("stream_much.py")
    done = subprocess.run([sys.executable, str(program), "256", "200"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "use",
    [
        lambda: Compressor(format="zip"),  # type: ignore[arg-type]
        lambda: Compressor(level=10),
        lambda: Compressor(header=zlibwrap.GzipHeader()),
        lambda: decompress_chunks([b""], chunk_size=0),
        lambda: Decompressor(max_output=-1),
    ],
)
def test_arguments_without_meaning(use: Any) -> None:
    with pytest.raises(ValueError):
        use()


@pytest.mark.parametrize("make", [zlibwrap.Compressor, zlibwrap.Decompressor])
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_streams_are_not_shared_by_copies(make: Any, duplicate: Any) -> None:
    with make() as stream, pytest.raises(TypeError, match="cannot copy or pickle 'zlibwrap"):
        duplicate(stream)
