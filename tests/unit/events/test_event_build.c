/*
 * Whole builds of a small hospital, made here: every row is accounted for, the bytes depend on nothing
 * but inputs and options.
 */
#include "build_fixture.h"

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

MIMIC_TEST_MAIN(build, build__every_row_is_accounted_for,
                build__what_it_goes_without_is_told,
                build__times_that_are_joined,
                build__bytes_depend_on_inputs_and_options_alone,
                build__two_steps_and_shards_make_the_same,
                build__two_steps_know_the_same_patients,
                build__files_of_other_folders_are_not_assembled,
                build__another_dictionary_is_another_dataset,
                build__rejects_are_utf8,
                build__every_allocation_may_fail)
