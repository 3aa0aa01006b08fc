/*
 * Tables of a folder that wait to be published, and how they get their names. See sink_files.h.
 *
 * With a folder of its own, DIR/.mimic-partial, what waits survives the process: each table's files
 * are complete there before the ledger beside them names it. To publish, that ledger is marked, the
 * files are moved, the folder's own ledger is written, and the hidden folder is removed, its ledger
 * first. A process that is killed in between leaves the mark, and the next sink to this folder, of
 * whatever kind, ends the work before it begins its own; a file that is not there any more was moved.
 */
#include "sink/sink_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "io/temporary.h"
#include "schema/schema_model.h"

char *mimic__sink_files_path(const mimic_sink_files *files, const char *dir, const char *name)
{
    mimic_buffer path;
    mimic__buffer_init(&path, files->ctx);
    mimic__buffer_format(&path, "%s/%s", dir, name);
    return mimic__buffer_take_text(&path);
}

/* ---- ledgers ---- */

static mimic_status write_ledger(const mimic_sink_files *files, const mimic_folder_ledger *ledger,
                                 const char *dir, const mimic_folder_ledger *without,
                                 mimic_error *err)
{
    char *const path = mimic__sink_files_path(files, dir, MIMIC_FOLDER_LEDGER_NAME);
    if (path == NULL)
        return mimic__fail_memory(err);
    const mimic_folder_ledger_form form = {ledger == &files->waiting, files->options.no_sync,
                                           without};
    const mimic_status status = mimic__folder_ledger_write(ledger, path, &form, err);
    mimic__free(files->ctx, path);
    return status;
}

static mimic_status read_ledger(const mimic_sink_files *files, mimic_folder_ledger *ledger,
                                const char *dir, bool *out_is_sound, mimic_error *err)
{
    char *const path = mimic__sink_files_path(files, dir, MIMIC_FOLDER_LEDGER_NAME);
    if (path == NULL)
        return mimic__fail_memory(err);
    mimic__temporary_remove_stale(path);
    const mimic_status status = mimic__folder_ledger_read(ledger, path, out_is_sound, err);
    mimic__free(files->ctx, path);
    return status;
}

mimic_status mimic__sink_files_wait(mimic_sink_files *files, const char *dir, mimic_error *err)
{
    mimic_folder_line line = {.entry = MIMIC_LEDGER_ENTRY_INIT,
                              .file = files->open.path + strlen(dir) + 1,
                              .rejects = files->open.rejects == NULL
                                             ? ""
                                             : files->open.rejects_path + strlen(dir) + 1,
                              .is_named_only = !files->has_line,
                              .file_bytes = -1};
    struct stat facts;
    if (files->has_line)
        line.entry = files->line;
    line.entry.table = files->table->name;
    const char *const written = files->partial != NULL
                                    ? files->open.path
                                    : mimic__output_temporary_path(files->open.output);
    if (stat(written, &facts) == 0)
        line.file_bytes = (int64_t)facts.st_size;
    MIMIC_TRY(mimic__folder_ledger_put(&files->waiting, &line, err));
    return files->partial == NULL ? MIMIC_OK
                                  : write_ledger(files, &files->waiting, files->partial, NULL, err);
}

/* ---- publishing ---- */

static mimic_status remove_file(const char *path, mimic_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
        return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot remove the outdated %s", path);
    return MIMIC_OK;
}

static mimic_status make_parent(const mimic_sink_files *files, const char *path, mimic_error *err)
{
    char *const folder = mimic__strndup(files->ctx, path, mimic__path_folder_size(path));
    if (folder == NULL)
        return mimic__fail_memory(err);
    const mimic_status status = mimic__make_folders(folder, err);
    mimic__free(files->ctx, folder);
    return status;
}

/* Moves a file that waits; one that is not there was moved before. */
static mimic_status move_file(const mimic_sink_files *files, const char *name, mimic_error *err)
{
    char *const from = mimic__sink_files_path(files, files->partial, name);
    char *const to = mimic__sink_files_path(files, files->root, name);
    mimic_status status = from == NULL || to == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    if (status == MIMIC_OK)
        status = make_parent(files, to, err);
    if (status == MIMIC_OK) {
        mimic__temporary_remove_stale(to);
        if (rename(from, to) != 0 && errno != ENOENT)
            status = mimic__fail_errno(err, MIMIC_ERR_IO, errno, "cannot write %s", to);
    }
    mimic__free(files->ctx, from);
    mimic__free(files->ctx, to);
    return status;
}

/* A table that has no rejects any more. */
static mimic_status remove_rejects(const mimic_sink_files *files, const mimic_folder_line *line,
                                   mimic_error *err)
{
    char *path = NULL;
    if (line->rejects[0] != '\0')
        return MIMIC_OK;
    MIMIC_TRY(mimic__sink_table_path(files->ctx, files->root, "rejects", line->entry.table, ".csv",
                                     &path, err));
    const mimic_status status = remove_file(path, err);
    mimic__free(files->ctx, path);
    return status;
}

/* Notes the files of before that have another name ("labs.csv", now "labs.csv.gz"). */
static void note_former(mimic_sink_files *files)
{
    for (size_t i = 0; i < files->waiting.count; i++) {
        mimic_folder_line *const line = &files->waiting.lines[i];
        const mimic_folder_line *const former =
            mimic__folder_ledger_find(&files->held, line->entry.table);
        if (former != NULL && strcmp(former->file, line->file) != 0)
            line->former = former->file;
    }
}

/* Without the ending of a CSV file; 0 for any other. */
static size_t csv_stem(const char *name)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".csv.zst"};
    const size_t size = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i]);
        if (size > ending && strcmp(name + size - ending, endings[i]) == 0)
            return size - ending;
    }
    return 0;
}

/* The same table compressed in another way; anything else of that name is not ours to remove. */
static bool is_other_form(const char *former, const char *file)
{
    const size_t stem = csv_stem(former);
    return stem > 0 && stem == csv_stem(file) && strncmp(former, file, stem) == 0;
}

static void remove_former(const mimic_sink_files *files, const mimic_folder_line *line)
{
    char *const path =
        line->former == NULL || !is_other_form(line->former, line->file)
            ? NULL
            : mimic__sink_files_path(files, files->root, line->former);
    if (path != NULL)
        (void)unlink(path);
    mimic__free(files->ctx, path);
}

static mimic_status move_table(const mimic_sink_files *files, const mimic_folder_line *line,
                               mimic_error *err)
{
    MIMIC_TRY(move_file(files, line->file, err));
    if (line->rejects[0] != '\0')
        MIMIC_TRY(move_file(files, line->rejects, err));
    MIMIC_TRY(remove_rejects(files, line, err));
    remove_former(files, line);
    return MIMIC_OK;
}

/* The lines of what was published take the place of those of before. */
static mimic_status take_over_lines(mimic_sink_files *files, mimic_error *err)
{
    for (size_t i = 0; i < files->waiting.count; i++) {
        const mimic_folder_line *const line = &files->waiting.lines[i];
        if (line->is_named_only)
            mimic__folder_ledger_remove(&files->held, line->entry.table);
        else
            MIMIC_TRY(mimic__folder_ledger_put(&files->held, line, err));
    }
    return MIMIC_OK;
}

static mimic_status sync_folders(const mimic_sink_files *files, mimic_error *err)
{
    MIMIC_TRY(mimic__sync_folder(files->root, err));
    for (size_t i = 0; i < files->waiting.count; i++) {
        const char *const name = files->waiting.lines[i].file;
        const size_t size = mimic__path_folder_size(name);
        if (size == 0 || (i > 0 && strncmp(files->waiting.lines[i - 1].file, name, size) == 0))
            continue;
        char *const path = mimic__sink_files_path(files, files->root, name);
        if (path == NULL)
            return mimic__fail_memory(err);
        path[mimic__path_folder_size(path) - 1] = '\0';
        const mimic_status status = mimic__sync_folder(path, err);
        mimic__free(files->ctx, path);
        MIMIC_TRY(status);
    }
    return MIMIC_OK;
}

static void remove_partial(const mimic_sink_files *files, const char *folder)
{
    char *const path = mimic__sink_files_path(files, folder, MIMIC_FOLDER_LEDGER_NAME);
    if (path != NULL)
        (void)unlink(path);
    mimic__free(files->ctx, path);
    mimic__remove_folder(folder);
}

/* From the hidden folder. */
static mimic_status publish_partial(mimic_sink_files *files, mimic_error *err)
{
    if (!files->waiting.is_publishing) {
        files->waiting.is_publishing = true;
        MIMIC_TRY(write_ledger(files, &files->waiting, files->partial, NULL, err));
    }
    note_former(files);
    for (size_t i = 0; i < files->waiting.count; i++)
        MIMIC_TRY(move_table(files, &files->waiting.lines[i], err));
    if (!files->options.no_sync)
        MIMIC_TRY(sync_folders(files, err));
    MIMIC_TRY(take_over_lines(files, err));
    MIMIC_TRY(write_ledger(files, &files->held, files->root, NULL, err));
    remove_partial(files, files->partial);
    return MIMIC_OK;
}

static mimic_status prepare_ledger(mimic_sink_files *files, mimic_output **out_output,
                                   mimic_error *err)
{
    const mimic_folder_ledger_form form = {false, files->options.no_sync, NULL};
    char *const path = mimic__sink_files_path(files, files->root, MIMIC_FOLDER_LEDGER_NAME);
    if (path == NULL)
        return mimic__fail_memory(err);
    mimic_status status = take_over_lines(files, err);
    if (status == MIMIC_OK)
        status = mimic__folder_ledger_prepare(&files->held, path, &form, out_output, err);
    mimic__free(files->ctx, path);
    return status;
}

static mimic_status publish_table(const mimic_table_files *table, mimic_error *err)
{
    MIMIC_TRY(mimic__output_publish(table->output, err));
    return table->rejects != NULL ? mimic__output_publish(table->rejects, err)
                                  : remove_file(table->rejects_path, err);
}

/*
 * Outputs that wait beside their names. A ledger that is there is never wrong meanwhile: it forgets
 * the tables before they change. What needs memory comes first.
 */
static mimic_status publish_outputs(mimic_sink_files *files, mimic_error *err)
{
    bool has_lines = files->held.count > 0;
    mimic_output *ledger = NULL;
    mimic_status status = MIMIC_OK;
    if (files->held.count > 0)
        MIMIC_TRY(write_ledger(files, &files->held, files->root, &files->waiting, err));
    note_former(files);
    for (size_t i = 0; i < files->waiting.count; i++)
        has_lines |= !files->waiting.lines[i].is_named_only;
    if (has_lines)
        MIMIC_TRY(prepare_ledger(files, &ledger, err));
    for (size_t i = 0; i < files->done_count && status == MIMIC_OK; i++)
        status = publish_table(&files->done[i], err);
    if (status == MIMIC_OK && ledger != NULL)
        status = mimic__output_publish(ledger, err);
    for (size_t i = 0; i < files->waiting.count && status == MIMIC_OK; i++)
        remove_former(files, &files->waiting.lines[i]);
    mimic__output_free(ledger);
    return status;
}

mimic_status mimic__sink_files_publish(mimic_sink_files *files, mimic_error *err)
{
    mimic_status status = MIMIC_OK;
    if (files->waiting.count > 0)
        status = files->partial != NULL ? publish_partial(files, err) : publish_outputs(files, err);
    else if (files->is_touched)
        status = write_ledger(files, &files->held, files->root, NULL, err);
    files->is_finished = status == MIMIC_OK;
    return status;
}

/* ---- going on ---- */

/* Whether the file that waits is the one that its line tells of. */
static bool is_whole(const mimic_sink_files *files, const mimic_folder_line *line)
{
    struct stat facts;
    char *const path = mimic__sink_files_path(files, files->partial, line->file);
    const bool is_one = path != NULL && stat(path, &facts) == 0 && S_ISREG(facts.st_mode) &&
                        (int64_t)facts.st_size == line->file_bytes;
    mimic__free(files->ctx, path);
    return is_one;
}

static void drop_file(const mimic_sink_files *files, const char *name)
{
    char *const path = name[0] == '\0' ? NULL : mimic__sink_files_path(files, files->partial, name);
    if (path != NULL)
        (void)unlink(path);
    mimic__free(files->ctx, path);
}

/* Keeps what is whole and wanted. */
static void choose_tables(mimic_sink_files *files, const mimic_sink_options *options)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->waiting.count; i++) {
        const mimic_folder_line line = files->waiting.lines[i];
        if (is_whole(files, &line) && options->resume(&line.entry, options->resume_ctx) != 0) {
            files->waiting.lines[kept++] = line;
            continue;
        }
        drop_file(files, line.file);
        drop_file(files, line.rejects);
    }
    files->waiting.count = kept;
}

/* What waits is in a folder that this user made, and no link: else the files that are moved and removed
 * there would be somebody else's. */
static mimic_status check_partial(const char *path, mimic_error *err)
{
    struct stat facts;
    if (lstat(path, &facts) != 0 || (S_ISDIR(facts.st_mode) && facts.st_uid == geteuid()))
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_IO,
                       "%s is %s; it should be the folder of a load of yours that was cut short: "
                       "move it away",
                       path, S_ISDIR(facts.st_mode) ? "another user's" : "no folder");
}

mimic_status mimic__sink_files_resume(mimic_sink_files *files, const mimic_sink_options *options,
                                      mimic_error *err)
{
    bool is_sound;
    MIMIC_TRY(read_ledger(files, &files->held, files->root, &is_sound, err));
    files->partial = mimic__sink_files_path(files, files->root, MIMIC_FOLDER_PARTIAL_NAME);
    if (files->partial == NULL)
        return mimic__fail_memory(err);
    const mimic_status checked = check_partial(files->partial, err);
    if (checked != MIMIC_OK) {
        mimic__free(files->ctx, files->partial); /* else it would be tidied up in the end */
        files->partial = NULL;
        return checked;
    }
    MIMIC_TRY(read_ledger(files, &files->waiting, files->partial, &is_sound, err));
    if (is_sound && !files->waiting.is_partial) /* some other target's, put there by hand */
        mimic__folder_ledger_free(&files->waiting);
    if (is_sound && files->waiting.is_publishing) {
        MIMIC_TRY(publish_partial(files, err));
        mimic__folder_ledger_free(&files->waiting);
    }
    if (options->resume == NULL) {
        mimic__folder_ledger_free(&files->waiting);
        mimic__free(files->ctx, files->partial);
        files->partial = NULL;
        return MIMIC_OK;
    }
    if (files->waiting.count == 0)
        remove_partial(files, files->partial);
    else
        choose_tables(files, options);
    return MIMIC_OK;
}

void mimic__sink_files_leave(mimic_sink_files *files)
{
    if (files->partial == NULL || files->is_finished || files->waiting.is_publishing)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < files->waiting.count; i++)
        kept += !files->waiting.lines[i].is_named_only;
    if (kept == 0)
        remove_partial(files, files->partial);
    else
        mimic__log(files->ctx, MIMIC_LOG_WARNING,
                   "%zu finished table%s kept in %s; the next load goes on from there", kept,
                   kept == 1 ? " is" : "s are", files->partial);
}
