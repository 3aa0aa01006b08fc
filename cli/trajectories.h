/*
 * What the commands of trajectories have in common: options of the library from those of the command
 * line, and a report at the end.
 */
#ifndef MIMIC_CLI_TRAJECTORIES_H
#define MIMIC_CLI_TRAJECTORIES_H

#include <stdio.h>

#include "session.h"

typedef struct trajectory_job {
    const cli_arguments *arguments;
    int is_partition; /* patients are not put together yet */
    session session;
    mimic_trajectory_options options;
} trajectory_job;

/* `out` must not move, and is to be given to trajectory_job_close either way. */
int trajectory_job_open(const cli_arguments *arguments, trajectory_job *out);

/*
 * Prints the report (NULL allowed) and the error, if any; frees the report. Returns the exit status.
 */
int trajectory_job_end(trajectory_job *j, mimic_status status, mimic_trajectory_report *report,
                       const mimic_error *err);
void trajectory_job_close(trajectory_job *j);

/* trajectories_report.c: the report as text for people, under a title. */
void trajectories_report_print(FILE *stream, const mimic_trajectory_report *report,
                               const char *title, int is_partition);

#endif
