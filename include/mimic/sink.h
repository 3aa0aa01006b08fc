/*
 * Sinks: where batches go. SQLite, PostgreSQL, Arrow IPC, CSV and null are built in; a program's own is
 * an ordinary case: fill a mimic_sink_vtable and hand it to mimic_sink_new.
 *
 *     mimic_sink *sink = NULL;
 *     mimic_sink_open(ctx, "sqlite:hospital.db", NULL, &sink, &err);
 *     mimic_sink_begin(sink, table, &host, &err);
 *     mimic_sink_write(sink, batch, &err);         // as often as there are batches
 *     mimic_sink_commit(sink, &err);               // or mimic_sink_abort(sink)
 *     mimic_sink_finish(sink, NULL, NULL, &err);   // after the last table: the target appears
 *     mimic_sink_free(sink);
 *
 * Targets: `sqlite:PATH` or a path ending .db .sqlite .sqlite3; `arrow:DIR`, or a path ending
 * .arrow (one table, file format) or .arrows (stream format); `csv:DIR`, or .csv .csv.gz .csv.zst;
 * `postgresql://…`; `null:`. Nothing appears under its name before it is whole.
 *
 * Since: 0.1
 */
#ifndef MIMIC_SINK_H
#define MIMIC_SINK_H

#include <mimic/csv.h>

MIMIC_BEGIN_DECLS

/** A target that is written to; made by mimic_sink_open or mimic_sink_new. */
typedef struct mimic_sink mimic_sink;

/**
 * What a sink may call while it writes.
 *
 * reject_row: refuses one row (0-based) of the batch at hand, for a key that is there already or a
 * value that the target cannot hold: it becomes a reject, the others go on. `column` may be "".
 * Returns 0, or not 0 when the sink should stop with MIMIC_ERR_CANCELLED
 * ctx: handed to it
 */
typedef struct mimic_sink_host {
    uint32_t struct_size;
    int (*reject_row)(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                      const char *message);
    void *ctx;
} mimic_sink_host;

/** A remark about the finished target, such as the result of an integrity check. */
typedef struct mimic_finding {
    uint32_t struct_size;
    int32_t is_problem;   /* 0 = information */
    const char *check;    /* "integrity_check", "foreign_key_check", … */
    const char *table;    /* "" for the whole target */
    int64_t count;        /* rows concerned, -1 where that means nothing */
    const char *message;  /* what it is and what it means */
} mimic_finding;

/**
 * Receives one remark.
 *
 * finding: the remark, borrowed during the call
 *
 * Thread safety: called on the caller's thread.
 * Since: 0.1
 */
typedef void (*mimic_finding_fn)(const mimic_finding *finding, void *ctx);

/**
 * A line of a target's ledger: what a table of it holds, where that came from, and how it was made;
 * begin with MIMIC_LEDGER_ENTRY_INIT. Texts are never NULL, "" where unknown; numbers are -1 where
 * unknown. Times are UTC, ISO 8601, "2026-01-31T12:00:00Z".
 */
typedef struct mimic_ledger_entry {
    uint32_t struct_size;
    const char *table;           /* name */
    const char *module;          /* "hosp", "" where the release has none */
    const char *dataset;         /* "mimic-iv@2.2" */
    const char *source;          /* path as the load was given it; several parts: joined by LF */
    int64_t source_bytes;        /* stored bytes of the source */
    int64_t source_modified;     /* its modification time, nanoseconds since 1970; -1 for a pipe */
    const char *source_hash;     /* XXH3-128 of the stored bytes, 32 hex digits */
    const char *schema_hash;     /* XXH3-128 of the table's schema */
    const char *options_hash;    /* XXH3-128 of the options that change what is written */
    const char *library_version; /* that wrote it */
    int64_t read;                /* = written + rejected + duplicates + filtered */
    int64_t written;             /* rows in the target */
    int64_t rejected;            /* rows put aside */
    int64_t duplicates;          /* rows left out for others of the same key */
    int64_t filtered;            /* rows left out by a filter or limit */
    int64_t nulled;              /* values made NULL by policy */
    const char *started;         /* when the table was begun */
    const char *finished;        /* when it was done */
    int32_t is_waiting; /* told of a load that was cut short or runs: the target does not show it yet */
} mimic_ledger_entry;

#define MIMIC_LEDGER_ENTRY_INIT                                                                    \
    { sizeof(mimic_ledger_entry), "", "", "", "", -1, -1, "", "", "", "", 0, 0, 0, 0, 0, \
      0, "", "", 0 }

/** What is to be known of a target beside its lines; begin with MIMIC_LEDGER_STATE_INIT. */
typedef struct mimic_ledger_state {
    uint32_t struct_size;
    int32_t is_unfinished; /* 1 = a load is under way or was cut short; the next goes on with it */
    char writer[200]; /* who is writing it: "process 812 on ward7 since 2026-…Z"; "" = nobody, or not
                       * known (PostgreSQL) */
} mimic_ledger_state;

#define MIMIC_LEDGER_STATE_INIT                                                                    \
    { sizeof(mimic_ledger_state), 0, "" }

/**
 * Receives one line of a ledger.
 *
 * entry: the line, borrowed during the call
 *
 * Returns: 0 to go on; anything else stops with MIMIC_ERR_CANCELLED.
 * Thread safety: called on the caller's thread.
 * Since: 0.1
 */
typedef int (*mimic_ledger_fn)(const mimic_ledger_entry *entry, void *ctx);

/**
 * What a sink of a program's own does. The library calls: (begin (write | reject)* (commit |
 * abort))* finish? free. It keeps that order, and checks batches against the table before the sink
 * sees them; abort follows whatever failed, begin included. Members beyond a caller's struct_size
 * count as NULL, and a library older than the caller ignores members that it does not know. begin,
 * write and commit are needed, the others may be NULL. `self` is what mimic_sink_new was given.
 *
 * name: stands in messages; NULL = "unnamed"
 * begin: starts a table; one that is begun again replaces its former self. `host` is never NULL and
 * has every member
 * encode: turns a batch into a chunk of the sink's own; pure, on any thread, several at once
 * free_chunk: frees a chunk that never reached write
 * write: takes the batches in order, on one thread, each with its chunk (NULL without encode),
 * which it owns, also when it fails
 * reject: stores a rejected row; may be called from within reject_row. NULL = none are kept
 * commit: ends the table for good
 * abort: gives the table up
 * finish: makes the target visible; its `finding` is never NULL
 * free: undoes what was not finished, and gives up `self`
 * ledger: stores what is to be known of the open table. It comes once, after the last write and
 * before commit, and becomes visible with the table, in the same transaction. Between tables it
 * replaces the line of a table that is there already: its source was touched, not changed
 * read_ledger: tells the lines of the tables that the target holds, of an interrupted load too;
 * between tables only
 * lane: opens one more sink to the same target, through which another table can be written on
 * another thread at the same time; it is freed before the sink that made it and never finished
 */
typedef struct mimic_sink_vtable {
    uint32_t struct_size;
    const char *name;
    mimic_status (*begin)(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err);
    mimic_status (*encode)(void *self, const mimic_batch *batch, void **out_chunk,
                           mimic_error *err);
    void (*free_chunk)(void *self, void *chunk);
    mimic_status (*write)(void *self, const mimic_batch *batch, void *chunk, mimic_error *err);
    mimic_status (*reject)(void *self, const mimic_table *table, const mimic_reject *reject,
                           mimic_error *err);
    mimic_status (*commit)(void *self, mimic_error *err);
    void (*abort)(void *self);
    mimic_status (*finish)(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err);
    void (*free)(void *self);
    mimic_status (*ledger)(void *self, const mimic_ledger_entry *entry, mimic_error *err);
    mimic_status (*read_ledger)(void *self, mimic_ledger_fn fn, void *fn_ctx, mimic_error *err);
    mimic_status (*lane)(void *self, mimic_sink **out_sink, mimic_error *err);
} mimic_sink_vtable;

/** How files are compressed. */
typedef int32_t mimic_sink_compression;
#define MIMIC_SINK_COMPRESSION_DEFAULT 0 /* by the target's name; zstd for Arrow */
#define MIMIC_SINK_COMPRESSION_NONE 1
#define MIMIC_SINK_COMPRESSION_GZIP 2
#define MIMIC_SINK_COMPRESSION_ZSTD 3

/** How a target is written; begin with MIMIC_SINK_OPTIONS_INIT. */
typedef struct mimic_sink_options {
    uint32_t struct_size;
    mimic_sink_compression compression; /* of files */
    int32_t compression_level; /* 0 = the sink's default */
    int32_t integer_times;     /* SQLite: 1 = microseconds as INTEGER instead of ISO 8601 text */
    int32_t no_indexes;        /* SQLite, PostgreSQL: 1 = primary and unique keys only */
    int32_t no_sync;           /* 1 = skip fsync, for tests and throw-away data */
    /* Asked now and then during long steps (indexes, checks); not 0 stops with MIMIC_ERR_CANCELLED.
     * Called on the thread that called the sink. NULL = never. */
    int (*interrupted)(void *ctx);
    void *interrupted_ctx;   /* handed to interrupted */
    int32_t no_direct_pages; /* SQLite: 1 = rows go in by INSERT also where pages could be built */
    int32_t no_dictionaries; /* Arrow files: 1 = string columns stay utf8 however their texts repeat */
    int32_t verify; /* SQLite: 1 = integrity_check at the end, whatever the size; 0 = up to 64 MiB, and
                     * above that the rows of every table are counted */
    const char *pg_schema; /* PostgreSQL: the schema (namespace) of all tables, the library's own
                            * included; NULL = one a module, such as mimiciv_hosp, and "mimic" */
    /* Not NULL: tables of a new database or of a folder that were committed with a line of the ledger
     * outlive a sink that is freed, or a process that is killed, before it is finished. They wait
     * under a hidden name, and the next sink to the same target that has this option goes on from
     * there: it asks of each such table whether to keep it (not 0) or to drop it. */
    int (*resume)(const mimic_ledger_entry *entry, void *ctx);
    void *resume_ctx; /* handed to resume */
} mimic_sink_options;

#define MIMIC_SINK_OPTIONS_INIT                                                                    \
    { sizeof(mimic_sink_options), 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL }

/**
 * Opens a built-in sink by its target.
 *
 * target: what the head of this file lists
 * options: NULL = defaults
 * out_sink: the sink; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL or a target of no known form, the message
 * listing them; MIMIC_ERR_UNSUPPORTED when that sink is not built in; MIMIC_ERR_IO;
 * MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_sink. `target` and options are copied.
 * Thread safety: any thread; then one thread at a time a sink.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_sink_open(ctx, "sqlite:hospital.db", NULL, &sink, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_open(const mimic_context *ctx,
                                                       const char *target,
                                                       const mimic_sink_options *options,
                                                       mimic_sink **out_sink, mimic_error *err);

/**
 * A target as it may be shown to people: the passwords of a PostgreSQL address are replaced by ***.
 * Messages and reports of this library show targets in this form only.
 *
 * target: any target
 * out_text: the text, with a NUL at its end
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_text with mimic_free.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     char *shown = NULL;
 *     status = mimic_target_redact(ctx, "postgresql://loader:secret@db/x", &shown, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_target_redact(const mimic_context *ctx,
                                                           const char *target, char **out_text,
                                                           mimic_error *err);

/**
 * Makes a sink of the caller's own functions.
 *
 * vtable: at least begin, write and commit, and struct_size
 * self: handed to every function
 * out_sink: the sink; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL or when begin, write or commit is missing;
 * MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_sink. The vtable is copied; `self` is given up by vtable->free
 * (NULL allowed) in mimic_sink_free. On failure `self` stays with the caller.
 * Thread safety: any thread; then one thread at a time a sink.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_sink_new(ctx, &vtable, &my_sink, &sink, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_new(const mimic_context *ctx,
                                                      const mimic_sink_vtable *vtable, void *self,
                                                      mimic_sink **out_sink, mimic_error *err);

/**
 * Starts a table, writes a batch of it, stores a reject, ends the table for good, or gives it up.
 * After a failed call the table can only be aborted. A table that is begun again replaces its
 * former self.
 *
 * table: the schema of the batches to come, with at least one field
 * host: who hears of rows that the sink must refuse; NULL = nobody, such a row is MIMIC_ERR_VALUE
 * batch: columns as the table's fields are
 * reject: what is stored, where the sink keeps rejects
 *
 * Returns: MIMIC_OK; MIMIC_ERR_STATE out of order; MIMIC_ERR_ARGUMENT for a NULL or a batch of
 * other columns; MIMIC_ERR_VALUE for a row that is refused; MIMIC_ERR_CANCELLED by a callback;
 * MIMIC_ERR_IO; MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY. mimic_sink_abort cannot fail.
 * Ownership: everything is borrowed during the call; `table`, and what `host` points at, until
 * commit or abort.
 * Thread safety: one thread at a time a sink.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_sink_begin(sink, table, NULL, &err);
 *     if (status == MIMIC_OK)
 *         status = mimic_sink_write(sink, batch, &err);
 *     if (status == MIMIC_OK)
 *         status = mimic_sink_commit(sink, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_begin(mimic_sink *sink, const mimic_table *table,
                                                        const mimic_sink_host *host,
                                                        mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_write(mimic_sink *sink, const mimic_batch *batch,
                                                        mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_reject(mimic_sink *sink,
                                                         const mimic_reject *reject,
                                                         mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_commit(mimic_sink *sink, mimic_error *err);
MIMIC_API void mimic_sink_abort(mimic_sink *sink);

/**
 * Ends the whole target: checks it, flushes it, and makes it appear under its name. Only
 * mimic_sink_free is left after it.
 *
 * finding: receives remarks; NULL = nobody does
 * finding_ctx: handed to it
 *
 * Returns: MIMIC_OK; MIMIC_ERR_STATE when a table is open; MIMIC_ERR_CANCELLED by a callback;
 * MIMIC_ERR_IO; MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY.
 * Ownership: none.
 * Thread safety: one thread at a time a sink.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_sink_finish(sink, NULL, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_finish(mimic_sink *sink,
                                                         mimic_finding_fn finding,
                                                         void *finding_ctx, mimic_error *err);

/**
 * Stores the open table's line of the ledger, or between tables a new line for one that is there
 * already (see mimic_sink_vtable), and tells the lines that the target holds. A sink that keeps no
 * ledger takes the line and has none to tell.
 *
 * entry: the line
 * fn: receives the lines
 * fn_ctx: handed to it
 *
 * Returns: MIMIC_OK; MIMIC_ERR_STATE out of order; MIMIC_ERR_CANCELLED when `fn` asks to stop;
 * MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_IO; MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY.
 * Ownership: everything is borrowed during the call.
 * Thread safety: one thread at a time a sink.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_sink_read_ledger(sink, print_entry, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_ledger(mimic_sink *sink,
                                                         const mimic_ledger_entry *entry,
                                                         mimic_error *err);
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_read_ledger(mimic_sink *sink, mimic_ledger_fn fn,
                                                              void *fn_ctx, mimic_error *err);

/**
 * Tells the lines of a target's ledger without opening it for writing: nothing is locked or
 * changed.
 *
 * target: as for mimic_sink_open
 * options: as for mimic_sink_open; NULL = defaults
 * fn: receives the lines
 * fn_ctx: handed to it
 * out_state: begin with MIMIC_LEDGER_STATE_INIT; NULL = not wanted
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND when the target is not there or has no ledger;
 * MIMIC_ERR_CANCELLED when `fn` asks to stop; MIMIC_ERR_ARGUMENT for a NULL or a target of no known
 * form; MIMIC_ERR_IO; MIMIC_ERR_BACKEND; MIMIC_ERR_MEMORY.
 * Ownership: everything is borrowed during the call.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_ledger_read(ctx, "hospital.db", NULL, print_entry, NULL, NULL, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_ledger_read(const mimic_context *ctx,
                                                         const char *target,
                                                         const mimic_sink_options *options,
                                                         mimic_ledger_fn fn, void *fn_ctx,
                                                         mimic_ledger_state *out_state,
                                                         mimic_error *err);

/**
 * Opens another sink to the same target, for writing other tables on another thread at the same
 * time. It takes tables like any sink and is never finished.
 *
 * out_sink: the lane; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_UNSUPPORTED when the target takes one table at a time;
 * MIMIC_ERR_STATE when a table is open; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_BACKEND;
 * MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_sink, before `sink`.
 * Thread safety: one thread at a time a sink; `sink` and its lanes may be used on different
 * threads.
 * Since: 0.1
 *
 * Example:
 *     mimic_sink *lane = NULL;
 *     status = mimic_sink_lane(sink, &lane, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_sink_lane(mimic_sink *sink, mimic_sink **out_sink,
                                                       mimic_error *err);

/**
 * Frees a sink; NULL is allowed. What was not finished leaves no file behind, unless
 * mimic_sink_options.resume keeps it for later.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `sink`.
 * Thread safety: one thread, when no other uses the sink or one of its lanes any more.
 * Since: 0.1
 */
MIMIC_API void mimic_sink_free(mimic_sink *sink);

MIMIC_END_DECLS

#endif
