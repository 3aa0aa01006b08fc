/* See hash.h. xxHash is used header-only so that its state comes from our allocator and no further
 * shared library is needed. */
#define XXH_INLINE_ALL
#define XXH_NO_STDLIB
#include <xxhash.h>

#include "base/hash.h"

struct mimic_hasher {
    XXH_ALIGN(64) XXH3_state_t state;
    void *memory; /* what was allocated: the state wants 64-byte alignment */
};

uint64_t mimic__hash64(const void *bytes, size_t size)
{
    return XXH3_64bits(size == 0 ? "" : bytes, size);
}

void mimic__hash_texts(const char *bytes, const int32_t *offsets, size_t count, uint32_t *out_hashes)
{
    for (size_t i = 0; i < count; i++) {
        const size_t size = (size_t)(offsets[i + 1] - offsets[i]);
        const void *text = size == 0 ? "" : bytes + offsets[i];
        out_hashes[i] = (uint32_t)(XXH3_64bits(text, size) >> 32);
    }
}

void mimic__hash128(const void *bytes, size_t size, uint64_t out[2])
{
    const XXH128_hash_t hash = XXH3_128bits(size == 0 ? "" : bytes, size);
    out[0] = hash.low64;
    out[1] = hash.high64;
}

mimic_hasher *mimic__hasher_new(const mimic_context *ctx)
{
    void *memory = mimic__alloc(ctx, sizeof(mimic_hasher) + 63);
    if (memory == NULL)
        return NULL;
    mimic_hasher *hasher = (mimic_hasher *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    hasher->memory = memory;
    XXH3_128bits_reset(&hasher->state);
    return hasher;
}

void mimic__hasher_update(mimic_hasher *hasher, const void *bytes, size_t size)
{
    if (size > 0)
        XXH3_128bits_update(&hasher->state, bytes, size);
}

void mimic__hasher_hex(const mimic_hasher *hasher, char out_hex[33])
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&hasher->state));
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        out_hex[2 * i] = digits[canonical.digest[i] >> 4];
        out_hex[2 * i + 1] = digits[canonical.digest[i] & 15];
    }
    out_hex[32] = '\0';
}

void mimic__hasher_free(const mimic_context *ctx, mimic_hasher *hasher)
{
    if (hasher != NULL)
        mimic__free(ctx, hasher->memory);
}
