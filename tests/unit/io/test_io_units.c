/* Decompression on a pool against the serial decoder: the same bytes, the same failures in the same
 * words, for every number of jobs, whatever the file is made of and whatever was done to it.
 * More rounds than usual: MIMIC_TEST_ROUNDS, MIMIC_TEST_SEED. */
#include "check_main.h"
#include "failing_allocator.h"
#include "io_support.h"

#include <stdatomic.h>

#include "io/member.h"
#include "io/source_internal.h"

static uint64_t seed;

static uint64_t number_of(const char *variable, uint64_t usual)
{
    const char *const text = getenv(variable);
    return text == NULL ? usual : strtoull(text, NULL, 10);
}

static size_t below(size_t limit)
{
    return (size_t)(test_random(&seed) % limit);
}

static void blob_append_random(blob *target, size_t size)
{
    blob_append(target, "", 0);
    for (size_t i = 0; i < size; i++)
        blob_append(target, &(unsigned char){(unsigned char)below(256)}, 1);
}

static void blob_append_number(blob *target, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        blob_append(target, &(unsigned char){(unsigned char)(number >> 8 * i)}, 1);
}

/* ---- files that can be taken apart ---- */

/* A member of BGZF: what our encoder writes, its header replaced by one with an extra field, which
 * says how long the member is; `lie` is added to that. */
static void append_bgzf(blob *stored, const mimic_context *ctx, const unsigned char *bytes,
                        size_t size, int lie)
{
    blob member = {NULL, 0, 0};
    blob_append_compressed(&member, ctx, MIMIC_COMPRESSION_GZIP, bytes, size);
    const bool has_more_fields = below(4) == 0;
    const size_t extra_size = has_more_fields ? 6 + 9 : 6;
    blob_append(stored, "\x1f\x8b\x08\x04\0\0\0\0\0\xff", 10);
    blob_append_number(stored, extra_size, 2);
    if (has_more_fields)
        blob_append(stored, "XY\5\0abcde", 9);
    blob_append(stored, "BC\2\0", 4);
    blob_append_number(stored, (uint64_t)((int64_t)(member.size + 2 + extra_size - 1) + lie), 2);
    blob_append(stored, member.bytes + 10, member.size - 10);
    blob_free(&member);
}

/* A frame that does not say how large its content is. */
static void append_frame_without_size(blob *stored, const mimic_context *ctx,
                                      const unsigned char *bytes, size_t size)
{
    mimic_zstd_compressor *compressor = NULL;
    const size_t capacity = size + 1000;
    unsigned char *frame = malloc(capacity);
    size_t frame_size = 0;
    ck_assert_int_eq(mimic__zstd_compressor_new(ctx, 1, &compressor, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__zstd_compress_frame(compressor, bytes, size, frame, capacity,
                                                &frame_size, NULL),
                     MIMIC_OK);
    blob_append(stored, frame, frame_size);
    mimic__zstd_compressor_free(compressor);
    free(frame);
}

static void append_part(blob *stored, const mimic_context *ctx, mimic_compression compression,
                        const unsigned char *bytes, size_t size)
{
    if (compression == MIMIC_COMPRESSION_GZIP && below(400) != 0) {
        append_bgzf(stored, ctx, bytes, size, below(400) == 0 ? (int)below(200) - 100 : 0);
        return;
    }
    if (compression == MIMIC_COMPRESSION_ZSTD && below(8) == 0) {
        append_frame_without_size(stored, ctx, bytes, size);
        return;
    }
    if (compression == MIMIC_COMPRESSION_ZSTD && below(8) == 0) {
        const size_t skipped = below(3000);
        blob_append(stored, "\x50\x2a\x4d\x18", 4);
        blob_append_number(stored, skipped, 4);
        blob_append_random(stored, skipped);
    }
    blob_append_compressed(stored, ctx, compression, bytes, size);
}

static blob make_file(const mimic_context *ctx, mimic_compression compression)
{
    static const size_t part_max[] = {10, 3000, 40000, 65280};
    const size_t largest = compression == MIMIC_COMPRESSION_ZSTD && below(2) == 0
                               ? (below(6) == 0 ? 5000000 : 1500000)
                               : part_max[below(4)];
    const size_t size = below(largest * 40 < 4000000 ? largest * 40 : 4000000);
    blob content = blob_table(size, seed);
    if (below(6) == 0) { /* does not compress */
        content.size = 0;
        blob_append_random(&content, size / 4);
    }
    blob stored = {NULL, 0, 0};
    for (size_t at = 0; at < content.size || at == 0;) {
        const size_t left = content.size - at;
        const size_t wanted = below(10) == 0 ? below(100) : below(2) == 0 ? largest : below(largest);
        const size_t part = wanted < left ? wanted : left;
        append_part(&stored, ctx, compression, content.bytes + at, part);
        at += part > 0 || at > 0 ? part : 1;
    }
    blob_free(&content);
    return stored;
}

static void damage(blob *stored)
{
    switch (below(8)) {
    case 0: /* damage anywhere */
    case 1:
        stored->bytes[below(stored->size)] ^= (unsigned char)(1 + below(255));
        break;
    case 2: /* cut off */
        stored->size = 1 + below(stored->size);
        break;
    case 3: /* zeros, and perhaps more */
        for (size_t i = below(2000); i > 0; i--)
            blob_append(stored, "", 1);
        if (below(2) == 0)
            blob_append(stored, "\x1f\x8b\x08", 3);
        break;
    case 4:
        blob_append(stored, "\x1f\x8bgarbage", 1 + below(9));
        break;
    default:
        break;
    }
}

/* ---- reading them ---- */

typedef struct feed {
    const unsigned char *bytes;
    size_t size;
    size_t piece_max;
    bool fails; /* where the bytes end */
} feed;

static mimic_status feed_read(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                              mimic_error *err)
{
    feed *self = ctx;
    size_t size = self->size < capacity ? self->size : capacity;
    if (size == 0 && self->fails) {
        err->code = MIMIC_ERR_IO;
        snprintf(err->message, sizeof err->message, "the line went dead");
        self->fails = false; /* whoever asks again gets another answer */
        return MIMIC_ERR_IO;
    }
    if (size == 0)
        return MIMIC_END;
    if (self->piece_max > 0 && size > self->piece_max)
        size = 1 + below(self->piece_max);
    memcpy(buffer, self->bytes, size);
    self->bytes += size;
    self->size -= size;
    *out_size = size;
    return MIMIC_OK;
}

typedef struct outcome {
    blob content;
    mimic_status status;
    mimic_error err;
    char hash[33]; /* at the end */
} outcome;

static outcome read_all(const mimic_context *ctx, feed input, mimic_pool *pool, uint64_t max_bytes)
{
    static const size_t sizes[] = {100, 5000, 300000, 2000000};
    outcome found = {.err = MIMIC_ERROR_INIT};
    mimic_source *source = NULL;
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    options.max_bytes = max_bytes;
    const mimic_source_callbacks callbacks = {sizeof callbacks, feed_read, NULL, &input};
    blob_append(&found.content, "", 0);
    found.status = mimic_source_from_callbacks(ctx, &callbacks, "a file", &options, &source, &found.err);
    if (found.status == MIMIC_OK) {
        mimic__source_use_pool(source, pool);
        found.status = drain(source, sizes[below(4)], seed, &found.content, &found.err);
    }
    if (found.status == MIMIC_END)
        mimic_source_hash(source, found.hash);
    mimic_source_free(source);
    return found;
}

static bool is_same(const outcome *one, const outcome *other)
{
    return one->status == other->status && one->content.size == other->content.size &&
           memcmp(one->content.bytes, other->content.bytes, one->content.size) == 0 &&
           strcmp(one->err.message, other->err.message) == 0 &&
           one->err.byte_offset == other->err.byte_offset &&
           strcmp(one->err.source, other->err.source) == 0 && strcmp(one->hash, other->hash) == 0;
}

static const int jobs[] = {1, 2, 3, 8};

START_TEST(units__give_what_the_serial_decoder_gives)
{
    mimic_context *ctx = plain_context();
    mimic_pool *pools[4];
    size_t ends = 0;
    const uint64_t rounds = number_of("MIMIC_TEST_ROUNDS", 150);
    seed = number_of("MIMIC_TEST_SEED", 1);
    for (size_t p = 0; p < 4; p++)
        ck_assert_int_eq(mimic__pool_new(ctx, jobs[p], &pools[p], NULL), MIMIC_OK);
    for (uint64_t round = 0; round < rounds; round++) {
        const mimic_compression compression =
            below(2) == 0 ? MIMIC_COMPRESSION_GZIP : MIMIC_COMPRESSION_ZSTD;
        if (!codec_is_built_in(compression))
            continue;
        const uint64_t round_seed = seed;
        blob stored = make_file(ctx, compression);
        damage(&stored);
        const feed input = {stored.bytes, stored.size, below(3) == 0 ? 1 + below(100000) : 0,
                            below(10) == 0};
        const uint64_t max_bytes = below(10) == 0 ? 1 + below(1000000) : 0;
        outcome expected = read_all(ctx, input, NULL, max_bytes);
        for (size_t p = 0; p < 4; p++) {
            outcome found = read_all(ctx, input, pools[p], max_bytes);
            if (!is_same(&expected, &found))
                ck_abort_msg("round %llu, seed %llu, %d jobs: %d, %zu bytes, %s\ninstead of %d, "
                             "%zu bytes, %s",
                             (unsigned long long)round, (unsigned long long)round_seed, jobs[p],
                             (int)found.status, found.content.size, found.err.message,
                             (int)expected.status, expected.content.size, expected.err.message);
            blob_free(&found.content);
        }
        ends += expected.status == MIMIC_END;
        blob_free(&expected.content);
        blob_free(&stored);
    }
    printf("# %zu whole of %llu\n", ends, (unsigned long long)rounds);
    for (size_t p = 0; p < 4; p++)
        mimic__pool_free(pools[p]);
    mimic_context_free(ctx);
}
END_TEST

/* A frame of one block, with a window of 1 KiB or (single segment) of its content. */
static void append_frame(blob *stored, bool is_single, uint64_t content_size, unsigned block_type,
                         size_t block_size, const blob *block)
{
    blob_append(stored, "\x28\xb5\x2f\xfd", 4);
    blob_append(stored, is_single ? "\xa0" : "\x80\x00", is_single ? 1 : 2);
    blob_append_number(stored, content_size, 4);
    blob_append_number(stored, 1 | block_type << 1 | block_size << 3, 3);
    blob_append(stored, block->bytes, block_type == 1 ? 1 : block->size);
}

/* libzstd takes such frames when it gets them whole, and refuses them when it gets them in pieces. */
START_TEST(units__zstd_frames_beyond_their_limits)
{
    mimic_context *ctx = plain_context();
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic__pool_new(ctx, 3, &pool, NULL), MIMIC_OK);
    for (int kind = 0; kind < 5 && MIMIC_HAVE_ZSTD; kind++) {
        blob block = {NULL, 0, 0};
        blob stored = {NULL, 0, 0};
        blob text = blob_table(5000, 1);
        blob_append_compressed(&stored, ctx, MIMIC_COMPRESSION_ZSTD, text.bytes, text.size);
        blob_append_random(&block, kind == 3 ? 40 : 2000);
        if (kind == 0) /* more stored bytes than the window */
            append_frame(&stored, false, 2000, 0, 2000, &block);
        else if (kind == 1) /* a byte too often for the window */
            append_frame(&stored, false, 2000, 1, 2000, &block);
        else if (kind == 2) /* too often for any block */
            append_frame(&stored, true, 200000, 1, 200000, &block);
        else if (kind == 3) /* blocks that say less than the header */
            append_frame(&stored, true, 200000, 0, 40, &block);
        else /* sound */
            append_frame(&stored, true, 2000, 0, 2000, &block);
        blob_append_compressed(&stored, ctx, MIMIC_COMPRESSION_ZSTD, text.bytes, text.size);
        const feed input = {stored.bytes, stored.size, 0, false};
        outcome expected = read_all(ctx, input, NULL, 0);
        outcome found = read_all(ctx, input, pool, 0);
        ck_assert_int_eq(expected.status, kind == 4 ? MIMIC_END : MIMIC_ERR_CORRUPT);
        ck_assert(is_same(&expected, &found));
        blob_free(&expected.content);
        blob_free(&found.content);
        blob_free(&text);
        blob_free(&block);
        blob_free(&stored);
    }
    mimic__pool_free(pool);
    mimic_context_free(ctx);
}
END_TEST

/* A file of 16 MB that can be taken apart all the way. */
static blob large_file(const mimic_context *ctx, mimic_compression compression, size_t part)
{
    blob lines = blob_table(400000, 3);
    blob content = {NULL, 0, 0};
    blob stored = {NULL, 0, 0};
    for (int copy = 0; copy < 10; copy++) /* large frames are taken if they compress well */
        blob_append(&content, lines.bytes, lines.size);
    blob_free(&lines);
    for (int copy = 0; copy < 4; copy++)
        for (size_t at = 0; at < content.size; at += part) {
            const size_t size = content.size - at < part ? content.size - at : part;
            if (compression == MIMIC_COMPRESSION_GZIP)
                append_bgzf(&stored, ctx, content.bytes + at, size, 0);
            else
                blob_append_compressed(&stored, ctx, compression, content.bytes + at, size);
        }
    blob_free(&content);
    return stored;
}

START_TEST(units__may_leave_the_pool_at_any_time)
{
    mimic_context *ctx = plain_context();
    for (mimic_compression c = MIMIC_COMPRESSION_GZIP; c <= MIMIC_COMPRESSION_ZSTD; c++) {
        if (!codec_is_built_in(c))
            continue;
        blob stored = large_file(ctx, c, 60000);
        stored.bytes[stored.size - 100000] ^= 1;
        const feed input = {stored.bytes, stored.size, 0, false};
        outcome expected = read_all(ctx, input, NULL, 0);
        for (size_t reads = 0; reads < 10; reads++) {
            outcome found = {.err = MIMIC_ERROR_INIT};
            mimic_source *source = NULL;
            mimic_pool *pool = NULL;
            ck_assert_int_eq(mimic__pool_new(ctx, 3, &pool, NULL), MIMIC_OK);
            ck_assert_int_eq(mimic_source_from_memory(ctx, stored.bytes, stored.size, "a file",
                                                      NULL, &source, NULL),
                             MIMIC_OK);
            mimic__source_use_pool(source, pool);
            for (size_t i = 0; i < reads; i++) {
                unsigned char piece[3000];
                size_t size = 0;
                ck_assert_int_eq(mimic_source_read(source, piece, sizeof piece, &size, NULL),
                                 MIMIC_OK);
                blob_append(&found.content, piece, size);
            }
            mimic__source_use_pool(source, NULL);
            mimic__pool_free(pool);
            found.status = drain(source, 0, 1, &found.content, &found.err);
            mimic_source_free(source);
            ck_assert_int_eq(found.status, MIMIC_ERR_CORRUPT);
            ck_assert(is_same(&expected, &found));
            blob_free(&found.content);
        }
        blob_free(&expected.content);
        blob_free(&stored);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(units__may_be_freed_at_any_time)
{
    mimic_context *ctx = plain_context();
    mimic_pool *pool = NULL;
    unsigned char *piece = malloc(1000000);
    ck_assert_int_eq(mimic__pool_new(ctx, 3, &pool, NULL), MIMIC_OK);
    for (mimic_compression c = MIMIC_COMPRESSION_GZIP; c <= MIMIC_COMPRESSION_ZSTD; c++) {
        if (!codec_is_built_in(c))
            continue;
        blob stored = large_file(ctx, c, 60000);
        for (size_t reads = 0; reads < 20; reads++) {
            mimic_source *source = NULL;
            ck_assert_int_eq(
                mimic_source_from_memory(ctx, stored.bytes, stored.size, "m", NULL, &source, NULL),
                MIMIC_OK);
            mimic__source_use_pool(source, pool);
            for (size_t i = 0; i < reads; i++) {
                size_t size = 0;
                ck_assert_int_eq(mimic_source_read(source, piece, 1000000, &size, NULL), MIMIC_OK);
            }
            mimic_source_free(source);
        }
        blob_free(&stored);
    }
    free(piece);
    mimic__pool_free(pool);
    mimic_context_free(ctx);
}
END_TEST

/* ---- memory ---- */

static atomic_size_t alive;
static atomic_size_t most;

static void *count_alloc(size_t size, void *ctx)
{
    (void)ctx;
    size_t *memory = malloc(size + 16);
    if (memory == NULL)
        return NULL;
    memory[0] = size;
    const size_t now = atomic_fetch_add(&alive, size) + size;
    if (now > atomic_load(&most))
        atomic_store(&most, now); /* nearly: one thread does nearly all of it */
    return memory + 2;
}

static void count_free(void *bytes, void *ctx)
{
    (void)ctx;
    if (bytes == NULL)
        return;
    size_t *memory = (size_t *)bytes - 2;
    atomic_fetch_sub(&alive, memory[0]);
    free(memory);
}

static void *count_realloc(void *bytes, size_t old_size, size_t new_size, void *ctx)
{
    void *moved = count_alloc(new_size, ctx);
    if (moved != NULL && bytes != NULL)
        memcpy(moved, bytes, old_size < new_size ? old_size : new_size);
    if (moved != NULL)
        count_free(bytes, ctx);
    return moved;
}

START_TEST(units__take_twelve_megabytes_at_most)
{
    static const size_t parts[] = {60000, 700000, 4000000};
    mimic_context *plain = plain_context();
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){count_alloc, count_realloc, count_free, NULL};
    mimic_context *ctx = NULL;
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__pool_new(ctx, 8, &pool, NULL), MIMIC_OK);
    for (size_t i = 0; i < 4; i++) {
        const mimic_compression c = i == 0 ? MIMIC_COMPRESSION_GZIP : MIMIC_COMPRESSION_ZSTD;
        if (!codec_is_built_in(c))
            continue;
        blob stored = large_file(plain, c, parts[i == 0 ? 0 : i - 1]);
        const feed input = {stored.bytes, stored.size, 0, false};
        atomic_store(&most, 0);
        outcome found = read_all(ctx, input, pool, 0);
        ck_assert_int_eq(found.status, MIMIC_END);
        ck_assert_uint_eq(found.content.size, 16000000);
        ck_assert_uint_lt(atomic_load(&most), (size_t)12 << 20);
        ck_assert_uint_gt(atomic_load(&most), (size_t)3 << 20); /* or nothing was taken apart */
        blob_free(&found.content);
        blob_free(&stored);
    }
    mimic__pool_free(pool);
    mimic_context_free(ctx);
    mimic_context_free(plain);
}
END_TEST

static blob file_to_read;
static mimic_pool *pool_to_use;

static mimic_status read_with_units(const mimic_context *ctx, mimic_error *err)
{
    mimic_source *source = NULL;
    blob content = {NULL, 0, 0};
    mimic_status status = mimic_source_from_memory(ctx, file_to_read.bytes, file_to_read.size, "m",
                                                   NULL, &source, err);
    if (status == MIMIC_OK) {
        mimic__source_use_pool(source, pool_to_use);
        status = drain(source, 0, 1, &content, err);
    }
    mimic_source_free(source);
    blob_free(&content);
    return status == MIMIC_END ? MIMIC_OK : status;
}

START_TEST(units__every_allocation_may_fail)
{
    mimic_context *ctx = plain_context();
    ck_assert_int_eq(mimic__pool_new(ctx, 2, &pool_to_use, NULL), MIMIC_OK);
    for (mimic_compression c = MIMIC_COMPRESSION_GZIP; c <= MIMIC_COMPRESSION_ZSTD; c++) {
        if (!codec_is_built_in(c))
            continue;
        file_to_read = large_file(ctx, c, 60000);
        ck_assert_int_ge(replay_failing_allocations(read_with_units), 10);
        blob_free(&file_to_read);
    }
    mimic__pool_free(pool_to_use);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(io_units, units__give_what_the_serial_decoder_gives,
                units__zstd_frames_beyond_their_limits,
                units__may_leave_the_pool_at_any_time,
                units__may_be_freed_at_any_time, units__take_twelve_megabytes_at_most,
                units__every_allocation_may_fail)
