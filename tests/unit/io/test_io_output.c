/* Outputs appear whole or not at all, with the right mode, and their bytes depend on the content
 * alone. */
#include "check_main.h"
#include "io_support.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "failing_allocator.h"
#include "io/output.h"

static const mimic_compression compressions[] = {MIMIC_COMPRESSION_NONE, MIMIC_COMPRESSION_GZIP,
                                                 MIMIC_COMPRESSION_ZSTD};
static const char *const names[] = {"t.csv", "t.csv.gz", "t.csv.zst"};

static mimic_output *open_output(const mimic_context *ctx, const char *path)
{
    mimic_output *output = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status = mimic__output_open(ctx, path, NULL, &output, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    return output;
}

static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

/* Writes the content in random pieces and publishes it. */
static void write_pieces(const mimic_context *ctx, const char *path, const blob *content,
                         size_t piece_max, uint64_t seed)
{
    mimic_output *output = open_output(ctx, path);
    for (size_t done = 0; done < content->size;) {
        size_t piece = piece_max == 0 ? content->size : test_random(&seed) % (piece_max + 1);
        if (piece > content->size - done)
            piece = content->size - done;
        if (mimic__output_write(output, content->bytes + done, piece, NULL) != MIMIC_OK)
            ck_abort_msg("cannot write");
        done += piece;
    }
    ck_assert_int_eq(mimic__output_position(output), (int64_t)content->size);
    ck_assert_int_eq(mimic__output_publish(output, NULL), MIMIC_OK);
    mimic__output_free(output);
}

START_TEST(output__reads_back_and_depends_on_the_content_alone)
{
    static const size_t sizes[] = {0, 1, 131071, 131072, 131073, 1000001};
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    for (size_t c = 0; c < 3; c++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            if (!codec_is_built_in(compressions[c]))
                continue;
            const char *path = test_path(&folder, names[c]);
            blob content = blob_table(sizes[s], s);
            size_t first_size;
            write_pieces(ctx, path, &content, 0, 0);
            char *first = test_read_file(path, &first_size);
            mimic_source *source = NULL;
            blob found = {NULL, 0, 0};
            ck_assert_int_eq(mimic_source_open(ctx, path, NULL, &source, NULL), MIMIC_OK);
            ck_assert_int_eq(drain(source, 0, 0, &found, NULL), MIMIC_END);
            mimic_source_free(source);
            ck_assert_uint_eq(found.size, content.size);
            ck_assert_mem_eq(found.bytes, content.bytes, content.size);
            static const size_t pieces[] = {30, 70000, 400000};
            for (size_t p = 0; p < 3; p++) {
                size_t size;
                write_pieces(ctx, path, &content, pieces[p], p + s);
                char *again = test_read_file(path, &size);
                ck_assert_uint_eq(size, first_size);
                ck_assert_mem_eq(again, first, size);
                free(again);
            }
            free(first);
            blob_free(&found);
            blob_free(&content);
        }
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__other_programs_accept_it)
{
    static const char *const programs[] = {"cat", "gzip -dc", "zstd -dcq"};
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    blob content = blob_table(600000, 3);
    for (size_t c = 0; c < 3; c++) {
        char command[2600];
        snprintf(command, sizeof command, "command -v %.4s > /dev/null", programs[c]);
        if (!codec_is_built_in(compressions[c]) || system(command) != 0)
            continue;
        const char *path = test_path(&folder, names[c]);
        write_pieces(ctx, path, &content, 5000, 1);
        snprintf(command, sizeof command, "%s '%s' > '%s.plain'", programs[c], path, path);
        ck_assert_int_eq(system(command), 0);
        snprintf(command, sizeof command, "%s.plain", path);
        size_t size;
        char *found = test_read_file(command, &size);
        ck_assert_uint_eq(size, content.size);
        ck_assert_mem_eq(found, content.bytes, size);
        free(found);
    }
    blob_free(&content);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__gzip_header_holds_no_time_name_or_system)
{
    if (!MIMIC_HAVE_ZLIB)
        return;
    static const unsigned char expected[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    const char *path = test_path(&folder, "t.csv.gz");
    blob content = blob_table(100, 3);
    write_pieces(ctx, path, &content, 0, 0);
    size_t size;
    char *bytes = test_read_file(path, &size);
    ck_assert_mem_eq(bytes, expected, sizeof expected);
    free(bytes);
    blob_free(&content);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* Path of the only entry in the folder. */
static const char *only_entry(test_folder *folder)
{
    DIR *stream = opendir(folder->path);
    char name[300] = "";
    for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            snprintf(name, sizeof name, "%s", entry->d_name);
    closedir(stream);
    return test_path(folder, name);
}

START_TEST(output__is_private_and_hidden_until_published)
{
    static const mode_t masks[] = {0, 022, 027, 077};
    mimic_context *ctx = plain_context();
    const mode_t before = umask(0);
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        test_folder folder = test_folder_make();
        char target[1024];
        snprintf(target, sizeof target, "%s", test_path(&folder, "t.csv"));
        umask(masks[i]);
        mimic_output *output = open_output(ctx, target);
        ck_assert_int_eq(mimic__output_write(output, "a,b\n", 4, NULL), MIMIC_OK);
        ck_assert(!test_exists(target));
        ck_assert_int_eq(count_entries(folder.path), 1);
        struct stat facts;
        ck_assert_int_eq(stat(only_entry(&folder), &facts), 0);
        ck_assert_uint_eq(facts.st_mode & 07777, 0600);
        ck_assert_int_eq(mimic__output_close(output, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic__output_close(output, NULL), MIMIC_OK);
        ck_assert(!test_exists(target));
        ck_assert_int_eq(mimic__output_publish(output, NULL), MIMIC_OK);
        ck_assert_int_eq(count_entries(folder.path), 1);
        ck_assert_int_eq(stat(target, &facts), 0);
        ck_assert_uint_eq(facts.st_mode & 07777, 0666 & ~masks[i]);
        ck_assert_int_eq(facts.st_size, 4);
        mimic__output_free(output);
        ck_assert(test_exists(target));
        test_folder_remove(&folder);
    }
    umask(before);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__unpublished_leaves_the_old_file)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    char target[1024];
    snprintf(target, sizeof target, "%s", test_path(&folder, "t.csv"));
    test_write_file(target, "old", 3);
    for (int is_closed = 0; is_closed < 2; is_closed++) {
        mimic_output *output = open_output(ctx, target);
        ck_assert_int_eq(mimic__output_write(output, "new", 3, NULL), MIMIC_OK);
        if (is_closed)
            ck_assert_int_eq(mimic__output_close(output, NULL), MIMIC_OK);
        ck_assert_int_eq(count_entries(folder.path), 2);
        mimic__output_free(output);
        ck_assert_int_eq(count_entries(folder.path), 1);
        size_t size;
        char *text = test_read_file(target, &size);
        ck_assert_str_eq(text, "old");
        free(text);
    }
    mimic__output_free(NULL);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__two_writers_of_one_name_do_not_meet)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    const char *path = test_path(&folder, "t.csv");
    mimic_output *first = open_output(ctx, path);
    mimic_output *second = open_output(ctx, path);
    ck_assert_int_eq(mimic__output_write(first, "first", 5, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_write(second, "second", 6, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_publish(second, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_publish(first, NULL), MIMIC_OK);
    mimic__output_free(first);
    mimic__output_free(second);
    size_t size;
    char *text = test_read_file(path, &size);
    ck_assert_str_eq(text, "first");
    free(text);
    ck_assert_int_eq(count_entries(folder.path), 1);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

/* A load into a folder holds as many closed outputs as it has tables. */
START_TEST(output__closed_holds_no_buffers)
{
    test_folder folder = test_folder_make();
    for (size_t c = 0; c < 3; c++) {
        if (!codec_is_built_in(compressions[c]))
            continue;
        failing_allocator heap = {.until_failure = -1};
        mimic_context *ctx = failing_context(&heap);
        mimic_output *output = open_output(ctx, test_path(&folder, names[c]));
        ck_assert_int_eq(mimic__output_write(output, "a,b\n", 4, NULL), MIMIC_OK);
        const long open_blocks = heap.alive;
        ck_assert_int_eq(mimic__output_close(output, NULL), MIMIC_OK);
        /* The block; with a codec also the encoder and the block it fills. */
        ck_assert_int_le(heap.alive, open_blocks - (c == 0 ? 1 : 3));
        ck_assert_int_eq(mimic__output_publish(output, NULL), MIMIC_OK);
        mimic__output_free(output);
        mimic_context_free(ctx);
        ck_assert_int_eq(heap.alive, 0);
    }
    test_folder_remove(&folder);
}
END_TEST

START_TEST(output__states)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    mimic_output *output = open_output(ctx, test_path(&folder, "t.csv"));
    ck_assert_int_eq(mimic__output_close(output, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_write(output, "a", 1, NULL), MIMIC_ERR_STATE);
    ck_assert_int_eq(mimic__output_publish(output, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_publish(output, NULL), MIMIC_ERR_STATE);
    ck_assert_int_eq(mimic__output_write(output, "a", 1, NULL), MIMIC_ERR_STATE);
    mimic__output_free(output);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__makes_folders_and_takes_long_names)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    char name[300];
    snprintf(name, sizeof name, "a/b//c/%0251d.csv", 7); /* 255 bytes, the most there may be */
    const char *path = test_path(&folder, name);
    blob content = blob_table(10, 1);
    write_pieces(ctx, path, &content, 0, 0);
    ck_assert(test_exists(path));
    /* Two-byte characters over the place where the temporary name is cut. */
    snprintf(name, sizeof name, "x");
    for (size_t i = 1; i < 241; i += 2)
        memcpy(name + i, "\xc3\xa9", 3);
    path = test_path(&folder, name);
    write_pieces(ctx, path, &content, 0, 0);
    ck_assert(test_exists(path));
    blob_free(&content);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

static void check_refused(const mimic_context *ctx, const char *path,
                          const mimic_output_options *options, mimic_status expected,
                          const char *message)
{
    mimic_output *output = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__output_open(ctx, path, options, &output, &err), expected);
    ck_assert_ptr_null(output);
    ck_assert_int_eq(err.code, expected);
    ck_assert_str_eq(err.source, path);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
}

START_TEST(output__refused_targets)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    check_refused(ctx, folder.path, NULL, MIMIC_ERR_IO, "is a folder");
    check_refused(ctx, test_path(&folder, "x/"), NULL, MIMIC_ERR_ARGUMENT, "names no file");
    check_refused(ctx, "", NULL, MIMIC_ERR_ARGUMENT, "names no file");
    check_refused(ctx, "/dev/null", NULL, MIMIC_ERR_IO, "no regular file");
    test_write_file(test_path(&folder, "plain"), "", 0);
    check_refused(ctx, test_path(&folder, "plain/t.csv"), NULL, MIMIC_ERR_IO, "folder");
    mimic_output_options options = {.compression = MIMIC_COMPRESSION_GZIP, .level = 10};
    if (MIMIC_HAVE_ZLIB)
        check_refused(ctx, test_path(&folder, "t"), &options, MIMIC_ERR_ARGUMENT, "levels 1 to 9");
    options = (mimic_output_options){.compression = MIMIC_COMPRESSION_ZSTD, .level = 20};
    if (MIMIC_HAVE_ZSTD)
        check_refused(ctx, test_path(&folder, "t"), &options, MIMIC_ERR_ARGUMENT, "levels 1 to 19");
    ck_assert_int_eq(count_entries(folder.path), 1); /* "plain"; nothing was left behind */
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__full_disk_is_an_error_that_sticks)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    /* The file size limit stands in for a full disk: write takes a part, then fails. */
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t c = 0; c < 3; c++)
        for (int is_small = 0; is_small < 2; is_small++) {
            if (!codec_is_built_in(compressions[c]))
                continue;
            struct rlimit limit = before;
            limit.rlim_cur = 50000;
            const char *path = test_path(&folder, names[c]);
            blob content = blob_table(is_small ? 100000 : 2000000, 5);
            uint64_t seed = 1;
            for (size_t i = 0; i < content.size; i++) /* so that it does not compress */
                content.bytes[i] = (unsigned char)test_random(&seed);
            mimic_output *output = open_output(ctx, path);
            mimic_error err = MIMIC_ERROR_INIT;
            setrlimit(RLIMIT_FSIZE, &limit);
            mimic_status status = mimic__output_write(output, content.bytes, content.size, &err);
            if (is_small) { /* nothing was written yet: the failure comes at the end */
                ck_assert_int_eq(status, MIMIC_OK);
                status = mimic__output_publish(output, &err);
            }
            setrlimit(RLIMIT_FSIZE, &before);
            ck_assert_int_eq(status, MIMIC_ERR_IO);
            ck_assert_ptr_nonnull(strstr(err.message, path));
            ck_assert_str_eq(err.source, path);
            mimic_error again = MIMIC_ERROR_INIT;
            ck_assert_int_eq(mimic__output_write(output, "a", 1, &again), MIMIC_ERR_IO);
            ck_assert_str_eq(again.message, err.message);
            ck_assert_int_eq(mimic__output_close(output, NULL), MIMIC_ERR_IO);
            ck_assert_int_eq(mimic__output_publish(output, NULL), MIMIC_ERR_IO);
            mimic__output_free(output);
            ck_assert_int_eq(count_entries(folder.path), 0);
            blob_free(&content);
        }
    signal(SIGXFSZ, handler);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__folder_that_goes_away)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    mimic_output *output = open_output(ctx, test_path(&folder, "sub/t.csv"));
    char away[512];
    snprintf(away, sizeof away, "%s/away", folder.path);
    ck_assert_int_eq(rename(test_path(&folder, "sub"), away), 0);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__output_publish(output, &err), MIMIC_ERR_IO);
    mimic__output_free(output);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__zstd_frames_in_memory)
{
    if (!MIMIC_HAVE_ZSTD)
        return;
    mimic_context *ctx = plain_context();
    mimic_zstd_compressor *compressor = NULL;
    ck_assert_int_eq(mimic__zstd_compressor_new(ctx, 20, &compressor, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic__zstd_compressor_new(ctx, 0, &compressor, NULL), MIMIC_OK);
    for (size_t size = 0; size < 3000000; size = size * 3 + 1) {
        blob content = blob_table(size, size);
        blob back = blob_table(size, 0);
        const size_t bound = size + size / 128 + 64;
        unsigned char *frame = malloc(bound);
        size_t frame_size = 0;
        ck_assert_int_eq(mimic__zstd_compress_frame(compressor, content.bytes, size, frame, bound,
                                                    &frame_size, NULL),
                         MIMIC_OK);
        size_t other_size = 1;
        unsigned char *small = malloc(frame_size);
        ck_assert_int_eq(mimic__zstd_compress_frame(compressor, content.bytes, size, small,
                                                    frame_size - 1, &other_size, NULL),
                         MIMIC_OK);
        ck_assert_uint_eq(other_size, 0); /* there is no room */
        free(small);
        ck_assert_int_eq(mimic__zstd_decompress_frame(frame, frame_size, back.bytes, size, NULL),
                         MIMIC_OK);
        ck_assert_mem_eq(back.bytes, content.bytes, size);
        ck_assert_int_eq(
            mimic__zstd_decompress_frame(frame, frame_size, back.bytes, size + 1, NULL),
            MIMIC_ERR_CORRUPT);
        if (size > 0)
            ck_assert_int_eq(
                mimic__zstd_decompress_frame(frame, frame_size, back.bytes, size - 1, NULL),
                MIMIC_ERR_CORRUPT);
        ck_assert_int_eq(
            mimic__zstd_decompress_frame(frame, frame_size - 1, back.bytes, size, NULL),
            MIMIC_ERR_CORRUPT);
        free(frame);
        blob_free(&content);
        blob_free(&back);
    }
    mimic__zstd_compressor_free(compressor);
    mimic__zstd_compressor_free(NULL);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(output__what_was_written_can_be_read_back)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    const char *path = test_path(&folder, "file");
    char found[8];
    mimic_output *output = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic__output_open(ctx, path, NULL, &output, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_write(output, "0123456789", 10, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_read(output, 3, found, 4, NULL), MIMIC_OK);
    ck_assert_mem_eq(found, "3456", 4);
    ck_assert_int_eq(mimic__output_write(output, "ab", 2, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__output_read(output, 8, found, 4, NULL), MIMIC_OK);
    ck_assert_mem_eq(found, "89ab", 4);
    ck_assert_int_eq(mimic__output_read(output, 9, found, 4, &err), MIMIC_ERR_IO);
    ck_assert_int_eq(mimic__output_write(output, "c", 1, NULL), MIMIC_ERR_IO); /* sticky */
    mimic__output_free(output);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(io_output, output__what_was_written_can_be_read_back,
                output__reads_back_and_depends_on_the_content_alone,
                output__other_programs_accept_it, output__gzip_header_holds_no_time_name_or_system,
                output__is_private_and_hidden_until_published,
                output__unpublished_leaves_the_old_file,
                output__two_writers_of_one_name_do_not_meet, output__states,
                output__closed_holds_no_buffers, output__makes_folders_and_takes_long_names,
                output__refused_targets, output__full_disk_is_an_error_that_sticks,
                output__folder_that_goes_away, output__zstd_frames_in_memory)
