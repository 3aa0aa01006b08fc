/* JSON trees: values, positions, limits, faults. */
#include "check_main.h"

#include <stdio.h>

#include "json/json.h"
#include "schema_fixture.h"

static mimic_status parse(const mimic_context *ctx, mimic_arena *arena, const char *text,
                          size_t size, const mimic_json **out_root, mimic_error *err)
{
    mimic__arena_init(arena, ctx);
    return mimic__json_parse(arena, text, size, "test.json", out_root, err);
}

START_TEST(json__values_and_positions)
{
    mimic_context *ctx = new_context();
    mimic_arena arena;
    const mimic_json *root;
    const char *text = "{\"a\": [1, -2.5e3,\n  \"x\\n\\u00e9\\\"\", true, null, {}, []],\n"
                       " \"\xc3\xa9\xc3\xa9\": {\"b/~\": false}}";
    ck_assert_int_eq(parse(ctx, &arena, text, strlen(text), &root, NULL), MIMIC_OK);
    ck_assert_int_eq(root->kind, MIMIC_JSON_OBJECT);
    ck_assert_uint_eq(root->child_count, 2);
    const mimic_json *a = mimic__json_get(root, "a");
    ck_assert_uint_eq(a->child_count, 7);
    ck_assert_uint_eq(a->line, 1);
    ck_assert_uint_eq(a->column, 7);
    const mimic_json *value = a->first;
    int64_t number = 0;
    ck_assert(mimic__json_int64(value, &number));
    ck_assert_int_eq(number, 1);
    value = value->next;
    ck_assert_str_eq(value->text, "-2.5e3");
    ck_assert(!mimic__json_int64(value, &number));
    value = value->next;
    ck_assert_str_eq(value->text, "x\n\xc3\xa9\"");
    ck_assert_uint_eq(value->line, 2);
    ck_assert_uint_eq(value->column, 3);
    value = value->next;
    ck_assert(value->kind == MIMIC_JSON_BOOLEAN && value->truth);
    ck_assert_int_eq(value->next->kind, MIMIC_JSON_NULL);
    ck_assert_int_eq(value->next->next->kind, MIMIC_JSON_OBJECT);
    ck_assert_int_eq(value->next->next->next->kind, MIMIC_JSON_ARRAY);
    /* Columns count characters, not bytes: the key has two of two bytes each. */
    const mimic_json *inner = mimic__json_get(mimic__json_get(root, "\xc3\xa9\xc3\xa9"), "b/~");
    ck_assert(inner != NULL && !inner->truth);
    ck_assert_uint_eq(inner->line, 3);
    ck_assert_uint_eq(inner->column, 16);
    mimic_buffer pointer;
    mimic__buffer_init(&pointer, ctx);
    mimic__json_pointer(&pointer, inner);
    ck_assert_uint_eq(pointer.size, strlen("/\xc3\xa9\xc3\xa9/b~1~0"));
    ck_assert_mem_eq(pointer.data, "/\xc3\xa9\xc3\xa9/b~1~0", pointer.size);
    mimic__buffer_free(&pointer);
    mimic__arena_free(&arena);
    mimic_context_free(ctx);
}
END_TEST

/* The position of every value, asked of a scanner that shares no code with the reader. */
START_TEST(json__offset_is_that_of_the_value)
{
    mimic_context *ctx = new_context();
    mimic_arena arena;
    const mimic_json *root;
    const char *text = " [ \"]\", {\"k\" :[ ] , \"l\":{ }},[[ ],[\"\\\\\"]] ,7\t]\n";
    ck_assert_int_eq(parse(ctx, &arena, text, strlen(text), &root, NULL), MIMIC_OK);
    const char starts[] = {'"', '{', '[', '7'};
    const mimic_json *value = root->first;
    for (size_t i = 0; i < 4; i++, value = value->next)
        ck_assert_int_eq(text[value->offset], starts[i]);
    const mimic_json *k = root->first->next->first;
    ck_assert_int_eq(text[k->offset], '[');
    ck_assert_int_eq(text[k->next->offset], '{');
    ck_assert_str_eq(root->first->next->next->first->next->first->text, "\\");
    mimic__arena_free(&arena);
    mimic_context_free(ctx);
}
END_TEST

typedef struct bad_case {
    const char *text;
    size_t size; /* 0 = strlen */
    int64_t line;
    int64_t offset;
    const char *words;
} bad_case;

START_TEST(json__faults_have_their_place)
{
    static const bad_case cases[] = {
        {"", 0, 1, 0, "line 1, column 1"},
        {"{", 0, 1, 1, "column 2"},
        {"\xef\xbb\xbf{}", 0, 1, 0, "byte order mark"},
        {"[1,\n 2,,3]", 0, 2, 7, "line 2, column 4"},
        {"{\"a\":1,\n\"b\":tru}", 0, 2, 12, "line 2, column 5"},
        {"{\"a\":1, \"a\":2}", 0, 1, 8, "duplicate"},
        {"[1] x", 0, 1, 4, "column 5"},
        {"[\"\xff\"]", 0, 1, 2, "UTF-8"},
        {"[\"\\u0000\"]", 0, 1, 1, "not well-formed"},
        {"[\"a\0b\"]", 7, 1, 1, "not well-formed"},
        {"[\"abc", 0, 1, 5, "not well-formed"},
        {"[\"\\x\"]", 0, 1, 1, "not well-formed"},
        {"[01]", 0, 1, 1, "not well-formed"},
        {"[1e999]", 0, 1, 1, "not well-formed"},
        {"true", 0, 1, 0, "not well-formed"},
        {"[\"\xed\xa0\x80\"]", 0, 1, 2, "UTF-8"},
    };
    mimic_context *ctx = new_context();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mimic_arena arena;
        const mimic_json *root;
        mimic_error err = MIMIC_ERROR_INIT;
        const size_t size = cases[i].size > 0 ? cases[i].size : strlen(cases[i].text);
        ck_assert_int_eq(parse(ctx, &arena, cases[i].text, size, &root, &err), MIMIC_ERR_JSON);
        if (err.line != cases[i].line || err.byte_offset != cases[i].offset ||
            strstr(err.message, cases[i].words) == NULL)
            ck_abort_msg("case %zu: line %ld, offset %ld: %s", i, (long)err.line,
                         (long)err.byte_offset, err.message);
        ck_assert_str_eq(err.source, "test.json");
        mimic__arena_free(&arena);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(json__depth_is_bounded)
{
    mimic_context *ctx = new_context();
    char text[400];
    mimic_arena arena;
    const mimic_json *root;
    for (size_t depth = 60; depth < 180; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_status status = parse(ctx, &arena, text, depth * 2, &root, &err);
        ck_assert_int_eq(status, depth <= 64 ? MIMIC_OK : MIMIC_ERR_JSON);
        if (depth > 64)
            ck_assert_int_eq(err.byte_offset, 64);
        mimic__arena_free(&arena);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(json__every_prefix_and_every_flip_is_survived)
{
    mimic_context *ctx = new_context();
    char *text = json_text("{'name':'x\\u00e9','resources':[{'name':'t','schema':{'fields':"
                           "[{'name':'a','constraints':{'minimum':-1.5e2}},true,null]}}]}");
    const size_t size = strlen(text);
    for (size_t cut = 0; cut <= size; cut++) {
        char *exact = malloc(cut + 1);
        memcpy(exact, text, cut);
        mimic_arena arena;
        const mimic_json *root;
        const mimic_status status = parse(ctx, &arena, exact, cut, &root, NULL);
        ck_assert_int_eq(status, cut == size ? MIMIC_OK : MIMIC_ERR_JSON);
        mimic__arena_free(&arena);
        free(exact);
    }
    for (size_t at = 0; at < size; at++)
        for (int byte = 0; byte < 256; byte++) {
            const char kept = text[at];
            text[at] = (char)byte;
            mimic_arena arena;
            const mimic_json *root;
            mimic_error err = MIMIC_ERROR_INIT;
            if (parse(ctx, &arena, text, size, &root, &err) != MIMIC_OK)
                ck_assert(err.line >= 1 && err.byte_offset <= (int64_t)size);
            mimic__arena_free(&arena);
            text[at] = kept;
        }
    free(text);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(json, json__values_and_positions, json__offset_is_that_of_the_value,
                json__faults_have_their_place, json__depth_is_bounded,
                json__every_prefix_and_every_flip_is_survived)
