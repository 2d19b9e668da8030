"""One object, several threads."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

import zlibwrap


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(do: Callable[[int], object], count: int = 4) -> list[object]:
    """Run ``do`` in some threads that begin together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_one_compressor() -> None:
    compressor = zlibwrap.compressobj(1)
    pieces: list[bytes] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        for turn in range(50):
            # The pieces must be kept in the order in which they come out.
            with lock:
                pieces.append(compressor.compress(bytes([number]) * (1 + turn * 100)))

    def disturb(number: int) -> None:
        if number == 0:
            for _ in range(50):
                compressor.copy().flush()
        else:
            work(number)

    in_threads(disturb)
    text = zlib.decompress(b"".join(pieces) + compressor.flush())
    assert [text.count(bytes([number])) for number in range(4)] == [0] + [sum(1 + t * 100 for t in range(50))] * 3


def test_without_a_lock_of_the_callers() -> None:
    compressor = zlibwrap.compressobj()
    sizes = in_threads(lambda number: sum(len(compressor.compress(bytes([number]) * 5000)) for _ in range(40)))
    assert all(isinstance(size, int) for size in sizes)
    compressor.flush()


def test_one_decompressor() -> None:
    text = bytes(range(256)) * 4000
    data = zlib.compress(text)
    decompressor = zlibwrap.decompressobj()

    def work(_number: int) -> int:
        size = 0
        for _ in range(2000):
            with suppress(zlibwrap.error):  # the pieces go in in no order
                size += len(decompressor.decompress(decompressor.unconsumed_tail, 1000))
        return size

    first = decompressor.decompress(data, 1000)
    assert len(first) == 1000
    sizes = in_threads(work)
    assert all(isinstance(size, int) for size in sizes)


def test_whole_texts() -> None:
    texts = [bytes([number]) * 300_000 + bytes(range(256)) * number for number in range(4)]
    data = [zlib.compress(text) for text in texts]

    def work(number: int) -> bool:
        return all(
            zlibwrap.decompress(data[number]) == texts[number]
            and zlib.decompress(zlibwrap.compress(texts[number], 1)) == texts[number]
            and zlibwrap.crc32(texts[number]) == zlib.crc32(texts[number])
            for _ in range(10)
        )

    assert in_threads(work) == [True] * 4


def others_run_during(call: Callable[[], object], attempts: int) -> bool:
    """Tell whether in one of some attempts another thread ran during the call.

    The interpreter lets others run by itself after 100 s only.  So between ``go.release()`` and the look at ``ran`` they run if the
    call lets them, and at no other time.  They need not be quick enough each time: the system has other things to do.
    """
    sys.setswitchinterval(100)
    for _ in range(attempts):
        go = threading.Lock()
        go.acquire()
        ran: list[bool] = []
        thread = threading.Thread(target=lambda go=go, ran=ran: ran.append(go.acquire()))
        thread.start()
        go.release()
        call()
        meanwhile = bool(ran)
        thread.join()
        if meanwhile:
            return True
    return False


@pytest.mark.parametrize(
    "call",
    [
        "compress(text)",
        "decompress(data)",
        "crc32(text)",
        "adler32(text)",
        "crc32(view)",
        "compressor.compress(text)",
        "decompressobj().decompress(data)",
        "Decompressor().decompress(data)",
    ],
)
def test_other_threads_run_meanwhile(call: str) -> None:
    text = bytes(range(256)) * (400_000 if "32" in call else 40_000)
    scope = {"text": text, "view": memoryview(text), "data": zlib.compress(text, 1), **vars(zlibwrap)}
    scope["compressor"] = zlibwrap.compressobj()
    compiled = compile(call, "<call>", "eval")
    assert others_run_during(lambda: eval(compiled, scope), 1000)


@pytest.mark.skipif(sys.implementation.name == "pypy", reason="it lets others run in loops of its own too")
@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="there is no lock")
def test_no_others_run_where_python_keeps_its_lock() -> None:
    numbers = range(1_000_000)
    assert not others_run_during(lambda: sum(numbers), 3)
