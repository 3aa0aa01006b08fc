/* A sink of a program's own, written against the public interface only: it keeps rows as text. */
#ifndef MIMIC_CONFORMANCE_MEMORY_H
#define MIMIC_CONFORMANCE_MEMORY_H

#include <mimic/sink.h>

mimic_status memory_sink_open(const mimic_context *ctx, const char *folder, mimic_sink **out_sink,
                              mimic_error *err);
/* What the sink finished last in `folder` holds. */
char *memory_sink_dump(const char *folder, const mimic_table *table);
char *memory_sink_dump_rejects(const char *folder, const char *table);
/* Forgets everything, as a removed folder would. */
void memory_sink_forget(void);

#endif
