/*
 * Any bytes as a package: reading, and whatever is made of a schema that was read, must neither
 * crash nor leak, and checking must agree with loading.
 */
#include <mimic/mimic.h>

#include <stdlib.h>

#include "schema/schema_registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_texts(mimic_context *ctx, const mimic_dataset *dataset)
{
    char *text = NULL;
    for (mimic_sql_dialect dialect = MIMIC_SQL_SQLITE; dialect <= MIMIC_SQL_ATHENA; dialect++) {
        if (mimic_schema_ddl(ctx, dataset, NULL, dialect, &text, NULL) != MIMIC_OK)
            abort();
        mimic_free(ctx, text);
    }
    for (mimic_text_format format = MIMIC_TEXT_MARKDOWN; format <= MIMIC_TEXT_HTML; format++) {
        if (mimic_schema_dictionary(ctx, dataset, format, &text, NULL) != MIMIC_OK)
            abort();
        mimic_free(ctx, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mimic_context *ctx = NULL;
    if (mimic_context_new(NULL, &ctx, NULL) != MIMIC_OK)
        return 0;
    const char *json = (const char *)data;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_release *release = NULL;
    const mimic_status checked =
        mimic_schema_check(ctx, size == 0 ? "" : json, size, "fuzz", NULL, NULL, NULL);
    const mimic_status read =
        mimic__release_read(ctx, size == 0 ? "" : json, size, "fuzz", &release, &err);
    if (checked != read || (read != MIMIC_OK) != (err.message[0] != '\0'))
        abort();
    if (read == MIMIC_OK && release->dataset->table_count <= 64)
        write_texts(ctx, release->dataset);
    mimic__release_free(ctx, release);
    mimic_context_free(ctx);
    return 0;
}
