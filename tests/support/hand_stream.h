/*
 * Arrow streams made by hand, for tests of what reads them. Every buffer is a block of its own of just
 * the size it needs, so that a sanitizer sees who reads beyond; `hand_live` counts what was not
 * released yet: streams, schemas and arrays.
 *
 *     hand_stream h = {0};
 *     hand_column(&h, "id", "i", HAND_NULLABLE);
 *     struct ArrowArray *rows = hand_rows(&h, 3);
 *     hand_fixed(rows, 0, (int32_t[]){1, 2, 3}, 4, "vv.");      // the third is NULL
 *     struct ArrowArrayStream stream = hand_open(&h);
 *     ...
 *     stream.release(&stream);                                  // by whoever took it
 *
 * `hand_pad` rows of rubbish stand before the first row of every array made meanwhile.
 */
#ifndef MIMIC_TEST_HAND_STREAM_H
#define MIMIC_TEST_HAND_STREAM_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/arrow.h>

#define HAND_COLUMNS 32
#define HAND_ARRAYS 16
#define HAND_NULLABLE ARROW_FLAG_NULLABLE

static long hand_live = 0;
static int64_t hand_pad = 0;

typedef struct hand_stream {
    const char *names[HAND_COLUMNS];
    const char *formats[HAND_COLUMNS];
    const char *values[HAND_COLUMNS]; /* format of the dictionary; NULL = none */
    int64_t flags[HAND_COLUMNS];
    int64_t column_count;
    struct ArrowArray arrays[HAND_ARRAYS];
    size_t array_count;
    size_t next;
    int fail_code;         /* of get_next behind the last array; 0 = the end */
    int fail_schema;       /* of get_schema */
    const char *fail_text; /* of get_last_error */
    long calls;
} hand_stream;

/* ---- schemas ---- */

static inline void hand_release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    if (schema->dictionary != NULL)
        schema->dictionary->release(schema->dictionary);
    free(schema->dictionary);
    schema->release = NULL;
    hand_live--;
}

static inline void hand_schema(struct ArrowSchema *out, const char *name, const char *format,
                               int64_t flags)
{
    *out = (struct ArrowSchema){
        .name = name, .format = format, .flags = flags, .release = hand_release_schema};
    hand_live++;
}

static inline int hand_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    const hand_stream *h = stream->private_data;
    if (h->fail_schema != 0)
        return h->fail_schema;
    hand_schema(out, "", "+s", 0);
    out->n_children = h->column_count;
    out->children = calloc((size_t)h->column_count + 1, sizeof *out->children);
    for (int64_t i = 0; i < h->column_count; i++) {
        out->children[i] = calloc(1, sizeof *out->children[i]);
        hand_schema(out->children[i], h->names[i], h->formats[i], h->flags[i]);
        if (h->values[i] == NULL)
            continue;
        out->children[i]->dictionary = calloc(1, sizeof *out);
        hand_schema(out->children[i]->dictionary, NULL, h->values[i], HAND_NULLABLE);
    }
    return 0;
}

static inline size_t hand_column(hand_stream *h, const char *name, const char *format,
                                 int64_t flags)
{
    h->names[h->column_count] = name;
    h->formats[h->column_count] = format;
    h->flags[h->column_count] = flags;
    return (size_t)h->column_count++;
}

/* ---- arrays ---- */

static inline void hand_release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    free(array->children);
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
    free(array->dictionary);
    for (int64_t i = 0; i < array->n_buffers; i++)
        free((void *)(uintptr_t)array->buffers[i]);
    free(array->buffers);
    array->release = NULL;
    hand_live--;
}

static inline void hand_array(struct ArrowArray *out, int64_t length, int64_t buffers)
{
    *out = (struct ArrowArray){.length = length,
                               .null_count = -1,
                               .n_buffers = buffers,
                               .release = hand_release_array};
    out->buffers = calloc((size_t)buffers + 1, sizeof *out->buffers);
    hand_live++;
}

/* A copy; size 0 makes a block that nobody may look into. */
static inline void hand_buffer(struct ArrowArray *array, int64_t index, const void *bytes,
                               size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    if (size > 0)
        memcpy(copy, bytes, size);
    array->buffers[index] = copy;
}

/* Bits of "vv.v", '.' being NULL, behind the padding; NULL = none. */
static inline void hand_validity(struct ArrowArray *array, const char *valid)
{
    if (valid == NULL) {
        array->null_count = 0;
        return;
    }
    const size_t pad = (size_t)array->offset;
    uint8_t *bits = calloc((pad + strlen(valid) + 7) / 8 + 1, 1);
    for (size_t i = 0; valid[i] != '\0'; i++)
        if (valid[i] != '.')
            bits[(pad + i) / 8] |= (uint8_t)(1u << (pad + i) % 8);
    hand_buffer(array, 0, bits, (pad + strlen(valid) + 7) / 8);
    free(bits);
}

/* The next array of rows; its columns are to be filled. */
static inline struct ArrowArray *hand_rows(hand_stream *h, int64_t length)
{
    ck_assert_uint_lt(h->array_count, HAND_ARRAYS);
    struct ArrowArray *rows = &h->arrays[h->array_count++];
    hand_array(rows, length, 1);
    rows->null_count = 0;
    rows->n_children = h->column_count;
    rows->children = calloc((size_t)h->column_count + 1, sizeof *rows->children);
    for (int64_t i = 0; i < h->column_count; i++)
        rows->children[i] = calloc(1, sizeof *rows->children[i]);
    return rows;
}

static inline void hand_fill_fixed(struct ArrowArray *array, int64_t length, const void *values,
                                   size_t width, const char *valid)
{
    const size_t pad = (size_t)hand_pad * width;
    char *padded = malloc(pad + (size_t)length * width + 1);
    memset(padded, 0x5a, pad);
    memcpy(padded + pad, values, (size_t)length * width);
    hand_array(array, length, 2);
    array->offset = hand_pad;
    hand_validity(array, valid);
    hand_buffer(array, 1, padded, pad + (size_t)length * width);
    free(padded);
}

static inline void hand_fixed(struct ArrowArray *rows, size_t column, const void *values,
                              size_t width, const char *valid)
{
    hand_fill_fixed(rows->children[column], rows->length, values, width, valid);
}

/* Booleans as "10.1". */
static inline void hand_bits(struct ArrowArray *rows, size_t column, const char *values)
{
    struct ArrowArray *array = rows->children[column];
    hand_array(array, rows->length, 2);
    array->offset = hand_pad;
    hand_validity(array, values);
    const size_t size = (size_t)(hand_pad + rows->length + 7) / 8;
    uint8_t *bits = malloc(size + 1);
    memset(bits, 0x5a, size);
    for (int64_t i = 0; i < rows->length; i++) {
        const int64_t at = hand_pad + i;
        bits[at / 8] &= (uint8_t)~(1u << at % 8);
        bits[at / 8] |= (uint8_t)((values[i] == '1') << at % 8);
    }
    hand_buffer(array, 1, bits, size);
    free(bits);
}

/* Texts or bytes with offsets of `width` bytes; NULL = no value. sizes NULL = strlen. */
static inline void hand_fill_texts(struct ArrowArray *array, int64_t length,
                                   const char *const *texts, const size_t *sizes, size_t width)
{
    const size_t count = (size_t)(hand_pad + length);
    char *valid = calloc((size_t)length + 1, 1);
    char *offsets = calloc(count + 1, width);
    char *bytes = calloc(1, 1);
    int64_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const char *rubbish = "rubbish";
        const size_t row = i - (size_t)hand_pad;
        const char *text = i < (size_t)hand_pad ? rubbish : texts[row];
        const size_t size = text == NULL ? 0
                            : text != rubbish && sizes != NULL ? sizes[row]
                                                               : strlen(text);
        bytes = realloc(bytes, (size_t)used + size + 1);
        if (size > 0)
            memcpy(bytes + used, text, size);
        used += (int64_t)size;
        const int32_t narrow = (int32_t)used;
        memcpy(offsets + (i + 1) * width, width == 4 ? (const void *)&narrow : &used, width);
        if (i >= (size_t)hand_pad)
            valid[row] = text == NULL ? '.' : 'v';
    }
    hand_array(array, length, 3);
    array->offset = hand_pad;
    hand_validity(array, valid);
    hand_buffer(array, 1, offsets, (count + 1) * width);
    hand_buffer(array, 2, bytes, (size_t)used);
    free(valid);
    free(offsets);
    free(bytes);
}

static inline void hand_texts(struct ArrowArray *rows, size_t column, const char *const *texts,
                              size_t width)
{
    hand_fill_texts(rows->children[column], rows->length, texts, NULL, width);
}

/* The same as views; long texts lie in two buffers in turn. */
static inline void hand_views(struct ArrowArray *rows, size_t column, const char *const *texts)
{
    struct ArrowArray *array = rows->children[column];
    const size_t count = (size_t)(hand_pad + rows->length);
    char *valid = calloc((size_t)rows->length + 1, 1);
    char *views = calloc(count + 1, 16);
    char *bytes[2] = {calloc(1, 1), calloc(1, 1)};
    int64_t used[2] = {0, 0};
    memset(views, 0x5a, (size_t)hand_pad * 16);
    for (size_t row = 0; row < (size_t)rows->length; row++) {
        const char *text = texts[row];
        valid[row] = text == NULL ? '.' : 'v';
        if (text == NULL)
            continue;
        char *view = views + ((size_t)hand_pad + row) * 16;
        const int32_t size = (int32_t)strlen(text);
        memcpy(view, &size, 4);
        if (size <= 12) {
            memcpy(view + 4, text, (size_t)size);
            continue;
        }
        const int32_t buffer = (int32_t)(row % 2);
        const int32_t offset = (int32_t)used[buffer];
        bytes[buffer] = realloc(bytes[buffer], (size_t)(used[buffer] + size) + 1);
        memcpy(bytes[buffer] + used[buffer], text, (size_t)size);
        used[buffer] += size;
        memcpy(view + 4, text, 4);
        memcpy(view + 8, &buffer, 4);
        memcpy(view + 12, &offset, 4);
    }
    hand_array(array, rows->length, 5);
    array->offset = hand_pad;
    hand_validity(array, valid);
    hand_buffer(array, 1, views, count * 16);
    hand_buffer(array, 2, bytes[0], (size_t)used[0]);
    hand_buffer(array, 3, bytes[1], (size_t)used[1]);
    hand_buffer(array, 4, used, sizeof used);
    free(valid);
    free(views);
    free(bytes[0]);
    free(bytes[1]);
}

/* Codes of `width` bytes into texts. */
static inline void hand_coded(struct ArrowArray *rows, size_t column, const void *codes,
                              size_t width, const char *valid, const char *const *texts,
                              int64_t text_count)
{
    struct ArrowArray *array = rows->children[column];
    hand_fill_fixed(array, rows->length, codes, width, valid);
    array->dictionary = calloc(1, sizeof *array->dictionary);
    hand_fill_texts(array->dictionary, text_count, texts, NULL, 4);
}

/* ---- streams ---- */

static inline int hand_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    hand_stream *h = stream->private_data;
    h->calls++;
    if (h->next < h->array_count) {
        *out = h->arrays[h->next];
        h->arrays[h->next++].release = NULL;
        return 0;
    }
    out->release = NULL;
    return h->fail_code;
}

static inline const char *hand_get_last_error(struct ArrowArrayStream *stream)
{
    return ((const hand_stream *)stream->private_data)->fail_text;
}

static inline void hand_release_stream(struct ArrowArrayStream *stream)
{
    hand_stream *h = stream->private_data;
    for (size_t i = h->next; i < h->array_count; i++)
        h->arrays[i].release(&h->arrays[i]);
    h->array_count = 0;
    h->next = 0;
    stream->release = NULL;
    hand_live--;
}

/* `h` must outlive the stream. */
static inline struct ArrowArrayStream hand_open(hand_stream *h)
{
    hand_live++;
    return (struct ArrowArrayStream){.get_schema = hand_get_schema,
                                     .get_next = hand_get_next,
                                     .get_last_error = hand_get_last_error,
                                     .release = hand_release_stream,
                                     .private_data = h};
}

#endif
