"""Whatever is done, the results and the exceptions are those of the standard library."""

from __future__ import annotations

import functools
import random
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import zlibwrap

IS_PYPY = sys.implementation.name == "pypy"
WBITS = [*range(8, 16), *range(-15, -7), *range(24, 32), 0, 32, 40, 47, 7, -7, 16, 48, 100]

texts = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda part, count: part * count, st.binary(min_size=1, max_size=40), st.integers(1, 700)),
)


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Make what may happen to data on its way: bytes changed, cut out, put in, cut off, something else appended."""
    changes = draw(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255), st.sampled_from("=+-")), max_size=3))
    cut = draw(st.one_of(st.none(), st.floats(0, 1)))
    more = draw(st.sampled_from([b"", b"\0\0\0", b"garbage", zlib.compress(b"another one")]))

    def mutate(data: bytes) -> bytes:
        for place, byte, kind in changes:
            at = int(place * max(len(data) - 1, 0))
            middle = bytes([byte]) if kind in "=+" else b""
            data = data[:at] + middle + data[at if kind == "+" else at + 1 :]
        return (data if cut is None else data[: int(cut * len(data))]) + more

    return mutate


def outcome(do: Callable[[], Any]) -> object:
    """Return the result, or what is to be compared of the exception."""
    try:
        result = do()
    except Exception as error:  # noqa: BLE001 - whatever comes is compared
        # PyPy's zlib has other words.
        words = str(error) if type(error).__name__ == "error" and not IS_PYPY else ""
        return type(error).__name__, words
    assert type(result) is bytes
    return result


def both(do: Callable[[Any], Any]) -> object:
    """Do it with both modules; return what came out, the same."""
    ours, theirs = outcome(lambda: do(zlibwrap)), outcome(lambda: do(zlib))
    assert ours == theirs
    return ours


@functools.cache
def flush_says_nothing() -> bool:
    """Tell whether this standard library hides in ``flush`` that the data is no stream, as before the middle of 2026."""
    stream = zlib.decompressobj()
    with suppress(zlib.error):
        stream.decompress(b"no stream")
    try:
        return stream.flush() == b""
    except zlib.error:
        return False


@functools.cache
def keeps_a_tail_at_the_end() -> bool:
    """Tell whether this standard library leaves what follows the stream in ``unconsumed_tail`` too, as before the middle of 2026."""
    stream = zlib.decompressobj()
    stream.decompress(zlib.compress(b"text") + b"more", 1)
    stream.decompress(stream.unconsumed_tail)
    return stream.eof and stream.unconsumed_tail == b"more"


@example(bytes(16400), 0, 15)
@given(texts, st.integers(-3, 11), st.sampled_from(WBITS))
def test_compressed_at_once(text: bytes, level: int, wbits: int) -> None:
    def compress(module: Any) -> Any:
        compressor = module.compressobj(level=level, wbits=wbits)
        return compressor.compress(text) + compressor.flush()

    in_pieces, expected = outcome(lambda: compress(zlibwrap)), outcome(lambda: compress(zlib))
    if level != 0 or not isinstance(in_pieces, bytes):  # uncompressed blocks are as long as the output has room
        assert in_pieces == expected
    elif wbits > 0:
        assert zlib.decompress(in_pieces, wbits | 1) == text
    compressed = outcome(lambda: zlibwrap.compress(text, level, wbits))
    if not isinstance(compressed, bytes):
        with pytest.raises(zlibwrap.error, match="Bad compression level"):
            zlibwrap.compress(text, level, wbits)
        assert not isinstance(expected, bytes)
        return
    if level != 0:
        assert compressed == expected
    # What is made for a window of 8 bits needs one of 9.
    assert zlibwrap.decompress(compressed, wbits | 1 if wbits > 0 else min(wbits, -9)) == text


@given(texts, st.sampled_from(WBITS), st.sampled_from(WBITS), mutations())
def test_decompressed_at_once(text: bytes, wbits: int, other: int, mutate: Callable[[bytes], bytes]) -> None:
    try:
        compressor = zlib.compressobj(wbits=wbits)
    except ValueError:
        return
    data = mutate(compressor.compress(text) + compressor.flush())
    both(lambda m: m.decompress(data, wbits))
    both(lambda m: m.decompress(data, other))
    both(lambda m: m.decompress(data, wbits, bufsize=1))


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 131_072, 300_000, 5_000_000])
@pytest.mark.parametrize("wbits", [15, -15, 31])
def test_large_texts(size: int, wbits: int) -> None:
    noise = random.Random(size).randbytes(size // 5)
    text = (noise + bytes(size))[:size]
    compressed = zlibwrap.compress(text, 1, wbits)
    assert zlib.decompress(compressed, wbits) == text
    assert zlibwrap.decompress(compressed, wbits) == text
    compressor, decompressor = zlibwrap.compressobj(1, wbits=wbits), zlibwrap.decompressobj(wbits)
    assert compressor.compress(text) + compressor.flush() == compressed
    pieces = [decompressor.decompress(compressed, 100_000)]
    while not decompressor.eof:
        pieces.append(decompressor.decompress(decompressor.unconsumed_tail, 100_000))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= 100_000


operations = st.one_of(
    st.tuples(st.just("decompress"), st.floats(0, 1), st.sampled_from([0, 0, 1, 10, 258, 1000, 70000])),
    st.tuples(st.just("tail"), st.just(0.0), st.sampled_from([0, 1, 10, 1000])),
    st.tuples(st.just("flush"), st.just(0.0), st.sampled_from([1, 10, 16384])),
    st.tuples(st.just("copy"), st.just(0.0), st.just(0)),
    st.tuples(st.just("again"), st.floats(0, 1), st.sampled_from([0, 1, 20])),
)


@given(
    texts,
    st.sampled_from([15, -15, 31, 47, 9, -9]),
    st.sampled_from([b"", b"dictionary"]),
    mutations(),
    st.lists(operations, max_size=12),
)
@example(
    b"abc" * 1000, 15, b"", lambda data: data + b"xx", [("decompress", 1.0, 3000), ("tail", 0.0, 1), ("flush", 0.0, 1)]
)
@example(b"text", 15, b"", lambda data: data + b"xx", [("decompress", 1.0, 1), ("tail", 0.0, 0), ("flush", 0.0, 1)])
@example(
    b"abc" * 1000, 15, b"", lambda data: data + b"xx", [("decompress", 1.0, 0), ("flush", 0.0, 1), ("again", 0.1, 0)]
)
def test_decompressed_in_pieces(
    text: bytes,
    wbits: int,
    zdict: bytes,
    mutate: Callable[[bytes], bytes],
    steps: list[tuple[str, float, int]],
) -> None:
    compressor = zlib.compressobj(wbits=wbits & 15 if wbits == 47 else wbits)
    data = mutate(compressor.compress(text) + compressor.flush())
    objects: list[Any] = [module.decompressobj(wbits, zdict) for module in (zlibwrap, zlib)]
    position = 0
    for kind, share, number in steps:
        piece = data[position:][: int(share * len(data)) + 1]
        results: list[object] = []
        for place, one in enumerate(objects):
            if kind == "copy":
                try:
                    objects[place] = one.copy()
                except ValueError as error:
                    results.append(str(error))
                continue
            arguments = {
                "decompress": (piece, number),
                "again": (data[: int(share * len(data))], number),
                "tail": (one.unconsumed_tail, number),
                "flush": (number,),
            }[kind]
            method = one.flush if kind == "flush" else one.decompress
            results.append(outcome(lambda method=method, arguments=arguments: method(*arguments)))  # type: ignore[misc]
        if kind == "decompress":
            position += len(piece)
        if kind == "flush" and flush_says_nothing() and isinstance(results[0], tuple) and isinstance(results[1], bytes):
            results = []
        assert results[:1] == results[1:] or len(results) == 0
        ours, theirs = objects
        assert ours.eof == theirs.eof
        assert ours.unused_data == theirs.unused_data
        if ours.eof and keeps_a_tail_at_the_end() and theirs.unconsumed_tail and not ours.unconsumed_tail:
            break  # from here on it goes on with what it should not have
        assert ours.unconsumed_tail == theirs.unconsumed_tail


@given(
    st.lists(
        st.tuples(texts, st.sampled_from(["compress", "copy", *range(-1, 7)])),
        max_size=8,
    ),
    st.sampled_from([-1, *range(1, 10)]),  # uncompressed blocks (0) are as long as the output has room
    st.sampled_from([15, -15, 31, 9, -9, 25]),
    st.integers(1, 9),
    st.integers(0, 4),
    st.sampled_from([None, b"", b"abc", b"the dictionary" * 10]),
)
def test_compressed_in_pieces(
    steps: list[tuple[bytes, Any]], level: int, wbits: int, memory: int, strategy: int, zdict: Any
) -> None:
    more = {} if zdict is None else {"zdict": zdict}

    def make(module: Any) -> Any:
        try:
            return module.compressobj(level, zlib.DEFLATED, wbits, memory, strategy, **more)
        except ValueError as error:
            return str(error)

    objects = [make(zlibwrap), make(zlib)]
    if isinstance(objects[1], str):
        assert zdict == b"" or objects[0] == objects[1]  # an empty dictionary is as none
        return
    for text, kind in steps:
        results: list[object] = []
        for place, one in enumerate(objects):
            if kind == "copy":
                try:
                    objects[place] = one.copy()
                except ValueError as error:
                    results.append(str(error))
            elif kind == "compress":
                results.append(outcome(lambda one=one, text=text: one.compress(text)))  # type: ignore[misc]
            else:
                results.append(outcome(lambda one=one, kind=kind: one.flush(kind)))  # type: ignore[misc]
        assert results[:1] == results[1:]


# With 0, ours keeps the data, and the standard library looks at it: the docstring says so, and the next test is about it.
LIMITS = st.integers(-1, 300).filter(lambda limit: limit != 0)


@pytest.mark.skipif(not hasattr(zlib, "_ZlibDecompressor"), reason="it came with Python 3.12")
@given(texts, mutations(), st.lists(st.tuples(st.floats(0, 1), LIMITS), max_size=10))
@example(b"\0", bytes, [(0.5, 1)])
def test_the_decompressor_of_gzip(
    text: bytes, mutate: Callable[[bytes], bytes], steps: list[tuple[float, int]]
) -> None:
    data = mutate(zlib.compress(text))
    ours: Any = zlibwrap._ZlibDecompressor()
    theirs: Any = zlib._ZlibDecompressor()  # type: ignore[attr-defined,unused-ignore]
    for share, limit in steps:
        size = int(share * len(data))
        piece, data = data[:size], data[size:]
        expected = outcome(lambda piece=piece, limit=limit: theirs.decompress(piece, limit))  # type: ignore[misc]
        assert outcome(lambda piece=piece, limit=limit: ours.decompress(piece, limit)) == expected  # type: ignore[misc]
        if isinstance(expected, tuple) and expected[0] == "error":
            return
        assert (ours.eof, ours.needs_input, ours.unused_data) == (theirs.eof, theirs.needs_input, theirs.unused_data)


@given(texts, st.integers(0, 40))
def test_the_decompressor_of_gzip_keeps_what_it_may_not_give(text: bytes, cut: int) -> None:
    data = zlib.compress(text)
    decompressor = zlibwrap._ZlibDecompressor()
    assert decompressor.decompress(b"", 0) == b""
    assert decompressor.needs_input
    assert decompressor.decompress(data[:cut], 0) == b""
    assert decompressor.decompress(data[cut:]) == text
    assert decompressor.eof


# From 3.15 on, the standard library says that it will refuse checksums of more than 32 bits one day.
@pytest.mark.filterwarnings("ignore:integer value out of range:DeprecationWarning")
@given(st.binary(max_size=9000), st.integers(-(2**70), 2**70))
def test_checksums(data: bytes, value: int) -> None:
    assert zlibwrap.crc32(data) == zlib.crc32(data)
    assert zlibwrap.adler32(data) == zlib.adler32(data)
    assert zlibwrap.crc32(data, value) == zlib.crc32(data, value)
    if value & 0xFFFF < 65521 and value >> 16 & 0xFFFF < 65521:  # others are no sums of Adler's
        assert zlibwrap.adler32(data, value) == zlib.adler32(data, value)
    assert zlibwrap.crc32(bytearray(data), value) == zlib.crc32(data, value)


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_checksums_of_two_parts(first: bytes, second: bytes) -> None:
    for name in ("crc32", "adler32"):
        checksum, combine = getattr(zlibwrap, name), getattr(zlibwrap, f"{name}_combine")
        assert combine(checksum(first), checksum(second), len(second)) == checksum(first + second)


class Index:
    def __index__(self) -> int:
        return 5


BAD_CALLS = [
    "m.decompress(C, bufsize=0)",
    "m.decompress(C, bufsize=-1)",
    "m.decompress(C, bufsize=2**70)",
    "m.decompress(C, bufsize='a')",
    "m.decompress(C, 15.5)",
    "m.decompress(C, wbits=2**40)",
    "m.decompress('x')",
    "m.decompress(None)",
    "m.decompress()",
    "m.decompress(memoryview(C)[::2])",
    "m.compress('x')",
    "m.compress(5)",
    "m.compress([1, 2])",
    "m.compress(b'', 10)",
    "m.compress(b'', None)",
    "m.compress(b'', 2**40)",
    "m.compress(b'', wbits=3)",
    "m.compress(data=b'')",
    "m.crc32('')",
    "m.crc32([b'a'])",
    "m.crc32(b'', 1.5)",
    "m.crc32(b'', 'a')",
    "m.crc32(b'', None)",
    "m.crc32()",
    "m.crc32(b'', 1, 2)",
    "m.adler32(data=b'')",
    "m.adler32(memoryview(C)[::2])",
    "m.compressobj(10)",
    "m.compressobj(method=3)",
    "m.compressobj(memLevel=0)",
    "m.compressobj(strategy=100)",
    "m.compressobj(zdict='a')",
    "m.compressobj(zdict=None)",
    "m.compressobj(wbits=31, zdict=b'abc')",
    "m.compressobj(1.5)",
    "m.compressobj(2**40)",
    "m.decompressobj(100)",
    "m.decompressobj('a')",
    "m.decompressobj(zdict=None)",
    "m.decompressobj(zdict='s')",
    "m.decompressobj().decompress(b'', -1)",
    "m.decompressobj().decompress(b'', 2**70)",
    "m.decompressobj().decompress(b'', -2**70)",
    "m.decompressobj().decompress('')",
    "m.decompressobj().decompress(C, max_length=1.5)",
    "m.decompressobj().flush(0)",
    "m.decompressobj().flush(-1)",
    "m.decompressobj().flush(None)",
    "m.decompressobj().flush(2**80)",
    "m.decompressobj().flush(-2**80)",
    "m.compressobj().flush(99)",
    "m.compressobj().flush(-5)",
    "m.compressobj().flush(2**40)",
    "m.compressobj().flush('a')",
    "m.compressobj().compress('')",
    "m.decompress(m.compressobj(zdict=b'abc').flush())",
    "m.decompressobj(zdict=b'xyz').decompress(m.compressobj(zdict=b'abc').flush())",
    "m.decompressobj().decompress(m.compressobj(zdict=b'abc').flush())",
    "type(m.compressobj())()",
    "type(m.decompressobj())()",
    "type('Sub', (type(m.compressobj()),), {})",
    "pickle.dumps(m.compressobj())",
    "pickle.dumps(m.decompressobj())",
    "setattr(m.decompressobj(), 'eof', True)",
    "setattr(m.compressobj(), 'other', True)",
]


# What the standard library does otherwise before Python 3.11.
LATER = {
    "m.compress(b'', wbits=3)",
    "m.decompressobj().decompress(C, max_length=1.5)",
    "type(m.compressobj())()",
    "type(m.decompressobj())()",
}


@pytest.mark.parametrize("call", BAD_CALLS)
def test_exceptions(call: str) -> None:
    import pickle

    if call in LATER and sys.version_info < (3, 11):
        pytest.skip("before Python 3.11, zlib itself does otherwise")
    names = {"C": zlib.compress(b"abc" * 100), "pickle": pickle}
    both(lambda m: eval(call, {"m": m, **names}))


@pytest.mark.parametrize(
    "call",
    [
        "m.compress(bytearray(b'abc'))",
        "m.compress(memoryview(b'abcdef')[2:])",
        "m.compress(array.array('i', [1, 2, 3]))",
        "m.compress(b'abc', True)",
        "m.compress(b'abc', Index())",
        "m.decompress(memoryview(C))",
        "m.decompress(bytearray(C), Index() and 15)",
        "m.decompress(C, bufsize=Index())",
        "m.decompressobj().decompress(memoryview(C), Index())",
        "m.compressobj(zdict=bytearray(b'abc')).flush()",
        "m.compress(b'')",
        "m.decompress(m.compress(b''))",
    ],
)
def test_arguments_of_other_kinds(call: str) -> None:
    import array

    names = {"C": zlib.compress(b"abc" * 100), "Index": Index, "array": array}
    both(lambda m: eval(call, {"m": m, **names}))


class LongBytes(bytes):
    def __len__(self) -> int:
        return 1 << 40


def test_a_length_that_is_a_lie() -> None:
    data = LongBytes(b"abc" * 100)
    assert zlibwrap.crc32(data) == zlib.crc32(b"abc" * 100)
    assert zlibwrap.adler32(data) == zlib.adler32(b"abc" * 100)
    assert zlib.decompress(zlibwrap.compress(data)) == b"abc" * 100


def test_constants_and_functions() -> None:
    for name, value in vars(zlib).items():
        if not name.startswith("__"):
            ours = getattr(zlibwrap, name)
            assert type(ours) is type(value) or callable(value), name
            if not callable(value):
                assert ours == value, name
    for name in ("adler32", "crc32", "compress", "decompress", "compressobj", "decompressobj"):
        assert getattr(zlibwrap, name).__name__ == name


def test_lengths_without_meaning() -> None:
    for combine in (zlibwrap.crc32_combine, zlibwrap.adler32_combine):
        with pytest.raises(ValueError, match="len2 must be non-negative"):
            combine(1, 2, -1)
        with pytest.raises(OverflowError):
            combine(1, 2, 1 << 70)
        with pytest.raises(TypeError):
            combine(1, 2, "3")  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.sampled_from([15, -9, 31]), st.sampled_from(WBITS), st.integers(0, 40), texts), max_size=12)
)
def test_one_text_leaves_nothing_for_the_next(turns: list[tuple[int, int, int, bytes]]) -> None:
    for written, read, cut, text in turns:
        packer = zlib.compressobj(wbits=written)
        data = packer.compress(text) + packer.flush()
        for part in (data, data[: len(data) - cut]):

            def do(module: Any, part: bytes = part, read: int = read) -> Any:
                return module.decompress(part, read)

            both(do)


def test_what_is_kept_is_the_same_object_until_it_changes() -> None:
    stream = zlibwrap.decompressobj()
    data = zlib.compress(bytes(range(256)) * 100) + b"more"
    stream.decompress(data, 10)
    tail = stream.unconsumed_tail
    assert stream.unconsumed_tail is tail
    other = stream.copy()
    assert (other.unconsumed_tail, other.unused_data, other.eof) == (tail, b"", False)
    while not stream.eof:
        stream.decompress(stream.unconsumed_tail, 1000)
    assert (stream.unused_data, stream.unconsumed_tail) == (b"more", b"")
    assert stream.unused_data is stream.unused_data
    assert (other.unconsumed_tail, other.eof) == (tail, False)
    again = stream.copy()
    assert (again.unused_data, again.eof) == (b"more", True)
