/*
 * What codes mean: descriptions from the dictionaries of a release, looked up by the key that a code
 * was made of. Only the keys that occur are kept.
 */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "csv/csv_reader_internal.h"
#include "events/event_state.h"

#define MOST_KEYS 8

/* One dictionary, while it is read. */
typedef struct dictionary {
    event_job *job;
    const mimic_event_dictionary *model;
    mimic_arena arena;
    mimic_hashmap keys;        /* that occur */
    const char **descriptions; /* by key, NULL = not found */
    mimic_buffer key;
} dictionary;

/* ---- the keys that occur ---- */

/* NULL = none, as of a code whose origin is not known: a file of partition may say so. */
static const mimic_event_dictionary *dictionary_of(const mimic_event_map *map, uint16_t kind)
{
    const char *const name = kind < map->kind_count ? map->kinds[kind]->dictionary : NULL;
    for (size_t i = 0; i < map->dictionary_count && name != NULL; i++)
        if (strcmp(map->dictionaries[i].table, name) == 0)
            return &map->dictionaries[i];
    return NULL;
}

static mimic_status gather_keys(dictionary *self, mimic_error *err)
{
    const mimic_event_codes *const codes = self->job->codes;
    for (uint32_t i = 0; i < mimic__event_codes_count(codes); i++) {
        const mimic_event_origin origin = mimic__event_codes_origin(codes, i);
        if (dictionary_of(self->job->map, origin.kind) == self->model &&
            mimic__hashmap_insert(&self->keys, origin.key, origin.key_size) == MIMIC_HASHMAP_NONE)
            return mimic__fail_memory(err);
    }
    self->descriptions =
        mimic__arena_array(&self->arena, (size_t)self->keys.count + 1, sizeof *self->descriptions);
    return self->descriptions == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* ---- the rows ---- */

/* The text of a value; false for NULL, and for types that no dictionary is keyed by. */
static bool put_value(mimic_buffer *out, const mimic_column *column, int64_t row)
{
    if (!mimic_column_is_valid(column, row))
        return false;
    switch (column->type) {
    case MIMIC_TYPE_INT16:
        mimic__buffer_format(out, "%d", ((const int16_t *)column->values)[row]);
        return true;
    case MIMIC_TYPE_INT32:
        mimic__buffer_format(out, "%d", ((const int32_t *)column->values)[row]);
        return true;
    case MIMIC_TYPE_INT64:
        mimic__buffer_format(out, "%lld", (long long)((const int64_t *)column->values)[row]);
        return true;
    case MIMIC_TYPE_STRING:
        mimic__buffer_append(out, (const char *)column->values + column->offsets[row],
                             (size_t)(column->offsets[row + 1] - column->offsets[row]));
        return true;
    case MIMIC_TYPE_CATEGORICAL: {
        const int32_t *const ends =
            column->dictionary->offsets + ((const int32_t *)column->values)[row];
        mimic__buffer_append(out, column->dictionary->bytes + ends[0], (size_t)(ends[1] - ends[0]));
        return true;
    }
    default:
        return false;
    }
}

static mimic_status take_row(dictionary *self, const mimic_batch *batch, int64_t row,
                             mimic_error *err)
{
    const size_t key_count = self->model->key_count;
    self->key.size = 0;
    for (size_t i = 0; i < key_count; i++) {
        if (i > 0)
            mimic__buffer_byte(&self->key, 0x1F);
        if (!put_value(&self->key, &batch->columns[i], row))
            return MIMIC_OK;
    }
    const uint32_t number = mimic__hashmap_find(&self->keys, self->key.data, self->key.size);
    if (self->key.failed)
        return mimic__fail_memory(err);
    if (number == MIMIC_HASHMAP_NONE || self->descriptions[number] != NULL)
        return MIMIC_OK;
    self->key.size = 0;
    if (!put_value(&self->key, &batch->columns[key_count], row))
        return MIMIC_OK;
    self->descriptions[number] = self->key.failed ? NULL
                                                  : mimic__arena_strndup(&self->arena, self->key.data,
                                                                         self->key.size);
    return self->descriptions[number] == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status take_rows(dictionary *self, mimic_csv_reader *reader, mimic_error *err)
{
    for (;;) {
        const mimic_batch *batch;
        const mimic_status status = mimic_csv_reader_next(reader, &batch, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        for (int64_t row = 0; row < batch->row_count; row++)
            MIMIC_TRY(take_row(self, batch, row, err));
    }
}

/* A dictionary that lacks a column, or a row that does not fit, describes less; it is no reason to
 * fail. */
static mimic_status read_file(dictionary *self, const char *path, mimic_error *err)
{
    const char *columns[MOST_KEYS + 1];
    const csv_setup setup = {.pool = self->job->pool, .unique = MIMIC_UNIQUE_NONE};
    mimic_csv_options options = mimic__event_job_csv(self->job);
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_table *const table = self->model->source;
    const size_t key_count = self->model->key_count;
    if (key_count == 0 || key_count > MOST_KEYS)
        return MIMIC_OK;
    for (size_t i = 0; i < key_count; i++)
        columns[i] = table->fields[self->model->keys[i]].name;
    columns[key_count] = table->fields[self->model->description].name;
    options.columns = columns;
    options.column_count = key_count + 1;
    mimic_status status = mimic_source_open(self->job->ctx, path, NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv__reader_open(self->job->ctx, source, table, &options, &setup, &reader,
                                        err);
    if (status == MIMIC_OK)
        status = take_rows(self, reader, err);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return status;
}

static mimic_status read_dictionary(dictionary *self, mimic_error *err)
{
    const load_file *file = NULL;
    MIMIC_TRY(gather_keys(self, err));
    if (self->keys.count == 0)
        return MIMIC_OK;
    MIMIC_TRY(mimic__event_job_find_file(self->job, self->model->source, &file, err));
    return file == NULL ? MIMIC_OK : read_file(self, file->path, err);
}

/* ---- codes ---- */

/* The description of a code that `self` describes, NULL = there is none; self->model NULL = no
 * dictionary does. (Or memory is missing, which the table of codes finds out too.) */
static const char *description_of(const dictionary *self, const mimic_event_origin *origin,
                                  mimic_arena *arena)
{
    const mimic_event_map *const map = self->job->map;
    if (self->model != NULL)
        return self->descriptions[mimic__hashmap_find(&self->keys, origin->key, origin->key_size)];
    if (origin->kind >= map->kind_count)
        return NULL;
    const mimic_event_kind *const kind = map->kinds[origin->kind];
    if (kind->description_key < 0)
        return kind->description;
    const mimic_key_value value =
        mimic__event_key_value(origin->key, origin->key_size, kind->description_key);
    return value.size == 0 ? NULL : mimic__arena_strndup(arena, value.data, value.size);
}

static mimic_status add_code(const dictionary *self, uint32_t number, int64_t events,
                             event_code_table *table, mimic_error *err)
{
    const event_job *const job = self->job;
    const mimic_event_origin origin = mimic__event_codes_origin(job->codes, number);
    if (dictionary_of(job->map, origin.kind) != self->model)
        return MIMIC_OK;
    mimic_arena scratch;
    mimic__arena_init(&scratch, job->ctx);
    const event_code_entry entry = {
        .kind = origin.kind,
        .events = events,
        .key = mimic__arena_strndup(&scratch, origin.key, origin.key_size),
        .description = description_of(self, &origin, &scratch)};
    size_t size;
    const char *const code = mimic__event_codes_text(job->codes, number, &size);
    const mimic_status status = entry.key == NULL
                                    ? mimic__fail_memory(err)
                                    : mimic__event_code_table_add(table, code, size, &entry, err);
    mimic__arena_free(&scratch);
    return status;
}

mimic_status mimic__event_codes_describe(event_job *job, const int64_t *events, size_t event_count,
                                         event_code_table *table, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i <= job->map->dictionary_count && status == MIMIC_OK; i++) {
        const bool is_last = i == job->map->dictionary_count;
        dictionary self = {.job = job, .model = is_last ? NULL : &job->map->dictionaries[i]};
        mimic__arena_init(&self.arena, job->ctx);
        mimic__hashmap_init(&self.keys, job->ctx);
        mimic__buffer_init(&self.key, job->ctx);
        if (!is_last)
            status = read_dictionary(&self, err);
        const uint32_t count = mimic__event_codes_count(job->codes);
        for (uint32_t code = 0; code < count && status == MIMIC_OK; code++)
            status = add_code(&self, code, code < event_count ? events[code] : 0, table, err);
        mimic__buffer_free(&self.key);
        mimic__hashmap_free(&self.keys);
        mimic__arena_free(&self.arena);
    }
    return status;
}

/* ---- parents ---- */

mimic_status mimic__event_code_parents(const mimic_event_map *map, const event_code_entry *entry,
                                       mimic_arena *arena, const char *const **out_parents,
                                       size_t *out_count, mimic_error *err)
{
    *out_count = 0;
    if (entry->kind >= map->kind_count || map->kinds[entry->kind]->parent_count == 0)
        return MIMIC_OK;
    const mimic_event_kind *const kind = map->kinds[entry->kind];
    const char **const parents = mimic__arena_array(arena, kind->parent_count, sizeof *parents);
    mimic_buffer text;
    mimic__buffer_init(&text, arena->ctx);
    bool failed = parents == NULL;
    for (size_t i = 0; i < kind->parent_count && !failed; i++) {
        text.size = 0;
        if (!mimic__event_parent(kind, i, entry->key, strlen(entry->key), &text))
            continue;
        parents[*out_count] = text.failed ? NULL : mimic__arena_strndup(arena, text.data, text.size);
        failed = parents[(*out_count)++] == NULL;
    }
    failed = failed || text.failed;
    mimic__buffer_free(&text);
    *out_parents = parents;
    return failed ? mimic__fail_memory(err) : MIMIC_OK;
}
