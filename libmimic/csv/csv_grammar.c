/*
 * RFC 4180, section 2, with LF, CRLF and CR as line ends and optional escape and comment characters.
 * A quote may only open a field at its very start, and only a delimiter, a line end or a second quote
 * may follow a closing one. Field counts, NUL bytes and encodings are not this file's concern.
 */
#include "csv/csv_grammar.h"

#include <string.h>

bool mimic_csv__dialect_is_plain(const csv_dialect *dialect)
{
    return dialect->quote != 0 && dialect->escape == 0 && dialect->comment == 0;
}

/* Length of the line end at p, 0 when there is none. p[1] is always readable. */
static size_t line_end_length(const char *p)
{
    if (*p == '\n')
        return 1;
    if (*p != '\r')
        return 0;
    return p[1] == '\n' ? 2 : 1;
}

/* Steps over a quoted field that begins at p; returns its end, or NULL when the bytes end before. */
static const char *skip_quoted(const csv_dialect *dialect, const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (dialect->escape != 0 && *p == dialect->escape && *p != dialect->quote) {
            p++;
        } else if (*p == dialect->quote) {
            const bool is_doubled =
                dialect->escape == 0 && p + 1 < end && p[1] == dialect->quote;
            if (!is_doubled)
                return p + 1;
            p++;
        }
    }
    return NULL;
}

static csv_parse_status fail(csv_parse *parse, mimic_reject_code code, size_t offset)
{
    parse->fault = code;
    parse->fault_offset = offset;
    return CSV_FAULT;
}

static csv_parse_status skip_comment(const char *bytes, size_t size, csv_parse *parse)
{
    parse->end = mimic_csv__line_end(bytes, size);
    parse->content_end = parse->end;
    return parse->end == 0 ? CSV_NEED_MORE : CSV_COMMENT;
}

csv_parse_status mimic_csv__parse_record(const csv_dialect *dialect, const char *bytes, size_t size,
                                         uint32_t *marks, size_t mark_capacity, csv_parse *parse)
{
    const char *const end = bytes + size;
    const char *p = bytes;
    *parse = (csv_parse){0};
    if (size > 0 && dialect->comment != 0 && *p == dialect->comment)
        return skip_comment(bytes, size, parse);
    for (;;) {
        parse->field_count++;
        const bool is_quoted = p < end && dialect->quote != 0 && *p == dialect->quote;
        if (is_quoted) {
            p = skip_quoted(dialect, p, end);
            parse->in_quote = p == NULL;
            if (p == NULL)
                return CSV_NEED_MORE;
        }
        for (;; p++) {
            if (p == end)
                return CSV_NEED_MORE;
            const size_t length = line_end_length(p);
            if (length > (size_t)(end - p))
                return CSV_NEED_MORE;
            if (length == 0 && *p != dialect->delimiter) {
                if (is_quoted)
                    return fail(parse, MIMIC_REJECT_AFTER_QUOTE, (size_t)(p - bytes));
                if (dialect->quote != 0 && *p == dialect->quote)
                    return fail(parse, MIMIC_REJECT_STRAY_QUOTE, (size_t)(p - bytes));
                continue;
            }
            if (marks != NULL && parse->field_count <= mark_capacity)
                marks[parse->field_count - 1] = (uint32_t)(p - bytes);
            if (length == 0)
                break;
            parse->content_end = (size_t)(p - bytes);
            parse->end = parse->content_end + length;
            return CSV_RECORD;
        }
        p++;
    }
}

#define PIECE ((size_t)128)

static bool has_line_end(const char *bytes)
{
    unsigned char found = 0;
    for (size_t i = 0; i < PIECE; i++)
        found |= (unsigned char)(bytes[i] == '\n') | (unsigned char)(bytes[i] == '\r');
    return found != 0;
}

/* At most PIECE bytes: the number fits a byte, and the compiler counts many at a time. A line counts at
 * the last byte of its end. */
static unsigned char count_piece(const char *bytes, size_t size)
{
    unsigned char lines = 0;
    for (size_t i = 0; i < size; i++)
        lines = (unsigned char)(lines + ((bytes[i] == '\n') |
                                         ((bytes[i] == '\r') & (bytes[i + 1] != '\n'))));
    return lines;
}

size_t mimic_csv__line_end(const char *bytes, size_t size)
{
    size_t i = 0;
    /* Pieces without a line end are stepped over whole, which the compiler does many bytes at a time. */
    for (; size - i >= PIECE && !has_line_end(bytes + i); i += PIECE)
        continue;
    for (; i < size; i++) {
        const size_t length = line_end_length(bytes + i);
        if (length > 0)
            return length > size - i ? 0 : i + length;
    }
    return 0;
}

size_t mimic_csv__count_lines(const char *bytes, size_t size)
{
    size_t lines = 0;
    size_t i = 0;
    for (; size - i >= PIECE; i += PIECE)
        lines += count_piece(bytes + i, PIECE);
    return lines + count_piece(bytes + i, size - i);
}
