/*
 * Patient functions: rows of every type, in the order of the patients whatever the jobs are, groups,
 * failures that name the patient, cancelling, allocations that fail.
 */
#include <mimic/clinical.h>
#include <mimic/scan.h>

#include "../events/event_dataset.h"
#include "check_main.h"
#include "failing_allocator.h"

static const char EVENTS[] =
    "{\"name\": \"test\", \"resources\": [{\"name\": \"events\", \"path\": \"events.csv\", \"schema\": "
    "{\"fields\": [{\"name\": \"subject_id\", \"type\": \"integer\"}, {\"name\": \"time\", \"type\": "
    "\"datetime\"}, {\"name\": \"code\", \"type\": \"string\"}, {\"name\": \"value\", \"type\": "
    "\"number\"}, {\"name\": \"hadm_id\", \"type\": \"integer\"}]}}]}";

static const char SCORES[] =
    "{\"name\": \"scores\", \"resources\": [{\"name\": \"scores\", \"path\": \"scores.csv\", "
    "\"schema\": {\"fields\": ["
    "{\"name\": \"subject_id\", \"type\": \"integer\", \"constraints\": {\"required\": true}}, "
    "{\"name\": \"mean\", \"type\": \"number\"}, "
    "{\"name\": \"note\", \"type\": \"string\"}, "
    "{\"name\": \"kind\", \"type\": \"string\", \"mimic\": {\"type\": \"categorical\"}}, "
    "{\"name\": \"small\", \"type\": \"integer\", \"mimic\": {\"type\": \"int16\"}}, "
    "{\"name\": \"first\", \"type\": \"datetime\"}, "
    "{\"name\": \"is_odd\", \"type\": \"boolean\"}]}}]}";

enum { SUBJECT_ID, MEAN, NOTE, KIND, SMALL, FIRST, IS_ODD };

static test_folder folder;
static mimic_registry *registry;
static const mimic_table *scores;

static dataset_cell make_cell(int64_t row, size_t column, void *ctx)
{
    static const char *const CODES[] = {"A", "B//C", "D"};
    const int64_t size = *(const int64_t *)ctx;
    const int64_t event = row % size;
    dataset_cell cell = {.number = 0, .real = (double)(row % 1000)};
    if (column == 0)
        cell.number = 100 + row / size;
    else if (column == 1)
        cell.number = event == 0 ? DATASET_NULL : event * 1000000;
    else if (column == 2)
        cell.text = CODES[event % 3];
    else if (column == 4)
        cell.number = event < 2 ? DATASET_NULL : (100 + row / size) * 10 + event % 2;
    return cell;
}

static const mimic_context *context(void)
{
    static mimic_context *ctx = NULL;
    if (ctx == NULL)
        ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static void set_up(int64_t subjects, int64_t size)
{
    char path[1200];
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_dataset *added = NULL;
    folder = test_folder_make();
    snprintf(path, sizeof path, "%s/out/data/train/0.arrow", folder.path);
    dataset_write(context(), path, EVENTS, 0, subjects * size, make_cell, &size);
    ck_assert_int_eq(mimic_registry_new(context(), &registry, &err), MIMIC_OK);
    ck_assert_msg(mimic_registry_add_json(registry, SCORES, strlen(SCORES), "scores", &added,
                                          &err) == MIMIC_OK,
                  "%s", err.message);
    scores = mimic_dataset_table(added, 0);
}

static void tear_down(void)
{
    mimic_registry_free(registry);
    test_folder_remove(&folder);
}

static const char *out_path(void)
{
    static char path[1200];
    snprintf(path, sizeof path, "%s/out", folder.path);
    return path;
}

/* ---- functions ---- */

typedef struct tally {
    uint32_t wanted; /* a code */
    int64_t fail_at; /* a subject; 0 = none */
    int how;
    int cancel_after;
    const mimic_trajectories *trajectories;
} tally;

static mimic_status prepare(void *ctx, const mimic_trajectories *trajectories, mimic_error *err)
{
    tally *self = ctx;
    (void)err;
    self->trajectories = trajectories;
    self->wanted = mimic_trajectories_find_code(trajectories, "A");
    return MIMIC_OK;
}

static mimic_status fail_somehow(const tally *self, mimic_rows *rows, mimic_error *err)
{
    switch (self->how) {
    case 0:
        err->code = MIMIC_ERR_BACKEND;
        snprintf(err->message, sizeof err->message, "no luck");
        return MIMIC_ERR_BACKEND;
    case 1:
        mimic_rows_double(rows, SUBJECT_ID, 1);
        return MIMIC_OK;
    case 2:
        mimic_rows_int64(rows, SMALL, 40000);
        return MIMIC_OK;
    case 3:
        mimic_rows_text(rows, NOTE, "\xff", 1);
        return MIMIC_OK;
    case 4:
        mimic_rows_int64(rows, 99, 1);
        return MIMIC_OK;
    case 5:
        mimic_rows_double(rows, MEAN, 1);
        mimic_rows_end(rows);
        return MIMIC_OK;
    case 6:
        mimic_rows_int64(rows, SUBJECT_ID, 1);
        return MIMIC_OK;
    case 7:
        mimic_rows_int64(rows, FIRST, INT64_MAX);
        return MIMIC_OK;
    case 8:
        return MIMIC_END;
    default:
        return MIMIC_ERR_LIMIT;
    }
}

static mimic_status count_events(void *ctx, const mimic_patient *patient, mimic_rows *rows,
                                 mimic_error *err)
{
    const tally *self = ctx;
    if (patient->subject_id == self->fail_at)
        return fail_somehow(self, rows, err);
    if (patient->subject_id % 7 == 0)
        return MIMIC_OK; /* no row */
    for (int64_t part = 0; part <= patient->subject_id % 2; part++) {
        char note[64];
        double sum = 0;
        for (int64_t i = 0; i < patient->count; i++)
            sum += patient->value[i];
        mimic_code code = MIMIC_CODE_INIT;
        ck_assert_int_eq(mimic_trajectories_code(self->trajectories, patient->code[0], &code),
                         MIMIC_OK);
        snprintf(note, sizeof note, "%s of %lld", code.code, (long long)patient->count);
        mimic_rows_int64(rows, SUBJECT_ID, patient->subject_id);
        if (patient->subject_id % 3 != 0)
            mimic_rows_double(rows, MEAN, sum / (double)patient->count);
        mimic_rows_text(rows, NOTE, "thrown away", 11);
        mimic_rows_text(rows, NOTE, note, strlen(note));
        if (patient->subject_id % 5 != 0)
            mimic_rows_text(rows, KIND, patient->subject_id % 2 == 0 ? "even" : "odd",
                            patient->subject_id % 2 == 0 ? 4 : 3);
        mimic_rows_int64(rows, SMALL, part - 1);
        mimic_rows_int64(rows, FIRST, patient->time[patient->static_count]);
        mimic_rows_int64(rows, IS_ODD, patient->subject_id % 2);
        mimic_rows_end(rows);
    }
    return MIMIC_OK;
}

static mimic_patient_function function_of(tally *self)
{
    mimic_patient_function function = MIMIC_PATIENT_FUNCTION_INIT;
    function.table = scores;
    function.prepare = prepare;
    function.run = count_events;
    function.ctx = self;
    return function;
}

/* Runs it into a CSV file and returns what stands there. */
static char *run_into_csv(mimic_group group, int32_t jobs, int64_t *out_rows)
{
    size_t size = 0;
    char path[1200];
    tally self = {0};
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_patients_options options = MIMIC_PATIENTS_OPTIONS_INIT;
    const mimic_patient_function function = function_of(&self);
    options.group = group;
    options.jobs = jobs;
    snprintf(path, sizeof path, "%s/scores.csv", folder.path);
    const mimic_status status =
        mimic_patients_run(context(), out_path(), &function, path, &options, out_rows, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    return test_read_file(path, &size);
}

START_TEST(patients__rows_of_every_type)
{
    int64_t rows = 0;
    set_up(5, 4);
    char *csv = run_into_csv(MIMIC_GROUP_SUBJECT, 1, &rows);
    ck_assert_str_eq(csv, "subject_id,mean,note,kind,small,first,is_odd\n"
                          "100,1.5,A of 4,,-1,1970-01-01T00:00:01,false\n"
                          "101,5.5,A of 4,odd,-1,1970-01-01T00:00:01,true\n"
                          "101,5.5,A of 4,odd,0,1970-01-01T00:00:01,true\n"
                          "102,,A of 4,even,-1,1970-01-01T00:00:01,false\n"
                          "103,13.5,A of 4,odd,-1,1970-01-01T00:00:01,true\n"
                          "103,13.5,A of 4,odd,0,1970-01-01T00:00:01,true\n"
                          "104,17.5,A of 4,even,-1,1970-01-01T00:00:01,false\n");
    ck_assert_int_eq(rows, 7);
    free(csv);
    tear_down();
}
END_TEST

START_TEST(patients__same_rows_for_any_jobs)
{
    set_up(3000, 130); /* some record batches */
    for (mimic_group group = MIMIC_GROUP_SUBJECT; group <= MIMIC_GROUP_ADMISSION; group++) {
        int64_t rows = 0;
        int64_t again = 0;
        char *alone = run_into_csv(group, 1, &rows);
        ck_assert_int_gt(rows, 3000);
        for (int32_t jobs = 2; jobs < 8; jobs += 2) {
            char *together = run_into_csv(group, jobs, &again);
            ck_assert_int_eq(rows, again);
            ck_assert_int_eq(strcmp(alone, together), 0);
            free(together);
        }
        free(alone);
    }
    tear_down();
}
END_TEST

START_TEST(patients__into_any_target)
{
    static const char *const TARGETS[] = {"arrow:%s/a", "%s/scores.arrow", "null:",
#ifdef MIMIC_HAVE_SQLITE
                                          "%s/scores.db",
#endif
                                          "csv:%s/c"};
    set_up(50, 10);
    for (size_t i = 0; i < sizeof TARGETS / sizeof TARGETS[0]; i++) {
        char target[1200];
        tally self = {0};
        int64_t rows = 0;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_patient_function function = function_of(&self);
        const char *colon = strchr(TARGETS[i], '%');
        snprintf(target, sizeof target, "%.*s%s%s", (int)(colon == NULL ? 5 : colon - TARGETS[i]),
                 TARGETS[i], colon == NULL ? "" : folder.path, colon == NULL ? "" : colon + 2);
        const mimic_status status =
            mimic_patients_run(context(), out_path(), &function, target, NULL, &rows, &err);
        ck_assert_msg(status == MIMIC_OK, "%s: %s", target, err.message);
        ck_assert_int_gt(rows, 50);
    }
    tear_down();
}
END_TEST

START_TEST(patients__failures_name_the_patient)
{
    static const struct {
        mimic_status status;
        const char *message;
    } WANTED[] = {{MIMIC_ERR_BACKEND, "no luck"},
                  {MIMIC_ERR_VALUE, "column subject_id of table scores is of type"},
                  {MIMIC_ERR_VALUE, "40000 is no value"},
                  {MIMIC_ERR_VALUE, "not UTF-8"},
                  {MIMIC_ERR_VALUE, "no column number 99"},
                  {MIMIC_ERR_VALUE, "is required"},
                  {MIMIC_ERR_VALUE, "not ended"},
                  {MIMIC_ERR_VALUE, "is no value of type timestamp"},
                  {MIMIC_ERR_ARGUMENT, "answered 1"},
                  {MIMIC_ERR_LIMIT, "MIMIC_ERR_LIMIT"}};
    char path[1200];
    set_up(2000, 100);
    snprintf(path, sizeof path, "%s/scores.csv", folder.path);
    for (int i = 0; i < (int)(sizeof WANTED / sizeof WANTED[0]); i++)
        for (int32_t jobs = 1; jobs < 5; jobs += 3) {
            tally self = {.fail_at = 1500, .how = i};
            mimic_error err = MIMIC_ERROR_INIT;
            mimic_patients_options options = MIMIC_PATIENTS_OPTIONS_INIT;
            const mimic_patient_function function = function_of(&self);
            options.jobs = jobs;
            ck_assert_int_eq(
                mimic_patients_run(context(), out_path(), &function, path, &options, NULL, &err),
                WANTED[i].status);
            ck_assert_msg(strstr(err.message, "table scores, subject 1500: ") != NULL, "%s",
                          err.message);
            ck_assert_msg(strstr(err.message, WANTED[i].message) != NULL, "%s", err.message);
            ck_assert(!test_exists(path));
        }
    tear_down();
}
END_TEST

static int stop_later(const mimic_progress *progress, void *ctx)
{
    tally *self = ctx;
    ck_assert_str_eq(progress->table, "scores");
    ck_assert_int_le(progress->bytes, progress->total_bytes);
    return --self->cancel_after < 0;
}

START_TEST(patients__cancel)
{
    char path[1200];
    set_up(2000, 100);
    snprintf(path, sizeof path, "%s/scores.csv", folder.path);
    for (int32_t jobs = 1; jobs < 5; jobs += 3) {
        tally self = {.cancel_after = 1};
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_patients_options options = MIMIC_PATIENTS_OPTIONS_INIT;
        const mimic_patient_function function = function_of(&self);
        options.jobs = jobs;
        options.progress = stop_later;
        options.progress_ctx = &self;
        ck_assert_int_eq(
            mimic_patients_run(context(), out_path(), &function, path, &options, NULL, &err),
            MIMIC_ERR_CANCELLED);
        ck_assert(!test_exists(path));
        self.cancel_after = 1000;
        ck_assert_int_eq(
            mimic_patients_run(context(), out_path(), &function, path, &options, NULL, &err),
            MIMIC_OK);
        remove(path);
    }
    tear_down();
}
END_TEST

static mimic_status run_under_stress(const mimic_context *ctx, mimic_error *err)
{
    tally self = {0};
    mimic_patients_options options = MIMIC_PATIENTS_OPTIONS_INIT;
    const mimic_patient_function function = function_of(&self);
    options.group = MIMIC_GROUP_ADMISSION;
    return mimic_patients_run(ctx, out_path(), &function, "null:", &options, NULL, err);
}

START_TEST(patients__failing_allocations)
{
    set_up(6, 5);
    replay_failing_allocations(run_under_stress);
    tear_down();
}
END_TEST

START_TEST(patients__arguments)
{
    tally self = {0};
    mimic_error err = MIMIC_ERROR_INIT;
    set_up(1, 1);
    mimic_patient_function function = function_of(&self);
    ck_assert_int_eq(mimic_patients_run(NULL, "x", &function, "null:", NULL, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_patients_run(context(), "x", &function, "null:", NULL, NULL, &err),
                     MIMIC_ERR_NOT_FOUND);
    ck_assert_int_eq(mimic_patients_run(context(), out_path(), &function, "?", NULL, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    function.run = NULL;
    ck_assert_int_eq(mimic_patients_run(context(), out_path(), &function, "null:", NULL, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(patients, patients__rows_of_every_type, patients__same_rows_for_any_jobs,
                patients__into_any_target, patients__failures_name_the_patient, patients__cancel,
                patients__failing_allocations, patients__arguments)
