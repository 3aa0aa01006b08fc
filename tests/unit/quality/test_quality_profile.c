/*
 * Profiles of whole tables: against a plain computation on random rows, whatever the batches were;
 * forms of the report; memory that runs out.
 */
#include "check_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "failing_allocator.h"
#include "quality/quality_print.h"
#include "quality/quality_profile.h"
#include "test_batch.h"

enum { ROWS = 30000, COLUMNS = 9 };
enum { ID, FEW, LAB, AT, TEXT, WARD, FLAG, STOP, HOLLOW };

typedef struct cell {
    bool is_present;
    int64_t whole;
    double real;
    char text[24];
} cell;

static cell cells[ROWS][COLUMNS];
static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void make_table(test_table *t)
{
    static const mimic_span span = {AT, STOP};
    test_table_make(t, "labs");
    test_table_field(t, "id", MIMIC_TYPE_INT64, true);
    test_table_field(t, "few", MIMIC_TYPE_INT16, false);
    test_table_field(t, "lab", MIMIC_TYPE_FLOAT64, false);
    test_table_field(t, "at", MIMIC_TYPE_TIMESTAMP, false);
    test_table_field(t, "text", MIMIC_TYPE_STRING, false);
    test_table_field(t, "ward", MIMIC_TYPE_CATEGORICAL, false);
    test_table_field(t, "flag", MIMIC_TYPE_BOOLEAN, false);
    test_table_field(t, "stop", MIMIC_TYPE_TIMESTAMP, false);
    test_table_field(t, "hollow", MIMIC_TYPE_DATE, false);
    test_table_key(t, ID);
    t->table.spans = &span;
    t->table.span_count = 1;
}

static void make_cells(void)
{
    static const char *const wards[] = {"east", "west", "\xc3\xa9tage 3", "<b>"};
    for (size_t row = 0; row < ROWS; row++) {
        cell *const c = cells[row];
        for (size_t i = 0; i < COLUMNS; i++)
            c[i].is_present = i == ID || next() % 10 != 0;
        c[ID].whole = 10000000 + (int64_t)row * 3;
        c[FEW].whole = (int64_t)(next() % 5) - 2;
        /* More than 4,096 differ, of both signs, with an outlier. */
        c[LAB].real = row == 777 ? 999999 : (double)((int64_t)(next() % 20000) - 2000) / 10;
        c[AT].whole = INT64_C(6000000000000000) + (int64_t)(row / 7) * 60000000;
        c[STOP].whole = c[AT].whole + ((int64_t)(next() % 20) - 1) * 1000000;
        snprintf(c[TEXT].text, sizeof c[TEXT].text, "%llu",
                 (unsigned long long)(next() % (row % 2 == 0 ? 50 : 20000)));
        snprintf(c[WARD].text, sizeof c[WARD].text, "%s", wards[next() % 4]);
        c[FLAG].whole = (int64_t)(next() % 2);
        c[HOLLOW].is_present = false;
    }
}

static void take_rows(quality_profile *profile, const mimic_table *table, size_t first, size_t count)
{
    test_batch b;
    mimic_error err = MIMIC_ERROR_INIT;
    void *notes = NULL;
    test_batch_make(&b, table, (int64_t)count);
    for (size_t row = 0; row < count; row++)
        for (size_t i = 0; i < COLUMNS; i++) {
            const cell *const c = &cells[first + row][i];
            if (!c->is_present)
                continue;
            if (i == TEXT || i == WARD)
                test_set_text(&b, i, (int64_t)row, c->text);
            else if (i == LAB)
                test_set_real(&b, i, (int64_t)row, c->real);
            else
                test_set_integer(&b, i, (int64_t)row, c->whole);
        }
    const mimic_batch *const batch = test_batch_view(&b);
    /* Looking leaves no trace. */
    ck_assert_int_eq(mimic__profile_look(profile, batch, &notes, &err), MIMIC_OK);
    mimic__profile_drop(profile, notes);
    ck_assert_int_eq(mimic__profile_look(profile, batch, &notes, &err), MIMIC_OK);
    ck_assert_int_eq(mimic__profile_take(profile, batch, NULL, notes, &err), MIMIC_OK);
    test_batch_free(&b);
}

static quality_table *profile_in(const mimic_context *ctx, const mimic_table *table, size_t cut)
{
    quality_profile *profile = NULL;
    quality_table *result = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__profile_new(ctx, table, &profile, &err), MIMIC_OK);
    for (size_t first = 0; first < ROWS;) {
        size_t count = cut == 0 ? 1 + next() % 5000 : cut;
        count = count > ROWS - first ? ROWS - first : count;
        take_rows(profile, table, first, count);
        first += count;
    }
    ck_assert_int_eq(mimic__profile_result(profile, &result, &err), MIMIC_OK);
    mimic__profile_free(profile);
    return result;
}

static mimic_quality *quality_of(const mimic_context *ctx, quality_table *table)
{
    mimic_quality *quality = mimic__quality_new(ctx);
    ck_assert_ptr_nonnull(quality);
    ck_assert(mimic__quality_add_table(quality, table));
    ck_assert(mimic__quality_derive_checks(quality));
    return quality;
}

static char *text_of(const mimic_quality *quality, mimic_quality_format format,
                     const mimic_quality_options *options)
{
    char *text = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_quality_text(quality, format, options, &text, &err), MIMIC_OK);
    return text;
}

static mimic_context *context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

START_TEST(quality_profile__knows_no_batches)
{
    test_table t;
    mimic_context *ctx = context();
    make_table(&t);
    make_cells();
    char *first = NULL;
    const size_t cuts[] = {ROWS, 8192, 1000, 0, 0, 61};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        mimic_quality *quality = quality_of(ctx, profile_in(ctx, &t.table, cuts[i]));
        char *json = text_of(quality, MIMIC_QUALITY_JSON, NULL);
        if (first == NULL) {
            first = json;
        } else {
            ck_assert_str_eq(json, first);
            mimic_free(ctx, json);
        }
        mimic_quality_free(quality);
    }
    mimic_free(ctx, first);
    mimic_context_free(ctx);
}
END_TEST

/* ---- a plain computation ---- */

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t present_numbers(size_t column, double *out)
{
    size_t count = 0;
    for (size_t row = 0; row < ROWS; row++)
        if (cells[row][column].is_present)
            out[count++] = column == LAB ? cells[row][column].real : (double)cells[row][column].whole;
    qsort(out, count, sizeof *out, compare_doubles);
    return count;
}

static int64_t distinct_numbers(const double *sorted, size_t count)
{
    int64_t distinct = count > 0;
    for (size_t i = 1; i < count; i++)
        distinct += sorted[i] != sorted[i - 1];
    return distinct;
}

static void check_moments(const mimic_quality_column_info *info, const double *values, size_t count)
{
    long double sum = 0;
    long double spread = 0;
    for (size_t i = 0; i < count; i++)
        sum += (long double)values[i];
    const long double mean = sum / (long double)count;
    for (size_t i = 0; i < count; i++)
        spread += ((long double)values[i] - mean) * ((long double)values[i] - mean);
    ck_assert(info->has_moments);
    ck_assert_double_eq_tol(info->mean, (double)mean, fabs((double)mean) * 1e-13);
    const double deviation = (double)sqrtl(spread / (long double)(count - 1));
    ck_assert_double_eq_tol(info->deviation, deviation, deviation * 1e-12);
}

static void check_numbers(const mimic_quality_column_info *info, size_t column, bool is_exact)
{
    static const double shares[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    static double values[ROWS];
    const size_t count = present_numbers(column, values);
    const int64_t distinct = distinct_numbers(values, count);
    ck_assert_int_eq(info->rows, ROWS);
    ck_assert_int_eq(info->nulls, ROWS - (int64_t)count);
    ck_assert_int_eq(info->is_distinct_exact, is_exact);
    ck_assert_int_eq(info->are_quantiles_exact, is_exact);
    ck_assert_int_le(llabs(info->distinct - distinct), is_exact ? 0 : distinct / 20);
    ck_assert_double_eq(strtod(info->minimum, NULL), values[0]);
    ck_assert_double_eq(strtod(info->maximum, NULL), values[count - 1]);
    check_moments(info, values, count);
    for (size_t i = 0; i < MIMIC_QUALITY_QUANTILES; i++) {
        const double expected = values[(size_t)ceil(shares[i] * (double)count - 1e-9) - 1];
        const double found = strtod(info->quantiles[i], NULL);
        const double bound = is_exact ? 0 : fabs(expected) * info->quantile_error * 1.01 + 1e-9;
        ck_assert_double_le(fabs(found - expected), bound);
    }
}

static void check_texts(const quality_result *result, size_t column)
{
    static const char *texts[ROWS];
    size_t count = 0;
    int64_t distinct = 0;
    for (size_t row = 0; row < ROWS; row++)
        if (cells[row][column].is_present)
            texts[count++] = cells[row][column].text;
    qsort(texts, count, sizeof *texts, compare_texts);
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || strcmp(texts[i], texts[i - 1]) != 0;
    ck_assert_int_eq(result->info.nulls, ROWS - (int64_t)count);
    ck_assert_int_le(llabs(result->info.distinct - distinct),
                     result->info.is_distinct_exact ? 0 : distinct / 20);
    ck_assert_uint_gt(result->top_count, 0);
    for (size_t i = 0; i < result->top_count; i++) {
        int64_t found = 0;
        for (size_t j = 0; j < count; j++)
            found += strcmp(texts[j], result->top[i].text) == 0;
        ck_assert_int_eq(result->top[i].count, found);
        ck_assert(i == 0 || result->top[i - 1].count >= found);
    }
}

START_TEST(quality_profile__agrees_with_a_plain_computation)
{
    test_table t;
    mimic_context *ctx = context();
    make_table(&t);
    make_cells();
    quality_table *table = profile_in(ctx, &t.table, 3000);
    check_numbers(&table->columns[ID].info, ID, false);
    check_numbers(&table->columns[FEW].info, FEW, true);
    check_numbers(&table->columns[LAB].info, LAB, false);
    check_texts(&table->columns[TEXT], TEXT);
    check_texts(&table->columns[WARD], WARD);
    ck_assert_int_eq(table->columns[WARD].info.shortest, 3);
    ck_assert_int_eq(table->columns[WARD].info.longest, 7); /* characters, not bytes */
    ck_assert_uint_eq(table->columns[ID].top_count, 0);
    ck_assert_int_eq(table->columns[HOLLOW].info.nulls, ROWS);
    ck_assert_str_eq(table->columns[HOLLOW].info.minimum, "");
    int64_t both = 0;
    int64_t reversed = 0;
    int64_t zeros = 0;
    for (size_t row = 0; row < ROWS; row++) {
        const cell *const c = cells[row];
        both += c[AT].is_present && c[STOP].is_present;
        reversed += c[AT].is_present && c[STOP].is_present && c[STOP].whole < c[AT].whole;
        zeros += c[FEW].is_present && c[FEW].whole == 0;
    }
    ck_assert_int_eq(table->spans[0].both, both);
    ck_assert_int_eq(table->spans[0].reversed, reversed);
    ck_assert_int_eq(table->columns[FEW].info.zeros, zeros);
    int64_t bars = table->columns[LAB].histogram.below + table->columns[LAB].histogram.above;
    for (size_t i = 0; i < table->columns[LAB].histogram.bins; i++)
        bars += table->columns[LAB].histogram.counts[i];
    ck_assert_int_eq(bars, ROWS - table->columns[LAB].info.nulls);
    mimic__quality_table_free(table);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(quality_profile__hides_values)
{
    test_table t;
    mimic_context *ctx = context();
    make_table(&t);
    make_cells();
    mimic_quality *quality = quality_of(ctx, profile_in(ctx, &t.table, 5000));
    mimic_quality_options options = MIMIC_QUALITY_OPTIONS_INIT;
    for (mimic_quality_format format = MIMIC_QUALITY_PLAIN; format <= MIMIC_QUALITY_HTML; format++) {
        char *text = text_of(quality, format, NULL);
        ck_assert_ptr_nonnull(strstr(text, "999999"));
        ck_assert(format == MIMIC_QUALITY_PLAIN || strstr(text, "west") != NULL);
        mimic_free(ctx, text);
        options.no_values = 1;
        text = text_of(quality, format, &options);
        ck_assert_ptr_null(strstr(text, "999999"));
        ck_assert_ptr_null(strstr(text, "west"));
        ck_assert_ptr_null(strstr(text, "10000000"));
        mimic_free(ctx, text);
        options.no_values = 0;
        options.min_count = ROWS;
        text = text_of(quality, format, &options);
        ck_assert_ptr_null(strstr(text, "999999"));
        ck_assert_ptr_null(strstr(text, "west"));
        mimic_free(ctx, text);
        options.min_count = 0;
    }
    mimic_quality_free(quality);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(quality_profile__refuses_bad_arguments)
{
    mimic_context *ctx = context();
    mimic_quality *quality = mimic__quality_new(ctx);
    mimic_quality_options options = MIMIC_QUALITY_OPTIONS_INIT;
    mimic_error err = MIMIC_ERROR_INIT;
    char *text = NULL;
    mimic_quality *out = NULL;
    ck_assert_int_eq(mimic_quality_text(quality, 0, NULL, &text, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_quality_text(quality, 4, NULL, &text, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_quality_text(NULL, 1, NULL, &text, &err), MIMIC_ERR_ARGUMENT);
    options.min_count = -1;
    ck_assert_int_eq(mimic_quality_text(quality, 1, &options, &text, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_quality_read(ctx, NULL, NULL, NULL, &out, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_lt(mimic_quality_read(ctx, NULL, "sqlite:/nowhere/at.all", NULL, &out, &err), 0);
    ck_assert_ptr_null(out);
    ck_assert_int_eq(mimic_quality_check(quality, 0, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_quality_table(NULL, 0, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_uint_eq(mimic_quality_table_count(NULL), 0);
    mimic_quality_free(quality);
    mimic_quality_free(NULL);
    mimic_context_free(ctx);
}
END_TEST

/* ---- memory ---- */

static test_table memory_table;
static test_batch memory_batches[3];

static mimic_status profile_and_print(const mimic_context *ctx, quality_profile *profile,
                                      mimic_quality *quality, mimic_error *err)
{
    quality_table *table = NULL;
    for (size_t i = 0; i < 3; i++) {
        const mimic_batch *const batch = &memory_batches[i].batch;
        void *notes = NULL;
        mimic_status status = mimic__profile_look(profile, batch, &notes, err);
        if (status == MIMIC_OK)
            status = mimic__profile_take(profile, batch, NULL, notes, err);
        if (status != MIMIC_OK)
            return status;
    }
    mimic_status status = mimic__profile_result(profile, &table, err);
    if (status != MIMIC_OK)
        return status;
    if (!mimic__quality_add_table(quality, table) || !mimic__quality_derive_checks(quality))
        return mimic__fail_memory(err);
    for (mimic_quality_format format = 1; format <= 3 && status == MIMIC_OK; format++) {
        char *text = NULL;
        status = mimic_quality_text(quality, format, NULL, &text, err);
        mimic__free(ctx, text);
    }
    return status;
}

static mimic_status scenario(const mimic_context *ctx, mimic_error *err)
{
    quality_profile *profile = NULL;
    mimic_quality *quality = mimic__quality_new(ctx);
    mimic_status status = quality == NULL
                              ? mimic__fail_memory(err)
                              : mimic__profile_new(ctx, &memory_table.table, &profile, err);
    if (status == MIMIC_OK)
        status = profile_and_print(ctx, profile, quality, err);
    mimic__profile_free(profile);
    mimic_quality_free(quality);
    return status;
}

START_TEST(quality_profile__survives_lack_of_memory)
{
    make_table(&memory_table);
    make_cells();
    for (size_t i = 0; i < 3; i++) {
        test_batch_make(&memory_batches[i], &memory_table.table, 5000);
        for (int64_t row = 0; row < 5000; row++) {
            test_set_integer(&memory_batches[i], ID, row, (int64_t)i * 5000 + row);
            test_set_real(&memory_batches[i], LAB, row, (double)(row / 3 - 500));
            test_set_text(&memory_batches[i], TEXT, row, cells[i * 5000 + (size_t)row][TEXT].text);
            test_set_text(&memory_batches[i], WARD, row, "a ward");
        }
        (void)test_batch_view(&memory_batches[i]);
    }
    replay_failing_allocations(scenario);
    for (size_t i = 0; i < 3; i++)
        test_batch_free(&memory_batches[i]);
}
END_TEST

MIMIC_TEST_MAIN(quality_profile, quality_profile__knows_no_batches,
                quality_profile__agrees_with_a_plain_computation, quality_profile__hides_values,
                quality_profile__refuses_bad_arguments, quality_profile__survives_lack_of_memory)
