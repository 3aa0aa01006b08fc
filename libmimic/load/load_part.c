/*
 * Parts of a table: opening them, what their headers say, and the words to the caller that reading
 * them brings with it.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "load/load_conversion.h"
#include "load/load_folder.h"
#include "load/load_lanes.h"
#include "load/load_quality.h"
#include "schema/schema_detect.h"
#include "schema/schema_drift.h"

/* ---- what a header says ---- */

static const char *drift_code(mimic_drift_kind kind)
{
    switch (kind) {
    case MIMIC_DRIFT_MISSING_REQUIRED:
        return "missing_required";
    case MIMIC_DRIFT_MISSING:
        return "missing";
    case MIMIC_DRIFT_UNKNOWN:
        return "unknown";
    case MIMIC_DRIFT_REORDERED:
        return "reordered";
    case MIMIC_DRIFT_RELEASE:
        return "release";
    default:
        return "case";
    }
}

mimic_status mimic__load_note_drift(load_job *job, const load_input *input, const mimic_drift *drift,
                               mimic_error *err)
{
    for (size_t i = 0; i < mimic_drift_count(drift); i++) {
        mimic_drift_item item = {.struct_size = sizeof item};
        if (mimic_drift_get(drift, i, &item) != MIMIC_OK || item.kind == MIMIC_DRIFT_RENAMED_CASE)
            continue;
        const mimic_note note = {.kind = MIMIC_NOTE_DRIFT,
                                 .table = input->table->name,
                                 .column = item.column,
                                 .code = drift_code(item.kind),
                                 .count = -1,
                                 .message = item.message};
        if (!mimic__report_add_note(job->report, &note))
            return mimic__fail_memory(err);
        mimic__log(job->ctx, MIMIC_LOG_WARNING, "%s", item.message);
    }
    return MIMIC_OK;
}

mimic_csv_options mimic__load_reader_options(const load_job *job)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    if (job->options->csv != NULL)
        options = *job->options->csv;
    if (job->options->on_error != MIMIC_ON_ERROR_DEFAULT)
        options.on_error = job->options->on_error;
    if (job->options->strict_drift)
        options.strict_drift = 1;
    return options;
}

/* ---- words to the caller ---- */

int mimic__load_tell(load_job *job, const mimic_progress *progress)
{
    job->progress = *progress;
    if (job->options->progress != NULL &&
        job->options->progress(progress, job->options->progress_ctx) != 0)
        return 1;
    return job->interrupted != NULL && job->interrupted(job->interrupted_ctx) != 0;
}

int mimic__load_is_interrupted(void *ctx)
{
    load_job *const job = ctx;
    bool wants_stop;
    if (mimic__lanes_is_lane(job->lanes, &wants_stop))
        return wants_stop;
    mimic_progress progress = job->progress;
    progress.is_done = 0; /* that was told once */
    return mimic__load_tell(job, &progress);
}

int64_t mimic__load_stored_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

/* ---- parts ---- */

int64_t mimic__load_limit(const load_job *job)
{
    return job->options->csv == NULL ? 0 : job->options->csv->limit;
}

mimic_status mimic__load_open_source(load_job *job, const char *path, mimic_source **out_source,
                                     mimic_error *err)
{
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    options.max_bytes = job->options->max_bytes;
    if (job->options->progress != NULL || job->interrupted != NULL) {
        options.interrupted = mimic__load_is_interrupted;
        options.interrupted_ctx = job;
    }
    return mimic_source_open(job->ctx, path, &options, out_source, err);
}

mimic_status mimic__load_output_table(const mimic_csv_options *csv, const mimic_table *table,
                                      mimic_arena *arena, const mimic_table **out_table,
                                      mimic_error *err)
{
    *out_table = table;
    if (csv == NULL || csv->columns == NULL)
        return MIMIC_OK;
    size_t *fields = mimic__arena_array(arena, csv->column_count, sizeof *fields);
    if (fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < csv->column_count; i++) {
        const int64_t found = mimic_table_find_field(table, csv->columns[i]);
        if (found < 0)
            return mimic__fail_no_column(arena->ctx, table, csv->columns[i], err);
        fields[i] = (size_t)found;
    }
    *out_table = mimic__table_project(arena, table, fields, csv->column_count);
    return *out_table == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_unique_mode mimic__load_unique_mode(const mimic_load_options *options)
{
    const bool is_rejected = options->duplicates == MIMIC_DUPLICATES_DEFAULT ||
                             options->duplicates == MIMIC_DUPLICATES_REJECT;
    return is_rejected && options->keys != MIMIC_KEYS_OFF ? MIMIC_UNIQUE_FITTING
                                                          : MIMIC_UNIQUE_NONE;
}

static mimic_status open_part(load_job *job, const load_input *input, int64_t limit, bool is_first,
                              load_part *part, mimic_error *err)
{
    if (part->flow == NULL) {
        part->flow = mimic__alloc_zeroed(job->ctx, 1, sizeof *part->flow);
        if (part->flow == NULL)
            return mimic__fail_memory(err);
        part->flow->ctx = job->ctx;
        part->flow->sink = job->sink;
    }
    part->flow->is_read_once = input->stream != NULL;
    if (is_first) /* before a worker may look at anything */
        MIMIC_TRY(mimic__load_quality_open(job->quality, input->table, part->flow, err));
    part->reader.flow = part->flow;
    part->reader.arrow = input->stream;
    if (input->stream != NULL)
        return MIMIC_OK;
    const csv_setup setup = {job->pool,
                             {mimic__flow_encode, mimic__flow_free_chunk, part->flow},
                             mimic__load_unique_mode(job->options)};
    mimic_csv_options options = mimic__load_reader_options(job);
    options.limit = limit;
    MIMIC_TRY(mimic__load_open_source(job, part->path, &part->source, err));
    MIMIC_TRY(mimic_csv__reader_open(job->ctx, part->source, input->table, &options, &setup,
                                     &part->reader.csv, err));
    if (job->pool != NULL)
        mimic_csv__pipeline_feed(part->reader.csv);
    return MIMIC_OK;
}

void mimic__load_part_open(load_job *job, const load_input *input, size_t index, int64_t limit,
                           load_flow *flow, load_part *out_part)
{
    *out_part = (load_part){
        .path = input->paths[index], .flow = flow, .error = MIMIC_ERROR_INIT};
    out_part->status = open_part(job, input, limit, index == 0, out_part, &out_part->error);
}

/* Nothing is read or encoded any more after this. */
void mimic__load_part_stop(load_part *part)
{
    mimic__load_reader_close(&part->reader);
    mimic_source_free(part->source);
    part->source = NULL;
}

void mimic__load_part_close(const load_job *job, load_part *part)
{
    mimic__load_part_stop(part);
    mimic__free(job->ctx, part->flow);
    part->flow = NULL;
}

/* ---- before anything is converted ---- */

/* The header once more, with the other releases in mind. */
static mimic_status note_header(load_job *job, const load_input *input,
                                const mimic_csv_reader *reader, mimic_error *err)
{
    size_t count;
    mimic_drift *drift = NULL;
    const char *const *const header = mimic_csv__reader_header(reader, &count);
    if (header == NULL)
        return MIMIC_OK;
    MIMIC_TRY(mimic_drift_compare(job->ctx, input->table, header, count, &drift, err));
    const mimic_table *const other =
        job->registry == NULL
            ? NULL
            : mimic__schema_better_release(job->registry, input->table, header, count);
    mimic_status status =
        other == NULL ? MIMIC_OK : mimic__drift_add_release(drift, other, err);
    if (status == MIMIC_OK)
        status = mimic__load_note_drift(job, input, drift, err);
    if (status == MIMIC_OK && other != NULL && mimic__load_reader_options(job).strict_drift)
        status = mimic__fail(err, MIMIC_ERR_DRIFT, "the columns are those of %s@%s/%s, not of %s",
                             other->dataset, other->version, other->name,
                             input->table->version);
    mimic_drift_free(drift);
    return status;
}

mimic_status mimic__load_preview(load_job *job, const load_input *input, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < input->path_count && status == MIMIC_OK; i++) {
        mimic_source *source = NULL;
        mimic_csv_reader *reader = NULL;
        const mimic_csv_options options = mimic__load_reader_options(job);
        if (input->stream != NULL || !mimic__file_can_be_reread(input->paths[i]))
            continue;
        status = mimic__load_open_source(job, input->paths[i], &source, err);
        if (status == MIMIC_OK)
            status = mimic_csv_reader_open(job->ctx, source, input->table, &options, &reader, err);
        if (status == MIMIC_OK)
            status = note_header(job, input, reader, err);
        mimic_csv_reader_free(reader);
        mimic_source_free(source);
        if (status != MIMIC_OK && err != NULL && err->source[0] == '\0')
            mimic__error_place(err, input->paths[i], -1, err->line, err->byte_offset, err->column);
    }
    return status;
}
