/*
 * See event_ndjson.h. Times are ISO 8601 with a T; numbers the shortest that read back the same. JSON has
 * no NaN and no infinity: these stand as texts ("NaN", "INF", "-INF"). Properties are a JSON object
 * already.
 */
#include "events/event_ndjson.h"

#include "base/calendar.h"
#include "sink/sink_format.h"

static void put_key(mimic_buffer *out, const char *key)
{
    mimic__buffer_append(out, ",\"", 2);
    mimic__buffer_text(out, key);
    mimic__buffer_append(out, "\":", 2);
}

static void put_integer(mimic_buffer *out, const char *key, int64_t value)
{
    char text[MIMIC_FORMAT_BYTES];
    if (value == MIMIC_EVENT_NONE)
        return;
    put_key(out, key);
    mimic__buffer_append(out, text, mimic__format_int64(text, value));
}

static void put_time(mimic_buffer *out, const char *key, int64_t time)
{
    char text[32];
    if (time == MIMIC_EVENT_NONE)
        return;
    put_key(out, key);
    mimic__buffer_byte(out, '"');
    mimic__buffer_append(out, text, (size_t)mimic__format_timestamp(text, time, 'T'));
    mimic__buffer_byte(out, '"');
}

/* A number as text; one that is not finite is quoted. */
static void put_number(mimic_buffer *out, const char *key, const char *text, size_t size)
{
    const char last = text[size - 1];
    const bool is_finite = last >= '0' && last <= '9';
    put_key(out, key);
    if (!is_finite)
        mimic__buffer_byte(out, '"');
    mimic__buffer_append(out, text, size);
    if (!is_finite)
        mimic__buffer_byte(out, '"');
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* UTF-8 stays as it is; the texts were checked when they were read. */
static void put_text(mimic_buffer *out, const char *key, const char *text, size_t size)
{
    put_key(out, key);
    mimic__buffer_byte(out, '"');
    for (size_t i = 0; i < size;) {
        const size_t start = i;
        while (i < size && is_plain((unsigned char)text[i]))
            i++;
        mimic__buffer_append(out, text + start, i - start);
        if (i == size)
            break;
        const char byte = text[i++];
        const bool is_control = (unsigned char)byte < 0x20;
        if (is_control)
            mimic__buffer_format(out, "\\u%04x", (unsigned)byte);
        else
            mimic__buffer_format(out, "\\%c", byte);
    }
    mimic__buffer_byte(out, '"');
}

static void put_values(const mimic_event_terms *terms, const mimic_event *event, const char *text,
                       mimic_buffer *out)
{
    char number[MIMIC_FORMAT_BYTES];
    size_t size = 0;
    const bool has_value = (event->flags & MIMIC_EVENT_HAS_VALUE) != 0;
    if (has_value)
        put_number(out, "numeric_value", number,
                   mimic__format_float32(number, (float)event->value));
    if (event->text_size != MIMIC_EVENT_NO_TEXT)
        put_text(out, "text_value", text, event->text_size);
    if (has_value)
        put_number(out, "value", number, mimic__format_float64(number, event->value));
    if (event->unit != MIMIC_EVENT_NO_TEXT) {
        const char *const unit = mimic__event_codes_text(terms->units, event->unit, &size);
        put_text(out, "unit", unit, size);
    }
}

static void put_event(const mimic_event_terms *terms, const mimic_event *event, const char *text,
                      mimic_buffer *out)
{
    char number[MIMIC_FORMAT_BYTES];
    size_t size = 0;
    const mimic_event_trait *trait = &terms->traits[event->kind];
    mimic__buffer_text(out, "{\"subject_id\":");
    mimic__buffer_append(out, number, mimic__format_int64(number, event->subject));
    put_time(out, "time", event->time);
    const char *const code = mimic__event_codes_text(terms->codes, event->code, &size);
    put_text(out, "code", code, size);
    put_values(terms, event, text, out);
    put_time(out, "available_time", event->available);
    put_integer(out, "hadm_id", event->admission);
    put_integer(out, "stay_id", event->stay);
    put_text(out, "source_table", terms->tables[trait->table],
             strlen(terms->tables[trait->table]));
    put_integer(out, "source_row", event->row);
    put_integer(out, "link_id", mimic__event_link_id(trait, event->row));
    put_integer(out, "order_rank", trait->rank);
    put_integer(out, "marks", event->flags & (MIMIC_EVENT_HAS_VALUE - 1));
    if (event->properties_size > 0) {
        const size_t start = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
        put_key(out, "properties");
        mimic__buffer_append(out, text + start, event->properties_size);
    }
    put_text(out, "trajectory_version", terms->version[0], strlen(terms->version[0]));
    mimic__buffer_append(out, "}\n", 2);
}

void mimic__event_ndjson(const mimic_event_terms *terms, const mimic_event_slice *events,
                         mimic_buffer *out)
{
    for (size_t i = 0; i < events->count; i++)
        put_event(terms, &events->events[i], events->texts[i], out);
}
