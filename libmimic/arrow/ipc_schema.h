/*
 * What an Arrow IPC file or stream says of its columns, as far as the library has types for them:
 * its own, and those of other writers whose values can be held exactly (8-bit and unsigned integers,
 * other units of time, large and view layouts, fixed-size binary, null).
 */
#ifndef MIMIC_ARROW_IPC_SCHEMA_H
#define MIMIC_ARROW_IPC_SCHEMA_H

#include "arrow/flatbuffer_view.h"
#include "schema/schema_model.h"

#define MIMIC_IPC_MAX_COLUMNS 16384

/* How the values of a column, or of its dictionary, lie in the body. */
typedef enum mimic_ipc_layout {
    MIMIC_IPC_NULLS,   /* no buffer at all */
    MIMIC_IPC_BITS,
    MIMIC_IPC_FIXED,   /* `width` bytes a value */
    MIMIC_IPC_OFFSETS, /* offsets of `width` bytes, then bytes */
    MIMIC_IPC_VIEWS,   /* 16 bytes a value, then buffers of bytes */
    MIMIC_IPC_LISTS,   /* offsets of `width` bytes into the column `item` */
    MIMIC_IPC_OTHER    /* a form that the library cannot read, but pass over */
} mimic_ipc_layout;

typedef struct mimic_ipc_source_field mimic_ipc_source_field;
struct mimic_ipc_source_field {
    const char *name;
    bool is_required;
    mimic_type type; /* the library's type for it; categorical when coded */
    int32_t precision;
    int32_t scale;
    mimic_ipc_layout layout;
    size_t width;
    bool is_signed;
    int64_t multiply; /* times: a value in the file times this, divided by that, is ours */
    int64_t divide;
    bool is_coded;
    int64_t dictionary;
    size_t code_width;
    bool code_is_signed;
    /* What it takes of a record batch, the columns that it is made of included: nodes, buffers, and
     * columns of views, each of which has more buffers. */
    size_t node_count;
    size_t span_count;
    size_t view_count;
    const mimic_ipc_source_field *item; /* of lists: of texts */
};

typedef struct mimic_ipc_schema {
    const mimic_ipc_source_field *fields;
    size_t field_count;
    const char *dataset; /* of the library's own metadata, "" where absent */
    const char *version;
    const char *table;
} mimic_ipc_schema;

typedef struct mimic_ipc_schema_place {
    mimic_fb_view *view;
    size_t place;
    const char *name; /* of the file, in messages */
    bool takes_any;   /* columns of types that the library has not are MIMIC_IPC_LISTS or _OTHER,
                       * instead of MIMIC_ERR_UNSUPPORTED */
} mimic_ipc_schema_place;

/* Reads the Schema at a place; texts are copied into the arena. MIMIC_ERR_CORRUPT;
 * MIMIC_ERR_UNSUPPORTED for a column of a type that the library has not. */
mimic_status mimic__ipc_read_schema(mimic_arena *arena, const mimic_ipc_schema_place *place,
                                    mimic_ipc_schema *out_schema, mimic_error *err);

/* Says that metadata is damaged. */
mimic_status mimic__ipc_fail_damaged(const char *name, const char *what, mimic_error *err);

#endif
