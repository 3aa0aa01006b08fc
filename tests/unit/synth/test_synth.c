/*
 * mimic_synth: the same bytes for the same seed, whatever tables are asked for; other bytes for
 * another; columns in the order of the registry; nothing left behind by a call that fails. What the
 * rows say is checked by check_dataset.py.
 */
#include "check_main.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mimic/mimic.h>

#include "base/hash.h"
#include "synth/synth_random.h"
#include "synth/synth_writer.h"

static mimic_context *ctx;
static mimic_registry *registry;

static void open_registry(void)
{
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, &err), MIMIC_OK);
    ck_assert_msg(mimic_registry_new(ctx, &registry, &err) == MIMIC_OK, "%s", err.message);
}

static void close_registry(void)
{
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

static void make_folder(char *out_path)
{
    const char *base = getenv("TMPDIR");
    snprintf(out_path, 512, "%s/mimic-synth-XXXXXX", base == NULL ? "/tmp" : base);
    ck_assert_ptr_nonnull(mkdtemp(out_path));
}

static void remove_folder(const char *path)
{
    char entry[1024];
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    for (const struct dirent *item; (item = readdir(dir)) != NULL;) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        snprintf(entry, sizeof entry, "%s/%s", path, item->d_name);
        if (unlink(entry) != 0)
            remove_folder(entry);
    }
    closedir(dir);
    rmdir(path);
}

/* Files below a folder, temporary ones included. */
static int count_files(const char *path)
{
    char entry[1024];
    DIR *dir = opendir(path);
    int count = 0;
    if (dir == NULL)
        return 0;
    for (const struct dirent *item; (item = readdir(dir)) != NULL;) {
        struct stat info;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        snprintf(entry, sizeof entry, "%s/%s", path, item->d_name);
        if (stat(entry, &info) == 0 && S_ISDIR(info.st_mode))
            count += count_files(entry);
        else
            count++;
    }
    closedir(dir);
    return count;
}

static char *read_file(const char *folder, const char *name, size_t *out_size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "no %s", path);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
    bytes[size] = '\0';
    *out_size = (size_t)size;
    fclose(file);
    return bytes;
}

static mimic_status synth(const char *folder, int64_t patients, uint64_t seed,
                          const char *const *tables, size_t table_count, mimic_error *err)
{
    mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    options.patients = patients;
    options.seed = seed;
    options.tables = tables;
    options.table_count = table_count;
    return mimic_synth(ctx, registry, "mimic-iv", folder, &options, err);
}

static bool same_file(const char *a, const char *b, const char *name)
{
    size_t size_a = 0;
    size_t size_b = 0;
    char *bytes_a = read_file(a, name, &size_a);
    char *bytes_b = read_file(b, name, &size_b);
    const bool is_same = size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0;
    free(bytes_a);
    free(bytes_b);
    return is_same;
}

static const char *const files[] = {
    "hosp/admissions.csv", "hosp/labevents.csv", "hosp/emar_detail.csv", "hosp/poe.csv",
    "hosp/prescriptions.csv", "icu/chartevents.csv", "icu/inputevents.csv", "icu/icustays.csv",
    "hosp/microbiologyevents.csv", "icu/procedureevents.csv"};
#define FILE_COUNT (sizeof files / sizeof files[0])

START_TEST(synth__same_seed_same_bytes_another_seed_others)
{
    char a[512], b[512], c[512];
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(a);
    make_folder(b);
    make_folder(c);
    ck_assert_msg(synth(a, 20, 3, NULL, 0, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_int_eq(synth(b, 20, 3, NULL, 0, &err), MIMIC_OK);
    ck_assert_int_eq(synth(c, 20, 4, NULL, 0, &err), MIMIC_OK);
    ck_assert_int_eq(count_files(a), 31);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        ck_assert_msg(same_file(a, b, files[i]), "%s differs", files[i]);
        ck_assert_msg(!same_file(a, c, files[i]), "%s does not differ", files[i]);
    }
    remove_folder(a);
    remove_folder(b);
    remove_folder(c);
    close_registry();
}
END_TEST

START_TEST(synth__a_table_does_not_depend_on_the_others)
{
    static const char *const names[] = {"chartevents", "EMAR_DETAIL", "ingredientevents"};
    char all[512], few[512];
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(all);
    make_folder(few);
    ck_assert_int_eq(synth(all, 25, 11, NULL, 0, &err), MIMIC_OK);
    ck_assert_msg(synth(few, 25, 11, names, 3, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_int_eq(count_files(few), 3);
    ck_assert(same_file(all, few, "icu/chartevents.csv"));
    ck_assert(same_file(all, few, "hosp/emar_detail.csv"));
    ck_assert(same_file(all, few, "icu/ingredientevents.csv"));
    remove_folder(all);
    remove_folder(few);
    close_registry();
}
END_TEST

/* One hash over all files of a small dataset. It is the same on every machine and with every compiler;
 * a change of the generator changes it, and must be meant. */
#define KNOWN_HASH UINT64_C(0xd27fe67e8be441f2)

static uint64_t hash_files(const char *folder)
{
    static const char *const names[] = {
        "hosp/admissions.csv", "hosp/d_hcpcs.csv", "hosp/d_icd_diagnoses.csv",
        "hosp/d_icd_procedures.csv", "hosp/d_labitems.csv", "hosp/diagnoses_icd.csv",
        "hosp/drgcodes.csv", "hosp/emar.csv", "hosp/emar_detail.csv", "hosp/hcpcsevents.csv",
        "hosp/labevents.csv", "hosp/microbiologyevents.csv", "hosp/omr.csv", "hosp/patients.csv",
        "hosp/pharmacy.csv", "hosp/poe.csv", "hosp/poe_detail.csv", "hosp/prescriptions.csv",
        "hosp/procedures_icd.csv", "hosp/provider.csv", "hosp/services.csv", "hosp/transfers.csv",
        "icu/caregiver.csv", "icu/chartevents.csv", "icu/d_items.csv", "icu/datetimeevents.csv",
        "icu/icustays.csv", "icu/ingredientevents.csv", "icu/inputevents.csv",
        "icu/outputevents.csv", "icu/procedureevents.csv"};
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = 0;
        char *bytes = read_file(folder, names[i], &size);
        hash = mimic__mix2(hash, mimic__hash64(bytes, size));
        free(bytes);
    }
    return hash;
}

START_TEST(synth__the_bytes_are_the_known_ones)
{
    char folder[512];
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(folder);
    ck_assert_int_eq(synth(folder, 60, 2024, NULL, 0, &err), MIMIC_OK);
    const uint64_t hash = hash_files(folder);
    ck_assert_msg(hash == KNOWN_HASH, "the hash is %016llx", (unsigned long long)hash);
    remove_folder(folder);
    close_registry();
}
END_TEST

START_TEST(synth__compressed_files_have_their_endings)
{
    static const char *const names[] = {"patients"};
    char folder[512];
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(folder);
    mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
    options.tables = names;
    options.table_count = 1;
    size_t size = 0;
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv@3.1", folder, &options, &err), MIMIC_OK);
    char *bytes = read_file(folder, "hosp/patients.csv.gz", &size);
    ck_assert_int_eq((unsigned char)bytes[0], 0x1F);
    free(bytes);
    options.compression = MIMIC_COMPRESSION_ZSTD;
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv", folder, &options, &err), MIMIC_OK);
    bytes = read_file(folder, "hosp/patients.csv.zst", &size);
    ck_assert_int_eq((unsigned char)bytes[0], 0x28);
    free(bytes);
    remove_folder(folder);
    close_registry();
}
END_TEST

#define PACKAGE(fields)                                                                            \
    "{\"name\":\"mimic-iv\",\"version\":\"3.1\",\"resources\":[{\"name\":\"patients\","            \
    "\"path\":\"hosp/patients.csv.gz\",\"schema\":{\"fields\":[" fields "]}}]}"

START_TEST(synth__columns_follow_the_registry)
{
    static const char package[] = PACKAGE(
        "{\"name\":\"dod\",\"type\":\"date\"},{\"name\":\"new\",\"type\":\"string\"},"
        "{\"name\":\"SUBJECT_ID\",\"type\":\"integer\"}");
    char folder[512];
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(folder);
    ck_assert_msg(mimic_registry_add_json(registry, package, strlen(package), "test", NULL, &err) ==
                      MIMIC_OK, "%s", err.message);
    ck_assert_msg(synth(folder, 3, 1, NULL, 0, &err) == MIMIC_OK, "%s", err.message);
    size_t size = 0;
    char *bytes = read_file(folder, "hosp/patients.csv", &size);
    ck_assert_int_eq(strncmp(bytes, "dod,new,SUBJECT_ID\n", 19), 0);
    int rows = 0;
    for (const char *line = bytes + 19; *line != '\0'; line = strchr(line, '\n') + 1, rows++) {
        const char *subject = strstr(line, ",,") + 2;
        ck_assert_int_eq(strncmp(subject, "100000", 6), 0);
        ck_assert(subject - line == 2 || subject - line == 12);
    }
    ck_assert_int_eq(rows, 3);
    free(bytes);
    remove_folder(folder);
    close_registry();
}
END_TEST

START_TEST(synth__a_required_column_it_does_not_know_fails)
{
    static const char package[] = PACKAGE(
        "{\"name\":\"subject_id\",\"type\":\"integer\"},"
        "{\"name\":\"shoe_size\",\"type\":\"integer\",\"constraints\":{\"required\":true}}");
    char folder[512];
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(folder);
    ck_assert_int_eq(mimic_registry_add_json(registry, package, strlen(package), "test", NULL, &err),
                     MIMIC_OK);
    ck_assert_int_eq(synth(folder, 3, 1, NULL, 0, &err), MIMIC_ERR_SCHEMA);
    ck_assert_ptr_nonnull(strstr(err.message, "shoe_size"));
    ck_assert_int_eq(count_files(folder), 0);
    remove_folder(folder);
    close_registry();
}
END_TEST

static int cancel_in_chartevents(const mimic_progress *progress, void *count)
{
    ++*(int *)count;
    return strcmp(progress->table, "chartevents") == 0 && progress->rows > 0;
}

START_TEST(synth__cancelling_leaves_nothing)
{
    char folder[512];
    mimic_error err = MIMIC_ERROR_INIT;
    int calls = 0;
    open_registry();
    make_folder(folder);
    mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    options.patients = 10;
    options.progress = cancel_in_chartevents;
    options.progress_ctx = &calls;
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv", folder, &options, &err),
                     MIMIC_ERR_CANCELLED);
    ck_assert_int_gt(calls, 20);
    ck_assert_int_eq(count_files(folder), 0);
    remove_folder(folder);
    close_registry();
}
END_TEST

START_TEST(synth__replaces_only_when_told_to)
{
    static const char *const names[] = {"patients", "icustays"};
    char folder[512];
    char path[600];
    size_t size = 0;
    struct stat facts;
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    make_folder(folder);
    mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    options.patients = 5;
    options.tables = names + 1;
    options.table_count = 1;
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv", folder, &options, &err), MIMIC_OK);
    /* The other table is not there, and must not be after the refusal either; a name that leads
     * nowhere is a name that stands there. */
    snprintf(path, sizeof path, "%s/icu/icustays.csv", folder);
    char *before = read_file(folder, "icu/icustays.csv", &size);
    options.tables = names;
    options.table_count = 2;
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv", folder, &options, &err),
                     MIMIC_ERR_STATE);
    ck_assert_ptr_nonnull(strstr(err.message, path));
    ck_assert_ptr_nonnull(strstr(err.message, "--force"));
    ck_assert_int_eq(count_files(folder), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/nonexistent/real", path), 0);
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv", folder, &options, &err),
                     MIMIC_ERR_STATE);
    options.force = 1;
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iv", folder, &options, &err), MIMIC_OK);
    ck_assert(lstat(path, &facts) == 0 && S_ISREG(facts.st_mode));
    char *after = read_file(folder, "icu/icustays.csv", &size);
    ck_assert_str_eq(before, after);
    ck_assert_int_eq(count_files(folder), 2);
    free(before);
    free(after);
    remove_folder(folder);
    close_registry();
}
END_TEST

START_TEST(synth__refuses_what_it_cannot_make)
{
    static const char *const unknown[] = {"patients", "edstays"};
    mimic_error err = MIMIC_ERROR_INIT;
    open_registry();
    ck_assert_int_eq(mimic_synth(ctx, registry, "mimic-iii", "x", NULL, &err), MIMIC_ERR_NOT_FOUND);
    ck_assert_int_eq(mimic_synth(NULL, registry, "mimic-iv", "x", NULL, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(synth("x", -1, 1, NULL, 0, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(synth("x", 370371, 1, NULL, 0, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(synth("x", 1, 1, unknown, 2, &err), MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "edstays"));
    close_registry();
}
END_TEST

/* An allocator that fails at one given call. */
typedef struct failing {
    int64_t calls;
    int64_t fail_at;
} failing;

static void *failing_alloc(size_t size, void *state)
{
    failing *f = state;
    return ++f->calls == f->fail_at ? NULL : malloc(size);
}

static void *failing_realloc(void *memory, size_t old_size, size_t new_size, void *state)
{
    failing *f = state;
    (void)old_size;
    return ++f->calls == f->fail_at ? NULL : realloc(memory, new_size);
}

static void failing_free(void *memory, void *state)
{
    (void)state;
    free(memory);
}

START_TEST(synth__every_allocation_may_fail)
{
    static const char *const names[] = {"patients", "emar", "d_items"};
    char folder[512];
    mimic_error err = MIMIC_ERROR_INIT;
    failing state = {0, 0};
    mimic_context_options how = MIMIC_CONTEXT_OPTIONS_INIT;
    const mimic_allocator allocator = {failing_alloc, failing_realloc, failing_free, &state};
    mimic_context *poor = NULL;
    how.allocator = allocator;
    open_registry();
    make_folder(folder);
    ck_assert_int_eq(mimic_context_new(&how, &poor, &err), MIMIC_OK);
    mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    options.patients = 8;
    options.tables = names;
    options.table_count = 3;
    mimic_status status = MIMIC_ERR_MEMORY;
    int failures = 0;
    for (int64_t at = 1; status != MIMIC_OK; at++) {
        state = (failing){0, at};
        status = mimic_synth(poor, registry, "mimic-iv", folder, &options, &err);
        ck_assert(status == MIMIC_OK || status == MIMIC_ERR_MEMORY);
        failures += status != MIMIC_OK;
        ck_assert_int_eq(count_files(folder), status == MIMIC_OK ? 3 : 0);
    }
    ck_assert_int_gt(failures, 5);
    mimic_context_free(poor);
    remove_folder(folder);
    close_registry();
}
END_TEST

/* Fields as they come out of the writer's chunk. */
static const char *written(mimic_csv_writer *writer)
{
    *writer->at = '\0';
    return writer->row;
}

START_TEST(synth__writer_prints_fields)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_csv_writer writer = {0};
    open_registry();
    ck_assert_int_eq(mimic__csv_writer_open(ctx, &writer, NULL, &err), MIMIC_OK);
    mimic__csv_int(&writer, 0);
    mimic__csv_int(&writer, -1205);
    mimic__csv_int(&writer, INT64_MIN);
    mimic__csv_int(&writer, INT64_MAX);
    ck_assert_str_eq(written(&writer), "0,-1205,-9223372036854775808,9223372036854775807,");
    writer.at = writer.row;
    mimic__csv_decimal(&writer, 985, 1);
    mimic__csv_decimal(&writer, 370, 1);
    mimic__csv_decimal(&writer, -5, 2);
    mimic__csv_decimal(&writer, 1005, 3);
    mimic__csv_decimal_full(&writer, 40, 1);
    mimic__csv_decimal_full(&writer, 7, 0);
    ck_assert_str_eq(written(&writer), "98.5,37,-0.05,1.005,4.0,7,");
    writer.at = writer.row;
    mimic__csv_text(&writer, "");
    mimic__csv_text(&writer, "a,b");
    mimic__csv_text(&writer, "say \"so\"");
    mimic__csv_text(&writer, "two\nlines");
    mimic__csv_text(&writer, "plain ");
    mimic__csv_text_or_null(&writer, NULL);
    ck_assert_str_eq(written(&writer), "\"\",\"a,b\",\"say \"\"so\"\"\",\"two\nlines\",plain ,,");
    writer.at = writer.row;
    mimic__csv_time(&writer, 6000000000); /* date -u -d @6000000000 */
    mimic__csv_date(&writer, 6000000000);
    mimic__csv_ratio(&writer, 86400 * 3 / 2, 86400);
    mimic__csv_ratio(&writer, 1, 3);
    ck_assert_str_eq(written(&writer), "2160-02-18 10:40:00,2160-02-18,1.5,0.3333333333333333,");
    writer.at = writer.row;
    mimic__csv_writer_free(&writer);
    close_registry();
}
END_TEST

MIMIC_TEST_MAIN(synth, synth__same_seed_same_bytes_another_seed_others,
                synth__a_table_does_not_depend_on_the_others,
                synth__the_bytes_are_the_known_ones,
                synth__compressed_files_have_their_endings,
                synth__columns_follow_the_registry,
                synth__a_required_column_it_does_not_know_fails, synth__cancelling_leaves_nothing,
                synth__replaces_only_when_told_to,
                synth__refuses_what_it_cannot_make, synth__every_allocation_may_fail,
                synth__writer_prints_fields)
