/*
 * See event_block.h. A column is two bytes (how, width) and `width` planes of a byte a value: first
 * the lowest bytes of all values, then the next ones, which for most columns are all zero. What is
 * written of a value is its difference to a base, zigzag, divided by a minute or a second where all
 * differences are such; values that are not there are 0 and the others one more, where there are such.
 */
#include "events/event_block.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "io/codec.h"

/* How a column is written: two bits of base, two of scale, one whether there is what is not there. 0 is
 * values as they are, words plus one. */
typedef enum base_kind { BASE_NONE, BASE_BEFORE, BASE_TIME } base_kind;
#define SCALE_SHIFT 2
#define HAS_NONE 16u
#define HOW_MAX 31u
enum { SCALE_NONE, SCALE_SECOND, SCALE_MINUTE, SCALES };
#define SECOND 1000000
#define MINUTE 60000000

#define COLUMN_HEAD 2
#define RUN_COLUMNS 2
#define STEP 512 /* values that are decoded at a time */

typedef enum column_type { OF_WIDE, OF_WORD, OF_HALF } column_type;

typedef struct column_form {
    size_t offset; /* in an event */
    column_type type;
    base_kind base;
    bool is_time; /* scales are tried */
} column_form;

#define AT(member) offsetof(mimic_event, member)
static const column_form columns[] = {
    {AT(time), OF_WIDE, BASE_BEFORE, true},
    {AT(available), OF_WIDE, BASE_TIME, true},
    {AT(anchor), OF_WIDE, BASE_TIME, true},
    {AT(admission), OF_WIDE, BASE_BEFORE, false},
    {AT(stay), OF_WIDE, BASE_BEFORE, false},
    {AT(row), OF_WIDE, BASE_BEFORE, false},
    {AT(value), OF_WIDE, BASE_NONE, false},
    {AT(code), OF_WORD, BASE_NONE, false},
    {AT(unit), OF_WORD, BASE_NONE, false},
    {AT(text_size), OF_WORD, BASE_NONE, false},
    {AT(properties_size), OF_WORD, BASE_NONE, false},
    {AT(kind), OF_HALF, BASE_NONE, false},
    {AT(flags), OF_HALF, BASE_NONE, false},
};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])
#define EVENT_PLANES (7 * 8 + 4 * 4 + 2 * 2) /* bytes of an event at most, its subject not counted */
#define RUN_PLANES (8 + 4)

struct mimic_event_packer {
    const mimic_context *ctx;
    mimic_zstd_compressor *compressor; /* NULL = does not compress */
    uint64_t *values;                  /* of the column at hand, MIMIC_BLOCK_EVENTS_MAX at most */
    size_t value_capacity;
    unsigned char *payload;
    size_t payload_capacity;
    unsigned char *stored;
    size_t stored_capacity;
};

static inline uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* ---- the values of a column, and back ---- */

static void gather(const mimic_event *events, size_t count, const column_form *of, uint64_t *values)
{
    const char *at = (const char *)events + of->offset;
    if (of->type == OF_WIDE) {
        for (size_t i = 0; i < count; i++, at += sizeof *events)
            memcpy(&values[i], at, sizeof values[i]);
    } else if (of->type == OF_WORD) {
        for (size_t i = 0; i < count; i++, at += sizeof *events) {
            uint32_t value;
            memcpy(&value, at, sizeof value);
            values[i] = value;
        }
    } else {
        for (size_t i = 0; i < count; i++, at += sizeof *events) {
            uint16_t value;
            memcpy(&value, at, sizeof value);
            values[i] = value;
        }
    }
}

static void scatter(mimic_event *events, size_t count, const column_form *of, const uint64_t *values)
{
    char *at = (char *)events + of->offset;
    if (of->type == OF_WIDE) {
        for (size_t i = 0; i < count; i++, at += sizeof *events)
            memcpy(at, &values[i], sizeof values[i]);
    } else if (of->type == OF_WORD) {
        for (size_t i = 0; i < count; i++, at += sizeof *events) {
            const uint32_t value = (uint32_t)values[i];
            memcpy(at, &value, sizeof value);
        }
    } else {
        for (size_t i = 0; i < count; i++, at += sizeof *events) {
            const uint16_t value = (uint16_t)values[i];
            memcpy(at, &value, sizeof value);
        }
    }
}

/* ---- differences ---- */

#define NONE ((uint64_t)INT64_MIN)

static inline uint64_t time_of(const mimic_event *event)
{
    return event->time == MIMIC_EVENT_NONE ? 0 : (uint64_t)event->time;
}

/* Turns values into differences to the one before or to the time; none stay none. Says whether there
 * are some; false is returned where a difference cannot be told from them. */
static bool make_differences(const mimic_event_chunk *chunk, base_kind base, uint64_t *values,
                             bool *out_has_none)
{
    uint64_t before = 0;
    bool has_none = false;
    bool is_clear = true;
    for (size_t i = 0; i < chunk->count; i++) {
        const uint64_t value = values[i];
        if (value == NONE) {
            has_none = true;
            continue;
        }
        values[i] = value - (base == BASE_TIME ? time_of(chunk->events + i) : before);
        before = value;
        is_clear &= values[i] != NONE;
    }
    *out_has_none = has_none;
    return is_clear || !has_none;
}

static inline bool divides(const uint64_t *values, size_t count, int64_t scale, bool has_none)
{
    for (size_t i = 0; i < count; i++)
        if ((int64_t)values[i] % scale != 0 && !(has_none && values[i] == NONE))
            return false;
    return true;
}

/* The largest scale by which all values can be divided. */
static unsigned find_scale(const uint64_t *values, size_t count, bool has_none)
{
    if (divides(values, count, MINUTE, has_none))
        return SCALE_MINUTE;
    return divides(values, count, SECOND, has_none) ? SCALE_SECOND : SCALE_NONE;
}

static inline void fold_by(uint64_t *values, size_t count, int64_t scale, bool has_none)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t folded = zigzag((int64_t)values[i] / scale) + has_none;
        values[i] = has_none && values[i] == NONE ? 0 : folded;
    }
}

static void fold(uint64_t *values, size_t count, unsigned scale, bool has_none)
{
    if (scale == SCALE_MINUTE)
        fold_by(values, count, MINUTE, has_none);
    else if (scale == SCALE_SECOND)
        fold_by(values, count, SECOND, has_none);
    else
        fold_by(values, count, 1, has_none);
}

/* ---- columns of bytes ---- */

static unsigned width_of(const uint64_t *values, size_t count)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= values[i];
    unsigned width = 0;
    for (; all != 0; all >>= 8)
        width++;
    return width;
}

static unsigned char *put_column(unsigned char *to, const uint64_t *values, size_t count, unsigned how)
{
    const unsigned width = width_of(values, count);
    *to++ = (unsigned char)how;
    *to++ = (unsigned char)width;
    for (unsigned byte = 0; byte < width; byte++, to += count)
        for (size_t i = 0; i < count; i++)
            to[i] = (unsigned char)(values[i] >> (8 * byte));
    return to;
}

static unsigned char *put_differences(unsigned char *to, const mimic_event_chunk *chunk,
                                      const column_form *of, uint64_t *values)
{
    bool has_none = false;
    gather(chunk->events, chunk->count, of, values);
    if (!make_differences(chunk, of->base, values, &has_none)) {
        gather(chunk->events, chunk->count, of, values);
        return put_column(to, values, chunk->count, 0);
    }
    const unsigned scale = of->is_time ? find_scale(values, chunk->count, has_none) : 0;
    fold(values, chunk->count, scale, has_none);
    return put_column(to, values, chunk->count,
                      (unsigned)of->base | scale << SCALE_SHIFT | (has_none ? HAS_NONE : 0));
}

static unsigned char *put_plain(unsigned char *to, const mimic_event_chunk *chunk, const column_form *of,
                                uint64_t *values)
{
    gather(chunk->events, chunk->count, of, values);
    if (of->type == OF_WORD) /* what is not there is 0 */
        for (size_t i = 0; i < chunk->count; i++)
            values[i] = (uint32_t)(values[i] + 1);
    return put_column(to, values, chunk->count, 0);
}

static unsigned char *put_runs(unsigned char *to, const mimic_event_chunk *chunk, uint64_t *values)
{
    uint64_t before = 0;
    for (size_t i = 0; i < chunk->run_count; i++) {
        values[i] = (uint64_t)chunk->runs[i].subject - before;
        before = (uint64_t)chunk->runs[i].subject;
    }
    to = put_column(to, values, chunk->run_count, 0);
    for (size_t i = 0; i < chunk->run_count; i++)
        values[i] = chunk->runs[i].count;
    return put_column(to, values, chunk->run_count, 0);
}

static size_t payload_max(size_t events, size_t runs, size_t bytes)
{
    return (COLUMN_COUNT + RUN_COLUMNS) * COLUMN_HEAD + events * EVENT_PLANES + runs * RUN_PLANES +
           bytes;
}

/* ---- packing ---- */

mimic_status mimic__event_packer_new(const mimic_context *ctx, int level,
                                     mimic_event_packer **out_packer, mimic_error *err)
{
    *out_packer = NULL;
    mimic_event_packer *const packer = mimic__alloc_zeroed(ctx, 1, sizeof *packer);
    if (packer == NULL)
        return mimic__fail_memory(err);
    packer->ctx = ctx;
    const mimic_status status = mimic__zstd_compressor_new(ctx, level, &packer->compressor, err);
    if (status != MIMIC_OK && status != MIMIC_ERR_UNSUPPORTED) {
        mimic__event_packer_free(packer);
        return status;
    }
    *out_packer = packer;
    return MIMIC_OK;
}

void mimic__event_packer_free(mimic_event_packer *packer)
{
    if (packer == NULL)
        return;
    mimic__zstd_compressor_free(packer->compressor);
    mimic__free(packer->ctx, packer->values);
    mimic__free(packer->ctx, packer->payload);
    mimic__free(packer->ctx, packer->stored);
    mimic__free(packer->ctx, packer);
}

/* Room for `size` items of what is written anew each time. */
static mimic_status widen(const mimic_context *ctx, void **memory, size_t *capacity, size_t size,
                          mimic_error *err)
{
    if (size <= *capacity)
        return MIMIC_OK;
    mimic__free(ctx, *memory);
    *capacity = 0;
    *memory = mimic__alloc(ctx, size);
    if (*memory == NULL)
        return mimic__fail_memory(err);
    *capacity = size;
    return MIMIC_OK;
}

static mimic_status make_room(mimic_event_packer *packer, const mimic_event_chunk *chunk,
                              mimic_error *err)
{
    const size_t payload = payload_max(chunk->count, chunk->run_count, chunk->bytes_size);
    void *values = packer->values;
    void *room = packer->payload;
    mimic_status status = widen(packer->ctx, &values, &packer->value_capacity,
                                chunk->count * sizeof *packer->values, err);
    packer->values = values;
    if (status == MIMIC_OK)
        status = widen(packer->ctx, &room, &packer->payload_capacity, payload, err);
    packer->payload = room;
    room = packer->stored;
    if (status == MIMIC_OK)
        status = widen(packer->ctx, &room, &packer->stored_capacity, payload, err);
    packer->stored = room;
    return status;
}

/* The texts, which need not stand one behind the other. */
static unsigned char *put_texts(unsigned char *to, const mimic_event_chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        const mimic_event *const event = chunk->events + i;
        const size_t size = mimic__event_text_bytes(event);
        if (size > 0)
            memcpy(to, chunk->bytes + event->text, size);
        to += size;
    }
    return to;
}

mimic_status mimic__event_pack(mimic_event_packer *packer, const mimic_event_chunk *chunk,
                               mimic_event_block *block, const unsigned char **out_bytes,
                               mimic_error *err)
{
    MIMIC_TRY(make_room(packer, chunk, err));
    unsigned char *to = put_runs(packer->payload, chunk, packer->values);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        to = columns[i].base == BASE_NONE ? put_plain(to, chunk, &columns[i], packer->values)
                                          : put_differences(to, chunk, &columns[i], packer->values);
    unsigned char *const texts = to;
    to = put_texts(to, chunk);
    const size_t packed = (size_t)(to - packer->payload);
    size_t stored = 0;
    if (packer->compressor != NULL)
        MIMIC_TRY(mimic__zstd_compress_frame(packer->compressor, packer->payload, packed,
                                             packer->stored, packed - 1, &stored, err));
    *out_bytes = stored == 0 ? packer->payload : packer->stored;
    block->first = chunk->runs[0].subject;
    block->last = chunk->runs[chunk->run_count - 1].subject;
    block->packed = (uint32_t)packed;
    block->stored = stored == 0 ? block->packed : (uint32_t)stored;
    block->events = (uint32_t)chunk->count;
    block->runs = (uint32_t)chunk->run_count;
    block->bytes = (uint32_t)(to - texts);
    block->hash = mimic__hash64(*out_bytes, block->stored);
    return MIMIC_OK;
}

/* ---- unpacking ---- */

/* What is said to be large must be large in the file, too: nobody gets gigabytes by asking. */
bool mimic__event_block_is_sound(const mimic_event_block *block)
{
    return block->bytes <= block->packed &&
           block->packed / MIMIC_PACK_RATIO_MAX <= block->stored && block->events > 0 && block->events <= MIMIC_BLOCK_EVENTS_MAX && block->runs > 0 &&
           block->runs <= block->events && block->bytes <= MIMIC_BLOCK_BYTES_MAX &&
           block->stored > 0 && block->stored <= block->packed &&
           block->packed <= payload_max(block->events, block->runs, block->bytes) &&
           block->first <= block->last;
}

/* What is left of a payload. */
typedef struct reading {
    const unsigned char *at;
    size_t left;
} reading;

typedef struct column_reading {
    const unsigned char *planes;
    size_t count;
    unsigned how;
    unsigned width;
} column_reading;

static bool take_column(reading *from, size_t count, column_reading *out)
{
    if (from->left < COLUMN_HEAD)
        return false;
    *out = (column_reading){from->at + COLUMN_HEAD, count, from->at[0], from->at[1]};
    const size_t size = COLUMN_HEAD + (size_t)out->width * count;
    if (out->width > 8 || size > from->left)
        return false;
    from->at += size;
    from->left -= size;
    return true;
}

static void take_values(const column_reading *from, size_t first, size_t count, uint64_t *values)
{
    const unsigned char *plane = from->planes + first;
    memset(values, 0, count * sizeof *values);
    for (unsigned byte = 0; byte < from->width; byte++, plane += from->count)
        for (size_t i = 0; i < count; i++)
            values[i] |= (uint64_t)plane[i] << (8 * byte);
}

static bool take_runs(reading *from, const mimic_event_block *block, mimic_event_chunk *chunk)
{
    column_reading subjects;
    column_reading counts;
    uint64_t values[STEP];
    uint64_t subject = 0;
    uint64_t first = 0;
    if (!take_column(from, block->runs, &subjects) || !take_column(from, block->runs, &counts) ||
        subjects.how != 0 || counts.how != 0)
        return false;
    for (size_t i = 0; i < block->runs; i++) {
        const size_t step = i % STEP;
        if (step == 0)
            take_values(&subjects, i, block->runs - i < STEP ? block->runs - i : STEP, values);
        subject += values[step];
        chunk->runs[i].subject = (int64_t)subject;
        if (i > 0 && chunk->runs[i].subject <= chunk->runs[i - 1].subject)
            return false;
    }
    for (size_t i = 0; i < block->runs; i++) {
        const size_t step = i % STEP;
        if (step == 0)
            take_values(&counts, i, block->runs - i < STEP ? block->runs - i : STEP, values);
        if (values[step] == 0 || values[step] > block->events - first)
            return false;
        chunk->runs[i].first = (uint32_t)first;
        chunk->runs[i].count = (uint32_t)values[step];
        for (uint64_t k = first; k < first + values[step]; k++)
            chunk->events[k].subject = chunk->runs[i].subject;
        first += values[step];
    }
    return first == block->events && chunk->runs[0].subject == block->first &&
           chunk->runs[block->runs - 1].subject == block->last;
}

static bool is_known(unsigned how, const column_form *of)
{
    const unsigned scale = (how >> SCALE_SHIFT) & 3;
    if (how == 0)
        return true;
    return of->base != BASE_NONE && (how & 3) == (unsigned)of->base && how <= HOW_MAX &&
           (scale == 0 || (of->is_time && scale < SCALES));
}

/* Undoes put_differences for values [0, count), of which `events` are those. */
static void unfold(uint64_t *values, size_t count, const column_reading *from,
                   const mimic_event *events, uint64_t *before)
{
    const uint64_t none = (from->how & HAS_NONE) != 0;
    static const uint64_t scales[] = {1, SECOND, MINUTE, 1};
    const uint64_t scale = scales[(from->how >> SCALE_SHIFT) & 3];
    const bool by_time = (from->how & 3) == BASE_TIME;
    for (size_t i = 0; i < count; i++) {
        const uint64_t difference = (uint64_t)unzigzag(values[i] - none) * scale;
        if (none && values[i] == 0) {
            values[i] = NONE;
        } else {
            *before = difference + (by_time ? time_of(events + i) : *before);
            values[i] = *before;
        }
    }
}

static bool take_events(reading *from, const column_form *of, mimic_event_chunk *chunk)
{
    column_reading column;
    uint64_t values[STEP];
    uint64_t before = 0;
    static const unsigned most[] = {[OF_WIDE] = 8, [OF_WORD] = 4, [OF_HALF] = 2};
    if (!take_column(from, chunk->count, &column) || !is_known(column.how, of) ||
        column.width > most[of->type])
        return false;
    for (size_t first = 0; first < chunk->count; first += STEP) {
        const size_t count = chunk->count - first < STEP ? chunk->count - first : STEP;
        mimic_event *const events = chunk->events + first;
        take_values(&column, first, count, values);
        if (column.how != 0)
            unfold(values, count, &column, events, &before);
        else if (of->type == OF_WORD)
            for (size_t i = 0; i < count; i++)
                values[i]--;
        scatter(events, count, of, values);
    }
    return true;
}

/* The texts are all that is left, and exactly what the events say. */
static bool take_texts(const reading *from, mimic_event_chunk *chunk)
{
    size_t end = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        mimic_event *const event = chunk->events + i;
        const size_t left = chunk->bytes_size - end;
        const size_t text = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
        if (text > left || event->properties_size > left - text)
            return false;
        event->text = (uint32_t)end;
        end += text + event->properties_size;
    }
    if (end != chunk->bytes_size || from->left != end)
        return false;
    for (size_t i = 0; i < chunk->run_count; i++) {
        mimic_event_run *const run = &chunk->runs[i];
        run->long_bytes = 0;
        for (uint32_t k = run->first; k < run->first + run->count; k++)
            run->long_bytes += mimic__event_long_bytes(&chunk->events[k]);
    }
    if (end > 0)
        memcpy(chunk->bytes, from->at, end);
    return true;
}

static mimic_status take_payload(const unsigned char *payload, const mimic_event_block *block,
                                 mimic_event_chunk *chunk, mimic_error *err)
{
    reading from = {payload, block->packed};
    bool is_sound = take_runs(&from, block, chunk);
    for (size_t i = 0; i < COLUMN_COUNT && is_sound; i++)
        is_sound = take_events(&from, &columns[i], chunk);
    is_sound = is_sound && take_texts(&from, chunk);
    return is_sound ? MIMIC_OK
                    : mimic__fail(err, MIMIC_ERR_CORRUPT, "a block of events makes no sense");
}

static mimic_status new_chunk(const mimic_context *ctx, const mimic_event_block *block,
                              mimic_event_chunk **out_chunk, mimic_error *err)
{
    const size_t size = mimic__event_chunk_bytes(block->events, block->runs, block->bytes);
    mimic_event_chunk *const chunk = mimic__alloc_zeroed(ctx, 1, sizeof *chunk);
    char *const memory = mimic__alloc(ctx, size);
    if (chunk == NULL || memory == NULL) {
        mimic__free(ctx, chunk);
        mimic__free(ctx, memory);
        return mimic__fail_memory(err);
    }
    chunk->ctx = ctx;
    atomic_init(&chunk->references, 1);
    chunk->ascends = true;
    chunk->memory = memory;
    chunk->memory_size = size;
    chunk->events = (mimic_event *)(void *)memory;
    chunk->count = block->events;
    chunk->runs = (mimic_event_run *)(void *)(chunk->events + block->events);
    chunk->run_count = block->runs;
    chunk->bytes = (char *)(chunk->runs + block->runs);
    chunk->bytes_size = block->bytes;
    *out_chunk = chunk;
    return MIMIC_OK;
}

static mimic_status unpack(const mimic_context *ctx, const mimic_event_block *block,
                           const unsigned char *bytes, mimic_event_chunk *chunk, mimic_error *err)
{
    if (block->stored == block->packed)
        return take_payload(bytes, block, chunk, err);
    unsigned char *const payload = mimic__alloc(ctx, block->packed);
    if (payload == NULL)
        return mimic__fail_memory(err);
    mimic_status status =
        mimic__zstd_decompress_frame(bytes, block->stored, payload, block->packed, err);
    if (status == MIMIC_OK)
        status = take_payload(payload, block, chunk, err);
    mimic__free(ctx, payload);
    return status;
}

mimic_status mimic__event_unpack(const mimic_context *ctx, const mimic_event_block *block,
                                 const unsigned char *bytes, mimic_event_chunk **out_chunk,
                                 mimic_error *err)
{
    mimic_event_chunk *chunk = NULL;
    *out_chunk = NULL;
    if (!mimic__event_block_is_sound(block))
        return mimic__fail(err, MIMIC_ERR_CORRUPT, "the sizes of a block of events make no sense");
    if (mimic__hash64(bytes, block->stored) != block->hash)
        return mimic__fail(err, MIMIC_ERR_CORRUPT, "a block of events is damaged: its checksum "
                                                   "does not fit");
    MIMIC_TRY(new_chunk(ctx, block, &chunk, err));
    const mimic_status status = unpack(ctx, block, bytes, chunk, err);
    if (status == MIMIC_OK)
        *out_chunk = chunk;
    else
        mimic__chunk_release(chunk);
    return status;
}
