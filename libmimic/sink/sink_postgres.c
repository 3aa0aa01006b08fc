/*
 * The PostgreSQL sink. Rows become COPY BINARY bytes on the workers (pgcopy) and go to the server as
 * they come. A table is one transaction: its rows, keys, indexes, rejects and its line of the ledger
 * appear together, in place of what was there before, or not at all. Every lane is a connection of
 * its own.
 */
#include "sink/sink_postgres.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "sink/pgcopy.h"

#define OWN_SCHEMA "mimic"
#define BARE_SCHEMA "public" /* of tables that belong to no dataset */

/* ---- errors ---- */

static void put_replaced(mimic_buffer *out, const char *text, const char *from, const char *to)
{
    const size_t size = strlen(from);
    for (const char *at = strstr(text, from); at != NULL; at = strstr(text, from)) {
        mimic__buffer_append(out, text, (size_t)(at - text));
        mimic__buffer_text(out, to);
        text = at + size;
    }
    mimic__buffer_text(out, text);
    mimic__buffer_byte(out, '\0');
}

static void replace_in(const mimic_context *ctx, char *message, size_t capacity, const char *from,
                       const char *to)
{
    mimic_buffer text;
    if (strstr(message, from) == NULL)
        return;
    mimic__buffer_init(&text, ctx);
    put_replaced(&text, message, from, to);
    if (!text.failed)
        (void)snprintf(message, capacity, "%s", text.data);
    mimic__buffer_free(&text);
}

/* The record of a row of the COPY, where that is known; rows are counted from 1. */
static int64_t record_of(const mimic_postgres_table *open, int64_t row)
{
    for (int64_t i = open->place_count - 1; i >= 0 && i > open->place_count - 1 - MIMIC_POSTGRES_PLACES;
         i--) {
        const mimic_postgres_place *const place = &open->places[i % MIMIC_POSTGRES_PLACES];
        const int64_t offset = row - 1 - place->first_row;
        if (offset < 0 || offset >= place->row_count)
            continue;
        const mimic_postgres_place *const next =
            i + 1 < open->place_count ? &open->places[(i + 1) % MIMIC_POSTGRES_PLACES] : NULL;
        /* Rejects among the records of the batch would shift the rows. */
        const bool is_exact = next != NULL &&
                              next->first_record - place->first_record == place->row_count;
        return place->is_gapless && (is_exact || offset == 0) ? place->first_record + offset : -1;
    }
    return -1;
}

/* Adds what the server cannot know: the table, what was being done, the record. */
static mimic_status explain(mimic_postgres_sink *sink, mimic_status status, mimic_error *err)
{
    const mimic_postgres_table *const open = &sink->open;
    const int64_t row = mimic__postgres_failed_row(sink->db);
    mimic_error why;
    if (status == MIMIC_OK || err == NULL || status != MIMIC_ERR_BACKEND || open->given == NULL)
        return status;
    for (size_t i = open->names.index_count; i-- > 0;)
        replace_in(sink->ctx, err->message, sizeof err->message, open->names.indexes[i].staging,
                   open->names.indexes[i].name);
    if (open->names.staging != NULL)
        replace_in(sink->ctx, err->message, sizeof err->message, open->names.staging->name,
                   open->names.table->name);
    why = *err;
    if (row > 0)
        mimic__fail(err, status, "table %s, row %lld of those sent: %s", open->given->name,
                    (long long)row, why.message);
    else
        mimic__fail(err, status, "table %s, %s: %s", open->given->name, open->step, why.message);
    memcpy(err->sqlstate, why.sqlstate, sizeof err->sqlstate);
    if (row > 0 && record_of(open, row) >= 0)
        err->record = record_of(open, row);
    return status;
}

/* ---- a table ---- */

static const char *schema_of(mimic_postgres_sink *sink, const mimic_table *table)
{
    mimic_buffer name;
    if (sink->schema != NULL)
        return sink->schema;
    mimic__buffer_init(&name, sink->ctx);
    mimic__ddl_schema_name(&name, table);
    const char *const schema =
        name.failed ? NULL
                    : mimic__arena_strndup(&sink->open.arena, name.size == 0 ? BARE_SCHEMA : name.data,
                                           name.size == 0 ? strlen(BARE_SCHEMA) : name.size);
    mimic__buffer_free(&name);
    return schema;
}

static mimic_status make_plan(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    mimic_pgcopy_plan *const plan = mimic__arena_alloc(&open->arena, sizeof *plan);
    open->present =
        mimic__arena_array(&open->arena, open->given->field_count, sizeof *open->present);
    if (plan == NULL || open->present == NULL)
        return mimic__fail_memory(err);
    open->plan = plan;
    return mimic__pgcopy_plan_init(plan, sink->ctx, open->given, err);
}

static mimic_status begin_copy(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    const mimic_table *const table = open->names.table;
    mimic_buffer sql;
    mimic_buffer header;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__buffer_init(&header, sink->ctx);
    mimic__buffer_text(&sql, "COPY ");
    mimic__postgres_quote_in(&sql, open->names.schema,
                             open->is_in_place ? table->name : open->names.staging->name);
    for (size_t i = 0; i < table->field_count; i++) {
        mimic__buffer_text(&sql, i == 0 ? " (" : ", ");
        mimic__postgres_quote(&sql, table->fields[i].name);
    }
    mimic__buffer_text(&sql, ") FROM STDIN (FORMAT BINARY, FREEZE)");
    mimic__buffer_byte(&sql, '\0');
    mimic__pgcopy_put_header(&header);
    mimic_status status = sql.failed || header.failed
                              ? mimic__fail_memory(err)
                              : mimic__postgres_copy_begin(sink->db, sql.data, err);
    if (status == MIMIC_OK)
        status = mimic__postgres_copy_write(sink->db, header.data, header.size, err);
    open->is_copying = status == MIMIC_OK;
    mimic__buffer_free(&header);
    mimic__buffer_free(&sql);
    return status;
}

static mimic_status begin_inner(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    const char *const schema = schema_of(sink, open->given);
    if (schema == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__postgres_names(&open->arena, open->given, schema, true, &open->names, err));
    MIMIC_TRY(make_plan(sink, err));
    open->step = "preparing the schema";
    MIMIC_TRY(mimic__postgres_prepare(sink, err));
    MIMIC_TRY(mimic__postgres_make_schema(sink->db, schema, err));
    open->step = "creating it";
    MIMIC_TRY(mimic__postgres_exec(sink->db, "BEGIN", err));
    MIMIC_TRY(mimic__postgres_forget(sink, err));
    MIMIC_TRY(mimic__postgres_table_create(sink, err));
    open->step = "COPY";
    return begin_copy(sink, err);
}

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    mimic_postgres_table *const open = &sink->open;
    memset(open, 0, sizeof *open);
    mimic__arena_init(&open->arena, sink->ctx);
    mimic__postgres_spool_init(&open->rejects, sink->ctx);
    open->given = table;
    open->host = host;
    return explain(sink, begin_inner(sink, err), err);
}

/* ---- rows ---- */

/* The bytes of a batch without its refused rows. */
typedef struct postgres_chunk {
    mimic_buffer bytes;
    mimic_pgcopy_fault *faults;
    size_t fault_count;
    size_t fault_capacity;
} postgres_chunk;

static void free_chunk(void *self, void *given)
{
    const mimic_postgres_sink *const sink = self;
    postgres_chunk *const chunk = given;
    if (chunk == NULL)
        return;
    mimic__buffer_free(&chunk->bytes);
    mimic__free(sink->ctx, chunk->faults);
    mimic__free(sink->ctx, chunk);
}

static bool add_fault(const mimic_context *ctx, postgres_chunk *chunk,
                      const mimic_pgcopy_fault *fault)
{
    mimic_pgcopy_fault *const faults = mimic__array_grow(ctx, chunk->faults, chunk->fault_count,
                                                         &chunk->fault_capacity, sizeof *faults);
    if (faults == NULL)
        return false;
    chunk->faults = faults;
    faults[chunk->fault_count++] = *fault;
    return true;
}

static bool encode_rows(const mimic_postgres_sink *sink, const mimic_batch *batch,
                        postgres_chunk *chunk)
{
    const mimic_pgcopy_plan *const plan = sink->open.plan;
    int64_t row = 0;
    mimic_pgcopy_fault fault;
    if (mimic__pgcopy_may_have_faults(plan, batch))
        while (mimic__pgcopy_find_fault(plan, batch, row, &fault)) {
            if (!add_fault(sink->ctx, chunk, &fault))
                return false;
            mimic__pgcopy_put_rows(plan, batch, row, fault.row, &chunk->bytes);
            row = fault.row + 1;
        }
    mimic__pgcopy_put_rows(plan, batch, row, batch->row_count, &chunk->bytes);
    return !chunk->bytes.failed;
}

static mimic_status encode(void *self, const mimic_batch *batch, void **out_chunk, mimic_error *err)
{
    const mimic_postgres_sink *const sink = self;
    postgres_chunk *const chunk = mimic__alloc_zeroed(sink->ctx, 1, sizeof *chunk);
    if (chunk == NULL)
        return mimic__fail_memory(err);
    mimic__buffer_init(&chunk->bytes, sink->ctx);
    if (!encode_rows(sink, batch, chunk)) {
        free_chunk(self, chunk);
        return mimic__fail_memory(err);
    }
    *out_chunk = chunk;
    return MIMIC_OK;
}

static void note_place(mimic_postgres_table *open, const mimic_batch *batch, int64_t sent)
{
    open->places[open->place_count++ % MIMIC_POSTGRES_PLACES] =
        (mimic_postgres_place){open->row_count, batch->first_record, sent, sent == batch->row_count};
    open->row_count += sent;
}

static void count_present(mimic_postgres_table *open, const mimic_batch *batch,
                          const postgres_chunk *chunk)
{
    for (size_t i = 0; i < batch->column_count; i++) {
        const mimic_column *const column = &batch->columns[i];
        open->present[i] += batch->row_count - column->null_count;
        for (size_t j = 0; j < chunk->fault_count; j++)
            open->present[i] -= mimic_column_is_valid(column, chunk->faults[j].row);
    }
}

static mimic_status send_chunk(mimic_postgres_sink *sink, const mimic_batch *batch,
                               const postgres_chunk *chunk, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    note_place(open, batch, batch->row_count - (int64_t)chunk->fault_count);
    count_present(open, batch, chunk);
    for (size_t i = 0; i < chunk->fault_count; i++) {
        const mimic_pgcopy_fault *const fault = &chunk->faults[i];
        MIMIC_TRY(mimic__sink_refuse(
            open->host, fault->row, fault->code,
            fault->column < 0 ? "" : open->given->fields[fault->column].name, fault->message, err));
    }
    return mimic__postgres_copy_write(sink->db, chunk->bytes.data, chunk->bytes.size, err);
}

static mimic_status write_batch(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    const mimic_status status = send_chunk(sink, batch, chunk, err);
    free_chunk(self, chunk);
    return explain(sink, status, err);
}

static mimic_status store_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                 mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    (void)table;
    return mimic__postgres_spool_reject(&sink->open.rejects, &sink->open.names, reject, err);
}

/* ---- the end of a table ---- */

static mimic_status end_copy(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    mimic_buffer trailer;
    if (!open->is_copying)
        return MIMIC_OK;
    open->is_copying = false;
    mimic__buffer_init(&trailer, sink->ctx);
    mimic__pgcopy_put_trailer(&trailer);
    mimic_status status = trailer.failed ? mimic__fail_memory(err)
                                         : mimic__postgres_copy_write(sink->db, trailer.data,
                                                                      trailer.size, err);
    mimic__buffer_free(&trailer);
    return status == MIMIC_OK ? mimic__postgres_copy_end(sink->db, err) : status;
}

static mimic_status store_ledger(void *self, const mimic_ledger_entry *entry, mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    if (sink->open.given == NULL)
        return mimic__postgres_store_ledger(sink, entry, err);
    mimic_status status = end_copy(sink, err);
    sink->open.step = "the ledger";
    if (status == MIMIC_OK)
        status = mimic__postgres_store_ledger(sink, entry, err);
    return explain(sink, status, err);
}

static void close_table(mimic_postgres_sink *sink)
{
    mimic_postgres_table *const open = &sink->open;
    if (open->given == NULL)
        return;
    if (open->plan != NULL)
        mimic__pgcopy_plan_free(open->plan);
    mimic__postgres_spool_free(&open->rejects);
    mimic__arena_free(&open->arena);
    open->given = NULL;
    open->plan = NULL;
}

static mimic_status commit_inner(mimic_postgres_sink *sink, mimic_error *err)
{
    mimic_postgres_table *const open = &sink->open;
    MIMIC_TRY(end_copy(sink, err));
    open->step = "its rejects";
    MIMIC_TRY(mimic__postgres_spool_store(&open->rejects, sink->db, sink->own_schema, err));
    open->step = "what is known of it";
    MIMIC_TRY(mimic__postgres_store_meta(sink, err));
    MIMIC_TRY(mimic__postgres_table_complete(sink, err));
    open->step = "its foreign keys";
    MIMIC_TRY(mimic__postgres_note_keys(sink, err));
    open->step = "COMMIT";
    return mimic__postgres_exec(sink->db, "COMMIT", err);
}

static mimic_status commit(void *self, mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    const mimic_status status = explain(sink, commit_inner(sink, err), err);
    if (status == MIMIC_OK)
        close_table(sink);
    return status;
}

static void abort_table(void *self)
{
    mimic_postgres_sink *const sink = self;
    if (sink->open.given == NULL)
        return;
    mimic__postgres_rollback(sink->db);
    close_table(sink);
}

/* ---- the whole target ---- */

static mimic_status finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    MIMIC_TRY(mimic__postgres_prepare(sink, err));
    return mimic__postgres_finish_keys(sink, finding, finding_ctx, err);
}

static mimic_status read_ledger(void *self, mimic_ledger_fn fn, void *fn_ctx, mimic_error *err)
{
    return mimic__postgres_read_ledger(self, fn, fn_ctx, err);
}

static void free_sink(void *self)
{
    mimic_postgres_sink *const sink = self;
    close_table(sink);
    mimic__postgres_free(sink->db);
    mimic__free(sink->ctx, sink->uri);
    mimic__free(sink->ctx, sink->shown);
    mimic__free(sink->ctx, sink->schema);
    mimic__free(sink->ctx, sink->own_schema);
    mimic__free(sink->ctx, sink);
}

static mimic_status open_lane(void *self, mimic_sink **out_sink, mimic_error *err);

static const mimic_sink_vtable VTABLE = {.struct_size = sizeof VTABLE,
                                         .name = "postgres",
                                         .begin = begin,
                                         .encode = encode,
                                         .free_chunk = free_chunk,
                                         .write = write_batch,
                                         .reject = store_reject,
                                         .commit = commit,
                                         .abort = abort_table,
                                         .finish = finish,
                                         .free = free_sink,
                                         .ledger = store_ledger,
                                         .read_ledger = read_ledger,
                                         .lane = open_lane};

static mimic_status set_schema(mimic_postgres_sink *sink, const char *schema, mimic_error *err)
{
    if (schema != NULL && (schema[0] == '\0' || strlen(schema) >= MIMIC_POSTGRES_NAME_BYTES))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "pg_schema \"%.100s\": the name of a schema has 1 to %d bytes", schema,
                           MIMIC_POSTGRES_NAME_BYTES - 1);
    sink->own_schema = mimic__strdup(sink->ctx, schema == NULL ? OWN_SCHEMA : schema);
    if (sink->own_schema == NULL)
        return mimic__fail_memory(err);
    if (schema == NULL)
        return MIMIC_OK;
    /* As the server folds a name without quotes. */
    for (char *at = sink->own_schema; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    sink->schema = mimic__strdup(sink->ctx, sink->own_schema);
    return sink->schema == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status open_connection(mimic_postgres_sink *sink, const char *uri, const char *schema,
                                    mimic_error *err)
{
    sink->uri = mimic__strdup(sink->ctx, uri);
    sink->shown = mimic__target_redact(sink->ctx, uri);
    if (sink->uri == NULL || sink->shown == NULL)
        return mimic__fail_memory(err);
    if (mimic__target_has_loose_password(uri))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%s: the password holds one of @ / ? %% as it is; write %%40, %%2F, %%3F "
                           "and %%25, or leave it to PGPASSWORD or ~/.pgpass",
                           sink->shown);
    MIMIC_TRY(set_schema(sink, schema, err));
    const mimic_postgres_options options = {sink->uri, sink->shown, sink->options.interrupted,
                                            sink->options.interrupted_ctx};
    return mimic__postgres_connect(sink->ctx, &options, &sink->db, err);
}

static mimic_status open_sink(const mimic_context *ctx, const char *uri,
                              const mimic_sink_options *options, mimic_postgres_sink *main,
                              mimic_sink **out_sink, mimic_error *err)
{
    mimic_postgres_sink *const sink = mimic__alloc_zeroed(ctx, 1, sizeof *sink);
    if (sink == NULL)
        return mimic__fail_memory(err);
    sink->ctx = ctx;
    sink->options = *options;
    sink->options.pg_schema = NULL; /* the caller's text may go */
    sink->main = main == NULL ? sink : main;
    mimic_status status =
        open_connection(sink, uri, main == NULL ? options->pg_schema : main->schema, err);
    if (status == MIMIC_OK && main != NULL)
        status = mimic__postgres_lock_lane(sink, err);
    if (status == MIMIC_OK)
        status = mimic_sink_new(ctx, &VTABLE, sink, out_sink, err);
    if (status != MIMIC_OK)
        free_sink(sink);
    return status;
}

static mimic_status open_lane(void *self, mimic_sink **out_sink, mimic_error *err)
{
    mimic_postgres_sink *const sink = self;
    MIMIC_TRY(mimic__postgres_prepare(sink->main, err));
    return open_sink(sink->ctx, sink->uri, &sink->options, sink->main, out_sink, err);
}

mimic_status mimic__sink_postgres_open(const mimic_context *ctx, const struct mimic_target *target,
                                       const mimic_sink_options *options, mimic_pool *pool,
                                       mimic_sink **out_sink, mimic_error *err)
{
    (void)pool;
    if (options->compression > MIMIC_SINK_COMPRESSION_NONE)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a PostgreSQL database cannot be compressed");
    return open_sink(ctx, target->path, options, NULL, out_sink, err);
}
