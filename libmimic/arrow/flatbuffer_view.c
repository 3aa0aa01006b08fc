/* See flatbuffer_view.h. "FlatBuffer Internals": a table begins with the distance back to its vtable,
 * which holds its own size, the table's size, and the offset of each field, 0 = absent. */
#include "arrow/flatbuffer_view.h"

/* Are there `size` bytes at `place`? */
static bool has(mimic_fb_view *view, size_t place, size_t size)
{
    const bool is_inside = place <= view->size && size <= view->size - place;
    view->is_damaged |= !is_inside;
    return is_inside;
}

uint64_t mimic__fb_raw(const mimic_fb_view *view, size_t place, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | view->bytes[place + i];
    return value;
}

/* Follows the reference at `place`, which leads forward. */
static size_t follow(mimic_fb_view *view, size_t place)
{
    if (!has(view, place, 4))
        return 0;
    const size_t target = place + (size_t)mimic__fb_raw(view, place, 4);
    /* An object takes 4 bytes at least, and none stands where its reference is. */
    if (target == place || !has(view, target, 4)) {
        view->is_damaged = true;
        return 0;
    }
    return target;
}

size_t mimic__fb_root(mimic_fb_view *view)
{
    return follow(view, 0);
}

/* Where the value of a slot stands; 0 = absent. */
static size_t find(mimic_fb_view *view, size_t table, size_t slot, size_t size)
{
    if (table == 0 || !has(view, table, 4))
        return 0;
    const int64_t back = (int32_t)(uint32_t)mimic__fb_raw(view, table, 4);
    const int64_t vtable = (int64_t)table - back;
    if (vtable < 0 || !has(view, (size_t)vtable, 4)) {
        view->is_damaged = true;
        return 0;
    }
    const size_t vtable_size = (size_t)mimic__fb_raw(view, (size_t)vtable, 2);
    const size_t table_size = (size_t)mimic__fb_raw(view, (size_t)vtable + 2, 2);
    if (vtable_size < 4 || table_size < 4 || !has(view, (size_t)vtable, vtable_size) ||
        !has(view, table, table_size)) {
        view->is_damaged = true;
        return 0;
    }
    if (4 + 2 * slot + 2 > vtable_size)
        return 0;
    const size_t offset = (size_t)mimic__fb_raw(view, (size_t)vtable + 4 + 2 * slot, 2);
    if (offset == 0)
        return 0;
    if (offset < 4 || offset + size > table_size) {
        view->is_damaged = true;
        return 0;
    }
    return table + offset;
}

uint64_t mimic__fb_number(mimic_fb_view *view, size_t table, size_t slot, size_t size,
                          uint64_t absent)
{
    const size_t place = find(view, table, slot, size);
    return place == 0 ? absent : mimic__fb_raw(view, place, size);
}

size_t mimic__fb_object(mimic_fb_view *view, size_t table, size_t slot)
{
    const size_t place = find(view, table, slot, 4);
    return place == 0 ? 0 : follow(view, place);
}

mimic_fb_vector mimic__fb_elements(mimic_fb_view *view, size_t table, size_t slot,
                                   size_t element_size)
{
    const size_t place = mimic__fb_object(view, table, slot);
    if (place == 0)
        return (mimic_fb_vector){0, 0};
    const size_t count = (size_t)mimic__fb_raw(view, place, 4);
    if (count > view->size / element_size || !has(view, place + 4, count * element_size)) {
        view->is_damaged = true;
        return (mimic_fb_vector){0, 0};
    }
    return (mimic_fb_vector){count, place + 4};
}

size_t mimic__fb_element_object(mimic_fb_view *view, const mimic_fb_vector *vector, size_t index)
{
    return follow(view, vector->first + 4 * index);
}

const char *mimic__fb_text(mimic_fb_view *view, size_t table, size_t slot, size_t *out_size)
{
    const mimic_fb_vector text = mimic__fb_elements(view, table, slot, 1);
    *out_size = text.count;
    return text.first == 0 ? NULL : (const char *)view->bytes + text.first;
}
