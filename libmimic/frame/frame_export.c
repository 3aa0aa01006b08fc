/*
 * A frame as one struct ArrowArray, without a copy of its columns. The arrays share an owner, counted,
 * that holds the frame; each array frees the memory of its own column when it is released. So a
 * consumer may move a column or a dictionary out, keep it as long as it likes, and release the rest
 * in any order and on any thread. Only dictionaries are made here: they are small, and the library
 * keeps them in a map.
 */
#include "frame/frame_column.h"

#include <stdatomic.h>
#include <string.h>

#include "arrow/arrow_type.h"
#include "base/checked.h"
#include "base/error.h"

#define MAX_BUFFERS 3

typedef struct frame_owner frame_owner;

/* One column: what its array and its dictionary refer to. */
typedef struct frame_child {
    frame_owner *owner;
    struct ArrowArray array;
    struct ArrowArray dictionary;
    const void *buffers[MAX_BUFFERS];
    const void *dictionary_buffers[MAX_BUFFERS];
    mimic_frame_memory memory; /* of this column from now on: columns may be freed side by side */
    mimic_frame_data *data;
    mimic_frame_buffer texts; /* of the dictionary: packed, and int32_t offsets */
    mimic_frame_buffer text_offsets;
} frame_child;

struct frame_owner {
    atomic_size_t users;
    mimic_frame *frame;
    const void *buffers[1];
    struct ArrowArray **child_pointers;
    size_t child_count;
    frame_child children[];
};

static void drop_owner(frame_owner *owner)
{
    if (atomic_fetch_sub(&owner->users, 1) != 1)
        return;
    mimic_frame *const frame = owner->frame;
    const mimic_context *const ctx = frame->memory.ctx;
    mimic__free(ctx, owner);
    mimic__arena_free(&frame->arena);
    mimic__free(ctx, frame);
}

static void release_dictionary(struct ArrowArray *array)
{
    frame_child *const child = array->private_data;
    array->release = NULL;
    mimic__frame_buffer_free(&child->memory, &child->texts);
    mimic__frame_buffer_free(&child->memory, &child->text_offsets);
    drop_owner(child->owner);
}

static void release_column(struct ArrowArray *array)
{
    frame_child *const child = array->private_data;
    frame_owner *const owner = child->owner;
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
    array->release = NULL;
    mimic__frame_data_free(&child->memory, child->data);
    drop_owner(owner);
}

static void release_frame(struct ArrowArray *array)
{
    frame_owner *const owner = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    array->release = NULL;
    drop_owner(owner);
}

static const void *or_nothing(const mimic_frame_buffer *buffer)
{
    return buffer->data == NULL ? (const void *)mimic__frame_nothing : buffer->data;
}

/* The texts of a categorical column as an array. */
static mimic_status make_dictionary(frame_child *child, mimic_error *err)
{
    const mimic_hashmap *const map = &child->data->categories;
    const size_t count = map->count;
    if (count > 0) {
        const size_t size = (size_t)map->offsets[count];
        MIMIC_TRY(mimic__frame_reserve(&child->memory, &child->texts, size, 0, err));
        MIMIC_TRY(mimic__frame_reserve(&child->memory, &child->text_offsets,
                                       (count + 1) * sizeof(int32_t), 0, err));
        memcpy(child->texts.data, map->bytes == NULL ? "" : map->bytes, size);
        memcpy(child->text_offsets.data, map->offsets, (count + 1) * sizeof(int32_t));
    }
    child->dictionary_buffers[1] = or_nothing(&child->text_offsets);
    child->dictionary_buffers[2] = or_nothing(&child->texts);
    child->dictionary = (struct ArrowArray){.length = (int64_t)count,
                                            .n_buffers = MAX_BUFFERS,
                                            .buffers = child->dictionary_buffers,
                                            .release = release_dictionary,
                                            .private_data = child};
    return MIMIC_OK;
}

/* Everything that may fail for one column; its memory stays the frame's. */
static mimic_status prepare_child(frame_owner *owner, size_t index, mimic_error *err)
{
    frame_child *const child = &owner->children[index];
    mimic_frame_data *const data = &owner->frame->columns[index];
    const bool has_offsets = mimic__arrow_has_offsets(data->field->type);
    child->owner = owner;
    child->data = data;
    child->memory = (mimic_frame_memory){owner->frame->memory.ctx, 0, UINT64_MAX};
    child->buffers[0] = data->has_mask && data->null_count > 0 ? data->mask.data : NULL;
    child->buffers[1] = or_nothing(has_offsets ? &data->offsets : &data->values);
    child->buffers[2] = has_offsets ? or_nothing(&data->values) : NULL;
    child->array = (struct ArrowArray){.length = (int64_t)owner->frame->row_count,
                                       .null_count = data->null_count,
                                       .n_buffers = has_offsets ? 3 : 2,
                                       .buffers = child->buffers,
                                       .release = release_column,
                                       .private_data = child};
    owner->child_pointers[index] = &child->array;
    if (data->field->type != MIMIC_TYPE_CATEGORICAL)
        return MIMIC_OK;
    child->array.dictionary = &child->dictionary;
    return make_dictionary(child, err);
}

static frame_owner *new_owner(mimic_frame *frame)
{
    const size_t count = frame->table->field_count;
    frame_owner *owner = NULL;
    size_t size;
    if (mimic__multiply_overflows(count, sizeof(frame_child) + sizeof(struct ArrowArray *), &size) ||
        mimic__add_overflows(size, sizeof *owner, &size))
        return NULL;
    owner = mimic__alloc_zeroed(frame->memory.ctx, 1, size);
    if (owner == NULL)
        return NULL;
    owner->frame = frame;
    owner->child_count = count;
    owner->child_pointers = (struct ArrowArray **)(void *)(owner->children + count);
    return owner;
}

/* After a failure: the frame is as it was. */
static void undo(frame_owner *owner)
{
    for (size_t i = 0; i < owner->child_count; i++) {
        mimic__frame_buffer_free(&owner->frame->memory, &owner->children[i].texts);
        mimic__frame_buffer_free(&owner->frame->memory, &owner->children[i].text_offsets);
    }
    mimic__free(owner->frame->memory.ctx, owner);
}

mimic_status mimic_frame_export(mimic_frame **frame, struct ArrowArray *out_array, mimic_error *err)
{
    if (frame == NULL || *frame == NULL || out_array == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "frame or out_array is NULL");
    memset(out_array, 0, sizeof *out_array);
    if ((*frame)->failure.code != MIMIC_OK)
        return mimic__fail_again(err, &(*frame)->failure);
    if ((*frame)->form != MIMIC_FRAME_ARROW)
        return mimic__fail(err, MIMIC_ERR_STATE,
                           "only a frame of the ARROW form can leave as an Arrow array");
    frame_owner *const owner = new_owner(*frame);
    if (owner == NULL)
        return mimic__fail_memory(err);
    size_t users = 1;
    for (size_t i = 0; i < owner->child_count; i++) {
        const mimic_status status = prepare_child(owner, i, err);
        if (status != MIMIC_OK) {
            undo(owner);
            return status;
        }
        users += owner->children[i].array.dictionary == NULL ? 1 : 2;
    }
    atomic_init(&owner->users, users);
    *out_array = (struct ArrowArray){.length = (int64_t)(*frame)->row_count,
                                     .n_buffers = 1,
                                     .n_children = (int64_t)owner->child_count,
                                     .buffers = owner->buffers,
                                     .children = owner->child_pointers,
                                     .release = release_frame,
                                     .private_data = owner};
    *frame = NULL;
    return MIMIC_OK;
}
