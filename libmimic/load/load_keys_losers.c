/*
 * Which rows are left out, where keys came more than once. The rows of a table stand in an order of
 * preference: by position (the first is kept), or by the order key (the greatest is kept, of equal
 * ones the last). A row is kept when no row that is preferred to it and kept has one of its keys.
 *
 * With one key that is a matter of each group of rows by itself, and goes through an external sorter.
 * When several keys of a table came again, a row that loses by one of them holds none of the others:
 * then the rows are gone through in the order of preference, in bounded memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/sorter.h"
#include "load/load_keys_internal.h"

#define SORTER_BYTES ((size_t)1 << 20)
#define CLAIM_BYTES_MAX ((size_t)64 << 20)

static bool prefers_latest(const keys_table *table)
{
    return mimic__keys_policy(table) == MIMIC_DUPLICATES_LATEST;
}

/* ---- why a row is not there ---- */

static mimic_status explain(void *ctx, int64_t row, char *message, size_t message_size,
                            const char **out_column, mimic_error *err)
{
    keys_table *const table = ctx;
    mimic_buffer place;
    while (table->loser != NULL && (int64_t)table->loser->key.lo < row)
        MIMIC_TRY(mimic__key_reader_next(&table->loser_reader, &table->loser, err));
    if (table->loser == NULL || (int64_t)table->loser->key.lo != row) {
        (void)snprintf(message, message_size, "a row with the same key came before");
        return MIMIC_OK;
    }
    const key_unique *const unique = &table->uniques[table->loser->extra];
    mimic__buffer_init(&place, table->keys->ctx);
    mimic__keys_show_place(table, table->loser->first, &place);
    (void)snprintf(message, message_size, "a row with the same %s key (%s) came before: %.*s",
                   strcmp(unique->code, "primary_key") == 0 ? "primary" : "unique",
                   unique->columns, (int)place.size, place.data == NULL ? "" : place.data);
    const bool has_failed = place.failed;
    mimic__buffer_free(&place);
    *out_column = unique->column;
    return has_failed ? mimic__fail_memory(err) : MIMIC_OK;
}

/* ---- one key ---- */

static mimic_status add_loser(mimic_sorter *sorter, uint64_t row, uint64_t winner, mimic_error *err)
{
    const mimic_sort_pair pair = {row, winner};
    return mimic__sorter_add_pairs(sorter, &pair, 1, err);
}

/* Of the rows of a key the first wins, or the last: with an order key it stands at the end of its
 * group, and the entry before another of the same group has lost. */
static mimic_status sort_losers(const keys_table *table, const load_key_run *repeats,
                                mimic_sorter *sorter, mimic_error *err)
{
    const bool is_latest = prefers_latest(table);
    load_key_reader reader;
    const load_key_entry *entry;
    load_key_entry before = {0};
    uint64_t winner = 0;
    mimic_status status = mimic__key_reader_init(&reader, repeats, err);
    bool is_first = true;
    while (status == MIMIC_OK) {
        status = mimic__key_reader_next(&reader, &entry, err);
        if (status != MIMIC_OK || entry == NULL)
            break;
        const bool is_same = !is_first && mimic__key_compare(&before.key, &entry->key) == 0;
        if (!is_same)
            winner = entry->first;
        else if (is_latest)
            status = add_loser(sorter, before.extra, entry->first, err);
        else
            status = add_loser(sorter, entry->extra, winner, err);
        before = *entry;
        is_first = false;
    }
    mimic__key_reader_free(&reader);
    return status;
}

static mimic_status keep_loser(keys_table *table, uint64_t row, uint64_t winner, size_t unique,
                               mimic_error *err)
{
    const load_key_entry entry = {{0, row}, winner, unique, NULL, 0};
    MIMIC_TRY(mimic__key_run_add(table->losers, &entry, err));
    return mimic__skip_add(table->skip, (int64_t)row, err);
}

static mimic_status take_sorted(keys_table *table, mimic_sorter *sorter, size_t unique,
                                mimic_error *err)
{
    mimic_sort_pair pairs[64];
    size_t count;
    MIMIC_TRY(mimic__sorter_finish(sorter, err));
    for (;;) {
        MIMIC_TRY(mimic__sorter_next_pairs(sorter, pairs, 64, &count, err));
        if (count == 0)
            return MIMIC_OK;
        for (size_t i = 0; i < count; i++)
            MIMIC_TRY(keep_loser(table, pairs[i].hi, pairs[i].lo, unique, err));
    }
}

static mimic_status find_by_one(keys_table *table, const key_collector *collector,
                                mimic_error *err)
{
    const load_keys *const keys = table->keys;
    const mimic_sorter_options options = {.memory_bytes = SORTER_BYTES,
                                          .path = keys->setup.path,
                                          .pool = keys->setup.pool};
    mimic_sorter *sorter;
    MIMIC_TRY(mimic__sorter_new(keys->ctx, &options, &sorter, err));
    mimic_status status = sort_losers(table, collector->repeats, sorter, err);
    if (status == MIMIC_OK)
        status = take_sorted(table, sorter, collector->unique, err);
    mimic__sorter_free(sorter);
    return status;
}

/* ---- several keys ---- */

/* A row that has a key which came again. */
typedef struct claim {
    uint64_t row;
    uint64_t place;
    size_t group; /* in winners */
    size_t unique;
    size_t order; /* in orders: what is preferred */
    uint32_t order_size;
    bool prefers_latest;
    const mimic_buffer *orders;
} claim;

typedef struct contest {
    keys_table *table;
    claim *claims;
    size_t count;
    size_t capacity;
    mimic_buffer orders;
    uint64_t *winners; /* by group: place + 1 of the row that has the key; 0 = none yet */
    size_t group_count;
    uint64_t (*losers)[3]; /* row, winner, unique */
    size_t loser_count;
} contest;

static mimic_status add_claim(contest *c, const load_key_entry *entry, size_t unique,
                              mimic_error *err)
{
    const load_keys *const keys = c->table->keys;
    if ((c->count + 1) * (sizeof *c->claims + 4 * sizeof(uint64_t)) + c->orders.size >
        CLAIM_BYTES_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "table %s: several of its keys come more than once, in more rows than can "
                           "be told apart; keep them all (--duplicates keep), or mend the input",
                           c->table->table->name);
    claim *const claims = mimic__array_grow(keys->ctx, c->claims, c->count, &c->capacity,
                                            sizeof *claims);
    if (claims == NULL)
        return mimic__fail_memory(err);
    c->claims = claims;
    claims[c->count++] = (claim){.row = entry->extra,
                                 .place = entry->first,
                                 .group = c->group_count - 1,
                                 .unique = unique,
                                 .order = c->orders.size,
                                 .order_size = (uint32_t)entry->payload_size,
                                 .prefers_latest = prefers_latest(c->table),
                                 .orders = &c->orders};
    mimic__buffer_append(&c->orders, entry->payload, entry->payload_size);
    return c->orders.failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status read_claims(contest *c, const key_collector *collector, mimic_error *err)
{
    load_key_reader reader;
    const load_key_entry *entry;
    load_key before = {0, 0};
    bool is_first = true;
    mimic_status status = mimic__key_reader_init(&reader, collector->repeats, err);
    while (status == MIMIC_OK) {
        status = mimic__key_reader_next(&reader, &entry, err);
        if (status != MIMIC_OK || entry == NULL)
            break;
        c->group_count += is_first || mimic__key_compare(&before, &entry->key) != 0;
        before = entry->key;
        is_first = false;
        status = add_claim(c, entry, collector->unique, err);
    }
    mimic__key_reader_free(&reader);
    return status;
}

/* The preferred row first; keys of one row in the order of the keys. */
static int compare_claims(const void *a, const void *b)
{
    const claim *const left = a;
    const claim *const right = b;
    int order = (left->row > right->row) - (left->row < right->row);
    if (left->prefers_latest) {
        const int payloads = mimic__sort_compare(
            (const unsigned char *)left->orders->data + left->order, left->order_size,
            (const unsigned char *)right->orders->data + right->order, right->order_size);
        order = payloads != 0 ? -payloads : -order;
    }
    return order != 0 ? order
                      : (left->unique > right->unique) - (left->unique < right->unique);
}

static int compare_losers(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static mimic_status judge(contest *c, mimic_error *err)
{
    const mimic_context *const ctx = c->table->keys->ctx;
    c->winners = mimic__alloc_zeroed(ctx, c->group_count, sizeof *c->winners);
    c->losers = mimic__alloc_array(ctx, c->count, sizeof *c->losers);
    if (c->winners == NULL || c->losers == NULL)
        return mimic__fail_memory(err);
    qsort(c->claims, c->count, sizeof *c->claims, compare_claims);
    for (size_t start = 0, stop; start < c->count; start = stop) {
        const claim *lost = NULL;
        for (stop = start; stop < c->count && c->claims[stop].row == c->claims[start].row; stop++)
            if (lost == NULL && c->winners[c->claims[stop].group] != 0)
                lost = &c->claims[stop];
        for (size_t i = start; i < stop && lost == NULL; i++)
            c->winners[c->claims[i].group] = c->claims[i].place + 1;
        if (lost == NULL)
            continue;
        uint64_t *const loser = c->losers[c->loser_count++];
        loser[0] = lost->row;
        loser[1] = c->winners[lost->group] - 1;
        loser[2] = lost->unique;
    }
    qsort(c->losers, c->loser_count, sizeof *c->losers, compare_losers);
    for (size_t i = 0; i < c->loser_count; i++)
        MIMIC_TRY(keep_loser(c->table, c->losers[i][0], c->losers[i][1],
                             (size_t)c->losers[i][2], err));
    return MIMIC_OK;
}

static mimic_status find_by_several(keys_table *table, mimic_error *err)
{
    const mimic_context *const ctx = table->keys->ctx;
    contest c = {.table = table};
    mimic_status status = MIMIC_OK;
    mimic__buffer_init(&c.orders, ctx);
    for (size_t i = 0; i < table->collector_count && status == MIMIC_OK; i++)
        if (table->collectors[i].repeats != NULL)
            status = read_claims(&c, &table->collectors[i], err);
    if (status == MIMIC_OK)
        status = judge(&c, err);
    mimic__buffer_free(&c.orders);
    mimic__free(ctx, c.claims);
    mimic__free(ctx, c.winners);
    mimic__free(ctx, c.losers);
    return status;
}

mimic_status mimic__keys_find_losers(keys_table *table, mimic_error *err)
{
    const load_keys *const keys = table->keys;
    const key_collector *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < table->collector_count; i++)
        if (table->collectors[i].repeats != NULL) {
            only = &table->collectors[i];
            count++;
        }
    MIMIC_TRY(mimic__key_run_new(keys->ctx, keys->setup.path, &table->losers, err));
    MIMIC_TRY(mimic__skip_open(keys->ctx, keys->setup.path, &table->skip, err));
    MIMIC_TRY(count == 1 ? find_by_one(table, only, err) : find_by_several(table, err));
    table->flow->explain = explain;
    table->flow->explain_ctx = table;
    MIMIC_TRY(mimic__skip_end(table->skip, err));
    return mimic__key_run_end(table->losers, err);
}
