/* Drift of headers, and recognition of files and releases. */
#include "check_main.h"

#include <stdio.h>

#include "schema/schema_detect.h"
#include "schema/schema_drift.h"
#include "schema_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char schema_json[] =
    "{'name':'d','version':'1','resources':[{'name':'t','schema':{'fields':[{'name':'id',"
    "'constraints':{'required':true}},{'name':'Name'},{'name':'when'}]}}]}";

typedef struct expected_item {
    mimic_drift_kind kind;
    const char *column;
    int64_t file_position;
    int64_t schema_position;
} expected_item;

static void expect(const char *const *header, size_t header_count, const expected_item *items,
                   size_t item_count)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_table *table = mimic_dataset_table(add_json(registry, schema_json, "x"), 0);
    mimic_drift *drift = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_drift_compare(ctx, table, header, header_count, &drift, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    ck_assert_uint_eq(mimic_drift_count(drift), item_count);
    for (size_t i = 0; i < item_count; i++) {
        mimic_drift_item item = {.struct_size = sizeof item};
        ck_assert_int_eq(mimic_drift_get(drift, i, &item), MIMIC_OK);
        ck_assert_int_eq(item.kind, items[i].kind);
        ck_assert_str_eq(item.column, items[i].column);
        ck_assert_int_eq(item.file_position, items[i].file_position);
        ck_assert_int_eq(item.schema_position, items[i].schema_position);
        ck_assert(item.message[0] != '\0' && strstr(item.message, "d@1/t") != NULL);
    }
    mimic_drift_item beyond = {.struct_size = sizeof beyond};
    ck_assert_int_eq(mimic_drift_get(drift, item_count, &beyond), MIMIC_ERR_ARGUMENT);
    mimic_drift_free(drift);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

START_TEST(drift__none)
{
    static const char *const header[] = {"id", "Name", "when"};
    expect(header, 3, NULL, 0);
}
END_TEST

START_TEST(drift__unknown_and_missing)
{
    static const char *const header[] = {"extra", "Name", "more"};
    static const expected_item items[] = {{MIMIC_DRIFT_UNKNOWN, "extra", 0, -1},
                                          {MIMIC_DRIFT_UNKNOWN, "more", 2, -1},
                                          {MIMIC_DRIFT_MISSING_REQUIRED, "id", -1, 0},
                                          {MIMIC_DRIFT_MISSING, "when", -1, 2}};
    expect(header, 3, items, 4);
}
END_TEST

START_TEST(drift__swapped_columns)
{
    static const char *const header[] = {"id", "when", "x", "Name"};
    static const expected_item items[] = {{MIMIC_DRIFT_REORDERED, "", 1, 2},
                                          {MIMIC_DRIFT_UNKNOWN, "x", 2, -1}};
    expect(header, 4, items, 2);
}
END_TEST

START_TEST(drift__one_name_in_another_case)
{
    static const char *const header[] = {"id", "name", "when"};
    static const expected_item items[] = {{MIMIC_DRIFT_RENAMED_CASE, "name", 1, 1}};
    expect(header, 3, items, 1);
}
END_TEST

START_TEST(drift__all_names_in_another_case_are_one_finding)
{
    static const char *const header[] = {"ID", "NAME", "WHEN"};
    static const expected_item items[] = {{MIMIC_DRIFT_RENAMED_CASE, "", 0, 0}};
    expect(header, 3, items, 1);
}
END_TEST

START_TEST(drift__headers_that_cannot_be_used)
{
    static const char *const empty[] = {""};
    static const char *const doubled[] = {"id", "x", "ID"};
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_table *table = mimic_dataset_table(add_json(registry, schema_json, "x"), 0);
    mimic_drift *drift = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_drift_compare(ctx, table, NULL, 0, &drift, &err), MIMIC_ERR_CSV_HEADER);
    ck_assert_int_eq(mimic_drift_compare(ctx, table, empty, 1, &drift, &err), MIMIC_ERR_CSV_HEADER);
    ck_assert_int_eq(mimic_drift_compare(ctx, table, doubled, 3, &drift, &err),
                     MIMIC_ERR_CSV_HEADER);
    ck_assert_ptr_nonnull(strstr(err.message, "\"ID\" twice (columns 1 and 3)"));
    ck_assert_ptr_null(drift);
    ck_assert_uint_eq(mimic_drift_count(NULL), 0);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(drift__another_release)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_table *table = NULL;
    const mimic_table *older = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "synthea@3.3.0/conditions", &table, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(mimic_registry_find_table(registry, "synthea@3.2.0/conditions", &older, NULL),
                     MIMIC_OK);
    const char *header[32];
    for (size_t i = 0; i < older->field_count; i++)
        header[i] = older->fields[i].name;
    ck_assert_ptr_eq(mimic__schema_better_release(registry, table, header, older->field_count),
                     older);
    ck_assert_ptr_null(mimic__schema_better_release(registry, older, header, older->field_count));
    mimic_drift *drift = NULL;
    ck_assert_int_eq(mimic_drift_compare(ctx, table, header, older->field_count, &drift, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(mimic__drift_add_release(drift, older, NULL), MIMIC_OK);
    mimic_drift_item item = {.struct_size = sizeof item};
    ck_assert_int_eq(mimic_drift_get(drift, mimic_drift_count(drift) - 1, &item), MIMIC_OK);
    ck_assert_int_eq(item.kind, MIMIC_DRIFT_RELEASE);
    ck_assert_ptr_nonnull(strstr(item.message, "synthea@3.2.0/conditions"));
    mimic_drift_free(drift);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* ---- files ---- */

START_TEST(match__file_names)
{
    static const struct {
        const char *relative;
        const char *table; /* NULL = none */
    } cases[] = {
        {"hosp/labevents.csv.gz", "labevents"},
        {"HOSP/LABEVENTS.CSV.GZ", "labevents"},
        {"labevents.csv", "labevents"},
        {"LabEvents.csv.zst", "labevents"},
        {"mimiciv/3.1/hosp/labevents.csv", "labevents"},
        {"anything/labevents.csv", "labevents"},
        {"icu/labevents.csv", NULL},
        {"icu/chartevents.csv.gz", "chartevents"},
        {"labevents.txt", NULL},
        {"labevents", NULL},
        {"xlabevents.csv", NULL},
        {"labevents.csv.bz2", NULL},
        {".csv", NULL},
        {"demo_subject_id.csv", NULL},
        {"", NULL},
    };
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "mimic-iv@2.2", &dataset, NULL),
                     MIMIC_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const mimic_table *table = mimic__schema_match_file(dataset, cases[i].relative);
        const char *found = table == NULL ? "" : table->name;
        ck_assert_str_eq(found, cases[i].table == NULL ? "" : cases[i].table);
    }
    ck_assert(mimic__schema_ignores_file(dataset, "demo_subject_id.csv"));
    ck_assert(!mimic__schema_ignores_file(dataset, "labevents.csv"));
    const mimic_dataset *aliased = add_json(
        registry, "{'name':'t','mimic':{'aliases':['Tee']},'schema':{'fields':[{'name':'a'}]}}",
        "x");
    ck_assert_ptr_nonnull(mimic__schema_match_file(aliased, "x/tee.csv"));
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* ---- releases ---- */

typedef struct value_answer {
    const char *column;
    mimic_text value;
} value_answer;

static size_t answer(const mimic_found_file *file, size_t column, const mimic_text **out_values,
                     void *ctx)
{
    const value_answer *given = ctx;
    *out_values = &given->value;
    return strcmp(file->header[column], given->column) == 0 ? 1 : 0;
}

/* The files that a release is published as. */
static size_t files_of(mimic_arena *arena, const mimic_dataset *dataset, mimic_found_file *files)
{
    for (size_t i = 0; i < dataset->table_count; i++) {
        const mimic_table *table = &dataset->tables[i];
        const char **header = mimic__arena_array(arena, table->field_count, sizeof *header);
        for (size_t j = 0; j < table->field_count; j++)
            header[j] = table->fields[j].name;
        files[i] = (mimic_found_file){table->path, header, table->field_count, -1};
    }
    return dataset->table_count;
}

START_TEST(detect__every_built_in_release_is_recognised)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *dataset = mimic_registry_dataset(registry, i);
        mimic_found_file files[64];
        const size_t count = files_of(&arena, dataset, files);
        mimic_detection detection;
        ck_assert_int_eq(
            mimic__schema_detect(&arena, registry, files, count, NULL, NULL, &detection, NULL),
            MIMIC_OK);
        ck_assert_str_eq(detection.best.dataset->name, dataset->name);
        if (detection.best.dataset != dataset)
            ck_assert_msg(detection.is_tie, "%s", detection.reason);
        if (detection.is_tie)
            ck_assert_int_gt(mimic__version_compare(detection.best.dataset->version,
                                                    detection.second.dataset->version),
                             0);
        /* A third of the files is enough, in any order. */
        ck_assert_int_eq(mimic__schema_detect(&arena, registry, files + count / 3, count / 3, NULL,
                                              NULL, &detection, NULL),
                         MIMIC_OK);
        ck_assert_str_eq(detection.best.dataset->name, dataset->name);
    }
    mimic__arena_free(&arena);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(detect__values_decide_between_equal_headers)
{
    static const struct {
        const char *value;
        const char *version;
    } cases[] = {{"ENGLISH", "2.2"}, {"English", "3.1"}};
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "mimic-iv@3.1", &dataset, NULL),
                     MIMIC_OK);
    mimic_found_file files[64];
    const size_t count = files_of(&arena, dataset, files);
    mimic_detection detection;
    for (size_t i = 0; i < COUNT(cases); i++) {
        value_answer given = {"language", {cases[i].value, strlen(cases[i].value)}};
        ck_assert_int_eq(
            mimic__schema_detect(&arena, registry, files, count, answer, &given, &detection, NULL),
            MIMIC_OK);
        ck_assert_str_eq(detection.best.dataset->version, cases[i].version);
        ck_assert(!detection.is_tie);
        ck_assert_ptr_nonnull(strstr(detection.reason, cases[i].value));
    }
    /* Row counts of the dictionaries speak too. */
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].relative, "icu/d_items.csv.gz") == 0)
            files[i].rows = 4014;
    ck_assert_int_eq(
        mimic__schema_detect(&arena, registry, files, count, NULL, NULL, &detection, NULL),
        MIMIC_OK);
    ck_assert_str_eq(detection.best.dataset->version, "2.2");
    mimic__arena_free(&arena);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(detect__nothing_known)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    const mimic_found_file file = {"shopping.csv", NULL, 0, -1};
    mimic_detection detection;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__schema_detect(&arena, registry, &file, 1, NULL, NULL, &detection, &err),
                     MIMIC_ERR_NOT_FOUND);
    ck_assert_int_eq(mimic__schema_detect(&arena, registry, NULL, 0, NULL, NULL, &detection, &err),
                     MIMIC_ERR_NOT_FOUND);
    mimic__arena_free(&arena);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(candidates__by_name_and_by_header)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    const mimic_table *labs = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &labs, NULL),
                     MIMIC_OK);
    const char *header[64];
    for (size_t i = 0; i < labs->field_count; i++)
        header[i] = labs->fields[i].name;
    static const char *const names[] = {"labevents.csv.gz", "renamed.csv"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const mimic_found_file file = {names[i], header, labs->field_count, -1};
        mimic_table_candidate *candidates = NULL;
        size_t count = 0;
        ck_assert_int_eq(
            mimic__schema_candidates(&arena, registry, &file, &candidates, &count, NULL), MIMIC_OK);
        ck_assert_uint_ge(count, 2);
        ck_assert_ptr_eq(candidates[0].table, labs);
        ck_assert_double_eq(candidates[0].likeness, 1);
        ck_assert_int_eq(candidates[0].name_matches, i == 0);
        ck_assert_str_eq(candidates[1].table->version, "2.2");
    }
    const mimic_found_file nameless = {"icustays.csv", NULL, 0, -1};
    mimic_table_candidate *candidates = NULL;
    size_t count = 0;
    ck_assert_int_eq(
        mimic__schema_candidates(&arena, registry, &nameless, &candidates, &count, NULL), MIMIC_OK);
    ck_assert_uint_eq(count, 3);
    mimic__arena_free(&arena);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(drift, drift__none, drift__unknown_and_missing, drift__swapped_columns,
                drift__one_name_in_another_case, drift__all_names_in_another_case_are_one_finding,
                drift__headers_that_cannot_be_used, drift__another_release, match__file_names,
                detect__every_built_in_release_is_recognised,
                detect__values_decide_between_equal_headers, detect__nothing_known,
                candidates__by_name_and_by_header)
