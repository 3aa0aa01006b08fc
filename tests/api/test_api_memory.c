/*
 * Whole jobs with an allocator that fails: the n-th allocation alone, then every one from the n-th
 * on, for each n until the job succeeds. Each time the job must fail with MIMIC_ERR_MEMORY, give every
 * block back, and leave no target behind. SQLite and the JSON library have allocators of their own.
 */
#include "check_main.h"

#include <dirent.h>
#include <mimic/mimic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct failing {
    long long countdown; /* allocations until one fails */
    bool stays;          /* all after it fail too */
    bool has_failed;
    long long blocks;
} failing;

static bool fails(failing *self)
{
    const bool now = self->countdown == 0 || (self->stays && self->countdown < 0);
    self->countdown--;
    self->has_failed |= now;
    return now;
}

static void *failing_alloc(size_t size, void *ctx)
{
    failing *const self = ctx;
    if (fails(self))
        return NULL;
    self->blocks++;
    return malloc(size);
}

static void *failing_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    (void)old_size;
    return fails(ctx) ? NULL : realloc(memory, new_size);
}

static void failing_free(void *memory, void *ctx)
{
    ((failing *)ctx)->blocks--;
    free(memory);
}

/* ---- the world around a job ---- */

static char folder[] = "/tmp/mimic-api-memory-XXXXXX";
static mimic_context *sound;
static mimic_registry *registry;

static void set_up(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    FILE *labs = fopen("labevents.csv", "wb");
    ck_assert_ptr_nonnull(labs);
    fputs("labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,"
          "value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n",
          labs);
    for (int i = 0; i < 50; i++)
        fprintf(labs,
                "%d,%d,,%d,%d,,2180-05-06 22:25:00,,%d.5,%s,mg/dL,,,%s,STAT,\"note \"\"%d\"\"\"\n", i,
                10 + i % 3, i, 50800 + i % 4, i, i % 10 == 9 ? "nan?" : "1.5",
                i % 2 == 0 ? "abnormal" : "", i);
    ck_assert_int_eq(fclose(labs), 0);
    ck_assert_int_eq(mimic_context_new(NULL, &sound, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(sound, &registry, NULL), MIMIC_OK);
}

static void tear_down(void)
{
    mimic_registry_free(registry);
    mimic_context_free(sound);
    ck_assert_int_eq(remove("labevents.csv"), 0);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* so nothing was left behind */
}

static int expected_files; /* of the test itself, beside the input */

/* Number of files beside the input, hidden ones included. */
static int leftovers(void)
{
    DIR *here = opendir(".");
    int count = -1; /* labevents.csv */
    for (struct dirent *entry; (entry = readdir(here)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(here);
    return count;
}

/* ---- jobs ---- */

typedef mimic_status (*job_fn)(mimic_context *ctx, const char *target, mimic_error *err);

static mimic_status convert(mimic_context *ctx, const char *target, mimic_error *err)
{
    const mimic_table *table = NULL;
    mimic_report *report = NULL;
    const char *const inputs[] = {"labevents.csv"};
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    mimic_sink_options sink = MIMIC_SINK_OPTIONS_INIT;
    sink.no_sync = 1;
    options.sink = &sink;
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, NULL),
                     MIMIC_OK);
    const mimic_status status =
        mimic_convert(ctx, registry, table, inputs, 1, target, &options, &report, err);
    mimic_report_free(report);
    return status;
}

static mimic_status load(mimic_context *ctx, const char *target, mimic_error *err)
{
    mimic_report *report = NULL;
    char *json = NULL;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    mimic_sink_options sink = MIMIC_SINK_OPTIONS_INIT;
    sink.no_sync = 1;
    options.sink = &sink;
    mimic_status status = mimic_load(ctx, registry, ".", target, &options, &report, err);
    if (status == MIMIC_OK) {
        status = mimic_report_json(report, &json, err);
        mimic_free(ctx, json);
    }
    mimic_report_free(report);
    return status;
}

static mimic_status profile(mimic_context *ctx, const char *target, mimic_error *err)
{
    mimic_report *report = NULL;
    mimic_quality *quality = NULL;
    char *page = NULL;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.profile = 1;
    mimic_status status = mimic_load(ctx, registry, ".", "null:", &options, &report, err);
    if (status == MIMIC_OK)
        status = mimic_quality_text(mimic_report_quality(report), MIMIC_QUALITY_HTML, NULL, &page,
                                    err);
    mimic_free(ctx, page);
    mimic_report_free(report);
    if (status == MIMIC_OK)
        status = mimic_quality_read(ctx, registry, target, NULL, &quality, err);
    mimic_quality_free(quality);
    return status;
}

static mimic_status infer(mimic_context *ctx, const char *target, mimic_error *err)
{
    (void)target;
    mimic_source *source = NULL;
    char *json = NULL;
    mimic_status status = mimic_source_open(ctx, "labevents.csv", NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_infer(ctx, source, 0, &json, err);
    mimic_free(ctx, json);
    mimic_source_free(source);
    return status;
}

static mimic_status texts(mimic_context *ctx, const char *target, mimic_error *err)
{
    (void)target;
    const mimic_dataset *dataset = NULL;
    char *text = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "synthea@3.3.0", &dataset, NULL), MIMIC_OK);
    mimic_status status = mimic_schema_ddl(ctx, dataset, NULL, MIMIC_SQL_POSTGRES, &text, err);
    mimic_free(ctx, text);
    text = NULL;
    if (status == MIMIC_OK)
        status = mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_HTML, &text, err);
    mimic_free(ctx, text);
    return status;
}

/* True when the job went through without a failed allocation. */
static bool run_once(job_fn job, const char *target, long long countdown, bool stays)
{
    failing memory = {.countdown = countdown, .stays = stays};
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){failing_alloc, failing_realloc, failing_free, &memory};
    mimic_context *ctx = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status = mimic_context_new(&options, &ctx, &err);
    if (status == MIMIC_OK)
        status = job(ctx, target, &err);
    mimic_context_free(ctx);
    ck_assert_msg(memory.blocks == 0, "%s: %lld blocks lost when allocation %lld fails", target,
                  memory.blocks, countdown);
    if (memory.has_failed) {
        ck_assert_msg(status == MIMIC_ERR_MEMORY, "%s: %s (%s) when allocation %lld fails", target,
                      mimic_status_name(status), err.message, countdown);
        ck_assert_msg(leftovers() == expected_files, "%s: %d files left when allocation %lld fails", target,
                      leftovers(), countdown);
    } else {
        ck_assert_msg(status == MIMIC_OK, "%s: %s", target, err.message);
    }
    return !memory.has_failed;
}

static void torture(job_fn job, const char *target)
{
    for (int stays = 0; stays < 2; stays++) {
        long long countdown = 0;
        while (!run_once(job, target, countdown, stays != 0))
            countdown++;
        ck_assert_int_gt(countdown, 3);
        remove(target);
        remove("out.rejects.csv");
    }
}

START_TEST(api_memory__convert_to_nothing)
{
    set_up();
    torture(convert, "null:");
    tear_down();
}
END_TEST

START_TEST(api_memory__convert_to_csv)
{
    set_up();
    torture(convert, "out.csv.gz");
    tear_down();
}
END_TEST

START_TEST(api_memory__convert_to_arrow)
{
    set_up();
    torture(convert, "out.arrow");
    tear_down();
}
END_TEST

START_TEST(api_memory__convert_to_sqlite)
{
    set_up();
    torture(convert, "out.db");
    tear_down();
}
END_TEST

START_TEST(api_memory__load)
{
    set_up();
    torture(load, "null:");
    tear_down();
}
END_TEST

START_TEST(api_memory__profile)
{
    set_up();
    FILE *out = fopen("out.csv", "wb"); /* a target to be read back */
    ck_assert_ptr_nonnull(out);
    fputs("subject_id,anchor_age\n1,20\n2,\n", out);
    ck_assert_int_eq(fclose(out), 0);
    expected_files = 1;
    for (int stays = 0; stays < 2; stays++) {
        long long countdown = 0;
        while (!run_once(profile, "out.csv", countdown, stays != 0))
            countdown++;
    }
    expected_files = 0;
    remove("out.csv");
    tear_down();
}
END_TEST

START_TEST(api_memory__infer)
{
    set_up();
    torture(infer, "infer");
    tear_down();
}
END_TEST

START_TEST(api_memory__texts_of_schemas)
{
    set_up();
    torture(texts, "texts");
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(api_memory, api_memory__convert_to_nothing, api_memory__convert_to_csv,
                api_memory__convert_to_arrow, api_memory__convert_to_sqlite, api_memory__load, api_memory__profile,
                api_memory__infer, api_memory__texts_of_schemas)
