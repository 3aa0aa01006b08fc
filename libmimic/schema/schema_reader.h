/*
 * Package reader: JSON to the model. Loading and checking are one walk; a finding is handed to the
 * caller and noted, the first one becomes the error, and the walk goes on.
 *
 * The parts: schema_reader.c (package, resources, signatures), schema_read_table.c (Table Schema,
 * keys, dialect), schema_read_field.c (fields), schema_read_value.c (typed members, findings).
 */
#ifndef MIMIC_SCHEMA_READER_H
#define MIMIC_SCHEMA_READER_H

#include "base/buffer.h"
#include "base/hashmap.h"
#include "json/json.h"
#include "schema/schema_model.h"

#define MIMIC_SCHEMA_MAX_TABLES 10000
#define MIMIC_SCHEMA_MAX_FIELDS 4096
#define MIMIC_SCHEMA_MAX_NAME 200  /* bytes of what may become a file's name */
#define MIMIC_SCHEMA_MAX_FIELD_NAME 1024
#define MIMIC_SCHEMA_MAX_KEYS 1024 /* of one kind in one table */

typedef struct mimic_schema_sink {
    mimic_schema_finding_fn finding; /* NULL = only count */
    void *ctx;
} mimic_schema_sink;

/*
 * Reads a package, a resource or a bare Table Schema into `arena`. Fails with MIMIC_ERR_JSON,
 * MIMIC_ERR_LIMIT, MIMIC_ERR_MEMORY, or, after findings, MIMIC_ERR_SCHEMA with the first one.
 */
mimic_status mimic__schema_read(mimic_arena *arena, const char *json, size_t size, const char *name,
                                const mimic_schema_sink *sink, mimic_dataset **out_dataset,
                                mimic_error *err);

/* ---- inside the reader ---- */

typedef struct mimic_schema_reader {
    mimic_arena *arena;
    const char *name;
    mimic_schema_sink sink;
    mimic_error *err;
    int64_t finding_count;
    bool out_of_memory; /* latches; the walk ends soon after */
    mimic_buffer pointer;
    mimic_buffer message;
    mimic_hashmap tables; /* folded names, numbered like mimic_dataset.tables */
    mimic_hashmap fields; /* of the table being read */
} mimic_schema_reader;

/* Reports a finding at a value. */
void mimic__schema_finding(mimic_schema_reader *reader, const mimic_json *at, const char *format,
                           ...) MIMIC_PRINTF(3, 4);
/* A finding unless the string is short and free of control characters; false then. */
bool mimic__schema_check_label(mimic_schema_reader *reader, const mimic_json *value);
/* Zeroed memory of the model; NULL latches out_of_memory. */
void *mimic__schema_array(mimic_schema_reader *reader, size_t count, size_t size);
/* A copy in the model, never NULL ("" when memory ran out). */
const char *mimic__schema_copy(mimic_schema_reader *reader, const char *text, size_t size);
/* Number of a folded name in a map, MIMIC_HASHMAP_NONE when it is not there. */
uint32_t mimic__schema_find_name(mimic_schema_reader *reader, const mimic_hashmap *map,
                                 const char *name);
/* Adds a name; false when it is there already (or memory ran out, which latches). */
bool mimic__schema_add_name(mimic_schema_reader *reader, mimic_hashmap *map, const char *name);

/* The value as such when it is of the kind; NULL when absent; a finding and NULL otherwise. */
const mimic_json *mimic__schema_member(mimic_schema_reader *reader, const mimic_json *object,
                                       const char *key, mimic_json_kind kind);
/* A copy of a string member, `fallback` when it is absent or wrong. */
const char *mimic__schema_text(mimic_schema_reader *reader, const mimic_json *object,
                               const char *key, const char *fallback);
/* The same of a member at hand, where looking each up would make many of them slow. */
const char *mimic__schema_text_of(mimic_schema_reader *reader, const mimic_json *member,
                                  const char *fallback);
bool mimic__schema_flag(mimic_schema_reader *reader, const mimic_json *object, const char *key,
                        bool fallback);
/* A count of zero or more, -1 when it is absent or wrong. */
int64_t mimic__schema_count(mimic_schema_reader *reader, const mimic_json *object, const char *key);
int64_t mimic__schema_count_of(mimic_schema_reader *reader, const mimic_json *member);
/* A single ASCII character, '\0' when it is absent, null or wrong. */
char mimic__schema_character(mimic_schema_reader *reader, const mimic_json *object,
                             const char *key);
/* An array of strings, or of {"value": …} objects with `allow_labels`; numbers and booleans as
 * their text with `allow_scalars`. NULL and a count of 0 when it is absent. */
typedef struct mimic_schema_list_rule {
    bool allow_labels;
    bool allow_scalars;
} mimic_schema_list_rule;
const mimic_text *mimic__schema_texts(mimic_schema_reader *reader, const mimic_json *array,
                                      mimic_schema_list_rule rule, size_t *out_count);
const char *const *mimic__schema_names(mimic_schema_reader *reader, const mimic_json *object,
                                       const char *key, size_t *out_count);
/* Findings for members of `object` that are not among `known` (ends with NULL). */
void mimic__schema_known_only(mimic_schema_reader *reader, const mimic_json *object,
                              const char *const *known);

/* Reads fields[i]; `missing` is what the table says. */
typedef struct mimic_missing_values {
    const mimic_text *values;
    size_t count;
} mimic_missing_values;
void mimic__schema_read_field(mimic_schema_reader *reader, const mimic_json *json,
                              mimic_missing_values missing, mimic_field *out_field);
/* Reads a Table Schema without its foreign keys, then those, once all tables are known. */
void mimic__schema_read_table(mimic_schema_reader *reader, const mimic_json *schema,
                              mimic_table *table);
void mimic__schema_read_order_key(mimic_schema_reader *reader, const mimic_json *names,
                                  mimic_table *table);
/* "spans": pairs of fields. */
void mimic__schema_read_spans(mimic_schema_reader *reader, const mimic_json *extension,
                              mimic_table *table);
void mimic__schema_read_foreign_keys(mimic_schema_reader *reader, const mimic_json *schema,
                                     const mimic_table *tables, mimic_table *table);
void mimic__schema_read_dialect(mimic_schema_reader *reader, const mimic_json *dialect,
                                mimic_table *table);

#endif
