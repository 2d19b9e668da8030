"""Open gzip files."""

from __future__ import annotations

import io
import os
import time
from operator import index
from typing import BinaryIO, Literal, Optional, Union, cast, overload

from zlibwrap._header import GzipHeader, to_raw
from zlibwrap._raw import Z_BEST_COMPRESSION, Z_DEFAULT_COMPRESSION
from zlibwrap._reader import GzipReader
from zlibwrap._streaming import Progress
from zlibwrap._whole import as_size
from zlibwrap._writer import GzipWriter

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_OS = 3 if os.name == "posix" else 255


@overload
def open(  # noqa: A001 - the name that it has in gzip
    filename: Union[Path, BinaryIO],
    mode: Literal["r", "rb"] = ...,
    compresslevel: int = ...,
    encoding: None = ...,
    errors: None = ...,
    newline: None = ...,
    *,
    max_output: Optional[int] = ...,
) -> GzipReader: ...
@overload
def open(  # noqa: A001
    filename: Union[Path, BinaryIO],
    mode: Literal["w", "wb", "a", "ab", "x", "xb"],
    compresslevel: int = ...,
    encoding: None = ...,
    errors: None = ...,
    newline: None = ...,
    *,
    header: Optional[GzipHeader] = ...,
    progress: Optional[Progress] = ...,
) -> GzipWriter: ...
@overload
def open(  # noqa: A001
    filename: Union[Path, BinaryIO],
    mode: Literal["rt", "wt", "at", "xt"],
    compresslevel: int = ...,
    encoding: Optional[str] = ...,
    errors: Optional[str] = ...,
    newline: Optional[str] = ...,
    *,
    header: Optional[GzipHeader] = ...,
    max_output: Optional[int] = ...,
    progress: Optional[Progress] = ...,
) -> io.TextIOWrapper: ...
@overload
def open(  # noqa: A001
    filename: Union[Path, BinaryIO],
    mode: str,
    compresslevel: int = ...,
    encoding: Optional[str] = ...,
    errors: Optional[str] = ...,
    newline: Optional[str] = ...,
    *,
    header: Optional[GzipHeader] = ...,
    max_output: Optional[int] = ...,
    progress: Optional[Progress] = ...,
) -> Union[GzipReader, GzipWriter, io.TextIOWrapper]: ...
def open(  # noqa: A001, PLR0913
    filename: Union[Path, BinaryIO],
    mode: str = "rb",
    compresslevel: int = Z_BEST_COMPRESSION,
    encoding: Optional[str] = None,
    errors: Optional[str] = None,
    newline: Optional[str] = None,
    *,
    header: Optional[GzipHeader] = None,
    max_output: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> Union[GzipReader, GzipWriter, io.TextIOWrapper]:
    """Open a gzip file, as ``gzip.open`` does.

    ``filename`` is a path, or a binary file that is open already and stays so.  ``mode`` is "r", "w", "a" (write another member at
    the end) or "x" (write a new file), with "b" for binary data, which is the default, or "t" for text; ``encoding``, ``errors`` and
    ``newline`` are for text.  ``header`` says what is written about the file: by default its name and the time.  ``max_output`` is
    how many bytes may be read.  ``progress`` is called when something was written, with the numbers of bytes before and after
    compression.
    Errors: ``OSError``; ``ValueError`` for arguments without meaning.
    """
    kind = _check_mode(mode, text=encoding is not None or errors is not None or newline is not None)
    if kind == "r" and (header is not None or progress is not None):
        raise ValueError("header and progress are for writing")
    if kind != "r" and max_output is not None:
        raise ValueError("max_output is for reading")
    if kind != "r":
        # Before a file is made, or emptied.
        if not Z_DEFAULT_COMPRESSION <= index(compresslevel) <= Z_BEST_COMPRESSION:
            raise ValueError(f"compresslevel must be a number from -1 to 9, not {compresslevel}")
        if header is not None:
            to_raw(header)
    owned = isinstance(filename, (str, bytes, os.PathLike))
    if isinstance(filename, (str, bytes, os.PathLike)):
        file = cast(BinaryIO, io.open(filename, kind + "b"))  # noqa: UP020, SIM115 - it is closed with what is returned
    elif hasattr(filename, "read" if kind == "r" else "write"):
        file = filename
    else:
        raise TypeError(f"filename must be a path or a binary file, not {type(filename).__name__}")
    try:
        binary: Union[GzipReader, GzipWriter]
        if kind == "r":
            limit = None if max_output is None else as_size(max_output, "max_output")
            binary = GzipReader(file, owned=owned, max_output=limit)
        else:
            header = _default_header(file) if header is None else header
            binary = GzipWriter(file, compresslevel, header=header, owned=owned, progress=progress)
        return io.TextIOWrapper(cast(BinaryIO, binary), encoding, errors, newline) if "t" in mode else binary
    except BaseException:
        if owned:
            file.close()
        raise


def _check_mode(mode: str, *, text: bool) -> str:
    """Check the mode; return its letter for reading or writing."""
    kind = mode.replace("t", "", 1) if "t" in mode else mode.replace("b", "", 1)
    if kind not in {"r", "w", "a", "x"}:
        raise ValueError(f"invalid mode: {mode!r}")
    if text and "t" not in mode:
        raise ValueError("encoding, errors and newline are for text modes")
    return kind


def _default_header(file: BinaryIO) -> GzipHeader:
    """Make a header from the file's name, as gzip does, and the time."""
    name: object = getattr(file, "name", None)
    text = None
    if isinstance(name, (str, bytes)):
        text = os.path.basename(os.fsdecode(name))  # noqa: PTH119 - it may be bytes
        text = text.removesuffix(".gz")
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            text = None  # the header has no way to say it
    return GzipHeader(name=text or None, mtime=int(time.time()), os=_OS)
