"""Call the C functions of ``_zlib`` and hand back plain Python values.

Belongs here: everything that touches ``ffi`` or ``lib``.  No policy: not what the public objects remember between calls, not
that one stream is used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable, Final, NamedTuple, NoReturn, Optional, TypeVar

from zlibwrap import _zlib
from zlibwrap._errors import error, make_error
from zlibwrap._types import Buffer

_Function = TypeVar("_Function", bound=Callable[..., int])
_Method = TypeVar("_Method", bound=Callable[..., bytes])

_ffi: Final = _zlib.ffi
_lib: Final = _zlib.lib
_unpack: Final = _ffi.unpack
_compress: Final = _lib.zlibwrap_compress
_decompress: Final = _lib.zlibwrap_decompress
_deflate: Final = _lib.zlibwrap_deflate
_inflate: Final = _lib.zlibwrap_inflate

# ---- constants ------------------------------------------------------------------------------------------------

MAX_WBITS: Final[int] = _lib.MAX_WBITS
DEFLATED: Final[int] = _lib.Z_DEFLATED
DEF_MEM_LEVEL: Final = 8
"""What zlib takes when it is not told; its public header has no name for it."""
Z_NO_COMPRESSION: Final[int] = _lib.Z_NO_COMPRESSION
Z_BEST_SPEED: Final[int] = _lib.Z_BEST_SPEED
Z_BEST_COMPRESSION: Final[int] = _lib.Z_BEST_COMPRESSION
Z_DEFAULT_COMPRESSION: Final[int] = _lib.Z_DEFAULT_COMPRESSION
Z_FILTERED: Final[int] = _lib.Z_FILTERED
Z_HUFFMAN_ONLY: Final[int] = _lib.Z_HUFFMAN_ONLY
Z_RLE: Final[int] = _lib.Z_RLE
Z_FIXED: Final[int] = _lib.Z_FIXED
Z_DEFAULT_STRATEGY: Final[int] = _lib.Z_DEFAULT_STRATEGY
Z_NO_FLUSH: Final[int] = _lib.Z_NO_FLUSH
Z_PARTIAL_FLUSH: Final[int] = _lib.Z_PARTIAL_FLUSH
Z_SYNC_FLUSH: Final[int] = _lib.Z_SYNC_FLUSH
Z_FULL_FLUSH: Final[int] = _lib.Z_FULL_FLUSH
Z_FINISH: Final[int] = _lib.Z_FINISH
Z_BLOCK: Final[int] = _lib.Z_BLOCK
Z_TREES: Final[int] = _lib.Z_TREES

ZLIB_VERSION: Final[str] = _ffi.string(_lib.ZLIB_VERSION).decode("ascii")
"""The version of zlib that the module was built with."""
ZLIB_RUNTIME_VERSION: Final[str] = _ffi.string(_lib.zlibVersion()).decode("ascii")
"""The version of zlib that runs."""

_STREAM_END: Final[int] = _lib.Z_STREAM_END
_STREAM_ERROR: Final[int] = _lib.Z_STREAM_ERROR
_NEED_DICTIONARY: Final = 2  # Z_NEED_DICT

# What zlib's header calls the codes that have a meaning of their own.
_NAMES: Final[dict[int, str]] = {
    getattr(_lib, name): name
    for name in ("Z_BUF_ERROR", "Z_STREAM_ERROR", "Z_DATA_ERROR", "Z_VERSION_ERROR", "Z_MEM_ERROR")
}

DEFLATE_SIZE: Final = 268 * 1024
"""How much memory is behind a stream that compresses, about."""
INFLATE_SIZE: Final = 40 * 1024
"""How much memory is behind a stream that decompresses, about."""
_COMPRESSING: Final = "while compressing data"
_DECOMPRESSING: Final = "while decompressing data"

# ---- the memory of calls ------------------------------------------------------------------------------------------

_KEPT: Final = 256 * 1024

# Jobs that nobody uses now, each with the object that frees it.  A caller takes one out for the time of its call, so that threads,
# signal handlers and finalisers never share one; list.pop and list.append are atomic.  What an exception interrupts is freed.
# A job keeps zlib's memory for whole texts too, which is up to 400 KiB.
_pool: Final[list[tuple[Any, object]]] = []


def _take() -> tuple[Any, object]:
    """Take a job out of the pool, or make one."""
    try:
        return _pool.pop()
    except IndexError:
        job = _lib.zlibwrap_job_new()
        if not job:
            raise MemoryError from None
        return job, _ffi.gc(job, _lib.zlibwrap_job_free)


def _memory(data: Buffer) -> Any:
    """Show the memory of a bytes-like object as an array; to be released by ``with``.

    Errors: ``TypeError``; ``BufferError`` when it is not in one piece.
    """
    try:
        return _ffi.from_buffer("char[]", data)
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'") from None


def _failure(job: Any, doing: str) -> Exception:
    """Make the exception for the error that a call left in its job."""
    message = None if not job.message else _ffi.string(job.message)
    return _error(job.code, job.in_dictionary, doing, message)


def _error(code: int, in_dictionary: int, doing: str, message: Optional[bytes]) -> Exception:
    """Make the exception for a code of zlib, with zlib's words for it."""
    if in_dictionary:
        doing = "while setting zdict"
    return make_error(code, _NAMES.get(code, ""), doing, None if message is None else message.decode("latin-1"))


# ---- whole texts --------------------------------------------------------------------------------------------------


def compress(data: Buffer, level: int, wbits: int) -> bytes:
    """Compress ``data``.

    Errors: ``error``; ``TypeError``; ``OverflowError`` when C's ``int`` cannot hold a number; ``MemoryError``.
    """
    try:
        entry = _pool.pop()
    except IndexError:
        entry = _take()
    job = entry[0]
    if type(data) is bytes:
        size = len(data)
        count = _compress(job, data, size, level, wbits)
    else:
        with _memory(data) as memory:
            size = len(memory)
            count = _compress(job, memory, size, level, wbits)
    if count < 0:
        if job.preparing and job.code == _STREAM_ERROR:
            raise error("Bad compression level")
        raise _failure(job, _COMPRESSING)
    result: bytes = _unpack(job.data, count)
    if count <= _KEPT and size <= _KEPT:
        _pool.append(entry)
    return result


def decompress(data: Buffer, wbits: int, limit: int) -> bytes:
    """Decompress ``data``, but not to more than ``limit`` bytes (0: any number); a longer text counts as cut off there.

    Errors: as ``compress``.
    """
    try:
        entry = _pool.pop()
    except IndexError:
        entry = _take()
    job = entry[0]
    if type(data) is bytes:
        count = _decompress(job, data, len(data), wbits, limit)
    else:
        with _memory(data) as memory:
            count = _decompress(job, memory, len(memory), wbits, limit)
    if count < 0:
        if limit and job.produced == limit:
            count = limit
        elif job.preparing:
            raise _failure(job, "while preparing to decompress data")
        else:
            raise _failure(job, _DECOMPRESSING)
    result: bytes = _unpack(job.data, count)
    if count <= _KEPT:
        _pool.append(entry)
    return result


# ---- streams --------------------------------------------------------------------------------------------------------


class Header(NamedTuple):
    """The header of a gzip member, as C has it: texts are bytes, and None stands for what is not there."""

    time: int
    os: int
    text: bool
    checksum: bool
    extra: Optional[bytes]
    name: Optional[bytes]
    comment: Optional[bytes]


class _Stream:
    """What both directions have."""

    __slots__ = ("_guard", "_stream")

    _stream: Any
    _guard: object

    def _own(self, stream: Any, size: int) -> None:
        """Take over a new stream, with about ``size`` bytes behind it."""
        self._stream = stream
        self._guard = _ffi.gc(stream, _lib.zlibwrap_free, size)

    def end(self) -> None:
        """Free what zlib keeps for the stream.  What is done with it afterwards is an inconsistent state."""
        _lib.zlibwrap_end(self._stream)


def _new_stream(make: Any, arguments: Iterable[int], zdict: Optional[Buffer]) -> Any:
    """Make a stream.

    Errors: ``ValueError`` for arguments that zlib does not take; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    entry = _take()
    job = entry[0]
    if zdict is None:
        stream = make(job, *arguments, _ffi.NULL, 0)
    else:
        with _memory(zdict) as memory:
            stream = make(job, *arguments, memory, len(memory))
    if not stream:
        if _NAMES.get(job.code) == "Z_MEM_ERROR":
            raise MemoryError("Can't allocate memory for a stream")
        raise ValueError("Invalid dictionary" if job.in_dictionary else "Invalid initialization option")
    _pool.append(entry)
    return stream


class DeflateStream(_Stream):
    """A stream that compresses."""

    __slots__ = ()

    def __init__(
        self, level: int, method: int, wbits: int, memory_level: int, strategy: int, zdict: Optional[Buffer]
    ) -> None:
        arguments = (level, method, wbits, memory_level, strategy)
        self._own(_new_stream(_lib.zlibwrap_deflate_new, arguments, zdict), DEFLATE_SIZE)

    def deflate(self, data: Buffer, flush: int, doing: str) -> bytes:
        """Compress ``data``; return what comes out.  At the end of the stream it is ended.

        Errors: ``error``; ``TypeError``; ``OverflowError``; ``MemoryError``.
        """
        entry = _take()
        job = entry[0]
        if type(data) is bytes:
            count = _deflate(self._stream, job, data, len(data), flush)
        else:
            with _memory(data) as memory:
                count = _deflate(self._stream, job, memory, len(memory), flush)
        if count < 0:
            raise _failure(job, doing)
        result: bytes = _unpack(job.data, count)
        if count <= _KEPT:
            _pool.append(entry)
        return result

    def set_header(self, header: Header) -> None:
        """Say what stands in the header of a gzip stream, before any data.  Texts must not contain NUL.

        Errors: ``ValueError`` for another stream, or too long an extra field; ``MemoryError``.
        """
        fields = _ffi.new("struct zlibwrap_header *")
        kept = [
            None if text is None else _ffi.new("char[]", text) for text in (header.extra, header.name, header.comment)
        ]
        fields.time = header.time
        fields.os = header.os
        fields.text = header.text
        fields.checksum = header.checksum
        fields.extra_size = len(header.extra or b"")
        fields.extra, fields.name, fields.comment = (_ffi.NULL if text is None else text for text in kept)
        code = _lib.zlibwrap_set_header(self._stream, fields)
        if _NAMES.get(code) == "Z_MEM_ERROR":
            raise MemoryError("Can't allocate memory for a header")
        if code:
            raise ValueError("this stream cannot have this header")


class InflateStream(_Stream):
    """A stream that decompresses."""

    __slots__ = ()

    def __init__(self, wbits: int, zdict: Optional[Buffer]) -> None:
        self._own(_new_stream(_lib.zlibwrap_inflate_new, (wbits,), zdict), INFLATE_SIZE)

    def inflate(self, data: Buffer, flush: int, limit: int, doing: str) -> tuple[bytes, int, bool, Optional[Exception]]:
        """Decompress ``data`` to at most ``limit`` bytes (0: any number).

        Shapes: what came out, how much of ``data`` was used, whether the stream is at its end, and the ``error`` or
        ``MemoryError`` at which it stopped.
        Errors: ``TypeError``; ``OverflowError``.
        """
        entry = _take()
        job = entry[0]
        if type(data) is bytes:
            count = _inflate(self._stream, job, data, len(data), flush, limit)
        else:
            with _memory(data) as memory:
                count = _inflate(self._stream, job, memory, len(memory), flush, limit)
        failure = None
        if count < 0:
            failure = _failure(job, doing)
            count = job.produced
        result: tuple[bytes, int, bool, Optional[Exception]] = (
            _unpack(job.data, count),
            job.consumed,
            job.code == _STREAM_END,
            failure,
        )
        if count <= _KEPT:
            _pool.append(entry)
        return result

    def reset(self) -> None:
        """Make the stream ready for another text.  Errors: ``ValueError`` when it was ended."""
        if _lib.zlibwrap_inflate_reset(self._stream):
            raise ValueError("Inconsistent stream state")

    def want_header(self) -> None:
        """Ask for the header of the gzip member that comes next.  Errors: ``ValueError``; ``MemoryError``."""
        code = _lib.zlibwrap_want_header(self._stream)
        if _NAMES.get(code) == "Z_MEM_ERROR":
            raise MemoryError("Can't allocate memory for a header")
        if code:
            raise ValueError("this stream has no header")

    def header(self) -> Optional[Header]:
        """Return the header that was asked for, or None while it is not complete."""
        fields = _ffi.new("struct zlibwrap_header *")
        if not _lib.zlibwrap_get_header(self._stream, fields):
            return None
        return Header(
            fields.time,
            fields.os,
            bool(fields.text),
            bool(fields.checksum),
            _ffi.unpack(_ffi.cast("const char *", fields.extra), fields.extra_size) if fields.extra else None,
            _ffi.string(fields.name) if fields.name else None,
            _ffi.string(fields.comment) if fields.comment else None,
        )


# ---- streams that several threads may share -------------------------------------------------------------------------

Stream = Any
"""A stream that is freed with this object."""

_shared_deflate: Final = _lib.zlibwrap_shared_deflate
_shared_inflate: Final = _lib.zlibwrap_shared_inflate
_shared_flush: Final = _lib.zlibwrap_shared_flush
_shared_deflate_new: Final = _lib.zlibwrap_shared_deflate_new
_shared_inflate_new: Final = _lib.zlibwrap_shared_inflate_new
_deflate_new: Final = _lib.zlibwrap_deflate_new
_inflate_new: Final = _lib.zlibwrap_inflate_new
_gc: Final = _ffi.gc
_free: Final = _lib.zlibwrap_free
_CODES: Final[int] = _lib.ZLIBWRAP_CODES


def new_deflate(arguments: tuple[int, int, int, int, int], zdict: Optional[Buffer]) -> Stream:
    """Make a stream that compresses.  Errors: as ``_new_stream``."""
    if zdict is None:
        stream = _shared_deflate_new(*arguments)
        if stream:
            return _gc(stream, _free, DEFLATE_SIZE)
    return _gc(_new_stream(_deflate_new, arguments, zdict), _free, DEFLATE_SIZE)


def new_inflate(wbits: int, zdict: Optional[Buffer]) -> Stream:
    """Make a stream that decompresses.  Errors: as ``_new_stream``."""
    if zdict is None:
        stream = _shared_inflate_new(wbits)
        if stream:
            return _gc(stream, _free, INFLATE_SIZE)
    return _gc(_new_stream(_inflate_new, (wbits,), zdict), _free, INFLATE_SIZE)


def copy(stream: Stream, size: int) -> Stream:
    """Copy a stream, with about ``size`` bytes behind it.

    Errors: ``ValueError`` when the stream has ended; ``MemoryError``.
    """
    entry = _take()
    made = _lib.zlibwrap_shared_copy(stream, entry[0])
    code = entry[0].code
    _pool.append(entry)
    if not made:
        if _NAMES.get(code) == "Z_MEM_ERROR":
            raise MemoryError("Can't allocate memory for the copy of a stream")
        raise ValueError("Inconsistent stream state")
    return _gc(made, _free, size)


def deflate(stream: Stream, data: Buffer, flush: int, doing: str) -> bytes:
    """Compress ``data``; return what comes out.  At the end of the stream it is ended.

    Errors: ``error``; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    try:
        entry = _pool.pop()
    except IndexError:
        entry = _take()
    job = entry[0]
    if type(data) is bytes:
        count = _shared_deflate(stream, job, data, len(data), flush)
    else:
        with _memory(data) as memory:
            count = _shared_deflate(stream, job, memory, len(memory), flush)
    if count < 0:
        raise _failure(job, doing)
    result: bytes = _unpack(job.data, count)
    if count <= _KEPT:
        _pool.append(entry)
    return result


def inflate(stream: Stream, data: Buffer, limit: int) -> bytes:
    """Decompress ``data`` to at most ``limit`` bytes (0: any number); the stream keeps what it does not use.

    Errors: ``error``; ``TypeError``; ``OverflowError``; ``MemoryError``.
    """
    entry = _take()
    job = entry[0]
    if type(data) is bytes:
        count = _shared_inflate(stream, job, data, len(data), limit)
    else:
        with _memory(data) as memory:
            count = _shared_inflate(stream, job, memory, len(memory), limit)
    if count < 0:
        raise _failure(job, _DECOMPRESSING)
    result: bytes = _unpack(job.data, count)
    if count <= _KEPT:
        _pool.append(entry)
    return result


def flush_inflate(stream: Stream) -> bytes:
    """Decompress what the stream keeps; at its end it is ended.

    Errors: ``error`` for what is no stream, as in the newest CPythons (older ones say nothing); ``MemoryError``.
    """
    try:
        entry = _pool.pop()
    except IndexError:
        entry = _take()
    job = entry[0]
    count = _shared_flush(stream, job)
    if count < 0:
        if job.in_dictionary:
            raise _error(_NEED_DICTIONARY, 0, _DECOMPRESSING, None)
        if job.code != _STREAM_ERROR:
            raise _failure(job, _DECOMPRESSING)
        count = job.produced  # it had ended before
    result: bytes = _unpack(job.data, count)
    if count <= _KEPT:
        _pool.append(entry)
    return result


class Kept(NamedTuple):
    """What a stream keeps, as it was after so many changes."""

    changes: int
    unused: bytes
    tail: bytes


def kept(stream: Stream) -> Kept:
    """Return what a stream keeps.  Errors: ``MemoryError``."""
    entry = _take()
    job = entry[0]
    changes = _ffi.new("int64_t *")
    count = _lib.zlibwrap_shared_kept(stream, job, changes)
    if count < 0:
        raise MemoryError from None
    both: bytes = _unpack(job.data, count)
    size = job.consumed
    if count <= _KEPT:
        _pool.append(entry)
    return Kept(changes[0], both[:size], both[size:])


changes: Final[Callable[[Stream], int]] = _lib.zlibwrap_shared_changes
"""Return how often what a stream keeps has changed."""

at_end: Final[Callable[[Stream], int]] = _lib.zlibwrap_shared_at_end
"""Tell whether a stream has reached its end."""


def for_deflate(method: _Method) -> _Method:
    """Let C compress ``bytes``, with the stream in ``_stream``; other arguments go to ``method``."""
    made: _Method = _ffi.bytes_method(
        _lib.zlibwrap_deflate_piece, "_stream", method, _failed(_COMPRESSING), _lib.zlibwrap_release
    )
    return made


def for_inflate(method: _Method) -> _Method:
    """Let C decompress ``bytes``, with the stream in ``_stream``; other arguments go to ``method``."""
    made: _Method = _ffi.bytes_method(
        _lib.zlibwrap_inflate_piece, "_stream", method, _failed(_DECOMPRESSING), _lib.zlibwrap_release
    )
    return made


def _failed(doing: str) -> Callable[[object, int, Optional[bytes]], NoReturn]:
    """Make the function that raises the error that a piece's number stands for."""

    def fail(_owner: object, number: int, message: Optional[bytes]) -> NoReturn:
        code, in_dictionary = divmod(-1 - number, 2)
        raise _error(code - _CODES, in_dictionary, doing, message)

    return fail


# ---- checksums ------------------------------------------------------------------------------------------------------

if TYPE_CHECKING:

    def adler32_combine(first: int, second: int, size: int, /) -> int:
        """Compute the checksum of a text of two parts, of which the second has ``size`` bytes."""

    def crc32_combine(first: int, second: int, size: int, /) -> int:
        """Compute the checksum of a text of two parts, of which the second has ``size`` bytes."""
else:
    adler32_combine = _lib.zlibwrap_adler32_combine
    crc32_combine = _lib.zlibwrap_crc32_combine


# Checksums of less take so little time that it does not pay to let other threads run meanwhile.  Units: bytes.
_SHORT: Final = 5 * 1024


def for_adler32(function: _Function) -> _Function:
    """Let C compute the Adler-32 checksums of ``bytes``; other arguments go to ``function``."""
    made: _Function = _ffi.for_bytes(_lib.zlibwrap_adler32, function, _lib.zlibwrap_adler32_short, _SHORT)
    return made


def for_crc32(function: _Function) -> _Function:
    """Let C compute the CRC-32 checksums of ``bytes``; other arguments go to ``function``."""
    made: _Function = _ffi.for_bytes(_lib.zlibwrap_crc32, function, _lib.zlibwrap_crc32_short, _SHORT)
    return made


def adler32(data: Buffer, value: int) -> int:
    """Continue the Adler-32 checksum ``value`` with ``data``."""
    with _memory(data) as memory:
        result: int = _lib.zlibwrap_adler32(memory, len(memory), value)
    return result


def crc32(data: Buffer, value: int) -> int:
    """Continue the CRC-32 checksum ``value`` with ``data``."""
    with _memory(data) as memory:
        result: int = _lib.zlibwrap_crc32(memory, len(memory), value)
    return result
