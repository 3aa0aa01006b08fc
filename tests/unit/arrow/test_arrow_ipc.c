/*
 * The IPC writer read back by a small reader of its own that checks what the format demands
 * (framing, alignment, bounds, every offset in the FlatBuffers), and the writer's promise that
 * bytes depend on rows alone. What readers of other houses make of the files is in tests/interop.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow_fixture.h"
#include "arrow_messages.h"
#include "schema/schema_model.h"

#include "check_main.h"

static mimic_status append_rows(mimic_ipc_writer *writer, const mimic_context *ctx, int64_t rows,
                                int64_t step, bool keeps_dictionary)
{
    for (int64_t first = 0; first < rows; first += step) {
        const int64_t count = rows - first < step ? rows - first : step;
        fixture_batch fixture;
        fixture_batch_make(&fixture, ctx, keeps_dictionary ? 0 : first, first, count);
        const mimic_status status =
            mimic__ipc_writer_append(writer, &fixture.batch, 0, count, NULL);
        fixture_batch_free(&fixture);
        if (status != MIMIC_OK)
            return status;
    }
    return mimic__ipc_writer_finish(writer, NULL);
}

static void write_fixture(const mimic_context *ctx, const mimic_ipc_options *options, int64_t rows,
                          int64_t step, bool keeps_dictionary, memory_file *out)
{
    mimic_ipc_writer *writer = NULL;
    mimic__buffer_init(&out->bytes, ctx);
    out->writes_left = -1;
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, fixture_table(), options, write_memory, out, &writer, NULL),
        MIMIC_OK);
    ck_assert_int_eq(append_rows(writer, ctx, rows, step, keeps_dictionary), MIMIC_OK);
    mimic__ipc_writer_free(writer);
}

static void check_schema(const flat *fb, size_t schema)
{
    const size_t fields = child(fb, schema, 1);
    const bool is_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    ck_assert_uint_eq(number_field(fb, schema, 0, 2), is_big);
    ck_assert_uint_eq(get(fb, fields, 4), FIXTURE_COLUMNS);
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        const mimic_field *expected = &fixture_table()->fields[i];
        const size_t field = follow(fb, fields + 4 + 4 * i);
        ck_assert_str_eq(string_field(fb, field, 0), expected->name);
        ck_assert_uint_eq(number_field(fb, field, 1, 1), !expected->is_required);
        child(fb, field, 3);
        ck_assert_uint_eq(get(fb, child(fb, field, 5), 4), 0);
        ck_assert_int_eq(field_at(fb, field, 6) != 0, expected->description[0] != '\0');
        if (expected->type == MIMIC_TYPE_CATEGORICAL)
            ck_assert_uint_eq(number_field(fb, child(fb, field, 4), 0, 8), i);
        else
            ck_assert_uint_eq(field_at(fb, field, 4), 0);
    }
    const size_t pairs = child(fb, schema, 2);
    ck_assert_uint_eq(get(fb, pairs, 4), 4);
    ck_assert_str_eq(string_field(fb, follow(fb, pairs + 4), 0), "mimic:dataset");
    ck_assert_str_eq(string_field(fb, follow(fb, pairs + 4), 1), "test-data");
}

/* ---- reading the rows of a record batch ---- */

typedef struct reader {
    const memory_file *file;
    bool is_compressed;
    const mimic_context *ctx;
    mimic_buffer dictionary_offsets[FIXTURE_COLUMNS];
    mimic_buffer dictionary_bytes[FIXTURE_COLUMNS];
    int64_t dictionary_count[FIXTURE_COLUMNS];
    int64_t rows;
    size_t batches;
    size_t dictionaries;
} ipc_reader;

static void read_dictionary(ipc_reader *reader, const message *m)
{
    const size_t id = number_field(&m->fb, m->header, 0, 8);
    const size_t batch = child(&m->fb, m->header, 1);
    ck_assert_uint_lt(id, FIXTURE_COLUMNS);
    ck_assert_uint_eq(number_field(&m->fb, m->header, 2, 1), 0); /* isDelta */
    reader->dictionary_count[id] = (int64_t)number_field(&m->fb, batch, 0, 8);
    take_buffer(m, reader->is_compressed, batch, 1, &reader->dictionary_offsets[id]);
    take_buffer(m, reader->is_compressed, batch, 2, &reader->dictionary_bytes[id]);
    ck_assert_uint_eq(reader->dictionary_offsets[id].size,
                      4 * ((size_t)reader->dictionary_count[id] + 1));
    reader->dictionaries++;
}

static void check_text(const mimic_column *expected, size_t row, const mimic_buffer *offsets,
                       const mimic_buffer *values)
{
    const int32_t start = int_of(offsets, row);
    check_bytes((const char *)expected->values + expected->offsets[row],
                (size_t)(expected->offsets[row + 1] - expected->offsets[row]), values->data + start,
                (size_t)(int_of(offsets, row + 1) - start));
}

static void check_code(const ipc_reader *reader, size_t column, const mimic_column *expected,
                       size_t row, const mimic_buffer *values)
{
    const int32_t code = int_of(values, row);
    const int32_t expected_code = ((const int32_t *)expected->values)[row];
    const mimic_dictionary *texts = expected->dictionary;
    ck_assert_int_lt(code, (int)reader->dictionary_count[column]);
    const int32_t start = int_of(&reader->dictionary_offsets[column], (size_t)code);
    check_bytes(texts->bytes + texts->offsets[expected_code],
                (size_t)(texts->offsets[expected_code + 1] - texts->offsets[expected_code]),
                reader->dictionary_bytes[column].data + start,
                (size_t)(int_of(&reader->dictionary_offsets[column], (size_t)code + 1) - start));
}

static size_t width_of(const mimic_column *column)
{
    switch (column->type) {
    case MIMIC_TYPE_INT16:
        return 2;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_DATE:
        return 4;
    case MIMIC_TYPE_DECIMAL:
        return 16;
    default:
        return 8;
    }
}

static void check_column(const ipc_reader *reader, size_t index, const mimic_column *expected,
                         size_t rows, const mimic_buffer parts[3])
{
    for (size_t row = 0; row < rows; row++) {
        const bool is_valid = mimic_column_is_valid(expected, (int64_t)row) != 0;
        ck_assert_int_eq(bit_of(&parts[0], row), is_valid);
        if (!is_valid)
            continue;
        if (expected->type == MIMIC_TYPE_BOOLEAN) {
            ck_assert_int_eq(bit_of(&parts[1], row),
                             ((const uint8_t *)expected->values)[row / 8] >> (row % 8) & 1);
        } else if (expected->type == MIMIC_TYPE_CATEGORICAL) {
            check_code(reader, index, expected, row, &parts[1]);
        } else if (expected->offsets != NULL) {
            check_text(expected, row, &parts[1], &parts[2]);
        } else {
            const size_t width = width_of(expected);
            check_bytes((const char *)expected->values + row * width, width,
                        parts[1].data + row * width, width);
        }
    }
}

static void read_batch(ipc_reader *reader, const message *m)
{
    const size_t rows = number_field(&m->fb, m->header, 0, 8);
    const size_t nodes = child(&m->fb, m->header, 1);
    fixture_batch expected;
    fixture_batch_make(&expected, reader->ctx, reader->rows, reader->rows, (int64_t)rows);
    ck_assert_uint_eq(get(&m->fb, nodes, 4), FIXTURE_COLUMNS);
    ck_assert_int_eq(field_at(&m->fb, m->header, 3) != 0, reader->is_compressed);
    mimic_buffer parts[3];
    size_t next = 0;
    for (size_t i = 0; i < 3; i++)
        mimic__buffer_init(&parts[i], reader->ctx);
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        const mimic_column *column = &expected.columns[i];
        ck_assert_uint_eq(get(&m->fb, nodes + 4 + 16 * i, 8), rows);
        ck_assert_uint_eq(get(&m->fb, nodes + 4 + 16 * i + 8, 8), (uint64_t)column->null_count);
        for (size_t part = 0; part < (column->offsets != NULL ? 3u : 2u); part++)
            take_buffer(m, reader->is_compressed, m->header, next++, &parts[part]);
        ck_assert_int_eq(parts[0].size == 0, column->null_count == 0);
        check_column(reader, i, column, rows, parts);
    }
    ck_assert_uint_eq(get(&m->fb, child(&m->fb, m->header, 2), 4), next);
    for (size_t i = 0; i < 3; i++)
        mimic__buffer_free(&parts[i]);
    fixture_batch_free(&expected);
    reader->rows += (int64_t)rows;
    reader->batches++;
}

static void reader_init(ipc_reader *reader, const mimic_context *ctx, const memory_file *file,
                        bool is_compressed)
{
    memset(reader, 0, sizeof *reader);
    reader->ctx = ctx;
    reader->file = file;
    reader->is_compressed = is_compressed;
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        mimic__buffer_init(&reader->dictionary_offsets[i], ctx);
        mimic__buffer_init(&reader->dictionary_bytes[i], ctx);
    }
}

static void reader_free(ipc_reader *reader)
{
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        mimic__buffer_free(&reader->dictionary_offsets[i]);
        mimic__buffer_free(&reader->dictionary_bytes[i]);
    }
}

/* Reads messages in their order, as a stream is read. */
static void read_stream(ipc_reader *reader)
{
    size_t offset = 0;
    message m = read_message(reader->file, offset);
    ck_assert_int_eq(m.type, 1);
    check_schema(&m.fb, m.header);
    while (m.type != 0) {
        offset += m.metadata_length + m.body_length;
        m = read_message(reader->file, offset);
        if (m.type == 2)
            read_dictionary(reader, &m);
        else if (m.type == 3)
            read_batch(reader, &m);
    }
    ck_assert_uint_eq(offset + 8, reader->file->bytes.size);
}

static void read_block(ipc_reader *reader, const flat *footer, size_t blocks, size_t index,
                       int type)
{
    const size_t block = blocks + 4 + 24 * index;
    const message m = read_message(reader->file, get(footer, block, 8));
    ck_assert_int_eq(m.type, type);
    ck_assert_uint_eq(get(footer, block + 8, 4), m.metadata_length);
    ck_assert_uint_eq(get(footer, block + 16, 8), m.body_length);
    if (type == 2)
        read_dictionary(reader, &m);
    else
        read_batch(reader, &m);
}

/* Reads by the footer, as a file is read: dictionaries first. */
static void read_file(ipc_reader *reader)
{
    const flat all = {(const unsigned char *)reader->file->bytes.data, reader->file->bytes.size};
    ck_assert_mem_eq(all.bytes, "ARROW1\0\0", 8);
    ck_assert_mem_eq(all.bytes + all.size - 6, "ARROW1", 6);
    uint32_t footer_size = 0;
    for (size_t i = 4; i-- > 0;)
        footer_size = footer_size << 8 | all.bytes[all.size - 10 + i];
    ck_assert_uint_lt(footer_size, all.size - 18);
    const flat footer = {all.bytes + all.size - 10 - footer_size, footer_size};
    ck_assert_uint_eq((size_t)(footer.bytes - all.bytes) % 8, 0);
    const size_t root = follow(&footer, 0);
    ck_assert_uint_eq(number_field(&footer, root, 0, 2), 4);
    check_schema(&footer, child(&footer, root, 1));
    const size_t dictionaries = child(&footer, root, 2);
    const size_t batches = child(&footer, root, 3);
    for (size_t i = 0; i < get(&footer, dictionaries, 4); i++)
        read_block(reader, &footer, dictionaries, i, 2);
    for (size_t i = 0; i < get(&footer, batches, 4); i++)
        read_block(reader, &footer, batches, i, 3);
}

static void check_round_trip(const mimic_ipc_options *options, int64_t rows, int64_t step,
                             size_t batches, size_t dictionaries)
{
    if (options->is_compressed && !MIMIC_HAVE_ZSTD)
        return;
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    memory_file file;
    ipc_reader reader;
    write_fixture(ctx, options, rows, step, false, &file);
    reader_init(&reader, ctx, &file, options->is_compressed);
    if (options->is_stream)
        read_stream(&reader);
    else
        read_file(&reader);
    ck_assert_int_eq(reader.rows, rows);
    ck_assert_uint_eq(reader.batches, batches);
    ck_assert_uint_eq(reader.dictionaries, dictionaries);
    reader_free(&reader);
    mimic__buffer_free(&file.bytes);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}

START_TEST(arrow_ipc__file_read_back)
{
    const mimic_ipc_options plain = {0};
    const mimic_ipc_options packed = {.is_compressed = true};
    check_round_trip(&plain, 0, 1, 0, 2);
    check_round_trip(&plain, 1, 1, 1, 2);
    check_round_trip(&plain, 1000, 77, 1, 2);
    check_round_trip(&packed, 0, 1, 0, 2);
    check_round_trip(&packed, 1000, 1000, 1, 2);
    check_round_trip(&packed, MIMIC_IPC_BATCH_ROWS, 5000, 1, 2);
    check_round_trip(&packed, MIMIC_IPC_BATCH_ROWS + 1, 5000, 2, 2);
}
END_TEST

START_TEST(arrow_ipc__stream_read_back)
{
    const mimic_ipc_options plain = {.is_stream = true};
    const mimic_ipc_options packed = {.is_stream = true, .is_compressed = true};
    check_round_trip(&plain, 0, 1, 0, 2);
    check_round_trip(&plain, 1, 1, 1, 2);
    check_round_trip(&packed, 1000, 77, 1, 2);
    /* "kind" gets new texts in the second record batch, "other" does not. */
    check_round_trip(&packed, MIMIC_IPC_BATCH_ROWS + 1000, 5000, 2, 3);
}
END_TEST

START_TEST(arrow_ipc__bytes_depend_on_rows_alone)
{
    static const int64_t steps[] = {3001, 66000};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    for (int kind = 0; kind < 2; kind++) {
        const mimic_ipc_options options = {.is_stream = kind == 0,
                                           .is_compressed = kind == 1 && MIMIC_HAVE_ZSTD != 0};
        memory_file reference;
        write_fixture(ctx, &options, 66000, 977, true, &reference);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            memory_file other;
            write_fixture(ctx, &options, 66000, steps[i], i % 2 == 0, &other);
            ck_assert_uint_eq(other.bytes.size, reference.bytes.size);
            ck_assert(memcmp(other.bytes.data, reference.bytes.data, other.bytes.size) == 0);
            mimic__buffer_free(&other.bytes);
        }
        mimic__buffer_free(&reference.bytes);
    }
    mimic_context_free(ctx);
}
END_TEST

/* The same batch five times: enough record batches that some wait while others are gathered. */
static void write_repeated(const mimic_context *ctx, const mimic_ipc_options *options,
                           const fixture_batch *fixture, memory_file *out)
{
    mimic_ipc_writer *writer = NULL;
    mimic__buffer_init(&out->bytes, ctx);
    out->writes_left = -1;
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, fixture_table(), options, write_memory, out, &writer, NULL),
        MIMIC_OK);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(
            mimic__ipc_writer_append(writer, &fixture->batch, 0, fixture->batch.row_count, NULL),
            MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_finish(writer, NULL), MIMIC_OK);
    mimic__ipc_writer_free(writer);
}

START_TEST(arrow_ipc__bytes_do_not_depend_on_jobs)
{
    static const int jobs[] = {1, 2, 3, 8};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    fixture_batch fixture;
    fixture_batch_make(&fixture, ctx, 0, 0, 50000);
    for (int kind = 0; kind < 2; kind++) {
        mimic_ipc_options options = {.is_stream = kind == 1, .is_compressed = MIMIC_HAVE_ZSTD != 0};
        memory_file reference;
        write_repeated(ctx, &options, &fixture, &reference);
        for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
            memory_file other;
            ck_assert_int_eq(mimic__pool_new(ctx, jobs[i], &options.pool, NULL), MIMIC_OK);
            write_repeated(ctx, &options, &fixture, &other);
            mimic__pool_free(options.pool);
            ck_assert_uint_eq(other.bytes.size, reference.bytes.size);
            ck_assert(memcmp(other.bytes.data, reference.bytes.data, other.bytes.size) == 0);
            mimic__buffer_free(&other.bytes);
        }
        mimic__buffer_free(&reference.bytes);
    }
    fixture_batch_free(&fixture);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

/* ---- a table of one text column, to test the limit on bytes ---- */

static const mimic_field text_field = {
    .name = "text", .description = "", .type = MIMIC_TYPE_STRING};
static const mimic_table text_table = {
    .name = "texts", .dataset = "", .version = "", .fields = &text_field, .field_count = 1};

/* Writes rows of the given sizes in batches of `step` rows; returns the rows of each record batch.
 */
static size_t write_texts(const mimic_context *ctx, const int32_t *sizes, size_t count, size_t step,
                          memory_file *out, size_t *out_rows)
{
    const mimic_ipc_options options = {.is_stream = true};
    mimic_ipc_writer *writer = NULL;
    char *bytes = calloc(1, 40 << 20);
    int32_t *offsets = calloc(count + 1, sizeof *offsets);
    mimic__buffer_init(&out->bytes, ctx);
    out->writes_left = -1;
    for (size_t i = 0; i < count; i++)
        offsets[i + 1] = offsets[i] + sizes[i];
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, &text_table, &options, write_memory, out, &writer, NULL),
        MIMIC_OK);
    const mimic_column column = {.type = MIMIC_TYPE_STRING, .values = bytes, .offsets = offsets};
    const mimic_batch batch = {
        .row_count = (int64_t)count, .column_count = 1, .columns = &column, .table = &text_table};
    for (size_t first = 0; first < count; first += step)
        ck_assert_int_eq(
            mimic__ipc_writer_append(writer, &batch, (int64_t)first,
                                     (int64_t)(count - first < step ? count - first : step), NULL),
            MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_finish(writer, NULL), MIMIC_OK);
    mimic__ipc_writer_free(writer);
    free(bytes);
    free(offsets);

    size_t batches = 0;
    message m = read_message(out, 0);
    for (size_t offset = 0; m.type != 0; m = read_message(out, offset)) {
        if (m.type == 3)
            out_rows[batches++] = number_field(&m.fb, m.header, 0, 8);
        offset += m.metadata_length + m.body_length;
    }
    return batches;
}

START_TEST(arrow_ipc__record_batches_are_bounded_in_bytes)
{
    /* 4 MiB and its overhead twice do not fit 8 MiB; a row over the limit stands alone. */
    static const int32_t sizes[] = {4 << 20, 4 << 20, 1 << 20, 9 << 20, 0, 5, 8 << 20, 0};
    static const size_t expected[] = {1, 2, 1, 2, 1, 1};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    for (size_t step = 1; step <= 8; step++) {
        memory_file file;
        size_t rows[8];
        ck_assert_uint_eq(write_texts(ctx, sizes, 8, step, &file, rows), 6);
        ck_assert_mem_eq(rows, expected, sizeof expected);
        mimic__buffer_free(&file.bytes);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(arrow_ipc__table_without_columns)
{
    const mimic_table table = {.name = "none", .dataset = "", .version = ""};
    const mimic_batch batch = {.row_count = 70000, .table = &table};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    const mimic_ipc_options options = {.is_stream = true};
    memory_file file = {.writes_left = -1};
    mimic_ipc_writer *writer = NULL;
    mimic__buffer_init(&file.bytes, ctx);
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, &table, &options, write_memory, &file, &writer, NULL),
        MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_append(writer, &batch, 0, 70000, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_finish(writer, NULL), MIMIC_OK);
    mimic__ipc_writer_free(writer);
    message m = read_message(&file, 0);
    m = read_message(&file, m.metadata_length + m.body_length);
    ck_assert_int_eq(m.type, 3);
    ck_assert_uint_eq(number_field(&m.fb, m.header, 0, 8), MIMIC_IPC_BATCH_ROWS);
    mimic__buffer_free(&file.bytes);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(arrow_ipc__hostile_texts_in_the_schema)
{
    static char long_text[100000];
    memset(long_text, '%', sizeof long_text - 1);
    const mimic_field fields[] = {
        {.name = "", .description = long_text, .type = MIMIC_TYPE_INT32},
        {.name = "", .description = "\x01\xff\"", .type = MIMIC_TYPE_INT32},
        {.name = long_text, .description = "", .type = MIMIC_TYPE_CATEGORICAL}};
    const mimic_table table = {
        .name = long_text, .dataset = "\n", .version = "%n", .fields = fields, .field_count = 3};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    const mimic_ipc_options options = {0};
    memory_file file = {.writes_left = -1};
    mimic_ipc_writer *writer = NULL;
    mimic__buffer_init(&file.bytes, ctx);
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, &table, &options, write_memory, &file, &writer, NULL),
        MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_finish(writer, NULL), MIMIC_OK);
    mimic__ipc_writer_free(writer);
    const message m = read_message(&file, 8);
    const size_t list = child(&m.fb, m.header, 1);
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(string_field(&m.fb, follow(&m.fb, list + 4 + 4 * i), 0), fields[i].name);
    const size_t pair = follow(&m.fb, child(&m.fb, follow(&m.fb, list + 8), 6) + 4);
    ck_assert_str_eq(string_field(&m.fb, pair, 1), fields[1].description);
    mimic__buffer_free(&file.bytes);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(arrow_ipc__faulty_batches_are_refused)
{
    const int32_t codes[] = {0, 1};
    const int32_t offsets[] = {0, 1};
    const mimic_dictionary texts = {1, offsets, "a"};
    const mimic_field field = {.name = "c", .description = "", .type = MIMIC_TYPE_CATEGORICAL};
    const mimic_table table = {
        .name = "t", .dataset = "", .version = "", .fields = &field, .field_count = 1};
    const mimic_column column = {
        .type = MIMIC_TYPE_CATEGORICAL, .values = codes, .dictionary = &texts};
    const mimic_column other = {.type = MIMIC_TYPE_INT32, .values = codes};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    const mimic_ipc_options options = {0};
    memory_file file = {.writes_left = -1};
    mimic_ipc_writer *writer = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_batch batch = {.row_count = 2, .column_count = 1, .columns = &column, .table = &table};
    mimic__buffer_init(&file.bytes, ctx);
    ck_assert_int_eq(
        mimic__ipc_writer_open(ctx, &table, &options, write_memory, &file, &writer, NULL),
        MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_append(writer, &batch, 0, 1, &err), MIMIC_OK);
    ck_assert_int_eq(mimic__ipc_writer_append(writer, &batch, 0, 2, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "code 1 "));
    batch.columns = &other;
    ck_assert_int_eq(mimic__ipc_writer_append(writer, &batch, 0, 1, &err), MIMIC_ERR_ARGUMENT);
    batch.column_count = 2;
    ck_assert_int_eq(mimic__ipc_writer_append(writer, &batch, 0, 1, &err), MIMIC_ERR_ARGUMENT);
    mimic__ipc_writer_free(writer);
    mimic__buffer_free(&file.bytes);
    mimic_context_free(ctx);
}
END_TEST

/* Writes 300 rows; the same rows whether or not something fails on the way. */
static mimic_status write_all(const mimic_context *ctx, const mimic_context *plain_ctx,
                              const mimic_ipc_options *options, memory_file *file)
{
    mimic_ipc_writer *writer = NULL;
    mimic_status status =
        mimic__ipc_writer_open(ctx, fixture_table(), options, write_memory, file, &writer, NULL);
    if (status == MIMIC_OK)
        status = append_rows(writer, plain_ctx, 300, 100, false);
    mimic__ipc_writer_free(writer);
    return status;
}

START_TEST(arrow_ipc__every_allocation_may_fail)
{
    failing_heap plain = {0};
    mimic_context *plain_ctx = failing_context(&plain);
    for (int kind = 0; kind < (MIMIC_HAVE_ZSTD ? 4 : 2); kind++) {
        const mimic_ipc_options options = {.is_stream = kind & 1, .is_compressed = kind & 2};
        failing_heap heap = {.fails_for_good = kind == 3};
        mimic_context *ctx = failing_context(&heap);
        mimic_status status = MIMIC_ERR_MEMORY;
        int64_t fail_at = 0;
        while (status != MIMIC_OK) {
            memory_file file = {.writes_left = -1};
            mimic__buffer_init(&file.bytes, plain_ctx);
            heap.calls = 0;
            heap.fail_at = ++fail_at;
            status = write_all(ctx, plain_ctx, &options, &file);
            ck_assert(status == MIMIC_OK || status == MIMIC_ERR_MEMORY);
            ck_assert_int_eq(heap.live, 1);
            mimic__buffer_free(&file.bytes);
        }
        ck_assert_int_gt(fail_at, 50);
        mimic_context_free(ctx);
    }
    mimic_context_free(plain_ctx);
}
END_TEST

/* Rows over the limit make a record batch each: a failure comes while others are with the pool. */
static mimic_status write_large_texts(const mimic_context *ctx, const mimic_ipc_options *options,
                                      memory_file *file)
{
    static const char bytes[(4 << 20) + 1];
    static const int32_t offsets[] = {0, 4 << 20};
    const mimic_column column = {.type = MIMIC_TYPE_STRING, .values = bytes, .offsets = offsets};
    const mimic_batch batch = {
        .row_count = 1, .column_count = 1, .columns = &column, .table = &text_table};
    mimic_ipc_writer *writer = NULL;
    mimic_status status =
        mimic__ipc_writer_open(ctx, &text_table, options, write_memory, file, &writer, NULL);
    for (int i = 0; i < 8 && status == MIMIC_OK; i++)
        status = mimic__ipc_writer_append(writer, &batch, 0, 1, NULL);
    if (status == MIMIC_OK)
        status = mimic__ipc_writer_finish(writer, NULL);
    mimic__ipc_writer_free(writer);
    return status;
}

START_TEST(arrow_ipc__failures_while_batches_wait)
{
    failing_heap plain = {0};
    mimic_context *plain_ctx = failing_context(&plain);
    mimic_ipc_options options = {.is_compressed = MIMIC_HAVE_ZSTD != 0};
    ck_assert_int_eq(mimic__pool_new(plain_ctx, 3, &options.pool, NULL), MIMIC_OK);
    for (int kind = 0; kind < 2; kind++) {
        failing_heap heap = {0};
        mimic_context *ctx = failing_context(&heap);
        mimic_status status = MIMIC_ERR_MEMORY;
        int64_t round = 0;
        for (; status != MIMIC_OK; round++) {
            memory_file file = {.writes_left = kind == 0 ? -1 : round};
            mimic__buffer_init(&file.bytes, plain_ctx);
            heap.calls = 0;
            heap.fail_at = kind == 0 ? round + 1 : 0;
            status = write_large_texts(ctx, &options, &file);
            ck_assert(status == MIMIC_OK ||
                      status == (kind == 0 ? MIMIC_ERR_MEMORY : MIMIC_ERR_IO));
            ck_assert_int_eq(heap.live, 1);
            mimic__buffer_free(&file.bytes);
        }
        ck_assert_int_gt(round, 20);
        mimic_context_free(ctx);
    }
    mimic__pool_free(options.pool);
    mimic_context_free(plain_ctx);
}
END_TEST

START_TEST(arrow_ipc__every_write_may_fail)
{
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    for (int kind = 0; kind < 2; kind++) {
        const mimic_ipc_options options = {.is_stream = kind == 1};
        mimic_status status = MIMIC_ERR_IO;
        int64_t writes = 0;
        for (; status != MIMIC_OK; writes++) {
            memory_file file = {.writes_left = writes};
            mimic__buffer_init(&file.bytes, ctx);
            status = write_all(ctx, ctx, &options, &file);
            ck_assert(status == MIMIC_OK || status == MIMIC_ERR_IO);
            mimic__buffer_free(&file.bytes);
            ck_assert_int_eq(heap.live, 1);
        }
        ck_assert_int_gt(writes, 10);
    }
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(arrow_ipc, arrow_ipc__file_read_back, arrow_ipc__stream_read_back,
                arrow_ipc__bytes_depend_on_rows_alone, arrow_ipc__bytes_do_not_depend_on_jobs,
                arrow_ipc__record_batches_are_bounded_in_bytes, arrow_ipc__table_without_columns,
                arrow_ipc__hostile_texts_in_the_schema, arrow_ipc__faulty_batches_are_refused,
                arrow_ipc__every_allocation_may_fail, arrow_ipc__failures_while_batches_wait,
                arrow_ipc__every_write_may_fail)
