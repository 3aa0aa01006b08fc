/*
 * See sink_sqlite_file.h. A killed process leaves at most a hidden temporary file behind, never
 * half a database under the real name. Two processes that build the same new database do not
 * disturb each other; the one that finishes last wins. What stands under the name and is no SQLite
 * database is never touched.
 */
#include "sink/sink_sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"

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

mimic_status mimic__sqlite_file_prepare(const mimic_context *ctx, const char *path, bool no_sync,
                                        mimic_sqlite_file *out_file, mimic_error *err)
{
    *out_file = (mimic_sqlite_file){.ctx = ctx};
    struct stat facts;
    if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
        MIMIC_TRY(check_header(path, err));
        return set_open_path(out_file, path, err);
    }
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE,
                                          .no_sync = no_sync};
    MIMIC_TRY(check_no_journal(ctx, path, err));
    MIMIC_TRY(mimic__output_open(ctx, path, &options, &out_file->output, err));
    return set_open_path(out_file, mimic__output_temporary_path(out_file->output), err);
}

void mimic__sqlite_file_free(mimic_sqlite_file *file)
{
    mimic__output_free(file->output);
    mimic__free(file->ctx, file->open_path);
    *file = (mimic_sqlite_file){.ctx = file->ctx};
}
