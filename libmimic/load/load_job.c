/*
 * One conversion. Rejects reach the sink in input order: those of the reader as they come, those of
 * the sink itself after the batch that holds them. The account is checked at the end of every table.
 */
#include "load/load_job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "csv/csv_reader_internal.h"
#include "load/load_folder.h"
#include "schema/schema_detect.h"
#include "schema/schema_drift.h"
#include "sink/sink_internal.h"

/* Rejects are counted by column and code; the first of each is kept as an example. */
typedef struct reject_group {
    const char *column;
    mimic_reject_code code;
    int64_t count;
    const char *example;
} reject_group;

#define MAX_REJECT_GROUPS 256 /* further ones are counted together */

/* A row that the sink refused, until the batch is done. */
typedef struct refused_row {
    struct refused_row *next;
    int64_t row;         /* of the batch that was read */
    int64_t written_row; /* of the batch that was written, which may lack some */
    mimic_reject_code code;
    const char *column;
    const char *message;
} refused_row;

typedef struct conversion {
    load_job *job;
    const load_input *input;
    mimic_table_report *entry;
    load_part part; /* the one at hand; the next goes on with what its reader remembers */
    mimic_table_report before; /* the counts when that part began */
    mimic_arena groups_arena;
    reject_group *groups;
    size_t group_count;
    mimic_arena refused_arena;
    refused_row *first_refused;
    refused_row **last_refused;
    load_flow *flow;
    load_chunk *chunk; /* of the batch at hand, while it is written */
    mimic_error *err;     /* why a callback stopped the work; apart, as the reader has its own word */
    mimic_status stopped;
} conversion;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- rejects ---- */

static reject_group *find_group(conversion *work, const mimic_reject *reject)
{
    for (size_t i = 0; i < work->group_count; i++)
        if (work->groups[i].code == reject->code &&
            strcmp(work->groups[i].column, reject->column) == 0)
            return &work->groups[i];
    if (work->group_count == MAX_REJECT_GROUPS)
        return &work->groups[MAX_REJECT_GROUPS - 1];
    reject_group *group = &work->groups[work->group_count];
    group->code = reject->code;
    group->count = 0;
    group->column = mimic__arena_strdup(&work->groups_arena, reject->column);
    group->example = mimic__arena_format(
        &work->groups_arena, "first at %s record %lld, line %lld, byte %lld: %s", reject->source,
        (long long)reject->record, (long long)reject->line, (long long)reject->byte_offset,
        reject->message);
    if (group->column == NULL || group->example == NULL)
        return NULL;
    work->group_count++;
    return group;
}

/* `read`: rows up to the reject, as the counts of the reader lag behind it by up to a block. */
static mimic_status check_limits(const conversion *work, int64_t read, bool is_end,
                                 mimic_error *err)
{
    const mimic_load_options *const options = work->job->options;
    const mimic_table_report *const entry = work->entry;
    const int64_t limit = options->max_rejects < 0 ? 0 : options->max_rejects;
    if (options->max_rejects != 0 && entry->rejected > limit)
        return mimic__fail(err, MIMIC_ERR_REJECTS,
                           "table %s: %lld rows rejected; at most %lld are allowed", entry->table,
                           (long long)entry->rejected, (long long)limit);
    /* A share means little before there are rows to share. */
    const bool is_telling = is_end || read >= 100000;
    if (options->max_reject_percent > 0 && is_telling &&
        (double)entry->rejected * 100.0 > (double)read * options->max_reject_percent)
        return mimic__fail(err, MIMIC_ERR_REJECTS,
                           "table %s: %lld of %lld rows rejected, more than the allowed share",
                           entry->table, (long long)entry->rejected, (long long)read);
    return MIMIC_OK;
}

static mimic_status take_reject(conversion *work, const mimic_reject *reject, mimic_error *err)
{
    reject_group *group = find_group(work, reject);
    if (group == NULL)
        return mimic__fail_memory(err);
    group->count++;
    work->entry->rejected++;
    MIMIC_TRY(mimic_sink_reject(work->job->sink, reject, err));
    const int64_t read = work->before.read + reject->record;
    return check_limits(work, read > work->entry->read ? read : work->entry->read, false, err);
}

static int on_reject(const mimic_reject *reject, void *ctx)
{
    conversion *work = ctx;
    work->stopped = take_reject(work, reject, work->err);
    return work->stopped != MIMIC_OK;
}

static int refuse_row(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                      const char *message)
{
    conversion *work = ctx;
    const mimic_batch_part *const part = work->chunk->part;
    refused_row *refused = mimic__arena_alloc(&work->refused_arena, sizeof *refused);
    if (refused != NULL) {
        refused->written_row = row;
        refused->row = part == NULL || row < 0 || row >= part->batch.row_count
                           ? row
                           : (int64_t)part->rows[row];
        refused->code = code;
        refused->column = mimic__arena_strdup(&work->refused_arena, column);
        refused->message = mimic__arena_strdup(&work->refused_arena, message);
    }
    if (refused == NULL || refused->column == NULL || refused->message == NULL) {
        work->stopped = mimic__fail_memory(work->err);
        return 1;
    }
    *work->last_refused = refused;
    work->last_refused = &refused->next;
    return 0;
}

/* Returns the number of rows that the sink refused in *out_count. */
static mimic_status take_refused(conversion *work, int64_t *out_count, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    *out_count = 0;
    for (const refused_row *refused = work->first_refused; refused != NULL && status == MIMIC_OK;
         refused = refused->next) {
        mimic_reject reject = {.struct_size = sizeof reject};
        status = mimic_csv_reader_place(work->part.reader, refused->row, &reject);
        if (status != MIMIC_OK) {
            status = mimic__fail(err, MIMIC_ERR_BACKEND, "the sink refused row %lld of a batch, "
                                 "which has no such row", (long long)refused->row);
            break;
        }
        reject.code = refused->code;
        reject.column = refused->column;
        reject.message = refused->message;
        status = take_reject(work, &reject, err);
        *out_count += 1;
    }
    mimic__arena_free(&work->refused_arena);
    work->first_refused = NULL;
    work->last_refused = &work->first_refused;
    return status;
}

static mimic_status note_groups(conversion *work, mimic_error *err)
{
    for (size_t i = 0; i < work->group_count; i++) {
        const reject_group *const group = &work->groups[i];
        const mimic_note note = {.kind = MIMIC_NOTE_REJECTS,
                                 .is_problem = 1,
                                 .table = work->entry->table,
                                 .column = group->column,
                                 .code = mimic_reject_code_name(group->code),
                                 .count = group->count,
                                 .message = group->example};
        if (!mimic__report_add_note(work->job->report, &note))
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

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

static mimic_status note_drift(load_job *job, const load_input *input, const mimic_drift *drift,
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

/* ---- one part ---- */

static mimic_csv_options reader_options(const load_job *job)
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

/* Brings the counts of the report up to what the reader of this part has. */
static void update_counts(conversion *work)
{
    mimic_csv_counts counts = {.struct_size = sizeof counts};
    const int64_t stored = mimic_csv__reader_stored_bytes(work->part.reader);
    mimic_csv_reader_counts(work->part.reader, &counts);
    work->entry->read = work->before.read + counts.read;
    work->entry->filtered = work->before.filtered + counts.filtered;
    work->entry->nulled = work->before.nulled + counts.nulled;
    work->entry->bytes = work->before.bytes + counts.bytes;
    work->entry->stored_bytes = work->before.stored_bytes + stored;
}

static mimic_status tell_progress(const conversion *work, bool is_done, mimic_error *err)
{
    load_job *const job = work->job;
    if (job->options->progress == NULL)
        return MIMIC_OK;
    job->progress = (mimic_progress){.struct_size = sizeof job->progress,
                                     .table = work->entry->table,
                                     .table_index = job->table_index,
                                     .table_count = job->table_count,
                                     .bytes = work->entry->stored_bytes,
                                     .total_bytes = job->table_bytes,
                                     .rows = work->entry->read,
                                     .all_bytes = job->all_bytes + work->entry->stored_bytes,
                                     .all_total_bytes = job->all_total_bytes,
                                     .is_done = is_done};
    if (job->options->progress(&job->progress, job->options->progress_ctx) != 0)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while reading table %s",
                           work->entry->table);
    return MIMIC_OK;
}

/* NULL values of the batch that was written, those of rows that the sink refused not counted. */
static int64_t count_nulls(const conversion *work, const mimic_batch *batch)
{
    int64_t nulls = 0;
    for (size_t i = 0; i < batch->column_count; i++) {
        const mimic_column *const column = &batch->columns[i];
        nulls += column->null_count;
        for (const refused_row *row = work->first_refused; row != NULL; row = row->next)
            nulls -= row->written_row >= 0 && row->written_row < batch->row_count &&
                     !mimic_column_is_valid(column, row->written_row);
    }
    return nulls;
}

static int compare_rows(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Lets the stages have the rows of the batch that the sink did not refuse. */
static mimic_status take_batch(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    load_flow *const flow = work->flow;
    const size_t count = (size_t)mimic__flow_batch(work->chunk, batch)->row_count;
    if (work->first_refused == NULL || flow->stage_count == 0)
        return mimic__flow_take(flow, work->chunk, batch, NULL, 0, err);
    uint32_t *const rows = mimic__alloc_array(flow->ctx, count + 1, sizeof *rows);
    if (rows == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)i;
    for (const refused_row *row = work->first_refused; row != NULL; row = row->next)
        if (row->written_row >= 0 && (size_t)row->written_row < count)
            rows[row->written_row] = UINT32_MAX;
    qsort(rows, count, sizeof *rows, compare_rows);
    size_t kept = count;
    while (kept > 0 && rows[kept - 1] == UINT32_MAX)
        kept--;
    const mimic_status status = mimic__flow_take(flow, work->chunk, batch, rows, kept, err);
    mimic__free(flow->ctx, rows);
    return status;
}

static mimic_status reject_skipped(conversion *work, const mimic_batch *batch, int64_t row,
                                   mimic_error *err)
{
    char message[256] = "";
    mimic_reject reject = {.struct_size = sizeof reject};
    MIMIC_TRY(mimic_csv_reader_place(work->part.reader, row, &reject));
    if (work->flow->explain != NULL)
        work->flow->explain(work->flow->explain_ctx, batch->first_row + row, message,
                            sizeof message);
    reject.code = MIMIC_REJECT_UNIQUE;
    reject.column = "";
    reject.message = message;
    return take_reject(work, &reject, err);
}

/* Accounts for the rows that were left out before the sink saw the batch. */
static mimic_status take_skipped(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    const mimic_batch_part *const part = work->chunk->part;
    if (part == NULL)
        return MIMIC_OK;
    if (!work->flow->skipped_are_rejects) {
        work->entry->duplicates += batch->row_count - part->batch.row_count;
        return MIMIC_OK;
    }
    int64_t kept = 0;
    for (int64_t row = 0; row < batch->row_count; row++) {
        if (kept < part->batch.row_count && (int64_t)part->rows[kept] == row)
            kept++;
        else
            MIMIC_TRY(reject_skipped(work, batch, row, err));
    }
    return MIMIC_OK;
}

static mimic_status write_chunk(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    const mimic_status status = mimic__flow_write(work->flow, work->chunk, batch, err);
    const mimic_batch *const written = mimic__flow_batch(work->chunk, batch);
    int64_t refused = 0;
    if (work->stopped != MIMIC_OK)
        return work->stopped;
    MIMIC_TRY(status);
    const int64_t nulls = count_nulls(work, written);
    MIMIC_TRY(take_skipped(work, batch, err));
    MIMIC_TRY(take_batch(work, batch, err));
    MIMIC_TRY(take_refused(work, &refused, err));
    work->entry->written += written->row_count - refused;
    work->entry->nulls += nulls;
    return MIMIC_OK;
}

static mimic_status write_batch(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    work->chunk = mimic_csv__reader_take_chunk(work->part.reader);
    const mimic_status status = write_chunk(work, batch, err);
    mimic__flow_free_chunk(work->flow, work->chunk);
    work->chunk = NULL;
    return status;
}

static mimic_status pump(conversion *work, mimic_error *err)
{
    for (;;) {
        const mimic_batch *batch = NULL;
        const mimic_status status = mimic_csv_reader_next(work->part.reader, &batch, err);
        update_counts(work);
        if (work->stopped != MIMIC_OK)
            return work->stopped;
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        MIMIC_TRY(write_batch(work, batch, err));
        MIMIC_TRY(tell_progress(work, false, err));
    }
}

int64_t mimic__load_limit(const load_job *job)
{
    return job->options->csv == NULL ? 0 : job->options->csv->limit;
}

static bool is_limit_reached(const conversion *work)
{
    const int64_t limit = mimic__load_limit(work->job);
    return limit > 0 && work->entry->written >= limit;
}

/* Of an input that is one file and was read to its end. */
static mimic_status keep_hash(conversion *work, mimic_error *err)
{
    char hash[33];
    const int64_t limit = mimic__load_limit(work->job);
    mimic_csv_counts counts = {.struct_size = sizeof counts};
    mimic_csv_reader_counts(work->part.reader, &counts);
    if (work->input->path_count != 1 || (limit > 0 && counts.delivered >= limit))
        return MIMIC_OK;
    mimic_source_hash(work->part.source, hash);
    work->entry->hash = mimic__arena_strdup(&work->job->report->arena, hash);
    return work->entry->hash == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

int mimic__load_is_interrupted(void *ctx)
{
    const load_job *const job = ctx;
    mimic_progress progress = job->progress;
    progress.is_done = 0; /* that was told once */
    return job->options->progress(&progress, job->options->progress_ctx);
}

mimic_status mimic__load_open_source(load_job *job, const char *path, mimic_source **out_source,
                                     mimic_error *err)
{
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    options.max_bytes = job->options->max_bytes;
    if (job->options->progress != NULL) {
        options.interrupted = mimic__load_is_interrupted;
        options.interrupted_ctx = job;
    }
    return mimic_source_open(job->ctx, path, &options, out_source, err);
}

static mimic_status open_part(load_job *job, const load_input *input, int64_t limit,
                              load_part *part, mimic_error *err)
{
    if (part->flow == NULL) {
        part->flow = mimic__alloc_zeroed(job->ctx, 1, sizeof *part->flow);
        if (part->flow == NULL)
            return mimic__fail_memory(err);
        part->flow->ctx = job->ctx;
        part->flow->sink = job->sink;
    }
    const csv_setup setup = {job->pool,
                             {mimic__flow_encode, mimic__flow_free_chunk, part->flow}};
    mimic_csv_options options = reader_options(job);
    options.limit = limit;
    MIMIC_TRY(mimic__load_open_source(job, part->path, &part->source, err));
    MIMIC_TRY(mimic_csv__reader_open(job->ctx, part->source, input->table, &options, &setup,
                                     &part->reader, err));
    if (job->pool != NULL)
        mimic_csv__pipeline_feed(part->reader);
    return MIMIC_OK;
}

void mimic__load_part_open(load_job *job, const load_input *input, size_t index, int64_t limit,
                           load_flow *flow, load_part *out_part)
{
    *out_part = (load_part){
        .path = input->paths[index], .flow = flow, .error = MIMIC_ERROR_INIT};
    out_part->status = open_part(job, input, limit, out_part, &out_part->error);
}

/* Nothing is read or encoded any more after this. */
static void stop_reading(load_part *part)
{
    mimic_csv_reader_free(part->reader);
    mimic_source_free(part->source);
    part->reader = NULL;
    part->source = NULL;
}

void mimic__load_part_close(const load_job *job, load_part *part)
{
    stop_reading(part);
    mimic__free(job->ctx, part->flow);
    part->flow = NULL;
}

/* Goes on with `part`, which is taken over; the part before is done with. */
static void take_part(conversion *work, load_part *part)
{
    if (work->part.reader != NULL && part->reader != NULL)
        mimic_csv__reader_continue(part->reader, work->part.reader);
    stop_reading(&work->part);
    work->part = *part;
    part->reader = NULL;
    part->source = NULL;
    part->flow = NULL;
}

static mimic_status convert_part(conversion *work, mimic_error *err)
{
    load_part *const part = &work->part;
    mimic_status status = part->status;
    work->before = *work->entry;
    if (status != MIMIC_OK && err != NULL)
        *err = part->error;
    if (status == MIMIC_OK && !mimic__file_can_be_reread(part->path) &&
        mimic_csv_reader_drift(part->reader) != NULL)
        status = note_drift(work->job, work->input, mimic_csv_reader_drift(part->reader), err);
    if (status == MIMIC_OK) {
        mimic_csv__reader_set_on_reject(part->reader, on_reject, work);
        status = pump(work, err);
    }
    if (status == MIMIC_OK)
        status = keep_hash(work, err);
    if (status != MIMIC_OK && err != NULL && err->source[0] == '\0')
        mimic__error_place(err, part->path, err->record, err->line, err->byte_offset, NULL);
    return status;
}

static mimic_status convert_parts(conversion *work, mimic_error *err)
{
    MIMIC_TRY(convert_part(work, err));
    for (size_t i = 1; i < work->input->path_count && !is_limit_reached(work); i++) {
        const int64_t limit = mimic__load_limit(work->job);
        load_part next;
        mimic__load_part_open(work->job, work->input, i,
                              limit > 0 ? limit - work->entry->written : 0, work->flow, &next);
        take_part(work, &next);
        MIMIC_TRY(convert_part(work, err));
    }
    return MIMIC_OK;
}

/* ---- one table ---- */

static mimic_status check_account(const conversion *work, mimic_error *err)
{
    const mimic_table_report *const entry = work->entry;
    if (entry->read == entry->written + entry->rejected + entry->duplicates + entry->filtered)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_INTERNAL,
                       "table %s: %lld rows read, but %lld written, %lld rejected, %lld duplicates "
                       "and %lld filtered",
                       entry->table, (long long)entry->read, (long long)entry->written,
                       (long long)entry->rejected, (long long)entry->duplicates,
                       (long long)entry->filtered);
}

/* The schema of what is written; lives in `arena`. */
static mimic_status output_table(const conversion *work, mimic_arena *arena,
                                 const mimic_table **out_table, mimic_error *err)
{
    const mimic_table *const table = work->input->table;
    const mimic_csv_options *const csv = work->job->options->csv;
    *out_table = table;
    if (csv == NULL || csv->columns == NULL)
        return MIMIC_OK;
    size_t *fields = mimic__arena_array(arena, csv->column_count, sizeof *fields);
    if (fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < csv->column_count; i++) {
        const int64_t found = mimic_table_find_field(table, csv->columns[i]);
        if (found < 0)
            return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "table %s has no column \"%s\"",
                               table->name, csv->columns[i]);
        fields[i] = (size_t)found;
    }
    *out_table = mimic__table_project(arena, table, fields, csv->column_count);
    return *out_table == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* Everything of the table, up to what makes it final. */
static mimic_status write_table(conversion *work, bool *out_again, mimic_error *err)
{
    MIMIC_TRY(mimic__flow_begin(work->flow, err));
    MIMIC_TRY(convert_parts(work, err));
    MIMIC_TRY(mimic__flow_end(work->flow, out_again, err));
    if (*out_again)
        return MIMIC_OK;
    MIMIC_TRY(check_limits(work, work->entry->read, true, err));
    return check_account(work, err);
}

/* One way through the input; *out_again: it was given up, for another way. */
static mimic_status convert_once(conversion *work, const mimic_table *table, bool *out_again,
                                 mimic_error *err)
{
    const mimic_sink_host host = {sizeof host, refuse_row, work};
    mimic_sink *const sink = work->job->sink;
    *out_again = false;
    MIMIC_TRY(mimic_sink_begin(sink, work->flow->table == NULL ? table : work->flow->table, &host,
                               err));
    mimic_status status = write_table(work, out_again, err);
    if (status == MIMIC_OK && !*out_again)
        status = mimic_sink_commit(sink, err);
    if (status != MIMIC_OK || *out_again) {
        stop_reading(&work->part); /* nothing may be encoded any more */
        mimic_sink_abort(sink);
    }
    return status;
}

/* Forgets what the first way through the input counted, and opens the input anew. */
static void begin_again(conversion *work)
{
    mimic_table_report *const entry = work->entry;
    const mimic_table_report blank = MIMIC_TABLE_REPORT_INIT;
    const char *const table = entry->table;
    const char *const source = entry->source;
    load_part first;
    *entry = blank;
    entry->table = table;
    entry->source = source;
    work->group_count = 0;
    mimic__load_part_open(work->job, work->input, 0, mimic__load_limit(work->job), work->flow,
                          &first);
    take_part(work, &first);
}

static mimic_status convert_inner(conversion *work, mimic_error *err)
{
    mimic_arena arena;
    const mimic_table *table;
    bool again = false;
    mimic__arena_init(&arena, work->job->ctx);
    mimic_status status = output_table(work, &arena, &table, err);
    if (status == MIMIC_OK)
        status = convert_once(work, table, &again, err);
    while (status == MIMIC_OK && again) {
        begin_again(work);
        status = convert_once(work, table, &again, err);
    }
    mimic__arena_free(&arena);
    return status;
}

/* The line of the report, and the word to the caller. */
static void tell_end(conversion *work, mimic_status status, const mimic_error *error,
                     mimic_error *err)
{
    work->entry->status = status;
    if (status == MIMIC_OK)
        return;
    const char *const message = mimic__arena_strdup(&work->job->report->arena, error->message);
    work->entry->message = message == NULL ? "" : message;
    work->entry->written = 0;
    work->entry->nulls = 0;
    if (err != NULL)
        *err = *error;
}

static mimic_status convert_table(conversion *work, mimic_error *err)
{
    mimic_error error = MIMIC_ERROR_INIT;
    const double start = now();
    mimic_status status = convert_inner(work, &error);
    if (work->stopped != MIMIC_OK)
        error = *work->err;
    const mimic_status noted = note_groups(work, status == MIMIC_OK ? &error : NULL);
    if (status == MIMIC_OK)
        status = noted;
    work->entry->seconds = now() - start;
    if (status == MIMIC_OK)
        status = tell_progress(work, true, &error);
    tell_end(work, status, &error, err);
    return status;
}

mimic_status mimic__load_convert(load_job *job, const load_input *input, load_part *first,
                                 mimic_error *err)
{
    mimic_error reason = MIMIC_ERROR_INIT;
    conversion work = {.job = job,
                       .input = input,
                       .err = &reason,
                       .stopped = MIMIC_OK,
                       .flow = first->flow};
    work.entry = mimic__report_add_table(job->report, input->table->name, input->paths[0]);
    work.groups = mimic__alloc_array(job->ctx, MAX_REJECT_GROUPS, sizeof *work.groups);
    work.last_refused = &work.first_refused;
    mimic__arena_init(&work.groups_arena, job->ctx);
    mimic__arena_init(&work.refused_arena, job->ctx);
    take_part(&work, first);
    const bool has_memory = work.entry != NULL && work.groups != NULL && work.flow != NULL;
    const mimic_status status =
        has_memory ? convert_table(&work, err) : mimic__fail_memory(err);
    if (work.entry != NULL)
        job->all_bytes += work.entry->stored_bytes;
    stop_reading(&work.part);
    mimic__free(job->ctx, work.flow);
    mimic__arena_free(&work.groups_arena);
    mimic__arena_free(&work.refused_arena);
    mimic__free(job->ctx, work.groups);
    return status;
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
        status = note_drift(job, input, drift, err);
    if (status == MIMIC_OK && other != NULL && reader_options(job).strict_drift)
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
        const mimic_csv_options options = reader_options(job);
        if (!mimic__file_can_be_reread(input->paths[i]))
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
