/* The records of a quality: making, finding, handing out. */
#include "quality/quality_model.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"

mimic_quality *mimic__quality_new(const mimic_context *ctx)
{
    mimic_quality *quality = mimic__alloc_zeroed(ctx, 1, sizeof *quality);
    if (quality == NULL)
        return NULL;
    quality->ctx = ctx;
    mimic__arena_init(&quality->arena, ctx);
    quality->dataset = "";
    quality->edition = "";
    quality->target = "";
    return quality;
}

void mimic_quality_free(mimic_quality *quality)
{
    if (quality == NULL)
        return;
    for (size_t i = 0; i < quality->table_count; i++)
        mimic__quality_table_free(quality->tables[i]);
    mimic__free(quality->ctx, quality->tables);
    mimic__free(quality->ctx, quality->checks);
    mimic__arena_free(&quality->arena);
    mimic__free(quality->ctx, quality);
}

const char *mimic__quality_keep_text(mimic_quality *quality, const char *text)
{
    return mimic__arena_strdup(&quality->arena, text);
}

quality_table *mimic__quality_table_new(const mimic_context *ctx, const char *name,
                                        const char *module, const char *title)
{
    const mimic_quality_table_info blank = MIMIC_QUALITY_TABLE_INFO_INIT;
    quality_table *table = mimic__alloc_zeroed(ctx, 1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->ctx = ctx;
    mimic__arena_init(&table->arena, ctx);
    table->info = blank;
    table->info.table = mimic__arena_strdup(&table->arena, name);
    table->info.module = mimic__arena_strdup(&table->arena, module);
    table->title = mimic__arena_strdup(&table->arena, title);
    table->source = "";
    if (table->info.table != NULL && table->info.module != NULL && table->title != NULL)
        return table;
    mimic__quality_table_free(table);
    return NULL;
}

void mimic__quality_table_free(quality_table *table)
{
    if (table == NULL)
        return;
    mimic__arena_free(&table->arena);
    mimic__free(table->ctx, table);
}

bool mimic__quality_add_table(mimic_quality *quality, quality_table *table)
{
    quality_table **tables =
        mimic__array_grow(quality->ctx, quality->tables, quality->table_count,
                          &quality->table_capacity, sizeof(quality_table *));
    if (tables == NULL) {
        mimic__quality_table_free(table);
        return false;
    }
    quality->tables = tables;
    quality->tables[quality->table_count++] = table;
    return true;
}

quality_table *mimic__quality_find_table(const mimic_quality *quality, const char *name)
{
    for (size_t i = 0; i < quality->table_count; i++)
        if (mimic__name_equals(quality->tables[i]->info.table, name))
            return quality->tables[i];
    return NULL;
}

static size_t code_of(const char *code)
{
    for (mimic_reject_code number = 1; number < QUALITY_CODES; number++)
        if (strcmp(mimic_reject_code_name(number), code) == 0)
            return (size_t)number;
    return 0;
}

void mimic__quality_add_rejects(quality_table *table, const char *column, const char *code,
                                int64_t count)
{
    for (size_t i = 0; i < table->info.column_count; i++)
        if (mimic__name_equals(table->columns[i].info.column, column)) {
            table->columns[i].rejects[code_of(code)] += count;
            return;
        }
    table->rejects[code_of(code)] += count;
}

bool mimic__quality_add_check(mimic_quality *quality, const mimic_quality_check_info *check)
{
    mimic_quality_check_info *checks =
        mimic__array_grow(quality->ctx, quality->checks, quality->check_count,
                          &quality->check_capacity, sizeof *checks);
    if (checks == NULL)
        return false;
    quality->checks = checks;
    mimic_quality_check_info *const entry = &checks[quality->check_count];
    *entry = *check;
    entry->struct_size = sizeof *entry;
    const char **const texts[] = {&entry->rule, &entry->table, &entry->column, &entry->message};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = mimic__arena_strdup(&quality->arena, *texts[i] == NULL ? "" : *texts[i]);
        if (*texts[i] == NULL)
            return false;
    }
    quality->check_count++;
    return true;
}

const char *mimic__quality_class_name(mimic_quality_class category)
{
    static const char *const names[] = {"",
                                        "conformance.value",
                                        "conformance.relational",
                                        "conformance.computational",
                                        "completeness",
                                        "plausibility.uniqueness",
                                        "plausibility.atemporal",
                                        "plausibility.temporal"};
    return category >= 1 && category <= 7 ? names[category] : names[0];
}

const char *mimic__quality_verdict_name(mimic_quality_verdict verdict)
{
    return verdict == MIMIC_QUALITY_PASSED   ? "passed"
           : verdict == MIMIC_QUALITY_FAILED ? "failed"
                                             : "information";
}

/* ---- reading ---- */

size_t mimic_quality_table_count(const mimic_quality *quality)
{
    return quality == NULL ? 0 : quality->table_count;
}

mimic_status mimic_quality_table(const mimic_quality *quality, size_t index,
                                 mimic_quality_table_info *out_table)
{
    if (quality == NULL || index >= quality->table_count)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out_table, quality->tables[index]->info);
}

mimic_status mimic_quality_column(const mimic_quality *quality, size_t table, size_t index,
                                  mimic_quality_column_info *out_column)
{
    if (quality == NULL || table >= quality->table_count ||
        index >= quality->tables[table]->info.column_count)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out_column, quality->tables[table]->columns[index].info);
}

size_t mimic_quality_check_count(const mimic_quality *quality)
{
    return quality == NULL ? 0 : quality->check_count;
}

mimic_status mimic_quality_check(const mimic_quality *quality, size_t index,
                                 mimic_quality_check_info *out_check)
{
    if (quality == NULL || index >= quality->check_count)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out_check, quality->checks[index]);
}
