/*
 * The plan of a table, and batches as bytes; see pgcopy.h. One loop over the rows, and in it one over
 * the columns: which layout comes next repeats from row to row, so its branch is foreseen. Whether a
 * value is NULL does not, so fixed widths are written in any case and only the step depends on it.
 * Texts of up to 16 bytes are copied as 16 where their source has so many.
 */
#include "sink/pgcopy.h"

#include "base/checked.h"
#include "base/error.h"
#include "schema/schema_ddl.h"
#include "sink/pgcopy_bytes.h"
#include "sink/pgcopy_numeric.h"

#define MAX_COLUMNS 1600 /* PostgreSQL's MaxHeapAttributeNumber */
#define WORD 16          /* bytes that a short text is copied by */
#define SAMPLES 32       /* rows that tell the length of categories */

/* ---- the plan ---- */

static mimic_pgcopy_layout layout_of(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return MIMIC_PGCOPY_BOOLEAN;
    case MIMIC_TYPE_INT16:
        return MIMIC_PGCOPY_2_BYTES;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_DATE:
        return MIMIC_PGCOPY_4_BYTES;
    case MIMIC_TYPE_DECIMAL:
        return MIMIC_PGCOPY_NUMERIC;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
        return MIMIC_PGCOPY_BYTES;
    case MIMIC_TYPE_CATEGORICAL:
        return MIMIC_PGCOPY_CATEGORICAL;
    default:
        return MIMIC_PGCOPY_8_BYTES;
    }
}

/* The most that a value takes, texts taken as empty. */
static size_t fixed_bytes(mimic_pgcopy_layout layout)
{
    switch (layout) {
    case MIMIC_PGCOPY_BOOLEAN:
        return 1;
    case MIMIC_PGCOPY_2_BYTES:
        return 2;
    case MIMIC_PGCOPY_4_BYTES:
        return 4;
    case MIMIC_PGCOPY_8_BYTES:
        return 8;
    case MIMIC_PGCOPY_NUMERIC:
        return MIMIC_PGCOPY_NUMERIC_BYTES_MAX;
    default:
        return 0;
    }
}

/* A generous bound on what a value takes in a page, alignment counted in: what can be long is moved
 * out of the page when it has to be. */
static size_t most_in_page(mimic_pgcopy_layout layout)
{
    return layout >= MIMIC_PGCOPY_NUMERIC ? 32 : 16;
}

static int64_t epoch_of(mimic_type type)
{
    if (type == MIMIC_TYPE_DATE)
        return MIMIC_PGCOPY_EPOCH_DAYS;
    return type == MIMIC_TYPE_TIMESTAMP || type == MIMIC_TYPE_TIMESTAMPTZ ? MIMIC_PGCOPY_EPOCH : 0;
}

/* timestamp(0) keeps whole seconds, timestamp(6) all of it. */
static int64_t step_of(const mimic_postgres_type *type)
{
    int64_t step = 1;
    for (int32_t digits = type->argument_count > 0 ? type->arguments[0] : 6; digits < 6; digits++)
        step *= 10;
    return step;
}

static mimic_pgcopy_column plan_column(const mimic_field *field)
{
    const mimic_postgres_type type = mimic__ddl_postgres_type(field);
    const bool is_time = field->type == MIMIC_TYPE_TIME || field->type == MIMIC_TYPE_TIMESTAMP ||
                         field->type == MIMIC_TYPE_TIMESTAMPTZ;
    const bool is_text = field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_CATEGORICAL;
    return (mimic_pgcopy_column){
        .layout = layout_of(field->type),
        .type = field->type,
        .precision = field->precision,
        .scale = field->scale,
        .epoch = epoch_of(field->type),
        .step = is_time ? step_of(&type) : 1,
        .max_length = is_text && type.argument_count > 0 ? type.arguments[0] : -1,
        .must_be_present = field->is_required};
}

mimic_status mimic__pgcopy_plan_init(mimic_pgcopy_plan *plan, const mimic_context *ctx,
                                     const mimic_table *table, mimic_error *err)
{
    *plan = (mimic_pgcopy_plan){.ctx = ctx, .table = table, .column_count = table->field_count};
    if (table->field_count > MAX_COLUMNS)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "table %s has %zu columns; a table of PostgreSQL has at most %d",
                           table->name, table->field_count, MAX_COLUMNS);
    plan->columns = mimic__alloc_zeroed(ctx, table->field_count, sizeof *plan->columns);
    if (plan->columns == NULL)
        return mimic__fail_memory(err);
    plan->fixed_bytes = 2;
    size_t in_page = 0;
    for (size_t i = 0; i < table->field_count; i++) {
        plan->columns[i] = plan_column(&table->fields[i]);
        plan->fixed_bytes += 4 + fixed_bytes(plan->columns[i].layout);
        in_page += most_in_page(plan->columns[i].layout);
    }
    for (size_t i = 0; i < table->primary_key_count; i++)
        plan->columns[table->primary_key[i]].must_be_present = true;
    plan->may_be_wide = in_page > MIMIC_PGCOPY_TUPLE_BYTES_MAX / 2;
    return MIMIC_OK;
}

void mimic__pgcopy_plan_free(mimic_pgcopy_plan *plan)
{
    if (plan->ctx != NULL)
        mimic__free(plan->ctx, plan->columns);
    *plan = (mimic_pgcopy_plan){0};
}

/* ---- rows ---- */

/* A column of the batch at hand. */
typedef struct lane {
    mimic_pgcopy_layout layout;
    int32_t scale;
    const uint8_t *validity;
    uint64_t validity_mask; /* 0: all rows look at the first byte, which is all ones */
    const char *values;
    uint64_t epoch;
    const int32_t *offsets; /* of texts, or of the dictionary */
    const char *bytes;
    const char *bytes_end;
} lane;

static const uint8_t all_valid[1] = {0xff};
static const int32_t no_text[2] = {0, 0};

static lane lane_of(const mimic_pgcopy_column *plan, const mimic_column *column, int64_t row_count)
{
    const bool has_nulls = column->validity != NULL;
    lane self = {.layout = plan->layout,
                 .scale = plan->scale,
                 .validity = has_nulls ? column->validity : all_valid,
                 .validity_mask = has_nulls ? UINT64_MAX : 0,
                 .values = column->values,
                 .epoch = (uint64_t)plan->epoch};
    if (plan->layout == MIMIC_PGCOPY_BYTES) {
        self.offsets = column->offsets;
        self.bytes = column->values;
        self.bytes_end = self.bytes + column->offsets[row_count];
    } else if (plan->layout == MIMIC_PGCOPY_CATEGORICAL && column->dictionary->count == 0) {
        self.offsets = no_text; /* every value is NULL */
        self.bytes = self.bytes_end = "";
    } else if (plan->layout == MIMIC_PGCOPY_CATEGORICAL) {
        self.offsets = column->dictionary->offsets;
        self.bytes = column->dictionary->bytes;
        self.bytes_end = self.bytes + self.offsets[column->dictionary->count];
    }
    return self;
}

/* Where rows are written: `at` moves; up to `limit` there is room for one row of empty texts. */
typedef struct cursor {
    char *at;
    char *limit;
    mimic_buffer *out;
    size_t slack; /* bytes behind the limit */
} cursor;

static bool make_room(cursor *self, size_t size)
{
    mimic_buffer *const out = self->out;
    out->size = self->at == NULL ? out->size : (size_t)(self->at - out->data);
    size_t wanted;
    if (mimic__add_overflows(size, self->slack, &wanted) || !mimic__buffer_reserve(out, wanted)) {
        out->failed = true;
        return false;
    }
    self->at = out->data + out->size;
    self->limit = out->data + out->capacity - self->slack;
    return true;
}

static inline bool has_room(cursor *self, size_t size)
{
    return self->limit - self->at >= (ptrdiff_t)size || make_room(self, size);
}

static inline bool put_text(cursor *self, const lane *column, size_t index, uint32_t valid)
{
    const char *text = column->bytes + column->offsets[index];
    const uint32_t size = (uint32_t)(column->offsets[index + 1] - column->offsets[index]) & -valid;
    if (!has_room(self, size))
        return false;
    mimic__pgcopy_store32(self->at, size | (valid - 1));
    if (size <= WORD && column->bytes_end - text >= WORD)
        memcpy(self->at + 4, text, WORD);
    else if (size > 0)
        memcpy(self->at + 4, text, size);
    self->at += 4 + size;
    return true;
}

static void put_decimal(cursor *self, const lane *column, size_t row, uint32_t valid)
{
    mimic_int128 value;
    memcpy(&value, column->values + 16 * row, sizeof value);
    if (valid == 0) {
        mimic__pgcopy_store32(self->at, MIMIC_PGCOPY_NULL);
        self->at += 4;
        return;
    }
    const size_t size = mimic__pgcopy_put_numeric(self->at + 4, value, column->scale);
    mimic__pgcopy_store32(self->at, (uint32_t)size);
    self->at += 4 + size;
}

/* All ones where valid is 1, so that a size of NULL is -1: (size & -valid) | (valid - 1). */
static inline bool put_value(cursor *self, const lane *column, size_t row)
{
    const uint32_t valid = column->validity[(row >> 3) & column->validity_mask] >> (row & 7) & 1u;
    char *const at = self->at;
    uint16_t short_word;
    uint32_t word;
    uint64_t long_word;
    switch (column->layout) {
    case MIMIC_PGCOPY_BOOLEAN:
        mimic__pgcopy_store32(at, 1 | (valid - 1));
        at[4] = (char)((unsigned char)column->values[row >> 3] >> (row & 7) & 1);
        self->at = at + 4 + valid;
        return true;
    case MIMIC_PGCOPY_2_BYTES:
        memcpy(&short_word, column->values + 2 * row, sizeof short_word);
        mimic__pgcopy_store32(at, 2 | (valid - 1));
        mimic__pgcopy_store16(at + 4, short_word);
        self->at = at + 4 + 2 * valid;
        return true;
    case MIMIC_PGCOPY_4_BYTES:
        memcpy(&word, column->values + 4 * row, sizeof word);
        mimic__pgcopy_store32(at, 4 | (valid - 1));
        mimic__pgcopy_store32(at + 4, word - (uint32_t)column->epoch);
        self->at = at + 4 + 4 * valid;
        return true;
    case MIMIC_PGCOPY_8_BYTES:
        memcpy(&long_word, column->values + 8 * row, sizeof long_word);
        mimic__pgcopy_store32(at, 8 | (valid - 1));
        mimic__pgcopy_store64(at + 4, long_word - column->epoch);
        self->at = at + 4 + 8 * valid;
        return true;
    case MIMIC_PGCOPY_NUMERIC:
        put_decimal(self, column, row, valid);
        return true;
    case MIMIC_PGCOPY_CATEGORICAL:
        memcpy(&word, column->values + 4 * row, sizeof word);
        return put_text(self, column, word & -valid, valid);
    default:
        return put_text(self, column, row, valid);
    }
}

static void put_rows(const lane *lanes, size_t count, size_t row, size_t end, cursor *to)
{
    for (; row < end; row++) {
        if (!has_room(to, 0))
            return;
        mimic__pgcopy_store16(to->at, (uint32_t)count);
        to->at += 2;
        for (size_t i = 0; i < count; i++)
            if (!put_value(to, &lanes[i], row))
                return;
    }
    to->out->size = (size_t)(to->at - to->out->data);
}

/* About what the texts of a column take: exact for those that stand in a row, by some rows for those of
 * a dictionary. Where it is too little, room is made on the way. */
static size_t estimate_texts(const lane *self, size_t first, size_t end)
{
    if (self->layout == MIMIC_PGCOPY_BYTES)
        return (size_t)(self->offsets[end] - self->offsets[first]);
    if (self->layout != MIMIC_PGCOPY_CATEGORICAL)
        return 0;
    size_t sum = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        const size_t row = first + (end - first) * i / SAMPLES;
        uint32_t code;
        memcpy(&code, self->values + 4 * row, sizeof code);
        if (((self->validity[(row >> 3) & self->validity_mask] >> (row & 7)) & 1) != 0)
            sum += (size_t)(self->offsets[code + 1] - self->offsets[code]);
    }
    return sum * (end - first) / SAMPLES / 8 * 9;
}

void mimic__pgcopy_put_rows(const mimic_pgcopy_plan *plan, const mimic_batch *batch, int64_t first,
                            int64_t end, mimic_buffer *out)
{
    const size_t count = plan->column_count;
    if (first >= end || out->failed)
        return;
    lane *const lanes = mimic__alloc_array(plan->ctx, count, sizeof *lanes);
    if (lanes == NULL) {
        out->failed = true;
        return;
    }
    size_t texts = 0;
    for (size_t i = 0; i < count; i++) {
        lanes[i] = lane_of(&plan->columns[i], &batch->columns[i], batch->row_count);
        texts += estimate_texts(&lanes[i], (size_t)first, (size_t)end);
    }
    cursor to = {.out = out, .slack = plan->fixed_bytes + 2 * WORD};
    size_t rows;
    if (mimic__multiply_overflows((size_t)(end - first), plan->fixed_bytes, &rows) ||
        mimic__add_overflows(texts, rows, &texts))
        out->failed = true;
    else if (make_room(&to, texts))
        put_rows(lanes, count, (size_t)first, (size_t)end, &to);
    mimic__free(plan->ctx, lanes);
}

/* ---- around the rows ---- */

void mimic__pgcopy_put_header(mimic_buffer *out)
{
    mimic__buffer_append(out, MIMIC_PGCOPY_HEADER, MIMIC_PGCOPY_HEADER_BYTES);
}

void mimic__pgcopy_put_trailer(mimic_buffer *out)
{
    mimic__buffer_append(out, "\377\377", 2);
}
