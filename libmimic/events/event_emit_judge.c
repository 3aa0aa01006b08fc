/*
 * Which events the rows of a block give, before their codes are known: conditions, times that are
 * there, times that are bad, intervals that end before they start, rows that are rejected.
 */
#include <string.h>

#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

/* ---- conditions ---- */

static bool is_one_of(const emit_call *call, const emit_condition *condition, int64_t row)
{
    const mimic_column *const column = call->columns[condition->column];
    char buffer[MIMIC_FORMAT_BYTES];
    switch (column->type) {
    case MIMIC_TYPE_INT16:
        return mimic__integer_set_has(&condition->integers, ((const int16_t *)column->values)[row]);
    case MIMIC_TYPE_INT32:
        return mimic__integer_set_has(&condition->integers, ((const int32_t *)column->values)[row]);
    case MIMIC_TYPE_INT64:
        return mimic__integer_set_has(&condition->integers, ((const int64_t *)column->values)[row]);
    default: {
        const emit_text text = mimic__emit_text(call, condition->column, row, buffer);
        return text.data != NULL && mimic__text_set_has(&condition->texts, text.data, text.size);
    }
    }
}

static bool holds(const emit_call *call, const emit_condition *condition, int64_t row)
{
    const mimic_column *const column = call->columns[condition->column];
    const mimic_event_condition *const source = condition->source;
    const bool is_there = column != NULL && mimic_column_is_valid(column, row);
    if (source->wants_present)
        return is_there;
    if (source->wants_absent)
        return !is_there;
    if (!is_there)
        return source->is_negated;
    return is_one_of(call, condition, row) != source->is_negated;
}

static void judge_conditions(const emit_call *call, const emit_kind *kind, uint8_t *present)
{
    memset(present, 1, call->count);
    for (size_t c = 0; c < kind->condition_count; c++)
        for (size_t i = 0; i < call->count; i++)
            present[i] = present[i] && holds(call, &kind->conditions[c], call->first + (int64_t)i);
}

/* ---- times ---- */

/* Without a time there is no event, unless it is found later, or was there and cannot be read. */
static void judge_times(const emit_call *call, const emit_kind *kind, uint8_t *present)
{
    if (kind->is_static || kind->is_late)
        return;
    const int64_t *const times = call->moments[kind->time];
    const uint8_t *const bad = call->bad[kind->time];
    if (bad == NULL)
        for (size_t i = 0; i < call->count; i++)
            present[i] &= times[i] != MIMIC_EVENT_NONE;
    else
        for (size_t i = 0; i < call->count; i++)
            present[i] &= times[i] != MIMIC_EVENT_NONE || bad[i] != 0;
}

static void judge_faults(const emit_call *call, const emit_kind *kind, const uint8_t *present,
                         uint8_t *faults)
{
    memset(faults, 0, call->count);
    for (size_t m = 0; m < kind->bad_moment_count; m++)
        for (size_t i = 0; i < call->count; i++)
            faults[i] |= call->bad[kind->bad_moments[m]][i];
    for (size_t i = 0; i < call->count; i++)
        faults[i] &= present[i];
}

/* ---- intervals ---- */

static bool is_reversed(const emit_call *call, size_t i)
{
    const mimic_emitter *const emitter = call->emitter;
    int64_t start = MIMIC_EVENT_NONE;
    int64_t end = MIMIC_EVENT_NONE;
    for (size_t k = 0; k < emitter->kind_count; k++) {
        const emit_kind *const kind = &emitter->kinds[k];
        if (kind->source->link == LINK_NONE || kind->is_static || !call->present[k][i])
            continue;
        const int64_t time = call->moments[kind->time][i];
        if (time == MIMIC_EVENT_NONE)
            continue;
        if (kind->source->link == LINK_START && (start == MIMIC_EVENT_NONE || time > start))
            start = time;
        if (kind->source->link == LINK_END && (end == MIMIC_EVENT_NONE || time < end))
            end = time;
    }
    return start != MIMIC_EVENT_NONE && end != MIMIC_EVENT_NONE && start > end;
}

void mimic__emit_judge(emit_call *call)
{
    const mimic_emitter *const emitter = call->emitter;
    const int64_t *const subjects = call->wide[emitter->subject];
    for (size_t i = 0; i < call->count; i++)
        call->marks[i] = subjects[i] == MIMIC_EVENT_NONE ? MIMIC_MARK_MISSING_ID : 0;
    for (size_t k = 0; k < emitter->kind_count; k++) {
        const emit_kind *const kind = &emitter->kinds[k];
        judge_conditions(call, kind, call->present[k]);
        judge_times(call, kind, call->present[k]);
        if (kind->bad_moment_count == 0)
            continue;
        judge_faults(call, kind, call->present[k], call->faults[k]);
        if (emitter->setup.bad_times == MIMIC_POLICY_REJECT)
            for (size_t i = 0; i < call->count; i++)
                if (call->faults[k][i] && call->marks[i] == 0)
                    call->marks[i] = MIMIC_MARK_BAD_TIME;
    }
    if (!emitter->has_links)
        return;
    for (size_t i = 0; i < call->count; i++) {
        call->reversed[i] = is_reversed(call, i);
        if (call->reversed[i] && emitter->setup.reversed == MIMIC_POLICY_REJECT &&
            call->marks[i] == 0)
            call->marks[i] = MIMIC_MARK_REVERSED;
    }
}
