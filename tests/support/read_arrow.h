/* Reads an Arrow stream under a Table Schema and describes everything that came of it, as read_csv.h
 * does. */
#ifndef MIMIC_TEST_READ_ARROW_H
#define MIMIC_TEST_READ_ARROW_H

#include "hand_stream.h"
#include "read_csv.h"

static inline int read_put_row_reject(const mimic_reject *reject, void *ctx)
{
    ck_assert_int_eq(reject->line, -1);
    ck_assert_int_eq(reject->byte_offset, -1);
    read_put(ctx, "reject %s row %lld column '%s' raw '%.*s'%s: %s\n",
             mimic_reject_code_name(reject->code), (long long)reject->record, reject->column,
             (int)(reject->raw_size > 60 ? 60 : reject->raw_size), reject->raw,
             reject->raw_is_cut ? "…" : "", reject->message);
    return 0;
}

/* Takes the stream. schema NULL = the stream's own. The caller frees the text. */
static inline char *read_arrow_table(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                     const mimic_table *table, const mimic_arrow_options *options)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_arrow_reader *reader = NULL;
    mimic_arrow_options chosen = MIMIC_ARROW_OPTIONS_INIT;
    read_text text = {NULL, 0, 0};
    if (options != NULL)
        chosen = *options;
    chosen.on_reject = read_put_row_reject;
    chosen.on_reject_ctx = &text;
    read_put(&text, "%s", "");
    mimic_status status = mimic_arrow_reader_open(ctx, stream, table, &chosen, &reader, &err);
    ck_assert_ptr_null(stream->release);
    const mimic_batch *batch;
    while (status == MIMIC_OK &&
           (status = mimic_arrow_reader_next(reader, &batch, &err)) == MIMIC_OK) {
        ck_assert_ptr_eq(batch->table, mimic_arrow_reader_table(reader));
        for (int64_t row = 0; row < batch->row_count; row++)
            for (size_t i = 0; i < batch->column_count; i++) {
                read_put_value(&text, &batch->columns[i], row);
                read_put(&text, i + 1 < batch->column_count ? "|" : "\n");
            }
    }
    if (status != MIMIC_END)
        read_put(&text, "%s: %s\n", mimic_status_name(status), err.message);
    if (reader != NULL) {
        mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
        mimic_arrow_reader_counts(reader, &counts);
        read_put(&text, "%lld = %lld + %lld + %lld\n", (long long)counts.read,
                 (long long)counts.delivered, (long long)counts.rejected,
                 (long long)counts.filtered);
        if (status == MIMIC_END)
            ck_assert_int_eq(counts.read, counts.delivered + counts.rejected + counts.filtered);
    }
    mimic_arrow_reader_free(reader);
    return text.data;
}

static inline char *read_arrow(const mimic_context *ctx, hand_stream *h, const char *schema,
                               const mimic_arrow_options *options)
{
    struct ArrowArrayStream stream = hand_open(h);
    return read_arrow_table(ctx, &stream, schema == NULL ? NULL : read_schema(schema), options);
}

#endif
