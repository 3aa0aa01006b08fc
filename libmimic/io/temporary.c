/*
 * See temporary.h. A file that was just made has no lock yet: whoever removes it holds its lock for
 * that moment, so the maker either fails to get the lock or finds the file without a name, and makes
 * another. Systems without flock (some network file systems) lose only the cleaning.
 */
#include "io/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/output.h"

#define NAMES_MAX 1000
#define NAME_BYTES_KEPT 200 /* of the name in the hidden one; a file name has 255 at most */
#define FOLDER_BYTES_MAX 3000

size_t mimic__path_folder_size(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Bytes of a name that stand in the hidden one. */
static size_t kept_size(const char *name)
{
    size_t kept = strlen(name);
    if (kept <= NAME_BYTES_KEPT)
        return kept;
    kept = NAME_BYTES_KEPT;
    while (kept > 0 && ((unsigned char)name[kept] & 0xc0) == 0x80)
        kept--; /* never cut a character */
    return kept;
}

void mimic__temporary_name(const char *path, const char *ending, char *out)
{
    const size_t folder = mimic__path_folder_size(path);
    const char *const name = path + folder;
    (void)snprintf(out, strlen(path) + MIMIC_TEMPORARY_EXTRA, "%.*s.%.*s%s", (int)folder, path,
                   (int)kept_size(name), name, ending);
}

/* ---- what was left over ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ".<name>.<digits>-<digits>.tmp" */
static bool is_temporary_of(const char *entry, const char *name, size_t name_size)
{
    if (entry[0] != '.' || strncmp(entry + 1, name, name_size) != 0)
        return false;
    const char *at = entry + 1 + name_size;
    if (*at++ != '.' || !is_digit(*at))
        return false;
    while (is_digit(*at))
        at++;
    if (*at++ != '-' || !is_digit(*at))
        return false;
    while (is_digit(*at))
        at++;
    return strcmp(at, ".tmp") == 0;
}

/* In the folder that is open as `folder`. */
static void remove_unlocked(int folder, const char *entry)
{
    const int file = openat(folder, entry, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat facts;
    if (file < 0)
        return;
    if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(folder, entry, 0);
    (void)close(file);
}

void mimic__temporary_remove_stale(const char *path)
{
    char folder[FOLDER_BYTES_MAX];
    const size_t size = mimic__path_folder_size(path);
    if (size >= sizeof folder)
        return;
    memcpy(folder, path, size);
    folder[size] = '\0';
    DIR *entries = opendir(size == 0 ? "." : folder);
    if (entries == NULL)
        return;
    const char *const name = path + size;
    const size_t name_size = kept_size(name);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (is_temporary_of(entry->d_name, name, name_size))
            remove_unlocked(dirfd(entries), entry->d_name);
    (void)closedir(entries);
}

/* ---- a new one ---- */

/* False when the file was taken away between being made and being locked. */
static bool lock(int file)
{
    struct stat facts;
    if (flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return fstat(file, &facts) != 0 || facts.st_nlink > 0;
}

bool mimic__temporary_create(const char *path, int mode, char *name, int *out_file)
{
    mimic__temporary_remove_stale(path);
    for (int number = 0; number < NAMES_MAX; number++) {
        char ending[48];
        (void)snprintf(ending, sizeof ending, ".%ld-%d.tmp", (long)getpid(), number);
        mimic__temporary_name(path, ending, name);
        do {
            *out_file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, mode);
        } while (*out_file < 0 && errno == EINTR);
        if (*out_file >= 0 && lock(*out_file))
            return true;
        if (*out_file >= 0)
            (void)close(*out_file);
        else if (errno != EEXIST)
            break;
    }
    const int error_number = errno;
    name[0] = '\0'; /* not ours to remove */
    *out_file = -1;
    errno = error_number;
    return false;
}

/* ---- hidden folders ---- */

static void remove_entries(int folder, int depth)
{
    DIR *entries = fdopendir(folder);
    if (entries == NULL) {
        (void)close(folder);
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        const char *const name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(dirfd(entries), name, 0) == 0)
            continue;
        const int inner = openat(dirfd(entries), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0)
            continue;
        if (depth > 1)
            remove_entries(inner, depth - 1);
        else
            (void)close(inner);
        (void)unlinkat(dirfd(entries), name, AT_REMOVEDIR);
    }
    (void)closedir(entries);
}

void mimic__remove_folder(const char *path)
{
    const int folder = mimic__open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (folder < 0)
        return;
    remove_entries(folder, 2);
    (void)rmdir(path);
}

void mimic__boot_id(char out[MIMIC_BOOT_ID_BYTES])
{
    const int file = mimic__open_file("/proc/sys/kernel/random/boot_id", O_RDONLY);
    ssize_t size = 0;
    if (file >= 0) {
        do {
            size = read(file, out, MIMIC_BOOT_ID_BYTES - 1);
        } while (size < 0 && errno == EINTR);
        (void)close(file);
    }
    out[size < 0 ? 0 : size] = '\0';
    out[strcspn(out, "\n")] = '\0';
}
