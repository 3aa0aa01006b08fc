/*
 * Targets: what the text after INPUT on a command line, or in mimic_sink_open, means. A scheme says
 * it outright, else the ending of the path does; nothing on disk is looked at here.
 */
#include "sink/sink_internal.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"

typedef struct target_ending {
    const char *text;
    mimic_target_kind kind;
    bool is_stream;
    mimic_sink_compression compression;
} target_ending;

static const target_ending ENDINGS[] = {
    {".db", MIMIC_TARGET_SQLITE, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".sqlite", MIMIC_TARGET_SQLITE, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".sqlite3", MIMIC_TARGET_SQLITE, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".arrow", MIMIC_TARGET_ARROW, false, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".arrows", MIMIC_TARGET_ARROW, true, MIMIC_SINK_COMPRESSION_DEFAULT},
    {".csv", MIMIC_TARGET_CSV, false, MIMIC_SINK_COMPRESSION_NONE},
    {".csv.gz", MIMIC_TARGET_CSV, false, MIMIC_SINK_COMPRESSION_GZIP},
    {".csv.zst", MIMIC_TARGET_CSV, false, MIMIC_SINK_COMPRESSION_ZSTD},
};

static const char FORMS[] =
    "sqlite:PATH, arrow:DIR, csv:DIR, null:, or a path that ends in .db .sqlite .sqlite3 .arrow "
    ".arrows .csv .csv.gz or .csv.zst";

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const target_ending *find_ending(const char *path)
{
    const size_t size = strlen(path);
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        const size_t ending_size = strlen(ENDINGS[i].text);
        if (size > ending_size && strcmp(path + size - ending_size, ENDINGS[i].text) == 0)
            return &ENDINGS[i];
    }
    return NULL;
}

static mimic_status set_path(const mimic_context *ctx, const char *path,
                             struct mimic_target *target, mimic_error *err)
{
    target->path = mimic__strdup(ctx, path);
    return target->path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__target_parse(const mimic_context *ctx, const char *text,
                                 struct mimic_target *out_target, mimic_error *err)
{
    static const struct {
        const char *prefix;
        mimic_target_kind kind;
    } schemes[] = {{"sqlite:", MIMIC_TARGET_SQLITE},
                   {"arrow:", MIMIC_TARGET_ARROW},
                   {"csv:", MIMIC_TARGET_CSV}};
    *out_target = (struct mimic_target){.kind = MIMIC_TARGET_NULL};
    if (strcmp(text, "null:") == 0)
        return set_path(ctx, "", out_target, err);
    if (begins_with(text, "postgresql://") || begins_with(text, "postgres://"))
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "this version writes no PostgreSQL; use %s", FORMS);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (!begins_with(text, schemes[i].prefix))
            continue;
        const char *path = text + strlen(schemes[i].prefix);
        if (*path == '\0')
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "target \"%s\" names no path", text);
        out_target->kind = schemes[i].kind;
        return set_path(ctx, path, out_target, err);
    }
    const target_ending *ending = find_ending(text);
    if (ending == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "target \"%s\" has no known form; expected %s",
                           text, FORMS);
    out_target->kind = ending->kind;
    out_target->is_one_table = ending->kind != MIMIC_TARGET_SQLITE;
    out_target->is_stream = ending->is_stream;
    out_target->compression = ending->compression;
    return set_path(ctx, text, out_target, err);
}

void mimic__target_free(const mimic_context *ctx, struct mimic_target *target)
{
    mimic__free(ctx, target->path);
    target->path = NULL;
}

/* Hidden files of a target are the library's own. */
static bool is_file_name(const char *name)
{
    return *name != '\0' && strchr(name, '/') == NULL && *name != '.';
}

mimic_status mimic__sink_table_path(const mimic_context *ctx, const char *dir, const char *module,
                                    const char *name, const char *ending, char **out_path,
                                    mimic_error *err)
{
    *out_path = NULL;
    if (!is_file_name(name) || (*module != '\0' && !is_file_name(module)))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "table \"%s\" of module \"%s\" cannot name a file below \"%s\"", name,
                           module, dir);
    mimic_buffer path;
    mimic__buffer_init(&path, ctx);
    mimic__buffer_format(&path, "%s/%s%s%s%s", dir, module, *module == '\0' ? "" : "/", name,
                         ending);
    *out_path = mimic__buffer_take_text(&path);
    return *out_path == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
