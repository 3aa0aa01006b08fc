/*
 * See event_patient.h. Every event of a build comes by here, so the common case is kept straight: a
 * time from the row, ids from the row, an admission that is the same as that of the event before.
 */
#include "events/event_patient.h"

#include "base/error.h"
#include "events/event_order.h"

#define COUNTED_MARKS 0x00FFu
#define DAY INT64_C(86400000000)

/* ---- rules ---- */

static mimic_policy policy_of(mimic_policy policy, mimic_policy otherwise)
{
    return policy == MIMIC_POLICY_DEFAULT ? otherwise : policy;
}

static void apply_policy(mimic_patient_rules *out, mimic_policy policy, unsigned mark)
{
    if (policy == MIMIC_POLICY_REJECT)
        out->rejecting |= mark;
    else if (policy == MIMIC_POLICY_KEEP)
        out->keeping |= mark;
}

/* True when all columns that a time may come from are dates. */
static bool is_by_day(const mimic_event_table *table, const mimic_event_times *times)
{
    bool has_column = false;
    for (size_t i = 0; i < times->count; i++) {
        const mimic_event_time *const way = &times->ways[i];
        if (way->source != TIME_COLUMN || table->table == NULL ||
            table->table->fields[way->column].type != MIMIC_TYPE_DATE)
            return false;
        has_column = true;
    }
    return has_column;
}

static mimic_kind_rule rule_of(const mimic_event_rules *rules, const mimic_event_kind *kind)
{
    const mimic_event_table *const table = &rules->map->tables[kind->table];
    const unsigned unjudged = rules->unjudged == NULL ? 0 : rules->unjudged[kind->table];
    const bool has_anchor = table->anchor.count > 0;
    return (mimic_kind_rule){
        .kind = kind,
        .table = kind->table,
        .rank = kind->rank,
        .is_static = kind->time.count == 0,
        .has_late_time = kind->time.is_late,
        .has_late_available = kind->available.is_late,
        .has_late_anchor = has_anchor && table->anchor.is_late,
        .is_day = is_by_day(table, has_anchor ? &table->anchor : &kind->time),
        .knows_admissions = rules->knows_admissions && (unjudged >> GROUP_ADMISSION & 1) == 0,
        .knows_stays = rules->knows_stays && (unjudged >> GROUP_STAY & 1) == 0,
    };
}

mimic_status mimic__patient_rules_init(mimic_patient_rules *out, const mimic_context *ctx,
                                       const mimic_event_rules *rules, mimic_error *err)
{
    const mimic_event_map *const map = rules->map;
    *out = (mimic_patient_rules){.rules = rules};
    apply_policy(out, policy_of(rules->outside, MIMIC_POLICY_MARK), MIMIC_MARK_OUTSIDE);
    apply_policy(out, policy_of(rules->unknown_subjects, MIMIC_POLICY_REJECT),
                 MIMIC_MARK_UNKNOWN_SUBJECT);
    apply_policy(out, policy_of(rules->missing_ids, MIMIC_POLICY_MARK), MIMIC_MARK_MISSING_ID);
    out->kinds = mimic__alloc_array(ctx, map->kind_count + 1, sizeof *out->kinds);
    if (out->kinds == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < map->kind_count; i++)
        out->kinds[i] = rule_of(rules, map->kinds[i]);
    return MIMIC_OK;
}

void mimic__patient_rules_free(mimic_patient_rules *rules, const mimic_context *ctx)
{
    mimic__free(ctx, rules->kinds);
    rules->kinds = NULL;
}

/* ---- a patient ---- */

void mimic__patient_init(mimic_patient_work *patient, const mimic_context *ctx,
                         const mimic_patient_rules *rules, mimic_event_tally *tallies)
{
    *patient = (mimic_patient_work){.ctx = ctx, .rules = rules, .tallies = tallies};
    mimic__event_context_init(&patient->context, ctx);
}

static void free_events(mimic_patient_work *patient)
{
    mimic__free(patient->ctx, patient->events);
    mimic__free(patient->ctx, patient->texts);
    mimic__free(patient->ctx, patient->pairs);
    patient->events = NULL;
    patient->texts = NULL;
    patient->pairs = NULL;
    patient->capacity = 0;
}

void mimic__patient_free(mimic_patient_work *patient)
{
    free_events(patient);
    mimic__event_context_free(&patient->context);
    mimic__free(patient->ctx, patient->rejects);
    patient->rejects = NULL;
}

void mimic__patient_begin(mimic_patient_work *patient, int64_t subject)
{
    const mimic_event_rules *const rules = patient->rules->rules;
    patient->subject = subject;
    patient->marks = rules->knows_subjects && !mimic__event_plan_knows(rules->plan, subject)
                         ? MIMIC_MARK_UNKNOWN_SUBJECT
                         : 0;
    patient->count = 0;
    patient->row = (mimic_patient_row){0};
    mimic__event_context_clear(&patient->context);
}

void mimic__patient_next_piece(mimic_patient_work *patient)
{
    patient->count = 0;
}

mimic_status mimic__patient_learn(mimic_patient_work *patient, const mimic_event_slice *slice,
                                  mimic_error *err)
{
    if (patient->rules->rules->map->tables[slice->chunk->table].context < 0)
        return MIMIC_OK;
    const mimic_event *const events = slice->chunk->events + slice->first;
    for (size_t i = 0; i < slice->count; i++)
        if (events[i].kind >= MIMIC_EVENT_CONTEXT)
            MIMIC_TRY(mimic__event_context_add(&patient->context, &events[i], err));
    return MIMIC_OK;
}

mimic_status mimic__patient_settle(mimic_patient_work *patient, mimic_error *err)
{
    return mimic__event_context_settle(&patient->context, err);
}

/* ---- an event ---- */

static int64_t late_time(mimic_patient_work *patient, const mimic_event_times *times,
                         const mimic_event *event, int64_t of_row)
{
    for (size_t i = 0; i < times->count; i++) {
        const mimic_event_time *const way = &times->ways[i];
        int64_t time = of_row;
        if (way->source == TIME_EARLIEST) {
            time = patient->context.earliest[way->group][way->slot];
        } else if (way->source == TIME_JOIN) {
            const mimic_episode *const own =
                way->group == GROUP_ROW
                    ? patient->joined
                    : mimic__event_context_find(&patient->context, way->group,
                                                way->group == GROUP_STAY ? event->stay
                                                                         : event->admission);
            time = own == NULL ? MIMIC_EVENT_NONE : own->times[way->slot];
        }
        if (time != MIMIC_EVENT_NONE)
            return time;
    }
    return MIMIC_EVENT_NONE;
}

static const mimic_episode *stay_of(mimic_patient_work *patient, const mimic_event *event)
{
    return mimic__event_context_find(&patient->context, GROUP_STAY, event->stay);
}

static void take_admission_of(const mimic_episode *stay, mimic_event *event)
{
    if (event->admission != MIMIC_EVENT_NONE || stay == NULL || stay->admission == MIMIC_EVENT_NONE)
        return;
    event->admission = stay->admission;
    event->flags |= MIMIC_MARK_ADMISSION_FILLED;
}

/* Midnight sharp stands for its day: MIMIC keeps many dates as times. */
static mimic_moment moment_of(const mimic_kind_rule *rule, const mimic_event *event)
{
    return (mimic_moment){event->anchor, rule->is_day || event->anchor % DAY == 0};
}

static void fill_ids(mimic_patient_work *patient, const mimic_event_table *table,
                     const mimic_kind_rule *rule, mimic_event *event)
{
    const mimic_moment moment = moment_of(rule, event);
    const bool has_moment = event->anchor != MIMIC_EVENT_NONE;
    if (event->admission == MIMIC_EVENT_NONE && event->stay != MIMIC_EVENT_NONE)
        take_admission_of(stay_of(patient, event), event);
    if (event->admission == MIMIC_EVENT_NONE && table->fills_admission && has_moment) {
        const mimic_episode *const found = mimic__event_context_cover(
            &patient->context, GROUP_ADMISSION, MIMIC_EVENT_NONE, moment);
        if (found != NULL) {
            event->admission = found->id;
            event->flags |= MIMIC_MARK_ADMISSION_FILLED;
        }
    }
    if (event->stay == MIMIC_EVENT_NONE && table->fills_stay && has_moment) {
        const mimic_episode *const found =
            mimic__event_context_cover(&patient->context, GROUP_STAY, event->admission, moment);
        if (found != NULL) {
            event->stay = found->id;
            event->flags |= MIMIC_MARK_STAY_FILLED;
            take_admission_of(found, event);
        }
    }
}

/* Marks that the rules give to an event. */
static unsigned check(mimic_patient_work *patient, const mimic_event_table *table,
                      const mimic_kind_rule *rule, const mimic_event *event)
{
    unsigned marks = patient->marks;
    const mimic_episode *const admission =
        mimic__event_context_find(&patient->context, GROUP_ADMISSION, event->admission);
    if (admission == NULL &&
        (event->admission == MIMIC_EVENT_NONE ? table->needs_admission : rule->knows_admissions))
        marks |= MIMIC_MARK_MISSING_ID;
    if (event->stay == MIMIC_EVENT_NONE ? table->needs_stay
                                        : rule->knows_stays && stay_of(patient, event) == NULL)
        marks |= MIMIC_MARK_MISSING_ID;
    if (admission != NULL && event->anchor != MIMIC_EVENT_NONE && !rule->is_static &&
        mimic__episode_excludes(admission, moment_of(rule, event)))
        marks |= MIMIC_MARK_OUTSIDE;
    return marks;
}

/* The row that the event's is joined with, whose admission it shares; its id came as the stay. */
static void find_row(mimic_patient_work *patient, mimic_event *event)
{
    patient->joined = mimic__event_context_find(&patient->context, GROUP_ROW, event->stay);
    event->stay = MIMIC_EVENT_NONE;
    if (patient->joined != NULL && event->admission == MIMIC_EVENT_NONE)
        event->admission = patient->joined->admission;
}

/* False when it has no time and needs one. */
static bool settle_times(mimic_patient_work *patient, const mimic_event_table *table,
                         const mimic_kind_rule *rule, mimic_event *event)
{
    const mimic_event_kind *const kind = rule->kind;
    const bool has_anchor = table->anchor.count > 0;
    const int64_t of_row = event->time;
    if (table->joined != NULL)
        find_row(patient, event);
    if (rule->has_late_anchor)
        event->anchor = late_time(patient, &table->anchor, event, event->anchor);
    if (rule->has_late_time && !has_anchor)
        event->time = late_time(patient, &kind->time, event, of_row);
    if (!has_anchor)
        event->anchor = event->time;
    if (event->admission == MIMIC_EVENT_NONE || event->stay == MIMIC_EVENT_NONE)
        fill_ids(patient, table, rule, event);
    if (rule->has_late_time) { /* by the ids that were found, too */
        event->time = late_time(patient, &kind->time, event, of_row);
        event->anchor = has_anchor ? event->anchor : event->time;
        if (kind->available.count == 0)
            event->available = event->time;
    }
    if (rule->has_late_available)
        event->available = late_time(patient, &kind->available, event, event->available);
    if (event->available == MIMIC_EVENT_NONE || event->available < event->time)
        event->available = event->time; /* charted ahead: it was not known to have happened */
    return event->time != MIMIC_EVENT_NONE || !rule->has_late_time ||
           (event->flags & MIMIC_EVENT_UNREAD_TIME) != 0;
}

static bool is_in_group(mimic_group group, const mimic_event *event, const mimic_kind_rule *rule)
{
    if (rule->is_static || group < MIMIC_GROUP_ADMISSION)
        return true;
    return (group == MIMIC_GROUP_STAY ? event->stay : event->admission) != MIMIC_EVENT_NONE;
}

/* The mark of those that reject which is told: a row has one reason. */
static unsigned reason_among(unsigned marks)
{
    return marks & MIMIC_MARK_UNKNOWN_SUBJECT ? MIMIC_MARK_UNKNOWN_SUBJECT
           : marks & MIMIC_MARK_MISSING_ID    ? MIMIC_MARK_MISSING_ID
                                              : MIMIC_MARK_OUTSIDE;
}

static void reject(mimic_patient_row *row, unsigned marks, int64_t anchor)
{
    if (row->rejected != 0)
        return;
    row->rejected = (uint16_t)reason_among(marks);
    row->at_fault = row->rejected == MIMIC_MARK_OUTSIDE ? anchor : MIMIC_EVENT_NONE;
}

/* ---- a row ---- */

static mimic_status end_row(mimic_patient_work *patient, mimic_error *err)
{
    const mimic_patient_row *const row = &patient->row;
    if (!row->is_there)
        return MIMIC_OK;
    mimic_event_tally *const tally = &patient->tallies[row->table];
    patient->row.is_there = false;
    if (row->rejected == 0) {
        const bool gave = patient->count > row->first || row->outside > 0 || row->has_context;
        tally->with_events += gave;
        tally->without_events += !gave;
        tally->outside_group += row->outside;
        return MIMIC_OK;
    }
    patient->count = row->first;
    tally->rejected++;
    mimic_event_reject *const rejects =
        mimic__array_grow(patient->ctx, patient->rejects, patient->reject_count,
                          &patient->reject_capacity, sizeof *rejects);
    if (rejects == NULL)
        return mimic__fail_memory(err);
    patient->rejects = rejects;
    rejects[patient->reject_count++] = (mimic_event_reject){
        .row = row->row,
        .table = row->table,
        .mark = row->rejected,
        .subject = patient->subject,
        .time = row->at_fault,
    };
    return MIMIC_OK;
}

static mimic_status make_room(mimic_patient_work *patient, size_t more, mimic_error *err)
{
    if (more <= patient->capacity - patient->count)
        return MIMIC_OK;
    const size_t needed = patient->count + more;
    const size_t capacity = needed > 2 * patient->capacity ? needed : 2 * patient->capacity;
    mimic_event *const events =
        mimic__realloc(patient->ctx, patient->events, patient->capacity * sizeof *events,
                       capacity * sizeof *events);
    if (events == NULL)
        return mimic__fail_memory(err);
    patient->events = events;
    const char **const texts = mimic__realloc(
        patient->ctx, patient->texts, patient->capacity * sizeof *texts, capacity * sizeof *texts);
    if (texts == NULL)
        return mimic__fail_memory(err);
    patient->texts = texts;
    mimic__free(patient->ctx, patient->pairs);
    patient->pairs = mimic__alloc_array(patient->ctx, capacity, 2 * sizeof *patient->pairs);
    patient->capacity = patient->pairs == NULL ? patient->capacity : capacity;
    return patient->pairs == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__patient_resolve(mimic_patient_work *patient, const mimic_event_slice *slice,
                                    mimic_error *err)
{
    const mimic_patient_rules *const rules = patient->rules;
    const uint16_t number = slice->chunk->table;
    const mimic_event_table *const table = &rules->rules->map->tables[number];
    mimic_patient_row *const row = &patient->row;
    MIMIC_TRY(make_room(patient, slice->count, err));
    for (size_t i = 0; i < slice->count; i++) {
        const mimic_event *const from = &slice->chunk->events[slice->first + i];
        if (from->row != row->row || number != row->table || !row->is_there) {
            MIMIC_TRY(end_row(patient, err));
            *row = (mimic_patient_row){
                .row = from->row, .first = patient->count, .table = number, .is_there = true};
        }
        if (from->kind >= MIMIC_EVENT_CONTEXT) {
            row->has_context = true;
            if ((patient->marks & rules->rejecting) != 0)
                reject(row, patient->marks & rules->rejecting, MIMIC_EVENT_NONE);
            continue;
        }
        const mimic_kind_rule *const rule = &rules->kinds[from->kind];
        mimic_event *const event = &patient->events[patient->count];
        *event = *from;
        const bool is_made = settle_times(patient, table, rule, event);
        const unsigned marks = check(patient, table, rule, event) &
                               ~(is_made ? 0 : (unsigned)MIMIC_MARK_OUTSIDE);
        if ((marks & rules->rejecting) != 0)
            reject(row, marks & rules->rejecting, event->anchor);
        if (!is_made)
            continue;
        if (!is_in_group(rules->rules->group, event, rule)) {
            row->outside++;
            continue;
        }
        event->flags = (uint16_t)(event->flags | marks);
        patient->texts[patient->count++] = slice->chunk->bytes + from->text;
    }
    return mimic__event_context_check(&patient->context, err);
}

mimic_status mimic__patient_end(mimic_patient_work *patient, mimic_error *err)
{
    return end_row(patient, err);
}

/* ---- in order ---- */

const mimic_sort_pair *mimic__patient_order(mimic_patient_work *patient)
{
    for (size_t i = 0; i < patient->count; i++) {
        const mimic_event *const event = &patient->events[i];
        patient->pairs[i] =
            mimic__event_order_pair(event->time, patient->rules->kinds[event->kind].rank, i);
    }
    return mimic__event_order(patient->pairs, patient->pairs + patient->count, patient->count);
}

void mimic__patient_finish(const mimic_patient_rules *rules, mimic_event_tally *tallies,
                           mimic_event *event)
{
    mimic_event_tally *const tally = &tallies[rules->kinds[event->kind].table];
    tally->events++;
    const unsigned flags = event->flags;
    if ((flags & ~MIMIC_EVENT_HAS_VALUE) == 0)
        return;
    unsigned marks = flags & COUNTED_MARKS;
    if ((flags & MIMIC_EVENT_KEPT_BAD_TIME) != 0)
        marks |= MIMIC_MARK_BAD_TIME;
    if ((flags & MIMIC_EVENT_KEPT_REVERSED) != 0)
        marks |= MIMIC_MARK_REVERSED;
    for (unsigned bit = 0; marks >> bit != 0; bit++)
        tally->marked[bit] += marks >> bit & 1;
    event->flags = (uint16_t)(flags & ((COUNTED_MARKS & ~rules->keeping) | MIMIC_EVENT_HAS_VALUE));
}

void mimic__patient_take(mimic_patient_work *patient, const mimic_patient_room *room)
{
    const mimic_sort_pair *const order = mimic__patient_order(patient);
    for (size_t i = 0; i < patient->count; i++) {
        const size_t index = (size_t)(order[i].lo & MIMIC_ORDER_INDEX);
        room->events[i] = patient->events[index];
        mimic__patient_finish(patient->rules, patient->tallies, &room->events[i]);
        room->texts[i] = patient->texts[index];
        room->codes[i] = room->events[i].code;
    }
}
