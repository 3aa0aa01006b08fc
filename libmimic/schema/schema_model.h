/*
 * The model of a table as the library sees it: plain structs in an arena, immutable once built.
 * mimic_table and mimic_dataset of the public API are these.
 */
#ifndef MIMIC_SCHEMA_MODEL_H
#define MIMIC_SCHEMA_MODEL_H

#include <stdbool.h>

#include <mimic/schema.h>

#include "base/arena.h"
#include "base/buffer.h"

/* A constraint value or a list entry, as the text that a CSV file would hold. */
typedef struct mimic_text {
    const char *data; /* NUL-terminated, never NULL */
    size_t size;
} mimic_text;

typedef struct mimic_field {
    const char *name;
    const char *title;
    const char *description;
    mimic_type type;
    int32_t precision;
    int32_t scale;
    const char *schema_type;    /* Table Schema type: "integer", "datetime" … */
    const char *const *formats; /* at least one; "default" or a strptime pattern; tried in order */
    size_t format_count;

    /* lexical properties */
    bool allow_special;            /* NaN, INF, -INF */
    char decimal_char;             /* '.' */
    const char *group_char;        /* "" = none */
    bool bare_number;              /* true unless the schema says false */
    const mimic_text *true_values; /* count 0 = the standard's default */
    size_t true_value_count;
    const mimic_text *false_values;
    size_t false_value_count;
    const mimic_text *missing_values; /* resolved: the field's own, else the table's, else [""] */
    size_t missing_value_count;
    bool quoted_empty_is_null; /* "mimic": {"quotedEmpty": "null"} */
    bool has_whole_seconds;    /* "mimic": {"wholeSeconds": true}: times without a fraction */

    /* constraints; NULL text = absent */
    bool is_required;
    bool is_unique;
    int64_t min_length; /* -1 = none */
    int64_t max_length;
    const char *minimum;
    const char *maximum;
    const char *exclusive_minimum;
    const char *exclusive_maximum;
    const char *pattern;
    const mimic_text *enum_values; /* of constraints.enum or categories; count 0 = any */
    size_t enum_count;

    mimic_on_error on_error;
} mimic_field;

typedef struct mimic_foreign_key {
    const char *referenced_table; /* the table's own name for a key into itself */
    size_t count;
    const char *const *fields;
    const char *const *referenced_fields;
    /* The referenced fields are a primary or unique key there, of like types: a database takes the
     * key as a constraint. The others are relations that only a check can test. */
    bool is_enforceable;
} mimic_foreign_key;

typedef struct mimic_unique_key {
    size_t count;
    const size_t *fields;
} mimic_unique_key;

/* Two times of one row, of the same type: the second is not before the first. */
typedef struct mimic_span {
    size_t start; /* fields */
    size_t end;
} mimic_span;

typedef struct mimic_edition {
    const char *name; /* "full", "demo" */
    int64_t rows;
} mimic_edition;

struct mimic_table {
    const char *name;
    const char *title;
    const char *description;
    const char *module;
    const char *path;
    const char *dataset;
    const char *version;
    const mimic_field *fields;
    size_t field_count;
    const size_t *primary_key;
    size_t primary_key_count;
    const mimic_unique_key *unique_keys;
    size_t unique_key_count;
    const mimic_foreign_key *foreign_keys;
    size_t foreign_key_count;
    const size_t *order_key; /* which of two rows of one key is later */
    size_t order_key_count;
    const mimic_span *spans;
    size_t span_count;
    const char *const *aliases; /* file stems that mean this table too */
    size_t alias_count;
    const mimic_edition *editions;
    size_t edition_count;
    /* Table Dialect; 0 = the reader's default */
    char delimiter;
    char quote;
    char escape;
    char comment;
    bool no_header;
};

/* What tells a release from its siblings: columns, or values of one column. */
typedef struct mimic_signature {
    const char *table;
    const char *const *columns; /* present in this release only */
    size_t column_count;
    const char *const *absent; /* columns that this release lacks */
    size_t absent_count;
    const char *column; /* or NULL: a column whose values tell */
    const mimic_text *values;
    size_t value_count;
    const mimic_text *other_values; /* never in this release */
    size_t other_value_count;
    int64_t rows; /* exact number of rows, -1 = says nothing */
} mimic_signature;

typedef struct mimic_module {
    const char *name;
    const char *description;
} mimic_module;

struct mimic_dataset {
    const char *name;
    const char *version;
    const char *title;
    const char *description;
    const char *homepage;
    const mimic_table *tables;
    size_t table_count;
    const mimic_module *modules;
    size_t module_count;
    const mimic_signature *signatures;
    size_t signature_count;
    const char *const *ignored; /* file stems beside the tables that are no tables */
    size_t ignored_count;
};

/* A field that no schema describes: any value of its type, or NULL. The name is borrowed. */
mimic_field mimic__field_plain(const char *name, mimic_type type);

/* True for names that are equal but for ASCII case. */
bool mimic__name_equals(const char *a, const char *b);
bool mimic__name_equals_sized(const char *a, const char *b, size_t b_size);
/* The one of `names` (ends with NULL) that was perhaps meant; NULL when none is near. */
const char *mimic__name_nearest(const char *wanted, const char *const *names);
/* MIMIC_ERR_NOT_FOUND for a name that is not there: what was perhaps meant, and what there is. */
mimic_status mimic__fail_no_table(const mimic_context *ctx, const mimic_dataset *dataset,
                                  const char *name, mimic_error *err);
mimic_status mimic__fail_no_column(const mimic_context *ctx, const mimic_table *table,
                                   const char *name, mimic_error *err);
/* Appends a name in lower case (ASCII only): equal names become equal keys of a map. */
void mimic__name_fold(mimic_buffer *out, const char *name);

/* "mimic-iv@3.1/labevents", or "labevents" for a bare schema; NULL when memory ran out. */
const char *mimic__table_label(mimic_arena *arena, const mimic_table *table);

/*
 * A table of some of another's fields, in the given order, allocated in `arena` (texts stay
 * borrowed from `table`). Keys survive only when all their fields do. NULL when memory ran out.
 */
const mimic_table *mimic__table_project(mimic_arena *arena, const mimic_table *table,
                                        const size_t *fields, size_t field_count);

/* A table that owns all it refers to, in `arena`. NULL when memory ran out. */
const mimic_table *mimic__table_copy(mimic_arena *arena, const mimic_table *table);

#endif
