/* See batch_builder.h. Compaction works in place and moves runs of kept rows, so that a few bad
 * rows in a batch cost little. Offsets are 32 bits: a batch holds less than 2 GiB of text. */
#include "batch/batch_builder.h"

#include <assert.h>
#include <string.h>

#include "base/calendar.h"
#include "base/checked.h"

void mimic__builder_init(mimic_column_builder *builder, const mimic_context *ctx, mimic_type type,
                         int32_t precision, int32_t scale)
{
    *builder =
        (mimic_column_builder){.ctx = ctx, .type = type, .precision = precision, .scale = scale};
    mimic__hashmap_init(&builder->texts, ctx);
}

void mimic__builder_free(mimic_column_builder *builder)
{
    if (builder->ctx == NULL)
        return;
    mimic__free(builder->ctx, builder->validity);
    mimic__free(builder->ctx, builder->values);
    mimic__free(builder->ctx, builder->offsets);
    mimic__hashmap_free(&builder->texts);
    *builder = (mimic_column_builder){.ctx = builder->ctx, .type = builder->type};
}

size_t mimic__type_width(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_INT16:
        return 2;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_DATE:
    case MIMIC_TYPE_CATEGORICAL:
        return 4;
    case MIMIC_TYPE_INT64:
    case MIMIC_TYPE_FLOAT64:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return 8;
    case MIMIC_TYPE_DECIMAL:
        return 16;
    default:
        return 0;
    }
}

bool mimic__time_is_valid(mimic_type type, int64_t value)
{
    const int64_t first_day = -719162; /* 0001-01-01 */
    const int64_t end_day = 2932897;   /* the day after 9999-12-31 */
    const int64_t day = MIMIC_MICROSECONDS_PER_DAY;
    switch (type) {
    case MIMIC_TYPE_DATE:
        return value >= first_day && value < end_day;
    case MIMIC_TYPE_TIME:
        return value >= 0 && value < day;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return value >= first_day * day && value < end_day * day;
    default:
        return true;
    }
}

static bool has_offsets(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_BINARY;
}

/* The old content is of no use, so it is not copied. */
static bool make_room(const mimic_context *ctx, void **buffer, size_t *capacity, size_t size)
{
    size_t padded;
    if (mimic__add_overflows(size, MIMIC_BUILDER_PADDING, &padded))
        return false;
    if (padded <= *capacity)
        return true;
    size_t wanted;
    if (mimic__add_overflows(padded, padded / 2, &wanted))
        return false;
    mimic__free(ctx, *buffer);
    *capacity = 0;
    *buffer = mimic__alloc(ctx, wanted);
    if (*buffer == NULL)
        return false;
    *capacity = wanted;
    return true;
}

bool mimic__builder_begin(mimic_column_builder *builder, size_t row_count, size_t value_bytes)
{
    builder->row_count = 0;
    const size_t validity_size = row_count / 64 * 8 + 8;
    size_t value_size = value_bytes;
    if (builder->type == MIMIC_TYPE_BOOLEAN)
        value_size = validity_size;
    else if (!has_offsets(builder->type) &&
             mimic__multiply_overflows(row_count, mimic__type_width(builder->type), &value_size))
        return false;
    void *validity = builder->validity;
    void *values = builder->values;
    void *offsets = builder->offsets;
    bool is_done = make_room(builder->ctx, &validity, &builder->validity_capacity, validity_size);
    is_done &= make_room(builder->ctx, &values, &builder->value_capacity, value_size);
    if (has_offsets(builder->type)) {
        size_t offset_size;
        is_done &= row_count < SIZE_MAX / 8 && value_bytes <= INT32_MAX;
        offset_size = is_done ? (row_count + 1) * sizeof(int32_t) : 0;
        is_done &= make_room(builder->ctx, &offsets, &builder->offset_capacity, offset_size);
    }
    builder->validity = validity;
    builder->values = values;
    builder->offsets = offsets;
    if (!is_done)
        return false;
    memset(builder->validity, 0xff, validity_size);
    if (builder->type == MIMIC_TYPE_BOOLEAN)
        memset(builder->values, 0, validity_size);
    if (has_offsets(builder->type))
        builder->offsets[0] = 0;
    builder->row_count = row_count;
    return true;
}

bool mimic__builder_more_bytes(mimic_column_builder *builder, size_t used, size_t more)
{
    size_t size;
    if (mimic__add_overflows(used, more, &size) || size > INT32_MAX)
        return false;
    size += MIMIC_BUILDER_PADDING;
    if (size <= builder->value_capacity)
        return true;
    const size_t wanted = size + size / 2;
    char *moved =
        mimic__realloc(builder->ctx, builder->values, builder->value_capacity, wanted);
    if (moved == NULL)
        return false;
    builder->values = moved;
    builder->value_capacity = wanted;
    return true;
}

static bool is_bad(const uint64_t *bad, size_t row)
{
    return (bad[row >> 6] >> (row & 63) & 1) != 0;
}

/* The next run of kept rows from `row` on: [*out_first, returned end), empty at the end. */
static size_t next_run(const uint64_t *bad, size_t row, size_t row_count, size_t *out_first)
{
    while (row < row_count && is_bad(bad, row))
        row++;
    *out_first = row;
    while (row < row_count && !is_bad(bad, row))
        row += (row & 63) == 0 && row_count - row >= 64 && bad[row >> 6] == 0 ? 64 : 1;
    return row;
}

static void move_bits(uint8_t *bits, size_t to, size_t from, size_t count)
{
    if (to == from)
        return;
    for (size_t i = 0; i < count; i++) {
        const unsigned bit = (unsigned)bits[(from + i) >> 3] >> ((from + i) & 7) & 1u;
        const unsigned mask = 1u << ((to + i) & 7);
        uint8_t *const target = &bits[(to + i) >> 3];
        *target = (uint8_t)(((unsigned)*target & ~mask) | (bit != 0 ? mask : 0u));
    }
}

static void move_texts(mimic_column_builder *builder, size_t to, size_t from, size_t count)
{
    int32_t *const offsets = builder->offsets;
    if (to == from)
        return;
    const int32_t distance = offsets[from] - offsets[to];
    memmove(builder->values + offsets[to], builder->values + offsets[from],
            (size_t)(offsets[from + count] - offsets[from]));
    for (size_t i = 1; i <= count; i++)
        offsets[to + i] = offsets[from + i] - distance;
}

size_t mimic__builder_compact(mimic_column_builder *builder, const uint64_t *bad)
{
    if (bad == NULL)
        return builder->row_count;
    const size_t width = mimic__type_width(builder->type);
    size_t kept = 0;
    size_t first = 0;
    for (size_t row = 0; row < builder->row_count;) {
        row = next_run(bad, row, builder->row_count, &first);
        const size_t count = row - first;
        move_bits(builder->validity, kept, first, count);
        if (has_offsets(builder->type))
            move_texts(builder, kept, first, count);
        else if (builder->type == MIMIC_TYPE_BOOLEAN)
            move_bits((uint8_t *)builder->values, kept, first, count);
        else if (kept != first)
            memmove(builder->values + kept * width, builder->values + first * width, count * width);
        kept += count;
    }
    builder->row_count = kept;
    return kept;
}

static void null_texts(mimic_column_builder *builder, const uint64_t *rows)
{
    int32_t *const offsets = builder->offsets;
    int32_t start = 0;
    int32_t used = 0;
    for (size_t row = 0; row < builder->row_count; row++) {
        const int32_t size = is_bad(rows, row) ? 0 : offsets[row + 1] - start;
        if (used != start)
            memmove(builder->values + used, builder->values + start, (size_t)size);
        start = offsets[row + 1];
        used += size;
        offsets[row + 1] = used;
    }
}

void mimic__builder_null_rows(mimic_column_builder *builder, const uint64_t *rows)
{
    const size_t width = mimic__type_width(builder->type);
    for (size_t row = 0; row < builder->row_count; row++) {
        if (!is_bad(rows, row))
            continue;
        mimic__builder_clear_valid(builder, row);
        if (width > 0)
            memset(builder->values + row * width, 0, width);
        else if (builder->type == MIMIC_TYPE_BOOLEAN)
            builder->values[row >> 3] &= (char)~(1u << (row & 7));
    }
    if (has_offsets(builder->type))
        null_texts(builder, rows);
}

static int64_t count_bits(uint64_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_popcountll(word);
#else
    int64_t count = 0;
    for (; word != 0; word &= word - 1)
        count++;
    return count;
#endif
}

/* Clears the bits behind the last row, so that equal columns have equal bytes, and counts the rest.
 */
static int64_t count_valid(uint8_t *bits, size_t row_count)
{
    const size_t words = row_count / 64 + 1;
    for (size_t i = row_count; i < words * 64; i++)
        bits[i >> 3] &= (uint8_t) ~(1u << (i & 7));
    int64_t count = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, bits + i * 8, sizeof word);
        count += count_bits(word);
    }
    return count;
}

mimic_column mimic__builder_view(mimic_column_builder *builder)
{
    const size_t rows = builder->row_count;
    mimic_column column = {.type = builder->type,
                           .precision = builder->precision,
                           .scale = builder->scale,
                           .values = builder->values};
    column.null_count = (int64_t)rows - count_valid(builder->validity, rows);
    column.validity = column.null_count == 0 ? NULL : builder->validity;
    if (builder->type == MIMIC_TYPE_BOOLEAN)
        count_valid((uint8_t *)builder->values, rows);
    if (has_offsets(builder->type))
        column.offsets = builder->offsets;
    if (builder->type == MIMIC_TYPE_CATEGORICAL) {
        static const int32_t no_offsets[1] = {0};
        const mimic_hashmap *const texts = &builder->texts;
        builder->dictionary.count = texts->count;
        builder->dictionary.offsets = texts->count == 0 ? no_offsets : texts->offsets;
        builder->dictionary.bytes = texts->bytes == NULL ? "" : texts->bytes;
        column.dictionary = &builder->dictionary;
    }
    return column;
}
