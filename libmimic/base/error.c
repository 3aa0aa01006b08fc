/*
 * Error records and names of status codes. Messages are cut to the record's size at a character
 * boundary; nothing here allocates, so a failure can always be described.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void copy_text(char *target, size_t capacity, const char *text)
{
    size_t size = strlen(text);
    if (size >= capacity) {
        size = capacity - 1;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
            size--;
    }
    memcpy(target, text, size);
    target[size] = '\0';
}

static void reset(mimic_error *err, mimic_status code)
{
    err->code = code;
    err->record = -1;
    err->line = -1;
    err->byte_offset = -1;
    err->sqlstate[0] = '\0';
    err->column[0] = '\0';
    err->source[0] = '\0';
    err->message[0] = '\0';
}

static void format_message(mimic_error *err, const char *format, va_list arguments)
{
    char text[MIMIC_ERROR_MESSAGE_BYTES * 2];
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    copy_text(err->message, sizeof err->message, text);
}

mimic_status mimic__fail(mimic_error *err, mimic_status code, const char *format, ...)
{
    if (err == NULL)
        return code;
    reset(err, code);
    va_list arguments;
    va_start(arguments, format);
    format_message(err, format, arguments);
    va_end(arguments);
    return code;
}

mimic_status mimic__fail_memory(mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_MEMORY, "out of memory");
}

mimic_status mimic__fail_errno(mimic_error *err, mimic_status code, int error_number,
                               const char *format, ...)
{
    if (err == NULL)
        return code;
    reset(err, code);
    va_list arguments;
    va_start(arguments, format);
    format_message(err, format, arguments);
    va_end(arguments);
    char reason[128];
    char end[sizeof reason + 8];
    if (strerror_r(error_number, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", error_number);
    snprintf(end, sizeof end, ": %s", reason);
    size_t at = strlen(err->message);
    if (at + strlen(end) >= sizeof err->message) { /* it matters more than the end of a long path */
        snprintf(end, sizeof end, "...: %s", reason);
        at = sizeof err->message - 1 - strlen(end);
        while (((unsigned char)err->message[at] & 0xc0) == 0x80)
            at--;
    }
    copy_text(err->message + at, sizeof err->message - at, end);
    return code;
}

mimic_status mimic__fail_again(mimic_error *err, const mimic_error *failure)
{
    if (err != NULL && err != failure) {
        const uint32_t struct_size = err->struct_size;
        *err = *failure;
        err->struct_size = struct_size;
    }
    return failure->code;
}

void mimic__error_place(mimic_error *err, const char *source, int64_t record, int64_t line,
                        int64_t byte_offset, const char *column)
{
    if (err == NULL)
        return;
    if (source != NULL)
        copy_text(err->source, sizeof err->source, source);
    if (column != NULL)
        copy_text(err->column, sizeof err->column, column);
    err->record = record;
    err->line = line;
    err->byte_offset = byte_offset;
}

const char *mimic_status_name(mimic_status status)
{
    switch (status) {
#define NAME(code)                                                                                 \
    case code:                                                                                     \
        return #code;
        NAME(MIMIC_OK)
        NAME(MIMIC_END)
        NAME(MIMIC_ERR_ARGUMENT)
        NAME(MIMIC_ERR_STATE)
        NAME(MIMIC_ERR_UNSUPPORTED)
        NAME(MIMIC_ERR_CANCELLED)
        NAME(MIMIC_ERR_MEMORY)
        NAME(MIMIC_ERR_LIMIT)
        NAME(MIMIC_ERR_IO)
        NAME(MIMIC_ERR_NOT_FOUND)
        NAME(MIMIC_ERR_CORRUPT)
        NAME(MIMIC_ERR_CSV_HEADER)
        NAME(MIMIC_ERR_JSON)
        NAME(MIMIC_ERR_SCHEMA)
        NAME(MIMIC_ERR_DRIFT)
        NAME(MIMIC_ERR_VALUE)
        NAME(MIMIC_ERR_REJECTS)
        NAME(MIMIC_ERR_BACKEND)
        NAME(MIMIC_ERR_INTERNAL)
#undef NAME
    default:
        return "MIMIC_ERR_UNKNOWN";
    }
}
