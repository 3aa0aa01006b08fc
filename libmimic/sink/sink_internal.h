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

typedef enum mimic_target_kind {
    MIMIC_TARGET_SQLITE,
    MIMIC_TARGET_ARROW,
    MIMIC_TARGET_CSV,
    MIMIC_TARGET_NULL
} mimic_target_kind;

struct mimic_target {
    mimic_target_kind kind;
    char *path;        /* "" for the null sink */
    bool is_one_table; /* path is a file that holds one table, not a folder of tables */
    bool is_stream;    /* Arrow: the stream format (.arrows) */
    /* MIMIC_SINK_COMPRESSION_DEFAULT, or what the name of a file promises */
    mimic_sink_compression compression;
};

/* Understands a target as sink.h lists them; the caller frees *out_target in any case. */
mimic_status mimic__target_parse(const mimic_context *ctx, const char *text,
                                 struct mimic_target *out_target, mimic_error *err);
void mimic__target_free(const mimic_context *ctx, struct mimic_target *target);

/*
 * Path of a table's file in a target that is a folder: dir/module/name followed by `ending`, module
 * being "" for a table that has none. Names that would lead out of the folder are
 * MIMIC_ERR_ARGUMENT. Freed with mimic__free.
 */
mimic_status mimic__sink_table_path(const mimic_context *ctx, const char *dir, const char *module,
                                    const char *name, const char *ending, char **out_path,
                                    mimic_error *err);

/* `target` and `options` are borrowed during the call: a factory copies what it keeps. */
mimic_status mimic__sink_sqlite_open(const mimic_context *ctx, const struct mimic_target *target,
                                     const mimic_sink_options *options, mimic_sink **out_sink,
                                     mimic_error *err);
mimic_status mimic__sink_arrow_open(const mimic_context *ctx, const struct mimic_target *target,
                                    const mimic_sink_options *options, mimic_sink **out_sink,
                                    mimic_error *err);
mimic_status mimic__sink_csv_open(const mimic_context *ctx, const struct mimic_target *target,
                                  const mimic_sink_options *options, mimic_sink **out_sink,
                                  mimic_error *err);
mimic_status mimic__sink_null_open(const mimic_context *ctx, const struct mimic_target *target,
                                   const mimic_sink_options *options, mimic_sink **out_sink,
                                   mimic_error *err);

/* Refuses a row through the host, which begin always gets; MIMIC_OK means go on without it. */
mimic_status mimic__sink_refuse(const mimic_sink_host *host, int64_t row, mimic_reject_code code,
                                const char *column, const char *message, mimic_error *err);

#endif
