/*
 * Coercion alone: a block shaped like MIMIC-IV chartevents, its marks given, every column coerced
 * again and again. Prints MB/s of CSV (of processor time) for each column alone and for all eleven
 * together; a column's figure counts the bytes of the whole row, so that the figures add up as
 * 1/total = sum of 1/column.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "coerce_block.h"
#include "coerce_random.h"

#define ROWS 5000 /* about 512 KiB, the reader's block */
#define BLOCKS 16 /* different ones in turn, or the branch predictor learns the data by heart */
#define FIELDS 11

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Rows as they stand in the file: runs of one stay and one time, a tenth of the values texts, some
 * with many digits. */
static void fill(test_block *block, uint64_t seed)
{
    static const char *const units[] = {"mmHg", "bpm",          "insp/min", "%",
                                        "",     "\xc2\xb0\x46", "cmH2O",    ""};
    static const char *const texts[] = {"SR (Sinus Rhythm)", "None", "\"Obeys Commands, 6\"",
                                        "Alarms On"};
    test_random random = {seed};
    char cell[64];
    for (int row = 0; row < ROWS; row++) {
        const int stay = row / 400;
        const int hour = row / 25 % 24;
        sprintf(cell, "%d", 10000032 + stay * 4711);
        block_cell(block, cell);
        sprintf(cell, "%d", 29079034 + stay * 1231);
        block_cell(block, cell);
        sprintf(cell, "%d", 39553978 + stay * 991);
        block_cell(block, cell);
        sprintf(cell, "%d", 1000 + (int)random_below(&random, 90000));
        block_cell(block, row % 20 == 0 ? "" : cell);
        sprintf(cell, "2180-07-%02d %02d:%02d:00", 1 + row / 600 % 28, hour,
                (int)random_below(&random, 60));
        block_cell(block, cell);
        sprintf(cell, "2180-07-%02d %02d:%02d:00", 1 + row / 600 % 28, hour,
                (int)random_below(&random, 60));
        block_cell(block, cell);
        sprintf(cell, "%d", 220000 + (int)random_below(&random, 9000));
        block_cell(block, cell);
        const uint32_t kind = random_below(&random, 10);
        if (kind < 3) {
            block_cell(block, texts[random_below(&random, 4)]);
            block_cell(block, "");
            block_cell(block, "");
        } else {
            if (kind < 8)
                sprintf(cell, "%d", (int)random_below(&random, 200));
            else if (kind < 9)
                sprintf(cell, "%.1f", random_below(&random, 4000) / 10.0);
            else
                sprintf(cell, "%.17g", (double)random_below(&random, 1000000) / 7001.0);
            block_cell(block, cell);
            block_cell(block, cell);
            block_cell(block, units[random_below(&random, 8)]);
        }
        block_cell(block, random_below(&random, 50) == 0 ? "1" : "0");
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

int main(void)
{
    static const char *const names[FIELDS] = {"subject_id", "hadm_id",   "stay_id", "caregiver_id",
                                              "charttime",  "storetime", "itemid",  "value",
                                              "valuenum",   "valueuom",  "warning"};
    static const mimic_type types[FIELDS] = {
        MIMIC_TYPE_INT32,     MIMIC_TYPE_INT32,       MIMIC_TYPE_INT32, MIMIC_TYPE_INT32,
        MIMIC_TYPE_TIMESTAMP, MIMIC_TYPE_TIMESTAMP,   MIMIC_TYPE_INT32, MIMIC_TYPE_STRING,
        MIMIC_TYPE_FLOAT64,   MIMIC_TYPE_CATEGORICAL, MIMIC_TYPE_INT16};
    static const char *const time_formats[] = {"%Y-%m-%d %H:%M:%S"};
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
    static test_block blocks[BLOCKS];
    size_t bytes = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        block_init(&blocks[i], FIELDS);
        fill(&blocks[i], i);
        bytes += blocks[i].size;
    }
    const double megabytes = (double)bytes / 1e6;
    mimic_context *ctx = NULL;
    mimic_coerce_plan *plan = NULL;
    mimic_row_faults faults;
    mimic_column columns[FIELDS];
    size_t rows = 0;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_context_new(NULL, &ctx, &err) != MIMIC_OK ||
        mimic__coerce_plan_new(ctx, &table, NULL, &plan, &err) != MIMIC_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    mimic__row_faults_init(&faults, ctx);
    printf("%d blocks of %d rows, %.1f bytes a row\n", BLOCKS, ROWS, (double)bytes / ROWS / BLOCKS);
    for (size_t k = 0; k <= FIELDS; k++) {
        const size_t first = k == FIELDS ? 0 : k;
        const size_t end = k == FIELDS ? FIELDS : k + 1;
        double best = 1e9;
        for (int round = 0; round < 20; round++) {
            double seconds = 0;
            for (size_t b = 0; b < BLOCKS; b++) {
                const mimic_field_index index = block_index(&blocks[b]);
                touch(&blocks[b]);
                const double start = seconds_now();
                bool is_done = mimic__row_faults_reset(&faults, index.row_count);
                for (size_t i = first; i < end; i++)
                    is_done &= mimic__coerce_column(plan, i, &index, i, &faults, &err) == MIMIC_OK;
                if (k == FIELDS)
                    is_done &= mimic__coerce_plan_finish(plan, index.row_count, NULL, columns,
                                                         &rows, &err) == MIMIC_OK;
                seconds += seconds_now() - start;
                if (!is_done || faults.count != 0) {
                    fprintf(stderr, "%zu faults; %s\n", faults.count, err.message);
                    return EXIT_FAILURE;
                }
            }
            best = seconds < best ? seconds : best;
        }
        printf("%-14s %8.0f MB/s  %5.2f ns a cell\n", k == FIELDS ? "all columns" : names[k],
               megabytes / best, best * 1e9 / ROWS / BLOCKS / (double)(end - first));
    }
    mimic__coerce_plan_free(plan);
    mimic__row_faults_free(&faults);
    mimic_context_free(ctx);
    for (size_t i = 0; i < BLOCKS; i++)
        block_free(&blocks[i]);
    return EXIT_SUCCESS;
}
