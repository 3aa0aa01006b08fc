/*
 * Reads CSV files of a target, which hold canonical CSV (formats.md): the schema's types, but neither
 * the lexical properties of the release's own files (decimal commas, codes for missing values,
 * formats of times) nor its constraints. The reader of csv/ does the work; a record that it rejects is
 * an error here, because nothing in a finished target should be one.
 */
#include <string.h>

#include "base/error.h"
#include "csv/csv_raw.h"
#include "scan/scan_internal.h"
#include "schema/schema_detect.h"

#define MESSAGE_BYTES 512

/* ---- the schema of canonical CSV ---- */

/* The schema's own formats stay behind those that the sink writes, for files of the release itself. */
static mimic_status take_formats(mimic_arena *arena, const mimic_field *from, mimic_field *field,
                                 mimic_error *err)
{
    static const char *const moments[] = {"default", "%Y-%m-%d %H:%M:%S"};
    static const char *const utc_moments[] = {"default", "%Y-%m-%d %H:%M:%S%z"};
    const bool is_moment =
        from->type == MIMIC_TYPE_TIMESTAMP || from->type == MIMIC_TYPE_TIMESTAMPTZ;
    const char *const *own = from->type == MIMIC_TYPE_TIMESTAMPTZ ? utc_moments : moments;
    const size_t own_count = is_moment ? 2 : 1;
    if (!is_moment && from->type != MIMIC_TYPE_DATE && from->type != MIMIC_TYPE_TIME)
        return MIMIC_OK;
    const char **formats =
        mimic__arena_array(arena, own_count + from->format_count, sizeof *formats);
    if (formats == NULL)
        return mimic__fail_memory(err);
    memcpy(formats, own, own_count * sizeof *formats);
    if (from->format_count > 0)
        memcpy(formats + own_count, from->formats, from->format_count * sizeof *formats);
    /* Files of MIMIC have the form with a blank: it goes first where the schema says so. */
    if (is_moment && from->format_count > 0 && strcmp(from->formats[0], own[1]) == 0) {
        formats[0] = own[1];
        formats[1] = own[0];
    }
    field->formats = formats;
    field->format_count = own_count + from->format_count;
    return MIMIC_OK;
}

static mimic_status make_canonical(mimic_arena *arena, const mimic_table *table,
                                   mimic_table **out_table, mimic_error *err)
{
    mimic_table *canonical = mimic__arena_alloc(arena, sizeof *canonical);
    mimic_field *fields = mimic__arena_array(arena, table->field_count + 1, sizeof *fields);
    if (canonical == NULL || fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++) {
        const mimic_field *from = &table->fields[i];
        fields[i] = mimic__field_plain(from->name, from->type);
        fields[i].precision = from->precision;
        fields[i].scale = from->scale;
        MIMIC_TRY(take_formats(arena, from, &fields[i], err));
    }
    *canonical = (mimic_table){.name = table->name,
                               .title = "",
                               .description = "",
                               .module = table->module,
                               .path = "",
                               .dataset = "",
                               .version = "",
                               .fields = fields,
                               .field_count = table->field_count};
    *out_table = canonical;
    return MIMIC_OK;
}

/* ---- rows ---- */

typedef struct csv_scan {
    const mimic_context *ctx;
    mimic_arena arena;
    mimic_source *source;
    mimic_csv_reader *reader;
    const char *table;
    /* the first record that was rejected */
    bool has_fault;
    int64_t record;
    int64_t line;
    char column[MIMIC_ERROR_COLUMN_BYTES];
    char message[MESSAGE_BYTES];
} csv_scan;

static void csv_free(void *self)
{
    csv_scan *scan = self;
    mimic_csv_reader_free(scan->reader);
    mimic_source_free(scan->source);
    mimic__arena_free(&scan->arena);
    mimic__free(scan->ctx, scan);
}

static void copy_cut(char *target, size_t capacity, const char *text)
{
    const size_t size = strlen(text) < capacity ? strlen(text) : capacity - 1;
    memcpy(target, text, size);
    target[size] = '\0';
}

static int note_fault(const mimic_reject *reject, void *ctx)
{
    csv_scan *scan = ctx;
    if (!scan->has_fault) {
        scan->has_fault = true;
        scan->record = reject->record;
        scan->line = reject->line;
        copy_cut(scan->column, sizeof scan->column, reject->column);
        copy_cut(scan->message, sizeof scan->message, reject->message);
    }
    return 1;
}

static mimic_status csv_next(void *self, const mimic_batch **out_batch, mimic_error *err)
{
    csv_scan *scan = self;
    const mimic_status status = mimic_csv_reader_next(scan->reader, out_batch, err);
    if (!scan->has_fault)
        return status;
    mimic__fail(err, MIMIC_ERR_VALUE, "table %s, row %lld%s%s: %s", scan->table,
                (long long)scan->record, scan->column[0] == '\0' ? "" : ", column ", scan->column,
                scan->message);
    mimic__error_place(err, mimic_source_name(scan->source), scan->record, scan->line, -1,
                       scan->column);
    return MIMIC_ERR_VALUE;
}

/* The reader has filters of its own, which spare it the rest of a row. */
static bool takes_filter(const scan_filter *filter)
{
    (void)filter;
    return true;
}

static mimic_status take_filters(csv_scan *self, const scan_request *request,
                                 mimic_csv_options *options, mimic_error *err)
{
    mimic_csv_filter *const filters =
        mimic__arena_array(&self->arena, request->filter_count + 1, sizeof *filters);
    mimic_text_filter *const texts =
        mimic__arena_array(&self->arena, request->filter_count + 1, sizeof *texts);
    if (filters == NULL || texts == NULL)
        return mimic__fail_memory(err);
    options->filters = filters;
    options->text_filters = texts;
    for (size_t i = 0; i < request->filter_count; i++)
        if (request->filters[i].takes_texts)
            texts[options->text_filter_count++] = request->filters[i].texts;
        else
            filters[options->filter_count++] = request->filters[i].integers;
    return MIMIC_OK;
}

static mimic_status start_inner(csv_scan *self, const scan_request *request, mimic_error *err)
{
    const mimic_table *projected = request->projected;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    mimic_source_options source_options = MIMIC_SOURCE_OPTIONS_INIT;
    mimic_table *canonical = NULL;
    const char **names = mimic__arena_array(&self->arena, projected->field_count + 1, sizeof *names);
    if (names == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < projected->field_count; i++)
        names[i] = projected->fields[i].name;
    options.columns = names;
    options.column_count = projected->field_count;
    options.on_error = MIMIC_ON_ERROR_REJECT;
    options.on_reject = note_fault;
    options.on_reject_ctx = self;
    options.jobs = request->scan->options.jobs;
    source_options.interrupted = request->scan->options.interrupted;
    source_options.interrupted_ctx = request->scan->options.interrupted_ctx;
    MIMIC_TRY(take_filters(self, request, &options, err));
    MIMIC_TRY(make_canonical(&self->arena, request->table->table, &canonical, err));
    MIMIC_TRY(mimic_source_open(self->ctx, request->table->source, &source_options, &self->source,
                                err));
    return mimic_csv_reader_open(self->ctx, self->source, canonical, &options, &self->reader, err);
}

static mimic_status start(const scan_request *request, scan_reader *out_reader, mimic_error *err)
{
    csv_scan *self = mimic__alloc_zeroed(request->scan->ctx, 1, sizeof *self);
    if (self == NULL)
        return mimic__fail_memory(err);
    self->ctx = request->scan->ctx;
    self->table = request->table->table->name;
    mimic__arena_init(&self->arena, self->ctx);
    const mimic_status status = start_inner(self, request, err);
    if (status != MIMIC_OK) {
        csv_free(self);
        return status;
    }
    *out_reader = (scan_reader){self, csv_next, csv_free};
    return MIMIC_OK;
}

/* ---- tables ---- */

static mimic_status copy_header(mimic_scan *scan, const csv_raw_reader *reader,
                                const char *const **out_names, mimic_error *err)
{
    const char **names =
        mimic__arena_array(&scan->arena, reader->header_count + 1, sizeof *names);
    if (names == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < reader->header_count; i++)
        if ((names[i] = mimic__arena_strdup(&scan->arena, reader->header[i])) == NULL)
            return mimic__fail_memory(err);
    *out_names = names;
    return MIMIC_OK;
}

mimic_status mimic__scan_csv_header(mimic_scan *scan, const char *path, const char *const **out_names,
                                    size_t *out_count, mimic_error *err)
{
    mimic_source *source = NULL;
    csv_raw_reader reader = {0};
    mimic_status status = mimic_source_open(scan->ctx, path, NULL, &source, err);
    if (status == MIMIC_OK) {
        status = mimic_csv__raw_open(scan->ctx, source, &reader, err);
        if (status == MIMIC_OK)
            status = copy_header(scan, &reader, out_names, err);
        *out_count = reader.header_count;
        mimic_csv__raw_close(&reader);
    }
    mimic_source_free(source);
    return status;
}

/* A CSV file has no types that could contradict. */
static bool fits_any(const void *ctx, size_t index, const mimic_field *field)
{
    (void)ctx;
    (void)index;
    (void)field;
    return true;
}

mimic_status mimic__scan_add_csv(mimic_scan *scan, const scan_file *file, mimic_error *err)
{
    scan_table table = {.source = file->path, .start = start, .takes_filter = takes_filter};
    scan_layout layout = {.fits = fits_any};
    const char *const *names = NULL;
    MIMIC_TRY(mimic__scan_csv_header(scan, file->path, &names, &layout.field_count, err));
    MIMIC_TRY(
        mimic__scan_split_path(scan, file->relative, &layout.module, &layout.name, err));
    layout.fields =
        mimic__arena_array(&scan->arena, layout.field_count + 1, sizeof *layout.fields);
    if (layout.fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < layout.field_count; i++)
        layout.fields[i] = mimic__field_plain(names[i], MIMIC_TYPE_STRING);
    if (file->dataset != NULL)
        layout.release = mimic__schema_match_file(file->dataset, file->relative);
    return mimic__scan_add_table(scan, &layout, &table, err);
}
