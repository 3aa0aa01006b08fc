/*
 * An event map (events.json) as the code uses it: which events each row of each table gives. Columns
 * are numbers of fields of the table in the registry. The format is described in docs/events.md.
 */
#ifndef MIMIC_EVENTS_EVENT_MAP_H
#define MIMIC_EVENTS_EVENT_MAP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "events/event.h"
#include "schema/schema_model.h"

/* What a patient's events are grouped by, and joined with. */
typedef enum mimic_event_group {
    GROUP_SUBJECT,
    GROUP_ADMISSION,
    GROUP_STAY,
    GROUP_COUNT,
    /* Joined with only: the row of another table, by an id that both have ("join"). */
    GROUP_ROW = GROUP_COUNT,
    GROUP_ALL
} mimic_event_group;

/* Which of the three times of a context event. */
typedef enum mimic_event_slot { SLOT_START, SLOT_END, SLOT_EXTRA, SLOT_COUNT } mimic_event_slot;

#define MIMIC_EVENT_NO_COLUMN (-1)

/* One way to a time; several in a row: the first that gives one counts. */
typedef enum mimic_time_source {
    TIME_COLUMN,   /* "charttime": a date or timestamp of the row */
    TIME_YEAR,     /* "year(anchor_year - anchor_age)": the first moment of that year */
    TIME_JOIN,     /* "admission.dischtime": of the row's own admission (stay, subject) */
    TIME_EARLIEST, /* "earliest(admission.deathtime)": over all of the subject */
} mimic_time_source;

typedef struct mimic_event_time {
    mimic_time_source source;
    int64_t column;       /* COLUMN, YEAR */
    int64_t minus;        /* YEAR: the column that is taken off, or NO_COLUMN */
    mimic_event_group group; /* JOIN, EARLIEST */
    mimic_event_slot slot;
} mimic_event_time;

typedef struct mimic_event_times {
    const mimic_event_time *ways;
    size_t count;   /* 0 = static (of `time`); the same as `time` (of `available`, `anchor`) */
    bool is_late;   /* some way is a join: known when the subject is together */
} mimic_event_times;

/* A piece of a code: a literal, or the text of a column ("UNK" when it is NULL). */
typedef struct mimic_code_part {
    const char *literal;
    size_t literal_size;
    int64_t column; /* NO_COLUMN = a literal */
    bool is_dotted; /* of a parent: "dotted(column)", an ICD code with its dot */
} mimic_code_part;

/* Whose rule of dots an ICD code follows. */
typedef enum mimic_event_icd { ICD_NONE, ICD_DIAGNOSIS, ICD_PROCEDURE } mimic_event_icd;

/* All conditions must hold. */
typedef struct mimic_event_condition {
    int64_t column;
    bool wants_present;         /* any value */
    bool wants_absent;          /* NULL */
    const char *const *values;  /* else one of these, as texts; integers in decimal */
    size_t value_count;
    bool is_negated;            /* none of these; NULL passes */
} mimic_event_condition;

typedef enum mimic_event_link { LINK_NONE, LINK_START, LINK_END } mimic_event_link;

/* One event that a row may give. */
typedef struct mimic_event_kind {
    const char *name;     /* "result"; unique in the table */
    uint16_t number;      /* in the map */
    uint16_t table;       /* in the map */
    uint8_t rank;         /* of mimic__event_ranks */
    mimic_event_link link; /* START and END of a table belong together: one interval a row */
    const mimic_code_part *code;
    size_t code_count;
    mimic_event_times time;
    mimic_event_times available;
    int64_t value;        /* columns, or NO_COLUMN */
    int64_t text;
    int64_t unit;
    const char *unit_text; /* a constant in place of a column; NULL = none */
    const int64_t *properties; /* columns written as JSON, by their names */
    size_t property_count;
    const mimic_event_condition *conditions;
    size_t condition_count;
    const int64_t *key_columns; /* of the dictionary and the parents */
    size_t key_count;
    const char *dictionary;     /* name of its table; NULL = none */
    const char *description;    /* a fixed description; NULL = none */
    int64_t description_key;    /* or it is a value of the key: place among key_columns; NO_COLUMN = none */
    const mimic_code_part *const *parents; /* templates over the key columns (column = place among
                                            * key_columns): see mimic__event_parent */
    const size_t *parent_counts;
    size_t parent_count;
    mimic_event_icd icd;
    int64_t icd_column; /* the version: place among key_columns, or NO_COLUMN */
    int icd_version;    /* then: 9 or 10 */
} mimic_event_kind;

/* Names a dictionary table: key columns in the order of the kinds' key_columns, and the description. */
typedef struct mimic_event_dictionary {
    const char *table;
    const mimic_table *source; /* the same in the registry */
    const int64_t *keys;
    size_t key_count;
    int64_t description;
} mimic_event_dictionary;

/* One table of the map, in the order of the map, which is part of the order of events. */
typedef struct mimic_event_table {
    const mimic_table *table; /* of the registry */
    uint16_t number;
    int64_t subject;   /* columns */
    int64_t admission; /* or NO_COLUMN */
    int64_t stay;
    bool hashes_subject; /* a text: the id is made of its hash, see docs/events.md */
    bool hashes_admission;
    bool hashes_stay;
    mimic_event_times anchor; /* "at"; none = the event's own time */
    bool fills_admission; /* by time, where the row has none */
    bool fills_stay;
    bool needs_admission; /* a row without one misses an id */
    bool needs_stay;
    int context;          /* mimic_event_group whose context its rows are; -1 = none */
    int64_t context_times[SLOT_COUNT]; /* columns, or NO_COLUMN */
    bool context_joins_only; /* an earlier release has the group too: its context events carry
                              * MIMIC_EVENT_JOINS_ONLY */
    /* "join": rows of one table find the row of another, of the same subject, by an id that both have.
     * The other has context GROUP_ROW, with up to three of its times; the event of a row that is looked
     * for carries the id as its stay until it is found. */
    int64_t row_id;       /* column, on both sides; or NO_COLUMN */
    bool hashes_row_id;
    int64_t row_salt;     /* to be XORed with the id: tells the ids of different tables apart */
    const mimic_table *joined; /* the other table, on the side that looks; NULL = none */
    const mimic_event_kind *const *kinds;
    size_t kind_count;
} mimic_event_table;

typedef struct mimic_event_map {
    mimic_arena arena;
    const mimic_dataset *const *datasets;
    size_t dataset_count;
    const mimic_event_table *tables;
    size_t table_count;
    const mimic_event_kind *const *kinds; /* of all tables, by number */
    size_t kind_count;
    const mimic_event_dictionary *dictionaries;
    size_t dictionary_count;
    char hash[33];            /* of the JSON texts it was made of */
} mimic_event_map;

typedef struct mimic_event_paths {
    const char *const *paths;
    size_t count;
} mimic_event_paths;

/* A rank orders events of one time: what has the lesser number comes first. */
typedef struct mimic_event_rank {
    uint8_t number;
    const char *name;
} mimic_event_rank;
extern const mimic_event_rank mimic__event_ranks[]; /* ascending; ends with a NULL name */

/*
 * The map of one release or of several that share their patients (MIMIC-IV and its ED module): their
 * built-in maps, changed by those of `paths` (user maps) that are for them, one behind the other.
 * All of them have their context; ids are filled in by that of the first which has the group. The
 * registry that the datasets are of must outlive the map.
 * MIMIC_ERR_NOT_FOUND: a release has none; MIMIC_ERR_SCHEMA (or what mimic__json_parse says) names
 * file, line, column and JSON pointer, and how to mend it. Freed with mimic__event_map_free.
 */
mimic_status mimic__event_map_find(const mimic_context *ctx, const mimic_dataset *const *datasets,
                                   size_t dataset_count, const mimic_event_paths *paths,
                                   mimic_event_map **out_map, mimic_error *err);
void mimic__event_map_free(mimic_event_map *map); /* NULL is allowed */

/*
 * Appends parent `index` of a code that has this key (its values joined by 0x1F). False, with nothing
 * appended, when a value that the parent needs is missing. A buffer that ran out of memory says so itself.
 */
bool mimic__event_parent(const mimic_event_kind *kind, size_t index, const char *key,
                         size_t key_size, mimic_buffer *out);

/* One value of a key; empty when it is missing. Points into the key. */
typedef struct mimic_key_value {
    const char *data;
    size_t size;
} mimic_key_value;
mimic_key_value mimic__event_key_value(const char *key, size_t key_size, int64_t place);

#endif
