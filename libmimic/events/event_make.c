/*
 * One part of a build. Which way a table goes depends on memory alone, and what comes out does not:
 *
 *     small      sorted in memory, so that no reader stays open
 *     large      read straight through, while there is memory for readers; should its subjects turn
 *                back, the part begins anew and the table is sorted
 *     the rest   sorted, through scratch files
 *
 * Half of the memory is for patients that are put together, the other half for tables.
 */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "events/event_records.h"
#include "events/event_make.h"

/* What a reader takes, about: blocks on their way, their batches and chunks. */
#define SLOT_BYTES ((size_t)2 << 20)
#define SPARE_SLOTS 3
#define MOST_SLOTS 12
/* Bytes of events that a stored byte of a table may become. */
#define GROWTH_PLAIN 3
#define GROWTH_PACKED 30
#define LEAST_SORTER ((size_t)2 << 20)

/* ---- the target: the files, and what only this part knows ---- */

static mimic_status on_encode(void *ctx, const mimic_event_set *set, void **out_encoded,
                              mimic_error *err)
{
    const event_making *const run = ctx;
    const mimic_event_target *const target = mimic__event_output_target(run->output);
    return target->encode(target->ctx, set, out_encoded, err);
}

static mimic_status on_write(void *ctx, mimic_event_place place, void *encoded, mimic_error *err)
{
    const event_making *const run = ctx;
    const mimic_event_target *const target = mimic__event_output_target(run->output);
    return target->write(target->ctx, place, encoded, err);
}

static void on_drop(void *ctx, void *encoded)
{
    const event_making *const run = ctx;
    const mimic_event_target *const target = mimic__event_output_target(run->output);
    target->drop(target->ctx, encoded);
}

static mimic_status on_reject(void *ctx, const mimic_event_reject *reject, mimic_error *err)
{
    const event_making *const run = ctx;
    const event_table_state *const table = &run->state->tables[reject->table];
    return mimic__reject_lines_event(run->job->rejects, table->table, table->source, reject, err);
}

static mimic_status on_subject(void *ctx, int64_t subject, int64_t events, mimic_error *err)
{
    event_making *const run = ctx;
    const mimic_event_target *const target = mimic__event_output_target(run->output);
    if (events > 0 && !mimic__event_plan_knows(run->job->plan, subject)) {
        if (run->strangers == NULL) {
            char *const path = mimic__arena_format(&run->job->arena, "%s/subjects.records", run->dir);
            if (path == NULL)
                return mimic__fail_memory(err);
            MIMIC_TRY(mimic__output_open(run->job->ctx, path, NULL, &run->strangers, err));
        }
        MIMIC_TRY(mimic__records_write(run->strangers, &subject, sizeof subject, err));
    }
    return target->subject == NULL ? MIMIC_OK : target->subject(target->ctx, subject, events, err);
}

/* ---- assembly ---- */

static bool has_context(const event_making *run, int group)
{
    for (size_t i = 0; i < run->state->table_count; i++)
        if (run->state->tables[i].is_there && run->state->tables[i].table->context == group)
            return true;
    return false;
}

/* The table that says which ids of a group there are for rows of `table`: that of its own release, where the
 * map has one, else that of another. It must be there: where it is not, no id is known to be wrong. */
static const event_table_state *find_judge(const event_making *run, const mimic_event_table *table,
                                           int group)
{
    const event_table_state *found = NULL;
    for (size_t i = 0; i < run->state->table_count; i++) {
        const event_table_state *const other = &run->state->tables[i];
        if (other->table->context != group)
            continue;
        if (strcmp(other->table->table->dataset, table->table->dataset) == 0)
            return other;
        if (found == NULL || !found->is_there)
            found = other;
    }
    return found;
}

/* One line for a table that is not there, with the tables whose ids it would have judged. */
static void tell_unjudged(const event_making *run, const event_table_state *judge,
                          const event_table_state *const *judges)
{
    mimic_buffer names;
    mimic__buffer_init(&names, run->job->ctx);
    for (size_t i = 0; i < run->state->table_count; i++) {
        const event_table_state *const table = &run->state->tables[i];
        const int64_t column = judge->table->context == GROUP_STAY ? table->table->stay
                                                                   : table->table->admission;
        if (judges[i] == judge && table->is_there && column >= 0)
            mimic__buffer_format(&names, "%s%s", names.size == 0 ? "" : ", ",
                                 table->table->table->name);
    }
    char *const text = names.size == 0 ? NULL : mimic__buffer_take_text(&names);
    if (text != NULL)
        mimic__log(run->job->ctx, MIMIC_LOG_WARNING,
                   "no file of table %s is there: ids of it are taken as they are in %s",
                   judge->table->table->name, text);
    mimic__free(run->job->ctx, text);
    mimic__buffer_free(&names);
}

/* Bits of the groups, a byte a table; in the arena. NULL = no memory. */
static const uint8_t *find_unjudged(event_making *run)
{
    event_job *const job = run->job;
    const size_t count = run->state->table_count;
    uint8_t *const unjudged = mimic__arena_array(&job->arena, count, 1);
    const event_table_state **const judges =
        mimic__arena_array(&job->arena, count, sizeof *judges);
    if (judges == NULL)
        return NULL;
    for (int group = GROUP_ADMISSION; group <= GROUP_STAY && unjudged != NULL; group++) {
        for (size_t i = 0; i < count; i++) {
            judges[i] = find_judge(run, run->state->tables[i].table, group);
            if (judges[i] != NULL && !judges[i]->is_there)
                unjudged[i] = (uint8_t)(unjudged[i] | 1u << group);
        }
        for (size_t i = 0; i < count && !job->told_unjudged; i++)
            if (run->state->tables[i].table->context == group && !run->state->tables[i].is_there)
                tell_unjudged(run, &run->state->tables[i], judges);
    }
    job->told_unjudged = true;
    return unjudged;
}

static mimic_status assemble(event_making *run, mimic_event_stream *const *streams, size_t count,
                             mimic_error *err)
{
    event_job *const job = run->job;
    const mimic_event_rules rules = {.map = job->map,
                                     .plan = job->plan,
                                     .knows_subjects = job->knows_subjects,
                                     .knows_admissions = has_context(run, GROUP_ADMISSION),
                                     .knows_stays = has_context(run, GROUP_STAY),
                                     .group = job->options.group,
                                     .outside = job->options.outside,
                                     .unknown_subjects = job->options.unknown_subjects,
                                     .missing_ids = job->options.missing_ids,
                                     .unjudged = find_unjudged(run)};
    const mimic_event_target target = {.ctx = run,
                                       .encode = on_encode,
                                       .write = on_write,
                                       .drop = on_drop,
                                       .reject = on_reject,
                                       .subject = on_subject};
    mimic_event_tally *const tallies =
        mimic__alloc_zeroed(job->ctx, run->state->table_count, sizeof *tallies);
    if (tallies == NULL || rules.unjudged == NULL) {
        mimic__free(job->ctx, tallies);
        return mimic__fail_memory(err);
    }
    for (size_t i = 0; i < run->state->table_count; i++)
        tallies[i] = run->state->tables[i].tally;
    mimic_assembly assembly = {.ctx = job->ctx,
                               .pool = job->pool,
                               .memory = (size_t)(job->options.memory / 2),
                               .path = job->scratch,
                               .rules = &rules,
                               .streams = streams,
                               .stream_count = count,
                               .target = &target,
                               .interrupted = mimic__event_job_tell,
                               .interrupted_ctx = job,
                               .tallies = tallies,
                               .code_events = run->code_events,
                               .code_count = run->code_count};
    const mimic_status status = mimic__assemble(&assembly, err);
    run->code_events = assembly.code_events;
    run->code_count = assembly.code_count;
    run->state->spilled += assembly.spilled_bytes;
    for (size_t i = 0; i < run->state->table_count; i++)
        run->state->tables[i].tally = tallies[i];
    mimic__free(job->ctx, tallies);
    return status;
}

/* ---- which way a table goes ---- */

static size_t reader_bytes(const event_job *job)
{
    const size_t slots = (size_t)job->options.jobs + SPARE_SLOTS;
    return (job->pool == NULL ? 2 : slots < MOST_SLOTS ? slots : MOST_SLOTS) * SLOT_BYTES;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* At most so many bytes of events are expected of it. */
static uint64_t expected_bytes(const event_input *input)
{
    const bool is_packed = ends_with(input->path, ".gz") || ends_with(input->path, ".zst");
    return (uint64_t)(input->size < 0 ? INT64_MAX / 64 : input->size) *
           (is_packed ? GROWTH_PACKED : GROWTH_PLAIN);
}

typedef enum input_way { WAY_MEMORY, WAY_DIRECT, WAY_SPILL } input_way;

typedef struct budget {
    size_t resident; /* for tables sorted in memory */
    size_t readers;  /* how many may be open at once */
    size_t sorted;   /* of tables that spill, together, while they come out */
    size_t reading;  /* of the one that is read, before there are other readers */
} budget;

/* The largest first get the readers. */
static void choose_ways(const event_job *job, budget *left, input_way *ways)
{
    size_t direct_left = job->options.always_sort ? 0 : left->readers;
    for (size_t i = 0; i < job->input_count; i++)
        ways[i] = WAY_SPILL;
    for (;;) { /* small tables: the smallest first, as long as they fit */
        size_t best = job->input_count;
        for (size_t i = 0; i < job->input_count; i++)
            if (ways[i] == WAY_SPILL && (best == job->input_count ||
                                         expected_bytes(&job->inputs[i]) <
                                             expected_bytes(&job->inputs[best])))
                best = i;
        if (best == job->input_count || expected_bytes(&job->inputs[best]) > left->resident)
            break;
        left->resident -= (size_t)expected_bytes(&job->inputs[best]);
        ways[best] = WAY_MEMORY;
    }
    for (; direct_left > 0; direct_left--) {
        size_t best = job->input_count;
        for (size_t i = 0; i < job->input_count; i++)
            if (ways[i] == WAY_SPILL && !job->inputs[i].is_unsorted &&
                (best == job->input_count || job->inputs[i].size > job->inputs[best].size))
                best = i;
        if (best == job->input_count)
            break;
        ways[best] = WAY_DIRECT;
    }
}

/* ---- sorting a table ---- */

mimic_status mimic__event_sort_input(event_job *job, event_input *input,
                                     const event_sorting *sorting,
                                     mimic_event_sorter **out_sorter, mimic_error *err)
{
    const mimic_event_sorter_options options = {
        .memory = sorting->memory,
        .memory_out = sorting->memory_out,
        .path = job->scratch,
        .pool = job->pool,
        .lane_count = sorting->lanes,
        .lane = sorting->lanes == 1 ? NULL : mimic__event_plan_split,
        .lane_ctx = job->plan};
    event_source *source = NULL;
    mimic_event_sorter *sorter = NULL;
    *out_sorter = NULL;
    job->step = input->table->table->name;
    MIMIC_TRY(mimic__event_source_open(job, input, &source, err));
    mimic_status status = mimic__event_sorter_new(job->ctx, &options, &sorter, err);
    while (status == MIMIC_OK) {
        mimic_event_chunk *chunk = NULL;
        status = mimic__event_source_next(source, &chunk, err);
        if (status != MIMIC_OK || chunk == NULL)
            break;
        if (sorting->files != NULL)
            mimic__chunk_keep_files(chunk, job->plan, *sorting->files);
        status = mimic__event_sorter_add(sorter, chunk, err);
        if (status == MIMIC_OK && mimic__event_job_tell(job) != 0)
            status = mimic__event_job_cancelled(err);
    }
    mimic__event_source_free(source);
    if (status == MIMIC_OK)
        status = mimic__event_sorter_finish(sorter, err);
    if (status == MIMIC_OK)
        *out_sorter = sorter;
    else
        mimic__event_sorter_free(sorter);
    return status;
}

/* ---- streams ---- */

typedef struct stream_set {
    mimic_event_stream **streams;
    mimic_event_sorter **sorters;
    size_t count;
} stream_set;

static void close_streams(const event_job *job, stream_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->streams[i] != NULL)
            set->streams[i]->free(set->streams[i]);
        mimic__event_sorter_free(set->sorters[i]);
    }
    mimic__free(job->ctx, set->streams);
    mimic__free(job->ctx, set->sorters);
    *set = (stream_set){0};
}

static mimic_status open_stream(event_making *run, event_input *input,
                                const event_sorting *sorting, stream_set *set, size_t index,
                                mimic_error *err)
{
    event_job *const job = run->job;
    input->was_direct = sorting == NULL;
    if (sorting == NULL)
        return mimic__event_source_stream(job, input, run->files, &set->streams[index], err);
    MIMIC_TRY(mimic__event_sort_input(job, input, sorting, &set->sorters[index], err));
    run->state->spilled += mimic__event_sorter_spilled(set->sorters[index]);
    return mimic__event_sorter_stream(set->sorters[index], 0, INT64_MIN, INT64_MAX,
                                      &set->streams[index], err);
}

static size_t at_least(size_t bytes)
{
    return bytes < LEAST_SORTER ? LEAST_SORTER : bytes;
}

/* Sorted tables first, one after the other: while one is read it has the memory that the readers of
 * the others take later. */
static mimic_status open_streams(event_making *run, const input_way *ways, const budget *left,
                                 stream_set *set, mimic_error *err)
{
    event_job *const job = run->job;
    size_t spilling = 0;
    for (size_t i = 0; i < job->input_count; i++)
        spilling += ways[i] == WAY_SPILL;
    const size_t share = spilling == 0 ? 0 : left->sorted / spilling;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < job->input_count; i++) {
            event_input *const input = &job->inputs[i];
            const bool spills = ways[i] == WAY_SPILL;
            const event_sorting sorting = {
                .memory = at_least(spills ? left->reading : (size_t)expected_bytes(input)),
                .memory_out = spills ? at_least(share) : 0,
                .lanes = 1,
                .files = &run->files};
            if ((ways[i] == WAY_DIRECT) == (pass == 1))
                MIMIC_TRY(open_stream(run, input, pass == 1 ? NULL : &sorting, set, i, err));
        }
    return MIMIC_OK;
}

static mimic_status run_streams(event_making *run, mimic_error *err)
{
    event_job *const job = run->job;
    const size_t half = (size_t)(job->options.memory / 2);
    budget left = {.resident = half / 4, .sorted = half / 4};
    left.reading = half / 2 - reader_bytes(job) / 2;
    left.readers = half / 2 / reader_bytes(job);
    stream_set set = {.count = job->input_count};
    input_way *const ways = mimic__alloc_array(job->ctx, job->input_count, sizeof *ways);
    set.streams = mimic__alloc_zeroed(job->ctx, set.count, sizeof *set.streams);
    set.sorters = mimic__alloc_zeroed(job->ctx, set.count, sizeof *set.sorters);
    mimic_status status = ways == NULL || set.streams == NULL || set.sorters == NULL
                              ? mimic__fail_memory(err)
                              : MIMIC_OK;
    if (status != MIMIC_OK)
        set.count = 0;
    if (status == MIMIC_OK) {
        choose_ways(job, &left, ways);
        status = open_streams(run, ways, &left, &set, err);
    }
    job->step = "events";
    if (status == MIMIC_OK)
        status = assemble(run, set.streams, set.count, err);
    close_streams(job, &set);
    mimic__free(job->ctx, ways);
    return status;
}

/* ---- the part ---- */

static mimic_status open_output(event_making *run, mimic_error *err)
{
    const event_job *const job = run->job;
    const mimic_event_output_options options = {.path = run->dir,
                                                .layout = job->options.layout,
                                                .format = job->options.format,
                                                .group = job->options.group,
                                                .version = job->options.version,
                                                .map = job->map,
                                                .plan = job->plan,
                                                .codes = job->codes,
                                                .units = job->units,
                                                .first_file = run->files.first,
                                                .end_file = run->files.end};
    return mimic__event_output_new(job->ctx, &options, &run->output, err);
}

static mimic_status close_output(event_making *run, mimic_status status, mimic_error *err)
{
    if (status == MIMIC_OK)
        status = mimic__event_output_finish(run->output, err);
    if (status == MIMIC_OK)
        run->state->totals = mimic__event_output_totals(run->output);
    if (status == MIMIC_OK && run->strangers != NULL)
        status = mimic__output_publish(run->strangers, err);
    mimic__output_free(run->strangers);
    mimic__event_output_free(run->output);
    run->strangers = NULL;
    run->output = NULL;
    return status;
}

static mimic_status name_source(event_table_state *table, const char *relative, mimic_error *err)
{
    const int size = snprintf(table->source, sizeof table->source, "%s", relative);
    return size < 0 || (size_t)size >= sizeof table->source
               ? mimic__fail(err, MIMIC_ERR_ARGUMENT, "%s: the path is too long", relative)
               : MIMIC_OK;
}

mimic_status mimic__event_run_tables(event_making *run, mimic_error *err)
{
    event_job *const job = run->job;
    for (size_t i = 0; i < job->input_count; i++) {
        event_table_state *const table = &run->state->tables[job->inputs[i].table->number];
        table->is_there = true;
        MIMIC_TRY(name_source(table, job->inputs[i].relative, err));
    }
    MIMIC_TRY(open_output(run, err));
    MIMIC_TRY(close_output(run, run_streams(run, err), err));
    for (size_t i = 0; i < job->input_count; i++) {
        event_table_state *const table = &run->state->tables[job->inputs[i].table->number];
        table->reading = job->inputs[i].reading;
        table->was_direct = job->inputs[i].was_direct;
    }
    return MIMIC_OK;
}

/* Files of one split are a range of subjects: the streams of its lane, once a split. */
static mimic_status run_split(event_making *run, mimic_event_file *const *files, size_t file_count,
                              unsigned split, mimic_event_stream **streams, mimic_error *err)
{
    const event_job *const job = run->job;
    const size_t memory = (size_t)(job->options.memory / 2) / (file_count == 0 ? 1 : file_count);
    uint32_t before = 0;
    for (unsigned i = 0; i < split; i++)
        before += mimic__event_plan_files(job->plan, i);
    const uint32_t end = before + mimic__event_plan_files(job->plan, split);
    const uint32_t from = run->files.first > before ? run->files.first : before;
    const uint32_t to = run->files.end < end ? run->files.end : end;
    int64_t first, last, unused;
    size_t count = 0;
    if (from >= to)
        return MIMIC_OK;
    mimic__event_plan_range(job->plan, split, from - before, &first, &unused);
    mimic__event_plan_range(job->plan, split, to - 1 - before, &unused, &last);
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < file_count && status == MIMIC_OK; i++)
        if (files[i] != NULL) {
            status = mimic__event_file_stream(files[i], split, first, last, memory,
                                              &streams[count], err);
            count += status == MIMIC_OK;
        }
    if (status == MIMIC_OK)
        status = assemble(run, streams, count, err);
    for (size_t i = 0; i < count; i++)
        streams[i]->free(streams[i]);
    return status;
}

mimic_status mimic__event_run_files(event_making *run, mimic_event_file *const *files,
                                    size_t file_count, mimic_error *err)
{
    event_job *const job = run->job;
    mimic_event_stream **const streams =
        mimic__alloc_zeroed(job->ctx, file_count + 1, sizeof *streams);
    if (streams == NULL)
        return mimic__fail_memory(err);
    job->step = "events";
    mimic_status status = open_output(run, err);
    if (status == MIMIC_OK) {
        for (unsigned split = 0; split < MIMIC_SPLIT_COUNT && status == MIMIC_OK; split++)
            status = run_split(run, files, file_count, split, streams, err);
        status = close_output(run, status, err);
    }
    mimic__free(job->ctx, streams);
    return status;
}
