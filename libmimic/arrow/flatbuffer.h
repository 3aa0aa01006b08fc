/*
 * A builder of FlatBuffers, as far as Arrow needs them. It writes front to back: a parent first,
 * its children behind it, so that every offset points forward as the format asks; mimic__fb_link
 * then fills the parent's reference in. The bytes go to a mimic_buffer that holds nothing else,
 * whose latch tells at the end whether memory ran out. Everything is little endian and all padding
 * is 0.
 */
#ifndef MIMIC_ARROW_FLATBUFFER_H
#define MIMIC_ARROW_FLATBUFFER_H

#include <stdint.h>

#include "base/buffer.h"

/* One field of a table; its place in the array is its number in the schema. */
typedef struct mimic_fb_slot {
    size_t size; /* bytes of the inline value: 1, 2, 4, 8; 0 = the field is absent */
    uint64_t value;
    size_t place; /* set by mimic__fb_table: where the value stands, for mimic__fb_link */
} mimic_fb_slot;

#define MIMIC_FB_ABSENT                                                                            \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }
#define MIMIC_FB_BYTE(value)                                                                       \
    {                                                                                              \
        1, (uint64_t)(value), 0                                                                    \
    }
#define MIMIC_FB_SHORT(value)                                                                      \
    {                                                                                              \
        2, (uint64_t)(value), 0                                                                    \
    }
#define MIMIC_FB_INT(value)                                                                        \
    {                                                                                              \
        4, (uint64_t)(value), 0                                                                    \
    }
#define MIMIC_FB_LONG(value)                                                                       \
    {                                                                                              \
        8, (uint64_t)(value), 0                                                                    \
    }
#define MIMIC_FB_REFERENCE                                                                         \
    {                                                                                              \
        4, 0, 0                                                                                    \
    }
#define MIMIC_FB_MAX_SLOTS 8

/* Empties `fb` and leaves room for the root's reference at place 0. */
void mimic__fb_begin(mimic_buffer *fb);
/* Each returns where the object stands. */
size_t mimic__fb_table(mimic_buffer *fb, mimic_fb_slot *slots, size_t slot_count);
size_t mimic__fb_string(mimic_buffer *fb, const char *text);
/* A vector of `count` references, to be linked at mimic__fb_element(vector, i). */
size_t mimic__fb_references(mimic_buffer *fb, size_t count);
/* A vector of `count` structs aligned to 8 bytes; their bytes are appended next, with
 * mimic__fb_put. */
size_t mimic__fb_structs(mimic_buffer *fb, size_t count);
void mimic__fb_put(mimic_buffer *fb, uint64_t value, size_t size);

static inline size_t mimic__fb_element(size_t vector, size_t index)
{
    return vector + 4 + 4 * index;
}

/* Points the reference at `place` to `target`, which lies behind it. */
void mimic__fb_link(mimic_buffer *fb, size_t place, size_t target);

#endif
