/*
 * Fuzz target of the package reader. Any bytes are checked and read. Oracle: the check and the reader
 * agree; findings stand inside the text; what was read can be walked through, does not drift from its
 * own header, and can be written as SQL and as a dictionary.
 */
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/schema_registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_schema: %s\n", what);
        abort();
    }
}

typedef struct findings {
    int64_t lines; /* of the text */
    size_t count;
} findings;

static void on_finding(const char *pointer, int64_t line, int64_t column, const char *message,
                       void *ctx)
{
    findings *self = ctx;
    self->count++;
    require(pointer != NULL && message != NULL && message[0] != '\0', "a finding without words");
    require(line >= 0 && line <= self->lines && column >= 0, "a finding beyond the text");
}

static void walk_table(const mimic_context *ctx, const mimic_table *table)
{
    const size_t count = mimic_table_field_count(table);
    const char *names[64];
    for (size_t i = 0; i < count; i++) {
        mimic_field_info field = MIMIC_FIELD_INFO_INIT;
        require(mimic_table_field(table, i, &field) == MIMIC_OK, "a field is not there");
        require(mimic_table_find_field(table, field.name) == (int64_t)i, "a name finds another field");
        require(strcmp(mimic_type_name(field.type), "unknown") != 0, "a field of no type");
        if (i < 64)
            names[i] = field.name;
    }
    const size_t *key = NULL;
    const size_t key_count = mimic_table_primary_key(table, &key);
    for (size_t i = 0; i < key_count; i++)
        require(key[i] < count, "a key beyond the fields");
    for (size_t i = 0; i < mimic_table_foreign_key_count(table); i++) {
        mimic_foreign_key_info info = MIMIC_FOREIGN_KEY_INFO_INIT;
        require(mimic_table_foreign_key(table, i, &info) == MIMIC_OK, "a foreign key is not there");
    }
    mimic_drift *drift = NULL;
    const mimic_status compared =
        mimic_drift_compare(ctx, table, names, count < 64 ? count : 64, &drift, NULL);
    if (compared == MIMIC_OK && count > 0 && count <= 64)
        require(mimic_drift_count(drift) == 0, "a table drifts from its own header");
    mimic_drift_free(drift);
}

static void walk(mimic_context *ctx, const mimic_dataset *dataset)
{
    for (size_t i = 0; i < mimic_dataset_table_count(dataset); i++)
        walk_table(ctx, mimic_dataset_table(dataset, i));
    for (mimic_sql_dialect dialect = MIMIC_SQL_SQLITE; dialect <= MIMIC_SQL_ATHENA; dialect++) {
        char *sql = NULL;
        require(mimic_schema_ddl(ctx, dataset, NULL, dialect, &sql, NULL) == MIMIC_OK, "no SQL");
        mimic_free(ctx, sql);
    }
    for (mimic_text_format format = MIMIC_TEXT_MARKDOWN; format <= MIMIC_TEXT_HTML; format++) {
        char *text = NULL;
        require(mimic_schema_dictionary(ctx, dataset, format, &text, NULL) == MIMIC_OK,
                "no dictionary");
        mimic_free(ctx, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mimic_context *ctx;
    if (ctx == NULL)
        require(mimic_context_new(NULL, &ctx, NULL) == MIMIC_OK, "no context");
    findings found = {.lines = 1, .count = 0};
    for (size_t i = 0; i < size; i++)
        found.lines += data[i] == '\n' || data[i] == '\r';
    const mimic_status checked =
        mimic_schema_check(ctx, (const char *)data, size, "input", on_finding, &found, NULL);
    require((checked == MIMIC_OK) == (found.count == 0) || checked == MIMIC_ERR_JSON,
            "the check contradicts its findings");
    mimic_release *release = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status read =
        mimic__release_read(ctx, (const char *)data, size, "input", &release, &err);
    require(checked == read, "checking and reading disagree");
    require((read == MIMIC_OK) == (err.message[0] == '\0'), "a failure without words");
    if (read == MIMIC_OK && release->dataset->table_count <= 64)
        walk(ctx, release->dataset);
    mimic__release_free(ctx, release);
    return 0;
}
