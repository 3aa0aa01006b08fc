/* What became of a build, table by table and as a whole; and the same as JSON. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/options.h"
#include "events/event_report.h"
#include "json/json_write.h"

#define LIST_COUNT 3

struct mimic_trajectory_report {
    mimic_arena arena;
    mimic_event_table_report *tables;
    size_t table_count;
    mimic_trajectory_totals totals;
    event_names lists[LIST_COUNT]; /* number of the list - 1 */
};

mimic_event_table_report mimic__event_table_report(const event_table_state *state)
{
    const event_reading *const reading = &state->reading;
    const mimic_event_tally *const tally = &state->tally;
    mimic_event_table_report table = {.struct_size = sizeof table,
                                      .table = state->table->table->name,
                                      .source = state->source,
                                      .hash = reading->hash,
                                      .read = reading->read,
                                      .with_events = tally->with_events,
                                      .without_events = reading->without + tally->without_events,
                                      .rejected = reading->rejected + tally->rejected,
                                      .events = tally->events,
                                      .outside_group = tally->outside_group,
                                      .was_sorted = state->was_direct};
    memcpy(table.marked, tally->marked, sizeof table.marked);
    return table;
}

static bool add_table(mimic_trajectory_report *report, const event_table_state *state)
{
    mimic_event_table_report *const table = &report->tables[report->table_count++];
    *table = mimic__event_table_report(state);
    table->table = mimic__arena_strdup(&report->arena, table->table);
    table->source = mimic__arena_strdup(&report->arena, table->source);
    table->hash = mimic__arena_strdup(&report->arena, table->hash);
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

void mimic__event_table_report_put(mimic_buffer *json, const mimic_event_table_report *table)
{
    mimic__json_put_text(json, "table", table->table);
    mimic__json_put_text(json, "source", table->source);
    mimic__json_put_text(json, "hash", table->hash);
    mimic__json_put_number(json, "read", table->read);
    mimic__json_put_number(json, "with_events", table->with_events);
    mimic__json_put_number(json, "without_events", table->without_events);
    mimic__json_put_number(json, "rejected", table->rejected);
    mimic__json_put_number(json, "events", table->events);
    mimic__json_put_number(json, "outside_group", table->outside_group);
    mimic__json_put_name(json, "marks");
    mimic__buffer_byte(json, '{');
    for (int bit = 0; bit < 16; bit++) {
        const char *const name = mimic__event_mark_name(1 << bit);
        if (table->marked[bit] != 0 && name[0] != '\0')
            mimic__json_put_number(json, name, table->marked[bit]);
    }
    mimic__buffer_byte(json, '}');
}

static void put_names(mimic_buffer *json, const char *name, const event_names *names)
{
    mimic__json_put_texts(json, name, names->items, names->count);
}

mimic_status mimic_trajectory_report_json(const mimic_trajectory_report *report, char **out_json,
                                          mimic_error *err)
{
    if (out_json != NULL)
        *out_json = NULL;
    if (report == NULL || out_json == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "report and out_json must not be NULL");
    mimic_buffer json;
    mimic__buffer_init(&json, report->arena.ctx);
    const mimic_trajectory_totals *const totals = &report->totals;
    mimic__buffer_byte(&json, '{');
    mimic__json_put_number(&json, "subjects", totals->subjects);
    mimic__json_put_number(&json, "events", totals->events);
    mimic__json_put_number(&json, "codes", totals->codes);
    mimic__json_put_number(&json, "files", totals->files);
    mimic__json_put_number(&json, "bytes", totals->bytes);
    mimic__json_put_number(&json, "spilled_bytes", totals->spilled_bytes);
    mimic__json_put_truth(&json, "is_complete", totals->is_complete);
    mimic__json_put_truth(&json, "is_unchanged", totals->is_unchanged);
    mimic__buffer_text(&json, ", \"tables\": [");
    for (size_t i = 0; i < report->table_count; i++) {
        mimic__json_put_comma(&json);
        mimic__buffer_byte(&json, '{');
        mimic__event_table_report_put(&json, &report->tables[i]);
        mimic__json_put_truth(&json, "was_sorted", report->tables[i].was_sorted);
        mimic__buffer_byte(&json, '}');
    }
    mimic__buffer_byte(&json, ']');
    put_names(&json, "absent_tables", &report->lists[MIMIC_TRAJECTORY_ABSENT_TABLES - 1]);
    put_names(&json, "unmapped_tables", &report->lists[MIMIC_TRAJECTORY_UNMAPPED_TABLES - 1]);
    put_names(&json, "unused_codes", &report->lists[MIMIC_TRAJECTORY_UNUSED_CODES - 1]);
    mimic__buffer_byte(&json, '}');
    *out_json = mimic__buffer_take_text(&json);
    mimic__buffer_free(&json);
    return *out_json == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
