/* Sources: the same bytes come out whatever the codec, the kind of source and the read sizes; and
 * what the contract of source.h says about limits, names, callbacks and ends. */
#include "check_main.h"
#include "io_support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "base/hash.h"

static const mimic_compression compressions[] = {MIMIC_COMPRESSION_NONE, MIMIC_COMPRESSION_GZIP,
                                                 MIMIC_COMPRESSION_ZSTD};
static const char *const endings[] = {"t.csv", "t.csv.gz", "t.csv.zst"};

/* Gives memory in random short pieces; or misbehaves. */
typedef struct chopper {
    const unsigned char *bytes;
    size_t size;
    size_t piece_max;
    uint64_t seed;
    int reads_after_end;
    int closes;
    size_t fail_when_left; /* returns `status` when that many bytes are left */
    mimic_status status;
    size_t claimed_size; /* with status MIMIC_OK */
    bool has_message;
    bool is_ended;
} chopper;

static mimic_status chop(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                         mimic_error *err)
{
    chopper *self = ctx;
    if (self->is_ended)
        self->reads_after_end++;
    if (self->size <= self->fail_when_left) {
        *out_size = self->claimed_size;
        if (self->has_message) {
            err->code = self->status;
            snprintf(err->message, sizeof err->message, "the cable is loose");
        }
        self->is_ended = self->status == MIMIC_END;
        return self->status;
    }
    size_t size = self->size - self->fail_when_left;
    if (self->piece_max > 0)
        size = 1 + test_random(&self->seed) % self->piece_max;
    if (size > self->size - self->fail_when_left)
        size = self->size - self->fail_when_left;
    if (size > capacity)
        size = capacity;
    memcpy(buffer, self->bytes, size);
    self->bytes += size;
    self->size -= size;
    *out_size = size;
    return MIMIC_OK;
}

static void count_close(void *ctx)
{
    ((chopper *)ctx)->closes++;
}

static mimic_source_callbacks callbacks_of(chopper *self)
{
    const mimic_source_callbacks callbacks = {(uint32_t)sizeof callbacks, chop, count_close, self};
    return callbacks;
}

static void check_same(blob *found, const blob *expected, const char *what, size_t size)
{
    ck_assert_msg(found->size == expected->size &&
                      memcmp(found->bytes, expected->bytes, expected->size) == 0,
                  "%s: %zu bytes became %zu or differ", what, size, found->size);
    blob_free(found);
}

START_TEST(source__every_codec_kind_and_read_size_gives_the_same_bytes)
{
    static const size_t sizes[] = {0,      1,      3,      4,      100,    65535,
                                   131072, 262143, 262144, 262145, 700001, 1100000};
    static const size_t pieces[] = {0, 1, 7, 5000, 300000};
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        blob content = blob_table(sizes[s], s);
        for (size_t c = 0; c < 3; c++) {
            if (!codec_is_built_in(compressions[c]))
                continue;
            blob stored = {NULL, 0, 0};
            blob_append(&stored, "", 0);
            blob_append_compressed(&stored, ctx, compressions[c], content.bytes, content.size);
            const char *path = test_path(&folder, endings[c]);
            test_write_file(path, stored.bytes, stored.size);
            char expected_hash[33];
            mimic_hasher *hasher = mimic__hasher_new(ctx);
            mimic__hasher_update(hasher, stored.bytes, stored.size);
            mimic__hasher_hex(hasher, expected_hash);
            mimic__hasher_free(ctx, hasher);
            for (size_t p = 0; p < 5; p++)
                for (int kind = 0; kind < 3; kind++) {
                    if (sizes[s] > 300000 && pieces[p] == 1)
                        continue; /* slow, and seen */
                    mimic_source *source = NULL;
                    mimic_error err = MIMIC_ERROR_INIT;
                    chopper self = {.bytes = stored.bytes,
                                    .size = stored.size,
                                    .piece_max = pieces[p],
                                    .seed = s,
                                    .status = MIMIC_END};
                    const mimic_source_callbacks callbacks = callbacks_of(&self);
                    const mimic_status opened =
                        kind == 0   ? mimic_source_open(ctx, path, NULL, &source, &err)
                        : kind == 1 ? mimic_source_from_memory(ctx, stored.bytes, stored.size,
                                                               endings[c], NULL, &source, &err)
                                    : mimic_source_from_callbacks(ctx, &callbacks, endings[c], NULL,
                                                                  &source, &err);
                    ck_assert_msg(opened == MIMIC_OK, "%s", err.message);
                    blob found = {NULL, 0, 0};
                    ck_assert_int_eq(drain(source, pieces[p], s + p, &found, &err), MIMIC_END);
                    check_same(&found, &content, endings[c], sizes[s]);
                    unsigned char more;
                    size_t more_size = 1;
                    ck_assert_int_eq(mimic_source_read(source, &more, 1, &more_size, &err),
                                     MIMIC_END);
                    ck_assert_uint_eq(more_size, 0);
                    int64_t done = 0;
                    int64_t total = 0;
                    mimic_source_progress(source, &done, &total);
                    ck_assert_int_eq(done, (int64_t)stored.size);
                    ck_assert_int_eq(total, kind == 2 ? -1 : (int64_t)stored.size);
                    char hash[33];
                    mimic_source_hash(source, hash);
                    ck_assert_str_eq(hash, expected_hash);
                    mimic_source_free(source);
                    ck_assert_int_eq(self.closes, kind == 2);
                    ck_assert_int_eq(self.reads_after_end, 0);
                }
            blob_free(&stored);
        }
        blob_free(&content);
    }
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

static const char golden_text[] = "subject_id,hadm_id\n1,2\n";
/* printf 'subject_id,hadm_id\n1,2\n' | gzip -9                                      gzip 1.12 */
static const unsigned char golden_gzip[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x2e, 0x4d, 0xca,
    0x4a, 0x4d, 0x2e, 0x89, 0xcf, 0x4c, 0xd1, 0xc9, 0x48, 0x4c, 0xc9, 0x05, 0xd2, 0x5c,
    0x86, 0x3a, 0x46, 0x5c, 0x00, 0xe0, 0xee, 0x4a, 0x29, 0x17, 0x00, 0x00, 0x00};
/* The same with every optional field of RFC 1952 2.3 (text flag, extra, name, comment, header CRC)
 * and a stored block; put together by hand, read back with Python's gzip module. */
static const unsigned char golden_gzip_fields[] = {
    0x1f, 0x8b, 0x08, 0x1f, 0x00, 0x28, 0x6b, 0xee, 0x00, 0x03, 0x06, 0x00, 0x42, 0x43, 0x02,
    0x00, 0x1b, 0x00, 0x61, 0x2e, 0x63, 0x73, 0x76, 0x00, 0x61, 0x20, 0x63, 0x6f, 0x6d, 0x6d,
    0x65, 0x6e, 0x74, 0x00, 0x92, 0x56, 0x01, 0x17, 0x00, 0xe8, 0xff, 0x73, 0x75, 0x62, 0x6a,
    0x65, 0x63, 0x74, 0x5f, 0x69, 0x64, 0x2c, 0x68, 0x61, 0x64, 0x6d, 0x5f, 0x69, 0x64, 0x0a,
    0x31, 0x2c, 0x32, 0x0a, 0xe0, 0xee, 0x4a, 0x29, 0x17, 0x00, 0x00, 0x00};
/* An empty member with an extra field: the end marker of BGZF (SAM specification 4.1.2). */
static const unsigned char golden_bgzf_end[] = {
    0x1f, 0x8b, 0x08, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x06, 0x00, 0x42, 0x43,
    0x02, 0x00, 0x1b, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
/* printf 'subject_id,hadm_id\n1,2\n' | zstd -19                                     zstd 1.5.4 */
static const unsigned char golden_zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0xb9, 0x00, 0x00,
                                            0x73, 0x75, 0x62, 0x6a, 0x65, 0x63, 0x74, 0x5f, 0x69,
                                            0x64, 0x2c, 0x68, 0x61, 0x64, 0x6d, 0x5f, 0x69, 0x64,
                                            0x0a, 0x31, 0x2c, 0x32, 0x0a, 0x7f, 0x00, 0xc4, 0x0e};
/* The same by zstd --no-check. */
static const unsigned char golden_zstd_no_check[] = {
    0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0xb9, 0x00, 0x00, 0x73, 0x75, 0x62, 0x6a, 0x65, 0x63, 0x74,
    0x5f, 0x69, 0x64, 0x2c, 0x68, 0x61, 0x64, 0x6d, 0x5f, 0x69, 0x64, 0x0a, 0x31, 0x2c, 0x32, 0x0a};
/* RFC 8878 3.1.2: a skippable frame of 3 bytes. */
static const unsigned char golden_skippable[] = {0x5a, 0x2a, 0x4d, 0x18, 0x03, 0x00,
                                                 0x00, 0x00, 'a',  'b',  'c'};

static void check_parts(const char *name, const unsigned char *const *parts, const size_t *sizes,
                        size_t count, int copies)
{
    mimic_context *ctx = plain_context();
    blob stored = {NULL, 0, 0};
    blob found = {NULL, 0, 0};
    for (size_t i = 0; i < count; i++)
        blob_append(&stored, parts[i], sizes[i]);
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status =
        drain_memory(ctx, stored.bytes, stored.size, name, NULL, &found, &err);
    ck_assert_msg(status == MIMIC_END, "%s", err.message);
    const size_t text_size = sizeof golden_text - 1;
    ck_assert_uint_eq(found.size, text_size * (size_t)copies);
    for (int i = 0; i < copies; i++)
        ck_assert_mem_eq(found.bytes + (size_t)i * text_size, golden_text, text_size);
    blob_free(&stored);
    blob_free(&found);
    mimic_context_free(ctx);
}

#define CHECK_PARTS(name, copies, count, ...)                                                      \
    do {                                                                                           \
        const struct {                                                                             \
            const unsigned char *bytes;                                                            \
            size_t size;                                                                           \
        } given[count] = {__VA_ARGS__};                                                            \
        const unsigned char *bytes[count];                                                         \
        size_t sizes[count];                                                                       \
        for (size_t part = 0; part < (count); part++) {                                            \
            bytes[part] = given[part].bytes;                                                       \
            sizes[part] = given[part].size;                                                        \
        }                                                                                          \
        check_parts(name, bytes, sizes, count, copies);                                            \
    } while (0)
#define PART(array)                                                                                \
    {                                                                                              \
        (array), sizeof(array)                                                                     \
    }

START_TEST(source__gzip_members_of_other_makers)
{
    static const unsigned char zeros[700] = {0};
    if (!MIMIC_HAVE_ZLIB)
        return;
    CHECK_PARTS("a.csv.gz", 1, 1, PART(golden_gzip));
    CHECK_PARTS("A.CSV.GZ", 1, 1, PART(golden_gzip));
    CHECK_PARTS("a.csv.gz", 1, 1, PART(golden_gzip_fields));
    CHECK_PARTS("a.csv.gz", 3, 3, PART(golden_gzip), PART(golden_gzip_fields), PART(golden_gzip));
    CHECK_PARTS("a.csv.gz", 2, 4, PART(golden_gzip), PART(golden_bgzf_end), PART(golden_gzip),
                PART(golden_bgzf_end));
    CHECK_PARTS("a.csv.gz", 0, 1, PART(golden_bgzf_end));
    CHECK_PARTS("a.csv.gz", 1, 2, PART(golden_gzip), PART(zeros));
    CHECK_PARTS("no ending", 1, 1, PART(golden_gzip));
}
END_TEST

START_TEST(source__zstd_frames_of_other_makers)
{
    if (!MIMIC_HAVE_ZSTD)
        return;
    CHECK_PARTS("a.csv.zst", 1, 1, PART(golden_zstd));
    CHECK_PARTS("a.csv.zst", 1, 1, PART(golden_zstd_no_check));
    CHECK_PARTS("a.csv.zst", 2, 5, PART(golden_skippable), PART(golden_zstd),
                PART(golden_skippable), PART(golden_zstd_no_check), PART(golden_skippable));
    CHECK_PARTS("a.csv.zst", 0, 1, PART(golden_skippable));
    CHECK_PARTS("no ending", 1, 1, PART(golden_zstd));
}
END_TEST

START_TEST(source__thousands_of_tiny_members)
{
    mimic_context *ctx = plain_context();
    for (size_t c = 1; c < 3; c++) {
        if (!codec_is_built_in(compressions[c]))
            continue;
        blob stored = {NULL, 0, 0};
        blob content = {NULL, 0, 0};
        for (int i = 0; i < 5000; i++) {
            const char *text = i % 3 == 0 ? "" : "ab\n";
            blob_append(&content, text, strlen(text));
            blob_append_compressed(&stored, ctx, compressions[c], text, strlen(text));
        }
        for (size_t piece = 0; piece <= 1; piece++) {
            mimic_source *source = NULL;
            blob found = {NULL, 0, 0};
            ck_assert_int_eq(mimic_source_from_memory(ctx, stored.bytes, stored.size, endings[c],
                                                      NULL, &source, NULL),
                             MIMIC_OK);
            ck_assert_int_eq(drain(source, piece, 1, &found, NULL), MIMIC_END);
            check_same(&found, &content, endings[c], content.size);
            mimic_source_free(source);
        }
        blob_free(&stored);
        blob_free(&content);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__hash_of_nothing_is_the_published_one)
{
    mimic_context *ctx = plain_context();
    mimic_source *source = NULL;
    ck_assert_int_eq(mimic_source_from_memory(ctx, NULL, 0, "empty.csv", NULL, &source, NULL),
                     MIMIC_OK);
    char hash[33];
    mimic_source_hash(source, hash);
    ck_assert_str_eq(hash, "99aa06d3014798d86001c324468d497f"); /* xxhsum -H2 /dev/null */
    mimic_source_free(source);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__hash_equals_xxhsum)
{
    if (system("command -v xxhsum > /dev/null") != 0) {
        fprintf(stderr, "skipped: xxhsum is not installed\n");
        return;
    }
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    blob content = blob_table(1000003, 5);
    test_write_file(test_path(&folder, "t.csv"), content.bytes, content.size);
    char command[1200];
    snprintf(command, sizeof command, "xxhsum -H2 '%s'", folder.file);
    FILE *pipe = popen(command, "r");
    char expected[33] = "";
    ck_assert_uint_eq(fread(expected, 1, 32, pipe), 32);
    pclose(pipe);
    mimic_source *source = NULL;
    blob found = {NULL, 0, 0};
    ck_assert_int_eq(mimic_source_open(ctx, folder.file, NULL, &source, NULL), MIMIC_OK);
    ck_assert_int_eq(drain(source, 0, 0, &found, NULL), MIMIC_END);
    char hash[33];
    mimic_source_hash(source, hash);
    ck_assert_str_eq(hash, expected);
    mimic_source_free(source);
    blob_free(&found);
    blob_free(&content);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__limit_on_decompressed_bytes)
{
    mimic_context *ctx = plain_context();
    blob content = blob_table(300000, 9);
    for (size_t c = 0; c < 3; c++) {
        if (!codec_is_built_in(compressions[c]))
            continue;
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, compressions[c], content.bytes, content.size);
        for (int delta = -1; delta <= 1; delta++) {
            mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
            options.max_bytes = (uint64_t)((int64_t)content.size + delta);
            blob found = {NULL, 0, 0};
            mimic_error err = MIMIC_ERROR_INIT;
            const mimic_status status =
                drain_memory(ctx, stored.bytes, stored.size, endings[c], &options, &found, &err);
            ck_assert_int_eq(status, delta < 0 ? MIMIC_ERR_LIMIT : MIMIC_END);
            ck_assert_uint_eq(found.size, content.size - (delta < 0));
            ck_assert_mem_eq(found.bytes, content.bytes, found.size);
            if (delta < 0) {
                ck_assert_int_eq(err.code, MIMIC_ERR_LIMIT);
                ck_assert_int_eq(err.byte_offset, (int64_t)found.size);
            }
            blob_free(&found);
        }
        blob_free(&stored);
    }
    blob_free(&content);
    mimic_context_free(ctx);
}
END_TEST

static mimic_status status_of(const mimic_context *ctx, const void *bytes, size_t size,
                              const char *name, mimic_compression compression)
{
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    options.compression = compression;
    blob found = {NULL, 0, 0};
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status = drain_memory(ctx, bytes, size, name, &options, &found, &err);
    if (status < 0) {
        ck_assert_int_eq(err.code, status);
        ck_assert_str_eq(err.source, name);
        ck_assert_msg(err.message[0] != '\0', "no message");
    }
    blob_free(&found);
    return status;
}

START_TEST(source__name_and_content_must_agree)
{
    mimic_context *ctx = plain_context();
    const size_t gzip = sizeof golden_gzip;
    const size_t zstd = sizeof golden_zstd;
    const mimic_compression automatic = MIMIC_COMPRESSION_AUTO;
    ck_assert_int_eq(status_of(ctx, "a,b\n", 4, "x.gz", automatic), MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, "a,b\n", 4, "x.zst", automatic), MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, "", 0, "x.gz", automatic), MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, "", 0, "x.zst", automatic), MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, "", 0, "x.csv", automatic), MIMIC_END);
    ck_assert_int_eq(status_of(ctx, golden_gzip, gzip, "x.zst", automatic), MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, golden_zstd, zstd, "x.gz", automatic), MIMIC_ERR_CORRUPT);
    const mimic_status if_gzip = MIMIC_HAVE_ZLIB ? MIMIC_END : MIMIC_ERR_UNSUPPORTED;
    const mimic_status if_zstd = MIMIC_HAVE_ZSTD ? MIMIC_END : MIMIC_ERR_UNSUPPORTED;
    ck_assert_int_eq(status_of(ctx, golden_gzip, gzip, "x.csv", automatic), if_gzip);
    ck_assert_int_eq(status_of(ctx, golden_zstd, zstd, "x.csv", automatic), if_zstd);
    /* What the caller says goes before the name, and is checked against the content. */
    ck_assert_int_eq(status_of(ctx, golden_gzip, gzip, "x.zst", MIMIC_COMPRESSION_GZIP), if_gzip);
    ck_assert_int_eq(status_of(ctx, golden_gzip, gzip, "x.gz", MIMIC_COMPRESSION_ZSTD),
                     MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, "a,b\n", 4, "x.csv", MIMIC_COMPRESSION_GZIP),
                     MIMIC_ERR_CORRUPT);
    ck_assert_int_eq(status_of(ctx, "a,b\n", 4, "x.gz", MIMIC_COMPRESSION_NONE), MIMIC_END);
    ck_assert_int_eq(status_of(ctx, "a,b\n", 4, "x", 4), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(status_of(ctx, "a,b\n", 4, "x", -1), MIMIC_ERR_ARGUMENT);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__paths_that_cannot_be_read)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    mimic_source *source = (mimic_source *)&folder;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_source_open(ctx, folder.path, NULL, &source, &err), MIMIC_ERR_IO);
    ck_assert_ptr_null(source);
    ck_assert_ptr_nonnull(strstr(err.message, "is a folder"));
    ck_assert_str_eq(err.source, folder.path);
    ck_assert_int_eq(mimic_source_open(ctx, test_path(&folder, "none.csv"), NULL, &source, &err),
                     MIMIC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "none.csv"));
    ck_assert_int_eq(mimic_source_open(ctx, "", NULL, &source, &err), MIMIC_ERR_NOT_FOUND);
    const char *path = test_path(&folder, "secret.csv");
    test_write_file(path, "a\n", 2);
    ck_assert_int_eq(chmod(path, 0), 0);
    if (geteuid() != 0)
        ck_assert_int_eq(mimic_source_open(ctx, path, NULL, &source, &err), MIMIC_ERR_IO);
    else
        fprintf(stderr, "skipped: root may read everything\n");
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__arguments)
{
    mimic_context *ctx = plain_context();
    mimic_source *source = NULL;
    unsigned char byte;
    size_t size = 7;
    ck_assert_int_eq(mimic_source_open(NULL, "x", NULL, &source, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_open(ctx, NULL, NULL, &source, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_open(ctx, "x", NULL, NULL, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_from_memory(ctx, NULL, 1, "x", NULL, &source, NULL),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_from_callbacks(ctx, NULL, "x", NULL, &source, NULL),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_read(NULL, &byte, 1, &size, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_from_memory(ctx, "a", 1, "x", NULL, &source, NULL), MIMIC_OK);
    ck_assert_str_eq(mimic_source_name(source), "x");
    ck_assert_int_eq(mimic_source_read(source, &byte, 0, &size, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_read(source, NULL, 1, &size, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_source_read(source, &byte, 1, NULL, NULL), MIMIC_ERR_ARGUMENT);
    /* A wrong call is no failure of the source. */
    ck_assert_int_eq(mimic_source_read(source, &byte, 1, &size, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_source_read(source, &byte, 1, &size, NULL), MIMIC_END);
    mimic_source_free(source);
    mimic_source_free(NULL);
    mimic_source_progress(NULL, NULL, NULL);
    ck_assert_str_eq(mimic_source_name(NULL), "");
    mimic_context_free(ctx);
}
END_TEST

typedef struct callback_case {
    const char *what;
    mimic_status status;
    size_t claimed_size;
    bool has_message;
    mimic_status expected;
    const char *expected_message;
} callback_case;

START_TEST(source__callbacks_that_fail_or_break_their_word)
{
    static const callback_case cases[] = {
        {"fails", MIMIC_ERR_BACKEND, 0, false, MIMIC_ERR_BACKEND, "MIMIC_ERR_BACKEND"},
        {"fails and says why", MIMIC_ERR_IO, 0, true, MIMIC_ERR_IO, "the cable is loose"},
        {"own number", -12345, 0, false, -12345, "read callback of c.csv"},
        {"nothing, but OK", MIMIC_OK, 0, false, MIMIC_ERR_ARGUMENT, "filled 0 bytes"},
        {"too much", MIMIC_OK, SIZE_MAX, false, MIMIC_ERR_ARGUMENT, "expected 1 to"},
        {"the end with bytes", MIMIC_END, 3, false, MIMIC_ERR_ARGUMENT, "would be lost"},
        {"unknown positive", 7, 1, false, MIMIC_ERR_ARGUMENT, "returned 7"},
    };
    mimic_context *ctx = plain_context();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t bytes = 0; bytes <= 300000; bytes += 100000) {
            blob content = blob_table(400000, 2);
            chopper self = {.bytes = content.bytes,
                            .size = content.size,
                            .piece_max = 9000,
                            .fail_when_left = content.size - bytes,
                            .status = cases[i].status,
                            .claimed_size = cases[i].claimed_size,
                            .has_message = cases[i].has_message};
            const mimic_source_callbacks callbacks = callbacks_of(&self);
            mimic_source *source = NULL;
            mimic_error err = MIMIC_ERROR_INIT;
            blob found = {NULL, 0, 0};
            mimic_status status =
                mimic_source_from_callbacks(ctx, &callbacks, "c.csv", NULL, &source, &err);
            if (bytes == 0) {
                ck_assert_ptr_null(source);
            } else {
                ck_assert_int_eq(status, MIMIC_OK);
                status = drain(source, 4000, 4, &found, &err);
                ck_assert_uint_eq(found.size, bytes);
                ck_assert_int_eq(err.byte_offset, (int64_t)bytes);
                mimic_error again = MIMIC_ERROR_INIT;
                unsigned char byte;
                size_t size = 1;
                ck_assert_int_eq(mimic_source_read(source, &byte, 1, &size, &again), status);
                ck_assert_str_eq(again.message, err.message);
            }
            ck_assert_int_eq(status, cases[i].expected);
            ck_assert_int_eq(err.code, cases[i].expected);
            ck_assert_msg(strstr(err.message, cases[i].expected_message) != NULL, "%s: %s",
                          cases[i].what, err.message);
            mimic_source_free(source);
            ck_assert_int_eq(self.closes, bytes > 0); /* not when opening failed */
            blob_free(&found);
            blob_free(&content);
        }
    mimic_context_free(ctx);
}
END_TEST

static void do_nothing(int number)
{
    (void)number;
}

/* A child writes the bytes slowly into `file`, then leaves. */
static pid_t start_writer(int file, const char *path, const blob *stored)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    if (path != NULL)
        file = open(path, O_WRONLY);
    const struct timespec pause = {0, 2000000};
    for (size_t done = 0; done < stored->size;) {
        const size_t piece = stored->size - done < 20000 ? stored->size - done : 20000;
        const ssize_t written = write(file, stored->bytes + done, piece);
        if (written < 0)
            _exit(1);
        done += (size_t)written;
        nanosleep(&pause, NULL);
    }
    _exit(0);
}

static void check_slow_reading(const char *path, const blob *content)
{
    /* Timer signals without SA_RESTART: blocking reads end with EINTR. */
    struct sigaction action = {.sa_handler = do_nothing};
    struct sigaction before;
    ck_assert_int_eq(sigaction(SIGALRM, &action, &before), 0);
    const struct itimerval fast = {{0, 700}, {0, 700}};
    const struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &fast, NULL);
    mimic_context *ctx = plain_context();
    mimic_source *source = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    blob found = {NULL, 0, 0};
    const mimic_status opened = mimic_source_open(ctx, path, NULL, &source, &err);
    ck_assert_msg(opened == MIMIC_OK, "%s", err.message);
    int64_t total = 0;
    mimic_source_progress(source, NULL, &total);
    ck_assert_int_eq(total, -1);
    ck_assert_int_eq(drain(source, 0, 0, &found, &err), MIMIC_END);
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &before, NULL);
    check_same(&found, content, path, content->size);
    mimic_source_free(source);
    mimic_context_free(ctx);
}

START_TEST(source__fifo_with_interrupted_reads)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    blob content = blob_table(900000, 3);
    for (size_t c = 0; c < 3; c++) {
        if (!codec_is_built_in(compressions[c]))
            continue;
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, compressions[c], content.bytes, content.size);
        const char *path = test_path(&folder, endings[c]);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        const pid_t child = start_writer(-1, path, &stored);
        check_slow_reading(path, &content);
        int result = 1;
        waitpid(child, &result, 0);
        ck_assert_int_eq(result, 0);
        blob_free(&stored);
    }
    blob_free(&content);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

static int stop_at_third(void *ctx)
{
    int *const asked = ctx;
    return ++*asked == 3;
}

/* Nobody writes: first the opening of a FIFO waits, then the reading of a pipe. */
START_TEST(source__wait_is_cancelled_after_a_signal)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    const char *const fifo = test_path(&folder, "t.csv");
    int ends[2];
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(pipe(ends), 0);
    char pipe_path[40];
    (void)snprintf(pipe_path, sizeof pipe_path, "/dev/fd/%d", ends[0]);
    const char *const paths[] = {fifo, pipe_path};
    struct sigaction action = {.sa_handler = do_nothing};
    struct sigaction before;
    sigaction(SIGALRM, &action, &before);
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    const struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    for (size_t i = 0; i < 2; i++) {
        int asked = 0;
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_source *source = NULL;
        mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
        options.interrupted = stop_at_third;
        options.interrupted_ctx = &asked;
        ck_assert_int_eq(mimic_source_open(ctx, paths[i], &options, &source, &err),
                         MIMIC_ERR_CANCELLED);
        ck_assert_int_eq(asked, 3);
        ck_assert_str_eq(err.source, paths[i]);
        ck_assert_ptr_null(source);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &before, NULL);
    close(ends[0]);
    close(ends[1]);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__standard_input_even_when_non_blocking)
{
    mimic_context *ctx = plain_context();
    blob content = blob_table(500000, 4);
    const int kept = dup(STDIN_FILENO);
    for (size_t c = 0; c < 3; c++) {
        if (!codec_is_built_in(compressions[c]))
            continue;
        blob stored = {NULL, 0, 0};
        blob_append_compressed(&stored, ctx, compressions[c], content.bytes, content.size);
        int ends[2];
        ck_assert_int_eq(pipe(ends), 0);
        const pid_t child = start_writer(ends[1], NULL, &stored);
        close(ends[1]);
        ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
        close(ends[0]);
        check_slow_reading("-", &content);
        waitpid(child, NULL, 0);
        ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0); /* still open */
        blob_free(&stored);
    }
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
    blob_free(&content);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(source__standard_input_from_the_middle_of_a_file)
{
    mimic_context *ctx = plain_context();
    test_folder folder = test_folder_make();
    const char *path = test_path(&folder, "t.csv");
    test_write_file(path, "0123456789", 10);
    const int kept = dup(STDIN_FILENO);
    const int file = open(path, O_RDONLY);
    ck_assert_int_eq(lseek(file, 4, SEEK_SET), 4);
    dup2(file, STDIN_FILENO);
    close(file);
    mimic_source *source = NULL;
    ck_assert_int_eq(mimic_source_open(ctx, "-", NULL, &source, NULL), MIMIC_OK);
    blob found = {NULL, 0, 0};
    ck_assert_int_eq(drain(source, 0, 0, &found, NULL), MIMIC_END);
    ck_assert_uint_eq(found.size, 6);
    int64_t done;
    int64_t total;
    mimic_source_progress(source, &done, &total);
    ck_assert_int_eq(done, 6);
    ck_assert_int_eq(total, 6);
    ck_assert_str_eq(mimic_source_name(source), "<stdin>");
    mimic_source_free(source);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
    blob_free(&found);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(io_source, source__every_codec_kind_and_read_size_gives_the_same_bytes,
                source__gzip_members_of_other_makers, source__zstd_frames_of_other_makers,
                source__thousands_of_tiny_members, source__hash_of_nothing_is_the_published_one,
                source__hash_equals_xxhsum, source__limit_on_decompressed_bytes,
                source__name_and_content_must_agree, source__paths_that_cannot_be_read,
                source__arguments, source__callbacks_that_fail_or_break_their_word,
                source__fifo_with_interrupted_reads, source__wait_is_cancelled_after_a_signal,
                source__standard_input_even_when_non_blocking,
                source__standard_input_from_the_middle_of_a_file)
