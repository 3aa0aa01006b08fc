/*
 * The CSV sink: canonical CSV (sink_csv_encode.h), one file a table below a folder, .csv with .gz
 * or .zst when compressed, or the one file that the target names (sink_files.h). Every value has a
 * text, so no row is refused; keys are not checked.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "sink/sink_csv_encode.h"
#include "sink/sink_files.h"
#include "sink/sink_internal.h"

#define FLUSH_BYTES ((size_t)256 * 1024)
#define ROWS_A_STEP 256

typedef struct csv_sink {
    const mimic_context *ctx;
    mimic_sink_files files;
    mimic_csv_encoder *encoder; /* of the open table */
    mimic_buffer buffer;
} csv_sink;

static void csv_abort(void *self)
{
    csv_sink *sink = self;
    mimic__csv_encoder_free(sink->encoder);
    sink->encoder = NULL;
    mimic__buffer_free(&sink->buffer);
    mimic__sink_files_abort(&sink->files);
}

/* Writes what the buffer holds and empties it. */
static mimic_status flush(csv_sink *sink, mimic_error *err)
{
    const mimic_status status =
        sink->buffer.failed ? mimic__fail_memory(err)
                            : mimic__output_write(sink->files.open.output, sink->buffer.data,
                                                  sink->buffer.size, err);
    sink->buffer.size = 0;
    return status;
}

static mimic_status csv_begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                              mimic_error *err)
{
    csv_sink *sink = self;
    (void)host;
    MIMIC_TRY(mimic__sink_files_begin(&sink->files, table, err));
    sink->encoder = mimic__csv_encoder_new(sink->ctx, table);
    if (sink->encoder == NULL)
        return mimic__fail_memory(err);
    mimic__csv_encode_header(sink->encoder, &sink->buffer);
    return flush(sink, err);
}

static mimic_status csv_write(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    csv_sink *sink = self;
    (void)chunk;
    for (int64_t row = 0; row < batch->row_count; row += ROWS_A_STEP) {
        const int64_t left = batch->row_count - row;
        mimic__csv_encode_rows(sink->encoder, batch, row,
                               row + (left < ROWS_A_STEP ? left : ROWS_A_STEP), &sink->buffer);
        if (sink->buffer.size >= FLUSH_BYTES || sink->buffer.failed)
            MIMIC_TRY(flush(sink, err));
    }
    return flush(sink, err);
}

static mimic_status csv_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                               mimic_error *err)
{
    csv_sink *sink = self;
    (void)table;
    return mimic__sink_files_reject(&sink->files, reject, err);
}

static mimic_status csv_commit(void *self, mimic_error *err)
{
    csv_sink *sink = self;
    MIMIC_TRY(mimic__sink_files_commit(&sink->files, err));
    mimic__csv_encoder_free(sink->encoder);
    sink->encoder = NULL;
    return MIMIC_OK;
}

static mimic_status csv_finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                               mimic_error *err)
{
    csv_sink *sink = self;
    (void)finding;
    (void)finding_ctx;
    return mimic__sink_files_finish(&sink->files, err);
}

static void csv_free(void *self)
{
    csv_sink *sink = self;
    csv_abort(sink);
    mimic__sink_files_free(&sink->files);
    mimic__free(sink->ctx, sink);
}

static const mimic_sink_vtable vtable = {.struct_size = sizeof vtable,
                                         .name = "csv",
                                         .begin = csv_begin,
                                         .write = csv_write,
                                         .reject = csv_reject,
                                         .commit = csv_commit,
                                         .abort = csv_abort,
                                         .finish = csv_finish,
                                         .free = csv_free};

static mimic_status open_inner(csv_sink *sink, const struct mimic_target *target,
                               const mimic_sink_options *options, mimic_sink **out_sink,
                               mimic_error *err)
{
    static const struct {
        mimic_compression compression;
        const char *ending;
    } forms[] = {[MIMIC_SINK_COMPRESSION_DEFAULT] = {MIMIC_COMPRESSION_NONE, ".csv"},
                 [MIMIC_SINK_COMPRESSION_NONE] = {MIMIC_COMPRESSION_NONE, ".csv"},
                 [MIMIC_SINK_COMPRESSION_GZIP] = {MIMIC_COMPRESSION_GZIP, ".csv.gz"},
                 [MIMIC_SINK_COMPRESSION_ZSTD] = {MIMIC_COMPRESSION_ZSTD, ".csv.zst"}};
    mimic_sink_compression compression = options->compression;
    if (target->is_one_table && compression == MIMIC_SINK_COMPRESSION_DEFAULT)
        compression = target->compression;
    if (target->is_one_table && compression != target->compression)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%s: the name's ending and the compression asked for differ",
                           target->path);
    const mimic_output_options output_options = {.compression = forms[compression].compression,
                                                 .level = options->compression_level,
                                                 .no_sync = options->no_sync != 0};
    MIMIC_TRY(mimic__sink_files_init(&sink->files, sink->ctx, target, forms[compression].ending,
                                     &output_options, err));
    return mimic_sink_new(sink->ctx, &vtable, sink, out_sink, err);
}

mimic_status mimic__sink_csv_open(const mimic_context *ctx, const struct mimic_target *target,
                                  const mimic_sink_options *options, mimic_pool *pool,
                                  mimic_sink **out_sink, mimic_error *err)
{
    (void)pool;
    csv_sink *sink = mimic__alloc_zeroed(ctx, 1, sizeof *sink);
    if (sink == NULL)
        return mimic__fail_memory(err);
    sink->ctx = ctx;
    sink->files.ctx = ctx;
    mimic__buffer_init(&sink->buffer, ctx);
    const mimic_status status = open_inner(sink, target, options, out_sink, err);
    if (status != MIMIC_OK)
        csv_free(sink);
    return status;
}
