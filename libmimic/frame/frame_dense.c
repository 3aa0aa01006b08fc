/*
 * Appending as one value a row. A chunk of rows at a time, small enough for the nearest cache: the
 * bitmap of presence becomes bytes, then one loop without branches writes the values, so that what
 * stands for a missing value costs a mask and no jump that is guessed wrong.
 */
#include "frame/frame_column.h"

#include <string.h>

#include "base/calendar.h"
#include "base/error.h"

#define CHUNK MIMIC_FRAME_CHUNK
#define NO_TIME INT64_MIN
/* The most microseconds and days of which int64_t holds the nanoseconds; the same below zero. */
#define MAX_MICROSECONDS (INT64_MAX / 1000)
#define NANOSECONDS_PER_DAY (MIMIC_MICROSECONDS_PER_DAY * 1000)
#define MAX_DAYS (INT64_MAX / NANOSECONDS_PER_DAY)

/* ---- bits to bytes ---- */

/* A byte of bits as eight bytes of 0 or 1, the lowest bit in the lowest byte. */
static inline uint64_t spread(uint8_t bits)
{
    const uint64_t picked = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    return (picked + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
}

static inline void store(uint8_t *out, uint64_t bytes)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(bytes >> (8 * i));
}

void mimic__frame_missing(uint8_t *out, const uint8_t *validity, size_t count)
{
    for (size_t i = 0; i < count; i += 8)
        store(out + i, spread((uint8_t)~validity[i / 8]));
}

/* ---- a loop for each kind of value; `missing` has 0 or 1 a row ---- */

static bool keep_16(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint16_t *const to = out;
    const uint16_t *const from = in;
    for (size_t i = 0; i < count; i++)
        to[i] = (uint16_t)(from[i] & (uint16_t)(missing[i] - 1));
    return true;
}

static bool keep_32(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint32_t *const to = out;
    const uint32_t *const from = in;
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] & ((uint32_t)missing[i] - 1);
    return true;
}

static bool keep_64(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint64_t *const to = out;
    const uint64_t *const from = in;
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] & ((uint64_t)missing[i] - 1);
    return true;
}

static bool keep_128(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint64_t *const to = out;
    const uint64_t *const from = in;
    for (size_t i = 0; i < count; i++) {
        to[2 * i] = from[2 * i] & ((uint64_t)missing[i] - 1);
        to[2 * i + 1] = from[2 * i + 1] & ((uint64_t)missing[i] - 1);
    }
    return true;
}

static bool float_or_nan(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint32_t *const to = out;
    const uint32_t *const from = in;
    for (size_t i = 0; i < count; i++) {
        const uint32_t keep = (uint32_t)missing[i] - 1;
        to[i] = (from[i] & keep) | (UINT32_C(0x7fc00000) & ~keep);
    }
    return true;
}

static bool double_or_nan(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint64_t *const to = out;
    const uint64_t *const from = in;
    for (size_t i = 0; i < count; i++) {
        const uint64_t keep = (uint64_t)missing[i] - 1;
        to[i] = (from[i] & keep) | (UINT64_C(0x7ff8000000000000) & ~keep);
    }
    return true;
}

static bool code_or_minus(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint32_t *const to = out;
    const uint32_t *const from = in;
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] | (0 - (uint32_t)missing[i]);
    return true;
}

static bool days(void *out, const void *in, const uint8_t *missing, size_t count)
{
    int64_t *const to = out;
    const int32_t *const from = in;
    for (size_t i = 0; i < count; i++)
        to[i] = missing[i] != 0 ? NO_TIME : from[i];
    return true;
}

static bool days_to_nanoseconds(void *out, const void *in, const uint8_t *missing, size_t count)
{
    int64_t *const to = out;
    const int32_t *const from = in;
    bool is_beyond = false;
    for (size_t i = 0; i < count; i++) {
        const int64_t day = missing[i] != 0 ? 0 : from[i];
        const bool is_far = day > MAX_DAYS || day < -MAX_DAYS;
        is_beyond |= is_far;
        to[i] = missing[i] != 0 ? NO_TIME : (is_far ? 0 : day) * NANOSECONDS_PER_DAY;
    }
    return !is_beyond;
}

static bool time_or_none(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint64_t *const to = out;
    const uint64_t *const from = in;
    for (size_t i = 0; i < count; i++) {
        const uint64_t keep = (uint64_t)missing[i] - 1;
        to[i] = (from[i] & keep) | ((uint64_t)NO_TIME & ~keep);
    }
    return true;
}

static bool time_to_nanoseconds(void *out, const void *in, const uint8_t *missing, size_t count)
{
    uint64_t *const to = out;
    const uint64_t *const from = in;
    uint64_t beyond = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t keep = (uint64_t)missing[i] - 1;
        const uint64_t time = from[i] & keep;
        /* The sum of a value within the bounds has its upper bit unset and is at most twice them. */
        beyond |= (uint64_t)(time + MAX_MICROSECONDS > 2 * (uint64_t)MAX_MICROSECONDS);
        to[i] = ((time * 1000) & keep) | ((uint64_t)NO_TIME & ~keep);
    }
    return beyond == 0;
}

static void choose_loop(mimic_frame_data *data, mimic_frame_loop loop, size_t in_width,
                        size_t out_width)
{
    data->loop = loop;
    data->in_width = in_width;
    data->out_width = out_width;
}

void mimic__frame_dense_init(const mimic_frame *frame, mimic_frame_data *data)
{
    const bool is_fine = frame->is_nanoseconds;
    switch (data->field->type) {
    case MIMIC_TYPE_INT16:
        data->can_miss = true;
        choose_loop(data, keep_16, 2, 2);
        break;
    case MIMIC_TYPE_INT32:
        data->can_miss = true;
        choose_loop(data, keep_32, 4, 4);
        break;
    case MIMIC_TYPE_INT64:
        data->can_miss = true;
        choose_loop(data, keep_64, 8, 8);
        break;
    case MIMIC_TYPE_DECIMAL:
        data->can_miss = true;
        choose_loop(data, keep_128, 16, 16);
        break;
    case MIMIC_TYPE_FLOAT32:
        choose_loop(data, float_or_nan, 4, 4);
        break;
    case MIMIC_TYPE_FLOAT64:
        choose_loop(data, double_or_nan, 8, 8);
        break;
    case MIMIC_TYPE_DATE:
        choose_loop(data, is_fine ? days_to_nanoseconds : days, 4, 8);
        break;
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        choose_loop(data, is_fine ? time_to_nanoseconds : time_or_none, 8, 8);
        break;
    case MIMIC_TYPE_CATEGORICAL:
        choose_loop(data, code_or_minus, 4, 4);
        break;
    default: /* boolean, string, binary */
        data->can_miss = data->field->type != MIMIC_TYPE_STRING;
        break;
    }
}

/* ---- columns ---- */

static const uint8_t none_missing[CHUNK];

static mimic_status fail_time(const mimic_frame_data *data, size_t first_row, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_VALUE,
                "column \"%s\" holds a date or time (in one of the rows from %zu on, counted from 0) "
                "that 64 bits of nanoseconds cannot hold, which reach from 1677-09-21 to 2262-04-11; "
                "read it without \"nanoseconds\"",
                data->field->name, first_row);
    mimic__error_place(err, NULL, -1, -1, -1, data->field->name);
    return MIMIC_ERR_VALUE;
}

/* A byte a row where the type and the schema, or a NULL against the schema, want one. */
static mimic_status append_missing(mimic_frame *frame, mimic_frame_data *data,
                                   const mimic_column *from, size_t count, mimic_error *err)
{
    const bool has_nulls = mimic__frame_has_nulls(from);
    if (!data->can_miss || (!has_nulls && !data->has_mask && data->field->is_required))
        return MIMIC_OK;
    MIMIC_TRY(mimic__frame_more(frame, &data->mask, count, 1, err));
    uint8_t *const bytes = (uint8_t *)data->mask.data;
    if (!data->has_mask)
        memset(bytes, 0, frame->row_count);
    data->has_mask = true;
    if (has_nulls)
        mimic__frame_missing(bytes + frame->row_count, from->validity, count);
    else
        memset(bytes + frame->row_count, 0, count);
    return MIMIC_OK;
}

static mimic_status append_fixed(mimic_frame *frame, mimic_frame_data *data,
                                 const mimic_column *from, size_t count, mimic_error *err)
{
    const bool has_nulls = mimic__frame_has_nulls(from);
    MIMIC_TRY(mimic__frame_more(frame, &data->values, count, data->out_width, err));
    char *const out = data->values.data + frame->row_count * data->out_width;
    const char *const in = from->values;
    uint8_t missing[CHUNK];
    for (size_t at = 0; at < count; at += CHUNK) {
        const size_t rows = count - at < CHUNK ? count - at : CHUNK;
        if (has_nulls)
            mimic__frame_missing(missing, from->validity + at / 8, rows);
        if (!data->loop(out + at * data->out_width, in + at * data->in_width,
                        has_nulls ? missing : none_missing, rows))
            return fail_time(data, frame->row_count + at, err);
    }
    return MIMIC_OK;
}

static mimic_status append_codes(mimic_frame *frame, mimic_frame_data *data,
                                 const mimic_column *from, size_t count, mimic_error *err)
{
    MIMIC_TRY(mimic__frame_learn_categories(frame, data, from->dictionary, err));
    if (!data->codes_differ)
        return append_fixed(frame, data, from, count, err);
    MIMIC_TRY(mimic__frame_more(frame, &data->values, count, sizeof(int32_t), err));
    int32_t *const out = (int32_t *)(void *)data->values.data + frame->row_count;
    const int32_t *const codes = from->values;
    for (size_t i = 0; i < count; i++)
        out[i] = mimic_column_is_valid(from, (int64_t)i) ? data->codes[codes[i]] : -1;
    return MIMIC_OK;
}

static mimic_status append_booleans(mimic_frame *frame, mimic_frame_data *data,
                                    const mimic_column *from, size_t count, mimic_error *err)
{
    MIMIC_TRY(mimic__frame_more(frame, &data->values, count, 1, err));
    uint8_t *const out = (uint8_t *)data->values.data + frame->row_count;
    const uint8_t *const bits = from->values;
    const bool has_nulls = mimic__frame_has_nulls(from);
    for (size_t i = 0; i < count; i += 8) {
        const unsigned valid = has_nulls ? from->validity[i / 8] : 0xffu;
        store(out + i, spread((uint8_t)(bits[i / 8] & valid)));
    }
    return MIMIC_OK;
}

/* Bytes of a NULL are left out, whatever a batch has there. */
static mimic_status append_bytes(mimic_frame *frame, mimic_frame_data *data,
                                 const mimic_column *from, size_t count, mimic_error *err)
{
    const size_t rows = frame->row_count;
    const size_t size = (size_t)(from->offsets[count] - from->offsets[0]);
    MIMIC_TRY(mimic__frame_more(frame, &data->offsets, count + 1, sizeof(int64_t), err));
    int64_t *const offsets = (int64_t *)(void *)data->offsets.data;
    if (rows == 0)
        offsets[0] = 0;
    size_t used = (size_t)offsets[rows];
    MIMIC_TRY(mimic__frame_reserve(&frame->memory, &data->values, used + size, 0, err));
    for (size_t i = 0; i < count; i++) {
        if (mimic_column_is_valid(from, (int64_t)i)) {
            const size_t length = (size_t)(from->offsets[i + 1] - from->offsets[i]);
            if (length > 0)
                memcpy(data->values.data + used, (const char *)from->values + from->offsets[i],
                       length);
            used += length;
        }
        offsets[rows + i + 1] = (int64_t)used;
    }
    return MIMIC_OK;
}

mimic_status mimic__frame_append_dense(mimic_frame *frame, mimic_frame_data *data,
                                       const mimic_column *from, size_t count, mimic_error *err)
{
    MIMIC_TRY(append_missing(frame, data, from, count, err));
    switch (from->type) {
    case MIMIC_TYPE_BOOLEAN:
        return append_booleans(frame, data, from, count, err);
    case MIMIC_TYPE_STRING:
        return mimic__frame_append_texts(frame, data, from, count, err);
    case MIMIC_TYPE_BINARY:
        return append_bytes(frame, data, from, count, err);
    case MIMIC_TYPE_CATEGORICAL:
        return append_codes(frame, data, from, count, err);
    default:
        return append_fixed(frame, data, from, count, err);
    }
}
