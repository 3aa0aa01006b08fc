/*
 * Reads the b-tree of a table from the file, without SQLite: rowid and record of each row in order,
 * overflow pages followed. So a test sees the bytes of records, which no query shows.
 */
#ifndef MIMIC_TEST_SQLITE_WALK_H
#define MIMIC_TEST_SQLITE_WALK_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALK_PAGE 4096u

typedef struct walk {
    const unsigned char *file;
    size_t size;
    void (*row)(void *ctx, int64_t rowid, const unsigned char *record, size_t size);
    void *ctx;
    size_t leaf_count;
    size_t free_bytes; /* in leaves */
} walk;

static inline uint64_t walk_varint(const unsigned char **at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        const unsigned char byte = *(*at)++;
        value = value << 7 | (byte & 0x7f);
        if (byte < 0x80)
            return value;
    }
    return value << 8 | *(*at)++;
}

static inline uint32_t walk_number(const unsigned char *at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static inline const unsigned char *walk_page(const walk *w, uint32_t number)
{
    ck_assert_msg(number > 1 && (size_t)number * WALK_PAGE <= w->size, "page %u", number);
    return w->file + (size_t)(number - 1) * WALK_PAGE;
}

static inline void walk_cell(walk *w, const unsigned char *at)
{
    const size_t size = walk_varint(&at);
    const int64_t rowid = (int64_t)walk_varint(&at);
    const size_t least = (WALK_PAGE - 12) * 32 / 255 - 23;
    size_t local = size;
    if (size > WALK_PAGE - 35) {
        local = least + (size - least) % (WALK_PAGE - 4);
        local = local > WALK_PAGE - 35 ? least : local;
    }
    unsigned char *record = malloc(size + 1);
    memcpy(record, at, local);
    uint32_t next = local < size ? walk_number(at + local, 4) : 0;
    while (local < size) {
        const unsigned char *page = walk_page(w, next);
        const size_t part = size - local < WALK_PAGE - 4 ? size - local : WALK_PAGE - 4;
        memcpy(record + local, page + 4, part);
        local += part;
        next = walk_number(page, 4);
    }
    ck_assert_uint_eq(next, 0);
    w->row(w->ctx, rowid, record, size);
    free(record);
}

static inline void walk_tree(walk *w, uint32_t number)
{
    const unsigned char *page = walk_page(w, number);
    const uint32_t cells = walk_number(page + 3, 2);
    const unsigned header = page[0] == 5 ? 12 : 8;
    ck_assert_msg(page[0] == 5 || page[0] == 13, "page %u has type %u", number, page[0]);
    for (uint32_t i = 0; i < cells; i++) {
        const unsigned char *cell = page + walk_number(page + header + 2 * i, 2);
        if (page[0] == 5)
            walk_tree(w, walk_number(cell, 4));
        else
            walk_cell(w, cell);
    }
    if (page[0] == 5) {
        walk_tree(w, walk_number(page + 8, 4));
    } else {
        w->leaf_count++;
        w->free_bytes += walk_number(page + 5, 2) - 8 - 2 * cells;
    }
}

#endif
