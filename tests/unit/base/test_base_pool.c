/* The pool of threads: every task runs once, waits come back, tasks may wait for tasks. */
#include "check_main.h"

#include <signal.h>

#include "base/pool.h"

typedef struct square {
    mimic_task task;
    mimic_pool *pool;
    long depth;
    long result;
} square;

static void run_square(mimic_task *task)
{
    square *const self = (square *)task;
    self->result = self->depth * self->depth;
}

/* Sum of 1 to depth, one task below the other. */
static void run_sum(mimic_task *task)
{
    square *const self = (square *)task;
    square below = {.task.run = run_sum, .pool = self->pool, .depth = self->depth - 1};
    if (below.depth > 0) {
        mimic__pool_submit(self->pool, &below.task);
        mimic__pool_wait(self->pool, &below.task);
    }
    self->result = self->depth + below.result;
}

static void run_mask(mimic_task *task)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    ((square *)task)->result = sigismember(&mask, SIGINT);
}

static mimic_context *new_context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static mimic_pool *new_pool(const mimic_context *ctx, int jobs)
{
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic__pool_new(ctx, jobs, &pool, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__pool_jobs(pool), jobs);
    return pool;
}

START_TEST(pool__every_task_runs)
{
    enum { COUNT = 500 };
    static const int jobs[] = {1, 2, 3, 8};
    static square tasks[COUNT];
    mimic_context *ctx = new_context();
    for (size_t j = 0; j < sizeof jobs / sizeof jobs[0]; j++) {
        mimic_pool *pool = new_pool(ctx, jobs[j]);
        for (int round = 0; round < 20; round++) {
            for (long i = 0; i < COUNT; i++) {
                tasks[i] = (square){.task.run = run_square, .depth = i};
                mimic__pool_submit(pool, &tasks[i].task);
            }
            for (long i = COUNT; i-- > 0;) {
                mimic__pool_wait(pool, &tasks[i].task);
                ck_assert(mimic__pool_is_done(pool, &tasks[i].task));
                ck_assert_int_eq(tasks[i].result, i * i);
            }
        }
        mimic__pool_free(pool);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(pool__tasks_wait_for_tasks)
{
    mimic_context *ctx = new_context();
    for (int jobs = 1; jobs <= 8; jobs *= 2) {
        mimic_pool *pool = new_pool(ctx, jobs);
        square sums[16];
        for (int i = 0; i < 16; i++) {
            sums[i] = (square){.task.run = run_sum, .pool = pool, .depth = 20 + i};
            mimic__pool_submit(pool, &sums[i].task);
        }
        for (int i = 0; i < 16; i++) {
            mimic__pool_wait(pool, &sums[i].task);
            ck_assert_int_eq(sums[i].result, (20 + i) * (21 + i) / 2);
        }
        mimic__pool_free(pool);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(pool__without_a_pool_submit_runs)
{
    square task = {.task.run = run_square, .depth = 9};
    mimic__pool_submit(NULL, &task.task);
    ck_assert_int_eq(task.result, 81);
    mimic__pool_wait(NULL, &task.task);
    ck_assert(mimic__pool_is_done(NULL, &task.task));
    ck_assert_int_eq(mimic__pool_jobs(NULL), 1);
    mimic__pool_free(NULL);
}
END_TEST

START_TEST(pool__never_submitted_needs_no_wait)
{
    mimic_context *ctx = new_context();
    mimic_pool *pool = new_pool(ctx, 2);
    square task = {.task.run = run_square};
    mimic__pool_wait(pool, &task.task);
    ck_assert(mimic__pool_is_done(pool, &task.task));
    mimic__pool_free(pool);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(pool__job_counts_are_checked)
{
    mimic_context *ctx = new_context();
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic__pool_new(ctx, 0, &pool, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic__pool_new(ctx, MIMIC_MAX_JOBS + 1, &pool, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(pool);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(pool__threads_leave_signals_alone)
{
    mimic_context *ctx = new_context();
    mimic_pool *pool = new_pool(ctx, 2);
    square task = {.task.run = run_mask};
    mimic__pool_submit(pool, &task.task);
    /* Not waited for at once, so that the other thread takes it. */
    while (!mimic__pool_is_done(pool, &task.task))
        ;
    ck_assert_int_eq(task.result, 1);
    mimic__pool_free(pool);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(base_pool, pool__every_task_runs, pool__tasks_wait_for_tasks,
                pool__without_a_pool_submit_runs, pool__never_submitted_needs_no_wait,
                pool__job_counts_are_checked, pool__threads_leave_signals_alone)
