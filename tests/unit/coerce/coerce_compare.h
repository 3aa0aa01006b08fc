/*
 * One column read three ways: by the kernel of this processor, by the portable kernel, and every
 * cell the slow way, which is the truth. Cells are gathered into blocks; values, NULLs and faults
 * of each block must be the same, and floats those of the C library where that is asked for.
 *
 * Work is cut into chunks, of which a run takes its share: all of them for an exhaustive run,
 * every n-th for a short one or for one of n processes.
 */
#ifndef COERCE_COMPARE_H
#define COERCE_COMPARE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch_builder.h"
#include "coerce_block.h"
#include "coerce_random.h"

#define COMPARE_ROWS 10000 /* of a block, at most */
#define COMPARE_WAYS 3     /* the last one is the truth */

typedef struct compare {
    uint64_t share; /* which chunks are taken: number % shares == share */
    uint64_t shares;
    uint64_t chunk;
    uint64_t count; /* cells compared, over all columns */
    bool has_failed;
    char message[400];

    mimic_context *contexts[COMPARE_WAYS];
    mimic_coerce_plan *plans[COMPARE_WAYS];
    mimic_row_faults faults[COMPARE_WAYS];
    mimic_field field;
    bool asks_c_library;
    unsigned quote_every; /* each so many cells are quoted; 0 = none */
    test_random random;

    char *bytes;
    size_t size;
    size_t capacity;
    uint32_t marks[2 * COMPARE_ROWS];
    size_t rows;
} compare;

static inline void compare_fail(compare *c, const char *format, ...)
{
    if (c->has_failed)
        return;
    c->has_failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->message, sizeof c->message, format, arguments);
    va_end(arguments);
}

/* Begins a column. False when it cannot be planned. */
static inline bool compare_begin(compare *c, const mimic_field *field)
{
    static const uint32_t masks[COMPARE_WAYS] = {MIMIC_CPU_ALL, MIMIC_CPU_NONE, MIMIC_CPU_ALL};
    c->field = *field;
    c->rows = 0;
    c->size = 0;
    const mimic_table table = one_field(&c->field);
    for (size_t i = 0; i < COMPARE_WAYS; i++) {
        mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
        options.cpu_mask = masks[i];
        const mimic_coerce_options how = {.is_reference = i == COMPARE_WAYS - 1};
        mimic_error err = MIMIC_ERROR_INIT;
        if (mimic_context_new(&options, &c->contexts[i], &err) != MIMIC_OK ||
            mimic__coerce_plan_new(c->contexts[i], &table, &how, &c->plans[i], &err) != MIMIC_OK) {
            compare_fail(c, "%s", err.message);
            return false;
        }
        mimic__row_faults_init(&c->faults[i], c->contexts[i]);
    }
    return true;
}

/* The cell of a row as it was given. */
static inline int compare_cell(const compare *c, size_t row, const char **out)
{
    *out = c->bytes + (uint32_t)(c->marks[2 * row] + 1);
    return (int)(c->marks[2 * row + 1] - c->marks[2 * row] - 1);
}

static inline bool compare_is_null(const mimic_column *column, size_t row)
{
    return column->validity != NULL && (column->validity[row >> 3] >> (row & 7) & 1) == 0;
}

/* Where two columns differ, or SIZE_MAX. */
static inline size_t compare_columns(const compare *c, const mimic_column *a, const mimic_column *b)
{
    const size_t width = mimic__type_width(c->field.type);
    const char *const left = a->values;
    const char *const right = b->values;
    for (size_t row = 0; row < c->rows; row++) {
        bool is_same = compare_is_null(a, row) == compare_is_null(b, row);
        if (c->field.type == MIMIC_TYPE_BOOLEAN)
            is_same &= ((left[row >> 3] ^ right[row >> 3]) >> (row & 7) & 1) == 0;
        else if (a->offsets == NULL)
            is_same &= memcmp(left + row * width, right + row * width, width) == 0;
        else
            is_same &= a->offsets[row + 1] == b->offsets[row + 1] &&
                       memcmp(left + a->offsets[row], right + a->offsets[row],
                              (size_t)(a->offsets[row + 1] - a->offsets[row])) == 0;
        if (!is_same)
            return row;
    }
    return SIZE_MAX;
}

static inline void compare_faults(compare *c, const mimic_row_faults *a, const mimic_row_faults *b)
{
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        if (i < a->count && i < b->count && a->faults[i].row == b->faults[i].row &&
            a->faults[i].code == b->faults[i].code)
            continue;
        const mimic_row_fault *const fault =
            i >= b->count || (i < a->count && a->faults[i].row < b->faults[i].row) ? &a->faults[i]
                                                                                   : &b->faults[i];
        const char *text;
        const int size = compare_cell(c, fault->row, &text);
        compare_fail(c, "faults differ at [%.*s] as %s", size, text,
                     mimic_type_name(c->field.type));
        return;
    }
}

/* What strtod and strtof say of the rows that have a value. */
static inline void compare_with_c(compare *c, const mimic_column *column)
{
    const bool is_double = c->field.type == MIMIC_TYPE_FLOAT64;
    const double *const doubles = column->values;
    const float *const floats = column->values;
    for (size_t row = 0; row < c->rows; row++) {
        const char *text;
        const int size = compare_cell(c, row, &text);
        char copy[128];
        if (size >= (int)sizeof copy || size == 0 || text[0] == '"' ||
            fault_of(&c->faults[0], row) != 0)
            continue;
        memcpy(copy, text, (size_t)size);
        copy[size] = '\0';
        const double wide = is_double ? strtod(copy, NULL) : 0;
        const float narrow = is_double ? 0 : strtof(copy, NULL);
        if (is_double ? memcmp(&wide, &doubles[row], sizeof wide) != 0
                      : memcmp(&narrow, &floats[row], sizeof narrow) != 0)
            compare_fail(c, "[%s] is not what the C library makes of it", copy);
    }
}

/* Reads the block all ways. */
static inline void compare_block(compare *c)
{
    const mimic_field_index index = {
        .bytes = c->bytes, .marks = c->marks, .stride = 2, .row_count = c->rows, .quote = '"'};
    mimic_column columns[COMPARE_WAYS];
    memset(c->bytes + c->size, '7', MIMIC_FIELD_INDEX_PADDING);
    for (size_t i = 0; i < COMPARE_WAYS; i++) {
        size_t rows;
        mimic_error err = MIMIC_ERROR_INIT;
        if (!mimic__row_faults_reset(&c->faults[i], c->rows) ||
            mimic__coerce_column(c->plans[i], 0, &index, 0, &c->faults[i], &err) != MIMIC_OK ||
            mimic__coerce_plan_finish(c->plans[i], c->rows, NULL, &columns[i], &rows, &err) !=
                MIMIC_OK) {
            compare_fail(c, "%s", err.message);
            return;
        }
    }
    for (size_t i = 0; i + 1 < COMPARE_WAYS; i++) {
        compare_faults(c, &c->faults[i], &c->faults[COMPARE_WAYS - 1]);
        const size_t row = compare_columns(c, &columns[i], &columns[COMPARE_WAYS - 1]);
        if (row != SIZE_MAX) {
            const char *text;
            const int size = compare_cell(c, row, &text);
            compare_fail(c, "way %zu differs at [%.*s] as %s", i, size, text,
                         mimic_type_name(c->field.type));
        }
        if (c->faults[i].nulled != c->faults[COMPARE_WAYS - 1].nulled)
            compare_fail(c, "way %zu counts other values made NULL", i);
    }
    if (c->asks_c_library)
        compare_with_c(c, &columns[0]);
    c->count += c->rows;
}

static inline void compare_flush(compare *c)
{
    if (c->rows > 0 && !c->has_failed)
        compare_block(c);
    c->rows = 0;
    c->size = 0;
}

/* Ends the column. */
static inline void compare_end(compare *c)
{
    compare_flush(c);
    for (size_t i = 0; i < COMPARE_WAYS; i++) {
        mimic__row_faults_free(&c->faults[i]);
        mimic__coerce_plan_free(c->plans[i]);
        mimic_context_free(c->contexts[i]);
    }
}

static inline void compare_free(compare *c)
{
    free(c->bytes);
    free(c);
}

/* True when the next chunk is one of this run's. */
static inline bool compare_takes_chunk(compare *c)
{
    return !c->has_failed && c->chunk++ % c->shares == c->share;
}

/* Adds a cell as it stands in a file; what lies behind it changes from row to row. */
static inline void compare_raw(compare *c, const char *cell, size_t size)
{
    static const char behind[][4] = {",", ",9", "\n", ",-7", ",\"\"", ".", ",:1", "\r\n", "5"};
    if (c->size + size + 8 + MIMIC_FIELD_INDEX_PADDING > c->capacity) {
        c->capacity = c->capacity * 2 + size + 65536;
        c->bytes = realloc(c->bytes, c->capacity);
    }
    c->marks[2 * c->rows] = (uint32_t)c->size - 1;
    memcpy(c->bytes + c->size, cell, size);
    c->size += size;
    c->marks[2 * c->rows + 1] = (uint32_t)c->size;
    const char *const rest = behind[c->rows % (sizeof behind / sizeof behind[0])];
    for (size_t i = 0; rest[i] != '\0'; i++)
        c->bytes[c->size++] = rest[i];
    if (++c->rows == COMPARE_ROWS)
        compare_flush(c);
}

/* Adds a text: quoted now and then, and always where it would be taken for a quoted one. */
static inline void compare_text(compare *c, const char *text, size_t size)
{
    const bool is_chosen = c->quote_every != 0 && random_below(&c->random, c->quote_every) == 0;
    if (!is_chosen && (size == 0 || text[0] != '"')) {
        compare_raw(c, text, size);
        return;
    }
    char quoted[1024];
    size_t used = 0;
    quoted[used++] = '"';
    for (size_t i = 0; i < size && used + 3 < sizeof quoted; i++) {
        if (text[i] == '"')
            quoted[used++] = '"';
        quoted[used++] = text[i];
    }
    quoted[used++] = '"';
    compare_raw(c, quoted, used);
}

#endif
