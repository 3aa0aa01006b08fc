/*
 * A table as chunks of events: the CSV reader, whose workers turn each batch into a chunk, and what
 * belongs to it on the caller's thread: record numbers, rejects, counts.
 */
#include <string.h>

#include "base/error.h"
#include "csv/csv_reader_internal.h"
#include "events/event_emit.h"
#include "events/event_job.h"

/* The same whatever memory there is, as the order of rejects depends on it. Less where a row may give
 * many events, which the chunk of a block must hold. */
#define BLOCK_BYTES (256u * 1024)
#define BLOCK_KINDS 16u

struct event_source {
    event_job *job;
    event_input *input;
    mimic_emitter *emitter;
    mimic_source *source;
    mimic_csv_reader *reader;
    mimic_error reject_error; /* why a callback stopped the reader */
    mimic_status reject_status;
    int64_t emitted_none;
    int64_t emitted_rejects;
};

/* ---- on the workers ---- */

static mimic_status encode(void *ctx, const mimic_batch *batch, void **out_chunk, mimic_error *err)
{
    const event_source *const source = ctx;
    const mimic_emit_rows rows = {.first_record = batch->first_record};
    mimic_event_chunk *chunk = NULL;
    const mimic_status status = mimic__emit(source->emitter, batch, &rows, &chunk, err);
    *out_chunk = chunk;
    return status;
}

static void free_chunk(void *ctx, void *chunk)
{
    (void)ctx;
    mimic__chunk_release(chunk);
}

/* ---- on the caller's thread ---- */

static int on_reject(const mimic_reject *reject, void *ctx)
{
    event_source *const source = ctx;
    source->reject_status =
        mimic__reject_lines_row(source->job->rejects, source->input->table,
                                 source->input->relative, reject, &source->reject_error);
    return source->reject_status != MIMIC_OK;
}

static mimic_status open_emitter(event_source *source, mimic_error *err)
{
    event_job *const job = source->job;
    static const char *const nothing[] = {NULL};
    const mimic_emit_setup setup = {
        .map = job->map,
        .table = source->input->table,
        .codes = source->input->is_context_only ? nothing : job->options.codes,
        .code_count = source->input->is_context_only ? 0 : job->options.code_count,
        .bad_times = job->options.bad_times,
        .reversed = job->options.reversed,
        .into_codes = job->codes,
        .into_units = job->units,
    };
    return mimic__emitter_new(job->ctx, &setup, &source->emitter, err);
}

static mimic_status open_reader(event_source *source, mimic_error *err)
{
    event_job *const job = source->job;
    mimic_source_options source_options = MIMIC_SOURCE_OPTIONS_INIT;
    mimic_csv_options options = mimic__event_job_csv(job);
    source_options.interrupted = mimic__event_job_tell;
    source_options.interrupted_ctx = job;
    options.columns = mimic__emitter_columns(source->emitter, &options.column_count);
    options.filters = mimic__emitter_filters(source->emitter, &options.filter_count);
    options.block_bytes = BLOCK_BYTES;
    if (source->input->table->kind_count > BLOCK_KINDS)
        options.block_bytes =
            BLOCK_BYTES / ((uint32_t)source->input->table->kind_count / BLOCK_KINDS);
    options.on_reject = on_reject;
    options.on_reject_ctx = source;
    const csv_setup setup = {job->pool, {encode, free_chunk, source}, MIMIC_UNIQUE_NONE};
    MIMIC_TRY(
        mimic_source_open(job->ctx, source->input->path, &source_options, &source->source, err));
    MIMIC_TRY(mimic_csv__reader_open(job->ctx, source->source,
                                     mimic__emitter_table(source->emitter), &options, &setup,
                                     &source->reader, err));
    if (job->pool != NULL)
        mimic_csv__pipeline_feed(source->reader);
    return MIMIC_OK;
}

mimic_status mimic__event_source_open(event_job *job, event_input *input,
                                      event_source **out_source, mimic_error *err)
{
    event_source *const source = mimic__alloc_zeroed(job->ctx, 1, sizeof *source);
    *out_source = NULL;
    if (source == NULL)
        return mimic__fail_memory(err);
    source->job = job;
    source->input = input;
    input->reading = (event_reading){.read = 0};
    input->stored_read = 0;
    mimic_status status = open_emitter(source, err);
    if (status == MIMIC_OK)
        status = open_reader(source, err);
    if (status == MIMIC_OK)
        *out_source = source;
    else
        mimic__event_source_free(source);
    return status;
}

void mimic__event_source_free(event_source *source)
{
    if (source == NULL)
        return;
    mimic_csv_reader_free(source->reader); /* waits for what is on its way */
    mimic_source_free(source->source);
    mimic__emitter_free(source->emitter);
    mimic__free(source->job->ctx, source);
}

/* Rows of a batch are numbered on from its first record; where records were left out, anew. */
static void number_rows(event_source *source, const mimic_batch *batch, mimic_event_chunk *chunk)
{
    const int64_t first = batch->first_record;
    const int64_t last = batch->row_count - 1;
    if (last < 0 || mimic_csv__reader_record(source->reader, last) == first + last)
        return;
    int64_t row = -1;
    int64_t record = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        mimic_event *const event = &chunk->events[i];
        if (event->row - first != row) {
            row = event->row - first;
            record = mimic_csv__reader_record(source->reader, row);
        }
        event->row = record;
    }
    for (size_t i = 0; i < chunk->reject_count; i++)
        chunk->rejects[i].row =
            mimic_csv__reader_record(source->reader, chunk->rejects[i].row - first);
}

static mimic_status take_rejects(event_source *source, const mimic_event_chunk *chunk,
                                 mimic_error *err)
{
    for (size_t i = 0; i < chunk->reject_count; i++)
        MIMIC_TRY(mimic__reject_lines_event(source->job->rejects, source->input->table,
                                             source->input->relative, &chunk->rejects[i], err));
    return MIMIC_OK;
}

static void count(event_source *source)
{
    event_reading *const reading = &source->input->reading;
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    mimic_csv_reader_counts(source->reader, &counts);
    reading->read = counts.read;
    reading->rejected = counts.rejected + source->emitted_rejects;
    reading->without = counts.filtered + source->emitted_none;
    source->input->stored_read = mimic_csv__reader_stored_bytes(source->reader);
}

mimic_status mimic__event_source_next(event_source *source, mimic_event_chunk **out_chunk,
                                      mimic_error *err)
{
    const mimic_batch *batch;
    *out_chunk = NULL;
    const mimic_status status = mimic_csv_reader_next(source->reader, &batch, err);
    count(source);
    if (status == MIMIC_END) {
        mimic_source_hash(source->source, source->input->reading.hash);
        return MIMIC_OK;
    }
    if (status == MIMIC_ERR_CANCELLED && source->reject_status != MIMIC_OK)
        return mimic__fail_again(err, &source->reject_error);
    MIMIC_TRY(status);
    mimic_event_chunk *const chunk = mimic_csv__reader_take_chunk(source->reader);
    number_rows(source, batch, chunk);
    source->emitted_none += chunk->rows_none;
    source->emitted_rejects += (int64_t)chunk->reject_count;
    count(source);
    const mimic_status taken = take_rejects(source, chunk, err);
    if (taken == MIMIC_OK)
        *out_chunk = chunk;
    else
        mimic__chunk_release(chunk);
    return taken;
}

void mimic__chunk_keep_files(mimic_event_chunk *chunk, const mimic_event_plan *plan,
                             event_file_range files)
{
    size_t kept = 0;
    for (size_t i = 0; i < chunk->run_count; i++) {
        const uint32_t index = mimic__event_plan_place(plan, chunk->runs[i].subject).index;
        if (index >= files.first && index < files.end)
            chunk->runs[kept++] = chunk->runs[i];
    }
    chunk->run_count = kept;
}

/* ---- straight through ---- */

typedef struct direct_stream {
    mimic_event_stream stream;
    event_source *source;
    event_file_range files;
    bool wants_all;
    bool is_begun;
    int64_t last; /* subject so far */
} direct_stream;

/* True while subjects do not turn back. */
static bool go_on(direct_stream *direct, const mimic_event_chunk *chunk)
{
    if (chunk->run_count == 0)
        return true;
    if (!chunk->ascends || (direct->is_begun && chunk->runs[0].subject < direct->last))
        return false;
    direct->is_begun = true;
    direct->last = chunk->runs[chunk->run_count - 1].subject;
    return true;
}

static mimic_status next_direct(mimic_event_stream *stream, mimic_event_chunk **out_chunk,
                                mimic_error *err)
{
    direct_stream *const direct = (direct_stream *)stream;
    event_job *const job = direct->source->job;
    *out_chunk = NULL;
    for (;;) {
        mimic_event_chunk *chunk = NULL;
        MIMIC_TRY(mimic__event_source_next(direct->source, &chunk, err));
        if (chunk == NULL)
            return MIMIC_OK;
        if (!go_on(direct, chunk)) {
            direct->source->input->is_unsorted = true;
            mimic__chunk_release(chunk);
            return mimic__fail(err, MIMIC_ERR_STATE, "%s is not in the order of its subjects",
                               direct->source->input->path);
        }
        if (!direct->wants_all)
            mimic__chunk_keep_files(chunk, job->plan, direct->files);
        if (chunk->run_count > 0) {
            *out_chunk = chunk;
            return MIMIC_OK;
        }
        mimic__chunk_release(chunk);
        if (mimic__event_job_tell(job) != 0)
            return mimic__event_job_cancelled(err);
    }
}

static void free_direct(mimic_event_stream *stream)
{
    direct_stream *const direct = (direct_stream *)stream;
    const mimic_context *const ctx = direct->source->job->ctx;
    mimic__event_source_free(direct->source);
    mimic__free(ctx, direct);
}

mimic_status mimic__event_source_stream(event_job *job, event_input *input, event_file_range files,
                                        mimic_event_stream **out_stream, mimic_error *err)
{
    direct_stream *const direct = mimic__alloc_zeroed(job->ctx, 1, sizeof *direct);
    *out_stream = NULL;
    if (direct == NULL)
        return mimic__fail_memory(err);
    direct->stream = (mimic_event_stream){next_direct, free_direct};
    direct->files = files;
    direct->wants_all = files.first == 0 && files.end >= mimic__event_plan_all_files(job->plan);
    const mimic_status status = mimic__event_source_open(job, input, &direct->source, err);
    if (status == MIMIC_OK)
        *out_stream = &direct->stream;
    else
        mimic__free(job->ctx, direct);
    return status;
}
