/* Members of JSON objects into buffers; see json_write.h. */
#include "json/json_write.h"

#include <inttypes.h>

void mimic__json_put_comma(mimic_buffer *json)
{
    if (json->size > 0 && strchr("{[ \n", json->data[json->size - 1]) == NULL)
        mimic__buffer_text(json, ", ");
}

void mimic__json_put_name(mimic_buffer *json, const char *name)
{
    mimic__json_put_comma(json);
    mimic__buffer_json_string(json, name);
    mimic__buffer_text(json, ": ");
}

void mimic__json_put_text(mimic_buffer *json, const char *name, const char *text)
{
    mimic__json_put_name(json, name);
    mimic__buffer_json_string(json, text);
}

void mimic__json_put_number(mimic_buffer *json, const char *name, int64_t number)
{
    mimic__json_put_name(json, name);
    mimic__buffer_format(json, "%" PRId64, number);
}

void mimic__json_put_truth(mimic_buffer *json, const char *name, bool truth)
{
    mimic__json_put_name(json, name);
    mimic__buffer_text(json, truth ? "true" : "false");
}

void mimic__json_put_texts(mimic_buffer *json, const char *name, const char *const *texts,
                           size_t count)
{
    mimic__json_put_name(json, name);
    mimic__buffer_byte(json, '[');
    for (size_t i = 0; i < count; i++) {
        mimic__json_put_comma(json);
        mimic__buffer_json_string(json, texts[i]);
    }
    mimic__buffer_byte(json, ']');
}

void mimic__json_put_numbers(mimic_buffer *json, const char *name, const int64_t *numbers,
                             size_t count)
{
    mimic__json_put_name(json, name);
    mimic__buffer_byte(json, '[');
    for (size_t i = 0; i < count; i++) {
        mimic__json_put_comma(json);
        mimic__buffer_format(json, "%" PRId64, numbers[i]);
    }
    mimic__buffer_byte(json, ']');
}
