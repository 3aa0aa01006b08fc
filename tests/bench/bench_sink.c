/*
 * How fast sinks take rows shaped like MIMIC-IV chartevents, without indexes, beside what the
 * sqlite3 shell's .import makes of the same rows as CSV. CPU seconds of one thread; nothing is
 * gated on time.
 *
 *     bench_sink [ROWS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "test_batch.h"
#include "test_files.h"

#include <mimic/sink.h>

#define ROWS_A_BATCH 4096

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void make_table(test_table *t)
{
    test_table_make(t, "chartevents");
    test_table_field(t, "subject_id", MIMIC_TYPE_INT32, true);
    test_table_field(t, "hadm_id", MIMIC_TYPE_INT32, false);
    test_table_field(t, "stay_id", MIMIC_TYPE_INT32, false);
    test_table_field(t, "caregiver_id", MIMIC_TYPE_INT32, false);
    test_table_field(t, "charttime", MIMIC_TYPE_TIMESTAMP, true);
    test_table_field(t, "storetime", MIMIC_TYPE_TIMESTAMP, false);
    test_table_field(t, "itemid", MIMIC_TYPE_INT32, true);
    test_table_field(t, "value", MIMIC_TYPE_STRING, false);
    test_table_field(t, "valuenum", MIMIC_TYPE_FLOAT64, false);
    test_table_field(t, "valueuom", MIMIC_TYPE_CATEGORICAL, false);
    test_table_field(t, "warning", MIMIC_TYPE_INT16, false);
}

static void make_rows(test_batch *b, const mimic_table *table, char texts[][16])
{
    static const char *const units[] = {"mmHg", "bpm", "insp/min", "%"};
    uint32_t state = 1;
    test_batch_make(b, table, ROWS_A_BATCH);
    for (int64_t row = 0; row < ROWS_A_BATCH; row++) {
        const int64_t hour = row / 8; /* eight measurements a moment */
        const double value = (double)(next_random(&state) % 2000) / 10;
        test_set_integer(b, 0, row, 10000032);
        test_set_integer(b, 1, row, 29079034);
        test_set_integer(b, 2, row, 39553978);
        if (row % 5 != 0)
            test_set_integer(b, 3, row, next_random(&state) % 100000);
        test_set_integer(b, 4, row, INT64_C(6679000000000000) + hour * INT64_C(3600000000));
        test_set_integer(b, 5, row, INT64_C(6679000300000000) + hour * INT64_C(3600000000));
        test_set_integer(b, 6, row, 220045 + next_random(&state) % 8000);
        snprintf(texts[row], 16, "%g", value);
        test_set_text(b, 7, row, texts[row]);
        test_set_real(b, 8, row, value);
        test_set_text(b, 9, row, units[row % 4]);
        test_set_integer(b, 10, row, 0);
    }
    test_batch_view(b);
}

static int run(const mimic_context *ctx, const char *name, const char *target,
               const mimic_batch *batch, int64_t batch_count)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    mimic_sink *sink = NULL;
    options.no_sync = 1;
    options.no_direct_pages = strcmp(name, "inserts") == 0;
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    mimic_status status = mimic_sink_open(ctx, target, &options, &sink, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_begin(sink, batch->table, NULL, &err);
    for (int64_t i = 0; i < batch_count && status == MIMIC_OK; i++)
        status = mimic_sink_write(sink, batch, &err);
    const double written = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (status == MIMIC_OK)
        status = mimic_sink_commit(sink, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_finish(sink, NULL, NULL, &err);
    mimic_sink_free(sink);
    const double whole = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    if (status != MIMIC_OK) {
        fprintf(stderr, "%s: %s\n", target, err.message);
        return 1;
    }
    const double rows = (double)(batch->row_count * batch_count);
    printf("%-8s %8.0f krows/s writing, %.2f s in all with indexes and checks\n", name,
           rows / written / 1e3, whole);
    return 0;
}

static void run_import(const char *folder, double rows)
{
    char command[4 * TEST_PATH_BYTES];
    snprintf(command, sizeof command,
             "sqlite3 %s/import.db 'PRAGMA journal_mode = OFF' 'PRAGMA synchronous = OFF'"
             " 'CREATE TABLE t (subject_id INTEGER NOT NULL, hadm_id INTEGER, stay_id INTEGER,"
             " caregiver_id INTEGER, charttime TEXT NOT NULL, storetime TEXT, itemid INTEGER NOT"
             " NULL, value TEXT, valuenum REAL, valueuom TEXT, warning INTEGER)'"
             " '.import --csv --skip 1 %s/out.csv t' > %s/log 2>&1",
             folder, folder, folder);
    struct rusage before;
    struct rusage after;
    getrusage(RUSAGE_CHILDREN, &before);
    if (system(command) != 0) {
        puts("import   skipped: no sqlite3 shell here");
        return;
    }
    getrusage(RUSAGE_CHILDREN, &after);
    const double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                       (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) * 1e-6 +
                       (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
                       (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) * 1e-6;
    printf("%-8s %8.0f krows/s, %.2f s in all (sqlite3 shell, no keys, no syncs)\n", ".import",
           rows / cpu / 1e3, cpu);
}

int main(int argc, char **argv)
{
    static char texts[ROWS_A_BATCH][16];
    const int64_t rows = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
    const int64_t batch_count = (rows + ROWS_A_BATCH - 1) / ROWS_A_BATCH;
    char folder[TEST_PATH_BYTES];
    char sqlite_target[TEST_PATH_BYTES + 16];
    char csv_target[TEST_PATH_BYTES + 16];
    test_table t;
    test_batch batch;
    mimic_context *ctx = test_context_make(NULL);
    test_folder_make(folder);
    snprintf(sqlite_target, sizeof sqlite_target, "%s/out.db", folder);
    snprintf(csv_target, sizeof csv_target, "%s/out.csv", folder);
    make_table(&t);
    make_rows(&batch, &t.table, texts);
    int failed = run(ctx, "null", "null:", &batch.batch, batch_count);
    failed |= run(ctx, "csv", csv_target, &batch.batch, batch_count);
    failed |= run(ctx, "sqlite", sqlite_target, &batch.batch, batch_count);
    unlink(sqlite_target + strlen("sqlite:"));
    failed |= run(ctx, "inserts", sqlite_target, &batch.batch, batch_count);
    run_import(folder, (double)(batch_count * ROWS_A_BATCH));
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %ld KiB\n", usage.ru_maxrss);
    test_batch_free(&batch);
    test_folder_walk(folder, 1);
    mimic_context_free(ctx);
    return failed;
}
