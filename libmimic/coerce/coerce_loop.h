/*
 * What the loops that go by strips share: where the fields of the next 64 rows lie, as a kernel is
 * to see them. A kernel knows nothing of quotes, so where the rows before were quoted the marks are
 * copied and moved inside the quotes. That leaves nothing to decode in what a kernel takes: no
 * number or time has a quote inside.
 */
#ifndef MIMIC_COERCE_LOOP_H
#define MIMIC_COERCE_LOOP_H

#include "coerce/coerce_plan.h"

typedef struct mimic_strip_marks {
    bool are_moved; /* the marks of the next strip */
    const uint32_t *marks;
    size_t stride;
    uint32_t moved[2 * MIMIC_STRIP_ROWS];
} mimic_strip_marks;

/* Moves the marks of fields in quotes; "" keeps its own, or it would be an empty field. False when
 * no field had any. */
static inline bool mimic__move_marks(const mimic_field_index *index, const uint32_t *mark,
                                     size_t row_count, uint32_t *out)
{
    const char quote = index->quote;
    uint32_t any = 0;
    for (size_t row = 0; row < row_count; row++, mark += index->stride, out += 2) {
        const uint32_t start = mark[0] + 1;
        const uint32_t size = mark[1] - start;
        const uint32_t last = start + (size > 2 ? size - 1 : 0);
        const uint32_t is_quoted = (uint32_t)(size > 2) & (uint32_t)(index->bytes[start] == quote) &
                                   (uint32_t)(index->bytes[last] == quote);
        out[0] = mark[0] + is_quoted;
        out[1] = mark[1] - is_quoted;
        any |= is_quoted;
    }
    return any != 0;
}

/* The strip of row_count rows from `first` on. */
static inline void mimic__strip_place(const mimic_coerce_job *job, mimic_strip_marks *strip,
                                      size_t first, size_t row_count)
{
    const mimic_field_index *const index = job->index;
    strip->marks = index->marks + first * index->stride + job->field;
    strip->stride = index->stride;
    if (!strip->are_moved)
        return;
    strip->are_moved = mimic__move_marks(index, strip->marks, row_count, strip->moved);
    strip->marks = strip->moved;
    strip->stride = 2;
}

/* Looks at a row that the kernel left over: are the rows to come in quotes? */
static inline void mimic__strip_look(const mimic_coerce_job *job, mimic_strip_marks *strip,
                                     uint64_t left_over)
{
    const mimic_field_index *const index = job->index;
    if (left_over == 0 || index->quote == '\0' || index->escape != '\0')
        return;
    const uint32_t *const mark = strip->marks + mimic__lowest_bit(left_over) * strip->stride;
    strip->are_moved |= index->bytes[(uint32_t)(mark[0] + 1)] == index->quote;
}

#endif
