/* See load_reader.h. */
#include "load/load_reader.h"

static void drop_chunk(load_reader *reader)
{
    if (reader->chunk != NULL)
        mimic__flow_free_chunk(reader->flow, reader->chunk);
    reader->chunk = NULL;
}

void mimic__load_reader_close(load_reader *reader)
{
    drop_chunk(reader);
    mimic_csv_reader_free(reader->csv);
    reader->csv = NULL;
    reader->arrow = NULL;
}

void mimic__load_reader_continue(load_reader *reader, load_reader *before)
{
    if (reader->csv != NULL && before->csv != NULL)
        mimic_csv__reader_continue(reader->csv, before->csv);
}

mimic_status mimic__load_reader_next(load_reader *reader, const mimic_batch **out_batch,
                                     mimic_error *err)
{
    if (reader->csv != NULL)
        return mimic_csv_reader_next(reader->csv, out_batch, err);
    void *chunk = NULL;
    drop_chunk(reader);
    mimic_status status = mimic_arrow_reader_next(reader->arrow, out_batch, err);
    if (status == MIMIC_OK)
        status = mimic__flow_encode(reader->flow, *out_batch, &chunk, err);
    reader->chunk = chunk;
    return status;
}

load_chunk *mimic__load_reader_take_chunk(load_reader *reader)
{
    if (reader->csv != NULL)
        return mimic_csv__reader_take_chunk(reader->csv);
    load_chunk *const chunk = reader->chunk;
    reader->chunk = NULL;
    return chunk;
}

void mimic__load_reader_set_on_reject(load_reader *reader, mimic_reject_fn on_reject, void *ctx)
{
    if (reader->csv != NULL)
        mimic_csv__reader_set_on_reject(reader->csv, on_reject, ctx);
    else
        mimic__import_set_on_reject(reader->arrow, on_reject, ctx);
}

mimic_csv_counts mimic__load_reader_counts(const load_reader *reader)
{
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    if (reader->csv != NULL)
        mimic_csv_reader_counts(reader->csv, &counts);
    else
        mimic_arrow_reader_counts(reader->arrow, &counts);
    return counts;
}

int64_t mimic__load_reader_stored_bytes(const load_reader *reader)
{
    return reader->csv == NULL ? 0 : mimic_csv__reader_stored_bytes(reader->csv);
}

const mimic_drift *mimic__load_reader_drift(const load_reader *reader)
{
    return reader->csv != NULL ? mimic_csv_reader_drift(reader->csv)
                               : mimic_arrow_reader_drift(reader->arrow);
}

int64_t mimic__load_reader_record(const load_reader *reader, int64_t row)
{
    return reader->csv != NULL ? mimic_csv__reader_record(reader->csv, row)
                               : mimic__import_record(reader->arrow, row);
}

mimic_status mimic__load_reader_place(load_reader *reader, int64_t row, mimic_reject *out_reject)
{
    return reader->csv != NULL ? mimic_csv_reader_place(reader->csv, row, out_reject)
                               : mimic__import_place(reader->arrow, row, out_reject);
}
