/*
 * Hidden files beside a target, which become the target: ".<name>.<pid>-<n>.tmp". Whoever writes one
 * holds a lock on it (flock) as long as it has that name, so that what a killed process left can be
 * told from what is being written.
 */
#ifndef MIMIC_IO_TEMPORARY_H
#define MIMIC_IO_TEMPORARY_H

#include <stdbool.h>

#include <mimic/status.h>

#include "base/context_internal.h"

/* Bytes that a hidden name needs beyond the path: dots, a number, an ending, NUL. */
#define MIMIC_TEMPORARY_EXTRA 64

/* Length of the folder part of a path, its last slash included. */
size_t mimic__path_folder_size(const char *path);
/* Puts "<folder>.<name><ending>" into `out`, which has room for the path and MIMIC_TEMPORARY_EXTRA
 * bytes; a long name is cut. */
void mimic__temporary_name(const char *path, const char *ending, char *out);

/* Makes the first such file that is free, open and locked, and removes those that nobody locks.
 * errno says why it did not work; name[0] is 0 then. */
bool mimic__temporary_create(const char *path, int mode, char *name, int *out_file);
/* Removes those beside `path` that nobody locks. */
void mimic__temporary_remove_stale(const char *path);

/* Removes a folder with what is in it and in its folders, but nothing deeper. */
void mimic__remove_folder(const char *path);

#define MIMIC_BOOT_ID_BYTES 48
/* Tells one run of the machine from the next; "" where the system does not say. */
void mimic__boot_id(char out[MIMIC_BOOT_ID_BYTES]);

#endif
