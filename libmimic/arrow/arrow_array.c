/*
 * A batch as a struct ArrowArray of the Arrow C Data Interface. Every array of the tree is one
 * block of memory of its own: the bookkeeping, then its buffers, each on a 64-byte boundary. So a
 * consumer may move a column or a dictionary out and release the rest in any order. Dictionaries
 * are blocks with a count of the arrays that use them. Slots of NULL values are copied as they are.
 */
#include "arrow/arrow_array.h"

#include <stdatomic.h>
#include <string.h>

#include "arrow/arrow_type.h"
#include "base/checked.h"
#include "base/context_internal.h"
#include "base/error.h"

#define BUFFER_ALIGNMENT 64
#define MAX_BUFFERS 3

/* The head of an array's block. */
typedef struct array_owner {
    const mimic_context *ctx;
    const void *buffers[MAX_BUFFERS];
    struct ArrowArray dictionary;
} array_owner;

/* The head of a dictionary's block. */
struct mimic_shared_texts {
    const mimic_context *ctx;
    atomic_size_t users;
    int64_t count;
    const void *buffers[MAX_BUFFERS];
};

/* The head of the block of a batch; `child_count` pointers and as many arrays follow. */
typedef struct batch_owner {
    const mimic_context *ctx;
    const void *buffers[1];
    struct ArrowArray **child_pointers;
    struct ArrowArray children[];
} batch_owner;

/* What to copy; NULL bytes = this array does without that buffer. */
typedef struct buffer_copy {
    const void *bytes;
    size_t size;
} buffer_copy;

static void release_children(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
}

static void release_array(struct ArrowArray *array)
{
    array_owner *owner = array->private_data;
    release_children(array);
    mimic__free(owner->ctx, owner);
    array->release = NULL;
}

static void drop_texts(mimic_shared_texts *texts)
{
    if (texts != NULL && atomic_fetch_sub(&texts->users, 1) == 1)
        mimic__free(texts->ctx, texts);
}

static void release_texts(struct ArrowArray *array)
{
    drop_texts(array->private_data);
    array->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    batch_owner *owner = array->private_data;
    release_children(array);
    mimic__free(owner->ctx, owner);
    array->release = NULL;
}

/* The size of one block for a head and all buffers; false when it does not fit. */
static bool block_size(size_t head, const buffer_copy *copies, size_t count, size_t *out_size)
{
    size_t total = head + BUFFER_ALIGNMENT;
    for (size_t i = 0; i < count; i++)
        if (copies[i].size > SIZE_MAX / 2 ||
            mimic__add_overflows(total, copies[i].size + BUFFER_ALIGNMENT, &total))
            return false;
    *out_size = total;
    return true;
}

static char *align_up(char *p)
{
    const size_t beyond = (uintptr_t)p % BUFFER_ALIGNMENT;
    return beyond == 0 ? p : p + (BUFFER_ALIGNMENT - beyond);
}

/* Copies buffers to `place` and behind it. */
static void copy_buffers(char *place, const buffer_copy *copies, size_t count,
                         const void **out_buffers)
{
    for (size_t i = 0; i < count; i++) {
        if (copies[i].bytes == NULL)
            continue;
        place = align_up(place);
        memcpy(place, copies[i].bytes, copies[i].size);
        out_buffers[i] = place;
        place += copies[i].size;
    }
}

static mimic_status make_array(const mimic_context *ctx, int64_t length, int64_t null_count,
                               const buffer_copy *copies, size_t count, struct ArrowArray *out,
                               mimic_error *err)
{
    size_t size;
    array_owner *owner = NULL;
    if (block_size(sizeof *owner, copies, count, &size))
        owner = mimic__alloc(ctx, size);
    if (owner == NULL)
        return mimic__fail_memory(err);
    memset(owner, 0, sizeof *owner);
    owner->ctx = ctx;
    copy_buffers((char *)(owner + 1), copies, count, owner->buffers);
    *out = (struct ArrowArray){.length = length,
                               .null_count = null_count,
                               .n_buffers = (int64_t)count,
                               .buffers = owner->buffers,
                               .release = release_array,
                               .private_data = owner};
    return MIMIC_OK;
}

/* Text or bytes between offsets. Offsets that do not start at 0 are shifted in the copy. */
static mimic_status make_bytes_array(const mimic_context *ctx, const mimic_column *column,
                                     int64_t length, struct ArrowArray *out, mimic_error *err)
{
    static const int32_t no_offsets[1] = {0};
    const int32_t *offsets = length == 0 ? no_offsets : column->offsets;
    const int32_t first = offsets[0];
    const size_t size = (size_t)(offsets[length] - first);
    const char *bytes = size == 0 ? "" : (const char *)column->values + first;
    const buffer_copy copies[] = {
        {column->null_count == 0 ? NULL : column->validity, ((size_t)length + 7) / 8},
        {offsets, ((size_t)length + 1) * sizeof *offsets},
        {bytes, size},
    };
    MIMIC_TRY(make_array(ctx, length, column->null_count, copies, 3, out, err));
    if (first != 0) {
        array_owner *owner = out->private_data;
        int32_t *shifted = (int32_t *)owner->buffers[1];
        for (int64_t i = 0; i <= length; i++)
            shifted[i] -= first;
    }
    return MIMIC_OK;
}

static mimic_status make_fixed_array(const mimic_context *ctx, const mimic_column *column,
                                     int64_t length, struct ArrowArray *out, mimic_error *err)
{
    const size_t bits = mimic__arrow_value_bits(column->type);
    const size_t rows = (size_t)length;
    const size_t size = bits == 1 ? (rows + 7) / 8 : rows * (bits / 8);
    const buffer_copy copies[] = {
        {column->null_count == 0 ? NULL : column->validity, (rows + 7) / 8},
        {size == 0 ? "" : column->values, size},
    };
    return make_array(ctx, length, column->null_count, copies, 2, out, err);
}

static mimic_status make_texts(const mimic_context *ctx, const mimic_dictionary *dictionary,
                               mimic_shared_texts **out_texts, mimic_error *err)
{
    static const int32_t no_offsets[1] = {0};
    const int64_t count = dictionary->count;
    const int32_t *offsets = count == 0 ? no_offsets : dictionary->offsets;
    const size_t text_size = (size_t)offsets[count];
    const buffer_copy copies[MAX_BUFFERS] = {
        {NULL, 0},
        {offsets, ((size_t)count + 1) * sizeof *offsets},
        {text_size == 0 ? "" : dictionary->bytes, text_size},
    };
    size_t size;
    mimic_shared_texts *texts = NULL;
    if (block_size(sizeof *texts, copies, MAX_BUFFERS, &size))
        texts = mimic__alloc(ctx, size);
    if (texts == NULL)
        return mimic__fail_memory(err);
    memset(texts, 0, sizeof *texts);
    texts->ctx = ctx;
    texts->count = count;
    atomic_init(&texts->users, 1);
    copy_buffers((char *)(texts + 1), copies, MAX_BUFFERS, texts->buffers);
    *out_texts = texts;
    return MIMIC_OK;
}

/* The dictionary as an array: a new one, or, with a place to keep it, the one that is there when it
 * has not grown. */
static mimic_status make_dictionary(const mimic_context *ctx, const mimic_dictionary *dictionary,
                                    mimic_shared_texts **kept, struct ArrowArray *out,
                                    mimic_error *err)
{
    mimic_shared_texts *texts = kept == NULL ? NULL : *kept;
    if (texts == NULL || texts->count != dictionary->count) {
        MIMIC_TRY(make_texts(ctx, dictionary, &texts, err));
        if (kept != NULL) {
            drop_texts(*kept);
            *kept = texts;
        }
    }
    if (kept != NULL)
        atomic_fetch_add(&texts->users, 1);
    *out = (struct ArrowArray){.length = texts->count,
                               .n_buffers = MAX_BUFFERS,
                               .buffers = texts->buffers,
                               .release = release_texts,
                               .private_data = texts};
    return MIMIC_OK;
}

static mimic_status make_column(const mimic_context *ctx, const mimic_column *column,
                                int64_t length, mimic_shared_texts **kept, struct ArrowArray *out,
                                mimic_error *err)
{
    if (mimic__arrow_has_offsets(column->type))
        return make_bytes_array(ctx, column, length, out, err);
    if (mimic__arrow_value_bits(column->type) == 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a column has the unknown type %d",
                           (int)column->type);
    MIMIC_TRY(make_fixed_array(ctx, column, length, out, err));
    if (column->type != MIMIC_TYPE_CATEGORICAL)
        return MIMIC_OK;
    array_owner *owner = out->private_data;
    const mimic_status status =
        make_dictionary(ctx, column->dictionary, kept, &owner->dictionary, err);
    if (status != MIMIC_OK)
        release_array(out);
    else
        out->dictionary = &owner->dictionary;
    return status;
}

static mimic_status make_batch(const mimic_context *ctx, const mimic_batch *batch,
                               struct ArrowArray *out, mimic_error *err)
{
    const size_t count = batch->column_count;
    const size_t each = sizeof(struct ArrowArray) + sizeof(struct ArrowArray *);
    size_t size;
    batch_owner *owner = NULL;
    if (!mimic__multiply_overflows(count, each, &size) &&
        !mimic__add_overflows(size, sizeof *owner, &size))
        owner = mimic__alloc_zeroed(ctx, 1, size);
    if (owner == NULL)
        return mimic__fail_memory(err);
    owner->ctx = ctx;
    owner->child_pointers = (struct ArrowArray **)(owner->children + count);
    *out = (struct ArrowArray){.length = batch->row_count,
                               .n_buffers = 1,
                               .buffers = owner->buffers,
                               .children = owner->child_pointers,
                               .release = release_batch,
                               .private_data = owner};
    return MIMIC_OK;
}

void mimic__export_cache_free(const mimic_context *ctx, mimic_export_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        drop_texts(cache->texts[i]);
    mimic__free(ctx, cache->texts);
    *cache = (mimic_export_cache){0};
}

static mimic_status prepare_cache(const mimic_context *ctx, mimic_export_cache *cache,
                                  size_t column_count, mimic_error *err)
{
    if (cache == NULL || cache->texts != NULL)
        return MIMIC_OK;
    cache->texts = mimic__alloc_zeroed(ctx, column_count, sizeof(mimic_shared_texts *));
    if (cache->texts == NULL)
        return mimic__fail_memory(err);
    cache->count = column_count;
    return MIMIC_OK;
}

mimic_status mimic_batch_export(const mimic_context *ctx, const mimic_batch *batch,
                                struct ArrowArray *out_array, mimic_error *err)
{
    if (ctx == NULL || batch == NULL || out_array == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "context, batch or out_array is NULL");
    return mimic__batch_export(ctx, batch, NULL, out_array, err);
}

mimic_status mimic__batch_export(const mimic_context *ctx, const mimic_batch *batch,
                                 mimic_export_cache *cache, struct ArrowArray *out_array,
                                 mimic_error *err)
{
    memset(out_array, 0, sizeof *out_array);
    MIMIC_TRY(prepare_cache(ctx, cache, batch->column_count, err));
    MIMIC_TRY(make_batch(ctx, batch, out_array, err));
    batch_owner *owner = out_array->private_data;
    for (size_t i = 0; i < batch->column_count; i++) {
        mimic_shared_texts **kept = cache == NULL ? NULL : &cache->texts[i];
        const mimic_status status =
            make_column(ctx, &batch->columns[i], batch->row_count, kept, &owner->children[i], err);
        if (status != MIMIC_OK) {
            release_batch(out_array);
            return status;
        }
        owner->child_pointers[i] = &owner->children[i];
        out_array->n_children++;
    }
    return MIMIC_OK;
}
