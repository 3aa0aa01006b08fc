/*
 * Finished events as the columns of a record batch, and the texts of what an event has besides its
 * numbers. docs/events.md lists the columns.
 *
 * A row whose column is NULL holds 0 there; a column in which all rows are alike is found out and takes
 * next to nothing.
 */
#ifndef MIMIC_EVENTS_EVENT_COLUMNS_H
#define MIMIC_EVENTS_EVENT_COLUMNS_H

#include "arrow/ipc_ready.h"
#include "events/event_assembly.h"

#define MIMIC_EVENT_COLUMNS 17

/* What an event takes from its kind, close together. */
typedef struct mimic_event_trait {
    int32_t table;
    int16_t rank;
    bool has_link;
} mimic_event_trait;

/* What events mean: shared by all threads. */
typedef struct mimic_event_terms {
    const mimic_event_codes *codes;
    const mimic_event_codes *units;
    mimic_event_trait *traits; /* by kind */
    size_t trait_count;
    const char **tables;       /* names, by number */
    size_t table_count;
    const char *version[1];    /* of the trajectories */
    mimic_ipc_shape_field fields[MIMIC_EVENT_COLUMNS];
} mimic_event_terms;

/* Map, codes and units are borrowed. Freed with mimic__event_terms_free, after a failure too. */
mimic_status mimic__event_terms_init(mimic_event_terms *terms, const mimic_context *ctx,
                                     const mimic_event_map *map, const char *version,
                                     mimic_error *err);
void mimic__event_terms_free(mimic_event_terms *terms, const mimic_context *ctx);

/* Link id of an event; MIMIC_EVENT_NONE = it has none. */
static inline int64_t mimic__event_link_id(const mimic_event_trait *trait, int64_t row)
{
    return trait->has_link ? trait->table * MIMIC_EVENT_ROWS_MAX + row : MIMIC_EVENT_NONE;
}

/* Some events that stand together. */
typedef struct mimic_event_slice {
    const mimic_event *events;
    const char *const *texts;
    size_t count;
} mimic_event_slice;

/* Memory for one record batch; one thread at a time. */
typedef struct mimic_event_columns mimic_event_columns;

mimic_status mimic__event_columns_new(const mimic_context *ctx, const mimic_event_terms *terms,
                                      mimic_event_columns **out_columns, mimic_error *err);
void mimic__event_columns_free(mimic_event_columns *columns); /* NULL is allowed */
/* A record batch of the first events, of *out_count > 0 of them: all up to 2 * 16,384, else 65,536; fewer
 * where their texts would pass MIMIC_EVENT_BATCH_BYTES. *ready is the caller's, after a failure too. */
#define MIMIC_EVENT_BATCH_BYTES ((size_t)32 << 20)
mimic_status mimic__event_columns_encode(mimic_event_columns *columns,
                                         const mimic_event_slice *events, mimic_ipc_ready *ready,
                                         size_t *out_count, mimic_error *err);
size_t mimic__event_columns_memory(const mimic_event_columns *columns); /* bytes held */

#endif
