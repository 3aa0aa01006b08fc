/*
 * Writes CSV as the releases do: comma, LF, quotes only where needed (RFC 4180, section 2), an empty
 * field for NULL and "" for an empty text. A row is built in a fixed chunk and handed on in large
 * pieces. Every field ends in a comma; row_end turns the last one into the line end.
 *
 * Errors stick: after one the writer takes rows and forgets them, and `status` says so.
 */
#ifndef MIMIC_SYNTH_WRITER_H
#define MIMIC_SYNTH_WRITER_H

#include <assert.h>
#include <string.h>

#include "io/output.h"

/* No row is longer; text beyond it would be a defect of a table and is reported as one. */
#define MIMIC_SYNTH_ROW_BYTES 8192
#define MIMIC_SYNTH_CHUNK_BYTES (512 * 1024)
#define MIMIC_SYNTH_MAX_FIELDS 64

typedef struct mimic_csv_writer {
    const mimic_context *ctx;
    mimic_output *output;
    char *chunk;
    char *row; /* start of the row that is being built */
    char *at;
    char *row_limit; /* texts may not pass it; numbers fit behind it */
    int64_t rows;
    mimic_status status;
    mimic_error *err;
    /* Position in our row of each column of the file, -1 = always NULL; identity when in order. */
    int16_t order[MIMIC_SYNTH_MAX_FIELDS];
    int32_t field_count; /* of ours */
    int32_t column_count; /* of the file */
    bool is_reordered;
    /* The last date and time that were written, as text. */
    int64_t cached_day;
    int64_t cached_time;
    char day_text[10];
    char time_text[19];
} mimic_csv_writer;

mimic_status mimic__csv_writer_open(const mimic_context *ctx, mimic_csv_writer *writer,
                                    mimic_output *output, mimic_error *err);
/* Writes what is pending. */
mimic_status mimic__csv_writer_flush(mimic_csv_writer *writer);
void mimic__csv_writer_free(mimic_csv_writer *writer);
void mimic__csv_row_end_slow(mimic_csv_writer *writer);
void mimic__csv_text_slow(mimic_csv_writer *writer, const char *text, size_t size);
void mimic__csv_render_time(mimic_csv_writer *writer, int64_t seconds);
void mimic__csv_date(mimic_csv_writer *writer, int64_t seconds);
/* value / 10^scale without trailing zeros: (370, 1) is 37, (985, 1) is 98.5. */
void mimic__csv_decimal(mimic_csv_writer *writer, int64_t value, int scale);
/* The same with all its digits: (370, 1) is 37.0. */
void mimic__csv_decimal_full(mimic_csv_writer *writer, int64_t value, int scale);
/* numerator / denominator with up to 16 digits after the point; both not negative. */
void mimic__csv_ratio(mimic_csv_writer *writer, int64_t numerator, int64_t denominator);
/* A text that may hold anything: quoted where it must be. */
void mimic__csv_text(mimic_csv_writer *writer, const char *text);
/* The same, or NULL where it is NULL. */
void mimic__csv_text_or_null(mimic_csv_writer *writer, const char *text);

/* Text and digits of a field that is ended by hand with mimic__csv_next. */
char *mimic__csv_put_int(char *at, int64_t value);

static inline void mimic__csv_next(mimic_csv_writer *writer)
{
    *writer->at++ = ',';
}

static inline void mimic__csv_null(mimic_csv_writer *writer)
{
    *writer->at++ = ',';
}

static inline void mimic__csv_nulls(mimic_csv_writer *writer, int count)
{
    for (int i = 0; i < count; i++)
        *writer->at++ = ',';
}

static inline void mimic__csv_int(mimic_csv_writer *writer, int64_t value)
{
    writer->at = mimic__csv_put_int(writer->at, value);
    *writer->at++ = ',';
}

/* Bytes that are known to need no quotes; may span fields. At most 256. */
static inline void mimic__csv_raw(mimic_csv_writer *writer, const char *bytes, size_t size)
{
    memcpy(writer->at, bytes, size);
    writer->at += size;
}

/* A short text that is known to need no quotes. */
static inline void mimic__csv_word(mimic_csv_writer *writer, const char *text)
{
    assert(text[0] != '\0' && strpbrk(text, ",\"\r\n") == NULL);
    mimic__csv_raw(writer, text, strlen(text));
    *writer->at++ = ',';
}

/* A word, or NULL where it is NULL or "". */
static inline void mimic__csv_word_or_null(mimic_csv_writer *writer, const char *text)
{
    if (text != NULL && text[0] != '\0')
        mimic__csv_word(writer, text);
    else
        mimic__csv_null(writer);
}

static inline void mimic__csv_time(mimic_csv_writer *writer, int64_t seconds)
{
    if (seconds != writer->cached_time)
        mimic__csv_render_time(writer, seconds);
    mimic__csv_raw(writer, writer->time_text, 19);
    *writer->at++ = ',';
}

static inline void mimic__csv_row_end(mimic_csv_writer *writer)
{
    writer->at[-1] = '\n';
    writer->rows++;
    if (writer->is_reordered || writer->at >= writer->row_limit ||
        writer->at - writer->chunk >= MIMIC_SYNTH_CHUNK_BYTES)
        mimic__csv_row_end_slow(writer);
    else {
        writer->row = writer->at;
        writer->row_limit = writer->at + MIMIC_SYNTH_ROW_BYTES / 2;
    }
}

#endif
