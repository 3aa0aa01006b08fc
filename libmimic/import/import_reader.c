/*
 * The Arrow reader: options, the stream's schema, binding of columns, and what is delivered. One block
 * of rows makes one batch:
 *
 *     array ► block ► filters ► columns, by value or as texts ► rejects out, batch out
 *
 * It is the CSV reader's second half with another front: plans, memory and messages are the same.
 */
#include "import/import_reader.h"

#include "base/error.h"
#include "base/options.h"
#include "batch/batch_builder.h"

#define MOST_ROWS ((size_t)65536)
#define DEFAULT_MAX_RAW_BYTES 1024u
#define DEFAULT_MAX_CATEGORIES ((uint32_t)1024 * 1024)
#define MAX_CATEGORY_BYTES ((size_t)8 * 1024 * 1024) /* of all categorical columns together */
#define MAX_UNIQUE_BYTES ((size_t)24 * 1024 * 1024)
#define BATCH_BYTES ((size_t)4 * 1024 * 1024) /* without texts */

/* ---- the schema ---- */

/* `wanted` comes from the caller: a NULL is told when it is looked for. */
static bool is_named(const char *wanted, const char *name)
{
    return wanted != NULL && mimic__name_equals(wanted, name);
}

static bool wants_column(const void *ctx, const char *name)
{
    const mimic_arrow_reader *const reader = ctx;
    const import_setup *const setup = &reader->setup;
    if (reader->options.columns != NULL) {
        for (size_t i = 0; i < reader->options.column_count; i++)
            if (is_named(reader->options.columns[i], name))
                return true;
        for (size_t i = 0; i < setup->filter_count; i++)
            if (is_named(setup->filters[i].column, name))
                return true;
        for (size_t i = 0; i < setup->text_filter_count; i++)
            if (is_named(setup->text_filters[i].column, name))
                return true;
        return false;
    }
    return reader->source_table == NULL || mimic_table_find_field(reader->source_table, name) >= 0;
}

static mimic_status read_schema(mimic_arrow_reader *reader, mimic_error *err)
{
    struct ArrowSchema schema = {0};
    const int code = reader->stream.get_schema(&reader->stream, &schema);
    if (code != 0 || schema.release == NULL) {
        const char *const text = reader->stream.get_last_error == NULL
                                     ? NULL
                                     : reader->stream.get_last_error(&reader->stream);
        return mimic__fail(err, code == 0 ? MIMIC_ERR_CORRUPT : MIMIC_ERR_IO,
                           "%s: the schema of the stream cannot be had: %s", reader->name,
                           text == NULL || text[0] == '\0' ? "the producer says nothing" : text);
    }
    const mimic_status status = mimic__import_read_schema(
        &reader->arena, &schema, reader->name, wants_column, reader, &reader->types, err);
    if (status == MIMIC_OK)
        reader->type_count = (size_t)schema.n_children;
    schema.release(&schema);
    return status;
}

static mimic_status compare_schema(mimic_arrow_reader *reader, mimic_error *err)
{
    const char **const names =
        mimic__arena_array(&reader->arena, reader->type_count + 1, sizeof *names);
    if (names == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < reader->type_count; i++)
        names[i] = reader->types[i]->name;
    if (reader->source_table == NULL)
        MIMIC_TRY(mimic__import_own_table(&reader->arena, reader->name, reader->types,
                                          reader->type_count, &reader->source_table, err));
    const mimic_status status = mimic_drift_compare(reader->ctx, reader->source_table, names,
                                                    reader->type_count, &reader->drift, err);
    if (status != MIMIC_OK)
        mimic__error_place(err, reader->name, -1, -1, -1, NULL);
    return status;
}

static mimic_status check_drift(const mimic_arrow_reader *reader, mimic_error *err)
{
    for (size_t i = 0; i < mimic_drift_count(reader->drift); i++) {
        mimic_drift_item item = MIMIC_DRIFT_ITEM_INIT;
        if (mimic_drift_get(reader->drift, i, &item) != MIMIC_OK)
            continue;
        const bool is_wanted = item.kind == MIMIC_DRIFT_MISSING_REQUIRED &&
                               mimic_table_find_field(reader->table, item.column) >= 0;
        const bool is_strict =
            reader->options.strict_drift && item.kind != MIMIC_DRIFT_RENAMED_CASE;
        if (!is_wanted && !is_strict)
            continue;
        mimic__fail(err, MIMIC_ERR_DRIFT, "%s: %s", reader->name, item.message);
        mimic__error_place(err, reader->name, -1, -1, -1, item.column);
        return MIMIC_ERR_DRIFT;
    }
    return MIMIC_OK;
}

/* ---- binding ---- */

static mimic_status choose_fields(mimic_arrow_reader *reader, mimic_error *err)
{
    const mimic_arrow_options *const options = &reader->options;
    const mimic_table *const table = reader->source_table;
    if (options->columns == NULL) {
        reader->table = table;
        return MIMIC_OK;
    }
    size_t *const fields =
        mimic__arena_array(&reader->arena, options->column_count + 1, sizeof *fields);
    if (fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < options->column_count; i++) {
        if (options->columns[i] == NULL)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "column %zu of the options is NULL", i + 1);
        const int64_t found = mimic_table_find_field(table, options->columns[i]);
        if (found < 0)
            return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "table %s has no column \"%s\"",
                               table->name, options->columns[i]);
        for (size_t j = 0; j < i; j++)
            if (fields[j] == (size_t)found)
                return mimic__fail(err, MIMIC_ERR_ARGUMENT, "column \"%s\" is chosen twice",
                                   options->columns[i]);
        fields[i] = (size_t)found;
    }
    reader->table =
        mimic__table_project(&reader->arena, table, fields, options->column_count);
    return reader->table == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static size_t find_child(const mimic_arrow_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->type_count; i++)
        if (mimic__name_equals(reader->types[i]->name, name))
            return i;
    return SIZE_MAX;
}

static mimic_status refuse_pair(const mimic_arrow_reader *reader, const import_type *type,
                                const mimic_field *field, mimic_error *err)
{
    const import_type *const leaf = mimic__import_leaf(type);
    const bool is_zone = leaf->kind == IMPORT_TIMESTAMP && (field->type == MIMIC_TYPE_TIMESTAMP ||
                                                            field->type == MIMIC_TYPE_TIMESTAMPTZ);
    mimic__fail(err, MIMIC_ERR_DRIFT,
                "%s: column \"%s\" has the Arrow type \"%.40s\", whose values can never be of type "
                "%s%s",
                reader->name, type->name, type->format, mimic_type_name(field->type),
                !is_zone         ? ""
                : leaf->has_zone ? "; say which local time is meant by taking its zone away"
                                 : "; say which moments are meant by giving it a zone");
    mimic__error_place(err, reader->name, -1, -1, -1, type->name);
    return MIMIC_ERR_DRIFT;
}

static bool has_empty_missing(const mimic_field *field)
{
    for (size_t i = 0; i < field->missing_value_count; i++)
        if (field->missing_values[i].size == 0)
            return true;
    return false;
}

mimic_status mimic__import_bind_field(const mimic_arrow_reader *reader, import_column *column,
                                      const mimic_field *field, mimic_error *err)
{
    *column = (import_column){.field = field, .child = find_child(reader, field->name)};
    if (column->child == SIZE_MAX)
        return MIMIC_OK;
    const import_type *const type = reader->types[column->child];
    if (!mimic__import_fits(type, field->type))
        return refuse_pair(reader, type, field, err);
    column->way = mimic__import_choose_way(type, field);
    column->empty_is_null = mimic__import_leaf(type)->kind == IMPORT_TEXT &&
                            field->type != MIMIC_TYPE_STRING &&
                            field->type != MIMIC_TYPE_CATEGORICAL && has_empty_missing(field);
    return MIMIC_OK;
}

/* The field as the plan sees it: what stands for NULL is an empty field without quotes. Texts that are
 * read as another type keep the forms of the field; everything else comes in the plain form. */
static mimic_status make_plain_field(mimic_arena *arena, const mimic_arrow_reader *reader,
                                     const import_column *column, mimic_field *out,
                                     mimic_error *err)
{
    static const mimic_text empty = {"", 0};
    const mimic_field *const field = column->field;
    const bool is_text = field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_CATEGORICAL;
    const bool has_forms = column->child != SIZE_MAX && !is_text &&
                           mimic__import_leaf(reader->types[column->child])->kind == IMPORT_TEXT;
    const size_t kept = has_forms ? field->missing_value_count : 0;
    mimic_text *const missing = mimic__arena_array(arena, kept + 1, sizeof *missing);
    if (missing == NULL)
        return mimic__fail_memory(err);
    missing[0] = empty;
    for (size_t i = 0; i < kept; i++)
        missing[i + 1] = field->missing_values[i];
    *out = *field;
    out->missing_values = missing;
    out->missing_value_count = kept + 1;
    out->quoted_empty_is_null = false;
    if (has_forms)
        return MIMIC_OK;
    out->decimal_char = '.';
    out->group_char = "";
    out->bare_number = true;
    return MIMIC_OK;
}

static mimic_status bind_fields(mimic_arrow_reader *reader, mimic_error *err)
{
    const size_t count = reader->table->field_count;
    mimic_table *const plain = mimic__arena_alloc(&reader->arena, sizeof *plain);
    mimic_field *const fields = mimic__arena_array(&reader->arena, count + 1, sizeof *fields);
    reader->columns = mimic__arena_array(&reader->arena, count + 1, sizeof *reader->columns);
    reader->batch_columns =
        mimic__arena_array(&reader->arena, count + 1, sizeof *reader->batch_columns);
    if (plain == NULL || fields == NULL || reader->columns == NULL || reader->batch_columns == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        MIMIC_TRY(mimic__import_bind_field(reader, &reader->columns[i], &reader->table->fields[i], err));
        MIMIC_TRY(make_plain_field(&reader->arena, reader, &reader->columns[i], &fields[i], err));
    }
    *plain = *reader->table;
    plain->fields = fields;
    reader->plain_table = plain;
    return MIMIC_OK;
}

/* ---- plans ---- */

static size_t rows_per_block(const mimic_table *table)
{
    size_t row_bytes = 1;
    for (size_t i = 0; i < table->field_count; i++) {
        const size_t width = mimic__type_width(table->fields[i].type);
        row_bytes += width == 0 ? sizeof(int32_t) : width;
    }
    const size_t rows = BATCH_BYTES / row_bytes;
    return rows > MOST_ROWS ? MOST_ROWS : rows == 0 ? 1 : rows;
}

static mimic_status make_plan(mimic_arrow_reader *reader, mimic_error *err)
{
    size_t dictionaries = 0;
    for (size_t i = 0; i < reader->table->field_count; i++)
        dictionaries += reader->table->fields[i].type == MIMIC_TYPE_CATEGORICAL;
    const mimic_coerce_options options = {
        .on_error = reader->options.on_error,
        .max_categories = reader->setup.max_categories == 0 ? DEFAULT_MAX_CATEGORIES
                                                            : reader->setup.max_categories,
        .max_category_bytes = MAX_CATEGORY_BYTES / (dictionaries + (dictionaries == 0)),
        .max_unique_bytes = MAX_UNIQUE_BYTES,
        .unique = reader->setup.unique};
    reader->rows_per_block = rows_per_block(reader->table);
    reader->row_memory = reader->filter_count == 0
                             ? NULL
                             : mimic__alloc_array(reader->ctx, reader->rows_per_block,
                                                  sizeof *reader->row_memory);
    if (reader->filter_count > 0 && reader->row_memory == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__coerce_memory_new(reader->ctx, reader->plain_table, &options, &reader->memory,
                                       err));
    return mimic__coerce_plan_new(reader->ctx, reader->plain_table, &options, &reader->plan, err);
}

/* ---- open and free ---- */

static mimic_status open_inner(mimic_arrow_reader *reader, mimic_error *err)
{
    const mimic_on_error on_error = reader->options.on_error;
    if (on_error < MIMIC_ON_ERROR_DEFAULT || on_error > MIMIC_ON_ERROR_FAIL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "on_error is %d; see MIMIC_ON_ERROR_…",
                           on_error);
    MIMIC_TRY(read_schema(reader, err));
    MIMIC_TRY(compare_schema(reader, err));
    MIMIC_TRY(choose_fields(reader, err));
    MIMIC_TRY(check_drift(reader, err));
    MIMIC_TRY(bind_fields(reader, err));
    MIMIC_TRY(mimic__import_bind_filters(reader, err));
    return make_plan(reader, err);
}

static void init(mimic_arrow_reader *reader, const mimic_context *ctx,
                 struct ArrowArrayStream *stream)
{
    mimic_buffer *const buffers[] = {&reader->texts, &reader->marks,    &reader->values,
                                     &reader->codes, &reader->line, &reader->row_text};
    reader->ctx = ctx;
    reader->stream = *stream;
    stream->release = NULL;
    reader->next_record = 1;
    reader->counts.struct_size = sizeof reader->counts;
    mimic__arena_init(&reader->arena, ctx);
    mimic__row_faults_init(&reader->faults, ctx);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        mimic__buffer_init(buffers[i], ctx);
}

static void release_stream(struct ArrowArrayStream *stream)
{
    if (stream != NULL && stream->release != NULL)
        stream->release(stream);
    if (stream != NULL)
        stream->release = NULL;
}

mimic_status mimic__import_open(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                const mimic_table *table, const mimic_arrow_options *options,
                                const import_setup *setup, mimic_arrow_reader **out_reader,
                                mimic_error *err)
{
    mimic_arrow_options chosen = MIMIC_ARROW_OPTIONS_INIT;
    mimic_arrow_reader *reader = NULL;
    mimic_status status = MIMIC_OPTIONS_COPY(&chosen, options, "mimic_arrow_options", err);
    *out_reader = NULL;
    if (status == MIMIC_OK) {
        reader = mimic__alloc_zeroed(ctx, 1, sizeof *reader);
        status = reader == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    }
    if (status != MIMIC_OK) {
        release_stream(stream);
        return status;
    }
    init(reader, ctx, stream);
    if (chosen.max_raw_bytes == 0)
        chosen.max_raw_bytes = DEFAULT_MAX_RAW_BYTES;
    reader->options = chosen;
    reader->source_table = table;
    if (setup != NULL)
        reader->setup = *setup;
    reader->name =
        mimic__arena_strdup(&reader->arena, chosen.name == NULL ? "<arrow>" : chosen.name);
    status = reader->name == NULL ? mimic__fail_memory(err) : open_inner(reader, err);
    if (status != MIMIC_OK) {
        mimic_arrow_reader_free(reader);
        return status;
    }
    *out_reader = reader;
    return MIMIC_OK;
}

mimic_status mimic_arrow_reader_open(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                     const mimic_table *table, const mimic_arrow_options *options,
                                     mimic_arrow_reader **out_reader, mimic_error *err)
{
    if (out_reader != NULL)
        *out_reader = NULL;
    if (ctx == NULL || stream == NULL || out_reader == NULL) {
        release_stream(stream);
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, stream and out_reader must not be NULL");
    }
    if (stream->release == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "the stream was released or taken already");
    return mimic__import_open(ctx, stream, table, options, NULL, out_reader, err);
}

void mimic_arrow_reader_free(mimic_arrow_reader *reader)
{
    if (reader == NULL)
        return;
    mimic_buffer *const buffers[] = {&reader->texts, &reader->marks,    &reader->values,
                                     &reader->codes, &reader->line, &reader->row_text};
    if (reader->array.release != NULL)
        reader->array.release(&reader->array);
    release_stream(&reader->stream);
    mimic__coerce_plan_free(reader->plan);
    mimic__coerce_memory_free(reader->memory);
    mimic__row_faults_free(&reader->faults);
    mimic_drift_free(reader->drift);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        mimic__buffer_free(buffers[i]);
    mimic__free(reader->ctx, reader->row_memory);
    mimic__arena_free(&reader->arena);
    mimic__free(reader->ctx, reader);
}

const mimic_table *mimic_arrow_reader_table(const mimic_arrow_reader *reader)
{
    return reader == NULL ? NULL : reader->table;
}

const mimic_drift *mimic_arrow_reader_drift(const mimic_arrow_reader *reader)
{
    return reader == NULL ? NULL : reader->drift;
}

void mimic_arrow_reader_counts(const mimic_arrow_reader *reader, mimic_csv_counts *out_counts)
{
    if (reader != NULL && out_counts != NULL)
        MIMIC_VIEW_COPY(out_counts, reader->counts);
}

const mimic_table *mimic__import_source_table(const mimic_arrow_reader *reader)
{
    return reader->source_table;
}

void mimic__import_set_on_reject(mimic_arrow_reader *reader, mimic_reject_fn on_reject, void *ctx)
{
    reader->options.on_reject = on_reject;
    reader->options.on_reject_ctx = ctx;
}

/* ---- delivery ---- */

/* Cuts the block behind the row that fills the limit: what lies there counts as not read. */
static void apply_limit(mimic_arrow_reader *reader)
{
    import_block *const block = &reader->block;
    mimic_row_faults *const faults = &reader->faults;
    int64_t wanted = reader->setup.limit - reader->counts.delivered;
    size_t row = 0;
    size_t kept = 0;
    if (reader->setup.limit <= 0)
        return;
    for (; row < block->row_count; row++)
        if ((faults->bad[row / 64] >> (row % 64) & 1) == 0 && --wanted == 0)
            break;
    if (wanted > 0)
        return;
    reader->is_last = true;
    block->count = (size_t)(mimic__import_array_row(block, row) - block->first) + 1;
    for (size_t i = row + 1; i < block->row_count; i++)
        faults->bad[i / 64] |= UINT64_C(1) << (i % 64);
    for (size_t i = 0; i < faults->count; i++)
        if (faults->faults[i].row < row)
            faults->faults[kept++] = faults->faults[i];
    faults->count = kept;
}

static size_t kept_rows(const mimic_arrow_reader *reader)
{
    const import_block *const block = &reader->block;
    size_t kept = 0;
    while (kept < block->row_count &&
           mimic__import_array_row(block, kept) < block->first + (int64_t)block->count)
        kept++;
    return kept;
}

static mimic_status finish_batch(mimic_arrow_reader *reader, mimic_error *err)
{
    const import_block *const block = &reader->block;
    size_t rows = 0;
    MIMIC_TRY(mimic__coerce_plan_finish(reader->plan, block->row_count, reader->faults.bad,
                                        reader->batch_columns, &rows, err));
    const size_t filtered = block->count - kept_rows(reader);
    if (block->count != rows + reader->faults.count + filtered)
        return mimic__fail(err, MIMIC_ERR_INTERNAL,
                           "%zu rows read, but %zu delivered, %zu rejected and %zu filtered",
                           block->count, rows, reader->faults.count, filtered);
    reader->batch = (mimic_batch){.row_count = (int64_t)rows,
                                  .column_count = reader->table->field_count,
                                  .columns = reader->batch_columns,
                                  .table = reader->table,
                                  .first_record = block->first_record,
                                  .first_row = reader->next_row};
    reader->next_row += (int64_t)rows;
    reader->counts.read += (int64_t)(rows + filtered); /* the rejected ones are counted already */
    reader->counts.delivered += (int64_t)rows;
    reader->counts.filtered += (int64_t)filtered;
    reader->counts.nulled += reader->faults.nulled;
    return MIMIC_OK;
}

static mimic_status next_inner(mimic_arrow_reader *reader, mimic_error *err)
{
    MIMIC_TRY(mimic__import_next_block(reader, err));
    for (size_t i = 0; i < reader->table->field_count; i++)
        MIMIC_TRY(mimic__import_convert(reader, i, err));
    MIMIC_TRY(mimic__coerce_memory_settle(reader->memory, reader->plan, reader->block.row_count,
                                          &reader->faults, err));
    apply_limit(reader);
    MIMIC_TRY(mimic__import_deliver_rejects(reader, err));
    return finish_batch(reader, err);
}

mimic_status mimic_arrow_reader_next(mimic_arrow_reader *reader, const mimic_batch **out_batch,
                                     mimic_error *err)
{
    if (reader == NULL || out_batch == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "reader and out_batch must not be NULL");
    *out_batch = NULL;
    if (reader->status != MIMIC_OK)
        return reader->status == MIMIC_END ? MIMIC_END : mimic__fail_again(err, &reader->error);
    mimic_error error = MIMIC_ERROR_INIT;
    reader->has_batch = false;
    mimic_status status = reader->is_last ? MIMIC_END : next_inner(reader, &error);
    if (status == MIMIC_OK) {
        reader->has_batch = true;
        *out_batch = &reader->batch;
        return MIMIC_OK;
    }
    reader->status = status;
    reader->error = error;
    return status == MIMIC_END ? MIMIC_END : mimic__fail_again(err, &reader->error);
}
