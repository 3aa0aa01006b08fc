/* Structs that grow, contexts and error records. */
#include "check_main.h"

#include <string.h>

#include <mimic/context.h>

#include "base/error.h"
#include "base/options.h"

typedef struct old_options {
    uint32_t struct_size;
    int32_t first;
} old_options;

typedef struct our_options {
    uint32_t struct_size;
    int32_t first;
    int64_t second;
} our_options;

typedef struct new_options {
    uint32_t struct_size;
    int32_t first;
    int64_t second;
    int64_t third;
} new_options;

START_TEST(options__of_every_age)
{
    our_options chosen = {sizeof chosen, 1, 2};
    ck_assert_int_eq(MIMIC_OPTIONS_COPY(&chosen, NULL, "options", NULL), MIMIC_OK);
    ck_assert_int_eq(chosen.first, 1);
    const old_options old = {sizeof old, 10};
    ck_assert_int_eq(MIMIC_OPTIONS_COPY(&chosen, &old, "options", NULL), MIMIC_OK);
    ck_assert_int_eq(chosen.first, 10);
    ck_assert_int_eq(chosen.second, 2); /* the default stays */
    ck_assert_uint_eq(chosen.struct_size, sizeof chosen);
    new_options newer = {sizeof newer, 20, 21, 0};
    ck_assert_int_eq(MIMIC_OPTIONS_COPY(&chosen, &newer, "options", NULL), MIMIC_OK);
    ck_assert_int_eq(chosen.second, 21);
    ck_assert_uint_eq(chosen.struct_size, sizeof chosen);
    newer.first = 30;
    newer.third = 1;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(MIMIC_OPTIONS_COPY(&chosen, &newer, "options", &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(chosen.first, 20); /* nothing was taken */
    ck_assert_ptr_nonnull(strstr(err.message, "options"));
    const old_options unset = {0, 1};
    const old_options absurd = {0xdeadbeef, 1};
    ck_assert_int_eq(MIMIC_OPTIONS_COPY(&chosen, &unset, "options", &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(MIMIC_OPTIONS_COPY(&chosen, &absurd, "options", &err), MIMIC_ERR_ARGUMENT);
}
END_TEST

START_TEST(options__views_of_every_age)
{
    const our_options view = {sizeof view, 1, 2};
    old_options old = {sizeof old, 0};
    ck_assert_int_eq(MIMIC_VIEW_COPY(&old, view), MIMIC_OK);
    ck_assert_int_eq(old.first, 1);
    ck_assert_uint_eq(old.struct_size, sizeof old);
    new_options newer = {sizeof newer, 0, 0, 33};
    ck_assert_int_eq(MIMIC_VIEW_COPY(&newer, view), MIMIC_OK);
    ck_assert_int_eq(newer.second, 2);
    ck_assert_int_eq(newer.third, 33);
    ck_assert_uint_eq(newer.struct_size, sizeof newer);
    old.struct_size = 0;
    ck_assert_int_eq(MIMIC_VIEW_COPY(&old, view), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(MIMIC_VIEW_COPY(NULL, view), MIMIC_ERR_ARGUMENT);
}
END_TEST

static void *no_alloc(size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    return NULL;
}

static void *no_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    (void)memory;
    (void)old_size;
    (void)new_size;
    (void)ctx;
    return NULL;
}

static void no_free(void *memory, void *ctx)
{
    (void)memory;
    (void)ctx;
}

START_TEST(context__wants_a_whole_allocator)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    mimic_context *ctx = (mimic_context *)&options;
    options.allocator.alloc = no_alloc;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(ctx);
    options.allocator.realloc = no_realloc;
    options.allocator.free = no_free;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_ERR_MEMORY);
    ck_assert_ptr_null(ctx);
    ck_assert_int_eq(mimic_context_new(NULL, NULL, NULL), MIMIC_ERR_ARGUMENT);
    mimic_context_free(NULL);
    mimic_free(NULL, NULL);
}
END_TEST

START_TEST(error__long_texts_are_cut_between_characters)
{
    char text[3000];
    for (size_t start = 0; start < 3; start++) {
        memset(text, 'a', start);
        for (size_t i = start; i + 2 < sizeof text; i += 2)
            memcpy(text + i, "\xc3\xa9", 3);
        mimic_error err = MIMIC_ERROR_INIT;
        ck_assert_int_eq(mimic__fail(&err, MIMIC_ERR_VALUE, "%s", text), MIMIC_ERR_VALUE);
        mimic__error_place(&err, text, 1, 2, 3, text);
        const char *const cut[] = {err.message, err.source, err.column};
        const size_t room[] = {sizeof err.message, sizeof err.source, sizeof err.column};
        for (size_t i = 0; i < 3; i++) {
            const size_t size = strlen(cut[i]);
            ck_assert_uint_lt(size, room[i]);
            ck_assert_uint_ge(size + 3, room[i]);
            ck_assert_uint_eq((size - start) % 2, 0);
            ck_assert_int_eq(memcmp(cut[i], text, size), 0);
        }
        ck_assert_int_eq(err.record, 1);
        ck_assert_int_eq(err.line, 2);
        ck_assert_int_eq(err.byte_offset, 3);
    }
    ck_assert_int_eq(mimic__fail(NULL, MIMIC_ERR_IO, "x"), MIMIC_ERR_IO);
    mimic__error_place(NULL, "x", 1, 1, 1, "x");
}
END_TEST

START_TEST(error__errno_texts)
{
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__fail_errno(&err, MIMIC_ERR_IO, 2, "cannot open %s", "x"), MIMIC_ERR_IO);
    ck_assert_str_eq(err.message, "cannot open x: No such file or directory");
    ck_assert_str_eq(mimic_status_name(MIMIC_ERR_IO), "MIMIC_ERR_IO");
    ck_assert_str_eq(mimic_status_name(-1), "MIMIC_ERR_UNKNOWN");
}
END_TEST

MIMIC_TEST_MAIN(base_options, options__of_every_age, options__views_of_every_age,
                context__wants_a_whole_allocator, error__long_texts_are_cut_between_characters,
                error__errno_texts)
