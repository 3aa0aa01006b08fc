/*
 * A build of trajectories: what its steps share.
 *
 *     inputs   folders ► tables of the map with their files         (event_inputs.c)
 *     source   a file ► chunks of events                            (event_source.c)
 *     subjects who is known, for the plan of files                  (event_subjects.c)
 *     run      sources ► streams ► assembly ► files of one part     (event_make.c)
 *     part     a part waits below OUT/.mimic-partial until all of them are there (event_part.c)
 *     finish   parts ► data, metadata, rejects, manifest            (event_finish.c)
 */
#ifndef MIMIC_EVENTS_EVENT_JOB_H
#define MIMIC_EVENTS_EVENT_JOB_H

#include "base/pool.h"
#include "events/event_codes.h"
#include "events/event_map.h"
#include "events/event_plan.h"
#include "events/event_reject_lines.h"
#include "load/load_folder.h"

#define MIMIC_CODE_BYTES ((size_t)1 << 30) /* of all codes, and of all units */

/* What reading a table came to, before any patient was put together. */
typedef struct event_reading {
    int64_t read;
    int64_t rejected;  /* by the reader, and by the policies that look at a row alone */
    int64_t without;   /* rows that gave nothing, those left out by a filter included */
    char hash[33];     /* of the stored bytes */
} event_reading;

/* One table that is read. */
typedef struct event_input {
    const mimic_event_table *table;
    const char *path;
    const char *relative;
    int64_t size;      /* stored bytes */
    int64_t modified;  /* nanoseconds since 1970 */
    bool is_context_only; /* it was not asked for, but others are joined with it */
    bool is_unsorted;  /* its subjects turned back */
    bool was_direct;
    int64_t stored_read; /* for progress */
    event_reading reading;
} event_input;

/* Sorted, without repetition; freed with mimic__free. */
typedef struct event_subjects {
    int64_t *ids;
    size_t count;
    size_t capacity;
} event_subjects;

typedef struct event_names {
    const char **items;
    size_t count;
} event_names;

typedef struct event_job {
    const mimic_context *ctx;
    const mimic_registry *registry;
    mimic_trajectory_options options; /* complete: no defaults are left */
    mimic_csv_options csv;
    mimic_arena arena;
    load_folder *folders;
    size_t folder_count;
    const mimic_dataset **datasets;
    size_t dataset_count;
    mimic_event_map *map;
    event_input *inputs; /* in the order of the map */
    size_t input_count;
    event_names absent;   /* tables that the map asks for, and no folder has; dictionaries behind */
    event_names unmapped; /* tables that a folder has, and the map does not */
    mimic_pool *pool;    /* NULL = one job */
    mimic_event_codes *codes;
    mimic_event_codes *units;
    mimic_event_plan *plan;
    event_subjects subjects; /* the plan is made of */
    bool knows_subjects;
    reject_lines *rejects;
    const char *scratch; /* temporary files stand beside this path */
    char reading_settings[33]; /* hash of what decides how rows become events */
    char settings[33];   /* the same, and what decides about the output */
    int64_t spilled;
    const char *step;    /* what is being done, for progress */
    bool told_unjudged;  /* which ids cannot be judged */
} event_job;

/* ---- event_inputs.c ---- */

/* Copies the options with their defaults; *job is to be closed in any case. */
mimic_status mimic__event_job_init(event_job *job, const mimic_context *ctx,
                                   const mimic_registry *registry,
                                   const mimic_trajectory_options *options, mimic_error *err);
void mimic__event_job_close(event_job *job);
/* Recognises the folders and finds the files of the map's tables. */
mimic_status mimic__event_job_read_dirs(event_job *job, const char *const *dirs, size_t dir_count,
                                        mimic_error *err);
/* The map of job->datasets, and the settings that follow. */
mimic_status mimic__event_job_find_map(event_job *job, mimic_error *err);
/* job->settings, of job->reading_settings and the options. */
mimic_status mimic__event_job_digest_writing(event_job *job, mimic_error *err);
/* The file of a table among all folders; NULL = none. */
mimic_status mimic__event_job_find_file(const event_job *job, const mimic_table *table,
                                        const load_file **out_file, mimic_error *err);
/* That options.tables are tables of the map. */
mimic_status mimic__event_job_check_tables(event_job *job, mimic_error *err);
/* The caller's, as far as they say how to read a file: which rows and columns are read, and what
 * becomes of those that do not fit, is the build's to say. */
mimic_csv_options mimic__event_job_csv(const event_job *job);
bool mimic__event_job_wants(const event_job *job, const mimic_table *table);
/* The same, or others are joined with its rows. */
bool mimic__event_job_needs(const event_job *job, const mimic_event_table *table);
/* Tells the caller where the work is; not 0 = stop. ctx is the job. */
int mimic__event_job_tell(void *ctx);
mimic_status mimic__event_job_cancelled(mimic_error *err);

/* ---- event_gaps.c ---- */

/* Sets job->absent and job->unmapped, when folders and inputs are known. */
mimic_status mimic__event_job_find_gaps(event_job *job, mimic_error *err);

/* ---- event_source.c ---- */

typedef struct event_source event_source;

/* Opens the file of an input. */
mimic_status mimic__event_source_open(event_job *job, event_input *input,
                                      event_source **out_source, mimic_error *err);
/* The next chunk, NULL at the end, when input->reading is complete. Subjects stand as in the file. */
mimic_status mimic__event_source_next(event_source *source, mimic_event_chunk **out_chunk,
                                      mimic_error *err);
void mimic__event_source_free(event_source *source); /* NULL is allowed */
/* The same as a stream: MIMIC_ERR_STATE, with input->is_unsorted set, when subjects turn back. With
 * `wants` only subjects of files [first, end) of the plan. */
typedef struct event_file_range {
    uint32_t first;
    uint32_t end;
} event_file_range;
mimic_status mimic__event_source_stream(event_job *job, event_input *input, event_file_range files,
                                        mimic_event_stream **out_stream, mimic_error *err);
/* Takes the runs out of a chunk whose subjects belong to other files; the chunk is not shared yet. */
void mimic__chunk_keep_files(mimic_event_chunk *chunk, const mimic_event_plan *plan,
                             event_file_range files);

/* ---- event_subjects.c ---- */

bool mimic__event_subjects_add(const mimic_context *ctx, event_subjects *subjects, int64_t id);
void mimic__event_subjects_settle(event_subjects *subjects); /* sorts */
/* Adds those of the records in a file; a file that is not there has none. */
mimic_status mimic__event_subjects_read(const mimic_context *ctx, event_subjects *subjects,
                                        const char *path, mimic_error *err);
/* Says this table who is known? That of patients does; where there is none, each. */
bool mimic__event_job_knows_by(const event_job *job, const event_input *input);
/* The subjects of all of its rows, those included that will be rejected, as such a file. */
mimic_status mimic__event_subjects_write(event_job *job, const event_input *input,
                                         const char *path, mimic_error *err);
/* Reads them from the table of patients, or where there is none from all tables; makes job->plan. */
mimic_status mimic__event_job_plan(event_job *job, mimic_error *err);
/* Of job->subjects, in any order. */
mimic_status mimic__event_job_plan_from(event_job *job, bool knows_subjects, mimic_error *err);

#endif
