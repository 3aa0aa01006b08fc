/*
 * Inside the plan: what a column knows, what its loop is given, and the slow way for one cell that
 * every loop falls back on. Only files of coerce/ include this.
 */
#ifndef MIMIC_COERCE_PLAN_H
#define MIMIC_COERCE_PLAN_H

#include "base/buffer.h"
#include "base/hashmap.h"
#include "base/unique_set.h"
#include "batch/batch_builder.h"
#include "coerce/coerce_column.h"
#include "coerce/coerce_pattern.h"
#include "coerce/coerce_strip.h"
#include "coerce/coerce_time.h"

typedef struct mimic_plan_column mimic_plan_column;
typedef struct mimic_coerce_job mimic_coerce_job;

/* A value of a fixed-width type. */
typedef union mimic_value {
    int64_t integer; /* boolean, int16/32/64, date, time, timestamps */
    double float64;
    float float32;
    mimic_int128 decimal;
} mimic_value;

typedef mimic_reject_code (*mimic_value_parser)(const mimic_plan_column *column, const char *text,
                                                size_t size, mimic_value *out);
typedef mimic_reject_code (*mimic_text_checker)(const char *text, size_t size);
/* Fills the column's builder; what goes wrong goes to job->status. */
typedef void (*mimic_column_loop)(mimic_coerce_job *job);

typedef struct mimic_bound {
    mimic_value value;
    bool is_maximum;
    bool is_exclusive;
} mimic_bound;

#define MIMIC_MAX_BOUNDS 4

/* A text of a categorical column that was met lately, with the code it has. */
typedef struct mimic_recent_text {
    uint64_t words[2]; /* of at most 16 bytes, zeros behind them */
    uint32_t size;
    int32_t code; /* -1 = free */
} mimic_recent_text;

#define MIMIC_RECENT_TEXTS 256

struct mimic_plan_column {
    const mimic_context *ctx;
    const mimic_field *field;
    mimic_column_builder builder;
    mimic_column_loop loop;
    mimic_value_parser parse; /* fixed-width types only */
    mimic_on_error on_error;

    bool empty_is_null; /* an unquoted one */
    bool quoted_empty_is_null;
    bool has_missing_texts; /* others than "" */
    bool has_number_lexis;  /* group or decimal character, or units around a number */
    /* The loop may take a plain value at once when it lies within the bounds below; false when
     * other constraints hold or when a missing value looks like a value. */
    bool is_fast;
    bool is_reference; /* no cell is taken by the loops themselves */
    const mimic_strip_kernel *kernel;
    int64_t low;
    int64_t high;
    double low_float;
    double high_float;

    mimic_time_format *time_formats;
    size_t time_format_count;
    char time_separator;  /* of a format that the loop reads by itself; 0 = none */
    bool has_time_suffix; /* Z at the end */

    mimic_bound bounds[MIMIC_MAX_BOUNDS];
    size_t bound_count;
    mimic_value *enum_values; /* fixed-width types */
    size_t enum_count;
    mimic_hashmap enum_texts;      /* string; a categorical column has them in its dictionary */
    mimic_text_checker check_text; /* of formats: uuid, email, uri, yearmonth */
    bool has_text_checks;          /* anything beyond lengths */
    mimic_pattern *pattern;
    uint64_t (*unique_hashes)[2]; /* a row each, 0 = no value; of unique columns only */
    size_t unique_capacity;

    /* Categorical: the builder holds the texts of this plan's blocks; settling tells their codes. */
    mimic_recent_text *recent_texts; /* MIMIC_RECENT_TEXTS of them */
    int32_t *codes;                  /* of the builder's texts among the table's */
    size_t code_count;
    size_t code_capacity;
    bool codes_differ; /* some text has another code than the builder's */
    bool is_settled;
    mimic_dictionary dictionary; /* of the table, as it was when the block was settled */
    uint32_t max_categories;
    size_t max_category_bytes;
    mimic_buffer scratch; /* decoded text of one cell */
    mimic_buffer number;  /* the same, with plain number characters */
};

struct mimic_coerce_plan {
    const mimic_context *ctx;
    mimic_plan_column *columns;
    size_t column_count;
};

/* One call of mimic__coerce_column. */
struct mimic_coerce_job {
    mimic_plan_column *column;
    const mimic_field_index *index;
    size_t field;
    uint32_t column_number;
    bool is_fast;     /* the column is, and its values begin with no quote */
    bool takes_empty; /* an empty unquoted field is NULL, and may be */
    mimic_row_faults *faults;
    size_t row; /* whose text is being checked; unique columns only */
    mimic_status status; /* the first failure; loops stop when it is not MIMIC_OK */
    mimic_error *err;
};

/* A field after quotes, escapes and missing values are dealt with. */
typedef struct mimic_cell_text {
    const char *text;
    size_t size;
    bool is_null;
} mimic_cell_text;

/* Where a field begins; its size. Unsigned 32-bit arithmetic: the first mark may be -1. */
static inline const char *mimic__field_start(const mimic_field_index *index, const uint32_t *mark,
                                             size_t *out_size)
{
    const uint32_t start = mark[0] + 1;
    *out_size = mark[1] - start;
    return index->bytes + start;
}

/* Takes the quotes off a text that has them. False where that may leave something to decode: the
 * slow way is to be gone. */
static inline bool mimic__strip_quotes(const mimic_field_index *index, const char **text,
                                       size_t *size)
{
    const char quote = index->quote;
    if (quote == '\0' || *size == 0 || **text != quote)
        return true;
    if (index->escape != '\0' || *size < 3 || (*text)[*size - 1] != quote)
        return false;
    ++*text;
    *size -= 2;
    return **text != quote;
}

/* ---- coerce_cell.c ---- */

/* Reads the cell of `row`; false when memory ran out. */
bool mimic__job_cell(mimic_coerce_job *job, size_t row, mimic_cell_text *out);
/* Makes the row's value NULL, a fault where a value is required. False to stop. */
bool mimic__job_null(mimic_coerce_job *job, size_t row);
/* Notes a faulty value by the column's policy; the slot becomes NULL. False to stop. */
bool mimic__job_fault(mimic_coerce_job *job, size_t row, mimic_reject_code code);
/* The slow and complete way for one cell of a fixed-width type. True: *out is its value; false: it
 * is NULL or faulty, which is noted, or the work must stop (job->status). */
bool mimic__job_value(mimic_coerce_job *job, size_t row, mimic_value *out);
/* Notes the value of job->row, if the column is unique, for when the block is settled. */
void mimic__job_note_unique(mimic_coerce_job *job, const void *bytes, size_t size);
/* Constraints of a text, lengths included; 0 or a fault. */
mimic_reject_code mimic__job_check_text(mimic_coerce_job *job, const char *text, size_t size);

/* ---- the types ---- */

mimic_value_parser mimic__value_parser(const mimic_field *field);
/* Bounds and enum of a fixed-width value. */
mimic_reject_code mimic__value_check(const mimic_plan_column *column, const mimic_value *value);
/* -1, 0, 1, or MIMIC_NOT_COMPARABLE where one is NaN. */
#define MIMIC_NOT_COMPARABLE 2
int mimic__value_compare(mimic_type type, const mimic_value *a, const mimic_value *b);
mimic_column_loop mimic__column_loop(mimic_type type);

void mimic__loop_int16(mimic_coerce_job *job);
void mimic__loop_int32(mimic_coerce_job *job);
void mimic__loop_int64(mimic_coerce_job *job);
void mimic__loop_float32(mimic_coerce_job *job);
void mimic__loop_float64(mimic_coerce_job *job);
void mimic__loop_decimal(mimic_coerce_job *job);
void mimic__loop_boolean(mimic_coerce_job *job);
void mimic__loop_date(mimic_coerce_job *job);
void mimic__loop_time(mimic_coerce_job *job);
void mimic__loop_timestamp(mimic_coerce_job *job);
void mimic__loop_string(mimic_coerce_job *job);
void mimic__loop_binary(mimic_coerce_job *job);
void mimic__loop_categorical(mimic_coerce_job *job);

/* coerce_resolve.c: fills a column of the plan from its field. */
mimic_status mimic__column_resolve(mimic_plan_column *column, const mimic_field *field,
                                   const mimic_coerce_options *options, mimic_error *err);
void mimic__column_release(mimic_plan_column *column);
/* coerce_plan.c: makes the column ready for another block; false when memory ran out. */
bool mimic__column_begin_block(mimic_plan_column *column, size_t row_count, size_t text_bytes);
void mimic__recent_texts_clear(mimic_plan_column *column);
/* coerce_constraint.c: the part of it that is about constraints. */
mimic_status mimic__column_resolve_constraints(mimic_plan_column *column, mimic_error *err);

#endif
