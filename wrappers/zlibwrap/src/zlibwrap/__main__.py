"""Compress and decompress files: ``python -m zlibwrap [-d] [-k] [-c] [-f] [-1 ... -9] [FILE ...]``.

The original goes only when its replacement is whole and on the disk; after a failure it is as it was.  With -f, what a link
points to is replaced, and the link stays.  Signals that end the command leave nothing half done.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Callable, NoReturn, Optional

from zlibwrap import Z_DEFAULT_COMPRESSION, Compressor, Decompressor, GzipHeader, OutputLimitError, error
from zlibwrap._replacing import RefusedError, behind_links, open_original, write_replacement

_CHUNK = 256 * 1024
_SUFFIX = ".gz"
_HEADER_NAMES = "latin-1"

Advance = Callable[[int], object]


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
            _write_out(sys.stdin.buffer, options, None, lambda _size: None)
        else:
            _do_file(Path(name), options)
    except (RefusedError, OSError, EOFError, error, OutputLimitError, ValueError) as problem:
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
        raise RefusedError("this is a symbolic link; -f takes what it points to and removes the link, -k keeps both")
    original = open_original(path)
    with closing(original.file) as source:
        if target is not None and os.path.lexists(target):
            if not options.force:
                raise RefusedError(f"{target} exists already; -f replaces it")
            target = behind_links(target)
            if target.exists() and target.samefile(path):
                raise RefusedError(f"{target} is the file itself")
        with _progress(path.name, original.opened.st_size, quiet=options.quiet) as advance:
            if target is None:
                _write_out(source, options, path, advance)
                return
            pieces = _convert(source, options, path, advance)
            write_replacement(original, target, pieces, force=options.force)
        if not options.keep:
            original.remove()


def _target(path: Path, *, decompress: bool) -> Path:
    """Name the file that is made."""
    if not decompress:
        if path.suffix == _SUFFIX:
            raise RefusedError(f"its name ends in {_SUFFIX} already")
        return path.with_name(path.name + _SUFFIX)
    if path.suffix != _SUFFIX or path.name == _SUFFIX:
        raise RefusedError(f"its name does not end in {_SUFFIX}; -c writes to standard output")
    return path.with_name(path.name[: -len(_SUFFIX)])


def _write_out(source: BinaryIO, options: argparse.Namespace, path: Optional[Path], advance: Advance) -> None:
    """Write ``source``, compressed or decompressed, to standard output."""
    if not (options.decompress or options.force) and sys.stdout.isatty():
        raise RefusedError("compressed data is not for a terminal; -f writes it there")
    sys.stdout.buffer.writelines(_convert(source, options, path, advance))
    sys.stdout.buffer.flush()


def _convert(source: BinaryIO, options: argparse.Namespace, path: Optional[Path], advance: Advance) -> Iterator[bytes]:
    """Give ``source``, compressed or decompressed."""
    if options.decompress:
        return _decompressed(source, options, advance)
    return _compressed(source, options, path, advance)


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


def _end(number: int, _frame: Optional[FrameType]) -> NoReturn:
    """End the command at a signal, by an exception, so that it leaves nothing half done."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for one in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(one) is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(one, _end)
    sys.exit(main())
