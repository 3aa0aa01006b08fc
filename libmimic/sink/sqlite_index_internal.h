/* What the files of sqlite_index.h share. */
#ifndef MIMIC_SINK_SQLITE_INDEX_INTERNAL_H
#define MIMIC_SINK_SQLITE_INDEX_INTERNAL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "sink/sqlite_index.h"
#include "sink/sqlite_key.h"
#include "io/sorter.h"
#include "sink/sqlite_unique.h"

/*
 * Entries stand for rows that follow each other with the same key: `lo` is the first rowid,
 * shifted, and in the bits below it how many rows come after that. So an index over a column that
 * changes seldom, as ids of patients do, sorts next to nothing. Of strings, lo is the last eight
 * bytes.
 *
 * Over one integer column an entry is a pair, hi being the integer with its sign turned; NULL is 0,
 * and the smallest integer, which is 0 too, has the highest bit of lo.
 */
#define ROWID_SHIFT 16
#define REPEATS_MAX 65535u
#define ROWID_END (INT64_C(1) << 47) /* rowids below this fit */
#define SMALLEST_MARK (UINT64_C(1) << 63)
#define SIGN_BIT (UINT64_C(1) << 63)

static inline uint64_t first_rowid(uint64_t lo)
{
    return (lo & ~SMALLEST_MARK) >> ROWID_SHIFT;
}

/* Whether the entry `lo` goes on where `before` ends, and both fit into one. */
static inline bool continues(uint64_t before, uint64_t lo)
{
    return first_rowid(lo) == first_rowid(before) + (before & REPEATS_MAX) + 1 &&
           (before & REPEATS_MAX) + (lo & REPEATS_MAX) + 1 <= REPEATS_MAX &&
           ((before ^ lo) & SMALLEST_MARK) == 0;
}

static inline uint64_t joined(uint64_t before, uint64_t lo)
{
    return before + (lo & REPEATS_MAX) + 1;
}

typedef struct mimic_sqlite_index {
    const char *name;
    uint32_t root;
    bool is_key; /* PRIMARY KEY or UNIQUE */
    bool is_primary;
    bool is_left;     /* to SQLite, from the start */
    bool is_given_up; /* left to SQLite since then; not for encode to see */
    bool is_integer;  /* one column of integers: pairs */
    size_t column_count;
    size_t fields[MIMIC_SQLITE_KEY_COLUMNS_MAX];
    mimic_sorter *sorter;
    /* the last entry, which the next one may join */
    bool has_pending;
    mimic_sort_pair pending;
    mimic_buffer pending_string;
    mimic_sqlite_unique *unique; /* of keys */
} mimic_sqlite_index;

/* The last entry goes to the sorter too. */
mimic_status mimic__sqlite_index_add_pending(mimic_sqlite_index *index, mimic_error *err);
/* Gives up what it holds; the description stays. */
void mimic__sqlite_index_free(mimic_sqlite_index *index);

struct mimic_sqlite_indexes {
    mimic_sqlite_indexes_options options;
    mimic_arena arena;
    mimic_sqlite_index *items; /* in the order in which SQLite checks keys */
    size_t count;
    ptrdiff_t rowid_field; /* -1 = none */
    bool has_keys;
};

/* The entries of one index for one batch. */
typedef struct mimic_sqlite_entries {
    mimic_sort_pair *pairs;
    size_t pair_count;
    mimic_buffer strings; /* size (4 bytes), bytes; one after the other */
    bool is_left;         /* a key or a rowid was too large */
    mimic_sqlite_key_facts facts;
    bool must_look; /* for each row of its own, whether its key was there */
} mimic_sqlite_entries;

struct mimic_sqlite_keys {
    const mimic_sqlite_indexes *indexes;
    int64_t row_count;
    mimic_sqlite_entries *entries; /* one an index */
};

static inline uint64_t get_lo(const unsigned char *string, size_t size)
{
    uint64_t lo = 0;
    for (size_t i = 0; i < 8; i++)
        lo = lo << 8 | string[size - 8 + i];
    return lo;
}

static inline void put_lo(unsigned char *string, size_t size, uint64_t lo)
{
    for (size_t i = 0; i < 8; i++)
        string[size - 1 - i] = (unsigned char)(lo >> (8 * i));
}

#endif
