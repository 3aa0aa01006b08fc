/*
 * Inside the reader of event maps: JSON to the structs of event_map.h.
 *
 *     texts ► sources (event_map_layers.c: which release is each for, what does it extend)
 *           ► entries: tables, dictionaries and context over all layers of a release
 *           ► structs (event_map_read.c: tables; event_map_kind.c: events; event_map_term.c: codes, times)
 *
 * Loading and checking are one walk, as with schemas: a finding is handed on and noted, the first one
 * becomes the error, and the walk goes on. Findings stand in the text that is at fault.
 */
#ifndef MIMIC_EVENTS_EVENT_MAP_READER_H
#define MIMIC_EVENTS_EVENT_MAP_READER_H

#include "events/event_map.h"
#include "schema/schema_reader.h"

#define MIMIC_MAP_MAX_BYTES (4u * 1024 * 1024)
#define MIMIC_MAP_MAX_TABLES 256
#define MIMIC_MAP_MAX_KINDS MIMIC_EVENT_CONTEXT
#define MIMIC_MAP_MAX_ROW_KINDS 1024 /* of one table */
#define MIMIC_MAP_MAX_CODE 1024 /* bytes of a template */
#define MIMIC_MAP_MAX_WAYS 16   /* of one time */
#define MIMIC_MAP_NAME_BYTES (MIMIC_SCHEMA_MAX_FIELD_NAME + 1)

/* One JSON text. */
typedef struct mimic_map_source {
    const char *name; /* of the file; "mimic-iv@3.1 (built in)" */
    const mimic_json *root;
    const mimic_json *target; /* the value that says which release it is for; NULL = the root */
    const mimic_dataset *dataset;
    bool extends;
} mimic_map_source;

/* A table, dictionary or group, as the last layer has it; json NULL = dropped, by `at`. */
typedef struct mimic_map_entry {
    const char *name;
    const mimic_json *json;
    const mimic_json *at;
    const mimic_map_source *source;
} mimic_map_entry;

typedef struct mimic_map_entries {
    mimic_map_entry *items;
    size_t count;
    size_t capacity;
} mimic_map_entries;

/* What one release's map has, before it is read. */
typedef struct mimic_map_layers {
    mimic_map_entries tables;
    mimic_map_entries dictionaries;
    mimic_map_entry context[GROUP_COUNT]; /* name NULL = none */
} mimic_map_layers;

/* A group's table, bound. */
typedef struct mimic_map_context {
    const mimic_table *table; /* NULL = the map has none */
    int64_t id;
    int64_t times[SLOT_COUNT];
    bool is_met; /* the table is among the map's */
} mimic_map_context;

typedef struct mimic_map_reader {
    mimic_schema_reader base; /* findings and typed members */
    mimic_event_map *map;
    const mimic_dataset *dataset;   /* being read */
    const mimic_map_source *source; /* the same: of the value at hand */
    const mimic_map_layers *layers;
    mimic_map_context contexts[GROUP_COUNT];
    mimic_map_context join; /* of the table at hand; table NULL = it has none */
    bool is_taken[GROUP_COUNT];     /* an earlier release has the group */
    mimic_event_table *tables;      /* of all releases: room for MIMIC_MAP_MAX_TABLES */
    mimic_event_dictionary *dictionaries;
    size_t dictionary_capacity;
    size_t first_dictionary; /* of this release */
    size_t kind_count;
    /* mimic_event_map_check: where findings in other texts than this one are put. */
    const mimic_map_source *checked;
    mimic_schema_sink sink;
} mimic_map_reader;

static inline const char *mimic__map_group_name(mimic_event_group group)
{
    static const char *const names[GROUP_COUNT] = {"subject", "admission", "stay"};
    return names[group];
}

/* ---- event_map_layers.c ---- */

/* True for what is meant as an event map, and neither as a package nor as a Table Schema. */
bool mimic__map_looks_like(const mimic_json *root);
/* Finds the release that a text is for and checks its own members. False after a finding. */
bool mimic__map_source_read(mimic_map_reader *reader, const mimic_registry *registry,
                            mimic_map_source *source);
/* The built-in text of a release, or NULL. */
struct mimic_builtin_package;
const struct mimic_builtin_package *mimic__map_builtin(const char *name, const char *version);
/* Lays a text over what the layers have. */
void mimic__map_layer_add(mimic_map_reader *reader, mimic_map_layers *layers,
                          const mimic_map_source *source);
void mimic__map_layers_free(const mimic_context *ctx, mimic_map_layers *layers);

/* ---- event_map_read.c ---- */

/* Findings that follow stand in this text. */
void mimic__map_enter(mimic_map_reader *reader, const mimic_map_source *source);
/* The entry that drops a table; NULL = none does. */
const mimic_map_entry *mimic__map_dropped(const mimic_map_layers *layers, const char *table);
/* Reads all of a release's layers into the reader's tables and dictionaries. */
void mimic__map_read(mimic_map_reader *reader, const mimic_map_layers *layers);

/* Members that are not known, with what was perhaps meant. */
void mimic__map_known_only(mimic_map_reader *reader, const mimic_json *object,
                           const char *const *known);
/* The column that a string names; NO_COLUMN after a finding, or when `name` is NULL. */
int64_t mimic__map_column(mimic_map_reader *reader, const mimic_table *table,
                          const mimic_json *name);
/* The same of a part of a text; mimic__map_find_column finds nothing in silence. */
int64_t mimic__map_find_column(const mimic_table *table, const char *name, size_t size);
int64_t mimic__map_column_named(mimic_map_reader *reader, const mimic_table *table,
                                const mimic_json *at, const char *name, size_t size);
const char *mimic__map_type_name(const mimic_table *table, int64_t column);
bool mimic__map_is_time(const mimic_table *table, int64_t column);
bool mimic__map_is_integer(const mimic_table *table, int64_t column);

/* ---- event_map_join.c ---- */

/* Reads the "join" of a table. */
void mimic__map_join(mimic_map_reader *reader, mimic_event_table *table, const mimic_json *json);
/* When all tables are read: the rows that are looked for become context. */
void mimic__map_joins_bind(mimic_map_reader *reader, const mimic_map_layers *layers);

/* The column of ids that a string names; *out_hashes says that they are texts. */
int64_t mimic__map_id(mimic_map_reader *reader, const mimic_table *table, const mimic_json *name,
                      bool *out_hashes);

/* ---- event_map_term.c ---- */

/* A table as its events see it. */
typedef struct mimic_map_scope {
    mimic_event_table *table;
    mimic_event_kind *kind; /* NULL while the table itself is read */
} mimic_map_scope;

/* What a template may name: columns of the table, or of a kind's key. */
typedef struct mimic_map_template {
    const mimic_code_part *parts;
    size_t count;
} mimic_map_template;

mimic_map_template mimic__map_template(mimic_map_reader *reader, const mimic_map_scope *scope,
                                       const mimic_json *text, bool is_parent);
/* "time", "available", "at": a string or a list of them. `by_own_id`: ids found by time are no help. */
mimic_event_times mimic__map_times(mimic_map_reader *reader, const mimic_map_scope *scope,
                                   const mimic_json *value, bool by_own_id);

/* ---- event_map_kind.c ---- */

/* Reads one member of "events"; false when it is nothing that could be read. */
bool mimic__map_kind(mimic_map_reader *reader, mimic_event_table *table, const mimic_json *json,
                     mimic_event_kind *kind);

#endif
