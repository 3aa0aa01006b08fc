/*
 * The reader: options, header, binding of columns, and what is delivered. One block makes one batch:
 *
 *     splitter ► block ► index ► filters ► coerce, column by column ► rejects out, batch out
 *
 * Columns that were not asked for are never touched. How the steps are shared among threads stands in
 * csv_pipeline.c.
 */
#include "csv/csv_reader_internal.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "batch/batch_builder.h"
#include "csv/csv_raw.h"

#define DEFAULT_BLOCK_BYTES ((uint32_t)512 * 1024)
#define DEFAULT_MAX_RECORD_BYTES ((uint64_t)16 * 1024 * 1024)
#define LARGEST_RECORD_BYTES ((uint64_t)1024 * 1024 * 1024) /* marks are 32-bit offsets */
#define DEFAULT_MAX_COLUMNS 4096u
#define DEFAULT_MAX_RAW_BYTES 1024u
#define DEFAULT_MAX_CATEGORIES ((uint32_t)1024 * 1024)
#define MAX_CATEGORY_BYTES ((size_t)8 * 1024 * 1024) /* of all categorical columns together */
#define MAX_UNIQUE_BYTES ((size_t)24 * 1024 * 1024)
#define BATCH_BYTES ((size_t)4 * 1024 * 1024) /* without texts */

static void set_defaults(mimic_csv_options *options, const mimic_table *table)
{
    if (options->delimiter == 0)
        options->delimiter = table->delimiter != 0 ? table->delimiter : ',';
    if (options->quote == 0)
        options->quote = table->quote != 0 ? table->quote : '"';
    if (options->escape == 0)
        options->escape = table->escape;
    if (options->comment == 0)
        options->comment = table->comment;
    if (table->no_header)
        options->no_header = 1;
    if (options->no_quoting)
        options->quote = 0;
    if (options->max_record_bytes == 0)
        options->max_record_bytes = DEFAULT_MAX_RECORD_BYTES;
    if (options->block_bytes == 0)
        options->block_bytes = DEFAULT_BLOCK_BYTES;
    if (options->block_bytes > options->max_record_bytes)
        options->block_bytes = (uint32_t)options->max_record_bytes;
    if (options->max_columns == 0)
        options->max_columns = DEFAULT_MAX_COLUMNS;
    if (options->max_raw_bytes == 0)
        options->max_raw_bytes = DEFAULT_MAX_RAW_BYTES;
    if (options->max_categories == 0)
        options->max_categories = DEFAULT_MAX_CATEGORIES;
}

static mimic_status check_options(const mimic_csv_options *options, mimic_error *err)
{
    const char special[] = {options->delimiter, options->quote, options->escape, options->comment};
    for (size_t i = 0; i < sizeof special; i++) {
        if (special[i] == '\n' || special[i] == '\r' || (unsigned char)special[i] >= 0x80)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "delimiter, quote, escape and comment must be ASCII characters that "
                               "end no line");
        for (size_t j = 0; j < i; j++)
            /* escape may be the quote: that is doubling, said in other words */
            if (special[i] != 0 && special[i] == special[j] && !(j == 1 && i == 2))
                return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                                   "'%c' cannot be two of delimiter, quote, escape and comment",
                                   special[i]);
    }
    if (options->max_record_bytes > LARGEST_RECORD_BYTES)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "max_record_bytes is %llu; at most 1 GiB",
                           (unsigned long long)options->max_record_bytes);
    if (options->jobs < 0 || options->jobs > MIMIC_MAX_JOBS)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "jobs is %d; from 1 to %d are possible",
                           (int)options->jobs, MIMIC_MAX_JOBS);
    if (options->on_error < MIMIC_ON_ERROR_DEFAULT || options->on_error > MIMIC_ON_ERROR_FAIL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "on_error is %d; see MIMIC_ON_ERROR_…",
                           options->on_error);
    return MIMIC_OK;
}

mimic_status mimic_csv__options_complete(mimic_csv_options *options, const mimic_table *table,
                                         mimic_error *err)
{
    set_defaults(options, table);
    return check_options(options, err);
}

csv_dialect mimic_csv__options_dialect(const mimic_csv_options *options)
{
    return (csv_dialect){options->delimiter, options->quote,
                         options->escape == options->quote ? (char)0 : options->escape,
                         options->comment};
}

mimic_coerce_options mimic_csv__coerce_options(const mimic_csv_options *options,
                                               const mimic_table *table, mimic_unique_mode unique)
{
    size_t dictionaries = 0;
    for (size_t i = 0; i < table->field_count; i++)
        dictionaries += table->fields[i].type == MIMIC_TYPE_CATEGORICAL;
    return (mimic_coerce_options){options->on_error,
                                  options->max_categories,
                                  MAX_CATEGORY_BYTES / (dictionaries + (dictionaries == 0)),
                                  MAX_UNIQUE_BYTES,
                                  false,
                                  unique};
}

/* ---- the header ---- */

static mimic_status read_header(mimic_csv_reader *reader, const csv_dialect *dialect,
                                mimic_error *err)
{
    const char *bytes;
    size_t size;
    size_t lines;
    const char *const source = mimic_source_name(reader->source);
    const mimic_status status =
        mimic_csv__splitter_header(
        reader->splitter, &reader->slots[0].memory, &bytes, &size, &lines, err);
    if (status == MIMIC_END)
        return mimic__fail(err, MIMIC_ERR_CSV_HEADER,
                           "%s: the file is empty; a header line with column names was expected",
                           source);
    MIMIC_TRY(status);
    reader->next_line += (int64_t)lines;
    MIMIC_TRY(mimic_csv__decode_header(&reader->arena, dialect, bytes, size, source,
                                       reader->options.max_columns, &reader->header,
                                       &reader->field_count, err));
    const mimic_status compared =
        mimic_drift_compare(reader->ctx, reader->source_table, reader->header, reader->field_count,
                            &reader->drift, err);
    if (compared != MIMIC_OK)
        mimic__error_place(err, source, -1, 1, 0, NULL);
    return compared;
}

/* ---- binding ---- */

static size_t file_field_of(const mimic_csv_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->field_count; i++)
        if (mimic__name_equals(reader->header[i], name))
            return i;
    return SIZE_MAX;
}

static mimic_status choose_columns(mimic_csv_reader *reader, mimic_error *err)
{
    const mimic_csv_options *const options = &reader->options;
    const mimic_table *const table = reader->source_table;
    const bool is_projected = options->columns != NULL;
    const size_t count = is_projected ? options->column_count : table->field_count;
    size_t *fields = mimic__arena_array(&reader->arena, count, sizeof *fields);
    reader->file_fields =
        mimic__arena_array(&reader->arena, count, sizeof *reader->file_fields);
    if (fields == NULL || reader->file_fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const int64_t found =
            is_projected ? mimic_table_find_field(table, options->columns[i]) : (int64_t)i;
        if (found < 0)
            return mimic__fail_no_column(reader->ctx, table, options->columns[i], err);
        for (size_t j = 0; j < i; j++)
            if (fields[j] == (size_t)found)
                return mimic__fail(err, MIMIC_ERR_ARGUMENT, "column \"%s\" is chosen twice",
                                   options->columns[i]);
        fields[i] = (size_t)found;
        reader->file_fields[i] = reader->header == NULL
                                     ? (size_t)found
                                     : file_field_of(reader, table->fields[found].name);
    }
    reader->table =
        is_projected ? mimic__table_project(&reader->arena, table, fields, count) : table;
    return reader->table == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status check_drift(const mimic_csv_reader *reader, mimic_error *err)
{
    for (size_t i = 0; i < mimic_drift_count(reader->drift); i++) {
        mimic_drift_item item = {.struct_size = sizeof item};
        if (mimic_drift_get(reader->drift, i, &item) != MIMIC_OK)
            continue;
        const bool is_wanted =
            item.kind == MIMIC_DRIFT_MISSING_REQUIRED &&
            mimic_table_find_field(reader->table, item.column) >= 0;
        const bool is_strict =
            reader->options.strict_drift && item.kind != MIMIC_DRIFT_RENAMED_CASE;
        if (is_wanted || is_strict) {
            mimic__fail(err, MIMIC_ERR_DRIFT, "%s: %s", mimic_source_name(reader->source),
                        item.message);
            mimic__error_place(err, mimic_source_name(reader->source), -1, 1, 0, item.column);
            return MIMIC_ERR_DRIFT;
        }
    }
    return MIMIC_OK;
}

/* Columns that a file lacks take memory for every row, however short: a batch has as many rows as fit
 * in BATCH_BYTES. */
static size_t rows_per_batch(const mimic_table *table)
{
    size_t row_bytes = 1;
    for (size_t i = 0; i < table->field_count; i++) {
        const size_t width = mimic__type_width(table->fields[i].type);
        row_bytes += width == 0 ? sizeof(int32_t) : width;
    }
    return BATCH_BYTES / row_bytes;
}

static mimic_status make_plans(mimic_csv_reader *reader, mimic_error *err)
{
    reader->coerce_options =
        mimic_csv__coerce_options(&reader->options, reader->table, reader->unique);
    for (size_t i = 0; i < reader->slot_count; i++)
        MIMIC_TRY(mimic_csv__slot_init(&reader->slots[i], err));
    MIMIC_TRY(mimic__coerce_memory_new(reader->ctx, reader->table, &reader->coerce_options,
                                       &reader->memory, err));
    /* The first here, so that what is wrong with the schema is told before anything is read. */
    return mimic__coerce_plan_new(reader->ctx, reader->table, &reader->coerce_options,
                                  &reader->slots[0].plan, err);
}

static mimic_status open_inner(mimic_csv_reader *reader, const csv_setup *setup, mimic_error *err)
{
    const mimic_csv_options *const options = &reader->options;
    reader->dialect = mimic_csv__options_dialect(options);
    if (mimic_csv__dialect_is_plain(&reader->dialect))
        reader->kernel = mimic_csv__kernel_select(reader->ctx->cpu);
    const csv_splitter_options splitter_options = {reader->dialect, options->block_bytes,
                                                   (size_t)options->max_record_bytes,
                                                   reader->kernel};
    MIMIC_TRY(mimic_csv__pipeline_open(reader, setup, err));
    MIMIC_TRY(mimic_csv__splitter_new(reader->ctx, reader->source, &splitter_options,
                                      &reader->splitter, err));
    if (options->no_header) {
        reader->field_count = reader->source_table->field_count;
        const mimic_status status =
            mimic_csv__splitter_skip_mark(reader->splitter, &reader->slots[0].memory, err);
        if (status != MIMIC_OK && status != MIMIC_END)
            return status;
    } else {
        MIMIC_TRY(read_header(reader, &reader->dialect, err));
    }
    reader->counts.bytes = mimic_csv__splitter_position(reader->splitter);
    mimic_source_progress(reader->source, &reader->stored_bytes, NULL);
    MIMIC_TRY(choose_columns(reader, err));
    MIMIC_TRY(check_drift(reader, err));
    MIMIC_TRY(mimic_csv__filters_bind(reader, err));
    mimic_csv__splitter_limit_records(reader->splitter, rows_per_batch(reader->table));
    return make_plans(reader, err);
}

mimic_status mimic_csv__reader_open(const mimic_context *ctx, mimic_source *source,
                                    const mimic_table *table, const mimic_csv_options *options,
                                    const csv_setup *setup, mimic_csv_reader **out_reader,
                                    mimic_error *err)
{
    mimic_csv_options chosen = MIMIC_CSV_OPTIONS_INIT;
    if (out_reader != NULL)
        *out_reader = NULL;
    if (ctx == NULL || source == NULL || table == NULL || out_reader == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, source, table and out_reader must not be NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_csv_options", err));
    MIMIC_TRY(mimic_csv__options_complete(&chosen, table, err));
    mimic_csv_reader *reader = mimic__alloc_zeroed(ctx, 1, sizeof *reader);
    if (reader == NULL)
        return mimic__fail_memory(err);
    reader->ctx = ctx;
    reader->source = source;
    reader->source_table = table;
    reader->options = chosen;
    if (setup != NULL)
        reader->encoder = setup->encoder;
    if (setup != NULL)
        reader->unique = setup->unique;
    reader->next_record = 1;
    reader->next_line = 1;
    reader->counts.struct_size = sizeof reader->counts;
    mimic__arena_init(&reader->arena, ctx);
    const mimic_status status = open_inner(reader, setup, err);
    if (status != MIMIC_OK) {
        mimic_csv_reader_free(reader);
        return status;
    }
    *out_reader = reader;
    return MIMIC_OK;
}

mimic_status mimic_csv_reader_open(const mimic_context *ctx, mimic_source *source,
                                   const mimic_table *table, const mimic_csv_options *options,
                                   mimic_csv_reader **out_reader, mimic_error *err)
{
    return mimic_csv__reader_open(ctx, source, table, options, NULL, out_reader, err);
}

void mimic_csv_reader_free(mimic_csv_reader *reader)
{
    if (reader == NULL)
        return;
    mimic_csv__pipeline_free(reader);
    mimic_csv__splitter_free(reader->splitter);
    mimic__coerce_memory_free(reader->memory);
    mimic_drift_free(reader->drift);
    mimic_csv__filters_free(reader);
    mimic__arena_free(&reader->arena);
    mimic__free(reader->ctx, reader);
}

void mimic_csv__reader_continue(mimic_csv_reader *reader, mimic_csv_reader *before)
{
    mimic__coerce_memory_free(reader->memory);
    reader->memory = before->memory;
    reader->next_row = before->next_row;
    before->memory = NULL;
}

const mimic_table *mimic_csv_reader_table(const mimic_csv_reader *reader)
{
    return reader->table;
}

const mimic_drift *mimic_csv_reader_drift(const mimic_csv_reader *reader)
{
    return reader->drift;
}

const char *const *mimic_csv__reader_header(const mimic_csv_reader *reader, size_t *out_count)
{
    *out_count = reader->field_count;
    return reader->header;
}

void mimic_csv_reader_counts(const mimic_csv_reader *reader, mimic_csv_counts *out_counts)
{
    MIMIC_VIEW_COPY(out_counts, reader->counts);
}

int64_t mimic_csv__reader_stored_bytes(const mimic_csv_reader *reader)
{
    return reader->stored_bytes;
}

void mimic_csv__reader_set_on_reject(mimic_csv_reader *reader, mimic_reject_fn on_reject, void *ctx)
{
    reader->options.on_reject = on_reject;
    reader->options.on_reject_ctx = ctx;
}

void *mimic_csv__reader_take_chunk(mimic_csv_reader *reader)
{
    void *chunk = NULL;
    if (reader->current != NULL) {
        chunk = reader->current->chunk;
        reader->current->chunk = NULL;
    }
    return chunk;
}

/* ---- delivery ---- */

/* Tells the rejects of a block, then that its batch could not be finished, if so. */
static mimic_status deliver(mimic_csv_reader *reader, csv_slot *slot, mimic_status finished,
                            mimic_error *err)
{
    MIMIC_TRY(mimic_csv__rejects_deliver(reader, slot, err));
    if (finished != MIMIC_OK) {
        *err = slot->error;
        return finished;
    }
    const int64_t rows = slot->batch.row_count;
    if (slot->records != rows + (int64_t)slot->reject_count + slot->filtered)
        return mimic__fail(err, MIMIC_ERR_INTERNAL,
                           "%lld records read, but %lld delivered, %zu rejected and %lld filtered",
                           (long long)slot->records, (long long)rows, slot->reject_count,
                           (long long)slot->filtered);
    reader->counts.read += rows + slot->filtered; /* the rejected ones are counted already */
    reader->counts.delivered += rows;
    reader->counts.filtered += slot->filtered;
    reader->counts.nulled += slot->faults.nulled;
    return MIMIC_OK;
}

static mimic_status next_inner(mimic_csv_reader *reader, mimic_error *err)
{
    csv_slot *slot;
    const mimic_status status = mimic_csv__pipeline_next(reader, &slot, err);
    reader->counts.bytes = slot->bytes_read;
    reader->stored_bytes = slot->stored_bytes;
    if (status == MIMIC_END || !slot->is_settled)
        return status;
    MIMIC_TRY(deliver(reader, slot, status, err));
    reader->current = slot;
    return MIMIC_OK;
}

mimic_status mimic_csv_reader_next(mimic_csv_reader *reader, const mimic_batch **out_batch,
                                   mimic_error *err)
{
    if (reader == NULL || out_batch == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "reader and out_batch must not be NULL");
    *out_batch = NULL;
    if (reader->status != MIMIC_OK) {
        if (reader->status != MIMIC_END && err != NULL)
            *err = reader->error;
        return reader->status;
    }
    mimic_error error = MIMIC_ERROR_INIT;
    const mimic_status status = next_inner(reader, &error);
    if (status == MIMIC_OK) {
        *out_batch = &reader->current->batch;
        if (reader->current->is_last)
            reader->status = MIMIC_END;
        return MIMIC_OK;
    }
    reader->status = status;
    reader->error = error;
    if (status != MIMIC_END && err != NULL)
        *err = error;
    return status;
}
