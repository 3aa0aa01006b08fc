/*
 * The public jobs: convert and load. A load first looks at the header of every file, so that drift is
 * reported, and refused, before the first row is written; then it converts table by table in the
 * order of the package. Checking is loading into the null sink, where one bad table does not stop the
 * others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "load/load_folder.h"
#include "load/load_job.h"
#include "load/load_lanes.h"
#include "load/load_keys.h"
#include "load/load_ledger.h"
#include "load/load_quality.h"
#include "sink/sink_internal.h"

static mimic_status copy_options(const mimic_load_options *given, mimic_load_options *options,
                                 mimic_csv_options *csv, mimic_error *err)
{
    MIMIC_TRY(MIMIC_OPTIONS_COPY(options, given, "mimic_load_options", err));
    MIMIC_TRY(MIMIC_OPTIONS_COPY(csv, options->csv, "mimic_csv_options", err));
    options->csv = csv;
    /* Written so that NaN is refused too. */
    if (options->max_rejects < -1 || !(options->max_reject_percent >= 0) || options->jobs < 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "max_rejects, max_reject_percent and jobs must not be negative");
    return MIMIC_OK;
}

/* ---- the target ---- */

/* Its long steps ask the progress callback too whether to stop, and all of that on the caller's
 * thread. */
static mimic_status open_target(load_job *job, const char *target, load_ledger *resumed,
                                mimic_error *err)
{
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&options, job->options->sink, "mimic_sink_options", err));
    job->progress = (mimic_progress){.struct_size = sizeof job->progress,
                                     .table = "",
                                     .total_bytes = -1,
                                     .all_total_bytes = -1};
    job->interrupted = options.interrupted;
    job->interrupted_ctx = options.interrupted_ctx;
    options.interrupted = mimic__load_is_interrupted;
    options.interrupted_ctx = job;
    if (resumed != NULL) {
        options.resume = mimic__load_ledger_keeps;
        options.resume_ctx = resumed;
    }
    return mimic__sink_open(job->ctx, target, &options, job->pool, &job->sink, err);
}

/* The threads of a job; with one job there are none. */
static mimic_status open_pool(load_job *job, mimic_error *err)
{
    return job->options->jobs <= 1 ? MIMIC_OK
                                   : mimic__pool_new(job->ctx, job->options->jobs, &job->pool, err);
}

static void close_job(load_job *job)
{
    mimic__keys_free(job->keys);
    mimic_sink_free(job->sink);
    mimic__pool_free(job->pool);
    mimic__load_quality_free(job->quality);
}

typedef struct finding_notes {
    mimic_report *report;
    bool failed;
} finding_notes;

static void note_finding(const mimic_finding *finding, void *ctx)
{
    finding_notes *notes = ctx;
    const mimic_note note = {.kind = MIMIC_NOTE_FINDING,
                             .is_problem = finding->is_problem,
                             .table = finding->table,
                             .code = finding->check,
                             .count = finding->count,
                             .message = finding->message};
    notes->failed |= !mimic__report_add_note(notes->report, &note);
}

static mimic_status finish(load_job *job, mimic_error *err)
{
    finding_notes notes = {job->report, false};
    MIMIC_TRY(mimic_sink_finish(job->sink, note_finding, &notes, err));
    return notes.failed ? mimic__fail(err, MIMIC_ERR_MEMORY,
                                      "out of memory; %s is complete, but not all that is to be "
                                      "said of it",
                                      job->report->target)
                        : MIMIC_OK;
}

/* ---- keys ---- */

/* Temporary files stand where the data goes, or where others put theirs. */
static const char *scratch_path(const load_job *job, mimic_arena *arena,
                                const struct mimic_target *target)
{
    const char *const dir = job->options->temporary_dir;
    if (dir != NULL)
        return mimic__arena_format(arena, "%s/", dir);
    if (target->kind == MIMIC_TARGET_NULL || target->kind == MIMIC_TARGET_POSTGRES)
        return "/var/tmp/";
    const bool is_file = target->kind == MIMIC_TARGET_SQLITE || target->is_one_table;
    return mimic__arena_format(arena, is_file ? "%s" : "%s/", target->path);
}

/* The first `loaded_count` inputs are loaded. `dataset`: NULL for a table by itself. */
static mimic_status open_keys(load_job *job, const load_input *inputs, size_t count,
                              size_t loaded_count, const mimic_dataset *dataset,
                              const char *target, mimic_error *err)
{
    mimic_arena *const arena = &job->report->arena;
    struct mimic_target parsed = {0};
    const mimic_table **tables = mimic__arena_array(arena, count + 1, sizeof *tables);
    if (tables == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        tables[i] = inputs[i].table;
    mimic_status status = mimic__target_parse(job->ctx, target, &parsed, err);
    const load_keys_setup setup = {.options = job->options,
                                   .tables = tables,
                                   .table_count = count,
                                   .loaded_count = loaded_count,
                                   .dataset = dataset,
                                   .path = status == MIMIC_OK ? scratch_path(job, arena, &parsed) : NULL,
                                   .pool = job->pool,
                                   .sink_enforces = parsed.kind == MIMIC_TARGET_SQLITE,
                                   .finds_problems = parsed.kind == MIMIC_TARGET_NULL};
    if (status == MIMIC_OK)
        status = setup.path == NULL ? mimic__fail_memory(err)
                                    : mimic__keys_new(job->ctx, &setup, &job->keys, err);
    mimic__target_free(job->ctx, &parsed);
    return status;
}

/* Reads the keys of a table that is not loaded this time: from its source, which is what it was. */
static mimic_status read_keys(load_job *job, const load_input *input, bool is_whole,
                              mimic_error *err)
{
    mimic_csv_options csv = *job->options->csv;
    mimic_load_options options = *job->options;
    load_job reading = *job;
    load_part first;
    options.csv = &csv;
    options.progress = NULL;
    reading.options = &options;
    reading.sink = NULL;
    reading.ledger = NULL;
    reading.expect = NULL;
    reading.quality = NULL;
    reading.interrupted = mimic__load_is_interrupted;
    reading.interrupted_ctx = job;
    /* Rows that were rejected have no keys: only of a sound table is it enough to see the keys. */
    if (is_whole && csv.columns == NULL) {
        const char **columns;
        if (!mimic__keys_columns(job->keys, input->table, &columns, &csv.column_count))
            return mimic__fail_memory(err);
        csv.columns = columns;
    }
    reading.report = mimic__report_new(job->ctx, "null:");
    if (reading.report == NULL)
        return mimic__fail_memory(err);
    mimic_status status =
        mimic__sink_open(job->ctx, "null:", NULL, job->pool, &reading.sink, err);
    if (status == MIMIC_OK) {
        mimic__load_part_open(&reading, input, 0, mimic__load_limit(&reading), NULL, &first);
        status = mimic__load_convert(&reading, input, &first, err);
        mimic__load_part_close(&reading, &first);
    }
    mimic_sink_free(reading.sink);
    mimic_report_free(reading.report);
    return status;
}

/* Of tables whose lines are in the report. */
static mimic_status read_unchanged_keys(load_job *job, const load_input *unchanged, size_t count,
                                        mimic_error *err)
{
    for (size_t i = 0; i < count; i++) {
        bool is_whole = false;
        if (!mimic__keys_is_needed(job->keys, unchanged[i].table))
            continue;
        for (size_t k = 0; k < job->report->table_count; k++)
            if (mimic__name_equals(job->report->tables[k].table, unchanged[i].table->name))
                is_whole = job->report->tables[k].rejected == 0;
        MIMIC_TRY(read_keys(job, &unchanged[i], is_whole, err));
    }
    return MIMIC_OK;
}

/* ---- convert ---- */

/* The paths of a table's parts, joined by LF. NULL when memory ran out. */
static const char *join_paths(mimic_arena *arena, const load_input *input)
{
    const char *text = input->paths[0];
    for (size_t i = 1; i < input->path_count && text != NULL; i++)
        text = mimic__arena_format(arena, "%s\n%s", text, input->paths[i]);
    return text;
}

static mimic_status convert_inner(load_job *job, load_input *input, const char *target,
                                  mimic_error *err)
{
    const char *const name = join_paths(&job->report->arena, input);
    if (name == NULL)
        return mimic__fail_memory(err);
    mimic__load_input_stamp(input, name);
    MIMIC_TRY(mimic__load_preview(job, input, err));
    MIMIC_TRY(open_keys(job, input, 1, 1, NULL, target, err));
    MIMIC_TRY(open_target(job, target, NULL, err));
    job->table_count = 1;
    job->table_bytes = input->stream == NULL ? 0 : -1;
    for (size_t i = 0; i < input->path_count && job->table_bytes >= 0; i++) {
        const int64_t size = mimic__load_stored_size(input->paths[i]);
        job->table_bytes = size < 0 ? -1 : job->table_bytes + size;
    }
    job->all_total_bytes = job->table_bytes;
    load_part first;
    MIMIC_TRY(mimic__load_quality_new(job, input, 1, &job->quality, err));
    mimic__load_part_open(job, input, 0, mimic__load_limit(job), NULL, &first);
    MIMIC_TRY(mimic__load_convert(job, input, &first, err));
    MIMIC_TRY(mimic__keys_finish(job->keys, err));
    MIMIC_TRY(mimic__keys_note(job->keys, job->report, err));
    MIMIC_TRY(mimic__load_quality_finish(job->quality, job->report, err));
    return finish(job, err);
}

/* The whole of a job that has its report and its input. */
static mimic_status run_convert(load_job *job, load_input *input, const char *target,
                                mimic_error *err)
{
    const mimic_table *const table = input->table;
    const char *const name =
        table->dataset[0] == '\0'
            ? ""
            : mimic__arena_format(&job->report->arena, "%s@%s", table->dataset, table->version);
    load_ledger ledger;
    mimic_status status = mimic__load_ledger_init(&ledger, job, err);
    if (name == NULL)
        status = mimic__fail_memory(err);
    else
        job->report->dataset = name;
    if (status == MIMIC_OK)
        status = open_pool(job, err);
    if (status == MIMIC_OK)
        status = convert_inner(job, input, target, err);
    close_job(job);
    mimic__load_ledger_free(&ledger);
    return status;
}

mimic_status mimic_convert(const mimic_context *ctx, const mimic_registry *registry,
                           const mimic_table *table, const char *const *inputs, size_t input_count,
                           const char *target, const mimic_load_options *options,
                           mimic_report **out_report, mimic_error *err)
{
    mimic_load_options chosen = MIMIC_LOAD_OPTIONS_INIT;
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    if (out_report != NULL)
        *out_report = NULL;
    if (ctx == NULL || inputs == NULL || input_count == 0 || target == NULL || out_report == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, inputs, target and out_report must not be NULL");
    for (size_t i = 0; i < input_count; i++)
        if (inputs[i] == NULL)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "input %zu is NULL", i);
    if (table == NULL && registry == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "either a table or a registry is needed");
    MIMIC_TRY(copy_options(options, &chosen, &csv, err));
    if (table == NULL)
        MIMIC_TRY(mimic__file_recognise(ctx, registry, inputs[0], &table, err));
    load_job job = {.ctx = ctx,
                    .registry = registry,
                    .options = &chosen,
                    .report = mimic__report_new(ctx, target)};
    load_input input = {.table = table, .paths = inputs, .path_count = input_count};
    if (job.report == NULL)
        return mimic__fail_memory(err);
    *out_report = job.report;
    return run_convert(&job, &input, target, err);
}

/* ---- convert a stream ---- */

static mimic_status open_stream(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                const char *name, const mimic_table *table,
                                const mimic_load_options *options, mimic_arrow_reader **out_reader,
                                mimic_error *err)
{
    const load_job job = {.options = options};
    const mimic_csv_options csv = mimic__load_reader_options(&job);
    mimic_arrow_options arrow = MIMIC_ARROW_OPTIONS_INIT;
    arrow.name = name;
    arrow.on_error = csv.on_error;
    arrow.strict_drift = csv.strict_drift;
    arrow.columns = csv.columns;
    arrow.column_count = csv.column_count;
    arrow.max_raw_bytes = csv.max_raw_bytes;
    const import_setup setup = {.filters = csv.filters,
                                .filter_count = csv.filter_count,
                                .text_filters = csv.text_filters,
                                .text_filter_count = csv.text_filter_count,
                                .limit = csv.limit,
                                .max_categories = csv.max_categories,
                                .unique = mimic__load_unique_mode(options)};
    return mimic__import_open(ctx, stream, table, &arrow, &setup, out_reader, err);
}

static mimic_status check_stream_options(const mimic_csv_options *csv, mimic_error *err)
{
    if (csv->delimiter != 0 || csv->quote != 0 || csv->escape != 0 || csv->comment != 0 ||
        csv->no_header || csv->no_quoting)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "an Arrow stream has no dialect; leave delimiter, quote, escape, "
                           "comment, no_header and no_quoting out");
    return MIMIC_OK;
}

/* What is read, and under which schema. */
typedef struct stream_input {
    struct ArrowArrayStream *stream;
    const char *name;
    const mimic_table *table;
} stream_input;

static mimic_status convert_stream(const mimic_context *ctx, const stream_input *given,
                                   const char *target, const mimic_load_options *options,
                                   mimic_report **out_report, mimic_error *err)
{
    mimic_load_options chosen = MIMIC_LOAD_OPTIONS_INIT;
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    MIMIC_TRY(copy_options(options, &chosen, &csv, err));
    MIMIC_TRY(check_stream_options(&csv, err));
    mimic_arrow_reader *reader = NULL;
    MIMIC_TRY(open_stream(ctx, given->stream, given->name, given->table, &chosen, &reader, err));
    load_job job = {.ctx = ctx, .options = &chosen, .report = mimic__report_new(ctx, target)};
    load_input input = {.table = mimic__import_source_table(reader),
                        .paths = &given->name,
                        .path_count = 1,
                        .stream = reader};
    *out_report = job.report;
    const mimic_status status = job.report == NULL ? mimic__fail_memory(err)
                                                   : run_convert(&job, &input, target, err);
    mimic_arrow_reader_free(reader);
    return status;
}

mimic_status mimic_convert_stream(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                  const char *name, const mimic_table *table, const char *target,
                                  const mimic_load_options *options, mimic_report **out_report,
                                  mimic_error *err)
{
    const stream_input given = {stream, name == NULL ? "stream" : name, table};
    mimic_status status = MIMIC_OK;
    if (out_report != NULL)
        *out_report = NULL;
    if (ctx == NULL || stream == NULL || target == NULL || out_report == NULL)
        status = mimic__fail(err, MIMIC_ERR_ARGUMENT,
                             "context, stream, target and out_report must not be NULL");
    else if (stream->release == NULL)
        status = mimic__fail(err, MIMIC_ERR_ARGUMENT, "the stream was released or taken already");
    else
        status = convert_stream(ctx, &given, target, options, out_report, err);
    if (stream != NULL && stream->release != NULL) { /* nobody took it */
        stream->release(stream);
        stream->release = NULL;
    }
    return status;
}

/* ---- load ---- */

typedef struct load_plan {
    load_folder folder;
    load_input *inputs; /* tables with a file, in the order of the package */
    size_t input_count;
} load_plan;

static mimic_status note_files(mimic_report *report, const load_folder *folder, mimic_error *err)
{
    for (size_t i = 0; i < folder->file_count; i++) {
        const load_file *const file = &folder->files[i];
        if (file->table != NULL)
            continue;
        const mimic_note note = {.kind = MIMIC_NOTE_IGNORED,
                                 .code = file->is_expected ? "known" : "unknown",
                                 .count = -1,
                                 .message = file->relative};
        if (!mimic__report_add_note(report, &note))
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

static bool is_chosen(const mimic_load_options *options, const mimic_table *table)
{
    for (size_t i = 0; i < options->table_count; i++)
        if (mimic__name_equals(options->tables[i], table->name))
            return true;
    return options->tables == NULL;
}

static mimic_status check_chosen(const mimic_context *ctx, const mimic_load_options *options,
                                 const mimic_dataset *dataset, mimic_error *err)
{
    if (options->tables == NULL)
        return MIMIC_OK;
    for (size_t i = 0; i < options->table_count; i++)
        if (mimic_dataset_find_table(dataset, options->tables[i]) == NULL)
            return mimic__fail_no_table(ctx, dataset, options->tables[i], err);
    return MIMIC_OK;
}

static mimic_status plan_table(mimic_arena *arena, load_job *job, load_plan *plan,
                               const mimic_table *table, mimic_error *err)
{
    const load_file *chosen = NULL;
    for (size_t i = 0; i < plan->folder.file_count; i++) {
        const load_file *const file = &plan->folder.files[i];
        if (file->table != table)
            continue;
        if (chosen != NULL)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "table %s has two files, %s and %s; move one away", table->name,
                               chosen->relative, file->relative);
        chosen = file;
    }
    if (chosen == NULL && job->options->tables != NULL)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "table %s was asked for, but no file of it is there", table->name);
    if (chosen == NULL) {
        const mimic_note note = {.kind = MIMIC_NOTE_ABSENT,
                                 .table = table->name,
                                 .code = "absent",
                                 .count = -1,
                                 .message = "no file"};
        return mimic__report_add_note(job->report, &note) ? MIMIC_OK : mimic__fail_memory(err);
    }
    const char **paths = mimic__arena_array(arena, 1, sizeof *paths);
    if (paths == NULL)
        return mimic__fail_memory(err);
    paths[0] = chosen->path;
    load_input *const input = &plan->inputs[plan->input_count++];
    *input = (load_input){.table = table, .paths = paths, .path_count = 1};
    mimic__load_input_stamp(input, chosen->relative);
    return MIMIC_OK;
}

static mimic_status make_plan(mimic_arena *arena, const mimic_registry *registry, const char *dir,
                              load_job *job, load_plan *plan, mimic_error *err)
{
    MIMIC_TRY(mimic__folder_read(arena, registry, dir, job->options->dataset, &plan->folder, err));
    const mimic_dataset *const dataset = plan->folder.dataset;
    MIMIC_TRY(check_chosen(job->ctx, job->options, dataset, err));
    job->report->dataset =
        mimic__arena_format(&job->report->arena, "%s@%s", dataset->name, dataset->version);
    plan->inputs = mimic__arena_array(arena, dataset->table_count, sizeof *plan->inputs);
    if (job->report->dataset == NULL || plan->inputs == NULL) {
        job->report->dataset = "";
        return mimic__fail_memory(err);
    }
    if (plan->folder.reason[0] != '\0')
        mimic__log(job->ctx, MIMIC_LOG_INFO, "%s", plan->folder.reason);
    MIMIC_TRY(note_files(job->report, &plan->folder, err));
    for (size_t i = 0; i < dataset->table_count; i++)
        if (is_chosen(job->options, &dataset->tables[i]))
            MIMIC_TRY(plan_table(arena, job, plan, &dataset->tables[i], err));
    if (plan->input_count == 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s: no file of a table of %s", dir,
                           job->report->dataset);
    return MIMIC_OK;
}

static bool may_go_on(mimic_status status)
{
    return status != MIMIC_OK && status != MIMIC_ERR_CANCELLED && status != MIMIC_ERR_MEMORY &&
           status != MIMIC_ERR_INTERNAL;
}

/* Keeps the first error; a check goes on with the next table where it can. */
static bool must_stop(mimic_status status, bool is_check, const mimic_error *error,
                      mimic_status *first, mimic_error *err)
{
    if (status == MIMIC_OK)
        return false;
    if (*first == MIMIC_OK) {
        *first = status;
        if (err != NULL)
            *err = *error;
    }
    return !is_check || !may_go_on(status);
}

static mimic_status preview_all(load_job *job, load_plan *plan, bool is_check, mimic_error *err)
{
    mimic_status first = MIMIC_OK;
    size_t kept = 0;
    for (size_t i = 0; i < plan->input_count; i++) {
        mimic_error error = MIMIC_ERROR_INIT;
        const mimic_status status = mimic__load_preview(job, &plan->inputs[i], &error);
        if (must_stop(status, is_check, &error, &first, err))
            return status;
        if (status == MIMIC_OK) {
            plan->inputs[kept++] = plan->inputs[i];
            continue;
        }
        mimic_table_report *entry = mimic__report_add_table(
            job->report, plan->inputs[i].table->name, plan->inputs[i].paths[0]);
        const char *const message = mimic__arena_strdup(&job->report->arena, error.message);
        if (entry == NULL || message == NULL)
            return mimic__fail_memory(err);
        entry->status = status;
        entry->message = message;
    }
    plan->input_count = kept;
    return first;
}

/* Parents first where that matters; by stored bytes, the largest first; then in the order of the
 * package. */
static int compare_inputs(const void *a, const void *b)
{
    const load_input *const left = a;
    const load_input *const right = b;
    if (left->depth != right->depth)
        return left->depth < right->depth ? -1 : 1;
    const int64_t sizes[] = {mimic__load_stored_size(left->paths[0]), mimic__load_stored_size(right->paths[0])};
    if (sizes[0] != sizes[1])
        return sizes[0] > sizes[1] ? -1 : 1;
    return left->table < right->table ? -1 : 1;
}

/* Tables that are opened ahead, while the one before them is written. */
#define TABLES_AHEAD 2

/*
 * The tables one after the other, the largest first: a large one keeps all threads busy by itself,
 * and while small ones are written those behind them are read already. Whatever the number of jobs,
 * they are written in the same order.
 */
static mimic_status convert_in_turn(load_job *job, load_plan *plan, bool is_check, mimic_error *err)
{
    const size_t ahead = job->pool == NULL ? 0 : TABLES_AHEAD;
    load_part parts[TABLES_AHEAD + 1] = {{0}};
    mimic_status first = MIMIC_OK;
    size_t opened = 0;
    bool is_stopped = false;
    for (size_t i = 0; i < plan->input_count && !is_stopped; i++) {
        mimic_error error = MIMIC_ERROR_INIT;
        for (; opened < plan->input_count && opened <= i + ahead; opened++)
            mimic__load_part_open(job, &plan->inputs[opened], 0, mimic__load_limit(job), NULL,
                                  &parts[opened % (TABLES_AHEAD + 1)]);
        job->table_index = i;
        job->table_bytes = mimic__load_stored_size(plan->inputs[i].paths[0]);
        const mimic_status status = mimic__load_convert(job, &plan->inputs[i],
                                                        &parts[i % (TABLES_AHEAD + 1)], &error);
        is_stopped = must_stop(status, is_check, &error, &first, err);
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        mimic__load_part_close(job, &parts[i]);
    return first;
}

static mimic_status convert_all(load_job *job, load_plan *plan, bool is_check, mimic_error *err)
{
    bool is_done = false;
    const bool is_enforced = job->options->keys == MIMIC_KEYS_ENFORCE;
    job->table_count = plan->input_count;
    for (size_t i = 0; i < plan->input_count && is_enforced; i++)
        plan->inputs[i].depth = mimic__keys_depth(job->keys, plan->inputs[i].table);
    if (plan->input_count > 1)
        qsort(plan->inputs, plan->input_count, sizeof *plan->inputs, compare_inputs);
    for (size_t i = 0; i < plan->input_count; i++)
        job->all_total_bytes += mimic__load_stored_size(plan->inputs[i].paths[0]);
    if (!is_enforced) /* else a child waits for its parents */
        MIMIC_TRY(mimic__load_in_lanes(job, plan->inputs, plan->input_count, &is_done, err));
    return is_done ? MIMIC_OK : convert_in_turn(job, plan, is_check, err);
}

static bool reads_everything(const mimic_load_options *options)
{
    return options->csv->limit == 0 && options->csv->filter_count == 0 &&
           options->csv->text_filter_count == 0;
}

static mimic_status load_inner(load_job *job, load_ledger *ledger, mimic_arena *arena,
                               const char *dir, const char *target, mimic_error *err)
{
    load_plan plan = {0};
    load_expect expect;
    const bool is_check = strcmp(target, "null:") == 0;
    MIMIC_TRY(make_plan(arena, job->registry, dir, job, &plan, err));
    if (job->options->expect) {
        MIMIC_TRY(mimic__load_expect_init(&expect, plan.folder.dataset, job->options, err));
        job->expect = &expect;
    }
    mimic_status first = preview_all(job, &plan, is_check, err);
    if (first != MIMIC_OK && !is_check)
        return first;
    ledger->inputs = plan.inputs;
    ledger->input_count = plan.input_count;
    MIMIC_TRY(open_target(job, target, ledger, err));
    const size_t all_count = plan.input_count;
    MIMIC_TRY(mimic__load_ledger_skip(ledger, plan.folder.dataset, plan.inputs, &plan.input_count,
                                      err));
    MIMIC_TRY(open_keys(job, plan.inputs, all_count, plan.input_count, plan.folder.dataset, target,
                        err));
    MIMIC_TRY(read_unchanged_keys(job, plan.inputs + plan.input_count,
                                  all_count - plan.input_count, err));
    MIMIC_TRY(mimic__load_quality_new(job, plan.inputs, plan.input_count, &job->quality, err));
    mimic_error error = MIMIC_ERROR_INIT;
    const mimic_status converted = convert_all(job, &plan, is_check, &error);
    mimic__report_sort(job->report, plan.folder.dataset);
    MIMIC_TRY(mimic__load_ledger_note_kept(ledger, err));
    if (must_stop(converted, is_check, &error, &first, err))
        return converted;
    /* All that may fail comes before the target appears. */
    MIMIC_TRY(mimic__keys_finish(job->keys, err));
    MIMIC_TRY(mimic__keys_note(job->keys, job->report, err));
    if (reads_everything(job->options) &&
        !mimic__report_compare_counts(job->report, plan.folder.dataset, is_check))
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__load_quality_finish(job->quality, job->report, err));
    MIMIC_TRY(finish(job, err));
    return first;
}

mimic_status mimic_load(const mimic_context *ctx, const mimic_registry *registry, const char *dir,
                        const char *target, const mimic_load_options *options,
                        mimic_report **out_report, mimic_error *err)
{
    mimic_load_options chosen = MIMIC_LOAD_OPTIONS_INIT;
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    if (out_report != NULL)
        *out_report = NULL;
    if (ctx == NULL || registry == NULL || dir == NULL || target == NULL || out_report == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, registry, dir, target and out_report must not be NULL");
    MIMIC_TRY(copy_options(options, &chosen, &csv, err));
    load_job job = {.ctx = ctx,
                    .registry = registry,
                    .options = &chosen,
                    .report = mimic__report_new(ctx, target)};
    if (job.report == NULL)
        return mimic__fail_memory(err);
    mimic_arena arena;
    load_ledger ledger;
    mimic__arena_init(&arena, ctx);
    mimic_status status = mimic__load_ledger_init(&ledger, &job, err);
    if (status == MIMIC_OK)
        status = open_pool(&job, err);
    if (status == MIMIC_OK)
        status = load_inner(&job, &ledger, &arena, dir, target, err);
    close_job(&job);
    mimic__load_ledger_free(&ledger);
    mimic__arena_free(&arena);
    *out_report = job.report;
    return status;
}

mimic_status mimic_detect(const mimic_context *ctx, const mimic_registry *registry, const char *dir,
                          const mimic_dataset **out_dataset, mimic_error *err)
{
    if (ctx == NULL || registry == NULL || dir == NULL || out_dataset == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, registry, dir and out_dataset must not be NULL");
    mimic_arena arena;
    load_folder folder;
    mimic__arena_init(&arena, ctx);
    const mimic_status status = mimic__folder_read(&arena, registry, dir, NULL, &folder, err);
    mimic__arena_free(&arena);
    if (status == MIMIC_OK)
        *out_dataset = folder.dataset;
    return status;
}
