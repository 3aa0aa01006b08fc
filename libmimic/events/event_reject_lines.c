/* Rejects of a build: lines that begin with a key (table, row), sorted outside of memory. */
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"
#include "events/event_records.h"
#include "events/event_reject_lines.h"
#include "io/sorter.h"

#define KEY_BYTES 10
#define RAW_BYTES 4096 /* shown of a row */

struct reject_lines {
    const mimic_context *ctx;
    const char *path;
    mimic_sorter *sorter; /* NULL until there is a line, and after a write */
    mimic_buffer line;
};

mimic_status mimic__reject_lines_new(const mimic_context *ctx, const char *path,
                                      reject_lines **out_rejects, mimic_error *err)
{
    reject_lines *const rejects = mimic__alloc_zeroed(ctx, 1, sizeof *rejects);
    *out_rejects = rejects;
    if (rejects == NULL)
        return mimic__fail_memory(err);
    rejects->ctx = ctx;
    rejects->path = path;
    mimic__buffer_init(&rejects->line, ctx);
    return MIMIC_OK;
}

void mimic__reject_lines_free(reject_lines *rejects)
{
    if (rejects == NULL)
        return;
    mimic__sorter_free(rejects->sorter);
    mimic__buffer_free(&rejects->line);
    mimic__free(rejects->ctx, rejects);
}

const char *mimic__event_mark_name(int mark)
{
    switch (mark) {
    case MIMIC_MARK_BAD_TIME:
        return "bad_time";
    case MIMIC_MARK_REVERSED:
        return "reversed";
    case MIMIC_MARK_OUTSIDE:
        return "outside";
    case MIMIC_MARK_UNKNOWN_SUBJECT:
        return "unknown_subject";
    case MIMIC_MARK_MISSING_ID:
        return "missing_id";
    case MIMIC_MARK_ADMISSION_FILLED:
        return "admission_filled";
    case MIMIC_MARK_STAY_FILLED:
        return "stay_filled";
    default:
        return "";
    }
}

static const char *mark_message(int mark)
{
    switch (mark) {
    case MIMIC_MARK_BAD_TIME:
        return "a time that does not parse";
    case MIMIC_MARK_REVERSED:
        return "the interval ends before it starts";
    case MIMIC_MARK_OUTSIDE:
        return "the event lies before or behind its own admission";
    case MIMIC_MARK_UNKNOWN_SUBJECT:
        return "the patient is not in the table of patients";
    case MIMIC_MARK_MISSING_ID:
        return "an id that should be there is missing, or is not one of the patient's";
    default:
        return "";
    }
}

/* ---- lines ---- */

static void put_big_endian(mimic_buffer *line, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        mimic__buffer_byte(line, (char)(number >> (8 * i)));
}

static void begin_line(mimic_buffer *line, const mimic_event_table *table, int64_t row)
{
    line->size = 0;
    put_big_endian(line, table->number, 2);
    put_big_endian(line, (uint64_t)row, 8);
}

/* Quoted, with its quotes doubled. A NUL, or a byte that is no UTF-8, would keep readers from the whole
 * file: U+FFFD stands for it. The row itself is where `byte_offset` says. */
static void put_text(mimic_buffer *line, const char *text, size_t size)
{
    mimic__buffer_byte(line, '"');
    while (size > 0) {
        const size_t sound = mimic__utf8_check(text, size);
        for (size_t i = 0; i < sound; i++) {
            if (text[i] == '"')
                mimic__buffer_byte(line, '"');
            if (text[i] == '\0')
                mimic__buffer_text(line, "\xEF\xBF\xBD");
            else
                mimic__buffer_byte(line, text[i]);
        }
        const bool is_bad = sound < size;
        if (is_bad)
            mimic__buffer_text(line, "\xEF\xBF\xBD");
        text += sound + is_bad;
        size -= sound + is_bad;
    }
    mimic__buffer_byte(line, '"');
}

static mimic_status end_line(reject_lines *rejects, mimic_error *err)
{
    mimic__buffer_byte(&rejects->line, '\n');
    if (rejects->line.failed || rejects->line.size > MIMIC_SPILL_STRING_MAX)
        return mimic__fail_memory(err);
    if (rejects->sorter == NULL) {
        const mimic_sorter_options options = {.of_strings = true,
                                              .memory_bytes = MIMIC_SORTER_BYTES,
                                              .path = rejects->path};
        MIMIC_TRY(mimic__sorter_new(rejects->ctx, &options, &rejects->sorter, err));
    }
    return mimic__sorter_add_string(rejects->sorter, (const unsigned char *)rejects->line.data,
                                    rejects->line.size, err);
}

mimic_status mimic__reject_lines_row(reject_lines *rejects, const mimic_event_table *table,
                                      const char *source, const mimic_reject *reject,
                                      mimic_error *err)
{
    mimic_buffer *const line = &rejects->line;
    begin_line(line, table, reject->record);
    mimic__buffer_format(line, "%s,", table->table->name);
    put_text(line, source, strlen(source));
    mimic__buffer_format(line, ",%lld,%lld,%lld,,", (long long)reject->record,
                         (long long)reject->line, (long long)reject->byte_offset);
    mimic__buffer_format(line, "%s,%s,", reject->column == NULL ? "" : reject->column,
                         mimic_reject_code_name(reject->code));
    put_text(line, reject->message, strlen(reject->message));
    mimic__buffer_byte(line, ',');
    put_text(line, reject->raw, reject->raw_size < RAW_BYTES ? reject->raw_size : RAW_BYTES);
    return end_line(rejects, err);
}

mimic_status mimic__reject_lines_event(reject_lines *rejects, const mimic_event_table *table,
                                        const char *source, const mimic_event_reject *reject,
                                        mimic_error *err)
{
    mimic_buffer *const line = &rejects->line;
    begin_line(line, table, reject->row);
    mimic__buffer_format(line, "%s,", table->table->name);
    put_text(line, source, strlen(source));
    mimic__buffer_format(line, ",%lld,,,", (long long)reject->row);
    if (reject->subject != MIMIC_EVENT_NONE)
        mimic__buffer_format(line, "%lld", (long long)reject->subject);
    mimic__buffer_format(line, ",,%s,", mimic__event_mark_name(reject->mark));
    put_text(line, mark_message(reject->mark), strlen(mark_message(reject->mark)));
    mimic__buffer_byte(line, ',');
    return end_line(rejects, err);
}

/* ---- out and in again ---- */

static mimic_status write_line(mimic_output *output, const unsigned char *line, size_t size,
                               bool with_keys, mimic_error *err)
{
    if (!with_keys)
        return mimic__output_write(output, line + KEY_BYTES, size - KEY_BYTES, err);
    return mimic__records_write(output, line, size - 1, err); /* the merge puts the line end back */
}

static mimic_status write_lines(reject_lines *rejects, mimic_output *output, bool with_keys,
                                int64_t *out_lines, mimic_error *err)
{
    if (!with_keys)
        MIMIC_TRY(mimic__output_write(output, EVENT_REJECTS_HEADER,
                                      strlen(EVENT_REJECTS_HEADER), err));
    if (rejects->sorter == NULL)
        return MIMIC_OK;
    MIMIC_TRY(mimic__sorter_finish(rejects->sorter, err));
    rejects->line.size = 0;
    for (;;) {
        const unsigned char *line;
        size_t size;
        MIMIC_TRY(mimic__sorter_next_string(rejects->sorter, &line, &size, err));
        if (line == NULL)
            return MIMIC_OK;
        /* Every shard reads all rows, and tells of those that do not fit. */
        if (size == rejects->line.size && memcmp(line, rejects->line.data, size) == 0)
            continue;
        rejects->line.size = 0;
        mimic__buffer_append(&rejects->line, line, size);
        if (rejects->line.failed)
            return mimic__fail_memory(err);
        MIMIC_TRY(write_line(output, line, size, with_keys, err));
        (*out_lines)++;
    }
}

mimic_status mimic__reject_lines_write(reject_lines *rejects, const char *path, bool with_keys,
                                        int64_t *out_lines, mimic_error *err)
{
    mimic_output *output = NULL;
    *out_lines = 0;
    MIMIC_TRY(mimic__output_open(rejects->ctx, path, NULL, &output, err));
    mimic_status status = write_lines(rejects, output, with_keys, out_lines, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    mimic__sorter_free(rejects->sorter);
    rejects->sorter = NULL;
    return status;
}

mimic_status mimic__reject_lines_merge(reject_lines *rejects, const char *path, mimic_error *err)
{
    event_records *records = NULL;
    MIMIC_TRY(mimic__records_open(rejects->ctx, path, &records, err));
    mimic_status status = MIMIC_OK;
    while (status == MIMIC_OK) {
        const char *line;
        size_t size;
        status = mimic__records_next(records, &line, &size, err);
        if (status != MIMIC_OK || line == NULL)
            break;
        rejects->line.size = 0;
        mimic__buffer_append(&rejects->line, line, size);
        status = size <= KEY_BYTES || size >= MIMIC_SPILL_STRING_MAX
                     ? mimic__records_fail(records, err)
                     : end_line(rejects, err);
    }
    mimic__records_free(records);
    return status;
}
