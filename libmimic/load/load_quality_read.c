/*
 * The quality of a target: its tables are read back and profiled one after the other, and their keys
 * are gathered on the way. Without the report of a load the rules of the schema are held against what
 * the values themselves tell.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "load/load_keys.h"
#include "load/load_quality.h"
#include "quality/quality_profile.h"

typedef struct reading {
    const mimic_context *ctx;
    const mimic_registry *registry;
    mimic_quality_read_options options;
    const char *table; /* the one at hand */
    int64_t rows;
    mimic_quality *quality;
    load_keys *keys; /* NULL = of no release, nothing is known of them */
    const mimic_table **key_tables; /* of the release */
    size_t key_table_count;
} reading;

static int ask(void *ctx)
{
    const reading *const work = ctx;
    return work->options.progress(work->table, work->rows, work->options.progress_ctx);
}

/* Rows of a target are its records. */
static uint64_t place_of(void *ctx, int64_t row)
{
    const reading *const work = ctx;
    return (uint64_t)(work->rows + row + 1);
}

static mimic_status take_keys(const reading *work, load_flow *flow, const mimic_batch *batch,
                              mimic_error *err)
{
    mimic_batch numbered = *batch;
    numbered.first_row = work->rows;
    for (size_t i = 0; i < flow->stage_count; i++) {
        const load_stage *const stage = &flow->stages[i];
        void *notes = NULL;
        if (stage->look != NULL)
            MIMIC_TRY(stage->look(stage->self, &numbered, &notes, err));
        MIMIC_TRY(stage->take(stage->self, &numbered, NULL, notes, err));
    }
    return MIMIC_OK;
}

static mimic_status profile_stream(reading *work, mimic_scan_stream *stream,
                                   quality_profile *profile, load_flow *flow, mimic_error *err)
{
    MIMIC_TRY(mimic__flow_begin(flow, err));
    for (;;) {
        const mimic_batch *batch = NULL;
        void *notes = NULL;
        const mimic_status status = mimic_scan_next(stream, &batch, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        MIMIC_TRY(mimic__profile_look(profile, batch, &notes, err));
        MIMIC_TRY(mimic__profile_take(profile, batch, NULL, notes, err));
        MIMIC_TRY(take_keys(work, flow, batch, err));
        work->rows += batch->row_count;
        if (work->options.progress != NULL && ask(work) != 0)
            return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while reading table %s",
                               work->table);
    }
}

/* The keys of a column that is not stored as the release has it are not looked at. */
static bool is_as_released(const mimic_table *table, const mimic_table *delivered)
{
    for (size_t i = 0; i < table->field_count; i++) {
        const int64_t found = mimic_table_find_field(delivered, table->fields[i].name);
        if (found >= 0 && delivered->fields[found].type != table->fields[i].type)
            return false;
    }
    return true;
}

static const mimic_table *key_table(const reading *work, const mimic_table *table)
{
    for (size_t i = 0; i < work->key_table_count; i++)
        if (mimic__name_equals(work->key_tables[i]->name, table->name))
            return work->key_tables[i];
    return NULL;
}

static mimic_status read_table(reading *work, mimic_scan_stream *stream, quality_profile *profile,
                               load_flow *flow, bool *out_again, mimic_error *err)
{
    work->rows = 0;
    MIMIC_TRY(profile_stream(work, stream, profile, flow, err));
    return mimic__flow_end(flow, out_again, err);
}

static mimic_status read_again(reading *work, mimic_scan *scan, const mimic_table *table,
                               quality_profile *profile, load_flow *flow, mimic_error *err)
{
    mimic_scan_stream *stream = NULL;
    bool again = false;
    MIMIC_TRY(mimic__profile_reset(profile, err));
    MIMIC_TRY(mimic_scan_read(scan, table, NULL, 0, &stream, err));
    const mimic_status status = read_table(work, stream, profile, flow, &again, err);
    mimic_scan_stream_free(stream);
    return status;
}

static mimic_status profile_table(reading *work, mimic_scan *scan, const mimic_table *table,
                                  mimic_error *err)
{
    mimic_scan_stream *stream = NULL;
    quality_profile *profile = NULL;
    quality_table *result = NULL;
    load_flow flow = {.ctx = work->ctx, .place = place_of, .place_ctx = work};
    const mimic_table *const released = key_table(work, table);
    bool again = false;
    work->table = table->name;
    MIMIC_TRY(mimic_scan_read(scan, table, NULL, 0, &stream, err));
    const mimic_table *const delivered = mimic_scan_stream_table(stream);
    mimic_status status = mimic__profile_new(work->ctx, delivered, &profile, err);
    if (status == MIMIC_OK && released != NULL && is_as_released(released, delivered))
        status = mimic__keys_join(work->keys, released, delivered, NULL, 0, &flow, err);
    if (status == MIMIC_OK)
        status = read_table(work, stream, profile, &flow, &again, err);
    if (status == MIMIC_OK)
        status = mimic__profile_result(profile, &result, err);
    /* Keys that came more than once: what is known of the others is gathered anew. */
    if (status == MIMIC_OK && again) {
        mimic__quality_table_free(result);
        result = NULL;
        status = read_again(work, scan, table, profile, &flow, err);
        if (status == MIMIC_OK)
            status = mimic__profile_result(profile, &result, err);
    }
    mimic__profile_free(profile);
    mimic_scan_stream_free(stream); /* the profile and the flow look at its table until here */
    if (released != NULL)
        mimic__keys_leave(work->keys, released, status == MIMIC_OK && flow.stage_count > 0);
    if (status != MIMIC_OK) {
        mimic__quality_table_free(result);
        return status;
    }
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

static mimic_status open_keys(reading *work, const mimic_scan *scan,
                              const mimic_load_options *options, mimic_error *err)
{
    const mimic_dataset *const dataset = dataset_of_scan(work, scan);
    mimic_arena *const arena = &work->quality->arena;
    if (dataset == NULL)
        return MIMIC_OK;
    work->key_tables =
        mimic__arena_array(arena, dataset->table_count + 1, sizeof *work->key_tables);
    if (work->key_tables == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < mimic_scan_table_count(scan); i++) {
        const mimic_table *const table = mimic_scan_table(scan, i);
        const mimic_table *const released = mimic_dataset_find_table(dataset, table->name);
        if (released != NULL && is_chosen(work, table) && dataset_of(work, table) == dataset &&
            key_table(work, released) == NULL)
            work->key_tables[work->key_table_count++] = released;
    }
    const load_keys_setup setup = {.options = options,
                                   .tables = work->key_tables,
                                   .table_count = work->key_table_count,
                                   .loaded_count = work->key_table_count,
                                   .dataset = dataset,
                                   .path = "/var/tmp/",
                                   .finds_problems = true};
    return mimic__keys_new(work->ctx, &setup, &work->keys, err);
}

static mimic_status finish_keys(reading *work, mimic_error *err)
{
    if (work->keys == NULL)
        return MIMIC_OK;
    mimic_report *const report = mimic__report_new(work->ctx, "");
    if (report == NULL)
        return mimic__fail_memory(err);
    mimic_status status = mimic__keys_finish(work->keys, err);
    if (status == MIMIC_OK)
        status = mimic__keys_note(work->keys, report, err);
    if (status == MIMIC_OK && !mimic__load_quality_add_keys(work->quality, report, work->key_tables,
                                                            work->key_table_count))
        status = mimic__fail_memory(err);
    mimic_report_free(report);
    return status;
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
    MIMIC_TRY(finish_keys(work, err));
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
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    mimic_load_options keys = MIMIC_LOAD_OPTIONS_INIT;
    keys.csv = &csv;
    keys.keys = MIMIC_KEYS_REPORT;
    keys.duplicates = MIMIC_DUPLICATES_KEEP;
    mimic_status status = open_keys(work, scan, &keys, err);
    if (status == MIMIC_OK)
        status = profile_all(work, scan, err);
    mimic__keys_free(work->keys);
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
