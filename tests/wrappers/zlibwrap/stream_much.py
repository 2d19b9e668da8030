"""Send much data through a compressor and a decompressor: ``stream_much.py [MIB [LIMIT]]``, by default 1024 MiB in at most 64 MiB.

Prints how much memory the process took at most, and fails where that is more than the limit.  Units: MiB.
"""

from __future__ import annotations

import hashlib
import resource
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import zlibwrap

MIB = 1 << 20


def numbers(count: int) -> Iterator[bytes]:
    """Give so many MiB, of which no two are the same, and which become four times as short."""
    block = b"".join(hashlib.sha256(bytes([number])).digest() + bytes(96) for number in range(128)) * 63
    for number in range(count):
        yield (number.to_bytes(8, "little") + block).ljust(MIB, b"x")


def measure(chunks: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    """Give what comes, and add it to the digest."""
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def peak() -> float:
    """Return the most memory that the process had until now."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux, getrusage begins with what the parent had when it started this process.
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (MIB if sys.platform == "darwin" else 1024)


def main(count: int = 1024, limit: int = 64) -> int:
    """Run the command; return its exit status."""
    before, after = hashlib.sha256(), hashlib.sha256()
    first = peak()
    size = 0
    packed = zlibwrap.compress_chunks(measure(numbers(count), before), 1, format="gzip")
    for piece in zlibwrap.decompress_chunks(packed, format="gzip"):
        after.update(piece)
        size += len(piece)
    most = peak()
    print(
        f"{size / MIB:.0f} MiB went through; the process had at most {most:.1f} MiB, {most - first:.1f} more than at first"
    )
    return int(before.digest() != after.digest() or size != count * MIB or most > limit)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
