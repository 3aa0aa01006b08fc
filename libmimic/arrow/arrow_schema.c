/*
 * A table as a struct ArrowSchema of the Arrow C Data Interface: format "+s", one child a field, a
 * dictionary of texts below each categorical field. Every node owns its own texts, so that a
 * consumer may move a child out and release its parent first, as the interface allows.
 */
#include <string.h>

#include "arrow/arrow_type.h"
#include "base/buffer.h"
#include "base/error.h"

/* What one node owns: its name and, behind the NUL, its metadata. */
typedef struct schema_owner {
    const mimic_context *ctx;
    mimic_buffer texts;
    char format[MIMIC_ARROW_FORMAT_BYTES];
    struct ArrowSchema dictionary;
    struct ArrowSchema **child_pointers;
    struct ArrowSchema *children;
} schema_owner;

static void release_schema(struct ArrowSchema *schema)
{
    schema_owner *owner = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release != NULL)
            schema->children[i]->release(schema->children[i]);
    if (schema->dictionary != NULL && schema->dictionary->release != NULL)
        schema->dictionary->release(schema->dictionary);
    const mimic_context *ctx = owner->ctx;
    mimic__buffer_free(&owner->texts);
    mimic__free(ctx, owner->child_pointers);
    mimic__free(ctx, owner->children);
    mimic__free(ctx, owner);
    schema->release = NULL;
}

/* The dictionary's node holds static texts only. */
static void release_static(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static mimic_status append_text(mimic_buffer *texts, const char *text, mimic_error *err)
{
    const size_t size = strlen(text);
    if (size > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "a metadata text has %zu bytes; Arrow holds at most 2147483647", size);
    const int32_t count = (int32_t)size;
    mimic__buffer_append(texts, &count, sizeof count);
    mimic__buffer_append(texts, text, size);
    return MIMIC_OK;
}

/* Number of pairs, then key and value with their sizes, all int32 in native byte order. */
static mimic_status append_pairs(mimic_buffer *texts, const mimic_arrow_pair *pairs, size_t count,
                                 mimic_error *err)
{
    const int32_t pair_count = (int32_t)count;
    mimic__buffer_append(texts, &pair_count, sizeof pair_count);
    for (size_t i = 0; i < count; i++) {
        MIMIC_TRY(append_text(texts, pairs[i].key, err));
        MIMIC_TRY(append_text(texts, pairs[i].value, err));
    }
    return MIMIC_OK;
}

/* Fills a node that has neither children nor dictionary yet. On failure *out is released or empty.
 */
static mimic_status make_node(const mimic_context *ctx, const char *name,
                              const mimic_arrow_pair *pairs, size_t pair_count,
                              struct ArrowSchema *out, mimic_error *err)
{
    schema_owner *owner = mimic__alloc_zeroed(ctx, 1, sizeof *owner);
    if (owner == NULL)
        return mimic__fail_memory(err);
    owner->ctx = ctx;
    mimic__buffer_init(&owner->texts, ctx);
    *out = (struct ArrowSchema){
        .format = owner->format, .release = release_schema, .private_data = owner};

    const size_t name_size = strlen(name) + 1;
    mimic__buffer_append(&owner->texts, name, name_size);
    mimic_status status = MIMIC_OK;
    if (pair_count > 0)
        status = append_pairs(&owner->texts, pairs, pair_count, err);
    if (status == MIMIC_OK && owner->texts.failed)
        status = mimic__fail_memory(err);
    if (status != MIMIC_OK) {
        release_schema(out);
        return status;
    }
    out->name = owner->texts.data;
    out->metadata = pair_count > 0 ? owner->texts.data + name_size : NULL;
    return MIMIC_OK;
}

static mimic_status make_field(const mimic_context *ctx, const mimic_field *field,
                               struct ArrowSchema *out, mimic_error *err)
{
    char format[MIMIC_ARROW_FORMAT_BYTES];
    if (!mimic__arrow_format(field, format))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "field \"%s\" has the unknown type %d",
                           field->name, (int)field->type);
    mimic_arrow_pair pair;
    const size_t pair_count = mimic__arrow_field_pairs(field, &pair);
    MIMIC_TRY(make_node(ctx, field->name, &pair, pair_count, out, err));
    schema_owner *owner = out->private_data;
    memcpy(owner->format, format, sizeof format);
    out->flags = field->is_required ? 0 : ARROW_FLAG_NULLABLE;
    if (field->type == MIMIC_TYPE_CATEGORICAL) {
        owner->dictionary =
            (struct ArrowSchema){.format = "u", .name = "", .release = release_static};
        out->dictionary = &owner->dictionary;
    }
    return MIMIC_OK;
}

/* Gives a node its children one by one, so that n_children never counts one that is not made. */
static mimic_status add_fields(const mimic_context *ctx, const mimic_table *table,
                               struct ArrowSchema *schema, mimic_error *err)
{
    const size_t field_count = table->field_count;
    schema_owner *owner = schema->private_data;
    owner->children = mimic__alloc_zeroed(ctx, field_count, sizeof *owner->children);
    owner->child_pointers = mimic__alloc_zeroed(ctx, field_count, sizeof(struct ArrowSchema *));
    if (owner->children == NULL || owner->child_pointers == NULL)
        return mimic__fail_memory(err);
    schema->children = owner->child_pointers;
    for (size_t i = 0; i < field_count; i++) {
        MIMIC_TRY(make_field(ctx, &table->fields[i], &owner->children[i], err));
        owner->child_pointers[i] = &owner->children[i];
        schema->n_children++;
    }
    return MIMIC_OK;
}

mimic_status mimic_table_export_schema(const mimic_context *ctx, const mimic_table *table,
                                       struct ArrowSchema *out_schema, mimic_error *err)
{
    if (ctx == NULL || table == NULL || out_schema == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "context, table or out_schema is NULL");
    memset(out_schema, 0, sizeof *out_schema);
    mimic_arrow_pair pairs[MIMIC_ARROW_TABLE_PAIRS];
    mimic__arrow_table_pairs(table, pairs);
    MIMIC_TRY(make_node(ctx, "", pairs, MIMIC_ARROW_TABLE_PAIRS, out_schema, err));
    schema_owner *owner = out_schema->private_data;
    memcpy(owner->format, "+s", sizeof "+s");
    const mimic_status status = add_fields(ctx, table, out_schema, err);
    if (status != MIMIC_OK)
        release_schema(out_schema);
    return status;
}
