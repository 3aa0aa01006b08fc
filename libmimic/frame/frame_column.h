/*
 * A frame and its columns, as the files of this room share them. Each form appends in its own way:
 * frame_arrow.c, frame_dense.c; texts of the dense form go through frame_text.c.
 */
#ifndef MIMIC_FRAME_COLUMN_H
#define MIMIC_FRAME_COLUMN_H

#include <mimic/frame.h>

#include "base/hashmap.h"
#include "frame/frame_buffer.h"
#include "frame/frame_text_table.h"
#include "schema/schema_model.h"

/* Values from a batch to the dense form, at most MIMIC_FRAME_CHUNK of them. `missing` has a byte a
 * row; false when a value that is there does not fit. */
#define MIMIC_FRAME_CHUNK 1024
typedef bool (*mimic_frame_loop)(void *out, const void *in, const uint8_t *missing, size_t count);

typedef struct mimic_frame_data {
    const mimic_field *field;
    mimic_frame_loop loop; /* DENSE: NULL = the type has an append of its own */
    size_t in_width;       /* bytes of a value in a batch and here */
    size_t out_width;
    mimic_frame_buffer values;
    mimic_frame_buffer mask;    /* ARROW: validity; DENSE: missing */
    mimic_frame_buffer offsets; /* of string and binary: int32_t (ARROW), int64_t (DENSE) */
    bool has_mask;
    bool can_miss; /* DENSE: a type with `missing` */
    int64_t null_count;

    mimic_frame_text_table texts; /* DENSE string */
    mimic_hashmap categories;     /* categorical: text of code i is key i */
    size_t category_bytes;        /* of the map and the codes, as counted */
    int32_t *codes;               /* of a dictionary that is not the map's beginning: its codes here */
    size_t code_capacity;
    bool codes_differ;
    /* Categories with their NULs, made when they are asked for. */
    mimic_frame_buffer category_texts;
    mimic_frame_buffer category_offsets;
    uint32_t shown_count;
} mimic_frame_data;

struct mimic_frame {
    mimic_frame_memory memory;
    mimic_arena arena; /* of the table */
    const mimic_table *table;
    mimic_frame_form form;
    bool is_nanoseconds;
    size_t expected_rows;
    size_t row_count;
    mimic_error failure; /* code 0 = none */
    mimic_frame_data columns[];
};

/* Sets up what appending needs. */
void mimic__frame_dense_init(const mimic_frame *frame, mimic_frame_data *data);
void mimic__frame_data_free(mimic_frame_memory *memory, mimic_frame_data *data);

/* Append `count` rows, at least one, behind frame->row_count. */
mimic_status mimic__frame_append_arrow(mimic_frame *frame, mimic_frame_data *data,
                                       const mimic_column *from, size_t count, mimic_error *err);
mimic_status mimic__frame_append_dense(mimic_frame *frame, mimic_frame_data *data,
                                       const mimic_column *from, size_t count, mimic_error *err);
mimic_status mimic__frame_append_texts(mimic_frame *frame, mimic_frame_data *data,
                                       const mimic_column *from, size_t count, mimic_error *err);

/* Makes room behind the rows for `count` values of `width` bytes each. */
mimic_status mimic__frame_more(mimic_frame *frame, mimic_frame_buffer *buffer, size_t count,
                               size_t width, mimic_error *err);

/* Learns the texts of a batch's dictionary; sets data->codes_differ and, where they do, data->codes. */
mimic_status mimic__frame_learn_categories(mimic_frame *frame, mimic_frame_data *data,
                                           const mimic_dictionary *dictionary, mimic_error *err);
/* Fills category_texts and category_offsets. */
mimic_status mimic__frame_show_categories(mimic_frame *frame, mimic_frame_data *data,
                                          mimic_error *err);
/* MIMIC_ERR_VALUE for a text with a NUL. */
mimic_status mimic__frame_fail_nul(const mimic_frame_data *data, mimic_error *err);

/* Bytes of missing: 1 where the bit is not set. Whole groups of eight rows are written. */
void mimic__frame_missing(uint8_t *out, const uint8_t *validity, size_t count);

/* What is shown for an array without rows. */
extern const int64_t mimic__frame_nothing[8];

static inline bool mimic__frame_has_nulls(const mimic_column *from)
{
    return from->validity != NULL && from->null_count != 0;
}

#endif
