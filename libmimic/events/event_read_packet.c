/*
 * Packets of patients, made of record batches that tasks decode ahead. See event_read.h.
 */
#include "base/error.h"
#include "events/event_read.h"

void mimic__read_packet_init(mimic_read_packet *packet, const mimic_context *ctx)
{
    *packet = (mimic_read_packet){0};
    mimic__event_rows_init(&packet->gathered, ctx);
}

void mimic__read_packet_free(mimic_read_packet *packet)
{
    mimic__event_rows_free(&packet->gathered);
}

size_t mimic__read_packet_count(const mimic_read_packet *packet)
{
    return (packet->has_gathered ? 1 : 0) + packet->end_run - packet->first_run;
}

/* A patient of decoded rows, none of its arrays set. */
static mimic_patient patient_of(const mimic_trajectories *reader, size_t file, int64_t subject)
{
    mimic_patient patient = MIMIC_PATIENT_INIT;
    patient.subject_id = subject;
    patient.group_id = MIMIC_EVENT_ABSENT;
    patient.split = reader->files[file].split;
    return patient;
}

void mimic__read_packet_patient(const mimic_trajectories *reader, const mimic_read_packet *packet,
                                size_t index, mimic_patient *out_patient)
{
    if (packet->has_gathered && index == 0) {
        *out_patient = patient_of(reader, packet->gathered_file, packet->gathered_subject);
        mimic__event_rows_slice(&packet->gathered, 0, packet->gathered.count, out_patient);
        return;
    }
    const size_t place = packet->first_run + index - (packet->has_gathered ? 1 : 0);
    const mimic_read_run *run = &packet->slot->runs[place];
    *out_patient = patient_of(reader, packet->file, run->subject);
    mimic__event_rows_slice(&packet->slot->rows, run->first, run->count, out_patient);
}

/* ---- record batches, in order ---- */

/* Moves on to a record batch that is there; false at the end. */
static mimic_status find_batch(mimic_trajectories *reader, bool *is_there, mimic_error *err)
{
    *is_there = false;
    while (reader->next_file < reader->file_count) {
        size_t count = 0;
        MIMIC_TRY(mimic__read_batch_count(reader, reader->next_file, &count, err));
        *is_there = reader->next_batch < count;
        if (*is_there)
            return MIMIC_OK;
        reader->next_file++;
        reader->next_batch = 0;
    }
    return MIMIC_OK;
}

/* Has slots that are free decode what comes next. */
static mimic_status fill_queue(mimic_trajectories *reader, mimic_error *err)
{
    while (reader->idle_count > 0 && (reader->is_eager || reader->queue_count == 0)) {
        bool is_there = false;
        MIMIC_TRY(find_batch(reader, &is_there, err));
        if (!is_there)
            return MIMIC_OK;
        mimic_read_slot *slot = reader->idle[--reader->idle_count];
        slot->file = reader->next_file;
        slot->batch = reader->next_batch++;
        reader->queue[(reader->queue_first + reader->queue_count++) % reader->slot_count] = slot;
        mimic__pool_submit(reader->pool, &slot->task);
    }
    return MIMIC_OK;
}

static mimic_read_slot *take_queue(mimic_trajectories *reader)
{
    mimic_read_slot *slot = reader->queue[reader->queue_first];
    mimic__pool_wait(reader->pool, &slot->task);
    reader->queue_first = (reader->queue_first + 1) % reader->slot_count;
    reader->queue_count--;
    return slot;
}

static void free_slot(mimic_trajectories *reader, mimic_read_slot *slot)
{
    if (slot != NULL)
        reader->idle[reader->idle_count++] = slot;
}

void mimic__read_packets_restart(mimic_trajectories *reader, size_t file, size_t batch)
{
    while (reader->queue_count > 0)
        free_slot(reader, take_queue(reader));
    reader->has_tail = false;
    mimic__event_rows_clear(&reader->tail);
    reader->next_file = file;
    reader->next_batch = batch;
    reader->last_file = SIZE_MAX;
    reader->is_eager = false;
}

void mimic__read_packet_release(mimic_trajectories *reader, mimic_read_packet *packet)
{
    free_slot(reader, packet->slot);
    packet->slot = NULL;
    packet->first_run = packet->end_run = 0;
    packet->has_gathered = false;
    mimic__event_rows_clear(&packet->gathered);
}

/* ---- order between record batches ---- */

static mimic_status fail_order(const mimic_trajectories *reader, const mimic_read_slot *slot,
                               const char *what, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s, record batch %zu: subject %lld %s",
                       reader->files[slot->file].path, slot->batch + 1,
                       (long long)slot->runs[0].subject, what);
}

/* The first subject of a record batch follows the last one of the batch before; files of other writers
 * may come in any order, but none goes on with the subject of another. */
static mimic_status check_seam(mimic_trajectories *reader, const mimic_read_slot *slot,
                               mimic_error *err)
{
    const int64_t subject = slot->runs[0].subject;
    const bool is_same_file = reader->last_file == slot->file;
    if (reader->last_file != SIZE_MAX) {
        if (is_same_file && subject < reader->last_subject)
            return fail_order(reader, slot,
                              "is out of order; events must stand by ascending subject, then time",
                              err);
        if (!is_same_file && subject == reader->last_subject)
            return fail_order(reader, slot,
                              "has events in the file before too; all must stand in one", err);
    }
    if (reader->has_tail && is_same_file && subject == reader->tail_subject) {
        const int64_t *before = mimic__event_rows_int64(&reader->tail, PART_TIME);
        const int64_t *after = mimic__event_rows_int64(&slot->rows, PART_TIME);
        if (after[0] < before[reader->tail.count - 1])
            return fail_order(reader, slot, "has events that are out of order by time", err);
    }
    reader->last_file = slot->file;
    reader->last_subject = slot->runs[slot->run_count - 1].subject;
    return MIMIC_OK;
}

/* ---- packets ---- */

static mimic_status copy_run(mimic_trajectories *reader, const mimic_read_slot *slot, size_t run,
                             mimic_error *err)
{
    mimic_patient patient = patient_of(reader, slot->file, slot->runs[run].subject);
    mimic__event_rows_slice(&slot->rows, slot->runs[run].first, slot->runs[run].count, &patient);
    if (!mimic__event_rows_append(&reader->tail, &patient, 0, slot->runs[run].count))
        return mimic__fail_memory(err);
    reader->has_tail = true;
    reader->tail_file = slot->file;
    reader->tail_subject = slot->runs[run].subject;
    return MIMIC_OK;
}

/* The patient that was copied is whole: it begins the packet. */
static void move_tail(mimic_trajectories *reader, mimic_read_packet *packet)
{
    const mimic_event_rows kept = packet->gathered;
    packet->gathered = reader->tail;
    packet->has_gathered = true;
    packet->gathered_subject = reader->tail_subject;
    packet->gathered_file = reader->tail_file;
    reader->tail = kept;
    reader->has_tail = false;
    mimic__event_rows_clear(&reader->tail);
}

/* The next record batch with rows, its names numbered; NULL at the end. */
static mimic_status next_slot(mimic_trajectories *reader, mimic_read_slot **out_slot,
                              mimic_error *err)
{
    *out_slot = NULL;
    for (;;) {
        MIMIC_TRY(fill_queue(reader, err));
        if (reader->queue_count == 0)
            return MIMIC_OK;
        mimic_read_slot *slot = take_queue(reader);
        reader->is_eager = true;
        mimic_status status = slot->status;
        if (status != MIMIC_OK)
            (void)mimic__fail_again(err, &slot->error);
        else if (slot->run_count > 0)
            status = mimic__read_slot_number(slot, err);
        if (status == MIMIC_OK && slot->run_count > 0)
            status = check_seam(reader, slot, err);
        if (status == MIMIC_OK && slot->run_count > 0) {
            *out_slot = slot;
            return MIMIC_OK;
        }
        free_slot(reader, slot);
        MIMIC_TRY(status);
    }
}

/* Gives the packet what a record batch has of whole patients. *is_full: there is something. */
static mimic_status take_slot(mimic_trajectories *reader, mimic_read_packet *packet,
                              mimic_read_slot *slot, bool *is_full, mimic_error *err)
{
    size_t first = 0;
    size_t end = slot->run_count;
    size_t batches = 0;
    MIMIC_TRY(mimic__read_batch_count(reader, slot->file, &batches, err));
    const bool may_go_on = slot->batch + 1 < batches;
    if (reader->has_tail && reader->tail_file == slot->file &&
        slot->runs[0].subject == reader->tail_subject) {
        MIMIC_TRY(copy_run(reader, slot, 0, err));
        first = 1;
        if (may_go_on && end == 1)
            return MIMIC_OK;
    }
    if (reader->has_tail)
        move_tail(reader, packet);
    packet->file = slot->file;
    if (may_go_on)
        MIMIC_TRY(copy_run(reader, slot, --end, err));
    packet->first_run = first;
    packet->end_run = end;
    *is_full = packet->has_gathered || end > first;
    return MIMIC_OK;
}

mimic_status mimic__read_packet_next(mimic_trajectories *reader, mimic_read_packet *packet,
                                     mimic_error *err)
{
    for (;;) {
        bool is_full = false;
        mimic_read_slot *slot = NULL;
        MIMIC_TRY(next_slot(reader, &slot, err));
        if (slot == NULL) {
            if (!reader->has_tail)
                return MIMIC_END;
            move_tail(reader, packet);
            return MIMIC_OK;
        }
        const mimic_status status = take_slot(reader, packet, slot, &is_full, err);
        if (status == MIMIC_OK && packet->end_run > packet->first_run)
            packet->slot = slot;
        else
            free_slot(reader, slot);
        MIMIC_TRY(status);
        if (is_full)
            return MIMIC_OK;
    }
}
