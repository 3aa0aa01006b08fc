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

mimic_status mimic__sink_files_init(mimic_sink_files *files, const mimic_context *ctx,
                                    const struct mimic_target *target, const char *ending,
                                    const mimic_output_options *options, mimic_error *err)
{
    *files = (mimic_sink_files){.ctx = ctx,
                                .is_one_table = target->is_one_table,
                                .ending = ending,
                                .options = *options};
    files->root = mimic__strdup(ctx, target->path);
    if (files->root == NULL)
        return mimic__fail_memory(err);
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

static void free_file(const mimic_sink_files *files, mimic_sink_file *file)
{
    mimic__output_free(file->output);
    mimic__free(files->ctx, file->path);
    *file = (mimic_sink_file){NULL, NULL};
}

void mimic__sink_files_abort(mimic_sink_files *files)
{
    free_file(files, &files->table);
    free_file(files, &files->rejects);
}

void mimic__sink_files_free(mimic_sink_files *files)
{
    mimic__sink_files_abort(files);
    for (size_t i = 0; i < files->waiting_count; i++)
        free_file(files, &files->waiting[i]);
    mimic__free(files->ctx, files->waiting);
    mimic__free(files->ctx, files->root);
}

static mimic_status make_table_path(const mimic_sink_files *files, const mimic_table *table,
                                    char **out_path, mimic_error *err)
{
    if (!files->is_one_table)
        return mimic__sink_table_path(files->ctx, files->root, table->module, table->name,
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
        return mimic__sink_table_path(files->ctx, files->root, "rejects", table->name, ".csv",
                                      out_path, err);
    mimic_buffer path;
    mimic__buffer_init(&path, files->ctx);
    mimic__buffer_append(&path, files->root, stem_size(files->root));
    mimic__buffer_text(&path, ".rejects.csv");
    *out_path = mimic__buffer_take_text(&path);
    return *out_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

/* Two tables with one file, or one rejects file: the second would replace the first in silence. */
static mimic_status check_not_written(const mimic_sink_files *files, const char *path,
                                      const mimic_table *table, mimic_error *err)
{
    for (size_t i = 0; i < files->waiting_count; i++)
        if (strcmp(files->waiting[i].path, path) == 0)
            return mimic__fail(
                err, MIMIC_ERR_STATE,
                files->is_one_table
                    ? "\"%s\" holds one table and has it already; table \"%s\" needs "
                      "a target of its own, or a folder as the target"
                    : "\"%s\" is written already; table \"%s\" comes twice",
                path, table->name);
    return MIMIC_OK;
}

static mimic_status begin_inner(mimic_sink_files *files, const mimic_table *table, mimic_error *err)
{
    MIMIC_TRY(make_table_path(files, table, &files->table.path, err));
    MIMIC_TRY(make_rejects_path(files, table, &files->rejects.path, err));
    MIMIC_TRY(check_not_written(files, files->table.path, table, err));
    MIMIC_TRY(check_not_written(files, files->rejects.path, table, err));
    return mimic__output_open(files->ctx, files->table.path, &files->options, &files->table.output,
                              err);
}

mimic_status mimic__sink_files_begin(mimic_sink_files *files, const mimic_table *table,
                                     mimic_error *err)
{
    const mimic_status status = begin_inner(files, table, err);
    if (status != MIMIC_OK)
        mimic__sink_files_abort(files);
    return status;
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
    MIMIC_TRY(
        mimic__output_open(files->ctx, files->rejects.path, &options, &files->rejects.output, err));
    return mimic__output_write(files->rejects.output, header, sizeof header - 1, err);
}

mimic_status mimic__sink_files_reject(mimic_sink_files *files, const mimic_reject *reject,
                                      mimic_error *err)
{
    if (files->rejects.output == NULL)
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
                    : mimic__output_write(files->rejects.output, line.data, line.size, err);
    mimic__buffer_free(&line);
    return status;
}

static bool reserve_waiting(mimic_sink_files *files, size_t more)
{
    if (files->waiting_capacity - files->waiting_count >= more)
        return true;
    const size_t capacity = 2 * files->waiting_capacity + more;
    mimic_sink_file *waiting =
        mimic__realloc(files->ctx, files->waiting, files->waiting_capacity * sizeof *waiting,
                       capacity * sizeof *waiting);
    if (waiting == NULL)
        return false;
    files->waiting = waiting;
    files->waiting_capacity = capacity;
    return true;
}

mimic_status mimic__sink_files_commit(mimic_sink_files *files, mimic_error *err)
{
    if (!reserve_waiting(files, 2))
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__output_close(files->table.output, err));
    if (files->rejects.output != NULL)
        MIMIC_TRY(mimic__output_close(files->rejects.output, err));
    files->waiting[files->waiting_count++] = files->table;
    files->waiting[files->waiting_count++] = files->rejects;
    files->table = (mimic_sink_file){NULL, NULL};
    files->rejects = (mimic_sink_file){NULL, NULL};
    return MIMIC_OK;
}

mimic_status mimic__sink_files_finish(mimic_sink_files *files, mimic_error *err)
{
    for (size_t i = 0; i < files->waiting_count; i++) {
        const mimic_sink_file *file = &files->waiting[i];
        if (file->output != NULL)
            MIMIC_TRY(mimic__output_publish(file->output, err));
        else if (unlink(file->path) != 0 && errno != ENOENT && errno != ENOTDIR)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno,
                                     "cannot remove the outdated %s", file->path);
    }
    return MIMIC_OK;
}
