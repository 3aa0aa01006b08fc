/* Buffers, arenas and maps: their contents, and what is left when memory runs out. */
#include "check_main.h"
#include "failing_allocator.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/hashmap.h"

START_TEST(buffer__holds_what_was_appended)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    mimic_buffer buffer;
    mimic__buffer_init(&buffer, ctx);
    mimic__buffer_append(&buffer, NULL, 0);
    ck_assert_uint_eq(buffer.size, 0);
    size_t size = 0;
    for (int i = 0; i < 2000; i++) {
        mimic__buffer_format(&buffer, "%d;", i);
        mimic__buffer_byte(&buffer, '\0');
        mimic__buffer_text(&buffer, "xy");
        mimic__buffer_append(&buffer, "abc", 2);
    }
    for (int i = 0; i < 2000; i++) {
        char expected[32];
        const size_t length = (size_t)snprintf(expected, sizeof expected, "%d;%cxyab", i, 0);
        ck_assert_uint_le(size + length, buffer.size);
        ck_assert_mem_eq(buffer.data + size, expected, length);
        size += length;
    }
    ck_assert_uint_eq(size, buffer.size);
    ck_assert(!buffer.failed);
    char *text = mimic__buffer_take_text(&buffer);
    ck_assert_int_eq(text[size], '\0');
    ck_assert_uint_eq(buffer.size, 0);
    mimic__free(ctx, text);
    text = mimic__buffer_take_text(&buffer); /* of an empty one */
    ck_assert_str_eq(text, "");
    mimic__free(ctx, text);
    mimic__buffer_free(&buffer);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(buffer__json_strings_are_always_utf8)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    mimic_buffer buffer;
    mimic__buffer_init(&buffer, ctx);
    mimic__buffer_json_string(&buffer, "a\"\\\n\xc3\xa9\xf0\x9f\x98\x80\xe9\xff\xe2\x82");
    char *text = mimic__buffer_take_text(&buffer);
    ck_assert_str_eq(text, "\"a\\\"\\\\\\u000a\xc3\xa9\xf0\x9f\x98\x80"
                           "\\ufffd\\ufffd\\ufffd\\ufffd\"");
    mimic__free(ctx, text);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(buffer__latches_after_a_failure)
{
    failing_allocator state = {-1, 0, false};
    mimic_context *ctx = failing_context(&state);
    mimic_buffer buffer;
    mimic__buffer_init(&buffer, ctx);
    mimic__buffer_text(&buffer, "before");
    const size_t room = buffer.capacity - buffer.size;
    state.until_failure = 0;
    ck_assert(mimic__buffer_reserve(&buffer, room));
    ck_assert(!mimic__buffer_reserve(&buffer, room + 1));
    state.until_failure = -1; /* memory is back, but a piece would be missing */
    mimic__buffer_byte(&buffer, 'x');
    mimic__buffer_text(&buffer, "x");
    mimic__buffer_format(&buffer, "%d", 1);
    ck_assert(buffer.failed);
    ck_assert_uint_eq(buffer.size, 6);
    ck_assert_ptr_null(mimic__buffer_take_text(&buffer));
    ck_assert(!buffer.failed); /* empty and usable again */
    mimic__buffer_text(&buffer, "after");
    ck_assert_uint_eq(buffer.size, 5);
    ck_assert(!mimic__buffer_reserve(&buffer, SIZE_MAX));
    mimic__buffer_free(&buffer);
    mimic_context_free(ctx);
    ck_assert_int_eq(state.alive, 0);
}
END_TEST

START_TEST(arena__gives_aligned_zeroed_memory_of_any_size)
{
    failing_allocator state = {-1, 0, false};
    mimic_context *ctx = failing_context(&state);
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    for (size_t size = 0; size < 100000; size = size * 2 + 1)
        for (int i = 0; i < 20; i++) {
            unsigned char *memory = mimic__arena_alloc(&arena, size);
            ck_assert_ptr_nonnull(memory);
            ck_assert_uint_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
            for (size_t byte = 0; byte < size; byte++)
                if (memory[byte] != 0)
                    ck_abort_msg("byte %zu of %zu is not zero", byte, size);
            memset(memory, 0xaa, size);
        }
    ck_assert_str_eq(mimic__arena_strndup(&arena, "abcdef", 3), "abc");
    ck_assert_str_eq(mimic__arena_strndup(&arena, NULL, 0), "");
    ck_assert_str_eq(mimic__arena_strdup(&arena, ""), "");
    ck_assert_str_eq(mimic__arena_format(&arena, "%s-%d", "x", 12), "x-12");
    ck_assert_ptr_null(mimic__arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(mimic__arena_alloc(&arena, SIZE_MAX - 8));
    ck_assert_ptr_null(mimic__arena_array(&arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(mimic__arena_strndup(&arena, "x", SIZE_MAX));
    mimic__arena_free(&arena);
    ck_assert_str_eq(mimic__arena_strdup(&arena, "again"), "again");
    mimic__arena_free(&arena);
    mimic__arena_free(&arena);
    mimic_context_free(ctx);
    ck_assert_int_eq(state.alive, 0);
}
END_TEST

/* Key i: texts of different lengths, the empty one, and some with NUL. */
static size_t make_key(uint32_t i, char key[16])
{
    if (i == 0)
        return 0;
    if (i % 7 == 0) {
        memcpy(key, &i, sizeof i);
        return sizeof i;
    }
    return (size_t)snprintf(key, 16, "%u", i);
}

START_TEST(hashmap__numbers_keys_in_order)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    mimic_hashmap map;
    mimic__hashmap_init(&map, ctx);
    char key[16];
    ck_assert_uint_eq(mimic__hashmap_find(&map, "", 0), MIMIC_HASHMAP_NONE);
    for (uint32_t i = 0; i < 200000; i++) {
        const size_t size = make_key(i, key);
        const bool is_new = mimic__hashmap_find(&map, key, size) == MIMIC_HASHMAP_NONE;
        const uint32_t number = mimic__hashmap_insert(&map, key, size);
        if (!is_new || number != i || mimic__hashmap_insert(&map, key, size) != i ||
            map.count != i + 1)
            ck_abort_msg("key %u has the number %u", i, number);
    }
    for (uint32_t i = 0; i < 200000; i++) {
        const size_t size = make_key(i, key);
        if (mimic__hashmap_find(&map, key, size) != i ||
            (size_t)(map.offsets[i + 1] - map.offsets[i]) != size ||
            (size > 0 && memcmp(map.bytes + map.offsets[i], key, size) != 0))
            ck_abort_msg("key %u is lost", i);
    }
    ck_assert_uint_eq(mimic__hashmap_find(&map, "none", 4), MIMIC_HASHMAP_NONE);
    ck_assert_uint_eq(mimic__hashmap_find(&map, "12", 1), 1);
    mimic__hashmap_free(&map);
    ck_assert_uint_eq(mimic__hashmap_find(&map, "1", 1), MIMIC_HASHMAP_NONE);
    mimic__hashmap_free(&map);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(hashmap__keeps_its_keys_when_memory_runs_out)
{
    failing_allocator state = {-1, 0, false};
    mimic_context *ctx = failing_context(&state);
    mimic_hashmap map;
    mimic__hashmap_init(&map, ctx);
    char key[16];
    uint32_t added = 0;
    for (long attempt = 0; added < 5000; attempt++) {
        state.until_failure = attempt % 3; /* 0 or more allocations succeed, then one fails */
        const uint32_t number = mimic__hashmap_insert(&map, key, make_key(added, key));
        if (number == MIMIC_HASHMAP_NONE)
            ck_assert_uint_eq(map.count, added);
        else if (number != added++)
            ck_abort_msg("number %u after %u keys", number, added);
    }
    ck_assert(state.has_failed);
    for (uint32_t i = 0; i < added; i++)
        if (mimic__hashmap_find(&map, key, make_key(i, key)) != i)
            ck_abort_msg("key %u is lost", i);
    mimic__hashmap_free(&map);
    mimic_context_free(ctx);
    ck_assert_int_eq(state.alive, 0);
}
END_TEST

static mimic_status use_everything(const mimic_context *ctx, mimic_error *err)
{
    mimic_buffer buffer;
    mimic_arena arena;
    mimic_hashmap map;
    mimic__buffer_init(&buffer, ctx);
    mimic__arena_init(&arena, ctx);
    mimic__hashmap_init(&map, ctx);
    bool is_well = true;
    for (uint32_t i = 0; i < 300; i++) {
        char key[16];
        mimic__buffer_format(&buffer, "%u ", i);
        is_well = is_well && mimic__arena_alloc(&arena, 100) != NULL;
        is_well =
            is_well && mimic__hashmap_insert(&map, key, make_key(i, key)) != MIMIC_HASHMAP_NONE;
    }
    char *text = mimic__buffer_take_text(&buffer);
    is_well = is_well && text != NULL;
    mimic__free(ctx, text);
    mimic__buffer_free(&buffer);
    mimic__arena_free(&arena);
    mimic__hashmap_free(&map);
    return is_well ? MIMIC_OK : mimic__fail_memory(err);
}

START_TEST(memory__every_allocation_may_fail)
{
    ck_assert_int_ge(replay_failing_allocations(use_everything), 10);
}
END_TEST

MIMIC_TEST_MAIN(base_memory, buffer__holds_what_was_appended,
                buffer__json_strings_are_always_utf8, buffer__latches_after_a_failure,
                arena__gives_aligned_zeroed_memory_of_any_size, hashmap__numbers_keys_in_order,
                hashmap__keeps_its_keys_when_memory_runs_out, memory__every_allocation_may_fail)
