/* What the library asks of a source beside source.h. */
#ifndef MIMIC_IO_SOURCE_INTERNAL_H
#define MIMIC_IO_SOURCE_INTERNAL_H

#include <stdbool.h>

#include <mimic/source.h>

/* True when any thread may read (one at a time): memory and regular files. Callbacks, and waits that
 * a signal may end, belong to the caller's thread. */
bool mimic__source_reads_anywhere(const mimic_source *source);

#endif
