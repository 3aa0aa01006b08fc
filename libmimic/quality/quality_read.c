/*
 * The quality of a target: its tables are read back and profiled one after the other. Without the
 * report of a load the rules of the schema are held against what the values themselves tell.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "quality/quality_profile.h"

typedef struct reading {
    const mimic_context *ctx;
    const mimic_registry *registry;
    mimic_quality_read_options options;
    const char *table; /* the one at hand */
    int64_t rows;
    mimic_quality *quality;
} reading;

static int ask(void *ctx)
{
    const reading *const work = ctx;
    return work->options.progress(work->table, work->rows, work->options.progress_ctx);
}

static mimic_status profile_stream(reading *work, mimic_scan_stream *stream,
                                   quality_profile *profile, mimic_error *err)
{
    for (;;) {
        const mimic_batch *batch = NULL;
        void *notes = NULL;
        const mimic_status status = mimic_scan_next(stream, &batch, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        MIMIC_TRY(mimic__profile_look(profile, batch, &notes, err));
        MIMIC_TRY(mimic__profile_take(profile, batch, NULL, notes, err));
        work->rows += batch->row_count;
        if (work->options.progress != NULL && ask(work) != 0)
            return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while reading table %s",
                               work->table);
    }
}

static mimic_status profile_table(reading *work, mimic_scan *scan, const mimic_table *table,
                                  mimic_error *err)
{
    mimic_scan_stream *stream = NULL;
    quality_profile *profile = NULL;
    quality_table *result = NULL;
    work->table = table->name;
    work->rows = 0;
    MIMIC_TRY(mimic_scan_read(scan, table, NULL, 0, &stream, err));
    mimic_status status =
        mimic__profile_new(work->ctx, mimic_scan_stream_table(stream), &profile, err);
    if (status == MIMIC_OK)
        status = profile_stream(work, stream, profile, err);
    if (status == MIMIC_OK)
        status = mimic__profile_result(profile, &result, err);
    mimic__profile_free(profile);
    mimic_scan_stream_free(stream);
    MIMIC_TRY(status);
    return mimic__quality_add_table(work->quality, result) ? MIMIC_OK : mimic__fail_memory(err);
}

/* ---- the order of the release, and how many rows it has ---- */

static const mimic_dataset *dataset_of(const reading *work, const mimic_table *table)
{
    if (work->registry == NULL || table->dataset[0] == '\0')
        return NULL;
    for (size_t i = 0; i < mimic_registry_dataset_count(work->registry); i++) {
        const mimic_dataset *const dataset = mimic_registry_dataset(work->registry, i);
        if (strcmp(dataset->name, table->dataset) == 0 &&
            strcmp(dataset->version, table->version) == 0)
            return dataset;
    }
    return NULL;
}

/* The release of the first table that has one. */
static const mimic_dataset *dataset_of_scan(const reading *work, const mimic_scan *scan)
{
    const mimic_dataset *dataset = NULL;
    for (size_t i = 0; i < mimic_scan_table_count(scan) && dataset == NULL; i++)
        dataset = dataset_of(work, mimic_scan_table(scan, i));
    return dataset;
}

static size_t place_in(const mimic_dataset *dataset, const char *name)
{
    const mimic_table *const table = mimic_dataset_find_table(dataset, name);
    return table == NULL ? dataset->table_count : (size_t)(table - dataset->tables);
}

static void sort_tables(mimic_quality *quality, const mimic_dataset *dataset)
{
    for (size_t i = 1; i < quality->table_count; i++)
        for (size_t j = i;
             j > 0 && place_in(dataset, quality->tables[j - 1]->info.table) >
                          place_in(dataset, quality->tables[j]->info.table);
             j--) {
            quality_table *const swapped = quality->tables[j];
            quality->tables[j] = quality->tables[j - 1];
            quality->tables[j - 1] = swapped;
        }
}

static size_t count_matches(const mimic_quality *quality, const mimic_dataset *dataset,
                            const char *edition)
{
    size_t matches = 0;
    for (size_t i = 0; i < quality->table_count; i++) {
        const mimic_table *const table =
            mimic_dataset_find_table(dataset, quality->tables[i]->info.table);
        matches += table != NULL &&
                   mimic_table_expected_rows(table, edition) == quality->tables[i]->info.rows;
    }
    return matches;
}

/* The edition whose counts fit at least half of the tables; without one no count is expected. */
static mimic_status expect_rows(mimic_quality *quality, const mimic_dataset *dataset,
                                mimic_error *err)
{
    const char *best = NULL;
    size_t best_matches = 0;
    for (size_t i = 0; i < dataset->table_count; i++)
        for (size_t j = 0; j < dataset->tables[i].edition_count; j++) {
            const char *const edition = dataset->tables[i].editions[j].name;
            const size_t matches = count_matches(quality, dataset, edition);
            if (matches > best_matches && matches * 2 >= quality->table_count) {
                best = edition;
                best_matches = matches;
            }
        }
    if (best == NULL)
        return MIMIC_OK;
    quality->edition = mimic__quality_keep_text(quality, best);
    for (size_t i = 0; i < quality->table_count; i++) {
        const mimic_table *const table =
            mimic_dataset_find_table(dataset, quality->tables[i]->info.table);
        if (table != NULL)
            quality->tables[i]->info.expected_rows = mimic_table_expected_rows(table, best);
    }
    return quality->edition == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status name_dataset(mimic_quality *quality, const mimic_dataset *dataset,
                                 mimic_error *err)
{
    quality->dataset =
        mimic__arena_format(&quality->arena, "%s@%s", dataset->name, dataset->version);
    if (quality->dataset == NULL)
        return mimic__fail_memory(err);
    sort_tables(quality, dataset);
    return expect_rows(quality, dataset, err);
}

/* ---- all of it ---- */

static bool is_chosen(const reading *work, const mimic_table *table)
{
    for (size_t i = 0; i < work->options.table_count; i++)
        if (mimic__name_equals(work->options.tables[i], table->name))
            return true;
    return work->options.tables == NULL;
}

static mimic_status profile_all(reading *work, mimic_scan *scan, mimic_error *err)
{
    if (work->options.tables != NULL)
        for (size_t i = 0; i < work->options.table_count; i++)
            if (mimic_scan_find_table(scan, work->options.tables[i]) == NULL)
                return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "the target has no table \"%s\"",
                                   work->options.tables[i]);
    for (size_t i = 0; i < mimic_scan_table_count(scan); i++)
        if (is_chosen(work, mimic_scan_table(scan, i)))
            MIMIC_TRY(profile_table(work, scan, mimic_scan_table(scan, i), err));
    const mimic_dataset *const dataset = dataset_of_scan(work, scan);
    if (dataset != NULL)
        MIMIC_TRY(name_dataset(work->quality, dataset, err));
    return mimic__quality_derive_checks(work->quality) ? MIMIC_OK : mimic__fail_memory(err);
}

static mimic_status read_target(reading *work, const char *target, mimic_error *err)
{
    mimic_scan_options options = MIMIC_SCAN_OPTIONS_INIT;
    mimic_scan *scan = NULL;
    work->table = "";
    options.dataset = work->options.dataset;
    options.jobs = work->options.jobs;
    if (work->options.progress != NULL) {
        options.interrupted = ask;
        options.interrupted_ctx = work;
    }
    work->quality->target = mimic__quality_keep_text(work->quality, target);
    if (work->quality->target == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic_scan_open(work->ctx, work->registry, target, &options, &scan, err));
    const mimic_status status = profile_all(work, scan, err);
    mimic_scan_free(scan);
    return status;
}

mimic_status mimic_quality_read(const mimic_context *ctx, const mimic_registry *registry,
                                const char *target, const mimic_quality_read_options *options,
                                mimic_quality **out_quality, mimic_error *err)
{
    reading work = {.ctx = ctx,
                    .registry = registry,
                    .options = MIMIC_QUALITY_READ_OPTIONS_INIT};
    if (out_quality != NULL)
        *out_quality = NULL;
    if (ctx == NULL || target == NULL || out_quality == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, target and out_quality must not be NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&work.options, options, "mimic_quality_read_options", err));
    work.quality = mimic__quality_new(ctx);
    if (work.quality == NULL)
        return mimic__fail_memory(err);
    const mimic_status status = read_target(&work, target, err);
    if (status != MIMIC_OK) {
        mimic_quality_free(work.quality);
        return status;
    }
    *out_quality = work.quality;
    return MIMIC_OK;
}
