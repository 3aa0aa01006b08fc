/* Folders that tests write into, and allocators that fail on demand. */
#ifndef MIMIC_TEST_FILES_H
#define MIMIC_TEST_FILES_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mimic/context.h>

#define TEST_PATH_BYTES 1024

/* A new folder; `path` must hold TEST_PATH_BYTES. */
static inline void test_folder_make(char *path)
{
    const char *parent = getenv("TMPDIR");
    snprintf(path, TEST_PATH_BYTES, "%s/mimic-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(path) == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* Counts regular files below `path`; removes everything when `remove_all`. Test folders are a few
 * levels deep. */
static inline int test_folder_walk(const char *path, int remove_all)
{
    int files = 0;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char child[TEST_PATH_BYTES];
        struct stat facts;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        const int size = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (size >= (int)sizeof child || lstat(child, &facts) != 0)
            continue;
        if (S_ISDIR(facts.st_mode)) {
            files += test_folder_walk(child, remove_all);
        } else {
            files++;
            if (remove_all)
                unlink(child);
        }
    }
    closedir(dir);
    if (remove_all)
        rmdir(path);
    return files;
}

/* The whole of a file as a text that the caller frees; NULL when it is not there. */
static inline char *test_file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    char *text = calloc((size_t)size + 1, 1);
    const size_t got = fread(text, 1, (size_t)size, file);
    fclose(file);
    text[got] = '\0';
    return text;
}

static inline void test_file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fputs(text, file);
    fclose(file);
}

/* Fails the allocation number fail_at (1-based; 0 = none) and counts what is alive. */
typedef struct test_allocator {
    long calls;
    long fail_at;
    long alive;
} test_allocator;

static inline void *test_alloc(size_t size, void *ctx)
{
    test_allocator *allocator = ctx;
    if (++allocator->calls == allocator->fail_at)
        return NULL;
    allocator->alive++;
    return malloc(size);
}

static inline void *test_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    test_allocator *allocator = ctx;
    (void)old_size;
    if (++allocator->calls == allocator->fail_at)
        return NULL;
    allocator->alive += memory == NULL;
    return realloc(memory, new_size);
}

static inline void test_free(void *memory, void *ctx)
{
    ((test_allocator *)ctx)->alive--;
    free(memory);
}

static inline mimic_context *test_context_make(test_allocator *allocator)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    mimic_context *context = NULL;
    if (allocator != NULL)
        options.allocator = (mimic_allocator){test_alloc, test_realloc, test_free, allocator};
    return mimic_context_new(&options, &context, NULL) == MIMIC_OK ? context : NULL;
}

#endif
