/*
 * A record checker says of a record what the reader says of the same bytes: code, column, sentence and
 * typed values, over random schemas and all built-in ones, sound records and damaged ones.
 */
#include <mimic/record.h>

#include "check_main.h"
#include "read_csv.h"
#include "schema/schema_model.h"
#include "test_files.h"

#define FIELDS_MAX 160
#define RECORD_BYTES 16384

/* ---- random records ---- */

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(uint64_t bound)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % bound;
}

typedef struct record {
    mimic_cell cells[FIELDS_MAX];
    size_t cell_count;
    int is_rewritten; /* some cell needs quotes: its sentence may show it in another way */
    int is_no_text;   /* NUL or bad UTF-8, which the reader finds in the record as a whole */
    char line[RECORD_BYTES];
    size_t size; /* without a line end */
} record;

static const char *const ANYTHING[] = {
    "",      "a",     "F",         "x,y",     "say \"hi\"", "\"",     "line\nend", "NA",  "n/a",
    "12",    "-7",    "+5",        "007",     "1.5",        "1e400",  "NaN",       "INF", "1,234",
    "12 kg", "true",  "0",         "T",       "2180-07-23", "24:00",  "25:00:00",  "___", "\xc3\xa9t\xc3\xa9",
    "\xff",  "2180-07-23 06:39:00", "2180-07-23T06:39:00Z", "2180-02-30", "2180-07-23 06:39:00.1234567",
    "99999999999999999999", "40000", "a text that is longer than sixteen bytes, and than thirty-two",
    "aGVsbG8=", "8aa2b1c4-0e5d-4f4e-9a1b-0123456789ab", " 1", "1 ", "2180-07", "-0.0", "0.1", "M"};

static const char *sound_text(const mimic_field *field)
{
    if (field->enum_count > 0)
        return field->enum_values[next_random(field->enum_count)].data;
    const int has_blank = field->format_count > 0 && strchr(field->formats[0], ' ') != NULL;
    switch (field->type) {
    case MIMIC_TYPE_BOOLEAN:
        return field->true_value_count > 0 ? field->true_values[0].data : "true";
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64: {
        static const char *const texts[] = {"1", "12", "345", "9999"};
        return texts[next_random(4)];
    }
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
    case MIMIC_TYPE_DECIMAL:
        return next_random(2) == 0 ? "7" : field->decimal_char == ',' ? "2,5" : "2.5";
    case MIMIC_TYPE_DATE:
        return "2180-07-23";
    case MIMIC_TYPE_TIME:
        return "06:39:00";
    case MIMIC_TYPE_TIMESTAMP:
        return has_blank ? "2180-07-23 06:39:00" : "2180-07-23T06:39:00";
    case MIMIC_TYPE_TIMESTAMPTZ:
        return "2180-07-23T06:39:00Z";
    case MIMIC_TYPE_BINARY:
        return "aGVsbG8=";
    default: {
        static const char *const texts[] = {"a", "word", "two words", "a longer text, of many bytes"};
        return texts[next_random(4)];
    }
    }
}

/* Where no missing value is empty, CSV cannot say what a cell without a value says. */
static int can_be_missing(const mimic_field *field)
{
    for (size_t i = 0; i < field->missing_value_count; i++)
        if (field->missing_values[i].size == 0)
            return !field->is_required;
    return 0;
}

static void put_cell(record *r, const mimic_cell *cell)
{
    char *at = r->line + r->size;
    const int needs_quotes =
        cell->text != NULL &&
        (cell->size == 0 || memchr(cell->text, ',', cell->size) != NULL ||
         memchr(cell->text, '"', cell->size) != NULL || memchr(cell->text, '\n', cell->size) != NULL);
    const int is_quoted = needs_quotes || (cell->text != NULL && next_random(10) == 0);
    r->is_rewritten |= cell->text != NULL && memchr(cell->text, '"', cell->size) != NULL;
    if (is_quoted)
        *at++ = '"';
    for (size_t i = 0; i < cell->size; i++) {
        if (is_quoted && cell->text[i] == '"')
            *at++ = '"';
        *at++ = cell->text[i];
    }
    if (is_quoted)
        *at++ = '"';
    r->size = (size_t)(at - r->line);
}

static void make_record(record *r, const mimic_table *table, int64_t damage)
{
    static const char nul[] = "a\0b";
    r->cell_count = table->field_count;
    r->size = 0;
    r->is_rewritten = r->is_no_text = 0;
    for (size_t i = 0; i < table->field_count; i++) {
        mimic_cell *const cell = &r->cells[i];
        const char *text = sound_text(&table->fields[i]);
        const uint64_t pick = next_random((uint64_t)(damage + 40));
        if (pick < (uint64_t)damage)
            text = ANYTHING[next_random(sizeof ANYTHING / sizeof ANYTHING[0])];
        *cell = (mimic_cell){text, strlen(text)};
        if (can_be_missing(&table->fields[i]) && next_random(4) == 0)
            *cell = (mimic_cell){NULL, 0};
        if (damage > 0 && next_random(500) == 0)
            *cell = (mimic_cell){nul, sizeof nul - 1};
        r->is_no_text |= cell->text == nul || (cell->text != NULL && cell->text[0] == '\xff');
        if (i > 0)
            r->line[r->size++] = ',';
        put_cell(r, cell);
    }
}

/* Breaks the line somehow; the cells say nothing of it. */
static void damage_line(record *r)
{
    static const char marks[] = "\",\n\r\\x\xe9\0";
    for (uint64_t times = 1 + next_random(2); times > 0 && r->size > 0; times--) {
        const size_t at = (size_t)next_random(r->size);
        if (next_random(3) == 0) {
            memmove(r->line + at, r->line + at + 1, r->size - at - 1);
            r->size--;
        } else {
            memmove(r->line + at + 1, r->line + at, r->size - at);
            r->line[at] = marks[next_random(sizeof marks - 1)];
            r->size++;
        }
    }
    if (next_random(20) == 0)
        r->size = 0;
}

/* ---- answers ---- */

static void put_row(read_text *text, const mimic_batch *batch)
{
    ck_assert_int_eq(batch->row_count, 1);
    for (size_t i = 0; i < batch->column_count; i++) {
        read_put_value(text, &batch->columns[i], 0);
        read_put(text, "|");
    }
}

static int put_answer(const mimic_reject *reject, void *ctx)
{
    read_text *const text = ctx;
    if (text->size == 0)
        read_put(text, "%s, column '%s': %s; raw %zu '%.*s'",
                 mimic_reject_code_name(reject->code), reject->column, reject->message,
                 reject->raw_size, (int)(reject->raw_size > 60 ? 60 : reject->raw_size), reject->raw);
    return 0;
}

/* The first answer of the reader to the line. */
static char *ask_reader(const mimic_context *ctx, const mimic_table *table, const record *r,
                        const mimic_csv_options *given)
{
    static char bytes[RECORD_BYTES + 2];
    read_text text = {calloc(1, 1), 0, 1};
    mimic_csv_options options = *given;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_batch *batch;
    mimic_status status;
    memcpy(bytes, r->line, r->size);
    const size_t size = r->size + (r->size == 0 || bytes[r->size - 1] != '\n');
    bytes[size - 1] = '\n';
    options.no_header = 1;
    options.block_bytes = 4096;
    options.on_reject = put_answer;
    options.on_reject_ctx = &text;
    ck_assert_int_eq(mimic_source_from_memory(ctx, bytes, size, "x", NULL, &source, &err),
                     MIMIC_OK);
    ck_assert_msg(mimic_csv_reader_open(ctx, source, table, &options, &reader, &err) == MIMIC_OK,
                  "%s", err.message);
    while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
        if (text.size == 0 && batch->row_count > 0)
            put_row(&text, batch);
    ck_assert_msg(status == MIMIC_END, "%s", err.message);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return text.data;
}

static char *answer_of(mimic_record_checker *checker, mimic_status status,
                       const mimic_reject *reject)
{
    read_text text = {calloc(1, 1), 0, 1};
    if (status == MIMIC_OK)
        put_row(&text, mimic_record_batch(checker));
    else
        put_answer(reject, &text);
    ck_assert_int_eq(status == MIMIC_OK, mimic_record_batch(checker) != NULL);
    return text.data;
}

typedef struct tally {
    int64_t sound;
    int64_t rejected;
    int64_t skipped;
} tally;

static void check_line(const mimic_context *ctx, mimic_record_checker *checker,
                       const mimic_table *table, const record *r, const mimic_csv_options *options,
                       tally *counts)
{
    static const char *const ends[] = {"", "\n", "\r\n"};
    static char line[RECORD_BYTES + 3];
    mimic_reject reject = MIMIC_REJECT_INIT;
    mimic_error err = MIMIC_ERROR_INIT;
    const char *const end = ends[next_random(r->size > 0 && r->line[r->size - 1] == '\r' ? 1 : 3)];
    memcpy(line, r->line, r->size);
    memcpy(line + r->size, end, strlen(end));
    const mimic_status status =
        mimic_record_check_line(checker, line, r->size + strlen(end), &reject, &err);
    if (status == MIMIC_ERR_ARGUMENT) { /* more than one record */
        counts->skipped++;
        return;
    }
    ck_assert_msg(status == MIMIC_OK || status == MIMIC_ERR_VALUE, "%s", err.message);
    char *const expected = ask_reader(ctx, table, r, options);
    char *const found = answer_of(checker, status, &reject);
    /* Where quoting is broken the reader goes on behind the first line end: its raw text is cut there. */
    if (memchr(r->line, '\n', r->size) != NULL || memchr(r->line, '\r', r->size) != NULL) {
        char *const cuts[] = {strstr(expected, "; raw "), strstr(found, "; raw ")};
        for (size_t i = 0; i < 2; i++)
            if (cuts[i] != NULL)
                *cuts[i] = '\0';
    }
    ck_assert_msg(strcmp(expected, found) == 0, "table %s\n  line    %.*s\n  reader  %s\n  checker %s",
                  table->name, (int)r->size, r->line, expected, found);
    counts->sound += status == MIMIC_OK;
    counts->rejected += status != MIMIC_OK;
    free(expected);
    free(found);
}

static void check_cells(const mimic_context *ctx, mimic_record_checker *checker,
                        const mimic_table *table, const record *r,
                        const mimic_csv_options *options)
{
    mimic_reject reject = MIMIC_REJECT_INIT;
    const mimic_status status =
        mimic_record_check(checker, r->cells, r->cell_count, &reject, NULL);
    char *const expected = ask_reader(ctx, table, r, options);
    char *const found = answer_of(checker, status, &reject);
    /* raw is another; texts that had to be changed for CSV, and what is none, are told in other words */
    char *const cuts[] = {strstr(expected, r->is_no_text     ? ", column"
                                           : r->is_rewritten ? "': "
                                                             : "; raw "),
                          strstr(found, r->is_no_text     ? ", column"
                                        : r->is_rewritten ? "': "
                                                          : "; raw ")};
    for (size_t i = 0; i < 2; i++)
        if (status != MIMIC_OK && cuts[i] != NULL)
            *cuts[i] = '\0';
    ck_assert_msg(strcmp(expected, found) == 0, "table %s\n  line    %.*s\n  reader  %s\n  cells   %s",
                  table->name, (int)r->size, r->line, expected, found);
    free(expected);
    free(found);
}

static tally check_table(const mimic_context *ctx, const mimic_table *table,
                         const mimic_csv_options *options, int rounds)
{
    static record r;
    tally counts = {0, 0, 0};
    mimic_record_checker *checker = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_uint_le(table->field_count, FIELDS_MAX);
    ck_assert_msg(mimic_record_checker_new(ctx, table, options, &checker, &err) == MIMIC_OK, "%s",
                  err.message);
    ck_assert_ptr_null(mimic_record_batch(checker));
    for (int round = 0; round < rounds; round++) {
        make_record(&r, table, round % 3 == 0 ? 0 : (int64_t)next_random(30));
        check_cells(ctx, checker, table, &r, options);
        check_line(ctx, checker, table, &r, options, &counts);
        damage_line(&r);
        check_line(ctx, checker, table, &r, options, &counts);
    }
    mimic_record_checker_free(checker);
    return counts;
}

static const char *const SCHEMAS[] = {
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"constraints\":{\"required\":true,\"minimum\":1,"
    "\"maximum\":5000,\"unique\":true}},"
    "{\"name\":\"sex\",\"type\":\"string\",\"categories\":[\"F\",\"M\"]},"
    "{\"name\":\"code\",\"type\":\"string\",\"constraints\":{\"pattern\":\"[a-z ]+\",\"maxLength\":20}},"
    "{\"name\":\"text\",\"type\":\"string\",\"mimic\":{\"quotedEmpty\":\"null\"}},"
    "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}},"
    "{\"name\":\"at\",\"type\":\"datetime\",\"format\":\"%Y-%m-%d %H:%M:%S\"},"
    "{\"name\":\"day\",\"type\":\"date\",\"constraints\":{\"maximum\":\"2200-01-01\"}}],"
    "\"missingValues\":[\"\",\"NA\",\"n/a\",\"___\"]}",
    "{\"fields\":[{\"name\":\"small\",\"type\":\"integer\",\"mimic\":{\"type\":\"int16\",\"onError\":\"null\"}},"
    "{\"name\":\"amount\",\"type\":\"number\",\"groupChar\":\",\",\"bareNumber\":false},"
    "{\"name\":\"exact\",\"type\":\"number\",\"mimic\":{\"type\":\"decimal(6,2)\"}},"
    "{\"name\":\"single\",\"type\":\"number\",\"mimic\":{\"type\":\"float32\"}},"
    "{\"name\":\"flag\",\"type\":\"boolean\"},{\"name\":\"clock\",\"type\":\"time\"},"
    "{\"name\":\"moment\",\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamptz\"}},"
    "{\"name\":\"bytes\",\"type\":\"string\",\"format\":\"binary\",\"mimic\":{\"type\":\"binary\"}},"
    "{\"name\":\"uuid\",\"type\":\"string\",\"format\":\"uuid\"}]}",
    "{\"fields\":[{\"name\":\"only\",\"type\":\"string\",\"constraints\":{\"required\":true,\"minLength\":1}}]}",
    "{\"fields\":[{\"name\":\"a\",\"type\":\"number\",\"decimalChar\":\",\"},{\"name\":\"b\",\"type\":\"string\"}],"
    "\"missingValues\":[\"NA\"]}"};

START_TEST(csv_record__answers_like_the_reader)
{
    static const mimic_on_error policies[] = {MIMIC_ON_ERROR_DEFAULT, MIMIC_ON_ERROR_NULL,
                                              MIMIC_ON_ERROR_REJECT};
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (size_t i = 0; i < sizeof SCHEMAS / sizeof SCHEMAS[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
            options.on_error = policies[k];
            const tally counts = check_table(ctx, read_schema(SCHEMAS[i]), &options, 1500);
            ck_assert_msg(counts.sound > 100 && counts.rejected > 100, "schema %zu: %lld, %lld", i,
                          (long long)counts.sound, (long long)counts.rejected);
        }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(csv_record__knows_the_built_in_tables)
{
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    tally all = {0, 0, 0};
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *dataset = mimic_registry_dataset(registry, i);
        for (size_t k = 0; k < mimic_dataset_table_count(dataset); k++) {
            const mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
            const tally counts =
                check_table(ctx, mimic_dataset_table(dataset, k), &options, 40);
            all.sound += counts.sound;
            all.rejected += counts.rejected;
        }
    }
    ck_assert_int_gt(all.sound, 1000);
    ck_assert_int_gt(all.rejected, 1000);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* ---- single cases ---- */

#define PLAIN                                                                                      \
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"constraints\":{\"required\":true}},"         \
    "{\"name\":\"text\",\"type\":\"string\"},{\"name\":\"kind\",\"type\":\"string\","                    \
    "\"mimic\":{\"type\":\"categorical\"}}]}"

START_TEST(csv_record__says_what_is_wrong)
{
    mimic_context *ctx = NULL;
    mimic_record_checker *checker = NULL;
    mimic_reject reject = MIMIC_REJECT_INIT;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_cell good[] = {MIMIC_CELL("17"), MIMIC_CELL(""), MIMIC_CELL_NULL};
    const mimic_cell bad[] = {MIMIC_CELL("x"), MIMIC_CELL("a"), MIMIC_CELL_NULL};
    const mimic_cell empty[] = {MIMIC_CELL("x"), MIMIC_CELL(""), MIMIC_CELL("")};
    const mimic_cell none[] = {MIMIC_CELL_NULL, MIMIC_CELL_NULL, MIMIC_CELL_NULL};
    const mimic_cell nul[] = {MIMIC_CELL("1"), MIMIC_CELL("a\0b"), MIMIC_CELL_NULL};
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_record_checker_new(ctx, read_schema(PLAIN), NULL, &checker, &err),
                     MIMIC_OK);
    ck_assert_int_eq(mimic_record_check(checker, good, 3, &reject, &err), MIMIC_OK);
    const mimic_batch *batch = mimic_record_batch(checker);
    ck_assert_ptr_eq(mimic_record_batch(checker), batch);
    ck_assert_int_eq(mimic_column_is_valid(&batch->columns[1], 0), 1);
    ck_assert_int_eq(mimic_column_is_valid(&batch->columns[2], 0), 0);
    ck_assert_int_eq(mimic_record_check(checker, bad, 3, &reject, &err), MIMIC_ERR_VALUE);
    ck_assert_ptr_null(mimic_record_batch(checker));
    ck_assert_int_eq(reject.code, MIMIC_REJECT_TYPE);
    ck_assert_str_eq(reject.column, "id");
    ck_assert_str_eq(err.column, "id");
    ck_assert_int_eq(reject.record, 2);
    ck_assert(reject.raw_size == 4 && memcmp(reject.raw, "x,a,", 4) == 0);
    ck_assert_int_eq(mimic_record_check(checker, empty, 3, &reject, NULL), MIMIC_ERR_VALUE);
    ck_assert(reject.raw_size == 7 && memcmp(reject.raw, "x,\"\",\"\"", 7) == 0);
    ck_assert_int_eq(mimic_record_check(checker, none, 3, &reject, NULL), MIMIC_ERR_VALUE);
    ck_assert_int_eq(reject.code, MIMIC_REJECT_REQUIRED);
    ck_assert_str_eq(reject.message, "empty, but a value is required");
    ck_assert_int_eq(mimic_record_check(checker, nul, 3, &reject, NULL), MIMIC_ERR_VALUE);
    ck_assert_int_eq(reject.code, MIMIC_REJECT_NUL);
    ck_assert_str_eq(reject.column, "text");
    ck_assert_int_eq(mimic_record_check(checker, good, 2, &reject, NULL), MIMIC_ERR_VALUE);
    ck_assert_int_eq(reject.code, MIMIC_REJECT_FIELD_COUNT);
    ck_assert_str_eq(reject.message, "2 fields; 3 were expected");
    ck_assert_uint_eq(reject.raw_size, 0);
    ck_assert_int_eq(mimic_record_check(checker, NULL, 0, NULL, NULL), MIMIC_ERR_VALUE);
    ck_assert_int_eq(mimic_record_check(NULL, good, 3, NULL, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_record_check_line(checker, NULL, 1, NULL, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_record_check_line(checker, "1,a,\n2,b,\n", 10, NULL, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_record_check_line(checker, "1,\"a\nb\",", 8, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_record_batch(checker)->first_row, 1);
    mimic_record_checker_free(checker);
    mimic_record_checker_free(NULL);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(csv_record__takes_fields_in_any_order)
{
    static const char *const names[] = {"KIND", "id"};
    static const char *const twice[] = {"id", "ID"};
    static const char *const unknown[] = {"id", "none"};
    static const char *const lacking[] = {"text"};
    const struct {
        const char *const *columns;
        size_t count;
        mimic_status status;
    } wrong[] = {{twice, 2, MIMIC_ERR_ARGUMENT}, {unknown, 2, MIMIC_ERR_NOT_FOUND},
                 {lacking, 1, MIMIC_ERR_DRIFT}};
    mimic_context *ctx = NULL;
    mimic_record_checker *checker = NULL;
    const mimic_table *table = read_schema(PLAIN);
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (size_t i = 0; i < 3; i++) {
        options.columns = wrong[i].columns;
        options.column_count = wrong[i].count;
        ck_assert_int_eq(mimic_record_checker_new(ctx, table, &options, &checker, NULL),
                         wrong[i].status);
        ck_assert_ptr_null(checker);
    }
    options.columns = names;
    options.column_count = 2;
    options.limit = 5;
    ck_assert_int_eq(mimic_record_checker_new(ctx, table, &options, &checker, NULL),
                     MIMIC_ERR_ARGUMENT);
    options.limit = 0;
    options.delimiter = ';';
    options.max_record_bytes = 100;
    ck_assert_int_eq(mimic_record_checker_new(ctx, table, &options, &checker, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_record_check_line(checker, "x;5", 3, NULL, NULL), MIMIC_OK);
    const mimic_batch *batch = mimic_record_batch(checker);
    ck_assert_uint_eq(batch->column_count, 3);
    ck_assert_int_eq(((const int64_t *)batch->columns[0].values)[0], 5);
    ck_assert_int_eq(mimic_column_is_valid(&batch->columns[1], 0), 0);
    static char large[200];
    const mimic_cell cells[] = {{large, sizeof large}, MIMIC_CELL("1")};
    mimic_reject reject = MIMIC_REJECT_INIT;
    memset(large, 'a', sizeof large);
    ck_assert_int_eq(mimic_record_check(checker, cells, 2, &reject, NULL), MIMIC_ERR_VALUE);
    ck_assert_int_eq(reject.code, MIMIC_REJECT_OVERSIZE);
    ck_assert_int_eq(mimic_record_check_line(checker, large, sizeof large, &reject, NULL),
                     MIMIC_ERR_VALUE);
    ck_assert_int_eq(reject.code, MIMIC_REJECT_OVERSIZE);
    ck_assert(reject.raw_size == 100 && memcmp(reject.raw, large, 100) == 0 && reject.raw_is_cut);
    large[5] = '"';
    ck_assert_int_eq(mimic_record_check_line(checker, large, sizeof large, &reject, NULL),
                     MIMIC_ERR_VALUE);
    ck_assert_int_eq(reject.code, MIMIC_REJECT_STRAY_QUOTE);
    mimic_record_checker_free(checker);
    mimic_context_free(ctx);
}
END_TEST

/* Each allocation fails in turn, and once all were made there are no more. */
START_TEST(csv_record__survives_failing_allocations)
{
    static const char *const lines[] = {"1,a,x", "2,\"quoted \"\"text\"\"\",y", "no,b,x", "3,,",
                                        "4,\"broken"};
    const mimic_table *table = read_schema(PLAIN);
    bool is_done = false;
    for (long fail_at = 1; !is_done; fail_at++) {
        test_allocator allocator = {.fail_at = fail_at};
        mimic_context *ctx = test_context_make(&allocator);
        mimic_record_checker *checker = NULL;
        mimic_reject reject = MIMIC_REJECT_INIT;
        if (ctx == NULL)
            continue;
        mimic_status status = mimic_record_checker_new(ctx, table, NULL, &checker, NULL);
        for (size_t round = 0; round < 50 && status != MIMIC_ERR_MEMORY; round++) {
            const char *const line = lines[round % 5];
            const long calls = allocator.calls;
            status = mimic_record_check_line(checker, line, strlen(line), &reject, NULL);
            ck_assert(round < 10 || allocator.calls == calls);
        }
        is_done = allocator.calls < fail_at;
        ck_assert(is_done == (status != MIMIC_ERR_MEMORY));
        mimic_record_checker_free(checker);
        mimic_context_free(ctx);
        ck_assert_int_eq(allocator.alive, 0);
    }
}
END_TEST

MIMIC_TEST_MAIN(csv_record, csv_record__answers_like_the_reader,
                csv_record__knows_the_built_in_tables, csv_record__says_what_is_wrong,
                csv_record__takes_fields_in_any_order, csv_record__survives_failing_allocations)
