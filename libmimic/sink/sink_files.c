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
    *files = (mimic_sink_files){
        .ctx = ctx, .is_one_table = target->is_one_table, .ending = ending, .options = *options};
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
}

void mimic__sink_files_free(mimic_sink_files *files)
{
    mimic__sink_files_abort(files);
    for (size_t i = 0; i < files->done_count; i++)
        free_files(files->ctx, &files->done[i]);
    mimic__free(files->ctx, files->done);
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
    for (size_t i = 0; i < files->done_count; i++)
        if (strcmp(files->done[i].rejects_path, files->open.rejects_path) == 0 &&
            strcmp(files->done[i].path, files->open.path) != 0)
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

mimic_status mimic__sink_files_commit(mimic_sink_files *files, mimic_error *err)
{
    if (!reserve_done(files))
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__output_close(files->open.output, err));
    if (files->open.rejects != NULL)
        MIMIC_TRY(mimic__output_close(files->open.rejects, err));
    files->done[files->done_count++] = files->open;
    files->open = (mimic_table_files){0};
    return MIMIC_OK;
}

/* A table without rejects must not stand beside the rejects of an earlier load. */
static mimic_status publish(const mimic_table_files *files, mimic_error *err)
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
    for (size_t i = 0; i < files->done_count; i++)
        MIMIC_TRY(publish(&files->done[i], err));
    return MIMIC_OK;
}
