/* rejects.csv, see event_output.h: each line is made in a buffer and written whole. */
#include "base/error.h"
#include "base/calendar.h"
#include "events/event_output.h"
#include "sink/sink_csv_encode.h"
#include "sink/sink_format.h"

struct mimic_event_rejects {
    const mimic_context *ctx;
    const mimic_event_map *map;
    mimic_output *output;
    mimic_buffer line;
    int64_t count;
};

/* What a mark is called when its policy rejects. */
typedef struct mark_text {
    mimic_mark mark;
    const char *code;
    const char *message;
} mark_text;

static const mark_text marks[] = {
    {MIMIC_MARK_BAD_TIME, "bad_time", "a time of the row is none"},
    {MIMIC_MARK_REVERSED, "reversed", "the interval ends before it starts"},
    {MIMIC_MARK_OUTSIDE, "outside", "it lies before or behind its own admission"},
    {MIMIC_MARK_UNKNOWN_SUBJECT, "unknown_subject",
     "the patient is not in the table of patients"},
    {MIMIC_MARK_MISSING_ID, "missing_id",
     "an admission or stay that should be named is not, or is not one of the patient's"},
};
static const mark_text no_subject = {0, "no_subject", "the row names no patient"};

static const mark_text *text_of(const mimic_event_reject *reject)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (marks[i].mark == reject->mark &&
            (reject->mark != MIMIC_MARK_UNKNOWN_SUBJECT || reject->subject != MIMIC_EVENT_NONE))
            return &marks[i];
    return &no_subject;
}

static mimic_status write_line(mimic_event_rejects *rejects, mimic_error *err)
{
    if (rejects->line.failed)
        return mimic__fail_memory(err);
    const size_t size = rejects->line.size;
    rejects->line.size = 0;
    return mimic__output_write(rejects->output, rejects->line.data, size, err);
}

static void put_number(mimic_buffer *line, int64_t value)
{
    char text[MIMIC_FORMAT_BYTES];
    if (value != MIMIC_EVENT_NONE)
        mimic__buffer_append(line, text, mimic__format_int64(text, value));
    mimic__buffer_byte(line, ',');
}

static void put_text(mimic_buffer *line, const char *text, char end)
{
    mimic__csv_encode_text(line, text, strlen(text));
    mimic__buffer_byte(line, end);
}

static void put_place(mimic_event_rejects *rejects, size_t table, int64_t row, const char *code)
{
    put_text(&rejects->line, rejects->map->tables[table].table->name, ',');
    put_number(&rejects->line, row);
    put_text(&rejects->line, code, ',');
    rejects->count++;
}

mimic_status mimic__event_rejects_add(mimic_event_rejects *rejects,
                                      const mimic_event_reject *reject, mimic_error *err)
{
    char time[32];
    const mark_text *text = text_of(reject);
    put_place(rejects, reject->table, reject->row, text->code);
    put_number(&rejects->line, reject->subject);
    if (reject->time != MIMIC_EVENT_NONE)
        mimic__buffer_append(&rejects->line, time,
                             (size_t)mimic__format_timestamp(time, reject->time, ' '));
    mimic__buffer_byte(&rejects->line, ',');
    put_text(&rejects->line, text->message, '\n');
    return write_line(rejects, err);
}

mimic_status mimic__event_rejects_add_read(mimic_event_rejects *rejects, size_t table, int64_t row,
                                           const mimic_reject *reject, mimic_error *err)
{
    mimic_buffer *line = &rejects->line;
    put_place(rejects, table, row, mimic_reject_code_name(reject->code));
    mimic__buffer_append(line, ",,", 2);
    mimic_buffer message;
    mimic__buffer_init(&message, rejects->ctx);
    if (reject->column != NULL && reject->column[0] != '\0')
        mimic__buffer_format(&message, "column %s: ", reject->column);
    mimic__buffer_text(&message, reject->message);
    if (reject->line > 0)
        mimic__buffer_format(&message, " (line %lld)", (long long)reject->line);
    mimic__csv_encode_text(line, message.size == 0 ? "" : message.data, message.size);
    mimic__buffer_byte(line, '\n');
    line->failed |= message.failed;
    mimic__buffer_free(&message);
    return write_line(rejects, err);
}

int64_t mimic__event_rejects_count(const mimic_event_rejects *rejects)
{
    return rejects->count;
}

mimic_status mimic__event_rejects_new(const mimic_context *ctx, const char *path,
                                      const mimic_event_map *map, bool no_sync,
                                      mimic_event_rejects **out_rejects, mimic_error *err)
{
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE,
                                          .no_sync = no_sync};
    *out_rejects = NULL;
    mimic_event_rejects *rejects = mimic__alloc_zeroed(ctx, 1, sizeof *rejects);
    if (rejects == NULL)
        return mimic__fail_memory(err);
    rejects->ctx = ctx;
    rejects->map = map;
    mimic__buffer_init(&rejects->line, ctx);
    mimic_status status = mimic__output_open(ctx, path, &options, &rejects->output, err);
    if (status == MIMIC_OK) {
        mimic__buffer_text(&rejects->line, "source,row,code,subject_id,time,message\n");
        status = write_line(rejects, err);
    }
    if (status == MIMIC_OK)
        *out_rejects = rejects;
    else
        mimic__event_rejects_free(rejects);
    return status;
}

mimic_status mimic__event_rejects_finish(mimic_event_rejects *rejects, mimic_error *err)
{
    return mimic__output_publish(rejects->output, err);
}

void mimic__event_rejects_free(mimic_event_rejects *rejects)
{
    if (rejects == NULL)
        return;
    mimic__output_free(rejects->output);
    mimic__buffer_free(&rejects->line);
    mimic__free(rejects->ctx, rejects);
}
