/*
 * See batch_take.h. Rows are left out rarely and few at a time, so this copies plainly: a loop a
 * column, by the width of its values.
 */
#include "batch/batch_take.h"

#include <string.h>

#include "base/error.h"
#include "batch/batch_builder.h"

static bool bit_at(const uint8_t *bits, size_t at)
{
    return ((bits[at >> 3] >> (at & 7)) & 1) != 0;
}

/* The bits of `rows`; *out_unset counts those that are not set. NULL when memory ran out. */
static uint8_t *take_bits(mimic_batch_part *part, const uint8_t *bits, int64_t *out_unset)
{
    const size_t count = (size_t)part->batch.row_count;
    uint8_t *const out = mimic__arena_alloc(&part->arena, (count + 63) / 64 * 8 + 8);
    *out_unset = 0;
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const bool is_set = bit_at(bits, part->rows[i]);
        out[i >> 3] |= (uint8_t)(is_set << (i & 7));
        *out_unset += !is_set;
    }
    return out;
}

static void *take_fixed(mimic_batch_part *part, const void *values, size_t width)
{
    const size_t count = (size_t)part->batch.row_count;
    char *const out = mimic__arena_array(&part->arena, count + 1, width);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * width, (const char *)values + (size_t)part->rows[i] * width, width);
    return out;
}

/* Texts and bytes. */
static bool take_bytes(mimic_batch_part *part, const mimic_column *from, mimic_column *to)
{
    const size_t count = (size_t)part->batch.row_count;
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += (size_t)(from->offsets[part->rows[i] + 1] - from->offsets[part->rows[i]]);
    int32_t *const offsets = mimic__arena_array(&part->arena, count + 1, sizeof *offsets);
    char *const bytes = mimic__arena_alloc(&part->arena, size + MIMIC_BUILDER_PADDING);
    if (offsets == NULL || bytes == NULL)
        return false;
    size = 0;
    for (size_t i = 0; i < count; i++) {
        const int32_t *const range = from->offsets + part->rows[i];
        const size_t length = (size_t)(range[1] - range[0]);
        if (length > 0)
            memcpy(bytes + size, (const char *)from->values + range[0], length);
        size += length;
        offsets[i + 1] = (int32_t)size; /* at most what it was */
    }
    to->offsets = offsets;
    to->values = bytes;
    return true;
}

static bool take_column(mimic_batch_part *part, const mimic_column *from, mimic_column *to)
{
    int64_t ignored;
    *to = *from;
    if (from->validity != NULL) {
        to->validity = take_bits(part, from->validity, &to->null_count);
        if (to->validity == NULL)
            return false;
    }
    if (from->offsets != NULL)
        return take_bytes(part, from, to);
    to->values = from->type == MIMIC_TYPE_BOOLEAN
                     ? take_bits(part, from->values, &ignored)
                     : take_fixed(part, from->values, mimic__type_width(from->type));
    return to->values != NULL;
}

static bool take_inner(mimic_batch_part *part, const mimic_batch *batch, const uint32_t *rows)
{
    const size_t count = (size_t)part->batch.row_count;
    mimic_column *const columns =
        mimic__arena_array(&part->arena, batch->column_count + 1, sizeof *columns);
    part->rows = mimic__arena_array(&part->arena, count + 1, sizeof *part->rows);
    if (columns == NULL || part->rows == NULL)
        return false;
    if (count > 0)
        memcpy(part->rows, rows, count * sizeof *rows);
    for (size_t i = 0; i < batch->column_count; i++)
        if (!take_column(part, &batch->columns[i], &columns[i]))
            return false;
    part->batch.columns = columns;
    return true;
}

mimic_status mimic__batch_take(const mimic_context *ctx, const mimic_batch *batch,
                               const uint32_t *rows, size_t row_count, mimic_batch_part **out_part,
                               mimic_error *err)
{
    mimic_batch_part *const part = mimic__alloc_zeroed(ctx, 1, sizeof *part);
    *out_part = part;
    if (part == NULL)
        return mimic__fail_memory(err);
    mimic__arena_init(&part->arena, ctx);
    part->batch = *batch;
    part->batch.row_count = (int64_t)row_count;
    if (take_inner(part, batch, rows))
        return MIMIC_OK;
    mimic__batch_part_free(part);
    *out_part = NULL;
    return mimic__fail_memory(err);
}

void mimic__batch_part_free(mimic_batch_part *part)
{
    if (part == NULL)
        return;
    const mimic_context *const ctx = part->arena.ctx;
    mimic__arena_free(&part->arena);
    mimic__free(ctx, part);
}
