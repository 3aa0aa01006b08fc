/*
 * See load_quality.h. What a load counts and notes (rows, rejects by column and reason, keys, columns
 * that are missing) becomes checks beside those that follow from the profiles.
 */
#include "load/load_quality.h"

#include <string.h>

#include "base/error.h"
#include "quality/quality_profile.h"

typedef struct table_quality {
    const mimic_context *ctx;
    const mimic_csv_options *csv;
    const mimic_table *table;
    mimic_arena arena; /* holds the schema of what is written */
    quality_profile *profile;
    quality_table *result;
} table_quality;

struct load_quality {
    const mimic_context *ctx;
    table_quality *tables;
    size_t table_count;
};

/* ---- life ---- */

mimic_status mimic__load_quality_new(const load_job *job, const load_input *inputs, size_t count,
                                     load_quality **out_quality, mimic_error *err)
{
    *out_quality = NULL;
    if (!job->options->profile)
        return MIMIC_OK;
    load_quality *const quality = mimic__alloc_zeroed(job->ctx, 1, sizeof *quality);
    table_quality *const tables = mimic__alloc_zeroed(job->ctx, count + 1, sizeof *tables);
    if (quality == NULL || tables == NULL) {
        mimic__free(job->ctx, quality);
        mimic__free(job->ctx, tables);
        return mimic__fail_memory(err);
    }
    *quality = (load_quality){job->ctx, tables, count};
    for (size_t i = 0; i < count; i++) {
        tables[i].ctx = job->ctx;
        tables[i].csv = job->options->csv;
        tables[i].table = inputs[i].table;
        mimic__arena_init(&tables[i].arena, job->ctx);
    }
    *out_quality = quality;
    return MIMIC_OK;
}

void mimic__load_quality_free(load_quality *quality)
{
    if (quality == NULL)
        return;
    for (size_t i = 0; i < quality->table_count; i++) {
        mimic__profile_free(quality->tables[i].profile);
        mimic__quality_table_free(quality->tables[i].result);
        mimic__arena_free(&quality->tables[i].arena);
    }
    mimic__free(quality->ctx, quality->tables);
    mimic__free(quality->ctx, quality);
}

/* ---- the stage of a table ---- */

static mimic_status look(void *self, const mimic_batch *batch, void **out_notes, mimic_error *err)
{
    return mimic__profile_look(((const table_quality *)self)->profile, batch, out_notes, err);
}

static mimic_status take(void *self, const mimic_batch *batch, const uint32_t *rows, void *notes,
                         mimic_error *err)
{
    return mimic__profile_take(((table_quality *)self)->profile, batch, rows, notes, err);
}

static void drop(void *self, void *notes)
{
    mimic__profile_drop(((table_quality *)self)->profile, notes);
}

static mimic_status end(void *self, bool *out_again, mimic_error *err)
{
    table_quality *const entry = self;
    (void)out_again;
    mimic__quality_table_free(entry->result);
    entry->result = NULL;
    return mimic__profile_result(entry->profile, &entry->result, err);
}

mimic_status mimic__load_quality_open(load_quality *quality, const mimic_table *table,
                                     load_flow *flow, mimic_error *err)
{
    table_quality *entry = NULL;
    for (size_t i = 0; quality != NULL && i < quality->table_count; i++)
        if (quality->tables[i].table == table)
            entry = &quality->tables[i];
    if (entry == NULL)
        return MIMIC_OK;
    if (entry->profile != NULL) {
        mimic__quality_table_free(entry->result);
        entry->result = NULL;
        return mimic__profile_reset(entry->profile, err);
    }
    const mimic_table *written = NULL;
    MIMIC_TRY(mimic__load_output_table(entry->csv, table, &entry->arena, &written, err));
    MIMIC_TRY(mimic__profile_new(entry->ctx, written, &entry->profile, err));
    flow->stages[flow->stage_count++] = (load_stage){.self = entry,
                                                     .look = look,
                                                     .take = take,
                                                     .drop = drop,
                                                     .end = end};
    return MIMIC_OK;
}

/* ---- what the report adds ---- */

typedef struct finishing {
    load_quality *from;
    const mimic_report *report;
    mimic_quality *quality;
    bool has_keys; /* keys were checked: there is a note on them, good or bad */
} finishing;

static bool is_key_note(const mimic_note *note)
{
    return note->kind == MIMIC_NOTE_KEY;
}

static table_quality *find_entry(const load_quality *from, const char *name)
{
    for (size_t i = 0; i < from->table_count; i++)
        if (mimic__name_equals(from->tables[i].table->name, name))
            return &from->tables[i];
    return NULL;
}

static quality_table *take_result(const finishing *work, table_quality *entry,
                                  const mimic_table_report *line)
{
    quality_table *result = NULL;
    if (entry != NULL && line->status == MIMIC_OK) {
        result = entry->result;
        entry->result = NULL;
    }
    if (result == NULL)
        result = mimic__quality_table_new(work->quality->ctx, line->table,
                                          entry == NULL ? "" : entry->table->module,
                                          entry == NULL ? "" : entry->table->title);
    return result;
}

static bool add_table(const finishing *work, const mimic_table_report *line)
{
    quality_table *const table = take_result(work, find_entry(work->from, line->table), line);
    if (table == NULL)
        return false;
    const char *const message =
        line->status != MIMIC_OK ? line->message
        : line->is_unchanged     ? "unchanged since the last load, not read again"
                                 : "";
    table->info.read = line->read;
    table->info.written = line->written;
    table->info.rejected = line->rejected;
    table->info.duplicates = line->duplicates;
    table->info.filtered = line->filtered;
    table->info.nulled = line->nulled;
    table->info.expected_rows = line->expected_rows;
    table->info.message = mimic__arena_strdup(&table->arena, message);
    table->source = mimic__arena_strdup(&table->arena, line->source);
    table->failed = line->status != MIMIC_OK;
    table->has_account = line->status == MIMIC_OK && !line->is_unchanged;
    if (table->info.message == NULL || table->source == NULL) {
        mimic__quality_table_free(table);
        return false;
    }
    return mimic__quality_add_table(work->quality, table);
}

static bool add_check(const finishing *work, mimic_quality_class category, const char *rule,
                      const mimic_note *note, mimic_quality_verdict verdict)
{
    const mimic_quality_check_info check = {.category = category,
                                            .verdict = verdict,
                                            .rule = rule,
                                            .table = note->table,
                                            .column = note->column,
                                            .observed = note->count,
                                            .expected =
                                                verdict == MIMIC_QUALITY_INFORMATION ? -1 : 0,
                                            .of = -1,
                                            .message = note->message};
    return mimic__quality_add_check(work->quality, &check);
}

static bool add_key_note(const finishing *work, const mimic_note *note)
{
    const bool is_foreign = strcmp(note->code, "foreign_key") == 0;
    const mimic_quality_class category =
        is_foreign ? MIMIC_CONFORMANCE_RELATIONAL : MIMIC_PLAUSIBILITY_UNIQUENESS;
    const mimic_quality_verdict verdict = note->count < 0    ? MIMIC_QUALITY_INFORMATION
                                          : note->count == 0 ? MIMIC_QUALITY_PASSED
                                                             : MIMIC_QUALITY_FAILED;
    return add_check(work, category, note->code, note, verdict);
}

static bool add_note(const finishing *work, const mimic_note *note)
{
    quality_table *table;
    switch (note->kind) {
    case MIMIC_NOTE_REJECTS:
        table = mimic__quality_find_table(work->quality, note->table);
        if (table != NULL)
            mimic__quality_add_rejects(table, note->column, note->code, note->count);
        return true;
    case MIMIC_NOTE_ABSENT:
        return add_check(work, MIMIC_COMPLETENESS, "absent", note, MIMIC_QUALITY_INFORMATION);
    case MIMIC_NOTE_DRIFT:
        return add_check(work, MIMIC_CONFORMANCE_RELATIONAL, "columns", note,
                         strcmp(note->code, "reordered") == 0 ? MIMIC_QUALITY_INFORMATION
                                                              : MIMIC_QUALITY_FAILED);
    case MIMIC_NOTE_KEY:
        /* One on no table says that all others hold, which add_sound_keys tells of each. */
        return note->table[0] == '\0' || add_key_note(work, note);
    default:
        return true;
    }
}

/* A key that nothing was said of holds. */
static bool add_sound_key(const finishing *work, const mimic_table *table, const char *rule,
                          const char *column, const char *message)
{
    const bool is_foreign = strcmp(rule, "foreign_key") == 0;
    for (size_t i = 0; i < work->report->note_count; i++) {
        const mimic_note *const note = &work->report->notes[i];
        if (is_key_note(note) && strcmp(note->code, rule) == 0 &&
            strcmp(note->table, table->name) == 0 && strcmp(note->column, column) == 0)
            return true;
    }
    const mimic_note note = {
        .table = table->name, .column = column, .count = 0, .message = message};
    return add_check(work,
                     is_foreign ? MIMIC_CONFORMANCE_RELATIONAL : MIMIC_PLAUSIBILITY_UNIQUENESS,
                     rule, &note, MIMIC_QUALITY_PASSED);
}

static const char *join(mimic_arena *arena, const char *const *names, size_t count)
{
    const char *text = names[0];
    for (size_t i = 1; i < count && text != NULL; i++)
        text = mimic__arena_format(arena, "%s, %s", text, names[i]);
    return text;
}

static bool add_sound_keys(const finishing *work, const mimic_table *table)
{
    mimic_arena *const arena = &work->quality->arena;
    const quality_table *const result = mimic__quality_find_table(work->quality, table->name);
    if (result == NULL || (work->from != NULL && !result->has_account))
        return true;
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const mimic_foreign_key *const key = &table->foreign_keys[i];
        const char *const columns = join(arena, key->fields, key->count);
        const char *const message =
            mimic__arena_format(arena, "refers to a row of %s", key->referenced_table);
        if (mimic__quality_find_table(work->quality, key->referenced_table) == NULL)
            continue;
        if (columns == NULL || message == NULL ||
            !add_sound_key(work, table, "foreign_key", columns, message))
            return false;
    }
    int64_t repeated = result->rejects[MIMIC_REJECT_UNIQUE];
    for (size_t i = 0; i < result->info.column_count; i++)
        repeated += result->columns[i].is_key ? result->columns[i].rejects[MIMIC_REJECT_UNIQUE] : 0;
    if (table->primary_key_count == 0 || repeated > 0)
        return true;
    const char *columns = table->fields[table->primary_key[0]].name;
    for (size_t i = 1; i < table->primary_key_count && columns != NULL; i++)
        columns = mimic__arena_format(arena, "%s, %s", columns,
                                      table->fields[table->primary_key[i]].name);
    return columns != NULL &&
           add_sound_key(work, table, "primary_key", columns, "each key comes once");
}

bool mimic__load_quality_add_keys(mimic_quality *quality, const mimic_report *report,
                                  const mimic_table *const *tables, size_t table_count)
{
    const finishing work = {.report = report, .quality = quality};
    for (size_t i = 0; i < report->note_count; i++)
        if (!add_note(&work, &report->notes[i]))
            return false;
    for (size_t i = 0; i < table_count; i++)
        if (!add_sound_keys(&work, tables[i]))
            return false;
    return true;
}

static bool fill(finishing *work)
{
    const mimic_report *const report = work->report;
    for (size_t i = 0; i < report->table_count; i++)
        if (!add_table(work, &report->tables[i]))
            return false;
    for (size_t i = 0; i < report->note_count; i++)
        work->has_keys |= is_key_note(&report->notes[i]);
    for (size_t i = 0; i < report->note_count; i++)
        if (!add_note(work, &report->notes[i]))
            return false;
    for (size_t i = 0; work->has_keys && i < work->from->table_count; i++)
        if (!add_sound_keys(work, work->from->tables[i].table))
            return false;
    return mimic__quality_derive_checks(work->quality);
}

mimic_status mimic__load_quality_finish(load_quality *quality, mimic_report *report,
                                        mimic_error *err)
{
    if (quality == NULL)
        return MIMIC_OK;
    finishing work = {quality, report, mimic__quality_new(quality->ctx), false};
    if (work.quality == NULL)
        return mimic__fail_memory(err);
    work.quality->dataset = mimic__quality_keep_text(work.quality, report->dataset);
    work.quality->edition = mimic__quality_keep_text(work.quality, report->edition);
    work.quality->target = mimic__quality_keep_text(work.quality, report->target);
    if (work.quality->dataset == NULL || work.quality->edition == NULL ||
        work.quality->target == NULL || !fill(&work)) {
        mimic_quality_free(work.quality);
        return mimic__fail_memory(err);
    }
    report->quality = work.quality;
    return MIMIC_OK;
}
