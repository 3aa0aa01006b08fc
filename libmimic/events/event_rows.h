/*
 * Decoded events as columns: what mimic_patient has slices of. Either the events of a record batch,
 * whose texts are borrowed from it, or events that were gathered from several places.
 */
#ifndef MIMIC_EVENTS_EVENT_ROWS_H
#define MIMIC_EVENTS_EVENT_ROWS_H

#include <mimic/events.h>

#include "base/buffer.h"

#define MIMIC_EVENT_ABSENT INT64_MIN /* of times and ids */

typedef enum mimic_event_part {
    PART_SUBJECT, /* of a record batch only */
    PART_TIME,
    PART_AVAILABLE,
    PART_ADMISSION,
    PART_STAY,
    PART_ROW,
    PART_LINK,
    PART_VALUE,
    PART_TEXT,       /* offsets: one more than there are events */
    PART_PROPERTIES, /* the same */
    PART_CODE,
    PART_UNIT,
    PART_MARKS,
    PART_TABLE,
    PART_RANK,
    PART_COUNT
} mimic_event_part;

typedef struct mimic_event_rows {
    const mimic_context *ctx;
    char *parts[PART_COUNT];
    size_t capacity;
    size_t count;
    const char *text;       /* borrowed, or what is in own_text */
    const char *properties;
    mimic_buffer own_text;
    mimic_buffer own_properties;
} mimic_event_rows;

void mimic__event_rows_init(mimic_event_rows *rows, const mimic_context *ctx);
void mimic__event_rows_free(mimic_event_rows *rows);
void mimic__event_rows_clear(mimic_event_rows *rows);
size_t mimic__event_rows_width(void); /* bytes of an event, its texts not counted */
/* Room for `count` events in all; those that are there stay. */
bool mimic__event_rows_reserve(mimic_event_rows *rows, size_t count);
/* Appends copies of some events of a patient; texts become the rows' own. */
bool mimic__event_rows_append(mimic_event_rows *rows, const mimic_patient *patient, size_t first,
                              size_t count);
/* Points a patient's arrays at `count` events from `first` on; nothing else of it is set but count and
 * static_count. */
void mimic__event_rows_slice(const mimic_event_rows *rows, size_t first, size_t count,
                             mimic_patient *patient);

static inline int64_t *mimic__event_rows_int64(const mimic_event_rows *rows, mimic_event_part part)
{
    return (int64_t *)(void *)rows->parts[part];
}

#endif
