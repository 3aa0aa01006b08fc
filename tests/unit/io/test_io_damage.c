/* Damaged gzip and Zstandard data. Never is damage a success with other bytes; what was read before
 * it is a beginning of the content, and the error says how long it is. */
#include "check_main.h"
#include "io_support.h"

typedef struct damage_case {
    mimic_compression compression;
    const char *name;
} damage_case;

static const damage_case cases[] = {{MIMIC_COMPRESSION_GZIP, "t.csv.gz"},
                                    {MIMIC_COMPRESSION_ZSTD, "t.csv.zst"}};

/* An error must be a well-placed one; returns whether it was one. Called so often that it does not
 * use ck_assert, which reports each success too. */
static bool is_error(const mimic_context *ctx, const void *bytes, size_t size, const char *name,
                     const blob *content, mimic_status expected, const char *what)
{
    blob found = {NULL, 0, 0};
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status = drain_memory(ctx, bytes, size, name, NULL, &found, &err);
    const bool is_end = status == MIMIC_END;
    if (is_end &&
        (found.size != content->size || memcmp(found.bytes, content->bytes, found.size) != 0))
        ck_abort_msg("%s, %s: success with other bytes", name, what);
    if (!is_end && (err.code != status || (expected != MIMIC_OK && status != expected)))
        ck_abort_msg("%s, %s: %s: %s", name, what, mimic_status_name(status), err.message);
    if (!is_end && found.bytes != NULL) { /* it could be opened */
        char count[64];
        snprintf(count, sizeof count, "; %zu decompressed bytes came before", found.size);
        if (err.byte_offset != (int64_t)found.size || strstr(err.message, count) == NULL)
            ck_abort_msg("%s, %s: byte %lld: %s", name, what, (long long)err.byte_offset,
                         err.message);
    }
    blob_free(&found);
    return !is_end;
}

START_TEST(damage__cut_at_every_byte)
{
    mimic_context *ctx = plain_context();
    for (size_t c = 0; c < 2; c++)
        for (size_t size = 0; size <= 400; size += 200) {
            if (!codec_is_built_in(cases[c].compression))
                continue;
            blob content = blob_table(size, 1);
            blob stored = {NULL, 0, 0};
            blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, size);
            for (size_t cut = 0; cut < stored.size; cut++) {
                char what[64];
                snprintf(what, sizeof what, "cut at %zu of %zu", cut, stored.size);
                ck_assert_msg(is_error(ctx, stored.bytes, cut, cases[c].name, &content,
                                       MIMIC_ERR_CORRUPT, what),
                              "%s, %s: success", cases[c].name, what);
            }
            blob_free(&stored);
            blob_free(&content);
        }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__second_member_cut_at_every_byte)
{
    mimic_context *ctx = plain_context();
    for (size_t c = 0; c < 2; c++) {
        if (!codec_is_built_in(cases[c].compression))
            continue;
        blob content = blob_table(500, 1);
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, 300);
        const size_t boundary = stored.size;
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes + 300, 200);
        for (size_t cut = boundary + 1; cut < stored.size; cut++)
            ck_assert_msg(is_error(ctx, stored.bytes, cut, cases[c].name, &content,
                                   MIMIC_ERR_CORRUPT, "cut second member"),
                          "%s cut at %zu: success", cases[c].name, cut);
        blob_free(&stored);
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__cut_large_file_gives_what_came_before)
{
    mimic_context *ctx = plain_context();
    for (size_t c = 0; c < 2; c++) {
        if (!codec_is_built_in(cases[c].compression))
            continue;
        blob content = blob_table(2000000, 8);
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, content.size);
        blob found = {NULL, 0, 0};
        mimic_error err = MIMIC_ERROR_INIT;
        ck_assert_int_eq(
            drain_memory(ctx, stored.bytes, stored.size / 2, cases[c].name, NULL, &found, &err),
            MIMIC_ERR_CORRUPT);
        ck_assert_msg(found.size > content.size / 3 && found.size < content.size * 2 / 3,
                      "%zu bytes of half a file of %zu", found.size, content.size);
        ck_assert_mem_eq(found.bytes, content.bytes, found.size);
        ck_assert_int_eq(err.byte_offset, (int64_t)found.size);
        ck_assert_ptr_nonnull(strstr(err.message, "cut off"));
        blob_free(&found);
        blob_free(&stored);
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__every_value_of_every_byte)
{
    mimic_context *ctx = plain_context();
    for (size_t c = 0; c < 2; c++) {
        if (!codec_is_built_in(cases[c].compression))
            continue;
        blob content = blob_table(100, 1);
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, 60);
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes + 60, 40);
        size_t errors = 0;
        for (size_t i = 0; i < stored.size; i++)
            for (unsigned flip = 1; flip < 256; flip++) {
                char what[64];
                snprintf(what, sizeof what, "byte %zu xor %u", i, flip);
                stored.bytes[i] ^= (unsigned char)flip;
                errors += is_error(ctx, stored.bytes, stored.size, cases[c].name, &content,
                                   MIMIC_OK, what);
                stored.bytes[i] ^= (unsigned char)flip;
            }
        /* What is left changes nothing: time, system and level bytes of gzip headers, the window
         * size and spare bits of frame headers. */
        ck_assert_msg(errors > stored.size * 255 * 3 / 4, "%zu errors of %zu", errors,
                      stored.size * 255);
        blob_free(&stored);
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__random_bytes_in_large_files)
{
    mimic_context *ctx = plain_context();
    uint64_t seed = 77;
    for (size_t c = 0; c < 2; c++) {
        if (!codec_is_built_in(cases[c].compression))
            continue;
        blob content = blob_table(700000, 6);
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, content.size);
        for (int round = 0; round < 60; round++) {
            const size_t place = 100 + test_random(&seed) % (stored.size - 100);
            const unsigned char flip = (unsigned char)(1 + test_random(&seed) % 255);
            stored.bytes[place] ^= flip;
            ck_assert(is_error(ctx, stored.bytes, stored.size, cases[c].name, &content, MIMIC_OK,
                               "large"));
            stored.bytes[place] ^= flip;
        }
        blob_free(&stored);
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__rubbish_after_the_last_member)
{
    static const char *const rubbish[] = {
        "\n", "subject_id,hadm_id\n", "\x1f", "\x1f\x8c", "PK\3\4", "\x28\xb5", "\x28\xb5\x2f\xfd"};
    mimic_context *ctx = plain_context();
    for (size_t c = 0; c < 2; c++) {
        if (!codec_is_built_in(cases[c].compression))
            continue;
        blob content = blob_table(300, 1);
        for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
            blob stored = {NULL, 0, 0};
            blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, content.size);
            blob_append(&stored, rubbish[i], strlen(rubbish[i]));
            blob found = {NULL, 0, 0};
            mimic_error err = MIMIC_ERROR_INIT;
            ck_assert_int_eq(
                drain_memory(ctx, stored.bytes, stored.size, cases[c].name, NULL, &found, &err),
                MIMIC_ERR_CORRUPT);
            ck_assert_uint_eq(found.size, content.size); /* the content itself was whole */
            blob_free(&found);
            blob_free(&stored);
        }
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__zeros_may_pad_gzip_but_nothing_may_follow_them)
{
    mimic_context *ctx = plain_context();
    static const unsigned char zeros[512] = {0};
    blob content = blob_table(300, 1);
    blob stored = {NULL, 0, 0};
    if (MIMIC_HAVE_ZLIB) {
        blob_append_compressed(&stored, ctx, MIMIC_COMPRESSION_GZIP, content.bytes, content.size);
        blob_append(&stored, zeros, sizeof zeros);
        ck_assert(!is_error(ctx, stored.bytes, stored.size, "t.gz", &content, MIMIC_OK, "padded"));
        blob_append_compressed(&stored, ctx, MIMIC_COMPRESSION_GZIP, content.bytes, content.size);
        ck_assert(is_error(ctx, stored.bytes, stored.size, "t.gz", &content, MIMIC_ERR_CORRUPT,
                           "member after padding"));
    }
    if (MIMIC_HAVE_ZSTD) {
        stored.size = 0;
        blob_append_compressed(&stored, ctx, MIMIC_COMPRESSION_ZSTD, content.bytes, content.size);
        blob_append(&stored, zeros, sizeof zeros);
        ck_assert(is_error(ctx, stored.bytes, stored.size, "t.zst", &content, MIMIC_ERR_CORRUPT,
                           "zeros after a frame"));
    }
    blob_free(&stored);
    blob_free(&content);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__hostile_zstd_window_is_refused)
{
    /* RFC 8878 3.1.1.1.2: the exponent in the upper five bits; 10 + 17 = 27, a window of 128 MiB,
     * and then the greatest of all, nearly 4 TiB. An empty last raw block follows. */
    static const unsigned char windows[] = {17 << 3, 0xff};
    if (!MIMIC_HAVE_ZSTD)
        return;
    mimic_context *ctx = plain_context();
    blob content = {NULL, 0, 0};
    for (size_t i = 0; i < sizeof windows; i++) {
        const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, windows[i], 1, 0, 0};
        ck_assert(is_error(ctx, frame, sizeof frame, "t.zst", &content, MIMIC_ERR_LIMIT, "window"));
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(damage__failures_are_sticky)
{
    mimic_context *ctx = plain_context();
    for (size_t c = 0; c < 2; c++) {
        if (!codec_is_built_in(cases[c].compression))
            continue;
        blob content = blob_table(5000, 1);
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, cases[c].compression, content.bytes, content.size);
        mimic_source *source = NULL;
        ck_assert_int_eq(mimic_source_from_memory(ctx, stored.bytes, stored.size - 1, cases[c].name,
                                                  NULL, &source, NULL),
                         MIMIC_OK);
        blob found = {NULL, 0, 0};
        mimic_error first = MIMIC_ERROR_INIT;
        ck_assert_int_eq(drain(source, 100, 1, &found, &first), MIMIC_ERR_CORRUPT);
        ck_assert_uint_eq(found.size, content.size);
        for (int i = 0; i < 3; i++) {
            unsigned char byte;
            size_t size = 1;
            mimic_error again = MIMIC_ERROR_INIT;
            ck_assert_int_eq(mimic_source_read(source, &byte, 1, &size, &again), MIMIC_ERR_CORRUPT);
            ck_assert_uint_eq(size, 0);
            ck_assert_str_eq(again.message, first.message);
            ck_assert_str_eq(again.source, cases[c].name);
            ck_assert_int_eq(again.byte_offset, first.byte_offset);
            ck_assert_int_eq(mimic_source_read(source, &byte, 1, &size, NULL), MIMIC_ERR_CORRUPT);
        }
        mimic_source_free(source);
        blob_free(&found);
        blob_free(&stored);
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(io_damage, damage__cut_at_every_byte, damage__second_member_cut_at_every_byte,
                damage__cut_large_file_gives_what_came_before, damage__every_value_of_every_byte,
                damage__random_bytes_in_large_files, damage__rubbish_after_the_last_member,
                damage__zeros_may_pad_gzip_but_nothing_may_follow_them,
                damage__hostile_zstd_window_is_refused, damage__failures_are_sticky)
