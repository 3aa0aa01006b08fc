/*
 * Compiles XML Schema regular expressions in one pass, without a tree: the code of an atom is
 * written as it is read, and a quantifier or "|" behind it puts splits before it or copies it. The
 * nesting of groups and the size of the program are bounded, so that no expression can blow up.
 */
#include "coerce/coerce_pattern_program.h"

#include <string.h>

#include "base/utf8.h"
#include "coerce/coerce_digits.h"

#define MAX_DEPTH 50
#define LAST_CODE_POINT 0x10ffffu

typedef struct compiler {
    mimic_pattern *pattern;
    const char *p;
    const char *end;
    int depth;
    const char *reason; /* why it failed, NULL so far */
    bool is_out_of_memory;
} compiler;

static bool fail(compiler *c, const char *reason)
{
    if (c->reason == NULL)
        c->reason = reason;
    return false;
}

/* ---- growing arrays ---- */

static bool grow(compiler *c, void **array, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return true;
    const size_t wanted = *capacity == 0 ? 32 : *capacity * 2;
    void *const grown =
        mimic__realloc(c->pattern->ctx, *array, *capacity * item_size, wanted * item_size);
    if (grown == NULL) {
        c->is_out_of_memory = true;
        return fail(c, "needs more memory than there is");
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

static bool insert_step(compiler *c, size_t at, int32_t kind, int32_t first, int32_t second)
{
    mimic_pattern *const pattern = c->pattern;
    if (pattern->step_count >= MIMIC_PATTERN_MAX_STEPS)
        return fail(c, "is too large: it unfolds to more than 10,000 steps");
    void *steps = pattern->steps;
    const bool is_grown =
        grow(c, &steps, pattern->step_count, &pattern->step_capacity, sizeof *pattern->steps);
    pattern->steps = steps;
    if (!is_grown)
        return false;
    memmove(pattern->steps + at + 1, pattern->steps + at,
            (pattern->step_count - at) * sizeof *pattern->steps);
    pattern->steps[at] = (mimic_pattern_step){kind, first, second};
    pattern->step_count++;
    return true;
}

static bool add_step(compiler *c, int32_t kind, int32_t first, int32_t second)
{
    return insert_step(c, c->pattern->step_count, kind, first, second);
}

static bool copy_steps(compiler *c, size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const mimic_pattern_step step = c->pattern->steps[from + i];
        if (!add_step(c, step.kind, step.first, step.second))
            return false;
    }
    return true;
}

/* Adds a range to the class that is being read, the last one. */
static bool add_range(compiler *c, uint32_t low, uint32_t high)
{
    mimic_pattern *const pattern = c->pattern;
    void *ranges = pattern->ranges;
    if (pattern->range_count >= MIMIC_PATTERN_MAX_STEPS)
        return fail(c, "has too many ranges in its classes");
    const bool is_grown =
        grow(c, &ranges, pattern->range_count, &pattern->range_capacity, sizeof *pattern->ranges);
    pattern->ranges = ranges;
    if (!is_grown)
        return false;
    pattern->ranges[pattern->range_count++] = (mimic_pattern_range){low, high};
    pattern->classes[pattern->class_count - 1].range_count++;
    return true;
}

/* Begins a class and the step that tests it. */
static bool add_class(compiler *c, bool is_negated)
{
    mimic_pattern *const pattern = c->pattern;
    void *classes = pattern->classes;
    const bool is_grown =
        grow(c, &classes, pattern->class_count, &pattern->class_capacity, sizeof *pattern->classes);
    pattern->classes = classes;
    if (!is_grown || !add_step(c, PATTERN_CLASS, (int32_t)pattern->class_count, 0))
        return false;
    pattern->classes[pattern->class_count++] =
        (mimic_pattern_class){is_negated, pattern->range_count, 0};
    return true;
}

/* ---- escapes ---- */

static const mimic_pattern_range digit_ranges[] = {{'0', '9'}};
static const mimic_pattern_range space_ranges[] = {{'\t', '\n'}, {'\r', '\r'}, {' ', ' '}};
static const mimic_pattern_range word_ranges[] = {
    {'$', '$'}, {'+', '+'}, {'0', '9'}, {'<', '>'}, {'A', 'Z'},
    {'^', '^'}, {'`', 'z'}, {'|', '|'}, {'~', '~'}, {0x80, LAST_CODE_POINT}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The ranges of \d \w \s, NULL for another letter. */
static const mimic_pattern_range *escape_ranges(char letter, size_t *out_count)
{
    switch (letter | 0x20) {
    case 'd':
        *out_count = COUNT(digit_ranges);
        return digit_ranges;
    case 's':
        *out_count = COUNT(space_ranges);
        return space_ranges;
    case 'w':
        *out_count = COUNT(word_ranges);
        return word_ranges;
    default:
        return NULL;
    }
}

/* Adds \d \w \s to the open class, or, for the capital letter, what lies between their ranges. */
static bool add_escape_ranges(compiler *c, char letter)
{
    size_t count = 0;
    const mimic_pattern_range *const ranges = escape_ranges(letter, &count);
    const bool is_negated = letter < 'a';
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_negated && !add_range(c, ranges[i].low, ranges[i].high))
            return false;
        if (is_negated && ranges[i].low > next && !add_range(c, next, ranges[i].low - 1))
            return false;
        next = ranges[i].high + 1;
    }
    return !is_negated || next > LAST_CODE_POINT || add_range(c, next, LAST_CODE_POINT);
}

/* The character of an escape such as \n or \. ; c->p stands behind the backslash. */
static bool read_escaped(compiler *c, uint32_t *out)
{
    const char letter = *c->p;
    if (letter == 'p' || letter == 'P' || letter == 'i' || letter == 'I' || letter == 'c' ||
        letter == 'C')
        return fail(c, "uses \\p, \\i or \\c, which is not supported; spell out the characters");
    if (letter == 'n' || letter == 'r' || letter == 't')
        *out = letter == 'n' ? '\n' : letter == 'r' ? '\r' : '\t';
    else if (letter != '\0' && strchr("\\|.?*+(){}-[]^$", letter) != NULL)
        *out = (uint32_t)letter;
    else
        return fail(c, "has an escape that XML Schema does not know");
    c->p++;
    return true;
}

static uint32_t read_character(compiler *c)
{
    size_t index = 0;
    const uint32_t code = mimic__utf8_decode(c->p, (size_t)(c->end - c->p), &index);
    c->p += index;
    return code;
}

static bool at_class_escape(const compiler *c)
{
    size_t count;
    return c->end - c->p >= 2 && c->p[0] == '\\' && escape_ranges(c->p[1], &count) != NULL;
}

/* ---- classes ---- */

static bool read_class_character(compiler *c, uint32_t *out)
{
    if (*c->p == '[')
        return fail(c, "has a \"[\" inside a class; escape it (subtraction is not supported)");
    if (*c->p == '\\') {
        c->p++;
        return read_escaped(c, out);
    }
    *out = read_character(c);
    return true;
}

static bool read_class_item(compiler *c)
{
    if (at_class_escape(c)) {
        c->p += 2;
        return add_escape_ranges(c, c->p[-1]);
    }
    uint32_t low = 0;
    uint32_t high = 0;
    if (!read_class_character(c, &low))
        return false;
    high = low;
    if (c->end - c->p >= 2 && c->p[0] == '-' && c->p[1] != ']') {
        c->p++;
        if (at_class_escape(c))
            return fail(c, "has a range that ends in a class");
        if (!read_class_character(c, &high))
            return false;
        if (high < low)
            return fail(c, "has a range whose end comes before its start");
    }
    return add_range(c, low, high);
}

/* "[...]"; c->p stands behind the bracket. */
static bool read_class(compiler *c)
{
    const bool is_negated = c->p < c->end && *c->p == '^';
    c->p += is_negated;
    if (!add_class(c, is_negated))
        return false;
    if (c->p < c->end && *c->p == ']')
        return fail(c, "has an empty class");
    while (c->p < c->end && *c->p != ']')
        if (!read_class_item(c))
            return false;
    if (c->p == c->end)
        return fail(c, "has a class without its end");
    c->p++;
    return true;
}

/* ---- atoms, quantifiers, branches ---- */

static bool read_branches(compiler *c);

static bool read_group(compiler *c)
{
    if (c->p < c->end && *c->p == '?')
        return fail(c, "has a \"(?\" group, which XML Schema does not know");
    if (++c->depth > MAX_DEPTH)
        return fail(c, "has groups nested more than 50 deep");
    if (!read_branches(c))
        return false;
    c->depth--;
    if (c->p == c->end)
        return fail(c, "has a group without its end");
    c->p++;
    return true;
}

static bool read_atom(compiler *c)
{
    if (at_class_escape(c)) {
        c->p += 2;
        return add_class(c, false) && add_escape_ranges(c, c->p[-1]);
    }
    const char first = *c->p;
    uint32_t character = 0;
    switch (first) {
    case '(':
        c->p++;
        return read_group(c);
    case '[':
        c->p++;
        return read_class(c);
    case '.':
        c->p++;
        return add_class(c, true) && add_range(c, '\n', '\n') && add_range(c, '\r', '\r');
    case '\\':
        c->p++;
        return read_escaped(c, &character) && add_step(c, PATTERN_CHARACTER, (int32_t)character, 0);
    case '^':
    case '$':
        return fail(c, "has a \"^\" or \"$\"; it holds for the whole value anyway, and the "
                       "character itself is written \\^ or \\$");
    case '?':
    case '*':
    case '+':
    case '{':
        return fail(c, "has a quantifier with nothing before it");
    case '}':
    case ']':
        return fail(c, "has a closing bracket without its opening one; escape it");
    default:
        character = read_character(c);
        return add_step(c, PATTERN_CHARACTER, (int32_t)character, 0);
    }
}

static bool read_number(compiler *c, int32_t *out)
{
    const char *const start = c->p;
    int32_t value = 0;
    for (; c->p < c->end && mimic__is_digit(*c->p); c->p++) {
        value = value * 10 + (*c->p - '0');
        if (value > MIMIC_PATTERN_MAX_STEPS)
            return fail(c, "repeats something more than 10,000 times");
    }
    *out = value;
    return c->p > start || fail(c, "has a quantifier that is not {n}, {n,} or {n,m}");
}

/* "{n}", "{n,}" (most = -1) or "{n,m}"; c->p stands behind the brace. */
static bool read_counts(compiler *c, int32_t *out_least, int32_t *out_most)
{
    if (!read_number(c, out_least))
        return false;
    *out_most = *out_least;
    if (c->p < c->end && *c->p == ',') {
        c->p++;
        *out_most = -1;
        if (c->p < c->end && *c->p != '}' && !read_number(c, out_most))
            return false;
    }
    if (c->p == c->end || *c->p != '}')
        return fail(c, "has a quantifier that is not {n}, {n,} or {n,m}");
    c->p++;
    if (*out_most >= 0 && *out_most < *out_least)
        return fail(c, "has a quantifier whose end comes before its start");
    return true;
}

/* Repeats the steps from `start` on, which stand there once, `least` to `most` times. */
static bool repeat(compiler *c, size_t start, int32_t least, int32_t most)
{
    mimic_pattern *const pattern = c->pattern;
    const size_t size = pattern->step_count - start;
    const int32_t length = (int32_t)size;
    if (size == 0)
        return true; /* nothing, any number of times */
    if (most == 0) {
        pattern->step_count = start;
        return true;
    }
    for (int32_t i = 1; i < least; i++)
        if (!copy_steps(c, start, size))
            return false;
    if (most < 0 && least > 0)
        return add_step(c, PATTERN_SPLIT, -length, 1);
    if (most < 0)
        return insert_step(c, start, PATTERN_SPLIT, 1, length + 2) &&
               add_step(c, PATTERN_JUMP, -(length + 1), 0);
    /* The optional copies: each split leaves for the end of all of them. */
    int32_t optional = most - least;
    size_t template = start;
    if (least == 0) {
        if (!insert_step(c, start, PATTERN_SPLIT, 1, optional * (length + 1)))
            return false;
        template = start + 1;
        optional--;
    }
    for (; optional > 0; optional--)
        if (!add_step(c, PATTERN_SPLIT, 1, optional * (length + 1)) ||
            !copy_steps(c, template, size))
            return false;
    return true;
}

static bool read_quantifier(compiler *c, size_t start)
{
    if (c->p == c->end || strchr("?*+{", *c->p) == NULL)
        return true;
    int32_t least = 0;
    int32_t most = -1;
    const char kind = *c->p++;
    if (kind == '?')
        most = 1;
    else if (kind == '+')
        least = 1;
    else if (kind == '{' && !read_counts(c, &least, &most))
        return false;
    if (c->p < c->end && strchr("?*+{", *c->p) != NULL)
        return fail(c, "has two quantifiers in a row, which XML Schema does not know");
    return repeat(c, start, least, most);
}

/* Branches separated by "|", up to a closing parenthesis or the end. A jump at the end of each but
 * the last holds, until the end is known, the index of the one before it. */
static bool read_branches(compiler *c)
{
    mimic_pattern *const pattern = c->pattern;
    int32_t last_jump = -1;
    size_t branch = pattern->step_count;
    while (c->p < c->end && *c->p != ')') {
        if (*c->p != '|') {
            const size_t start = pattern->step_count;
            if (!read_atom(c) || !read_quantifier(c, start))
                return false;
            continue;
        }
        c->p++;
        const int32_t length = (int32_t)(pattern->step_count - branch);
        if (!insert_step(c, branch, PATTERN_SPLIT, 1, length + 2) ||
            !add_step(c, PATTERN_JUMP, last_jump, 0))
            return false;
        last_jump = (int32_t)pattern->step_count - 1;
        branch = pattern->step_count;
    }
    while (last_jump >= 0) {
        const int32_t previous = pattern->steps[last_jump].first;
        pattern->steps[last_jump].first = (int32_t)pattern->step_count - last_jump;
        last_jump = previous;
    }
    return true;
}

mimic_status mimic__pattern_compile(mimic_pattern *pattern, const char *expression,
                                    const char **out_reason)
{
    const size_t size = strlen(expression);
    compiler c = {.pattern = pattern, .p = expression, .end = expression + size};
    bool is_done = mimic__utf8_check(expression, size) == size || fail(&c, "is not UTF-8");
    is_done = is_done && read_branches(&c);
    if (is_done && c.p < c.end)
        is_done = fail(&c, "has a closing parenthesis without its opening one");
    is_done = is_done && add_step(&c, PATTERN_MATCH, 0, 0);
    *out_reason = c.reason;
    if (is_done)
        return MIMIC_OK;
    return c.is_out_of_memory ? MIMIC_ERR_MEMORY : MIMIC_ERR_SCHEMA;
}
