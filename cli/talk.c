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

static void say(const char *kind, const char *format, va_list values)
{
    progress_clear();
    (void)fprintf(stderr, "mimic: %s: ", kind);
    (void)vfprintf(stderr, format, values);
    (void)fputc('\n', stderr);
}

void talk_error(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("error", format, values);
    va_end(values);
}

void talk_warning(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("warning", format, values);
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
        (void)fprintf(stderr, "mimic: cancelled; the target is as it was\n");
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
    talk_error("%s%s%s%s", before, message, after[0] != '\0' ? " (" : "",
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
        (void)fwrite(word, 1, size, stream);
        column += length;
        is_first = 0;
        word += size;
        word += strspn(word, " \n");
    }
}

void talk_json_string(FILE *stream, const char *text)
{
    (void)fputc('"', stream);
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            (void)fprintf(stream, "\\%c", byte);
        else if (byte == '\n')
            (void)fputs("\\n", stream);
        else if (byte < 0x20)
            (void)fprintf(stream, "\\u%04x", byte);
        else
            (void)fputc(byte, stream);
    }
    (void)fputc('"', stream);
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
