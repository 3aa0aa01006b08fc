/*
 * The main jobs: convert one table, load or check a folder of a dataset, and report on it.
 *
 *     mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
 *     mimic_report *report = NULL;
 *     status = mimic_load(ctx, registry, "mimic-iv-demo", "sqlite:demo.db", &options, &report, &err);
 *     for (size_t i = 0; i < mimic_report_table_count(report); i++) {
 *         mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
 *         mimic_report_table(report, i, &table);
 *         printf("%s %lld\n", table.table, (long long)table.written);
 *     }
 *     mimic_report_free(report);
 *
 * For every table with status MIMIC_OK: read = written + rejected + duplicates + filtered. The library checks
 * it and the report shows it. A table that failed has written 0.
 *
 * Since: 0.1
 */
#ifndef MIMIC_LOAD_H
#define MIMIC_LOAD_H

#include <mimic/quality.h>

MIMIC_BEGIN_DECLS

/** What became of a load, table by table; made by mimic_load and its siblings. */
typedef struct mimic_report mimic_report;

struct ArrowArrayStream; /* mimic/arrow.h */

/** Where a long call is. Everything is borrowed during the callback. */
typedef struct mimic_progress {
    uint32_t struct_size;
    const char *table;       /* name of the table at hand */
    size_t table_index;      /* 0-based among the tables of this call */
    size_t table_count;      /* of them */
    int64_t bytes;           /* stored bytes of this table read so far */
    int64_t total_bytes;     /* -1 = not known */
    int64_t rows;            /* rows read of this table so far */
    int64_t all_bytes;       /* the same over all tables */
    int64_t all_total_bytes; /* -1 = not known */
    int32_t is_done;         /* 1 = the table is finished */
} mimic_progress;

/**
 * Called some times a second during a long call.
 *
 * progress: where it is; borrowed during the call
 *
 * Returns: 0 to go on; anything else ends the call with MIMIC_ERR_CANCELLED.
 * Thread safety: called on the caller's thread.
 * Since: 0.1
 */
typedef int (*mimic_progress_fn)(const mimic_progress *progress, void *ctx);

/** What is done about primary, unique and foreign keys. */
typedef int32_t mimic_keys;
#define MIMIC_KEYS_DEFAULT 0 /* report */
#define MIMIC_KEYS_OFF 1     /* not looked at, beyond what a database enforces by itself */
#define MIMIC_KEYS_REPORT 2  /* checked; what violates them is counted, with the first examples */
#define MIMIC_KEYS_ENFORCE 3 /* a violation fails the table, and with it the load */

/** What becomes of rows whose primary or unique key was there before. */
typedef int32_t mimic_duplicates;
#define MIMIC_DUPLICATES_DEFAULT 0 /* reject */
#define MIMIC_DUPLICATES_KEEP 1    /* all rows are written; the target gets no such key */
#define MIMIC_DUPLICATES_REJECT 2  /* the first stays, later ones are rejects (code "unique") */
#define MIMIC_DUPLICATES_LATEST 3  /* the one with the greatest order key stays, of equal ones the
                                    * last in the input; the others are counted as duplicates */

/**
 * How tables are loaded or converted; begin with MIMIC_LOAD_OPTIONS_INIT. "load:" marks what
 * mimic_convert does not look at.
 */
typedef struct mimic_load_options {
    uint32_t struct_size;
    const char *dataset;         /* load: "mimic-iv@3.1"; NULL = recognised from what is there */
    const char *const *tables;   /* load: only these; NULL = all that are there */
    size_t table_count;          /* of tables */
    int32_t strict_drift;        /* 1 = any drift fails */
    mimic_on_error on_error;     /* overrides what the fields say */
    int64_t max_rejects;         /* stop a table after so many; 0 = no limit, -1 = none allowed */
    double max_reject_percent;   /* the same as a share of the rows read; 0 = no limit */
    const mimic_csv_options *csv; /* dialect, projection, filter, limit; NULL = defaults */
    const mimic_sink_options *sink; /* of the target; NULL = defaults */
    mimic_progress_fn progress;  /* NULL = none */
    void *progress_ctx;           /* handed to progress */
    int32_t jobs;                /* threads that may work, the caller's included; 0 = 1, which
                                  * starts none. What comes out is the same whatever it is */
    int32_t force;               /* load: 1 = redo what the target's ledger says is unchanged */
    int32_t checksum;            /* load: 1 = tell a changed file by its content only; 0 = one of the
                                  * same size and modification time counts as unchanged */
    mimic_keys keys;             /* primary, unique and foreign */
    mimic_duplicates duplicates; /* of the primary and unique keys */
    const char *const *order_by; /* LATEST: columns, the most important first; NULL = the schema's
                                  * order key, without one the position alone */
    size_t order_by_count;       /* of order_by */
    int32_t expect;              /* load: 1 = row counts other than the release's published ones fail */
    int32_t profile;             /* 1 = describe the columns too, see mimic_report_quality */
    uint64_t max_bytes;          /* of one input, decompressed; beyond it fails with
                                  * MIMIC_ERR_LIMIT. 0 = no limit */
    const char *temporary_dir;   /* for scratch files, which never have a name; NULL = beside the
                                  * target, and /var/tmp where the target is no file */
} mimic_load_options;

#define MIMIC_LOAD_OPTIONS_INIT                                                                    \
    { sizeof(mimic_load_options), NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0,  \
      0, 0, 0, 0, NULL, 0, 0, 0, 0, NULL }

/**
 * What became of one table; begin with MIMIC_TABLE_REPORT_INIT. Texts are borrowed from the report.
 */
typedef struct mimic_table_report {
    uint32_t struct_size;
    const char *table;  /* name */
    const char *source; /* path or name of the input */
    const char *hash; /* XXH3-128 of the stored bytes, 32 hex digits; "" when not read to the end */
    int64_t read;     /* rows of the input */
    int64_t written;  /* rows in the target */
    int64_t rejected; /* rows put aside */
    int64_t filtered; /* rows left out by a filter or limit */
    int64_t nulled;   /* values made NULL by policy */
    int64_t nulls;    /* NULL values written, all columns */
    int64_t bytes;    /* decompressed */
    int64_t stored_bytes;  /* as the input is stored */
    int64_t expected_rows; /* of the edition that was recognised; -1 = not known */
    double seconds;        /* it took */
    mimic_status status;   /* MIMIC_OK, or why this table was not written */
    const char *message;   /* of that status, "" when it is MIMIC_OK */
    int64_t duplicates;    /* rows left out for a later one of the same key */
    int32_t is_unchanged; /* 1 = nothing was done: the target holds this source already; the counts
                           * are those of its ledger */
} mimic_table_report;

#define MIMIC_TABLE_REPORT_INIT                                                                    \
    { sizeof(mimic_table_report), "", "", "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "",  \
      0, 0 }

/** What else a report tells. */
typedef int32_t mimic_note_kind;
#define MIMIC_NOTE_IGNORED 1 /* a file that is no table of the dataset */
#define MIMIC_NOTE_ABSENT 2  /* a table of the dataset without a file */
#define MIMIC_NOTE_DRIFT 3   /* a file that differs from its schema */
#define MIMIC_NOTE_FINDING 4 /* a check of the target */
#define MIMIC_NOTE_REJECTS 5 /* rejects of one table by column and reason, with an example */
#define MIMIC_NOTE_COUNT 6   /* rows differ from what the release is published with */
#define MIMIC_NOTE_KEY 7     /* a primary, unique or foreign key that does not hold; code
                              * "primary_key", "unique_key", "foreign_key" */
#define MIMIC_NOTE_LEDGER 8  /* what the ledger says of a source that is gone (code "removed"), that
                              * changed ("changed"), or of an earlier load that was cut short */

/**
 * One line of a report beside its tables; begin with MIMIC_NOTE_INIT. Texts are borrowed from the
 * report.
 */
typedef struct mimic_note {
    uint32_t struct_size;
    mimic_note_kind kind; /* what it is about */
    int32_t is_problem;   /* 0 = information */
    const char *table;    /* "" where it concerns no single table */
    const char *column;   /* "" likewise */
    const char *code;     /* reject code, drift kind or check */
    int64_t count;        /* -1 where it means nothing */
    const char *message;  /* the same for people */
} mimic_note;

#define MIMIC_NOTE_INIT                                                                            \
    { sizeof(mimic_note), 0, 0, "", "", "", -1, "" }

/**
 * Converts one table into a target, which is as it was after an error.
 *
 * registry: where the schema is looked for; may be NULL where `table` is given
 * table: the schema; NULL = recognised from the first file's name and header
 * inputs: paths of the parts of the table, in order, each with its own header; "-" is standard
 * input
 * input_count: their number, at least 1
 * target: as for mimic_sink_open; "null:" checks without writing
 * options: NULL = defaults
 * out_report: the report, after a failure too where there is something to tell; else NULL
 *
 * Returns: MIMIC_OK, also with rejects (see the report); MIMIC_ERR_REJECTS over a limit;
 * MIMIC_ERR_DRIFT for a header that does not do; MIMIC_ERR_NOT_FOUND for an input, table or column
 * that is not there; MIMIC_ERR_VALUE for a key that does not hold under MIMIC_KEYS_ENFORCE;
 * MIMIC_ERR_LIMIT over max_bytes; MIMIC_ERR_CANCELLED by a callback; MIMIC_ERR_ARGUMENT;
 * MIMIC_ERR_MEMORY; whatever source, reader and sink return.
 * Ownership: the caller frees *out_report. Everything else is borrowed during the call.
 * Thread safety: any thread, for different targets; callbacks come on the caller's.
 * Since: 0.1
 *
 * Example:
 *     const char *const inputs[] = {"labevents.csv.gz"};
 *     status = mimic_convert(ctx, registry, table, inputs, 1, "labs.arrow", NULL, &report, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_convert(const mimic_context *ctx,
                                                     const mimic_registry *registry,
                                                     const mimic_table *table,
                                                     const char *const *inputs, size_t input_count,
                                                     const char *target,
                                                     const mimic_load_options *options,
                                                     mimic_report **out_report, mimic_error *err);

/**
 * Converts one table from any Arrow stream (mimic_arrow_reader_open says how values are taken), as
 * mimic_convert does from files: the same report, accounting, rejects and limits, keys and profile. A
 * stream is read once, like a pipe: rows that only a second reading could leave out fail the table
 * (MIMIC_ERR_UNSUPPORTED). Of options->csv count columns, filters, text_filters, limit,
 * max_raw_bytes and max_categories; a dialect is MIMIC_ERR_ARGUMENT, the rest means nothing here.
 *
 * stream: taken over, on failure too: its release becomes NULL
 * name: stands for the source in messages, rejects, report and ledger, and names the table where
 *   `table` is NULL; NULL = "stream"
 * table: schema of the rows; NULL = the stream's own
 * target: as in mimic_convert
 * options: NULL = defaults
 * out_report: as in mimic_convert
 *
 * Returns: as mimic_convert, and what mimic_arrow_reader_open and mimic_arrow_reader_next return.
 * Ownership: the caller frees *out_report, which is set even on failure once reading began (else
 * NULL). Everything else is borrowed during the call.
 * Thread safety: callbacks and the producer are called on the caller's thread.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_convert_stream(ctx, arrow, "labs", table, "sqlite:labs.db", NULL, &report, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_convert_stream(
    const mimic_context *ctx, struct ArrowArrayStream *stream, const char *name,
    const mimic_table *table, const char *target, const mimic_load_options *options,
    mimic_report **out_report, mimic_error *err);

/**
 * Loads every table of a dataset that a folder holds (`hosp/`, `icu/` or flat, any case, .csv,
 * .csv.gz, .csv.zst) into a target. One that holds them already, unchanged, is left alone.
 *
 * registry: the releases that the folder may be of
 * dir: the folder
 * target: as for mimic_sink_open; "null:" checks without writing, and goes on after a bad table
 * options: NULL = defaults
 * out_report: the report, after a failure too where there is something to tell; else NULL
 *
 * Returns: as mimic_convert; MIMIC_ERR_ARGUMENT also for two files of one table; MIMIC_ERR_VALUE
 * also for row counts other than those of the release where `expect` is set.
 * Ownership: as mimic_convert.
 * Thread safety: as mimic_convert.
 * Since: 0.1
 *
 * Example:
 *     mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
 *     options.jobs = 4;
 *     status = mimic_load(ctx, registry, "hospital", "hospital.db", &options, &report, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_load(const mimic_context *ctx,
                                                  const mimic_registry *registry, const char *dir,
                                                  const char *target,
                                                  const mimic_load_options *options,
                                                  mimic_report **out_report, mimic_error *err);

/**
 * Finds the release whose tables a folder holds, by file names and headers. Of rows no more is read
 * than tells apart releases with the same headers.
 *
 * registry: the releases to choose from
 * dir: the folder
 * out_dataset: the release; left alone after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND, the message saying what was there; MIMIC_ERR_IO;
 * MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: *out_dataset is borrowed from the registry.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     const mimic_dataset *found = NULL;
 *     status = mimic_detect(ctx, registry, "hospital", &found, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_detect(const mimic_context *ctx,
                                                    const mimic_registry *registry,
                                                    const char *dir,
                                                    const mimic_dataset **out_dataset,
                                                    mimic_error *err);

/**
 * Finds the table that one file holds, by its name and its header, which must agree. Where releases
 * have the same header, the files beside it may tell.
 *
 * registry: the releases to choose from
 * path: a CSV file, compressed or not
 * out_table: its schema
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND, the message naming what comes nearest, also for a pipe,
 * which cannot be read twice; MIMIC_ERR_IO; MIMIC_ERR_CORRUPT; MIMIC_ERR_CSV_HEADER;
 * MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT.
 * Ownership: *out_table is borrowed from the registry.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_detect_table(ctx, registry, "hosp/labevents.csv.gz", &table, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_detect_table(const mimic_context *ctx,
                                                          const mimic_registry *registry,
                                                          const char *path,
                                                          const mimic_table **out_table,
                                                          mimic_error *err);

/**
 * Drafts a Table Schema (JSON) from a CSV file: types, widths, required columns, categories. It
 * says in its description that it is a guess.
 *
 * source: the file, at its beginning
 * sample_rows: rows to look at; 0 = 100,000
 * out_json: the schema, with a NUL at its end; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_CSV_HEADER; MIMIC_ERR_ARGUMENT for a NULL or a negative number;
 * MIMIC_ERR_MEMORY; what mimic_source_read returns.
 * Ownership: the caller frees *out_json with mimic_free; `source` is borrowed during the call.
 * Thread safety: any thread; one at a time a source.
 * Since: 0.1
 *
 * Example:
 *     char *json = NULL;
 *     status = mimic_infer(ctx, source, 0, &json, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_infer(const mimic_context *ctx, mimic_source *source,
                                                   int64_t sample_rows, char **out_json,
                                                   mimic_error *err);

/**
 * The release that was loaded ("mimic-iv@2.2"), the edition that the row counts fit ("full", "demo"
 * or ""), and the target, as it may be shown.
 *
 * Returns: a string, never NULL; "" for a NULL report.
 * Ownership: borrowed from the report.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     printf("%s into %s\n", mimic_report_dataset(report), mimic_report_target(report));
 */
MIMIC_API const char *mimic_report_dataset(const mimic_report *report);
MIMIC_API const char *mimic_report_edition(const mimic_report *report);
MIMIC_API const char *mimic_report_target(const mimic_report *report);

/**
 * Tables and notes of a report: how many there are, and one of them.
 *
 * index: 0-based
 * out_table: begin with MIMIC_TABLE_REPORT_INIT
 * out_note: begin with MIMIC_NOTE_INIT
 *
 * Returns: the count, 0 for a NULL report; MIMIC_OK, or MIMIC_ERR_ARGUMENT beyond the end and for a
 * struct without its INIT macro.
 * Ownership: texts are borrowed from the report.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_table_report first = MIMIC_TABLE_REPORT_INIT;
 *     if (mimic_report_table(report, 0, &first) == MIMIC_OK)
 *         printf("%s: %lld rows\n", first.table, (long long)first.written);
 */
MIMIC_API size_t mimic_report_table_count(const mimic_report *report);
MIMIC_API mimic_status mimic_report_table(const mimic_report *report, size_t index,
                                          mimic_table_report *out_table);
MIMIC_API size_t mimic_report_note_count(const mimic_report *report);
MIMIC_API mimic_status mimic_report_note(const mimic_report *report, size_t index,
                                         mimic_note *out_note);

/**
 * What the columns hold and which checks hold, where mimic_load_options.profile asked for it.
 * Tables that failed, or were not read again since they are unchanged, stand in it without columns.
 *
 * Returns: the quality, for mimic_quality_text and the like; NULL where there is none.
 * Ownership: borrowed from the report.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     const mimic_quality *quality = mimic_report_quality(report);
 */
MIMIC_API const mimic_quality *mimic_report_quality(const mimic_report *report);

/**
 * The whole report as JSON (docs/formats.md).
 *
 * out_json: the text, with a NUL at its end
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_json with mimic_free.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     char *json = NULL;
 *     status = mimic_report_json(report, &json, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_report_json(const mimic_report *report,
                                                         char **out_json, mimic_error *err);

/**
 * Frees a report; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `report`, and the quality that belongs to it.
 * Thread safety: one thread, when no other uses the report any more.
 * Since: 0.1
 */
MIMIC_API void mimic_report_free(mimic_report *report);

MIMIC_END_DECLS

#endif
