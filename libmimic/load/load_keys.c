/*
 * See load_keys.h. Here is decided what each table has to gather: lists of columns, each for one or
 * more purposes. Columns of a key stand in the order of the fields of the table that it belongs to,
 * so that a parent and its children agree on it.
 */
#include "load/load_keys.h"

#include <string.h>

#include "base/error.h"
#include "load/load_folder.h"
#include "load/load_keys_internal.h"

/* ---- options ---- */

static mimic_status check_options(const mimic_load_options *options, mimic_error *err)
{
    if (options->keys < MIMIC_KEYS_DEFAULT || options->keys > MIMIC_KEYS_ENFORCE ||
        options->duplicates < MIMIC_DUPLICATES_DEFAULT ||
        options->duplicates > MIMIC_DUPLICATES_LATEST)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "keys or duplicates is none of the known values");
    if (options->keys == MIMIC_KEYS_OFF && options->duplicates != MIMIC_DUPLICATES_DEFAULT)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "what becomes of duplicates cannot be chosen when keys are not looked at");
    if (options->order_by_count > 0 && options->duplicates != MIMIC_DUPLICATES_LATEST)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "order_by decides which duplicate is the latest; without that policy it "
                           "means nothing");
    return MIMIC_OK;
}

/* ---- lists of columns ---- */

static bool has_fields(const key_collector *collector, const size_t *fields, size_t count)
{
    return collector->columns.count == count &&
           memcmp(collector->fields, fields, count * sizeof *fields) == 0;
}

/* The fields of a key as text: "stay_id, seq_num". NULL when memory ran out. */
static const char *join_fields(load_keys *keys, const mimic_table *table, const size_t *fields,
                               size_t count)
{
    const char *joined = "";
    for (size_t i = 0; i < count && joined != NULL; i++)
        joined = mimic__arena_format(&keys->arena, "%s%s%s", joined, i == 0 ? "" : ", ",
                                     table->fields[fields[i]].name);
    return joined;
}

static key_collector *add_collector(load_keys *keys, keys_table *table, const size_t *fields,
                                    size_t count)
{
    key_collector *const collector = &table->collectors[table->collector_count];
    size_t *const copy = mimic__arena_array(&keys->arena, count + 1, sizeof *copy);
    size_t *const places = mimic__arena_array(&keys->arena, count + 1, sizeof *places);
    if (copy == NULL || places == NULL)
        return NULL;
    memcpy(copy, fields, count * sizeof *copy);
    *collector = (key_collector){.fields = copy,
                                 .places = places,
                                 .columns = {places, count},
                                 .unique = KEYS_NO_UNIQUE};
    table->collector_count++;
    return collector;
}

/* Fields of a key in ascending order. */
static void sort_fields(size_t *fields, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && fields[j - 1] > fields[j]; j--) {
            const size_t swapped = fields[j];
            fields[j] = fields[j - 1];
            fields[j - 1] = swapped;
        }
}

static bool is_same_set(const size_t *sorted, size_t count, const size_t *fields,
                        size_t field_count)
{
    if (count != field_count)
        return false;
    for (size_t i = 0; i < field_count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < count; j++)
            is_there |= sorted[j] == fields[i];
        if (!is_there)
            return false;
    }
    return true;
}

static bool is_key_of(const mimic_table *table, const size_t *sorted, size_t count)
{
    bool is_key = is_same_set(sorted, count, table->primary_key, table->primary_key_count);
    for (size_t i = 0; i < table->unique_key_count && !is_key; i++)
        is_key = is_same_set(sorted, count, table->unique_keys[i].fields,
                             table->unique_keys[i].count);
    return is_key || (count == 1 && table->fields[sorted[0]].is_unique);
}

/* ---- unique keys ---- */

static mimic_status add_unique(load_keys *keys, keys_table *table, key_kind kind,
                               const size_t *fields, size_t count, mimic_error *err)
{
    size_t *const sorted = mimic__arena_array(&keys->arena, count + 1, sizeof *sorted);
    if (sorted == NULL)
        return mimic__fail_memory(err);
    memcpy(sorted, fields, count * sizeof *sorted);
    sort_fields(sorted, count);
    key_unique *const unique = &table->uniques[table->unique_count];
    *unique = (key_unique){.kind = kind,
                           .code = kind == KEY_PRIMARY ? "primary_key" : "unique_key",
                           .columns = join_fields(keys, table->table, fields, count),
                           .collector = table->collector_count};
    key_collector *const collector = add_collector(keys, table, sorted, count);
    if (unique->columns == NULL || collector == NULL)
        return mimic__fail_memory(err);
    unique->column = count == 1 ? unique->columns : "";
    collector->is_rows = true;
    collector->unique = table->unique_count++;
    return MIMIC_OK;
}

static mimic_status plan_uniques(load_keys *keys, keys_table *table, mimic_error *err)
{
    const mimic_table *const schema = table->table;
    const mimic_load_options *const options = keys->setup.options;
    const bool is_left_to_sink =
        keys->setup.sink_enforces && (options->duplicates == MIMIC_DUPLICATES_DEFAULT ||
                                      options->duplicates == MIMIC_DUPLICATES_REJECT);
    if (is_left_to_sink)
        return MIMIC_OK;
    if (schema->primary_key_count > 0)
        MIMIC_TRY(add_unique(keys, table, KEY_PRIMARY, schema->primary_key,
                             schema->primary_key_count, err));
    for (size_t i = 0; i < schema->unique_key_count; i++)
        MIMIC_TRY(add_unique(keys, table, KEY_UNIQUE, schema->unique_keys[i].fields,
                             schema->unique_keys[i].count, err));
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].is_unique)
            MIMIC_TRY(add_unique(keys, table, KEY_FIELD, &i, 1, err));
    return MIMIC_OK;
}

static mimic_status plan_order(load_keys *keys, keys_table *table, mimic_error *err)
{
    const mimic_load_options *const options = keys->setup.options;
    const mimic_table *const schema = table->table;
    if (options->duplicates != MIMIC_DUPLICATES_LATEST)
        return MIMIC_OK;
    bool is_given = options->order_by_count > 0;
    for (size_t i = 0; i < options->order_by_count; i++)
        is_given = is_given && mimic_table_find_field(schema, options->order_by[i]) >= 0;
    const size_t count = is_given ? options->order_by_count : schema->order_key_count;
    size_t *const order = mimic__arena_array(&keys->arena, count + 1, sizeof *order);
    if (order == NULL)
        return mimic__fail_memory(err);
    table->order_columns = (load_key_columns){order, count};
    table->order = order;
    table->has_given_order = is_given;
    for (size_t i = 0; i < count; i++)
        order[i] = is_given ? (size_t)mimic_table_find_field(schema, options->order_by[i])
                            : schema->order_key[i];
    return MIMIC_OK;
}

/* The columns that were asked for are those of some tables: of one at least. */
static mimic_status check_order(const load_keys *keys, mimic_error *err)
{
    const mimic_load_options *const options = keys->setup.options;
    bool is_used = options->order_by_count == 0;
    for (size_t i = 0; i < keys->table_count; i++)
        is_used = is_used || keys->tables[i].has_given_order;
    if (is_used)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "no table has the column%s \"%s\"%s",
                       options->order_by_count == 1 ? "" : "s", options->order_by[0],
                       options->order_by_count == 1 ? "" : " and those after it");
}

/* ---- foreign keys ---- */

static keys_table *find_table(const load_keys *keys, const mimic_table *schema, const char *name)
{
    for (size_t i = 0; i < keys->table_count; i++) {
        keys_table *const table = &keys->tables[i];
        if (schema != NULL ? table->table == schema
                           : mimic__name_equals(table->table->name, name))
            return table;
    }
    return NULL;
}

static mimic_status find_collector(load_keys *keys, keys_table *table, const size_t *fields,
                                   size_t count, size_t *out_index, mimic_error *err)
{
    for (*out_index = 0; *out_index < table->collector_count; ++*out_index)
        if (has_fields(&table->collectors[*out_index], fields, count))
            return MIMIC_OK;
    key_collector *const collector = add_collector(keys, table, fields, count);
    if (collector == NULL)
        return mimic__fail_memory(err);
    collector->is_rows = is_key_of(table->table, fields, count);
    return MIMIC_OK;
}

/* As find_collector; one of distinct keys, as rows are to be counted. */
static mimic_status find_child_collector(load_keys *keys, keys_table *table, const size_t *fields,
                                         size_t count, size_t *out_index, mimic_error *err)
{
    for (*out_index = 0; *out_index < table->collector_count; ++*out_index)
        if (has_fields(&table->collectors[*out_index], fields, count) &&
            !table->collectors[*out_index].is_rows)
            return MIMIC_OK;
    return add_collector(keys, table, fields, count) == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static const char *compare_types(load_keys *keys, const mimic_table *child, const size_t *own,
                                 const mimic_table *parent, const size_t *others, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const mimic_field *const left = &child->fields[own[i]];
        const mimic_field *const right = &parent->fields[others[i]];
        if (mimic__key_class(left->type) == mimic__key_class(right->type))
            continue;
        const char *const text = mimic__arena_format(
            &keys->arena, "%s is of type %s, and %s of %s %s", left->name,
            mimic_type_name(left->type), right->name, parent->name, mimic_type_name(right->type));
        return text == NULL ? "its types differ" : text;
    }
    return NULL;
}

static mimic_status plan_foreign(load_keys *keys, keys_table *table, const mimic_foreign_key *key,
                                 mimic_error *err)
{
    keys_table *const parent = find_table(keys, NULL, key->referenced_table);
    const size_t count = key->count;
    size_t *const own = mimic__arena_array(&keys->arena, count + 1, sizeof *own);
    size_t *const others = mimic__arena_array(&keys->arena, count + 1, sizeof *others);
    if (own == NULL || others == NULL)
        return mimic__fail_memory(err);
    key_foreign *const foreign = &table->foreigns[table->foreign_count];
    *foreign = (key_foreign){.key = key, .parent = parent};
    for (size_t i = 0; i < count; i++)
        own[i] = (size_t)mimic_table_find_field(table->table, key->fields[i]);
    foreign->columns = join_fields(keys, table->table, own, count);
    foreign->parent_columns = "";
    if (foreign->columns == NULL)
        return mimic__fail_memory(err);
    table->foreign_count++;
    if (parent == NULL)
        return MIMIC_OK;
    for (size_t i = 0; i < count; i++)
        others[i] = (size_t)mimic_table_find_field(parent->table, key->referenced_fields[i]);
    foreign->parent_columns = join_fields(keys, parent->table, others, count);
    for (size_t i = 1; i < count; i++) /* both in the order of the parent's fields */
        for (size_t j = i; j > 0 && others[j - 1] > others[j]; j--) {
            const size_t pair[2] = {others[j], own[j]};
            others[j] = others[j - 1];
            own[j] = own[j - 1];
            others[j - 1] = pair[0];
            own[j - 1] = pair[1];
        }
    foreign->obstacle = compare_types(keys, table->table, own, parent->table, others, count);
    if (foreign->parent_columns == NULL)
        return mimic__fail_memory(err);
    if (foreign->obstacle != NULL)
        return MIMIC_OK;
    MIMIC_TRY(find_child_collector(keys, table, own, count, &foreign->child_collector, err));
    MIMIC_TRY(find_collector(keys, parent, others, count, &foreign->parent_collector, err));
    table->collectors[foreign->child_collector].is_child = true;
    parent->collectors[foreign->parent_collector].is_parent = true;
    return MIMIC_OK;
}

static mimic_status plan_foreigns(load_keys *keys, keys_table *table, mimic_error *err)
{
    const mimic_csv_options *const csv = keys->setup.options->csv;
    if (csv != NULL && csv->limit > 0)
        return MIMIC_OK; /* of some rows nothing can be said */
    for (size_t i = 0; i < table->table->foreign_key_count; i++) {
        const mimic_foreign_key *const key = &table->table->foreign_keys[i];
        const bool is_own = mimic__name_equals(key->referenced_table, table->table->name);
        if (keys->setup.dataset != NULL || is_own)
            MIMIC_TRY(plan_foreign(keys, table, key, err));
    }
    return MIMIC_OK;
}

/* ---- the plan ---- */

/* Room for as many collectors as there can be: others may name this table too. */
static mimic_status make_table(load_keys *keys, keys_table *table, const mimic_table *schema,
                               mimic_error *err)
{
    const size_t uniques = 1 + schema->unique_key_count + schema->field_count;
    size_t foreigns = 0;
    for (size_t i = 0; i < keys->setup.table_count; i++)
        foreigns += keys->setup.tables[i]->foreign_key_count;
    table->keys = keys;
    table->table = schema;
    mimic__arena_init(&table->arena, keys->ctx);
    mimic__buffer_init(&table->scratch, keys->ctx);
    keys->table_count++;
    table->uniques = mimic__arena_array(&keys->arena, uniques, sizeof *table->uniques);
    table->foreigns = mimic__arena_array(&keys->arena, schema->foreign_key_count + 1,
                                         sizeof *table->foreigns);
    table->collectors =
        mimic__arena_array(&keys->arena, uniques + schema->foreign_key_count + foreigns,
                           sizeof *table->collectors);
    return table->uniques == NULL || table->foreigns == NULL || table->collectors == NULL
               ? mimic__fail_memory(err)
               : MIMIC_OK;
}

/* As many rounds as there are tables at most: keys may lead back to where they came from. */
static void plan_depths(load_keys *keys)
{
    bool has_changed = true;
    for (size_t round = 0; round < keys->table_count && has_changed; round++) {
        has_changed = false;
        for (size_t i = 0; i < keys->table_count; i++) {
            keys_table *const table = &keys->tables[i];
            for (size_t j = 0; j < table->foreign_count; j++) {
                const keys_table *const parent = table->foreigns[j].parent;
                if (parent == NULL || parent == table || table->depth > parent->depth)
                    continue;
                table->depth = parent->depth + 1;
                has_changed = true;
            }
        }
    }
}

static mimic_status make_plan(load_keys *keys, mimic_error *err)
{
    const load_keys_setup *const setup = &keys->setup;
    keys->tables = mimic__arena_array(&keys->arena, setup->table_count + 1, sizeof *keys->tables);
    if (keys->tables == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < setup->table_count; i++)
        MIMIC_TRY(make_table(keys, &keys->tables[i], setup->tables[i], err));
    for (size_t i = 0; i < keys->table_count; i++) {
        MIMIC_TRY(plan_uniques(keys, &keys->tables[i], err));
        MIMIC_TRY(plan_order(keys, &keys->tables[i], err));
    }
    for (size_t i = 0; i < keys->table_count; i++)
        MIMIC_TRY(plan_foreigns(keys, &keys->tables[i], err));
    MIMIC_TRY(check_order(keys, err));
    plan_depths(keys);
    return MIMIC_OK;
}

mimic_status mimic__keys_new(const mimic_context *ctx, const load_keys_setup *setup,
                             load_keys **out_keys, mimic_error *err)
{
    *out_keys = NULL;
    MIMIC_TRY(check_options(setup->options, err));
    if (setup->options->keys == MIMIC_KEYS_OFF)
        return MIMIC_OK;
    load_keys *const keys = mimic__alloc_zeroed(ctx, 1, sizeof *keys);
    if (keys == NULL)
        return mimic__fail_memory(err);
    keys->ctx = ctx;
    keys->setup = *setup;
    if (setup->memory_bytes == 0)
        keys->setup.memory_bytes = LOAD_KEYS_BYTES;
    mimic__arena_init(&keys->arena, ctx);
    const mimic_status status = make_plan(keys, err);
    if (status != MIMIC_OK) {
        mimic__keys_free(keys);
        return status;
    }
    *out_keys = keys;
    return MIMIC_OK;
}

void mimic__keys_free(load_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->table_count; i++) {
        mimic__keys_table_reset(&keys->tables[i]);
        mimic__arena_free(&keys->tables[i].arena);
    }
    mimic__arena_free(&keys->arena);
    mimic__free(keys->ctx, keys);
}

/* ---- a table ---- */

/* Finds the columns of the table as it is delivered. */
static bool place_fields(const keys_table *table, const size_t *fields, size_t *places,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t found =
            mimic_table_find_field(table->delivered, table->table->fields[fields[i]].name);
        if (found < 0)
            return false;
        places[i] = (size_t)found;
    }
    return true;
}

static mimic_status place_order(keys_table *table, mimic_error *err)
{
    const size_t count = table->order_columns.count;
    size_t *const places = mimic__arena_array(&table->arena, count + 1, sizeof *places);
    if (places == NULL)
        return mimic__fail_memory(err);
    if (!place_fields(table, table->order, places, count))
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "table %s: duplicates are ordered by a column that is left out",
                           table->table->name);
    table->order_columns.fields = places;
    return MIMIC_OK;
}

/* KEEP of an input that cannot be read again: no key is promised that might not hold. */
static mimic_status drop_all(keys_table *table, mimic_error *err)
{
    bool can_be_reread = !table->flow->is_read_once;
    for (size_t i = 0; i < table->path_count; i++)
        can_be_reread = can_be_reread && mimic__file_can_be_reread(table->paths[i]);
    if (mimic__keys_policy(table) != MIMIC_DUPLICATES_KEEP || can_be_reread ||
        table->unique_count == 0)
        return MIMIC_OK;
    for (size_t i = 0; i < table->unique_count; i++)
        table->uniques[i].is_dropped = true;
    table->is_settled = true;
    return mimic__keys_drop(table, err);
}

mimic_status mimic__keys_join(load_keys *keys, const mimic_table *schema,
                              const mimic_table *delivered, const char *const *paths,
                              size_t path_count, load_flow *flow, mimic_error *err)
{
    keys_table *const table = keys == NULL ? NULL : find_table(keys, schema, NULL);
    if (table == NULL || table->collector_count == 0)
        return MIMIC_OK;
    table->flow = flow;
    table->delivered = delivered;
    table->paths = paths;
    table->path_count = path_count;
    for (size_t i = 0; i < table->collector_count; i++) {
        key_collector *const collector = &table->collectors[i];
        collector->is_active =
            place_fields(table, collector->fields, collector->places, collector->columns.count);
    }
    MIMIC_TRY(place_order(table, err));
    MIMIC_TRY(drop_all(table, err));
    flow->stages[flow->stage_count++] = mimic__keys_stage(table);
    return MIMIC_OK;
}

void mimic__keys_leave(load_keys *keys, const mimic_table *schema, bool is_written)
{
    keys_table *const table = keys == NULL ? NULL : find_table(keys, schema, NULL);
    if (table == NULL)
        return;
    table->flow = NULL;
    if (is_written && table->collector_count == 0)
        table->is_complete = true; /* there was nothing to gather */
    if (is_written)
        return;
    mimic__keys_table_reset(table);
    table->is_complete = false;
}

bool mimic__keys_refused(load_keys *keys, const mimic_table *schema)
{
    keys_table *const table = keys == NULL ? NULL : find_table(keys, schema, NULL);
    if (table == NULL || table->unique_count == 0)
        return false;
    table->is_refused = true;
    return true;
}

/* ---- tables that are not loaded this time ---- */

bool mimic__keys_is_needed(const load_keys *keys, const mimic_table *schema)
{
    for (size_t i = 0; keys != NULL && i < keys->table_count; i++) {
        const keys_table *const child = &keys->tables[i];
        for (size_t j = 0; j < child->foreign_count; j++) {
            const keys_table *const parent = child->foreigns[j].parent;
            if (parent == NULL || child->foreigns[j].obstacle != NULL)
                continue;
            if ((child->table == schema && keys_table_is_loaded(parent)) ||
                (parent->table == schema && keys_table_is_loaded(child)))
                return true;
        }
    }
    return false;
}

bool mimic__keys_columns(load_keys *keys, const mimic_table *schema, const char ***out_columns,
                         size_t *out_count)
{
    const keys_table *const table = find_table(keys, schema, NULL);
    *out_columns = mimic__arena_array(&keys->arena, schema->field_count + 1, sizeof **out_columns);
    *out_count = 0;
    if (*out_columns == NULL)
        return false;
    for (size_t field = 0; field < schema->field_count; field++) {
        bool is_key = false;
        for (size_t i = 0; i < table->collector_count; i++)
            for (size_t k = 0; k < table->collectors[i].columns.count; k++)
                is_key |= table->collectors[i].fields[k] == field;
        for (size_t i = 0; i < table->order_columns.count; i++)
            is_key |= table->order[i] == field;
        if (is_key)
            (*out_columns)[(*out_count)++] = schema->fields[field].name;
    }
    return true;
}

/* ---- the end ---- */

mimic_status mimic__keys_finish(load_keys *keys, mimic_error *err)
{
    if (keys == NULL)
        return MIMIC_OK;
    for (size_t i = 0; i < keys->table_count; i++)
        for (size_t j = 0; j < keys->tables[i].foreign_count; j++)
            MIMIC_TRY(
                mimic__keys_check_foreign(&keys->tables[i], &keys->tables[i].foreigns[j], err));
    return MIMIC_OK;
}

size_t mimic__keys_depth(const load_keys *keys, const mimic_table *schema)
{
    const keys_table *const table = keys == NULL ? NULL : find_table(keys, schema, NULL);
    return table == NULL ? 0 : table->depth;
}
