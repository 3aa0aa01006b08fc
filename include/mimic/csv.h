/*
 * The CSV reader: bytes to typed batches, with every row accounted for.
 *
 *     mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
 *     options.on_reject = print_reject;
 *     mimic_csv_reader *reader = NULL;
 *     mimic_csv_reader_open(ctx, source, table, &options, &reader, &err);
 *     const mimic_batch *batch = NULL;
 *     while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
 *         use(batch);                          // borrowed until the next call
 *     mimic_csv_reader_free(reader);           // status is MIMIC_END, or an error
 *
 * The grammar is RFC 4180 with LF, CRLF and CR line ends, mixed at will, and a byte order mark
 * skipped. What it does not allow is rejected with its exact place. A record whose quoting is broken
 * (a stray quote, text after a closing quote, a quote that never closes, a record over the limit)
 * costs one physical line: reading resumes after that line's end, so a runaway quote swallows
 * nothing. An unquoted empty field is NULL; a quoted empty field is an empty text.
 *
 * Whatever chunks the source delivers, and whatever CPU kernel runs, the batches are the same.
 *
 * Since: 0.1
 */
#ifndef MIMIC_CSV_H
#define MIMIC_CSV_H

#include <mimic/batch.h>
#include <mimic/coerce.h>

MIMIC_BEGIN_DECLS

/** Reads one source; made by mimic_csv_reader_open. */
typedef struct mimic_csv_reader mimic_csv_reader;

/** One rejected row. In a callback everything is borrowed until it returns. */
typedef struct mimic_reject {
    uint32_t struct_size;
    mimic_reject_code code; /* which rule it breaks */
    const char *source;     /* name of the source */
    int64_t record;         /* 1-based, the header not counted */
    int64_t line;           /* 1-based physical line on which the record starts */
    int64_t byte_offset;    /* 0-based, of the record's start in the decompressed stream */
    const char *column;     /* "" where it concerns the whole record */
    const char *message;    /* what was expected and what was found */
    const char *raw;        /* the record as it stands in the file, bounded */
    size_t raw_size;        /* bytes in raw */
    int32_t raw_is_cut;     /* 1 when raw holds the beginning only */
} mimic_reject;

#define MIMIC_REJECT_INIT                                                                          \
    { sizeof(mimic_reject), 0, NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 }

/**
 * Receives one reject, in input order.
 *
 * reject: the row, borrowed during the call
 *
 * Returns: 0 to go on; anything else stops the reader with MIMIC_ERR_CANCELLED.
 * Thread safety: called on the caller's thread.
 * Since: 0.1
 */
typedef int (*mimic_reject_fn)(const mimic_reject *reject, void *ctx);

/** Keep a row only when its integer column `column` holds one of `values`; NULL is never kept. */
typedef struct mimic_csv_filter {
    const char *column;    /* name, any case */
    const int64_t *values; /* in any order */
    size_t value_count;    /* 0 = no row is kept */
} mimic_csv_filter;

/**
 * Keep a row only when its string or categorical column `column` holds one of `values`, byte for byte;
 * NULL is never kept.
 */
typedef struct mimic_text_filter {
    const char *column;        /* name, any case */
    const char *const *values; /* UTF-8, in any order; "" = an empty text, in CSV a quoted empty field */
    size_t value_count;        /* 0 = no row is kept */
} mimic_text_filter;

/**
 * How a file is read; begin with MIMIC_CSV_OPTIONS_INIT. What is left at 0 is what the table's
 * package says, if it says something, else what stands here.
 */
typedef struct mimic_csv_options {
    uint32_t struct_size;
    char delimiter;          /* 0 = ',' */
    char quote;              /* 0 = '"' */
    char escape;             /* 0 = none: a quote inside a quoted field is doubled */
    char comment;            /* 0 = none: lines that begin with it are no records */
    int32_t no_header;       /* 1 = the first line is data; columns in the table's order */
    int32_t no_quoting;      /* 1 = the quote character is ordinary text */
    int32_t strict_drift;    /* 1 = any drift fails, not only a missing required column */
    mimic_on_error on_error; /* overrides what the fields say; 0 = what they say, else reject */
    /* Projection: names, any case; NULL = every field of the table. Not NULL, with a count of 0: no
     * column; rows are checked as records and counted, at several times the speed. */
    const char *const *columns;
    size_t column_count;             /* of columns */
    const mimic_csv_filter *filters; /* all must hold */
    size_t filter_count;             /* of filters */
    int64_t limit;           /* stop after so many rows delivered; 0 = no limit */
    uint64_t max_record_bytes; /* 0 = 16 MiB */
    uint32_t max_columns;    /* 0 = 4,096 */
    uint32_t block_bytes;    /* bytes cut and coerced at a time; 0 = 512 KiB */
    uint32_t max_raw_bytes;  /* of a reject's raw text; 0 = 1,024 */
    uint32_t max_categories; /* distinct values of a categorical column; 0 = 1,048,576 */
    mimic_reject_fn on_reject; /* NULL = counted only */
    void *on_reject_ctx;     /* handed to on_reject */
    /* Threads that may work, the caller's included; 0 = 1, which starts none. Batches, rejects and
     * errors are the same whatever it is. Callbacks come on the caller's thread; the context's
     * allocator is called on all of them. With more than 1 the source is read ahead, so that it is
     * not to be asked for its progress or hash before the reader has ended or is freed. */
    int32_t jobs;
    const mimic_text_filter *text_filters; /* all must hold, beside `filters` */
    size_t text_filter_count;              /* their number */
} mimic_csv_options;

#define MIMIC_CSV_OPTIONS_INIT                                                                     \
    { sizeof(mimic_csv_options), 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, NULL, 0,               \
      0, 0, 0, 0, 0, 0, NULL, NULL, 0, NULL, 0 }

/**
 * Rows so far: read = delivered + rejected + filtered, always. Begin with MIMIC_CSV_COUNTS_INIT.
 */
typedef struct mimic_csv_counts {
    uint32_t struct_size;
    int64_t read;      /* records, the header not counted */
    int64_t delivered; /* rows in batches so far */
    int64_t rejected;  /* records told to on_reject */
    int64_t filtered;  /* rows that a filter or the limit left out */
    int64_t nulled;    /* values that the policy "null" made NULL */
    int64_t bytes;     /* decompressed bytes taken from the source */
} mimic_csv_counts;

#define MIMIC_CSV_COUNTS_INIT { sizeof(mimic_csv_counts), 0, 0, 0, 0, 0, 0 }

/**
 * Opens a reader: takes the header, compares it with the table and binds the columns by name, any
 * case. Missing nullable columns become NULL, unknown ones are left out; see
 * mimic_csv_reader_drift.
 *
 * source: at its beginning; the reader alone reads it from now on
 * table: the schema that rows are to fit
 * options: NULL = defaults
 * out_reader: the reader; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_CSV_HEADER for no header, or a name that comes twice;
 * MIMIC_ERR_DRIFT when a required column is missing, or for any drift where strict_drift is set;
 * MIMIC_ERR_NOT_FOUND for a column in options that the table has not; MIMIC_ERR_ARGUMENT for a
 * NULL, or options that are out of range or contradict each other; MIMIC_ERR_MEMORY; what
 * mimic_source_read returns.
 * Ownership: the caller frees *out_reader. `source` and `table` are borrowed and must outlive the
 * reader. Options are copied.
 * Thread safety: any thread; then one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
 *     options.jobs = 4;
 *     status = mimic_csv_reader_open(ctx, source, table, &options, &reader, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_csv_reader_open(const mimic_context *ctx,
                                                             mimic_source *source,
                                                             const mimic_table *table,
                                                             const mimic_csv_options *options,
                                                             mimic_csv_reader **out_reader,
                                                             mimic_error *err);

/**
 * The schema of the batches: the chosen columns, in the order of the projection.
 *
 * Returns: the table, never NULL.
 * Ownership: borrowed, valid until the reader is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     int64_t place = mimic_table_find_field(mimic_csv_reader_table(reader), "valuenum");
 */
MIMIC_API const mimic_table *mimic_csv_reader_table(const mimic_csv_reader *reader);

/**
 * What the header had that the table had not, and the reverse.
 *
 * Returns: the comparison; NULL when the file has no header.
 * Ownership: borrowed, valid until the reader is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     if (mimic_drift_count(mimic_csv_reader_drift(reader)) > 0)
 *         puts("the file is not quite what the schema says");
 */
MIMIC_API const mimic_drift *mimic_csv_reader_drift(const mimic_csv_reader *reader);

/**
 * Reads the next batch; on_reject is called for the rejects among its rows first, in input order. A
 * batch may be empty when all its rows were rejected or filtered. Errors are sticky.
 *
 * out_batch: the rows; NULL unless MIMIC_OK is returned
 *
 * Returns: MIMIC_OK; MIMIC_END after the last; MIMIC_ERR_VALUE for a row that does not fit under
 * the policy "fail"; MIMIC_ERR_CANCELLED when on_reject asks to stop; MIMIC_ERR_LIMIT for too many
 * categories; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL; what mimic_source_read returns.
 * Ownership: *out_batch is borrowed, valid until the next call or free.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
 *         rows += batch->row_count;
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_csv_reader_next(mimic_csv_reader *reader,
                                                             const mimic_batch **out_batch,
                                                             mimic_error *err);

/**
 * Rows and bytes so far.
 *
 * out_counts: begin with MIMIC_CSV_COUNTS_INIT
 *
 * Returns: nothing, cannot fail.
 * Ownership: none.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
 *     mimic_csv_reader_counts(reader, &counts);
 */
MIMIC_API void mimic_csv_reader_counts(const mimic_csv_reader *reader,
                                       mimic_csv_counts *out_counts);

/**
 * Place and raw text of a row of the batch that mimic_csv_reader_next delivered last, for a sink
 * that refuses it; code, column and message are left for the caller to fill. Cheap for rows asked
 * for in ascending order.
 *
 * row: 0-based, of that batch
 * out_reject: begin with MIMIC_REJECT_INIT
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a row beyond the batch or a NULL; MIMIC_ERR_STATE
 * without a batch, or when rows are only counted.
 * Ownership: texts are borrowed, valid until the next call of mimic_csv_reader_next or free.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_reject place = MIMIC_REJECT_INIT;
 *     if (mimic_csv_reader_place(reader, row, &place) == MIMIC_OK)
 *         printf("line %lld\n", (long long)place.line);
 */
MIMIC_API mimic_status mimic_csv_reader_place(mimic_csv_reader *reader, int64_t row,
                                              mimic_reject *out_reject);

/**
 * Frees a reader; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `reader`; its source and table stay with the caller.
 * Thread safety: one thread, when no other uses the reader any more.
 * Since: 0.1
 */
MIMIC_API void mimic_csv_reader_free(mimic_csv_reader *reader);

MIMIC_END_DECLS

#endif
