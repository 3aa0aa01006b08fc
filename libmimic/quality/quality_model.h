/*
 * What is known of a dataset at the end: plain records that need no schema, no target and no batch.
 */
#ifndef MIMIC_QUALITY_MODEL_H
#define MIMIC_QUALITY_MODEL_H

#include <mimic/quality.h>

#include "base/arena.h"
#include "quality/quality_column.h"

#define QUALITY_TOP 10
#define QUALITY_BINS 24
/* Codes of rejects are below 30. */
#define QUALITY_CODES 32

typedef struct quality_top {
    const char *text; /* "" with is_empty: the empty text */
    bool is_cut;
    int64_t count;
} quality_top;

typedef struct quality_histogram {
    size_t bins; /* 0 = none */
    const char *from;
    const char *to;
    int64_t counts[QUALITY_BINS];
    int64_t below; /* values under from and over to: tails that would flatten the rest */
    int64_t above;
} quality_histogram;

typedef struct quality_result {
    mimic_quality_column_info info;
    quality_kind kind;
    quality_top top[QUALITY_TOP];
    size_t top_count;
    bool is_top_exact; /* every value was counted */
    int64_t others;    /* values that were not counted one by one */
    quality_histogram histogram;
    int64_t early;
    /* what the schema asks */
    const char *title;
    const char *description;
    const char *rule_enum; /* NULL = no such constraint; else it, for people */
    const char *rule_bound;
    const char *rule_pattern;
    const char *rule_length;
    bool is_required;
    bool is_unique;
    bool is_key; /* part of the primary key */
    int64_t rejects[QUALITY_CODES]; /* by code */
} quality_result;

typedef struct quality_span {
    const char *start;
    const char *end;
    int64_t both;     /* rows that have both */
    int64_t reversed; /* rows that end before they start */
} quality_span;

typedef struct quality_table {
    const mimic_context *ctx;
    mimic_arena arena;
    mimic_quality_table_info info;
    const char *title;
    const char *source;
    bool failed;      /* info.message is the error */
    bool has_account; /* read = written + … is the word of a load */
    quality_result *columns;
    quality_span *spans;
    size_t span_count;
    int64_t rejects[QUALITY_CODES]; /* that concern no single column */
} quality_table;

struct mimic_quality {
    const mimic_context *ctx;
    mimic_arena arena;
    const char *dataset;
    const char *edition;
    const char *target;
    quality_table **tables;
    size_t table_count;
    size_t table_capacity;
    mimic_quality_check_info *checks;
    size_t check_count;
    size_t check_capacity;
};

mimic_quality *mimic__quality_new(const mimic_context *ctx); /* NULL when memory ran out */
/* A copy of a text; NULL when memory ran out. */
const char *mimic__quality_keep_text(mimic_quality *quality, const char *text);
/* A table without columns, such as one that was not looked at; NULL when memory ran out. */
quality_table *mimic__quality_table_new(const mimic_context *ctx, const char *name,
                                        const char *module, const char *title);
void mimic__quality_table_free(quality_table *table); /* NULL is allowed */
/* Takes the table over, also when it returns false: memory ran out. */
bool mimic__quality_add_table(mimic_quality *quality, quality_table *table);
/* NULL when there is none of that name. */
quality_table *mimic__quality_find_table(const mimic_quality *quality, const char *name);
/* Rejects of one code; column "" or unknown = they count for the table. */
void mimic__quality_add_rejects(quality_table *table, const char *column, const char *code,
                                int64_t count);
/* Copies the check. */
bool mimic__quality_add_check(mimic_quality *quality, const mimic_quality_check_info *check);
/* Every check that follows from the tables; once, after all of them are there. */
bool mimic__quality_derive_checks(mimic_quality *quality);

/* Schema_path names, for messages and the machine: "conformance.value" … and "passed" … */
const char *mimic__quality_class_name(mimic_quality_class category);
const char *mimic__quality_verdict_name(mimic_quality_verdict verdict);

/* Fills the result of a column; texts live in `arena`. */
bool mimic__quality_conclude(const quality_column *column, mimic_arena *arena,
                             quality_result *result);
/* Rules of a field, in words. */
bool mimic__quality_copy_rules(const mimic_field *field, mimic_arena *arena,
                               quality_result *result);

#endif
