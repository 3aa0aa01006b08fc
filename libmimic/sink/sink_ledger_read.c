/*
 * mimic_ledger_read: the ledger of a target that nobody opens for writing. Of an unfinished load the
 * lines are told as far as they can be read: SQLite cannot look into a database that a killed process
 * left in the middle of a transaction without mending it, which is not for a reader to do.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/options.h"
#include "io/target_lock.h"
#include "io/temporary.h"
#include "sink/sink_files.h"
#include "sink/sink_internal.h"
#include "sink/sink_ledger.h"
#include "sink/sink_sqlite_ledger.h"

typedef struct ledger_listener {
    const mimic_context *ctx;
    const char *path;
    mimic_ledger_fn fn;
    void *fn_ctx;
    bool is_waiting; /* what is told now */
    bool is_stopped;
    size_t count;
    mimic_ledger_state state;
} ledger_listener;

static int tell(const mimic_ledger_entry *entry, void *ctx)
{
    ledger_listener *const listener = ctx;
    mimic_ledger_entry line = *entry;
    line.struct_size = sizeof line;
    line.is_waiting = listener->is_waiting;
    listener->count++;
    listener->is_stopped = listener->fn(&line, listener->fn_ctx) != 0;
    return listener->is_stopped;
}

static mimic_status find_writer(ledger_listener *listener, bool is_folder, mimic_error *err)
{
    const mimic_target_place place = {listener->path, is_folder, NULL, NULL};
    return mimic__target_lock_holder(listener->ctx, &place, listener->state.writer, err);
}

/* ---- SQLite ---- */

#if MIMIC_HAVE_SQLITE
static bool is_file(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
}

static mimic_status read_database(ledger_listener *listener, const char *path, mimic_error *err)
{
    mimic_sqlite *db = NULL;
    MIMIC_TRY(mimic__sqlite_open_read(listener->ctx, path, &db, err));
    const mimic_status status = mimic__sqlite_ledger_read(db, tell, listener, err);
    mimic__sqlite_free(db);
    return status;
}

static mimic_status read_sqlite(ledger_listener *listener, mimic_error *err)
{
    char *const partial =
        mimic__alloc(listener->ctx, strlen(listener->path) + MIMIC_TEMPORARY_EXTRA);
    if (partial == NULL)
        return mimic__fail_memory(err);
    mimic__temporary_name(listener->path, ".mimic-partial", partial);
    mimic_status status = find_writer(listener, false, err);
    if (status == MIMIC_OK && is_file(listener->path)) {
        status = read_database(listener, listener->path, err);
    } else if (status == MIMIC_OK && is_file(partial)) {
        listener->is_waiting = true;
        listener->state.is_unfinished = 1;
        status = read_database(listener, partial, NULL);
        if (status == MIMIC_ERR_MEMORY)
            (void)mimic__fail_memory(err);
        else if (!listener->is_stopped)
            status = MIMIC_OK; /* as far as it can be read */
    }
    mimic__free(listener->ctx, partial);
    return status;
}
#else
static mimic_status read_sqlite(ledger_listener *listener, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "the sink for \"%s\" is not built into this library", listener->path);
}
#endif

/* ---- folders ---- */

/* Lines whose files are there as they were written. */
static mimic_status read_folder_lines(ledger_listener *listener, const char *dir,
                                      mimic_folder_ledger *ledger, mimic_error *err)
{
    const mimic_sink_files files = {.ctx = listener->ctx};
    bool is_sound;
    char *path = mimic__sink_files_path(&files, dir, MIMIC_FOLDER_LEDGER_NAME);
    if (path == NULL)
        return mimic__fail_memory(err);
    mimic_status status = mimic__folder_ledger_read(ledger, path, &is_sound, err);
    mimic__free(listener->ctx, path);
    listener->state.is_unfinished |= status == MIMIC_OK && is_sound && listener->is_waiting;
    for (size_t i = 0; i < ledger->count && status == MIMIC_OK && !listener->is_stopped; i++) {
        struct stat facts;
        path = mimic__sink_files_path(&files, dir, ledger->lines[i].file);
        if (path == NULL)
            status = mimic__fail_memory(err);
        else if (stat(path, &facts) == 0 && facts.st_size == ledger->lines[i].file_bytes &&
                 !ledger->lines[i].is_named_only)
            (void)tell(&ledger->lines[i].entry, listener);
        mimic__free(listener->ctx, path);
    }
    return status;
}

static mimic_status read_folder(ledger_listener *listener, mimic_error *err)
{
    const mimic_sink_files files = {.ctx = listener->ctx};
    mimic_folder_ledger ledger;
    char *const partial =
        mimic__sink_files_path(&files, listener->path, MIMIC_FOLDER_PARTIAL_NAME);
    if (partial == NULL)
        return mimic__fail_memory(err);
    mimic__folder_ledger_init(&ledger, listener->ctx);
    mimic_status status = find_writer(listener, true, err);
    if (status == MIMIC_OK)
        status = read_folder_lines(listener, listener->path, &ledger, err);
    listener->is_waiting = true;
    if (status == MIMIC_OK && !listener->is_stopped)
        status = read_folder_lines(listener, partial, &ledger, err);
    mimic__folder_ledger_free(&ledger);
    mimic__free(listener->ctx, partial);
    return status;
}

/* ---- any ---- */

/* A sink that has not begun a table has changed nothing yet. */
static mimic_status read_postgres(ledger_listener *listener, const mimic_sink_options *options,
                                  mimic_error *err)
{
    mimic_sink *sink = NULL;
    MIMIC_TRY(mimic_sink_open(listener->ctx, listener->path, options, &sink, err));
    const mimic_status status = mimic_sink_read_ledger(sink, tell, listener, err);
    mimic_sink_free(sink);
    return status;
}

static mimic_status read_target(ledger_listener *listener, const struct mimic_target *target,
                                const mimic_sink_options *options, const char *text,
                                mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    if (target->kind == MIMIC_TARGET_NULL || target->is_one_table)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s is a target without a ledger", text);
    if (target->kind == MIMIC_TARGET_SQLITE)
        status = read_sqlite(listener, err);
    else if (target->kind == MIMIC_TARGET_POSTGRES)
        status = read_postgres(listener, options, err);
    else
        status = read_folder(listener, err);
    if (listener->is_stopped)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "stopped while reading the ledger");
    if (status != MIMIC_OK || listener->count > 0 || listener->state.is_unfinished ||
        listener->state.writer[0] != '\0')
        return status;
    struct stat facts;
    if (target->kind != MIMIC_TARGET_POSTGRES && stat(target->path, &facts) != 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s is not there", target->path);
    return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "%s has no ledger: nothing was loaded into it",
                       target->kind == MIMIC_TARGET_POSTGRES ? "the database" : target->path);
}

mimic_status mimic_ledger_read(const mimic_context *ctx, const char *target,
                               const mimic_sink_options *options, mimic_ledger_fn fn, void *fn_ctx,
                               mimic_ledger_state *out_state, mimic_error *err)
{
    mimic_sink_options chosen = MIMIC_SINK_OPTIONS_INIT;
    struct mimic_target parsed;
    if (ctx == NULL || target == NULL || fn == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "ctx, target and fn must not be NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_sink_options", err));
    chosen.resume = NULL;
    mimic_status status = mimic__target_parse(ctx, target, &parsed, err);
    if (status == MIMIC_OK) {
        ledger_listener listener = {.ctx = ctx,
                                    .path = parsed.path,
                                    .fn = fn,
                                    .fn_ctx = fn_ctx,
                                    .state = MIMIC_LEDGER_STATE_INIT};
        status = read_target(&listener, &parsed, &chosen, target, err);
        if (out_state != NULL)
            (void)MIMIC_VIEW_COPY(out_state, listener.state);
    }
    mimic__target_free(ctx, &parsed);
    return status;
}
