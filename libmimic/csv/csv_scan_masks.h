/* What the kernels' own parts and the loops of csv_scan_impl.h hand each other. Bit i = byte i. */
#ifndef MIMIC_CSV_SCAN_MASKS_H
#define MIMIC_CSV_SCAN_MASKS_H

#include <stddef.h>
#include <stdint.h>

typedef struct csv_masks {
    uint64_t quotes;
    uint64_t delimiters;
    uint64_t lf;
    uint64_t cr;
} csv_masks;

/* Outside quotes. */
typedef struct csv_fields {
    uint64_t ends;   /* delimiters, and the first byte of each line end */
    uint64_t rows;   /* the latter alone */
    uint64_t starts; /* the last byte of each line end: the next row starts behind it */
} csv_fields;

/* Fields of a row. */
typedef struct csv_width {
    size_t fields;
    uint64_t pattern; /* bits 0, fields, 2 * fields, … */
} csv_width;

#endif
