/* Patterns: the syntax case by case, what is refused, texts and expressions that make other engines
 * slow, and random expressions against a backtracking matcher that is too simple to be wrong. */
#include "check_main.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "coerce/coerce_pattern.h"
#include "coerce_random.h"

static mimic_context *ctx;

static bool matches(const char *expression, const char *text)
{
    mimic_pattern *pattern = NULL;
    const char *reason = NULL;
    ck_assert_msg(mimic__pattern_new(ctx, expression, &pattern, &reason) == MIMIC_OK, "%s %s",
                  expression, reason);
    const bool first = mimic__pattern_matches(pattern, text, strlen(text));
    ck_assert(first == mimic__pattern_matches(pattern, text, strlen(text)));
    mimic__pattern_free(pattern);
    return first;
}

START_TEST(coerce_pattern__syntax)
{
    static const struct {
        const char *expression;
        const char *yes;
        const char *no;
    } cases[] = {{"", "", "a"},
                 {"abc", "abc", "abcd"},
                 {"abc", "abc", "xabc"},
                 {"a|b|cd", "cd", "c"},
                 {"a|", "", "b"},
                 {"|a", "a", "aa"},
                 {"a?", "", "aa"},
                 {"a*", "aaaa", "b"},
                 {"a+", "aa", ""},
                 {"(ab)+", "abab", "aba"},
                 {"a{3}", "aaa", "aa"},
                 {"a{3}", "aaa", "aaaa"},
                 {"a{2,}", "aaaaa", "a"},
                 {"a{2,3}", "aaa", "aaaa"},
                 {"a{0,2}", "", "aaa"},
                 {"a{0}", "", "a"},
                 {"(a|bc){2,3}d", "abcad", "ad"},
                 {"a{1,1}", "a", ""},
                 {"[a-c]+", "abc", "abd"},
                 {"[^a-c]+", "xyz", "xaz"},
                 {"[-a]+", "-a", "b"},
                 {"[a-]+", "-a", "b"},
                 {"[a\\-c]+", "a-c", "b"},
                 {"[\\]]", "]", "["},
                 {"\\d{4}", "2100", "210a"},
                 {"\\D+", "ab", "a1"},
                 {"[\\d.]+", "1.5", "a"},
                 {"[^\\d]+", "ab", "1"},
                 {"\\w+", "aZ9$", "a_b"},
                 {"\\W", "_", "a"},
                 {"\\s\\S", " a", "aa"},
                 {"[\\D]", "a", "5"},
                 {".", "\xc3\xa4", "\n"},
                 {"\\.", ".", "a"},
                 {"\\n\\t", "\n\t", "nt"},
                 {"\xc3\xa4+", "\xc3\xa4\xc3\xa4", "a"},
                 {"[\xce\xb1-\xcf\x89]+", "\xce\xb2\xce\xb3", "b"},
                 {"\\^\\$", "^$", "x"},
                 {"[A-Z]\\d{2}(\\.\\d{1,4})?", "I10.1234", "I1"},
                 {"()", "", "a"},
                 {"(|a){3}b", "aab", "aaaab"},
                 {"((a*)*)*b", "aaab", "aaa"},
                 {"[\\s\\S]*", "any\nthing", "\xff"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(matches(cases[i].expression, cases[i].yes), "%s does not match %s",
                      cases[i].expression, cases[i].yes);
        if (cases[i].no[0] != '\xff')
            ck_assert_msg(!matches(cases[i].expression, cases[i].no), "%s matches %s",
                          cases[i].expression, cases[i].no);
    }
}
END_TEST

START_TEST(coerce_pattern__refuses)
{
    static const char *const expressions[] = {"(",
                                              ")",
                                              "(a",
                                              "a)",
                                              "[",
                                              "[]",
                                              "[a",
                                              "a**",
                                              "a+?",
                                              "a{2}{3}",
                                              "*a",
                                              "{2}",
                                              "a{",
                                              "a{,3}",
                                              "a{3,2}",
                                              "a{20000}",
                                              "(a{100}){101}",
                                              "\\p{L}",
                                              "\\P{L}",
                                              "\\i",
                                              "\\c",
                                              "[\\p{L}]",
                                              "[a-z-[aeiou]]",
                                              "^a$",
                                              "a$",
                                              "(?:a)",
                                              "\\1",
                                              "\\b",
                                              "\\",
                                              "[z-a]",
                                              "[a-\\d]",
                                              "]",
                                              "}",
                                              "\\u0041",
                                              "\\q",
                                              "[[:alpha:]]",
                                              "\xff"};
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
        mimic_pattern *pattern = NULL;
        const char *reason = NULL;
        ck_assert_msg(mimic__pattern_new(ctx, expressions[i], &pattern, &reason) ==
                          MIMIC_ERR_SCHEMA,
                      "%s was taken", expressions[i]);
        ck_assert_ptr_null(pattern);
        ck_assert_ptr_nonnull(reason);
    }
    char deep[300];
    memset(deep, '(', 100);
    memset(deep + 100, ')', 100);
    deep[200] = '\0';
    mimic_pattern *pattern = NULL;
    const char *reason = NULL;
    ck_assert_int_eq(mimic__pattern_new(ctx, deep, &pattern, &reason), MIMIC_ERR_SCHEMA);
}
END_TEST

START_TEST(coerce_pattern__stays_linear)
{
    static const char *const expressions[] = {"(a*)*b",         "(a|a)*b",   "(a|aa)+b",
                                              "(a?){50}a{50}b", "((a*)*)*b", "(.*)(.*)(.*)(.*)b"};
    char *const text = malloc(100001);
    memset(text, 'a', 100000);
    text[100000] = '\0';
    const clock_t start = clock();
    for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++)
        ck_assert(!matches(expressions[i], text));
    ck_assert_msg((clock() - start) / CLOCKS_PER_SEC < 20, "slow");
    free(text);
}
END_TEST

/* ---- against a backtracking matcher of small expressions ---- */

/* Matches one branch list from *p up to ")" or the end, calling back with what is left by recursion
 * over all ways: returns the set of end positions as bits (texts are under 30 characters). */
static uint32_t ends_of(const char **p, const char *text, uint32_t starts, size_t size);

static uint32_t ends_of_atom(const char **p, const char *text, uint32_t starts, size_t size)
{
    if (**p == '(') {
        (*p)++;
        const uint32_t ends = ends_of(p, text, starts, size);
        (*p)++;
        return ends;
    }
    uint32_t ends = 0;
    for (size_t i = 0; i < size; i++)
        if ((starts >> i & 1) != 0 && (**p == '.' || text[i] == **p))
            ends |= UINT32_C(1) << (i + 1);
    (*p)++;
    return ends;
}

static uint32_t ends_of_piece(const char **p, const char *text, uint32_t starts, size_t size)
{
    const char *const atom = *p;
    uint32_t once = ends_of_atom(p, text, starts, size);
    const char kind = **p;
    if (kind != '?' && kind != '*' && kind != '+')
        return once;
    (*p)++;
    uint32_t all = kind == '+' ? once : starts | once;
    for (uint32_t before = 0; kind != '?' && all != before;) {
        before = all;
        const char *again = atom;
        all |= ends_of_atom(&again, text, all, size);
    }
    return all;
}

static uint32_t ends_of(const char **p, const char *text, uint32_t starts, size_t size)
{
    uint32_t result = 0;
    uint32_t ends = starts;
    for (; **p != '\0' && **p != ')';) {
        if (**p == '|') {
            result |= ends;
            ends = starts;
            (*p)++;
        } else {
            ends = ends_of_piece(p, text, ends, size);
        }
    }
    return result | ends;
}

static char *random_expression(test_random *random, char *out, int depth)
{
    const uint32_t pieces = random_below(random, 4);
    for (uint32_t i = 0; i < pieces; i++) {
        if (depth > 0 && random_below(random, 3) == 0) {
            *out++ = '(';
            out = random_expression(random, out, depth - 1);
            *out++ = ')';
        } else {
            *out++ = "ab."[random_below(random, 3)];
        }
        if (random_below(random, 2) == 0)
            *out++ = "?*+"[random_below(random, 3)];
        if (random_below(random, 4) == 0)
            *out++ = '|';
    }
    *out = '\0';
    return out;
}

START_TEST(coerce_pattern__random_against_sets_of_ends)
{
    test_random random = {5};
    for (int i = 0; i < test_rounds(20000); i++) {
        char expression[2000];
        char text[16];
        random_expression(&random, expression, 3);
        const size_t size = random_below(&random, 10);
        for (size_t k = 0; k < size; k++)
            text[k] = "ab"[random_below(&random, 2)];
        text[size] = '\0';
        const char *p = expression;
        const bool expected = (ends_of(&p, text, 1, size) >> size & 1) != 0;
        ck_assert_msg(matches(expression, text) == expected, "%s on %s", expression, text);
    }
}
END_TEST

START_TEST(coerce_pattern__setup)
{
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
}
END_TEST

START_TEST(coerce_pattern__teardown)
{
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(coerce_pattern, coerce_pattern__setup, coerce_pattern__syntax,
                coerce_pattern__refuses, coerce_pattern__stays_linear,
                coerce_pattern__random_against_sets_of_ends, coerce_pattern__teardown)
