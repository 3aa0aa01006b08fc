/*
 * Blocks of CSV for the coercion tests: cells are appended, quoted where asked, and the marks kept
 * as the reader's indexer would set them.
 */
#ifndef COERCE_BLOCK_H
#define COERCE_BLOCK_H

#include <stdlib.h>
#include <string.h>

#include "coerce/coerce_column.h"

typedef struct test_block {
    char *bytes;
    size_t size;
    size_t capacity;
    uint32_t *marks;
    size_t mark_count;
    size_t mark_capacity;
    size_t row_count;
    size_t field_count;
} test_block;

static inline void block_init(test_block *block, size_t field_count)
{
    memset(block, 0, sizeof *block);
    block->field_count = field_count;
}

static inline void block_free(test_block *block)
{
    free(block->bytes);
    free(block->marks);
}

static inline void block_mark(test_block *block, uint32_t mark)
{
    if (block->mark_count == block->mark_capacity) {
        block->mark_capacity = block->mark_capacity * 2 + 64;
        block->marks = realloc(block->marks, block->mark_capacity * sizeof *block->marks);
    }
    block->marks[block->mark_count++] = mark;
}

static inline void block_bytes(test_block *block, const char *bytes, size_t size)
{
    while (block->size + size + MIMIC_FIELD_INDEX_PADDING > block->capacity) {
        block->capacity = block->capacity * 2 + 4096;
        block->bytes = realloc(block->bytes, block->capacity);
    }
    memcpy(block->bytes + block->size, bytes, size);
    block->size += size;
}

/* Appends a cell as it stands in the file. */
static inline void block_raw(test_block *block, const char *raw, size_t size)
{
    const size_t in_row = block->mark_count % (block->field_count + 1);
    if (in_row == 0)
        block_mark(block, (uint32_t)block->size - 1);
    block_bytes(block, raw, size);
    block_mark(block, (uint32_t)block->size);
    const bool is_last = block->mark_count % (block->field_count + 1) == 0;
    block->row_count += is_last;
    block_bytes(block, is_last ? "\n" : ",", 1);
}

static inline void block_cell(test_block *block, const char *raw)
{
    block_raw(block, raw, strlen(raw));
}

/* The padding is filled with digits, the worst that could stand there. */
static inline mimic_field_index block_index(test_block *block)
{
    if (block->bytes == NULL)
        block_bytes(block, "", 0);
    memset(block->bytes + block->size, '7', MIMIC_FIELD_INDEX_PADDING);
    return (mimic_field_index){.bytes = block->bytes,
                               .marks = block->marks,
                               .stride = block->field_count + 1,
                               .row_count = block->row_count,
                               .quote = '"'};
}

/* A field as the schema reader would make it. */
static inline mimic_field test_field(const char *name, mimic_type type)
{
    static const mimic_text missing[] = {{"", 0}};
    static const char *const formats[] = {"default"};
    return (mimic_field){.name = name,
                         .type = type,
                         .precision = 18,
                         .scale = 2,
                         .schema_type = "any",
                         .formats = formats,
                         .format_count = 1,
                         .decimal_char = '.',
                         .group_char = "",
                         .bare_number = true,
                         .missing_values = missing,
                         .missing_value_count = 1,
                         .min_length = -1,
                         .max_length = -1};
}

/* The code noted for a row, 0 for none. */
static inline mimic_reject_code fault_of(const mimic_row_faults *faults, size_t row)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->faults[i].row == row)
            return faults->faults[i].code;
    return 0;
}

static inline mimic_table one_field(const mimic_field *field)
{
    return (mimic_table){.name = "t", .fields = field, .field_count = 1};
}

#endif
