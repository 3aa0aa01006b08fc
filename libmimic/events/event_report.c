/* What became of a build, table by table and as a whole; and the same as JSON. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/options.h"
#include "events/event_report.h"

#define LIST_COUNT 3

struct mimic_trajectory_report {
    mimic_arena arena;
    mimic_event_table_report *tables;
    size_t table_count;
    mimic_trajectory_totals totals;
    event_names lists[LIST_COUNT]; /* number of the list - 1 */
};

static bool add_table(mimic_trajectory_report *report, const event_table_state *state)
{
    mimic_event_table_report *const table = &report->tables[report->table_count++];
    const event_reading *const reading = &state->reading;
    const mimic_event_tally *const tally = &state->tally;
    *table = (mimic_event_table_report){
        .struct_size = sizeof *table,
        .table = mimic__arena_strdup(&report->arena, state->table->table->name),
        .source = mimic__arena_strdup(&report->arena, state->source),
        .hash = mimic__arena_strdup(&report->arena, reading->hash),
        .read = reading->read,
        .with_events = tally->with_events,
        .without_events = reading->without + tally->without_events,
        .rejected = reading->rejected + tally->rejected,
        .events = tally->events,
        .outside_group = tally->outside_group,
        .was_sorted = state->was_direct};
    memcpy(table->marked, tally->marked, sizeof table->marked);
    return table->table != NULL && table->source != NULL && table->hash != NULL;
}

static bool add_names(mimic_trajectory_report *report, mimic_trajectory_list list,
                      const event_names *names)
{
    event_names *const own = &report->lists[list - 1];
    own->items = mimic__arena_array(&report->arena, names->count + 1, sizeof *own->items);
    for (size_t i = 0; i < names->count && own->items != NULL; i++) {
        own->items[i] = mimic__arena_strdup(&report->arena, names->items[i]);
        if (own->items[i] == NULL)
            return false;
        own->count++;
    }
    return own->items != NULL;
}

static bool add_unused(mimic_trajectory_report *report, const event_job *job,
                       const event_state *sum)
{
    const event_names names = {
        mimic__arena_array(&report->arena, sum->unused_count + 1, sizeof *names.items),
        sum->unused_count};
    for (size_t i = 0; i < names.count && names.items != NULL; i++)
        names.items[i] = mimic__event_state_unused(sum, job, i);
    return names.items != NULL && add_names(report, MIMIC_TRAJECTORY_UNUSED_CODES, &names);
}

mimic_status mimic__event_report_new(const event_job *job, const event_state *sum,
                                     bool is_complete, bool is_unchanged,
                                     mimic_trajectory_report **out_report, mimic_error *err)
{
    mimic_trajectory_report *const report = mimic__alloc_zeroed(job->ctx, 1, sizeof *report);
    if (report == NULL)
        return mimic__fail_memory(err);
    mimic__arena_init(&report->arena, job->ctx);
    report->totals = (mimic_trajectory_totals){.struct_size = sizeof report->totals,
                                               .subjects = sum->totals.subjects,
                                               .events = sum->totals.events,
                                               .codes = sum->codes,
                                               .files = sum->totals.files,
                                               .bytes = sum->totals.bytes,
                                               .spilled_bytes = sum->spilled,
                                               .is_complete = is_complete,
                                               .is_unchanged = is_unchanged};
    report->tables =
        mimic__arena_array(&report->arena, sum->table_count + 1, sizeof *report->tables);
    bool is_sound = report->tables != NULL;
    for (size_t i = 0; i < sum->table_count && is_sound; i++)
        if (sum->tables[i].is_there)
            is_sound = add_table(report, &sum->tables[i]);
    is_sound = is_sound && add_names(report, MIMIC_TRAJECTORY_ABSENT_TABLES, &job->absent) &&
               add_names(report, MIMIC_TRAJECTORY_UNMAPPED_TABLES, &job->unmapped) &&
               add_unused(report, job, sum);
    if (!is_sound) {
        mimic_trajectory_report_free(report);
        return mimic__fail_memory(err);
    }
    *out_report = report;
    return MIMIC_OK;
}

size_t mimic_trajectory_report_table_count(const mimic_trajectory_report *report)
{
    return report == NULL ? 0 : report->table_count;
}

mimic_status mimic_trajectory_report_table(const mimic_trajectory_report *report, size_t index,
                                           mimic_event_table_report *out)
{
    if (report == NULL || out == NULL || index >= report->table_count)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out, report->tables[index]);
}

mimic_status mimic_trajectory_report_totals(const mimic_trajectory_report *report,
                                            mimic_trajectory_totals *out)
{
    if (report == NULL || out == NULL)
        return MIMIC_ERR_ARGUMENT;
    return MIMIC_VIEW_COPY(out, report->totals);
}

size_t mimic_trajectory_report_name_count(const mimic_trajectory_report *report,
                                          mimic_trajectory_list list)
{
    return report == NULL || list < 1 || list > LIST_COUNT ? 0 : report->lists[list - 1].count;
}

const char *mimic_trajectory_report_name(const mimic_trajectory_report *report,
                                         mimic_trajectory_list list, size_t index)
{
    return index < mimic_trajectory_report_name_count(report, list)
               ? report->lists[list - 1].items[index]
               : NULL;
}

void mimic_trajectory_report_free(mimic_trajectory_report *report)
{
    if (report == NULL)
        return;
    const mimic_context *const ctx = report->arena.ctx;
    mimic__arena_free(&report->arena);
    mimic__free(ctx, report);
}

/* ---- JSON ---- */

static void put_text(mimic_buffer *out, const char *name, const char *text)
{
    mimic__buffer_format(out, ", \"%s\": ", name);
    mimic__buffer_json_string(out, text);
}

static void put_number(mimic_buffer *out, const char *name, int64_t number)
{
    mimic__buffer_format(out, ", \"%s\": %lld", name, (long long)number);
}

static void put_truth(mimic_buffer *out, const char *name, bool truth)
{
    mimic__buffer_format(out, ", \"%s\": %s", name, truth ? "true" : "false");
}

static void put_names(mimic_buffer *out, const char *name, const event_names *names)
{
    mimic__buffer_format(out, ", \"%s\": [", name);
    for (size_t i = 0; i < names->count; i++) {
        mimic__buffer_text(out, i == 0 ? "" : ", ");
        mimic__buffer_json_string(out, names->items[i]);
    }
    mimic__buffer_byte(out, ']');
}

static void put_table(mimic_buffer *out, const mimic_event_table_report *table)
{
    bool is_first = true;
    mimic__buffer_text(out, "{\"table\": ");
    mimic__buffer_json_string(out, table->table);
    put_text(out, "source", table->source);
    put_text(out, "hash", table->hash);
    put_number(out, "read", table->read);
    put_number(out, "with_events", table->with_events);
    put_number(out, "without_events", table->without_events);
    put_number(out, "rejected", table->rejected);
    put_number(out, "events", table->events);
    put_number(out, "outside_group", table->outside_group);
    mimic__buffer_text(out, ", \"marks\": {");
    for (int bit = 0; bit < 16; bit++) {
        if (table->marked[bit] == 0)
            continue;
        mimic__buffer_format(out, "%s\"%s\": %lld", is_first ? "" : ", ",
                             mimic__event_mark_name(1 << bit), (long long)table->marked[bit]);
        is_first = false;
    }
    mimic__buffer_byte(out, '}');
    put_truth(out, "was_sorted", table->was_sorted);
    mimic__buffer_byte(out, '}');
}

mimic_status mimic_trajectory_report_json(const mimic_trajectory_report *report, char **out_json,
                                          mimic_error *err)
{
    if (out_json != NULL)
        *out_json = NULL;
    if (report == NULL || out_json == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "report and out_json must not be NULL");
    mimic_buffer out;
    mimic__buffer_init(&out, report->arena.ctx);
    const mimic_trajectory_totals *const totals = &report->totals;
    mimic__buffer_format(&out, "{\"subjects\": %lld", (long long)totals->subjects);
    put_number(&out, "events", totals->events);
    put_number(&out, "codes", totals->codes);
    put_number(&out, "files", totals->files);
    put_number(&out, "bytes", totals->bytes);
    put_number(&out, "spilled_bytes", totals->spilled_bytes);
    put_truth(&out, "is_complete", totals->is_complete);
    put_truth(&out, "is_unchanged", totals->is_unchanged);
    mimic__buffer_text(&out, ", \"tables\": [");
    for (size_t i = 0; i < report->table_count; i++) {
        mimic__buffer_text(&out, i == 0 ? "" : ", ");
        put_table(&out, &report->tables[i]);
    }
    mimic__buffer_byte(&out, ']');
    put_names(&out, "absent_tables", &report->lists[MIMIC_TRAJECTORY_ABSENT_TABLES - 1]);
    put_names(&out, "unmapped_tables", &report->lists[MIMIC_TRAJECTORY_UNMAPPED_TABLES - 1]);
    put_names(&out, "unused_codes", &report->lists[MIMIC_TRAJECTORY_UNUSED_CODES - 1]);
    mimic__buffer_byte(&out, '}');
    *out_json = mimic__buffer_take_text(&out);
    mimic__buffer_free(&out);
    return *out_json == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
