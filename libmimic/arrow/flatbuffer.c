/*
 * See flatbuffer.h. Layout after "FlatBuffer Internals": a table begins with the distance back to
 * its vtable, and the vtable holds its own size, the table's size and the place of each field, in
 * 16 bits each. Vtables are not shared: Arrow's metadata is small.
 */
#include "arrow/flatbuffer.h"

#include <assert.h>

static void put_at(char *p, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (char)(unsigned char)(value >> (8 * i));
}

void mimic__fb_put(mimic_buffer *fb, uint64_t value, size_t size)
{
    char bytes[8];
    put_at(bytes, value, size);
    mimic__buffer_append(fb, bytes, size);
}

/* Pads so that the byte `ahead` bytes from here stands at a multiple of `alignment`. */
static void align(mimic_buffer *fb, size_t alignment, size_t ahead)
{
    while ((fb->size + ahead) % alignment != 0 && !fb->failed)
        mimic__buffer_byte(fb, 0);
}

void mimic__fb_begin(mimic_buffer *fb)
{
    fb->size = 0;
    mimic__fb_put(fb, 0, 4);
}

/* Gives every field its place in the table, wide ones first; returns the table's size. */
static size_t place_fields(const mimic_fb_slot *slots, size_t slot_count, uint16_t *out_places)
{
    size_t end = 4; /* behind the distance to the vtable */
    for (size_t size = 8; size > 0; size /= 2) {
        for (size_t i = 0; i < slot_count; i++) {
            if (slots[i].size != size)
                continue;
            end = (end + size - 1) / size * size;
            out_places[i] = (uint16_t)end;
            end += size;
        }
    }
    return end;
}

size_t mimic__fb_table(mimic_buffer *fb, mimic_fb_slot *slots, size_t slot_count)
{
    assert(slot_count <= MIMIC_FB_MAX_SLOTS);
    uint16_t places[MIMIC_FB_MAX_SLOTS] = {0};
    const size_t table_size = place_fields(slots, slot_count, places);
    const size_t vtable_size = 4 + 2 * slot_count;
    align(fb, 8, vtable_size);
    mimic__fb_put(fb, vtable_size, 2);
    mimic__fb_put(fb, table_size, 2);
    for (size_t i = 0; i < slot_count; i++)
        mimic__fb_put(fb, places[i], 2);

    const size_t table = fb->size;
    char inline_values[4 + 15 * MIMIC_FB_MAX_SLOTS] = {0};
    put_at(inline_values, vtable_size, 4);
    for (size_t i = 0; i < slot_count; i++) {
        put_at(inline_values + places[i], slots[i].value, slots[i].size);
        slots[i].place = table + places[i];
    }
    mimic__buffer_append(fb, inline_values, table_size);
    return table;
}

size_t mimic__fb_string(mimic_buffer *fb, const char *text)
{
    align(fb, 4, 0);
    const size_t string = fb->size;
    const size_t size = strlen(text);
    mimic__fb_put(fb, size, 4);
    mimic__buffer_append(fb, text, size + 1);
    return string;
}

size_t mimic__fb_references(mimic_buffer *fb, size_t count)
{
    align(fb, 4, 0);
    const size_t vector = fb->size;
    mimic__fb_put(fb, count, 4);
    for (size_t i = 0; i < count; i++)
        mimic__fb_put(fb, 0, 4);
    return vector;
}

size_t mimic__fb_structs(mimic_buffer *fb, size_t count)
{
    align(fb, 8, 4);
    const size_t vector = fb->size;
    mimic__fb_put(fb, count, 4);
    return vector;
}

void mimic__fb_link(mimic_buffer *fb, size_t place, size_t target)
{
    if (fb->failed)
        return;
    assert(target > place);
    put_at(fb->data + place, target - place, 4);
}
