/* The head of a file of partition: a JSON object. */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "events/event_head.h"
#include "json/json.h"
#include "json/json_write.h"

#define MOST_COUNT (INT64_MAX / UINT16_MAX) /* those of all tables are added up */

mimic_status mimic__event_paths_make(mimic_arena *arena, const char *stem, event_paths *out_paths,
                                     mimic_error *err)
{
    out_paths->events = mimic__arena_format(arena, "%s.events", stem);
    out_paths->codes = mimic__arena_format(arena, "%s.codes.records", stem);
    out_paths->rejects = mimic__arena_format(arena, "%s.rejects.records", stem);
    out_paths->subjects = mimic__arena_format(arena, "%s.subjects.records", stem);
    return out_paths->events == NULL || out_paths->codes == NULL || out_paths->rejects == NULL ||
                   out_paths->subjects == NULL
               ? mimic__fail_memory(err)
               : MIMIC_OK;
}

/* ---- out ---- */

void mimic__event_datasets_put(mimic_buffer *json, const event_job *job)
{
    mimic__json_put_name(json, "datasets");
    mimic__buffer_byte(json, '[');
    for (size_t i = 0; i < job->dataset_count; i++) {
        mimic__json_put_comma(json);
        mimic__buffer_format(json, "\"%s@%s\"", job->datasets[i]->name, job->datasets[i]->version);
    }
    mimic__buffer_byte(json, ']');
}

static void put_options(mimic_buffer *json, const event_job *job)
{
    const mimic_csv_options *const csv = &job->csv;
    mimic__json_put_numbers(json, "policies",
                            (const int64_t[]){job->options.bad_times, job->options.reversed}, 2);
    mimic__json_put_numbers(json, "dialect",
                            (const int64_t[]){csv->delimiter, csv->quote, csv->escape,
                                              csv->comment, csv->no_header, csv->no_quoting},
                            6);
    mimic__json_put_numbers(json, "shares",
                            (const int64_t[]){job->options.train, job->options.tuning}, 2);
    mimic__json_put_texts(json, "absent", job->absent.items, job->absent.count);
    mimic__json_put_texts(json, "unmapped", job->unmapped.items, job->unmapped.count);
    if (job->options.codes != NULL)
        mimic__json_put_texts(json, "codes", job->options.codes, job->options.code_count);
}

void mimic__event_head_format(mimic_buffer *json, const event_job *job, const event_input *input)
{
    const event_reading *const reading = &input->reading;
    mimic__buffer_byte(json, '{');
    mimic__json_put_text(json, "settings", job->reading_settings);
    mimic__json_put_text(json, "map", job->map->hash);
    mimic__event_datasets_put(json, job);
    mimic__json_put_name(json, "tables");
    mimic__buffer_byte(json, '[');
    for (size_t i = 0; i < job->input_count; i++)
        mimic__buffer_format(json, "%s%u", i == 0 ? "" : ", ", job->inputs[i].table->number);
    mimic__buffer_byte(json, ']');
    mimic__json_put_number(json, "table", input->table->number);
    mimic__json_put_text(json, "name", input->table->table->name);
    mimic__json_put_text(json, "relative", input->relative);
    mimic__json_put_numbers(json, "stamp", (const int64_t[]){input->size, input->modified}, 2);
    mimic__json_put_numbers(json, "reading",
                            (const int64_t[]){reading->read, reading->rejected, reading->without}, 3);
    mimic__json_put_text(json, "hash", reading->hash);
    put_options(json, job);
    mimic__buffer_byte(json, '}');
}

/* ---- in ---- */

static bool take_text(mimic_arena *arena, const mimic_json *object, const char *name,
                      const char **out_text)
{
    const mimic_json *const value = mimic__json_get(object, name);
    if (value == NULL || value->kind != MIMIC_JSON_STRING)
        return false;
    *out_text = mimic__arena_strdup(arena, value->text);
    return *out_text != NULL;
}

static bool take_texts(mimic_arena *arena, const mimic_json *object, const char *name,
                       const char ***out_texts, size_t *out_count)
{
    const mimic_json *const array = mimic__json_get(object, name);
    if (array == NULL || array->kind != MIMIC_JSON_ARRAY)
        return false;
    const char **const texts = mimic__arena_array(arena, array->child_count + 1, sizeof *texts);
    if (texts == NULL)
        return false;
    *out_texts = texts;
    *out_count = array->child_count;
    size_t i = 0;
    for (const mimic_json *item = array->first; item != NULL; item = item->next, i++) {
        if (item->kind != MIMIC_JSON_STRING)
            return false;
        texts[i] = mimic__arena_strdup(arena, item->text);
        if (texts[i] == NULL)
            return false;
    }
    return true;
}

static bool take_numbers(const mimic_json *object, const char *name, int64_t *numbers,
                         size_t count)
{
    const mimic_json *const array = mimic__json_get(object, name);
    if (array == NULL || array->kind != MIMIC_JSON_ARRAY || array->child_count != count)
        return false;
    for (const mimic_json *item = array->first; item != NULL; item = item->next)
        if (!mimic__json_int64(item, numbers++))
            return false;
    return true;
}

static bool take_tables(mimic_arena *arena, const mimic_json *object, event_head *head)
{
    const mimic_json *const array = mimic__json_get(object, "tables");
    if (array == NULL || array->kind != MIMIC_JSON_ARRAY)
        return false;
    head->table_count = array->child_count;
    head->tables = mimic__arena_array(arena, array->child_count + 1, sizeof *head->tables);
    return head->tables != NULL &&
           take_numbers(object, "tables", head->tables, head->table_count);
}

static bool take_head(mimic_arena *arena, const mimic_json *root, event_head *head)
{
    int64_t stamp[2], reading[3], policies[2];
    const char *hash = "";
    if (!take_text(arena, root, "settings", &head->settings) ||
        !take_text(arena, root, "map", &head->map) ||
        !take_texts(arena, root, "datasets", &head->datasets, &head->dataset_count) ||
        !take_tables(arena, root, head) ||
        !mimic__json_int64(mimic__json_get(root, "table"), &head->table) ||
        !take_text(arena, root, "name", &head->name) ||
        !take_text(arena, root, "relative", &head->relative) ||
        !take_numbers(root, "stamp", stamp, 2) || !take_numbers(root, "reading", reading, 3) ||
        !take_text(arena, root, "hash", &hash) || strlen(hash) >= sizeof head->reading.hash ||
        !take_numbers(root, "policies", policies, 2) ||
        !take_numbers(root, "dialect", head->dialect, 6) ||
        !take_numbers(root, "shares", head->shares, 2) ||
        !take_texts(arena, root, "absent", &head->absent.items, &head->absent.count) ||
        !take_texts(arena, root, "unmapped", &head->unmapped.items, &head->unmapped.count))
        return false;
    if (mimic__json_get(root, "codes") != NULL &&
        !take_texts(arena, root, "codes", &head->codes, &head->code_count))
        return false;
    for (size_t i = 0; i < 2; i++)
        if (policies[i] < MIMIC_POLICY_KEEP || policies[i] > MIMIC_POLICY_REJECT ||
            head->shares[i] < 0 || head->shares[i] > 1000)
            return false;
    for (size_t i = 0; i < 6; i++)
        if (head->dialect[i] < CHAR_MIN || head->dialect[i] > CHAR_MAX)
            return false;
    if (stamp[0] < -1 || stamp[0] > MOST_COUNT || reading[0] > MOST_COUNT)
        return false;
    if (reading[0] < 0 || reading[1] < 0 || reading[2] < 0 || reading[1] > reading[0] ||
        reading[2] > reading[0] - reading[1])
        return false;
    head->size = stamp[0];
    head->modified = stamp[1];
    head->reading =
        (event_reading){.read = reading[0], .rejected = reading[1], .without = reading[2]};
    memcpy(head->reading.hash, hash, strlen(hash) + 1);
    head->bad_times = policies[0];
    head->reversed = policies[1];
    return head->dataset_count > 0 && head->table >= 0;
}

mimic_status mimic__event_head_parse(event_job *job, const char *json, size_t size,
                                     const char *name, event_head *out_head, mimic_error *err)
{
    const mimic_json *root = NULL;
    mimic_arena arena;
    *out_head = (event_head){0};
    mimic__arena_init(&arena, job->ctx);
    mimic_status status = mimic__json_parse(&arena, json, size, name, &root, err);
    if (status == MIMIC_OK && !take_head(&job->arena, root, out_head))
        status = mimic__fail(err, MIMIC_ERR_CORRUPT,
                             "%s is no file of `trajectories partition`, or damaged; remove it and "
                             "run partition again",
                             name);
    mimic__arena_free(&arena);
    return status;
}

mimic_status mimic__event_head_read(event_job *job, const char *path, event_head *out_head,
                                    mimic_error *err)
{
    mimic_event_codes *codes = NULL;
    mimic_event_codes *units = NULL;
    mimic_event_file *file = NULL;
    mimic_status status = mimic__event_codes_new(job->ctx, MIMIC_CODE_BYTES, &codes, err);
    if (status == MIMIC_OK)
        status = mimic__event_codes_new(job->ctx, MIMIC_CODE_BYTES, &units, err);
    const mimic_event_file_options options = {
        .path = path, .codes = codes, .units = units, .map = job->map};
    if (status == MIMIC_OK)
        status = mimic__event_file_open(job->ctx, &options, &file, err);
    if (status == MIMIC_OK) {
        const mimic_event_file_head head = mimic__event_file_head(file);
        status = mimic__event_head_parse(job, head.json, head.json_size, path, out_head, err);
    }
    mimic__event_file_free(file);
    mimic__event_codes_free(units);
    mimic__event_codes_free(codes);
    return status;
}
