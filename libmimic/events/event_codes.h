/*
 * The codes of a build (and, in a table of their own, its units): texts with numbers, filled by many
 * threads at once. Numbers depend on who came first and must never be seen outside; what is written
 * is in the order of the texts.
 *
 * Each code remembers where it comes from, for its description and parents: the least (kind, key) of
 * those that made it, so that this does not depend on threads either. A key is the values of the
 * columns that its kind names (mimic_event_kind.key_columns), joined by the byte 0x1F.
 */
#ifndef MIMIC_EVENTS_EVENT_CODES_H
#define MIMIC_EVENTS_EVENT_CODES_H

#include "events/event.h"

typedef struct mimic_event_codes mimic_event_codes;

/* `max_bytes`: of all texts together, with some bytes for each; beyond it adding fails with
 * MIMIC_ERR_LIMIT. */
mimic_status mimic__event_codes_new(const mimic_context *ctx, size_t max_bytes,
                                    mimic_event_codes **out_codes, mimic_error *err);
void mimic__event_codes_free(mimic_event_codes *codes); /* NULL is allowed */

typedef struct mimic_event_origin {
    uint16_t kind;
    const char *key;
    size_t key_size;
} mimic_event_origin;

/* Any thread. `origin` NULL for units. To be called once a code and caller, whose own cache then
 * knows the number: it takes a lock. */
mimic_status mimic__event_codes_add(mimic_event_codes *codes, const char *text, size_t size,
                                    const mimic_event_origin *origin, uint32_t *out_number,
                                    mimic_error *err);
/* Any thread, for numbers that it has been given by whatever way; without a lock. The text stays where
 * it is until the codes are freed. */
const char *mimic__event_codes_text(const mimic_event_codes *codes, uint32_t number,
                                    size_t *out_size);
/* When no thread adds any more. */
uint32_t mimic__event_codes_count(const mimic_event_codes *codes);
/* Of one that has none: kind UINT16_MAX. */
mimic_event_origin mimic__event_codes_origin(const mimic_event_codes *codes, uint32_t number);
#endif
