/*
 * See load_digest.h. The hash is that of a text in which every value stands with its length before
 * it, so that no two schemas have the same one. A member that is added here makes every table of
 * every ledger look changed, once; so does another order.
 */
#include "load/load_digest.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/options.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"

static void put_bytes(mimic_buffer *out, const char *bytes, size_t size)
{
    mimic__buffer_format(out, "%zu:", size);
    mimic__buffer_append(out, bytes, size);
}

/* NULL and "" are not the same. */
static void put_text(mimic_buffer *out, const char *text)
{
    if (text == NULL)
        mimic__buffer_byte(out, '-');
    else
        put_bytes(out, text, strlen(text));
}

static void put_number(mimic_buffer *out, int64_t number)
{
    mimic__buffer_format(out, "%lld;", (long long)number);
}

static void put_names(mimic_buffer *out, const char *const *names, size_t count)
{
    put_number(out, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        put_text(out, names[i]);
}

static void put_values(mimic_buffer *out, const mimic_text *values, size_t count)
{
    put_number(out, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        put_bytes(out, values[i].data, values[i].size);
}

static void put_indexes(mimic_buffer *out, const size_t *indexes, size_t count)
{
    put_number(out, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        put_number(out, (int64_t)indexes[i]);
}

static mimic_status finish(mimic_buffer *text, char out_hex[33], mimic_error *err)
{
    mimic_hasher *hasher = text->failed ? NULL : mimic__hasher_new(text->ctx);
    const mimic_status status = hasher == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    if (hasher != NULL) {
        mimic__hasher_update(hasher, text->data, text->size);
        mimic__hasher_hex(hasher, out_hex);
        mimic__hasher_free(text->ctx, hasher);
    }
    mimic__buffer_free(text);
    return status;
}

/* ---- a table ---- */

static void put_field(mimic_buffer *out, const mimic_field *field)
{
    const char *const texts[] = {field->name,
                                 field->title,
                                 field->description,
                                 field->schema_type,
                                 field->group_char,
                                 field->minimum,
                                 field->maximum,
                                 field->exclusive_minimum,
                                 field->exclusive_maximum,
                                 field->pattern};
    const int64_t numbers[] = {field->type,
                               field->precision,
                               field->scale,
                               field->allow_special,
                               field->decimal_char,
                               field->bare_number,
                               field->quoted_empty_is_null,
                               field->is_required,
                               field->is_unique,
                               field->min_length,
                               field->max_length,
                               field->on_error};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_text(out, texts[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        put_number(out, numbers[i]);
    put_names(out, field->formats, field->format_count);
    put_values(out, field->true_values, field->true_value_count);
    put_values(out, field->false_values, field->false_value_count);
    put_values(out, field->missing_values, field->missing_value_count);
    put_values(out, field->enum_values, field->enum_count);
}

static void put_keys(mimic_buffer *out, const mimic_table *table)
{
    put_indexes(out, table->primary_key, table->primary_key_count);
    put_number(out, (int64_t)table->unique_key_count);
    for (size_t i = 0; i < table->unique_key_count; i++)
        put_indexes(out, table->unique_keys[i].fields, table->unique_keys[i].count);
    put_number(out, (int64_t)table->foreign_key_count);
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const mimic_foreign_key *const key = &table->foreign_keys[i];
        put_text(out, key->referenced_table);
        put_names(out, key->fields, key->count);
        put_names(out, key->referenced_fields, key->count);
        put_number(out, key->is_enforceable);
    }
    put_indexes(out, table->order_key, table->order_key_count);
}

mimic_status mimic__digest_table(const mimic_context *ctx, const mimic_table *table,
                                 char out_hex[33], mimic_error *err)
{
    const char *const texts[] = {table->name,   table->title,   table->description,
                                 table->module, table->dataset, table->version};
    const int64_t dialect[] = {table->delimiter, table->quote, table->escape, table->comment,
                               table->no_header};
    mimic_buffer text;
    mimic__buffer_init(&text, ctx);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_text(&text, texts[i]);
    for (size_t i = 0; i < sizeof dialect / sizeof dialect[0]; i++)
        put_number(&text, dialect[i]);
    put_number(&text, (int64_t)table->field_count);
    for (size_t i = 0; i < table->field_count; i++)
        put_field(&text, &table->fields[i]);
    put_keys(&text, table);
    return finish(&text, out_hex, err);
}

/* ---- options ---- */

static void put_csv(mimic_buffer *out, const mimic_csv_options *csv)
{
    const int64_t numbers[] = {csv->delimiter,
                               csv->quote,
                               csv->escape,
                               csv->comment,
                               csv->no_header,
                               csv->no_quoting,
                               csv->limit,
                               (int64_t)csv->max_record_bytes,
                               csv->max_columns,
                               csv->max_raw_bytes,
                               csv->max_categories};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        put_number(out, numbers[i]);
    put_number(out, csv->columns != NULL);
    put_names(out, csv->columns, csv->columns == NULL ? 0 : csv->column_count);
    put_number(out, (int64_t)csv->filter_count);
    for (size_t i = 0; i < csv->filter_count; i++) {
        const mimic_csv_filter *const filter = &csv->filters[i];
        put_text(out, filter->column);
        put_number(out, (int64_t)filter->value_count);
        for (size_t k = 0; k < filter->value_count; k++)
            put_number(out, filter->values[k]);
    }
    /* Only where there are some: what was loaded before there could be any stays unchanged. */
    for (size_t i = 0; i < csv->text_filter_count; i++) {
        const mimic_text_filter *const filter = &csv->text_filters[i];
        put_text(out, filter->column);
        put_names(out, filter->values, filter->value_count);
    }
}

static void put_sink(mimic_buffer *out, const mimic_sink_options *sink)
{
    put_number(out, sink->compression);
    put_number(out, sink->compression_level);
    put_number(out, sink->integer_times);
    put_number(out, sink->no_indexes);
    put_number(out, sink->no_dictionaries);
    put_text(out, sink->pg_schema);
}

mimic_status mimic__digest_options(const mimic_context *ctx, const char *target,
                                   const mimic_load_options *options,
                                   char out_hex[33], mimic_error *err)
{
    mimic_sink_options sink = MIMIC_SINK_OPTIONS_INIT;
    struct mimic_target parsed;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&sink, options->sink, "mimic_sink_options", err));
    const mimic_on_error on_error =
        options->on_error != MIMIC_ON_ERROR_DEFAULT ? options->on_error : options->csv->on_error;
    /* The default of duplicates is to reject them. */
    const mimic_duplicates duplicates = options->duplicates == MIMIC_DUPLICATES_DEFAULT
                                            ? MIMIC_DUPLICATES_REJECT
                                            : options->duplicates;
    const mimic_status parsing = mimic__target_parse(ctx, target, &parsed, err);
    mimic__target_free(ctx, &parsed);
    MIMIC_TRY(parsing);
    mimic_buffer text;
    mimic__buffer_init(&text, ctx);
    put_number(&text, parsed.kind); /* one folder may be given as arrow: and as csv: */
    put_number(&text, on_error);
    put_number(&text, duplicates);
    put_number(&text, options->keys == MIMIC_KEYS_ENFORCE);
    put_names(&text, options->order_by, options->order_by == NULL ? 0 : options->order_by_count);
    put_csv(&text, options->csv);
    put_sink(&text, &sink);
    return finish(&text, out_hex, err);
}
