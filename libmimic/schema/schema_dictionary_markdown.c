/*
 * The dictionary in Markdown (CommonMark with GitHub's tables). Texts of the schema are escaped, so
 * that they can bring neither markup nor HTML.
 */
#include "schema/schema_dictionary.h"

/* ---- escaping ---- */

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (unsigned char)byte >= 0x80;
}

/* Prose on one line. An underscore within a word is no markup. */
static void put_text(const mimic_dictionary *self, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        const bool starts = at == text;
        if ((unsigned char)*at < 0x20) {
            mimic__buffer_byte(self->out, ' ');
        } else if (*at == '<') {
            mimic__buffer_text(self->out, "&lt;");
        } else if (*at == '&') {
            mimic__buffer_text(self->out, "&amp;");
        } else {
            const bool is_inner = !starts && is_word(at[-1]) && is_word(at[1]);
            if (strchr("\\`*[]|~>", *at) != NULL || (*at == '_' && !is_inner) ||
                (starts && strchr("#-+=", *at) != NULL))
                mimic__buffer_byte(self->out, '\\');
            mimic__buffer_byte(self->out, *at);
        }
    }
}

/* A name as code, or as escaped prose when it could leave the code. */
static void put_code(const mimic_dictionary *self, const char *text)
{
    bool is_tame = text[0] != '\0' && text[0] != ' ';
    for (const char *at = text; *at != '\0'; at++)
        is_tame = is_tame && (unsigned char)*at >= 0x20 && strchr("`|<&", *at) == NULL;
    if (!is_tame) {
        put_text(self, text);
        return;
    }
    mimic__buffer_byte(self->out, '`');
    mimic__buffer_text(self->out, text);
    mimic__buffer_byte(self->out, '`');
}

/* A table's name, linked to its heading: renderers make "#labevents" of "### labevents". */
static void put_link(const mimic_dictionary *self, const char *name)
{
    if (!mimic__dictionary_is_plain(name)) {
        put_text(self, name);
        return;
    }
    mimic__buffer_byte(self->out, '[');
    put_text(self, name);
    mimic__buffer_text(self->out, "](#");
    mimic__name_fold(self->out, name);
    mimic__buffer_byte(self->out, ')');
}

static void put_names(const mimic_dictionary *self, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mimic__buffer_text(self->out, ", ");
        put_code(self, names[i]);
    }
}

/* ---- tables ---- */

static void put_rows_fact(const mimic_dictionary *self, const mimic_table *table)
{
    for (size_t i = 0; i < table->edition_count; i++) {
        mimic__buffer_text(self->out, i == 0 ? " Rows: " : ", ");
        mimic_buffer *text = mimic__dictionary_begin(self);
        mimic__dictionary_count(text, table->editions[i].rows);
        put_text(self, mimic__dictionary_end(self));
        mimic__buffer_text(self->out, " (");
        put_text(self, table->editions[i].name);
        mimic__buffer_byte(self->out, ')');
    }
    if (table->edition_count > 0)
        mimic__buffer_byte(self->out, '.');
}

static void put_facts(const mimic_dictionary *self, const mimic_table *table)
{
    mimic__buffer_text(self->out, "File: ");
    put_code(self, table->path);
    mimic__buffer_byte(self->out, '.');
    put_rows_fact(self, table);
    if (table->primary_key_count > 0)
        mimic__buffer_text(self->out, " Primary key: ");
    for (size_t i = 0; i < table->primary_key_count; i++) {
        if (i > 0)
            mimic__buffer_text(self->out, ", ");
        put_code(self, table->fields[table->primary_key[i]].name);
    }
    mimic__buffer_text(self->out, table->primary_key_count > 0 ? ".\n\n" : "\n\n");
}

static void put_keys(const mimic_dictionary *self, const mimic_table *table, size_t field)
{
    const mimic_foreign_key *key;
    const char *separator = "";
    if (mimic__dictionary_is_in_primary_key(table, field)) {
        mimic__buffer_text(self->out, "PK");
        separator = ", ";
    } else if (mimic__dictionary_is_unique(table, field)) {
        mimic__buffer_text(self->out, "unique");
        separator = ", ";
    }
    if (mimic__dictionary_refers(table, &table->fields[field], &key)) {
        mimic__buffer_text(self->out, separator);
        put_link(self, key->referenced_table);
    }
}

static void put_field(const mimic_dictionary *self, const mimic_table *table, size_t index)
{
    const mimic_field *field = &table->fields[index];
    mimic__buffer_text(self->out, "| ");
    put_code(self, field->name);
    mimic__buffer_text(self->out, " | ");
    mimic__dictionary_type(mimic__dictionary_begin(self), field);
    put_text(self, mimic__dictionary_end(self));
    mimic__buffer_text(self->out, field->is_required ? " | required | " : " | | ");
    put_keys(self, table, index);
    mimic__buffer_text(self->out, " | ");
    put_text(self, field->description);
    mimic__dictionary_rules(mimic__dictionary_begin(self), field);
    const char *rules = mimic__dictionary_end(self);
    if (rules[0] != '\0') {
        mimic__buffer_text(self->out, field->description[0] == '\0' ? "(" : " (");
        put_text(self, rules);
        mimic__buffer_byte(self->out, ')');
    }
    mimic__buffer_text(self->out, " |\n");
}

static void put_table(const mimic_dictionary *self, const mimic_table *table)
{
    mimic__buffer_text(self->out, "### ");
    put_text(self, table->name);
    mimic__buffer_text(self->out, "\n\n");
    if (table->title[0] != '\0') {
        mimic__buffer_text(self->out, "**");
        put_text(self, table->title);
        mimic__buffer_text(self->out, table->description[0] == '\0' ? ".**" : ".** ");
    }
    put_text(self, table->description);
    if (table->title[0] != '\0' || table->description[0] != '\0')
        mimic__buffer_text(self->out, "\n\n");
    put_facts(self, table);
    mimic__buffer_text(self->out, "| column | type | null | keys | description |\n"
                                  "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < table->field_count; i++)
        put_field(self, table, i);
    mimic__buffer_byte(self->out, '\n');
}

/* ---- contents, modules, relations ---- */

static void put_contents(const mimic_dictionary *self)
{
    const mimic_dataset *dataset = self->dataset;
    mimic__buffer_text(self->out, "## Tables\n\n| table | module | columns | what it holds |\n"
                                  "| --- | --- | ---: | --- |\n");
    for (size_t i = 0; i < dataset->table_count; i++) {
        const mimic_table *table = &dataset->tables[i];
        mimic__buffer_text(self->out, "| ");
        put_link(self, table->name);
        mimic__buffer_text(self->out, " | ");
        put_text(self, table->module);
        mimic__buffer_format(self->out, " | %zu | ", table->field_count);
        put_text(self, table->title);
        mimic__buffer_text(self->out, " |\n");
    }
    mimic__buffer_byte(self->out, '\n');
}

static void put_module(const mimic_dictionary *self, size_t module)
{
    const mimic_dataset *dataset = self->dataset;
    if (!mimic__dictionary_has_tables(dataset, module))
        return;
    if (module < dataset->module_count) {
        mimic__buffer_text(self->out, "## Module ");
        put_text(self, dataset->modules[module].name);
        mimic__buffer_text(self->out, "\n\n");
        put_text(self, dataset->modules[module].description);
        mimic__buffer_text(self->out, "\n\n");
    } else {
        mimic__buffer_text(self->out,
                           dataset->module_count == 0 ? "## Columns\n\n" : "## Other tables\n\n");
    }
    for (size_t i = 0; i < dataset->table_count; i++)
        if (mimic__dictionary_is_in_module(dataset, &dataset->tables[i], module))
            put_table(self, &dataset->tables[i]);
}

static void put_relation(const mimic_dictionary *self, const mimic_table *table,
                         const mimic_foreign_key *key)
{
    mimic__buffer_text(self->out, "| ");
    put_link(self, table->name);
    mimic__buffer_text(self->out, " | ");
    put_names(self, key->fields, key->count);
    mimic__buffer_text(self->out, " | ");
    put_link(self, key->referenced_table);
    mimic__buffer_text(self->out, " | ");
    put_names(self, key->referenced_fields, key->count);
    mimic__buffer_text(self->out, " |\n");
}

static void put_relations(const mimic_dictionary *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->dataset->table_count; i++) {
        const mimic_table *table = &self->dataset->tables[i];
        for (size_t j = 0; j < table->foreign_key_count; j++) {
            if (count++ == 0)
                mimic__buffer_text(self->out, "## Relations\n\n"
                                              "| table | columns | refers to | columns |\n"
                                              "| --- | --- | --- | --- |\n");
            put_relation(self, table, &table->foreign_keys[j]);
        }
    }
}

void mimic__dictionary_markdown(const mimic_dictionary *self)
{
    const mimic_dataset *dataset = self->dataset;
    const char *title = dataset->title[0] != '\0'  ? dataset->title
                        : dataset->name[0] != '\0' ? dataset->name
                                                   : "Data dictionary";
    mimic__buffer_text(self->out, "# ");
    put_text(self, title);
    mimic__buffer_text(self->out, "\n\n");
    put_text(self, dataset->description);
    mimic__buffer_format(self->out, "%s%zu tables, %zu columns",
                         dataset->description[0] == '\0' ? "" : "\n\n", dataset->table_count,
                         mimic__dictionary_field_total(dataset));
    if (dataset->homepage[0] != '\0') {
        mimic__buffer_text(self->out, ". Source: ");
        put_text(self, dataset->homepage);
    }
    mimic__buffer_text(self->out, "\n\n");
    put_contents(self);
    for (size_t module = 0; module <= dataset->module_count; module++)
        put_module(self, module);
    put_relations(self);
}
