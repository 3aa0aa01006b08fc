/*
 * Typed members of JSON objects, and findings. Every getter takes an absent member in silence and
 * reports one of the wrong kind; the caller gets something usable in either case, so that one fault
 * does not hide the next.
 */
#include "schema/schema_reader.h"

#include <stdarg.h>
#include <stdio.h>

static void append_message(mimic_buffer *buffer, const char *format, va_list arguments)
{
    char text[1024];
    if (vsnprintf(text, sizeof text, format, arguments) > 0)
        mimic__buffer_text(buffer, text);
}

void mimic__schema_finding(mimic_schema_reader *reader, const mimic_json *at, const char *format,
                           ...)
{
    if (reader->out_of_memory)
        return; /* what is missing may be missing for that reason only */
    reader->pointer.size = 0;
    reader->message.size = 0;
    mimic__json_pointer(&reader->pointer, at);
    mimic__buffer_byte(&reader->pointer, '\0');
    va_list arguments;
    va_start(arguments, format);
    append_message(&reader->message, format, arguments);
    va_end(arguments);
    mimic__buffer_byte(&reader->message, '\0');
    if (reader->pointer.failed || reader->message.failed) {
        reader->out_of_memory = true;
        return;
    }
    const char *pointer = reader->pointer.data;
    const char *message = reader->message.data;
    if (reader->finding_count++ == 0) {
        mimic__fail(reader->err, MIMIC_ERR_SCHEMA, "%s: line %u, column %u, at \"%s\": %s",
                    reader->name, at->line, at->column, pointer, message);
        mimic__error_place(reader->err, reader->name, -1, at->line, at->offset, NULL);
    }
    if (reader->sink.finding != NULL)
        reader->sink.finding(pointer, at->line, at->column, message, reader->sink.ctx);
}

void *mimic__schema_array(mimic_schema_reader *reader, size_t count, size_t size)
{
    void *memory = mimic__arena_array(reader->arena, count, size);
    if (memory == NULL)
        reader->out_of_memory = true;
    return memory;
}

bool mimic__schema_check_label(mimic_schema_reader *reader, const mimic_json *value)
{
    bool has_control = false;
    if (value->text_size > MIMIC_SCHEMA_MAX_NAME) {
        mimic__schema_finding(reader, value, "a name of %zu bytes; at most %d are possible",
                              value->text_size, MIMIC_SCHEMA_MAX_NAME);
        return false;
    }
    for (size_t i = 0; i < value->text_size; i++) {
        const unsigned char byte = (unsigned char)value->text[i];
        has_control |= byte < 0x20 || byte == 0x7f ||
                       (byte == 0xc2 && (unsigned char)value->text[i + 1] < 0xa0);
    }
    if (has_control)
        mimic__schema_finding(reader, value, "a control character in a name");
    return !has_control;
}

const char *mimic__schema_copy(mimic_schema_reader *reader, const char *text, size_t size)
{
    const char *copy = size == 0 ? "" : mimic__arena_strndup(reader->arena, text, size);
    if (copy == NULL)
        reader->out_of_memory = true;
    return copy == NULL ? "" : copy;
}

/* The name in lower case; NULL when memory ran out. */
static const mimic_buffer *fold(mimic_schema_reader *reader, const char *name)
{
    reader->pointer.size = 0;
    mimic__name_fold(&reader->pointer, name);
    if (reader->pointer.failed)
        reader->out_of_memory = true;
    return reader->pointer.failed ? NULL : &reader->pointer;
}

uint32_t mimic__schema_find_name(mimic_schema_reader *reader, const mimic_hashmap *map,
                                 const char *name)
{
    const mimic_buffer *folded = fold(reader, name);
    return folded == NULL ? MIMIC_HASHMAP_NONE
                          : mimic__hashmap_find(map, folded->data, folded->size);
}

bool mimic__schema_add_name(mimic_schema_reader *reader, mimic_hashmap *map, const char *name)
{
    const mimic_buffer *folded = fold(reader, name);
    if (folded == NULL)
        return false;
    const uint32_t count = map->count;
    if (mimic__hashmap_insert(map, folded->data, folded->size) == MIMIC_HASHMAP_NONE)
        reader->out_of_memory = true;
    return map->count > count;
}

/* A finding when the member is of another kind. */
static bool has_kind(mimic_schema_reader *reader, const mimic_json *member, mimic_json_kind kind)
{
    if (member->kind != kind)
        mimic__schema_finding(reader, member, "\"%s\" must be %s, not %s", member->key,
                              mimic__json_kind_name(kind), mimic__json_kind_name(member->kind));
    return member->kind == kind;
}

const mimic_json *mimic__schema_member(mimic_schema_reader *reader, const mimic_json *object,
                                       const char *key, mimic_json_kind kind)
{
    const mimic_json *value = mimic__json_get(object, key);
    return value != NULL && has_kind(reader, value, kind) ? value : NULL;
}

const char *mimic__schema_text(mimic_schema_reader *reader, const mimic_json *object,
                               const char *key, const char *fallback)
{
    const mimic_json *value = mimic__json_get(object, key);
    return value == NULL ? fallback : mimic__schema_text_of(reader, value, fallback);
}

const char *mimic__schema_text_of(mimic_schema_reader *reader, const mimic_json *member,
                                  const char *fallback)
{
    return has_kind(reader, member, MIMIC_JSON_STRING)
               ? mimic__schema_copy(reader, member->text, member->text_size)
               : fallback;
}

bool mimic__schema_flag(mimic_schema_reader *reader, const mimic_json *object, const char *key,
                        bool fallback)
{
    const mimic_json *value = mimic__schema_member(reader, object, key, MIMIC_JSON_BOOLEAN);
    return value == NULL ? fallback : value->truth;
}

int64_t mimic__schema_count(mimic_schema_reader *reader, const mimic_json *object, const char *key)
{
    const mimic_json *value = mimic__json_get(object, key);
    return value == NULL ? -1 : mimic__schema_count_of(reader, value);
}

int64_t mimic__schema_count_of(mimic_schema_reader *reader, const mimic_json *member)
{
    int64_t count = -1;
    if (!has_kind(reader, member, MIMIC_JSON_NUMBER))
        return -1;
    if (!mimic__json_int64(member, &count) || count < 0) {
        mimic__schema_finding(reader, member, "\"%s\" must be a whole number of 0 or more, not %s",
                              member->key, member->text);
        return -1;
    }
    return count;
}

char mimic__schema_character(mimic_schema_reader *reader, const mimic_json *object, const char *key)
{
    const mimic_json *value = mimic__json_get(object, key);
    if (value == NULL || value->kind == MIMIC_JSON_NULL)
        return '\0';
    if (value->kind != MIMIC_JSON_STRING || value->text_size != 1 ||
        (unsigned char)value->text[0] >= 0x80 || value->text[0] == '\n' || value->text[0] == '\r') {
        mimic__schema_finding(reader, value, "\"%s\" must be a single ASCII character", key);
        return '\0';
    }
    return value->text[0];
}

/* One entry of a list; false after a finding. */
static bool read_entry(mimic_schema_reader *reader, const mimic_json *entry,
                       mimic_schema_list_rule rule, mimic_text *out_text)
{
    const mimic_json *value = entry;
    if (rule.allow_labels && entry->kind == MIMIC_JSON_OBJECT) {
        value = mimic__json_get(entry, "value");
        if (value == NULL) {
            mimic__schema_finding(reader, entry, "the entry has no \"value\"");
            return false;
        }
    }
    const bool is_scalar = value->kind == MIMIC_JSON_NUMBER || value->kind == MIMIC_JSON_BOOLEAN;
    if (value->kind != MIMIC_JSON_STRING && !(rule.allow_scalars && is_scalar)) {
        mimic__schema_finding(reader, value, "the entry must be a string, not %s",
                              mimic__json_kind_name(value->kind));
        return false;
    }
    if (value->kind == MIMIC_JSON_BOOLEAN) {
        out_text->data = value->truth ? "true" : "false";
        out_text->size = strlen(out_text->data);
    } else {
        out_text->data = mimic__schema_copy(reader, value->text, value->text_size);
        out_text->size = value->text_size;
    }
    return true;
}

const mimic_text *mimic__schema_texts(mimic_schema_reader *reader, const mimic_json *array,
                                      mimic_schema_list_rule rule, size_t *out_count)
{
    *out_count = 0;
    if (array == NULL)
        return NULL;
    mimic_text *texts = mimic__schema_array(reader, array->child_count, sizeof *texts);
    if (texts == NULL)
        return NULL;
    for (const mimic_json *entry = array->first; entry != NULL; entry = entry->next)
        if (read_entry(reader, entry, rule, &texts[*out_count]))
            ++*out_count;
    return texts;
}

const char *const *mimic__schema_names(mimic_schema_reader *reader, const mimic_json *object,
                                       const char *key, size_t *out_count)
{
    *out_count = 0;
    const mimic_json *array = mimic__schema_member(reader, object, key, MIMIC_JSON_ARRAY);
    if (array == NULL)
        return NULL;
    const char **names = mimic__schema_array(reader, array->child_count, sizeof *names);
    if (names == NULL)
        return NULL;
    for (const mimic_json *entry = array->first; entry != NULL; entry = entry->next) {
        mimic_text text;
        if (read_entry(reader, entry, (mimic_schema_list_rule){0}, &text))
            names[(*out_count)++] = text.data;
    }
    return names;
}

void mimic__schema_known_only(mimic_schema_reader *reader, const mimic_json *object,
                              const char *const *known)
{
    for (const mimic_json *member = object == NULL ? NULL : object->first; member != NULL;
         member = member->next) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], member->key) != 0)
            i++;
        if (known[i] == NULL)
            mimic__schema_finding(reader, member, "unknown property \"%s\"", member->key);
    }
}
