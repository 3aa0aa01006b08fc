/*
 * Texts: strings of the dense form, which become codes, and categories of both forms. A reader's
 * dictionary only grows, so its codes are the frame's as long as what the frame knows stands at its
 * beginning; any other dictionary is translated.
 */
#include "frame/frame_column.h"

#include <string.h>

#include "base/error.h"

mimic_status mimic__frame_fail_nul(const mimic_frame_data *data, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_VALUE,
                "column \"%s\" holds a text with a NUL, which the dense form has no room for; take the "
                "ARROW form, or read in batches",
                data->field->name);
    mimic__error_place(err, NULL, -1, -1, -1, data->field->name);
    return MIMIC_ERR_VALUE;
}

/* ---- strings ---- */

/* Up to 64 bits of a bitmap from row `first` on, a multiple of 8. */
static uint64_t bits_at(const uint8_t *bits, size_t first, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < (count + 7) / 8; i++)
        word |= (uint64_t)bits[first / 8 + i] << (8 * i);
    return word;
}

mimic_status mimic__frame_append_texts(mimic_frame *frame, mimic_frame_data *data,
                                       const mimic_column *from, size_t count, mimic_error *err)
{
    MIMIC_TRY(mimic__frame_more(frame, &data->values, count, sizeof(int32_t), err));
    int32_t *const out = (int32_t *)(void *)data->values.data + frame->row_count;
    const bool has_nulls = mimic__frame_has_nulls(from);
    for (size_t at = 0; at < count; at += MIMIC_FRAME_TEXT_ROWS) {
        const size_t rows = count - at < MIMIC_FRAME_TEXT_ROWS ? count - at : MIMIC_FRAME_TEXT_ROWS;
        const uint64_t valid = has_nulls ? bits_at(from->validity, at, rows) : UINT64_MAX;
        if (valid == 0) {
            memset(out + at, 0xff, rows * sizeof *out);
            continue;
        }
        const mimic_status status =
            mimic__frame_text_codes(&frame->memory, &data->texts,
                                    &(mimic_frame_text_rows){from->values, from->offsets + at,
                                                             rows, valid},
                                    out + at, err);
        if (status == MIMIC_ERR_VALUE)
            return mimic__frame_fail_nul(data, err);
        if (status != MIMIC_OK)
            return status;
    }
    return MIMIC_OK;
}

/* ---- categories ---- */

static const int32_t no_offsets[1] = {0};

/* Does the dictionary begin with all that the frame knows? */
static bool begins_alike(const mimic_hashmap *map, const mimic_dictionary *dictionary)
{
    const size_t known = map->count;
    if (known == 0)
        return true;
    if (dictionary->count < (int64_t)known || dictionary->offsets[0] != 0 ||
        memcmp(map->offsets, dictionary->offsets, (known + 1) * sizeof *map->offsets) != 0)
        return false;
    const size_t size = (size_t)map->offsets[known];
    return size == 0 || memcmp(map->bytes, dictionary->bytes, size) == 0;
}

static size_t map_bytes(const mimic_hashmap *map)
{
    return map->slot_count * sizeof *map->slots + map->offset_capacity * sizeof *map->offsets +
           map->byte_capacity;
}

static mimic_status add_category(mimic_frame *frame, mimic_frame_data *data, const char *text,
                                 size_t size, int32_t *out_code, mimic_error *err)
{
    mimic_hashmap *const map = &data->categories;
    const uint32_t known = map->count;
    const size_t used = known == 0 ? 0 : (size_t)map->offsets[known];
    const uint32_t number = mimic__hashmap_insert(map, size == 0 ? "" : text, size);
    *out_code = (int32_t)number;
    if (number == MIMIC_HASHMAP_NONE)
        return size <= (size_t)INT32_MAX - used
                   ? mimic__fail_memory(err)
                   : mimic__fail(err, MIMIC_ERR_LIMIT,
                                 "the categories of column \"%s\" pass 2 GiB; declare it a string "
                                 "in the schema",
                                 data->field->name);
    if (number == known && frame->form == MIMIC_FRAME_DENSE && size > 0 &&
        memchr(text, '\0', size) != NULL)
        return mimic__frame_fail_nul(data, err);
    return MIMIC_OK;
}

mimic_status mimic__frame_learn_categories(mimic_frame *frame, mimic_frame_data *data,
                                           const mimic_dictionary *dictionary, mimic_error *err)
{
    mimic_hashmap *const map = &data->categories;
    const size_t count = (size_t)dictionary->count;
    const int32_t *const offsets = count == 0 ? no_offsets : dictionary->offsets;
    const size_t first = begins_alike(map, dictionary) ? map->count : 0;
    const bool begins_other = first != map->count;
    data->codes_differ = begins_other;
    if (first == count && !begins_other)
        return MIMIC_OK;
    if (count > data->code_capacity) {
        int32_t *const codes = mimic__alloc_array(frame->memory.ctx, count, sizeof *codes);
        if (codes == NULL)
            return mimic__fail_memory(err);
        mimic__free(frame->memory.ctx, data->codes);
        data->codes = codes;
        data->code_capacity = count;
    }
    for (size_t i = 0; i < first; i++)
        data->codes[i] = (int32_t)i;
    for (size_t i = first; i < count; i++) {
        MIMIC_TRY(add_category(frame, data, dictionary->bytes + offsets[i],
                               (size_t)(offsets[i + 1] - offsets[i]), &data->codes[i], err));
        data->codes_differ |= data->codes[i] != (int32_t)i;
    }
    const size_t before = data->category_bytes;
    data->category_bytes = map_bytes(map) + data->code_capacity * sizeof *data->codes;
    return mimic__frame_count_bytes(&frame->memory, before, data->category_bytes, err);
}

mimic_status mimic__frame_show_categories(mimic_frame *frame, mimic_frame_data *data,
                                          mimic_error *err)
{
    const mimic_hashmap *const map = &data->categories;
    const size_t count = map->count;
    if (count == data->shown_count)
        return MIMIC_OK;
    const size_t size = (size_t)map->offsets[count] + count;
    MIMIC_TRY(mimic__frame_reserve(&frame->memory, &data->category_texts, size, 0, err));
    MIMIC_TRY(mimic__frame_reserve(&frame->memory, &data->category_offsets,
                                   (count + 1) * sizeof(int64_t), 0, err));
    char *text = data->category_texts.data;
    int64_t *const offsets = (int64_t *)(void *)data->category_offsets.data;
    offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t length = (size_t)(map->offsets[i + 1] - map->offsets[i]);
        if (length > 0)
            memcpy(text, map->bytes + map->offsets[i], length);
        text[length] = '\0';
        text += length + 1;
        offsets[i + 1] = offsets[i] + (int64_t)length + 1;
    }
    data->shown_count = (uint32_t)count;
    return MIMIC_OK;
}
