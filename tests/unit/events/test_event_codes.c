/* Codes: numbers for texts, where a code comes from; many threads at once. */
#include "check_main.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

#include "base/context_internal.h"
#include "events/event_codes.h"

static mimic_context *ctx;
static mimic_event_codes *codes;
static mimic_error err;

#define CK_OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)

static void setup(size_t max_bytes)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    CK_OK(mimic_context_new(NULL, &ctx, &err));
    CK_OK(mimic__event_codes_new(ctx, max_bytes, &codes, &err));
}

static void teardown(void)
{
    mimic__event_codes_free(codes);
    mimic_context_free(ctx);
}

static uint32_t add(const char *text, size_t size)
{
    uint32_t number = UINT32_MAX;
    CK_OK(mimic__event_codes_add(codes, text, size, NULL, &number, &err));
    return number;
}

static void is_text(uint32_t number, const char *text, size_t expected)
{
    size_t size;
    const char *found = mimic__event_codes_text(codes, number, &size);
    ck_assert_uint_eq(size, expected);
    ck_assert_mem_eq(found, text, size);
    ck_assert_int_eq(found[size], '\0');
}

START_TEST(codes__number_texts)
{
    setup(1 << 20);
    ck_assert_uint_eq(add("a", 1), 0);
    ck_assert_uint_eq(add("", 0), 1);
    ck_assert_uint_eq(add("a", 1), 0);
    ck_assert_uint_eq(add(NULL, 0), 1);
    ck_assert_uint_eq(add("a\0b", 3), 2);
    ck_assert_uint_eq(add("a\0c", 3), 3);
    ck_assert_uint_eq(mimic__event_codes_count(codes), 4);
    is_text(0, "a", 1);
    is_text(1, "", 0);
    is_text(2, "a\0b", 3);
    teardown();
}
END_TEST

START_TEST(codes__many)
{
    enum { COUNT = 20000 };
    setup(1 << 24);
    char text[16];
    for (uint32_t i = 0; i < COUNT; i++) {
        const int size = snprintf(text, sizeof text, "%u", i * 7919u % COUNT);
        ck_assert_uint_eq(add(text, (size_t)size), i);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const int size = snprintf(text, sizeof text, "%u", i * 7919u % COUNT);
        is_text(i, text, (size_t)size);
        ck_assert_uint_eq(add(text, (size_t)size), i);
    }
    teardown();
}
END_TEST

static void add_from(uint16_t kind, const char *key)
{
    const mimic_event_origin origin = {kind, key, strlen(key)};
    uint32_t number;
    CK_OK(mimic__event_codes_add(codes, "code", 4, &origin, &number, &err));
    ck_assert_uint_eq(number, 0);
}

static void is_from(uint16_t kind, const char *key)
{
    const mimic_event_origin origin = mimic__event_codes_origin(codes, 0);
    ck_assert_uint_eq(origin.kind, kind);
    ck_assert_uint_eq(origin.key_size, strlen(key));
    ck_assert_mem_eq(origin.key, key, origin.key_size);
}

START_TEST(codes__least_origin)
{
    setup(1 << 20);
    add("code", 4);
    is_from(UINT16_MAX, "");
    add_from(9, "abc");
    is_from(9, "abc");
    add_from(9, "abcd");
    is_from(9, "abc");
    add_from(9, "ab");
    is_from(9, "ab");
    add_from(9, "b");
    is_from(9, "ab");
    add_from(10, "");
    is_from(9, "ab");
    add_from(3, "zzzzzz");
    is_from(3, "zzzzzz");
    add_from(3, "");
    is_from(3, "");
    teardown();
}
END_TEST

START_TEST(codes__limit)
{
    setup(1000);
    char text[16];
    uint32_t number;
    mimic_status status = MIMIC_OK;
    uint32_t count = 0;
    for (; status == MIMIC_OK && count < 100; count++) {
        const int size = snprintf(text, sizeof text, "%u", count);
        status = mimic__event_codes_add(codes, text, (size_t)size, NULL, &number, &err);
    }
    ck_assert_int_eq(status, MIMIC_ERR_LIMIT);
    ck_assert_uint_lt(count, 100);
    ck_assert_uint_gt(count, 10);
    add("1", 1); /* known ones still are */
    const mimic_event_origin origin = {1, "0123456789012345678901234567890123456789"
                                          "0123456789012345678901234567890123456789", 80};
    ck_assert_int_eq(mimic__event_codes_add(codes, "1", 1, &origin, &number, &err), MIMIC_ERR_LIMIT);
    teardown();
}
END_TEST

static mimic_status scenario(const mimic_context *failing, mimic_error *failure)
{
    mimic_event_codes *some = NULL;
    char text[16];
    mimic_status status = mimic__event_codes_new(failing, 1 << 20, &some, failure);
    for (unsigned i = 0; i < 700 && status == MIMIC_OK; i++) {
        const int size = snprintf(text, sizeof text, "%u", i);
        const mimic_event_origin origin = {(uint16_t)(700 - i), text, (size_t)size};
        uint32_t number;
        status = mimic__event_codes_add(some, i < 600 ? text : "0", i < 600 ? (size_t)size : 1,
                                        i % 50 == 0 ? &origin : NULL, &number, failure);
    }
    mimic__event_codes_free(some);
    return status;
}

START_TEST(codes__failing_allocations)
{
    replay_failing_allocations(scenario);
}
END_TEST

/* ---- threads ---- */

#define THREADS 4
#define TEXTS 3000

typedef struct worker {
    pthread_t thread;
    unsigned number;
    uint32_t *numbers;
} worker;

/* Adds the same texts as the others, from another end, and reads what the others may be adding. */
static void *work(void *argument)
{
    worker *w = argument;
    char text[16];
    size_t wrong = 0;
    for (unsigned i = 0; i < TEXTS; i++) {
        const unsigned n = (i + w->number * (TEXTS / THREADS)) % TEXTS;
        const int size = snprintf(text, sizeof text, "%u", n);
        const mimic_event_origin origin = {(uint16_t)w->number, text, (size_t)size};
        mimic_error failure = MIMIC_ERROR_INIT;
        if (mimic__event_codes_add(codes, text, (size_t)size, &origin, &w->numbers[n], &failure) !=
            MIMIC_OK)
            return w;
        size_t found_size;
        const char *found = mimic__event_codes_text(codes, w->numbers[n], &found_size);
        wrong += found_size != (size_t)size || memcmp(found, text, found_size) != 0;
    }
    return wrong == 0 ? NULL : w;
}

START_TEST(codes__threads)
{
    static uint32_t numbers[THREADS][TEXTS];
    worker workers[THREADS];
    setup(1 << 24);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].numbers = numbers[i];
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(workers[i].thread, &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_uint_eq(mimic__event_codes_count(codes), TEXTS);
    for (unsigned i = 1; i < THREADS; i++)
        ck_assert_mem_eq(numbers[i], numbers[0], sizeof numbers[0]);
    for (uint32_t i = 0; i < TEXTS; i++)
        ck_assert_uint_eq(mimic__event_codes_origin(codes, i).kind, 0);
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(event_codes, codes__number_texts, codes__many, codes__least_origin,
                codes__limit, codes__failing_allocations, codes__threads)
