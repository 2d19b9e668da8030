"""The compression library zlib, called through ``ffi_core``.

It has what the standard library's ``zlib`` has.  Beyond that it opens gzip files, works on chunks, and limits what comes out.
"""

from __future__ import annotations

from zlibwrap._checksums import adler32, adler32_combine, crc32, crc32_combine
from zlibwrap._chunks import compress_chunks, decompress_chunks
from zlibwrap._decompressor import _ZlibDecompressor as _ZlibDecompressor
from zlibwrap._errors import OutputLimitError, error
from zlibwrap._header import GzipHeader
from zlibwrap._objects import Compress, Decompress, compressobj, decompressobj
from zlibwrap._open import open  # noqa: A004 - the name that it has in gzip
from zlibwrap._raw import (
    DEF_MEM_LEVEL,
    DEFLATED,
    MAX_WBITS,
    Z_BEST_COMPRESSION,
    Z_BEST_SPEED,
    Z_BLOCK,
    Z_DEFAULT_COMPRESSION,
    Z_DEFAULT_STRATEGY,
    Z_FILTERED,
    Z_FINISH,
    Z_FIXED,
    Z_FULL_FLUSH,
    Z_HUFFMAN_ONLY,
    Z_NO_COMPRESSION,
    Z_NO_FLUSH,
    Z_PARTIAL_FLUSH,
    Z_RLE,
    Z_SYNC_FLUSH,
    Z_TREES,
    ZLIB_RUNTIME_VERSION,
    ZLIB_VERSION,
)
from zlibwrap._reader import GzipReader
from zlibwrap._streaming import Compressor, Decompressor
from zlibwrap._whole import DEF_BUF_SIZE, compress, decompress
from zlibwrap._writer import GzipWriter

__version__ = "1.0"
"""As that of the standard library's module."""

__all__ = [
    "DEFLATED",
    "DEF_BUF_SIZE",
    "DEF_MEM_LEVEL",
    "MAX_WBITS",
    "ZLIB_RUNTIME_VERSION",
    "ZLIB_VERSION",
    "Z_BEST_COMPRESSION",
    "Z_BEST_SPEED",
    "Z_BLOCK",
    "Z_DEFAULT_COMPRESSION",
    "Z_DEFAULT_STRATEGY",
    "Z_FILTERED",
    "Z_FINISH",
    "Z_FIXED",
    "Z_FULL_FLUSH",
    "Z_HUFFMAN_ONLY",
    "Z_NO_COMPRESSION",
    "Z_NO_FLUSH",
    "Z_PARTIAL_FLUSH",
    "Z_RLE",
    "Z_SYNC_FLUSH",
    "Z_TREES",
    "Compress",
    "Compressor",
    "Decompress",
    "Decompressor",
    "GzipHeader",
    "GzipReader",
    "GzipWriter",
    "OutputLimitError",
    "adler32",
    "adler32_combine",
    "compress",
    "compress_chunks",
    "compressobj",
    "crc32",
    "crc32_combine",
    "decompress",
    "decompress_chunks",
    "decompressobj",
    "error",
    "open",
]
