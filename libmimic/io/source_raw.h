/* Stored bytes, as they are: from a file, from memory or from a caller's callbacks; counted and
 * hashed as they pass. */
#ifndef MIMIC_IO_SOURCE_RAW_H
#define MIMIC_IO_SOURCE_RAW_H

#include <stdbool.h>

#include <mimic/source.h>

#include "base/context_internal.h"
#include "base/hash.h"

typedef struct mimic_raw mimic_raw;
struct mimic_raw {
    const mimic_context *ctx;
    /* As mimic__raw_read, without counting. */
    mimic_status (*read)(mimic_raw *raw, void *buffer, size_t capacity, size_t *out_size,
                         mimic_error *err);
    char *name;
    mimic_hasher *hasher;
    int64_t position; /* bytes read so far */
    int64_t total;    /* -1: not known */
    bool is_ended;
    /* The three kinds. */
    int file;
    bool owns_file;
    int (*interrupted)(void *ctx); /* see mimic_source_options */
    void *interrupted_ctx;
    const unsigned char *memory; /* not yet read */
    size_t memory_size;
    mimic_source_callbacks callbacks;
    bool owns_callbacks; /* set once opening has succeeded */
};

/* Stored bytes that were read and not used yet, in a buffer that belongs to them. */
typedef struct mimic_stored {
    mimic_raw raw;
    unsigned char *buffer;
    size_t capacity;
    const unsigned char *bytes; /* in `buffer` */
    size_t size;
    mimic_status status; /* of the raw reader, for good when it is not MIMIC_OK */
    mimic_error failure; /* when it is negative */
} mimic_stored;

/* Each fills *raw, which must be freed on failure too. */
mimic_status mimic__raw_open_file(mimic_raw *raw, const mimic_context *ctx, const char *path,
                                  const mimic_source_options *options, mimic_error *err);
mimic_status mimic__raw_open_memory(mimic_raw *raw, const mimic_context *ctx, const void *bytes,
                                    size_t size, const char *name, mimic_error *err);
mimic_status mimic__raw_open_callbacks(mimic_raw *raw, const mimic_context *ctx,
                                       const mimic_source_callbacks *callbacks, const char *name,
                                       mimic_error *err);
/* MIMIC_OK with 1 <= *out_size <= capacity; MIMIC_END, for good; or an error. */
mimic_status mimic__raw_read(mimic_raw *raw, void *buffer, size_t capacity, size_t *out_size,
                             mimic_error *err);
void mimic__raw_free(mimic_raw *raw);

/* Reads on behind what is there, as much as comes at once; the buffer grows when it is full. MIMIC_END
 * and failures are sticky, and what was there stays. */
mimic_status mimic__stored_read_more(mimic_stored *stored, mimic_error *err);
void mimic__stored_take(mimic_stored *stored, size_t size);
void mimic__stored_free(mimic_stored *stored);

#endif
