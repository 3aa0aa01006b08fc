/*
 * The Arrow sink: one Arrow IPC file a table below a folder, or one table in one file (.arrow) or
 * one stream (.arrows). Zstandard unless the options say otherwise. A row that has NULL where the
 * schema says required is refused, for Arrow's own schema promises that there is none. Keys are not
 * checked.
 */
#include "arrow/ipc_writer.h"
#include "base/error.h"
#include "schema/schema_model.h"
#include "sink/sink_files.h"
#include "sink/sink_internal.h"

typedef struct arrow_sink {
    const mimic_context *ctx;
    mimic_sink_files files;
    mimic_ipc_options options;
    const mimic_sink_host *host;
    const mimic_table *table;
    mimic_ipc_writer *writer; /* of the open table */
    mimic_output *former;     /* its file, while it is written anew */
} arrow_sink;

static mimic_status write_output(void *ctx, const void *bytes, size_t size, mimic_error *err)
{
    const arrow_sink *sink = ctx;
    return mimic__output_write(sink->files.open.output, bytes, size, err);
}

static mimic_status begin_rewrite(void *ctx, mimic_error *err)
{
    arrow_sink *sink = ctx;
    return mimic__sink_files_begin_anew(&sink->files, &sink->former, err);
}

static mimic_status read_former(void *ctx, int64_t offset, void *bytes, size_t size,
                                mimic_error *err)
{
    const arrow_sink *sink = ctx;
    return mimic__output_read(sink->former, offset, bytes, size, err);
}

static void end_rewrite(void *ctx)
{
    arrow_sink *sink = ctx;
    mimic__output_free(sink->former);
    sink->former = NULL;
}

static const mimic_ipc_rewrite rewriting = {begin_rewrite, read_former, end_rewrite};

/* Ends the open table, well or not. */
static void free_writer(arrow_sink *sink)
{
    mimic__ipc_writer_free(sink->writer);
    sink->writer = NULL;
    end_rewrite(sink);
}

static void arrow_abort(void *self)
{
    arrow_sink *sink = self;
    free_writer(sink);
    mimic__sink_files_abort(&sink->files);
}

static mimic_status arrow_begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                                mimic_error *err)
{
    arrow_sink *sink = self;
    sink->host = host;
    sink->table = table;
    MIMIC_TRY(mimic__sink_files_begin(&sink->files, table, err));
    const mimic_status status = mimic__ipc_writer_open(sink->ctx, table, &sink->options,
                                                       write_output, sink, &sink->writer, err);
    if (status != MIMIC_OK)
        arrow_abort(sink);
    return status;
}

/* Name of a required column that is NULL in `row`, or NULL. */
static const char *find_missing(const mimic_table *table, const mimic_batch *batch, int64_t row)
{
    for (size_t i = 0; i < batch->column_count; i++)
        if (table->fields[i].is_required && !mimic_column_is_valid(&batch->columns[i], row))
            return table->fields[i].name;
    return NULL;
}

static bool may_have_missing(const mimic_table *table, const mimic_batch *batch)
{
    for (size_t i = 0; i < batch->column_count; i++)
        if (table->fields[i].is_required && batch->columns[i].validity != NULL)
            return true;
    return false;
}

/* Writes the runs of rows between those that must be refused. */
static mimic_status write_checked(arrow_sink *sink, const mimic_batch *batch, mimic_error *err)
{
    int64_t first = 0;
    for (int64_t row = 0; row < batch->row_count; row++) {
        const char *column = find_missing(sink->table, batch, row);
        if (column == NULL)
            continue;
        MIMIC_TRY(mimic__ipc_writer_append(sink->writer, batch, first, row - first, err));
        MIMIC_TRY(mimic__sink_refuse(sink->host, row, MIMIC_REJECT_REQUIRED, column,
                                     "a value is required and there is none", err));
        first = row + 1;
    }
    return mimic__ipc_writer_append(sink->writer, batch, first, batch->row_count - first, err);
}

static mimic_status arrow_write(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    arrow_sink *sink = self;
    (void)chunk;
    if (may_have_missing(sink->table, batch))
        return write_checked(sink, batch, err);
    return mimic__ipc_writer_append(sink->writer, batch, 0, batch->row_count, err);
}

static mimic_status arrow_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                 mimic_error *err)
{
    arrow_sink *sink = self;
    (void)table;
    return mimic__sink_files_reject(&sink->files, reject, err);
}

static mimic_status arrow_commit(void *self, mimic_error *err)
{
    arrow_sink *sink = self;
    MIMIC_TRY(mimic__ipc_writer_finish(sink->writer, err));
    free_writer(sink);
    return mimic__sink_files_commit(&sink->files, err);
}

static mimic_status arrow_ledger(void *self, const mimic_ledger_entry *entry, mimic_error *err)
{
    arrow_sink *sink = self;
    return mimic__sink_files_ledger(&sink->files, entry, err);
}

static mimic_status arrow_read_ledger(void *self, mimic_ledger_fn fn, void *fn_ctx, mimic_error *err)
{
    arrow_sink *sink = self;
    return mimic__sink_files_read_ledger(&sink->files, fn, fn_ctx, err);
}

static mimic_status arrow_finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                                 mimic_error *err)
{
    arrow_sink *sink = self;
    (void)finding;
    (void)finding_ctx;
    return mimic__sink_files_finish(&sink->files, err);
}

static void arrow_free(void *self)
{
    arrow_sink *sink = self;
    free_writer(sink);
    mimic__sink_files_free(&sink->files);
    mimic__free(sink->ctx, sink);
}

static const mimic_sink_vtable vtable = {.struct_size = sizeof vtable,
                                         .name = "arrow",
                                         .begin = arrow_begin,
                                         .write = arrow_write,
                                         .reject = arrow_reject,
                                         .commit = arrow_commit,
                                         .abort = arrow_abort,
                                         .finish = arrow_finish,
                                         .free = arrow_free,
                                         .ledger = arrow_ledger,
                                         .read_ledger = arrow_read_ledger};

static bool is_compressed(mimic_sink_compression compression)
{
    if (compression == MIMIC_SINK_COMPRESSION_DEFAULT)
        return MIMIC_HAVE_ZSTD != 0;
    return compression == MIMIC_SINK_COMPRESSION_ZSTD;
}

static mimic_status open_inner(arrow_sink *sink, const struct mimic_target *target,
                               const mimic_sink_options *options, mimic_pool *pool,
                               mimic_sink **out_sink, mimic_error *err)
{
    const mimic_output_options output_options = {.compression = MIMIC_COMPRESSION_NONE,
                                                 .no_sync = options->no_sync != 0};
    sink->options = (mimic_ipc_options){
        .is_stream = target->is_stream,
        .is_compressed = is_compressed(options->compression),
        .level = options->compression_level,
        .rewrite = options->no_dictionaries != 0 ? NULL : &rewriting,
        .pool = pool,
    };
    MIMIC_TRY(
        mimic__sink_files_init(&sink->files, sink->ctx, target, ".arrow", &output_options, options, err));
    return mimic_sink_new(sink->ctx, &vtable, sink, out_sink, err);
}

mimic_status mimic__sink_arrow_open(const mimic_context *ctx, const struct mimic_target *target,
                                    const mimic_sink_options *options, mimic_pool *pool,
                                    mimic_sink **out_sink, mimic_error *err)
{
    if (options->compression == MIMIC_SINK_COMPRESSION_GZIP)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "\"%s\": Arrow files know no gzip; choose zstd or none", target->path);
    arrow_sink *sink = mimic__alloc_zeroed(ctx, 1, sizeof *sink);
    if (sink == NULL)
        return mimic__fail_memory(err);
    sink->ctx = ctx;
    sink->files.ctx = ctx;
    const mimic_status status = open_inner(sink, target, options, pool, out_sink, err);
    if (status != MIMIC_OK)
        arrow_free(sink);
    return status;
}
