/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef MIMIC_BASE_UTF8_H
#define MIMIC_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Index of the first byte that is not part of a well-formed character; size when all is well. */
size_t mimic__utf8_check(const char *text, size_t size);
/* Characters (code points) of a well-formed text. */
size_t mimic__utf8_length(const char *text, size_t size);
/* Decodes the character at text[*index], which must be well formed, and steps over it. */
uint32_t mimic__utf8_decode(const char *text, size_t size, size_t *index);

#endif
