/*
 * The beginning of a build: options with their defaults, folders recognised, the map of their
 * releases, and the files that it reads.
 */
#include <stdlib.h>
#include <string.h>

#include <mimic/version.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/options.h"
#include "events/event_job.h"
#include "load/load_digest.h"
#include "load/load_job.h"
#include "load/load_ledger.h"

#define LEAST_MEMORY ((uint64_t)64 << 20)
#define USUAL_MEMORY ((uint64_t)512 << 20)
#define MEMORY_OF_A_JOB ((uint64_t)8 << 20) /* a thread needs its own to encode a packet */
#define USUAL_SUBJECTS 1000 /* a file, as the MEDS pipelines for MIMIC-IV have it */

/* ---- options ---- */

static mimic_status check_policy(const char *name, mimic_policy *policy, mimic_policy usual,
                                 mimic_error *err)
{
    if (*policy == MIMIC_POLICY_DEFAULT)
        *policy = usual;
    return *policy >= MIMIC_POLICY_KEEP && *policy <= MIMIC_POLICY_REJECT
               ? MIMIC_OK
               : mimic__fail(err, MIMIC_ERR_ARGUMENT, "%s: no policy has the number %d", name,
                             (int)*policy);
}

static mimic_status complete_policies(mimic_trajectory_options *options, mimic_error *err)
{
    MIMIC_TRY(check_policy("bad_times", &options->bad_times, MIMIC_POLICY_REJECT, err));
    MIMIC_TRY(check_policy("reversed", &options->reversed, MIMIC_POLICY_MARK, err));
    MIMIC_TRY(check_policy("outside", &options->outside, MIMIC_POLICY_MARK, err));
    MIMIC_TRY(
        check_policy("unknown_subjects", &options->unknown_subjects, MIMIC_POLICY_REJECT, err));
    return check_policy("missing_ids", &options->missing_ids, MIMIC_POLICY_MARK, err);
}

static mimic_status complete_forms(mimic_trajectory_options *options, mimic_error *err)
{
    if (options->group == MIMIC_GROUP_DEFAULT)
        options->group = MIMIC_GROUP_SUBJECT;
    if (options->layout == MIMIC_LAYOUT_DEFAULT)
        options->layout = MIMIC_LAYOUT_SHARDS;
    if (options->format == MIMIC_EVENT_FORMAT_DEFAULT)
        options->format = MIMIC_EVENT_FORMAT_ARROW;
    if (options->group < 0 || options->group > MIMIC_GROUP_STAY || options->layout < 0 ||
        options->layout > MIMIC_LAYOUT_FILES || options->format < 0 ||
        options->format > MIMIC_EVENT_FORMAT_NDJSON)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "group, layout or format is out of range");
    if (options->format == MIMIC_EVENT_FORMAT_NDJSON && options->layout != MIMIC_LAYOUT_FILES)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "NDJSON is for files of single patients; choose the layout \"files\" too");
    return MIMIC_OK;
}

static mimic_status complete_numbers(mimic_trajectory_options *options, mimic_error *err)
{
    if (options->memory == 0)
        options->memory = USUAL_MEMORY;
    if (options->memory < LEAST_MEMORY)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "memory must be at least 64 MiB, not %llu bytes",
                           (unsigned long long)options->memory);
    if (options->jobs == 0)
        options->jobs = 1;
    if (options->jobs < 0 || options->jobs > MIMIC_MAX_JOBS)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "jobs must be 1 to %d", MIMIC_MAX_JOBS);
    if ((uint64_t)options->jobs > options->memory / MEMORY_OF_A_JOB)
        options->jobs = (int32_t)(options->memory / MEMORY_OF_A_JOB);
    if (options->shard_count == 0)
        options->shard_count = 1;
    if (options->shard < 0 || options->shard_count < 1 || options->shard > options->shard_count ||
        options->shard_count > 100000)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "shard must be 1 to shard_count, and that at most 100,000");
    if (options->shard == 0 && options->shard_count > 1)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "which of the %d shards?",
                           (int)options->shard_count);
    if (options->shard == 0)
        options->shard = 1;
    if (options->subjects_per_file == 0)
        options->subjects_per_file = USUAL_SUBJECTS;
    if (options->train == 0 && options->tuning == 0) {
        options->train = 800;
        options->tuning = 100;
    }
    if (options->subjects_per_file < 1 || options->train < 0 || options->tuning < 0 ||
        options->train > 1000 || options->tuning > 1000 - options->train)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "subjects_per_file must be at least 1; train and tuning at most 1,000 "
                           "together");
    return MIMIC_OK;
}

static mimic_status check_list(const char *name, const char *const *texts, size_t count,
                               mimic_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (texts == NULL || texts[i] == NULL)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "%s: number %zu of %zu is NULL", name, i,
                               count);
    return MIMIC_OK;
}

static mimic_status complete(event_job *job, mimic_error *err)
{
    mimic_trajectory_options *const options = &job->options;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&job->csv, options->csv, "mimic_csv_options", err));
    MIMIC_TRY(check_list("tables", options->tables, options->table_count, err));
    MIMIC_TRY(check_list("codes", options->codes, options->code_count, err));
    MIMIC_TRY(check_list("maps", options->maps, options->map_count, err));
    MIMIC_TRY(complete_numbers(options, err));
    MIMIC_TRY(complete_forms(options, err));
    MIMIC_TRY(complete_policies(options, err));
    if (options->version == NULL)
        options->version = "v1";
    if (options->version[0] == '\0')
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "the trajectory version is empty");
    return MIMIC_OK;
}

mimic_status mimic__event_job_init(event_job *job, const mimic_context *ctx,
                                   const mimic_registry *registry,
                                   const mimic_trajectory_options *options, mimic_error *err)
{
    *job = (event_job){.ctx = ctx,
                       .registry = registry,
                       .options = MIMIC_TRAJECTORY_OPTIONS_INIT,
                       .csv = MIMIC_CSV_OPTIONS_INIT,
                       .step = ""};
    mimic__arena_init(&job->arena, ctx);
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&job->options, options, "mimic_trajectory_options", err));
    MIMIC_TRY(complete(job, err));
    if (job->options.jobs > 1)
        MIMIC_TRY(mimic__pool_new(ctx, job->options.jobs, &job->pool, err));
    MIMIC_TRY(mimic__event_codes_new(ctx, MIMIC_CODE_BYTES, &job->codes, err));
    return mimic__event_codes_new(ctx, MIMIC_CODE_BYTES, &job->units, err);
}

void mimic__event_job_close(event_job *job)
{
    mimic__reject_lines_free(job->rejects);
    mimic__event_plan_free(job->plan);
    mimic__free(job->ctx, job->subjects.ids);
    mimic__event_codes_free(job->codes);
    mimic__event_codes_free(job->units);
    mimic__event_map_free(job->map);
    mimic__pool_free(job->pool);
    mimic__arena_free(&job->arena);
}

/* ---- words to the caller ---- */

int mimic__event_job_tell(void *ctx)
{
    const event_job *const job = ctx;
    mimic_progress progress = {.struct_size = sizeof progress,
                               .table = job->step,
                               .table_count = job->input_count,
                               .total_bytes = -1};
    if (job->options.progress == NULL)
        return 0;
    for (size_t i = 0; i < job->input_count; i++) {
        progress.all_bytes += job->inputs[i].stored_read;
        progress.all_total_bytes += job->inputs[i].size;
        progress.rows += job->inputs[i].reading.read;
    }
    return job->options.progress(&progress, job->options.progress_ctx);
}

mimic_status mimic__event_job_cancelled(mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled by the caller; nothing is left behind");
}

/* ---- folders ---- */

bool mimic__event_job_wants(const event_job *job, const mimic_table *table)
{
    for (size_t i = 0; i < job->options.table_count; i++)
        if (mimic__name_equals(job->options.tables[i], table->name))
            return true;
    return job->options.tables == NULL;
}

static mimic_status add_dataset(event_job *job, const mimic_dataset *dataset, mimic_error *err)
{
    for (size_t i = 0; i < job->dataset_count; i++) {
        if (job->datasets[i] == dataset)
            return MIMIC_OK;
        if (strcmp(job->datasets[i]->name, dataset->name) == 0)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "the folders are of two releases, %s %s and %s; name one for all of "
                               "them (--dataset), or leave one folder out",
                               dataset->name, job->datasets[i]->version, dataset->version);
    }
    job->datasets[job->dataset_count++] = dataset;
    return MIMIC_OK;
}

mimic_status mimic__event_job_check_tables(event_job *job, mimic_error *err)
{
    for (size_t i = 0; i < job->options.table_count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < job->map->table_count && !is_there; k++)
            is_there = mimic__name_equals(job->options.tables[i], job->map->tables[k].table->name);
        if (is_there)
            continue;
        for (size_t k = 0; k < job->dataset_count; k++)
            if (mimic_dataset_find_table(job->datasets[k], job->options.tables[i]) != NULL)
                return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                                   "table %s gives no events: the event map of %s does not have it",
                                   job->options.tables[i], job->datasets[k]->name);
        return mimic__fail_no_table(job->ctx, job->datasets[0], job->options.tables[i], err);
    }
    return MIMIC_OK;
}

static void put_reading(mimic_buffer *text, const event_job *job)
{
    const mimic_trajectory_options *const options = &job->options;
    mimic__buffer_format(text, "1 %s %d %d %d %d", job->map->hash, options->bad_times,
                         options->reversed, options->train, options->tuning);
    mimic__buffer_format(text, " %d %d %d %d %d %d", job->csv.delimiter, job->csv.quote,
                         job->csv.escape, job->csv.comment, job->csv.no_header,
                         job->csv.no_quoting);
    mimic__buffer_format(text, " %llu %u %u %u", (unsigned long long)job->csv.max_record_bytes,
                         job->csv.max_columns, job->csv.max_raw_bytes, job->csv.max_categories);
    for (size_t i = 0; i < job->dataset_count; i++)
        mimic__buffer_format(text, "\n%s@%s", job->datasets[i]->name, job->datasets[i]->version);
    for (size_t i = 0; i < options->code_count; i++)
        mimic__buffer_format(text, "\ncode %s", options->codes[i]);
    if (options->codes == NULL)
        mimic__buffer_text(text, "\nall codes");
}

/* The hash of what reading depends on stands for all of that: in the second step it is what the first one
 * noted. The library's version stands in dataset.json. */
static void put_writing(mimic_buffer *text, const event_job *job)
{
    const mimic_trajectory_options *const options = &job->options;
    mimic__buffer_format(text, "%s %s\n%d %d %d %d %d %d %d %s", job->reading_settings,
                         mimic_version(), options->group, options->layout, options->format,
                         options->subjects_per_file, options->outside, options->unknown_subjects,
                         options->missing_ids, options->version);
}

static mimic_status digest(const event_job *job, const mimic_buffer *text, char out_hex[33],
                           mimic_error *err)
{
    mimic_hasher *const hasher = text->failed ? NULL : mimic__hasher_new(job->ctx);
    if (hasher == NULL)
        return mimic__fail_memory(err);
    mimic__hasher_update(hasher, text->data, text->size);
    mimic__hasher_hex(hasher, out_hex);
    mimic__hasher_free(job->ctx, hasher);
    return MIMIC_OK;
}

/* Dictionaries are read for what codes mean: other ones make another dataset. */
static mimic_status put_dictionaries(mimic_buffer *text, const event_job *job, mimic_error *err)
{
    for (size_t i = 0; i < job->map->dictionary_count; i++) {
        const mimic_table *const table = job->map->dictionaries[i].source;
        const load_file *file;
        MIMIC_TRY(mimic__event_job_find_file(job, table, &file, err));
        if (file == NULL)
            continue;
        load_input stamp = {.table = table, .paths = (const char *const[]){file->path},
                            .path_count = 1};
        mimic__load_input_stamp(&stamp, file->relative);
        mimic__buffer_format(text, "\n%s %lld %lld", file->relative, (long long)stamp.bytes,
                             (long long)stamp.modified);
    }
    return MIMIC_OK;
}

/* A package of one's own may describe the same release in another way. */
static mimic_status put_tables(mimic_buffer *text, const event_job *job, mimic_error *err)
{
    const mimic_event_map *const map = job->map;
    char hex[33];
    for (size_t i = 0; i < map->table_count + map->dictionary_count; i++) {
        MIMIC_TRY(mimic__digest_table(job->ctx,
                                      i < map->table_count
                                          ? map->tables[i].table
                                          : map->dictionaries[i - map->table_count].source,
                                      hex, err));
        mimic__buffer_format(text, "\n%s", hex);
    }
    return MIMIC_OK;
}

static mimic_status digest_reading(event_job *job, mimic_error *err)
{
    mimic_buffer text;
    mimic__buffer_init(&text, job->ctx);
    put_reading(&text, job);
    mimic_status status = put_tables(&text, job, err);
    if (status == MIMIC_OK)
        status = put_dictionaries(&text, job, err);
    if (status == MIMIC_OK)
        status = digest(job, &text, job->reading_settings, err);
    mimic__buffer_free(&text);
    return status;
}

mimic_status mimic__event_job_digest_writing(event_job *job, mimic_error *err)
{
    mimic_buffer text;
    mimic__buffer_init(&text, job->ctx);
    put_writing(&text, job);
    const mimic_status status = digest(job, &text, job->settings, err);
    mimic__buffer_free(&text);
    return status;
}

mimic_status mimic__event_job_find_map(event_job *job, mimic_error *err)
{
    const mimic_event_paths paths = {job->options.maps, job->options.map_count};
    MIMIC_TRY(mimic__event_map_find(job->ctx, job->registry, job->datasets, job->dataset_count,
                                    &paths, &job->map, err));
    MIMIC_TRY(mimic__event_job_check_tables(job, err));
    MIMIC_TRY(digest_reading(job, err));
    return mimic__event_job_digest_writing(job, err);
}

/* A folder with a few tables may fit several releases; it is of the one that those before it are of,
 * as long as that fits too. */
static mimic_status read_folder(event_job *job, const char *dir, load_folder *out_folder,
                                mimic_error *err)
{
    MIMIC_TRY(mimic__folder_read(&job->arena, job->registry, dir, job->options.dataset, out_folder,
                                 err));
    for (size_t i = 0; i < job->dataset_count; i++) {
        const mimic_dataset *const known = job->datasets[i];
        if (known == out_folder->dataset || strcmp(known->name, out_folder->dataset->name) != 0)
            continue;
        const char *const spec =
            mimic__arena_format(&job->arena, "%s@%s", known->name, known->version);
        if (spec == NULL)
            return mimic__fail_memory(err);
        return mimic__folder_read(&job->arena, job->registry, dir, spec, out_folder, err);
    }
    return MIMIC_OK;
}

mimic_status mimic__event_job_find_file(const event_job *job, const mimic_table *table,
                                        const load_file **out_file, mimic_error *err)
{
    *out_file = NULL;
    for (size_t i = 0; i < job->folder_count; i++)
        for (size_t k = 0; k < job->folders[i].file_count; k++) {
            const load_file *const file = &job->folders[i].files[k];
            if (file->table != table)
                continue;
            if (*out_file != NULL)
                return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                                   "table %s has two files, %s and %s; move one away",
                                   table->name, (*out_file)->path, file->path);
            *out_file = file;
        }
    return MIMIC_OK;
}

/* Patients, admissions and stays always are; rows that others look for when one of those is wanted. */
static bool is_needed_by_others(const event_job *job, const mimic_event_table *table)
{
    for (size_t i = 0; i < job->map->table_count && table->context == GROUP_ROW; i++)
        if (job->map->tables[i].joined == table->table &&
            mimic__event_job_wants(job, job->map->tables[i].table))
            return true;
    return table->context >= 0 && table->context < GROUP_COUNT;
}

bool mimic__event_job_needs(const event_job *job, const mimic_event_table *table)
{
    return mimic__event_job_wants(job, table->table) || is_needed_by_others(job, table);
}

static mimic_status find_files(event_job *job, mimic_error *err)
{
    job->inputs = mimic__arena_array(&job->arena, job->map->table_count, sizeof *job->inputs);
    if (job->inputs == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < job->map->table_count; i++) {
        const mimic_event_table *const table = &job->map->tables[i];
        const load_file *file;
        const bool is_wanted = mimic__event_job_wants(job, table->table);
        MIMIC_TRY(mimic__event_job_find_file(job, table->table, &file, err));
        if (file == NULL && is_wanted && job->options.tables != NULL)
            return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                               "table %s was asked for, but no file of it is there",
                               table->table->name);
        if (file == NULL || (!is_wanted && !is_needed_by_others(job, table)))
            continue;
        if (!mimic__file_can_be_reread(file->path))
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "%s can be read once only; trajectories need files", file->path);
        load_input stamp = {.table = table->table, .paths = (const char *const[]){file->path}, .path_count = 1};
        mimic__load_input_stamp(&stamp, file->relative);
        job->inputs[job->input_count++] = (event_input){.table = table,
                                                        .path = file->path,
                                                        .relative = file->relative,
                                                        .size = stamp.bytes,
                                                        .modified = stamp.modified,
                                                        .is_context_only = !is_wanted};
    }
    if (job->input_count == 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "no file of a table that gives events is there");
    return MIMIC_OK;
}

mimic_status mimic__event_job_read_dirs(event_job *job, const char *const *dirs, size_t dir_count,
                                        mimic_error *err)
{
    job->folders = mimic__arena_array(&job->arena, dir_count, sizeof *job->folders);
    job->datasets = mimic__arena_array(&job->arena, dir_count, sizeof *job->datasets);
    if (job->folders == NULL || job->datasets == NULL)
        return mimic__fail_memory(err);
    for (; job->folder_count < dir_count; job->folder_count++) {
        load_folder *const folder = &job->folders[job->folder_count];
        MIMIC_TRY(read_folder(job, dirs[job->folder_count], folder, err));
        MIMIC_TRY(add_dataset(job, folder->dataset, err));
        if (folder->reason[0] != '\0')
            mimic__log(job->ctx, MIMIC_LOG_INFO, "%s", folder->reason);
    }
    MIMIC_TRY(mimic__event_job_find_map(job, err));
    MIMIC_TRY(find_files(job, err));
    return mimic__event_job_find_gaps(job, err);
}
