/*
 * What most commands need before they can work: a context and a registry with the packages of
 * --schema-dir in it.
 */
#ifndef MIMIC_CLI_SESSION_H
#define MIMIC_CLI_SESSION_H

#include <mimic/mimic.h>

#include "options.h"

typedef struct session {
    mimic_context *ctx;
    mimic_registry *registry;
    int is_quiet;
} session;

/* Says what is wrong on stderr. `out` must not move, and is to be given to session_close either
 * way. */
int session_open(const cli_arguments *arguments, session *out);
void session_close(session *s);

/* Finds a release or, where spec has a "/", a table of it. *out_table may become NULL. */
int session_find(const session *s, const char *spec, const mimic_dataset **out_dataset,
                 const mimic_table **out_table);

/* Reads a whole small file, "-" being stdin; the caller frees *out_text with free. */
int session_read_file(const char *path, char **out_text, size_t *out_size);

/*
 * Prints `text` on stdout or, where `path` is not NULL or "-", writes it to a file that appears
 * whole or not at all.
 */
int session_write_text(const char *path, const char *text);

/* Prints a text that the library made as lines on stdout, and frees it; what failed, on stderr. */
int session_print(const session *s, mimic_status status, char *text, const mimic_error *err);

#endif
