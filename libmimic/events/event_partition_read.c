/* The second step: what partition left, as the inputs of a build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "events/event_head.h"
#include "events/event_partition.h"

struct event_partition {
    event_job *job;
    event_paths *paths; /* one a file that was found */
    event_head *heads;
    mimic_event_file **files;
    size_t count;
};

/* ---- what is there ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

static mimic_status find_files(event_partition *partition, const char *work, mimic_error *err)
{
    static const char ending[] = ".events";
    event_job *const job = partition->job;
    mimic_file_entry *entries;
    size_t count;
    MIMIC_TRY(mimic__list_files(&job->arena, work, 1, false, &entries, &count, err));
    partition->paths = mimic__arena_array(&job->arena, count + 1, sizeof *partition->paths);
    partition->heads = mimic__arena_array(&job->arena, count + 1, sizeof *partition->heads);
    partition->files = mimic__arena_array(&job->arena, count + 1, sizeof(mimic_event_file *));
    if (partition->paths == NULL || partition->heads == NULL || partition->files == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (!ends_with(entries[i].path, ending))
            continue;
        const char *const stem = mimic__arena_strndup(&job->arena, entries[i].path,
                                                      strlen(entries[i].path) - strlen(ending));
        if (stem == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__event_paths_make(&job->arena, stem, &partition->paths[partition->count++],
                                          err));
    }
    return partition->count > 0
               ? MIMIC_OK
               : mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                             "%s holds no files of `mimic trajectories partition`", work);
}

/* ---- what the heads say ---- */

/* Made while the same tables were there: else files of several folders may lie side by side. */
static bool is_of_same_tables(const event_head *head, const event_head *first)
{
    return head->table_count == first->table_count &&
           memcmp(head->tables, first->tables, head->table_count * sizeof *head->tables) == 0;
}

static mimic_status check_heads(const event_partition *partition, mimic_error *err)
{
    const event_head *const first = &partition->heads[0];
    for (size_t i = 1; i < partition->count; i++)
        if (strcmp(partition->heads[i].settings, first->settings) != 0)
            return mimic__fail(err, MIMIC_ERR_STATE,
                               "%s and %s were made with different options or event maps; run "
                               "partition again with the same ones (--force)",
                               partition->paths[0].events, partition->paths[i].events);
    for (size_t i = 1; i < partition->count; i++)
        if (!is_of_same_tables(&partition->heads[i], first))
            return mimic__fail(err, MIMIC_ERR_STATE,
                               "%s and %s were made while different tables were there; run "
                               "partition again for all of them, into an empty folder if a table is "
                               "gone",
                               partition->paths[0].events, partition->paths[i].events);
    return MIMIC_OK;
}

/* Options that were settled when the tables were read. */
static mimic_status take_options(event_partition *partition, mimic_error *err)
{
    event_job *const job = partition->job;
    const event_head *const head = &partition->heads[0];
    if (job->options.codes != NULL || job->options.tables != NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "tables and codes are chosen when tables are read: give them to "
                           "partition");
    job->options.codes = (const char *const *)head->codes;
    job->options.code_count = head->code_count;
    job->absent = head->absent;
    job->unmapped = head->unmapped;
    job->options.bad_times = (mimic_policy)head->bad_times;
    job->options.reversed = (mimic_policy)head->reversed;
    job->options.train = (int32_t)head->shares[0];
    job->options.tuning = (int32_t)head->shares[1];
    job->csv.delimiter = (char)head->dialect[0];
    job->csv.quote = (char)head->dialect[1];
    job->csv.escape = (char)head->dialect[2];
    job->csv.comment = (char)head->dialect[3];
    job->csv.no_header = (int32_t)head->dialect[4];
    job->csv.no_quoting = (int32_t)head->dialect[5];
    job->datasets = mimic__arena_array(&job->arena, head->dataset_count, sizeof *job->datasets);
    if (job->datasets == NULL)
        return mimic__fail_memory(err);
    for (; job->dataset_count < head->dataset_count; job->dataset_count++)
        MIMIC_TRY(mimic_registry_find_dataset(job->registry, head->datasets[job->dataset_count],
                                              &job->datasets[job->dataset_count], err));
    MIMIC_TRY(mimic__event_job_find_map(job, err));
    snprintf(job->reading_settings, sizeof job->reading_settings, "%s", head->settings);
    MIMIC_TRY(mimic__event_job_digest_writing(job, err));
    return strcmp(job->map->hash, head->map) == 0
               ? MIMIC_OK
               : mimic__fail(err, MIMIC_ERR_STATE,
                             "the event map is not the one that partition used; give the same --map "
                             "to both, or run partition again");
}

/* Every table that is there has a file. Here the map is known, and so are their names. */
static mimic_status check_tables(const event_partition *partition, mimic_error *err)
{
    event_job *const job = partition->job;
    const event_head *const first = &partition->heads[0]; /* all know of the same tables */
    const char *missing = NULL;
    bool *const done = mimic__arena_array(&job->arena, job->map->table_count, sizeof *done);
    if (done == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < partition->count; i++)
        if ((uint64_t)partition->heads[i].table < job->map->table_count)
            done[partition->heads[i].table] = true;
    for (size_t k = 0; k < first->table_count; k++) {
        const uint64_t number = (uint64_t)first->tables[k];
        if (number >= job->map->table_count || done[number])
            continue;
        const char *const name = job->map->tables[number].table->name;
        missing = missing == NULL ? name
                                  : mimic__arena_format(&job->arena, "%s, %s", missing, name);
        if (missing == NULL)
            return mimic__fail_memory(err);
    }
    return missing == NULL ? MIMIC_OK
                           : mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                                         "tables that are there and have no partition yet: %s; "
                                         "run `mimic trajectories partition` for each",
                                         missing);
}

static int compare_inputs(const void *a, const void *b)
{
    const event_input *const left = a;
    const event_input *const right = b;
    return (left->table->number > right->table->number) -
           (left->table->number < right->table->number);
}

static mimic_status take_inputs(event_partition *partition, mimic_error *err)
{
    event_job *const job = partition->job;
    job->inputs = mimic__arena_array(&job->arena, partition->count, sizeof *job->inputs);
    if (job->inputs == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < partition->count; i++) {
        const event_head *const head = &partition->heads[i];
        if ((uint64_t)head->table >= job->map->table_count)
            return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s is of a table that the map does not have",
                               partition->paths[i].events);
        job->inputs[job->input_count++] =
            (event_input){.table = &job->map->tables[head->table],
                          .path = partition->paths[i].events,
                          .relative = head->relative,
                          .size = head->size,
                          .modified = head->modified,
                          .reading = head->reading};
    }
    qsort(job->inputs, job->input_count, sizeof *job->inputs, compare_inputs);
    for (size_t i = 1; i < job->input_count; i++)
        if (job->inputs[i].table == job->inputs[i - 1].table)
            return mimic__fail(err, MIMIC_ERR_STATE, "table %s has two files, %s and %s",
                               job->inputs[i].table->table->name, job->inputs[i - 1].path,
                               job->inputs[i].path);
    return MIMIC_OK;
}

static mimic_status open_files(event_partition *partition, mimic_error *err)
{
    event_job *const job = partition->job;
    for (size_t i = 0; i < job->input_count; i++) {
        const mimic_event_file_options options = {.path = job->inputs[i].path,
                                                  .codes = job->codes,
                                                  .units = job->units,
                                                  .map = job->map,
                                                  .pool = job->pool,
                                                  .memory = (size_t)job->options.memory};
        MIMIC_TRY(mimic__event_file_open(job->ctx, &options, &partition->files[i], err));
    }
    return MIMIC_OK;
}

static mimic_status open_all(event_partition *partition, const char *work, mimic_error *err)
{
    MIMIC_TRY(find_files(partition, work, err));
    for (size_t i = 0; i < partition->count; i++)
        MIMIC_TRY(mimic__event_head_read(partition->job, partition->paths[i].events,
                                         &partition->heads[i], err));
    MIMIC_TRY(check_heads(partition, err));
    MIMIC_TRY(take_options(partition, err));
    MIMIC_TRY(check_tables(partition, err));
    MIMIC_TRY(take_inputs(partition, err));
    return open_files(partition, err);
}

mimic_status mimic__event_partition_open(event_job *job, const char *work,
                                         event_partition **out_partition, mimic_error *err)
{
    event_partition *const partition = mimic__alloc_zeroed(job->ctx, 1, sizeof *partition);
    *out_partition = partition;
    if (partition == NULL)
        return mimic__fail_memory(err);
    partition->job = job;
    return open_all(partition, work, err);
}

void mimic__event_partition_free(event_partition *partition)
{
    if (partition == NULL)
        return;
    for (size_t i = 0; i < partition->count && partition->files != NULL; i++)
        mimic__event_file_free(partition->files[i]);
    mimic__free(partition->job->ctx, partition);
}

/* ---- subjects ---- */

static mimic_status read_subjects(event_partition *partition, bool *out_knows, mimic_error *err)
{
    event_job *const job = partition->job;
    *out_knows = false;
    for (size_t i = 0; i < job->input_count; i++)
        *out_knows = *out_knows || job->inputs[i].table->context == GROUP_SUBJECT;
    for (size_t i = 0; i < partition->count; i++) {
        const mimic_event_table *const table = &job->map->tables[partition->heads[i].table];
        const char *const path = partition->paths[i].subjects;
        if (*out_knows && table->context != GROUP_SUBJECT)
            continue;
        if (!mimic__path_exists(path))
            return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s is missing; run partition again", path);
        MIMIC_TRY(mimic__event_subjects_read(job->ctx, &job->subjects, path, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__event_partition_plan(event_partition *partition, event_out *out,
                                         mimic_error *err)
{
    event_job *const job = partition->job;
    const char **const meanings =
        mimic__arena_array(&job->arena, partition->count, sizeof *meanings);
    const char **const rejects = mimic__arena_array(&job->arena, partition->count, sizeof *rejects);
    bool knows;
    if (meanings == NULL || rejects == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < partition->count; i++) {
        meanings[i] = partition->paths[i].codes;
        rejects[i] = partition->paths[i].rejects;
    }
    out->meanings = meanings;
    out->rejects = rejects;
    out->partition_count = partition->count;
    job->step = "patients";
    MIMIC_TRY(read_subjects(partition, &knows, err));
    return mimic__event_job_plan_from(job, knows, err);
}

/* ---- a part ---- */

mimic_status mimic__event_partition_run(event_partition *partition, event_making *run,
                                        mimic_error *err)
{
    const event_job *const job = partition->job;
    for (size_t i = 0; i < job->input_count; i++) {
        const event_input *const input = &job->inputs[i];
        event_table_state *const table = &run->state->tables[input->table->number];
        if (strlen(input->relative) >= sizeof table->source)
            return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s: the name of its source is too long",
                               input->path);
        table->is_there = true;
        table->reading = input->reading;
        memcpy(table->source, input->relative, strlen(input->relative) + 1);
    }
    return mimic__event_run_files(run, partition->files, job->input_count, err);
}
