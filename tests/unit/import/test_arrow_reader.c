/*
 * Arrow streams made by hand, read under a schema: types of the field itself, wider and narrower ones,
 * texts, dictionaries, NULL in all its forms, constraints, policies, errors of the producer, and that
 * everything is released once.
 */
#include "check_main.h"
#include "read_arrow.h"

static mimic_context *ctx;

static void set_up(void)
{
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    hand_live = 0;
    hand_pad = 0;
}

static void tear_down(void)
{
    ck_assert_int_eq(hand_live, 0);
    mimic_context_free(ctx);
}

static void expect(hand_stream *h, const char *schema, const mimic_arrow_options *options,
                   const char *wanted)
{
    char *text = read_arrow(ctx, h, schema, options);
    ck_assert_str_eq(text, wanted);
    free(text);
    ck_assert_int_eq(hand_live, 0);
}

#define FIELD(name, type, physical)                                                                \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"mimic\":{\"type\":\"" physical "\"}}"

static const char PLAIN[] = "{\"fields\":[" FIELD("a", "integer", "int32") "," FIELD(
    "b", "number", "float64") "," FIELD("c", "string", "string") "," FIELD("d", "string",
                                                                          "categorical") "]}";

START_TEST(arrow_reader__plain_columns)
{
    set_up();
    for (hand_pad = 0; hand_pad < 12; hand_pad += 5) {
        hand_stream h = {0};
        hand_column(&h, "A", "i", HAND_NULLABLE);
        hand_column(&h, "b", "g", HAND_NULLABLE);
        hand_column(&h, "c", "u", HAND_NULLABLE);
        h.values[hand_column(&h, "d", "c", HAND_NULLABLE)] = "u";
        struct ArrowArray *rows = hand_rows(&h, 3);
        hand_fixed(rows, 0, (int32_t[]){1, -2, 3}, 4, "v.v");
        hand_fixed(rows, 1, (double[]){0.5, -0.25, 1e300}, 8, NULL);
        hand_texts(rows, 2, (const char *[]){"x", NULL, ""}, 4);
        hand_coded(rows, 3, (int8_t[]){1, 0, 1}, 1, "vv.", (const char *[]){"no", "yes"}, 2);
        rows = hand_rows(&h, 0);
        hand_fixed(rows, 0, "", 4, NULL);
        hand_fixed(rows, 1, "", 8, NULL);
        hand_texts(rows, 2, NULL, 4);
        hand_coded(rows, 3, "", 1, NULL, NULL, 0);
        rows = hand_rows(&h, 1);
        hand_fixed(rows, 0, (int32_t[]){7}, 4, NULL);
        hand_fixed(rows, 1, (double[]){7}, 8, ".");
        hand_texts(rows, 2, (const char *[]){"say \"hi\", \n"}, 4);
        hand_coded(rows, 3, (int8_t[]){0}, 1, NULL, (const char *[]){"yes"}, 1);
        expect(&h, PLAIN, NULL,
               "1|0.5|<x>|<yes>\nNULL|-0.25|NULL|<no>\n3|1.0000000000000001e+300|<>|NULL\n"
               "7|NULL|<say \"hi\", \n>|<yes>\n4 = 4 + 0 + 0\n");
    }
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(arrow_reader, arrow_reader__plain_columns)
