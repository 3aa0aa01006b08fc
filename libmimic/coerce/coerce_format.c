/* See coerce_format.h. ASCII only, whatever the locale. */
#include "coerce/coerce_format.h"

#include <stdbool.h>
#include <string.h>

#include "coerce/coerce_digits.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex_digit(char c)
{
    return mimic__is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Any character of a text beyond ASCII may stand in an address written for people (RFC 6531, 3987).
 */
static bool is_visible(char c)
{
    return (unsigned char)c > 0x20 && (unsigned char)c != 0x7f;
}

mimic_reject_code mimic__check_uuid(const char *text, size_t size)
{
    if (size != 36)
        return MIMIC_REJECT_TYPE;
    for (size_t i = 0; i < size; i++) {
        const bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_hyphen ? text[i] != '-' : !is_hex_digit(text[i]))
            return MIMIC_REJECT_TYPE;
    }
    return 0;
}

mimic_reject_code mimic__check_email(const char *text, size_t size)
{
    const char *const at = size == 0 ? NULL : memchr(text, '@', size);
    if (at == NULL || at == text)
        return MIMIC_REJECT_TYPE;
    const size_t domain_size = size - (size_t)(at + 1 - text);
    if (domain_size == 0 || at[1] == '.' || text[size - 1] == '.' ||
        memchr(at + 1, '@', domain_size) != NULL)
        return MIMIC_REJECT_TYPE;
    for (size_t i = 0; i < size; i++)
        if (!is_visible(text[i]))
            return MIMIC_REJECT_TYPE;
    return 0;
}

mimic_reject_code mimic__check_uri(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size &&
           (is_letter(text[i]) || (i > 0 && (mimic__is_digit(text[i]) || text[i] == '+' ||
                                             text[i] == '-' || text[i] == '.'))))
        i++;
    if (i == 0 || i + 1 >= size || text[i] != ':')
        return MIMIC_REJECT_TYPE;
    for (; i < size; i++)
        if (!is_visible(text[i]) || text[i] == '"' || text[i] == '<' || text[i] == '>')
            return MIMIC_REJECT_TYPE;
    return 0;
}

mimic_reject_code mimic__check_yearmonth(const char *text, size_t size)
{
    if (size != 7 || text[4] != '-')
        return MIMIC_REJECT_TYPE;
    for (size_t i = 0; i < size; i++)
        if (i != 4 && !mimic__is_digit(text[i]))
            return MIMIC_REJECT_TYPE;
    const int month = (text[5] - '0') * 10 + (text[6] - '0');
    return month >= 1 && month <= 12 ? 0 : MIMIC_REJECT_RANGE;
}
