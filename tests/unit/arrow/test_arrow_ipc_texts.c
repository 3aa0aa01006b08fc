/*
 * String columns of Arrow files: coded where their texts repeat, and the file written anew when a
 * dictionary outgrows its limit.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow_fixture.h"
#include "arrow_messages.h"
#include "schema/schema_model.h"

#include "check_main.h"

static const mimic_field text_field = {
    .name = "text", .description = "", .type = MIMIC_TYPE_STRING};
static const mimic_table text_table = {
    .name = "texts", .dataset = "", .version = "", .fields = &text_field, .field_count = 1};

/* The text of a row; NULL for every fifth. `variety` of them differ. */
static const char *text_of(int64_t row, int64_t variety, char out[32])
{
    snprintf(out, 32, "text %lld", (long long)(row * 7 % variety));
    return row % 5 == 4 ? NULL : out;
}

static void append_some_texts(mimic_ipc_writer *writer, int64_t first, int64_t count,
                              int64_t variety)
{
    mimic_buffer bytes;
    mimic_context *ctx = failing_context(&(failing_heap){0});
    int32_t *offsets = calloc((size_t)count + 1, sizeof *offsets);
    uint8_t *validity = calloc((size_t)count / 8 + 1, 1);
    mimic__buffer_init(&bytes, ctx);
    for (int64_t i = 0; i < count; i++) {
        char text[32];
        if (text_of(first + i, variety, text) != NULL) {
            mimic__buffer_text(&bytes, text);
            validity[i / 8] = (uint8_t)(validity[i / 8] | 1u << i % 8);
        }
        offsets[i + 1] = (int32_t)bytes.size;
    }
    const mimic_column column = {.type = MIMIC_TYPE_STRING,
                                 .null_count = 1,
                                 .validity = validity,
                                 .values = bytes.data,
                                 .offsets = offsets};
    const mimic_batch batch = {
        .row_count = count, .column_count = 1, .columns = &column, .table = &text_table};
    ck_assert_int_eq(mimic__ipc_writer_append(writer, &batch, 0, count, NULL), MIMIC_OK);
    mimic__buffer_free(&bytes);
    free(offsets);
    free(validity);
    mimic_context_free(ctx);
}

/* Compares a record batch of text_table with what was written; `texts` is the dictionary or the
 * batch itself, `codes` the values of the batch or NULL. */
static int64_t check_texts(const mimic_context *ctx, bool is_compressed, const message *m,
                           const message *dictionary, int64_t first, int64_t variety)
{
    mimic_buffer parts[5];
    const int64_t rows = (int64_t)number_field(&m->fb, m->header, 0, 8);
    for (int i = 0; i < 5; i++)
        mimic__buffer_init(&parts[i], ctx);
    take_buffer(m, is_compressed, m->header, 0, &parts[0]);
    take_buffer(m, is_compressed, m->header, 1, &parts[1]);
    if (dictionary == NULL) {
        take_buffer(m, is_compressed, m->header, 2, &parts[2]);
    } else {
        take_buffer(dictionary, is_compressed, child(&dictionary->fb, dictionary->header, 1), 1,
                    &parts[3]);
        take_buffer(dictionary, is_compressed, child(&dictionary->fb, dictionary->header, 1), 2,
                    &parts[4]);
    }
    const mimic_buffer *offsets = &parts[dictionary == NULL ? 1 : 3];
    const mimic_buffer *bytes = &parts[dictionary == NULL ? 2 : 4];
    for (int64_t row = 0; row < rows; row++) {
        char text[32];
        const char *expected = text_of(first + row, variety, text);
        ck_assert_int_eq(bit_of(&parts[0], (size_t)row), expected != NULL);
        const size_t place =
            dictionary == NULL ? (size_t)row : (size_t)int_of(&parts[1], (size_t)row);
        const int32_t start = int_of(offsets, place);
        if (expected != NULL)
            check_bytes(expected, strlen(expected), bytes->data + start,
                        (size_t)(int_of(offsets, place + 1) - start));
    }
    for (int i = 0; i < 5; i++)
        mimic__buffer_free(&parts[i]);
    return rows;
}

/* Writes rows in two batches, the texts of each as different as is said; is the column coded? */
static bool write_and_check_texts(const mimic_ipc_options *options, const int64_t rows[2],
                                  const int64_t variety[2])
{
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    memory_file file = {.writes_left = -1};
    mimic_ipc_writer *writer = NULL;
    mimic__buffer_init(&file.bytes, ctx);
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, &text_table, options, write_memory, &file, &writer, NULL),
        MIMIC_OK);
    append_some_texts(writer, 0, rows[0], variety[0]);
    append_some_texts(writer, rows[0], rows[1], variety[1]);
    ck_assert_int_eq(mimic__ipc_writer_finish(writer, NULL), MIMIC_OK);
    mimic__ipc_writer_free(writer);

    message messages[8];
    size_t count = 0;
    const message *dictionary = NULL;
    size_t offset = options->is_stream ? 0 : 8;
    for (message m = read_message(&file, offset); m.type != 0; m = read_message(&file, offset)) {
        ck_assert_uint_lt(count, 8);
        messages[count] = m;
        if (m.type == 2)
            dictionary = &messages[count];
        offset += m.metadata_length + m.body_length;
        count++;
    }
    const size_t field = follow(&messages[0].fb, child(&messages[0].fb, messages[0].header, 1) + 4);
    ck_assert_int_eq(field_at(&messages[0].fb, field, 4) != 0, dictionary != NULL);
    int64_t row = 0;
    for (size_t i = 0; i < count; i++)
        if (messages[i].type == 3)
            row += check_texts(ctx, options->is_compressed, &messages[i], dictionary, row,
                               variety[row < MIMIC_IPC_BATCH_ROWS ? 0 : 1]);
    ck_assert_int_eq(row, rows[0] + rows[1]);
    mimic__buffer_free(&file.bytes);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
    return dictionary != NULL;
}

START_TEST(arrow_ipc_texts__repeated_texts_are_coded)
{
    const int64_t rows[] = {MIMIC_IPC_BATCH_ROWS, 3000};
    const int64_t few_rows[] = {10, 0};
    const int64_t few[] = {100, 100};
    const int64_t more_later[] = {100, 2000};
    const int64_t fewer_later[] = {50000, 100};
    const mimic_ipc_options file = {.is_compressed = MIMIC_HAVE_ZSTD != 0,
                                    .rewrite = &memory_rewriting};
    const mimic_ipc_options plain = {.rewrite = &memory_rewriting};
    const mimic_ipc_options stream = {.is_stream = true, .rewrite = &memory_rewriting};
    const mimic_ipc_options off = {0};
    ck_assert(write_and_check_texts(&file, rows, few));
    ck_assert(write_and_check_texts(&plain, rows, more_later));
    ck_assert(!write_and_check_texts(&file, rows, fewer_later));
    ck_assert(!write_and_check_texts(&plain, few_rows, few));
    ck_assert(!write_and_check_texts(&stream, rows, few));
    ck_assert(!write_and_check_texts(&off, rows, few));
}
END_TEST

static const mimic_field wide_fields[] = {
    {.name = "text", .description = "", .type = MIMIC_TYPE_STRING},
    {.name = "number", .description = "", .type = MIMIC_TYPE_INT32},
    {.name = "kind", .description = "", .type = MIMIC_TYPE_CATEGORICAL},
    {.name = "other", .description = "", .type = MIMIC_TYPE_STRING}};
static const mimic_table wide_table = {
    .name = "wide", .dataset = "", .version = "", .fields = wide_fields, .field_count = 4};

/* One batch of 1,000 rows: texts of the first column that repeat among the first 70,000 rows and
 * are never seen again behind them, of the last one that repeat until row 140,000. */
static mimic_status append_wide(mimic_ipc_writer *writer, int64_t first)
{
    enum { ROWS = 1000, SIZE = 100 };
    static char bytes[2][ROWS * SIZE];
    static int32_t offsets[2][ROWS + 1];
    static int32_t numbers[ROWS];
    static uint8_t validity[ROWS / 8];
    static const int32_t kind_offsets[] = {0, 1, 3};
    static const mimic_dictionary kinds = {2, kind_offsets, "abc"};
    static int32_t codes[ROWS];
    const int64_t repeats[] = {70000, 140000};
    for (int i = 0; i < ROWS; i++) {
        const int64_t row = first + i;
        numbers[i] = (int32_t)(row * row % 10007);
        codes[i] = row % 3 == 0;
        validity[i / 8] =
            (uint8_t)((validity[i / 8] & ~(1u << i % 8)) | (row % 7 != 0 ? 1u << i % 8 : 0u));
        for (int k = 0; k < 2; k++) {
            char text[SIZE + 1];
            snprintf(text, sizeof text, "%0*lld", SIZE,
                     (long long)(row < repeats[k] ? row % 50 : row));
            const int32_t size = row % 7 != 0 ? SIZE : 0;
            memcpy(bytes[k] + offsets[k][i], text, (size_t)size);
            offsets[k][i + 1] = offsets[k][i] + size;
        }
    }
    const mimic_column columns[] = {
        {.type = MIMIC_TYPE_STRING,
         .validity = validity,
         .values = bytes[0],
         .offsets = offsets[0]},
        {.type = MIMIC_TYPE_INT32, .validity = validity, .values = numbers},
        {.type = MIMIC_TYPE_CATEGORICAL, .values = codes, .dictionary = &kinds},
        {.type = MIMIC_TYPE_STRING,
         .validity = validity,
         .values = bytes[1],
         .offsets = offsets[1]}};
    const mimic_batch batch = {
        .row_count = ROWS, .column_count = 4, .columns = columns, .table = &wide_table};
    return mimic__ipc_writer_append(writer, &batch, 0, ROWS, NULL);
}

static mimic_status write_wide(const mimic_context *ctx, const mimic_ipc_options *options,
                               int64_t rows, memory_file *file)
{
    mimic_ipc_writer *writer = NULL;
    mimic_status status =
        mimic__ipc_writer_open(ctx, &wide_table, options, write_memory, file, &writer, NULL);
    for (int64_t first = 0; first < rows && status == MIMIC_OK; first += 1000)
        status = append_wide(writer, first);
    if (status == MIMIC_OK)
        status = mimic__ipc_writer_finish(writer, NULL);
    mimic__ipc_writer_free(writer);
    mimic__buffer_free(&file->former);
    return status;
}

/* The file is then what it would be without dictionaries. */
START_TEST(arrow_ipc_texts__dictionaries_that_grow_too_large)
{
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic__pool_new(ctx, 3, &pool, NULL), MIMIC_OK);
    for (int kind = 0; kind < 3; kind++) {
        mimic_ipc_options options = {.is_compressed = kind > 0 && MIMIC_HAVE_ZSTD != 0};
        memory_file plain = {.bytes.ctx = ctx, .former.ctx = ctx, .writes_left = -1};
        memory_file coded = {.bytes.ctx = ctx, .former.ctx = ctx, .writes_left = -1};
        ck_assert_int_eq(write_wide(ctx, &options, 300000, &plain), MIMIC_OK);
        options.rewrite = &memory_rewriting;
        options.pool = kind == 2 ? pool : NULL;
        ck_assert_int_eq(write_wide(ctx, &options, 300000, &coded), MIMIC_OK);
        ck_assert_int_eq(plain.rewrites, 0);
        ck_assert_int_eq(coded.rewrites, 2);
        ck_assert_uint_eq(coded.bytes.size, plain.bytes.size);
        ck_assert(memcmp(coded.bytes.data, plain.bytes.data, plain.bytes.size) == 0);
        mimic__buffer_free(&plain.bytes);
        mimic__buffer_free(&coded.bytes);
    }
    mimic__pool_free(pool);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

/* While a file is written anew: every allocation, every write and every read may fail. */
START_TEST(arrow_ipc_texts__rewriting_may_fail)
{
    failing_heap plain = {0};
    mimic_context *plain_ctx = failing_context(&plain);
    for (int kind = 0; kind < 2; kind++) {
        const mimic_ipc_options options = {.is_compressed = MIMIC_HAVE_ZSTD != 0,
                                           .rewrite = &memory_rewriting};
        failing_heap heap = {0};
        mimic_context *ctx = failing_context(&heap);
        mimic_status status = MIMIC_ERR_MEMORY;
        for (int64_t round = 0; status != MIMIC_OK; round += kind == 0 ? 7 : 1) {
            memory_file file = {.bytes.ctx = plain_ctx,
                                .former.ctx = plain_ctx,
                                .writes_left = kind == 0 ? -1 : round};
            heap.calls = 0;
            heap.fail_at = kind == 0 ? round + 1 : 0;
            status = write_wide(ctx, &options, 160000, &file);
            ck_assert(status == MIMIC_OK ||
                      status == (kind == 0 ? MIMIC_ERR_MEMORY : MIMIC_ERR_IO));
            if (status == MIMIC_OK)
                ck_assert_int_eq(file.rewrites, 1);
            ck_assert_int_eq(heap.live, 1);
            mimic__buffer_free(&file.bytes);
        }
        mimic_context_free(ctx);
    }
    mimic_context_free(plain_ctx);
}
END_TEST

MIMIC_TEST_MAIN(arrow_ipc_texts, arrow_ipc_texts__repeated_texts_are_coded,
                arrow_ipc_texts__dictionaries_that_grow_too_large,
                arrow_ipc_texts__rewriting_may_fail)
