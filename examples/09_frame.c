/*
 * A table in memory as a frame: each column is one plain array, NaN or -1 where there is no value, so
 * that a loop is a loop. Here: number and mean of the values of each laboratory item.
 *
 *     09_frame labs.csv
 */
#include <mimic/mimic.h>
#include <stdio.h>

#define MAX_ITEMS 64

typedef struct means {
    int32_t items[MAX_ITEMS];
    int64_t counts[MAX_ITEMS];
    double sums[MAX_ITEMS];
    size_t item_count;
} means;

/* Both columns at once; what is missing is a NaN, the only value that differs from itself. */
static void add_up(const int32_t *itemid, const double *valuenum, int64_t row_count, means *out)
{
    for (int64_t row = 0; row < row_count; row++) {
        size_t i = 0;
        while (i < out->item_count && out->items[i] != itemid[row])
            i++;
        if (i == MAX_ITEMS || valuenum[row] != valuenum[row])
            continue;
        if (i == out->item_count)
            out->items[out->item_count++] = itemid[row];
        out->counts[i]++;
        out->sums[i] += valuenum[row];
    }
}

static mimic_status read_frame(mimic_context *ctx, mimic_csv_reader *reader, mimic_frame **out_frame,
                               mimic_error *err)
{
    mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
    options.form = MIMIC_FRAME_DENSE;
    options.max_bytes = (uint64_t)1 << 30;
    const mimic_batch *batch = NULL;
    mimic_status status =
        mimic_frame_new(ctx, mimic_csv_reader_table(reader), &options, out_frame, err);
    while (status == MIMIC_OK && (status = mimic_csv_reader_next(reader, &batch, err)) == MIMIC_OK)
        status = mimic_frame_append(*out_frame, batch, err);
    return status == MIMIC_END ? MIMIC_OK : status;
}

static mimic_status print_means(mimic_frame *frame, mimic_error *err)
{
    mimic_frame_column itemid = MIMIC_FRAME_COLUMN_INIT;
    mimic_frame_column valuenum = MIMIC_FRAME_COLUMN_INIT;
    means result = {{0}, {0}, {0}, 0};
    mimic_status status = mimic_frame_get(frame, 0, &itemid, err);
    if (status == MIMIC_OK)
        status = mimic_frame_get(frame, 1, &valuenum, err);
    if (status != MIMIC_OK)
        return status;
    add_up(itemid.values, valuenum.values, mimic_frame_row_count(frame), &result);
    printf("%lld rows, %lld without a value\n", (long long)valuenum.row_count,
           (long long)valuenum.null_count);
    for (size_t i = 0; i < result.item_count; i++)
        printf("item %d: %lld values, mean %.3f\n", (int)result.items[i], (long long)result.counts[i],
               result.sums[i] / (double)result.counts[i]);
    return MIMIC_OK;
}

int main(int argument_count, char **arguments)
{
    static const char *const columns[] = {"itemid", "valuenum"};
    if (argument_count != 2) {
        fprintf(stderr, "usage: %s FILE\n", arguments[0]);
        return 2;
    }
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_frame *frame = NULL;
    const mimic_table *table = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = 2;

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &err);
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, arguments[1], NULL, &source, &err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, &options, &reader, &err);
    if (status == MIMIC_OK)
        status = read_frame(ctx, reader, &frame, &err);
    if (status == MIMIC_OK)
        status = print_means(frame, &err);
    if (status != MIMIC_OK)
        fprintf(stderr, "%s\n", err.message);
    mimic_frame_free(frame);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_OK ? 0 : 1;
}
