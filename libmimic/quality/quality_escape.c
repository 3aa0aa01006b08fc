/* See quality_escape.h. */
#include "quality/quality_escape.h"

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Controls of C0 and C1, zero-width and bidirectional characters, line and paragraph separators, the
 * byte order mark, tags, and what is no character. */
static bool is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xad || code == 0x61c ||
           code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xfff0 && code <= 0xfffb) || (code & 0xfffe) == 0xfffe ||
           (code >= 0xe0000 && code <= 0xe0fff);
}

/* Appends the next character, or what stands for it; steps over it. Returns its code. */
static uint32_t put_character(mimic_buffer *out, const char *text, size_t size, size_t *index)
{
    const size_t start = *index;
    const uint32_t code = mimic__utf8_decode(text, size, index);
    if (code == '\t' || code == '\n' || code == '\r')
        mimic__buffer_byte(out, ' ');
    else if (is_harmful(code) || (code == 0xfffd && *index == start + 1))
        mimic__buffer_text(out, REPLACEMENT);
    else
        mimic__buffer_append(out, text + start, *index - start);
    return code;
}

size_t mimic__escape_plain(mimic_buffer *out, const char *text, size_t limit)
{
    const size_t size = strlen(text);
    size_t written = 0;
    for (size_t i = 0; i < size; written++) {
        if (written == limit) {
            mimic__buffer_text(out, "\xe2\x80\xa6");
            return written + 1;
        }
        (void)put_character(out, text, size, &i);
    }
    return written;
}

void mimic__escape_html(mimic_buffer *out, const char *text)
{
    const size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        const char *entity = text[i] == '&'    ? "&amp;"
                             : text[i] == '<'  ? "&lt;"
                             : text[i] == '>'  ? "&gt;"
                             : text[i] == '"'  ? "&quot;"
                             : text[i] == '\'' ? "&#39;"
                                               : NULL;
        if (entity == NULL) {
            (void)put_character(out, text, size, &i);
        } else {
            mimic__buffer_text(out, entity);
            i++;
        }
    }
}
