/*
 * The sink every caller sees: it keeps the order of calls, remembers the first failure of a table,
 * checks batches against the table, and stands between a sink and its host, so that what implements
 * mimic_sink_vtable need check none of that. It knows nothing of files or databases.
 */
#include <mimic/sink.h>

#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"

typedef enum sink_state {
    STATE_READY,    /* between tables */
    STATE_OPEN,     /* a table is begun */
    STATE_FAILED,   /* a call of this table failed: only abort helps */
    STATE_FINISHED, /* finish was called, well or badly: only free is left */
} sink_state;

struct mimic_sink {
    const mimic_context *ctx;
    mimic_sink_vtable vtable;
    void *self;
    sink_state state;
    const mimic_table *table;
    int64_t row_count;           /* of the batches written to it */
    mimic_sink_host host;        /* what the sink sees */
    mimic_sink_host caller_host; /* reject_row NULL = none */
    mimic_error failure;         /* of this table; code MIMIC_OK = none */
};

static const mimic_error NO_ERROR = MIMIC_ERROR_INIT;

static mimic_status tell(mimic_error *err, const mimic_error *failure)
{
    if (err != NULL) {
        const uint32_t struct_size = err->struct_size;
        *err = *failure;
        err->struct_size = struct_size;
    }
    return failure->code;
}

/* Completes what a sink left in `failure`, so that status and record always agree. */
static mimic_status complete_error(const mimic_sink *sink, mimic_status status, const char *call,
                                   mimic_error *failure, mimic_error *err)
{
    if (status > 0)
        status = MIMIC_ERR_BACKEND;
    if (failure->code == MIMIC_OK || failure->message[0] == '\0')
        mimic__fail(failure, status, "sink \"%s\": %s failed with %s", sink->vtable.name, call,
                    mimic_status_name(status));
    return tell(err, failure);
}

static mimic_status fail_table(mimic_sink *sink, mimic_status status, const char *call,
                               mimic_error *err)
{
    sink->state = STATE_FAILED;
    return complete_error(sink, status, call, &sink->failure, err);
}

mimic_status mimic_sink_new(const mimic_context *ctx, const mimic_sink_vtable *vtable, void *self,
                            mimic_sink **out_sink, mimic_error *err)
{
    if (out_sink == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "out_sink is NULL");
    *out_sink = NULL;
    if (ctx == NULL || vtable == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "ctx or vtable is NULL");
    mimic_sink_vtable known = {.struct_size = sizeof known};
    /* Functions that this version does not know are not called: a newer sink does without them. */
    const size_t given_size = vtable->struct_size;
    memcpy(&known, vtable, given_size < sizeof known ? given_size : sizeof known);
    if (known.begin == NULL || known.write == NULL || known.commit == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "a sink needs begin, write and commit (and struct_size set)");
    if (known.name == NULL)
        known.name = "unnamed";
    mimic_sink *sink = mimic__alloc_zeroed(ctx, 1, sizeof *sink);
    if (sink == NULL)
        return mimic__fail_memory(err);
    sink->ctx = ctx;
    sink->vtable = known;
    sink->self = self;
    sink->failure = NO_ERROR;
    *out_sink = sink;
    return MIMIC_OK;
}

static mimic_status fail_not_built_in(const mimic_context *ctx, const struct mimic_target *target,
                                      mimic_error *err)
{
    char *const shown = mimic__target_redact(ctx, target->path);
    if (shown == NULL)
        return mimic__fail_memory(err);
    const mimic_status status = mimic__fail(
        err, MIMIC_ERR_UNSUPPORTED, "the sink for \"%s\" is not built into this library", shown);
    mimic__free(ctx, shown);
    return status;
}

static mimic_status open_builtin(const mimic_context *ctx, const struct mimic_target *target,
                                 const mimic_sink_options *options, mimic_pool *pool,
                                 mimic_sink **out_sink, mimic_error *err)
{
    switch (target->kind) {
#if MIMIC_HAVE_SQLITE
    case MIMIC_TARGET_SQLITE:
        return mimic__sink_sqlite_open(ctx, target, options, pool, out_sink, err);
#endif
    case MIMIC_TARGET_ARROW:
        return mimic__sink_arrow_open(ctx, target, options, pool, out_sink, err);
    case MIMIC_TARGET_CSV:
        return mimic__sink_csv_open(ctx, target, options, pool, out_sink, err);
    case MIMIC_TARGET_NULL:
        return mimic__sink_null_open(ctx, target, options, pool, out_sink, err);
#if MIMIC_HAVE_POSTGRES
    case MIMIC_TARGET_POSTGRES:
        return mimic__sink_postgres_open(ctx, target, options, pool, out_sink, err);
#endif
    default:
        return fail_not_built_in(ctx, target, err);
    }
}

static mimic_status check_options(const mimic_sink_options *options, mimic_error *err)
{
    if (options->compression < MIMIC_SINK_COMPRESSION_DEFAULT ||
        options->compression > MIMIC_SINK_COMPRESSION_ZSTD)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_sink_options.compression is %d; expected a "
                           "MIMIC_SINK_COMPRESSION_ constant",
                           options->compression);
    return MIMIC_OK;
}

mimic_status mimic__sink_open(const mimic_context *ctx, const char *target,
                              const mimic_sink_options *options, mimic_pool *pool,
                              mimic_sink **out_sink, mimic_error *err)
{
    if (out_sink == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "out_sink is NULL");
    *out_sink = NULL;
    if (ctx == NULL || target == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "ctx or target is NULL");
    mimic_sink_options chosen = MIMIC_SINK_OPTIONS_INIT;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_sink_options", err));
    MIMIC_TRY(check_options(&chosen, err));
    struct mimic_target parsed;
    mimic_status status = mimic__target_parse(ctx, target, &parsed, err);
    if (status == MIMIC_OK)
        status = open_builtin(ctx, &parsed, &chosen, pool, out_sink, err);
    mimic__target_free(ctx, &parsed);
    return status;
}

mimic_status mimic_sink_open(const mimic_context *ctx, const char *target,
                             const mimic_sink_options *options, mimic_sink **out_sink,
                             mimic_error *err)
{
    return mimic__sink_open(ctx, target, options, NULL, out_sink, err);
}

mimic_status mimic__sink_refuse(const mimic_sink_host *host, int64_t row, mimic_reject_code code,
                                const char *column, const char *message, mimic_error *err)
{
    if (host->reject_row(host->ctx, row, code, column, message) == 0)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_CANCELLED, "stopped at row %lld of the batch: %s",
                       (long long)row, message);
}

/* The host that sinks see. Without a host of the caller's a refused row is an error, which is kept
 * in place of the MIMIC_ERR_CANCELLED that the sink then returns. */
static int host_reject_row(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                           const char *message)
{
    mimic_sink *sink = ctx;
    const mimic_sink_host *caller = &sink->caller_host;
    if (caller->reject_row != NULL)
        return caller->reject_row(caller->ctx, row, code, column, message);
    mimic__fail(&sink->failure, MIMIC_ERR_VALUE, "row %lld of a batch of table %s refused (%s): %s",
                (long long)row, sink->table->name, mimic_reject_code_name(code), message);
    mimic__error_place(&sink->failure, NULL, -1, -1, -1, column);
    return 1;
}

static mimic_status require_state(const mimic_sink *sink, sink_state state, const char *call,
                                  mimic_error *err)
{
    if (sink == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_%s: sink is NULL", call);
    if (sink->state == state)
        return MIMIC_OK;
    if (sink->state == STATE_FAILED)
        return tell(err, &sink->failure);
    static const char *const found[] = {"no table is open", "a table is open", "",
                                        "the sink is finished"};
    return mimic__fail(err, MIMIC_ERR_STATE, "mimic_sink_%s: %s", call, found[sink->state]);
}

mimic_status mimic_sink_begin(mimic_sink *sink, const mimic_table *table,
                              const mimic_sink_host *host, mimic_error *err)
{
    MIMIC_TRY(require_state(sink, STATE_READY, "begin", err));
    if (table == NULL || table->field_count == 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_begin: %s",
                           table == NULL ? "table is NULL" : "the table has no fields");
    sink->caller_host = (mimic_sink_host){.struct_size = sizeof(mimic_sink_host)};
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&sink->caller_host, host, "mimic_sink_host", err));
    sink->host = (mimic_sink_host){sizeof(mimic_sink_host), host_reject_row, sink};
    sink->table = table;
    sink->row_count = 0;
    sink->failure = NO_ERROR;
    sink->state = STATE_OPEN;
    const mimic_status status = sink->vtable.begin(sink->self, table, &sink->host, &sink->failure);
    return status == MIMIC_OK ? MIMIC_OK : fail_table(sink, status, "begin", err);
}

static mimic_status check_batch(const mimic_sink *sink, const mimic_batch *batch, mimic_error *err)
{
    const size_t field_count = sink->table->field_count;
    if (batch->row_count < 0 || batch->column_count != field_count)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the batch has %lld rows of %zu columns; table %s has %zu fields",
                           (long long)batch->row_count, batch->column_count, sink->table->name,
                           field_count);
    for (size_t i = 0; i < field_count; i++) {
        const mimic_field *field = &sink->table->fields[i];
        const mimic_column *column = &batch->columns[i];
        if (column->type != field->type ||
            (field->type == MIMIC_TYPE_DECIMAL && column->scale != field->scale))
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "column %zu of the batch is %s; field %s of table %s is %s", i,
                               mimic_type_name(column->type), field->name, sink->table->name,
                               mimic_type_name(field->type));
    }
    return MIMIC_OK;
}

mimic_status mimic__sink_encode(const mimic_sink *sink, const mimic_batch *batch, void **out_chunk,
                                mimic_error *err)
{
    *out_chunk = NULL;
    MIMIC_TRY(check_batch(sink, batch, err));
    if (sink->vtable.encode == NULL)
        return MIMIC_OK;
    mimic_error why = MIMIC_ERROR_INIT;
    const mimic_status status = sink->vtable.encode(sink->self, batch, out_chunk, &why);
    return status == MIMIC_OK ? MIMIC_OK : complete_error(sink, status, "encode", &why, err);
}

void mimic__sink_free_chunk(const mimic_sink *sink, void *chunk)
{
    if (chunk != NULL && sink->vtable.free_chunk != NULL)
        sink->vtable.free_chunk(sink->self, chunk);
}

/* A batch that could not be written: `why`, unless host_reject_row knows better. */
static mimic_status fail_write(mimic_sink *sink, mimic_status status, const mimic_error *why,
                               mimic_error *err)
{
    if (sink->failure.code == MIMIC_OK)
        sink->failure = *why;
    return fail_table(sink, status, "write", err);
}

mimic_status mimic__sink_write_chunk(mimic_sink *sink, const mimic_batch *batch, void *chunk,
                                     mimic_error *err)
{
    const mimic_status state = require_state(sink, STATE_OPEN, "write", err);
    if (state != MIMIC_OK) {
        mimic__sink_free_chunk(sink, chunk);
        return state;
    }
    mimic_error local = MIMIC_ERROR_INIT;
    const mimic_status status = sink->vtable.write(sink->self, batch, chunk, &local);
    sink->row_count += batch->row_count;
    return status == MIMIC_OK ? MIMIC_OK : fail_write(sink, status, &local, err);
}

mimic_status mimic_sink_write(mimic_sink *sink, const mimic_batch *batch, mimic_error *err)
{
    MIMIC_TRY(require_state(sink, STATE_OPEN, "write", err));
    if (batch == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_write: batch is NULL");
    mimic_batch numbered = {.first_row = sink->row_count};
    memcpy(&numbered, batch, offsetof(mimic_batch, first_row)); /* a caller's may end there */
    void *chunk = NULL;
    mimic_error local = MIMIC_ERROR_INIT;
    const mimic_status status = mimic__sink_encode(sink, &numbered, &chunk, &local);
    if (status != MIMIC_OK)
        return fail_write(sink, status, &local, err);
    return mimic__sink_write_chunk(sink, &numbered, chunk, err);
}

mimic_status mimic_sink_reject(mimic_sink *sink, const mimic_reject *reject, mimic_error *err)
{
    MIMIC_TRY(require_state(sink, STATE_OPEN, "reject", err));
    mimic_reject chosen = {.struct_size = sizeof chosen,
                           .source = "",
                           .column = "",
                           .message = "",
                           .raw = "",
                           .record = -1,
                           .line = -1,
                           .byte_offset = -1};
    if (reject == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_reject: reject is NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, reject, "mimic_reject", err));
    if (sink->vtable.reject == NULL)
        return MIMIC_OK;
    const mimic_status status =
        sink->vtable.reject(sink->self, sink->table, &chosen, &sink->failure);
    return status == MIMIC_OK ? MIMIC_OK : fail_table(sink, status, "reject", err);
}

mimic_status mimic_sink_commit(mimic_sink *sink, mimic_error *err)
{
    MIMIC_TRY(require_state(sink, STATE_OPEN, "commit", err));
    const mimic_status status = sink->vtable.commit(sink->self, &sink->failure);
    if (status != MIMIC_OK)
        return fail_table(sink, status, "commit", err);
    sink->state = STATE_READY;
    sink->table = NULL;
    return MIMIC_OK;
}

mimic_status mimic_sink_ledger(mimic_sink *sink, const mimic_ledger_entry *entry, mimic_error *err)
{
    if (sink == NULL || sink->state != STATE_READY)
        MIMIC_TRY(require_state(sink, STATE_OPEN, "ledger", err));
    mimic_ledger_entry chosen = MIMIC_LEDGER_ENTRY_INIT;
    if (entry == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_ledger: entry is NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, entry, "mimic_ledger_entry", err));
    if (sink->vtable.ledger == NULL)
        return MIMIC_OK;
    if (sink->state == STATE_OPEN) {
        const mimic_status status = sink->vtable.ledger(sink->self, &chosen, &sink->failure);
        return status == MIMIC_OK ? MIMIC_OK : fail_table(sink, status, "ledger", err);
    }
    mimic_error why = MIMIC_ERROR_INIT;
    const mimic_status status = sink->vtable.ledger(sink->self, &chosen, &why);
    return status == MIMIC_OK ? MIMIC_OK : complete_error(sink, status, "ledger", &why, err);
}

mimic_status mimic_sink_read_ledger(mimic_sink *sink, mimic_ledger_fn fn, void *fn_ctx,
                                    mimic_error *err)
{
    MIMIC_TRY(require_state(sink, STATE_READY, "read_ledger", err));
    if (fn == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_read_ledger: fn is NULL");
    if (sink->vtable.read_ledger == NULL)
        return MIMIC_OK;
    mimic_error why = MIMIC_ERROR_INIT;
    const mimic_status status = sink->vtable.read_ledger(sink->self, fn, fn_ctx, &why);
    return status == MIMIC_OK ? MIMIC_OK : complete_error(sink, status, "read_ledger", &why, err);
}

mimic_status mimic_sink_lane(mimic_sink *sink, mimic_sink **out_sink, mimic_error *err)
{
    if (out_sink == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "mimic_sink_lane: out_sink is NULL");
    *out_sink = NULL;
    MIMIC_TRY(require_state(sink, STATE_READY, "lane", err));
    if (sink->vtable.lane == NULL)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "sink \"%s\" takes one table at a time", sink->vtable.name);
    mimic_error why = MIMIC_ERROR_INIT;
    const mimic_status status = sink->vtable.lane(sink->self, out_sink, &why);
    return status == MIMIC_OK ? MIMIC_OK : complete_error(sink, status, "lane", &why, err);
}

void mimic_sink_abort(mimic_sink *sink)
{
    if (sink == NULL || (sink->state != STATE_OPEN && sink->state != STATE_FAILED))
        return;
    if (sink->vtable.abort != NULL)
        sink->vtable.abort(sink->self);
    sink->state = STATE_READY;
    sink->table = NULL;
    sink->failure = NO_ERROR;
}

static void ignore_finding(const mimic_finding *finding, void *ctx)
{
    (void)finding;
    (void)ctx;
}

mimic_status mimic_sink_finish(mimic_sink *sink, mimic_finding_fn finding, void *finding_ctx,
                               mimic_error *err)
{
    MIMIC_TRY(require_state(sink, STATE_READY, "finish", err));
    sink->state = STATE_FINISHED;
    if (sink->vtable.finish == NULL)
        return MIMIC_OK;
    const mimic_status status = sink->vtable.finish(
        sink->self, finding == NULL ? ignore_finding : finding, finding_ctx, &sink->failure);
    if (status == MIMIC_OK)
        return MIMIC_OK;
    const mimic_status told = fail_table(sink, status, "finish", err);
    sink->state = STATE_FINISHED;
    return told;
}

void mimic_sink_free(mimic_sink *sink)
{
    if (sink == NULL)
        return;
    mimic_sink_abort(sink);
    if (sink->vtable.free != NULL)
        sink->vtable.free(sink->self);
    mimic__free(sink->ctx, sink);
}
