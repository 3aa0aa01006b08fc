/*
 * Whole builds of a small hospital, made here: every row is accounted for, the bytes depend on nothing
 * but inputs and options, and what stands in the way is refused.
 */
#include <dirent.h>

#include <mimic/mimic.h>

#include "../../support/check_main.h"
#include "../../support/failing_allocator.h"
#include "../../support/test_folder.h"

#define HEAD_PATIENTS "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n"
#define HEAD_ADMISSIONS                                                                            \
    "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,"           \
    "admission_location,discharge_location,insurance,language,marital_status,race,edregtime,"      \
    "edouttime,hospital_expire_flag\n"
#define HEAD_LABS                                                                                  \
    "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,"     \
    "value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n"

typedef struct hospital {
    test_folder folder;
    mimic_context *ctx;
    mimic_registry *registry;
    char dir[300];
    char out[300];
} hospital;

static void put_file(hospital *self, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", self->dir, name);
    test_write_file(path, text, strlen(text));
}

static void begin(hospital *self)
{
    char hosp[400];
    mimic_error err = MIMIC_ERROR_INIT;
    self->folder = test_folder_make();
    snprintf(self->dir, sizeof self->dir, "%s/in", self->folder.path);
    snprintf(self->out, sizeof self->out, "%s/out", self->folder.path);
    snprintf(hosp, sizeof hosp, "%s/hosp", self->dir);
    ck_assert_int_eq(mkdir(self->dir, 0777), 0);
    ck_assert_int_eq(mkdir(hosp, 0777), 0);
    ck_assert_int_eq(mimic_context_new(NULL, &self->ctx, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(self->ctx, &self->registry, &err), MIMIC_OK);
    put_file(self, "hosp/patients.csv",
             HEAD_PATIENTS "11,F,50,2150,2014 - 2016,\n"
                           "12,M,40,2140,2014 - 2016,2141-03-01\n"
                           "13,F,60,2160,2014 - 2016,\n");
    put_file(self, "hosp/admissions.csv",
             HEAD_ADMISSIONS
             "11,101,2150-01-01 10:00:00,2150-01-05 12:00:00,,URGENT,P1,ER,HOME,Other,?,,WHITE,,,0\n"
             "12,102,2140-02-01 00:00:00,2140-02-03 00:00:00,2140-02-03 00:00:00,URGENT,P1,ER,DIED,"
             "Other,?,,WHITE,,,1\n");
    put_file(self, "hosp/labevents.csv",
             HEAD_LABS
             "1,11,101,1,50912,,2150-01-02 08:00:00,2150-01-02 09:00:00,1.5,1.5,mg/dL,,,,STAT,\n"
             "2,11,,2,50912,,2150-01-03 08:00:00,2150-01-03 09:00:00,___,2.25,mg/dL,,,,,\n"
             "3,12,102,3,50971,,2140-02-01 08:00:00,,4,4,mEq/L,,,,,\n"
             "4,99,,4,50971,,2140-02-01 08:00:00,2140-02-01 09:00:00,4,4,mEq/L,,,,,\n"
             "5,13,,5,50971,,never,2140-02-01 09:00:00,4,4,mEq/L,,,,,\n"
             "6,13,,6,50971,,,,4,4,mEq/L,,,,,\n");
}

static void end(hospital *self)
{
    mimic_registry_free(self->registry);
    mimic_context_free(self->ctx);
    test_folder_remove(&self->folder);
}

static mimic_status build(hospital *self, const mimic_trajectory_options *given, const char *out,
                          mimic_trajectory_report **out_report, mimic_error *err)
{
    const char *const dirs[] = {self->dir};
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    if (given != NULL)
        options = *given;
    options.dataset = "mimic-iv@2.2";
    return mimic_trajectories_build(self->ctx, self->registry, dirs, 1, out, &options, out_report,
                                    err);
}

static mimic_trajectory_totals build_well(hospital *self, const mimic_trajectory_options *given,
                                          const char *out)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_totals totals = MIMIC_TRAJECTORY_TOTALS_INIT;
    const mimic_status status = build(self, given, out, &report, &err);
    ck_assert_msg(status == MIMIC_OK, "%s: %s", mimic_status_name(status), err.message);
    ck_assert_int_eq(mimic_trajectory_report_totals(report, &totals), MIMIC_OK);
    mimic_trajectory_report_free(report);
    return totals;
}

/* ---- a folder as one number ---- */

static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static uint64_t digest(const char *path, const char *relative)
{
    DIR *const folder = opendir(path);
    uint64_t sum = 0; /* a sum, as the order of entries is the file system's */
    ck_assert_msg(folder != NULL, "%s is not there", path);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char below[1024], name[512];
        struct stat facts;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, ".mimic-partial") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        snprintf(name, sizeof name, "%s/%s", relative, entry->d_name);
        ck_assert_int_eq(lstat(below, &facts), 0);
        if (S_ISDIR(facts.st_mode)) {
            sum += digest(below, name);
            continue;
        }
        size_t size;
        char *const bytes = test_read_file(below, &size);
        sum += mix(mix(UINT64_C(0xcbf29ce484222325), name, strlen(name)), bytes, size);
        free(bytes);
    }
    closedir(folder);
    return sum;
}

/* ---- accounting ---- */

static mimic_event_table_report find(const mimic_trajectory_report *report, const char *name)
{
    mimic_event_table_report table = MIMIC_EVENT_TABLE_REPORT_INIT;
    for (size_t i = 0; i < mimic_trajectory_report_table_count(report); i++) {
        ck_assert_int_eq(mimic_trajectory_report_table(report, i, &table), MIMIC_OK);
        if (strcmp(table.table, name) == 0)
            return table;
    }
    ck_abort_msg("no table %s", name);
    return table;
}

START_TEST(build__every_row_is_accounted_for)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    begin(&self);
    ck_assert_int_eq(build(&self, NULL, self.out, &report, &err), MIMIC_OK);
    const mimic_event_table_report labs = find(report, "labevents");
    ck_assert_int_eq(labs.read, 6);
    ck_assert_int_eq(labs.with_events, 3);    /* 1, 2, 3 */
    ck_assert_int_eq(labs.without_events, 1); /* 6: no time at all */
    ck_assert_int_eq(labs.rejected, 2);       /* 4: unknown subject; 5: "never" */
    ck_assert_int_eq(labs.events, 5);         /* 3 has no result yet */
    ck_assert_int_eq(labs.marked[5], 2);      /* 2 is filled in, both events */
    ck_assert_int_eq(find(report, "patients").events, 3 + 3 + 1);
    ck_assert_int_eq(find(report, "admissions").events, 4);
    mimic_trajectory_report_free(report);
    char path[400];
    size_t size;
    snprintf(path, sizeof path, "%s/rejects.csv", self.out);
    char *const rejects = test_read_file(path, &size);
    const char *const unknown = strstr(rejects, "unknown_subject");
    const char *const never = strstr(rejects, "charttime");
    ck_assert_ptr_nonnull(unknown);
    ck_assert_ptr_nonnull(never);
    ck_assert_msg(unknown < never, "rejects are in the order of the rows:\n%s", rejects);
    ck_assert_ptr_null(strstr(rejects, self.dir));
    free(rejects);
    end(&self);
}
END_TEST

/* ---- times by joins ---- */

/* The events of a subject that have this code; the first of them in *time and *available. */
static int read_code(hospital *self, int64_t subject, const char *code, int64_t *time,
                     int64_t *available)
{
    mimic_trajectories *trajectories = NULL;
    mimic_patient patient = MIMIC_PATIENT_INIT;
    int found = 0;
    ck_assert_int_eq(mimic_trajectories_open(self->ctx, self->out, NULL, &trajectories, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(mimic_trajectories_seek(trajectories, subject, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_trajectories_next(trajectories, &patient, NULL), MIMIC_OK);
    const uint32_t number = mimic_trajectories_find_code(trajectories, code);
    for (int64_t i = patient.count; i-- > 0;)
        if (patient.code[i] == number) {
            *time = patient.time[i];
            *available = patient.available[i];
            found++;
        }
    mimic_trajectories_free(trajectories);
    return found;
}

static void put_late(hospital *self)
{
    put_file(self, "hosp/patients.csv",
             HEAD_PATIENTS "11,F,50,2150,2014 - 2016,once\n"
                           "12,M,40,2140,2014 - 2016,2149-03-01\n"
                           "13,F,60,2160,2014 - 2016,\n");
    put_file(self, "hosp/admissions.csv",
             HEAD_ADMISSIONS
             "11,101,2150-01-01 10:00:00,2150-01-05 12:00:00,,URGENT,P1,ER,HOME,Other,?,,WHITE,,,0\n"
             "12,102,1970-01-02 00:00:00,1970-01-03 00:00:00,1970-01-03 00:00:00,URGENT,P1,ER,DIED,"
             "Other,?,,WHITE,,,1\n"
             "12,,1970-01-02 00:00:00,1970-01-03 00:00:00,1970-01-02 12:00:00,URGENT,P1,ER,DIED,"
             "Other,?,,WHITE,,,1\n");
    put_file(self, "hosp/diagnoses_icd.csv",
             "subject_id,hadm_id,seq_num,icd_code,icd_version\n"
             "11,101,1,4019,9\n"
             "11,999,2,4019,9\n"
             "11,,3,4019,9\n"
             "99,998,1,4019,9\n");
}

START_TEST(build__times_that_are_joined)
{
    static const mimic_policy policies[] = {MIMIC_POLICY_MARK, MIMIC_POLICY_KEEP};
    const int64_t hour = INT64_C(3600000000);
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    begin(&self);
    put_late(&self);
    for (int rejects = 0; rejects < 2; rejects++) {
        mimic_trajectory_report *report = NULL;
        mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
        int64_t time = 0, available = 0;
        options.force = 1;
        options.bad_times = policies[rejects];
        options.missing_ids = rejects ? MIMIC_POLICY_REJECT : MIMIC_POLICY_MARK;
        ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_OK);
        /* A death whose day cannot be read is told of. */
        ck_assert_int_eq(find(report, "patients").marked[0], 1);
        ck_assert_int_eq(read_code(&self, 11, "MEDS_DEATH", &time, &available), 1);
        ck_assert_int_eq(time, INT64_MIN);
        ck_assert_int_eq(read_code(&self, 13, "MEDS_DEATH", &time, &available), 0);
        /* The earliest counts, of an admission without its number too; it was known then. */
        ck_assert_int_eq(read_code(&self, 12, "MEDS_DEATH", &time, &available), 1);
        ck_assert_int_eq(time, 36 * hour);
        ck_assert_int_eq(available, 36 * hour);
        /* A diagnosis whose time is not found has its subject and ids judged all the same. */
        const mimic_event_table_report diagnoses = find(report, "diagnoses_icd");
        ck_assert_int_eq(diagnoses.with_events, 1);
        ck_assert_int_eq(diagnoses.rejected, rejects ? 3 : 1);
        ck_assert_int_eq(diagnoses.without_events, rejects ? 0 : 2);
        mimic_trajectory_report_free(report);
    }
    end(&self);
}
END_TEST

/* ---- the same bytes ---- */

/* Labs of many patients, in no order; more than are sorted in memory at the least memory. */
static void put_many(hospital *self, size_t rows)
{
    char path[400];
    uint64_t state = 5;
    snprintf(path, sizeof path, "%s/hosp/patients.csv", self->dir);
    FILE *file = fopen(path, "wb");
    fputs(HEAD_PATIENTS, file);
    for (int i = 0; i < 50; i++)
        fprintf(file, "%d,F,50,2150,2014 - 2016,\n", 1000 + i);
    fclose(file);
    snprintf(path, sizeof path, "%s/hosp/labevents.csv", self->dir);
    file = fopen(path, "wb");
    fputs(HEAD_LABS, file);
    for (size_t i = 0; i < rows; i++)
        fprintf(file,
                "%zu,%d,,%zu,%d,,2150-%02d-%02d 08:00:00,2150-12-30 09:00:00,%d,%d,mg/dL,,,,,\n",
                i + 1, i < 2 ? 1000 + (int)i : 1000 + (int)(test_random(&state) % 50), i,
                50900 + (int)(test_random(&state) % 40), 1 + (int)(test_random(&state) % 11),
                1 + (int)(test_random(&state) % 28), (int)(i % 90), (int)(i % 90));
    fclose(file);
}

static uint64_t digest_of(hospital *self, const mimic_trajectory_options *options)
{
    mimic_trajectory_options forced = *options;
    forced.force = 1;
    build_well(self, &forced, self->out);
    return digest(self->out, "");
}

START_TEST(build__bytes_depend_on_inputs_and_options_alone)
{
    hospital self;
    begin(&self);
    put_many(&self, 60000);
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.subjects_per_file = 7;
    const uint64_t expected = digest_of(&self, &options);
    options.jobs = 3;
    options.memory = (uint64_t)64 << 20;
    ck_assert_msg(digest_of(&self, &options) == expected, "3 jobs, 64 MiB, turned back");
    options.always_sort = 1;
    ck_assert_msg(digest_of(&self, &options) == expected, "always sorted");
    options.always_sort = 0;
    options.version = "v2";
    ck_assert_msg(digest_of(&self, &options) != expected, "another version");
    end(&self);
}
END_TEST

START_TEST(build__two_steps_and_shards_make_the_same)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_totals totals = MIMIC_TRAJECTORY_TOTALS_INIT;
    char work[400], second[400];
    begin(&self);
    put_many(&self, 3000);
    const char *const dirs[] = {self.dir};
    snprintf(work, sizeof work, "%s/work", self.folder.path);
    snprintf(second, sizeof second, "%s/second", self.folder.path);
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.subjects_per_file = 4;
    build_well(&self, &options, self.out);
    options.dataset = "mimic-iv@2.2";
    for (int i = 0; i < 3; i++) { /* one table a task, and one that is there already */
        const char *const tables[] = {"patients", "admissions", "labevents"};
        options.tables = &tables[i];
        options.table_count = 1;
        ck_assert_int_eq(mimic_trajectories_partition(self.ctx, self.registry, dirs, 1, work,
                                                      &options, &report, &err),
                         MIMIC_OK);
        mimic_trajectory_report_free(report);
        options.tables = NULL;
        options.table_count = 0;
        options.shard = 1;
        options.shard_count = 3;
        if (i < 2) /* a table is missing */
            ck_assert_int_eq(mimic_trajectories_assemble(self.ctx, self.registry, work, second,
                                                         &options, &report, &err),
                             MIMIC_ERR_NOT_FOUND);
        options.shard = options.shard_count = 0;
    }
    for (int i = 3; i > 0; i--) {
        options.shard = i;
        options.shard_count = 3;
        const mimic_status status = mimic_trajectories_assemble(self.ctx, self.registry, work,
                                                                second, &options, &report, &err);
        ck_assert_msg(status == MIMIC_OK, "%s", err.message);
        ck_assert_int_eq(mimic_trajectory_report_totals(report, &totals), MIMIC_OK);
        ck_assert_int_eq(totals.is_complete, i == 1);
        mimic_trajectory_report_free(report);
    }
    ck_assert_uint_eq(digest(second, ""), digest(self.out, ""));
    options.shard = options.shard_count = 0;
    ck_assert_int_eq(build_well(&self, &options, second).is_unchanged, 1);
    end(&self);
}
END_TEST

static void in_two_steps(hospital *self, const mimic_trajectory_options *given, const char *work,
                         const char *out)
{
    const char *const dirs[] = {self->dir};
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_options options = *given;
    options.dataset = "mimic-iv@2.2";
    ck_assert_int_eq(mimic_trajectories_partition(self->ctx, self->registry, dirs, 1, work, &options,
                                                  &report, &err),
                     MIMIC_OK);
    options.codes = NULL; /* settled */
    options.code_count = 0;
    mimic_trajectory_report_free(report);
    const mimic_status status = mimic_trajectories_assemble(self->ctx, self->registry, work, out,
                                                            &options, &report, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    mimic_trajectory_report_free(report);
}

/* Also of patients whose own row does not fit, and where no table of patients is there. */
/* ---- what a build goes without ---- */

static bool has_name(const mimic_trajectory_report *report, mimic_trajectory_list list,
                     const char *name)
{
    for (size_t i = 0; i < mimic_trajectory_report_name_count(report, list); i++)
        if (strcmp(mimic_trajectory_report_name(report, list, i), name) == 0)
            return true;
    return false;
}

static void check_gaps(mimic_trajectory_report *report, size_t unused)
{
    ck_assert(has_name(report, MIMIC_TRAJECTORY_ABSENT_TABLES, "emar_detail"));
    ck_assert(has_name(report, MIMIC_TRAJECTORY_ABSENT_TABLES, "d_labitems"));
    ck_assert(!has_name(report, MIMIC_TRAJECTORY_ABSENT_TABLES, "labevents"));
    ck_assert(!has_name(report, MIMIC_TRAJECTORY_ABSENT_TABLES, "d_items")); /* nobody looks there */
    ck_assert_uint_eq(mimic_trajectory_report_name_count(report, MIMIC_TRAJECTORY_UNMAPPED_TABLES),
                      1);
    ck_assert(has_name(report, MIMIC_TRAJECTORY_UNMAPPED_TABLES, "provider"));
    ck_assert_uint_eq(mimic_trajectory_report_name_count(report, MIMIC_TRAJECTORY_UNUSED_CODES),
                      unused);
    ck_assert(unused == 0 || has_name(report, MIMIC_TRAJECTORY_UNUSED_CODES, "LAP*"));
    ck_assert_ptr_null(mimic_trajectory_report_name(report, MIMIC_TRAJECTORY_UNUSED_CODES, unused));
    ck_assert_uint_eq(mimic_trajectory_report_name_count(report, 0), 0);
    ck_assert_uint_eq(mimic_trajectory_report_name_count(report, 4), 0);
    mimic_trajectory_report_free(report);
}

static void count_warnings(mimic_log_level level, const char *text, void *ctx)
{
    if (level == MIMIC_LOG_WARNING && strstr(text, "'LAP*'") != NULL)
        ++*(int *)ctx;
}

/* The same hospital, with somebody who hears warnings. */
static void listen(hospital *self, int *warnings)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.log = count_warnings;
    options.log_ctx = warnings;
    mimic_registry_free(self->registry);
    mimic_context_free(self->ctx);
    ck_assert_int_eq(mimic_context_new(&options, &self->ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(self->ctx, &self->registry, NULL), MIMIC_OK);
}

START_TEST(build__what_it_goes_without_is_told)
{
    static const char *const codes[] = {"LAB*", "LAP*"};
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.codes = codes;
    options.code_count = 2;
    int warnings = 0;
    begin(&self);
    listen(&self, &warnings);
    put_file(&self, "hosp/provider.csv", "provider_id\nP1\n");
    for (int i = 1; i <= 2; i++) { /* the second time nothing is done */
        ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_OK);
        check_gaps(report, 1);
        ck_assert_int_eq(warnings, i);
    }
    char path[400];
    size_t size;
    snprintf(path, sizeof path, "%s/manifest.json", self.out);
    char *const manifest = test_read_file(path, &size);
    ck_assert_ptr_nonnull(strstr(manifest, "\"unmapped_tables\": [\"provider\"]"));
    ck_assert_ptr_nonnull(strstr(manifest, "\"d_labitems\"], \"unmapped"));
    ck_assert_ptr_nonnull(strstr(manifest, "\"unused_codes\": [\"LAP*\"]"));
    free(manifest);
    char work[400];
    snprintf(work, sizeof work, "%s/work", self.folder.path);
    snprintf(path, sizeof path, "%s/second", self.folder.path);
    in_two_steps(&self, &options, work, path);
    ck_assert_uint_eq(digest(path, ""), digest(self.out, ""));
    snprintf(path, sizeof path, "%s/all", self.folder.path);
    ck_assert_int_eq(build(&self, NULL, path, &report, &err), MIMIC_OK);
    check_gaps(report, 0);
    end(&self);
}
END_TEST

START_TEST(build__two_steps_know_the_same_patients)
{
    hospital self;
    char path[400], work[400], second[400];
    begin(&self);
    put_file(&self, "hosp/patients.csv",
             HEAD_PATIENTS "11,F,50,2150,2014 - 2016,never\n"
                           "12,M,abc,2140,2014 - 2016,2141-03-01\n"
                           "13,F,60,2160,2014 - 2016,\n");
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.subjects_per_file = 1;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/one%d", self.folder.path, i);
        snprintf(work, sizeof work, "%s/work%d", self.folder.path, i);
        snprintf(second, sizeof second, "%s/two%d", self.folder.path, i);
        build_well(&self, &options, path);
        in_two_steps(&self, &options, work, second);
        ck_assert_uint_eq(digest(second, ""), digest(path, ""));
        snprintf(path, sizeof path, "%s/hosp/patients.csv", self.dir);
        ck_assert(i == 1 || remove(path) == 0);
    }
    end(&self);
}
END_TEST

START_TEST(build__another_dictionary_is_another_dataset)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    char work[400], second[400];
    begin(&self);
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    snprintf(work, sizeof work, "%s/work", self.folder.path);
    snprintf(second, sizeof second, "%s/second", self.folder.path);
    build_well(&self, &options, self.out);
    in_two_steps(&self, &options, work, second);
    const uint64_t before = digest(self.out, "");
    ck_assert_uint_eq(digest(second, ""), before);
    put_file(&self, "hosp/d_labitems.csv",
             "itemid,label,fluid,category\n50912,Creatinine,Blood,Chemistry\n");
    ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_ERR_STATE);
    options.force = 1;
    build_well(&self, &options, self.out);
    ck_assert_uint_ne(digest(self.out, ""), before);
    in_two_steps(&self, &options, work, second);
    ck_assert_uint_eq(digest(second, ""), digest(self.out, ""));
    end(&self);
}
END_TEST

START_TEST(build__files_of_other_folders_are_not_assembled)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    char path[400], work[400];
    begin(&self);
    const char *const dirs[] = {self.dir};
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    snprintf(work, sizeof work, "%s/work", self.folder.path);
    in_two_steps(&self, &options, work, self.out);
    snprintf(path, sizeof path, "%s/hosp/labevents.csv", self.dir);
    ck_assert_int_eq(remove(path), 0);
    options.dataset = "mimic-iv@2.2";
    ck_assert_int_eq(mimic_trajectories_partition(self.ctx, self.registry, dirs, 1, work, &options,
                                                  &report, &err),
                     MIMIC_OK);
    mimic_trajectory_report_free(report);
    options.force = 1;
    ck_assert_int_eq(mimic_trajectories_assemble(self.ctx, self.registry, work, self.out, &options,
                                                 &report, &err),
                     MIMIC_ERR_STATE);
    options.tables = NULL;
    options.table_count = 1;
    ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_ERR_ARGUMENT);
    end(&self);
}
END_TEST

START_TEST(build__rejects_are_utf8)
{
    hospital self;
    char path[400];
    size_t size;
    begin(&self);
    static const char row[] = HEAD_LABS "1,11,,x\"y\0\xFF,50912,,,,,,,,,,,\n";
    snprintf(path, sizeof path, "%s/hosp/labevents.csv", self.dir);
    test_write_file(path, row, sizeof row - 1);
    build_well(&self, NULL, self.out);
    snprintf(path, sizeof path, "%s/rejects.csv", self.out);
    char *const bytes = test_read_file(path, &size);
    ck_assert_ptr_nonnull(strstr(bytes, "\"1,11,,x\"\"y\xEF\xBF\xBD\xEF\xBF\xBD,50912,"));
    ck_assert_ptr_null(memchr(bytes, '\0', size));
    free(bytes);
    end(&self);
}
END_TEST

/* ---- what is there already ---- */

START_TEST(build__leaves_what_is_unchanged_and_refuses_what_is_not_its_own)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    begin(&self);
    const mimic_trajectory_totals first = build_well(&self, NULL, self.out);
    const mimic_trajectory_totals second = build_well(&self, NULL, self.out);
    ck_assert_int_eq(first.is_unchanged, 0);
    ck_assert_int_eq(second.is_unchanged, 1);
    ck_assert_int_eq(second.events, first.events);
    ck_assert_int_eq(second.codes, first.codes);
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.version = "v2";
    ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_ERR_STATE);
    ck_assert_ptr_nonnull(strstr(err.message, "--force"));
    const uint64_t before = digest(self.out, "");
    options.force = 1;
    ck_assert_int_eq(build_well(&self, &options, self.out).is_unchanged, 0);
    ck_assert_uint_ne(digest(self.out, ""), before);
    /* a folder of somebody else's */
    char path[400];
    snprintf(path, sizeof path, "%s/other", self.folder.path);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/other/data", self.folder.path);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/other", self.folder.path);
    ck_assert_int_eq(build(&self, &options, path, &report, &err), MIMIC_ERR_STATE);
    end(&self);
}
END_TEST

START_TEST(build__knows_the_options_that_make_another_dataset)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    begin(&self);
    build_well(&self, NULL, self.out);
    for (int i = 0; i < 15; i++) {
        mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
        mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
        options.csv = &csv;
        options.bad_times = i == 0 ? MIMIC_POLICY_KEEP : MIMIC_POLICY_DEFAULT;
        options.reversed = i == 1 ? MIMIC_POLICY_KEEP : MIMIC_POLICY_DEFAULT;
        options.outside = i == 2 ? MIMIC_POLICY_KEEP : MIMIC_POLICY_DEFAULT;
        options.unknown_subjects = i == 3 ? MIMIC_POLICY_KEEP : MIMIC_POLICY_DEFAULT;
        options.missing_ids = i == 4 ? MIMIC_POLICY_KEEP : MIMIC_POLICY_DEFAULT;
        options.group = i == 5 ? MIMIC_GROUP_STAY : MIMIC_GROUP_DEFAULT;
        options.layout = i == 6 ? MIMIC_LAYOUT_FILES : MIMIC_LAYOUT_DEFAULT;
        options.subjects_per_file = i == 7 ? 2 : 0;
        options.train = i == 8 ? 700 : 0;
        csv.max_record_bytes = i == 9 ? 100 : 0;
        csv.max_columns = i == 10 ? 100 : 0;
        csv.max_raw_bytes = i == 11 ? 100 : 0;
        csv.max_categories = i == 12 ? 100 : 0;
        csv.comment = i == 13 ? '#' : 0;
        csv.no_quoting = i == 14;
        ck_assert_msg(build(&self, &options, self.out, &report, &err) == MIMIC_ERR_STATE, "%d", i);
    }
    for (int i = 0; i < 5; i++) { /* and those that do not */
        mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
        mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
        options.csv = &csv;
        options.jobs = i == 0 ? 3 : 0;
        options.memory = i == 1 ? (uint64_t)64 << 20 : 0;
        options.temporary_dir = i == 2 ? self.folder.path : NULL;
        options.always_sort = i == 3;
        csv.block_bytes = i == 4 ? 4096 : 0;
        ck_assert_int_eq(build_well(&self, &options, self.out).is_unchanged, 1);
    }
    end(&self);
}
END_TEST

static int cancel(const mimic_progress *progress, void *ctx)
{
    (void)progress;
    (void)ctx;
    return 1;
}

START_TEST(build__leaves_an_empty_folder_where_there_was_one)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    struct stat facts;
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    begin(&self);
    options.progress = cancel;
    ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_ERR_CANCELLED);
    ck_assert_int_ne(stat(self.out, &facts), 0);
    ck_assert_int_eq(mkdir(self.out, 0777), 0);
    ck_assert_int_eq(build(&self, &options, self.out, &report, &err), MIMIC_ERR_CANCELLED);
    ck_assert_int_eq(stat(self.out, &facts), 0);
    ck_assert_int_eq(rmdir(self.out), 0); /* it is empty */
    end(&self);
}
END_TEST

START_TEST(build__goes_on_with_a_move_that_was_cut_short)
{
    hospital self;
    char from[1000], to[1000];
    begin(&self);
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.shard_count = 2;
    options.shard = 1;
    build_well(&self, &options, self.out);
    /* as if a process had been killed behind the first moves: data of a part is in place */
    snprintf(from, sizeof from, "%s/.mimic-partial", self.out);
    DIR *const folder = opendir(from);
    ck_assert_ptr_nonnull(folder);
    char part[300] = "";
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strstr(entry->d_name, "-1-of-2") != NULL)
            snprintf(part, sizeof part, "%s", entry->d_name);
    closedir(folder);
    ck_assert_uint_gt(strlen(part), 32);
    snprintf(from, sizeof from, "%s/.mimic-partial/%.200s/data", self.out, part);
    snprintf(to, sizeof to, "%s/data", self.out);
    ck_assert_int_eq(rename(from, to), 0);
    snprintf(to, sizeof to, "%s/.mimic-partial/moving", self.out);
    test_write_file(to, part, 32);
    options.shard = 2;
    ck_assert_int_eq(build_well(&self, &options, self.out).is_complete, 1);
    const uint64_t resumed = digest(self.out, "");
    snprintf(to, sizeof to, "%s/fresh", self.folder.path);
    build_well(&self, NULL, to);
    ck_assert_uint_eq(digest(to, ""), resumed);
    snprintf(to, sizeof to, "%s/.mimic-partial", self.out);
    ck_assert(!test_exists(to));
    end(&self);
}
END_TEST

START_TEST(build__goes_on_with_a_removal_that_was_cut_short)
{
    hospital self;
    char path[1000];
    begin(&self);
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.subjects_per_file = 1; /* more files than those of the next */
    build_well(&self, &options, self.out);
    snprintf(path, sizeof path, "%s/manifest.json", self.out);
    ck_assert_int_eq(remove(path), 0);
    snprintf(path, sizeof path, "%s/.mimic-partial", self.out);
    ck_assert_int_eq(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/.mimic-partial/moving", self.out);
    test_write_file(path, "removing\n", 9);
    build_well(&self, NULL, self.out);
    snprintf(path, sizeof path, "%s/fresh", self.folder.path);
    build_well(&self, NULL, path);
    ck_assert_uint_eq(digest(self.out, ""), digest(path, ""));
    end(&self);
}
END_TEST

typedef struct intruder {
    hospital *self;
    bool has_come;
} intruder;

/* While one build is at work, another one finishes in the same folder. */
static int build_another(const mimic_progress *progress, void *ctx)
{
    intruder *const other = ctx;
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    if (other->has_come || strcmp(progress->table, "events") != 0)
        return 0;
    other->has_come = true;
    options.version = "v2";
    ck_assert_int_eq(build_well(other->self, &options, other->self->out).is_complete, 1);
    return 0;
}

START_TEST(build__does_not_replace_what_another_one_finished_meanwhile)
{
    hospital self;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_trajectory_report *report = NULL;
    char path[400];
    begin(&self);
    put_many(&self, 3000);
    intruder other = {.self = &self};
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.progress = build_another;
    options.progress_ctx = &other;
    const mimic_status status = build(&self, &options, self.out, &report, &err);
    ck_assert(other.has_come);
    ck_assert_msg(status == MIMIC_ERR_STATE, "%s %s", mimic_status_name(status), err.message);
    snprintf(path, sizeof path, "%s/.mimic-partial", self.out);
    ck_assert_msg(access(path, F_OK) != 0, "its part is left");
    options = (mimic_trajectory_options)MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.version = "v2";
    ck_assert_int_eq(build_well(&self, &options, self.out).is_unchanged, 1);
    snprintf(path, sizeof path, "%s/fresh", self.folder.path);
    build_well(&self, &options, path);
    ck_assert_uint_eq(digest(self.out, ""), digest(path, ""));
    end(&self);
}
END_TEST

/* ---- memory that runs out ---- */

static hospital failing;

static mimic_status failing_build(const mimic_context *ctx, mimic_error *err)
{
    const char *const dirs[] = {failing.dir};
    mimic_registry *registry = NULL;
    mimic_trajectory_report *report = NULL;
    mimic_trajectory_options options = MIMIC_TRAJECTORY_OPTIONS_INIT;
    options.dataset = "mimic-iv@2.2";
    options.force = 1;
    mimic_status status = mimic_registry_new(ctx, &registry, err);
    if (status == MIMIC_OK)
        status = mimic_trajectories_build(ctx, registry, dirs, 1, failing.out, &options, &report,
                                          err);
    mimic_trajectory_report_free(report);
    mimic_registry_free(registry);
    return status;
}

START_TEST(build__every_allocation_may_fail)
{
    begin(&failing);
    /* The registry, which has its own test, makes the first ones. */
    failing_allocator state = {-1, 0, false};
    mimic_context *ctx = failing_context(&state);
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_registry *registry = NULL;
    state.until_failure = 1L << 30;
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, &err), MIMIC_OK);
    const long before = (1L << 30) - state.until_failure;
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    for (long count = before;; count += 7) {
        state = (failing_allocator){-1, 0, false};
        ctx = failing_context(&state);
        state.until_failure = count;
        const mimic_status status = failing_build(ctx, &err);
        mimic_context_free(ctx);
        ck_assert_msg(state.alive == 0, "failing at %ld: %ld allocations leak", count, state.alive);
        if (!state.has_failed) {
            ck_assert_int_eq(status, MIMIC_OK);
            break;
        }
        ck_assert_msg(status == MIMIC_ERR_MEMORY || status == MIMIC_OK, "failing at %ld gave %s: %s",
                      count, mimic_status_name(status), err.message);
    }
    end(&failing);
}
END_TEST

MIMIC_TEST_MAIN(build, build__every_row_is_accounted_for, build__what_it_goes_without_is_told, build__times_that_are_joined,
                build__bytes_depend_on_inputs_and_options_alone,
                build__two_steps_and_shards_make_the_same,
                build__two_steps_know_the_same_patients,
                build__files_of_other_folders_are_not_assembled,
                build__another_dictionary_is_another_dataset, build__rejects_are_utf8,
                build__leaves_what_is_unchanged_and_refuses_what_is_not_its_own,
                build__knows_the_options_that_make_another_dataset,
                build__leaves_an_empty_folder_where_there_was_one,
                build__goes_on_with_a_move_that_was_cut_short,
                build__goes_on_with_a_removal_that_was_cut_short,
                build__does_not_replace_what_another_one_finished_meanwhile, build__every_allocation_may_fail)
