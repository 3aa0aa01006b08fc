/*
 * Reads a CSV file of laboratory values with a built-in schema: rows arrive typed, what does not fit
 * is told with its place, and nothing is lost in between.
 *
 *     01_read_csv labs.csv
 */
#include <mimic/mimic.h>
#include <stdio.h>

static int print_reject(const mimic_reject *reject, void *ctx)
{
    (void)ctx;
    printf("line %lld: %s: %s\n", (long long)reject->line, reject->column, reject->message);
    return 0;
}

/* Columns come in the order of the projection below. */
static void print_batch(const mimic_batch *batch)
{
    const int32_t *itemids = batch->columns[0].values;
    const double *values = batch->columns[1].values;
    for (int64_t row = 0; row < batch->row_count; row++)
        if (mimic_column_is_valid(&batch->columns[1], row))
            printf("%d %.1f\n", (int)itemids[row], values[row]);
        else
            printf("%d NULL\n", (int)itemids[row]);
}

static mimic_status read_all(mimic_context *ctx, const char *path, mimic_error *err)
{
    static const char *const columns[] = {"itemid", "valuenum"};
    mimic_registry *registry = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_table *table = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = 2;
    options.on_reject = print_reject;

    mimic_status status = mimic_registry_new(ctx, &registry, err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, err);
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, path, NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, &options, &reader, err);
    while (status == MIMIC_OK) {
        const mimic_batch *batch = NULL;
        status = mimic_csv_reader_next(reader, &batch, err);
        if (status == MIMIC_OK)
            print_batch(batch);
    }
    if (status == MIMIC_END) {
        mimic_csv_counts counts = {.struct_size = sizeof counts};
        mimic_csv_reader_counts(reader, &counts);
        printf("%lld read, %lld delivered, %lld rejected\n", (long long)counts.read,
               (long long)counts.delivered, (long long)counts.rejected);
    }
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    return status;
}

int main(int argument_count, char **arguments)
{
    mimic_context *ctx = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (argument_count != 2) {
        fprintf(stderr, "usage: %s FILE\n", arguments[0]);
        return 2;
    }
    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = read_all(ctx, arguments[1], &err);
    if (status != MIMIC_END)
        fprintf(stderr, "%s\n", err.message);
    mimic_context_free(ctx);
    return status == MIMIC_END ? 0 : 1;
}
