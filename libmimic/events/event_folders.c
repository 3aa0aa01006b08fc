/* Folders with many files in them: removing them, and moving one into another. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "events/event_part.h"

#define MOST_DEPTH 8 /* nothing that we write is deeper */

bool mimic__path_exists(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static bool is_folder(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* "dir/name" in `path`, whose text is then to be cut to *out_size again. */
static mimic_status enter(mimic_buffer *path, const char *name, size_t *out_size, mimic_error *err)
{
    *out_size = path->size;
    mimic__buffer_format(path, "/%s", name);
    mimic__buffer_byte(path, '\0');
    return path->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static void leave(mimic_buffer *path, size_t size)
{
    path->size = size;
    path->data[size] = '\0';
}

static mimic_status begin(mimic_buffer *path, const mimic_context *ctx, const char *text,
                          mimic_error *err)
{
    mimic__buffer_init(path, ctx);
    mimic__buffer_text(path, text);
    mimic__buffer_byte(path, '\0');
    if (path->failed)
        return mimic__fail_memory(err);
    path->size--; /* the NUL stays behind it */
    return MIMIC_OK;
}

/* ---- removing ---- */

static mimic_status remove_below(mimic_buffer *path, int depth, mimic_error *err);

static mimic_status remove_entry(mimic_buffer *path, int depth, mimic_error *err)
{
    path->size--; /* of enter */
    if (is_folder(path->data)) {
        MIMIC_TRY(remove_below(path, depth + 1, err));
        if (rmdir(path->data) != 0 && errno != ENOENT)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot remove folder %s",
                                     path->data);
    } else if (unlink(path->data) != 0 && errno != ENOENT) {
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot remove %s", path->data);
    }
    return MIMIC_OK;
}

static mimic_status remove_below(mimic_buffer *path, int depth, mimic_error *err)
{
    DIR *const folder = depth > MOST_DEPTH ? NULL : opendir(path->data);
    mimic_status status = MIMIC_OK;
    if (folder == NULL)
        return mimic__fail_errno(err, MIMIC_ERR_IO, depth > MOST_DEPTH ? ELOOP : errno,
                                 "cannot read folder %s", path->data);
    for (const struct dirent *entry; status == MIMIC_OK && (entry = readdir(folder)) != NULL;) {
        size_t size = path->size;
        if (is_dots(entry->d_name))
            continue;
        status = enter(path, entry->d_name, &size, err);
        if (status == MIMIC_OK)
            status = remove_entry(path, depth, err);
        if (!path->failed)
            leave(path, size);
    }
    closedir(folder);
    return status;
}

mimic_status mimic__remove_tree(const mimic_context *ctx, const char *path, mimic_error *err)
{
    mimic_buffer text;
    if (!mimic__path_exists(path))
        return MIMIC_OK;
    mimic_status status = begin(&text, ctx, path, err);
    if (status == MIMIC_OK) {
        text.size++; /* as enter leaves it */
        status = remove_entry(&text, 0, err);
    }
    mimic__buffer_free(&text);
    return status;
}

/* ---- names ---- */

mimic_status mimic__each_name(const char *path, folder_name_fn fn, void *fn_ctx, mimic_error *err)
{
    DIR *const folder = opendir(path);
    mimic_status status = MIMIC_OK;
    if (folder == NULL && errno == ENOENT)
        return MIMIC_OK;
    if (folder == NULL)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot read folder %s", path);
    for (const struct dirent *entry; status == MIMIC_OK && (entry = readdir(folder)) != NULL;)
        if (!is_dots(entry->d_name))
            status = fn(entry->d_name, fn_ctx, err);
    closedir(folder);
    return status;
}

/* ---- moving ---- */

static mimic_status merge_below(mimic_buffer *from, mimic_buffer *to, int depth, mimic_error *err);

static mimic_status merge_entry(mimic_buffer *from, mimic_buffer *to, int depth, mimic_error *err)
{
    from->size--;
    to->size--;
    if (is_folder(from->data) && is_folder(to->data)) {
        MIMIC_TRY(merge_below(from, to, depth + 1, err));
        return rmdir(from->data) == 0 ? MIMIC_OK
                                      : mimic__fail_errno(err, MIMIC_ERR_IO, errno,
                                                          "cannot remove folder %s", from->data);
    }
    return rename(from->data, to->data) == 0
               ? MIMIC_OK
               : mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot move %s to %s", from->data,
                                   to->data);
}

static mimic_status merge_below(mimic_buffer *from, mimic_buffer *to, int depth, mimic_error *err)
{
    DIR *const folder = depth > MOST_DEPTH ? NULL : opendir(from->data);
    mimic_status status = MIMIC_OK;
    if (folder == NULL)
        return mimic__fail_errno(err, MIMIC_ERR_IO, depth > MOST_DEPTH ? ELOOP : errno,
                                 "cannot read folder %s", from->data);
    for (const struct dirent *entry; status == MIMIC_OK && (entry = readdir(folder)) != NULL;) {
        size_t from_size = from->size;
        size_t to_size = to->size;
        if (is_dots(entry->d_name))
            continue;
        status = enter(from, entry->d_name, &from_size, err);
        if (status == MIMIC_OK)
            status = enter(to, entry->d_name, &to_size, err);
        if (status == MIMIC_OK)
            status = merge_entry(from, to, depth, err);
        if (!from->failed)
            leave(from, from_size);
        if (!to->failed)
            leave(to, to_size);
    }
    closedir(folder);
    return status == MIMIC_OK ? mimic__sync_folder(to->data, err) : status;
}

mimic_status mimic__merge_tree(const mimic_context *ctx, const char *from, const char *to,
                               mimic_error *err)
{
    mimic_buffer texts[2];
    mimic_status status = begin(&texts[0], ctx, from, err);
    if (status == MIMIC_OK) {
        status = begin(&texts[1], ctx, to, err);
        if (status == MIMIC_OK)
            status = merge_below(&texts[0], &texts[1], 0, err);
        mimic__buffer_free(&texts[1]);
    }
    mimic__buffer_free(&texts[0]);
    return status;
}
