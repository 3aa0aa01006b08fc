/* Questions to a JSON tree; see json.h. */
#include "json/json.h"

const mimic_json *mimic__json_get(const mimic_json *object, const char *key)
{
    if (object == NULL || object->kind != MIMIC_JSON_OBJECT)
        return NULL;
    for (const mimic_json *member = object->first; member != NULL; member = member->next)
        if (strcmp(member->key, key) == 0)
            return member;
    return NULL;
}

bool mimic__json_int64(const mimic_json *value, int64_t *out_value)
{
    if (value == NULL || value->kind != MIMIC_JSON_NUMBER)
        return false;
    const bool is_negative = value->text[0] == '-';
    const char *digit = value->text + (is_negative ? 1 : 0);
    uint64_t magnitude = 0;
    for (; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || magnitude > (UINT64_MAX - 9) / 10)
            return false;
        magnitude = magnitude * 10 + (uint64_t)(*digit - '0');
    }
    if (magnitude > (uint64_t)INT64_MAX)
        return false;
    *out_value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

const char *mimic__json_kind_name(mimic_json_kind kind)
{
    switch (kind) {
    case MIMIC_JSON_NULL:
        return "null";
    case MIMIC_JSON_BOOLEAN:
        return "a boolean";
    case MIMIC_JSON_NUMBER:
        return "a number";
    case MIMIC_JSON_STRING:
        return "a string";
    case MIMIC_JSON_ARRAY:
        return "an array";
    case MIMIC_JSON_OBJECT:
        return "an object";
    }
    return "a value";
}

static void append_key(mimic_buffer *buffer, const char *key)
{
    for (; *key != '\0'; key++) {
        if (*key == '~')
            mimic__buffer_text(buffer, "~0");
        else if (*key == '/')
            mimic__buffer_text(buffer, "~1");
        else
            mimic__buffer_byte(buffer, *key);
    }
}

void mimic__json_pointer(mimic_buffer *buffer, const mimic_json *value)
{
    const mimic_json *path[MIMIC_JSON_MAX_DEPTH + 1];
    size_t depth = 0;
    for (; value->parent != NULL; value = value->parent)
        path[depth++] = value;
    while (depth > 0) {
        const mimic_json *step = path[--depth];
        mimic__buffer_byte(buffer, '/');
        if (step->key != NULL)
            append_key(buffer, step->key);
        else
            mimic__buffer_format(buffer, "%u", step->index);
    }
}
