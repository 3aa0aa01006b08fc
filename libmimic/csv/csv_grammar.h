/*
 * The CSV grammar, one record at a time: slow, general, and the truth. The kernels in csv_scan are a
 * fast path for the common dialect and must agree with it on every input.
 */
#ifndef MIMIC_CSV_GRAMMAR_H
#define MIMIC_CSV_GRAMMAR_H

#include <stdbool.h>

#include <mimic/csv.h>

typedef struct csv_dialect {
    char delimiter;
    char quote;   /* 0 = no quoting */
    char escape;  /* 0 = a quote is doubled */
    char comment; /* 0 = none */
} csv_dialect;

/* True when the kernels know the dialect. */
bool mimic_csv__dialect_is_plain(const csv_dialect *dialect);

typedef enum csv_parse_status {
    CSV_RECORD,    /* a whole record */
    CSV_COMMENT,   /* a whole comment line */
    CSV_FAULT,     /* broken quoting at fault_offset */
    CSV_NEED_MORE, /* the bytes end before the record does */
} csv_parse_status;

typedef struct csv_parse {
    size_t end;         /* offset after the line end */
    size_t content_end; /* offset of the line end */
    size_t field_count; /* for a fault: fields begun, the faulty one included */
    mimic_reject_code fault;
    size_t fault_offset;
    bool in_quote; /* the bytes end inside a quoted field */
} csv_parse;

/*
 * Here and below: a line end is LF, CRLF or CR, and bytes[size] must be readable and be the byte that
 * follows in the input (any other than LF at its end), so that a last CR can be told from half a CRLF.
 *
 * Parses the record at the start of `bytes`. `marks` (NULL allowed) receives the ends of the first
 * mark_capacity fields, as offsets.
 */
csv_parse_status mimic_csv__parse_record(const csv_dialect *dialect, const char *bytes, size_t size,
                                         uint32_t *marks, size_t mark_capacity,
                                         csv_parse *out_parse);

/* Offset after the first line end, quotes not regarded; 0 when none ends within the bytes. */
size_t mimic_csv__line_end(const char *bytes, size_t size);

/* Number of line ends in the bytes, quotes not regarded. */
size_t mimic_csv__count_lines(const char *bytes, size_t size);

#endif
