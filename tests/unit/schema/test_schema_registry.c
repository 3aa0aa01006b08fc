/* The registry: built-in releases, look-up, order of versions, overriding, packages on disk. */
#include "check_main.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schema/schema_registry.h"
#include "schema_fixture.h"

#define TABLE_T "'resources':[{'name':'t','schema':{'fields':[{'name':'a'}]}}]}"

START_TEST(registry__built_in_releases)
{
    static const struct {
        const char *spec;
        size_t tables;
    } releases[] = {{"mimic-iii@1.4", 26},  {"mimic-iv@2.2", 31},     {"mimic-iv@3.1", 31},
                    {"mimic-iv-ed@2.2", 6}, {"mimic-iv-note@2.2", 4}, {"synthea@2.7.0", 16},
                    {"synthea@3.0.0", 18},  {"synthea@3.1.0", 18},    {"synthea@3.2.0", 18},
                    {"synthea@3.3.0", 18}};
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    ck_assert_uint_ge(mimic_registry_dataset_count(registry), 10);
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        const mimic_dataset *dataset = NULL;
        ck_assert_int_eq(mimic_registry_find_dataset(registry, releases[i].spec, &dataset, NULL),
                         MIMIC_OK);
        ck_assert_uint_eq(mimic_dataset_table_count(dataset), releases[i].tables);
    }
    for (size_t i = 1; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *a = mimic_registry_dataset(registry, i - 1);
        const mimic_dataset *b = mimic_registry_dataset(registry, i);
        const int order = strcmp(mimic_dataset_name(a), mimic_dataset_name(b));
        ck_assert(order < 0 ||
                  (order == 0 &&
                   mimic__version_compare(mimic_dataset_version(a), mimic_dataset_version(b)) < 0));
    }
    ck_assert_ptr_null(mimic_registry_dataset(registry, mimic_registry_dataset_count(registry)));
    mimic_registry_free(registry);
    mimic_registry_free(NULL);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(registry__a_known_table)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_table *labs = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/LabEvents", &labs, NULL),
                     MIMIC_OK);
    ck_assert_str_eq(mimic_table_name(labs), "labevents");
    ck_assert_str_eq(mimic_table_module(labs), "hosp");
    ck_assert_str_eq(mimic_table_dataset(labs), "mimic-iv");
    ck_assert_str_eq(mimic_table_version(labs), "3.1");
    ck_assert_str_eq(mimic_table_path(labs), "hosp/labevents.csv.gz");
    ck_assert_int_eq(mimic_table_expected_rows(labs, "full"), 158374764);
    ck_assert_int_eq(mimic_table_expected_rows(labs, "no such"), -1);
    ck_assert_uint_eq(mimic_table_field_count(labs), 16);
    ck_assert_int_eq(mimic_table_find_field(labs, "ITEMID"), 4);
    ck_assert_int_eq(mimic_table_find_field(labs, "nothing"), -1);
    mimic_field_info field = MIMIC_FIELD_INFO_INIT;
    ck_assert_int_eq(mimic_table_field(labs, 0, &field), MIMIC_OK);
    ck_assert_str_eq(field.name, "labevent_id");
    ck_assert_int_eq(field.is_required, 1);
    ck_assert_int_eq(mimic_table_field(labs, 16, &field), MIMIC_ERR_ARGUMENT);
    const size_t *key = NULL;
    ck_assert_uint_eq(mimic_table_primary_key(labs, &key), 1);
    ck_assert_uint_eq(key[0], 0);
    ck_assert_uint_ge(mimic_table_foreign_key_count(labs), 1);
    mimic_foreign_key_info foreign = MIMIC_FOREIGN_KEY_INFO_INIT;
    ck_assert_int_eq(mimic_table_foreign_key(labs, 0, &foreign), MIMIC_OK);
    ck_assert_str_eq(foreign.referenced_table, "patients");
    ck_assert_str_eq(mimic_type_name(MIMIC_TYPE_DECIMAL), "decimal");
    ck_assert_str_eq(mimic_type_name(0), "unknown");
    ck_assert_str_eq(mimic_type_name(99), "unknown");
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(registry__versions_compare_as_numbers)
{
    static const char *const rising[] = {"",
                                         "1",
                                         "1.9",
                                         "1.10",
                                         "2.2",
                                         "3.0.0",
                                         "3.1",
                                         "3.1.0",
                                         "3.1.1",
                                         "9.1",
                                         "10.0",
                                         "10.0-rc1",
                                         "99999999999999999999999"};
    const size_t count = sizeof rising / sizeof rising[0];
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            ck_assert_int_eq(mimic__version_compare(rising[i], rising[j]), (i > j) - (i < j));
    ck_assert_int_eq(mimic__version_compare("03.1", "3.01"), 0);
}
END_TEST

START_TEST(registry__highest_version_without_one)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    add_json(registry, "{'name':'x','version':'9.1'," TABLE_T, "a");
    add_json(registry, "{'name':'x','version':'10.0'," TABLE_T, "a");
    add_json(registry, "{'name':'x','version':'2'," TABLE_T, "a");
    const mimic_table *table = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "x/t", &table, NULL), MIMIC_OK);
    ck_assert_str_eq(mimic_table_version(table), "10.0");
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv/patients", &table, NULL),
                     MIMIC_OK);
    ck_assert_str_eq(mimic_table_version(table), "3.1");
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(registry__messages_say_what_there_is)
{
    static const struct {
        const char *spec;
        const char *words;
    } cases[] = {
        {"mimic-iv@3.1/labevent", "did you mean \"labevents\"?"},
        {"mimic-iv@3.1/zzz", "it has: admissions, d_hcpcs"},
        {"mimic-iv@9/patients", "did you mean \"mimic-iv\"? There are: mimic-iii@1.4, mimic-iv@2.2, mimic-iv@3.1"},
        {"mimc-iv/patients", "did you mean \"mimic-iv\"?"},
        {"icustays", "needs its dataset; there are: mimic-iii@1.4/icustays, mimic-iv@2.2/icustays"},
        {"", "there is no dataset"},
        {"/", "there is no dataset"},
        {"@/", "there is no dataset"},
        {"mimic-iv@3.1/", "has no table \"\""},
    };
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const mimic_table *table = NULL;
        mimic_error err = MIMIC_ERROR_INIT;
        ck_assert_int_eq(mimic_registry_find_table(registry, cases[i].spec, &table, &err),
                         MIMIC_ERR_NOT_FOUND);
        if (strstr(err.message, cases[i].words) == NULL)
            ck_abort_msg("%s: %s", cases[i].spec, err.message);
    }
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "mimic-iv/patients", &dataset, NULL),
                     MIMIC_ERR_NOT_FOUND);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(registry__a_replaced_release_stays_readable)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const size_t count = mimic_registry_dataset_count(registry);
    const mimic_dataset *old = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "mimic-iv@3.1", &old, NULL), MIMIC_OK);
    const mimic_dataset *mine =
        add_json(registry, "{'name':'mimic-iv','version':'3.1'," TABLE_T, "mine");
    ck_assert_uint_eq(mimic_registry_dataset_count(registry), count);
    const mimic_dataset *found = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "mimic-iv@3.1", &found, NULL), MIMIC_OK);
    ck_assert_ptr_eq(found, mine);
    ck_assert_uint_eq(mimic_dataset_table_count(old), 31);
    ck_assert_str_eq(mimic_table_name(mimic_dataset_find_table(old, "chartevents")), "chartevents");
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(registry__a_faulty_package_changes_nothing)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const size_t count = mimic_registry_dataset_count(registry);
    const mimic_dataset *dataset = (const mimic_dataset *)registry;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_registry_add_json(registry, "{\"fields\":[]}", 13, "n", &dataset, &err),
                     MIMIC_ERR_SCHEMA);
    ck_assert_ptr_null(dataset);
    ck_assert_int_eq(mimic_registry_add_json(registry, "{", 1, "n", NULL, NULL), MIMIC_ERR_JSON);
    ck_assert_int_eq(mimic_registry_add_json(NULL, "{", 1, "n", NULL, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_uint_eq(mimic_registry_dataset_count(registry), count);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* ---- packages on disk ---- */

static void write_package(const char *folder, const char *sub, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, sub);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    char *json = json_text(text);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(json, file);
    fclose(file);
    free(json);
}

START_TEST(registry__packages_on_disk)
{
    char folder[] = "/tmp/mimic-registry-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const size_t count = mimic_registry_dataset_count(registry);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_registry_add_dir(registry, folder, &err), MIMIC_ERR_NOT_FOUND);
    write_package(folder, "own/1.0/datapackage.json", "{'name':'own','version':'1.0'," TABLE_T);
    write_package(folder, "own/1.1/datapackage.json", "{'name':'own','version':'1.1'," TABLE_T);
    write_package(folder, "own/notes.json", "no package");
    ck_assert_int_eq(mimic_registry_add_dir(registry, folder, &err), MIMIC_OK);
    ck_assert_uint_eq(mimic_registry_dataset_count(registry), count + 2);
    /* All or nothing: the faulty one is read last. */
    write_package(folder, "zzz/1/datapackage.json", "{'name':'zzz'");
    write_package(folder, "aaa/1/datapackage.json", "{'name':'aaa','version':'1'," TABLE_T);
    ck_assert_int_eq(mimic_registry_add_dir(registry, folder, &err), MIMIC_ERR_JSON);
    ck_assert_ptr_nonnull(strstr(err.message, "zzz/1/datapackage.json: line 1"));
    ck_assert_uint_eq(mimic_registry_dataset_count(registry), count + 2);
    write_package(folder, "zzz/1/datapackage.json", "{'name':'aaa','version':'1'," TABLE_T);
    ck_assert_int_eq(mimic_registry_add_dir(registry, folder, &err), MIMIC_ERR_SCHEMA);
    ck_assert_ptr_nonnull(strstr(err.message, "second package of aaa@1"));
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* ---- projection ---- */

START_TEST(registry__projection_keeps_whole_keys)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = add_json(
        registry,
        "{'fields':[{'name':'a'},{'name':'b'},{'name':'c'}],'primaryKey':['a','b'],"
        "'uniqueKeys':[['c'],['b','c']],'foreignKeys':[{'fields':['c'],'reference':{'fields':['c']}"
        "},{'fields':['a'],'reference':{'fields':['c']}}]}",
        "p");
    const mimic_table *table = mimic_dataset_table(dataset, 0);
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    const size_t c_b[] = {2, 1};
    const mimic_table *projected = mimic__table_project(&arena, table, c_b, 2);
    ck_assert_uint_eq(projected->field_count, 2);
    ck_assert_str_eq(projected->fields[0].name, "c");
    ck_assert_uint_eq(projected->primary_key_count, 0);
    ck_assert_uint_eq(projected->unique_key_count, 2);
    ck_assert_uint_eq(projected->unique_keys[1].fields[0], 1);
    ck_assert_uint_eq(projected->unique_keys[1].fields[1], 0);
    ck_assert_uint_eq(projected->foreign_key_count, 1);
    const size_t b_a[] = {1, 0};
    projected = mimic__table_project(&arena, table, b_a, 2);
    ck_assert_uint_eq(projected->primary_key_count, 2);
    ck_assert_uint_eq(projected->primary_key[0], 1);
    ck_assert_uint_eq(projected->unique_key_count, 0);
    projected = mimic__table_project(&arena, table, NULL, 0);
    ck_assert_uint_eq(projected->field_count, 0);
    ck_assert_uint_eq(table->foreign_key_count, 2);
    mimic__arena_free(&arena);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(registry__names_without_case)
{
    ck_assert(mimic__name_equals("AbC_1", "aBc_1"));
    ck_assert(!mimic__name_equals("abc", "ab"));
    ck_assert(!mimic__name_equals("ab", "abc"));
    ck_assert(!mimic__name_equals("a[", "a{")); /* neighbours of the letters */
    ck_assert(!mimic__name_equals("@", "`"));
    ck_assert(mimic__name_equals("", ""));
    ck_assert(!mimic__name_equals("\xc3\x84", "\xc3\xa4")); /* ASCII only */
    ck_assert(mimic__name_equals_sized("LABS", "labs.csv", 4));
    ck_assert(!mimic__name_equals_sized("LABSX", "labs.csv", 4));
    ck_assert(!mimic__name_equals_sized("LAB", "labs.csv", 4));
}
END_TEST

START_TEST(registry__opens_fast)
{
    mimic_context *ctx = new_context();
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        struct timespec start;
        struct timespec end;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        mimic_registry_free(new_registry(ctx));
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        const double seconds =
            (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
        best = seconds < best ? seconds : best;
    }
    /* Some 10 ms on a slow machine; a thousandfold slip is what this would catch. */
    ck_assert_double_lt(best, 1.0);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(registry, registry__built_in_releases, registry__a_known_table,
                registry__versions_compare_as_numbers, registry__highest_version_without_one,
                registry__messages_say_what_there_is, registry__a_replaced_release_stays_readable,
                registry__a_faulty_package_changes_nothing, registry__packages_on_disk,
                registry__projection_keeps_whole_keys, registry__names_without_case,
                registry__opens_fast)
