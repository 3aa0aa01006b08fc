/*
 * The end of a build: codes, splits, the dataset's card, rejects and the manifest, from what the parts
 * left.
 */
#include <stdlib.h>
#include <string.h>

#include <mimic/version.h>

#include "base/buffer.h"
#include "base/error.h"
#include "events/event_part.h"
#include "events/event_records.h"

#define FLUSH_BYTES ((size_t)256 * 1024)

static const char *join(event_out *out, const char *folder, const char *name)
{
    return mimic__arena_format(&out->job->arena, "%s/%s", folder, name);
}

/* ---- codes ---- */

typedef struct code_order {
    const event_code_table *table;
    uint32_t *numbers; /* of codes with events, by their texts */
    size_t count;
} code_order;

typedef struct code_key {
    const char *text;
    size_t size;
    uint32_t number;
} code_key;

static int compare_keys(const void *a, const void *b)
{
    const code_key *const left = a;
    const code_key *const right = b;
    const size_t size = left->size < right->size ? left->size : right->size;
    const int order = size == 0 ? 0 : memcmp(left->text, right->text, size);
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

static const char *code_text(const event_code_table *table, uint32_t number, size_t *out_size)
{
    const int32_t *const ends = table->codes.offsets + number;
    *out_size = (size_t)(ends[1] - ends[0]);
    return table->codes.bytes + ends[0];
}

static mimic_status order_codes(const mimic_context *ctx, const event_code_table *table,
                                code_order *order, mimic_error *err)
{
    const size_t all = table->codes.count;
    code_key *const keys = mimic__alloc_array(ctx, all + 1, sizeof *keys);
    order->table = table;
    order->count = 0;
    order->numbers = mimic__alloc_array(ctx, all + 1, sizeof *order->numbers);
    if (keys == NULL || order->numbers == NULL) {
        mimic__free(ctx, keys);
        return mimic__fail_memory(err);
    }
    for (uint32_t i = 0; i < all; i++)
        if (table->entries[i].events > 0) {
            code_key *const key = &keys[order->count++];
            key->text = code_text(table, i, &key->size);
            key->number = i;
        }
    if (order->count > 1)
        qsort(keys, order->count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < order->count; i++)
        order->numbers[i] = keys[i].number;
    mimic__free(ctx, keys);
    return MIMIC_OK;
}

static mimic_status write_codes(event_out *out, const code_order *order, const char *path,
                                mimic_error *err)
{
    const mimic_context *const ctx = out->job->ctx;
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    mimic_code_line *const lines = mimic__arena_array(&arena, order->count + 1, sizeof *lines);
    mimic_status status = lines == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    for (size_t i = 0; i < order->count && status == MIMIC_OK; i++) {
        const event_code_entry *const entry = &order->table->entries[order->numbers[i]];
        lines[i].code = code_text(order->table, order->numbers[i], &lines[i].code_size);
        lines[i].description = entry->description;
        lines[i].events = entry->events;
        status = mimic__event_code_parents(out->job->map, entry, &arena, &lines[i].parents,
                                           &lines[i].parent_count, err);
    }
    if (status == MIMIC_OK)
        status = mimic__codes_file_write(ctx, path, lines, order->count, err);
    mimic__arena_free(&arena);
    return status;
}

/* ---- splits ---- */

static mimic_status write_splits(event_out *out, const char *const *parts, size_t count,
                                 const char *path, mimic_error *err)
{
    event_job *const job = out->job;
    for (size_t i = 0; i < count; i++) {
        const char *const strangers = join(out, parts[i], "subjects.records");
        if (strangers == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__event_subjects_read(job->ctx, &job->subjects, strangers, err));
    }
    mimic__event_subjects_settle(&job->subjects);
    return mimic__splits_file_write(job->ctx, path, job->subjects.ids, job->subjects.count,
                                    job->plan, err);
}

/* ---- the manifest ---- */

static const char *policy_name(mimic_policy policy)
{
    return policy == MIMIC_POLICY_KEEP ? "keep" : policy == MIMIC_POLICY_MARK ? "mark" : "reject";
}

static const char *group_name(mimic_group group)
{
    return group == MIMIC_GROUP_ADMISSION ? "admission"
           : group == MIMIC_GROUP_STAY    ? "stay"
                                          : "subject";
}

static void put_text(mimic_buffer *text, const char *name, const char *value)
{
    mimic__buffer_format(text, ", \"%s\": ", name);
    mimic__buffer_json_string(text, value);
}

static void put_number(mimic_buffer *text, const char *name, int64_t value)
{
    mimic__buffer_format(text, ", \"%s\": %lld", name, (long long)value);
}

/* "name": ["a", "b"] */
static void put_names(mimic_buffer *text, const char *name, const char *const *names, size_t count)
{
    mimic__buffer_format(text, "\"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        mimic__buffer_text(text, i == 0 ? "" : ", ");
        mimic__buffer_json_string(text, names[i]);
    }
    mimic__buffer_byte(text, ']');
}

static void put_options(mimic_buffer *text, const event_job *job)
{
    const mimic_trajectory_options *const options = &job->options;
    mimic__buffer_text(text, ",\n \"options\": {\"group\": ");
    mimic__buffer_json_string(text, group_name(options->group));
    put_text(text, "layout", options->layout == MIMIC_LAYOUT_FILES ? "files" : "shards");
    put_text(text, "format", options->format == MIMIC_EVENT_FORMAT_NDJSON ? "ndjson" : "arrow");
    put_number(text, "subjects_per_file", options->subjects_per_file);
    put_number(text, "train", options->train);
    put_number(text, "tuning", options->tuning);
    put_text(text, "bad_times", policy_name(options->bad_times));
    put_text(text, "reversed", policy_name(options->reversed));
    put_text(text, "outside", policy_name(options->outside));
    put_text(text, "unknown_subjects", policy_name(options->unknown_subjects));
    put_text(text, "missing_ids", policy_name(options->missing_ids));
    if (options->codes != NULL) {
        mimic__buffer_text(text, ", ");
        put_names(text, "codes", options->codes, options->code_count);
    }
    mimic__buffer_byte(text, '}');
}

/* What the dataset is without. */
static void put_gaps(mimic_buffer *text, const event_job *job, const event_state *sum)
{
    mimic__buffer_text(text, ",\n ");
    put_names(text, "absent_tables", job->absent.items, job->absent.count);
    mimic__buffer_text(text, ", ");
    put_names(text, "unmapped_tables", job->unmapped.items, job->unmapped.count);
    mimic__buffer_text(text, ", \"unused_codes\": [");
    for (size_t i = 0; i < sum->unused_count; i++) {
        mimic__buffer_text(text, i == 0 ? "" : ", ");
        mimic__buffer_json_string(text, mimic__event_state_unused(sum, job, i));
    }
    mimic__buffer_byte(text, ']');
}

static void put_head(mimic_buffer *text, const event_job *job, const event_state *sum)
{
    mimic__buffer_format(text,
                         "{\"format\": \"mimic-trajectories\", \"format_version\": 1,\n"
                         " \"libmimic\": \"%s\", \"trajectory_version\": ",
                         MIMIC_VERSION_STRING);
    mimic__buffer_json_string(text, job->options.version);
    mimic__buffer_text(text, ",\n \"datasets\": [");
    for (size_t i = 0; i < job->dataset_count; i++)
        mimic__buffer_format(text, "%s\"%s@%s\"", i == 0 ? "" : ", ", job->datasets[i]->name,
                             job->datasets[i]->version);
    mimic__buffer_format(text, "], \"event_map\": \"%s\"", job->map->hash);
    put_options(text, job);
    mimic__buffer_format(text, ",\n \"subjects\": %lld", (long long)sum->totals.subjects);
    put_number(text, "events", sum->totals.events);
    put_number(text, "codes", sum->codes);
    put_number(text, "files", sum->totals.files);
    put_number(text, "bytes", sum->totals.bytes);
}

static void put_marks(mimic_buffer *text, const mimic_event_tally *tally)
{
    bool is_first = true;
    mimic__buffer_text(text, ", \"marks\": {");
    for (int bit = 0; bit < 16; bit++) {
        const char *const name = mimic__event_mark_name(1 << bit);
        if (tally->marked[bit] == 0 || name[0] == '\0')
            continue;
        mimic__buffer_format(text, "%s\"%s\": %lld", is_first ? "" : ", ", name,
                             (long long)tally->marked[bit]);
        is_first = false;
    }
    mimic__buffer_byte(text, '}');
}

static void put_table(mimic_buffer *text, const event_table_state *table)
{
    const event_reading *const reading = &table->reading;
    const mimic_event_tally *const tally = &table->tally;
    mimic__buffer_text(text, "{\"table\": ");
    mimic__buffer_json_string(text, table->table->table->name);
    put_text(text, "source", table->source);
    put_text(text, "hash", reading->hash);
    put_number(text, "read", reading->read);
    put_number(text, "with_events", tally->with_events);
    put_number(text, "without_events", reading->without + tally->without_events);
    put_number(text, "rejected", reading->rejected + tally->rejected);
    put_number(text, "events", tally->events);
    put_number(text, "outside_group", tally->outside_group);
    put_marks(text, tally);
    mimic__buffer_byte(text, '}');
}

static mimic_status flush(mimic_buffer *text, mimic_output *output, mimic_error *err)
{
    if (text->failed)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__output_write(output, text->data, text->size, err));
    text->size = 0;
    return MIMIC_OK;
}

static mimic_status put_manifest(event_out *out, const event_state *sum, const code_order *order,
                                 mimic_buffer *text, mimic_output *output, mimic_error *err)
{
    bool is_first = true;
    put_head(text, out->job, sum);
    put_gaps(text, out->job, sum);
    mimic__buffer_text(text, ",\n \"tables\": [");
    for (size_t i = 0; i < sum->table_count; i++) {
        if (!sum->tables[i].is_there)
            continue;
        mimic__buffer_text(text, is_first ? "\n  " : ",\n  ");
        put_table(text, &sum->tables[i]);
        is_first = false;
    }
    mimic__buffer_text(text, "],\n \"events_by_code\": {");
    for (size_t i = 0; i < order->count; i++) {
        size_t size;
        const char *const code = code_text(order->table, order->numbers[i], &size);
        char *const copy = mimic__strndup(out->job->ctx, code, size);
        if (copy == NULL)
            return mimic__fail_memory(err);
        mimic__buffer_text(text, i == 0 ? "\n  " : ",\n  ");
        mimic__buffer_json_string(text, copy);
        mimic__free(out->job->ctx, copy);
        mimic__buffer_format(text, ": %lld",
                             (long long)order->table->entries[order->numbers[i]].events);
        if (text->size >= FLUSH_BYTES)
            MIMIC_TRY(flush(text, output, err));
    }
    mimic__buffer_text(text, "}}\n");
    return flush(text, output, err);
}

static mimic_status write_manifest(event_out *out, const event_state *sum, const code_order *order,
                                   const char *path, mimic_error *err)
{
    mimic_output *output = NULL;
    mimic_buffer text;
    MIMIC_TRY(mimic__output_open(out->job->ctx, path, NULL, &output, err));
    mimic__buffer_init(&text, out->job->ctx);
    mimic_status status = put_manifest(out, sum, order, &text, output, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    mimic__buffer_free(&text);
    return status;
}

/* ---- the whole ---- */

/* read = with + without + rejected, in every table. */
static mimic_status check_sums(const event_state *sum, mimic_error *err)
{
    for (size_t i = 0; i < sum->table_count; i++) {
        const event_table_state *const table = &sum->tables[i];
        const int64_t accounted = table->reading.rejected + table->reading.without +
                                  table->tally.with_events + table->tally.without_events +
                                  table->tally.rejected;
        if (table->is_there && accounted != table->reading.read)
            return mimic__fail(err, MIMIC_ERR_INTERNAL,
                               "table %s: %lld rows were read, but %lld are accounted for; please "
                               "report this",
                               table->table->table->name, (long long)table->reading.read,
                               (long long)accounted);
    }
    return MIMIC_OK;
}

static mimic_status read_parts(event_out *out, const char *const *parts, size_t count,
                               event_state *sum, event_code_table *codes, mimic_error *err)
{
    for (size_t i = 0; i < out->partition_count; i++) {
        MIMIC_TRY(mimic__event_code_table_read(codes, out->meanings[i], err));
        MIMIC_TRY(mimic__reject_lines_merge(out->job->rejects, out->rejects[i], err));
    }
    for (size_t i = 0; i < count; i++) {
        const char *const state = join(out, parts[i], "part.json");
        const char *const path = join(out, parts[i], "codes.records");
        const char *const rejects = join(out, parts[i], "rejects.records");
        if (state == NULL || path == NULL || rejects == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__event_state_read(out->job->ctx, state, sum, err));
        MIMIC_TRY(mimic__event_code_table_read(codes, path, err));
        MIMIC_TRY(mimic__reject_lines_merge(out->job->rejects, rejects, err));
    }
    return check_sums(sum, err);
}

static mimic_status write_all(event_out *out, const char *const *parts, size_t count,
                              event_state *sum, const code_order *order, const char *dir,
                              mimic_error *err)
{
    const mimic_dataset_card card = {.name = out->job->datasets[0]->name,
                                     .version = out->job->datasets[0]->version,
                                     .trajectory_version = out->job->options.version,
                                     .license = ""};
    const char *const names[] = {"metadata/codes.arrow", "metadata/subject_splits.arrow",
                                 "metadata/dataset.json", "rejects.csv",
                                 "manifest.json", ".mimic-state.json"};
    const char *paths[sizeof names / sizeof names[0]];
    int64_t lines;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((paths[i] = join(out, dir, names[i])) == NULL)
            return mimic__fail_memory(err);
    MIMIC_TRY(write_codes(out, order, paths[0], err));
    MIMIC_TRY(write_splits(out, parts, count, paths[1], err));
    MIMIC_TRY(mimic__dataset_card_write(out->job->ctx, paths[2], &card, err));
    MIMIC_TRY(mimic__reject_lines_write(out->job->rejects, paths[3], false, &lines, err));
    MIMIC_TRY(write_manifest(out, sum, order, paths[4], err));
    event_state kept = *sum;
    kept.is_of_dataset = true;
    return mimic__event_state_write(out->job->ctx, &kept, paths[5], err);
}

mimic_status mimic__event_metadata_write(event_out *out, const char *const *parts,
                                         size_t part_count, event_state *sum, const char *dir,
                                         mimic_error *err)
{
    event_job *const job = out->job;
    event_code_table codes;
    code_order order = {0};
    mimic__reject_lines_free(job->rejects);
    job->rejects = NULL;
    MIMIC_TRY(mimic__reject_lines_new(job->ctx, job->scratch, &job->rejects, err));
    mimic__event_code_table_init(&codes, job->ctx);
    mimic_status status = read_parts(out, parts, part_count, sum, &codes, err);
    if (status == MIMIC_OK)
        status = order_codes(job->ctx, &codes, &order, err);
    sum->codes = (int64_t)order.count;
    if (status == MIMIC_OK)
        status = mimic__event_state_find_unused(sum, job, &codes, err);
    if (status == MIMIC_OK)
        status = write_all(out, parts, part_count, sum, &order, dir, err);
    mimic__free(job->ctx, order.numbers);
    mimic__event_code_table_free(&codes);
    return status;
}
