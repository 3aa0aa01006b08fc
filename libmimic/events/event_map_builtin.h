/* The event maps that are compiled in, made from schemas/ by schema/embed.py. */
#ifndef MIMIC_EVENTS_EVENT_MAP_BUILTIN_H
#define MIMIC_EVENTS_EVENT_MAP_BUILTIN_H

#include "schema/schema_builtin.h"

extern const mimic_builtin_package mimic__builtin_maps[];
extern const size_t mimic__builtin_map_count;

#endif
