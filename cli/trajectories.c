/*
 * From the command line to the options of trajectories, and from their end to an exit status.
 */
#include "trajectories.h"

#include "job.h"
#include "progress.h"
#include "talk.h"

/* Choices stand in the order of the library's constants, which count from 1 too. */
static void fill_options(const cli_arguments *arguments, mimic_trajectory_options *out)
{
    *out = (mimic_trajectory_options)MIMIC_TRAJECTORY_OPTIONS_INIT;
    out->dataset = arguments->dataset;
    out->tables = (const char *const *)arguments->tables.items;
    out->table_count = arguments->tables.count;
    out->codes = (const char *const *)arguments->codes.items;
    out->code_count = arguments->codes.count;
    out->maps = (const char *const *)arguments->maps.items;
    out->map_count = arguments->maps.count;
    out->version = arguments->trajectory_version;
    out->jobs = job_threads(arguments);
    out->memory = (uint64_t)arguments->memory;
    out->group = arguments->group;
    out->layout = arguments->layout;
    out->format = arguments->event_format;
    out->shard = arguments->shard.number;
    out->shard_count = arguments->shard.count;
    out->subjects_per_file = arguments->subjects_per_file > INT32_MAX
                                 ? INT32_MAX
                                 : (int32_t)arguments->subjects_per_file;
    out->train = arguments->split.first;
    out->tuning = arguments->split.second;
    out->bad_times = arguments->bad_times;
    out->reversed = arguments->reversed;
    out->outside = arguments->outside;
    out->unknown_subjects = arguments->unknown_subjects;
    out->missing_ids = arguments->missing_ids;
    out->force = arguments->force;
    out->always_sort = arguments->always_sort;
    out->temporary_dir =
        arguments->temporary_dir != NULL ? arguments->temporary_dir : job_temporary_dir();
    out->progress = progress_update;
}

static int print_json(const trajectory_job *j, const mimic_trajectory_report *report)
{
    mimic_error err = MIMIC_ERROR_INIT;
    char *json = NULL;
    const mimic_status status = mimic_trajectory_report_json(report, &json, &err);
    return session_print(&j->session, status, json, &err);
}

static int has_rejects(const mimic_trajectory_report *report)
{
    mimic_event_table_report table = MIMIC_EVENT_TABLE_REPORT_INIT;
    for (size_t i = 0; mimic_trajectory_report_table(report, i, &table) == MIMIC_OK; i++)
        if (table.rejected > 0)
            return 1;
    return 0;
}

/* Prints the report (NULL allowed) and the error, if any; frees the report. */
static int end(const trajectory_job *j, mimic_status status, mimic_trajectory_report *report,
               const mimic_error *err)
{
    const cli_list *const operands = &j->arguments->operands;
    progress_end();
    int result = EXIT_DONE;
    if (report != NULL && status != MIMIC_ERR_CANCELLED) {
        if (j->arguments->format == FORMAT_JSON)
            result = print_json(j, report);
        else
            trajectories_report_print(stdout, report,
                                      operands->items[operands->count - 1], j->is_partition);
        if (result == EXIT_DONE && has_rejects(report))
            result = EXIT_REJECTS;
    }
    (void)fflush(stdout); /* the report stands above what follows where both go to one place */
    if (status != MIMIC_OK)
        result = talk_mimic_error(err);
    mimic_trajectory_report_free(report);
    return result;
}

int trajectories_run(const cli_arguments *arguments, trajectory_step *step, int is_partition)
{
    trajectory_job j = {.arguments = arguments, .is_partition = is_partition};
    fill_options(arguments, &j.options);
    int status = session_open(arguments, &j.session);
    if (status == EXIT_DONE) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_trajectory_report *report = NULL;
        progress_begin(arguments->quiet);
        const mimic_status result = step(&j, &report, &err);
        status = end(&j, result, report, &err);
    }
    session_close(&j.session);
    return status;
}
