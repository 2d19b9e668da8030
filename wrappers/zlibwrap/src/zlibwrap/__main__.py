"""Compress and decompress files: ``python -m zlibwrap [-d] [-k] [-c] [-f] [-1 ... -9] [FILE ...]``.

The original goes only when its replacement is whole and on the disk; after a failure it is as it was.  With -f, what a link
points to is replaced, and the link stays.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Callable, Optional

from zlibwrap import Z_DEFAULT_COMPRESSION, Compressor, Decompressor, GzipHeader, OutputLimitError, error

_CHUNK = 256 * 1024
_SUFFIX = ".gz"
_HEADER_NAMES = "latin-1"

Advance = Callable[[int], object]


class _RefusedError(Exception):
    """A file is not worked on; the message says why."""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; return its exit status: 1 when a file could not be done."""
    options = _parser().parse_args(arguments)
    status = 0
    for name in options.files or ["-"]:
        problem = _do(name, options)
        if isinstance(problem, BrokenPipeError):
            # The reader has left (as "head" does): keep the flush at exit from failing again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        if problem is not None:
            print(f"zlibwrap: {name}: {_explain(problem)}", file=sys.stderr)
            status = 1
    return status


def _do(name: str, options: argparse.Namespace) -> Optional[Exception]:
    """Do one file; return what went wrong."""
    try:
        if name == "-":
            _convert(sys.stdin.buffer, sys.stdout.buffer, options, None, lambda _size: None)
            sys.stdout.buffer.flush()
        else:
            _do_file(Path(name), options)
    except (_RefusedError, OSError, EOFError, error, OutputLimitError, ValueError) as problem:
        return problem
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m zlibwrap", description="Compress files to FILE.gz, or decompress them."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help='"-", or none: from standard input to standard output')
    parser.add_argument("-d", "--decompress", action="store_true", help="decompress FILE.gz")
    parser.add_argument("-k", "--keep", action="store_true", help="keep the original")
    parser.add_argument("-c", "--stdout", action="store_true", help="write to standard output, and keep the original")
    parser.add_argument("-f", "--force", action="store_true", help="replace a file that is there")
    parser.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    parser.add_argument(
        "--max-output", type=int, metavar="BYTES", help="stop when more than that comes out of a compressed file"
    )
    for level in range(1, 10):
        parser.add_argument(f"-{level}", dest="level", action="store_const", const=level, help=argparse.SUPPRESS)
    parser.set_defaults(level=Z_DEFAULT_COMPRESSION)
    return parser


def _explain(problem: Exception) -> str:
    return problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)


def _do_file(path: Path, options: argparse.Namespace) -> None:
    """Compress or decompress one file."""
    target = _target(path, decompress=options.decompress) if not options.stdout else None
    if path.is_symlink() and not (options.force or options.keep or options.stdout):
        raise _RefusedError("this is a symbolic link; -f takes what it points to and removes the link, -k keeps both")
    with path.open("rb") as source:
        if not path.is_file():
            raise _RefusedError("this is no regular file")
        if target is not None and os.path.lexists(target):
            if not options.force:
                raise _RefusedError(f"{target} exists already; -f replaces it")
            target = _behind_links(target)
            if target.exists() and target.samefile(path):
                raise _RefusedError(f"{target} is the file itself")
        size = os.fstat(source.fileno()).st_size
        with _progress(path.name, size, quiet=options.quiet) as advance:
            if target is None:
                _convert(source, sys.stdout.buffer, options, path, advance)
                sys.stdout.buffer.flush()
                return
            _replace(source, path, target, options, advance)
    if not options.keep:
        path.unlink()


def _target(path: Path, *, decompress: bool) -> Path:
    """Name the file that is made."""
    if not decompress:
        if path.suffix == _SUFFIX:
            raise _RefusedError(f"its name ends in {_SUFFIX} already")
        return path.with_name(path.name + _SUFFIX)
    if path.suffix != _SUFFIX or path.name == _SUFFIX:
        raise _RefusedError(f"its name does not end in {_SUFFIX}; -c writes to standard output")
    return path.with_name(path.name[: -len(_SUFFIX)])


def _behind_links(target: Path) -> Path:
    """Follow links to the file that is to be replaced.  It need not be there, but its folder must."""
    found = Path(os.path.realpath(target))  # Path.resolve raises RuntimeError for loops before Python 3.13
    if found.is_symlink():
        raise _RefusedError(f"{target} is a link that points to itself")
    if found.exists() and not found.is_file():
        raise _RefusedError(f"{target} is no regular file")
    return found


def _replace(source: BinaryIO, path: Path, target: Path, options: argparse.Namespace, advance: Advance) -> None:
    """Make ``target`` whole under another name, and then give it its own."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    claimed: Optional[Path] = None
    try:
        with os.fdopen(descriptor, "wb") as made:
            _convert(source, made, options, path, advance)
            made.flush()
            os.fsync(made.fileno())
        shutil.copystat(path, temporary)
        if not options.force:
            # Another program may have made the file meanwhile.  Links would tell too, but some file systems have none.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            claimed = target
        temporary.replace(target)
        claimed = None
    except BaseException:
        temporary.unlink(missing_ok=True)
        if claimed is not None:
            claimed.unlink(missing_ok=True)
        raise


def _convert(
    source: BinaryIO, target: BinaryIO, options: argparse.Namespace, path: Optional[Path], advance: Advance
) -> None:
    """Write ``source``, compressed or decompressed, to ``target``."""
    pieces = (
        _decompressed(source, options, advance) if options.decompress else _compressed(source, options, path, advance)
    )
    target.writelines(pieces)


def _compressed(
    source: BinaryIO, options: argparse.Namespace, path: Optional[Path], advance: Advance
) -> Iterator[bytes]:
    with Compressor(options.level, format="gzip", header=_header(source, path)) as compressor:
        while chunk := source.read(_CHUNK):
            yield compressor.compress(chunk)
            advance(len(chunk))
        yield compressor.finish()


def _decompressed(source: BinaryIO, options: argparse.Namespace, advance: Advance) -> Iterator[bytes]:
    with Decompressor(format="gzip", max_output=options.max_output) as decompressor:
        while chunk := source.read(_CHUNK):
            yield decompressor.decompress(chunk, _CHUNK)
            while not decompressor.needs_input:
                yield decompressor.decompress(b"", _CHUNK)
            advance(len(chunk))
        yield decompressor.finish()


def _header(source: BinaryIO, path: Optional[Path]) -> GzipHeader:
    """Say in the compressed file what it was made from."""
    if path is None:
        return GzipHeader()
    mtime = int(os.fstat(source.fileno()).st_mtime)
    try:
        path.name.encode(_HEADER_NAMES)
    except UnicodeEncodeError:
        return GzipHeader(mtime=mtime)
    return GzipHeader(name=path.name, mtime=mtime)


@contextmanager
def _progress(name: str, size: int, *, quiet: bool) -> Iterator[Advance]:
    """Show a bar on a terminal, where tqdm is installed."""
    if quiet or not sys.stderr.isatty():
        yield lambda _size: None
        return
    try:
        from tqdm import tqdm  # type: ignore[import-untyped, unused-ignore] # optional, and so are its types
    except ImportError:
        yield lambda _size: None
        return
    with tqdm(total=size, unit="B", unit_scale=True, unit_divisor=1024, desc=name) as bar:
        yield bar.update


if __name__ == "__main__":
    sys.exit(main())
