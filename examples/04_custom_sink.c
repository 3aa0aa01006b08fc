/*
 * A sink of one's own: it counts abnormal values by laboratory item and refuses rows without an
 * admission. What it refuses becomes a reject with its place, as with the built-in sinks.
 *
 *     04_custom_sink labs.csv
 */
#include <mimic/mimic.h>
#include <stdio.h>
#include <string.h>

#define MAX_ITEMS 64

typedef struct tally {
    const mimic_sink_host *host;
    int64_t hadm_id, itemid, flag; /* places of the columns */
    int32_t items[MAX_ITEMS];
    int64_t abnormal[MAX_ITEMS];
    size_t item_count;
} tally;

static mimic_status tally_begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                                mimic_error *err)
{
    (void)err;
    tally *const counts = self;
    counts->host = host;
    counts->hadm_id = mimic_table_find_field(table, "hadm_id");
    counts->itemid = mimic_table_find_field(table, "itemid");
    counts->flag = mimic_table_find_field(table, "flag");
    return counts->hadm_id < 0 || counts->itemid < 0 || counts->flag < 0 ? MIMIC_ERR_ARGUMENT
                                                                         : MIMIC_OK;
}

static mimic_status count_one(tally *counts, int32_t itemid)
{
    size_t i = 0;
    while (i < counts->item_count && counts->items[i] != itemid)
        i++;
    if (i == MAX_ITEMS)
        return MIMIC_ERR_LIMIT;
    if (i == counts->item_count)
        counts->items[counts->item_count++] = itemid;
    counts->abnormal[i]++;
    return MIMIC_OK;
}

static mimic_status tally_write(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    (void)chunk;
    (void)err;
    tally *const counts = self;
    const mimic_column *const hadm_id = &batch->columns[counts->hadm_id];
    const mimic_column *const flag = &batch->columns[counts->flag];
    const int32_t *const itemids = batch->columns[counts->itemid].values;
    for (int64_t row = 0; row < batch->row_count; row++) {
        if (!mimic_column_is_valid(hadm_id, row)) {
            if (counts->host->reject_row(counts->host->ctx, row, MIMIC_REJECT_SINK, "hadm_id",
                                         "not of an admission") != 0)
                return MIMIC_ERR_CANCELLED;
        } else if (mimic_column_is_valid(flag, row)) {
            const mimic_status status = count_one(counts, itemids[row]);
            if (status != MIMIC_OK)
                return status;
        }
    }
    return MIMIC_OK;
}

static mimic_status tally_commit(void *self, mimic_error *err)
{
    (void)err;
    const tally *const counts = self;
    for (size_t i = 0; i < counts->item_count; i++)
        printf("item %d: %lld abnormal\n", (int)counts->items[i], (long long)counts->abnormal[i]);
    return MIMIC_OK;
}

/* The host of the sink: asks the reader where the refused row stands. */
static int refuse(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                  const char *message)
{
    mimic_reject reject = {.struct_size = sizeof reject};
    if (mimic_csv_reader_place(ctx, row, &reject) != MIMIC_OK)
        return 1;
    printf("line %lld: %s: %s (%s)\n", (long long)reject.line, column, message,
           mimic_reject_code_name(code));
    return 0;
}

static mimic_status pump(mimic_csv_reader *reader, mimic_sink *sink, mimic_error *err)
{
    const mimic_sink_host host = {sizeof host, refuse, reader};
    const mimic_batch *batch = NULL;
    mimic_status status = mimic_sink_begin(sink, mimic_csv_reader_table(reader), &host, err);
    while (status == MIMIC_OK && (status = mimic_csv_reader_next(reader, &batch, err)) == MIMIC_OK)
        status = mimic_sink_write(sink, batch, err);
    if (status == MIMIC_END)
        status = mimic_sink_commit(sink, err);
    if (status == MIMIC_OK)
        status = mimic_sink_finish(sink, NULL, NULL, err);
    return status;
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 2) {
        fprintf(stderr, "usage: %s FILE\n", arguments[0]);
        return 2;
    }
    tally counts;
    memset(&counts, 0, sizeof counts);
    const mimic_sink_vtable vtable = {.struct_size = sizeof vtable,
                                      .name = "tally",
                                      .begin = tally_begin,
                                      .write = tally_write,
                                      .commit = tally_commit};
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_sink *sink = NULL;
    const mimic_table *table = NULL;
    mimic_error err = MIMIC_ERROR_INIT;

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &err);
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, arguments[1], NULL, &source, &err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, NULL, &reader, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_new(ctx, &vtable, &counts, &sink, &err);
    if (status == MIMIC_OK)
        status = pump(reader, sink, &err);
    if (status != MIMIC_OK)
        fprintf(stderr, "%s\n", err.message);
    mimic_sink_free(sink);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status == MIMIC_OK ? 0 : 1;
}
