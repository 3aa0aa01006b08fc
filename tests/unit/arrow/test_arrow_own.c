/* Owners of Arrow structs: streams that keep objects, arrays with several owners, failing allocations. */
#include <string.h>

#include <mimic/arrow.h>

#include "base/error.h"
#include "check_main.h"
#include "failing_allocator.h"

#define SCHEMA                                                                                     \
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"          \
    "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}}]}"
#define CSV "id,kind\n1,a\n2,b\n3,a\n"

static char calls[8];
static size_t call_count;

static void note_call(void *object)
{
    calls[call_count++] = *(const char *)object;
}

static void free_source(void *source)
{
    mimic_source_free(source);
    calls[call_count++] = 's';
}

static void free_registry(void *registry)
{
    mimic_registry_free(registry);
    calls[call_count++] = 'r';
}

/* A registry takes thousands of allocations that others test: here none of them fails. */
static mimic_registry *new_registry(const mimic_dataset **out_dataset)
{
    static mimic_context *steady = NULL;
    mimic_registry *registry = NULL;
    if (steady == NULL)
        ck_assert_int_eq(mimic_context_new(NULL, &steady, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_new(steady, &registry, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_add_json(registry, SCHEMA, strlen(SCHEMA), "t", out_dataset, NULL),
                     MIMIC_OK);
    return registry;
}

/* A stream that owns everything below it, or nothing. */
static mimic_status open_stream(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                mimic_error *err)
{
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_dataset *dataset = NULL;
    mimic_registry *registry = new_registry(&dataset);
    mimic_status status =
        mimic_source_from_memory(ctx, CSV, strlen(CSV), "t.csv", NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, mimic_dataset_table(dataset, 0), NULL, &reader,
                                       err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_export(&reader, stream, err);
    if (status == MIMIC_OK && (status = mimic_stream_keep(ctx, stream, free_source, source, err)) ==
                                  MIMIC_OK)
        source = NULL;
    if (status == MIMIC_OK && (status = mimic_stream_keep(ctx, stream, free_registry, registry,
                                                          err)) == MIMIC_OK)
        registry = NULL;
    if (status != MIMIC_OK && stream->release != NULL)
        stream->release(stream);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    return status;
}

START_TEST(arrow_own__a_stream_frees_what_it_keeps_in_order)
{
    failing_allocator heap = {-1, 0, false};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowArrayStream stream = {0};
    struct ArrowArray array;
    mimic_error err = MIMIC_ERROR_INIT;
    char x[] = "x";
    call_count = 0;
    ck_assert_int_eq(open_stream(ctx, &stream, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_stream_keep(ctx, &stream, note_call, x, &err), MIMIC_OK);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert_int_eq(array.length, 3);
    ck_assert_ptr_null(stream.get_last_error(&stream));
    const struct ArrowArrayStream moved = stream;
    stream.release(&stream);
    ck_assert_ptr_null(stream.release);
    ck_assert_ptr_nonnull(moved.private_data);
    ck_assert_uint_eq(call_count, 3);
    ck_assert_mem_eq(calls, "srx", 3);
    ck_assert_int_eq(((const int32_t *)array.children[0]->buffers[1])[2], 3);
    array.release(&array);
    ck_assert_int_eq(mimic_stream_keep(ctx, &stream, note_call, x, &err), MIMIC_ERR_ARGUMENT);
    mimic_context_free(ctx);
    ck_assert_int_eq(heap.alive, 0);
}
END_TEST

static void check_values(const struct ArrowArray *array)
{
    ck_assert_int_eq(array->length, 3);
    ck_assert_int_eq(array->n_children, 2);
    ck_assert_int_eq(((const int32_t *)array->children[0]->buffers[1])[1], 2);
    const struct ArrowArray *texts = array->children[1]->dictionary;
    ck_assert_int_eq(texts->length, 2);
    ck_assert_mem_eq(texts->buffers[2], "ab", 2);
}

START_TEST(arrow_own__views_are_released_in_any_order)
{
    failing_allocator heap = {-1, 0, false};
    mimic_context *ctx = failing_context(&heap);
    for (int order = 0; order < 6; order++) {
        struct ArrowArrayStream stream = {0};
        struct ArrowArray views[3];
        ck_assert_int_eq(open_stream(ctx, &stream, NULL), MIMIC_OK);
        ck_assert_int_eq(stream.get_next(&stream, &views[0]), 0);
        stream.release(&stream);
        const void *const buffer = views[0].children[0]->buffers[1];
        ck_assert_int_eq(mimic_array_share(ctx, &views[0], &views[1], NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_array_share(ctx, &views[1], &views[2], NULL), MIMIC_OK);
        struct ArrowArray child = *views[2].children[1]; /* moved out */
        views[2].children[1]->release = NULL;
        const int first = order % 3;
        const int second = (first + 1 + order / 3) % 3;
        const int third = 3 - first - second;
        views[first].release(&views[first]);
        ck_assert_ptr_null(views[first].release);
        views[second].release(&views[second]);
        if (third != 2)
            check_values(&views[third]);
        ck_assert_ptr_eq(views[third].children[0]->buffers[1], buffer);
        views[third].release(&views[third]);
        ck_assert_mem_eq(child.dictionary->buffers[2], "ab", 2);
        child.release(&child);
    }
    mimic_context_free(ctx);
    ck_assert_int_eq(heap.alive, 0);
}
END_TEST

static mimic_status share_scenario(const mimic_context *ctx, mimic_error *err)
{
    struct ArrowArrayStream stream = {0};
    struct ArrowArray array = {0};
    struct ArrowArray view = {0};
    call_count = 0;
    mimic_status status = open_stream(ctx, &stream, err);
    if (status != MIMIC_OK)
        return status;
    if (stream.get_next(&stream, &array) != 0) {
        status = MIMIC_ERR_MEMORY;
        if (err != NULL)
            err->code = status;
    }
    stream.release(&stream);
    if (status == MIMIC_OK) {
        status = mimic_array_share(ctx, &array, &view, err);
        check_values(&array);
        array.release(&array);
    }
    if (view.release != NULL)
        view.release(&view);
    return status;
}

START_TEST(arrow_own__failing_allocations)
{
    replay_failing_allocations(share_scenario);
}
END_TEST

/* The arrays of a stream, in another stream, of which the first is taken. */
static mimic_status list_scenario(const mimic_context *ctx, mimic_error *err)
{
    const mimic_dataset *dataset = NULL;
    mimic_registry *registry = new_registry(&dataset);
    struct ArrowArrayStream stream = {0};
    struct ArrowArrayStream list = {0};
    struct ArrowArray arrays[2] = {{0}, {0}};
    struct ArrowSchema schema = {0};
    struct ArrowArray array = {0};
    call_count = 0;
    mimic_status status = open_stream(ctx, &stream, err);
    if (status != MIMIC_OK) {
        mimic_registry_free(registry);
        return status;
    }
    if (stream.get_next(&stream, &arrays[0]) != 0)
        status = mimic__fail(err, MIMIC_ERR_MEMORY, "no memory");
    if (status == MIMIC_OK)
        status = mimic_array_share(ctx, &arrays[0], &arrays[1], err);
    stream.release(&stream);
    if (status == MIMIC_OK)
        status = mimic_array_stream(ctx, mimic_dataset_table(dataset, 0), arrays, 2, &list, err);
    mimic_registry_free(registry); /* the schema was copied */
    for (size_t i = 0; i < 2; i++)
        if (arrays[i].release != NULL) {
            ck_assert_int_ne(status, MIMIC_OK);
            arrays[i].release(&arrays[i]);
        }
    if (status != MIMIC_OK)
        return status;
    if (list.get_schema(&list, &schema) != 0)
        status = mimic__fail(err, MIMIC_ERR_MEMORY, "%s", list.get_last_error(&list));
    if (status == MIMIC_OK) {
        ck_assert_int_eq(schema.n_children, 2);
        ck_assert_str_eq(schema.children[1]->name, "kind");
        schema.release(&schema);
    }
    ck_assert_int_eq(list.get_next(&list, &array), 0);
    check_values(&array);
    array.release(&array);
    list.release(&list); /* with the second array */
    ck_assert_ptr_null(list.release);
    return status;
}

START_TEST(arrow_own__arrays_that_are_there_are_a_stream)
{
    failing_allocator heap = {-1, 0, false};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowArrayStream stream = {0};
    struct ArrowArray array = {0};
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    replay_failing_allocations(list_scenario);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv@3.1/patients", &table, NULL), 0);
    ck_assert_int_eq(mimic_array_stream(ctx, table, &array, 1, &stream, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_array_stream(ctx, table, NULL, 0, &stream, NULL), MIMIC_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(stream.get_next(&stream, &array), 0);
        ck_assert_ptr_null(array.release);
    }
    stream.release(&stream);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    ck_assert_int_eq(heap.alive, 0);
}
END_TEST

MIMIC_TEST_MAIN(arrow_own, arrow_own__arrays_that_are_there_are_a_stream,
                arrow_own__a_stream_frees_what_it_keeps_in_order,
                arrow_own__views_are_released_in_any_order, arrow_own__failing_allocations)
