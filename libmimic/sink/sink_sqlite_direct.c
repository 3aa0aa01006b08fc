/*
 * See sink_sqlite_direct.h. Chunks are used again, since their memory is large and would be given
 * back to the system, and asked for anew, with every batch.
 */
#include "sink/sink_sqlite_direct.h"

#include "base/error.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"

mimic_status mimic__sqlite_direct_new(const mimic_context *ctx, const char *path, const char *name,
                                      mimic_sqlite_direct **out_direct, mimic_error *err)
{
    *out_direct = NULL;
    mimic_sqlite_direct *direct = mimic__alloc_zeroed(ctx, 1, sizeof *direct);
    if (direct == NULL)
        return mimic__fail_memory(err);
    direct->ctx = ctx;
    atomic_init(&direct->takes_rows, false);
    mimic_status status = mimic__sqlite_pages_open(&direct->pages, ctx, path, name, err);
    if (status == MIMIC_OK && pthread_mutex_init(&direct->mutex, NULL) != 0)
        status = mimic__fail_memory(err);
    if (status != MIMIC_OK) {
        mimic__sqlite_pages_close(&direct->pages);
        mimic__free(ctx, direct);
        return status;
    }
    *out_direct = direct;
    return MIMIC_OK;
}

void mimic__sqlite_direct_free(mimic_sqlite_direct *direct)
{
    if (direct == NULL)
        return;
    mimic__sqlite_direct_end(direct);
    mimic__sqlite_pages_close(&direct->pages);
    pthread_mutex_destroy(&direct->mutex);
    mimic__free(direct->ctx, direct);
}

/* ---- chunks ---- */

static mimic_status take_chunk(mimic_sqlite_direct *direct, mimic_sqlite_chunk **out_chunk,
                               mimic_error *err)
{
    pthread_mutex_lock(&direct->mutex);
    mimic_sqlite_chunk *chunk = direct->spare;
    if (chunk != NULL)
        direct->spare = chunk->next;
    pthread_mutex_unlock(&direct->mutex);
    *out_chunk = chunk;
    return chunk != NULL ? MIMIC_OK : mimic__sqlite_chunk_new(&direct->layout, out_chunk, err);
}

void mimic__sqlite_direct_free_chunk(mimic_sqlite_direct *direct, mimic_sqlite_chunk *chunk)
{
    if (chunk == NULL)
        return;
    pthread_mutex_lock(&direct->mutex);
    chunk->next = direct->spare;
    direct->spare = chunk;
    pthread_mutex_unlock(&direct->mutex);
}

mimic_status mimic__sqlite_direct_encode(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                         mimic_sqlite_chunk **out_chunk, mimic_error *err)
{
    *out_chunk = NULL;
    if (!atomic_load_explicit(&direct->takes_rows, memory_order_relaxed) ||
        mimic__sqlite_batch_is_small(batch))
        return MIMIC_OK;
    mimic_sqlite_chunk *chunk = NULL;
    MIMIC_TRY(take_chunk(direct, &chunk, err));
    const mimic_status status = mimic__sqlite_chunk_encode(chunk, batch, NULL, err);
    if (status == MIMIC_OK)
        *out_chunk = chunk;
    else
        mimic__sqlite_direct_free_chunk(direct, chunk);
    return status;
}

/* ---- a table ---- */

mimic_status mimic__sqlite_direct_begin(mimic_sqlite_direct *direct,
                                        const mimic_sqlite_direct_table *table, mimic_error *err)
{
    direct->host = table->host;
    direct->layout.ctx = direct->ctx;
    direct->layout.integer_times = table->integer_times;
    direct->layout.key_field = table->has_row_key ? (ptrdiff_t)table->table->primary_key[0] : -1;
    MIMIC_TRY(mimic__sqlite_pages_begin(&direct->pages, err));
    MIMIC_TRY(mimic__sqlite_rules_init(&direct->layout.rules, direct->ctx, table->table, err));
    mimic__sqlite_tree_init(&direct->tree, direct->ctx, &direct->pages, table->root);
    atomic_store(&direct->takes_rows, true);
    return MIMIC_OK;
}

/* SQLite's words, which the insert would have brought. */
static mimic_status refuse_clash(const mimic_sqlite_direct *direct, int64_t row, mimic_error *err)
{
    const mimic_table *table = direct->layout.rules.table;
    const char *field = table->fields[direct->layout.key_field].name;
    mimic_buffer message;
    mimic__buffer_init(&message, direct->ctx);
    mimic__buffer_format(&message,
                         "a row with the same primary key came before (UNIQUE constraint failed: "
                         "%s.%s)",
                         table->name, field);
    char *text = mimic__buffer_take_text(&message);
    if (text == NULL)
        return mimic__fail_memory(err);
    const mimic_status status =
        mimic__sink_refuse(direct->host, row, MIMIC_REJECT_UNIQUE, field, text, err);
    mimic__free(direct->ctx, text);
    return status;
}

static mimic_status refuse_left_out(const mimic_sqlite_direct *direct, const mimic_batch *batch,
                                    const mimic_sqlite_chunk *chunk, mimic_error *err)
{
    const mimic_sqlite_left_out *rows =
        (const mimic_sqlite_left_out *)(const void *)chunk->left_out.data;
    for (size_t i = 0; i < chunk->left_out.size / sizeof *rows; i++)
        if (rows[i].column < 0)
            MIMIC_TRY(refuse_clash(direct, rows[i].row, err));
        else
            MIMIC_TRY(mimic__sqlite_refuse_fault(&direct->layout.rules, direct->host, batch,
                                                 rows[i].row, (size_t)rows[i].column, err));
    return MIMIC_OK;
}

static mimic_status write_chunk(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                mimic_sqlite_chunk *chunk, int64_t *out_end, mimic_error *err)
{
    const mimic_sqlite_held_leaf *held = &direct->tree.held;
    *out_end = 0;
    /* Rows of a batch that does not continue the table belong to inserts, all of them. */
    if (chunk->has_held || chunk->is_empty || !held->is_present ||
        chunk->first_key > held->last_key) {
        *out_end = chunk->end_row;
        MIMIC_TRY(refuse_left_out(direct, batch, chunk, err));
        MIMIC_TRY(mimic__sqlite_tree_append(&direct->tree, chunk, err));
    }
    if (*out_end < batch->row_count)
        atomic_store(&direct->takes_rows, false);
    return MIMIC_OK;
}

mimic_status mimic__sqlite_direct_write(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                        mimic_sqlite_chunk *chunk, int64_t *out_end,
                                        mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    *out_end = 0;
    if (atomic_load(&direct->takes_rows)) {
        if (chunk == NULL) {
            MIMIC_TRY(take_chunk(direct, &chunk, err));
            status = mimic__sqlite_chunk_encode(chunk, batch, &direct->tree.held, err);
        }
        if (status == MIMIC_OK)
            status = write_chunk(direct, batch, chunk, out_end, err);
    }
    mimic__sqlite_direct_free_chunk(direct, chunk);
    return status;
}

mimic_status mimic__sqlite_direct_finish(mimic_sqlite_direct *direct, mimic_error *err)
{
    atomic_store(&direct->takes_rows, false);
    MIMIC_TRY(mimic__sqlite_tree_finish(&direct->tree, err));
    return mimic__sqlite_pages_commit(&direct->pages, err);
}

mimic_status mimic__sqlite_direct_rollback(mimic_sqlite_direct *direct, mimic_error *err)
{
    atomic_store(&direct->takes_rows, false);
    return mimic__sqlite_pages_rollback(&direct->pages, err);
}

void mimic__sqlite_direct_end(mimic_sqlite_direct *direct)
{
    atomic_store(&direct->takes_rows, false);
    while (direct->spare != NULL) {
        mimic_sqlite_chunk *chunk = direct->spare;
        direct->spare = chunk->next;
        mimic__sqlite_chunk_free(chunk);
    }
    mimic__sqlite_tree_free(&direct->tree);
    mimic__sqlite_rules_free(&direct->layout.rules, direct->ctx);
}
