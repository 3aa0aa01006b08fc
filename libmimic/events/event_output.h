/*
 * The files of a dataset: Arrow shards, files of single patients, and metadata. One mimic_event_output
 * is the target of an assembly.
 *
 *     data/<split>/<n>.arrow  metadata/codes.arrow  metadata/subject_splits.arrow
 *     metadata/dataset.json
 *     files/<fan-out>/<subject>[-<id>].arrow|.ndjson   (MIMIC_LAYOUT_FILES, see event_files.h)
 *
 * docs/events.md has the columns. Bytes depend on events and options alone.
 */
#ifndef MIMIC_EVENTS_EVENT_OUTPUT_H
#define MIMIC_EVENTS_EVENT_OUTPUT_H

#include "events/event_assembly.h"
#include "io/output.h"

typedef struct mimic_event_output mimic_event_output;

typedef struct mimic_event_output_options {
    const char *path;    /* the folder: files are written below it, each under its name when whole */
    mimic_layout layout;
    mimic_event_format format;
    mimic_group group;
    const char *version; /* of the trajectories */
    const mimic_event_map *map;
    const mimic_event_plan *plan;
    const mimic_event_codes *codes;
    const mimic_event_codes *units;
    uint32_t first_file; /* of this part: files [first, end) among all */
    uint32_t end_file;
    bool no_sync; /* for tests: nothing is synced */
} mimic_event_output_options;

mimic_status mimic__event_output_new(const mimic_context *ctx,
                                     const mimic_event_output_options *options,
                                     mimic_event_output **out_output, mimic_error *err);
void mimic__event_output_free(mimic_event_output *output); /* NULL is allowed */
/* Borrowed from the output. */
const mimic_event_target *mimic__event_output_target(mimic_event_output *output);
/* Completes the files that are open and makes all of them last; files of the part without an event are
 * written too, empty. */
mimic_status mimic__event_output_finish(mimic_event_output *output, mimic_error *err);

typedef struct mimic_event_output_totals {
    int64_t subjects;
    int64_t events;
    int64_t files;
    int64_t bytes;
} mimic_event_output_totals;
mimic_event_output_totals mimic__event_output_totals(const mimic_event_output *output);

/* ---- metadata ---- */

/* A code as codes.arrow has it. */
typedef struct mimic_code_line {
    const char *code;
    size_t code_size;
    const char *description; /* NULL = none */
    const char *const *parents;
    size_t parent_count;
    int64_t events;
} mimic_code_line;

/* In order of the codes: columns code, description, parent_codes, and `events` as an extension. */
mimic_status mimic__codes_file_write(const mimic_context *ctx, const char *path,
                                     const mimic_code_line *lines, size_t count,
                                     mimic_error *err);
/* Subjects ascend. */
mimic_status mimic__splits_file_write(const mimic_context *ctx, const char *path,
                                      const int64_t *subjects, size_t count,
                                      const mimic_event_plan *plan, mimic_error *err);
/* dataset.json: names, versions, the lists of columns. */
typedef struct mimic_dataset_card {
    const char *name;    /* "mimic-iv" */
    const char *version; /* "3.1" */
    const char *trajectory_version;
    const char *license; /* "" = not said */
} mimic_dataset_card;
mimic_status mimic__dataset_card_write(const mimic_context *ctx, const char *path,
                                       const mimic_dataset_card *card, mimic_error *err);

#endif
