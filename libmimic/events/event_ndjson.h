/* Events as lines of JSON (RFC 8259): an object a line, keys as the columns are named, NULLs left out. */
#ifndef MIMIC_EVENTS_EVENT_NDJSON_H
#define MIMIC_EVENTS_EVENT_NDJSON_H

#include "events/event_columns.h"

/* Appends to `out`, whose latch tells about a lack of memory. */
void mimic__event_ndjson(const mimic_event_terms *terms, const mimic_event_slice *events,
                         mimic_buffer *out);

#endif
