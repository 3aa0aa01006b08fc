/*
 * Records: single rows in memory, checked against a table one by one, as an interface engine gets them.
 *
 *     mimic_record_checker *checker = NULL;
 *     mimic_record_checker_new(ctx, table, NULL, &checker, &err);
 *     const mimic_cell cells[] = {MIMIC_CELL("17"), MIMIC_CELL_NULL};
 *     mimic_reject reject = MIMIC_REJECT_INIT;
 *     if (mimic_record_check(checker, cells, 2, &reject, NULL) == MIMIC_ERR_VALUE)
 *         printf("%s: %s\n", reject.column, reject.message);
 *     mimic_record_checker_free(checker);
 *
 * The rules are those of the CSV reader, and the same code: types, formats, missing values, constraints
 * and policies; a record gets the answer that it gets as a line of a file. Only `unique` is not looked
 * at: a checker does not remember the records before. A record takes a few hundred nanoseconds, and no
 * memory is allocated once texts of usual sizes were seen.
 *
 * Since: 0.1
 */
#ifndef MIMIC_RECORD_H
#define MIMIC_RECORD_H

#include <mimic/csv.h>

MIMIC_BEGIN_DECLS

/** What checks the records of one table; made by mimic_record_checker_new. */
typedef struct mimic_record_checker mimic_record_checker;

/** One field, as the text that it means, without quotes: begin with MIMIC_CELL or MIMIC_CELL_NULL. */
typedef struct mimic_cell {
    const char *text; /* UTF-8, needs no zero byte behind it; NULL = no value */
    size_t size;      /* in bytes; 0 with a text = an empty text, like a quoted empty field in CSV */
} mimic_cell;

/** A string literal as a cell. */
#define MIMIC_CELL(literal) { "" literal, sizeof(literal) - 1 }

/** A cell without a value. */
#define MIMIC_CELL_NULL { NULL, 0 }

/**
 * Makes a checker for records of a table. A service gives each of its threads one; the table may be
 * shared by all.
 *
 * table: what records are checked against
 * options: NULL = defaults. Used are: columns and column_count, the fields of a record in their order
 * (NULL = those of the table; columns that are not among them are NULL); on_error, where "fail" is the
 * same as "reject"; the dialect, for lines; max_record_bytes, max_raw_bytes and max_categories. Filters
 * and a limit are refused, the rest means nothing here.
 * out_checker: gets the checker
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT; MIMIC_ERR_NOT_FOUND for a column in options that the table
 * has not; MIMIC_ERR_DRIFT when a required column is none of the record's; MIMIC_ERR_SCHEMA for a
 * constraint that makes no sense; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_checker. `table` is borrowed and must outlive it; options are copied.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_record_checker_new(ctx, table, NULL, &checker, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_record_checker_new(const mimic_context *ctx,
                                                                const mimic_table *table,
                                                                const mimic_csv_options *options,
                                                                mimic_record_checker **out_checker,
                                                                mimic_error *err);

/**
 * Checks a record whose fields are given as texts.
 *
 * checker: used by one thread at a time
 * cells: the fields, in the order that the checker was made for; a text that stands for no value
 * ("missingValues") is NULL here too, and a cell without a text is NULL whatever these are
 * cell_count: their number; another one than the checker expects is a reject
 * out_reject: gets the reason of a reject: code, column, message, raw (the texts, joined by the
 * delimiter, an empty one as ""), and in `record` the number of the call, from 1; line and byte_offset are -1, source is
 * "". NULL = not wanted, which with err NULL saves making a sentence of it
 *
 * Returns: MIMIC_OK, the record fits; MIMIC_ERR_VALUE, it does not; MIMIC_ERR_ARGUMENT;
 * MIMIC_ERR_LIMIT when categorical columns met more texts than max_categories, or 8 MiB of them: make
 * another checker then; MIMIC_ERR_MEMORY. No error is sticky.
 * Ownership: cells are borrowed during the call; texts of *out_reject are valid until the next call.
 * Thread safety: one thread at a time a checker.
 * Since: 0.1
 *
 * Example:
 *     const mimic_cell cells[] = {MIMIC_CELL("17"), MIMIC_CELL_NULL};
 *     mimic_reject reject = MIMIC_REJECT_INIT;
 *     status = mimic_record_check(checker, cells, 2, &reject, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_record_check(mimic_record_checker *checker,
                                                          const mimic_cell *cells,
                                                          size_t cell_count,
                                                          mimic_reject *out_reject,
                                                          mimic_error *err);

/**
 * Checks a record that is given as one line of CSV.
 *
 * checker: used by one thread at a time
 * line: the line, with or without its line end; line ends inside quoted fields belong to it
 * size: its bytes
 * out_reject: as in mimic_record_check; raw is the line
 *
 * Returns: as mimic_record_check; MIMIC_ERR_ARGUMENT also when there is more than one record, or a
 * comment.
 * Ownership: the line is borrowed during the call; texts of *out_reject are valid until the next call.
 * Thread safety: one thread at a time a checker.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_record_check_line(checker, "17,\"A, B\"\n", 10, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_record_check_line(mimic_record_checker *checker,
                                                               const char *line, size_t size,
                                                               mimic_reject *out_reject,
                                                               mimic_error *err);

/**
 * The record that was checked last, typed: a batch of one row with all columns of the table, such as
 * mimic_sink_write takes.
 *
 * Returns: the batch; NULL when the last record was rejected, or there was none.
 * Ownership: borrowed, valid until the next check or free.
 * Thread safety: one thread at a time a checker.
 * Since: 0.1
 *
 * Example:
 *     if (mimic_record_check_line(checker, "17,5", 4, NULL, NULL) == MIMIC_OK)
 *         status = mimic_sink_write(sink, mimic_record_batch(checker), &err);
 */
MIMIC_API const mimic_batch *mimic_record_batch(mimic_record_checker *checker);

/**
 * Frees a checker; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `checker`.
 * Thread safety: one thread at a time a checker.
 * Since: 0.1
 */
MIMIC_API void mimic_record_checker_free(mimic_record_checker *checker);

MIMIC_END_DECLS

#endif
