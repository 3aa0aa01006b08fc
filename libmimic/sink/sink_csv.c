/*
 * The CSV sink: canonical CSV (sink_csv_encode.h), one file a table, DIR/<module>/<table>.csv with
 * .gz or .zst when compressed, or the one file that the target names. Rejects stand in
 * DIR/rejects/<table>.csv, or beside a single file as <name>.rejects.csv, only where there are any;
 * their raw text is given byte for byte, even when it is not UTF-8.
 *
 * Files wait under temporary names until finish, and each then appears whole.
 */
#include "sink/sink_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "io/output.h"
#include "schema/schema_model.h"
#include "sink/sink_csv_encode.h"

#define FLUSH_BYTES ((size_t)256 * 1024)
#define ROWS_A_STEP 256

static const char REJECTS_HEADER[] = "source,record,line,byte_offset,column,code,message,raw\n";

/* The files of one table. */
typedef struct csv_files {
    mimic_output *table;
    mimic_output *rejects; /* NULL = none so far */
    char *rejects_path;
} csv_files;

typedef struct csv_sink {
    const mimic_context *ctx;
    char *path;
    bool is_one_table;
    mimic_output_options output;
    mimic_csv_encoder *encoder; /* of the open table; NULL = none is open */
    csv_files open;
    csv_files *done; /* committed, not yet published */
    size_t done_count;
    size_t done_capacity;
    mimic_buffer buffer;
} csv_sink;

static const char *ending_of(const csv_sink *sink)
{
    switch (sink->output.compression) {
    case MIMIC_COMPRESSION_GZIP:
        return ".csv.gz";
    case MIMIC_COMPRESSION_ZSTD:
        return ".csv.zst";
    default:
        return ".csv";
    }
}

static void free_files(csv_sink *sink, csv_files *files)
{
    mimic__output_free(files->table);
    mimic__output_free(files->rejects);
    mimic__free(sink->ctx, files->rejects_path);
    *files = (csv_files){0};
}

/* Writes what the buffer holds and empties it. */
static mimic_status flush(csv_sink *sink, mimic_output *output, mimic_error *err)
{
    const mimic_status status =
        sink->buffer.failed
            ? mimic__fail_memory(err)
            : mimic__output_write(output, sink->buffer.data, sink->buffer.size, err);
    sink->buffer.size = 0;
    return status;
}

/* ---- a table ---- */

/* "out.csv.gz" has its rejects in "out.rejects.csv". */
static mimic_status single_rejects_path(csv_sink *sink, mimic_error *err)
{
    const size_t stem_size = strlen(sink->path) - strlen(ending_of(sink));
    mimic_buffer path;
    mimic__buffer_init(&path, sink->ctx);
    mimic__buffer_append(&path, sink->path, stem_size);
    mimic__buffer_text(&path, ".rejects.csv");
    sink->open.rejects_path = mimic__buffer_take_text(&path);
    return sink->open.rejects_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status open_files(csv_sink *sink, const mimic_table *table, mimic_error *err)
{
    if (sink->is_one_table) {
        MIMIC_TRY(single_rejects_path(sink, err));
        return mimic__output_open(sink->ctx, sink->path, &sink->output, &sink->open.table, err);
    }
    char *path = NULL;
    MIMIC_TRY(mimic__sink_table_path(sink->ctx, sink->path, "rejects", table->name, ".csv",
                                     &sink->open.rejects_path, err));
    MIMIC_TRY(mimic__sink_table_path(sink->ctx, sink->path, table->module, table->name,
                                     ending_of(sink), &path, err));
    const mimic_status status =
        mimic__output_open(sink->ctx, path, &sink->output, &sink->open.table, err);
    mimic__free(sink->ctx, path);
    return status;
}

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    (void)host; /* every value has a text */
    csv_sink *sink = self;
    if (sink->is_one_table && sink->done_count > 0)
        return mimic__fail(err, MIMIC_ERR_STATE,
                           "%s holds one table and has one; use csv:DIR for several", sink->path);
    sink->buffer.size = 0;
    sink->encoder = mimic__csv_encoder_new(sink->ctx, table);
    if (sink->encoder == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(open_files(sink, table, err));
    mimic__csv_encode_header(sink->encoder, &sink->buffer);
    return flush(sink, sink->open.table, err);
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
            MIMIC_TRY(flush(sink, sink->open.table, err));
    }
    return flush(sink, sink->open.table, err);
}

static mimic_status open_rejects(csv_sink *sink, mimic_error *err)
{
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE,
                                          .no_sync = sink->output.no_sync};
    MIMIC_TRY(mimic__output_open(sink->ctx, sink->open.rejects_path, &options,
                                 &sink->open.rejects, err));
    return mimic__output_write(sink->open.rejects, REJECTS_HEADER, sizeof REJECTS_HEADER - 1, err);
}

static void put_field(mimic_buffer *out, const char *text)
{
    mimic__csv_encode_text(out, text, strlen(text));
    mimic__buffer_byte(out, ',');
}

static mimic_status store_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                 mimic_error *err)
{
    (void)table;
    csv_sink *sink = self;
    if (sink->open.rejects == NULL)
        MIMIC_TRY(open_rejects(sink, err));
    mimic_buffer line;
    mimic__buffer_init(&line, sink->ctx);
    put_field(&line, reject->source);
    mimic__buffer_format(&line, "%lld,%lld,%lld,", (long long)reject->record,
                         (long long)reject->line, (long long)reject->byte_offset);
    put_field(&line, reject->column);
    put_field(&line, mimic_reject_code_name(reject->code));
    put_field(&line, reject->message);
    mimic__csv_encode_text(&line, reject->raw, reject->raw_size);
    mimic__buffer_byte(&line, '\n');
    const mimic_status status =
        line.failed ? mimic__fail_memory(err)
                    : mimic__output_write(sink->open.rejects, line.data, line.size, err);
    mimic__buffer_free(&line);
    return status;
}

static mimic_status keep_files(csv_sink *sink, mimic_error *err)
{
    if (sink->done_count == sink->done_capacity) {
        const size_t capacity = sink->done_capacity == 0 ? 8 : sink->done_capacity * 2;
        csv_files *done = mimic__realloc(sink->ctx, sink->done,
                                         sink->done_capacity * sizeof *done,
                                         capacity * sizeof *done);
        if (done == NULL)
            return mimic__fail_memory(err);
        sink->done = done;
        sink->done_capacity = capacity;
    }
    sink->done[sink->done_count++] = sink->open;
    sink->open = (csv_files){0};
    return MIMIC_OK;
}

static mimic_status commit(void *self, mimic_error *err)
{
    csv_sink *sink = self;
    MIMIC_TRY(mimic__output_close(sink->open.table, err));
    if (sink->open.rejects != NULL)
        MIMIC_TRY(mimic__output_close(sink->open.rejects, err));
    MIMIC_TRY(keep_files(sink, err));
    mimic__csv_encoder_free(sink->encoder);
    sink->encoder = NULL;
    return MIMIC_OK;
}

static void abort_table(void *self)
{
    csv_sink *sink = self;
    free_files(sink, &sink->open);
    mimic__csv_encoder_free(sink->encoder);
    sink->encoder = NULL;
    mimic__buffer_free(&sink->buffer);
}

/* ---- the whole target ---- */

/* A table without rejects must not stand beside the rejects of an earlier load. */
static mimic_status publish(const csv_files *files, mimic_error *err)
{
    MIMIC_TRY(mimic__output_publish(files->table, err));
    if (files->rejects != NULL)
        return mimic__output_publish(files->rejects, err);
    if (unlink(files->rejects_path) != 0 && errno != ENOENT && errno != ENOTDIR)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot remove the outdated %s",
                                 files->rejects_path);
    return MIMIC_OK;
}

static mimic_status finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err)
{
    (void)finding;
    (void)finding_ctx;
    const csv_sink *sink = self;
    for (size_t i = 0; i < sink->done_count; i++)
        MIMIC_TRY(publish(&sink->done[i], err));
    return MIMIC_OK;
}

static void free_sink(void *self)
{
    csv_sink *sink = self;
    abort_table(sink);
    for (size_t i = 0; i < sink->done_count; i++)
        free_files(sink, &sink->done[i]);
    mimic__free(sink->ctx, sink->done);
    mimic__free(sink->ctx, sink->path);
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
    sink->is_one_table = target->is_one_table;
    sink->output = (mimic_output_options){compressions[compression], options->compression_level,
                                          options->no_sync != 0};
    sink->path = mimic__strdup(sink->ctx, target->path);
    return sink->path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status check_path(const csv_sink *sink, mimic_error *err)
{
    struct stat facts;
    if (stat(sink->path, &facts) != 0)
        return MIMIC_OK;
    const bool is_folder = S_ISDIR(facts.st_mode) != 0;
    if (is_folder == sink->is_one_table)
        return mimic__fail(err, MIMIC_ERR_IO, "%s is %s folder; expected %s", sink->path,
                           is_folder ? "a" : "no", is_folder ? "a file, or csv:DIR" : "a folder");
    return MIMIC_OK;
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
    mimic__buffer_init(&sink->buffer, ctx);
    mimic_status status = configure(sink, target, options, err);
    if (status == MIMIC_OK)
        status = check_path(sink, err);
    if (status == MIMIC_OK)
        status = mimic_sink_new(ctx, &vtable, sink, out_sink, err);
    if (status != MIMIC_OK)
        free_sink(sink);
    return status;
}
