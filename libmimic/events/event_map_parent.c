/* Parents of codes: templates over a code's key, with the dots that the ICD is printed with. */
#include "events/event_map.h"

#define KEY_SEPARATOR '\x1f'

mimic_key_value mimic__event_key_value(const char *key, size_t size, int64_t place)
{
    mimic_key_value value = {key, 0};
    const char *const end = key + size;
    for (int64_t i = 0; value.data != NULL; i++) {
        const char *stop = memchr(value.data, KEY_SEPARATOR, (size_t)(end - value.data));
        value.size = (size_t)((stop == NULL ? end : stop) - value.data);
        if (i == place)
            return value;
        value.data = stop == NULL ? NULL : stop + 1;
    }
    return (mimic_key_value){"", 0};
}

/* Characters in front of the dot; 0 = none. */
static size_t dot_place(const mimic_event_kind *kind, const char *key, size_t key_size,
                        mimic_key_value code)
{
    bool is_nine = kind->icd_version == 9;
    if (kind->icd_column >= 0) {
        const mimic_key_value version = mimic__event_key_value(key, key_size, kind->icd_column);
        is_nine = version.size == 1 && version.data[0] == '9';
    }
    if (kind->icd == ICD_PROCEDURE)
        return is_nine ? 2 : 0;
    if (kind->icd != ICD_DIAGNOSIS)
        return 0;
    return is_nine && (code.data[0] == 'E' || code.data[0] == 'e') ? 4 : 3;
}

bool mimic__event_parent(const mimic_event_kind *kind, size_t index, const char *key,
                         size_t key_size, mimic_buffer *out)
{
    const size_t before = out->size;
    for (size_t i = 0; i < kind->parent_counts[index]; i++) {
        const mimic_code_part *part = &kind->parents[index][i];
        if (part->column < 0) {
            mimic__buffer_append(out, part->literal, part->literal_size);
            continue;
        }
        const mimic_key_value value = mimic__event_key_value(key, key_size, part->column);
        if (value.size == 0) {
            out->size = before;
            return false;
        }
        const size_t place = part->is_dotted ? dot_place(kind, key, key_size, value) : 0;
        const bool has_dot = memchr(value.data, '.', value.size) != NULL;
        const size_t head = place > 0 && place < value.size && !has_dot ? place : value.size;
        mimic__buffer_append(out, value.data, head);
        if (head < value.size)
            mimic__buffer_byte(out, '.');
        mimic__buffer_append(out, value.data + head, value.size - head);
    }
    return true;
}
