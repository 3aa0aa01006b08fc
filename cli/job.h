/*
 * What convert, load and check have in common: options of the library from those of the command
 * line, and a report at the end.
 */
#ifndef MIMIC_CLI_JOB_H
#define MIMIC_CLI_JOB_H

#include "session.h"
#include "where.h"

typedef struct job {
    const cli_arguments *arguments;
    int is_recognised; /* the table was not named */
    session session;
    where where;
    mimic_csv_options csv;
    mimic_sink_options sink;
    mimic_load_options load;
} job;

/* `out` must not move, and is to be given to job_close either way. */
int job_open(const cli_arguments *arguments, job *out);

/*
 * Prints the report (NULL allowed) and the error, if any; frees the report. Returns the exit
 * status.
 */
int job_end(job *j, mimic_status status, mimic_report *report, const mimic_error *err);
void job_close(job *j);
/* All of it for the folder that is the first operand. */
int job_load(const cli_arguments *arguments, const char *target);

/* Threads: those of --jobs, or one a processor that this process may use. */
int32_t job_threads(const cli_arguments *arguments);
/* Where the user wants temporary files (TMPDIR); NULL = not said. */
const char *job_temporary_dir(void);

#endif
