/* The PostgreSQL sink and how to read it back, where MIMIC_TEST_POSTGRES names a server. A folder of
 * the test stands for a schema. */
#ifndef MIMIC_CONFORMANCE_POSTGRES_H
#define MIMIC_CONFORMANCE_POSTGRES_H

#include <stdbool.h>

#include "conformance.h"

bool postgres_is_there(void);
mimic_status postgres_sink_open(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                                mimic_error *err);
char *postgres_sink_dump(const char *folder, const mimic_table *table);
char *postgres_sink_dump_rejects(const char *folder, const char *table);
/* The schema that a folder stands for. */
const char *postgres_schema(const char *folder, char out[64]);
/* Runs SQL in which every %s is that schema, quoted. The first column, a line a row, to be freed; NULL
 * when it fails. */
char *postgres_ask(const char *folder, const char *sql);

#endif
