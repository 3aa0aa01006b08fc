/*
 * The kernels: 64 bytes a step, from bytes to bit masks of quotes, delimiters and line ends, and from
 * those to record ends and field marks. Scalar is the reference; every kernel gives the same result
 * on every input, malformed input included.
 *
 * In-quote state is the parity of the quotes so far (a doubled quote closes and opens again). Parity
 * is the grammar of csv_grammar.h exactly as long as every opening quote follows a delimiter, a line
 * end or a closing quote, and every closing quote is followed by a delimiter, a line end or a quote:
 * `split` checks that and stops at the first place where it does not hold.
 */
#ifndef MIMIC_CSV_SCAN_H
#define MIMIC_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mimic/context.h>

/* Readable bytes that must follow the scanned ones; the first is the byte that follows in the input. */
#define CSV_SCAN_PADDING 128

/* Marks that may be written beyond those of the last whole row. */
#define CSV_INDEX_SLACK(stride) ((stride) + 80)

typedef struct csv_split_scan {
    size_t end;     /* offset after the last record end before a fault; 0 = none */
    size_t records; /* record ends up to there */
    size_t lines;   /* physical line ends up to there */
    bool has_fault; /* broken quoting in the record that begins at `end` */
    bool has_nul;   /* a NUL byte before or at the end of the scan */
    bool has_high;  /* a byte that is not ASCII */
} csv_split_scan;

/* Field marks of whole, well-quoted records; see mimic_field_index. */
typedef struct csv_index_scan {
    uint32_t *marks; /* where the first row goes; see CSV_INDEX_SLACK. Not touched by `count` */
    size_t stride;   /* fields + 1 */
    uint32_t base;   /* offset of bytes[0] in the block */
    /* out: rows with the right number of fields, and where the record after them begins */
    size_t row_count;
    size_t end;
    bool has_fault; /* a record from `end` on has a wrong number of fields; not all before it need be
                     * among the rows */
} csv_index_scan;

typedef struct csv_kernel {
    const char *name;
    void (*split)(const char *bytes, size_t size, char delimiter, char quote,
                  csv_split_scan *out_scan);
    void (*index)(const char *bytes, size_t size, char delimiter, char quote,
                  csv_index_scan *scan);
    /* As index, without marks. */
    void (*count)(const char *bytes, size_t size, char delimiter, char quote,
                  csv_index_scan *scan);
    /* True when the bytes are UTF-8, as mimic__utf8_check has it. */
    bool (*is_utf8)(const char *bytes, size_t size);
} csv_kernel;

extern const csv_kernel mimic_csv__kernel_scalar;
#if defined(__x86_64__)
extern const csv_kernel mimic_csv__kernel_avx2;
extern const csv_kernel mimic_csv__kernel_avx512;
bool mimic_csv__is_utf8_avx2(const char *bytes, size_t size);
#elif defined(__aarch64__)
extern const csv_kernel mimic_csv__kernel_neon;
bool mimic_csv__is_utf8_neon(const char *bytes, size_t size);
#endif

/* The fastest kernel that the features (MIMIC_CPU_…) allow. */
const csv_kernel *mimic_csv__kernel_select(uint32_t cpu);
/* Kernel number i of those that the features allow, slowest first; NULL behind the last. */
const csv_kernel *mimic_csv__kernel_at(uint32_t cpu, size_t i);

#endif
