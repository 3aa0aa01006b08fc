/*
 * Reports: plain records in an arena. Numbers are filled in by the conversion; here they are kept,
 * compared with what a release is published with, and handed out.
 */
#include "load/load_report.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"

mimic_report *mimic__report_new(const mimic_context *ctx, const char *target)
{
    mimic_report *report = mimic__alloc_zeroed(ctx, 1, sizeof *report);
    if (report == NULL)
        return NULL;
    report->ctx = ctx;
    mimic__arena_init(&report->arena, ctx);
    report->dataset = "";
    report->edition = "";
    char *const shown = mimic__target_redact(ctx, target);
    report->target = shown == NULL ? NULL : mimic__arena_strdup(&report->arena, shown);
    mimic__free(ctx, shown);
    if (report->target == NULL) {
        mimic_report_free(report);
        return NULL;
    }
    return report;
}

void mimic_report_free(mimic_report *report)
{
    if (report == NULL)
        return;
    mimic__free(report->ctx, report->tables);
    mimic__free(report->ctx, report->notes);
    mimic__arena_free(&report->arena);
    mimic__free(report->ctx, report);
}

mimic_table_report *mimic__report_add_table(mimic_report *report, const char *table,
                                            const char *source)
{
    mimic_table_report *tables =
        mimic__array_grow(report->ctx, report->tables, report->table_count,
                          &report->table_capacity, sizeof *tables);
    if (tables == NULL)
        return NULL;
    report->tables = tables;
    mimic_table_report *entry = &report->tables[report->table_count];
    *entry = (mimic_table_report)MIMIC_TABLE_REPORT_INIT;
    entry->table = mimic__arena_strdup(&report->arena, table);
    entry->source = mimic__arena_strdup(&report->arena, source);
    entry->hash = "";
    entry->message = "";
    entry->expected_rows = -1;
    if (entry->table == NULL || entry->source == NULL)
        return NULL;
    report->table_count++;
    return entry;
}

bool mimic__report_add_note(mimic_report *report, const mimic_note *note)
{
    mimic_note *notes = mimic__array_grow(report->ctx, report->notes, report->note_count,
                                          &report->note_capacity, sizeof *notes);
    if (notes == NULL)
        return false;
    report->notes = notes;
    mimic_note *entry = &report->notes[report->note_count];
    *entry = *note;
    entry->struct_size = sizeof *entry;
    const char **const texts[] = {&entry->table, &entry->column, &entry->code, &entry->message};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = mimic__arena_strdup(&report->arena, *texts[i] == NULL ? "" : *texts[i]);
        if (*texts[i] == NULL)
            return false;
    }
    report->note_count++;
    return true;
}

bool mimic__report_merge(mimic_report *report, const mimic_report *from)
{
    for (size_t i = 0; i < from->table_count; i++) {
        const mimic_table_report *const table = &from->tables[i];
        mimic_table_report *const entry =
            mimic__report_add_table(report, table->table, table->source);
        if (entry == NULL)
            return false;
        const mimic_table_report named = *entry;
        *entry = *table;
        entry->table = named.table;
        entry->source = named.source;
        entry->hash = mimic__arena_strdup(&report->arena, table->hash);
        entry->message = mimic__arena_strdup(&report->arena, table->message);
        if (entry->hash == NULL || entry->message == NULL) {
            report->table_count--;
            return false;
        }
    }
    for (size_t i = 0; i < from->note_count; i++)
        if (!mimic__report_add_note(report, &from->notes[i]))
            return false;
    return true;
}

static ptrdiff_t place_in(const mimic_dataset *dataset, const char *table)
{
    return mimic_dataset_find_table(dataset, table) - dataset->tables;
}

void mimic__report_sort(mimic_report *report, const mimic_dataset *dataset)
{
    for (size_t i = 1; i < report->table_count; i++)
        for (size_t j = i; j > 0 && place_in(dataset, report->tables[j - 1].table) >
                                        place_in(dataset, report->tables[j].table);
             j--) {
            const mimic_table_report swapped = report->tables[j];
            report->tables[j] = report->tables[j - 1];
            report->tables[j - 1] = swapped;
        }
    for (size_t i = 1; i < report->note_count; i++)
        for (size_t j = i;
             j > 0 && report->notes[j].kind == MIMIC_NOTE_REJECTS &&
             report->notes[j - 1].kind == MIMIC_NOTE_REJECTS &&
             place_in(dataset, report->notes[j - 1].table) > place_in(dataset, report->notes[j].table);
             j--) {
            const mimic_note swapped = report->notes[j];
            report->notes[j] = report->notes[j - 1];
            report->notes[j - 1] = swapped;
        }
}

/* ---- counts ---- */

static size_t count_matches(const mimic_report *report, const mimic_dataset *dataset,
                            const char *edition, size_t *out_known)
{
    size_t matches = 0;
    *out_known = 0;
    for (size_t i = 0; i < report->table_count; i++) {
        const mimic_table *table = mimic_dataset_find_table(dataset, report->tables[i].table);
        const int64_t expected = table == NULL ? -1 : mimic_table_expected_rows(table, edition);
        *out_known += expected >= 0;
        matches += expected >= 0 && expected == report->tables[i].read;
    }
    return matches;
}

/* The edition that most counts fit, provided that at least half of the known ones do. */
static const char *recognise_edition(const mimic_report *report, const mimic_dataset *dataset)
{
    const char *best = NULL;
    size_t best_matches = 0;
    for (size_t i = 0; i < dataset->table_count; i++)
        for (size_t j = 0; j < dataset->tables[i].edition_count; j++) {
            const char *const edition = dataset->tables[i].editions[j].name;
            size_t known;
            const size_t matches = count_matches(report, dataset, edition, &known);
            if (matches > best_matches && matches * 2 >= known) {
                best = edition;
                best_matches = matches;
            }
        }
    return best;
}

bool mimic__report_compare_counts(mimic_report *report, const mimic_dataset *dataset,
                                  bool is_problem)
{
    const char *const edition = recognise_edition(report, dataset);
    if (edition == NULL)
        return true;
    report->edition = mimic__arena_strdup(&report->arena, edition);
    if (report->edition == NULL)
        return false;
    for (size_t i = 0; i < report->table_count; i++) {
        mimic_table_report *entry = &report->tables[i];
        const mimic_table *table = mimic_dataset_find_table(dataset, entry->table);
        if (table != NULL)
            entry->expected_rows = mimic_table_expected_rows(table, edition);
        if (entry->expected_rows < 0 || entry->expected_rows == entry->read ||
            entry->status != MIMIC_OK)
            continue;
        const char *const message = mimic__arena_format(
            &report->arena, "%lld rows read; the %s edition is published with %lld",
            (long long)entry->read, edition, (long long)entry->expected_rows);
        const mimic_note note = {.kind = MIMIC_NOTE_COUNT,
                                 .is_problem = is_problem,
                                 .table = entry->table,
                                 .code = "row_count",
                                 .count = entry->read - entry->expected_rows,
                                 .message = message};
        if (message == NULL || !mimic__report_add_note(report, &note))
            return false;
    }
    return true;
}

/* ---- reading ---- */

const char *mimic_report_dataset(const mimic_report *report)
{
    return report == NULL ? "" : report->dataset;
}

const char *mimic_report_edition(const mimic_report *report)
{
    return report == NULL ? "" : report->edition;
}

const char *mimic_report_target(const mimic_report *report)
{
    return report == NULL ? "" : report->target;
}

size_t mimic_report_table_count(const mimic_report *report)
{
    return report == NULL ? 0 : report->table_count;
}

mimic_status mimic_report_table(const mimic_report *report, size_t index,
                                mimic_table_report *out_table)
{
    if (report == NULL || index >= report->table_count)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out_table, report->tables[index]);
}

size_t mimic_report_note_count(const mimic_report *report)
{
    return report == NULL ? 0 : report->note_count;
}

mimic_status mimic_report_note(const mimic_report *report, size_t index, mimic_note *out_note)
{
    if (report == NULL || index >= report->note_count)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out_note, report->notes[index]);
}
