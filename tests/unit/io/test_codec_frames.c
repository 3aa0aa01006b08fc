/* Zstandard frames that are written without libzstd, read by it. */
#include "check_main.h"

#include <stdint.h>
#include <string.h>

#include "io/codec.h"

static uint64_t draw(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return value ^ (value >> 31);
}

START_TEST(codec_frames__equal_bytes_come_back)
{
    static const size_t sizes[] = {1, 2, 63, 64, 131071, 131072, 131073, 262144, 300001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char frame[64];
        unsigned char *const plain = malloc(sizes[i]);
        ck_assert_uint_le(MIMIC_REPEAT_FRAME_BYTES(sizes[i]), sizeof frame);
        const size_t size = mimic__zstd_repeat_frame((unsigned char)(i * 37), sizes[i], frame);
        ck_assert_uint_le(size, MIMIC_REPEAT_FRAME_BYTES(sizes[i]));
        ck_assert_int_eq(mimic__zstd_decompress_frame(frame, size, plain, sizes[i], NULL),
                         MIMIC_OK);
        for (size_t j = 0; j < sizes[i]; j++)
            ck_assert_uint_eq(plain[j], (unsigned char)(i * 37));
        free(plain);
    }
}
END_TEST

/* On the others the frames are not made. */
static bool is_little_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* Words that go on by steps below `step`, and now and then jump. Returns the size of the frame. */
static size_t check_words(size_t width, size_t count, uint64_t step, unsigned jumps)
{
    uint64_t state = count * 31 + step + width;
    uint64_t word = 0;
    unsigned char *const words = malloc(width * count);
    unsigned char *const frame = malloc(width * count);
    unsigned char *const plain = malloc(width * count);
    for (size_t i = 0; i < count; i++) {
        const uint32_t half = (uint32_t)word;
        if (width == 8)
            memcpy(words + 8 * i, &word, 8);
        else
            memcpy(words + 4 * i, &half, 4);
        word += draw(&state) % step;
        if (jumps > 0 && draw(&state) % jumps == 0)
            word = draw(&state);
    }
    const size_t size = mimic__zstd_words_frame(words, width, count, frame, width * count);
    ck_assert_uint_le(size, width * count);
    if (size > 0) {
        mimic_error err = MIMIC_ERROR_INIT;
        ck_assert_msg(mimic__zstd_decompress_frame(frame, size, plain, width * count, &err) ==
                          MIMIC_OK,
                      "%zu words of %zu: %s", count, width, err.message);
        ck_assert(memcmp(plain, words, width * count) == 0);
    }
    /* One byte less than it takes is too little, and nothing is written beyond. */
    unsigned char *const tight = malloc(size + 1);
    if (size > 0)
        ck_assert_uint_le(mimic__zstd_words_frame(words, width, count, tight, size), size);
    free(tight);
    free(words);
    free(frame);
    free(plain);
    return size;
}

START_TEST(codec_frames__words_that_count_up_come_back)
{
    static const size_t counts[] = {2, 3, 4, 64, 127, 128, 129, 1000, 16383, 16384, 16385,
                                    32768, 65537, 131073};
    static const uint64_t steps[] = {2, 4, 20, 200, 5000, 100000, UINT64_C(1) << 40};
    static const unsigned jumps[] = {0, 1, 2, 5, 50, 1000};
    size_t made = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++)
            for (size_t k = 0; k < sizeof jumps / sizeof jumps[0]; k++) {
                made += check_words(8, counts[i], steps[j], jumps[k]) > 0;
                made += check_words(4, counts[i], steps[j], jumps[k]) > 0;
            }
    if (is_little_endian())
        ck_assert_uint_gt(made, 100);
    else
        ck_assert_uint_eq(made, 0);
}
END_TEST

START_TEST(codec_frames__words_take_the_bytes_that_change)
{
    const size_t rows = check_words(8, 65536, 2, 0);
    ck_assert_int_eq(rows > 0, is_little_endian());
    ck_assert_uint_lt(rows, 65536 + 65536 / 8);
    ck_assert_uint_lt(check_words(4, 65536, 6, 0), 65536 + 65536 / 4);
    ck_assert_uint_eq(check_words(8, 65536, UINT64_C(1) << 60, 0), 0); /* does not pay */
    ck_assert_uint_eq(check_words(8, 1, 2, 0), 0);
}
END_TEST

MIMIC_TEST_MAIN(codec_frames, codec_frames__equal_bytes_come_back,
                codec_frames__words_that_count_up_come_back,
                codec_frames__words_take_the_bytes_that_change)
