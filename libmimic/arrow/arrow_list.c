/*
 * Arrays that are there already as a struct ArrowArrayStream: for data that was read before its
 * consumer came. The stream owns the arrays and a copy of their schema; nothing in it can fail but
 * for want of memory.
 */
#include <errno.h>
#include <string.h>

#include <mimic/arrow.h>

#include "base/context_internal.h"
#include "base/error.h"
#include "schema/schema_model.h"

typedef struct array_list {
    const mimic_context *ctx;
    mimic_arena arena;
    const mimic_table *table;
    struct ArrowArray *arrays;
    size_t count;
    size_t next;
    mimic_error error; /* of the last call; code MIMIC_OK = it did not fail */
} array_list;

static int list_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    array_list *list = stream->private_data;
    list->error.code = MIMIC_OK;
    return mimic_table_export_schema(list->ctx, list->table, out, &list->error) == MIMIC_OK
               ? 0
               : ENOMEM;
}

static int list_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    array_list *list = stream->private_data;
    list->error.code = MIMIC_OK;
    memset(out, 0, sizeof *out); /* release NULL says that the stream has ended */
    if (list->next < list->count) {
        *out = list->arrays[list->next];
        list->arrays[list->next++].release = NULL;
    }
    return 0;
}

static const char *list_error(struct ArrowArrayStream *stream)
{
    const array_list *list = stream->private_data;
    return list->error.code == MIMIC_OK ? NULL : list->error.message;
}

static void free_list(array_list *list)
{
    const mimic_context *ctx = list->ctx;
    mimic__arena_free(&list->arena);
    mimic__free(ctx, list->arrays);
    mimic__free(ctx, list);
}

static void list_release(struct ArrowArrayStream *stream)
{
    array_list *list = stream->private_data;
    for (; list->next < list->count; list->next++)
        list->arrays[list->next].release(&list->arrays[list->next]);
    free_list(list);
    stream->release = NULL;
}

mimic_status mimic_array_stream(const mimic_context *ctx, const mimic_table *table,
                                struct ArrowArray *arrays, size_t count,
                                struct ArrowArrayStream *out_stream, mimic_error *err)
{
    if (ctx == NULL || table == NULL || (arrays == NULL && count > 0) || out_stream == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "context, table, arrays or out_stream is NULL");
    for (size_t i = 0; i < count; i++)
        if (arrays[i].release == NULL)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "array %zu was released", i);
    memset(out_stream, 0, sizeof *out_stream);
    array_list *list = mimic__alloc_zeroed(ctx, 1, sizeof *list);
    if (list == NULL)
        return mimic__fail_memory(err);
    list->ctx = ctx;
    mimic__arena_init(&list->arena, ctx);
    list->error = (mimic_error)MIMIC_ERROR_INIT;
    list->table = mimic__table_copy(&list->arena, table);
    list->arrays = mimic__alloc_array(ctx, count + 1, sizeof *arrays);
    if (list->table == NULL || list->arrays == NULL) {
        free_list(list);
        return mimic__fail_memory(err);
    }
    for (; list->count < count; list->count++) {
        list->arrays[list->count] = arrays[list->count];
        arrays[list->count].release = NULL;
    }
    *out_stream = (struct ArrowArrayStream){.get_schema = list_schema,
                                            .get_next = list_next,
                                            .get_last_error = list_error,
                                            .release = list_release,
                                            .private_data = list};
    return MIMIC_OK;
}
