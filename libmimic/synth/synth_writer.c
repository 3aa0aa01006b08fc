/*
 * CSV fields and rows, see synth_writer.h. Numbers and times are printed by integer arithmetic with
 * a table of digit pairs: no locale, no printf, and the same bytes everywhere.
 */
#include "synth/synth_writer.h"

#include "base/calendar.h"
#include "base/error.h"

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

static void put_pair(char *at, int64_t value)
{
    memcpy(at, digit_pairs + 2 * value, 2);
}

mimic_status mimic__csv_writer_open(const mimic_context *ctx, mimic_csv_writer *writer,
                                    mimic_output *output, mimic_error *err)
{
    writer->ctx = ctx;
    writer->output = output;
    writer->err = err;
    writer->status = MIMIC_OK;
    writer->rows = 0;
    writer->is_reordered = false;
    writer->cached_day = INT64_MIN;
    writer->cached_time = INT64_MIN;
    if (writer->chunk == NULL)
        writer->chunk = mimic__alloc(ctx, MIMIC_SYNTH_CHUNK_BYTES + 2 * MIMIC_SYNTH_ROW_BYTES);
    if (writer->chunk == NULL)
        return writer->status = mimic__fail_memory(err);
    writer->row = writer->at = writer->chunk;
    writer->row_limit = writer->row + MIMIC_SYNTH_ROW_BYTES / 2;
    return MIMIC_OK;
}

mimic_status mimic__csv_writer_flush(mimic_csv_writer *writer)
{
    const size_t size = (size_t)(writer->row - writer->chunk);
    if (writer->status == MIMIC_OK && size > 0)
        writer->status = mimic__output_write(writer->output, writer->chunk, size, writer->err);
    writer->row = writer->at = writer->chunk;
    writer->row_limit = writer->row + MIMIC_SYNTH_ROW_BYTES / 2;
    return writer->status;
}

void mimic__csv_writer_free(mimic_csv_writer *writer)
{
    mimic__free(writer->ctx, writer->chunk);
    writer->chunk = NULL;
}

/* Ends of the fields of the row at row .. at: positions of their commas or line end. */
static int32_t split_row(const mimic_csv_writer *writer, const char **ends)
{
    int32_t count = 0;
    bool is_quoted = false;
    for (const char *p = writer->row; p < writer->at; p++) {
        if (*p == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && (*p == ',' || p == writer->at - 1) && count < MIMIC_SYNTH_MAX_FIELDS)
            ends[count++] = p;
    }
    return count;
}

/* Puts the fields into the order of the file's columns, by way of the room behind the row. */
static void reorder_row(mimic_csv_writer *writer)
{
    const char *ends[MIMIC_SYNTH_MAX_FIELDS];
    const int32_t count = split_row(writer, ends);
    if (count != writer->field_count) {
        writer->status = mimic__fail(writer->err, MIMIC_ERR_INTERNAL,
                                     "expected %d fields in a row, made %d", writer->field_count,
                                     count);
        return;
    }
    char *const start = writer->at;
    char *out = start;
    for (int32_t column = 0; column < writer->column_count; column++) {
        const int32_t field = writer->order[column];
        if (field >= 0) {
            const char *begin = field == 0 ? writer->row : ends[field - 1] + 1;
            const size_t size = (size_t)(ends[field] - begin);
            memcpy(out, begin, size);
            out += size;
        }
        *out++ = ',';
    }
    out[-1] = '\n';
    const size_t size = (size_t)(out - start);
    memmove(writer->row, start, size);
    writer->at = writer->row + size;
}

void mimic__csv_row_end_slow(mimic_csv_writer *writer)
{
    if (writer->at >= writer->row_limit && writer->status == MIMIC_OK)
        writer->status = mimic__fail(writer->err, MIMIC_ERR_INTERNAL,
                                     "a row is longer than %d bytes", MIMIC_SYNTH_ROW_BYTES / 2);
    if (writer->status == MIMIC_OK && writer->is_reordered)
        reorder_row(writer);
    if (writer->status != MIMIC_OK)
        writer->at = writer->row;
    writer->row = writer->at;
    writer->row_limit = writer->at + MIMIC_SYNTH_ROW_BYTES / 2;
    if (writer->at - writer->chunk >= MIMIC_SYNTH_CHUNK_BYTES)
        (void)mimic__csv_writer_flush(writer); /* the status sticks */
}

char *mimic__csv_put_int(char *at, int64_t value)
{
    uint64_t left = (uint64_t)value;
    if (value < 0) {
        *at++ = '-';
        left = 0 - left;
    }
    char digits[20];
    int start = 20;
    while (left >= 100) {
        start -= 2;
        put_pair(digits + start, (int64_t)(left % 100));
        left /= 100;
    }
    if (left >= 10) {
        start -= 2;
        put_pair(digits + start, (int64_t)left);
    } else {
        digits[--start] = (char)('0' + left);
    }
    memcpy(at, digits + start, (size_t)(20 - start));
    return at + (20 - start);
}

static int64_t power_of_ten(int scale)
{
    int64_t power = 1;
    while (scale-- > 0)
        power *= 10;
    return power;
}

/* The digits of value / 10^scale, the last `scale` of them behind a point. */
static char *put_decimal(char *at, int64_t value, int scale, bool is_full)
{
    if (value < 0) {
        *at++ = '-';
        value = -value;
    }
    if (!is_full)
        while (scale > 0 && value % 10 == 0) {
            value /= 10;
            scale--;
        }
    const int64_t power = power_of_ten(scale);
    at = mimic__csv_put_int(at, value / power);
    if (scale == 0)
        return at;
    *at = '.';
    int64_t fraction = value % power;
    for (int i = scale; i > 0; i--) {
        at[i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    return at + scale + 1;
}

void mimic__csv_decimal(mimic_csv_writer *writer, int64_t value, int scale)
{
    writer->at = put_decimal(writer->at, value, scale, false);
    *writer->at++ = ',';
}

void mimic__csv_decimal_full(mimic_csv_writer *writer, int64_t value, int scale)
{
    writer->at = put_decimal(writer->at, value, scale, true);
    *writer->at++ = ',';
}

void mimic__csv_ratio(mimic_csv_writer *writer, int64_t numerator, int64_t denominator)
{
    char *at = mimic__csv_put_int(writer->at, numerator / denominator);
    int64_t rest = numerator % denominator;
    if (rest != 0)
        *at++ = '.';
    for (int i = 0; rest != 0 && i < 16; i++) {
        rest *= 10;
        *at++ = (char)('0' + rest / denominator);
        rest %= denominator;
    }
    *at++ = ',';
    writer->at = at;
}

static void render_day(mimic_csv_writer *writer, int64_t day)
{
    const mimic_date date = mimic__date_from_days((int32_t)day);
    char *text = writer->day_text;
    put_pair(text, date.year / 100);
    put_pair(text + 2, date.year % 100);
    text[4] = text[7] = '-';
    put_pair(text + 5, date.month);
    put_pair(text + 8, date.day);
    writer->cached_day = day;
}

/* Times are never before 1970, so that division rounds down. */
void mimic__csv_render_time(mimic_csv_writer *writer, int64_t seconds)
{
    const int64_t day = seconds / MIMIC_SECONDS_PER_DAY;
    const int64_t second = seconds - day * MIMIC_SECONDS_PER_DAY;
    if (day != writer->cached_day)
        render_day(writer, day);
    char *text = writer->time_text;
    memcpy(text, writer->day_text, 10);
    text[10] = ' ';
    put_pair(text + 11, second / 3600);
    text[13] = text[16] = ':';
    put_pair(text + 14, second / 60 % 60);
    put_pair(text + 17, second % 60);
    writer->cached_time = seconds;
}

void mimic__csv_date(mimic_csv_writer *writer, int64_t seconds)
{
    const int64_t day = seconds / MIMIC_SECONDS_PER_DAY;
    if (day != writer->cached_day)
        render_day(writer, day);
    mimic__csv_raw(writer, writer->day_text, 10);
    *writer->at++ = ',';
}

/* Copies with quotes around and inner quotes doubled (RFC 4180, section 2, rules 6 and 7). */
void mimic__csv_text_slow(mimic_csv_writer *writer, const char *text, size_t size)
{
    char *at = writer->at;
    *at++ = '"';
    for (size_t i = 0; i < size; i++) {
        *at++ = text[i];
        if (text[i] == '"')
            *at++ = '"';
    }
    *at++ = '"';
    *at++ = ',';
    writer->at = at;
}

void mimic__csv_text(mimic_csv_writer *writer, const char *text)
{
    const size_t size = strlen(text);
    if (2 * size + 3 > (size_t)(writer->row + MIMIC_SYNTH_ROW_BYTES - writer->at)) {
        writer->at = writer->row + MIMIC_SYNTH_ROW_BYTES / 2; /* reported at the end of the row */
        return;
    }
    if (size == 0 || strcspn(text, ",\"\r\n") < size) {
        mimic__csv_text_slow(writer, text, size);
        return;
    }
    mimic__csv_raw(writer, text, size);
    *writer->at++ = ',';
}

void mimic__csv_text_or_null(mimic_csv_writer *writer, const char *text)
{
    if (text == NULL)
        mimic__csv_null(writer);
    else
        mimic__csv_text(writer, text);
}
