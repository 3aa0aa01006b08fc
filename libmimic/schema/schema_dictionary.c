/* Data dictionaries: what is said of a table and a column, whatever the markup. */
#include "schema/schema_dictionary.h"

#include "base/error.h"

/* ---- scratch ---- */

mimic_buffer *mimic__dictionary_begin(const mimic_dictionary *self)
{
    self->text->size = 0;
    return self->text;
}

const char *mimic__dictionary_end(const mimic_dictionary *self)
{
    mimic__buffer_byte(self->text, '\0');
    if (self->text->failed) {
        self->out->failed = true;
        return "";
    }
    return self->text->data;
}

/* ---- columns ---- */

void mimic__dictionary_type(mimic_buffer *text, const mimic_field *field)
{
    mimic__buffer_text(text, mimic_type_name(field->type));
    if (field->type == MIMIC_TYPE_DECIMAL)
        mimic__buffer_format(text, "(%d,%d)", field->precision, field->scale);
}

static void begin_rule(mimic_buffer *text, size_t start)
{
    if (text->size > start)
        mimic__buffer_text(text, "; ");
}

static void put_length_rule(mimic_buffer *text, size_t start, const mimic_field *field)
{
    if (field->min_length < 0 && field->max_length < 0)
        return;
    begin_rule(text, start);
    if (field->min_length >= 0 && field->max_length >= 0)
        mimic__buffer_format(text, "%lld to %lld characters", (long long)field->min_length,
                             (long long)field->max_length);
    else if (field->max_length >= 0)
        mimic__buffer_format(text, "at most %lld characters", (long long)field->max_length);
    else
        mimic__buffer_format(text, "at least %lld characters", (long long)field->min_length);
}

static void put_range_rule(mimic_buffer *text, size_t start, const mimic_field *field)
{
    const struct {
        const char *words;
        const char *bound;
    } rules[] = {
        {"at least", field->minimum},
        {"at most", field->maximum},
        {"above", field->exclusive_minimum},
        {"below", field->exclusive_maximum},
    };
    if (field->minimum != NULL && field->maximum != NULL) {
        begin_rule(text, start);
        mimic__buffer_text(text, field->minimum);
        mimic__buffer_text(text, " to ");
        mimic__buffer_text(text, field->maximum);
    }
    for (size_t i = field->minimum != NULL && field->maximum != NULL ? 2 : 0; i < 4; i++) {
        if (rules[i].bound == NULL)
            continue;
        begin_rule(text, start);
        mimic__buffer_text(text, rules[i].words);
        mimic__buffer_byte(text, ' ');
        mimic__buffer_text(text, rules[i].bound);
    }
}

#define MAX_LISTED 12

static void put_enum_rule(mimic_buffer *text, size_t start, const mimic_field *field)
{
    if (field->enum_count == 0)
        return;
    begin_rule(text, start);
    mimic__buffer_text(text, "one of: ");
    for (size_t i = 0; i < field->enum_count && i < MAX_LISTED; i++) {
        if (i > 0)
            mimic__buffer_text(text, ", ");
        mimic__buffer_append(text, field->enum_values[i].data, field->enum_values[i].size);
    }
    if (field->enum_count > MAX_LISTED)
        mimic__buffer_format(text, " and %zu more", field->enum_count - MAX_LISTED);
}

void mimic__dictionary_rules(mimic_buffer *text, const mimic_field *field)
{
    const size_t start = text->size;
    put_length_rule(text, start, field);
    put_range_rule(text, start, field);
    put_enum_rule(text, start, field);
    if (field->pattern != NULL) {
        begin_rule(text, start);
        mimic__buffer_text(text, "pattern ");
        mimic__buffer_text(text, field->pattern);
    }
    if (field->allow_special) {
        begin_rule(text, start);
        mimic__buffer_text(text, "may be NaN or INF");
    }
}

void mimic__dictionary_count(mimic_buffer *text, int64_t count)
{
    char digits[32];
    size_t size = 0;
    for (int64_t rest = count; rest > 0 || size == 0; rest /= 10)
        digits[size++] = (char)('0' + rest % 10);
    while (size > 0) {
        mimic__buffer_byte(text, digits[--size]);
        if (size > 0 && size % 3 == 0)
            mimic__buffer_byte(text, ',');
    }
}

/* ---- keys ---- */

bool mimic__dictionary_refers(const mimic_table *table, const mimic_field *field,
                              const mimic_foreign_key **out_key)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        for (size_t j = 0; j < table->foreign_keys[i].count; j++)
            if (mimic__name_equals(table->foreign_keys[i].fields[j], field->name)) {
                *out_key = &table->foreign_keys[i];
                return true;
            }
    return false;
}

static bool contains(const size_t *numbers, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

bool mimic__dictionary_is_in_primary_key(const mimic_table *table, size_t field)
{
    return contains(table->primary_key, table->primary_key_count, field);
}

bool mimic__dictionary_is_unique(const mimic_table *table, size_t field)
{
    if (table->fields[field].is_unique)
        return true;
    for (size_t i = 0; i < table->unique_key_count; i++)
        if (table->unique_keys[i].count == 1 && table->unique_keys[i].fields[0] == field)
            return true;
    return false;
}

/* ---- dataset ---- */

bool mimic__dictionary_is_in_module(const mimic_dataset *dataset, const mimic_table *table,
                                    size_t module)
{
    size_t own = 0;
    while (own < dataset->module_count &&
           !mimic__name_equals(dataset->modules[own].name, table->module))
        own++;
    return own == module;
}

bool mimic__dictionary_has_tables(const mimic_dataset *dataset, size_t module)
{
    for (size_t i = 0; i < dataset->table_count; i++)
        if (mimic__dictionary_is_in_module(dataset, &dataset->tables[i], module))
            return true;
    return false;
}

size_t mimic__dictionary_field_total(const mimic_dataset *dataset)
{
    size_t total = 0;
    for (size_t i = 0; i < dataset->table_count; i++)
        total += dataset->tables[i].field_count;
    return total;
}

bool mimic__dictionary_is_plain(const char *name)
{
    for (; *name != '\0'; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
              (*name >= '0' && *name <= '9') || *name == '_' || *name == '-'))
            return false;
    return true;
}

/* ---- public ---- */

mimic_status mimic_schema_dictionary(const mimic_context *ctx, const mimic_dataset *dataset,
                                     mimic_text_format format, char **out_text, mimic_error *err)
{
    if (ctx == NULL || dataset == NULL || out_text == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_schema_dictionary needs a context and a dataset");
    *out_text = NULL;
    if (format != MIMIC_TEXT_MARKDOWN && format != MIMIC_TEXT_HTML)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%d is no format of a dictionary; there are Markdown and HTML", format);
    mimic_buffer out;
    mimic_buffer text;
    mimic__buffer_init(&out, ctx);
    mimic__buffer_init(&text, ctx);
    const mimic_dictionary self = {dataset, &out, &text};
    if (format == MIMIC_TEXT_HTML)
        mimic__dictionary_html(&self);
    else
        mimic__dictionary_markdown(&self);
    *out_text = mimic__buffer_take_text(&out);
    mimic__buffer_free(&out);
    mimic__buffer_free(&text);
    return *out_text == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
