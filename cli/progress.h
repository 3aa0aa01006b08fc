/*
 * Progress on stderr, and cancelling: a bar on a terminal, one line a finished table otherwise.
 */
#ifndef MIMIC_CLI_PROGRESS_H
#define MIMIC_CLI_PROGRESS_H

#include <mimic/load.h>

/* Starts the clock and takes SIGINT and SIGTERM: the first asks the work to stop, the second kills.
 */
void progress_begin(int is_quiet);

/* A mimic_progress_fn; `ctx` is not used. */
int progress_update(const mimic_progress *progress, void *ctx);

/* Takes the bar off the terminal, so that other lines can be printed. */
void progress_clear(void);

/* Clears the bar and gives the signals back. */
void progress_end(void);

#endif
