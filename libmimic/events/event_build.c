/* The public jobs: build, and its two steps, partition and assemble. */
#include "base/error.h"
#include "events/event_partition.h"
#include "events/event_part.h"
#include "events/event_report.h"

static mimic_status check(const mimic_context *ctx, const mimic_registry *registry,
                          const char *const *dirs, size_t dir_count, const char *out,
                          mimic_trajectory_report **out_report, mimic_error *err)
{
    if (out_report != NULL)
        *out_report = NULL;
    if (ctx == NULL || registry == NULL || dirs == NULL || dir_count == 0 || out == NULL ||
        out_report == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, registry, folders, target and out_report must not be NULL");
    for (size_t i = 0; i < dir_count; i++)
        if (dirs[i] == NULL)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "folder %zu is NULL", i);
    return MIMIC_OK;
}

/* ---- build ---- */

static mimic_status run_tables(event_making *run, void *ctx, mimic_error *err)
{
    (void)ctx;
    return mimic__event_run_tables(run, err);
}

/* What build and assemble have in common, when inputs and map are known. */
static mimic_status make_and_finish(event_out *out, event_part_fn fn, void *fn_ctx,
                                    mimic_trajectory_report **out_report, mimic_error *err)
{
    event_job *const job = out->job;
    event_state sum = {0};
    bool is_complete = false;
    mimic_status status = mimic__event_part_make(out, fn, fn_ctx, err);
    if (status == MIMIC_OK)
        status = mimic__event_state_init(&sum, job->ctx, job->map, err);
    job->step = "metadata";
    if (status == MIMIC_OK)
        status = mimic__event_out_finish(out, &sum, &is_complete, err);
    if (status == MIMIC_OK && is_complete)
        mimic__event_state_tell_unused(&sum, job);
    if (status == MIMIC_OK)
        status = mimic__event_report_new(job, &sum, is_complete, false, out_report, err);
    mimic__event_state_free(job->ctx, &sum);
    return status;
}

static mimic_status report_unchanged(event_out *out, mimic_trajectory_report **out_report,
                                     mimic_error *err)
{
    event_state sum;
    MIMIC_TRY(mimic__event_out_tidy(out, err));
    MIMIC_TRY(mimic__event_state_init(&sum, out->job->ctx, out->job->map, err));
    mimic_status status = mimic__event_out_state(out, &sum, err);
    if (status == MIMIC_OK)
        mimic__event_state_tell_unused(&sum, out->job);
    if (status == MIMIC_OK)
        status = mimic__event_report_new(out->job, &sum, true, true, out_report, err);
    mimic__event_state_free(out->job->ctx, &sum);
    return status;
}

static mimic_status build(event_job *job, const char *const *dirs, size_t dir_count,
                          const char *path, mimic_trajectory_report **out_report, mimic_error *err)
{
    event_out out = {.job = job};
    bool is_done;
    MIMIC_TRY(mimic__event_job_read_dirs(job, dirs, dir_count, err));
    MIMIC_TRY(mimic__event_out_open(&out, path, &is_done, err));
    if (is_done)
        return report_unchanged(&out, out_report, err);
    MIMIC_TRY(mimic__event_job_plan(job, err));
    return make_and_finish(&out, run_tables, NULL, out_report, err);
}

mimic_status mimic_trajectories_build(const mimic_context *ctx, const mimic_registry *registry,
                                      const char *const *dirs, size_t dir_count, const char *out,
                                      const mimic_trajectory_options *options,
                                      mimic_trajectory_report **out_report, mimic_error *err)
{
    event_job job;
    MIMIC_TRY(check(ctx, registry, dirs, dir_count, out, out_report, err));
    mimic_status status = mimic__event_job_init(&job, ctx, registry, options, err);
    if (status == MIMIC_OK)
        status = build(&job, dirs, dir_count, out, out_report, err);
    mimic__event_job_close(&job);
    return status;
}

/* ---- partition ---- */

/* What tables there are is said in every file, whichever this call is about. */
static mimic_status partition(event_job *job, const char *const *dirs, size_t dir_count,
                              const char *work, mimic_trajectory_report **out_report,
                              mimic_error *err)
{
    const mimic_trajectory_options asked = job->options;
    event_state sum;
    job->options.tables = NULL;
    job->options.table_count = 0;
    MIMIC_TRY(mimic__event_job_read_dirs(job, dirs, dir_count, err));
    job->options = asked;
    MIMIC_TRY(mimic__event_job_check_tables(job, err));
    MIMIC_TRY(mimic__event_state_init(&sum, job->ctx, job->map, err));
    mimic_status status = mimic__event_partition(job, work, &sum, err);
    if (status == MIMIC_OK)
        status = mimic__event_report_new(job, &sum, false, false, out_report, err);
    mimic__event_state_free(job->ctx, &sum);
    return status;
}

mimic_status mimic_trajectories_partition(const mimic_context *ctx, const mimic_registry *registry,
                                          const char *const *dirs, size_t dir_count,
                                          const char *work,
                                          const mimic_trajectory_options *options,
                                          mimic_trajectory_report **out_report, mimic_error *err)
{
    event_job job;
    MIMIC_TRY(check(ctx, registry, dirs, dir_count, work, out_report, err));
    mimic_status status = mimic__event_job_init(&job, ctx, registry, options, err);
    if (status == MIMIC_OK)
        status = partition(&job, dirs, dir_count, work, out_report, err);
    mimic__event_job_close(&job);
    return status;
}

/* ---- assemble ---- */

static mimic_status run_files(event_making *run, void *ctx, mimic_error *err)
{
    return mimic__event_partition_run(ctx, run, err);
}

static mimic_status assemble(event_job *job, event_partition *partition, const char *path,
                             mimic_trajectory_report **out_report, mimic_error *err)
{
    event_out out = {.job = job};
    bool is_done;
    MIMIC_TRY(mimic__event_partition_plan(partition, &out, err));
    MIMIC_TRY(mimic__event_out_open(&out, path, &is_done, err));
    return is_done ? report_unchanged(&out, out_report, err)
                   : make_and_finish(&out, run_files, partition, out_report, err);
}

mimic_status mimic_trajectories_assemble(const mimic_context *ctx, const mimic_registry *registry,
                                         const char *work, const char *out,
                                         const mimic_trajectory_options *options,
                                         mimic_trajectory_report **out_report, mimic_error *err)
{
    event_job job;
    event_partition *partition = NULL;
    MIMIC_TRY(check(ctx, registry, &work, 1, out, out_report, err));
    mimic_status status = mimic__event_job_init(&job, ctx, registry, options, err);
    if (status == MIMIC_OK)
        status = mimic__event_partition_open(&job, work, &partition, err);
    if (status == MIMIC_OK)
        status = assemble(&job, partition, out, out_report, err);
    mimic__event_partition_free(partition);
    mimic__event_job_close(&job);
    return status;
}
