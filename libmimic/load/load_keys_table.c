/*
 * The keys of one table, as a stage between reader and sink. At the end of each way through the input
 * it is known which keys came again; then the table is given up and written anew: without the rows
 * that lose, or without the keys that do not hold. A sink that refuses rows by itself is left to it
 * where that is the policy; where it is not, the table is first written without keys, to see all rows.
 */
#include <string.h>

#include "base/error.h"
#include "load/load_folder.h"
#include "load/load_keys_internal.h"

#define SET_BYTES_MAX ((size_t)2 << 20)
#define SET_BYTES_MIN ((size_t)96 << 10)

typedef struct batch_notes {
    const mimic_context *ctx;
    size_t count;
    keys_notes of[]; /* one a collector */
} batch_notes;

mimic_duplicates mimic__keys_policy(const keys_table *table)
{
    const mimic_duplicates policy = table->keys->setup.options->duplicates;
    return policy == MIMIC_DUPLICATES_DEFAULT ? MIMIC_DUPLICATES_REJECT : policy;
}

/* ---- beginning ---- */

static void free_results(key_collector *collector)
{
    mimic__key_set_free(collector->set);
    mimic__key_run_free(collector->run);
    mimic__key_run_free(collector->repeats);
    collector->set = NULL;
    collector->run = NULL;
    collector->repeats = NULL;
}

static mimic_status begin(void *self, mimic_error *err)
{
    keys_table *const table = self;
    const load_keys_setup *const setup = &table->keys->setup;
    size_t bytes = setup->memory_bytes / (table->collector_count + (table->collector_count == 0));
    if (bytes > SET_BYTES_MAX)
        bytes = SET_BYTES_MAX;
    if (bytes < SET_BYTES_MIN && setup->memory_bytes >= LOAD_KEYS_BYTES)
        bytes = SET_BYTES_MIN;
    table->is_complete = false;
    table->is_refused = false;
    for (size_t i = 0; i < table->collector_count; i++) {
        key_collector *const collector = &table->collectors[i];
        const load_key_set_options options = {.is_distinct = !collector->is_rows,
                                              .memory_bytes = bytes,
                                              .path = setup->path,
                                              .pool = setup->pool};
        free_results(collector);
        if (collector->is_active)
            MIMIC_TRY(mimic__key_set_new(table->keys->ctx, &options, &collector->set, err));
    }
    if (table->losers == NULL)
        return MIMIC_OK;
    mimic__key_reader_free(&table->loser_reader);
    MIMIC_TRY(mimic__key_reader_init(&table->loser_reader, table->losers, err));
    return mimic__key_reader_next(&table->loser_reader, &table->loser, err);
}

/* ---- a batch ---- */

static void drop(void *self, void *memory)
{
    batch_notes *const notes = memory;
    (void)self;
    for (size_t i = 0; i < notes->count; i++)
        mimic__free(notes->ctx, notes->of[i].items);
    mimic__free(notes->ctx, notes);
}

static mimic_status look(void *self, const mimic_batch *batch, void **out_notes, mimic_error *err)
{
    const keys_table *const table = self;
    const mimic_context *const ctx = table->keys->ctx;
    const size_t count = table->collector_count;
    batch_notes *const notes =
        mimic__alloc_zeroed(ctx, 1, sizeof *notes + count * sizeof *notes->of);
    if (notes == NULL)
        return mimic__fail_memory(err);
    notes->ctx = ctx;
    notes->count = count;
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < count && status == MIMIC_OK; i++) {
        const key_collector *const collector = &table->collectors[i];
        if (!collector->is_active || batch->row_count == 0)
            continue;
        status = collector->is_rows
                     ? mimic__keys_look_rows(ctx, collector, batch, &notes->of[i], err)
                     : mimic__keys_look_distinct(ctx, collector, batch, &notes->of[i], err);
    }
    if (status != MIMIC_OK) {
        drop(self, notes);
        return status;
    }
    *out_notes = notes;
    return MIMIC_OK;
}

typedef struct taken_batch {
    keys_table *table;
    const mimic_batch *batch;
    const uint32_t *rows;
    uint64_t first;         /* place of the reader's first row */
    const uint64_t *places; /* of all rows; NULL = they follow one another */
} taken_batch;

/* The row among those of the reader's batch. */
static int64_t read_row(const taken_batch *taken, uint32_t row)
{
    return taken->rows == NULL ? (int64_t)row : (int64_t)taken->rows[row];
}

static uint64_t place_of(const taken_batch *taken, uint32_t row)
{
    return taken->places == NULL ? taken->first + (uint64_t)read_row(taken, row)
                                 : taken->places[row];
}

/* Where the rows stand. Records may be missing between them; where none is, that is no work. */
static mimic_status find_places(taken_batch *taken, uint64_t **out_places, mimic_error *err)
{
    const load_flow *const flow = taken->table->flow;
    const size_t count = (size_t)taken->batch->row_count;
    *out_places = NULL;
    if (count == 0)
        return MIMIC_OK;
    const int64_t last = read_row(taken, (uint32_t)count - 1);
    taken->first = flow->place(flow->place_ctx, 0);
    if (flow->place(flow->place_ctx, last) - taken->first == (uint64_t)last)
        return MIMIC_OK;
    uint64_t *const places = mimic__alloc_array(flow->ctx, count, sizeof *places);
    if (places == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        places[i] = flow->place(flow->place_ctx, read_row(taken, (uint32_t)i));
    taken->places = places;
    *out_places = places;
    return MIMIC_OK;
}

static mimic_status take_rows(const taken_batch *taken, key_collector *collector,
                              const keys_notes *notes, mimic_error *err)
{
    keys_table *const table = taken->table;
    const mimic_batch *const batch = taken->batch;
    const bool is_unique = collector->unique != KEYS_NO_UNIQUE;
    const bool wants_order = is_unique && table->order_columns.count > 0;
    if (notes->ascending != NULL && !wants_order && taken->rows == NULL && taken->places == NULL)
        return mimic__key_set_add_integers(collector->set, notes->ascending,
                                           (size_t)batch->row_count, taken->first,
                                           (uint64_t)batch->first_row, err);
    const size_t count = notes->ascending != NULL ? (size_t)batch->row_count : notes->count;
    for (size_t i = 0; i < count; i++) {
        const key_note listed = notes->ascending != NULL
                                    ? (key_note){mimic__key_of_integer(notes->ascending[i]),
                                                 (uint32_t)i, 1}
                                    : notes->items[i];
        const key_note *const note = &listed;
        const int64_t row = batch->first_row + read_row(taken, note->row);
        load_key_entry entry = {note->key, place_of(taken, note->row), (uint64_t)row, NULL, 0};
        if (wants_order) {
            table->scratch.size = 0;
            mimic__key_order_bytes(batch, &table->order_columns, (int64_t)note->row,
                                   &table->scratch);
            if (table->scratch.failed)
                return mimic__fail_memory(err);
            entry.payload = (const unsigned char *)table->scratch.data;
            entry.payload_size = table->scratch.size;
        }
        MIMIC_TRY(mimic__key_set_add(collector->set, &entry, err));
    }
    return MIMIC_OK;
}

static mimic_status take_distinct(const taken_batch *taken, const key_collector *collector,
                                  const keys_notes *notes, mimic_error *err)
{
    keys_table *const table = taken->table;
    for (size_t i = 0; i < notes->count; i++) {
        const key_note *const note = &notes->items[i];
        if (mimic__key_set_count(collector->set, &note->key, note->count))
            continue;
        load_key_entry entry = {note->key, place_of(taken, note->row), note->count, NULL, 0};
        if (collector->is_child &&
            !mimic__key_is_plain(table->delivered, &collector->columns, &note->key)) {
            table->scratch.size = 0;
            mimic__key_text(taken->batch, &collector->columns, (int64_t)note->row,
                            &table->scratch);
            if (table->scratch.failed)
                return mimic__fail_memory(err);
            entry.payload = (const unsigned char *)table->scratch.data;
            entry.payload_size = table->scratch.size;
        }
        MIMIC_TRY(mimic__key_set_add(collector->set, &entry, err));
    }
    return MIMIC_OK;
}

static mimic_status take(void *self, const mimic_batch *batch, const uint32_t *rows, void *memory,
                         mimic_error *err)
{
    keys_table *const table = self;
    batch_notes *const notes = memory;
    taken_batch taken = {table, batch, rows, 0, NULL};
    uint64_t *places = NULL;
    mimic_status status = find_places(&taken, &places, err);
    for (size_t i = 0; notes != NULL && i < notes->count && status == MIMIC_OK; i++) {
        key_collector *const collector = &table->collectors[i];
        if (!collector->is_active)
            continue;
        status = collector->is_rows ? take_rows(&taken, collector, &notes->of[i], err)
                                    : take_distinct(&taken, collector, &notes->of[i], err);
    }
    mimic__free(table->keys->ctx, places);
    if (notes != NULL)
        drop(self, notes);
    return status;
}

/* ---- the end: what came again ---- */

/* The rows of one key, as they come out of a set. */
typedef struct key_group {
    keys_table *table;
    key_collector *collector;
    load_key_entry first; /* without its payload, which stands in `payload` */
    mimic_buffer payload;
    uint64_t earliest_place;
    int64_t size;
} key_group;

static void keep_example(key_unique *unique, const load_key_entry *entry, uint64_t first)
{
    size_t at = unique->example_count;
    for (; at > 0 && unique->examples[at - 1] > entry->first; at--) {
        if (at == KEYS_EXAMPLES)
            continue;
        unique->examples[at] = unique->examples[at - 1];
        unique->firsts[at] = unique->firsts[at - 1];
        unique->keys[at] = unique->keys[at - 1];
    }
    if (at == KEYS_EXAMPLES)
        return;
    unique->examples[at] = entry->first;
    unique->firsts[at] = first;
    unique->keys[at] = entry->key;
    unique->example_count += unique->example_count < KEYS_EXAMPLES;
}

/* One more row of the key at hand. */
static mimic_status repeat(key_group *group, const load_key_entry *entry, mimic_error *err)
{
    key_collector *const collector = group->collector;
    if (collector->unique == KEYS_NO_UNIQUE)
        return MIMIC_OK;
    key_unique *const unique = &group->table->uniques[collector->unique];
    const load_keys *const keys = group->table->keys;
    if (collector->repeats == NULL)
        MIMIC_TRY(mimic__key_run_new(keys->ctx, keys->setup.path, &collector->repeats, err));
    if (group->size == 1) {
        group->first.payload = (const unsigned char *)group->payload.data;
        MIMIC_TRY(mimic__key_run_add(collector->repeats, &group->first, err));
    }
    MIMIC_TRY(mimic__key_run_add(collector->repeats, entry, err));
    unique->violations++;
    if (entry->first > group->earliest_place) {
        keep_example(unique, entry, group->earliest_place);
    } else { /* ordered by something else than the position */
        load_key_entry later = *entry;
        later.first = group->earliest_place;
        keep_example(unique, &later, entry->first);
        group->earliest_place = entry->first;
    }
    return MIMIC_OK;
}

static mimic_status begin_group(key_group *group, const load_key_entry *entry, mimic_error *err)
{
    group->first = *entry;
    group->earliest_place = entry->first;
    group->size = 0;
    group->payload.size = 0;
    mimic__buffer_append(&group->payload, entry->payload, entry->payload_size);
    if (group->payload.failed)
        return mimic__fail_memory(err);
    if (!group->collector->is_parent)
        return MIMIC_OK;
    load_key_entry kept = *entry;
    kept.payload_size = 0;
    return mimic__key_run_add(group->collector->run, &kept, err);
}

static mimic_status read_groups(key_group *group, mimic_error *err)
{
    key_collector *const collector = group->collector;
    const load_key_entry *entry;
    for (;;) {
        MIMIC_TRY(mimic__key_set_next(collector->set, &entry, err));
        if (entry == NULL)
            return MIMIC_OK;
        if (group->size > 0 && mimic__key_compare(&group->first.key, &entry->key) == 0)
            MIMIC_TRY(repeat(group, entry, err));
        else
            MIMIC_TRY(begin_group(group, entry, err));
        group->size++;
    }
}

static mimic_status settle_rows(keys_table *table, key_collector *collector, mimic_error *err)
{
    key_group group = {.table = table, .collector = collector};
    /* Else what was found before they were left out is to be told. */
    const bool finds = !table->is_settled || mimic__keys_policy(table) == MIMIC_DUPLICATES_KEEP;
    if (collector->unique != KEYS_NO_UNIQUE && finds) {
        table->uniques[collector->unique].violations = 0;
        table->uniques[collector->unique].example_count = 0;
    }
    collector->run = mimic__key_set_take_run(collector->set);
    if (collector->run != NULL)
        return MIMIC_OK; /* they ascend: nothing came again */
    const load_keys *const keys = table->keys;
    MIMIC_TRY(mimic__key_run_new(keys->ctx, keys->setup.path, &collector->run, err));
    mimic__buffer_init(&group.payload, keys->ctx);
    const mimic_status status = read_groups(&group, err);
    mimic__buffer_free(&group.payload);
    MIMIC_TRY(status);
    if (collector->repeats != NULL)
        MIMIC_TRY(mimic__key_run_end(collector->repeats, err));
    return mimic__key_run_end(collector->run, err);
}

static mimic_status settle_distinct(const keys_table *table, key_collector *collector,
                                    mimic_error *err)
{
    const load_keys *const keys = table->keys;
    const load_key_entry *entry;
    collector->run = mimic__key_set_take_run(collector->set);
    if (collector->run != NULL)
        return MIMIC_OK;
    MIMIC_TRY(mimic__key_run_new(keys->ctx, keys->setup.path, &collector->run, err));
    for (;;) {
        MIMIC_TRY(mimic__key_set_next(collector->set, &entry, err));
        if (entry == NULL)
            return mimic__key_run_end(collector->run, err);
        MIMIC_TRY(mimic__key_run_add(collector->run, entry, err));
    }
}

static mimic_status settle(keys_table *table, mimic_error *err)
{
    for (size_t i = 0; i < table->collector_count; i++) {
        key_collector *const collector = &table->collectors[i];
        if (!collector->is_active)
            continue;
        MIMIC_TRY(mimic__key_set_end(collector->set, err));
        MIMIC_TRY(collector->is_rows ? settle_rows(table, collector, err)
                                     : settle_distinct(table, collector, err));
        mimic__key_set_free(collector->set);
        collector->set = NULL;
        if (!collector->is_parent && !collector->is_child) {
            mimic__key_run_free(collector->run);
            collector->run = NULL;
        }
    }
    table->is_complete = true;
    return MIMIC_OK;
}

/* ---- the end: another way through the input ---- */

static bool is_violated(const keys_table *table, const key_unique *unique)
{
    return table->collectors[unique->collector].repeats != NULL;
}

static bool is_any_violated(const keys_table *table)
{
    for (size_t i = 0; i < table->unique_count; i++)
        if (is_violated(table, &table->uniques[i]))
            return true;
    return false;
}

mimic_status mimic__keys_drop(keys_table *table, mimic_error *err)
{
    const mimic_table *const full = table->delivered;
    mimic_table *const without = &table->without;
    mimic_field *fields = mimic__arena_array(&table->arena, full->field_count, sizeof *fields);
    mimic_unique_key *keys =
        mimic__arena_array(&table->arena, full->unique_key_count + 1, sizeof *keys);
    if (fields == NULL || keys == NULL)
        return mimic__fail_memory(err);
    memcpy(fields, full->fields, full->field_count * sizeof *fields);
    *without = *full;
    without->fields = fields;
    without->unique_keys = keys;
    without->unique_key_count = 0;
    size_t at = 0;
    for (size_t i = 0; i < table->unique_count; i++) {
        const key_unique *const unique = &table->uniques[i];
        if (!table->collectors[unique->collector].is_active)
            continue; /* nor has the table as delivered this key */
        if (unique->kind == KEY_PRIMARY && unique->is_dropped)
            without->primary_key_count = 0;
        if (unique->kind == KEY_UNIQUE && !unique->is_dropped)
            keys[without->unique_key_count++] = full->unique_keys[at];
        at += unique->kind == KEY_UNIQUE;
        if (unique->kind == KEY_FIELD && unique->is_dropped)
            fields[mimic_table_find_field(full, unique->columns)].is_unique = false;
    }
    table->flow->table = without;
    return MIMIC_OK;
}

static mimic_status check_can_read_again(const keys_table *table, mimic_error *err)
{
    for (size_t i = 0; i < table->path_count; i++)
        if (table->flow->is_read_once || !mimic__file_can_be_reread(table->paths[i]))
            return mimic__fail(
                err, MIMIC_ERR_UNSUPPORTED,
                "table %s: keys come more than once in \"%s\", which can be read only once; give a "
                "file, or keep all rows (--duplicates keep)",
                table->table->name, table->paths[i]);
    return MIMIC_OK;
}

static mimic_status fail_key(const keys_table *table, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < table->unique_count && status == MIMIC_OK; i++) {
        mimic_buffer text;
        if (!is_violated(table, &table->uniques[i]))
            continue;
        mimic__buffer_init(&text, table->keys->ctx);
        mimic__keys_describe_unique(table, &table->uniques[i], &text);
        status = text.failed ? mimic__fail_memory(err)
                             : mimic__fail(err, MIMIC_ERR_VALUE, "table %s: %.*s",
                                           table->table->name, (int)text.size, text.data);
        mimic__buffer_free(&text);
    }
    return status;
}

/* KEEP: the keys that do not hold are dropped, and only those. */
static mimic_status keep_all(keys_table *table, bool *out_again, mimic_error *err)
{
    if (is_any_violated(table) &&
        table->keys->setup.options->keys == MIMIC_KEYS_ENFORCE)
        return fail_key(table, err);
    if (table->is_settled) /* an input that can be read once goes without keys from the beginning */
        return MIMIC_OK;
    bool differs = false;
    for (size_t i = 0; i < table->unique_count; i++) {
        key_unique *const unique = &table->uniques[i];
        differs |= unique->is_dropped != is_violated(table, unique);
        unique->is_dropped = is_violated(table, unique);
    }
    if (!differs)
        return MIMIC_OK;
    table->is_settled = true;
    *out_again = true;
    return mimic__keys_drop(table, err);
}

/* REJECT and LATEST: rows are left out, all keys hold. */
static mimic_status leave_out(keys_table *table, bool *out_again, mimic_error *err)
{
    if (!is_any_violated(table)) {
        if (table->flow->table == NULL)
            return MIMIC_OK;
        return mimic__fail(err, MIMIC_ERR_INTERNAL,
                           "table %s: the target refused a key that came once",
                           table->table->name);
    }
    if (table->is_settled)
        return mimic__fail(err, MIMIC_ERR_IO, "table %s: its input changed while it was read",
                           table->table->name);
    MIMIC_TRY(mimic__keys_find_losers(table, err));
    for (size_t i = 0; i < table->unique_count; i++)
        table->uniques[i].is_dropped = false;
    table->flow->table = NULL;
    table->flow->skip = table->skip;
    table->flow->skipped_are_rejects = mimic__keys_policy(table) == MIMIC_DUPLICATES_REJECT;
    table->is_settled = true;
    *out_again = true;
    return MIMIC_OK;
}

static mimic_status enforce_foreign(keys_table *table, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < table->foreign_count && status == MIMIC_OK; i++) {
        key_foreign *const foreign = &table->foreigns[i];
        MIMIC_TRY(mimic__keys_check_foreign(table, foreign, err));
        if (foreign->violations == 0)
            continue;
        mimic_buffer text;
        mimic__buffer_init(&text, table->keys->ctx);
        mimic__keys_describe_foreign(table, foreign, &text);
        status = text.failed ? mimic__fail_memory(err)
                             : mimic__fail(err, MIMIC_ERR_VALUE, "table %s: %.*s",
                                           table->table->name, (int)text.size, text.data);
        mimic__buffer_free(&text);
    }
    return status;
}

static mimic_status end(void *self, bool *out_again, mimic_error *err)
{
    keys_table *const table = self;
    if (table->is_refused) { /* what the sink kept from us must be seen */
        MIMIC_TRY(check_can_read_again(table, err));
        for (size_t i = 0; i < table->unique_count; i++)
            table->uniques[i].is_dropped = true;
        *out_again = true;
        return mimic__keys_drop(table, err);
    }
    MIMIC_TRY(settle(table, err));
    if (table->unique_count > 0)
        MIMIC_TRY(mimic__keys_policy(table) == MIMIC_DUPLICATES_KEEP ? keep_all(table, out_again, err)
                                                            : leave_out(table, out_again, err));
    if (*out_again)
        return check_can_read_again(table, err);
    return table->keys->setup.options->keys == MIMIC_KEYS_ENFORCE ? enforce_foreign(table, err)
                                                                  : MIMIC_OK;
}

load_stage mimic__keys_stage(keys_table *table)
{
    return (load_stage){.self = table,
                        .begin = begin,
                        .look = look,
                        .take = take,
                        .drop = drop,
                        .end = end};
}

void mimic__keys_table_reset(keys_table *table)
{
    for (size_t i = 0; i < table->collector_count; i++)
        free_results(&table->collectors[i]);
    mimic__key_reader_free(&table->loser_reader);
    table->loser_reader = (load_key_reader){0};
    mimic__key_run_free(table->losers);
    mimic__skip_free(table->skip);
    mimic__buffer_free(&table->scratch);
    table->losers = NULL;
    table->skip = NULL;
}
