"""Build ``zlibwrap._zlib``, the C module behind ``_raw``.

Belongs here: the C declarations, and where the library is found.  The C functions are in ``_stream.h`` and ``_shared.h``.
"""

from __future__ import annotations

from pathlib import Path

from ffi_core import FFI, PkgConfigError

HERE = Path(__file__).resolve().parent

CDEF = """
    struct zlibwrap_job {
        char *data;
        size_t produced;
        size_t consumed;
        int code;
        int preparing;
        int in_dictionary;
        const char *message;
        ...;
    };

    typedef struct { ...; } zlibwrap_stream;

    struct zlibwrap_header {
        unsigned long time;
        int os;
        int text;
        int checksum;
        const void *extra;
        size_t extra_size;
        const char *name;
        const char *comment;
    };

    #define ZLIBWRAP_TEXT_LIMIT ...

    struct zlibwrap_job *zlibwrap_job_new(void);
    void zlibwrap_job_free(struct zlibwrap_job *job);

    ptrdiff_t zlibwrap_compress(struct zlibwrap_job *job, const void *data, size_t size, int level, int wbits);
    ptrdiff_t zlibwrap_decompress(struct zlibwrap_job *job, const void *data, size_t size, int wbits, size_t limit);

    zlibwrap_stream *zlibwrap_deflate_new(struct zlibwrap_job *job, int level, int method, int wbits, int memory_level,
                                          int strategy, const void *dictionary, size_t size);
    zlibwrap_stream *zlibwrap_inflate_new(struct zlibwrap_job *job, int wbits, const void *dictionary, size_t size);
    void zlibwrap_end(zlibwrap_stream *stream);
    void zlibwrap_free(zlibwrap_stream *stream);
    ptrdiff_t zlibwrap_deflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush);
    ptrdiff_t zlibwrap_inflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush,
                               size_t limit);
    int zlibwrap_inflate_reset(zlibwrap_stream *stream);

    zlibwrap_stream *zlibwrap_shared_deflate_new(int level, int method, int wbits, int memory_level, int strategy);
    zlibwrap_stream *zlibwrap_shared_inflate_new(int wbits);
    ptrdiff_t zlibwrap_shared_deflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush);
    ptrdiff_t zlibwrap_shared_inflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, size_t limit);
    ptrdiff_t zlibwrap_shared_flush(zlibwrap_stream *stream, struct zlibwrap_job *job);
    zlibwrap_stream *zlibwrap_shared_copy(zlibwrap_stream *stream, struct zlibwrap_job *job);
    ptrdiff_t zlibwrap_shared_kept(zlibwrap_stream *stream, struct zlibwrap_job *job, int64_t *changes);
    int64_t zlibwrap_shared_changes(zlibwrap_stream *stream);
    int zlibwrap_shared_at_end(zlibwrap_stream *stream);
    ptrdiff_t zlibwrap_deflate_piece(zlibwrap_stream *stream, const void *data, size_t size, char **result);
    ptrdiff_t zlibwrap_inflate_piece(zlibwrap_stream *stream, const void *data, size_t size, char **result);
    void zlibwrap_release(void *memory);
    #define ZLIBWRAP_CODES ...

    int zlibwrap_set_header(zlibwrap_stream *stream, const struct zlibwrap_header *header);
    int zlibwrap_want_header(zlibwrap_stream *stream);
    int zlibwrap_get_header(const zlibwrap_stream *stream, struct zlibwrap_header *header);

    uint32_t zlibwrap_adler32(const void *data, size_t size, int64_t value);
    uint32_t zlibwrap_crc32(const void *data, size_t size, int64_t value);

    const char *zlibVersion(void);
    static char *const ZLIB_VERSION;

    #define MAX_WBITS ...
    #define Z_DEFLATED ...
    #define Z_NO_COMPRESSION ...
    #define Z_BEST_SPEED ...
    #define Z_BEST_COMPRESSION ...
    #define Z_DEFAULT_COMPRESSION ...
    #define Z_FILTERED ...
    #define Z_HUFFMAN_ONLY ...
    #define Z_RLE ...
    #define Z_FIXED ...
    #define Z_DEFAULT_STRATEGY ...
    #define Z_NO_FLUSH ...
    #define Z_PARTIAL_FLUSH ...
    #define Z_SYNC_FLUSH ...
    #define Z_FULL_FLUSH ...
    #define Z_FINISH ...
    #define Z_BLOCK ...
    #define Z_TREES ...
    #define Z_OK ...
    #define Z_STREAM_END ...
    #define Z_STREAM_ERROR ...
    #define Z_DATA_ERROR ...
    #define Z_MEM_ERROR ...
    #define Z_BUF_ERROR ...
    #define Z_VERSION_ERROR ...
"""

# These take microseconds at most: their callers see to it that the data is short.
SHORT_CDEF = """
    uint32_t zlibwrap_adler32_short(const void *data, size_t size, int64_t value);
    uint32_t zlibwrap_crc32_short(const void *data, size_t size, int64_t value);
    uint32_t zlibwrap_adler32_combine(uint32_t first, uint32_t second, long long size);
    uint32_t zlibwrap_crc32_combine(uint32_t first, uint32_t second, long long size);
"""

ffibuilder = FFI()
ffibuilder.cdef(CDEF)
ffibuilder.cdef(SHORT_CDEF, release_gil=False)
try:
    ffibuilder.set_source_pkgconfig(
        "zlibwrap._zlib",
        ["zlib"],
        '#include "_stream.h"\n#include "_shared.h"',
        define_macros=[("_FILE_OFFSET_BITS", "64")],
        include_dirs=[str(HERE)],
        depends=[
            "src/zlibwrap/_stream.h",
            "src/zlibwrap/_shared.h",
        ],  # as setuptools wants it: from the folder of pyproject.toml
    )
except PkgConfigError as error:
    raise SystemExit(
        f"zlibwrap needs zlib with its headers, found by pkg-config (Debian: zlib1g-dev and pkg-config): {error}"
    ) from error

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
