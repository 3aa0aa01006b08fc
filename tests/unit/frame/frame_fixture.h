/* What the tests of frames share: random numbers, and the comparison of a frame's cells with the cells
 * that went in (test_batch.h). */
#ifndef MIMIC_TEST_FRAME_FIXTURE_H
#define MIMIC_TEST_FRAME_FIXTURE_H

#include <math.h>

#include <mimic/frame.h>

#include "check_main.h"
#include "test_batch.h"

static uint64_t random_state;

static inline uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % bound;
}

static inline mimic_context *new_context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static inline mimic_frame_column get(mimic_frame *frame, size_t column)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_frame_column view = MIMIC_FRAME_COLUMN_INIT;
    ck_assert_msg(mimic_frame_get(frame, column, &view, &err) == MIMIC_OK, "%s", err.message);
    return view;
}

/* As ck_assert, which writes to a file each time and so is not for every cell. */
#define frame_check(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg("%s", #condition);                                                        \
    } while (0)

static inline int64_t integer_at(const void *values, size_t width, int64_t row)
{
    const char *const p = (const char *)values + (size_t)row * width;
    int16_t small;
    int32_t medium;
    int64_t large;
    switch (width) {
    case 2:
        memcpy(&small, p, sizeof small);
        return small;
    case 4:
        memcpy(&medium, p, sizeof medium);
        return medium;
    default:
        memcpy(&large, p, sizeof large);
        return large;
    }
}

static inline void check_text(const char *text, size_t size, const test_cell *cell)
{
    frame_check(size == cell->size);
    if (size > 0)
        frame_check(memcmp(text, cell->text, size) == 0);
}

static inline void check_coded(const mimic_frame_column *view, int64_t row, const test_cell *cell)
{
    const int64_t code = integer_at(view->values, 4, row);
    frame_check(code < view->text_count);
    frame_check(code >= 0);
    const int64_t start = view->text_offsets[code];
    const int64_t end = view->text_offsets[code + 1];
    check_text(view->texts + start, (size_t)(end - start - 1), cell);
    frame_check(view->texts[end - 1] == 0);
}

static inline void check_arrow_cell(const mimic_frame_column *view, int64_t row, const test_cell *cell)
{
    const bool is_valid = view->validity == NULL || (view->validity[row / 8] >> (row % 8) & 1) != 0;
    frame_check(is_valid == cell->is_present);
    if (!is_valid)
        return;
    switch (view->type) {
    case MIMIC_TYPE_BOOLEAN:
        frame_check((((const uint8_t *)view->values)[row / 8] >> (row % 8) & 1) == cell->integer);
        break;
    case MIMIC_TYPE_INT16:
        frame_check(integer_at(view->values, 2, row) == cell->integer);
        break;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        frame_check(integer_at(view->values, 4, row) == cell->integer);
        break;
    case MIMIC_TYPE_FLOAT32:
        frame_check(((const float *)view->values)[row] == (float)cell->real);
        break;
    case MIMIC_TYPE_FLOAT64:
        frame_check(((const double *)view->values)[row] == cell->real);
        break;
    case MIMIC_TYPE_DECIMAL:
        frame_check(memcmp((const char *)view->values + row * 16, &cell->decimal, 16) == 0);
        break;
    case MIMIC_TYPE_CATEGORICAL:
        check_coded(view, row, cell);
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
        check_text((const char *)view->values + view->offsets[row],
                   (size_t)(view->offsets[row + 1] - view->offsets[row]), cell);
        break;
    default:
        frame_check(integer_at(view->values, 8, row) == cell->integer);
        break;
    }
}

static inline void check_dense_integer(const mimic_frame_column *view, int64_t row, const test_cell *cell,
                                size_t width)
{
    frame_check(integer_at(view->values, width, row) == (cell->is_present ? cell->integer : 0));
    frame_check((view->missing == NULL ? 0 : view->missing[row]) == !cell->is_present);
}

static inline void check_dense_time(const mimic_frame_column *view, int64_t row, const test_cell *cell,
                             int64_t unit)
{
    frame_check(integer_at(view->values, 8, row) == (cell->is_present ? cell->integer * unit : INT64_MIN));
}

static inline void check_dense_cell(const mimic_frame_column *view, int64_t row, const test_cell *cell,
                             bool is_fine)
{
    static const mimic_int128 zero = {0, 0};
    switch (view->type) {
    case MIMIC_TYPE_BOOLEAN:
        frame_check(((const uint8_t *)view->values)[row] == (cell->is_present && cell->integer != 0));
        frame_check((view->missing == NULL ? 0 : view->missing[row]) == !cell->is_present);
        break;
    case MIMIC_TYPE_INT16:
        check_dense_integer(view, row, cell, 2);
        break;
    case MIMIC_TYPE_INT32:
        check_dense_integer(view, row, cell, 4);
        break;
    case MIMIC_TYPE_INT64:
        check_dense_integer(view, row, cell, 8);
        break;
    case MIMIC_TYPE_FLOAT32:
        if (cell->is_present)
            frame_check(((const float *)view->values)[row] == (float)cell->real);
        else
            frame_check(isnan(((const float *)view->values)[row]));
        break;
    case MIMIC_TYPE_FLOAT64:
        if (cell->is_present)
            frame_check(((const double *)view->values)[row] == cell->real);
        else
            frame_check(isnan(((const double *)view->values)[row]));
        break;
    case MIMIC_TYPE_DECIMAL:
        frame_check(memcmp((const char *)view->values + row * 16, cell->is_present ? &cell->decimal : &zero, 16) == 0);
        frame_check((view->missing == NULL ? 0 : view->missing[row]) == !cell->is_present);
        break;
    case MIMIC_TYPE_DATE:
        check_dense_time(view, row, cell, is_fine ? INT64_C(86400000000000) : 1);
        break;
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        check_dense_time(view, row, cell, is_fine ? 1000 : 1);
        break;
    case MIMIC_TYPE_BINARY:
        frame_check((view->missing == NULL ? 0 : view->missing[row]) == !cell->is_present);
        check_text((const char *)view->values + view->long_offsets[row],
                   (size_t)(view->long_offsets[row + 1] - view->long_offsets[row]), cell);
        break;
    default:
        if (cell->is_present)
            check_coded(view, row, cell);
        else
            frame_check(integer_at(view->values, 4, row) == -1);
        break;
    }
}

#endif
