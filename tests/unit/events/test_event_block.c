/* Blocks of events: what is packed comes back, and what somebody made up does no harm. */
#include "check_main.h"
#include "failing_allocator.h"
#include "test_events.h"

#include "base/hash.h"
#include "events/event_block.h"
#include "io/codec.h"

/* The events, their subjects ascending, as one chunk. */
static mimic_event_chunk *sorted_chunk(const mimic_context *ctx, test_events *events)
{
    qsort(events->events, events->count, sizeof *events->events, test_compare_events);
    return test_chunk(ctx, events, 0, events->count);
}

static void check_chunk(const mimic_event_chunk *found, const test_events *events)
{
    int64_t last = INT64_MIN;
    mimic_event_chunk *const with_table = (mimic_event_chunk *)(uintptr_t)found;
    with_table->table = 4;
    ck_assert_uint_eq(found->count, events->count);
    test_check_runs(found, &last);
    for (size_t i = 0; i < events->count; i++)
        test_check_event(found, i, events, &events->events[i]);
}

static void check_round_trip(const mimic_context *ctx, test_events *events, int level)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_event_packer *packer = NULL;
    mimic_event_chunk *again = NULL;
    mimic_event_block block = {0};
    const unsigned char *bytes = NULL;
    mimic_event_chunk *const chunk = sorted_chunk(ctx, events);
    ck_assert_int_eq(mimic__event_packer_new(ctx, level, &packer, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__event_pack(packer, chunk, &block, &bytes, NULL), MIMIC_OK);
    ck_assert_int_eq(block.first, events->events[0].subject);
    ck_assert_int_eq(block.last, events->events[events->count - 1].subject);
    ck_assert_msg(mimic__event_unpack(ctx, &block, bytes, &again, &err) == MIMIC_OK, "%s",
                  err.message);
    check_chunk(again, events);
    mimic__chunk_release(again);
    mimic__chunk_release(chunk);
    mimic__event_packer_free(packer);
}

START_TEST(event_block__round_trip)
{
    static const size_t counts[] = {1, 2, 511, 512, 513, 4096, MIMIC_BLOCK_EVENTS_MAX};
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const test_spec spec = {(test_shape)shape, counts[c], c == 3 ? 100000 : 0, c, 300, 9};
            test_events events = test_events_make(&spec);
            check_round_trip(ctx, &events, 1);
            test_events_free(&events);
        }
    }
    mimic_context_free(ctx);
}
END_TEST

/* Values from both ends of every range, side by side. */
START_TEST(event_block__extremes)
{
    static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 999999, 60000000,
                                   INT64_MAX - 1, INT64_MAX};
    mimic_context *ctx = NULL;
    uint64_t random = 3;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (int turn = 0; turn < 500; turn++) {
        const test_spec spec = {FEW_SUBJECTS, 1 + test_random(&random) % 40, 0, (uint64_t)turn, 9, 9};
        test_events events = test_events_make(&spec);
        for (size_t i = 0; i < events.count; i++) {
            mimic_event *const event = &events.events[i];
            const size_t kinds = 1 + (size_t)turn % 9;
            int64_t *const fields[] = {&event->subject, &event->time,      &event->available,
                                       &event->anchor,  &event->admission, &event->stay};
            for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++)
                *fields[k] = ends[(test_random(&random) % kinds + (size_t)turn / 9) % 9];
            const uint64_t bits = test_random(&random) << (test_random(&random) % 64);
            event->code = (uint32_t)bits;
            event->unit = (uint32_t)(bits >> 32);
            event->flags = (uint16_t)(bits >> 7 | MIMIC_EVENT_HAS_VALUE);
            event->kind = (uint16_t)(bits >> 17);
            memcpy(&event->value, &bits, sizeof bits);
        }
        check_round_trip(ctx, &events, 1);
        test_events_free(&events);
    }
    mimic_context_free(ctx);
}
END_TEST

/* ---- what nobody should trust ---- */

/* A chunk that was accepted is one that can be used. */
static void check_usable(const mimic_event_chunk *chunk)
{
    size_t first = 0;
    for (size_t r = 0; r < chunk->run_count; r++) {
        ck_assert_uint_eq(chunk->runs[r].first, first);
        first += chunk->runs[r].count;
    }
    ck_assert_uint_eq(first, chunk->count);
    for (size_t i = 0; i < chunk->count; i++)
        ck_assert_uint_le(chunk->events[i].text + test_text_bytes(&chunk->events[i]),
                          chunk->bytes_size);
}

/* A block of some events. */
typedef struct packed {
    mimic_context *ctx;
    test_events events;
    mimic_event_chunk *chunk;
    mimic_event_packer *packer;
    mimic_event_block block;
    const unsigned char *bytes;
} packed;

static void pack(packed *p)
{
    const test_spec spec = {IN_ORDER, 60, 0, 1, 300, 9};
    *p = (packed){.events = test_events_make(&spec)};
    ck_assert_int_eq(mimic_context_new(NULL, &p->ctx, NULL), MIMIC_OK);
    p->chunk = sorted_chunk(p->ctx, &p->events);
    ck_assert_int_eq(mimic__event_packer_new(p->ctx, 1, &p->packer, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__event_pack(p->packer, p->chunk, &p->block, &p->bytes, NULL), MIMIC_OK);
}

static void packed_free(packed *p)
{
    mimic__event_packer_free(p->packer);
    mimic__chunk_release(p->chunk);
    test_events_free(&p->events);
    mimic_context_free(p->ctx);
}

/* Bytes of the payload are changed, and the checksum with them. */
START_TEST(event_block__made_up_payload)
{
    packed p;
    uint64_t random = 11;
    pack(&p);
    const mimic_event_block block = p.block;
    unsigned char *const payload = malloc(block.packed);
    unsigned char *const changed = malloc(block.packed);
    if (block.stored == block.packed)
        memcpy(payload, p.bytes, block.packed);
    else
        ck_assert_int_eq(
            mimic__zstd_decompress_frame(p.bytes, block.stored, payload, block.packed, NULL),
            MIMIC_OK);
    size_t accepted = 0;
    for (size_t turn = 0; turn < (size_t)block.packed * 8 + 20000; turn++) {
        mimic_event_block made_up = block;
        mimic_event_chunk *found = NULL;
        made_up.stored = made_up.packed;
        memcpy(changed, payload, block.packed);
        if (turn < (size_t)block.packed * 8)
            changed[turn / 8] ^= (unsigned char)(1 << turn % 8);
        for (size_t i = 0; turn >= (size_t)block.packed * 8 && i < turn % 5 + 1; i++)
            changed[test_random(&random) % block.packed] = (unsigned char)test_random(&random);
        if (turn % 3 == 0 && turn > (size_t)block.packed * 8)
            made_up.stored = made_up.packed = (uint32_t)(test_random(&random) % block.packed) + 1;
        made_up.hash = mimic__hash64(changed, made_up.stored);
        const mimic_status status = mimic__event_unpack(p.ctx, &made_up, changed, &found, NULL);
        ck_assert(status == MIMIC_OK || status == MIMIC_ERR_CORRUPT);
        if (found != NULL)
            check_usable(found);
        accepted += found != NULL;
        mimic__chunk_release(found);
    }
    ck_assert_uint_gt(accepted, 0); /* values that are merely other ones */
    free(payload);
    free(changed);
    packed_free(&p);
}
END_TEST

/* What an index says of a block, made up. */
START_TEST(event_block__made_up_sizes)
{
    packed p;
    uint64_t random = 12;
    pack(&p);
    const mimic_event_block block = p.block;
    for (int turn = 0; turn < 5000; turn++) {
        mimic_event_block made_up = block;
        mimic_event_chunk *found = NULL;
        uint32_t *const sizes[] = {&made_up.packed, &made_up.events, &made_up.runs, &made_up.bytes};
        uint32_t *const size = sizes[turn % 4];
        const uint32_t before = *size;
        *size = turn % 3 == 0 ? *size + 1 - (uint32_t)turn % 7 : (uint32_t)test_random(&random);
        if (turn % 3 != 0)
            *size >>= test_random(&random) % 32;
        const mimic_status status = mimic__event_unpack(p.ctx, &made_up, p.bytes, &found, NULL);
        ck_assert(*size == before ? status == MIMIC_OK
                                  : status == MIMIC_ERR_CORRUPT || status == MIMIC_ERR_MEMORY);
        mimic__chunk_release(found);
    }
    packed_free(&p);
}
END_TEST

MIMIC_TEST_MAIN(event_block, event_block__round_trip, event_block__extremes,
                event_block__made_up_payload, event_block__made_up_sizes)
