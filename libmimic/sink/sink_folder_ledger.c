/*
 * See sink_folder_ledger.h. The file may have been edited, or made by somebody who means ill: names in
 * it are taken only when they stay below the folder, and whatever is odd makes the whole of it count
 * as absent, which costs a load and nothing else.
 */
#include "sink/sink_folder_ledger.h"

#include <string.h>

#include <mimic/version.h>

#include "base/buffer.h"
#include "base/error.h"
#include "io/output.h"
#include "io/temporary.h"
#include "json/json.h"
#include "json/json_write.h"
#include "schema/schema_model.h"
#include "sink/sink_ledger.h"

#define FORMAT_VERSION 1

void mimic__folder_ledger_init(mimic_folder_ledger *ledger, const mimic_context *ctx)
{
    *ledger = (mimic_folder_ledger){.ctx = ctx};
    mimic__arena_init(&ledger->arena, ctx);
}

void mimic__folder_ledger_free(mimic_folder_ledger *ledger)
{
    mimic__free(ledger->ctx, ledger->lines);
    mimic__arena_free(&ledger->arena);
    ledger->lines = NULL;
    ledger->count = ledger->capacity = 0;
    ledger->is_publishing = false;
}

mimic_folder_line *mimic__folder_ledger_find(const mimic_folder_ledger *ledger, const char *table)
{
    for (size_t i = 0; i < ledger->count; i++)
        if (mimic__name_equals(ledger->lines[i].entry.table, table))
            return &ledger->lines[i];
    return NULL;
}

void mimic__folder_ledger_remove(mimic_folder_ledger *ledger, const char *table)
{
    mimic_folder_line *const line = mimic__folder_ledger_find(ledger, table);
    if (line == NULL)
        return;
    const size_t index = (size_t)(line - ledger->lines);
    memmove(line, line + 1, (ledger->count - index - 1) * sizeof *line);
    ledger->count--;
}

/* By name, so that the file does not depend on the order in which tables were loaded. */
static mimic_folder_line *insert(mimic_folder_ledger *ledger, const char *table)
{
    mimic_folder_line *lines = mimic__array_grow(ledger->ctx, ledger->lines, ledger->count,
                                                 &ledger->capacity, sizeof *lines);
    if (lines == NULL)
        return NULL;
    ledger->lines = lines;
    size_t at = ledger->count++;
    for (; at > 0 && strcmp(lines[at - 1].entry.table, table) > 0; at--)
        lines[at] = lines[at - 1];
    return &lines[at];
}

mimic_status mimic__folder_ledger_put(mimic_folder_ledger *ledger, const mimic_folder_line *line,
                                      mimic_error *err)
{
    mimic_folder_line copy = *line;
    copy.file = mimic__arena_strdup(&ledger->arena, line->file);
    copy.rejects = mimic__arena_strdup(&ledger->arena, line->rejects);
    if (copy.file == NULL || copy.rejects == NULL ||
        !mimic__ledger_copy(&ledger->arena, &line->entry, &copy.entry))
        return mimic__fail_memory(err);
    mimic_folder_line *place = mimic__folder_ledger_find(ledger, line->entry.table);
    if (place == NULL)
        place = insert(ledger, copy.entry.table);
    if (place == NULL)
        return mimic__fail_memory(err);
    *place = copy;
    return MIMIC_OK;
}

/* ---- reading ---- */

/* "hosp/labevents.arrow": one or two names, none of which leads elsewhere. */
static bool is_inside(const char *path)
{
    int names = 0;
    for (const char *name = path; name != NULL; names++) {
        const char *const slash = strchr(name, '/');
        const size_t size = slash == NULL ? strlen(name) : (size_t)(slash - name);
        if (size == 0 || name[0] == '.')
            return false;
        name = slash == NULL ? NULL : slash + 1;
    }
    return names <= 2;
}

static const char *text_of(const mimic_json *object, const char *key)
{
    const mimic_json *const value = mimic__json_get(object, key);
    return value != NULL && value->kind == MIMIC_JSON_STRING ? value->text : "";
}

static bool is_true(const mimic_json *object, const char *key)
{
    const mimic_json *const value = mimic__json_get(object, key);
    return value != NULL && value->kind == MIMIC_JSON_BOOLEAN && value->truth;
}

static bool read_line(const mimic_json *object, mimic_folder_line *out_line)
{
    int64_t number;
    *out_line = (mimic_folder_line){.entry = MIMIC_LEDGER_ENTRY_INIT, .file_bytes = -1};
    for (size_t i = 0; i < MIMIC_LEDGER_COLUMN_COUNT; i++) {
        const mimic_json *const value = mimic__json_get(object, mimic__ledger_columns[i].name);
        const bool is_right =
            value != NULL && (mimic__ledger_columns[i].is_text ? value->kind == MIMIC_JSON_STRING
                                                               : mimic__json_int64(value, &number));
        if (is_right)
            mimic__ledger_set(&out_line->entry, i, value->text);
    }
    out_line->file = text_of(object, "file");
    out_line->rejects = text_of(object, "rejects_file");
    out_line->is_named_only = is_true(object, "is_named_only");
    (void)mimic__json_int64(mimic__json_get(object, "file_bytes"), &out_line->file_bytes);
    return out_line->entry.table[0] != '\0' && is_inside(out_line->file) &&
           (out_line->rejects[0] == '\0' || is_inside(out_line->rejects));
}

/* Whether a load that was cut short can be gone on with. */
static bool is_fresh(const mimic_json *root)
{
    char boot[MIMIC_BOOT_ID_BYTES];
    mimic__boot_id(boot);
    if (strcmp(text_of(root, "library_version"), MIMIC_VERSION_STRING) != 0)
        return false;
    return is_true(root, "is_synced") ||
           (boot[0] != '\0' && strcmp(text_of(root, "boot"), boot) == 0);
}

static mimic_status read_lines(mimic_folder_ledger *ledger, const mimic_json *root,
                               bool *out_is_sound, mimic_error *err)
{
    int64_t version;
    const mimic_json *const tables = mimic__json_get(root, "tables");
    if (!mimic__json_int64(mimic__json_get(root, "mimic_ledger"), &version) ||
        version != FORMAT_VERSION || tables == NULL || tables->kind != MIMIC_JSON_ARRAY)
        return MIMIC_OK;
    ledger->is_partial = is_true(root, "is_partial");
    ledger->is_publishing = ledger->is_partial && is_true(root, "is_publishing");
    if (ledger->is_partial && !ledger->is_publishing && !is_fresh(root))
        return MIMIC_OK;
    for (const mimic_json *object = tables->first; object != NULL; object = object->next) {
        mimic_folder_line line;
        if (!read_line(object, &line))
            return MIMIC_OK;
        MIMIC_TRY(mimic__folder_ledger_put(ledger, &line, err));
    }
    *out_is_sound = true;
    return MIMIC_OK;
}

mimic_status mimic__folder_ledger_read(mimic_folder_ledger *ledger, const char *path,
                                       bool *out_is_sound, mimic_error *err)
{
    char *text = NULL;
    size_t size = 0;
    mimic_arena arena;
    const mimic_json *root = NULL;
    mimic_error why = MIMIC_ERROR_INIT;
    *out_is_sound = false;
    mimic__folder_ledger_free(ledger);
    mimic__arena_init(&arena, ledger->ctx);
    mimic_status status =
        mimic__read_file(ledger->ctx, path, MIMIC_JSON_MAX_BYTES, &text, &size, &why);
    const bool is_absent = status == MIMIC_ERR_NOT_FOUND;
    if (status == MIMIC_OK)
        status = mimic__json_parse(&arena, text, size, path, &root, &why);
    if (status == MIMIC_OK)
        status = read_lines(ledger, root, out_is_sound, &why);
    mimic__arena_free(&arena);
    mimic__free(ledger->ctx, text);
    if (status == MIMIC_ERR_MEMORY)
        return mimic__fail_memory(err);
    if (!*out_is_sound)
        mimic__folder_ledger_free(ledger);
    if (status != MIMIC_OK && !is_absent)
        mimic__log(ledger->ctx, MIMIC_LOG_WARNING, "%s is no ledger and is not used: %s", path,
                   why.message);
    return MIMIC_OK;
}

/* ---- writing ---- */

static void put_text(mimic_buffer *out, const char *name, const char *text)
{
    mimic__buffer_text(out, ",\n   ");
    mimic__json_put_text(out, name, text);
}

static void put_number(mimic_buffer *out, const char *name, int64_t number)
{
    mimic__buffer_text(out, ",\n   ");
    mimic__json_put_number(out, name, number);
}

static void put_line(mimic_buffer *out, const mimic_folder_line *line)
{
    mimic__buffer_text(out, "\n  {");
    mimic__json_put_text(out, "table_name", line->entry.table);
    put_text(out, "file", line->file);
    put_number(out, "file_bytes", line->file_bytes);
    put_text(out, "rejects_file", line->rejects);
    if (line->is_named_only)
        mimic__buffer_text(out, ",\n   \"is_named_only\": true");
    for (size_t i = 1; i < MIMIC_LEDGER_COLUMN_COUNT; i++) {
        const mimic_ledger_column *const column = &mimic__ledger_columns[i];
        if (column->is_text)
            put_text(out, column->name, mimic__ledger_text(&line->entry, i));
        else
            put_number(out, column->name, mimic__ledger_number(&line->entry, i));
    }
    mimic__buffer_text(out, "}");
}

static void put_state(mimic_buffer *out, const mimic_folder_ledger *ledger, bool no_sync)
{
    char boot[MIMIC_BOOT_ID_BYTES];
    mimic__boot_id(boot);
    mimic__buffer_text(out, "\n \"is_partial\": true,\n ");
    mimic__json_put_truth(out, "is_publishing", ledger->is_publishing);
    mimic__buffer_text(out, ",\n ");
    mimic__json_put_truth(out, "is_synced", !no_sync);
    mimic__buffer_text(out, ",\n ");
    mimic__json_put_text(out, "boot", boot);
    mimic__buffer_text(out, ",");
}

static mimic_status write_text(const mimic_context *ctx, const char *path, const mimic_buffer *text,
                               bool no_sync, mimic_output **out_output, mimic_error *err)
{
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE,
                                          .no_sync = no_sync};
    if (text->failed)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__output_open(ctx, path, &options, out_output, err));
    mimic_status status = mimic__output_write(*out_output, text->data, text->size, err);
    if (status == MIMIC_OK)
        status = mimic__output_close(*out_output, err);
    if (status == MIMIC_OK)
        return MIMIC_OK;
    mimic__output_free(*out_output);
    *out_output = NULL;
    return status;
}

/* What has no line cannot be told from another file of that name later. */
static bool is_written(const mimic_folder_ledger *ledger, const mimic_folder_line *line,
                       const mimic_folder_ledger_form *form)
{
    if (line->is_named_only && !ledger->is_publishing)
        return false;
    return form->without == NULL ||
           mimic__folder_ledger_find(form->without, line->entry.table) == NULL;
}

mimic_status mimic__folder_ledger_prepare(const mimic_folder_ledger *ledger, const char *path,
                                          const mimic_folder_ledger_form *form,
                                          mimic_output **out_output, mimic_error *err)
{
    mimic_buffer text;
    bool is_first = true;
    mimic__buffer_init(&text, ledger->ctx);
    mimic__buffer_format(&text, "{\"mimic_ledger\": %d,\n \"library_version\": \"%s\",",
                         FORMAT_VERSION, MIMIC_VERSION_STRING);
    if (form->is_partial)
        put_state(&text, ledger, form->no_sync);
    mimic__buffer_text(&text, "\n \"tables\": [");
    for (size_t i = 0; i < ledger->count; i++) {
        if (!is_written(ledger, &ledger->lines[i], form))
            continue;
        mimic__buffer_text(&text, is_first ? "" : ",");
        put_line(&text, &ledger->lines[i]);
        is_first = false;
    }
    mimic__buffer_text(&text, "]}\n");
    const mimic_status status =
        write_text(ledger->ctx, path, &text, form->no_sync, out_output, err);
    mimic__buffer_free(&text);
    return status;
}

mimic_status mimic__folder_ledger_write(const mimic_folder_ledger *ledger, const char *path,
                                        const mimic_folder_ledger_form *form, mimic_error *err)
{
    mimic_output *output = NULL;
    MIMIC_TRY(mimic__folder_ledger_prepare(ledger, path, form, &output, err));
    const mimic_status status = mimic__output_publish(output, err);
    mimic__output_free(output);
    return status;
}
