/* Hashes; the only door to xxHash. */
#ifndef MIMIC_BASE_HASH_H
#define MIMIC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/context_internal.h"

uint64_t mimic__hash64(const void *bytes, size_t size);
/* Of `count` texts, text i being bytes[offsets[i] .. offsets[i + 1]); the upper halves. */
void mimic__hash_texts(const char *bytes, const int32_t *offsets, size_t count,
                       uint32_t *out_hashes);
/* XXH3-128, the low half first. */
void mimic__hash128(const void *bytes, size_t size, uint64_t out[2]);

/* XXH3-128 of a stream. */
typedef struct mimic_hasher mimic_hasher;

mimic_hasher *mimic__hasher_new(const mimic_context *ctx); /* NULL when memory ran out */
void mimic__hasher_update(mimic_hasher *hasher, const void *bytes, size_t size);
void mimic__hasher_hex(const mimic_hasher *hasher, char out_hex[33]);
void mimic__hasher_free(const mimic_context *ctx, mimic_hasher *hasher);

#endif
