/*
 * The three places that stored bytes come from. Files are read in order and never sought, so pipes,
 * FIFOs and standard input are as good as any. Nothing here is buffered.
 */
#include "io/source_raw.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/options.h"

#define BUFFER_BYTES ((size_t)256 * 1024)
#define READ_BYTES_MAX ((size_t)1 << 30) /* some systems refuse more than INT_MAX */

static mimic_status raw_init(mimic_raw *raw, const mimic_context *ctx, const char *name,
                             mimic_error *err)
{
    *raw = (mimic_raw){.ctx = ctx, .total = -1, .file = -1};
    raw->name = mimic__strdup(ctx, name);
    raw->hasher = mimic__hasher_new(ctx);
    if (raw->name == NULL || raw->hasher == NULL)
        return mimic__fail_memory(err);
    return MIMIC_OK;
}

/* Waits for a descriptor that somebody else made non-blocking. */
static void wait_readable(int file)
{
    struct pollfd waiting = {.fd = file, .events = POLLIN};
    (void)poll(&waiting, 1, -1); /* the read that follows says what is wrong */
}

/* After EINTR: whether to go on. */
static mimic_status after_signal(const mimic_raw *raw, mimic_error *err)
{
    if (raw->interrupted == NULL || raw->interrupted(raw->interrupted_ctx) == 0)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while waiting for %s", raw->name);
}

static mimic_status read_file(mimic_raw *raw, void *buffer, size_t capacity, size_t *out_size,
                              mimic_error *err)
{
    for (;;) {
        const ssize_t size =
            read(raw->file, buffer, capacity < READ_BYTES_MAX ? capacity : READ_BYTES_MAX);
        if (size > 0) {
            *out_size = (size_t)size;
            return MIMIC_OK;
        }
        if (size == 0)
            return MIMIC_END;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            wait_readable(raw->file);
        else if (errno == EINTR)
            MIMIC_TRY(after_signal(raw, err));
        else
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read %s", raw->name);
    }
}

static mimic_status open_path(mimic_raw *raw, const char *path, mimic_error *err)
{
    raw->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (raw->file < 0 && errno == EINTR) { /* a FIFO that nobody writes to */
        MIMIC_TRY(after_signal(raw, err));
        raw->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    }
    if (raw->file < 0) {
        const bool is_missing = errno == ENOENT || errno == ENOTDIR;
        return mimic__fail_errno(err, is_missing ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_IO, errno,
                                 "cannot open %s", path);
    }
    raw->owns_file = true;
    return MIMIC_OK;
}

mimic_status mimic__raw_open_file(mimic_raw *raw, const mimic_context *ctx, const char *path,
                                  const mimic_source_options *options, mimic_error *err)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    MIMIC_TRY(raw_init(raw, ctx, is_stdin ? "<stdin>" : path, err));
    raw->read = read_file;
    raw->interrupted = options->interrupted;
    raw->interrupted_ctx = options->interrupted_ctx;
    if (is_stdin)
        raw->file = STDIN_FILENO;
    else
        MIMIC_TRY(open_path(raw, path, err));
    struct stat facts;
    if (fstat(raw->file, &facts) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot open %s", raw->name);
    if (S_ISDIR(facts.st_mode))
        return mimic__fail(err, MIMIC_ERR_IO, "%s is a folder; expected a file", raw->name);
    if (S_ISREG(facts.st_mode)) {
        const off_t start = is_stdin ? lseek(raw->file, 0, SEEK_CUR) : 0;
        raw->total = (int64_t)(facts.st_size - (start > 0 ? start : 0));
    }
    return MIMIC_OK;
}

static mimic_status read_memory(mimic_raw *raw, void *buffer, size_t capacity, size_t *out_size,
                                mimic_error *err)
{
    (void)err;
    if (raw->memory_size == 0)
        return MIMIC_END;
    const size_t size = raw->memory_size < capacity ? raw->memory_size : capacity;
    memcpy(buffer, raw->memory, size);
    raw->memory += size;
    raw->memory_size -= size;
    *out_size = size;
    return MIMIC_OK;
}

mimic_status mimic__raw_open_memory(mimic_raw *raw, const mimic_context *ctx, const void *bytes,
                                    size_t size, const char *name, mimic_error *err)
{
    MIMIC_TRY(raw_init(raw, ctx, name, err));
    raw->read = read_memory;
    raw->memory = bytes;
    raw->memory_size = size;
    raw->total = (int64_t)size;
    return MIMIC_OK;
}

/* Calls the caller's read and holds it to its contract. */
static mimic_status read_callback(mimic_raw *raw, void *buffer, size_t capacity, size_t *out_size,
                                  mimic_error *err)
{
    size_t size = 0;
    const mimic_status status =
        raw->callbacks.read(raw->callbacks.ctx, buffer, capacity, &size, err);
    if (status == MIMIC_END && size > 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the read callback of %s returned MIMIC_END with %zu bytes, which would "
                           "be lost; expected MIMIC_OK with them and MIMIC_END after",
                           raw->name, size);
    if (status == MIMIC_END)
        return MIMIC_END;
    if (status > MIMIC_OK)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the read callback of %s returned %d; expected MIMIC_OK, MIMIC_END or "
                           "an error",
                           raw->name, (int)status);
    if (status < MIMIC_OK) {
        if (err->code != status || err->message[0] == '\0')
            mimic__fail(err, status, "the read callback of %s failed: %s", raw->name,
                        mimic_status_name(status));
        return status;
    }
    if (size == 0 || size > capacity)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the read callback of %s said that it filled %zu bytes; expected 1 to "
                           "%zu, or MIMIC_END",
                           raw->name, size, capacity);
    *out_size = size;
    return MIMIC_OK;
}

mimic_status mimic__raw_open_callbacks(mimic_raw *raw, const mimic_context *ctx,
                                       const mimic_source_callbacks *callbacks, const char *name,
                                       mimic_error *err)
{
    MIMIC_TRY(raw_init(raw, ctx, name, err));
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&raw->callbacks, callbacks, "mimic_source_callbacks", err));
    if (raw->callbacks.read == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_source_callbacks.read is NULL");
    raw->read = read_callback;
    return MIMIC_OK;
}

mimic_status mimic__raw_read(mimic_raw *raw, void *buffer, size_t capacity, size_t *out_size,
                             mimic_error *err)
{
    if (raw->is_ended)
        return MIMIC_END;
    const mimic_status status = raw->read(raw, buffer, capacity, out_size, err);
    raw->is_ended = status == MIMIC_END;
    if (status == MIMIC_OK) {
        mimic__hasher_update(raw->hasher, buffer, *out_size);
        raw->position += (int64_t)*out_size;
    }
    return status;
}

static mimic_status make_room(mimic_stored *stored, mimic_error *err)
{
    if (stored->buffer != NULL && stored->size < stored->capacity) {
        memmove(stored->buffer, stored->bytes, stored->size);
        stored->bytes = stored->buffer;
        return MIMIC_OK;
    }
    const size_t capacity = stored->capacity + BUFFER_BYTES;
    unsigned char *buffer = mimic__alloc(stored->raw.ctx, capacity);
    if (buffer == NULL)
        return mimic__fail_memory(err);
    if (stored->size > 0)
        memcpy(buffer, stored->bytes, stored->size);
    mimic__free(stored->raw.ctx, stored->buffer);
    stored->buffer = buffer;
    stored->capacity = capacity;
    stored->bytes = buffer;
    return MIMIC_OK;
}

mimic_status mimic__stored_read_more(mimic_stored *stored, mimic_error *err)
{
    if (stored->status == MIMIC_OK) {
        size_t size = 0;
        MIMIC_TRY(make_room(stored, err));
        stored->status =
            mimic__raw_read(&stored->raw, stored->buffer + stored->size,
                            stored->capacity - stored->size, &size, &stored->failure);
        stored->size += size;
    }
    return stored->status < MIMIC_OK ? mimic__fail_again(err, &stored->failure) : stored->status;
}

void mimic__stored_take(mimic_stored *stored, size_t size)
{
    stored->bytes += size;
    stored->size -= size;
}

void mimic__stored_free(mimic_stored *stored)
{
    mimic__free(stored->raw.ctx, stored->buffer);
    mimic__raw_free(&stored->raw);
}

void mimic__raw_free(mimic_raw *raw)
{
    if (raw->owns_file)
        (void)close(raw->file); /* read only: nothing can be lost */
    if (raw->owns_callbacks && raw->callbacks.close != NULL)
        raw->callbacks.close(raw->callbacks.ctx);
    mimic__hasher_free(raw->ctx, raw->hasher);
    mimic__free(raw->ctx, raw->name);
}
