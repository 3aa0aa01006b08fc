/*
 * What assembly should come to, worked out the slow and obvious way over whole tables in memory,
 * for comparison; and invented tables full of contradictions to do it with. Knows the rules of the
 * map of hand_events.h by heart instead of reading them.
 */
#ifndef MIMIC_TEST_SLOW_ASSEMBLY_H
#define MIMIC_TEST_SLOW_ASSEMBLY_H

#include "hand_events.h"

#define SECOND INT64_C(1000000)

/* ---- invented tables ---- */

typedef struct world_table {
    mimic_event *events;
    size_t count;
    size_t capacity;
    int64_t rows;
} world_table;

typedef struct world {
    uint64_t state;
    world_table tables[HAND_TABLES];
    int64_t span; /* of times, in seconds */
    int odd_micros;
} world;

static inline uint32_t world_random(world *self, uint32_t below)
{
    self->state = self->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((self->state >> 33) % below);
}

static inline bool world_chance(world *self, uint32_t percent)
{
    return world_random(self, 100) < percent;
}

static inline int64_t world_time(world *self, uint32_t percent_none)
{
    if (world_chance(self, percent_none))
        return NONE;
    return (int64_t)world_random(self, (uint32_t)self->span) * SECOND +
           (self->odd_micros ? (int64_t)world_random(self, 3) : 0) - 50 * SECOND;
}

static inline void world_add(world *self, int table, mimic_event event)
{
    world_table *const to = &self->tables[table];
    if (to->count == to->capacity) {
        to->capacity = 2 * to->capacity + 64;
        to->events = realloc(to->events, to->capacity * sizeof *to->events);
    }
    event.code = world_random(self, 20) + (uint32_t)table * 20;
    if (world_chance(self, 50)) {
        event.value = (double)world_random(self, 1000);
        event.flags |= MIMIC_EVENT_HAS_VALUE;
    }
    if (event.kind < MIMIC_EVENT_CONTEXT && world_chance(self, 3))
        event.flags |= MIMIC_MARK_BAD_TIME;
    if (event.kind < MIMIC_EVENT_CONTEXT && world_chance(self, 3))
        event.flags |= MIMIC_EVENT_KEPT_REVERSED;
    to->events[to->count++] = event;
}

/* An id of the subject's, of another one, or none. */
static inline int64_t world_id(world *self, int64_t subject, uint32_t pool)
{
    if (world_chance(self, 25))
        return NONE;
    return subject * 1000 + (int64_t)world_random(self, pool + 2);
}

static inline void world_context_row(world *self, int table, int group, int64_t subject,
                                     uint32_t pool)
{
    const int64_t row = ++self->tables[table].rows;
    const int64_t times[3] = {world_time(self, 8), world_time(self, 15), world_time(self, 70)};
    mimic_event context = hand_context(group, subject, row, world_id(self, subject, pool), times);
    if (group == GROUP_STAY)
        context.admission = world_id(self, subject, pool);
    world_add(self, table, context);
    const int first = group == GROUP_SUBJECT     ? HAND_GENDER
                      : group == GROUP_ADMISSION ? HAND_ADMISSION
                                                 : HAND_STAY;
    const int kinds = group == GROUP_SUBJECT ? 3 : group == GROUP_ADMISSION ? 2 : 1;
    for (int kind = first; kind < first + kinds; kind++) {
        mimic_event event = hand_event(kind, subject, row, world_time(self, 0));
        if (kind == HAND_GENDER || (kind == HAND_DEATH && world_chance(self, 70)))
            event.time = NONE;
        event.anchor = group == GROUP_ADMISSION ? times[0] : event.time;
        event.admission = context.admission;
        event.stay = context.stay;
        if (world_chance(self, 80))
            world_add(self, table, event);
    }
}

static inline void world_rows(world *self, int64_t subject, uint32_t rows, uint32_t pool)
{
    for (uint32_t i = 0; i < rows; i++) {
        const int64_t row = ++self->tables[2].rows;
        const int64_t admission = world_id(self, subject, pool);
        const int64_t specimen = world_time(self, 0);
        for (int kind = HAND_SPECIMEN; kind <= HAND_RESULT; kind++) {
            mimic_event event = hand_event(kind, subject, row,
                                           kind == HAND_RESULT ? world_time(self, 0) : specimen);
            event.admission = admission;
            event.available = kind == HAND_RESULT ? world_time(self, 30) : NONE;
            if (world_chance(self, 90))
                world_add(self, 2, event);
        }
    }
    int64_t time = world_time(self, 0);
    for (uint32_t i = 0; i < rows; i++) { /* mostly in order, as chartevents are */
        mimic_event event = hand_event(HAND_CHART, subject, ++self->tables[5].rows, time);
        time = world_chance(self, 5) ? world_time(self, 0)
                                     : time + (int64_t)world_random(self, 3) * SECOND;
        event.admission = world_id(self, subject, pool);
        event.stay = world_id(self, subject, pool);
        event.available = world_time(self, 30);
        world_add(self, 5, event);
    }
}

static inline void world_subject(world *self, int64_t subject, uint32_t rows, uint32_t pool)
{
    for (uint32_t i = world_chance(self, 90) ? 1 + world_chance(self, 10) : 0; i > 0; i--)
        world_context_row(self, 0, GROUP_SUBJECT, subject, 1);
    for (uint32_t i = world_random(self, pool + 1); i > 0; i--)
        world_context_row(self, 3, GROUP_ADMISSION, subject, pool);
    for (uint32_t i = world_random(self, pool + 1); i > 0; i--)
        world_context_row(self, 4, GROUP_STAY, subject, pool);
    for (uint32_t i = world_random(self, 6); i > 0; i--) {
        mimic_event event = hand_event(HAND_DIAGNOSIS, subject, ++self->tables[1].rows, NONE);
        event.admission = world_id(self, subject, pool);
        event.stay = world_chance(self, 30) ? world_id(self, subject, pool) : NONE;
        world_add(self, 1, event);
    }
    for (uint32_t i = world_random(self, 6); i > 0; i--) {
        mimic_event event =
            hand_event(HAND_MIXED, subject, ++self->tables[6].rows, world_time(self, 50));
        event.anchor = world_time(self, 30);
        event.admission = world_id(self, subject, pool);
        event.stay = world_id(self, subject, pool);
        event.available = NONE;
        world_add(self, 6, event);
    }
    world_rows(self, subject, rows, pool);
}

static inline void world_free(world *self)
{
    for (int table = 0; table < HAND_TABLES; table++)
        free(self->tables[table].events);
}

/* ---- the slow way ---- */

typedef struct slow_event {
    mimic_event event;
    int table;
    size_t place; /* in its table */
    unsigned marks;
    uint32_t file;
    uint32_t set;
    bool is_more;
} slow_event;

typedef struct slow_result {
    slow_event *events;
    size_t count;
    mimic_event_tally tallies[HAND_TABLES];
    mimic_event_reject *rejects;
    size_t reject_count;
    int64_t codes[HAND_TABLES * 20];
} slow_result;

/* The context event of a group and id that stands first among the subject's; NULL = none. */
static inline const mimic_event *slow_first(const world *self, int64_t subject, int group,
                                            int64_t id)
{
    static const int tables[] = {0, 3, 4};
    const world_table *const table = &self->tables[tables[group]];
    for (size_t i = 0; i < table->count; i++) {
        const mimic_event *const event = &table->events[i];
        if (event->subject != subject || event->kind != MIMIC_EVENT_CONTEXT + (unsigned)group)
            continue;
        if (group == GROUP_SUBJECT ||
            (id != NONE && (group == GROUP_ADMISSION ? event->admission : event->stay) == id))
            return event;
    }
    return NULL;
}

static inline int64_t slow_earliest(const world *self, int64_t subject, int group, int slot)
{
    static const int tables[] = {0, 3, 4};
    const world_table *const table = &self->tables[tables[group]];
    int64_t earliest = NONE;
    for (size_t i = 0; i < table->count; i++) {
        const mimic_event *const event = &table->events[i];
        const int64_t time = slot == 0 ? event->time : slot == 1 ? event->available : event->anchor;
        if (event->subject == subject && event->kind >= MIMIC_EVENT_CONTEXT && time != NONE &&
            (earliest == NONE || time < earliest))
            earliest = time;
    }
    return earliest;
}

/* Midnight sharp stands for its day. */
static inline int64_t slow_last(int64_t moment)
{
    const int64_t day = INT64_C(86400000000);
    return moment % day == 0 && moment <= INT64_MAX - day ? moment + day - 1 : moment;
}

static inline const mimic_event *slow_cover(const world *self, int64_t subject, int group,
                                            int64_t admission, int64_t moment)
{
    const world_table *const table = &self->tables[group == GROUP_STAY ? 4 : 3];
    const mimic_event *found = NULL;
    for (size_t i = 0; i < table->count; i++) {
        const mimic_event *const event = &table->events[i];
        if (event->subject != subject || event->kind < MIMIC_EVENT_CONTEXT)
            continue;
        const int64_t id = group == GROUP_STAY ? event->stay : event->admission;
        if (id == NONE || slow_first(self, subject, group, id) != event)
            continue; /* a repetition */
        if (group == GROUP_STAY && admission != NONE && event->admission != NONE &&
            event->admission != admission)
            continue;
        if (event->time == NONE || event->time > slow_last(moment))
            continue;
        if (event->available != NONE &&
            (event->available < moment || event->available < event->time))
            continue;
        if (found == NULL || event->time > found->time)
            found = event;
    }
    return found;
}

static inline void slow_fill(const world *self, mimic_event *event, bool fills)
{
    const int64_t subject = event->subject;
    const mimic_event *stay = slow_first(self, subject, GROUP_STAY, event->stay);
    if (event->admission == NONE && stay != NULL && stay->admission != NONE) {
        event->admission = stay->admission;
        event->flags |= MIMIC_MARK_ADMISSION_FILLED;
    }
    if (!fills || event->anchor == NONE)
        return;
    const mimic_event *const admission =
        slow_cover(self, subject, GROUP_ADMISSION, NONE, event->anchor);
    if (event->admission == NONE && admission != NULL) {
        event->admission = admission->admission;
        event->flags |= MIMIC_MARK_ADMISSION_FILLED;
    }
    stay = slow_cover(self, subject, GROUP_STAY, event->admission, event->anchor);
    if (event->stay == NONE && stay != NULL) {
        event->stay = stay->stay;
        event->flags |= MIMIC_MARK_STAY_FILLED;
        if (event->admission == NONE && stay->admission != NONE) {
            event->admission = stay->admission;
            event->flags |= MIMIC_MARK_ADMISSION_FILLED;
        }
    }
}

/* False: it is not made. */
static inline bool slow_settle(const world *self, mimic_event *event)
{
    const int64_t subject = event->subject;
    const int kind = event->kind;
    const mimic_event *joined;
    if (kind == HAND_DEATH && slow_earliest(self, subject, GROUP_ADMISSION, SLOT_EXTRA) != NONE)
        event->time = slow_earliest(self, subject, GROUP_ADMISSION, SLOT_EXTRA);
    if (kind == HAND_DIAGNOSIS) {
        joined = slow_first(self, subject, GROUP_ADMISSION, event->admission);
        event->time = joined == NULL ? NONE : joined->available;
    }
    if (kind == HAND_MIXED) {
        joined = slow_first(self, subject, GROUP_STAY, event->stay);
        if (joined != NULL && joined->available != NONE)
            event->anchor = joined->available;
    } else if (kind != HAND_ADMISSION && kind != HAND_DISCHARGE) {
        event->anchor = event->time;
    }
    slow_fill(self, event, kind == HAND_MIXED || kind == HAND_SPECIMEN || kind == HAND_RESULT);
    if (kind == HAND_DIAGNOSIS) {
        joined = slow_first(self, subject, GROUP_ADMISSION, event->admission);
        event->time = event->anchor = joined == NULL ? NONE : joined->available;
    }
    if (kind == HAND_DIAGNOSIS || kind == HAND_DEATH)
        event->available = event->time;
    if (kind == HAND_MIXED) {
        joined = slow_first(self, subject, GROUP_ADMISSION, event->admission);
        if (event->time == NONE && joined != NULL)
            event->time = joined->time;
        event->available = slow_earliest(self, subject, GROUP_STAY, SLOT_START);
    }
    if (event->available == NONE || event->available < event->time)
        event->available = event->time;
    return event->time != NONE || kind == HAND_GENDER;
}

static inline unsigned slow_marks(const world *self, const mimic_event_rules *rules,
                                  const mimic_event *event)
{
    const int64_t subject = event->subject;
    unsigned marks = event->flags & 0xFF;
    if (event->flags & MIMIC_EVENT_KEPT_REVERSED)
        marks |= MIMIC_MARK_REVERSED;
    if (rules->knows_subjects && !mimic__event_plan_knows(rules->plan, subject))
        marks |= MIMIC_MARK_UNKNOWN_SUBJECT;
    const mimic_event *const admission =
        slow_first(self, subject, GROUP_ADMISSION, event->admission);
    const mimic_event *const stay = slow_first(self, subject, GROUP_STAY, event->stay);
    if (event->kind == HAND_DIAGNOSIS && event->admission == NONE)
        marks |= MIMIC_MARK_MISSING_ID;
    if (event->kind == HAND_CHART && event->stay == NONE)
        marks |= MIMIC_MARK_MISSING_ID;
    if (rules->knows_admissions && event->admission != NONE && admission == NULL)
        marks |= MIMIC_MARK_MISSING_ID;
    if (rules->knows_stays && event->stay != NONE && stay == NULL)
        marks |= MIMIC_MARK_MISSING_ID;
    if (admission != NULL && event->anchor != NONE && event->kind != HAND_GENDER) {
        const int64_t start = admission->time;
        const int64_t end = admission->available;
        const bool is_reversed = start != NONE && end != NONE && end < start;
        if (!is_reversed &&
            ((start != NONE && slow_last(event->anchor) < start) || (end != NONE && event->anchor > end)))
            marks |= MIMIC_MARK_OUTSIDE;
    }
    return marks;
}

static inline unsigned slow_policy(const mimic_event_rules *rules, mimic_policy policy)
{
    return (rules->outside == policy ? MIMIC_MARK_OUTSIDE : 0u) |
           (rules->unknown_subjects == policy ? MIMIC_MARK_UNKNOWN_SUBJECT : 0u) |
           (rules->missing_ids == policy ? MIMIC_MARK_MISSING_ID : 0u);
}

/* One row: events [first, end) of a table. */
static inline void slow_row(const world *self, const mimic_event_rules *rules, int table,
                            size_t first, size_t end, slow_result *result)
{
    mimic_event_tally *const tally = &result->tallies[table];
    const unsigned rejecting = slow_policy(rules, MIMIC_POLICY_REJECT);
    const size_t before = result->count;
    int64_t outside = 0;
    bool gives = false;
    unsigned rejected = 0;
    int64_t at_fault = NONE;
    for (size_t i = first; i < end; i++) {
        slow_event slow = {.event = self->tables[table].events[i], .table = table, .place = i};
        unsigned bad;
        if (slow.event.kind >= MIMIC_EVENT_CONTEXT) {
            gives = true;
            slow.event.admission = slow.event.stay = slow.event.anchor = NONE;
            bad = slow_marks(self, rules, &slow.event) & rejecting & MIMIC_MARK_UNKNOWN_SUBJECT;
        } else {
            const bool is_made = slow_settle(self, &slow.event);
            gives |= is_made;
            slow.marks = slow_marks(self, rules, &slow.event);
            bad = slow.marks & rejecting & ~(is_made ? 0u : (unsigned)MIMIC_MARK_OUTSIDE);
            if (!is_made && bad == 0)
                continue;
        }
        if (bad != 0 && rejected == 0) {
            rejected = bad & MIMIC_MARK_UNKNOWN_SUBJECT ? MIMIC_MARK_UNKNOWN_SUBJECT
                       : bad & MIMIC_MARK_MISSING_ID    ? MIMIC_MARK_MISSING_ID
                                                        : MIMIC_MARK_OUTSIDE;
            at_fault = rejected == MIMIC_MARK_OUTSIDE ? slow.event.anchor : NONE;
        }
        if (slow.event.kind >= MIMIC_EVENT_CONTEXT)
            continue;
        if (slow.event.kind != HAND_GENDER &&
            ((rules->group == MIMIC_GROUP_ADMISSION && slow.event.admission == NONE) ||
             (rules->group == MIMIC_GROUP_STAY && slow.event.stay == NONE)))
            outside++;
        else
            result->events[result->count++] = slow;
    }
    if (rejected != 0) {
        const mimic_event *const event = &self->tables[table].events[first];
        result->count = before;
        tally->rejected++;
        result->rejects[result->reject_count++] = (mimic_event_reject){
            event->row, (uint16_t)table, (uint16_t)rejected, event->subject, at_fault};
    } else if (gives) {
        tally->with_events++;
        tally->outside_group += outside;
    } else {
        tally->without_events++;
    }
}

static inline int slow_compare(const void *a_void, const void *b_void)
{
    const slow_event *const a = a_void;
    const slow_event *const b = b_void;
    const int a_rank = hand_kinds[a->event.kind].rank;
    const int b_rank = hand_kinds[b->event.kind].rank;
#define BY(one, other)                                                                             \
    if ((one) != (other))                                                                          \
    return (one) < (other) ? -1 : 1
    BY(a->file, b->file);
    BY(a->event.subject, b->event.subject);
    BY(a->event.time, b->event.time); /* NONE is the least */
    BY(a_rank, b_rank);
    BY(a->table, b->table);
    BY(a->event.row, b->event.row);
    BY(a->place, b->place);
#undef BY
    return 0;
}

/* Numbers the sets of each file: packets end with the subject that fills them. */
static inline void slow_cut(const world *self, slow_result *result)
{
    size_t raw = 0;
    size_t packet = 0; /* its first event */
    uint32_t set = 0;
    for (size_t i = 0; i < result->count;) {
        slow_event *const events = result->events;
        const int64_t subject = events[i].event.subject;
        const uint32_t file = events[i].file;
        if (i > 0 && events[i - 1].file != file) {
            raw = 0;
            set = 0;
            packet = i;
        }
        for (int table = 0; table < HAND_TABLES; table++)
            for (size_t j = 0; j < self->tables[table].count; j++)
                raw += self->tables[table].events[j].subject == subject;
        while (i < result->count && events[i].event.subject == subject)
            i++;
        if (raw < MIMIC_PACKET_EVENTS && i < result->count && events[i].file == file)
            continue;
        const bool is_cut = i - packet > 2 * MIMIC_PACKET_EVENTS;
        for (size_t j = packet; j < i; j++) {
            const size_t step = is_cut ? (j - packet) / MIMIC_PACKET_EVENTS : 0;
            const size_t first = packet + step * MIMIC_PACKET_EVENTS;
            events[j].set = set + (uint32_t)step;
            events[j].is_more =
                step > 0 && events[first].event.subject == events[first - 1].event.subject;
        }
        set += is_cut ? (uint32_t)((i - packet - 1) / MIMIC_PACKET_EVENTS + 1) : 1;
        packet = i;
        raw = 0;
    }
}

static inline slow_result slow_assemble(const world *self, const mimic_event_rules *rules)
{
    slow_result result = {0};
    size_t all = 1;
    for (int table = 0; table < HAND_TABLES; table++)
        all += self->tables[table].count;
    result.events = malloc(all * sizeof *result.events);
    result.rejects = malloc(all * sizeof *result.rejects);
    for (int table = 0; table < HAND_TABLES; table++) {
        const world_table *const from = &self->tables[table];
        for (size_t i = 0, end; i < from->count; i = end) {
            for (end = i + 1; end < from->count && from->events[end].row == from->events[i].row;)
                end++;
            slow_row(self, rules, table, i, end, &result);
        }
    }
    const unsigned keeping = slow_policy(rules, MIMIC_POLICY_KEEP) | MIMIC_MARK_REVERSED;
    for (size_t i = 0; i < result.count; i++) {
        slow_event *const slow = &result.events[i];
        slow->file = mimic__event_plan_place(rules->plan, slow->event.subject).index;
        result.tallies[slow->table].events++;
        result.codes[slow->event.code]++;
        for (int bit = 0; bit < 8; bit++)
            result.tallies[slow->table].marked[bit] += slow->marks >> bit & 1;
        slow->event.flags =
            (uint16_t)((slow->marks & ~keeping) | (slow->event.flags & MIMIC_EVENT_HAS_VALUE));
    }
    qsort(result.events, result.count, sizeof *result.events, slow_compare);
    slow_cut(self, &result);
    return result;
}

static inline void slow_free(slow_result *result)
{
    free(result->events);
    free(result->rejects);
}

/* ---- comparing ---- */

static inline int slow_by_file(const void *a_void, const void *b_void)
{
    const hand_written *const a = *(const hand_written *const *)a_void;
    const hand_written *const b = *(const hand_written *const *)b_void;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a < b ? -1 : a > b;
}

static inline int slow_by_row(const void *a_void, const void *b_void)
{
    const mimic_event_reject *const a = a_void;
    const mimic_event_reject *const b = b_void;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static inline void slow_check_event(const slow_event *slow, const hand_written *written)
{
    const mimic_event *const a = &slow->event;
    const mimic_event *const b = &written->event;
    ck_assert_uint_eq(slow->file, written->file);
    ck_assert_uint_eq(slow->set, written->set);
    ck_assert_int_eq(slow->is_more, written->is_more);
    ck_assert_int_eq(a->subject, b->subject);
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_int_eq(a->row, b->row);
    ck_assert_int_eq(a->time, b->time);
    ck_assert_int_eq(a->available, b->available);
    ck_assert_int_eq(a->admission, b->admission);
    ck_assert_int_eq(a->stay, b->stay);
    ck_assert_uint_eq(a->code, b->code);
    ck_assert(a->value == b->value);
    ck_assert_msg(a->flags == b->flags, "flags %x, not %x", b->flags, a->flags);
    char bytes[48];
    int size = 0;
    if (a->row % 5 != 0)
        size = snprintf(bytes, sizeof bytes, "%lld.%d", (long long)a->row, a->kind);
    if (a->row % 3 == 0)
        size += snprintf(bytes + size, sizeof bytes - (size_t)size, "{\"r\":1}");
    ck_assert_int_eq(memcmp(bytes, written->bytes, (size_t)size), 0);
}

static inline void slow_check(const slow_result *slow, const hand_target *target,
                              const mimic_event_tally *tallies, const mimic_assembly *assembly)
{
    ck_assert_uint_eq(slow->count, target->event_count);
    const hand_written **const written = malloc((slow->count + 1) * sizeof *written);
    for (size_t i = 0; i < slow->count; i++)
        written[i] = &target->events[i];
    qsort(written, slow->count, sizeof *written, slow_by_file);
    for (size_t i = 0; i < slow->count; i++)
        slow_check_event(&slow->events[i], written[i]);
    free(written);
    for (int table = 0; table < HAND_TABLES; table++) {
        ck_assert_int_eq(slow->tallies[table].with_events, tallies[table].with_events);
        ck_assert_int_eq(slow->tallies[table].without_events, tallies[table].without_events);
        ck_assert_int_eq(slow->tallies[table].rejected, tallies[table].rejected);
        ck_assert_int_eq(slow->tallies[table].events, tallies[table].events);
        ck_assert_int_eq(slow->tallies[table].outside_group, tallies[table].outside_group);
        for (int bit = 0; bit < 16; bit++)
            ck_assert_int_eq(slow->tallies[table].marked[bit], tallies[table].marked[bit]);
    }
    ck_assert_uint_eq(slow->reject_count, target->reject_count);
    if (slow->reject_count > 0)
        qsort(target->rejects, target->reject_count, sizeof *target->rejects, slow_by_row);
    for (size_t i = 0; i < slow->reject_count; i++) {
        ck_assert_int_eq(slow->rejects[i].table, target->rejects[i].table);
        ck_assert_int_eq(slow->rejects[i].row, target->rejects[i].row);
        ck_assert_int_eq(slow->rejects[i].mark, target->rejects[i].mark);
        ck_assert_int_eq(slow->rejects[i].subject, target->rejects[i].subject);
        ck_assert_int_eq(slow->rejects[i].time, target->rejects[i].time);
    }
    for (size_t code = 0; code < HAND_TABLES * 20; code++)
        ck_assert_int_eq(slow->codes[code],
                         code < assembly->code_count ? assembly->code_events[code] : 0);
    int64_t events = 0;
    for (size_t i = 0; i < target->subject_count; i++)
        events += target->subjects[i].events;
    ck_assert_int_eq(events, (int64_t)slow->count);
}

#endif
