/*
 * Builds where something stands already: datasets, of ours and of others, what a build that was cut short
 * left, and another build at the same time.
 */
#include "build_fixture.h"

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
    static const char *const tables[] = {"patients", "admissions", "labevents"}; /* as without */
    for (int i = 0; i < 16; i++) {
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
        options.tables = i == 15 ? tables : NULL; /* its manifest says less of what is absent */
        options.table_count = i == 15 ? 3 : 0;
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

MIMIC_TEST_MAIN(build, build__leaves_what_is_unchanged_and_refuses_what_is_not_its_own,
                build__knows_the_options_that_make_another_dataset,
                build__leaves_an_empty_folder_where_there_was_one,
                build__goes_on_with_a_move_that_was_cut_short,
                build__goes_on_with_a_removal_that_was_cut_short,
                build__does_not_replace_what_another_one_finished_meanwhile)
