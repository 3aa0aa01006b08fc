/*
 * Fuzz target of the CSV reader. Oracle: the same bytes, read with another CPU kernel, in other chunks
 * and in blocks of another size, give the same rows, the same rejects, the same counts and the same
 * final status; read = delivered + rejected + filtered; the raw text of a reject stands in the input
 * where the reject says.
 *
 * Every input runs under each of a few dialects. A difference ends the process with abort(), which
 * is what a fuzzer looks for.
 */
#include <inttypes.h>
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INPUT (16 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SCHEMA[] =
    "{\"fields\":["
    "{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"
    "\"constraints\":{\"required\":true}},"
    "{\"name\":\"value\",\"type\":\"number\",\"mimic\":{\"type\":\"float64\"}},"
    "{\"name\":\"text\",\"type\":\"string\"},"
    "{\"name\":\"day\",\"type\":\"date\"},"
    "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}}]}";

static const int64_t KEPT_IDS[] = {0, 1, 2, 3, 5, 8, 13};
static const mimic_csv_filter FILTER = {"id", KEPT_IDS, sizeof KEPT_IDS / sizeof KEPT_IDS[0]};
static const char *const PROJECTION[] = {"kind", "text"};

/* What is read: the dialect and its options. */
typedef struct dialect {
    const char *name;
    mimic_csv_options options;
} dialect;

static const dialect DIALECTS[] = {
    {"default", MIMIC_CSV_OPTIONS_INIT},
    {"no header, small records",
     {.struct_size = sizeof(mimic_csv_options), .no_header = 1, .max_record_bytes = 48}},
    {"semicolon, escape, comment",
     {.struct_size = sizeof(mimic_csv_options), .no_header = 1, .delimiter = ';', .escape = '\\',
      .comment = '#', .on_error = MIMIC_ON_ERROR_NULL}},
    {"no quoting", {.struct_size = sizeof(mimic_csv_options), .no_header = 1, .no_quoting = 1}},
    {"projection, filter, limit",
     {.struct_size = sizeof(mimic_csv_options), .columns = PROJECTION, .column_count = 2,
      .filters = &FILTER, .filter_count = 1, .limit = 5}},
};

/* How it is read: none of this may show in the result. */
typedef struct delivery {
    uint32_t cpu_mask;
    size_t chunk; /* bytes a read delivers at most; 0 = sizes that vary */
    uint32_t block_bytes;
} delivery;

static const delivery DELIVERIES[] = {
    {MIMIC_CPU_NONE, SIZE_MAX, MAX_INPUT},
    {0, SIZE_MAX, 4096},
    {MIMIC_CPU_NONE, 1, 64},
    {MIMIC_CPU_AVX2, 0, 100},
    {0, 7, 1},
};

/* ---- everything that a reading gave, as text ---- */

typedef struct text {
    char *bytes;
    size_t size, capacity;
} text;

static void add(text *out, const void *bytes, size_t size)
{
    if (out->capacity - out->size < size) {
        out->capacity = (out->capacity + size) * 2;
        out->bytes = realloc(out->bytes, out->capacity);
        if (out->bytes == NULL)
            abort();
    }
    if (size > 0)
        memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static void add_number(text *out, int64_t number)
{
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%" PRId64 " ", number);
    add(out, digits, (size_t)length);
}

typedef struct reading {
    const uint8_t *data;
    size_t size, position;
    const delivery *how;
    text rows, rejects;
    int64_t reject_count;
    mimic_status status;
    mimic_csv_counts counts;
} reading;

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_csv: %s\n", what);
        abort();
    }
}

static mimic_status read_chunk(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                               mimic_error *err)
{
    (void)err;
    reading *self = ctx;
    const size_t left = self->size - self->position;
    if (left == 0)
        return MIMIC_END;
    size_t chunk = self->how->chunk;
    if (chunk == 0)
        chunk = 1 + (self->position * 2654435761u >> 7) % 97;
    if (chunk > left)
        chunk = left;
    if (chunk > capacity)
        chunk = capacity;
    memcpy(buffer, self->data + self->position, chunk);
    self->position += chunk;
    *out_size = chunk;
    return MIMIC_OK;
}

static int on_reject(const mimic_reject *reject, void *ctx)
{
    reading *self = ctx;
    self->reject_count++;
    add_number(&self->rejects, reject->code);
    add_number(&self->rejects, reject->record);
    add_number(&self->rejects, reject->line);
    add_number(&self->rejects, reject->byte_offset);
    add(&self->rejects, reject->column, strlen(reject->column) + 1);
    add(&self->rejects, reject->message, strlen(reject->message) + 1);
    add_number(&self->rejects, reject->raw_is_cut);
    add(&self->rejects, reject->raw, reject->raw_size);
    add(&self->rejects, "\n", 1);
    require(reject->byte_offset >= 0 && (size_t)reject->byte_offset <= self->size,
            "a reject stands beyond the input");
    const size_t offset = (size_t)reject->byte_offset;
    require(reject->raw_size <= self->size - offset &&
                memcmp(reject->raw, self->data + offset, reject->raw_size) == 0,
            "the raw text of a reject is not what stands at its place");
    return 0;
}

static void add_cell(text *out, const mimic_column *column, int64_t row)
{
    if (!mimic_column_is_valid(column, row)) {
        add(out, "-", 1);
        return;
    }
    switch (column->type) {
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        add_number(out, ((const int32_t *)column->values)[row]);
        break;
    case MIMIC_TYPE_FLOAT64:
        add(out, (const double *)column->values + row, sizeof(double));
        break;
    case MIMIC_TYPE_STRING: {
        const int32_t from = column->offsets[row], to = column->offsets[row + 1];
        require(from >= 0 && from <= to, "offsets go down");
        require(mimic_coerce_string((const char *)column->values + from, (size_t)(to - from), -1,
                                    -1) == 0,
                "a text that is not UTF-8, or holds NUL, was delivered");
        add_number(out, to - from);
        add(out, (const char *)column->values + from, (size_t)(to - from));
        break;
    }
    case MIMIC_TYPE_CATEGORICAL: {
        const int32_t code = ((const int32_t *)column->values)[row];
        require(code >= 0 && code < column->dictionary->count, "a code beyond the dictionary");
        const int32_t from = column->dictionary->offsets[code];
        add_number(out, code);
        add(out, column->dictionary->bytes + from,
            (size_t)(column->dictionary->offsets[code + 1] - from));
        break;
    }
    default:
        require(0, "a column of another type");
    }
    add(out, "|", 1);
}

static void add_batch(reading *self, const mimic_batch *batch)
{
    for (int64_t row = 0; row < batch->row_count; row++) {
        for (size_t i = 0; i < batch->column_count; i++)
            add_cell(&self->rows, &batch->columns[i], row);
        add(&self->rows, "\n", 1);
    }
    for (size_t i = 0; i < batch->column_count; i++) {
        int64_t nulls = 0;
        for (int64_t row = 0; row < batch->row_count; row++)
            nulls += !mimic_column_is_valid(&batch->columns[i], row);
        require(nulls == batch->columns[i].null_count, "null_count is wrong");
    }
}

/* ---- one reading ---- */

static void read_all(reading *self, const mimic_context *ctx, const mimic_table *table,
                     const dialect *what)
{
    mimic_csv_options options = what->options;
    options.block_bytes = self->how->block_bytes;
    options.on_reject = on_reject;
    options.on_reject_ctx = self;
    const mimic_source_callbacks callbacks = {sizeof callbacks, read_chunk, NULL, self};
    mimic_source_options plain = MIMIC_SOURCE_OPTIONS_INIT;
    plain.compression = MIMIC_COMPRESSION_NONE;
    mimic_source *source = NULL;
    require(mimic_source_from_callbacks(ctx, &callbacks, "input", &plain, &source, NULL) == MIMIC_OK,
            "no source");
    mimic_csv_reader *reader = NULL;
    int64_t delivered = 0;
    self->status = mimic_csv_reader_open(ctx, source, table, &options, &reader, NULL);
    while (self->status == MIMIC_OK) {
        const mimic_batch *batch = NULL;
        self->status = mimic_csv_reader_next(reader, &batch, NULL);
        if (self->status != MIMIC_OK)
            break;
        delivered += batch->row_count;
        add_batch(self, batch);
    }
    self->counts.struct_size = sizeof self->counts;
    if (reader != NULL) {
        mimic_csv_reader_counts(reader, &self->counts);
        require(self->counts.delivered == delivered, "delivered rows were counted wrongly");
        require(self->counts.rejected == self->reject_count, "rejects were counted wrongly");
        require(self->counts.read ==
                    self->counts.delivered + self->counts.rejected + self->counts.filtered,
                "read is not delivered + rejected + filtered");
    }
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
}

static int same_text(const text *a, const text *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

static void show(const text *what)
{
    for (size_t i = 0; i < what->size; i++)
        fputc((what->bytes[i] < ' ' && what->bytes[i] != '\n') ? '~' : what->bytes[i], stderr);
}

static void compare(const reading *first, const reading *other, const dialect *what)
{
    const char *difference = NULL;
    if (first->status != other->status)
        difference = "status";
    else if (!same_text(&first->rows, &other->rows))
        difference = "rows";
    else if (!same_text(&first->rejects, &other->rejects))
        difference = "rejects";
    else if (memcmp(&first->counts, &other->counts, sizeof first->counts) != 0)
        difference = "counts";
    if (difference == NULL)
        return;
    fprintf(stderr, "fuzz_csv: %s differ (dialect: %s; chunk %zu, block %" PRIu32 ", cpu %" PRIx32 ")\n",
            difference, what->name, other->how->chunk, other->how->block_bytes, other->how->cpu_mask);
    fprintf(stderr, "status %d and %d\n---- rejects\n", first->status, other->status);
    show(&first->rejects);
    fprintf(stderr, "---- and\n");
    show(&other->rejects);
    abort();
}

/* A context and a table for each CPU mask; they stay for the life of the process. */
static const mimic_context *prepare(uint32_t cpu_mask, const mimic_table **out_table)
{
    static mimic_context *contexts[2];
    static mimic_registry *registries[2];
    static const mimic_table *tables[2];
    const size_t which = cpu_mask != 0;
    if (contexts[which] == NULL) {
        mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
        options.cpu_mask = cpu_mask;
        const mimic_dataset *dataset = NULL;
        mimic_error err = MIMIC_ERROR_INIT;
        if (mimic_context_new(&options, &contexts[which], &err) != MIMIC_OK ||
            mimic_registry_new(contexts[which], &registries[which], &err) != MIMIC_OK ||
            mimic_registry_add_json(registries[which], SCHEMA, sizeof SCHEMA - 1, "rows", &dataset,
                                    &err) != MIMIC_OK)
            require(0, err.message);
        tables[which] = mimic_dataset_table(dataset, 0);
    }
    *out_table = tables[which];
    return contexts[which];
}

static void run(const uint8_t *data, size_t size, const dialect *what)
{
    reading first = {0};
    for (size_t i = 0; i < sizeof DELIVERIES / sizeof DELIVERIES[0]; i++) {
        const mimic_table *table = NULL;
        const mimic_context *ctx = prepare(DELIVERIES[i].cpu_mask, &table);
        reading self = {.data = data, .size = size, .how = &DELIVERIES[i]};
        read_all(&self, ctx, table, what);
        if (i == 0) {
            first = self;
        } else {
            compare(&first, &self, what);
            free(self.rows.bytes);
            free(self.rejects.bytes);
        }
    }
    free(first.rows.bytes);
    free(first.rejects.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT)
        return 0;
    for (size_t i = 0; i < sizeof DIALECTS / sizeof DIALECTS[0]; i++)
        run(data, size, &DIALECTS[i]);
    return 0;
}
