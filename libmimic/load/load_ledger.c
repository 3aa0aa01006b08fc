/*
 * See load_ledger.h. A table is unchanged when its source has the same name and content, and schema
 * and options are the same. That a content is the same is believed of a file of the same size and
 * modification time, unless it was written so shortly before it was read that a second change need
 * not show in its time; else the whole file is hashed, which is much faster than loading it.
 */
#include "load/load_ledger.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <mimic/version.h>

#include "base/calendar.h"
#include "base/error.h"
#include "load/load_digest.h"
#include "schema/schema_model.h"
#include "sink/sink_ledger.h"

#define HASH_BYTES ((size_t)256 * 1024)   /* read at a time */
#define SETTLED_NANOSECONDS 2000000000LL /* coarsest file times in use */

struct load_ledger_line {
    load_ledger_line *next;
    mimic_ledger_entry entry;
};

mimic_status mimic__load_ledger_init(load_ledger *ledger, load_job *job, mimic_error *err)
{
    *ledger = (load_ledger){.job = job};
    mimic__arena_init(&ledger->arena, job->ctx);
    job->ledger = ledger;
    return mimic__digest_options(job->ctx, job->report->target, job->options, ledger->options_hash,
                                  err);
}

void mimic__load_ledger_free(load_ledger *ledger)
{
    mimic__arena_free(&ledger->arena);
    ledger->lines = NULL;
}

void mimic__load_input_stamp(load_input *input, const char *name)
{
    bool is_timed = true;
    input->name = name;
    input->bytes = input->stream == NULL ? 0 : -1;
    input->modified = -1;
    for (size_t i = 0; i < input->path_count && input->stream == NULL; i++) {
        struct stat facts;
        if (stat(input->paths[i], &facts) != 0 || !S_ISREG(facts.st_mode)) {
            input->bytes = -1;
            input->modified = -1;
            return;
        }
        const int64_t seconds = (int64_t)facts.st_mtim.tv_sec;
        input->bytes += (int64_t)facts.st_size;
        /* A time that nanoseconds cannot hold (after 2262) is as good as none. */
        is_timed = is_timed && seconds >= 0 && seconds < INT64_MAX / 1000000000 - 10;
        const int64_t modified =
            is_timed ? seconds * 1000000000 + (int64_t)facts.st_mtim.tv_nsec : -1;
        if (modified > input->modified)
            input->modified = modified;
    }
    if (!is_timed)
        input->modified = -1;
}

/* "2026-01-31T12:00:00Z" */
static void format_time(int64_t seconds, char out[33])
{
    const int size =
        mimic__format_timestamp(out, seconds * MIMIC_MICROSECONDS_PER_SECOND, 'T');
    out[size] = 'Z';
    out[size + 1] = '\0';
}

/* ---- what the target holds ---- */

static int take_line(const mimic_ledger_entry *entry, void *ctx)
{
    load_ledger *const ledger = ctx;
    load_ledger_line *const line = mimic__arena_alloc(&ledger->arena, sizeof *line);
    ledger->ran_out = line == NULL || !mimic__ledger_copy(&ledger->arena, entry, &line->entry);
    if (ledger->ran_out)
        return 1;
    line->next = ledger->lines;
    ledger->lines = line;
    return 0;
}

/* Whether a line is of some release of a dataset, which may be named with its version. Others may
 * have tables of the same names in the same target. */
static bool is_of(const char *dataset, const mimic_ledger_entry *line)
{
    const size_t size = strcspn(dataset, "@");
    return strncmp(line->dataset, dataset, size) == 0 && strcspn(line->dataset, "@") == size;
}

static const mimic_ledger_entry *find_line(const load_ledger *ledger, const char *dataset,
                                           const char *table)
{
    for (const load_ledger_line *line = ledger->lines; line != NULL; line = line->next)
        if (mimic__name_equals(line->entry.table, table) && is_of(dataset, &line->entry))
            return &line->entry;
    return NULL;
}

/* ---- what changed ---- */

static mimic_status hash_source(mimic_source *source, char *buffer, char out_hash[33],
                                mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    while (status == MIMIC_OK) {
        size_t size;
        status = mimic_source_read(source, buffer, HASH_BYTES, &size, err);
    }
    mimic_source_hash(source, out_hash);
    return status == MIMIC_END ? MIMIC_OK : status;
}

/* Asks now and then whether to stop. */
static mimic_status hash_file(load_job *job, const char *path, char out_hash[33], mimic_error *err)
{
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    mimic_source *source = NULL;
    char *const buffer = mimic__alloc(job->ctx, HASH_BYTES);
    if (buffer == NULL)
        return mimic__fail_memory(err);
    mimic_status status = mimic_source_open(job->ctx, path, &options, &source, err);
    if (status == MIMIC_OK)
        status = hash_source(source, buffer, out_hash, err);
    mimic_source_free(source);
    mimic__free(job->ctx, buffer);
    return status;
}

static bool is_settled(const mimic_ledger_entry *line)
{
    char last_change[33];
    format_time((line->source_modified + SETTLED_NANOSECONDS) / 1000000000, last_change);
    return strcmp(last_change, line->started) < 0;
}

/* More rejects than are allowed now would have failed the load. */
static bool is_within_limits(const mimic_load_options *options, const mimic_ledger_entry *line)
{
    const int64_t limit = options->max_rejects < 0 ? 0 : options->max_rejects;
    if (options->max_rejects != 0 && line->rejected > limit)
        return false;
    return !(options->max_reject_percent > 0 &&
             (double)line->rejected * 100.0 > (double)line->read * options->max_reject_percent);
}

/* *out_reason: what differs, NULL when nothing does. The hash is only read where it must be. */
static mimic_status compare(load_ledger *ledger, const load_input *input,
                            const mimic_ledger_entry *line, const char **out_reason,
                            mimic_error *err)
{
    const mimic_load_options *const options = ledger->job->options;
    char hash[33];
    *out_reason = NULL;
    MIMIC_TRY(mimic__digest_table(ledger->job->ctx, input->table, hash, err));
    if (strcmp(hash, line->schema_hash) != 0)
        *out_reason = "its schema changed";
    else if (strcmp(ledger->options_hash, line->options_hash) != 0)
        *out_reason = "the options changed";
    else if (strcmp(input->name, line->source) != 0 || input->bytes != line->source_bytes)
        *out_reason = "its source changed";
    else if (!is_within_limits(options, line))
        *out_reason = "more rows were rejected than are allowed now,";
    if (*out_reason != NULL || (!options->checksum && input->modified == line->source_modified &&
                                input->modified >= 0 && is_settled(line)))
        return MIMIC_OK;
    *out_reason = "its source changed";
    if (line->source_hash[0] == '\0')
        return MIMIC_OK;
    MIMIC_TRY(hash_file(ledger->job, input->paths[0], hash, err));
    if (strcmp(hash, line->source_hash) == 0)
        *out_reason = NULL;
    return MIMIC_OK;
}

int mimic__load_ledger_keeps(const mimic_ledger_entry *entry, void *ctx)
{
    load_ledger *const ledger = ctx;
    const mimic_load_options *const options = ledger->job->options;
    const char *reason = "";
    for (size_t i = 0; i < ledger->input_count && !options->force && !options->profile; i++)
        if (mimic__name_equals(ledger->inputs[i].table->name, entry->table) &&
            compare(ledger, &ledger->inputs[i], entry, &reason, NULL) == MIMIC_OK)
            return reason == NULL;
    return 0;
}

/* ---- the report ---- */

static mimic_status add_note(load_job *job, const char *table, const char *code,
                             const char *message, mimic_error *err)
{
    const mimic_note note = {.kind = MIMIC_NOTE_LEDGER,
                             .table = table,
                             .code = code,
                             .count = -1,
                             .message = message};
    return message != NULL && mimic__report_add_note(job->report, &note) ? MIMIC_OK
                                                                         : mimic__fail_memory(err);
}

static mimic_status report_unchanged(load_job *job, const load_input *input,
                                     const mimic_ledger_entry *line, mimic_error *err)
{
    mimic_table_report *const entry =
        mimic__report_add_table(job->report, input->table->name, input->paths[0]);
    const char *const hash = mimic__arena_strdup(&job->report->arena, line->source_hash);
    if (entry == NULL || hash == NULL)
        return mimic__fail_memory(err);
    entry->hash = hash;
    entry->read = line->read;
    entry->written = line->written;
    entry->rejected = line->rejected;
    entry->duplicates = line->duplicates;
    entry->filtered = line->filtered;
    entry->nulled = line->nulled;
    entry->stored_bytes = line->source_bytes;
    entry->is_unchanged = 1;
    return MIMIC_OK;
}

static bool is_input(const load_input *inputs, size_t count, const char *table)
{
    for (size_t i = 0; i < count; i++)
        if (mimic__name_equals(inputs[i].table->name, table))
            return true;
    return false;
}

static mimic_status note_removed(load_ledger *ledger, const mimic_dataset *dataset,
                                 const load_input *inputs, size_t count, mimic_error *err)
{
    for (const load_ledger_line *line = ledger->lines; line != NULL; line = line->next) {
        const mimic_ledger_entry *const entry = &line->entry;
        if (is_input(inputs, count, entry->table) || !is_of(dataset->name, entry) ||
            mimic_dataset_find_table(dataset, entry->table) == NULL)
            continue;
        const char *const message = mimic__arena_format(
            &ledger->arena, "its source %s is gone; the target keeps the %lld rows that came from it on %s",
            entry->source, (long long)entry->written, entry->finished);
        MIMIC_TRY(add_note(ledger->job, entry->table, "removed", message, err));
    }
    return MIMIC_OK;
}

static mimic_status note_changed(load_ledger *ledger, const mimic_ledger_entry *line,
                                 const char *reason, mimic_error *err)
{
    const char *const message =
        mimic__arena_format(&ledger->arena, "loaded anew: %s since %s", reason, line->finished);
    return add_note(ledger->job, line->table, "changed", message, err);
}

/* *out_is_unchanged: the table has its line in the report. */
/* A line whose source was hashed since its time did not tell enough, and now tells more. */
static bool is_to_be_settled(const load_input *input, const mimic_ledger_entry *line, const char *now)
{
    mimic_ledger_entry later = *line;
    later.source_modified = input->modified;
    later.started = now;
    return input->modified != line->source_modified || (!is_settled(line) && is_settled(&later));
}

static mimic_status judge(load_ledger *ledger, const load_input *input, bool *out_is_unchanged,
                          mimic_error *err)
{
    const mimic_ledger_entry *const line = find_line(ledger, input->table->dataset, input->table->name);
    const char *reason = NULL;
    char now[33];
    format_time((int64_t)time(NULL), now);
    *out_is_unchanged = false;
    if (line == NULL)
        return MIMIC_OK;
    MIMIC_TRY(compare(ledger, input, line, &reason, err));
    if (reason != NULL)
        return note_changed(ledger, line, reason, err);
    MIMIC_TRY(mimic__load_expect_check(ledger->job->expect, input->table, line->read, err));
    *out_is_unchanged = true;
    MIMIC_TRY(report_unchanged(ledger->job, input, line, err));
    if (!is_to_be_settled(input, line, now))
        return MIMIC_OK;
    /* The content was read again and is the same: from now on its time tells, as after a load. */
    mimic_ledger_entry touched = *line;
    touched.source_modified = input->modified;
    touched.started = now;
    touched.finished = now;
    return mimic_sink_ledger(ledger->job->sink, &touched, err);
}

mimic_status mimic__load_ledger_skip(load_ledger *ledger, const mimic_dataset *dataset,
                                     load_input *inputs, size_t *count, mimic_error *err)
{
    const mimic_load_options *const options = ledger->job->options;
    if (options->force)
        return MIMIC_OK;
    const mimic_status status =
        mimic_sink_read_ledger(ledger->job->sink, take_line, ledger, err);
    if (ledger->ran_out)
        return mimic__fail_memory(err);
    if (status != MIMIC_OK)
        return status;
    if (options->tables == NULL)
        MIMIC_TRY(note_removed(ledger, dataset, inputs, *count, err));
    if (options->profile) /* whoever wants the columns described must have them read */
        return MIMIC_OK;
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool is_unchanged;
        MIMIC_TRY(judge(ledger, &inputs[i], &is_unchanged, err));
        if (is_unchanged)
            continue;
        const load_input swapped = inputs[kept];
        inputs[kept++] = inputs[i];
        inputs[i] = swapped;
    }
    *count = kept;
    return MIMIC_OK;
}

mimic_status mimic__load_ledger_note_kept(const load_ledger *ledger, mimic_error *err)
{
    const mimic_report *const report = ledger->job->report;
    for (size_t i = 0; i < report->table_count; i++) {
        const mimic_ledger_entry *const line =
            find_line(ledger, report->dataset, report->tables[i].table);
        if (report->tables[i].status == MIMIC_OK || line == NULL)
            continue;
        const char *const message =
            mimic__arena_format(&ledger->job->report->arena,
                                "the target keeps the %lld rows that were loaded before, on %s",
                                (long long)line->written, line->finished);
        MIMIC_TRY(add_note(ledger->job, line->table, "kept", message, err));
    }
    return MIMIC_OK;
}

/* ---- the line of a table ---- */

mimic_status mimic__load_ledger_store(const load_job *job, const load_input *input,
                                      const mimic_table_report *entry, int64_t started,
                                      mimic_error *err)
{
    char schema_hash[33];
    char times[2][33];
    mimic_ledger_entry line = MIMIC_LEDGER_ENTRY_INIT;
    if (job->ledger == NULL)
        return MIMIC_OK;
    MIMIC_TRY(mimic__digest_table(job->ctx, input->table, schema_hash, err));
    format_time(started, times[0]);
    format_time((int64_t)time(NULL), times[1]);
    line.table = input->table->name;
    line.module = input->table->module;
    line.dataset = job->ledger->job->report->dataset; /* a lane has a report of its own */
    line.source = input->name;
    line.source_bytes = input->bytes;
    line.source_modified = input->modified;
    line.source_hash = entry->hash;
    line.schema_hash = schema_hash;
    line.options_hash = job->ledger->options_hash;
    line.library_version = MIMIC_VERSION_STRING;
    line.read = entry->read;
    line.written = entry->written;
    line.rejected = entry->rejected;
    line.duplicates = entry->duplicates;
    line.filtered = entry->filtered;
    line.nulled = entry->nulled;
    line.started = times[0];
    line.finished = times[1];
    return mimic_sink_ledger(job->sink, &line, err);
}
