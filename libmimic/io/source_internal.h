/* What the library asks of a source beside source.h. */
#ifndef MIMIC_IO_SOURCE_INTERNAL_H
#define MIMIC_IO_SOURCE_INTERNAL_H

#include <stdbool.h>

#include <mimic/source.h>

#include "base/pool.h"

/* Lets a source decompress on the pool's threads what can be taken apart (see source_units.h); bytes
 * and failures stay the same. To be called after opening and before the first read; later it does
 * nothing. NULL ends it at any time: no task of the source is left, and reading goes on without. */
void mimic__source_use_pool(mimic_source *source, mimic_pool *pool);
/* True when any thread may read (one at a time): memory and regular files. Callbacks, and waits that
 * a signal may end, belong to the caller's thread. */
bool mimic__source_reads_anywhere(const mimic_source *source);

#endif
