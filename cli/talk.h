/*
 * What the program says: talk goes to stderr, results go to stdout.
 */
#ifndef MIMIC_CLI_TALK_H
#define MIMIC_CLI_TALK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <mimic/status.h>

/*
 * printf for what may come from a file or a schema: control characters, which a terminal would
 * obey, and malformed bytes stand as \xNN. Line ends are kept.
 */
void talk_print(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "mimic: error: …" on stderr, in front of which a progress bar is cleared. A warning is one line.
 */
void talk_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void talk_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void talk_out_of_memory(void);

/* An error of the library, with its place. Returns the exit status that goes with it. */
int talk_mimic_error(const mimic_error *err);

/* Whole number with thousands separators; `text` has room for it. */
enum { NUMBER_BYTES = 32 };
const char *talk_number(int64_t number, char text[NUMBER_BYTES]);

/* Columns of the terminal behind `stream`, within 60 to 120; 100 when it is none. */
int talk_width(FILE *stream);

/* Characters (not bytes) of a UTF-8 text. */
size_t talk_length(const char *text, size_t size);

/*
 * Writes text wrapped at blanks, every line after the first indented by `indent` blanks; `column`
 * is where the cursor stands. Ends without a line end. Control characters stand as talk_print has
 * them.
 */
void talk_wrapped(FILE *stream, const char *text, int column, int indent, int width);

/* A JSON string with its quotes. */
void talk_json_string(FILE *stream, const char *text);
/* An object that is JSON already, but for its bytes: what a terminal obeys or is malformed is escaped. */
void talk_json(FILE *stream, const char *json, size_t size);

/* A member of a JSON object, on stdout; `before` is what stands in front of it, such as "{" or ", ". */
void talk_json_text(const char *before, const char *name, const char *text);
void talk_json_number(const char *before, const char *name, int64_t number);

/*
 * Flushes stdout at the end of the program. A reader that went away is no failure; a full disk is.
 * Returns the status to exit with.
 */
int talk_finish(int status);

#endif
