/*
 * A table copied whole into an arena of another, so that it may outlive what it was borrowed from: a
 * reader, a scan, a registry. Lists are copied with the texts in them; what the original lacks stays
 * NULL.
 */
#include "schema/schema_model.h"

#include <string.h>

/* An arena that latches: after a failed allocation everything is NULL. */
typedef struct copier {
    mimic_arena *arena;
    bool failed;
} copier;

static void *copy_bytes(copier *c, const void *from, size_t count, size_t size)
{
    if (from == NULL || count == 0 || c->failed)
        return NULL;
    void *const copy = mimic__arena_array(c->arena, count, size);
    if (copy == NULL)
        c->failed = true;
    else
        memcpy(copy, from, count * size);
    return copy;
}

static const char *copy_text(copier *c, const char *text)
{
    return text == NULL ? NULL : copy_bytes(c, text, strlen(text) + 1, 1);
}

static const char *const *copy_texts(copier *c, const char *const *texts, size_t count)
{
    const char **const copy = copy_bytes(c, texts, count, sizeof *texts);
    for (size_t i = 0; i < count && copy != NULL; i++)
        copy[i] = copy_text(c, copy[i]);
    return copy;
}

static const mimic_text *copy_values(copier *c, const mimic_text *values, size_t count)
{
    mimic_text *const copy = copy_bytes(c, values, count, sizeof *values);
    for (size_t i = 0; i < count && copy != NULL; i++) {
        char *const data = copy_bytes(c, copy[i].data, copy[i].size + 1, 1);
        copy[i].data = data;
    }
    return copy;
}

static void copy_field(copier *c, mimic_field *field)
{
    field->name = copy_text(c, field->name);
    field->title = copy_text(c, field->title);
    field->description = copy_text(c, field->description);
    field->schema_type = copy_text(c, field->schema_type);
    field->formats = copy_texts(c, field->formats, field->format_count);
    field->group_char = copy_text(c, field->group_char);
    field->true_values = copy_values(c, field->true_values, field->true_value_count);
    field->false_values = copy_values(c, field->false_values, field->false_value_count);
    field->missing_values = copy_values(c, field->missing_values, field->missing_value_count);
    field->minimum = copy_text(c, field->minimum);
    field->maximum = copy_text(c, field->maximum);
    field->exclusive_minimum = copy_text(c, field->exclusive_minimum);
    field->exclusive_maximum = copy_text(c, field->exclusive_maximum);
    field->pattern = copy_text(c, field->pattern);
    field->enum_values = copy_values(c, field->enum_values, field->enum_count);
}

static void copy_keys(copier *c, mimic_table *table)
{
    table->primary_key = copy_bytes(c, table->primary_key, table->primary_key_count,
                                    sizeof *table->primary_key);
    table->order_key =
        copy_bytes(c, table->order_key, table->order_key_count, sizeof *table->order_key);
    mimic_unique_key *const unique =
        copy_bytes(c, table->unique_keys, table->unique_key_count, sizeof *unique);
    for (size_t i = 0; i < table->unique_key_count && unique != NULL; i++)
        unique[i].fields =
            copy_bytes(c, unique[i].fields, unique[i].count, sizeof *unique[i].fields);
    table->unique_keys = unique;
    mimic_foreign_key *const foreign =
        copy_bytes(c, table->foreign_keys, table->foreign_key_count, sizeof *foreign);
    for (size_t i = 0; i < table->foreign_key_count && foreign != NULL; i++) {
        foreign[i].referenced_table = copy_text(c, foreign[i].referenced_table);
        foreign[i].fields = copy_texts(c, foreign[i].fields, foreign[i].count);
        foreign[i].referenced_fields = copy_texts(c, foreign[i].referenced_fields, foreign[i].count);
    }
    table->foreign_keys = foreign;
}

const mimic_table *mimic__table_copy(mimic_arena *arena, const mimic_table *table)
{
    copier c = {arena, false};
    mimic_table *const copy = copy_bytes(&c, table, 1, sizeof *table);
    if (copy == NULL)
        return NULL;
    copy->name = copy_text(&c, copy->name);
    copy->title = copy_text(&c, copy->title);
    copy->description = copy_text(&c, copy->description);
    copy->module = copy_text(&c, copy->module);
    copy->path = copy_text(&c, copy->path);
    copy->dataset = copy_text(&c, copy->dataset);
    copy->version = copy_text(&c, copy->version);
    mimic_field *const fields = copy_bytes(&c, copy->fields, copy->field_count, sizeof *fields);
    for (size_t i = 0; i < copy->field_count && fields != NULL; i++)
        copy_field(&c, &fields[i]);
    copy->fields = fields;
    copy_keys(&c, copy);
    copy->spans = copy_bytes(&c, copy->spans, copy->span_count, sizeof *copy->spans);
    copy->aliases = copy_texts(&c, copy->aliases, copy->alias_count);
    mimic_edition *const editions =
        copy_bytes(&c, copy->editions, copy->edition_count, sizeof *editions);
    for (size_t i = 0; i < copy->edition_count && editions != NULL; i++)
        editions[i].name = copy_text(&c, editions[i].name);
    copy->editions = editions;
    return c.failed ? NULL : copy;
}
