/*
 * Canonical CSV: batches to bytes, with no notion of files.
 *
 * Comma, LF, a header, quotes only where RFC 4180 needs them and around the empty text, so that
 * NULL (nothing) and "" stay apart. Numbers are the shortest text that reads back as the same value
 * ("98", "0.1"); decimals have all digits of their scale; booleans are true and false; binary is
 * base64. Dates are YYYY-MM-DD, times hh:mm:ss[.f], timestamps the two joined by a blank, or by T
 * where the field's own format has the T; timestamptz is UTC and ends in Z.
 */
#ifndef MIMIC_SINK_CSV_ENCODE_H
#define MIMIC_SINK_CSV_ENCODE_H

#include <mimic/batch.h>

#include "base/buffer.h"

typedef struct mimic_csv_encoder mimic_csv_encoder;

/* `table` must outlive the encoder. NULL when memory ran out. */
mimic_csv_encoder *mimic__csv_encoder_new(const mimic_context *ctx, const mimic_table *table);
void mimic__csv_encoder_free(mimic_csv_encoder *encoder);

/* Each appends to `out`, whose latch tells about a lack of memory. */
void mimic__csv_encode_header(const mimic_csv_encoder *encoder, mimic_buffer *out);
void mimic__csv_encode_rows(mimic_csv_encoder *encoder, const mimic_batch *batch, int64_t first,
                            int64_t end, mimic_buffer *out);
/* One field, quoted if need be. */
void mimic__csv_encode_text(mimic_buffer *out, const char *text, size_t size);

#endif
