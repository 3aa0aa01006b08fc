/*
 * Properties of events as JSON objects. Texts of dictionaries are made into JSON once a batch; others
 * are looked through eight bytes at a time for what must be escaped.
 */
#include <string.h>

#include "base/utf8.h"
#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

#define ESCAPED_BYTES 6 /* at most, of one byte */
#define EVERY_BYTE UINT64_C(0x0101010101010101)

/* Numbers and truths stand as they are; what JSON has no number for, as a text. */
static bool is_bare(mimic_type type, emit_text text)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
    case MIMIC_TYPE_DECIMAL:
        return true;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return text.data[text.size - 1] >= '0' && text.data[text.size - 1] <= '9';
    default:
        return false;
    }
}

/* ---- texts ---- */

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static uint64_t zero_bytes(uint64_t word)
{
    return (word - EVERY_BYTE) & ~word & EVERY_BYTE * 0x80;
}

/* True when eight bytes may all stand as they are. */
static bool are_plain(uint64_t word)
{
    const uint64_t controls = (word - EVERY_BYTE * 0x20) & ~word & EVERY_BYTE * 0x80;
    const uint64_t beyond = word & EVERY_BYTE * 0x80;
    return (controls | beyond | zero_bytes(word ^ EVERY_BYTE * '"') |
            zero_bytes(word ^ EVERY_BYTE * '\\') | zero_bytes(word ^ EVERY_BYTE * 0x7f)) == 0;
}

static char *put_escape(char *out, unsigned character)
{
    static const char digits[] = "0123456789abcdef";
    const char text[ESCAPED_BYTES] = {'\\', 'u', digits[character >> 12 & 15],
                                      digits[character >> 8 & 15], digits[character >> 4 & 15],
                                      digits[character & 15]};
    memcpy(out, text, sizeof text);
    return out + sizeof text;
}

/* One character that is not plain; *index steps over it. */
static char *put_character(char *out, const char *text, size_t size, size_t *index)
{
    const size_t begin = *index;
    const uint32_t character = mimic__utf8_decode(text, size, index);
    const bool is_malformed = character == 0xfffd && *index - begin == 1;
    if (character == '"' || character == '\\') {
        *out++ = '\\';
        *out++ = (char)character;
        return out;
    }
    if (character < 0x20 || (character >= 0x7f && character < 0xa0) || is_malformed)
        return put_escape(out, character);
    memcpy(out, text + begin, *index - begin);
    return out + (*index - begin);
}

/* As mimic__buffer_json_string, for texts of known size. */
void mimic__emit_json_string(mimic_buffer *out, const char *text, size_t size)
{
    if (size > SIZE_MAX / ESCAPED_BYTES - EMIT_SPARE ||
        !mimic__buffer_reserve(out, size * ESCAPED_BYTES + EMIT_SPARE)) {
        out->failed = true;
        return;
    }
    char *at = out->data + out->size;
    *at++ = '"';
    for (size_t i = 0; i < size;) {
        uint64_t word;
        if (size - i >= sizeof word) {
            memcpy(&word, text + i, sizeof word);
            if (are_plain(word)) {
                memcpy(at, &word, sizeof word);
                at += sizeof word;
                i += sizeof word;
                continue;
            }
        }
        if (is_plain((unsigned char)text[i]))
            *at++ = text[i++];
        else
            at = put_character(at, text, size, &i);
    }
    *at++ = '"';
    out->size = (size_t)(at - out->data);
}

/* ---- objects ---- */

/* Appends what has EMIT_SPARE readable bytes behind it. */
static inline void append_spare(mimic_buffer *out, const char *bytes, size_t size)
{
    if (size + EMIT_SPARE > out->capacity - out->size &&
        !mimic__buffer_reserve(out, size + EMIT_SPARE))
        return;
    if (size <= EMIT_SPARE)
        memcpy(out->data + out->size, bytes, EMIT_SPARE);
    else
        memcpy(out->data + out->size, bytes, size);
    out->size += size;
}

/* One property of a row: nothing, or a comma, its name and its value. */
static void put_property(mimic_buffer *out, const emit_call *call, const emit_property *property,
                         int64_t row)
{
    char buffer[MIMIC_FORMAT_BYTES];
    const emit_text text = mimic__emit_text(call, property->column, row, buffer);
    if (text.data == NULL)
        return;
    append_spare(out, property->head, property->head_size);
    if (is_bare(call->columns[property->column]->type, text))
        mimic__buffer_append(out, text.data, text.size);
    else
        mimic__emit_json_string(out, text.data, text.size);
}

/* The same of a dictionary's text, which is made once. False when memory ran out. */
static bool put_quoted(emit_call *call, const emit_property *property, int64_t row)
{
    const mimic_column *const column = call->columns[property->column];
    emit_json *const quoted =
        &call->quoted[property->column][((const int32_t *)column->values)[row]];
    if (quoted->size == 0) {
        const size_t begin = call->json.size;
        put_property(&call->json, call, property, row);
        if (!mimic__buffer_reserve(&call->json, EMIT_SPARE) || call->json.size > UINT32_MAX)
            return false;
        *quoted = (emit_json){(uint32_t)begin, (uint32_t)(call->json.size - begin)};
    }
    append_spare(&call->bytes, call->json.data + quoted->begin, quoted->size);
    return true;
}

void mimic__emit_properties(emit_call *call, const emit_kind *kind, int64_t row)
{
    mimic_buffer *const out = &call->bytes;
    const size_t begin = out->size;
    for (size_t i = 0; i < kind->property_count; i++) {
        const emit_property *const property = &kind->properties[i];
        const mimic_column *const column = call->columns[property->column];
        if (column == NULL || !mimic_column_is_valid(column, row))
            continue;
        if (call->quoted[property->column] == NULL)
            put_property(out, call, property, row);
        else
            out->failed |= !put_quoted(call, property, row);
    }
    if (out->size > begin && !out->failed) {
        out->data[begin] = '{'; /* in place of the first comma */
        mimic__buffer_byte(out, '}');
    }
}

void mimic__emit_properties_plain(emit_call *call, const emit_kind *kind, int64_t row)
{
    char buffer[MIMIC_FORMAT_BYTES];
    mimic_buffer *const out = &call->bytes;
    char separator = '{';
    for (size_t i = 0; i < kind->property_count; i++) {
        const emit_property *const property = &kind->properties[i];
        const emit_text text = mimic__emit_text(call, property->column, row, buffer);
        if (text.data == NULL)
            continue;
        mimic__buffer_byte(out, separator);
        separator = ',';
        mimic__buffer_append(out, property->head + 1, property->head_size - 1);
        if (is_bare(call->columns[property->column]->type, text)) {
            mimic__buffer_append(out, text.data, text.size);
            continue;
        }
        mimic__buffer_byte(out, '"');
        for (size_t b = 0; b < text.size && mimic__buffer_reserve(out, ESCAPED_BYTES);) {
            char *const at = out->data + out->size;
            if (is_plain((unsigned char)text.data[b]))
                mimic__buffer_byte(out, text.data[b++]);
            else
                out->size += (size_t)(put_character(at, text.data, text.size, &b) - at);
        }
        mimic__buffer_byte(out, '"');
    }
    if (separator == ',')
        mimic__buffer_byte(out, '}');
}
