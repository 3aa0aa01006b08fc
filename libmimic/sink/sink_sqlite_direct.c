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
    mimic__sqlite_keys_free(chunk->keys);
    chunk->keys = NULL;
    pthread_mutex_lock(&direct->mutex);
    chunk->next = direct->spare;
    direct->spare = chunk;
    pthread_mutex_unlock(&direct->mutex);
}

/* Entries of the indexes, for the rows that are in the chunk. */
static mimic_status encode_keys(const mimic_sqlite_direct *direct, mimic_sqlite_chunk *chunk,
                                const mimic_batch *batch, const uint8_t *skip, mimic_error *err)
{
    const mimic_sqlite_left_out *rows =
        (const mimic_sqlite_left_out *)(const void *)chunk->left_out.data;
    const size_t count = chunk->left_out.size / sizeof *rows;
    if (count == 0)
        return mimic__sqlite_keys_encode(direct->indexes, batch, chunk->end_row, skip, &chunk->keys,
                                         err);
    uint8_t *out = mimic__alloc_zeroed(direct->ctx, (size_t)batch->row_count, 1);
    if (out == NULL)
        return mimic__fail_memory(err);
    if (skip != NULL)
        memcpy(out, skip, (size_t)batch->row_count);
    for (size_t i = 0; i < count; i++)
        out[rows[i].row] = 1;
    const mimic_status status =
        mimic__sqlite_keys_encode(direct->indexes, batch, chunk->end_row, out, &chunk->keys, err);
    mimic__free(direct->ctx, out);
    return status;
}

static mimic_status encode_chunk(const mimic_sqlite_direct *direct, mimic_sqlite_chunk *chunk,
                                 const mimic_batch *batch, const uint8_t *skip,
                                 const mimic_sqlite_held_leaf *held, mimic_error *err)
{
    mimic__sqlite_keys_free(chunk->keys);
    chunk->keys = NULL;
    MIMIC_TRY(mimic__sqlite_chunk_encode(chunk, batch, skip, held, err));
    return encode_keys(direct, chunk, batch, skip, err);
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
    const mimic_status status = encode_chunk(direct, chunk, batch, NULL, NULL, err);
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
    direct->layout.key_field = mimic__sqlite_indexes_rowid_field(table->indexes);
    MIMIC_TRY(mimic__sqlite_pages_begin(&direct->pages, err));
    MIMIC_TRY(mimic__sqlite_rules_init(&direct->layout.rules, direct->ctx, table->table, err));
    mimic__sqlite_tree_init(&direct->tree, direct->ctx, &direct->pages, table->root);
    direct->indexes = table->indexes;
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
                                    const mimic_sqlite_left_out *out, mimic_error *err)
{
    return out->column < 0 ? refuse_clash(direct, out->row, err)
                           : mimic__sqlite_refuse_fault(&direct->layout.rules, direct->host, batch,
                                                        out->row, (size_t)out->column, err);
}

/* Refuses rows of [row, end) whose keys were there before; marks them in `skip` and counts them. */
static mimic_status refuse_seen(mimic_sqlite_direct *direct, const mimic_sqlite_chunk *chunk,
                                int64_t row, int64_t end, uint8_t *skip, mimic_error *err)
{
    while (row < end) {
        mimic_sqlite_clash clash;
        MIMIC_TRY(mimic__sqlite_check_rows(direct->indexes, chunk->keys, row, end, &clash, err));
        if (clash.row < end) {
            MIMIC_TRY(mimic__sqlite_check_refuse(direct->indexes, direct->host, &clash, err));
            skip[clash.row] = 1;
        }
        row = clash.row + 1;
    }
    return MIMIC_OK;
}

/* Refuses what must be refused, in the order of the rows. */
static mimic_status refuse_rows(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                const mimic_sqlite_chunk *chunk, uint8_t *skip, mimic_error *err)
{
    const mimic_sqlite_left_out *out =
        (const mimic_sqlite_left_out *)(const void *)chunk->left_out.data;
    const size_t count = chunk->left_out.size / sizeof *out;
    int64_t row = 0;
    for (size_t i = 0; i < count; i++) {
        MIMIC_TRY(refuse_seen(direct, chunk, row, out[i].row, skip, err));
        MIMIC_TRY(refuse_left_out(direct, batch, &out[i], err));
        row = out[i].row + 1;
    }
    return refuse_seen(direct, chunk, row, chunk->end_row, skip, err);
}

/* A batch of which rows may clash: those that do are taken out. */
static mimic_status refuse_and_encode(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                      mimic_sqlite_chunk *chunk, mimic_error *err)
{
    uint8_t *skip = mimic__alloc_zeroed(direct->ctx, (size_t)batch->row_count, 1);
    if (skip == NULL)
        return mimic__fail_memory(err);
    mimic_status status = refuse_rows(direct, batch, chunk, skip, err);
    if (status == MIMIC_OK && memchr(skip, 1, (size_t)batch->row_count) != NULL)
        status = encode_chunk(direct, chunk, batch, skip,
                              chunk->has_held ? &direct->tree.held : NULL, err);
    mimic__free(direct->ctx, skip);
    return status;
}

/* Whether the row before decides whether a row is refused: its rowid, or that it ascends. */
static bool depends_on_others(const mimic_sqlite_chunk *chunk, const mimic_batch *batch)
{
    const mimic_sqlite_left_out *out =
        (const mimic_sqlite_left_out *)(const void *)chunk->left_out.data;
    for (size_t i = 0; i < chunk->left_out.size / sizeof *out; i++)
        if (out[i].column < 0)
            return true;
    return chunk->end_row < batch->row_count;
}

/* *out_is_for_pages: the chunk can be appended, now that rows were refused. */
static mimic_status check_keys(mimic_sqlite_direct *direct, const mimic_batch *batch,
                               mimic_sqlite_chunk *chunk, bool *out_is_for_pages, mimic_error *err)
{
    mimic_sqlite_seen seen = MIMIC_SQLITE_NOT_SEEN;
    MIMIC_TRY(mimic__sqlite_check_begin(direct->indexes, chunk->keys, &seen, err));
    *out_is_for_pages = seen == MIMIC_SQLITE_NOT_SEEN ||
                        (seen == MIMIC_SQLITE_SEEN && !depends_on_others(chunk, batch));
    if (!*out_is_for_pages)
        return MIMIC_OK;
    MIMIC_TRY(seen == MIMIC_SQLITE_NOT_SEEN ? refuse_rows(direct, batch, chunk, NULL, err)
                                            : refuse_and_encode(direct, batch, chunk, err));
    return mimic__sqlite_check_end(direct->indexes, chunk->keys, err);
}

static mimic_status write_chunk(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                mimic_sqlite_chunk *chunk, int64_t *out_end, mimic_error *err)
{
    const mimic_sqlite_held_leaf *held = &direct->tree.held;
    *out_end = 0;
    /* Rows of a batch that does not continue the table belong to inserts, all of them. */
    bool is_for_pages = chunk->has_held || chunk->is_empty || !held->is_present ||
                        chunk->first_key > held->last_key;
    if (is_for_pages)
        MIMIC_TRY(check_keys(direct, batch, chunk, &is_for_pages, err));
    if (is_for_pages) {
        *out_end = chunk->end_row;
        MIMIC_TRY(mimic__sqlite_indexes_add(direct->indexes, chunk->keys, err));
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
            status = encode_chunk(direct, chunk, batch, NULL, &direct->tree.held, err);
        }
        if (status == MIMIC_OK)
            status = write_chunk(direct, batch, chunk, out_end, err);
    }
    mimic__sqlite_direct_free_chunk(direct, chunk);
    return status;
}

mimic_status mimic__sqlite_direct_finish(mimic_sqlite_direct *direct, bool rows_follow,
                                         mimic_error *err)
{
    atomic_store(&direct->takes_rows, false);
    MIMIC_TRY(mimic__sqlite_tree_finish(&direct->tree, err));
    MIMIC_TRY(mimic__sqlite_indexes_write(direct->indexes, &direct->pages, rows_follow, err));
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
    mimic__sqlite_indexes_free(direct->indexes);
    direct->indexes = NULL;
    mimic__sqlite_rules_free(&direct->layout.rules, direct->ctx);
}
