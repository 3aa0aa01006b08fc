/*
 * Appending in the layout of batches: values and texts are copied in one piece, bitmaps are shifted to
 * the bit that is next, offsets are raised. A bitmap of presence is made with the first NULL.
 */
#include "frame/frame_column.h"

#include <string.h>

#include "base/error.h"

/* Bits behind those that there are, `at` of them; what is behind both is cleared. The room is a byte
 * more than the bits need. */
static void append_bits(uint8_t *restrict bits, size_t at, const uint8_t *restrict source,
                        size_t count)
{
    uint8_t *const to = bits + at / 8;
    const unsigned shift = (unsigned)(at % 8);
    const size_t bytes = (count + 7) / 8;
    if (shift == 0) {
        memcpy(to, source, bytes);
    } else {
        to[0] = (uint8_t)((to[0] & ((1u << shift) - 1)) | (unsigned)source[0] << shift);
        for (size_t i = 1; i < bytes; i++)
            to[i] = (uint8_t)((unsigned)source[i] << shift | (unsigned)source[i - 1] >> (8 - shift));
        to[bytes] = (uint8_t)((unsigned)source[bytes - 1] >> (8 - shift));
    }
    const size_t end = at + count;
    if (end % 8 != 0)
        bits[end / 8] &= (uint8_t)((1u << (end % 8)) - 1);
}

/* The same with bits that are all set. */
static void append_set_bits(uint8_t *bits, size_t at, size_t count)
{
    const size_t end = at + count;
    if (count == 0)
        return;
    if (at % 8 != 0)
        bits[at / 8] |= (uint8_t)(0xffu << (at % 8));
    const size_t first = (at + 7) / 8;
    if (first < (end + 7) / 8)
        memset(bits + first, 0xff, (end + 7) / 8 - first);
    if (end % 8 != 0)
        bits[end / 8] &= (uint8_t)((1u << (end % 8)) - 1);
}

static mimic_status more_bits(mimic_frame *frame, mimic_frame_buffer *buffer, size_t count,
                              mimic_error *err)
{
    return mimic__frame_reserve(&frame->memory, buffer, (frame->row_count + count) / 8 + 2,
                                frame->expected_rows / 8, err);
}

static mimic_status append_validity(mimic_frame *frame, mimic_frame_data *data,
                                    const mimic_column *from, size_t count, mimic_error *err)
{
    const bool has_nulls = mimic__frame_has_nulls(from);
    if (!has_nulls && !data->has_mask)
        return MIMIC_OK;
    MIMIC_TRY(more_bits(frame, &data->mask, count, err));
    uint8_t *const bits = (uint8_t *)data->mask.data;
    if (!data->has_mask)
        append_set_bits(bits, 0, frame->row_count);
    data->has_mask = true;
    if (has_nulls)
        append_bits(bits, frame->row_count, from->validity, count);
    else
        append_set_bits(bits, frame->row_count, count);
    return MIMIC_OK;
}

static mimic_status append_bytes(mimic_frame *frame, mimic_frame_data *data,
                                 const mimic_column *from, size_t count, mimic_error *err)
{
    const size_t rows = frame->row_count;
    MIMIC_TRY(mimic__frame_more(frame, &data->offsets, count + 1, sizeof(int32_t), err));
    int32_t *const offsets = (int32_t *)(void *)data->offsets.data;
    if (rows == 0)
        offsets[0] = 0;
    const int32_t used = offsets[rows];
    const int32_t first = from->offsets[0];
    const int32_t more = from->offsets[count] - first;
    if (more > INT32_MAX - used) {
        mimic__fail(err, MIMIC_ERR_LIMIT,
                    "column \"%s\" passes 2 GiB, which is all that one Arrow array of its type can "
                    "hold; read the table in batches, or into the DENSE form",
                    data->field->name);
        mimic__error_place(err, NULL, -1, -1, -1, data->field->name);
        return MIMIC_ERR_LIMIT;
    }
    /* What the bytes of a row come to is best told by those that were there. */
    const size_t hint =
        frame->expected_rows > rows + count && frame->expected_rows / (rows + count) < 1u << 20
            ? ((size_t)used + (size_t)more) / (rows + count) * frame->expected_rows
            : 0;
    MIMIC_TRY(mimic__frame_reserve(&frame->memory, &data->values, (size_t)used + (size_t)more,
                                   hint < INT32_MAX ? hint : INT32_MAX, err));
    if (more > 0)
        memcpy(data->values.data + used, (const char *)from->values + first, (size_t)more);
    const int32_t shift = used - first;
    for (size_t i = 1; i <= count; i++)
        offsets[rows + i] = from->offsets[i] + shift;
    return MIMIC_OK;
}

static mimic_status append_codes(mimic_frame *frame, mimic_frame_data *data,
                                 const mimic_column *from, size_t count, mimic_error *err)
{
    MIMIC_TRY(mimic__frame_learn_categories(frame, data, from->dictionary, err));
    int32_t *const out = (int32_t *)(void *)data->values.data + frame->row_count;
    const int32_t *const codes = from->values;
    const bool has_nulls = mimic__frame_has_nulls(from);
    if (!data->codes_differ) {
        memcpy(out, codes, count * sizeof *out);
        return MIMIC_OK;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = has_nulls && !mimic_column_is_valid(from, (int64_t)i) ? 0 : data->codes[codes[i]];
    return MIMIC_OK;
}

mimic_status mimic__frame_append_arrow(mimic_frame *frame, mimic_frame_data *data,
                                       const mimic_column *from, size_t count, mimic_error *err)
{
    MIMIC_TRY(append_validity(frame, data, from, count, err));
    if (from->type == MIMIC_TYPE_STRING || from->type == MIMIC_TYPE_BINARY)
        return append_bytes(frame, data, from, count, err);
    if (from->type == MIMIC_TYPE_BOOLEAN) {
        MIMIC_TRY(more_bits(frame, &data->values, count, err));
        append_bits((uint8_t *)data->values.data, frame->row_count, from->values, count);
        return MIMIC_OK;
    }
    MIMIC_TRY(mimic__frame_more(frame, &data->values, count, data->in_width, err));
    if (from->type == MIMIC_TYPE_CATEGORICAL)
        return append_codes(frame, data, from, count, err);
    memcpy(data->values.data + frame->row_count * data->in_width, from->values,
           count * data->in_width);
    return MIMIC_OK;
}
