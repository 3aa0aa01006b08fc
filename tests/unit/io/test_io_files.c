/* Folders, whole files and listings. */
#include "check_main.h"
#include "io_support.h"

#include "io/output.h"

START_TEST(files__make_folders)
{
    test_folder folder = test_folder_make();
    mimic_error err = MIMIC_ERROR_INIT;
    const char *path = test_path(&folder, "a/b//c/d/");
    ck_assert_int_eq(mimic__make_folders(path, &err), MIMIC_OK);
    ck_assert_int_eq(mimic__make_folders(path, &err), MIMIC_OK);
    ck_assert(test_exists(test_path(&folder, "a/b/c/d")));
    ck_assert_int_eq(mimic__make_folders("", &err), MIMIC_OK);
    ck_assert_int_eq(mimic__make_folders("/", &err), MIMIC_OK);
    ck_assert_int_eq(mimic__make_folders(".", &err), MIMIC_OK);
    test_write_file(test_path(&folder, "plain"), "", 0);
    ck_assert_int_eq(mimic__make_folders(test_path(&folder, "plain"), &err), MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "plain"));
    ck_assert_int_eq(mimic__make_folders(test_path(&folder, "plain/x"), &err), MIMIC_ERR_IO);
    char *huge = malloc(10001);
    memset(huge, 'x', 10000);
    huge[10000] = '\0';
    ck_assert_int_eq(mimic__make_folders(huge, &err), MIMIC_ERR_IO);
    free(huge);
    test_folder_remove(&folder);
}
END_TEST

START_TEST(files__read_file)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    const char *path = test_path(&folder, "t.json.gz"); /* names mean nothing here */
    for (size_t size = 0; size < 300000; size = size * 5 + 1) {
        blob content = blob_table(size, size);
        test_write_file(path, content.bytes, size);
        char *text = NULL;
        size_t found_size = 0;
        mimic_error err = MIMIC_ERROR_INIT;
        ck_assert_int_eq(mimic__read_file(ctx, path, size + 1, &text, &found_size, &err), MIMIC_OK);
        ck_assert_uint_eq(found_size, size);
        ck_assert_mem_eq(text, content.bytes, size);
        ck_assert_int_eq(text[size], '\0');
        mimic_free(ctx, text);
        if (size > 1)
            ck_assert_int_eq(mimic__read_file(ctx, path, size - 1, &text, &found_size, &err),
                             MIMIC_ERR_LIMIT);
        blob_free(&content);
    }
    char *text = NULL;
    size_t size = 0;
    ck_assert_int_eq(mimic__read_file(ctx, folder.path, 100, &text, &size, NULL), MIMIC_ERR_IO);
    ck_assert_int_eq(mimic__read_file(ctx, test_path(&folder, "none"), 100, &text, &size, NULL),
                     MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_null(text);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

static void make_tree(test_folder *folder)
{
    static const char *const files[] = {"b.csv",          "B.csv",           "a/z.csv.gz",
                                        "a/deep/x.csv",   ".hidden",         "a/.hidden/y.csv",
                                        "a/deep/2/3.csv", "caf\xc3\xa9.csv", "a.csv"};
    ck_assert_int_eq(mimic__make_folders(test_path(folder, "a/deep/2"), NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__make_folders(test_path(folder, "a/.hidden"), NULL), MIMIC_OK);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        test_write_file(test_path(folder, files[i]), "12345", i % 5 + 1);
    ck_assert_int_eq(symlink("../b.csv", test_path(folder, "a/link.csv")), 0);
    ck_assert_int_eq(symlink("deep", test_path(folder, "a/folder-link")), 0);
    ck_assert_int_eq(symlink("nowhere", test_path(folder, "a/broken.csv")), 0);
    ck_assert_int_eq(symlink("loop", test_path(folder, "loop")), 0);
    ck_assert_int_eq(mkfifo(test_path(folder, "fifo.csv"), 0600), 0);
}

START_TEST(files__list_files)
{
    static const struct {
        const char *relative;
        int depth;
        int64_t size;
    } expected[] = {
        {"B.csv", 1, 2},          {"a.csv", 1, 4},        {"a/broken.csv", 2, -1},
        {"a/deep/2/3.csv", 4, 2}, {"a/deep/x.csv", 3, 4}, {"a/link.csv", 2, 1},
        {"a/z.csv.gz", 2, 3},     {"b.csv", 1, 1},        {"caf\xc3\xa9.csv", 1, 3},
        {"loop", 1, -1},
    };
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    make_tree(&folder);
    char with_slash[300];
    snprintf(with_slash, sizeof with_slash, "%s/", folder.path);
    for (int depth = 1; depth <= 5; depth++)
        for (int has_slash = 0; has_slash < 2; has_slash++) {
            mimic_arena arena;
            mimic__arena_init(&arena, ctx);
            mimic_file_entry *entries = NULL;
            size_t count = 0;
            mimic_error err = MIMIC_ERROR_INIT;
            const mimic_status status = mimic__list_files(
                &arena, has_slash ? with_slash : folder.path, depth, false, &entries, &count, &err);
            ck_assert_msg(status == MIMIC_OK, "%s", err.message);
            size_t next = 0;
            for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
                if (expected[i].depth > depth)
                    continue;
                ck_assert_uint_lt(next, count);
                ck_assert_str_eq(entries[next].relative, expected[i].relative);
                ck_assert_int_eq(entries[next].size, expected[i].size);
                ck_assert_str_eq(entries[next].path, test_path(&folder, expected[i].relative));
                next++;
            }
            ck_assert_uint_eq(next, count);
            mimic__arena_free(&arena);
        }
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(files__list_of_no_folder)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    mimic_file_entry *entries = NULL;
    size_t count = 7;
    ck_assert_int_eq(mimic__list_files(&arena, folder.path, 3, false, &entries, &count, NULL), MIMIC_OK);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(
        mimic__list_files(&arena, test_path(&folder, "none"), 3, false, &entries, &count, NULL),
        MIMIC_ERR_NOT_FOUND);
    test_write_file(test_path(&folder, "plain"), "", 0);
    ck_assert_int_eq(
        mimic__list_files(&arena, test_path(&folder, "plain"), 3, false, &entries, &count, NULL),
        MIMIC_ERR_IO);
    mimic__arena_free(&arena);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(io_files, files__make_folders, files__read_file, files__list_files,
                files__list_of_no_folder)
