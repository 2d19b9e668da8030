"""``zlibwrap`` beside ``zlib``.

The text is made of words in no order, about as compressible as prose is.
"""

from __future__ import annotations

from .row import Case, Row, Wrapper, beside

KIB = 1024

TEXT = """\
from random import Random
random = Random(1)
words = [bytes(random.choices(b"etaoinshrdlu", k=random.randrange(2, 10))) for _ in range(2000)]
text = b" ".join(random.choices(words, k={size} // 4))[:{size}]
"""


def text(size: int, more: str = "") -> str:
    """Return the setup that makes a text of ``size`` bytes."""
    return TEXT.format(size=size) + more


def row(name: str, expected: object, case: Case) -> Row:
    return beside("zlibwrap", "zlib", name, case, expected)


def whole(size: int, words: str, level: int) -> tuple[Row, Row]:
    """Make the rows that compress and decompress a text by one call."""
    setup = text(
        size,
        f"compress, decompress = module.compress, module.decompress; level = {level}; data = compress(text, level)",
    )
    return (
        row(
            f"compress {words}, level {level}",
            True,
            Case("compress(text, level)", setup, "decompress(compress(text, level)) == text"),
        ),
        row(
            f"decompress {words}, level {level}",
            True,
            Case("decompress(data)", setup, "decompress(data) == text"),
        ),
    )


def checksum(name: str, size: int, words: str) -> Row:
    setup = text(size, f"import zlib; checksum = module.{name}")
    return row(f"{name} {words}", True, Case("checksum(text)", setup, f"checksum(text) == zlib.{name}(text)"))


IN_CHUNKS = f"""
chunks = [text[start : start + {4 * KIB}] for start in range(0, len(text), {4 * KIB})]
data = module.compress(text, 1)
pieces = [data[start : start + {KIB}] for start in range(0, len(data), {KIB})]
def compress(chunks):
    stream = module.compressobj(1)
    return b"".join([stream.compress(chunk) for chunk in chunks]) + stream.flush()
def decompress(pieces):
    stream = module.decompressobj()
    return b"".join([stream.decompress(piece) for piece in pieces]) + stream.flush()
"""

THREADS = """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
compress, decompress = module.compress, module.decompress
def both():
    return list(pool.map(compress, (text, text), (1, 1)))
"""

WRAPPER = Wrapper(
    ours="zlibwrap",
    standard="zlib",
    rows=(
        *whole(64, "64 B", 6),
        *whole(64 * KIB, "64 KiB", 1),
        *whole(64 * KIB, "64 KiB", 6),
        *whole(KIB * KIB, "1 MiB", 1),
        *whole(KIB * KIB, "1 MiB", 6),
        row(
            "compressobj, 64 KiB by 4 KiB",
            True,
            Case("compress(chunks)", text(64 * KIB, IN_CHUNKS), "compress(chunks) == data"),
        ),
        row(
            "decompressobj, 64 KiB by 1 KiB",
            True,
            Case("decompress(pieces)", text(64 * KIB, IN_CHUNKS), "decompress(pieces) == text"),
        ),
        row(
            "two threads compress 1 MiB each, level 1",
            True,
            Case("both()", text(KIB * KIB, THREADS), "[decompress(data) for data in both()] == [text, text]"),
        ),
        *(checksum(name, 64, "64 B") for name in ("crc32", "adler32")),
        *(checksum(name, 64 * KIB, "64 KiB") for name in ("crc32", "adler32")),
    ),
    at_most={
        **dict.fromkeys(("compress 64 B", "decompress 64 B"), 1.3),
        # A throughput of 0.98 of the standard library's.
        **{f"{name} {words}": 1 / 0.98 for name in ("compress", "decompress") for words in ("64 KiB", "1 MiB")},
        **dict.fromkeys(("crc32 64 KiB", "adler32 64 KiB"), 1 / 0.98),
        **dict.fromkeys(("compressobj", "decompressobj"), 1 / 0.98),
        # As well as the standard library: with the GIL held it would be 2.
        "two threads": 1.1,
        **dict.fromkeys(("crc32 64 B", "adler32 64 B"), 1.5),
    },
)
