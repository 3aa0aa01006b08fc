/*
 * The file that `partition` leaves of a table: how its parts are laid out. event_file_write.c makes it,
 * event_file.c reads it.
 *
 *     16 bytes   "mimicEVT", version (4), 0 (4)
 *     blocks     of lane 0, 1, … (see event_block.h), subjects ascending in each
 *     pages      of the index, those of a lane one behind the other (see event_run.h)
 *     sections   codes, units, head: bytes, compressed where that makes them shorter
 *     footer     MIMIC_EVENT_FOOTER_BYTES: where all of this is, and a hash of it
 *
 * Numbers are little-endian. Everything has an XXH3-64 of its own: what is read is verified, and what is
 * not needed is not read. Blocks are cut every 4096 events or 256 KiB of texts; codes and units are
 * numbered as they first appear: so the bytes are the same however the sorter worked.
 */
#ifndef MIMIC_EVENTS_EVENT_FILE_H
#define MIMIC_EVENTS_EVENT_FILE_H

#include "events/event_run.h"
#include "events/event_sorter.h"

#define MIMIC_EVENT_FILE_MAGIC "mimicEVT"
#define MIMIC_EVENT_FILE_VERSION 1
#define MIMIC_EVENT_FILE_HEAD 16
#define MIMIC_EVENT_FILE_EVENTS 4096
#define MIMIC_EVENT_FILE_TEXTS ((size_t)256 << 10)
#define MIMIC_EVENT_FILE_LANES 16
#define MIMIC_SECTION_BYTES_MAX ((uint64_t)1 << 31)
/* A section that would be compressed to less than this share is not: so nobody gets a lot of memory by a
 * small file. */
#define MIMIC_SECTION_RATIO_MAX 256
#define MIMIC_HEAD_BYTES_MAX ((uint64_t)1 << 20)

enum { SECTION_CODES, SECTION_UNITS, SECTION_HEAD, SECTION_COUNT };

typedef struct mimic_event_section {
    uint64_t offset;
    uint64_t stored;
    uint64_t packed; /* the same as stored: not compressed */
    uint64_t count;  /* of items in it */
    uint64_t hash;   /* of the stored bytes */
} mimic_event_section;

typedef struct mimic_event_footer {
    uint64_t table;
    uint64_t lane_count;
    uint64_t pages[MIMIC_EVENT_FILE_LANES]; /* where the first page of a lane is; 0 = it is empty */
    uint64_t costs[MIMIC_EVENT_FILE_LANES]; /* bytes of memory that its largest block takes */
    mimic_event_section sections[SECTION_COUNT];
    uint64_t size; /* of the file */
} mimic_event_footer;

#define MIMIC_EVENT_FOOTER_NUMBERS (3 + 2 * MIMIC_EVENT_FILE_LANES + 5 * SECTION_COUNT)
#define MIMIC_EVENT_FOOTER_BYTES (8 * MIMIC_EVENT_FOOTER_NUMBERS + 8)

#endif
