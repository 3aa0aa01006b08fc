/*
 * Reading FlatBuffers that somebody else wrote. Nothing is trusted: every place is checked against the
 * size before it is looked at, and damage latches, so that a caller reads on and asks once at the end.
 * What is absent, or damaged, is 0. Values are read byte by byte: alignment does not matter.
 */
#ifndef MIMIC_ARROW_FLATBUFFER_VIEW_H
#define MIMIC_ARROW_FLATBUFFER_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mimic_fb_view {
    const unsigned char *bytes;
    size_t size;
    bool is_damaged;
} mimic_fb_view;

/* A vector: its number of elements and the place of the first. */
typedef struct mimic_fb_vector {
    size_t count;
    size_t first;
} mimic_fb_vector;

/* Places are offsets; 0 is the place of no object. */
size_t mimic__fb_root(mimic_fb_view *view);
/* A number of 1, 2, 4 or 8 bytes in slot `slot` of a table; `absent` where it is not written. */
uint64_t mimic__fb_number(mimic_fb_view *view, size_t table, size_t slot, size_t size,
                          uint64_t absent);
/* What the reference in a slot leads to. */
size_t mimic__fb_object(mimic_fb_view *view, size_t table, size_t slot);
mimic_fb_vector mimic__fb_elements(mimic_fb_view *view, size_t table, size_t slot,
                                   size_t element_size);
/* What element number `index` of a vector of references leads to. */
size_t mimic__fb_element_object(mimic_fb_view *view, const mimic_fb_vector *vector, size_t index);
/* A number inside a struct that stands in a vector, whose bounds are checked already. */
uint64_t mimic__fb_raw(const mimic_fb_view *view, size_t place, size_t size);
/* A text, without its end; NULL where there is none. */
const char *mimic__fb_text(mimic_fb_view *view, size_t table, size_t slot, size_t *out_size);

#endif
