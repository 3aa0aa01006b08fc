/*
 * Texts from files made harmless: for a terminal, which obeys control characters, and for HTML. In both,
 * characters that would change the order or the shape of what stands around them (bidirectional
 * marks, zero-width ones) are shown as U+FFFD, and so is what is not UTF-8.
 */
#ifndef MIMIC_QUALITY_ESCAPE_H
#define MIMIC_QUALITY_ESCAPE_H

#include "base/buffer.h"

/* At most `limit` characters, then "…"; returns how many were written. */
size_t mimic__escape_plain(mimic_buffer *out, const char *text, size_t limit);
/* For text and for attributes in double or single quotes. */
void mimic__escape_html(mimic_buffer *out, const char *text);

#endif
