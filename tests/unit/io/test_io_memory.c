/* Every allocation of the io room may fail: MIMIC_ERR_MEMORY, no leak, no file left behind. */
#include "check_main.h"
#include "failing_allocator.h"
#include "io_support.h"

#include "base/arena.h"
#include "io/output.h"

static test_folder folder; /* of the running test */
static mimic_compression compression;
static blob stored;

static mimic_status read_all(mimic_source *source, mimic_error *err)
{
    char piece[4000];
    size_t size;
    mimic_status status;
    while ((status = mimic_source_read(source, piece, sizeof piece, &size, err)) == MIMIC_OK)
        continue;
    return status == MIMIC_END ? MIMIC_OK : status;
}

static mimic_status read_file(const mimic_context *ctx, mimic_error *err)
{
    mimic_source *source = NULL;
    mimic_status status = mimic_source_open(ctx, folder.file, NULL, &source, err);
    if (status == MIMIC_OK)
        status = read_all(source, err);
    mimic_source_free(source);
    return status;
}

static mimic_status read_memory(const mimic_context *ctx, mimic_error *err)
{
    mimic_source *source = NULL;
    mimic_status status =
        mimic_source_from_memory(ctx, stored.bytes, stored.size, "memory", NULL, &source, err);
    if (status == MIMIC_OK)
        status = read_all(source, err);
    mimic_source_free(source);
    return status;
}

/* Of damage that was found; finding out how much came before may take memory. */
static mimic_status read_damaged(const mimic_context *ctx, mimic_error *err)
{
    stored.bytes[stored.size / 2] ^= 0xff;
    const mimic_status status = read_memory(ctx, err);
    stored.bytes[stored.size / 2] ^= 0xff;
    return status == MIMIC_ERR_CORRUPT ? MIMIC_OK : status;
}

static mimic_status write_file(const mimic_context *ctx, mimic_error *err)
{
    const mimic_output_options options = {.compression = compression, .no_sync = true};
    mimic_output *output = NULL;
    mimic_status status = mimic__output_open(ctx, folder.file, &options, &output, err);
    for (int i = 0; i < 100 && status == MIMIC_OK; i++)
        status = mimic__output_write(output, stored.bytes, stored.size, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    return status;
}

static mimic_status write_and_sync(const mimic_context *ctx, mimic_error *err)
{
    mimic_output *output = NULL;
    mimic_status status = mimic__output_open(ctx, folder.file, NULL, &output, err);
    if (status == MIMIC_OK)
        status = mimic__output_publish(output, err);
    mimic__output_free(output);
    return status;
}

static mimic_status slurp(const mimic_context *ctx, mimic_error *err)
{
    char *text = NULL;
    size_t size = 0;
    const mimic_status status = mimic__read_file(ctx, folder.file, 10000000, &text, &size, err);
    ck_assert((text != NULL) == (status == MIMIC_OK));
    mimic_free((mimic_context *)ctx, text);
    return status;
}

static mimic_status list(const mimic_context *ctx, mimic_error *err)
{
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    mimic_file_entry *entries = NULL;
    size_t count = 0;
    const mimic_status status = mimic__list_files(&arena, folder.path, 4, false, &entries, &count, err);
    mimic__arena_free(&arena);
    return status;
}

static mimic_status compress_frames(const mimic_context *ctx, mimic_error *err)
{
    mimic_zstd_compressor *compressor = NULL;
    const mimic_status status = mimic__zstd_compressor_new(ctx, 1, &compressor, err);
    mimic__zstd_compressor_free(compressor);
    return status;
}

START_TEST(memory__every_allocation_may_fail)
{
    static const char *const names[] = {"", "t.csv", "t.csv.gz", "t.csv.zst"};
    mimic_context *ctx = plain_context();
    folder = test_folder_make();
    blob content = blob_table(200000, 1);
    for (compression = MIMIC_COMPRESSION_NONE; compression <= MIMIC_COMPRESSION_ZSTD;
         compression++) {
        if (!codec_is_built_in(compression))
            continue;
        blob_append_compressed(&stored, ctx, compression, content.bytes, content.size);
        test_write_file(test_path(&folder, names[compression]), stored.bytes, stored.size);
        ck_assert_int_ge(replay_failing_allocations(read_file), 4);
        ck_assert_int_ge(replay_failing_allocations(read_memory), 4);
        ck_assert_int_ge(replay_failing_allocations(read_damaged), 4);
        ck_assert_int_ge(replay_failing_allocations(slurp), 5);
        ck_assert_int_ge(replay_failing_allocations(list), 1);
        ck_assert_int_eq(remove(folder.file), 0);
        ck_assert_int_ge(replay_failing_allocations(write_file), 5);
        ck_assert_int_ge(replay_failing_allocations(write_and_sync), 5);
        ck_assert_int_eq(remove(folder.file), 0);
        ck_assert_int_eq(rmdir(folder.path), 0); /* nothing else was left */
        ck_assert_int_eq(mkdir(folder.path, 0700), 0);
        blob_free(&stored);
    }
    if (MIMIC_HAVE_ZSTD)
        ck_assert_int_ge(replay_failing_allocations(compress_frames), 1);
    blob_free(&content);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(io_memory, memory__every_allocation_may_fail)
