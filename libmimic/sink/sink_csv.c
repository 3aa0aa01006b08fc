/*
 * The CSV sink: canonical CSV (sink_csv_encode.h), one file a table below a folder, .csv with .gz
 * or .zst when compressed, or the one file that the target names (sink_files.h). Every value has a
 * text, so no row is refused; keys are not checked. A chunk is the text of a batch, made on any
 * thread; compression goes in order.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "sink/sink_csv_encode.h"
#include "sink/sink_files.h"
#include "sink/sink_internal.h"

typedef struct csv_sink {
    const mimic_context *ctx;
    mimic_sink_files files;
    const mimic_table *table; /* the open one */
} csv_sink;

static void csv_abort(void *self)
{
    csv_sink *sink = self;
    mimic__sink_files_abort(&sink->files);
}

static void csv_free_chunk(void *self, void *chunk)
{
    csv_sink *sink = self;
    mimic__buffer_free(chunk);
    mimic__free(sink->ctx, chunk);
}

/* The header (without a batch) or the rows of a batch as text. */
static mimic_status make_text(const mimic_context *ctx, const mimic_table *table,
                              const mimic_batch *batch, mimic_buffer *out, mimic_error *err)
{
    mimic_csv_encoder *encoder = mimic__csv_encoder_new(ctx, table);
    if (encoder == NULL)
        return mimic__fail_memory(err);
    if (batch == NULL)
        mimic__csv_encode_header(encoder, out);
    else
        mimic__csv_encode_rows(encoder, batch, 0, batch->row_count, out);
    mimic__csv_encoder_free(encoder);
    return out->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status csv_encode(void *self, const mimic_batch *batch, void **out_chunk,
                               mimic_error *err)
{
    const csv_sink *sink = self;
    mimic_buffer *text = mimic__alloc_zeroed(sink->ctx, 1, sizeof *text);
    if (text == NULL)
        return mimic__fail_memory(err);
    mimic__buffer_init(text, sink->ctx);
    const mimic_status status = make_text(sink->ctx, sink->table, batch, text, err);
    if (status != MIMIC_OK) {
        csv_free_chunk(self, text);
        return status;
    }
    *out_chunk = text;
    return MIMIC_OK;
}

static mimic_status csv_write(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    csv_sink *sink = self;
    const mimic_buffer *text = chunk;
    (void)batch;
    const mimic_status status =
        mimic__output_write(sink->files.open.output, text->data, text->size, err);
    csv_free_chunk(self, chunk);
    return status;
}

static mimic_status csv_begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                              mimic_error *err)
{
    csv_sink *sink = self;
    mimic_buffer header;
    (void)host;
    sink->table = table;
    MIMIC_TRY(mimic__sink_files_begin(&sink->files, table, err));
    mimic__buffer_init(&header, sink->ctx);
    mimic_status status = make_text(sink->ctx, table, NULL, &header, err);
    if (status == MIMIC_OK)
        status = mimic__output_write(sink->files.open.output, header.data, header.size, err);
    mimic__buffer_free(&header);
    return status;
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
    return mimic__sink_files_commit(&sink->files, err);
}

static mimic_status csv_ledger(void *self, const mimic_ledger_entry *entry, mimic_error *err)
{
    csv_sink *sink = self;
    return mimic__sink_files_ledger(&sink->files, entry, err);
}

static mimic_status csv_read_ledger(void *self, mimic_ledger_fn fn, void *fn_ctx, mimic_error *err)
{
    csv_sink *sink = self;
    return mimic__sink_files_read_ledger(&sink->files, fn, fn_ctx, err);
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
                                         .encode = csv_encode,
                                         .free_chunk = csv_free_chunk,
                                         .write = csv_write,
                                         .reject = csv_reject,
                                         .commit = csv_commit,
                                         .abort = csv_abort,
                                         .finish = csv_finish,
                                         .free = csv_free,
                                         .ledger = csv_ledger,
                                         .read_ledger = csv_read_ledger};

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
                                     &output_options, options, err));
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
    const mimic_status status = open_inner(sink, target, options, out_sink, err);
    if (status != MIMIC_OK)
        csv_free(sink);
    return status;
}
