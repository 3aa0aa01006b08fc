/* A fresh folder for one test, and its removal; small file helpers; a random number stream. */
#ifndef MIMIC_TEST_FOLDER_H
#define MIMIC_TEST_FOLDER_H

#include <check.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct test_folder {
    char path[256];
    char file[1024]; /* what test_path made last */
} test_folder;

static inline test_folder test_folder_make(void)
{
    test_folder folder = {0};
    const char *parent = getenv("TMPDIR");
    snprintf(folder.path, sizeof folder.path, "%s/mimic-test-XXXXXX",
             parent == NULL || strlen(parent) > 200 ? "/tmp" : parent);
    ck_assert_ptr_nonnull(mkdtemp(folder.path));
    return folder;
}

static inline int test_folder_remove_entry(const char *path, const struct stat *facts, int kind,
                                           struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void test_folder_remove(const test_folder *folder)
{
    nftw(folder->path, test_folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in the folder, valid until the next call. */
static inline const char *test_path(test_folder *folder, const char *name)
{
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    return folder->file;
}

static inline bool test_exists(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static inline void test_write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "cannot create %s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* NUL-terminated; the caller frees it. */
static inline char *test_read_file(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(size + 1);
    ck_assert_uint_eq(fread(bytes, 1, size, file), size);
    bytes[size] = '\0';
    fclose(file);
    *out_size = size;
    return bytes;
}

/* splitmix64 */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

#endif
