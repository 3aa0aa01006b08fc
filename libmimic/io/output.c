/*
 * Outputs that appear whole or not at all. Bytes gather in one block and leave it only when it is
 * full, so that a codec sees the same pieces however the caller cut its writes: same content, same
 * file. The final rename replaces a regular file or a link; anything else (a folder, a device, a
 * FIFO) is refused when the output is opened.
 *
 * The umask is learnt from the mode that the kernel gives a new file, since reading it means
 * changing it for the whole process.
 */
#define _GNU_SOURCE /* O_TMPFILE, syncfs */
#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "io/codec.h"
#include "io/temporary.h"

#define BLOCK_BYTES ((size_t)128 * 1024)
#define WRITE_BYTES_MAX ((size_t)1 << 30) /* some systems refuse more than INT_MAX */

typedef enum output_stage { WRITING, CLOSED, PUBLISHED } output_stage;

struct mimic_output {
    const mimic_context *ctx;
    char *path;
    char *temporary; /* "" until the file is there */
    int file;       /* -1 when closed */
    int lock;       /* keeps the lock of the closed file until it has its name; -1 = none */
    mode_t mode;    /* what the file gets in the end */
    bool is_hidden; /* its mode was cut down to 0600 */
    bool no_sync;
    bool is_kept; /* the temporary file outlives this */
    output_stage stage;
    mimic_encoder *encoder; /* NULL for plain bytes */
    unsigned char *block;   /* BLOCK_BYTES, not yet encoded or written */
    size_t block_size;
    unsigned char *encoded; /* BLOCK_BYTES, only with an encoder */
    int64_t position;
    mimic_status status;
    mimic_error failure; /* when status is not MIMIC_OK */
};

/* Copies a sticky failure to the caller. */
static mimic_status report(const mimic_output *output, mimic_error *err)
{
    if (output->status != MIMIC_OK && err != NULL) {
        const uint32_t struct_size = err->struct_size;
        *err = output->failure;
        err->struct_size = struct_size;
    }
    return output->status;
}

static mimic_status fail_writing(mimic_output *output, int error_number)
{
    return mimic__fail_errno(&output->failure, MIMIC_ERR_IO, error_number, "cannot write %s",
                             output->path);
}

static mimic_status write_all(mimic_output *output, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t written =
            write(output->file, bytes, size < WRITE_BYTES_MAX ? size : WRITE_BYTES_MAX);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (written == 0) {
            return mimic__fail(&output->failure, MIMIC_ERR_IO,
                               "cannot write %s: the system took no bytes", output->path);
        } else if (errno != EINTR) {
            return fail_writing(output, errno);
        }
    }
    return MIMIC_OK;
}

static mimic_status encode_block(mimic_output *output, bool is_last)
{
    mimic_codec_step step = {output->block, output->block_size, NULL, 0};
    bool is_done = false;
    while (is_last ? !is_done : step.input_size > 0) {
        step.output = output->encoded;
        step.output_size = BLOCK_BYTES;
        const size_t input_size = step.input_size;
        MIMIC_TRY(
            output->encoder->step(output->encoder, &step, is_last, &is_done, &output->failure));
        const size_t encoded_size = BLOCK_BYTES - step.output_size;
        if (encoded_size == 0 && input_size == step.input_size && !is_done)
            return mimic__fail(&output->failure, MIMIC_ERR_INTERNAL,
                               "cannot write %s: the encoder makes no progress", output->path);
        MIMIC_TRY(write_all(output, output->encoded, encoded_size));
    }
    return MIMIC_OK;
}

static mimic_status write_block(mimic_output *output, bool is_last)
{
    if (output->encoder != NULL)
        MIMIC_TRY(encode_block(output, is_last));
    else
        MIMIC_TRY(write_all(output, output->block, output->block_size));
    output->block_size = 0;
    return MIMIC_OK;
}

static mimic_status write_inner(mimic_output *output, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        if (output->encoder == NULL && output->block_size == 0 && size >= BLOCK_BYTES)
            return write_all(output, bytes, size);
        const size_t room = BLOCK_BYTES - output->block_size;
        const size_t piece = size < room ? size : room;
        memcpy(output->block + output->block_size, bytes, piece);
        output->block_size += piece;
        bytes += piece;
        size -= piece;
        if (output->block_size == BLOCK_BYTES)
            MIMIC_TRY(write_block(output, false));
    }
    return MIMIC_OK;
}

mimic_status mimic__output_write(mimic_output *output, const void *bytes, size_t size,
                                 mimic_error *err)
{
    if (output->status == MIMIC_OK && output->stage != WRITING)
        return mimic__fail(err, MIMIC_ERR_STATE, "%s is closed already", output->path);
    if (output->status == MIMIC_OK) {
        output->status = write_inner(output, bytes, size);
        if (output->status == MIMIC_OK)
            output->position += (int64_t)size;
        else
            mimic__error_place(&output->failure, output->path, -1, -1, -1, NULL);
    }
    return report(output, err);
}

static mimic_status read_inner(mimic_output *output, int64_t offset, unsigned char *bytes,
                               size_t size)
{
    if (output->block_size > 0)
        MIMIC_TRY(write_block(output, false));
    while (size > 0) {
        const ssize_t found = pread(output->file, bytes,
                                    size < WRITE_BYTES_MAX ? size : WRITE_BYTES_MAX, (off_t)offset);
        if (found > 0) {
            bytes += found;
            size -= (size_t)found;
            offset += found;
        } else if (found == 0 || errno != EINTR) {
            return mimic__fail_errno(&output->failure, MIMIC_ERR_IO, found == 0 ? EIO : errno,
                                     "cannot read back %s", output->temporary);
        }
    }
    return MIMIC_OK;
}

mimic_status mimic__output_read(mimic_output *output, int64_t offset, void *bytes, size_t size,
                                mimic_error *err)
{
    if (output->status == MIMIC_OK && (output->stage != WRITING || output->encoder != NULL))
        return mimic__fail(err, MIMIC_ERR_STATE, "%s is closed or compressed", output->path);
    if (output->status == MIMIC_OK) {
        output->status = read_inner(output, offset, bytes, size);
        if (output->status != MIMIC_OK)
            mimic__error_place(&output->failure, output->path, -1, -1, -1, NULL);
    }
    return report(output, err);
}

const char *mimic__output_temporary_path(const mimic_output *output)
{
    return output->temporary;
}

int64_t mimic__output_position(const mimic_output *output)
{
    return output->position;
}

/* The mode that the umask gives, as a file that never has a name tells it; 0 where there is none. */
static mode_t told_mode(mimic_output *output)
{
    mode_t mode = 0;
#ifdef O_TMPFILE
    const size_t folder = mimic__path_folder_size(output->path);
    const char first = output->path[folder];
    struct stat facts;
    output->path[folder] = '\0';
    const int file =
        open(folder == 0 ? "." : output->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    output->path[folder] = first;
    if (file >= 0 && fstat(file, &facts) == 0)
        mode = facts.st_mode & 07777;
    if (file >= 0)
        (void)close(file);
#else
    (void)output;
#endif
    return mode;
}

/* Nobody else may read the file before it gets its name; file systems without modes are left alone. */
static mimic_status create(mimic_output *output)
{
    struct stat facts;
    output->mode = told_mode(output);
    if (!mimic__temporary_create(output->path, output->mode == 0 ? 0666 : S_IRUSR | S_IWUSR,
                                 output->temporary, &output->file))
        return mimic__fail_errno(&output->failure, MIMIC_ERR_IO, errno,
                                 "cannot create a file beside %s", output->path);
    output->is_hidden = true;
    if (output->mode != 0)
        return MIMIC_OK;
    if (fstat(output->file, &facts) != 0)
        return fail_writing(output, errno);
    output->mode = facts.st_mode & 07777;
    output->is_hidden = fchmod(output->file, S_IRUSR | S_IWUSR) == 0;
    return MIMIC_OK;
}

static mimic_status check_target(mimic_output *output)
{
    const size_t folder = mimic__path_folder_size(output->path);
    if (output->path[folder] == '\0')
        return mimic__fail(&output->failure, MIMIC_ERR_ARGUMENT,
                           "\"%s\" names no file; expected a path that ends in a name",
                           output->path);
    struct stat facts;
    const bool is_there = stat(output->path, &facts) == 0;
    if (!is_there && errno == ENAMETOOLONG)
        return fail_writing(output, errno);
    if (is_there && !S_ISREG(facts.st_mode))
        return mimic__fail(&output->failure, MIMIC_ERR_IO, "%s is %s; expected the path of a file",
                           output->path, S_ISDIR(facts.st_mode) ? "a folder" : "no regular file");
    if (folder == 0)
        return MIMIC_OK;
    char *parent = mimic__strndup(output->ctx, output->path, folder);
    if (parent == NULL)
        return mimic__fail_memory(&output->failure);
    const mimic_status status = mimic__make_folders(parent, &output->failure);
    mimic__free(output->ctx, parent);
    return status;
}

static mimic_status open_inner(mimic_output *output, const char *path,
                               const mimic_output_options *options)
{
    output->path = mimic__strdup(output->ctx, path);
    output->temporary = mimic__alloc_zeroed(output->ctx, 1, strlen(path) + MIMIC_TEMPORARY_EXTRA);
    output->block = mimic__alloc(output->ctx, BLOCK_BYTES);
    if (output->path == NULL || output->temporary == NULL || output->block == NULL)
        return mimic__fail_memory(&output->failure);
    output->no_sync = options->no_sync;
    mimic_compression compression = options->compression;
    if (compression == MIMIC_COMPRESSION_AUTO)
        compression = mimic__compression_from_name(path);
    if (compression != MIMIC_COMPRESSION_NONE) {
        output->encoded = mimic__alloc(output->ctx, BLOCK_BYTES);
        if (output->encoded == NULL)
            return mimic__fail_memory(&output->failure);
        MIMIC_TRY(mimic__encoder_new(output->ctx, compression, options->level, &output->encoder,
                                     &output->failure));
    }
    MIMIC_TRY(check_target(output));
    return create(output);
}

mimic_status mimic__output_open(const mimic_context *ctx, const char *path,
                                const mimic_output_options *options, mimic_output **out_output,
                                mimic_error *err)
{
    static const mimic_output_options defaults = {0};
    *out_output = NULL;
    mimic_output *output = mimic__alloc_zeroed(ctx, 1, sizeof *output);
    if (output == NULL)
        return mimic__fail_memory(err);
    output->ctx = ctx;
    output->file = -1;
    output->lock = -1;
    output->failure = (mimic_error)MIMIC_ERROR_INIT;
    output->status = open_inner(output, path, options == NULL ? &defaults : options);
    if (output->status == MIMIC_OK) {
        *out_output = output;
        return MIMIC_OK;
    }
    mimic__error_place(&output->failure, path, -1, -1, -1, NULL);
    const mimic_status status = report(output, err);
    mimic__output_free(output);
    return status;
}

/* Descriptors that cannot be synced have nothing to sync. */
static bool sync_fails(int file)
{
    int result;
    do {
        result = fsync(file);
    } while (result != 0 && errno == EINTR);
    return result != 0 && errno != EINVAL && errno != ENOTSUP;
}

static void free_blocks(mimic_output *output)
{
    mimic__encoder_free(output->encoder);
    mimic__free(output->ctx, output->encoded);
    mimic__free(output->ctx, output->block);
    output->encoder = NULL;
    output->encoded = NULL;
    output->block = NULL;
}

static mimic_status close_inner(mimic_output *output)
{
    MIMIC_TRY(write_block(output, true));
    if (!output->no_sync && sync_fails(output->file))
        return fail_writing(output, errno);
    const int file = output->file;
    output->file = -1;
    output->lock = fcntl(file, F_DUPFD_CLOEXEC, 0);
    if (close(file) != 0 && errno != EINTR) /* after EINTR the descriptor is gone all the same */
        return fail_writing(output, errno);
    output->stage = CLOSED;
    free_blocks(output); /* many outputs may wait for their names together */
    return MIMIC_OK;
}

mimic_status mimic__output_close(mimic_output *output, mimic_error *err)
{
    if (output->status == MIMIC_OK && output->stage == WRITING) {
        output->status = close_inner(output);
        if (output->status != MIMIC_OK)
            mimic__error_place(&output->failure, output->path, -1, -1, -1, NULL);
    }
    return report(output, err);
}

/* Makes new names last (fsync(2): the entry in the folder needs a sync of its own). */
mimic_status mimic__sync_folder(const char *path, mimic_error *err)
{
    const int file = mimic__open_file(path, O_RDONLY | O_DIRECTORY);
    if (file < 0 && errno == EACCES)
        return MIMIC_OK; /* writable, not readable */
    const bool has_failed = file < 0 || sync_fails(file);
    const int error_number = errno;
    if (file >= 0)
        (void)close(file);
    return has_failed ? mimic__fail_errno(err, MIMIC_ERR_IO, error_number,
                                          "cannot sync the folder %s", path)
                      : MIMIC_OK;
}

#ifdef __linux__

bool mimic__has_whole_sync(void)
{
    return true;
}

mimic_status mimic__sync_whole(const char *path, mimic_error *err)
{
    const int file = mimic__open_file(path, O_RDONLY | O_DIRECTORY);
    const bool has_failed = file < 0 || syncfs(file) != 0;
    const int error_number = errno;
    if (file >= 0)
        (void)close(file);
    return has_failed ? mimic__fail_errno(err, MIMIC_ERR_IO, error_number,
                                          "cannot sync the file system of %s", path)
                      : MIMIC_OK;
}

#else

bool mimic__has_whole_sync(void)
{
    return false;
}

mimic_status mimic__sync_whole(const char *path, mimic_error *err)
{
    (void)path;
    (void)err;
    return MIMIC_OK;
}

#endif

static void close_lock(mimic_output *output)
{
    if (output->lock >= 0)
        (void)close(output->lock);
    output->lock = -1;
}

/* Another hidden name, of a file that is there or of this one. */
static mimic_status wait_as(mimic_output *output, const char *name, bool is_there)
{
    char *const copy = mimic__strdup(output->ctx, name);
    if (copy == NULL)
        return mimic__fail_memory(&output->failure);
    const int file = is_there ? mimic__open_file(name, O_RDWR | O_NOFOLLOW) : output->file;
    const bool has_worked =
        file >= 0 && (is_there ? unlink(output->temporary) : rename(output->temporary, name)) == 0;
    if (!has_worked) {
        const int error_number = errno;
        mimic__free(output->ctx, copy);
        if (is_there && file >= 0)
            (void)close(file);
        return fail_writing(output, error_number);
    }
    if (is_there) {
        (void)close(output->file);
        output->file = file;
        (void)flock(file, LOCK_EX | LOCK_NB);
    }
    mimic__free(output->ctx, output->temporary);
    output->temporary = copy;
    return MIMIC_OK;
}

mimic_status mimic__output_wait_as(mimic_output *output, const char *name, bool is_there,
                                   mimic_error *err)
{
    if (output->status == MIMIC_OK)
        output->status = wait_as(output, name, is_there);
    return report(output, err);
}

mimic_status mimic__output_sync(mimic_output *output, mimic_error *err)
{
    if (output->status == MIMIC_OK && !output->no_sync && sync_fails(output->file))
        output->status = fail_writing(output, errno);
    return report(output, err);
}

void mimic__output_keep(mimic_output *output)
{
    output->is_kept = true;
}

/* The folder of the output, for a sync that makes the new name last (fsync(2): the entry in the folder
 * needs a sync of its own); -1 where nothing can be synced. Opened before the file gets its name,
 * after which nothing should fail. */
static mimic_status open_folder(mimic_output *output, int *out_folder)
{
    const size_t size = mimic__path_folder_size(output->path);
    *out_folder = -1;
    if (output->no_sync)
        return MIMIC_OK;
    const char first = output->path[size];
    output->path[size] = '\0'; /* no allocation, which could fail when half of the outputs are there */
    *out_folder = mimic__open_file(size == 0 ? "." : output->path, O_RDONLY | O_DIRECTORY);
    output->path[size] = first;
    return *out_folder >= 0 || errno == EACCES /* writable, not readable */
               ? MIMIC_OK
               : fail_writing(output, errno);
}

/* The temporary file becomes the one that was asked for; `folder` is -1 or to be synced. */
static mimic_status name_file(mimic_output *output, int folder)
{
    if (output->is_hidden && chmod(output->temporary, output->mode) != 0)
        return fail_writing(output, errno);
    if (rename(output->temporary, output->path) != 0)
        return fail_writing(output, errno);
    output->stage = PUBLISHED;
    close_lock(output);
    return folder < 0 || !sync_fails(folder)
               ? MIMIC_OK
               : mimic__fail_errno(&output->failure, MIMIC_ERR_IO, errno,
                                   "%s is complete and in its place, but may be gone after a power "
                                   "cut: cannot sync its folder",
                                   output->path);
}

static mimic_status publish_inner(mimic_output *output)
{
    if (output->stage == WRITING)
        MIMIC_TRY(close_inner(output));
    int folder = -1;
    MIMIC_TRY(open_folder(output, &folder));
    const mimic_status status = name_file(output, folder);
    if (folder >= 0)
        (void)close(folder);
    return status;
}

mimic_status mimic__output_publish(mimic_output *output, mimic_error *err)
{
    if (output->status == MIMIC_OK && output->stage == PUBLISHED)
        return mimic__fail(err, MIMIC_ERR_STATE, "%s is published already", output->path);
    if (output->status == MIMIC_OK) {
        output->status = publish_inner(output);
        if (output->status != MIMIC_OK)
            mimic__error_place(&output->failure, output->path, -1, -1, -1, NULL);
    }
    return report(output, err);
}

void mimic__output_free(mimic_output *output)
{
    if (output == NULL)
        return;
    if (output->file >= 0)
        (void)close(output->file);
    close_lock(output);
    if (output->stage != PUBLISHED && !output->is_kept && output->temporary != NULL && output->temporary[0] != '\0')
        (void)unlink(output->temporary);
    free_blocks(output);
    mimic__free(output->ctx, output->temporary);
    mimic__free(output->ctx, output->path);
    mimic__free(output->ctx, output);
}
