/*
 * Random tables of every type as COPY BINARY, for test_pgcopy.py, which has a server read and write
 * them.
 *
 *     pgcopy_cases write SEED FOLDER     table.sql, and rows.bin: what a load would send
 *     pgcopy_cases read SEED FOLDER      back.bin, which the server wrote, decoded and encoded again:
 *                                        must be rows.bin
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "test_batch.h"

#include "base/calendar.h"
#include "sink/pgcopy.h"

#define ROWS_MAX 2000

static uint64_t state;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * UINT64_C(2685821657736338717);
}

static int64_t below(int64_t limit)
{
    return (int64_t)((next() >> 11) % (uint64_t)limit);
}

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "pgcopy_cases: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

/* ---- tables ---- */

static void make_table(test_table *t)
{
    static char names[TEST_FIELDS_MAX][16];
    static const char *const fractions[] = {"default"};
    test_table_make(t, "random");
    const int64_t count = 1 + below(30);
    test_table_field(t, "position", MIMIC_TYPE_INT32, true);
    for (int64_t i = 1; i <= count; i++) {
        const mimic_type type = 1 + (mimic_type)below(MIMIC_TYPE_BINARY);
        snprintf(names[i], sizeof names[i], "c%d", (int)i);
        mimic_field *field = test_table_field(t, names[i], type, below(4) == 0);
        if (below(2) == 0)
            field->formats = fractions;
        if (type == MIMIC_TYPE_DECIMAL) {
            field->precision = 1 + (int32_t)below(38);
            field->scale = (int32_t)below(field->precision + 1);
        }
        if (below(2) == 0)
            field->max_length = 1 + below(20);
    }
}

/* ---- values ---- */

static int64_t random_integer(int64_t least, int64_t most)
{
    const int64_t small = below(20) - 10;
    switch (below(5)) {
    case 0:
        return least;
    case 1:
        return most;
    case 2:
        return small < least ? least : small > most ? most : small;
    default:
        return (int64_t)((uint64_t)least +
                         (next() >> 1) % ((uint64_t)most - (uint64_t)least + (most < INT64_MAX)));
    }
}

static double random_real(void)
{
    static const double special[] = {0, -0.0, 1, -1.5, 98.6, INFINITY, -INFINITY, 5e-324, 1.7e308};
    union {
        uint64_t bits;
        double value;
    } any = {next()};
    if (below(3) == 0)
        return special[below(9)];
    return isnan(any.value) ? (double)NAN : any.value;
}

static mimic_int128 random_decimal(int32_t precision)
{
    char digits[64];
    mimic_int128 value;
    const int64_t size = 1 + below(precision);
    digits[0] = below(2) == 0 ? '-' : '+';
    for (int64_t i = 1; i <= size; i++)
        digits[i] = below(3) == 0 ? '0' : (char)('0' + below(10));
    check(mimic_coerce_decimal(digits, (size_t)size + 1, precision, 0, &value) == 0, "decimal");
    return value;
}

/* Characters of one to four bytes, up to `most`; what is returned lives on. */
static test_cell random_text(int64_t most)
{
    static const char *const characters[] = {"a", "Z", " ", "\n", "\\", "\"", "\t", "\303\251",
                                             "\342\202\254", "\360\237\230\200", "0", ","};
    static char pool[1 << 24];
    static size_t used;
    int64_t count = below(10) == 0 ? 0 : below(below(20) == 0 ? 3000 : 24);
    if (most > 0 && count > most)
        count = most;
    check(used + (size_t)count * 4 < sizeof pool, "the pool is too small");
    test_cell cell = {.is_present = true, .text = pool + used};
    for (int64_t i = 0; i < count; i++) {
        const char *one = characters[below(12)];
        memcpy(pool + used, one, strlen(one));
        used += strlen(one);
    }
    cell.size = (size_t)(pool + used - cell.text);
    return cell;
}

static int64_t random_time(int64_t least, int64_t end, int64_t step)
{
    const int64_t value = random_integer(least, end - 1);
    const int64_t rest = ((value % step) + step) % step;
    return value - rest;
}

static test_cell random_cell(const mimic_field *field, const mimic_pgcopy_column *plan)
{
    test_cell cell = {.is_present = true};
    const int64_t first_day = mimic__days_from_date(1, 1, 1);
    const int64_t end_day = mimic__days_from_date(9999, 12, 31) + 1;
    switch (field->type) {
    case MIMIC_TYPE_BOOLEAN:
        cell.integer = below(2);
        break;
    case MIMIC_TYPE_INT16:
        cell.integer = random_integer(INT16_MIN, INT16_MAX);
        break;
    case MIMIC_TYPE_INT32:
        cell.integer = random_integer(INT32_MIN, INT32_MAX);
        break;
    case MIMIC_TYPE_INT64:
        cell.integer = random_integer(INT64_MIN, INT64_MAX);
        break;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        cell.real = random_real();
        break;
    case MIMIC_TYPE_DECIMAL:
        cell.decimal = random_decimal(field->precision);
        break;
    case MIMIC_TYPE_DATE:
        cell.integer = random_integer(first_day, end_day - 1);
        break;
    case MIMIC_TYPE_TIME:
        cell.integer = random_time(0, MIMIC_MICROSECONDS_PER_DAY, plan->step);
        break;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        cell.integer = random_time(first_day * MIMIC_MICROSECONDS_PER_DAY,
                                   end_day * MIMIC_MICROSECONDS_PER_DAY, plan->step);
        break;
    default:
        cell = random_text(field->type == MIMIC_TYPE_BINARY ? 0 : field->max_length);
    }
    return cell;
}

static void make_rows(test_batch *b, const mimic_pgcopy_plan *plan)
{
    const mimic_table *table = plan->table;
    test_batch_make(b, table, below(20) == 0 ? 0 : below(ROWS_MAX));
    for (int64_t row = 0; row < b->batch.row_count; row++) {
        test_set_integer(b, 0, row, row);
        for (size_t i = 1; i < table->field_count; i++)
            if (table->fields[i].is_required || below(3) != 0)
                *test_cell_at(b, i, row) = random_cell(&table->fields[i], &plan->columns[i]);
    }
    test_batch_view(b);
}

/* ---- files ---- */

static void write_file(const char *folder, const char *name, const void *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0, path);
}

static void read_file(const char *folder, const char *name, mimic_buffer *out)
{
    char path[4096];
    char piece[4096];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    check(file != NULL, path);
    while ((size = fread(piece, 1, sizeof piece, file)) > 0)
        mimic__buffer_append(out, piece, size);
    fclose(file);
}

static void encode(const mimic_pgcopy_plan *plan, const mimic_batch *batch, mimic_buffer *out)
{
    mimic_pgcopy_fault fault;
    if (mimic__pgcopy_find_fault(plan, batch, 0, &fault))
        check(false, fault.message);
    mimic__pgcopy_put_header(out);
    for (int64_t row = 0; row < batch->row_count;) {
        const int64_t step = 1 + below(100);
        const int64_t end = row + step < batch->row_count ? row + step : batch->row_count;
        mimic__pgcopy_put_rows(plan, batch, row, end, out);
        row = end;
    }
    mimic__pgcopy_put_trailer(out);
    check(!out->failed, "no memory");
}

static void decode(const mimic_context *ctx, const mimic_pgcopy_plan *plan, const mimic_buffer *in,
                   mimic_buffer *out)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_pgcopy_decoder *decoder = NULL;
    check(mimic__pgcopy_decoder_new(ctx, plan->table, 1 + (size_t)below(500), &decoder, &err) ==
              MIMIC_OK,
          err.message);
    mimic__pgcopy_put_header(out);
    for (size_t at = 0; at < in->size;) {
        const size_t left = in->size - at;
        const size_t step = 1 + (size_t)below(30000);
        const mimic_batch *batch = NULL;
        size_t used = 0;
        check(mimic__pgcopy_decoder_feed(decoder, in->data + at, step < left ? step : left, &used,
                                         &err) == MIMIC_OK,
              err.message);
        at += used;
        do {
            check(mimic__pgcopy_decoder_batch(decoder, &batch, &err) == MIMIC_OK, err.message);
            if (batch != NULL)
                mimic__pgcopy_put_rows(plan, batch, 0, batch->row_count, out);
        } while (batch != NULL);
    }
    check(mimic__pgcopy_decoder_end(decoder, &err) == MIMIC_OK, err.message);
    mimic__pgcopy_put_trailer(out);
    mimic__pgcopy_decoder_free(decoder);
}

static void write_case(const mimic_context *ctx, const mimic_pgcopy_plan *plan, const char *folder)
{
    mimic_error err = MIMIC_ERROR_INIT;
    test_batch rows;
    char *sql = NULL;
    mimic_buffer out;
    mimic__buffer_init(&out, ctx);
    check(mimic_schema_ddl(ctx, NULL, plan->table, MIMIC_SQL_POSTGRES, &sql, &err) == MIMIC_OK,
          err.message);
    write_file(folder, "table.sql", sql, strlen(sql));
    mimic__free(ctx, sql);
    make_rows(&rows, plan);
    encode(plan, &rows.batch, &out);
    write_file(folder, "rows.bin", out.data, out.size);
    mimic__buffer_free(&out);
    test_batch_free(&rows);
}

static void read_case(const mimic_context *ctx, const mimic_pgcopy_plan *plan, const char *folder)
{
    mimic_buffer back;
    mimic_buffer rows;
    mimic_buffer out;
    mimic__buffer_init(&back, ctx);
    mimic__buffer_init(&rows, ctx);
    mimic__buffer_init(&out, ctx);
    read_file(folder, "back.bin", &back);
    read_file(folder, "rows.bin", &rows);
    decode(ctx, plan, &back, &out);
    check(out.size == rows.size && memcmp(out.data, rows.data, rows.size) == 0,
          "what was decoded is not what was written");
    mimic__buffer_free(&back);
    mimic__buffer_free(&rows);
    mimic__buffer_free(&out);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("pgcopy_cases write|read SEED FOLDER\n", stderr);
        return 2;
    }
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    test_table table;
    mimic_pgcopy_plan plan;
    state = strtoull(argv[2], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    check(mimic_context_new(NULL, &ctx, &err) == MIMIC_OK, err.message);
    make_table(&table);
    check(mimic__pgcopy_plan_init(&plan, ctx, &table.table, &err) == MIMIC_OK, err.message);
    if (strcmp(argv[1], "write") == 0)
        write_case(ctx, &plan, argv[3]);
    else
        read_case(ctx, &plan, argv[3]);
    mimic__pgcopy_plan_free(&plan);
    mimic_context_free(ctx);
    return EXIT_SUCCESS;
}
