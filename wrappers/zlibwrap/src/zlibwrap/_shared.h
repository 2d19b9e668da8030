/* Streams that several threads may share: what compressobj and decompressobj make.
 *
 * Each call has the stream for itself.  What decompressobj remembers between calls is kept here, so that a call is whole
 * when it returns.
 */

/* ---- what is kept ------------------------------------------------------------------------------------------ */

/* Put data after what is kept.  It must be none of that.  A zlib code. */
static int zlibwrap_append(struct zlibwrap_kept *kept, const char *data, size_t size)
{
    char *grown;

    if (size == 0) {
        return Z_OK;
    }
    grown = size > SIZE_MAX - kept->size ? NULL : realloc(kept->data, kept->size + size);
    if (grown == NULL) {
        return Z_MEM_ERROR;
    }
    memcpy(grown + kept->size, data, size);
    kept->data = grown;
    kept->size += size;
    return Z_OK;
}

/* Keep other data, which may be part of what is kept.  A zlib code. */
static int zlibwrap_keep_only(struct zlibwrap_kept *kept, const char *data, size_t size)
{
    char *grown;

    if (size <= kept->size) {
        if (size != 0) {
            memmove(kept->data, data, size);
        }
        if (size == 0) {
            free(kept->data);
            kept->data = NULL;
        }
        else if (size < kept->size / 2 && (grown = realloc(kept->data, size)) != NULL) {
            kept->data = grown;
        }
        kept->size = size;
        return Z_OK;
    }
    grown = malloc(size);
    if (grown == NULL) {
        return Z_MEM_ERROR;
    }
    memcpy(grown, data, size);
    free(kept->data);
    kept->data = grown;
    kept->size = size;
    return Z_OK;
}

/* Keep what a call has not used of its data, as the newest standard library does: after the end of the stream there is no tail. */
static int zlibwrap_keep_rest(zlibwrap_stream *stream, const struct zlibwrap_job *job, const char *data, size_t size)
{
    const char *rest = data + job->consumed;
    size_t left = size - job->consumed;
    int code = Z_OK;

    if (left == 0 && stream->tail.size == 0 && job->code != Z_STREAM_END) {
        return Z_OK;
    }
    stream->changes++;
    if (job->code == Z_STREAM_END) {
        stream->at_end = 1;
        code = zlibwrap_append(&stream->unused, rest, left);
        left = 0;
    }
    return code != Z_OK ? code : zlibwrap_keep_only(&stream->tail, rest, left);
}

/* A new stream with no dictionary, or NULL: zlibwrap_deflate_new and zlibwrap_inflate_new can say why. */
static zlibwrap_stream *zlibwrap_shared_deflate_new(int level, int method, int wbits, int memory_level, int strategy)
{
    struct zlibwrap_job job;

    return zlibwrap_deflate_new(&job, level, method, wbits, memory_level, strategy, NULL, 0);
}

static zlibwrap_stream *zlibwrap_shared_inflate_new(int wbits)
{
    struct zlibwrap_job job;

    return zlibwrap_inflate_new(&job, wbits, NULL, 0);
}

/* ---- calls whose result is in a job ------------------------------------------------------------------------- */

static ptrdiff_t zlibwrap_shared_deflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush)
{
    ptrdiff_t count;

    pthread_mutex_lock(&stream->lock);
    count = zlibwrap_deflate(stream, job, data, size, flush);
    pthread_mutex_unlock(&stream->lock);
    return count;
}

/* With the lock. */
static ptrdiff_t zlibwrap_inflate_and_keep(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, int flush,
                                           size_t limit)
{
    const ptrdiff_t count = zlibwrap_inflate(stream, job, data, size, flush, limit);

    if (zlibwrap_keep_rest(stream, job, data, size) != Z_OK) {
        return zlibwrap_finish(job, NULL, Z_MEM_ERROR, 1);
    }
    return count;
}

static ptrdiff_t zlibwrap_shared_inflate(zlibwrap_stream *stream, struct zlibwrap_job *job, const void *data, size_t size, size_t limit)
{
    ptrdiff_t count;

    pthread_mutex_lock(&stream->lock);
    count = zlibwrap_inflate_and_keep(stream, job, data, size, Z_SYNC_FLUSH, limit);
    pthread_mutex_unlock(&stream->lock);
    return count;
}

/* Decompress what is kept, and end the stream where its end is reached.  The job says how much came out also where this fails. */
static ptrdiff_t zlibwrap_shared_flush(zlibwrap_stream *stream, struct zlibwrap_job *job)
{
    ptrdiff_t count;

    pthread_mutex_lock(&stream->lock);
    count = zlibwrap_inflate_and_keep(stream, job, stream->tail.size != 0 ? stream->tail.data : "", stream->tail.size, Z_FINISH, 0);
    if (job->code == Z_STREAM_END) {
        zlibwrap_end(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return count;
}

/* A copy, or NULL with the reason in the job. */
static zlibwrap_stream *zlibwrap_shared_copy(zlibwrap_stream *stream, struct zlibwrap_job *job)
{
    zlibwrap_stream *copy;

    pthread_mutex_lock(&stream->lock);
    copy = zlibwrap_copy(stream, job);
    if (copy != NULL) {
        copy->at_end = stream->at_end;
        copy->changes = stream->changes;
        if (zlibwrap_append(&copy->unused, stream->unused.data, stream->unused.size) != Z_OK ||
            zlibwrap_append(&copy->tail, stream->tail.data, stream->tail.size) != Z_OK) {
            job->code = Z_MEM_ERROR;
            zlibwrap_free(copy);
            copy = NULL;
        }
    }
    pthread_mutex_unlock(&stream->lock);
    return copy;
}

/* Write the unused data, and after it the tail, to the job; `consumed` is the size of the first.  How much that is, or -1. */
static ptrdiff_t zlibwrap_shared_kept(zlibwrap_stream *stream, struct zlibwrap_job *job, int64_t *changes)
{
    size_t size;

    zlibwrap_begin(job);
    pthread_mutex_lock(&stream->lock);
    size = stream->unused.size + stream->tail.size;
    job->code = size <= job->capacity ? Z_OK : zlibwrap_grow(job, size);
    if (job->code == Z_OK) {
        if (stream->unused.size != 0) {
            memcpy(job->data, stream->unused.data, stream->unused.size);
        }
        if (stream->tail.size != 0) {
            memcpy(job->data + stream->unused.size, stream->tail.data, stream->tail.size);
        }
        job->consumed = stream->unused.size;
        *changes = stream->changes;
    }
    pthread_mutex_unlock(&stream->lock);
    return job->code == Z_OK ? (ptrdiff_t)size : -1;
}

static int64_t zlibwrap_shared_changes(zlibwrap_stream *stream)
{
    int64_t changes;

    pthread_mutex_lock(&stream->lock);
    changes = stream->changes;
    pthread_mutex_unlock(&stream->lock);
    return changes;
}

static int zlibwrap_shared_at_end(zlibwrap_stream *stream)
{
    int at_end;

    pthread_mutex_lock(&stream->lock);
    at_end = stream->at_end;
    pthread_mutex_unlock(&stream->lock);
    return at_end;
}

/* ---- calls that take bytes and return memory: see ffi.bytes_method ---------------------------------------------- */

enum { ZLIBWRAP_PIECE = 16 * 1024, ZLIBWRAP_CODES = 16 };

/* Make a job for one call, on the caller's stack, with room for so many bytes at first. */
static int zlibwrap_open_piece(struct zlibwrap_job *job, size_t capacity)
{
    job->capacity = capacity > ZLIBWRAP_PIECE ? capacity : ZLIBWRAP_PIECE;
    job->data = malloc(job->capacity);
    if (job->data == NULL) {
        job->capacity = ZLIBWRAP_PIECE; /* less may do */
        job->data = malloc(job->capacity);
    }
    return job->data != NULL;
}

/* Hand the result over: its size; or a negative number that stands for the code and whether it is about the dictionary,
   with zlib's words or NULL. */
static ptrdiff_t zlibwrap_close_piece(struct zlibwrap_job *job, ptrdiff_t count, char **result)
{
    if (count >= 0) {
        *result = job->data;
        return count;
    }
    free(job->data);
    *result = (char *)(uintptr_t)job->message;
    return -1 - (2 * (job->code + ZLIBWRAP_CODES) + job->in_dictionary);
}

static ptrdiff_t zlibwrap_piece_without_memory(char **result)
{
    *result = NULL;
    return -1 - 2 * (Z_MEM_ERROR + ZLIBWRAP_CODES);
}

static ptrdiff_t zlibwrap_deflate_piece(zlibwrap_stream *stream, const void *data, size_t size, char **result)
{
    struct zlibwrap_job job;

    if (!zlibwrap_open_piece(&job, size / 2)) {
        return zlibwrap_piece_without_memory(result);
    }
    return zlibwrap_close_piece(&job, zlibwrap_shared_deflate(stream, &job, data, size, Z_NO_FLUSH), result);
}

static ptrdiff_t zlibwrap_inflate_piece(zlibwrap_stream *stream, const void *data, size_t size, char **result)
{
    struct zlibwrap_job job;

    if (!zlibwrap_open_piece(&job, size <= SIZE_MAX / 4 ? 4 * size : size)) {
        return zlibwrap_piece_without_memory(result);
    }
    return zlibwrap_close_piece(&job, zlibwrap_shared_inflate(stream, &job, data, size, 0), result);
}

static void zlibwrap_release(void *memory)
{
    free(memory);
}
