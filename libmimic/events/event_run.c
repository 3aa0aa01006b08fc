/* See event_run.h: reading and writing a file of blocks, and the pages of its index. A page is a hash of
 * what follows, the place of the next page, a count and the blocks, all little-endian. */
#include "events/event_run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "io/output.h"

#define PAGE_HEAD 24
#define ENTRY_BYTES 56

/* ---- the file ---- */

static mimic_status fail_reading(const mimic_block_file *file, int error_number, mimic_error *err)
{
    return file->is_scratch
               ? mimic__fail_errno(err, MIMIC_ERR_IO, error_number,
                                   "cannot read back a temporary file for sorting beside %s",
                                   file->path)
               : mimic__fail_errno(err, MIMIC_ERR_IO, error_number, "cannot read %s", file->path);
}

mimic_status mimic__block_read(const mimic_block_file *file, int64_t offset, void *bytes, size_t size,
                               mimic_error *err)
{
    unsigned char *to = bytes;
    while (size > 0) {
        const ssize_t done = pread(file->fd, to, size, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return fail_reading(file, errno, err);
        if (done == 0)
            return mimic__fail(err, file->is_scratch ? MIMIC_ERR_IO : MIMIC_ERR_CORRUPT,
                               file->is_scratch ? "a temporary file for sorting beside %s is shorter "
                                                  "than what was written to it"
                                                : "%s is cut off",
                               file->path);
        to += done;
        size -= (size_t)done;
        offset += done;
    }
    return MIMIC_OK;
}

mimic_status mimic__block_write(mimic_block_file *file, int64_t offset, const unsigned char *bytes,
                                size_t size, mimic_error *err)
{
    while (size > 0) {
        const ssize_t done = pwrite(file->fd, bytes, size, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? ENOSPC : errno,
                                     "cannot write a temporary file for sorting beside %s, which has "
                                     "%lld bytes so far; name a folder with more room for temporary "
                                     "files",
                                     file->path, (long long)file->size);
        bytes += done;
        size -= (size_t)done;
        offset += done;
    }
    return MIMIC_OK;
}

/* ---- pages ---- */

static unsigned char *put_number(unsigned char *to, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(number >> (8 * i));
    return to + size;
}

static uint64_t take_number(const unsigned char **from, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number |= (uint64_t)(*from)[i] << (8 * i);
    *from += size;
    return number;
}

void mimic__block_page_encode(const mimic_block_page *page, unsigned char out[MIMIC_PAGE_BYTES])
{
    memset(out, 0, MIMIC_PAGE_BYTES);
    unsigned char *to = put_number(out + 8, (uint64_t)page->next, 8);
    to = put_number(to, page->count, 8);
    for (uint32_t i = 0; i < page->count; i++) {
        const mimic_event_block *const block = &page->blocks[i];
        to = put_number(to, (uint64_t)block->first, 8);
        to = put_number(to, (uint64_t)block->last, 8);
        to = put_number(to, (uint64_t)block->offset, 8);
        to = put_number(to, block->hash, 8);
        to = put_number(to, block->stored, 4);
        to = put_number(to, block->packed, 4);
        to = put_number(to, block->events, 4);
        to = put_number(to, block->runs, 4);
        to = put_number(to, block->bytes, 4);
        to = put_number(to, 0, 4);
    }
    (void)put_number(out, mimic__hash64(out + 8, MIMIC_PAGE_BYTES - 8), 8);
}

mimic_status mimic__block_page_decode(const unsigned char bytes[MIMIC_PAGE_BYTES],
                                      mimic_block_page *out, mimic_error *err)
{
    const unsigned char *from = bytes;
    const uint64_t hash = take_number(&from, 8);
    out->next = (int64_t)take_number(&from, 8);
    const uint64_t count = take_number(&from, 8);
    if (hash != mimic__hash64(bytes + 8, MIMIC_PAGE_BYTES - 8) || count > MIMIC_PAGE_BLOCKS)
        return mimic__fail(err, MIMIC_ERR_CORRUPT, "a page of its index is damaged");
    out->count = (uint32_t)count;
    for (uint32_t i = 0; i < out->count; i++) {
        mimic_event_block *const block = &out->blocks[i];
        block->first = (int64_t)take_number(&from, 8);
        block->last = (int64_t)take_number(&from, 8);
        block->offset = (int64_t)take_number(&from, 8);
        block->hash = take_number(&from, 8);
        block->stored = (uint32_t)take_number(&from, 4);
        block->packed = (uint32_t)take_number(&from, 4);
        block->events = (uint32_t)take_number(&from, 4);
        block->runs = (uint32_t)take_number(&from, 4);
        block->bytes = (uint32_t)take_number(&from, 4);
        (void)take_number(&from, 4);
    }
    return MIMIC_OK;
}

size_t mimic__block_cost(const mimic_event_block *block)
{
    return mimic__event_chunk_bytes(block->events, block->runs, block->bytes) + block->stored;
}

/* ---- writing a run ---- */

static mimic_status write_page(mimic_run_writer *writer, mimic_error *err)
{
    unsigned char bytes[MIMIC_PAGE_BYTES];
    mimic__block_page_encode(writer->page, bytes);
    return mimic__block_write(writer->file, writer->page_offset, bytes, sizeof bytes, err);
}

mimic_status mimic__run_writer_begin(mimic_run_writer *writer, mimic_block_run *run,
                                     mimic_error *err)
{
    mimic_block_file *const file = writer->file;
    if (file->fd < 0) {
        MIMIC_TRY(mimic__open_nameless(file->ctx, file->path, &file->fd, err));
        file->size = MIMIC_PAGE_BYTES; /* no page stands at 0 */
    }
    if (writer->page == NULL)
        writer->page = mimic__alloc_zeroed(file->ctx, 1, sizeof *writer->page);
    if (writer->page == NULL)
        return mimic__fail_memory(err);
    writer->run = run;
    writer->page_offset = run->last_page;
    if (run->last_page == 0)
        return MIMIC_OK;
    unsigned char bytes[MIMIC_PAGE_BYTES];
    MIMIC_TRY(mimic__block_read(file, run->last_page, bytes, sizeof bytes, err));
    return mimic__block_page_decode(bytes, writer->page, err);
}

/* A page that can take one more block. */
static mimic_status make_page(mimic_run_writer *writer, mimic_error *err)
{
    mimic_block_run *const run = writer->run;
    if (writer->page_offset != 0 && writer->page->count < MIMIC_PAGE_BLOCKS)
        return MIMIC_OK;
    const int64_t offset = writer->file->size;
    writer->file->size += MIMIC_PAGE_BYTES;
    if (writer->page_offset != 0) {
        writer->page->next = offset;
        MIMIC_TRY(write_page(writer, err));
    } else {
        run->first_page = offset;
    }
    run->last_page = offset;
    writer->page_offset = offset;
    writer->page->count = 0;
    writer->page->next = 0;
    return MIMIC_OK;
}

mimic_status mimic__run_writer_put(void *context, mimic_event_block *block,
                                   const unsigned char *bytes, mimic_error *err)
{
    mimic_run_writer *const writer = context;
    mimic_block_run *const run = writer->run;
    const bool is_first = run->first_page == 0;
    MIMIC_TRY(make_page(writer, err));
    MIMIC_TRY(mimic__block_write(writer->file, writer->file->size, bytes, block->stored, err));
    block->offset = writer->file->size;
    writer->file->size += block->stored;
    writer->page->blocks[writer->page->count++] = *block;
    if (is_first)
        run->first = block->first;
    run->last = block->last;
    const size_t cost = mimic__block_cost(block);
    if (cost > run->cost)
        run->cost = cost;
    return MIMIC_OK;
}

mimic_status mimic__run_writer_end(mimic_run_writer *writer, mimic_error *err)
{
    return writer->page_offset == 0 ? MIMIC_OK : write_page(writer, err);
}
