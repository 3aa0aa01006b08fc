/*
 * Which subject goes where: its split, by a hash of its id, and its file among those of the split.
 * The known subjects of a split, by ascending id, are cut into files of `subjects_per_file`; a file
 * is thus a range of ids, and a subject that nobody knew has its place too.
 *
 * The split: XXH3-64 of the id as 8 bytes, little endian, modulo 1000, against the shares. A split
 * with a share has one file at least; one without has none, and no subject comes to it.
 */
#ifndef MIMIC_EVENTS_EVENT_PLAN_H
#define MIMIC_EVENTS_EVENT_PLAN_H

#include "base/context_internal.h"

#define MIMIC_SPLIT_COUNT 3

typedef struct mimic_event_plan mimic_event_plan;

typedef struct mimic_event_shares {
    int32_t train; /* of 1,000 */
    int32_t tuning;
    int32_t subjects_per_file;
} mimic_event_shares;

typedef struct mimic_event_place {
    unsigned split; /* 0 train, 1 tuning, 2 held_out: also the lane of sorters */
    uint32_t file;  /* 0-based, of the split: data/<split>/<file>.arrow */
    uint32_t index; /* 0-based, among all files: those of train first, then tuning, held_out */
} mimic_event_place;

/* `subjects` ascend without repetition; copied. MIMIC_ERR_ARGUMENT: shares that cannot be. */
mimic_status mimic__event_plan_new(const mimic_context *ctx, const int64_t *subjects, size_t count,
                                   const mimic_event_shares *shares, mimic_event_plan **out_plan,
                                   mimic_error *err);
void mimic__event_plan_free(mimic_event_plan *plan); /* NULL is allowed */
mimic_event_place mimic__event_plan_place(const mimic_event_plan *plan, int64_t subject);
unsigned mimic__event_plan_split(const void *plan, int64_t subject); /* as a lane of a sorter */
bool mimic__event_plan_knows(const mimic_event_plan *plan, int64_t subject);
uint32_t mimic__event_plan_files(const mimic_event_plan *plan, unsigned split);
uint32_t mimic__event_plan_all_files(const mimic_event_plan *plan);
/* The ids that file `file` of a split covers, both included; INT64_MIN and INT64_MAX at the ends. */
void mimic__event_plan_range(const mimic_event_plan *plan, unsigned split, uint32_t file,
                             int64_t *out_first, int64_t *out_last);
const char *mimic__event_split_name(unsigned split); /* "train", "tuning", "held_out" */

#endif
