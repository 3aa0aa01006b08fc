/*
 * Files of plain records, each its size (four bytes, in the order of the machine) and its bytes, as
 * parts of a build leave them for its end. Records are at most 64 MiB; a file that is not there has
 * none.
 */
#ifndef MIMIC_EVENTS_EVENT_RECORDS_H
#define MIMIC_EVENTS_EVENT_RECORDS_H

#include "io/output.h"

typedef struct event_records event_records;

mimic_status mimic__records_write(mimic_output *output, const void *bytes, size_t size,
                                  mimic_error *err);

mimic_status mimic__records_open(const mimic_context *ctx, const char *path,
                                 event_records **out_records, mimic_error *err);
/* The next record, which stays until the one after it; *out_bytes is NULL at the end.
 * MIMIC_ERR_CORRUPT for a file that is cut. */
mimic_status mimic__records_next(event_records *records, const char **out_bytes, size_t *out_size,
                                 mimic_error *err);
/* MIMIC_ERR_CORRUPT, for a record that makes no sense. */
mimic_status mimic__records_fail(const event_records *records, mimic_error *err);
void mimic__records_free(event_records *records); /* NULL is allowed */

#endif
