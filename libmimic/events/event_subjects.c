/*
 * Who is known: the ids of the table of patients, or, where a folder has none, those that occur in any
 * table. The plan of files is made of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "csv/csv_reader_internal.h"
#include "events/event_emit.h"
#include "events/event_job.h"
#include "events/event_records.h"

static int compare_ids(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void mimic__event_subjects_settle(event_subjects *subjects)
{
    size_t kept = 0;
    if (subjects->count > 1)
        qsort(subjects->ids, subjects->count, sizeof *subjects->ids, compare_ids);
    for (size_t i = 0; i < subjects->count; i++)
        if (kept == 0 || subjects->ids[kept - 1] != subjects->ids[i])
            subjects->ids[kept++] = subjects->ids[i];
    subjects->count = kept;
}

bool mimic__event_subjects_add(const mimic_context *ctx, event_subjects *subjects, int64_t id)
{
    if (subjects->count > 0 && subjects->ids[subjects->count - 1] == id)
        return true;
    if (subjects->count == subjects->capacity) {
        mimic__event_subjects_settle(subjects); /* a table without order repeats them */
        if (subjects->count < subjects->capacity / 2)
            return mimic__event_subjects_add(ctx, subjects, id);
        int64_t *const grown = mimic__array_grow(ctx, subjects->ids, subjects->count,
                                                 &subjects->capacity, sizeof *subjects->ids);
        if (grown == NULL)
            return false;
        subjects->ids = grown;
    }
    subjects->ids[subjects->count++] = id;
    return true;
}

/* ---- ids of a batch of one column ---- */

static int64_t id_of(const mimic_column *column, bool is_hashed, int64_t row)
{
    if (is_hashed && column->type == MIMIC_TYPE_CATEGORICAL) {
        const int32_t code = ((const int32_t *)column->values)[row];
        const mimic_dictionary *const texts = column->dictionary;
        return mimic__event_text_id(texts->bytes + texts->offsets[code],
                                    (size_t)(texts->offsets[code + 1] - texts->offsets[code]));
    }
    if (is_hashed)
        return mimic__event_text_id((const char *)column->values + column->offsets[row],
                                    (size_t)(column->offsets[row + 1] - column->offsets[row]));
    if (column->type == MIMIC_TYPE_INT16)
        return ((const int16_t *)column->values)[row];
    if (column->type == MIMIC_TYPE_INT32)
        return ((const int32_t *)column->values)[row];
    return ((const int64_t *)column->values)[row];
}

static bool add_batch(const event_job *job, const event_input *input, const mimic_batch *batch,
                      event_subjects *subjects)
{
    const mimic_column *const column = &batch->columns[0];
    for (int64_t row = 0; row < batch->row_count; row++)
        if (mimic_column_is_valid(column, row) &&
            !mimic__event_subjects_add(job->ctx, subjects,
                                       id_of(column, input->table->hashes_subject, row)))
            return false;
    return true;
}

static mimic_status read_ids(event_job *job, mimic_csv_reader *reader, const event_input *input,
                             event_subjects *subjects, mimic_error *err)
{
    for (;;) {
        const mimic_batch *batch;
        const mimic_status status = mimic_csv_reader_next(reader, &batch, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        if (!add_batch(job, input, batch, subjects))
            return mimic__fail_memory(err);
        if (mimic__event_job_tell(job) != 0)
            return mimic__event_job_cancelled(err);
    }
}

/* Rows that do not fit are told when the table itself is read. */
static mimic_status read_subjects(event_job *job, const event_input *input,
                                  event_subjects *subjects, mimic_error *err)
{
    const mimic_table *const table = input->table->table;
    const char *const column = table->fields[input->table->subject].name;
    mimic_csv_options options = mimic__event_job_csv(job);
    mimic_source_options source_options = MIMIC_SOURCE_OPTIONS_INIT;
    const csv_setup setup = {.pool = job->pool, .unique = MIMIC_UNIQUE_NONE};
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    options.columns = &column;
    options.column_count = 1;
    source_options.interrupted = mimic__event_job_tell;
    source_options.interrupted_ctx = job;
    mimic_status status = mimic_source_open(job->ctx, input->path, &source_options, &source, err);
    if (status == MIMIC_OK)
        status =
            mimic_csv__reader_open(job->ctx, source, table, &options, &setup, &reader, err);
    if (status == MIMIC_OK)
        status = read_ids(job, reader, input, subjects, err);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return status;
}

/* The table whose rows are the patients; NULL = no folder has it. */
static const event_input *find_patients(const event_job *job)
{
    for (size_t i = 0; i < job->input_count; i++)
        if (job->inputs[i].table->context == GROUP_SUBJECT)
            return &job->inputs[i];
    return NULL;
}

mimic_status mimic__event_job_plan_from(event_job *job, bool knows_subjects, mimic_error *err)
{
    const mimic_event_shares shares = {.train = job->options.train,
                                       .tuning = job->options.tuning,
                                       .subjects_per_file = job->options.subjects_per_file};
    mimic__event_subjects_settle(&job->subjects);
    job->knows_subjects = knows_subjects;
    return mimic__event_plan_new(job->ctx, job->subjects.ids, job->subjects.count, &shares,
                                 &job->plan, err);
}

bool mimic__event_job_knows_by(const event_job *job, const event_input *input)
{
    const event_input *const patients = find_patients(job);
    return patients == NULL || patients == input;
}

mimic_status mimic__event_job_plan(event_job *job, mimic_error *err)
{
    job->step = "patients";
    for (size_t i = 0; i < job->input_count; i++)
        if (mimic__event_job_knows_by(job, &job->inputs[i]))
            MIMIC_TRY(read_subjects(job, &job->inputs[i], &job->subjects, err));
    return mimic__event_job_plan_from(job, find_patients(job) != NULL, err);
}

/* ---- files of subjects ---- */

mimic_status mimic__event_subjects_read(const mimic_context *ctx, event_subjects *subjects,
                                        const char *path, mimic_error *err)
{
    event_records *records = NULL;
    MIMIC_TRY(mimic__records_open(ctx, path, &records, err));
    mimic_status status = MIMIC_OK;
    while (status == MIMIC_OK) {
        const char *bytes;
        size_t size;
        int64_t subject;
        status = mimic__records_next(records, &bytes, &size, err);
        if (status != MIMIC_OK || bytes == NULL)
            break;
        if (size != sizeof subject) {
            status = mimic__records_fail(records, err);
            break;
        }
        memcpy(&subject, bytes, sizeof subject);
        if (!mimic__event_subjects_add(ctx, subjects, subject))
            status = mimic__fail_memory(err);
    }
    mimic__records_free(records);
    return status;
}

mimic_status mimic__event_subjects_write(event_job *job, const event_input *input,
                                         const char *path, mimic_error *err)
{
    event_subjects subjects = {0};
    mimic_output *output = NULL;
    mimic_status status = read_subjects(job, input, &subjects, err);
    mimic__event_subjects_settle(&subjects);
    if (status == MIMIC_OK)
        status = mimic__output_open(job->ctx, path, NULL, &output, err);
    for (size_t i = 0; i < subjects.count && status == MIMIC_OK; i++)
        status = mimic__records_write(output, &subjects.ids[i], sizeof subjects.ids[i], err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    mimic__free(job->ctx, subjects.ids);
    return status;
}
