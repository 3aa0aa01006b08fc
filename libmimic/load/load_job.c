/*
 * One conversion. Rejects reach the sink in input order: those of the reader as they come, those of
 * the sink itself after the batch that holds them. The account is checked at the end of every table.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "load/load_conversion.h"
#include "load/load_folder.h"
#include "load/load_keys.h"
#include "load/load_keys_run.h"
#include "load/load_ledger.h"
#include "sink/sink_internal.h"

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- one part ---- */

/* Brings the counts of the report up to what the reader of this part has. */
static void update_counts(conversion *work)
{
    const mimic_csv_counts counts = mimic__load_reader_counts(&work->part.reader);
    const int64_t stored = mimic__load_reader_stored_bytes(&work->part.reader);
    work->entry->read = work->before.read + counts.read;
    work->entry->filtered = work->before.filtered + counts.filtered;
    work->entry->nulled = work->before.nulled + counts.nulled;
    work->entry->bytes = work->before.bytes + counts.bytes;
    work->entry->stored_bytes = work->before.stored_bytes + stored;
}

static mimic_status tell_progress(const conversion *work, bool is_done, mimic_error *err)
{
    load_job *const job = work->job;
    const mimic_progress progress = {.struct_size = sizeof progress,
                                     .table = work->entry->table,
                                     .table_index = job->table_index,
                                     .table_count = job->table_count,
                                     .bytes = work->entry->stored_bytes,
                                     .total_bytes = job->table_bytes,
                                     .rows = work->entry->read,
                                     .all_bytes = job->all_bytes + work->entry->stored_bytes,
                                     .all_total_bytes = job->all_total_bytes,
                                     .is_done = is_done};
    if (mimic__load_tell(job, &progress) != 0)
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

static mimic_status write_chunk(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    const mimic_status status = mimic__flow_write(work->flow, work->chunk, batch, err);
    const mimic_batch *const written = mimic__flow_batch(work->chunk, batch);
    int64_t refused = 0;
    if (work->stopped != MIMIC_OK)
        return work->stopped;
    MIMIC_TRY(status);
    if (work->must_end) {
        mimic__load_forget_refused(work);
        return MIMIC_OK;
    }
    const int64_t nulls = count_nulls(work, written);
    MIMIC_TRY(mimic__load_take_skipped(work, batch, err));
    MIMIC_TRY(take_batch(work, batch, err));
    MIMIC_TRY(mimic__load_take_refused(work, &refused, err));
    work->entry->written += written->row_count - refused;
    work->entry->nulls += nulls;
    return MIMIC_OK;
}

static mimic_status write_batch(conversion *work, const mimic_batch *batch, mimic_error *err)
{
    work->chunk = mimic__load_reader_take_chunk(&work->part.reader);
    const mimic_status status = write_chunk(work, batch, err);
    mimic__flow_free_chunk(work->flow, work->chunk);
    work->chunk = NULL;
    return status;
}

static mimic_status pump(conversion *work, mimic_error *err)
{
    for (;;) {
        const mimic_batch *batch = NULL;
        const mimic_status status = mimic__load_reader_next(&work->part.reader, &batch, err);
        update_counts(work);
        if (work->stopped != MIMIC_OK)
            return work->stopped;
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        MIMIC_TRY(write_batch(work, batch, err));
        MIMIC_TRY(tell_progress(work, false, err));
        if (work->must_end)
            return MIMIC_OK;
    }
}

/* Of the flow: where a row of the batch at hand stands. */
static uint64_t place_of(void *ctx, int64_t row)
{
    const conversion *const work = ctx;
    return LOAD_PLACE(work->part_index, mimic__load_reader_record(&work->part.reader, row));
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
    const mimic_csv_counts counts = mimic__load_reader_counts(&work->part.reader);
    if (work->part.source == NULL || work->input->path_count != 1 || (limit > 0 && counts.delivered >= limit))
        return MIMIC_OK;
    mimic_source_hash(work->part.source, hash);
    work->entry->hash = mimic__arena_strdup(&work->job->report->arena, hash);
    return work->entry->hash == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* Goes on with `part`, which is taken over; the part before is done with. */
static void take_part(conversion *work, load_part *part)
{
    mimic__load_reader_continue(&part->reader, &work->part.reader);
    mimic__load_part_stop(&work->part);
    work->part = *part;
    part->reader = (load_reader){0};
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
    const mimic_drift *const drift =
        status == MIMIC_OK ? mimic__load_reader_drift(&part->reader) : NULL;
    const bool is_new = work->input->stream != NULL || !mimic__file_can_be_reread(part->path);
    if (drift != NULL && is_new)
        status = mimic__load_note_drift(work->job, work->input, drift, err);
    if (status == MIMIC_OK) {
        mimic__load_reader_set_on_reject(&part->reader, mimic__load_on_reject, work);
        status = pump(work, err);
    }
    if (status == MIMIC_OK && !work->must_end)
        status = keep_hash(work, err);
    if (status != MIMIC_OK && err != NULL && err->source[0] == '\0')
        mimic__error_place(err, part->path, err->record, err->line, err->byte_offset, NULL);
    return status;
}

static mimic_status convert_parts(conversion *work, mimic_error *err)
{
    work->part_index = 0;
    MIMIC_TRY(convert_part(work, err));
    for (size_t i = 1;
         i < work->input->path_count && !is_limit_reached(work) && !work->must_end; i++) {
        const int64_t limit = mimic__load_limit(work->job);
        load_part next;
        mimic__load_part_open(work->job, work->input, i,
                              limit > 0 ? limit - work->entry->written : 0, work->flow, &next);
        take_part(work, &next);
        work->part_index = i;
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

/* Everything of the table, up to what makes it final. */
static mimic_status write_table(conversion *work, bool *out_again, mimic_error *err)
{
    MIMIC_TRY(mimic__flow_begin(work->flow, err));
    MIMIC_TRY(convert_parts(work, err));
    MIMIC_TRY(mimic__flow_end(work->flow, out_again, err));
    if (*out_again)
        return MIMIC_OK;
    MIMIC_TRY(mimic__load_check_limits(work, work->entry->read, true, err));
    MIMIC_TRY(check_account(work, err));
    return mimic__load_expect_check(work->job->expect, work->input->table, work->entry->read, err);
}

/* One way through the input; *out_again: it was given up, for another way. */
static mimic_status convert_once(conversion *work, const mimic_table *table, bool *out_again,
                                 mimic_error *err)
{
    const mimic_sink_host host = {sizeof host, mimic__load_refuse_row, work};
    mimic_sink *const sink = work->job->sink;
    *out_again = false;
    work->must_end = false;
    MIMIC_TRY(mimic_sink_begin(sink, work->flow->table == NULL ? table : work->flow->table, &host,
                               err));
    mimic_status status = write_table(work, out_again, err);
    if (status == MIMIC_OK && !*out_again)
        status = mimic__load_ledger_store(work->job, work->input, work->entry, work->started, err);
    if (status == MIMIC_OK && !*out_again)
        status = mimic_sink_commit(sink, err);
    if (status != MIMIC_OK || *out_again) {
        mimic__load_part_stop(&work->part); /* nothing may be encoded any more */
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
    entry->expected_rows = -1;
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
    mimic_status status = mimic__load_output_table(work->job->options->csv, work->input->table,
                                                   &arena, &table, err);
    work->flow->place = place_of;
    work->flow->place_ctx = work;
    if (status == MIMIC_OK)
        status = mimic__keys_join(work->job->keys, work->input->table, table, work->input->paths,
                                  work->input->path_count, work->flow, err);
    if (status == MIMIC_OK)
        status = convert_once(work, table, &again, err);
    while (status == MIMIC_OK && again) {
        begin_again(work);
        status = convert_once(work, table, &again, err);
    }
    mimic__load_part_stop(&work->part);
    mimic__keys_leave(work->job->keys, work->input->table, status == MIMIC_OK);
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
    const mimic_status noted = mimic__load_note_groups(work, status == MIMIC_OK ? &error : NULL);
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
                       .started = (int64_t)time(NULL),
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
    mimic__load_part_stop(&work.part);
    mimic__free(job->ctx, work.flow);
    mimic__arena_free(&work.groups_arena);
    mimic__arena_free(&work.refused_arena);
    mimic__free(job->ctx, work.groups);
    return status;
}
