/*
 * See sink_files.h. Assumes that the calls come in the order that sink.c enforces. Names of modules
 * and tables come from schemas, so that one which would leave the folder is refused.
 */
#include "sink/sink_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"
#include "schema/schema_model.h"

mimic_status mimic__sink_files_init(mimic_sink_files *files, const mimic_context *ctx,
                                    const char *root, bool is_one_table, const char *ending,
                                    const mimic_output_options *options, mimic_error *err)
{
    *files = (mimic_sink_files){
        .ctx = ctx, .is_one_table = is_one_table, .ending = ending, .options = *options};
    files->root = mimic__strdup(ctx, root);
    return files->root == NULL ? mimic__fail_memory(err) : MIMIC_OK;
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

/* A name that can be a file's or folder's and stays below its parent. */
static bool is_file_name(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static mimic_status check_names(const mimic_table *table, mimic_error *err)
{
    if (is_file_name(table->name) && (table->module[0] == '\0' || is_file_name(table->module)))
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                       "module \"%s\" and table \"%s\" cannot be names of a folder and a file; "
                       "rename them in the schema",
                       table->module, table->name);
}

static mimic_status make_table_path(const mimic_sink_files *files, const mimic_table *table,
                                    char **out_path, mimic_error *err)
{
    mimic_buffer path;
    mimic__buffer_init(&path, files->ctx);
    mimic__buffer_text(&path, files->root);
    if (!files->is_one_table) {
        if (table->module[0] != '\0')
            mimic__buffer_format(&path, "/%s", table->module);
        mimic__buffer_format(&path, "/%s%s", table->name, files->ending);
    }
    *out_path = mimic__buffer_take_text(&path);
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
    mimic_buffer path;
    mimic__buffer_init(&path, files->ctx);
    if (files->is_one_table) {
        mimic__buffer_append(&path, files->root, stem_size(files->root));
        mimic__buffer_text(&path, ".rejects.csv");
    } else {
        mimic__buffer_format(&path, "%s/rejects/%s.csv", files->root, table->name);
    }
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
    MIMIC_TRY(check_names(table, err));
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

static void append_quoted(mimic_buffer *line, const char *text, size_t size)
{
    mimic__buffer_byte(line, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            mimic__buffer_byte(line, '"');
        mimic__buffer_byte(line, text[i]);
    }
    mimic__buffer_byte(line, '"');
}

/* Raw bytes of a file, made a text that can be read back as one. */
static void append_raw(mimic_buffer *line, const mimic_context *ctx, const char *raw, size_t size)
{
    mimic_buffer text;
    mimic__buffer_init(&text, ctx);
    for (size_t i = 0; i < size;) {
        const char *nul = memchr(raw + i, '\0', size - i);
        const size_t end = nul == NULL ? size - i : (size_t)(nul - (raw + i));
        const size_t good = mimic__utf8_check(raw + i, end);
        mimic__buffer_append(&text, raw + i, good);
        i += good;
        if (i < size)
            mimic__buffer_format(&text, "\\x%02X", (unsigned)(unsigned char)raw[i++]);
    }
    line->failed = line->failed || text.failed;
    append_quoted(line, text.data, text.size);
    mimic__buffer_free(&text);
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
    append_quoted(&line, reject->source, strlen(reject->source));
    mimic__buffer_format(&line, ",%lld,%lld,%lld,", (long long)reject->record,
                         (long long)reject->line, (long long)reject->byte_offset);
    append_quoted(&line, reject->column, strlen(reject->column));
    mimic__buffer_format(&line, ",%s,", mimic_reject_code_name(reject->code));
    append_quoted(&line, reject->message, strlen(reject->message));
    mimic__buffer_byte(&line, ',');
    append_raw(&line, files->ctx, reject->raw, reject->raw_size);
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
        else if (remove(file->path) != 0 && errno != ENOENT && errno != ENOTDIR)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno,
                                     "cannot remove \"%s\", rejects of an earlier run", file->path);
    }
    return MIMIC_OK;
}
