/*
 * The next rows of a stream: arrays are taken from the producer one by one, looked at, and cut into
 * blocks of bounded size, however long they are. Filters leave rows out before any column is
 * converted.
 */
#include <errno.h>

#include "base/error.h"
#include "import/import_reader.h"

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

static mimic_status look_at_column(const mimic_arrow_reader *reader, import_column *column,
                                   mimic_error *err)
{
    const struct ArrowArray *const array = &reader->array;
    const char *what = "no array";
    if (column->child == SIZE_MAX)
        return MIMIC_OK;
    const struct ArrowArray *const child = array->children[column->child];
    const import_type *const type = reader->types[column->child];
    if (child == NULL || !mimic__import_look(child, type, array->offset + array->length,
                                             &column->array, &column->dictionary, &what))
        return mimic__import_fail_broken(reader, type, what, err);
    return MIMIC_OK;
}

static mimic_status look_at_columns(mimic_arrow_reader *reader, mimic_error *err)
{
    for (size_t i = 0; i < reader->table->field_count; i++)
        MIMIC_TRY(look_at_column(reader, &reader->columns[i], err));
    for (size_t i = 0; i < reader->filter_count; i++)
        MIMIC_TRY(look_at_column(reader, &reader->filters[i].column, err));
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
    if (!mimic__row_faults_reset(&reader->faults, count))
        return mimic__fail_memory(err);
    return reader->filter_count == 0 ? MIMIC_OK : mimic__import_filter_rows(reader, err);
}
