/*
 * The ledger of a target from the side of the load: what makes a table unchanged, and the line that
 * is written with each table.
 */
#ifndef MIMIC_LOAD_LEDGER_H
#define MIMIC_LOAD_LEDGER_H

#include "load/load_job.h"

typedef struct load_ledger_line load_ledger_line;

struct load_ledger {
    load_job *job;
    mimic_arena arena;
    char options_hash[33];
    load_ledger_line *lines; /* that the target holds */
    bool ran_out;            /* of memory, while lines were told */
    const load_input *inputs; /* that are wanted, while the target is opened */
    size_t input_count;
};

/* Also without a ledger in the target. The caller calls mimic__load_ledger_free in any case. */
mimic_status mimic__load_ledger_init(load_ledger *ledger, load_job *job, mimic_error *err);
void mimic__load_ledger_free(load_ledger *ledger);

/* Notes size and time of an input before it is read. `name` is how the ledger calls it; borrowed. */
void mimic__load_input_stamp(load_input *input, const char *name);

/* mimic_sink_options.resume: whether a table of a load that was cut short is one that this load would
 * write. `ledger` is a load_ledger. */
int mimic__load_ledger_keeps(const mimic_ledger_entry *entry, void *ledger);

/*
 * Takes the tables that the target holds already out of the inputs: they get their line in the
 * report. Notes what changed and, of the tables of `dataset`, whose file is gone.
 */
mimic_status mimic__load_ledger_skip(load_ledger *ledger, const mimic_dataset *dataset,
                                     load_input *inputs, size_t *count, mimic_error *err);

/* Stores the line of the table that is open in job->sink, before it is committed. `entry` holds its
 * counts, `started` is in seconds since 1970. */
mimic_status mimic__load_ledger_store(const load_job *job, const load_input *input,
                                      const mimic_table_report *entry, int64_t started,
                                      mimic_error *err);

/* Says of tables that failed that the target still holds what it held. */
mimic_status mimic__load_ledger_note_kept(const load_ledger *ledger, mimic_error *err);

#endif
