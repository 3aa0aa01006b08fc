/*
 * Coercion alone. Each shape of column, realistic or adverse: nanoseconds a value and MB/s of its
 * bytes (delimiters counted), the column loops beside the slow way that they fall back on. Then a
 * table shaped like MIMIC-IV chartevents, all columns in turn, MB/s of its CSV. Processor time,
 * the best of some rounds; a table as text, or with --json.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "coerce_block.h"
#include "coerce_random.h"

#define ROWS 5000 /* of chartevents, about 512 KiB, the reader's block */
#define BLOCKS 16 /* different ones in turn, or the branch predictor learns the data by heart */
#define FIELDS 11
#define ROUNDS 12

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *message)
{
    fprintf(stderr, "bench_coerce: %s\n", message);
    exit(EXIT_FAILURE);
}

/* ---- shapes ---- */

/* Writes the cell of a row; the generator goes on from row to row. */
typedef void (*cell_writer)(test_random *random, int row, char *out);

static int below(test_random *random, uint32_t limit)
{
    return (int)random_below(random, limit);
}

static void stay_ids(test_random *random, int row, char *out)
{
    (void)random;
    sprintf(out, "%d", 30000000 + row / 400 * 991);
}

static void item_ids(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%d", 220000 + below(random, 9000));
}

static void any_lengths(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%d", below(random, 100000000) >> below(random, 26));
}

static void signs(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%d", below(random, 20000) - 10000);
}

static void half_empty(test_random *random, int row, char *out)
{
    if (below(random, 2) == 0)
        item_ids(random, row, out);
    else
        out[0] = '\0';
}

static void nine_digits(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%d", 100000000 + below(random, 900000000));
}

static void fifteen_digits(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%d%07d", 10000000 + below(random, 80000000), below(random, 10000000));
}

static void flags(test_random *random, int row, char *out)
{
    (void)row;
    strcpy(out, below(random, 50) == 0 ? "1" : "0");
}

static void decimals(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%.1f", below(random, 4000) / 10.0);
}

static void measurements(test_random *random, int row, char *out)
{
    const int kind = below(random, 20);
    if (kind < 6)
        out[0] = '\0';
    else if (kind < 14)
        sprintf(out, "%d", below(random, 300));
    else if (kind == 14)
        sprintf(out, "-%.2f", below(random, 4000) / 100.0);
    else
        decimals(random, row, out);
}

static void long_decimals(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%.17g", (double)below(random, 1000000) / 7001.0);
}

static void exponents(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%.3e", (double)below(random, 1000000) * 1e-9);
}

static void chart_times(test_random *random, int row, char *out)
{
    sprintf(out, "2180-07-%02d %02d:%02d:00", 1 + row / 600 % 28, row / 25 % 24, below(random, 60));
}

static void any_times(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%04d-%02d-%02d %02d:%02d:%02d", 2100 + below(random, 100), 1 + below(random, 12),
            1 + below(random, 28), below(random, 24), below(random, 60), below(random, 60));
}

static void iso_times(test_random *random, int row, char *out)
{
    sprintf(out, "2180-07-%02dT%02d:%02d:%02dZ", 1 + row / 600 % 28, row / 25 % 24,
            below(random, 60), below(random, 60));
}

static void fractions(test_random *random, int row, char *out)
{
    sprintf(out, "2180-07-%02dT%02d:%02d:00.%03dZ", 1 + row / 600 % 28, row / 25 % 24,
            below(random, 60), below(random, 1000));
}

static void half_times(test_random *random, int row, char *out)
{
    out[0] = '\0';
    if (below(random, 2) == 0)
        chart_times(random, row, out);
}

static void days(test_random *random, int row, char *out)
{
    any_times(random, row, out);
    out[10] = '\0';
}

static void times_of_day(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "%02d:%02d:%02d", below(random, 24), below(random, 60), below(random, 60));
}

static void truths(test_random *random, int row, char *out)
{
    (void)row;
    strcpy(out, below(random, 2) == 0 ? "true" : "false");
}

static void short_texts(test_random *random, int row, char *out)
{
    static const char *const texts[] = {
        "SR (Sinus Rhythm)", "None", "Obeys Commands", "Alarms On", "88.4", "181", "",
        "Spontaneously"};
    (void)row;
    strcpy(out, texts[below(random, 8)]);
}

static void notes(test_random *random, int row, char *out)
{
    const int size = 20 + below(random, 180);
    (void)row;
    for (int i = 0; i < size; i++)
        out[i] = (char)('a' + i % 26);
    out[size] = '\0';
}

static void inner_quotes(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "\"he said \"\"%d\"\", so be it\"", below(random, 1000));
}

static void no_texts(test_random *random, int row, char *out)
{
    (void)row;
    strcpy(out, below(random, 2) == 0 ? "\"\"" : "\"x\"");
}

static void units(test_random *random, int row, char *out)
{
    static const char *const texts[] = {"mmHg", "bpm",          "insp/min", "%",
                                        "",     "\xc2\xb0\x46", "cmH2O",    ""};
    (void)row;
    strcpy(out, texts[below(random, 8)]);
}

static void many_categories(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "category %d", below(random, 10000));
}

static void long_categories(test_random *random, int row, char *out)
{
    (void)row;
    sprintf(out, "Emergency Department Observation %d", below(random, 9));
}

typedef struct shape {
    const char *name;
    mimic_type type;
    const char *format;
    cell_writer write;
    bool is_quoted;
} shape;

#define MIMIC_TIME "%Y-%m-%d %H:%M:%S"

static const shape shapes[] = {
    {"int32: eight digits", MIMIC_TYPE_INT32, NULL, stay_ids, false},
    {"int32: six digits", MIMIC_TYPE_INT32, NULL, item_ids, false},
    {"int32: any length", MIMIC_TYPE_INT32, NULL, any_lengths, false},
    {"int32: both signs", MIMIC_TYPE_INT32, NULL, signs, false},
    {"int32: half empty", MIMIC_TYPE_INT32, NULL, half_empty, false},
    {"int32: quoted", MIMIC_TYPE_INT32, NULL, item_ids, true},
    {"int32: nine digits", MIMIC_TYPE_INT32, NULL, nine_digits, false},
    {"int64: fifteen digits", MIMIC_TYPE_INT64, NULL, fifteen_digits, false},
    {"int16: flags", MIMIC_TYPE_INT16, NULL, flags, false},
    {"float64: one decimal", MIMIC_TYPE_FLOAT64, NULL, decimals, false},
    {"float64: measurements", MIMIC_TYPE_FLOAT64, NULL, measurements, false},
    {"float64: quoted", MIMIC_TYPE_FLOAT64, NULL, decimals, true},
    {"float64: 17 digits", MIMIC_TYPE_FLOAT64, NULL, long_decimals, false},
    {"float64: exponents", MIMIC_TYPE_FLOAT64, NULL, exponents, false},
    {"float32: measurements", MIMIC_TYPE_FLOAT32, NULL, measurements, false},
    {"decimal: measurements", MIMIC_TYPE_DECIMAL, NULL, measurements, false},
    {"timestamp: charttime", MIMIC_TYPE_TIMESTAMP, MIMIC_TIME, chart_times, false},
    {"timestamp: any day", MIMIC_TYPE_TIMESTAMP, MIMIC_TIME, any_times, false},
    {"timestamp: half empty", MIMIC_TYPE_TIMESTAMP, MIMIC_TIME, half_times, false},
    {"timestamp: quoted", MIMIC_TYPE_TIMESTAMP, MIMIC_TIME, chart_times, true},
    {"timestamptz: seconds", MIMIC_TYPE_TIMESTAMPTZ, "default", iso_times, false},
    {"timestamptz: fractions", MIMIC_TYPE_TIMESTAMPTZ, "default", fractions, false},
    {"date: any day", MIMIC_TYPE_DATE, "default", days, false},
    {"time", MIMIC_TYPE_TIME, "default", times_of_day, false},
    {"boolean: 0 1", MIMIC_TYPE_BOOLEAN, NULL, flags, false},
    {"boolean: true false", MIMIC_TYPE_BOOLEAN, NULL, truths, false},
    {"string: short", MIMIC_TYPE_STRING, NULL, short_texts, false},
    {"string: short, quoted", MIMIC_TYPE_STRING, NULL, short_texts, true},
    {"string: 20 to 200", MIMIC_TYPE_STRING, NULL, notes, false},
    {"string: 20 to 200, quoted", MIMIC_TYPE_STRING, NULL, notes, true},
    {"string: quotes inside", MIMIC_TYPE_STRING, NULL, inner_quotes, false},
    {"string: empty ones quoted", MIMIC_TYPE_STRING, NULL, no_texts, false},
    {"categorical: units", MIMIC_TYPE_CATEGORICAL, NULL, units, false},
    {"categorical: units, quoted", MIMIC_TYPE_CATEGORICAL, NULL, units, true},
    {"categorical: 10,000", MIMIC_TYPE_CATEGORICAL, NULL, many_categories, false},
    {"categorical: long texts", MIMIC_TYPE_CATEGORICAL, NULL, long_categories, false},
};

/* ---- measuring ---- */

typedef struct bench {
    mimic_context *ctx;
    mimic_row_faults faults;
    test_block blocks[BLOCKS];
    bool is_json;
    bool has_line; /* of JSON */
} bench_state;

static void fill_shape(test_block *block, const shape *form, uint64_t seed)
{
    test_random random = {seed};
    char cell[256];
    char quoted[260];
    block_init(block, 1);
    for (int row = 0; row < ROWS; row++) {
        form->write(&random, row, cell);
        sprintf(quoted, "\"%s\"", cell);
        block_cell(block, form->is_quoted ? quoted : cell);
    }
}

/* Reads the block as the indexer just did, so that it lies where it would in the caches. */
static volatile uint64_t touched;

static void touch(const test_block *block)
{
    for (size_t i = 0; i < block->size; i += 16)
        touched += (uint64_t)block->bytes[i];
    for (size_t i = 0; i < block->mark_count; i += 4)
        touched += block->marks[i];
}

/* Seconds for columns first to end of all blocks, the best of some rounds. */
static double measure(bench_state *bench, const mimic_table *table, size_t first, size_t end,
                      bool is_reference)
{
    const mimic_coerce_options options = {.is_reference = is_reference};
    mimic_coerce_plan *plan = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_column columns[FIELDS];
    size_t rows;
    if (mimic__coerce_plan_new(bench->ctx, table, &options, &plan, &err) != MIMIC_OK)
        fail(err.message);
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double seconds = 0;
        for (size_t b = 0; b < BLOCKS; b++) {
            const mimic_field_index index = block_index(&bench->blocks[b]);
            touch(&bench->blocks[b]);
            const double start = seconds_now();
            bool is_done = mimic__row_faults_reset(&bench->faults, index.row_count);
            for (size_t i = first; i < end; i++)
                is_done &=
                    mimic__coerce_column(plan, i, &index, i, &bench->faults, &err) == MIMIC_OK;
            if (end - first == table->field_count)
                is_done &= mimic__coerce_plan_finish(plan, index.row_count, NULL, columns, &rows,
                                                     &err) == MIMIC_OK;
            seconds += seconds_now() - start;
            if (!is_done || bench->faults.count != 0)
                fail(is_done ? "faults in the data" : err.message);
        }
        best = seconds < best ? seconds : best;
    }
    mimic__coerce_plan_free(plan);
    return best;
}

static void report(bench_state *bench, const char *name, double bytes, double values,
                   const double time[2])
{
    if (!bench->is_json) {
        printf("%-28s %8.2f %8.0f %8.2f %8.1fx\n", name, time[0] * 1e9 / values,
               bytes / time[0] / 1e6, time[1] * 1e9 / values, time[1] / time[0]);
        return;
    }
    printf("%s\n  {\"shape\": \"%s\", \"ns\": %.3f, \"mb_s\": %.1f, \"reference_ns\": %.3f}",
           bench->has_line ? "," : "", name, time[0] * 1e9 / values, bytes / time[0] / 1e6,
           time[1] * 1e9 / values);
    bench->has_line = true;
}

static double block_bytes_sum(const bench_state *bench)
{
    size_t bytes = 0;
    for (size_t b = 0; b < BLOCKS; b++)
        bytes += bench->blocks[b].size;
    return (double)bytes;
}

static void measure_shape(bench_state *bench, const shape *form)
{
    mimic_field field = test_field("x", form->type);
    if (form->format != NULL)
        field.formats = &form->format;
    const mimic_table table = one_field(&field);
    for (size_t b = 0; b < BLOCKS; b++)
        fill_shape(&bench->blocks[b], form, b);
    const double times[2] = {measure(bench, &table, 0, 1, false),
                             measure(bench, &table, 0, 1, true)};
    report(bench, form->name, block_bytes_sum(bench), (double)ROWS * BLOCKS, times);
    for (size_t b = 0; b < BLOCKS; b++)
        block_free(&bench->blocks[b]);
}

/* ---- a whole table ---- */

/* Rows as they stand in the file: runs of one stay and one time, a third of the values texts, some
 * with many digits. */
static void fill_chartevents(test_block *block, uint64_t seed)
{
    static const char *const texts[] = {"SR (Sinus Rhythm)", "None", "\"Obeys Commands, 6\"",
                                        "Alarms On"};
    test_random random = {seed};
    char cell[64];
    block_init(block, FIELDS);
    for (int row = 0; row < ROWS; row++) {
        for (int id = 0; id < 3; id++) {
            stay_ids(&random, row + 37 * id, cell);
            block_cell(block, cell);
        }
        sprintf(cell, "%d", 1000 + below(&random, 90000));
        block_cell(block, row % 20 == 0 ? "" : cell);
        for (int time = 0; time < 2; time++) {
            chart_times(&random, row, cell);
            block_cell(block, cell);
        }
        item_ids(&random, row, cell);
        block_cell(block, cell);
        const int kind = below(&random, 10);
        if (kind < 3)
            strcpy(cell, texts[below(&random, 4)]);
        else if (kind < 8)
            sprintf(cell, "%d", below(&random, 200));
        else if (kind < 9)
            decimals(&random, row, cell);
        else
            long_decimals(&random, row, cell);
        block_cell(block, cell);
        block_cell(block, kind < 3 ? "" : cell);
        units(&random, row, cell);
        block_cell(block, kind < 3 ? "" : cell);
        flags(&random, row, cell);
        block_cell(block, cell);
    }
}

static void measure_chartevents(bench_state *bench)
{
    static const char *const names[FIELDS] = {"subject_id", "hadm_id",   "stay_id", "caregiver_id",
                                              "charttime",  "storetime", "itemid",  "value",
                                              "valuenum",   "valueuom",  "warning"};
    static const mimic_type types[FIELDS] = {
        MIMIC_TYPE_INT32,     MIMIC_TYPE_INT32,       MIMIC_TYPE_INT32, MIMIC_TYPE_INT32,
        MIMIC_TYPE_TIMESTAMP, MIMIC_TYPE_TIMESTAMP,   MIMIC_TYPE_INT32, MIMIC_TYPE_STRING,
        MIMIC_TYPE_FLOAT64,   MIMIC_TYPE_CATEGORICAL, MIMIC_TYPE_INT16};
    static const char *const time_formats[] = {MIMIC_TIME};
    mimic_field fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = test_field(names[i], types[i]);
        if (types[i] == MIMIC_TYPE_TIMESTAMP)
            fields[i].formats = time_formats;
        if (types[i] == MIMIC_TYPE_STRING)
            fields[i].max_length = 200;
        if (types[i] == MIMIC_TYPE_INT16) {
            fields[i].minimum = "0";
            fields[i].maximum = "1";
        }
        fields[i].is_required = i < 3 || i == 4 || i == 6;
    }
    const mimic_table table = {.name = "chartevents", .fields = fields, .field_count = FIELDS};
    for (size_t b = 0; b < BLOCKS; b++)
        fill_chartevents(&bench->blocks[b], b);
    char name[64];
    for (size_t k = 0; k <= FIELDS; k++) {
        const size_t first = k == FIELDS ? 0 : k;
        const size_t end = k == FIELDS ? FIELDS : k + 1;
        const double times[2] = {measure(bench, &table, first, end, false),
                                 measure(bench, &table, first, end, true)};
        snprintf(name, sizeof name, "chartevents.%s", k == FIELDS ? "*" : names[k]);
        report(bench, name, block_bytes_sum(bench), (double)ROWS * BLOCKS * (double)(end - first),
               times);
    }
    for (size_t b = 0; b < BLOCKS; b++)
        block_free(&bench->blocks[b]);
}

int main(int argc, char **argv)
{
    static bench_state bench;
    bench.is_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !bench.is_json)
        fail("usage: bench_coerce [--json]");
    if (mimic_context_new(NULL, &bench.ctx, NULL) != MIMIC_OK)
        fail("no memory");
    mimic__row_faults_init(&bench.faults, bench.ctx);
    if (bench.is_json)
        printf("[");
    else
        printf("%-28s %8s %8s %8s %9s\n", "shape", "ns", "MB/s", "slow, ns", "ratio");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        measure_shape(&bench, &shapes[i]);
    measure_chartevents(&bench);
    if (bench.is_json)
        printf("\n]\n");
    mimic__row_faults_free(&bench.faults);
    mimic_context_free(bench.ctx);
    return EXIT_SUCCESS;
}
