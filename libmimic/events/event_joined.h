/*
 * Rows of one subject that others are joined with by their ids (emar, poe), where there are more of them
 * than should be held in memory: in scratch files.
 *
 *     rows as they come ► a file of them
 *     (id, number of the row), sorted ► an index in a file, of which a few ids are kept in memory
 *
 * To find a row is to read a page of each file, unless it is the page that was read last.
 *
 *     mimic__joined_rows_new(ctx, memory, path, &rows, &err);
 *     mimic__joined_rows_add(rows, id, &row, &err);   // as often as there are some
 *     mimic__joined_rows_settle(rows, &err);          // no more
 *     mimic__joined_rows_find(rows, id, &row, &is_there, &err);
 */
#ifndef MIMIC_EVENTS_EVENT_JOINED_H
#define MIMIC_EVENTS_EVENT_JOINED_H

#include "base/context_internal.h"
#include "events/event_map.h"

typedef struct mimic_joined_row {
    int64_t times[SLOT_COUNT];
    int64_t admission;
} mimic_joined_row;

typedef struct mimic_joined_rows mimic_joined_rows;

/* `memory`: about so many bytes are taken, some pages at least, whatever the number of rows. The files
 * stand beside `path`, which is borrowed. */
mimic_status mimic__joined_rows_new(const mimic_context *ctx, size_t memory, const char *path,
                                    mimic_joined_rows **out_rows, mimic_error *err);
void mimic__joined_rows_free(mimic_joined_rows *rows); /* NULL is allowed */
mimic_status mimic__joined_rows_add(mimic_joined_rows *rows, int64_t id,
                                    const mimic_joined_row *row, mimic_error *err);
mimic_status mimic__joined_rows_settle(mimic_joined_rows *rows, mimic_error *err);
/* The first row that was added with the id. */
mimic_status mimic__joined_rows_find(mimic_joined_rows *rows, int64_t id, mimic_joined_row *out_row,
                                     bool *out_is_there, mimic_error *err);
int64_t mimic__joined_rows_spilled(const mimic_joined_rows *rows); /* bytes; of NULL 0 */

#endif
