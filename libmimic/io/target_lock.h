/*
 * One writer at a time: a lock (flock) on a small file beside a target that is a file
 * (".<name>.mimic-lock"), or in one that is a folder ("<dir>/.mimic-lock"). It says who holds it, is
 * removed with the lock, and of a killed process only the file stays, which the next one takes over.
 */
#ifndef MIMIC_IO_TARGET_LOCK_H
#define MIMIC_IO_TARGET_LOCK_H

#include <stdbool.h>

#include <mimic/status.h>

#include "base/context_internal.h"

typedef struct mimic_target_lock mimic_target_lock;

typedef struct mimic_target_place {
    const char *path;
    bool is_folder;
    int (*interrupted)(void *ctx); /* asked while waiting; NULL = never */
    void *interrupted_ctx;
} mimic_target_place;

#define MIMIC_TARGET_HOLDER_BYTES 200

/*
 * Waits some seconds for whoever holds it. Missing folders are made, the target's own included.
 * MIMIC_ERR_BACKEND says who holds it; MIMIC_ERR_CANCELLED; MIMIC_ERR_IO; MIMIC_ERR_MEMORY. Where the
 * file system knows no locks, none is taken.
 */
mimic_status mimic__target_lock_take(const mimic_context *ctx, const mimic_target_place *place,
                                     mimic_target_lock **out_lock, mimic_error *err);
/* NULL is allowed. A folder that was made for the lock and is still empty goes too. */
void mimic__target_lock_free(mimic_target_lock *lock);

/* "process 812 on ward7 since 2026-01-31T12:00:00Z" when somebody holds it, else "". Changes nothing. */
mimic_status mimic__target_lock_holder(const mimic_context *ctx, const mimic_target_place *place,
                                       char out_holder[MIMIC_TARGET_HOLDER_BYTES],
                                       mimic_error *err);

#endif
