/* Texts: UTF-8 without NUL within length limits, and binary as base64 (RFC 4648, section 4). */
#include <mimic/coerce.h>

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

mimic_reject_code mimic_coerce_string(const char *text, size_t size, int64_t min_length,
                                      int64_t max_length)
{
    if (size > 0 && memchr(text, '\0', size) != NULL)
        return MIMIC_REJECT_NUL;
    if (mimic__utf8_check(text, size) != size)
        return MIMIC_REJECT_UTF8;
    const uint64_t length = mimic__utf8_length(text, size);
    if (min_length >= 0 && length < (uint64_t)min_length)
        return MIMIC_REJECT_LENGTH;
    if (max_length >= 0 && length > (uint64_t)max_length)
        return MIMIC_REJECT_LENGTH;
    return 0;
}

/* Value of a base64 digit, 64 for any other byte. */
static uint32_t digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Decodes a group of four; bits that the padding cuts off must be zero (RFC 4648, section 3.5). */
static bool decode_group(const char *group, size_t padding, uint8_t *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        const uint32_t value = i >= 4 - padding ? 0 : digit_value(group[i]);
        if (value == 64)
            return false;
        bits = bits << 6 | value;
    }
    if ((bits & ((1u << (8 * padding)) - 1)) != 0)
        return false;
    out[0] = (uint8_t)(bits >> 16);
    if (padding < 2)
        out[1] = (uint8_t)(bits >> 8);
    if (padding < 1)
        out[2] = (uint8_t)bits;
    return true;
}

mimic_reject_code mimic_coerce_binary(const char *text, size_t size, uint8_t *out, size_t *out_size)
{
    if (size % 4 != 0)
        return MIMIC_REJECT_TYPE;
    size_t padding = 0;
    if (size > 0 && text[size - 1] == '=')
        padding = text[size - 2] == '=' ? 2 : 1;
    size_t written = 0;
    for (size_t i = 0; i < size; i += 4) {
        const size_t group_padding = i + 4 == size ? padding : 0;
        if (!decode_group(text + i, group_padding, out + written))
            return MIMIC_REJECT_TYPE;
        written += 3 - group_padding;
    }
    *out_size = written;
    return 0;
}
