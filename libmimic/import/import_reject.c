/*
 * Rejects of one block: its faults in the order of rows, each with a sentence and its row as CSV. There
 * are no lines and no bytes to point at, so the number of the row in the stream is the place.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/options.h"
#include "base/utf8.h"
#include "import/import_reader.h"
#include "import/import_text.h"
#include "sink/sink_csv_encode.h"

static int compare_faults(const void *a, const void *b)
{
    const uint32_t left = ((const mimic_row_fault *)a)->row;
    const uint32_t right = ((const mimic_row_fault *)b)->row;
    return (left > right) - (left < right);
}

/* Text of a value; "" for NULL, and for what is too long or broken. */
static void put_value(mimic_arrow_reader *reader, const import_column *column, int64_t row,
                      mimic_buffer *out)
{
    import_place place;
    bool is_broken;
    out->size = 0;
    if (mimic__import_value(reader, column, row, &place) == IMPORT_VALUE)
        (void)mimic__import_text(&place, out, &is_broken);
}

static const char *text_of(const mimic_buffer *buffer)
{
    return buffer->data == NULL ? "" : buffer->data;
}

/* The row as CSV, all columns of the table in their order, at most max_raw_bytes of it. */
static void put_row(mimic_arrow_reader *reader, int64_t row)
{
    mimic_buffer *const out = &reader->row_text;
    out->size = 0;
    for (size_t i = 0; i < reader->table->field_count; i++) {
        const import_column *const column = &reader->columns[i];
        import_place place;
        if (i > 0)
            mimic__buffer_byte(out, ',');
        if (out->size > reader->options.max_raw_bytes)
            break;
        put_value(reader, column, row, &reader->line);
        const bool is_there =
            mimic__import_value(reader, column, row, &place) == IMPORT_VALUE;
        if (is_there)
            mimic__csv_encode_text(out, text_of(&reader->line), reader->line.size);
    }
}

/* Everything but code, column and message. */
static mimic_reject make_reject(mimic_arrow_reader *reader, size_t block_row)
{
    const import_block *const block = &reader->block;
    const int64_t row = mimic__import_array_row(block, block_row);
    put_row(reader, row);
    const size_t size = reader->row_text.size;
    const size_t limit = reader->options.max_raw_bytes;
    const char *const raw = text_of(&reader->row_text);
    mimic_reject reject = {.struct_size = sizeof reject,
                           .source = reader->name,
                           .record = block->first_record + (row - block->first),
                           .line = -1,
                           .byte_offset = -1,
                           .column = "",
                           .message = "",
                           .raw = raw,
                           .raw_size = size,
                           .raw_is_cut = size > limit};
    if (size > limit) {
        reject.raw_size = limit;
        while (reject.raw_size > 0 && ((unsigned char)raw[reject.raw_size] & 0xc0) == 0x80)
            reject.raw_size--;
    }
    return reject;
}

static mimic_status fail_at(const mimic_reject *reject, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_VALUE, "%s, row %lld, column %s: %s (%s)", reject->source,
                (long long)reject->record, reject->column, reject->message,
                mimic_reject_code_name(reject->code));
    mimic__error_place(err, reject->source, reject->record, -1, -1, reject->column);
    return MIMIC_ERR_VALUE;
}

/* Of the table, or a filter's. */
static const import_column *column_of(const mimic_arrow_reader *reader,
                                      const mimic_row_fault *fault)
{
    const size_t count = reader->table->field_count;
    return fault->column < count ? &reader->columns[fault->column]
                                 : &reader->filters[fault->column - count].column;
}

static mimic_on_error policy_of(const mimic_arrow_reader *reader, const mimic_row_fault *fault)
{
    if (fault->column < reader->table->field_count)
        return mimic__coerce_plan_on_error(reader->plan, fault->column);
    return reader->options.on_error != MIMIC_ON_ERROR_DEFAULT
               ? reader->options.on_error
               : column_of(reader, fault)->field->on_error;
}

static void describe(mimic_arrow_reader *reader, const mimic_row_fault *fault, char *out,
                     size_t capacity)
{
    if (fault->column >= reader->table->field_count) {
        snprintf(out, capacity, "%s; the filter cannot judge it",
                 fault->code == MIMIC_REJECT_RANGE ? "an integer beyond 64 bits" : "not an integer");
        return;
    }
    put_value(reader, column_of(reader, fault),
              mimic__import_array_row(&reader->block, fault->row), &reader->line);
    mimic__coerce_message(reader->plan, fault->column, fault->code, text_of(&reader->line),
                          reader->line.size, out, capacity);
}

static mimic_status deliver_one(mimic_arrow_reader *reader, const mimic_row_fault *fault,
                                mimic_error *err)
{
    char message[384];
    mimic_reject reject = make_reject(reader, fault->row);
    describe(reader, fault, message, sizeof message);
    if (reader->line.failed || reader->row_text.failed)
        return mimic__fail_memory(err);
    reject.code = fault->code;
    reject.column = column_of(reader, fault)->field->name;
    reject.message = message;
    if (policy_of(reader, fault) == MIMIC_ON_ERROR_FAIL)
        return fail_at(&reject, err);
    reader->counts.read++;
    reader->counts.rejected++;
    if (reader->options.on_reject != NULL &&
        reader->options.on_reject(&reject, reader->options.on_reject_ctx) != 0)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled by the reject callback");
    return MIMIC_OK;
}

mimic_status mimic__import_deliver_rejects(mimic_arrow_reader *reader, mimic_error *err)
{
    mimic_row_faults *const faults = &reader->faults;
    if (faults->count > 1)
        qsort(faults->faults, faults->count, sizeof *faults->faults, compare_faults);
    for (size_t i = 0; i < faults->count; i++)
        MIMIC_TRY(deliver_one(reader, &faults->faults[i], err));
    return MIMIC_OK;
}

/* The row of the block that became row `row` of the batch. */
static size_t block_row(const mimic_arrow_reader *reader, int64_t row)
{
    if (reader->batch.row_count == (int64_t)reader->block.row_count)
        return (size_t)row;
    size_t found = 0;
    for (int64_t left = row;; found++)
        if ((reader->faults.bad[found / 64] >> (found % 64) & 1) == 0 && left-- == 0)
            return found;
}

int64_t mimic__import_record(const mimic_arrow_reader *reader, int64_t row)
{
    const import_block *const block = &reader->block;
    return block->first_record +
           (mimic__import_array_row(block, block_row(reader, row)) - block->first);
}

mimic_status mimic__import_place(mimic_arrow_reader *reader, int64_t row, mimic_reject *out_reject)
{
    if (!reader->has_batch)
        return MIMIC_ERR_STATE;
    if (row < 0 || row >= reader->batch.row_count)
        return MIMIC_ERR_ARGUMENT;
    const mimic_reject reject = make_reject(reader, block_row(reader, row));
    return reader->row_text.failed || reader->line.failed ? MIMIC_ERR_MEMORY
                                                          : MIMIC_VIEW_COPY(out_reject, reject);
}
