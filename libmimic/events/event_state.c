/* What a part leaves for the end of a build; see the header. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "events/event_records.h"
#include "events/event_state.h"
#include "json/json.h"

#define STATE_BYTES ((size_t)16 << 20)

/* ---- counts ---- */

mimic_status mimic__event_state_init(event_state *state, const mimic_context *ctx,
                                     const mimic_event_map *map, mimic_error *err)
{
    *state = (event_state){.table_count = map->table_count};
    state->tables = mimic__alloc_zeroed(ctx, map->table_count, sizeof *state->tables);
    if (state->tables == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < map->table_count; i++)
        state->tables[i].table = &map->tables[i];
    return MIMIC_OK;
}

void mimic__event_state_free(const mimic_context *ctx, event_state *state)
{
    mimic__free(ctx, state->tables);
    mimic__free(ctx, state->unused);
    state->tables = NULL;
    state->unused = NULL;
    state->unused_count = 0;
}

static void add_tally(mimic_event_tally *sum, const mimic_event_tally *part)
{
    sum->with_events += part->with_events;
    sum->without_events += part->without_events;
    sum->rejected += part->rejected;
    sum->events += part->events;
    sum->outside_group += part->outside_group;
    for (size_t i = 0; i < sizeof sum->marked / sizeof *sum->marked; i++)
        sum->marked[i] += part->marked[i];
}

static bool is_same_reading(const event_reading *a, const event_reading *b)
{
    return a->read == b->read && a->rejected == b->rejected && a->without == b->without &&
           strcmp(a->hash, b->hash) == 0;
}

mimic_status mimic__event_state_add(event_state *sum, const event_state *part, mimic_error *err)
{
    for (size_t i = 0; i < sum->table_count; i++) {
        event_table_state *const into = &sum->tables[i];
        const event_table_state *const from = &part->tables[i];
        if (from->is_there && into->is_there &&
            !is_same_reading(&into->reading, &from->reading))
            return mimic__fail(err, MIMIC_ERR_STATE,
                               "the parts were not built from the same file of table %s; build "
                               "them anew (--force)",
                               into->table->table->name);
        if (from->is_there && !into->is_there) {
            into->is_there = true;
            into->reading = from->reading;
            into->was_direct = from->was_direct;
            memcpy(into->source, from->source, sizeof into->source);
        }
        add_tally(&into->tally, &from->tally);
    }
    sum->totals.subjects += part->totals.subjects;
    sum->totals.events += part->totals.events;
    sum->totals.files += part->totals.files;
    sum->totals.bytes += part->totals.bytes;
    sum->spilled += part->spilled;
    sum->codes += part->codes;
    return MIMIC_OK;
}

static void put_numbers(mimic_buffer *text, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mimic__buffer_format(text, "%s%lld", i == 0 ? "[" : ", ", (long long)numbers[i]);
    mimic__buffer_byte(text, ']');
}

#define READING_NUMBERS 3
#define TALLY_NUMBERS (5 + 16)
#define TOTAL_NUMBERS 6

static void put_table(mimic_buffer *text, const event_table_state *state, bool was_direct)
{
    const event_reading *const reading = &state->reading;
    const mimic_event_tally *const tally = &state->tally;
    int64_t numbers[TALLY_NUMBERS] = {tally->with_events, tally->without_events, tally->rejected,
                                      tally->events, tally->outside_group};
    memcpy(numbers + 5, tally->marked, sizeof tally->marked);
    mimic__buffer_format(text, "{\"table\": %u, \"source\": ", state->table->number);
    mimic__buffer_json_string(text, state->source);
    mimic__buffer_format(text, ", \"hash\": \"%s\", \"direct\": %d, \"reading\": ", reading->hash,
                         was_direct);
    put_numbers(text, (const int64_t[]){reading->read, reading->rejected, reading->without},
                READING_NUMBERS);
    mimic__buffer_text(text, ", \"tally\": ");
    put_numbers(text, numbers, TALLY_NUMBERS);
    mimic__buffer_byte(text, '}');
}

mimic_status mimic__event_state_write(const mimic_context *ctx, const event_state *state,
                                      const char *path, mimic_error *err)
{
    mimic_buffer text;
    mimic_output *output = NULL;
    bool is_first = true;
    mimic__buffer_init(&text, ctx);
    mimic__buffer_text(&text, "{\"tables\": [");
    for (size_t i = 0; i < state->table_count; i++) {
        if (!state->tables[i].is_there)
            continue;
        mimic__buffer_text(&text, is_first ? "\n  " : ",\n  ");
        put_table(&text, &state->tables[i], state->tables[i].was_direct && !state->is_of_dataset);
        is_first = false;
    }
    mimic__buffer_text(&text, "],\n \"totals\": ");
    put_numbers(&text,
                (const int64_t[]){state->totals.subjects, state->totals.events,
                                  state->totals.files, state->totals.bytes,
                                  state->is_of_dataset ? 0 : state->spilled,
                                  state->codes},
                TOTAL_NUMBERS);
    if (state->unused_count > 0) {
        mimic__buffer_text(&text, ",\n \"unused\": ");
        put_numbers(&text, state->unused, state->unused_count);
    }
    mimic__buffer_text(&text, "}\n");
    mimic_status status =
        text.failed ? mimic__fail_memory(err) : mimic__output_open(ctx, path, NULL, &output, err);
    if (status == MIMIC_OK)
        status = mimic__output_write(output, text.data, text.size, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    mimic__buffer_free(&text);
    return status;
}

static bool take_numbers(const mimic_json *array, int64_t *numbers, size_t count)
{
    if (array == NULL || array->kind != MIMIC_JSON_ARRAY || array->child_count != count)
        return false;
    for (const mimic_json *item = array->first; item != NULL; item = item->next)
        if (!mimic__json_int64(item, numbers++))
            return false;
    return true;
}

static bool take_text(const mimic_json *value, char *out, size_t capacity)
{
    if (value == NULL || value->kind != MIMIC_JSON_STRING || value->text_size >= capacity)
        return false;
    memcpy(out, value->text, value->text_size + 1);
    return true;
}

static bool take_table(const mimic_json *json, event_state *part)
{
    int64_t number, direct;
    int64_t reading[READING_NUMBERS];
    int64_t tally[TALLY_NUMBERS];
    if (!mimic__json_int64(mimic__json_get(json, "table"), &number) || number < 0 ||
        (uint64_t)number >= part->table_count)
        return false;
    event_table_state *const state = &part->tables[number];
    if (state->is_there || !take_text(mimic__json_get(json, "source"), state->source, sizeof state->source) ||
        !take_text(mimic__json_get(json, "hash"), state->reading.hash, 33) ||
        !mimic__json_int64(mimic__json_get(json, "direct"), &direct) ||
        !take_numbers(mimic__json_get(json, "reading"), reading, READING_NUMBERS) ||
        !take_numbers(mimic__json_get(json, "tally"), tally, TALLY_NUMBERS))
        return false;
    state->is_there = true;
    state->was_direct = direct != 0;
    state->reading.read = reading[0];
    state->reading.rejected = reading[1];
    state->reading.without = reading[2];
    state->tally = (mimic_event_tally){.with_events = tally[0],
                                       .without_events = tally[1],
                                       .rejected = tally[2],
                                       .events = tally[3],
                                       .outside_group = tally[4]};
    memcpy(state->tally.marked, tally + 5, sizeof state->tally.marked);
    return true;
}

/* False only for something else than numbers. */
static bool take_unused(const mimic_context *ctx, const mimic_json *array, event_state *part,
                        bool *out_has_memory)
{
    *out_has_memory = true;
    if (array == NULL)
        return true;
    if (array->kind != MIMIC_JSON_ARRAY)
        return false;
    part->unused = mimic__alloc_array(ctx, array->child_count + 1, sizeof *part->unused);
    *out_has_memory = part->unused != NULL;
    part->unused_count = *out_has_memory ? array->child_count : 0;
    return !*out_has_memory || take_numbers(array, part->unused, part->unused_count);
}

static bool take_state(const mimic_json *root, event_state *part)
{
    int64_t totals[TOTAL_NUMBERS];
    const mimic_json *const tables = mimic__json_get(root, "tables");
    if (tables == NULL || tables->kind != MIMIC_JSON_ARRAY ||
        !take_numbers(mimic__json_get(root, "totals"), totals, TOTAL_NUMBERS))
        return false;
    for (const mimic_json *item = tables->first; item != NULL; item = item->next)
        if (!take_table(item, part))
            return false;
    part->totals = (mimic_event_output_totals){
        .subjects = totals[0], .events = totals[1], .files = totals[2], .bytes = totals[3]};
    part->spilled = totals[4];
    part->codes = totals[5];
    return true;
}

mimic_status mimic__event_state_read(const mimic_context *ctx, const char *path,
                                     event_state *state, mimic_error *err)
{
    mimic_arena arena;
    const mimic_json *root = NULL;
    event_state part = {.table_count = state->table_count};
    char *text = NULL;
    size_t size = 0;
    MIMIC_TRY(mimic__read_file(ctx, path, STATE_BYTES, &text, &size, err));
    mimic__arena_init(&arena, ctx);
    part.tables = mimic__alloc_zeroed(ctx, part.table_count, sizeof *part.tables);
    mimic_status status = part.tables == NULL ? mimic__fail_memory(err)
                                              : mimic__json_parse(&arena, text, size, path, &root, err);
    for (size_t i = 0; i < part.table_count && part.tables != NULL; i++)
        part.tables[i].table = state->tables[i].table;
    bool has_memory = true;
    if (status == MIMIC_OK &&
        (!take_state(root, &part) ||
         !take_unused(ctx, mimic__json_get(root, "unused"), &part, &has_memory)))
        status = mimic__fail(err, MIMIC_ERR_CORRUPT,
                             "%s is damaged; remove the folder it is in and build again", path);
    if (!has_memory)
        status = mimic__fail_memory(err);
    if (status == MIMIC_OK)
        status = mimic__event_state_add(state, &part, err);
    if (status == MIMIC_OK && part.unused != NULL) {
        mimic__free(ctx, state->unused);
        state->unused = part.unused;
        state->unused_count = part.unused_count;
        part.unused = NULL;
    }
    mimic__event_state_free(ctx, &part);
    mimic__arena_free(&arena);
    mimic__free(ctx, text);
    return status;
}

/* ---- codes ---- */

void mimic__event_code_table_init(event_code_table *table, const mimic_context *ctx)
{
    *table = (event_code_table){.entries = NULL};
    mimic__arena_init(&table->arena, ctx);
    mimic__hashmap_init(&table->codes, ctx);
}

void mimic__event_code_table_free(event_code_table *table)
{
    mimic__free(table->arena.ctx, table->entries);
    mimic__hashmap_free(&table->codes);
    mimic__arena_free(&table->arena);
}

static bool is_lesser(const event_code_entry *a, const event_code_entry *b)
{
    return a->kind != b->kind ? a->kind < b->kind : strcmp(a->key, b->key) < 0;
}

/* The texts of `from` are copied. */
static mimic_status take_meaning(event_code_table *table, event_code_entry *into,
                                 const event_code_entry *from, mimic_error *err)
{
    const char *const description = from->description;
    into->kind = from->kind;
    into->key = mimic__arena_strdup(&table->arena, from->key);
    into->description =
        description == NULL ? NULL : mimic__arena_strdup(&table->arena, description);
    return into->key == NULL || (description != NULL && into->description == NULL)
               ? mimic__fail_memory(err)
               : MIMIC_OK;
}

mimic_status mimic__event_code_table_add(event_code_table *table, const char *code, size_t size,
                                         const event_code_entry *entry, mimic_error *err)
{
    const uint32_t count = table->codes.count;
    if (count == table->capacity) {
        event_code_entry *const grown = mimic__array_grow(
            table->arena.ctx, table->entries, count, &table->capacity, sizeof *table->entries);
        if (grown == NULL)
            return mimic__fail_memory(err);
        table->entries = grown;
    }
    const uint32_t number = mimic__hashmap_insert(&table->codes, code, size);
    if (number == MIMIC_HASHMAP_NONE)
        return mimic__fail_memory(err);
    event_code_entry *const own = &table->entries[number];
    if (number == count)
        *own = (event_code_entry){.kind = UINT16_MAX, .key = ""};
    own->events += entry->events;
    return number == count || is_lesser(entry, own) ? take_meaning(table, own, entry, err)
                                                    : MIMIC_OK;
}

/* kind, events, size of the code, of the key, of the description (UINT32_MAX = none); the texts */
typedef struct code_head {
    int64_t events;
    uint32_t code_size;
    uint32_t key_size;
    uint32_t description_size;
    uint16_t kind;
} code_head;

static mimic_status write_codes(const event_code_table *table, mimic_output *output,
                                mimic_buffer *record, mimic_error *err)
{
    for (uint32_t i = 0; i < table->codes.count; i++) {
        const event_code_entry *const entry = &table->entries[i];
        const int32_t *const ends = table->codes.offsets + i;
        code_head head;
        memset(&head, 0, sizeof head); /* no stray bytes between the members */
        head.events = entry->events;
        head.code_size = (uint32_t)(ends[1] - ends[0]);
        head.key_size = (uint32_t)strlen(entry->key);
        head.description_size =
            entry->description == NULL ? UINT32_MAX : (uint32_t)strlen(entry->description);
        head.kind = entry->kind;
        record->size = 0;
        mimic__buffer_append(record, &head, sizeof head);
        mimic__buffer_append(record, table->codes.bytes + ends[0], head.code_size);
        mimic__buffer_append(record, entry->key, head.key_size);
        if (entry->description != NULL)
            mimic__buffer_text(record, entry->description);
        if (record->failed)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__records_write(output, record->data, record->size, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__event_code_table_write(const event_code_table *table, const char *path,
                                           mimic_error *err)
{
    mimic_output *output = NULL;
    mimic_buffer record;
    MIMIC_TRY(mimic__output_open(table->arena.ctx, path, NULL, &output, err));
    mimic__buffer_init(&record, table->arena.ctx);
    mimic_status status = write_codes(table, output, &record, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    mimic__buffer_free(&record);
    return status;
}

static mimic_status read_code(event_code_table *table, const char *bytes, size_t size,
                              bool *out_is_sound, mimic_error *err)
{
    code_head head;
    mimic_arena scratch;
    *out_is_sound = size >= sizeof head;
    if (!*out_is_sound)
        return MIMIC_OK;
    memcpy(&head, bytes, sizeof head);
    const bool has_description = head.description_size != UINT32_MAX;
    const char *const texts = bytes + sizeof head;
    const uint64_t all = (uint64_t)head.code_size + head.key_size +
                         (has_description ? head.description_size : 0);
    *out_is_sound = all == size - sizeof head;
    if (!*out_is_sound)
        return MIMIC_OK;
    mimic__arena_init(&scratch, table->arena.ctx);
    const char *const key = mimic__arena_strndup(&scratch, texts + head.code_size, head.key_size);
    const char *const description =
        has_description ? mimic__arena_strndup(&scratch, texts + head.code_size + head.key_size,
                                               head.description_size)
                        : NULL;
    const event_code_entry entry = {head.kind, head.events, key, description};
    const mimic_status status =
        key == NULL || (has_description && description == NULL)
            ? mimic__fail_memory(err)
            : mimic__event_code_table_add(table, texts, head.code_size, &entry, err);
    mimic__arena_free(&scratch);
    return status;
}

mimic_status mimic__event_code_table_read(event_code_table *table, const char *path,
                                          mimic_error *err)
{
    event_records *records = NULL;
    MIMIC_TRY(mimic__records_open(table->arena.ctx, path, &records, err));
    mimic_status status = MIMIC_OK;
    while (status == MIMIC_OK) {
        const char *bytes;
        size_t size;
        bool is_sound;
        status = mimic__records_next(records, &bytes, &size, err);
        if (status != MIMIC_OK || bytes == NULL)
            break;
        status = read_code(table, bytes, size, &is_sound, err);
        if (status == MIMIC_OK && !is_sound)
            status = mimic__records_fail(records, err);
    }
    mimic__records_free(records);
    return status;
}
