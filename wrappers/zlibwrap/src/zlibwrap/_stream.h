/* Streams of zlib, driven so that one call from Python does all the work on one piece of data.
 *
 * A call writes to the memory of a job, which grows as it has to.  It runs without the GIL: the job belongs to one call, and the
 * caller excludes other calls on the same stream.
 */
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { ZLIBWRAP_FIRST_CAPACITY = 64 * 1024, ZLIBWRAP_TEXT_LIMIT = 64 * 1024 };

/* Data that a stream keeps. */
struct zlibwrap_kept {
    char *data;
    size_t size;
};

/* A stream, and what it needs beside zlib's own state. */
typedef struct zlibwrap_stream {
    z_stream z;
    int deflates;
    int live; /* zlib has a state for it */
    char *dictionary;
    uInt dictionary_size;
    gz_header *header; /* NULL unless asked for */
    char *texts;       /* where inflate writes the texts of a header; its pointers to them become NULL where there is no text */
    /* Of streams that several threads may share: see _shared.h. */
    pthread_mutex_t lock;
    struct zlibwrap_kept unused; /* what followed the end */
    struct zlibwrap_kept tail;   /* what a limit kept from being decompressed */
    int at_end;
    int64_t changes; /* of unused and tail */
} zlibwrap_stream;

/* What a call gives back. */
struct zlibwrap_job {
    char *data;      /* what was produced, in memory of the job */
    size_t capacity; /* of data */
    size_t produced;
    size_t consumed;     /* of the input */
    int code;            /* zlib's last return value */
    int preparing;       /* it is about the arguments of the stream */
    int in_dictionary;   /* it is about the dictionary */
    const char *message; /* zlib's words for an error, or NULL */
    /* What whole texts go through.  They are kept from one text to the next: to set zlib's memory up takes longer than a short text. */
    zlibwrap_stream deflater;
    int level; /* of the deflater, and its window */
    int wbits;
    zlibwrap_stream inflater;
};

/* End zlib's part of a stream; what is done with it afterwards is a Z_STREAM_ERROR. */
static void zlibwrap_end(zlibwrap_stream *stream)
{
    if (stream->live) {
        if (stream->deflates) {
            deflateEnd(&stream->z);
        }
        else {
            inflateEnd(&stream->z);
        }
        stream->live = 0;
    }
}

/* ---- the memory of a job ---------------------------------------------------------------------------------- */

static struct zlibwrap_job *zlibwrap_job_new(void)
{
    struct zlibwrap_job *job = calloc(1, sizeof *job);

    if (job != NULL) {
        job->deflater.deflates = 1;
        job->capacity = ZLIBWRAP_FIRST_CAPACITY;
        job->data = malloc(job->capacity);
        if (job->data == NULL) {
            free(job);
            job = NULL;
        }
    }
    return job;
}

static void zlibwrap_job_free(struct zlibwrap_job *job)
{
    if (job != NULL) {
        zlibwrap_end(&job->deflater);
        zlibwrap_end(&job->inflater);
        free(job->data);
        free(job);
    }
}

/* Make room for at least one more byte.  Z_OK or Z_MEM_ERROR. */
static int zlibwrap_grow(struct zlibwrap_job *job, size_t capacity)
{
    char *data;

    if (capacity <= job->capacity) {
        if (job->capacity > SIZE_MAX / 2) {
            return Z_MEM_ERROR;
        }
        capacity = 2 * job->capacity;
    }
    data = realloc(job->data, capacity);
    if (data == NULL) {
        return Z_MEM_ERROR;
    }
    job->data = data;
    job->capacity = capacity;
    return Z_OK;
}

static void zlibwrap_begin(struct zlibwrap_job *job)
{
    job->produced = 0;
    job->consumed = 0;
    job->preparing = 0;
    job->in_dictionary = 0;
    job->message = NULL;
}

static uInt zlibwrap_part(size_t size)
{
    return size > UINT_MAX ? UINT_MAX : (uInt)size;
}

/* ---- one step of either direction ---------------------------------------------------------------------- */

/* Give the stream the input in parts that zlib's counters hold, and as much output as the job has, up to `limit` bytes (0: any
   number), until the input is used up or the output full.  The code of the last call of zlib. */
static int zlibwrap_run(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush, size_t limit)
{
    int (*const step)(z_streamp, int) = stream->deflates ? deflate : inflate;
    z_stream *z = &stream->z;
    int code;

    for (;;) {
        const size_t left = size - job->consumed;
        const size_t end = limit != 0 && limit < job->capacity ? limit : job->capacity;
        const uInt input = zlibwrap_part(left);
        const uInt room = zlibwrap_part(end - job->produced);

        z->next_in = (z_const Bytef *)(uintptr_t)data + job->consumed;
        z->avail_in = input;
        z->next_out = (Bytef *)job->data + job->produced;
        z->avail_out = room;
        code = step(z, input < left ? Z_NO_FLUSH : flush);
        job->consumed += input - z->avail_in;
        job->produced += room - z->avail_out;
        if (code == Z_NEED_DICT && stream->dictionary != NULL) {
            code = inflateSetDictionary(z, (const Bytef *)stream->dictionary, stream->dictionary_size);
            if (code != Z_OK) {
                job->in_dictionary = 1;
                return code;
            }
            continue;
        }
        if (code != Z_OK && code != Z_BUF_ERROR) {
            return code;
        }
        if (z->avail_out == 0) {
            if (limit != 0 && job->produced == limit) {
                return code;
            }
            if (job->produced == job->capacity && zlibwrap_grow(job, 0) != Z_OK) {
                return Z_MEM_ERROR;
            }
        }
        else if (code == Z_BUF_ERROR || job->consumed == size) {
            return code;
        }
    }
}

/* Close the books of a call: the code, and zlib's words for it.  `failed` says that the code is an error.
   How much was produced, or -1. */
static ptrdiff_t zlibwrap_finish(struct zlibwrap_job *job, const z_stream *z, int code, int failed)
{
    job->code = code;
    if (failed) {
        job->message = z != NULL ? z->msg : NULL;
        return -1;
    }
    return (ptrdiff_t)job->produced;
}

/* ---- whole texts ------------------------------------------------------------------------------------------- */

/* Make the deflater of a job ready for a text.  A zlib code. */
static int zlibwrap_ready_deflater(struct zlibwrap_job *job, int level, int wbits)
{
    zlibwrap_stream *stream = &job->deflater;
    int code;

    if (stream->live && job->level == level && job->wbits == wbits) {
        return deflateReset(&stream->z);
    }
    zlibwrap_end(stream);
    memset(&stream->z, 0, sizeof stream->z);
    code = deflateInit2(&stream->z, level, Z_DEFLATED, wbits, 8, Z_DEFAULT_STRATEGY);
    stream->live = code == Z_OK;
    job->level = level;
    job->wbits = wbits;
    return code;
}

static int zlibwrap_ready_inflater(struct zlibwrap_job *job, int wbits)
{
    zlibwrap_stream *stream = &job->inflater;
    int code;

    if (stream->live) {
        stream->z.msg = NULL;
        return inflateReset2(&stream->z, wbits);
    }
    memset(&stream->z, 0, sizeof stream->z);
    code = inflateInit2(&stream->z, wbits);
    stream->live = code == Z_OK;
    return code;
}

static ptrdiff_t zlibwrap_compress(struct zlibwrap_job *job, const void *data, size_t size, int level, int wbits)
{
    zlibwrap_stream *stream = &job->deflater;
    int code = zlibwrap_ready_deflater(job, level, wbits);

    zlibwrap_begin(job);
    if (code != Z_OK) {
        job->preparing = 1;
        return zlibwrap_finish(job, NULL, code, 1);
    }
    if (size > ZLIBWRAP_FIRST_CAPACITY / 2 && size <= ULONG_MAX - size / 2) {
        const size_t bound = deflateBound(&stream->z, (uLong)size);

        if (bound > job->capacity && zlibwrap_grow(job, bound) != Z_OK) {
            code = Z_MEM_ERROR;
        }
    }
    if (code == Z_OK) {
        code = zlibwrap_run(stream, job, data, size, Z_FINISH, 0);
    }
    return zlibwrap_finish(job, &stream->z, code, code != Z_STREAM_END);
}

static ptrdiff_t zlibwrap_decompress(struct zlibwrap_job *job, const void *data, size_t size, int wbits, size_t limit)
{
    zlibwrap_stream *stream = &job->inflater;
    int code = zlibwrap_ready_inflater(job, wbits);

    zlibwrap_begin(job);
    if (code != Z_OK) {
        job->preparing = 1;
        return zlibwrap_finish(job, &stream->z, code, 1);
    }
    /* Text becomes three or four times as long.  A wrong guess costs address space, or a few calls more. */
    if (size > ZLIBWRAP_FIRST_CAPACITY / 4 && size <= SIZE_MAX / 4 && (limit == 0 || 4 * size <= limit) && 4 * size > job->capacity) {
        zlibwrap_grow(job, 4 * size); /* where it fails, less may do */
    }
    /* Z_FINISH: where all of it fits into the output, zlib needs no window. */
    code = zlibwrap_run(stream, job, data, size, Z_FINISH, limit);
    if (code == Z_OK) {
        code = Z_BUF_ERROR;
    }
    return zlibwrap_finish(job, &stream->z, code, code != Z_STREAM_END);
}

/* ---- streams ----------------------------------------------------------------------------------------------- */

static void zlibwrap_free(zlibwrap_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    zlibwrap_end(stream);
    if (stream->header != NULL && stream->deflates) {
        free(stream->header->extra);
        free(stream->header->name);
        free(stream->header->comment);
    }
    free(stream->header);
    free(stream->texts);
    free(stream->dictionary);
    free(stream->unused.data);
    free(stream->tail.data);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

/* Memory for a stream that is not live yet, or NULL. */
static zlibwrap_stream *zlibwrap_allocate(void)
{
    zlibwrap_stream *stream = calloc(1, sizeof *stream);

    if (stream != NULL && pthread_mutex_init(&stream->lock, NULL) != 0) {
        free(stream);
        stream = NULL;
    }
    return stream;
}

static int zlibwrap_keep_dictionary(zlibwrap_stream *stream, const void *dictionary, size_t size)
{
    stream->dictionary = malloc(size != 0 ? size : 1);
    if (stream->dictionary == NULL) {
        return Z_MEM_ERROR;
    }
    memcpy(stream->dictionary, dictionary, size);
    stream->dictionary_size = (uInt)size;
    return Z_OK;
}

/* A new stream, or NULL with the reason in the job.  `dictionary` may be NULL; a size beyond zlib's counters is refused. */
static zlibwrap_stream *zlibwrap_deflate_new(struct zlibwrap_job *job, int level, int method, int wbits, int memory_level,
                                             int strategy, const void *dictionary, size_t size)
{
    zlibwrap_stream *stream = zlibwrap_allocate();

    zlibwrap_begin(job);
    job->code = Z_MEM_ERROR;
    if (stream == NULL) {
        return NULL;
    }
    stream->deflates = 1;
    job->code = deflateInit2(&stream->z, level, method, wbits, memory_level, strategy);
    if (job->code == Z_OK) {
        stream->live = 1;
        if (dictionary != NULL) {
            job->in_dictionary = 1;
            job->code = size > UINT_MAX ? Z_STREAM_ERROR : deflateSetDictionary(&stream->z, dictionary, (uInt)size);
        }
    }
    if (job->code != Z_OK) {
        zlibwrap_free(stream);
        return NULL;
    }
    return stream;
}

static zlibwrap_stream *zlibwrap_inflate_new(struct zlibwrap_job *job, int wbits, const void *dictionary, size_t size)
{
    zlibwrap_stream *stream = zlibwrap_allocate();

    zlibwrap_begin(job);
    job->code = Z_MEM_ERROR;
    if (stream == NULL) {
        return NULL;
    }
    job->code = inflateInit2(&stream->z, wbits);
    if (job->code == Z_OK) {
        stream->live = 1;
        if (dictionary != NULL) {
            job->in_dictionary = 1;
            job->code = size > UINT_MAX ? Z_STREAM_ERROR : zlibwrap_keep_dictionary(stream, dictionary, size);
            /* A raw stream never asks for it. */
            if (job->code == Z_OK && wbits < 0) {
                job->code = inflateSetDictionary(&stream->z, (const Bytef *)stream->dictionary, (uInt)size);
            }
        }
    }
    if (job->code != Z_OK) {
        zlibwrap_free(stream);
        return NULL;
    }
    return stream;
}

static ptrdiff_t zlibwrap_deflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush)
{
    int code;

    zlibwrap_begin(job);
    if (!stream->live) {
        return zlibwrap_finish(job, &stream->z, Z_STREAM_ERROR, 1); /* with the words of the last error, if any */
    }
    code = zlibwrap_run(stream, job, data, size, flush, 0);
    if (code == Z_STREAM_END) {
        zlibwrap_end(stream);
        return zlibwrap_finish(job, NULL, code, 0);
    }
    return zlibwrap_finish(job, &stream->z, code, code != Z_OK && code != Z_BUF_ERROR);
}

/* At most `limit` bytes, 0 for any number. */
static ptrdiff_t zlibwrap_inflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush, size_t limit)
{
    int code;

    zlibwrap_begin(job);
    if (!stream->live) {
        return zlibwrap_finish(job, &stream->z, Z_STREAM_ERROR, 1); /* with the words of the last error, if any */
    }
    code = zlibwrap_run(stream, job, data, size, flush, limit);
    return zlibwrap_finish(job, &stream->z, code, code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END);
}

/* Make a stream that inflates ready for another text.  A zlib code. */
static int zlibwrap_inflate_reset(zlibwrap_stream *stream)
{
    return stream->live ? inflateReset(&stream->z) : Z_STREAM_ERROR;
}

/* A copy, or NULL with the reason in the job.  A stream with a header has none: zlib's state points to it. */
static zlibwrap_stream *zlibwrap_copy(zlibwrap_stream *stream, struct zlibwrap_job *job)
{
    zlibwrap_stream *copy = NULL;

    zlibwrap_begin(job);
    job->code = Z_STREAM_ERROR;
    if (stream->live && stream->header == NULL) {
        copy = zlibwrap_allocate();
        job->code = copy == NULL ? Z_MEM_ERROR : Z_OK;
    }
    if (job->code == Z_OK) {
        copy->deflates = stream->deflates;
        job->code = copy->deflates ? deflateCopy(&copy->z, &stream->z) : inflateCopy(&copy->z, &stream->z);
        copy->live = job->code == Z_OK;
        if (copy->live && stream->dictionary != NULL) {
            job->code = zlibwrap_keep_dictionary(copy, stream->dictionary, stream->dictionary_size);
        }
    }
    if (job->code != Z_OK) {
        zlibwrap_free(copy);
        return NULL;
    }
    return copy;
}

/* ---- headers of gzip --------------------------------------------------------------------------------------- */

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

static Bytef *zlibwrap_duplicate(const void *data, size_t size)
{
    Bytef *copy = malloc(size != 0 ? size : 1);

    if (copy != NULL) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* Set the header that a new stream writes.  A zlib code. */
static int zlibwrap_set_header(zlibwrap_stream *stream, const struct zlibwrap_header *header)
{
    gz_header *h;

    if (!stream->live || !stream->deflates || stream->header != NULL || header->extra_size > 0xffff) {
        return Z_STREAM_ERROR;
    }
    h = stream->header = calloc(1, sizeof *h);
    if (h == NULL) {
        return Z_MEM_ERROR;
    }
    h->time = header->time;
    h->os = header->os;
    h->text = header->text;
    h->hcrc = header->checksum;
    h->extra_len = (uInt)header->extra_size;
    if ((header->extra != NULL && (h->extra = zlibwrap_duplicate(header->extra, header->extra_size)) == NULL) ||
        (header->name != NULL && (h->name = zlibwrap_duplicate(header->name, strlen(header->name) + 1)) == NULL) ||
        (header->comment != NULL && (h->comment = zlibwrap_duplicate(header->comment, strlen(header->comment) + 1)) == NULL)) {
        return Z_MEM_ERROR;
    }
    return deflateSetHeader(&stream->z, h);
}

/* Ask a stream for the header of the next member that it reads.  A zlib code. */
static int zlibwrap_want_header(zlibwrap_stream *stream)
{
    gz_header *h;

    if (!stream->live || stream->deflates) {
        return Z_STREAM_ERROR;
    }
    if (stream->header == NULL) {
        stream->header = calloc(1, sizeof *stream->header);
    }
    if (stream->texts == NULL) {
        stream->texts = malloc(0xffff + 2 * ZLIBWRAP_TEXT_LIMIT);
    }
    h = stream->header;
    if (h == NULL || stream->texts == NULL) {
        return Z_MEM_ERROR;
    }
    h->extra = (Bytef *)stream->texts;
    h->name = h->extra + 0xffff;
    h->comment = h->name + ZLIBWRAP_TEXT_LIMIT;
    h->extra_max = 0xffff;
    h->name_max = ZLIBWRAP_TEXT_LIMIT - 1;
    h->comm_max = ZLIBWRAP_TEXT_LIMIT - 1;
    h->name[ZLIBWRAP_TEXT_LIMIT - 1] = 0; /* where longer texts are cut off */
    h->comment[ZLIBWRAP_TEXT_LIMIT - 1] = 0;
    return inflateGetHeader(&stream->z, h);
}

/* The header that was read, valid as long as the stream.  1, or 0 while it is not complete. */
static int zlibwrap_get_header(const zlibwrap_stream *stream, struct zlibwrap_header *header)
{
    const gz_header *h = stream->header;

    if (h == NULL || h->done != 1) {
        return 0;
    }
    header->time = h->time;
    header->os = h->os;
    header->text = h->text;
    header->checksum = h->hcrc;
    header->extra = h->extra;
    header->extra_size = h->extra_len;
    header->name = (const char *)h->name;
    header->comment = (const char *)h->comment;
    return 1;
}

/* ---- checksums --------------------------------------------------------------------------------------------- */

/* Without a pointer, zlib's own functions return their first value and not the one that they are given; but empty data at
   a place makes a value what it would be, if it was beyond what they return. */

static uint32_t zlibwrap_adler32(const void *data, size_t size, int64_t value)
{
    uint32_t sum = (uint32_t)value;
    const Bytef *next = size != 0 ? data : (const void *)"";

    do {
        const uInt part = zlibwrap_part(size);

        sum = (uint32_t)adler32(sum, next, part);
        next += part;
        size -= part;
    } while (size > 0);
    return sum;
}

static uint32_t zlibwrap_crc32(const void *data, size_t size, int64_t value)
{
    uint32_t sum = (uint32_t)value;
    const Bytef *next = size != 0 ? data : (const void *)"";

    do {
        const uInt part = zlibwrap_part(size);

        sum = (uint32_t)crc32(sum, next, part);
        next += part;
        size -= part;
    } while (size > 0);
    return sum;
}

static uint32_t zlibwrap_adler32_short(const void *data, size_t size, int64_t value)
{
    return zlibwrap_adler32(data, size, value);
}

static uint32_t zlibwrap_crc32_short(const void *data, size_t size, int64_t value)
{
    return zlibwrap_crc32(data, size, value);
}

static uint32_t zlibwrap_adler32_combine(uint32_t first, uint32_t second, long long size)
{
    return (uint32_t)adler32_combine(first, second, (z_off_t)size);
}

static uint32_t zlibwrap_crc32_combine(uint32_t first, uint32_t second, long long size)
{
    return (uint32_t)crc32_combine(first, second, (z_off_t)size);
}
