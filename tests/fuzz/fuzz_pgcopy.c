/*
 * COPY BINARY from a hostile server. The first byte chooses how many rows a batch has, the second how
 * the rest is cut into pieces. What is taken must come back: encoded and decoded again, the same bytes.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/context.h>

#include "schema/schema_model.h"
#include "sink/pgcopy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const formats[] = {"default"};

#define FIELD(field_name, field_type, length)                                                      \
    {.name = field_name, .title = "", .description = "", .type = field_type, .precision = 20,      \
     .scale = 7, .formats = formats, .format_count = 1, .min_length = -1, .max_length = length}

static const mimic_field fields[] = {
    FIELD("flag", MIMIC_TYPE_BOOLEAN, -1),       FIELD("small", MIMIC_TYPE_INT16, -1),
    FIELD("number", MIMIC_TYPE_INT32, -1),       FIELD("real", MIMIC_TYPE_FLOAT64, -1),
    FIELD("money", MIMIC_TYPE_DECIMAL, -1),      FIELD("day", MIMIC_TYPE_DATE, -1),
    FIELD("moment", MIMIC_TYPE_TIME, -1),        FIELD("when", MIMIC_TYPE_TIMESTAMP, -1),
    FIELD("label", MIMIC_TYPE_STRING, -1),       FIELD("word", MIMIC_TYPE_CATEGORICAL, 5),
    FIELD("raw", MIMIC_TYPE_BINARY, -1),
};

static const mimic_table table = {.name = "fuzz",
                                  .title = "",
                                  .description = "",
                                  .module = "",
                                  .dataset = "",
                                  .version = "",
                                  .path = "",
                                  .fields = fields,
                                  .field_count = sizeof fields / sizeof fields[0]};

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Decodes bytes in pieces and encodes the rows; true when they were sound to the end. */
static bool transcode(const mimic_context *ctx, const mimic_buffer *in, size_t rows, size_t piece,
                      mimic_buffer *out)
{
    mimic_pgcopy_plan plan;
    mimic_pgcopy_decoder *decoder = NULL;
    check(mimic__pgcopy_plan_init(&plan, ctx, &table, NULL) == MIMIC_OK);
    check(mimic__pgcopy_decoder_new(ctx, &table, rows, &decoder, NULL) == MIMIC_OK);
    mimic_status status = MIMIC_OK;
    mimic__pgcopy_put_header(out);
    for (size_t at = 0; at < in->size && status == MIMIC_OK;) {
        const size_t left = in->size - at;
        const mimic_batch *batch = NULL;
        size_t used = 0;
        status = mimic__pgcopy_decoder_feed(decoder, in->data + at, left < piece ? left : piece,
                                            &used, NULL);
        at += used;
        while (status == MIMIC_OK &&
               (status = mimic__pgcopy_decoder_batch(decoder, &batch, NULL)) == MIMIC_OK &&
               batch != NULL) {
            mimic_pgcopy_fault fault;
            check(mimic__pgcopy_may_have_faults(&plan, batch) ||
                  !mimic__pgcopy_find_fault(&plan, batch, 0, &fault));
            mimic__pgcopy_put_rows(&plan, batch, 0, batch->row_count, out);
        }
    }
    mimic__pgcopy_put_trailer(out);
    const bool is_sound =
        status == MIMIC_OK && mimic__pgcopy_decoder_end(decoder, NULL) == MIMIC_OK;
    mimic__pgcopy_decoder_free(decoder);
    mimic__pgcopy_plan_free(&plan);
    return is_sound;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    mimic_context *ctx = NULL;
    check(mimic_context_new(NULL, &ctx, NULL) == MIMIC_OK);
    mimic_buffer in;
    mimic_buffer once;
    mimic_buffer twice;
    mimic__buffer_init(&in, ctx);
    mimic__buffer_init(&once, ctx);
    mimic__buffer_init(&twice, ctx);
    mimic__buffer_append(&in, data + 2, size - 2);
    if (transcode(ctx, &in, data[0], (size_t)data[1] + 1, &once)) {
        check(transcode(ctx, &once, 1, 65536, &twice));
        check(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    }
    mimic__buffer_free(&in);
    mimic__buffer_free(&once);
    mimic__buffer_free(&twice);
    mimic_context_free(ctx);
    return 0;
}
