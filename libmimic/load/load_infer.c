/*
 * Drafts a Table Schema from a CSV file. Every column starts as everything and loses what a value
 * contradicts; what is left, the narrowest first, is the draft. Identifiers with leading zeros stay
 * text, 0/1 columns stay integers, and nothing is called required that was empty once. The draft is a
 * guess from a sample and says so: a load never guesses.
 */
#include <string.h>

#include <mimic/load.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hashmap.h"
#include "base/utf8.h"
#include "coerce/coerce_column.h"
#include "csv/csv_raw.h"

#define DEFAULT_SAMPLE_ROWS 100000
#define MAX_CATEGORIES 64          /* distinct values of a column that is called categorical */
#define MIN_ROWS_PER_CATEGORY 20   /* and how often each must come on average */
#define MAX_CATEGORY_TEXT 100      /* bytes of such a value; bounds what 4,096 columns can take */
#define MAX_TEXT 4096              /* longer values are text, whatever they look like */

typedef enum guess {
    GUESS_INT16,
    GUESS_INT32,
    GUESS_INT64,
    GUESS_FLOAT64,
    GUESS_BOOLEAN,
    GUESS_DATE,
    GUESS_TIMESTAMP_SPACE, /* 2150-01-01 10:00:00 */
    GUESS_TIMESTAMP_ISO,
    GUESS_TIMESTAMPTZ,
    GUESS_TIME,
    GUESS_TEXT,
    GUESS_COUNT,
} guess;

typedef struct guess_text {
    const char *type;
    const char *format;
    const char *physical;
} guess_text;

static const guess_text guess_texts[GUESS_COUNT] = {
    {"integer", NULL, "int16"},       {"integer", NULL, "int32"},
    {"integer", NULL, "int64"},       {"number", NULL, "float64"},
    {"boolean", NULL, "boolean"},     {"date", NULL, "date"},
    {"datetime", "%Y-%m-%d %H:%M:%S", "timestamp"},
    {"datetime", NULL, "timestamp"},  {"datetime", NULL, "timestamptz"},
    {"time", NULL, "time"},           {"string", NULL, "string"},
};

typedef struct column_guess {
    uint32_t possible; /* a bit a guess */
    int64_t present;
    int64_t missing;
    size_t max_length; /* characters */
    mimic_hashmap distinct;
    bool is_various; /* more distinct values than a categorical column has */
} column_guess;

static bool is_word(const char *text, size_t size)
{
    static const char *const words[] = {"true", "false", "True", "False", "TRUE", "FALSE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == size && memcmp(words[i], text, size) == 0)
            return true;
    return false;
}

/* "007" is a code, not a number; "0" and "0.5" are numbers. */
static bool has_leading_zero(const char *text, size_t size)
{
    return size > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

static bool fits(guess candidate, const char *text, size_t size)
{
    int16_t small;
    int32_t medium;
    int64_t large;
    double number;
    switch (candidate) {
    case GUESS_INT16:
        return !has_leading_zero(text, size) && mimic_coerce_int16(text, size, &small) == 0;
    case GUESS_INT32:
        return !has_leading_zero(text, size) && mimic_coerce_int32(text, size, &medium) == 0;
    case GUESS_INT64:
        return !has_leading_zero(text, size) && mimic_coerce_int64(text, size, &large) == 0;
    case GUESS_FLOAT64:
        return !has_leading_zero(text, size) && mimic_coerce_float64(text, size, 0, &number) == 0;
    case GUESS_BOOLEAN:
        return is_word(text, size);
    case GUESS_DATE:
        return mimic_coerce_date(text, size, NULL, &medium) == 0;
    case GUESS_TIMESTAMP_SPACE:
        return mimic_coerce_timestamp(text, size, guess_texts[candidate].format, &large) == 0;
    case GUESS_TIMESTAMP_ISO:
        return mimic_coerce_timestamp(text, size, NULL, &large) == 0;
    case GUESS_TIMESTAMPTZ:
        return mimic_coerce_timestamptz(text, size, NULL, &large) == 0;
    case GUESS_TIME:
        return mimic_coerce_time(text, size, NULL, &large) == 0;
    default:
        return true;
    }
}

static bool note_distinct(column_guess *column, const char *text, size_t size)
{
    column->is_various |= size > MAX_CATEGORY_TEXT;
    if (column->is_various)
        return true;
    if (mimic__hashmap_insert(&column->distinct, text, size) == MIMIC_HASHMAP_NONE)
        return false;
    column->is_various = column->distinct.count > MAX_CATEGORIES;
    return true;
}

static bool take_value(column_guess *column, const char *text, size_t size)
{
    bool is_quoted;
    char scratch[MAX_TEXT];
    if (size == 0) {
        column->missing++;
        return true;
    }
    column->present++;
    if (size > MAX_TEXT) {
        column->possible = 1u << GUESS_TEXT;
        column->is_various = true;
    } else {
        text = mimic__field_text(text, size, '"', 0, scratch, &size, &is_quoted);
    }
    const size_t length = mimic__utf8_length(text, size);
    if (length > column->max_length)
        column->max_length = length;
    for (int candidate = 0; candidate < GUESS_TEXT; candidate++)
        if ((column->possible >> candidate & 1) != 0 && !fits((guess)candidate, text, size))
            column->possible &= ~(1u << candidate);
    return size > MAX_TEXT || note_distinct(column, text, size);
}

static mimic_status take_rows(csv_raw_reader *reader, column_guess *columns, int64_t sample_rows,
                              int64_t *out_rows, int64_t *out_broken, mimic_error *err)
{
    for (;;) {
        const mimic_status status = mimic_csv__raw_next(reader, err);
        if (status == MIMIC_END)
            return MIMIC_OK;
        MIMIC_TRY(status);
        *out_broken += (int64_t)reader->index.fault_count;
        for (size_t row = 0; row < reader->index.row_count; row++) {
            for (size_t i = 0; i < reader->header_count; i++) {
                size_t size;
                const char *const text = mimic_csv__raw_field(reader, row, i, &size);
                if (!take_value(&columns[i], text, size))
                    return mimic__fail_memory(err);
            }
            if (++*out_rows == sample_rows)
                return MIMIC_OK;
        }
    }
}

/* ---- writing ---- */

static const guess_text *best_guess(const column_guess *column)
{
    if (column->present == 0)
        return &guess_texts[GUESS_TEXT];
    int best = 0;
    while ((column->possible >> best & 1) == 0)
        best++;
    return &guess_texts[best];
}

static void put_column(mimic_buffer *out, const char *name, const column_guess *column)
{
    const guess_text *const text = best_guess(column);
    const char *physical = text->physical;
    const bool is_text = text == &guess_texts[GUESS_TEXT];
    if (is_text && column->present > 0 && !column->is_various &&
        column->present >= (int64_t)column->distinct.count * MIN_ROWS_PER_CATEGORY)
        physical = "categorical";
    mimic__buffer_text(out, "    {\"name\": ");
    mimic__buffer_json_string(out, name);
    mimic__buffer_format(out, ", \"type\": \"%s\"", text->type);
    if (text->format != NULL)
        mimic__buffer_format(out, ", \"format\": \"%s\"", text->format);
    mimic__buffer_format(out, ", \"description\": \"Guessed from %lld values, %lld missing",
                         (long long)column->present, (long long)column->missing);
    if (is_text)
        mimic__buffer_format(out, "; at most %zu characters", column->max_length);
    mimic__buffer_byte(out, '"');
    if (column->missing == 0 && column->present > 0)
        mimic__buffer_text(out, ", \"constraints\": {\"required\": true}");
    mimic__buffer_format(out, ", \"mimic\": {\"type\": \"%s\"}}", physical);
}

static char *write_schema(const mimic_context *ctx, const csv_raw_reader *reader,
                          const column_guess *columns, int64_t rows, int64_t broken)
{
    mimic_buffer out;
    mimic__buffer_init(&out, ctx);
    mimic__buffer_format(&out, "{\n  \"description\": \"A draft, guessed from %lld rows",
                         (long long)rows);
    if (broken > 0)
        mimic__buffer_format(&out, " (%lld broken ones left out)", (long long)broken);
    mimic__buffer_text(&out, "; read it over before use\",\n  \"fields\": [\n");
    for (size_t i = 0; i < reader->header_count; i++) {
        put_column(&out, reader->header[i], &columns[i]);
        mimic__buffer_text(&out, i + 1 < reader->header_count ? ",\n" : "\n");
    }
    mimic__buffer_text(&out, "  ],\n  \"missingValues\": [\"\"]\n}\n");
    return mimic__buffer_take_text(&out);
}

static mimic_status infer_inner(const mimic_context *ctx, csv_raw_reader *reader,
                                column_guess *columns, int64_t sample_rows, char **out_json,
                                mimic_error *err)
{
    int64_t rows = 0;
    int64_t broken = 0;
    for (size_t i = 0; i < reader->header_count; i++) {
        columns[i].possible = (1u << GUESS_COUNT) - 1;
        mimic__hashmap_init(&columns[i].distinct, ctx);
    }
    MIMIC_TRY(take_rows(reader, columns, sample_rows, &rows, &broken, err));
    *out_json = write_schema(ctx, reader, columns, rows, broken);
    return *out_json == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic_infer(const mimic_context *ctx, mimic_source *source, int64_t sample_rows,
                         char **out_json, mimic_error *err)
{
    if (ctx == NULL || source == NULL || out_json == NULL || sample_rows < 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, source and out_json must not be NULL, sample_rows not "
                           "negative");
    csv_raw_reader reader;
    column_guess *columns = NULL;
    *out_json = NULL;
    mimic_status status = mimic_csv__raw_open(ctx, source, &reader, err);
    if (status == MIMIC_OK) {
        columns = mimic__alloc_zeroed(ctx, reader.header_count, sizeof *columns);
        if (columns == NULL)
            status = mimic__fail_memory(err);
    }
    if (status == MIMIC_OK)
        status = infer_inner(ctx, &reader, columns,
                             sample_rows == 0 ? DEFAULT_SAMPLE_ROWS : sample_rows, out_json, err);
    for (size_t i = 0; columns != NULL && i < reader.header_count; i++)
        mimic__hashmap_free(&columns[i].distinct);
    mimic__free(ctx, columns);
    mimic_csv__raw_close(&reader);
    return status;
}
