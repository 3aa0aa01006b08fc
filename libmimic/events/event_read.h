/*
 * Reading a dataset of trajectories back:
 *
 *     files, in order ► record batches (tasks of a pool decode them, some ahead) ► packets of patients
 *
 * A packet is what one record batch has of whole patients. Its last patient may go on in the next
 * batch: it is copied, and comes first in the packet after it. Codes, units and names of tables get
 * their numbers on the thread of the caller, in the order of the batches, so that numbers do not depend
 * on threads.
 *
 * Nothing of a file is trusted; any writer's MEDS dataset in Arrow IPC files will do.
 */
#ifndef MIMIC_EVENTS_EVENT_READ_H
#define MIMIC_EVENTS_EVENT_READ_H

#include <stdatomic.h>

#include "arrow/ipc_reader.h"
#include "base/pool.h"
#include "events/event_rows.h"

/* ---- names (event_read_names.c) ---- */

#define MIMIC_READ_SEGMENTS 22

/* Texts with numbers. One thread adds and finds; any thread reads a text whose number it has. */
typedef struct mimic_read_names {
    mimic_arena arena;
    mimic_hashmap map;
    const char **segments[MIMIC_READ_SEGMENTS]; /* of 1024, 2048 … texts, which never move */
    atomic_uint count;
} mimic_read_names;

void mimic__read_names_init(mimic_read_names *names, const mimic_context *ctx);
void mimic__read_names_free(mimic_read_names *names);
/* UINT32_MAX when memory ran out. */
uint32_t mimic__read_names_add(mimic_read_names *names, const char *text, size_t size);
const char *mimic__read_names_at(const mimic_read_names *names, uint32_t number); /* NULL: none */

/* What codes.arrow says of a code. */
typedef struct mimic_read_code {
    const char *description;
    const char *const *parents;
    size_t parent_count;
    int64_t events;
} mimic_read_code;

/* ---- files (event_read_files.c) ---- */

typedef struct mimic_read_range {
    int64_t first;
    int64_t last;
    bool is_known;
    bool is_empty;
} mimic_read_range;

typedef struct mimic_read_file {
    const char *path;
    const char *relative; /* below data/ */
    const char *split;
    int64_t size;             /* bytes */
    int64_t batch_count;      /* -1 = not looked at yet */
    mimic_read_range *ranges; /* of subjects, one a record batch; NULL until somebody seeks */
} mimic_read_file;

/* An Arrow file that is open. */
typedef struct mimic_read_input {
    const mimic_context *ctx;
    const char *path;
    int file; /* -1 = none */
    mimic_ipc_reader *reader;
} mimic_read_input;

/* A file in the file format; input->file is -1 before, and after mimic__read_input_close. */
mimic_status mimic__read_input_open(mimic_read_input *input, const char *path, uint64_t max_bytes,
                                    mimic_error *err);
void mimic__read_input_close(mimic_read_input *input);
/* The field of that name; SIZE_MAX where there is none. */
size_t mimic__read_input_find(const mimic_read_input *input, const char *name);

/* ---- record batches (event_read_batch.c) ---- */

/* Events of one subject that stand together. */
typedef struct mimic_read_run {
    int64_t subject;
    size_t first;
    size_t count;
} mimic_read_run;

typedef enum mimic_read_named { NAMED_CODE, NAMED_UNIT, NAMED_TABLE, NAMED_COUNT } mimic_read_named;

/* A record batch: decoded by a task, then used, then free for the next. */
typedef struct mimic_read_slot {
    mimic_task task; /* the first member */
    struct mimic_trajectories *reader;
    size_t file;  /* what is decoded */
    size_t batch;
    size_t open_file; /* what `input` is; SIZE_MAX = nothing */
    mimic_read_input input;
    size_t columns[32]; /* place of each column among those read; SIZE_MAX = it is not there */
    mimic_event_rows rows;
    mimic_read_run *runs;
    size_t run_count;
    size_t run_capacity;
    const mimic_dictionary *names[NAMED_COUNT]; /* of the file, as far as they are known */
    mimic_buffer numbers[NAMED_COUNT];          /* uint32: what the reader calls them */
    mimic_status status;
    mimic_error error;
} mimic_read_slot;

void mimic__read_slot_init(mimic_read_slot *slot, struct mimic_trajectories *reader);
void mimic__read_slot_free(mimic_read_slot *slot);
void mimic__read_slot_run(mimic_task *task);
/* On the caller's thread, when the task is done: numbers of the file become those of the reader. */
mimic_status mimic__read_slot_number(mimic_read_slot *slot, mimic_error *err);

/* ---- packets (event_read_packet.c) ---- */

typedef struct mimic_read_packet {
    mimic_event_rows gathered; /* the first patient, when has_gathered */
    bool has_gathered;
    int64_t gathered_subject;
    size_t gathered_file;
    mimic_read_slot *slot; /* the others: runs [first_run, end_run); NULL = none */
    size_t first_run;
    size_t end_run;
    size_t file; /* of the others */
} mimic_read_packet;

void mimic__read_packet_init(mimic_read_packet *packet, const mimic_context *ctx);
void mimic__read_packet_free(mimic_read_packet *packet);
/* The next packet, which must be released before it is filled again. MIMIC_END. The reader decodes as
 * many record batches ahead as it has slots for; packets that are kept take a slot each. */
mimic_status mimic__read_packet_next(struct mimic_trajectories *reader, mimic_read_packet *packet,
                                     mimic_error *err);
void mimic__read_packet_release(struct mimic_trajectories *reader, mimic_read_packet *packet);
size_t mimic__read_packet_count(const mimic_read_packet *packet);
void mimic__read_packet_patient(const struct mimic_trajectories *reader,
                                const mimic_read_packet *packet, size_t index,
                                mimic_patient *out_patient);
/* Forgets what was decoded ahead; the next packet begins with this record batch. */
void mimic__read_packets_restart(struct mimic_trajectories *reader, size_t file, size_t batch);

/* ---- groups (event_read_group.c) ---- */

/* The admissions, or stays, of one patient. */
typedef struct mimic_read_groups {
    mimic_hashmap ids;   /* in the order of their first events */
    uint32_t *numbers;   /* of each event; UINT32_MAX = of no group */
    size_t capacity;
    mimic_patient patient;
    mimic_event_rows rows; /* of the group at hand */
    uint32_t next;
    mimic_group group;
} mimic_read_groups;

void mimic__read_groups_init(mimic_read_groups *groups, const mimic_context *ctx,
                             mimic_group group);
void mimic__read_groups_free(mimic_read_groups *groups);
/* Takes a patient, whose arrays are borrowed until the last group was given. False: no memory. */
bool mimic__read_groups_begin(mimic_read_groups *groups, const mimic_patient *patient);
/* MIMIC_OK, MIMIC_END or MIMIC_ERR_MEMORY. Borrowed until the next call. */
mimic_status mimic__read_groups_next(mimic_read_groups *groups, mimic_patient *out_patient);

/* ---- the reader (event_read.c) ---- */

struct mimic_trajectories {
    const mimic_context *ctx;
    mimic_trajectories_options options;
    mimic_arena arena;
    const char *path;
    mimic_read_file *files;
    size_t file_count;
    mimic_read_names names[NAMED_COUNT];
    mimic_read_code *codes; /* what codes.arrow says of the first of them */
    size_t code_count;
    size_t code_capacity;
    mimic_read_input probe; /* for looks at a file out of order: its subjects alone */
    size_t probe_file;
    mimic_pool *pool;
    mimic_read_slot *slots;
    size_t slot_count;
    mimic_read_slot **idle;  /* slots that are free; a stack */
    size_t idle_count;
    mimic_read_slot **queue; /* record batches that are being decoded, in order; a ring */
    size_t queue_first;
    size_t queue_count;
    size_t next_file; /* what is decoded next */
    size_t next_batch;
    bool is_eager; /* decodes ahead; not right after a seek, when one patient may be all */
    mimic_event_rows tail; /* the last patient of the last record batch, when has_tail */
    bool has_tail;
    size_t tail_file;
    int64_t tail_subject;
    size_t last_file; /* of what was given last; SIZE_MAX = nothing */
    int64_t last_subject;
    mimic_read_packet packet;
    size_t position; /* in the packet */
    bool is_skipping; /* up to skip_to */
    int64_t skip_to;
    mimic_read_groups groups;
    bool in_groups;
    mimic_trajectories_info info; /* when has_info: what it says of itself is read once */
    bool has_info;
    mimic_status status;
    mimic_error error;
};

/* Completes the options; MIMIC_ERR_ARGUMENT. */
mimic_status mimic__trajectories_check_options(mimic_trajectories_options *options,
                                               mimic_error *err);
/* slots: record batches that may be kept at once, at least 1. As mimic_trajectories_open. */
mimic_status mimic__trajectories_open(const mimic_context *ctx, const char *path,
                                      const mimic_trajectories_options *options, size_t slots,
                                      struct mimic_trajectories **out_reader, mimic_error *err);
mimic_status mimic__read_list_files(struct mimic_trajectories *reader, mimic_error *err);
mimic_status mimic__read_codes(struct mimic_trajectories *reader, mimic_error *err);
/* Subjects of subject_splits.arrow, of the split that is asked for; -1 = there is no such file. */
mimic_status mimic__read_count_subjects(struct mimic_trajectories *reader, int64_t *out_count,
                                        mimic_error *err);
/* How many record batches a file has. */
mimic_status mimic__read_batch_count(struct mimic_trajectories *reader, size_t file,
                                     size_t *out_count, mimic_error *err);
/* Where the events of a subject begin; MIMIC_ERR_NOT_FOUND. */
mimic_status mimic__read_find_subject(struct mimic_trajectories *reader, int64_t subject,
                                      size_t *out_file, size_t *out_batch, mimic_error *err);

#endif
