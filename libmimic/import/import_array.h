/*
 * An ArrowArray that was looked at: its shape is that of its type, so that rows may be asked for.
 * What lies in the buffers is checked when it is taken: offsets, views and codes may be anything.
 * Memory is the producer's; nothing of it is assumed to be aligned.
 */
#ifndef MIMIC_IMPORT_ARRAY_H
#define MIMIC_IMPORT_ARRAY_H

#include <string.h>

#include "import/import_type.h"

typedef struct import_array {
    const import_type *type;
    int64_t offset;
    int64_t length;
    const uint8_t *validity; /* NULL = all rows have values */
    const char *values;      /* or offsets, or views, or codes */
    const char *bytes;       /* OFFSETS */
    int64_t bytes_size;      /* of them, as the last offset says */
    const void *const *view_buffers;
    const char *view_sizes; /* int64 a buffer */
    int64_t view_count;
    struct import_array *dictionary;
} import_array;

/* Where a value lies: an array without codes, and a row of it that is beyond the array's offset. */
typedef struct import_place {
    const import_array *array;
    int64_t row;
} import_place;

typedef struct import_piece {
    const char *bytes;
    size_t size;
} import_piece;

typedef enum import_found { IMPORT_VALUE, IMPORT_NO_VALUE, IMPORT_BROKEN } import_found;

/* Fills `out` for at least `rows` rows. `dictionary` is memory for that of a coded type. False: the
 * array is not what its type needs, `*out_what` saying why. */
bool mimic__import_look(const struct ArrowArray *array, const import_type *type, int64_t rows,
                        import_array *out, import_array *dictionary, const char **out_what);

static inline int64_t mimic__import_number(const char *place, size_t width, bool is_signed)
{
    int8_t int8;
    int16_t int16;
    int32_t int32;
    int64_t int64;
    switch (width) {
    case 1:
        memcpy(&int8, place, 1);
        return is_signed ? int8 : (uint8_t)int8;
    case 2:
        memcpy(&int16, place, 2);
        return is_signed ? int16 : (uint16_t)int16;
    case 4:
        memcpy(&int32, place, 4);
        return is_signed ? int32 : (int64_t)(uint32_t)int32;
    default:
        memcpy(&int64, place, 8);
        return int64; /* unsigned ones above the range show as negative */
    }
}

static inline bool mimic__import_bit(const void *bits, int64_t row)
{
    return (((const uint8_t *)bits)[row >> 3] >> (row & 7) & 1) != 0;
}

/* Finds the value of row `row` (0 = the array's first). */
static inline import_found mimic__import_find(const import_array *array, int64_t row,
                                              import_place *out)
{
    row += array->offset;
    if (array->validity != NULL && !mimic__import_bit(array->validity, row))
        return IMPORT_NO_VALUE;
    if (array->dictionary != NULL) {
        const size_t width = array->type->width;
        const int64_t code =
            mimic__import_number(array->values + row * (int64_t)width, width, array->type->is_signed);
        array = array->dictionary;
        if (code < 0 || code >= array->length)
            return IMPORT_BROKEN;
        row = code + array->offset;
        if (array->validity != NULL && !mimic__import_bit(array->validity, row))
            return IMPORT_NO_VALUE;
    }
    *out = (import_place){array, row};
    return array->type->kind == IMPORT_NULL ? IMPORT_NO_VALUE : IMPORT_VALUE;
}

/* Bytes of a text or binary value; false when they lie outside of the array. */
bool mimic__import_piece(const import_place *place, import_piece *out);

#endif
