/*
 * Where the batches of a conversion come from: a CSV file, or an Arrow stream that the caller gave. A
 * conversion asks for both the same: batches with what the flow made of them, counts, places of rows.
 */
#ifndef MIMIC_LOAD_READER_H
#define MIMIC_LOAD_READER_H

#include "csv/csv_reader_internal.h"
#include "import/import_reader.h"
#include "load/load_flow.h"

/* One of the two is set; none: there is no reader. */
typedef struct load_reader {
    mimic_csv_reader *csv;
    mimic_arrow_reader *arrow; /* the caller's: it is read once, and freed by who opened it */
    load_flow *flow;
    load_chunk *chunk; /* of a batch of `arrow` */
} load_reader;

static inline bool mimic__load_reader_is_open(const load_reader *reader)
{
    return reader->csv != NULL || reader->arrow != NULL;
}

/* Both may be zeroed. */
void mimic__load_reader_close(load_reader *reader);
/* Lets `reader` go on with what the one of the part before remembers, which can only be closed. */
void mimic__load_reader_continue(load_reader *reader, load_reader *before);

mimic_status mimic__load_reader_next(load_reader *reader, const mimic_batch **out_batch,
                                     mimic_error *err);
/* What the flow made of the batch at hand; the caller's from then on. */
load_chunk *mimic__load_reader_take_chunk(load_reader *reader);
void mimic__load_reader_set_on_reject(load_reader *reader, mimic_reject_fn on_reject, void *ctx);
mimic_csv_counts mimic__load_reader_counts(const load_reader *reader);
int64_t mimic__load_reader_stored_bytes(const load_reader *reader);
const mimic_drift *mimic__load_reader_drift(const load_reader *reader);
/* Record number and place of a row of the batch at hand. */
int64_t mimic__load_reader_record(const load_reader *reader, int64_t row);
mimic_status mimic__load_reader_place(load_reader *reader, int64_t row, mimic_reject *out_reject);

#endif
