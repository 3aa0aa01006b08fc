/*
 * See sink_sqlite_file.h. A killed process leaves at most hidden files behind, never half a database
 * under the real name; the next load goes on with them or removes them. What stands under the name
 * and is no SQLite database is never touched.
 */
#include "sink/sink_sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mimic/version.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/temporary.h"
#include "sink/sqlite_format.h"

static const char HEADER[] = "SQLite format 3"; /* 16 bytes with the NUL (SQLite, "File Format") */

static mimic_status check_header(const char *path, mimic_error *err)
{
    char found[sizeof HEADER] = {0};
    size_t size = 0;
    ssize_t got = 1;
    const int fd = mimic__open_file(path, O_RDONLY);
    while (fd >= 0 && size < sizeof found && (got > 0 || (got < 0 && errno == EINTR))) {
        got = read(fd, found + size, sizeof found - size);
        size += got > 0 ? (size_t)got : 0;
    }
    const int error_number = errno;
    if (fd >= 0)
        (void)close(fd);
    if (fd < 0 || got < 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, error_number, "cannot read database %s", path);
    if (size != sizeof found || memcmp(found, HEADER, sizeof HEADER) != 0)
        return mimic__fail(err, MIMIC_ERR_BACKEND,
                           "%s is there already and is no SQLite database; it is left as it is: "
                           "choose another name or move it away",
                           path);
    return MIMIC_OK;
}

/* SQLite would play a left-over journal back into a new database of that name. */
static mimic_status check_no_journal(const mimic_context *ctx, const char *path, mimic_error *err)
{
    static const char *const endings[] = {"-journal", "-wal"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct stat facts;
        mimic_buffer text;
        mimic__buffer_init(&text, ctx);
        mimic__buffer_format(&text, "%s%s", path, endings[i]);
        char *journal = mimic__buffer_take_text(&text);
        if (journal == NULL)
            return mimic__fail_memory(err);
        const bool is_there = lstat(journal, &facts) == 0 && facts.st_size > 0;
        mimic__free(ctx, journal);
        if (is_there)
            return mimic__fail(err, MIMIC_ERR_IO,
                               "%s%s is left over from a database that is gone; move it away first",
                               path, endings[i]);
    }
    return MIMIC_OK;
}

/* "./" keeps SQLite from reading a name such as "file:x" or ":memory:" as something else. */
static mimic_status set_open_path(mimic_sqlite_file *file, const char *path, mimic_error *err)
{
    mimic_buffer text;
    mimic__buffer_init(&text, file->ctx);
    mimic__buffer_format(&text, "%s%s", path[0] == '/' ? "" : "./", path);
    file->open_path = mimic__buffer_take_text(&text);
    return file->open_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* ---- a file that outlives its process ---- */

#define APPLICATION_ID_OFFSET 68 /* of the header (SQLite, "File Format") */

int32_t mimic__sqlite_file_mark(void)
{
    static const char version[] = "mimic partial database 1, " MIMIC_VERSION_STRING;
    char text[MIMIC_BOOT_ID_BYTES + sizeof version];
    mimic__boot_id(text);
    if (text[0] == '\0')
        return 0;
    const size_t size = strlen(text);
    memcpy(text + size, version, sizeof version);
    const int32_t mark = (int32_t)(mimic__hash64(text, size + sizeof version - 1) & 0x7fffffff);
    return mark == 0 ? 1 : mark;
}

static bool has_mark(const char *path)
{
    unsigned char header[100];
    struct stat facts;
    const int file = mimic__open_file(path, O_RDONLY | O_NOFOLLOW);
    ssize_t size;
    if (file < 0)
        return false;
    /* Anybody can make such a file where others may write: only this user's is gone on with. */
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != geteuid() ||
        facts.st_nlink != 1) {
        (void)close(file);
        return false;
    }
    do {
        size = pread(file, header, sizeof header, 0);
    } while (size < 0 && errno == EINTR);
    (void)close(file);
    return size == (ssize_t)sizeof header && memcmp(header, HEADER, sizeof HEADER) == 0 &&
           mimic__sqlite_get32(header + APPLICATION_ID_OFFSET) ==
               (uint32_t)mimic__sqlite_file_mark();
}

static char *with_ending(const mimic_context *ctx, const char *path, const char *ending)
{
    mimic_buffer text;
    mimic__buffer_init(&text, ctx);
    mimic__buffer_format(&text, "%s%s", path, ending);
    return mimic__buffer_take_text(&text);
}

static mimic_status remove_partial(const mimic_context *ctx, const char *partial, mimic_error *err)
{
    char *const journal = with_ending(ctx, partial, "-journal");
    if (journal == NULL)
        return mimic__fail_memory(err);
    (void)unlink(partial); /* first: a journal alone says nothing */
    (void)unlink(journal);
    mimic__free(ctx, journal);
    return MIMIC_OK;
}

static mimic_status name_partial(const mimic_context *ctx, const char *path, char **out_partial,
                                 mimic_error *err)
{
    *out_partial = mimic__alloc(ctx, strlen(path) + MIMIC_TEMPORARY_EXTRA);
    if (*out_partial == NULL)
        return mimic__fail_memory(err);
    mimic__temporary_name(path, ".mimic-partial", *out_partial);
    return MIMIC_OK;
}

/* ---- choosing the file ---- */

static mimic_status open_new(mimic_sqlite_file *file, const char *path,
                             const mimic_sink_options *options, mimic_error *err)
{
    const mimic_output_options output_options = {.compression = MIMIC_COMPRESSION_NONE,
                                                 .no_sync = options->no_sync != 0};
    MIMIC_TRY(mimic__output_open(file->ctx, path, &output_options, &file->output, err));
    if (options->resume != NULL && mimic__sqlite_file_mark() != 0) {
        MIMIC_TRY(name_partial(file->ctx, path, &file->partial, err));
        file->is_resumed = has_mark(file->partial);
        if (!file->is_resumed)
            MIMIC_TRY(remove_partial(file->ctx, file->partial, err));
        MIMIC_TRY(mimic__output_wait_as(file->output, file->partial, file->is_resumed, err));
    }
    return set_open_path(file, mimic__output_temporary_path(file->output), err);
}

static mimic_status use_existing(mimic_sqlite_file *file, const char *path, mimic_error *err)
{
    char *partial = NULL;
    MIMIC_TRY(check_header(path, err));
    /* Of a database that was made by other means since. */
    MIMIC_TRY(name_partial(file->ctx, path, &partial, err));
    const mimic_status status = remove_partial(file->ctx, partial, err);
    mimic__free(file->ctx, partial);
    return status == MIMIC_OK ? set_open_path(file, path, err) : status;
}

/* Two names of one database are one target. */
static mimic_status lock_target(mimic_sqlite_file *file, const char *path,
                                const mimic_sink_options *options, mimic_error *err)
{
    char resolved[4096];
    const char *const real = realpath(path, resolved);
    const mimic_target_place place = {real == NULL ? path : real, false, options->interrupted,
                                      options->interrupted_ctx};
    return mimic__target_lock_take(file->ctx, &place, &file->lock, err);
}

mimic_status mimic__sqlite_file_prepare(const mimic_context *ctx, const char *path,
                                        const mimic_sink_options *options,
                                        mimic_sqlite_file *out_file, mimic_error *err)
{
    *out_file = (mimic_sqlite_file){.ctx = ctx};
    struct stat facts;
    MIMIC_TRY(lock_target(out_file, path, options, err));
    mimic__temporary_remove_stale(path);
    if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0)
        return use_existing(out_file, path, err);
    MIMIC_TRY(check_no_journal(ctx, path, err));
    return open_new(out_file, path, options, err);
}

mimic_status mimic__sqlite_file_begin_anew(mimic_sqlite_file *file, const char *path,
                                           const mimic_sink_options *options, mimic_error *err)
{
    mimic__output_free(file->output); /* removes the file */
    file->output = NULL;
    MIMIC_TRY(remove_partial(file->ctx, file->partial, err));
    mimic__free(file->ctx, file->partial);
    mimic__free(file->ctx, file->open_path);
    file->partial = NULL;
    file->open_path = NULL;
    file->is_resumed = false;
    return open_new(file, path, options, err);
}

/* After a sync: what a kill leaves before this is gone on with, and what comes after is a rename. */
static mimic_status take_mark_off(const mimic_sqlite_file *file, mimic_error *err)
{
    const unsigned char none[4] = {0};
    const int fd = mimic__open_file(file->open_path, O_WRONLY);
    ssize_t written = 0;
    for (size_t done = 0; fd >= 0 && done < sizeof none; done += written > 0 ? (size_t)written : 0) {
        written = pwrite(fd, none, sizeof none - done, (off_t)(APPLICATION_ID_OFFSET + done));
        if (written == 0 || (written < 0 && errno != EINTR))
            break;
    }
    const int error_number = errno;
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 && written > 0 ? MIMIC_OK
                                  : mimic__fail_errno(err, MIMIC_ERR_IO, error_number,
                                                      "cannot write database %s", file->open_path);
}

mimic_status mimic__sqlite_file_publish(mimic_sqlite_file *file, mimic_error *err)
{
    if (file->partial != NULL) {
        MIMIC_TRY(mimic__output_sync(file->output, err));
        MIMIC_TRY(take_mark_off(file, err));
    }
    return mimic__output_publish(file->output, err);
}

void mimic__sqlite_file_free(mimic_sqlite_file *file)
{
    if (file->is_kept && file->output != NULL)
        mimic__output_keep(file->output);
    mimic__output_free(file->output);
    mimic__target_lock_free(file->lock);
    mimic__free(file->ctx, file->open_path);
    mimic__free(file->ctx, file->partial);
    *file = (mimic_sqlite_file){.ctx = file->ctx};
}
