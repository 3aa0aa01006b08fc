/* See source_units.h. */
#include "io/source_units.h"

#include <string.h>

#include "base/error.h"
#include "io/codec.h"
#include "io/member.h"

/* Memory: MEMORY_MAX for the units' bytes, a decoder each (some 150 KiB), and what lies in `stored`,
 * which is less than a largest member and one read: 12 MiB in all. A unit of one largest member takes
 * nearly half of it, so that two of those can be on the way. */
#define UNIT_CONTENT ((size_t)512 * 1024)
#define UNIT_STORED ((size_t)512 * 1024)
#define UNITS_MAX 8
#define MEMORY_MAX (2 * (MIMIC_MEMBER_STORED_MAX + MIMIC_MEMBER_CONTENT_MAX))

typedef struct unit {
    mimic_task task; /* first */
    mimic_decoder *decoder;
    unsigned char *stored;
    size_t stored_size;
    size_t stored_capacity;
    unsigned char *content;
    size_t content_size; /* room at first, what it is when the task is done */
    size_t content_capacity;
    size_t delivered;
    bool is_sound;
} unit;

struct mimic_units {
    const mimic_context *ctx;
    mimic_stored *stored;
    mimic_compression compression;
    mimic_pool *pool;
    size_t memory; /* of the units' bytes */
    bool is_at_end; /* no unit can be made of what is left */
    bool is_over;
    bool has_begun;
    size_t first; /* of `used` units on the way, one after the other in the ring */
    size_t used;
    size_t count;
    unit ring[UNITS_MAX];
};

mimic_status mimic__units_new(mimic_stored *stored, mimic_compression compression, mimic_pool *pool,
                              mimic_units **out_units, mimic_error *err)
{
    mimic_units *units = mimic__alloc_zeroed(stored->raw.ctx, 1, sizeof *units);
    if (units == NULL)
        return mimic__fail_memory(err);
    const size_t wanted = (size_t)mimic__pool_jobs(pool) + 2;
    units->ctx = stored->raw.ctx;
    units->stored = stored;
    units->compression = compression;
    units->pool = pool;
    units->count = wanted < UNITS_MAX ? wanted : UNITS_MAX;
    *out_units = units;
    return MIMIC_OK;
}

/* ---- a unit's work, on any thread ---- */

static void run_unit(mimic_task *task)
{
    unit *self = (unit *)task;
    mimic_codec_step step = {self->stored, self->stored_size, self->content, self->content_size,
                             false};
    self->is_sound = self->decoder->decode_whole(self->decoder, &step);
    self->content_size -= step.output_size;
}

/* ---- making units ---- */

typedef struct extent {
    size_t stored_size;
    size_t content_size;
} extent;

static unit *unit_at(mimic_units *units, size_t place)
{
    return &units->ring[(units->first + place) % units->count];
}

/* May another read be waited for? Where it may take long, only while there is nothing else to do. */
static bool may_read(mimic_units *units, size_t found_size)
{
    const mimic_raw *const raw = &units->stored->raw;
    if (raw->callbacks.read == NULL && raw->total >= 0)
        return true;
    return found_size == 0 && (units->used == 0 ||
                               !mimic__pool_is_done(units->pool, &unit_at(units, 0)->task));
}

/* Collects whole members from the beginning of the stored bytes, reading on as far as it takes. An
 * empty extent: there is nothing of the kind, or nothing yet. */
static mimic_status find_extent(mimic_units *units, extent *out_extent, mimic_error *err)
{
    mimic_stored *const stored = units->stored;
    extent found = {0, 0};
    while (found.stored_size < UNIT_STORED) {
        mimic_member member;
        const mimic_member_kind kind =
            mimic__member_find(units->compression, stored->bytes + found.stored_size,
                               stored->size - found.stored_size, &member);
        if (kind == MIMIC_MEMBER_CUT && stored->status == MIMIC_OK) {
            /* The buffer of stored bytes grows for a large member, not for a long unit. */
            if (!may_read(units, found.stored_size) ||
                (found.stored_size > 0 && stored->size == stored->capacity))
                break;
            mimic_error unread = MIMIC_ERROR_INIT; /* kept for the serial decoder, if it was reading */
            if (mimic__stored_read_more(stored, &unread) != stored->status)
                return mimic__fail_again(err, &unread);
            continue;
        }
        if (kind != MIMIC_MEMBER_WHOLE) {
            units->is_at_end = true;
            break;
        }
        if (found.stored_size > 0 && found.content_size + member.content_size > UNIT_CONTENT)
            break;
        found.stored_size += member.stored_size;
        found.content_size += member.content_size;
    }
    *out_extent = found;
    return MIMIC_OK;
}

/* Room in a buffer whose content is of no use. */
static mimic_status make_room(mimic_units *units, unsigned char **buffer, size_t *capacity,
                              size_t wanted, mimic_error *err)
{
    if (*capacity >= wanted && *buffer != NULL)
        return MIMIC_OK;
    mimic__free(units->ctx, *buffer);
    units->memory -= *capacity;
    *capacity = 0;
    *buffer = mimic__alloc(units->ctx, wanted == 0 ? 1 : wanted);
    if (*buffer == NULL)
        return mimic__fail_memory(err);
    *capacity = wanted;
    units->memory += wanted;
    return MIMIC_OK;
}

static void free_buffers(mimic_units *units, unit *self)
{
    mimic__free(units->ctx, self->stored);
    mimic__free(units->ctx, self->content);
    units->memory -= self->stored_capacity + self->content_capacity;
    self->stored = NULL;
    self->content = NULL;
    self->stored_capacity = 0;
    self->content_capacity = 0;
}

/* Is there memory for one more unit? Idle ones give theirs up for it. */
static bool has_memory(mimic_units *units, const extent *wanted)
{
    for (size_t place = units->used; place < units->count; place++)
        if (units->memory + wanted->stored_size + wanted->content_size > MEMORY_MAX)
            free_buffers(units, unit_at(units, place));
    return units->memory + wanted->stored_size + wanted->content_size <= MEMORY_MAX;
}

static mimic_status start_unit(mimic_units *units, const extent *wanted, mimic_error *err)
{
    unit *const self = unit_at(units, units->used);
    if (self->decoder == NULL)
        MIMIC_TRY(mimic__decoder_new(units->ctx, units->compression, &self->decoder, err));
    MIMIC_TRY(make_room(units, &self->stored, &self->stored_capacity, wanted->stored_size, err));
    MIMIC_TRY(make_room(units, &self->content, &self->content_capacity, wanted->content_size, err));
    memcpy(self->stored, units->stored->bytes, wanted->stored_size);
    self->stored_size = wanted->stored_size;
    self->content_size = wanted->content_size;
    self->delivered = 0;
    self->task.run = run_unit;
    units->used++;
    mimic__stored_take(units->stored, wanted->stored_size);
    mimic__pool_submit(units->pool, &self->task);
    return MIMIC_OK;
}

static mimic_status fill_ring(mimic_units *units, mimic_error *err)
{
    while (units->used < units->count && !units->is_at_end) {
        extent wanted;
        MIMIC_TRY(find_extent(units, &wanted, err));
        if (wanted.stored_size == 0)
            break;
        if (!has_memory(units, &wanted)) {
            units->is_at_end = false; /* the same will be found again */
            break;
        }
        MIMIC_TRY(start_unit(units, &wanted, err));
    }
    return MIMIC_OK;
}

/* ---- delivering them ---- */

static void drop_first(mimic_units *units)
{
    units->first = (units->first + 1) % units->count;
    units->used--;
}

mimic_status mimic__units_read(mimic_units *units, unsigned char *buffer, size_t capacity,
                               size_t *out_size, mimic_error *err)
{
    *out_size = 0;
    while (!units->is_over) {
        MIMIC_TRY(fill_ring(units, err));
        unit *const self = unit_at(units, 0);
        if (units->used > 0)
            mimic__pool_wait(units->pool, &self->task);
        if (units->used == 0 || !self->is_sound) {
            units->is_over = true;
            break;
        }
        units->has_begun = true;
        const size_t left = self->content_size - self->delivered;
        const size_t size = left < capacity ? left : capacity;
        if (size > 0)
            memcpy(buffer, self->content + self->delivered, size);
        self->delivered += size;
        if (self->delivered == self->content_size)
            drop_first(units);
        *out_size = size;
        if (size > 0)
            return MIMIC_OK;
    }
    return MIMIC_END;
}

bool mimic__units_give_back(mimic_units *units, const unsigned char **out_bytes, size_t *out_size)
{
    if (units->used == 0)
        return false;
    unit *const self = unit_at(units, 0);
    mimic__pool_wait(units->pool, &self->task);
    *out_bytes = self->stored;
    *out_size = self->stored_size;
    drop_first(units);
    return true;
}

bool mimic__units_have_begun(const mimic_units *units)
{
    return units->has_begun;
}

void mimic__units_leave_pool(mimic_units *units)
{
    for (size_t i = 0; i < units->count; i++)
        mimic__pool_wait(units->pool, &units->ring[i].task);
    units->pool = NULL;
}

void mimic__units_free(mimic_units *units)
{
    if (units == NULL)
        return;
    mimic__units_leave_pool(units);
    for (size_t i = 0; i < units->count; i++) {
        free_buffers(units, &units->ring[i]);
        mimic__decoder_free(units->ring[i].decoder);
    }
    mimic__free(units->ctx, units);
}
