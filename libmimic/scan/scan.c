/*
 * Scans as callers see them: which kind of target this is, the list of its tables, and streams, which
 * check what they are asked for and keep their errors. How rows are read is the business of the file
 * of each kind (scan_sqlite.c, scan_csv.c, scan_arrow.c).
 */
#include "scan/scan_internal.h"

#include <string.h>
#include <sys/stat.h>

#include "arrow/arrow_stream.h"
#include "base/error.h"
#include "base/options.h"

#define DEFAULT_MAX_BATCH_BYTES ((uint64_t)1 << 30)

struct mimic_scan_stream {
    mimic_scan *scan;
    mimic_arena arena;
    const mimic_table *table; /* of the batches */
    scan_reader reader;
    scan_filters filters;
    int64_t limit; /* INT64_MAX = none */
    mimic_batch batch; /* as handed out */
    int64_t row_count; /* of all batches so far */
    mimic_status status; /* for good when it is not MIMIC_OK */
    mimic_error failure;
};

mimic_status mimic__scan_check_interrupt(const mimic_scan *scan, mimic_error *err)
{
    const mimic_scan_options *options = &scan->options;
    if (options->interrupted != NULL && options->interrupted(options->interrupted_ctx) != 0)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while reading %s", scan->shown);
    return MIMIC_OK;
}

/* ---- opening ---- */

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static mimic_status check_there(const char *path, mimic_error *err)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s is not there", path);
    return MIMIC_OK;
}

static mimic_status open_target(mimic_scan *scan, const char *text, mimic_error *err)
{
    scan->shown = mimic__target_redact(scan->ctx, text);
    if (scan->shown == NULL)
        return mimic__fail_memory(err);
    if (is_folder(text)) {
        scan->target.path = mimic__strdup(scan->ctx, text);
        return scan->target.path == NULL ? mimic__fail_memory(err)
                                         : mimic__scan_open_folder(scan, true, true, err);
    }
    MIMIC_TRY(mimic__target_parse(scan->ctx, text, &scan->target, err));
    if (scan->target.kind == MIMIC_TARGET_NULL)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED, "\"%s\" keeps nothing that could be read",
                           text);
    if (scan->target.kind == MIMIC_TARGET_POSTGRES)
        return mimic__scan_open_postgres(scan, err);
    MIMIC_TRY(check_there(scan->target.path, err));
    if (scan->target.kind == MIMIC_TARGET_SQLITE)
        return mimic__scan_open_sqlite(scan, err);
    if (scan->target.is_one_table)
        return mimic__scan_open_file(scan, err);
    if (!is_folder(scan->target.path))
        return mimic__fail(err, MIMIC_ERR_IO, "%s is no folder", scan->target.path);
    return mimic__scan_open_folder(scan, scan->target.kind == MIMIC_TARGET_ARROW,
                                   scan->target.kind == MIMIC_TARGET_CSV, err);
}

mimic_status mimic_scan_open(const mimic_context *ctx, const mimic_registry *registry,
                             const char *target, const mimic_scan_options *options,
                             mimic_scan **out_scan, mimic_error *err)
{
    if (ctx == NULL || target == NULL || out_scan == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "ctx, target or out_scan is NULL");
    *out_scan = NULL;
    mimic_scan_options chosen = MIMIC_SCAN_OPTIONS_INIT;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_scan_options", err));
    if (chosen.max_batch_bytes == 0)
        chosen.max_batch_bytes = DEFAULT_MAX_BATCH_BYTES;
    mimic_scan *scan = mimic__alloc_zeroed(ctx, 1, sizeof *scan);
    if (scan == NULL)
        return mimic__fail_memory(err);
    scan->ctx = ctx;
    scan->registry = registry;
    scan->options = chosen;
    mimic__arena_init(&scan->arena, ctx);
    const mimic_status status = open_target(scan, target, err);
    scan->options.dataset = scan->options.pg_schema = NULL; /* borrowed during the call only */
    if (status != MIMIC_OK)
        mimic_scan_free(scan);
    else
        *out_scan = scan;
    return status;
}

void mimic_scan_free(mimic_scan *scan)
{
    if (scan == NULL)
        return;
    if (scan->database != NULL)
        scan->close_database(scan->database);
    mimic__target_free(scan->ctx, &scan->target);
    mimic__free(scan->ctx, scan->shown);
    mimic__free(scan->ctx, scan->tables);
    mimic__arena_free(&scan->arena);
    mimic__free(scan->ctx, scan);
}

/* ---- tables ---- */

size_t mimic_scan_table_count(const mimic_scan *scan)
{
    return scan == NULL ? 0 : scan->table_count;
}

const mimic_table *mimic_scan_table(const mimic_scan *scan, size_t index)
{
    return index < mimic_scan_table_count(scan) ? scan->tables[index].table : NULL;
}

const mimic_table *mimic_scan_find_table(const mimic_scan *scan, const char *name)
{
    for (size_t i = 0; name != NULL && i < mimic_scan_table_count(scan); i++)
        if (mimic__name_equals(scan->tables[i].table->name, name))
            return scan->tables[i].table;
    return NULL;
}

static const scan_table *find_own(const mimic_scan *scan, const mimic_table *table)
{
    for (size_t i = 0; i < scan->table_count; i++)
        if (scan->tables[i].table == table)
            return &scan->tables[i];
    return NULL;
}

/* ---- streams ---- */

/* Indexes in `table` of the columns asked for. */
static mimic_status choose_fields(mimic_arena *arena, const mimic_table *table,
                                  const char *const *columns, size_t count, size_t **out_fields,
                                  mimic_error *err)
{
    /* Room for filter columns too. */
    size_t *fields = mimic__arena_array(arena, count + table->field_count + 1, sizeof *fields);
    bool *is_taken = mimic__arena_array(arena, table->field_count, sizeof *is_taken);
    if (fields == NULL || is_taken == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const int64_t found =
            columns == NULL ? (int64_t)i : mimic_table_find_field(table, columns[i]);
        if (found < 0)
            return mimic__fail_no_column(arena->ctx, table, columns[i], err);
        if (is_taken[found])
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "column \"%s\" is chosen twice",
                               table->fields[found].name);
        is_taken[found] = true;
        fields[i] = (size_t)found;
    }
    *out_fields = fields;
    return MIMIC_OK;
}

/* Appends the columns that only filters look at, and tells the filters where theirs are. */
static size_t add_filter_columns(mimic_scan_stream *stream, const mimic_table *table, size_t *fields,
                                 size_t count)
{
    for (size_t i = 0; i < stream->filters.count; i++) {
        scan_filter *const filter = &stream->filters.items[i];
        const size_t field = (size_t)(filter->field - table->fields);
        size_t column = 0;
        if (filter->column == SIZE_MAX)
            continue;
        while (column < count && fields[column] != field)
            column++;
        if (column == count)
            fields[count++] = field;
        filter->column = column;
    }
    return count;
}

static mimic_status start(mimic_scan_stream *stream, const scan_table *table,
                          const mimic_scan_selection *selection, mimic_error *err)
{
    const size_t chosen =
        selection->columns == NULL ? table->table->field_count : selection->column_count;
    size_t *fields = NULL;
    MIMIC_TRY(choose_fields(&stream->arena, table->table, selection->columns, chosen, &fields, err));
    MIMIC_TRY(
        mimic__scan_filters_bind(&stream->filters, &stream->arena, table, selection, err));
    const size_t count = add_filter_columns(stream, table->table, fields, chosen);
    const mimic_table *read = mimic__table_project(&stream->arena, table->table, fields, count);
    stream->table = count == chosen
                        ? read
                        : mimic__table_project(&stream->arena, table->table, fields, chosen);
    if (stream->table == NULL || read == NULL)
        return mimic__fail_memory(err);
    const scan_request request = {stream->scan,
                                  table,
                                  read,
                                  fields,
                                  stream->filters.items,
                                  stream->filters.count};
    return table->start(&request, &stream->reader, err);
}

mimic_status mimic_scan_select(mimic_scan *scan, const mimic_table *table,
                               const mimic_scan_selection *selection,
                               mimic_scan_stream **out_stream, mimic_error *err)
{
    if (scan == NULL || out_stream == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "scan or out_stream is NULL");
    *out_stream = NULL;
    mimic_scan_selection chosen = MIMIC_SCAN_SELECTION_INIT;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, selection, "mimic_scan_selection", err));
    const scan_table *own = find_own(scan, table);
    if (own == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the table is none of this scan's; see mimic_scan_find_table");
    mimic_scan_stream *stream = mimic__alloc_zeroed(scan->ctx, 1, sizeof *stream);
    if (stream == NULL)
        return mimic__fail_memory(err);
    stream->scan = scan;
    stream->filters.ctx = scan->ctx;
    stream->limit = chosen.limit > 0 ? chosen.limit : INT64_MAX;
    mimic__arena_init(&stream->arena, scan->ctx);
    const mimic_status status = start(stream, own, &chosen, err);
    if (status != MIMIC_OK)
        mimic_scan_stream_free(stream);
    else
        *out_stream = stream;
    return status;
}

mimic_status mimic_scan_read(mimic_scan *scan, const mimic_table *table,
                             const char *const *columns, size_t column_count,
                             mimic_scan_stream **out_stream, mimic_error *err)
{
    mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
    selection.columns = columns;
    selection.column_count = column_count;
    return mimic_scan_select(scan, table, &selection, out_stream, err);
}

const mimic_table *mimic_scan_stream_table(const mimic_scan_stream *stream)
{
    return stream->table;
}

static mimic_status read_rows(mimic_scan_stream *stream, mimic_error *err)
{
    const mimic_batch *batch = NULL;
    do {
        MIMIC_TRY(mimic__scan_check_interrupt(stream->scan, err));
        if (stream->row_count == stream->limit)
            return MIMIC_END;
        MIMIC_TRY(stream->reader.next(stream->reader.self, &batch, err));
        MIMIC_TRY(mimic__scan_filters_apply(&stream->filters, batch, stream->table->field_count,
                                            stream->limit - stream->row_count, &stream->batch,
                                            err));
    } while (stream->batch.row_count == 0);
    stream->batch.table = stream->table;
    stream->batch.first_row = stream->row_count;
    stream->batch.first_record = stream->row_count + 1;
    stream->row_count += stream->batch.row_count;
    return MIMIC_OK;
}

mimic_status mimic_scan_next(mimic_scan_stream *stream, const mimic_batch **out_batch,
                             mimic_error *err)
{
    if (stream == NULL || out_batch == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "stream or out_batch is NULL");
    *out_batch = NULL;
    if (stream->status == MIMIC_OK) {
        stream->failure = (mimic_error)MIMIC_ERROR_INIT;
        stream->status = read_rows(stream, &stream->failure);
    }
    if (stream->status < 0)
        return mimic__fail_again(err, &stream->failure);
    if (stream->status == MIMIC_OK)
        *out_batch = &stream->batch;
    return stream->status;
}

void mimic_scan_stream_free(mimic_scan_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->reader.free != NULL)
        stream->reader.free(stream->reader.self);
    mimic__scan_filters_free(&stream->filters);
    mimic__arena_free(&stream->arena);
    mimic__free(stream->scan->ctx, stream);
}

/* ---- as an Arrow stream ---- */

static mimic_status next_of_stream(void *self, const mimic_batch **out_batch, mimic_error *err)
{
    return mimic_scan_next(self, out_batch, err);
}

static void free_stream(void *self)
{
    mimic_scan_stream_free(self);
}

mimic_status mimic_scan_stream_export(mimic_scan_stream **stream,
                                      struct ArrowArrayStream *out_stream, mimic_error *err)
{
    if (stream == NULL || *stream == NULL || out_stream == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "stream or out_stream is NULL");
    const mimic_batch_source source = {*stream, (*stream)->table, next_of_stream, free_stream};
    MIMIC_TRY(mimic__stream_export((*stream)->scan->ctx, &source, out_stream, err));
    *stream = NULL;
    return MIMIC_OK;
}
