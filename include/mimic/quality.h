/*
 * Data quality: what the columns of a dataset hold, and which checks hold of them.
 *
 *     mimic_quality *quality = NULL;
 *     char *page = NULL;
 *     status = mimic_quality_read(ctx, registry, "sqlite:hospital.db", NULL, &quality, &err);
 *     if (status == MIMIC_OK)
 *         status = mimic_quality_text(quality, MIMIC_QUALITY_HTML, NULL, &page, &err);
 *     mimic_free(ctx, page);
 *     mimic_quality_free(quality);
 *
 * A load describes its tables while it writes them (mimic_load_options.profile, mimic_report_quality).
 *
 * Checks are grouped as M. G. Kahn and others do in "A Harmonized Data Quality Assessment Terminology
 * and Framework for the Secondary Use of Electronic Health Record Data", eGEMs 2016;4(1):1244.
 * Rules come from the schema; no clinical range is assumed.
 *
 * Since: 0.1
 */
#ifndef MIMIC_QUALITY_H
#define MIMIC_QUALITY_H

#include <mimic/scan.h>

MIMIC_BEGIN_DECLS

/**
 * What tables hold and which checks hold of them; made by mimic_quality_read, or part of a report.
 */
typedef struct mimic_quality mimic_quality;

/** What mimic_quality_text makes. */
typedef int32_t mimic_quality_format;
#define MIMIC_QUALITY_PLAIN 1 /* text for terminals */
#define MIMIC_QUALITY_JSON 2  /* docs/formats.md */
#define MIMIC_QUALITY_HTML 3  /* one page, complete in itself: it asks no network for anything */

/**
 * What may be shown; begin with MIMIC_QUALITY_OPTIONS_INIT. Values of cells can be those of a
 * single patient; counts, shares, means and standard deviations are always shown.
 */
typedef struct mimic_quality_options {
    uint32_t struct_size;
    int32_t no_values;  /* 1 = no value of a cell: no frequent values, extremes, quantiles,
                         * histograms, and no examples of rejects */
    int64_t min_count;  /* a frequent value is named, and a column's extremes, quantiles and histogram
                         * are shown, only where at least so many rows stand behind it; 0 = 1 */
    int32_t no_script;  /* HTML: 1 = without the script that sorts and filters */
} mimic_quality_options;

#define MIMIC_QUALITY_OPTIONS_INIT { sizeof(mimic_quality_options), 0, 0, 0 }

/** Kahn's categories of checks. */
typedef int32_t mimic_quality_class;
#define MIMIC_CONFORMANCE_VALUE 1         /* a value fits its type and the constraints on it */
#define MIMIC_CONFORMANCE_RELATIONAL 2    /* keys, and the columns that a table has */
#define MIMIC_CONFORMANCE_COMPUTATIONAL 3 /* what is computed adds up */
#define MIMIC_COMPLETENESS 4              /* what should be there is there */
#define MIMIC_PLAUSIBILITY_UNIQUENESS 5   /* nothing is there twice */
#define MIMIC_PLAUSIBILITY_ATEMPORAL 6    /* values are believable by themselves */
#define MIMIC_PLAUSIBILITY_TEMPORAL 7     /* and in their order in time */

/** How a check came out. */
typedef int32_t mimic_quality_verdict;
#define MIMIC_QUALITY_PASSED 1
#define MIMIC_QUALITY_FAILED 2
#define MIMIC_QUALITY_INFORMATION 3 /* measured; nothing is expected */

/** One check; begin with MIMIC_QUALITY_CHECK_INFO_INIT. Texts are borrowed from the quality. */
typedef struct mimic_quality_check_info {
    uint32_t struct_size;
    mimic_quality_class category;  /* Kahn's */
    mimic_quality_verdict verdict; /* how it came out */
    const char *rule;              /* "type", "required", "foreign_key" … (docs/formats.md) */
    const char *table;             /* "" where it concerns no single table */
    const char *column;            /* "" likewise */
    int64_t observed;    /* rows or values against the rule, or what was counted; -1 = not known */
    int64_t expected;    /* -1 = nothing in particular */
    int64_t of;          /* rows or values looked at; -1 = not known */
    const char *message; /* the same for people */
} mimic_quality_check_info;

#define MIMIC_QUALITY_CHECK_INFO_INIT                                                              \
    { sizeof(mimic_quality_check_info), 0, 0, "", "", "", -1, -1, -1, "" }

/**
 * One table; begin with MIMIC_QUALITY_TABLE_INFO_INIT. Texts are borrowed from the quality. Counts
 * of a load are -1 where there was none.
 */
typedef struct mimic_quality_table_info {
    uint32_t struct_size;
    const char *table;     /* name */
    const char *module;    /* "hosp", "" where the release has none */
    size_t column_count;   /* 0 = the table was not looked at, see message */
    int64_t rows;          /* that were looked at */
    int64_t read;          /* by the load */
    int64_t written;       /* by the load */
    int64_t rejected;      /* by the load */
    int64_t duplicates;    /* left out by the load */
    int64_t filtered;      /* left out by the load */
    int64_t nulled;        /* values made NULL by the load */
    int64_t expected_rows; /* of the edition; -1 = not known */
    const char *message;   /* why it was not looked at, "" otherwise */
} mimic_quality_table_info;

#define MIMIC_QUALITY_TABLE_INFO_INIT                                                              \
    { sizeof(mimic_quality_table_info), "", "", 0, 0, -1, -1, -1, -1, -1, -1, -1, "" }

#define MIMIC_QUALITY_QUANTILES 7 /* 1, 5, 25, 50, 75, 95 and 99 percent */

/**
 * One column; begin with MIMIC_QUALITY_COLUMN_INFO_INIT. Texts are borrowed from the quality; those
 * of numbers and times are as in canonical CSV, "" where there is none. A quantile is the smallest
 * value that at least so many of all values do not exceed.
 */
typedef struct mimic_quality_column_info {
    uint32_t struct_size;
    mimic_type type;           /* of its values */
    const char *column;        /* name */
    int64_t rows;              /* that were looked at */
    int64_t nulls;             /* rows without a value */
    int64_t distinct;          /* different values */
    int32_t is_distinct_exact; /* 0 = estimated by HyperLogLog, standard error 1.15 % */
    int32_t has_moments;       /* mean and deviation mean something */
    double mean;               /* of the values */
    double deviation;          /* of the sample */
    const char *minimum;       /* smallest value */
    const char *maximum;       /* largest value */
    const char *quantiles[MIMIC_QUALITY_QUANTILES]; /* in the order of MIMIC_QUALITY_QUANTILES */
    int32_t are_quantiles_exact;                    /* 0 = within quantile_error */
    double quantile_error; /* at most so far off: numbers relative, times in seconds */
    int64_t zeros;         /* values that are 0 */
    int64_t negatives;     /* values below 0 */
    int64_t not_finite;    /* NaN and infinities */
    int64_t shortest;      /* characters of a text, bytes of a binary; -1 = no such column */
    int64_t longest;       /* as shortest */
    double mean_length;    /* of the values */
} mimic_quality_column_info;

#define MIMIC_QUALITY_COLUMN_INFO_INIT                                                             \
    { sizeof(mimic_quality_column_info), 0, "", 0, 0, 0, 0, 0, 0, 0, "", "",             \
      {"", "", "", "", "", "", ""}, 0, 0, 0, 0, 0, -1, -1, 0 }

/** What of a target is looked at; begin with MIMIC_QUALITY_READ_OPTIONS_INIT. */
typedef struct mimic_quality_read_options {
    uint32_t struct_size;
    const char *dataset;       /* of tables that do not say theirs, as in mimic_scan_options */
    const char *const *tables; /* only these, any case; NULL = all */
    size_t table_count;        /* of tables */
    int32_t jobs;              /* as in mimic_scan_options */
    /* Asked now and then on the caller's thread, with the table and the rows of it that were looked
     * at; not 0 ends the call with MIMIC_ERR_CANCELLED. NULL = never. */
    int (*progress)(const char *table, int64_t rows, void *ctx);
    void *progress_ctx; /* handed to progress */
} mimic_quality_read_options;

#define MIMIC_QUALITY_READ_OPTIONS_INIT                                                            \
    { sizeof(mimic_quality_read_options), NULL, NULL, 0, 0, NULL, NULL }

/**
 * Reads a target back and describes its tables. Rules of the schema are checked as far as the
 * values tell; what was rejected when they were loaded is known to the report of that load only.
 *
 * registry: as for mimic_scan_open; NULL = none
 * target: as for mimic_scan_open
 * options: NULL = defaults
 * out_quality: the quality; NULL after a failure
 *
 * Returns: MIMIC_OK, whatever the checks say; MIMIC_ERR_NOT_FOUND for a table that is not there;
 * MIMIC_ERR_CANCELLED when `progress` asks to stop; MIMIC_ERR_ARGUMENT; MIMIC_ERR_MEMORY; what
 * mimic_scan_open and mimic_scan_next return.
 * Ownership: the caller frees *out_quality; everything else is borrowed during the call.
 * Thread safety: any thread; callbacks come on the caller's.
 * Since: 0.1
 *
 * Example:
 *     mimic_quality *quality = NULL;
 *     status = mimic_quality_read(ctx, registry, "sqlite:hospital.db", NULL, &quality, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_quality_read(const mimic_context *ctx,
                                                          const mimic_registry *registry,
                                                          const char *target,
                                                          const mimic_quality_read_options *options,
                                                          mimic_quality **out_quality,
                                                          mimic_error *err);

/**
 * The quality as text.
 *
 * format: MIMIC_QUALITY_PLAIN, _JSON or _HTML
 * options: NULL = everything is shown
 * out_text: the text, with a NUL at its end; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL, an unknown format or a negative min_count;
 * MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_text with mimic_free.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     char *page = NULL;
 *     status = mimic_quality_text(quality, MIMIC_QUALITY_HTML, NULL, &page, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_quality_text(const mimic_quality *quality,
                                                          mimic_quality_format format,
                                                          const mimic_quality_options *options,
                                                          char **out_text, mimic_error *err);

/**
 * Tables, their columns, and checks: how many there are, and one of them. A table's info says how
 * many columns it has.
 *
 * table: 0-based, of the table
 * index: 0-based
 * out_table: begin with MIMIC_QUALITY_TABLE_INFO_INIT
 * out_column: begin with MIMIC_QUALITY_COLUMN_INFO_INIT
 * out_check: begin with MIMIC_QUALITY_CHECK_INFO_INIT
 *
 * Returns: the count, 0 for NULL; MIMIC_OK, or MIMIC_ERR_ARGUMENT beyond the end and for a struct
 * without its INIT macro.
 * Ownership: texts are borrowed from the quality.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_quality_column_info column = MIMIC_QUALITY_COLUMN_INFO_INIT;
 *     if (mimic_quality_column(quality, 0, 0, &column) == MIMIC_OK)
 *         printf("%s: %lld distinct values\n", column.column, (long long)column.distinct);
 */
MIMIC_API size_t mimic_quality_table_count(const mimic_quality *quality);
MIMIC_API mimic_status mimic_quality_table(const mimic_quality *quality, size_t index,
                                           mimic_quality_table_info *out_table);
MIMIC_API mimic_status mimic_quality_column(const mimic_quality *quality, size_t table,
                                            size_t index, mimic_quality_column_info *out_column);
MIMIC_API size_t mimic_quality_check_count(const mimic_quality *quality);
MIMIC_API mimic_status mimic_quality_check(const mimic_quality *quality, size_t index,
                                           mimic_quality_check_info *out_check);

/**
 * Frees a quality; NULL is allowed. One that is borrowed from a report goes with the report.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `quality`.
 * Thread safety: one thread, when no other uses the quality any more.
 * Since: 0.1
 */
MIMIC_API void mimic_quality_free(mimic_quality *quality);

MIMIC_END_DECLS

#endif
