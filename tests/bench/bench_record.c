/*
 * Nanoseconds a record of the record checker: rows of labevents, by cells and by line, sound and
 * rejected, with the reason and without.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mimic/mimic.h>

#define ROUNDS 300000
#define FIELDS 16

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static const char *const SOUND[] = {
    "9,10000032,29600294,52958335,50912,P8450J,2180-07-23 06:39:00,2180-07-23 07:14:00,0.4,0.4,"
    "mg/dL,0.4,1.1,,ROUTINE,",
    "10,10000032,,52958335,50971,,2180-07-23 06:39:00,2180-07-23 07:14:00,4.2,4.2,mEq/L,3.3,5.1,,"
    "ROUTINE,\"HEMOLYSIS FALSELY ELEVATES K.\"",
    "11,10000048,22580999,52958336,51003,P21ZDN,2180-05-06 22:25:00,2180-05-06 23:16:00,NEG,,,,,"
    "abnormal,STAT,NEG.",
    "12,10000048,22580999,52958337,51484,,2180-05-06 22:25:00,2180-05-06 23:16:00,10,10,mg/dL,,,,,"};
static const char *const BROKEN[] = {
    "9,10000032,29600294,52958335,50912,P8450J,2180-07-23 26:39:00,2180-07-23 07:14:00,0.4,0.4,"
    "mg/dL,0.4,1.1,,ROUTINE,",
    "9,10000032,29600294,52958335,x,P8450J,2180-07-23 06:39:00,2180-07-23 07:14:00,0.4,0.4,"
    "mg/dL,0.4,1.1,,ROUTINE,"};

static size_t split(char *line, mimic_cell *cells)
{
    size_t count = 0;
    for (char *at = line; count < FIELDS; at++) {
        char *end = at + strcspn(at, ",");
        const size_t size = (size_t)(end - at);
        cells[count++] = size == 0 ? (mimic_cell){NULL, 0} : (mimic_cell){at, size};
        if (*end == '\0')
            break;
        at = end;
    }
    return count;
}

static void run(mimic_record_checker *checker, const char *const *lines, size_t count, int by_cells,
                int wants_reason, const char *what)
{
    static char copies[8][256];
    static mimic_cell cells[8][FIELDS];
    mimic_reject reject = MIMIC_REJECT_INIT;
    size_t sizes[8];
    int64_t good = 0;
    for (size_t i = 0; i < count; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", lines[i]);
        sizes[i] = strlen(lines[i]);
        (void)split(copies[i], cells[i]);
    }
    double best = 1e300;
    for (int repeat = 0; repeat < 5; repeat++) {
        const double start = now();
        for (int round = 0; round < ROUNDS; round++) {
            const size_t i = (size_t)round % count;
            mimic_reject *out = wants_reason ? &reject : NULL;
            good += (by_cells ? mimic_record_check(checker, cells[i], FIELDS, out, NULL)
                              : mimic_record_check_line(checker, lines[i], sizes[i], out, NULL)) ==
                    MIMIC_OK;
        }
        const double spent = (now() - start) / ROUNDS;
        best = spent < best ? spent : best;
    }
    printf("%-36s %7.0f ns a record  (%lld%% fit)\n", what, best,
           (long long)(good * 100 / (5 * (int64_t)ROUNDS)));
}

int main(void)
{
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    mimic_record_checker *checker = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_context_new(NULL, &ctx, &err) != MIMIC_OK ||
        mimic_registry_new(ctx, &registry, &err) != MIMIC_OK ||
        mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &err) != MIMIC_OK ||
        mimic_record_checker_new(ctx, table, NULL, &checker, &err) != MIMIC_OK) {
        printf("%s\n", err.message);
        return 1;
    }
    run(checker, SOUND, 4, 1, 1, "labevents by cells");
    run(checker, SOUND, 4, 0, 1, "labevents by line");
    run(checker, BROKEN, 2, 1, 1, "labevents by cells, rejected");
    run(checker, BROKEN, 2, 0, 1, "labevents by line, rejected");
    run(checker, BROKEN, 2, 1, 0, "rejected, reason not wanted");
    mimic_record_checker_free(checker);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return 0;
}
