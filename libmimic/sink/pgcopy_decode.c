/*
 * Bytes of COPY BINARY as batches; see pgcopy.h. Bytes are gathered until there are rows enough, and
 * only their structure is followed meanwhile: counts and sizes, which also tells how much text each
 * column will have. Then the rows are taken apart into columns, and each value is checked.
 *
 * Nothing is believed: a size is compared with what the row may have before any memory is taken for
 * it, and memory grows with bytes that have come, not with what they announce.
 */
#include "sink/pgcopy.h"

#include "base/error.h"
#include "base/utf8.h"
#include "batch/batch_builder.h"
#include "schema/schema_model.h"
#include "sink/pgcopy_bytes.h"
#include "sink/pgcopy_numeric.h"

#define PIECE_BYTES 65536           /* bytes that are looked at in one go */
#define BATCH_BYTES (8u << 20)      /* a batch is full, however few its rows */
#define CRITICAL_FLAGS 0xffff0000u  /* of the header; the low ones may be passed over */
#define MAX_CATEGORIES (1u << 20)   /* as many as the reader of CSV takes */

typedef enum decoder_state { IN_HEADER, IN_EXTENSION, IN_ROWS, AT_END } decoder_state;

struct mimic_pgcopy_decoder {
    const mimic_context *ctx;
    mimic_pgcopy_plan plan;
    size_t row_limit;
    mimic_error failure; /* code MIMIC_OK: none */

    decoder_state state;
    uint32_t extension_left;
    mimic_buffer bytes; /* rows to come, from the start of one */
    size_t scanned;     /* bytes whose structure is known */
    size_t whole;       /* bytes of whole rows */
    size_t row_count;   /* whole rows */
    size_t field;       /* fields of the row behind them that are known; NO_ROW = not even their number */
    uint64_t rows_before; /* in batches that were given out */

    size_t *text_bytes; /* a column, in whole rows and the one behind them */
    mimic_column_builder *builders;
    mimic_column *columns;
    mimic_batch batch;
};

#define NO_ROW SIZE_MAX

/* ---- life ---- */

static mimic_status init(mimic_pgcopy_decoder *self, const mimic_table *table, mimic_error *err)
{
    const size_t count = table->field_count;
    MIMIC_TRY(mimic__pgcopy_plan_init(&self->plan, self->ctx, table, err));
    self->text_bytes = mimic__alloc_zeroed(self->ctx, count, sizeof *self->text_bytes);
    self->columns = mimic__alloc_zeroed(self->ctx, count, sizeof *self->columns);
    self->builders = mimic__alloc_zeroed(self->ctx, count, sizeof *self->builders);
    if (self->text_bytes == NULL || self->columns == NULL || self->builders == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const mimic_field *field = &table->fields[i];
        mimic__builder_init(&self->builders[i], self->ctx, field->type, field->precision,
                            field->scale);
    }
    return MIMIC_OK;
}

mimic_status mimic__pgcopy_decoder_new(const mimic_context *ctx, const mimic_table *table,
                                       size_t row_count, mimic_pgcopy_decoder **out_decoder,
                                       mimic_error *err)
{
    *out_decoder = NULL;
    mimic_pgcopy_decoder *self = mimic__alloc_zeroed(ctx, 1, sizeof *self);
    if (self == NULL)
        return mimic__fail_memory(err);
    self->ctx = ctx;
    self->row_limit = row_count > 0 ? row_count : 1;
    self->failure = (mimic_error)MIMIC_ERROR_INIT;
    self->field = NO_ROW;
    mimic__buffer_init(&self->bytes, ctx);
    const mimic_status status = init(self, table, err);
    if (status != MIMIC_OK) {
        mimic__pgcopy_decoder_free(self);
        return status;
    }
    *out_decoder = self;
    return MIMIC_OK;
}

void mimic__pgcopy_decoder_free(mimic_pgcopy_decoder *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; self->builders != NULL && i < self->plan.column_count; i++)
        mimic__builder_free(&self->builders[i]);
    mimic__free(self->ctx, self->builders);
    mimic__free(self->ctx, self->columns);
    mimic__free(self->ctx, self->text_bytes);
    mimic__buffer_free(&self->bytes);
    mimic__pgcopy_plan_free(&self->plan);
    mimic__free(self->ctx, self);
}

/* ---- failures ---- */

/* Row number `row` of the batch at hand, `column` NULL for the row as a whole. */
static mimic_status fail(mimic_pgcopy_decoder *self, size_t row, const char *column,
                         const char *what)
{
    const int64_t number = (int64_t)(self->rows_before + row + 1);
    mimic_error *err = &self->failure;
    mimic__fail(err, MIMIC_ERR_BACKEND, "COPY BINARY of table %s, row %lld%s%s: %s",
                self->plan.table->name, (long long)number, column == NULL ? "" : ", column ",
                column == NULL ? "" : column, what);
    mimic__error_place(err, NULL, number, -1, -1, column);
    return MIMIC_ERR_BACKEND;
}

static mimic_status fail_column(mimic_pgcopy_decoder *self, size_t row, size_t column,
                                const char *what)
{
    return fail(self, row, self->plan.table->fields[column].name, what);
}

static mimic_status give(const mimic_pgcopy_decoder *self, mimic_status status, mimic_error *err)
{
    if (status == MIMIC_OK)
        return MIMIC_OK;
    return mimic__fail_again(err, &self->failure);
}

static mimic_status fail_no_memory(mimic_pgcopy_decoder *self)
{
    return mimic__fail_memory(&self->failure);
}

/* ---- structure ---- */

/* Drops what was given out or passed over. */
static void drop_bytes(mimic_pgcopy_decoder *self, size_t count)
{
    mimic_buffer *bytes = &self->bytes;
    if (count > 0)
        memmove(bytes->data, bytes->data + count, bytes->size - count);
    bytes->size -= count;
    self->scanned -= count;
    self->whole = 0;
}

static mimic_status scan_header(mimic_pgcopy_decoder *self)
{
    const char *bytes = self->bytes.data;
    if (memcmp(bytes, MIMIC_PGCOPY_HEADER, MIMIC_PGCOPY_SIGNATURE_BYTES) != 0)
        return fail(self, 0, NULL, "this is not COPY BINARY: its signature is not there");
    const uint32_t flags = mimic__pgcopy_load32(bytes + MIMIC_PGCOPY_SIGNATURE_BYTES);
    const uint32_t extension = mimic__pgcopy_load32(bytes + MIMIC_PGCOPY_SIGNATURE_BYTES + 4);
    if ((flags & CRITICAL_FLAGS) != 0)
        return fail(self, 0, NULL, "its header has flags that are not known");
    if (extension > INT32_MAX)
        return fail(self, 0, NULL, "its header has an extension of negative size");
    self->scanned = MIMIC_PGCOPY_HEADER_BYTES;
    self->extension_left = extension;
    self->state = IN_EXTENSION;
    return MIMIC_OK;
}

static void pass_extension(mimic_pgcopy_decoder *self)
{
    const size_t there = self->bytes.size - self->scanned;
    const uint32_t step = there < self->extension_left ? (uint32_t)there : self->extension_left;
    self->scanned += step;
    self->extension_left -= step;
    if (self->extension_left == 0)
        self->state = IN_ROWS;
    drop_bytes(self, self->scanned);
}

static mimic_status scan_count(mimic_pgcopy_decoder *self)
{
    const uint32_t count = mimic__pgcopy_load16(self->bytes.data + self->scanned);
    if (count == MIMIC_PGCOPY_END) {
        self->state = AT_END;
        self->whole = self->scanned + 2;
    } else if (count != self->plan.column_count) {
        return fail(self, self->row_count, NULL, "the row has another number of fields than the table");
    } else {
        self->field = 0;
    }
    self->scanned += 2;
    return MIMIC_OK;
}

/* Sizes that a value can have; those of text and numeric are bounded by the row. */
static bool size_fits(const mimic_pgcopy_column *column, uint32_t size)
{
    switch (column->layout) {
    case MIMIC_PGCOPY_BOOLEAN:
        return size == 1;
    case MIMIC_PGCOPY_2_BYTES:
        return size == 2;
    case MIMIC_PGCOPY_4_BYTES:
        return size == 4;
    case MIMIC_PGCOPY_8_BYTES:
        return size == 8;
    default:
        return true;
    }
}

/* The size of the next field, and its bytes when they are there; *out_more is false when bytes are
 * missing. */
static mimic_status scan_field(mimic_pgcopy_decoder *self, bool *out_more)
{
    const size_t there = self->bytes.size - self->scanned;
    const uint32_t size = mimic__pgcopy_load32(self->bytes.data + self->scanned);
    const mimic_pgcopy_column *column = &self->plan.columns[self->field];
    *out_more = true;
    if (size == MIMIC_PGCOPY_NULL) {
        self->scanned += 4;
    } else if (!size_fits(column, size)) {
        return fail_column(self, self->row_count, self->field,
                           "the value has not the size that its type has");
    } else if (size > MIMIC_PGCOPY_ROW_BYTES_MAX ||
               self->scanned - self->whole + size > MIMIC_PGCOPY_ROW_BYTES_MAX) {
        return fail_column(self, self->row_count, self->field,
                           "the row is longer than PostgreSQL sends");
    } else if (there - 4 < size) {
        *out_more = false;
        return MIMIC_OK;
    } else {
        if (column->layout == MIMIC_PGCOPY_BYTES)
            self->text_bytes[self->field] += size;
        self->scanned += 4 + (size_t)size;
    }
    self->field++;
    return MIMIC_OK;
}

static bool is_full(const mimic_pgcopy_decoder *self)
{
    return self->row_count >= self->row_limit ||
           (self->row_count > 0 && self->whole >= BATCH_BYTES);
}

/* Follows rows until bytes are missing or a batch is full. */
static mimic_status scan_rows(mimic_pgcopy_decoder *self)
{
    bool has_more = true;
    while (has_more && self->state == IN_ROWS && !is_full(self)) {
        const size_t there = self->bytes.size - self->scanned;
        if (self->field == NO_ROW && there >= 2)
            MIMIC_TRY(scan_count(self));
        else if (self->field != NO_ROW && self->field < self->plan.column_count && there >= 4)
            MIMIC_TRY(scan_field(self, &has_more));
        else if (self->field != self->plan.column_count)
            has_more = false;
        if (self->field == self->plan.column_count) {
            self->row_count++;
            self->whole = self->scanned;
            self->field = NO_ROW;
        }
    }
    return MIMIC_OK;
}

static mimic_status scan(mimic_pgcopy_decoder *self)
{
    if (self->state == IN_HEADER && self->bytes.size >= MIMIC_PGCOPY_HEADER_BYTES)
        MIMIC_TRY(scan_header(self));
    if (self->state == IN_EXTENSION)
        pass_extension(self);
    MIMIC_TRY(scan_rows(self));
    if (self->state == AT_END && self->scanned < self->bytes.size)
        return fail(self, self->row_count, NULL, "bytes follow behind the end");
    return MIMIC_OK;
}

static mimic_status feed(mimic_pgcopy_decoder *self, const char *bytes, size_t size,
                         size_t *out_used)
{
    while (*out_used < size && !is_full(self)) {
        const size_t left = size - *out_used;
        const size_t step = left < PIECE_BYTES ? left : PIECE_BYTES;
        mimic__buffer_append(&self->bytes, bytes + *out_used, step);
        if (self->bytes.failed)
            return fail_no_memory(self);
        *out_used += step;
        MIMIC_TRY(scan(self));
    }
    return MIMIC_OK;
}

mimic_status mimic__pgcopy_decoder_feed(mimic_pgcopy_decoder *decoder, const void *bytes,
                                        size_t size, size_t *out_used, mimic_error *err)
{
    *out_used = 0;
    mimic_status status = decoder->failure.code;
    if (status == MIMIC_OK)
        status = feed(decoder, bytes, size, out_used);
    return give(decoder, status, err);
}

/* ---- values ---- */

/* Years 0001 to 9999, which are what our dates have. */
#define DAYS_MIN INT64_C(-719162)
#define DAYS_END INT64_C(2932897)

static const char not_a_day[] = "not within the years 0001 to 9999";

static const char *take_4(mimic_column_builder *to, size_t row, const char *from)
{
    uint32_t word = mimic__pgcopy_load32(from);
    if (to->type == MIMIC_TYPE_DATE) {
        const int64_t days = (int64_t)(int32_t)word + MIMIC_PGCOPY_EPOCH_DAYS;
        if (days < DAYS_MIN || days >= DAYS_END)
            return not_a_day;
        word = (uint32_t)days;
    }
    memcpy(to->values + 4 * row, &word, sizeof word);
    return NULL;
}

static const char *take_8(mimic_column_builder *to, size_t row, const char *from)
{
    uint64_t word = mimic__pgcopy_load64(from);
    if (to->type == MIMIC_TYPE_TIME && word >= (uint64_t)MIMIC_MICROSECONDS_PER_DAY)
        return "no time of a day";
    if (to->type == MIMIC_TYPE_TIMESTAMP || to->type == MIMIC_TYPE_TIMESTAMPTZ) {
        const int64_t first = DAYS_MIN * MIMIC_MICROSECONDS_PER_DAY;
        const int64_t end = DAYS_END * MIMIC_MICROSECONDS_PER_DAY;
        word += (uint64_t)MIMIC_PGCOPY_EPOCH;
        if (word - (uint64_t)first >= (uint64_t)(end - first))
            return not_a_day;
    }
    memcpy(to->values + 8 * row, &word, sizeof word);
    return NULL;
}

static const char *take_boolean(mimic_column_builder *to, size_t row, const char *from)
{
    if ((unsigned char)*from > 1)
        return "a boolean that is neither 0 nor 1";
    to->values[row >> 3] = (char)((unsigned char)to->values[row >> 3] | *from << (row & 7));
    return NULL;
}

static const char *take_numeric(mimic_column_builder *to, size_t row, const char *from,
                                uint32_t size)
{
    mimic_int128 value;
    if (!mimic__pgcopy_get_numeric(from, size, to->precision, to->scale, &value))
        return "not a number of the digits that the field has";
    memcpy(to->values + 16 * row, &value, sizeof value);
    return NULL;
}

static const char *check_text(const char *from, uint32_t size)
{
    if (size > 0 && memchr(from, '\0', size) != NULL)
        return "a text with a NUL byte";
    return mimic__utf8_check(from, size) == size ? NULL : "a text that is not UTF-8";
}

static const char *take_bytes(mimic_column_builder *to, size_t row, const char *from, uint32_t size)
{
    const int32_t start = to->offsets[row];
    if (size > 0)
        memcpy(to->values + start, from, size);
    to->offsets[row + 1] = start + (int32_t)size;
    return to->type == MIMIC_TYPE_BINARY ? NULL : check_text(from, size);
}

static const char no_memory[] = "no memory";

static const char *take_category(mimic_column_builder *to, size_t row, const char *from,
                                 uint32_t size)
{
    const char *fault = check_text(from, size);
    if (fault != NULL)
        return fault;
    const uint32_t code = mimic__hashmap_insert(&to->texts, from, size);
    if (code == MIMIC_HASHMAP_NONE)
        return no_memory;
    if (code >= MAX_CATEGORIES)
        return "more than 1,048,576 distinct values of a categorical column";
    memcpy(to->values + 4 * row, &code, sizeof code);
    return NULL;
}

static void take_null(mimic_column_builder *to, size_t row)
{
    const size_t width = mimic__type_width(to->type);
    mimic__builder_clear_valid(to, row);
    if (width > 0)
        memset(to->values + width * row, 0, width);
    else if (to->type != MIMIC_TYPE_BOOLEAN)
        to->offsets[row + 1] = to->offsets[row];
}

static const char *take_value(mimic_column_builder *to, const mimic_pgcopy_column *column,
                              size_t row, const char *from, uint32_t size)
{
    switch (column->layout) {
    case MIMIC_PGCOPY_BOOLEAN:
        return take_boolean(to, row, from);
    case MIMIC_PGCOPY_2_BYTES: {
        const uint16_t word = mimic__pgcopy_load16(from);
        memcpy(to->values + 2 * row, &word, sizeof word);
        return NULL;
    }
    case MIMIC_PGCOPY_4_BYTES:
        return take_4(to, row, from);
    case MIMIC_PGCOPY_8_BYTES:
        return take_8(to, row, from);
    case MIMIC_PGCOPY_NUMERIC:
        return take_numeric(to, row, from, size);
    case MIMIC_PGCOPY_CATEGORICAL:
        return take_category(to, row, from, size);
    default:
        return take_bytes(to, row, from, size);
    }
}

/* ---- batches ---- */

static mimic_status take_rows(mimic_pgcopy_decoder *self)
{
    const char *at = self->bytes.data;
    for (size_t row = 0; row < self->row_count; row++) {
        at += 2;
        for (size_t i = 0; i < self->plan.column_count; i++) {
            const uint32_t size = mimic__pgcopy_load32(at);
            at += 4;
            if (size == MIMIC_PGCOPY_NULL) {
                take_null(&self->builders[i], row);
                continue;
            }
            const char *fault =
                take_value(&self->builders[i], &self->plan.columns[i], row, at, size);
            if (fault != NULL)
                return fault == no_memory ? fail_no_memory(self) : fail_column(self, row, i, fault);
            at += size;
        }
    }
    return MIMIC_OK;
}

static mimic_status make_batch(mimic_pgcopy_decoder *self)
{
    for (size_t i = 0; i < self->plan.column_count; i++)
        if (!mimic__builder_begin(&self->builders[i], self->row_count, self->text_bytes[i]))
            return fail_no_memory(self);
    MIMIC_TRY(take_rows(self));
    for (size_t i = 0; i < self->plan.column_count; i++)
        self->columns[i] = mimic__builder_view(&self->builders[i]);
    self->batch = (mimic_batch){.row_count = (int64_t)self->row_count,
                                .column_count = self->plan.column_count,
                                .columns = self->columns,
                                .table = self->plan.table,
                                .first_record = (int64_t)self->rows_before + 1,
                                .first_row = (int64_t)self->rows_before};
    self->rows_before += self->row_count;
    self->row_count = 0;
    /* The row that is not whole yet is followed once more, for the texts of the next batch. */
    memset(self->text_bytes, 0, self->plan.column_count * sizeof *self->text_bytes);
    self->scanned = self->whole;
    self->field = NO_ROW;
    drop_bytes(self, self->whole);
    return scan(self);
}

mimic_status mimic__pgcopy_decoder_batch(mimic_pgcopy_decoder *decoder,
                                         const mimic_batch **out_batch, mimic_error *err)
{
    *out_batch = NULL;
    mimic_status status = decoder->failure.code;
    if (status != MIMIC_OK || decoder->row_count == 0)
        return give(decoder, status, err);
    status = make_batch(decoder);
    if (status == MIMIC_OK)
        *out_batch = &decoder->batch;
    return give(decoder, status, err);
}

mimic_status mimic__pgcopy_decoder_end(const mimic_pgcopy_decoder *decoder, mimic_error *err)
{
    if (decoder->failure.code != MIMIC_OK)
        return mimic__fail_again(err, &decoder->failure);
    if (decoder->state != AT_END)
        return mimic__fail(err, MIMIC_ERR_BACKEND,
                           "COPY BINARY of table %s ends after %llu rows without its trailer",
                           decoder->plan.table->name,
                           (unsigned long long)(decoder->rows_before + decoder->row_count));
    return MIMIC_OK;
}
