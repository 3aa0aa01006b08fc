/*
 * See target_lock.h. The file is removed while its lock is held. Who waited for that lock then has a
 * file without a name, which locks nothing: after getting a lock the file is compared with what
 * stands under the name, and opened anew when it is another.
 */
#include "io/target_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/error.h"
#include "io/output.h"
#include "io/temporary.h"

#define WAIT_MILLISECONDS 3000
#define STEP_MILLISECONDS 25

struct mimic_target_lock {
    const mimic_context *ctx;
    char *path;        /* of the lock file */
    char *made_folder; /* NULL = it was there */
    int file;          /* -1 = none */
    bool is_held;
};

/* ---- names ---- */

static char *lock_path(const mimic_context *ctx, const mimic_target_place *place)
{
    const size_t size = strlen(place->path);
    char *const path = mimic__alloc(ctx, size + MIMIC_TEMPORARY_EXTRA);
    if (path == NULL)
        return NULL;
    if (place->is_folder)
        (void)snprintf(path, size + MIMIC_TEMPORARY_EXTRA, "%s/.mimic-lock", place->path);
    else
        mimic__temporary_name(place->path, ".mimic-lock", path);
    return path;
}

static mimic_status make_folder(mimic_target_lock *lock, const mimic_target_place *place,
                                mimic_error *err)
{
    const size_t size = mimic__path_folder_size(lock->path);
    struct stat facts;
    char *const folder = mimic__strndup(lock->ctx, lock->path, size);
    if (folder == NULL)
        return mimic__fail_memory(err);
    const bool is_new = size > 0 && place->is_folder && stat(folder, &facts) != 0;
    const mimic_status status = mimic__make_folders(folder, err);
    if (status == MIMIC_OK && is_new)
        lock->made_folder = folder;
    else
        mimic__free(lock->ctx, folder);
    return status;
}

/* ---- who ---- */

/* Best effort: the lock counts, not the text. */
static void write_holder(int file)
{
    char host[65] = "";
    char since[33];
    char text[MIMIC_TARGET_HOLDER_BYTES];
    (void)gethostname(host, sizeof host - 1);
    mimic__format_timestamp(since, (int64_t)time(NULL) * MIMIC_MICROSECONDS_PER_SECOND, 'T');
    const int size = snprintf(text, sizeof text, "process %ld on %s since %sZ\n", (long)getpid(),
                              host, since);
    if (ftruncate(file, 0) == 0 && size > 0) {
        const ssize_t written = pwrite(file, text, (size_t)size, 0);
        (void)written;
    }
}

static void read_holder(int file, char out[MIMIC_TARGET_HOLDER_BYTES])
{
    const ssize_t size = pread(file, out, MIMIC_TARGET_HOLDER_BYTES - 1, 0);
    size_t end = 0;
    while ((ssize_t)end < size && out[end] >= ' ' && out[end] < 0x7f)
        end++;
    out[end] = '\0';
    if (end == 0)
        (void)snprintf(out, MIMIC_TARGET_HOLDER_BYTES, "another process");
}

/* ---- taking it ---- */

static mimic_status open_file(mimic_target_lock *lock, const mimic_target_place *place,
                              mimic_error *err)
{
    const int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    do {
        lock->file = open(lock->path, O_RDWR | O_CREAT | flags, 0666);
    } while (lock->file < 0 && errno == EINTR);
    const int error_number = errno;
    if (lock->file < 0 && errno == EACCES) /* left over from another user: good enough for a lock */
        lock->file = mimic__open_file(lock->path, O_RDONLY | flags);
    if (lock->file < 0)
        return mimic__fail_errno(err, MIMIC_ERR_IO, error_number,
                                 "cannot write %s: its lock, %s, cannot be made", place->path,
                                 lock->path);
    return MIMIC_OK;
}

static void close_file(mimic_target_lock *lock)
{
    if (lock->file >= 0)
        (void)close(lock->file);
    lock->file = -1;
}

static bool is_named(const mimic_target_lock *lock)
{
    struct stat ours;
    struct stat named;
    return fstat(lock->file, &ours) == 0 && lstat(lock->path, &named) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

static mimic_status wait_a_little(const mimic_target_place *place, mimic_error *err)
{
    const struct timespec step = {0, STEP_MILLISECONDS * 1000000L};
    (void)nanosleep(&step, NULL);
    if (place->interrupted != NULL && place->interrupted(place->interrupted_ctx) != 0)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while waiting for %s", place->path);
    return MIMIC_OK;
}

static mimic_status fail_held(const mimic_target_lock *lock, const mimic_target_place *place,
                              mimic_error *err)
{
    char holder[MIMIC_TARGET_HOLDER_BYTES];
    read_holder(lock->file, holder);
    return mimic__fail(err, MIMIC_ERR_BACKEND,
                       "%s is being written by %s (waited %d s); run again when that has ended",
                       place->path, holder, WAIT_MILLISECONDS / 1000);
}

static mimic_status take(mimic_target_lock *lock, const mimic_target_place *place, mimic_error *err)
{
    for (int waited = 0;; waited += STEP_MILLISECONDS) {
        MIMIC_TRY(open_file(lock, place, err));
        const bool is_locked = flock(lock->file, LOCK_EX | LOCK_NB) == 0;
        if (!is_locked && errno != EWOULDBLOCK && errno != EINTR)
            return MIMIC_OK; /* no locks here: ENOLCK, EOPNOTSUPP … */
        if (is_locked && is_named(lock))
            break;
        if (!is_locked && waited >= WAIT_MILLISECONDS)
            return fail_held(lock, place, err);
        close_file(lock);
        MIMIC_TRY(wait_a_little(place, err));
    }
    lock->is_held = true;
    write_holder(lock->file);
    return MIMIC_OK;
}

mimic_status mimic__target_lock_take(const mimic_context *ctx, const mimic_target_place *place,
                                     mimic_target_lock **out_lock, mimic_error *err)
{
    *out_lock = NULL;
    mimic_target_lock *const lock = mimic__alloc_zeroed(ctx, 1, sizeof *lock);
    if (lock == NULL)
        return mimic__fail_memory(err);
    lock->ctx = ctx;
    lock->file = -1;
    lock->path = lock_path(ctx, place);
    mimic_status status = lock->path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    if (status == MIMIC_OK)
        status = make_folder(lock, place, err);
    if (status == MIMIC_OK)
        status = take(lock, place, err);
    if (status == MIMIC_OK)
        *out_lock = lock;
    else
        mimic__target_lock_free(lock);
    return status;
}

void mimic__target_lock_free(mimic_target_lock *lock)
{
    if (lock == NULL)
        return;
    if (lock->is_held)
        (void)unlink(lock->path);
    close_file(lock);
    if (lock->made_folder != NULL)
        (void)rmdir(lock->made_folder); /* fails when something was put there */
    mimic__free(lock->ctx, lock->made_folder);
    mimic__free(lock->ctx, lock->path);
    mimic__free(lock->ctx, lock);
}

mimic_status mimic__target_lock_holder(const mimic_context *ctx, const mimic_target_place *place,
                                       char out_holder[MIMIC_TARGET_HOLDER_BYTES],
                                       mimic_error *err)
{
    out_holder[0] = '\0';
    char *const path = lock_path(ctx, place);
    if (path == NULL)
        return mimic__fail_memory(err);
    const int file = mimic__open_file(path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    mimic__free(ctx, path);
    if (file < 0)
        return MIMIC_OK;
    /* Shared, and given back at once: whoever wants the target meanwhile tries again. */
    if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        read_holder(file, out_holder);
    (void)close(file);
    return MIMIC_OK;
}
