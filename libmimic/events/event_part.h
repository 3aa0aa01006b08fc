/*
 * The folder that a build writes, and its parts.
 *
 *     OUT/.mimic-partial/<identity>-<i>-of-<n>/   a part: its data, and what event_state.h says
 *     OUT/.mimic-partial/moving                   "removing", or the identity of the parts that are
 *                                                 being moved into OUT: what is there is ours
 *     OUT/.mimic-finished                         parts that were moved, on their way out
 *     OUT/.mimic-identity                         what the dataset in OUT was made of
 *     OUT/.mimic-state.json                       its counts
 *     OUT/manifest.json                           there when all else is
 *
 * The identity is a hash of the settings, of the inputs (names, sizes, times of change) and of the names
 * of tables that it goes without, so that parts of different builds are never mixed. A part that was
 * killed begins anew; one that is done is left as it is. Whoever finds all parts done moves them into
 * OUT; when that is cut short, the next one goes on, and a build of something else first declares the
 * parts void that were being moved. Whoever comes to OUT under its lock looks again whose it is; parts
 * of a build that is refused there are removed.
 */
#ifndef MIMIC_EVENTS_EVENT_PART_H
#define MIMIC_EVENTS_EVENT_PART_H

#include "events/event_make.h"
#include "io/target_lock.h"

#define EVENT_IDENTITY_BYTES 33

typedef struct event_out {
    event_job *job;
    const char *path;
    const char *partial; /* OUT/.mimic-partial */
    const char *part;    /* the folder of this part */
    char identity[EVENT_IDENTITY_BYTES];
    const char *const *meanings; /* codes.records of a partition; read before those of the parts */
    const char *const *rejects; /* and its rejects.records */
    size_t partition_count;
    bool was_there; /* the folder, before this build */
} event_out;

/* Sets the paths; *out_is_done when OUT holds this very dataset and `force` is not asked for. Refuses
 * a folder with a dataset of something else, or with files that are not ours. */
mimic_status mimic__event_out_open(event_out *out, const char *path, bool *out_is_done,
                                   mimic_error *err);
typedef mimic_status (*event_part_fn)(event_making *run, void *ctx, mimic_error *err);
/* Runs this part, unless it is done. `run` may be called twice: see event_make.c. */
mimic_status mimic__event_part_make(event_out *out, event_part_fn run, void *run_ctx,
                                    mimic_error *err);
/* Where all parts are done: moves them into OUT with the metadata. *sum is the whole, or this part. */
mimic_status mimic__event_out_finish(event_out *out, event_state *sum, bool *out_is_complete,
                                     mimic_error *err);
/* Removes what a build that was killed at its very end left beside the whole dataset. */
mimic_status mimic__event_out_tidy(event_out *out, mimic_error *err);
/* Counts of a dataset that is there. */
mimic_status mimic__event_out_state(event_out *out, event_state *sum, mimic_error *err);

/* ---- event_finish.c ---- */

/* Metadata, rejects and manifest of all parts, below `dir`. `parts`: their folders. */
mimic_status mimic__event_metadata_write(event_out *out, const char *const *parts,
                                         size_t part_count, event_state *sum, const char *dir,
                                         mimic_error *err);

/* ---- event_folders.c ---- */

bool mimic__path_exists(const char *path);
/* Removes a folder or file with everything in it; what is not there is removed. MIMIC_ERR_IO. */
mimic_status mimic__remove_tree(const mimic_context *ctx, const char *path, mimic_error *err);
typedef mimic_status (*folder_name_fn)(const char *name, void *name_ctx, mimic_error *err);
/* Calls `fn` with each name in a folder, none where there is no folder; fn may remove or move it. */
mimic_status mimic__each_name(const char *path, folder_name_fn fn, void *fn_ctx, mimic_error *err);
/* Moves what is in `from` into `to`, folder by folder; what is there under the same name is replaced,
 * folders are merged. `from` is empty afterwards, but there. */
mimic_status mimic__merge_tree(const mimic_context *ctx, const char *from, const char *to,
                               mimic_error *err);

#endif
