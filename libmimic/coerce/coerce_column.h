/*
 * Coercion column by column: the field ends of a block of CSV go in, an Arrow column comes out.
 *
 * A mimic_field_index says where the fields of `row_count` records lie, all records having the same
 * number of fields and no syntax fault. Field k of row r is the bytes
 *     [marks[r * stride + k] + 1, marks[r * stride + k + 1])
 * (unsigned arithmetic: the very first mark of a block may be UINT32_MAX, one before byte 0).
 * A field that begins with the quote character ends with one; inside, quotes are doubled, or
 * preceded by `escape`. At least MIMIC_FIELD_INDEX_PADDING readable bytes follow the last field, so
 * that loads of 8, 16 or 32 bytes beyond its end are allowed.
 *
 * A mimic_coerce_plan resolves a table's fields to functions once; a column loop holds no switch on
 * the type. Rows that do not fit are noted in mimic_row_faults, and the value slot holds zeros.
 */
#ifndef MIMIC_COERCE_COLUMN_H
#define MIMIC_COERCE_COLUMN_H

#include <mimic/batch.h>
#include <mimic/coerce.h>

#include "schema/schema_model.h"

#define MIMIC_FIELD_INDEX_PADDING 64

typedef struct mimic_field_index {
    const char *bytes;
    const uint32_t *marks;
    size_t stride; /* fields a record + 1 */
    size_t row_count;
    char quote;  /* 0 = no quoting */
    char escape; /* 0 = doubled quotes */
} mimic_field_index;

/* The first fault of a row: which of the plan's columns, and why. */
typedef struct mimic_row_fault {
    uint32_t row;
    uint32_t column; /* index among the plan's columns */
    mimic_reject_code code;
} mimic_row_fault;

/* Faults of one block. `bad` has a bit a row, set for rows that are faulty; cleared by the caller.
 */
typedef struct mimic_row_faults {
    const mimic_context *ctx;
    uint64_t *bad;
    size_t bad_words;
    mimic_row_fault *faults; /* at most one a row, in the order found */
    size_t count;
    size_t capacity;
    int64_t nulled; /* values made NULL by the policy "null" */
} mimic_row_faults;

void mimic__row_faults_init(mimic_row_faults *faults, const mimic_context *ctx);
void mimic__row_faults_free(mimic_row_faults *faults);
/* Empties the record for a block of row_count rows; false when memory ran out. */
bool mimic__row_faults_reset(mimic_row_faults *faults, size_t row_count);
/* Notes a fault unless the row has one; false when memory ran out. */
bool mimic__row_faults_add(mimic_row_faults *faults, uint32_t row, uint32_t column,
                           mimic_reject_code code);

/* One column being built; its buffers are kept from block to block. */
typedef struct mimic_column_builder mimic_column_builder;

typedef struct mimic_coerce_plan mimic_coerce_plan;

/* What is done about fields that are unique. */
typedef enum mimic_unique_mode {
    MIMIC_UNIQUE_ALL,    /* a value that came before is a fault; too many values are a failure */
    MIMIC_UNIQUE_FITTING, /* only values among the first ones, as many as fit; somebody else finds the
                           * rest */
    MIMIC_UNIQUE_NONE    /* nothing */
} mimic_unique_mode;

typedef struct mimic_coerce_options {
    mimic_on_error on_error; /* overrides the fields' own; MIMIC_ON_ERROR_DEFAULT = as they say */
    uint32_t max_categories;
    size_t max_category_bytes; /* of one dictionary */
    size_t max_unique_bytes;   /* of one uniqueness check; like the categories, of the memory */
    bool is_reference;         /* every cell the slow way, for tests that compare the two */
    mimic_unique_mode unique;
} mimic_coerce_options;

/*
 * Makes a plan for every field of `table`, which must outlive it. Compiles patterns, casts
 * constraint values, resolves formats: whatever cannot be honoured (an unsupported format, a
 * pattern outside the supported syntax, a minimum that is no value of the type) is MIMIC_ERR_SCHEMA
 * with the field's name.
 */
mimic_status mimic__coerce_plan_new(const mimic_context *ctx, const mimic_table *table,
                                    const mimic_coerce_options *options,
                                    mimic_coerce_plan **out_plan, mimic_error *err);
void mimic__coerce_plan_free(mimic_coerce_plan *plan);

/*
 * Coerces field `field` of every row of `index` into column `column` of the plan. field ==
 * SIZE_MAX: the file has no such column, every value is NULL (a required column then faults).
 * Rows that are bad already may be skipped (their slots hold zeros). Fails with MIMIC_ERR_MEMORY or
 * MIMIC_ERR_LIMIT only: faulty values go to `faults`, or become NULL under the policy "null".
 * Under the policy "fail" the value is noted as a fault too; the caller asks
 * mimic__coerce_plan_on_error.
 */
mimic_status mimic__coerce_column(mimic_coerce_plan *plan, size_t column,
                                  const mimic_field_index *index, size_t field,
                                  mimic_row_faults *faults, mimic_error *err);
/* Values of a column that are of the field's fixed-width type already. */
typedef struct mimic_typed_values {
    size_t row_count;
    const char *values;   /* as the column holds them; booleans a byte each. Anything where there is
                           * no value */
    const uint8_t *codes; /* a row each: 0 = a value, MIMIC_TYPED_NULL, or why it is none (a reject) */
} mimic_typed_values;

#define MIMIC_TYPED_NULL 255

/* The same as mimic__coerce_column for such values, constraints and all. */
mimic_status mimic__coerce_typed(mimic_coerce_plan *plan, size_t column,
                                 const mimic_typed_values *values, mimic_row_faults *faults,
                                 mimic_error *err);
/* Notes by the column's policy that a row has no sound text, before mimic__coerce_column sees an empty
 * field in its place. False when memory ran out. */
bool mimic__coerce_refuse(const mimic_coerce_plan *plan, size_t column, size_t row,
                          mimic_reject_code code, mimic_row_faults *faults);

mimic_on_error mimic__coerce_plan_on_error(const mimic_coerce_plan *plan, size_t column);

/* Bytes that the plan holds for its columns, about. */
size_t mimic__coerce_plan_bytes(const mimic_coerce_plan *plan);

/*
 * After all columns, once a block, and after coerce_memory.h has settled it (without that,
 * dictionaries are the plan's own and unique values go unchecked): drops the bad rows from every column (none when `bad` is NULL) and fills
 * `out_columns` (one a field) with the views. `row_count` is that of the index. Sets *out_rows.
 * Dictionaries do not shrink. Views are valid until the next mimic__coerce_column or free.
 */
mimic_status mimic__coerce_plan_finish(mimic_coerce_plan *plan, size_t row_count,
                                       const uint64_t *bad, mimic_column *out_columns,
                                       size_t *out_rows, mimic_error *err);

/*
 * The sentence for a fault, such as: "2.5" is not an int32. `value` is the field as it stands in
 * the file; double quotes around it are left out. Written to `out`, cut to `capacity`.
 */
void mimic__coerce_message(const mimic_coerce_plan *plan, size_t column, mimic_reject_code code,
                           const char *value, size_t value_size, char *out, size_t capacity);

/*
 * Text of a decoded field: removes quotes and escapes. Returns a pointer into `bytes` when nothing
 * had to change, else into `scratch`, which must hold size bytes. *out_quoted says whether the
 * field was quoted.
 */
const char *mimic__field_text(const char *bytes, size_t size, char quote, char escape,
                              char *scratch, size_t *out_size, bool *out_quoted);

/* Has the field characters of its own for numbers, or units around them? */
bool mimic__number_has_lexis(const mimic_field *field);
/* Rewrites a number of such a field into the plain form, in `number`: units are cut off, group characters
 * between digits go, the decimal character becomes a point. False when memory ran out. */
bool mimic__number_plain(const mimic_field *field, mimic_buffer *number, const char **text,
                         size_t *size);

#endif
