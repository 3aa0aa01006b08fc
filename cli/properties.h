/*
 * The properties of an event: a flat JSON object as a text, read member by member.
 */
#ifndef MIMIC_CLI_PROPERTIES_H
#define MIMIC_CLI_PROPERTIES_H

#include <stddef.h>

/* Is the text an object of plain values: texts, numbers, truth values, null? Another writer's may be anything. */
int properties_are_plain(const char *json, size_t size);

/* "priority: STAT; ref_range_lower: 70", in one line; what is not plain as it stands. The caller frees it. */
char *properties_text(const char *json, size_t size);

#endif
