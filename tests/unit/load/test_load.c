/*
 * The main jobs on folders made for the purpose: recognition, drift, policies, limits, accounts, and
 * that a target which was not finished is not there.
 */
#include "check_main.h"
#include "test_folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <mimic/load.h>

static mimic_context *ctx;
static mimic_registry *registry;
static test_folder folder;

static const char PACKAGE[] =
    "{\"name\":\"tiny\",\"version\":\"1.0\",\"resources\":["
    "{\"name\":\"people\",\"type\":\"table\",\"path\":\"people.csv\",\"schema\":{\"fields\":["
    "{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"
    "{\"name\":\"name\",\"type\":\"string\",\"constraints\":{\"required\":true,\"maxLength\":5}}],"
    "\"primaryKey\":[\"id\"]},\"mimic\":{\"expectedRows\":{\"full\":3}}},"
    "{\"name\":\"visits\",\"type\":\"table\",\"path\":\"visits.csv\",\"schema\":{\"fields\":["
    "{\"name\":\"person\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"
    "{\"name\":\"weight\",\"type\":\"number\"},{\"name\":\"note\",\"type\":\"string\"}],"
    "\"foreignKeys\":[{\"fields\":[\"person\"],\"reference\":{\"resource\":\"people\","
    "\"fields\":[\"id\"]}}]}}]}";

static void set_up(void)
{
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    if (mimic_registry_add_json(registry, PACKAGE, strlen(PACKAGE), "tiny", NULL, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    folder = test_folder_make();
    ck_assert_int_eq(mkdir(test_path(&folder, "in"), 0700), 0);
    ck_assert_int_eq(mkdir(test_path(&folder, "in/hosp"), 0700), 0);
}

static void tear_down(void)
{
    test_folder_remove(&folder);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

static void put(const char *name, const char *text)
{
    test_write_file(test_path(&folder, name), text, strlen(text));
}

static mimic_table_report table_of(const mimic_report *report, const char *name)
{
    for (size_t i = 0; i < mimic_report_table_count(report); i++) {
        mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
        ck_assert_int_eq(mimic_report_table(report, i, &table), MIMIC_OK);
        if (strcmp(table.table, name) == 0)
            return table;
    }
    ck_abort_msg("no table %s in the report", name);
}

static size_t count_notes(const mimic_report *report, mimic_note_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < mimic_report_note_count(report); i++) {
        mimic_note note = MIMIC_NOTE_INIT;
        ck_assert_int_eq(mimic_report_note(report, i, &note), MIMIC_OK);
        count += note.kind == kind;
    }
    return count;
}

static mimic_status load(const mimic_load_options *options, const char *target,
                         mimic_report **out_report, mimic_error *err)
{
    char dir[1100];
    snprintf(dir, sizeof dir, "%s", test_path(&folder, "in"));
    return mimic_load(ctx, registry, dir, target, options, out_report, err);
}

static const char *target_of(const char *name)
{
    static char target[1100];
    snprintf(target, sizeof target, "csv:%s", test_path(&folder, name));
    return target;
}

START_TEST(load__recognises_and_accounts)
{
    set_up();
    mimic_report *report = NULL;
    put("in/PEOPLE.CSV", "ID,Name\n1,Ann\n2,Bob\n2,\n3,Christine\n4,Dan\n");
    put("in/visits.csv", "person,weight,note\n1,70.5,\n2,x,fine\n");
    put("in/README.md", "hello");
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(load(NULL, target_of("out"), &report, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_str_eq(mimic_report_dataset(report), "tiny@1.0");
    const mimic_table_report people = table_of(report, "people");
    ck_assert_int_eq(people.read, 5);
    ck_assert_int_eq(people.written, 3);
    ck_assert_int_eq(people.rejected, 2);
    ck_assert_int_eq(table_of(report, "visits").written, 1);
    ck_assert_int_eq(table_of(report, "visits").nulls, 1);
    ck_assert_uint_eq(count_notes(report, MIMIC_NOTE_IGNORED), 1);
    ck_assert_uint_eq(count_notes(report, MIMIC_NOTE_REJECTS), 3);
    size_t size;
    char *text = test_read_file(test_path(&folder, "out/people.csv"), &size);
    ck_assert_int_eq(strncmp(text, "id,name\n1,Ann\n2,Bob\n4,Dan\n", size), 0);
    free(text);
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(load__missing_required_column_writes_nothing)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.dataset = "tiny";
    put("in/people.csv", "id,name\n1,Ann\n");
    put("in/visits.csv", "person,weight,note\n1,70.5,\n");
    put("in/people.csv", "id,surname\n1,Ann\n");
    ck_assert_int_eq(load(&options, target_of("out"), &report, &err), MIMIC_ERR_DRIFT);
    ck_assert_str_eq(err.column, "name");
    ck_assert(!test_exists(test_path(&folder, "out")));
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(load__drift_is_noted_and_strict_refuses_it)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.dataset = "tiny@1.0";
    put("in/visits.csv", "weight,person,mood\n70.5,1,good\n");
    ck_assert_int_eq(load(&options, "null:", &report, &err), MIMIC_OK);
    ck_assert_uint_ge(count_notes(report, MIMIC_NOTE_DRIFT), 3);
    ck_assert_int_eq(table_of(report, "visits").nulls, 1);
    mimic_report_free(report);
    options.strict_drift = 1;
    ck_assert_int_eq(load(&options, target_of("out"), &report, &err), MIMIC_ERR_DRIFT);
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(load__limits_of_rejects)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    put("in/people.csv", "id,name\n1,Ann\nx,Bob\ny,Cid\n4,Dan\n");
    put("in/visits.csv", "person,weight,note\n");
    options.max_rejects = 1;
    ck_assert_int_eq(load(&options, target_of("out"), &report, &err), MIMIC_ERR_REJECTS);
    ck_assert(!test_exists(test_path(&folder, "out/people.csv")));
    mimic_report_free(report);
    options.max_rejects = 2;
    ck_assert_int_eq(load(&options, target_of("out"), &report, &err), MIMIC_OK);
    mimic_report_free(report);
    options.max_rejects = -1;
    ck_assert_int_eq(load(&options, "null:", &report, &err), MIMIC_ERR_REJECTS);
    mimic_report_free(report);
    options.max_rejects = 0;
    options.max_reject_percent = 49;
    ck_assert_int_eq(load(&options, "null:", &report, &err), MIMIC_ERR_REJECTS);
    mimic_report_free(report);
    options.max_reject_percent = 50;
    ck_assert_int_eq(load(&options, "null:", &report, &err), MIMIC_OK);
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(load__damaged_input_leaves_no_target)
{
    /* gzip of "id,name\n1,Ann\n", its trailer cut off */
    static const unsigned char cut[] = {0x1f, 0x8b, 0x08, 0,    0,    0,    0,    0,    0,   0x03,
                                        0xcb, 0x4c, 0xd1, 0xc9, 0x4b, 0xcc, 0x4d, 0xe5, 0x32};
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    put("in/visits.csv", "person,weight,note\n1,2,c\n");
    test_write_file(test_path(&folder, "in/people.csv.gz"), cut, sizeof cut);
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.dataset = "tiny";
    ck_assert_int_eq(load(&options, target_of("out"), &report, &err), MIMIC_ERR_CORRUPT);
    ck_assert(!test_exists(test_path(&folder, "out")));
    mimic_report_free(report);
    /* A check goes on and says which. */
    ck_assert_int_eq(load(&options, "null:", &report, &err), MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(table_of(report, "people").status, MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(table_of(report, "visits").written, 1);
    mimic_report_free(report);
    tear_down();
}
END_TEST

static int cancel_at_once(const mimic_progress *progress, void *count)
{
    (void)progress;
    return ++*(int *)count == 1;
}

START_TEST(load__cancel_leaves_no_target)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    int calls = 0;
    put("in/people.csv", "id,name\n1,Ann\n");
    put("in/visits.csv", "person,weight,note\n");
    options.progress = cancel_at_once;
    options.progress_ctx = &calls;
    ck_assert_int_eq(load(&options, target_of("out"), &report, &err), MIMIC_ERR_CANCELLED);
    ck_assert(!test_exists(test_path(&folder, "out/people.csv")));
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(load__two_files_of_one_table)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.dataset = "tiny";
    put("in/people.csv", "id,name\n1,Ann\n");
    put("in/hosp/people.csv", "id,name\n1,Ann\n");
    ck_assert_int_eq(load(&options, "null:", &report, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "two files"));
    mimic_report_free(report);
    tear_down();
}
END_TEST

/* Converts files of the folder, one or two, as the table of a package. */
static mimic_status convert(const char *table_name, const char *const *names, size_t count,
                            const char *target, const mimic_load_options *options,
                            mimic_report **out_report)
{
    char paths[2][1100];
    const char *inputs[2];
    const mimic_table *table = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    for (size_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%s", test_path(&folder, names[i]));
        inputs[i] = paths[i];
    }
    if (table_name != NULL)
        ck_assert_int_eq(mimic_registry_find_table(registry, table_name, &table, &err), MIMIC_OK);
    return mimic_convert(ctx, registry, table, inputs, count, target, options, out_report, &err);
}

START_TEST(convert__a_value_may_come_once_in_all_parts)
{
    static const char package[] =
        "{\"name\":\"once\",\"version\":\"1\",\"resources\":[{\"name\":\"t\",\"path\":\"t.csv\","
        "\"schema\":{\"fields\":[{\"name\":\"k\",\"type\":\"integer\",\"constraints\":{\"unique\":"
        "true},\"mimic\":{\"type\":\"int32\"}},{\"name\":\"c\",\"type\":\"string\",\"mimic\":"
        "{\"type\":\"categorical\"}}]}}]}";
    static const char *const names[] = {"a.csv", "b.csv"};
    static const char *const columns[] = {"c", "k"};
    set_up();
    ck_assert_int_eq(
        mimic_registry_add_json(registry, package, strlen(package), "once", NULL, NULL), MIMIC_OK);
    put("a.csv", "k,c\n1,x\n2,y\n");
    put("b.csv", "c,k\nz,2\ny,3\nw,4\n");
    for (size_t column_count = 0; column_count <= 2; column_count += 2) {
        mimic_report *report = NULL;
        mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
        mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
        csv.columns = column_count == 0 ? NULL : columns;
        csv.column_count = column_count;
        options.csv = &csv;
        options.profile = 1;
        char target[1100];
        snprintf(target, sizeof target, "%s", test_path(&folder, "once.csv"));
        ck_assert_int_eq(convert("once@1/t", names, 2, target, &options, &report), MIMIC_OK);
        ck_assert_int_eq(table_of(report, "t").rejected, 1);
        /* A profile is of all parts, and of the columns that were written. */
        mimic_quality_column_info column = MIMIC_QUALITY_COLUMN_INFO_INIT;
        ck_assert_int_eq(mimic_quality_column(mimic_report_quality(report), 0,
                                              column_count == 0 ? 0 : 1, &column),
                         MIMIC_OK);
        ck_assert_str_eq(column.column, "k");
        ck_assert_str_eq(column.maximum, "4");
        ck_assert_int_eq(column.rows, 4);
        ck_assert_int_eq(column.distinct, 4);
        size_t size;
        char *text = test_read_file(target, &size);
        const char *const wanted =
            column_count == 0 ? "k,c\n1,x\n2,y\n3,y\n4,w\n" : "c,k\nx,1\ny,2\ny,3\nw,4\n";
        ck_assert_int_eq((int)size, (int)strlen(wanted));
        ck_assert_int_eq(strncmp(text, wanted, size), 0);
        free(text);
        mimic_report_free(report);
    }
    tear_down();
}
END_TEST

/* The share is that of the rows up to the reject, wherever the reader's blocks end. */
START_TEST(convert__share_of_rejects_does_not_depend_on_blocks)
{
    static const char *const names[] = {"visits.csv"};
    set_up();
    FILE *file = fopen(test_path(&folder, names[0]), "w");
    ck_assert_ptr_nonnull(file);
    fputs("person,weight,note\n", file);
    for (int i = 0; i < 104400; i++)
        fputs(i >= 100000 && i < 102200 ? "x,,\n" : "1,,\n", file);
    ck_assert_int_eq(fclose(file), 0);
    for (uint32_t block = 1024; block <= 1024 * 1024; block *= 32) {
        mimic_report *report = NULL;
        mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
        mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
        csv.block_bytes = block;
        options.csv = &csv;
        options.max_reject_percent = 2.16; /* 2200 of 102,200 are 2.153 */
        ck_assert_int_eq(convert("tiny@1.0/visits", names, 1, "null:", &options, &report),
                         MIMIC_OK);
        mimic_report_free(report);
        options.max_reject_percent = 2.14; /* though 2.107 in the end */
        ck_assert_int_eq(convert("tiny@1.0/visits", names, 1, "null:", &options, &report),
                         MIMIC_ERR_REJECTS);
        mimic_report_free(report);
    }
    tear_down();
}
END_TEST

/* Every row but one is refused by the target: each gets its place, and the work is not quadratic. */
START_TEST(convert__refused_rows_have_their_place)
{
    static const char *const names[] = {"people.csv"};
    const int count = 60000;
    set_up();
    FILE *file = fopen(test_path(&folder, names[0]), "w");
    ck_assert_ptr_nonnull(file);
    fputs("id,name\n", file);
    for (int i = 0; i < count; i++)
        fputs(i == 1 ? "bad\n" : "7,x\n", file);
    ck_assert_int_eq(fclose(file), 0);
    mimic_report *report = NULL;
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    char target[1100];
    snprintf(target, sizeof target, "sqlite:%s", test_path(&folder, "out.db"));
    const mimic_status status = convert("tiny@1.0/people", names, 1, target, &options, &report);
    if (status != MIMIC_ERR_UNSUPPORTED) { /* a build without SQLite */
        ck_assert_int_eq(status, MIMIC_OK);
        ck_assert_int_eq(table_of(report, "people").written, 1);
        ck_assert_int_eq(table_of(report, "people").rejected, count - 1);
        bool is_found = false;
        for (size_t i = 0; i < mimic_report_note_count(report); i++) {
            mimic_note note = MIMIC_NOTE_INIT;
            ck_assert_int_eq(mimic_report_note(report, i, &note), MIMIC_OK);
            is_found |= strcmp(note.code, "unique") == 0 &&
                        strstr(note.message, "record 3, line 4, byte 16:") != NULL;
        }
        ck_assert(is_found);
        mimic_report_free(report);
        csv.limit = 2; /* reached by the reader, not by the target: the input is read in part */
        options.csv = &csv;
        ck_assert_int_eq(convert("tiny@1.0/people", names, 1, target, &options, &report),
                         MIMIC_OK);
        ck_assert_int_eq(table_of(report, "people").written, 1);
        ck_assert_str_eq(table_of(report, "people").hash, "");
    }
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(convert__a_pipe_is_not_opened_to_recognise_it)
{
    static const char *const names[] = {"people.csv"};
    set_up();
    ck_assert_int_eq(mkfifo(test_path(&folder, names[0]), 0600), 0);
    mimic_report *report = NULL; /* opening it would wait for ever */
    ck_assert_int_eq(convert(NULL, names, 1, "null:", NULL, &report), MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_null(report);
    tear_down();
}
END_TEST

START_TEST(load__deeper_folders_are_named)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mkdir(test_path(&folder, "in/hosp/old"), 0700), 0);
    put("in/hosp/old/people.csv", "id,name\n1,Ann\n");
    ck_assert_int_eq(load(NULL, "null:", &report, &err), MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "in/hosp"));
    mimic_report_free(report);
    put("in/people.csv", "id,name\n1,Ann\n");
    put("in/visits.csv", "person,weight,note\n");
    ck_assert_int_eq(load(NULL, "null:", &report, &err), MIMIC_OK);
    ck_assert_uint_eq(count_notes(report, MIMIC_NOTE_IGNORED), 1);
    mimic_note note = MIMIC_NOTE_INIT;
    for (size_t i = 0; note.kind != MIMIC_NOTE_IGNORED; i++)
        ck_assert_int_eq(mimic_report_note(report, i, &note), MIMIC_OK);
    ck_assert_str_eq(note.message, "hosp/old/");
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(load__nulls_are_those_that_were_written)
{
    set_up();
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    char target[1100];
    put("in/visits.csv", "person,weight,note\n1,,\n1,2,\n1,,x\n");
    static const char schema[] = "{\"fields\":[{\"name\":\"person\",\"type\":\"integer\"},{\"name\":\"weight\","
                      "\"type\":\"number\"},{\"name\":\"note\",\"type\":\"string\"}],"
                      "\"primaryKey\":[\"person\"]}";
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_add_json(registry, schema, strlen(schema), "keyed", &dataset,
                                             &err),
                     MIMIC_OK);
    char input[1100];
    snprintf(input, sizeof input, "%s", test_path(&folder, "in/visits.csv"));
    const char *const inputs[] = {input};
    snprintf(target, sizeof target, "%s", test_path(&folder, "out.db"));
    ck_assert_msg(mimic_convert(ctx, registry, mimic_dataset_table(dataset, 0), inputs, 1, target,
                                NULL, &report, &err) == MIMIC_OK,
                  "%s", err.message);
    ck_assert_int_eq(table_of(report, "keyed").written, 1);
    ck_assert_int_eq(table_of(report, "keyed").rejected, 2);
    ck_assert_int_eq(table_of(report, "keyed").nulls, 2);
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(convert__parts_limit_and_projection)
{
    set_up();
    static const char *const columns[] = {"name"};
    char first[1100];
    char second[1100];
    put("a.csv", "id,name\n1,Ann\n2,Bob\n");
    put("b.csv", "name,id\nCid,3\nDan,4\n");
    snprintf(first, sizeof first, "%s", test_path(&folder, "a.csv"));
    snprintf(second, sizeof second, "%s", test_path(&folder, "b.csv"));
    const char *const inputs[] = {first, second};
    const mimic_table *table = NULL;
    mimic_report *report = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    csv.columns = columns;
    csv.column_count = 1;
    csv.limit = 3;
    options.csv = &csv;
    ck_assert_int_eq(mimic_registry_find_table(registry, "tiny@1.0/People", &table, &err), 0);
    char target[1100];
    snprintf(target, sizeof target, "%s", test_path(&folder, "out.csv"));
    ck_assert_msg(mimic_convert(ctx, registry, table, inputs, 2, target, &options, &report, &err) ==
                      MIMIC_OK,
                  "%s", err.message);
    ck_assert_int_eq(table_of(report, "people").written, 3);
    size_t size;
    char *text = test_read_file(target, &size);
    ck_assert_int_eq(strncmp(text, "name\nAnn\nBob\nCid\n", size), 0);
    free(text);
    mimic_report_free(report);
    tear_down();
}
END_TEST

START_TEST(infer__drafts_what_a_load_accepts)
{
    set_up();
    static const char csv[] = "id,code,when,x,ok,note\n1,007,2150-01-01 10:00:00,1.5,true,a\n"
                              "70000,008,2150-01-02 10:00:00,,false,\n";
    mimic_source *source = NULL;
    char *json = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_source_from_memory(ctx, csv, sizeof csv - 1, "x.csv", NULL, &source,
                                              &err), MIMIC_OK);
    ck_assert_int_eq(mimic_infer(ctx, source, 0, &json, &err), MIMIC_OK);
    ck_assert_ptr_nonnull(strstr(json, "\"id\", \"type\": \"integer\""));
    ck_assert_ptr_nonnull(strstr(json, "\"code\", \"type\": \"string\""));
    ck_assert_ptr_nonnull(strstr(json, "%Y-%m-%d %H:%M:%S"));
    ck_assert_ptr_nonnull(strstr(json, "\"ok\", \"type\": \"boolean\""));
    ck_assert_int_eq(mimic_schema_check(ctx, json, strlen(json), "draft", NULL, NULL, &err), 0);
    mimic_source_free(source);
    mimic_free(ctx, json);
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(load, load__recognises_and_accounts, load__missing_required_column_writes_nothing,
                load__drift_is_noted_and_strict_refuses_it, load__limits_of_rejects,
                load__damaged_input_leaves_no_target, load__cancel_leaves_no_target,
                load__two_files_of_one_table, load__deeper_folders_are_named, load__nulls_are_those_that_were_written,
                convert__parts_limit_and_projection,
                convert__a_value_may_come_once_in_all_parts,
                convert__share_of_rejects_does_not_depend_on_blocks,
                convert__refused_rows_have_their_place,
                convert__a_pipe_is_not_opened_to_recognise_it,
                infer__drafts_what_a_load_accepts)
