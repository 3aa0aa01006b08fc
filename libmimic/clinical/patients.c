/*
 * Runs a patient function over a dataset:
 *
 *     packets of patients, in order (events/event_read.h) ► a task each: the function, patient by
 *     patient, into rows ► rows into the sink, in order, on the caller's thread
 *
 * Record batches are decoded by tasks of the same pool, some ahead.
 */
#include <mimic/clinical.h>

#include "base/error.h"
#include "base/options.h"
#include "clinical/rows.h"
#include "events/event_read.h"
#include "sink/sink_internal.h"

typedef struct patients_run patients_run;

/* A packet, and the rows that are made of it. */
typedef struct patients_job {
    mimic_task task; /* the first member */
    patients_run *run;
    mimic_read_packet packet;
    mimic_read_groups groups;
    mimic_rows rows;
    int64_t patients;
    mimic_status status;
    mimic_error error;
    mimic_error given; /* of the function */
} patients_job;

struct patients_run {
    const mimic_context *ctx;
    mimic_patient_function function;
    mimic_patients_options options;
    mimic_trajectories *reader;
    mimic_sink *sink;
    patients_job *jobs; /* a ring */
    size_t job_count;
    size_t first;
    size_t in_flight;
    bool is_ended;
    mimic_status read_status; /* of the reader, told when what came before it is written */
    mimic_error read_error;
    int64_t patients;
    int64_t rows;
};

/* ---- one packet ---- */

static mimic_status run_one(patients_job *job, const mimic_patient *patient, mimic_error *err)
{
    const patients_run *run = job->run;
    mimic_error *given = &job->given;
    *given = (mimic_error)MIMIC_ERROR_INIT;
    const mimic_status answered =
        run->function.run(run->function.ctx, patient, &job->rows, given);
    mimic_status status = answered;
    if (status == MIMIC_OK)
        status = mimic__rows_check(&job->rows, given);
    job->patients++;
    if (status == MIMIC_OK)
        return MIMIC_OK;
    if (status > 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "table %s, subject %lld: the patient function answered %d, which is no "
                           "error",
                           run->function.table->name, (long long)patient->subject_id, status);
    return mimic__fail(err, status, "table %s, subject %lld: %s", run->function.table->name,
                       (long long)patient->subject_id,
                       given->message[0] == '\0' ? mimic_status_name(status) : given->message);
}

static mimic_status run_groups(patients_job *job, const mimic_patient *patient, mimic_error *err)
{
    mimic_patient group = MIMIC_PATIENT_INIT;
    mimic_status status = MIMIC_OK;
    if (!mimic__read_groups_begin(&job->groups, patient))
        return mimic__fail_memory(err);
    while ((status = mimic__read_groups_next(&job->groups, &group)) == MIMIC_OK)
        MIMIC_TRY(run_one(job, &group, err));
    return status == MIMIC_END ? MIMIC_OK : mimic__fail_memory(err);
}

static void run_packet(mimic_task *task)
{
    patients_job *job = (patients_job *)task;
    const size_t count = mimic__read_packet_count(&job->packet);
    job->error = (mimic_error)MIMIC_ERROR_INIT;
    job->status = MIMIC_OK;
    job->patients = 0;
    mimic__rows_clear(&job->rows);
    for (size_t i = 0; i < count && job->status == MIMIC_OK; i++) {
        mimic_patient patient = MIMIC_PATIENT_INIT;
        mimic__read_packet_patient(job->run->reader, &job->packet, i, &patient);
        job->status = job->groups.group == MIMIC_GROUP_SUBJECT
                          ? run_one(job, &patient, &job->error)
                          : run_groups(job, &patient, &job->error);
    }
}

/* ---- all packets ---- */

/* Has the function run on what comes next, as far as there are jobs free. */
static void submit_more(patients_run *run)
{
    while (run->in_flight < run->job_count && !run->is_ended) {
        patients_job *job = &run->jobs[(run->first + run->in_flight) % run->job_count];
        run->read_status = mimic__read_packet_next(run->reader, &job->packet, &run->read_error);
        run->is_ended = run->read_status != MIMIC_OK;
        if (run->is_ended)
            return;
        run->in_flight++;
        mimic__pool_submit(run->reader->pool, &job->task);
    }
}

static void release_first(patients_run *run)
{
    patients_job *job = &run->jobs[run->first];
    mimic__pool_wait(run->reader->pool, &job->task);
    mimic__read_packet_release(run->reader, &job->packet);
    run->first = (run->first + 1) % run->job_count;
    run->in_flight--;
}

static mimic_status tell_progress(patients_run *run, size_t file, bool is_done, mimic_error *err)
{
    if (run->options.progress == NULL)
        return MIMIC_OK;
    int64_t total = 0;
    int64_t done = 0;
    for (size_t i = 0; i < run->reader->file_count; i++) {
        done += i < file || is_done ? run->reader->files[i].size : 0;
        total += run->reader->files[i].size;
    }
    const mimic_progress progress = {.struct_size = sizeof progress,
                                     .table = run->function.table->name,
                                     .table_count = 1,
                                     .bytes = done,
                                     .total_bytes = total,
                                     .rows = run->patients,
                                     .all_bytes = done,
                                     .all_total_bytes = total,
                                     .is_done = is_done};
    if (run->options.progress(&progress, run->options.progress_ctx) == 0)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled by the progress callback");
}

static mimic_status write_first(patients_run *run, mimic_error *err)
{
    patients_job *job = &run->jobs[run->first];
    mimic__pool_wait(run->reader->pool, &job->task);
    if (job->status != MIMIC_OK)
        return mimic__fail_again(err, &job->error);
    const mimic_batch batch = mimic__rows_batch(&job->rows);
    if (batch.row_count > 0)
        MIMIC_TRY(mimic_sink_write(run->sink, &batch, err));
    run->rows += batch.row_count;
    run->patients += job->patients;
    return tell_progress(run, job->packet.file, false, err);
}

static mimic_status run_all(patients_run *run, mimic_error *err)
{
    for (;;) {
        submit_more(run);
        if (run->in_flight == 0)
            break;
        MIMIC_TRY(write_first(run, err));
        release_first(run);
    }
    if (run->read_status < 0)
        return mimic__fail_again(err, &run->read_error);
    return tell_progress(run, 0, true, err);
}

static mimic_status run_into_sink(patients_run *run, mimic_error *err)
{
    if (run->function.prepare != NULL)
        MIMIC_TRY(run->function.prepare(run->function.ctx, run->reader, err));
    MIMIC_TRY(mimic_sink_begin(run->sink, run->function.table, NULL, err));
    mimic_status status = run_all(run, err);
    while (run->in_flight > 0)
        release_first(run);
    if (status == MIMIC_OK)
        status = mimic_sink_commit(run->sink, err);
    if (status != MIMIC_OK) {
        mimic_sink_abort(run->sink);
        return status;
    }
    return mimic_sink_finish(run->sink, NULL, NULL, err);
}

/* ---- beginning and end ---- */

static mimic_status make_jobs(patients_run *run, mimic_error *err)
{
    run->jobs = mimic__alloc_zeroed(run->ctx, run->job_count, sizeof *run->jobs);
    if (run->jobs == NULL)
        return mimic__fail_memory(err);
    const size_t count = run->job_count;
    for (run->job_count = 0; run->job_count < count; run->job_count++) {
        patients_job *job = &run->jobs[run->job_count];
        MIMIC_TRY(mimic__rows_init(&job->rows, run->ctx, run->function.table, err));
        job->task.run = run_packet;
        job->run = run;
        mimic__read_packet_init(&job->packet, run->ctx);
        mimic__read_groups_init(&job->groups, run->ctx, run->reader->options.group);
    }
    return MIMIC_OK;
}

static mimic_status open_all(patients_run *run, const char *path, const char *target,
                             mimic_error *err)
{
    mimic_trajectories_options options = MIMIC_TRAJECTORIES_OPTIONS_INIT;
    options.group = run->options.group;
    options.split = run->options.split;
    options.values_only = run->options.values_only;
    options.jobs = run->options.jobs;
    options.max_batch_bytes = run->options.max_batch_bytes;
    MIMIC_TRY(mimic__trajectories_check_options(&options, err));
    run->job_count = options.jobs == 1 ? 1 : (size_t)options.jobs + 1;
    const size_t slots = run->job_count + (options.jobs == 1 ? 1 : (size_t)options.jobs);
    MIMIC_TRY(mimic__trajectories_open(run->ctx, path, &options, slots, &run->reader, err));
    MIMIC_TRY(make_jobs(run, err));
    return mimic__sink_open(run->ctx, target, run->options.sink, run->reader->pool, &run->sink, err);
}

static void close_all(patients_run *run)
{
    mimic_sink_free(run->sink);
    for (size_t i = 0; run->jobs != NULL && i < run->job_count; i++) {
        mimic__rows_free(&run->jobs[i].rows);
        mimic__read_packet_free(&run->jobs[i].packet);
        mimic__read_groups_free(&run->jobs[i].groups);
    }
    mimic__free(run->ctx, run->jobs);
    mimic_trajectories_free(run->reader);
}

mimic_status mimic_patients_run(const mimic_context *ctx, const char *path,
                                const mimic_patient_function *function, const char *target,
                                const mimic_patients_options *options, int64_t *out_rows,
                                mimic_error *err)
{
    patients_run run = {.ctx = ctx,
                        .function = MIMIC_PATIENT_FUNCTION_INIT,
                        .options = MIMIC_PATIENTS_OPTIONS_INIT,
                        .read_error = MIMIC_ERROR_INIT};
    if (out_rows != NULL)
        *out_rows = 0;
    if (ctx == NULL || path == NULL || function == NULL || target == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_patients_run needs a context, a path, a function and a target");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&run.function, function, "mimic_patient_function", err));
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&run.options, options, "mimic_patients_options", err));
    if (run.function.table == NULL || run.function.run == NULL ||
        run.function.table->field_count == 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "a patient function needs `run` and a table with columns");
    mimic_status status = open_all(&run, path, target, err);
    if (status == MIMIC_OK)
        status = run_into_sink(&run, err);
    close_all(&run);
    if (status == MIMIC_OK && out_rows != NULL)
        *out_rows = run.rows;
    return status;
}
