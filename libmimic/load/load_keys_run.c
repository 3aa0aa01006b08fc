/*
 * See load_keys_run.h. An entry is a byte of flags, then the numbers that the flags do not tell, as
 * base-128 numbers: the difference of `hi` and all of `lo`, or the difference of `lo` where `hi` is
 * that of the entry before; the differences of `first` and `extra`, unless they are 1; the payload
 * behind its size. Differences wrap around. Entries in which hi, first and extra are one more than in
 * the one before, and nothing else differs, are not written: their number is.
 */
#include "load/load_keys_run.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "io/output.h"

#define BUFFER_BYTES 65536 /* what a run takes before it makes a file, and at most afterwards */
#define FIRST_BYTES 1024
#define HEAD_MAX (1 + 5 * 10) /* of an entry, without its payload */
#define READ_BYTES 32768

enum { SAME_HI = 1, NEXT_FIRST = 2, NEXT_EXTRA = 4, HAS_PAYLOAD = 8, REPEATS = 16 };

struct load_key_run {
    const mimic_context *ctx;
    const char *path;
    int fd; /* -1 = in memory */
    int64_t file_size;
    unsigned char *bytes; /* what waits to be written */
    size_t size;
    size_t capacity;
    int64_t count;
    uint64_t repeats; /* entries behind those that are written */
    load_key_entry last;
};

mimic_status mimic__key_run_new(const mimic_context *ctx, const char *path, load_key_run **out_run,
                                mimic_error *err)
{
    load_key_run *const run = mimic__alloc_zeroed(ctx, 1, sizeof *run);
    *out_run = run;
    if (run == NULL)
        return mimic__fail_memory(err);
    run->ctx = ctx;
    run->path = path;
    run->fd = -1;
    return MIMIC_OK;
}

void mimic__key_run_free(load_key_run *run)
{
    if (run == NULL)
        return;
    if (run->fd >= 0)
        (void)close(run->fd);
    mimic__free(run->ctx, run->bytes);
    mimic__free(run->ctx, run);
}

int64_t mimic__key_run_count(const load_key_run *run)
{
    return run->count;
}

load_key mimic__key_run_last(const load_key_run *run)
{
    return run->last.key;
}

/* ---- writing ---- */

static mimic_status flush(load_key_run *run, mimic_error *err)
{
    const unsigned char *bytes = run->bytes;
    if (run->fd < 0)
        MIMIC_TRY(mimic__open_nameless(run->ctx, run->path, &run->fd, err));
    while (run->size > 0) {
        const ssize_t done = pwrite(run->fd, bytes, run->size, (off_t)run->file_size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? ENOSPC : errno,
                                     "cannot write a temporary file for keys beside %s", run->path);
        run->file_size += done;
        run->size -= (size_t)done;
        bytes += done;
    }
    return MIMIC_OK;
}

/* Room for so many bytes behind those that wait. */
static mimic_status make_room(load_key_run *run, size_t more, mimic_error *err)
{
    if (more <= run->capacity - run->size)
        return MIMIC_OK;
    if (run->size + more > BUFFER_BYTES && run->size > 0)
        MIMIC_TRY(flush(run, err));
    size_t capacity = run->capacity == 0 ? FIRST_BYTES : run->capacity;
    while (capacity < run->size + more)
        capacity *= 2;
    if (capacity == run->capacity)
        return MIMIC_OK;
    unsigned char *const grown = mimic__realloc(run->ctx, run->bytes, run->capacity, capacity);
    if (grown == NULL)
        return mimic__fail_memory(err);
    run->bytes = grown;
    run->capacity = capacity;
    return MIMIC_OK;
}

static unsigned char *put(unsigned char *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *to++ = (unsigned char)value;
    return to;
}

/* Small differences of either sign as small numbers. */
static uint64_t fold(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static uint64_t unfold(uint64_t folded)
{
    return folded >> 1 ^ (0 - (folded & 1));
}

static mimic_status end_repeats(load_key_run *run, mimic_error *err)
{
    if (run->repeats == 0)
        return MIMIC_OK;
    MIMIC_TRY(make_room(run, HEAD_MAX, err));
    unsigned char *const to = run->bytes + run->size;
    *to = REPEATS;
    run->size = (size_t)(put(to + 1, run->repeats) - run->bytes);
    run->repeats = 0;
    return MIMIC_OK;
}

static inline bool is_next(const load_key_entry *last, const load_key_entry *entry)
{
    return entry->key.hi - last->key.hi == 1 && entry->key.lo == last->key.lo &&
           entry->first - last->first == 1 && entry->extra - last->extra == 1 &&
           entry->payload_size == 0 && last->payload_size == 0;
}

mimic_status mimic__key_run_add(load_key_run *run, const load_key_entry *entry, mimic_error *err)
{
    const load_key_entry *const last = &run->last;
    if (run->count > 0 && is_next(last, entry)) {
        run->repeats++;
        run->count++;
        run->last = *entry;
        return MIMIC_OK;
    }
    MIMIC_TRY(end_repeats(run, err));
    MIMIC_TRY(make_room(run, HEAD_MAX + entry->payload_size, err));
    unsigned char *const flags = run->bytes + run->size;
    unsigned char *to = flags + 1;
    *flags = 0;
    if (entry->key.hi == last->key.hi) {
        *flags |= SAME_HI;
        to = put(to, entry->key.lo - last->key.lo);
    } else {
        to = put(put(to, entry->key.hi - last->key.hi), entry->key.lo);
    }
    if (entry->first - last->first == 1)
        *flags |= NEXT_FIRST;
    else
        to = put(to, fold(entry->first - last->first));
    if (entry->extra - last->extra == 1)
        *flags |= NEXT_EXTRA;
    else
        to = put(to, fold(entry->extra - last->extra));
    if (entry->payload_size > 0) {
        *flags |= HAS_PAYLOAD;
        to = put(to, entry->payload_size);
        memcpy(to, entry->payload, entry->payload_size);
        to += entry->payload_size;
    }
    run->size = (size_t)(to - run->bytes);
    run->count++;
    run->last = *entry;
    return MIMIC_OK;
}

mimic_status mimic__key_run_add_integers(load_key_run *run, const int32_t *values, size_t count,
                                         uint64_t first, uint64_t extra, mimic_error *err)
{
    for (size_t i = 0, end; i < count; i = end) {
        const load_key_entry entry = {mimic__key_of_integer(values[i]), first + i, extra + i, NULL,
                                      0};
        MIMIC_TRY(mimic__key_run_add(run, &entry, err));
        for (end = i + 1; end < count && (int64_t)values[end] == (int64_t)values[end - 1] + 1;)
            end++;
        const uint64_t repeats = end - i - 1;
        run->repeats += repeats;
        run->count += (int64_t)repeats;
        run->last.key.hi += repeats;
        run->last.first += repeats;
        run->last.extra += repeats;
    }
    return MIMIC_OK;
}

mimic_status mimic__key_run_end(load_key_run *run, mimic_error *err)
{
    MIMIC_TRY(end_repeats(run, err));
    if (run->fd < 0)
        return MIMIC_OK;
    MIMIC_TRY(flush(run, err));
    mimic__free(run->ctx, run->bytes);
    run->bytes = NULL;
    run->capacity = 0;
    return MIMIC_OK;
}

/* ---- reading ---- */

mimic_status mimic__key_reader_init(load_key_reader *reader, const load_key_run *run,
                                    mimic_error *err)
{
    *reader = (load_key_reader){.run = run, .left = run->count};
    if (run->fd < 0) {
        reader->at = run->bytes;
        reader->end = run->bytes == NULL ? NULL : run->bytes + run->size;
        return MIMIC_OK;
    }
    reader->bytes = mimic__alloc(run->ctx, READ_BYTES + HEAD_MAX + LOAD_KEY_PAYLOAD_MAX);
    reader->at = reader->bytes;
    reader->end = reader->bytes;
    return reader->bytes == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

void mimic__key_reader_free(load_key_reader *reader)
{
    if (reader->run != NULL)
        mimic__free(reader->run->ctx, reader->bytes);
    reader->bytes = NULL;
}

/* Reads on, so that an entry as long as one can be is there, or the end. */
static mimic_status fill(load_key_reader *reader, mimic_error *err)
{
    const load_key_run *const run = reader->run;
    size_t size = (size_t)(reader->end - reader->at);
    if (reader->bytes == NULL || size >= HEAD_MAX + LOAD_KEY_PAYLOAD_MAX ||
        reader->next == run->file_size)
        return MIMIC_OK;
    memmove(reader->bytes, reader->at, size);
    while (size < READ_BYTES + HEAD_MAX + LOAD_KEY_PAYLOAD_MAX && reader->next < run->file_size) {
        const ssize_t done =
            pread(run->fd, reader->bytes + size,
                  READ_BYTES + HEAD_MAX + LOAD_KEY_PAYLOAD_MAX - size, (off_t)reader->next);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? EIO : errno,
                                     "cannot read a temporary file for keys beside %s", run->path);
        size += (size_t)done;
        reader->next += done;
    }
    reader->at = reader->bytes;
    reader->end = reader->bytes + size;
    return MIMIC_OK;
}

static uint64_t get(load_key_reader *reader)
{
    uint64_t value = 0;
    int shift = 0;
    unsigned char byte;
    do {
        byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte >= 0x80);
    return value;
}

static mimic_status next_repeat(load_key_reader *reader)
{
    reader->repeats--;
    reader->entry.key.hi++;
    reader->entry.first++;
    reader->entry.extra++;
    return MIMIC_OK;
}

mimic_status mimic__key_reader_next(load_key_reader *reader, const load_key_entry **out_entry,
                                    mimic_error *err)
{
    load_key_entry *const entry = &reader->entry;
    *out_entry = NULL;
    if (reader->left == 0)
        return MIMIC_OK;
    *out_entry = entry;
    reader->left--;
    if (reader->repeats > 0)
        return next_repeat(reader);
    if (reader->bytes != NULL && reader->end - reader->at < HEAD_MAX + LOAD_KEY_PAYLOAD_MAX)
        MIMIC_TRY(fill(reader, err));
    const unsigned char flags = *reader->at++;
    if ((flags & REPEATS) != 0) {
        reader->repeats = get(reader);
        return next_repeat(reader);
    }
    if ((flags & SAME_HI) != 0) {
        entry->key.lo += get(reader);
    } else {
        entry->key.hi += get(reader);
        entry->key.lo = get(reader);
    }
    entry->first += (flags & NEXT_FIRST) != 0 ? 1 : unfold(get(reader));
    entry->extra += (flags & NEXT_EXTRA) != 0 ? 1 : unfold(get(reader));
    entry->payload_size = (flags & HAS_PAYLOAD) != 0 ? (size_t)get(reader) : 0;
    entry->payload = reader->at;
    reader->at += entry->payload_size;
    return MIMIC_OK;
}
