/*
 * The C Data Interface as a consumer of its own sees it: every rule on formats, buffers, offsets
 * and release is checked, children and dictionaries are moved out, every allocation is made to
 * fail.
 */
#include <string.h>

#include <mimic/arrow.h>

#include "arrow_fixture.h"
#include "schema/schema_model.h"
#include "check_main.h"

static const char *const expected_formats[FIXTURE_COLUMNS] = {
    "b",   "l",   "s",    "i",       "l", "f", "g", "d:20,4",
    "tdD", "ttu", "tsu:", "tsu:UTC", "u", "i", "z", "i"};

static int32_t take_int32(const char **p)
{
    int32_t value;
    memcpy(&value, *p, sizeof value);
    *p += sizeof value;
    return value;
}

/* Value of a key of an encoded metadata text, copied to out; false when it is not there. */
static bool find_metadata(const char *metadata, const char *key, char *out, size_t capacity)
{
    if (metadata == NULL)
        return false;
    const char *p = metadata;
    for (int32_t count = take_int32(&p); count > 0; count--) {
        const int32_t key_size = take_int32(&p);
        const char *found_key = p;
        p += key_size;
        const int32_t value_size = take_int32(&p);
        const bool is_it =
            (size_t)key_size == strlen(key) && memcmp(found_key, key, strlen(key)) == 0;
        if (is_it) {
            ck_assert_uint_lt((size_t)value_size, capacity);
            memcpy(out, p, (size_t)value_size);
            out[value_size] = '\0';
            return true;
        }
        p += value_size;
    }
    return false;
}

static void check_schema(const struct ArrowSchema *schema, const mimic_table *table)
{
    char text[64];
    ck_assert_ptr_nonnull(schema->release);
    ck_assert_str_eq(schema->format, "+s");
    ck_assert_str_eq(schema->name, "");
    ck_assert_ptr_null(schema->dictionary);
    ck_assert(find_metadata(schema->metadata, "mimic:dataset", text, sizeof text));
    ck_assert_str_eq(text, table->dataset);
    ck_assert(find_metadata(schema->metadata, "mimic:version", text, sizeof text));
    ck_assert_str_eq(text, table->version);
    ck_assert(find_metadata(schema->metadata, "mimic:table", text, sizeof text));
    ck_assert_str_eq(text, table->name);
    ck_assert_int_eq(schema->n_children, (int64_t)table->field_count);
    for (size_t i = 0; i < table->field_count; i++) {
        const struct ArrowSchema *child = schema->children[i];
        const mimic_field *field = &table->fields[i];
        ck_assert_ptr_nonnull(child->release);
        ck_assert_str_eq(child->name, field->name);
        ck_assert_int_eq(child->flags, field->is_required ? 0 : ARROW_FLAG_NULLABLE);
        ck_assert_int_eq(child->n_children, 0);
        ck_assert_int_eq(find_metadata(child->metadata, "mimic:description", text, sizeof text),
                         field->description[0] != '\0');
        if (field->description[0] != '\0')
            ck_assert_str_eq(text, field->description);
        ck_assert_int_eq(child->dictionary != NULL, field->type == MIMIC_TYPE_CATEGORICAL);
        if (child->dictionary != NULL)
            ck_assert_str_eq(child->dictionary->format, "u");
    }
}

static void check_offsets(const int32_t *offsets, int64_t length)
{
    ck_assert_ptr_nonnull(offsets);
    ck_assert_int_eq(offsets[0], 0);
    for (int64_t i = 0; i < length; i++)
        ck_assert_int_le(offsets[i], offsets[i + 1]);
}

static void check_buffers(const struct ArrowArray *array, const char *format)
{
    const bool has_offsets = strcmp(format, "u") == 0 || strcmp(format, "z") == 0;
    ck_assert_ptr_nonnull(array->release);
    ck_assert_int_eq(array->offset, 0);
    ck_assert_int_eq(array->n_buffers, has_offsets ? 3 : 2);
    ck_assert_int_eq(array->n_children, 0);
    for (int64_t i = 0; i < array->n_buffers; i++) {
        ck_assert_uint_eq((uintptr_t)array->buffers[i] % 64, 0);
        if (i > 0)
            ck_assert_ptr_nonnull(array->buffers[i]);
    }
    int64_t null_count = 0;
    const uint8_t *validity = array->buffers[0];
    for (int64_t i = 0; i < array->length && validity != NULL; i++)
        null_count += !((validity[i / 8] >> (i % 8)) & 1);
    ck_assert_int_eq(null_count, array->null_count);
    if (has_offsets)
        check_offsets(array->buffers[1], array->length);
    if (array->dictionary != NULL) {
        check_buffers(array->dictionary, "u");
        const int32_t *codes = array->buffers[1];
        for (int64_t i = 0; i < array->length; i++)
            ck_assert(codes[i] >= 0 &&
                      (codes[i] < array->dictionary->length || array->dictionary->length == 0));
    }
}

static mimic_column view_of(const struct ArrowArray *array, const mimic_column *like,
                            mimic_dictionary *dictionary)
{
    mimic_column view = *like;
    view.null_count = array->null_count;
    view.validity = array->buffers[0];
    view.values = array->buffers[like->offsets != NULL ? 2 : 1];
    view.offsets = like->offsets != NULL ? array->buffers[1] : NULL;
    if (like->dictionary != NULL) {
        *dictionary = (mimic_dictionary){array->dictionary->length, array->dictionary->buffers[1],
                                         array->dictionary->buffers[2]};
        view.dictionary = dictionary;
    }
    return view;
}

static void check_text_equal(const int32_t *a_offsets, const char *a, const int32_t *b_offsets,
                             const char *b, int64_t i)
{
    const size_t size = (size_t)(a_offsets[i + 1] - a_offsets[i]);
    ck_assert_uint_eq(size, (size_t)(b_offsets[i + 1] - b_offsets[i]));
    ck_assert(size == 0 || memcmp(a + a_offsets[i], b + b_offsets[i], size) == 0);
}

static size_t width_of(mimic_type type)
{
    switch (type) {
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

static void check_value_equal(const mimic_column *a, const mimic_column *b, int64_t row)
{
    ck_assert_int_eq(mimic_column_is_valid(a, row), mimic_column_is_valid(b, row));
    if (!mimic_column_is_valid(a, row))
        return;
    if (a->type == MIMIC_TYPE_BOOLEAN) {
        ck_assert_int_eq(((const uint8_t *)a->values)[row / 8] >> (row % 8) & 1,
                         ((const uint8_t *)b->values)[row / 8] >> (row % 8) & 1);
    } else if (a->type == MIMIC_TYPE_CATEGORICAL) {
        const int32_t code = ((const int32_t *)a->values)[row];
        ck_assert_int_eq(code, ((const int32_t *)b->values)[row]);
        check_text_equal(a->dictionary->offsets, a->dictionary->bytes, b->dictionary->offsets,
                         b->dictionary->bytes, code);
    } else if (a->offsets != NULL) {
        check_text_equal(a->offsets, a->values, b->offsets, b->values, row);
    } else {
        const size_t width = width_of(a->type);
        ck_assert_mem_eq((const char *)a->values + (size_t)row * width,
                         (const char *)b->values + (size_t)row * width, width);
    }
}

static void check_column(const struct ArrowArray *array, const mimic_column *column, size_t index)
{
    mimic_dictionary dictionary;
    check_buffers(array, expected_formats[index]);
    const mimic_column view = view_of(array, column, &dictionary);
    for (int64_t row = 0; row < array->length; row++)
        check_value_equal(column, &view, row);
}

static void check_array(const struct ArrowArray *array, const mimic_batch *batch)
{
    ck_assert_ptr_nonnull(array->release);
    ck_assert_int_eq(array->length, batch->row_count);
    ck_assert_int_eq(array->null_count, 0);
    ck_assert_int_eq(array->offset, 0);
    ck_assert_int_eq(array->n_buffers, 1);
    ck_assert_ptr_null(array->buffers[0]);
    ck_assert_ptr_null(array->dictionary);
    ck_assert_int_eq(array->n_children, (int64_t)batch->column_count);
    for (size_t i = 0; i < batch->column_count; i++)
        check_column(array->children[i], &batch->columns[i], i);
}

START_TEST(c_data__schema_of_every_type)
{
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowSchema schema;
    ck_assert_int_eq(mimic_table_export_schema(ctx, fixture_table(), &schema, NULL), MIMIC_OK);
    check_schema(&schema, fixture_table());
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++)
        ck_assert_str_eq(schema.children[i]->format, expected_formats[i]);
    schema.release(&schema);
    ck_assert_ptr_null(schema.release);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__schema_child_outlives_parent)
{
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowSchema schema;
    ck_assert_int_eq(mimic_table_export_schema(ctx, fixture_table(), &schema, NULL), MIMIC_OK);
    struct ArrowSchema moved = *schema.children[13];
    schema.children[13]->release = NULL;
    struct ArrowSchema texts = *moved.dictionary;
    moved.dictionary->release = NULL;
    schema.release(&schema);
    ck_assert_str_eq(moved.name, fixture_table()->fields[13].name);
    ck_assert_str_eq(moved.format, "i");
    moved.release(&moved);
    ck_assert_str_eq(texts.format, "u");
    texts.release(&texts);
    ck_assert_ptr_null(texts.release);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__schema_with_hostile_texts)
{
    static char long_text[70000];
    memset(long_text, 'x', sizeof long_text - 1);
    const mimic_field fields[] = {
        {.name = "", .description = "", .type = MIMIC_TYPE_INT32},
        {.name = long_text, .description = long_text, .type = MIMIC_TYPE_STRING},
        {.name = "a\nb\"c\x01",
         .description = "%s%n",
         .type = MIMIC_TYPE_DECIMAL,
         .precision = 38,
         .scale = -10}};
    const mimic_table table = {
        .name = "%n", .dataset = "", .version = "", .fields = fields, .field_count = 3};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowSchema schema;
    ck_assert_int_eq(mimic_table_export_schema(ctx, &table, &schema, NULL), MIMIC_OK);
    ck_assert_int_eq(schema.n_children, 3);
    ck_assert_str_eq(schema.children[0]->name, "");
    ck_assert_ptr_null(schema.children[0]->metadata);
    ck_assert_str_eq(schema.children[1]->name, long_text);
    const char *p = schema.children[1]->metadata;
    ck_assert_int_eq(take_int32(&p), 1);
    ck_assert_int_eq(take_int32(&p), 17);
    p += 17;
    ck_assert_int_eq(take_int32(&p), (int32_t)sizeof long_text - 1);
    ck_assert_str_eq(schema.children[2]->format, "d:38,-10");
    schema.release(&schema);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__no_columns)
{
    const mimic_table table = {.name = "t", .dataset = "", .version = ""};
    const mimic_batch batch = {.row_count = 3, .table = &table};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowSchema schema;
    struct ArrowArray array;
    ck_assert_int_eq(mimic_table_export_schema(ctx, &table, &schema, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_batch_export(ctx, &batch, &array, NULL), MIMIC_OK);
    check_schema(&schema, &table);
    check_array(&array, &batch);
    schema.release(&schema);
    array.release(&array);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__unknown_type_is_an_argument_error)
{
    const mimic_field field = {.name = "x", .description = "", .type = 99};
    const mimic_table table = {
        .name = "t", .dataset = "", .version = "", .fields = &field, .field_count = 1};
    const mimic_column column = {.type = 99};
    const mimic_batch batch = {.column_count = 1, .columns = &column, .table = &table};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowSchema schema;
    struct ArrowArray array;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_table_export_schema(ctx, &table, &schema, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "\"x\""));
    ck_assert_ptr_null(schema.release);
    ck_assert_int_eq(mimic_batch_export(ctx, &batch, &array, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(array.release);
    ck_assert_int_eq(mimic_batch_export(NULL, &batch, &array, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_table_export_schema(ctx, NULL, &schema, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__batches_of_any_size)
{
    static const int64_t sizes[] = {0, 1, 7, 8, 9, 64, 1000};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fixture_batch fixture;
        struct ArrowArray array;
        fixture_batch_make(&fixture, ctx, 0, 21, sizes[i]);
        ck_assert_int_eq(mimic_batch_export(ctx, &fixture.batch, &array, NULL), MIMIC_OK);
        check_array(&array, &fixture.batch);
        array.release(&array);
        ck_assert_ptr_null(array.release);
        fixture_batch_free(&fixture);
        ck_assert_int_eq(heap.live, 1);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__array_outlives_batch_and_children_outlive_parent)
{
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    fixture_batch fixture;
    fixture_batch again;
    struct ArrowArray array;
    fixture_batch_make(&fixture, ctx, 0, 0, 100);
    ck_assert_int_eq(mimic_batch_export(ctx, &fixture.batch, &array, NULL), MIMIC_OK);
    fixture_batch_free(&fixture);
    struct ArrowArray moved = *array.children[13];
    array.children[13]->release = NULL;
    struct ArrowArray text = *array.children[12];
    array.children[12]->release = NULL;
    array.release(&array);
    fixture_batch_make(&again, ctx, 0, 0, 100);
    check_column(&moved, &again.columns[13], 13);
    check_column(&text, &again.columns[12], 12);
    struct ArrowArray dictionary = *moved.dictionary;
    moved.dictionary->release = NULL;
    moved.release(&moved);
    check_buffers(&dictionary, "u");
    dictionary.release(&dictionary);
    text.release(&text);
    fixture_batch_free(&again);
    ck_assert_int_eq(heap.live, 1);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__offsets_that_start_late_are_shifted)
{
    const int32_t offsets[] = {5, 5, 7, 10};
    const mimic_column column = {
        .type = MIMIC_TYPE_STRING, .values = "?????abcde", .offsets = offsets};
    const mimic_batch batch = {.row_count = 3, .column_count = 1, .columns = &column};
    failing_heap heap = {0};
    mimic_context *ctx = failing_context(&heap);
    struct ArrowArray array;
    ck_assert_int_eq(mimic_batch_export(ctx, &batch, &array, NULL), MIMIC_OK);
    const int32_t expected[] = {0, 0, 2, 5};
    ck_assert_mem_eq(array.children[0]->buffers[1], expected, sizeof expected);
    ck_assert_mem_eq(array.children[0]->buffers[2], "abcde", 5);
    array.release(&array);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(c_data__every_allocation_may_fail)
{
    failing_heap plain = {0};
    failing_heap heap = {0};
    mimic_context *plain_ctx = failing_context(&plain);
    mimic_context *ctx = failing_context(&heap);
    fixture_batch fixture;
    fixture_batch_make(&fixture, plain_ctx, 0, 0, 50);
    int64_t failures = 0;
    for (int64_t fail_at = 1;; fail_at++) {
        struct ArrowSchema schema;
        struct ArrowArray array = {0};
        mimic_error err = MIMIC_ERROR_INIT;
        heap.calls = 0;
        heap.fail_at = fail_at;
        mimic_status status = mimic_table_export_schema(ctx, fixture_table(), &schema, &err);
        if (status == MIMIC_OK)
            status = mimic_batch_export(ctx, &fixture.batch, &array, &err);
        if (status != MIMIC_OK) {
            ck_assert_int_eq(status, MIMIC_ERR_MEMORY);
            ck_assert_int_eq(err.code, MIMIC_ERR_MEMORY);
            ck_assert_ptr_null(array.release);
            failures++;
        }
        if (schema.release != NULL)
            schema.release(&schema);
        if (array.release != NULL)
            array.release(&array);
        ck_assert_int_eq(heap.live, 1);
        if (status == MIMIC_OK)
            break;
    }
    ck_assert_int_ge(failures, 2 + 2 * FIXTURE_COLUMNS);
    heap.fail_at = 0;
    fixture_batch_free(&fixture);
    mimic_context_free(ctx);
    mimic_context_free(plain_ctx);
}
END_TEST

MIMIC_TEST_MAIN(arrow_c_data, c_data__schema_of_every_type, c_data__schema_child_outlives_parent,
                c_data__schema_with_hostile_texts, c_data__no_columns,
                c_data__unknown_type_is_an_argument_error, c_data__batches_of_any_size,
                c_data__array_outlives_batch_and_children_outlive_parent,
                c_data__offsets_that_start_late_are_shifted, c_data__every_allocation_may_fail)
