/*
 * See frame_text_table.h. Open addressing with linear probing; a slot holds 32 bits of the hash, which
 * are also its place, so that the table grows without a look at the texts, and most comparisons of
 * texts that differ never happen.
 */
#include "frame/frame_text_table.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define FIRST_SLOTS 256
#define ROWS MIMIC_FRAME_TEXT_ROWS

void mimic__frame_text_table_free(mimic_frame_memory *memory, mimic_frame_text_table *table)
{
    mimic__frame_buffer_free(memory, &table->bytes);
    mimic__frame_buffer_free(memory, &table->offsets);
    mimic__frame_buffer_free(memory, &table->slots);
    *table = (mimic_frame_text_table){0};
}

static void fetch(const void *p)
{
#if defined(__GNUC__) || defined(__clang__)
    __builtin_prefetch(p);
#else
    (void)p;
#endif
}

static uint64_t load(const char *p, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, p, size);
    return word;
}

/* Most texts are short, and a call for each would be most of the work. */
static inline bool is_same(const char *a, const char *b, size_t size)
{
    if (size > 16)
        return memcmp(a, b, size) == 0;
    if (size >= 8)
        return load(a, 8) == load(b, 8) && load(a + size - 8, 8) == load(b + size - 8, 8);
    if (size >= 4)
        return load(a, 4) == load(b, 4) && load(a + size - 4, 4) == load(b + size - 4, 4);
    for (size_t i = 0; i < size; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static mimic_status grow_slots(mimic_frame_memory *memory, mimic_frame_text_table *table,
                               mimic_error *err)
{
    const size_t old_count = table->slots.data == NULL ? 0 : table->slot_mask + 1;
    const size_t count = old_count == 0 ? FIRST_SLOTS : old_count * 2;
    mimic_frame_buffer grown = {0};
    if (count > SIZE_MAX / 16)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__frame_reserve(memory, &grown, count * sizeof(uint64_t), 0, err));
    memset(grown.data, 0, count * sizeof(uint64_t));
    uint64_t *const slots = (uint64_t *)(void *)grown.data;
    const uint64_t *const old = (const uint64_t *)(const void *)table->slots.data;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] == 0)
            continue;
        size_t slot = (size_t)(old[i] >> 32) & (count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (count - 1);
        slots[slot] = old[i];
    }
    mimic__frame_buffer_free(memory, &table->slots);
    table->slots = grown;
    table->slot_mask = count - 1;
    return MIMIC_OK;
}

/* Room for a block of rows that are all new: slots, of which at most half are taken, and offsets. */
static mimic_status make_room(mimic_frame_memory *memory, mimic_frame_text_table *table,
                              mimic_error *err)
{
    if (table->count > (size_t)INT32_MAX - 1 - ROWS)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "a column holds more than 2147483647 distinct texts; read the table in "
                           "batches, or leave the column out");
    while (table->slots.data == NULL || (table->count + ROWS) * 2 > table->slot_mask + 1)
        MIMIC_TRY(grow_slots(memory, table, err));
    const bool is_first = table->offsets.data == NULL;
    MIMIC_TRY(mimic__frame_reserve(memory, &table->offsets,
                                   (table->count + ROWS + 1) * sizeof(int64_t), 0, err));
    if (is_first)
        *(int64_t *)(void *)table->offsets.data = 0;
    return MIMIC_OK;
}

/* Puts a new text behind the others, for which make_room has been called. */
static mimic_status add_text(mimic_frame_memory *memory, mimic_frame_text_table *table,
                             const char *text, size_t size, mimic_error *err)
{
    if (size > 0 && memchr(text, '\0', size) != NULL)
        return mimic__fail(err, MIMIC_ERR_VALUE, "a text holds a NUL");
    if (table->size > SIZE_MAX / 4 - size - 1)
        return mimic__fail_memory(err);
    const size_t end = table->size + size + 1;
    if (end > table->bytes.capacity)
        MIMIC_TRY(mimic__frame_reserve(memory, &table->bytes, end, 0, err));
    if (size > 0)
        memcpy(table->bytes.data + table->size, text, size);
    table->bytes.data[end - 1] = '\0';
    table->size = end;
    table->count++;
    ((int64_t *)(void *)table->offsets.data)[table->count] = (int64_t)end;
    return MIMIC_OK;
}

/* The number of a text, which is added when it is new. */
static inline mimic_status find_text(mimic_frame_memory *memory, mimic_frame_text_table *table,
                                     const char *text, size_t size, uint32_t hash,
                                     int32_t *out_code, mimic_error *err)
{
    uint64_t *const slots = (uint64_t *)(void *)table->slots.data;
    const int64_t *const offsets = (const int64_t *)(const void *)table->offsets.data;
    size_t slot = (size_t)hash & table->slot_mask;
    for (; slots[slot] != 0; slot = (slot + 1) & table->slot_mask) {
        const uint64_t entry = slots[slot];
        const uint32_t number = (uint32_t)entry - 1;
        if ((uint32_t)(entry >> 32) != hash)
            continue;
        const int64_t start = offsets[number];
        if ((size_t)(offsets[number + 1] - start) == size + 1 &&
            is_same(table->bytes.data + start, text, size)) {
            *out_code = (int32_t)number;
            return MIMIC_OK;
        }
    }
    *out_code = (int32_t)table->count;
    MIMIC_TRY(add_text(memory, table, text, size, err));
    slots[slot] = (uint64_t)hash << 32 | table->count;
    return MIMIC_OK;
}

mimic_status mimic__frame_text_codes(mimic_frame_memory *memory, mimic_frame_text_table *table,
                                     const mimic_frame_text_rows *rows, int32_t *out_codes,
                                     mimic_error *err)
{
    const int32_t *const offsets = rows->offsets;
    uint32_t hashes[ROWS];
    MIMIC_TRY(make_room(memory, table, err));
    mimic__hash_texts(rows->bytes, offsets, rows->count, hashes);
    const uint64_t *const slots = (const uint64_t *)(const void *)table->slots.data;
    for (size_t i = 0; i < rows->count; i++)
        fetch(&slots[(size_t)hashes[i] & table->slot_mask]);
    for (size_t i = 0; i < rows->count; i++) {
        if ((rows->valid >> i & 1) == 0) {
            out_codes[i] = -1;
            continue;
        }
        const size_t size = (size_t)(offsets[i + 1] - offsets[i]);
        MIMIC_TRY(find_text(memory, table, size == 0 ? "" : rows->bytes + offsets[i], size,
                            hashes[i], &out_codes[i], err));
    }
    return MIMIC_OK;
}
