/* See event_packet.h. */
#include "events/event_packet.h"

#include <string.h>

#include "base/error.h"

/* What encoding takes an event: columns, and the same compressed. A guess for the budget. */
#define ENCODE_BYTES 192

#define LONG_COPIES 3 /* of a long text: as it came, in a column, compressed */
#define ROOM_BYTES (sizeof(mimic_event) + sizeof(char *) + sizeof(uint32_t))
#define PATIENT_BYTES (sizeof(mimic_event) + sizeof(char *) + 2 * sizeof(mimic_sort_pair))

/* ---- what goes in ---- */

static void run_packet(mimic_task *task);

mimic_status mimic__packet_new(const mimic_packet_setup *setup, mimic_packet **out_packet,
                               mimic_error *err)
{
    mimic_packet *const packet = mimic__alloc_zeroed(setup->ctx, 1, sizeof *packet);
    *out_packet = packet;
    if (packet == NULL)
        return mimic__fail_memory(err);
    packet->setup = setup;
    packet->task.run = run_packet;
    packet->err = (mimic_error)MIMIC_ERROR_INIT;
    packet->tallies =
        mimic__alloc_zeroed(setup->ctx, setup->table_count + 1, sizeof *packet->tallies);
    mimic__patient_init(&packet->patient, setup->ctx, setup->rules, packet->tallies);
    if (packet->tallies != NULL)
        return MIMIC_OK;
    mimic__packet_free(packet);
    *out_packet = NULL;
    return mimic__fail_memory(err);
}

static void free_room(mimic_packet *packet)
{
    mimic__free(packet->setup->ctx, packet->room.events);
    mimic__free(packet->setup->ctx, packet->room.texts);
    mimic__free(packet->setup->ctx, packet->room.codes);
    packet->room = (mimic_patient_room){0};
    packet->room_capacity = 0;
}

void mimic__packet_free(mimic_packet *packet)
{
    if (packet == NULL)
        return;
    const mimic_context *const ctx = packet->setup->ctx;
    mimic__packet_drop(packet);
    mimic__patient_free(&packet->patient);
    free_room(packet);
    mimic__free(ctx, packet->encoded);
    mimic__free(ctx, packet->tallies);
    mimic__free(ctx, packet->slices);
    mimic__free(ctx, packet->subjects);
    mimic__free(ctx, packet);
}

void mimic__packet_clear(mimic_packet *packet)
{
    mimic__packet_drop(packet);
    packet->slice_count = 0;
    packet->subject_count = 0;
    packet->event_count = 0;
    packet->long_bytes = 0;
    packet->most_events = 0;
    packet->count = 0;
    packet->charge = 0;
    packet->is_more = false;
    packet->patient.reject_count = 0;
    memset(packet->tallies, 0, packet->setup->table_count * sizeof *packet->tallies);
    if (packet->room_capacity > 2 * MIMIC_PACKET_EVENTS)
        free_room(packet);
    if (packet->patient.capacity > MIMIC_PACKET_EVENTS / 4 ||
        mimic__event_context_size(&packet->patient.context) > sizeof(mimic_event) * 4096) {
        mimic_patient_work *const patient = &packet->patient;
        mimic__patient_free(patient);
        mimic__patient_init(patient, packet->setup->ctx, packet->setup->rules, packet->tallies);
    }
}

mimic_status mimic__packet_add_subject(mimic_packet *packet, int64_t subject, mimic_error *err)
{
    mimic_packet_subject *const subjects =
        mimic__array_grow(packet->setup->ctx, packet->subjects, packet->subject_count,
                          &packet->subject_capacity, sizeof *subjects);
    if (subjects == NULL)
        return mimic__fail_memory(err);
    packet->subjects = subjects;
    subjects[packet->subject_count++] =
        (mimic_packet_subject){.subject = subject, .end = packet->slice_count};
    return MIMIC_OK;
}

mimic_status mimic__packet_add_slice(mimic_packet *packet, mimic_held_chunk *held,
                                     const mimic_event_run *run, mimic_error *err)
{
    mimic_packet_slice *const slices =
        mimic__array_grow(packet->setup->ctx, packet->slices, packet->slice_count,
                          &packet->slice_capacity, sizeof *slices);
    if (slices == NULL)
        return mimic__fail_memory(err);
    packet->slices = slices;
    slices[packet->slice_count++] = (mimic_packet_slice){held, run->first, run->count};
    packet->subjects[packet->subject_count - 1].end = packet->slice_count;
    packet->event_count += run->count;
    packet->long_bytes += run->long_bytes;
    held->uses++;
    return MIMIC_OK;
}

void mimic__packet_let_go(mimic_packet *packet, mimic_pinned *pinned, size_t first)
{
    for (size_t i = first; i < packet->slice_count; i++)
        mimic__held_let_go(pinned, packet->slices[i].held);
    packet->slice_count = first;
}

/* ---- detaching ---- */

static bool is_foreign(const mimic_packet_slice *slice, size_t table)
{
    return !slice->held->is_copy && slice->held->chunk->table == table;
}

/* The foreign slices of a table, one behind the other in a chunk. It has fewer events than there
 * are when their texts are too many for one chunk. */
static mimic_status copy_table(const mimic_packet *packet, size_t table, size_t events,
                               mimic_event_chunk **out_chunk, mimic_error *err)
{
    mimic_event_builder builder;
    mimic_status status = MIMIC_OK;
    mimic__event_builder_init(&builder, packet->setup->ctx, (uint32_t)events, UINT32_MAX);
    for (size_t i = 0; i < packet->slice_count && status == MIMIC_OK; i++) {
        mimic_event_slice slice = mimic__packet_slice(&packet->slices[i]);
        if (is_foreign(&packet->slices[i], table))
            status = mimic__event_builder_add(&builder, &slice, err);
    }
    *out_chunk = status == MIMIC_OK ? mimic__event_builder_take(&builder) : NULL;
    mimic__event_builder_free(&builder);
    return status;
}

static mimic_status detach_table(mimic_packet *packet, mimic_pinned *pinned, size_t table,
                                 mimic_error *err)
{
    size_t events = 0;
    size_t slices = 0;
    for (size_t i = 0; i < packet->slice_count; i++)
        if (is_foreign(&packet->slices[i], table)) {
            events += packet->slices[i].count;
            slices++;
        }
    if (slices == 0 || events > UINT32_MAX)
        return MIMIC_OK;
    mimic_event_chunk *chunk = NULL;
    mimic_held_chunk *copy = NULL;
    MIMIC_TRY(copy_table(packet, table, events, &chunk, err));
    if (chunk->count < events) {
        mimic__chunk_release(chunk);
        return MIMIC_OK;
    }
    MIMIC_TRY(mimic__held_new_copy(pinned, chunk, slices, &copy, err));
    uint32_t first = 0;
    for (size_t i = 0; i < packet->slice_count; i++) {
        mimic_packet_slice *const slice = &packet->slices[i];
        if (!is_foreign(slice, table))
            continue;
        mimic__held_let_go(pinned, slice->held);
        slice->held = copy;
        slice->first = first;
        first += slice->count;
    }
    return MIMIC_OK;
}

mimic_status mimic__packet_detach(mimic_packet *packet, mimic_pinned *pinned, mimic_error *err)
{
    for (size_t table = 0; table < packet->setup->table_count; table++)
        MIMIC_TRY(detach_table(packet, pinned, table, err));
    return MIMIC_OK;
}

size_t mimic__packet_charge(const mimic_packet *packet)
{
    return packet->event_count * (ROOM_BYTES + ENCODE_BYTES) + packet->most_events * PATIENT_BYTES +
           packet->slice_count * sizeof *packet->slices + packet->long_bytes * LONG_COPIES +
           packet->subject_count * sizeof *packet->subjects;
}

/* ---- the task ---- */

static bool grow(const mimic_packet *packet, void **items, size_t count, size_t size)
{
    void *const grown =
        mimic__realloc(packet->setup->ctx, *items, packet->room_capacity * size, count * size);
    if (grown != NULL)
        *items = grown;
    return grown != NULL;
}

mimic_status mimic__packet_make_room(mimic_packet *packet, size_t count, mimic_error *err)
{
    if (count <= packet->room_capacity)
        return MIMIC_OK;
    if (packet->count == 0)
        free_room(packet);
    if (!grow(packet, (void **)&packet->room.events, count, sizeof *packet->room.events) ||
        !grow(packet, (void **)&packet->room.texts, count, sizeof *packet->room.texts) ||
        !grow(packet, (void **)&packet->room.codes, count, sizeof *packet->room.codes))
        return mimic__fail_memory(err);
    packet->room_capacity = count;
    return MIMIC_OK;
}

mimic_status mimic__packet_settle_subject(mimic_packet *packet, size_t subject, mimic_error *err)
{
    mimic_patient_work *const patient = &packet->patient;
    mimic_packet_subject *const self = &packet->subjects[subject];
    const size_t first = subject == 0 ? 0 : self[-1].end;
    mimic__patient_begin(patient, self->subject);
    for (size_t i = first; i < self->end; i++) {
        const mimic_event_slice slice = mimic__packet_slice(&packet->slices[i]);
        MIMIC_TRY(mimic__patient_learn(patient, &slice, err));
    }
    MIMIC_TRY(mimic__patient_settle(patient, err));
    for (size_t i = first; i < self->end; i++) {
        const mimic_event_slice slice = mimic__packet_slice(&packet->slices[i]);
        MIMIC_TRY(mimic__patient_resolve(patient, &slice, err));
    }
    MIMIC_TRY(mimic__patient_end(patient, err));
    const mimic_patient_room room = {packet->room.events + packet->count,
                                     packet->room.texts + packet->count,
                                     packet->room.codes + packet->count};
    mimic__patient_take(patient, &room);
    packet->count += patient->count;
    self->written = (int64_t)patient->count;
    return MIMIC_OK;
}

/* Events of the set that begins with this one. */
static size_t set_size(const mimic_event *events, size_t most)
{
    size_t long_bytes = 0;
    size_t count = 0;
    while (count < most && long_bytes < MIMIC_SET_LONG_BYTES)
        long_bytes += mimic__event_long_bytes(&events[count++]);
    return count;
}

static mimic_status make_encoded_room(mimic_packet *packet, mimic_error *err)
{
    void **const grown = mimic__array_grow(packet->setup->ctx, packet->encoded,
                                           packet->encoded_count, &packet->encoded_capacity,
                                           sizeof *grown);
    if (grown == NULL)
        return mimic__fail_memory(err);
    packet->encoded = grown;
    return MIMIC_OK;
}

mimic_status mimic__packet_encode(mimic_packet *packet, mimic_error *err)
{
    const mimic_event_target *const target = packet->setup->target;
    const bool is_cut = packet->count > 2 * MIMIC_PACKET_EVENTS;
    const size_t step = is_cut ? MIMIC_PACKET_EVENTS : packet->count;
    for (size_t first = 0, count; first < packet->count; first += count) {
        const mimic_event *const events = packet->room.events + first;
        const size_t left = packet->count - first;
        count = set_size(events, left < step ? left : step);
        const mimic_event_set set = {
            .place = packet->place,
            .events = events,
            .texts = packet->room.texts + first,
            .count = count,
            .is_more = first > 0 ? events[-1].subject == events[0].subject : packet->is_more,
        };
        void *one = NULL;
        MIMIC_TRY(make_encoded_room(packet, err));
        MIMIC_TRY(target->encode(target->ctx, &set, &one, err));
        packet->encoded[packet->encoded_count++] = one;
    }
    return MIMIC_OK;
}

void mimic__packet_drop(mimic_packet *packet)
{
    const mimic_event_target *const target = packet->setup->target;
    for (size_t i = 0; i < packet->encoded_count; i++)
        target->drop(target->ctx, packet->encoded[i]);
    packet->encoded_count = 0;
}

static mimic_status settle_and_encode(mimic_packet *packet)
{
    MIMIC_TRY(mimic__packet_make_room(packet, packet->event_count, &packet->err));
    for (size_t i = 0; i < packet->subject_count; i++)
        MIMIC_TRY(mimic__packet_settle_subject(packet, i, &packet->err));
    return mimic__packet_encode(packet, &packet->err);
}

static void run_packet(mimic_task *task)
{
    mimic_packet *const packet = (mimic_packet *)task;
    packet->err = (mimic_error)MIMIC_ERROR_INIT;
    packet->status = settle_and_encode(packet);
}
