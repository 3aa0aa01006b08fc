/*
 * The next rows of a stream: arrays are taken from the producer one by one, looked at, and cut into
 * blocks of bounded size, however long they are. Filters leave rows out before any column is
 * converted.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "import/import_reader.h"
#include "import/import_text.h"

#define BLOCK_TEXT_BYTES ((size_t)4 << 20) /* of a column; a block has one row at least */

/* ---- arrays ---- */

static mimic_status fail_producer(mimic_arrow_reader *reader, int code, mimic_error *err)
{
    const char *const text = reader->stream.get_last_error == NULL
                                 ? NULL
                                 : reader->stream.get_last_error(&reader->stream);
    const mimic_status status = code == ENOMEM      ? MIMIC_ERR_MEMORY
                                : code == ECANCELED ? MIMIC_ERR_CANCELLED
                                                    : MIMIC_ERR_IO;
    if (text != NULL && text[0] != '\0')
        return mimic__fail(err, status, "%s: %s", reader->name, text);
    return mimic__fail_errno(err, status, code, "%s: the producer of the stream failed",
                             reader->name);
}

static mimic_status look_at_columns(mimic_arrow_reader *reader, mimic_error *err)
{
    const struct ArrowArray *const array = &reader->array;
    const size_t count = reader->table->field_count + reader->filter_count;
    for (size_t i = 0; i < count; i++) {
        import_column *const column = &reader->columns[i];
        const char *what = NULL;
        if (column->child == SIZE_MAX)
            continue;
        const struct ArrowArray *const child = array->children[column->child];
        const import_type *const type = reader->types[column->child];
        if (child == NULL)
            return mimic__import_fail_broken(reader, type, "no array", err);
        if (!mimic__import_look(child, type, array->offset + array->length, &column->array,
                                &column->dictionary, &what))
            return mimic__import_fail_broken(reader, type, what, err);
    }
    return MIMIC_OK;
}

static mimic_status look_at_root(mimic_arrow_reader *reader, mimic_error *err)
{
    const struct ArrowArray *const array = &reader->array;
    const char *what = NULL;
    if (array->length < 0 || array->offset < 0 || array->length > INT64_MAX / 64 ||
        array->offset > INT64_MAX / 64)
        what = "an impossible length";
    else if (array->n_children != (int64_t)reader->type_count ||
             (array->n_children > 0 && array->children == NULL))
        what = "another number of columns than its schema";
    else if (array->n_buffers != 1 || array->buffers == NULL ||
             (array->null_count > 0 && array->buffers[0] == NULL))
        what = "no bits that say which rows are there";
    if (what != NULL)
        return mimic__fail(err, MIMIC_ERR_CORRUPT,
                           "%s is no sound Arrow stream: an array of it has %s", reader->name, what);
    reader->root_validity = array->null_count == 0 ? NULL : array->buffers[0];
    return look_at_columns(reader, err);
}

static void drop_array(mimic_arrow_reader *reader)
{
    if (reader->array.release != NULL)
        reader->array.release(&reader->array);
    reader->array.release = NULL;
    reader->position = 0;
}

/* The next array that has rows. */
static mimic_status next_array(mimic_arrow_reader *reader, mimic_error *err)
{
    while (reader->array.release == NULL || reader->position >= reader->array.length) {
        drop_array(reader);
        reader->array = (struct ArrowArray){0};
        const int code = reader->stream.get_next(&reader->stream, &reader->array);
        if (code != 0) {
            reader->array.release = NULL; /* there is none after an error */
            return fail_producer(reader, code, err);
        }
        if (reader->array.release == NULL)
            return MIMIC_END;
        MIMIC_TRY(look_at_root(reader, err));
    }
    return MIMIC_OK;
}

/* ---- blocks ---- */

/* How many of `rows` rows have texts that fit into a block. */
static size_t fit_texts(const mimic_arrow_reader *reader, const import_column *column, size_t rows)
{
    size_t bytes = 0;
    const import_kind kind = mimic__import_leaf(reader->types[column->child])->kind;
    if (kind != IMPORT_TEXT && kind != IMPORT_BINARY)
        return rows;
    for (size_t row = 0; row < rows; row++) {
        import_place place;
        import_piece piece;
        if (mimic__import_value(reader, column, reader->position + (int64_t)row, &place) !=
                IMPORT_VALUE ||
            !mimic__import_piece(&place, &piece)) /* told when it is converted */
            continue;
        if (row > 0 && piece.size > BLOCK_TEXT_BYTES - bytes)
            return row;
        bytes += piece.size > BLOCK_TEXT_BYTES ? BLOCK_TEXT_BYTES : piece.size;
    }
    return rows;
}

static size_t choose_count(const mimic_arrow_reader *reader)
{
    const int64_t left = reader->array.length - reader->position;
    size_t count = left < (int64_t)reader->rows_per_block ? (size_t)left : reader->rows_per_block;
    for (size_t i = 0; i < reader->table->field_count; i++)
        if (reader->columns[i].way == IMPORT_BY_TEXT)
            count = fit_texts(reader, &reader->columns[i], count);
    return count;
}

/* ---- filters ---- */

typedef enum verdict { VERDICT_KEEP, VERDICT_DROP } verdict;

static int compare_values(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* What a column whose type is another one than the filter's says as text. */
static mimic_status text_integer(mimic_arrow_reader *reader, const import_column *column,
                                 const import_place *place, int64_t *out, bool *out_is_integer,
                                 mimic_error *err)
{
    bool is_broken;
    reader->line.size = 0;
    const mimic_reject_code code = mimic__import_text(place, &reader->line, &is_broken);
    if (is_broken)
        return mimic__import_fail_broken(reader, reader->types[column->child],
                                         "a value that lies outside of it", err);
    if (reader->line.failed)
        return mimic__fail_memory(err);
    *out_is_integer =
        code == 0 && mimic_coerce_int64(reader->line.data == NULL ? "" : reader->line.data,
                                        reader->line.size, out) == 0;
    return MIMIC_OK;
}

/* A value that is no integer is left to the column's own policy: its row is kept. */
static mimic_status judge_row(mimic_arrow_reader *reader, size_t filter, int64_t row,
                              verdict *out_verdict, mimic_error *err)
{
    const import_column *const column = &reader->columns[reader->table->field_count + filter];
    import_place place;
    int64_t value = 0;
    bool is_integer = true;
    const import_found found = mimic__import_value(reader, column, row, &place);
    *out_verdict = VERDICT_DROP;
    if (found == IMPORT_BROKEN)
        return mimic__import_fail_broken(reader, reader->types[column->child],
                                         "a value that lies outside of it", err);
    if (found == IMPORT_NO_VALUE)
        return MIMIC_OK;
    if (place.array->type->kind == IMPORT_INTEGER)
        is_integer = mimic__import_integer(&place, &value) == 0;
    else
        MIMIC_TRY(text_integer(reader, column, &place, &value, &is_integer, err));
    const size_t count = reader->setup.filters[filter].value_count;
    if (!is_integer ||
        (count > 0 && bsearch(&value, reader->filter_values[filter], count, sizeof value,
                              compare_values) != NULL))
        *out_verdict = VERDICT_KEEP;
    return MIMIC_OK;
}

static mimic_status filter_rows(mimic_arrow_reader *reader, mimic_error *err)
{
    import_block *const block = &reader->block;
    size_t kept = 0;
    for (size_t row = 0; row < block->count; row++) {
        verdict answer = VERDICT_KEEP;
        for (size_t i = 0; i < reader->filter_count && answer == VERDICT_KEEP; i++)
            MIMIC_TRY(judge_row(reader, i, block->first + (int64_t)row, &answer, err));
        if (answer == VERDICT_KEEP)
            reader->row_memory[kept++] = (uint32_t)row;
    }
    block->rows = reader->row_memory;
    block->row_count = kept;
    return MIMIC_OK;
}

mimic_status mimic__import_next_block(mimic_arrow_reader *reader, mimic_error *err)
{
    MIMIC_TRY(next_array(reader, err));
    const size_t count = choose_count(reader);
    reader->block = (import_block){.first = reader->position,
                                   .count = count,
                                   .row_count = count,
                                   .first_record = reader->next_record};
    reader->position += (int64_t)count;
    reader->next_record += (int64_t)count;
    return reader->filter_count == 0 ? MIMIC_OK : filter_rows(reader, err);
}
