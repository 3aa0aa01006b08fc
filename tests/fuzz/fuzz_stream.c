/*
 * Fuzz target of the Arrow stream reader: the bytes choose types, fields, constraints, nulls, slices
 * and fill the buffers. Pointers and sizes are what the types ask for, since a producer is believed to
 * have that right; offsets of texts lie inside of their bytes; all else is anything. Oracles: what is
 * delivered can be looked at from end to end, the account holds, everything is released once, and the
 * same rows one by one, as slices of the same arrays, give the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/arrow.h>

#include "base/utf8.h"
#include "batch/batch_builder.h"
#include "schema/schema_model.h"

#define MAX_COLUMNS 4
#define MAX_ROWS 40
#define MAX_SLOTS 64 /* rows and what stands before them */
#define MAX_BYTES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const uint8_t *data;
    size_t size;
    size_t at;
} input;

typedef struct column {
    const char *format;
    const char *values; /* of the dictionary; NULL = none */
    struct ArrowSchema schema;
    struct ArrowSchema dictionary_schema;
    struct ArrowArray dictionary;
    const void *buffers[5];
    const void *dictionary_buffers[5];
    uint8_t validity[2][MAX_SLOTS / 8];
    uint8_t fixed[2][(MAX_SLOTS + 1) * 32];
    uint8_t bytes[2][MAX_BYTES];
    int64_t sizes[2];
    int64_t offset;
    int64_t null_count;
} column;

typedef struct producer {
    column columns[MAX_COLUMNS];
    mimic_field fields[MAX_COLUMNS];
    mimic_table table;
    int64_t column_count;
    int64_t rows;
    int64_t given;
    int64_t step; /* rows an array */
    struct ArrowSchema *schemas[MAX_COLUMNS];
    struct ArrowArray *arrays[MAX_COLUMNS];
    struct ArrowArray children[MAX_COLUMNS];
    const void *root[1];
    uint8_t root_validity[MAX_SLOTS / 8];
    long live;
} producer;

static producer p;

static void check(int is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static unsigned take(input *in)
{
    return in->at < in->size ? in->data[in->at++] : 0;
}

static void fill(input *in, void *out, size_t size)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)take(in);
}

/* ---- the producer ---- */

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
    p.live--;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
    p.live--;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    for (int64_t i = 0; i < p.column_count; i++)
        p.schemas[i] = &p.columns[i].schema;
    *out = (struct ArrowSchema){.format = "+s",
                                .n_children = p.column_count,
                                .children = p.schemas,
                                .release = release_schema};
    p.live++;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    (void)stream;
    *out = (struct ArrowArray){0};
    if (p.given >= p.rows)
        return 0;
    const int64_t count = p.rows - p.given < p.step ? p.rows - p.given : p.step;
    for (int64_t i = 0; i < p.column_count; i++)
        p.arrays[i] = &p.children[i];
    *out = (struct ArrowArray){.length = count,
                               .offset = p.given,
                               .null_count = p.root[0] == NULL ? 0 : -1,
                               .n_buffers = 1,
                               .n_children = p.column_count,
                               .buffers = p.root,
                               .children = p.arrays,
                               .release = release_array};
    p.given += count;
    p.live++;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
    p.live--;
}

/* ---- from bytes to arrays ---- */

/* Buffers of `slots` values of one format; `half` 0 = the column's own, 1 = its dictionary's. */
static int64_t fill_buffers(input *in, column *c, size_t half, const char *format, int64_t slots,
                            const void **buffers)
{
    fill(in, c->validity[half], sizeof c->validity[half]);
    buffers[0] = take(in) % 2 == 0 ? NULL : c->validity[half];
    buffers[1] = c->fixed[half];
    if (format[0] == 'n')
        return 0;
    if (strchr("uUzZ", format[0]) != NULL) {
        const size_t width = format[0] == 'u' || format[0] == 'z' ? 4 : 8;
        int64_t at = 0;
        for (int64_t i = 0; i <= slots; i++) {
            const int32_t narrow = (int32_t)at;
            memcpy(c->fixed[half] + (size_t)i * width,
                   width == 4 ? (const void *)&narrow : (const void *)&at, width);
            at += take(in) % 8;
        }
        fill(in, c->bytes[half], sizeof c->bytes[half]);
        buffers[2] = c->bytes[half];
        return 3;
    }
    fill(in, c->fixed[half], (size_t)slots * 32);
    if (format[0] != 'v')
        return 2;
    fill(in, c->bytes[half], sizeof c->bytes[half]);
    c->sizes[half] = (int64_t)sizeof c->bytes[half];
    buffers[2] = c->bytes[half];
    buffers[3] = &c->sizes[half];
    return 4;
}

static void make_column(input *in, column *c, struct ArrowArray *array, char *name)
{
    static const char *const formats[] = {
        "n",   "b",   "c",   "C",   "s",   "S",       "i",        "I",         "l",         "L",
        "e",   "f",   "g",   "z",   "Z",   "vz",      "u",        "U",         "vu",        "w:3",
        "tdD", "tdm", "tts", "ttm", "ttu", "ttn",     "tss:",     "tsm:",      "tsu:",      "tsn:",
        "tsn:UTC",    "tss:UTC",    "d:9,2,32",       "d:18,3,64", "d:38,2",   "d:38,10", "d:76,5,256"};
    const size_t count = sizeof formats / sizeof formats[0];
    c->format = formats[take(in) % count];
    c->values = strchr("cCsSiIlL", c->format[0]) != NULL && take(in) % 2 == 0
                    ? formats[take(in) % count]
                    : NULL;
    c->offset = take(in) % 9;
    c->schema = (struct ArrowSchema){.format = c->format,
                                     .name = name,
                                     .flags = ARROW_FLAG_NULLABLE,
                                     .release = release_schema};
    *array = (struct ArrowArray){.length = p.rows,
                                 .offset = c->offset,
                                 .null_count = -1,
                                 .buffers = c->buffers,
                                 .release = release_array};
    array->n_buffers = fill_buffers(in, c, 0, c->format, p.rows + c->offset, c->buffers);
    if (c->values == NULL)
        return;
    c->dictionary_schema =
        (struct ArrowSchema){.format = c->values, .flags = 2, .release = release_schema};
    c->schema.dictionary = &c->dictionary_schema;
    const int64_t texts = 1 + take(in) % MAX_ROWS;
    c->dictionary = (struct ArrowArray){.length = texts,
                                        .null_count = -1,
                                        .buffers = c->dictionary_buffers,
                                        .release = release_array};
    c->dictionary.n_buffers = fill_buffers(in, c, 1, c->values, texts, c->dictionary_buffers);
    array->dictionary = &c->dictionary;
    /* Few codes are codes; small ones mostly are. */
    const size_t width = strchr("cC", c->format[0]) != NULL   ? 1
                         : strchr("sS", c->format[0]) != NULL ? 2
                         : strchr("iI", c->format[0]) != NULL ? 4
                                                              : 8;
    if (take(in) % 8 != 0)
        for (int64_t i = 0; i < p.rows + c->offset; i++) {
            const int64_t code = c->fixed[0][(size_t)i * width] % texts;
            memset(c->fixed[0] + (size_t)i * width, 0, width);
            c->fixed[0][(size_t)i * width] = (uint8_t)code;
        }
}

static void make_field(input *in, mimic_field *field, const char *name)
{
    static const char *const formats[] = {"default"};
    static const mimic_text missing[] = {{"", 0}, {"NA", 2}};
    const mimic_type type = 1 + (mimic_type)(take(in) % 14);
    const unsigned more = take(in);
    *field = (mimic_field){.name = name,
                           .title = "",
                           .description = "",
                           .type = type,
                           .precision = 18,
                           .scale = 2,
                           .schema_type = type == MIMIC_TYPE_INT16 && more % 7 == 0 ? "year" : NULL,
                           .formats = formats,
                           .format_count = 1,
                           .allow_special = more % 2 == 0,
                           .decimal_char = '.',
                           .group_char = "",
                           .bare_number = true,
                           .missing_values = missing,
                           .missing_value_count = 1 + more / 2 % 2,
                           .is_required = more / 4 % 2 == 0,
                           .is_unique = more / 8 % 4 == 0,
                           .min_length = -1,
                           .max_length = type >= MIMIC_TYPE_STRING && more / 32 % 2 == 0 ? 3 : -1};
    if (type >= MIMIC_TYPE_INT16 && type <= MIMIC_TYPE_FLOAT64 && more / 64 % 2 == 0)
        field->minimum = "10";
}

static void make(input *in)
{
    static char names[MAX_COLUMNS][3] = {"a", "b", "c", "d"};
    memset(&p, 0, sizeof p);
    p.column_count = 1 + take(in) % MAX_COLUMNS;
    p.rows = 1 + take(in) % MAX_ROWS;
    fill(in, p.root_validity, sizeof p.root_validity);
    p.root[0] = take(in) % 4 == 0 ? p.root_validity : NULL;
    for (int64_t i = 0; i < p.column_count; i++) {
        make_field(in, &p.fields[i], names[i]);
        make_column(in, &p.columns[i], &p.children[i], names[i]);
    }
    p.table = (mimic_table){.name = "t",
                            .title = "",
                            .description = "",
                            .module = "",
                            .path = "",
                            .dataset = "",
                            .version = "",
                            .fields = p.fields,
                            .field_count = (size_t)p.column_count};
}

/* ---- what comes of it ---- */

static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ at[i]) * UINT64_C(1099511628211);
    return sum;
}

static uint64_t look_at_text(uint64_t sum, const mimic_column *view, const int32_t *offsets,
                             const char *bytes)
{
    check(offsets[0] >= 0 && offsets[0] <= offsets[1], "offsets fall");
    const size_t size = (size_t)(offsets[1] - offsets[0]);
    const char *text = bytes + offsets[0];
    if (view->type != MIMIC_TYPE_BINARY)
        check(mimic__utf8_check(text, size) == size &&
                  (size == 0 || memchr(text, '\0', size) == NULL),
              "a text that is none");
    return mix(sum, text, size);
}

static uint64_t look_at(uint64_t sum, const mimic_column *view, int64_t row)
{
    const char *values = view->values;
    const size_t width = mimic__type_width(view->type);
    const int is_valid = mimic_column_is_valid(view, row);
    sum = mix(sum, &is_valid, sizeof is_valid);
    if (!is_valid)
        return sum;
    if (view->type == MIMIC_TYPE_BOOLEAN)
        return sum * 2 + (uint64_t)(values[row >> 3] >> (row & 7) & 1);
    if (view->type == MIMIC_TYPE_CATEGORICAL) {
        const int32_t code = ((const int32_t *)view->values)[row];
        check(code >= 0 && code < view->dictionary->count, "a code without text");
        return look_at_text(sum, view, view->dictionary->offsets + code,
                            view->dictionary->bytes);
    }
    if (view->offsets != NULL)
        return look_at_text(sum, view, view->offsets + row, values);
    int64_t number = 0;
    if (width == 8)
        memcpy(&number, values + row * 8, 8);
    if (view->type == MIMIC_TYPE_DATE)
        number = ((const int32_t *)view->values)[row];
    check(mimic__time_is_valid(view->type, number), "a time that is none");
    return mix(sum, values + (size_t)row * width, width);
}

static int note_reject(const mimic_reject *reject, void *sum)
{
    uint64_t *const own = sum;
    check(reject->message[0] != '\0' && reject->record >= 1 && reject->record <= p.rows,
          "a reject without words or place");
    check(reject->raw_size <= 1024, "a long raw text");
    *own = mix(*own, &reject->code, sizeof reject->code);
    *own = mix(*own, &reject->record, sizeof reject->record);
    *own = mix(*own, reject->message, strlen(reject->message));
    return 0;
}

/* Reads the rows, `step` an array; sums of what was delivered and of what was rejected. */
static mimic_status read_rows(const mimic_context *ctx, int64_t step, const mimic_table *table,
                              mimic_on_error on_error, uint64_t sums[2])
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_arrow_reader *reader = NULL;
    const mimic_batch *batch = NULL;
    mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
    struct ArrowArrayStream stream = {get_schema, get_next, get_last_error, release_stream, &p};
    options.on_error = on_error;
    options.on_reject = note_reject;
    options.on_reject_ctx = &sums[1];
    p.given = 0;
    p.step = step;
    p.live = 1;
    sums[0] = sums[1] = 0;
    mimic_status status = mimic_arrow_reader_open(ctx, &stream, table, &options, &reader, &err);
    while (status == MIMIC_OK &&
           (status = mimic_arrow_reader_next(reader, &batch, &err)) == MIMIC_OK)
        for (int64_t row = 0; row < batch->row_count; row++)
            for (size_t i = 0; i < batch->column_count; i++)
                sums[0] = look_at(sums[0], &batch->columns[i], row);
    if (status == MIMIC_END) {
        mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
        mimic_arrow_reader_counts(reader, &counts);
        check(counts.read == p.rows && counts.read == counts.delivered + counts.rejected,
              "the account does not hold");
    } else {
        check(err.message[0] != '\0', "an error without words");
    }
    mimic_arrow_reader_free(reader);
    check(p.live == 0, "something was not released, or twice");
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mimic_context *ctx = NULL;
    uint64_t whole[2];
    uint64_t single[2];
    input in = {data, size, 0};
    if (ctx == NULL && mimic_context_new(NULL, &ctx, NULL) != MIMIC_OK)
        return 0;
    const mimic_on_error on_error = (mimic_on_error)(take(&in) % 4);
    make(&in);
    for (int own = 0; own < 2; own++) {
        const mimic_table *table = own ? NULL : &p.table;
        const mimic_status status = read_rows(ctx, p.rows, table, on_error, whole);
        /* Which of two errors comes first may differ: columns go one after the other. */
        const mimic_status sliced = read_rows(ctx, 1, table, on_error, single);
        check((sliced == MIMIC_END) == (status == MIMIC_END), "slices end otherwise");
        if (status == MIMIC_END)
            check(memcmp(whole, single, sizeof whole) == 0, "slices give other rows");
    }
    return 0;
}
