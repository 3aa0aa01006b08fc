/* One conversion: the parts of one table into one sink. */
#ifndef MIMIC_LOAD_JOB_H
#define MIMIC_LOAD_JOB_H

#include "base/pool.h"
#include "load/load_expect.h"
#include "load/load_flow.h"
#include "load/load_reader.h"
#include "load/load_report.h"

typedef struct load_lanes load_lanes;
typedef struct load_keys load_keys;
typedef struct load_ledger load_ledger; /* load_ledger.h */
typedef struct load_quality load_quality; /* load_quality.h */

/* What the tables of one call share. */
typedef struct load_job {
    const mimic_context *ctx;
    const mimic_registry *registry;    /* NULL allowed: no other release to think of */
    const mimic_load_options *options; /* a full copy */
    mimic_sink *sink;
    mimic_pool *pool; /* NULL = one job */
    load_keys *keys;   /* NULL = not looked at */
    load_lanes *lanes; /* while several tables are loaded at once */
    int (*interrupted)(void *ctx); /* of the caller's sink options; NULL = none */
    void *interrupted_ctx;
    mimic_progress progress; /* as told last */
    mimic_report *report;
    const load_ledger *ledger; /* NULL = no line is written */
    load_expect *expect;       /* NULL = any number of rows will do */
    load_quality *quality;     /* NULL = no profiles */
    size_t table_index;
    size_t table_count;
    int64_t table_bytes;     /* stored bytes of the table at hand, -1 = not known */
    int64_t all_bytes;       /* of the tables done */
    int64_t all_total_bytes; /* -1 = not known */
} load_job;

typedef struct load_input {
    const mimic_table *table;
    const char *const *paths; /* parts, in order */
    size_t path_count;
    size_t depth; /* with keys enforced: parents above, which are loaded first */
    /* see mimic__load_input_stamp */
    const char *name;
    int64_t bytes;    /* stored; -1 = not known */
    int64_t modified; /* nanoseconds since 1970; -1 = not known */
    mimic_arrow_reader *stream; /* read in place of paths[0], which is its name then; NULL = none */
} load_input;

/* Of a source or a sink that may have to wait: asks the caller whether to stop. `job` is a load_job. */
int mimic__load_is_interrupted(void *job);
/* Tells the caller's progress callback, if there is one, and asks whether to stop. */
int mimic__load_tell(load_job *job, const mimic_progress *progress);
/* Stored bytes of a regular file, -1 for anything else. */
int64_t mimic__load_stored_size(const char *path);
/* Opens one part; a signal ends the wait for a pipe when the progress callback says so. */
mimic_status mimic__load_open_source(load_job *job, const char *path, mimic_source **out_source,
                                     mimic_error *err);

/*
 * Opens every part, compares its header with the table and notes the drift; nothing is converted.
 * MIMIC_ERR_DRIFT, MIMIC_ERR_CSV_HEADER and what the source returns.
 */
mimic_status mimic__load_preview(load_job *job, const load_input *input, mimic_error *err);

/* A part that is opened: its header was read, and the first blocks may be on their way. */
typedef struct load_part {
    const char *path;
    mimic_source *source;
    load_reader reader;
    load_flow *flow;     /* the table's; taken over with its first part */
    mimic_status status; /* of opening it, told when its turn comes */
    mimic_error error;
} load_part;

/* Opens part `index`, which is to give at most `limit` rows (0 = all); job->sink is there.
 * `flow`: the table's, NULL = a new one. */
void mimic__load_part_open(load_job *job, const load_input *input, size_t index, int64_t limit,
                           load_flow *flow, load_part *out_part);
/* May be zeroed or taken over. The flow of a part that was not taken over is freed too. */
void mimic__load_part_close(const load_job *job, load_part *part);
/* The schema of what is written of a table, which lives in `arena`. */
mimic_status mimic__load_output_table(const mimic_csv_options *csv, const mimic_table *table,
                                      mimic_arena *arena, const mimic_table **out_table,
                                      mimic_error *err);
/* The options of a reader, with what those of the load say about errors and drift. */
mimic_csv_options mimic__load_reader_options(const load_job *job);
/* Of fields that are unique: what the reader cannot remember is found with the other keys. */
mimic_unique_mode mimic__load_unique_mode(const mimic_load_options *options);
/* Rows that are wanted of a table, 0 = all. */
int64_t mimic__load_limit(const load_job *job);

/*
 * Converts; `first` is part 0, opened, and is taken over. The line of the report is filled in any
 * case. The sink's table is committed or aborted.
 */
mimic_status mimic__load_convert(load_job *job, const load_input *input, load_part *first,
                                 mimic_error *err);

#endif
