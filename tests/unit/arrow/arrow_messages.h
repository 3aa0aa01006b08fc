/*
 * Arrow IPC in memory: a file that a writer writes to, and a small reader of messages that checks
 * what the format demands: framing, alignment, bounds, every offset in the FlatBuffers.
 */
#ifndef MIMIC_TEST_ARROW_MESSAGES_H
#define MIMIC_TEST_ARROW_MESSAGES_H

#include "arrow/ipc_writer.h"
#include "base/buffer.h"

typedef struct memory_file {
    mimic_buffer bytes;
    int64_t writes_left; /* then every write fails, and every read back; -1 = never */
    mimic_buffer former; /* while the file is written anew */
    int rewrites;
} memory_file;

/* A mimic_ipc_write_fn on a memory_file. */
mimic_status write_memory(void *ctx, const void *bytes, size_t size, mimic_error *err);
extern const mimic_ipc_rewrite memory_rewriting;

typedef struct flat {
    const unsigned char *bytes;
    size_t size;
} flat;

uint64_t get(const flat *fb, size_t place, size_t size);
size_t follow(const flat *fb, size_t place);
/* Place of a field of a table, 0 where it is absent. */
size_t field_at(const flat *fb, size_t table, size_t slot);
uint64_t number_field(const flat *fb, size_t table, size_t slot, size_t size);
size_t child(const flat *fb, size_t table, size_t slot);
const char *string_field(const flat *fb, size_t table, size_t slot);

typedef struct message {
    size_t offset;
    size_t metadata_length; /* prefix included */
    size_t body_length;
    int type; /* 1 schema, 2 dictionary batch, 3 record batch, 0 end of stream */
    flat fb;
    size_t header;
    const unsigned char *body;
} message;

message read_message(const memory_file *file, size_t offset);
/* One buffer of a batch, decompressed into `out`. */
void take_buffer(const message *m, bool is_compressed, size_t batch, size_t index,
                 mimic_buffer *out);

bool bit_of(const mimic_buffer *bits, size_t row);
int32_t int_of(const mimic_buffer *values, size_t index);
void check_bytes(const char *expected, size_t expected_size, const char *found, size_t size);

#endif
