/*
 * See load_lanes.h. Tables are claimed one by one under the lock, which also guards what the lanes
 * tell: the state of the table at hand, and tables that are done and were not yet told.
 */
#include "load/load_lanes.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/error.h"
#include "sink/sink_internal.h"

#define LANES_MAX 8
#define WAKE_NANOSECONDS 50000000 /* between two words to the progress callback, at most */

typedef struct load_lane {
    load_lanes *lanes;
    load_job job;
    mimic_load_options options;
    pthread_t thread;
    bool has_thread;
    bool has_table;
    mimic_progress now; /* of the table at hand */
} load_lane;

typedef struct lane_result {
    mimic_status status;
    mimic_error error;
    bool is_done;
    bool is_told;
    mimic_progress progress; /* as told last */
} lane_result;

struct load_lanes {
    load_job *job;
    const load_input *inputs;
    size_t count;
    lane_result *results; /* one a table */
    pthread_t caller;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next;    /* the table that is begun next */
    size_t running; /* lanes at work */
    bool is_stopped;
    int64_t bytes_done; /* stored bytes of the tables that are done */
    size_t lane_count;
    load_lane lanes[LANES_MAX];
};

bool mimic__lanes_is_lane(load_lanes *lanes, bool *out_stop)
{
    if (lanes == NULL || pthread_equal(pthread_self(), lanes->caller))
        return false;
    pthread_mutex_lock(&lanes->lock);
    *out_stop = lanes->is_stopped;
    pthread_mutex_unlock(&lanes->lock);
    return true;
}

/* ---- on the lanes ---- */

/* The progress callback of a lane's job: only notes what is told. */
static int note_progress(const mimic_progress *progress, void *ctx)
{
    load_lane *const lane = ctx;
    pthread_mutex_lock(&lane->lanes->lock);
    lane->now.bytes = progress->bytes;
    lane->now.rows = progress->rows;
    const bool is_stopped = lane->lanes->is_stopped;
    pthread_mutex_unlock(&lane->lanes->lock);
    return is_stopped;
}

/* The next table, or false at the end. */
static bool claim(load_lane *lane, size_t *out_index)
{
    load_lanes *const lanes = lane->lanes;
    pthread_mutex_lock(&lanes->lock);
    const bool is_one = lanes->next < lanes->count && !lanes->is_stopped;
    if (is_one) {
        *out_index = lanes->next++;
        lane->has_table = true;
        lane->now = (mimic_progress){.struct_size = sizeof lane->now,
                                     .table = mimic_table_name(lanes->inputs[*out_index].table),
                                     .table_index = *out_index,
                                     .table_count = lanes->count,
                                     .total_bytes = mimic__load_stored_size(
                                         lanes->inputs[*out_index].paths[0])};
    }
    pthread_mutex_unlock(&lanes->lock);
    return is_one;
}

static void end_table(load_lane *lane, size_t index, mimic_status status, const mimic_error *error)
{
    load_lanes *const lanes = lane->lanes;
    lane_result *const result = &lanes->results[index];
    pthread_mutex_lock(&lanes->lock);
    result->status = status;
    result->error = *error;
    result->is_done = true;
    result->progress = lane->now;
    result->progress.is_done = status == MIMIC_OK;
    lanes->bytes_done += lane->now.bytes;
    lanes->is_stopped |= status != MIMIC_OK;
    lane->has_table = false;
    pthread_cond_signal(&lanes->changed);
    pthread_mutex_unlock(&lanes->lock);
}

static void *run_lane(void *argument)
{
    load_lane *const lane = argument;
    size_t index;
    while (claim(lane, &index)) {
        const load_input *const input = &lane->lanes->inputs[index];
        mimic_error error = MIMIC_ERROR_INIT;
        load_part part;
        lane->job.table_index = index;
        lane->job.table_bytes = mimic__load_stored_size(input->paths[0]);
        mimic__load_part_open(&lane->job, input, 0, mimic__load_limit(&lane->job), NULL, &part);
        const mimic_status status = mimic__load_convert(&lane->job, input, &part, &error);
        mimic__load_part_close(&lane->job, &part);
        end_table(lane, index, status, &error);
    }
    pthread_mutex_lock(&lane->lanes->lock);
    lane->lanes->running--;
    pthread_cond_signal(&lane->lanes->changed);
    pthread_mutex_unlock(&lane->lanes->lock);
    return NULL;
}

/* ---- on the caller's thread ---- */

static bool open_lane(load_lanes *lanes, mimic_status *out_status, mimic_error *err)
{
    load_lane *const lane = &lanes->lanes[lanes->lane_count];
    lane->lanes = lanes;
    lane->options = *lanes->job->options;
    lane->options.progress = note_progress;
    lane->options.progress_ctx = lane;
    lane->job = *lanes->job;
    lane->job.options = &lane->options;
    lane->job.lanes = NULL; /* its callbacks are ours */
    lane->job.sink = NULL;
    lane->job.report = mimic__report_new(lanes->job->ctx, lanes->job->report->target);
    *out_status = lane->job.report == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    if (*out_status == MIMIC_OK)
        *out_status = mimic_sink_lane(lanes->job->sink, &lane->job.sink, err);
    if (*out_status == MIMIC_OK) {
        lanes->lane_count++;
        return true;
    }
    mimic_report_free(lane->job.report);
    return false;
}

/* As many lanes as there are uses for; fewer than that are no failure while there are two. */
static mimic_status open_lanes(load_lanes *lanes, mimic_error *err)
{
    const int jobs = mimic__pool_jobs(lanes->job->pool);
    size_t wanted = jobs <= 2 ? 2 : ((size_t)jobs + 1) / 2;
    mimic_error why = MIMIC_ERROR_INIT;
    mimic_status status = MIMIC_OK;
    if (wanted > LANES_MAX)
        wanted = LANES_MAX;
    if (wanted > lanes->count)
        wanted = lanes->count;
    while (lanes->lane_count < wanted && open_lane(lanes, &status, &why))
        continue;
    if (status == MIMIC_ERR_MEMORY || status == MIMIC_ERR_CANCELLED) {
        if (err != NULL)
            *err = why;
        return status;
    }
    return MIMIC_OK;
}

static void close_lanes(load_lanes *lanes)
{
    for (size_t i = 0; i < lanes->lane_count; i++) {
        mimic_sink_free(lanes->lanes[i].job.sink);
        mimic_report_free(lanes->lanes[i].job.report);
    }
}

/* They inherit a mask that blocks all signals. False when the system gives no thread. */
static bool start_lanes(load_lanes *lanes)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&lanes->lock); /* no lane begins before all are counted */
    for (size_t i = 0; i < lanes->lane_count; i++) {
        load_lane *const lane = &lanes->lanes[i];
        lane->has_thread = pthread_create(&lane->thread, NULL, run_lane, lane) == 0;
        lanes->running += lane->has_thread;
    }
    const bool is_any = lanes->running > 0;
    pthread_mutex_unlock(&lanes->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return is_any;
}

/* What is to be told next; false when there is nothing. With the lock held. */
static bool next_news(load_lanes *lanes, size_t *lane_index, mimic_progress *out_progress)
{
    int64_t bytes = lanes->bytes_done;
    for (size_t i = 0; i < lanes->lane_count; i++)
        bytes += lanes->lanes[i].has_table ? lanes->lanes[i].now.bytes : 0;
    bool is_found = false;
    for (size_t i = 0; i < lanes->next && !is_found; i++) {
        lane_result *const result = &lanes->results[i];
        is_found = result->is_done && !result->is_told;
        if (is_found) {
            result->is_told = true;
            *out_progress = result->progress;
        }
    }
    for (; *lane_index < lanes->lane_count && !is_found; ++*lane_index) {
        is_found = lanes->lanes[*lane_index].has_table;
        *out_progress = lanes->lanes[*lane_index].now;
    }
    out_progress->all_bytes = bytes;
    out_progress->all_total_bytes = lanes->job->all_total_bytes;
    return is_found;
}

/* Tells everything that is new; the lock is given up meanwhile. */
static void tell_news(load_lanes *lanes)
{
    mimic_progress progress;
    size_t lane_index = 0;
    while (next_news(lanes, &lane_index, &progress)) {
        pthread_mutex_unlock(&lanes->lock);
        const bool wants_stop = mimic__load_tell(lanes->job, &progress) != 0;
        pthread_mutex_lock(&lanes->lock);
        lanes->is_stopped |= wants_stop;
    }
}

static void wait_for_lanes(load_lanes *lanes)
{
    pthread_mutex_lock(&lanes->lock);
    while (lanes->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WAKE_NANOSECONDS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        (void)pthread_cond_timedwait(&lanes->changed, &lanes->lock, &until);
        tell_news(lanes);
    }
    tell_news(lanes);
    pthread_mutex_unlock(&lanes->lock);
    for (size_t i = 0; i < lanes->lane_count; i++)
        if (lanes->lanes[i].has_thread)
            (void)pthread_join(lanes->lanes[i].thread, NULL);
}

static mimic_status gather(load_lanes *lanes, mimic_error *err)
{
    for (size_t i = 0; i < lanes->lane_count; i++)
        if (!mimic__report_merge(lanes->job->report, lanes->lanes[i].job.report))
            return mimic__fail_memory(err);
    lanes->job->all_bytes += lanes->bytes_done;
    const lane_result *first = NULL; /* a lane that stopped for another's failure is no reason */
    for (size_t i = 0; i < lanes->count; i++) {
        const lane_result *const result = &lanes->results[i];
        if (result->status != MIMIC_OK &&
            (first == NULL ||
             (first->status == MIMIC_ERR_CANCELLED && result->status != MIMIC_ERR_CANCELLED)))
            first = result;
    }
    if (first != NULL && err != NULL)
        *err = first->error;
    if (first != NULL)
        return first->status;
    if (lanes->is_stopped)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled");
    return MIMIC_OK;
}

static mimic_status run_all(load_lanes *lanes, bool *out_done, mimic_error *err)
{
    MIMIC_TRY(open_lanes(lanes, err));
    if (lanes->lane_count < 2)
        return MIMIC_OK;
    lanes->job->lanes = lanes;
    *out_done = start_lanes(lanes);
    wait_for_lanes(lanes);
    lanes->job->lanes = NULL;
    return *out_done ? gather(lanes, err) : MIMIC_OK;
}

mimic_status mimic__load_in_lanes(load_job *job, const load_input *inputs, size_t count,
                                  bool *out_done, mimic_error *err)
{
    *out_done = false;
    if (job->pool == NULL || count < 2)
        return MIMIC_OK;
    load_lanes *const lanes = mimic__alloc_zeroed(job->ctx, 1, sizeof *lanes);
    if (lanes == NULL)
        return mimic__fail_memory(err);
    lanes->job = job;
    lanes->inputs = inputs;
    lanes->count = count;
    lanes->caller = pthread_self();
    lanes->results = mimic__alloc_zeroed(job->ctx, count, sizeof *lanes->results);
    pthread_mutex_init(&lanes->lock, NULL);
    pthread_cond_init(&lanes->changed, NULL);
    const mimic_status status =
        lanes->results == NULL ? mimic__fail_memory(err) : run_all(lanes, out_done, err);
    close_lanes(lanes);
    pthread_cond_destroy(&lanes->changed);
    pthread_mutex_destroy(&lanes->lock);
    mimic__free(job->ctx, lanes->results);
    mimic__free(job->ctx, lanes);
    return status;
}
