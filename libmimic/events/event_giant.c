/*
 * See event_giant.h. Everything here is done on the caller's thread: such subjects are as good as
 * absent from real data. The scratch file consists of blocks, as that of the sorter does.
 */
#include "events/event_giant.h"

#include <unistd.h>

#include "base/error.h"
#include "events/event_order.h"
#include "events/event_run.h"

/* What an event takes in memory while it is settled, sorted and encoded; about. */
#define EVENT_BYTES ((size_t)600)
#define LIMIT_MIN ((size_t)256)
#define TEXT_COPIES 4 /* of a text on the same way */
#define PIECE_BYTES_MIN ((size_t)1 << 16) /* of texts */
#define CONTEXT_MIN ((size_t)150000)
#define CONTEXT_GROWTH 2 /* it is counted with the room that its arrays have left */
#define JOINED_SHARE 8 /* of the memory, for rows that others are joined with */
#define BLOCK_EVENTS_MIN ((size_t)64)
#define BLOCK_EVENTS_MAX ((size_t)2048)
#define BLOCK_BYTES ((size_t)1 << 18)
#define FAN_IN_MIN ((size_t)2)
#define FAN_IN_MAX ((size_t)256)

typedef struct giant_run {
    mimic_block_run run;
    uint16_t table; /* of a raw run */
} giant_run;

typedef struct giant_runs {
    giant_run *items;
    size_t count;
    size_t capacity;
} giant_runs;

/* Chunks that something still refers to. */
typedef struct giant_chunks {
    mimic_event_chunk **items;
    size_t count;
    size_t capacity;
} giant_chunks;

/* A run of finished events while it is merged. */
typedef struct giant_feed {
    mimic_event_stream *stream;
    mimic_event_chunk *chunk; /* NULL = at its end */
    size_t next;              /* event of the chunk */
    mimic_sort_pair key;      /* of that event: time, rank and number of the run */
} giant_feed;

struct mimic_giant {
    const mimic_context *ctx;
    mimic_giant_options options;
    mimic_packet *packet;
    mimic_block_file file;
    mimic_event_packer *packer;
    mimic_event_builder builder;
    mimic_run_writer writer;
    giant_runs raw;
    giant_runs pieces;
    giant_chunks used;
    size_t limit; /* events of a piece */
    size_t limit_bytes; /* and of their texts */
    size_t piece_bytes; /* texts of the one at hand */
    size_t block_events;
    /* merging */
    giant_feed *feeds;
    uint32_t *heap;
    size_t feed_count;
    size_t heap_count;
    size_t in_room; /* merged events in the packet's room, whose texts lie in chunks */
    int64_t last_subject; /* of the last set */
    bool has_given;
};

static size_t at_least(size_t count, size_t least)
{
    return count < least ? least : count;
}

bool mimic__giant_is_due(size_t memory, const mimic_giant_load *load)
{
    const bool ends_packet =
        load->events > MIMIC_PACKET_EVENTS || load->long_bytes >= MIMIC_PACKET_LONG_BYTES;
    return ends_packet && (load->events > memory / 2 / EVENT_BYTES ||
                           load->bytes > (memory / 2 - load->events * EVENT_BYTES) / TEXT_COPIES);
}

int64_t mimic__giant_spilled(const mimic_giant *giant)
{
    return (giant->file.fd < 0 ? 0 : giant->file.size) +
           mimic__joined_rows_spilled(giant->packet->patient.context.rows);
}

mimic_status mimic__giant_new(const mimic_giant_options *options, mimic_giant **out_giant,
                              mimic_error *err)
{
    const mimic_context *const ctx = options->packet->setup->ctx;
    mimic_giant *const giant = mimic__alloc_zeroed(ctx, 1, sizeof *giant);
    *out_giant = giant;
    if (giant == NULL)
        return mimic__fail_memory(err);
    giant->ctx = ctx;
    giant->options = *options;
    giant->packet = options->packet;
    giant->file =
        (mimic_block_file){.ctx = ctx, .fd = -1, .path = options->path, .is_scratch = true};
    giant->writer.file = &giant->file;
    giant->limit = at_least(options->memory / 2 / EVENT_BYTES, LIMIT_MIN);
    giant->limit_bytes = at_least(options->memory / 2 / TEXT_COPIES, PIECE_BYTES_MIN);
    giant->block_events = giant->limit / 64;
    if (giant->block_events < BLOCK_EVENTS_MIN)
        giant->block_events = BLOCK_EVENTS_MIN;
    if (giant->block_events > BLOCK_EVENTS_MAX)
        giant->block_events = BLOCK_EVENTS_MAX;
    mimic__event_builder_init(&giant->builder, ctx, (uint32_t)giant->block_events, BLOCK_BYTES);
    mimic__patient_begin(&giant->packet->patient, options->subject->subject);
    mimic_status status =
        mimic__event_context_spill_rows(&giant->packet->patient.context,
                                        options->memory / JOINED_SHARE, options->path, err);
    if (status == MIMIC_OK)
        status = mimic__event_packer_new(ctx, MIMIC_PACK_LEVEL, &giant->packer, err);
    if (status != MIMIC_OK) {
        mimic__giant_free(giant);
        *out_giant = NULL;
    }
    return status;
}

static void release_used(mimic_giant *giant)
{
    for (size_t i = 0; i < giant->used.count; i++)
        mimic__chunk_release(giant->used.items[i]);
    giant->used.count = 0;
}

static void close_feeds(mimic_giant *giant)
{
    for (size_t i = 0; i < giant->feed_count; i++) {
        giant_feed *const feed = &giant->feeds[i];
        mimic__chunk_release(feed->chunk);
        if (feed->stream != NULL)
            feed->stream->free(feed->stream);
    }
    mimic__free(giant->ctx, giant->feeds);
    mimic__free(giant->ctx, giant->heap);
    giant->feeds = NULL;
    giant->heap = NULL;
    giant->feed_count = 0;
    giant->heap_count = 0;
}

void mimic__giant_free(mimic_giant *giant)
{
    if (giant == NULL)
        return;
    close_feeds(giant);
    release_used(giant);
    mimic__event_context_clear(&giant->packet->patient.context); /* and its files */
    mimic__free(giant->ctx, giant->used.items);
    mimic__free(giant->ctx, giant->raw.items);
    mimic__free(giant->ctx, giant->pieces.items);
    mimic__free(giant->ctx, giant->writer.page);
    mimic__event_builder_free(&giant->builder);
    mimic__event_packer_free(giant->packer);
    if (giant->file.fd >= 0)
        (void)close(giant->file.fd);
    mimic__free(giant->ctx, giant);
}

/* ---- writing runs ---- */

/* Begins a run at the end of the list. */
static mimic_status begin_run(mimic_giant *giant, giant_runs *runs, uint16_t table,
                              mimic_error *err)
{
    giant_run *const items =
        mimic__array_grow(giant->ctx, runs->items, runs->count, &runs->capacity, sizeof *items);
    if (items == NULL)
        return mimic__fail_memory(err);
    runs->items = items;
    items[runs->count++] = (giant_run){.table = table};
    return mimic__run_writer_begin(&giant->writer, &items[runs->count - 1].run, err);
}

static mimic_status write_block(mimic_giant *giant, mimic_error *err)
{
    mimic_event_chunk *const chunk = mimic__event_builder_take(&giant->builder);
    if (chunk == NULL)
        return MIMIC_OK;
    mimic_event_block block = {0};
    const unsigned char *bytes = NULL;
    mimic_status status = mimic__event_pack(giant->packer, chunk, &block, &bytes, err);
    if (status == MIMIC_OK)
        status = mimic__run_writer_put(&giant->writer, &block, bytes, err);
    mimic__chunk_release(chunk);
    return status == MIMIC_OK ? giant->options.check(giant->options.ctx, err) : status;
}

static mimic_status write_slice(mimic_giant *giant, mimic_event_slice slice, mimic_error *err)
{
    while (slice.count > 0) {
        MIMIC_TRY(mimic__event_builder_add(&giant->builder, &slice, err));
        if (giant->builder.is_full)
            MIMIC_TRY(write_block(giant, err));
    }
    return MIMIC_OK;
}

static mimic_status end_run(mimic_giant *giant, mimic_error *err)
{
    MIMIC_TRY(write_block(giant, err));
    return mimic__run_writer_end(&giant->writer, err);
}

/* Admissions and stays are looked for by time and by id all the while: they have to fit. */
static mimic_status check_context(const mimic_giant *giant, uint16_t table, mimic_error *err)
{
    const mimic_event_context *const context = &giant->packet->patient.context;
    const size_t size = mimic__event_context_size(context);
    if (size <= CONTEXT_MIN || size / CONTEXT_GROWTH <= giant->options.memory)
        return MIMIC_OK;
    const mimic_event_table *const source = &giant->packet->setup->rules->rules->map->tables[table];
    return mimic__fail(err, MIMIC_ERR_LIMIT,
                       "subject %lld has too many rows of %s for the memory, %zu so far; all of one "
                       "patient must fit: give more memory (--memory)",
                       (long long)giant->options.subject->subject,
                       source->table == NULL ? "a table" : source->table->name,
                       source->context < 0 ? 0 : context->groups[source->context].count);
}

mimic_status mimic__giant_add(mimic_giant *giant, mimic_event_slice slice, mimic_error *err)
{
    giant_runs *const raw = &giant->raw;
    const uint16_t table = slice.chunk->table;
    MIMIC_TRY(mimic__patient_learn(&giant->packet->patient, &slice, err));
    MIMIC_TRY(check_context(giant, table, err));
    if (raw->count == 0 || raw->items[raw->count - 1].table != table) {
        if (raw->count > 0)
            MIMIC_TRY(end_run(giant, err));
        MIMIC_TRY(begin_run(giant, raw, table, err));
    }
    return write_slice(giant, slice, err);
}

/* ---- reading runs ---- */

static mimic_status open_run(const mimic_giant *giant, const giant_run *run,
                             mimic_event_stream **out_stream, mimic_error *err)
{
    const mimic_merge_options options = {
        .file = &giant->file,
        .runs = &run->run,
        .run_count = 1,
        .first = INT64_MIN,
        .last = INT64_MAX,
        .max_events = (uint32_t)giant->block_events,
        .max_bytes = BLOCK_BYTES,
    };
    return mimic__event_merge_new(giant->ctx, &options, out_stream, err);
}

/* Takes over a chunk that is needed until the next release_used. */
static mimic_status use(mimic_giant *giant, mimic_event_chunk *chunk, mimic_error *err)
{
    mimic_event_chunk **const items = mimic__array_grow(
        giant->ctx, giant->used.items, giant->used.count, &giant->used.capacity, sizeof *items);
    if (items == NULL) {
        mimic__chunk_release(chunk);
        return mimic__fail_memory(err);
    }
    giant->used.items = items;
    items[giant->used.count++] = chunk;
    return MIMIC_OK;
}

/* ---- pieces ---- */

/* An event that stands alone, as a slice for the builder. */
static mimic_status write_event(mimic_giant *giant, mimic_event *event, const char *text,
                                mimic_error *err)
{
    /* The builder copies from the bytes of a chunk, and does not write to them. */
    union {
        const char *text;
        char *bytes;
    } const bytes = {.text = text};
    event->text = 0;
    const mimic_event_chunk chunk = {.events = event, .count = 1, .bytes = bytes.bytes};
    return write_slice(giant, (mimic_event_slice){&chunk, 0, 1}, err);
}

/* They may be as many as the rows. */
static mimic_status give_rejects(const mimic_giant *giant, mimic_error *err)
{
    mimic_patient_work *const patient = &giant->packet->patient;
    const mimic_event_target *const target = giant->packet->setup->target;
    for (size_t i = 0; i < patient->reject_count; i++)
        MIMIC_TRY(target->reject(target->ctx, &patient->rejects[i], err));
    patient->reject_count = 0;
    return MIMIC_OK;
}

/* Sorts what is settled and writes it as a run. Rows are whole. */
static mimic_status write_piece(mimic_giant *giant, mimic_error *err)
{
    mimic_packet *const packet = giant->packet;
    mimic_patient_work *const patient = &packet->patient;
    MIMIC_TRY(mimic__patient_end(patient, err));
    if (patient->count > 0) {
        MIMIC_TRY(begin_run(giant, &giant->pieces, 0, err));
        const mimic_sort_pair *const order = mimic__patient_order(patient);
        for (size_t i = 0; i < patient->count; i++) {
            const size_t index = (size_t)(order[i].lo & MIMIC_ORDER_INDEX);
            mimic_event *const event = &patient->events[index];
            mimic__patient_finish(patient->rules, patient->tallies, event);
            MIMIC_TRY(write_event(giant, event, patient->texts[index], err));
        }
        MIMIC_TRY(end_run(giant, err));
        giant->options.subject->written += (int64_t)patient->count;
    }
    mimic__patient_next_piece(patient);
    release_used(giant);
    giant->piece_bytes = 0;
    return give_rejects(giant, err);
}

/* Where the last row of a chunk begins. */
static uint32_t last_row(const mimic_event_chunk *chunk)
{
    size_t first = chunk->count - 1;
    while (first > 0 && chunk->events[first - 1].row == chunk->events[first].row)
        first--;
    return (uint32_t)first;
}

static mimic_status settle_chunk(mimic_giant *giant, mimic_event_chunk *chunk, mimic_error *err)
{
    mimic_patient_work *const patient = &giant->packet->patient;
    const bool fills = patient->count + chunk->count > giant->limit ||
                       giant->piece_bytes + chunk->bytes_size > giant->limit_bytes;
    const bool goes_on = patient->row.is_there && patient->row.table == chunk->table &&
                         patient->row.row == chunk->events[0].row;
    const uint32_t cut = fills && goes_on ? last_row(chunk) : 0;
    if (fills && !goes_on)
        MIMIC_TRY(write_piece(giant, err));
    if (cut > 0) {
        const mimic_event_slice head = {chunk, 0, cut};
        MIMIC_TRY(use(giant, mimic__chunk_share(chunk), err));
        MIMIC_TRY(mimic__patient_resolve(patient, &head, err));
        MIMIC_TRY(write_piece(giant, err));
    }
    const mimic_event_slice tail = {chunk, cut, (uint32_t)chunk->count - cut};
    giant->piece_bytes += chunk->bytes_size;
    MIMIC_TRY(use(giant, mimic__chunk_share(chunk), err));
    return mimic__patient_resolve(patient, &tail, err);
}

static mimic_status settle_run(mimic_giant *giant, const giant_run *run, mimic_error *err)
{
    mimic_event_stream *stream = NULL;
    MIMIC_TRY(open_run(giant, run, &stream, err));
    mimic_status status = MIMIC_OK;
    for (;;) {
        mimic_event_chunk *chunk = NULL;
        status = stream->next(stream, &chunk, err);
        if (status != MIMIC_OK || chunk == NULL)
            break;
        chunk->table = run->table;
        status = settle_chunk(giant, chunk, err);
        mimic__chunk_release(chunk);
        if (status != MIMIC_OK)
            break;
    }
    stream->free(stream);
    return status;
}

/* ---- merging pieces ---- */

static bool is_before(const mimic_giant *giant, uint32_t a, uint32_t b)
{
    return mimic__event_order_is_before(&giant->feeds[a].key, &giant->feeds[b].key);
}

static void sift_down(mimic_giant *giant, size_t place)
{
    uint32_t *const heap = giant->heap;
    const uint32_t moved = heap[place];
    for (size_t child; (child = 2 * place + 1) < giant->heap_count; place = child) {
        child += child + 1 < giant->heap_count && is_before(giant, heap[child + 1], heap[child]);
        if (!is_before(giant, heap[child], moved))
            break;
        heap[place] = heap[child];
    }
    heap[place] = moved;
}

/* Goes to the next event of a run; the chunk before stays as long as its texts are used. */
static mimic_status advance(mimic_giant *giant, uint32_t number, mimic_error *err)
{
    giant_feed *const feed = &giant->feeds[number];
    if (feed->chunk == NULL || ++feed->next == feed->chunk->count) {
        mimic_event_chunk *const before = feed->chunk;
        feed->chunk = NULL;
        if (before != NULL && giant->in_room > 0)
            MIMIC_TRY(use(giant, before, err));
        else
            mimic__chunk_release(before);
        feed->next = 0;
        MIMIC_TRY(feed->stream->next(feed->stream, &feed->chunk, err));
        if (feed->chunk == NULL)
            return MIMIC_OK;
    }
    const mimic_event *const event = &feed->chunk->events[feed->next];
    const mimic_kind_rule *const kind = &giant->packet->setup->rules->kinds[event->kind];
    feed->key = mimic__event_order_pair(event->time, kind->rank, number);
    return MIMIC_OK;
}

static mimic_status open_feeds(mimic_giant *giant, const giant_run *runs, size_t count,
                               mimic_error *err)
{
    giant->feeds = mimic__alloc_zeroed(giant->ctx, count + 1, sizeof *giant->feeds);
    giant->heap = mimic__alloc_array(giant->ctx, count + 1, sizeof *giant->heap);
    if (giant->feeds == NULL || giant->heap == NULL)
        return mimic__fail_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        giant->feed_count++;
        MIMIC_TRY(open_run(giant, &runs[i], &giant->feeds[i].stream, err));
        MIMIC_TRY(advance(giant, i, err));
        if (giant->feeds[i].chunk != NULL)
            giant->heap[giant->heap_count++] = i;
    }
    for (size_t place = giant->heap_count / 2; place-- > 0;)
        sift_down(giant, place);
    return MIMIC_OK;
}

/* Behind the event at the top of the heap. */
static mimic_status pop(mimic_giant *giant, mimic_error *err)
{
    const uint32_t top = giant->heap[0];
    MIMIC_TRY(advance(giant, top, err));
    if (giant->feeds[top].chunk == NULL)
        giant->heap[0] = giant->heap[--giant->heap_count];
    if (giant->heap_count > 0)
        sift_down(giant, 0);
    return MIMIC_OK;
}

/* How many pieces may be merged at once: each has a block in memory. */
static size_t fan_in(const mimic_giant *giant)
{
    size_t cost = 1;
    for (size_t i = 0; i < giant->pieces.count; i++)
        if (giant->pieces.items[i].run.cost > cost)
            cost = giant->pieces.items[i].run.cost;
    const size_t count = giant->options.memory / 2 / (cost + sizeof(mimic_block_page));
    return count < FAN_IN_MIN ? FAN_IN_MIN : count > FAN_IN_MAX ? FAN_IN_MAX : count;
}

/* Pieces [first, first + count) into one more. */
static mimic_status merge_some(mimic_giant *giant, const giant_run *runs, size_t count,
                               giant_runs *into, mimic_error *err)
{
    MIMIC_TRY(begin_run(giant, into, 0, err));
    MIMIC_TRY(open_feeds(giant, runs, count, err));
    while (giant->heap_count > 0) {
        giant_feed *const feed = &giant->feeds[giant->heap[0]];
        const mimic_event_slice slice = {feed->chunk, (uint32_t)feed->next, 1};
        MIMIC_TRY(write_slice(giant, slice, err));
        MIMIC_TRY(pop(giant, err));
    }
    close_feeds(giant);
    return end_run(giant, err);
}

/* One level: groups of neighbours, so that equal times and ranks stay in the order of the pieces.
 */
static mimic_status merge_level(mimic_giant *giant, size_t most, giant_runs *merged,
                                mimic_error *err)
{
    for (size_t first = 0; first < giant->pieces.count; first += most) {
        const size_t left = giant->pieces.count - first;
        MIMIC_TRY(
            merge_some(giant, &giant->pieces.items[first], left < most ? left : most, merged, err));
    }
    return MIMIC_OK;
}

static mimic_status lessen_pieces(mimic_giant *giant, mimic_error *err)
{
    for (size_t most; (most = fan_in(giant)) < giant->pieces.count;) {
        giant_runs merged = {0};
        const mimic_status status = merge_level(giant, most, &merged, err);
        if (status != MIMIC_OK) {
            mimic__free(giant->ctx, merged.items);
            return status;
        }
        mimic__free(giant->ctx, giant->pieces.items);
        giant->pieces = merged;
    }
    return MIMIC_OK;
}

/* ---- sets ---- */

static mimic_status give(mimic_giant *giant, mimic_error *err)
{
    mimic_packet *const packet = giant->packet;
    if (packet->count == 0)
        return MIMIC_OK;
    const bool is_more = giant->has_given && packet->room.events[0].subject == giant->last_subject;
    giant->has_given = true;
    giant->last_subject = packet->room.events[packet->count - 1].subject;
    MIMIC_TRY(giant->options.give(giant->options.ctx, packet, is_more, err));
    packet->count = 0;
    giant->in_room = 0;
    release_used(giant);
    return MIMIC_OK;
}

static mimic_status give_all(mimic_giant *giant, mimic_error *err)
{
    mimic_packet *const packet = giant->packet;
    const size_t all = packet->count + (size_t)giant->options.subject->written;
    const size_t step = all > 2 * MIMIC_PACKET_EVENTS ? MIMIC_PACKET_EVENTS : all;
    MIMIC_TRY(mimic__packet_make_room(packet, step, err));
    size_t long_bytes = 0;
    if (packet->count == step)
        MIMIC_TRY(give(giant, err));
    for (size_t i = 0; i < packet->count; i++)
        long_bytes += mimic__event_long_bytes(&packet->room.events[i]);
    MIMIC_TRY(open_feeds(giant, giant->pieces.items, giant->pieces.count, err));
    while (giant->heap_count > 0) {
        const giant_feed *const feed = &giant->feeds[giant->heap[0]];
        const mimic_event *const event = &feed->chunk->events[feed->next];
        packet->room.events[packet->count] = *event;
        packet->room.texts[packet->count] = feed->chunk->bytes + event->text;
        packet->room.codes[packet->count] = event->code;
        packet->count++;
        giant->in_room++;
        long_bytes += mimic__event_long_bytes(event);
        if (packet->count == step || long_bytes >= MIMIC_SET_LONG_BYTES) {
            MIMIC_TRY(give(giant, err)); /* before the next block is read */
            long_bytes = 0;
        }
        MIMIC_TRY(pop(giant, err));
    }
    MIMIC_TRY(give(giant, err));
    close_feeds(giant);
    return MIMIC_OK;
}

mimic_status mimic__giant_finish(mimic_giant *giant, mimic_error *err)
{
    if (giant->raw.count > 0)
        MIMIC_TRY(end_run(giant, err));
    MIMIC_TRY(mimic__patient_settle(&giant->packet->patient, err));
    for (size_t i = 0; i < giant->raw.count; i++)
        MIMIC_TRY(settle_run(giant, &giant->raw.items[i], err));
    MIMIC_TRY(write_piece(giant, err));
    MIMIC_TRY(lessen_pieces(giant, err));
    return give_all(giant, err);
}
