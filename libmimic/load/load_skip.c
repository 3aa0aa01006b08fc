/*
 * See load_skip.h. Bits are written page by page as their rows ascend; pages without a bit are holes
 * of the file, and what lies behind its end is zero too.
 */
#include "load/load_skip.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/output.h"

#define PAGE_BYTES 4096
#define PAGE_ROWS ((int64_t)PAGE_BYTES * 8)
#define PIECE_BYTES 1024 /* that are read at a time */

struct load_skip {
    const mimic_context *ctx;
    char *path; /* beside which the file stands */
    int fd;
    int64_t count;
    int64_t page_number;
    unsigned char page[PAGE_BYTES];
};

mimic_status mimic__skip_open(const mimic_context *ctx, const char *path, load_skip **out_skip,
                              mimic_error *err)
{
    load_skip *const skip = mimic__alloc_zeroed(ctx, 1, sizeof *skip);
    *out_skip = NULL;
    if (skip == NULL)
        return mimic__fail_memory(err);
    skip->ctx = ctx;
    skip->path = mimic__strdup(ctx, path);
    const mimic_status status = skip->path == NULL
                                    ? mimic__fail_memory(err)
                                    : mimic__open_nameless(ctx, path, &skip->fd, err);
    if (status != MIMIC_OK) {
        mimic__free(ctx, skip->path);
        mimic__free(ctx, skip);
        return status;
    }
    *out_skip = skip;
    return MIMIC_OK;
}

mimic_status mimic__skip_end(load_skip *skip, mimic_error *err)
{
    const unsigned char *bytes = skip->page;
    size_t size = PAGE_BYTES;
    off_t place = (off_t)(skip->page_number * PAGE_BYTES);
    while (size > 0) {
        const ssize_t done = pwrite(skip->fd, bytes, size, place);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return mimic__fail_errno(err, MIMIC_ERR_IO, done == 0 ? ENOSPC : errno,
                                     "cannot write a temporary file beside %s", skip->path);
        bytes += done;
        size -= (size_t)done;
        place += done;
    }
    return MIMIC_OK;
}

mimic_status mimic__skip_add(load_skip *skip, int64_t row, mimic_error *err)
{
    if (row / PAGE_ROWS != skip->page_number) {
        MIMIC_TRY(mimic__skip_end(skip, err));
        memset(skip->page, 0, PAGE_BYTES);
        skip->page_number = row / PAGE_ROWS;
    }
    skip->page[row % PAGE_ROWS / 8] |= (unsigned char)(1u << (row % 8));
    skip->count++;
    return MIMIC_OK;
}

/* What the file does not have is zero. */
static mimic_status read_piece(const load_skip *skip, int64_t place, unsigned char *out_bytes,
                               mimic_error *err)
{
    size_t size = 0;
    memset(out_bytes, 0, PIECE_BYTES);
    while (size < PIECE_BYTES) {
        const ssize_t done =
            pread(skip->fd, out_bytes + size, PIECE_BYTES - size, (off_t)place + (off_t)size);
        if (done == 0)
            break;
        if (done < 0 && errno != EINTR)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read a temporary file");
        if (done > 0)
            size += (size_t)done;
    }
    return MIMIC_OK;
}

mimic_status mimic__skip_kept(const load_skip *skip, int64_t first, size_t count,
                              uint32_t *out_rows, size_t *out_kept, mimic_error *err)
{
    unsigned char bits[PIECE_BYTES];
    int64_t piece = -1;
    *out_kept = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t byte = (first + (int64_t)i) / 8;
        if (byte / PIECE_BYTES != piece) {
            piece = byte / PIECE_BYTES;
            MIMIC_TRY(read_piece(skip, piece * PIECE_BYTES, bits, err));
        }
        if ((bits[byte % PIECE_BYTES] >> ((first + (int64_t)i) % 8) & 1) == 0)
            out_rows[(*out_kept)++] = (uint32_t)i;
    }
    return MIMIC_OK;
}

int64_t mimic__skip_count(const load_skip *skip)
{
    return skip == NULL ? 0 : skip->count;
}

void mimic__skip_free(load_skip *skip)
{
    if (skip == NULL)
        return;
    (void)close(skip->fd);
    mimic__free(skip->ctx, skip->path);
    mimic__free(skip->ctx, skip);
}
