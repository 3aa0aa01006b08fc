/*
 * A patient function: for each patient of a dataset of trajectories, how many events there are, how many
 * days lie between the first and the last, and the highest creatinine. Run over all patients in
 * parallel, with the rows in a CSV file.
 *
 *     10_patient_function FOLDER      makes an invented hospital, its trajectories, and the table there
 */
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>

static const char package[] =
    "{\"name\": \"summary\", \"resources\": [{\"name\": \"summary\", \"path\": \"summary.csv\", "
    "\"schema\": {\"fields\": ["
    "{\"name\": \"subject_id\", \"type\": \"integer\", \"constraints\": {\"required\": true}}, "
    "{\"name\": \"events\", \"type\": \"integer\"}, "
    "{\"name\": \"days\", \"type\": \"number\"}, "
    "{\"name\": \"creatinine_max\", \"type\": \"number\"}]}}]}";

enum { SUBJECT_ID, EVENTS, DAYS, CREATININE_MAX };

/* What all calls share; written by prepare, only read later. */
typedef struct summary {
    uint32_t creatinine; /* number of the code */
} summary;

static mimic_status prepare(void *self, const mimic_trajectories *trajectories, mimic_error *err)
{
    summary *shared = self;
    (void)err;
    shared->creatinine =
        mimic_trajectories_find_code(trajectories, "LAB//RESULT//50912//mg/dL");
    return MIMIC_OK;
}

/* Called by several threads at once, each with another patient. */
static mimic_status summarise(void *self, const mimic_patient *patient, mimic_rows *rows,
                              mimic_error *err)
{
    const summary *shared = self;
    int has_creatinine = 0;
    double highest = 0;
    (void)err;
    for (int64_t i = 0; i < patient->count; i++) {
        if (patient->code[i] != shared->creatinine || patient->value[i] != patient->value[i])
            continue;
        if (!has_creatinine || patient->value[i] > highest)
            highest = patient->value[i];
        has_creatinine = 1;
    }
    mimic_rows_int64(rows, SUBJECT_ID, patient->subject_id);
    mimic_rows_int64(rows, EVENTS, patient->count);
    if (patient->static_count < patient->count)
        mimic_rows_double(rows, DAYS,
                          (double)(patient->time[patient->count - 1] -
                                   patient->time[patient->static_count]) /
                              86400e6);
    if (has_creatinine)
        mimic_rows_double(rows, CREATININE_MAX, highest);
    mimic_rows_end(rows);
    return MIMIC_OK;
}

/* An invented hospital of 20 patients, and its trajectories. */
static mimic_status make_dataset(const mimic_context *ctx, const mimic_registry *registry,
                                 const char *hospital, const char *out, mimic_error *err)
{
    mimic_synth_options synth = MIMIC_SYNTH_OPTIONS_INIT;
    synth.patients = 20;
    synth.seed = 7;
    mimic_status status = mimic_synth(ctx, registry, "mimic-iv", hospital, &synth, err);
    if (status != MIMIC_OK)
        return status;
    mimic_trajectory_report *report = NULL;
    status = mimic_trajectories_build(ctx, registry, &hospital, 1, out, NULL, &report, err);
    mimic_trajectory_report_free(report);
    return status;
}

int main(int argc, char **argv)
{
    char hospital[1024];
    char out[1024];
    char target[1024];
    int64_t rows = 0;
    summary shared = {0};
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_dataset *added = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (argc != 2)
        return EXIT_FAILURE;
    (void)snprintf(hospital, sizeof hospital, "%s/hospital", argv[1]);
    (void)snprintf(out, sizeof out, "%s/trajectories", argv[1]);
    (void)snprintf(target, sizeof target, "%s/summary.csv", argv[1]);

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = make_dataset(ctx, registry, hospital, out, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_add_json(registry, package, sizeof package - 1, "summary", &added,
                                         &err);
    if (status == MIMIC_OK) {
        mimic_patient_function function = MIMIC_PATIENT_FUNCTION_INIT;
        mimic_patients_options options = MIMIC_PATIENTS_OPTIONS_INIT;
        function.table = mimic_dataset_table(added, 0);
        function.prepare = prepare;
        function.run = summarise;
        function.ctx = &shared;
        options.values_only = 1;
        options.jobs = 2;
        status = mimic_patients_run(ctx, out, &function, target, &options, &rows, &err);
    }
    if (status == MIMIC_OK)
        printf("%lld patients\n", (long long)rows);
    else
        fprintf(stderr, "%s\n", err.message);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
