/*
 * What the commands that read trajectories share: a dataset that is open, times as text, patterns of
 * codes.
 */
#ifndef MIMIC_CLI_TIMELINE_H
#define MIMIC_CLI_TIMELINE_H

#include "session.h"

enum { TIME_BYTES = 32 };

/* "2180-05-06 22:23:00", with a fraction where there is one; "" for INT64_MIN. `between` stands between
 * date and time. */
const char *timeline_time(int64_t time, char between, char text[TIME_BYTES]);
/* "2180-05-06"; the time of day of the same moment. */
const char *timeline_date(int64_t time, char text[TIME_BYTES]);
const char *timeline_clock(int64_t time, char text[TIME_BYTES]);
/* Reads a date or a moment. Says what is wrong with it and returns EXIT_USAGE. A date alone as the end
 * of a span is its last microsecond. */
int timeline_parse(const char *option, const char *text, int is_end, int64_t *out);

/* A number as short as it reads back. */
enum { REAL_BYTES = 32 };
const char *timeline_real(double value, char text[REAL_BYTES]);

/* Does a code fit one of the patterns, "*" standing for any text? True where there are none. */
int timeline_fits(const cli_list *patterns, const char *code);

/* Opens the dataset that is the first operand. Says what is wrong; *out is NULL then. */
int timeline_open(const session *s, const cli_arguments *arguments,
                  const mimic_trajectories_options *options, mimic_trajectories **out);

#endif
