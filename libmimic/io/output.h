/*
 * Output files that appear under their name whole or not at all: written beside it under a temporary
 * name (".<name>.<pid>-<n>.tmp", mode 0600 until the end, then 0666 less the umask), compressed on the
 * way, then fsync, rename, fsync of the folder. Errors are sticky. A write that takes nothing is an
 * error. A regular file or a link under that name is replaced; folders, devices and FIFOs are
 * refused. The bytes depend on the content and the options alone, not on how writes were cut.
 *
 * Outputs that belong together: close all of them, then publish all of them.
 */
#ifndef MIMIC_IO_OUTPUT_H
#define MIMIC_IO_OUTPUT_H

#include <stdbool.h>

#include <mimic/source.h>

#include "base/arena.h"
#include "base/context_internal.h"

typedef struct mimic_output mimic_output;

typedef struct mimic_output_options {
    mimic_compression compression; /* NONE, GZIP, ZSTD; AUTO = by the name's ending */
    int level; /* 0 = the library's default (gzip 6, zstd 3); gzip to 9, zstd to 19 */
    bool no_sync; /* for tests and scratch files: no fsync at all */
} mimic_output_options;

/* options may be NULL. Missing folders above `path` are made. */
mimic_status mimic__output_open(const mimic_context *ctx, const char *path,
                                const mimic_output_options *options, mimic_output **out_output,
                                mimic_error *err);
mimic_status mimic__output_write(mimic_output *output, const void *bytes, size_t size,
                                 mimic_error *err);
/* Reads what was written before, from a file without compression that is not closed. */
mimic_status mimic__output_read(mimic_output *output, int64_t offset, void *bytes, size_t size,
                                mimic_error *err);
/* The temporary name, for a library that writes the file by itself; borrowed. */
const char *mimic__output_temporary_path(const mimic_output *output);
/* Gives the temporary file another hidden name. is_there: a file of that name is taken in its place,
 * with what it holds. For a file that something else writes. */
mimic_status mimic__output_wait_as(mimic_output *output, const char *name, bool is_there,
                                   mimic_error *err);
/* fsync of what is written so far. */
mimic_status mimic__output_sync(mimic_output *output, mimic_error *err);
/* mimic__output_free is to leave the temporary file where it is. */
void mimic__output_keep(mimic_output *output);
/* Uncompressed bytes written so far. */
int64_t mimic__output_position(const mimic_output *output);
/* Completes the temporary file (flushed, synced, closed); it still waits under its other name. */
mimic_status mimic__output_close(mimic_output *output, mimic_error *err);
/* Renames it into place (closing it first when that was not done). */
mimic_status mimic__output_publish(mimic_output *output, mimic_error *err);
/* Unlinks what was not published. NULL is allowed. */
void mimic__output_free(mimic_output *output);

/* open(2) of a file that is there, begun again after a signal; close-on-exec. -1 with errno. */
int mimic__open_file(const char *path, int flags);
/* A file without a name, for scratch data: it stands beside `path` for a moment and is gone with the
 * process. The caller closes *out_fd. MIMIC_ERR_IO. */
mimic_status mimic__open_nameless(const mimic_context *ctx, const char *path, int *out_fd,
                                  mimic_error *err);

/* fsync of a folder, which makes the names in it last. */
mimic_status mimic__sync_folder(const char *path, mimic_error *err);
/* Many new files made last at once: all of the file system of `path` (syncfs(2), Linux). Where
 * mimic__has_whole_sync() is false it does nothing, and files are to be synced one by one. */
bool mimic__has_whole_sync(void);
mimic_status mimic__sync_whole(const char *path, mimic_error *err);
/* mkdir -p. Nothing to do for "". */
mimic_status mimic__make_folders(const char *path, mimic_error *err);
/* Reads a whole file of at most max_size bytes (0 = no limit), as it is stored; "-" is standard
 * input. NUL-terminated; freed with mimic__free. */
mimic_status mimic__read_file(const mimic_context *ctx, const char *path, size_t max_size,
                              char **out_text, size_t *out_size, mimic_error *err);

/* One entry of a folder walk. */
typedef struct mimic_file_entry {
    const char *path;     /* dir joined with relative */
    const char *relative; /* "hosp/labevents.csv.gz" */
    int64_t size;         /* -1: a link that leads nowhere */
} mimic_file_entry;

/* Regular files below `dir` (following links to files, not to folders), at most `max_depth` folders
 * deep (1 = the folder itself), sorted by `relative` bytewise; texts in `arena`. Hidden entries,
 * devices and FIFOs are left out; links that lead nowhere are not, since the file that they miss
 * may be wanted. With lists_folders the folders that lie too deep to be entered are named too, with
 * a slash at their end and size -1. */
mimic_status mimic__list_files(mimic_arena *arena, const char *dir, int max_depth,
                               bool lists_folders, mimic_file_entry **out_entries,
                               size_t *out_count, mimic_error *err);

#endif
