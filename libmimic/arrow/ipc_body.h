/*
 * The body of one IPC message: buffers behind each other, each on a 64-byte boundary, compressed
 * one by one or not, with the spans that say where they lie.
 */
#ifndef MIMIC_ARROW_IPC_BODY_H
#define MIMIC_ARROW_IPC_BODY_H

#include "arrow/ipc_format.h"
#include "io/codec.h"

#define MIMIC_IPC_ALIGNMENT 64

typedef struct mimic_ipc_body {
    mimic_zstd_compressor *compressor; /* NULL = no compression */
    mimic_buffer bytes;
    mimic_ipc_node *nodes; /* room for node_capacity of them, and three spans a node */
    mimic_ipc_span *spans;
    size_t node_count;
    size_t node_capacity;
    size_t span_count;
} mimic_ipc_body;

/* level: 0 = the library's default. */
mimic_status mimic__ipc_body_init(mimic_ipc_body *body, const mimic_context *ctx,
                                  size_t column_count, bool is_compressed, int level,
                                  mimic_error *err);
void mimic__ipc_body_free(mimic_ipc_body *body);
void mimic__ipc_body_clear(mimic_ipc_body *body);

/* Room for all buffers of the body, which take `size` bytes together before compression: no call
 * below takes memory then. */
bool mimic__ipc_body_reserve(mimic_ipc_body *body, size_t size);

/* One column: its node, then its buffers in the order of the Arrow layout. */
void mimic__ipc_body_add_node(mimic_ipc_body *body, int64_t length, int64_t null_count);
mimic_status mimic__ipc_body_add_buffer(mimic_ipc_body *body, const void *bytes, size_t size,
                                        bool is_decimal, mimic_error *err);

/* The same for `size` equal bytes, which need not be anywhere. */
mimic_status mimic__ipc_body_add_equal(mimic_ipc_body *body, unsigned char byte, size_t size,
                                       mimic_error *err);

/* The same for words of 4 or 8 bytes that mostly count up, see mimic__zstd_words_frame. */
mimic_status mimic__ipc_body_add_words(mimic_ipc_body *body, const void *words, size_t width,
                                       size_t count, mimic_error *err);

/* The same for a buffer that was in a body before, compressed or not as it is. */
mimic_status mimic__ipc_body_add_ready(mimic_ipc_body *body, const void *bytes, size_t size,
                                       mimic_error *err);
/* Appends what is in a buffer of a compressed body, `size` > 0, to `out`. */
mimic_status mimic__ipc_body_unpack(const char *bytes, size_t size, mimic_buffer *out,
                                    mimic_error *err);

/* What the message has to say about the body. */
mimic_ipc_batch mimic__ipc_body_describe(const mimic_ipc_body *body, int64_t row_count);

#endif
