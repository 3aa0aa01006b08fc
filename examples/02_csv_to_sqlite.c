/*
 * Converts one CSV file into a table of a SQLite database and prints the report.
 *
 *     02_csv_to_sqlite labs.csv mimic-iv@3.1/labevents labs.db
 */
#include <mimic/mimic.h>
#include <stdio.h>

static void print_report(const mimic_report *report)
{
    for (size_t i = 0; i < mimic_report_table_count(report); i++) {
        mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
        if (mimic_report_table(report, i, &table) == MIMIC_OK)
            printf("%s: %lld read = %lld written + %lld rejected + %lld filtered\n", table.table,
                   (long long)table.read, (long long)table.written, (long long)table.rejected,
                   (long long)table.filtered);
    }
    for (size_t i = 0; i < mimic_report_note_count(report); i++) {
        mimic_note note = MIMIC_NOTE_INIT;
        if (mimic_report_note(report, i, &note) == MIMIC_OK && note.kind == MIMIC_NOTE_REJECTS)
            printf("%s.%s: %lld %s\n", note.table, note.column, (long long)note.count, note.code);
    }
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 4) {
        fprintf(stderr, "usage: %s FILE DATASET@VERSION/TABLE TARGET\n", arguments[0]);
        return 2;
    }
    const char *const inputs[] = {arguments[1]};
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_report *report = NULL;
    const mimic_table *table = NULL;
    mimic_error err = MIMIC_ERROR_INIT;

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, arguments[2], &table, &err);
    if (status == MIMIC_OK)
        status = mimic_convert(ctx, registry, table, inputs, 1, arguments[3], NULL, &report, &err);
    if (status == MIMIC_OK)
        print_report(report);
    else
        fprintf(stderr, "%s\n", err.message);
    mimic_report_free(report);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_OK ? 0 : 1;
}
