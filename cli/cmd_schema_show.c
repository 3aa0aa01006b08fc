/*
 * mimic schema show: a release or one of its tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "session.h"
#include "talk.h"

enum { TYPE_BYTES = 48 };

static const char *type_text(const mimic_field_info *field, char text[TYPE_BYTES])
{
    if (field->type == MIMIC_TYPE_DECIMAL)
        (void)snprintf(text, TYPE_BYTES, "decimal(%d,%d)", field->precision, field->scale);
    else if (field->max_length >= 0)
        (void)snprintf(text, TYPE_BYTES, "%s(%lld)", mimic_type_name(field->type),
                       (long long)field->max_length);
    else
        (void)snprintf(text, TYPE_BYTES, "%s", mimic_type_name(field->type));
    return text;
}

static mimic_field_info field_at(const mimic_table *table, size_t index)
{
    mimic_field_info field = MIMIC_FIELD_INFO_INIT;
    (void)mimic_table_field(table, index, &field);
    return field;
}

/* The expected rows of an edition, "" where none are known. */
static const char *rows_text(const mimic_table *table, const char *edition, char text[NUMBER_BYTES])
{
    const int64_t rows = mimic_table_expected_rows(table, edition);
    return rows < 0 ? "" : talk_number(rows, text);
}

static int wider(int width, const char *text)
{
    const int length = (int)talk_length(text, strlen(text));
    return length > width ? length : width;
}

static void print_padded(const char *text, int width)
{
    talk_print(stdout, "%s%*s", text, width - (int)talk_length(text, strlen(text)), "");
}

/* ---- a release ---- */

static void show_dataset(const mimic_dataset *dataset)
{
    const int width = talk_width(stdout);
    char full[NUMBER_BYTES];
    char demo[NUMBER_BYTES];
    int names = 5;
    int modules = 6;
    int has_rows = 0;
    int has_demo = 0;
    for (size_t i = 0; i < mimic_dataset_table_count(dataset); i++) {
        const mimic_table *table = mimic_dataset_table(dataset, i);
        names = wider(names, mimic_table_name(table));
        modules = wider(modules, mimic_table_module(table));
        has_rows |= mimic_table_expected_rows(table, "full") >= 0;
        has_demo |= mimic_table_expected_rows(table, "demo") >= 0;
    }
    talk_print(stdout, "%s@%s: %s\n\n", mimic_dataset_name(dataset), mimic_dataset_version(dataset),
               mimic_dataset_title(dataset));
    talk_wrapped(stdout, mimic_dataset_description(dataset), 0, 0, width);
    (void)printf("\n\n%-*s  %-*s  columns%s%s  title\n", names, "table", modules, "module",
                 has_rows ? "         rows" : "", has_demo ? "    demo" : "");
    for (size_t i = 0; i < mimic_dataset_table_count(dataset); i++) {
        const mimic_table *table = mimic_dataset_table(dataset, i);
        talk_print(stdout, "%-*s  %-*s  %7zu", names, mimic_table_name(table), modules,
                   mimic_table_module(table), mimic_table_field_count(table));
        if (has_rows)
            (void)printf("  %11s", rows_text(table, "full", full));
        if (has_demo)
            (void)printf(" %7s", rows_text(table, "demo", demo));
        (void)fputs("  ", stdout);
        const int column = names + modules + 13 + (has_rows ? 13 : 0) + (has_demo ? 8 : 0);
        talk_wrapped(stdout, mimic_table_title(table), column, column, width);
        (void)fputc('\n', stdout);
    }
}

/* ---- a table ---- */

static void print_names(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        talk_print(stdout, "%s%s", i == 0 ? "" : ", ", names[i]);
}

static void print_keys(const mimic_table *table)
{
    const size_t *key = NULL;
    const size_t size = mimic_table_primary_key(table, &key);
    for (size_t i = 0; i < size; i++)
        talk_print(stdout, "%s%s", i == 0 ? "primary key  " : ", ", field_at(table, key[i]).name);
    if (size > 0)
        (void)fputc('\n', stdout);
    for (size_t i = 0; i < mimic_table_foreign_key_count(table); i++) {
        mimic_foreign_key_info foreign = MIMIC_FOREIGN_KEY_INFO_INIT;
        (void)mimic_table_foreign_key(table, i, &foreign);
        (void)fputs("foreign key  ", stdout);
        print_names(foreign.fields, foreign.count);
        talk_print(stdout, " -> %s (", foreign.referenced_table);
        print_names(foreign.referenced_fields, foreign.count);
        (void)fputs(")\n", stdout);
    }
}

static void print_fields(const mimic_table *table, int width)
{
    char type[TYPE_BYTES];
    int names = 6;
    int types = 4;
    for (size_t i = 0; i < mimic_table_field_count(table); i++) {
        const mimic_field_info field = field_at(table, i);
        names = wider(names, field.name);
        types = wider(types, type_text(&field, type));
    }
    (void)printf("\n%-*s  %-*s  null  description\n", names, "column", types, "type");
    for (size_t i = 0; i < mimic_table_field_count(table); i++) {
        const mimic_field_info field = field_at(table, i);
        const char *text = field.description[0] != '\0' ? field.description : field.title;
        print_padded(field.name, names + 2);
        print_padded(type_text(&field, type), types + 2);
        (void)fputs(field.is_required ? "no    " : "yes   ", stdout);
        talk_wrapped(stdout, text, names + types + 10, names + types + 10, width);
        (void)fputc('\n', stdout);
    }
}

static void show_table(const mimic_table *table)
{
    const int width = talk_width(stdout);
    char number[NUMBER_BYTES];
    talk_print(stdout, "%s@%s/%s: %s\n\n", mimic_table_dataset(table), mimic_table_version(table),
               mimic_table_name(table), mimic_table_title(table));
    talk_wrapped(stdout, mimic_table_description(table), 0, 0, width);
    talk_print(stdout, "\n\nfile         %s\n", mimic_table_path(table));
    if (mimic_table_expected_rows(table, "full") >= 0)
        (void)printf("rows         %s\n", rows_text(table, "full", number));
    if (mimic_table_expected_rows(table, "demo") >= 0)
        (void)printf("in the demo  %s\n", rows_text(table, "demo", number));
    print_keys(table);
    print_fields(table, width);
}

/* ---- as JSON ---- */

static void json_names(const char *name, const char *const *names, size_t count)
{
    (void)printf(", \"%s\": [", name);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(i == 0 ? "" : ", ", stdout);
        talk_json_string(stdout, names[i]);
    }
    (void)fputs("]", stdout);
}

static void json_rows(const mimic_table *table, const char *edition, const char *name)
{
    const int64_t rows = mimic_table_expected_rows(table, edition);
    if (rows >= 0)
        talk_json_number(", ", name, rows);
}

static void json_keys(const mimic_table *table)
{
    const size_t *key = NULL;
    const size_t size = mimic_table_primary_key(table, &key);
    (void)fputs(", \"primaryKey\": [", stdout);
    for (size_t i = 0; i < size; i++) {
        (void)fputs(i == 0 ? "" : ", ", stdout);
        talk_json_string(stdout, field_at(table, key[i]).name);
    }
    (void)fputs("], \"foreignKeys\": [", stdout);
    for (size_t i = 0; i < mimic_table_foreign_key_count(table); i++) {
        mimic_foreign_key_info foreign = MIMIC_FOREIGN_KEY_INFO_INIT;
        (void)mimic_table_foreign_key(table, i, &foreign);
        talk_json_text(i == 0 ? "{" : ", {", "table", foreign.referenced_table);
        json_names("fields", foreign.fields, foreign.count);
        json_names("referencedFields", foreign.referenced_fields, foreign.count);
        (void)fputs("}", stdout);
    }
    (void)fputs("]", stdout);
}

static void json_table(const mimic_table *table, const char *indent)
{
    char type[TYPE_BYTES];
    talk_json_text("{", "name", mimic_table_name(table));
    talk_json_text(", ", "module", mimic_table_module(table));
    talk_json_text(", ", "path", mimic_table_path(table));
    talk_json_text(", ", "title", mimic_table_title(table));
    talk_json_text(", ", "description", mimic_table_description(table));
    json_rows(table, "full", "rows");
    json_rows(table, "demo", "demoRows");
    json_keys(table);
    (void)fputs(", \"fields\": [", stdout);
    for (size_t i = 0; i < mimic_table_field_count(table); i++) {
        const mimic_field_info field = field_at(table, i);
        (void)printf("%s\n%s  ", i == 0 ? "" : ",", indent);
        talk_json_text("{", "name", field.name);
        talk_json_text(", ", "type", type_text(&field, type));
        (void)printf(", \"required\": %s", field.is_required ? "true" : "false");
        talk_json_text(", ", "description", field.description);
        (void)fputs("}", stdout);
    }
    (void)printf("\n%s]}", indent);
}

static void json_dataset(const mimic_dataset *dataset)
{
    talk_json_text("{", "name", mimic_dataset_name(dataset));
    talk_json_text(", ", "version", mimic_dataset_version(dataset));
    talk_json_text(", ", "title", mimic_dataset_title(dataset));
    talk_json_text(", ", "description", mimic_dataset_description(dataset));
    (void)fputs(", \"tables\": [", stdout);
    for (size_t i = 0; i < mimic_dataset_table_count(dataset); i++) {
        (void)fputs(i == 0 ? "\n  " : ",\n  ", stdout);
        json_table(mimic_dataset_table(dataset, i), "  ");
    }
    (void)fputs("\n]}", stdout);
}

static int run_show(const cli_arguments *arguments)
{
    session s;
    const mimic_dataset *dataset = NULL;
    const mimic_table *table = NULL;
    int status = session_open(arguments, &s);
    if (status == EXIT_DONE)
        status = session_find(&s, arguments->operands.items[0], &dataset, &table);
    if (status == EXIT_DONE && arguments->format == FORMAT_JSON) {
        if (table != NULL)
            json_table(table, "");
        else
            json_dataset(dataset);
        (void)fputc('\n', stdout);
    } else if (status == EXIT_DONE && table != NULL) {
        show_table(table);
    } else if (status == EXIT_DONE) {
        show_dataset(dataset);
    }
    session_close(&s);
    return status;
}

static const cli_option *const groups[] = {group_format, group_quiet, group_schema_dir, group_help,
                                           NULL};

const cli_command cmd_schema_show = {
    .name = "schema show",
    .summary = "show the tables of a release, or the columns of a table",
    .operands = "SPEC",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description = "For a release (mimic-iv@3.1; without a version the highest) lists its tables "
                   "with the rows they are published with. For a table (mimic-iv@3.1/labevents) "
                   "shows keys, and for each column its type, whether it may be NULL, and what it "
                   "means.",
    .examples = "mimic schema show mimic-iv@3.1\nThe tables of a release.\n"
                "mimic schema show mimic-iv/labevents\nThe columns of a table.\n",
    .run = run_show,
};
