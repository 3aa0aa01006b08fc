/*
 * Option structs that grow: the caller's struct may be older (shorter) or newer (longer) than ours.
 * What it lacks keeps its default; what we do not know must be zero.
 */
#ifndef MIMIC_BASE_OPTIONS_H
#define MIMIC_BASE_OPTIONS_H

#include <stddef.h>
#include <mimic/status.h>

/* Copies *given over *chosen, whose defaults are set. given may be NULL. */
#define MIMIC_OPTIONS_COPY(chosen, given, name, err)                                               \
    mimic__options_copy((chosen), sizeof *(chosen), (given), (name), (err))

mimic_status mimic__options_copy(void *chosen, size_t known_size, const void *given,
                                 const char *name, mimic_error *err);

/* Copies a filled view into the caller's struct, which may be shorter or longer than ours. */
#define MIMIC_VIEW_COPY(out, view) mimic__view_copy((out), &(view), sizeof(view))

mimic_status mimic__view_copy(void *out, const void *view, size_t known_size);

#endif
