/*
 * See spill.h. A pair is a byte that holds two sizes, then the bytes of the two differences;
 * a string is what it shares with the one before, the size of the rest, and the rest. The numbers
 * are in the order of the machine: nobody else ever reads the file.
 */
#include "io/spill.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "io/output.h"

#define BLOCK_HEAD 8 /* bytes behind the head, entries; four bytes each */
#define PAIR_MAX 17
#define SLACK 8       /* numbers are read and written eight bytes wide */
#define STRING_HEAD 4 /* what is shared, what follows; two bytes each */
#define FLUSH_BYTES 65536
/* What waits, the block that is open, and an entry that makes a block of its own. */
#define WRITER_BYTES                                                                               \
    (FLUSH_BYTES + 2 * BLOCK_HEAD + MIMIC_SPILL_BLOCK_BYTES + STRING_HEAD +                        \
     MIMIC_SPILL_STRING_MAX + SLACK)

/* ---- the file ---- */

void mimic__spill_init(mimic_spill *spill, const mimic_context *ctx, const char *path)
{
    *spill = (mimic_spill){.ctx = ctx, .path = path, .fd = -1};
}

void mimic__spill_close(mimic_spill *spill)
{
    if (spill->fd >= 0)
        (void)close(spill->fd);
    spill->fd = -1;
}

static mimic_status write_all(mimic_spill *spill, const unsigned char *bytes, size_t size,
                              mimic_error *err)
{
    while (size > 0) {
        const ssize_t done = pwrite(spill->fd, bytes, size, (off_t)spill->size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? ENOSPC : errno,
                                     "cannot write a temporary file for sorting beside %s",
                                     spill->path);
        bytes += done;
        size -= (size_t)done;
        spill->size += done;
    }
    return MIMIC_OK;
}

static mimic_status read_all(const mimic_spill *spill, int64_t place, unsigned char *bytes,
                             size_t size, mimic_error *err)
{
    while (size > 0) {
        const ssize_t done = pread(spill->fd, bytes, size, (off_t)place);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno,
                                     "cannot read back a temporary file for sorting beside %s",
                                     spill->path);
        if (done == 0)
            return mimic__fail(err, MIMIC_ERR_IO,
                               "a temporary file for sorting beside %s is shorter than what was "
                               "written to it",
                               spill->path);
        bytes += done;
        size -= (size_t)done;
        place += done;
    }
    return MIMIC_OK;
}

/* ---- writing ---- */

mimic_status mimic__spill_writer_init(mimic_spill_writer *writer, mimic_spill *spill,
                                      mimic_error *err)
{
    *writer = (mimic_spill_writer){.spill = spill};
    writer->bytes = mimic__alloc(spill->ctx, WRITER_BYTES + MIMIC_SPILL_STRING_MAX);
    if (writer->bytes == NULL)
        return mimic__fail_memory(err);
    writer->last_string = writer->bytes + WRITER_BYTES;
    return MIMIC_OK;
}

void mimic__spill_writer_free(mimic_spill_writer *writer)
{
    if (writer->spill != NULL)
        mimic__free(writer->spill->ctx, writer->bytes);
    *writer = (mimic_spill_writer){0};
}

static void end_block(mimic_spill_writer *writer)
{
    const size_t start = writer->block_start;
    const uint32_t head[2] = {(uint32_t)(writer->size - start - BLOCK_HEAD), writer->block_count};
    memcpy(writer->bytes + start, head, sizeof head);
    writer->block_start = writer->size;
    writer->block_count = 0;
}

static mimic_status flush(mimic_spill_writer *writer, mimic_error *err)
{
    mimic_spill *const spill = writer->spill;
    if (spill->fd < 0)
        MIMIC_TRY(mimic__open_nameless(spill->ctx, spill->path, &spill->fd, err));
    MIMIC_TRY(write_all(spill, writer->bytes, writer->size, err));
    writer->size = 0;
    writer->block_start = 0;
    return MIMIC_OK;
}

/* Room for an entry of at most `size` bytes: in the open block, or in one that it begins. */
static mimic_status make_room(mimic_spill_writer *writer, size_t size, mimic_error *err)
{
    const size_t used = writer->size - writer->block_start;
    if (writer->block_count > 0 && used + size <= MIMIC_SPILL_BLOCK_BYTES)
        return MIMIC_OK;
    if (writer->block_count > 0)
        end_block(writer);
    if (writer->size >= FLUSH_BYTES)
        MIMIC_TRY(flush(writer, err));
    writer->size += BLOCK_HEAD;
    writer->last = (mimic_sort_pair){0};
    writer->last_string_size = 0;
    return MIMIC_OK;
}

/* Bytes that hold a number. */
static inline size_t byte_count(uint64_t number)
{
    return number == 0 ? 0 : (size_t)(71 - __builtin_clzll(number)) / 8;
}

/* The low 16 bits of `lo` are 0 most of the time: they go to the top, where zeros cost nothing. */
static uint64_t turn(uint64_t lo)
{
    return lo >> 16 | lo << 48;
}

static uint64_t turn_back(uint64_t turned)
{
    return turned << 16 | turned >> 48;
}

/* Eight bytes, the lowest first; what does not count is written over by what follows. */
static inline void put_number(unsigned char *to, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        to[i] = (unsigned char)(number >> (8 * i));
}

mimic_status mimic__spill_write_pair(mimic_spill_writer *writer, const mimic_sort_pair *pair,
                                     mimic_error *err)
{
    MIMIC_TRY(make_room(writer, PAIR_MAX, err));
    const uint64_t hi = pair->hi - writer->last.hi;
    const uint64_t lo = turn(hi == 0 ? pair->lo - writer->last.lo : pair->lo);
    const size_t hi_size = byte_count(hi);
    const size_t lo_size = byte_count(lo);
    unsigned char *const out = writer->bytes + writer->size;
    *out = (unsigned char)(hi_size | lo_size << 4);
    put_number(out + 1, hi);
    put_number(out + 1 + hi_size, lo);
    writer->size += 1 + hi_size + lo_size;
    writer->block_count++;
    writer->last = *pair;
    return MIMIC_OK;
}

static size_t shared_size(const unsigned char *a, size_t a_size, const unsigned char *b,
                          size_t b_size)
{
    const size_t end = a_size < b_size ? a_size : b_size;
    size_t size = 0;
    while (size < end && a[size] == b[size])
        size++;
    return size;
}

mimic_status mimic__spill_write_string(mimic_spill_writer *writer, const unsigned char *string,
                                       size_t size, mimic_error *err)
{
    MIMIC_TRY(make_room(writer, STRING_HEAD + size, err));
    const size_t shared = shared_size(writer->last_string, writer->last_string_size, string, size);
    const uint16_t head[2] = {(uint16_t)shared, (uint16_t)(size - shared)};
    memcpy(writer->bytes + writer->size, head, sizeof head);
    memcpy(writer->bytes + writer->size + STRING_HEAD, string + shared, size - shared);
    writer->size += STRING_HEAD + size - shared;
    writer->block_count++;
    memcpy(writer->last_string + shared, string + shared, size - shared);
    writer->last_string_size = size;
    if (size > writer->longest_string)
        writer->longest_string = size;
    return MIMIC_OK;
}

mimic_status mimic__spill_end_run(mimic_spill_writer *writer, mimic_spill_run *run,
                                  mimic_error *err)
{
    if (writer->block_count > 0)
        end_block(writer);
    MIMIC_TRY(flush(writer, err));
    run->end = writer->spill->size;
    if (writer->longest_string > run->longest_string)
        run->longest_string = writer->longest_string;
    return MIMIC_OK;
}

/* ---- reading ---- */

mimic_status mimic__spill_reader_init(mimic_spill_reader *reader, const mimic_spill *spill,
                                      const mimic_spill_run *run, mimic_error *err)
{
    *reader = (mimic_spill_reader){.spill = spill, .run = *run, .next = run->start};
    reader->block_capacity = MIMIC_SPILL_BLOCK_BYTES;
    reader->block = mimic__alloc_zeroed(spill->ctx, 1, reader->block_capacity + SLACK);
    reader->string = mimic__alloc(spill->ctx, run->longest_string + 1); /* empty ones stand, too */
    const bool has_all = reader->block != NULL && reader->string != NULL;
    return has_all ? MIMIC_OK : mimic__fail_memory(err);
}

void mimic__spill_reader_free(mimic_spill_reader *reader)
{
    if (reader->spill == NULL)
        return;
    mimic__free(reader->spill->ctx, reader->block);
    mimic__free(reader->spill->ctx, reader->string);
    *reader = (mimic_spill_reader){0};
}

/* Reads a block's worth, which is a whole block unless one entry is larger than that. */
static mimic_status read_block(mimic_spill_reader *reader, mimic_error *err)
{
    const mimic_spill *const spill = reader->spill;
    const int64_t rest = reader->run.end - reader->next;
    const size_t guess =
        rest < MIMIC_SPILL_BLOCK_BYTES ? (size_t)rest : (size_t)MIMIC_SPILL_BLOCK_BYTES;
    uint32_t head[2];
    if (rest <= 0) {
        reader->is_at_end = true;
        return MIMIC_OK;
    }
    MIMIC_TRY(read_all(spill, reader->next, reader->block, guess, err));
    memcpy(head, reader->block, sizeof head);
    const size_t size = BLOCK_HEAD + head[0];
    if (size > reader->block_capacity) {
        unsigned char *const grown =
            mimic__realloc(spill->ctx, reader->block, reader->block_capacity + SLACK, size + SLACK);
        if (grown == NULL)
            return mimic__fail_memory(err);
        reader->block = grown;
        reader->block_capacity = size;
    }
    if (size > guess)
        MIMIC_TRY(read_all(spill, reader->next + (int64_t)guess, reader->block + guess,
                           size - guess, err));
    reader->next += (int64_t)size;
    reader->at = reader->block + BLOCK_HEAD;
    reader->left = head[1];
    reader->now = (mimic_sort_pair){0};
    reader->string_size = 0;
    return MIMIC_OK;
}

/* Reads eight bytes, of which the first `size` count. */
static inline uint64_t read_number(const unsigned char *at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return size == 0 ? 0 : number & UINT64_MAX >> (64 - 8 * size);
}

mimic_status mimic__spill_read_pair(mimic_spill_reader *reader, mimic_error *err)
{
    if (reader->left == 0)
        MIMIC_TRY(read_block(reader, err));
    if (reader->is_at_end)
        return MIMIC_OK;
    const size_t hi_size = *reader->at & 15;
    const size_t lo_size = *reader->at >> 4;
    const uint64_t hi = read_number(reader->at + 1, hi_size);
    const uint64_t lo = turn_back(read_number(reader->at + 1 + hi_size, lo_size));
    reader->now.hi += hi;
    reader->now.lo = hi == 0 ? reader->now.lo + lo : lo;
    reader->at += 1 + hi_size + lo_size;
    reader->left--;
    return MIMIC_OK;
}

mimic_status mimic__spill_read_string(mimic_spill_reader *reader, mimic_error *err)
{
    if (reader->left == 0)
        MIMIC_TRY(read_block(reader, err));
    if (reader->is_at_end)
        return MIMIC_OK;
    uint16_t head[2];
    memcpy(head, reader->at, sizeof head);
    memcpy(reader->string + head[0], reader->at + STRING_HEAD, head[1]);
    reader->string_size = (size_t)head[0] + head[1];
    reader->at += STRING_HEAD + head[1];
    reader->left--;
    if (head[0] < 8)
        reader->now.hi = mimic__sort_prefix(reader->string, reader->string_size);
    return MIMIC_OK;
}
