/*
 * Keys as 128 bits. Values that fit are themselves: one integer (or date or time), two integers of
 * which the second needs no more than 62 bits, one text of up to 15 bytes, one text that is two numbers
 * joined by a hyphen ("10000032-12"), which stands in the order of the numbers. Of everything else it is
 * the XXH3-128 of the canonical bytes of the columns, less two bits that tell hashes from the rest: among n
 * such keys of a table two different ones are taken for one with a chance of about n^2 / 2^127, that
 * is 10^-20 for a thousand million keys.
 *
 * Values are compared, not types: an int32 and an int64, a string and a categorical.
 */
#ifndef MIMIC_LOAD_KEYS_CODE_H
#define MIMIC_LOAD_KEYS_CODE_H

#include <mimic/batch.h>

#include "base/buffer.h"
#include "schema/schema_model.h"

/* In the order of (hi, lo); integers stand in their own order, texts in that of their bytes. */
typedef struct load_key {
    uint64_t hi;
    uint64_t lo;
} load_key;

static inline int mimic__key_compare(const load_key *a, const load_key *b)
{
    if (a->hi != b->hi)
        return a->hi < b->hi ? -1 : 1;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

/* The key of one integer; ascends with it. */
static inline load_key mimic__key_of_integer(int64_t value)
{
    return (load_key){(uint64_t)value ^ UINT64_C(1) << 63, 0};
}

/* The columns of a key, by their places in the batch. */
typedef struct load_key_columns {
    const size_t *fields;
    size_t count;
} load_key_columns;

/* Values of types of different classes are never equal. */
typedef enum load_key_class {
    LOAD_KEY_NUMBER, /* integers, decimals, booleans */
    LOAD_KEY_FLOAT,
    LOAD_KEY_DATE,
    LOAD_KEY_TIME,
    LOAD_KEY_TIMESTAMP,
    LOAD_KEY_TEXT,
    LOAD_KEY_BINARY
} load_key_class;

load_key_class mimic__key_class(mimic_type type);

/* False when a column of the key is NULL. `scratch` is for the bytes of what is hashed; it latches. */
bool mimic__key_make(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                     mimic_buffer *scratch, load_key *out_key);
/* Whether two rows have the same values, NULL being one. */
bool mimic__key_is_same(const mimic_batch *batch, const load_key_columns *columns, int64_t a,
                        int64_t b);
/* Whether the text of a key can be told from the key: it is no hash, nor a date or time. */
bool mimic__key_is_plain(const mimic_table *table, const load_key_columns *columns,
                         const load_key *key);

/* Values as people read them, joined by ", "; at most some 200 bytes. */
void mimic__key_text(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                     mimic_buffer *out);
/* The same of a plain key. */
void mimic__key_plain_text(const load_key *key, size_t column_count, mimic_buffer *out);

/*
 * Appends bytes whose memcmp order is that of the rows by these columns: NULL lowest, numbers and
 * times by value, texts by their first 4,096 bytes, categories by their texts.
 */
void mimic__key_order_bytes(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                            mimic_buffer *out);

#endif
