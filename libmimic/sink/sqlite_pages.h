/*
 * A database file as a row of pages, written beside SQLite: new pages go behind the last one, the
 * roots that SQLite made are rewritten, and at the end the header says so, which SQLite notices as
 * it would the work of another process (it compares bytes 24 to 39 when a transaction begins).
 *
 * Only between transactions of SQLite, in a rollback-journal mode and not in exclusive locking
 * mode. The file must be nobody else's: no locks are taken. Free pages are left to SQLite.
 *
 *     mimic__sqlite_pages_begin(pages, &err);                      // as SQLite left the file
 *     mimic__sqlite_pages_reserve(pages, count, &first, &err);     // numbers behind the end
 *     mimic__sqlite_pages_write(pages, first, bytes, count, &err); // in any order
 *     mimic__sqlite_pages_write_root(pages, root, page, &err);
 *     mimic__sqlite_pages_commit(pages, &err);   // or rollback: the file is as it was at begin
 *
 * Pages that were reserved must all be written, and all must be part of a tree or a chain before
 * commit. One thread at a time, except that mimic__sqlite_pages_write may run on several.
 */
#ifndef MIMIC_SINK_SQLITE_PAGES_H
#define MIMIC_SINK_SQLITE_PAGES_H

#include <stdbool.h>

#include "base/buffer.h"
#include "sink/sqlite_format.h"

typedef struct mimic_sqlite_pages {
    const mimic_context *ctx;
    const char *name;          /* for messages; borrowed */
    int file;                  /* -1 = none */
    uint32_t count;            /* of pages at begin */
    uint32_t next;             /* number of the next new page, where that is not the lock page */
    uint32_t lock_page;        /* number of the page that is never used */
    unsigned char header[100]; /* of the file, at begin */
    mimic_buffer roots;        /* number and former content of each rewritten page */
} mimic_sqlite_pages;

/* Opens the file for as long as `pages` lives: closing it would drop the locks that SQLite holds.
 */
mimic_status mimic__sqlite_pages_open(mimic_sqlite_pages *pages, const mimic_context *ctx,
                                      const char *path, const char *name, mimic_error *err);
/* Allowed on a struct that is zero but for file = -1. */
void mimic__sqlite_pages_close(mimic_sqlite_pages *pages);

/* MIMIC_ERR_UNSUPPORTED for a file that this module does not write: another page size, WAL, UTF-16,
 * auto-vacuum, reserved bytes. */
mimic_status mimic__sqlite_pages_begin(mimic_sqlite_pages *pages, mimic_error *err);
/* The next `count` page numbers. They follow each other but for the lock page, which may lie
 * between them; mimic__sqlite_page_number tells. */
mimic_status mimic__sqlite_pages_reserve(mimic_sqlite_pages *pages, size_t count,
                                         uint32_t *out_first, mimic_error *err);
/* Number of the page `index` places behind the reserved page `first`. */
static inline uint32_t mimic__sqlite_page_number(const mimic_sqlite_pages *pages, uint32_t first,
                                                 size_t index)
{
    const uint32_t number = first + (uint32_t)index;
    return first < pages->lock_page && number >= pages->lock_page ? number + 1 : number;
}
/* Writes `count` pages in a row, the first of them being number `first`. */
mimic_status mimic__sqlite_pages_write(const mimic_sqlite_pages *pages, uint32_t first,
                                       const void *bytes, size_t count, mimic_error *err);
/* Reads a page, reserved and written or of SQLite's. */
mimic_status mimic__sqlite_pages_read(const mimic_sqlite_pages *pages, uint32_t number,
                                      unsigned char *page, mimic_error *err);
/* Replaces a page that was there at begin. */
mimic_status mimic__sqlite_pages_write_root(mimic_sqlite_pages *pages, uint32_t number,
                                            const unsigned char *page, mimic_error *err);
/* Makes it count: SQLite sees the new pages from its next transaction on. */
mimic_status mimic__sqlite_pages_commit(mimic_sqlite_pages *pages, mimic_error *err);
/* Undoes everything since begin, also after commit, as long as SQLite committed nothing since. */
mimic_status mimic__sqlite_pages_rollback(mimic_sqlite_pages *pages, mimic_error *err);

#endif
