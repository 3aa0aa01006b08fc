/* Small services on files and folders: make folders, read a whole file, scratch files, list what is
 * below a folder. Declared in output.h. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "io/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"

#define PATH_BYTES_MAX 4096
#define READ_BYTES ((size_t)64 * 1024)

static bool is_folder(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* One folder. Whatever mkdir says of a folder that is there (EEXIST, EROFS, EACCES) is no error. */
static mimic_status make_folder(const char *path, mimic_error *err)
{
    if (mkdir(path, 0777) == 0)
        return MIMIC_OK;
    const int error_number = errno;
    if (is_folder(path))
        return MIMIC_OK;
    return mimic__fail_errno(err, MIMIC_ERR_IO, error_number, "cannot make the folder %s", path);
}

mimic_status mimic__make_folders(const char *path, mimic_error *err)
{
    char part[PATH_BYTES_MAX];
    const size_t size = strlen(path);
    if (size == 0 || is_folder(path))
        return MIMIC_OK;
    if (size >= sizeof part)
        return mimic__fail_errno(err, MIMIC_ERR_IO, ENAMETOOLONG, "cannot make the folder %s",
                                 path);
    memcpy(part, path, size + 1);
    for (size_t i = 1; i < size; i++) {
        if (part[i] != '/' || part[i - 1] == '/')
            continue;
        part[i] = '\0';
        MIMIC_TRY(make_folder(part, err));
        part[i] = '/';
    }
    return make_folder(path, err);
}

/* A file that never has a name where the file system knows such; else one that loses it at once. */
static int open_scratch(char *template, size_t folder_size)
{
    int fd = -1;
#ifdef O_TMPFILE
    const char first = template[folder_size];
    template[folder_size] = '\0';
    fd = open(folder_size == 0 ? "." : template, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    template[folder_size] = first;
#endif
    if (fd >= 0)
        return fd;
    fd = mkstemp(template);
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)unlink(template);
    }
    return fd;
}

mimic_status mimic__open_nameless(const mimic_context *ctx, const char *path, int *out_fd,
                                  mimic_error *err)
{
    const char *const slash = strrchr(path, '/');
    const size_t folder_size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    mimic_buffer text;
    mimic__buffer_init(&text, ctx);
    mimic__buffer_format(&text, "%.*s.mimic-scratch-XXXXXX", (int)folder_size, path);
    char *const template = mimic__buffer_take_text(&text);
    if (template == NULL)
        return mimic__fail_memory(err);
    *out_fd = open_scratch(template, folder_size);
    const int error_number = errno;
    mimic__free(ctx, template);
    return *out_fd >= 0 ? MIMIC_OK
                        : mimic__fail_errno(err, MIMIC_ERR_IO, error_number,
                                            "cannot make a temporary file beside %s", path);
}

int mimic__open_file(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static mimic_status read_source(mimic_source *source, mimic_buffer *text, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    while (status == MIMIC_OK) {
        size_t size = 0;
        if (!mimic__buffer_reserve(text, READ_BYTES))
            return mimic__fail_memory(err);
        status = mimic_source_read(source, text->data + text->size, text->capacity - text->size,
                                   &size, err);
        text->size += size;
    }
    return status == MIMIC_END ? MIMIC_OK : status;
}

mimic_status mimic__read_file(const mimic_context *ctx, const char *path, size_t max_size,
                              char **out_text, size_t *out_size, mimic_error *err)
{
    *out_text = NULL;
    *out_size = 0;
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    options.max_bytes = max_size;
    mimic_source *source = NULL;
    MIMIC_TRY(mimic_source_open(ctx, path, &options, &source, err));
    mimic_buffer text;
    mimic__buffer_init(&text, ctx);
    mimic_status status = read_source(source, &text, err);
    mimic_source_free(source);
    const size_t size = text.size;
    if (status == MIMIC_OK) {
        *out_text = mimic__buffer_take_text(&text);
        if (*out_text == NULL)
            status = mimic__fail_memory(err);
        else
            *out_size = size;
    }
    mimic__buffer_free(&text);
    return status;
}

/* A folder that waits to be read, or a file that was found. */
typedef struct walk_item walk_item;
struct walk_item {
    walk_item *next;
    const char *relative; /* "" for the folder that the walk starts from */
    int64_t size;         /* of a file */
    int depth;            /* of a folder: 1 for the first */
};

typedef struct folder_walk {
    mimic_arena *arena;
    const char *dir;
    int max_depth;
    bool lists_folders;
    walk_item *folders; /* a stack */
    walk_item *files;
    size_t file_count;
} folder_walk;

static const char *join(mimic_arena *arena, const char *folder, const char *name)
{
    const size_t size = strlen(folder);
    const bool needs_slash = size > 0 && name[0] != '\0' && folder[size - 1] != '/';
    return mimic__arena_format(arena, "%s%s%s", folder, needs_slash ? "/" : "", name);
}

static mimic_status push(folder_walk *walk, walk_item **list, walk_item item, mimic_error *err)
{
    walk_item *kept = mimic__arena_alloc(walk->arena, sizeof *kept);
    if (kept == NULL)
        return mimic__fail_memory(err);
    item.next = *list;
    *kept = item;
    *list = kept;
    return MIMIC_OK;
}

/* Sorts one entry into files, folders and what is passed over (devices, FIFOs, links to folders).
 */
static mimic_status walk_entry(folder_walk *walk, const walk_item *folder, const char *name,
                               mimic_error *err)
{
    const char *relative = join(walk->arena, folder->relative, name);
    const char *path = relative == NULL ? NULL : join(walk->arena, walk->dir, relative);
    if (path == NULL)
        return mimic__fail_memory(err);
    struct stat facts;
    if (lstat(path, &facts) != 0) {
        if (errno == ENOENT) /* removed since the folder was read */
            return MIMIC_OK;
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot look at %s", path);
    }
    if (S_ISDIR(facts.st_mode)) {
        walk_item item = {.relative = relative, .size = -1, .depth = folder->depth + 1};
        if (item.depth <= walk->max_depth)
            return push(walk, &walk->folders, item, err);
        if (!walk->lists_folders)
            return MIMIC_OK;
        item.relative = mimic__arena_format(walk->arena, "%s/", relative);
        if (item.relative == NULL)
            return mimic__fail_memory(err);
        walk->file_count++;
        return push(walk, &walk->files, item, err);
    }
    walk_item item = {.relative = relative, .size = -1};
    if (!S_ISLNK(facts.st_mode) || stat(path, &facts) == 0) {
        if (!S_ISREG(facts.st_mode))
            return MIMIC_OK;
        item.size = (int64_t)facts.st_size;
    }
    walk->file_count++;
    return push(walk, &walk->files, item, err);
}

static mimic_status walk_folder(folder_walk *walk, const walk_item *folder, mimic_error *err)
{
    const char *path = join(walk->arena, walk->dir, folder->relative);
    if (path == NULL)
        return mimic__fail_memory(err);
    DIR *stream = opendir(path);
    if (stream == NULL)
        return mimic__fail_errno(err, errno == ENOENT ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_IO, errno,
                                 "cannot read the folder %s", path);
    mimic_status status = MIMIC_OK;
    while (status == MIMIC_OK) {
        errno = 0; /* readdir tells the end from a failure by errno alone */
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            if (errno != 0)
                status =
                    mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read the folder %s", path);
            break;
        }
        if (entry->d_name[0] != '.')
            status = walk_entry(walk, folder, entry->d_name, err);
    }
    (void)closedir(stream);
    return status;
}

static int compare_entries(const void *left, const void *right)
{
    return strcmp(((const mimic_file_entry *)left)->relative,
                  ((const mimic_file_entry *)right)->relative);
}

mimic_status mimic__list_files(mimic_arena *arena, const char *dir, int max_depth,
                               bool lists_folders, mimic_file_entry **out_entries,
                               size_t *out_count, mimic_error *err)
{
    *out_entries = NULL;
    *out_count = 0;
    folder_walk walk = {.arena = arena, .dir = dir, .max_depth = max_depth,
                        .lists_folders = lists_folders};
    MIMIC_TRY(push(&walk, &walk.folders, (walk_item){.relative = "", .depth = 1}, err));
    while (walk.folders != NULL) {
        const walk_item *folder = walk.folders;
        walk.folders = folder->next;
        MIMIC_TRY(walk_folder(&walk, folder, err));
    }
    mimic_file_entry *entries = mimic__arena_array(arena, walk.file_count, sizeof *entries);
    if (entries == NULL)
        return mimic__fail_memory(err);
    size_t count = 0;
    for (const walk_item *file = walk.files; file != NULL; file = file->next, count++) {
        entries[count].relative = file->relative;
        entries[count].path = join(arena, dir, file->relative);
        entries[count].size = file->size;
        if (entries[count].path == NULL)
            return mimic__fail_memory(err);
    }
    if (count > 0)
        qsort(entries, count, sizeof *entries, compare_entries);
    *out_entries = entries;
    *out_count = count;
    return MIMIC_OK;
}
