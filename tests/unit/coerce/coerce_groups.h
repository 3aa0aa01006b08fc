/*
 * What is compared (coerce_compare.h): for every fast path of the column loops, all the texts that
 * it may take where they can be counted, random and mutated ones where they cannot.
 */
#ifndef COERCE_GROUPS_H
#define COERCE_GROUPS_H

#include "coerce_compare.h"

#define LAST_DIGITS 4 /* a chunk has all of these */
#define CHUNK_VALUES 10000

/* All texts of `digits` digits that begin with `prefix`, a point before the digit `point` (none
 * when that is negative). */
static inline void add_digit_texts(compare *c, const char *prefix, int digits, int point)
{
    const int outer_digits = digits > LAST_DIGITS ? digits - LAST_DIGITS : 0;
    uint32_t outer_count = 1;
    for (int i = 0; i < outer_digits; i++)
        outer_count *= 10;
    const size_t prefix_size = strlen(prefix);
    for (uint32_t outer = 0; outer < outer_count; outer++) {
        if (!compare_takes_chunk(c))
            continue;
        char text[32];
        char *place[16]; /* of each digit */
        char *p = text;
        memcpy(p, prefix, prefix_size);
        p += prefix_size;
        for (int i = 0; i <= digits; i++) {
            if (i == point)
                *p++ = '.';
            place[i] = p;
            if (i < digits)
                *p++ = '0';
        }
        uint32_t rest = outer;
        for (int i = outer_digits - 1; i >= 0; i--, rest /= 10)
            *place[i] = (char)('0' + rest % 10);
        for (;;) {
            compare_text(c, text, (size_t)(p - text));
            int i = digits - 1;
            for (; i >= outer_digits && *place[i] == '9'; i--)
                *place[i] = '0';
            if (i < outer_digits)
                break;
            ++*place[i];
        }
    }
}

/* Columns of a type: plain, required, with bounds, with a list of values, faults made NULL. */
static inline mimic_field group_field(mimic_type type, int variant)
{
    static const mimic_text values[] = {{"9", 1}, {"10", 2}};
    mimic_field field = test_field("x", type);
    const bool is_time = type >= MIMIC_TYPE_DATE && type <= MIMIC_TYPE_TIMESTAMPTZ;
    field.is_required = variant == 1;
    if (variant == 2 && !is_time && type != MIMIC_TYPE_BOOLEAN && type != MIMIC_TYPE_STRING) {
        field.minimum = "-250";
        field.exclusive_maximum = type == MIMIC_TYPE_FLOAT64 ? NULL : "7000";
        field.maximum = type == MIMIC_TYPE_FLOAT64 ? "7000.5" : NULL;
    }
    if (variant == 3 && type >= MIMIC_TYPE_INT16 && type <= MIMIC_TYPE_INT64) {
        field.enum_values = values;
        field.enum_count = 2;
    }
    if (variant == 3)
        field.on_error = MIMIC_ON_ERROR_NULL;
    return field;
}

#define VARIANTS 4

static inline void group_integers(compare *c)
{
    static const mimic_type types[] = {MIMIC_TYPE_INT32, MIMIC_TYPE_INT16, MIMIC_TYPE_INT64};
    static const char *const prefixes[] = {"", "-", "+"};
    for (size_t t = 0; t < 3; t++)
        for (size_t sign = 0; sign < 3; sign++) {
            const mimic_field field = group_field(types[t], (int)sign == 2 ? 2 : 0);
            if (!compare_begin(c, &field))
                return;
            for (int digits = 0; digits <= 8; digits++)
                add_digit_texts(c, prefixes[sign], digits, -1);
            compare_end(c);
        }
}

/* All decimals of up to seven digits, the point in each place. */
static inline void group_decimals(compare *c)
{
    static const mimic_type types[] = {MIMIC_TYPE_FLOAT64, MIMIC_TYPE_FLOAT32, MIMIC_TYPE_DECIMAL};
    for (size_t t = 0; t < 3; t++)
        for (int sign = 0; sign < 2; sign++) {
            mimic_field field = group_field(types[t], 0);
            field.scale = sign == 0 ? 2 : 8;
            if (!compare_begin(c, &field))
                return;
            c->asks_c_library = types[t] != MIMIC_TYPE_DECIMAL;
            for (int digits = 0; digits <= 7; digits++)
                for (int point = -1; point <= digits; point++)
                    add_digit_texts(c, sign == 0 ? "" : "-", digits, point);
            compare_end(c);
            c->asks_c_library = false;
        }
}

/* A number of up to `most` digits: signs, points, exponents now and then. */
static inline size_t random_number(test_random *random, char *text, uint32_t most, bool is_whole)
{
    char *p = text;
    const uint32_t kind = random_below(random, 64);
    const uint32_t digits = 1 + random_below(random, most);
    const uint32_t point = is_whole || kind < 8 ? UINT32_MAX : random_below(random, digits + 1);
    if ((kind & 7) == 0)
        *p++ = '-';
    else if (kind == 1)
        *p++ = '+';
    for (uint32_t i = 0; i < digits; i++) {
        if (i == point)
            *p++ = '.';
        *p++ = (char)('0' + random_below(random, 10));
    }
    if (!is_whole && kind == 2)
        p += sprintf(p, "e%d", (int)random_below(random, 80) - 40);
    return (size_t)(p - text);
}

static inline void random_column(compare *c, mimic_type type, int variant, uint32_t most)
{
    const mimic_field field = group_field(type, variant);
    const bool is_whole = type <= MIMIC_TYPE_INT64;
    if (!compare_begin(c, &field))
        return;
    static const unsigned quotes[VARIANTS] = {20, 1, 2, 0};
    c->quote_every = quotes[variant];
    c->asks_c_library = variant == 0 && (type == MIMIC_TYPE_FLOAT64 || type == MIMIC_TYPE_FLOAT32);
    for (int chunk = 0; chunk < 2000; chunk++) {
        if (!compare_takes_chunk(c))
            continue;
        c->random.state = c->chunk * 977;
        for (int i = 0; i < CHUNK_VALUES; i++) {
            char text[64];
            compare_text(c, text, random_number(&c->random, text, most, is_whole));
        }
    }
    compare_end(c);
    c->quote_every = 0;
    c->asks_c_library = false;
}

static inline void group_random_numbers(compare *c)
{
    static const mimic_type types[] = {MIMIC_TYPE_INT16,   MIMIC_TYPE_INT32,   MIMIC_TYPE_INT64,
                                       MIMIC_TYPE_FLOAT32, MIMIC_TYPE_FLOAT64, MIMIC_TYPE_DECIMAL};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            random_column(c, types[t], variant, 17);
            random_column(c, types[t], variant, types[t] <= MIMIC_TYPE_INT64 ? 20 : 9);
        }
}

/* Every second of days at the ends of months and years, in each form that a loop knows. */
static inline void group_seconds(compare *c)
{
    static const char *const days[] = {"2180-07-23", "2096-02-29", "2100-02-28", "1999-12-31",
                                       "1970-01-01", "0001-01-01", "9999-12-31", "2150-11-30"};
    static const struct {
        mimic_type type;
        const char *format;
        const char *separator;
        const char *suffix;
    } forms[] = {{MIMIC_TYPE_TIMESTAMP, "default", "T", ""},
                 {MIMIC_TYPE_TIMESTAMP, "%Y-%m-%d %H:%M:%S", " ", ""},
                 {MIMIC_TYPE_TIMESTAMPTZ, "default", "T", "Z"},
                 {MIMIC_TYPE_TIMESTAMPTZ, "%Y-%m-%d %H:%M:%S%z", " ", "Z"},
                 {MIMIC_TYPE_TIME, "default", "", ""}};
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        mimic_field field = group_field(forms[f].type, f == 1 ? 3 : 0);
        field.formats = &forms[f].format;
        if (f == 2)
            field.minimum = "1990-01-01T00:00:00Z";
        if (!compare_begin(c, &field))
            return;
        c->quote_every = (unsigned)f; /* none, all, some */
        for (int hour = 0; hour < 100; hour++) {
            if (!compare_takes_chunk(c))
                continue;
            for (int i = 0; i < 10000; i++) {
                char text[64];
                const char *const day = f == 4 ? "" : days[i / 5 % 8];
                const int size = sprintf(text, "%s%s%02d:%02d:%02d%s", day, forms[f].separator,
                                         hour, i / 100, i % 100, forms[f].suffix);
                compare_text(c, text, (size_t)size);
            }
        }
        compare_end(c);
        c->quote_every = 0;
    }
}

/* All 10^8 dates that eight digits can write, possible or not. */
static inline void group_dates(compare *c)
{
    mimic_field field = group_field(MIMIC_TYPE_DATE, 0);
    field.minimum = "0007-03-01";
    if (!compare_begin(c, &field))
        return;
    for (int year = 0; year < 10000; year++) {
        if (!compare_takes_chunk(c))
            continue;
        char text[16];
        sprintf(text, "%04d-", year);
        for (int i = 0; i < 10000; i++) {
            const char rest[] = {(char)('0' + i / 1000), (char)('0' + i / 100 % 10), '-',
                                 (char)('0' + i / 10 % 10), (char)('0' + i % 10)};
            memcpy(text + 5, rest, sizeof rest);
            compare_text(c, text, 10);
        }
    }
    compare_end(c);
}

/* Each byte of a text replaced by each other byte, taken out, and doubled. */
static inline void add_mutations(compare *c, const char *text)
{
    const size_t size = strlen(text);
    char copy[64];
    for (size_t i = 0; i < size; i++) {
        memcpy(copy, text, size);
        for (int byte = 1; byte < 256; byte++) {
            copy[i] = (char)byte;
            compare_text(c, copy, size);
            compare_text(c, text, size); /* what was remembered stays right */
        }
        memcpy(copy + i, text + i + 1, size - i - 1);
        compare_text(c, copy, size - 1);
        memcpy(copy, text, i + 1);
        memcpy(copy + i + 1, text + i, size - i);
        compare_text(c, copy, size + 1);
    }
}

static inline void group_mutations(compare *c)
{
    static const struct {
        mimic_type type;
        const char *format;
        const char *texts[8];
    } bases[] = {
        {MIMIC_TYPE_INT16, "default", {"7", "-12", "32767", "-32768", "0000001", "99"}},
        {MIMIC_TYPE_INT32, "default", {"12345678", "-1234567", "2147483647", "-2147483648", "10"}},
        {MIMIC_TYPE_INT64, "default", {"1234567890123456", "-9223372036854775808", "123456789"}},
        {MIMIC_TYPE_FLOAT32, "default", {"98.6", "-0.5", "16777217", ".5", "1e10", "7.25"}},
        {MIMIC_TYPE_FLOAT64, "default", {"98.6", "-0.0", "1234.567", "5.", "0.69999998807", "40"}},
        {MIMIC_TYPE_DECIMAL, "default", {"98.6", "-0.01", "12345678", "1.255", "123456.25"}},
        {MIMIC_TYPE_BOOLEAN, "default", {"1", "0", "true", "False", "TRUE", "false"}},
        {MIMIC_TYPE_DATE, "default", {"2180-07-23", "2096-02-29", "1970-01-01"}},
        {MIMIC_TYPE_TIME, "default", {"23:59:59", "00:00:00", "12:34:56"}},
        {MIMIC_TYPE_TIMESTAMP, "default", {"2180-07-23T23:59:59", "2096-02-29T00:00:00"}},
        {MIMIC_TYPE_TIMESTAMP, "%Y-%m-%d %H:%M:%S", {"2180-07-23 19:05:08"}},
        {MIMIC_TYPE_TIMESTAMPTZ, "default", {"2180-07-23T23:59:59Z", "2096-02-29T00:00:00.5+01"}},
        {MIMIC_TYPE_STRING, "default", {"a text", "x", "\"", "say \"no\"", "eight ch"}},
    };
    for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++)
        for (int variant = 0; variant < VARIANTS; variant++) {
            mimic_field field = group_field(bases[b].type, variant);
            field.formats = &bases[b].format;
            if (!compare_begin(c, &field))
                return;
            c->quote_every = (unsigned)(3 * variant);
            for (size_t i = 0; i < 8 && bases[b].texts[i] != NULL; i++)
                add_mutations(c, bases[b].texts[i]);
            compare_end(c);
            c->quote_every = 0;
        }
}

/* Texts of any length: empty ones, quotes inside, lengths around the limits of copying. */
static inline void group_texts(compare *c)
{
    for (int variant = 0; variant < VARIANTS; variant++) {
        mimic_field field = group_field(MIMIC_TYPE_STRING, variant);
        field.max_length = variant == 0 ? -1 : 40;
        field.min_length = variant == 2 ? 1 : -1;
        field.quoted_empty_is_null = variant == 3;
        if (!compare_begin(c, &field))
            return;
        c->quote_every = 3;
        for (int chunk = 0; chunk < 1000; chunk++) {
            if (!compare_takes_chunk(c))
                continue;
            c->random.state = c->chunk * 31;
            for (int i = 0; i < CHUNK_VALUES; i++) {
                char text[128];
                const size_t size =
                    random_below(&c->random, random_below(&c->random, 4) == 0 ? 100 : 12);
                for (size_t k = 0; k < size; k++) {
                    const uint32_t kind = random_below(&c->random, 60);
                    text[k] = (char)(kind == 0 ? '"' : kind == 1 ? 'x' : 'a' + (int)(k % 20));
                    if (kind == 2 && k + 1 < size) {
                        text[k++] = '\xc3';
                        text[k] = '\xa9';
                    }
                }
                compare_text(c, text, size);
            }
        }
        compare_end(c);
        c->quote_every = 0;
    }
}

typedef struct compare_group {
    const char *name;
    void (*run)(compare *c);
} compare_group;

static const compare_group compare_groups[] = {
    {"integers", group_integers}, {"decimals", group_decimals}, {"random", group_random_numbers},
    {"seconds", group_seconds},   {"dates", group_dates},       {"mutations", group_mutations},
    {"texts", group_texts},
};

#define COMPARE_GROUPS (sizeof compare_groups / sizeof compare_groups[0])

#endif
