/*
 * What the conformance cases need to know of a sink: how to open one in a folder, and how to read
 * back what it stored. A sink joins by one line in SINKS. Differences that a sink may have stand
 * here as flags, each with its reason in conformance_sinks.c.
 */
#ifndef MIMIC_CONFORMANCE_H
#define MIMIC_CONFORMANCE_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "schema/schema_model.h"

typedef struct conformance_sink {
    const char *name;
    mimic_status (*open)(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                         mimic_error *err);
    /*
     * What a table holds in a form common to all sinks, one line a row: fields joined by '|', NULL
     * as NULL, texts in '…'. NULL when there is no such table. The caller frees it.
     */
    char *(*dump)(const char *folder, const mimic_table *table);
    /* "code column record raw" of each reject of a table, in order. */
    char *(*dump_rejects)(const char *folder, const char *table);
    bool leaves_files;
    bool checks_keys;
    bool fails_on_duplicates; /* at the end of the table, which then is as it was before */
    bool appears_by_table;    /* a table is there when it is committed, not at the end only */
    bool holds_nan;
} conformance_sink;

typedef struct conformance_text {
    char *data;
    size_t size;
} conformance_text;

/* Appends a value as a sink gives it as text, in the common form of its field's type. */
void conformance_add_value(conformance_text *out, const mimic_field *field, const char *value,
                           size_t size);

extern const conformance_sink SINKS[];
size_t conformance_sink_count(void);
#define SINK_COUNT conformance_sink_count()

#endif
