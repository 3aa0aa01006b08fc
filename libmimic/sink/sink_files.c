/*
 * See sink_files.h. Assumes that the calls come in the order that sink.c enforces. Knows nothing of
 * what a table's file holds.
 */
#include "sink/sink_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "schema/schema_model.h"
#include "sink/sink_csv_encode.h"
#include "sink/sink_internal.h"
#include "sink/sink_ledger.h"

static mimic_status check_kind(const mimic_sink_files *files, mimic_error *err)
{
    struct stat facts;
    if (stat(files->root, &facts) != 0)
        return MIMIC_OK;
    const bool is_folder = S_ISDIR(facts.st_mode) != 0;
    if (is_folder == files->is_one_table)
        return mimic__fail(err, MIMIC_ERR_IO, "%s is %s folder; expected %s", files->root,
                           is_folder ? "a" : "no",
                           is_folder ? "a file, or a folder as the target" : "a folder");
    return MIMIC_OK;
}

mimic_status mimic__sink_files_init(mimic_sink_files *files, const mimic_context *ctx,
                                    const struct mimic_target *target, const char *ending,
                                    const mimic_output_options *options,
                                    const mimic_sink_options *sink_options, mimic_error *err)
{
    *files = (mimic_sink_files){
        .ctx = ctx, .is_one_table = target->is_one_table, .ending = ending, .options = *options};
    mimic__arena_init(&files->line_arena, ctx);
    mimic__folder_ledger_init(&files->held, ctx);
    mimic__folder_ledger_init(&files->waiting, ctx);
    files->root = mimic__strdup(ctx, target->path);
    if (files->root == NULL)
        return mimic__fail_memory(err);
    const mimic_target_place place = {files->root, !files->is_one_table, sink_options->interrupted,
                                      sink_options->interrupted_ctx};
    MIMIC_TRY(check_kind(files, err));
    MIMIC_TRY(mimic__target_lock_take(ctx, &place, &files->lock, err));
    return files->is_one_table ? MIMIC_OK : mimic__sink_files_resume(files, sink_options, err);
}

static void free_files(const mimic_context *ctx, mimic_table_files *files)
{
    mimic__output_free(files->output);
    mimic__output_free(files->rejects);
    mimic__free(ctx, files->path);
    mimic__free(ctx, files->rejects_path);
    *files = (mimic_table_files){0};
}

void mimic__sink_files_abort(mimic_sink_files *files)
{
    free_files(files->ctx, &files->open);
    mimic__arena_free(&files->line_arena);
    files->has_line = false;
    files->table = NULL;
}

void mimic__sink_files_free(mimic_sink_files *files)
{
    mimic__sink_files_abort(files);
    for (size_t i = 0; i < files->done_count; i++)
        free_files(files->ctx, &files->done[i]);
    mimic__sink_files_leave(files);
    mimic__free(files->ctx, files->done);
    mimic__folder_ledger_free(&files->held);
    mimic__folder_ledger_free(&files->waiting);
    mimic__target_lock_free(files->lock);
    mimic__free(files->ctx, files->partial);
    mimic__free(files->ctx, files->root);
}

static const char *folder_of(const mimic_sink_files *files)
{
    return files->partial == NULL ? files->root : files->partial;
}

static mimic_status make_table_path(const mimic_sink_files *files, const mimic_table *table,
                                    char **out_path, mimic_error *err)
{
    if (!files->is_one_table)
        return mimic__sink_table_path(files->ctx, folder_of(files), table->module, table->name,
                                      files->ending, out_path, err);
    *out_path = mimic__strdup(files->ctx, files->root);
    return *out_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* "labs.csv.gz" without its endings: 4. */
static size_t stem_size(const char *path)
{
    static const char *const endings[] = {".gz", ".zst", ".csv", ".arrow", ".arrows"};
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i]);
        if (size > ending && memcmp(path + size - ending, endings[i], ending) == 0)
            size -= ending;
    }
    return size;
}

static mimic_status make_rejects_path(const mimic_sink_files *files, const mimic_table *table,
                                      char **out_path, mimic_error *err)
{
    if (!files->is_one_table)
        return mimic__sink_table_path(files->ctx, folder_of(files), "rejects", table->name, ".csv",
                                      out_path, err);
    mimic_buffer path;
    mimic__buffer_init(&path, files->ctx);
    mimic__buffer_append(&path, files->root, stem_size(files->root));
    mimic__buffer_text(&path, ".rejects.csv");
    *out_path = mimic__buffer_take_text(&path);
    return *out_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* What would make one table's file replace another's in silence. */
static mimic_status check_names(const mimic_sink_files *files, const mimic_table *table,
                                mimic_error *err)
{
    if (files->is_one_table && files->done_count > 0)
        return mimic__fail(
            err, MIMIC_ERR_STATE,
            "%s is the file of one table; for several name a folder, such as csv:DIR or arrow:DIR",
            files->root);
    if (!files->is_one_table && mimic__name_equals(table->module, "rejects"))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "module \"%s\" of table %s: the folder of that name holds rejects",
                           table->module, table->name);
    const mimic_folder_line *const other =
        mimic__folder_ledger_find(&files->waiting, table->name);
    const char *const name = files->open.path + strlen(folder_of(files)) + 1;
    if (other != NULL && strcmp(other->file, name) != 0)
        return mimic__fail(err, MIMIC_ERR_STATE,
                           "two tables are called \"%s\": %s can hold the rejects of one only",
                           table->name, files->open.rejects_path);
    return MIMIC_OK;
}

static mimic_status begin_inner(mimic_sink_files *files, const mimic_table *table, mimic_error *err)
{
    MIMIC_TRY(make_table_path(files, table, &files->open.path, err));
    MIMIC_TRY(make_rejects_path(files, table, &files->open.rejects_path, err));
    MIMIC_TRY(check_names(files, table, err));
    return mimic__output_open(files->ctx, files->open.path, &files->options, &files->open.output,
                              err);
}

mimic_status mimic__sink_files_begin(mimic_sink_files *files, const mimic_table *table,
                                     mimic_error *err)
{
    files->table = table;
    if (files->partial != NULL)
        (void)mkdir(files->partial, 0700); /* nobody else's before it is whole; EEXIST mostly */
    const mimic_status status = begin_inner(files, table, err);
    if (status != MIMIC_OK)
        mimic__sink_files_abort(files);
    return status;
}

mimic_status mimic__sink_files_begin_anew(mimic_sink_files *files, mimic_output **out_former,
                                          mimic_error *err)
{
    mimic_output *output = NULL;
    MIMIC_TRY(mimic__output_open(files->ctx, files->open.path, &files->options, &output, err));
    *out_former = files->open.output;
    files->open.output = output;
    return MIMIC_OK;
}

static void append_field(mimic_buffer *line, const char *text)
{
    mimic__csv_encode_text(line, text, strlen(text));
    mimic__buffer_byte(line, ',');
}

static mimic_status open_rejects(mimic_sink_files *files, mimic_error *err)
{
    static const char header[] = "source,record,line,byte_offset,column,code,message,raw\n";
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE,
                                          .no_sync = files->options.no_sync};
    MIMIC_TRY(mimic__output_open(files->ctx, files->open.rejects_path, &options,
                                 &files->open.rejects, err));
    return mimic__output_write(files->open.rejects, header, sizeof header - 1, err);
}

mimic_status mimic__sink_files_reject(mimic_sink_files *files, const mimic_reject *reject,
                                      mimic_error *err)
{
    if (files->open.rejects == NULL)
        MIMIC_TRY(open_rejects(files, err));
    mimic_buffer line;
    mimic__buffer_init(&line, files->ctx);
    append_field(&line, reject->source);
    mimic__buffer_format(&line, "%lld,%lld,%lld,", (long long)reject->record,
                         (long long)reject->line, (long long)reject->byte_offset);
    append_field(&line, reject->column);
    append_field(&line, mimic_reject_code_name(reject->code));
    append_field(&line, reject->message);
    mimic__csv_encode_text(&line, reject->raw, reject->raw_size);
    mimic__buffer_byte(&line, '\n');
    const mimic_status status =
        line.failed ? mimic__fail_memory(err)
                    : mimic__output_write(files->open.rejects, line.data, line.size, err);
    mimic__buffer_free(&line);
    return status;
}

static bool reserve_done(mimic_sink_files *files)
{
    if (files->done_count < files->done_capacity)
        return true;
    const size_t capacity = files->done_capacity == 0 ? 8 : 2 * files->done_capacity;
    mimic_table_files *done = mimic__realloc(
        files->ctx, files->done, files->done_capacity * sizeof *done, capacity * sizeof *done);
    if (done == NULL)
        return false;
    files->done = done;
    files->done_capacity = capacity;
    return true;
}

/* The files get their names in the folder where they wait. */
static mimic_status commit_partial(mimic_sink_files *files, mimic_error *err)
{
    MIMIC_TRY(mimic__output_publish(files->open.output, err));
    if (files->open.rejects != NULL)
        MIMIC_TRY(mimic__output_publish(files->open.rejects, err));
    MIMIC_TRY(mimic__sink_files_wait(files, files->partial, err));
    mimic__sink_files_abort(files);
    return MIMIC_OK;
}

mimic_status mimic__sink_files_commit(mimic_sink_files *files, mimic_error *err)
{
    if (!reserve_done(files))
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__output_close(files->open.output, err));
    if (files->open.rejects != NULL)
        MIMIC_TRY(mimic__output_close(files->open.rejects, err));
    if (files->partial != NULL)
        return commit_partial(files, err);
    if (!files->is_one_table)
        MIMIC_TRY(mimic__sink_files_wait(files, files->root, err));
    files->done[files->done_count++] = files->open;
    files->open = (mimic_table_files){0};
    mimic__sink_files_abort(files);
    return MIMIC_OK;
}

/* A table without rejects must not stand beside the rejects of an earlier load. */
static mimic_status publish_one_table(const mimic_table_files *files, mimic_error *err)
{
    MIMIC_TRY(mimic__output_publish(files->output, err));
    if (files->rejects != NULL)
        return mimic__output_publish(files->rejects, err);
    if (unlink(files->rejects_path) != 0 && errno != ENOENT && errno != ENOTDIR)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot remove the outdated %s",
                                 files->rejects_path);
    return MIMIC_OK;
}

mimic_status mimic__sink_files_finish(mimic_sink_files *files, mimic_error *err)
{
    if (!files->is_one_table)
        MIMIC_TRY(mimic__sink_files_publish(files, err));
    for (size_t i = 0; i < files->done_count && files->is_one_table; i++)
        MIMIC_TRY(publish_one_table(&files->done[i], err));
    mimic__target_lock_free(files->lock);
    files->lock = NULL;
    return MIMIC_OK;
}

/* ---- the ledger ---- */

mimic_status mimic__sink_files_ledger(mimic_sink_files *files, const mimic_ledger_entry *entry,
                                      mimic_error *err)
{
    if (files->table != NULL) {
        files->has_line = mimic__ledger_copy(&files->line_arena, entry, &files->line);
        return files->has_line ? MIMIC_OK : mimic__fail_memory(err);
    }
    mimic_folder_line *line = mimic__folder_ledger_find(&files->waiting, entry->table);
    mimic_folder_ledger *const ledger = line == NULL ? &files->held : &files->waiting;
    if (line == NULL)
        line = mimic__folder_ledger_find(&files->held, entry->table);
    if (line == NULL)
        return MIMIC_OK;
    mimic_folder_line copy = *line;
    copy.entry = *entry;
    files->is_touched = true;
    return mimic__folder_ledger_put(ledger, &copy, err);
}

/* Whether the table's file is still the one that was written. */
static bool is_there(const mimic_sink_files *files, const mimic_folder_line *line, bool *out_failed)
{
    struct stat facts;
    char *const path = mimic__sink_files_path(files, files->root, line->file);
    *out_failed = path == NULL;
    const bool is_one = path != NULL && stat(path, &facts) == 0 && S_ISREG(facts.st_mode) &&
                        (int64_t)facts.st_size == line->file_bytes;
    mimic__free(files->ctx, path);
    return is_one;
}

static mimic_status tell(const mimic_folder_line *line, mimic_ledger_fn fn, void *fn_ctx,
                         mimic_error *err)
{
    if (line->is_named_only || fn(&line->entry, fn_ctx) == 0)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_CANCELLED, "stopped while reading the ledger");
}

mimic_status mimic__sink_files_read_ledger(mimic_sink_files *files, mimic_ledger_fn fn,
                                           void *fn_ctx, mimic_error *err)
{
    for (size_t i = 0; i < files->waiting.count; i++)
        MIMIC_TRY(tell(&files->waiting.lines[i], fn, fn_ctx, err));
    for (size_t i = 0; i < files->held.count; i++) {
        const mimic_folder_line *const line = &files->held.lines[i];
        bool has_failed = false;
        if (mimic__folder_ledger_find(&files->waiting, line->entry.table) == NULL &&
            is_there(files, line, &has_failed))
            MIMIC_TRY(tell(line, fn, fn_ctx, err));
        if (has_failed)
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}
