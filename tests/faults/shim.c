/*
 * A faulty world, for LD_PRELOAD: calls that touch a file below one folder are counted, and the Nth
 * fails, is cut short, is interrupted, or is the last thing that the process does.
 *
 *     MIMIC_FAULT_BELOW=/tmp/x/target            files that count; "socket:" for sockets
 *     MIMIC_FAULT_CALLS=write,pwrite             calls that count; "all" for every one
 *     MIMIC_FAULT_AT=17                          the one that meets its fault; 17+ all from there on
 *     MIMIC_FAULT=ENOSPC                         errno; or short, kill (before it), gone (after it),
 *                                                hang (before it, for good), wait (before it, until
 *                                                somebody removes the report)
 *     MIMIC_FAULT_REPORT=/tmp/x/count            receives the number of calls that counted; of a process
 *                                                that hangs, its own number, and minus that
 *                                                while it waits
 *
 * With MIMIC_FAULT=storm every other call that counts is interrupted (EINTR), and the ones between
 * take one byte where they may.
 */
#undef _FILE_OFFSET_BITS /* both names of a call are meant: pread and pread64 */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

typedef enum action { GO_ON, FAIL, SHORT, GONE } action;

static struct {
    const char *below;
    const char *calls;
    const char *report;
    const char *fault;
    long at;
    bool stays;
    int error;
    bool is_storm;
    atomic_long count;
} shim;

static int error_of(const char *name)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EDQUOT", EDQUOT}, {"EINTR", EINTR},
                  {"EACCES", EACCES}, {"EROFS", EROFS},   {"EMFILE", EMFILE}, {"EXDEV", EXDEV},
                  {"ENOMEM", ENOMEM}, {"EBADF", EBADF},   {"EPERM", EPERM},   {"ENOENT", ENOENT}};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].error;
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("MIMIC_FAULT_AT");
    shim.below = getenv("MIMIC_FAULT_BELOW");
    shim.calls = getenv("MIMIC_FAULT_CALLS");
    shim.report = getenv("MIMIC_FAULT_REPORT");
    shim.fault = getenv("MIMIC_FAULT");
    shim.at = at == NULL ? 0 : strtol(at, NULL, 10);
    shim.stays = at != NULL && strchr(at, '+') != NULL;
    shim.error = shim.fault == NULL ? 0 : error_of(shim.fault);
    shim.is_storm = shim.fault != NULL && strcmp(shim.fault, "storm") == 0;
}

static void report(long number)
{
    if (shim.report == NULL)
        return;
    FILE *file = fopen(shim.report, "w");
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", number);
    fclose(file);
}

__attribute__((destructor)) static void end(void)
{
    report(atomic_load(&shim.count));
}

static bool is_chosen(const char *call)
{
    if (shim.below == NULL || shim.calls == NULL)
        return false;
    if (strcmp(shim.calls, "all") == 0)
        return true;
    const size_t size = strlen(call);
    for (const char *at = shim.calls; (at = strstr(at, call)) != NULL; at += size)
        if ((at == shim.calls || at[-1] == ',') && (at[size] == ',' || at[size] == '\0'))
            return true;
    return false;
}

static bool is_below(const char *path)
{
    const size_t size = strlen(shim.below);
    return strncmp(path, shim.below, size) == 0 &&
           (path[size] == '/' || path[size] == '\0' || shim.below[size - 1] == ':');
}

/* Until the report is gone. */
static void wait_for_leave(void)
{
    const struct timespec pause = {0, 1000000};
    report(-(long)getpid());
    while (access(shim.report, F_OK) == 0)
        (void)nanosleep(&pause, NULL);
}

/* What is to become of a call that touches `path`, or the file `fd` when that is NULL. */
static action judge(const char *call, const char *path, int fd)
{
    char name[64];
    char target[PATH_MAX];
    const int saved = errno;
    if (!is_chosen(call))
        return GO_ON;
    if (path == NULL) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        const ssize_t size = readlink(name, target, sizeof target - 1);
        errno = saved;
        if (size < 0)
            return GO_ON;
        target[size] = '\0';
        path = target;
    }
    if (!is_below(path))
        return GO_ON;
    const long number = atomic_fetch_add(&shim.count, 1) + 1;
    if (shim.is_storm) {
        errno = EINTR;
        return number % 2 == 1 ? FAIL : SHORT;
    }
    if (shim.fault == NULL || shim.at == 0 || number < shim.at ||
        (number > shim.at && !shim.stays))
        return GO_ON;
    if (strcmp(shim.fault, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(shim.fault, "hang") == 0) {
        report(getpid());
        for (;;)
            pause();
    }
    if (strcmp(shim.fault, "wait") == 0 && shim.report != NULL) {
        wait_for_leave();
        errno = saved;
        return GO_ON;
    }
    if (strcmp(shim.fault, "gone") == 0)
        return GONE;
    if (strcmp(shim.fault, "short") == 0)
        return SHORT;
    errno = shim.error;
    return FAIL;
}

#define REAL(result, name, ...)                                                                    \
    static result (*real)(__VA_ARGS__);                                                            \
    if (real == NULL)                                                                              \
        *(void **)&real = dlsym(RTLD_NEXT, name)

static size_t shortened(action what, size_t size)
{
    return what != SHORT || size < 2 ? size : shim.is_storm ? 1 + size / 3 : size / 2;
}

#define FINISH(what, result)                                                                       \
    do {                                                                                           \
        if ((what) == GONE)                                                                        \
            raise(SIGKILL);                                                                        \
        return result;                                                                             \
    } while (0)

/* ---- bytes ---- */

#define BYTES(call, symbol, buffer_type)                                                           \
    ssize_t symbol(int fd, buffer_type buffer, size_t size)                                        \
    {                                                                                              \
        REAL(ssize_t, #symbol, int, buffer_type, size_t);                                          \
        const action what = judge(call, NULL, fd);                                                 \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const ssize_t done = real(fd, buffer, shortened(what, size));                              \
        FINISH(what, done);                                                                        \
    }

#define BYTES_AT(call, symbol, buffer_type)                                                        \
    ssize_t symbol(int fd, buffer_type buffer, size_t size, off_t place)                           \
    {                                                                                              \
        REAL(ssize_t, #symbol, int, buffer_type, size_t, off_t);                                   \
        const action what = judge(call, NULL, fd);                                                 \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const ssize_t done = real(fd, buffer, shortened(what, size), place);                       \
        FINISH(what, done);                                                                        \
    }

BYTES("read", read, void *)
BYTES("write", write, const void *)
BYTES_AT("pread", pread, void *)
BYTES_AT("pread", pread64, void *)
BYTES_AT("pwrite", pwrite, const void *)
BYTES_AT("pwrite", pwrite64, const void *)

#define MESSAGE(call, symbol, buffer_type)                                                         \
    ssize_t symbol(int fd, buffer_type buffer, size_t size, int flags)                             \
    {                                                                                              \
        REAL(ssize_t, #symbol, int, buffer_type, size_t, int);                                     \
        const action what = judge(call, NULL, fd);                                                 \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const ssize_t done = real(fd, buffer, shortened(what, size), flags);                       \
        FINISH(what, done);                                                                        \
    }

MESSAGE("send", send, const void *)
MESSAGE("recv", recv, void *)

ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room);
ssize_t __read_chk(int fd, void *buffer, size_t size, size_t room)
{
    (void)room;
    return read(fd, buffer, size);
}

ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t place, size_t room);
ssize_t __pread_chk(int fd, void *buffer, size_t size, off_t place, size_t room)
{
    (void)room;
    return pread(fd, buffer, size, place);
}

ssize_t __pread64_chk(int fd, void *buffer, size_t size, off_t place, size_t room);
ssize_t __pread64_chk(int fd, void *buffer, size_t size, off_t place, size_t room)
{
    (void)room;
    return pread(fd, buffer, size, place);
}

/* ---- calls on a descriptor ---- */

#define ON_FILE(call, symbol)                                                                      \
    int symbol(int fd)                                                                             \
    {                                                                                              \
        REAL(int, #symbol, int);                                                                   \
        const action what = judge(call, NULL, fd);                                                 \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const int result = real(fd);                                                               \
        FINISH(what, result);                                                                      \
    }

ON_FILE("fsync", fsync)
ON_FILE("fsync", fdatasync)

/* A close that fails has closed all the same. */
int close(int fd)
{
    REAL(int, "close", int);
    const action what = judge("close", NULL, fd);
    const int error = errno;
    const int result = real(fd);
    if (what == FAIL) {
        errno = error;
        return -1;
    }
    FINISH(what, result);
}

#define TRUNCATE(symbol)                                                                           \
    int symbol(int fd, off_t size)                                                                 \
    {                                                                                              \
        REAL(int, #symbol, int, off_t);                                                            \
        const action what = judge("ftruncate", NULL, fd);                                          \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const int result = real(fd, size);                                                         \
        FINISH(what, result);                                                                      \
    }

TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int fchmod(int fd, mode_t mode)
{
    REAL(int, "fchmod", int, mode_t);
    const action what = judge("fchmod", NULL, fd);
    if (what == FAIL)
        return -1;
    const int result = real(fd, mode);
    FINISH(what, result);
}

/* ---- calls on a path ---- */

#define OPEN(symbol)                                                                               \
    int symbol(const char *path, int flags, ...)                                                   \
    {                                                                                              \
        REAL(int, #symbol, const char *, int, ...);                                                \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        const mode_t mode =                                                                        \
            (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(arguments, int) : 0;             \
        va_end(arguments);                                                                         \
        const action what = judge("open", path, -1);                                               \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const int result = real(path, flags, mode);                                                \
        FINISH(what, result);                                                                      \
    }

OPEN(open)
OPEN(open64)

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return open(path, flags);
}

#define MKSTEMP(symbol)                                                                            \
    int symbol(char *path)                                                                         \
    {                                                                                              \
        REAL(int, #symbol, char *);                                                                \
        const action what = judge("open", path, -1);                                               \
        if (what == FAIL)                                                                          \
            return -1;                                                                             \
        const int result = real(path);                                                             \
        FINISH(what, result);                                                                      \
    }

MKSTEMP(mkstemp)
MKSTEMP(mkstemp64)

int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    const action what = judge("rename", to, -1);
    if (what == FAIL)
        return -1;
    const int result = real(from, to);
    FINISH(what, result);
}

int unlink(const char *path)
{
    REAL(int, "unlink", const char *);
    const action what = judge("unlink", path, -1);
    if (what == FAIL)
        return -1;
    const int result = real(path);
    FINISH(what, result);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, "mkdir", const char *, mode_t);
    const action what = judge("mkdir", path, -1);
    if (what == FAIL)
        return -1;
    const int result = real(path, mode);
    FINISH(what, result);
}
