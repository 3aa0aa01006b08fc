/*
 * A pool of threads that run tasks, for everything that works in parallel: decompression, parsing,
 * encoding, sorting.
 *
 *     static void square(mimic_task *task)
 *     {
 *         job *self = (job *)task;                 // the task is the job's first member
 *         self->result = self->number * self->number;
 *     }
 *     job one = {.task.run = square, .number = 7};
 *     mimic__pool_submit(pool, &one.task);
 *     mimic__pool_wait(pool, &one.task);           // works on other tasks meanwhile
 *
 * A pool of N jobs has N - 1 threads of its own: the thread that waits is the last one. With 1 job
 * there is no thread, and tasks run inside the wait for them; a pool that is NULL runs a task inside
 * submit. So there is one way to write a parallel step, whatever the number of jobs.
 *
 * A task may submit tasks and wait for them. It must never wait for one that waits for it, nor hold
 * a lock that another task takes, as waiting runs whatever comes first. Tasks report failures in
 * members of their own. Signals are left to the threads of the program: the pool's block them all.
 */
#ifndef MIMIC_BASE_POOL_H
#define MIMIC_BASE_POOL_H

#include <stdbool.h>

#include "base/context_internal.h"

typedef struct mimic_pool mimic_pool;
typedef struct mimic_task mimic_task;

/* Borrowed by the pool from submit until it is done. Zero-initialised but for `run`; may be submitted
 * again once it is done, not before. */
struct mimic_task {
    void (*run)(mimic_task *task);
    mimic_task *next; /* the pool's, as is the rest */
    int state;
};

#define MIMIC_MAX_JOBS 256

/* jobs: 1 to MIMIC_MAX_JOBS, threads that work, that of the caller included. Fewer threads than asked
 * for are no failure while there is one; see mimic__pool_jobs. */
mimic_status mimic__pool_new(const mimic_context *ctx, int jobs, mimic_pool **out_pool,
                             mimic_error *err);
/* Every task that was submitted must have been waited for. NULL is allowed. */
void mimic__pool_free(mimic_pool *pool);
/* 1 for NULL. */
int mimic__pool_jobs(const mimic_pool *pool);

/* Queues a task; first come, first served. */
void mimic__pool_submit(mimic_pool *pool, mimic_task *task);
/* Returns when the task is done; at once when it was never submitted. */
void mimic__pool_wait(mimic_pool *pool, mimic_task *task);
/* True when the task needs no waiting: done, or never submitted. What it wrote may then be read. */
bool mimic__pool_is_done(mimic_pool *pool, mimic_task *task);

#endif
