/* What the rooms above may do with a source that its users may not. */
#ifndef MIMIC_IO_SOURCE_INTERNAL_H
#define MIMIC_IO_SOURCE_INTERNAL_H

#include <mimic/source.h>

#include "base/pool.h"

/* Lets a source decompress on the pool's threads what can be taken apart (see source_units.h); bytes
 * and failures stay the same. To be called after opening and before the first read; the pool must
 * outlive the source. NULL and pools of one job change nothing. */
void mimic__source_use_pool(mimic_source *source, mimic_pool *pool);

#endif
