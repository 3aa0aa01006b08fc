/* The first step: tables into files of sorted events. */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "events/event_head.h"
#include "events/event_partition.h"

#define STEP_SHARE 2 /* of the memory for sorting; the rest is for the reader and the codes */

static mimic_status make_paths(event_job *job, const char *work, const event_input *input,
                               event_paths *paths, mimic_error *err)
{
    const char *const stem = mimic__arena_format(&job->arena, "%s/%03u-%s", work,
                                                 input->table->number,
                                                 input->table->table->name);
    if (stem == NULL)
        return mimic__fail_memory(err);
    return mimic__event_paths_make(&job->arena, stem, paths, err);
}

/* Of the same tables: what lies in WORK beside it belongs together. */
static bool has_same_tables(const event_job *job, const event_head *head)
{
    if (head->table_count != job->input_count)
        return false;
    for (size_t i = 0; i < job->input_count; i++)
        if (head->tables[i] != job->inputs[i].table->number)
            return false;
    return true;
}

static bool are_there(const event_job *job, const event_input *input, const event_paths *paths)
{
    return mimic__path_exists(paths->events) && mimic__path_exists(paths->codes) &&
           mimic__path_exists(paths->rejects) &&
           (!mimic__event_job_knows_by(job, input) || mimic__path_exists(paths->subjects));
}

/* The file is there already, made of this very input. */
static mimic_status is_done(event_job *job, const event_input *input, const event_paths *paths,
                            event_reading *out_reading, bool *out_is_done, mimic_error *err)
{
    event_head head = {0};
    *out_is_done = false;
    if (job->options.force || !are_there(job, input, paths))
        return MIMIC_OK;
    mimic_error error = MIMIC_ERROR_INIT;
    const mimic_status status = mimic__event_head_read(job, paths->events, &head, &error);
    if (status == MIMIC_ERR_MEMORY || status == MIMIC_ERR_CANCELLED)
        return mimic__fail_again(err, &error);
    if (status != MIMIC_OK) { /* damaged, or of another time: made anew */
        mimic__log(job->ctx, MIMIC_LOG_INFO, "%s", error.message);
        return MIMIC_OK;
    }
    *out_is_done = strcmp(head.settings, job->reading_settings) == 0 &&
                   head.size == input->size && head.modified == input->modified &&
                   head.modified >= 0 && has_same_tables(job, &head);
    if (*out_is_done)
        *out_reading = head.reading;
    return MIMIC_OK;
}

static mimic_status write_codes(event_job *job, const event_paths *paths, mimic_error *err)
{
    event_code_table table;
    mimic__event_code_table_init(&table, job->ctx);
    mimic_status status = mimic__event_codes_describe(job, NULL, 0, &table, err);
    if (status == MIMIC_OK)
        status = mimic__event_code_table_write(&table, paths->codes, err);
    mimic__event_code_table_free(&table);
    return status;
}

/* The file of events is the last, and a former one goes first: where it is, the others are its own. */
static mimic_status write_files(event_job *job, const event_input *input, const event_paths *paths,
                                mimic_event_sorter *sorter, mimic_error *err)
{
    int64_t lines;
    mimic_buffer json;
    MIMIC_TRY(mimic__remove_tree(job->ctx, paths->events, err));
    if (mimic__event_job_knows_by(job, input))
        MIMIC_TRY(mimic__event_subjects_write(job, input, paths->subjects, err));
    MIMIC_TRY(write_codes(job, paths, err));
    MIMIC_TRY(mimic__reject_lines_write(job->rejects, paths->rejects, true, &lines, err));
    mimic__buffer_init(&json, job->ctx);
    mimic__event_head_format(&json, job, input);
    const mimic_event_file_head head = {json.data, json.size};
    const mimic_status status =
        json.failed ? mimic__fail_memory(err)
                    : mimic__event_file_write(sorter, paths->events, job->codes, job->units, &head,
                                              err);
    mimic__buffer_free(&json);
    return status;
}

static mimic_status begin_table(event_job *job, mimic_error *err)
{
    /* Codes of the table before are none of this one's business. */
    mimic__event_codes_free(job->codes);
    mimic__event_codes_free(job->units);
    mimic__reject_lines_free(job->rejects);
    job->codes = job->units = NULL;
    job->rejects = NULL;
    MIMIC_TRY(mimic__event_codes_new(job->ctx, MIMIC_CODE_BYTES, &job->codes, err));
    MIMIC_TRY(mimic__event_codes_new(job->ctx, MIMIC_CODE_BYTES, &job->units, err));
    return mimic__reject_lines_new(job->ctx, job->scratch, &job->rejects, err);
}

static mimic_status partition_table(event_job *job, event_input *input, const event_paths *paths,
                                    event_state *sum, mimic_error *err)
{
    mimic_event_sorter *sorter = NULL;
    bool done = false;
    MIMIC_TRY(is_done(job, input, paths, &input->reading, &done, err));
    if (done)
        return MIMIC_OK;
    MIMIC_TRY(begin_table(job, err));
    const event_sorting sorting = {.memory = (size_t)(job->options.memory / STEP_SHARE),
                                   .lanes = MIMIC_SPLIT_COUNT};
    MIMIC_TRY(mimic__event_sort_input(job, input, &sorting, &sorter, err));
    const mimic_status status = write_files(job, input, paths, sorter, err);
    sum->spilled += mimic__event_sorter_spilled(sorter);
    mimic__event_sorter_free(sorter);
    return status;
}

static mimic_status partition_input(event_job *job, const char *work, event_input *input,
                                    event_state *sum, mimic_error *err)
{
    event_paths paths;
    mimic_target_lock *held = NULL;
    event_table_state *const state = &sum->tables[input->table->number];
    if (strlen(input->relative) >= sizeof state->source)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "%s: the path is too long", input->relative);
    MIMIC_TRY(make_paths(job, work, input, &paths, err));
    const mimic_target_place place = {.path = paths.events,
                                      .interrupted = mimic__event_job_tell,
                                      .interrupted_ctx = job};
    MIMIC_TRY(mimic__target_lock_take(job->ctx, &place, &held, err));
    const mimic_status status = partition_table(job, input, &paths, sum, err);
    mimic__target_lock_free(held);
    state->is_there = status == MIMIC_OK;
    state->reading = input->reading;
    snprintf(state->source, sizeof state->source, "%s", input->relative);
    /* What assembly will say is not known yet: rows that are left have events so far. */
    state->tally.with_events =
        input->reading.read - input->reading.rejected - input->reading.without;
    return status;
}

static mimic_status check_files(const event_job *job, mimic_error *err)
{
    for (size_t i = 0; i < job->options.table_count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < job->input_count && !is_there; k++)
            is_there =
                mimic__name_equals(job->options.tables[i], job->inputs[k].table->table->name);
        if (!is_there)
            return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                               "table %s was asked for, but no file of it is there",
                               job->options.tables[i]);
    }
    return MIMIC_OK;
}

mimic_status mimic__event_partition(event_job *job, const char *work, event_state *sum,
                                    mimic_error *err)
{
    MIMIC_TRY(check_files(job, err));
    job->scratch = mimic__arena_format(
        &job->arena, "%s/", job->options.temporary_dir == NULL ? work : job->options.temporary_dir);
    if (job->scratch == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__make_folders(work, err));
    MIMIC_TRY(mimic__event_job_plan_from(job, false, err)); /* of nobody: splits are all it is for */
    for (size_t i = 0; i < job->input_count; i++)
        if (mimic__event_job_wants(job, job->inputs[i].table->table))
            MIMIC_TRY(partition_input(job, work, &job->inputs[i], sum, err));
    return MIMIC_OK;
}
