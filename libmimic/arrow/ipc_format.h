/*
 * The metadata of Arrow IPC messages (format/Schema.fbs, Message.fbs, File.fbs), as bytes in a
 * buffer that mimic__fb_begin empties first. Pure: no file, no data, no compression.
 */
#ifndef MIMIC_ARROW_IPC_FORMAT_H
#define MIMIC_ARROW_IPC_FORMAT_H

#include "arrow/flatbuffer.h"
#include "arrow/ipc_column.h"
#include "schema/schema_model.h"

/* Struct FieldNode: one column of a record batch. */
typedef struct mimic_ipc_node {
    int64_t length;
    int64_t null_count;
} mimic_ipc_node;

/* Struct Buffer: where a buffer lies in the message's body. */
typedef struct mimic_ipc_span {
    int64_t offset;
    int64_t length;
} mimic_ipc_span;

/* Struct Block: where a message lies in the file. */
typedef struct mimic_ipc_block {
    int64_t offset;
    int32_t metadata_length;
    int64_t body_length;
} mimic_ipc_block;

typedef struct mimic_ipc_batch {
    int64_t row_count;
    const mimic_ipc_node *nodes;
    size_t node_count;
    const mimic_ipc_span *spans;
    size_t span_count;
    int64_t body_length;
    bool is_compressed; /* buffer by buffer, with Zstandard */
} mimic_ipc_batch;

/* Each appends one whole Message. `fields` says of each field of the table whether it is coded. The
 * dictionary of field number i has the id i. */
void mimic__ipc_schema_message(mimic_buffer *fb, const mimic_table *table,
                               const mimic_ipc_field *fields);
void mimic__ipc_batch_message(mimic_buffer *fb, const mimic_ipc_batch *batch);
void mimic__ipc_dictionary_message(mimic_buffer *fb, int64_t id, const mimic_ipc_batch *texts);

/* Appends the Footer of a file. The blocks are mimic_ipc_block each. */
void mimic__ipc_footer(mimic_buffer *fb, const mimic_table *table, const mimic_ipc_field *fields,
                       const mimic_buffer *dictionary_blocks, const mimic_buffer *batch_blocks);

/* ---- files whose columns the caller lays out, in types beyond those of tables ---- */

typedef enum mimic_ipc_kind {
    MIMIC_IPC_INT8,
    MIMIC_IPC_INT16,
    MIMIC_IPC_INT32,
    MIMIC_IPC_INT64,
    MIMIC_IPC_FLOAT32,
    MIMIC_IPC_FLOAT64,
    MIMIC_IPC_TIMESTAMP, /* microseconds, no zone */
    MIMIC_IPC_UTF8,
    MIMIC_IPC_LARGE_UTF8,
    MIMIC_IPC_UTF8_LIST, /* its one child, "item", is utf8 */
} mimic_ipc_kind;

typedef struct mimic_ipc_shape_field {
    const char *name;
    mimic_ipc_kind kind;      /* with texts: INT8 or INT32, of the codes */
    bool is_required;         /* not nullable */
    const char *const *texts; /* dictionary<kind, utf8> with these texts; NULL = plain */
    size_t text_count;
} mimic_ipc_shape_field;

typedef struct mimic_ipc_shape {
    const mimic_ipc_shape_field *fields;
    size_t field_count;
} mimic_ipc_shape;

void mimic__ipc_shape_message(mimic_buffer *fb, const mimic_ipc_shape *shape);
void mimic__ipc_shape_footer(mimic_buffer *fb, const mimic_ipc_shape *shape,
                             const mimic_buffer *dictionary_blocks,
                             const mimic_buffer *batch_blocks);

#endif
