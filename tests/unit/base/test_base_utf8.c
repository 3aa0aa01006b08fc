/* UTF-8 against the definition by code points (RFC 3629 section 3), which is written down here in
 * another way than in utf8.c: decode first, then judge the number. */
#include "check_main.h"

#include <string.h>

#include "base/utf8.h"

/* Length of the well-formed character at text[0], 0 when there is none. */
static size_t slow_character(const unsigned char *text, size_t size, uint32_t *out_code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = 1;
    uint32_t code = text[0];
    if (text[0] >= 0x80) {
        length = 0;
        while (length < 8 && (text[0] & (0x80u >> length)) != 0)
            length++;
        if (length < 2 || length > 4 || length > size)
            return 0;
        code = text[0] & (0x7fu >> length);
    }
    for (size_t i = 1; i < length; i++) {
        if (text[i] >> 6 != 2)
            return 0;
        code = code * 64 + text[i] % 64;
    }
    if (length > 1 && code < smallest[length])
        return 0;
    if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
        return 0;
    *out_code = code;
    return length;
}

static size_t slow_check(const char *text, size_t size)
{
    size_t index = 0;
    while (index < size) {
        uint32_t code;
        const size_t length =
            slow_character((const unsigned char *)text + index, size - index, &code);
        if (length == 0)
            return index;
        index += length;
    }
    return size;
}

static void compare(const char *text, size_t size)
{
    const size_t found = mimic__utf8_check(text, size);
    const size_t expected = slow_check(text, size);
    if (found != expected)
        ck_abort_msg("%02x %02x %02x %02x, %zu bytes: %zu, expected %zu", (unsigned char)text[0],
                     (unsigned char)text[1], (unsigned char)text[2], (unsigned char)text[3], size,
                     found, expected);
}

START_TEST(utf8__every_sequence_of_three_bytes)
{
    char text[4] = {0};
    for (uint32_t bytes = 0; bytes < 1u << 24; bytes++) {
        text[0] = (char)(bytes >> 16);
        text[1] = (char)(bytes >> 8);
        text[2] = (char)bytes;
        compare(text, 3);
    }
}
END_TEST

START_TEST(utf8__four_bytes_at_the_edges)
{
    static const unsigned char edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                          0xa0, 0xbf, 0xc0, 0xe0, 0xf0, 0xff};
    char text[4];
    for (unsigned lead = 0xe0; lead <= 0xff; lead++)
        for (unsigned second = 0; second < 256; second++)
            for (size_t i = 0; i < sizeof edges; i++)
                for (size_t j = 0; j < sizeof edges; j++) {
                    text[0] = (char)lead;
                    text[1] = (char)second;
                    text[2] = (char)edges[i];
                    text[3] = (char)edges[j];
                    for (size_t size = 1; size <= 4; size++)
                        compare(text, size);
                }
}
END_TEST

START_TEST(utf8__faults_at_every_place_of_a_long_text)
{
    char text[100];
    for (size_t start = 0; start < 9; start++)
        for (size_t fault = start; fault < sizeof text; fault++) {
            memset(text, 'a', sizeof text);
            text[fault] = (char)0xff;
            ck_assert_uint_eq(mimic__utf8_check(text + start, sizeof text - start), fault - start);
        }
    ck_assert_uint_eq(mimic__utf8_check(text, 0), 0);
    ck_assert_uint_eq(mimic__utf8_check("\0\0", 2), 2); /* U+0000 is a character */
}
END_TEST

START_TEST(utf8__decodes_every_character)
{
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        char text[4];
        size_t size;
        if (code < 0x80) {
            size = 1;
            text[0] = (char)code;
        } else {
            size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
            for (size_t i = size; i-- > 1;)
                text[i] = (char)(0x80 | (code >> (6 * (size - 1 - i)) & 0x3f));
            text[0] = (char)(0xf00u >> size | code >> (6 * (size - 1)));
        }
        size_t index = 0;
        if (mimic__utf8_check(text, size) != size || mimic__utf8_length(text, size) != 1 ||
            mimic__utf8_decode(text, size, &index) != code || index != size)
            ck_abort_msg("U+%04X", code);
    }
}
END_TEST

START_TEST(utf8__length_counts_characters)
{
    ck_assert_uint_eq(mimic__utf8_length("", 0), 0);
    ck_assert_uint_eq(mimic__utf8_length("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10), 4);
}
END_TEST

MIMIC_TEST_MAIN(base_utf8, utf8__every_sequence_of_three_bytes, utf8__four_bytes_at_the_edges,
                utf8__faults_at_every_place_of_a_long_text, utf8__decodes_every_character,
                utf8__length_counts_characters)
