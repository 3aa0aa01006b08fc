/*
 * Who owns what, of Arrow structs that have left the library: a stream that keeps alive what it reads
 * from, and an array that has two owners. Callers whose memory is not managed by hand (ctypes, other
 * bindings) need both: their objects may be gone, and their interpreter too, while a consumer still
 * holds the struct. Nothing here calls back into a caller's code but the release function that it gave.
 */
#include <stdatomic.h>
#include <string.h>

#include <mimic/arrow.h>

#include "base/checked.h"
#include "base/context_internal.h"
#include "base/error.h"

/* ---- streams ---- */

typedef struct stream_keeper {
    const mimic_context *ctx;
    struct ArrowArrayStream inner;
    mimic_release_fn release;
    void *object;
} stream_keeper;

static int keeper_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    stream_keeper *keeper = stream->private_data;
    return keeper->inner.get_schema(&keeper->inner, out);
}

static int keeper_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_keeper *keeper = stream->private_data;
    return keeper->inner.get_next(&keeper->inner, out);
}

static const char *keeper_error(struct ArrowArrayStream *stream)
{
    stream_keeper *keeper = stream->private_data;
    return keeper->inner.get_last_error(&keeper->inner);
}

static void keeper_release(struct ArrowArrayStream *stream)
{
    stream_keeper keeper = *(const stream_keeper *)stream->private_data;
    mimic__free(keeper.ctx, stream->private_data);
    keeper.inner.release(&keeper.inner);
    stream->release = NULL;
    keeper.release(keeper.object); /* may be all that kept the context, or the stream's own memory */
}

mimic_status mimic_stream_keep(const mimic_context *ctx, struct ArrowArrayStream *stream,
                               mimic_release_fn release, void *object, mimic_error *err)
{
    if (ctx == NULL || stream == NULL || stream->release == NULL || release == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, stream or release is NULL, or the stream was released");
    stream_keeper *keeper = mimic__alloc(ctx, sizeof *keeper);
    if (keeper == NULL)
        return mimic__fail_memory(err);
    *keeper =
        (stream_keeper){.ctx = ctx, .inner = *stream, .release = release, .object = object};
    *stream = (struct ArrowArrayStream){.get_schema = keeper_schema,
                                        .get_next = keeper_next,
                                        .get_last_error = keeper_error,
                                        .release = keeper_release,
                                        .private_data = keeper};
    return MIMIC_OK;
}

/* ---- arrays ---- */

/* The array itself, and how many nodes of views look at its buffers. */
typedef struct shared_array {
    const mimic_context *ctx;
    atomic_size_t users;
    struct ArrowArray array;
} shared_array;

/* One node of a view; `child_count` pointers follow the arrays. */
typedef struct view_owner {
    shared_array *shared;
    struct ArrowArray dictionary;
    struct ArrowArray **child_pointers;
    struct ArrowArray children[];
} view_owner;

static void drop_shared(shared_array *shared)
{
    if (atomic_fetch_sub(&shared->users, 1) != 1)
        return;
    if (shared->array.release != NULL)
        shared->array.release(&shared->array);
    mimic__free(shared->ctx, shared);
}

static void view_release(struct ArrowArray *array)
{
    view_owner *owner = array->private_data;
    shared_array *shared = owner->shared;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
    mimic__free(shared->ctx, owner);
    array->release = NULL;
    drop_shared(shared);
}

/* What was moved out of an array may be gone at any time; a view of it would not keep it. */
static bool is_whole(const struct ArrowArray *array)
{
    if (array->release == NULL || array->n_children < 0 ||
        (array->n_children > 0 && array->children == NULL))
        return false;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i] == NULL || array->children[i]->release == NULL)
            return false;
    return array->dictionary == NULL || array->dictionary->release != NULL;
}

/* A view of `from`, which stands in shared->array's tree or is a view of it. Each node of it counts
 * as a user, so that a consumer may move a child out. */
static mimic_status make_view(shared_array *shared, const struct ArrowArray *from, int depth,
                              struct ArrowArray *out, mimic_error *err)
{
    const size_t count = (size_t)from->n_children;
    size_t size;
    view_owner *owner = NULL;
    if (!is_whole(from))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "an array, a child or a dictionary of it was released or moved out");
    if (depth > MIMIC_ARROW_MAX_DEPTH)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "an Arrow array is nested deeper than %d",
                           MIMIC_ARROW_MAX_DEPTH);
    if (!mimic__multiply_overflows(count, sizeof(struct ArrowArray) + sizeof(struct ArrowArray *),
                                   &size) &&
        !mimic__add_overflows(size, sizeof *owner, &size))
        owner = mimic__alloc_zeroed(shared->ctx, 1, size);
    if (owner == NULL)
        return mimic__fail_memory(err);
    atomic_fetch_add(&shared->users, 1);
    owner->shared = shared;
    owner->child_pointers = (struct ArrowArray **)(owner->children + count);
    *out = *from;
    out->n_children = 0; /* never counts one that is not made */
    out->children = owner->child_pointers;
    out->dictionary = NULL;
    out->release = view_release;
    out->private_data = owner;
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < count && status == MIMIC_OK; i++) {
        status = make_view(shared, from->children[i], depth + 1, &owner->children[i], err);
        owner->child_pointers[i] = &owner->children[i];
        out->n_children += status == MIMIC_OK;
    }
    if (status == MIMIC_OK && from->dictionary != NULL) {
        status = make_view(shared, from->dictionary, depth + 1, &owner->dictionary, err);
        out->dictionary = status == MIMIC_OK ? &owner->dictionary : NULL;
    }
    if (status != MIMIC_OK)
        view_release(out);
    return status;
}

/* Makes the first view, in the place of the array itself. */
static mimic_status share_first(const mimic_context *ctx, struct ArrowArray *array,
                                mimic_error *err)
{
    shared_array *shared = mimic__alloc_zeroed(ctx, 1, sizeof *shared);
    if (shared == NULL)
        return mimic__fail_memory(err);
    struct ArrowArray view;
    shared->ctx = ctx;
    atomic_init(&shared->users, 1);
    const mimic_status status = make_view(shared, array, 0, &view, err);
    if (status == MIMIC_OK) {
        shared->array = *array;
        *array = view;
    }
    drop_shared(shared); /* the hand that made it; on failure the array stays with the caller */
    return status;
}

mimic_status mimic_array_share(const mimic_context *ctx, struct ArrowArray *array,
                               struct ArrowArray *out_array, mimic_error *err)
{
    if (ctx == NULL || array == NULL || array->release == NULL || out_array == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "context, array or out_array is NULL, or the array was released");
    memset(out_array, 0, sizeof *out_array);
    if (array->release != view_release)
        MIMIC_TRY(share_first(ctx, array, err));
    const view_owner *owner = array->private_data;
    return make_view(owner->shared, array, 0, out_array, err);
}
