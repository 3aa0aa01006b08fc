/* The program that a pattern is compiled to (coerce_pattern_compile.c) and run by
 * (coerce_pattern.c). */
#ifndef MIMIC_COERCE_PATTERN_PROGRAM_H
#define MIMIC_COERCE_PATTERN_PROGRAM_H

#include "coerce/coerce_pattern.h"

#define MIMIC_PATTERN_MAX_STEPS 10000

enum {
    PATTERN_CHARACTER, /* first = code point */
    PATTERN_CLASS,     /* first = index of the class */
    PATTERN_SPLIT,     /* goes on at both */
    PATTERN_JUMP,      /* goes on at first */
    PATTERN_MATCH
};

/* Targets of splits and jumps are relative to the step itself, so that code can be moved and
 * copied. */
typedef struct mimic_pattern_step {
    int32_t kind;
    int32_t first;
    int32_t second;
} mimic_pattern_step;

typedef struct mimic_pattern_range {
    uint32_t low;
    uint32_t high;
} mimic_pattern_range;

typedef struct mimic_pattern_class {
    bool is_negated;
    size_t first_range;
    size_t range_count;
} mimic_pattern_class;

struct mimic_pattern {
    const mimic_context *ctx;
    mimic_pattern_step *steps;
    size_t step_count;
    size_t step_capacity;
    mimic_pattern_class *classes;
    size_t class_count;
    size_t class_capacity;
    mimic_pattern_range *ranges;
    size_t range_count;
    size_t range_capacity;
    /* For matching: two lists of steps, a stack, and for each step the round it was last listed in.
     */
    uint32_t *memory;
    uint64_t round;
    uint64_t *rounds;
};

/* Fills steps, classes and ranges. As mimic__pattern_new. */
mimic_status mimic__pattern_compile(mimic_pattern *pattern, const char *expression,
                                    const char **out_reason);

#endif
