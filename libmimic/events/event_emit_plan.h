/*
 * What an emitter is made of: the events of a table, resolved to what has to be done with its columns.
 *
 * Rows are worked on in blocks, step by step and column by column: columns are brought into one form
 * (slots), times chosen from them (moments), conditions judged, codes found; and then the events of
 * the block are written row by row.
 */
#ifndef MIMIC_EVENTS_EVENT_EMIT_PLAN_H
#define MIMIC_EVENTS_EVENT_EMIT_PLAN_H

#include "base/value_set.h"
#include "coerce/coerce_time.h"
#include "events/event_emit.h"
#include "events/event_emit_cache.h"

#define EMIT_BLOCK 256        /* rows */
#define EMIT_NO_SLOT SIZE_MAX /* of slots and moments */
#define EMIT_NO_CODE UINT32_MAX
#define EMIT_SPARE 32         /* bytes that copies may read and write beyond what they are to copy */
#define EMIT_BAD_TIME INT64_MAX /* in slots: there, but cannot be read */

/* A column that events need. */
typedef struct emit_column {
    const mimic_field *field; /* of the registry */
    int64_t index;            /* in the batch; -1 = the file lacks it, so it is NULL */
    mimic_type type;          /* of what it says */
    bool is_time_text;        /* comes as a text, which is read here by `formats` */
    bool is_property;
    bool is_unit;             /* its texts are numbered as units are */
    const mimic_time_format *formats;
    size_t format_count;
} emit_column;

/* Forms that a column is brought into, a block at a time. */
typedef enum emit_form {
    FORM_TIME,    /* int64_t: microseconds, NONE = NULL; dates become midnight */
    FORM_ID,      /* int64_t: an integer as it is, a text hashed; NONE = NULL */
    FORM_INTEGER, /* int64_t: NONE = NULL; of a date its year */
    FORM_NUMBER,  /* uint32_t: number of its text; 0 = NULL, EMIT_CACHE_NONE = has none */
    FORM_COUNT
} emit_form;

typedef struct emit_slot {
    size_t column; /* of columns */
    emit_form form;
} emit_slot;

/* The row's own ways to a time: the first that is there. */
typedef struct emit_way {
    size_t slot;  /* TIME, or INTEGER of a year */
    size_t minus; /* INTEGER, or NO_SLOT */
    bool is_year;
} emit_way;

typedef struct emit_moment {
    emit_way *ways;
    size_t way_count;
    bool is_slot; /* its one way is a slot, which it is then */
    bool may_be_bad;
} emit_moment;

typedef struct emit_condition {
    const mimic_event_condition *source;
    size_t column;
    mimic_integer_set integers; /* of integer columns */
    mimic_text_set texts;       /* of all others */
} emit_condition;

/*
 * One step to the number of a code. Its key is made of one column and of what the step before found;
 * that of the first step of a column or two, or of nothing.
 */
typedef struct emit_step {
    size_t wide;   /* INTEGER slot, or NO_SLOT */
    size_t number; /* NUMBER slot, or NO_SLOT */
    uint64_t tag;  /* in the upper word of its keys */
} emit_step;

/* The upper word of a key: what it is a key of, and 32 bits of it. */
#define EMIT_TAG_SHIFT 48
#define EMIT_TAG_SHORT UINT64_C(2) /* a short text itself; + 1 = as a unit */
#define EMIT_TAG_LONG UINT64_C(4)  /* the hash of a text; + 1 = as a unit */
#define EMIT_TAG_STEP UINT64_C(6)  /* a step, whose number stands below */
#define EMIT_TAG_NULL (UINT64_C(1) << 63)
#define EMIT_STEPS_MAX 0xffffu

typedef struct emit_property {
    const char *head; /* ,"name": with EMIT_SPARE readable bytes behind it */
    size_t head_size;
    size_t column;
} emit_property;

typedef struct emit_kind {
    const mimic_event_kind *source;
    size_t time; /* moments; NO_SLOT = static */
    size_t available; /* NO_SLOT = as the time */
    size_t anchor;
    bool is_static;
    bool is_late;
    emit_condition *conditions;
    size_t condition_count;
    emit_step *steps; /* 0 = the map gives more than a cache can: each code is made anew */
    size_t step_count;
    size_t value; /* columns, or NO_SLOT */
    size_t text;
    size_t unit; /* NUMBER slot, or NO_SLOT */
    uint32_t unit_number; /* where there is no slot */
    emit_property *properties;
    size_t property_count;
    size_t *bad_moments; /* what may have bad times and concerns it */
    size_t bad_moment_count;
} emit_kind;

struct mimic_emitter {
    const mimic_context *ctx;
    mimic_emit_setup setup;
    mimic_arena arena;
    mimic_table table;
    const char **names; /* of the columns */
    emit_column *columns;
    size_t column_count;
    size_t read_count; /* columns that the file has: names */
    size_t *column_of; /* by field; NO_SLOT = not needed */
    size_t *slot_of;   /* by column * FORM_COUNT + form */
    emit_slot *slots;
    size_t slot_count;
    emit_moment *moments;
    size_t moment_count;
    emit_kind *kinds;
    size_t kind_count;
    size_t subject; /* slots */
    size_t admission;
    size_t stay;
    size_t row_id; /* of a table that is joined by rows, on either side */
    size_t context_times[SLOT_COUNT]; /* moments */
    size_t step_count;
    bool has_links;
    mimic_csv_filter filter;
    size_t filter_count;
    bool is_needed;
    emit_cache *cache;
};

/* ---- at work: one call of mimic__emit ---- */

typedef struct emit_text {
    const char *data; /* NULL = NULL */
    size_t size;
} emit_text;

/* A property with a text of a dictionary, in the JSON of the call. */
typedef struct emit_json {
    uint32_t begin;
    uint32_t size; /* 0 = not made yet */
} emit_json;

typedef struct emit_call {
    const mimic_emitter *emitter;
    const mimic_batch *batch;
    const mimic_emit_rows *rows;
    const mimic_column **columns; /* by column; NULL = the file lacks it */
    uint32_t **dictionaries;      /* by column: number of each text of a dictionary; 0 = not yet */
    emit_json **quoted;           /* by column: properties with the texts of a dictionary; or NULL */
    mimic_buffer json;            /* these */
    int64_t first;                /* row of the batch that the block begins with */
    size_t count;                 /* rows of the block */
    /* of the block, an array a slot, moment or kind */
    int64_t **wide;               /* by slot */
    uint32_t **numbers;           /* by slot */
    int64_t **moments;
    uint8_t **bad;                /* by moment: 1 = a time that cannot be read; NULL = none can */
    uint8_t **present;            /* by kind: 1 = the event is there, be it asked for or not */
    uint8_t **faults;             /* by kind: 1 = bad time */
    uint32_t **codes;             /* by kind; NO_CODE = no event */
    uint32_t *places;             /* by row: where its next event will stand */
    uint32_t *made_rows;          /* rows of the block with an event of the kind at work ... */
    uint32_t *made;               /* ... and where that stands */
    size_t made_count;
    uint8_t *reversed;            /* 1 = the interval of the row */
    uint8_t *marks;               /* MIMIC_MARK_… for which the row is rejected */
    const int64_t *none;          /* NONE for every row */
    const int64_t *admissions;
    const int64_t *stays;
    int64_t *row_ids; /* that rows of two tables find each other by; of different tables different */
    mimic_buffer scratch;
    mimic_buffer key;
    mimic_buffer bytes;           /* of the chunk */
    mimic_event *events;
    size_t event_count;
    size_t event_capacity;
    mimic_event_run *runs;
    size_t run_count;
    size_t run_capacity;
    mimic_event_reject *rejects;
    size_t reject_count;
    size_t reject_capacity;
    int64_t rows_none;
    bool descends;
    bool has_long; /* there may be a long text */
} emit_call;

/* event_emit_columns.c */
/* Fills slots and moments of a block. */
mimic_status mimic__emit_slots(emit_call *call, mimic_error *err);
/* One value of a time column that comes as text; false when it cannot be read. */
bool mimic__emit_read_time(const emit_column *column, const char *text, size_t size, int64_t *out);

/* event_emit_judge.c: fills present, faults, reversed and marks of a block */
void mimic__emit_judge(emit_call *call);

/* event_emit_code.c */
mimic_status mimic__emit_codes(emit_call *call, mimic_error *err);
/* Number of a text by which codes and units are found; see FORM_NUMBER. */
mimic_status mimic__emit_text_number(emit_call *call, const emit_column *column, emit_text text,
                                     uint32_t *out_number, mimic_error *err);

/* event_emit_put.c */
mimic_status mimic__emit_put(emit_call *call, mimic_error *err);

/* event_emit_text.c; `buffer` has MIMIC_FORMAT_BYTES */
emit_text mimic__emit_text(const emit_call *call, size_t column, int64_t row, char *buffer);
bool mimic__emit_value(const emit_call *call, size_t column, int64_t row, double *out_value);
/* Appends the JSON object of a row to the bytes; nothing when all is NULL. */
void mimic__emit_properties(emit_call *call, const emit_kind *kind, int64_t row);
/* The same, value by value through mimic__emit_text: slow, for comparison. */
void mimic__emit_properties_plain(emit_call *call, const emit_kind *kind, int64_t row);
void mimic__emit_json_string(mimic_buffer *out, const char *text, size_t size);

/* event_emit_match.c: patterns of codes, "*" standing for any text */
bool mimic__emit_code_fits(const mimic_emit_setup *setup, const char *code, size_t size);
/* Which values of which column the patterns allow: sets `filter`, `filter_count` and `is_needed`. False
 * when memory ran out. */
bool mimic__emit_filter_make(mimic_emitter *emitter);

#endif
