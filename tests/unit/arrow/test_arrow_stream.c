/* A CSV reader behind the C Stream Interface: rows, end, errors, ownership, failing allocations. */
#include <errno.h>
#include <string.h>

#include <mimic/arrow.h>

#include "arrow_fixture.h"
#include "check_main.h"

#define SCHEMA                                                                                     \
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"           \
    "\"constraints\":{\"required\":true}},{\"name\":\"kind\",\"type\":\"string\","                 \
    "\"mimic\":{\"type\":\"categorical\"}}]}"

#define ROWS 3000

typedef struct stream_case {
    failing_heap heap;
    mimic_context *ctx;
    mimic_registry *registry;
    const mimic_dataset *dataset;
    mimic_source *source;
    mimic_csv_reader *reader;
    struct ArrowArrayStream stream;
} stream_case;

/* Rows "0,kind 0" and so on; every hundredth is faulty. */
static char *make_csv(void)
{
    char *csv = malloc(ROWS * 32 + 32);
    size_t size = (size_t)sprintf(csv, "id,kind\n");
    for (int i = 0; i < ROWS; i++)
        size += (size_t)sprintf(csv + size, i % 100 == 99 ? "x%d,\n" : "%d,kind %d\n", i, i / 500);
    return csv;
}

static mimic_status open_case(stream_case *c, const char *csv, const mimic_csv_options *options,
                              mimic_error *err)
{
    mimic_status status = mimic_registry_new(c->ctx, &c->registry, err);
    if (status == MIMIC_OK)
        status =
            mimic_registry_add_json(c->registry, SCHEMA, strlen(SCHEMA), "t", &c->dataset, err);
    if (status == MIMIC_OK)
        status = mimic_source_from_memory(c->ctx, csv, strlen(csv), "t.csv", NULL, &c->source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(c->ctx, c->source, mimic_dataset_table(c->dataset, 0),
                                       options, &c->reader, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_export(&c->reader, &c->stream, err);
    return status;
}

static void close_case(stream_case *c)
{
    if (c->stream.release != NULL)
        c->stream.release(&c->stream);
    mimic_csv_reader_free(c->reader);
    mimic_source_free(c->source);
    mimic_registry_free(c->registry);
}

static void check_rows(const struct ArrowArray *array, int64_t *next)
{
    const int32_t *ids = array->children[0]->buffers[1];
    const int32_t *codes = array->children[1]->buffers[1];
    const struct ArrowArray *texts = array->children[1]->dictionary;
    const int32_t *offsets = texts->buffers[1];
    for (int64_t row = 0; row < array->length; row++, ++*next) {
        char expected[32];
        *next += *next % 100 == 99;
        const int size = sprintf(expected, "kind %d", (int)(*next / 500));
        ck_assert_int_eq(ids[row], (int)*next);
        ck_assert_int_eq(offsets[codes[row] + 1] - offsets[codes[row]], size);
        ck_assert_mem_eq((const char *)texts->buffers[2] + offsets[codes[row]], expected,
                         (size_t)size);
    }
}

START_TEST(arrow_stream__all_rows_then_the_end)
{
    stream_case c = {0};
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArray first = {0};
    char *csv = make_csv();
    const mimic_csv_options options = {.struct_size = sizeof options, .block_bytes = 4096};
    c.ctx = failing_context(&c.heap);
    ck_assert_int_eq(open_case(&c, csv, &options, NULL), MIMIC_OK);
    ck_assert_ptr_null(c.reader);
    ck_assert_int_eq(c.stream.get_schema(&c.stream, &schema), 0);
    ck_assert_int_eq(schema.n_children, 2);
    ck_assert_int_eq(schema.children[0]->flags, 0);
    ck_assert_str_eq(schema.children[1]->dictionary->format, "u");
    schema.release(&schema);

    int64_t next = 0;
    int batches = 0;
    for (;;) {
        ck_assert_int_eq(c.stream.get_next(&c.stream, &array), 0);
        if (array.release == NULL)
            break;
        check_rows(&array, &next);
        if (batches++ == 0)
            first = array; /* kept beyond the stream */
        else
            array.release(&array);
    }
    ck_assert_int_eq(next, ROWS - 1);
    ck_assert_int_gt(batches, 3);
    ck_assert_ptr_null(c.stream.get_last_error(&c.stream));
    ck_assert_int_eq(c.stream.get_next(&c.stream, &array), 0);
    ck_assert_ptr_null(array.release);
    close_case(&c);
    ck_assert_ptr_null(c.stream.release);
    next = 0;
    check_rows(&first, &next);
    first.release(&first);
    free(csv);
    ck_assert_int_eq(c.heap.live, 1);
    mimic_context_free(c.ctx);
}
END_TEST

START_TEST(arrow_stream__errors_have_a_message_and_stay)
{
    stream_case c = {0};
    struct ArrowArray array;
    const mimic_csv_options options = {.struct_size = sizeof options,
                                       .on_error = MIMIC_ON_ERROR_FAIL};
    c.ctx = failing_context(&c.heap);
    ck_assert_int_eq(open_case(&c, "id,kind\n1,a\nzwei,b\n", &options, NULL), MIMIC_OK);
    ck_assert_ptr_null(c.stream.get_last_error(&c.stream));
    for (int i = 0; i < 2; i++) {
        int code;
        do
            code = c.stream.get_next(&c.stream, &array);
        while (code == 0 && array.release != NULL && (array.release(&array), true));
        ck_assert_int_eq(code, EIO);
        ck_assert_ptr_null(array.release);
        ck_assert_ptr_nonnull(strstr(c.stream.get_last_error(&c.stream), "zwei"));
    }
    close_case(&c);
    ck_assert_int_eq(c.heap.live, 1);
    mimic_context_free(c.ctx);
}
END_TEST

START_TEST(arrow_stream__no_rows)
{
    stream_case c = {0};
    struct ArrowArray array;
    c.ctx = failing_context(&c.heap);
    ck_assert_int_eq(open_case(&c, "id,kind\nx,\ny,\n", NULL, NULL), MIMIC_OK);
    ck_assert_int_eq(c.stream.get_next(&c.stream, &array), 0);
    ck_assert_ptr_null(array.release);
    close_case(&c);
    mimic_context_free(c.ctx);
}
END_TEST

START_TEST(arrow_stream__bad_arguments)
{
    struct ArrowArrayStream stream;
    mimic_csv_reader *none = NULL;
    ck_assert_int_eq(mimic_csv_reader_export(NULL, &stream, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_csv_reader_export(&none, &stream, NULL), MIMIC_ERR_ARGUMENT);
}
END_TEST

/* Takes everything from a stream; MIMIC_ERR_MEMORY when something failed for lack of it. */
static mimic_status drain(stream_case *c)
{
    struct ArrowSchema schema = {0};
    int code = c->stream.get_schema(&c->stream, &schema);
    if (schema.release != NULL)
        schema.release(&schema);
    while (code == 0) {
        struct ArrowArray array;
        code = c->stream.get_next(&c->stream, &array);
        if (array.release == NULL)
            break;
        array.release(&array);
    }
    ck_assert(code == 0 || (code == ENOMEM && c->stream.get_last_error(&c->stream) != NULL));
    return code == 0 ? MIMIC_OK : MIMIC_ERR_MEMORY;
}

START_TEST(arrow_stream__every_allocation_may_fail)
{
    stream_case reference = {0};
    mimic_status status = MIMIC_ERR_MEMORY;
    int64_t from = 0;
    reference.ctx = failing_context(&reference.heap);
    /* Up to the registry is the schema's business. */
    ck_assert_int_eq(mimic_registry_new(reference.ctx, &reference.registry, NULL), MIMIC_OK);
    from = reference.heap.calls;
    close_case(&reference);
    mimic_context_free(reference.ctx);
    for (int64_t fail_at = from; status != MIMIC_OK; fail_at++) {
        stream_case c = {0};
        c.heap.fail_at = fail_at;
        c.ctx = failing_context(&c.heap);
        status = open_case(&c, "id,kind\n1,a\n2,b\n", NULL, NULL);
        if (status == MIMIC_OK)
            status = drain(&c);
        ck_assert(status == MIMIC_OK || status == MIMIC_ERR_MEMORY);
        close_case(&c);
        ck_assert_int_eq(c.heap.live, 1);
        mimic_context_free(c.ctx);
        ck_assert_int_lt(fail_at, from + 10000);
    }
}
END_TEST

/* A batch that could not be handed out comes with the next call. */
START_TEST(arrow_stream__no_row_is_lost_when_memory_runs_out_once)
{
    char *csv = make_csv();
    const mimic_csv_options options = {.struct_size = sizeof options, .block_bytes = 4096};
    int whole_after_failure = 0;
    for (int64_t fail_at = 1; fail_at < 60; fail_at++) {
        stream_case c = {0};
        struct ArrowArray array;
        int failures = 0;
        int64_t next = 0;
        c.ctx = failing_context(&c.heap);
        ck_assert_int_eq(open_case(&c, csv, &options, NULL), MIMIC_OK);
        c.heap.fail_at = c.heap.calls + fail_at;
        while (failures < 3) {
            if (c.stream.get_next(&c.stream, &array) != 0)
                failures++;
            else if (array.release == NULL)
                break;
            else {
                check_rows(&array, &next);
                array.release(&array);
            }
        }
        if (failures < 3) /* else the reader itself failed, which lasts */
            ck_assert_int_eq(next, ROWS - 1);
        whole_after_failure += failures == 1;
        close_case(&c);
        ck_assert_int_eq(c.heap.live, 1);
        mimic_context_free(c.ctx);
    }
    ck_assert_int_gt(whole_after_failure, 3);
    free(csv);
}
END_TEST

/* Arrays share a dictionary as long as it does not grow, and outlive the stream in any order. */
START_TEST(arrow_stream__dictionaries_are_shared)
{
    enum { MOST = 4096 };
    static struct ArrowArray arrays[MOST];
    stream_case c = {0};
    char *csv = make_csv();
    const mimic_csv_options options = {.struct_size = sizeof options, .block_bytes = 1024};
    c.ctx = failing_context(&c.heap);
    ck_assert_int_eq(open_case(&c, csv, &options, NULL), MIMIC_OK);
    int count = 0;
    for (;;) {
        ck_assert_int_lt(count, MOST);
        ck_assert_int_eq(c.stream.get_next(&c.stream, &arrays[count]), 0);
        if (arrays[count].release == NULL)
            break;
        count++;
    }
    close_case(&c);
    int shared = 0;
    for (int i = 1; i < count; i++) {
        const struct ArrowArray *before = arrays[i - 1].children[1]->dictionary;
        const struct ArrowArray *texts = arrays[i].children[1]->dictionary;
        ck_assert_int_eq(before->buffers == texts->buffers, before->length == texts->length);
        shared += before->buffers == texts->buffers;
    }
    ck_assert_int_gt(shared, 2);
    ck_assert_int_lt(shared, count - 1);
    int64_t next = 0;
    for (int i = 0; i < count; i++)
        check_rows(&arrays[i], &next);
    for (int i = 0; i < count; i += 2)
        arrays[i].release(&arrays[i]);
    for (int i = 1; i < count; i += 2)
        arrays[i].release(&arrays[i]);
    free(csv);
    ck_assert_int_eq(c.heap.live, 1);
    mimic_context_free(c.ctx);
}
END_TEST

MIMIC_TEST_MAIN(arrow_stream, arrow_stream__dictionaries_are_shared,
                arrow_stream__all_rows_then_the_end, arrow_stream__errors_have_a_message_and_stay,
                arrow_stream__no_rows, arrow_stream__bad_arguments,
                arrow_stream__every_allocation_may_fail,
                arrow_stream__no_row_is_lost_when_memory_runs_out_once)
