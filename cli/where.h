/*
 * The row filter of --where:
 *
 *     where := term ("and" term)*
 *     term  := COLUMN "=" N | COLUMN "in" "(" N ("," N)* ")" | the same with T
 *
 * N is a whole number, T a text in double quotes, in which a quote is doubled; COLUMN a name, or any
 * text in double quotes; keywords in any case.
 */
#ifndef MIMIC_CLI_WHERE_H
#define MIMIC_CLI_WHERE_H

#include <mimic/csv.h>

typedef struct where {
    mimic_csv_filter *filters;
    size_t count;
    mimic_text_filter *text_filters;
    size_t text_count;
} where;

/* Says on stderr what was expected, and at which position. To be given to where_free either way. */
int where_parse(const char *text, where *out);
void where_free(where *w);

#endif
