/* Inside a conversion: what the files that run it share. */
#ifndef MIMIC_LOAD_CONVERSION_H
#define MIMIC_LOAD_CONVERSION_H

#include "load/load_job.h"

/* Rejects are counted by column and code; the first of each is kept as an example. */
typedef struct reject_group {
    const char *column;
    mimic_reject_code code;
    int64_t count;
    const char *example;
} reject_group;

#define MAX_REJECT_GROUPS 256 /* further ones are counted together */

/* A row that the sink refused, until the batch is done. */
typedef struct refused_row {
    struct refused_row *next;
    int64_t row;         /* of the batch that was read */
    int64_t written_row; /* of the batch that was written, which may lack some */
    mimic_reject_code code;
    const char *column;
    const char *message;
} refused_row;

typedef struct conversion {
    load_job *job;
    const load_input *input;
    mimic_table_report *entry;
    load_part part; /* the one at hand; the next goes on with what its reader remembers */
    mimic_table_report before; /* the counts when that part began */
    mimic_arena groups_arena;
    reject_group *groups;
    size_t group_count;
    mimic_arena refused_arena;
    refused_row *first_refused;
    refused_row **last_refused;
    load_flow *flow;
    load_chunk *chunk; /* of the batch at hand, while it is written */
    int64_t started;      /* seconds since 1970 */
    size_t part_index;
    bool must_end; /* a row was refused that may not be: there is to be another way */
    mimic_error *err;     /* why a callback stopped the work; apart, as the reader has its own word */
    mimic_status stopped;
} conversion;

/* ---- load_reject.c ---- */

/* Of the reader; ctx is the conversion. */
int mimic__load_on_reject(const mimic_reject *reject, void *ctx);
/* Of the sink (mimic_sink_host); ctx is the conversion. The row waits until the batch is written. */
int mimic__load_refuse_row(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                           const char *message);
/* Makes rejects of the rows that wait; returns how many they were. */
mimic_status mimic__load_take_refused(conversion *work, int64_t *out_count, mimic_error *err);
void mimic__load_forget_refused(conversion *work);
/* Accounts for the rows that were left out before the sink saw the batch. */
mimic_status mimic__load_take_skipped(conversion *work, const mimic_batch *batch, mimic_error *err);
/* `read`: rows up to the reject, as the counts of the reader lag behind it by up to a block. */
mimic_status mimic__load_check_limits(const conversion *work, int64_t read, bool is_end,
                                      mimic_error *err);
/* Notes in the report, one a column and reason. */
mimic_status mimic__load_note_groups(conversion *work, mimic_error *err);

/* ---- load_part.c ---- */

mimic_status mimic__load_note_drift(load_job *job, const load_input *input, const mimic_drift *drift,
                                    mimic_error *err);
/* Nothing is read or encoded any more after this. */
void mimic__load_part_stop(load_part *part);

#endif
