/*
 * Inside the room of the sinks: what a target text means, and the factory of each built-in sink.
 * A factory gets a parsed target and options that are checked and complete, makes its object and
 * wraps it with mimic_sink_new; sink.c keeps the order of calls, so a sink need not.
 */
#ifndef MIMIC_SINK_INTERNAL_H
#define MIMIC_SINK_INTERNAL_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "base/context_internal.h"
#include "base/pool.h"

typedef enum mimic_target_kind {
    MIMIC_TARGET_SQLITE,
    MIMIC_TARGET_ARROW,
    MIMIC_TARGET_CSV,
    MIMIC_TARGET_POSTGRES,
    MIMIC_TARGET_NULL
} mimic_target_kind;

struct mimic_target {
    mimic_target_kind kind;
    char *path;        /* "" for the null sink; of PostgreSQL the whole URI, with what is secret in it */
    bool is_one_table; /* path is a file that holds one table, not a folder of tables */
    bool is_stream;    /* Arrow: the stream format (.arrows) */
    /* MIMIC_SINK_COMPRESSION_DEFAULT, or what the name of a file promises */
    mimic_sink_compression compression;
};

/* Understands a target as sink.h lists them; the caller frees *out_target in any case. */
mimic_status mimic__target_parse(const mimic_context *ctx, const char *text,
                                 struct mimic_target *out_target, mimic_error *err);
void mimic__target_free(const mimic_context *ctx, struct mimic_target *target);

bool mimic__target_is_postgres(const char *text);
/*
 * A target as it may be shown: passwords replaced by ***, also in addresses that break the rules.
 * Whoever writes a target into a message, a report or a ledger writes this. Freed with mimic__free;
 * NULL when memory ran out.
 */
char *mimic__target_redact(const mimic_context *ctx, const char *text);
/* True when the password of a PostgreSQL address holds characters that cut it short, so that the
 * rest of it would be taken for the name of a host and be told in messages. */
bool mimic__target_has_loose_password(const char *text);

/*
 * Path of a table's file in a target that is a folder: dir/module/name followed by `ending`, module
 * being "" for a table that has none. Names that would lead out of the folder are
 * MIMIC_ERR_ARGUMENT. Freed with mimic__free.
 */
mimic_status mimic__sink_table_path(const mimic_context *ctx, const char *dir, const char *module,
                                    const char *name, const char *ending, char **out_path,
                                    mimic_error *err);

/* `target` and `options` are borrowed during the call: a factory copies what it keeps. `pool` (NULL
 * allowed) outlives the sink. */
mimic_status mimic__sink_sqlite_open(const mimic_context *ctx, const struct mimic_target *target,
                                     const mimic_sink_options *options, mimic_pool *pool,
                                     mimic_sink **out_sink, mimic_error *err);
mimic_status mimic__sink_arrow_open(const mimic_context *ctx, const struct mimic_target *target,
                                    const mimic_sink_options *options, mimic_pool *pool,
                                    mimic_sink **out_sink, mimic_error *err);
mimic_status mimic__sink_csv_open(const mimic_context *ctx, const struct mimic_target *target,
                                  const mimic_sink_options *options, mimic_pool *pool,
                                  mimic_sink **out_sink, mimic_error *err);
mimic_status mimic__sink_postgres_open(const mimic_context *ctx, const struct mimic_target *target,
                                       const mimic_sink_options *options, mimic_pool *pool,
                                       mimic_sink **out_sink, mimic_error *err);
mimic_status mimic__sink_null_open(const mimic_context *ctx, const struct mimic_target *target,
                                   const mimic_sink_options *options, mimic_pool *pool,
                                   mimic_sink **out_sink, mimic_error *err);

/* mimic_sink_open with a pool for what the sink can do in parallel; it must outlive the sink. NULL =
 * everything on the thread of the caller. */
mimic_status mimic__sink_open(const mimic_context *ctx, const char *target,
                              const mimic_sink_options *options, mimic_pool *pool,
                              mimic_sink **out_sink, mimic_error *err);

/*
 * The halves of mimic_sink_write, for a caller with threads. encode may run on any thread between
 * begin and the end of the table, several at once, and sets no state; its batch must say first_row.
 * write_chunk takes the chunk in any case, in the order of the rows. *out_chunk is NULL for a sink
 * that does not encode. free_chunk: for one that never reaches write_chunk; NULL is allowed.
 */
mimic_status mimic__sink_encode(const mimic_sink *sink, const mimic_batch *batch, void **out_chunk,
                                mimic_error *err);
mimic_status mimic__sink_write_chunk(mimic_sink *sink, const mimic_batch *batch, void *chunk,
                                     mimic_error *err);
void mimic__sink_free_chunk(const mimic_sink *sink, void *chunk);

/* Refuses a row through the host, which begin always gets; MIMIC_OK means go on without it. */
mimic_status mimic__sink_refuse(const mimic_sink_host *host, int64_t row, mimic_reject_code code,
                                const char *column, const char *message, mimic_error *err);

#endif
