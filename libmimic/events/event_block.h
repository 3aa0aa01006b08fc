/*
 * Blocks: some thousand events as they lie in scratch files and in the files of `partition`.
 *
 *     slices of chunks ► builder ► chunk of the size of a block ► pack ► bytes and what an index says
 *     bytes ► unpack ► chunk
 *
 * A block is a row of columns, each in as few bytes a value as its differences need (to the value
 * before it, or to the time of the event), then the texts, all of it compressed. Bytes are the same on
 * every machine.
 */
#ifndef MIMIC_EVENTS_EVENT_BLOCK_H
#define MIMIC_EVENTS_EVENT_BLOCK_H

#include "base/buffer.h"
#include "events/event.h"

#define MIMIC_BLOCK_EVENTS_MAX 65536
#define MIMIC_BLOCK_BYTES_MAX ((size_t)3 << 30) /* of texts */
#define MIMIC_PACK_RATIO_MAX 32768 /* RFC 8878 3.1.1.2: 4 bytes for 128 KiB of the same byte */

/* Bytes of its text and properties. */
static inline size_t mimic__event_text_bytes(const mimic_event *event)
{
    const size_t text = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
    return text + event->properties_size;
}

/* ---- chunks from slices of others ---- */

/* Events of one subject, neighbours in a chunk. */
typedef struct mimic_event_slice {
    const mimic_event_chunk *chunk;
    uint32_t first;
    uint32_t count;
} mimic_event_slice;

typedef struct mimic_event_builder {
    const mimic_context *ctx;
    uint32_t max_events;      /* a chunk is full with so many, */
    size_t max_bytes;         /* or when the texts of one more would take it beyond this */
    mimic_event_chunk *chunk; /* being filled; NULL = none */
    size_t bytes_capacity;
    bool is_full;
} mimic_event_builder;

void mimic__event_builder_init(mimic_event_builder *builder, const mimic_context *ctx,
                               uint32_t max_events, size_t max_bytes);
void mimic__event_builder_free(mimic_event_builder *builder);
/* Copies as many events as fit, takes them off the slice and says when the chunk is full. */
mimic_status mimic__event_builder_add(mimic_event_builder *builder, mimic_event_slice *slice,
                                      mimic_error *err);
/* The chunk; NULL when nothing was added. The next one begins. */
mimic_event_chunk *mimic__event_builder_take(mimic_event_builder *builder);
/* Bytes that a chunk of so many events takes. */
size_t mimic__event_chunk_bytes(size_t events, size_t runs, size_t bytes);

/* ---- blocks ---- */

/* What an index says of one. */
typedef struct mimic_event_block {
    int64_t first; /* subjects */
    int64_t last;
    int64_t offset;  /* in the file */
    uint64_t hash;   /* XXH3-64 of the stored bytes */
    uint32_t stored; /* bytes in the file */
    uint32_t packed; /* of them without compression; the same = not compressed */
    uint32_t events;
    uint32_t runs;
    uint32_t bytes;  /* of texts */
} mimic_event_block;

/* Used by one thread at a time. */
typedef struct mimic_event_packer mimic_event_packer;

/* Of Zstandard. Events as those of labevents, in blocks of 4096: level 1 makes 4.4 bytes of each in 82 ns
 * (back in 68), levels -1, -3 and -5 make 5.1, 5.8 and 6.9 in 79, 72 and 69 (62 back), level 3 makes 4.4
 * in 93. Events as they lie in memory give 11.1 at level 1, in 113 ns, and that without texts. */
#define MIMIC_PACK_LEVEL 1

/* A build without Zstandard does not compress. */
mimic_status mimic__event_packer_new(const mimic_context *ctx, int level,
                                     mimic_event_packer **out_packer, mimic_error *err);
void mimic__event_packer_free(mimic_event_packer *packer); /* NULL is allowed */
/* Of a chunk of 1 to MIMIC_BLOCK_EVENTS_MAX events whose runs ascend. The bytes (block.stored of them)
 * stay until the next call; block.offset is left alone. */
mimic_status mimic__event_pack(mimic_event_packer *packer, const mimic_event_chunk *chunk,
                               mimic_event_block *block, const unsigned char **out_bytes,
                               mimic_error *err);

/* False when no block that pack makes can be so. */
bool mimic__event_block_is_sound(const mimic_event_block *block);
/* `bytes`: the stored ones. MIMIC_ERR_CORRUPT says what is the matter; only what the numbers refer to
 * (codes, units, kinds) is not looked at. */
mimic_status mimic__event_unpack(const mimic_context *ctx, const mimic_event_block *block,
                                 const unsigned char *bytes, mimic_event_chunk **out_chunk,
                                 mimic_error *err);

#endif
