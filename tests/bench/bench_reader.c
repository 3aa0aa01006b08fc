/*
 * CSV to typed batches from memory, one thread, on tables of many shapes: odd ones, and what columns
 * and filters that are not asked for save. MB/s of CSV a second of processor time, the best of some
 * rounds; a table as text, or with --json. Nothing is gated on time.
 *
 *     bench_reader [--json] [MEGABYTES]
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mimic/mimic.h>

#define ROUNDS 5

typedef struct text {
    char *bytes;
    size_t size;
    size_t capacity;
} text;

static void fail(const char *message)
{
    fprintf(stderr, "bench_reader: %s\n", message);
    exit(EXIT_FAILURE);
}

static void add(text *out, const char *format, ...)
{
    va_list arguments;
    if (out->capacity - out->size < 4096) {
        out->capacity = out->capacity * 2 + 65536;
        out->bytes = realloc(out->bytes, out->capacity);
        if (out->bytes == NULL)
            fail("no memory");
    }
    va_start(arguments, format);
    out->size += (size_t)vsnprintf(out->bytes + out->size, 4096, format, arguments);
    va_end(arguments);
}

static uint32_t below(uint32_t limit)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 32) * limit >> 32);
}

/* ---- shapes ---- */

/* One column of a shape: its Table Schema and the writer of a cell, without quotes. */
typedef struct column {
    const char *name;
    const char *schema;
    void (*write)(text *out, int row);
} column;

#define PHYSICAL(type) "\"mimic\": {\"type\": \"" type "\"}"
#define INTEGER "\"type\": \"integer\", " PHYSICAL("int32")
#define DOUBLE "\"type\": \"number\", " PHYSICAL("float64")
#define STRING "\"type\": \"string\", " PHYSICAL("string")
#define CATEGORY "\"type\": \"string\", " PHYSICAL("categorical")
#define TIMESTAMP                                                                                  \
    "\"type\": \"datetime\", \"format\": \"%Y-%m-%d %H:%M:%S\", " PHYSICAL("timestamp")

static void write_stay(text *out, int row)
{
    add(out, "%d", 30000000 + row / 400 * 991);
}

static void write_hundredth(text *out, int row)
{
    (void)row;
    add(out, "%u", below(100));
}

static void write_item(text *out, int row)
{
    (void)row;
    add(out, "%u", 220000 + below(9000));
}

static void write_time(text *out, int row)
{
    add(out, "2180-07-%02d %02d:%02u:00", 1 + row / 600 % 28, row / 25 % 24, below(60));
}

static void write_number(text *out, int row)
{
    (void)row;
    const uint32_t kind = below(10);
    if (kind < 6)
        add(out, "%u", below(300));
    else if (kind < 8)
        add(out, "%u.%u", below(300), below(10));
}

static void write_digit(text *out, int row)
{
    (void)row;
    add(out, "%u", below(10));
}

static void write_unit(text *out, int row)
{
    static const char *const units[] = {"mmHg", "bpm", "insp/min", "%", "", "cmH2O"};
    (void)row;
    add(out, "%s", units[below(6)]);
}

static void write_word(text *out, int row)
{
    static const char *const words[] = {"None", "SR (Sinus Rhythm)", "Obeys Commands", "88.4", ""};
    (void)row;
    add(out, "%s", words[below(5)]);
}

static void write_note(text *out, int row)
{
    (void)row;
    for (uint32_t i = 10 + below(60); i > 0; i--)
        add(out, "%s", i % 7 == 0 ? "result, called;\n" : "no growth ");
}

static const column chart[] = {
    {"subject_id", INTEGER, write_stay},  {"share", INTEGER, write_hundredth},
    {"stay_id", INTEGER, write_stay},     {"caregiver_id", INTEGER, write_item},
    {"charttime", TIMESTAMP, write_time}, {"storetime", TIMESTAMP, write_time},
    {"itemid", INTEGER, write_item},      {"value", STRING, write_word},
    {"valuenum", DOUBLE, write_number},   {"valueuom", CATEGORY, write_unit},
    {"warning", INTEGER, write_digit}};
static const column notes[] = {{"note_id", INTEGER, write_item}, {"text", STRING, write_note}};
static const column one_integer[] = {{"a", INTEGER, write_item}};
static const column one_digit[] = {{"a", INTEGER, write_digit}};
static const column one_word[] = {{"a", STRING, write_word}};
static const column one_number[] = {{"a", DOUBLE, write_number}};
static const column mixed[] = {{"a", INTEGER, write_item},
                               {"b", DOUBLE, write_number},
                               {"c", STRING, write_word},
                               {"d", CATEGORY, write_unit}};
static const column digits[] = {{"a", INTEGER, write_digit}};

typedef struct shape {
    const char *name;
    const column *columns;
    size_t column_count;
    size_t repeats; /* of the columns */
    bool is_quoted;
    const char *line_end;
    const char *only;   /* the one column asked for; NULL = all */
    const char *filter; /* a column that must be 7; NULL = none */
} shape;

#define COLUMNS(list) list, sizeof(list) / sizeof((list)[0])

static const shape shapes[] = {
    {"chartevents", COLUMNS(chart), 1, false, "\n", NULL, NULL},
    {"chartevents, CRLF", COLUMNS(chart), 1, false, "\r\n", NULL, NULL},
    {"chartevents, all quoted", COLUMNS(chart), 1, true, "\n", NULL, NULL},
    {"chartevents, 1 % of rows", COLUMNS(chart), 1, false, "\n", NULL, "share"},
    {"chartevents, one column", COLUMNS(chart), 1, false, "\n", "warning", NULL},
    {"chartevents, one of 1 %", COLUMNS(chart), 1, false, "\n", "warning", "share"},
    {"notes in quotes, newlines", COLUMNS(notes), 1, true, "\n", NULL, NULL},
    {"one column of integers", COLUMNS(one_integer), 1, false, "\n", NULL, NULL},
    {"one column of digits", COLUMNS(one_digit), 1, false, "\n", NULL, NULL},
    {"one column of numbers", COLUMNS(one_number), 1, false, "\n", NULL, NULL},
    {"one column of words", COLUMNS(one_word), 1, false, "\n", NULL, NULL},
    {"1,000 columns", COLUMNS(mixed), 250, false, "\n", NULL, NULL},
    {"1,000 columns, quoted", COLUMNS(mixed), 250, true, "\n", NULL, NULL},
    {"1,000 columns of digits", COLUMNS(digits), 1000, false, "\n", NULL, NULL},
    {"1,000 columns, one asked", COLUMNS(mixed), 250, false, "\n", "a7", NULL},
};

static void write_schema(text *out, const shape *form)
{
    add(out, "{\"name\": \"bench\", \"version\": \"1\", \"resources\": [{\"name\": \"t\", "
             "\"path\": \"t.csv\", \"schema\": {\"fields\": [");
    for (size_t i = 0; i < form->column_count * form->repeats; i++) {
        const column *const field = &form->columns[i % form->column_count];
        add(out, "%s{\"name\": \"%s", i == 0 ? "" : ", ", field->name);
        if (form->repeats > 1)
            add(out, "%zu", i / form->column_count);
        add(out, "\", ");
        add(out, "%s", field->schema);
        add(out, "}");
    }
    add(out, "]}}]}");
}

static void write_file(text *out, const shape *form, size_t bytes)
{
    const size_t fields = form->column_count * form->repeats;
    const char *const quote = form->is_quoted ? "\"" : "";
    for (size_t i = 0; i < fields; i++) {
        add(out, "%s%s", i == 0 ? "" : ",", form->columns[i % form->column_count].name);
        if (form->repeats > 1)
            add(out, "%zu", i / form->column_count);
    }
    add(out, "%s", form->line_end);
    for (int row = 0; out->size < bytes; row++) {
        for (size_t i = 0; i < fields; i++) {
            add(out, "%s%s", i == 0 ? "" : ",", quote);
            const size_t before = out->size;
            form->columns[i % form->column_count].write(out, row);
            if (form->is_quoted && out->size == before)
                out->size--; /* an empty field stays without quotes, or it would be a text */
            else
                add(out, "%s", quote);
        }
        add(out, "%s", form->line_end);
    }
}

/* ---- measuring ---- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static mimic_status read_file(const mimic_context *ctx, const mimic_table *table, const shape *form,
                              const text *file, mimic_csv_counts *counts, mimic_error *err)
{
    static const int64_t wanted = 7;
    const mimic_csv_filter filter = {form->filter, &wanted, 1};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_batch *batch;
    options.columns = form->only == NULL ? NULL : &form->only;
    options.column_count = form->only != NULL;
    options.filters = form->filter == NULL ? NULL : &filter;
    options.filter_count = form->filter != NULL;
    mimic_status status =
        mimic_source_from_memory(ctx, file->bytes, file->size, "bench", NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, &options, &reader, err);
    while (status == MIMIC_OK)
        status = mimic_csv_reader_next(reader, &batch, err);
    if (status == MIMIC_END)
        mimic_csv_reader_counts(reader, counts);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return status == MIMIC_END ? MIMIC_OK : status;
}

static void measure(const shape *form, size_t bytes, bool is_json, bool is_first)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_dataset *dataset;
    const mimic_table *table;
    text schema = {NULL, 0, 0};
    text file = {NULL, 0, 0};
    write_schema(&schema, form);
    write_file(&file, form, bytes);
    if (mimic_context_new(NULL, &ctx, &err) != MIMIC_OK ||
        mimic_registry_new(ctx, &registry, &err) != MIMIC_OK ||
        mimic_registry_add_json(registry, schema.bytes, schema.size, "bench", &dataset, &err) !=
            MIMIC_OK ||
        mimic_registry_find_table(registry, "bench@1/t", &table, &err) != MIMIC_OK)
        fail(err.message);
    double best = 1e9;
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    for (int round = 0; round < ROUNDS; round++) {
        const double start = seconds_now();
        if (read_file(ctx, table, form, &file, &counts, &err) != MIMIC_OK)
            fail(err.message);
        const double seconds = seconds_now() - start;
        best = seconds < best ? seconds : best;
    }
    const double cells = (double)counts.read * (double)(form->column_count * form->repeats);
    if (counts.rejected != 0)
        fail("rejects in the data");
    if (is_json)
        printf("%s\n  {\"shape\": \"%s\", \"mb_s\": %.1f, \"ns_per_field\": %.3f}",
               is_first ? "" : ",", form->name, (double)file.size / best / 1e6, best * 1e9 / cells);
    else
        printf("%-28s %8.0f %8.2f\n", form->name, (double)file.size / best / 1e6,
               best * 1e9 / cells);
    free(schema.bytes);
    free(file.bytes);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

int main(int argc, char **argv)
{
    const bool is_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    const char *const megabytes = argc > 1 + is_json ? argv[1 + is_json] : "32";
    const size_t bytes = (size_t)strtoull(megabytes, NULL, 10) * 1000000;
    if (bytes == 0)
        fail("usage: bench_reader [--json] [MEGABYTES]");
    if (is_json)
        printf("[");
    else
        printf("%-28s %8s %8s\n", "shape", "MB/s", "ns/field");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        measure(&shapes[i], bytes, is_json, i == 0);
    if (is_json)
        printf("\n]\n");
    return EXIT_SUCCESS;
}
