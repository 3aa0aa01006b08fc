/*
 * XML Schema regular expressions (XML Schema part 2, appendix F), matched against a whole text in
 * time linear in it.
 *
 * Supported: literals, ".", classes with ranges, negation and escapes, \d \D \w \W \s \S \n \r \t
 * and escaped metacharacters, groups, "|", ? * + {n} {n,} {n,m}. Refused: \p{..} \P{..} \i \c \I
 * \C, class subtraction, and what XML Schema does not have (anchors, lazy quantifiers, (?..)
 * groups, back-references). "^" and "$" stand for themselves in XML Schema, where many take them
 * for anchors; so they must be escaped here.
 *
 * Two simplifications, for want of Unicode tables: \d is 0 to 9, and \w is what XML Schema says of
 * ASCII (letters, digits and $+<=>^`|~, but not "_") and every character beyond it.
 */
#ifndef MIMIC_COERCE_PATTERN_H
#define MIMIC_COERCE_PATTERN_H

#include "base/context_internal.h"

typedef struct mimic_pattern mimic_pattern;

/*
 * MIMIC_ERR_SCHEMA when the expression is malformed or not supported, *out_reason saying why
 * (static); MIMIC_ERR_MEMORY.
 */
mimic_status mimic__pattern_new(const mimic_context *ctx, const char *expression,
                                mimic_pattern **out_pattern, const char **out_reason);
void mimic__pattern_free(mimic_pattern *pattern);
/* Well-formed UTF-8. Not const: the matcher's sets live in the pattern. */
bool mimic__pattern_matches(mimic_pattern *pattern, const char *text, size_t size);

#endif
