/*
 * Scans: what a target holds, read back as batches with the types that were written.
 *
 *     mimic_scan *scan = NULL;
 *     mimic_scan_open(ctx, registry, "sqlite:hospital.db", NULL, &scan, &err);
 *     for (size_t i = 0; i < mimic_scan_table_count(scan); i++)
 *         puts(mimic_table_name(mimic_scan_table(scan, i)));
 *     const char *columns[] = {"subject_id", "valuenum"};
 *     mimic_scan_stream *stream = NULL;
 *     const mimic_table *labs = mimic_scan_find_table(scan, "labevents");
 *     mimic_scan_read(scan, labs, columns, 2, &stream, &err);
 *     const mimic_batch *batch = NULL;
 *     while ((status = mimic_scan_next(stream, &batch, &err)) == MIMIC_OK)
 *         use(batch);                          // borrowed until the next call
 *     mimic_scan_stream_free(stream);          // status is MIMIC_END, or an error
 *     mimic_scan_free(scan);
 *
 * Targets are those of mimic_sink_open, and a folder by its path: its Arrow and CSV files, one folder
 * below too. Nothing is changed. Rows come in the order in which they were written; those of a SQLite table
 * whose primary key is one integer, which is how SQLite stores it, in the order of that key, and those of
 * a table WITHOUT ROWID in the order of its key.
 *
 * The schema of a table is the release's where the target says which (a database and an Arrow file
 * do) or where it is recognised (CSV), and where the column is stored as the library stores a column
 * of that type; any other column gets the type that the target gives it. A target may have been
 * edited since it was written, and is not trusted: a value that is none of its column's type is an
 * error with table, row and column. Whether values keep to the schema's constraints (required,
 * unique, range, keys) is not looked at here.
 *
 * Since: 0.1
 */
#ifndef MIMIC_SCAN_H
#define MIMIC_SCAN_H

#include <mimic/arrow.h>
#include <mimic/sink.h>

MIMIC_BEGIN_DECLS

/** A target that is open for reading; made by mimic_scan_open. */
typedef struct mimic_scan mimic_scan;

/** The rows of one of its tables; made by mimic_scan_read. */
typedef struct mimic_scan_stream mimic_scan_stream;

/** How a target is read; begin with MIMIC_SCAN_OPTIONS_INIT. */
typedef struct mimic_scan_options {
    uint32_t struct_size;
    const char *dataset; /* "mimic-iv@3.1": the release of tables that do not say theirs; NULL =
                          * recognised */
    uint64_t max_batch_bytes; /* a record batch of an Arrow file that takes more memory than this is
                               * MIMIC_ERR_LIMIT; 0 = 1 GiB */
    int32_t jobs;             /* threads that may read CSV, the caller's included; 0 = 1 */
    /* Asked now and then on the caller's thread; not 0 ends a call with MIMIC_ERR_CANCELLED. NULL =
     * never. */
    int (*interrupted)(void *ctx);
    void *interrupted_ctx; /* handed to interrupted */
    const char *pg_schema; /* PostgreSQL: only tables of this schema; NULL = of all */
} mimic_scan_options;

#define MIMIC_SCAN_OPTIONS_INIT { sizeof(mimic_scan_options), NULL, 0, 0, NULL, NULL, NULL }

/**
 * Opens a target for reading and finds its tables.
 *
 * registry: the releases that tables may be of; NULL = none, every column has the target's type
 * target: as for mimic_sink_open, or the path of a folder
 * options: NULL = defaults
 * out_scan: the scan; NULL after a failure
 *
 * Returns: MIMIC_OK, also when there is no table; MIMIC_ERR_NOT_FOUND when there is no such target,
 * or no such dataset in the registry; MIMIC_ERR_ARGUMENT for a NULL or a target of no known form;
 * MIMIC_ERR_UNSUPPORTED for one that cannot be read back or is not built in; MIMIC_ERR_CORRUPT;
 * MIMIC_ERR_IO; MIMIC_ERR_BACKEND; MIMIC_ERR_CANCELLED; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_scan. `registry` is borrowed and must outlive the scan; texts
 * are borrowed during the call.
 * Thread safety: any thread; then one thread at a time a scan, its streams included.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_scan_open(ctx, registry, "sqlite:hospital.db", NULL, &scan, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_scan_open(const mimic_context *ctx,
                                                       const mimic_registry *registry,
                                                       const char *target,
                                                       const mimic_scan_options *options,
                                                       mimic_scan **out_scan, mimic_error *err);

/**
 * The tables of the target: their number, one of them, and one by name. Order: by name in a
 * database, by path in a folder.
 *
 * index: 0-based
 * name: of a table, any case
 *
 * Returns: the count, 0 for a NULL scan; the table, or NULL beyond the end or where there is none.
 * Ownership: borrowed, valid until the scan is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     for (size_t i = 0; i < mimic_scan_table_count(scan); i++)
 *         puts(mimic_table_name(mimic_scan_table(scan, i)));
 */
MIMIC_API size_t mimic_scan_table_count(const mimic_scan *scan);
MIMIC_API const mimic_table *mimic_scan_table(const mimic_scan *scan, size_t index);
MIMIC_API const mimic_table *mimic_scan_find_table(const mimic_scan *scan, const char *name);

/**
 * Begins to read a table. Several streams of one scan may be open at once.
 *
 * table: one of this scan's
 * columns: names, any case, in the order wanted; NULL = every column of the table
 * column_count: their number
 * out_stream: the stream; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL, when `table` is none of the scan's, or when a
 * column comes twice; MIMIC_ERR_NOT_FOUND for a column that the table has not; MIMIC_ERR_IO;
 * MIMIC_ERR_CORRUPT; MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_stream, before the scan. `columns` is borrowed during the call.
 * Thread safety: one thread at a time a scan.
 * Since: 0.1
 *
 * Example:
 *     static const char *const columns[] = {"subject_id", "valuenum"};
 *     status = mimic_scan_read(scan, table, columns, 2, &stream, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_scan_read(mimic_scan *scan, const mimic_table *table,
                                                       const char *const *columns,
                                                       size_t column_count,
                                                       mimic_scan_stream **out_stream,
                                                       mimic_error *err);

/** Which part of a table is read. Begin with MIMIC_SCAN_SELECTION_INIT, which is all of it. */
typedef struct mimic_scan_selection {
    uint32_t struct_size;
    const char *const *columns; /* as in mimic_scan_read; NULL = every column */
    size_t column_count;        /* with columns not NULL: their number, 0 = rows without columns */
    const mimic_csv_filter *filters; /* on integer columns; all must hold */
    size_t filter_count;             /* their number */
    int64_t limit; /* end after so many rows; 0 = none */
    const mimic_text_filter *text_filters; /* on string and categorical columns; all must hold */
    size_t text_filter_count;              /* their number */
} mimic_scan_selection;

#define MIMIC_SCAN_SELECTION_INIT                                                                  \
    { sizeof(mimic_scan_selection), NULL, 0, NULL, 0, 0, NULL, 0 }

/**
 * Begins to read some columns and rows of a table, in the order of the rows. Filter columns need not be
 * among the chosen ones. Where the target can find rows by itself (SQL, the filters of the CSV
 * reader), it does, so that rows which are left out are not looked at more closely: a value among them
 * that is none of its column's type may go unnoticed. Row numbers in errors count the rows that are read.
 *
 * table: one of the scan's
 * selection: columns, filters and a limit; NULL = all of the table
 * out_stream: gets the stream
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT when `table` is none of the scan's, when a column comes twice,
 * when a filter's column has another type than the filter takes, or its text is not UTF-8;
 * MIMIC_ERR_NOT_FOUND for a column that the table has not; MIMIC_ERR_IO; MIMIC_ERR_CORRUPT;
 * MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_stream, before the scan. `selection` and all in it are borrowed
 * during the call.
 * Thread safety: one thread at a time a scan and its streams.
 * Since: 0.1
 *
 * Example:
 *     const int64_t items[] = {50912, 50813};
 *     const mimic_csv_filter filter = {"itemid", items, 2};
 *     mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
 *     selection.filters = &filter;
 *     selection.filter_count = 1;
 *     status = mimic_scan_select(scan, table, &selection, &stream, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_scan_select(mimic_scan *scan, const mimic_table *table,
                                                         const mimic_scan_selection *selection,
                                                         mimic_scan_stream **out_stream,
                                                         mimic_error *err);

/**
 * A stream as an Arrow C stream, for a consumer that knows that interface. Each array that it hands out
 * lives on its own and may outlive stream and scan.
 *
 * stream: the stream, at its beginning or later; *stream becomes NULL on success
 * out_stream: gets the Arrow stream, to be released by its consumer
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT; MIMIC_ERR_MEMORY.
 * Ownership: takes *stream on success; the Arrow stream is released before the scan is freed.
 * Thread safety: one thread at a time a scan and its streams, this one included.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowArrayStream arrow;
 *     status = mimic_scan_stream_export(&stream, &arrow, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_scan_stream_export(mimic_scan_stream **stream,
                                                                struct ArrowArrayStream *out_stream,
                                                                mimic_error *err);

/**
 * The schema of the batches: the chosen columns.
 *
 * Returns: the table, never NULL.
 * Ownership: borrowed, valid until the stream is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     int64_t place = mimic_table_find_field(mimic_scan_stream_table(stream), "valuenum");
 */
MIMIC_API const mimic_table *mimic_scan_stream_table(const mimic_scan_stream *stream);

/**
 * Reads the next batch, which has at least one row. Errors are sticky.
 *
 * out_batch: the rows; NULL unless MIMIC_OK is returned
 *
 * Returns: MIMIC_OK; MIMIC_END after the last; MIMIC_ERR_VALUE for a value that is none of its
 * column's type, err saying which; MIMIC_ERR_CORRUPT for a damaged target; MIMIC_ERR_LIMIT for a
 * record batch above max_batch_bytes; MIMIC_ERR_CANCELLED when `interrupted` says so; MIMIC_ERR_IO;
 * MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL.
 * Ownership: *out_batch is borrowed, valid until the next call or free.
 * Thread safety: one thread at a time a scan, its streams included.
 * Since: 0.1
 *
 * Example:
 *     while ((status = mimic_scan_next(stream, &batch, &err)) == MIMIC_OK)
 *         rows += batch->row_count;
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_scan_next(mimic_scan_stream *stream,
                                                       const mimic_batch **out_batch,
                                                       mimic_error *err);

/**
 * Ends a stream, or the whole scan; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `stream` or `scan`. Streams are freed before their scan.
 * Thread safety: one thread at a time a scan, its streams included.
 * Since: 0.1
 */
MIMIC_API void mimic_scan_stream_free(mimic_scan_stream *stream);
MIMIC_API void mimic_scan_free(mimic_scan *scan);

MIMIC_END_DECLS

#endif
