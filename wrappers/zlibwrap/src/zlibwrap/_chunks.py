"""Compress and decompress what comes in chunks, by iterators and asynchronous iterators."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import Executor
from typing import Final, Optional, Union, overload

from zlibwrap import _raw
from zlibwrap._header import GzipHeader
from zlibwrap._streaming import Compressor, Decompressor, Progress
from zlibwrap._types import Buffer, Format

DEFAULT_CHUNK: Final = 256 * 1024


@overload
def compress_chunks(
    chunks: Iterable[Buffer],
    level: int = ...,
    *,
    format: Format = ...,
    zdict: Optional[Buffer] = ...,
    header: Optional[GzipHeader] = ...,
    progress: Optional[Progress] = ...,
) -> Iterator[bytes]: ...
@overload
def compress_chunks(
    chunks: AsyncIterable[Buffer],
    level: int = ...,
    *,
    format: Format = ...,
    zdict: Optional[Buffer] = ...,
    header: Optional[GzipHeader] = ...,
    progress: Optional[Progress] = ...,
    executor: Optional[Executor] = ...,
) -> AsyncIterator[bytes]: ...
def compress_chunks(
    chunks: Union[Iterable[Buffer], AsyncIterable[Buffer]],
    level: int = _raw.Z_DEFAULT_COMPRESSION,
    *,
    format: Format = "zlib",  # noqa: A002 - there is no better word
    zdict: Optional[Buffer] = None,
    header: Optional[GzipHeader] = None,
    progress: Optional[Progress] = None,
    executor: Optional[Executor] = None,
) -> Union[Iterator[bytes], AsyncIterator[bytes]]:
    """Compress chunks as they come; give what comes out, as soon as it does.

    An iterable gives an iterator, an asynchronous iterable an asynchronous one.  For that, an ``executor`` does the work in its
    threads, so that an event loop of ``asyncio`` is not held up.  The other arguments are those of ``Compressor``.
    """
    _check_executor(chunks, executor)
    compressor = Compressor(level, format=format, zdict=zdict, header=header, progress=progress)
    if isinstance(chunks, AsyncIterable):
        return _compress_async(chunks, compressor, executor)
    return _compress(chunks, compressor)


@overload
def decompress_chunks(
    chunks: Iterable[Buffer],
    *,
    format: Format = ...,
    zdict: Optional[Buffer] = ...,
    max_output: Optional[int] = ...,
    chunk_size: int = ...,
    progress: Optional[Progress] = ...,
) -> Iterator[bytes]: ...
@overload
def decompress_chunks(
    chunks: AsyncIterable[Buffer],
    *,
    format: Format = ...,
    zdict: Optional[Buffer] = ...,
    max_output: Optional[int] = ...,
    chunk_size: int = ...,
    progress: Optional[Progress] = ...,
    executor: Optional[Executor] = ...,
) -> AsyncIterator[bytes]: ...
def decompress_chunks(
    chunks: Union[Iterable[Buffer], AsyncIterable[Buffer]],
    *,
    format: Format = "auto",  # noqa: A002 - there is no better word
    zdict: Optional[Buffer] = None,
    max_output: Optional[int] = None,
    chunk_size: int = DEFAULT_CHUNK,
    progress: Optional[Progress] = None,
    executor: Optional[Executor] = None,
) -> Union[Iterator[bytes], AsyncIterator[bytes]]:
    """Decompress chunks as they come; give what comes out, in pieces of at most ``chunk_size`` bytes.

    The end of the chunks must be the end of the data: else ``EOFError`` is raised.  ``executor`` is as for ``compress_chunks``; the
    other arguments are those of ``Decompressor``.
    """
    _check_executor(chunks, executor)
    if chunk_size <= 0:
        raise ValueError(f"chunk_size must be greater than zero, not {chunk_size}")
    decompressor = Decompressor(format=format, zdict=zdict, max_output=max_output, progress=progress)
    if isinstance(chunks, AsyncIterable):
        return _decompress_async(chunks, decompressor, chunk_size, executor)
    return _decompress(chunks, decompressor, chunk_size)


def _check_executor(chunks: object, executor: Optional[Executor]) -> None:
    if executor is not None and not isinstance(chunks, AsyncIterable):
        raise TypeError("an executor is for asynchronous iterables")


def _compress(chunks: Iterable[Buffer], compressor: Compressor) -> Iterator[bytes]:
    with compressor:
        for chunk in chunks:
            yield from _compressed(compressor, chunk)
        yield compressor.finish()


async def _compress_async(
    chunks: AsyncIterable[Buffer], compressor: Compressor, executor: Optional[Executor]
) -> AsyncIterator[bytes]:
    with compressor:
        async for chunk in chunks:
            async for piece in _in_executor(_compressed(compressor, chunk), executor):
                yield piece
        yield compressor.finish()


def _decompress(chunks: Iterable[Buffer], decompressor: Decompressor, size: int) -> Iterator[bytes]:
    with decompressor:
        for chunk in chunks:
            yield from _decompressed(decompressor, chunk, size)
        decompressor.finish()


async def _decompress_async(
    chunks: AsyncIterable[Buffer], decompressor: Decompressor, size: int, executor: Optional[Executor]
) -> AsyncIterator[bytes]:
    with decompressor:
        async for chunk in chunks:
            async for piece in _in_executor(_decompressed(decompressor, chunk, size), executor):
                yield piece
        decompressor.finish()


def _compressed(compressor: Compressor, chunk: Buffer) -> Iterator[bytes]:
    piece = compressor.compress(chunk)
    if piece:
        yield piece


def _decompressed(decompressor: Decompressor, chunk: Buffer, size: int) -> Iterator[bytes]:
    """Decompress a chunk whole, in pieces."""
    piece = decompressor.decompress(chunk, size)
    while piece:
        yield piece
        piece = decompressor.decompress(b"", size)


async def _in_executor(pieces: Iterator[bytes], executor: Optional[Executor]) -> AsyncIterator[bytes]:
    """Give the pieces, each made in ``executor``, if there is one."""
    if executor is None:
        for piece in pieces:
            yield piece
        return
    import asyncio

    loop = asyncio.get_running_loop()
    while True:
        made = await loop.run_in_executor(executor, next, pieces, None)
        if made is None:
            return
        yield made
