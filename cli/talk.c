/*
 * Messages, numbers and wrapped text. Assumes UTF-8 and one column a character, which holds for
 * the texts of the schemas; the locale is never set, so numbers always have a point.
 */
#include "talk.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"
#include "progress.h"

/* Bytes of the UTF-8 character at `text`; 0 where none is well-formed. */
static size_t character_size(const char *text)
{
    const unsigned char lead = (unsigned char)text[0];
    const size_t size = lead < 0x80   ? 1
                        : lead < 0xC2 ? 0
                        : lead < 0xE0 ? 2
                        : lead < 0xF0 ? 3
                        : lead < 0xF5 ? 4
                                      : 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80)
            return 0;
    }
    return size;
}

/* C0, DEL and C1, which a terminal would obey. */
static int is_control(const char *text)
{
    const unsigned char lead = (unsigned char)text[0];
    return lead < 0x20 || lead == 0x7F || (lead == 0xC2 && (unsigned char)text[1] < 0xA0);
}

/* Control characters and malformed bytes as \xNN. */
static void put_text(FILE *stream, const char *text, size_t size, int keeps_lines)
{
    for (const char *at = text; at < text + size;) {
        const size_t whole = character_size(at);
        size_t step = whole == 0 ? 1 : whole;
        if (whole > 0 && (!is_control(at) || (*at == '\n' && keeps_lines))) {
            (void)fwrite(at, 1, step, stream);
            at += step;
            continue;
        }
        for (; step > 0; step--, at++)
            (void)fprintf(stream, "\\x%02x", (unsigned)(unsigned char)*at);
    }
}

static void print_values(FILE *stream, int keeps_lines, const char *format, va_list values)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory != NULL) {
        (void)vfprintf(memory, format, values);
        (void)fclose(memory);
    }
    if (text == NULL)
        (void)fputs("out of memory", stream);
    else
        put_text(stream, text, size, keeps_lines);
    free(text);
}

void talk_print(FILE *stream, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    print_values(stream, 1, format, values);
    va_end(values);
}

static void say(const char *kind, int keeps_lines, const char *format, va_list values)
{
    progress_clear();
    (void)fprintf(stderr, "mimic: %s: ", kind);
    print_values(stderr, keeps_lines, format, values);
    (void)fputc('\n', stderr);
}

void talk_error(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("error", 1, format, values);
    va_end(values);
}

static void say_error_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An error on one line: a line end in a name must not begin what looks like another message. */
static void say_error_line(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("error", 0, format, values);
    va_end(values);
}

void talk_warning(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("warning", 0, format, values);
    va_end(values);
}

void talk_out_of_memory(void)
{
    talk_error("out of memory");
    exit(EXIT_FAILED);
}

static void append(char *text, size_t capacity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t capacity, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    (void)vsnprintf(text + used, capacity - used, format, values);
    va_end(values);
}

int talk_mimic_error(const mimic_error *err)
{
    if (err->code == MIMIC_ERR_CANCELLED) {
        progress_clear();
        (void)fprintf(stderr, "mimic: cancelled; what was not finished is as it was\n");
        return EXIT_CANCELLED;
    }
    const char *message = err->message[0] != '\0' ? err->message : mimic_status_name(err->code);
    /* Much of the place may stand in the message already. */
    char before[MIMIC_ERROR_SOURCE_BYTES + 2] = "";
    char after[MIMIC_ERROR_COLUMN_BYTES + 64] = "";
    if (err->source[0] != '\0' && strstr(message, err->source) == NULL)
        (void)snprintf(before, sizeof before, "%s: ", err->source);
    if (err->line > 1 && strstr(message, "line ") == NULL)
        append(after, sizeof after, ", line %lld", (long long)err->line);
    if (err->column[0] != '\0' && strstr(message, err->column) == NULL)
        append(after, sizeof after, ", column %s", err->column);
    if (after[0] != '\0')
        append(after, sizeof after, ")");
    say_error_line("%s%s%s%s", before, message, after[0] != '\0' ? " (" : "",
                   after + (after[0] != '\0' ? 2 : 0));
    return EXIT_FAILED;
}

const char *talk_number(int64_t number, char text[NUMBER_BYTES])
{
    char digits[NUMBER_BYTES];
    const int size = snprintf(digits, sizeof digits, "%lld", (long long)number);
    char *out = text;
    for (int i = 0; i < size; i++) {
        *out++ = digits[i];
        const int left = size - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            *out++ = ',';
    }
    *out = '\0';
    return text;
}

int talk_width(FILE *stream)
{
    struct winsize size;
    if (isatty(fileno(stream)) == 0 || ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 ||
        size.ws_col == 0)
        return 100;
    return size.ws_col < 60 ? 60 : size.ws_col > 120 ? 120 : size.ws_col;
}

size_t talk_length(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

void talk_wrapped(FILE *stream, const char *text, int column, int indent, int width)
{
    int is_first = 1;
    for (const char *word = text + strspn(text, " \n"); *word != '\0';) {
        const size_t size = strcspn(word, " \n");
        const int length = (int)talk_length(word, size);
        if (!is_first && column + 1 + length > width) {
            (void)fprintf(stream, "\n%*s", indent, "");
            column = indent;
        } else if (!is_first) {
            (void)fputc(' ', stream);
            column++;
        }
        put_text(stream, word, size, 0);
        column += length;
        is_first = 0;
        word += size;
        word += strspn(word, " \n");
    }
}

void talk_json_string(FILE *stream, const char *text)
{
    (void)fputc('"', stream);
    while (*text != '\0') {
        const size_t size = character_size(text);
        if (size == 0)
            (void)fputs("\\ufffd", stream); /* as no JSON text may hold it */
        else if (*text == '"' || *text == '\\')
            (void)fprintf(stream, "\\%c", *text);
        else if (*text == '\n')
            (void)fputs("\\n", stream);
        else if (is_control(text))
            (void)fprintf(stream, "\\u%04x", (unsigned)(unsigned char)text[size - 1]);
        else
            (void)fwrite(text, 1, size, stream);
        text += size == 0 ? 1 : size;
    }
    (void)fputc('"', stream);
}

void talk_json(FILE *stream, const char *json, size_t size)
{
    for (const char *at = json; at < json + size;) {
        const size_t step = character_size(at); /* the last one is a brace */
        if (step == 0)
            (void)fputs("\\ufffd", stream);
        else if (is_control(at) && (unsigned char)*at >= 0x20)
            (void)fprintf(stream, "\\u%04x", (unsigned)(unsigned char)at[step - 1]);
        else
            (void)fwrite(at, 1, step, stream);
        at += step == 0 ? 1 : step;
    }
}

static void json_name(const char *before, const char *name)
{
    (void)fputs(before, stdout);
    talk_json_string(stdout, name);
    (void)fputs(": ", stdout);
}

void talk_json_text(const char *before, const char *name, const char *text)
{
    json_name(before, name);
    talk_json_string(stdout, text);
}

void talk_json_number(const char *before, const char *name, int64_t number)
{
    json_name(before, name);
    (void)printf("%lld", (long long)number);
}

/* 1 when stdout is a pipe whose reader is gone. */
static int reader_is_gone(void)
{
    struct pollfd stream = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&stream, 1, 0) == 1 && (stream.revents & POLLERR) != 0;
}

int talk_finish(int status)
{
    errno = 0;
    if ((fflush(stdout) == 0 && ferror(stdout) == 0) || errno == EPIPE || reader_is_gone())
        return status;
    talk_error("cannot write the result to standard output: %s",
               errno == 0 ? "write error" : strerror(errno));
    return EXIT_FAILED;
}
