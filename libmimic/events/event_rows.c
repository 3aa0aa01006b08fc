/*
 * See event_rows.h. The arrays grow together; each has one item more than there is room for, so that
 * offsets fit too.
 */
#include "events/event_rows.h"

#include "base/checked.h"

static const size_t WIDTHS[PART_COUNT] = {
    [PART_SUBJECT] = 8, [PART_TIME] = 8, [PART_AVAILABLE] = 8,  [PART_ADMISSION] = 8, [PART_STAY] = 8,
    [PART_ROW] = 8,     [PART_LINK] = 8, [PART_VALUE] = 8,      [PART_TEXT] = 8,
    [PART_PROPERTIES] = 8, [PART_CODE] = 4, [PART_UNIT] = 4,    [PART_MARKS] = 4,
    [PART_TABLE] = 2,   [PART_RANK] = 2,
};

size_t mimic__event_rows_width(void)
{
    size_t width = 0;
    for (size_t i = 0; i < PART_COUNT; i++)
        width += WIDTHS[i];
    return width;
}

void mimic__event_rows_init(mimic_event_rows *rows, const mimic_context *ctx)
{
    *rows = (mimic_event_rows){.ctx = ctx, .text = "", .properties = ""};
    mimic__buffer_init(&rows->own_text, ctx);
    mimic__buffer_init(&rows->own_properties, ctx);
}

void mimic__event_rows_free(mimic_event_rows *rows)
{
    if (rows->ctx == NULL)
        return;
    for (size_t i = 0; i < PART_COUNT; i++)
        mimic__free(rows->ctx, rows->parts[i]);
    mimic__buffer_free(&rows->own_text);
    mimic__buffer_free(&rows->own_properties);
    mimic__event_rows_init(rows, rows->ctx);
}

void mimic__event_rows_clear(mimic_event_rows *rows)
{
    rows->count = 0;
    rows->own_text.size = 0;
    rows->own_properties.size = 0;
}

bool mimic__event_rows_reserve(mimic_event_rows *rows, size_t count)
{
    if (count <= rows->capacity && rows->parts[0] != NULL)
        return true;
    size_t capacity = rows->capacity * 2 < 256 ? 256 : rows->capacity * 2;
    size_t bytes;
    if (capacity < count)
        capacity = count;
    if (mimic__multiply_overflows(capacity, 16, &bytes))
        return false;
    for (size_t i = 0; i < PART_COUNT; i++) {
        const size_t old_size = rows->parts[i] == NULL ? 0 : (rows->capacity + 1) * WIDTHS[i];
        /* A part that has grown already when another fails is larger than it is said to be, which
         * does no harm. */
        char *grown =
            mimic__realloc(rows->ctx, rows->parts[i], old_size, (capacity + 1) * WIDTHS[i]);
        if (grown == NULL)
            return false;
        rows->parts[i] = grown;
    }
    rows->capacity = capacity;
    return true;
}

/* What the arrays of a patient are, part by part; NULL for those that are not simply copied. */
static const void *part_of(const mimic_patient *patient, mimic_event_part part)
{
    switch (part) {
    case PART_TIME:
        return patient->time;
    case PART_AVAILABLE:
        return patient->available;
    case PART_ADMISSION:
        return patient->hadm_id;
    case PART_STAY:
        return patient->stay_id;
    case PART_ROW:
        return patient->source_row;
    case PART_LINK:
        return patient->link_id;
    case PART_VALUE:
        return patient->value;
    case PART_CODE:
        return patient->code;
    case PART_UNIT:
        return patient->unit;
    case PART_MARKS:
        return patient->marks;
    case PART_TABLE:
        return patient->table;
    case PART_RANK:
        return patient->order_rank;
    default:
        return NULL;
    }
}

/* Appends texts [first, first + count) and where they end. */
static void append_texts(mimic_event_rows *rows, mimic_event_part part, const int64_t *offsets,
                         const char *bytes, size_t count)
{
    mimic_buffer *own = part == PART_TEXT ? &rows->own_text : &rows->own_properties;
    int64_t *out = mimic__event_rows_int64(rows, part) + rows->count;
    const int64_t shift = (int64_t)own->size - offsets[0];
    for (size_t i = 0; i <= count; i++)
        out[i] = offsets[i] + shift;
    const size_t size = (size_t)(offsets[count] - offsets[0]);
    if (size > 0)
        mimic__buffer_append(own, bytes + offsets[0], size);
}

bool mimic__event_rows_append(mimic_event_rows *rows, const mimic_patient *patient, size_t first,
                              size_t count)
{
    if (!mimic__event_rows_reserve(rows, rows->count + count))
        return false;
    for (size_t i = 0; i < PART_COUNT; i++) {
        const char *from = part_of(patient, (mimic_event_part)i);
        const size_t width = WIDTHS[i];
        if (from != NULL && count > 0)
            memcpy(rows->parts[i] + rows->count * width, from + first * width, count * width);
    }
    append_texts(rows, PART_TEXT, patient->text_offsets + first, patient->text_bytes, count);
    append_texts(rows, PART_PROPERTIES, patient->properties_offsets + first,
                 patient->properties_bytes, count);
    rows->count += count;
    rows->text = rows->own_text.data == NULL ? "" : rows->own_text.data;
    rows->properties = rows->own_properties.data == NULL ? "" : rows->own_properties.data;
    return !rows->own_text.failed && !rows->own_properties.failed;
}

static const void *at(const mimic_event_rows *rows, mimic_event_part part, size_t first)
{
    return rows->parts[part] + first * WIDTHS[part];
}

void mimic__event_rows_slice(const mimic_event_rows *rows, size_t first, size_t count,
                             mimic_patient *patient)
{
    patient->count = (int64_t)count;
    patient->time = at(rows, PART_TIME, first);
    patient->available = at(rows, PART_AVAILABLE, first);
    patient->code = at(rows, PART_CODE, first);
    patient->value = at(rows, PART_VALUE, first);
    patient->hadm_id = at(rows, PART_ADMISSION, first);
    patient->stay_id = at(rows, PART_STAY, first);
    patient->text_offsets = at(rows, PART_TEXT, first);
    patient->text_bytes = rows->text;
    patient->unit = at(rows, PART_UNIT, first);
    patient->table = at(rows, PART_TABLE, first);
    patient->source_row = at(rows, PART_ROW, first);
    patient->link_id = at(rows, PART_LINK, first);
    patient->order_rank = at(rows, PART_RANK, first);
    patient->marks = at(rows, PART_MARKS, first);
    patient->properties_offsets = at(rows, PART_PROPERTIES, first);
    patient->properties_bytes = rows->properties;
    size_t facts = 0;
    while (facts < count && patient->time[facts] == MIMIC_EVENT_ABSENT)
        facts++;
    patient->static_count = (int64_t)facts;
}
