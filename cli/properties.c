/*
 * See properties.h. A cursor walks over the object once; what it does not know ends the walk.
 */
#include "properties.h"

#include <stdlib.h>
#include <string.h>

#include "talk.h"

typedef struct cursor {
    const char *at;
    const char *end;
} cursor;

/* What stands between the quotes of a text, escapes and all; or a number or word. */
typedef struct span {
    const char *start;
    size_t size;
} span;

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static int take(cursor *c, char wanted)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != wanted)
        return 0;
    c->at++;
    return 1;
}

static int is_hex(const cursor *c, size_t count)
{
    if ((size_t)(c->end - c->at) < count)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (c->at[i] == '\0' || strchr("0123456789abcdefABCDEF", c->at[i]) == NULL)
            return 0;
    return 1;
}

static int take_text(cursor *c, span *out)
{
    if (!take(c, '"'))
        return 0;
    out->start = c->at;
    for (; c->at < c->end && *c->at != '"'; c->at++) {
        if ((unsigned char)*c->at < 0x20)
            return 0;
        if (*c->at != '\\')
            continue;
        if (++c->at == c->end || *c->at == '\0' || strchr("\"\\/bfnrtu", *c->at) == NULL)
            return 0;
        if (*c->at == 'u') {
            c->at++;
            if (!is_hex(c, 4))
                return 0;
            c->at += 3;
        }
    }
    out->size = (size_t)(c->at - out->start);
    return take(c, '"');
}

static size_t take_digits(cursor *c)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return (size_t)(c->at - start);
}

static int take_number(cursor *c)
{
    if (c->at < c->end && *c->at == '-')
        c->at++;
    const char *first = c->at;
    const size_t whole = take_digits(c);
    if (whole == 0 || (*first == '0' && whole > 1))
        return 0;
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (take_digits(c) == 0)
            return 0;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
            c->at++;
        return take_digits(c) > 0;
    }
    return 1;
}

static int take_value(cursor *c, span *out)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    skip_blanks(c);
    out->start = c->at;
    if (c->at < c->end && *c->at == '"')
        return take_text(c, out);
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        out->size = strlen(WORDS[i]);
        if ((size_t)(c->end - c->at) >= out->size && memcmp(c->at, WORDS[i], out->size) == 0) {
            c->at += out->size;
            return 1;
        }
    }
    const int is_number = take_number(c);
    out->size = (size_t)(c->at - out->start);
    return is_number;
}

/* 1 = a member; 0 = the end, soundly; -1 = something else. Begins behind the brace. */
static int next(cursor *c, int is_first, span *name, span *value)
{
    if (take(c, '}')) {
        skip_blanks(c);
        return c->at == c->end ? 0 : -1;
    }
    if (!is_first && !take(c, ','))
        return -1;
    return take_text(c, name) && take(c, ':') && take_value(c, value) ? 1 : -1;
}

int properties_are_plain(const char *json, size_t size)
{
    cursor c = {json, json + size};
    span name, value;
    int found = take(&c, '{') ? 1 : -1;
    for (int is_first = 1; found == 1; is_first = 0)
        found = next(&c, is_first, &name, &value);
    return found == 0;
}

/* Without escapes, but for those of code points, which stand as they are; a line end is a blank. */
static size_t put(char *out, span text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.start[i];
        if (c == '\\' && text.start[i + 1] != 'u') {
            c = text.start[++i];
            c = strchr("bfnrt", c) != NULL ? ' ' : c;
        }
        out[used++] = c;
    }
    return used;
}

char *properties_text(const char *json, size_t size)
{
    char *out = malloc(2 * size + 1); /* a member has quotes and a colon: ": " and "; " have room */
    if (out == NULL)
        talk_out_of_memory();
    size_t used = 0;
    if (!properties_are_plain(json, size)) {
        memcpy(out, json, size);
        used = size;
    } else {
        cursor c = {json, json + size};
        span name, value;
        (void)take(&c, '{');
        for (int is_first = 1; next(&c, is_first, &name, &value) == 1; is_first = 0) {
            if (!is_first) {
                memcpy(out + used, "; ", 2);
                used += 2;
            }
            used += put(out + used, name);
            memcpy(out + used, ": ", 2);
            used += 2;
            used += put(out + used, value);
        }
    }
    out[used] = '\0';
    return out;
}
