/*
 * The codes of a block. What a code is made of is looked up as a number, step by step; only a code that
 * the cache does not know is put together as a text, matched with the patterns, and numbered.
 */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

#define SHORT_TEXT 12u  /* bytes that fit into a key */
#define CACHED_TEXT 128u
#define NOT_WANTED (UINT32_MAX - 2) /* in place of the number of a code */
#define KEY_SEPARATOR '\x1f'

/* ---- texts ---- */

static uint32_t load4(const char *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* Up to 12 bytes as two words; with the size they say which text it is. */
static void put_short(emit_key *key, const char *text, size_t size)
{
    if (size >= 8) {
        memcpy(&key->low, text, sizeof key->low);
        key->high = load4(text + size - 4);
    } else if (size >= 4) {
        key->low = (uint64_t)load4(text) << 32 | load4(text + size - 4);
        key->high = 0;
    } else {
        key->low = size == 0 ? 0
                             : (uint64_t)(unsigned char)text[0] |
                                   (uint64_t)(unsigned char)text[size / 2] << 8 |
                                   (uint64_t)(unsigned char)text[size - 1] << 16;
        key->high = 0;
    }
}

mimic_status mimic__emit_text_number(emit_call *call, const emit_column *column, emit_text text,
                                     uint32_t *out_number, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    const uint64_t unit = column->is_unit ? 1 : 0;
    emit_key key = {.size = (uint32_t)text.size};
    const bool is_cached = text.size <= CACHED_TEXT && emitter->cache != NULL;
    if (text.size <= SHORT_TEXT) {
        put_short(&key, text.data, text.size);
        key.high |= (uint64_t)text.size << 32 | (EMIT_TAG_SHORT + unit) << EMIT_TAG_SHIFT;
    } else {
        key.low = mimic__hash64(text.data, text.size);
        key.high = (EMIT_TAG_LONG + unit) << EMIT_TAG_SHIFT | (uint32_t)text.size;
        key.text = text.data;
    }
    *out_number = is_cached ? mimic__emit_cache_find(emitter->cache, &key) : EMIT_CACHE_NONE;
    if (*out_number != EMIT_CACHE_NONE)
        return MIMIC_OK;
    uint32_t number = EMIT_CACHE_NONE;
    if (column->is_unit) {
        MIMIC_TRY(mimic__event_codes_add(emitter->setup.into_units, text.data, text.size, NULL,
                                         &number, err));
        number++;
    }
    *out_number = number;
    if (!is_cached)
        return MIMIC_OK;
    MIMIC_TRY(mimic__emit_cache_add(emitter->cache, &key, number, out_number, err));
    if (*out_number == EMIT_CACHE_NONE)
        *out_number = number;
    return MIMIC_OK;
}

/* ---- codes ---- */

static void put_code(emit_call *call, const mimic_event_kind *kind, int64_t row)
{
    char buffer[MIMIC_FORMAT_BYTES];
    call->scratch.size = 0;
    for (size_t i = 0; i < kind->code_count; i++) {
        const mimic_code_part *const part = &kind->code[i];
        emit_text text = {part->literal, part->literal_size};
        if (part->column != MIMIC_EVENT_NO_COLUMN)
            text = mimic__emit_text(call, call->emitter->column_of[part->column], row, buffer);
        if (text.data == NULL)
            text = (emit_text){"UNK", 3};
        mimic__buffer_append(&call->scratch, text.data, text.size);
    }
}

static void put_key(emit_call *call, const mimic_event_kind *kind, int64_t row)
{
    char buffer[MIMIC_FORMAT_BYTES];
    call->key.size = 0;
    for (size_t i = 0; i < kind->key_count; i++) {
        const size_t column = call->emitter->column_of[kind->key_columns[i]];
        const emit_text text = mimic__emit_text(call, column, row, buffer);
        if (i > 0)
            mimic__buffer_byte(&call->key, KEY_SEPARATOR);
        if (text.data != NULL)
            mimic__buffer_append(&call->key, text.data, text.size);
    }
}

/* The number of a code as a text; NOT_WANTED when no pattern fits. */
static mimic_status make_code(emit_call *call, const emit_kind *kind, int64_t row,
                              uint32_t *out_number, mimic_error *err)
{
    put_code(call, kind->source, row);
    put_key(call, kind->source, row);
    if (call->scratch.failed || call->key.failed)
        return mimic__fail_memory(err);
    *out_number = NOT_WANTED;
    if (!mimic__emit_code_fits(&call->emitter->setup, call->scratch.data, call->scratch.size))
        return MIMIC_OK;
    const mimic_event_origin origin = {kind->source->number, call->key.data, call->key.size};
    return mimic__event_codes_add(call->emitter->setup.into_codes, call->scratch.data,
                                  call->scratch.size, &origin, out_number, err);
}

/* Tells NULL from the least integer. */
static bool is_null(const emit_call *call, size_t slot, size_t i)
{
    const mimic_column *const column = call->columns[call->emitter->slots[slot].column];
    return column == NULL || !mimic_column_is_valid(column, call->first + (int64_t)i);
}

/* The key of a step; false when a text of it has no number. `before`: what the step before found. */
static inline bool step_key(const emit_call *call, const emit_step *step, size_t i, uint32_t before,
                            emit_key *key)
{
    const uint32_t number =
        step->number == EMIT_NO_SLOT ? before : call->numbers[step->number][i];
    key->low = before;
    key->high = step->tag | number;
    if (step->wide != EMIT_NO_SLOT) {
        key->low = (uint64_t)call->wide[step->wide][i];
        if (key->low == (uint64_t)MIMIC_EVENT_NONE && is_null(call, step->wide, i))
            key->high |= EMIT_TAG_NULL;
    }
    return number != EMIT_CACHE_NONE;
}

/* A code that was not found: made, and remembered as far as there is room. */
static mimic_status learn_code(emit_call *call, const emit_kind *kind, size_t i,
                               uint32_t *out_number, mimic_error *err)
{
    uint32_t code;
    MIMIC_TRY(make_code(call, kind, call->first + (int64_t)i, &code, err));
    *out_number = code;
    uint32_t number = 0;
    emit_key key = {0};
    for (size_t s = 0; s < kind->step_count && call->emitter->cache != NULL; s++) {
        const bool is_last = s + 1 == kind->step_count;
        if (!step_key(call, &kind->steps[s], i, number, &key))
            break;
        MIMIC_TRY(mimic__emit_cache_add(call->emitter->cache, &key,
                                        is_last ? code : EMIT_CACHE_NONE, &number, err));
        if (number == EMIT_CACHE_NONE)
            break;
    }
    return MIMIC_OK;
}

/*
 * The usual code, of one step: an integer, a text, or both. Returns how many rows have a code that the
 * cache does not know, or may not: find_codes goes on with them.
 */
static size_t find_at_once(const emit_call *call, const emit_kind *kind,
                           const uint8_t *present, uint32_t *out)
{
    const emit_cache *const cache = call->emitter->cache;
    const emit_step *const step = kind->steps;
    const int64_t *const wide = step->wide == EMIT_NO_SLOT ? call->none : call->wide[step->wide];
    const uint32_t *const numbers =
        step->number == EMIT_NO_SLOT ? NULL : call->numbers[step->number];
    const int64_t no_value = step->wide == EMIT_NO_SLOT ? 0 : MIMIC_EVENT_NONE;
    const uint64_t low_bits = step->wide == EMIT_NO_SLOT ? 0 : UINT64_MAX;
    const uint64_t tag = step->tag;
    const uint8_t *const marks = call->marks;
    const size_t count = call->count;
    size_t unknown = count;
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = numbers == NULL ? 0 : numbers[i];
        out[i] = EMIT_NO_CODE;
        if (!present[i] || marks[i] != 0) {
            unknown--;
            continue;
        }
        if (number == EMIT_CACHE_NONE || wide[i] == no_value)
            continue;
        const emit_key key = {.low = (uint64_t)wide[i] & low_bits, .high = tag | number};
        const uint32_t found = mimic__emit_cache_find(cache, &key);
        unknown -= found != EMIT_CACHE_NONE;
        out[i] = found == NOT_WANTED ? EMIT_NO_CODE : found;
    }
    return unknown;
}

static mimic_status find_codes(emit_call *call, const emit_kind *kind, const uint8_t *present,
                               uint32_t *out, mimic_error *err)
{
    const emit_cache *const cache = call->emitter->cache;
    const bool is_easy = cache != NULL && kind->step_count == 1;
    if (is_easy && find_at_once(call, kind, present, out) == 0)
        return MIMIC_OK;
    for (size_t i = 0; i < call->count; i++) {
        if (is_easy && out[i] != EMIT_NO_CODE)
            continue;
        out[i] = EMIT_NO_CODE;
        if (!present[i] || call->marks[i] != 0)
            continue;
        uint32_t number = cache == NULL || kind->step_count == 0 ? EMIT_CACHE_NONE : 0;
        emit_key key = {0};
        for (size_t s = 0; s < kind->step_count && number != EMIT_CACHE_NONE; s++)
            number = step_key(call, &kind->steps[s], i, number, &key)
                         ? mimic__emit_cache_find(cache, &key)
                         : EMIT_CACHE_NONE;
        if (number == EMIT_CACHE_NONE)
            MIMIC_TRY(learn_code(call, kind, i, &number, err));
        out[i] = number == NOT_WANTED ? EMIT_NO_CODE : number;
    }
    return MIMIC_OK;
}

mimic_status mimic__emit_codes(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    for (size_t k = 0; k < emitter->kind_count; k++)
        MIMIC_TRY(find_codes(call, &emitter->kinds[k], call->present[k], call->codes[k], err));
    return MIMIC_OK;
}
