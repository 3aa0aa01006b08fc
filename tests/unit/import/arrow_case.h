/* What the tests of the Arrow reader share: a context, the check that all was released, one schema. */
#ifndef MIMIC_TEST_ARROW_CASE_H
#define MIMIC_TEST_ARROW_CASE_H

#include "check_main.h"
#include "read_arrow.h"

static mimic_context *ctx;

static inline void set_up(void)
{
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    hand_live = 0;
    hand_pad = 0;
}

static inline void tear_down(void)
{
    ck_assert_int_eq(hand_live, 0);
    mimic_context_free(ctx);
}

static inline void expect(hand_stream *h, const char *schema, const mimic_arrow_options *options,
                   const char *wanted)
{
    char *text = read_arrow(ctx, h, schema, options);
    ck_assert_str_eq(text, wanted);
    free(text);
    ck_assert_int_eq(hand_live, 0);
}

#define FIELD(name, type, physical)                                                                \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"mimic\":{\"type\":\"" physical "\"}}"

/* Columns a to d. */
__attribute__((unused)) static const char PLAIN[] = "{\"fields\":[" FIELD("a", "integer", "int32") "," FIELD(
    "b", "number", "float64") "," FIELD("c", "string", "string") "," FIELD("d", "string",
                                                                          "categorical") "]}";

/* A schema of one field, with whatever else it says. */
static inline const char *one_field(const char *type, const char *physical, const char *more)
{
    static char text[512];
    snprintf(text, sizeof text,
             "{\"fields\":[{\"name\":\"v\",\"type\":\"%s\",\"mimic\":{\"type\":\"%s\"}%s%s}]}", type,
             physical, more[0] == '\0' ? "" : ",", more);
    return text;
}

#endif
