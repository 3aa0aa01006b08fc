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
/* Runs SQL in which %s, once at most, is the schema of the folder; what the first row says, to be freed. */
char *postgres_ask(const char *folder, const char *sql);

#endif
