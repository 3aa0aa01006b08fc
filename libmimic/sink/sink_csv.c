/*
 * The CSV sink: canonical CSV (sink_csv_encode.h), one file a table, DIR/<module>/<table>.csv with
 * .gz or .zst when compressed, or the one file that the target names. Where files and rejects stand
 * and when they appear is in sink_files.h.
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
    mimic_csv_encoder *encoder; /* of the open table; NULL = none is open */
    mimic_buffer buffer;
} csv_sink;

static const char *ending_of(mimic_compression compression)
{
    switch (compression) {
    case MIMIC_COMPRESSION_GZIP:
        return ".csv.gz";
    case MIMIC_COMPRESSION_ZSTD:
        return ".csv.zst";
    default:
        return ".csv";
    }
}

/* Writes what the buffer holds and empties it. */
static mimic_status flush(csv_sink *sink, mimic_error *err)
{
    const mimic_status status =
        sink->buffer.failed
            ? mimic__fail_memory(err)
            : mimic__output_write(sink->files.open.output, sink->buffer.data, sink->buffer.size,
                                  err);
    sink->buffer.size = 0;
    return status;
}

/* ---- a table ---- */

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    (void)host; /* every value has a text */
    csv_sink *sink = self;
    sink->buffer.size = 0;
    sink->encoder = mimic__csv_encoder_new(sink->ctx, table);
    if (sink->encoder == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__sink_files_begin(&sink->files, table, err));
    mimic__csv_encode_header(sink->encoder, &sink->buffer);
    return flush(sink, err);
}

static mimic_status write_batch(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    (void)chunk;
    csv_sink *sink = self;
    for (int64_t row = 0; row < batch->row_count; row += ROWS_A_STEP) {
        const int64_t left = batch->row_count - row;
        mimic__csv_encode_rows(sink->encoder, batch, row,
                               row + (left < ROWS_A_STEP ? left : ROWS_A_STEP), &sink->buffer);
        if (sink->buffer.size >= FLUSH_BYTES || sink->buffer.failed)
            MIMIC_TRY(flush(sink, err));
    }
    return flush(sink, err);
}

static mimic_status store_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                 mimic_error *err)
{
    (void)table;
    csv_sink *sink = self;
    return mimic__sink_files_reject(&sink->files, reject, err);
}

static mimic_status commit(void *self, mimic_error *err)
{
    csv_sink *sink = self;
    MIMIC_TRY(mimic__sink_files_commit(&sink->files, err));
    mimic__csv_encoder_free(sink->encoder);
    sink->encoder = NULL;
    return MIMIC_OK;
}

static void abort_table(void *self)
{
    csv_sink *sink = self;
    mimic__sink_files_abort(&sink->files);
    mimic__csv_encoder_free(sink->encoder);
    sink->encoder = NULL;
    mimic__buffer_free(&sink->buffer);
}

/* ---- the whole target ---- */

static mimic_status finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err)
{
    (void)finding;
    (void)finding_ctx;
    csv_sink *sink = self;
    return mimic__sink_files_finish(&sink->files, err);
}

static void free_sink(void *self)
{
    csv_sink *sink = self;
    abort_table(sink);
    mimic__sink_files_free(&sink->files);
    mimic__free(sink->ctx, sink);
}

static mimic_status configure(csv_sink *sink, const struct mimic_target *target,
                              const mimic_sink_options *options, mimic_error *err)
{
    static const mimic_compression compressions[] = {
        [MIMIC_SINK_COMPRESSION_DEFAULT] = MIMIC_COMPRESSION_NONE,
        [MIMIC_SINK_COMPRESSION_NONE] = MIMIC_COMPRESSION_NONE,
        [MIMIC_SINK_COMPRESSION_GZIP] = MIMIC_COMPRESSION_GZIP,
        [MIMIC_SINK_COMPRESSION_ZSTD] = MIMIC_COMPRESSION_ZSTD};
    mimic_sink_compression compression = options->compression;
    if (target->is_one_table && compression == MIMIC_SINK_COMPRESSION_DEFAULT)
        compression = target->compression;
    if (target->is_one_table && compression != target->compression)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%s: the name's ending and the compression asked for differ",
                           target->path);
    const mimic_output_options output = {compressions[compression], options->compression_level,
                                         options->no_sync != 0};
    return mimic__sink_files_init(&sink->files, sink->ctx, target, ending_of(output.compression),
                                  &output, err);
}

mimic_status mimic__sink_csv_open(const mimic_context *ctx, const struct mimic_target *target,
                                  const mimic_sink_options *options, mimic_sink **out_sink,
                                  mimic_error *err)
{
    const mimic_sink_vtable vtable = {.struct_size = sizeof vtable,
                                      .name = "csv",
                                      .begin = begin,
                                      .write = write_batch,
                                      .reject = store_reject,
                                      .commit = commit,
                                      .abort = abort_table,
                                      .finish = finish,
                                      .free = free_sink};
    csv_sink *sink = mimic__alloc_zeroed(ctx, 1, sizeof *sink);
    if (sink == NULL)
        return mimic__fail_memory(err);
    sink->ctx = ctx;
    sink->files.ctx = ctx;
    mimic__buffer_init(&sink->buffer, ctx);
    mimic_status status = configure(sink, target, options, err);
    if (status == MIMIC_OK)
        status = mimic_sink_new(ctx, &vtable, sink, out_sink, err);
    if (status != MIMIC_OK)
        free_sink(sink);
    return status;
}
