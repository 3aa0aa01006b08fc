/*
 * Set-up and the two kinds of small files: schemas that are read whole and texts that are written
 * whole. Data files are the library's business.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "talk.h"

enum { TEXT_BYTES_MAX = 64 * 1024 * 1024 };

static void log_line(mimic_log_level level, const char *text, void *ctx)
{
    const int *is_quiet = ctx;
    if (*is_quiet == 0 && level == MIMIC_LOG_WARNING)
        talk_warning("%s", text);
}

int session_open(const cli_arguments *arguments, session *out)
{
    memset(out, 0, sizeof *out);
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.log = log_line;
    out->is_quiet = arguments->quiet;
    options.log_ctx = &out->is_quiet;
    if (mimic_context_new(&options, &out->ctx, &err) != MIMIC_OK ||
        mimic_registry_new(out->ctx, &out->registry, &err) != MIMIC_OK)
        return talk_mimic_error(&err);
    for (size_t i = 0; i < arguments->schema_dirs.count; i++) {
        if (mimic_registry_add_dir(out->registry, arguments->schema_dirs.items[i], &err) !=
            MIMIC_OK)
            return talk_mimic_error(&err);
    }
    return EXIT_DONE;
}

void session_close(session *s)
{
    mimic_registry_free(s->registry);
    mimic_context_free(s->ctx);
}

int session_find(const session *s, const char *spec, const mimic_dataset **out_dataset,
                 const mimic_table **out_table)
{
    mimic_error err = MIMIC_ERROR_INIT;
    *out_table = NULL;
    const size_t size = strcspn(spec, "/");
    char *name = malloc(size + 1);
    if (name == NULL)
        talk_out_of_memory();
    memcpy(name, spec, size);
    name[size] = '\0';
    mimic_status status = mimic_registry_find_dataset(s->registry, name, out_dataset, &err);
    free(name);
    if (status == MIMIC_OK && spec[size] == '/')
        status = mimic_registry_find_table(s->registry, spec, out_table, &err);
    return status == MIMIC_OK ? EXIT_DONE : talk_mimic_error(&err);
}

static int read_stream(FILE *stream, const char *path, char **out_text, size_t *out_size)
{
    size_t capacity = 64 * 1024;
    char *text = malloc(capacity);
    size_t size = 0;
    while (text != NULL) {
        size += fread(text + size, 1, capacity - size, stream);
        if (size < capacity)
            break;
        capacity *= 2;
        char *grown = capacity <= TEXT_BYTES_MAX ? realloc(text, capacity) : NULL;
        if (grown == NULL)
            free(text);
        text = grown;
    }
    if (text == NULL) {
        talk_error("%s: too big for a schema (over %d MB)", path, TEXT_BYTES_MAX >> 20);
        return EXIT_FAILED;
    }
    if (ferror(stream) != 0) {
        talk_error("%s: %s", path, strerror(errno));
        free(text);
        return EXIT_FAILED;
    }
    *out_text = text;
    *out_size = size;
    return EXIT_DONE;
}

int session_read_file(const char *path, char **out_text, size_t *out_size)
{
    if (strcmp(path, "-") == 0)
        return read_stream(stdin, "standard input", out_text, out_size);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        talk_error("%s: %s", path, strerror(errno));
        return EXIT_FAILED;
    }
    const int status = read_stream(stream, path, out_text, out_size);
    (void)fclose(stream);
    return status;
}

/* Writes and closes `stream`, which may be NULL; errno says why it did not work. */
static int write_and_close(FILE *stream, const char *text)
{
    if (stream == NULL)
        return 0;
    int is_written = fputs(text, stream) >= 0 && fflush(stream) == 0;
    /* A device has nothing to sync. */
    is_written = is_written && (fsync(fileno(stream)) == 0 || errno == EINVAL);
    const int reason = errno;
    const int is_closed = fclose(stream) == 0;
    if (!is_written)
        errno = reason;
    return is_written && is_closed;
}

int session_write_text(const char *path, const char *text)
{
    if (path == NULL || strcmp(path, "-") == 0) {
        (void)fputs(text, stdout); /* talk_finish sees whether it worked */
        return EXIT_DONE;
    }
    struct stat old;
    const int is_special = stat(path, &old) == 0 && !S_ISREG(old.st_mode);
    const size_t capacity = strlen(path) + 32;
    char *temporary = malloc(capacity);
    if (temporary == NULL)
        talk_out_of_memory();
    (void)snprintf(temporary, capacity, "%s.%ld.part", path, (long)getpid());
    const char *place = is_special ? path : temporary;
    int is_written = write_and_close(fopen(place, is_special ? "wb" : "wbx"), text);
    if (is_written && !is_special)
        is_written = rename(temporary, path) == 0;
    if (!is_written) {
        talk_error("cannot write %s: %s", path, strerror(errno));
        if (!is_special)
            (void)unlink(temporary);
    }
    free(temporary);
    return is_written ? EXIT_DONE : EXIT_FAILED;
}

int session_print(const session *s, mimic_status status, char *text, const mimic_error *err)
{
    if (status != MIMIC_OK)
        return talk_mimic_error(err);
    const size_t size = strlen(text);
    (void)fputs(text, stdout);
    if (size == 0 || text[size - 1] != '\n')
        (void)fputc('\n', stdout);
    mimic_free(s->ctx, text);
    return EXIT_DONE;
}
