/*
 * Late materialisation: rows that a filter leaves out are not coerced, columns that were not asked
 * for are not touched. Everything there is faulty, comes twice, or would fill a dictionary; no
 * trace of it may be found.
 */
#include "check_main.h"
#include "read_csv.h"

#include <mimic/coerce.h>

#define ROWS 40000
#define KEPT_EVERY 100
#define KEPT_ID 7

#define SCHEMA                                                                                     \
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"          \
    "{\"name\":\"key\",\"type\":\"string\",\"constraints\":{\"required\":true,\"unique\":true}},"  \
    "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}},"                \
    "{\"name\":\"time\",\"type\":\"datetime\",\"constraints\":{\"required\":true}},"               \
    "{\"name\":\"amount\",\"type\":\"number\",\"mimic\":{\"type\":\"float64\"}},"                  \
    "{\"name\":\"flag\",\"type\":\"boolean\"}]}"

typedef struct outcome {
    mimic_csv_counts counts;
    uint32_t texts;    /* of the dictionary of "kind"; 0 where that was not asked for */
    int64_t ids[ROWS]; /* values of the first column, where that is "id" */
} outcome;

static char *write_rows(size_t *out_size)
{
    char *const text = malloc(ROWS * 64 + 64);
    size_t size = (size_t)sprintf(text, "id,key,kind,time,amount,flag\n");
    for (int row = 0; row < ROWS; row++) {
        const int id = row % KEPT_EVERY;
        if (id == KEPT_ID)
            size += (size_t)sprintf(text + size, "%d,k%d,kind %d,2180-07-23T19:05:%02d,%d.5,true\n",
                                    id, row, row / KEPT_EVERY % 3, row % 60, row % 300);
        else
            size += (size_t)sprintf(text + size, "%d,twice,text %d,never,\"x\",%s\n", id, row,
                                    row % 2 == 0 ? "maybe" : "2");
    }
    *out_size = size;
    return text;
}

static void read_rows(const mimic_csv_options *options, const char *text, size_t size, outcome *out)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_batch *batch;
    int64_t rows = 0;
    memset(out, 0, sizeof *out);
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_source_from_memory(ctx, text, size, "rows", NULL, &source, &err),
                     MIMIC_OK);
    ck_assert_msg(mimic_csv_reader_open(ctx, source, read_schema(SCHEMA), options, &reader, &err) ==
                      MIMIC_OK,
                  "%s", err.message);
    mimic_status status;
    while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK) {
        const mimic_column *const first = &batch->columns[0];
        for (int64_t row = 0; row < batch->row_count && first->type == MIMIC_TYPE_INT32; row++)
            out->ids[rows + row] = ((const int32_t *)first->values)[row];
        rows += batch->row_count;
        for (size_t i = 0; i < batch->column_count; i++)
            if (batch->columns[i].dictionary != NULL)
                out->texts = (uint32_t)batch->columns[i].dictionary->count;
    }
    ck_assert_msg(status == MIMIC_END, "%s", err.message);
    out->counts.struct_size = sizeof out->counts;
    mimic_csv_reader_counts(reader, &out->counts);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_context_free(ctx);
}

static void check_all_jobs(mimic_csv_options options, int64_t delivered, uint32_t texts)
{
    static const int jobs[] = {1, 3};
    size_t size;
    char *const text = write_rows(&size);
    outcome *const out = malloc(sizeof *out);
    for (size_t i = 0; i < 2; i++) {
        options.jobs = jobs[i];
        options.block_bytes = 65536;
        read_rows(&options, text, size, out);
        ck_assert_int_eq(out->counts.read, ROWS);
        ck_assert_int_eq(out->counts.rejected, 0);
        ck_assert_int_eq(out->counts.nulled, 0);
        ck_assert_int_eq(out->counts.delivered, delivered);
        ck_assert_int_eq(out->counts.filtered, ROWS - delivered);
        ck_assert_uint_eq(out->texts, texts);
    }
    for (int64_t row = 0; row < delivered && delivered == ROWS; row++)
        ck_assert_int_eq(out->ids[row], row % KEPT_EVERY);
    free(out);
    free(text);
}

static const int64_t kept_ids[] = {KEPT_ID};
static const mimic_csv_filter only_kept = {"id", kept_ids, 1};

START_TEST(csv_late__filtered_rows_are_not_coerced)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.filters = &only_kept;
    options.filter_count = 1;
    options.max_categories = 3; /* one text of the other rows, and this fails */
    check_all_jobs(options, ROWS / KEPT_EVERY, 3);
}
END_TEST

START_TEST(csv_late__other_columns_are_not_touched)
{
    static const char *const columns[] = {"id"};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = 1;
    check_all_jobs(options, ROWS, 0);
}
END_TEST

START_TEST(csv_late__a_filter_on_a_column_not_asked_for)
{
    static const char *const columns[] = {"kind", "amount"};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = 2;
    options.filters = &only_kept;
    options.filter_count = 1;
    check_all_jobs(options, ROWS / KEPT_EVERY, 3);
}
END_TEST

/* Two filters on every spelling of an integer and what is none, in random order, against the public
 * function: 64 rows at a time and one by one must say the same. */
START_TEST(csv_late__filters_take_every_spelling)
{
    static const char *const spellings[] = {"7",         "07",        "+7", "\"7\"",  "00000007",
                                            "000000007", "-7",        "8",  "",       "\"\"",
                                            "7.0",       "12345678",  "x",  "-",      " 7",
                                            "77",        "123456789", "-0", "999999", "\"x\""};
    enum { SPELLINGS = sizeof spellings / sizeof spellings[0], COUNT = 5000 };
    static const int64_t first_values[] = {7, -7, 12345678, 123456789, 0};
    static const int64_t second_values[] = {7};
    static const mimic_csv_filter filters[] = {{"id", first_values, 5},
                                               {"other", second_values, 1}};
    static const char *const schema =
        "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\"},"
        "{\"name\":\"other\",\"type\":\"integer\"},{\"name\":\"row\",\"type\":\"integer\"}]}";
    char *const text = malloc(COUNT * 64);
    size_t size = (size_t)sprintf(text, "id,other,row\n");
    int64_t kept = 0;
    int64_t rejected = 0;
    uint32_t state = 1;
    for (int row = 0; row < COUNT; row++) {
        int64_t values[2] = {0, 0};
        int verdict = 1; /* 0 = left out, -1 = faulty */
        const char *cells[2];
        for (int i = 0; i < 2; i++) {
            state = state * 1664525 + 1013904223;
            cells[i] = spellings[(state >> 16) % (i == 0 || row % 3 == 0 ? SPELLINGS : 4)];
            const size_t quote = cells[i][0] == '"';
            const size_t cell_size = strlen(cells[i]);
            if (verdict != 1)
                continue;
            if (cell_size == 0)
                verdict = 0;
            else if (mimic_coerce_int64(cells[i] + quote, cell_size - 2 * quote, &values[i]) != 0)
                verdict = -1;
            else if (i == 1)
                verdict = values[i] == 7;
            else
                verdict = values[i] == 7 || values[i] == -7 || values[i] == 0 ||
                          values[i] == 12345678 || values[i] == 123456789;
        }
        kept += verdict == 1;
        rejected += verdict == -1;
        size += (size_t)sprintf(text + size, "%s,%s,%d\n", cells[0], cells[1], row);
    }
    static const uint32_t masks[] = {MIMIC_CPU_ALL, MIMIC_CPU_NONE};
    char *results[2];
    for (size_t i = 0; i < 2; i++) {
        mimic_context_options context_options = MIMIC_CONTEXT_OPTIONS_INIT;
        mimic_context *ctx = NULL;
        mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
        char wanted[100];
        context_options.cpu_mask = masks[i];
        options.filters = filters;
        options.filter_count = 2;
        ck_assert_int_eq(mimic_context_new(&context_options, &ctx, NULL), MIMIC_OK);
        results[i] = read_csv_in_pieces(ctx, schema, text, size, 0, &options);
        sprintf(wanted, "\n%d = %d + %d + %d\n", (int)COUNT, (int)kept, (int)rejected,
                (int)(COUNT - kept - rejected));
        ck_assert_ptr_nonnull(strstr(results[i], wanted));
        mimic_context_free(ctx);
    }
    ck_assert_str_eq(results[0], results[1]);
    ck_assert_int_gt(kept, 100);
    ck_assert_int_gt(rejected, 100);
    free(results[0]);
    free(results[1]);
    free(text);
}
END_TEST

/* Two filters on texts, and one on integers beside them, on every spelling of a text. */
START_TEST(csv_late__text_filters_take_every_spelling)
{
    static const struct {
        const char *spelling;
        int is_kept; /* by {"F", "", "a \"b\"", "x,y", "NA", LONG} */
    } cells[] = {{"F", 1},      {"\"F\"", 1},   {"f", 0},     {"FF", 0},     {"", 0},
                 {"\"\"", 1},   {"M", 0},       {"NA", 0},    {"\"NA\"", 0}, {" F", 0},
                 {"\"a \"\"b\"\"\"", 1}, {"\"x,y\"", 1},  {"\"x\ny\"", 0}, {"n/a", 0},
                 {"a long text, over sixty-three bytes, so that its size has no bit of its own.", 1},
                 {"a long text, over sixty-three bytes, so that its size has no bit of its own;", 0}};
    enum { CELLS = sizeof cells / sizeof cells[0], COUNT = 4000 };
    static const char *const values[] = {"F", "", "a \"b\"", "x,y", "NA",
                                         "a long text, over sixty-three bytes, so that its size "
                                         "has no bit of its own."};
    static const mimic_text_filter filters[] = {{"text", values, 6}, {"KIND", values, 6}};
    static const char *const schema =
        "{\"fields\":[{\"name\":\"text\",\"type\":\"string\"},"
        "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}},"
        "{\"name\":\"id\",\"type\":\"integer\"}],\"missingValues\":[\"\",\"NA\"]}";
    char *const text = malloc(COUNT * 200);
    size_t size = (size_t)sprintf(text, "\"text\",\"kind\",\"id\"\n");
    int64_t kept = 0;
    uint32_t state = 1;
    for (int row = 0; row < COUNT; row++) {
        size_t picks[2];
        for (int i = 0; i < 2; i++) {
            state = state * 1664525 + 1013904223;
            picks[i] = (state >> 16) % CELLS;
            const char *const spelling = cells[picks[i]].spelling;
            const int is_long = strlen(spelling) > 60; /* has a comma: quoted */
            size += (size_t)sprintf(text + size, is_long ? "\"%s\"," : "%s,", spelling);
        }
        size += (size_t)sprintf(text + size, "%d\n", row % 5);
        if (cells[picks[0]].is_kept && cells[picks[1]].is_kept && row % 5 == KEPT_ID % 5)
            kept++;
    }
    static const int64_t ids[] = {KEPT_ID % 5};
    static const mimic_csv_filter integers = {"id", ids, 1};
    char *results[2];
    for (size_t i = 0; i < 2; i++) {
        mimic_context *ctx = NULL;
        mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
        char wanted[100];
        options.filters = &integers;
        options.filter_count = 1;
        options.text_filters = filters;
        options.text_filter_count = 2;
        options.jobs = i == 0 ? 1 : 3;
        options.block_bytes = 4096;
        ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
        results[i] = read_csv_in_pieces(ctx, schema, text, size, 0, &options);
        sprintf(wanted, "\n%d = %d + 0 + %d\n", (int)COUNT, (int)kept, (int)(COUNT - kept));
        ck_assert_msg(strstr(results[i], wanted) != NULL, "%s in %s", wanted,
                      results[i] + (strlen(results[i]) > 300 ? strlen(results[i]) - 300 : 0));
        mimic_context_free(ctx);
    }
    ck_assert_str_eq(results[0], results[1]);
    ck_assert_int_gt(kept, 50);
    free(results[0]);
    free(results[1]);
    free(text);
}
END_TEST

/* A filter sees the number that the column's own coercion sees: without units and group characters,
 * whatever room the field takes. */
START_TEST(csv_late__filters_see_numbers_without_units)
{
    static const struct {
        const char *spelling;
        int verdict; /* 1 = 1234, 0 = another, -1 = none */
    } cells[] = {{"1234", 1}, {"\"1,234\"", 1}, {"1234 mmHg", 1}, {"\"about 1,234 mmHg\"", 1},
                 {"1235 mmHg", 0}, {"-1234 mmHg", 0}, {"mmHg", -1}, {"12.5 mmHg", -1}, {"n/a", 0},
                 {"\"1,234 of a unit that takes very much more room than the \"\"64\"\" bytes of usual "
                  "numbers\"", -1},
                 {"\"000000000000000000000000000000000000000000000000000000000000000000000000001234\"", 1},
                 {"\"\"", -1}, {"", 0}};
    enum { CELLS = sizeof cells / sizeof cells[0], COUNT = 900 };
    static const char *const schema =
        "{\"fields\":[{\"name\":\"rate\",\"type\":\"integer\",\"bareNumber\":false,\"groupChar\":\",\"},"
        "{\"name\":\"row\",\"type\":\"integer\"}],\"missingValues\":[\"\",\"n/a\"]}";
    static const int64_t value = 1234;
    static const mimic_csv_filter filter = {"rate", &value, 1};
    char *const text = malloc(COUNT * 120);
    size_t size = (size_t)sprintf(text, "rate,row\n");
    int counts[3] = {0, 0, 0};
    for (int row = 0; row < COUNT; row++) {
        const size_t pick = (size_t)row * 7 % CELLS;
        counts[cells[pick].verdict + 1]++;
        size += (size_t)sprintf(text + size, "%s,%d\n", cells[pick].spelling, row);
    }
    mimic_context *ctx = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    char wanted[100];
    options.filters = &filter;
    options.filter_count = 1;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    char *const result = read_csv_in_pieces(ctx, schema, text, size, 0, &options);
    sprintf(wanted, "\n%d = %d + %d + %d\n", (int)COUNT, counts[2], counts[0], counts[1]);
    ck_assert_msg(strstr(result, wanted) != NULL, "%s in %s", wanted,
                  result + (strlen(result) > 300 ? strlen(result) - 300 : 0));
    mimic_context_free(ctx);
    free(result);
    free(text);
}
END_TEST

START_TEST(csv_late__text_filters_must_make_sense)
{
    static const char *const broken[] = {"\xc3"};
    static const char *const nothing[] = {NULL};
    static const mimic_text_filter wrong[] = {
        {"id", broken, 0}, {"none", broken, 0}, {"kind", broken, 1}, {"kind", nothing, 1},
        {NULL, broken, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        mimic_context *ctx = NULL;
        mimic_source *source = NULL;
        mimic_csv_reader *reader = NULL;
        mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
        options.text_filters = &wrong[i];
        options.text_filter_count = 1;
        options.no_header = 1;
        ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_source_from_memory(ctx, "", 0, "x", NULL, &source, NULL), MIMIC_OK);
        ck_assert_int_eq(
            mimic_csv_reader_open(ctx, source, read_schema(SCHEMA), &options, &reader, NULL),
            i == 1 ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_ARGUMENT);
        mimic_source_free(source);
        mimic_context_free(ctx);
    }
}
END_TEST

/* The same rows are faulty as soon as they are wanted. */
START_TEST(csv_late__the_rows_are_faulty)
{
    size_t size;
    char *const text = write_rows(&size);
    outcome *const out = malloc(sizeof *out);
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    read_rows(&options, text, size, out);
    ck_assert_int_eq(out->counts.delivered, ROWS / KEPT_EVERY);
    ck_assert_int_eq(out->counts.rejected, ROWS - ROWS / KEPT_EVERY);
    ck_assert_uint_gt(out->texts, ROWS / 2);
    free(out);
    free(text);
}
END_TEST

MIMIC_TEST_MAIN(csv_late, csv_late__filtered_rows_are_not_coerced,
                csv_late__other_columns_are_not_touched,
                csv_late__a_filter_on_a_column_not_asked_for, csv_late__filters_take_every_spelling,
                csv_late__text_filters_take_every_spelling,
                csv_late__filters_see_numbers_without_units, csv_late__text_filters_must_make_sense,
                csv_late__the_rows_are_faulty)
