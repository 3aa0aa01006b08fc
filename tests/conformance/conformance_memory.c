/*
 * A sink of a program's own. It uses encode, so that the passing of chunks is tested too, and
 * renders values by itself: its dumps are the oracle for the others.
 */
#include "conformance_memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 16

typedef struct memory_table {
    char name[256];
    char *rows;
    char *rejects;
} memory_table;

typedef struct memory_store {
    memory_table tables[TABLES_MAX];
    size_t count;
} memory_store;

typedef struct memory_sink {
    memory_store pending;
    memory_table open;
} memory_sink;

static memory_store published;

static char *join(char *text, const char *more)
{
    const size_t size = text == NULL ? 0 : strlen(text);
    text = realloc(text, size + strlen(more) + 1);
    strcpy(text + size, more);
    return text;
}

static void free_table(memory_table *table)
{
    free(table->rows);
    free(table->rejects);
    *table = (memory_table){.name = ""};
}

static void put_in(memory_store *store, memory_table table)
{
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->tables[i].name, table.name) == 0) {
            free_table(&store->tables[i]);
            store->tables[i] = table;
            return;
        }
    if (store->count < TABLES_MAX)
        store->tables[store->count++] = table;
}

/* ---- values, as plainly as can be ---- */

static int put_bytes(char *out, const char *bytes, int32_t size)
{
    return sprintf(out, "'%.*s'", (int)size, bytes);
}

static int put_base64(char *out, const unsigned char *bytes, int32_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *p = out;
    *p++ = '\'';
    for (int32_t bit = 0; bit < size * 8; bit += 6) {
        unsigned value = 0;
        for (int32_t k = bit; k < bit + 6; k++)
            value = value << 1 | (k < size * 8 ? (unsigned)bytes[k / 8] >> (7 - k % 8) & 1u : 0u);
        *p++ = digits[value];
    }
    while ((p - out - 1) % 4 != 0)
        *p++ = '=';
    *p++ = '\'';
    *p = '\0';
    return (int)(p - out);
}

static int put_clock(char *out, int64_t microseconds)
{
    const int64_t seconds = microseconds / 1000000;
    int size = sprintf(out, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
                       (int)(seconds % 60));
    if (microseconds % 1000000 != 0) {
        size += sprintf(out + size, ".%06d", (int)(microseconds % 1000000));
        while (out[size - 1] == '0')
            out[--size] = '\0';
    }
    return size;
}

/* Counts days year by year and month by month. */
static int put_day(char *out, int64_t days)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1970;
    int month = 0;
    for (;;) {
        const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        const int length = is_leap ? 366 : 365;
        if (days < 0) {
            year--;
            days += year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
        } else if (days >= length) {
            days -= length;
            year++;
        } else {
            for (month = 0;; month++) {
                const int in_month = lengths[month] + (month == 1 && is_leap);
                if (days < in_month)
                    break;
                days -= in_month;
            }
            return sprintf(out, "%04d-%02d-%02d", year, month + 1, (int)days + 1);
        }
    }
}

static int put_moment(char *out, int64_t microseconds, const char *zone)
{
    const int64_t day = INT64_C(86400000000);
    int64_t days = microseconds / day;
    if (microseconds % day < 0)
        days--;
    int size = put_day(out, days);
    out[size++] = ' ';
    size += put_clock(out + size, microseconds - days * day);
    return size + sprintf(out + size, "%s", zone);
}

/* The lowest byte comes first, or last, as the machine has it. */
static int put_decimal(char *out, const unsigned char *native, int32_t scale)
{
    unsigned char bytes[16];
    const uint16_t probe = 1;
    const bool is_little = *(const unsigned char *)&probe == 1;
    for (int i = 0; i < 16; i++)
        bytes[i] = native[is_little ? i : 15 - i];
    /* Decimal digits by doubling, most significant bit first. */
    char digits[48] = {0};
    const bool is_negative = (bytes[15] & 0x80) != 0;
    unsigned char magnitude[16];
    unsigned carry = 1;
    for (int i = 0; i < 16; i++) {
        const unsigned value = is_negative ? (unsigned)(unsigned char)~bytes[i] + carry : bytes[i];
        magnitude[i] = (unsigned char)value;
        carry = value >> 8;
    }
    for (int bit = 127; bit >= 0; bit--) {
        int add = magnitude[bit / 8] >> (bit % 8) & 1;
        for (int i = 47; i >= 0; i--) {
            const int value = digits[i] * 2 + add;
            digits[i] = (char)(value % 10);
            add = value / 10;
        }
    }
    int first = 0;
    while (first < 47 - scale && digits[first] == 0)
        first++;
    int size = 0;
    if (is_negative)
        out[size++] = '-';
    for (int i = first; i < 48; i++) {
        if (i == 48 - scale)
            out[size++] = '.';
        out[size++] = (char)('0' + digits[i]);
    }
    out[size] = '\0';
    return size;
}

static int put_cell(char *out, const mimic_column *column, int64_t row)
{
    const char *texts = column->values;
    switch (column->type) {
    case MIMIC_TYPE_BOOLEAN:
        return sprintf(out, "%d", ((const uint8_t *)column->values)[row / 8] >> (row % 8) & 1);
    case MIMIC_TYPE_INT16:
        return sprintf(out, "%d", ((const int16_t *)column->values)[row]);
    case MIMIC_TYPE_INT32:
        return sprintf(out, "%" PRId32, ((const int32_t *)column->values)[row]);
    case MIMIC_TYPE_INT64:
        return sprintf(out, "%" PRId64, ((const int64_t *)column->values)[row]);
    case MIMIC_TYPE_FLOAT32:
        return sprintf(out, "%.9g", (double)((const float *)column->values)[row]);
    case MIMIC_TYPE_FLOAT64:
        return sprintf(out, "%.17g", ((const double *)column->values)[row]);
    case MIMIC_TYPE_DECIMAL:
        return put_decimal(out, (const unsigned char *)column->values + 16 * row, column->scale);
    case MIMIC_TYPE_DATE:
        return put_day(out, ((const int32_t *)column->values)[row]);
    case MIMIC_TYPE_TIME:
        return put_clock(out, ((const int64_t *)column->values)[row]);
    case MIMIC_TYPE_TIMESTAMP:
        return put_moment(out, ((const int64_t *)column->values)[row], "");
    case MIMIC_TYPE_TIMESTAMPTZ:
        return put_moment(out, ((const int64_t *)column->values)[row], "Z");
    case MIMIC_TYPE_CATEGORICAL: {
        const int32_t *ends = column->dictionary->offsets + ((const int32_t *)column->values)[row];
        return put_bytes(out, column->dictionary->bytes + ends[0], ends[1] - ends[0]);
    }
    case MIMIC_TYPE_BINARY:
        return put_base64(out, (const unsigned char *)texts + column->offsets[row],
                          column->offsets[row + 1] - column->offsets[row]);
    default:
        return put_bytes(out, texts + column->offsets[row],
                         column->offsets[row + 1] - column->offsets[row]);
    }
}

/* ---- the sink ---- */

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    (void)host;
    (void)err;
    memory_sink *sink = self;
    snprintf(sink->open.name, sizeof sink->open.name, "%s", mimic_table_name(table));
    sink->open.rows = join(NULL, "");
    sink->open.rejects = join(NULL, "");
    return MIMIC_OK;
}

static mimic_status encode(void *self, const mimic_batch *batch, void **out_chunk, mimic_error *err)
{
    (void)self;
    (void)err;
    char *text = join(NULL, "");
    for (int64_t row = 0; row < batch->row_count; row++) {
        char cell[4096];
        for (size_t i = 0; i < batch->column_count; i++) {
            if (mimic_column_is_valid(&batch->columns[i], row))
                put_cell(cell, &batch->columns[i], row);
            else
                strcpy(cell, "NULL");
            text = join(text, i > 0 ? "|" : "");
            text = join(text, cell);
        }
        text = join(text, "\n");
    }
    *out_chunk = text;
    return MIMIC_OK;
}

static void free_chunk(void *self, void *chunk)
{
    (void)self;
    free(chunk);
}

static mimic_status write_chunk(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    (void)batch;
    (void)err;
    memory_sink *sink = self;
    sink->open.rows = join(sink->open.rows, chunk);
    free(chunk);
    return MIMIC_OK;
}

static mimic_status store_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                 mimic_error *err)
{
    (void)table;
    (void)err;
    memory_sink *sink = self;
    char line[512];
    snprintf(line, sizeof line, "%s %s %" PRId64 " %.*s\n", mimic_reject_code_name(reject->code),
             reject->column, reject->record, (int)reject->raw_size, reject->raw);
    sink->open.rejects = join(sink->open.rejects, line);
    return MIMIC_OK;
}

static mimic_status commit(void *self, mimic_error *err)
{
    (void)err;
    memory_sink *sink = self;
    put_in(&sink->pending, sink->open);
    sink->open = (memory_table){.name = ""};
    return MIMIC_OK;
}

static void abort_table(void *self)
{
    free_table(&((memory_sink *)self)->open);
}

static mimic_status finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err)
{
    (void)finding;
    (void)finding_ctx;
    (void)err;
    memory_sink *sink = self;
    for (size_t i = 0; i < sink->pending.count; i++)
        put_in(&published, sink->pending.tables[i]);
    sink->pending.count = 0;
    return MIMIC_OK;
}

static void free_sink(void *self)
{
    memory_sink *sink = self;
    free_table(&sink->open);
    for (size_t i = 0; i < sink->pending.count; i++)
        free_table(&sink->pending.tables[i]);
    free(sink);
}

mimic_status memory_sink_open(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                              mimic_error *err)
{
    (void)folder;
    const mimic_sink_vtable vtable = {sizeof vtable, "memory",    begin,        encode,
                                      free_chunk,    write_chunk, store_reject, commit,
                                      abort_table,   finish,      free_sink};
    memory_sink *sink = calloc(1, sizeof *sink);
    const mimic_status status = mimic_sink_new(ctx, &vtable, sink, out_sink, err);
    if (status != MIMIC_OK)
        free(sink);
    return status;
}

static const memory_table *find(const char *name)
{
    for (size_t i = 0; i < published.count; i++)
        if (strcmp(published.tables[i].name, name) == 0)
            return &published.tables[i];
    return NULL;
}

char *memory_sink_dump(const char *folder, const mimic_table *table)
{
    (void)folder;
    const memory_table *found = find(mimic_table_name(table));
    return found == NULL ? NULL : join(NULL, found->rows);
}

char *memory_sink_dump_rejects(const char *folder, const char *table)
{
    (void)folder;
    const memory_table *found = find(table);
    return join(NULL, found == NULL ? "" : found->rejects);
}

void memory_sink_forget(void)
{
    for (size_t i = 0; i < published.count; i++)
        free_table(&published.tables[i]);
    published.count = 0;
}
