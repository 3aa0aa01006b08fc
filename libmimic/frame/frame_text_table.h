/*
 * Distinct texts in the order in which they came, each followed by a NUL, and the table that finds
 * them. base/hashmap.h is not this: its texts have no NULs between them and at most 2 GiB in all, and
 * it takes them one by one, where here a block of rows is hashed and its slots are fetched before the
 * first is looked at.
 */
#ifndef MIMIC_FRAME_TEXT_TABLE_H
#define MIMIC_FRAME_TEXT_TABLE_H

#include "frame/frame_buffer.h"

/* Zero-initialised. */
typedef struct mimic_frame_text_table {
    mimic_frame_buffer bytes;
    mimic_frame_buffer offsets; /* int64_t, count + 1 */
    mimic_frame_buffer slots;   /* uint64_t: hash in the upper half, number + 1; 0 = free */
    size_t slot_mask;           /* slots - 1 */
    size_t count;
    size_t size; /* of bytes */
} mimic_frame_text_table;

void mimic__frame_text_table_free(mimic_frame_memory *memory, mimic_frame_text_table *table);

/* Rows looked up at once. */
#define MIMIC_FRAME_TEXT_ROWS 64

/* Up to MIMIC_FRAME_TEXT_ROWS texts: text i is bytes[offsets[i] .. offsets[i + 1]). */
typedef struct mimic_frame_text_rows {
    const char *bytes;
    const int32_t *offsets;
    size_t count;
    uint64_t valid; /* a bit a row; the others are NULL */
} mimic_frame_text_rows;

/* The number of each text, -1 for NULL. MIMIC_ERR_MEMORY; MIMIC_ERR_LIMIT; MIMIC_ERR_VALUE for a text
 * with a NUL. */
mimic_status mimic__frame_text_codes(mimic_frame_memory *memory, mimic_frame_text_table *table,
                                     const mimic_frame_text_rows *rows, int32_t *out_codes,
                                     mimic_error *err);

#endif
