/*
 * See event_assembly.h. The streams stand in a heap by their next subject. The caller's thread
 * gathers: it moves slices of chunks into the open packet of a file, hands full packets to the pool
 * and, in the order in which they were handed over, writes what comes back. It touches no event but
 * in passing.
 */
#include "events/event_assembly.h"

#include <string.h>

#include "base/error.h"
#include "events/event_giant.h"
#include "events/event_packet.h"

#define ASK_SUBJECTS 256 /* between two questions whether to go on */

/* A stream, and where it stands. */
typedef struct source {
    mimic_event_stream *stream;
    mimic_held_chunk *held; /* NULL = at its end */
    size_t run;
    int64_t subject; /* of that run */
} source;

typedef struct assembly_run {
    mimic_assembly *assembly;
    const mimic_context *ctx;
    mimic_patient_rules rules;
    mimic_packet_setup setup;
    source *sources;
    uint32_t *heap; /* of sources, by subject, then by their order */
    size_t heap_count;
    mimic_packet *open[MIMIC_SPLIT_COUNT];
    mimic_packet *first; /* on their way, oldest first */
    mimic_packet *last;
    mimic_packet *idle;
    size_t under_way;
    size_t most_under_way;
    size_t charged; /* bytes of those */
    mimic_pinned pinned;
    size_t code_capacity;
    uint32_t subjects_unasked;
    mimic_giant *giant; /* at hand; the packet that it ends is open */
} assembly_run;

/* ---- streams ---- */

static mimic_status check_interrupted(const assembly_run *run, mimic_error *err)
{
    const mimic_assembly *const assembly = run->assembly;
    if (assembly->interrupted != NULL && assembly->interrupted(assembly->interrupted_ctx) != 0)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while putting patients together");
    return MIMIC_OK;
}

/* The next chunk with a run, or none at the end. */
static mimic_status next_chunk(assembly_run *run, source *from, mimic_error *err)
{
    mimic__held_leave(&run->pinned, from->held);
    from->held = NULL;
    from->run = 0;
    for (;;) {
        MIMIC_TRY(check_interrupted(run, err));
        mimic_event_chunk *chunk = NULL;
        MIMIC_TRY(from->stream->next(from->stream, &chunk, err));
        if (chunk == NULL)
            return MIMIC_OK;
        if (chunk->run_count > 0)
            return mimic__held_new(&run->pinned, chunk, &from->held, err);
        mimic__chunk_release(chunk);
    }
}

static mimic_status next_run(assembly_run *run, source *from, mimic_error *err)
{
    const bool is_first = from->held == NULL;
    if (is_first || ++from->run == from->held->chunk->run_count)
        MIMIC_TRY(next_chunk(run, from, err));
    if (from->held == NULL)
        return MIMIC_OK;
    const int64_t subject = from->held->chunk->runs[from->run].subject;
    if (!is_first && subject < from->subject)
        return mimic__fail(err, MIMIC_ERR_STATE,
                           "a table is not in the order of its subjects: %lld stands behind %lld",
                           (long long)subject, (long long)from->subject);
    from->subject = subject;
    return MIMIC_OK;
}

/* ---- the heap ---- */

static bool is_before(const assembly_run *run, uint32_t a, uint32_t b)
{
    const int64_t a_subject = run->sources[a].subject;
    const int64_t b_subject = run->sources[b].subject;
    return a_subject < b_subject || (a_subject == b_subject && a < b);
}

static void sift_down(assembly_run *run, size_t place)
{
    uint32_t *const heap = run->heap;
    const uint32_t moved = heap[place];
    for (size_t child; (child = 2 * place + 1) < run->heap_count; place = child) {
        child += child + 1 < run->heap_count && is_before(run, heap[child + 1], heap[child]);
        if (!is_before(run, heap[child], moved))
            break;
        heap[place] = heap[child];
    }
    heap[place] = moved;
}

static mimic_status open_streams(assembly_run *run, mimic_error *err)
{
    const mimic_assembly *const assembly = run->assembly;
    const size_t count = assembly->stream_count;
    run->sources = mimic__alloc_zeroed(run->ctx, count + 1, sizeof *run->sources);
    run->heap = mimic__alloc_array(run->ctx, count + 1, sizeof *run->heap);
    if (run->sources == NULL || run->heap == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        run->sources[i].stream = assembly->streams[i];
        MIMIC_TRY(next_run(run, &run->sources[i], err));
        if (run->sources[i].held != NULL)
            run->heap[run->heap_count++] = (uint32_t)i;
    }
    for (size_t place = run->heap_count / 2; place-- > 0;)
        sift_down(run, place);
    return MIMIC_OK;
}

/* ---- packets that come back ---- */

static mimic_status count_codes(assembly_run *run, const uint32_t *codes, size_t count,
                                mimic_error *err)
{
    mimic_assembly *const assembly = run->assembly;
    size_t needed = assembly->code_count;
    for (size_t i = 0; i < count; i++)
        needed = codes[i] < needed ? needed : (size_t)codes[i] + 1;
    if (needed > run->code_capacity) {
        const size_t capacity = needed > 2 * run->code_capacity ? needed : 2 * run->code_capacity;
        int64_t *const grown =
            mimic__realloc(run->ctx, assembly->code_events, assembly->code_count * sizeof *grown,
                           capacity * sizeof *grown);
        if (grown == NULL)
            return mimic__fail_memory(err);
        assembly->code_events = grown;
        run->code_capacity = capacity;
    }
    if (needed > assembly->code_count)
        memset(assembly->code_events + assembly->code_count, 0,
               (needed - assembly->code_count) * sizeof *assembly->code_events);
    assembly->code_count = needed;
    for (size_t i = 0; i < count; i++)
        assembly->code_events[codes[i]]++;
    return MIMIC_OK;
}

static void add_tallies(mimic_event_tally *to, const mimic_event_tally *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i].with_events += from[i].with_events;
        to[i].without_events += from[i].without_events;
        to[i].rejected += from[i].rejected;
        to[i].events += from[i].events;
        to[i].outside_group += from[i].outside_group;
        for (size_t bit = 0; bit < sizeof to->marked / sizeof to->marked[0]; bit++)
            to[i].marked[bit] += from[i].marked[bit];
    }
}

/* Writes and counts the sets that a packet has encoded. */
static mimic_status write_sets(assembly_run *run, mimic_packet *packet, mimic_error *err)
{
    const mimic_event_target *const target = run->assembly->target;
    for (size_t i = 0; i < packet->encoded_count; i++) {
        void *const one = packet->encoded[i];
        packet->encoded[i] = NULL;
        const mimic_status status = target->write(target->ctx, packet->place, one, err);
        if (status != MIMIC_OK) { /* those behind it are dropped */
            packet->encoded_count -= i + 1;
            memmove(packet->encoded, packet->encoded + i + 1,
                    packet->encoded_count * sizeof *packet->encoded);
            return status;
        }
    }
    packet->encoded_count = 0;
    return count_codes(run, packet->room.codes, packet->count, err);
}

/* Hands on what the task of a packet has made. */
static mimic_status deliver(assembly_run *run, mimic_packet *packet, mimic_error *err)
{
    const mimic_event_target *const target = run->assembly->target;
    MIMIC_TRY(write_sets(run, packet, err));
    for (size_t i = 0; i < packet->patient.reject_count; i++)
        MIMIC_TRY(target->reject(target->ctx, &packet->patient.rejects[i], err));
    for (size_t i = 0; i < packet->subject_count; i++)
        if (packet->subjects[i].written > 0)
            MIMIC_TRY(target->subject(target->ctx, packet->subjects[i].subject,
                                      packet->subjects[i].written, err));
    add_tallies(run->assembly->tallies, packet->tallies, run->setup.table_count);
    return MIMIC_OK;
}

static void put_away(assembly_run *run, mimic_packet *packet)
{
    mimic__packet_let_go(packet, &run->pinned, 0);
    mimic__packet_clear(packet);
    packet->next = run->idle;
    run->idle = packet;
}

static mimic_status finish_oldest(assembly_run *run, mimic_error *err)
{
    mimic_packet *const packet = run->first;
    mimic__pool_wait(run->assembly->pool, &packet->task);
    run->first = packet->next;
    run->last = run->first == NULL ? NULL : run->last;
    run->under_way--;
    run->charged -= packet->charge;
    mimic_status status = packet->status;
    if (status != MIMIC_OK && err != NULL)
        *err = packet->err;
    if (status == MIMIC_OK)
        status = deliver(run, packet, err);
    put_away(run, packet);
    return status;
}

static mimic_status finish_those_done(assembly_run *run, mimic_error *err)
{
    while (run->first != NULL && mimic__pool_is_done(run->assembly->pool, &run->first->task))
        MIMIC_TRY(finish_oldest(run, err));
    return MIMIC_OK;
}

static mimic_status finish_all(assembly_run *run, mimic_error *err)
{
    while (run->first != NULL)
        MIMIC_TRY(finish_oldest(run, err));
    return MIMIC_OK;
}

/* ---- packets that go out ---- */

static mimic_status close_packet(assembly_run *run, unsigned split, mimic_error *err)
{
    mimic_packet *const packet = run->open[split];
    if (packet == NULL)
        return MIMIC_OK;
    MIMIC_TRY(check_interrupted(run, err));
    packet->charge = mimic__packet_charge(packet);
    while (run->first != NULL &&
           (run->under_way >= run->most_under_way ||
            run->charged + run->pinned.bytes + packet->charge > run->assembly->memory))
        MIMIC_TRY(finish_oldest(run, err));
    MIMIC_TRY(finish_those_done(run, err));
    run->open[split] = NULL;
    packet->next = NULL;
    if (run->first == NULL)
        run->first = packet;
    else
        run->last->next = packet;
    run->last = packet;
    run->under_way++;
    run->charged += packet->charge;
    mimic__pool_submit(run->assembly->pool, &packet->task);
    return MIMIC_OK;
}

/* The packet for the subjects of a file; what was open for another file of the split is closed. */
static mimic_status open_packet(assembly_run *run, mimic_event_place place,
                                mimic_packet **out_packet, mimic_error *err)
{
    mimic_packet **const open = &run->open[place.split];
    if (*open != NULL && (*open)->place.index != place.index)
        MIMIC_TRY(close_packet(run, place.split, err));
    if (*open == NULL) {
        mimic_packet *packet = run->idle;
        if (packet != NULL)
            run->idle = packet->next;
        else
            MIMIC_TRY(mimic__packet_new(&run->setup, &packet, err));
        packet->place = place;
        *open = packet;
    }
    *out_packet = *open;
    return MIMIC_OK;
}

/* ---- a subject ---- */

static mimic_status give_set(void *ctx, mimic_packet *packet, bool is_more, mimic_error *err)
{
    packet->is_more = is_more;
    MIMIC_TRY(mimic__packet_encode(packet, err));
    return write_sets(ctx, packet, err);
}

static mimic_status check_giant(void *ctx, mimic_error *err)
{
    return check_interrupted(ctx, err);
}

/* The last subject of the packet is too large: what is there of it goes to a scratch file. */
static mimic_status begin_giant(assembly_run *run, mimic_packet *packet, mimic_giant **out_giant,
                                mimic_error *err)
{
    const size_t last = packet->subject_count - 1;
    const size_t first = last == 0 ? 0 : packet->subjects[last - 1].end;
    MIMIC_TRY(finish_all(run, err));
    MIMIC_TRY(mimic__packet_make_room(packet, MIMIC_PACKET_EVENTS, err));
    for (size_t i = 0; i < last; i++)
        MIMIC_TRY(mimic__packet_settle_subject(packet, i, err));
    const mimic_giant_options options = {
        .memory = run->assembly->memory,
        .path = run->assembly->path,
        .packet = packet,
        .subject = &packet->subjects[last],
        .give = give_set,
        .check = check_giant,
        .ctx = run,
    };
    MIMIC_TRY(mimic__giant_new(&options, out_giant, err));
    for (size_t i = first; i < packet->slice_count; i++)
        MIMIC_TRY(mimic__giant_add(*out_giant, mimic__packet_slice(&packet->slices[i]), err));
    packet->subjects[last].end = first;
    mimic__packet_let_go(packet, &run->pinned, first);
    return MIMIC_OK;
}

/* Moves the slice at hand of a stream to the last subject of the packet. */
static mimic_status move_slice(assembly_run *run, source *from, mimic_packet *packet,
                               mimic_giant_load *load, mimic_error *err)
{
    const mimic_event_chunk *const chunk = from->held->chunk;
    const mimic_event_run *const slice = &chunk->runs[from->run];
    load->events += slice->count;
    load->long_bytes += slice->long_bytes;
    load->bytes += (size_t)((uint64_t)chunk->bytes_size * slice->count / chunk->count);
    if (run->giant == NULL && mimic__giant_is_due(run->assembly->memory, load))
        MIMIC_TRY(begin_giant(run, packet, &run->giant, err));
    if (run->giant != NULL)
        MIMIC_TRY(mimic__giant_add(run->giant,
                                   (mimic_event_slice){chunk, slice->first, slice->count}, err));
    else
        MIMIC_TRY(mimic__packet_add_slice(packet, from->held, slice, err));
    return next_run(run, from, err);
}

/* Moves all of a subject from the streams into the packet. */
static mimic_status gather(assembly_run *run, int64_t subject, mimic_packet *packet,
                           mimic_error *err)
{
    mimic_giant_load load = {0};
    MIMIC_TRY(mimic__packet_add_subject(packet, subject, err));
    while (run->heap_count > 0 && run->sources[run->heap[0]].subject == subject) {
        source *const from = &run->sources[run->heap[0]];
        while (from->held != NULL && from->subject == subject)
            MIMIC_TRY(move_slice(run, from, packet, &load, err));
        if (from->held == NULL)
            run->heap[0] = run->heap[--run->heap_count];
        sift_down(run, 0);
    }
    packet->most_events = load.events > packet->most_events ? load.events : packet->most_events;
    return MIMIC_OK;
}

/* The packet that ends with a giant: the rest of it, and what is told of it. */
static mimic_status finish_giant(assembly_run *run, unsigned split, mimic_error *err)
{
    mimic_packet *const packet = run->open[split];
    MIMIC_TRY(mimic__giant_finish(run->giant, err));
    run->assembly->spilled_bytes += mimic__giant_spilled(run->giant);
    mimic__giant_free(run->giant);
    run->giant = NULL;
    MIMIC_TRY(deliver(run, packet, err));
    run->open[split] = NULL;
    put_away(run, packet);
    return MIMIC_OK;
}

/* Packets that fill slowly hold chunks of which they use little: these are copied when together
 * they take too much. */
static mimic_status detach_packets(assembly_run *run, unsigned filling, mimic_error *err)
{
    const mimic_pinned *const pinned = &run->pinned;
    if (pinned->bytes - pinned->copies <= run->assembly->memory / 4)
        return MIMIC_OK;
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        if (split != filling && run->open[split] != NULL)
            MIMIC_TRY(mimic__packet_detach(run->open[split], &run->pinned, err));
    while (run->first != NULL && pinned->bytes - pinned->copies > run->assembly->memory / 4)
        MIMIC_TRY(finish_oldest(run, err));
    return MIMIC_OK;
}

static mimic_status assemble(assembly_run *run, mimic_error *err)
{
    MIMIC_TRY(open_streams(run, err));
    while (run->heap_count > 0) {
        const int64_t subject = run->sources[run->heap[0]].subject;
        const mimic_event_place place =
            mimic__event_plan_place(run->assembly->rules->plan, subject);
        mimic_packet *packet = NULL;
        if (++run->subjects_unasked == ASK_SUBJECTS) {
            run->subjects_unasked = 0;
            MIMIC_TRY(check_interrupted(run, err));
        }
        MIMIC_TRY(open_packet(run, place, &packet, err));
        MIMIC_TRY(gather(run, subject, packet, err));
        if (run->giant != NULL)
            MIMIC_TRY(finish_giant(run, place.split, err));
        else if (packet->event_count >= MIMIC_PACKET_EVENTS ||
                 packet->long_bytes >= MIMIC_PACKET_LONG_BYTES)
            MIMIC_TRY(close_packet(run, place.split, err));
        MIMIC_TRY(detach_packets(run, place.split, err));
    }
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        MIMIC_TRY(close_packet(run, split, err));
    return finish_all(run, err);
}

/* ---- the whole ---- */

static void free_packets(assembly_run *run, mimic_packet *list)
{
    while (list != NULL) {
        mimic_packet *const next = list->next;
        mimic__pool_wait(run->assembly->pool, &list->task);
        mimic__packet_let_go(list, &run->pinned, 0);
        mimic__packet_free(list);
        list = next;
    }
}

static void close_run(assembly_run *run)
{
    mimic__giant_free(run->giant);
    free_packets(run, run->first);
    free_packets(run, run->idle);
    for (unsigned split = 0; split < MIMIC_SPLIT_COUNT; split++)
        if (run->open[split] != NULL) {
            run->open[split]->next = NULL;
            free_packets(run, run->open[split]);
        }
    for (size_t i = 0; run->sources != NULL && i < run->assembly->stream_count; i++)
        if (run->sources[i].held != NULL)
            mimic__held_let_go(&run->pinned, run->sources[i].held);
    mimic__free(run->ctx, run->sources);
    mimic__free(run->ctx, run->heap);
    mimic__patient_rules_free(&run->rules, run->ctx);
}

mimic_status mimic__assemble(mimic_assembly *assembly, mimic_error *err)
{
    const int jobs = mimic__pool_jobs(assembly->pool);
    assembly_run run = {
        .assembly = assembly,
        .ctx = assembly->ctx,
        .most_under_way = jobs == 1 ? 1 : (size_t)jobs + 2,
        .pinned = {.ctx = assembly->ctx},
        .code_capacity = assembly->code_count,
    };
    mimic_status status =
        mimic__patient_rules_init(&run.rules, assembly->ctx, assembly->rules, err);
    run.setup = (mimic_packet_setup){
        .ctx = assembly->ctx,
        .rules = &run.rules,
        .target = assembly->target,
        .table_count = assembly->rules->map->table_count,
    };
    if (status == MIMIC_OK)
        status = assemble(&run, err);
    close_run(&run);
    return status;
}
