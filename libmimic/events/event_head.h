/* The head of a file of partition, and the names of its files. */
#ifndef MIMIC_EVENTS_EVENT_HEAD_H
#define MIMIC_EVENTS_EVENT_HEAD_H

#include "base/buffer.h"
#include "events/event_part.h"

typedef struct event_paths {
    const char *events;
    const char *codes;
    const char *rejects;
    const char *subjects; /* of a table that says who is known */
} event_paths;

mimic_status mimic__event_paths_make(mimic_arena *arena, const char *stem, event_paths *out_paths,
                                     mimic_error *err);

/* Texts live in the arena of the job. */
typedef struct event_head {
    const char *settings;  /* hash of what reading depends on */
    const char *map;       /* hash of the event map */
    const char **datasets; /* "mimic-iv@2.2" */
    size_t dataset_count;
    int64_t *tables;       /* numbers of those that there are, this one among them */
    size_t table_count;
    int64_t table;         /* its number */
    const char *name;
    const char *relative;
    int64_t size;
    int64_t modified;
    event_reading reading;
    const char **codes;    /* patterns; NULL = all */
    size_t code_count;
    event_names absent;
    event_names unmapped;
    int64_t bad_times;
    int64_t reversed;
    int64_t dialect[6];
    int64_t shares[2]; /* train, tuning: splits are the lanes of a file */
} event_head;

void mimic__event_head_format(mimic_buffer *json, const event_job *job, const event_input *input);
/* MIMIC_ERR_CORRUPT for what is no head of ours. `name` stands in messages. */
mimic_status mimic__event_head_parse(event_job *job, const char *json, size_t size,
                                     const char *name, event_head *out_head, mimic_error *err);
/* Of a file. */
mimic_status mimic__event_head_read(event_job *job, const char *path, event_head *out_head,
                                    mimic_error *err);

#endif
