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

/* The call of the library that a command stands for; NULL in *out_report after a failure. */
typedef mimic_status trajectory_step(const trajectory_job *j, mimic_trajectory_report **out_report,
                                     mimic_error *err);

/* A whole command: opens, takes the step, prints the report or the error. Returns the exit status. */
int trajectories_run(const cli_arguments *arguments, trajectory_step *step, int is_partition);

/* trajectories_report.c: the report as text for people, under a title. */
void trajectories_report_print(FILE *stream, const mimic_trajectory_report *report,
                               const char *title, int is_partition);

#endif
