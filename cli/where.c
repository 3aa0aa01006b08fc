/*
 * Parser of --where. Whether a column exists and is of a whole-number type is the reader's to say.
 */
#include "where.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/coerce.h>

#include "options.h"
#include "talk.h"

typedef struct scan {
    const char *text;
    const char *at;
} scan;

static int fail(const scan *s, const char *expected)
{
    const size_t before = talk_length(s->text, (size_t)(s->at - s->text));
    talk_error("--where expects %s at position %zu\n  %s\n  %*s^\nSee 'mimic convert --help'.",
               expected, before + 1, s->text, (int)before, "");
    return EXIT_USAGE;
}

static void skip_blanks(scan *s)
{
    while (isspace((unsigned char)*s->at))
        s->at++;
}

static size_t word_size(const char *text)
{
    size_t size = 0;
    while (isalnum((unsigned char)text[size]) || text[size] == '_' || (text[size] & 0x80) != 0)
        size++;
    return size;
}

static int take_mark(scan *s, char mark)
{
    skip_blanks(s);
    if (*s->at != mark)
        return 0;
    s->at++;
    return 1;
}

static int take_keyword(scan *s, const char *keyword)
{
    skip_blanks(s);
    const size_t size = word_size(s->at);
    if (size != strlen(keyword))
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (tolower((unsigned char)s->at[i]) != keyword[i])
            return 0;
    }
    s->at += size;
    return 1;
}

static int take_column(scan *s, mimic_csv_filter *filter)
{
    skip_blanks(s);
    const int is_quoted = *s->at == '"';
    const char *begin = s->at + is_quoted;
    const size_t size = is_quoted ? strcspn(begin, "\"") : word_size(begin);
    if (is_quoted && begin[size] == '\0')
        return fail(s, "a closing double quote");
    if (size == 0 || (!is_quoted && isdigit((unsigned char)*begin)))
        return fail(s, "the name of a column");
    char *name = malloc(size + 1);
    if (name == NULL)
        talk_out_of_memory();
    memcpy(name, begin, size);
    name[size] = '\0';
    filter->column = name;
    s->at = begin + size + is_quoted;
    return EXIT_DONE;
}

static int take_number(scan *s, mimic_csv_filter *filter)
{
    skip_blanks(s);
    size_t size = *s->at == '-' || *s->at == '+' ? 1 : 0;
    while (isdigit((unsigned char)s->at[size]))
        size++;
    const size_t rest = word_size(s->at + size);
    int64_t number = 0;
    const mimic_reject_code code = mimic_coerce_int64(s->at, size, &number);
    if (rest > 0 || s->at[size] == '.' || (code != 0 && code != MIMIC_REJECT_RANGE))
        return fail(s, "a whole number");
    if (code != 0)
        return fail(s, "a whole number of at most 64 bits");
    int64_t *values =
        realloc((void *)(uintptr_t)filter->values, (filter->value_count + 1) * sizeof *values);
    if (values == NULL)
        talk_out_of_memory();
    values[filter->value_count++] = number;
    filter->values = values;
    s->at += size;
    return EXIT_DONE;
}

static int take_numbers(scan *s, mimic_csv_filter *filter)
{
    if (!take_mark(s, '('))
        return fail(s, "'(' after in");
    do {
        const int status = take_number(s, filter);
        if (status != EXIT_DONE)
            return status;
    } while (take_mark(s, ','));
    return take_mark(s, ')') ? EXIT_DONE : fail(s, "',' or ')'");
}

static int take_term(scan *s, where *out)
{
    mimic_csv_filter *filters = realloc(out->filters, (out->count + 1) * sizeof *filters);
    if (filters == NULL)
        talk_out_of_memory();
    out->filters = filters;
    mimic_csv_filter *filter = &filters[out->count++];
    memset(filter, 0, sizeof *filter);
    const int status = take_column(s, filter);
    if (status != EXIT_DONE)
        return status;
    if (take_mark(s, '='))
        return take_number(s, filter);
    if (take_keyword(s, "in"))
        return take_numbers(s, filter);
    return fail(s, "'=' or 'in'");
}

int where_parse(const char *text, where *out)
{
    scan s = {text, text};
    memset(out, 0, sizeof *out);
    do {
        const int status = take_term(&s, out);
        if (status != EXIT_DONE)
            return status;
    } while (take_keyword(&s, "and"));
    skip_blanks(&s);
    return *s.at == '\0' ? EXIT_DONE : fail(&s, "'and' or the end");
}

void where_free(where *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free((void *)(uintptr_t)w->filters[i].column);
        free((void *)(uintptr_t)w->filters[i].values);
    }
    free(w->filters);
    memset(w, 0, sizeof *w);
}
