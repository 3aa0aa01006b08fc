/* See utf8.h. Runs of ASCII are stepped over 32 bytes at a time; the rest follows the table 3-7 of
 * the Unicode standard (well-formed byte sequences). */
#include "base/utf8.h"

#include <string.h>

static size_t skip_ascii(const char *text, size_t size, size_t index)
{
    while (size - index >= 32) {
        uint64_t words[4];
        memcpy(words, text + index, sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) != 0)
            break;
        index += 32;
    }
    while (size - index >= 8) {
        uint64_t word;
        memcpy(&word, text + index, 8);
        if ((word & 0x8080808080808080u) != 0)
            break;
        index += 8;
    }
    while (index < size && (unsigned char)text[index] < 0x80)
        index++;
    return index;
}

/* Length of the well-formed character at p, whose first byte is not ASCII; 0 when there is none. */
static size_t sequence_length(const unsigned char *p, size_t available)
{
    const unsigned char lead = p[0];
    size_t length;
    unsigned char lowest = 0x80;
    unsigned char highest = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        lowest = lead == 0xe0 ? 0xa0 : 0x80;
        highest = lead == 0xed ? 0x9f : 0xbf;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        lowest = lead == 0xf0 ? 0x90 : 0x80;
        highest = lead == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (available < length || p[1] < lowest || p[1] > highest)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return length;
}

size_t mimic__utf8_check(const char *text, size_t size)
{
    size_t index = 0;
    for (;;) {
        index = skip_ascii(text, size, index);
        if (index == size)
            return size;
        const size_t length = sequence_length((const unsigned char *)text + index, size - index);
        if (length == 0)
            return index;
        index += length;
    }
}

size_t mimic__utf8_length(const char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += ((unsigned char)text[i] & 0xc0) != 0x80;
    return length;
}

uint32_t mimic__utf8_decode(const char *text, size_t size, size_t *index)
{
    const unsigned char *p = (const unsigned char *)text + *index;
    if (p[0] < 0x80) {
        *index += 1;
        return p[0];
    }
    const size_t length = sequence_length(p, size - *index);
    if (length == 0) {
        *index += 1;
        return 0xfffd;
    }
    uint32_t code = p[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (p[i] & 0x3fu);
    *index += length;
    return code;
}
