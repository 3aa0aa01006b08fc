/* A CSV reader as a struct ArrowArrayStream, which owns the reader. */
#include "arrow/arrow_stream.h"
#include "base/error.h"
#include "csv/csv_reader_internal.h"

static mimic_status next_batch(void *self, const mimic_batch **out_batch, mimic_error *err)
{
    return mimic_csv_reader_next(self, out_batch, err);
}

static void free_reader(void *self)
{
    mimic_csv_reader_free(self);
}

mimic_status mimic_csv_reader_export(mimic_csv_reader **reader, struct ArrowArrayStream *out_stream,
                                     mimic_error *err)
{
    if (reader == NULL || *reader == NULL || out_stream == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "reader or out_stream is NULL");
    const mimic_batch_source source = {*reader, mimic_csv_reader_table(*reader), next_batch,
                                       free_reader};
    MIMIC_TRY(mimic__stream_export((*reader)->ctx, &source, out_stream, err));
    *reader = NULL;
    return MIMIC_OK;
}
