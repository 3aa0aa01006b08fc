/*
 * Parser of --where. Whether a column exists and is of the right type is the reader's to say.
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

static int take_column(scan *s, char **out_name)
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
    *out_name = name;
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

/* A text in double quotes, in which a quote is doubled. */
static int take_text(scan *s, mimic_text_filter *filter)
{
    skip_blanks(s);
    if (*s->at != '"')
        return fail(s, "a text in double quotes");
    const char *at = s->at + 1;
    while (*at != '\0' && (*at != '"' || at[1] == '"'))
        at += *at == '"' ? 2 : 1;
    if (*at == '\0')
        return fail(s, "a closing double quote");
    char *text = malloc((size_t)(at - s->at));
    char **values = realloc((void *)(uintptr_t)filter->values,
                            (filter->value_count + 1) * sizeof *values);
    if (text == NULL || values == NULL)
        talk_out_of_memory();
    filter->values = (const char *const *)values;
    values[filter->value_count++] = text;
    for (const char *from = s->at + 1; from < at; from++) {
        *text++ = *from;
        from += *from == '"';
    }
    *text = '\0';
    s->at = at + 1;
    return EXIT_DONE;
}

/* What follows "=" or "in" says which kind of filter it is. */
static int take_values(scan *s, char *column, where *out, int is_list)
{
    skip_blanks(s);
    const int is_text = *s->at == '"';
    if (!is_text && *s->at != '-' && *s->at != '+' && !isdigit((unsigned char)*s->at)) {
        free(column);
        return fail(s, "a whole number, or a text in double quotes,");
    }
    void *grown = is_text
                      ? realloc(out->text_filters, (out->text_count + 1) * sizeof *out->text_filters)
                      : realloc(out->filters, (out->count + 1) * sizeof *out->filters);
    if (grown == NULL)
        talk_out_of_memory();
    mimic_csv_filter *numbers = NULL;
    mimic_text_filter *texts = NULL;
    if (is_text) {
        out->text_filters = grown;
        texts = &out->text_filters[out->text_count++];
        *texts = (mimic_text_filter){column, NULL, 0};
    } else {
        out->filters = grown;
        numbers = &out->filters[out->count++];
        *numbers = (mimic_csv_filter){column, NULL, 0};
    }
    do {
        const int status = is_text ? take_text(s, texts) : take_number(s, numbers);
        if (status != EXIT_DONE)
            return status;
    } while (is_list && take_mark(s, ','));
    return !is_list || take_mark(s, ')') ? EXIT_DONE : fail(s, "',' or ')'");
}

static int take_term(scan *s, where *out)
{
    char *column = NULL;
    const int status = take_column(s, &column);
    if (status != EXIT_DONE)
        return status;
    if (take_mark(s, '='))
        return take_values(s, column, out, 0);
    const int is_in = take_keyword(s, "in");
    if (is_in && take_mark(s, '('))
        return take_values(s, column, out, 1);
    free(column);
    return fail(s, is_in ? "'(' after in" : "'=' or 'in'");
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
    for (size_t i = 0; i < w->text_count; i++) {
        for (size_t k = 0; k < w->text_filters[i].value_count; k++)
            free((void *)(uintptr_t)w->text_filters[i].values[k]);
        free((void *)(uintptr_t)w->text_filters[i].column);
        free((void *)(uintptr_t)w->text_filters[i].values);
    }
    free(w->filters);
    free(w->text_filters);
    memset(w, 0, sizeof *w);
}
