/*
 * Decompression on a pool. Stored bytes are cut at members (member.h) into units of about half a
 * megabyte of content, a ring of which is decompressed by tasks and delivered in order. Stored bytes
 * are read by the thread that asks for content, and only there.
 *
 * Units are a fast path for sound data that can be taken apart. They end where that ends: at a member
 * that cannot be told from outside, at damage, at the end of the input. The serial decoder goes on
 * from there, with the stored bytes of the units that were not delivered, and is the only one to judge.
 */
#ifndef MIMIC_IO_SOURCE_UNITS_H
#define MIMIC_IO_SOURCE_UNITS_H

#include <stdbool.h>

#include "base/pool.h"
#include "io/source_raw.h"

typedef struct mimic_units mimic_units;

/* `stored` is borrowed. */
mimic_status mimic__units_new(mimic_stored *stored, mimic_compression compression, mimic_pool *pool,
                              mimic_units **out_units, mimic_error *err);
/* MIMIC_OK with bytes; MIMIC_END when the serial decoder has to go on, now and for good. */
mimic_status mimic__units_read(mimic_units *units, unsigned char *buffer, size_t capacity,
                               size_t *out_size, mimic_error *err);
/* After that: stored bytes to go on with, in order, before those that are left in `stored`. They are
 * valid until the units are freed; false when there are none left. */
bool mimic__units_give_back(mimic_units *units, const unsigned char **out_bytes, size_t *out_size);
/* Has any unit been delivered? */
bool mimic__units_have_begun(const mimic_units *units);
/* Waits for the tasks; whatever follows runs where it is asked for. */
void mimic__units_leave_pool(mimic_units *units);
/* Waits for the tasks. NULL is allowed. */
void mimic__units_free(mimic_units *units);

#endif
