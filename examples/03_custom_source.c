/*
 * Bytes from a program's own place (here: a sensor that makes a line a second) and a schema of its
 * own, written as a Table Schema. The reader takes whatever pieces the callback delivers.
 */
#include <inttypes.h>
#include <mimic/mimic.h>
#include <stdio.h>
#include <string.h>

static const char SCHEMA[] =
    "{\"fields\": ["
    "  {\"name\": \"second\", \"type\": \"integer\", \"mimic\": {\"type\": \"int64\"}},"
    "  {\"name\": \"spo2\", \"type\": \"number\", \"mimic\": {\"type\": \"decimal(5,2)\"}}"
    "]}";

typedef struct sensor {
    int second;
    int last_second;
} sensor;

static mimic_status sensor_read(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                                mimic_error *err)
{
    (void)err;
    sensor *self = ctx;
    char line[64];
    if (self->second > self->last_second)
        return MIMIC_END;
    const int length = self->second == 0
                           ? snprintf(line, sizeof line, "second,spo2\n")
                           : snprintf(line, sizeof line, "%d,9%d.%d\n", self->second,
                                      self->second % 10, self->second % 4 * 25);
    if (length < 0 || (size_t)length > capacity)
        return MIMIC_ERR_IO;
    memcpy(buffer, line, (size_t)length);
    *out_size = (size_t)length;
    self->second++;
    return MIMIC_OK;
}

static void sensor_close(void *ctx)
{
    printf("sensor closed after %d lines\n", ((sensor *)ctx)->second);
}

/* Decimals are 128-bit integers times 10^-scale; these fit 64 bits. */
static int64_t decimal_at(const mimic_column *column, int64_t row)
{
    int64_t low;
    memcpy(&low, (const char *)column->values + row * 16, sizeof low);
    return low;
}

int main(void)
{
    sensor self = {0, 12};
    mimic_source_callbacks callbacks = {sizeof callbacks, sensor_read, sensor_close, &self};
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_dataset *dataset = NULL;
    const mimic_batch *batch = NULL;
    int64_t rows = 0, hundredths = 0;
    mimic_error err = MIMIC_ERROR_INIT;

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_add_json(registry, SCHEMA, strlen(SCHEMA), "sensor", &dataset, &err);
    if (status == MIMIC_OK)
        status = mimic_source_from_callbacks(ctx, &callbacks, "sensor", NULL, &source, &err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, mimic_dataset_table(dataset, 0), NULL, &reader,
                                       &err);
    while (status == MIMIC_OK && (status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
        for (int64_t row = 0; row < batch->row_count; row++, rows++)
            hundredths += decimal_at(&batch->columns[1], row);
    if (status == MIMIC_END)
        printf("%" PRId64 " values, sum %" PRId64 ".%02" PRId64 "\n", rows, hundredths / 100,
               hundredths % 100);
    else
        fprintf(stderr, "%s\n", err.message);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_END ? 0 : 1;
}
