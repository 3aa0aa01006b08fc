/*
 * See sqlite_pages.h. The change counter (offset 24) tells SQLite to forget its cache; the page
 * count (28) is believed only when the counter equals "version valid for" (92), so all three are
 * written at once, in one write of the header, after everything else.
 */
#include "sink/sqlite_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "io/output.h"

#define WRITE_BYTES_MAX ((size_t)1 << 30) /* some systems refuse more than INT_MAX */
#define PAGES_MAX 1073741823u             /* SQLite's default limit (SQLITE_MAX_PAGE_COUNT) */

enum {
    OFFSET_PAGE_SIZE = 16,
    OFFSET_WRITE_VERSION = 18, /* 1 = rollback journal */
    OFFSET_READ_VERSION = 19,
    OFFSET_RESERVED = 20,
    OFFSET_CHANGE_COUNTER = 24,
    OFFSET_PAGE_COUNT = 28,
    OFFSET_SCHEMA_FORMAT = 44, /* 4 = the serial types 8 and 9 are allowed */
    OFFSET_AUTO_VACUUM = 52,
    OFFSET_ENCODING = 56, /* 1 = UTF-8 */
    OFFSET_VALID_FOR = 92
};

static off_t place_of(uint32_t number)
{
    return (off_t)(number - 1) * MIMIC_SQLITE_PAGE_BYTES;
}

static mimic_status write_at(const mimic_sqlite_pages *pages, const unsigned char *bytes,
                             size_t size, off_t place, mimic_error *err)
{
    while (size > 0) {
        const ssize_t written =
            pwrite(pages->file, bytes, size < WRITE_BYTES_MAX ? size : WRITE_BYTES_MAX, place);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
            place += written;
        } else if (written == 0 || errno != EINTR) {
            return mimic__fail_errno(err, MIMIC_ERR_IO, written == 0 ? EIO : errno,
                                     "cannot write database %s", pages->name);
        }
    }
    return MIMIC_OK;
}

static mimic_status read_at(const mimic_sqlite_pages *pages, unsigned char *bytes, size_t size,
                            off_t place, mimic_error *err)
{
    while (size > 0) {
        const ssize_t got = pread(pages->file, bytes, size, place);
        if (got > 0) {
            bytes += got;
            size -= (size_t)got;
            place += got;
        } else if (got == 0 || errno != EINTR) {
            return mimic__fail_errno(err, MIMIC_ERR_IO, got == 0 ? EIO : errno,
                                     "cannot read database %s", pages->name);
        }
    }
    return MIMIC_OK;
}

mimic_status mimic__sqlite_pages_open(mimic_sqlite_pages *pages, const mimic_context *ctx,
                                      const char *path, const char *name, mimic_error *err)
{
    *pages = (mimic_sqlite_pages){.ctx = ctx, .name = name};
    mimic__buffer_init(&pages->roots, ctx);
    pages->lock_page = (uint32_t)(MIMIC_SQLITE_LOCK_BYTE / MIMIC_SQLITE_PAGE_BYTES) + 1;
    pages->file = mimic__open_file(path, O_RDWR);
    if (pages->file < 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot open database %s", name);
    return MIMIC_OK;
}

void mimic__sqlite_pages_close(mimic_sqlite_pages *pages)
{
    if (pages->file < 0)
        return;
    (void)close(pages->file);
    mimic__buffer_free(&pages->roots);
    pages->file = -1;
}

static bool is_known(const unsigned char *header)
{
    return mimic__sqlite_get16(header + OFFSET_PAGE_SIZE) == MIMIC_SQLITE_PAGE_BYTES &&
           header[OFFSET_WRITE_VERSION] == 1 && header[OFFSET_READ_VERSION] == 1 &&
           header[OFFSET_RESERVED] == 0 && mimic__sqlite_get32(header + OFFSET_AUTO_VACUUM) == 0 &&
           mimic__sqlite_get32(header + OFFSET_SCHEMA_FORMAT) == 4 &&
           mimic__sqlite_get32(header + OFFSET_ENCODING) == 1 &&
           mimic__sqlite_get32(header + OFFSET_CHANGE_COUNTER) ==
               mimic__sqlite_get32(header + OFFSET_VALID_FOR);
}

mimic_status mimic__sqlite_pages_begin(mimic_sqlite_pages *pages, mimic_error *err)
{
    MIMIC_TRY(read_at(pages, pages->header, sizeof pages->header, 0, err));
    const uint32_t count = mimic__sqlite_get32(pages->header + OFFSET_PAGE_COUNT);
    if (!is_known(pages->header) || count == 0 || count > PAGES_MAX)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "database %s has a layout that is left to SQLite", pages->name);
    mimic__buffer_free(&pages->roots);
    pages->count = count;
    pages->next = count + 1;
    return MIMIC_OK;
}

mimic_status mimic__sqlite_pages_reserve(mimic_sqlite_pages *pages, size_t count,
                                         uint32_t *out_first, mimic_error *err)
{
    if (pages->next == pages->lock_page && count > 0)
        pages->next++;
    if (count > PAGES_MAX || pages->next > PAGES_MAX - (uint32_t)count)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "database %s would have more than %u pages, the limit of SQLite",
                           pages->name, PAGES_MAX);
    *out_first = pages->next;
    if (count > 0) /* never past a lock page that would be the last one */
        pages->next = mimic__sqlite_page_number(pages, pages->next, count - 1) + 1;
    return MIMIC_OK;
}

mimic_status mimic__sqlite_pages_write(const mimic_sqlite_pages *pages, uint32_t first,
                                       const void *bytes, size_t count, mimic_error *err)
{
    const unsigned char *from = bytes;
    if (first < pages->lock_page && count > pages->lock_page - first) {
        const size_t before = pages->lock_page - first;
        MIMIC_TRY(write_at(pages, from, before * MIMIC_SQLITE_PAGE_BYTES, place_of(first), err));
        from += before * MIMIC_SQLITE_PAGE_BYTES;
        count -= before;
        first = pages->lock_page + 1;
    }
    return write_at(pages, from, count * MIMIC_SQLITE_PAGE_BYTES, place_of(first), err);
}

mimic_status mimic__sqlite_pages_read(const mimic_sqlite_pages *pages, uint32_t number,
                                      unsigned char *page, mimic_error *err)
{
    return read_at(pages, page, MIMIC_SQLITE_PAGE_BYTES, place_of(number), err);
}

mimic_status mimic__sqlite_pages_write_root(mimic_sqlite_pages *pages, uint32_t number,
                                            const unsigned char *page, mimic_error *err)
{
    if (!mimic__buffer_reserve(&pages->roots, sizeof number + MIMIC_SQLITE_PAGE_BYTES))
        return mimic__fail_memory(err);
    unsigned char *former = (unsigned char *)pages->roots.data + pages->roots.size;
    memcpy(former, &number, sizeof number);
    MIMIC_TRY(mimic__sqlite_pages_read(pages, number, former + sizeof number, err));
    pages->roots.size += sizeof number + MIMIC_SQLITE_PAGE_BYTES;
    return write_at(pages, page, MIMIC_SQLITE_PAGE_BYTES, place_of(number), err);
}

/* The counter grows in any case: what SQLite has in its cache is not what stands in the file. */
static mimic_status write_header(mimic_sqlite_pages *pages, uint32_t count, mimic_error *err)
{
    unsigned char *header = pages->header;
    const uint32_t counter = mimic__sqlite_get32(header + OFFSET_CHANGE_COUNTER) + 1;
    mimic__sqlite_put32(header + OFFSET_CHANGE_COUNTER, counter);
    mimic__sqlite_put32(header + OFFSET_VALID_FOR, counter);
    mimic__sqlite_put32(header + OFFSET_PAGE_COUNT, count);
    return write_at(pages, header, sizeof pages->header, 0, err);
}

mimic_status mimic__sqlite_pages_commit(mimic_sqlite_pages *pages, mimic_error *err)
{
    /* `next` may be the lock page, which is no page of the file then. */
    return write_header(pages, pages->next - 1, err);
}

mimic_status mimic__sqlite_pages_rollback(mimic_sqlite_pages *pages, mimic_error *err)
{
    const size_t step = sizeof(uint32_t) + MIMIC_SQLITE_PAGE_BYTES;
    for (size_t end = pages->roots.size; end >= step; end -= step) { /* the first content last */
        const unsigned char *former = (const unsigned char *)pages->roots.data + end - step;
        uint32_t number = 0;
        memcpy(&number, former, sizeof number);
        MIMIC_TRY(write_at(pages, former + sizeof number, MIMIC_SQLITE_PAGE_BYTES, place_of(number),
                           err));
    }
    MIMIC_TRY(write_header(pages, pages->count, err));
    if (ftruncate(pages->file, place_of(pages->count + 1)) != 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot shorten database %s",
                                 pages->name);
    pages->next = pages->count + 1;
    mimic__buffer_free(&pages->roots);
    return MIMIC_OK;
}
