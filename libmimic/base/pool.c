/*
 * See pool.h. One lock, one queue, one condition: a task is some hundred microseconds of work, so
 * that nothing finer would be felt. The condition is broadcast when a task is queued or done and
 * somebody sleeps.
 */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>

#include "base/error.h"

enum { TASK_IDLE, TASK_QUEUED, TASK_RUNNING };

struct mimic_pool {
    const mimic_context *ctx;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    mimic_task *first;
    mimic_task *last;
    size_t sleepers;
    bool is_ending;
    int thread_count;
    pthread_t *threads;
};

/* ---- with the lock held ---- */

static void push(mimic_pool *pool, mimic_task *task)
{
    task->next = NULL;
    task->state = TASK_QUEUED;
    if (pool->first == NULL)
        pool->first = task;
    else
        pool->last->next = task;
    pool->last = task;
}

static mimic_task *pop(mimic_pool *pool)
{
    mimic_task *const task = pool->first;
    if (task == NULL)
        return NULL;
    pool->first = task->next;
    task->next = NULL;
    return task;
}

/* Takes a certain task out of the queue. */
static void take(mimic_pool *pool, mimic_task *task)
{
    mimic_task *before = NULL;
    for (mimic_task *at = pool->first; at != task; at = at->next)
        before = at;
    if (before == NULL)
        pool->first = task->next;
    else
        before->next = task->next;
    if (pool->last == task)
        pool->last = before;
    task->next = NULL;
}

static void wake(mimic_pool *pool)
{
    if (pool->sleepers > 0)
        pthread_cond_broadcast(&pool->changed);
}

static void sleep_until_changed(mimic_pool *pool)
{
    pool->sleepers++;
    pthread_cond_wait(&pool->changed, &pool->lock);
    pool->sleepers--;
}

/* Runs a task that was taken from the queue, without the lock. The task may be gone, or submitted
 * anew, as soon as it is said to be done. */
static void run(mimic_pool *pool, mimic_task *task)
{
    task->state = TASK_RUNNING;
    pthread_mutex_unlock(&pool->lock);
    task->run(task);
    pthread_mutex_lock(&pool->lock);
    task->state = TASK_IDLE;
    wake(pool);
}

/* ---- threads ---- */

static void *work(void *argument)
{
    mimic_pool *const pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        mimic_task *const task = pop(pool);
        if (task != NULL)
            run(pool, task);
        else if (pool->is_ending)
            break;
        else
            sleep_until_changed(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* As many of `wanted` threads as the system gives; they inherit a mask that blocks all signals. */
static void start_threads(mimic_pool *pool, int wanted)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return;
    while (pool->thread_count < wanted &&
           pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) == 0)
        pool->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

mimic_status mimic__pool_new(const mimic_context *ctx, int jobs, mimic_pool **out_pool,
                             mimic_error *err)
{
    *out_pool = NULL;
    if (jobs < 1 || jobs > MIMIC_MAX_JOBS)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "jobs is %d; from 1 to %d are possible", jobs,
                           MIMIC_MAX_JOBS);
    mimic_pool *pool = mimic__alloc_zeroed(ctx, 1, sizeof *pool);
    if (pool == NULL)
        return mimic__fail_memory(err);
    pool->ctx = ctx;
    pool->threads = mimic__alloc_array(ctx, (size_t)jobs, sizeof *pool->threads);
    if (pool->threads == NULL || pthread_mutex_init(&pool->lock, NULL) != 0) {
        mimic__free(ctx, pool->threads);
        mimic__free(ctx, pool);
        return mimic__fail_memory(err);
    }
    if (pthread_cond_init(&pool->changed, NULL) != 0) {
        pthread_mutex_destroy(&pool->lock);
        mimic__free(ctx, pool->threads);
        mimic__free(ctx, pool);
        return mimic__fail_memory(err);
    }
    start_threads(pool, jobs - 1);
    *out_pool = pool;
    return MIMIC_OK;
}

void mimic__pool_free(mimic_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_ending = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    mimic__free(pool->ctx, pool->threads);
    mimic__free(pool->ctx, pool);
}

int mimic__pool_jobs(const mimic_pool *pool)
{
    return pool == NULL ? 1 : pool->thread_count + 1;
}

/* ---- tasks ---- */

void mimic__pool_submit(mimic_pool *pool, mimic_task *task)
{
    if (pool == NULL) {
        task->run(task);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    push(pool, task);
    wake(pool);
    pthread_mutex_unlock(&pool->lock);
}

void mimic__pool_wait(mimic_pool *pool, mimic_task *task)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    while (task->state != TASK_IDLE) {
        mimic_task *other = task;
        if (task->state == TASK_QUEUED)
            take(pool, task);
        else
            other = pop(pool);
        if (other != NULL)
            run(pool, other);
        else
            sleep_until_changed(pool);
    }
    pthread_mutex_unlock(&pool->lock);
}

bool mimic__pool_is_done(mimic_pool *pool, mimic_task *task)
{
    if (pool == NULL)
        return true;
    pthread_mutex_lock(&pool->lock);
    const bool is_done = task->state == TASK_IDLE;
    pthread_mutex_unlock(&pool->lock);
    return is_done;
}
